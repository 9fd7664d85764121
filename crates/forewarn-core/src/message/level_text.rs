//! What the readers of one level are told, as somebody sees it who may edit it: what was made of the facts, what they made of that, and
//! what the review finds in it.

use super::render::{made, render};
use super::{Content, Proof, Variant};
use crate::audience::{Audience, Level};
use crate::contact::Channel;
use crate::plan::{Notice, is_team_notice};
use crate::review::{Medium, Review, Stage, Text, review};
use crate::words::primary;
use jiff::Timestamp;
use serde::Serialize;

/// The text of one level.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LevelText {
    /// Whose it is.
    pub level: Level,
    /// The names of the audiences that read it. The event's page has the words for everybody.
    pub audiences: Vec<String>,
    /// What is said where nobody edits it, as Markdown, without what stands around it: the promise, technical details, links.
    pub made: String,
    /// What is said in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edited: Option<String>,
    /// What the review finds in the mail that has the edited text. Its rules are about English; other languages have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review: Option<Review>,
}

impl LevelText {
    /// What people read.
    pub fn said(&self) -> &str {
        self.edited.as_deref().unwrap_or(&self.made)
    }
}

impl Proof<'_> {
    /// The text of each level, the poorest first, in the organisation's first language and on its clocks, as an edit begins with it.
    /// The occasion names the milestone; `notices` are those by which it is told `at` some moment.
    pub fn texts(&self, notices: &[Notice], at: Timestamp) -> Vec<LevelText> {
        self.each_level(|level| self.readers_of(level, notices), at)
    }

    /// The same for what these audiences would be told.
    pub fn texts_for(&self, audiences: &[&Audience], at: Timestamp) -> Vec<LevelText> {
        let named = |level| {
            let told = audiences.iter().filter(|audience| audience.level == level);
            told.map(|audience| audience.name.clone()).collect()
        };
        self.each_level(named, at)
    }

    fn each_level(&self, readers: impl Fn(Level) -> Vec<String>, at: Timestamp) -> Vec<LevelText> {
        let content = self
            .event
            .content(self.occasion, None, self.catalogue, self.public_url, at);
        let levels = Level::ALL.into_iter();
        levels
            .map(|level| self.text_of(&content, level, readers(level)))
            .collect()
    }

    fn text_of(&self, content: &Content, level: Level, audiences: Vec<String>) -> LevelText {
        let organisation = &self.catalogue.organisation;
        let variant = Variant {
            level,
            channel: Channel::Email,
            language: organisation.language().to_owned(),
            zone: organisation.time_zone.clone(),
        };
        let edited = content.texts.at(level).map(str::to_owned);
        LevelText {
            level,
            audiences,
            made: made(content, &variant, self.templates),
            review: edited
                .as_ref()
                .and_then(|_| self.reviewed(content, &variant)),
            edited,
        }
    }

    /// The names of the audiences that these notices tell at a level.
    fn readers_of(&self, level: Level, notices: &[Notice]) -> Vec<String> {
        let told = |audience: &&Audience| {
            let mut to_them = notices.iter().filter(|n| audience.id == *n.audience);
            to_them.any(|n| n.level == level && !is_team_notice(&n.milestone))
        };
        let audiences = self.catalogue.audiences.iter();
        audiences.filter(told).map(|a| a.name.clone()).collect()
    }

    /// The review of the whole mail: what surrounds an edited text says when the next update comes.
    fn reviewed(&self, content: &Content, variant: &Variant) -> Option<Review> {
        let mail = render(content, variant, self.templates);
        let (stage, subject) = (Stage::parse(&content.milestone).ok()?, Some(&*mail.subject));
        let text = Text::new(&mail.text, subject, variant.level, stage, Medium::Email).ok()?;
        let is_english = primary(&mail.language) == "en";
        is_english.then(|| review(&text, self.context))
    }
}
