//! Numbers of tickets, incidents and changes in internal systems. Rooms, courses, flights and standards look alike.

use super::{Kind, Leak};
use crate::review::words::Word;
use std::collections::HashSet;

/// Beginnings of numbers in service desks, with at least five digits behind: `INC0048213`.
const DESKS: &[&str] = &[
    "im", "ir", "inc", "chg", "prb", "ritm", "req", "task", "sctask", "ctask", "kb", "tkt", "cs",
    "sr", "rfc", "crq", "wo", "pbi", "ticket", "case", "prob", "hd", "tt", "mi", "cr", "cm", "pm",
    "pir", "rca", "rt", "sup", "bug", "scr", "itsm", "itask", "noc", "sir",
];

/// Projects of trackers that are nothing else, with any number behind: `OPS-12`.
const PROJECTS: &[&str] = &[
    "inc", "chg", "prb", "ops", "sre", "infra", "net", "noc", "sup", "support", "help", "helpdesk",
    "itsm", "itsd", "sd", "ithelp", "devops", "plat", "platform", "bug", "ticket", "tkt", "jira",
    "task", "sec", "secops", "sysadmin", "dba", "netops", "webops", "dev", "core", "auth", "data",
    "bill", "api", "app", "cloud", "req", "prod", "mnt", "issue", "change", "desk", "hd", "tt",
    "mi", "cr", "cm", "pir", "rca", "iam", "idm", "itops", "sys", "srv", "erp", "crm", "voip",
    "wan", "lan", "vpn", "wifi", "db", "snow", "ops", "mon", "story", "epic", "gh", "def",
];

/// What looks like a ticket and is something else.
pub(super) const OTHERS: &[&str] = &[
    "ora", "err", "sql", "iso", "iec", "rfc", "cve", "utf", "sha", "usb", "covid", "sars", "utc",
    "gmt", "mp", "http", "en", "din", "tcp", "aes", "rsa", "gpt", "est", "edt", "cst", "cdt",
    "pst", "pdt", "cet", "cest", "bst", "math", "bio", "biol", "chem", "phys", "hist", "eng",
    "engl", "cs", "econ", "psyc", "psych", "law", "art", "arts", "mus", "stat", "stats", "geog",
    "phil", "nurs", "med", "soc", "anth", "ling", "fin", "acct", "mktg", "edu", "lib", "room",
    "gate", "bus", "ieee", "mat", "psy", "phy", "che", "mgmt", "ger", "fre", "spa", "thea", "danc",
    "kin", "jour", "astr", "geol", "envs", "cse", "ece", "writ", "poli", "rel", "hum", "nist",
    "pci", "ipv", "ean",
];

/// Before a number, these say that it is a ticket's.
const CUES: &[&str] = &[
    "ticket",
    "tickets",
    "issue",
    "case",
    "incident",
    "bug",
    "task",
    "change",
    "request",
    "jira",
    "opened",
    "raised",
    "logged",
    "tracked",
    "tracking",
    "filed",
    "see",
    "under",
    "problem",
    "story",
    "in",
    "servicenow",
    "fixed",
    "closed",
    "via",
    "ref",
    "is",
    "with",
];

/// Before a number, these say that it is something else.
const NO_CUES: &[&str] = &[
    "plate",
    "licence",
    "license",
    "locker",
    "claim",
    "policy",
    "voucher",
    "coupon",
    "reference",
    "room",
    "rooms",
    "course",
    "courses",
    "shelf",
    "building",
    "flight",
    "flights",
    "slip",
    "code",
    "codes",
    "class",
    "module",
    "lecture",
    "bus",
    "train",
    "gate",
    "form",
    "part",
    "model",
    "invoice",
    "order",
    "booking",
    "parcel",
    "lab",
    "exam",
    "hall",
    "seat",
    "product",
    "standard",
    "example",
    "receipt",
];

