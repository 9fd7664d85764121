//! The calendar: what is planned, announced, agreed for work or kept free of it.

use super::lists::Query;
use super::rows;
use crate::console::desk::{Desk, Shown, page};
use crate::console::maintenance::words;
use crate::console::{CalendarEntry, CalendarKind, CalendarPage, CalendarRough, CalendarView, Nav};
use axum::extract::RawQuery;
use axum::http::StatusCode;
use forewarn_core::announcement::{self, Announcement};
use forewarn_core::blackout::Blackout;
use forewarn_core::change_ahead::ChangeAhead;
use forewarn_core::document::Catalogue;
use forewarn_core::event::Event;
use forewarn_core::id::Id;
use forewarn_core::maintenance::{Maintenance, Status};
use forewarn_core::period::Precision;
use forewarn_core::plan::clashes;
use forewarn_core::time::{CivilTime, Zone};
use forewarn_store::{EventFilter, Role};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use std::collections::BTreeMap;

/// How many works and announcements are looked at, the ones changed last of those that are over.
const MOST: i64 = 1_000;

/// `GET /console/calendar`, with `view` and `day`.
pub(in crate::console) async fn show(desk: Desk, query: RawQuery) -> Shown {
    let query = Query::of(query);
    let catalogue = desk.app.store.catalogue().await?;
    let zone = &catalogue.organisation.time_zone;
    let now = desk.app.clock.now();
    let asked = query.get("day").and_then(|day| day.parse::<Date>().ok());
    let day = asked
        .filter(|day| (1971..=2199).contains(&day.year()))
        .unwrap_or_else(|| zone.at(now).date());
    let view = CalendarView::parse(&query.get("view").unwrap_or_default());
    let (mut works, mut announcements) = (Vec::new(), Vec::new());
    for kind in ["maintenance", "announcement"] {
        let filter = EventFilter {
            kind: Some(kind),
            ..EventFilter::default()
        };
        for stored in desk.app.store.events(&filter, MOST).await? {
            match stored.event {
                Event::Maintenance(work) => works.push(work),
                Event::Announcement(announcement) => announcements.push(announcement),
                Event::Incident(_) | Event::Window(_) | Event::Reminder(_) | Event::Advisory(_) => {
                }
            }
        }
    }
    let changes = desk.app.store.changes_ahead().await?;
    let changes: Vec<ChangeAhead> = changes.into_iter().map(|stored| stored.change).collect();
    let days = view.days(day);
    let plans = desk.caller.at_least(Role::Operator).is_ok();
    let page_of = Days {
        catalogue: &catalogue,
        zone,
        days,
        now,
        plans,
    };
    let mut entries = page_of.works(&works);
    entries.extend(page_of.announcements(&announcements));
    entries.extend(page_of.windows());
    entries.extend(page_of.blackouts());
    entries.extend(page_of.known_days(&changes));
    entries.sort_by_key(|entry| (entry.first, entry.times, entry.title.clone()));
    let view = CalendarPage {
        frame: desk.frame(&catalogue, "Calendar", Nav::Calendar).await?,
        view,
        day,
        entries,
        rough: page_of.rough(&changes),
        plans,
    };
    Ok(page(StatusCode::OK, view.render()))
}

/// The days that are shown, and what falls on them.
struct Days<'a> {
    catalogue: &'a Catalogue,
    zone: &'a Zone,
    /// The first, and the first that is no longer shown.
    days: (Date, Date),
    now: Timestamp,
    /// Whoever looks may plan.
    plans: bool,
}

