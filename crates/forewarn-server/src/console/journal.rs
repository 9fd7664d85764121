//! The journal.

use super::Frame;
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
