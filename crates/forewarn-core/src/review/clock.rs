//! Clock times in a text, as people write and speak them, and the zone that each is said to be in.

use super::sentences::Sentence;
use super::words::Word;
use super::zone::{Said, is_offset, said, usual_offset};
use std::collections::BTreeSet;

/// A clock time in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ClockTime {
    /// Byte offset of its first character.
    pub(super) start: usize,
    /// Byte offset after its last one, without its zone.
    pub(super) end: usize,
    /// Its first word.
    pub(super) first: usize,
    /// The word after it.
    pub(super) after: usize,
    /// The sentence it stands in.
    pub(super) sentence: usize,
    /// What is said of its zone.
    pub(super) zone: Said,
}

/// Every clock time, in order.
pub(super) fn clock_times(text: &str, words: &[Word], sentences: &[Sentence]) -> Vec<ClockTime> {
    let mut all: Vec<ClockTime> = Vec::new();
    for (n, sentence) in sentences.iter().enumerate() {
        if sentence.is_code {
            continue;
        }
        let from = all.len();
        let mut at = sentence.words.start;
        while at < sentence.words.end {
            let length = length(text, &words[..sentence.words.end], at);
            if length > 0 {
                all.push(ClockTime {
                    start: words[at].start,
                    end: words[at + length - 1].end,
                    first: at,
                    after: at + length,
                    sentence: n,
                    zone: glued(&words[at + length - 1].lower),
                });
            }
            at += length.max(1);
        }
        name_zones(text, words, sentence.words.end, &mut all[from..]);
        share_ranges(text, words, &mut all[from..]);
    }
    explained(words, text, &mut all);
    all
}

/// A zone that is written into the time: `15:30Z`, `1500utc`.
fn glued(word: &str) -> Said {
    let digit = word.starts_with(|c: char| c.is_ascii_digit());
    match digit && (word.ends_with('z') || word.ends_with("utc") || word.ends_with("gmt")) {
        true => Said::Exact,
        false => Said::Nothing,
    }
}

fn name_zones(text: &str, words: &[Word], end: usize, times: &mut [ClockTime]) {
    for n in 0..times.len() {
        let until = times.get(n + 1).map_or(end, |next| next.first);
        if times[n].zone == Said::Nothing {
            times[n].zone = said(text, &words[times[n].after..until]);
        }
        // "UTC 15:30", "(UTC+1) 15:30"
        if times[n].zone == Said::Nothing && leads(words, times[n].first) {
            times[n].zone = Said::Exact;
        }
    }
}

/// Whether the zone stands before its time, alone or with its offset.
fn leads(words: &[Word], first: usize) -> bool {
    let before = |back: usize| {
        first
            .checked_sub(back)
            .map_or("", |n| words[n].lower.as_str())
    };
    let zone = |word: &str| matches!(word, "utc" | "gmt");
    zone(before(1)) || (zone(before(2)) && before(1).starts_with(|c: char| c.is_ascii_digit()))
}

/// "22:00 to 02:00 UTC" and "10:00, 12:00 and 14:00 UTC" say the zone once.
fn share_ranges(text: &str, words: &[Word], times: &mut [ClockTime]) {
    let linked = |a: &ClockTime, b: &ClockTime| {
        let between = &words[a.after..b.first];
        if between.len() > 8 {
            return false;
        }
        let link = |w: &Word| {
            matches!(
                w.lower.as_str(),
                "to" | "until" | "till" | "and" | "or" | "through" | "by"
            )
        };
        let sign = text[a.end..b.start].contains(['-', '\u{2013}', '\u{2014}', ',', '/']);
        between.iter().any(link) || (sign && between.len() <= 3)
    };
    for n in (1..times.len()).rev() {
        if times[n - 1].zone == Said::Nothing && linked(&times[n - 1], &times[n]) {
            times[n - 1].zone = times[n].zone.clone();
        }
    }
    for n in 1..times.len() {
        if times[n].zone == Said::Nothing && linked(&times[n - 1], &times[n]) {
            times[n].zone = times[n - 1].zone.clone();
        }
    }
}

/// An abbreviation that is explained once, `CET (UTC+01:00)`, is explained for the whole text.
fn explained(words: &[Word], text: &str, times: &mut [ClockTime]) {
    let known = explanations(text, words);
    for time in times {
        if matches!(time.zone, Said::Bare(name) if known.contains(name)) {
            time.zone = Said::Exact;
        }
    }
}

/// The abbreviations that a text gives the offset of.
pub(super) fn explanations<'t>(text: &'t str, words: &[Word]) -> BTreeSet<&'t str> {
    let mut known = BTreeSet::new();
    for (n, word) in words.iter().enumerate() {
        let written = &text[word.start..word.end];
        if written.len() <= 4 && !usual_offset(written).is_empty() {
            let close = &words[(n + 1).min(words.len())..(n + 4).min(words.len())];
            if close.iter().any(|w| {
                w.lower == "utc"
                    || w.lower == "gmt"
                    || (is_offset(text, w) && w.lower.contains(':'))
            }) {
                known.insert(written);
            }
        }
    }
    known
}

