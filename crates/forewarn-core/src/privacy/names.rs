//! Names from lists: people, suppliers, projects.

use super::known::Known;
use super::lists::LISTS;
use super::{Kind, Leak};
use crate::review::words::{MAIL, URL, Word, words};
use std::borrow::Cow;
use std::collections::HashMap;

/// After a name these make it a place or a thing.
const PLACES: &[&str] = &[
    "street", "road", "lane", "avenue", "hall", "building", "library", "house", "square", "park",
    "bridge", "room", "wing", "lecture", "prize", "theatre", "center", "centre", "campus", "court",
    "place", "hill", "drive", "station",
];

/// What firms do, and have.
const AS_FIRMS_DO: &[&str] = &[
    "has",
    "confirmed",
    "confirms",
    "reported",
    "reports",
    "said",
    "says",
    "told",
    "expects",
    "acknowledged",
    "engineers",
    "technicians",
    "support",
    "staff",
    "sent",
    "sends",
    "promised",
    "promises",
    "replaced",
    "replaces",
    "found",
    "fixed",
    "tells",
    "asked",
    "delivered",
    "delivers",
    "works",
    "investigates",
    "identified",
    "restored",
    "restores",
    "runs",
    "hosts",
    "provides",
];

/// A name to be found: its words, and how.
struct Entry {
    words: Vec<String>,
    kind: Kind,
    /// Only where it begins with a capital: it is an ordinary word too.
    capital: bool,
    /// Only in capitals: it is made of the first letters of a name.
    letters: bool,
}

/// A word without accents, so that `Jose` is found for `José`.
pub(super) fn plain(word: &str) -> Cow<'_, str> {
    if word.is_ascii() {
        return Cow::Borrowed(word);
    }
    let mut plain = String::with_capacity(word.len());
    for c in word.chars() {
        match c {
            '\u{e0}'..='\u{e5}' | '\u{101}' | '\u{103}' | '\u{105}' => plain.push('a'),
            '\u{e7}' | '\u{107}' | '\u{10d}' => plain.push('c'),
            '\u{10f}' | '\u{111}' | '\u{f0}' => plain.push('d'),
            '\u{e8}'..='\u{eb}' | '\u{113}' | '\u{119}' | '\u{11b}' => plain.push('e'),
            '\u{11f}' => plain.push('g'),
            '\u{ec}'..='\u{ef}' | '\u{12b}' | '\u{131}' => plain.push('i'),
            '\u{142}' => plain.push('l'),
            '\u{f1}' | '\u{144}' | '\u{148}' => plain.push('n'),
            '\u{f2}'..='\u{f6}' | '\u{f8}' | '\u{14d}' | '\u{151}' => plain.push('o'),
            '\u{159}' => plain.push('r'),
            '\u{15b}' | '\u{15f}' | '\u{161}' | '\u{219}' => plain.push('s'),
            '\u{163}' | '\u{165}' | '\u{21b}' => plain.push('t'),
            '\u{f9}'..='\u{fc}' | '\u{16b}' | '\u{16f}' | '\u{171}' => plain.push('u'),
            '\u{fd}' | '\u{ff}' => plain.push('y'),
            '\u{17a}' | '\u{17c}' | '\u{17e}' => plain.push('z'),
            '\u{df}' => plain.push_str("ss"),
            '\u{e6}' => plain.push_str("ae"),
            other => plain.push(other),
        }
    }
    Cow::Owned(plain)
}

/// `mueller` for `müller`, as mailboxes and machines write it; none for a word without such letters.
fn spelled_out(word: &str) -> Option<String> {
    let mut out = String::with_capacity(word.len() + 2);
    for c in word.chars() {
        match c {
            '\u{e4}' | '\u{e6}' => out.push_str("ae"),
            '\u{f6}' | '\u{f8}' => out.push_str("oe"),
            '\u{fc}' => out.push_str("ue"),
            '\u{e5}' => out.push_str("aa"),
            '\u{df}' => out.push_str("ss"),
            other => out.push(other),
        }
    }
    (out != word).then_some(out)
}

