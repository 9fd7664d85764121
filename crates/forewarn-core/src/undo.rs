//! What was done by mistake and is undone before anybody was told.

use crate::advisory::Advisory;
use crate::announcement::Announcement;
use crate::event::Event;
use crate::maintenance::Maintenance;
use crate::plan::Change;
use crate::problem::InvalidTransition;
use crate::time::CivilTime;
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
    /// What people will be told of it, where it has a notice of its own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub telling: Option<Telling>,
}

/// What people will be told of a change. A change made after it takes its place; once that is undone, it is told after all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telling {
    /// `delay`, `reschedule`, `extension` or `cancellation`.
    pub milestone: String,
    /// How many of this kind came before.
    pub counter: u32,
    /// Why, in words for people.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// The window as it was told before; the same moment twice for what has no window.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub previous: Option<(CivilTime, CivilTime)>,
}

impl Telling {
    /// The change that it tells.
    pub fn change(&self) -> Change<'_> {
        Change {
            milestone: &self.milestone,
            counter: self.counter,
        }
    }
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
        *self.pending_mut() = waits.then(|| {
            Box::new(Pending {
                until,
                before,
                telling: None,
            })
        });
        self
    }

    /// Its last change, which can still be undone, is told like this.
    fn telling(mut self, telling: Option<Telling>) -> Self {
        if let Some(pending) = self.pending_mut() {
            pending.telling = telling;
        }
        self
    }

    /// What is told of its last change of which nobody has heard, and when: a change after it was undone.
    fn told_after_all(&self, now: Timestamp) -> Option<(Timestamp, Telling)> {
        let pending = self.pending().as_ref()?;
        Some((pending.until.max(now), pending.telling.clone()?))
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
