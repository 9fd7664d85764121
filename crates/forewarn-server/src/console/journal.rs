//! The journal.

use super::Frame;
use super::layout::text;
use super::notices::next_page;
use askama::Template;
use jiff::Timestamp;

/// An entry of the journal.
#[derive(Clone, Debug)]
pub struct JournalRow {
    /// Its number in the chain.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// Who: a user, a token, or the engine.
    pub who: String,
    /// What was done, in words.
    pub what: String,
    /// The event's id.
    pub event: Option<String>,
    /// Further words: a reason, what changed.
    pub detail: Option<String>,
}

/// The journal, newest first.
#[derive(Template)]
#[template(path = "console/journal.html")]
pub struct Journal {
    /// The frame.
    pub frame: Frame,
    /// Only of this event.
    pub event: Option<String>,
    /// Entries.
    pub items: Vec<JournalRow>,
    /// Cursor of the next page.
    pub next: Option<String>,
}

impl Journal {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    fn more(&self) -> Option<String> {
        let cursor = self.next.as_ref()?;
        let filter = [("event", self.event.clone())];
        Some(next_page("/console/journal", &filter, cursor))
    }
}
