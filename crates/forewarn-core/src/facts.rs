//! The facts of an event, entered once; every level's text is made from them.

use crate::audience::Level;
use crate::document::{Fields, Node, Problems, Value, boolean, line, prose, scalar};
use serde::{Deserialize, Serialize};

/// When clients must act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Before the start.
    Before,
    /// After completion.
    After,
    /// Both.
    Both,
}

/// What readers must do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// In one sentence.
    pub what: String,
    /// When.
    pub when: When,
}

/// More questions than anybody reads.
const MAX_QUESTIONS: usize = 20;

/// A question that people ask about an event, with its answer: the same in every message, on the status page and for whoever
/// answers the telephone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// As people ask it.
    pub question: String,
    /// What they are answered.
    pub answer: String,
    /// The poorest level that may read it; the status page has those for everybody.
    #[serde(skip_serializing_if = "is_for_everybody", default = "everybody")]
    pub level: Level,
}

fn everybody() -> Level {
    Level::NonTechnical
}

fn is_for_everybody(level: &Level) -> bool {
    *level == everybody()
}

/// What is known about an event. Everything is optional: a holding statement needs no cause.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// What people notice: "You cannot sign in to the student portal."
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub effect: Option<String>,
    /// Why it happens and what it is good for (planned work).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub why: Option<String>,
    /// What went wrong, in words anybody may read (incidents).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cause: Option<String>,
    /// What readers must do.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub action: Option<Action>,
    /// What helps meanwhile.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub workaround: Option<String>,
    /// Whether data is safe; unsaid when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub data_safe: Option<bool>,
    /// Where to ask or report trouble.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub contact: Option<String>,
    /// What can go wrong, and how likely that is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub risk: Option<String>,
    /// What is done if it does: the way back.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fallback: Option<String>,
    /// What it costs, or what it saves: for executives only.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cost: Option<String>,
    /// What people ask.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub questions: Vec<Question>,
    /// For the technical level only: systems, versions, errors.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub technical: Option<String>,
}

impl Facts {
    /// Reads facts, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Facts> {
        let mut fields = Fields::of(node, path, problems)?;
        let facts = Facts {
            effect: fields.optional("effect", problems, prose(1_000)),
            why: fields.optional("why", problems, prose(1_000)),
            cause: fields.optional("cause", problems, prose(1_000)),
            action: fields
                .node("action")
                .and_then(|node| read_action(node, &fields.path_of("action"), problems)),
            workaround: fields.optional("workaround", problems, prose(1_000)),
            data_safe: fields.optional("data_safe", problems, boolean),
            contact: fields.optional("contact", problems, line(200)),
            risk: fields.optional("risk", problems, prose(1_000)),
            fallback: fields.optional("fallback", problems, prose(1_000)),
            cost: fields.optional("cost", problems, prose(1_000)),
            questions: fields.node("questions").map_or_else(Vec::new, |node| {
                read_questions(node, &fields.path_of("questions"), problems)
            }),
            technical: fields.optional("technical", problems, prose(5_000)),
        };
        fields.finish(problems);
        Some(facts)
    }

    /// These facts with what `newer` says laid over them.
    pub fn updated_by(mut self, newer: Facts) -> Facts {
        macro_rules! take {
            ($($field:ident),*) => { $( if newer.$field.is_some() { self.$field = newer.$field; } )* };
        }
        take!(
            effect, why, cause, action, workaround, data_safe, contact, risk, fallback, cost,
            technical
        );
        if !newer.questions.is_empty() {
            self.questions = newer.questions;
        }
        self
    }

    /// The questions that a level may read, in their order.
    pub fn questions_for(&self, level: Level) -> impl Iterator<Item = &Question> {
        self.questions.iter().filter(move |q| q.level <= level)
    }
}

fn read_action(node: &Node, path: &str, problems: &mut Problems) -> Option<Action> {
    if let Value::Text { .. } = node.value {
        return scalar(node, path, problems, prose(1_000)).map(|what| Action {
            what,
            when: When::Before,
        });
    }
    let mut fields = Fields::of(node, path, problems)?;
    let what = fields.required("what", problems, prose(1_000));
    let when = fields.optional("when", problems, |t| match t {
        "before" => Ok(When::Before),
        "after" => Ok(When::After),
        "both" => Ok(When::Both),
        _ => Err(crate::problem::unknown(
            "time",
            t,
            ["before", "after", "both"],
        )),
    });
    fields.finish(problems);
    Some(Action {
        what: what?,
        when: when.unwrap_or(When::Before),
    })
}

