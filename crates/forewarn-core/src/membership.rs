//! Membership by rule: who belongs to an audience because of what they are, without being listed.

use crate::contact::Contact;
use crate::document::{Fields, Named, Node, Problems, line};
use crate::id::Id;
use serde::{Deserialize, Serialize};

/// The role of somebody who looks after a product for their organisation.
pub const ADMINISTRATOR: &str = "administrator";

/// Why those whose organisation asked for it get nothing.
pub const ADMINISTRATORS_ONLY: &str = "its organisation has only its administrators told";

/// A rule that picks contacts. Each list that is given must hold for the contact; within a list one entry is enough.
/// Roles, organisations and tags are compared without regard to case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// Has one of these roles.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub roles: Vec<String>,
    /// Belongs to one of these organisations.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub organisations: Vec<String>,
    /// Has one of these tags.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub tags: Vec<String>,
    /// Chose one of these services.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub services: Vec<Id>,
}

impl Membership {
    /// Reads a rule, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Membership> {
        let mut fields = Fields::of(node, path, problems)?;
        let before = problems.0.len();
        let mut texts = |name, max| fields.list(name, problems, line(max)).unwrap_or_default();
        let (roles, organisations, tags) = (
            texts("roles", 100),
            texts("organisations", 200),
            texts("tags", 64),
        );
        let rule = Membership {
            roles,
            organisations,
            tags,
            services: fields
                .references("services", Named::Service, problems)
                .unwrap_or_default(),
        };
        if rule == Membership::default() && problems.0.len() == before {
            let all = "picks nobody: give roles, organisations, tags or services";
            problems.add(path, node.place, all);
        }
        fields.finish(problems);
        Some(rule)
    }

    /// Whether it picks this contact.
    pub fn picks(&self, contact: &Contact) -> bool {
        let among = |list: &[String], own: &[&str]| {
            list.is_empty() || own.iter().any(|o| list.iter().any(|l| fold(l) == fold(o)))
        };
        let one = |own: &Option<String>| own.clone().unwrap_or_default();
        let (role, organisation) = (one(&contact.role), one(&contact.organisation));
        let tags: Vec<&str> = contact.tags.iter().map(String::as_str).collect();
        among(&self.roles, &[&role])
            && among(&self.organisations, &[&organisation])
            && among(&self.tags, &tags)
            && (self.services.is_empty()
                || contact.services.iter().any(|s| self.services.contains(s)))
    }
}

/// A text as it is compared: case and space around it do not count.
pub fn fold(text: &str) -> String {
    text.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact(role: &str, tags: &[&str], services: &[&str]) -> Contact {
        serde_json::from_value(serde_json::json!({
            "id": "ann", "role": role, "organisation": "Acme Ltd", "tags": tags, "services": services, "endpoints": []
        }))
        .expect("a contact")
    }

    fn rule(yaml: &str) -> Membership {
        let mut problems = Problems::default();
        let nodes = crate::document::parse_yaml(yaml).expect("YAML");
        let rule = Membership::read(&nodes[0], "members", &mut problems);
        assert!(problems.0.is_empty(), "{:?}", problems.0);
        rule.expect("a rule")
    }

    #[test]
    fn every_list_must_hold_and_one_entry_of_it_is_enough() {
        let ann = contact("Administrator", &["vip", "EU"], &["portal"]);
        for (yaml, picked) in [
            ("roles: [administrator, owner]", true),
            ("roles: [owner]", false),
            ("organisations: [acme ltd]", true),
            ("organisations: [Beta]", false),
            ("tags: [eu]", true),
            ("{tags: [eu], roles: [owner]}", false),
            (
                "{tags: [eu], roles: [administrator], services: [portal, wiki]}",
                true,
            ),
            ("services: [wiki]", false),
        ] {
            assert_eq!(rule(yaml).picks(&ann), picked, "{yaml}");
        }
    }

    #[test]
    fn a_rule_without_a_condition_is_refused() {
        let mut problems = Problems::default();
        let nodes = crate::document::parse_yaml("{}").expect("YAML");
        Membership::read(&nodes[0], "audiences[0].members", &mut problems);
        assert_eq!(problems.0[0].field, "audiences[0].members");
    }
}