/// Finds every listed name.
pub(super) fn names(text: &str, text_words: &[Word], known: &Known, found: &mut Vec<Leak>) {
    let entries = entries(known);
    if entries.is_empty() {
        return;
    }
    for n in 0..text_words.len() {
        let first = plain(possessive(&text_words[n].lower));
        if let Some(end) = in_domain(text, &text_words[n], &entries) {
            found.push(Leak::at(Kind::Vendor, text_words[n].start..end));
            continue;
        }
        let own = entries.get(first.as_ref()).into_iter().flatten();
        let several = several(first.as_ref(), &entries);
        let hit = own
            .chain(several)
            .filter(|entry| fits(text, text_words, n, entry))
            .max_by_key(|entry| entry.words.len());
        if let Some(entry) = hit {
            let last = &text_words[n + entry.words.len() - 1];
            let end = last.end - possessive_end(&text[last.start..last.end]);
            found.push(Leak::at(entry.kind, text_words[n].start..end));
        } else if let Some((kind, end)) = in_two(text, text_words, n, &entries) {
            found.push(Leak::at(kind, text_words[n].start..end));
        } else if let Some((kind, _)) = glued(&first, &entries) {
            found.push(Leak::at(kind, text_words[n].start..text_words[n].end));
        }
    }
}

/// `kestrel.example`, `https://status.kestrel.example`, `noc@kestrel.example`: where an address at a supplier's own domain ends.
fn in_domain(text: &str, word: &Word, entries: &HashMap<String, Vec<Entry>>) -> Option<usize> {
    if word.lower != URL && word.lower != MAIL {
        return None;
    }
    let written = text[word.start..word.end].to_ascii_lowercase();
    let rest = written
        .split_once("://")
        .map_or(written.as_str(), |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    // Without the part behind the last full stop, which nobody's name is.
    let (names, _) = host.rsplit_once('.')?;
    let is_theirs =
        |entry: &Entry| entry.words.len() == 1 && entry.kind == Kind::Vendor && !entry.letters;
    let listed = |label: &str| {
        entries
            .get(label)
            .is_some_and(|all| all.iter().any(is_theirs))
    };
    names
        .split('.')
        .any(|label| label.len() > 3 && listed(&label.replace('-', "")))
        .then_some(word.end)
}

/// `datamerecloud`: a supplier's or project's name, and another word glued to it.
fn glued(word: &str, entries: &HashMap<String, Vec<Entry>>) -> Option<(Kind, usize)> {
    let fits = |entry: &&Entry| {
        entry.words.len() == 1
            && entry.kind != Kind::Employee
            && !entry.letters
            && !LISTS.common.contains(entry.words[0].as_str())
            && !LISTS.rare.contains(entry.words[0].as_str())
    };
    // No name of anything is longer.
    (6..word.len().saturating_sub(1).min(60))
        .filter(|at| word.is_char_boundary(*at))
        .find_map(|at| {
            let rest = &word[at..];
            let entry = entries.get(&word[..at])?.iter().find(fits)?;
            let other = rest.len() > 2 && rest.bytes().all(|b| b.is_ascii_alphanumeric());
            other.then_some((entry.kind, at))
        })
}

/// "Kestrels": several of a supplier of one word.
fn several<'e>(
    word: &str,
    entries: &'e HashMap<String, Vec<Entry>>,
) -> impl Iterator<Item = &'e Entry> {
    let one = word.strip_suffix('s').filter(|one| one.len() > 3);
    let found = one.and_then(|one| entries.get(one)).into_iter().flatten();
    found.filter(|entry| entry.words.len() == 1 && entry.kind == Kind::Vendor)
}

/// "Tele Nord", "Night Jar": a supplier's or project's name of one word that somebody wrote in two.
fn in_two(
    text: &str,
    text_words: &[Word],
    n: usize,
    entries: &HashMap<String, Vec<Entry>>,
) -> Option<(Kind, usize)> {
    let [one, other] = text_words.get(n..n + 2)? else {
        return None;
    };
    let capital = |word: &Word| text[word.start..].starts_with(char::is_uppercase);
    let near = matches!(&text[one.end..other.start], " " | "-");
    let long = one.lower.len() > 2 && other.lower.len() > 2;
    // "Tele-nord" is one name all the same.
    let hyphen = text[one.end..other.start] == *"-";
    if !near || !long || !capital(one) || !(capital(other) || hyphen) {
        return None;
    }
    let joined = format!("{}{}", plain(&one.lower), plain(possessive(&other.lower)));
    let mut fitting = entries.get(&joined).into_iter().flatten();
    let entry = fitting.find(|e| e.words.len() == 1 && e.kind != Kind::Employee && !e.letters)?;
    let end = other.end - possessive_end(&text[other.start..other.end]);
    Some((entry.kind, end))
}

/// A word without the `'s` of possession.
pub(super) fn possessive(word: &str) -> &str {
    word.strip_suffix("'s").unwrap_or(word)
}

