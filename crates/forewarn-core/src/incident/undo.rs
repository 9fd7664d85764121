//! What was sent by mistake and is taken back before anybody was told. An update that can be undone is dated from when its time to
//! be undone has passed: nobody is told before, and until then the incident counts as it was.

use super::{Incident, Severity, Status, Update};
use crate::facts::Facts;
use crate::id::Id;
use crate::incident::Impact;
use crate::problem::InvalidTransition;
use crate::promise::Thread;
use crate::routing::Cause;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What an update changes, as it was before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    title: String,
    status: Status,
    severity: Severity,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    cause: Option<Cause>,
    facts: Facts,
    services: BTreeMap<Id, Impact>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    removed: BTreeMap<Id, u32>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    resolved_at: Option<Timestamp>,
    told: BTreeSet<Id>,
    /// Whether the promise before it was kept, as far as that was known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    kept: Option<bool>,
}

impl Incident {
    /// When an update that is said now is told, where whoever says it would have until `from` to undo it: at once where people
    /// wait for it already, by the promise at the latest, and never before what was said earlier.
    pub fn told_from(&self, from: Timestamp, now: Timestamp) -> Timestamp {
        let told = match self.promise() {
            Some(promise) if promise.kept.is_none() && promise.due > now => from.min(promise.due),
            Some(_) => now,
            None => from,
        };
        let newest = self.updates.last().map_or(now, |update| update.at);
        told.max(newest).max(now)
    }

    /// The newest update can be undone until it is told. `before` is the incident as it was; what was told by now cannot be
    /// undone any more.
    pub fn undoable(mut self, before: &Incident, now: Timestamp) -> Incident {
        let promise = before.promise();
        for update in &mut self.updates {
            if update.at <= now {
                update.before = None;
            }
        }
        if let Some(update) = self.updates.last_mut().filter(|update| update.at > now) {
            update.before = Some(Box::new(Before {
                title: before.title.clone(),
                removed: before.removed.clone(),
                status: before.status,
                severity: before.severity,
                cause: before.cause,
                facts: before.facts.clone(),
                services: before.services.clone(),
                resolved_at: before.resolved_at,
                told: before.told.clone(),
                kept: promise.and_then(|promise| promise.kept),
            }));
        }
        self
    }

    /// Until when the newest update can be undone: it has not been told.
    pub fn waits_until(&self, now: Timestamp) -> Option<Timestamp> {
        let newest = self.updates.last()?;
        newest.before.as_ref()?;
        Some(newest.at).filter(|at| *at > now)
    }

    /// The incident as if its newest update had never been said, and that update.
    ///
    /// # Errors
    /// When people have been told, or it was said without time to undo it.
    pub fn undo(mut self, now: Timestamp) -> Result<(Incident, Update), InvalidTransition> {
        let before = self.updates.last().and_then(|u| u.before.as_deref());
        let refused = self
            .refuse(before.map_or(self.status, |before| before.status))
            .cannot("be undone: its newest update goes out already");
        if self.waits_until(now).is_none() {
            return Err(refused);
        }
        let Some(update) = self.updates.pop() else {
            return Err(refused);
        };
        let Some(before) = update.before.as_deref().cloned() else {
            return Err(refused);
        };
        if let Some(promise) = self.promise_mut() {
            promise.kept = before.kept;
        }
        let undone = Incident {
            title: before.title,
            removed: before.removed,
            status: before.status,
            severity: before.severity,
            cause: before.cause,
            facts: before.facts,
            services: before.services,
            resolved_at: before.resolved_at,
            told: before.told,
            ..self
        };
        Ok((undone, update))
    }

    /// The incident as people have been told of it: without what can still be undone.
    pub fn as_told(&self, now: Timestamp) -> Incident {
        let mut told = self.clone();
        while told.waits_until(now).is_some() {
            match told.clone().undo(now) {
                Ok((before, _)) => told = before,
                Err(_) => break,
            }
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, declared, to};
    use super::super::{NewUpdate, Promise};
    use super::*;

    fn said(text: &str) -> NewUpdate {
        NewUpdate {
            text: Some(text.into()),
            ..to(Status::Identified)
        }
    }

    #[test]
    fn what_is_undone_was_never_said() {
        let before = declared();
        for new in [
            said("words"),
            to(Status::Resolved),
            NewUpdate {
                services: [(Id::parse("mail").unwrap(), Impact::PartialOutage)].into(),
                cause: Some(Cause::Security),
                ..said("more")
            },
        ] {
            let mut after = before.clone().update(new, at(7_200), at(70)).unwrap();
            after.severity = Severity::P3;
            after.title = "Another".into();
            after.removed.insert(Id::parse("mail").unwrap(), 1);
            after.told.insert(Id::parse("students").unwrap());
            let after = after.undoable(&before, at(60));
            assert_eq!(after.waits_until(at(69)), Some(at(70)));
            assert_eq!(after.as_told(at(69)), before);
            let told = after.as_told(at(70));
            assert_eq!(told, after, "its time has come");
            let (undone, update) = after.clone().undo(at(69)).unwrap();
            assert_eq!((undone, update.number), (before.clone(), 1));
            assert!(after.undo(at(70)).is_err());
        }
        assert!(
            before.undo(at(0)).is_err(),
            "the first word is never undone"
        );
    }

    #[test]
    fn the_promise_stands_again_and_what_was_told_stays() {
        let first = declared().update(said("one"), at(7_200), at(60)).unwrap();
        let second = first
            .clone()
            .update(said("two"), at(9_000), at(130))
            .unwrap();
        let second = second.undoable(&first, at(120));
        assert_eq!(second.updates[1].promise.unwrap().kept, Some(true));
        let (undone, _) = second.clone().undo(at(121)).unwrap();
        let stands = Promise {
            due: at(7_200),
            kept: None,
        };
        assert_eq!(undone.promise(), Some(stands));
        // Two that wait are taken back one after the other.
        let third = second
            .clone()
            .update(said("three"), at(9_100), at(130))
            .unwrap();
        let third = third.undoable(&second, at(122));
        assert_eq!(third.as_told(at(123)), first);
        let (left, update) = third.undo(at(123)).unwrap();
        assert_eq!((left.clone(), update.number), (second, 3));
        assert_eq!(left.undo(at(124)).unwrap().0, first);
    }

    #[test]
    fn nobody_waits_for_the_time_to_undo() {
        let open = declared();
        // now, the time to undo ends, told
        for (now, from, told) in [
            (60, 70, 70),
            (3_595, 3_605, 3_600),
            (3_600, 3_610, 3_600),
            (3_700, 3_710, 3_700),
            (60, 60, 60),
        ] {
            assert_eq!(open.told_from(at(from), at(now)), at(told), "{now}");
        }
        let over = open.update(to(Status::Resolved), at(1), at(100)).unwrap();
        assert_eq!(over.told_from(at(210), at(200)), at(210));
        // Never before what was said earlier and waits.
        assert_eq!(over.told_from(at(90), at(90)), at(100));
    }
}
