//! What waits for somebody to agree, with all that it says.

use super::layout::{self, text};
use super::notices::{level_words, name};
use super::preview::channel_words;
use super::{Frame, approval as words};
use crate::ops::approval::{Item, Text, Waiting};
use crate::status_page::assets;
use crate::status_page::when;
use askama::Template;
use forewarn_core::time::Zone;

/// The texts of an event that wait, and a button.
#[derive(Template)]
#[template(path = "console/approval.html")]
pub struct ApprovalPage {
    /// What every page has.
    pub frame: Frame,
    /// Where the event stands in the console.
    pub event_path: String,
    /// Its title.
    pub title: String,
    /// What somebody must agree to.
    pub waiting: Waiting,
    /// How many notices wait, for whatever reason.
    pub held: usize,
}

impl ApprovalPage {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    /// Nothing to look at, nothing to agree to.
    fn is_empty(&self) -> bool {
        self.held == 0 && self.waiting.approved
    }
}

/// The same by the link in a mail, for somebody who is not signed in.
#[derive(Template)]
#[template(path = "console/approve.html")]
pub struct ApproveByLink {
    /// The organisation's name.
    pub organisation: String,
    /// The organisation's zone, in which times are shown.
    pub zone: Zone,
    /// The event's title.
    pub title: String,
    /// Where the button posts to.
    pub action: String,
    /// What somebody must agree to.
    pub waiting: Waiting,
}

impl ApproveByLink {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }
}

/// "Reminder, 1 business day before".
fn notice(item: &Item) -> String {
    name(&item.milestone, item.offset.as_deref())
}

/// "Mail, non-technical, en": which of a notice's texts this is.
fn named(text: &Text) -> String {
    let (channel, level) = (channel_words(text.channel), level_words(text.level));
    format!("{channel}, {}, {}", level.to_lowercase(), text.language)
}
