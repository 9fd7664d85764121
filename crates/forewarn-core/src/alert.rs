//! Alerts as other programs send them. Everything in them is hostile text: it is cut to size, control characters are taken
//! out, and none of it ever enters a text that leaves the house. What it says about a service, and how gravely, is decided
//! by the hook's own rules.

pub mod alertmanager;
pub mod cloudevents;
pub mod episode;
pub mod generic;
pub mod intake;
pub mod pagerduty;

use crate::document::Catalogue;
use crate::hook::{Hook, Kind, Unknown};
use crate::id::Id;
use crate::incident::{Impact, Severity};
use crate::problem::{Invalid, Problem, unknown};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// More alerts of one request are not read.
pub const MOST_ALERTS: usize = 200;
/// More labels of one alert are not read.
const MOST_LABELS: usize = 64;
const MOST_TITLE: usize = 200;
const MOST_TEXT: usize = 2_000;
const MOST_LABEL: usize = 200;

/// Whether something is wrong or was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is wrong now.
    Firing,
    /// It is over.
    Resolved,
}

/// One alert as its source told it, made harmless.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// What tells it from others of the same source.
    pub key: String,
    /// Its headline.
    pub title: String,
    /// What else it says.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub text: String,
    /// Its labels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub labels: BTreeMap<String, String>,
    /// The service in the source's words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub service: Option<String>,
    /// How grave in the source's words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub severity: Option<String>,
    /// Whether it is over.
    pub state: State,
    /// Since when, as far as the source says.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub since: Option<Timestamp>,
    /// When it ended, as far as the source says.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub until: Option<Timestamp>,
    /// Where the source shows it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub url: Option<String>,
}

/// What one request told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// What tells this request from others, where the source says so: a repeated one has no second effect.
    pub id: Option<String>,
    /// What the source groups these alerts by.
    pub group: String,
    /// The alerts.
    pub alerts: Vec<Alert>,
    /// What was left out, and why.
    pub warnings: Vec<String>,
}

/// Where a JSON body says what: JSON pointers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mapping {
    /// What tells this request from others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What tells this alert from others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The headline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What else is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// How grave it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// Whether it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Where the source shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What the words at `state` mean.
    #[serde(flatten)]
    pub states: States,
}

/// What the words for a state mean.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct States {
    /// Words that say that it is wrong; every other word where it is empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub firing: Vec<String>,
    /// Words that say that it is over; the usual ones where it is empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resolved: Vec<String>,
}

/// Words by which programs say that something is over.
const OVER: [&str; 12] = [
    "resolved",
    "ok",
    "okay",
    "closed",
    "normal",
    "recovered",
    "recovery",
    "up",
    "inactive",
    "cleared",
    "success",
    "healthy",
];

impl States {
    /// What a word means; `None` for one that means nothing.
    fn meaning(&self, word: &str) -> Option<State> {
        let word = word.trim().to_lowercase();
        let over = match self.resolved.is_empty() {
            true => OVER.contains(&word.as_str()),
            false => self.resolved.contains(&word),
        };
        if over {
            return Some(State::Resolved);
        }
        (self.firing.is_empty() || self.firing.contains(&word)).then_some(State::Firing)
    }
}

impl Mapping {
    /// The mapping that is usual for a kind.
    pub fn usual(kind: Kind) -> Mapping {
        let at = |pointer: &str| Some(pointer.to_owned());
        match kind {
            Kind::Cloudevents => Mapping {
                id: None,
                key: at("/subject"),
                title: at("/data/title"),
                text: at("/data/text"),
                service: at("/data/service"),
                severity: at("/data/severity"),
                state: at("/data/status"),
                since: at("/time"),
                url: at("/data/url"),
                states: States::default(),
            },
            _ => Mapping {
                id: at("/id"),
                key: at("/key"),
                title: at("/title"),
                text: at("/text"),
                service: at("/service"),
                severity: at("/severity"),
                state: at("/status"),
                since: at("/since"),
                url: at("/url"),
                states: States::default(),
            },
        }
    }
}

/// An alert whose meaning is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The alert.
    pub alert: Alert,
    /// The service.
    pub service: Id,
    /// How grave it is.
    pub severity: Severity,
    /// What it means for the service.
    pub impact: Impact,
}

/// A hostile text as one line that can be shown: no control characters, none that turn the direction of writing, cut.
pub fn harmless(text: &str, most: usize) -> String {
    let plain = text.chars().map(|c| match c {
        c if c.is_control() || c.is_whitespace() => ' ',
        '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}' => ' ',
        c => c,
    });
    let mut line = String::new();
    // Twice the length is looked at: a text of a megabyte of spaces costs no more.
    for c in plain.take(most * 2) {
        if c != ' ' || !line.ends_with(' ') {
            line.push(c);
        }
    }
    let line = line.trim();
    match line.chars().count() > most {
        true => line.chars().take(most - 1).chain(['…']).collect(),
        false => line.to_owned(),
    }
}

