//! Hooks: the addresses at which other programs tell Forewarn something, and what is made of what they say.

use crate::alert::{Mapping, States};
use crate::document::{Fields, Named, Node, Problems, boolean, line, prose, scalar};
use crate::id::Id;
use crate::incident::{Impact, Severity};
use crate::time::parse_duration;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Which program calls, and so how its requests look and prove themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Prometheus Alertmanager, webhook version 4.
    Alertmanager,
    /// Grafana's webhook contact point, which has Alertmanager's shape.
    Grafana,
    /// PagerDuty webhooks version 3.
    Pagerduty,
    /// CloudEvents 1.0, structured, batched or binary.
    Cloudevents,
    /// Any JSON object.
    Json,
    /// A Slack slash command.
    Slack,
    /// A network provider's notice of maintenance.
    Maintnote,
    /// Mail that came back: reports on deliveries (RFC 3464) and complaints (RFC 5965).
    Bounces,
    /// A change system's word on a change request, in our own shape.
    Change,
    /// The same as ServiceNow writes it.
    Servicenow,
    /// The same as Jira writes it.
    Jira,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 11] = [
        Kind::Alertmanager,
        Kind::Grafana,
        Kind::Pagerduty,
        Kind::Cloudevents,
        Kind::Json,
        Kind::Slack,
        Kind::Maintnote,
        Kind::Bounces,
        Kind::Change,
        Kind::Servicenow,
        Kind::Jira,
    ];

    /// The name used in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Alertmanager => "alertmanager",
            Kind::Grafana => "grafana",
            Kind::Pagerduty => "pagerduty",
            Kind::Cloudevents => "cloudevents",
            Kind::Json => "json",
            Kind::Slack => "slack",
            Kind::Maintnote => "maintnote",
            Kind::Bounces => "bounces",
            Kind::Change => "change",
            Kind::Servicenow => "servicenow",
            Kind::Jira => "jira",
        }
    }

    /// The change system that writes so, if it is one.
    pub fn change_system(self) -> Option<&'static str> {
        match self {
            Kind::Change => Some("generic"),
            Kind::Servicenow | Kind::Jira => Some(self.as_str()),
            _ => None,
        }
    }

    fn parse(text: &str) -> Result<Kind, String> {
        Kind::ALL
            .into_iter()
            .find(|k| k.as_str() == text)
            .ok_or_else(|| crate::problem::unknown("kind", text, Kind::ALL.map(Kind::as_str)))
    }
}

/// What proves that a request comes from who it says. Never shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

/// What stands in the place of a secret wherever one is shown; written back it means: as it is.
pub const KEPT: &str = "(kept)";

/// A document without its secrets, however deep they stand: each is [`KEPT`].
pub fn without_secrets(mut document: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match &mut document {
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                *value = match (name.as_str(), value.take()) {
                    (_, Value::Null) => Value::Null,
                    ("secret", _) => KEPT.into(),
                    (_, other) => without_secrets(other),
                };
            }
        }
        Value::Array(items) => {
            for item in items.iter_mut() {
                *item = without_secrets(item.take());
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    document
}

/// Shorter ones can be guessed.
const SHORTEST_SECRET: usize = 16;

impl Secret {
    /// Reads a secret.
    ///
    /// # Errors
    /// Says the accepted form, never the secret.
    pub fn parse(text: &str) -> Result<Secret, String> {
        let text = text.trim();
        let fits = (SHORTEST_SECRET..=200).contains(&text.len());
        match fits && text.chars().all(|c| c.is_ascii_graphic()) {
            true => Ok(Secret(text.to_owned())),
            false => Err(format!(
                "must be {SHORTEST_SECRET} to 200 letters, digits and signs without spaces"
            )),
        }
    }

    /// The secret as text, for comparing and signing.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("secret")
    }
}

/// Whether a person must say so before people are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Publish {
    /// A draft waits for a person.
    #[default]
    Draft,
    /// It is published at once.
    Automatic,
}

