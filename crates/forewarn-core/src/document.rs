//! Documents: what people write about their organisation, read whole or refused whole.

mod advice;
mod fields;
mod node;
mod places;

pub use advice::exceptions_of_nothing;
pub use fields::{Fields, Problems, boolean, line, prose, scalar};
pub use node::{Entry, Node, Place, Value, from_json, parse_json, parse_yaml};
use places::{Item, Places};

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
use crate::problem::{Invalid, unknown};
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
        let mut places = Places::new(nodes.len());
        for (name, node) in nodes {
            let before = problems.0.len();
            documents.read_parts((name, node), &zone, fresh_id, &mut places, &mut problems);
            name_file(&mut problems, before, name, nodes.len());
        }
        documents.check_references(known, &places, &mut problems);
        if problems.0.is_empty() {
            documents.answer_what_is_known(known, &places);
            Ok(documents)
        } else {
            Err(Invalid {
                problems: problems.0,
            })
        }
    }

    fn read_parts<'a>(
        &mut self,
        (name, node): (&'a str, &'a Node),
        zone: &crate::time::Zone,
        fresh_id: &str,
        places: &mut Places<'a>,
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
                "organisation" => places.remember_blackouts(name, node),
                "services" => self.services.extend(places.each(
                    (name, "services", node),
                    problems,
                    Service::read,
                )),
                "audiences" => self.audiences.extend(places.each(
                    (name, "audiences", node),
                    problems,
                    Audience::read,
                )),
                "contacts" => self.contacts.extend(places.each(
                    (name, "contacts", node),
                    problems,
                    Contact::read,
                )),
                "policies" => self.policies.extend(places.each(
                    (name, "policies", node),
                    problems,
                    Policy::read,
                )),
                "rotas" => self.rotas.extend(places.each(
                    (name, "rotas", node),
                    problems,
                    |node, path, problems| Rota::read(node, path, zone, problems),
                )),
                "templates" => self.templates.extend(places.each(
                    (name, "templates", node),
                    problems,
                    Template::read,
                )),
                "changes_ahead" => self.changes_ahead.extend(places.each(
                    (name, "changes_ahead", node),
                    problems,
                    ChangeAhead::read,
                )),
                "hooks" => {
                    self.hooks
                        .extend(places.each((name, "hooks", node), problems, Hook::read))
                }
                "maintenance" => {
                    places.only((name, "maintenance", node), *place, problems);
                    self.maintenance =
                        Maintenance::read(node, "maintenance", zone, fresh_id, problems);
                }
                "advisory" => {
                    places.only((name, "advisory", node), *place, problems);
                    self.advisory = Report::read(node, "advisory", problems);
                }
                "announcement" => {
                    places.only((name, "announcement", node), *place, problems);
                    self.announcement =
                        Announcement::read(node, "announcement", zone, fresh_id, problems);
                }
                _ => problems.add(key, *place, unknown("part", key, PARTS)),
            }
        }
    }

    fn check_references(&self, known: &Catalogue, places: &Places<'_>, problems: &mut Problems) {
        places.repeated("services", self.services.iter().map(|s| &s.id), problems);
        places.repeated("audiences", self.audiences.iter().map(|s| &s.id), problems);
        places.repeated("contacts", self.contacts.iter().map(|s| &s.id), problems);
        places.repeated("policies", self.policies.iter().map(|s| &s.id), problems);
        places.repeated("rotas", self.rotas.iter().map(|r| &r.id), problems);
        let changes = self.changes_ahead.iter().map(|c| &c.id);
        places.repeated("changes_ahead", changes, problems);
        places.repeated("hooks", self.hooks.iter().map(|h| &h.id), problems);
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
        let mut check = |item: Item<'_>, field: &str, ids: &[Id], what: &str| {
            let among = if what == "audience" {
                &audiences
            } else {
                &services
            };
            for (n, id) in ids.iter().enumerate() {
                if !among.contains(id.as_str()) && !places.is_unread(id) {
                    let problem = unknown(what, id.as_str(), among.iter().copied());
                    places.add(item, field, Some(n), problem, problems);
                }
            }
        };
        for (n, service) in self.services.iter().enumerate() {
            let item = Item::of("services", n);
            check(item, "depends_on", &service.depends_on, "service");
        }
        for (n, audience) in self.audiences.iter().enumerate() {
            if let crate::audience::Scope::Services(list) = &audience.services {
                check(Item::of("audiences", n), "services", list, "service");
            }
            if let Some(rule) = &audience.members {
                check(
                    Item::of("audiences", n),
                    "members.services",
                    &rule.services,
                    "service",
                );
            }
        }
        for (n, contact) in self.contacts.iter().enumerate() {
            let item = Item::of("contacts", n);
            check(item, "audiences", &contact.audiences, "audience");
            check(item, "services", &contact.services, "service");
        }
        for (n, rota) in self.rotas.iter().enumerate() {
            check(Item::of("rotas", n), "services", &rota.services, "service");
        }
        for (n, change) in self.changes_ahead.iter().enumerate() {
            let item = Item::of("changes_ahead", n);
            check(item, "services", &change.services, "service");
        }
        for (n, hook) in self.hooks.iter().enumerate() {
            for (field, id) in hook.named_services() {
                check(Item::of("hooks", n), field, &[id], "service");
            }
        }
        let blackouts = self.organisation.iter().flat_map(|o| &o.blackout);
        for (n, blackout) in blackouts.enumerate() {
            let item = Item::of("organisation.blackout", n);
            check(item, "services", &blackout.services, "service");
        }
        if let Some(maintenance) = &self.maintenance {
            let item = Item::of("maintenance", 0);
            check(item, "services", &maintenance.services, "service");
        }
        if let Some(advisory) = &self.advisory {
            let item = Item::of("advisory", 0);
            check(item, "services", &advisory.services, "service");
        }
        if let Some(announcement) = &self.announcement {
            let item = Item::of("announcement", 0);
            check(item, "services", &announcement.services, "service");
        }
        self.check_policy_and_cycles(known, places, problems);
    }

    /// What the catalogue knows about work takes the place of answers that its decision does not give.
    fn answer_what_is_known(&mut self, known: &Catalogue, places: &Places<'_>) {
        let catalogue = self.over(known);
        let Some(maintenance) = &mut self.maintenance else {
            return;
        };
        let (window, dependents) = crate::decision::known_of(maintenance, &catalogue);
        let is_given = |name| places.says("maintenance", &["decision", "answers", name]);
        if let Some(decided) = &mut maintenance.decision {
            if !is_given("window") {
                decided.answers.window = window;
            }
            if !is_given("dependents") {
                decided.answers.dependents = dependents;
            }
        }
    }

    fn check_policy_and_cycles(
        &self,
        known: &Catalogue,
        places: &Places<'_>,
        problems: &mut Problems,
    ) {
        let policies: Vec<Policy> = self
            .policies
            .iter()
            .chain(&known.policies)
            .cloned()
            .collect();
        let maintenance = self.maintenance.as_ref().and_then(|m| m.policy.as_ref());
        let announced = self.announcement.as_ref();
        let named = [
            ("maintenance", maintenance),
            ("announcement", announced.and_then(|a| a.policy.as_ref())),
        ];
        for (document, id) in named {
            if let Some(id) = id
                && crate::policy::find(id.as_str(), &policies).is_none()
                && !places.is_unread(id)
            {
                let all = policies.iter().chain(crate::policy::BUILT_IN.iter());
                let problem = unknown("policy", id.as_str(), all.map(|p| p.id.as_str()));
                places.add(Item::of(document, 0), "policy", None, problem, problems);
            }
            if let Some(policy) = id.and_then(|id| crate::policy::find(id.as_str(), &policies))
                && matches!(policy.applies_to.event.as_str(), "incident" | "advisory")
            {
                let event = &policy.applies_to.event;
                let problem = format!(
                    "'{}' is for an {event}: it says nothing of what lies before a start",
                    policy.id
                );
                places.add(Item::of(document, 0), "policy", None, problem, problems);
            }
        }
        if let Some(announcement) = announced {
            let kinds = crate::policy::announcement_kinds(&policies);
            let by_policy = announcement
                .policy
                .as_ref()
                .is_some_and(|p| *p == *announcement.kind);
            if !by_policy && !kinds.contains(&announcement.kind.as_str()) {
                let problem = unknown("kind of announcement", &announcement.kind, kinds);
                places.add(Item::of("announcement", 0), "kind", None, problem, problems);
            }
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
            rotas: lay(&self.rotas, &known.rotas, |r| &r.id),
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
