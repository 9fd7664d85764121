//! Q2: an open incident's message says when the next word comes, with time, zone and offset, or a firm end.

use super::clock::ClockTime;
use super::phrase::List;
use super::reading::Reading;
use super::zone::{Said, usual_offset};
use super::{Finding, Rule};
use std::ops::Range;

/// Words between a promise and its time that still belong together.
const NEAR: usize = 16;

/// The finding, where the promise is missing.
pub(super) fn next_update(reading: &Reading<'_>) -> Option<Finding> {
    if reading
        .times
        .iter()
        .any(|t| t.zone == Said::Exact && (promised(reading, t) || is_firm_end(reading, t)))
    {
        return None;
    }
    let meant = reading.times.iter().find(|t| promised(reading, t));
    if let Some(time) = meant {
        return Some(without_offset(reading, time));
    }
    let suggestion = "Add: 'Next update by 15:30 UTC (+00:00).'";
    // Where something is promised for no time, that is the place to mend.
    let place = reading
        .hits(List::Vague)
        .first()
        .map(|hit| reading.place(hit));
    let because = match place {
        Some(_) => {
            "an open incident's message says when the next update comes: a clock time, so that people can stop looking until then"
        }
        None => "an open incident's message says when the next update comes",
    };
    Some(Rule::Q2.error(
        place.unwrap_or_else(|| reading.opening()),
        because,
        suggestion,
    ))
}

/// Whether a time is when the next word comes.
fn promised(reading: &Reading<'_>, time: &ClockTime) -> bool {
    if is_past(reading, time) {
        return false;
    }
    let sentence = &reading.sentences[time.sentence];
    let near = |first: usize, after: usize| {
        let (from, to) = if after <= time.first {
            (after, time.first)
        } else {
            (time.after, first)
        };
        let between = from..to.max(from);
        between.len() <= NEAR && !parted(reading, &between)
    };
    let stands_near = |list| {
        let mut hits = reading.hits_in(list, &sentence.words).iter();
        hits.any(|hit| near(hit.first, hit.after))
    };
    if stands_near(List::Next) {
        return true;
    }
    // Whoever gives a time with its zone and offset beside a word for words, and speaks neither of the past nor of a counter that is
    // open until then, promises to speak: there are more ways to say it than a list holds.
    let elsewhere = [List::Said, List::Serves].map(|list| reading.has_in(list, &sentence.words));
    if time.zone == Said::Exact
        && elsewhere == [false, false]
        && !is_entry(reading, time)
        && stands_near(List::Speaks)
    {
        return true;
    }
    if in_table(reading, time) || is_answer(reading, time) {
        return true;
    }
    // A heading of its own: "Next update", and the time in the next line.
    let Some(before) = time.sentence.checked_sub(1).map(|n| &reading.sentences[n]) else {
        return false;
    };
    let heading =
        !before.is_ended && before.words.len() <= 5 && reading.has_in(List::Next, &before.words);
    heading && time.first - sentence.words.start <= 3
}

/// How many rows a table has of which the head still counts.
const ROWS: usize = 40;

/// A cell of a table with a head for it: "| Next update |", and the time in a row below.
fn in_table(reading: &Reading<'_>, time: &ClockTime) -> bool {
    let (mut head, mut row) = (time.start, None);
    for _ in 0..ROWS {
        let start = reading.text[..head].rfind('\n').map_or(0, |n| n + 1);
        if !reading.text[start..].trim_start().starts_with('|') {
            break;
        }
        row.get_or_insert(start);
        head = start.saturating_sub(1);
        if start == 0 {
            break;
        }
    }
    row.is_some_and(|row| {
        let hits = reading.hits(List::Next);
        let before = hits.partition_point(|hit| reading.words[hit.first].start < row);
        before > 0 && reading.words[hits[before - 1].first].start >= head
    })
}

/// The answer to a question of its own: "When will you hear more? At 17:15 EDT (UTC-04:00), by mail."
fn is_answer(reading: &Reading<'_>, time: &ClockTime) -> bool {
    let sentence = &reading.sentences[time.sentence];
    let Some(before) = time.sentence.checked_sub(1).map(|n| &reading.sentences[n]) else {
        return false;
    };
    time.first - sentence.words.start <= 3
        && before.words.len() < 20
        && reading.text[before.start..time.start].contains('?')
        && [List::Next, List::Speaks]
            .into_iter()
            .any(|list| reading.has_in(list, &before.words))
}

