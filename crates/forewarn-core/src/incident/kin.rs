//! Incidents that belong together: duplicates that are merged, parts of a larger one, and those entered afterwards.

use super::{Incident, Nature, NewIncident, Past, Status, Update};
use crate::id::Id;
use crate::problem::InvalidTransition;
use jiff::Timestamp;

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
            facts: incident.facts.clone(),
            services: incident.services.clone(),
            at: ended,
            promise: None,
            before: None,
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

    fn close(&mut self, now: Timestamp) {
        self.status = Status::Resolved;
        self.resolved_at = Some(now);
        self.services
            .values_mut()
            .for_each(|impact| *impact = super::Impact::None);
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
                return Err(InvalidTransition {
                    what: format!("incident {}", one.id),
                    from: one.status.as_str(),
                    to: "merged",
                });
            }
        }
        for (service, impact) in &self.services {
            let known = survivor.services.entry(service.clone()).or_insert(*impact);
            *known = (*known).max(*impact);
        }
        survivor.told.extend(self.told.iter().cloned());
        survivor.added.extend(&self.added);
        survivor.severity = survivor.severity.min(self.severity);
        let theirs = self.promise().filter(|p| p.kept.is_none());
        if let Some(theirs) = theirs
            && let Some(own) = survivor.updates.last_mut().and_then(|u| u.promise.as_mut())
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
            facts: self.facts.clone(),
            services: self.services.clone(),
            at: now,
            promise: None,
            before: None,
        });
        self.close(now);
        self.merged_into = Some(survivor.id.clone());
        Ok((self, survivor))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, declared, to};
    use super::super::{Impact, Severity};
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
}
