//! The Statuspage public API, version 2: eight documents that other people's clients read unchanged.
//!
//! Their clients are strict about shapes: every time has an offset, updates come newest first, a group is a
//! component with `group: true`. One key is ours, `next_update_at`; clients ignore what they do not know.

use super::history::worst_impact;
use super::state::States;
use super::texts::Texts;
use super::{
    Page, PublicAdvisory, PublicIncident, PublicMaintenance, PublicMessage, Snapshot, when,
};
use forewarn_core::advisory;
use forewarn_core::id::{Id, derive};
use forewarn_core::incident::Impact;
use forewarn_core::maintenance::{Maintenance, Status};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// How many incidents and maintenances the lists of all states give.
const NEWEST: usize = 50;

#[derive(Serialize)]
struct PageInfo {
    id: String,
    name: String,
    url: String,
    time_zone: String,
    updated_at: String,
}

#[derive(Serialize)]
struct Overall {
    indicator: &'static str,
    description: String,
}

#[derive(Clone, Serialize)]
struct Component {
    id: String,
    name: String,
    status: &'static str,
    created_at: String,
    updated_at: String,
    position: usize,
    description: Option<String>,
    showcase: bool,
    start_date: Option<String>,
    group_id: Option<String>,
    page_id: String,
    group: bool,
    only_show_if_degraded: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    components: Option<Vec<String>>,
}

#[derive(Serialize)]
struct Event {
    id: String,
    name: String,
    status: &'static str,
    created_at: String,
    updated_at: String,
    monitoring_at: Option<String>,
    resolved_at: Option<String>,
    impact: &'static str,
    shortlink: String,
    started_at: String,
    page_id: String,
    incident_updates: Vec<Update>,
    components: Vec<Component>,
    reminder_intervals: Option<String>,
    #[serde(flatten)]
    window: Option<Window>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_update_at: Option<String>,
}

#[derive(Serialize)]
struct Window {
    scheduled_for: String,
    scheduled_until: String,
}

#[derive(Serialize)]
struct Update {
    id: String,
    status: String,
    body: String,
    incident_id: String,
    created_at: String,
    updated_at: String,
    display_at: String,
    affected_components: Option<Vec<AffectedComponent>>,
    deliver_notifications: bool,
    custom_tweet: Option<String>,
    tweet_id: Option<String>,
}

#[derive(Serialize)]
struct AffectedComponent {
    code: String,
    name: String,
    old_status: &'static str,
    new_status: &'static str,
}

/// The parts of all documents, made once.
struct Api<'a> {
    snapshot: &'a Snapshot,
    page_id: String,
    states: States,
    /// Stands in for the time at which a service was entered, which nobody knows.
    since: Timestamp,
}

/// Every document by its path.
pub(super) fn pages(snapshot: &Snapshot) -> BTreeMap<String, Page> {
    let api = Api::new(snapshot);
    let incidents = api.incidents();
    let unresolved: Vec<&Event> = incidents
        .iter()
        .filter(|e| !matches!(e.status, "resolved" | "postmortem"))
        .collect();
    let works = api.maintenances();
    let upcoming: Vec<&Event> = works.iter().filter(|e| e.status == "scheduled").collect();
    let active: Vec<&Event> = works.iter().filter(|e| e.status == "in_progress").collect();
    let ahead: Vec<&&Event> = active.iter().chain(&upcoming).collect();
    let newest = |list: &'_ [Event]| serde_json::to_value(&list[..list.len().min(NEWEST)]);
    let documents = [
        (
            "summary",
            vec![
                ("components", serde_json::to_value(api.components())),
                ("incidents", serde_json::to_value(&unresolved)),
                ("scheduled_maintenances", serde_json::to_value(&ahead)),
                ("status", serde_json::to_value(api.overall())),
            ],
        ),
        (
            "status",
            vec![("status", serde_json::to_value(api.overall()))],
        ),
        (
            "components",
            vec![("components", serde_json::to_value(api.components()))],
        ),
        ("incidents", vec![("incidents", newest(&incidents))]),
        (
            "incidents/unresolved",
            vec![("incidents", serde_json::to_value(&unresolved))],
        ),
        (
            "scheduled-maintenances",
            vec![("scheduled_maintenances", newest(&works))],
        ),
        (
            "scheduled-maintenances/upcoming",
            vec![("scheduled_maintenances", serde_json::to_value(&upcoming))],
        ),
        (
            "scheduled-maintenances/active",
            vec![("scheduled_maintenances", serde_json::to_value(&active))],
        ),
    ];
    documents
        .into_iter()
        .map(|(name, parts)| {
            let mut body = serde_json::Map::new();
            body.insert("page".into(), json(api.page()));
            for (key, value) in parts {
                body.insert(key.into(), value.unwrap_or_default());
            }
            let bytes = serde_json::to_vec(&body).unwrap_or_default();
            (
                format!("/api/v2/{name}.json"),
                Page::new("application/json; charset=utf-8", bytes),
            )
        })
        .collect()
}

