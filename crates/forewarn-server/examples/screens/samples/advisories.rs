//! Screens of known faults, with sample data.

use super::{Samples, at, id, now};
use forewarn_core::advisory::{Advisory, Fix, NewWord, Report};
use forewarn_core::contact::EmailAddress;
use forewarn_core::facts::{Action, Facts, When};
use forewarn_core::incident::Severity;
use forewarn_core::routing::Cause;
use forewarn_core::undo::Undoable;
use forewarn_server::console::reach::Reached;
use forewarn_server::console::*;
use forewarn_server::ops::reach::{NotTold, Told, Whole};
use forewarn_server::status_page::{PublicAdvisory, PublicMessage};
use jiff::Timestamp;

impl Samples {
    fn found(&self, name: &str, title: &str, effect: &str, now: Timestamp) -> Advisory {
        let report = Report {
            texts: Default::default(),
            id: None,
            title: None,
            services: vec![id("portal"), id("lms")],
            severity: Some(Severity::P3),
            cause: Some(Cause::Application),
            facts: Facts {
                effect: Some(self.t(effect)),
                workaround: Some(self.t("Add an empty line at the end.")),
                action: Some(Action {
                    what: self.t("Check the exports of this week."),
                    when: When::Before,
                }),
                data_safe: Some(true),
                contact: Some(self.t("help@example.edu")),
                technical: Some("SECRET-TECHNICAL off by one in db1.internal".into()),
                ..Facts::default()
            },
            requesters: vec![EmailAddress::parse("SECRET-REQUESTER@example.edu").expect("one")],
            next_update: None,
        };
        Advisory::discover(report, id(name), self.t(title), None, now)
    }

    /// A fault that is being fixed, with a word promised.
    pub fn advisory(&self) -> Advisory {
        let found = self.found(
            "ADV-3",
            "Exports of grades leave out a line",
            "The export of grades leaves out the last line.",
            at("2026-11-22T18:00:00Z"),
        );
        let word = NewWord {
            text: Some(self.t("We have found the cause: the new version counts lines from one. Version 4.2.1 will count from zero again.\n\nUntil then, add an empty line at the end of each list.")),
            ..NewWord::default()
        };
        let next = Some(at("2026-11-26T17:00:00Z"));
        found
            .update(word, next, at("2026-11-23T16:30:00Z"))
            .expect("it is open")
    }

    /// A fault that was fixed two days ago.
    pub fn fixed_advisory(&self) -> Advisory {
        let found = self.found(
            "ADV-2",
            "Lecture recordings start without sound",
            "Recordings start without sound; after a minute it is there.",
            at("2026-11-19T18:00:00Z"),
        );
        let fix = Fix {
            facts: Facts {
                action: Some(Action {
                    what: self.t("Load the page anew."),
                    when: When::After,
                }),
                ..Facts::default()
            },
            ..Fix::default()
        };
        found
            .fix(fix, at("2026-11-21T20:00:00Z"))
            .expect("it is open")
    }

    /// With what was said in public.
    pub fn public_advisory(&self, advisory: Advisory) -> PublicAdvisory {
        let words = advisory.updates.iter();
        let messages = words.map(|word| {
            let effect = word.facts.effect.clone().unwrap_or_default();
            let text = word.text.clone().unwrap_or(effect);
            PublicMessage::plain(&word.id, word.milestone(), word.at, &text)
        });
        PublicAdvisory {
            messages: messages.collect(),
            advisory,
        }
    }

    /// An audience that hears, and how many of it.
    pub(super) fn told(
        &self,
        audience: &str,
        people: i64,
        reached: i64,
        reason: Option<&str>,
    ) -> Told {
        Told {
            level: "non_technical",
            path: vec!["database".into(), "portal".into()],
            because: None,
            external: None,
            by_hand: false,
            who: forewarn_store::Reach {
                audience: audience.into(),
                people,
                reached,
                messages: [("email".to_owned(), reached)].into(),
                if_needed: match audience {
                    "students" => [("sms".to_owned(), reached / 3)].into(),
                    _ => Default::default(),
                },
                unreached: reason
                    .map(|r| (self.t(r), people - reached))
                    .into_iter()
                    .collect(),
                named: reason
                    .map(|r| forewarn_store::Unreached {
                        contact: "alice".into(),
                        reason: self.t(r),
                    })
                    .into_iter()
                    .collect(),
            },
        }
    }

