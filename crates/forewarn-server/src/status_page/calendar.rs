//! What is ahead as calendars: `/calendar.ics` to subscribe to, with firm work, rough dates and standard windows, the same for each
//! service with what reaches it, and a file for each event. Work says what it is in MAINTNOTE too, for programs of other operators.
//!
//! Times of events are instants in UTC, so that no zone table is needed and none can be out of date. A new window is a new
//! revision, which raises SEQUENCE; nothing but a change of the event changes a byte. Standard windows keep their civil times, so they
//! are written by rule with their zone.

use super::feeds::host;
use super::{Page, PublicAnnouncement, PublicChange, PublicMaintenance, Snapshot};
use forewarn_core::announcement;
use forewarn_core::calendar::vtimezone;
use forewarn_core::decision::Interruption;
use forewarn_core::facts::Facts;
use forewarn_core::id::{Id, derive};
use forewarn_core::maintenance::{Maintenance, Status};
use forewarn_core::maintnote::{self, Effect};
use forewarn_core::service::Service;
use forewarn_core::time::{CivilTime, Zone, show_duration};
use forewarn_core::window::Window;
use icalendar::{Calendar, Component, Event, Property};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use std::collections::{BTreeMap, BTreeSet};

const CONTENT_TYPE: &str = "text/calendar; charset=utf-8";

/// How often subscribers look again.
const REFRESH: &str = "PT15M";

/// Every calendar by its path.
pub(super) fn pages(snapshot: &Snapshot) -> BTreeMap<String, Page> {
    let public = snapshot.public_maintenances();
    let mut pages: BTreeMap<String, Page> = public
        .iter()
        .map(|item| {
            let one = calendar(snapshot, [event(snapshot, item)]);
            (
                format!("/events/{}.ics", item.maintenance.id),
                Page::new(CONTENT_TYPE, one),
            )
        })
        .collect();
    for item in &snapshot.announcements {
        let one = calendar(snapshot, [moment(snapshot, item)]);
        let path = format!("/events/{}.ics", item.announcement.id);
        pages.insert(path, Page::new(CONTENT_TYPE, one));
    }
    let all = whole(
        snapshot,
        &snapshot.services.iter().collect::<Vec<_>>(),
        |_| true,
    );
    pages.insert("/calendar.ics".into(), Page::new(CONTENT_TYPE, all));
    for service in &snapshot.services {
        let beneath = beneath(&service.id, &snapshot.services);
        let of_it = |named: &[Id]| named.iter().any(|id| beneath.contains(id));
        let one = whole(snapshot, &[service], of_it);
        pages.insert(path_of(&service.id), Page::new(CONTENT_TYPE, one));
    }
    pages
}

/// Where the calendar of one service is.
pub fn path_of(service: &Id) -> String {
    format!("/calendar/{service}.ics")
}

/// The service and all that it stands on, directly or not: what is done to one of them reaches it.
fn beneath(service: &Id, services: &[Service]) -> BTreeSet<Id> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![service.clone()];
    while let Some(id) = waiting.pop() {
        if !found.insert(id.clone()) {
            continue;
        }
        let known = services.iter().find(|s| s.id == id);
        waiting.extend(known.into_iter().flat_map(|s| s.depends_on.iter().cloned()));
    }
    found
}

/// A calendar to subscribe to: what names services that are wanted, and these services' standard windows.
fn whole(snapshot: &Snapshot, services: &[&Service], wants: impl Fn(&[Id]) -> bool) -> String {
    let firm = snapshot.public_maintenances().into_iter();
    let firm = firm.filter(|item| wants(&item.maintenance.services));
    let firm = firm.map(|item| event(snapshot, item));
    let moments = snapshot.announcements.iter();
    let moments = moments.filter(|item| wants(&item.announcement.services));
    let moments = moments.map(|item| moment(snapshot, item));
    let rough = snapshot.changes_to_come().into_iter();
    let rough = rough.filter(|item| wants(&item.change.services));
    let rough = rough.map(|item| rough_event(snapshot, item));
    let standing = standing(snapshot, services);
    let all = calendar(snapshot, firm.chain(moments).chain(rough).chain(standing));
    with_zones(snapshot, services, &all)
}

