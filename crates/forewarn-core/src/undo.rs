//! What was done by mistake and is undone before anybody was told.

use crate::event::Event;
use crate::maintenance::Maintenance;
use crate::problem::InvalidTransition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A change of planned work that nobody has been told of yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Until when it can be undone; people are told then.
    pub until: Timestamp,
    /// The work as it was before.
    pub before: Maintenance,
}

impl Maintenance {
    /// It can be undone until then. What nobody can undo any more is forgotten.
    pub fn undoable(
        mut self,
        before: Maintenance,
        until: Timestamp,
        now: Timestamp,
    ) -> Maintenance {
        let mut before = before;
        if before.waits_until(now).is_none() {
            before.pending = None;
        }
        let waits = until > now;
        self.pending = waits.then(|| Box::new(Pending { until, before }));
        self
    }

    /// Until when its last change can be undone.
    pub fn waits_until(&self, now: Timestamp) -> Option<Timestamp> {
        let until = self.pending.as_ref().map(|pending| pending.until);
        until.filter(|until| *until > now)
    }

    /// The work as if its last change had never been made; who was added meanwhile stays.
    ///
    /// # Errors
    /// When people have been told, or it was made without time to undo it.
    pub fn undo(self, now: Timestamp) -> Result<Maintenance, InvalidTransition> {
        let before = self.pending.as_ref().map(|pending| pending.before.status);
        let refused = self
            .refuse(before.unwrap_or(self.status))
            .cannot("be undone: its last change goes out already");
        match self.pending.filter(|pending| pending.until > now) {
            Some(pending) => Ok(Maintenance {
                added: self.added,
                ..pending.before
            }),
            None => Err(refused),
        }
    }

    /// The work as people have been told of it.
    pub fn as_told(&self, now: Timestamp) -> Maintenance {
        let mut told = self.clone();
        while let Some(pending) = told.pending.take() {
            if pending.until <= now {
                break;
            }
            told = pending.before;
        }
        told.pending = None;
        told
    }
}

impl Event {
    /// Until when what was done last can be undone.
    pub fn waits_until(&self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Event::Maintenance(maintenance) => maintenance.waits_until(now),
            Event::Incident(incident) => incident.waits_until(now),
            Event::Window(_) | Event::Reminder(_) | Event::Advisory(_) | Event::Announcement(_) => {
                None
            }
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
            Event::Window(_) | Event::Reminder(_) | Event::Advisory(_) | Event::Announcement(_) => {
                Cow::Borrowed(self)
            }
        }
    }
}
