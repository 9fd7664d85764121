//! What was done by mistake and is undone before anybody was told.

use crate::advisory::Advisory;
use crate::announcement::Announcement;
use crate::event::Event;
use crate::maintenance::Maintenance;
use crate::problem::InvalidTransition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A change of an event that nobody has been told of yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending<T> {
    /// Until when it can be undone; people are told then.
    pub until: Timestamp,
    /// The event as it was before.
    pub before: T,
}

/// An event that remembers how it was before its last change.
pub trait Undoable: Clone {
    /// Where it remembers it.
    fn pending(&self) -> &Option<Box<Pending<Self>>>;

    /// The same, to be changed.
    fn pending_mut(&mut self) -> &mut Option<Box<Pending<Self>>>;

    /// The event as it was before, with what no undo takes back: who was added to it meanwhile.
    fn back_to(self, before: Self) -> Self;

    /// That its last change cannot be taken back any more.
    fn too_late(&self) -> InvalidTransition;

    /// It can be undone until then. What nobody can undo any more is forgotten.
    fn undoable(mut self, before: Self, until: Timestamp, now: Timestamp) -> Self {
        let mut before = before;
        if before.waits_until(now).is_none() {
            *before.pending_mut() = None;
        }
        let waits = until > now;
        *self.pending_mut() = waits.then(|| Box::new(Pending { until, before }));
        self
    }

    /// Until when its last change can be undone.
    fn waits_until(&self, now: Timestamp) -> Option<Timestamp> {
        let until = self.pending().as_ref().map(|pending| pending.until);
        until.filter(|until| *until > now)
    }

    /// The event as if its last change had never been made; who was added meanwhile stays.
    ///
    /// # Errors
    /// When people have been told, or it was made without time to undo it.
    fn undo(mut self, now: Timestamp) -> Result<Self, InvalidTransition> {
        let refused = self.too_late();
        match self.pending_mut().take() {
            Some(pending) if pending.until > now => Ok(self.back_to(pending.before)),
            _ => Err(refused),
        }
    }

    /// The event as people have been told of it.
    fn as_told(&self, now: Timestamp) -> Self {
        let mut told = self.clone();
        while let Some(pending) = told.pending_mut().take() {
            if pending.until <= now {
                break;
            }
            told = pending.before;
        }
        told
    }
}

/// What nothing can be done about any more, in the words of a refusal.
const TOO_LATE: &str = "be undone: its last change goes out already";

impl Undoable for Maintenance {
    fn pending(&self) -> &Option<Box<Pending<Self>>> {
        &self.pending
    }

    fn pending_mut(&mut self) -> &mut Option<Box<Pending<Self>>> {
        &mut self.pending
    }

    fn back_to(self, before: Self) -> Self {
        Maintenance {
            added: self.added,
            ..before
        }
    }

    fn too_late(&self) -> InvalidTransition {
        let before = self.pending.as_ref().map(|pending| pending.before.status);
        self.refuse(before.unwrap_or(self.status)).cannot(TOO_LATE)
    }
}

impl Undoable for Announcement {
    fn pending(&self) -> &Option<Box<Pending<Self>>> {
        &self.pending
    }

    fn pending_mut(&mut self) -> &mut Option<Box<Pending<Self>>> {
        &mut self.pending
    }

    fn back_to(self, before: Self) -> Self {
        Announcement {
            added: self.added,
            ..before
        }
    }

    fn too_late(&self) -> InvalidTransition {
        let before = self.pending.as_ref().map(|pending| pending.before.status);
        self.refuse(before.unwrap_or(self.status)).cannot(TOO_LATE)
    }
}

impl Undoable for Advisory {
    fn pending(&self) -> &Option<Box<Pending<Self>>> {
        &self.pending
    }

    fn pending_mut(&mut self) -> &mut Option<Box<Pending<Self>>> {
        &mut self.pending
    }

    fn back_to(self, before: Self) -> Self {
        let (told, added) = (self.told, self.added);
        let mut back = before;
        // Whoever was added meanwhile has been told of it.
        back.told.extend(
            told.into_iter()
                .filter(|audience| added.has(audience.as_str())),
        );
        back.added = added;
        back
    }

    fn too_late(&self) -> InvalidTransition {
        let before = self.pending.as_ref().map(|pending| pending.before.status);
        self.refuse(before.unwrap_or(self.status)).cannot(TOO_LATE)
    }
}

impl Event {
    /// Until when what was done last can be undone.
    pub fn waits_until(&self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Event::Maintenance(maintenance) => maintenance.waits_until(now),
            Event::Incident(incident) => incident.waits_until(now),
            Event::Advisory(advisory) => advisory.waits_until(now),
            Event::Announcement(announcement) => announcement.waits_until(now),
            Event::Window(_) | Event::Reminder(_) => None,
        }
    }

    /// The event as people have been told of it: without what can still be undone.
    pub fn as_told(&self, now: Timestamp) -> Cow<'_, Event> {
        if self.waits_until(now).is_none() {
            return Cow::Borrowed(self);
        }
        match self {
            Event::Maintenance(m) => Cow::Owned(Event::Maintenance(m.as_told(now))),
            Event::Incident(i) => Cow::Owned(Event::Incident(i.as_told(now))),
            Event::Advisory(a) => Cow::Owned(Event::Advisory(a.as_told(now))),
            Event::Announcement(a) => Cow::Owned(Event::Announcement(a.as_told(now))),
            Event::Window(_) | Event::Reminder(_) => Cow::Borrowed(self),
        }
    }
}
