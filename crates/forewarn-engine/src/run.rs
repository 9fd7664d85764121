//! The engine at work: one task per lane, one for windows that come round and reminders, and a heartbeat.
//!
//! A lane's task looks for due notices when it is told of a publication, when something falls due, and every few seconds
//! in any case, because hints may be lost and other processes give none. While there is something to send it keeps several
//! flights in the air. It never spins: a look that found nothing is followed by a wait, also when something seems due.
//!
//! A flight of mail flies in legs, and is put on record after each: of what a slow relay has taken, a crash must leave little in
//! doubt. A leg is what the relay took in a quarter of a second before, and the next one is on its way while it is recorded, so on
//! each connection at most two legs are not on record.
//!
//! What a task does not know it finds out before it goes on. A claim whose answer was lost may have claimed, so what this
//! node holds in that lane is given back. A flight that was lost may have sent, so its attempts are put on record as unknown.

use crate::Engine;
use crate::channel::{Channels, Leave};
use crate::flight::FLIGHT;
use forewarn_core::contact::Channel;
use forewarn_store::{Claimed, Lane, Recorded, Result, StoreError};
use jiff::SignedDuration;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

/// How many flights of a lane are in the air at once where some are mail; each uses one connection to the relay.
const FLIGHTS: usize = 8;
/// How many where none is mail: each goes to many servers, and while half of them are put on record and followed by others, the other
/// half keeps the network busy.
const WIDE: usize = 2 * FLIGHTS;
/// How long a leg is to take. Recording costs a commit for all that have landed by then, whatever the number of flights.
const LEG: Duration = Duration::from_millis(250);
/// Messages of a first leg, while nothing is known of the relay's pace.
const FIRST_LEG: usize = 10;
/// A flight that flies in one leg: its messages go to many servers at once, and the slowest would hold up each leg.
const WHOLE: usize = usize::MAX;
/// However quiet it seems, the store is asked this often when something is due: hints may be lost.
const POLL: Duration = Duration::from_secs(1);
/// What seems due and cannot be had (an older message to the same endpoint is under way elsewhere) is looked at this often.
const BLOCKED: Duration = Duration::from_millis(250);
/// A whole look is taken this often in any case: another process may have died in the middle of an expansion.
const QUIET: Duration = Duration::from_secs(5);
/// How often a process says that it is alive.
const BEAT: Duration = Duration::from_secs(5);
/// How often windows that come round and reminders are looked at. They are planned ahead, so it matters only to who has just
/// changed one.
const WINDOWS: Duration = Duration::from_secs(15);
/// How often it is looked whether a calendar of an on-call tool is to be read.
const FEEDS: Duration = Duration::from_secs(30);
/// After this long without a word a process is taken for dead and its attempts are taken back.
pub(crate) const DEAD_AFTER: SignedDuration = SignedDuration::from_secs(30);

impl<C: Channels> Engine<C> {
    /// Does all that is due now, in every lane, and returns. The same steps as [`Engine::run`], one after the other.
    ///
    /// # Errors
    /// When the store cannot be used; what was done so far stays done.
    pub async fn tick(&self) -> Result<usize> {
        self.plan_windows().await?;
        self.plan_reminders().await?;
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
        if self.store.is_shared() {
            self.take_from_the_dead().await
        } else {
            self.store.claim_alone(&self.node, self.clock.now()).await
        }
    }

