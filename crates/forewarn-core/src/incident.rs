//! Incidents: severity, impact per service, states, updates, and the promise of the next one.

mod assessment;
mod kin;
mod posted;
mod promise;
mod roles;
mod undo;
mod update;

pub use crate::promise::Promise;
pub use assessment::{Grade, severity_by};
pub use posted::{NewIncident, Past, PostedUpdate, version};
pub use promise::{Kept, MOST_AUTOMATIC, Nature, NewPromise};
pub use roles::{Acknowledged, Call, Called, Handover, Role, both_roles, is_same_person};
pub use undo::Before;
pub use update::Update;

use crate::document::{Fields, Named, Node, Problems, line, prose, scalar};
use crate::facts::Facts;
use crate::id::Id;
use crate::offset::Offset;
use crate::problem::InvalidTransition;
use crate::promise::Thread;
use crate::recipient::Added;
use crate::routing::{About, Cause};
use crate::texts::Texts;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How grave an incident is: P1 is the gravest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Severity {
    P1,
    P2,
    P3,
    P4,
    P5,
}

impl Severity {
    /// Every severity, gravest first.
    pub const ALL: [Severity; 5] = [
        Severity::P1,
        Severity::P2,
        Severity::P3,
        Severity::P4,
        Severity::P5,
    ];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        ["P1", "P2", "P3", "P4", "P5"][self as usize]
    }

    /// Reads a severity.
    ///
    /// # Errors
    /// Says the known ones.
    pub fn parse(text: &str) -> Result<Severity, String> {
        Self::ALL
            .into_iter()
            .find(|s| s.as_str().eq_ignore_ascii_case(text.trim()))
            .ok_or_else(|| {
                crate::problem::unknown("severity", text, Self::ALL.map(Severity::as_str))
            })
    }
}

/// What an incident does to a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Impact {
    /// It works.
    None,
    /// It is slow or incomplete.
    DegradedPerformance,
    /// Some cannot use it.
    PartialOutage,
    /// Nobody can use it.
    MajorOutage,
}

impl Impact {
    /// Every impact, lightest first.
    pub const ALL: [Impact; 4] = [
        Impact::None,
        Impact::DegradedPerformance,
        Impact::PartialOutage,
        Impact::MajorOutage,
    ];

    /// The name used in documents and the API; `operational` on public pages is `none` here.
    pub fn as_str(self) -> &'static str {
        [
            "none",
            "degraded_performance",
            "partial_outage",
            "major_outage",
        ][self as usize]
    }

    /// Reads an impact; `operational` and `degraded` are understood too.
    ///
    /// # Errors
    /// Says the known ones.
    pub fn parse(text: &str) -> Result<Impact, String> {
        match text.trim() {
            "operational" => Ok(Impact::None),
            "degraded" => Ok(Impact::DegradedPerformance),
            other => Self::ALL
                .into_iter()
                .find(|i| i.as_str() == other)
                .ok_or_else(|| {
                    crate::problem::unknown("impact", other, Self::ALL.map(Impact::as_str))
                }),
        }
    }
}

/// Where an incident stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Somebody looks into it.
    Investigating,
    /// The cause is known.
    Identified,
    /// A fix is in place and watched.
    Monitoring,
    /// It is over.
    Resolved,
    /// What happened and what changes has been published.
    Postmortem,
}

impl Status {
    /// Every status in the usual order.
    pub const ALL: [Status; 5] = [
        Status::Investigating,
        Status::Identified,
        Status::Monitoring,
        Status::Resolved,
        Status::Postmortem,
    ];

    /// The name used in the store and the API.
    pub fn as_str(self) -> &'static str {
        [
            "investigating",
            "identified",
            "monitoring",
            "resolved",
            "postmortem",
        ][self as usize]
    }

    /// Reads a status.
    ///
    /// # Errors
    /// Says the known ones.
    pub fn parse(text: &str) -> Result<Status, String> {
        Self::ALL
            .into_iter()
            .find(|s| s.as_str() == text.trim())
            .ok_or_else(|| crate::problem::unknown("status", text, Self::ALL.map(Status::as_str)))
    }

    /// People still wait for the end.
    pub fn is_open(self) -> bool {
        self < Status::Resolved
    }
}

