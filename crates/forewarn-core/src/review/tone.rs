//! Q6, Q13 and Q20: no guesses, own it without blame, no shouting.

use super::phrase::List;
use super::reading::Reading;
use super::sentences::Sentence;
use super::stage::Stage;
use super::text::Context;
use super::zone::Said;
use super::{Finding, Rule, effect_first};
use crate::privacy;
use std::ops::Range;

pub(super) fn tone(reading: &Reading<'_>, stage: Stage, context: &Context) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    if !stage.is_internal() {
        findings.extend(effect_first::cause_first(reading, stage));
    }
    if stage.is_open() || matches!(stage.as_str(), "discovery" | "delay" | "extension") {
        findings.extend(estimates(reading));
    }
    findings.extend(apology(reading, stage));
    findings.extend(blame(reading, context));
    findings.extend(capitals(reading));
    findings
}

/// Q6.
fn estimates(reading: &Reading<'_>) -> Vec<Finding> {
    let guessed = |sentence: &&Sentence| {
        let words = &sentence.words;
        let has = |list| reading.has_in(list, words);
        let times = reading.times_in(words);
        // "It was fixed within 20 minutes" tells what was.
        let past = |n: usize| {
            matches!(
                reading.lower(n),
                "was" | "were" | "been" | "had" | "came" | "went"
            )
        };
        let mut guesses = reading.hits_in(List::Guess, words).iter();
        let guesses =
            guesses.any(|hit| hit.first.checked_sub(1).is_none_or(|before| !past(before)));
        if guesses && (has(List::Term) || !times.is_empty() || counts_time(reading, words)) {
            return true;
        }
        let hedged = has(List::Hedge);
        // "Fingers crossed it is done by noon" looks ahead, "about 900 people" does not.
        let hopes = |hit: &super::phrase::Hit| {
            !matches!(
                reading.lower(hit.first),
                "about" | "around" | "roughly" | "approximately" | "approx"
            )
        };
        let ahead = has(List::Future) || reading.hits_in(List::Hedge, words).iter().any(hopes);
        if !ahead || (!has(List::Term) && times.is_empty()) {
            return false;
        }
        // A clock time with its zone is a stated end, as long as nothing takes it back.
        let firm = times.iter().any(|t| t.zone == Said::Exact);
        if !has(List::Repair) {
            return !firm && hopes_only(reading, words);
        }
        let promise = reading.has_in(List::Next, words) && !times.is_empty();
        together(reading, words) && (hedged || !(firm || promise))
    };
    let found = reading.prose().filter(guessed);
    found
        .map(|s| {
            Rule::Q6.warning(
                s.start..s.end,
                "a repair estimate that is missed costs more trust than none",
                "Leave the estimate out and say when the next word comes: 'Next update by 15:30 UTC (+00:00).'",
            )
        })
        .take(5)
        .collect()
}

/// A hope with a term that is about nothing people suffer, do or are told: "We reckon on two hours", "Power should return by six".
fn hopes_only(reading: &Reading<'_>, words: &Range<usize>) -> bool {
    let has = |list| reading.has_in(list, words);
    // What may happen to somebody is no hope.
    let mut hopes = reading.hits_in(List::Hedge, words).iter();
    let hopes = hopes.any(|hit| !matches!(reading.lower(hit.first), "may" | "might" | "could"));
    let others = [List::Effect, List::Action, List::Next, List::Waits];
    let theirs = matches_any(reading, words, &["you", "your"])
        || matches_any(reading, words, &["we", "us"]) && !has(List::Reckons);
    hopes && !theirs && !others.into_iter().any(has)
}

fn matches_any(reading: &Reading<'_>, words: &Range<usize>, any: &[&str]) -> bool {
    words.clone().any(|n| any.contains(&reading.lower(n)))
}

/// `2 hours`, without a word before it.
fn counts_time(reading: &Reading<'_>, words: &Range<usize>) -> bool {
    words.clone().any(|n| {
        let unit = matches!(
            reading.lower(n),
            "hour" | "hours" | "hrs" | "minutes" | "mins" | "min" | "days"
        );
        unit && n > words.start
            && reading
                .lower(n - 1)
                .starts_with(|c: char| c.is_ascii_digit())
    })
}

/// The repair and its term stand near each other: "fixed in 30 minutes".
fn together(reading: &Reading<'_>, words: &Range<usize>) -> bool {
    let times = reading.times_in(words).iter().map(|t| t.first);
    let terms: Vec<usize> = reading
        .hits_in(List::Term, words)
        .iter()
        .map(|h| h.first)
        .chain(times)
        .collect();
    let repairs = reading.hits_in(List::Repair, words);
    repairs.iter().take(20).any(|repair| {
        terms
            .iter()
            .take(20)
            .any(|term| term.abs_diff(repair.first) <= 10)
    })
}

