//! The change request behind a maintenance: until it is approved, nobody outside is told.

use crate::contact::HookUrl;
use crate::document::{Fields, Node, Problems, Value, line, parse_yaml, prose};
use crate::problem::{Invalid, Problem, unknown};
use crate::time::parse_date;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Where a change request stands in the change system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeState {
    /// Being written.
    #[default]
    Draft,
    /// With the board.
    Submitted,
    /// The change may be made.
    Approved,
    /// It may not.
    Rejected,
}

impl ChangeState {
    /// Every state.
    pub const ALL: [ChangeState; 4] = [
        ChangeState::Draft,
        ChangeState::Submitted,
        ChangeState::Approved,
        ChangeState::Rejected,
    ];

    /// Its name in documents and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            ChangeState::Draft => "draft",
            ChangeState::Submitted => "submitted",
            ChangeState::Approved => "approved",
            ChangeState::Rejected => "rejected",
        }
    }

    /// Reads a state.
    ///
    /// # Errors
    /// Offers the nearest known name.
    pub fn parse(text: &str) -> Result<ChangeState, String> {
        let found = Self::ALL.into_iter().find(|s| s.as_str() == text);
        found.ok_or_else(|| unknown("state", text, Self::ALL.map(ChangeState::as_str)))
    }
}

/// Somebody let people be told before the change was approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// The change request that a maintenance carries out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeRequest {
    /// Its number in the change system.
    pub number: String,
    /// Where it can be read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub url: Option<String>,
    /// Where it stands.
    #[serde(default)]
    pub state: ChangeState,
    /// The board meeting that approved it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub board: Option<Date>,
    /// Who let people be told all the same.
    #[serde(rename = "override", skip_serializing_if = "Option::is_none", default)]
    pub overridden: Option<Override>,
}

impl ChangeRequest {
    /// Reads a change request, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<ChangeRequest> {
        let mut fields = Fields::of(node, path, problems)?;
        let number = fields.required("number", problems, line(64));
        let url = fields.optional("url", problems, |t| {
            HookUrl::parse(t).map(|u| u.as_str().to_owned())
        });
        let state = fields.optional("state", problems, ChangeState::parse);
        let board = fields.optional("board", problems, parse_date);
        fields.finish(problems);
        Some(ChangeRequest {
            number: number?,
            url,
            state: state.unwrap_or_default(),
            board,
            overridden: None,
        })
    }

    /// Whether people outside may be told.
    pub fn lets_tell(&self) -> bool {
        self.state == ChangeState::Approved || self.overridden.is_some()
    }
}

/// A new state, as a change system reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewState {
    /// Where the change stands now.
    pub state: ChangeState,
    /// The board meeting that decided.
    pub board: Option<Date>,
}

impl NewState {
    /// Reads `{state, board}`, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<NewState> {
        let mut fields = Fields::of(node, path, problems)?;
        let state = fields.required("state", problems, ChangeState::parse);
        let board = fields.optional("board", problems, parse_date);
        fields.finish(problems);
        Some(NewState {
            state: state?,
            board,
        })
    }
}

/// Reads the `override` of an approval, `{by, reason}`, recording all problems. `by` is the caller where it is not said.
pub fn read_override(
    fields: &mut Fields<'_>,
    caller: &str,
    now: Timestamp,
    problems: &mut Problems,
) -> Option<Override> {
    let node = fields.node("override")?;
    let mut fields = Fields::of(node, "override", problems)?;
    let by = fields.optional("by", problems, line(200));
    let reason = fields.required("reason", problems, prose(1_000));
    fields.finish(problems);
    Some(Override {
        by: by.unwrap_or_else(|| caller.to_owned()),
        reason: reason?,
        at: now,
    })
}

/// How a change system writes what we ask of it.
#[derive(Debug, Default)]
struct System {
    number: Vec<String>,
    state: Vec<String>,
    board: Vec<String>,
    states: BTreeMap<String, String>,
}

static SYSTEMS: LazyLock<BTreeMap<String, System>> = LazyLock::new(|| {
    let nodes = parse_yaml(include_str!("../data/change_systems.yaml")).unwrap_or_default();
    let Some(Value::Map(systems)) = nodes.into_iter().next().map(|node| node.value) else {
        return BTreeMap::new();
    };
    let mut problems = Problems::default();
    systems
        .iter()
        .filter_map(|(name, _, node)| {
            let mut fields = Fields::of(node, name, &mut problems)?;
            let text = |t: &str| Ok(t.to_owned());
            let mut paths = |field| fields.list(field, &mut problems, text).unwrap_or_default();
            let (number, state, board) = (paths("number"), paths("state"), paths("board"));
            let states = fields.entries("states", &mut problems).into_iter();
            let states = states
                .filter_map(|(key, _, node)| match &node.value {
                    Value::Text { text, .. } => Some((key.to_owned(), text.clone())),
                    _ => None,
                })
                .collect();
            let system = System {
                number,
                state,
                board,
                states,
            };
            Some((name.clone(), system))
        })
        .collect()
});

