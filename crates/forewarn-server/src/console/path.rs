//! The way of planned work from what is known of it to what goes out: facts, decision, who, plan, messages, approval, send.

use super::preview::Shown;
use super::reach::Reached;
use super::{MaintenancePage, NewMaintenance, Plan};
use forewarn_core::maintenance::Status;

/// What would come of planned work that nothing has been stored of.
pub struct Prospect {
    /// Its plan.
    pub plan: Plan,
    /// Who would hear.
    pub told: Reached,
    /// What the first notice would say, each text once.
    pub messages: Vec<Shown>,
    /// Somebody must agree before anybody hears.
    pub waits: bool,
}

impl Prospect {
    pub(super) fn said(&self) -> &[Shown] {
        &self.messages
    }
}

/// A step of the way.
pub(super) struct Step {
    pub name: &'static str,
    /// Where it is taken; nowhere yet when empty.
    pub link: String,
    pub stands: Stands,
}

/// Where a step stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stands {
    Done,
    Now,
    Ahead,
}

impl Step {
    fn new(name: &'static str, link: &str, stands: Stands) -> Step {
        Step {
            name,
            link: link.to_owned(),
            stands,
        }
    }

    pub fn is_done(&self) -> bool {
        self.stands == Stands::Done
    }

    pub fn is_now(&self) -> bool {
        self.stands == Stands::Now
    }
}

impl NewMaintenance {
    /// The way, while nothing is stored.
    pub(super) fn steps(&self) -> Vec<Step> {
        use Stands::{Ahead, Done, Now};
        let Some(prospect) = &self.preview else {
            return vec![
                Step::new("Facts", "#facts", Now),
                Step::new("Decision", "", Ahead),
                Step::new("Who", "", Ahead),
                Step::new("Plan", "", Ahead),
                Step::new("Messages", "", Ahead),
                Step::new("Approval", "", Ahead),
                Step::new("Send", "", Ahead),
            ];
        };
        let approval = if prospect.waits { Ahead } else { Done };
        vec![
            Step::new("Facts", "#facts", Done),
            Step::new("Decision", "", Ahead),
            Step::new("Who", "#who", Now),
            Step::new("Plan", "#plan", Now),
            Step::new("Messages", "#messages", Now),
            Step::new("Approval", "", approval),
            Step::new("Send", "", Ahead),
        ]
    }
}

impl MaintenancePage {
    /// The way, until the first notice has gone out; nothing from then on.
    pub(super) fn steps(&self) -> Vec<Step> {
        use Stands::{Ahead, Done, Now};
        let waits = match self.maintenance.status {
            Status::AwaitingApproval => true,
            Status::Scheduled => false,
            Status::InProgress | Status::Completed | Status::Cancelled => return Vec::new(),
        };
        if !self.notices.is_empty() {
            return Vec::new();
        }
        let id = &self.maintenance.id;
        let home = |what: &str| format!("/console/maintenances/{id}/{what}");
        let decided = match self.maintenance.decision {
            Some(_) => Done,
            None => Now,
        };
        let (approval, send) = if waits { (Now, Ahead) } else { (Done, Now) };
        let agree = match waits {
            true => format!("/console/approvals/{id}"),
            false => String::new(),
        };
        vec![
            Step::new("Facts", "#facts", Done),
            Step::new("Decision", &home("decision"), decided),
            Step::new("Who", &home("reach"), Done),
            Step::new("Plan", "#plan", Done),
            Step::new("Messages", &format!("/console/events/{id}/preview"), Done),
            Step::new("Approval", &agree, approval),
            Step::new("Send", "#notices", send),
        ]
    }
}
