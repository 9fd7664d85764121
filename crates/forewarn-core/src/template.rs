//! Templates: texts with variables from a fixed list and conditions, nothing else.

mod difference;
mod direction;
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
use crate::reader::Reader;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::sync::LazyLock;

/// A language's library, read when its first message is written.
macro_rules! library {
    ($name:ident, $language:literal) => {
        static $name: LazyLock<Vec<Template>> = LazyLock::new(|| {
            let all = include_str!(concat!("../data/templates/", $language, ".yaml"));
            let readers = include_str!(concat!("../data/templates/readers/", $language, ".yaml"));
            let mut library = read_library(all, $language);
            library.extend(read_library(readers, $language));
            library
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

/// A text for one milestone, narrowed to a kind of event, readers, level, channel and language.
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
    /// What its readers read it for; when absent it is for all who have none of their own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub readers: Option<Reader>,
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
        let readers = fields.optional("readers", problems, Reader::parse);
        let channel = fields.optional("channel", problems, Channel::parse);
        let language = fields.optional("language", problems, crate::organisation::parse_language);
        let subject = fields.optional("subject", problems, line(300));
        let body = fields.required("body", problems, prose(20_000));
        for (name, text) in [("subject", &subject), ("body", &body)] {
            for fault in text.iter().flat_map(|text| faults(text, level, readers)) {
                fields.problem(name, fault.to_string(), problems);
            }
        }
        fields.finish(problems);
        Some(Template {
            milestone: milestone?,
            event,
            level,
            readers,
            channel,
            language: language.unwrap_or_else(|| "en".into()),
            subject,
            body: body?,
        })
    }

    /// The levels of those that it is for at which its own text says nothing, though all is known that such a notice can tell: what
    /// stands under conditions, or is for others only.
    pub fn silent_at(&self) -> Vec<Level> {
        length::silent_at(self)
    }

    /// What it is for, by which it is known: `announcement.non_technical.email.en`, with a kind of event and readers at its end where it
    /// is for some.
    pub fn id(&self) -> String {
        let level = self.level.map_or("any", Level::as_str);
        let channel = self.channel.map_or("any", Channel::as_str);
        let mut id = format!("{}.{level}.{channel}.{}", self.milestone, self.language);
        // One for any kind of event and any readers has the id that it always had.
        let readers = self.readers.map(Reader::as_str);
        for part in self.event.as_deref().into_iter().chain(readers) {
            id = format!("{id}.{part}");
        }
        id
    }

    /// What an id of [`Template::id`] says, with the text that is read where nobody wrote one.
    ///
    /// # Errors
    /// Everything that is wrong with the id.
    pub fn from_id(id: &str) -> Result<Template, String> {
        let parts: Vec<&str> = id.split('.').collect();
        let [milestone, level, channel, language, ref narrowed @ ..] = *parts.as_slice() else {
            return Err("is no template's id, such as update.any.email.en".into());
        };
        // No kind of event has the name of readers.
        let (event, readers) = match *narrowed {
            [] => (None, None),
            [one] => match Reader::parse(one) {
                Ok(readers) => (None, Some(readers)),
                Err(_) => (Some(one), None),
            },
            [event, readers] => (Some(event), Some(Reader::parse(readers)?)),
            _ => return Err("has too many parts; one is update.any.email.en.advisory".into()),
        };
        let named = |text| Some(text).filter(|text| *text != "any");
        let mut template = Template {
            milestone: parse_milestone(milestone)?,
            event: event.map(crate::routing::parse_kind).transpose()?,
            level: named(level).map(Level::parse).transpose()?,
            readers,
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
        let wanted = Wanted {
            milestone: &self.milestone,
            event: self.event.as_deref(),
            level: self.level.unwrap_or(Level::NonTechnical),
            readers: self.readers,
            channel: self.channel.unwrap_or(Channel::Email),
            language: &self.language,
        };
        let mut all = fitting(&[], wanted).into_iter();
        all.find(|t| t.language == self.language)
    }

    /// How well it fits, best greatest; nothing when it is for something else.
    fn fit(&self, wanted: Wanted<'_>) -> Option<Fit> {
        let is_meant = self.milestone == wanted.milestone
            && self.level.is_none_or(|level| level == wanted.level)
            && (self.readers.is_none() || self.readers == wanted.readers)
            && (self.event.is_none() || self.event.as_deref() == wanted.event);
        let mut served = channels(wanted.channel).iter();
        let channel = served.position(|c| *c == self.channel)?;
        is_meant.then_some(Fit {
            event: self.event.is_some(),
            readers: self.readers.is_some(),
            level: self.level.is_some(),
            channel: Reverse(channel),
        })
    }
}

/// What a text is wanted for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub milestone: &'a str,
    /// The kind of event.
    pub event: Option<&'a str>,
    pub level: Level,
    pub readers: Option<Reader>,
    pub channel: Channel,
    /// What its reader speaks.
    pub language: &'a str,
}

/// How well a template fits: what it is for that others are not.
#[derive(Clone, Copy)]
struct Fit {
    event: bool,
    readers: bool,
    level: bool,
    channel: Reverse<usize>,
}

/// The templates that fit, best first. A language nearer to the reader comes before everything else, then one for the kind of event,
/// then one for these readers; of the rest the organisation's own before the built-in, level before channel, of equals the earlier.
pub(crate) fn fitting<'a>(own: &'a [Template], wanted: Wanted<'_>) -> Vec<&'a Template> {
    let mut all = Vec::new();
    for language in languages(wanted.language) {
        let mut found: Vec<(Fit, bool, &'a Template)> = Vec::new();
        for (is_own, templates) in [(true, own), (false, built_in(language))] {
            let spoken = templates.iter().filter(|t| t.language == language);
            found.extend(spoken.filter_map(|t| Some((t.fit(wanted)?, is_own, t))));
        }
        found.sort_by_key(|(fit, is_own, _)| {
            Reverse((fit.event, fit.readers, *is_own, fit.level, fit.channel))
        });
        all.extend(found.into_iter().map(|(_, _, template)| template));
    }
    all
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

/// What is wrong with a text, also that it asks for what its level or its readers may not see.
pub(crate) fn faults(text: &str, level: Option<Level>, readers: Option<Reader>) -> Vec<Fault> {
    let parsed = match Parsed::parse(text) {
        Ok(parsed) => parsed,
        Err(faults) => return faults,
    };
    let hidden = parsed.variables().into_iter().find_map(|variable| {
        let because = always_empty(variable, level, readers)?;
        Some((variable.name(), because))
    });
    hidden.map_or_else(Vec::new, |(name, because)| {
        // The word may stand in the text as well.
        let in_braces = |at: &usize| {
            let before = text[..*at].trim_end();
            before.ends_with("{{") || before.ends_with("{{#if")
        };
        let mut places = text.match_indices(name).map(|(at, _)| at);
        let before = &text[..places.find(in_braces).unwrap_or(0)];
        vec![Fault {
            line: before.matches('\n').count() + 1,
            column: before.chars().rev().take_while(|c| *c != '\n').count() + 1,
            problem: format!("'{name}' is {because}"),
        }]
    })
}

/// Why a variable never has a value for these readers.
fn always_empty(
    variable: Variable,
    level: Option<Level>,
    readers: Option<Reader>,
) -> Option<String> {
    if let Some(level) = level.filter(|level| variable.level() > *level) {
        let wanted = variable.level().as_str();
        return Some(format!(
            "for level {wanted} and is always empty at {}",
            level.as_str()
        ));
    }
    let denied = variable == Variable::Cost && readers != Some(Reader::Executive);
    denied.then(|| "for executives; write 'readers: executive' or leave it out".to_owned())
}

#[cfg(test)]
mod tests;
