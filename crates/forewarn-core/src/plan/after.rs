//! Notices from the start on: progress, completion, and what follows it.

use super::{Clock, Draft, Planner, before};
use crate::facts::When;
use crate::offset::Offset;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

/// More check-ins than this are no care but a newsletter.
const MOST_CHECK_INS: usize = 60;

impl Planner<'_> {
    /// Percentages of the window, only in windows worth it, and only those still to come.
    pub(super) fn progress(&self) -> Vec<Draft> {
        let length = self.end.duration_since(self.start);
        if length < self.input.policy.min_window {
            return Vec::new();
        }
        let percents = self.input.policy.progress.iter();
        percents
            .filter_map(|percent| {
                let due = self.start
                    + SignedDuration::from_millis(
                        (length.as_millis() * i128::from(*percent) / 100) as i64,
                    );
                let because = format!("{percent} percent of the window");
                (due >= self.input.now)
                    .then(|| Draft::new("progress", due, because).offset(format!("{percent}%")))
            })
            .collect()
    }

    pub(super) fn completion(&self) -> Draft {
        match self.input.maintenance.ended_at {
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

    /// Reminder of what clients must do afterwards, and check-ins.
    pub(super) fn after_completion(&mut self, clock: &Clock) -> Vec<Draft> {
        let done = self.input.maintenance.ended_at.unwrap_or(self.end);
        let date = clock.zone.at(done).date();
        let mut drafts = Vec::new();
        if self.clients_act_after()
            && let Some((_, due, on_the_way)) = self.business_days_after(clock, date, 1)
        {
            let because = format!("1 business day after completion: clients must act{on_the_way}");
            drafts.push(Draft::new("post_event_reminder", due, because));
        }
        if let Some(hypercare) = self.input.policy.hypercare {
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
        drafts
    }

    /// By the facts, or by the decision where that asks for the reminder.
    fn clients_act_after(&self) -> bool {
        let maintenance = self.input.maintenance;
        let action = maintenance.facts.action.as_ref();
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
