//! What an approver agrees to: every text of a notice, and a hash by which it is known again.
//!
//! The hash is over the words as they would be said at a fixed moment, so that the passing of time changes nothing: when a
//! message falls due, how long is left, how late it is, and whether work has begun are no part of what is approved.

use super::{Content, Message, Variant, render, webhook_body};
use crate::audience::Level;
use crate::contact::Channel;
use crate::document::Catalogue;
use crate::reader::Reader;
use crate::template::Template;
use crate::time::Zone;
use crate::words::LANGUAGES;
use data_encoding::HEXLOWER;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Another form of the hash needs another name, so that no approval of the old form passes for one of the new.
const FORM: &str = "forewarn approval 1";

/// The texts that a notice may become: one for each level, channel and language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    /// Who is told.
    pub audience: String,
    /// The notice's own level first, then richer ones: whoever is in several audiences reads the richest.
    pub levels: Vec<Level>,
    /// Its channels.
    pub channels: Vec<Channel>,
    /// Every language that has templates or that the organisation speaks.
    pub languages: Vec<String>,
    /// Its words for everybody are among the texts: somebody who reads it may moderate another audience, and has people of their own
    /// to tell.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub forwarded: bool,
    /// The clocks on which an approver reads it. Who has others gets the same times on theirs.
    pub zone: Zone,
}

impl Sheet {
    /// The sheet of a notice to this audience.
    pub fn new(
        audience: &str,
        level: Level,
        channels: &[Channel],
        catalogue: &Catalogue,
        own: &[Template],
    ) -> Sheet {
        let organisation = &catalogue.organisation;
        let named = catalogue.audiences.iter().find(|a| a.id == *audience);
        let zone = named.and_then(|a| a.time_zone.clone());
        let richer: BTreeSet<Level> = catalogue.audiences.iter().map(|a| a.level).collect();
        let mut levels = vec![level];
        levels.extend(richer.into_iter().filter(|l| *l > level));
        let mut channels = channels.to_vec();
        channels.sort();
        channels.dedup();
        let first = organisation.languages.iter().cloned();
        let mut languages: Vec<String> = Vec::new();
        let own = own.iter().map(|template| template.language.clone());
        let written: BTreeSet<_> = own.chain(LANGUAGES.map(str::to_owned)).collect();
        for language in first.chain(written) {
            if !languages.contains(&language) {
                languages.push(language);
            }
        }
        Sheet {
            audience: audience.to_owned(),
            levels,
            channels,
            languages,
            forwarded: level > Level::NonTechnical
                && catalogue.audiences.iter().any(|a| a.forwardable),
            zone: zone.unwrap_or_else(|| organisation.time_zone.clone()),
        }
    }

    /// The level at which somebody reads it: theirs where it was approved, else the notice's own.
    pub fn level(&self, theirs: Level) -> Level {
        let own = self.levels.first().copied().unwrap_or(theirs);
        match self.levels.contains(&theirs) {
            true => theirs,
            false => own,
        }
    }

    /// Whether somebody saw its words for everybody, which a moderator may forward.
    pub fn lets_forward(&self) -> bool {
        self.forwarded || self.levels.contains(&Level::NonTechnical)
    }

    /// The texts as they go out, the most read first, and what of it can be forwarded.
    pub fn texts(&self, content: &Content, own: &[Template]) -> Vec<(Variant, Message)> {
        let said = |content: &Content, variant: Variant| {
            let message = render(content, &variant, own);
            (variant, message)
        };
        let mut texts: Vec<_> = self
            .variants(&self.levels)
            .map(|v| said(content, v))
            .collect();
        if self.forwarded {
            let content = Content {
                forwardable: false,
                readers: Some(Reader::EndUser),
                ..content.clone()
            };
            let all = self.variants(&[Level::NonTechnical]);
            let all = all.filter(|v| match v.channel {
                Channel::Email | Channel::Chat | Channel::Webhook => true,
                // Nothing that is forwarded stands below what is short.
                Channel::Sms | Channel::Voice | Channel::Push => false,
            });
            let all = all.map(|v| said(&content, v));
            texts.extend(all.filter(|(_, message)| !message.text.trim().is_empty()));
        }
        texts
    }

    /// The texts in which nothing is left to read: what a level may not see was all that its template says.
    pub fn silent(&self, content: &Content, own: &[Template]) -> Vec<Variant> {
        let texts = self.texts(content, own).into_iter();
        let silent = texts.filter(|(_, message)| message.text.trim().is_empty());
        let spoken = silent.map(|(variant, message)| Variant {
            language: message.language,
            ..variant
        });
        let mut found: Vec<Variant> = spoken.collect();
        // Languages without a text of their own share one.
        found.dedup();
        found
    }

    fn variants<'a>(&'a self, levels: &'a [Level]) -> impl Iterator<Item = Variant> + 'a {
        levels.iter().flat_map(move |level| {
            self.channels.iter().flat_map(move |channel| {
                self.languages.iter().map(move |language| Variant {
                    level: *level,
                    channel: *channel,
                    language: language.clone(),
                    zone: self.zone.clone(),
                })
            })
        })
    }

    /// SHA-256, in hexadecimal, over subject and bodies of every text, and over whom they are for.
    pub fn hash(&self, content: &Content, own: &[Template]) -> String {
        let content = timeless(content);
        let mut hash = Sha256::new();
        let mut part = |bytes: &[u8]| {
            // With its length first: no two lists of parts are the same bytes.
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        let place = content.offset.as_deref().unwrap_or_default();
        let of = [content.event.as_str(), &self.audience, &content.milestone];
        for text in [FORM].into_iter().chain(of).chain([place]) {
            part(text.as_bytes());
        }
        let mut said = BTreeSet::new();
        for (variant, message) in self.texts(&content, own) {
            let (level, channel) = (variant.level, variant.channel);
            // Languages that fall back to the same templates say the same.
            if !said.insert((level, channel, message.language.clone())) {
                continue;
            }
            for text in [level.as_str(), channel.as_str(), &message.language] {
                part(text.as_bytes());
            }
            for text in [&message.subject, &message.markdown, &message.text] {
                part(text.as_bytes());
            }
            part(message.html.as_bytes());
            if channel == Channel::Webhook {
                part(&webhook_body(&content, &message, &variant, ""));
            }
        }
        HEXLOWER.encode(&hash.finalize())
    }
}

/// The content without what only the moment of sending knows.
fn timeless(content: &Content) -> Content {
    let start = content.start.as_ref().map(|start| start.instant());
    let moment = start.or(content.began_at).unwrap_or(Timestamp::UNIX_EPOCH);
    let kind = content.event_kind.as_str();
    let planned = matches!(kind, "maintenance" | "announcement");
    Content {
        at: moment,
        late_by_seconds: 0,
        ack_url: None,
        code: None,
        // What is planned is approved before it begins.
        status: match planned {
            true => "scheduled".into(),
            false => content.status.clone(),
        },
        began_at: match planned {
            true => start,
            false => content.began_at,
        },
        ..content.clone()
    }
}

/// The templates that texts of this milestone can be made from.
pub fn templates_for(milestone: &str, own: &[Template]) -> Vec<Template> {
    let general = ["announcement", "update"];
    own.iter()
        .filter(|t| t.milestone == milestone || general.contains(&t.milestone.as_str()))
        .cloned()
        .collect()
}
