//! Every screen of the console with sample data.

use super::{Samples, at, now, zone};
use forewarn_core::audience::Level;
use forewarn_core::delivery::DeliveryStatus;
use forewarn_core::incident::Incident;
use forewarn_core::maintenance;
use forewarn_core::problem::Problem;
use forewarn_core::subscription::Choices;
use forewarn_core::undo::Undoable;
use forewarn_server::console::*;
use forewarn_server::status_page::Speech;
use forewarn_server::status_page::subscription::{self, CodeForm, Place, SubscriptionForm};

impl Samples {
    pub(super) fn frame(&self, title: &str, nav: Nav) -> Frame {
        Frame {
            title: title.into(),
            nav,
            organisation: self.t("Example University"),
            zone: zone(),
            now: now(),
            user: Some(self.t("sam@example.edu")),
            csrf: "token".into(),
            demo: Some(DemoBar {
                next_notice: Some(at("2026-11-23T17:45:00Z")),
                caught: 128,
            }),
            flash: None,
        }
    }

    fn flashed(&self, title: &str, nav: Nav, kind: FlashKind, text: &str) -> Frame {
        Frame {
            flash: Some(Flash {
                kind,
                text: self.t(text),
            }),
            ..self.frame(title, nav)
        }
    }

    pub(super) fn choices(&self) -> Vec<Choice> {
        let services = self.services().into_iter();
        services
            .map(|s| Choice {
                id: s.id.to_string(),
                name: s.name,
                group: s.group,
            })
            .collect()
    }

    fn kinds(&self) -> Vec<Choice> {
        ["routine", "major", "migration", "emergency"]
            .map(|kind| Choice {
                id: kind.into(),
                name: kind.into(),
                group: None,
            })
            .to_vec()
    }

    pub(super) fn typed(&self, fields: &[(&str, &str)], problems: &[(&str, &str)]) -> Typed {
        Typed {
            fields: fields
                .iter()
                .map(|(n, v)| ((*n).to_owned(), self.t(v)))
                .collect(),
            problems: problems
                .iter()
                .map(|(f, p)| Problem::new(*f, self.t(p)))
                .collect(),
        }
    }

    /// Every screen of the console by a file name.
    pub fn console(&self) -> Vec<(String, String)> {
        let mut screens = self.lists();
        screens.extend(self.events());
        screens.extend(self.forms());
        screens.extend(self.decisions());
        screens.extend(self.drafts());
        screens.extend(self.editing());
        screens.extend(self.postmortems());
        screens.extend(self.templates());
        screens.extend(self.advisories());
        screens.extend(self.announcements());
        screens.extend(self.planning());
        screens.extend(self.people());
        screens
            .into_iter()
            .map(|(name, html)| (format!("console-{name}"), html))
            .collect()
    }

