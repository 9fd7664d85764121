//! A small world: two events, some contacts, notices, and the steps that bring a notice to its recipients.

use forewarn_core::alert::Placed;
use forewarn_core::audience::Level;
use forewarn_core::contact::{Channel, Contact};
use forewarn_core::delivery::DeliveryStatus;
use forewarn_core::document::{Catalogue, Documents};
use forewarn_core::event::{Event, Occasion};
use forewarn_core::hook::Hook;
use forewarn_core::id::Id;
use forewarn_core::incident::{Impact, Severity};
use forewarn_core::plan::{Changes, Notice};
use forewarn_store::{
    Claimed, DeliveryFilter, DeliveryRow, Entry, Intake, Lane, Published, Recipients, Recorded,
    Result, Store,
};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// So many minutes after the time at which every test begins.
pub fn at(minutes: i64) -> Timestamp {
    let begin: Timestamp = "2026-11-22T09:00:00Z".parse().unwrap();
    begin + SignedDuration::from_mins(minutes)
}

pub fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

pub fn documents(yaml: &str) -> Documents {
    let texts = [("sample.yaml".to_owned(), yaml.to_owned())];
    Documents::parse_yaml(&texts, &Catalogue::default(), "MNT-9").unwrap()
}

/// A maintenance that starts on the evening of the 29th.
pub fn maintenance(id: &str) -> Event {
    let yaml = format!(
        "organisation: {{name: Example University, time_zone: America/Los_Angeles, calendar: US}}
services: [{{id: portal, name: Portal}}]
maintenance: {{id: {id}, title: Upgrade, services: [portal], start: 2026-11-29T22:00, end: 2026-11-30T02:00}}"
    );
    Event::Maintenance(documents(&yaml).maintenance.unwrap())
}

pub fn incident(id: &str) -> Event {
    Event::Incident(
        serde_json::from_value(serde_json::json!({
            "id": id, "title": "Portal is down", "services": {"portal": "major_outage"}, "severity": "P1",
            "status": "investigating", "facts": {}, "declared_at": at(0), "updates": []
        }))
        .unwrap(),
    )
}

/// A hook for alerts.
pub fn hook(id: &str) -> Hook {
    serde_json::from_value(serde_json::json!({"id": id, "kind": "alertmanager"})).unwrap()
}

/// A request of that hook: one alert about the portal.
pub fn alerts<'a>(hook: &'a Hook, request: &'a str, fires: bool) -> Intake<'a> {
    let alert = serde_json::json!({"key": "disk", "title": "Disk full", "state": if fires { "firing" } else { "resolved" }});
    Intake {
        hook,
        request: Some(request),
        group: "g",
        placed: vec![Placed {
            alert: serde_json::from_value(alert).unwrap(),
            service: id("portal"),
            severity: Severity::P2,
            impact: Impact::PartialOutage,
        }],
        public_url: "https://status.example.org",
    }
}

/// Somebody with one mailbox in these audiences.
pub fn contact(id: &str, audiences: &[&str]) -> Contact {
    serde_json::from_value(serde_json::json!({
        "id": id, "name": format!("The {id}"), "audiences": audiences,
        "endpoints": [{"channel": "email", "address": format!("{id}@example.org")}]
    }))
    .unwrap()
}

pub fn contacts(range: std::ops::Range<usize>, audience: &str) -> Vec<Contact> {
    range
        .map(|n| contact(&format!("c{n:06}"), &[audience]))
        .collect()
}

/// A notice by mail to `students`, due after so many minutes.
pub fn notice(id: &str, milestone: &str, due: i64) -> Notice {
    Notice {
        id: id.to_owned(),
        milestone: milestone.to_owned(),
        offset: None,
        stands_for: Vec::new(),
        audience: "students".to_owned(),
        level: Level::NonTechnical,
        channels: vec![Channel::Email],
        due: at(due),
        due_local: at(due).to_string(),
        copy_due: None,
        because: "the test says so".to_owned(),
        held: false,
        tells: Vec::new(),
    }
}

pub fn to(audience: &str, notice: Notice) -> Notice {
    Notice {
        audience: audience.to_owned(),
        ..notice
    }
}

