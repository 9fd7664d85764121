//! YAML and JSON read into one located tree, so that every problem can name its line and column
//! and all problems of a document can be told at once.

use crate::problem::{Invalid, Problem};
use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::HashSet;
use std::fmt;

/// Deeper documents are refused: no document of ours nests further than ten levels.
const MAX_DEPTH: usize = 48;
/// Larger trees are refused before they take memory (100,000 contacts come as CSV).
const MAX_NODES: usize = 2_000_000;

/// Line and column in a text, both from 1; JSON bodies have none.
pub type Place = Option<(usize, usize)>;

/// A key, its place, and what it holds.
pub type Entry = (String, Place, Node);

/// A value in a document, with its place in the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What stands there.
    pub value: Value,
    /// Line and column, both from 1; JSON bodies have none.
    pub place: Option<(usize, usize)>,
}

/// What can stand at a place. Scalars keep their text: `22:00` and `2026-12-24` are read by whoever knows their type.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing, `null` or `~`.
    Null,
    /// A text; `plain` when it was written without quotes (or as a JSON number or boolean).
    Text {
        /// The text.
        text: String,
        /// Written without quotes.
        plain: bool,
    },
    /// `[a, b]`
    List(Vec<Node>),
    /// `{key: value}` in the order of the text; the place is the key's.
    Map(Vec<Entry>),
}

impl Node {
    /// Whether it is a list or a map with nothing in it.
    pub fn is_empty(&self) -> bool {
        match &self.value {
            Value::List(items) => items.is_empty(),
            Value::Map(entries) => entries.is_empty(),
            Value::Null | Value::Text { .. } => false,
        }
    }
}

/// Reads every YAML document in a text (separated by `---`).
///
/// # Errors
/// Text that is no YAML, aliases, keys that are no scalars, keys given twice, too deep or too large.
pub fn parse_yaml(text: &str) -> Result<Vec<Node>, Invalid> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|e| {
            let place = (e.marker().line(), e.marker().col() + 1);
            // The parser reads ahead and may see the depth before we do.
            let problem = match e.info() {
                "recursion limit exceeded" => format!("nested deeper than {MAX_DEPTH} levels"),
                info => format!("not YAML: {info}"),
            };
            refuse(Some(place), problem)
        })?;
        builder.event(event, span)?;
    }
    Ok(builder.documents)
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    documents: Vec<Node>,
    nodes: usize,
}

enum Open {
    List(Place, Vec<Node>),
    Map(Place, Vec<(String, Place, Node)>, Option<(String, Place)>),
}

fn refuse(place: Place, problem: impl Into<String>) -> Invalid {
    Invalid {
        problems: vec![Problem::new("", problem).at(place)],
    }
}

impl Builder {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Invalid> {
        let place = Some((span.start.line(), span.start.col() + 1));
        match event {
            Event::Scalar(text, style, _, _) => {
                let plain = style == ScalarStyle::Plain;
                let value = if plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL") {
                    Value::Null
                } else {
                    Value::Text {
                        text: text.into_owned(),
                        plain,
                    }
                };
                self.put(Node { value, place })
            }
            Event::SequenceStart(..) => self.open(Open::List(place, Vec::new()), place),
            Event::MappingStart(..) => self.open(Open::Map(place, Vec::new(), None), place),
            Event::SequenceEnd | Event::MappingEnd => {
                let node = match self.open.pop() {
                    Some(Open::List(place, items)) => Node {
                        value: Value::List(items),
                        place,
                    },
                    Some(Open::Map(place, entries, _)) => Node {
                        value: Value::Map(entries),
                        place,
                    },
                    None => return Ok(()),
                };
                self.put(node)
            }
            Event::Alias(_) => Err(refuse(
                place,
                "aliases (*name) are not read here; write the value out",
            )),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn open(&mut self, open: Open, place: Place) -> Result<(), Invalid> {
        if self.open.len() >= MAX_DEPTH {
            return Err(refuse(
                place,
                format!("nested deeper than {MAX_DEPTH} levels"),
            ));
        }
        self.open.push(open);
        Ok(())
    }

    fn put(&mut self, node: Node) -> Result<(), Invalid> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(refuse(node.place, "too large; load contacts as CSV"));
        }
        match self.open.last_mut() {
            None => {
                if node.value != Value::Null {
                    self.documents.push(node);
                }
            }
            Some(Open::List(_, items)) => items.push(node),
            Some(Open::Map(_, entries, key @ None)) => {
                let name = match node.value {
                    Value::Text { text, .. } => text,
                    Value::Null => "null".into(),
                    _ => return Err(refuse(node.place, "a key must be a plain word")),
                };
                if entries.iter().any(|(k, _, _)| *k == name) {
                    return Err(refuse(node.place, format!("the key '{name}' stands twice")));
                }
                *key = Some((name, node.place));
            }
            Some(Open::Map(_, entries, key)) => {
                if let Some((name, place)) = key.take() {
                    entries.push((name, place, node));
                }
            }
        }
        Ok(())
    }
}