    /// Recovers, then works until `stop` turns true or its sender is gone; what is in the air then is landed first.
    /// Dropping the future instead is a crash: attempts stay unknown until somebody recovers.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        // Nothing is claimed before the others know of this node: they would take it for dead.
        while let Err(problem) = self.recover().await {
            tracing::warn!(%problem, "the engine waits for the store");
            if stopped_within(&mut stop, POLL).await {
                return;
            }
        }
        let (landed, heart) = (watch::Sender::new(false), Arc::clone(&self));
        let mut pulse = JoinSet::new();
        pulse.spawn(heart.stay_alive(landed.subscribe()));
        let mut lanes = JoinSet::new();
        lanes.spawn(Arc::clone(&self).keep_windows(stop.clone()));
        lanes.spawn(Arc::clone(&self).keep_feeds(stop.clone()));
        for lane in Lane::ALL {
            lanes.spawn(Arc::clone(&self).keep_lane(lane, stop.clone()));
        }
        while lanes.join_next().await.is_some() {}
        // Until the last flight has landed, this node is alive for the others.
        landed.send_replace(true);
        while pulse.join_next().await.is_some() {}
    }

    /// Plans the notices of windows that come round and reminders, again and again: what a day brings, and what people changed.
    async fn keep_windows(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        loop {
            self.measure().await;
            if let Err(problem) = self.plan_windows().await {
                tracing::warn!(%problem, "windows that come round are not planned yet");
            }
            if let Err(problem) = self.plan_reminders().await {
                tracing::warn!(%problem, "reminders are not planned yet");
            }
            if stopped_within(&mut stop, WINDOWS).await {
                return;
            }
        }
    }

    /// Reads the calendars of on-call tools, again and again. A slow server of theirs delays nothing of ours.
    async fn keep_feeds(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        while self.feeds.is_some() {
            let mut gone = stop.clone();
            let read = tokio::select! {
                read = self.read_feeds() => read,
                // An error says that the sender is gone.
                _ = gone.wait_for(|stop| *stop) => return,
            };
            if let Err(problem) = read {
                tracing::warn!(%problem, "calendars of on-call tools are not read yet");
            }
            if stopped_within(&mut stop, FEEDS).await {
                return;
            }
        }
    }

    async fn stay_alive(self: Arc<Self>, mut landed: watch::Receiver<bool>) {
        while self.store.is_shared() && !stopped_within(&mut landed, BEAT).await {
            match self.take_from_the_dead().await {
                Ok(0) => {}
                Ok(taken) => tracing::warn!(taken, "took back attempts of a process that is gone"),
                Err(problem) => tracing::warn!(%problem, "no heartbeat"),
            }
        }
    }

    /// Says that this node is alive, to those who share the store.
    pub(crate) async fn beat(&self) -> Result<()> {
        let said = self.lease.about_to_say();
        self.store.beat(&self.node, said.at).await?;
        self.lease.heard(said);
        Ok(())
    }

    async fn take_from_the_dead(&self) -> Result<u64> {
        self.beat().await?;
        let now = self.clock.now();
        self.store
            .take_back(&self.node, now - DEAD_AFTER, now)
            .await
    }

    /// Runs a lane and begins it anew should it ever panic: a lane that stands still tells nobody anything.
    async fn keep_lane(self: Arc<Self>, lane: Lane, mut stop: watch::Receiver<bool>) {
        let mut doubt = None;
        loop {
            let mut task = JoinSet::new();
            task.spawn(Arc::clone(&self).run_lane(lane, doubt, stop.clone()));
            match task.join_next().await {
                Some(Err(problem)) => tracing::error!(?lane, %problem, "a lane begins anew"),
                Some(Ok(())) | None => return,
            }
            doubt = Some(Doubt::Sent);
            if stopped_within(&mut stop, POLL).await {
                return;
            }
        }
    }

    async fn run_lane(
        self: Arc<Self>,
        lane: Lane,
        doubt: Option<Doubt>,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut published = self.store.publications();
        let mut flights = JoinSet::new();
        let mut state = LaneState::new(doubt);
        while !has_stopped(&stop) {
            if flights.is_empty() {
                self.settle(lane, &mut state).await;
            }
            self.take_off(lane, &stop, &mut flights, &mut state).await;
            if state.wants_a_look(!flights.is_empty()) {
                state.looks();
                match self.prepare(lane).await {
                    Ok(more) => (state.more, state.empty) = (more, false),
                    Err(problem) => state.trouble(lane, &problem, None),
                }
                self.take_off(lane, &stop, &mut flights, &mut state).await;
            }
            let wait = self
                .time_to_next(lane, &mut state, flights.is_empty())
                .await;
            let landed = tokio::select! {
                Some(landed) = flights.join_next() => Some(landed),
                _ = published.changed() => {
                    state.look = true;
                    None
                }
                () = tokio::time::sleep(wait) => None,
                _ = stop.wait_for(|stop| *stop) => None,
            };
            if let Some(landed) = landed {
                self.land(lane, landed, &mut flights, &mut state).await;
                state.landed = true;
            }
        }
        while let Some(landed) = flights.join_next().await {
            self.land(lane, landed, &mut flights, &mut state).await;
        }
        self.settle(lane, &mut state).await;
    }

    /// Fills the air. Claims are made here and for all flights that may start, so that one that takes long holds up no other and
    /// the faster they land the fewer commits they cost.
    async fn take_off(
        self: &Arc<Self>,
        lane: Lane,
        stop: &watch::Receiver<bool>,
        flights: &mut JoinSet<Result<Leg>>,
        state: &mut LaneState,
    ) {
        while !state.empty && state.doubt.is_none() && flights.len() < state.most() {
            // Half of them at most: while some are in the air the store is free for the others.
            let wanted = (state.most() - flights.len()).min(state.most() / 2) * FLIGHT;
            match self.claim(lane, wanted).await {
                Ok((claimed, leave)) => {
                    // What has not begun when it is to stop waits for the next start: only so can what was accepted be recorded in time.
                    let stop = stop.clone();
                    let leave = Leave::new(move || !has_stopped(&stop) && leave.holds());
                    state.empty = claimed.len() < wanted;
                    state.fruitless = claimed.is_empty();
                    state.taken += claimed.len();
                    let is_mail = |d: &Claimed| d.endpoint.channel() == Channel::Email;
                    let (mails, others): (Vec<_>, Vec<_>) = claimed.into_iter().partition(is_mail);
                    state.is_mailing = !mails.is_empty();
                    for (claimed, leg) in [(mails, state.leg), (others, WHOLE)] {
                        for ahead in in_flights(claimed) {
                            let leave = leave.clone();
                            let flight = Flight {
                                lane,
                                ahead,
                                leave,
                                leg,
                            };
                            flights.spawn(flight.fly(Arc::clone(self)));
                        }
                    }
                }
                Err(problem) => state.trouble(lane, &problem, Some(Doubt::Claimed)),
            }
        }
    }

    /// Puts on record what came of a leg, together with all others that have landed by now. What a flight has ahead of it goes on
    /// meanwhile.
    async fn land(
        self: &Arc<Self>,
        lane: Lane,
        first: Landed,
        flights: &mut JoinSet<Result<Leg>>,
        state: &mut LaneState,
    ) {
        let mut outcomes = Vec::new();
        let mut landed = Some(first);
        while let Some(leg) = landed {
            match leg.unwrap_or_else(lost) {
                Ok(Leg { came, flight }) => {
                    outcomes.extend(came);
                    if flight.leg != WHOLE {
                        state.leg = flight.leg;
                    }
                    if !flight.ahead.is_empty() {
                        flights.spawn(flight.fly(Arc::clone(self)));
                    }
                }
                Err(problem) => state.trouble(lane, &problem, Some(Doubt::Sent)),
            }
            landed = flights.try_join_next();
        }
        match self.keep(&outcomes).await {
            // They need no look, which for one message after the other would cost more than all the rest.
            Ok(moved_up) => state.empty &= !moved_up,
            Err(problem) => state.trouble(lane, &problem, Some(Doubt::Sent)),
        }
    }

    /// Clears up what a lost answer left behind. While the store is away the doubt stays.
    async fn settle(&self, lane: Lane, state: &mut LaneState) {
        let now = self.clock.now();
        let settled = match state.doubt {
            None => return,
            Some(Doubt::Claimed) => self.store.give_back(lane, &self.node, now).await,
            Some(Doubt::Sent) => self.store.disown(lane, &self.node, now).await,
        };
        if settled.is_ok() {
            (state.doubt, state.look) = (None, true);
        }
    }

    /// How long to wait for something to happen. Never longer than a poll, for other processes give no hints.
    async fn time_to_next(&self, lane: Lane, state: &mut LaneState, idle: bool) -> Duration {
        if !idle || state.doubt.is_some() {
            return POLL;
        }
        let Ok(Some(next)) = self.store.next_due(lane).await else {
            return POLL;
        };
        let ahead = next.duration_since(self.clock.now());
        let wait = match Duration::try_from(ahead).unwrap_or(Duration::ZERO) {
            Duration::ZERO if state.fruitless => BLOCKED,
            ahead => ahead,
        };
        state.look |= wait <= POLL;
        wait.min(POLL)
    }
}

