//! Announcements: changes that take effect at one moment.

use super::incident::{LEVELS, NOT_BEFORE_THEY_AGREE};
use super::layout::text;
use super::maintenance::facts;
use super::readings::{Question, questions};
use super::{Choice, Frame, JournalRow, LevelLook, NoticeRow, Plan, Typed};
use crate::status_page::milestone_words;
use askama::Template;
use forewarn_core::announcement::{Announcement, Status};
use forewarn_core::undo::Undoable;
use jiff::Timestamp;

/// Announcements as a list.
#[derive(Template)]
#[template(path = "console/announcements.html")]
pub struct AnnouncementList {
    /// The frame.
    pub frame: Frame,
    /// Those that are to come, by their moment.
    pub ahead: Vec<AnnouncementRow>,
    /// In effect and cancelled, newest first.
    pub past: Vec<AnnouncementRow>,
}

/// An announcement in the list.
pub struct AnnouncementRow {
    /// The announcement.
    pub announcement: Announcement,
    /// Names of its services.
    pub services: Vec<String>,
}

/// The form for a new announcement.
///
/// Fields: `title`, `kind`, `services` (several), `effective`, `facts.effect`, `facts.why`, `facts.action.what`, `facts.workaround`,
/// `facts.contact`, `facts.technical`, `requesters` (one a line), and the button `do` (`preview` or `create`).
#[derive(Template)]
#[template(path = "console/new_announcement.html")]
pub struct NewAnnouncement {
    /// The frame.
    pub frame: Frame,
    /// What was typed and what is wrong.
    pub typed: Typed,
    /// What people would be told first, at each level.
    pub levels: Vec<LevelLook>,
    /// Every service.
    pub services: Vec<Choice>,
    /// Every kind for which there is a policy.
    pub kinds: Vec<Choice>,
    /// The plan that would follow, after a preview.
    pub preview: Option<Plan>,
}

/// One announcement.
///
/// Its forms post to `move` (`effective`, `reason`), `change` (`title`, `facts.effect`, ...), `effective`, `cancel` (`why`) and
/// `recipients`.
#[derive(Template)]
#[template(path = "console/announcement.html")]
pub struct AnnouncementPage {
    /// The frame.
    pub frame: Frame,
    /// The announcement.
    pub announcement: Announcement,
    /// Its version, which the forms send back.
    pub version: i64,
    /// Names of its services.
    pub services: Vec<String>,
    /// What was typed, and what is wrong with it.
    pub typed: Typed,
    /// Its plan; what was sent or withdrawn is among the notices.
    pub plan: Plan,
    /// Its notices with counts.
    pub notices: Vec<NoticeRow>,
    /// What was done, newest first.
    pub journal: Vec<JournalRow>,
    /// Who was added to it, in words.
    pub added: Vec<String>,
    /// Every audience that could be.
    pub audiences: Vec<Choice>,
}

impl AnnouncementList {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }
}

impl AnnouncementRow {
    fn at(&self) -> Timestamp {
        let planned = self.announcement.effective.instant();
        self.announcement.closed_at.unwrap_or(planned)
    }

    fn status(&self) -> &'static str {
        words(self.announcement.status)
    }
}

impl NewAnnouncement {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    fn asked(&self) -> Vec<Question> {
        questions(&self.typed, &self.frame.zone)
    }

    fn kind_options(&self) -> Vec<(&str, &str)> {
        let kinds = self.kinds.iter();
        kinds.map(|k| (k.id.as_str(), k.name.as_str())).collect()
    }

    /// Asked for where the guard has refused something.
    fn guarded(&self) -> &'static [&'static str] {
        &["privacy_override"]
    }

    fn folded(&self) -> &'static [&'static str] {
        &[
            "facts.workaround",
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

impl AnnouncementPage {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    /// The messages whose text somebody edited, with their names.
    fn edited(&self) -> Vec<String> {
        let messages = self.announcement.texts.messages();
        messages.map(milestone_words).collect()
    }

    /// Until when the last change can be undone.
    fn waits(&self) -> Option<Timestamp> {
        self.announcement.waits_until(self.frame.now)
    }

    /// What is true of a change that is not told when it can no longer be undone.
    fn waits_for(&self) -> &'static str {
        let until = self.waits();
        let mut told_then = self.plan.notices.iter().filter(|n| Some(n.due) <= until);
        match told_then.any(|notice| notice.status == "awaiting_approval") {
            true => NOT_BEFORE_THEY_AGREE,
            false => "",
        }
    }

    fn asked(&self) -> Vec<Question> {
        questions(&self.typed, &self.frame.zone)
    }

    fn tone(&self) -> &'static str {
        match self.announcement.status {
            Status::Scheduled => "info",
            Status::Effective => "ok",
            Status::Cancelled => "near",
        }
    }

    fn status(&self) -> &'static str {
        words(self.announcement.status)
    }

    /// Whoever said that it is in effect is asked to how many that goes.
    fn asks_in_effect(&self) -> bool {
        let other = ["move", "cancel", "recipients"];
        let other = other.iter().any(|act| self.typed.any(self.fields_of(act)));
        self.typed.asks_count() && !other
    }

    fn levels(&self) -> [(&'static str, &'static str); 3] {
        LEVELS
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        facts(&self.announcement.facts)
    }

    /// The fields of a folded action, which is open where one of them is filled in or wrong.
    fn fields_of(&self, action: &str) -> &'static [&'static str] {
        match action {
            "move" => &["effective", "reason", "moved_override"],
            "change" => &[
                "title",
                "facts.effect",
                "facts.why",
                "facts.action.what",
                "changed_override",
            ],
            "recipients" => &["email", "contact", "audience", "webhook_url"],
            _ => &["why", "why_override"],
        }
    }

    /// Asked for where the guard has refused something in the form of an action.
    fn guarded(&self, action: &str) -> &'static [&'static str] {
        match action {
            "move" => &["moved_override"],
            "change" => &["changed_override"],
            _ => &["why_override"],
        }
    }
}

/// What an announcement's status says to those who run it.
fn words(status: Status) -> &'static str {
    match status {
        Status::Scheduled => "To come",
        Status::Effective => "In effect",
        Status::Cancelled => "Cancelled",
    }
}
