//! Policies: how far ahead people hear, how often, and who must agree first.

mod exception;
mod order;
mod progress;

pub use exception::{Exception, LongEnough};
pub use progress::Progress;

use crate::contact::EmailAddress;
use crate::document::{Fields, Node, Problems, boolean, line, scalar};
use crate::event::Event;
use crate::id::Id;
use crate::incident::Severity;
use crate::offset::Offset;
use crate::plan::REQUESTERS;
use crate::postmortem::Reviewer;
use crate::recipient::added_level;
use crate::routing::parse_kind;
use crate::service::Service;
use crate::time::{duration_text, parse_duration, parse_time_of_day};
use jiff::SignedDuration;
use jiff::civil::Time;
use order::out_of_order;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What a policy is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct For {
    /// `maintenance`, `incident`, `announcement` or `advisory`.
    pub event: String,
    /// The kind of maintenance it suits; any when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kind: Option<String>,
}

/// Who must agree before a notice goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approver {
    /// The owner of the service.
    ServiceOwner,
    /// The business owner of the service.
    BusinessOwner,
    /// Whichever of the two talks to the service's clients.
    TalksToClients,
}

impl Approver {
    /// Reads an approver's name.
    ///
    /// # Errors
    /// Offers the nearest known name.
    pub fn parse(text: &str) -> Result<Approver, String> {
        match text {
            "service_owner" => Ok(Approver::ServiceOwner),
            "business_owner" => Ok(Approver::BusinessOwner),
            "talks_to_clients" => Ok(Approver::TalksToClients),
            _ => Err(crate::problem::unknown(
                "approver",
                text,
                ["service_owner", "business_owner", "talks_to_clients"],
            )),
        }
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Approver::ServiceOwner => "service_owner",
            Approver::BusinessOwner => "business_owner",
            Approver::TalksToClients => "talks_to_clients",
        }
    }

    /// The role in words.
    pub fn words(self) -> &'static str {
        match self {
            Approver::ServiceOwner => "the service's owner",
            Approver::BusinessOwner => "its business owner",
            Approver::TalksToClients => "whoever talks to its clients",
        }
    }

    /// Who has this role for a service, if anybody.
    pub fn of(self, service: &Service) -> Option<&EmailAddress> {
        match self {
            Approver::ServiceOwner => service.owner.as_ref(),
            Approver::BusinessOwner => service.business_owner.as_ref(),
            Approver::TalksToClients => service.talker(),
        }
    }
}

/// How far ahead people hear, how often, and who must agree first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Its id.
    pub id: Id,
    /// What it is for.
    #[serde(rename = "for")]
    pub applies_to: For,
    /// Notices before the start: the first is the announcement, an entry in minutes the final reminder, the others reminders.
    #[serde(default)]
    pub before: Vec<Offset>,
    /// Time of day of notices counted in days, in the audience's zone.
    #[serde(default = "nine")]
    pub at: Time,
    /// When progress is told.
    #[serde(default)]
    pub progress: Vec<Progress>,
    /// Progress only in windows at least this long.
    #[serde(with = "duration_text", default = "two_hours")]
    pub min_window: SignedDuration,
    /// Who must agree, by audience; `default` for the others.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub approval: BTreeMap<String, Vec<Approver>>,
    /// Who must agree before an incident is explained in public.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub follow_up_approval: Vec<Reviewer>,
    /// Check-ins after completion.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hypercare: Option<Hypercare>,
    /// Time from one incident update to the next, by severity.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub cadence: BTreeMap<Severity, Offset>,
    /// Warnings to the spokesperson before a promise is due.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub warn_before: Vec<DurationText>,
    /// How long whoever is called to speak for an incident may take to acknowledge before the next one is called.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub acknowledge_within: Option<DurationText>,
    /// Severities at which a "nothing new yet" update goes out by itself before a promise lapses.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub keep_automatically: BTreeMap<Severity, bool>,
}

/// A duration written as ISO 8601.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DurationText(#[serde(with = "duration_text")] pub SignedDuration);

/// Check-ins after completion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hypercare {
    /// For how long.
    #[serde(rename = "for")]
    pub lasts: Offset,
    /// One every so many business days.
    pub every: Offset,
    /// Where people report trouble meanwhile; the event's own contact when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub contact: Option<String>,
    /// Who is cared for; when empty, everybody who is told.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub audiences: Vec<Id>,
}

impl Hypercare {
    fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Hypercare> {
        let mut fields = Fields::of(node, path, problems)?;
        let lasts = fields.required("for", problems, in_days);
        let every = fields.optional("every", problems, in_business_days);
        let contact = fields.optional("contact", problems, line(200));
        let audiences = fields.list("audiences", problems, Id::parse);
        fields.finish(problems);
        Some(Hypercare {
            lasts: lasts?,
            every: every.unwrap_or(Offset::BusinessDays(2)),
            contact,
            audiences: audiences.unwrap_or_default(),
        })
    }

