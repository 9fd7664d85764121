//! Gates: who takes only so many at once. A flight takes gates before it sends, for all nodes that share the store, and gives them back
//! when the last of its messages there has ended. What finds none waits as a row.
//!
//! Mail goes over one connection for each flight, which needs a gate of the relay, and one of each domain that it has mail for and
//! that takes only so many. Others go as many requests at once as there are gates; those that have not begun after a second come
//! back later, so that nobody keeps the gates from what is urgent.

use crate::channel::{Channels, Leave, Parcel};
use crate::flight::ONCE_MORE;
use crate::{Engine, Limits};
use forewarn_core::delivery::Outcome;
use forewarn_store::{Gated, Gates, Lane, Result, StoreError};
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// For so long new requests begin at the gates that were had.
const TURN: Duration = Duration::from_secs(1);
/// What had no more time comes back so soon.
const AGAIN: SignedDuration = SignedDuration::from_millis(100);

/// What a flight has of each that takes only so many at once.
pub(crate) struct Held {
    had: BTreeMap<String, Gated>,
    since: Instant,
}

impl Held {
    /// How long this one must wait for a gate.
    pub(crate) fn wait(&self, parcel: &Parcel, limits: &Limits) -> Option<SignedDuration> {
        if self.had.is_empty() {
            return None;
        }
        let waits = limits.at_once(parcel).into_iter();
        let waits = waits.filter_map(|(key, _)| match self.had.get(&key) {
            Some(Gated::Later(wait)) => Some(*wait),
            Some(Gated::Held(_)) | None => None,
        });
        waits.max()
    }

    /// The gates that a request goes through; a mail needs no more than its flight's connection.
    fn of_request(&self, parcel: &Parcel, limits: &Limits) -> Option<(String, usize)> {
        if let Parcel::Mail(_) = parcel {
            return None;
        }
        let (key, _) = limits.at_once(parcel).into_iter().next()?;
        match self.had.get(&key)? {
            Gated::Held(count) => Some((key, *count as usize)),
            Gated::Later(_) => None,
        }
    }
}

impl<C: Channels> Engine<C> {
    /// Gates for all of these. While the database is away they wait: an attempt that was not made must not count.
    pub(crate) async fn take_gates(&self, lane: Lane, parcels: &[Parcel]) -> Result<Held> {
        let mut asked: BTreeMap<String, Gates> = BTreeMap::new();
        for parcel in parcels {
            for (key, most) in self.limits.at_once(parcel) {
                let wants_more = !matches!(parcel, Parcel::Mail(_));
                let gates = asked.entry(key.clone()).or_insert(Gates {
                    key,
                    most,
                    wanted: 0,
                });
                if gates.wanted == 0 || wants_more {
                    gates.wanted = (gates.wanted + 1).min(most);
                }
            }
        }
        let asked: Vec<Gates> = asked.into_values().collect();
        let had = match asked.is_empty() {
            true => Vec::new(),
            false => self.ask_for_gates(lane, &asked).await?,
        };
        let keys = asked.into_iter().map(|gates| gates.key);
        Ok(Held {
            had: keys.zip(had).collect(),
            since: Instant::now(),
        })
    }

    async fn ask_for_gates(&self, lane: Lane, asked: &[Gates]) -> Result<Vec<Gated>> {
        loop {
            let now = self.clock.now();
            match self.store.take_gates((&self.node, lane), asked, now).await {
                Err(StoreError::Unavailable(problem) | StoreError::Full(problem)) => {
                    tracing::warn!(%problem, "messages wait for the database");
                    tokio::time::sleep(ONCE_MORE).await;
                }
                other => return other,
            }
        }
    }

    /// Others can have them. While the database is away they are held: nobody else could take them.
    pub(crate) async fn give_gates_back(&self, lane: Lane, held: &Held) {
        let counted = held.had.iter().filter_map(|(key, had)| match had {
            Gated::Held(count) => Some((key.as_str(), *count)),
            Gated::Later(_) => None,
        });
        let gates: Vec<(&str, u32)> = counted.collect();
        if gates.is_empty() {
            return;
        }
        let lasted = SignedDuration::try_from(held.since.elapsed()).unwrap_or_default();
        loop {
            let back = self
                .store
                .give_gates_back((&self.node, lane), &gates, lasted);
            match back.await {
                Err(StoreError::Unavailable(problem) | StoreError::Full(problem)) => {
                    tracing::warn!(%problem, "gates wait for the database");
                    tokio::time::sleep(ONCE_MORE).await;
                }
                Err(problem) => {
                    tracing::warn!(%problem, "gates are not given back");
                    return;
                }
                Ok(()) => return,
            }
        }
    }

    /// Sends these, as many at once as there are gates.
    pub(crate) async fn send_through(
        &self,
        parcels: Vec<Parcel>,
        held: &Held,
        now: Timestamp,
        leave: &Leave,
    ) -> Vec<Outcome> {
        let mut rest = (Vec::new(), Vec::new());
        let mut requests: BTreeMap<String, (usize, Vec<(usize, Parcel)>)> = BTreeMap::new();
        if held.had.is_empty() {
            return self.channels.send(parcels, now, leave).await;
        }
        for (place, parcel) in parcels.into_iter().enumerate() {
            match held.of_request(&parcel, &self.limits) {
                Some((key, gates)) => {
                    let (_, listed) = requests.entry(key).or_insert((gates, Vec::new()));
                    listed.push((place, parcel));
                }
                None => {
                    rest.0.push(place);
                    rest.1.push(parcel);
                }
            }
        }
        let requests = requests.into_values().map(|(gates, listed)| {
            let each = listed.into_iter().map(|(place, parcel)| async move {
                (place, self.send_one(parcel, held.since, now, leave).await)
            });
            stream::iter(each)
                .buffer_unordered(gates)
                .collect::<Vec<_>>()
        });
        let (places, rest) = rest;
        let (came, answered) = tokio::join!(
            self.channels.send(rest, now, leave),
            join_all(requests.collect::<Vec<_>>())
        );
        let came = places.into_iter().zip(came);
        let mut all: Vec<(usize, Outcome)> = came.chain(answered.into_iter().flatten()).collect();
        all.sort_unstable_by_key(|&(place, _)| place);
        all.into_iter().map(|(_, outcome)| outcome).collect()
    }

    async fn send_one(
        &self,
        parcel: Parcel,
        since: Instant,
        now: Timestamp,
        leave: &Leave,
    ) -> Outcome {
        if since.elapsed() > TURN {
            return Outcome::Paced { wait: AGAIN };
        }
        let mut came = self.channels.send(vec![parcel], now, leave).await;
        came.pop().unwrap_or(Outcome::Withheld)
    }
}
