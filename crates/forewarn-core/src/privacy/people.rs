//! People and suppliers that no list has: by what is said of them just before, "our engineer Lena Vogt", "our carrier Telenord".

use super::lists::is_given;
use super::names::{possessive, possessive_end};
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
    "processor",
    "landlord",
    "courier",
    "maker",
    "installer",
    "insurer",
    "distributor",
    "outsourcer",
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

/// Behind a name these make it a firm's.
const LEGAL: &[&str] = &[
    "ltd", "gmbh", "inc", "llc", "plc", "bv", "sarl", "srl", "oy", "ab", "pty",
];

/// "a technician from Brightwave Ltd", "Brightwave, who host our servers,"
fn firms(text: &str, words: &[Word], found: &mut Vec<Leak>) {
    for n in 1..words.len() {
        if LEGAL.contains(&words[n].lower.as_str())
            && text[words[n - 1].end..words[n].start] == *" "
        {
            let mut first = n;
            while first > 0
                && n - first < 3
                && is_name(text, &words[first - 1])
                && text[words[first - 1].end..words[first].start] == *" "
            {
                first -= 1;
            }
            let before = first
                .checked_sub(1)
                .map_or("", |at| words[at].lower.as_str());
            // "our clearing partner, Portabridge Ltd, has"
            let partner = first > 0
                && text[words[first - 1].end..words[first].start] == *", "
                && (before == "partner" || SUPPLIERS.contains(&before))
                && words[first.saturating_sub(5)..first]
                    .iter()
                    .any(|word| word.lower == "our");
            if first < n && (partner || matches!(before, "from" | "with" | "at" | "by" | "of")) {
                found.push(Leak::at(Kind::Vendor, words[first].start..words[n].end));
            }
        }
        let serves = matches!(words[n].lower.as_str(), "who" | "which")
            && text[words[n - 1].end..words[n].start] == *", "
            && words.get(n + 1).is_some_and(|w| {
                [
                    "host", "run", "provid", "suppl", "maintain", "operat", "deliver", "carr",
                ]
                .iter()
                .any(|verb| w.lower.starts_with(verb))
            })
            && words
                .get(n + 2)
                .is_some_and(|w| matches!(w.lower.as_str(), "our" | "us"));
        if serves && is_name(text, &words[n - 1]) {
            found.push(Leak::at(Kind::Vendor, words[n - 1].start..words[n - 1].end));
        }
    }
}