    fn lists(&self) -> Vec<(&'static str, String)> {
        let promise = |incident: &str, due: &str, who: Option<&str>| PromiseRow {
            broken: false,
            path: format!("/console/incidents/{incident}"),
            title: self.t("Student portal: sign-in fails for some"),
            standing: "P1, identified".into(),
            due: at(due),
            speaker: Some(match who {
                Some("Sam Ortiz") => Speaker::Meant(self.t("Sam Ortiz")),
                Some(who) => Speaker::Speaks(self.t(who)),
                None => Speaker::Nobody,
            }),
        };
        let doubt = |what: &str, why: &str, grave| Doubt {
            what: self.t(what),
            why: self.t(why),
            link: "/console/deliveries?status=unknown".into(),
            grave,
        };
        let now_full = Now {
            frame: self.frame("Now", Nav::Now),
            drafts: vec![self.draft_card()],
            helps: self.help_cards(),
            promises: vec![
                promise("INC-9", "2026-11-23T17:18:00Z", Some("Ada King")),
                promise("INC-7", "2026-11-23T17:32:00Z", Some("Sam Ortiz")),
                promise("INC-8", "2026-11-23T19:00:00Z", None),
                PromiseRow {
                    path: "/console/advisories/ADV-3".into(),
                    title: self.t("Exports of grades leave out a line"),
                    standing: "known fault".into(),
                    speaker: None,
                    ..promise("ADV-3", "2026-11-26T17:00:00Z", None)
                },
            ],
            doubts: vec![
                doubt(
                    "Storage move ends in 10 minutes and is not completed",
                    "Complete it, or extend it before people find out by themselves.",
                    true,
                ),
                doubt(
                    "3 deliveries are unknown",
                    "The connection broke after the message was handed over. They were sent again with the same id.",
                    false,
                ),
            ],
            going_out: self.notices().into_iter().skip(1).take(1).collect(),
            due_next: self.notices().into_iter().skip(2).collect(),
            fresh: false,
        };
        let now_empty = Now {
            frame: Frame {
                demo: None,
                ..self.frame("Now", Nav::Now)
            },
            drafts: vec![],
            helps: vec![],
            promises: vec![],
            doubts: vec![],
            going_out: vec![],
            due_next: vec![],
            fresh: true,
        };
        let (service_rows, struck) = (self.service_rows(), self.service_rows());
        let audience_rows = self.audiences().into_iter().map(|audience| AudienceRow {
            contacts: if audience.id == *"leadership" {
                0
            } else {
                12_582
            },
            services: if audience.id == *"students" {
                vec![self.t("Student portal"), self.t("Course pages")]
            } else {
                vec![]
            },
            audience,
        });
        let caught = |id: &str, kind, subject: &str, to: &str| CaughtRow {
            id: id.into(),
            kind,
            subject: self.t(subject),
            to: self.t(to),
            at: at("2026-11-23T17:20:00Z"),
        };
        let rows = vec![
            caught(
                "c1",
                CaughtKind::Mail,
                "Example University: student portal down Mon 30 Nov, 22:00",
                "alice@example.edu",
            ),
            caught(
                "c2",
                CaughtKind::Webhook,
                "maintenance.announcement",
                "https://ops.example.test/hook",
            ),
        ];
        vec![
            ("now", now_full.render()),
            ("now-empty", now_empty.render()),
            ("notices", NoticeList { frame: self.frame("Notices", Nav::Notices), event: Some("MNT-1".into()), status: None, items: self.notices(), next: Some("abc".into()) }.render()),
            ("notices-empty", NoticeList { frame: self.frame("Notices", Nav::Notices), event: None, status: Some("sent".into()), items: vec![], next: None }.render()),
            ("deliveries", DeliveryList { frame: self.frame("Deliveries", Nav::Deliveries), event: Some("MNT-1".into()), notice: Some("n1".into()), channel: None, status: Some(DeliveryStatus::Failed), items: self.deliveries(), next: Some("abc".into()), given_up: 12, going_out: self.notices().into_iter().skip(1).take(1).collect() }.render()),
            ("deliveries-empty", DeliveryList { frame: self.frame("Deliveries", Nav::Deliveries), event: None, notice: None, channel: None, status: None, items: vec![], next: None, given_up: 0, going_out: vec![] }.render()),
            ("services", ServiceList { frame: self.frame("Services", Nav::Services), items: service_rows, blast: None }.render()),
            ("services-blast", ServiceList { frame: self.frame("Services", Nav::Services), items: struck, blast: Some(self.blast()) }.render()),
            ("services-empty", ServiceList { frame: self.frame("Services", Nav::Services), items: vec![], blast: None }.render()),
            ("audiences", AudienceList { frame: self.frame("Audiences", Nav::Audiences), items: audience_rows.collect(), contacts: 12_640, endpoints: vec![("email".into(), 12_582), ("sms".into(), 8_410), ("webhook".into(), 12)], suppressed: 88 }.render()),
            ("copy", CopyPage { frame: self.frame("Text to carry on", Nav::Notices), event: (self.t("Student database upgrade"), "/console/maintenances/MNT-1".into()), audience: self.t("Campus bulletin"), copy: self.copy() }.render()),
            ("audiences-empty", AudienceList { frame: self.frame("Audiences", Nav::Audiences), items: vec![], contacts: 0, endpoints: vec![], suppressed: 0 }.render()),
            ("approval", self.approval().render()),
            ("approval-held", self.approval_held(3).render()),
            ("approval-empty", self.approval_held(0).render()),
            ("calls", self.calls().render()),
            ("preview", self.preview().render()),
            ("preview-refused", self.preview_refused(&["Text: is missing"]).render()),
            ("journal", Journal { frame: self.frame("Journal", Nav::Journal), event: Some("MNT-1".into()), items: self.journal(), next: Some("179".into()) }.render()),
            ("caught", Caught { frame: self.frame("Caught messages", Nav::Caught), items: rows.clone(), next: None }.render()),
            ("caught-empty", Caught { frame: self.frame("Caught messages", Nav::Caught), items: vec![], next: None }.render()),
            ("caught-message", CaughtMessage {
                frame: self.frame("Caught message", Nav::Caught),
                message: rows[0].clone(),
                from: self.t("Example University <status@example.edu>"),
                headers: vec![("Message-ID".into(), "<0123456789abcdefghjk@status.example.edu>".into()), ("List-Unsubscribe".into(), self.t("<https://status.example.edu/u/abcdefghjkmnpqrstvwxyz0123456789abcdefgh>"))],
                text: self.t("On Monday night we upgrade the student database.\n\nYou cannot sign in to the student portal from 22:00 to 02:00."),
                has_html: true,
                attachments: vec!["invite.ics".into()],
            }.render()),
            ("error", ErrorPage { frame: self.frame("Not found", Nav::Elsewhere), status: 404, what: self.t("There is no such maintenance"), advice: self.t("It may have had another id. All planned work is in the list.") }.render()),
        ]
    }