/// Whether a single run of characters is a ticket's number, whatever stands before it.
pub(crate) fn looks_like_ticket(token: &str) -> bool {
    let lower = token.to_ascii_lowercase();
    let digits = lower.len() - lower.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    if digits == 0 || !lower.is_ascii() {
        return false;
    }
    let name = &lower[..lower.len() - digits];
    let key = name.trim_end_matches('-');
    if name == key {
        return DESKS.contains(&key) && digits >= 5;
    }
    let capitals = !token.bytes().any(|b| b.is_ascii_lowercase());
    PROJECTS.contains(&key)
        || (capitals
            && (2..=10).contains(&key.len())
            && !OTHERS.contains(&key)
            && key.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// Whether a run begins with the key of a tracker or a service desk: `OPS-12`.
pub(super) fn is_known_key(token: &str) -> bool {
    let key = token
        .split('-')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    PROJECTS.contains(&key.as_str()) && token.matches('-').count() == 1
}

pub(super) fn tickets(text: &str, words: &[Word], found: &mut Vec<Leak>) {
    let mut keys: HashSet<&str> = HashSet::new();
    for (n, word) in words.iter().enumerate() {
        let written = &text[word.start..word.end];
        if !written.is_ascii() || written.len() > 40 {
            continue;
        }
        if is_patch(&word.lower) {
            found.push(Leak::at(Kind::Version, word.start..word.end));
        } else if let Some(end) = weakness(text, words, n).or_else(|| in_repository(text, words, n))
        {
            found.push(Leak::at(Kind::TicketId, word.start..end));
        } else if is_desk_number(&word.lower) || is_dated(&word.lower) || is_lettered(words, n) {
            found.push(Leak::at(Kind::TicketId, word.start..word.end));
        } else if let Some(end) = in_many_parts(text, words, n)
            .or_else(|| in_parts(text, words, n))
            .or_else(|| with_hash(text, words, n))
            .or_else(|| in_words(text, words, n))
            .or_else(|| filed(text, words, n))
        {
            found.push(Leak::at(Kind::TicketId, word.start..end));
        } else if let Some(number) = words.get(n + 1).filter(|next| joined(text, word, next)) {
            // "SHOP-77 and SHOP-78": what is a ticket's key once is so again.
            if keys.contains(written) || is_tracked(text, words, n) {
                keys.insert(written);
                found.push(Leak::at(Kind::TicketId, word.start..number.end));
            }
        } else if let Some(range) = plain_number(text, words, n) {
            found.push(Leak::at(Kind::TicketId, range));
        }
    }
}

/// `KB5021234`: a change that a maker gives out for its system. Service desks begin theirs with a zero.
fn is_patch(word: &str) -> bool {
    let number = word.strip_prefix("kb").unwrap_or_default();
    matches!(number.len(), 6 | 7) && is_number(number) && !number.starts_with('0')
}

/// `CVE-2026-1234`: where the number of a known weakness ends. It tells where to attack, and readers nothing.
fn weakness(text: &str, words: &[Word], n: usize) -> Option<usize> {
    let (key, year, number) = (words.get(n)?, words.get(n + 1)?, words.get(n + 2)?);
    let glued = text[key.end..year.start] == *"-" && text[year.end..number.start] == *"-";
    let numbers = year.lower.len() == 4 && is_number(&year.lower) && is_number(&number.lower);
    (key.lower == "cve" && glued && numbers && (4..=7).contains(&number.lower.len()))
        .then_some(number.end)
}

/// `portal/web#123`: where the number of a piece of work ends that stands behind its repository.
fn in_repository(text: &str, words: &[Word], n: usize) -> Option<usize> {
    let (owner, name, number) = (words.get(n)?, words.get(n + 1)?, words.get(n + 2)?);
    let glued = text[owner.end..name.start] == *"/" && text[name.end..number.start] == *"#";
    (glued && is_number(&number.lower)).then_some(number.end)
}

/// `REQ#8871`, `[#ABC-123-45678]`: where the number ends that a mark and a key make one.
fn with_hash(text: &str, words: &[Word], n: usize) -> Option<usize> {
    let (key, number) = (words.get(n)?, words.get(n + 1)?);
    let written = &text[key.start..key.end];
    let capitals =
        (2..=6).contains(&written.len()) && written.bytes().all(|b| b.is_ascii_uppercase());
    let desk = DESKS.contains(&key.lower.as_str());
    let glued =
        text[key.end..number.start] == *"#" && is_number(&number.lower) && number.lower.len() > 1;
    let last = words.get(n + 2);
    let more = last
        .filter(|last| text[number.end..last.start] == *"-" && is_number(&last.lower))
        .map(|last| last.end);
    if (capitals || desk) && glued {
        return Some(more.unwrap_or(number.end));
    }
    let last = last?;
    let marked = text[..key.start].ends_with('#')
        && capitals
        && text[key.end..number.start] == *"-"
        && text[number.end..last.start] == *"-"
        && is_number(&number.lower)
        && is_number(&last.lower);
    marked.then_some(last.end)
}

/// `KES/IT/2026/0713`: where the number of a file ends that work was filed under.
fn filed(text: &str, words: &[Word], n: usize) -> Option<usize> {
    let near = (n.saturating_sub(3)..n).any(|at| {
        let before = words[at].lower.as_str();
        before == "ref" || CUES[..17].contains(&before)
    });
    let capitals = text[words[n].start..words[n].end]
        .bytes()
        .all(|b| b.is_ascii_uppercase());
    if !near || !capitals {
        return None;
    }
    let glued = words[n..]
        .windows(2)
        .take(5)
        .take_while(|two| text[two[0].end..two[1].start] == *"/")
        .count();
    let parts = &words[n..=n + glued];
    let year = parts
        .iter()
        .any(|w| w.lower.len() == 4 && w.lower.starts_with("20") && is_number(&w.lower));
    let last = parts.last()?;
    (parts.len() > 2 && year && is_number(&last.lower)).then_some(last.end)
}

/// "work item 44120", "merge request !812", "OTRS 2026112010000123", "SR 3-29384756": where the number ends that words announce.
fn in_words(text: &str, words: &[Word], n: usize) -> Option<usize> {
    let next = |on: usize| words.get(n + on).map_or("", |w| w.lower.as_str());
    let numbered = |on: usize, least: usize| {
        words
            .get(n + on)
            .filter(|w| is_number(&w.lower) && w.lower.len() >= least)
    };
    let (word, long) = (words[n].lower.as_str(), 14);
    if word == "work" && next(1) == "item" {
        return numbered(2, 3).map(|w| w.end);
    }
    if matches!(word, "otrs" | "znuny" | "ticket" | "ref")
        && next(1).len() >= long
        && next(1).starts_with("20")
    {
        return numbered(1, long).map(|w| w.end);
    }
    let request = word == "sr"
        && text[words[n].start..words[n].end] == *"SR"
        && is_number(next(1))
        && next(1).len() == 1;
    let apart = words
        .get(n + 2)
        .is_some_and(|w| text[..w.start].ends_with('-'));
    if request && apart {
        return numbered(2, 6).map(|w| w.end);
    }
    None
}

/// `T48213` of "task T48213": a letter and a number behind the word for it.
fn is_lettered(words: &[Word], n: usize) -> bool {
    let number = words[n].lower.get(1..).unwrap_or_default();
    let letter = words[n].lower.starts_with(|c: char| c.is_ascii_lowercase());
    let cue = n > 0
        && matches!(
            words[n - 1].lower.as_str(),
            "task" | "ticket" | "tickets" | "incident" | "case" | "bug" | "defect"
        );
    letter && cue && number.len() >= 4 && is_number(number)
}

/// Keys of service desks that stand within a longer number.
const WITHIN: &[&str] = &[
    "inc", "chg", "prb", "ritm", "req", "tkt", "ticket", "case", "bug", "sr", "rfc", "crq",
    "incident", "change", "problem", "fault", "tt", "wo", "sd", "noc", "trouble",
];

/// Names of lists of work, in capitals before a number: `CAB 118`.
const LISTS_OF_WORK: &[&str] = &[
    "CAB", "MIM", "PMR", "JSM", "JIRA", "SNOW", "TT", "TKT", "INC", "CHG", "PRB", "REQ", "RITM",
    "WO", "PIR", "RCA", "CRQ", "TAC", "RMA", "ITSM", "ZD", "NOC", "OTRS",
];

/// `CIV-INC-338120`, `PO-REQ-8841`, `INC 2026-11-0093`, "reference KVL-2026-88173": where a number in several parts ends, one of which a
/// service desk begins its numbers with, or which stands where a supplier's reference is given.
fn in_many_parts(text: &str, words: &[Word], n: usize) -> Option<usize> {
    let capitals = |w: &Word| text[w.start..w.end].bytes().all(|b| b.is_ascii_uppercase());
    let joins = |one: &Word, next: &Word| text[one.end..next.start] == *"-";
    let first = words.get(n)?;
    if !capitals(first) || text[..first.start].ends_with(['-', '/']) {
        return None;
    }
    let key = first.lower.as_str();
    let parts = words[n..]
        .windows(2)
        .take(4)
        .take_while(|two| joins(&two[0], &two[1]))
        .count();
    let last = &words[n + parts];
    if parts > 0 && OTHERS.contains(&key) {
        return None;
    }
    let long = is_number(&last.lower) && (4..=10).contains(&last.lower.len());
    let near =
        |list: &[&str]| (n.saturating_sub(5)..n).any(|at| list.contains(&words[at].lower.as_str()));
    // `CIV-INC-338120`
    let within = parts > 1
        && words[n..n + parts].iter().all(capitals)
        && words[n..n + parts]
            .iter()
            .any(|w| WITHIN.contains(&w.lower.as_str()));
    if within && long {
        return Some(last.end);
    }
    // "their case number is CS-0091822", and not "your reference"
    let theirs = near(&[
        "their",
        "case",
        "ticket",
        "incident",
        "fault",
        "there",
        "supplier's",
        "vendor's",
        "internal",
        "our",
    ]) && near(&[
        "case",
        "ticket",
        "incident",
        "fault",
        "ref",
        "reference",
        "report",
        "number",
    ]) && !near(&["your", "order", "booking", "invoice"]);
    if parts > 0 && theirs && long && (2..=6).contains(&key.len()) {
        return Some(last.end);
    }
    // "Video calls drop (TW-20938841)": no order of a customer is told to all.
    let bracket = text[..first.start].ends_with('(') && text[last.end..].starts_with(')');
    if parts == 1
        && bracket
        && long
        && last.lower.len() >= 6
        && (2..=5).contains(&key.len())
        && !near(&[
            "your", "order", "booking", "invoice", "form", "model", "part",
        ])
    {
        return Some(last.end);
    }
    // `INC 2026-11-0093`
    let dated = DESKS.contains(&key)
        && parts == 0
        && words
            .get(n + 1)
            .is_some_and(|w| w.lower.len() == 4 && w.lower.starts_with("20"));
    if dated {
        let glued = words[n + 1..]
            .windows(2)
            .take(3)
            .take_while(|two| joins(&two[0], &two[1]))
            .count();
        let end = &words[n + 1 + glued];
        return (glued > 0 && is_number(&end.lower) && end.lower.len() > 2).then_some(end.end);
    }
    // "The fault report is TAC 695113207"
    let number = words.get(n + 1)?;
    // "approved in CAB 118"
    let listed = LISTS_OF_WORK.contains(&&text[first.start..first.end])
        && parts == 0
        && is_number(&number.lower);
    if listed && (3..=10).contains(&number.lower.len()) && text[first.end..number.start] == *" " {
        return Some(number.end);
    }
    let made = parts == 0
        && (2..=5).contains(&key.len())
        && is_number(&number.lower)
        && (7..=12).contains(&number.lower.len());
    let apart = text[first.end..number.start] == *" ";
    (made
        && apart
        && near(&[
            "case", "ticket", "incident", "fault", "report", "opened", "raised", "under",
        ])
        && !near(&["your", "order", "booking", "phone", "call"]))
    .then_some(number.end)
}

/// `T20260105.0012`: a day and the number within it.
fn is_dated(word: &str) -> bool {
    let Some((day, number)) = word.strip_prefix('t').and_then(|rest| rest.split_once('.')) else {
        return false;
    };
    day.len() == 8
        && day.starts_with("20")
        && is_number(day)
        && number.len() == 4
        && is_number(number)
}

/// `CHG-2026-0113`, `CAS-01234-X1Y2Z3`: where the number ends that stands in two parts behind a key.
fn in_parts(text: &str, words: &[Word], n: usize) -> Option<usize> {
    let (key, first, second) = (words.get(n)?, words.get(n + 1)?, words.get(n + 2)?);
    let glued = text[key.end..first.start] == *"-" && text[first.end..second.start] == *"-";
    let lower = key.lower.as_str();
    let capitals = !text[key.start..key.end]
        .bytes()
        .any(|b| b.is_ascii_lowercase());
    if !glued || !capitals || OTHERS.contains(&lower) || text[..key.start].ends_with(['-', '/']) {
        return None;
    }
    let near =
        |list: &[&str]| (n.saturating_sub(3)..n).any(|at| list.contains(&words[at].lower.as_str()));
    let known = PROJECTS.contains(&lower) || DESKS.contains(&lower) || near(&CUES[..17]);
    let year = first.lower.len() == 4 && first.lower.starts_with("20") && is_number(&first.lower);
    let numbered = (2..=8).contains(&second.lower.len()) && is_number(&second.lower);
    let mixed = lower == "cas" && is_number(&first.lower) && second.lower.len() == 6;
    (mixed || (known && year && numbered && !near(NO_CUES))).then_some(second.end)
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit())
}

fn is_desk_number(word: &str) -> bool {
    let key = word.trim_end_matches(|c: char| c.is_ascii_digit());
    word.len() - key.len() >= 5 && DESKS.contains(&key)
}

/// `KEY-12`: a hyphen and a number.
fn joined(text: &str, key: &Word, number: &Word) -> bool {
    text[key.end..number.start] == *"-" && is_number(&number.lower) && number.lower.len() <= 7
}

/// Whether `KEY-12` is a ticket: by its key, or by the words before it.
fn is_tracked(text: &str, words: &[Word], n: usize) -> bool {
    let (key, number) = (&words[n], &words[n + 1]);
    let written = &text[key.start..key.end];
    let lower = key.lower.as_str();
    let letter = written.starts_with(|c: char| c.is_ascii_alphabetic());
    // A longer name with hyphens is no ticket: `CVE-2026-1234`, `web-db-01`.
    let part = text[..key.start].ends_with(['-', '/', '.', '_', '@'])
        || text[number.end..].starts_with('-');
    if !letter || part || OTHERS.contains(&lower) || written.len() > 10 {
        return false;
    }
    let near =
        |list: &[&str]| (n.saturating_sub(3)..n).any(|at| list.contains(&words[at].lower.as_str()));
    let capitals = !written.bytes().any(|b| b.is_ascii_lowercase());
    let strong = near(&CUES[..17]);
    if !capitals {
        return DESKS.contains(&lower) && number.lower.len() >= 3
            || (strong && PROJECTS.contains(&lower));
    }
    if PROJECTS.contains(&lower) || DESKS.contains(&lower) {
        return true;
    }
    // "the marks of PSY-1003"
    let taught = |w: &Word| {
        matches!(
            w.lower.as_str(),
            "course"
                | "courses"
                | "ects"
                | "marks"
                | "module"
                | "credits"
                | "lecture"
                | "seminar"
                | "class"
        )
    };
    let around = n.saturating_sub(12)..(n + 12).min(words.len());
    if near(NO_CUES) || (!strong && words[around].iter().any(taught)) {
        return false;
    }
    // "Problem record P-991"
    let record = n > 0
        && (words[n - 1].lower == "record" || CUES[..8].contains(&words[n - 1].lower.as_str()));
    let long = written.len() >= 2 || record;
    let bracket = text[..key.start].ends_with(['(', '[', '#']);
    long && ((near(CUES) && number.lower.len() >= 2)
        || bracket
        || (written.len() >= 3 && number.lower.len() >= 3)
        || number.lower.len() >= 5)
}

/// "ticket 48213", "incident #48213", "case no. 48213"
fn plain_number(text: &str, words: &[Word], n: usize) -> Option<std::ops::Range<usize>> {
    let cue = matches!(
        words[n].lower.as_str(),
        "ticket"
            | "incident"
            | "sr"
            | "servicenow"
            | "jira"
            | "case"
            | "problem"
            | "change"
            | "issue"
            | "request"
            | "bug"
            | "pr"
            | "mr"
            | "tkt"
    );
    // `(#48213)`
    let alone = is_number(&words[n].lower)
        && (5..=8).contains(&words[n].lower.len())
        && text[..words[n].start].ends_with('#')
        && !(n.saturating_sub(3)..n).any(|at| NO_CUES.contains(&words[at].lower.as_str()));
    // `!812`: a change that is proposed.
    let before = &text[..words[n].start];
    let proposed = is_number(&words[n].lower)
        && (2..=6).contains(&words[n].lower.len())
        && (before.ends_with(" !") || before == "!" || before.ends_with("(!"));
    if alone || proposed {
        return Some(words[n].start..words[n].end);
    }
    // `INC 0048213`
    let written = &text[words[n].start..words[n].end];
    if DESKS.contains(&words[n].lower.as_str()) && written.bytes().all(|b| b.is_ascii_uppercase()) {
        let number = words.get(n + 1)?;
        let patch = words[n].lower == "kb" && !number.lower.starts_with('0');
        // "Detroit, MI 48226"
        let postcode = words[n].lower == "mi" && number.lower.len() == 5;
        if is_number(&number.lower)
            && number.lower.len() >= 5
            && number.start - words[n].end <= 2
            && !patch
            && !postcode
        {
            return Some(words[n].start..number.end);
        }
    }
    if !cue {
        return None;
    }
    let mut at = n + 1;
    while matches!(
        words.get(at).map(|w| w.lower.as_str()),
        Some("number" | "no" | "id" | "nr" | "record" | "ref" | "reference" | "request" | "ticket")
    ) && at < n + 3
    {
        at += 1;
    }
    // "the case number is 9938172", and not "the issue is 5000 people"
    at += usize::from(at > n + 1 && words.get(at).is_some_and(|w| w.lower == "is"));
    let number = words.get(at)?;
    let marked = text[words[n].end..number.start].contains(['#', '!']);
    let sure = matches!(
        words[n].lower.as_str(),
        "ticket" | "incident" | "sr" | "servicenow" | "jira" | "bug" | "tkt"
    );
    let fits = is_number(&number.lower)
        && number.lower.len() >= if marked { 2 } else { 4 }
        && number.lower.len() <= 20;
    // A year is none.
    let year = number.lower.len() == 4 && number.lower.starts_with("20") && !marked;
    // "change 30291 is done", and not "change 30291 passwords"
    let next = words.get(at + 1).map_or("", |w| w.lower.as_str());
    let ends = text[number.end..]
        .trim_start_matches(' ')
        .starts_with(['.', ',', ';', ')', '\n', ':'])
        || text[number.end..].trim().is_empty()
        || matches!(
            next,
            "is" | "was"
                | "will"
                | "has"
                | "with"
                | "for"
                | "by"
                | "at"
                | "and"
                | "to"
                | "in"
                | "on"
                | "from"
                | "are"
                | "were"
                | "which"
                | "that"
        );
    let spelled = matches!(
        words[n].lower.as_str(),
        "case" | "change" | "problem" | "request" | "issue"
    ) && number.lower.len() >= 5
        && ends
        && text[words[n].end..number.start].trim().is_empty();
    // "incident no. 2026/11/0093"
    if let Some(end) = filed_by_month(text, words, at) {
        return Some(number.start..end);
    }
    // "PR 812", "GH issue 77", "issue 77 in Jira"
    let tracked = is_number(&number.lower)
        && number.lower.len() >= 2
        && number.start - words[n].end <= 2
        && (matches!(&text[words[n].start..words[n].end], "PR" | "MR" | "JIRA")
            || (n > 0 && is_tracker(&words[n - 1].lower))
            || (next == "in" && words.get(at + 2).is_some_and(|w| is_tracker(&w.lower))));
    (tracked
        || fits && !year && (sure || marked || spelled || (at > n + 1 && number.lower.len() >= 4)))
        .then_some(number.start..number.end)
}

/// Where tickets are kept.
fn is_tracker(word: &str) -> bool {
    matches!(
        word,
        "jira"
            | "gh"
            | "github"
            | "gitlab"
            | "servicenow"
            | "zendesk"
            | "redmine"
            | "bugzilla"
            | "youtrack"
            | "topdesk"
    )
}

/// `2026/11/0093`: where the number ends that a year and a month begin.
fn filed_by_month(text: &str, words: &[Word], n: usize) -> Option<usize> {
    let (year, month, number) = (words.get(n)?, words.get(n + 1)?, words.get(n + 2)?);
    let glued = text[year.end..month.start] == *"/" && text[month.end..number.start] == *"/";
    let dated = year.lower.len() == 4 && year.lower.starts_with("20") && month.lower.len() == 2;
    let numbers = [year, month, number].iter().all(|w| is_number(&w.lower));
    (glued && dated && numbers && number.lower.len() > 2).then_some(number.end)
}
