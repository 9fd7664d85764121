//! What happened: by day, by month, and as a strip of ninety days for each service.

use super::page::lead;
use super::state::ServiceState;
use super::texts::{Texts, capital, uncapital};
use super::view::View;
use super::{
    PublicAdvisory, PublicAnnouncement, PublicIncident, PublicMaintenance, PublicMessage, Snapshot,
};
use forewarn_core::id::Id;
use forewarn_core::incident::Impact;
use forewarn_core::maintenance::Status;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// Days in a strip.
pub(super) const DAYS: usize = 90;

/// An event that is over, or an incident that goes on, in a list.
pub(super) struct Entry<'a> {
    pub id: &'a Id,
    pub title: &'a str,
    pub at: Timestamp,
    pub date: Date,
    /// The day on which it began.
    pub day: String,
    pub tone: &'static str,
    /// How it ended: "Resolved after 1 h 10 min".
    pub outcome: String,
    pub services: String,
    /// The beginning of the last thing that was said.
    pub latest: Option<Lead<'a>>,
}

/// A day or month and what happened in it.
pub(super) struct Period<'a> {
    pub name: String,
    pub entries: Vec<Entry<'a>>,
}

/// The worst impact that an incident ever had.
pub(super) fn worst_impact(incident: &PublicIncident) -> Impact {
    let updates = incident.incident.updates.iter();
    updates
        .flat_map(|update| update.services.values())
        .chain(incident.incident.services.values())
        // Nobody has said what it does to what it only reaches.
        .chain((!incident.near.is_empty()).then_some(&Impact::DegradedPerformance))
        .copied()
        .max()
        .unwrap_or(Impact::None)
}

impl<'a> Entry<'a> {
    fn incident(item: &'a PublicIncident, view: &View<'_>) -> Entry<'a> {
        let (incident, t) = (&item.incident, view.texts);
        let outcome = match incident.resolved_at {
            Some(end) => {
                let lasted = t.lasts(end.duration_since(incident.declared_at));
                t.past.resolved_after.replace("{lasts}", &lasted)
            }
            None => t.incident(incident.status).to_owned(),
        };
        let began = incident.declared_at;
        Entry {
            outcome,
            services: view.named(item.concerned()),
            latest: item.latest().map(|said| Lead::of(said, view)),
            tone: ServiceState::from(worst_impact(item)).tone(),
            ..Entry::at(began, (&incident.id, &incident.title), view)
        }
    }

    fn advisory(item: &'a PublicAdvisory, view: &View<'_>) -> Entry<'a> {
        let (advisory, t) = (&item.advisory, view.texts);
        let words = uncapital(t.advisory(advisory.status));
        let outcome = match advisory.closed_at {
            Some(end) => {
                let lasted = t.lasts(end.duration_since(advisory.found_at));
                t.past.fault_after.replace("{lasts}", &lasted)
            }
            None => t.past.fault.to_owned(),
        };
        Entry {
            outcome: outcome.replace("{outcome}", &words),
            services: view.named(&advisory.services),
            latest: item.latest().map(|said| Lead::of(said, view)),
            ..Entry::at(advisory.found_at, (&advisory.id, &advisory.title), view)
        }
    }

    fn announcement(item: &'a PublicAnnouncement, view: &View<'_>) -> Entry<'a> {
        let (announced, t) = (&item.announcement, view.texts);
        let words = uncapital(t.announcement(announced.status));
        Entry {
            outcome: t.past.change.replace("{outcome}", &words),
            services: view.named(&announced.services),
            latest: item.latest().map(|said| Lead::of(said, view)),
            ..Entry::at(item.at(), (&announced.id, &announced.title), view)
        }
    }

    fn maintenance(item: &'a PublicMaintenance, view: &View<'_>) -> Entry<'a> {
        let (work, t) = (&item.maintenance, view.texts);
        let (start, _) = work.window();
        let at = work.started_at.unwrap_or(start);
        let outcome = match (work.status, work.ended_at) {
            (Status::Completed, Some(end)) => {
                let lasted = t.lasts(end.duration_since(at));
                t.past.work_after.replace("{lasts}", &lasted)
            }
            (status, _) => {
                let words = uncapital(t.maintenance(status));
                t.past.work.replace("{outcome}", &words)
            }
        };
        Entry {
            outcome,
            services: view.named(&work.services),
            latest: item.latest().map(|said| Lead::of(said, view)),
            tone: ServiceState::UnderMaintenance.tone(),
            ..Entry::at(at, (&work.id, &work.title), view)
        }
    }

    /// Something that began then.
    fn at(at: Timestamp, (id, title): (&'a Id, &'a str), view: &View<'_>) -> Entry<'a> {
        let date = view.zone().at(at).date();
        Entry {
            id,
            title,
            at,
            date,
            day: view.texts.words().day(date),
            tone: ADVISORY_TONE,
            outcome: String::new(),
            services: String::new(),
            latest: None,
        }
    }
}

/// The beginning of what was said.
pub(super) struct Lead<'a> {
    pub language: &'a str,
    pub direction: &'static str,
    pub text: String,
}