/// Which alerts belong together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupBy {
    /// Those about the same service, and those that the source groups.
    #[default]
    Service,
    /// Only those that the source groups.
    Source,
}

/// What is done with an alert about a service that nobody knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// It counts as one about the hook's own service, where it has one; the answer says so.
    #[default]
    Default,
    /// The request is refused.
    Refuse,
}

/// An alert with this label is about this service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelRule {
    /// The label's name.
    pub label: String,
    /// Its value.
    pub value: String,
    /// The service.
    pub service: Id,
}

/// A hook as its owner writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hook {
    /// Its id, the end of its address.
    pub id: Id,
    /// Which program calls.
    pub kind: Kind,
    /// What proves a request: the newest first, the one before it while it is replaced. Empty means: as it is stored.
    #[serde(rename = "secret", skip_serializing_if = "Vec::is_empty", default)]
    pub secrets: Vec<Secret>,
    /// Whether alerts are published without a person.
    #[serde(default)]
    pub publish: Publish,
    /// The service of alerts that name none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub service: Option<Id>,
    /// The label that names the service by its id or name.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub service_label: Option<String>,
    /// Services by other labels; the first that fits counts.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub services: Vec<LabelRule>,
    /// What is done about unknown services.
    #[serde(default)]
    pub unknown_service: Unknown,
    /// How grave an alert is that does not say so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub severity: Option<Severity>,
    /// How grave the source's own words are.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub severities: BTreeMap<String, Severity>,
    /// What an alert means for its service; by its severity when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub impact: Option<Impact>,
    /// What people see, in the holding statement; general words when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub effect: Option<String>,
    /// Which alerts belong together.
    #[serde(default)]
    pub group_by: GroupBy,
    /// An alert that fires again within this time of its end goes on with what it was part of.
    #[serde(with = "crate::time::duration_text", default = "flap_window")]
    pub flap_window: SignedDuration,
    /// Where a JSON body says what.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mapping: Option<Mapping>,
    /// People who may use a slash command, by their id there.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub people: BTreeMap<String, String>,
    /// Everybody there may.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub everybody: bool,
}

fn flap_window() -> SignedDuration {
    SignedDuration::from_mins(30)
}