    fn events(&self) -> Vec<(&'static str, String)> {
        use maintenance::Status::{AwaitingApproval, Cancelled, Completed, InProgress, Scheduled};
        let work = |name: &str, title: &str, days, status| MaintenanceRow {
            maintenance: self.maintenance(name, title, days, status),
            services: vec![self.t("Student database")],
            next_notice: (!status.is_over())
                .then(|| ("reminder".to_owned(), at("2026-11-27T17:00:00Z"))),
        };
        let page = |status| MaintenancePage {
            frame: self.frame("Student database upgrade", Nav::Maintenances),
            maintenance: self.maintenance("MNT-1", "Student database upgrade", 0, status),
            services: vec![self.t("Student database")],
            plan: self.plan(),
            notices: self.notices(),
            deliveries: self.deliveries(),
            journal: self.journal(),
            people: None,
            added: vec![self.t("press@example.org, plain words")],
            audiences: self.choices(),
            refused: None,
        };
        let mut refused = page(Scheduled);
        refused.frame = self.flashed(
            "Student database upgrade",
            Nav::Maintenances,
            FlashKind::Refused,
            "The delay was refused.",
        );
        refused.refused = Some((
            "delay".into(),
            self.typed(
                &[
                    ("start", "2026-11-30T23:00"),
                    ("end", "2026-11-30T22:00"),
                    ("reason", "The supplier is late."),
                ],
                &[("end", "before the start")],
            ),
        ));
        let mut done = page(InProgress);
        done.frame = self.flashed(
            "Student database upgrade",
            Nav::Maintenances,
            FlashKind::Done,
            "Work has begun; 12,582 people are told.",
        );
        let fresh = MaintenancePage {
            plan: Plan::default(),
            notices: vec![],
            deliveries: vec![],
            people: Some(12_640),
            ..page(AwaitingApproval)
        };
        let row = |incident: Incident| IncidentRow {
            services: vec![self.t("Student portal"), self.t("Sign-in")],
            incident,
        };
        let incident = |incident: Incident, typed: Typed| IncidentPage {
            calls: 2,
            confirmations: self.confirmations(),
            frame: self.frame("Student portal", Nav::Incidents),
            services: vec![
                Choice {
                    id: "portal".into(),
                    name: self.t("Student portal"),
                    group: None,
                },
                Choice {
                    id: "sso".into(),
                    name: self.t("Sign-in"),
                    group: None,
                },
            ],
            levels: match incident.status.is_open() {
                true => self.levels(),
                false => Vec::new(),
            }
            .into_iter()
            .map(|level| level.typed(&typed.fields))
            .collect(),
            incident,
            typed,
            alerts: self.alerts(),
            notices: self.notices().into_iter().take(2).collect(),
            journal: self.journal(),
            heard_after: Some(jiff::SignedDuration::from_secs(4)),
            team: self.team(),
        };
        let many = self.typed(
            &[("text", "You can sign in again.")],
            &[(
                "recipients",
                "it goes to 12,640: type that number to show that you mean it",
            )],
        );
        let edited = self.typed(
            &[
                ("status", "identified"),
                ("texts.non_technical", "You may be asked to sign in twice. A disk failed, and we are replacing it on db-07.int.example.edu. Your work is safe."),
            ],
            &[
                (
                    "texts.non_technical",
                    "'db-07.int.example.edu', from 90 to 111: its readers may not know the names of our machines; say what people notice instead",
                ),
                (
                    "privacy_override",
                    "is missing: if it must go out as it is, say why; that stays on record",
                ),
            ],
        );
        let wrong = self.typed(
            &[
                ("status", "identified"),
                ("text", ""),
                ("next_update_in", "soon"),
            ],
            &[
                ("text", "says nothing: give a text, facts or a new status"),
                (
                    "next_update_in",
                    "must be an offset such as 5bd, 8w, 3mo, 1y, 30min, PT30M or now",
                ),
            ],
        );
        let mut undoable = page(Scheduled);
        let before = undoable.maintenance.clone();
        let until = at("2026-11-23T17:24:09Z");
        undoable.maintenance = undoable.maintenance.undoable(before, until, now());
        vec![
            (
                "maintenances",
                MaintenanceList {
                    frame: self.frame("Planned work", Nav::Maintenances),
                    ahead: vec![
                        work("MNT-3", "Storage move, first phase", -7, InProgress),
                        work("MNT-1", "Student database upgrade", 0, Scheduled),
                        work(
                            "MNT-6",
                            "Sign-in moves to a new data centre",
                            40,
                            AwaitingApproval,
                        ),
                    ],
                    past: vec![
                        work("MNT-4", "Wireless controllers", -10, Completed),
                        work("MNT-5", "Mail archive", -25, Cancelled),
                    ],
                }
                .render(),
            ),
            (
                "maintenances-empty",
                MaintenanceList {
                    frame: self.frame("Planned work", Nav::Maintenances),
                    ahead: vec![],
                    past: vec![],
                }
                .render(),
            ),
            ("maintenance", page(Scheduled).render()),
            ("maintenance-in-progress", done.render()),
            ("maintenance-refused", refused.render()),
            ("maintenance-undo", undoable.render()),
            ("maintenance-fresh", fresh.render()),
            (
                "incidents",
                IncidentList {
                    frame: self.frame("Incidents", Nav::Incidents),
                    open: vec![row(self.open_incident())],
                    closed: vec![row(self.closed_incident())],
                }
                .render(),
            ),
            (
                "incidents-empty",
                IncidentList {
                    frame: self.frame("Incidents", Nav::Incidents),
                    open: vec![],
                    closed: vec![],
                }
                .render(),
            ),
            (
                "incident",
                incident(self.open_incident(), Typed::default()).render(),
            ),
            (
                "incident-undo",
                incident(self.waiting_incident(), many).render(),
            ),
            ("tell", self.telling(&[]).render()),
            (
                "tell-errors",
                self.telling(&[
                    ("texts.non_technical", "is empty"),
                    (
                        "privacy_override",
                        "is missing: if it must go out as it is, say why",
                    ),
                ])
                .render(),
            ),
            (
                "incident-levels",
                incident(self.open_incident(), edited).render(),
            ),
            (
                "incident-errors",
                incident(self.open_incident(), wrong).render(),
            ),
            (
                "incident-closed",
                incident(self.closed_incident(), Typed::default()).render(),
            ),
        ]
    }