impl<'a> Lead<'a> {
    fn of(said: &'a PublicMessage, view: &View<'_>) -> Lead<'a> {
        let wording = said.wording(view.texts.code);
        Lead {
            language: wording.language,
            direction: wording.direction(),
            text: lead(wording.text),
        }
    }
}

/// The colour of a known fault and of a change at a moment: services work, so it is none of theirs.
pub(super) const ADVISORY_TONE: &str = "info";

/// Everything that is over, newest first; with `open` the incidents and faults that go on as well.
fn entries<'a>(view: &'a View<'a>, open: bool) -> Vec<Entry<'a>> {
    let incidents = view.incidents.iter();
    let incidents = incidents
        .filter(|i| open || !i.is_open())
        .map(|i| Entry::incident(i, view));
    let maintenances = view.public_maintenances().into_iter();
    let maintenances = maintenances
        .filter(|m| m.maintenance.status.is_over())
        .map(|m| Entry::maintenance(m, view));
    let advisories = view.advisories.iter();
    let advisories = advisories
        .filter(|a| open || !a.is_open())
        .map(|a| Entry::advisory(a, view));
    let announcements = view.announcements.iter();
    let announcements = announcements
        .filter(|a| !a.is_open())
        .map(|a| Entry::announcement(a, view));
    let mut entries: Vec<Entry<'a>> = incidents
        .chain(maintenances)
        .chain(advisories)
        .chain(announcements)
        .collect();
    entries.sort_by(|a, b| (b.at, b.id).cmp(&(a.at, a.id)));
    entries
}

fn today(snapshot: &Snapshot) -> Date {
    snapshot.organisation.time_zone.at(snapshot.made_at).date()
}

fn days_before(date: Date, days: usize) -> Date {
    date.saturating_sub(jiff::Span::new().days(days as i64))
}

/// The last `count` days, today first, each with what began on it.
pub(super) fn by_day<'a>(view: &'a View<'a>, count: usize) -> Vec<Period<'a>> {
    let mut entries = entries(view, false);
    (0..count)
        .map(|back| {
            let date = days_before(today(view), back);
            let (these, rest) = entries.drain(..).partition(|entry| entry.date == date);
            entries = rest;
            Period {
                name: view.texts.words().day(date),
                entries: these,
            }
        })
        .collect()
}

/// Every month in which something happened, newest first.
pub(super) fn by_month<'a>(view: &'a View<'a>) -> Vec<Period<'a>> {
    let mut months: Vec<(Date, Period<'a>)> = Vec::new();
    for entry in entries(view, true) {
        let month = entry.date.first_of_month();
        match months.last_mut() {
            Some((known, period)) if *known == month => period.entries.push(entry),
            _ => months.push((
                month,
                Period {
                    name: capital(&view.texts.words().month(month)),
                    entries: vec![entry],
                },
            )),
        }
    }
    months.into_iter().map(|(_, period)| period).collect()
}

/// Ninety days of one service: the days on which it was not simply working.
#[derive(Clone, Default)]
pub(super) struct Strip {
    /// Days from the oldest (0) to today (89), and the gravest state of each.
    pub marks: BTreeMap<usize, ServiceState>,
}

impl Strip {
    /// The strip in words, for those who do not see it.
    pub fn words(&self, texts: &Texts) -> String {
        let faults = self.marks.values();
        let faults = faults.filter(|state| **state > ServiceState::UnderMaintenance);
        texts.days_with_incidents(faults.count())
    }
}

/// A strip for each service that had anything at all.
pub(super) fn strips(snapshot: &Snapshot) -> BTreeMap<Id, Strip> {
    let mut strips: BTreeMap<Id, Strip> = BTreeMap::new();
    let zone = &snapshot.organisation.time_zone;
    let today = today(snapshot);
    let index = |at: Timestamp| {
        let ago = today.since(zone.at(at).date()).map_or(0, |s| s.get_days());
        DAYS as i64 - 1 - i64::from(ago)
    };
    let mut paint = |id: &Id, from: Timestamp, to: Timestamp, state: ServiceState| {
        // An end at midnight belongs to the day before.
        let last = to.max(from) - SignedDuration::from_millis(i64::from(to > from));
        let (first, last) = (index(from).max(0), index(last).min(DAYS as i64 - 1));
        for day in first..=last {
            let held = strips
                .entry(id.clone())
                .or_default()
                .marks
                .entry(day as usize)
                .or_insert(state);
            *held = (*held).max(state);
        }
    };
    for item in &snapshot.incidents {
        let end = item.incident.resolved_at.unwrap_or(snapshot.made_at);
        let updates = &item.incident.updates;
        for (n, update) in updates.iter().enumerate() {
            let until = updates.get(n + 1).map_or(end, |next| next.at);
            for (id, impact) in update.services.iter().filter(|(_, i)| **i != Impact::None) {
                paint(id, update.at, until, ServiceState::from(*impact));
            }
        }
    }
    for item in snapshot.public_maintenances() {
        let work = &item.maintenance;
        if let Some(from) = work.started_at {
            let to = work.ended_at.unwrap_or(snapshot.made_at);
            for id in &work.services {
                paint(id, from, to, ServiceState::UnderMaintenance);
            }
        }
    }
    strips
}
