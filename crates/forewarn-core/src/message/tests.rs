//! Every message, at every level, by every channel, from full, sparse and hostile facts.

use super::*;
use crate::facts::{Action, When};
use crate::template::Template;

fn la() -> Zone {
    Zone::parse("America/Los_Angeles").unwrap()
}

fn civil(text: &str) -> CivilTime {
    CivilTime::parse(text, &la()).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// What is known in the best case.
pub(crate) fn full(milestone: &str) -> Content {
    let incident = matches!(milestone, "holding" | "update" | "resolution" | "follow_up");
    let changed = matches!(milestone, "delay" | "reschedule" | "extension");
    let open = matches!(milestone, "holding" | "update");
    Content {
        event: Id::parse(if incident { "INC-7" } else { "MNT-1" }).unwrap(),
        event_kind: if incident { "incident" } else { "maintenance" }.into(),
        title: if incident {
            "Sign-in fails"
        } else {
            "Student database upgrade"
        }
        .into(),
        milestone: milestone.into(),
        offset: (milestone == "reminder").then(|| "1bd".into()),
        organisation: "Example University".into(),
        services: vec![
            if incident {
                "Student portal"
            } else {
                "Student database"
            }
            .into(),
        ],
        dependents: vec![
            if incident {
                "Course sign-up"
            } else {
                "Student portal"
            }
            .into(),
        ],
        severity: incident.then_some(Severity::P1),
        status: match milestone {
            "holding" => "investigating",
            "update" => "identified",
            "resolution" => "resolved",
            "follow_up" => "postmortem",
            _ => "scheduled",
        }
        .into(),
        facts: Facts {
            effect: Some(
                if incident {
                    "Some of you cannot open the student portal."
                } else {
                    "You cannot sign in to the student portal"
                }
                .into(),
            ),
            why: Some("The new version searches faster and fixes a security fault.".into()),
            cause: incident.then(|| "A disk in one of our servers failed.".into()),
            action: Some(Action {
                what: if incident {
                    "Please try again after the next update."
                } else {
                    "Save your work before we start."
                }
                .into(),
                when: When::Before,
            }),
            workaround: incident.then(|| "The phone app still works.".into()),
            data_safe: Some(true),
            contact: Some("help@example.edu".into()),
            technical: Some("PostgreSQL 15 to 16 on db1.internal, replica lag expected.".into()),
        },
        text: None,
        reason: changed.then(|| "Copying the data takes longer than in our tests.".into()),
        start: (!incident).then(|| civil("2026-11-29T22:00")),
        end: (!incident).then(|| civil("2026-11-30T02:00")),
        previous: changed.then(|| (civil("2026-11-29T20:00"), civil("2026-11-30T00:00"))),
        began_at: Some(at("2026-11-22T19:10:00Z")),
        next_update: open.then(|| at("2026-11-22T20:30:00Z")),
        missed: (milestone == "update").then(|| at("2026-11-22T19:30:00Z")),
        url: "https://status.example.edu/e/7".into(),
        at: at("2026-11-22T19:40:00Z"),
    }
}

pub(crate) fn variant(level: Level, channel: Channel) -> Variant {
    Variant {
        level,
        channel,
        language: "en".into(),
        zone: la(),
    }
}

#[test]
fn print_all() {
    for milestone in MILESTONES {
        for channel in [Channel::Email, Channel::Chat, Channel::Sms] {
            let m = render(
                &full(milestone),
                &variant(Level::NonTechnical, channel),
                &[],
            );
            println!(
                "=== {milestone} {}\nSubject: {} [{}]\n\n{}\n",
                channel.as_str(),
                m.subject,
                m.subject.chars().count(),
                m.text
            );
        }
    }
}
