//! Documents: what people write about their organisation, read whole or refused whole.

mod fields;
mod node;

pub use fields::{Fields, Problems, boolean, line, prose, scalar};
pub use node::{Node, Value, from_json, parse_json, parse_yaml};

use crate::audience::Audience;
use crate::contact::Contact;
use crate::id::Id;
use crate::maintenance::Maintenance;
use crate::organisation::Organisation;
use crate::policy::Policy;
use crate::problem::{Invalid, unknown};
use crate::service::Service;
use crate::template::Template;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Everything that stands in a set of documents.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Documents {
    /// The organisation, if it is described.
    pub organisation: Option<Organisation>,
    /// Services.
    pub services: Vec<Service>,
    /// Audiences.
    pub audiences: Vec<Audience>,
    /// Contacts.
    pub contacts: Vec<Contact>,
    /// Policies.
    pub policies: Vec<Policy>,
    /// Templates.
    pub templates: Vec<Template>,
    /// One maintenance, for planning or creating.
    pub maintenance: Option<Maintenance>,
}

/// What is already known where documents are read: references may point there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Catalogue {
    /// The organisation.
    pub organisation: Organisation,
    /// Services.
    pub services: Vec<Service>,
    /// Audiences.
    pub audiences: Vec<Audience>,
    /// The organisation's own policies.
    pub policies: Vec<Policy>,
}

/// Names of the parts of a document.
const PARTS: [&str; 7] = [
    "organisation",
    "services",
    "audiences",
    "contacts",
    "policies",
    "templates",
    "maintenance",
];

impl Documents {
    /// Reads YAML texts, each with its name for messages (a path); references may point into `known`.
    ///
    /// # Errors
    /// Everything that is wrong, each with its place.
    pub fn parse_yaml(
        texts: &[(String, String)],
        known: &Catalogue,
        fresh_id: &str,
    ) -> Result<Documents, Invalid> {
        let mut nodes = Vec::new();
        for (name, text) in texts {
            let parsed = node::parse_yaml(text).map_err(|mut e| {
                e.problems
                    .iter_mut()
                    .for_each(|p| p.problem = format!("{name}: {}", p.problem));
                e
            })?;
            nodes.extend(parsed.into_iter().map(|node| (name.clone(), node)));
        }
        Self::read(&nodes, known, fresh_id)
    }

    /// Reads parsed documents; see [`Documents::parse_yaml`].
    ///
    /// # Errors
    /// Everything that is wrong, each with its place.
    pub fn read(
        nodes: &[(String, Node)],
        known: &Catalogue,
        fresh_id: &str,
    ) -> Result<Documents, Invalid> {
        let mut problems = Problems::default();
        let mut documents = Documents::default();
        let zone_source = |documents: &Documents| {
            documents
                .organisation
                .as_ref()
                .unwrap_or(&known.organisation)
                .time_zone
                .clone()
        };
        // The organisation first: civil times elsewhere are read in its zone.
        for (name, node) in nodes {
            let before = problems.0.len();
            if let Value::Map(entries) = &node.value
                && let Some((_, place, node)) = entries.iter().find(|(k, _, _)| k == "organisation")
            {
                if documents.organisation.is_some() {
                    problems.add(
                        "organisation",
                        *place,
                        "stands twice; there is one organisation",
                    );
                }
                documents.organisation = Organisation::read(node, "organisation", &mut problems);
            }
            name_file(&mut problems, before, name, nodes.len());
        }
        let zone = zone_source(&documents);
        for (name, node) in nodes {
            let before = problems.0.len();
            documents.read_parts(node, &zone, fresh_id, &mut problems);
            name_file(&mut problems, before, name, nodes.len());
        }
        documents.check_references(known, &mut problems);
        if problems.0.is_empty() {
            Ok(documents)
        } else {
            Err(Invalid {
                problems: problems.0,
            })
        }
    }

    fn read_parts(
        &mut self,
        node: &Node,
        zone: &crate::time::Zone,
        fresh_id: &str,
        problems: &mut Problems,
    ) {
        let Value::Map(entries) = &node.value else {
            problems.add(
                "",
                node.place,
                format!("must be a map with {}", PARTS.join(", ")),
            );
            return;
        };
        for (key, place, node) in entries {
            if node.value == Value::Null {
                continue;
            }
            match key.as_str() {
                "organisation" => {}
                "services" => each(
                    node,
                    "services",
                    problems,
                    &mut self.services,
                    Service::read,
                ),
                "audiences" => each(
                    node,
                    "audiences",
                    problems,
                    &mut self.audiences,
                    Audience::read,
                ),
                "contacts" => each(
                    node,
                    "contacts",
                    problems,
                    &mut self.contacts,
                    Contact::read,
                ),
                "policies" => each(node, "policies", problems, &mut self.policies, Policy::read),
                "templates" => each(
                    node,
                    "templates",
                    problems,
                    &mut self.templates,
                    Template::read,
                ),
                "maintenance" => {
                    if self.maintenance.is_some() {
                        problems.add(
                            "maintenance",
                            *place,
                            "stands twice; one maintenance at a time",
                        );
                    }
                    self.maintenance =
                        Maintenance::read(node, "maintenance", zone, fresh_id, problems);
                }
                _ => problems.add(key, *place, unknown("part", key, PARTS)),
            }
        }
    }

