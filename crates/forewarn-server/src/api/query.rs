//! What a call asks for behind its question mark, read as strictly as a body: who misspells a filter must not take everything for
//! what they asked for.

use crate::app::App;
use crate::error::{ApiError, Result};
use crate::ops;
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use forewarn_core::document::{Fields, Node, Problems, Value as Tree};
use forewarn_core::problem::{Invalid, Problem};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// More parameters than any call takes are not read.
const MOST: usize = 50;
/// How many items a list has where nobody says.
const USUAL: i64 = 100;
/// More items than this are not given at once; whoever asks for more gets these, and the cursor of the rest.
const MOST_ITEMS: i64 = 1_000;

/// The parameters of one call.
pub(super) trait Asked: Sized {
    /// Asks for each parameter once, recording all problems.
    fn read(fields: &mut Fields<'_>, problems: &mut Problems) -> Self;
}

/// The parameters, whole; what is unknown or wrong is refused, all at once.
pub(super) struct Query<T>(pub(super) T);

impl<T: Asked> FromRequestParts<App> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Query<T>> {
        let node = tree(parts.uri.query().unwrap_or_default());
        ops::read(&node, |node, problems| {
            if let Tree::Map(entries) = &node.value {
                let repeated = |n: usize, name: &String| entries[..n].iter().any(|e| e.0 == *name);
                for (n, (name, _, _)) in entries.iter().enumerate() {
                    if repeated(n, name) {
                        problems.add(name, None, "stands twice");
                    }
                }
            }
            let mut fields = Fields::of(node, "", problems)?;
            let asked = T::read(&mut fields, problems);
            fields.finish_as("parameter", problems);
            Some(Query(asked))
        })
    }
}

/// A query as a map; a parameter without a value says nothing, as in a form.
fn tree(query: &str) -> Node {
    let pairs = url::form_urlencoded::parse(query.as_bytes()).take(MOST);
    let entries = pairs.map(|(name, value)| {
        let value = match value.is_empty() {
            true => Tree::Null,
            false => Tree::Text {
                text: value.into_owned(),
                plain: true,
            },
        };
        (name.into_owned(), None, Node { value, place: None })
    });
    Node {
        value: Tree::Map(entries.collect()),
        place: None,
    }
}

/// The calls that take parameters, as the description has them: `GET /notices`.
pub(super) fn calls_with_parameters(description: &Value) -> BTreeSet<String> {
    let paths = description["paths"].as_object().into_iter().flatten();
    let mut calls = BTreeSet::new();
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let mut parameters = operation["parameters"].as_array().into_iter().flatten();
            if parameters.any(|parameter| parameter["in"] == "query") {
                calls.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
    calls
}

/// Refuses parameters of a call that takes none; the others read their own.
pub(super) async fn none_that_is_ignored(
    State(takes): State<Arc<BTreeSet<String>>>,
    matched: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let Some(path) = matched.filter(|_| !query.is_empty()) else {
        return next.run(request).await;
    };
    let path = path.as_str();
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let method = match request.method().as_str() {
        "HEAD" => "GET",
        other => other,
    };
    if takes.contains(&format!("{method} {path}")) {
        return next.run(request).await;
    }
    let names = url::form_urlencoded::parse(query.as_bytes()).take(MOST);
    let problems: Vec<Problem> = names
        .map(|(name, _)| {
            let shown: String = name.chars().take(80).collect();
            let problem = format!("unknown parameter '{shown}'; this call takes none");
            Problem::new(shown, problem)
        })
        .collect();
    match problems.is_empty() {
        true => next.run(request).await,
        false => ApiError::from(Invalid { problems }).into_response(),
    }
}

/// `limit`: at most how many items.
pub(super) fn limit(fields: &mut Fields<'_>, problems: &mut Problems) -> i64 {
    let given = fields.optional("limit", problems, |text| {
        let number = text.trim().parse::<i64>().ok().filter(|n| *n > 0);
        number.ok_or_else(|| format!("must be a whole number from 1 to {MOST_ITEMS}"))
    });
    given.unwrap_or(USUAL).min(MOST_ITEMS)
}

/// A parameter that is taken as it is.
///
/// # Errors
/// None.
pub(super) fn any(text: &str) -> std::result::Result<String, String> {
    Ok(text.to_owned())
}
