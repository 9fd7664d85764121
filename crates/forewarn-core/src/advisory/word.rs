//! One message about an advisory, and whether people were told it: one that waits until somebody agrees keeps no promise and makes
//! none, as with [incidents](crate::incident).

use super::{Advisory, Status};
use crate::facts::Facts;
use crate::incident::Promise;
use crate::texts::Texts;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One message about an advisory, as it went out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    /// Its id, derived from the advisory and its number.
    pub id: String,
    /// Counts from 0, the discovery.
    pub number: u32,
    /// Where the advisory stood with it.
    pub status: Status,
    /// What somebody wrote; made from the facts when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub text: Option<String>,
    /// The text of a level where somebody edited it.
    #[serde(skip_serializing_if = "Texts::is_empty", default)]
    pub texts: Texts,
    /// What was known then.
    pub facts: Facts,
    /// When it was published.
    pub at: Timestamp,
    /// When the next word was promised, where somebody gave a time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub promise: Option<Promise>,
    /// Nobody has been told: somebody must agree to it first.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub waits: bool,
}

impl Word {
    /// The milestone that it stands for.
    pub fn milestone(&self) -> &'static str {
        match (self.number, self.status) {
            (_, Status::Fixed) => "fixed",
            (0, _) => "discovery",
            (_, Status::Open | Status::Withdrawn) => "update",
        }
    }
}

impl Advisory {
    /// The promise that people know: that of the newest word they were told, if it made one.
    pub fn promise(&self) -> Option<Promise> {
        self.told_last().and_then(|word| word.promise)
    }

    /// The open promise, if its time has passed and nobody has put that on record.
    pub fn lapsed(&self, now: Timestamp) -> Option<Promise> {
        self.promise().filter(|p| p.kept.is_none() && p.due < now)
    }

    /// Puts on record that the promise of this word was not kept. `None` where there is nothing to record: it is not
    /// what people were told last, its time has not passed, or it is on record already.
    pub fn break_promise(mut self, number: u32, now: Timestamp) -> Option<Advisory> {
        self.lapsed(now)?;
        let word = self.told_last_mut().filter(|w| w.number == number)?;
        word.promise.as_mut()?.kept = Some(false);
        Some(self)
    }

    /// What the journal says of a promise that was not kept.
    pub fn breach(&self, promise: Promise, now: Timestamp) -> serde_json::Value {
        serde_json::json!({
            "update": self.told_last().map(|w| w.number), "promised": promise.due,
            "late_by_seconds": now.duration_since(promise.due).as_secs(),
        })
    }

    /// The newest word that people were told.
    pub fn told_last(&self) -> Option<&Word> {
        self.updates.iter().rev().find(|word| !word.waits)
    }

    fn told_last_mut(&mut self) -> Option<&mut Word> {
        self.updates.iter_mut().rev().find(|word| !word.waits)
    }

    /// What people were told last before the word of this number.
    pub fn told_before(&self, number: u32) -> Option<&Word> {
        let earlier = self.updates.get(..number as usize)?;
        earlier.iter().rev().find(|word| !word.waits)
    }

    /// Its newest word waits until somebody agrees.
    pub fn waits(&self) -> bool {
        self.updates.last().is_some_and(|word| word.waits)
    }

    /// Its newest word waits until somebody agrees. Nobody has heard it, so what was promised before stands. The discovery makes what
    /// it promises known with itself: there is nothing before it that could stand.
    pub fn held(mut self) -> Advisory {
        if let Some(newest) = self.updates.last_mut() {
            newest.waits = true;
        }
        if let Some(promise) = self.told_last_mut().and_then(|w| w.promise.as_mut())
            && promise.kept == Some(true)
        {
            promise.kept = None;
        }
        self
    }

    /// Those agreed who had to: the newest word is told now, which keeps or breaks the promise that people knew.
    pub fn let_go(mut self, now: Timestamp) -> Advisory {
        if !self.waits() {
            return self;
        }
        self.settle_promise(now);
        // Of several that waited the newest is told; it takes the place of the others.
        if let Some(newest) = self.updates.last_mut() {
            newest.waits = false;
            newest.at = newest.at.max(now);
        }
        self
    }

    /// People are told something now: the promise of what they were told before is kept or broken.
    pub(super) fn settle_promise(&mut self, now: Timestamp) {
        if let Some(promise) = self.told_last_mut().and_then(|w| w.promise.as_mut())
            && promise.kept.is_none()
        {
            promise.kept = Some(now <= promise.due);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, found, word};
    use super::super::{Fix, Status};

    #[test]
    fn a_word_that_waits_keeps_no_promise_and_makes_none() {
        let before = found(Some(3_600));
        let said = |advisory: crate::advisory::Advisory, next, now| {
            advisory
                .update(word("News."), Some(at(next)), at(now))
                .unwrap()
        };
        let held = said(before.clone(), 7_200, 60).held();
        assert_eq!(held.promise(), before.promise());
        assert_eq!(held.lapsed(at(3_601)).unwrap().due, at(3_600));
        // A second one that waits changes nothing of that.
        let twice = said(held.clone(), 9_000, 90).held();
        assert_eq!(twice.promise(), before.promise());
        // It breaks in its time, also while the end of it waits.
        let end = held.clone().fix(Fix::default(), at(120)).unwrap().held();
        let broken = end.break_promise(0, at(3_601)).unwrap();
        assert_eq!(
            (broken.status, broken.promise().unwrap().kept),
            (Status::Fixed, Some(false))
        );
        let told = broken.let_go(at(4_000));
        assert_eq!(
            (told.updates[0].promise.unwrap().kept, told.promise()),
            (Some(false), None)
        );
        // Agreed in time, it keeps what people knew, and its own promise counts.
        let kept = held.clone().let_go(at(3_000));
        assert_eq!(kept.updates[0].promise.unwrap().kept, Some(true));
        assert_eq!(
            (kept.promise().unwrap().due, kept.updates[1].at),
            (at(7_200), at(3_000))
        );
        // So does somebody else's word, told at once.
        let past_it = said(held, 8_000, 3_500);
        assert_eq!(past_it.updates[0].promise.unwrap().kept, Some(true));
        assert_eq!(past_it.told_before(2).unwrap().number, 0);
    }
}
