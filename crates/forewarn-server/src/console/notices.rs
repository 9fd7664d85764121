//! Notices and their deliveries.

use super::Frame;
use super::layout::text;
use crate::ops::copy::Copy;
use crate::status_page::milestone_words;
use askama::Template;
use forewarn_core::audience::Level;
use forewarn_core::contact::Channel;
use forewarn_core::delivery::DeliveryStatus;
use forewarn_core::offset::Offset;
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
    /// Where it stands in the console.
    pub event_path: String,
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
    /// When its text must be with those who carry it on.
    pub copy_due: Option<Timestamp>,
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
#[derive(Template)]
#[template(path = "console/notices.html")]
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

/// A notice's text for those who carry it on.
#[derive(Template)]
#[template(path = "console/copy.html")]
pub struct CopyPage {
    /// The frame.
    pub frame: Frame,
    /// The event's title, and the path to it.
    pub event: (String, String),
    /// The audience's name.
    pub audience: String,
    /// What it says.
    pub copy: Copy,
}

impl CopyPage {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    fn name(&self) -> String {
        milestone_words(&self.copy.milestone)
    }
}

/// Deliveries, with a filter.
#[derive(Template)]
#[template(path = "console/deliveries.html")]
pub struct DeliveryList {
    /// The frame.
    pub frame: Frame,
    /// Notices that go out now, of the event or notice that was asked for.
    pub going_out: Vec<NoticeRow>,
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
    /// Of one notice: how many messages were given up.
    pub given_up: i64,
}

/// A notice's name for readers: "Reminder, 5 business days before", "Progress, at 50%".
pub(super) fn name(milestone: &str, offset: Option<&str>) -> String {
    let name = milestone_words(milestone);
    match offset {
        None => name,
        Some(percent) if percent.ends_with('%') => format!("{name}, at {percent}"),
        Some(offset) => format!("{name}, {}", before(offset)),
    }
}

/// An offset for readers: "5 business days before".
pub(super) fn before(offset: &str) -> String {
    match Offset::parse(offset) {
        Ok(Offset::AtOnce) => "at once".into(),
        Ok(offset) => format!("{} before", offset.words()),
        Err(_) => offset.to_owned(),
    }
}

/// A level for readers.
pub(super) fn level_words(level: Level) -> &'static str {
    match level {
        Level::NonTechnical => "Non-technical",
        Level::SemiTechnical => "Semi-technical",
        Level::Technical => "Technical",
    }
}

/// The tone of a notice's status.
pub(super) fn tone(status: &str) -> &'static str {
    match status {
        "sent" => "ok",
        "sending" => "info",
        "awaiting_approval" => "slow",
        "planned" => "clock",
        _ => "near",
    }
}

impl NoticeRow {
    pub(super) fn name(&self) -> String {
        name(&self.milestone, self.offset.as_deref())
    }

    pub(super) fn level_words(&self) -> &'static str {
        level_words(self.level)
    }

    pub(super) fn tone(&self) -> &'static str {
        tone(&self.status)
    }

    pub(super) fn status_words(&self) -> String {
        milestone_words(&self.status)
    }
}

impl Counts {
    /// No delivery at all.
    pub fn is_empty(&self) -> bool {
        *self == Counts::default()
    }
}

impl DeliveryRow {
    pub(super) fn tone(&self) -> &'static str {
        match self.status {
            DeliveryStatus::Accepted | DeliveryStatus::Delivered => "ok",
            DeliveryStatus::Queued => "clock",
            DeliveryStatus::Attempting => "info",
            DeliveryStatus::Failed => "down",
            DeliveryStatus::Unknown => "part",
            DeliveryStatus::Suppressed | DeliveryStatus::Superseded | DeliveryStatus::Expired => {
                "near"
            }
        }
    }

    pub(super) fn notice_words(&self) -> String {
        milestone_words(&self.milestone)
    }

    /// The number of attempts and what came of the last.
    pub(super) fn summary(&self) -> String {
        let last = self.attempts.last().map_or("", Attempt::words);
        match self.attempts.len() {
            1 => format!("1 attempt, {last}"),
            n => format!("{n} attempts, last {last}"),
        }
    }
}

impl Attempt {
    pub(super) fn words(&self) -> &str {
        match self.outcome.as_str() {
            "transient_failure" => "failed for now",
            "permanent_failure" => "failed for good",
            other => other,
        }
    }
}

impl Counts {
    /// What became of all of them, as shares of 100 beside each other: the tone, where it begins, how wide it is.
    pub(super) fn shares(&self) -> Vec<(&'static str, f64, f64)> {
        let parts = [
            ("ok", self.accepted + self.delivered),
            ("down", self.failed + self.expired),
            ("part", self.unknown),
            ("near", self.suppressed + self.superseded),
            ("wait", self.queued),
        ];
        let all: u64 = parts.iter().map(|(_, count)| count).sum();
        let share = |count: u64| 100.0 * count as f64 / all.max(1) as f64;
        let mut begins = 0.0;
        let mut shares = Vec::new();
        for (tone, count) in parts.into_iter().filter(|(_, count)| *count > 0) {
            shares.push((tone, begins, share(count)));
            begins += share(count);
        }
        shares
    }
}

impl NoticeList {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    fn statuses(&self) -> Vec<(&'static str, String)> {
        let all = [
            "planned",
            "awaiting_approval",
            "sending",
            "sent",
            "moved",
            "superseded",
            "cancelled",
        ];
        all.map(|s| (s, milestone_words(s))).to_vec()
    }

    fn more(&self) -> Option<String> {
        let cursor = self.next.as_ref()?;
        let filter = [
            ("event", self.event.clone()),
            ("status", self.status.clone()),
        ];
        Some(next_page("/console/notices", &filter, cursor))
    }
}

impl DeliveryList {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    fn statuses(&self) -> [DeliveryStatus; 9] {
        DeliveryStatus::ALL
    }

    fn is_chosen(&self, status: &DeliveryStatus) -> bool {
        self.status == Some(*status)
    }

    fn channels(&self) -> [Channel; 6] {
        Channel::ALL
    }

    fn more(&self) -> Option<String> {
        let cursor = self.next.as_ref()?;
        let filter = [
            ("event", self.event.clone()),
            ("notice", self.notice.clone()),
            ("channel", self.channel.clone()),
            ("status", self.status.map(|s| s.as_str().to_owned())),
        ];
        Some(next_page("/console/deliveries", &filter, cursor))
    }
}

/// The address of the next page of a list with the same filter.
pub(super) fn next_page(path: &str, filter: &[(&str, Option<String>)], cursor: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in filter {
        value.iter().for_each(|value| {
            query.append_pair(name, value);
        });
    }
    query.append_pair("after", cursor);
    format!("{path}?{}", query.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_of_a_notice_has_a_part_for_all_that_became_of_it() {
        let counts = Counts {
            queued: 50,
            accepted: 20,
            delivered: 25,
            failed: 5,
            ..Counts::default()
        };
        let bar = [("ok", 0.0, 45.0), ("down", 45.0, 5.0), ("wait", 50.0, 50.0)];
        assert_eq!(counts.shares(), bar);
        assert!(Counts::default().shares().is_empty());
    }
}
