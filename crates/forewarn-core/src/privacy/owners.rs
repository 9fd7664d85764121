//! Whose mailbox a name is: a person's, or that of a desk.

use super::lists::{LISTS, is_given};
use crate::review::words::words;
use std::collections::HashSet;

/// Before a number these make a mailbox a room's.
const ROOMS: &[&str] = &["gym", "bus", "lab", "bar", "day", "run", "car", "art"];

/// With a given name these make a house of it: `grace.library`.
const HOUSES: &[&str] = &[
    "library",
    "hall",
    "school",
    "church",
    "st",
    "saint",
    "college",
    "centre",
    "center",
    "house",
    "clinic",
    "hospital",
    "campus",
    "prize",
    "award",
    "foundation",
    "theatre",
    "museum",
    "hotel",
];

/// Before a given name these say at which work somebody is.
const AT_WORK: &[&str] = &["oncall", "adm", "admin", "sys", "ext", "dev", "ops", "noc"];

/// Whether a name is a person's and not that of a desk or machine: two words and more, none of which names a desk.
pub fn is_persons_name(name: &str) -> bool {
    let parts = words(name);
    (2..=5).contains(&parts.len())
        && parts.iter().all(|w| {
            !LISTS.desks.contains(w.lower.as_str())
                && !w.lower.starts_with(|c: char| c.is_ascii_digit())
        })
}

/// The name that a person's mail address tells: `jane.doe@example.edu` is "jane doe"'s.
pub fn person_of(address: &str) -> Option<String> {
    let (user, _) = address.split_once('@')?;
    let name = user.replace(['.', '_'], " ");
    let plain = user
        .bytes()
        .all(|b| b.is_ascii_alphabetic() || b"._-".contains(&b));
    let long = name.split(' ').all(|part| part.len() > 1);
    (plain && long && is_persons_name(&name)).then_some(name)
}

/// Whether a mailbox is a person's: two names, an initial and a name, or a given name; no word of a desk.
pub(super) fn is_person(user: &str, handles: &HashSet<String>) -> bool {
    if handles.contains(user) {
        return true;
    }
    let parts: Vec<&str> = user
        .split(|c: char| !c.is_ascii_alphabetic())
        .filter(|p| !p.is_empty())
        .collect();
    // `s1234567`: the number of a student.
    let digits = user.bytes().filter(u8::is_ascii_digit).count();
    let year = digits == 4
        && user
            .get(user.len() - 4..)
            .is_some_and(|year| year.starts_with("20"));
    if ((5..=10).contains(&digits) || (digits == 4 && !year))
        && user.len() - digits <= 2
        && !user.contains(['.', '-', '_'])
    {
        return true;
    }
    // `jb1234`, `abc123`: initials and a number.
    if let [initials] = parts.as_slice()
        && (2..=3).contains(&initials.len())
        && (2..=6).contains(&digits)
        && user.len() == initials.len() + digits
        && user.starts_with(initials)
        && !LISTS.desks.contains(initials)
        && !ROOMS.contains(initials)
    {
        return true;
    }
    // `o'brien`
    if user.contains(['\'', '\u{2019}']) && user.len() > 4 {
        return true;
    }
    // `bank-admin-lucia.ferro`: two names behind what somebody does.
    if let [.., given, _] = parts.as_slice()
        && parts.len() > 2
        && user.contains('.')
        && (LISTS.given.contains(given) || LISTS.mailboxes.contains(given))
        && !HOUSES.contains(&parts[parts.len() - 1])
        && !LISTS.desks.contains(parts[parts.len() - 1])
    {
        return true;
    }
    let named = |part: &&str| part.len() > 2 && is_given(part) && !LISTS.common.contains(*part);
    // `eve.oncall`, `oncall-jane`: a person at a desk.
    if let [first, .., last] = parts.as_slice()
        && !parts.iter().any(|part| HOUSES.contains(part))
        && (named(first) || (named(last) && AT_WORK.contains(first)))
    {
        return true;
    }
    // `janesmith`
    if let [one] = parts.as_slice()
        && (3..one.len().saturating_sub(2)).any(|at| {
            one.is_char_boundary(at)
                && LISTS.given.contains(&one[..at])
                && LISTS.family.contains(&one[at..])
        })
    {
        return true;
    }
    // `karen.hall`, `d.ward`: a hall and a ward are no desks behind a given name or an initial.
    if let [first, last] = parts.as_slice()
        && (LISTS.given.contains(first) || first.len() == 1)
        && LISTS.family.contains(last)
        && !LISTS.desks.contains(first)
    {
        return true;
    }
    if parts.is_empty() || parts.iter().any(|part| LISTS.desks.contains(part)) {
        return false;
    }
    if let [one] = parts.as_slice() {
        // `jan` is a person; `jasmith` and `annak` are, whatever their length.
        let cut = |from: usize, to: usize| one.get(from..to).unwrap_or_default();
        return LISTS.given.contains(one)
            || LISTS.mailboxes.contains(one)
            || LISTS.family.contains(one)
            || begins_with_initial(one)
            || ends_as_name(one)
            || (one.len() > 3 && LISTS.family.contains(cut(1, one.len())))
            || (one.len() > 6 && LISTS.family.contains(cut(2, one.len())))
            // `weberm`; `parks` is several of a thing.
            || (one.len() > 5 && !one.ends_with('s') && LISTS.family.contains(cut(0, one.len() - 1)))
            || LISTS.given.contains(cut(0, one.len() - 1))
            || (one.len() > 5 && LISTS.mailboxes.contains(cut(0, one.len() - 1)));
    }
    // `yamada-t`
    let initial =
        user.contains('-') && parts.len() == 2 && parts[1].len() == 1 && parts[0].len() > 5;
    let joined = user.contains(['.', '_']) || initial;
    joined || LISTS.given.contains(parts[0]) || LISTS.mailboxes.contains(parts[0])
}

