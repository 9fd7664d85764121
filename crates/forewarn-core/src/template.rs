//! Templates: texts with variables from a fixed list and conditions, nothing else.

mod difference;
mod engine;
mod length;
mod parser;
mod variable;

pub use difference::{Change, Line, Piece, difference};
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

/// A language's library, read when its first message is written.
macro_rules! library {
    ($name:ident, $language:literal) => {
        static $name: LazyLock<Vec<Template>> = LazyLock::new(|| {
            let text = include_str!(concat!("../data/templates/", $language, ".yaml"));
            read_library(text, $language)
        });
    };
}

library!(EN, "en");
library!(DE, "de");
library!(FR, "fr");
library!(ES, "es");
library!(AR, "ar");

fn read_library(text: &str, language: &str) -> Vec<Template> {
    let mut problems = Problems::default();
    let nodes = parse_yaml(text).unwrap_or_default();
    let read = |node| {
        let template = Template::read_texts(node, "", &mut problems)?;
        let language = language.to_owned();
        Some(Template {
            language,
            ..template
        })
    };
    let library = nodes.iter().filter_map(read).collect();
    debug_assert!(problems.0.is_empty(), "{language}: {:?}", problems.0);
    library
}

/// The templates that exist without being written, for every milestone, in this language: one of [`crate::words::LANGUAGES`]. An
/// organisation's own take their place.
pub fn built_in(language: &str) -> &'static [Template] {
    match language {
        "en" => &EN,
        "de" => &DE,
        "fr" => &FR,
        "es" => &ES,
        "ar" => &AR,
        _ => &[],
    }
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
        let template = Template::read_texts(node, path, problems)?;
        for (name, fault) in length::too_long(&template) {
            let field = match path.is_empty() {
                true => name.to_owned(),
                false => format!("{path}.{name}"),
            };
            problems.add(&field, node.place, fault.to_string());
        }
        Some(template)
    }

    /// The same without a look at how long its messages become, for which messages must be made.
    fn read_texts(node: &Node, path: &str, problems: &mut Problems) -> Option<Template> {
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

    /// What it is for, by which it is known: `announcement.non_technical.email.en`, with a kind of event at its end where it is for one.
    pub fn id(&self) -> String {
        let level = self.level.map_or("any", Level::as_str);
        let channel = self.channel.map_or("any", Channel::as_str);
        // One for any kind of event has the id that it always had.
        let event = self.event.as_ref().map(|event| format!(".{event}"));
        format!(
            "{}.{level}.{channel}.{}{}",
            self.milestone,
            self.language,
            event.unwrap_or_default()
        )
    }

    /// What an id of [`Template::id`] says, with the text that is read where nobody wrote one.
    ///
    /// # Errors
    /// Everything that is wrong with the id.
    pub fn from_id(id: &str) -> Result<Template, String> {
        let parts: Vec<&str> = id.split('.').collect();
        let (milestone, level, channel, language, event) = match *parts.as_slice() {
            [milestone, level, channel, language] => (milestone, level, channel, language, None),
            [milestone, level, channel, language, event] => {
                (milestone, level, channel, language, Some(event))
            }
            _ => return Err("is no template's id, such as update.any.email.en".into()),
        };
        let named = |text| Some(text).filter(|text| *text != "any");
        let mut template = Template {
            milestone: parse_milestone(milestone)?,
            event: event.map(crate::routing::parse_kind).transpose()?,
            level: named(level).map(Level::parse).transpose()?,
            channel: named(channel).map(Channel::parse).transpose()?,
            language: crate::organisation::parse_language(language)?,
            subject: None,
            body: String::new(),
        };
        if let Some(text) = template.stands_for() {
            template.subject.clone_from(&text.subject);
            template.body.clone_from(&text.body);
        }
        Ok(template)
    }

    /// The built-in text that would be read in its place, if there is one in its language.
    pub fn stands_for(&self) -> Option<&'static Template> {
        let level = self.level.unwrap_or(Level::NonTechnical);
        let channel = self.channel.unwrap_or(Channel::Email);
        let found = |event| {
            let all = fitting(&[], &self.milestone, event, level, channel, &self.language);
            all.into_iter().find(|t| t.language == self.language)
        };
        found(self.event.as_deref()).or_else(|| found(None))
    }

    /// How well it fits, best greatest; nothing when it is for something else.
    fn fit(&self, milestone: &str, level: Level, channel: Channel) -> Option<Fit> {
        if self.milestone != milestone || self.level.is_some_and(|l| l != level) {
            return None;
        }
        let channel = channels(channel).iter().position(|c| *c == self.channel)?;
        Some((self.level.is_some(), Reverse(channel)))
    }
}

type Fit = (bool, Reverse<usize>);

/// The templates for a kind of event, or for any, that fit, best first: a language nearer to the reader before level before channel;
/// of one language those of the organisation before the built-in; of equals the earlier.
pub(crate) fn fitting<'a>(
    own: &'a [Template],
    milestone: &str,
    event: Option<&str>,
    level: Level,
    channel: Channel,
    language: &str,
) -> Vec<&'a Template> {
    let of = |templates: &'a [Template], language: &str| {
        let mut found: Vec<(Fit, &Template)> = templates
            .iter()
            .filter(|t| t.language == language && t.event.as_deref() == event)
            .filter_map(|t| Some((t.fit(milestone, level, channel)?, t)))
            .collect();
        found.sort_by_key(|(fit, _)| Reverse(*fit));
        found
    };
    let mut all = Vec::new();
    for language in languages(language) {
        all.extend(of(own, language));
        all.extend(of(built_in(language), language));
    }
    all.into_iter().map(|(_, template)| template).collect()
}

/// The languages in which a reader of `language` can be addressed: `pt-BR`, then `pt`, then English.
pub(crate) fn languages(language: &str) -> Vec<&str> {
    let mut chain = vec![language];
    for more in [crate::words::primary(language), "en"] {
        if !chain.contains(&more) {
            chain.push(more);
        }
    }
    chain
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