/// Something went wrong and people notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Its id.
    pub id: Id,
    /// What it is, in one line.
    pub title: String,
    /// Impact per service.
    pub services: BTreeMap<Id, Impact>,
    /// Services that were named by mistake, each with the update that took it out.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub removed: BTreeMap<Id, u32>,
    /// How grave it is.
    pub severity: Severity,
    /// Where it comes from, once that is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cause: Option<Cause>,
    /// Audiences that have been told of it.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub told: BTreeSet<Id>,
    /// Where it stands.
    pub status: Status,
    /// What is known now.
    pub facts: Facts,
    /// Who fixes it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lead: Option<String>,
    /// Who speaks for it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub spokesperson: Option<String>,
    /// Why one person is both.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub both_because: Option<String>,
    /// The call to whoever is to speak for it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub call: Option<Call>,
    /// How often a role changed hands.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub handovers: u32,
    /// Who is told of it although nobody planned for them.
    #[serde(skip_serializing_if = "Added::is_empty", default)]
    pub added: Added,
    /// The incident that it is a part of.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parent: Option<Id>,
    /// The incident that it was a duplicate of.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub merged_into: Option<Id>,
    /// It was entered afterwards.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub backfilled: bool,
    /// When it was declared.
    pub declared_at: Timestamp,
    /// When it was resolved.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub resolved_at: Option<Timestamp>,
    /// What was said, oldest first; never empty.
    pub updates: Vec<Update>,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// An incident as it is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// Its id; made by the program when absent.
    pub id: Option<Id>,
    /// What it is, in one line; made from the services when absent.
    pub title: Option<String>,
    /// Impact per service; not empty.
    pub services: BTreeMap<Id, Impact>,
    /// How grave it is.
    pub severity: Severity,
    /// Where it comes from, if that is known already.
    pub cause: Option<Cause>,
    /// What people see.
    pub effect: Option<String>,
    /// The text of a level where somebody edited it.
    pub texts: Texts,
    /// Who fixes it.
    pub lead: Option<String>,
    /// Who speaks for it.
    pub spokesperson: Option<String>,
    /// Time to the next update; by the policy when absent.
    pub next_update_in: Option<Offset>,
}

impl Declaration {
    /// Reads a declaration, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Declaration> {
        let mut fields = Fields::of(node, path, problems)?;
        let declaration = Self::read_fields(&mut fields, problems);
        fields.finish(problems);
        declaration
    }

    fn read_fields(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<Declaration> {
        let id = fields.optional("id", problems, Id::parse);
        let title = fields.optional("title", problems, line(200));
        let services = read_impacts(fields, problems);
        if services.is_empty() && fields.node("services").is_none_or(Node::is_empty) {
            fields.problem(
                "services",
                "names no service; write {service: impact}",
                problems,
            );
        }
        let severity = assessment::read_severity(fields, problems);
        let assessed = ["impact", "urgency"].map(|name| fields.node(name).is_some());
        if severity.is_none() && assessed == [false, false] && fields.node("severity").is_none() {
            fields.problem("severity", "is missing", problems);
        }
        let cause = fields.optional("cause", problems, Cause::parse);
        let effect = fields.optional("effect", problems, prose(1_000));
        let texts = Texts::read(fields, problems);
        let lead = fields.optional("lead", problems, line(200));
        let spokesperson = fields.optional("spokesperson", problems, line(200));
        let next_update_in = fields.optional("next_update_in", problems, Offset::parse);
        Some(Declaration {
            id,
            title,
            services,
            severity: severity?,
            cause,
            effect,
            texts,
            lead,
            spokesperson,
            next_update_in,
        })
    }
}

fn read_impacts(fields: &mut Fields<'_>, problems: &mut Problems) -> BTreeMap<Id, Impact> {
    let mut services = BTreeMap::new();
    for (key, path, node) in fields.entries("services", problems) {
        let impact = scalar(node, &path, problems, Impact::parse);
        match Id::parse(key) {
            Ok(id) if services.contains_key(&id) => {
                problems.add(path, node.place, format!("names {id} a second time"));
            }
            Ok(id) => {
                problems.refers(Named::Service, id.as_str(), path, node.place);
                impact.map(|impact| services.insert(id, impact));
            }
            Err(problem) => problems.add(path, node.place, problem),
        }
    }
    services
}

/// An update as it is posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUpdate {
    /// The new status; unchanged when absent.
    pub status: Option<Status>,
    /// What is newly known.
    pub facts: Facts,
    /// Where it comes from, if that is newly known.
    pub cause: Option<Cause>,
    /// The spokesperson's own words.
    pub text: Option<String>,
    /// The text of a level where somebody edited it: there it comes before their own words.
    pub texts: Texts,
    /// New impact per service.
    pub services: BTreeMap<Id, Impact>,
    /// Time to the next update; by the policy when absent.
    pub next_update_in: Option<Offset>,
}

impl NewUpdate {
    /// One in which nothing is new.
    pub(crate) fn nothing() -> NewUpdate {
        NewUpdate {
            status: None,
            facts: Facts::default(),
            cause: None,
            text: None,
            texts: Texts::default(),
            services: BTreeMap::new(),
            next_update_in: None,
        }
    }

