//! The facts of an event, entered once; every level's text is made from them.

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
            effect, why, cause, action, workaround, data_safe, contact, technical
        );
        self
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
