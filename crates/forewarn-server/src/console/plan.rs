//! A plan as the console shows it.

use super::Frame;
use super::notices::{self, before};
use super::picture::Picture;
use crate::status_page::{milestone_words, when};
use forewarn_core::audience::Level;
use forewarn_core::problem::Problem;
use jiff::{SignedDuration, Timestamp};

/// The schedule of notices of one maintenance.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Start and end of the window.
    pub window: Option<(Timestamp, Timestamp)>,
    /// Whether the window lies inside a standard one of every named service.
    pub inside_standard_window: Option<bool>,
    /// Every notice, by its due time.
    pub notices: Vec<PlannedNotice>,
    /// Notices that come later than the policy asks for.
    pub breaches: Vec<BreachRow>,
    /// Services that are affected, and who uses them.
    pub reach: Vec<Reach>,
    /// What the plan warns of.
    pub warnings: Vec<Problem>,
    /// What shares a message with other events, in words.
    pub digests: Vec<String>,
}

/// One notice of a plan.
#[derive(Clone, Debug)]
pub struct PlannedNotice {
    /// `announcement`, `reminder`, ...
    pub milestone: String,
    /// Its place: `5bd`, `50%`.
    pub offset: Option<String>,
    /// Offsets of the notices that it replaces.
    pub stands_for: Vec<String>,
    /// The audience's name.
    pub audience: String,
    /// How much detail its text has.
    pub level: Level,
    /// Names of the channels.
    pub channels: Vec<String>,
    /// When it falls due.
    pub due: Timestamp,
    /// Why then.
    pub because: String,
    /// `planned`, `sent`, ...; `planned` in a preview.
    pub status: String,
}

/// A notice that comes later than the policy asks for.
#[derive(Clone, Debug)]
pub struct BreachRow {
    /// The audience's name.
    pub audience: String,
    /// Which notice.
    pub milestone: String,
    /// Its place.
    pub offset: String,
    /// How late it comes.
    pub late_by: SignedDuration,
    /// The earliest start that would honour it.
    pub earliest_compliant_start: Timestamp,
}

/// A service that is affected.
#[derive(Clone, Debug)]
pub struct Reach {
    /// Its name.
    pub service: String,
    /// Names of the services from the one worked on to this one.
    pub path: Vec<String>,
    /// Names of the audiences that use it.
    pub audiences: Vec<String>,
}

impl PlannedNotice {
    pub(super) fn name(&self) -> String {
        notices::name(&self.milestone, self.offset.as_deref())
    }

    pub(super) fn stands_for_words(&self) -> String {
        let said = self.stands_for.iter().map(|offset| before(offset));
        said.collect::<Vec<_>>().join(", ")
    }

    pub(super) fn level_words(&self) -> &'static str {
        notices::level_words(self.level)
    }

    pub(super) fn tone(&self) -> &'static str {
        notices::tone(&self.status)
    }

    pub(super) fn status_words(&self) -> String {
        milestone_words(&self.status)
    }
}

impl BreachRow {
    pub(super) fn words(&self) -> String {
        format!(
            "{}: the {} ({}) comes {} late.",
            self.audience,
            self.milestone.replace('_', " "),
            before(&self.offset),
            when::lasts(self.late_by),
        )
    }
}

impl Reach {
    /// "by way of Student database, reaches Students"
    pub(super) fn words(&self) -> String {
        let who = if self.audiences.is_empty() {
            "nobody uses it".to_owned()
        } else {
            self.audiences.join(", ")
        };
        match self.path.as_slice() {
            [] | [_] => format!("{who} (worked on)"),
            [way @ .., _] => format!("{who} (stands on {})", way.join(", which stands under ")),
        }
    }
}

impl Plan {
    /// The plan as a picture.
    pub(super) fn picture(&self, frame: &Frame) -> Picture {
        Picture::of(self, &frame.zone, frame.now)
    }
}
