//! Sample data for every screen: full, empty, with errors, and hostile. Used by the example and by the tests.

use forewarn_core::audience::{Audience, Level};
use forewarn_core::delivery::DeliveryStatus;
use forewarn_core::document::{Node, Problems, parse_yaml};
use forewarn_core::facts::{Action, Facts, When};
use forewarn_core::id::Id;
use forewarn_core::incident::{Declaration, Impact, Incident, NewUpdate, Severity, Status};
use forewarn_core::maintenance::{self, ChangeRequest, Maintenance, Step};
use forewarn_core::organisation::Organisation;
use forewarn_core::problem::Problem;
use forewarn_core::service::Service;
use forewarn_core::time::{CivilTime, Zone};
use forewarn_server::console::*;
use forewarn_server::status_page::state::ServiceState;
use forewarn_server::status_page::{PublicIncident, PublicMaintenance, PublicMessage, Snapshot};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// What no page may ever let through.
pub const HOSTILE: &str = "</p><script>alert('forewarn')</script>\"'><img src=x onerror=alert(1)> \u{202e}rtl مرحبا\u{2066} {{7*7}} --> ]]> & &amp;";

/// Makes samples, hostile ones on demand.
#[derive(Clone, Copy)]
pub struct Samples {
    /// Every text that people write carries an attack and ten thousand characters.
    pub hostile: bool,
}

/// An instant.
pub fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// The instant of all samples.
pub fn now() -> Timestamp {
    at("2026-11-23T17:24:00Z")
}

fn id(text: &str) -> Id {
    Id::parse(text).expect("an id")
}

fn zone() -> Zone {
    Zone::parse("America/Los_Angeles").expect("a zone")
}

fn nodes(yaml: &str) -> Vec<Node> {
    parse_yaml(yaml).expect("YAML")
}

impl Samples {
    fn t(&self, text: &str) -> String {
        if self.hostile {
            format!("{text} {HOSTILE} {}", "very long ".repeat(1_000))
        } else {
            text.to_owned()
        }
    }

    /// The services of a university.
    pub fn services(&self) -> Vec<Service> {
        let yaml = "
- {id: portal, name: Student portal, group: Teaching, description: Timetables and grades, depends_on: [database], owner: web@example.edu}
- {id: lms, name: Course pages, group: Teaching, depends_on: [database, sso]}
- {id: video, name: Lecture recordings, group: Teaching}
- {id: mail, name: Mail and calendar, group: Work, tier: critical, depends_on: [sso]}
- {id: files, name: File shares, group: Work}
- {id: sso, name: Sign-in, group: Foundations, tier: critical, description: One name and password for everything}
- {id: database, name: Student database, group: Foundations, tier: critical, owner: dba@example.edu}
- {id: wifi, name: Campus wireless, group: Foundations, tier: important}
";
        let mut problems = Problems::default();
        let list = nodes(yaml);
        let items = match &list[0].value {
            forewarn_core::document::Value::List(items) => items.clone(),
            _ => Vec::new(),
        };
        items
            .iter()
            .filter_map(|node| Service::read(node, "", &mut problems))
            .map(|mut service| {
                service.name = self.t(&service.name);
                service.description = service.description.map(|d| self.t(&d));
                service.group = service.group.map(|g| self.t(&g));
                service
            })
            .collect()
    }

    fn audiences(&self) -> Vec<Audience> {
        let yaml = "
- {id: students, name: Students, level: non_technical, channels: [email, {sms: {after: PT15M}}], services: [portal, lms], routing: {events: [maintenance, incident], severities: [P1, P2, P3]}}
- {id: engineers, name: On-call engineers, level: technical, channels: [chat, email], services: [database, sso], time_zone: Europe/Berlin}
- {id: leadership, name: CIO council, level: semi_technical, channels: [email, voice], services: ['*'], routing: {severities: [P1]}}
- {id: all-staff, name: All staff list, level: non_technical, channels: [email], services: ['*'], external: {email: all-staff@lists.example.edu}}
";
        let mut problems = Problems::default();
        let list = nodes(yaml);
        let items = match &list[0].value {
            forewarn_core::document::Value::List(items) => items.clone(),
            _ => Vec::new(),
        };
        items
            .iter()
            .filter_map(|node| Audience::read(node, "", &mut problems))
            .map(|mut audience| {
                audience.name = self.t(&audience.name);
                audience
            })
            .collect()
    }

