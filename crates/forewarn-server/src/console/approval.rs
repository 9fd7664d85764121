//! What waits for somebody to agree, with all that it says.

use super::Frame;
use super::layout::text;
use crate::ops::approval::Waiting;
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
}
