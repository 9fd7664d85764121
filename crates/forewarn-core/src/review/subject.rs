//! Q10: a subject says the facts in its first 33 characters, begins with no number, and is short.

use super::phrase::List;
use super::reading::Reading;
use super::{Finding, Rule};
use crate::privacy;

/// What a phone shows of a subject.
const FIRST: usize = 33;
/// What most mail programs show.
const MOST: usize = 50;
/// What the line of a mail header holds.
const TOO_MANY: usize = 78;

const FORM: &str =
    "Write it as 'COMPANY: fact, date', for example 'Example University: portal slow, 3 Dec'.";

pub(super) fn subject(subject: &Reading<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let text = subject.text;
    let length = text.chars().count();
    let whole = 0..text.len();
    if length > TOO_MANY {
        let because = format!(
            "a subject of {length} characters is cut off by mail programs; {MOST} are shown, {TOO_MANY} is the most"
        );
        findings.push(Rule::Q10.error(byte(text, MOST)..text.len(), &because, FORM));
    } else if length > MOST {
        let because = format!("a subject of {length} characters; many mail programs show {MOST}");
        findings.push(Rule::Q10.warning(byte(text, MOST)..text.len(), &because, FORM));
    }
    if let Some(end) = number_first(text) {
        findings.push(Rule::Q10.warning(
            0..end,
            "a subject begins with what happened; a number or a mark says nothing to its reader",
            FORM,
        ));
    } else if !says_something(subject) {
        let because =
            format!("the first {FIRST} characters name no fact: which service, and what about it");
        findings.push(Rule::Q10.warning(whole.start..byte(text, FIRST), &because, FORM));
    }
    findings.extend(super::tone::capitals(subject));
    findings
}

fn byte(text: &str, characters: usize) -> usize {
    text.char_indices()
        .nth(characters)
        .map_or(text.len(), |(at, _)| at)
}

/// Where a number, a priority or a mark of the mail program ends that the subject begins with.
fn number_first(text: &str) -> Option<usize> {
    let start = text.len() - text.trim_start().len();
    let trimmed = &text[start..];
    if trimmed.starts_with('[') {
        return Some(start + trimmed.find(']').map_or(1, |at| at + 1));
    }
    let first = trimmed.split_whitespace().next()?;
    let bare = first.trim_end_matches([':', ',', '-', '.', '#']);
    let lower = bare.to_lowercase();
    let mark = matches!(
        lower.as_str(),
        "re" | "fw" | "fwd" | "aw" | "wg" | "tr" | "rv" | "sv" | "vs" | "antw" | "rif"
    ) && first.ends_with(':');
    let priority = matches!(lower.as_bytes(), [b'p', digit] if digit.is_ascii_digit())
        || (lower.starts_with("sev") && lower.ends_with(|c: char| c.is_ascii_digit()));
    // "Priority 2: phones"
    let second = trimmed[first.len()..]
        .split_whitespace()
        .next()
        .unwrap_or_default();
    let graded = matches!(lower.as_str(), "priority" | "prio" | "sev" | "severity")
        && second.starts_with(|c: char| c.is_ascii_digit());
    if graded {
        return Some(start + trimmed.find(second).unwrap_or(0) + second.len());
    }
    if let Some(end) = privacy::begins_with_ticket(trimmed) {
        return Some(start + end);
    }
    let number = bare.starts_with('#')
        || privacy::looks_like_ticket(bare)
        || (bare.len() > 3 && bare.bytes().all(|b| b.is_ascii_digit()) && !bare.starts_with("20"));
    (mark || priority || number).then_some(start + first.len())
}

/// Whether the part that every phone shows has a word of its own besides the sender's name.
fn says_something(subject: &Reading<'_>) -> bool {
    let text = subject.text;
    let end = byte(text, FIRST);
    let own = |word: &&super::words::Word| {
        let index = subject.words.partition_point(|w| w.start < word.start);
        let empty = subject.hits_in(List::Empty, &(index..index + 1));
        let number = word.lower.starts_with(|c: char| c.is_ascii_digit());
        let ticket = privacy::looks_like_ticket(&text[word.start..word.end]);
        empty.is_empty() && !number && !ticket
    };
    let sender = text.find(": ").map_or(0, |at| at + 2);
    let facts = subject
        .words
        .iter()
        .filter(|w| w.start >= sender && w.start < end);
    let mut facts = facts.filter(own);
    let Some(first) = facts.next() else {
        return false;
    };
    // "Portal information": a service, and nothing about it.
    facts.next().is_some()
        || subject
            .words
            .iter()
            .filter(|w| w.start >= sender && w.start != first.start)
            .any(|w| tells(&w.lower))
}

/// Whether a word that names no service says what became of one: a state, a day, a number.
fn tells(word: &str) -> bool {
    const VAGUE: &[&str] = &[
        "update",
        "updates",
        "important",
        "urgent",
        "information",
        "info",
        "notice",
        "notification",
        "alert",
        "attention",
        "please",
        "read",
        "message",
        "announcement",
        "regarding",
        "concerning",
        "about",
        "current",
        "situation",
        "status",
        "issue",
        "issues",
        "problem",
        "problems",
        "incident",
        "the",
        "a",
        "an",
        "of",
        "our",
        "for",
        "your",
        "all",
        "users",
        "customers",
        "to",
        "with",
        "from",
        "and",
        "service",
        "services",
        "system",
        "systems",
        "report",
        "technical",
        "general",
        "ongoing",
        "we",
        "are",
        "is",
        "on",
        "in",
        "at",
        "by",
        "have",
        "has",
        "experiencing",
        "difficulties",
    ];
    !VAGUE.contains(&word)
}
