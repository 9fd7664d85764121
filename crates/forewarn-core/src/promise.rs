//! When the next word comes: the promise that a message makes, and which promise people know. A message that waits until somebody
//! agrees has been heard by nobody, so it keeps no promise and makes none. Incidents and advisories share these rules.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The promise that a message makes: when the next one comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// By when.
    pub due: Timestamp,
    /// Whether the next message came in time; open when absent.
    pub kept: Option<bool>,
}

/// One message of several about the same thing.
pub trait Said {
    /// Counts from 0, the first message.
    fn number(&self) -> u32;
    /// Nobody has been told: somebody must agree to it first.
    fn waits(&self) -> bool;
    /// It waits from now on, or no longer.
    fn set_waits(&mut self, waits: bool);
    /// When it was told.
    fn at_mut(&mut self) -> &mut Timestamp;
    /// The promise it makes, if it makes one.
    fn promise(&self) -> Option<Promise>;
    /// The same, to put on record what became of it.
    fn promise_mut(&mut self) -> Option<&mut Promise>;
}

/// Messages about one thing, each of which may promise the next.
pub trait Thread: Sized {
    /// One of them.
    type Message: Said;

    /// All of them, the oldest first.
    fn messages(&self) -> &[Self::Message];
    /// The same, to change them.
    fn messages_mut(&mut self) -> &mut [Self::Message];

    /// The newest message that people were told.
    fn told_last(&self) -> Option<&Self::Message> {
        self.messages().iter().rev().find(|said| !said.waits())
    }

    /// The same, to change it.
    fn told_last_mut(&mut self) -> Option<&mut Self::Message> {
        let mut newest_first = self.messages_mut().iter_mut().rev();
        newest_first.find(|said| !said.waits())
    }

    /// What people were told last before the message of this number.
    fn told_before(&self, number: u32) -> Option<&Self::Message> {
        let earlier = self.messages().get(..number as usize)?;
        earlier.iter().rev().find(|said| !said.waits())
    }

    /// Its newest message waits until somebody agrees.
    fn waits(&self) -> bool {
        self.messages().last().is_some_and(Said::waits)
    }

    /// The promise that people know: that of the newest message they were told, if it made one.
    fn promise(&self) -> Option<Promise> {
        self.told_last().and_then(Said::promise)
    }

    /// The same, to put on record what became of it.
    fn promise_mut(&mut self) -> Option<&mut Promise> {
        self.told_last_mut().and_then(Said::promise_mut)
    }

    /// The open promise, if its time has passed and nobody has put that on record.
    fn lapsed(&self, now: Timestamp) -> Option<Promise> {
        self.promise().filter(|p| p.kept.is_none() && p.due < now)
    }

    /// Puts on record that the promise of the message of this number was not kept. `None` where there is nothing to record: it is
    /// not what people were told last, its time has not passed, or it is on record already.
    fn break_promise(mut self, number: u32, now: Timestamp) -> Option<Self> {
        self.lapsed(now)?;
        let said = self.told_last_mut().filter(|s| s.number() == number)?;
        said.promise_mut()?.kept = Some(false);
        Some(self)
    }

    /// What the journal says of a promise that was not kept.
    fn breach(&self, promise: Promise, now: Timestamp) -> serde_json::Value {
        serde_json::json!({
            "update": self.told_last().map(Said::number), "promised": promise.due,
            "late_by_seconds": now.duration_since(promise.due).as_secs(),
        })
    }

    /// Its newest message waits until somebody agrees. Nobody has heard it, so what was promised before stands; before the first
    /// message nothing could.
    fn held(mut self) -> Self {
        if let Some(newest) = self.messages_mut().last_mut() {
            newest.set_waits(true);
        }
        if let Some(promise) = self.promise_mut()
            && promise.kept == Some(true)
        {
            promise.kept = None;
        }
        self
    }

    /// Those agreed who had to: the newest message is told now, which keeps or breaks the promise that people knew.
    fn let_go(mut self, now: Timestamp) -> Self {
        if !self.waits() {
            return self;
        }
        self.settle_promise(now);
        // Of several that waited the newest is told; it takes the place of the others.
        if let Some(newest) = self.messages_mut().last_mut() {
            newest.set_waits(false);
            let at = newest.at_mut();
            *at = (*at).max(now);
        }
        self
    }

    /// People are told something now: the promise of what they were told before is kept or broken.
    fn settle_promise(&mut self, now: Timestamp) {
        if let Some(promise) = self.promise_mut()
            && promise.kept.is_none()
        {
            promise.kept = Some(now <= promise.due);
        }
    }
}

/// Both kinds of messages have the same fields for it.
macro_rules! thread {
    ($event:ty, $message:ty) => {
        impl crate::promise::Said for $message {
            fn number(&self) -> u32 {
                self.number
            }
            fn waits(&self) -> bool {
                self.waits
            }
            fn set_waits(&mut self, waits: bool) {
                self.waits = waits;
            }
            fn at_mut(&mut self) -> &mut jiff::Timestamp {
                &mut self.at
            }
            fn promise(&self) -> Option<crate::promise::Promise> {
                self.promise
            }
            fn promise_mut(&mut self) -> Option<&mut crate::promise::Promise> {
                self.promise.as_mut()
            }
        }

        impl crate::promise::Thread for $event {
            type Message = $message;

            fn messages(&self) -> &[$message] {
                &self.updates
            }
            fn messages_mut(&mut self) -> &mut [$message] {
                &mut self.updates
            }
        }
    };
}
pub(crate) use thread;
