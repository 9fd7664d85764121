//! Incidents that belong together: duplicates that are merged, parts of a larger one, and those entered afterwards.

use super::{Impact, Incident, Nature, NewIncident, NewUpdate, Past, Status, Update};
use crate::id::Id;
use crate::problem::InvalidTransition;
use crate::promise::Thread;
use crate::texts::Texts;
use jiff::Timestamp;
use std::collections::BTreeMap;

impl Incident {
    /// An incident that is over and was not declared when it happened: two messages that nobody is sent.
    pub fn entered(new: NewIncident, past: Past, id: Id, title: String) -> Incident {
        let ended = past.resolved_at;
        let mut incident = Incident::declare(new.declaration, id, title, ended, past.started_at);
        incident.updates[0].promise = None;
        incident.updates[0].nature = Nature::Entered;
        incident.updates.push(Update {
            id: crate::id::derive(&["update", incident.id.as_str(), "1"]),
            number: 1,
            status: Status::Resolved,
            nature: Nature::Entered,
            text: past.text,
            texts: Texts::default(),
            facts: incident.facts.clone(),
            services: incident.services.clone(),
            at: ended,
            promise: None,
            before: None,
            owed: None,
            waits: false,
        });
        incident.close(ended);
        incident.backfilled = true;
        incident.parent = new.parent;
        incident
    }

    /// Whether it is a part of this one.
    pub fn is_part_of(&self, id: &str) -> bool {
        self.parent.as_ref().is_some_and(|parent| *parent == *id)
    }

    /// What it did to each service before it was over, where this status opens it again.
    pub(super) fn impact_again(&self, status: Status) -> BTreeMap<Id, Impact> {
        if self.status.is_open() || !status.is_open() {
            return BTreeMap::new();
        }
        let before = self.updates.iter().rev().find(|u| u.status.is_open());
        before.map(|u| u.services.clone()).unwrap_or_default()
    }

    /// Whether an update opens it again without a word of why.
    pub fn reopens_silently(&self, new: &NewUpdate) -> bool {
        let reopens = !self.status.is_open() && new.status.is_some_and(Status::is_open);
        reopens && !new.says_something()
    }

    /// Its newest message opened it again.
    pub fn was_opened_again(&self) -> bool {
        let mut newest = self.updates.iter().rev().map(|u| u.status.is_open());
        newest.next() == Some(true) && newest.next() == Some(false)
    }

    /// The broken promise that the message of this number owns: that of the message before it, or of a duplicate that was merged
    /// meanwhile, whichever was the earlier.
    pub fn missed_before(&self, number: u32) -> Option<Timestamp> {
        let before = self.told_before(number)?;
        let own = before.promise.filter(|p| p.kept == Some(false));
        own.map(|p| p.due).into_iter().chain(before.owed).min()
    }

    fn close(&mut self, now: Timestamp) {
        self.status = Status::Resolved;
        self.resolved_at = Some(now);
        self.services
            .values_mut()
            .for_each(|impact| *impact = Impact::None);
        if let Some(last) = self.updates.last_mut() {
            last.services = self.services.clone();
        }
    }

