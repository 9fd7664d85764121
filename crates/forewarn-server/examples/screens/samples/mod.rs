//! Sample data for every screen: full, empty, with errors, and hostile. Used by the example and by the tests.

use forewarn_core::audience::{Audience, Level};
use forewarn_core::change_ahead::{ChangeAhead, ChangeKind};
use forewarn_core::country::Country;
use forewarn_core::document::{Node, Problems, parse_yaml};
use forewarn_core::facts::{Action, Facts, Question, When};
use forewarn_core::id::Id;
use forewarn_core::incident::{Declaration, Impact, Incident, NewUpdate, Severity, Status};
use forewarn_core::maintenance::{self, Maintenance, Step};
use forewarn_core::organisation::{Organisation, SelfServiceSms};
use forewarn_core::own_page::{Colour, Logo, OwnPage};
use forewarn_core::period::Period;
use forewarn_core::service::Service;
use forewarn_core::texts::{PlannedTexts, Texts};
use forewarn_core::time::{CivilTime, Zone};
use forewarn_server::status_page::{
    PublicChange, PublicIncident, PublicMaintenance, PublicMessage, Snapshot,
};
use jiff::Timestamp;
use std::collections::BTreeMap;

mod advisories;
mod announcements;
mod approvals;
mod calls;
mod changes;
mod console;
mod drafts;
mod editing;
mod outage_plans;
mod people;
mod planning;
mod postmortems;
mod previews;
mod private;
mod rows;
mod services;
mod templates;

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

/// What no page for everybody may show.
fn edited() -> PlannedTexts {
    let secret = (Level::Technical, "SECRET-EDIT on web3.internal".to_owned());
    PlannedTexts::ahead(Texts::from_iter([secret]))
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
- {id: engineers, name: On-call engineers, level: technical, channels: [chat, email], services: [database, sso], time_zone: Europe/Berlin, private_page: yes}
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
            cause: None,
            text: Some(self.t("Some of you cannot open the student portal or may be logged out. A disk in one of our servers failed, and we are replacing it; no data is lost.\n\nUntil it is done the portal may be slow or refuse to load. You do not need to do anything. We are sorry for the trouble.")),
            texts: Default::default(),
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

    /// The same with one more update, which can be undone for some seconds.
    pub fn waiting_incident(&self) -> Incident {
        let before = self.open_incident();
        let update = NewUpdate {
            status: Some(Status::Monitoring),
            facts: Facts::default(),
            cause: None,
            text: Some(self.t(
                "The new disk is in. You can sign in again; the portal may be slow for an hour.",
            )),
            texts: Default::default(),
            services: BTreeMap::new(),
            next_update_in: None,
        };
        let told = at("2026-11-23T17:24:09Z");
        let after = before
            .clone()
            .update(update, at("2026-11-23T18:24:00Z"), told);
        after.expect("a possible update").undoable(&before, now())
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
            cause: None,
            text: Some(self.t("The wireless works again in all of the library. A switch had lost its power. Nothing is lost; devices connect by themselves.")),
            texts: Default::default(),
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
            cause: None,
            effect: Some(self.t("Some people cannot sign in to the student portal.")),
            texts: Default::default(),
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
        let moved = |time: CivilTime| {
            let civil = time.civil.saturating_add(jiff::Span::new().days(days));
            CivilTime::new(civil, time.zone)
        };
        let end = CivilTime::parse("2026-12-01T02:00", &zone()).expect("a time");
        let (start, end) = (moved(start), moved(end));
        let began = matches!(
            status,
            maintenance::Status::InProgress | maintenance::Status::Completed
        );
        Maintenance {
            added: Default::default(),
            unseen: false,
            id: id(name),
            title: self.t(title),
            kind: "routine".into(),
            policy: None,
            exception: None,
            services: vec![id("database")],
            cause: None,
            change_request: Some(forewarn_core::change_request::ChangeRequest {
                number: "CHG-1042".into(),
                url: Some("https://changes.example.edu/CHG-1042".into()),
                state: forewarn_core::change_request::ChangeState::Approved,
                board: None,
                overridden: None,
            }),
            decision: None,
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
            texts: edited(),
            requesters: Vec::new(),
            lead: None,
            status,
            revision: 2,
            started_at: began.then(|| start.instant()),
            ended_at: status.is_over().then(|| end.instant()),
            pending: None,
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

    /// Changes whose time is not firm yet, and one that is over.
    fn changes(&self) -> Vec<PublicChange> {
        let entries = [
            (
                "sso",
                "New sign-in",
                ChangeKind::Release,
                "week of 2026-12-07",
            ),
            (
                "archive",
                "Old mail archive",
                ChangeKind::EndOfLife,
                "2027-Q3",
            ),
            ("maps", "Campus maps move", ChangeKind::Migration, "2026-12"),
            (
                "past",
                "Printers of last spring",
                ChangeKind::Release,
                "2026-05",
            ),
        ];
        let mut changes: Vec<PublicChange> = entries
            .into_iter()
            .map(|(name, title, kind, when)| PublicChange {
                change: ChangeAhead {
                    id: id(name),
                    title: self.t(title),
                    kind,
                    services: vec![id("sso"), id("portal")],
                    when: Period::parse(when).expect("a rough date"),
                    summary: Some(self.t("You sign in once for everything.")),
                    url: None,
                    maintenance: None,
                },
                changes: 2,
                changed_at: at("2026-11-20T17:00:00Z"),
            })
            .collect();
        changes[0].change.url = Some("https://www.example.edu/sign-in?a=1&b=2".into());
        changes
    }

    fn own_page(&self) -> OwnPage {
        OwnPage {
            accent: Some(Colour(0x1f, 0x5f, 0xbf)),
            // A round mark.
            logo: Logo::parse("data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCA4IDgiPjxjaXJjbGUgY3g9IjQiIGN5PSI0IiByPSI0IiBmaWxsPSIjMWY1ZmJmIi8+PC9zdmc+").ok(),
            about: Some(self.t("We write here as soon as something is wrong, at any hour.")),
            questions: vec![Question {
                question: self.t("Is my data safe while the portal is down?"),
                answer: self.t("Yes. What you had saved is there again afterwards."),
                level: Level::NonTechnical,
            }],
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
                sms: Some(SelfServiceSms {
                    countries: ["US", "CA"].map(|c| Country::parse(c).unwrap()).to_vec(),
                    daily_cap: 200,
                }),
                status_page: Some(self.own_page()),
                ..Organisation::default()
            },
            public_url: "https://status.example.edu".into(),
            services: self.services(),
            incidents: vec![
                PublicIncident::from(self.open_incident()),
                PublicIncident::from(self.closed_incident()),
            ],
            maintenances,
            phones: true,
            push: true,
            advisories: vec![
                self.public_advisory(self.advisory()),
                self.public_advisory(self.fixed_advisory()),
            ],
            announcements: self.public_announcements(),
            open_to: self.services().into_iter().map(|s| s.id).collect(),
            changes: self.changes(),
            demo: true,
            private: None,
        }
    }

    /// A page on a quiet day.
    pub fn quiet_snapshot(&self) -> Snapshot {
        let mut snapshot = self.snapshot();
        snapshot.incidents.remove(0);
        snapshot.maintenances.remove(2);
        snapshot.advisories.remove(0);
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
            advisories: vec![],
            announcements: vec![],
            open_to: vec![],
            phones: false,
            push: false,
            changes: vec![],
            demo: false,
            private: None,
        }
    }
}
