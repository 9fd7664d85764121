//! What came to each hook of late, in this process's memory: a flood of wrong requests costs no writing.

use jiff::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Requests of a hook that are remembered one by one.
const REMEMBERED: usize = 10;
/// Hooks that are remembered; the ids come from the documents, so that there are not more.
const MOST_HOOKS: usize = 1_000;
/// Nobody reads more of a reason.
const MOST_REASON: usize = 300;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// When.
    pub at: Timestamp,
    /// `accepted`, `repeated`, or why it was refused.
    pub outcome: &'static str,
    /// More about it.
    pub detail: String,
}

/// The requests of one hook.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// How many there were of each outcome.
    pub counts: BTreeMap<&'static str, u64>,
    /// The last ones, the newest first.
    pub last: VecDeque<Seen>,
}

/// The requests of all hooks since this process began.
#[derive(Debug, Default)]
pub struct Requests(Mutex<BTreeMap<String, Tally>>);

impl Requests {
    fn tallies(&self) -> MutexGuard<'_, BTreeMap<String, Tally>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request to a hook that exists.
    pub fn count(&self, hook: &str, outcome: &'static str, detail: &str, at: Timestamp) {
        let labels = [("hook", hook.to_owned()), ("outcome", outcome.to_owned())];
        metrics::counter!("forewarn_hook_requests_total", &labels).increment(1);
        let mut tallies = self.tallies();
        if tallies.len() >= MOST_HOOKS && !tallies.contains_key(hook) {
            return;
        }
        let tally = tallies.entry(hook.to_owned()).or_default();
        *tally.counts.entry(outcome).or_default() += 1;
        tally.last.push_front(Seen {
            at,
            outcome,
            detail: forewarn_core::alert::harmless(detail, MOST_REASON),
        });
        tally.last.truncate(REMEMBERED);
    }

    /// What came to a hook.
    pub fn of(&self, hook: &str) -> Tally {
        self.tallies().get(hook).cloned().unwrap_or_default()
    }
}
