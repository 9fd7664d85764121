//! A flight: some deliveries claimed, rendered, sent and recorded.

use crate::Engine;
use crate::channel::{Channels, Leave, Parcel};
use forewarn_core::contact::Channel;
use forewarn_core::delivery::{DeliveryStatus, Next, Outcome, after};
use forewarn_store::{Claimed, Lane, Recorded, Result, StoreError, WITHHELD};
use jiff::Timestamp;
use std::collections::HashMap;
use std::time::Duration;

/// Deliveries in one flight: large enough to share commits, small enough that an urgent message never waits long for
/// one, and that a crash leaves little unknown.
pub(crate) const FLIGHT: usize = 100;

/// While the database is away, an outcome waits this long before it is offered again.
pub(crate) const ONCE_MORE: Duration = Duration::from_millis(200);

impl<C: Channels> Engine<C> {
    /// Sends what is due in a lane, at most a flight's worth. Says how many were attempted.
    ///
    /// # Errors
    /// When nothing could be claimed or recorded. While the database is away an outcome is held until it is back:
    /// a message that was accepted must not be forgotten because its record could not be written at once.
    pub async fn flight(&self, lane: Lane) -> Result<usize> {
        let (claimed, leave) = self.claim(lane, FLIGHT).await?;
        let outcomes = self.carry(lane, claimed, &leave).await?;
        self.keep(&outcomes).await?;
        Ok(outcomes.iter().filter(|o| o.outcome != WITHHELD).count())
    }

    /// Claims what is due, at most so many, with leave to send it. The attempts are on record when this returns; an error
    /// leaves open whether they are, but nothing of them was sent.
    pub(crate) async fn claim(&self, lane: Lane, limit: usize) -> Result<(Vec<Claimed>, Leave)> {
        let leave = match self.store.is_shared() {
            true => {
                // Whoever was away for long would be taken for dead, and what it claims now be taken from it.
                if !self.lease.is_fresh() {
                    self.beat().await?;
                }
                self.lease.leave()
            }
            false => Leave::unlimited(),
        };
        let now = self.clock.now();
        let claimed = self.store.claim(lane, &self.node, now, limit).await?;
        Ok((claimed, leave))
    }

    /// Sends what was claimed and says what came of it. An error leaves open what of it was sent.
    pub(crate) async fn carry(
        &self,
        lane: Lane,
        claimed: Vec<Claimed>,
        leave: &Leave,
    ) -> Result<Vec<Recorded>> {
        if claimed.is_empty() {
            return Ok(Vec::new());
        }
        let started = self.clock.now();
        let (stale, fresh): (Vec<Claimed>, Vec<Claimed>) =
            claimed.into_iter().partition(|d| d.expires <= started);
        let mut recorded: Vec<Recorded> = stale.iter().map(|d| expired(d, started)).collect();
        let messages = together(fresh);
        let outcomes = match self.ready(&messages).await {
            Ok(parcels) => self.send_in_turn(lane, parcels, started, leave).await,
            Err(error) => Err(error),
        };
        let outcomes = match outcomes {
            Ok(outcomes) => outcomes,
            // Nothing was sent: the attempt failed below us and is tried again.
            Err(error) => messages.iter().map(|_| unsent(&error)).collect(),
        };
        let ended = self.clock.now();
        self.note_first_words(&messages, &outcomes, ended).await;
        for (message, outcome) in messages.iter().zip(&outcomes) {
            let told = message.iter();
            recorded.extend(told.map(|delivery| record(delivery, outcome, started, ended)));
        }
        let withheld = outcomes.iter().filter(|o| **o == Outcome::Withheld);
        let withheld = withheld.count();
        if withheld > 0 {
            tracing::warn!(
                withheld,
                "not sent: this process stops, or was silent for too long"
            );
        }
        for outcome in &recorded {
            metrics::counter!("forewarn_attempts_total", "outcome" => outcome.outcome).increment(1);
        }
        Ok(recorded)
    }