/// Q13, the apology: one, short, where people were harmed.
fn apology(reading: &Reading<'_>, stage: Stage) -> Option<Finding> {
    let sorry = reading.hits(List::Apology);
    if sorry.is_empty() {
        // Harm is confirmed where people and what they cannot do are named.
        let harmed = stage.is_of_incident()
            && stage.as_str() != "postmortem"
            && reading.has(List::Effect)
            && speaks_of_harm(reading);
        return harmed.then(|| {
            Rule::Q13.warning(
                reading.opening(),
                "people were harmed, and nobody says sorry",
                "Add one sentence: 'We are sorry for the trouble.'",
            )
        });
    }
    if sorry.len() > 1 {
        let second = &sorry[1];
        return Some(Rule::Q13.warning(
            reading.place(second),
            "one short apology is believed; more sound like a form",
            "Keep one: 'We are sorry for the trouble.'",
        ));
    }
    let hollow = reading.hits(List::Hollow).first()?;
    Some(Rule::Q13.note(
        reading.place(hollow),
        "'any inconvenience' sounds as if nobody looked what the harm is",
        "Name it: 'We are sorry that you could not hand in your work.'",
    ))
}

/// Something that people do or have is hit: not only "an issue".
fn speaks_of_harm(reading: &Reading<'_>) -> bool {
    let vague = |n: usize| {
        matches!(
            reading.lower(n),
            "issue" | "issues" | "incident" | "problem" | "problems" | "fix" | "difficulties"
        )
    };
    let only_vague =
        reading.prose().all(|s| s.words.clone().any(vague)) && reading.prose().count() <= 2;
    !only_vague
}

/// Q13, blame.
fn blame(reading: &Reading<'_>, context: &Context) -> Option<Finding> {
    let suggestion =
        "Say what happened without who: 'A cable was cut, and a spare line is in place.'";
    if let Some(hit) = reading.hits(List::Blame).first() {
        return Some(Rule::Q13.warning(
            reading.place(hit),
            "it blames somebody; readers want to hear that you own it",
            suggestion,
        ));
    }
    if let Some(place) = whose_fault(reading) {
        return Some(Rule::Q13.warning(
            place,
            "it blames somebody; readers want to hear that you own it",
            suggestion,
        ));
    }
    let vendors = privacy::vendors(reading.text, &context.known);
    let culprit = vendors.into_iter().find(|place| {
        let word = reading.words.partition_point(|w| w.end <= place.start);
        let Some(sentence) = reading.sentence_of(word) else {
            return false;
        };
        let from = word.saturating_sub(8).max(sentence.words.start);
        reading.has_in(List::Culprit, &(from..(word + 14).min(sentence.words.end)))
    })?;
    Some(Rule::Q13.warning(
        culprit,
        "it names a supplier as the culprit; the service is yours",
        suggestion,
    ))
}

/// "our phone company's fault": not that of a day or a thing of ours.
fn whose_fault(reading: &Reading<'_>) -> Option<Range<usize>> {
    const NOBODY: &[&str] = &[
        "today's",
        "yesterday's",
        "morning's",
        "night's",
        "week's",
        "friday's",
        "monday's",
        "portal's",
        "system's",
        "server's",
        "network's",
        "what's",
        "it's",
        "that's",
        "there's",
        "here's",
    ];
    let found = (1..reading.words.len()).find(|&n| {
        let whose = reading.lower(n - 1);
        reading.lower(n) == "fault" && whose.ends_with("'s") && !NOBODY.contains(&whose)
    })?;
    Some(reading.words[found - 1].start..reading.words[found].end)
}

/// Q20.
pub(super) fn capitals(reading: &Reading<'_>) -> Vec<Finding> {
    let shouts = |sentence: &&Sentence| {
        let text = &reading.text[sentence.start..sentence.end];
        if text.contains("-----") {
            return false;
        }
        let mut letters = 0;
        for c in text.chars().filter(|c| c.is_alphabetic()) {
            if c.is_lowercase() {
                return false;
            }
            letters += usize::from(c.is_uppercase());
        }
        // Words of four letters and more: "DNS, VPN and SSO" are names.
        let long = sentence
            .words
            .clone()
            .filter(|&n| reading.written(n).chars().count() > 3)
            .count();
        // "DO NOT TRY AGAIN": small words are no names.
        let spoken = |n: usize| {
            const SMALL: &[&str] = &[
                "do", "not", "to", "is", "are", "in", "the", "and", "we", "you", "no", "on", "of",
                "for", "it", "be", "all", "use",
            ];
            SMALL.contains(&reading.lower(n))
        };
        letters >= 10 && (long >= 2 || sentence.words.clone().filter(|&n| spoken(n)).count() > 1)
    };
    reading
        .prose()
        .filter(shouts)
        .map(|s| {
            Rule::Q20.warning(
                s.start..s.end,
                "a sentence in capitals is shouted, and slower to read",
                "Write it in small letters; begin with what matters instead.",
            )
        })
        .take(10)
        .collect()
}
