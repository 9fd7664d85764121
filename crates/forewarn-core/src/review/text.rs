//! What is reviewed, and what is known around it. Both are read whole or refused whole.

use super::stage::{Medium, Stage};
use crate::audience::Level;
use crate::document::{Fields, Node, Problems, prose};
use crate::privacy::Known;
use crate::problem::{Invalid, Problem};

/// A longer text is no message: a mail of 300 words has 2,000 bytes.
pub const MOST_BYTES: usize = 250_000;

/// A longer subject is cut off by every mail program; it is reviewed as far as that.
const MOST_IN_SUBJECT: usize = 1_000;

/// A message to be reviewed: a text that is not too long, and a subject of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    text: String,
    subject: Option<String>,
    level: Level,
    stage: Stage,
    medium: Medium,
}

impl Text {
    /// Takes a text with its subject, for readers of a level, at a stage, on a channel.
    ///
    /// # Errors
    /// A text or subject that is too long; a subject with control characters.
    pub fn new(
        text: &str,
        subject: Option<&str>,
        level: Level,
        stage: Stage,
        medium: Medium,
    ) -> Result<Text, Invalid> {
        let mut problems = Vec::new();
        if text.len() > MOST_BYTES {
            let problem = format!(
                "is {} bytes long; at most {MOST_BYTES} are reviewed",
                text.len()
            );
            problems.push(Problem::new("text", problem));
        }
        if let Some(subject) = subject {
            if subject.len() > MOST_IN_SUBJECT {
                let problem = format!(
                    "is {} bytes long; a subject has at most {MOST_IN_SUBJECT}",
                    subject.len()
                );
                problems.push(Problem::new("subject", problem));
            }
            if let Some(c) = subject.chars().find(|c| c.is_control()) {
                let problem = format!(
                    "has the control character U+{:04X}; a subject is one line of plain text",
                    c as u32
                );
                problems.push(Problem::new("subject", problem));
            }
        }
        if !problems.is_empty() {
            return Err(Invalid { problems });
        }
        Ok(Text {
            text: text.to_owned(),
            subject: subject.map(str::to_owned),
            level,
            stage,
            medium,
        })
    }

    /// Reads level, stage, channel and what else there is from the fields `text`, `subject`, `level`, `stage`, `channel`.
    pub fn read(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<Text> {
        // The whole text counts, also the white space around it: offsets are into what was sent.
        let any = |text: &str| Ok(text.to_owned());
        let text = match fields.node("text") {
            None => {
                fields.problem("text", "is missing", problems);
                None
            }
            Some(_) => fields.optional("text", problems, any),
        };
        let subject = fields.optional("subject", problems, any);
        let level = fields
            .optional("level", problems, Level::parse)
            .unwrap_or(Level::NonTechnical);
        let stage = fields
            .optional("stage", problems, Stage::parse)
            .unwrap_or_default();
        let medium = fields
            .optional("channel", problems, Medium::parse)
            .unwrap_or_default();
        match Text::new(&text?, subject.as_deref(), level, stage, medium) {
            Ok(text) => Some(text),
            Err(invalid) => {
                for problem in invalid.problems {
                    let field = fields.path_of(&problem.field);
                    problems.add(field, None, problem.problem);
                }
                None
            }
        }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The subject, if it has one.
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// The level of its readers.
    pub fn level(&self) -> Level {
        self.level
    }

    /// The stage.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// The channel.
    pub fn medium(&self) -> Medium {
        self.medium
    }
}

/// What is known around a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// Names and addresses that are internal, and what may be said all the same.
    pub known: Known,
    /// The last message about the same event.
    pub previous: Option<String>,
}

impl Context {
    /// Reads a flat map: the lists of [`Known`], and `previous`.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Context> {
        let mut fields = Fields::of(node, path, problems)?;
        let known = Known::fields(&mut fields, problems);
        let previous = fields.optional("previous", problems, prose(MOST_BYTES));
        fields.finish(problems);
        Some(Context { known, previous })
    }
}
