//! People and suppliers that no list has: by what is said of them just before, "our engineer Lena Vogt", "our carrier Telenord".

use super::names::{is_given, possessive, possessive_end};
use super::{Kind, Leak};
use crate::review::words::{DAYS_AND_MONTHS, Word};

/// Before a name these make it a supplier's.
const SUPPLIERS: &[&str] = &[
    "contractor",
    "provider",
    "vendor",
    "supplier",
    "subcontractor",
    "hoster",
    "carrier",
    "isp",
    "reseller",
    "integrator",
    "manufacturer",
];

/// Before "firm", "company" and "partner" these make them suppliers.
const WHOSE: &[&str] = &[
    "partner",
    "hosting",
    "software",
    "service",
    "cloud",
    "network",
    "telecom",
    "maintenance",
    "external",
    "implementation",
    "telecoms",
    "telephone",
    "internet",
    "electricity",
    "power",
    "utility",
    "grid",
    "cable",
];

/// Before a name these make it a colleague's, whoever that is.
const TECHNICAL: &[&str] = &[
    "engineer",
    "technician",
    "sysadmin",
    "administrator",
    "dba",
    "programmer",
    "developer",
    "electrician",
    "architect",
    "analyst",
];

/// Before a given name these make it a colleague's.
const COLLEAGUES: &[&str] = &[
    "colleague",
    "admin",
    "operator",
    "lead",
    "intern",
    "trainee",
];

/// Words that begin with a capital and are no name.
const NO_NAMES: &[&str] = &[
    "we",
    "i",
    "you",
    "the",
    "a",
    "an",
    "our",
    "your",
    "it",
    "this",
    "that",
    "they",
    "he",
    "she",
    "please",
    "who",
    "which",
    "and",
    "or",
    "but",
    "if",
    "when",
    "as",
    "in",
    "on",
    "at",
    "by",
    "from",
    "until",
    "since",
    "no",
    "not",
    "all",
    "some",
    "desk",
    "team",
    "service",
    "support",
    "office",
    "portal",
    "centre",
    "center",
    "day",
    "week",
    "utc",
    "gmt",
    "cet",
    "est",
    "pst",
    "sorry",
    "thank",
    "thanks",
    "next",
    "now",
    "then",
    "conference",
    "guide",
    "manual",
    "relations",
    "management",
];

/// "Brightwave, our supplier, ...": the name before a supplier that is ours, where a comma closes it.
fn name_before(text: &str, words: &[Word], n: usize) -> Option<std::ops::Range<usize>> {
    let from = (1..=3).find(|back| {
        n.checked_sub(*back)
            .is_some_and(|at| matches!(words[at].lower.as_str(), "our" | "its" | "their"))
    })?;
    let our = n - from;
    let name = words.get(our.checked_sub(1)?)?;
    let closed = text[words[n].end..].starts_with(',');
    let opened = text[name.end..words[our].start] == *", ";
    let mut start = name.start;
    if !closed || !opened || !is_name(text, name) {
        return None;
    }
    for word in words[..our - 1].iter().rev().take(2) {
        if text[word.end..start] != *" " || !is_name(text, word) {
            break;
        }
        start = word.start;
    }
    Some(start..name.end)
}

/// A word with a capital that can be somebody's name.
fn is_name(text: &str, word: &Word) -> bool {
    text[word.start..word.end].starts_with(char::is_uppercase)
        && !word.lower.starts_with('<')
        && !NO_NAMES.contains(&word.lower.as_str())
        && !DAYS_AND_MONTHS.contains(&word.lower.as_str())
}

/// Finds names by what stands before them.
pub(super) fn people(text: &str, words: &[Word], found: &mut Vec<Leak>) {
    for n in 0..words.len() {
        let lower = words[n].lower.as_str();
        if is_supplier(words, n)
            && let Some(range) = name_before(text, words, n)
        {
            found.push(Leak::at(Kind::Vendor, range));
        }
        if is_supplier(words, n) {
            let apart = n > 0
                && matches!(words[n - 1].lower.as_str(), "our" | "the" | "their" | "its")
                || n > 1 && words[n - 2].lower == "our";
            if let Some(range) = name_after(text, words, n, 4, apart) {
                found.push(Leak::at(Kind::Vendor, range));
            }
        } else if TECHNICAL.contains(&lower) || COLLEAGUES.contains(&lower) {
            let small = text[words[n].start..].starts_with(char::is_lowercase) || lower == "dba";
            let Some(range) = name_after(text, words, n, 3, true).filter(|_| small) else {
                continue;
            };
            let first = words[n + 1].lower.as_str();
            let two = range.end > words[n + 1].end && TECHNICAL.contains(&lower);
            let two = two && first.len() > 2;
            if is_given(possessive(first)) || two {
                found.push(Leak::at(Kind::Employee, range));
            }
        } else if lower == "call" && n > 0 && words[n - 1].lower == "on" {
            // "On call tonight: Chidi Okafor"
            let colon = (n..(n + 3).min(words.len().saturating_sub(1)))
                .find(|&at| text[words[at].end..words[at + 1].start].trim_end() == ":");
            let range = colon.and_then(|at| name_after(text, words, at, 3, true).map(|r| (at, r)));
            if let Some((at, range)) = range
                && is_given(&words[at + 1].lower)
            {
                found.push(Leak::at(Kind::Employee, range));
            }
        }
    }
}

/// "our provider", "our partner firm", "our hosting partner".
fn is_supplier(words: &[Word], n: usize) -> bool {
    let lower = words[n].lower.as_str();
    SUPPLIERS.contains(&lower)
        || (matches!(lower, "firm" | "company" | "partner" | "operator")
            && n > 0
            && WHOSE.contains(&words[n - 1].lower.as_str()))
}

/// The words with capitals behind a word, up to `most`; `apart` lets a comma or colon stand before the first.
fn name_after(
    text: &str,
    words: &[Word],
    n: usize,
    most: usize,
    apart: bool,
) -> Option<std::ops::Range<usize>> {
    let mut end = words[n].end;
    let mut last: Option<&Word> = None;
    for word in words[n + 1..].iter().take(most) {
        let between = &text[end..word.start];
        let joined = match last {
            None => between == " " || (apart && matches!(between, ", " | ": " | " (")),
            Some(_) => between == " " || between == "-",
        };
        if !joined || !is_name(text, word) {
            break;
        }
        end = word.end;
        last = Some(word);
    }
    let last = last?;
    let end = last.end - possessive_end(&text[last.start..last.end]);
    Some(words[n + 1].start..end)
}
