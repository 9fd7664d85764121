//! Rule 9: what a recorded decision makes of the plan.

use super::before::explain;
use super::{Clock, Draft, Notice, Planner, Told};
use crate::decision::{Recorded, Verdict, decide};
use crate::maintenance::Status;
use crate::offset::Offset;

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

    /// The decision asks for a reminder of what clients must do afterwards, whatever else the owners made of it.
    pub(super) fn decided_to_remind_after(&self) -> bool {
        self.decision().is_some_and(|decision| {
            let recommended = decide(&decision.answers);
            recommended.notices.contains(&"post_event_reminder")
        })
    }

    /// The leadership hears one business day before the first announcement, with it when that is late. What changes is told
    /// to it at once, as to everybody else who was told.
    pub(super) fn leadership(&mut self) {
        if !self.decision().is_some_and(Recorded::tells_leadership) {
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
        let clock = Clock::of(audience, self.input.catalogue);
        let mut drafts: Vec<Draft> = self.before_the_rest(&clock).into_iter().collect();
        let told_already = |n: &Notice| n.audience == LEADERSHIP && n.milestone != "leadership";
        if let Some(change) = self.input.change
            && !self.notices.iter().any(told_already)
        {
            drafts.push(self.told_at_once(change));
        }
        for draft in drafts {
            self.push(
                LEADERSHIP,
                audience.level,
                audience.first_channels(),
                &clock.zone,
                draft,
            );
        }
    }

    /// The notice before the first announcement, unless that was sent, or another of the day says it (rule 6).
    fn before_the_rest(&mut self, clock: &Clock) -> Option<Draft> {
        let before_start = matches!(
            self.input.maintenance.status,
            Status::AwaitingApproval | Status::Scheduled
        );
        let announcements = self
            .notices
            .iter()
            .filter(|n| n.milestone == "announcement");
        let first = announcements
            .map(|n| n.due)
            .min()
            .filter(|_| before_start)?;
        let day = clock.calendar.back(clock.zone.at(first).date(), 1);
        let (nominal, on_the_way) = match &day {
            Ok(day) => (
                self.on(day.date, &clock.zone),
                explain(day, Offset::BusinessDays(1)),
            ),
            Err(_) => (first, String::new()),
        };
        let (due, because) = match nominal < self.input.now {
            true => (
                first,
                "with the announcement: a business day before it has passed".to_owned(),
            ),
            false => (
                nominal,
                format!("1 business day before the announcement{on_the_way}"),
            ),
        };
        let told = Told {
            audience: LEADERSHIP.to_owned(),
            offset: LEADERSHIP.to_owned(),
            nominal,
        };
        if self.told.contains(&told) {
            return None;
        }
        let tells = (LEADERSHIP.to_owned(), nominal);
        let shares_day = |n: &&mut Notice| {
            n.audience == LEADERSHIP
                && matches!(n.milestone.as_str(), "announcement" | "reminder")
                && clock.zone.at(n.due).date() == clock.zone.at(due).date()
        };
        if let Some(stays) = self.notices.iter_mut().find(shares_day) {
            stays.stands_for.insert(0, LEADERSHIP.to_owned());
            stays.tells.insert(0, tells);
            return None;
        }
        Some(Draft {
            tells: vec![tells],
            ..Draft::new("leadership", due, because)
        })
    }
}