fn json(value: impl Serialize) -> serde_json::Value {
    // Plain structs with text keys: writing them cannot fail.
    serde_json::to_value(value).unwrap_or_default()
}

impl<'a> Api<'a> {
    fn new(snapshot: &'a Snapshot) -> Api<'a> {
        let incidents = snapshot.incidents.iter().map(|i| i.incident.declared_at);
        let works = snapshot.maintenances.iter().map(|m| m.created_at);
        Api {
            snapshot,
            page_id: derive(&["page", &snapshot.public_url]),
            states: States::of(snapshot),
            since: incidents.chain(works).min().unwrap_or(snapshot.made_at),
        }
    }

    fn time(&self, at: Timestamp) -> String {
        when::iso(at, &self.snapshot.organisation.time_zone)
    }

    fn page(&self) -> PageInfo {
        PageInfo {
            id: self.page_id.clone(),
            name: self.snapshot.organisation.name.clone(),
            url: self.snapshot.public_url.clone(),
            time_zone: self.snapshot.organisation.time_zone.name().to_owned(),
            updated_at: self.time(self.snapshot.made_at),
        }
    }

    fn overall(&self) -> Overall {
        Overall {
            indicator: self.states.indicator(),
            description: self.states.sentence(self.snapshot, Texts::english()),
        }
    }

    fn group_id(&self, name: &str) -> String {
        derive(&["group", name])
    }

    /// When something about this service last changed.
    fn changed_at(&self, id: &Id) -> Timestamp {
        let incidents = self.snapshot.incidents.iter();
        let incidents = incidents
            .filter(|i| i.incident.services.contains_key(id))
            .map(PublicIncident::changed_at);
        let works = self.snapshot.public_maintenances().into_iter();
        let works = works
            .filter(|m| m.maintenance.services.contains(id))
            .filter_map(|m| m.maintenance.ended_at.or(m.maintenance.started_at));
        incidents.chain(works).max().unwrap_or(self.since)
    }

    fn component(&self, id: &Id, position: usize) -> Component {
        let service = self.snapshot.service(id.as_str());
        let group = service.and_then(|s| s.group.as_deref());
        Component {
            id: id.to_string(),
            name: service.map_or_else(|| id.to_string(), |s| s.name.clone()),
            status: self.states.state(id).as_str(),
            created_at: self.time(self.since),
            updated_at: self.time(self.changed_at(id)),
            position,
            description: service.and_then(|s| s.description.clone()),
            showcase: true,
            start_date: None,
            group_id: group.map(|name| self.group_id(name)),
            page_id: self.page_id.clone(),
            group: false,
            only_show_if_degraded: false,
            components: None,
        }
    }

    /// Services in order, each group before its first service.
    fn components(&self) -> Vec<Component> {
        let mut all: Vec<Component> = Vec::new();
        for service in &self.snapshot.services {
            if let Some(name) = &service.group
                && !all.iter().any(|c| c.group && c.name == *name)
            {
                all.push(self.group(name, all.len() + 1));
            }
            all.push(self.component(&service.id, all.len() + 1));
        }
        all
    }

    fn group(&self, name: &str, position: usize) -> Component {
        let services = self.snapshot.services.iter();
        let members: Vec<&Id> = services
            .filter(|s| s.group.as_deref() == Some(name))
            .map(|s| &s.id)
            .collect();
        let worst = members.iter().map(|id| self.states.state(id)).max();
        let changed = members.iter().map(|id| self.changed_at(id)).max();
        Component {
            id: self.group_id(name),
            name: name.to_owned(),
            status: worst.map_or("operational", |state| state.as_str()),
            created_at: self.time(self.since),
            updated_at: self.time(changed.unwrap_or(self.since)),
            position,
            description: None,
            showcase: false,
            start_date: None,
            group_id: None,
            page_id: self.page_id.clone(),
            group: true,
            only_show_if_degraded: false,
            components: Some(members.iter().map(|id| id.to_string()).collect()),
        }
    }

    fn named<'i>(&self, ids: impl Iterator<Item = &'i Id>) -> Vec<Component> {
        ids.enumerate()
            .map(|(n, id)| self.component(id, n + 1))
            .collect()
    }

