//! The webhook of Prometheus Alertmanager, version 4, which Grafana's contact point has too.

use super::{
    Alert, Batch, MOST_ALERTS, MOST_TEXT, MOST_TITLE, State, harmless, instant, labels_of, text_of,
    web_address,
};
use crate::id::derive;
use crate::problem::{Invalid, Problem};
use serde_json::Value;
use std::collections::BTreeMap;

/// Annotations that say in words what is wrong, the most wanted first.
const WORDS: [&str; 3] = ["summary", "message", "title"];

/// Reads a request.
///
/// # Errors
/// Every part that is not as version 4 has it.
pub fn read(body: &Value) -> Result<Batch, Invalid> {
    let mut problems = Vec::new();
    if !body.is_object() {
        return Err(Invalid::one(
            "",
            "must be a JSON object of Alertmanager's webhook",
        ));
    }
    if let Some(version) = body.get("version").filter(|v| **v != "4" && **v != "1") {
        let problem = format!(
            "is {}; version 4 is read",
            harmless(&version.to_string(), 20)
        );
        problems.push(Problem::new("version", problem));
    }
    let Some(list) = body["alerts"].as_array() else {
        problems.push(Problem::new("alerts", "is missing or is no list"));
        return Err(Invalid { problems });
    };
    let mut batch = Batch {
        group: harmless(body["groupKey"].as_str().unwrap_or_default(), 1_000),
        ..Batch::default()
    };
    let mut parts = vec![batch.group.clone()];
    for (n, alert) in list.iter().take(MOST_ALERTS).enumerate() {
        match read_alert(alert, &body["commonAnnotations"]) {
            Ok(alert) => {
                parts.push(identity(&alert));
                batch.alerts.push(alert);
            }
            Err((field, problem)) => {
                problems.push(Problem::new(format!("alerts[{n}]{field}"), problem));
            }
        }
    }
    if list.len() > MOST_ALERTS {
        let left = list.len() - MOST_ALERTS;
        batch.warnings.push(format!(
            "{left} alerts beyond the first {MOST_ALERTS} are not read"
        ));
    }
    if !problems.is_empty() {
        return Err(Invalid { problems });
    }
    // A group is sent again and again while nothing changes: the same alerts in the same states are the same request.
    parts[1..].sort();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    batch.id = Some(derive(&parts));
    Ok(batch)
}

fn identity(alert: &Alert) -> String {
    let at = |at: Option<jiff::Timestamp>| at.map_or(String::new(), |at| at.to_string());
    let (since, state) = (at(alert.since), alert.state);
    format!("{} {since} {state:?}", alert.key)
}

fn read_alert(alert: &Value, common: &Value) -> Result<Alert, (&'static str, String)> {
    if !alert.is_object() {
        return Err(("", "must be an object".into()));
    }
    let state = match alert["status"].as_str() {
        Some("firing") => State::Firing,
        Some("resolved") => State::Resolved,
        Some(other) => {
            let known = ["firing", "resolved"];
            return Err((
                ".status",
                crate::problem::unknown("status", &harmless(other, 40), known),
            ));
        }
        None => return Err((".status", "is missing".into())),
    };
    let labels = labels_of(&alert["labels"]);
    if labels.is_empty() {
        return Err((".labels", "is missing or empty".into()));
    }
    let annotations = labels_of_words(&alert["annotations"], common);
    let title = WORDS
        .iter()
        .find_map(|name| annotations.get(*name).cloned());
    let title = title.or_else(|| labels.get("alertname").cloned());
    let text = annotations.get("description").cloned().unwrap_or_default();
    let address = ["generatorURL", "dashboardURL", "panelURL"];
    let address = address
        .iter()
        .find_map(|name| web_address(alert[*name].as_str()?));
    let key = match alert["fingerprint"].as_str().map(|f| harmless(f, 100)) {
        Some(fingerprint) if !fingerprint.is_empty() => fingerprint,
        // Made of all labels, as the fingerprint is.
        _ => derive(
            &labels
                .iter()
                .flat_map(|(k, v)| [k.as_str(), v.as_str()])
                .collect::<Vec<_>>(),
        ),
    };
    Ok(Alert {
        key,
        title: harmless(&title.unwrap_or_else(|| "An alert".into()), MOST_TITLE),
        text: harmless(&text, MOST_TEXT),
        service: None,
        severity: labels
            .get("severity")
            .or_else(|| labels.get("priority"))
            .cloned(),
        labels,
        state,
        since: instant(&alert["startsAt"]),
        until: instant(&alert["endsAt"]).filter(|_| state == State::Resolved),
        url: address,
    })
}

/// Annotations are longer than labels.
fn labels_of_words(own: &Value, common: &Value) -> BTreeMap<String, String> {
    let mut words = BTreeMap::new();
    for (name, value) in [common, own]
        .into_iter()
        .filter_map(Value::as_object)
        .flatten()
        .take(128)
    {
        if let Some(text) = text_of(value) {
            words.insert(name.to_lowercase(), harmless(&text, MOST_TEXT));
        }
    }
    words
}