impl Hook {
    /// Reads a hook, recording all problems. References are checked by the documents.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Hook> {
        let mut fields = Fields::of(node, path, problems)?;
        let id = fields.required("id", problems, Id::parse);
        let kind = fields.required("kind", problems, Kind::parse);
        let secrets = fields.list("secret", problems, |text| match text {
            KEPT => Ok(None),
            text => Secret::parse(text).map(Some),
        });
        let secrets: Vec<Secret> = secrets.into_iter().flatten().flatten().collect();
        if secrets.len() > 2 {
            let problem = "are more than two: the new one, and the old one while it is replaced";
            fields.problem("secret", problem, problems);
        }
        let publish = fields.optional("publish", problems, |text| {
            one_of(
                text,
                "way",
                [("draft", Publish::Draft), ("automatic", Publish::Automatic)],
            )
        });
        let service = fields.reference("service", Named::Service, problems);
        let service_label = fields.optional("service_label", problems, line(100));
        let services = fields
            .nodes("services", problems)
            .into_iter()
            .filter_map(|(path, node)| LabelRule::read(node, &path, problems))
            .collect();
        let unknown_service = fields.optional("unknown_service", problems, |text| {
            one_of(
                text,
                "way",
                [("default", Unknown::Default), ("refuse", Unknown::Refuse)],
            )
        });
        let severity = fields.optional("severity", problems, Severity::parse);
        let mut severities = BTreeMap::new();
        for (word, path, node) in fields.entries("severities", problems) {
            let grave = scalar(node, &path, problems, Severity::parse);
            grave.map(|grave| severities.insert(word.trim().to_lowercase(), grave));
        }
        let impact = fields.optional("impact", problems, Impact::parse);
        let effect = fields.optional("effect", problems, prose(1_000));
        let group_by = fields.optional("group_by", problems, |text| {
            one_of(
                text,
                "group",
                [("service", GroupBy::Service), ("source", GroupBy::Source)],
            )
        });
        let window = fields.optional("flap_window", problems, |text| {
            let day = SignedDuration::from_hours(24);
            match parse_duration(text)? {
                window if window > day => Err("must be at most a day".to_owned()),
                window => Ok(window),
            }
        });
        let mapping = fields
            .node("mapping")
            .and_then(|node| Mapping::read(node, &fields.path_of("mapping"), problems));
        let mut people = BTreeMap::new();
        for (user, path, node) in fields.entries("people", problems) {
            scalar(node, &path, problems, line(100))
                .map(|name| people.insert(user.to_owned(), name));
        }
        let everybody = fields.optional("everybody", problems, boolean);
        if let Some(kind) = kind {
            fits_its_kind(kind, &mut fields, problems);
        }
        fields.finish(problems);
        Some(Hook {
            id: id?,
            kind: kind?,
            secrets,
            publish: publish.unwrap_or_default(),
            service,
            service_label,
            services,
            unknown_service: unknown_service.unwrap_or_default(),
            severity,
            severities,
            impact,
            effect,
            group_by: group_by.unwrap_or_default(),
            flap_window: window.unwrap_or_else(flap_window),
            mapping,
            people,
            everybody: everybody.unwrap_or_default(),
        })
    }

    /// The mapping, or the one that is usual for its kind.
    pub fn mapping(&self) -> Mapping {
        self.mapping
            .clone()
            .unwrap_or_else(|| Mapping::usual(self.kind))
    }

    /// Who may give commands under this id, by the name that the journal shows.
    pub fn person(&self, user: &str) -> Option<String> {
        let shown: String = user
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(40)
            .collect();
        match self.people.get(user) {
            Some(name) => Some(format!("slack:{shown} ({name})")),
            None => self.everybody.then(|| format!("slack:{shown}")),
        }
    }
}

/// Fields that do nothing for a kind are refused rather than ignored.
fn fits_its_kind(kind: Kind, fields: &mut Fields<'_>, problems: &mut Problems) {
    let mapped = matches!(kind, Kind::Cloudevents | Kind::Json);
    if !mapped && fields.node("mapping").is_some() {
        fields.problem("mapping", "is for the kinds cloudevents and json", problems);
    }
    let (people, everybody) = (
        fields.node("people").is_some(),
        fields.node("everybody").is_some(),
    );
    match kind {
        Kind::Slack if !people && !everybody => fields.problem(
            "people",
            "is missing: name who may act, such as {U024BE7LH: Ann}, or set 'everybody: yes'",
            problems,
        ),
        Kind::Slack => {}
        _ if people || everybody => {
            fields.problem("people", "is for the kind slack", problems);
        }
        _ => {}
    }
}