    /// Incidents and advisories, newest first. Their vocabulary has no word for a fault while all works: it is an incident that
    /// does nothing to any component.
    fn incidents(&self) -> Vec<Event> {
        let incidents = self.snapshot.incidents.iter();
        let incidents = incidents.map(|i| (i.incident.declared_at, self.incident(i)));
        let advisories = self.snapshot.advisories.iter();
        let advisories = advisories.map(|a| (a.advisory.found_at, self.advisory(a)));
        let mut all: Vec<(Timestamp, Event)> = incidents.chain(advisories).collect();
        all.sort_by(|(at, event), (other_at, other)| (other_at, &other.id).cmp(&(at, &event.id)));
        all.into_iter().map(|(_, event)| event).collect()
    }

    fn advisory(&self, item: &PublicAdvisory) -> Event {
        let advisory = &item.advisory;
        let newest_first = item.messages.iter().rev();
        let status_then = |message: &PublicMessage| {
            let word = advisory.updates.iter().find(|w| w.id == message.id);
            advisory_status(word.map_or(advisory.status, |w| w.status))
        };
        Event {
            id: advisory.id.to_string(),
            name: advisory.title.clone(),
            status: advisory_status(advisory.status),
            created_at: self.time(advisory.found_at),
            updated_at: self.time(item.changed_at()),
            monitoring_at: None,
            resolved_at: advisory.closed_at.map(|at| self.time(at)),
            impact: "none",
            shortlink: self.snapshot.url(&format!("/events/{}", advisory.id)),
            started_at: self.time(advisory.found_at),
            page_id: self.page_id.clone(),
            incident_updates: newest_first
                .map(|m| self.update(&advisory.id, m, status_then(m), None))
                .collect(),
            components: self.named(advisory.services.iter()),
            reminder_intervals: None,
            window: None,
            next_update_at: item.next_update_at().map(|due| self.time(due)),
        }
    }

    fn incident(&self, item: &PublicIncident) -> Event {
        let incident = &item.incident;
        let monitoring = incident.updates.iter();
        let monitoring = monitoring
            .filter(|u| u.status.as_str() == "monitoring")
            .map(|u| self.time(u.at))
            .next_back();
        Event {
            id: incident.id.to_string(),
            name: incident.title.clone(),
            status: incident.status.as_str(),
            created_at: self.time(incident.declared_at),
            updated_at: self.time(item.changed_at()),
            monitoring_at: monitoring,
            resolved_at: incident.resolved_at.map(|at| self.time(at)),
            impact: match worst_impact(item) {
                Impact::None => "none",
                Impact::DegradedPerformance => "minor",
                Impact::PartialOutage => "major",
                Impact::MajorOutage => "critical",
            },
            shortlink: self.snapshot.url(&format!("/events/{}", incident.id)),
            started_at: self.time(incident.declared_at),
            page_id: self.page_id.clone(),
            incident_updates: self.updates_of_incident(item),
            components: self.named(incident.services.keys()),
            reminder_intervals: None,
            window: None,
            next_update_at: item.next_update_at().map(|due| self.time(due)),
        }
    }

