//! The clock: the only place that asks what time it is.

use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// What time it is. Given to the server's operations and the engine; everything below takes `now` as an argument.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's.
    System,
    /// One that is moved by hand: the demo's and the tests'. Milliseconds since 1970.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `start` until it is moved.
    pub fn manual(start: Timestamp) -> Clock {
        Clock::Manual(Arc::new(AtomicI64::new(start.as_millisecond())))
    }

    /// Now, in whole milliseconds, which is what the store keeps.
    pub fn now(&self) -> Timestamp {
        let millis = match self {
            #[allow(
                clippy::disallowed_methods,
                reason = "this is the clock that everybody else asks"
            )]
            Clock::System => Timestamp::now().as_millisecond(),
            Clock::Manual(at) => at.load(Ordering::SeqCst),
        };
        Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Moves a manual clock to `to`, which may lie behind. A system clock is left alone.
    pub fn set(&self, to: Timestamp) {
        if let Clock::Manual(at) = self {
            at.store(to.as_millisecond(), Ordering::SeqCst);
        }
    }

    /// Moves a manual clock on.
    pub fn advance(&self, by: SignedDuration) {
        self.set(self.now() + by);
    }

    /// Whether it is moved by hand.
    pub fn is_manual(&self) -> bool {
        matches!(self, Clock::Manual(_))
    }
}
