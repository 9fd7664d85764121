//! What a set of documents declares, read or not: how often each part was met, under which ids, and what there is one of.

use super::fields::Problems;
use super::node::{Node, Place, Value};
use super::references::Names;
use std::collections::{BTreeMap, BTreeSet};

/// The things that stand in documents.
#[derive(Default)]
pub(super) struct Declared<'a> {
    lists: BTreeMap<&'static str, Listed<'a>>,
    /// Parts of which there is one.
    singles: BTreeMap<&'static str, &'a Node>,
}

/// The things of one part, over all documents.
#[derive(Default)]
struct Listed<'a> {
    count: usize,
    ids: BTreeSet<&'a str>,
    /// Something is wrong with some.
    unread: bool,
}

impl<'a> Declared<'a> {
    /// Reads each thing of a part. What could not be read counts all the same: for the paths of the others, and for what refers
    /// to it.
    pub(super) fn each<T>(
        &mut self,
        (part, node): (&'static str, &'a Node),
        problems: &mut Problems,
        read: impl Fn(&Node, &str, &mut Problems) -> Option<T>,
    ) -> Vec<T> {
        let Value::List(items) = &node.value else {
            problems.add(part, node.place, "must be a list");
            return Vec::new();
        };
        let listed = self.lists.entry(part).or_default();
        let mut found = Vec::new();
        for node in items {
            let path = format!("{part}[{}]", listed.count);
            listed.count += 1;
            if let Some((id, place)) = id_of(node)
                && !listed.ids.insert(id)
            {
                let problem = format!("'{id}' stands twice");
                problems.add(format!("{path}.id"), place, problem);
            }
            let before = problems.0.len();
            found.extend(read(node, &path, problems));
            listed.unread |= problems.0.len() > before;
        }
        found
    }

    /// Remembers a part of which there is one; a second one is a problem.
    pub(super) fn only(
        &mut self,
        (part, node): (&'static str, &'a Node),
        place: Place,
        problems: &mut Problems,
    ) {
        if self.singles.insert(part, node).is_some() {
            let problem = format!("stands twice; one {part} at a time");
            problems.add(part, place, problem);
        }
    }

    /// Whether a part of which there is one says something at this path.
    pub(super) fn says(&self, part: &str, path: &[&str]) -> bool {
        let Some(node) = self.singles.get(part) else {
            return false;
        };
        let step = |node: &'a Node, name: &&str| match &node.value {
            Value::Map(entries) => {
                let entry = entries.iter().find(|(known, _, _)| known == name);
                entry.map(|(_, _, node)| node)
            }
            _ => None,
        };
        path.iter().try_fold(*node, step).is_some()
    }

    /// Makes the ids known.
    pub(super) fn name(&self, names: &mut Names<'a>) {
        for (part, listed) in &self.lists {
            names.declared(part, &listed.ids, !listed.unread);
        }
    }
}

fn id_of(node: &Node) -> Option<(&str, Place)> {
    let Value::Map(entries) = &node.value else {
        return None;
    };
    let (_, _, id) = entries.iter().find(|(name, _, _)| name == "id")?;
    match &id.value {
        Value::Text { text, .. } => Some((text.trim(), id.place)),
        _ => None,
    }
}