const NUMBERS: &[&str] = &[
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve",
];
/// The hours of the afternoon, as radio and telephone say them.
const LATE_HOURS: &[&str] = &[
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
];
const MINUTES: &[&str] = &[
    "hundred", "five", "ten", "fifteen", "twenty", "thirty", "forty",
];

/// How many words from `at` on are a clock time; 0 if none is.
fn length(text: &str, words: &[Word], at: usize) -> usize {
    let word = &words[at];
    let lower = |n: usize| words.get(n).map_or("", |w| w.lower.as_str());
    if matches!(word.lower.as_str(), "noon" | "midnight" | "midday") {
        return 1;
    }
    if word.lower.starts_with(|c: char| c.is_ascii_digit()) {
        if is_offset(text, word) {
            return 0;
        }
        return in_digits(text, words, at);
    }
    let half_past =
        matches!(word.lower.as_str(), "half" | "quarter") && matches!(lower(at + 1), "past" | "to");
    if half_past && NUMBERS.contains(&lower(at + 2)) {
        return 3;
    }
    // "sixteen hundred UTC"
    let named = |n: usize| matches!(lower(n), "utc" | "gmt" | "zulu");
    let minutes = usize::from(MINUTES.contains(&lower(at + 1)));
    if LATE_HOURS.contains(&word.lower.as_str()) && named(at + 1 + minutes) {
        return 1 + minutes;
    }
    if NUMBERS.contains(&word.lower.as_str()) {
        let minutes = usize::from(MINUTES.contains(&lower(at + 1)));
        let day = half_of_day(words, at + 1 + minutes);
        if day > 0 {
            return 1 + minutes + day;
        }
        if lower(at + 1) == "o'clock" {
            return 2;
        }
        // "from eight to noon", spoken.
        if at > 0 && matches!(lower(at - 1), "from") && matches!(lower(at + 1), "to") && {
            let end = lower(at + 2);
            end == "noon"
                || end == "midnight"
                || (NUMBERS.contains(&end) && ends_clause(text, words, at + 2))
        } {
            return 1;
        }
    }
    0
}

/// How many words say which half of the day: `am`, `a m` (of "a.m."), `o'clock`.
fn half_of_day(words: &[Word], at: usize) -> usize {
    let lower = |n: usize| words.get(n).map_or("", |w| w.lower.as_str());
    match (lower(at), lower(at + 1)) {
        ("am" | "pm" | "o'clock" | "oclock" | "hrs" | "uhr", _) => 1,
        ("a" | "p", "m") => 2,
        ("in", "the") if matches!(lower(at + 2), "morning" | "afternoon" | "evening") => 3,
        _ => 0,
    }
}

/// Nothing of the clause follows: a number here is no count of things.
fn ends_clause(text: &str, words: &[Word], at: usize) -> bool {
    let Some(word) = words.get(at) else {
        return true;
    };
    let rest = text[word.end..].trim_start_matches([' ', '*', '"']);
    rest.is_empty() || rest.starts_with(['.', ',', ';', '!', '?', ')', '\n', '\r'])
}

fn in_digits(text: &str, words: &[Word], at: usize) -> usize {
    let word = &words[at];
    let lower = |n: usize| words.get(n).map_or("", |w| w.lower.as_str());
    let before = if at > 0 { lower(at - 1) } else { "" };
    let next = lower(at + 1);
    // The time of `2026-11-21T17:00:00Z`.
    let clock = match word.lower.split_once('t') {
        Some((day, clock)) if day.len() == 2 && clock.contains(':') => clock,
        _ => word.lower.as_str(),
    };
    let (digits, unit) = clock.split_at(
        clock
            .find(|c: char| c.is_alphabetic())
            .unwrap_or(clock.len()),
    );
    let unit_is = |unit: &str| matches!(unit, "am" | "pm" | "h" | "hrs" | "z" | "utc" | "gmt");
    // `14h30`
    let minutes = unit
        .strip_prefix('h')
        .is_some_and(|m| m.bytes().all(|b| b.is_ascii_digit()));
    if !(unit.is_empty() || unit_is(unit) || minutes) {
        return 0;
    }
    let day = half_of_day(words, at + 1);
    let parts: Vec<&str> = digits.split([':', '.']).collect();
    let number = |n: usize| parts.get(n).and_then(|p| p.parse::<u32>().ok());
    let hour = number(0).is_some_and(|h| h <= 24) && (1..=2).contains(&parts[0].len());
    match parts.len() {
        2 | 3 if digits.contains(':') && !digits.contains('.') => {
            let fits = hour
                && parts[1..].iter().all(|p| p.len() == 2)
                && number(1).is_some_and(|m| m < 60);
            let lasts = matches!(next, "hours" | "minutes" | "min" | "mins")
                && matches!(
                    before,
                    "for" | "about" | "took" | "within" | "in" | "lasted" | "of"
                );
            if fits && !lasts { 1 + day } else { 0 }
        }
        2 if digits.contains('.') => {
            let fits = hour && parts[1].len() == 2 && number(1).is_some_and(|m| m < 60);
            let part_of_day = next == "in"
                && lower(at + 2) == "the"
                && matches!(lower(at + 3), "morning" | "afternoon" | "evening");
            let zoned =
                super::zone::is_zone_word(next) || matches!(next, "h" | "hours") || part_of_day;
            let said = !unit.is_empty() || day > 0 || zoned || matches!(before, "until" | "till");
            if fits && said { 1 + day } else { 0 }
        }
        1 => whole(text, words, at, (digits, unit, hour)).map_or(0, |extra| 1 + day + extra),
        _ => 0,
    }
}

