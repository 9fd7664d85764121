//! Names from lists: people, suppliers, projects; and the mail addresses of people.

use super::known::Known;
use super::{Kind, Leak};
use crate::review::words::{Word, chunks, words};
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::LazyLock;

struct Lists {
    /// Words of mailboxes that belong to a desk or team.
    desks: HashSet<&'static str>,
    /// Given names.
    given: HashSet<&'static str>,
    /// Family names, for mailboxes such as `asmith`.
    family: HashSet<&'static str>,
    /// Names that are words too, and words that names of suppliers begin with.
    common: HashSet<&'static str>,
    /// Beasts, stars and gods: projects are called so, and hardly anything else in a message.
    rare: HashSet<&'static str>,
}

static LISTS: LazyLock<Lists> = LazyLock::new(|| {
    let mut lists = Lists {
        desks: HashSet::new(),
        given: HashSet::new(),
        family: HashSet::new(),
        common: HashSet::new(),
        rare: HashSet::new(),
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
                "family" => lists.family.extend(line.split_whitespace()),
                "rare" => lists.rare.extend(line.split_whitespace()),
                _ => lists.common.extend(line.split_whitespace()),
            }
        }
    }
    lists
});

/// After a name these make it a place or a thing.
const PLACES: &[&str] = &[
    "street", "road", "lane", "avenue", "hall", "building", "library", "house", "square", "park",
    "bridge", "room", "wing", "lecture", "prize", "theatre", "center", "centre", "campus", "court",
    "place", "hill", "drive", "station",
];

/// Before a name these make it a supplier's, also one that no list has.
const SUPPLIERS: &[&str] = &[
    "contractor",
    "provider",
    "vendor",
    "supplier",
    "subcontractor",
    "hoster",
];

/// A name to be found: its words, and how.
struct Entry {
    words: Vec<String>,
    kind: Kind,
    /// Only where it begins with a capital: it is an ordinary word too.
    capital: bool,
}

/// Finds every listed name.
pub(super) fn names(text: &str, text_words: &[Word], known: &Known, found: &mut Vec<Leak>) {
    suppliers(text, text_words, found);
    let entries = entries(known);
    if entries.is_empty() {
        return;
    }
    for n in 0..text_words.len() {
        let first = possessive(&text_words[n].lower);
        let Some(candidates) = entries.get(first) else {
            continue;
        };
        let hit = candidates
            .iter()
            .filter(|entry| fits(text, text_words, n, entry))
            .max_by_key(|entry| entry.words.len());
        if let Some(entry) = hit {
            let last = &text_words[n + entry.words.len() - 1];
            let end = last.end - possessive_end(&text[last.start..last.end]);
            found.push(Leak::at(entry.kind, text_words[n].start..end));
        }
    }
}

/// "our contractor QuickFit Tiles"
fn suppliers(text: &str, words: &[Word], found: &mut Vec<Leak>) {
    let capital = |word: &Word| {
        text[word.start..word.end]
            .chars()
            .next()
            .is_some_and(char::is_uppercase)
            && !word.lower.starts_with('<')
    };
    for n in 0..words.len() {
        if !SUPPLIERS.contains(&words[n].lower.as_str()) {
            continue;
        }
        let name = words[n + 1..]
            .iter()
            .take(4)
            .scan(words[n].end, |end, word| {
                let joined =
                    word.start - *end == 1 && text.as_bytes()[*end] == b' ' && capital(word);
                *end = word.end;
                joined.then_some(word)
            });
        let name: Vec<&Word> = name.collect();
        if let (Some(first), Some(last)) = (name.first(), name.last()) {
            let end = last.end - possessive_end(&text[last.start..last.end]);
            found.push(Leak::at(Kind::Vendor, first.start..end));
        }
    }
}

/// A word without the `'s` of possession.
fn possessive(word: &str) -> &str {
    word.strip_suffix("'s").unwrap_or(word)
}

