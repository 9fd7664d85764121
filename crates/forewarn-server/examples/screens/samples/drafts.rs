//! Screens of drafts and hooks with sample data.

use super::{Samples, at};
use forewarn_core::alert::episode::Episode;
use forewarn_core::alert::intake::{Draft, Standing, Tracked};
use forewarn_core::alert::{Alert, State};
use forewarn_core::audience::Level;
use forewarn_core::document::{Problems, parse_yaml};
use forewarn_core::hook::Hook;
use forewarn_core::id::Id;
use forewarn_core::incident::{Impact, Severity};
use forewarn_server::console::*;
use forewarn_store::Note;
use std::collections::BTreeMap;

fn id(text: &str) -> Id {
    Id::parse(text).expect("an id")
}

impl Samples {
    fn draft(&self) -> Draft {
        Draft {
            id: id("INC-10"),
            status: Standing::Draft,
            hook: id("prometheus"),
            title: self.t("Trouble with Student portal"),
            services: BTreeMap::from([(id("portal"), Impact::PartialOutage)]),
            severity: Severity::P2,
            effect: None,
            automatic: false,
            opened_at: at("2026-11-23T17:12:00Z"),
            ended_at: None,
        }
    }

    /// A draft on the first page.
    pub(super) fn draft_card(&self) -> DraftCard {
        DraftCard {
            draft: self.draft(),
            services: vec![self.t("Student portal")],
            alerts: vec![
                self.t("HTTP 5xx rate on web-3.internal is 12%"),
                self.t("Disk of db-7.internal is full"),
            ],
        }
    }

    /// Alerts and notes.
    pub(super) fn alerts(&self) -> Alerts {
        let tracked = |key: &str, title: &str, firing| Tracked {
            hook: id("prometheus"),
            group: String::new(),
            incident: id("INC-10"),
            service: id("portal"),
            severity: Severity::P2,
            episode: Episode {
                firing,
                began: at("2026-11-23T17:02:00Z"),
                since: at("2026-11-23T17:12:00Z"),
                ended: (!firing).then(|| at("2026-11-23T17:15:00Z")),
                times: 3,
            },
            alert: Alert {
                key: key.into(),
                title: self.t(title),
                text: self.t("The rate was above 5% for ten minutes."),
                labels: BTreeMap::new(),
                service: None,
                severity: None,
                state: State::Firing,
                since: None,
                until: None,
                url: Some("https://prometheus.example/graph?g0.expr=up".into()),
            },
        };
        Alerts {
            alerts: vec![
                tracked("a", "HTTP 5xx rate on web-3.internal is 12%", true),
                tracked("b", "Disk of db-7.internal is full", false),
            ],
            notes: vec![Note {
                number: 1,
                at: at("2026-11-23T17:15:00Z"),
                author: self.t("hook:prometheus"),
                text: self
                    .t("the alert ended at 2026-11-23T17:15:00Z: Disk of db-7.internal is full"),
            }],
        }
    }

    pub(super) fn drafts(&self) -> Vec<(&'static str, String)> {
        let nodes =
            parse_yaml("{id: prometheus, kind: alertmanager, publish: automatic}").expect("YAML");
        let hook = Hook::read(&nodes[0], "", &mut Problems::default()).expect("a hook");
        let said = "Some people cannot use the student portal. We are looking for the cause. Next update by 18:12.";
        let draft = DraftPage {
            frame: self.frame("Trouble with Student portal", Nav::Incidents),
            draft: self.draft(),
            services: vec![(self.t("Student portal"), "Partial outage")],
            holding: vec![(
                Level::NonTechnical,
                self.t("Example University: Student portal, some trouble"),
                self.t(said),
            )],
            alerts: self.alerts(),
            journal: self.journal(),
        };
        let at = at("2026-11-23T17:12:00Z");
        let hooks = HookList {
            frame: self.frame("Hooks", Nav::Hooks),
            items: vec![HookRow {
                hook,
                counts: vec![("accepted", 12), ("unsigned", 1)],
                last: vec![
                    (at, "accepted", self.t("2 alerts for INC-10")),
                    (at, "wrong_signature", self.t("the request is not proven")),
                ],
            }],
            public_url: "https://status.example.edu".into(),
        };
        let empty = HookList {
            frame: self.frame("Hooks", Nav::Hooks),
            items: vec![],
            public_url: String::new(),
        };
        vec![
            ("draft", draft.render()),
            ("hooks", hooks.render()),
            ("hooks-empty", empty.render()),
        ]
    }
}
