//! One message about an advisory.

use super::{Advisory, Status};
use crate::facts::Facts;
use crate::promise::Promise;
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

crate::promise::thread!(Advisory, Word);

#[cfg(test)]
mod tests {
    use super::super::tests::{at, found, word};
    use super::super::{Fix, Status};
    use crate::promise::Thread;

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