    fn updates_of_incident(&self, item: &PublicIncident) -> Vec<Update> {
        let updates = &item.incident.updates;
        let changes = |id: &str| {
            let n = updates.iter().position(|u| u.id == id)?;
            let before = n.checked_sub(1).map(|n| &updates[n].services);
            let list = updates[n].services.iter().map(|(id, impact)| {
                let old = before.and_then(|b| b.get(id)).copied();
                AffectedComponent {
                    code: id.to_string(),
                    name: self.snapshot.names([id]).concat(),
                    old_status: component_status(old.unwrap_or(Impact::None)),
                    new_status: component_status(*impact),
                }
            });
            Some(list.collect())
        };
        let newest_first = item.messages.iter().rev();
        newest_first
            .map(|message| {
                let status = updates.iter().find(|u| u.id == message.id);
                let status = status.map_or(message.milestone.as_str(), |u| u.status.as_str());
                self.update(&item.incident.id, message, status, changes(&message.id))
            })
            .collect()
    }

    fn update(
        &self,
        event: &Id,
        message: &PublicMessage,
        status: &str,
        affected_components: Option<Vec<AffectedComponent>>,
    ) -> Update {
        let at = self.time(message.at);
        Update {
            id: message.id.clone(),
            status: status.to_owned(),
            body: message.text.clone(),
            incident_id: event.to_string(),
            created_at: at.clone(),
            updated_at: at.clone(),
            display_at: at,
            affected_components,
            deliver_notifications: true,
            custom_tweet: None,
            tweet_id: None,
        }
    }

    /// Planned work, newest window first.
    fn maintenances(&self) -> Vec<Event> {
        let items = self.snapshot.public_maintenances().into_iter().rev();
        items.map(|item| self.maintenance(item)).collect()
    }

    fn maintenance(&self, item: &PublicMaintenance) -> Event {
        let work = &item.maintenance;
        let (start, end) = work.window();
        let newest_first = item.messages.iter().rev();
        Event {
            id: work.id.to_string(),
            name: work.title.clone(),
            status: maintenance_status(work.status),
            created_at: self.time(item.created_at),
            updated_at: self.time(item.changed_at),
            monitoring_at: None,
            resolved_at: work.ended_at.map(|at| self.time(at)),
            impact: "maintenance",
            shortlink: self.snapshot.url(&format!("/events/{}", work.id)),
            started_at: self.time(work.started_at.unwrap_or(start)),
            page_id: self.page_id.clone(),
            incident_updates: newest_first
                .map(|m| self.update(&work.id, m, status_then(work, m), None))
                .collect(),
            components: self.named(work.services.iter()),
            reminder_intervals: None,
            window: Some(Window {
                scheduled_for: self.time(start),
                scheduled_until: self.time(end),
            }),
            next_update_at: None,
        }
    }
}

/// The fault is known from its first message on.
fn advisory_status(status: advisory::Status) -> &'static str {
    match status {
        advisory::Status::Open => "identified",
        advisory::Status::Fixed | advisory::Status::Withdrawn => "resolved",
    }
}

fn component_status(impact: Impact) -> &'static str {
    super::state::ServiceState::from(impact).as_str()
}

/// Their vocabulary knows no cancellation: a cancelled maintenance is over, and its last message says why.
fn maintenance_status(status: Status) -> &'static str {
    match status {
        Status::AwaitingApproval | Status::Scheduled => "scheduled",
        Status::InProgress => "in_progress",
        Status::Completed | Status::Cancelled => "completed",
    }
}

/// The status that a maintenance had when a message went out.
fn status_then(work: &Maintenance, message: &PublicMessage) -> &'static str {
    if work.ended_at.is_some_and(|end| message.at >= end) {
        "completed"
    } else if work.started_at.is_some_and(|start| message.at >= start) {
        "in_progress"
    } else {
        "scheduled"
    }
}
