//! What notices would say, before they do: each text once, with who would read it and what the review finds in it.

use super::{Segments, Variant, render, sms_segments};
use crate::audience::Level;
use crate::contact::Channel;
use crate::document::Catalogue;
use crate::event::{Event, Occasion};
use crate::plan::{Notice, is_team_notice};
use crate::review::{Context, Medium, Review, Stage, Text, review};
use crate::template::Template;
use serde::Serialize;

/// A text as it would go out to some audiences.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Preview {
    /// The names of the audiences that would read it.
    pub audiences: Vec<String>,
    /// At which level.
    pub level: Level,
    /// By which channel.
    pub channel: Channel,
    /// The language it came out in.
    pub language: String,
    /// One line; empty where the channel has none.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same as a fragment of sanitised HTML, where the channel has it.
    pub html: Option<String>,
    /// What it costs as a text message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sms: Option<Segments>,
    /// What the review finds. Its rules are about English; other languages have none.
    pub review: Option<Review>,
}

/// What notices are made from that have not been published.
#[derive(Clone, Copy, Debug)]
pub struct Proof<'a> {
    /// The event as it would be.
    pub event: &'a Event,
    /// What its notices are about.
    pub occasion: &'a Occasion,
    /// Everything that is known of services and audiences.
    pub catalogue: &'a Catalogue,
    /// The organisation's own templates.
    pub templates: &'a [Template],
    /// Where pages are found.
    pub public_url: &'a str,
    /// What is internal, and what was said last.
    pub context: &'a Context,
}

impl Proof<'_> {
    /// The texts of these notices in the organisation's first language, those of one channel together. Notices to the team itself
    /// are no part of it.
    pub fn previews(&self, notices: &[Notice]) -> Vec<Preview> {
        let mut found: Vec<Preview> = Vec::new();
        for notice in notices {
            let named = self.catalogue.audiences.iter();
            let Some(audience) = named.clone().find(|a| a.id == *notice.audience) else {
                continue;
            };
            if is_team_notice(&notice.milestone) {
                continue;
            }
            for channel in &notice.channels {
                let preview = self.preview(notice, *channel);
                match found.iter_mut().find(|other| is_same(other, &preview)) {
                    Some(same) => same.audiences.push(audience.name.clone()),
                    None => found.push(Preview {
                        audiences: vec![audience.name.clone()],
                        ..preview
                    }),
                }
            }
        }
        found.sort_by_key(|preview| (preview.channel, preview.level));
        found
    }

    fn preview(&self, notice: &Notice, channel: Channel) -> Preview {
        let organisation = &self.catalogue.organisation;
        let audience = self.catalogue.audiences.iter();
        let audience = audience.clone().find(|a| a.id == *notice.audience);
        let zone = audience.and_then(|a| a.time_zone.clone());
        let occasion = Occasion {
            milestone: notice.milestone.clone(),
            offset: notice.offset.clone(),
            ..self.occasion.clone()
        };
        let content = self.event.content(
            &occasion,
            audience,
            self.catalogue,
            self.public_url,
            notice.due,
        );
        let languages = organisation.languages.first();
        let variant = Variant {
            level: notice.level,
            channel,
            language: languages.cloned().unwrap_or_else(|| "en".into()),
            zone: zone.unwrap_or_else(|| organisation.time_zone.clone()),
        };
        let message = render(&content, &variant, self.templates);
        let is_short = matches!(channel, Channel::Sms | Channel::Voice | Channel::Push);
        let subject = match is_short {
            true => String::new(),
            false => message.subject,
        };
        Preview {
            audiences: Vec::new(),
            level: notice.level,
            channel,
            review: self.reviewed(notice, channel, &message.language, &subject, &message.text),
            sms: (channel == Channel::Sms).then(|| sms_segments(&message.text)),
            html: (!is_short).then_some(message.html),
            language: message.language,
            subject,
            text: message.text,
        }
    }

    fn reviewed(
        &self,
        notice: &Notice,
        channel: Channel,
        language: &str,
        subject: &str,
        text: &str,
    ) -> Option<Review> {
        let medium = match channel {
            Channel::Email => Medium::Email,
            Channel::Sms | Channel::Push => Medium::Sms,
            Channel::Voice => Medium::Voice,
            Channel::Chat | Channel::Webhook => Medium::Chat,
        };
        let stage = Stage::parse(&notice.milestone).ok()?;
        let subject = Some(subject).filter(|subject| !subject.is_empty());
        let text = Text::new(text, subject, notice.level, stage, medium).ok()?;
        let is_english = language.split('-').next() == Some("en");
        is_english.then(|| review(&text, self.context))
    }
}

fn is_same(one: &Preview, other: &Preview) -> bool {
    (one.level, one.channel) == (other.level, other.channel)
        && (&one.subject, &one.text) == (&other.subject, &other.text)
}
