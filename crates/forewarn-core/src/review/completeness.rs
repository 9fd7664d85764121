//! Q4, Q17 and Q18: what a complete message says; one finding for each thing that is missing.

use super::phrase::List;
use super::reading::Reading;
use super::stage::Stage;
use super::words::{MAIL, URL};
use super::{Finding, Rule};
use std::ops::Range;

/// From so many words on a message is more than a formula.
const TOLD: usize = 14;

pub(super) fn completeness(
    reading: &Reading<'_>,
    subject: Option<&Reading<'_>>,
    stage: Stage,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !stage.is_internal() {
        findings.extend(six(reading, subject, stage));
    }
    if stage.is_over() {
        findings.extend(afterwards(reading));
    }
    if stage.is_announcement() {
        findings.extend(beforehand(reading));
    }
    findings
}

/// Q4: who speaks, what is wrong, for whom, what to do, when, where to look.
fn six(reading: &Reading<'_>, subject: Option<&Reading<'_>>, stage: Stage) -> Vec<Finding> {
    let place = || reading.opening();
    let mut findings = Vec::new();
    // A message of some length about people says what happens to them, in words that no list has.
    let words: usize = reading.prose().map(|s| s.count).sum();
    let says_what = reading.has(List::Effect)
        || (!stage.is_of_incident() && reading.has(List::Work))
        || (reading.has(List::People) && words >= TOLD);
    if !says_what {
        findings.push(Rule::Q4.error(
            place(),
            "it does not say what is wrong and how bad it is for people",
            "Begin with what people notice: 'Some of you cannot open the student portal.'",
        ));
    }
    if !speaks(reading) && !subject.is_some_and(names_sender) {
        findings.push(Rule::Q4.error(
            place(),
            "it does not say who speaks and who takes care of it",
            "Add who it is: 'The web team at Example University is on it.'",
        ));
    }
    if !reading.has(List::People) && (words < TOLD || !reading.has(List::Effect)) {
        findings.push(Rule::Q4.warning(
            place(),
            "it does not say whom it concerns, with which service",
            "Name the service and the people: 'students who sign in to the portal'.",
        ));
    }
    if !says_what_to_do(reading) {
        findings.push(Rule::Q4.warning(
            place(),
            "it does not say what readers must do",
            "Add: 'You do not need to do anything.', or what helps meanwhile.",
        ));
    }
    if !reading.has(List::When) && reading.times.is_empty() {
        findings.push(Rule::Q4.warning(
            place(),
            "it does not say since when, or until when",
            "Add the time it began: 'since 14:10 UTC'.",
        ));
    }
    if !reading.has(List::Where) && !reading.words.windows(2).any(|two| is_phone(reading, two)) {
        findings.push(Rule::Q4.warning(
            place(),
            "it does not say where the latest news is",
            "Add: 'The latest news is on https://status.example.edu.'",
        ));
    }
    findings
}

/// `555 0144`, `+1 555`
fn is_phone(reading: &Reading<'_>, two: &[super::words::Word]) -> bool {
    let [first, second] = two else {
        return false;
    };
    let digits = |word: &super::words::Word| {
        word.lower.len() >= 3 && word.lower.bytes().all(|b| b.is_ascii_digit())
    };
    let between = &reading.text[first.end..second.start];
    digits(first)
        && digits(second)
        && second.lower.len() >= 4
        && matches!(between, " " | "-" | "\u{a0}" | ".")
}

/// Patience is nothing to do.
fn says_what_to_do(reading: &Reading<'_>) -> bool {
    says_what_to_do_but(reading, |_| false)
}

/// Whether a sentence says what to do that is none of those left out.
fn says_what_to_do_but(reading: &Reading<'_>, left_out: impl Fn(&Range<usize>) -> bool) -> bool {
    let idle = reading.hits(List::Idle);
    reading.hits(List::Action).iter().any(|action| {
        let at = idle.partition_point(|i| i.first < action.first);
        let sentence = reading.sentence_of(action.first);
        idle.get(at).is_none_or(|i| i.first != action.first)
            && may_order(reading, action.first)
            && !sentence.is_some_and(|s| left_out(&s.words))
    })
}

/// "If that is bad for you, call us": whom to tell, and nothing to do before the work.
fn objects(reading: &Reading<'_>, sentence: &Range<usize>) -> bool {
    let first = sentence.clone().take(3).any(|n| reading.lower(n) == "if");
    first && reading.has_in(List::Object, sentence)
}

