//! What happened: by day, by month, and as a strip of ninety days for each service.

use super::announcement;
use super::page::lead;
use super::state::ServiceState;
use super::{
    PublicAdvisory, PublicAnnouncement, PublicIncident, PublicMaintenance, Snapshot, when,
};
use forewarn_core::advisory::Status as AdvisoryStatus;
use forewarn_core::id::Id;
use forewarn_core::incident::{Impact, Status as IncidentStatus};
use forewarn_core::maintenance::Status;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// Days in a strip.
pub(super) const DAYS: usize = 90;

/// An event that is over, or an incident that goes on, in a list.
pub(super) struct Entry {
    pub id: Id,
    pub title: String,
    pub at: Timestamp,
    pub date: Date,
    pub tone: &'static str,
    /// How it ended: "Resolved after 1 h 10 min".
    pub outcome: String,
    pub services: String,
    /// The beginning of the last thing that was said.
    pub latest: Option<String>,
}

/// A day or month and what happened in it.
pub(super) struct Period {
    pub name: String,
    pub entries: Vec<Entry>,
}

/// The worst impact that an incident ever had.
pub(super) fn worst_impact(incident: &PublicIncident) -> Impact {
    let updates = incident.incident.updates.iter();
    updates
        .flat_map(|update| update.services.values())
        .chain(incident.incident.services.values())
        .copied()
        .max()
        .unwrap_or(Impact::None)
}

/// What an incident's status says to readers.
pub(super) fn incident_words(status: IncidentStatus) -> &'static str {
    match status {
        IncidentStatus::Investigating => "Investigating",
        IncidentStatus::Identified => "Cause known",
        IncidentStatus::Monitoring => "Fixed, being watched",
        IncidentStatus::Resolved => "Resolved",
        IncidentStatus::Postmortem => "Explained",
    }
}

/// What an advisory's status says to readers.
pub(super) fn advisory_words(status: AdvisoryStatus) -> &'static str {
    match status {
        AdvisoryStatus::Open => "Being fixed",
        AdvisoryStatus::Fixed => "Fixed",
        AdvisoryStatus::Withdrawn => "Withdrawn",
    }
}

/// What a maintenance's status says to readers.
pub(super) fn maintenance_words(status: Status) -> &'static str {
    match status {
        Status::AwaitingApproval => "Awaiting approval",
        Status::Scheduled => "Planned",
        Status::InProgress => "Under way",
        Status::Completed => "Completed",
        Status::Cancelled => "Cancelled",
    }
}

impl Entry {
    /// The day on which it began.
    pub fn day(&self) -> String {
        when::day(self.date)
    }

    fn incident(item: &PublicIncident, snapshot: &Snapshot) -> Entry {
        let incident = &item.incident;
        let outcome = match incident.resolved_at {
            Some(end) => format!(
                "Resolved after {}",
                when::lasts(end.duration_since(incident.declared_at))
            ),
            None => incident_words(incident.status).to_owned(),
        };
        Entry {
            id: incident.id.clone(),
            title: incident.title.clone(),
            at: incident.declared_at,
            date: snapshot
                .organisation
                .time_zone
                .at(incident.declared_at)
                .date(),
            tone: ServiceState::from(worst_impact(item)).tone(),
            outcome,
            services: snapshot.names(incident.services.keys()).join(", "),
            latest: item.latest().map(|m| lead(&m.text)),
        }
    }

    fn advisory(item: &PublicAdvisory, snapshot: &Snapshot) -> Entry {
        let advisory = &item.advisory;
        let zone = &snapshot.organisation.time_zone;
        let words = advisory_words(advisory.status).to_lowercase();
        let outcome = match advisory.closed_at {
            Some(end) => {
                let lasted = when::lasts(end.duration_since(advisory.found_at));
                format!("Known fault, {words} after {lasted}")
            }
            None => format!("Known fault, {words}"),
        };
        Entry {
            id: advisory.id.clone(),
            title: advisory.title.clone(),
            at: advisory.found_at,
            date: zone.at(advisory.found_at).date(),
            tone: ADVISORY_TONE,
            outcome,
            services: snapshot.names(&advisory.services).join(", "),
            latest: item.latest().map(|m| lead(&m.text)),
        }
    }

