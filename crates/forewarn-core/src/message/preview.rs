//! What notices would say, before they do: each text once, with who would read it and what the review finds in it.

use super::{
    Ask, Content, Message, Segments, Variant, chat_body, render, render_page, sms_segments,
};
use crate::acknowledge::asked;
use crate::audience::{Audience, Level};
use crate::contact::{Channel, ChatKind};
use crate::document::Catalogue;
use crate::event::{Event, Occasion};
use crate::incident::Incident;
use crate::mail::{List, html_page};
use crate::plan::{Notice, is_team_notice};
use crate::review::{Context, Medium, Review, Stage, Text, review};
use crate::template::Template;
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::collections::BTreeMap;

/// Where a text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outlet {
    /// It is sent.
    Channel(Channel),
    /// It stands on the event's own page.
    Page,
}

impl Outlet {
    /// Its name in the API: a channel's, or `web`.
    pub fn as_str(self) -> &'static str {
        match self {
            Outlet::Channel(channel) => channel.as_str(),
            Outlet::Page => "web",
        }
    }

    /// The channel whose templates it uses.
    pub(super) fn channel(self) -> Channel {
        match self {
            Outlet::Channel(channel) => channel,
            Outlet::Page => Channel::Email,
        }
    }

    fn is_short(self) -> bool {
        matches!(
            self,
            Outlet::Channel(Channel::Sms | Channel::Voice | Channel::Push)
        )
    }
}

impl Serialize for Outlet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A text as it would go out to some audiences.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Preview {
    /// The template that is tried, by its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The names of the audiences that would read it.
    pub audiences: Vec<String>,
    /// At which level.
    pub level: Level,
    /// Where.
    pub channel: Outlet,
    /// The language it came out in.
    pub language: String,
    /// One line; empty where the channel has none.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same as a fragment of sanitised HTML, where the channel has it.
    pub html: Option<String>,
    /// The whole HTML of the mail, as its readers get it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
    /// What each chat product is posted. Where people are asked to confirm it the link to do so, which is each room's own, ends in
    /// `EXAMPLE`; a room of Slack whose buttons lead to us has a button in its place.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rooms: BTreeMap<&'static str, Value>,
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

/// Who is told what.
struct Told<'a> {
    milestone: &'a str,
    offset: Option<&'a str>,
    audience: Option<&'a Audience>,
    level: Level,
    due: Timestamp,
}

impl Proof<'_> {
    /// The texts of these notices in the organisation's first language, those of one channel together. Notices to the team itself
    /// are no part of it.
    pub fn previews(&self, notices: &[Notice]) -> Vec<Preview> {
        let mut found = Vec::new();
        for notice in notices {
            let named = self.catalogue.audiences.iter();
            let Some(audience) = named.clone().find(|a| a.id == *notice.audience) else {
                continue;
            };
            if is_team_notice(&notice.milestone) {
                continue;
            }
            let told = Told {
                milestone: &notice.milestone,
                offset: notice.offset.as_deref(),
                audience: Some(audience),
                level: notice.level,
                due: notice.due,
            };
            for channel in &notice.channels {
                let preview = self.preview(&told, Outlet::Channel(*channel));
                add(&mut found, preview);
            }
        }
        sorted(found)
    }

    /// What these audiences would be told at a milestone, on each of their channels and on the event's page.
    pub fn told(&self, audiences: &[&Audience], at: Timestamp) -> Vec<Preview> {
        let mut found = Vec::new();
        for audience in audiences {
            let told = Told {
                milestone: &self.occasion.milestone,
                offset: self.occasion.offset.as_deref(),
                audience: Some(audience),
                level: audience.level,
                due: at,
            };
            for choice in &audience.channels {
                let preview = self.preview(&told, Outlet::Channel(choice.channel));
                add(&mut found, preview);
            }
        }
        if !audiences.is_empty() {
            // The page is for everybody, and says what everybody may know.
            let told = Told {
                milestone: &self.occasion.milestone,
                offset: self.occasion.offset.as_deref(),
                audience: None,
                level: Level::NonTechnical,
                due: at,
            };
            found.push(self.preview(&told, Outlet::Page));
        }
        sorted(found)
    }

    fn preview(&self, told: &Told<'_>, outlet: Outlet) -> Preview {
        let organisation = &self.catalogue.organisation;
        let zone = told.audience.and_then(|a| a.time_zone.clone());
        let occasion = Occasion {
            milestone: told.milestone.to_owned(),
            offset: told.offset.map(str::to_owned),
            ..self.occasion.clone()
        };
        let content = self.event.content(
            &occasion,
            told.audience,
            self.catalogue,
            self.public_url,
            told.due,
        );
        let languages = organisation.languages.first();
        let variant = Variant {
            level: told.level,
            channel: outlet.channel(),
            language: languages.cloned().unwrap_or_else(|| "en".into()),
            zone: zone.unwrap_or_else(|| organisation.time_zone.clone()),
        };
        let message = match outlet {
            Outlet::Channel(_) => render(&content, &variant, self.templates),
            Outlet::Page => render_page(&content, &variant, self.templates),
        };
        let name = told.audience.map_or("", |audience| &audience.name);
        let before = self.told_before(told, &variant);
        let context = match before {
            Some(before) => &Context {
                previous: Some(before),
                ..self.context.clone()
            },
            None => self.context,
        };
        Preview {
            audiences: match outlet {
                Outlet::Channel(_) => vec![name.to_owned()],
                Outlet::Page => Vec::new(),
            },
            ..shown(
                message,
                &content,
                (&variant, outlet),
                name,
                asks(told.milestone, told.audience, self.catalogue),
                context,
            )
        }
    }

    /// What the same readers were told last, in the words of this variant: an update is to bring something new.
    fn told_before(&self, told: &Told<'_>, variant: &Variant) -> Option<String> {
        let number = self.occasion.update?.checked_sub(1)?;
        let milestone = match self.event {
            Event::Incident(i) => Incident::milestone_of(i.updates.get(number as usize)?),
            Event::Advisory(a) => a.updates.get(number as usize)?.milestone(),
            Event::Maintenance(_)
            | Event::Window(_)
            | Event::Reminder(_)
            | Event::Announcement(_) => return None,
        };
        let occasion = Occasion {
            milestone: milestone.to_owned(),
            update: Some(number),
            ..Occasion::default()
        };
        let (all, url) = (self.catalogue, self.public_url);
        let content = self
            .event
            .content(&occasion, told.audience, all, url, told.due);
        Some(render(&content, variant, self.templates).text)
    }
}

