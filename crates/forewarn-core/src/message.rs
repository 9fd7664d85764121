//! Messages: what is said, made once from the facts and turned into each channel's bytes.
//!
//! Preview, approval and sending use these same functions, so they are the same bytes.

mod chat;
mod digest;
mod level_text;
pub(crate) mod markdown;
mod preview;
mod push;
mod render;
mod sample;
mod sheet;
mod sms;
mod times;
mod trial;
mod values;
mod webhook;

pub use chat::{ACKNOWLEDGE, Ask, chat_body, post_body};
pub use digest::digest;
pub use level_text::LevelText;
pub use markdown::render_markdown;
pub use preview::{Outlet, Preview, Proof};
pub use push::{MOST_PUSH_BYTES, push_body, push_topic};
pub use render::{language_for, render, render_page, render_with};
pub use sample::sample;
pub use sheet::{Sheet, templates_for};
pub use sms::{Encoding, Segments, sms_segments};
pub use trial::{Trial, milestones_of, readers};
pub use webhook::{webhook_body, webhook_id};

use crate::audience::Level;
use crate::contact::{Channel, EmailAddress, HookUrl};
use crate::facts::Facts;
use crate::id::Id;
use crate::incident::Severity;
use crate::reader::Reader;
use crate::texts::Texts;
use crate::time::{CivilTime, Zone};
use crate::window_use::Work;
use crate::words::Words;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Every notice there is, by name.
pub const MILESTONES: [&str; 42] = [
    "announcement",
    "reminder",
    "final_reminder",
    "start",
    "progress",
    "copy_due",
    "approval_needed",
    "help_needed",
    "overrun_check",
    "overrun",
    "delay",
    "reschedule",
    "extension",
    "cancellation",
    "completion",
    "post_event_reminder",
    "leadership",
    "hypercare",
    "window_use",
    "effective",
    "discovery",
    "fixed",
    "holding",
    "update",
    "resolution",
    "follow_up",
    "promise_warning",
    "promise_kept",
    "promise_broken",
    "alert_draft",
    "alert_graver",
    "spokesperson_call",
    "handover",
    "test",
    "digest",
    "planned_outage",
    "clocks_changed",
    "plan_review",
    "action_due",
    "confirm_subscription",
    "manage_subscription",
    "sign_in",
];

/// The milestone of this name.
pub fn milestone(name: &str) -> Option<&'static str> {
    MILESTONES.into_iter().find(|m| *m == name)
}

/// Everything a message says, frozen when its notice falls due. No text yet: levels, channels, languages and zones make texts of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Who reads what people answer: the owner who talks to clients, or whom the event names.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reply_to: Option<EmailAddress>,
    /// The event it is about.
    pub event: Id,
    /// `maintenance`, `incident`, `window`, `reminder`, `advisory` or `announcement`.
    pub event_kind: String,
    /// The event's title.
    pub title: String,
    /// Which notice this is: `announcement`, `holding`, ...
    pub milestone: String,
    /// A reminder's or progress notice's place: `5bd`, `50%`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub offset: Option<String>,
    /// The organisation's name.
    pub organisation: String,
    /// Names of the services that the event is about, most important first.
    pub services: Vec<String>,
    /// Names of services that depend on those.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub dependents: Vec<String>,
    /// How grave (incidents).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub severity: Option<Severity>,
    /// The event's status as its API name: `investigating`, `scheduled`, ...
    pub status: String,
    /// What is known.
    pub facts: Facts,
    /// The spokesperson's own words, which take the place of the text made from facts.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub text: Option<String>,
    /// The same for the readers of one level, where somebody edited their text.
    #[serde(skip_serializing_if = "Texts::is_empty", default)]
    pub texts: Texts,
    /// Why it was delayed, extended or cancelled.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// Start of the window (maintenance); when it takes effect (announcements).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub start: Option<CivilTime>,
    /// End of the window (maintenance).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub end: Option<CivilTime>,
    /// The window as it was told before (delay, reschedule, extension); the same moment twice for what has no window.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub previous: Option<(CivilTime, CivilTime)>,
    /// When the event began (incidents: declared; maintenance: work started; advisories: made known).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub began_at: Option<Timestamp>,
    /// The promise: when the next update comes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next_update: Option<Timestamp>,
    /// The promise that was not kept, so that this message can own it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub missed: Option<Timestamp>,
    /// The time promised before, where this message says that the promise was moved.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub moved_from: Option<Timestamp>,
    /// Forewarn says by itself that nothing new is known.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub unchanged: bool,
    /// Names of the audiences that were promised the next update (warnings about a promise).
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub promised_to: Vec<String>,
    /// How late it is said that a promise is due or broken; 0 in time.
    #[serde(skip_serializing_if = "in_time", default)]
    pub late_by_seconds: i64,
    /// Where its reader says that they have it; each reader's own, so it is not frozen with the rest.
    #[serde(skip)]
    pub ack_url: Option<String>,
    /// The digits that prove a telephone; only whoever sends them knows them, so they are not stored.
    #[serde(skip)]
    pub code: Option<String>,
    /// The number of the change request behind it, for the change system.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub change_request: Option<String>,
    /// It goes to people who asked for this change or fix.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub requested: bool,
    /// Its readers are asked to write a text of which nothing is there yet.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub to_write: bool,
    /// What people notice in the words that were prepared, by level: whoever is in several audiences reads those of the richest.
    /// Nothing where somebody said what people notice.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub prepared: BTreeMap<Level, String>,
    /// Its readers have people of their own to tell: it brings a version to forward.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub forwardable: bool,
    /// Nobody said where to report trouble, and whoever talks to clients gets the answers to a mail: it says so.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub answerable: bool,
    /// What its readers read it for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub readers: Option<Reader>,
    /// What a standard window is used for; nothing when it is not used.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub works: Vec<Work>,
    /// What its reader is reminded of.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub task: Option<Task>,
    /// Somebody confirmed a message in a chat room: this one takes its place there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub confirmed: Option<Confirmed>,
    /// Public page of the event; a page of the console where only those who run it are told.
    pub url: String,
    /// When the notice fell due.
    pub at: Timestamp,
}