/// What is not known of the attempts that stand under this node's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Doubt {
    /// Whether they exist; nothing of them was sent.
    Claimed,
    /// Whether they were sent.
    Sent,
}

/// What a lane's task knows between its steps.
struct LaneState {
    /// Look for due notices at the next step.
    look: bool,
    /// When it looked last.
    looked: Instant,
    /// Something has landed since then: notices whose last delivery it was are sent.
    landed: bool,
    /// A notice is not expanded to its end.
    more: bool,
    /// How many were claimed since then.
    taken: usize,
    /// The last claim took all there was.
    empty: bool,
    /// The last claim found nothing.
    fruitless: bool,
    /// What must be cleared up before the next claim.
    doubt: Option<Doubt>,
    /// There was mail in the last claim.
    is_mailing: bool,
    /// How many mails the first leg of a flight has, by the pace of the last one.
    leg: usize,
}

impl LaneState {
    fn new(doubt: Option<Doubt>) -> LaneState {
        LaneState {
            look: true,
            looked: Instant::now(),
            landed: false,
            more: false,
            taken: 0,
            empty: true,
            fruitless: false,
            doubt,
            is_mailing: true,
            leg: FIRST_LEG,
        }
    }

    /// How many flights may be in the air.
    fn most(&self) -> usize {
        match self.is_mailing {
            true => FLIGHTS,
            false => WIDE,
        }
    }