/// A time without minutes, `3 pm`, `15h`, or without a sign between, `1530 UTC`; says how many words more belong to it.
fn whole(
    text: &str,
    words: &[Word],
    at: usize,
    (digits, unit, hour): (&str, &str, bool),
) -> Option<usize> {
    let lower = |n: usize| words.get(n).map_or("", |w| w.lower.as_str());
    let before = if at > 0 { lower(at - 1) } else { "" };
    let next = lower(at + 1);
    // Other scripts have digits of several bytes.
    if let Some((hours, minutes)) = digits.split_at_checked(2).filter(|_| digits.len() == 4) {
        let fits = hours.parse::<u32>().is_ok_and(|h| h < 24)
            && minutes.parse::<u32>().is_ok_and(|m| m < 60);
        let zoned = matches!(next, "utc" | "gmt" | "hrs" | "hours" | "zulu")
            || matches!(unit, "z" | "utc" | "gmt" | "hrs" | "h");
        // "0200" is no year and no count.
        let zero = digits.starts_with('0')
            && matches!(
                before,
                "at" | "started" | "since" | "by" | "until" | "till" | "from" | "before"
            );
        return (fits && (zoned || zero)).then_some(0);
    }
    if !hour {
        return None;
    }
    if !unit.is_empty() {
        return (unit != "z" && unit != "utc" && unit != "gmt").then_some(0);
    }
    if half_of_day(words, at + 1) > 0 {
        return Some(0);
    }
    // "16 h CET (UTC+1)"
    if matches!(next, "h" | "hours") && super::zone::is_zone_word(lower(at + 2)) {
        return Some(1);
    }
    let in_day = |n: usize| {
        matches!(lower(n), "today" | "tonight" | "tomorrow" | "sharp")
            || (lower(n) == "this" && matches!(lower(n + 1), "morning" | "afternoon" | "evening"))
    };
    let named = super::zone::is_zone_word(next)
        && words
            .get(at + 1)
            .is_some_and(|w| text[w.start..w.end].starts_with(char::is_uppercase));
    let since = matches!(before, "since" | "until" | "till")
        && (ends_clause(text, words, at) || in_day(at + 1));
    let at_day =
        matches!(before, "at" | "by" | "before" | "from" | "after") && (in_day(at + 1) || named);
    let day_before = at > 1 && matches!(before, "at" | "by") && in_day(at - 2);
    // "from 8 to 12", "from 7 to 19 h", "between 11 and 13 o'clock", where the other end is a time.
    let range = matches!(before, "from" | "between")
        && matches!(next, "to" | "and" | "until" | "till")
        && {
            let end = words.get(at + 2).map_or("", |w| w.lower.as_str());
            let number = end.parse::<u32>().is_ok_and(|h| h <= 24);
            let timed = half_of_day(words, at + 3) > 0
                || matches!(lower(at + 3), "h" | "hours" | "there")
                || super::zone::is_zone_word(lower(at + 3));
            matches!(end, "noon" | "midnight")
                || (number && (timed || ends_clause(text, words, at + 2)) && near_day(words, at))
                || end.ends_with("pm")
                || end.ends_with("am")
                || end.contains(':')
                || (number && timed)
        };
    let end_of_range = at > 2
        && matches!(before, "to" | "and")
        && matches!(lower(at + 1), "h" | "hours")
        && lower(at - 2).parse::<u32>().is_ok();
    let latest = before == "by" && at > 3 && matches!(lower(at - 2), "latest");
    (since || at_day || day_before || range || end_of_range || latest).then_some(0)
}

/// A day is named within a few words, so that a range of numbers is one of hours.
fn near_day(words: &[Word], at: usize) -> bool {
    let near = &words[at.saturating_sub(6)..(at + 8).min(words.len())];
    near.iter().any(|w| {
        matches!(
            w.lower.as_str(),
            "today"
                | "tonight"
                | "tomorrow"
                | "monday"
                | "tuesday"
                | "wednesday"
                | "thursday"
                | "friday"
                | "saturday"
                | "sunday"
                | "night"
                | "morning"
                | "daily"
        )
    })
}
