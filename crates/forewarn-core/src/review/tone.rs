//! Q5, Q6, Q13 and Q20: the effect before the cause, no guesses, own it without blame, no shouting.

use super::phrase::List;
use super::reading::Reading;
use super::sentences::Sentence;
use super::stage::Stage;
use super::text::Context;
use super::zone::Said;
use super::{Finding, Rule};
use crate::privacy;
use std::ops::Range;

pub(super) fn tone(reading: &Reading<'_>, stage: Stage, context: &Context) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    if !stage.is_internal() {
        findings.extend(cause_first(reading, stage));
    }
    if stage.is_open() || matches!(stage.as_str(), "discovery" | "delay" | "extension") {
        findings.extend(estimates(reading));
    }
    findings.extend(apology(reading, stage));
    findings.extend(blame(reading, context));
    findings.extend(capitals(reading));
    findings
}

/// The first sentence that says something: no greeting, no name of who calls, no label.
fn first_said<'r>(reading: &'r Reading<'_>) -> Option<&'r Sentence> {
    let introduces = |s: &Sentence| {
        let head = s.words.start..(s.words.start + 2).min(s.words.end);
        reading.has_in(List::Intro, &head)
            && !reading.has_in(List::Felt, &s.words)
            && !reading.has_in(List::Technical, &s.words)
    };
    // "A disk failed." is short, and says all that the reader did not ask.
    let explains = |s: &Sentence| {
        let component =
            reading.has_in(List::Component, &s.words) && reading.has_in(List::Fault, &s.words);
        let headed =
            matches!(reading.lower(s.words.start), "cause" | "reason" | "root") && s.count > 2;
        headed
            || (s.is_ended
                && s.count > 1
                && (component || reading.has_in(List::Technical, &s.words)))
    };
    reading
        .prose()
        .find(|s| (s.count > 4 && (s.is_ended || s.count > 8) || explains(s)) && !introduces(s))
        .or_else(|| reading.prose().next())
}

/// Q5.
fn cause_first(reading: &Reading<'_>, stage: Stage) -> Option<Finding> {
    let sentence = first_said(reading)?;
    let words = after_preamble(reading, &sentence.words);
    let component = reading
        .hits_in(List::Component, &words)
        .iter()
        .find(|part| {
            if part.first > words.start + 6 {
                return false;
            }
            let near = part.first..(part.after + 6).min(words.end);
            let before = part.first.saturating_sub(3).max(words.start)..part.first;
            reading.has_in(List::Fault, &near) || reading.has_in(List::Fault, &before)
        });
    let planned = stage
        .is_ahead()
        .then(|| reading.hits_in(List::Planned, &words).first());
    let causes = [
        reading.hits_in(List::Cause, &words).first(),
        component,
        reading.hits_in(List::Technical, &words).first(),
        reading.hits_in(List::Inward, &words).first(),
        planned.flatten(),
    ];
    let told = causes.into_iter().flatten().min_by_key(|hit| hit.first);
    let told = told.map(|hit| (hit.first, reading.place(hit)));
    let (cause, place) = [told, machine(reading, &words), since_what(reading, &words)]
        .into_iter()
        .flatten()
        .min_by_key(|(first, _)| *first)?;
    if effect(reading, &words).is_some_and(|effect| effect < cause) {
        return None;
    }
    Some(Rule::Q5.warning(
        place,
        "the cause stands before the effect; readers first want to know what it does to them",
        "Turn it around: 'Some of you cannot sign in. A disk failed, and we are replacing it.'",
    ))
}

/// The first machine that a sentence names, with the index of its first word.
fn machine(reading: &Reading<'_>, words: &Range<usize>) -> Option<(usize, Range<usize>)> {
    let last = words
        .end
        .checked_sub(1)
        .filter(|last| *last >= words.start)?;
    let start = reading.words[words.start].start;
    let found = privacy::first_machine(&reading.text[start..reading.words[last].end])?;
    let place = start + found.start..start + found.end;
    let first = reading.words.partition_point(|w| w.end <= place.start);
    Some((first, place))
}

