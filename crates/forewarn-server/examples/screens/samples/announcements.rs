//! Screens of announced changes, with sample data.

use super::{Samples, at, id, zone};
use forewarn_core::announcement::Announcement;
use forewarn_core::announcement::Status;
use forewarn_core::contact::EmailAddress;
use forewarn_core::facts::{Action, Facts, When};
use forewarn_core::time::CivilTime;
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
            requesters: vec![EmailAddress::parse("SECRET-REQUESTER@example.edu").expect("one")],
            status: Status::Scheduled,
            revision: 1,
            closed_at: None,
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
        self.announced("ANN-1", "New sign-in page", "release", "2026-11-20T10:00")
            .take_effect(at("2026-11-20T18:00:00Z"))
            .expect("it is to come")
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
                    "The sign-in page is new.",
                    "2026-11-20T18:00:00Z",
                )],
            },
        ]
    }
}