/// A change's number and new state out of what a change system posts: `generic`, `servicenow` or `jira`.
///
/// # Errors
/// When the system is unknown, or the number or a state that is understood is not where that system writes it.
pub fn from_system(system: &str, body: &Node) -> Result<(String, NewState), Invalid> {
    let known = SYSTEMS.keys().map(String::as_str);
    let Some(found) = SYSTEMS.get(system) else {
        return Err(Invalid::one(
            "system",
            unknown("change system", system, known),
        ));
    };
    let number = at_any(body, &found.number);
    let (path, state) = at_any(body, &found.state).unwrap_or_default();
    let understood = found.states.get(&state.to_lowercase());
    let understood = understood.and_then(|name| ChangeState::parse(name).ok());
    let board = at_any(body, &found.board).and_then(|(_, date)| parse_date(date.get(..10)?).ok());
    let mut problems = Vec::new();
    if number.is_none() {
        problems.push(Problem::new(
            found.number.join(" or "),
            "is missing: which change it is",
        ));
    }
    if state.is_empty() {
        problems.push(Problem::new(
            found.state.join(" or "),
            "is missing: where the change stands",
        ));
    } else if understood.is_none() {
        let states = found.states.keys().map(String::as_str);
        problems.push(Problem::new(path, unknown("state", &state, states)));
    }
    match (number, understood) {
        (Some((_, number)), Some(state)) => Ok((number, NewState { state, board })),
        _ => Err(Invalid { problems }),
    }
}

/// The first of these paths that holds a text or a number, and what stands there.
fn at_any(body: &Node, paths: &[String]) -> Option<(String, String)> {
    paths.iter().find_map(|path| {
        let found = path.split('.').try_fold(body, |at, step| match &at.value {
            Value::Map(entries) => entries
                .iter()
                .find(|(name, _, _)| name == step)
                .map(|(_, _, node)| node),
            _ => None,
        })?;
        match &found.value {
            Value::Text { text, .. } if !text.trim().is_empty() => {
                Some((path.clone(), text.trim().to_owned()))
            }
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::from_json;
    use serde_json::json;

    #[test]
    fn change_systems_are_understood_as_they_write() {
        use ChangeState as S;
        for (system, body, number, state) in [
            (
                "generic",
                json!({"number": "CHG-1", "state": "approved", "board": "2026-11-12"}),
                "CHG-1",
                S::Approved,
            ),
            (
                "servicenow",
                json!({"number": "CHG0030001", "approval": "requested", "state": "-4"}),
                "CHG0030001",
                S::Submitted,
            ),
            (
                "servicenow",
                json!({"number": {"display_value": "CHG0030002", "value": "x"}, "state": {"display_value": "Scheduled"}}),
                "CHG0030002",
                S::Approved,
            ),
            (
                "servicenow",
                json!({"result": {"number": "CHG0030003", "approval": "Rejected"}}),
                "CHG0030003",
                S::Rejected,
            ),
            (
                "servicenow",
                json!({"number": "CHG0030004", "state": -5}),
                "CHG0030004",
                S::Draft,
            ),
            (
                "jira",
                json!({"webhookEvent": "jira:issue_updated", "issue": {"key": "CHG-7", "fields": {"status": {"name": "Awaiting implementation"}}}}),
                "CHG-7",
                S::Approved,
            ),
        ] {
            let (found, new) = from_system(system, &from_json(body.clone())).unwrap();
            assert_eq!((found.as_str(), new.state), (number, state), "{body}");
        }
        let (_, new) = from_system(
            "generic",
            &from_json(json!({"number": "1", "state": "draft", "board": "2026-11-12T09:00:00Z"})),
        )
        .unwrap();
        assert_eq!(new.board, Some(jiff::civil::date(2026, 11, 12)));
    }

    #[test]
    fn what_is_not_understood_is_told() {
        for (system, body, told) in [
            ("servicenwo", json!({}), "did you mean 'servicenow'"),
            (
                "generic",
                json!({"number": "1", "state": "aproved"}),
                "did you mean 'approved'",
            ),
            (
                "jira",
                json!({"issue": {"fields": {"status": {"name": "Done"}}}}),
                "which change it is",
            ),
            ("generic", json!([]), "which change it is"),
        ] {
            let problem = from_system(system, &from_json(body))
                .unwrap_err()
                .to_string();
            assert!(problem.contains(told), "{problem}");
        }
    }
}
