//! Q5: what people feel comes first, and then why.
//!
//! A first sentence breaks it in two ways: it names a cause, a part or the writers' work before what people feel; or it says nothing of
//! what people feel, tells what took place or who is at work, and a later sentence says the rest.

use super::phrase::List;
use super::reading::Reading;
use super::sentences::Sentence;
use super::stage::Stage;
use super::{Finding, Rule};
use crate::privacy;
use std::ops::Range;

/// The first sentence that says something: no greeting, no name of who calls, no label.
fn first_said<'r>(reading: &'r Reading<'_>) -> Option<&'r Sentence> {
    let introduces = |s: &Sentence| {
        let head = s.words.start..(s.words.start + 2).min(s.words.end);
        reading.has_in(List::Intro, &head)
            && !reading.has_in(List::Felt, &s.words)
            && !reading.has_in(List::Technical, &s.words)
    };
    // "You cannot pay." is short, and says all that the reader asks.
    let feels = |s: &Sentence| {
        s.count > 1
            && reading.has_in(List::Felt, &s.words)
            && (reading.has_in(List::People, &s.words) || reading.has_in(List::Effect, &s.words))
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
                && (component
                    || reading.has_in(List::Technical, &s.words)
                    || untold(reading, &s.words).is_some_and(|told| told.happened)))
    };
    reading
        .prose()
        .find(|s| {
            (s.count > 4 && (s.is_ended || s.count > 8) || explains(s) || feels(s))
                && !introduces(s)
                && !is_polite(reading, &s.words)
        })
        .or_else(|| reading.prose().next())
}

/// "We are sorry for the trouble.", "Thank you for your patience.": what may stand before what a message says.
fn is_polite(reading: &Reading<'_>, words: &Range<usize>) -> bool {
    let thanks = |n: usize| matches!(reading.lower(n), "thank" | "thanks" | "patience");
    let thanked = words.clone().any(thanks);
    let polite = reading.has_in(List::Apology, words) || thanked;
    let says = [List::Denies, List::Cause, List::Technical, List::Component];
    // "Thank you for your patience" speaks to people and says nothing of what they feel.
    let mut felt = reading.hits_in(List::Felt, words).iter();
    let felt = felt.any(|hit| !thanked || reading.lower(hit.first) != "you");
    polite && !felt && !says.into_iter().any(|list| reading.has_in(list, words))
}

/// Q5.
pub(super) fn cause_first(reading: &Reading<'_>, stage: Stage) -> Option<Finding> {
    let sentence = first_said(reading)?;
    let words = after_preamble(reading, &sentence.words);
    let place = cause_before_effect(reading, stage, &words)
        .or_else(|| effect_in_a_later_sentence(reading, sentence, &words))?;
    Some(Rule::Q5.warning(
        place,
        "the cause stands before the effect; readers first want to know what it does to them",
        "Turn it around: 'Some of you cannot sign in. A disk failed, and we are replacing it.'",
    ))
}

/// The cause that a sentence names before it says what people feel, if it says that at all.
fn cause_before_effect(
    reading: &Reading<'_>,
    stage: Stage,
    words: &Range<usize>,
) -> Option<Range<usize>> {
    let component = reading.hits_in(List::Component, words).iter().find(|part| {
        if part.first > words.start + 6 {
            return false;
        }
        let near = part.first..(part.after + 6).min(words.end);
        let before = part.first.saturating_sub(3).max(words.start)..part.first;
        reading.has_in(List::Fault, &near) || reading.has_in(List::Fault, &before)
    });
    let planned = (!stage.is_of_incident()).then(|| reading.hits_in(List::Planned, words).first());
    let causes = [
        reading.hits_in(List::Cause, words).first(),
        component,
        reading.hits_in(List::Technical, words).first(),
        reading.hits_in(List::Inward, words).first(),
        planned.flatten(),
    ];
    let told = causes.into_iter().flatten().min_by_key(|hit| hit.first);
    let told = told.map(|hit| (hit.first, reading.place(hit)));
    let (cause, place) = [
        told,
        machine(reading, words),
        since_what(reading, words),
        flaw_that_makes(reading, words),
        so_that(reading, words),
    ]
    .into_iter()
    .flatten()
    .min_by_key(|(first, _)| *first)?;
    effect(reading, words)
        .is_none_or(|effect| effect >= cause)
        .then_some(place)
}

