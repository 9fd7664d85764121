//! Notices from the start on: progress, completion, and what follows it.

use super::{Clock, Draft, INTERNAL, Phase, Planner, before};
use crate::audience::Level;
use crate::contact::Channel;
use crate::facts::When;
use crate::offset::Offset;
use crate::policy::Progress;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// More progress notices than this in one window nobody reads; the rest is left out.
const MOST_PROGRESS: u32 = 100;

/// More check-ins than this are no care but a newsletter.
const MOST_CHECK_INS: usize = 60;

impl Planner<'_> {
    /// As the policy says, only in windows worth it. What hangs on the clock is told only if it is still to come.
    pub(super) fn progress(&self) -> Vec<Draft> {
        let length = self.end.duration_since(self.start);
        if length < self.input.policy.min_window {
            return Vec::new();
        }
        let mut drafts: Vec<Draft> = Vec::new();
        for progress in &self.input.policy.progress {
            match *progress {
                Progress::Percent(percent) => {
                    let part = length.as_millis() * i128::from(percent) / 100;
                    let due = self.start + SignedDuration::from_millis(part as i64);
                    let because = format!("{percent} percent of the window");
                    drafts.push(Draft::new("progress", due, because).offset(progress));
                }
                Progress::Every(minutes) => drafts.extend(self.every(minutes, length)),
                Progress::Steps => {}
            }
        }
        // Of two ways to tell at one moment the first in the policy does.
        let mut moments = BTreeSet::new();
        drafts.retain(|draft| draft.due >= self.input.now && moments.insert(draft.due));
        if self.input.policy.progress.contains(&Progress::Steps) {
            drafts.extend(self.steps_done());
        }
        drafts
    }

    /// Every so many minutes between the start and the end.
    fn every(&self, minutes: u32, length: SignedDuration) -> impl Iterator<Item = Draft> {
        let start = self.start;
        (1..=MOST_PROGRESS)
            .map(move |n| n * minutes)
            .map(|passed| (passed, SignedDuration::from_mins(passed.into())))
            .take_while(move |(_, after)| *after < length)
            .map(move |(passed, after)| {
                let interval = Offset::Minutes(minutes).words();
                let passed = Offset::Minutes(passed);
                let because = format!("{} after the start, every {interval}", passed.words());
                Draft::new("progress", start + after, because).offset(passed)
            })
    }

    /// A step is told when it is ticked off, so its notice is due then.
    fn steps_done(&self) -> impl Iterator<Item = Draft> {
        let steps = self.input.planned.work.map_or(&[][..], |work| &work.steps);
        let under_way = matches!(self.input.planned.phase, Phase::UnderWay(_));
        let all = steps.iter().zip(1..).filter(move |_| under_way);
        all.filter_map(|(step, n)| {
            let because = format!("step {n} of {} is done: {}", steps.len(), step.title);
            let done_at = step.done_at?;
            Some(Draft::new("progress", done_at, because).offset(format!("step {n}")))
        })
    }

    /// By the notice of the start work begins. Where no audience hears that, the people who run it do.
    pub(super) fn begins(&mut self) {
        let told = self.notices.iter().any(|n| n.milestone == "start");
        if told || self.input.planned.phase != Phase::Ahead {
            return;
        }
        let zone = self.input.catalogue.organisation.time_zone.clone();
        let due = self.start.max(self.input.now);
        let draft = Draft::new("start", due, "the start: no audience hears of it");
        let channels = vec![Channel::Email];
        self.push(INTERNAL, Level::Technical, channels, &zone, draft);
    }

    /// When it was done or called off.
    fn ended_at(&self) -> Option<Timestamp> {
        self.input.planned.work.and_then(|work| work.ended_at)
    }

    pub(super) fn completion(&self) -> Draft {
        match self.ended_at() {
            Some(at) => Draft::new("completion", at, "work is complete"),
            None => Draft {
                held: true,
                ..Draft::new(
                    "completion",
                    self.end.max(self.input.now),
                    "when work is complete; expected at the promised end",
                )
            },
        }
    }

    /// Reminder of what clients must do afterwards, and check-ins. Until work is complete their times are only expected, and they wait.
    pub(super) fn after_completion(&mut self, clock: &Clock) -> Vec<Draft> {
        let expected = self.end.max(self.input.now);
        let done = self.ended_at().unwrap_or(expected);
        let date = clock.zone.at(done).date();
        let mut drafts = Vec::new();
        if self.clients_act_after()
            && let Some((_, due, on_the_way)) = self.business_days_after(clock, date, 1)
        {
            let because = format!("1 business day after completion: clients must act{on_the_way}");
            drafts.push(Draft::new("post_event_reminder", due, because));
        }
        if let Some(hypercare) = &self.input.policy.hypercare {
            let every = match hypercare.every {
                Offset::BusinessDays(n) => n,
                _ => 2,
            };
            let last = before::step_forward(date, hypercare.lasts);
            let mut n = every;
            while let Some((day, due, on_the_way)) = self.business_days_after(clock, date, n) {
                if day > last || drafts.len() > MOST_CHECK_INS {
                    break;
                }
                let words = Offset::BusinessDays(n).words();
                let because = format!("{words} after completion{on_the_way}");
                drafts.push(Draft::new("hypercare", due, because).offset(format!("{n}bd")));
                n += every;
            }
        }
        drafts.retain(|draft| draft.due >= self.input.now);
        let held = self.ended_at().is_none();
        drafts.iter_mut().for_each(|draft| draft.held = held);
        drafts
    }

    /// By the facts, or by the decision where that asks for the reminder.
    fn clients_act_after(&self) -> bool {
        let action = self.input.planned.action;
        action.is_some_and(|action| action.when != When::Before) || self.decided_to_remind_after()
    }

    /// The date, the policy's time of day on it, and the holidays on the way there.
    fn business_days_after(
        &mut self,
        clock: &Clock,
        date: Date,
        n: u32,
    ) -> Option<(Date, Timestamp, String)> {
        match clock.calendar.after(date, n) {
            Ok(stepped) => {
                let on_the_way = before::explain(&stepped, Offset::BusinessDays(n));
                Some((stepped.date, self.on(stepped.date, &clock.zone), on_the_way))
            }
            Err(problem) => {
                self.warn("maintenance.end", problem.to_string());
                None
            }
        }
    }
}
