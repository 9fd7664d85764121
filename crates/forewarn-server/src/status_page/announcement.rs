//! Announcements on the public pages: a card while they are to come, an entry once they are there, a calendar entry at their moment.

use super::page::excerpt;
use super::view::View;
use super::when::TimeHtml;
use super::{PublicMessage, Snapshot};
use forewarn_core::announcement::Announcement;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// An announcement and what was said about it in public.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicAnnouncement {
    /// The announcement. Who asked for it and technical facts are never shown.
    pub announcement: Announcement,
    /// When it was entered.
    pub created_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// Notices that have gone out, oldest first.
    pub messages: Vec<PublicMessage>,
}

impl PublicAnnouncement {
    /// It is to come.
    pub fn is_open(&self) -> bool {
        self.announcement.status.is_open()
    }

    /// The newest message.
    pub fn latest(&self) -> Option<&PublicMessage> {
        self.messages.last()
    }

    /// When it takes effect, or did, or was called off.
    pub fn at(&self) -> Timestamp {
        let planned = self.announcement.effective.instant();
        self.announcement.closed_at.unwrap_or(planned)
    }
}

impl Snapshot {
    /// Changes at a moment that is to come, the earliest first.
    pub fn announced(&self) -> Vec<&PublicAnnouncement> {
        let mut open: Vec<_> = self.announcements.iter().filter(|a| a.is_open()).collect();
        open.sort_by_key(|a| (a.announcement.effective.instant(), &a.announcement.id));
        open
    }
}

/// A change at a moment, in a list of what is ahead.
pub(super) struct MomentCard<'a> {
    pub announcement: &'a Announcement,
    pub when: TimeHtml,
    pub others: TimeHtml,
    pub services: String,
    pub effect: Option<String>,
    pub action: Option<String>,
}

pub(super) fn card<'a>(view: &View<'_>, item: &'a PublicAnnouncement) -> MomentCard<'a> {
    let announcement = &item.announcement;
    let facts = &announcement.facts;
    let at = announcement.effective.instant();
    MomentCard {
        announcement,
        when: view.clocks().long_html(at),
        others: view.clocks().others_html(at),
        services: view.named(&announcement.services),
        effect: facts.effect.as_deref().map(excerpt),
        action: facts.action.as_ref().map(|action| excerpt(&action.what)),
    }
}
