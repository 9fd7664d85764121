//! Copy deadlines: a newsletter or bulletin wants its text some days before it appears.

use super::before::step_back;
use super::course::Clock;
use super::{Draft, Planner};
use crate::audience::Audience;
use jiff::Timestamp;

/// Notices that can stand in something that appears on a day of its own; what happens at once cannot.
const PRINTED: [&str; 4] = [
    "announcement",
    "reminder",
    "post_event_reminder",
    "hypercare",
];

impl Planner<'_> {
    /// When the text of this notice must be with whoever carries it on, for an audience that says so. A deadline that has
    /// passed is pointed out.
    pub(super) fn copy_due(
        &mut self,
        audience: &Audience,
        clock: &Clock,
        draft: &Draft,
    ) -> Option<Timestamp> {
        let deadline = audience.external.as_ref()?.copy_deadline?;
        if draft.held || !PRINTED.contains(&draft.milestone) {
            return None;
        }
        let copy_due = match deadline.elapsed() {
            Some(elapsed) => draft.due.checked_sub(elapsed).ok()?,
            None => {
                let day = clock.zone.at(draft.due).date();
                let day = step_back(day, deadline, clock).ok()?.date;
                // On the day itself it would come after the notice.
                self.on(day, &clock.zone).min(draft.due)
            }
        };
        if copy_due < self.input.now {
            let audiences = &self.input.catalogue.audiences;
            let place = audiences.iter().position(|a| a.id == audience.id)?;
            let was = clock.zone.at(copy_due).strftime("%-d %B %H:%M");
            let (milestone, zone) = (draft.milestone.replace('_', " "), clock.zone.name());
            self.warn(
                &format!("audiences[{place}].external.copy_deadline"),
                format!(
                    "the text of the {milestone} was due at '{}' on {was} {zone}: it has passed",
                    audience.id
                ),
            );
        }
        Some(copy_due)
    }
}
