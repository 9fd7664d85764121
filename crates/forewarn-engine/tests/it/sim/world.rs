//! The world outside: it takes messages, refuses them, loses the line in the middle, and keeps a ledger of what it took.

use super::chance::Chance;
use super::digests::{events_in, only};
use forewarn_core::delivery::Outcome;
use forewarn_engine::{Channels, Leave, Parcel};
use forewarn_store::Clock;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

/// What the world does with one try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Accepted,
    /// Accepted, and the answer was lost.
    Cut,
    Transient,
    Permanent,
    Gone,
}

/// A try that reached the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Try {
    /// The delivery's id, as the message carries it, or what all that is told in one message has in common.
    pub id: String,
    pub to: String,
    pub bytes: Arc<[u8]>,
    /// The latest time that the world's clock had shown by then. What was due once may be sent, also when the clock has
    /// been set back since.
    pub at: Timestamp,
    pub fate: Fate,
}

impl Try {
    pub fn is_taken(&self) -> bool {
        matches!(self.fate, Fate::Accepted | Fate::Cut)
    }
}

/// After so many points more whoever sends over a line falls asleep, until they are woken.
#[derive(Debug)]
pub struct Nap(AtomicI64);

impl Nap {
    pub fn after(&self, points: Option<u64>) {
        let points = points.map_or(i64::MAX, |n| n as i64 + 1);
        self.0.store(points, Ordering::SeqCst);
    }

    pub fn is_on(&self) -> bool {
        self.0.load(Ordering::SeqCst) <= 0
    }
}

#[derive(Debug)]
pub struct World {
    seed: u64,
    clock: Clock,
    /// Mailboxes do not die.
    is_lasting: bool,
    /// In the order of arrival. The ledger are those that were taken.
    tries: Mutex<Vec<Try>>,
    latest: AtomicI64,
    /// How many more points are passed before the world holds its breath.
    until_pause: AtomicI64,
}

impl World {
    pub fn new(seed: u64, clock: Clock) -> World {
        World {
            seed,
            clock,
            is_lasting: false,
            tries: Mutex::default(),
            latest: AtomicI64::new(i64::MIN),
            until_pause: AtomicI64::new(i64::MAX),
        }
    }

    /// One in which mailboxes do not die.
    pub fn lasting(mut self) -> World {
        self.is_lasting = true;
        self
    }

    /// Holds its breath after so many points more; whoever sends waits meanwhile.
    pub fn pause_after(&self, points: Option<u64>) {
        let points = points.map_or(i64::MAX, |n| n as i64 + 1);
        self.until_pause.store(points, Ordering::SeqCst);
    }

    pub fn is_paused(&self) -> bool {
        self.until_pause.load(Ordering::SeqCst) <= 0
    }

    /// A point in a sending at which something else may happen, or the sender die.
    async fn point(&self, nap: &Nap) {
        self.until_pause.fetch_sub(1, Ordering::SeqCst);
        nap.0.fetch_sub(1, Ordering::SeqCst);
        loop {
            tokio::task::yield_now().await;
            if !self.is_paused() && !nap.is_on() {
                return;
            }
        }
    }

    /// Sets the clock, perhaps back.
    pub fn set_clock(&self, to: Timestamp) {
        self.clock.set(to);
        self.latest.fetch_max(to.as_millisecond(), Ordering::SeqCst);
    }

    pub fn tries(&self) -> MutexGuard<'_, Vec<Try>> {
        self.tries.lock().expect("nobody panics while holding it")
    }

    /// The nth try of a message has the same fate in every run of a seed.
    fn fate(&self, id: &str) -> (Fate, Chance) {
        let before = self.tries().iter().filter(|t| t.id == id).count();
        let mut chance = Chance::about(self.seed, &format!("{id}/{before}"));
        let fate = match chance.below(100) {
            0..70 => Fate::Accepted,
            70..78 => Fate::Cut,
            78..94 => Fate::Transient,
            94..98 => Fate::Permanent,
            _ if self.is_lasting => Fate::Permanent,
            _ => Fate::Gone,
        };
        (fate, chance)
    }

    async fn attempt(&self, parcel: Parcel, leave: &Leave, nap: &Nap) -> Outcome {
        let (id, to, bytes) = match parcel {
            Parcel::Mail(mail) => (message_id(&mail.data), mail.to, mail.data),
            Parcel::Hook(hook) => (delivery_of(&hook.id.replace('-', ".")), hook.url, hook.body),
            Parcel::Chat(_) => unreachable!("nobody here has a room"),
            Parcel::Ring(_) => unreachable!("nobody here has a telephone"),
            Parcel::Push(_) => unreachable!("nobody here asked their browser"),
            Parcel::Undeliverable(reason) => {
                return Outcome::PermanentFailure {
                    reason,
                    endpoint_gone: false,
                };
            }
        };
        let (fate, mut chance) = self.fate(&id);
        let slow = if chance.percent(10) {
            chance.below(30)
        } else {
            1
        };
        for _ in 0..slow {
            self.point(nap).await;
        }
        if !leave.holds() {
            return Outcome::Withheld;
        }
        if slow > 1 {
            self.set_clock(self.clock.now() + SignedDuration::from_secs(slow as i64 % 7));
        }
        self.tries().push(Try {
            id,
            to,
            bytes: bytes.into(),
            at: Timestamp::from_millisecond(self.latest.load(Ordering::SeqCst)).expect("a time"),
            fate,
        });
        self.point(nap).await;
        let failed = |maybe_sent, retry_after| Outcome::TransientFailure {
            reason: "451 not now".into(),
            retry_after,
            maybe_sent,
        };
        match fate {
            Fate::Accepted => Outcome::Accepted {
                receipt: "250 taken".into(),
            },
            Fate::Cut => failed(true, None),
            Fate::Transient => {
                let wait = chance.percent(20).then(|| SignedDuration::from_mins(10));
                failed(false, wait)
            }
            Fate::Permanent => Outcome::PermanentFailure {
                reason: "554 no".into(),
                endpoint_gone: false,
            },
            Fate::Gone => Outcome::PermanentFailure {
                reason: "550 5.1.1 no such mailbox".into(),
                endpoint_gone: true,
            },
        }
    }
}

