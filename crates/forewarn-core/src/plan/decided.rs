//! Rule 9: what a recorded decision makes of the plan.

use super::{CHANGE_SYSTEM, Clock, Draft, Planner, Told};
use crate::audience::Level;
use crate::contact::Channel;
use crate::decision::{Recorded, Verdict, decide};
use crate::maintenance::Status;

/// The audience that hears before the rest.
const LEADERSHIP: &str = "leadership";

/// Policies that give clients time to prepare.
const LONG_POLICIES: [&str; 3] = ["major", "migration", "end_of_life"];

impl Planner<'_> {
    fn decision(&self) -> Option<&Recorded> {
        self.input.maintenance.decision.as_ref()
    }

    /// Only the people who run the event hear of it.
    pub(super) fn tells_nobody(&self) -> bool {
        self.decision()
            .is_some_and(|d| d.verdict() == Verdict::NotNeeded)
    }

    /// Clients who must prepare on their side need more time than a routine change gives.
    pub(super) fn propose_policy(&mut self) {
        let proposed = self.decision().and_then(|d| decide(&d.answers).policy);
        let chosen = self.input.policy.id.as_str();
        if let Some(proposed) = proposed
            && !LONG_POLICIES.contains(&chosen)
        {
            self.warn(
                "maintenance.policy",
                format!("clients must act before the change: policy '{proposed}' is proposed, which tells them earlier than '{chosen}'"),
            );
        }
    }

    /// The change system is told of the outage and its period, again when the window moves, and when nothing comes of it.
    pub(super) fn planned_outage(&mut self) {
        let maintenance = self.input.maintenance;
        let organisation = &self.input.catalogue.organisation;
        let planned = self
            .decision()
            .is_none_or(|d| decide(&d.answers).planned_outage);
        if organisation.change_system.is_none() || maintenance.change_request.is_none() || !planned
        {
            return;
        }
        let now = self.input.now;
        let draft = match (maintenance.status, self.input.change.map(|c| c.milestone)) {
            (Status::Cancelled, Some("cancellation")) => {
                Draft::new("cancellation", now, "the change system is told at once")
            }
            (Status::Cancelled | Status::Completed, _) => return,
            _ => Draft::new(
                "planned_outage",
                now,
                "the change system is told of the period at once, and again when it moves",
            ),
        };
        let zone = organisation.time_zone.clone();
        let channels = vec![Channel::Webhook];
        self.push(CHANGE_SYSTEM, Level::Technical, channels, &zone, draft);
    }

    /// The leadership hears one business day before the first announcement, with it when that is late.
    pub(super) fn leadership(&mut self) {
        let before_start = matches!(
            self.input.maintenance.status,
            Status::AwaitingApproval | Status::Scheduled
        );
        if !before_start || !self.decision().is_some_and(Recorded::tells_leadership) {
            return;
        }
        let audiences = &self.input.catalogue.audiences;
        let Some(audience) = audiences.iter().find(|a| a.id == *LEADERSHIP) else {
            self.warn(
                "maintenance.decision",
                "the leadership should hear first, and there is no audience 'leadership'",
            );
            return;
        };
        let announcements = self
            .notices
            .iter()
            .filter(|n| n.milestone == "announcement");
        let Some(first) = announcements.map(|n| n.due).min() else {
            return;
        };
        let clock = Clock::of(audience, self.input.catalogue);
        let day = clock.calendar.back(clock.zone.at(first).date(), 1);
        let nominal = day.map_or(first, |day| self.on(day.date, &clock.zone));
        let (due, because) = match nominal < self.input.now {
            true => (
                first,
                "with the announcement: a business day before it has passed",
            ),
            false => (nominal, "1 business day before the announcement"),
        };
        let told = Told {
            audience: LEADERSHIP.to_owned(),
            offset: LEADERSHIP.to_owned(),
            nominal,
        };
        if self.told.contains(&told) {
            return;
        }
        let draft = Draft {
            tells: vec![(LEADERSHIP.to_owned(), nominal)],
            ..Draft::new("leadership", due, because)
        };
        let (id, level, channels) = (
            audience.id.to_string(),
            audience.level,
            audience.first_channels(),
        );
        self.push(&id, level, channels, &clock.zone, draft);
    }
}