/// "A problem with the main line is causing slow pages": a fault, and then what it does.
fn flaw_that_makes(reading: &Reading<'_>, words: &Range<usize>) -> Option<(usize, Range<usize>)> {
    let flaw = reading.hits_in(List::Flaw, words).first()?;
    let makes = reading.hits_in(List::Makes, words).first()?;
    let told = first_felt(reading, words).is_some_and(|felt| felt < makes.first);
    (flaw.first < makes.first && !told).then(|| (words.start, reading.place(flaw)))
}

/// "An update of the tills failed, so you cannot pay by card": what took place, and then what it does.
fn so_that(reading: &Reading<'_>, words: &Range<usize>) -> Option<(usize, Range<usize>)> {
    let joins = |n: usize| {
        let before = n
            .checked_sub(1)
            .map_or(0, |before| reading.words[before].end);
        let comma = reading.text[before..reading.words[n].start].contains([',', ';']);
        let far = matches!(
            reading.lower(n + 1),
            "far" | "that" | "much" | "many" | "on"
        );
        comma && !far && matches!(reading.lower(n), "so" | "therefore" | "hence")
    };
    let so = (words.start + 2..words.end).find(|&n| joins(n))?;
    let head = words.start..so;
    let told = untold(reading, &head).or_else(|| about_what_is_inside(reading, &head))?;
    effect(reading, &(so..words.end))?;
    let word = reading.words.get(told.at)?;
    Some((words.start, word.start..word.end))
}

/// "The link between our campuses is broken.": a sentence about what only those who run a service deal with.
fn about_what_is_inside(reading: &Reading<'_>, words: &Range<usize>) -> Option<Untold> {
    let inner = reading.hits_in(List::Inner, words).first()?;
    let near = inner.first < words.start + 7;
    let well = reading.has_in(List::Mended, words);
    // "The line to the harbour is closed": for some, a line is what they use.
    let felt = first_felt(reading, words).is_some()
        || effect(reading, words).is_some_and(|effect| effect < inner.first);
    (near && !well && !felt).then_some(Untold {
        at: inner.first,
        happened: true,
    })
}

/// What a sentence tells that says nothing of what people feel.
struct Untold {
    /// The word by which it tells it.
    at: usize,
    /// Something took place; else somebody is at work.
    happened: bool,
}

/// What happened, or what somebody does about it, in a sentence without a word of what people feel, and of what is well again.
fn untold(reading: &Reading<'_>, words: &Range<usize>) -> Option<Untold> {
    let busy = reading.hits_in(List::Busy, words).first();
    // "We have been working on it" does not say that anything works.
    let mended = reading.hits_in(List::Mended, words).iter();
    let mut mended = mended.filter(|hit| busy.is_none() || reading.lower(hit.first) != "working");
    let spoken_of = first_felt(reading, words).is_some()
        || reading.has_in(List::Denies, words)
        || mended.next().is_some();
    if spoken_of {
        return None;
    }
    let took_place = words.clone().find(|&n| took_place(reading, words, n));
    let told = |at, happened| Untold { at, happened };
    let happened = took_place.map(|at| told(at, true));
    happened.or_else(|| busy.map(|hit| told(hit.first, false)))
}

/// A word that tells what took place: `burst`, `was`, `contained`, and no state such as `closed`.
fn took_place(reading: &Reading<'_>, words: &Range<usize>, n: usize) -> bool {
    let only = n..n + 1;
    let (word, before) = (reading.lower(n), reading.lower(n.wrapping_sub(1)));
    // "It has been shut since Monday" tells how it is.
    let is_so = matches!(before, "be" | "been" | "is" | "are" | "stay" | "stays");
    if reading.has_in(List::Happened, &only) {
        return !(is_so && n > words.start);
    }
    let part = n > words.start
        && matches!(
            before,
            "be" | "are" | "is" | "been" | "will" | "the" | "a" | "an" | "our" | "your" | "their"
        );
    word.len() > 4 && word.ends_with("ed") && !part && !reading.has_in(List::State, &only)
}