/// `oncall-db`, `svc.lab7`, `root@web-fe-04...`: what those who run the services write to, and machines write from.
pub(super) fn is_inner(user: &str, host: &str) -> bool {
    const INNER: &[&str] = &[
        "oncall",
        "noc",
        "soc",
        "ops",
        "svc",
        "srv",
        "dba",
        "dbas",
        "sre",
        "cron",
        "daemon",
        "sysadmin",
        "sysadmins",
        "netadmin",
        "secops",
        "devops",
        "netops",
        "itops",
        "dl",
        "pager",
        "bridge",
        "duty",
        "sev1",
        "sev2",
        "sev3",
        "managers",
        "head",
        "chief",
        "director",
        "cio",
        "ciso",
        "cto",
    ];
    const ALONE: &[&str] = &[
        "root",
        "oncall",
        "svc",
        "cron",
        "daemon",
        "dba",
        "dbas",
        "sysadmin",
        "sysadmins",
        "sre",
    ];
    let lower = user.to_ascii_lowercase();
    let parts: Vec<&str> = lower.split(['.', '-', '_']).collect();
    let several = parts.len() > 1 && parts.iter().any(|part| INNER.contains(part));
    // "ops-support" is a desk all the same.
    let desk = parts.iter().any(|part| {
        matches!(
            *part,
            "support" | "help" | "desk" | "info" | "contact" | "news" | "status"
        )
    });
    // `all-staff@lists.corp...`: what goes to many who work here.
    let list = matches!(parts[0], "all" | "everyone") && parts.len() > 1;
    let first = host.split('.').next().unwrap_or_default();
    let machine = host.matches('.').count() > 1 && super::machines::machine(first, true);
    (several && !desk) || list || ALONE.contains(&lower.as_str()) || machine
}

/// `akowalczyk`, `ipetrova`: endings that family names have and words have not.
fn ends_as_name(word: &str) -> bool {
    const ENDINGS: &[&str] = &[
        "wski", "nski", "vsky", "czyk", "wicz", "sson", "nsen", "rsen", "ssen", "rova", "nova",
        "kova", "enko", "chuk", "poulos", "oglu", "shvili", "quist", "qvist", "strom", "gren",
        "guez", "inez", "alez", "opez", "andez", "mann", "etti", "ucci", "escu", "akis", "nyan",
        "ssian",
    ];
    word.len() > 6 && ENDINGS.iter().any(|end| word.ends_with(end))
}

/// `jsmith`, `mlindqvist`: an initial before a name makes a beginning that no English word has.
fn begins_with_initial(word: &str) -> bool {
    const BEGINNINGS: &[&str] = &[
        "bl", "br", "ch", "cl", "cr", "dr", "dw", "fl", "fr", "gh", "gl", "gn", "gr", "kn", "ph",
        "pl", "pr", "ps", "qu", "rh", "sc", "sh", "sk", "sl", "sm", "sn", "sp", "sq", "st", "sw",
        "th", "tr", "tw", "wh",
    ];
    let vowel = |c: &u8| b"aeiouy".contains(c);
    let bytes = word.as_bytes();
    let two =
        bytes.len() >= 5 && !vowel(&bytes[0]) && !vowel(&bytes[1]) && word.is_char_boundary(2);
    two && !BEGINNINGS.contains(&&word[..2])
        && &word[..2] != "wr"
        && bytes[2..].iter().any(vowel)
        && bytes[0] != bytes[1]
}