/// "As a pipe burst, ...": a sentence that begins with its reason, and no time or politeness.
fn since_what(reading: &Reading<'_>, words: &Range<usize>) -> Option<(usize, Range<usize>)> {
    let first = words.start;
    let begins = matches!(
        reading.lower(first),
        "as" | "because" | "since" | "after" | "with" | "given"
    );
    let next = reading.lower(first + 1);
    let reason = begins
        && (matches!(
            next,
            "a" | "an" | "one" | "two" | "some" | "our" | "there" | "parts"
        ) || reading.lower(first) == "because")
        && !matches!(
            reading.lower(first + 2),
            "reminder" | "result" | "precaution" | "rule" | "few" | "while" | "short" | "thank"
        )
        && reading
            .times_in(&(first..(first + 3).min(words.end)))
            .is_empty();
    let place = reading.words.get(first)?;
    reason.then_some((first, place.start..place.end))
}

/// The first word of what people feel in a sentence.
fn effect(reading: &Reading<'_>, words: &Range<usize>) -> Option<usize> {
    let said = |n: usize, back: usize| n.checked_sub(back).map_or("", |at| reading.lower(at));
    let felt = reading.hits_in(List::Felt, words).first();
    // Whom we speak to, what a cause concerns and for whom the work is done is no effect.
    let concerns = |n: usize| {
        matches!(
            reading.lower(n),
            "all"
                | "us"
                | "team"
                | "teams"
                | "store"
                | "who"
                | "department"
                | "departments"
                | "engineers"
        ) || (1..=3).any(|back| {
            matches!(
                said(n, back),
                "improve" | "serve" | "enhance" | "offer" | "provide" | "thank"
            )
        }) || matches!(
            reading.lower(n + 1),
            "know" | "remember" | "requested" | "asked"
        ) && said(n, 1) == "as"
    };
    let mut people = reading.hits_in(List::People, words).iter();
    let people = people.find(|hit| !concerns(hit.first));
    // "The failure of a disk" is no effect, "uploads fail" is one.
    let named = |n: usize| {
        let after = n..(n + 5).min(words.end);
        matches!(
            reading.lower(n),
            "failed"
                | "failure"
                | "failures"
                | "faulty"
                | "broken"
                | "outage"
                | "interruption"
                | "loss"
                | "lost"
                | "disruption"
                | "deterioration"
                | "degradation"
                | "error"
                | "errors"
                | "blocked"
                | "missing"
                | "failing"
                | "slow"
                | "wrong"
                | "back"
                | "new"
                | "open"
                | "off"
        ) && (reading.has_in(List::Component, &after) || reading.has_in(List::Technical, &after))
    };
    let mut noticed = reading.hits_in(List::Effect, words).iter();
    let noticed = noticed.find(|hit| !named(hit.first));
    let all = [felt, people, noticed];
    all.into_iter().flatten().map(|hit| hit.first).min()
}

/// What follows "We regret to inform our customers that".
fn after_preamble(reading: &Reading<'_>, words: &Range<usize>) -> Range<usize> {
    let head = words.start..(words.start + 14).min(words.end);
    let informs = head.clone().any(|n| {
        matches!(
            reading.lower(n),
            "inform" | "informed" | "advised" | "aware" | "note" | "announce" | "notify"
        )
    });
    let that = head.clone().find(|&n| reading.lower(n) == "that");
    match that {
        Some(that) if informs => that + 1..words.end,
        _ => words.clone(),
    }
}

/// Q6.
fn estimates(reading: &Reading<'_>) -> Vec<Finding> {
    let guessed = |sentence: &&Sentence| {
        let words = &sentence.words;
        let has = |list| reading.has_in(list, words);
        let times = reading.times_in(words);
        if has(List::Guess) && (has(List::Term) || !times.is_empty() || counts_time(reading, words))
        {
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
        if !has(List::Repair) || !ahead || (!has(List::Term) && times.is_empty()) {
            return false;
        }
        // A clock time with its zone is a stated end, as long as nothing takes it back.
        let firm = times.iter().any(|t| t.zone == Said::Exact);
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
        letters >= 10 && long >= 2
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