    /// An open incident with two updates and a promise in 21 minutes.
    pub fn open_incident(&self) -> Incident {
        let declared = self.declare(
            "INC-7",
            "Student portal: sign-in fails for some",
            &[
                ("portal", Impact::PartialOutage),
                ("sso", Impact::DegradedPerformance),
            ],
            Severity::P1,
            at("2026-11-23T16:41:00Z"),
            at("2026-11-23T17:15:00Z"),
        );
        let update = NewUpdate {
            status: Some(Status::Identified),
            facts: Facts {
                cause: Some(self.t("A disk in one of our servers failed.")),
                technical: Some("SECRET-TECHNICAL db1.internal".into()),
                ..Facts::default()
            },
            text: Some(self.t("Some of you cannot open the student portal or may be logged out. A disk in one of our servers failed, and we are replacing it; no data is lost.\n\nUntil it is done the portal may be slow or refuse to load. You do not need to do anything. We are sorry for the trouble.")),
            services: BTreeMap::new(),
            next_update_in: None,
        };
        declared
            .update(
                update,
                at("2026-11-23T17:45:00Z"),
                at("2026-11-23T17:10:00Z"),
            )
            .expect("a possible update")
    }

    /// An incident that was resolved nine days ago.
    pub fn closed_incident(&self) -> Incident {
        let declared = self.declare(
            "INC-6",
            "Campus wireless is down in the library",
            &[("wifi", Impact::MajorOutage)],
            Severity::P2,
            at("2026-11-21T19:05:00Z"),
            at("2026-11-21T21:05:00Z"),
        );
        let update = NewUpdate {
            status: Some(Status::Resolved),
            facts: Facts::default(),
            text: Some(self.t("The wireless works again in all of the library. A switch had lost its power. Nothing is lost; devices connect by themselves.")),
            services: BTreeMap::new(),
            next_update_in: None,
        };
        declared
            .update(
                update,
                at("2026-11-21T20:44:00Z"),
                at("2026-11-21T20:44:00Z"),
            )
            .expect("a possible update")
    }

    fn declare(
        &self,
        name: &str,
        title: &str,
        services: &[(&str, Impact)],
        severity: Severity,
        now: Timestamp,
        next: Timestamp,
    ) -> Incident {
        let declaration = Declaration {
            id: None,
            title: None,
            services: services.iter().map(|(s, i)| (id(s), *i)).collect(),
            severity,
            effect: Some(self.t("Some people cannot sign in to the student portal.")),
            lead: Some("SECRET-LEAD Lee Ngo".into()),
            spokesperson: Some("SECRET-SPEAKER Sam Ortiz".into()),
            next_update_in: None,
        };
        Incident::declare(declaration, id(name), self.t(title), next, now)
    }

