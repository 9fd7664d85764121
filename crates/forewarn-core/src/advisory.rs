//! Advisories: a fault that was found between releases. People are told when it is found, when there is news, and when its fix
//! is out.
//!
//! Nothing is down, so nothing counts down by itself: a time for the next word is promised only where somebody gave one. Without
//! one the message says that the fix comes as soon as it is ready, and that people will be told then.

mod posted;
mod word;

pub use posted::{Fix, NewWord, Report, Withdrawal};
pub use word::Word;

use crate::contact::EmailAddress;
use crate::facts::{Action, Facts, When};
use crate::id::Id;
use crate::incident::{Promise, Severity};
use crate::problem::InvalidTransition;
use crate::promise::Thread;
use crate::recipient::Added;
use crate::routing::{About, Cause};
use crate::texts::Texts;
use crate::undo::Pending;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Where an advisory stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The fault is known, and its fix is being worked on.
    Open,
    /// The fix is out.
    Fixed,
    /// It was no fault, or none that people need to know of.
    Withdrawn,
}

impl Status {
    /// The name used in the store and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Open => "open",
            Status::Fixed => "fixed",
            Status::Withdrawn => "withdrawn",
        }
    }

    /// People still wait for the fix.
    pub fn is_open(self) -> bool {
        self == Status::Open
    }
}

/// A fault that was found between releases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advisory {
    /// Its id.
    pub id: Id,
    /// What it is, in one line.
    pub title: String,
    /// Services that have the fault.
    pub services: Vec<Id>,
    /// How grave it is, where somebody said so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub severity: Option<Severity>,
    /// Where it comes from, once that is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cause: Option<Cause>,
    /// Audiences that have been told of it.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub told: BTreeSet<Id>,
    /// Who is told of it although nobody planned for them.
    #[serde(skip_serializing_if = "Added::is_empty", default)]
    pub added: Added,
    /// People who asked for the fix: they are told when it is out, or that there will be none.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub requesters: Vec<EmailAddress>,
    /// Where it stands.
    pub status: Status,
    /// What is known now.
    pub facts: Facts,
    /// When it was made known.
    pub found_at: Timestamp,
    /// When it was fixed or withdrawn.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub closed_at: Option<Timestamp>,
    /// What was said, oldest first; never empty.
    pub updates: Vec<Word>,
    /// Its last change, while nobody has been told of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pending: Option<Box<Pending<Advisory>>>,
}

impl Advisory {
    /// Makes a fault known: the first word is the discovery.
    pub fn discover(
        report: Report,
        id: Id,
        title: String,
        next_update: Option<Timestamp>,
        now: Timestamp,
    ) -> Advisory {
        let mut advisory = Advisory {
            id,
            title,
            services: without_repeats(report.services),
            severity: report.severity,
            cause: report.cause,
            told: BTreeSet::new(),
            added: Added::default(),
            requesters: without_repeats(report.requesters),
            status: Status::Open,
            facts: report.facts,
            found_at: now,
            closed_at: None,
            updates: Vec::new(),
            pending: None,
        };
        advisory.say((None, report.texts), next_update, now);
        advisory
    }

    /// What routing looks at.
    pub fn about(&self) -> About {
        About {
            kind: "advisory",
            severity: self.severity,
            cause: self.cause,
        }
    }

