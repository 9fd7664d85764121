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
    /// The state that the action leads to; where it leads to no other, the one in which it can be done.
    pub to: &'static str,
    /// What it cannot, and who can, where the state alone does not say: `be extended: only what is in_progress can`.
    act: Option<&'static str>,
}

impl InvalidTransition {
    /// It is `from` and cannot become `to`.
    pub fn new(what: String, from: &'static str, to: &'static str) -> InvalidTransition {
        let act = None;
        InvalidTransition {
            what,
            from,
            to,
            act,
        }
    }

    /// What it cannot, in words that follow "cannot": the action is known by another name than its state.
    pub fn cannot(self, act: &'static str) -> InvalidTransition {
        let act = Some(act);
        InvalidTransition { act, ..self }
    }
}

impl fmt::Display for InvalidTransition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let InvalidTransition {
            what,
            from,
            to,
            act,
        } = self;
        match act {
            Some(act) => write!(f, "{what} is {from} and cannot {act}"),
            None if from == to => {
                write!(f, "{what} is {from} already and cannot become {to} again")
            }
            None => write!(f, "{what} is {from} and cannot become {to}"),
        }
    }
}

impl std::error::Error for InvalidTransition {}

/// The known name nearest to `name`, when it is near enough to be meant: almost the same letters, or a word of it.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Nobody means a name by a text that is many times as long; comparing it would only take time.
    if name.len() > 200 {
        return None;
    }
    let name = name.to_lowercase();
    known
        .into_iter()
        .map(|k| (nearness(&name, &k.to_lowercase()), k))
        .filter(|(score, _)| *score > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, k)| k)
}

/// From 0 to 1. A word of a name counts as near: `zone` is meant for `time_zone`, `start_time` for `start`, `Berlin` for `Europe/Berlin`.
fn nearness(name: &str, known: &str) -> f64 {
    const A_WORD_OF_IT: f64 = 0.85;
    let words = |text: &str, word: &str| text.split(['_', '-', '.', ' ', '/']).any(|w| w == word);
    let is_part = |whole: &str, part: &str| part.len() > 2 && words(whole, part);
    let letters = strsim::jaro_winkler(name, known);
    match is_part(known, name) || is_part(name, known) {
        true => letters.max(A_WORD_OF_IT),
        false => letters,
    }
}

/// "unknown X 'name'", with the nearest known name or, for a short list, all of them.
pub fn unknown<'a>(
    what: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
) -> String {
    unknown_of(what, name, known, 12)
}

/// "unknown X 'name'" for a field of a map, with the nearest field that there is or else all of them: nobody writes by guessing.
pub fn unknown_field(what: &str, name: &str, known: &[&str]) -> String {
    unknown_of(what, name, known.iter().copied(), 40)
}

fn unknown_of<'a>(
    what: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
    most: usize,
) -> String {
    let shown: String = name.chars().take(80).collect();
    match nearest(name, known.clone()) {
        Some(near) => format!("unknown {what} '{shown}'; did you mean '{near}'?"),
        None => {
            let all: Vec<&str> = known.into_iter().take(most + 1).collect();
            if all.is_empty() || all.len() > most {
                format!("unknown {what} '{shown}'")
            } else {
                format!("unknown {what} '{shown}'; known are {}", all.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_field_is_answered_with_the_nearest_or_all_that_there_are() {
        let known = ["id", "name", "time_zone", "start", "services"];
        for (name, near) in [
            ("zone", "time_zone"),
            ("time", "time_zone"),
            ("start_time", "start"),
            ("service", "services"),
            ("timezone", "time_zone"),
        ] {
            let expected = format!("unknown field '{name}'; did you mean '{near}'?");
            assert_eq!(unknown_field("field", name, &known), expected);
        }
        let all = "unknown field 'x'; known are id, name, time_zone, start, services";
        assert_eq!(unknown_field("field", "x", &known), all);
        let many: Vec<String> = (0..20).map(|n| format!("q{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(unknown_field("field", "x", &many).ends_with("q18, q19"));
    }
}