/// Reads a JSON body.
///
/// # Errors
/// Text that is no JSON, with line and column.
pub fn parse_json(text: &str) -> Result<Node, Invalid> {
    let tree: Tree = serde_json::from_str(text).map_err(|e| {
        let problem = match e.is_data() {
            true => e.to_string(),
            false => format!("not JSON: {e}"),
        };
        refuse(Some((e.line(), e.column())), problem)
    })?;
    Ok(tree.0)
}

/// A JSON text as it is read: a key that stands twice is refused, because programs differ in which of the two they take.
struct Tree(Node);

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Tree, D::Error> {
        struct Reading;
        impl<'de> Visitor<'de> for Reading {
            type Value = Node;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON value")
            }
            fn visit_unit<E: Error>(self) -> Result<Node, E> {
                Ok(from_json(().into()))
            }
            fn visit_bool<E: Error>(self, v: bool) -> Result<Node, E> {
                Ok(from_json(v.into()))
            }
            fn visit_i64<E: Error>(self, v: i64) -> Result<Node, E> {
                Ok(from_json(v.into()))
            }
            fn visit_u64<E: Error>(self, v: u64) -> Result<Node, E> {
                Ok(from_json(v.into()))
            }
            fn visit_f64<E: Error>(self, v: f64) -> Result<Node, E> {
                Ok(from_json(v.into()))
            }
            fn visit_str<E: Error>(self, v: &str) -> Result<Node, E> {
                Ok(from_json(v.into()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
                let mut items = Vec::new();
                while let Some(Tree(item)) = seq.next_element()? {
                    items.push(item);
                }
                let value = Value::List(items);
                Ok(Node { value, place: None })
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
                let (mut entries, mut keys) = (Vec::new(), HashSet::new());
                while let Some((key, Tree(node))) = map.next_entry::<String, Tree>()? {
                    if !keys.insert(key.clone()) {
                        return Err(Error::custom(format!("the key '{key}' stands twice")));
                    }
                    entries.push((key, None, node));
                }
                let value = Value::Map(entries);
                Ok(Node { value, place: None })
            }
        }
        d.deserialize_any(Reading).map(Tree)
    }
}

/// A JSON value as a node without places.
pub fn from_json(value: serde_json::Value) -> Node {
    use serde_json::Value as Json;
    let value = match value {
        Json::Null => Value::Null,
        Json::Bool(b) => Value::Text {
            text: b.to_string(),
            plain: true,
        },
        Json::Number(n) => Value::Text {
            text: n.to_string(),
            plain: true,
        },
        Json::String(text) => Value::Text { text, plain: false },
        Json::Array(items) => Value::List(items.into_iter().map(from_json).collect()),
        Json::Object(map) => Value::Map(
            map.into_iter()
                .map(|(k, v)| (k, None, from_json(v)))
                .collect(),
        ),
    };
    Node { value, place: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_an_editor() {
        let docs = parse_yaml("a: 1\nb:\n  - x\n  - {c: 22:00}\n---\nd: ~\n").unwrap();
        assert_eq!(docs.len(), 2);
        let Value::Map(entries) = &docs[0].value else {
            panic!()
        };
        assert_eq!(entries[1].1, Some((2, 1)));
        let Value::List(items) = &entries[1].2.value else {
            panic!()
        };
        assert_eq!(items[0].place, Some((3, 5)));
        let Value::Map(inner) = &items[1].value else {
            panic!()
        };
        assert_eq!(
            inner[0].2.value,
            Value::Text {
                text: "22:00".into(),
                plain: true
            }
        );
    }

    #[test]
    fn hostile_documents_are_refused_with_a_place() {
        for (text, says) in [
            ("a: &x [1]\nb: *x\n", "aliases"),
            ("a: 1\na: 2\n", "stands twice"),
            ("a: [1, 2\n", "not YAML"),
            ("? [a]\n: b\n", "a key must be"),
        ] {
            let refused = parse_yaml(text).unwrap_err();
            assert!(refused.to_string().contains(says), "{text:?}: {refused}");
            assert!(refused.problems[0].line.is_some(), "{text:?}");
        }
        let deep = "[".repeat(10_000);
        assert!(
            parse_yaml(&deep)
                .unwrap_err()
                .to_string()
                .contains("nested deeper")
        );
    }

    #[test]
    fn a_json_body_reads_like_yaml() {
        let json = parse_json(r#"{"a": [1, true, "x"], "b": null}"#).unwrap();
        let Value::Map(entries) = json.value else {
            panic!()
        };
        assert_eq!(entries[1].2.value, Value::Null);
        for (text, key) in [
            ("{\"a\": 1,\n \"a\": 2}", 'a'),
            ("{\"x\": [{\"b\": 1, \"b\": 1}]}", 'b'),
        ] {
            let refused = parse_json(text).unwrap_err();
            let problem = &refused.problems[0];
            assert!(
                problem
                    .problem
                    .starts_with(&format!("the key '{key}' stands twice")),
                "{refused}"
            );
            assert!(problem.line.is_some(), "{refused}");
        }
        assert!(
            parse_json("{\"a\": }").unwrap_err().problems[0]
                .column
                .is_some()
        );
    }
}