/// A web address that can be linked to.
fn web_address(text: &str) -> Option<String> {
    let text = text.trim();
    let whole = text.len() <= 1_000 && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    crate::message::safe_url(text).filter(|_| whole)
}

/// A time as sources write it: RFC 3339, seconds or milliseconds since 1970. Year 1 means that there is none.
fn instant(value: &serde_json::Value) -> Option<Timestamp> {
    let read = match value {
        serde_json::Value::String(text) => text.trim().parse().ok(),
        serde_json::Value::Number(number) => match number.as_i64()? {
            seconds @ 0..=99_999_999_999 => Timestamp::from_second(seconds).ok(),
            millis => Timestamp::from_millisecond(millis).ok(),
        },
        _ => None,
    };
    read.filter(|at: &Timestamp| (0..=7_258_118_400).contains(&at.as_second()))
}

/// A scalar as text.
fn text_of(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        serde_json::Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
    .filter(|text| !text.trim().is_empty())
}

/// A map of texts, made harmless.
fn labels_of(value: &serde_json::Value) -> BTreeMap<String, String> {
    let entries = value.as_object().into_iter().flatten().take(MOST_LABELS);
    entries
        .filter_map(|(name, value)| {
            Some((
                harmless(name, MOST_LABEL),
                harmless(&text_of(value)?, MOST_LABEL),
            ))
        })
        .collect()
}

/// How grave the usual words are.
fn usual_severity(word: &str) -> Option<Severity> {
    Some(match word {
        "critical" | "page" | "fatal" | "emergency" | "disaster" | "p1" | "sev1" => Severity::P1,
        "error" | "high" | "major" | "p2" | "sev2" => Severity::P2,
        "warning" | "warn" | "medium" | "average" | "minor" | "p3" | "sev3" => Severity::P3,
        "low" | "notice" | "p4" | "sev4" => Severity::P4,
        "info" | "informational" | "none" | "p5" | "sev5" => Severity::P5,
        _ => return None,
    })
}

/// Finds the service of each alert and how grave it is, by the rules of the hook.
///
/// # Errors
/// Every alert whose service is not known, with the nearest name, where the hook has no service of its own to take.
pub fn place(
    hook: &Hook,
    batch: Batch,
    catalogue: &Catalogue,
) -> Result<(Vec<Placed>, Vec<String>), Invalid> {
    let (mut placed, mut warnings, mut problems) = (Vec::new(), batch.warnings, Vec::new());
    for (n, alert) in batch.alerts.into_iter().enumerate() {
        let service = match service_of(hook, &alert, catalogue) {
            Ok(service) => service,
            Err(problem) => match (&hook.service, hook.unknown_service) {
                (Some(service), Unknown::Default) => {
                    if alert.service.is_some() || named(hook, &alert).is_some() {
                        warnings.push(format!("alerts[{n}]: {problem}; it counts as {service}"));
                    }
                    service.clone()
                }
                _ => {
                    problems.push(Problem::new(format!("alerts[{n}].service"), problem));
                    continue;
                }
            },
        };
        let severity = severity_of(hook, &alert);
        placed.push(Placed {
            impact: hook.impact.unwrap_or(match severity {
                Severity::P1 | Severity::P2 => Impact::PartialOutage,
                Severity::P3 | Severity::P4 | Severity::P5 => Impact::DegradedPerformance,
            }),
            service,
            severity,
            alert,
        });
    }
    match problems.is_empty() {
        true => Ok((placed, warnings)),
        false => Err(Invalid { problems }),
    }
}

/// What the alert calls its service.
fn named<'a>(hook: &Hook, alert: &'a Alert) -> Option<&'a String> {
    let label = hook.service_label.as_deref().unwrap_or("service");
    alert.labels.get(label).or(alert.service.as_ref())
}

fn service_of(hook: &Hook, alert: &Alert, catalogue: &Catalogue) -> Result<Id, String> {
    let rule = |rule: &&crate::hook::LabelRule| alert.labels.get(&rule.label) == Some(&rule.value);
    if let Some(rule) = hook.services.iter().find(rule) {
        return Ok(rule.service.clone());
    }
    let Some(name) = named(hook, alert) else {
        return Err("names no service".into());
    };
    let meant = catalogue.services.iter().find(|s| {
        s.id.as_str().eq_ignore_ascii_case(name) || s.name.to_lowercase() == name.to_lowercase()
    });
    meant.map(|s| s.id.clone()).ok_or_else(|| {
        let known: Vec<&str> = catalogue.services.iter().map(|s| s.id.as_str()).collect();
        unknown("service", name, known.iter().copied())
    })
}

fn severity_of(hook: &Hook, alert: &Alert) -> Severity {
    let word = alert.severity.as_deref().map(|w| w.trim().to_lowercase());
    let said = word.and_then(|word| {
        let own = hook.severities.get(&word).copied();
        own.or_else(|| usual_severity(&word))
    });
    said.or(hook.severity).unwrap_or(Severity::P3)
}

#[cfg(test)]
mod tests;
