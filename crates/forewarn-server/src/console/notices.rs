//! Notices and their deliveries.

use super::Frame;
use forewarn_core::audience::Level;
use forewarn_core::delivery::DeliveryStatus;
use jiff::Timestamp;

/// A notice in a list.
#[derive(Clone, Debug)]
pub struct NoticeRow {
    /// Its id.
    pub id: String,
    /// The event's id.
    pub event: String,
    /// `maintenance` or `incident`.
    pub event_kind: String,
    /// The event's title.
    pub event_title: String,
    /// `announcement`, `reminder`, `holding`, ...
    pub milestone: String,
    /// Its place: `5bd`, `50%`.
    pub offset: Option<String>,
    /// The audience's name.
    pub audience: String,
    /// How much detail its text has.
    pub level: Level,
    /// When it is or was due.
    pub due: Timestamp,
    /// `planned`, `awaiting_approval`, `sending`, `sent`, `moved`, `superseded`, `cancelled`.
    pub status: String,
    /// Why it is due then, or why it was withdrawn.
    pub because: String,
    /// Its deliveries by status.
    pub counts: Counts,
}

/// Deliveries by status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Waiting or being attempted.
    pub queued: u64,
    /// Taken by the next hop.
    pub accepted: u64,
    /// Confirmed by the far end.
    pub delivered: u64,
    /// Given up.
    pub failed: u64,
    /// Nobody can say.
    pub unknown: u64,
    /// Not wanted.
    pub suppressed: u64,
    /// Replaced by something newer.
    pub superseded: u64,
    /// Too late to mean anything.
    pub expired: u64,
}

/// A delivery with its attempts.
#[derive(Clone, Debug)]
pub struct DeliveryRow {
    /// Its id.
    pub id: String,
    /// The notice's id.
    pub notice: String,
    /// The event's id.
    pub event: String,
    /// Which notice.
    pub milestone: String,
    /// The contact's id or name.
    pub contact: String,
    /// The channel's name.
    pub channel: String,
    /// The address; a webhook's is shortened by whoever fills this.
    pub endpoint: String,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// When the next attempt is due, while it waits.
    pub next_attempt: Option<Timestamp>,
    /// What was tried, oldest first.
    pub attempts: Vec<Attempt>,
    /// `Message-ID` or `webhook-id`.
    pub message_id: String,
}

/// One attempt.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// When.
    pub at: Timestamp,
    /// `accepted`, `transient_failure`, `permanent_failure`, `unknown`.
    pub outcome: String,
    /// The server's own words: hostile text.
    pub server_said: String,
}

/// Notices, with a filter.
pub struct NoticeList {
    /// The frame.
    pub frame: Frame,
    /// Only of this event.
    pub event: Option<String>,
    /// Only in this status.
    pub status: Option<String>,
    /// Those that fit, by due time.
    pub items: Vec<NoticeRow>,
    /// Cursor of the next page.
    pub next: Option<String>,
}

/// Deliveries, with a filter.
pub struct DeliveryList {
    /// The frame.
    pub frame: Frame,
    /// Only of this event.
    pub event: Option<String>,
    /// Only of this notice.
    pub notice: Option<String>,
    /// Only by this channel.
    pub channel: Option<String>,
    /// Only in this status.
    pub status: Option<DeliveryStatus>,
    /// Those that fit, newest first.
    pub items: Vec<DeliveryRow>,
    /// Cursor of the next page.
    pub next: Option<String>,
}
