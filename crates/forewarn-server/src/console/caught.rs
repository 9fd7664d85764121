//! Messages that the demo caught instead of sending.

use super::Frame;
use super::layout::text;
use super::notices::next_page;
use askama::Template;
use jiff::Timestamp;

/// What kind of message was caught.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaughtKind {
    /// A mail.
    Mail,
    /// A webhook request.
    Webhook,
}

/// A caught message in the list.
#[derive(Clone, Debug)]
pub struct CaughtRow {
    /// Its id.
    pub id: String,
    /// What it is.
    pub kind: CaughtKind,
    /// The mail's subject, or the webhook's event type.
    pub subject: String,
    /// Whom it was for: an address or URL.
    pub to: String,
    /// When it came, by the demo's clock.
    pub at: Timestamp,
}

/// Messages that the demo caught, newest first.
#[derive(Template)]
#[template(path = "console/caught.html")]
pub struct Caught {
    /// The frame.
    pub frame: Frame,
    /// The messages.
    pub items: Vec<CaughtRow>,
    /// Cursor of the next page.
    pub next: Option<String>,
}

/// One caught message.
#[derive(Template)]
#[template(path = "console/caught_message.html")]
pub struct CaughtMessage {
    /// The frame.
    pub frame: Frame,
    /// Which.
    pub message: CaughtRow,
    /// Whom it came from.
    pub from: String,
    /// Its headers in order.
    pub headers: Vec<(String, String)>,
    /// Its plain text, or a webhook's body.
    pub text: String,
    /// It has HTML, which `/console/caught/{id}/html` gives.
    pub has_html: bool,
    /// Names of attached parts (`invite.ics`).
    pub attachments: Vec<String>,
}

impl Caught {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    fn more(&self) -> Option<String> {
        let cursor = self.next.as_ref()?;
        Some(next_page("/console/caught", &[], cursor))
    }
}

impl CaughtMessage {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }
}

impl CaughtRow {
    fn icon(&self) -> &'static str {
        match self.kind {
            CaughtKind::Mail => "mail",
            CaughtKind::Webhook => "hook",
        }
    }
}
