//! PagerDuty's webhooks, version 3: what became of an incident there.

use super::{Alert, Batch, MOST_TEXT, MOST_TITLE, State, harmless, instant, web_address};
use crate::problem::{Invalid, Problem};
use serde_json::Value;
use std::collections::BTreeMap;

/// Reads a request.
///
/// # Errors
/// Every part that is missing.
pub fn read(body: &Value) -> Result<Batch, Invalid> {
    let event = &body["event"];
    let mut problems = Vec::new();
    let mut needed = |value: &Value, field: &str| {
        let text = value
            .as_str()
            .map(|t| harmless(t, 200))
            .filter(|t| !t.is_empty());
        if text.is_none() {
            problems.push(Problem::new(field, "is missing"));
        }
        text.unwrap_or_default()
    };
    let id = needed(&event["id"], "event.id");
    let kind = needed(&event["event_type"], "event.event_type");
    let state = match kind.as_str() {
        "incident.triggered" | "incident.reopened" | "incident.unacknowledged" => {
            Some(State::Firing)
        }
        "incident.resolved" => Some(State::Resolved),
        _ => None,
    };
    let data = &event["data"];
    let mut batch = Batch {
        id: Some(id),
        ..Batch::default()
    };
    let Some(state) = state else {
        if !problems.is_empty() {
            return Err(Invalid { problems });
        }
        batch
            .warnings
            .push(format!("'{kind}' changes nothing here"));
        return Ok(batch);
    };
    let key = needed(&data["id"], "event.data.id");
    let title = needed(&data["title"], "event.data.title");
    if !problems.is_empty() {
        return Err(Invalid { problems });
    }
    let service = data["service"]["summary"]
        .as_str()
        .map(|s| harmless(s, 200));
    let mut labels = BTreeMap::new();
    for (label, value) in [
        ("service_id", &data["service"]["id"]),
        ("urgency", &data["urgency"]),
        ("escalation_policy", &data["escalation_policy"]["summary"]),
        ("incident_key", &data["incident_key"]),
    ] {
        if let Some(text) = value.as_str() {
            labels.insert(label.to_owned(), harmless(text, 200));
        }
    }
    let severity = data["priority"]["summary"]
        .as_str()
        .or(data["urgency"].as_str());
    let occurred = instant(&event["occurred_at"]);
    batch.group = key.clone();
    batch.alerts.push(Alert {
        title: harmless(&title, MOST_TITLE),
        text: harmless(
            data["resolve_reason"].as_str().unwrap_or_default(),
            MOST_TEXT,
        ),
        labels,
        service: service.filter(|s| !s.is_empty()),
        severity: severity.map(|s| harmless(s, 100)),
        // Opened again it is another trouble than the one that was over.
        since: match kind.as_str() {
            "incident.reopened" => occurred,
            _ => instant(&data["created_at"]).or(occurred.filter(|_| state == State::Firing)),
        },
        until: occurred.filter(|_| state == State::Resolved),
        url: data["html_url"].as_str().and_then(web_address),
        key,
        state,
    });
    Ok(batch)
}