    fn forms(&self) -> Vec<(&'static str, String)> {
        let filled = [
            ("title", "Student database upgrade"),
            ("kind", "routine"),
            ("services", "database"),
            ("start", "2026-11-30T22:00"),
            ("end", "2026-11-30T21:00"),
            ("facts.effect", "You cannot sign in to the student portal."),
        ];
        let wrong = [
            ("maintenance.end", "before the start"),
            (
                "services[0]",
                "unknown service 'databse'; did you mean 'database'?",
            ),
            ("facts.contact", "must be one line"),
        ];
        // The clocks of Los Angeles go back that night.
        let twice = [
            ("title", "Student database upgrade"),
            ("services", "database"),
            ("start", "2027-11-07T01:30"),
            ("end", "2027-11-07T04:00"),
        ];
        let which = [("start", "the clocks change then: say which time is meant")];
        let form = |typed: Typed, preview| NewMaintenance {
            levels: self.levels(),
            frame: self.frame("Plan maintenance", Nav::Maintenances),
            typed,
            services: self.choices(),
            kinds: self.kinds(),
            preview,
        };
        let declare = |typed: Typed| DeclareIncident {
            frame: self.frame("Declare an incident", Nav::Incidents),
            levels: Level::ALL.into_iter().map(LevelLook::empty).collect(),
            typed,
            services: self.choices(),
        };
        let sign_in = |problem: Option<&str>, hint: Option<&str>| SignIn {
            organisation: self.t("Example University"),
            csrf: "token".into(),
            user: self.t(""),
            problem: problem.map(|p| self.t(p)),
            next: "/console".into(),
            hint: hint.map(|h| self.t(h)),
        };
        vec![
            ("new-maintenance", form(Typed::default(), None).render()),
            (
                "new-maintenance-errors",
                form(self.typed(&filled, &wrong), None).render(),
            ),
            (
                "new-maintenance-preview",
                form(self.typed(&filled, &[]), Some(self.prospect())).render(),
            ),
            (
                "new-maintenance-clocks",
                form(self.typed(&twice, &which), None).render(),
            ),
            ("declare", declare(Typed::default()).render()),
            (
                "declare-errors",
                declare(self.typed(
                    &[
                        ("severity", "P1"),
                        ("effect", "Some people cannot sign in."),
                    ],
                    &[("services", "names no service")],
                ))
                .render(),
            ),
            (
                "sign-in",
                sign_in(None, Some("Demo: sign in as demo with the password demo.")).render(),
            ),
            (
                "sign-in-wrong",
                sign_in(Some("The name or the password is wrong."), None).render(),
            ),
        ]
    }

