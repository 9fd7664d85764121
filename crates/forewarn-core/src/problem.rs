//! What is wrong with an input, said so that the person who wrote it can mend it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One thing wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Path of the field from the document's root: `maintenance.end`, `audiences[2].level`.
    pub field: String,
    /// What is wrong, in words that say what to do.
    pub problem: String,
    /// Line in the text, from 1, where the text has lines (YAML).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub line: Option<usize>,
    /// Column in that line, from 1.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub column: Option<usize>,
}

impl Problem {
    /// A problem with a field, without a place in a text.
    pub fn new(field: impl Into<String>, problem: impl Into<String>) -> Problem {
        Problem {
            field: field.into(),
            problem: problem.into(),
            line: None,
            column: None,
        }
    }

    /// The same problem at a place in the text.
    pub fn at(mut self, place: Option<(usize, usize)>) -> Problem {
        (self.line, self.column) = (place.map(|p| p.0), place.map(|p| p.1));
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, "line {line}, column {column}: ")?;
        }
        if self.field.is_empty() {
            write!(f, "{}", self.problem)
        } else {
            write!(f, "{}: {}", self.field, self.problem)
        }
    }
}

/// An input that was refused, with everything that is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Invalid {
    /// Never empty.
    pub problems: Vec<Problem>,
}

impl Invalid {
    /// An input refused for one reason.
    pub fn one(field: impl Into<String>, problem: impl Into<String>) -> Invalid {
        Invalid {
            problems: vec![Problem::new(field, problem)],
        }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.problems.iter().enumerate() {
            if n > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Invalid {}

/// An action that the thing's state does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidTransition {
    /// What was asked to change: `maintenance MNT-1`.
    pub what: String,
    /// The state it is in.
    pub from: &'static str,
    /// The state or action that was asked for.
    pub to: &'static str,
}

impl fmt::Display for InvalidTransition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is {} and cannot become {}",
            self.what, self.from, self.to
        )
    }
}

impl std::error::Error for InvalidTransition {}

/// The known name nearest to `name`, when it is near enough to be meant.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Nobody means a name by a text that is many times as long; comparing it would only take time.
    if name.len() > 200 {
        return None;
    }
    known
        .into_iter()
        .map(|k| {
            (
                strsim::jaro_winkler(&name.to_lowercase(), &k.to_lowercase()),
                k,
            )
        })
        .filter(|(score, _)| *score > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, k)| k)
}

/// "unknown X 'name'", with the nearest known name or, for a short list, all of them.
pub fn unknown<'a>(
    what: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
) -> String {
    let shown: String = name.chars().take(80).collect();
    match nearest(name, known.clone()) {
        Some(near) => format!("unknown {what} '{shown}'; did you mean '{near}'?"),
        None => {
            let all: Vec<&str> = known.into_iter().take(13).collect();
            if all.is_empty() || all.len() > 12 {
                format!("unknown {what} '{shown}'")
            } else {
                format!("unknown {what} '{shown}'; known are {}", all.join(", "))
            }
        }
    }
}