fn possessive_end(written: &str) -> usize {
    ["'s", "\u{2019}s", "'S"]
        .into_iter()
        .find(|end| written.ends_with(end))
        .map_or(0, str::len)
}

fn fits(text: &str, text_words: &[Word], at: usize, entry: &Entry) -> bool {
    let Some(candidate) = text_words.get(at..at + entry.words.len()) else {
        return false;
    };
    let near = candidate
        .windows(2)
        .all(|two| two[1].start - two[0].end <= 2);
    let last = candidate.len() - 1;
    // "Cole Street" is no colleague.
    let next = text_words
        .get(at + entry.words.len())
        .map_or("", |w| w.lower.as_str());
    if entry.words.len() == 1 && PLACES.contains(&next) {
        return false;
    }
    let same = candidate
        .iter()
        .zip(&entry.words)
        .enumerate()
        .all(|(n, (word, wanted))| {
            let bare = possessive(&word.lower);
            // "Acmes", "two Bluebirds"
            bare == wanted
                || (n == last
                    && bare.strip_suffix('s') == Some(wanted.as_str())
                    && wanted.len() > 3)
        });
    if !near || !same {
        return false;
    }
    if !entry.capital {
        return true;
    }
    let written = &text[candidate[0].start..];
    let capital = written.starts_with(char::is_uppercase);
    // At the beginning of a sentence every word has a capital.
    let before = text[..candidate[0].start].trim_end_matches([' ', '\t', '"', '(', '*']);
    let begins = before.is_empty() || before.ends_with(['.', '!', '?', '\n', ':', '\u{2022}', '-']);
    let titled = at > 0
        && matches!(
            text_words[at - 1].lower.as_str(),
            "mr" | "mrs" | "ms" | "miss" | "colleague" | "engineer" | "technician"
        );
    let ordinary = entry.words.len() == 1 && LISTS.common.contains(entry.words[0].as_str());
    capital && (!begins || titled || !ordinary)
}

/// Every form under which the lists' names are found, by their first word.
fn entries(known: &Known) -> HashMap<String, Vec<Entry>> {
    let mut all: HashMap<String, Vec<Entry>> = HashMap::new();
    let mut add = |words: Vec<String>, kind: Kind, capital: bool| {
        if let Some(first) = words.first() {
            all.entry(first.clone()).or_default().push(Entry {
                words,
                kind,
                capital,
            });
        }
    };
    let split = |name: &str| -> Vec<String> {
        words(name)
            .into_iter()
            .map(|w| possessive(&w.lower).to_owned())
            .collect()
    };
    for name in &known.employees {
        for form in people(&split(name)) {
            add(form.0, Kind::Employee, form.1);
        }
    }
    for (names, kind) in [
        (&known.vendors, Kind::Vendor),
        (&known.code_names, Kind::CodeName),
    ] {
        for name in names {
            let words = split(name);
            let Some(first) = words.first().cloned() else {
                continue;
            };
            let common =
                LISTS.common.contains(first.as_str()) || LISTS.rare.contains(first.as_str());
            // "Acme" for "Acme Hosting"; "Bluebird" for "Project Bluebird".
            if words.len() > 1 && !common && first.len() > 2 && kind == Kind::Vendor {
                add(vec![first.clone()], kind, false);
            }
            if let [lead, rest] = words.as_slice()
                && matches!(
                    lead.as_str(),
                    "project" | "operation" | "programme" | "program" | "system"
                )
            {
                add(vec![rest.clone()], kind, true);
            }
            let alone = words.len() == 1 && common && !LISTS.rare.contains(first.as_str());
            // "Cloud Nine" for "Cloud Nine Ltd".
            let legal = matches!(
                words.last().map(String::as_str),
                Some(
                    "ltd"
                        | "inc"
                        | "gmbh"
                        | "llc"
                        | "corp"
                        | "co"
                        | "ag"
                        | "plc"
                        | "limited"
                        | "group"
                        | "sa"
                        | "bv"
                )
            );
            if legal && words.len() > 2 {
                add(words[..words.len() - 1].to_vec(), kind, false);
            }
            add(words, kind, alone);
        }
    }
    all
}