/// Where a first sentence tells what happened, who is at work on it or of what it informs, and what people feel comes after.
fn effect_in_a_later_sentence(
    reading: &Reading<'_>,
    sentence: &Sentence,
    words: &Range<usize>,
) -> Option<Range<usize>> {
    let tells = |s: &Sentence| {
        first_felt(reading, &s.words).is_some()
            || reading.has_in(List::Denies, &s.words)
            || reading.has_in(List::Effect, &s.words)
    };
    let mut later = reading.prose().filter(|s| s.start > sentence.start).take(2);
    // Of what nobody sees but those who run a service, any sentence behind it says more.
    let behind = backstage(reading, words).or_else(|| flawed(reading, words));
    let goes_on = |s: &Sentence| s.count > 2 && !is_polite(reading, &s.words) && s.is_ended;
    let told = match behind.filter(|_| later.clone().any(goes_on)) {
        Some(told) => told,
        None if later.any(tells) => untold(reading, words)
            .or_else(|| informs_of(reading, words))
            .or_else(|| about_what_is_inside(reading, words))?,
        None => return None,
    };
    let word = reading.words.get(told.at)?;
    Some(word.start..word.end)
}

/// "The backup of the files is still running.", "Two of three pumps are broken.": a sentence about what its readers never touch.
fn backstage(reading: &Reading<'_>, words: &Range<usize>) -> Option<Untold> {
    let thing = reading.hits_in(List::Backstage, words).first()?;
    let mut people = reading.hits_in(List::People, words).iter();
    let theirs = people.any(|hit| !concerns(reading, hit.first));
    let felt = first_felt(reading, words).is_some_and(|felt| felt < thing.first);
    let near = thing.first < words.start + 5;
    (near && !theirs && !felt && !reading.has_in(List::Mended, words)).then_some(Untold {
        at: thing.first,
        happened: true,
    })
}

/// "An issue with the database has been identified.", "The problem lies in a part of our supplier.": that something is wrong, and with what.
fn flawed(reading: &Reading<'_>, words: &Range<usize>) -> Option<Untold> {
    let flaw = reading.hits_in(List::Flaw, words).first()?;
    let near = flaw.first < words.start + 4;
    let article = matches!(
        reading.lower(words.start),
        "a" | "an" | "the" | "there" | "we" | "one" | "another"
    );
    let named = matches!(
        reading.lower(flaw.first),
        "issue"
            | "issues"
            | "problem"
            | "problems"
            | "fault"
            | "failure"
            | "error"
            | "defect"
            | "bug"
            | "mistake"
            | "damage"
    );
    let of = (flaw.after..flaw.after + 2).any(|n| {
        matches!(
            reading.lower(n),
            "with" | "in" | "of" | "at" | "within" | "lies" | "lay" | "inside"
        )
    });
    let felt = first_felt(reading, words).is_some() || reading.has_in(List::Mended, words);
    // "We are having problems with the site": what people use, and no part of it.
    let vague = reading.lower(words.start) == "we" && reading.lower(flaw.first).ends_with('s');
    (near && article && named && of && !felt && !vague).then_some(Untold {
        at: flaw.first,
        happened: true,
    })
}

/// "This is to inform you about a fault in our directory."
fn informs_of(reading: &Reading<'_>, words: &Range<usize>) -> Option<Untold> {
    let informs = |n: usize| {
        matches!(
            reading.lower(n),
            "inform" | "informing" | "notify" | "writing" | "aware"
        )
    };
    let said = words.clone().take(8).find(|&n| informs(n))?;
    let of =
        (said..words.end).find(|&n| matches!(reading.lower(n), "about" | "of" | "regarding"))?;
    let rest = of + 1..words.end;
    let flaw = reading.hits_in(List::Flaw, &rest).first()?;
    let felt = first_felt(reading, &rest).is_some() || reading.has_in(List::Denies, &rest);
    (!felt).then_some(Untold {
        at: flaw.first,
        happened: false,
    })
}

/// The first word of what people feel, or of the people who feel it.
fn first_felt(reading: &Reading<'_>, words: &Range<usize>) -> Option<usize> {
    let felt = reading.hits_in(List::Felt, words).first();
    let mut people = reading.hits_in(List::People, words).iter();
    let people = people.find(|hit| !concerns(reading, hit.first));
    [felt, people]
        .into_iter()
        .flatten()
        .map(|hit| hit.first)
        .min()
}