pub fn adding(notices: Vec<Notice>) -> Changes {
    Changes {
        add: notices,
        ..Changes::default()
    }
}

/// Publishes over the sequence that was seen, with one line in the journal.
pub async fn publish(store: &Store, event: &Event, expected: i64, changes: &Changes) -> Result<()> {
    let published = Published {
        event,
        expected,
        changes,
        occasion: &Occasion::default(),
        awaiting: &BTreeSet::new(),
        entries: &[Entry::new("ann", "event.published", event.id().as_str())],
        plan: None,
        answer: None,
    };
    store.publish(published, at(0)).await
}

pub fn lane(event: &Event) -> Lane {
    match event {
        Event::Incident(_) => Lane::Urgent,
        Event::Maintenance(_)
        | Event::Window(_)
        | Event::Reminder(_)
        | Event::Advisory(_)
        | Event::Announcement(_) => Lane::Planned,
    }
}

/// Begins every notice of a lane that is due, in order. Says which.
pub async fn begin(store: &Store, lane: Lane, now: Timestamp) -> Vec<String> {
    let mut begun = Vec::new();
    for due in store.due_notices(lane, now, 100).await.unwrap() {
        let content =
            due.event
                .content(&due.occasion, None, &Catalogue::default(), "http://x", now);
        assert!(store.begin_notice(&due, &content, None, now).await.unwrap());
        begun.push(due.id);
    }
    begun
}

pub fn members() -> Recipients {
    Recipients::Members {
        services: vec![id("portal")],
        fallback: forewarn_store::Fallback::default(),
    }
}

/// Expands a notice to its end. Says how many deliveries were made.
pub async fn expand(store: &Store, notice: &str, now: Timestamp) -> u64 {
    let mut made = 0;
    loop {
        let chunk = store.expand(notice, &members(), now).await.unwrap();
        made += chunk.deliveries;
        if chunk.complete {
            return made;
        }
    }
}

/// Publishes, begins and expands notices of one event that are due now; each goes to its end before the next begins.
pub async fn send_out(store: &Store, event: &Event, expected: i64, notices: Vec<Notice>, now: i64) {
    publish(store, event, expected, &adding(notices))
        .await
        .unwrap();
    for notice in begin(store, lane(event), at(now)).await {
        expand(store, &notice, at(now)).await;
    }
}

pub fn accepted(delivery: &Claimed, now: Timestamp) -> Recorded {
    Recorded {
        id: delivery.id.clone(),
        row: delivery.row,
        attempt: delivery.attempt,
        status: DeliveryStatus::Accepted,
        next_at: now,
        started_at: now,
        ended_at: now,
        outcome: "accepted",
        server_said: "250 ok".into(),
        endpoint_gone: false,
        receipted: true,
    }
}

/// It did not work and is tried again after so many minutes.
pub fn refused(delivery: &Claimed, now: Timestamp, minutes: i64) -> Recorded {
    Recorded {
        status: DeliveryStatus::Queued,
        next_at: now + SignedDuration::from_mins(minutes),
        outcome: "transient_failure",
        server_said: "451 later".into(),
        ..accepted(delivery, now)
    }
}

/// The mailbox does not exist.
pub fn gone(delivery: &Claimed, now: Timestamp) -> Recorded {
    Recorded {
        status: DeliveryStatus::Failed,
        outcome: "permanent_failure",
        server_said: "550 no such user".into(),
        endpoint_gone: true,
        ..accepted(delivery, now)
    }
}

pub async fn all_deliveries(store: &Store) -> Vec<DeliveryRow> {
    store
        .deliveries(&DeliveryFilter::default(), 1_000_000)
        .await
        .unwrap()
}

/// `notice contact status` for each delivery, sorted.
pub async fn ledger(store: &Store) -> Vec<String> {
    let mut lines: Vec<String> = all_deliveries(store)
        .await
        .iter()
        .map(|d| format!("{} {} {}", d.notice, d.contact, d.status.as_str()))
        .collect();
    lines.sort();
    lines
}

pub async fn counts(store: &Store, notice: &str) -> BTreeMap<String, i64> {
    store.notice(notice).await.unwrap().unwrap().counts
}
