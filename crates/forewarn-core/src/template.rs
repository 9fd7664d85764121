//! Templates: texts with variables from a fixed list and conditions, nothing else.

use crate::audience::Level;
use crate::contact::Channel;
use crate::document::{Fields, Node, Problems, line, prose};
use serde::{Deserialize, Serialize};

/// A text for one milestone, narrowed to a level, channel and language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// The milestone it is for.
    pub milestone: String,
    /// The level it is for; any when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub level: Option<Level>,
    /// The channel it is for; any when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub channel: Option<Channel>,
    /// Its language.
    pub language: String,
    /// The subject or headline.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub subject: Option<String>,
    /// The text, in Markdown.
    pub body: String,
}

impl Template {
    /// Reads a template, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Template> {
        let mut fields = Fields::of(node, path, problems)?;
        let milestone = fields.required("milestone", problems, line(40));
        let level = fields.optional("level", problems, Level::parse);
        let channel = fields.optional("channel", problems, Channel::parse);
        let language = fields.optional("language", problems, crate::organisation::parse_language);
        let subject = fields.optional("subject", problems, line(300));
        let body = fields.required("body", problems, prose(20_000));
        fields.finish(problems);
        Some(Template {
            milestone: milestone?,
            level,
            channel,
            language: language.unwrap_or_else(|| "en".into()),
            subject,
            body: body?,
        })
    }
}