    /// Closes a duplicate towards the incident that survives: its audiences, its services and its promise go there. Nobody is
    /// told of that by itself; they hear the survivor's next message, and by the earlier of the two promises.
    ///
    /// # Errors
    /// When one of them is not open.
    pub fn merge_into(
        mut self,
        mut survivor: Incident,
        now: Timestamp,
    ) -> Result<(Incident, Incident), InvalidTransition> {
        for one in [&self, &survivor] {
            if !one.status.is_open() {
                let act = "be merged: only what is open can, and becomes resolved";
                return Err(one.refuse(Status::Resolved).cannot(act));
            }
        }
        for (service, impact) in &self.services {
            let known = survivor.services.entry(service.clone()).or_insert(*impact);
            *known = (*known).max(*impact);
        }
        survivor.told.extend(self.told.iter().cloned());
        survivor.added.extend(&self.added);
        survivor.severity = survivor.severity.min(self.severity);
        // Who was promised there that the next word comes by then hears from the survivor that it did not.
        if self.lapsed(now).is_some()
            && let Some(theirs) = self.promise_mut()
        {
            theirs.kept = Some(false);
        }
        let inherited = self.told_last().and_then(|u| u.owed);
        let broken = self.promise().filter(|p| p.kept == Some(false));
        if let Some(last) = survivor.told_last_mut() {
            let all = [last.owed, inherited, broken.map(|p| p.due)];
            last.owed = all.into_iter().flatten().min();
        }
        let theirs = self.promise().filter(|p| p.kept.is_none());
        if let Some(theirs) = theirs
            && let Some(own) = survivor.promise_mut()
            && own.kept.is_none()
        {
            own.due = own.due.min(theirs.due);
        }
        let number = self.updates.len() as u32;
        self.updates.push(Update {
            id: crate::id::derive(&["update", self.id.as_str(), &number.to_string()]),
            number,
            status: Status::Resolved,
            nature: Nature::Merged,
            text: Some(format!(
                "This is the same trouble as \"{}\". Follow it there from here on.",
                survivor.title
            )),
            texts: Texts::default(),
            facts: self.facts.clone(),
            services: self.services.clone(),
            at: now,
            promise: None,
            before: None,
            owed: None,
            waits: false,
        });
        self.close(now);
        self.merged_into = Some(survivor.id.clone());
        Ok((self, survivor))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Severity;
    use super::super::tests::{at, declared, to};
    use super::*;

    fn other(due: i64) -> Incident {
        let mut other = declared();
        other.id = Id::parse("INC-2").unwrap();
        other.title = "Mail".into();
        other.severity = Severity::P3;
        other.services = [("mail", Impact::PartialOutage)]
            .map(|(id, impact)| (Id::parse(id).unwrap(), impact))
            .into();
        other.told = [Id::parse("staff").unwrap()].into();
        other.updates[0].promise.as_mut().unwrap().due = at(due);
        other
    }

    #[test]
    fn a_duplicate_gives_its_audiences_and_the_earlier_promise_to_the_survivor() {
        for (due, promised) in [(600, 600), (7_200, 3_600)] {
            let (gone, survivor) = other(due).merge_into(declared(), at(60)).unwrap();
            assert_eq!(survivor.promise().unwrap().due, at(promised));
            assert_eq!(survivor.severity, Severity::P1);
            assert_eq!(survivor.services.len(), 2);
            assert!(survivor.told.iter().any(|a| *a == *"staff"));
            assert_eq!(
                (gone.status, gone.resolved_at, gone.promise()),
                (Status::Resolved, Some(at(60)), None)
            );
            assert!(gone.services.values().all(|i| *i == Impact::None));
            // What was promised there is neither kept nor broken: the survivor owes it.
            assert_eq!(gone.updates[0].promise.unwrap().kept, None);
            let again = gone
                .clone()
                .update(to(Status::Investigating), at(1), at(61));
            assert!(again.is_err());
            assert!(survivor.merge_into(gone, at(61)).is_err());
        }
    }

    #[test]
    fn a_broken_promise_of_a_duplicate_is_owned_by_the_survivors_next_message() {
        // due there, merged at, what the survivor's next message owns
        for (due, now, owned) in [(600, 60, None), (600, 660, Some(600)), (7_200, 3_700, None)] {
            let (_, survivor) = other(due).merge_into(declared(), at(now)).unwrap();
            assert_eq!(survivor.updates[0].owed, owned.map(at), "{due} {now}");
            let next = survivor
                .update(to(Status::Identified), at(9_000), at(now + 1))
                .unwrap();
            let own = (now >= 3_600).then_some(at(3_600));
            assert_eq!(next.missed_before(1), owned.map(at).or(own), "{due} {now}");
            let after = next
                .update(to(Status::Monitoring), at(9_000), at(now + 2))
                .unwrap();
            assert_eq!(after.missed_before(2), None);
        }
        // On record there already, and handed on by a duplicate of a duplicate.
        let broken = other(600).break_promise(0, at(601)).unwrap();
        let (_, middle) = broken.merge_into(declared(), at(700)).unwrap();
        let mut last = declared();
        last.id = Id::parse("INC-3").unwrap();
        let (_, last) = middle.merge_into(last, at(701)).unwrap();
        assert_eq!(last.updates[0].owed, Some(at(600)));
    }

    #[test]
    fn one_that_is_opened_again_is_as_grave_as_it_was() {
        let portal = Id::parse("portal").unwrap();
        let over = declared()
            .update(to(Status::Resolved), at(1), at(1))
            .unwrap();
        assert!(!over.was_opened_again());
        let again = over
            .clone()
            .update(to(Status::Investigating), at(9), at(2))
            .unwrap();
        assert!(again.was_opened_again());
        assert_eq!(again.services[&portal], Impact::MajorOutage);
        let mut milder = to(Status::Investigating);
        milder
            .services
            .insert(portal.clone(), Impact::DegradedPerformance);
        let again = over.update(milder, at(9), at(2)).unwrap();
        assert_eq!(again.services[&portal], Impact::DegradedPerformance);
        let next = again.update(to(Status::Identified), at(9), at(3)).unwrap();
        assert!(!next.was_opened_again());
    }
}