/// What the outside knows a message by, out of a mail's Message-ID.
fn message_id(data: &[u8]) -> String {
    let text = String::from_utf8_lossy(data);
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("Message-ID: <"))
        .expect("a mail has a Message-ID");
    delivery_of(line.split('@').next().unwrap_or_default())
}

/// The message behind an id that the outside sees, a delivery's or a digest's: what comes after it names the installation.
fn delivery_of(outside: &str) -> String {
    outside
        .rsplit_once('.')
        .map_or("", |(delivery, _)| delivery)
        .to_owned()
}

/// How a program that sends could be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// What was accepted is recorded as if it had failed.
    ForgetsOutcomes,
    /// What failed is recorded as accepted.
    TakesFailureForSuccess,
    /// Every attempt has an id of its own.
    FreshIds,
    /// Notices begin ten minutes before they are due.
    Early,
    /// What failed is kept in memory and sent again with the next flight, whatever became of it meanwhile.
    RetriesByItself,
    /// What was in the air at a crash is taken for sent.
    DropsOnRecovery,
    /// Plans are made again without what people were told.
    ForgetsWhatWasTold,
    /// What a promise has coming to it is kept in memory, and gone with the process.
    TimersInMemory,
    /// An update leaves the timers of the promise that it keeps.
    LeavesTimers,
    /// What is told in one message is sent as one for each event.
    PartsApart,
    /// Of what is told in one message only the first is told.
    LosesParts,
    /// Whoever slept goes on where they were, though others have taken them for dead.
    GoesOnAfterSleep,
}

/// The world as one engine reaches it.
pub struct Line {
    world: Arc<World>,
    bug: Option<Bug>,
    pub nap: Arc<Nap>,
    attempts: Mutex<HashMap<String, u32>>,
    kept: Mutex<Vec<Parcel>>,
}

impl Line {
    pub fn new(world: Arc<World>, bug: Option<Bug>) -> Line {
        Line {
            world,
            bug,
            nap: Arc::new(Nap(AtomicI64::new(i64::MAX))),
            attempts: Mutex::default(),
            kept: Mutex::default(),
        }
    }

    /// What is sent for a parcel: itself, except by whoever takes a digest apart.
    fn parts(&self, parcel: &Parcel) -> Vec<Parcel> {
        let whole = || vec![parcel.clone()];
        let Parcel::Mail(mail) = parcel else {
            return whole();
        };
        let events = events_in(&mail.data).into_iter();
        let most = match self.bug {
            Some(Bug::PartsApart) => usize::MAX,
            Some(Bug::LosesParts) => 1,
            _ => return whole(),
        };
        let parts = events.take(most).map(|event| {
            let mut part = mail.clone();
            part.data = only(&mail.data, &event);
            Parcel::Mail(part)
        });
        let parts: Vec<Parcel> = parts.collect();
        if parts.is_empty() { whole() } else { parts }
    }

    fn with_fresh_id(&self, parcel: Parcel) -> Parcel {
        let mut attempts = self.attempts.lock().expect("no panic");
        match parcel {
            Parcel::Mail(mut mail) => {
                let id = message_id(&mail.data);
                let n = attempts.entry(id.clone()).or_default();
                *n += 1;
                let text = String::from_utf8_lossy(&mail.data).into_owned();
                mail.data = text.replacen(&id, &format!("{id}{n}"), 1).into_bytes();
                Parcel::Mail(mail)
            }
            other => other,
        }
    }
}

impl Channels for Line {
    async fn send(&self, parcels: Vec<Parcel>, _: Timestamp, leave: &Leave) -> Vec<Outcome> {
        let endless = Leave::unlimited();
        let leave = match self.bug {
            Some(Bug::GoesOnAfterSleep) => &endless,
            _ => leave,
        };
        let attempt = |parcel| self.world.attempt(parcel, leave, &self.nap);
        if self.bug == Some(Bug::RetriesByItself) {
            let kept = std::mem::take(&mut *self.kept.lock().expect("no panic"));
            for parcel in kept {
                attempt(parcel).await;
            }
        }
        let mut outcomes = Vec::with_capacity(parcels.len());
        for parcel in parcels {
            let parcel = match self.bug {
                Some(Bug::FreshIds) => self.with_fresh_id(parcel),
                _ => parcel,
            };
            let mut parts = self.parts(&parcel);
            let last = parts.pop().expect("never empty");
            for part in parts {
                attempt(part).await;
            }
            let outcome = attempt(last).await;
            outcomes.push(match (self.bug, outcome) {
                (Some(Bug::ForgetsOutcomes), Outcome::Accepted { receipt }) => {
                    Outcome::TransientFailure {
                        reason: receipt,
                        retry_after: None,
                        maybe_sent: false,
                    }
                }
                (Some(Bug::TakesFailureForSuccess), Outcome::TransientFailure { reason, .. }) => {
                    Outcome::Accepted { receipt: reason }
                }
                (Some(Bug::RetriesByItself), outcome @ Outcome::TransientFailure { .. }) => {
                    self.kept.lock().expect("no panic").push(parcel);
                    outcome
                }
                (_, outcome) => outcome,
            });
        }
        outcomes
    }
}