/// A message as a preview that nobody reads yet.
pub(super) fn shown(
    message: Message,
    content: &Content,
    (variant, outlet): (&Variant, Outlet),
    audience: &str,
    asks: bool,
    context: &Context,
) -> Preview {
    let level = variant.level;
    let list = List {
        id: content.event.clone(),
        name: audience.to_owned(),
        may_be_left: true,
    };
    let is_mail = outlet == Outlet::Channel(Channel::Email);
    let mail = is_mail.then(|| html_page(&message, content, &list));
    let rooms = match outlet {
        Outlet::Channel(Channel::Chat) => rooms(content, &message, variant, asks),
        Outlet::Channel(_) | Outlet::Page => BTreeMap::new(),
    };
    let subject = match outlet.is_short() {
        true => String::new(),
        false => message.subject,
    };
    let (language, text) = (&message.language, &message.text);
    Preview {
        template: None,
        audiences: Vec::new(),
        level,
        channel: outlet,
        review: reviewed(
            &content.milestone,
            (level, outlet),
            language,
            (&subject, text),
            context,
        ),
        sms: (outlet == Outlet::Channel(Channel::Sms)).then(|| sms_segments(text)),
        rooms,
        html: (!outlet.is_short()).then_some(message.html),
        mail,
        language: message.language,
        subject,
        text: message.text,
    }
}

/// Whether this audience is asked to confirm what it is told.
pub(super) fn asks(milestone: &str, audience: Option<&Audience>, catalogue: &Catalogue) -> bool {
    audience.is_some_and(|audience| asked(milestone, audience.id.as_str(), catalogue).is_some())
}

/// A message as each product is posted it. A public account has only the words for everybody.
fn rooms(
    content: &Content,
    message: &Message,
    variant: &Variant,
    asks: bool,
) -> BTreeMap<&'static str, Value> {
    let base = content
        .url
        .rsplit_once("/events/")
        .map_or("", |(base, _)| base);
    let example = format!("{base}/confirm/EXAMPLE");
    let ask = match asks {
        true => Ask::Link(&example),
        false => Ask::Nothing,
    };
    let posted = |kind: ChatKind| {
        let body = chat_body(kind, content, message, variant, ask);
        Some((kind.as_str(), serde_json::from_slice(&body).ok()?))
    };
    let everybody = variant.level == Level::NonTechnical;
    let kinds = ChatKind::ALL.into_iter();
    let kinds = kinds.filter(|kind| everybody || !kind.is_public());
    kinds.filter_map(posted).collect()
}

fn reviewed(
    milestone: &str,
    (level, outlet): (Level, Outlet),
    language: &str,
    (subject, text): (&str, &str),
    context: &Context,
) -> Option<Review> {
    let medium = match outlet {
        Outlet::Channel(Channel::Email) => Medium::Email,
        Outlet::Channel(Channel::Sms | Channel::Push) => Medium::Sms,
        Outlet::Channel(Channel::Voice) => Medium::Voice,
        Outlet::Channel(Channel::Chat | Channel::Webhook) => Medium::Chat,
        // It says what the mail says, which was looked at, and needs no link to itself.
        Outlet::Page => return None,
    };
    let stage = Stage::parse(milestone).ok()?;
    let subject = Some(subject).filter(|subject| !subject.is_empty());
    let text = Text::new(text, subject, level, stage, medium).ok()?;
    let is_english = language.split('-').next() == Some("en");
    is_english.then(|| review(&text, context))
}

/// Puts a preview with the others; where its text is among them, only its audiences.
pub(super) fn add(found: &mut Vec<Preview>, preview: Preview) {
    match found.iter_mut().find(|other| is_same(other, &preview)) {
        Some(same) => {
            for name in preview.audiences {
                if !same.audiences.contains(&name) {
                    same.audiences.push(name);
                }
            }
        }
        None => found.push(preview),
    }
}

/// Those of one channel together, the poorest level first.
pub(super) fn sorted(mut found: Vec<Preview>) -> Vec<Preview> {
    found.sort_by_key(|preview| (preview.channel, preview.level));
    found
}

fn is_same(one: &Preview, other: &Preview) -> bool {
    (one.level, one.channel) == (other.level, other.channel)
        && (&one.subject, &one.text, &one.rooms) == (&other.subject, &other.text, &other.rooms)
}