    fn check_references(&self, known: &Catalogue, problems: &mut Problems) {
        repeated("services", self.services.iter().map(|s| &s.id), problems);
        repeated("audiences", self.audiences.iter().map(|s| &s.id), problems);
        repeated("contacts", self.contacts.iter().map(|s| &s.id), problems);
        repeated("policies", self.policies.iter().map(|s| &s.id), problems);
        let services: BTreeSet<&str> = self
            .services
            .iter()
            .chain(&known.services)
            .map(|s| s.id.as_str())
            .collect();
        let audiences: BTreeSet<&str> = self
            .audiences
            .iter()
            .chain(&known.audiences)
            .map(|a| a.id.as_str())
            .collect();
        let mut check = |path: String, id: &Id, what: &str, among: &BTreeSet<&str>| {
            if !among.contains(id.as_str()) {
                problems.add(
                    path,
                    None,
                    unknown(what, id.as_str(), among.iter().copied()),
                );
            }
        };
        for (n, service) in self.services.iter().enumerate() {
            for (m, id) in service.depends_on.iter().enumerate() {
                check(
                    format!("services[{n}].depends_on[{m}]"),
                    id,
                    "service",
                    &services,
                );
            }
        }
        for (n, audience) in self.audiences.iter().enumerate() {
            if let crate::audience::Scope::Services(list) = &audience.services {
                for (m, id) in list.iter().enumerate() {
                    check(
                        format!("audiences[{n}].services[{m}]"),
                        id,
                        "service",
                        &services,
                    );
                }
            }
        }
        for (n, contact) in self.contacts.iter().enumerate() {
            for (m, id) in contact.audiences.iter().enumerate() {
                check(
                    format!("contacts[{n}].audiences[{m}]"),
                    id,
                    "audience",
                    &audiences,
                );
            }
            for (m, id) in contact.services.iter().enumerate() {
                check(
                    format!("contacts[{n}].services[{m}]"),
                    id,
                    "service",
                    &services,
                );
            }
        }
        if let Some(maintenance) = &self.maintenance {
            for (n, id) in maintenance.services.iter().enumerate() {
                check(
                    format!("maintenance.services[{n}]"),
                    id,
                    "service",
                    &services,
                );
            }
        }
        self.check_policy_and_cycles(known, problems);
    }

    fn check_policy_and_cycles(&self, known: &Catalogue, problems: &mut Problems) {
        let policies: Vec<Policy> = self
            .policies
            .iter()
            .chain(&known.policies)
            .cloned()
            .collect();
        if let Some(id) = self.maintenance.as_ref().and_then(|m| m.policy.as_ref())
            && crate::policy::find(id.as_str(), &policies).is_none()
        {
            let ids: Vec<&str> = policies
                .iter()
                .chain(crate::policy::BUILT_IN.iter())
                .map(|p| p.id.as_str())
                .collect();
            problems.add(
                "maintenance.policy",
                None,
                unknown("policy", id.as_str(), ids.iter().copied()),
            );
        }
        let mut services = self.services.clone();
        services.extend(
            known
                .services
                .iter()
                .filter(|k| self.services.iter().all(|s| s.id != k.id))
                .cloned(),
        );
        if let Some(cycle) = crate::service::dependency_cycle(&services) {
            let names: Vec<&str> = cycle.iter().map(Id::as_str).collect();
            problems.add(
                "services",
                None,
                format!("depend on each other in a circle: {}", names.join(" -> ")),
            );
        }
    }

    /// The catalogue with these documents laid over it.
    pub fn over(&self, known: &Catalogue) -> Catalogue {
        fn lay<T: Clone>(new: &[T], old: &[T], id: impl Fn(&T) -> &Id) -> Vec<T> {
            let fresh: BTreeSet<&Id> = new.iter().map(&id).collect();
            let mut all: Vec<T> = old
                .iter()
                .filter(|o| !fresh.contains(id(o)))
                .cloned()
                .collect();
            all.extend(new.iter().cloned());
            all
        }
        Catalogue {
            organisation: self
                .organisation
                .clone()
                .unwrap_or_else(|| known.organisation.clone()),
            services: lay(&self.services, &known.services, |s| &s.id),
            audiences: lay(&self.audiences, &known.audiences, |a| &a.id),
            policies: lay(&self.policies, &known.policies, |p| &p.id),
        }
    }
}

fn each<T>(
    node: &Node,
    part: &str,
    problems: &mut Problems,
    into: &mut Vec<T>,
    read: impl Fn(&Node, &str, &mut Problems) -> Option<T>,
) {
    match &node.value {
        Value::List(items) => {
            let start = into.len();
            for (n, item) in items.iter().enumerate() {
                into.extend(read(item, &format!("{part}[{}]", start + n), problems));
            }
        }
        _ => problems.add(part, node.place, "must be a list"),
    }
}

fn repeated<'a>(part: &str, ids: impl Iterator<Item = &'a Id>, problems: &mut Problems) {
    let mut seen = BTreeSet::new();
    for (n, id) in ids.enumerate() {
        if !seen.insert(id) {
            problems.add(
                format!("{part}[{n}].id"),
                None,
                format!("'{id}' stands twice"),
            );
        }
    }
}

/// Where several files are read, each problem names its own.
fn name_file(problems: &mut Problems, from: usize, name: &str, files: usize) {
    if files > 1 && !name.is_empty() {
        for problem in &mut problems.0[from..] {
            problem.problem = format!("{} ({name})", problem.problem);
        }
    }
}
