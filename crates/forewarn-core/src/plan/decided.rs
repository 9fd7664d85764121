//! Rule 9: what a recorded decision makes of the plan.

use super::before::explain;
use super::{CHANGE_SYSTEM, Clock, Draft, Notice, Phase, Planner, Told};
use crate::audience::Level;
use crate::contact::Channel;
use crate::decision::{Recorded, Verdict, decide};
use crate::offset::Offset;
use crate::policy::{self, Policy};
use jiff::Timestamp;

/// The audience that hears before the rest where a decision says so, and the place of the notice by which it does.
pub const LEADERSHIP: &str = "leadership";

impl Planner<'_> {
    fn decision(&self) -> Option<&Recorded> {
        self.input.planned.work?.decision.as_ref()
    }

    /// Only the people who run the event hear of it.
    pub(super) fn tells_nobody(&self) -> bool {
        self.decision()
            .is_some_and(|d| d.verdict() == Verdict::NotNeeded)
    }

    /// Clients who must prepare on their side need more time than a routine change gives: a policy that tells them sooner is
    /// proposed, whatever the chosen one is called.
    pub(super) fn propose_policy(&mut self) {
        let Some(id) = self.decision().and_then(|d| decide(&d.answers).policy) else {
            return;
        };
        let catalogue = self.input.catalogue;
        let Some(proposed) = policy::find(id, &catalogue.policies) else {
            return;
        };
        let clock = Clock::of_organisation(catalogue);
        let (start, chosen) = (self.start, self.input.policy);
        let mut first = |policy: &Policy| {
            let offset = *policy.before.first()?;
            let is_ahead = offset != Offset::AtOnce;
            is_ahead.then(|| self.due(offset, start, &clock).0)
        };
        let (wanted, given) = (first(proposed), first(chosen));
        if wanted.is_some_and(|wanted| given.is_none_or(|given| wanted < given)) {
            let chosen = &chosen.id;
            self.warn(
                "maintenance.policy",
                format!("clients must act before the change: policy '{id}' is proposed, which tells them earlier than '{chosen}'"),
            );
        }
    }

    /// The change system is told of the outage and its period, again when the window moves, and when nothing comes of it.
    pub(super) fn planned_outage(&mut self) {
        let planned = self.input.planned;
        let organisation = &self.input.catalogue.organisation;
        let outage = self
            .decision()
            .is_none_or(|d| decide(&d.answers).planned_outage);
        let asked = planned.work.is_some_and(|w| w.change_request.is_some());
        if organisation.change_system.is_none() || !asked || !outage {
            return;
        }
        let now = self.input.now;
        // It heard of the outage also while nobody else was told.
        let unseen = planned.work.is_some_and(|work| work.unseen);
        let draft = match (planned.phase, self.input.change.map(|c| c.milestone)) {
            (Phase::Off, change) if unseen || change == Some("cancellation") => {
                Draft::new("cancellation", now, "the change system is told at once")
            }
            (Phase::Off | Phase::Done(_), _) => return,
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
        let to_them = |planner: &mut Self, draft| {
            let channels = audience.first_channels();
            planner.push(LEADERSHIP, audience.level, channels, &clock.zone, draft);
        };
        let is_told = self.notices.iter().any(|n| n.audience == LEADERSHIP);
        if let Some(change) = self.input.change.filter(|_| !is_told) {
            let draft = self.told_at_once(change);
            to_them(self, draft);
        }
        if let Some(draft) = self.before_the_rest(&clock) {
            to_them(self, draft);
        }
    }

    /// The notice before the first announcement, unless that was sent, or another of the day says it (rule 6).
    fn before_the_rest(&mut self, clock: &Clock) -> Option<Draft> {
        let first = self.first_announcement?;
        let (nominal, on_the_way) = match clock.calendar.back(clock.zone.at(first).date(), 1) {
            Ok(day) => (
                self.on(day.date, &clock.zone),
                explain(&day, Offset::BusinessDays(1)),
            ),
            Err(_) => (first, String::new()),
        };
        let offset = self.input.policy.before.first()?;
        let told = Told {
            audience: LEADERSHIP.to_owned(),
            offset: LEADERSHIP.to_owned(),
            // What is announced at once has no time of its own; the start does.
            nominal: match offset {
                Offset::AtOnce => self.start,
                _ => nominal,
            },
        };
        if self.told.contains(&told) {
            return None;
        }
        let (due, because) = if nominal >= self.input.now {
            let because = format!("1 business day before the announcement{on_the_way}");
            (nominal, because)
        } else if let Some(with) = self.announced_next(&offset.to_string()) {
            let because = "with the announcement: a business day before it has passed";
            (with, because.to_owned())
        } else {
            (
                self.input.now,
                "at once: the announcement is out".to_owned(),
            )
        };
        let tells = (told.offset, told.nominal);
        let change = self.input.change.map(|change| change.milestone);
        let says_it = |n: &&mut Notice| {
            n.audience == LEADERSHIP
                && match n.milestone.as_str() {
                    "announcement" | "reminder" => {
                        clock.zone.at(n.due).date() == clock.zone.at(due).date()
                    }
                    milestone => Some(milestone) == change && n.due == due,
                }
        };
        if let Some(stays) = self.notices.iter_mut().find(says_it) {
            stays.stands_for.insert(0, LEADERSHIP.to_owned());
            stays.tells.insert(0, tells);
            return None;
        }
        Some(Draft {
            tells: vec![tells],
            ..Draft::new("leadership", due, because)
        })
    }

    /// When the announcement goes out that still has to, alone or with another notice.
    fn announced_next(&self, offset: &str) -> Option<Timestamp> {
        let announces = |n: &&Notice| {
            n.milestone == "announcement" || n.stands_for.iter().any(|stands| stands == offset)
        };
        let announcements = self.notices.iter().filter(announces);
        announcements.map(|n| n.due).min()
    }
}