/// A list of maps, or a text as a form has it: a question on a line, its answer below, an empty line before the next.
pub(crate) fn read_questions(node: &Node, path: &str, problems: &mut Problems) -> Vec<Question> {
    let questions: Vec<Question> = match &node.value {
        Value::Text { text, .. } => {
            let text = text.replace("\r\n", "\n");
            let blocks = text.split("\n\n").map(str::trim);
            let blocks = blocks.filter(|block| !block.is_empty()).enumerate();
            let mut wrong = |n, problem| problems.add(format!("{path}[{n}]"), node.place, problem);
            blocks
                .filter_map(|(n, block)| read_block(block).map_err(|p| wrong(n, p)).ok())
                .collect()
        }
        Value::List(items) => {
            let mut questions = Vec::new();
            for (n, item) in items.iter().enumerate() {
                questions.extend(read_question(item, &format!("{path}[{n}]"), problems));
            }
            questions
        }
        _ => {
            problems.add(
                path,
                node.place,
                "must be a list of questions, each with its answer",
            );
            Vec::new()
        }
    };
    if questions.len() > MAX_QUESTIONS {
        let problem = format!("are {}; at most {MAX_QUESTIONS}", questions.len());
        problems.add(path, node.place, problem);
    }
    questions
}

fn read_question(node: &Node, path: &str, problems: &mut Problems) -> Option<Question> {
    let mut fields = Fields::of(node, path, problems)?;
    let question = fields.required("question", problems, line(200));
    let answer = fields.required("answer", problems, prose(1_000));
    let level = fields.optional("level", problems, Level::parse);
    fields.finish(problems);
    Some(Question {
        question: question?,
        answer: answer?,
        level: level.unwrap_or_else(everybody),
    })
}

fn read_block(block: &str) -> Result<Question, String> {
    let Some((question, answer)) = block.split_once('\n') else {
        return Err("has no answer: write it on the line below the question".into());
    };
    Ok(Question {
        question: line(200)(question).map_err(|problem| format!("the question {problem}"))?,
        answer: prose(1_000)(answer).map_err(|problem| format!("the answer {problem}"))?,
        level: everybody(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::parse_yaml;

    fn read(yaml: &str) -> (Vec<Question>, Vec<String>) {
        let node = &parse_yaml(yaml).unwrap()[0];
        let mut problems = Problems::default();
        let facts = Facts::read(node, "facts", &mut problems);
        let told = problems.0.iter();
        let told = told
            .map(|p| format!("{}: {}", p.field, p.problem))
            .collect();
        (facts.map_or_else(Vec::new, |facts| facts.questions), told)
    }

    #[test]
    fn questions_are_a_list_or_a_text_as_a_form_has_it() {
        let list = "questions:\n  - {question: Is my work lost?, answer: No.}\n  - {question: May I call?, answer: Yes.}";
        let text = "questions: \"Is my work lost?\\nNo.\\n\\n\\n\\nMay I call?\\r\\nYes.\"";
        assert_eq!(read(list).1, [""; 0]);
        assert_eq!(read(list).0.len(), 2);
        assert_eq!(read(list), read(text));
    }

    #[test]
    fn everything_that_is_wrong_with_questions_is_told_with_its_place() {
        let list = "questions: [{question: Why?}, {answer: So., level: secret}]";
        let told = read(list).1;
        assert_eq!(told[0], "facts.questions[0].answer: is missing");
        assert_eq!(told[1], "facts.questions[1].question: is missing");
        assert!(
            told[2].starts_with("facts.questions[1].level: unknown level 'secret'"),
            "{told:?}"
        );
        let text = "questions: \"Is my work lost?\\n\\nMay I call?\\nYes.\"";
        let problem = "facts.questions[0]: has no answer: write it on the line below the question";
        assert_eq!(read(text).1, [problem]);
        let many = format!(
            "questions: [{}]",
            ["{question: Why?, answer: So.}"; 21].join(", ")
        );
        assert_eq!(read(&many).1, ["facts.questions: are 21; at most 20"]);
    }

    #[test]
    fn a_level_reads_what_it_may() {
        let (questions, _) = read(
            "questions: [{question: Q1, answer: A1}, {question: Q2, answer: A2, level: technical}]",
        );
        let facts = Facts {
            questions,
            ..Facts::default()
        };
        let count = |level| facts.questions_for(level).count();
        assert_eq!(Level::ALL.map(count), [1, 1, 2]);
    }
}