pub(super) fn possessive_end(written: &str) -> usize {
    ["'s", "\u{2019}s", "'S"]
        .into_iter()
        .find(|end| written.ends_with(end))
        .map_or(0, str::len)
}

fn fits(text: &str, text_words: &[Word], at: usize, entry: &Entry) -> bool {
    let Some(candidate) = text_words.get(at..at + entry.words.len()) else {
        return false;
    };
    let near = candidate.windows(2).all(|two| {
        let between = &text[two[0].end..two[1].start];
        between.len() <= 2 || matches!(between, " & " | " + ")
    });
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
            let bare = plain(possessive(&word.lower));
            // "Acmes", "two Bluebirds"
            bare == *wanted
                || (n == last
                    && bare.strip_suffix('s') == Some(wanted.as_str())
                    && wanted.len() > 3)
        });
    if !near || !same {
        return false;
    }
    let written = &text[candidate[0].start..];
    if entry.letters {
        return written
            .chars()
            .take(entry.words[0].len())
            .all(char::is_uppercase);
    }
    // "b. hollander", as people write it in a chat: the full stop tells that it is a name.
    let initial = candidate.len() == 2
        && candidate[0].lower.chars().count() == 1
        && text[candidate[0].end..candidate[1].start] == *". ";
    // Accents tell that it is no English word.
    let foreign =
        candidate.len() == 1 && entry.kind == Kind::Employee && !candidate[0].lower.is_ascii();
    if !entry.capital || initial || foreign {
        return true;
    }
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
    // "Beacon has confirmed it.": firms do that, and beacons do not.
    let owns = possessive_end(&text[candidate[last].start..candidate[last].end]) > 0;
    let named = before.ends_with(':');
    let acts = entry.kind == Kind::Vendor && (AS_FIRMS_DO.contains(&next) || owns || named);
    capital && (!begins || titled || acts || !ordinary)
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
                letters: false,
            });
        }
    };
    let split = |name: &str| -> Vec<String> {
        words(name)
            .into_iter()
            .map(|w| plain(possessive(&w.lower)).into_owned())
            .collect()
    };
    for name in &known.employees {
        let mut written = vec![split(name)];
        written.extend(spelled_out(&name.to_lowercase()).map(|name| split(&name)));
        for words in written {
            for form in people(&words, name.contains('-')) {
                add(form.0, Kind::Employee, form.1);
            }
        }
    }
    for (names, kind) in [
        (&known.vendors, Kind::Vendor),
        (&known.code_names, Kind::CodeName),
    ] {
        for name in names {
            let mut words = split(name);
            // "Kestrel and Sons" is written with a sign too, which is no word.
            if kind == Kind::Vendor && words.len() > 2 && words.iter().any(|w| w == "and") {
                let without = words.iter().filter(|w| *w != "and").cloned().collect();
                add(without, kind, false);
            } else if kind == Kind::Vendor && name.contains(" & ") {
                add(split(&name.replace(" & ", " and ")), kind, false);
            }
            // "The Kestrel Company" is Kestrel Company to most.
            if kind == Kind::Vendor && words.len() > 2 && words[0] == "the" {
                words.remove(0);
            }
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
                let ordinary = LISTS.common.contains(rest.as_str());
                add(vec![rest.clone()], kind, ordinary);
            }
            // "HELIX" for "HELIX-2"
            if kind == Kind::CodeName
                && let [own, number] = words.as_slice()
                && number.bytes().all(|b| b.is_ascii_digit())
                && own.len() > 3
                && !common
            {
                add(vec![own.clone()], kind, true);
            }
            // "Orrin and Pike" for "Orrin & Pike"
            if name.contains(" & ") && words.len() > 1 {
                let at = split(name.split(" & ").next().unwrap_or_default()).len();
                let mut spelled = words.clone();
                spelled.insert(at.min(words.len()), "and".to_owned());
                add(spelled, kind, false);
            }
            // "NightJar" for "Night Jar", "Nordic Pay" for "NordicPay".
            if words.len() > 1 && words.len() < 4 {
                add(vec![words.concat()], kind, false);
            } else if let Some(parts) = humps(name) {
                add(parts, kind, true);
            }
            // "Pulse" for "Pulse Networks", "North Sea" for "North Sea Cables": without what many suppliers are called.
            let general = |word: &String| LISTS.general.contains(word.as_str());
            let own = words
                .iter()
                .rposition(|word| !general(word))
                .map_or(0, |at| at + 1);
            if kind == Kind::Vendor
                && (1..words.len()).contains(&own)
                && (own > 1 || first.len() > 3)
            {
                add(words[..own].to_vec(), kind, true);
            }
            // "Summit Freight" for "Summit Freight Lines".
            if kind == Kind::Vendor && words.len() == 3 && !general(&words[1]) {
                add(words[..2].to_vec(), kind, true);
            }
            // "Datamere" for "Blue Datamere".
            if kind == Kind::Vendor
                && let [_, second] = words.as_slice()
                && common
                && second.len() > 4
                && !LISTS.common.contains(second.as_str())
                && !LISTS.rare.contains(second.as_str())
            {
                add(vec![second.clone()], kind, true);
            }
            let thing = LISTS.things.contains(first.as_str());
            let alone =
                words.len() == 1 && (common && !LISTS.rare.contains(first.as_str()) || thing);
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
    for name in &known.vendors {
        let words = split(name);
        let letters: String = words
            .iter()
            .filter_map(|word| word.chars().next())
            .collect();
        // "NSC" for "North Sea Cables"
        if (3..=5).contains(&words.len()) && letters.bytes().all(|b| b.is_ascii_alphabetic()) {
            all.entry(letters.clone()).or_default().push(Entry {
                words: vec![letters],
                kind: Kind::Vendor,
                capital: true,
                letters: true,
            });
        }
    }
    all
}