    /// Every one of its readers is told something that somebody wrote.
    pub(crate) fn is_written(&self) -> bool {
        self.text.is_some() || self.texts.are_for_all()
    }

    /// It says something by itself, whatever becomes of the status.
    pub(crate) fn says_something(&self) -> bool {
        self.text.is_some() || !self.texts.is_empty() || self.facts != Facts::default()
    }

    /// Reads an update, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<NewUpdate> {
        let mut fields = Fields::of(node, path, problems)?;
        let update = Self::read_fields(&mut fields, problems);
        fields.finish(problems);
        update
    }

    fn read_fields(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<NewUpdate> {
        let status = fields.optional("status", problems, Status::parse);
        let facts = match fields.node("facts") {
            Some(node) => Facts::read(node, &fields.path_of("facts"), problems),
            None => Some(Facts::default()),
        };
        let cause = fields.optional("cause", problems, Cause::parse);
        let text = fields.optional("text", problems, prose(10_000));
        let texts = Texts::read(fields, problems);
        let services = read_impacts(fields, problems);
        let next_update_in = fields.optional("next_update_in", problems, Offset::parse);
        let no_facts = facts.as_ref().is_some_and(|f| *f == Facts::default());
        // What was given and is wrong is told as that; it is not missing as well.
        let no_text = fields.node("text").is_none() && !Texts::are_given(fields);
        let no_status = fields.node("status").is_none();
        if status == Some(Status::Resolved) && no_text && no_facts {
            let problem = "is missing: people hear how it ended; give a text or facts";
            fields.problem("text", problem, problems);
        } else if no_text && no_status && no_facts {
            fields.problem(
                "text",
                "says nothing: give a text, facts or a new status",
                problems,
            );
        }
        Some(NewUpdate {
            status,
            facts: facts?,
            cause,
            text,
            texts,
            services,
            next_update_in,
        })
    }
}

impl Incident {
    /// Declares an incident: the first update is the holding statement, and it promises the next at `next_update`.
    pub fn declare(
        declaration: Declaration,
        id: Id,
        title: String,
        next_update: Timestamp,
        now: Timestamp,
    ) -> Incident {
        let facts = Facts {
            effect: declaration.effect,
            ..Facts::default()
        };
        let holding = Update {
            id: crate::id::derive(&["update", id.as_str(), "0"]),
            number: 0,
            status: Status::Investigating,
            nature: Nature::Written,
            text: None,
            texts: declaration.texts,
            facts: facts.clone(),
            services: declaration.services.clone(),
            at: now,
            promise: Some(Promise {
                due: next_update,
                kept: None,
            }),
            before: None,
            owed: None,
            waits: false,
        };
        Incident {
            id,
            title,
            services: declaration.services,
            removed: BTreeMap::new(),
            severity: declaration.severity,
            cause: declaration.cause,
            told: BTreeSet::new(),
            status: Status::Investigating,
            facts,
            lead: declaration.lead,
            spokesperson: declaration.spokesperson,
            both_because: None,
            call: None,
            handovers: 0,
            added: Added::default(),
            parent: None,
            merged_into: None,
            backfilled: false,
            declared_at: now,
            resolved_at: None,
            updates: vec![holding],
        }
    }

    /// What routing looks at.
    pub fn about(&self) -> About {
        About {
            kind: "incident",
            severity: Some(self.severity),
            cause: self.cause,
        }
    }

    /// Publishes an update, which keeps or breaks the promise of the one before and makes a new one while the incident is open.
    ///
    /// # Errors
    /// From `resolved` only `postmortem` or a reopening to `investigating` is possible, from `postmortem` nothing.
    pub fn update(
        self,
        new: NewUpdate,
        next_update: Timestamp,
        now: Timestamp,
    ) -> Result<Incident, InvalidTransition> {
        self.say(new, Nature::Written, next_update, now)
    }

    fn say(
        mut self,
        new: NewUpdate,
        nature: Nature,
        next_update: Timestamp,
        now: Timestamp,
    ) -> Result<Incident, InvalidTransition> {
        let status = new.status.unwrap_or(self.status);
        if !self.may_become(status) {
            return Err(self.refuse(status));
        }
        self.facts = self.facts.updated_by(new.facts);
        self.cause = new.cause.or(self.cause);
        self.services.extend(self.impact_again(status));
        self.services.extend(new.services);
        if status == Status::Resolved {
            self.resolved_at = Some(now);
            self.services
                .values_mut()
                .for_each(|impact| *impact = Impact::None);
        } else if status.is_open() {
            self.resolved_at = None;
        }
        self.settle_promise(now);
        let number = self.updates.len() as u32;
        self.updates.push(Update {
            id: crate::id::derive(&["update", self.id.as_str(), &number.to_string()]),
            number,
            status,
            nature,
            text: new.text,
            texts: new.texts,
            facts: self.facts.clone(),
            services: self.services.clone(),
            at: now,
            promise: status.is_open().then_some(Promise {
                due: next_update,
                kept: None,
            }),
            before: None,
            owed: None,
            waits: false,
        });
        self.status = status;
        Ok(self)
    }