/// "to use the portal" and "you use it" are no advice: a bare verb advises only where a clause begins.
fn may_order(reading: &Reading<'_>, word: usize) -> bool {
    const VERBS: &[&str] = &[
        "use", "call", "try", "retry", "keep", "come", "go", "buy", "wait", "restart", "save",
        "sign", "log", "stay", "take", "bring", "pay", "contact", "avoid", "book", "fill", "merge",
        "swap", "throw", "copy", "switch", "carry", "download", "finish", "close", "ask", "tell",
        "hold", "drop", "rotate", "drain", "route", "fail", "print", "reload", "clear", "click",
        "pick", "choose", "send", "write", "report", "plan", "prepare", "leave", "object", "draw",
        "boil", "show", "get", "look", "reset", "sync", "point", "move", "veto", "join", "allow",
        "dial", "text", "pull", "push", "remove", "add", "set",
    ];
    if !VERBS.contains(&reading.lower(word)) {
        return true;
    }
    let Some(before) = word.checked_sub(1) else {
        return true;
    };
    let between = &reading.text[reading.words[before].end..reading.words[word].start];
    between.contains(['.', ',', ';', ':', '!', '?', '\n', '-', '\u{2013}'])
        || matches!(
            reading.lower(before),
            "please"
                | "so"
                | "and"
                | "or"
                | "then"
                | "must"
                | "can"
                | "should"
                | "just"
                | "also"
                | "always"
                | "instead"
                | "to"
        )
}

/// A team, a desk, a name in two words, `NAME:` at the beginning, or a signature.
fn speaks(reading: &Reading<'_>) -> bool {
    let team = reading.hits(List::Who).iter().any(|hit| {
        let word = reading.lower(hit.first);
        // "Our team" is anybody.
        let anybody = matches!(word, "team" | "teams" | "staff")
            && hit.first > 0
            && matches!(
                reading.lower(hit.first - 1),
                "our" | "a" | "your" | "all" | "other"
            );
        let bare = matches!(word, "team" | "teams" | "staff") && hit.first == 0;
        !anybody && !bare
    });
    let it = (0..reading.words.len())
        .any(|n| reading.written(n) == "IT" && (n > 0 || reading.lower(1) != "is"));
    team || it || names_sender(reading) || has_name(reading)
}

/// `Example Bank: ...`
fn names_sender(reading: &Reading<'_>) -> bool {
    let Some(first) = reading.sentences.first() else {
        return false;
    };
    let head: String = reading.text[first.start..first.end]
        .chars()
        .take(60)
        .collect();
    head.split_once(": ").is_some_and(|(name, _)| {
        let words = name.split_whitespace().count();
        let capital = |w: &str| {
            w.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit())
                || matches!(w, "of" | "and" | "for" | "the")
        };
        (1..=6).contains(&words)
            && name.split_whitespace().all(capital)
            && !crate::privacy::looks_like_ticket(name)
    })
}

/// Two words in a row that begin with capitals, as names do, and that are no greeting.
fn has_name(reading: &Reading<'_>) -> bool {
    let named = |n: usize| {
        let word = reading.written(n);
        let mut letters = word.chars();
        letters.next().is_some_and(char::is_uppercase)
            && letters.next().is_some_and(char::is_lowercase)
    };
    let plain = |n: usize| {
        matches!(
            reading.lower(n),
            "dear"
                | "hello"
                | "hi"
                | "good"
                | "kind"
                | "best"
                | "many"
                | "thank"
                | "monday"
                | "tuesday"
                | "wednesday"
                | "thursday"
                | "friday"
                | "saturday"
                | "sunday"
                | "january"
                | "february"
                | "march"
                | "april"
                | "june"
                | "july"
                | "august"
                | "september"
                | "october"
                | "november"
                | "december"
                | "please"
                | "this"
                | "the"
                | "our"
                | "we"
                | "it"
        )
    };
    (1..reading.words.len()).any(|n| {
        let adjacent = reading.words[n].start - reading.words[n - 1].end == 1
            && !reading.text[reading.words[n - 1].end..reading.words[n].start]
                .contains(['\n', '.']);
        let of = n > 1 && reading.lower(n - 1) == "of" && named(n - 2) && named(n) && !plain(n - 2);
        of || adjacent && named(n - 1) && named(n) && !plain(n - 1) && !plain(n)
    })
}

