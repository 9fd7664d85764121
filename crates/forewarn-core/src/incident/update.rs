//! One message about an incident.

use super::{Before, Impact, Incident, Nature, Promise, Status};
use crate::audience::Level;
use crate::facts::Facts;
use crate::id::Id;
use crate::texts::Texts;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One message about an incident, as it went out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    /// Its id, derived from the incident and its number.
    pub id: String,
    /// Counts from 0, the holding statement.
    pub number: u32,
    /// The status it announces.
    pub status: Status,
    /// How it came about.
    #[serde(skip_serializing_if = "Nature::is_written", default)]
    pub nature: Nature,
    /// What the spokesperson wrote; made from the facts when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub text: Option<String>,
    /// The text of a level where somebody edited it.
    #[serde(skip_serializing_if = "Texts::is_empty", default)]
    pub texts: Texts,
    /// What was known then.
    pub facts: Facts,
    /// Impact per service then.
    pub services: BTreeMap<Id, Impact>,
    /// When it was published.
    pub at: Timestamp,
    /// The promise it made.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub promise: Option<Promise>,
    /// How it was before, where it could be undone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub before: Option<Box<Before>>,
    /// The broken promise of a duplicate that was merged into it then: the next message owns it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub owed: Option<Timestamp>,
    /// Nobody has been told: somebody must agree to it first.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub waits: bool,
}

impl Update {
    /// What somebody wrote for the readers of this level; nothing where it was made from the facts.
    pub fn words(&self, level: Level) -> Option<&str> {
        self.texts.at(level).or(self.text.as_deref())
    }
}

impl Incident {
    /// The milestone that an update stands for.
    pub fn milestone_of(update: &Update) -> &'static str {
        match (update.number, update.status) {
            (0, _) => "holding",
            (_, Status::Resolved) => "resolution",
            (_, Status::Postmortem) => "follow_up",
            _ => "update",
        }
    }

    /// Why nothing more can be said of it with this status, in words that say what to do; `None` where that may be possible.
    pub fn is_silent_because(&self, status: Option<Status>) -> Option<String> {
        let id = &self.id;
        if let Some(into) = &self.merged_into {
            return Some(format!(
                "incident {id} was merged into {into}: say it there"
            ));
        }
        match (self.status, status) {
            (Status::Resolved, None) => Some(format!(
                "incident {id} is resolved: no update can follow; give the status 'investigating' and say why to open it again"
            )),
            (Status::Resolved, Some(Status::Resolved)) => {
                Some(format!("incident {id} is resolved already"))
            }
            (Status::Postmortem, None | Some(Status::Resolved)) => Some(format!(
                "incident {id} is over, and its postmortem is published: declare a new one"
            )),
            _ => None,
        }
    }

    /// Its newest message is nobody's words, but is said beside some that wait: it waits with them.
    pub fn is_said_beside_what_waits(&self) -> bool {
        let mut newest_first = self.updates.iter().rev();
        let said = newest_first.next().map(|update| update.nature);
        matches!(said, Some(Nature::Automatic | Nature::Moved))
            && newest_first.next().is_some_and(|before| before.waits)
    }
}

crate::promise::thread!(Incident, Update);

#[cfg(test)]
mod tests {
    use super::super::tests::{at, declared, to};
    use super::*;
    use crate::promise::Thread;

    #[test]
    fn a_message_that_waits_keeps_no_promise_and_makes_none() {
        let said = |i: Incident, next: i64, now: i64| {
            i.update(to(Status::Identified), at(next), at(now)).unwrap()
        };
        let held = said(declared(), 7_200, 1_000).held();
        assert_eq!(held.promise().unwrap(), declared().promise().unwrap());
        assert_eq!(held.lapsed(at(3_601)).unwrap().due, at(3_600));
        // A second one that waits changes nothing of that.
        let twice = said(held.clone(), 9_000, 2_000).held();
        assert_eq!(twice.promise().unwrap(), declared().promise().unwrap());
        // It breaks in its time, and whoever is told after that reads of it.
        let broken = twice.clone().break_promise(0, at(3_601)).unwrap();
        assert_eq!(broken.promises().broken, 1);
        let told = broken.let_go(at(4_000));
        assert_eq!(told.promises().broken, 1);
        assert_eq!(told.missed_before(1), Some(at(3_600)));
        assert_eq!(
            (told.promise().unwrap().due, told.waits()),
            (at(9_000), false)
        );
        // Agreed in time, it keeps what people knew; so does somebody else's word, told at once.
        let kept = held.clone().let_go(at(3_000));
        assert_eq!(
            (kept.promises().kept, kept.promise().unwrap().due),
            (1, at(7_200))
        );
        assert_eq!(kept.updates[1].at, at(3_000));
        let past_it = said(held, 8_000, 3_500);
        assert_eq!(
            (past_it.promises().kept, past_it.promise().unwrap().due),
            (1, at(8_000))
        );
        assert_eq!(past_it.missed_before(2), None);
    }

    #[test]
    fn an_end_that_waits_leaves_the_promise_open() {
        let held = declared()
            .update(to(Status::Resolved), at(1), at(10))
            .unwrap()
            .held();
        assert_eq!(held.promise().unwrap().due, at(3_600));
        assert!(held.clone().break_promise(0, at(3_601)).is_some());
        assert_eq!(held.let_go(at(20)).promise(), None);
    }
}
