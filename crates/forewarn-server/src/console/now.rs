//! What is owed next.

use super::{Frame, NoticeRow};
use forewarn_core::incident::{Severity, Status};
use jiff::Timestamp;

/// The first page: what is owed next, and what is in doubt.
pub struct Now {
    /// The frame.
    pub frame: Frame,
    /// Open promises, the nearest first.
    pub promises: Vec<PromiseRow>,
    /// Things in doubt, the gravest first.
    pub doubts: Vec<Doubt>,
    /// Notices going out.
    pub going_out: Vec<NoticeRow>,
    /// Notices due next (about ten).
    pub due_next: Vec<NoticeRow>,
    /// Nothing has been set up yet: the page says how to begin.
    pub fresh: bool,
}

/// An open promise.
#[derive(Clone, Debug)]
pub struct PromiseRow {
    /// The incident's id.
    pub incident: String,
    /// Its title.
    pub title: String,
    /// How grave it is.
    pub severity: Severity,
    /// Where it stands.
    pub status: Status,
    /// By when the next update was promised.
    pub due: Timestamp,
    /// Who speaks for it.
    pub spokesperson: Option<String>,
}

/// Something in doubt.
#[derive(Clone, Debug)]
pub struct Doubt {
    /// What: "7 deliveries are unknown".
    pub what: String,
    /// Why it matters, or what to do.
    pub why: String,
    /// Where to look: a path of the console.
    pub link: String,
    /// It cannot wait.
    pub grave: bool,
}
