//! What an event's page says to programs that read pages: schema.org in JSON-LD.
//!
//! It stands in the page as data (a script element whose type no browser runs, which no policy forbids), so it can hold no `<`.

use super::{PublicAdvisory, PublicAnnouncement, PublicIncident, PublicMaintenance, Snapshot};
use forewarn_core::announcement::Status as Announced;
use forewarn_core::facts::Facts;
use forewarn_core::id::Id;
use forewarn_core::maintenance::Status;
use serde_json::{Value, json};

/// JSON that may stand in a page as it is.
pub(super) struct Linked(String);

impl Linked {
    fn new(value: &Value) -> Linked {
        // In strings only, so it means the same.
        Linked(value.to_string().replace('<', "\\u003c"))
    }
}

impl std::fmt::Display for Linked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Linked {}

/// An open or resolved incident is an announcement of something special, which holds until the next update or its end.
pub(super) fn incident(snapshot: &Snapshot, item: &PublicIncident) -> Linked {
    let incident = &item.incident;
    let said = item.latest().map(|message| message.text.as_str());
    let until = incident.resolved_at.or(item.next_update_at());
    Linked::new(&json!({
        "@context": "https://schema.org",
        "@type": "SpecialAnnouncement",
        "name": incident.title,
        "text": said.or(incident.facts.effect.as_deref()),
        "datePosted": incident.declared_at,
        "dateModified": item.changed_at(),
        "expires": until,
        "url": event_url(snapshot, &incident.id),
        "publisher": organisation(snapshot),
    }))
}

/// The same of a known fault.
pub(super) fn advisory(snapshot: &Snapshot, item: &PublicAdvisory) -> Linked {
    let advisory = &item.advisory;
    let said = item.latest().map(|message| message.text.as_str());
    Linked::new(&json!({
        "@context": "https://schema.org",
        "@type": "SpecialAnnouncement",
        "name": advisory.title,
        "text": said.or(advisory.facts.effect.as_deref()),
        "datePosted": advisory.found_at,
        "dateModified": item.changed_at(),
        "expires": advisory.closed_at.or(item.next_update_at()),
        "url": event_url(snapshot, &advisory.id),
        "publisher": organisation(snapshot),
    }))
}

/// Planned work is an event that takes place where its services are used.
pub(super) fn maintenance(snapshot: &Snapshot, item: &PublicMaintenance) -> Linked {
    let work = &item.maintenance;
    let (start, end) = work.window();
    let status = match work.status {
        Status::Cancelled => "EventCancelled",
        Status::Scheduled if work.revision > 1 => "EventRescheduled",
        _ => "EventScheduled",
    };
    Linked::new(&json!({
        "@context": "https://schema.org",
        "@type": "Event",
        "name": work.title,
        "description": described(&work.facts),
        "startDate": work.started_at.unwrap_or(start),
        "endDate": end,
        "eventStatus": format!("https://schema.org/{status}"),
        "eventAttendanceMode": "https://schema.org/OnlineEventAttendanceMode",
        "location": place(snapshot, &work.id),
        "organizer": organisation(snapshot),
        "url": event_url(snapshot, &work.id),
    }))
}

/// A change at a moment is an event without an end.
pub(super) fn announcement(snapshot: &Snapshot, item: &PublicAnnouncement) -> Linked {
    let announced = &item.announcement;
    let status = match announced.status {
        Announced::Cancelled => "EventCancelled",
        Announced::Scheduled if announced.revision > 1 => "EventRescheduled",
        Announced::Scheduled | Announced::Effective => "EventScheduled",
    };
    Linked::new(&json!({
        "@context": "https://schema.org",
        "@type": "Event",
        "name": announced.title,
        "description": described(&announced.facts),
        "startDate": announced.effective.instant(),
        "eventStatus": format!("https://schema.org/{status}"),
        "eventAttendanceMode": "https://schema.org/OnlineEventAttendanceMode",
        "location": place(snapshot, &announced.id),
        "organizer": organisation(snapshot),
        "url": event_url(snapshot, &announced.id),
    }))
}

fn described(facts: &Facts) -> Option<&str> {
    facts.effect.as_deref().or(facts.why.as_deref())
}

fn event_url(snapshot: &Snapshot, id: &Id) -> String {
    snapshot.url(&format!("/events/{id}"))
}

fn place(snapshot: &Snapshot, id: &Id) -> Value {
    json!({"@type": "VirtualLocation", "url": event_url(snapshot, id)})
}

fn organisation(snapshot: &Snapshot) -> Value {
    json!({"@type": "Organization", "name": snapshot.organisation.name, "url": snapshot.url("/")})
}
