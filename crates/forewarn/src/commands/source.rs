//! Files that commands read: by path, or `-` for standard input.

use crate::exit::InvalidInput;
use crate::terminal::{self, clean};
use anyhow::{Context, bail};
use forewarn_core::document::{Node, Problems, Value as Tree, parse_yaml};
use forewarn_core::problem::Invalid;
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

/// The one act in a file (`maintenance`, `advisory`), as the API takes it. What needs no catalogue is checked here by `read`,
/// where its line is known.
///
/// # Errors
/// When the file cannot be read, or what stands in it is invalid.
pub fn act(
    file: &Path,
    key: &str,
    read: impl Fn(&Node, &str, &mut Problems),
) -> anyhow::Result<Value> {
    let (name, text) = text(file)?;
    let refused = |invalid| InvalidInput::of(name.as_str(), invalid);
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
    if !problems.0.is_empty() {
        let problems = problems.0;
        return Err(refused(Invalid { problems }).into());
    }
    Ok(json_of(act))
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