    fn announcement(item: &PublicAnnouncement, snapshot: &Snapshot) -> Entry {
        let announced = &item.announcement;
        let words = announcement::words(announced.status).to_lowercase();
        Entry {
            id: announced.id.clone(),
            title: announced.title.clone(),
            at: item.at(),
            date: snapshot.organisation.time_zone.at(item.at()).date(),
            tone: ADVISORY_TONE,
            outcome: format!("Announced change, {words}"),
            services: snapshot.names(&announced.services).join(", "),
            latest: item.latest().map(|m| lead(&m.text)),
        }
    }

    fn maintenance(item: &PublicMaintenance, snapshot: &Snapshot) -> Entry {
        let work = &item.maintenance;
        let (start, _) = work.window();
        let at = work.started_at.unwrap_or(start);
        let outcome = match (work.status, work.ended_at) {
            (Status::Completed, Some(end)) => format!(
                "Maintenance, completed after {}",
                when::lasts(end.duration_since(at))
            ),
            (status, _) => format!("Maintenance, {}", maintenance_words(status).to_lowercase()),
        };
        Entry {
            id: work.id.clone(),
            title: work.title.clone(),
            at,
            date: snapshot.organisation.time_zone.at(at).date(),
            tone: ServiceState::UnderMaintenance.tone(),
            outcome,
            services: snapshot.names(&work.services).join(", "),
            latest: item.latest().map(|m| lead(&m.text)),
        }
    }
}

/// The colour of a known fault and of a change at a moment: services work, so it is none of theirs.
pub(super) const ADVISORY_TONE: &str = "info";

/// Everything that is over, newest first; with `open` the incidents and faults that go on as well.
fn entries(snapshot: &Snapshot, open: bool) -> Vec<Entry> {
    let incidents = snapshot
        .incidents
        .iter()
        .filter(|i| open || !i.is_open())
        .map(|i| Entry::incident(i, snapshot));
    let maintenances = snapshot.public_maintenances();
    let maintenances = maintenances
        .iter()
        .filter(|m| m.maintenance.status.is_over())
        .map(|m| Entry::maintenance(m, snapshot));
    let advisories = snapshot.advisories.iter();
    let advisories = advisories
        .filter(|a| open || !a.is_open())
        .map(|a| Entry::advisory(a, snapshot));
    let announcements = snapshot.announcements.iter();
    let announcements = announcements
        .filter(|a| !a.is_open())
        .map(|a| Entry::announcement(a, snapshot));
    let mut entries: Vec<Entry> = incidents
        .chain(maintenances)
        .chain(advisories)
        .chain(announcements)
        .collect();
    entries.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
    entries
}

fn today(snapshot: &Snapshot) -> Date {
    snapshot.organisation.time_zone.at(snapshot.made_at).date()
}

fn days_before(date: Date, days: usize) -> Date {
    date.saturating_sub(jiff::Span::new().days(days as i64))
}

/// The last `count` days, today first, each with what began on it.
pub(super) fn by_day(snapshot: &Snapshot, count: usize) -> Vec<Period> {
    let mut entries = entries(snapshot, false);
    (0..count)
        .map(|back| {
            let date = days_before(today(snapshot), back);
            let (these, rest) = entries.drain(..).partition(|entry| entry.date == date);
            entries = rest;
            Period {
                name: when::day(date),
                entries: these,
            }
        })
        .collect()
}

/// Every month in which something happened, newest first.
pub(super) fn by_month(snapshot: &Snapshot) -> Vec<Period> {
    let mut months: Vec<(Date, Period)> = Vec::new();
    for entry in entries(snapshot, true) {
        let month = entry.date.first_of_month();
        match months.last_mut() {
            Some((known, period)) if *known == month => period.entries.push(entry),
            _ => months.push((
                month,
                Period {
                    name: when::month(month),
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
    pub fn words(&self) -> String {
        let faults = self
            .marks
            .values()
            .filter(|state| **state > ServiceState::UnderMaintenance)
            .count();
        match faults {
            0 => format!("No incidents in {DAYS} days"),
            1 => format!("Incidents on 1 of {DAYS} days"),
            n => format!("Incidents on {n} of {DAYS} days"),
        }
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
