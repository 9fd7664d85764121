//! Screens of announced changes, with sample data.

use super::{Samples, at, edited, id, now, zone};
use forewarn_core::announcement::{Announcement, Status};
use forewarn_core::audience::Level;
use forewarn_core::contact::EmailAddress;
use forewarn_core::facts::{Action, Facts, When};
use forewarn_core::time::CivilTime;
use forewarn_core::undo::Undoable;
use forewarn_server::console::*;
use forewarn_server::status_page::{PublicAnnouncement, PublicMessage};

impl Samples {
    fn announced(&self, name: &str, title: &str, kind: &str, effective: &str) -> Announcement {
        Announcement {
            id: id(name),
            title: self.t(title),
            kind: kind.into(),
            policy: None,
            exception: None,
            services: vec![id("portal")],
            cause: None,
            effective: CivilTime::parse(effective, &zone()).expect("a time"),
            facts: Facts {
                effect: Some(self.t("Marks stand on the first page, and the old export is gone.")),
                why: Some(self.t("Most of you look for marks first.")),
                action: Some(Action {
                    what: self.t("Save your old exports before that day."),
                    when: When::Before,
                }),
                contact: Some(self.t("help@example.edu")),
                technical: Some("SECRET-TECHNICAL portal 5.0.0 on web3.internal".into()),
                ..Facts::default()
            },
            texts: edited(),
            requesters: vec![EmailAddress::parse("SECRET-REQUESTER@example.edu").expect("one")],
            status: Status::Scheduled,
            revision: 1,
            closed_at: None,
            added: Default::default(),
            pending: None,
        }
    }

    /// A release that is to come.
    pub fn announcement(&self) -> Announcement {
        self.announced(
            "ANN-2",
            "Version 5 of the student portal",
            "release",
            "2026-12-08T10:00",
        )
    }

    /// A release that is there.
    pub fn announcement_in_effect(&self) -> Announcement {
        self.announced(
            "ANN-1",
            "Printing from telephones",
            "release",
            "2026-11-20T10:00",
        )
        .take_effect(at("2026-11-20T18:00:00Z"))
        .expect("it is to come")
    }

    pub(super) fn announcements(&self) -> Vec<(&'static str, String)> {
        let services = || vec![self.t("Student portal")];
        let row = |announcement| AnnouncementRow {
            announcement,
            services: services(),
        };
        let list = |ahead, past| AnnouncementList {
            frame: self.frame("Announcements", Nav::Announcements),
            ahead,
            past,
        };
        let page = |announcement: Announcement, typed| AnnouncementPage {
            frame: self.frame(&announcement.title, Nav::Announcements),
            version: 2,
            services: services(),
            typed,
            plan: self.announced_plan(),
            notices: Vec::new(),
            journal: Vec::new(),
            added: vec![self.t("press@example.org, plain words")],
            audiences: self.choices(),
            announcement,
        };
        let kind = |id: &str, name: &str| Choice {
            id: id.into(),
            name: name.into(),
            group: None,
        };
        let form = |typed, preview| NewAnnouncement {
            levels: self.levels(),
            frame: self.frame("Announce a change", Nav::Announcements),
            typed,
            services: self.choices(),
            kinds: vec![
                kind("release", "Release: 5 business days before"),
                kind("end_of_life", "End of life: 1 year, 6 months before"),
            ],
            preview,
        };
        let filled = [
            ("title", "Version 5 of the student portal"),
            ("services", "portal"),
            ("facts.effect", "Marks stand on the first page."),
        ];
        let wrong = [("announcement.effective", "is missing")];
        let refused = self.typed(&[("reason", "x")], &[("effective", "is missing")]);
        let told = at("2026-11-23T17:24:09Z");
        let cancelled = self.announcement().cancel(told).expect("it is to come");
        let cancelled = cancelled.undoable(self.announcement(), told, now());
        let ahead = vec![row(self.announcement())];
        let past = vec![row(self.announcement_in_effect())];
        vec![
            ("announcements", list(ahead, past).render()),
            ("announcements-empty", list(Vec::new(), Vec::new()).render()),
            ("new-announcement", form(Typed::default(), None).render()),
            (
                "new-announcement-errors",
                form(self.typed(&filled, &wrong), None).render(),
            ),
            (
                "new-announcement-seen",
                form(self.typed(&filled, &[]), Some(self.announced_plan())).render(),
            ),
            (
                "announcement",
                page(self.announcement(), Typed::default()).render(),
            ),
            (
                "announcement-errors",
                page(self.announcement(), refused).render(),
            ),
            (
                "announcement-undo",
                page(cancelled, Typed::default()).render(),
            ),
            (
                "announcement-in-effect",
                page(self.announcement_in_effect(), Typed::default()).render(),
            ),
        ]
    }

    fn announced_plan(&self) -> Plan {
        let notice =
            |milestone: &str, offset: Option<&str>, due: &str, because: &str| PlannedNotice {
                milestone: milestone.into(),
                offset: offset.map(str::to_owned),
                stands_for: Vec::new(),
                audience: self.t("Students"),
                level: Level::NonTechnical,
                channels: vec!["email".into()],
                due: at(due),
                because: because.into(),
                status: "planned".into(),
            };
        let before = "5 business days before it takes effect";
        Plan {
            notices: vec![
                notice("announcement", Some("5bd"), "2026-12-01T17:00:00Z", before),
                notice("effective", None, "2026-12-08T18:00:00Z", "it takes effect"),
            ],
            ..Plan::default()
        }
    }

    /// What the public reads of both.
    pub fn public_announcements(&self) -> Vec<PublicAnnouncement> {
        let message = |name: &str, milestone: &str, said: &str, when: &str| {
            PublicMessage::plain(name, milestone, at(when), &self.t(said))
        };
        vec![
            PublicAnnouncement {
                announcement: self.announcement(),
                created_at: at("2026-11-21T17:00:00Z"),
                changed_at: at("2026-11-21T17:00:00Z"),
                messages: Vec::new(),
            },
            PublicAnnouncement {
                announcement: self.announcement_in_effect(),
                created_at: at("2026-11-10T17:00:00Z"),
                changed_at: at("2026-11-20T18:00:00Z"),
                messages: vec![message(
                    "announced-1",
                    "effective",
                    "You can print from your telephone.",
                    "2026-11-20T18:00:00Z",
                )],
            },
        ]
    }
}