    /// Whether this audience is cared for.
    pub fn is_for(&self, audience: &Id) -> bool {
        self.audiences.is_empty() || self.audiences.contains(audience)
    }
}

fn nine() -> Time {
    jiff::civil::time(9, 0, 0, 0)
}

fn usual_warnings() -> Vec<SignedDuration> {
    [15, 5].map(SignedDuration::from_mins).to_vec()
}

fn two_hours() -> SignedDuration {
    SignedDuration::from_hours(2)
}

impl Policy {
    /// Reads a policy, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Policy> {
        let mut fields = Fields::of(node, path, problems)?;
        let id = fields.required("id", problems, Id::parse);
        let applies_to = match fields.node("for") {
            Some(node) => read_for(node, &fields.path_of("for"), problems),
            None => Some(For {
                event: "maintenance".into(),
                kind: None,
            }),
        };
        let before = fields
            .list("before", problems, Offset::parse)
            .unwrap_or_default();
        let at = fields
            .optional("at", problems, parse_time_of_day)
            .unwrap_or_else(nine);
        let progress = fields
            .list("progress", problems, Progress::parse)
            .unwrap_or_else(Progress::usual);
        if let Some(problem) = progress_problem(&progress) {
            fields.problem("progress", problem, problems);
        }
        let min_window = fields
            .optional("min_window", problems, parse_duration)
            .unwrap_or_else(two_hours);
        let mut approval = BTreeMap::new();
        for (audience, path, node) in fields.entries("approval", problems) {
            approval.insert(audience.to_owned(), read_approvers(node, &path, problems));
        }
        let follow_up_approval = read_reviewers(&mut fields, problems);
        let hypercare = fields
            .node("hypercare")
            .and_then(|node| Hypercare::read(node, &fields.path_of("hypercare"), problems));
        let cadence = by_severity(&mut fields, "cadence", problems, Offset::parse);
        let keep_automatically = by_severity(&mut fields, "keep_automatically", problems, boolean);
        let warn_before = fields
            .list("warn_before", problems, parse_duration)
            .unwrap_or_else(|| match &applies_to {
                Some(applies_to) if applies_to.event == "incident" => usual_warnings(),
                _ => Vec::new(),
            });
        let acknowledge_within = fields.optional("acknowledge_within", problems, parse_duration);
        if let Some(problem) = out_of_order(&before, at) {
            fields.problem("before", problem, problems);
        } else if fields.node("before").is_some_and(Node::is_empty) {
            let problem = "names no notice: leave it out if nobody is to be told ahead, or write [now] to tell people at once";
            fields.problem("before", problem, problems);
        }
        fields.finish(problems);
        Some(Policy {
            id: id?,
            applies_to: applies_to?,
            before,
            at,
            progress,
            min_window,
            approval,
            follow_up_approval,
            hypercare,
            cadence,
            warn_before: warn_before.into_iter().map(DurationText).collect(),
            acknowledge_within: acknowledge_within.map(DurationText),
            keep_automatically,
        })
    }

    /// Who must agree before this audience is told, each role once. People who were added to an event and those who asked for it read
    /// what others read: where the policy does not name them, everybody must agree who must agree to what any audience is told.
    pub fn approvers(&self, audience: &str) -> Vec<Approver> {
        let beside = added_level(audience).is_some() || audience == REQUESTERS;
        let mut roles = match (self.approval.get(audience), beside) {
            (Some(own), _) => own.clone(),
            (None, true) => self.approval.values().flatten().copied().collect(),
            (None, false) => self.approval.get("default").cloned().unwrap_or_default(),
        };
        roles.sort();
        roles.dedup();
        roles
    }

    /// How long whoever is called may take to acknowledge: 5 minutes where nothing else is said.
    pub fn acknowledge_within(&self) -> SignedDuration {
        let usual = SignedDuration::from_mins(5);
        self.acknowledge_within.map_or(usual, |within| within.0)
    }

    /// Time from one update to the next at this severity.
    pub fn cadence_of(&self, severity: Severity) -> Offset {
        self.cadence
            .get(&severity)
            .copied()
            .unwrap_or(match severity {
                Severity::P1 => Offset::Minutes(60),
                Severity::P2 => Offset::Hours(2),
                Severity::P3 => Offset::Hours(4),
                Severity::P4 | Severity::P5 => Offset::BusinessDays(1),
            })
    }
}

fn read_for(node: &Node, path: &str, problems: &mut Problems) -> Option<For> {
    let mut fields = Fields::of(node, path, problems)?;
    let event = fields.required("event", problems, parse_kind);
    let kind = fields.optional("kind", problems, crate::document::line(40));
    fields.finish(problems);
    Some(For {
        event: event?,
        kind,
    })
}

