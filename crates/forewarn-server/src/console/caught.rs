//! Messages that the demo caught instead of sending.

use super::Frame;
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
pub struct Caught {
    /// The frame.
    pub frame: Frame,
    /// The messages.
    pub items: Vec<CaughtRow>,
    /// Cursor of the next page.
    pub next: Option<String>,
}

/// One caught message.
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