    /// Whether an update may say that it stands so. What was merged goes on in the other incident.
    pub fn may_become(&self, status: Status) -> bool {
        match self.status {
            _ if self.merged_into.is_some() => false,
            Status::Postmortem => false,
            Status::Resolved => matches!(status, Status::Postmortem | Status::Investigating),
            Status::Investigating | Status::Identified | Status::Monitoring => {
                status != Status::Postmortem
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + seconds).unwrap()
    }

    pub(crate) fn declared() -> Incident {
        let declaration = Declaration {
            id: None,
            title: None,
            services: BTreeMap::from([(Id::parse("portal").unwrap(), Impact::MajorOutage)]),
            severity: Severity::P1,
            cause: None,
            effect: Some("Some people cannot sign in".into()),
            texts: Texts::default(),
            lead: None,
            spokesperson: None,
            next_update_in: None,
        };
        Incident::declare(
            declaration,
            Id::parse("INC-1").unwrap(),
            "Sign-in".into(),
            at(3600),
            at(0),
        )
    }

    pub(crate) fn to(status: Status) -> NewUpdate {
        NewUpdate {
            status: Some(status),
            ..NewUpdate::nothing()
        }
    }

    #[test]
    fn an_update_in_time_keeps_the_promise_and_a_late_one_breaks_it() {
        let kept = declared()
            .update(to(Status::Identified), at(7200), at(3600))
            .unwrap();
        assert_eq!(kept.updates[0].promise.unwrap().kept, Some(true));
        assert_eq!(
            kept.promise().unwrap(),
            Promise {
                due: at(7200),
                kept: None
            }
        );
        let broken = kept
            .update(to(Status::Monitoring), at(9000), at(7201))
            .unwrap();
        assert_eq!(broken.updates[1].promise.unwrap().kept, Some(false));
    }

    #[test]
    fn resolving_ends_impact_and_promises() {
        let resolved = declared()
            .update(to(Status::Resolved), at(1), at(1))
            .unwrap();
        assert_eq!(resolved.promise(), None);
        assert!(resolved.services.values().all(|i| *i == Impact::None));
        assert!(
            resolved
                .clone()
                .update(to(Status::Monitoring), at(2), at(2))
                .is_err()
        );
        assert!(
            resolved
                .update(to(Status::Investigating), at(2), at(2))
                .unwrap()
                .resolved_at
                .is_none()
        );
    }

    /// Every pair of states, from and to, against the table of what is possible.
    #[test]
    fn every_transition_is_possible_or_refused_as_the_table_says() {
        use Status::*;
        let to_each = [Investigating, Identified, Monitoring, Resolved, Postmortem];
        for (from, possible) in [
            (Investigating, [true, true, true, true, false]),
            (Identified, [true, true, true, true, false]),
            (Monitoring, [true, true, true, true, false]),
            (Resolved, [true, false, false, false, true]),
            (Postmortem, [false; 5]),
        ] {
            let way: &[Status] = match from {
                Postmortem => &[Resolved, Postmortem],
                _ => &[from],
            };
            let step = |i: Incident, s: &Status| i.update(to(*s), at(9), at(1)).unwrap();
            let incident = way.iter().fold(declared(), step);
            assert_eq!(incident.status, from);
            for (status, possible) in to_each.into_iter().zip(possible) {
                let next = incident.clone().update(to(status), at(9), at(2));
                assert_eq!(next.is_ok(), possible, "{from:?} {status:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_order_of_updates_reaches_an_impossible_state(steps in prop::collection::vec(0usize..5, 0..12)) {
            let mut incident = declared();
            for (n, step) in steps.into_iter().enumerate() {
                let before = incident.clone();
                let now = at(n as i64);
                match incident.update(to(Status::ALL[step]), at(n as i64 + 60), now) {
                    Ok(next) => {
                        prop_assert_eq!(next.status.is_open(), next.promise().is_some());
                        prop_assert_eq!(next.status.is_open(), next.resolved_at.is_none());
                        prop_assert!(before.status != Status::Postmortem);
                        incident = next;
                    }
                    Err(refused) => {
                        prop_assert_eq!(refused.from, before.status.as_str());
                        incident = before;
                    }
                }
            }
        }
    }
}
