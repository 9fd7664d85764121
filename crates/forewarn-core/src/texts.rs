//! The text of each level where somebody edited it: it takes the place of what is made of the facts, in one message and at its own level.
//!
//! What surrounds it stays made: when the next update comes, a promise that was not kept, the technical details, where the latest news is.
//! So no edit can lose a promise.

mod planned;

pub use planned::{AHEAD, NewTexts, PlannedTexts};

use crate::audience::Level;
use crate::document::{Fields, Problems, Value, prose, scalar};
use crate::message::markdown;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// As long as somebody's own text may be, in characters.
const MOST_CHARS: usize = 10_000;

/// What was edited, by level; nothing of it where no text was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Texts(BTreeMap<Level, String>);

impl Texts {
    /// The field of a body in which they stand: a map of levels.
    pub const FIELD: &str = "texts";

    /// Reads them, recording all problems. A level that is null was not edited.
    pub fn read(fields: &mut Fields<'_>, problems: &mut Problems) -> Texts {
        let mut texts = Texts::default();
        for (name, path, node) in fields.entries(Texts::FIELD, problems) {
            if node.value == Value::Null {
                continue;
            }
            let text = scalar(node, &path, problems, text_of_a_level);
            match Level::parse(name) {
                Ok(level) => texts.0.extend(text.map(|text| (level, text))),
                Err(problem) => problems.add(path, node.place, problem),
            }
        }
        texts
    }

    /// Whether somebody gives any, right or wrong.
    pub fn are_given(fields: &mut Fields<'_>) -> bool {
        // What is wrong with them is told where they are read.
        let given = fields.entries(Texts::FIELD, &mut Problems::default());
        given.iter().any(|(_, _, node)| node.value != Value::Null)
    }

    /// What the readers of this level are told, if somebody edited that.
    pub fn at(&self, level: Level) -> Option<&str> {
        self.0.get(&level).map(String::as_str)
    }

    /// Nobody edited anything.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Somebody wrote what the readers of every level are told.
    pub fn are_for_all(&self) -> bool {
        Level::ALL.iter().all(|level| self.0.contains_key(level))
    }
}

impl FromIterator<(Level, String)> for Texts {
    fn from_iter<T: IntoIterator<Item = (Level, String)>>(texts: T) -> Texts {
        Texts(texts.into_iter().collect())
    }
}

fn text_of_a_level(text: &str) -> Result<String, String> {
    // Counted no further than one more than there may be: a text of a million characters is refused as fast as one of this length.
    if text.chars().nth(MOST_CHARS).is_some() {
        return Err(format!("is longer than {MOST_CHARS} characters"));
    }
    let text = prose(MOST_CHARS)(text)?;
    let read = markdown::to_text(&markdown::contained(&text));
    match read.trim().is_empty() {
        true => Err("is empty: nothing of it can be read".into()),
        false => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::parse_json;

    fn read(json: &str) -> (Texts, Vec<String>) {
        let node = parse_json(json).unwrap();
        let mut problems = Problems::default();
        let mut fields = Fields::of(&node, "", &mut problems).unwrap();
        let texts = Texts::read(&mut fields, &mut problems);
        let told = problems.0.iter();
        let told = told.map(|p| format!("{}: {}", p.field, p.problem));
        (texts, told.collect())
    }

    #[test]
    fn each_level_has_its_own_text_and_the_others_none() {
        let (texts, told) =
            read(r#"{"texts": {"non_technical": "It is slow.\r\n", "technical": null}}"#);
        assert!(told.is_empty(), "{told:?}");
        assert_eq!(texts.at(Level::NonTechnical), Some("It is slow."));
        assert_eq!(texts.at(Level::SemiTechnical), None);
        assert_eq!(texts.at(Level::Technical), None);
        assert!(!texts.is_empty() && !texts.are_for_all());
        let stored = serde_json::to_string(&texts).unwrap();
        assert_eq!(stored, r#"{"non_technical":"It is slow."}"#);
        assert_eq!(serde_json::from_str::<Texts>(&stored).unwrap(), texts);
        assert!(read("{}").0.is_empty());
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once_with_its_level() {
        let long = "x".repeat(10_001);
        let (texts, told) = read(&format!(
            r#"{{"texts": {{"non_technical": " ", "semi_technical": "{long}", "technical": "a\u0007b", "non_tecnical": "x"}}}}"#
        ));
        assert!(texts.is_empty());
        assert_eq!(
            told,
            [
                "texts.non_technical: is empty",
                "texts.semi_technical: is longer than 10000 characters",
                "texts.technical: contains control characters",
                "texts.non_tecnical: unknown level 'non_tecnical'; did you mean 'non_technical'?",
            ]
        );
        let (_, told) =
            read(r#"{"texts": {"technical": "<!-- nothing --> ", "non_technical": ["a"]}}"#);
        assert_eq!(
            told,
            [
                "texts.technical: is empty: nothing of it can be read",
                "texts.non_technical: must be a single value",
            ]
        );
        assert_eq!(read(r#"{"texts": "all"}"#).1, ["texts: must be a map"]);
    }
}
