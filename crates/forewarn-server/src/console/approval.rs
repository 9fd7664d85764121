//! What waits for somebody to agree, with all that it says.

use super::Frame;
use super::layout::text;
use super::notices::{level_words, name};
use super::preview::channel_words;
use crate::ops::approval::{Item, Text, Waiting};
use askama::Template;

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

    /// "Reminder, 1 business day before".
    fn notice(&self, item: &Item) -> String {
        name(&item.milestone, item.offset.as_deref())
    }

    /// "Mail, non-technical, en": which of its texts this is.
    fn text(&self, text: &Text) -> String {
        let (channel, level) = (channel_words(text.channel), level_words(text.level));
        format!("{channel}, {}, {}", level.to_lowercase(), text.language)
    }
}