fn one_of<T: Copy, const N: usize>(
    text: &str,
    what: &str,
    known: [(&'static str, T); N],
) -> Result<T, String> {
    let found = known.iter().find(|(name, _)| *name == text);
    found
        .map(|(_, value)| *value)
        .ok_or_else(|| crate::problem::unknown(what, text, known.map(|(name, _)| name)))
}

impl LabelRule {
    fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<LabelRule> {
        let mut fields = Fields::of(node, path, problems)?;
        let label = fields.required("label", problems, line(100));
        let value = fields.required("value", problems, line(200));
        let service = fields.reference("service", Named::Service, problems);
        if fields.node("service").is_none() {
            fields.problem("service", "is missing", problems);
        }
        fields.finish(problems);
        Some(LabelRule {
            label: label?,
            value: value?,
            service: service?,
        })
    }
}

impl Mapping {
    /// Reads a mapping, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Mapping> {
        let mut fields = Fields::of(node, path, problems)?;
        let mut pointer =
            |name, problems: &mut Problems| fields.optional(name, problems, read_pointer);
        let mut mapping = Mapping {
            id: pointer("id", problems),
            key: pointer("key", problems),
            title: pointer("title", problems),
            text: pointer("text", problems),
            service: pointer("service", problems),
            severity: pointer("severity", problems),
            state: pointer("state", problems),
            since: pointer("since", problems),
            url: pointer("url", problems),
            states: States::default(),
        };
        let mut words = |name, problems: &mut Problems| {
            let words = fields.list(name, problems, line(100)).unwrap_or_default();
            words.into_iter().map(|w| w.to_lowercase()).collect()
        };
        mapping.states = States {
            firing: words("firing", problems),
            resolved: words("resolved", problems),
        };
        if mapping.key.is_none() {
            fields.problem(
                "key",
                "is missing: what tells one alert from another, such as /alert/id",
                problems,
            );
        }
        fields.finish(problems);
        Some(mapping)
    }
}

/// A JSON pointer (RFC 6901).
fn read_pointer(text: &str) -> Result<String, String> {
    match text.starts_with('/') && text.len() <= 200 {
        true => Ok(text.to_owned()),
        false => Err("must be a JSON pointer such as /alert/title".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::parse_yaml;

    fn read(text: &str) -> (Option<Hook>, Vec<String>) {
        let mut problems = Problems::default();
        let nodes = parse_yaml(text).expect("YAML");
        let hook = Hook::read(&nodes[0], "", &mut problems);
        (
            hook,
            problems
                .0
                .iter()
                .map(|p| format!("{}: {}", p.field, p.problem))
                .collect(),
        )
    }

    #[test]
    fn a_hook_is_read_and_written_the_same() {
        let (hook, problems) = read(
            "{id: prom, kind: alertmanager, secret: [a-new-secret-0123456789, an-old-secret-0123456789], publish: automatic,
              service: portal, service_label: app, services: [{label: job, value: db, service: database}],
              unknown_service: refuse, severity: P2, severities: {Page: P1}, impact: major_outage,
              effect: You may not reach it., group_by: source, flap_window: PT10M}",
        );
        assert_eq!(problems, Vec::<String>::new());
        let hook = hook.expect("a hook");
        let written = serde_json::to_value(&hook).unwrap();
        assert_eq!(serde_json::from_value::<Hook>(written).unwrap(), hook);
        assert_eq!(hook.severities["page"], Severity::P1);
        assert!(!format!("{hook:?}").contains("0123456789"), "{hook:?}");
    }

    #[test]
    fn every_problem_of_a_hook_is_told_at_once() {
        let (_, problems) = read(
            "{id: a b, kind: alertmanagr, secret: short, publish: auto, severity: P9, flap_window: P3D, mappin: {}}",
        );
        assert_eq!(problems.len(), 7, "{problems:#?}");
        let (_, problems) = read("{id: a, kind: slack, mapping: {title: x}}");
        assert_eq!(
            problems,
            [
                "mapping.title: must be a JSON pointer such as /alert/title",
                "mapping.key: is missing: what tells one alert from another, such as /alert/id",
                "mapping: is for the kinds cloudevents and json",
                "people: is missing: name who may act, such as {U024BE7LH: Ann}, or set 'everybody: yes'",
            ]
        );
        let (_, problems) =
            read("{id: a, kind: json, everybody: yes, secret: 'a secret with spaces in it'}");
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(!problems.join("").contains("a secret with"), "{problems:?}");
    }

    #[test]
    fn a_secret_that_is_kept_is_no_secret() {
        let (hook, problems) = read("{id: a, kind: json, secret: (kept)}");
        assert_eq!((hook.unwrap().secrets, problems), (vec![], vec![]));
    }
}
