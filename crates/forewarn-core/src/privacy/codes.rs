//! Runs of letters and digits that no reader of the public was given: what looks like a code and is not said to be a public one.
//!
//! The other detectors know what internal names look like; whoever runs machines makes up new ones every day. People who write to the
//! public say of their codes what they are (a room, a course, a flight, an order), so what is said of none is taken for an inner one.

use super::known::Known;
use super::lists::LISTS;
use super::pieces::Piece;
use super::tickets::{OTHERS, looks_like_ticket};
use super::{Kind, Leak};
use std::collections::HashSet;

/// How many runs before a plain code may say what it is of, how many before one that is made up of more, and how many behind both.
const BEFORE: usize = 9;
const RIGHT_BEFORE: usize = 4;
const BEHIND: usize = 3;

/// Right before a code, these say that it is an inner one, whatever else the sentence speaks of.
const INNER: &[&str] = &[
    "ticket",
    "tickets",
    "case",
    "incident",
    "problem",
    "fault",
    "bug",
    "task",
    "defect",
    "jira",
    "youtrack",
    "servicenow",
    "redmine",
    "server",
    "servers",
    "host",
    "hosts",
    "switch",
    "node",
    "nodes",
    "box",
    "boxes",
    "vm",
    "cluster",
    "machine",
    "machines",
    "database",
    "router",
    "firewall",
    "controller",
    "backend",
    "queue",
    "firmware",
    "driver",
    "job",
    "internally",
];

