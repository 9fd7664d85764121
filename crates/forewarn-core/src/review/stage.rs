//! When a message goes out, and by which channel: which rules apply.

use crate::message::{MILESTONES, milestone};
use crate::problem::unknown;

/// The states of an incident, which name a stage too.
const STATES: [&str; 5] = [
    "investigating",
    "identified",
    "monitoring",
    "resolved",
    "postmortem",
];

/// A stage: a milestone, or a state of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage(&'static str);

impl Default for Stage {
    fn default() -> Stage {
        Stage("update")
    }
}

impl Stage {
    /// Reads a stage's name.
    ///
    /// # Errors
    /// Offers the nearest known name.
    pub fn parse(text: &str) -> Result<Stage, String> {
        let state = STATES.into_iter().find(|state| *state == text);
        match state.or_else(|| milestone(text)) {
            Some(name) => Ok(Stage(name)),
            None => Err(unknown("stage", text, Stage::names())),
        }
    }

    /// The name of every stage.
    pub fn names() -> impl Iterator<Item = &'static str> + Clone {
        MILESTONES.into_iter().chain(STATES)
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// An incident goes on: people wait for the next word.
    pub fn is_open(self) -> bool {
        matches!(
            self.0,
            "holding" | "update" | "investigating" | "identified" | "monitoring"
        )
    }

    /// The first word about something unplanned.
    pub(super) fn is_first(self) -> bool {
        matches!(self.0, "holding" | "discovery" | "investigating")
    }

    /// An incident is over.
    pub(super) fn is_over(self) -> bool {
        matches!(self.0, "resolution" | "resolved")
    }

    /// The first word about planned work.
    pub(super) fn is_announcement(self) -> bool {
        self.0 == "announcement"
    }

    /// Something was or is wrong: people may have been harmed.
    pub(super) fn is_of_incident(self) -> bool {
        self.is_open()
            || self.is_over()
            || matches!(self.0, "discovery" | "fixed" | "follow_up" | "postmortem")
    }

    /// Goes to the team itself, or asks one person for something: a form, not a message about an event.
    pub(super) fn is_internal(self) -> bool {
        matches!(
            self.0,
            "overrun_check"
                | "promise_warning"
                | "promise_broken"
                | "alert_draft"
                | "alert_graver"
                | "spokesperson_call"
                | "handover"
                | "test"
                | "digest"
                | "planned_outage"
                | "clocks_changed"
                | "confirm_subscription"
                | "manage_subscription"
                | "sign_in"
                | "window_use"
        )
    }
}

/// A channel as the review tells them apart: what it is read on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Medium {
    /// Mail.
    #[default]
    Email,
    /// A text message.
    Sms,
    /// A call, read aloud.
    Voice,
    /// A chat room.
    Chat,
    /// A web page.
    Web,
}

impl Medium {
    /// Every one.
    pub const ALL: [Medium; 5] = [
        Medium::Email,
        Medium::Sms,
        Medium::Voice,
        Medium::Chat,
        Medium::Web,
    ];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Medium::Email => "email",
            Medium::Sms => "sms",
            Medium::Voice => "voice",
            Medium::Chat => "chat",
            Medium::Web => "web",
        }
    }

    /// Reads a channel's name.
    ///
    /// # Errors
    /// Offers the nearest known name.
    pub fn parse(text: &str) -> Result<Medium, String> {
        let found = Medium::ALL.into_iter().find(|m| m.as_str() == text);
        found.ok_or_else(|| unknown("channel", text, Medium::ALL.map(Medium::as_str)))
    }
}
