//! From the store's rows to the rows of the views: ids become names, actions become words.

use crate::app::App;
use crate::console::{Attempt, Choice, Counts, DeliveryRow, NoticeRow};
use crate::error::Result;
use crate::ops::approval::Waiting;
use forewarn_core::audience::Audience;
use forewarn_core::contact::Channel;
use forewarn_core::document::Catalogue;
use forewarn_core::event::Event;
use forewarn_core::id::Id;
use forewarn_core::plan::built_in_name;
use forewarn_store as store;
use std::collections::HashMap;

/// A service's name.
pub(crate) fn service_name(catalogue: &Catalogue, id: &str) -> String {
    let found = catalogue.services.iter().find(|s| s.id == *id);
    found.map_or_else(|| id.to_owned(), |s| s.name.clone())
}

/// The names of services.
pub(crate) fn service_names<'a>(
    catalogue: &Catalogue,
    ids: impl IntoIterator<Item = &'a Id>,
) -> Vec<String> {
    ids.into_iter()
        .map(|id| service_name(catalogue, id.as_str()))
        .collect()
}

/// An audience's name.
pub(crate) fn audience_name(catalogue: &Catalogue, id: &str) -> String {
    if let Some(name) = built_in_name(id) {
        return name.into();
    }
    let found = catalogue.audiences.iter().find(|a| a.id == *id);
    found.map_or_else(|| id.to_owned(), |a| a.name.clone())
}

/// People read the names of audiences, not their ids.
pub(crate) fn name_audiences(waiting: &mut Waiting, catalogue: &Catalogue) {
    for notice in &mut waiting.notices {
        notice.audience = audience_name(catalogue, &notice.audience);
    }
}

/// Every service as something to choose.
pub(crate) fn service_choices(catalogue: &Catalogue) -> Vec<Choice> {
    let services = catalogue.services.iter();
    services
        .map(|s| Choice {
            id: s.id.to_string(),
            name: s.name.clone(),
            group: s.group.clone(),
        })
        .collect()
}

/// Every audience, to choose from.
pub(crate) fn audience_choices(catalogue: &Catalogue) -> Vec<Choice> {
    let choice = |audience: &Audience| Choice {
        id: audience.id.to_string(),
        name: audience.name.clone(),
        group: None,
    };
    catalogue.audiences.iter().map(choice).collect()
}

/// Where an event stands in the console.
pub(crate) fn event_path(event: &Event) -> String {
    match event {
        Event::Maintenance(m) => format!("/console/maintenances/{}", m.id),
        Event::Incident(i) => format!("/console/incidents/{}", i.id),
        // A window is its service's and has no page of its own.
        Event::Window(_) => "/console/services".to_owned(),
        Event::Reminder(r) => r.path(),
        Event::Advisory(a) => format!("/console/advisories/{}", a.id),
        Event::Announcement(a) => format!("/console/announcements/{}", a.id),
    }
}

/// Notices with the names of their events and audiences.
pub(crate) async fn notices(
    app: &App,
    catalogue: &Catalogue,
    found: &[store::NoticeRow],
) -> Result<Vec<NoticeRow>> {
    let mut events: HashMap<String, Option<Event>> = HashMap::new();
    let mut rows = Vec::with_capacity(found.len());
    for notice in found {
        if !events.contains_key(&notice.event) {
            let event = app.store.event(&notice.event).await?.map(|s| s.event);
            events.insert(notice.event.clone(), event);
        }
        let event = events.get(&notice.event).and_then(Option::as_ref);
        rows.push(notice_row(catalogue, notice, event));
    }
    Ok(rows)
}

fn notice_row(
    catalogue: &Catalogue,
    notice: &store::NoticeRow,
    event: Option<&Event>,
) -> NoticeRow {
    let count = |status: &str| {
        let found = notice.counts.get(status).copied().unwrap_or(0);
        u64::try_from(found).unwrap_or(0)
    };
    NoticeRow {
        id: notice.id.clone(),
        event: notice.event.clone(),
        event_kind: event.map_or("maintenance", Event::kind).to_owned(),
        event_path: match event {
            Some(event) => event_path(event),
            None => format!("/console/maintenances/{}", notice.event),
        },
        event_title: event.map_or(notice.event.as_str(), Event::title).to_owned(),
        milestone: notice.milestone.clone(),
        offset: notice.offset.clone(),
        audience: audience_name(catalogue, &notice.audience),
        level: notice.level,
        due: notice.due,
        status: notice.status.clone(),
        because: notice.because.clone(),
        copy_due: notice.copy_due,
        counts: Counts {
            queued: count("queued"),
            accepted: count("accepted"),
            delivered: count("delivered"),
            failed: count("failed"),
            unknown: count("unknown"),
            suppressed: count("suppressed"),
            superseded: count("superseded"),
            expired: count("expired"),
        },
    }
}

/// Deliveries with the milestones of their notices.
pub(crate) async fn deliveries(
    app: &App,
    found: &[store::DeliveryRow],
) -> Result<Vec<DeliveryRow>> {
    let mut milestones: HashMap<String, String> = HashMap::new();
    let mut rows = Vec::with_capacity(found.len());
    for delivery in found {
        if !milestones.contains_key(&delivery.notice) {
            let notice = app.store.notice(&delivery.notice).await?;
            let milestone = notice.map(|n| n.milestone).unwrap_or_default();
            milestones.insert(delivery.notice.clone(), milestone);
        }
        rows.push(DeliveryRow {
            id: delivery.id.clone(),
            notice: delivery.notice.clone(),
            event: delivery.event.clone(),
            milestone: milestones[&delivery.notice].clone(),
            contact: recipient(&delivery.contact),
            channel: delivery.channel.as_str().to_owned(),
            endpoint: shown_address(delivery.channel, &delivery.endpoint),
            status: delivery.status,
            next_attempt: delivery.next_at,
            attempts: delivery.attempts.iter().map(attempt).collect(),
            message_id: crate::api::message_id(delivery, app),
        });
    }
    Ok(rows)
}

fn attempt(attempt: &store::AttemptRow) -> Attempt {
    Attempt {
        at: attempt.at,
        outcome: attempt.outcome.clone(),
        server_said: attempt.server_said.clone(),
    }
}

/// Recipients who are no contact are known by what they are: an owner's address, an audience's list.
fn recipient(key: &str) -> String {
    match key.split_once(':') {
        Some(("address", address)) => address.to_owned(),
        Some(("audience", id)) => format!("list of {id}"),
        _ => key.to_owned(),
    }
}

/// A webhook's address often holds its secret: only its host is shown.
pub(crate) fn shown_address(channel: Channel, address: &str) -> String {
    if !matches!(channel, Channel::Webhook | Channel::Chat | Channel::Push) {
        return address.to_owned();
    }
    crate::api::host_only(address)
}
