//! Operations: what can be done with Forewarn, once, for the API and the console alike.

pub mod account;
pub mod acknowledgement;
pub mod advisory;
pub mod announcement;
pub mod approval;
pub mod bounce;
pub mod call_list;
pub mod catalogue;
pub mod channel;
pub mod chat;
pub mod copy;
pub mod decision;
pub mod digest;
pub mod draft;
pub mod editing;
pub mod incident;
pub mod maintenance;
pub mod outage_plan;
pub mod planned_texts;
pub mod previewed;
pub mod reach;
pub mod recipient;
pub mod review;
pub mod sending;
mod silent;
pub mod subscription;
pub mod template;
pub mod upstream;
pub mod version;
pub mod window;

use crate::caller::Caller;
use crate::error::{ApiError, Result};
use forewarn_core::document::{Catalogue, Node, Problems, Value as Tree};
use forewarn_store::{KeptAnswer, StoreError};
use serde_json::Value;

/// Whose word something new needs before people are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approval {
    /// Those whom its policy names.
    ByPolicy,
    /// A person's, whatever the policy says.
    Needed,
}

/// Somebody else changed the thing between our reading and writing: look again, this often.
const AGAIN: usize = 3;

/// Reads an input whole or refuses it whole.
pub(crate) fn read<T>(
    node: &Node,
    read: impl FnOnce(&Node, &mut Problems) -> Option<T>,
) -> Result<T> {
    let mut problems = Problems::default();
    let value = read(node, &mut problems);
    whole(node, value, problems)
}

/// The same for an input that names services or audiences, which must be in the catalogue.
fn read_known<T>(
    node: &Node,
    catalogue: &Catalogue,
    read: impl FnOnce(&Node, &mut Problems) -> Option<T>,
) -> Result<T> {
    let mut problems = Problems::default();
    let value = read(node, &mut problems);
    problems.look_up(catalogue);
    whole(node, value, problems)
}

/// What was read, if nothing is wrong with it; else all that is.
fn whole<T>(node: &Node, value: Option<T>, mut problems: Problems) -> Result<T> {
    match value {
        Some(value) if problems.0.is_empty() => Ok(value),
        _ => {
            if problems.0.is_empty() {
                problems.add("", node.place, "cannot be read");
            }
            Err(problems.refused(node).into())
        }
    }
}

/// What is wrong joins the other problems; any other failure ends it.
fn gathered<T>(result: Result<T>, problems: &mut Problems) -> Result<Option<T>> {
    match result {
        Ok(done) => Ok(Some(done)),
        Err(ApiError::Invalid(invalid)) => {
            problems.0.extend(invalid.problems);
            Ok(None)
        }
        Err(other) => Err(other),
    }
}

/// A field of an input, whatever else is wrong with that.
fn field<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    let Tree::Map(entries) = &node.value else {
        return None;
    };
    let found = entries.iter().find(|(known, _, _)| known == name);
    found.map(|(_, _, node)| node)
}

/// The text at a path such as `facts.effect`.
fn text_at<'a>(node: &'a Node, path: &str) -> Option<&'a str> {
    let found = path.split('.').try_fold(node, field)?;
    match &found.value {
        Tree::Text { text, .. } => Some(text),
        Tree::Null | Tree::List(_) | Tree::Map(_) => None,
    }
}

/// A document alone or under its key, as in files: in either case under its key.
fn under(key: &str, node: &Node) -> Node {
    match &node.value {
        Tree::Map(entries) if entries.iter().any(|(name, _, _)| name == key) => node.clone(),
        _ => Node {
            value: Tree::Map(vec![(key.to_owned(), node.place, node.clone())]),
            place: node.place,
        },
    }
}

/// The answer that is stored with a publication, so that repeating the request repeats the answer and nothing else.
fn kept(caller: &Caller, status: i64, body: &Value) -> Option<KeptAnswer> {
    caller.key.as_ref().map(|key| KeptAnswer {
        caller: caller.actor.clone(),
        key: key.clone(),
        status,
        body: body.to_string(),
    })
}

/// Whether looking again may help.
fn overtaken(error: &ApiError) -> bool {
    matches!(error, ApiError::Store(StoreError::Conflict(_)))
}