    /// The questionnaire and who hears.
    fn decisions(&self) -> Vec<(&'static str, String)> {
        use forewarn_core::decision::{
            Answers, Gravity, Interruption, OwnDecision, Recorded, Verdict,
        };
        use forewarn_server::console::decision::{DecisionPage, as_typed};
        use forewarn_server::console::reach::ReachPage;
        use forewarn_server::ops::reach::Told;
        let page = |typed: Typed, recorded: Option<Recorded>| DecisionPage {
            frame: self.frame("Must clients be told?", Nav::Maintenances),
            id: "MNT-1".into(),
            title: self.t("Student database upgrade"),
            typed,
            recorded,
            people: Some(12_640),
        };
        let recorded = Recorded {
            answers: Answers {
                interruption: Interruption::Yes,
                impact: Gravity::High,
                dependents: 3,
                ..Answers::default()
            },
            own: Some(OwnDecision {
                verdict: Verdict::Recommended,
                by: self.t("registrar@example.edu"),
                reason: self.t("The library is closed that night, and nobody else uses it."),
            }),
        };
        let told = |audience: &str, people, reached, reason: Option<&str>| {
            self.told(audience, people, reached, reason)
        };
        let reach = |audiences: Vec<Told>, asked: Option<(String, Vec<String>)>| ReachPage {
            frame: self.frame("Who hears", Nav::Maintenances),
            home: "/console/maintenances/MNT-1".into(),
            title: self.t("Student database upgrade"),
            reached: self.reached(audiences),
            asked,
        };
        let wrong = self.typed(
            &[("audience.count", "many"), ("own.verdict", "required")],
            &[
                ("audience.count", "must be a whole number, 0 or more"),
                ("own.by", "is missing"),
            ],
        );
        vec![
            (
                "decision",
                page(as_typed(&recorded), Some(recorded)).render(),
            ),
            ("decision-empty", page(Typed::default(), None).render()),
            ("decision-errors", page(wrong, None).render()),
            (
                "reach",
                reach(
                    vec![
                        told("students", 23_417, 23_001, Some("unsubscribed")),
                        told("engineers", 12, 12, None),
                    ],
                    Some((
                        "alice".into(),
                        vec![self.t("does not get it as one of 'Students': unsubscribed")],
                    )),
                )
                .render(),
            ),
            ("reach-empty", reach(Vec::new(), None).render()),
        ]
    }

