//! What somebody edited of what is planned, by the message that carries it.
//!
//! It was written for the times that people were told: where those change, all of it is made anew.

use super::Texts;
use crate::document::{Fields, Node, Problems};
use crate::message::milestones_of;
use crate::privacy::read_override;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What people are told ahead. Its reminders say the same, unless somebody edited those too.
pub const AHEAD: &str = "announcement";
const REMINDERS: [&str; 2] = ["reminder", "final_reminder"];

/// Messages that tell of what somebody does: their texts come with that.
const MOVES: [&str; 4] = ["delay", "reschedule", "extension", "cancellation"];

/// The edited texts of something planned, by milestone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlannedTexts(BTreeMap<String, Texts>);

impl PlannedTexts {
    /// What people are told ahead.
    pub fn ahead(texts: Texts) -> PlannedTexts {
        let mut all = PlannedTexts::default();
        all.put(AHEAD, texts);
        all
    }

    /// What was edited for the message of this milestone.
    pub fn of(&self, milestone: &str) -> Texts {
        let ahead = REMINDERS.contains(&milestone).then_some(AHEAD);
        let own = self.0.get(milestone);
        let found = own.or_else(|| self.0.get(ahead?));
        found.cloned().unwrap_or_default()
    }

    /// This is what the message of this milestone says from now on; what nobody edited is made.
    pub fn put(&mut self, milestone: &str, texts: Texts) {
        match texts.is_empty() {
            true => self.0.remove(milestone),
            false => self.0.insert(milestone.to_owned(), texts),
        };
    }

    /// The same with what was said when somebody acted, if they edited anything.
    pub fn with(mut self, milestone: &str, texts: Texts) -> PlannedTexts {
        if !texts.is_empty() {
            self.put(milestone, texts);
        }
        self
    }

    /// The messages that somebody edited, by milestone.
    pub fn messages(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Nobody edited anything.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Other texts for a message that is still to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTexts {
    /// Which message.
    pub milestone: &'static str,
    /// What it says; what is not among them is made.
    pub texts: Texts,
    /// The revision of the times that was seen: who wrote for other times than there are by now is refused.
    pub revision: Option<u32>,
}

impl NewTexts {
    /// The messages of such an event that may have texts of their own before they go out.
    pub fn messages(kind: &str) -> impl Iterator<Item = &'static str> {
        let all = milestones_of(kind).iter().copied();
        all.filter(|milestone| !MOVES.contains(milestone))
    }

    /// Reads `{milestone, texts, revision, privacy_override}` for an event of this kind, recording all problems. Without a milestone they are for
    /// all that is told ahead.
    pub fn read(kind: &str, node: &Node, problems: &mut Problems) -> Option<NewTexts> {
        let mut fields = Fields::of(node, "", problems)?;
        let known = |name: &str| {
            let mut known = NewTexts::messages(kind);
            known.find(|known| *known == name).ok_or_else(|| {
                let known: Vec<&str> = NewTexts::messages(kind).collect();
                format!("must be one of {}", known.join(", "))
            })
        };
        let named = fields.node("milestone").is_some();
        let milestone = fields.optional("milestone", problems, known);
        if fields.node(Texts::FIELD).is_none() {
            let problem = "is missing: give each level its text, or none for what is made";
            fields.problem(Texts::FIELD, problem, problems);
        }
        let texts = Texts::read(&mut fields, problems);
        let number = |text: &str| {
            let known = text.trim().parse::<u32>().ok();
            known.ok_or_else(|| {
                "must be the revision that the event showed: a whole number".to_owned()
            })
        };
        let revision = fields.optional("revision", problems, number);
        read_override(&mut fields, problems);
        fields.finish(problems);
        let milestone = milestone.or((!named).then_some(AHEAD))?;
        Some(NewTexts {
            milestone,
            texts,
            revision,
        })
    }

    /// Whether they were written for the times as they are.
    pub fn are_for(&self, revision: u32) -> bool {
        self.revision.is_none_or(|seen| seen == revision)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audience::Level;
    use crate::document::parse_json;

    fn texts(text: &str) -> Texts {
        Texts::from_iter([(Level::NonTechnical, text.to_owned())])
    }

    #[test]
    fn reminders_say_what_was_announced_until_they_have_words_of_their_own() {
        let mut all = PlannedTexts::ahead(texts("Ahead."));
        for (milestone, said) in [
            ("announcement", Some("Ahead.")),
            ("reminder", Some("Ahead.")),
            ("final_reminder", Some("Ahead.")),
            ("start", None),
            ("overrun_check", None),
        ] {
            assert_eq!(all.of(milestone).at(Level::NonTechnical), said);
        }
        all.put("reminder", texts("Soon."));
        assert_eq!(all.of("reminder"), texts("Soon."));
        assert_eq!(all.of("final_reminder"), texts("Ahead."));
        all.put("reminder", Texts::default());
        assert_eq!(all.of("reminder"), texts("Ahead."));
        let kept = all.clone().with("start", Texts::default());
        assert_eq!(kept, all);
        let stored = serde_json::to_string(&all).unwrap();
        assert_eq!(stored, r#"{"announcement":{"non_technical":"Ahead."}}"#);
        assert_eq!(serde_json::from_str::<PlannedTexts>(&stored).unwrap(), all);
        assert!(PlannedTexts::ahead(Texts::default()).is_empty());
    }

    #[test]
    fn new_texts_name_a_message_that_is_still_to_come() {
        let read = |kind: &str, json: &str| {
            let mut problems = Problems::default();
            let read = NewTexts::read(kind, &parse_json(json).unwrap(), &mut problems);
            let told = problems.0.iter();
            let told: Vec<String> = told
                .map(|p| format!("{}: {}", p.field, p.problem))
                .collect();
            (read.map(|new| new.milestone), told)
        };
        let (milestone, told) = read("maintenance", r#"{"texts": {"non_technical": "x"}}"#);
        assert_eq!((milestone, told.len()), (Some("announcement"), 0));
        let (milestone, told) = read("announcement", r#"{"milestone": "start", "text": "x"}"#);
        assert_eq!(milestone, None);
        assert_eq!(
            told,
            [
                "milestone: must be one of announcement, reminder, final_reminder, effective",
                "texts: is missing: give each level its text, or none for what is made",
                "text: unknown field 'text'; did you mean 'texts'?",
            ]
        );
        assert!(NewTexts::messages("maintenance").all(|m| m != "delay"));
        assert!(NewTexts::messages("maintenance").any(|m| m == "completion"));
    }
}