    /// Tells people more while the fix is being worked on. Without `next_update` no time is promised.
    ///
    /// # Errors
    /// When it is fixed or withdrawn.
    pub fn update(
        mut self,
        new: NewWord,
        next_update: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Advisory, InvalidTransition> {
        let act = "be updated: only what is open can, and stays so";
        self.open_only(self.refuse(Status::Open).cannot(act))?;
        self.facts = self.facts.updated_by(new.facts);
        self.cause = new.cause.or(self.cause);
        self.severity = new.severity.or(self.severity);
        self.services.extend(new.services);
        self.services = without_repeats(self.services);
        self.ask_for_it(new.requesters);
        self.say((new.text, new.texts), next_update, now);
        Ok(self)
    }

    /// The fix is out. What people had to do until then they need not do any more; what gets them the fix comes after it.
    ///
    /// # Errors
    /// When it is fixed or withdrawn already.
    pub fn fix(mut self, fix: Fix, now: Timestamp) -> Result<Advisory, InvalidTransition> {
        self.open_only(self.refuse(Status::Fixed))?;
        let action = fix.facts.action.clone().map(|action| Action {
            when: When::After,
            ..action
        });
        self.facts = self.facts.updated_by(fix.facts);
        self.facts.action = action;
        self.facts.workaround = None;
        self.ask_for_it(fix.requesters);
        self.close(Status::Fixed, (fix.text, fix.texts), now);
        Ok(self)
    }

    /// It was no fault, or none that people need to know of: who was told of it is told that too.
    ///
    /// # Errors
    /// When it is fixed or withdrawn already.
    pub fn withdraw(
        mut self,
        withdrawal: Withdrawal,
        now: Timestamp,
    ) -> Result<Advisory, InvalidTransition> {
        self.open_only(self.refuse(Status::Withdrawn))?;
        let words = (Some(withdrawal.text), withdrawal.texts);
        self.close(Status::Withdrawn, words, now);
        Ok(self)
    }

    /// When a word that is said now is told, where whoever says it would have until `from` to undo it: at once where people wait for it
    /// already, by the time that was promised at the latest, and never before what was said earlier.
    pub fn told_from(&self, from: Timestamp, now: Timestamp) -> Timestamp {
        let told = match self.promise() {
            Some(promise) if promise.kept.is_none() && promise.due > now => from.min(promise.due),
            Some(promise) if promise.kept.is_none() => now,
            _ => from,
        };
        let newest = self.updates.last().map_or(now, |word| word.at);
        told.max(newest).max(now)
    }

    fn open_only(&self, refused: InvalidTransition) -> Result<(), InvalidTransition> {
        match self.status.is_open() {
            true => Ok(()),
            false => Err(refused),
        }
    }

    /// That it cannot become this.
    pub fn refuse(&self, to: Status) -> InvalidTransition {
        let what = format!("advisory {}", self.id);
        InvalidTransition::new(what, self.status.as_str(), to.as_str())
    }

    fn ask_for_it(&mut self, more: Vec<EmailAddress>) {
        self.requesters.extend(more);
        self.requesters = without_repeats(std::mem::take(&mut self.requesters));
    }

    fn close(&mut self, status: Status, words: (Option<String>, Texts), now: Timestamp) {
        self.status = status;
        self.closed_at = Some(now);
        self.say(words, None, now);
    }

    /// Whatever is said settles the promise of what people were told before.
    fn say(
        &mut self,
        (text, texts): (Option<String>, Texts),
        next_update: Option<Timestamp>,
        now: Timestamp,
    ) {
        self.settle_promise(now);
        let number = self.updates.len() as u32;
        self.updates.push(Word {
            id: crate::id::derive(&["update", self.id.as_str(), &number.to_string()]),
            number,
            status: self.status,
            text,
            texts,
            facts: self.facts.clone(),
            at: now,
            promise: next_update.map(|due| Promise { due, kept: None }),
            waits: false,
        });
    }
}

/// The same, each once, in the order in which they first stood.
fn without_repeats<T: Ord + Clone>(all: Vec<T>) -> Vec<T> {
    let mut seen = BTreeSet::new();
    let mut all = all;
    all.retain(|one| seen.insert(one.clone()));
    all
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::undo::Undoable;
    use proptest::prelude::*;

    pub(crate) fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + seconds).unwrap()
    }

    pub(crate) fn found(next_update: Option<i64>) -> Advisory {
        let report = Report {
            texts: Default::default(),
            id: None,
            title: None,
            services: vec![Id::parse("portal").unwrap()],
            severity: None,
            cause: Some(Cause::Application),
            facts: Facts {
                effect: Some("The export of grades leaves out the last line".into()),
                workaround: Some("Add an empty line at the end".into()),
                action: Some(Action {
                    what: "Check your exports".into(),
                    when: When::Before,
                }),
                ..Facts::default()
            },
            requesters: vec![EmailAddress::parse("ann@example.edu").unwrap()],
            next_update: None,
        };
        let id = Id::parse("ADV-1").unwrap();
        Advisory::discover(report, id, "Export".into(), next_update.map(at), at(0))
    }

    pub(crate) fn word(text: &str) -> NewWord {
        NewWord {
            text: Some(text.into()),
            ..NewWord::default()
        }
    }

    fn withdrawal() -> Withdrawal {
        Withdrawal {
            texts: Default::default(),
            text: "It was a misunderstanding.".into(),
            version: None,
        }
    }

    #[test]
    fn what_gets_people_the_fix_takes_the_place_of_what_helped_until_then() {
        let fixed = found(None).fix(Fix::default(), at(60)).unwrap();
        assert_eq!(
            (fixed.status, fixed.closed_at),
            (Status::Fixed, Some(at(60)))
        );
        let facts = &fixed.updates[1].facts;
        assert_eq!((&facts.action, &facts.workaround), (&None, &None));
        assert_eq!(facts.effect, fixed.updates[0].facts.effect);
        let install = Fix {
            facts: Facts {
                action: Some(Action {
                    what: "Install version 4.2.1".into(),
                    when: When::Before,
                }),
                ..Facts::default()
            },
            ..Fix::default()
        };
        let fixed = found(None).fix(install, at(60)).unwrap();
        let action = fixed.facts.action.unwrap();
        assert_eq!(
            (action.what.as_str(), action.when),
            ("Install version 4.2.1", When::After)
        );
    }

    #[test]
    fn a_time_is_promised_only_where_somebody_gave_one() {
        let silent = found(None)
            .update(word("Still at it."), None, at(9))
            .unwrap();
        assert!(silent.updates.iter().all(|w| w.promise.is_none()));
        assert!(silent.lapsed(at(9_999)).is_none());
        // seconds of the next word, whether it keeps the promise
        for (now, kept) in [(3_600, true), (3_601, false)] {
            let said = found(Some(3_600))
                .update(word("News."), None, at(now))
                .unwrap();
            assert_eq!(said.updates[0].promise.unwrap().kept, Some(kept), "{now}");
            assert_eq!(said.promise(), None);
        }
        let broken = found(Some(60)).break_promise(0, at(61)).unwrap();
        assert_eq!(broken.promise().unwrap().kept, Some(false));
        assert!(broken.break_promise(0, at(62)).is_none());
        assert!(found(Some(60)).break_promise(0, at(60)).is_none());
        assert!(found(Some(60)).break_promise(1, at(61)).is_none());
    }

    #[test]
    fn each_word_has_its_milestone() {
        let updated = found(None).update(word("News."), None, at(1)).unwrap();
        let fixed = updated.clone().fix(Fix::default(), at(2)).unwrap();
        let withdrawn = updated.withdraw(withdrawal(), at(2)).unwrap();
        let milestones = |a: &Advisory| a.updates.iter().map(Word::milestone).collect::<Vec<_>>();
        assert_eq!(milestones(&fixed), ["discovery", "update", "fixed"]);
        assert_eq!(milestones(&withdrawn), ["discovery", "update", "update"]);
    }

    #[test]
    fn who_asks_twice_is_told_once() {
        let more = NewWord {
            requesters: vec![
                EmailAddress::parse("bob@example.edu").unwrap(),
                EmailAddress::parse("ann@example.edu").unwrap(),
            ],
            services: vec![Id::parse("files").unwrap(), Id::parse("portal").unwrap()],
            ..word("News.")
        };
        let advisory = found(None).update(more, None, at(1)).unwrap();
        let asked: Vec<&str> = advisory
            .requesters
            .iter()
            .map(EmailAddress::as_str)
            .collect();
        assert_eq!(asked, ["ann@example.edu", "bob@example.edu"]);
        assert_eq!(
            advisory.services,
            [Id::parse("portal").unwrap(), Id::parse("files").unwrap()]
        );
    }

    #[test]
    fn a_word_that_is_undone_was_never_said() {
        let mut before = found(Some(3_600));
        before.told.insert(Id::parse("students").unwrap());
        let words: [fn(Advisory) -> Advisory; 3] = [
            |a| a.update(word("News."), Some(at(9_000)), at(70)).unwrap(),
            |a| a.fix(Fix::default(), at(70)).unwrap(),
            |a| a.withdraw(withdrawal(), at(70)).unwrap(),
        ];
        for say in words {
            let mut after = say(before.clone()).undoable(before.clone(), at(70), at(60));
            assert_eq!(after.waits_until(at(69)), Some(at(70)));
            assert_eq!(after.as_told(at(69)), before);
            assert_eq!(
                after.as_told(at(70)).status,
                after.status,
                "its time has come"
            );
            assert!(after.clone().undo(at(70)).is_err());
            // Whoever was added meanwhile stays, and was told.
            let (added, new) = (Id::parse("board").unwrap(), Id::parse("new").unwrap());
            after
                .added
                .audiences
                .insert(added.clone(), crate::audience::Level::Technical);
            after.told.extend([added.clone(), new]);
            let undone = after.undo(at(69)).unwrap();
            assert!(undone.told.contains(&added) && undone.told.len() == 2);
            assert_eq!(
                (undone.updates, undone.status),
                (before.updates.clone(), before.status)
            );
        }
        assert!(
            before.undo(at(1)).is_err(),
            "the first word is never undone"
        );
    }

    #[test]
    fn nobody_waits_for_the_time_to_undo() {
        // now, the time to undo ends, told
        for (now, from, told) in [(60, 70, 70), (3_595, 3_605, 3_600), (3_700, 3_710, 3_700)] {
            let promised = found(Some(3_600));
            assert_eq!(promised.told_from(at(from), at(now)), at(told), "{now}");
        }
        let open = found(None);
        assert_eq!(open.told_from(at(70), at(60)), at(70));
        let said = open.update(word("One."), None, at(100)).unwrap();
        assert_eq!(
            said.told_from(at(95), at(95)),
            at(100),
            "never before what was said earlier"
        );
    }

    proptest! {
        /// 0 is an update, 1 the fix, 2 a withdrawal: whatever comes, only what is open changes, and nothing opens it again.
        #[test]
        fn no_order_of_words_reaches_an_impossible_state(steps in prop::collection::vec(0u8..3, 0..8)) {
            let mut advisory = found(None);
            for (n, step) in steps.into_iter().enumerate() {
                let (before, now) = (advisory.clone(), at(n as i64));
                let next = match step {
                    0 => advisory.update(word("News."), None, now),
                    1 => advisory.fix(Fix::default(), now),
                    _ => advisory.withdraw(withdrawal(), now),
                };
                prop_assert_eq!(next.is_ok(), before.status.is_open());
                advisory = next.unwrap_or(before);
                prop_assert_eq!(advisory.status.is_open(), advisory.closed_at.is_none());
                prop_assert_eq!(advisory.updates.last().map(|w| w.status), Some(advisory.status));
            }
        }
    }
}
