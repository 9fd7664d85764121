//! The engine at work: one task per lane, and a heartbeat.

use crate::Engine;
use crate::channel::Channels;
use forewarn_store::{Lane, Result, StoreError};
use jiff::SignedDuration;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};

/// How many flights of a lane are in the air at once; each uses one connection of a channel.
const FLIGHTS: usize = 8;
/// However quiet it seems, the store is looked at this often: hints may be lost.
const POLL: Duration = Duration::from_secs(1);
/// How often a process says that it is alive.
const BEAT: Duration = Duration::from_secs(5);
/// After this long without a word a process is taken for dead and its attempts are taken back.
const DEAD_AFTER: SignedDuration = SignedDuration::from_secs(30);

impl<C: Channels> Engine<C> {
    /// Does all that is due now, in every lane, and returns. The same steps as [`Engine::run`], one after the other.
    ///
    /// # Errors
    /// When the store cannot be used; what was done so far stays done.
    pub async fn tick(&self) -> Result<usize> {
        let mut attempted = 0;
        loop {
            let mut busy = false;
            for lane in Lane::ALL {
                busy |= self.prepare(lane).await?;
                loop {
                    match self.flight(lane).await? {
                        0 => break,
                        n => attempted += n,
                    }
                    busy = true;
                }
            }
            if !busy {
                return Ok(attempted);
            }
        }
    }

    /// Takes over what earlier processes left in the air. An embedded store has no other process; a shared one says who
    /// has been silent too long.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub async fn recover(&self) -> Result<u64> {
        let now = self.clock.now();
        self.store.beat(&self.node, now).await?;
        if self.store.is_shared() {
            self.store
                .take_back(&self.node, now - DEAD_AFTER, now)
                .await
        } else {
            self.store.claim_alone(&self.node, now).await
        }
    }

    /// Works until `stop` turns true; what is in the air then is landed first.
    pub async fn run(self: Arc<Self>, stop: watch::Receiver<bool>) {
        let mut tasks: Vec<_> = Lane::ALL
            .into_iter()
            .map(|lane| tokio::spawn(self.clone().run_lane(lane, stop.clone())))
            .collect();
        tasks.push(tokio::spawn(self.clone().stay_alive(stop)));
        for task in tasks {
            if let Err(problem) = task.await {
                tracing::error!(%problem, "a task of the engine ended unexpectedly");
            }
        }
    }

    async fn stay_alive(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            match self.recover_dead().await {
                Ok(0) => {}
                Ok(taken) => tracing::warn!(taken, "took back attempts of a process that is gone"),
                Err(problem) => tracing::warn!(%problem, "no heartbeat"),
            }
            tokio::select! {
                () = tokio::time::sleep(BEAT) => {}
                _ = stop.changed() => {}
            }
        }
    }

    async fn recover_dead(&self) -> Result<u64> {
        let now = self.clock.now();
        self.store.beat(&self.node, now).await?;
        if self.store.is_shared() {
            self.store
                .take_back(&self.node, now - DEAD_AFTER, now)
                .await
        } else {
            Ok(0)
        }
    }

    async fn run_lane(self: Arc<Self>, lane: Lane, mut stop: watch::Receiver<bool>) {
        let mut published = self.store.publications();
        let mut flights: JoinSet<Result<usize>> = JoinSet::new();
        let mut state = LaneState::default();
        while !*stop.borrow() {
            if state.look || (state.more && state.empty && flights.is_empty()) {
                state.look = false;
                match self.prepare(lane).await {
                    Ok(more) => (state.more, state.empty) = (more, false),
                    Err(problem) => state.trouble(lane, &problem),
                }
            }
            // One flight looks whether there is anything; the others follow once it carried something.
            while !state.empty && flights.len() < if state.flying { FLIGHTS } else { 1 } {
                let engine = self.clone();
                flights.spawn(async move { engine.flight(lane).await });
            }
            let wait = self.time_to_next(lane, flights.is_empty()).await;
            tokio::select! {
                Some(landed) = flights.join_next() => match landed.unwrap_or_else(lost) {
                    Ok(0) => (state.empty, state.flying) = (true, false),
                    Ok(_) => state.flying = true,
                    Err(problem) => state.trouble(lane, &problem),
                },
                _ = published.changed() => state.look = true,
                () = tokio::time::sleep(wait) => state.look = true,
                _ = stop.changed() => {}
            }
            if flights.is_empty() && state.in_doubt {
                state.in_doubt = self
                    .store
                    .give_back(lane, &self.node, self.clock.now())
                    .await
                    .is_err();
            }
        }
        while flights.join_next().await.is_some() {}
    }

    /// How long nothing is due: never longer than a poll, for other processes give no hints.
    async fn time_to_next(&self, lane: Lane, idle: bool) -> Duration {
        if !idle {
            return POLL;
        }
        let now = self.clock.now();
        match self.store.next_due(lane).await {
            Ok(Some(next)) => Duration::try_from(next.duration_since(now))
                .unwrap_or(Duration::ZERO)
                .clamp(Duration::from_millis(1), POLL),
            _ => POLL,
        }
    }
}

/// What a lane's task knows between its steps.
struct LaneState {
    /// Look for due notices at the next step.
    look: bool,
    /// A notice is not expanded to its end.
    more: bool,
    /// The last claim found nothing.
    empty: bool,
    /// The last flight carried something.
    flying: bool,
    /// A claim's answer was lost: it may have claimed what we do not know of.
    in_doubt: bool,
}

impl Default for LaneState {
    fn default() -> Self {
        LaneState {
            look: true,
            more: false,
            empty: true,
            flying: false,
            in_doubt: false,
        }
    }
}

impl LaneState {
    fn trouble(&mut self, lane: Lane, problem: &StoreError) {
        tracing::warn!(?lane, %problem, "the engine waits for the store");
        (self.empty, self.flying, self.in_doubt) = (true, false, true);
    }
}

/// A flight that panicked claimed deliveries that nobody will record.
fn lost(problem: JoinError) -> Result<usize> {
    Err(StoreError::Corrupt(format!("a flight was lost: {problem}")))
}
