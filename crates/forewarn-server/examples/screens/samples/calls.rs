//! The call list and what was confirmed.

use super::Samples;
use forewarn_core::call_list::CallOutcome;
use forewarn_core::contact::Channel;
use forewarn_server::console::{CallListPage, Nav};
use forewarn_server::ops::acknowledgement::Confirmations;
use forewarn_server::ops::call_list::{Called, Line};

impl Samples {
    pub fn calls(&self) -> CallListPage {
        let incident = self.open_incident();
        let called = |outcome, note: Option<&str>| Called {
            outcome,
            note: note.map(|note| self.t(note)),
            by: self.t("Kim Lee"),
            at: incident.declared_at,
        };
        let line = |name: &str, number: Option<&str>, last: Option<Called>, next| {
            Line {
            contact: name.to_lowercase().replace(' ', "-"),
            name: self.t(name),
            number: number.map(str::to_owned),
            service: "portal".into(),
            script: self.t(
                "Example University, Student portal: You cannot sign in. We are working on it. Next update by 10:00 PST (UTC-08:00).",
            ),
            last,
            automatic: vec![("voice".into(), "failed".into())],
            otherwise: vec![Channel::Sms, Channel::Email],
            next,
        }
        };
        let reached = called(CallOutcome::Reached, None);
        let missed = called(
            CallOutcome::NoAnswer,
            Some("The secretary will ask them to call back."),
        );
        CallListPage {
            frame: self.frame("Call list", Nav::Incidents),
            lines: vec![
                line("The President", Some("+14155550100"), Some(reached), false),
                line("Press office", Some("+14155550101"), Some(missed), false),
                line("Registrar", Some("+14155550102"), None, true),
                line("Somebody without a number", None, None, false),
            ],
            incident,
        }
    }

    pub fn confirmations(&self) -> Vec<Confirmations> {
        vec![Confirmations {
            notice: "n1".into(),
            milestone: "holding".into(),
            audience: "deans".into(),
            audience_name: self.t("Deans"),
            needed: 5,
            asked: 12,
            confirmed: 4,
            reached: false,
            people: Vec::new(),
            missing: ["Arts", "Law", "Medicine"]
                .map(|name| self.t(name))
                .to_vec(),
            reminded: true,
        }]
    }
}