    fn wants_a_look(&self, busy: bool) -> bool {
        let rest = if busy { POLL } else { QUIET };
        // The next part is expanded while flights are in the air, not when they wait for it.
        let ahead = self.more && (self.empty || self.taken >= WIDE * FLIGHT);
        self.look || ahead || (self.landed && !busy) || self.looked.elapsed() >= rest
    }

    fn looks(&mut self) {
        (self.look, self.landed) = (false, false);
        (self.looked, self.taken) = (Instant::now(), 0);
    }

    fn trouble(&mut self, lane: Lane, problem: &StoreError, doubt: Option<Doubt>) {
        tracing::warn!(?lane, %problem, "the engine waits for the store");
        (self.empty, self.fruitless) = (true, true);
        self.doubt = self.doubt.max(doubt);
    }
}

/// What is under way over one connection.
struct Flight {
    lane: Lane,
    /// What has not begun.
    ahead: Vec<Claimed>,
    /// Whether it may be sent.
    leave: Leave,
    /// How many of it go on the next leg.
    leg: usize,
}

/// A leg that has landed.
struct Leg {
    /// What came of its messages.
    came: Vec<Recorded>,
    /// The flight that it was of, with what is ahead of it.
    flight: Flight,
}

impl Flight {
    /// Flies the next leg. An error leaves open what was sent of all that was ahead.
    async fn fly<C: Channels>(mut self, engine: Arc<Engine<C>>) -> Result<Leg> {
        let rest = self.ahead.split_off(border(&self.ahead, self.leg));
        let part = std::mem::replace(&mut self.ahead, rest);
        let (flown, began) = (part.len(), Instant::now());
        let came = engine.carry(self.lane, part, &self.leave).await?;
        if self.leg != WHOLE {
            self.leg = match came.iter().any(|one| one.outcome == "accepted") {
                true => next_leg(flown, began.elapsed()),
                // Nothing was taken that could be sent twice, and the rest should not wait for the same trouble one by one.
                false => FLIGHT,
            };
        }
        Ok(Leg { came, flight: self })
    }
}

/// How many take as long as a leg should, when so many took so long.
fn next_leg(flown: usize, took: Duration) -> usize {
    let fits = flown as u128 * LEG.as_micros() / took.as_micros().max(1);
    usize::try_from(fits).unwrap_or(FLIGHT).clamp(1, FLIGHT)
}

/// What a leg's task comes back with.
type Landed = std::result::Result<Result<Leg>, JoinError>;

/// A flight that panicked leaves attempts of which nobody knows whether they were sent.
fn lost(problem: JoinError) -> Result<Leg> {
    Err(StoreError::Corrupt(format!("a flight was lost: {problem}")))
}

/// What was claimed at once, in the order in which it waited. What one message tells is never divided.
fn in_flights(mut claimed: Vec<Claimed>) -> Vec<Vec<Claimed>> {
    let mut flights = Vec::with_capacity(claimed.len().div_ceil(FLIGHT));
    while claimed.len() > FLIGHT {
        let rest = claimed.split_off(border(&claimed, FLIGHT));
        flights.push(std::mem::replace(&mut claimed, rest));
    }
    if !claimed.is_empty() {
        flights.push(claimed);
    }
    flights
}

/// Where the first so many end, or the message that the last of them is a part of.
fn border(claimed: &[Claimed], wanted: usize) -> usize {
    let mut border = wanted.min(claimed.len());
    while border < claimed.len() && is_one_message(&claimed[border - 1], &claimed[border]) {
        border += 1;
    }
    border
}

fn is_one_message(one: &Claimed, other: &Claimed) -> bool {
    one.bundle.is_some() && one.bundle == other.bundle && one.endpoint_id == other.endpoint_id
}

/// Whoever can no longer say stop has stopped caring.
fn has_stopped(stop: &watch::Receiver<bool>) -> bool {
    *stop.borrow() || stop.has_changed().is_err()
}

async fn stopped_within(stop: &mut watch::Receiver<bool>, time: Duration) -> bool {
    // An error says that the sender is gone.
    tokio::time::timeout(time, stop.wait_for(|stop| *stop))
        .await
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leg_is_what_a_relay_takes_in_a_quarter_of_a_second() {
        let took = Duration::from_millis;
        // Messages, how long they took, and how many go next.
        for (flown, millis, next) in [
            (10, 250, 10),
            (10, 500, 5),
            (5, 250, 5),
            (10, 10, 100),
            (1, 60_000, 1),
            (100, 1_000, 25),
            (10, 0, 100),
        ] {
            assert_eq!(next_leg(flown, took(millis)), next, "{flown} in {millis}");
        }
    }
}