    /// A maintenance in the given status.
    pub fn maintenance(
        &self,
        name: &str,
        title: &str,
        days: i64,
        status: maintenance::Status,
    ) -> Maintenance {
        let start = CivilTime::parse("2026-11-30T22:00", &zone()).expect("a time");
        let moved = |time: CivilTime| CivilTime {
            civil: time.civil.saturating_add(jiff::Span::new().days(days)),
            zone: time.zone,
        };
        let end = CivilTime::parse("2026-12-01T02:00", &zone()).expect("a time");
        let (start, end) = (moved(start), moved(end));
        let began = matches!(
            status,
            maintenance::Status::InProgress | maintenance::Status::Completed
        );
        Maintenance {
            id: id(name),
            title: self.t(title),
            kind: "routine".into(),
            policy: None,
            services: vec![id("database")],
            change_request: Some(ChangeRequest {
                number: "CHG-1042".into(),
                url: Some("https://changes.example.edu/CHG-1042".into()),
                state: "approved".into(),
                board: None,
            }),
            facts: Facts {
                effect: Some(self.t("You cannot sign in to the student portal.")),
                why: Some(self.t("The new version searches faster and fixes a security fault.")),
                action: Some(Action {
                    what: self.t("Save your work before we start."),
                    when: When::Before,
                }),
                data_safe: Some(true),
                contact: Some(self.t("help@example.edu")),
                technical: Some("SECRET-TECHNICAL PostgreSQL 15 to 16 on db1.internal".into()),
                ..Facts::default()
            },
            steps: vec![
                Step {
                    title: self.t("Stop the portal"),
                    done_at: began.then(|| start.instant()),
                },
                Step {
                    title: self.t("Upgrade the database"),
                    done_at: None,
                },
            ],
            lead: None,
            status,
            revision: 2,
            started_at: began.then(|| start.instant()),
            ended_at: status.is_over().then(|| end.instant()),
            start,
            end,
        }
    }

    fn public(&self, maintenance: Maintenance) -> PublicMaintenance {
        let sent = at("2026-11-20T17:00:00Z");
        PublicMaintenance {
            messages: vec![PublicMessage::plain(
                format!("m-{}", maintenance.id),
                "announcement",
                sent,
                &self.t("On Monday night we upgrade the student database. You cannot sign in to the student portal from 22:00 to 02:00.\n\nPlease save your work before we start."),
            )],
            maintenance,
            created_at: at("2026-11-18T18:00:00Z"),
            changed_at: sent,
        }
    }

    /// A page with everything on it.
    pub fn snapshot(&self) -> Snapshot {
        use maintenance::Status::{AwaitingApproval, Cancelled, Completed, InProgress, Scheduled};
        let works = [
            ("MNT-1", "Student database upgrade", 0, Scheduled),
            ("MNT-2", "New certificates for sign-in", 4, Scheduled),
            ("MNT-3", "Storage move, first phase", -7, InProgress),
            ("MNT-4", "Wireless controllers", -10, Completed),
            ("MNT-5", "Mail archive", -25, Cancelled),
            (
                "MNT-6",
                "SECRET-DRAFT nobody may know yet",
                9,
                AwaitingApproval,
            ),
        ];
        let mut maintenances: Vec<PublicMaintenance> = works
            .into_iter()
            .map(|(name, title, days, status)| {
                self.public(self.maintenance(name, title, days, status))
            })
            .collect();
        maintenances[2].maintenance.services = vec![id("files")];
        maintenances[3].maintenance.services = vec![id("wifi")];
        Snapshot {
            made_at: now(),
            organisation: Organisation {
                name: self.t("Example University"),
                time_zone: zone(),
                ..Organisation::default()
            },
            public_url: "https://status.example.edu".into(),
            services: self.services(),
            incidents: vec![
                PublicIncident::from(self.open_incident()),
                PublicIncident::from(self.closed_incident()),
            ],
            maintenances,
            demo: true,
        }
    }

    /// A page on a quiet day.
    pub fn quiet_snapshot(&self) -> Snapshot {
        let mut snapshot = self.snapshot();
        snapshot.incidents.remove(0);
        snapshot.maintenances.remove(2);
        snapshot
    }

    /// A page before anything was set up.
    pub fn empty_snapshot(&self) -> Snapshot {
        Snapshot {
            made_at: now(),
            organisation: Organisation::default(),
            public_url: "http://localhost:8080".into(),
            services: vec![],
            incidents: vec![],
            maintenances: vec![],
            demo: false,
        }
    }