fn read_approvers(node: &Node, path: &str, problems: &mut Problems) -> Vec<Approver> {
    match &node.value {
        crate::document::Value::List(items) => items
            .iter()
            .enumerate()
            .filter_map(|(n, item)| {
                scalar(item, &format!("{path}[{n}]"), problems, Approver::parse)
            })
            .collect(),
        _ => scalar(node, path, problems, Approver::parse)
            .into_iter()
            .collect(),
    }
}

/// Who must agree with a follow-up, each once.
fn read_reviewers(fields: &mut Fields<'_>, problems: &mut Problems) -> Vec<Reviewer> {
    let named = fields.list("follow_up_approval", problems, Reviewer::parse);
    let mut reviewers = named.unwrap_or_default();
    reviewers.sort();
    reviewers.dedup();
    reviewers
}

fn by_severity<T>(
    fields: &mut Fields<'_>,
    name: &'static str,
    problems: &mut Problems,
    parse: impl Fn(&str) -> Result<T, String>,
) -> BTreeMap<Severity, T> {
    let mut map = BTreeMap::new();
    for (key, path, node) in fields.entries(name, problems) {
        match Severity::parse(key) {
            Ok(severity) => {
                scalar(node, &path, problems, &parse).map(|value| map.insert(severity, value));
            }
            Err(problem) => problems.add(path, node.place, problem),
        }
    }
    map
}

/// A time over which people are cared for.
fn in_days(text: &str) -> Result<Offset, String> {
    match Offset::parse(text)? {
        Offset::AtOnce | Offset::Hours(_) | Offset::Minutes(_) => {
            Err("must be counted in days, such as 2w or 10bd".into())
        }
        offset => Ok(offset),
    }
}

fn in_business_days(text: &str) -> Result<Offset, String> {
    match Offset::parse(text)? {
        offset @ Offset::BusinessDays(_) => Ok(offset),
        _ => Err("must be counted in business days, such as 2bd".into()),
    }
}

/// What is wrong with a list of progress notices, if anything.
fn progress_problem(progress: &[Progress]) -> Option<String> {
    let twice = (1..progress.len()).find(|&n| progress[..n].contains(&progress[n]))?;
    Some(format!("{} stands twice", progress[twice]))
}

/// The policies that exist without being written, from `data/policies.yaml`.
pub static BUILT_IN: LazyLock<Vec<Policy>> = LazyLock::new(|| {
    let mut problems = Problems::default();
    crate::document::parse_yaml(include_str!("../data/policies.yaml"))
        .unwrap_or_default()
        .iter()
        .filter_map(|node| Policy::read(node, "policy", &mut problems))
        .collect()
});

/// The policy with this id among the organisation's own, else among the built-in ones.
pub fn find<'a>(id: &str, own: &'a [Policy]) -> Option<&'a Policy> {
    own.iter().chain(BUILT_IN.iter()).find(|p| p.id == *id)
}

/// The policy for a maintenance that names none: the organisation's own for its kind, else that of the kind's name, else `routine`.
/// The organisation's own takes the place of a built-in one of the same name.
pub fn for_maintenance<'a>(kind: &str, own: &'a [Policy]) -> &'a Policy {
    let is_for_work = |p: &&Policy| p.applies_to.event == "maintenance";
    let named = |id: &str| find(id, own).filter(is_for_work);
    let mut for_kind = own.iter().filter(is_for_work);
    for_kind
        .find(|p| p.applies_to.kind.as_deref() == Some(kind))
        .or_else(|| named(kind))
        .or_else(|| named("routine"))
        .unwrap_or_else(|| &BUILT_IN[0])
}

/// The policy of an event that people plan or declare.
pub fn of_event<'a>(event: &Event, own: &'a [Policy]) -> Option<&'a Policy> {
    match event {
        Event::Maintenance(m) => {
            let named = m.policy.as_ref().and_then(|id| find(id.as_str(), own));
            Some(named.unwrap_or_else(|| for_maintenance(&m.kind, own)))
        }
        Event::Incident(_) => Some(for_incidents(own)),
        Event::Advisory(_) => Some(for_advisories(own)),
        Event::Announcement(a) => {
            let named = a.policy.as_ref().and_then(|id| find(id.as_str(), own));
            Some(named.unwrap_or_else(|| for_announcement(&a.kind, own)))
        }
        Event::Window(_) | Event::Reminder(_) => None,
    }
}

/// The kinds of announcement for which there is a policy.
pub fn announcement_kinds(own: &[Policy]) -> Vec<&str> {
    let all = own.iter().chain(BUILT_IN.iter());
    all.filter(|p| p.applies_to.event == "announcement")
        .map(|p| p.applies_to.kind.as_deref().unwrap_or(p.id.as_str()))
        .collect()
}