impl Days<'_> {
    fn date(&self, at: Timestamp) -> Date {
        self.zone.at(at).date()
    }

    /// The day on which something ends: what ends at midnight does not reach into the next.
    fn last(&self, start: Timestamp, end: Timestamp) -> Date {
        let before = end.as_millisecond().saturating_sub(1);
        let before = Timestamp::from_millisecond(before).unwrap_or(end);
        self.date(before.max(start))
    }

    fn shows(&self, first: Date, last: Date) -> bool {
        first < self.days.1 && last >= self.days.0
    }

    fn names(&self, services: &[Id]) -> String {
        rows::service_names(self.catalogue, services).join(", ")
    }

    fn works(&self, works: &[Maintenance]) -> Vec<CalendarEntry> {
        let mut entries = Vec::new();
        for work in works.iter().filter(|w| w.status != Status::Cancelled) {
            let (start, end) = work.window();
            let (first, last) = (self.date(start), self.last(start, end));
            if !self.shows(first, last) {
                continue;
            }
            entries.push(CalendarEntry {
                kind: CalendarKind::Work,
                title: work.title.clone(),
                status: Some(words(work.status).to_owned()),
                about: self.names(&work.services),
                link: Some(format!("/console/maintenances/{}", work.id)),
                first,
                last,
                times: Some((start, Some(end))),
                clashes: clashes(&work.into(), works, self.catalogue),
            });
        }
        entries
    }

    fn announcements(&self, all: &[Announcement]) -> Vec<CalendarEntry> {
        let standing = |a: &&Announcement| a.status != announcement::Status::Cancelled;
        let entry = |a: &Announcement| {
            let at = a.effective.instant();
            CalendarEntry {
                kind: CalendarKind::Announcement,
                title: a.title.clone(),
                status: None,
                about: self.names(&a.services),
                link: Some(format!("/console/announcements/{}", a.id)),
                first: self.date(at),
                last: self.date(at),
                times: Some((at, None)),
                clashes: Vec::new(),
            }
        };
        let entries = all.iter().filter(standing).map(entry);
        entries.filter(|e| self.shows(e.first, e.last)).collect()
    }

    /// Standard windows; those of several services at one time are one entry.
    fn windows(&self) -> Vec<CalendarEntry> {
        let midnight = |date: Date| {
            let midnight: DateTime = date.to_datetime(Time::midnight());
            CivilTime::new(midnight, self.zone.clone()).instant()
        };
        let (from, to) = (midnight(self.days.0), midnight(self.days.1));
        let mut at: BTreeMap<(Timestamp, Timestamp), Vec<Id>> = BTreeMap::new();
        for service in &self.catalogue.services {
            for window in &service.windows {
                for occurrence in window.occurrences(self.zone, from, to) {
                    let here = at.entry((occurrence.start, occurrence.end)).or_default();
                    here.push(service.id.clone());
                }
            }
        }
        let windows = at.into_iter();
        windows.map(|(at, of)| self.window(at, &of)).collect()
    }

    fn window(&self, (start, end): (Timestamp, Timestamp), of: &[Id]) -> CalendarEntry {
        let title = match of {
            [one] => format!("Window of {}", self.names(std::slice::from_ref(one))),
            more => format!("Window of {} services", more.len()),
        };
        CalendarEntry {
            kind: CalendarKind::Window,
            title,
            status: None,
            about: match of.len() {
                1 => String::new(),
                _ => self.names(of),
            },
            link: (self.plans && start > self.now).then(|| self.plan_in((start, end), of)),
            first: self.date(start),
            last: self.last(start, end),
            times: Some((start, Some(end))),
            clashes: Vec::new(),
        }
    }

    /// The form that plans work in a window.
    fn plan_in(&self, (start, end): (Timestamp, Timestamp), of: &[Id]) -> String {
        let clock = |at: Timestamp| self.zone.at(at).strftime("%Y-%m-%dT%H:%M").to_string();
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("start", &clock(start));
        query.append_pair("end", &clock(end));
        if let [one] = of {
            query.append_pair("services", one.as_str());
        }
        format!("/console/maintenances/new?{}", query.finish())
    }

    fn blackouts(&self) -> Vec<CalendarEntry> {
        let blackouts = self.catalogue.organisation.blackout.iter();
        let entry = |blackout: &Blackout| CalendarEntry {
            kind: CalendarKind::Blackout,
            title: blackout.reason.clone(),
            status: None,
            about: self.names(&blackout.services),
            link: None,
            first: blackout.from,
            last: blackout.to,
            times: None,
            clashes: Vec::new(),
        };
        let shown = blackouts.filter(|b| self.shows(b.from, b.to));
        shown.map(entry).collect()
    }

    /// Changes that have become no maintenance yet.
    fn open<'c>(&self, changes: &'c [ChangeAhead]) -> impl Iterator<Item = &'c ChangeAhead> {
        let (from, to) = self.days;
        changes.iter().filter(move |change| {
            let when = change.when;
            change.maintenance.is_none() && when.first() < to && when.last() >= from
        })
    }

    fn known_days(&self, changes: &[ChangeAhead]) -> Vec<CalendarEntry> {
        let known = self.open(changes);
        let known = known.filter(|change| change.when.precision() == Precision::Day);
        let entry = |change: &ChangeAhead| CalendarEntry {
            kind: CalendarKind::Rough,
            title: change.title.clone(),
            status: None,
            about: self.names(&change.services),
            link: Some(format!("/console/changes/{}", change.id)),
            first: change.when.first(),
            last: change.when.last(),
            times: None,
            clashes: Vec::new(),
        };
        known.map(entry).collect()
    }

    fn rough(&self, changes: &[ChangeAhead]) -> Vec<CalendarRough> {
        let rough = self.open(changes);
        let rough = rough.filter(|change| change.when.precision() != Precision::Day);
        let row = |change: &ChangeAhead| CalendarRough {
            title: change.title.clone(),
            when: change.when.words(),
            link: format!("/console/changes/{}", change.id),
        };
        rough.map(row).collect()
    }
}