/// The standard windows of services: one entry for each by its rule, and one for each occurrence that happens elsewhere.
fn standing(snapshot: &Snapshot, services: &[&Service]) -> Vec<Event> {
    let each = |service: &&Service| -> Vec<Event> {
        let windows = service.windows.iter();
        windows
            .flat_map(|window| standard_window(snapshot, service, window))
            .collect()
    };
    services.iter().flat_map(each).collect()
}

fn zone_of<'a>(snapshot: &'a Snapshot, window: &'a Window) -> &'a Zone {
    let usual = &snapshot.organisation.time_zone;
    window.time_zone.as_ref().unwrap_or(usual)
}

fn standard_window(snapshot: &Snapshot, service: &Service, window: &Window) -> Vec<Event> {
    let Some(first) = window.first() else {
        return Vec::new();
    };
    let zone = zone_of(snapshot, window);
    let instant = |civil: DateTime| CivilTime::new(civil, zone.clone()).instant();
    let civil = |name: &str, at: DateTime| {
        Property::new(name, at.strftime("%Y%m%dT%H%M%S").to_string())
            .add_parameter("TZID", zone.name())
            .done()
    };
    let comes = |date: &Date| window.nearest(*date) == Some(*date);
    let usual = |date: Date| date.to_datetime(window.start);
    let said = format!(
        "A time that is agreed for work on {}. Work that will really be done is announced by itself.",
        service.name
    );
    let exceptions = window.exdates.len() + window.moved.len();
    let entry = |start: DateTime| {
        let mut event = Event::new();
        event
            .add_property(
                "UID",
                format!("{}@{}", window.id(&service.id), host(snapshot)),
            )
            // When it was agreed is not known; from when it holds is, and stays the same.
            .add_property(
                "DTSTAMP",
                window.from.strftime("%Y%m%dT000000Z").to_string(),
            )
            .add_property("SEQUENCE", exceptions.to_string())
            .append_property(civil("DTSTART", start))
            .add_property("DURATION", show_duration(window.duration))
            .add_property(
                "SUMMARY",
                clean(&format!("Standard window: {}", service.name)),
            )
            .add_property("DESCRIPTION", clean(&said))
            .add_property("URL", snapshot.url("/calendar"))
            .add_property("STATUS", "CONFIRMED")
            .add_property("TRANSP", "TRANSPARENT");
        event
    };
    let mut recurring = entry(first);
    recurring.add_property("RRULE", window.rrule.ical(instant));
    for date in window.exdates.iter().filter(|date| comes(date)) {
        recurring.append_multi_property(civil("EXDATE", usual(*date)));
    }
    let moved = window.moved.iter();
    let moved = moved.filter(|(date, _)| comes(date) && !window.exdates.contains(date));
    let moved = moved.map(|(date, to)| {
        let mut event = entry(*to);
        event.append_property(civil("RECURRENCE-ID", usual(*date)));
        event.done()
    });
    [recurring.done()].into_iter().chain(moved).collect()
}

/// The zones that standard windows are written in, before the first entry.
fn with_zones(snapshot: &Snapshot, services: &[&Service], calendar: &str) -> String {
    let mut zones: BTreeMap<&str, (&Zone, i16)> = BTreeMap::new();
    let windows = services.iter().flat_map(|service| &service.windows);
    for window in windows {
        let zone = zone_of(snapshot, window);
        let (_, year) = zones
            .entry(zone.name())
            .or_insert((zone, window.from.year()));
        *year = window.from.year().min(*year);
    }
    let Some(begin) = calendar
        .find("BEGIN:VEVENT\r\n")
        .filter(|_| !zones.is_empty())
    else {
        return calendar.to_owned();
    };
    let (head, events) = calendar.split_at(begin);
    let zones = zones.values().map(|(zone, year)| vtimezone(zone, *year));
    format!("{head}{}{events}", zones.collect::<String>())
}

