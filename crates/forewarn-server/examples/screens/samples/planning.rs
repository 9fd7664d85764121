//! The calendar, policies, and with what an installation runs.

use super::{Samples, at, now, zone};
use forewarn_core::document::{Problems, parse_yaml};
use forewarn_core::policy::{BUILT_IN, Policy};
use forewarn_core::problem::Problem;
use forewarn_server::console::{
    AccountsPage, CalendarEntry, CalendarKind, CalendarPage, CalendarRough, CalendarView, Nav,
    Plan, PolicyCard, PolicyList, Prospect, Secret, SettingsGroup, SettingsPage, Typed,
};
use forewarn_store::{KnownToken, KnownUser, Role};
use jiff::civil::{Date, date};

impl Samples {
    fn entry(
        &self,
        kind: CalendarKind,
        title: &str,
        start: &str,
        end: Option<&str>,
    ) -> CalendarEntry {
        let day = |text: &str| zone().at(at(text)).date();
        CalendarEntry {
            kind,
            title: self.t(title),
            status: (kind == CalendarKind::Work).then(|| "Planned".to_owned()),
            about: self.t("Student database"),
            link: Some("/console/maintenances/MNT-1".into()),
            first: day(start),
            last: day(end.unwrap_or(start)),
            times: Some((at(start), end.map(at))),
            clashes: Vec::new(),
        }
    }

    fn days(&self, kind: CalendarKind, title: &str, first: Date, last: Date) -> CalendarEntry {
        CalendarEntry {
            first,
            last,
            times: None,
            status: None,
            link: None,
            ..self.entry(kind, title, "2026-11-23T17:24:00Z", None)
        }
    }

    fn entries(&self) -> Vec<CalendarEntry> {
        use CalendarKind::{Announcement, Blackout, Rough, Window, Work};
        let clash = "overlaps with MNT-2 'Storage move' (Mon 30 Nov 2026, 23:00 to Tue 1 Dec 2026, 05:00, America/Los_Angeles): both affect Student portal";
        let night = "2026-12-01T06:00:00Z";
        let clashing = |title: &str, start: &str, end: &str| CalendarEntry {
            clashes: vec![self.t(clash)],
            ..self.entry(Work, title, start, Some(end))
        };
        let sundays = [
            ("2026-11-09T06:00:00Z", "2026-11-09T10:00:00Z"),
            ("2026-11-16T06:00:00Z", "2026-11-16T10:00:00Z"),
            ("2026-11-23T06:00:00Z", "2026-11-23T10:00:00Z"),
            ("2026-11-30T06:00:00Z", "2026-11-30T10:00:00Z"),
        ];
        let windows = sundays
            .map(|(start, end)| self.entry(Window, "Window of 3 services", start, Some(end)));
        let mut entries = windows.to_vec();
        entries.extend([
            self.entry(
                Work,
                "Sign-in: new certificate",
                "2026-11-05T14:00:00Z",
                Some("2026-11-05T14:30:00Z"),
            ),
            self.entry(Announcement, "Mail: new look", "2026-11-18T16:00:00Z", None),
            self.entry(
                Work,
                "Campus wireless: new access points in the library",
                "2026-11-25T01:00:00Z",
                Some("2026-11-26T03:00:00Z"),
            ),
            self.days(
                Blackout,
                "Thanksgiving",
                date(2026, 11, 26),
                date(2026, 11, 29),
            ),
            self.days(
                Rough,
                "Lecture recordings move",
                date(2026, 11, 24),
                date(2026, 11, 24),
            ),
            self.entry(
                Announcement,
                "Old course pages are switched off",
                "2026-11-30T17:00:00Z",
                None,
            ),
            clashing("Student database upgrade", night, "2026-12-01T10:00:00Z"),
            clashing(
                "Storage move",
                "2026-12-01T07:00:00Z",
                "2026-12-01T13:00:00Z",
            ),
            self.entry(
                Work,
                "Mail and calendar: restart",
                "2026-12-01T03:00:00Z",
                Some("2026-12-01T03:30:00Z"),
            ),
            self.entry(
                Work,
                "File shares: more room",
                "2026-12-01T04:00:00Z",
                Some("2026-12-01T05:30:00Z"),
            ),
        ]);
        entries.sort_by_key(|entry| (entry.first, entry.times));
        entries
    }

    fn calendar(&self, view: CalendarView, entries: Vec<CalendarEntry>) -> String {
        let rough = CalendarRough {
            title: self.t("New sign-in for everybody"),
            when: "December 2026".into(),
            link: "/console/changes/new-sign-in".into(),
        };
        let (first, end) = view.days(date(2026, 11, 23));
        let shown = entries.into_iter();
        let entries: Vec<_> = shown.filter(|e| e.first < end && e.last >= first).collect();
        CalendarPage {
            frame: self.frame("Calendar", Nav::Calendar),
            view,
            day: date(2026, 11, 23),
            rough: match entries.is_empty() {
                true => Vec::new(),
                false => vec![rough],
            },
            entries,
            plans: true,
        }
        .render()
    }

