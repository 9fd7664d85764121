//! Where each thing stands that was read, so that a reference to nothing can be shown in its file and line.

use super::fields::Problems;
use super::node::{Node, Value};
use crate::id::Id;
use std::collections::{BTreeMap, BTreeSet};

/// A thing that was read: the n-th of its part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item<'a> {
    part: &'a str,
    n: usize,
}

impl Item<'_> {
    pub(super) fn of(part: &str, n: usize) -> Item<'_> {
        Item { part, n }
    }
}

/// Where one thing stands.
struct Source<'a> {
    /// Its place among all of its part, counting those that could not be read.
    index: usize,
    file: &'a str,
    node: &'a Node,
}

/// The source of everything that was read.
pub(super) struct Places<'a> {
    /// How many documents there are; with several, problems name their file.
    documents: usize,
    parts: BTreeMap<&'static str, Vec<Source<'a>>>,
    /// How many of each part were seen, read or not.
    seen: BTreeMap<&'static str, usize>,
    /// Ids of things that are there but could not be read: what refers to them is not wrong as well.
    unread: BTreeSet<&'a str>,
    /// Parts of which there is one.
    singles: BTreeMap<&'static str, (&'a str, &'a Node)>,
}

impl<'a> Places<'a> {
    pub(super) fn new(documents: usize) -> Places<'a> {
        Places {
            documents,
            parts: BTreeMap::new(),
            seen: BTreeMap::new(),
            unread: BTreeSet::new(),
            singles: BTreeMap::new(),
        }
    }

    /// Reads each thing of a part and remembers where those stand that could be read.
    pub(super) fn each<T>(
        &mut self,
        (file, part, node): (&'a str, &'static str, &'a Node),
        problems: &mut Problems,
        read: impl Fn(&Node, &str, &mut Problems) -> Option<T>,
    ) -> Vec<T> {
        let Value::List(items) = &node.value else {
            problems.add(part, node.place, "must be a list");
            return Vec::new();
        };
        let mut found = Vec::new();
        let (seen, sources) = (
            self.seen.entry(part).or_default(),
            self.parts.entry(part).or_default(),
        );
        for node in items {
            let index = *seen;
            *seen += 1;
            match read(node, &format!("{part}[{index}]"), problems) {
                Some(thing) => {
                    found.push(thing);
                    sources.push(Source { index, file, node });
                }
                None => self.unread.extend(id_of(node)),
            }
        }
        found
    }

    /// Remembers where a part stands of which there is one; a second one is a problem.
    pub(super) fn only(
        &mut self,
        (file, part, node): (&'a str, &'static str, &'a Node),
        place: Option<(usize, usize)>,
        problems: &mut Problems,
    ) {
        if self.singles.insert(part, (file, node)).is_some() {
            let problem = format!("stands twice; one {part} at a time");
            problems.add(part, place, problem);
        }
    }

    /// Whether a part of which there is one says something at this path.
    pub(super) fn says(&self, part: &str, path: &[&str]) -> bool {
        let Some((_, node)) = self.singles.get(part) else {
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

    /// Remembers where the organisation's blackouts stand: they too refer to services.
    pub(super) fn remember_blackouts(&mut self, file: &'a str, organisation: &'a Node) {
        let Value::Map(entries) = &organisation.value else {
            return;
        };
        let listed = entries.iter().find(|(name, _, _)| name == "blackout");
        if let Some((_, _, node)) = listed
            && let Value::List(items) = &node.value
        {
            let sources = items.iter().enumerate();
            let sources = sources.map(|(index, node)| Source { index, file, node });
            self.parts
                .insert("organisation.blackout", sources.collect());
        }
    }

    /// Whether a thing of this id is there, but could not be read.
    pub(super) fn is_unread(&self, id: &Id) -> bool {
        self.unread.contains(id.as_str())
    }

    /// Adds a problem with a field of a thing that was read, or with the n-th value there.
    pub(super) fn add(
        &self,
        item: Item<'_>,
        field: &str,
        n: Option<usize>,
        problem: String,
        problems: &mut Problems,
    ) {
        let (path, source) = if let Some(single) = self.singles.get(item.part) {
            (item.part.to_owned(), Some(*single))
        } else {
            let source = self.parts.get(item.part).and_then(|all| all.get(item.n));
            let index = source.map_or(item.n, |source| source.index);
            let path = format!("{}[{index}]", item.part);
            (path, source.map(|source| (source.file, source.node)))
        };
        let path = match n {
            Some(n) => format!("{path}.{field}[{n}]"),
            None => format!("{path}.{field}"),
        };
        let place = source.and_then(|(_, node)| place(node, field, n));
        let problem = match source {
            Some((file, _)) if self.documents > 1 && !file.is_empty() => {
                format!("{problem} ({file})")
            }
            _ => problem,
        };
        problems.add(path, place, problem);
    }

    /// Refuses ids that stand twice.
    pub(super) fn repeated<'i>(
        &self,
        part: &'static str,
        ids: impl Iterator<Item = &'i Id>,
        problems: &mut Problems,
    ) {
        let mut seen = BTreeSet::new();
        for (n, id) in ids.enumerate() {
            if !seen.insert(id) {
                let problem = format!("'{id}' stands twice");
                self.add(Item::of(part, n), "id", None, problem, problems);
            }
        }
    }
}

fn id_of(node: &Node) -> Option<&str> {
    let Value::Map(entries) = &node.value else {
        return None;
    };
    let (_, _, id) = entries.iter().find(|(name, _, _)| name == "id")?;
    match &id.value {
        Value::Text { text, .. } => Some(text.trim()),
        _ => None,
    }
}

/// The place of a field, or of the n-th value of its list.
fn place(node: &Node, field: &str, n: Option<usize>) -> Option<(usize, usize)> {
    let Value::Map(entries) = &node.value else {
        return node.place;
    };
    let (_, key, value) = entries.iter().find(|(name, _, _)| name == field)?;
    match (&value.value, n) {
        (Value::List(items), Some(n)) => items.get(n).and_then(|item| item.place),
        _ => value.place,
    }
    .or(*key)
}