fn calendar(snapshot: &Snapshot, events: impl IntoIterator<Item = Event>) -> String {
    let name = clean(&format!("{}: planned work", snapshot.organisation.name));
    let mut calendar = Calendar::empty();
    calendar.append_property(("VERSION", "2.0"));
    calendar.append_property(("PRODID", "-//Forewarn//Planned work//EN"));
    calendar.append_property(("CALSCALE", "GREGORIAN"));
    calendar.append_property(("METHOD", "PUBLISH"));
    calendar.append_property(("NAME", name.as_str()));
    calendar.append_property(("X-WR-CALNAME", icalendar_text(&name).as_str()));
    calendar.append_property(
        Property::new("REFRESH-INTERVAL", REFRESH)
            .add_parameter("VALUE", "DURATION")
            .done(),
    );
    calendar.append_property(("X-PUBLISHED-TTL", REFRESH));
    for event in events {
        calendar.push(event);
    }
    calendar.to_string()
}

fn event(snapshot: &Snapshot, item: &PublicMaintenance) -> Event {
    let work = &item.maintenance;
    let (start, end) = when(work);
    let mut event = Event::new();
    event
        .add_property("UID", format!("{}@{}", work.id, host(snapshot)))
        .add_property("DTSTAMP", stamp(item.changed_at))
        .add_property("CREATED", stamp(item.created_at))
        .add_property("LAST-MODIFIED", stamp(item.changed_at))
        .add_property("SEQUENCE", sequence(work).to_string())
        .add_property("DTSTART", stamp(start))
        .add_property("DTEND", stamp(end))
        .add_property("SUMMARY", clean(&work.title))
        .add_property(
            "DESCRIPTION",
            clean(&description(snapshot, &work.services, &work.facts)),
        )
        .add_property("URL", snapshot.url(&format!("/events/{}", work.id)))
        .add_property(
            "STATUS",
            match work.status {
                Status::AwaitingApproval => "TENTATIVE",
                Status::Cancelled => "CANCELLED",
                _ => "CONFIRMED",
            },
        )
        // Work on a service does not make its users busy.
        .add_property("TRANSP", "TRANSPARENT");
    maintnote(snapshot, work, &mut event);
    event.done()
}

/// What other operators' programs read: who works on what, how bad it is, where it stands (BCOP maintenance notification). Everybody
/// may read the page, so the account is that of nobody in particular.
fn maintnote(snapshot: &Snapshot, work: &Maintenance, event: &mut Event) {
    let answers = work.decision.as_ref().map(|d| d.answers.interruption);
    let impact = match answers {
        Some(Interruption::No) => Effect::NoImpact,
        Some(Interruption::Maybe) => Effect::Degraded,
        // Who was not asked is better warned than surprised.
        Some(Interruption::Yes) | None => Effect::Outage,
    };
    let status = match work.status {
        Status::AwaitingApproval => maintnote::Status::Tentative,
        Status::Scheduled if work.revision > 1 => maintnote::Status::ReScheduled,
        Status::Scheduled => maintnote::Status::Confirmed,
        Status::InProgress => maintnote::Status::InProcess,
        Status::Completed => maintnote::Status::Completed,
        Status::Cancelled => maintnote::Status::Cancelled,
    };
    event
        .add_property("X-MAINTNOTE-PROVIDER", host(snapshot))
        .add_property("X-MAINTNOTE-ACCOUNT", "public")
        .add_property("X-MAINTNOTE-MAINTENANCE-ID", work.id.as_str())
        .add_property("X-MAINTNOTE-IMPACT", impact.as_str())
        .add_property("X-MAINTNOTE-STATUS", status.as_str());
    for service in &work.services {
        let mut object = Property::new("X-MAINTNOTE-OBJECT-ID", service.as_str());
        if work.services.len() > 1 {
            object.add_parameter("X-MAINTNOTE-OBJECT-IMPACT", impact.as_str());
        }
        event.append_multi_property(object.done());
    }
}

/// When it is, as far as that is known: work that began early or is over is where it was, not where it had been planned, so that nobody
/// keeps an evening free for what is done.
fn when(work: &Maintenance) -> (Timestamp, Timestamp) {
    let (start, end) = work.window();
    let start = work.started_at.unwrap_or(start);
    let end = match work.status {
        Status::Completed => work.ended_at.unwrap_or(end),
        _ => end,
    };
    (start, end.max(start))
}