    /// These audiences with their names.
    pub(super) fn reached(&self, audiences: Vec<Told>) -> Reached {
        Reached {
            whole: Whole {
                messages: audiences.iter().map(|a| a.who.reached).sum(),
                audiences,
                not_told: vec![NotTold {
                    audience: "legal".into(),
                    because: self.t("hears of incident only"),
                }],
            },
            names: vec![
                ("students".into(), self.t("Students")),
                ("database".into(), self.t("Student database")),
                ("portal".into(), self.t("Student portal")),
            ],
        }
    }

    pub(super) fn advisories(&self) -> Vec<(&'static str, String)> {
        let services = || vec![self.t("Student portal"), self.t("Course pages")];
        let row = |advisory| AdvisoryRow {
            advisory,
            services: services(),
        };
        let list = |open, closed| AdvisoryList {
            frame: self.frame("Known faults", Nav::Advisories),
            open,
            closed,
        };
        let page = |advisory: Advisory, typed| AdvisoryPage {
            frame: self.frame(
                &self.t("Exports of grades leave out a line"),
                Nav::Advisories,
            ),
            version: 2,
            services: services(),
            typed,
            notices: Vec::new(),
            confirmations: Vec::new(),
            journal: Vec::new(),
            added: vec![self.t("press@example.org, non technical")],
            audiences: self.choices(),
            advisory,
        };
        let form = |typed, preview| NewAdvisory {
            levels: self.levels(),
            frame: self.frame("Tell of a fault", Nav::Advisories),
            typed,
            services: self.choices(),
            preview,
        };
        let filled = [
            ("services", "portal"),
            ("effect", "The export of grades leaves out the last line."),
            ("facts.workaround", "Add an empty line at the end."),
            ("requesters", "ann"),
        ];
        let wrong = [
            ("advisory.requesters[0]", "has no @"),
            ("services", "choose at least one service"),
        ];
        let seen = Discovery {
            subject: self.t("Example University: fault in Student portal"),
            html: PublicMessage::plain(
                "m",
                "discovery",
                at("2026-11-23T17:24:00Z"),
                &self.t("The export of grades leaves out the last line. This is a fault in Student portal that we have found. We are working on a fix."),
            )
            .html,
            reached: self.reached(vec![
                self.told("students", 23_417, 23_001, Some("unsubscribed")),
                self.told("engineers", 12, 12, None),
            ]),
        };
        let refused = self.typed(&[("why", "x")], &[("why", "must be longer")]);
        let told = at("2026-11-23T17:24:09Z");
        let fixed = self.advisory().fix(Fix::default(), told);
        let fixed = fixed.expect("it is open");
        let fixed = fixed.undoable(self.advisory(), told, now());
        vec![
            (
                "advisories",
                list(vec![row(self.advisory())], vec![row(self.fixed_advisory())]).render(),
            ),
            ("advisories-empty", list(Vec::new(), Vec::new()).render()),
            ("new-advisory", form(Typed::default(), None).render()),
            (
                "new-advisory-errors",
                form(self.typed(&filled, &wrong), None).render(),
            ),
            (
                "new-advisory-seen",
                form(self.typed(&filled[..3], &[]), Some(seen)).render(),
            ),
            ("advisory", page(self.advisory(), Typed::default()).render()),
            ("advisory-errors", page(self.advisory(), refused).render()),
            ("advisory-undo", page(fixed, Typed::default()).render()),
            (
                "advisory-fixed",
                page(self.fixed_advisory(), Typed::default()).render(),
            ),
        ]
    }
}
