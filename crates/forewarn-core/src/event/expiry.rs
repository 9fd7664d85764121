//! Until when what a notice says has a meaning, and how long it can wait for the end of somebody's night.

use super::Event;
use crate::incident::Severity;
use crate::plan::{COPY_DUE, Notice, PROMISE_WARNING, is_team_notice};
use crate::promise::Thread;
use jiff::Timestamp;

/// How long a reminder can wait for a mail server.
const REMINDS_FOR: jiff::SignedDuration = jiff::SignedDuration::from_hours(24 * 14);

impl Event {
    /// When what a notice of it says loses its meaning: that a text is due, when it is.
    pub fn expiry(&self, notice: &Notice) -> Timestamp {
        let deadline = notice.copy_due.filter(|_| notice.milestone == COPY_DUE);
        match deadline {
            Some(deadline) => deadline.max(notice.due + jiff::SignedDuration::from_mins(15)),
            None => self.expires(&notice.milestone, notice.due),
        }
    }

    /// When a message about it loses its meaning.
    pub fn expires(&self, milestone: &str, due: Timestamp) -> Timestamp {
        let day_after = due + jiff::SignedDuration::from_hours(24);
        match (self, milestone) {
            (Event::Maintenance(m), "announcement" | "reminder" | "final_reminder") => {
                m.window().0.max(due)
            }
            (Event::Maintenance(m), "progress" | "overrun_check") => {
                m.window().1.max(due + jiff::SignedDuration::from_mins(15))
            }
            (Event::Announcement(a), "announcement" | "reminder" | "final_reminder") => {
                a.effective.instant().max(due)
            }
            (Event::Window(w), _) => w.times().0.max(due),
            // The next reminder takes its place; until then it holds, however long nothing could be sent.
            (Event::Reminder(_), _) => due + REMINDS_FOR,
            // Once it is broken they are told that instead.
            (Event::Incident(i), PROMISE_WARNING) => i.promise().map_or(due, |p| p.due.max(due)),
            (Event::Advisory(a), PROMISE_WARNING) => a.promise().map_or(due, |p| p.due.max(due)),
            _ => day_after,
        }
    }

    /// Before when a notice that is not urgent must have gone out: it can wait for the end of somebody's quiet hours until
    /// then, never past the start of what it tells of. `None` for what is told at once, whatever the hour: incidents, faults as
    /// grave as P1, changes of state, the final reminder.
    pub fn can_wait_until(&self, milestone: &str, due: Timestamp) -> Option<Timestamp> {
        match (self, milestone) {
            (
                Event::Maintenance(_),
                "announcement" | "reminder" | "leadership" | "post_event_reminder" | "hypercare",
            )
            | (Event::Window(_), _)
            | (Event::Announcement(_), "announcement" | "reminder" | "effective") => {
                let expires = self.expires(milestone, due);
                let before_start = due < self.starts_at();
                Some(match before_start {
                    true => expires.min(self.starts_at()),
                    false => expires,
                })
            }
            // Nothing is down: the night can pass, unless somebody said that it must not.
            (Event::Advisory(a), _) if a.severity != Some(Severity::P1) => {
                Some(self.expires(milestone, due)).filter(|_| !is_team_notice(milestone))
            }
            (
                Event::Maintenance(_)
                | Event::Incident(_)
                | Event::Advisory(_)
                | Event::Reminder(_)
                | Event::Announcement(_),
                _,
            ) => None,
        }
    }
}
