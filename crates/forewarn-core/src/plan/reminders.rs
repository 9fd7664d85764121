//! Reminders for people of ours: outage plans that are to be looked at again, and actions that are to be done after an incident.
//!
//! What is reminded of, and when, follows from what is stored, so planning again gives the same notices. Of those whose time has
//! passed only the last is planned, and of those ahead only the next: a plan that was forgotten for years is told of once.

use super::before::explain;
use super::{INTERNAL, Notice, business_calendar};
use crate::audience::Level;
use crate::calendar::{BusinessCalendar, NoBusinessDay, Stepped};
use crate::contact::{Channel, EmailAddress};
use crate::document::Catalogue;
use crate::event::Event;
use crate::id::{Id, derive};
use crate::incident::Incident;
use crate::offset::Offset;
use crate::outage_plan::{OutagePlan, SignOff};
use crate::postmortem::Action;
use crate::reminder::{ACTION_DUE, PLAN_REVIEW, Reminder, TIME_OF_DAY};
use crate::time::{CivilTime, Zone};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use std::collections::BTreeMap;

/// So many business days before an outage plan's day its people hear of it, and again after each so many.
const REVIEW_STEP: u32 = 10;

/// Nobody is reminded more often of one thing: about five years of reviews, and ten of actions.
const MOST_TIMES: u32 = 500;

/// An incident that was explained, with those of its actions that are to be done by a day.
#[derive(Clone, Debug)]
pub struct Explained {
    /// The incident.
    pub incident: Incident,
    /// The actions with their numbers.
    pub actions: Vec<(i64, Action)>,
}

/// Something that people are reminded of, and its notices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedReminder {
    /// What.
    pub reminder: Reminder,
    /// The last whose time has passed, if any, and the next.
    pub notices: Vec<Notice>,
}

/// All that people are to be reminded of, as things stand. A reminder whose time has passed is due at once.
pub fn reminders_ahead(
    catalogue: &Catalogue,
    signed: &BTreeMap<Id, Vec<SignOff>>,
    explained: &[Explained],
    now: Timestamp,
) -> Vec<PlannedReminder> {
    let organisation = &catalogue.organisation;
    let diary = Diary {
        zone: &organisation.time_zone,
        calendar: business_calendar(catalogue, organisation.calendar.as_deref()),
        now,
    };
    let mut planned = Vec::new();
    for service in &catalogue.services {
        let signed = signed.get(&service.id).map_or(&[][..], Vec::as_slice);
        let prepared = service.outage_plan.as_ref();
        if signed.is_empty() && prepared.is_none_or(|p| p.review_by.is_none()) {
            continue;
        }
        let Some(plan) = OutagePlan::of(&service.id, catalogue) else {
            continue;
        };
        if let Some(day) = plan.review_due(signed).filter(sensible) {
            let reminder = Reminder::of_review(&plan, day, plan.reviewers(signed), diary.zone);
            planned.push(diary.planned(reminder, PLAN_REVIEW, diary.review(day)));
        }
    }
    for Explained { incident, actions } in explained {
        for (number, action) in actions.iter().filter(|(_, action)| !action.done) {
            let Some(day) = action.due.filter(sensible) else {
                continue;
            };
            let to = owners(action, incident, catalogue);
            let reminder = Reminder::of_action(incident, (*number, action), day, to, diary.zone);
            planned.push(diary.planned(reminder, ACTION_DUE, diary.action(day)));
        }
    }
    planned
}

/// A day for which there are notices: those of the windows of any event.
fn sensible(day: &Date) -> bool {
    (1970..=2200).contains(&day.year())
}

/// Who does an action; the people who ran the incident where no mailbox is named.
fn owners(action: &Action, incident: &Incident, catalogue: &Catalogue) -> Vec<EmailAddress> {
    match EmailAddress::parse(&action.owner) {
        Ok(owner) => vec![owner],
        Err(_) => Event::Incident(incident.clone()).internal_addresses(catalogue),
    }
}

/// A time to be reminded at: its place among those of one reminder, and why then.
struct Entry {
    place: String,
    at: Timestamp,
    because: String,
}

/// The organisation's working days and clocks.
struct Diary<'a> {
    zone: &'a Zone,
    calendar: BusinessCalendar,
    now: Timestamp,
}