    /// Pages that subscribers see behind the links in their mails.
    pub fn subscriptions(&self) -> Vec<(String, String)> {
        let typed = subscription::Typed {
            kinds: vec!["incident".into()],
            time_zone: self.t("Europe/Berln"),
            ..subscription::Typed::default()
        };
        let pages = [
            ("subscription", self.subscription().html()),
            (
                "subscription-errors",
                self.subscription().refused(&typed, vec![
                    self.t("Choose the services again: not all of them can be chosen here any more."),
                    self.t("This time zone is not known. Enter one such as Europe/Berlin, or leave the field empty."),
                ]).html(),
            ),
            (
                "subscription-confirm",
                PlainPage {
                    speech: Speech::english(),
                    organisation: self.t("Example University"),
                    title: "Confirm your subscription".into(),
                    words: self
                        .t("ann@example.edu will hear of planned work and problems by mail."),
                    button: Some(("/subscription/token/confirm".into(), "Confirm".into())),
                }
                .render(),
            ),
            ("approve-by-link", self.approve_by_link().render()),
            (
                "subscription-code",
                CodeForm {
                    speech: Speech::english(),
                    organisation: self.t("Example University"),
                    words: self.t("If we can send to +14155550100, a text message with a code is on its way. We send at most three a day."),
                    problem: None,
                    sms: self.t("+14155550100"),
                }
                .html(),
            ),
        ];
        pages.map(|(name, html)| (name.to_owned(), html)).to_vec()
    }

    /// What a subscriber sees behind the link.
    fn subscription(&self) -> SubscriptionForm {
        let services = self.services();
        let (open, zone): (Vec<_>, _) = (services.iter().collect(), zone());
        let place = Place {
            speech: Speech::english(),
            organisation: &self.t("Example University"),
            zone: zone.name(),
            services: &open,
            phones: None,
            push: false,
        };
        let choices = Choices {
            services: services.iter().take(2).map(|s| s.id.clone()).collect(),
            kinds: vec!["incident".into()],
            ..Choices::default()
        };
        let said = self.t("ann@example.edu hears of what you choose here.");
        let link = "/subscription/token";
        SubscriptionForm::manage(&place, link, &choices, "Your subscription", said)
    }
}