/// Whom we speak to, what a cause concerns and for whom the work is done is no effect.
fn concerns(reading: &Reading<'_>, n: usize) -> bool {
    let said = |back: usize| n.checked_sub(back).map_or("", |at| reading.lower(at));
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
            | "colleague"
            | "colleagues"
            | "partners"
    ) || (1..=3).any(|back| {
        matches!(
            said(back),
            "improve"
                | "serve"
                | "enhance"
                | "offer"
                | "provide"
                | "thank"
                | "inform"
                | "informing"
                | "notify"
                | "notifying"
                | "tell"
                | "telling"
                | "advise"
                | "remind"
                | "let"
                | "assure"
                | "alert"
                | "warn"
        )
    }) || said(1) == "as"
        && (n + 1..n + 3).any(|at| {
            matches!(
                reading.lower(at),
                "know" | "remember" | "requested" | "asked"
            )
        })
        // "The student portal", "our customer database": whom a thing is for.
        || !reading.lower(n).ends_with('s') && is_thing(reading, n + 1)
}

/// "portal", "portal's"
fn is_thing(reading: &Reading<'_>, n: usize) -> bool {
    let own = reading.lower(n).strip_suffix("'s");
    reading.has_in(List::Thing, &(n..n + 1))
        || own.is_some_and(|own| {
            matches!(
                own,
                "portal" | "system" | "database" | "service" | "app" | "site" | "shop" | "network"
            )
        })
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
    (reason || serves(reading, words)).then_some((first, place.start..place.end))
}

/// "To improve our service, we will work on the grid": what the work is for, and then the work.
fn serves(reading: &Reading<'_>, words: &Range<usize>) -> bool {
    const AIMS: &[&str] = &[
        "improve",
        "increase",
        "enhance",
        "ensure",
        "strengthen",
        "modernise",
        "modernize",
        "optimise",
        "optimize",
        "maintain",
        "extend",
        "expand",
        "prepare",
        "meet",
        "support",
        "provide",
    ];
    let skip = if reading.lower(words.start) == "in" && reading.lower(words.start + 1) == "order" {
        2
    } else {
        0
    };
    let to = words.start + skip;
    let ours = (to + 2..words.end.min(to + 22)).any(|n| {
        let before = &reading.words[n - 1];
        reading.text[before.end..reading.words[n].start].contains(',')
            && matches!(
                reading.lower(n),
                "we" | "our" | "the" | "a" | "it" | "maintenance"
            )
    });
    reading.lower(to) == "to" && AIMS.contains(&reading.lower(to + 1)) && ours
}

/// The first word of what people feel in a sentence, or of what they notice.
fn effect(reading: &Reading<'_>, words: &Range<usize>) -> Option<usize> {
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
    let noticed = noticed.map(|hit| hit.first);
    [first_felt(reading, words), noticed]
        .into_iter()
        .flatten()
        .min()
}

/// What follows "Dear users,", "As you may know," and "We regret to inform our customers that".
fn after_preamble(reading: &Reading<'_>, words: &Range<usize>) -> Range<usize> {
    let words = &after_address(reading, words);
    let head = words.start..(words.start + 14).min(words.end);
    let informs = head.clone().any(|n| {
        matches!(
            reading.lower(n),
            "inform"
                | "informed"
                | "advised"
                | "aware"
                | "note"
                | "announce"
                | "notify"
                | "know"
                | "tell"
                | "confirm"
                | "attention"
        )
    });
    let that = head.clone().find(|&n| reading.lower(n) == "that");
    match that {
        Some(that) if informs => that + 1..words.end,
        _ => words.clone(),
    }
}

/// A sentence without whom it speaks to, and without that they know it.
fn after_address(reading: &Reading<'_>, words: &Range<usize>) -> Range<usize> {
    let first = words.start;
    let known = reading.lower(first) == "as"
        && (first..(first + 5).min(words.end)).any(|n| {
            matches!(
                reading.lower(n),
                "know" | "announced" | "mentioned" | "reported"
            )
        });
    if !known && !matches!(reading.lower(first), "dear" | "hello" | "hi") {
        return words.clone();
    }
    let comma = |n: &usize| {
        let (word, next) = (&reading.words[*n], &reading.words[*n + 1]);
        reading.text[word.end..next.start].starts_with(',')
    };
    let last = words.end.min(reading.words.len()).saturating_sub(1);
    match (first..last.min(first + 7)).find(comma) {
        Some(n) => n + 1..words.end,
        None => words.clone(),
    }
}