/// Q17: it holds, what of the data, what lingers, when the rest is told.
fn afterwards(reading: &Reading<'_>) -> Vec<Finding> {
    let place = || reading.opening();
    let mut findings = Vec::new();
    if !reading.has(List::Checked) {
        findings.push(Rule::Q17.warning(
            place(),
            "it does not say that the recovery was confirmed",
            "Add how you know: 'We have watched it for two hours, and it holds.'",
        ));
    }
    if !reading.has(List::Safe) {
        findings.push(Rule::Q17.warning(
            place(),
            "it does not say whether data was lost",
            "Add: 'No data was lost.', or what was.",
        ));
    }
    if !reading.has(List::Linger) {
        findings.push(Rule::Q17.warning(
            place(),
            "it does not say what may linger",
            "Add: 'Some pages may still load slowly until tonight.', or 'Nothing else remains.'",
        ));
    }
    let told = reading
        .prose()
        .any(|s| reading.has_in(List::Report, &s.words) && has_date(reading, &s.words));
    if !told {
        findings.push(Rule::Q17.warning(
            place(),
            "it does not say when people hear what happened and what changes",
            "Add a date: 'We will tell you by 10 December what went wrong.'",
        ));
    }
    findings
}

/// Q18: what and why, disruption or not, the window with slack, what to do, where to object, the reminder.
fn beforehand(reading: &Reading<'_>) -> Vec<Finding> {
    let place = || reading.opening();
    let mut findings = Vec::new();
    let mut miss = |there: bool, because: &str, suggestion: &str| {
        if !there {
            findings.push(Rule::Q18.warning(place(), because, suggestion));
        }
    };
    miss(
        reading.has(List::Benefit),
        "it does not say why the work is done and what people gain",
        "Add: 'We put in faster disks, so that pages open in half the time.'",
    );
    miss(
        reading.has(List::Effect) || reading.has(List::Disruption),
        "it does not say whether people are disturbed",
        "Add: 'You cannot use the portal in that time.', or 'You will not notice the work.'",
    );
    miss(
        reading.has(List::Slack),
        "it does not say how much of the window is slack",
        "Add: 'The work takes two hours; the third is slack.'",
    );
    miss(
        says_what_to_do_but(reading, |sentence| objects(reading, sentence)),
        "it does not say what people must do before",
        "Add: 'Please save your work before 20:00 UTC.', or 'You do not need to do anything.'",
    );
    miss(
        reading.has(List::Object),
        "it does not say where people can object",
        "Add: 'If the date is bad for you, tell us by 7 December: it-changes@example.edu.'",
    );
    miss(
        reading.has(List::Remind),
        "it does not say when people are reminded",
        "Add: 'We remind you on 12 December.'",
    );
    findings
}

/// Whether a day is named among `words`.
pub(super) fn has_date(reading: &Reading<'_>, words: &Range<usize>) -> bool {
    const MONTHS: &[&str] = &[
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
        "Jan",
        "Feb",
        "Mar",
        "Apr",
        "Jun",
        "Jul",
        "Aug",
        "Sep",
        "Sept",
        "Oct",
        "Nov",
        "Dec",
    ];
    const DAYS: &[&str] = &[
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "tomorrow",
        "fortnight",
    ];
    words.clone().any(|n| {
        let (written, lower) = (reading.written(n), reading.lower(n));
        let next = matches!(lower, "next" | "this" | "coming")
            && matches!(reading.lower(n + 1), "week" | "month");
        let span = matches!(lower, "within" | "in")
            && (n + 1..n + 4)
                .any(|m| matches!(reading.lower(m), "days" | "day" | "week" | "weeks"));
        let numbers = lower.matches('.').count() == 2
            && lower.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        MONTHS.contains(&written)
            || DAYS.contains(&lower)
            || next
            || span
            || numbers
            || is_iso_day(reading, n)
    })
}

/// `2026-12-10`, which is three words.
fn is_iso_day(reading: &Reading<'_>, n: usize) -> bool {
    let number = |n: usize, length: usize| {
        reading.lower(n).len() == length && reading.lower(n).bytes().all(|b| b.is_ascii_digit())
    };
    number(n, 4) && number(n + 1, 2) && number(n + 2, 2) && reading.written(n).starts_with("20")
}

/// Whether a word is an address.
pub(super) fn is_address(word: &str) -> bool {
    word == URL || word == MAIL
}
