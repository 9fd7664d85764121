//! From the store's rows to the rows of the views: ids become names, actions become words.

use crate::app::App;
use crate::console::desk::sentence;
use crate::console::{Attempt, Choice, Counts, DeliveryRow, JournalRow, NoticeRow};
use crate::error::Result;
use forewarn_core::audience::Audience;
use forewarn_core::contact::Channel;
use forewarn_core::document::Catalogue;
use forewarn_core::event::Event;
use forewarn_core::id::Id;
use forewarn_core::plan::built_in_name;
use forewarn_store as store;
use serde_json::Value;
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

/// Entries of the journal in words.
pub(crate) fn journal(found: &[store::Written]) -> Vec<JournalRow> {
    found.iter().map(journal_row).collect()
}

fn journal_row(entry: &store::Written) -> JournalRow {
    // Other subjects are written as `audience:students` or `services/portal`, or are one word.
    let is_event = entry.subject.contains('-') && !entry.subject.contains([':', '/']);
    JournalRow {
        number: u64::try_from(entry.seq).unwrap_or(0),
        at: entry.at,
        who: entry.actor.clone(),
        what: action_words(&entry.action, &entry.subject, is_event),
        event: is_event.then(|| entry.subject.clone()),
        detail: detail_words(&entry.detail),
    }
}

fn action_words(action: &str, subject: &str, is_event: bool) -> String {
    let words = match action {
        "maintenance.created" => "planned the work",
        "maintenance.approved" => "approved the work",
        "maintenance.planned" => "planned the notices again",
        "maintenance.started" => "work began",
        "maintenance.completed" => "work was completed",
        "maintenance.cancelled" => "cancelled the work",
        "maintenance.delayed" => "moved the work to another time",
        "maintenance.extended" => "extended the work",
        "maintenance.step_done" => "ticked off a step",
        "incident.declared" => "declared the incident",
        "maintenance.revised" => "changed what is known of the work",
        "maintenance.upstream" => "took a provider's notice",
        "maintenance.decided" => "said whether people must be told",
        "maintenance.recipient_added"
        | "incident.recipient_added"
        | "advisory.recipient_added"
        | "announcement.recipient_added" => "added somebody who is told",
        "incident.entered" => "entered the incident afterwards",
        "incident.spokesperson_called" => "whoever is to speak for it was called",
        "incident.first_told" => "the first message about it reached somebody",
        "incident.call_escalated" => "nobody had answered: the next was called",
        "incident.acknowledged" => "took the call",
        "incident.handed_over" => "handed a role over",
        "incident.called" => "ticked off a call",
        "incident.noted" => "wrote a note for the team",
        "incident.approved" | "advisory.approved" | "announcement.approved" => {
            "agreed to what is said"
        }
        "incident.merged" => "merged a duplicate into it",
        "incident.merged_into" => "merged it into another",
        "incident.parent_set" => "changed what it is a part of",
        "incident.promise_moved" => "moved the promise of the next update",
        "incident.promise_kept" => "the promise was kept: nothing is new",
        "incident.promise_broken" | "advisory.promise_broken" => "a promise was broken",
        "incident.postmortem_saved" => "wrote the postmortem",
        "incident.postmortem_approved" => "agreed to the postmortem",
        "incident.postmortem_published" => "published the postmortem",
        "incident.action_ticked" => "ticked off an action",
        "notice.held" => "a notice waits for somebody to agree",
        "notice.acknowledged" => "confirmed a notice",
        "notice.reminded" => "reminded whoever has not confirmed",
        "incident.updated" | "advisory.updated" => "published an update",
        "advisory.reported" => "made the fault known",
        "advisory.fixed" => "said that it is fixed",
        "advisory.withdrawn" => "withdrew it",
        "announcement.created" => "announced it",
        "announcement.moved" => "moved it",
        "announcement.changed" => "changed its words",
        "announcement.cancelled" => "called it off",
        "announcement.effective" => "brought it into effect",
        "notice.sent" => "a notice was sent",
        "notice.superseded" => "a newer message took the place of a notice",
        "documents.applied" => "applied documents",
        "contacts.imported" => "imported contacts",
        "user.signed_in" => "signed in",
        "user.changed" => "changed who may sign in, or with what role or password",
        "user.removed" => "removed somebody who could sign in",
        "token.created" => "made a token for a program",
        "token.revoked" => "revoked a program's token",
        "endpoint.unsubscribed" => "unsubscribed",
        other => {
            let said = other.replace('.', " was ").replace('_', " ");
            return sentence(&match is_event {
                true => said,
                false => format!("{said}: {}", subject.replace([':', '/'], " ")),
            });
        }
    };
    sentence(words)
}

/// The parts of an entry's detail that are texts or numbers: `reason: ..., step: 2`.
fn detail_words(detail: &Value) -> Option<String> {
    let Value::Object(parts) = detail else {
        return None;
    };
    let said: Vec<String> = parts
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "notice" | "title"))
        .filter_map(|(name, value)| Some(format!("{}: {}", name.replace('_', " "), short(value)?)))
        .collect();
    (!said.is_empty()).then(|| said.join(", "))
}

fn short(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(items) if items.iter().all(Value::is_string) && items.len() <= 8 => {
            let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            (!texts.is_empty()).then(|| texts.join(" "))
        }
        Value::Array(items) => Some(items.len().to_string()),
        Value::Object(parts) => {
            let said: Vec<String> = parts
                .iter()
                .filter_map(|(name, value)| Some(format!("{name} {}", short(value)?)))
                .collect();
            (!said.is_empty()).then(|| said.join(" "))
        }
        other => Some(other.to_string()),
    }
}
