//! What waits for somebody to agree.

use super::{Samples, at};
use forewarn_core::approval::{Need, Standing};
use forewarn_core::audience::Level;
use forewarn_core::contact::Channel;
use forewarn_core::policy::Approver;
use forewarn_server::console::{ApprovalPage, ApproveByLink, Nav};
use forewarn_server::ops::approval::{Item, Text, Waiting};

impl Samples {
    /// Texts that owners must agree to, for very many readers.
    pub fn approval(&self) -> ApprovalPage {
        let notice = |milestone: &str, stale| Item {
            notice: "n1".into(),
            milestone: milestone.into(),
            offset: None,
            audience: "students".into(),
            due: at("2026-11-24T17:00:00Z"),
            status: "awaiting_approval".into(),
            hash: "4f".repeat(32),
            needed: vec![Need {
                role: Approver::ServiceOwner,
                holders: Vec::new(),
            }],
            given: Vec::new(),
            standing: Standing {
                missing: vec![Approver::ServiceOwner],
                stale,
            },
            texts: [Channel::Email, Channel::Sms]
                .map(|channel| self.said(channel))
                .to_vec(),
        };
        let notices = vec![notice("announcement", true), notice("reminder", false)];
        self.approval_of(notices, 12_640, 2)
    }

    /// What a restore held back, or nothing at all.
    pub fn approval_held(&self, held: usize) -> ApprovalPage {
        self.approval_of(Vec::new(), 0, held)
    }

    /// The same for whoever follows the link in a mail.
    pub fn approve_by_link(&self) -> ApproveByLink {
        let waiting = self.approval().waiting;
        ApproveByLink {
            organisation: self.t("Example University"),
            zone: self.frame("", Nav::Notices).zone,
            title: self.t("Student database upgrade"),
            action: "/approve/sample".into(),
            waiting,
        }
    }

    fn approval_of(&self, notices: Vec<Item>, recipients: i64, held: usize) -> ApprovalPage {
        ApprovalPage {
            frame: self.frame("Approve what is said", Nav::Notices),
            event_path: "/console/maintenances/MNT-1".into(),
            title: self.t("Student database upgrade"),
            waiting: Waiting {
                event: "MNT-1".into(),
                hash: "5a".repeat(10),
                recipients,
                count_needed: recipients > 1_000,
                approved: notices.is_empty(),
                notices,
            },
            held,
        }
    }

    fn said(&self, channel: Channel) -> Text {
        Text {
            level: Level::NonTechnical,
            channel,
            language: "en".into(),
            subject: self.t("Example University: Student portal maintenance, 30 Nov"),
            text: self.t("Planned maintenance will affect Student portal on Monday 30 November 2026.\n\n- What to expect: You cannot sign in."),
            html: String::new(),
        }
    }
}