/// Grows with each new window and each step of the work (RFC 5545, section 3.8.7.4), so that a cancellation outranks what was sent.
fn sequence(work: &Maintenance) -> u32 {
    let steps = match work.status {
        Status::AwaitingApproval | Status::Scheduled => 0,
        Status::InProgress => 1,
        Status::Completed | Status::Cancelled => 2,
    };
    work.revision.saturating_sub(1) + steps
}

/// A change at a moment: without an end, which makes it as long as a moment (RFC 5545 3.6.1).
fn moment(snapshot: &Snapshot, item: &PublicAnnouncement) -> Event {
    let announced = &item.announcement;
    let said = description(snapshot, &announced.services, &announced.facts);
    let mut event = Event::new();
    event
        .add_property("UID", format!("{}@{}", announced.id, host(snapshot)))
        .add_property("DTSTAMP", stamp(item.changed_at))
        .add_property("CREATED", stamp(item.created_at))
        .add_property("LAST-MODIFIED", stamp(item.changed_at))
        .add_property(
            "SEQUENCE",
            {
                let off = announced.status == announcement::Status::Cancelled;
                announced.revision.saturating_sub(1) + u32::from(off)
            }
            .to_string(),
        )
        .add_property("DTSTART", stamp(announced.effective.instant()))
        .add_property("SUMMARY", clean(&announced.title))
        .add_property("DESCRIPTION", clean(&said))
        .add_property("URL", snapshot.url(&format!("/events/{}", announced.id)))
        .add_property(
            "STATUS",
            match announced.status {
                announcement::Status::Cancelled => "CANCELLED",
                announcement::Status::Scheduled | announcement::Status::Effective => "CONFIRMED",
            },
        )
        .add_property("TRANSP", "TRANSPARENT");
    event.done()
}

/// A rough date: whole days, because no hour is known, and tentative. Its id is hashed, so that it is no maintenance's.
fn rough_event(snapshot: &Snapshot, item: &PublicChange) -> Event {
    let change = &item.change;
    let id = derive(&["change_ahead", change.id.as_str()]);
    let url = change.url.clone();
    let day = |name: &str, date: Date| {
        Property::new(name, date.strftime("%Y%m%d").to_string())
            .add_parameter("VALUE", "DATE")
            .done()
    };
    let rough = change.when.words();
    let mut said = vec![format!("{}, rough date: {rough}", change.kind.words())];
    if !change.services.is_empty() {
        let services = snapshot.names(&change.services).join(", ");
        said.push(format!("Services: {services}"));
    }
    said.extend(change.summary.clone());
    let mut event = Event::new();
    event
        .add_property("UID", format!("{id}@{}", host(snapshot)))
        .add_property("DTSTAMP", stamp(item.changed_at))
        .add_property("LAST-MODIFIED", stamp(item.changed_at))
        .add_property("SEQUENCE", item.changes.to_string())
        .append_property(day("DTSTART", change.when.first()))
        // The end of whole days is the first day that is not one of them (RFC 5545 3.6.1).
        .append_property(day("DTEND", change.when.end()))
        .add_property("SUMMARY", clean(&change.title))
        .add_property("DESCRIPTION", clean(&said.join("\n")))
        .add_property("URL", url.unwrap_or_else(|| snapshot.url("/calendar")))
        .add_property("STATUS", "TENTATIVE")
        .add_property("TRANSP", "TRANSPARENT");
    event.done()
}

/// What people need to know without opening the page.
fn description(snapshot: &Snapshot, services: &[Id], facts: &Facts) -> String {
    let services = snapshot.names(services).join(", ");
    let mut parts = vec![format!("Services: {services}")];
    parts.extend(facts.effect.clone());
    parts.extend(facts.why.clone());
    parts.extend(facts.action.clone().map(|action| action.what));
    parts.extend(facts.contact.clone().map(|c| format!("Questions: {c}")));
    parts.join("\n")
}

fn stamp(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Text without control characters, which could end a line early; line breaks stay as they are.
fn clean(text: &str) -> String {
    text.replace("\r\n", "\n")
        .chars()
        .filter(|c| !c.is_control() || *c == '\n')
        .collect()
}

/// Escapes a value whose property the writer does not know to be text.
fn icalendar_text(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace(';', "\\;")
        .replace(',', "\\,")
        .replace('\n', "\\n")
}