/// A person's name whole, the other way round, with an initial, by title, and the names by which systems know them.
fn people(words: &[String]) -> Vec<(Vec<String>, bool)> {
    let [given, .., family] = words else {
        let alone = words
            .first()
            .is_some_and(|w| LISTS.common.contains(w.as_str()) || w.len() < 4);
        return vec![(words.to_vec(), alone)];
    };
    let initial: String = given.chars().take(1).collect();
    let common = |word: &str| LISTS.common.contains(word);
    let mut forms = vec![
        (words.to_vec(), false),
        (vec![given.clone(), family.clone()], false),
        (vec![family.clone(), given.clone()], true),
        (vec![initial.clone(), family.clone()], true),
        (vec![format!("{given}.{family}")], false),
        (vec![format!("{initial}{family}")], false),
        (vec![given.clone(), family.chars().take(1).collect()], true),
    ];
    // A part of the name alone, where it is no ordinary word.
    if family.chars().count() > 2 {
        forms.push((vec![family.clone()], true));
    }
    if !common(given) && given.chars().count() > 2 {
        forms.push((vec![given.clone()], true));
    }
    if common(family) {
        forms.retain(|(words, _)| words.as_slice() != std::slice::from_ref(family));
        for title in ["mr", "mrs", "ms", "miss"] {
            forms.push((vec![title.to_owned(), family.clone()], false));
        }
    }
    forms
}

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

/// Mail addresses: a person's is a leak, a desk's is none.
pub(super) fn mails(
    text: &str,
    known: &Known,
    found: &mut Vec<Leak>,
    hidden: &mut Vec<Range<usize>>,
) {
    let mut handles: HashSet<String> = HashSet::new();
    for name in &known.employees {
        let parts: Vec<String> = words(name).into_iter().map(|w| w.lower).collect();
        if let [given, .., family] = parts.as_slice() {
            let initial = given.chars().next().unwrap_or(' ');
            handles.extend([
                format!("{initial}{family}"),
                format!("{given}{family}"),
                format!("{family}{initial}"),
                given.to_string(),
                family.to_string(),
                format!("{family}{given}"),
            ]);
        }
    }
    for (start, chunk) in chunks(text) {
        if chunk.len() > 1_000 || !chunk.contains('@') || chunk.contains("://") {
            continue;
        }
        let parting = |c: char| ",;()[]{}<>\"'|=:/".contains(c);
        for piece in chunk.split(parting) {
            let at = start + (piece.as_ptr() as usize - chunk.as_ptr() as usize);
            let piece = piece.trim_end_matches('.');
            let Some((user, host)) = piece.split_once('@') else {
                continue;
            };
            let sound = !user.is_empty()
                && host.contains('.')
                && host
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b".-".contains(&b))
                && user
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"._%+-".contains(&b));
            if !sound {
                continue;
            }
            let place = at..at + piece.len();
            if is_person(&user.to_ascii_lowercase(), &handles) {
                found.push(Leak::at(Kind::EmailAddress, place.clone()));
            } else {
                hidden.push(place);
            }
        }
    }
}

/// Whether a mailbox is a person's: two names, an initial and a name, or a given name; no word of a desk.
fn is_person(user: &str, handles: &HashSet<String>) -> bool {
    if handles.contains(user) {
        return true;
    }
    let parts: Vec<&str> = user
        .split(|c: char| !c.is_ascii_alphabetic())
        .filter(|p| !p.is_empty())
        .collect();
    if parts.is_empty() || parts.iter().any(|part| LISTS.desks.contains(part)) {
        return false;
    }
    if let [one] = parts.as_slice() {
        return LISTS.given.contains(one)
            || begins_with_initial(one)
            || LISTS.family.contains(&one[1..])
            || LISTS.given.contains(&one[..one.len() - 1]);
    }
    let joined = user.contains(['.', '_']);
    joined || LISTS.given.contains(parts[0])
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