impl Diary<'_> {
    fn entry(&self, place: &str, day: Date, because: String) -> Entry {
        Entry {
            place: place.to_owned(),
            at: CivilTime::new(day.to_datetime(TIME_OF_DAY), self.zone.clone()).instant(),
            because,
        }
    }

    /// Before a review's day, on it, and again and again after it.
    fn review(&self, day: Date) -> Vec<Entry> {
        let step = Offset::BusinessDays(REVIEW_STEP);
        let mut entries = Vec::new();
        if let Ok(stepped) = self.calendar.back(day, REVIEW_STEP) {
            let because = format!(
                "{} before the plan is to be looked at again{}",
                step.words(),
                explain(&stepped, step)
            );
            entries.push(self.entry(&step.to_string(), stepped.date, because));
        }
        entries.push(self.on_the_day(day));
        let next = |day: Date, _: u32| self.calendar.after(day, REVIEW_STEP);
        let because = |n: u32| {
            format!(
                "overdue: {} after its day",
                Offset::BusinessDays(n * REVIEW_STEP).words()
            )
        };
        self.overdue(day, &mut entries, next, because);
        entries
    }

    fn on_the_day(&self, day: Date) -> Entry {
        let (date, because) = match self.calendar.at_or_before(day) {
            Ok(stepped) if stepped.date != day => {
                (stepped.date, "the last business day before its day")
            }
            _ => (day, "its day has come"),
        };
        self.entry("on the day", date, because.to_owned())
    }

    /// A business day before an action's day; once that has passed, the next business day and then every week.
    fn action(&self, day: Date) -> Vec<Entry> {
        let mut entries = Vec::new();
        if let Ok(stepped) = self.calendar.back(day, 1) {
            let because = format!(
                "1 business day before it is to be done{}",
                explain(&stepped, Offset::BusinessDays(1))
            );
            entries.push(self.entry("1bd", stepped.date, because));
        }
        let next = |day: Date, n: u32| match n {
            1 => self.calendar.after(day, 1),
            _ => Ok(Stepped {
                date: day.saturating_add(7.days()),
                skipped: Vec::new(),
            }),
        };
        let because = |n: u32| match n {
            1 => "overdue: its day has passed".to_owned(),
            n => format!(
                "overdue: {} after the first word of that",
                Offset::Weeks(n - 1).words()
            ),
        };
        self.overdue(day, &mut entries, next, because);
        entries
    }

    /// One after the other, until one lies ahead.
    fn overdue(
        &self,
        mut day: Date,
        entries: &mut Vec<Entry>,
        next: impl Fn(Date, u32) -> Result<Stepped, NoBusinessDay>,
        because: impl Fn(u32) -> String,
    ) {
        for n in 1..=MOST_TIMES {
            if entries.last().is_some_and(|entry| entry.at > self.now) {
                return;
            }
            let Ok(stepped) = next(day, n) else { return };
            day = stepped.date;
            // A closed day is nobody's time to read it.
            let read = self.calendar.at_or_before(day).map_or(day, |s| s.date);
            entries.push(self.entry(&format!("overdue {n}"), read, because(n)));
        }
    }

    /// The last of those that have passed and the next, as notices.
    fn planned(&self, reminder: Reminder, milestone: &str, entries: Vec<Entry>) -> PlannedReminder {
        let passed = entries.iter().rposition(|entry| entry.at <= self.now);
        let ahead = passed.map_or(0, |n| n + 1);
        let wanted = passed.into_iter().chain(Some(ahead));
        let notices = wanted.filter_map(|n| entries.get(n));
        let notices = notices.map(|entry| self.notice(&reminder, milestone, entry));
        PlannedReminder {
            notices: notices.collect(),
            reminder,
        }
    }

    fn notice(&self, reminder: &Reminder, milestone: &str, entry: &Entry) -> Notice {
        let due = entry.at.max(self.now);
        let parts = [
            "notice",
            reminder.id.as_str(),
            "1",
            milestone,
            &entry.place,
            INTERNAL,
        ];
        Notice {
            id: derive(&parts),
            milestone: milestone.to_owned(),
            offset: Some(entry.place.clone()),
            stands_for: Vec::new(),
            audience: INTERNAL.to_owned(),
            level: Level::Technical,
            channels: vec![Channel::Email],
            due,
            due_local: self.zone.at(due).to_string(),
            because: entry.because.clone(),
            copy_due: None,
            held: false,
            tells: Vec::new(),
        }
    }
}
