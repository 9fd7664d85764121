//! CloudEvents 1.0 over HTTP: structured, batched, and binary with its attributes in headers.

use super::{Batch, MOST_ALERTS, Mapping, generic, harmless};
use crate::id::derive;
use crate::problem::{Invalid, Problem};
use serde_json::{Map, Value, json};

/// Headers of a binary event begin with this.
pub const PREFIX: &str = "ce-";

/// The event that stands in headers and body of a request in binary mode: `headers` by name in lower case.
///
/// # Errors
/// A body that says it is JSON and is not.
pub fn from_headers(headers: &[(String, String)], body: &[u8]) -> Result<Value, Invalid> {
    let mut event = Map::new();
    for (name, value) in headers {
        if let Some(attribute) = name.strip_prefix(PREFIX) {
            event.insert(attribute.to_owned(), decoded(value).into());
        }
    }
    if !body.is_empty() {
        let data = serde_json::from_slice(body);
        let data: Value = data.map_err(|e| Invalid::one("data", format!("is not JSON: {e}")))?;
        event.insert("data".into(), data);
    }
    Ok(Value::Object(event))
}

/// Reads an event, or a batch of them.
///
/// # Errors
/// Every attribute that is missing or wrong, and what the mapping needs.
pub fn read(body: &Value, mapping: &Mapping) -> Result<Batch, Invalid> {
    let one = std::slice::from_ref(body);
    let events = body.as_array().map_or(one, Vec::as_slice);
    let (mut batch, mut problems) = (Batch::default(), Vec::new());
    let mut ids = Vec::new();
    for (n, event) in events.iter().take(MOST_ALERTS).enumerate() {
        let place = |field: &str| match body.is_array() {
            true => format!("[{n}].{field}"),
            false => field.to_owned(),
        };
        let read = read_event(event, mapping).map_err(|invalid| {
            let placed = invalid.problems.into_iter();
            problems.extend(placed.map(|p| Problem::new(place(&p.field), p.problem)));
        });
        if let Ok((id, alert, warnings)) = read {
            ids.push(id);
            batch.alerts.extend(alert);
            batch.warnings.extend(warnings);
        }
    }
    if events.len() > MOST_ALERTS {
        let left = events.len() - MOST_ALERTS;
        batch.warnings.push(format!(
            "{left} events beyond the first {MOST_ALERTS} are not read"
        ));
    }
    if !problems.is_empty() {
        return Err(Invalid { problems });
    }
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    batch.id = Some(derive(&ids));
    Ok(batch)
}

type Event = (String, Option<super::Alert>, Vec<String>);

fn read_event(event: &Value, mapping: &Mapping) -> Result<Event, Invalid> {
    if !event.is_object() {
        return Err(Invalid::one("", "must be a CloudEvent"));
    }
    let mut problems = Vec::new();
    let mut needed = |name: &str| {
        let text = event[name]
            .as_str()
            .filter(|t| !t.is_empty() && t.len() <= 1_000);
        if text.is_none() {
            problems.push(Problem::new(name, "is missing or no short text"));
        }
        text.unwrap_or_default()
    };
    let (id, source, kind) = (needed("id"), needed("source"), needed("type"));
    match event["specversion"].as_str() {
        Some("1.0") => {}
        Some(other) => {
            let problem = format!("is '{}'; 1.0 is read", harmless(other, 20));
            problems.push(Problem::new("specversion", problem));
        }
        None => problems.push(Problem::new("specversion", "is missing")),
    }
    let mut event = event.clone();
    if let Some(encoded) = event["data_base64"].as_str() {
        let bytes = data_encoding::BASE64
            .decode(encoded.as_bytes())
            .unwrap_or_default();
        match serde_json::from_slice::<Value>(&bytes) {
            Ok(data) => event["data"] = data,
            Err(_) => problems.push(Problem::new("data_base64", "holds no JSON")),
        }
    }
    if !problems.is_empty() {
        return Err(Invalid { problems });
    }
    // What happens to one thing at one source is one alert, where the sender says no more.
    if event["subject"].as_str().is_none_or(str::is_empty) {
        event["subject"] = json!(format!("{source} {kind}"));
    }
    let (alert, warnings) = generic::read_alert(&event, mapping)?;
    let titled = mapping
        .title
        .as_deref()
        .and_then(|at| event.pointer(at))
        .is_some();
    let alert = alert.map(|alert| match titled {
        true => alert,
        false => super::Alert {
            title: harmless(kind, super::MOST_TITLE),
            ..alert
        },
    });
    Ok((derive(&["event", source, id]), alert, warnings))
}

/// Header values may carry any text, percent-encoded (HTTP protocol binding 3.1.3.2).
fn decoded(value: &str) -> String {
    let bytes = value.as_bytes();
    let (mut plain, mut n) = (Vec::with_capacity(bytes.len()), 0);
    while n < bytes.len() {
        let code = bytes.get(n + 1..n + 3).filter(|_| bytes[n] == b'%');
        let code = code.and_then(|hex| std::str::from_utf8(hex).ok());
        match code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                plain.push(byte);
                n += 3;
            }
            None => {
                plain.push(bytes[n]);
                n += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}
