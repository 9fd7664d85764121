//! Files that commands read: by path, or `-` for standard input.

use crate::client::{Body, Client, FieldError, Refusal};
use crate::exit::InvalidInput;
use crate::terminal::{self, clean};
use anyhow::{Context, bail};
use forewarn_core::document::{Node, Problems, Value as Tree, parse_yaml, place_of};
use forewarn_core::problem::{Invalid, Problem};
use serde_json::Value;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Larger inputs are refused before they take memory: 100,000 contacts need about 20 MB.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// The bytes of a file, and its name for messages.
///
/// # Errors
/// When it cannot be read or is too large.
pub fn bytes(path: &Path) -> anyhow::Result<(String, Vec<u8>)> {
    let (name, mut bytes) = (name(path), Vec::new());
    let source: &mut dyn Read = if path == Path::new("-") {
        &mut io::stdin().lock()
    } else {
        &mut File::open(path).with_context(|| format!("cannot read {name}"))?
    };
    source
        .take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("cannot read {name}"))?;
    if bytes.len() as u64 > MOST_BYTES {
        bail!("{name} is larger than {} MB", MOST_BYTES / 1024 / 1024);
    }
    Ok((name, bytes))
}

/// The text of a file, and its name for messages.
///
/// # Errors
/// When it cannot be read, is too large, or is no UTF-8.
pub fn text(path: &Path) -> anyhow::Result<(String, String)> {
    let (name, bytes) = bytes(path)?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok((name, text)),
        Err(problem) => bail!(
            "{name} is not UTF-8 text (byte {})",
            problem.utf8_error().valid_up_to() + 1
        ),
    }
}

/// The one act in a file (`maintenance`, `advisory`).
#[derive(Debug)]
pub struct Act {
    /// As the API takes it.
    pub body: Value,
    /// The file.
    name: String,
    /// What it is called in a document.
    key: &'static str,
    /// As it stands in the file.
    tree: Node,
    /// What is wrong with it by itself.
    wrong: Vec<Problem>,
}

impl Act {
    /// Sends it to this path of the API. Where something is wrong with it, the server is asked what is wrong beside that,
    /// by the catalogue that only it has, and nothing is created.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its line; that the server refuses or cannot be reached.
    pub async fn send(self, client: &Client, path: &[&str], body: Value) -> anyhow::Result<Value> {
        if self.wrong.is_empty() {
            let created = client.post(path, &[], Body::Json(body)).await;
            return created.map_err(|error| match error.downcast::<Refusal>() {
                Ok(refusal) => self.with_lines(refusal).into(),
                Err(other) => other,
            });
        }
        let preview = Body::Json(self.body.clone());
        let asked = client.post(&[path[0], "preview"], &[], preview).await;
        let refusal = asked.err().and_then(|e| e.downcast::<Refusal>().ok());
        let problems = match refusal.filter(|r| !r.errors.is_empty()) {
            Some(refusal) => self.with_lines(refusal).errors,
            // Nobody there, or nobody who may know: what is known here is wrong all the same.
            None => Vec::new(),
        };
        let problems: Vec<Problem> = match problems.is_empty() {
            true => self.wrong,
            false => problems.into_iter().map(FieldError::into_problem).collect(),
        };
        Err(InvalidInput::of(self.name, Invalid { problems }).into())
    }

    /// The server does not see the file, and so knows no lines.
    fn with_lines(&self, mut refusal: Refusal) -> Refusal {
        for error in refusal.errors.iter_mut().filter(|e| e.line.is_none()) {
            let here = self
                .wrong
                .iter()
                .find(|p| ends_alike(&p.field, &error.field));
            let place = match here {
                Some(problem) => problem.line.zip(problem.column),
                None => {
                    let field = error.field.strip_prefix(self.key).unwrap_or(&error.field);
                    place_of(&self.tree, field.strip_prefix('.').unwrap_or(field))
                }
            };
            (error.line, error.column) = (place.map(|p| p.0), place.map(|p| p.1));
        }
        refusal
    }
}

/// The same field, with the heading of the document or without.
fn ends_alike(here: &str, there: &str) -> bool {
    here == there || there.split_once('.').is_some_and(|(_, rest)| rest == here)
}

/// The one act in a file (`maintenance`, `advisory`). What needs no catalogue is checked here by `read`, where its line is known.
///
/// # Errors
/// When the file cannot be read, or no such act stands in it.
pub fn act(
    file: &Path,
    key: &'static str,
    read: impl Fn(&Node, &str, &mut Problems),
) -> anyhow::Result<Act> {
    let (name, text) = text(file)?;
    let refused = |invalid| InvalidInput::of(name.clone(), invalid);
    let nodes = parse_yaml(&text).map_err(refused)?;
    let mut found = Vec::new();
    for node in &nodes {
        match &node.value {
            Tree::Map(entries) if entries.iter().any(|(known, _, _)| known == key) => {
                found.extend(entries.iter().filter(|(known, _, _)| known == key));
                for (other, _, _) in entries.iter().filter(|(known, _, _)| known != key) {
                    terminal::caution(&format!(
                        "{} is left out; load it with `forewarn apply`",
                        clean(other)
                    ));
                }
            }
            _ => {}
        }
    }
    let (path, act) = match (found.as_slice(), nodes.as_slice()) {
        ([(_, _, act)], _) => (key, act),
        // The fields without their heading, as the API takes them.
        ([], [node]) => ("", node),
        _ => {
            let problem = format!("needs exactly one {key}");
            return Err(refused(Invalid::one(key, problem)).into());
        }
    };
    let mut problems = Problems::default();
    read(act, path, &mut problems);
    let wrong = match problems.0.is_empty() {
        true => Vec::new(),
        false => problems.refused(act).problems,
    };
    let (body, tree) = (json_of(act), act.clone());
    Ok(Act {
        body,
        name,
        key,
        tree,
        wrong,
    })
}

/// A tree as JSON; scalars stay texts, which the server reads by their meaning as it does those of a file.
pub fn json_of(node: &Node) -> Value {
    match &node.value {
        Tree::Null => Value::Null,
        Tree::Text { text, .. } => Value::from(text.as_str()),
        Tree::List(items) => items.iter().map(json_of).collect(),
        Tree::Map(entries) => {
            let entries = entries
                .iter()
                .map(|(key, _, node)| (key.clone(), json_of(node)));
            Value::Object(entries.collect())
        }
    }
}

fn name(path: &Path) -> String {
    if path == Path::new("-") {
        "standard input".into()
    } else {
        path.display().to_string()
    }
}