/// `NordicPay` as two words; none for a name that has no capital within.
fn humps(name: &str) -> Option<Vec<String>> {
    let mut parts: Vec<String> = Vec::new();
    let mut small = false;
    for c in name.chars() {
        if !c.is_alphabetic() {
            return None;
        }
        if c.is_uppercase() && (small || parts.is_empty()) {
            parts.push(String::new());
        }
        small = c.is_lowercase();
        parts.last_mut()?.extend(c.to_lowercase());
    }
    let long = parts.iter().all(|part| part.chars().count() > 2);
    (parts.len() > 1 && long).then_some(parts)
}

/// The short forms by which people are called.
const CALLED: &[(&str, &str)] = &[
    ("alexander", "alex"),
    ("alexandra", "alex"),
    ("andrew", "andy"),
    ("anthony", "tony"),
    ("benjamin", "ben"),
    ("catherine", "cathy"),
    ("charles", "charlie"),
    ("christine", "chris"),
    ("christopher", "chris"),
    ("daniel", "dan"),
    ("david", "dave"),
    ("deborah", "debbie"),
    ("edward", "ed"),
    ("elizabeth", "liz"),
    ("gregory", "greg"),
    ("james", "jim"),
    ("jennifer", "jenny"),
    ("jonathan", "jon"),
    ("joseph", "joe"),
    ("joshua", "josh"),
    ("katherine", "kate"),
    ("kenneth", "ken"),
    ("matthew", "matt"),
    ("michael", "mike"),
    ("nicholas", "nick"),
    ("patricia", "patty"),
    ("peter", "pete"),
    ("richard", "rick"),
    ("robert", "bob"),
    ("samantha", "sam"),
    ("samuel", "sam"),
    ("stephen", "steve"),
    ("steven", "steve"),
    ("susan", "sue"),
    ("thomas", "tom"),
    ("timothy", "tim"),
    ("william", "bill"),
    ("maximilian", "max"),
    ("johannes", "hannes"),
    ("katarina", "katja"),
];

/// A person's name whole, the other way round, with an initial, by title, and the names by which systems know them.
fn people(words: &[String], hyphen: bool) -> Vec<(Vec<String>, bool)> {
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
        (vec![initial.clone(), family.clone()], true),
        (vec![format!("{given}.{family}")], false),
        (vec![format!("{initial}{family}")], false),
        (vec![format!("{given}{family}")], false),
        (vec![format!("{family}{initial}")], false),
        (vec![given.clone(), family.chars().take(1).collect()], true),
    ];
    // "Bill in March" is no Mr March.
    if !(common(given) && common(family)) {
        forms.push((vec![family.clone(), given.clone()], true));
    }
    // "Mike Chen" for Michael Chen; the short name alone is too many people's.
    for (_, short) in CALLED.iter().filter(|(long, _)| long == given) {
        forms.push((vec![(*short).to_owned(), family.clone()], true));
    }
    // "Larsen" for Sofia Larsen-Berg.
    if let ([_, .., before, _], true) = (words, hyphen)
        && before != given
        && before.chars().count() > 3
        && !common(before)
    {
        forms.push((vec![before.clone()], true));
    }
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
