//! What a plan is made for: work with a window, or a change that takes effect at one moment.
//!
//! Both are seen through one view, so that notices before the start are reckoned, collapsed and told again by the same rules.

use crate::announcement::{self, Announcement};
use crate::contact::EmailAddress;
use crate::facts::Action;
use crate::id::Id;
use crate::maintenance::{self, Maintenance};
use crate::policy::Exception;
use crate::recipient::Added;
use crate::routing::About;
use crate::time::CivilTime;
use jiff::Timestamp;

/// A planned thing, as far as a plan looks at it.
#[derive(Clone, Copy, Debug)]
pub struct Planned<'a> {
    /// Its id.
    pub id: &'a Id,
    /// Counts its times; a new one is a new revision.
    pub revision: u32,
    /// Services it names.
    pub services: &'a [Id],
    /// What routing looks at.
    pub about: About,
    /// When it starts or takes effect.
    pub start: &'a CivilTime,
    /// When its window ends; none for what takes effect at one moment.
    pub end: Option<&'a CivilTime>,
    /// Where it stands.
    pub phase: Phase,
    /// What readers must do.
    pub action: Option<&'a Action>,
    /// What it does otherwise than its policy says.
    pub exception: Option<&'a Exception>,
    /// Who is told although nobody planned for them.
    pub added: Option<&'a Added>,
    /// People who asked for it.
    pub requesters: &'a [EmailAddress],
    /// The work itself, where it is work: steps, decision and change request are its alone.
    pub work: Option<&'a Maintenance>,
}

/// Where a planned thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It is to come.
    Ahead,
    /// Work is under way since then, if that is known.
    UnderWay(Option<Timestamp>),
    /// It is done, or in effect, since then, if that is known.
    Done(Option<Timestamp>),
    /// It will not happen.
    Off,
}

impl Phase {
    /// Nothing more is expected of it.
    pub fn is_over(self) -> bool {
        match self {
            Phase::Done(_) | Phase::Off => true,
            Phase::Ahead | Phase::UnderWay(_) => false,
        }
    }
}

impl Planned<'_> {
    /// The document in which it stands: where a warning points.
    pub(super) fn document(&self) -> &'static str {
        match self.work {
            Some(_) => "maintenance",
            None => "announcement",
        }
    }

    /// The field that says when it starts.
    pub(super) fn start_field(&self) -> &'static str {
        match self.work {
            Some(_) => "maintenance.start",
            None => "announcement.effective",
        }
    }

    /// What notices lie before, in words.
    pub(super) fn before_what(&self) -> &'static str {
        match self.end {
            Some(_) => "before the start",
            None => "before it takes effect",
        }
    }
}

impl<'a> From<&'a Maintenance> for Planned<'a> {
    fn from(work: &'a Maintenance) -> Planned<'a> {
        use maintenance::Status;
        Planned {
            id: &work.id,
            revision: work.revision,
            services: &work.services,
            about: work.about(),
            start: &work.start,
            end: Some(&work.end),
            phase: match work.status {
                Status::AwaitingApproval | Status::Scheduled => Phase::Ahead,
                Status::InProgress => Phase::UnderWay(work.started_at),
                Status::Completed => Phase::Done(work.ended_at),
                Status::Cancelled => Phase::Off,
            },
            action: work.facts.action.as_ref(),
            exception: work.exception.as_ref(),
            added: Some(&work.added),
            requesters: &work.requesters,
            work: Some(work),
        }
    }
}

impl<'a> From<&'a Announcement> for Planned<'a> {
    fn from(announced: &'a Announcement) -> Planned<'a> {
        use announcement::Status;
        Planned {
            id: &announced.id,
            revision: announced.revision,
            services: &announced.services,
            about: announced.about(),
            start: &announced.effective,
            end: None,
            phase: match announced.status {
                Status::Scheduled => Phase::Ahead,
                Status::Effective => Phase::Done(announced.closed_at),
                Status::Cancelled => Phase::Off,
            },
            action: announced.facts.action.as_ref(),
            exception: announced.exception.as_ref(),
            added: Some(&announced.added),
            requesters: &announced.requesters,
            work: None,
        }
    }
}
