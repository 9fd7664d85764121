//! Any JSON object, read by a hook's mapping.

use super::{
    Alert, Batch, MOST_TEXT, MOST_TITLE, Mapping, State, harmless, instant, text_of, web_address,
};
use crate::id::derive;
use crate::problem::{Invalid, Problem};
use serde_json::Value;

/// Longer keys are hashed.
const MOST_KEY: usize = 100;

/// Reads a request: one object, or a list of them.
///
/// # Errors
/// Every field that the mapping needs and the body does not have.
pub fn read(body: &Value, mapping: &Mapping) -> Result<Batch, Invalid> {
    let id = mapping
        .id
        .as_deref()
        .and_then(|at| text_of(body.pointer(at)?));
    let (alert, warnings) = read_alert(body, mapping)?;
    Ok(Batch {
        id: id.map(|id| derive(&["id", &id])),
        group: String::new(),
        alerts: alert.into_iter().collect(),
        warnings,
    })
}

/// The alert of one object; none where its state is of no concern.
pub(super) fn read_alert(
    body: &Value,
    mapping: &Mapping,
) -> Result<(Option<Alert>, Vec<String>), Invalid> {
    if !body.is_object() {
        return Err(Invalid::one("", "must be a JSON object"));
    }
    let at = |pointer: &Option<String>| text_of(body.pointer(pointer.as_deref()?)?);
    let mut problems = Vec::new();
    let key = at(&mapping.key);
    if key.is_none() {
        let pointer = mapping.key.clone().unwrap_or_default();
        let problem =
            format!("is missing or no text: it tells one alert from another (at {pointer})");
        problems.push(Problem::new("key", problem));
    }
    let word = at(&mapping.state);
    let state = match &word {
        None => Some(State::Firing),
        Some(word) => mapping.states.meaning(word),
    };
    let title = at(&mapping.title).map(|t| harmless(&t, MOST_TITLE));
    let (Some(key), Some(state)) = (key, state) else {
        if problems.is_empty() {
            let word = harmless(&word.unwrap_or_default(), 40);
            return Ok((
                None,
                vec![format!("the state '{word}' changes nothing here")],
            ));
        }
        return Err(Invalid { problems });
    };
    let key = match key.len() > MOST_KEY || key != harmless(&key, MOST_KEY) {
        true => derive(&["key", &key]),
        false => key,
    };
    let since = mapping
        .since
        .as_deref()
        .and_then(|at| instant(body.pointer(at)?));
    let alert = Alert {
        title: title
            .filter(|t| !t.is_empty())
            .unwrap_or_else(|| format!("Alert {key}")),
        text: harmless(&at(&mapping.text).unwrap_or_default(), MOST_TEXT),
        labels: Default::default(),
        service: at(&mapping.service).map(|s| harmless(&s, 200)),
        severity: at(&mapping.severity).map(|s| harmless(&s, 100)),
        since: since.filter(|_| state == State::Firing),
        until: since.filter(|_| state == State::Resolved),
        url: at(&mapping.url).and_then(|u| web_address(&u)),
        key,
        state,
    };
    Ok((Some(alert), Vec::new()))
}