/// A semicolon parts what is said on its two sides.
fn parted(reading: &Reading<'_>, between: &Range<usize>) -> bool {
    if between.is_empty() {
        return false;
    }
    let from = reading.words[between.start].start;
    let to = reading.words[between.end - 1].end;
    reading.text[from..to].contains(';')
}

/// The time that an entry of a log begins with: "[10:05 UTC (+00:00)] Claims cannot be filed", "- 08:40 BST (UTC+01:00): cause found".
fn is_entry(reading: &Reading<'_>, time: &ClockTime) -> bool {
    let from = reading
        .text
        .floor_char_boundary(time.start.saturating_sub(8));
    let near = &reading.text[from..time.start];
    let begins = from == 0 || near.contains('\n');
    let before = near.rsplit('\n').next().unwrap_or_default().trim();
    let to = reading.text.floor_char_boundary(time.end + 40);
    let after = reading.text[time.end..to]
        .lines()
        .next()
        .unwrap_or_default();
    begins
        && (before == "[" || (matches!(before, "-" | "*" | "\u{2022}" | "") && after.contains(':')))
}

/// "since 09:10 UTC" is no promise, nor is "was posted at 09:10 UTC". What the sentence before says is another matter.
fn is_past(reading: &Reading<'_>, time: &ClockTime) -> bool {
    let first = reading.sentences[time.sentence].words.start;
    let by = time.first > first && reading.lower(time.first - 1) == "by";
    (1..=3).any(|back| {
        let own = time.first.checked_sub(back).filter(|n| *n >= first);
        own.is_some_and(|n| {
            let word = reading.lower(n);
            // "From 15:00 UTC on we know more."
            let on = || {
                (time.after..time.after + 5)
                    .any(|n| reading.words.get(n).is_some_and(|w| w.lower == "on"))
            };
            word == "since"
                || (!by && matches!(word, "was" | "were" | "began" | "got"))
                || (back == 3 && word == "between")
                || (back == 1 && matches!(word, "after" | "ago" | "between"))
                || (back == 1 && word == "from" && !on())
        })
    })
}

/// An end that is stated and not hoped for: "closed until 18:00 UTC".
fn is_firm_end(reading: &Reading<'_>, time: &ClockTime) -> bool {
    let sentence = &reading.sentences[time.sentence];
    let clause = clause(reading, time);
    let near =
        |first: usize, after: usize| time.first >= first && time.first.saturating_sub(after) <= 8;
    !is_past(reading, time)
        && !reading.has_in(List::Hedge, &clause)
        && !reading.has_in(List::Serves, &clause)
        && reading
            .hits_in(List::End, &sentence.words)
            .iter()
            .any(|hit| near(hit.first, hit.after))
}

/// The words of the clause that a time stands in: from the last semicolon on.
fn clause(reading: &Reading<'_>, time: &ClockTime) -> Range<usize> {
    let sentence = &reading.sentences[time.sentence];
    let before = &reading.text[sentence.start..time.start];
    let start = sentence.start + before.rfind(';').map_or(0, |at| at + 1);
    let first = reading.words[sentence.words.clone()].partition_point(|w| w.start < start);
    sentence.words.start + first..sentence.words.end
}

fn without_offset(reading: &Reading<'_>, time: &ClockTime) -> Finding {
    let written = &reading.text[time.start..time.end];
    let because =
        "the time of the next update needs its zone and offset: readers sit in other zones";
    let suggestion = match &time.zone {
        Said::Bare(name) if !usual_offset(name).is_empty() => {
            format!(
                "Write: 'Next update by {written} {name} ({}).'",
                usual_offset(name)
            )
        }
        Said::Nothing | Said::Local | Said::Bare(_) | Said::Named | Said::Exact => {
            format!(
                "Add the zone and its offset: 'Next update by {written} UTC (+00:00)', or your own zone in the same way."
            )
        }
    };
    Rule::Q2.error(time.start..time.end, because, &suggestion)
}
