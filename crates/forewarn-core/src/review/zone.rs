//! Time zones as people write them, and how much of a zone they say.

use super::words::Word;

/// How much is said of the zone of a clock time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Nothing.
    Nothing,
    /// "local time": whose?
    Local,
    /// An abbreviation alone, which several zones share: `CST`.
    Bare(&'static str),
    /// A zone by name, without its offset: `Berlin time`.
    Named,
    /// The offset too, or UTC.
    Exact,
}

/// Abbreviations, and the offset that most readers of English mean by them.
const ABBREVIATIONS: &[(&str, &str)] = &[
    ("ET", ""),
    ("CT", ""),
    ("MT", ""),
    ("PT", ""),
    ("EST", "UTC-05:00"),
    ("EDT", "UTC-04:00"),
    ("CST", "UTC-06:00"),
    ("CDT", "UTC-05:00"),
    ("MST", "UTC-07:00"),
    ("MDT", "UTC-06:00"),
    ("PST", "UTC-08:00"),
    ("PDT", "UTC-07:00"),
    ("AKST", "UTC-09:00"),
    ("AKDT", "UTC-08:00"),
    ("HST", "UTC-10:00"),
    ("AST", "UTC-04:00"),
    ("ADT", "UTC-03:00"),
    ("NST", "UTC-03:30"),
    ("NDT", "UTC-02:30"),
    ("WET", "UTC+00:00"),
    ("WEST", "UTC+01:00"),
    ("BST", "UTC+01:00"),
    ("IST", "UTC+05:30"),
    ("CET", "UTC+01:00"),
    ("CEST", "UTC+02:00"),
    ("MEZ", "UTC+01:00"),
    ("MESZ", "UTC+02:00"),
    ("EET", "UTC+02:00"),
    ("EEST", "UTC+03:00"),
    ("MSK", "UTC+03:00"),
    ("SAST", "UTC+02:00"),
    ("GST", "UTC+04:00"),
    ("SGT", "UTC+08:00"),
    ("HKT", "UTC+08:00"),
    ("JST", "UTC+09:00"),
    ("KST", "UTC+09:00"),
    ("AEST", "UTC+10:00"),
    ("AEDT", "UTC+11:00"),
    ("NZST", "UTC+12:00"),
];

/// Regions of North America that are zones when a time stands before them.
const REGIONS: &[&str] = &[
    "eastern", "central", "mountain", "pacific", "atlantic", "alaska",
];

/// The offset that an abbreviation most often means; empty where it depends on the season.
pub(super) fn usual_offset(abbreviation: &str) -> &'static str {
    let found = ABBREVIATIONS.iter().find(|(name, _)| *name == abbreviation);
    found.map_or("", |(_, offset)| offset)
}

/// Whether a word in small letters begins the name of a zone.
pub(super) fn is_zone_word(word: &str) -> bool {
    REGIONS.contains(&word)
        || matches!(word, "utc" | "gmt" | "local")
        || ABBREVIATIONS
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case(word))
}

fn abbreviation(written: &str) -> Option<&'static str> {
    // In capitals only: "it is" and "at best" are no zones.
    let found = ABBREVIATIONS.iter().find(|(name, _)| *name == written);
    found.map(|(name, _)| *name)
}

/// Whether the word is an offset such as the `01:00` of `UTC+01:00`, by the sign before it.
pub(super) fn is_offset(text: &str, word: &Word) -> bool {
    if !word.lower.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let before = text[..word.start].trim_end_matches(' ');
    let mut back = before.chars().rev();
    match back.next() {
        Some('+' | '\u{b1}') => true,
        Some('-' | '\u{2212}' | '\u{2013}') => {
            let rest =
                &before[..before.len() - before.chars().next_back().map_or(0, char::len_utf8)];
            let rest = rest.trim_end_matches(' ');
            let tail: String = rest.chars().rev().take(3).collect();
            let tail = tail.to_ascii_lowercase();
            rest.ends_with('(') || tail == "ctu" || tail == "tmg"
        }
        _ => false,
    }
}

/// What `words` say of the zone of a time that stands before them; they end where the next time or the sentence does.
pub(super) fn said(text: &str, words: &[Word]) -> Said {
    let mut best = Said::Nothing;
    // A zone stands close to its time; its offset may follow its name.
    let mut reach = 9;
    for (n, word) in words.iter().enumerate() {
        if n > reach {
            break;
        }
        let written = &text[word.start..word.end];
        let next = |ahead: usize| words.get(n + ahead).map_or("", |w| w.lower.as_str());
        if matches!(word.lower.as_str(), "utc" | "gmt" | "zulu")
            || (word.lower == "u" && next(1) == "t" && next(2) == "c")
            || (word.lower == "universal" && next(1) == "time")
            || (is_offset(text, word) && (written.contains(':') || written.len() == 4))
            || (written == "Z" && n == 0)
        {
            return Said::Exact;
        }
        let found = if let Some(name) = abbreviation(written) {
            Some(Said::Bare(name))
        } else if matches!(word.lower.as_str(), "local" | "our" | "your") && next(1) == "time" {
            Some(Said::Local)
        } else if names_a_zone(text, words, n) {
            Some(Said::Named)
        } else {
            None
        };
        if let (Said::Nothing, Some(found)) = (&best, found) {
            best = found;
            reach = n + 9;
        }
    }
    best
}

/// `Berlin time`, `Eastern Standard Time`, `Pacific`, `Europe/Berlin`.
fn names_a_zone(text: &str, words: &[Word], at: usize) -> bool {
    let word = &words[at];
    let written = &text[word.start..word.end];
    let next = |ahead: usize| words.get(at + ahead).map_or("", |w| w.lower.as_str());
    if REGIONS.contains(&word.lower.as_str()) {
        return true;
    }
    if matches!(
        word.lower.as_str(),
        "europe" | "america" | "asia" | "africa" | "australia" | "pacific"
    ) {
        return text[word.end..].starts_with('/');
    }
    let capital = written.starts_with(char::is_uppercase);
    let plain = !matches!(
        word.lower.as_str(),
        "this" | "that" | "the" | "some" | "any" | "each" | "same" | "no" | "it" | "in" | "on"
    );
    capital
        && plain
        && (next(1) == "time"
            || (next(2) == "time"
                && matches!(next(1), "standard" | "summer" | "daylight" | "winter")))
}
