//! Words that tell people from desks, and names from words.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Lists of names.
pub(super) struct Lists {
    /// Words of mailboxes that belong to a desk or team.
    pub(super) desks: HashSet<&'static str>,
    /// Given names.
    pub(super) given: HashSet<&'static str>,
    /// Given names that count only as a mailbox.
    pub(super) mailboxes: HashSet<&'static str>,
    /// Family names, for mailboxes such as `asmith`.
    pub(super) family: HashSet<&'static str>,
    /// Names that are words too, and words that names of suppliers begin with.
    pub(super) common: HashSet<&'static str>,
    /// Those of them that many suppliers have in their name, and that say nothing alone.
    pub(super) general: HashSet<&'static str>,
    /// What machines are called after.
    pub(super) hosts: HashSet<&'static str>,
    /// Stones, trees and flowers: in small letters they are only that.
    pub(super) things: HashSet<&'static str>,
    /// Beasts, stars and gods: projects are called so, and hardly anything else in a message.
    pub(super) rare: HashSet<&'static str>,
    /// What is counted or called so, where a number or letter follows: `room-b12`.
    pub(super) counted: HashSet<&'static str>,
    /// What the public has codes of: rooms, flights, orders.
    pub(super) public: HashSet<&'static str>,
    /// Codes that everybody knows: `covid-19`, `html5`; with or without their number.
    pub(super) standards: HashSet<&'static str>,
}

pub(super) static LISTS: LazyLock<Lists> = LazyLock::new(|| {
    let mut lists = Lists {
        desks: HashSet::new(),
        given: HashSet::new(),
        mailboxes: HashSet::new(),
        family: HashSet::new(),
        common: HashSet::new(),
        general: HashSet::new(),
        hosts: HashSet::new(),
        rare: HashSet::new(),
        things: HashSet::new(),
        counted: HashSet::new(),
        public: HashSet::new(),
        standards: HashSet::new(),
    };
    let mut current = "";
    for line in include_str!("../../data/review/names.txt")
        .lines()
        .map(str::trim)
    {
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            current = name;
        } else if !line.starts_with('#') {
            match current {
                "desks" => lists.desks.extend(line.split_whitespace()),
                "given" => lists.given.extend(line.split_whitespace()),
                "mailboxes" => lists.mailboxes.extend(line.split_whitespace()),
                "family" => lists.family.extend(line.split_whitespace()),
                "hosts" => lists.hosts.extend(line.split_whitespace()),
                "things" => lists.things.extend(line.split_whitespace()),
                "counted" => lists.counted.extend(line.split_whitespace()),
                "public" => lists.public.extend(line.split_whitespace()),
                "standards" => lists.standards.extend(line.split_whitespace()),
                "rare" => lists.rare.extend(line.split_whitespace()),
                "general" => {
                    lists.common.extend(line.split_whitespace());
                    lists.general.extend(line.split_whitespace());
                }
                _ => lists.common.extend(line.split_whitespace()),
            }
        }
    }
    lists
});

/// Whether machines are called so: gods, stars, figures of tales. In small letters.
pub(super) fn is_hosts_name(name: &str) -> bool {
    LISTS.hosts.contains(name) || LISTS.rare.contains(name)
}

/// Whether it is a given name, in small letters.
pub(super) fn is_given(name: &str) -> bool {
    LISTS.given.contains(name)
}
