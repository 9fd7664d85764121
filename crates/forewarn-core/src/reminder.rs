//! What people of ours are reminded of: an outage plan that is to be looked at again, an action that follows from an incident.
//!
//! Each thing with its day is an event of its own: a later reminder of it takes the place of an earlier one that still waits, and
//! no other message does. Another day is another event. Nothing public shows them.

use crate::contact::EmailAddress;
use crate::id::{Id, derive};
use crate::incident::Incident;
use crate::message::{By, Task};
use crate::outage_plan::OutagePlan;
use crate::postmortem::Action;
use crate::time::{CivilTime, Zone};
use jiff::Timestamp;
use jiff::civil::{Date, Time, time};
use serde::{Deserialize, Serialize};

/// The notice that an outage plan is to be looked at again.
pub const PLAN_REVIEW: &str = "plan_review";

/// The notice that an action after an incident is to be done.
pub const ACTION_DUE: &str = "action_due";

/// When reminders go out, on the organisation's clocks.
pub(crate) const TIME_OF_DAY: Time = time(9, 0, 0, 0);

/// A title is one line of a list; what is to be done may be longer.
const MOST_TITLE: usize = 100;

/// Something that people of ours are reminded of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminder {
    /// Derived from what it is about and its day.
    pub id: Id,
    /// `Outage plan of Student portal`
    pub title: String,
    /// What it is about.
    pub about: About,
    /// The services concerned.
    pub services: Vec<Id>,
    /// The day by which it is to be done, with the time of day at which people are told.
    pub due: CivilTime,
    /// Who is told.
    pub to: Vec<EmailAddress>,
    /// It is done, or another day is set.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dropped: bool,
}

/// What a reminder is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum About {
    /// The outage plan of a service is to be looked at again.
    Review {
        /// The service.
        service: Id,
    },
    /// Something was said to change after an incident.
    Action {
        /// The incident.
        incident: Id,
        /// The action's number.
        number: i64,
        /// What is to be done.
        what: String,
        /// Who does it.
        owner: String,
    },
}

impl Reminder {
    /// That a service's outage plan is to be looked at again by a day. `zone` is the organisation's.
    pub fn of_review(plan: &OutagePlan, day: Date, to: Vec<EmailAddress>, zone: &Zone) -> Reminder {
        Reminder {
            id: id("REV", day, &[plan.service.as_str()], &plan.service),
            title: format!("Outage plan of {}", plan.name),
            services: vec![plan.service.clone()],
            about: About::Review {
                service: plan.service.clone(),
            },
            due: CivilTime::new(day.to_datetime(TIME_OF_DAY), zone.clone()),
            to,
            dropped: false,
        }
    }

    /// That an action of an incident is to be done by a day.
    pub fn of_action(
        incident: &Incident,
        (number, action): (i64, &Action),
        day: Date,
        to: Vec<EmailAddress>,
        zone: &Zone,
    ) -> Reminder {
        let number_text = number.to_string();
        let parts = [incident.id.as_str(), number_text.as_str()];
        let mut title: String = action.what.chars().take(MOST_TITLE).collect();
        if title.len() < action.what.len() {
            title.push('\u{2026}');
        }
        Reminder {
            id: id("ACT", day, &parts, &incident.id),
            title,
            services: incident.services.keys().cloned().collect(),
            about: About::Action {
                incident: incident.id.clone(),
                number,
                what: action.what.clone(),
                owner: action.owner.clone(),
            },
            due: CivilTime::new(day.to_datetime(TIME_OF_DAY), zone.clone()),
            to,
            dropped: false,
        }
    }

    /// The day by which it is to be done.
    pub fn day(&self) -> Date {
        self.due.civil.date()
    }

    /// Where people do it, in the console.
    pub fn path(&self) -> String {
        match &self.about {
            About::Review { service } => format!("/console/services/{service}/outage-plan"),
            About::Action { .. } => "/console/actions".to_owned(),
        }
    }

    /// What its reader is to do, as it stands at a moment.
    pub(crate) fn task(&self, at: Timestamp) -> Task {
        let (what, owner) = match &self.about {
            About::Review { .. } => (String::new(), None),
            About::Action { what, owner, .. } => (what.clone(), Some(owner.clone())),
        };
        Task {
            what,
            by: By::Day(self.day()),
            overdue: self.due.zone.at(at).date() > self.day(),
            owner,
            notice: None,
        }
    }
}

/// Letters, digits and hyphens: always an id.
fn id(prefix: &str, day: Date, parts: &[&str], fallback: &Id) -> Id {
    let mut named = vec!["reminder", prefix];
    named.extend(parts);
    let id = format!("{prefix}-{day}-{}", derive(&named));
    Id::parse(&id).unwrap_or_else(|_| fallback.clone())
}
