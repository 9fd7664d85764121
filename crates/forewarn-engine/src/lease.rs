//! The lease: until when this node may send.
//!
//! Nodes that share a store say every few seconds that they are alive. Whoever was silent for [`crate::run::DEAD_AFTER`] is
//! taken for dead, and others send what it had claimed, or something newer. It may be alive all the same: a process that was
//! stopped, a machine that was frozen or moved, a database that was out of reach for this node alone. When it wakes it stands
//! in the middle of a flight, and what is left of that is no longer its to send: it would be told twice, or the old after the
//! new.
//!
//! So a node sends only while it has been heard from a short time ago, reckoned from before it said so. It asks at the last
//! moment, when the bytes go to the socket ([`Leave::holds`]). Two clocks are asked, because each can miss a pause: the
//! machine's steady one does not run while the machine is frozen, and the other is set by people. What was claimed before a
//! silence is never sent after it, also when the node is heard from again: it may have been taken back meanwhile.

use crate::channel::Leave;
use forewarn_store::Clock;
use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// For so long after it was heard from a node may send. The rest up to [`crate::run::DEAD_AFTER`] is for clocks that differ.
const MAY_SEND: Duration = Duration::from_secs(20);

/// A node that says nothing for this long says that it is alive before it claims anything more.
const SILENT: Duration = Duration::from_secs(10);

/// When a node said that it is alive, by both clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said {
    pub(crate) at: Timestamp,
    since: Instant,
}

#[derive(Debug)]
struct Heard {
    said: Said,
    /// Grows with every silence.
    term: u64,
}

/// The lease of one node; its copies are the same one.
#[derive(Clone, Debug)]
pub(crate) struct Lease {
    clock: Clock,
    heard: Arc<Mutex<Option<Heard>>>,
}

impl Lease {
    /// One that was never heard from.
    pub(crate) fn new(clock: Clock) -> Lease {
        Lease {
            clock,
            heard: Arc::default(),
        }
    }

    /// To be asked before the store is told, so that the lease never seems longer than others think.
    pub(crate) fn about_to_say(&self) -> Said {
        Said {
            at: self.clock.now(),
            since: Instant::now(),
        }
    }

    /// The store was told.
    pub(crate) fn heard(&self, said: Said) {
        let mut heard = self.lock();
        let term = match &*heard {
            Some(before) if self.is_within(before.said, MAY_SEND) => before.term,
            Some(before) => before.term + 1,
            None => 0,
        };
        *heard = Some(Heard { said, term });
    }

    /// Whether it was heard from a moment ago.
    pub(crate) fn is_fresh(&self) -> bool {
        let heard = self.lock();
        heard
            .as_ref()
            .is_some_and(|heard| self.is_within(heard.said, SILENT))
    }

    /// Leave to send what is claimed from now on.
    pub(crate) fn leave(&self) -> Leave {
        let lease = self.clone();
        let term = lease.lock().as_ref().map(|heard| heard.term);
        Leave::new(move || {
            let heard = lease.lock();
            heard.as_ref().is_some_and(|heard| {
                Some(heard.term) == term && lease.is_within(heard.said, MAY_SEND)
            })
        })
    }

    fn is_within(&self, said: Said, time: Duration) -> bool {
        let by_clock = self.clock.now().duration_since(said.at).abs();
        let limit = SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
        said.since.elapsed() < time && by_clock < limit
    }

    fn lock(&self) -> MutexGuard<'_, Option<Heard>> {
        // Nothing that could panic happens while it is held.
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leave_ends_with_silence_and_does_not_come_back() {
        // Set back, a clock must first pass the time at which it last spoke.
        for away in [25, -45] {
            let clock = Clock::manual(Timestamp::UNIX_EPOCH);
            let lease = Lease::new(clock.clone());
            assert!(!lease.is_fresh() && !lease.leave().holds());
            lease.heard(lease.about_to_say());
            let first = lease.leave();
            clock.advance(SignedDuration::from_secs(15));
            assert!(first.holds() && !lease.is_fresh());
            // Heard from in time it is the same lease, however long that lasts.
            for _ in 0..3 {
                lease.heard(lease.about_to_say());
                clock.advance(SignedDuration::from_secs(15));
            }
            assert!(first.holds());
            // It was on its way to say so when it fell silent.
            let said = lease.about_to_say();
            clock.advance(SignedDuration::from_secs(away));
            assert!(!first.holds());
            lease.heard(said);
            assert!(!first.holds() && !lease.leave().holds());
            lease.heard(lease.about_to_say());
            assert!(!first.holds() && lease.leave().holds());
        }
    }
}
