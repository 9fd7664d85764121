//! What names something else by its id: remembered with its place while a document is read, whether or not the rest of it can be
//! read, and looked up in the same round as everything else.

use super::Catalogue;
use super::fields::Problems;
use super::node::{Node, Place, Value};
use crate::id::Id;
use crate::policy::{self, Policy, announcement_kinds};
use crate::problem::{Invalid, unknown};
use std::collections::{BTreeMap, BTreeSet};

/// What can be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Named {
    /// A service.
    Service,
    /// An audience.
    Audience,
    /// A policy for what lies ahead.
    Policy,
    /// A kind of announcement, for which there is a policy.
    AnnouncementKind,
}

impl Named {
    const ALL: [Named; 4] = [
        Named::Service,
        Named::Audience,
        Named::Policy,
        Named::AnnouncementKind,
    ];

    fn what(self) -> &'static str {
        match self {
            Named::Service => "service",
            Named::Audience => "audience",
            Named::Policy => "policy",
            Named::AnnouncementKind => "kind of announcement",
        }
    }

    /// The part of a document in which such things stand.
    fn part(self) -> &'static str {
        match self {
            Named::Service => "services",
            Named::Audience => "audiences",
            Named::Policy | Named::AnnouncementKind => "policies",
        }
    }
}

/// One place that names something.
#[derive(Debug)]
pub(super) struct Reference {
    kind: Named,
    name: String,
    field: String,
    place: Place,
}

/// The names that are known.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    names: BTreeMap<Named, BTreeSet<&'a str>>,
    /// Policies that say nothing of what lies before a start, with the event that they are for.
    at_once: BTreeMap<&'a str, &'a str>,
    /// Of these some could not be read, so that nobody knows what they are called.
    uncertain: BTreeSet<Named>,
}

impl<'a> Names<'a> {
    /// Those of a catalogue, with the policies that are built in.
    pub(super) fn of(catalogue: &'a Catalogue) -> Names<'a> {
        let mut known = Names::default();
        let services = catalogue.services.iter().map(|s| s.id.as_str());
        let audiences = catalogue.audiences.iter().map(|a| a.id.as_str());
        known.add(Named::Service, services);
        known.add(Named::Audience, audiences);
        let built_in = policy::BUILT_IN.iter();
        let policies = || catalogue.policies.iter().chain(built_in.clone());
        known.add(Named::Policy, policies().map(|p| p.id.as_str()));
        known.add(
            Named::AnnouncementKind,
            announcement_kinds(&catalogue.policies).into_iter(),
        );
        let at_once = |p: &&Policy| matches!(p.applies_to.event.as_str(), "incident" | "advisory");
        for policy in policies() {
            let found = policy::find(policy.id.as_str(), &catalogue.policies);
            if let Some(found) = found.filter(at_once) {
                let event = found.applies_to.event.as_str();
                known.at_once.insert(found.id.as_str(), event);
            }
        }
        known
    }

    pub(super) fn add(&mut self, kind: Named, names: impl Iterator<Item = &'a str>) {
        self.names.entry(kind).or_default().extend(names);
    }

    /// Also what stands in documents of which not all can be read: what points there is not wrong as well.
    pub(super) fn declared(&mut self, part: &str, ids: &BTreeSet<&'a str>, all_read: bool) {
        for kind in Named::ALL.into_iter().filter(|kind| kind.part() == part) {
            match kind {
                // A policy need not be called like the kind that it is for.
                Named::AnnouncementKind if !all_read => {
                    self.uncertain.insert(kind);
                }
                Named::AnnouncementKind => {}
                Named::Service | Named::Audience | Named::Policy => {
                    self.add(kind, ids.iter().copied())
                }
            }
        }
    }

    fn problem_with(&self, reference: &Reference) -> Option<String> {
        let Reference { kind, name, .. } = reference;
        let known = self.names.get(kind);
        if known.is_some_and(|known| known.contains(name.as_str())) {
            let event = self.at_once.get(name.as_str());
            return event.filter(|_| *kind == Named::Policy).map(|event| {
                format!("'{name}' is for an {event}: it says nothing of what lies before a start")
            });
        }
        if self.uncertain.contains(kind) {
            return None;
        }
        let known = known.into_iter().flatten().copied();
        Some(unknown(kind.what(), name, known))
    }
}

impl Problems {
    /// Remembers that a field names something, to be looked up with all the others.
    pub fn refers(&mut self, kind: Named, name: &str, field: impl Into<String>, place: Place) {
        // What is no id is refused as such.
        let name = name.trim();
        if kind == Named::AnnouncementKind || Id::parse(name).is_ok() {
            self.1.push(Reference {
                kind,
                name: name.to_owned(),
                field: field.into(),
                place,
            });
        }
    }