    fn policies(&self, problem: Option<&str>) -> String {
        let yaml = "
id: careful
for: {event: maintenance, kind: careful}
before: [10bd, 5bd, 1bd, 30min]
at: '08:00'
progress: [steps]
approval: {default: [service_owner], students: [service_owner, business_owner]}
hypercare: {for: 2w, every: 2bd}
";
        let node = &parse_yaml(yaml).expect("YAML")[0];
        let own = Policy::read(node, "", &mut Problems::default()).expect("a policy");
        let plans = |policy: &Policy| {
            matches!(
                policy.applies_to.event.as_str(),
                "maintenance" | "announcement"
            )
        };
        let card = |policy: &Policy, own| PolicyCard {
            policy: policy.clone(),
            own,
            example: plans(policy).then(|| Plan {
                warnings: Vec::new(),
                reach: Vec::new(),
                ..self.plan()
            }),
        };
        let built_in = BUILT_IN.iter().map(|policy| card(policy, false));
        PolicyList {
            frame: self.frame("Policies", Nav::Policies),
            start: problem.map_or("2026-11-30T22:00", |_| "some day").into(),
            problem: problem.map(|problem| self.t(problem)),
            service: "portal".into(),
            services: self.choices(),
            items: [card(&own, true)].into_iter().chain(built_in).collect(),
        }
        .render()
    }

    fn no_policies(&self) -> String {
        let empty = |policy: &Policy| PolicyCard {
            policy: policy.clone(),
            own: false,
            example: Some(Plan::default()),
        };
        PolicyList {
            frame: self.frame("Policies", Nav::Policies),
            start: "2026-11-30T22:00".into(),
            problem: None,
            service: String::new(),
            services: Vec::new(),
            items: BUILT_IN.iter().take(1).map(empty).collect(),
        }
        .render()
    }

    fn settings(&self, filled: bool) -> String {
        let value = |text: &str| match filled {
            true => self.t(text),
            false => String::new(),
        };
        let group = |name, set, items: Vec<(&str, String)>| SettingsGroup {
            name,
            set,
            items: items.into_iter().map(|(n, v)| (n.to_owned(), v)).collect(),
        };
        SettingsPage {
            frame: self.frame("Settings", Nav::Settings),
            groups: vec![
                group(
                    "Organisation",
                    "forewarn apply FILE",
                    vec![
                        ("Name", self.t("Example University")),
                        ("Time zone", "America/Los_Angeles".into()),
                        ("Public holidays", value("US")),
                        ("Languages", value("English, German, Arabic")),
                    ],
                ),
                group(
                    "Mail",
                    "flags of forewarn serve",
                    vec![
                        (
                            "Relays, in order",
                            value("smtp+starttls://forewarn:***@mail.example.edu:587"),
                        ),
                        ("Sender", value("status@example.edu")),
                        ("Signed with", value("fw2026._domainkey.example.edu")),
                    ],
                ),
            ],
        }
        .render()
    }

    fn accounts(&self, made: Option<Secret>, typed: Typed, manages: bool) -> String {
        let user = |name: &str, role| KnownUser {
            name: self.t(name),
            role,
            since: now(),
        };
        let token = |name: &str, role, expires| KnownToken {
            name: self.t(name),
            role,
            since: now(),
            expires,
        };
        let users = vec![
            user("admin", Role::Administrator),
            user("sam@example.edu", Role::Operator),
            user("registrar@example.edu", Role::Viewer),
        ];
        let tokens = vec![
            token("ci", Role::Operator, Some(at("2027-06-30T07:00:00Z"))),
            token("wallboard", Role::Viewer, None),
            token("old-script", Role::Viewer, Some(at("2026-11-01T07:00:00Z"))),
        ];
        AccountsPage {
            frame: self.frame("Who may sign in", Nav::Settings),
            made,
            typed,
            accounts: Some((users, tokens)),
            manages,
        }
        .render()
    }

    fn accounts_of_who_looks(&self) -> String {
        AccountsPage {
            frame: self.frame("Who may sign in", Nav::Settings),
            made: None,
            typed: Typed::default(),
            accounts: None,
            manages: false,
        }
        .render()
    }

    /// Just after somebody was added; and after everything was typed wrong.
    fn accounts_made(&self) -> String {
        let made = Secret {
            of: self.t("The password of sam@example.edu"),
            secret: "4hbt-9qvz-m2xd-7kcw".into(),
        };
        self.accounts(Some(made), Typed::default(), true)
    }

    fn accounts_wrong(&self) -> String {
        let field = |name: &str, value: &str| (name.to_owned(), self.t(value));
        let typed = Typed {
            fields: vec![field("user", "first start"), field("token", "ci")],
            problems: vec![
                Problem::new("user", "may have letters, digits and . - _ @ + only"),
                Problem::new("expires", "is over already"),
                Problem::new("current", "is not your password"),
                Problem::new("again", "is not the same"),
            ],
        };
        self.accounts(None, typed, true)
    }

    /// What planned work would bring, before it is stored.
    pub(super) fn prospect(&self) -> Prospect {
        Prospect {
            plan: self.plan(),
            told: self.reached(vec![
                self.told("students", 12_640, 12_582, Some("every address is gone")),
                self.told("engineers", 12, 12, None),
            ]),
            messages: self.preview().messages,
            waits: true,
        }
    }

    pub(super) fn planning(&self) -> Vec<(&'static str, String)> {
        use CalendarView::{Agenda, Month, Week};
        vec![
            ("calendar", self.calendar(Month, self.entries())),
            ("calendar-empty", self.calendar(Month, Vec::new())),
            ("calendar-week", self.calendar(Week, self.entries())),
            ("calendar-agenda", self.calendar(Agenda, self.entries())),
            ("calendar-agenda-empty", self.calendar(Agenda, Vec::new())),
            ("accounts", self.accounts(None, Typed::default(), true)),
            ("accounts-made", self.accounts_made()),
            ("accounts-error", self.accounts_wrong()),
            ("accounts-viewer", self.accounts_of_who_looks()),
            ("policies", self.policies(None)),
            (
                "policies-errors",
                self.policies(Some("The start must be a time such as 2026-11-30T22:00")),
            ),
            ("policies-empty", self.no_policies()),
            ("settings", self.settings(true)),
            ("settings-empty", self.settings(false)),
        ]
    }
}