/// That a message was confirmed where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmed {
    /// The name of whoever did.
    pub by: String,
    /// The audience that was told.
    pub audience: String,
    /// Where what takes the message's place is posted.
    pub answer_url: HookUrl,
}

impl Content {
    /// What somebody wrote for the readers of this level.
    pub fn own_words(&self, level: Level) -> Option<&str> {
        self.texts.at(level).or(self.text.as_deref())
    }

    /// A message that is about no event, whatever else it says.
    pub fn apart(
        id: Id,
        kind: &str,
        milestone: &str,
        organisation: &str,
        at: Timestamp,
    ) -> Content {
        Content {
            reply_to: None,
            event: id,
            event_kind: kind.to_owned(),
            title: String::new(),
            milestone: milestone.to_owned(),
            offset: None,
            organisation: organisation.to_owned(),
            services: Vec::new(),
            dependents: Vec::new(),
            severity: None,
            status: String::new(),
            facts: Facts::default(),
            text: None,
            texts: Texts::default(),
            reason: None,
            start: None,
            end: None,
            previous: None,
            began_at: None,
            next_update: None,
            missed: None,
            moved_from: None,
            unchanged: false,
            promised_to: Vec::new(),
            late_by_seconds: 0,
            ack_url: None,
            code: None,
            change_request: None,
            requested: false,
            to_write: false,
            prepared: BTreeMap::new(),
            forwardable: false,
            answerable: false,
            readers: None,
            works: Vec::new(),
            task: None,
            confirmed: None,
            url: String::new(),
            at,
        }
    }
}

/// Something to be done by a time: a text that is due elsewhere, a plan to be looked at again, an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// What: the newsletter's name, the action; nothing where the event says it.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub what: String,
    /// By when.
    pub by: By,
    /// That has passed.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub overdue: bool,
    /// Who does it, where somebody is named.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub owner: Option<String>,
    /// The notice whose text it is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub notice: Option<String>,
}

/// By when something is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// A moment.
    Time(Timestamp),
    /// A day, wherever one is.
    Day(Date),
}

fn in_time(seconds: &i64) -> bool {
    *seconds == 0
}

/// Which of the texts: recipients who share a variant share its bytes, save for their own parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// Level of detail.
    pub level: Level,
    /// Channel.
    pub channel: Channel,
    /// Language tag; English stands in for a language without templates.
    pub language: String,
    /// Zone in which times are shown.
    pub zone: Zone,
}

/// A message in words, ready for a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Subject or headline: one line, at most 78 characters.
    pub subject: String,
    /// The body as Markdown.
    pub markdown: String,
    /// The body as plain text.
    pub text: String,
    /// The body as a sanitised HTML fragment.
    pub html: String,
    /// The language it came out in: English stands in where there is no template.
    pub language: String,
}

/// A duration in English words: `4 hours`, `1 hour 30 minutes`.
pub fn duration_words(duration: SignedDuration) -> String {
    times::words(duration, Words::of("en"))
}

#[cfg(test)]
pub(crate) use times::words as duration_in;

/// A subject without the name of the organisation before it, where something else says whose it is.
pub(crate) fn without_organisation<'a>(subject: &'a str, organisation: &str) -> &'a str {
    let rest = subject.strip_prefix(organisation).map(str::trim_start);
    let rest = rest.and_then(|rest| rest.strip_prefix(':'));
    rest.map_or(subject, str::trim_start)
}

/// A web address as it can stand in a message, if it leads to a web page.
pub(crate) fn safe_url(text: &str) -> Option<String> {
    let text = text.trim();
    let url = url::Url::parse(text).ok()?;
    if !matches!(url.scheme(), "http" | "https") || text.len() > 2_000 {
        return None;
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c);
    // As it was written, where that is safe: the normal form adds a slash that nobody typed.
    Some(if text.chars().all(plain) {
        text.to_owned()
    } else {
        url.to_string()
    })
}

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;
