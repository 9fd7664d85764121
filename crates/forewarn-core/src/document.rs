//! Documents: what people write about their organisation, read whole or refused whole.

mod advice;
mod declared;
mod fields;
mod node;
mod references;

pub use advice::{exceptions_of_nothing, silent};
use declared::Declared;
pub use fields::{Fields, Problems, boolean, line, prose, scalar};
pub use node::{Entry, Node, Place, Value, from_json, parse_json, parse_yaml};
use references::Names;
pub use references::{Named, place_of};

use crate::advisory::Report;
use crate::announcement::Announcement;
use crate::audience::Audience;
use crate::change_ahead::ChangeAhead;
use crate::contact::Contact;
use crate::hook::Hook;
use crate::id::Id;
use crate::maintenance::Maintenance;
use crate::organisation::Organisation;
use crate::policy::Policy;
use crate::problem::{Invalid, Problem, unknown};
use crate::rota::Rota;
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
    /// Rotas.
    pub rotas: Vec<Rota>,
    /// Templates.
    pub templates: Vec<Template>,
    /// The calendar of changes.
    pub changes_ahead: Vec<ChangeAhead>,
    /// Addresses at which other programs tell something.
    pub hooks: Vec<Hook>,
    /// One maintenance, for planning or creating.
    pub maintenance: Option<Maintenance>,
    /// One fault, for telling of it.
    pub advisory: Option<Report>,
    /// One change that takes effect at a moment, for planning or creating.
    pub announcement: Option<Announcement>,
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
    /// Who is on duty when.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub rotas: Vec<Rota>,
}

/// Names of the parts of a document.
const PARTS: [&str; 12] = [
    "organisation",
    "services",
    "audiences",
    "contacts",
    "policies",
    "rotas",
    "templates",
    "changes_ahead",
    "hooks",
    "maintenance",
    "advisory",
    "announcement",
];

impl Documents {
    /// Reads YAML texts, each with its name for messages (a path); references may point into `known`.
    ///
    /// # Errors
    /// Everything that is wrong, each with its place, in the order of the texts. Where one of them is no YAML, nobody knows what
    /// stands in it: the others are read all the same, and only what they refer to is not looked up.
    pub fn parse_yaml(
        texts: &[(String, String)],
        known: &Catalogue,
        fresh_id: &str,
    ) -> Result<Documents, Invalid> {
        let parsed = texts.iter().map(|(_, text)| node::parse_yaml(text));
        let parsed: Vec<Result<Vec<Node>, Invalid>> = parsed.collect();
        let mut sources: Vec<Source<'_>> = Vec::new();
        for ((name, _), parsed) in texts.iter().zip(&parsed) {
            match parsed {
                Ok(nodes) => sources.extend(nodes.iter().map(|node| (name.as_str(), Ok(node)))),
                Err(invalid) => sources.push((name.as_str(), Err(invalid))),
            }
        }
        Self::read_all(&sources, known, fresh_id)
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
        let sources = nodes.iter().map(|(name, node)| (name.as_str(), Ok(node)));
        let sources: Vec<Source<'_>> = sources.collect();
        Self::read_all(&sources, known, fresh_id)
    }