/// The policy for an announcement that names none: the organisation's own for its kind, else the built-in one, else that for
/// releases.
pub fn for_announcement<'a>(kind: &str, own: &'a [Policy]) -> &'a Policy {
    let announces = |p: &&Policy| p.applies_to.event == "announcement";
    let suits =
        |p: &&Policy| announces(p) && (p.applies_to.kind.as_deref() == Some(kind) || p.id == *kind);
    let all = || own.iter().chain(BUILT_IN.iter());
    all()
        .find(suits)
        .or_else(|| all().find(announces))
        .unwrap_or_else(|| &BUILT_IN[0])
}

/// The policy for incidents: the organisation's own, else the built-in one.
pub fn for_incidents(own: &[Policy]) -> &Policy {
    for_event("incident", own)
}

/// The policy for advisories: the organisation's own, else the built-in one.
pub fn for_advisories(own: &[Policy]) -> &Policy {
    for_event("advisory", own)
}

fn for_event<'a>(event: &str, own: &'a [Policy]) -> &'a Policy {
    let suits = |p: &&Policy| p.applies_to.event == event;
    own.iter()
        .find(suits)
        .or_else(|| BUILT_IN.iter().find(suits))
        .unwrap_or_else(|| &BUILT_IN[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_policies_are_all_there() {
        let ids: Vec<&str> = BUILT_IN.iter().map(|p| p.id.as_str()).collect();
        assert_eq!(
            ids,
            [
                "routine",
                "major",
                "migration",
                "emergency",
                "end_of_life",
                "release",
                "incident",
                "advisory"
            ]
        );
        let routine = &BUILT_IN[0];
        assert_eq!(
            routine.before,
            [
                Offset::BusinessDays(5),
                Offset::BusinessDays(1),
                Offset::Minutes(30)
            ]
        );
        assert_eq!(
            for_incidents(&[]).cadence_of(Severity::P1),
            Offset::Minutes(60)
        );
        assert_eq!(for_maintenance("emergency", &[]).id, *"emergency");
        assert_eq!(for_maintenance("whatever", &[]).id, *"routine");
    }

    #[test]
    fn an_empty_list_of_notices_is_refused_at_its_field() {
        let mut problems = Problems::default();
        let nodes = crate::document::parse_yaml("{id: own, before: []}").unwrap();
        Policy::read(&nodes[0], "policies[0]", &mut problems);
        let told: Vec<String> = problems.0.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 1);
        assert!(
            told[0].contains("policies[0].before: names no notice"),
            "{told:?}"
        );
    }

    #[test]
    fn ones_own_policy_takes_the_place_of_a_built_in_one_of_its_name() {
        let read = |yaml: &str| {
            let mut problems = Problems::default();
            let nodes = crate::document::parse_yaml(yaml).unwrap();
            let policy = Policy::read(&nodes[0], "policies[0]", &mut problems);
            assert!(problems.0.is_empty(), "{:?}", problems.0);
            policy.unwrap()
        };
        let own = [
            read("{id: major, before: [3w]}"),
            read("{id: routine, before: [3bd]}"),
        ];
        for (kind, id) in [
            ("routine", "routine"),
            ("major", "major"),
            ("other", "routine"),
        ] {
            let found = for_maintenance(kind, &own);
            assert_eq!(found.id, *id);
            assert!(own.contains(found), "{kind}: the built-in one was taken");
        }
        let own = [
            read("{id: night, for: {event: maintenance, kind: routine}, before: [2bd]}"),
            read("{id: routine, before: [3bd]}"),
        ];
        assert_eq!(for_maintenance("routine", &own).id, *"night");
        // One for incidents is none for work, whatever it is called.
        let own = [read("{id: routine, for: {event: incident}}")];
        assert_eq!(for_maintenance("routine", &own).id, *"routine");
        assert!(!own.contains(for_maintenance("routine", &own)));
    }
    #[test]
    fn whom_nobody_planned_for_is_told_once_all_agreed_who_must() {
        let mut problems = Problems::default();
        let yaml = "{id: careful, approval: {students: [service_owner, business_owner], board: [], requesters: [service_owner]}}";
        let nodes = crate::document::parse_yaml(yaml).unwrap();
        let policy = Policy::read(&nodes[0], "policies[0]", &mut problems).unwrap();
        assert!(problems.0.is_empty(), "{:?}", problems.0);
        let both = [Approver::ServiceOwner, Approver::BusinessOwner];
        let added = crate::recipient::added_audience(crate::audience::Level::Technical);
        assert_eq!(policy.approvers(&added), both);
        assert_eq!(policy.approvers("students"), both);
        assert_eq!(policy.approvers(REQUESTERS), [Approver::ServiceOwner]);
        assert_eq!(policy.approvers("board"), []);
        assert_eq!(policy.approvers("engineers"), []);
    }
}