    /// Adds a problem for each name that was met so far and stands nowhere in the catalogue.
    pub fn look_up(&mut self, catalogue: &Catalogue) {
        if !self.1.is_empty() {
            self.look_up_in(&Names::of(catalogue));
        }
    }

    pub(super) fn look_up_in(&mut self, known: &Names<'_>) {
        for reference in std::mem::take(&mut self.1) {
            if let Some(problem) = known.problem_with(&reference) {
                self.add(reference.field, reference.place, problem);
            }
        }
    }

    /// Refuses what was read from this tree, with the problems in the order in which they stand there.
    pub fn refused(mut self, tree: &Node) -> Invalid {
        self.sort(tree);
        Invalid { problems: self.0 }
    }

    /// Puts the problems in the order of the text, or of the fields where there are no lines.
    pub(super) fn sort(&mut self, tree: &Node) {
        self.0.sort_by_cached_key(|problem| {
            let place = problem.line.zip(problem.column);
            let way = match place {
                Some(_) => Vec::new(),
                None => way_to(tree, &problem.field),
            };
            (place, way)
        });
    }
}

/// The way to a field through a tree, as the number of the entry at each level; as far as it goes.
fn way_to(tree: &Node, field: &str) -> Vec<usize> {
    let (mut way, mut node, mut rest) = (Vec::new(), tree, field);
    while !rest.is_empty() {
        let step = match &node.value {
            // Keys that are data may hold a dot, so the longest that fits is meant.
            Value::Map(entries) => entries
                .iter()
                .enumerate()
                .filter_map(|(n, (key, _, node))| Some((n, node, after(rest, key)?)))
                .min_by_key(|(_, _, rest)| rest.len()),
            Value::List(items) => rest
                .strip_prefix('[')
                .and_then(|rest| rest.split_once(']'))
                .and_then(|(n, rest)| Some((n.parse().ok()?, rest)))
                .and_then(|(n, rest): (usize, _)| Some((n, items.get(n)?, rest))),
            Value::Null | Value::Text { .. } => None,
        };
        let Some((n, inner, after)) = step else {
            break;
        };
        way.push(n);
        (node, rest) = (inner, after.strip_prefix('.').unwrap_or(after));
    }
    way
}

/// Where a field stands in the text; where it is missing, what it is missing in.
pub fn place_of(tree: &Node, field: &str) -> Place {
    let (mut node, mut place) = (tree, tree.place);
    for n in way_to(tree, field) {
        let (key, inner) = match &node.value {
            Value::Map(entries) => (entries[n].1, &entries[n].2),
            Value::List(items) => (None, &items[n]),
            Value::Null | Value::Text { .. } => break,
        };
        place = inner.place.or(key).or(place);
        node = inner;
    }
    place
}

/// What of a path comes after this key, if it begins with it.
fn after<'p>(path: &'p str, key: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(key)?;
    let ends = rest.is_empty() || rest.starts_with(['.', '[']);
    (ends && !key.is_empty()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::super::{Documents, parse_json, parse_yaml};
    use super::*;

    fn told(files: &[(&str, &str)]) -> Vec<String> {
        let texts = files
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        let texts: Vec<(String, String)> = texts.collect();
        let refused = Documents::parse_yaml(&texts, &Catalogue::default(), "MNT-1");
        let refused = refused.unwrap_err();
        refused.problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_wrong_name_is_told_beside_a_wrong_field_of_the_same_thing_in_the_order_of_the_text() {
        let yaml = "\
audiences:
  - {id: staff, levl: technical, name: Staff, services: [portl]}
services:
  - {id: portal, name: Portal, depends_on: [databas]}
maintenance:
  policy: majr
  services: [portl, portal]
  start: 2026-12-10T22:00
  end: 2026-12-09T22:00
  efect: x
";
        insta::assert_snapshot!(told(&[("", yaml)]).join("\n"), @r"
        line 2, column 5: audiences[0].level: is missing
        line 2, column 17: audiences[0].levl: unknown field 'levl'; did you mean 'level'?
        line 2, column 58: audiences[0].services[0]: unknown service 'portl'; did you mean 'portal'?
        line 4, column 45: services[0].depends_on[0]: unknown service 'databas'; known are portal
        line 6, column 3: maintenance.title: is missing
        line 6, column 11: maintenance.policy: unknown policy 'majr'; did you mean 'major'?
        line 7, column 14: maintenance.services[0]: unknown service 'portl'; did you mean 'portal'?
        line 9, column 8: maintenance.end: before the start
        line 10, column 3: maintenance.efect: unknown field 'efect'; known are id, title, kind, policy, override, services, cause, start, end, change_request, decision, facts, texts, steps, requesters, lead, privacy_override
        ");
    }

    #[test]
    fn what_is_there_and_cannot_be_read_is_known_all_the_same() {
        let yaml = "\
services: [{id: portal}]
policies: [{id: slow, for: {event: announcement, kind: slow_release}, befor: []}]
announcement: {title: Portal 5, services: [portal], kind: slow_release, effective: 2026-12-10T22:00}
";
        let told = told(&[("", yaml)]);
        assert!(
            told.iter()
                .all(|p| !p.contains("unknown service") && !p.contains("unknown kind")),
            "{told:#?}"
        );
        assert!(
            told[0].contains("services[0].name: is missing"),
            "{told:#?}"
        );
    }

    #[test]
    fn a_file_that_is_no_yaml_hides_nothing_of_the_others() {
        let told = told(&[
            (
                "a.yaml",
                "audiences: [{id: staff, name: Staff, services: [portal]}]",
            ),
            ("b.yaml", "services:\n  - {id: portal"),
            ("c.yaml", "services: [{id: mail, nam: Mail, name: Mail}]"),
        ]);
        assert_eq!(told.len(), 3, "{told:#?}");
        for ((file, says), problem) in [
            ("a.yaml", "level: is missing"),
            ("b.yaml", "not YAML"),
            ("c.yaml", "unknown field 'nam'"),
        ]
        .iter()
        .zip(&told)
        {
            assert!(
                problem.contains(says) && problem.ends_with(&format!("({file})")),
                "{told:#?}"
            );
        }
    }

    #[test]
    fn problems_of_a_body_stand_in_the_order_of_its_fields() {
        let body = r#"{"maintenance": {"services": ["portl"], "titel": "x", "end": "2026-12-01", "start": "2026-12-01T22:00"}}"#;
        let read = |body| Documents::read(&[(String::new(), body)], &Catalogue::default(), "MNT-1");
        let refused = read(parse_json(body).unwrap()).unwrap_err();
        let fields: Vec<&str> = refused.problems.iter().map(|p| p.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "maintenance.title",
                "maintenance.services[0]",
                "maintenance.titel",
                "maintenance.end"
            ]
        );
    }

    #[test]
    fn a_way_leads_through_keys_with_dots() {
        let tree = &parse_yaml("services: {portal: 1, portal.v2: {a: [1, 2]}}").unwrap()[0];
        assert_eq!(way_to(tree, "services.portal.v2.a[1]"), [0, 1, 0, 1]);
        assert_eq!(way_to(tree, "services.portal"), [0, 0]);
        assert_eq!(way_to(tree, "services.mail"), [0]);
        assert_eq!(way_to(tree, "title"), [0; 0]);
    }
}
