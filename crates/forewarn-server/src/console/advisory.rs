//! Advisories: faults that were found between releases.

use super::incident::{LEVELS, NOT_BEFORE_THEY_AGREE, severities_with_none};
use super::layout::text;
use super::maintenance::facts;
use super::reach::Reached;
use super::{Choice, Frame, JournalRow, LevelLook, NoticeRow, Typed};
use crate::ops::acknowledgement::Confirmations;
use crate::status_page::{milestone_words, when};
use askama::Template;
use forewarn_core::advisory::{Advisory, Status, Word};
use forewarn_core::promise::Thread;
use forewarn_core::routing::Cause;
use forewarn_core::undo::Undoable;
use jiff::Timestamp;

/// Advisories as a list.
#[derive(Template)]
#[template(path = "console/advisories.html")]
pub struct AdvisoryList {
    /// The frame.
    pub frame: Frame,
    /// Open ones, the newest first.
    pub open: Vec<AdvisoryRow>,
    /// Closed ones, the newest first.
    pub closed: Vec<AdvisoryRow>,
}

/// An advisory in the list.
pub struct AdvisoryRow {
    /// The advisory.
    pub advisory: Advisory,
    /// Names of its services.
    pub services: Vec<String>,
}

/// The form that makes a fault known.
///
/// Fields: `services` (several), `effect`, `title`, `severity`, `cause`, `facts.workaround`, `facts.action.what`, `facts.cause`,
/// `facts.data_safe`, `facts.contact`, `facts.technical`, `requesters` (one a line), `next_update_in`, and the button `do`
/// (`preview` or `create`).
#[derive(Template)]
#[template(path = "console/new_advisory.html")]
pub struct NewAdvisory {
    /// The frame.
    pub frame: Frame,
    /// What was typed and what is wrong.
    pub typed: Typed,
    /// What people would be told first, at each level.
    pub levels: Vec<LevelLook>,
    /// Every service.
    pub services: Vec<Choice>,
    /// What would be told, and to whom, after a preview.
    pub preview: Option<Discovery>,
}

/// What would be told of a fault.
pub struct Discovery {
    /// The subject of the mail to those who are not technical.
    pub subject: String,
    /// Its text, as HTML that is already sanitised.
    pub html: String,
    /// Who would be reached.
    pub reached: Reached,
}

/// One advisory.
///
/// Its forms post to `updates` (`text`, `next_update_in`, ...), `fix` (`fixed_text`, `action`, `fixed_override`), `withdraw` (`why`, `why_override`) and `recipients`.
#[derive(Template)]
#[template(path = "console/advisory.html")]
pub struct AdvisoryPage {
    /// The frame.
    pub frame: Frame,
    /// The advisory.
    pub advisory: Advisory,
    /// Its version, which the forms send back.
    pub version: i64,
    /// Names of its services.
    pub services: Vec<String>,
    /// What was typed, and what is wrong with it.
    pub typed: Typed,
    /// Its notices with counts.
    pub notices: Vec<NoticeRow>,
    /// Who was asked to confirm what, and who has.
    pub confirmations: Vec<Confirmations>,
    /// What was done, newest first.
    pub journal: Vec<JournalRow>,
    /// People who were added, in words.
    pub added: Vec<String>,
    /// Every audience.
    pub audiences: Vec<Choice>,
}

impl AdvisoryList {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }
}

impl AdvisoryRow {
    fn due(&self) -> Option<Timestamp> {
        self.advisory.promise().map(|promise| promise.due)
    }

    fn status(&self) -> &'static str {
        words(self.advisory.status)
    }

    fn lasted(&self) -> String {
        let end = self.advisory.closed_at;
        end.map_or(String::new(), |end| {
            when::lasts(end.duration_since(self.advisory.found_at))
        })
    }
}

impl NewAdvisory {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    fn severities(&self) -> [(&'static str, &'static str); 6] {
        severities_with_none()
    }

    fn causes(&self) -> [(&'static str, &'static str); 5] {
        let [application, infrastructure, security, third_party] = Cause::ALL.map(Cause::as_str);
        [
            ("", "not known yet"),
            (application, "a program of ours"),
            (infrastructure, "machines, networks, power"),
            (security, "security"),
            (third_party, "somebody whom we buy it from"),
        ]
    }

    fn data_options(&self) -> [(&'static str, &'static str); 3] {
        [
            ("", "Say nothing about data"),
            ("true", "Yes, data is safe"),
            ("false", "Some data may be affected"),
        ]
    }

    /// Asked for where the guard has refused something.
    fn guarded(&self) -> &'static [&'static str] {
        &["privacy_override"]
    }

    fn folded(&self) -> &'static [&'static str] {
        &[
            "title",
            "facts.cause",
            "facts.data_safe",
            "facts.contact",
            "facts.risk",
            "facts.fallback",
            "facts.cost",
            "facts.questions",
            "facts.technical",
            "requesters",
        ]
    }
}

impl AdvisoryPage {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    /// Until when the last change can be undone.
    fn waits(&self) -> Option<Timestamp> {
        self.advisory.waits_until(self.frame.now)
    }

    /// What is true of a word that is not told when it can no longer be undone.
    fn waits_for(&self) -> &'static str {
        match self.advisory.waits() {
            true => NOT_BEFORE_THEY_AGREE,
            false => "",
        }
    }

    fn tone(&self) -> &'static str {
        match self.advisory.status {
            Status::Open => "info",
            Status::Fixed => "ok",
            Status::Withdrawn => "near",
        }
    }

    fn status(&self) -> &'static str {
        words(self.advisory.status)
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        facts(&self.advisory.facts)
    }

    fn name(&self, word: &&Word) -> String {
        match word.status {
            Status::Withdrawn => "Withdrawn".to_owned(),
            Status::Open | Status::Fixed => milestone_words(word.milestone()),
        }
    }

    /// The fields of a folded action, which is open where one of them is filled in or wrong.
    fn fields_of(&self, action: &str) -> &'static [&'static str] {
        match action {
            "update" => &["next_update_in", "requesters"],
            "fix" => &["action", "fixed_text", "fixed_override"],
            "withdraw" => &["why", "why_override"],
            _ => &["email", "contact", "audience", "webhook_url"],
        }
    }

    /// Asked for where the guard has refused something in the form of an action.
    fn guarded(&self, action: &str) -> &'static [&'static str] {
        match action {
            "fix" => &["fixed_override"],
            "withdraw" => &["why_override"],
            _ => &["privacy_override"],
        }
    }

    /// Whether what was to be done with this form wants the number of its recipients.
    fn counts(&self, action: &str) -> bool {
        self.typed.is("acted", action)
    }

    fn levels(&self) -> [(&'static str, &'static str); 3] {
        LEVELS
    }
}

/// What an advisory's status says to those who run it.
fn words(status: Status) -> &'static str {
    match status {
        Status::Open => "Being fixed",
        Status::Fixed => "Fixed",
        Status::Withdrawn => "Withdrawn",
    }
}
