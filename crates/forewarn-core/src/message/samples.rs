//! Contents for tests: all that can be known, next to nothing, and what an enemy would write.

use super::*;
use crate::facts::{Action, Question, When};

pub(crate) fn zone(name: &str) -> Zone {
    Zone::parse(name).unwrap()
}

pub(crate) fn civil(text: &str) -> CivilTime {
    CivilTime::parse(text, &zone("America/Los_Angeles")).unwrap()
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn variant(level: Level, channel: Channel) -> Variant {
    Variant {
        level,
        channel,
        language: "en".into(),
        zone: zone("America/Los_Angeles"),
    }
}

fn some(text: &str) -> Option<String> {
    Some(text.into())
}

fn asked(question: &str, answer: &str) -> Question {
    Question {
        question: question.into(),
        answer: answer.into(),
        level: Level::NonTechnical,
    }
}

/// What is asked at every level, and what only engineers ask.
fn questions(all: [(&str, &str); 2]) -> Vec<Question> {
    let mut questions = all.map(|(q, a)| asked(q, a)).to_vec();
    questions.push(Question {
        level: Level::Technical,
        ..asked(
            "Do replicas need a new password?",
            "No. The role on db1.internal stays.",
        )
    });
    questions
}

/// All that can be known.
pub(crate) fn full(milestone: &str) -> Content {
    match milestone {
        "holding" | "update" | "resolution" | "follow_up" => incident(milestone),
        "promise_warning" | "promise_kept" | "promise_broken" | "alert_draft" | "alert_graver" => {
            incident(milestone)
        }
        "spokesperson_call" | "handover" => incident(milestone),
        "discovery" | "fixed" => advisory(milestone),
        _ => maintenance(milestone),
    }
}

/// What a window is used for.
fn used(milestone: &str) -> Vec<Work> {
    let work = |title: &str, start, end| Work {
        title: title.into(),
        facts: Facts::default(),
        start: civil(start),
        end: civil(end),
    };
    match milestone {
        "window_use" => vec![
            work(
                "Student database upgrade",
                "2026-11-29T22:30",
                "2026-11-30T01:00",
            ),
            work("New network cards", "2026-11-30T01:00", "2026-11-30T02:00"),
        ],
        _ => Vec::new(),
    }
}

/// What its reader is reminded of.
fn task(milestone: &str) -> Option<Task> {
    let task = |what: &str, by| Task {
        what: what.into(),
        by,
        overdue: false,
        owner: None,
        notice: None,
    };
    match milestone {
        "copy_due" => Some(Task {
            notice: some("3f9k2m7q1x5w8z0b4c6d"),
            ..task("Campus Weekly", By::Time(at("2026-11-23T17:00:00Z")))
        }),
        "plan_review" => Some(task("", By::Day(jiff::civil::date(2027, 3, 29)))),
        "action_due" => Some(Task {
            overdue: true,
            owner: some("kim@example.edu"),
            ..task("Watch the disks", By::Day(jiff::civil::date(2026, 11, 20)))
        }),
        _ => None,
    }
}

fn maintenance(milestone: &str) -> Content {
    let changed = matches!(milestone, "delay" | "reschedule" | "extension");
    let over = matches!(
        milestone,
        "completion" | "post_event_reminder" | "hypercare"
    );
    let now = match milestone {
        "start" | "progress" => "2026-11-30T07:00:00Z",
        "extension" | "overrun_check" | "overrun" => "2026-11-30T09:45:00Z",
        _ if over => "2026-11-30T09:50:00Z",
        _ => "2026-11-23T17:00:00Z",
    };
    let action = if over {
        Action {
            what: "Sign in once with your password, then set up the new app.".into(),
            when: When::After,
        }
    } else {
        Action {
            what: "Save your work before we start.".into(),
            when: When::Before,
        }
    };
    Content {
        event: Id::parse("MNT-1").unwrap(),
        event_kind: "maintenance".into(),
        title: "Student database upgrade".into(),
        milestone: milestone.into(),
        offset: (milestone == "reminder").then(|| "1bd".into()),
        organisation: "Example University".into(),
        services: vec!["Student database".into()],
        dependents: vec!["Student portal".into()],
        severity: None,
        status: "scheduled".into(),
        facts: Facts {
            effect: some("You cannot sign in to the student portal"),
            why: some("The new version searches faster and fixes a security fault."),
            action: Some(action),
            data_safe: Some(true),
            contact: some("help@example.edu"),
            risk: some("One time in ten the copy takes two hours longer."),
            fallback: some("We return to the old version within one hour."),
            cost: some(
                "Two people work for one night. A failure in term time would cost ten times as much.",
            ),
            questions: questions([
                (
                    "Will I lose my work?",
                    "No. All that you saved before the start is there afterwards.",
                ),
                ("Can I use the phone app?", "No. It needs the portal, too."),
            ]),
            technical: some("PostgreSQL 15 to 16 on db1.internal, replica lag expected."),
            ..Facts::default()
        },
        text: None,
        texts: Texts::default(),
        ack_url: None,
        code: some("042917"),
        reason: changed.then(|| "Copying the data takes longer than in our tests.".into()),
        start: Some(civil("2026-11-29T22:00")),
        end: Some(civil("2026-11-30T02:00")),
        previous: changed.then(|| (civil("2026-11-29T20:00"), civil("2026-11-30T00:00"))),
        began_at: None,
        next_update: None,
        missed: None,
        moved_from: None,
        unchanged: false,
        promised_to: Vec::new(),
        late_by_seconds: 0,
        requested: false,
        confirmed: None,
        to_write: false,
        prepared: Default::default(),
        reply_to: None,
        change_request: None,
        forwardable: false,
        answerable: false,
        readers: None,
        works: used(milestone),
        task: task(milestone),
        url: "https://status.example.edu/events/MNT-1".into(),
        at: at(now),
    }
}

fn incident(milestone: &str) -> Content {
    let (now, status) = match milestone {
        "spokesperson_call" => ("2026-11-22T19:12:00Z", "investigating"),
        "handover" => ("2026-11-22T19:50:00Z", "identified"),
        "holding" => ("2026-11-22T19:12:00Z", "investigating"),
        "update" => ("2026-11-22T19:40:00Z", "identified"),
        "resolution" => ("2026-11-22T20:25:00Z", "resolved"),
        "promise_warning" => ("2026-11-22T20:15:00Z", "identified"),
        "promise_kept" => ("2026-11-22T19:28:00Z", "identified"),
        "promise_broken" => ("2026-11-22T19:30:00.001Z", "identified"),
        _ => ("2026-11-24T18:00:00Z", "postmortem"),
    };
    let known = !matches!(milestone, "holding" | "spokesperson_call");
    let next = match milestone {
        "holding" | "spokesperson_call" => some("2026-11-22T19:30:00Z"),
        "update" | "promise_warning" | "promise_kept" | "handover" => some("2026-11-22T20:30:00Z"),
        _ => None,
    };
    Content {
        event: Id::parse("INC-7").unwrap(),
        event_kind: "incident".into(),
        title: "Sign-in fails".into(),
        milestone: milestone.into(),
        offset: None,
        organisation: "Example University".into(),
        services: vec!["Student portal".into()],
        dependents: vec!["Course sign-up".into()],
        severity: Some(Severity::P1),
        status: status.into(),
        facts: Facts {
            effect: some("Some of you cannot open the student portal."),
            cause: some("A disk in one of our servers failed.").filter(|_| known),
            why: some("We check all disks every week and replace old ones earlier.")
                .filter(|_| milestone == "follow_up"),
            workaround: some("The phone app still works.").filter(|_| known),
            data_safe: known.then_some(true),
            contact: some("help@example.edu"),
            risk: some("If a second disk fails, the portal is away for half a day.")
                .filter(|_| known),
            fallback: some("We move the portal to a spare server, which takes two hours.")
                .filter(|_| known),
            cost: some("Each hour keeps forty people from their work.").filter(|_| known),
            questions: match known {
                true => questions([
                    (
                        "Will my deadline be moved?",
                        "Yes. Every deadline of today is moved to tomorrow.",
                    ),
                    ("Must I change my password?", "No. Your password is safe."),
                ]),
                false => Vec::new(),
            },
            technical: some("I/O errors on sda of web3.internal; failing over to web4."),
            ..Facts::default()
        },
        text: None,
        texts: Texts::default(),
        reason: some("Kim Lee speaks for it from now on, in place of Sam Fox.")
            .filter(|_| milestone == "handover"),
        code: some("042917"),
        ack_url: some("https://status.example.edu/ack/notice.endpoint.sig")
            .filter(|_| milestone == "spokesperson_call"),
        start: None,
        end: None,
        previous: None,
        began_at: Some(at("2026-11-22T19:10:00Z")),
        next_update: next.map(|t| at(&t)),
        requested: false,
        confirmed: None,
        to_write: false,
        prepared: Default::default(),
        reply_to: None,
        change_request: None,
        forwardable: false,
        answerable: false,
        readers: None,
        works: Vec::new(),
        task: None,
        missed: matches!(milestone, "update" | "promise_broken")
            .then(|| at("2026-11-22T19:30:00Z")),
        moved_from: None,
        unchanged: false,
        promised_to: match milestone.starts_with("promise_") {
            true => vec!["Students".into(), "Staff".into()],
            false => Vec::new(),
        },
        late_by_seconds: 0,
        url: "https://status.example.edu/events/INC-7".into(),
        at: at(now),
    }
}

/// A fault that was found between releases.
pub(crate) fn advisory(milestone: &str) -> Content {
    let over = milestone == "fixed";
    let action = match over {
        true => (
            "Install version 4.2.1 from the software centre.",
            When::After,
        ),
        false => ("Check the exports of this week.", When::Before),
    };
    Content {
        event: Id::parse("ADV-3").unwrap(),
        event_kind: "advisory".into(),
        title: "Exports of grades leave out a line".into(),
        services: vec!["Student portal".into()],
        severity: Some(Severity::P3),
        status: if over { "fixed" } else { "open" }.into(),
        facts: Facts {
            effect: some("The export of grades leaves out the last line."),
            cause: some("The new version counts lines from one.")
                .filter(|_| milestone != "discovery"),
            action: Some(Action {
                what: action.0.into(),
                when: action.1,
            }),
            workaround: some("Add an empty line at the end.").filter(|_| !over),
            data_safe: Some(true),
            contact: some("help@example.edu"),
            technical: some("Off by one in export.internal since PostgreSQL reads arrays from 0."),
            ..Facts::default()
        },
        reason: None,
        began_at: Some(at("2026-11-22T19:10:00Z")),
        next_update: some("2026-11-26T17:00:00Z")
            .filter(|_| matches!(milestone, "update" | "promise_warning"))
            .map(|t| at(&t)),
        missed: some("2026-11-24T17:00:00Z")
            .filter(|_| matches!(milestone, "update" | "promise_broken"))
            .map(|t| at(&t)),
        url: "https://status.example.edu/events/ADV-3".into(),
        at: at(if over {
            "2026-11-27T18:00:00Z"
        } else {
            "2026-11-24T18:00:00Z"
        }),
        ..incident(milestone)
    }
}

/// A change that takes effect at one moment.
pub(crate) fn announced(milestone: &str) -> Content {
    let moved = matches!(milestone, "delay" | "reschedule");
    Content {
        event: Id::parse("ANN-2").unwrap(),
        event_kind: "announcement".into(),
        title: "Version 5 of the student portal".into(),
        services: vec!["Student portal".into()],
        dependents: Vec::new(),
        facts: Facts {
            effect: some("Marks stand on the first page, and the old export is gone."),
            why: some("Most of you look for marks first."),
            action: Some(Action {
                what: "Save your old exports before that day.".into(),
                when: When::Before,
            }),
            workaround: some("The new export writes the same columns."),
            contact: some("help@example.edu"),
            risk: some("Some people may miss the day and look for their old exports."),
            fallback: some("We keep a copy of all old exports for one year."),
            cost: some("The old export costs us one day of work a month."),
            questions: questions([
                (
                    "Can I still get an old export?",
                    "Yes. Write to us within one year.",
                ),
                (
                    "We train our own staff. When can we see the new page?",
                    "From now on. A trial of the new page is open to everybody.",
                ),
            ]),
            technical: some("portal 5.0.0; /api/v1/export answers 410."),
            ..Facts::default()
        },
        reason: some("Two tests failed.").filter(|_| moved || milestone == "cancellation"),
        start: Some(civil("2026-12-01T10:00")),
        end: None,
        previous: moved.then(|| (civil("2026-11-24T10:00"), civil("2026-11-24T10:00"))),
        url: "https://status.example.edu/events/ANN-2".into(),
        ..maintenance(milestone)
    }
}

/// Next to nothing: what an event has at the least.
pub(crate) fn sparse(milestone: &str) -> Content {
    let full = full(milestone);
    Content {
        facts: Facts::default(),
        dependents: Vec::new(),
        severity: None,
        offset: None,
        reason: None,
        start: None,
        end: None,
        previous: None,
        began_at: None,
        next_update: None,
        missed: None,
        moved_from: None,
        unchanged: false,
        promised_to: Vec::new(),
        late_by_seconds: 0,
        requested: false,
        confirmed: None,
        to_write: false,
        prepared: Default::default(),
        reply_to: None,
        change_request: None,
        forwardable: false,
        answerable: false,
        readers: None,
        works: Vec::new(),
        task: None,
        ..full
    }
}

/// What an enemy would write into every field that people fill in.
pub(crate) const HOSTILE: &str = "# *Hi* {{organisation}} {{#if why}}<script>alert(1)</script> <img src=x onerror=y> [go](javascript:z) ![i](http://e/p.png)\n\n- x\n1. y\n\u{202e}gnp\u{2066} `c` &lt; | ~~~\n\t<!-- ";

pub(crate) fn hostile(milestone: &str) -> Content {
    let line = HOSTILE.replace(['\n', '\t'], " ");
    let full = full(milestone);
    Content {
        title: line.clone(),
        organisation: line.chars().take(100).collect(),
        services: vec![line.chars().take(100).collect(), "A & B <c>".into()],
        dependents: vec![line.clone()],
        facts: Facts {
            effect: some(HOSTILE),
            why: some(HOSTILE),
            cause: some(HOSTILE),
            action: Some(Action {
                what: HOSTILE.into(),
                when: When::Both,
            }),
            workaround: some(HOSTILE),
            data_safe: Some(false),
            contact: Some(line.clone()),
            risk: some(HOSTILE),
            fallback: some(HOSTILE),
            cost: some(HOSTILE),
            questions: vec![asked(&line, HOSTILE)],
            technical: some(HOSTILE),
        },
        text: None,
        texts: Texts::default(),
        reason: some(HOSTILE),
        works: full
            .works
            .iter()
            .map(|work| Work {
                title: line.clone(),
                ..work.clone()
            })
            .collect(),
        task: full.task.clone().map(|task| Task {
            what: line.clone(),
            owner: Some(line.clone()),
            ..task
        }),
        url: "javascript:alert(1)//https://status.example.edu".into(),
        ..full
    }
}
