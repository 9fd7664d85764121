//! Templates: texts with variables from a fixed list and conditions, nothing else.

mod engine;
mod parser;
mod variable;

pub use engine::{Format, Parsed, Value, Values};
pub use parser::Fault;
pub use variable::Variable;

use crate::audience::Level;
use crate::contact::Channel;
use crate::document::{Fields, Node, Problems, line, parse_yaml, prose};
use crate::message::MILESTONES;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::sync::LazyLock;

/// The English library, written after the rules of messages that people understand.
static LIBRARY: LazyLock<Vec<Template>> = LazyLock::new(|| {
    let text = include_str!("../data/templates/en.yaml");
    let mut problems = Problems::default();
    let nodes = parse_yaml(text).unwrap_or_default();
    let read = |node| Template::read(node, "", &mut problems);
    let library = nodes.iter().filter_map(read).collect();
    debug_assert!(problems.0.is_empty(), "{:?}", problems.0);
    library
});

/// The templates that exist without being written, for every milestone; an organisation's own take their place.
pub fn built_in() -> &'static [Template] {
    &LIBRARY
}

/// A text for one milestone, narrowed to a kind of event, level, channel and language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// The milestone it is for.
    pub milestone: String,
    /// The kind of event it is for; any when absent. An update says other things about a fault than about an outage.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub event: Option<String>,
    /// The level it is for; any when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub level: Option<Level>,
    /// The channel it is for; when absent, any but the short ones (`sms`, `voice`, `push`), which a long text would flood.
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
    /// Reads a template, recording all problems, those inside its texts with their line and column there.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Template> {
        let mut fields = Fields::of(node, path, problems)?;
        let milestone = fields.required("milestone", problems, parse_milestone);
        let event = fields.optional("event", problems, crate::routing::parse_kind);
        let level = fields.optional("level", problems, Level::parse);
        let channel = fields.optional("channel", problems, Channel::parse);
        let language = fields.optional("language", problems, crate::organisation::parse_language);
        let subject = fields.optional("subject", problems, line(300));
        let body = fields.required("body", problems, prose(20_000));
        for (name, text) in [("subject", &subject), ("body", &body)] {
            for fault in text.iter().flat_map(|text| faults(text, level)) {
                fields.problem(name, fault.to_string(), problems);
            }
        }
        fields.finish(problems);
        Some(Template {
            milestone: milestone?,
            event,
            level,
            channel,
            language: language.unwrap_or_else(|| "en".into()),
            subject,
            body: body?,
        })
    }

    /// How well it fits, best greatest; nothing when it is for something else.
    fn fit(&self, milestone: &str, level: Level, channel: Channel, language: &str) -> Option<Fit> {
        if self.milestone != milestone || self.level.is_some_and(|l| l != level) {
            return None;
        }
        let language = languages(language).position(|l| l == self.language)?;
        let channel = channels(channel).iter().position(|c| *c == self.channel)?;
        Some((Reverse(language), self.level.is_some(), Reverse(channel)))
    }
}

type Fit = (Reverse<usize>, bool, Reverse<usize>);

/// The templates for a kind of event, or for any, that fit, best first: language before level before channel; of equals the
/// earlier.
pub(crate) fn fitting<'a>(
    templates: impl IntoIterator<Item = &'a Template>,
    milestone: &str,
    event: Option<&str>,
    level: Level,
    channel: Channel,
    language: &str,
) -> Vec<&'a Template> {
    let mut found: Vec<(Fit, &Template)> = templates
        .into_iter()
        .filter(|t| t.event.as_deref() == event)
        .filter_map(|t| Some((t.fit(milestone, level, channel, language)?, t)))
        .collect();
    found.sort_by_key(|(fit, _)| Reverse(*fit));
    found.into_iter().map(|(_, template)| template).collect()
}

/// The languages in which a reader of `language` can be addressed: `pt-BR`, then `pt`, then English.
fn languages(language: &str) -> impl Iterator<Item = &str> {
    let primary = language.split('-').next().unwrap_or(language);
    [language, primary, "en"].into_iter()
}

/// Whose templates serve a channel, its own first.
fn channels(channel: Channel) -> &'static [Option<Channel>] {
    match channel {
        Channel::Email => &[Some(Channel::Email), None],
        Channel::Chat => &[Some(Channel::Chat), None],
        Channel::Webhook => &[Some(Channel::Webhook), Some(Channel::Chat), None],
        Channel::Sms => &[Some(Channel::Sms)],
        Channel::Voice => &[Some(Channel::Voice), Some(Channel::Sms)],
        Channel::Push => &[Some(Channel::Push), Some(Channel::Sms)],
    }
}

fn parse_milestone(text: &str) -> Result<String, String> {
    if MILESTONES.contains(&text) {
        Ok(text.to_owned())
    } else {
        Err(crate::problem::unknown("milestone", text, MILESTONES))
    }
}

/// What is wrong with a text, also that it asks for what its level may not see.
pub(crate) fn faults(text: &str, level: Option<Level>) -> Vec<Fault> {
    let parsed = match Parsed::parse(text) {
        Ok(parsed) => parsed,
        Err(faults) => return faults,
    };
    let Some(level) = level else {
        return Vec::new();
    };
    let hidden = parsed.variables().into_iter().find(|v| v.level() > level);
    hidden.map_or_else(Vec::new, |variable| {
        let at = text.find(variable.name()).unwrap_or(0);
        let before = &text[..at];
        vec![Fault {
            line: before.matches('\n').count() + 1,
            column: before.chars().rev().take_while(|c| *c != '\n').count() + 1,
            problem: format!(
                "'{}' is for level {} and is always empty at {}",
                variable.name(),
                variable.level().as_str(),
                level.as_str()
            ),
        }]
    })
}

#[cfg(test)]
mod tests;