/// Adds codes of which nothing says that they are public.
pub(super) fn codes(text: &str, pieces: &[Piece<'_>], known: &Known, found: &mut Vec<Leak>) {
    // "Lectures MATH-101 and HIST-2040": what is public of one is so of the next; and what was public once stays so.
    let mut public: HashSet<String> = HashSet::new();
    let mut others: Vec<(usize, usize)> = found.iter().map(|leak| (leak.start, leak.end)).collect();
    others.sort_unstable();
    // The furthest that any of those up to here reaches.
    let mut reach = 0;
    for other in &mut others {
        reach = reach.max(other.1);
        other.1 = reach;
    }
    for (n, piece) in pieces.iter().enumerate() {
        let run = piece.text.trim_matches(['#', '-', '/', '~', '+', '&']);
        let inner = (n.saturating_sub(2)..n)
            .any(|at| INNER.contains(&pieces[at].text.to_ascii_lowercase().as_str()));
        let bracket = text[..piece.start].ends_with(['(', '[']);
        let Some(kind) = kind_of(run, inner, bracket) else {
            continue;
        };
        let key = stem(run);
        let excusable = !inner && !run.contains(['/', '#', '.']);
        if excusable && (public.contains(&key) || is_said_public(text, pieces, n, is_plain(run))) {
            public.insert(key);
            continue;
        }
        if known.allows(run) {
            continue;
        }
        let end = piece.start + piece.text.len();
        let before = others.partition_point(|other| other.0 < end);
        if before > 0 && others[before - 1].1 > piece.start {
            continue;
        }
        let start = piece.start + (run.as_ptr() as usize - piece.text.as_ptr() as usize);
        found.push(Leak::at(kind, start..start + run.len()));
    }
}

/// What a code begins with, in small letters.
fn stem(run: &str) -> String {
    let end = run.find(|c: char| c.is_ascii_digit()).unwrap_or(run.len());
    let stem = if end == 0 { run } else { &run[..end] };
    stem.trim_end_matches('-').to_ascii_lowercase()
}

/// Whether a word in the same sentence says that what stands at `n` is something of the public's.
fn is_said_public(text: &str, pieces: &[Piece<'_>], n: usize, plain: bool) -> bool {
    let ends = |from: usize, to: usize| {
        let between = &text[from..to];
        between.contains(['.', '!', '?', '\n']) && between.contains(char::is_whitespace)
    };
    let names = |piece: &Piece<'_>| {
        let word = piece
            .text
            .trim_matches(|c: char| !c.is_alphanumeric())
            .to_lowercase();
        word.split(['-', '/']).any(is_public)
    };
    let far = if plain { BEFORE } else { RIGHT_BEFORE };
    for at in (n.saturating_sub(far)..n).rev() {
        let before = &pieces[at];
        if ends(before.start + before.text.len(), pieces[at + 1].start) {
            break;
        }
        if names(before) {
            return true;
        }
    }
    for at in n + 1..(n + 1 + BEHIND).min(pieces.len()) {
        let last = &pieces[at - 1];
        if ends(last.start + last.text.len(), pieces[at].start) {
            break;
        }
        if names(&pieces[at]) {
            return true;
        }
    }
    false
}

fn is_public(word: &str) -> bool {
    LISTS.public.contains(word)
        || word
            .strip_suffix('s')
            .is_some_and(|one| LISTS.public.contains(one))
        || word
            .strip_suffix("es")
            .is_some_and(|one| LISTS.public.contains(one))
}

/// `CS-2040`, `EX1907`, `AB1234CD`: at most five letters in a row, and a number.
fn is_plain(run: &str) -> bool {
    let parts: Vec<&str> = run.split('-').collect();
    let letters = run.bytes().filter(u8::is_ascii_alphabetic).count();
    parts.len() < 3
        && letters < 6
        && run
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-')
}

/// What a run would be, if nothing says that it is public; nothing for one that is no code.
fn kind_of(run: &str, inner: bool, bracket: bool) -> Option<Kind> {
    let sound = |b: u8| b.is_ascii_alphanumeric() || b"-_./#".contains(&b);
    if !(5..=40).contains(&run.len()) || !run.bytes().all(sound) {
        return None;
    }
    let digits = run.bytes().filter(u8::is_ascii_digit).count();
    let letters = run.bytes().filter(u8::is_ascii_alphabetic).count();
    let parts: Vec<&str> = run.split(['-', '_', '.', '/']).collect();
    let glued = parts.len() == 1 && !run.contains('#');
    if digits == 0
        || letters == 0
        || (letters == 1 && parts.len() < 3 && !inner && !(bracket && digits > 4))
        || (glued && run.len() < 6)
        || parts.iter().any(|part| part.is_empty())
        || is_spoken(run, &parts)
    {
        return None;
    }
    let first = parts[0];
    let last = parts[parts.len() - 1];
    let number = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let capitals = !run.bytes().any(|b| b.is_ascii_lowercase());
    if run.contains('.') {
        return dotted(run, &parts);
    }
    // `bmw-3`
    if parts.len() == 2 && last.len() == 1 && !capitals {
        return None;
    }
    let key = first
        .trim_end_matches(|c: char| c.is_ascii_digit())
        .to_ascii_lowercase();
    if OTHERS.contains(&key.as_str()) && parts.len() == 2 && !inner {
        return None;
    }
    if run.contains('#') {
        return (!capitals && !glued && parts.len() > 1).then_some(Kind::Secret);
    }
    if run.contains('/') {
        return ((2..4).contains(&parts.len())
            && run.contains('-')
            && capitals
            && number(last)
            && last.len() > 2)
            .then_some(Kind::TicketId);
    }
    if looks_like_ticket(run) {
        return Some(Kind::TicketId);
    }
    if capitals && number(last) && last.len() > 2 && !number(first) {
        return Some(Kind::TicketId);
    }
    Some(Kind::HostName)
}

/// `imgproxy-3.21`, `curl/7.61.1`, `libidcheck.so.2.8`, `minio-stg-7.rack12`: a name with a number that full stops part, or with a place.
fn dotted(run: &str, parts: &[&str]) -> Option<Kind> {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let name = parts[0].len() > 2 && parts[0].bytes().all(|b| b.is_ascii_lowercase());
    let numbers = parts[1..].iter().all(|part| number(part));
    let separated = run.find(['-', '/', '_']) == Some(parts[0].len());
    if name
        && numbers
        && ((separated && parts.len() == 3) || (run.contains('/') && parts.len() == 4))
        || run.contains(".so.")
    {
        return Some(Kind::Version);
    }
    let (host, place) = run.rsplit_once('.')?;
    let small = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
    let numbered = |part: &str| {
        part.ends_with(|c: char| c.is_ascii_digit())
            && part.starts_with(|c: char| c.is_ascii_lowercase())
    };
    (run.bytes().all(small) && host.contains('-') && numbered(host) && numbered(place))
        .then_some(Kind::HostName)
}

/// Measures, days, hours, and words with a number that people say.
fn is_spoken(run: &str, parts: &[&str]) -> bool {
    let number = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let small = |part: &str| part.bytes().all(|b| b.is_ascii_lowercase());
    let lower = run.to_ascii_lowercase();
    let name = lower.trim_end_matches(|c: char| c.is_ascii_digit());
    // `180g`, `10am`, `720p`, `10-year`, `9am-1pm`, `16h30-18h00`
    let measured = |part: &str| {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        let hours = rest.strip_prefix('h').is_some_and(number);
        rest.len() < part.len() && (hours || (small(rest) && rest.len() < 5))
    };
    // `late-2026`
    let year =
        parts.len() == 2 && small(parts[0]) && parts[1].len() == 4 && parts[1].starts_with("20");
    let word = |part: &str| {
        part.len() > 1 && small(&part[1..]) && part.starts_with(|c: char| c.is_ascii_alphabetic())
    };
    if parts
        .iter()
        .all(|part| measured(part) || (number(parts[0]) && word(part)))
        || measured(run)
    {
        return true;
    }
    let counted = |part: &str| {
        let name = part.trim_end_matches(|c: char| c.is_ascii_digit() || c == 's');
        LISTS.counted.contains(name.to_ascii_lowercase().as_str())
            || LISTS.public.contains(name.to_ascii_lowercase().as_str())
    };
    year
        || LISTS.standards.contains(lower.as_str())
        || LISTS.standards.contains(parts[0].to_ascii_lowercase().as_str())
        || LISTS.standards.contains(name.trim_end_matches('-'))
        || ["utc", "gmt"].iter().any(|zone| lower.starts_with(zone))
        || counted(parts[0])
        || (parts.len() == 1 && small(name) && number(&run[name.len()..]) && run.len() - name.len() == 4)
        // A day and an hour: `2026-11-04t10:30`
        || lower.as_bytes().windows(3).any(|w| w[1] == b't' && w[0].is_ascii_digit() && w[2].is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use crate::audience::Level;
    use crate::privacy::{Kind, Known, leaks};

    fn kinds(text: &str) -> Vec<Kind> {
        leaks(text, Level::NonTechnical, &Known::default())
            .iter()
            .map(|leak| leak.kind)
            .collect()
    }

    #[test]
    fn a_code_that_is_said_to_be_nothing_of_the_publics_is_an_inner_one() {
        for (text, kind) in [
            (
                "The streams are off; STREAMBOX-301 will not boot.",
                Kind::TicketId,
            ),
            ("We moved it to CUCM-SUB2 last night.", Kind::HostName),
            ("Somebody wrote FIN-2026-448 on it.", Kind::TicketId),
            ("The new one is C5293Y.", Kind::HostName),
            ("We changed to imgproxy-3.21 overnight.", Kind::Version),
            (
                "It failed after libidcheck.so.2.8 was put in.",
                Kind::Version,
            ),
            ("The store minio-stg-7.rack12 is slow.", Kind::HostName),
            ("It waits for others (DATA-ENG/1408).", Kind::TicketId),
        ] {
            assert_eq!(kinds(text), [kind], "{text}");
        }
    }

    #[test]
    fn what_the_public_has_codes_of_is_left_alone() {
        for text in [
            "Course CS-2040 moves to room B-1204.",
            "Flight EX-1907 leaves from gate B-22.",
            "Use the code SUMMER-2026 when you order.",
            "Keep reference AB1234CD at hand.",
            "Trucks should use I-90 or Exit 24B.",
            "The 10-year plan has a 5-star rating.",
            "It is 2026-11-04T10:30:00Z.",
            "Bring form 1099-INT for the year.",
            "Lectures MATH-101 and HIST-2040 start late. HIST-2040 is in the big hall.",
        ] {
            assert_eq!(kinds(text), [], "{text}");
        }
    }
}
