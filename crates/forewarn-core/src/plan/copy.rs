//! Copy deadlines: a newsletter or bulletin wants its text some days before it appears, and somebody must bring it there.

use super::before::{explain, step_back};
use super::course::Clock;
use super::{Draft, INTERNAL, Planner, Told, business_calendar};
use crate::approval::APPROVAL_NEEDED;
use crate::audience::{Audience, Level};
use crate::contact::Channel;
use crate::editing::HELP_NEEDED;
use crate::offset::Offset;
use jiff::Timestamp;

/// The notice by which those who run the event hear that a text is due elsewhere.
pub const COPY_DUE: &str = "copy_due";

/// Whether messages of this milestone say something of their own: no newer message about the event takes their place, nor they
/// that of an older one. Who brings a text somewhere hears of each text, and of the work itself too.
pub fn stands_aside(milestone: &str) -> bool {
    matches!(milestone, COPY_DUE | APPROVAL_NEEDED | HELP_NEEDED)
}

/// The place of the notice that a text is due, among those of its milestone: whose text, and which.
pub fn copy_place(audience: &str, milestone: &str, offset: Option<&str>) -> String {
    match offset {
        Some(offset) => format!("{audience} {milestone} {offset}"),
        None => format!("{audience} {milestone}"),
    }
}

/// Whose text is due at this place.
pub fn copy_audience(place: &str) -> &str {
    place.split(' ').next().unwrap_or_default()
}

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
        if !PRINTED.contains(&draft.milestone) {
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

    /// Those who run the event hear a business day before that a text is due, by their own clocks; at once where that is past.
    /// Once the text is late there is nothing to remind of: the plan has warned.
    pub(super) fn remind_of_copy(&mut self, audience: &Audience, draft: &Draft) {
        let now = self.input.now;
        let Some(deadline) = draft.copy_due.filter(|deadline| *deadline >= now) else {
            return;
        };
        let place = copy_place(
            audience.id.as_str(),
            draft.milestone,
            draft.offset.as_deref(),
        );
        let told = Told {
            audience: INTERNAL.to_owned(),
            offset: place.clone(),
            nominal: deadline,
        };
        if self.told.contains(&told) {
            return;
        }
        let organisation = &self.input.catalogue.organisation;
        let zone = organisation.time_zone.clone();
        let calendar = business_calendar(self.input.catalogue, organisation.calendar.as_deref());
        let stepped = calendar.back(zone.at(deadline).date(), 1).ok();
        let due = stepped.as_ref().map(|s| self.on(s.date, &zone));
        let id = &audience.id;
        let because = match (due.filter(|due| *due >= now), &stepped) {
            (Some(_), Some(stepped)) => format!(
                "1 business day before the text must be at '{id}'{}",
                explain(stepped, Offset::BusinessDays(1))
            ),
            _ => format!("at once: the text must be at '{id}' soon"),
        };
        let reminder = Draft {
            copy_due: Some(deadline),
            tells: vec![(place.clone(), deadline)],
            ..Draft::new(COPY_DUE, due.map_or(now, |due| due.max(now)), because).offset(place)
        };
        let channels = vec![Channel::Email];
        self.push(INTERNAL, Level::Technical, channels, &zone, reminder);
    }
}