    fn frame(&self, title: &str, nav: Nav) -> Frame {
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

    fn notice(
        &self,
        milestone: &str,
        offset: Option<&str>,
        status: &str,
        due: &str,
        counts: Counts,
    ) -> NoticeRow {
        NoticeRow {
            id: format!("n-{milestone}"),
            event: "MNT-1".into(),
            event_kind: "maintenance".into(),
            event_title: self.t("Student database upgrade"),
            milestone: milestone.into(),
            offset: offset.map(str::to_owned),
            audience: self.t("Students"),
            level: Level::NonTechnical,
            due: at(due),
            status: status.into(),
            because: self.t("5 business days before the start; 26 Nov is a holiday (Thanksgiving)"),
            counts,
        }
    }

    fn notices(&self) -> Vec<NoticeRow> {
        let sent = Counts {
            delivered: 10_412,
            accepted: 2_071,
            failed: 14,
            unknown: 3,
            suppressed: 88,
            ..Counts::default()
        };
        let going = Counts {
            queued: 8_410,
            accepted: 4_170,
            failed: 2,
            ..Counts::default()
        };
        vec![
            self.notice(
                "announcement",
                Some("5bd"),
                "sent",
                "2026-11-20T17:00:00Z",
                sent,
            ),
            self.notice(
                "reminder",
                Some("1bd"),
                "sending",
                "2026-11-23T17:20:00Z",
                going,
            ),
            self.notice(
                "final_reminder",
                Some("30min"),
                "planned",
                "2026-12-01T05:30:00Z",
                Counts::default(),
            ),
            self.notice(
                "start",
                None,
                "awaiting_approval",
                "2026-12-01T06:00:00Z",
                Counts::default(),
            ),
            self.notice(
                "progress",
                Some("50%"),
                "cancelled",
                "2026-12-01T08:00:00Z",
                Counts::default(),
            ),
        ]
    }

    fn deliveries(&self) -> Vec<DeliveryRow> {
        let attempt = |time: &str, outcome: &str, said: &str| Attempt {
            at: at(time),
            outcome: outcome.into(),
            server_said: self.t(said),
        };
        let row = |status, attempts| DeliveryRow {
            id: "d-1".into(),
            notice: "n-announcement".into(),
            event: "MNT-1".into(),
            milestone: "announcement".into(),
            contact: self.t("Alice Example"),
            channel: "email".into(),
            endpoint: self.t("alice@example.edu"),
            status,
            next_attempt: (status == DeliveryStatus::Queued).then(|| at("2026-11-23T17:50:00Z")),
            attempts,
            message_id: "<0123456789abcdefghjk@status.example.edu>".into(),
        };
        vec![
            row(
                DeliveryStatus::Queued,
                vec![attempt(
                    "2026-11-23T17:20:00Z",
                    "transient_failure",
                    "451 4.7.1 Greylisted, try again in 5 minutes",
                )],
            ),
            row(
                DeliveryStatus::Delivered,
                vec![attempt(
                    "2026-11-23T17:20:02Z",
                    "accepted",
                    "250 2.0.0 Ok: queued as 4F1C2",
                )],
            ),
            row(
                DeliveryStatus::Failed,
                vec![
                    attempt("2026-11-23T17:20:00Z", "transient_failure", "421 busy"),
                    attempt(
                        "2026-11-23T17:20:09Z",
                        "permanent_failure",
                        "550 5.1.1 No such user here",
                    ),
                ],
            ),
            row(
                DeliveryStatus::Unknown,
                vec![attempt("2026-11-23T17:20:00Z", "unknown", "")],
            ),
            row(DeliveryStatus::Suppressed, vec![]),
        ]
    }

    fn journal(&self) -> Vec<JournalRow> {
        let row = |number, time: &str, who: &str, what: &str, detail: Option<&str>| JournalRow {
            number,
            at: at(time),
            who: self.t(who),
            what: self.t(what),
            event: Some("MNT-1".into()),
            detail: detail.map(|d| self.t(d)),
        };
        vec![
            row(
                214,
                "2026-11-23T17:20:00Z",
                "engine",
                "The reminder to Students began to go out",
                Some("12,582 deliveries"),
            ),
            row(
                198,
                "2026-11-20T17:00:00Z",
                "engine",
                "The announcement to Students was sent",
                None,
            ),
            row(
                180,
                "2026-11-18T18:40:00Z",
                "registrar@example.edu",
                "Approved the maintenance",
                Some("Agreed at the change board on 12 November"),
            ),
            row(
                179,
                "2026-11-18T18:00:00Z",
                "sam@example.edu",
                "Planned the maintenance",
                None,
            ),
        ]
    }

    /// A plan with two audiences, a breach and a warning.
    pub fn plan(&self) -> Plan {
        let notice = |milestone: &str,
                      offset: Option<&str>,
                      audience: &str,
                      due: &str,
                      status: &str| PlannedNotice {
            milestone: milestone.into(),
            offset: offset.map(str::to_owned),
            stands_for: if milestone == "announcement" && audience == "On-call engineers" {
                vec!["5bd".into()]
            } else {
                vec![]
            },
            audience: self.t(audience),
            level: if audience == "Students" {
                Level::NonTechnical
            } else {
                Level::Technical
            },
            channels: vec!["email".into(), "sms".into()],
            due: at(due),
            because: self.t("1 business day before the start; 26 Nov is a holiday (Thanksgiving)"),
            status: status.into(),
        };
        let (s, e) = ("Students", "On-call engineers");
        Plan {
            window: Some((at("2026-12-01T06:00:00Z"), at("2026-12-01T10:00:00Z"))),
            inside_standard_window: Some(false),
            notices: vec![
                notice(
                    "announcement",
                    Some("5bd"),
                    s,
                    "2026-11-20T17:00:00Z",
                    "sent",
                ),
                notice("announcement", None, e, "2026-11-23T17:20:00Z", "sending"),
                notice(
                    "reminder",
                    Some("1bd"),
                    s,
                    "2026-11-27T17:00:00Z",
                    "planned",
                ),
                notice(
                    "reminder",
                    Some("1bd"),
                    e,
                    "2026-11-30T08:00:00Z",
                    "planned",
                ),
                notice(
                    "final_reminder",
                    Some("30min"),
                    s,
                    "2026-12-01T05:30:00Z",
                    "planned",
                ),
                notice(
                    "final_reminder",
                    Some("30min"),
                    e,
                    "2026-12-01T05:30:00Z",
                    "planned",
                ),
                notice("start", None, s, "2026-12-01T06:00:00Z", "planned"),
                notice("start", None, e, "2026-12-01T06:00:00Z", "planned"),
                notice(
                    "progress",
                    Some("50%"),
                    s,
                    "2026-12-01T08:00:00Z",
                    "planned",
                ),
                notice("completion", None, s, "2026-12-01T10:00:00Z", "planned"),
                notice("completion", None, e, "2026-12-01T10:00:00Z", "planned"),
            ],
            breaches: vec![BreachRow {
                audience: self.t(e),
                milestone: "announcement".into(),
                offset: "5bd".into(),
                late_by: SignedDuration::from_hours(33),
                earliest_compliant_start: at("2026-12-03T06:00:00Z"),
            }],
            reach: vec![
                Reach {
                    service: self.t("Student database"),
                    path: vec![self.t("Student database")],
                    audiences: vec![self.t(e)],
                },
                Reach {
                    service: self.t("Student portal"),
                    path: vec![self.t("Student database"), self.t("Student portal")],
                    audiences: vec![self.t(s)],
                },
            ],
            warnings: vec![Problem::new(
                "maintenance.end",
                self.t("The clocks change during the window"),
            )],
        }
    }

    fn choices(&self) -> Vec<Choice> {
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

    fn typed(&self, fields: &[(&str, &str)], problems: &[(&str, &str)]) -> Typed {
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
        screens
            .into_iter()
            .map(|(name, html)| (format!("console-{name}"), html))
            .collect()
    }

    fn lists(&self) -> Vec<(&'static str, String)> {
        let promise = |incident: &str, due: &str, who: Option<&str>| PromiseRow {
            incident: incident.into(),
            title: self.t("Student portal: sign-in fails for some"),
            severity: Severity::P1,
            status: Status::Identified,
            due: at(due),
            spokesperson: who.map(|w| self.t(w)),
        };
        let doubt = |what: &str, why: &str, grave| Doubt {
            what: self.t(what),
            why: self.t(why),
            link: "/console/deliveries?status=unknown".into(),
            grave,
        };
        let now_full = Now {
            frame: self.frame("Now", Nav::Now),
            promises: vec![
                promise("INC-9", "2026-11-23T17:18:00Z", Some("Ada King")),
                promise("INC-7", "2026-11-23T17:32:00Z", Some("Sam Ortiz")),
                promise("INC-8", "2026-11-23T19:00:00Z", None),
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
            promises: vec![],
            doubts: vec![],
            going_out: vec![],
            due_next: vec![],
            fresh: true,
        };
        let service_rows = self.services().into_iter().map(|service| ServiceRow {
            state: if service.id == *"portal" {
                ServiceState::PartialOutage
            } else {
                ServiceState::Operational
            },
            stands_on: if service.id == *"portal" {
                vec![self.t("Student database")]
            } else {
                vec![]
            },
            carries: if service.id == *"database" {
                vec![self.t("Student portal"), self.t("Course pages")]
            } else {
                vec![]
            },
            audiences: if service.id == *"video" {
                vec![]
            } else {
                vec![self.t("Students")]
            },
            service,
        });
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
            ("deliveries", DeliveryList { frame: self.frame("Deliveries", Nav::Deliveries), event: Some("MNT-1".into()), notice: None, channel: None, status: Some(DeliveryStatus::Failed), items: self.deliveries(), next: Some("abc".into()) }.render()),
            ("deliveries-empty", DeliveryList { frame: self.frame("Deliveries", Nav::Deliveries), event: None, notice: None, channel: None, status: None, items: vec![], next: None }.render()),
            ("services", ServiceList { frame: self.frame("Services", Nav::Services), items: service_rows.collect() }.render()),
            ("services-empty", ServiceList { frame: self.frame("Services", Nav::Services), items: vec![] }.render()),
            ("audiences", AudienceList { frame: self.frame("Audiences", Nav::Audiences), items: audience_rows.collect(), contacts: 12_640, endpoints: vec![("email".into(), 12_582), ("sms".into(), 8_410), ("webhook".into(), 12)], suppressed: 88 }.render()),
            ("audiences-empty", AudienceList { frame: self.frame("Audiences", Nav::Audiences), items: vec![], contacts: 0, endpoints: vec![], suppressed: 0 }.render()),
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
            ..page(AwaitingApproval)
        };
        let row = |incident: Incident| IncidentRow {
            services: vec![self.t("Student portal"), self.t("Sign-in")],
            incident,
        };
        let incident = |incident: Incident, typed: Typed| IncidentPage {
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
            incident,
            typed,
            notices: self.notices().into_iter().take(2).collect(),
            journal: self.journal(),
        };
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
        let form = |typed: Typed, preview| NewMaintenance {
            frame: self.frame("Plan maintenance", Nav::Maintenances),
            typed,
            services: self.choices(),
            kinds: self.kinds(),
            preview,
        };
        let declare = |typed: Typed| DeclareIncident {
            frame: self.frame("Declare an incident", Nav::Incidents),
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
                form(self.typed(&filled, &[]), Some(self.plan())).render(),
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
}
