//! Sending in turn. What an operator set, what each chat product allows ([`Limits`](crate::Limits)), and what a receiver asks for itself
//! (`Retry-After`) hold for all nodes that share the store: a turn is taken there (`forewarn_store::Pace`), and so is a gate
//! ([`Held`]). Messages whose turn comes later, or for which no gate is free, are not sent; they are [`Outcome::Paced`], and their
//! rows wait. Mail without a limit asks for nothing.

use crate::Engine;
use crate::channel::{Channels, Leave, Parcel};
use crate::flight::ONCE_MORE;
use crate::gates::Held;
use forewarn_core::delivery::Outcome;
use forewarn_store::{Lane, Pace, Pulse, Result, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

impl<C: Channels> Engine<C> {
    /// Sends what may be sent now, and says of everything what came of it.
    ///
    /// # Errors
    /// When the turns or gates could not be taken; then nothing was sent.
    pub(crate) async fn send_in_turn(
        &self,
        lane: Lane,
        parcels: Vec<Parcel>,
        now: Timestamp,
        leave: &Leave,
    ) -> Result<Vec<Outcome>> {
        let gates = self.take_gates(lane, &parcels).await?;
        let outcomes = self.send_paced(parcels, &gates, now, leave).await;
        self.give_gates_back(lane, &gates).await;
        outcomes
    }

    async fn send_paced(
        &self,
        parcels: Vec<Parcel>,
        gates: &Held,
        now: Timestamp,
        leave: &Leave,
    ) -> Result<Vec<Outcome>> {
        let mut waits: Vec<Option<SignedDuration>> = parcels
            .iter()
            .map(|p| gates.wait(p, &self.limits))
            .collect();
        let paces = parcels.iter().zip(&waits).map(|(parcel, wait)| match wait {
            None => self.limits.pace(parcel),
            Some(_) => None,
        });
        let paces: Vec<Option<Pace>> = paces.collect();
        let asked: Vec<Pace> = paces.iter().flatten().cloned().collect();
        if !asked.is_empty() {
            let mut turns = self.turns(&asked, now).await?.into_iter();
            let limited = waits.iter_mut().zip(&paces);
            for (wait, _) in limited.filter(|(_, pace)| pace.is_some()) {
                *wait = turns.next().flatten();
            }
        }
        let free = parcels.into_iter().zip(&waits);
        let free: Vec<Parcel> = free
            .filter(|(_, wait)| wait.is_none())
            .map(|(p, _)| p)
            .collect();
        let sent = match free.is_empty() {
            true => Vec::new(),
            false => self.send_through(free, gates, now, leave).await,
        };
        let mut sent = sent.into_iter();
        let outcomes: Vec<Outcome> = waits
            .into_iter()
            .map(|wait| match wait {
                Some(wait) => Outcome::Paced { wait },
                None => sent.next().unwrap_or(Outcome::Withheld),
            })
            .collect();
        self.learn(&paces, &outcomes, now).await;
        Ok(outcomes)
    }

    /// Turns for all of these. While the database is away they wait: an attempt that was not made must not count.
    async fn turns(&self, asked: &[Pace], now: Timestamp) -> Result<Vec<Option<SignedDuration>>> {
        loop {
            match self.store.take_turns(asked, now).await {
                Err(StoreError::Unavailable(problem) | StoreError::Full(problem)) => {
                    tracing::warn!(%problem, messages = asked.len(), "messages wait for the database");
                    tokio::time::sleep(ONCE_MORE).await;
                }
                other => return other,
            }
        }
    }

    /// What the outcomes tell of those who take only so much. That it cannot be noted is no reason to forget what came of those sent.
    async fn learn(&self, paces: &[Option<Pace>], outcomes: &[Outcome], now: Timestamp) {
        let mut pulses: BTreeMap<&str, Pulse> = BTreeMap::new();
        for (pace, outcome) in paces.iter().zip(outcomes) {
            let Some(pace) = pace else { continue };
            let (taken, refused) = match outcome {
                Outcome::Accepted { .. } => (1, false),
                Outcome::TransientFailure { retry_after, .. } => {
                    if let Some(asked) = retry_after {
                        self.leave_alone(pace, now, *asked).await;
                    }
                    (0, true)
                }
                // These say nothing of how much is taken.
                Outcome::PermanentFailure { .. } | Outcome::Withheld | Outcome::Paced { .. } => {
                    continue;
                }
            };
            if pace.slow_start {
                let pulse = pulses.entry(&pace.key).or_insert_with(|| Pulse {
                    pace: pace.clone(),
                    taken: 0,
                    refused: false,
                });
                pulse.taken += taken;
                pulse.refused |= refused;
            }
        }
        if pulses.is_empty() {
            return;
        }
        let pulses: Vec<Pulse> = pulses.into_values().collect();
        if let Err(problem) = self.store.learn_tempo(&pulses, now).await {
            tracing::warn!(%problem, "how fast somebody may be sent to is not noted");
        }
    }

    /// Whoever asks for time has it from every message.
    async fn leave_alone(&self, pace: &Pace, now: Timestamp, asked: SignedDuration) {
        let Ok(until) = now.checked_add(asked) else {
            return;
        };
        if let Err(problem) = self.store.hold_back(pace, until).await {
            tracing::warn!(%problem, "that somebody asked for time is not noted");
        }
    }
}
