//! Reading a map field by field, collecting every problem instead of stopping at the first.

use super::node::{Entry, Node, Value};
use super::references::{Named, Reference};
use crate::id::Id;
use crate::problem::{Problem, unknown_field};

/// All problems found so far, shared by everything that reads one document; and what was named on the way and is still to be
/// looked up.
#[derive(Debug, Default)]
pub struct Problems(pub Vec<Problem>, pub(super) Vec<Reference>);

impl Problems {
    /// Problems that were found before.
    pub fn of(found: Vec<Problem>) -> Problems {
        Problems(found, Vec::new())
    }

    /// Adds a problem with a field at a place.
    pub fn add(
        &mut self,
        field: impl Into<String>,
        place: Option<(usize, usize)>,
        problem: impl Into<String>,
    ) {
        self.0.push(Problem::new(field, problem).at(place));
    }
}

/// A map that is being read. Every key must be asked for once; [`Fields::finish`] refuses the rest.
pub struct Fields<'a> {
    path: String,
    place: Option<(usize, usize)>,
    entries: &'a [Entry],
    asked: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// Starts reading `node`, which must be a map.
    pub fn of(node: &'a Node, path: &str, problems: &mut Problems) -> Option<Fields<'a>> {
        match &node.value {
            Value::Map(entries) => Some(Fields {
                path: path.to_owned(),
                place: node.place,
                entries,
                asked: Vec::new(),
            }),
            _ => {
                problems.add(path, node.place, "must be a map of fields");
                None
            }
        }
    }

    /// The path of a field of this map.
    pub fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// Where the field (or, when absent, the map) stands in the text.
    pub fn place_of(&self, name: &str) -> Option<(usize, usize)> {
        self.entries
            .iter()
            .find(|(k, _, _)| k == name)
            .map_or(self.place, |(_, p, n)| n.place.or(*p))
    }

    /// Whether the field is there, be it null.
    pub fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|(k, _, _)| k == name)
    }

    /// The field's node, if it is there and not null.
    pub fn node(&mut self, name: &'static str) -> Option<&'a Node> {
        self.asked.push(name);
        self.entries
            .iter()
            .find(|(k, _, _)| k == name)
            .map(|(_, _, n)| n)
            .filter(|n| n.value != Value::Null)
    }

    /// Records a problem with a field of this map.
    pub fn problem(&self, name: &str, problem: impl Into<String>, problems: &mut Problems) {
        problems.add(self.path_of(name), self.place_of(name), problem);
    }

    /// An optional text field, read by `parse`.
    pub fn optional<T>(
        &mut self,
        name: &'static str,
        problems: &mut Problems,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let node = self.node(name)?;
        scalar(node, &self.path_of(name), problems, parse)
    }

    /// A required text field, read by `parse`.
    pub fn required<T>(
        &mut self,
        name: &'static str,
        problems: &mut Problems,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        if self.node(name).is_none() {
            self.problem(name, "is missing", problems);
            return None;
        }
        self.optional(name, problems, parse)
    }

    /// An optional list of texts, each read by `parse`. A single text counts as a list of one.
    pub fn list<T>(
        &mut self,
        name: &'static str,
        problems: &mut Problems,
        mut parse: impl FnMut(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let node = self.node(name)?;
        let path = self.path_of(name);
        match &node.value {
            Value::List(items) => Some(
                items
                    .iter()
                    .enumerate()
                    .filter_map(|(n, item)| {
                        scalar(item, &format!("{path}[{n}]"), problems, &mut parse)
                    })
                    .collect(),
            ),
            _ => scalar(node, &path, problems, parse).map(|v| vec![v]),
        }
    }

    /// An optional id of something else, which must be there ([`Problems::look_up`]).
    pub fn reference(
        &mut self,
        name: &'static str,
        kind: Named,
        problems: &mut Problems,
    ) -> Option<Id> {
        if let Some(node) = self.node(name) {
            refer(node, &self.path_of(name), kind, problems);
        }
        self.optional(name, problems, Id::parse)
    }

    /// An optional list of ids of something else, each of which must be there ([`Problems::look_up`]).
    pub fn references(
        &mut self,
        name: &'static str,
        kind: Named,
        problems: &mut Problems,
    ) -> Option<Vec<Id>> {
        self.references_or(name, kind, problems, Id::parse)
    }

    /// As [`Fields::references`], where something else than an id may stand too.
    pub fn references_or<T>(
        &mut self,
        name: &'static str,
        kind: Named,
        problems: &mut Problems,
        parse: impl FnMut(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let node = self.node(name)?;
        let path = self.path_of(name);
        match &node.value {
            Value::List(items) => {
                for (n, item) in items.iter().enumerate() {
                    refer(item, &format!("{path}[{n}]"), kind, problems);
                }
            }
            _ => refer(node, &path, kind, problems),
        }
        self.list(name, problems, parse)
    }

    /// The nodes of an optional list, with their paths.
    pub fn nodes(
        &mut self,
        name: &'static str,
        problems: &mut Problems,
    ) -> Vec<(String, &'a Node)> {
        let Some(node) = self.node(name) else {
            return Vec::new();
        };
        let path = self.path_of(name);
        match &node.value {
            Value::List(items) => items
                .iter()
                .enumerate()
                .map(|(n, item)| (format!("{path}[{n}]"), item))
                .collect(),
            _ => {
                problems.add(path, node.place, "must be a list");
                Vec::new()
            }
        }
    }

    /// The entries of an optional map whose keys are data, with their paths.
    pub fn entries(
        &mut self,
        name: &'static str,
        problems: &mut Problems,
    ) -> Vec<(&'a str, String, &'a Node)> {
        let Some(node) = self.node(name) else {
            return Vec::new();
        };
        let path = self.path_of(name);
        match &node.value {
            Value::Map(entries) => entries
                .iter()
                .map(|(k, _, n)| (k.as_str(), format!("{path}.{k}"), n))
                .collect(),
            _ => {
                problems.add(path, node.place, "must be a map");
                Vec::new()
            }
        }
    }

    /// Refuses every key that nobody asked for, with the nearest known name.
    pub fn finish(self, problems: &mut Problems) {
        self.finish_as("field", problems);
    }

    /// The same where what stands there is called otherwise, such as `parameter`.
    pub fn finish_as(self, what: &str, problems: &mut Problems) {
        // One that is required was asked for more than once.
        let mut asked: Vec<&str> = Vec::new();
        for name in self.asked {
            if !asked.contains(&name) {
                asked.push(name);
            }
        }
        for (key, place, node) in self.entries {
            if !asked.contains(&key.as_str()) {
                let field = match self.path.is_empty() {
                    true => key.clone(),
                    false => format!("{}.{key}", self.path),
                };
                let problem = unknown_field(what, key, &asked);
                problems.add(field, place.or(node.place), problem);
            }
        }
    }
}

/// Remembers what a scalar names.
fn refer(node: &Node, path: &str, kind: Named, problems: &mut Problems) {
    if let Value::Text { text, .. } = &node.value {
        problems.refers(kind, text, path, node.place);
    }
}

/// Reads a scalar by `parse`, recording what is wrong with it.
pub fn scalar<T>(
    node: &Node,
    path: &str,
    problems: &mut Problems,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Option<T> {
    let Value::Text { text, .. } = &node.value else {
        problems.add(path, node.place, "must be a single value");
        return None;
    };
    match parse(text) {
        Ok(value) => Some(value),
        Err(problem) => {
            problems.add(path, node.place, problem);
            None
        }
    }
}

/// A text of one line: not empty, no control characters, at most `max` characters.
pub fn line(max: usize) -> impl Fn(&str) -> Result<String, String> {
    move |text| {
        let text = text.trim();
        if text.is_empty() {
            Err("is empty".into())
        } else if text.chars().any(char::is_control) {
            Err("must be one line without control characters".into())
        } else if text.chars().count() > max {
            Err(format!("is longer than {max} characters"))
        } else {
            Ok(text.to_owned())
        }
    }
}

/// A text of several lines: at most `max` characters, no control characters but line feeds and tabs.
pub fn prose(max: usize) -> impl Fn(&str) -> Result<String, String> {
    move |text| {
        let text = text.replace("\r\n", "\n");
        if text.trim().is_empty() {
            Err("is empty".into())
        } else if text.chars().count() > max {
            Err(format!("is longer than {max} characters"))
        } else if text
            .chars()
            .any(|c| c.is_control() && c != '\n' && c != '\t')
        {
            Err("contains control characters".into())
        } else {
            Ok(text.trim_end().to_owned())
        }
    }
}

/// `true`, `false`, `yes`, `no`, in large letters or small.
pub fn boolean(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" => Ok(true),
        "false" | "no" => Ok(false),
        _ => Err("must be true or false".into()),
    }
}
