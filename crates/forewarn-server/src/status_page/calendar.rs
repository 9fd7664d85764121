//! What is ahead as calendars: `/calendar.ics` to subscribe to, with firm work and rough dates, and a file for each event.
//!
//! Times are instants in UTC, so that no zone table is needed and none can be out of date. A new window is a new
//! revision, which raises SEQUENCE; nothing but a change of the event changes a byte.

use super::feeds::host;
use super::{Page, PublicAnnouncement, PublicChange, PublicMaintenance, Snapshot};
use forewarn_core::announcement;
use forewarn_core::facts::Facts;
use forewarn_core::id::{Id, derive};
use forewarn_core::maintenance::Status;
use icalendar::{Calendar, Component, Event, Property};
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::BTreeMap;

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
    let moments = snapshot.announcements.iter();
    let moments = moments.map(|item| moment(snapshot, item));
    let firm = public.iter().map(|item| event(snapshot, item));
    let rough = snapshot.changes_to_come();
    let rough = rough.iter().map(|item| rough_event(snapshot, item));
    let all = calendar(snapshot, firm.chain(moments).chain(rough));
    pages.insert("/calendar.ics".into(), Page::new(CONTENT_TYPE, all));
    pages
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
    let (start, end) = work.window();
    let mut event = Event::new();
    event
        .add_property("UID", format!("{}@{}", work.id, host(snapshot)))
        .add_property("DTSTAMP", stamp(item.changed_at))
        .add_property("CREATED", stamp(item.created_at))
        .add_property("LAST-MODIFIED", stamp(item.changed_at))
        .add_property("SEQUENCE", work.revision.saturating_sub(1).to_string())
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
    event.done()
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
        .add_property("SEQUENCE", announced.revision.saturating_sub(1).to_string())
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
