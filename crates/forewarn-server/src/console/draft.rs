//! Drafts that alerts opened, and the hooks that they came by.

use super::layout::text;
use super::{Frame, JournalRow};
use askama::Template;
use forewarn_core::alert::intake::{Draft, Tracked};
use forewarn_core::audience::Level;
use forewarn_core::hook::{Hook, Publish};
use forewarn_store::Note;

/// A draft that waits, as the first page shows it.
#[derive(Clone, Debug)]
pub struct DraftCard {
    /// The draft.
    pub draft: Draft,
    /// Names of its services.
    pub services: Vec<String>,
    /// What its alerts say: hostile text.
    pub alerts: Vec<String>,
}

/// Alerts and notes of a draft or incident.
#[derive(Clone, Debug, Default)]
pub struct Alerts {
    /// The alerts.
    pub alerts: Vec<Tracked>,
    /// The notes on a draft, the newest first; an incident has a place of its own for them.
    pub notes: Vec<Note>,
}

impl Alerts {
    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.alerts.is_empty() && self.notes.is_empty()
    }
}

/// A draft.
///
/// Its forms post to `publish` and `discard`.
#[derive(Template)]
#[template(path = "console/draft.html")]
pub struct DraftPage {
    /// The frame.
    pub frame: Frame,
    /// The draft.
    pub draft: Draft,
    /// Names of its services with what is said to be wrong.
    pub services: Vec<(String, &'static str)>,
    /// The holding statement: level, subject, text.
    pub holding: Vec<(Level, String, String)>,
    /// Its alerts.
    pub alerts: Alerts,
    /// What was done, newest first.
    pub journal: Vec<JournalRow>,
}

impl DraftPage {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    fn waits(&self) -> bool {
        self.draft.status.as_str() == "draft"
    }
}

/// A hook as it is listed.
#[derive(Clone, Debug)]
pub struct HookRow {
    /// The hook.
    pub hook: Hook,
    /// How many requests there were of each outcome.
    pub counts: Vec<(&'static str, u64)>,
    /// The last requests: when, outcome, more about it.
    pub last: Vec<(jiff::Timestamp, &'static str, String)>,
}

impl HookRow {
    fn automatic(&self) -> bool {
        self.hook.publish == Publish::Automatic
    }
}

/// The hooks and what came to them.
#[derive(Template)]
#[template(path = "console/hooks.html")]
pub struct HookList {
    /// The frame.
    pub frame: Frame,
    /// The hooks.
    pub items: Vec<HookRow>,
    /// Base of their addresses.
    pub public_url: String,
}

impl HookList {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    fn tone(&self, outcome: &str) -> &'static str {
        match outcome {
            "accepted" | "repeated" => "ok",
            "failed" => "down",
            _ => "slow",
        }
    }

    fn words(&self, outcome: &str) -> String {
        outcome.replace('_', " ")
    }
}