    /// The parcels of these deliveries. While the database is away they wait: an attempt that was not made must not count.
    async fn ready(&self, messages: &[Vec<Claimed>]) -> Result<Vec<Parcel>> {
        loop {
            match self.parcels(messages).await {
                Err(StoreError::Unavailable(problem) | StoreError::Full(problem)) => {
                    tracing::warn!(%problem, messages = messages.len(), "messages wait for the database");
                    tokio::time::sleep(ONCE_MORE).await;
                }
                other => return other,
            }
        }
    }

    /// Puts outcomes on record. While the database is away they are held: a message that was accepted must not be forgotten
    /// because its record could not be written at once. Says whether others may go that stood behind them.
    pub(crate) async fn keep(&self, recorded: &[Recorded]) -> Result<bool> {
        loop {
            match self.store.record(&self.node, recorded).await {
                Err(StoreError::Unavailable(problem) | StoreError::Full(problem)) => {
                    tracing::warn!(%problem, outcomes = recorded.len(), "outcomes wait for the database");
                    tokio::time::sleep(ONCE_MORE).await;
                }
                other => return other,
            }
        }
    }
}

/// What each message tells: one delivery, or all of a bundle to one endpoint, in their order.
fn together(claimed: Vec<Claimed>) -> Vec<Vec<Claimed>> {
    let mut messages: Vec<Vec<Claimed>> = Vec::with_capacity(claimed.len());
    let mut bundles: HashMap<(String, String), usize> = HashMap::new();
    for delivery in claimed {
        let bundle = delivery.bundle.clone();
        let key = bundle.map(|bundle| (bundle, delivery.endpoint_id.clone()));
        match key.as_ref().and_then(|key| bundles.get(key)) {
            Some(&place) => messages[place].push(delivery),
            None => {
                if let Some(key) = key {
                    bundles.insert(key, messages.len());
                }
                messages.push(vec![delivery]);
            }
        }
    }
    messages
}

fn unsent(error: &StoreError) -> Outcome {
    Outcome::TransientFailure {
        reason: error.to_string(),
        retry_after: None,
        maybe_sent: false,
    }
}

fn expired(delivery: &Claimed, now: Timestamp) -> Recorded {
    Recorded {
        id: delivery.id.clone(),
        row: delivery.row,
        attempt: delivery.attempt,
        status: DeliveryStatus::Expired,
        next_at: now,
        started_at: now,
        ended_at: now,
        outcome: "expired",
        server_said: "not sent: it would have come too late to mean anything".into(),
        endpoint_gone: false,
        receipted: false,
    }
}

fn record(delivery: &Claimed, outcome: &Outcome, started: Timestamp, ended: Timestamp) -> Recorded {
    let next = after(
        delivery.attempt,
        outcome,
        ended,
        delivery.expires,
        jitter(&delivery.id, delivery.attempt),
    );
    let (status, next_at) = match next {
        Next::Done(status) => (status, ended),
        Next::Retry(at) => (DeliveryStatus::Queued, at),
    };
    let (name, said, endpoint_gone) = match outcome {
        Outcome::Accepted { receipt } => ("accepted", receipt.as_str(), false),
        Outcome::TransientFailure { reason, .. } => ("transient_failure", reason.as_str(), false),
        Outcome::Withheld => (WITHHELD, "", false),
        Outcome::Paced { .. } => (WITHHELD, "waits for its turn", false),
        Outcome::PermanentFailure {
            reason,
            endpoint_gone,
        } => ("permanent_failure", reason.as_str(), *endpoint_gone),
    };
    Recorded {
        id: delivery.id.clone(),
        row: delivery.row,
        attempt: delivery.attempt,
        status,
        next_at,
        started_at: started,
        ended_at: ended,
        outcome: name,
        server_said: said.chars().take(500).collect(),
        endpoint_gone,
        receipted: matches!(delivery.endpoint.channel(), Channel::Sms | Channel::Voice),
    }
}

/// Chance without randomness: spread by the delivery's own id, the same in a replay.
fn jitter(id: &str, attempt: u32) -> f64 {
    let hash = id.bytes().fold(
        u32::from(attempt as u8).wrapping_add(0x811c_9dc5),
        |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193),
    );
    f64::from(hash % 1000) / 1000.0
}