    fn read_all(
        sources: &[Source<'_>],
        known: &Catalogue,
        fresh_id: &str,
    ) -> Result<Documents, Invalid> {
        let mut documents = Documents::default();
        // What is wrong with each, so that it can be told in their order.
        let mut found: Vec<Problems> = sources.iter().map(|_| Problems::default()).collect();
        // The organisation first: civil times elsewhere are read in its zone.
        let mut organisations = 0;
        for ((_, source), problems) in sources.iter().zip(&mut found) {
            if let Ok(node) = source
                && let Value::Map(entries) = &node.value
                && let Some((_, place, node)) = entries.iter().find(|(k, _, _)| k == "organisation")
            {
                organisations += 1;
                if organisations > 1 {
                    let problem = "stands twice; there is one organisation";
                    problems.add("organisation", *place, problem);
                }
                documents.organisation = Organisation::read(node, "organisation", problems);
            }
        }
        let organisation = documents.organisation.as_ref();
        let zone = organisation
            .unwrap_or(&known.organisation)
            .time_zone
            .clone();
        let mut declared = Declared::default();
        for ((_, source), problems) in sources.iter().zip(&mut found) {
            match source {
                Ok(node) => documents.read_parts(node, &zone, fresh_id, &mut declared, problems),
                Err(invalid) => problems.0.extend(invalid.problems.iter().cloned()),
            }
        }
        if sources.iter().all(|(_, source)| source.is_ok()) {
            let whole = documents.over(known);
            let mut names = Names::of(&whole);
            declared.name(&mut names);
            found.iter_mut().for_each(|p| p.look_up_in(&names));
        }
        let mut all = Vec::new();
        for ((name, source), mut problems) in sources.iter().zip(found) {
            if let Ok(node) = source {
                problems.sort(node);
            }
            name_file(&mut problems.0, name, sources.len());
            all.extend(problems.0);
        }
        all.extend(documents.circle(known));
        all.extend(documents.told_to_strangers(known));
        match all.is_empty() {
            true => {
                documents.answer_what_is_known(known, &declared);
                Ok(documents)
            }
            false => Err(Invalid { problems: all }),
        }
    }

    fn read_parts<'a>(
        &mut self,
        node: &'a Node,
        zone: &crate::time::Zone,
        fresh_id: &str,
        declared: &mut Declared<'a>,
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
                // It was read before all else.
                "organisation" => {}
                "services" => {
                    self.services
                        .extend(declared.each(("services", node), problems, Service::read))
                }
                "audiences" => self.audiences.extend(declared.each(
                    ("audiences", node),
                    problems,
                    Audience::read,
                )),
                "contacts" => {
                    self.contacts
                        .extend(declared.each(("contacts", node), problems, Contact::read))
                }
                "policies" => {
                    self.policies
                        .extend(declared.each(("policies", node), problems, Policy::read))
                }
                "rotas" => self.rotas.extend(declared.each(
                    ("rotas", node),
                    problems,
                    |node, path, problems| Rota::read(node, path, zone, problems),
                )),
                "templates" => self.templates.extend(declared.each(
                    ("templates", node),
                    problems,
                    Template::read,
                )),
                "changes_ahead" => self.changes_ahead.extend(declared.each(
                    ("changes_ahead", node),
                    problems,
                    ChangeAhead::read,
                )),
                "hooks" => self
                    .hooks
                    .extend(declared.each(("hooks", node), problems, Hook::read)),
                "maintenance" => {
                    declared.only(("maintenance", node), *place, problems);
                    self.maintenance =
                        Maintenance::read(node, "maintenance", zone, fresh_id, problems);
                }
                "advisory" => {
                    declared.only(("advisory", node), *place, problems);
                    self.advisory = Report::read(node, "advisory", problems);
                }
                "announcement" => {
                    declared.only(("announcement", node), *place, problems);
                    self.announcement =
                        Announcement::read(node, "announcement", zone, fresh_id, problems);
                }
                _ => problems.add(key, *place, unknown("part", key, PARTS)),
            }
        }
    }

    /// What the catalogue knows about work takes the place of answers that its decision does not give.
    fn answer_what_is_known(&mut self, known: &Catalogue, declared: &Declared<'_>) {
        let catalogue = self.over(known);
        let Some(maintenance) = &mut self.maintenance else {
            return;
        };
        let (window, dependents) = crate::decision::known_of(maintenance, &catalogue);
        let is_given = |name| declared.says("maintenance", &["decision", "answers", name]);
        if let Some(decided) = &mut maintenance.decision {
            if !is_given("window") {
                decided.answers.window = window;
            }
            if !is_given("dependents") {
                decided.answers.dependents = dependents;
            }
        }
    }

    /// Services that depend on each other in a circle, if there are any: nobody could say what follows from what.
    fn circle(&self, known: &Catalogue) -> Option<Problem> {
        let services = self.over(known).services;
        let cycle = crate::service::dependency_cycle(&services)?;
        let names: Vec<&str> = cycle.iter().map(Id::as_str).collect();
        let problem = format!("depend on each other in a circle: {}", names.join(" -> "));
        Some(Problem::new("services", problem))
    }

    /// A private service that an audience uses to which anybody can subscribe.
    fn told_to_strangers(&self, known: &Catalogue) -> Option<Problem> {
        let Catalogue {
            services,
            audiences,
            ..
        } = self.over(known);
        let mut open = audiences.iter().filter(|audience| audience.self_service);
        open.find_map(|audience| {
            let mut used = services.iter().filter(|s| !s.public);
            let private = used.find(|service| audience.uses(&service.id))?;
            let problem = format!(
                "anybody can subscribe to {}, which uses {}, and that is not public: list the services that it hears of without it",
                audience.id, private.id
            );
            Some(Problem::new("audiences", problem))
        })
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
            rotas: lay(&self.rotas, &known.rotas, |r| &r.id),
        }
    }
}

/// One document and the name of its file, or what is wrong with a text that is none.
type Source<'a> = (&'a str, Result<&'a Node, &'a Invalid>);

/// Where several files are read, each problem names its own.
fn name_file(problems: &mut [Problem], name: &str, files: usize) {
    if files > 1 && !name.is_empty() {
        for problem in problems {
            problem.problem = format!("{} ({name})", problem.problem);
        }
    }
}