/// Finds names by what stands before them.
pub(super) fn people(text: &str, words: &[Word], found: &mut Vec<Leak>) {
    at_work(text, words, found);
    firms(text, words, found);
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
            let before = text[..words[n].start].trim_end();
            let begins = before.is_empty() || before.ends_with(['.', '!', '?']);
            let small =
                begins || text[words[n].start..].starts_with(char::is_lowercase) || lower == "dba";
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

/// Before a colon or a comma these say what somebody is in the work.
const PARTS_OF_WORK: &[&str] = &[
    "contact",
    "owner",
    "assigned",
    "assignee",
    "commander",
    "lead",
    "engineer",
    "responder",
    "manager",
    "responsible",
    "signed",
    "handler",
    "coordinator",
    "escalation",
    "scribe",
    "reviewer",
    "approver",
    "technician",
    "administrator",
    "author",
];

/// Before a name these say that work went to somebody, or came from them.
const HANDED: &[(&str, &str)] = &[
    ("assigned", "to"),
    ("escalated", "to"),
    ("escalates", "to"),
    ("reassigned", "to"),
    ("handed", "to"),
    ("posted", "by"),
    ("fixed", "by"),
    ("handled", "by"),
    ("approved", "by"),
    ("paged", "by"),
    ("deployed", "by"),
    ("restarted", "by"),
    ("thanks", "to"),
    ("paged", ""),
    ("paging", ""),
];

/// Words that make a team one that runs services.
const TEAMS: &[&str] = &[
    "it",
    "network",
    "networks",
    "database",
    "web",
    "systems",
    "server",
    "servers",
    "infrastructure",
    "platform",
    "security",
    "storage",
    "operations",
    "ops",
    "helpdesk",
    "desk",
    "engineering",
    "dba",
    "sre",
    "devops",
    "cloud",
    "backend",
    "software",
    "application",
    "applications",
    "integration",
    "identity",
    "telephony",
    "voice",
    "mail",
];

/// "Owner: Priya Nair", "assigned to Priya Nair", "Priya Nair (network team)", "Ms Nair from the network team", `@priya.nair`.
fn at_work(text: &str, words: &[Word], found: &mut Vec<Leak>) {
    let mut add = |range| found.push(Leak::at(Kind::Employee, range));
    for n in 0..words.len() {
        let lower = words[n].lower.as_str();
        if is_handle(text, words, n) {
            let end = words[n..]
                .iter()
                .take_while(|w| !text[words[n].start..w.end].contains(' '))
                .last();
            add(words[n].start - 1..end.map_or(words[n].end, |w| w.end));
            continue;
        }
        let next = words.get(n + 1).map_or("", |w| w.lower.as_str());
        let label = PARTS_OF_WORK.contains(&lower)
            && words.get(n + 1).is_some_and(|w| {
                let between = text[words[n].end..w.start].trim_end();
                between == ":" || (lower == "signed" && between == ",")
            });
        let handed = HANDED
            .iter()
            .any(|(verb, to)| lower == *verb && (to.is_empty() || next == *to));
        let skip = usize::from(
            handed
                && HANDED
                    .iter()
                    .any(|(verb, to)| lower == *verb && next == *to),
        );
        if (label || handed)
            && let Some(range) = name_after(text, words, n + skip, 3, label)
            && words
                .get(n + skip + 1)
                .is_some_and(|w| is_given(possessive(&w.lower)))
        {
            add(range);
            continue;
        }
        let titled = matches!(lower, "mr" | "mrs" | "ms");
        if titled
            && let Some(range) =
                name_after(text, words, n, 2, false).or_else(|| after_stop(text, words, n))
        {
            if of_a_team(text, words, range.end) {
                add(words[n].start..range.end);
            }
            continue;
        }
        if is_given(lower) && is_name(text, &words[n]) && (n == 0 || !is_given(&words[n - 1].lower))
        {
            let end = words
                .get(n + 1)
                .filter(|w| text[words[n].end..w.start] == *" " && is_name(text, w));
            let end = end.map_or(words[n].end, |w| w.end);
            if of_a_team(text, words, end) || is_colleague(text, words, end) {
                add(words[n].start..end);
            }
        }
    }
}

/// "Ms. Nair": the name behind a title with a full stop.
fn after_stop(text: &str, words: &[Word], n: usize) -> Option<std::ops::Range<usize>> {
    let name = words.get(n + 1)?;
    let near = text[words[n].end..name.start] == *". " && is_name(text, name);
    near.then_some(name.start..name.end)
}

/// "(network team)", "from the network team", "from IT": a team that runs services stands behind.
fn of_a_team(text: &str, words: &[Word], end: usize) -> bool {
    let from = words.partition_point(|w| w.start < end);
    let Some(first) = words.get(from) else {
        return false;
    };
    let opened = text[end..first.start] == *" (";
    let linked = matches!(first.lower.as_str(), "from" | "of" | "in" | "at")
        && text[end..first.start] == *" ";
    let rest = &words[from + usize::from(linked)..];
    let team = rest.iter().take(3).any(|w| {
        TEAMS.contains(&w.lower.as_str()) && (w.lower != "it" || text[w.start..w.end] == *"IT")
    });
    let named = rest.iter().take(4).any(|w| {
        matches!(
            w.lower.as_str(),
            "team" | "desk" | "helpdesk" | "it" | "operations" | "ops"
        )
    });
    (opened || linked) && team && named
}

/// ", our network engineer,": what a colleague is stands behind.
fn is_colleague(text: &str, words: &[Word], end: usize) -> bool {
    let from = words.partition_point(|w| w.start < end);
    let Some(first) = words.get(from) else {
        return false;
    };
    text[end..first.start] == *", "
        && matches!(first.lower.as_str(), "our" | "the" | "a" | "an")
        && words[from + 1..]
            .iter()
            .take(3)
            .any(|w| TECHNICAL.contains(&w.lower.as_str()))
}

/// `@priya.nair`: a person's name in a chat.
fn is_handle(text: &str, words: &[Word], n: usize) -> bool {
    let before = &text[..words[n].start];
    let alone = before.ends_with('@')
        && !before[..before.len() - 1].ends_with(|c: char| c.is_alphanumeric() || c == '.');
    let next = words.get(n + 1);
    let joined = next.is_some_and(|w| {
        matches!(&text[words[n].end..w.start], "." | "_" | "-")
            && w.lower.bytes().all(|b| b.is_ascii_alphabetic())
    });
    alone && joined && is_given(&words[n].lower)
}

/// "our provider", "our partner firm", "our hosting partner".
fn is_supplier(words: &[Word], n: usize) -> bool {
    let lower = words[n].lower.as_str();
    let before = n.checked_sub(1).map_or("", |at| words[at].lower.as_str());
    SUPPLIERS.contains(&lower)
        || (matches!(lower, "firm" | "company" | "partner" | "operator")
            && (WHOSE.contains(&before) || (lower != "operator" && before == "our")))
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
