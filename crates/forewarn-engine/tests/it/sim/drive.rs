//! One run: a seed becomes a world, an operator, one or two engines, and what happens to them.

use super::auditor::audit;
use super::chance::Chance;
use super::digests::events_in;
use super::operator::Operator;
use super::promises;
use super::world::{Bug, Line, Try, World};
use crate::database::{Database, Kind};
use forewarn_core::advisory::Word;
use forewarn_core::contact::EmailAddress;
use forewarn_core::delivery::{DeliveryStatus, message_key};
use forewarn_core::event::{Event, Occasion};
use forewarn_core::plan::{Changes, is_promise_timer};
use forewarn_core::token::Key;
use forewarn_engine::{Engine, Identity};
use forewarn_store::{
    Clock, DeliveryFilter, DeliveryRow, EventFilter, Lane, Published, Recorded, Result, Store,
    StoreError,
};
use jiff::SignedDuration;
use std::collections::BTreeSet;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

/// What a run came to.
#[derive(Debug, Default)]
pub struct Report {
    pub wrong: Vec<String>,
    pub tries: Vec<Try>,
    pub notices: usize,
    /// Tries that told of several events at once.
    pub digests: usize,
    /// Deliveries about standard windows, and calls to whoever is to speak for an incident.
    pub windows: usize,
    pub calls: usize,
    /// Deliveries of faults that were found, and words of them that promised the next one, or did not.
    pub faults: usize,
    pub promising: usize,
    pub unpromising: usize,
    pub crashes: u32,
    pub unknown: usize,
}

/// Runs a future for so many polls, then drops it wherever it stands: the program was killed.
pub(super) struct Killed<F> {
    future: Option<Pin<Box<F>>>,
    polls: u64,
}

impl<F: Future> Future for Killed<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<F::Output>> {
        if self.polls == 0 {
            self.future = None;
        }
        self.polls = self.polls.saturating_sub(1);
        match &mut self.future {
            Some(future) => future.as_mut().poll(context).map(Some),
            None => Poll::Ready(None),
        }
    }
}

pub(super) fn killed<F: Future>(future: F, polls: u64) -> Killed<F> {
    Killed {
        future: Some(Box::pin(future)),
        polls,
    }
}

struct Process {
    store: Store,
    /// The world's clock, save where a bug has it otherwise.
    clock: Clock,
    engines: Vec<Engine<Line>>,
    names: Vec<String>,
}

struct Run<'a> {
    database: &'a Database,
    world: Arc<World>,
    clock: Clock,
    bug: Option<Bug>,
    order: Order,
    starts: u32,
    report: Report,
}

/// Who goes on when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// One engine works; at one point of its sending all others have their turn, or it dies. Replays exactly.
    InStep,
    /// All are at work, and at each point of a sending chance says who goes on and who dies. Replays exactly.
    InTurns,
    /// Everything happens at once, as the database's threads will have it. A failure may not come again.
    AtOnce,
}

impl Order {
    /// The usual one of a seed. On SQLite a seed is all there is to know. PostgreSQL's own processes have a say in any case, so there
    /// every other seed is left to them.
    pub fn of(seed: u64, kind: Kind) -> Order {
        match (seed % 2, kind) {
            (1, _) => Order::InStep,
            (_, Kind::Sqlite) => Order::InTurns,
            (_, Kind::Postgres) => Order::AtOnce,
        }
    }
}

/// What is run.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub seed: u64,
    pub kind: Kind,
    pub order: Order,
    pub bug: Option<Bug>,
    /// How often the clock moves.
    pub rounds: usize,
}

/// Runs a seed and audits it.
pub async fn run(plan: Plan) -> Report {
    let Plan {
        seed, kind, bug, ..
    } = plan;
    let database = Database::fresh(kind);
    let mut chance = Chance::new(seed);
    let begin = "2026-11-19T16:00:00Z".parse().expect("a time");
    let clock = Clock::manual(begin);
    let world = Arc::new(World::new(seed, clock.clone()));
    let forgets = bug == Some(Bug::ForgetsWhatWasTold);
    let mut operator = Operator::new(&mut chance, clock.clone(), forgets);
    operator.leaves_timers = bug == Some(Bug::LeavesTimers);
    let mut run = Run {
        database: &database,
        world: world.clone(),
        clock,
        bug,
        order: plan.order,
        starts: 0,
        report: Report::default(),
    };
    // Two engines over one embedded file share a process, and so its end.
    let engines = if chance.percent(40) { 2 } else { 1 };
    let processes = match kind {
        Kind::Sqlite => vec![engines],
        Kind::Postgres => vec![1; engines],
    };
    let store = database.open().await;
    operator.move_in(&store).await;
    let mut running = Vec::new();
    for engines in processes {
        running.push(run.start(engines).await);
    }
    for _ in 0..plan.rounds {
        run.move_clock(&store, &mut chance).await;
        match run.order {
            Order::InStep => {
                run.one_at_a_time(&store, &mut operator, &mut running, &mut chance)
                    .await;
            }
            Order::InTurns => {
                run.in_turns(&store, &mut operator, &mut running, &mut chance)
                    .await;
            }
            Order::AtOnce => {
                run.at_large(&store, &mut operator, &mut running, &mut chance)
                    .await;
            }
        }
    }
    run.wind_up(&store, &mut operator, &mut running).await;
    for id in operator.events.clone() {
        if let Ok(Some(stored)) = store.event(&id).await {
            match stored.event {
                Event::Incident(incident) => operator.learn(&incident),
                Event::Advisory(advisory) => {
                    let promises = |w: &&Word| w.promise.is_some();
                    let promising = advisory.updates.iter().filter(promises).count();
                    run.report.promising += promising;
                    run.report.unpromising += advisory.updates.len() - promising;
                }
                Event::Maintenance(_)
                | Event::Window(_)
                | Event::Reminder(_)
                | Event::Announcement(_) => {}
            }
        }
    }
    operator.learn_overruns(&store).await;
    let tries = world.tries().clone();
    run.report
        .wrong
        .extend(audit(&operator, &tries, &store).await);
    run.report.tries = tries;
    run.report.notices = operator.noted.len();
    let all = store.deliveries(&DeliveryFilter::default(), 100_000).await;
    let all = all.expect("deliveries");
    let about = |milestone: &str| {
        let noted = |row: &DeliveryRow| operator.noted.get(&row.notice);
        let told = all.iter().filter_map(noted);
        told.filter(|n| n.notice.milestone == milestone).count()
    };
    run.report.windows = about("window_use");
    run.report.calls = about("spokesperson_call");
    run.report.faults = about("discovery");
    run.report.digests = digests_among(&run.report.tries, &all);
    run.report.unknown = all
        .iter()
        .flat_map(|d| &d.attempts)
        .filter(|a| a.outcome == "unknown")
        .count();
    for process in running {
        process.store.close().await;
    }
    store.close().await;
    run.report
}

/// How many tries were of a message with several events in it.
fn digests_among(tries: &[Try], deliveries: &[DeliveryRow]) -> usize {
    let bundled = deliveries.iter().filter_map(|row| row.bundled.as_ref());
    let keys: BTreeSet<String> = bundled
        .map(|(endpoint, bundle)| message_key("", Some((endpoint, bundle))))
        .collect();
    let of_bundles = tries.iter().filter(|one| keys.contains(&one.id));
    of_bundles
        .filter(|one| events_in(&one.bytes).len() > 1)
        .count()
}

impl Run<'_> {
    /// A program starts: new connections, new names, and first of all it recovers.
    async fn start(&mut self, engines: usize) -> Process {
        let store = self.database.open().await;
        let clock = match self.bug {
            Some(Bug::Early) => Clock::manual(self.clock.now()),
            _ => self.clock.clone(),
        };
        let mut process = Process {
            store: store.clone(),
            clock: clock.clone(),
            engines: Vec::new(),
            names: Vec::new(),
        };
        for _ in 0..engines {
            self.starts += 1;
            let name = format!("node-{}", self.starts);
            let line = Line::new(self.world.clone(), self.bug);
            let engine = Engine::new(
                store.clone(),
                clock.clone(),
                line,
                Identity {
                    public_url: "https://status.example.edu".into(),
                    from: EmailAddress::parse("status@example.edu").expect("an address"),
                    name: Some("Example University".into()),
                    bounces: None,
                },
                Key::new("a key for the tests"),
                name.clone(),
            );
            process.engines.push(engine);
            process.names.push(name);
        }
        for engine in &process.engines {
            self.note("recovering", engine.recover().await.map(|_| ()));
        }
        process
    }

    fn note(&mut self, doing: &str, result: Result<()>) {
        self.report.wrong.extend(problem(doing, result));
    }

    async fn move_clock(&mut self, store: &Store, chance: &mut Chance) {
        let seconds = |n: u64| SignedDuration::from_secs(n as i64);
        let now = self.clock.now();
        let to = match chance.below(100) {
            0..35 => now + seconds(chance.below(300)),
            35..80 => match next_due(store).await {
                Some(due) => due.max(now) + seconds(chance.below(90)),
                None => now + seconds(3_600),
            },
            80..92 => now - seconds(chance.below(180)),
            _ => now + seconds(3_600 + chance.below(120_000)),
        };
        self.world.set_clock(to);
    }

    /// Everybody does what they do, all at once. A program may be killed anywhere.
    async fn at_large(
        &mut self,
        store: &Store,
        operator: &mut Operator,
        running: &mut [Process],
        chance: &mut Chance,
    ) {
        let acts = chance.percent(45);
        let mut theirs = Chance::new(chance.below(u64::MAX));
        let act = async {
            if acts {
                operator.act(store, &mut theirs).await;
            }
        };
        let mut lives = Vec::new();
        for _ in running.iter() {
            let most = *chance.pick(&[20, 100, 400]);
            lives.push(match chance.percent(40) {
                true => 1 + chance.below(most),
                false => u64::MAX,
            });
        }
        let ticks = running
            .iter()
            .zip(&lives)
            .map(|(process, polls)| killed(work(process, self.bug, &self.clock), *polls));
        let (ends, ()) = tokio::join!(together(ticks.collect()), act);
        for (process, end) in running.iter_mut().zip(ends) {
            match end {
                Some(result) => self.note("working", result),
                None => self.bury(store, process).await,
            }
        }
    }

    /// One engine works; while it sends, the others act, or it dies. What happens in between is always the same.
    async fn one_at_a_time(
        &mut self,
        store: &Store,
        operator: &mut Operator,
        running: &mut [Process],
        chance: &mut Chance,
    ) {
        let process = chance.below(running.len() as u64) as usize;
        let engine = chance.below(running[process].engines.len() as u64) as usize;
        let act_at = chance.percent(45).then(|| chance.below(25));
        let die_at = chance.percent(40).then(|| chance.below(40));
        let mut acted = act_at.is_none();
        let (mut died, mut ended) = (false, false);
        {
            let mut working = Box::pin(tick(&running[process], engine, self.bug, &self.clock));
            let mut passed = 0;
            let mut stops: Vec<(u64, bool)> = act_at.map(|at| (at, false)).into_iter().collect();
            stops.extend(die_at.map(|at| (at, true)));
            stops.sort_unstable();
            for (at, dies) in stops {
                self.world.pause_after(Some(at.saturating_sub(passed)));
                passed = at + 1;
                if let Some(end) = until_paused(&mut working, &self.world).await {
                    self.report.wrong.extend(problem("working", end));
                    ended = true;
                    break;
                }
                self.world.pause_after(None);
                if dies {
                    died = true;
                    break;
                }
                acted = true;
                operator.act(store, chance).await;
                for (n, other) in running.iter().enumerate() {
                    for m in (0..other.engines.len()).filter(|m| (n, *m) != (process, engine)) {
                        let end = tick(other, m, self.bug, &self.clock).await;
                        self.report.wrong.extend(problem("working", end));
                    }
                }
            }
            self.world.pause_after(None);
            if !ended && !died {
                let end = working.await;
                self.report.wrong.extend(problem("working", end));
            }
        }
        if died {
            self.bury(store, &mut running[process]).await;
        }
        if !acted {
            operator.act(store, chance).await;
        }
    }

    /// All work, and the operator acts among them. Whose turn it is goes on to a point of its sending and stands still there, with no
    /// transaction open, while others go on; a program whose turn it is may die there with all its engines.
    async fn in_turns(
        &mut self,
        store: &Store,
        operator: &mut Operator,
        running: &mut [Process],
        chance: &mut Chance,
    ) {
        let mut acts = chance.percent(60);
        let mut died = vec![false; running.len()];
        let mut wrong = Vec::new();
        {
            let (bug, clock) = (self.bug, &self.clock);
            let mut working: Vec<(usize, _)> = Vec::new();
            for (n, process) in running.iter().enumerate() {
                for engine in 0..process.engines.len() {
                    working.push((n, Box::pin(tick(process, engine, bug, clock))));
                }
            }
            while !working.is_empty() {
                if acts && chance.percent(20) {
                    acts = false;
                    operator.act(store, chance).await;
                }
                let turn = chance.below(working.len() as u64) as usize;
                self.world.pause_after(Some(chance.below(6)));
                let end = until_paused(&mut working[turn].1, &self.world).await;
                self.world.pause_after(None);
                match end {
                    Some(end) => {
                        wrong.extend(problem("working", end));
                        drop(working.swap_remove(turn));
                    }
                    None if chance.percent(4) => {
                        let dead = working[turn].0;
                        died[dead] = true;
                        working.retain(|(process, _)| *process != dead);
                    }
                    None => {}
                }
            }
        }
        self.report.wrong.extend(wrong);
        for (process, _) in running.iter_mut().zip(&died).filter(|(_, died)| **died) {
            self.bury(store, process).await;
        }
        if acts {
            operator.act(store, chance).await;
        }
    }

    /// Another program takes the place of one that was killed.
    async fn bury(&mut self, store: &Store, process: &mut Process) {
        self.report.crashes += 1;
        process.store.close().await;
        if self.bug == Some(Bug::DropsOnRecovery) {
            drop_attempts(store, &process.names).await;
        }
        if self.bug == Some(Bug::TimersInMemory) {
            drop_timers(store, self.clock.now()).await;
        }
        *process = self.start(process.engines.len()).await;
    }

    /// Lets everything come to its end: nobody crashes any more, and the clock goes to whatever is due next.
    async fn wind_up(&mut self, store: &Store, operator: &mut Operator, running: &mut [Process]) {
        let dead = SignedDuration::from_secs(40);
        for _ in 0..600 {
            for process in running.iter() {
                if self.order != Order::AtOnce {
                    for engine in 0..process.engines.len() {
                        let worked = tick(process, engine, self.bug, &self.clock).await;
                        self.report.wrong.extend(problem("winding up", worked));
                    }
                } else {
                    let worked = work(process, self.bug, &self.clock).await;
                    self.report.wrong.extend(problem("winding up", worked));
                }
            }
            let unrecorded = promises::unrecorded(&operator.events, store, &self.clock).await;
            self.report.wrong.extend(unrecorded);
            match next_due(store).await {
                // What is due already waits for an attempt of a process that must first be taken for dead.
                Some(due) => self.world.set_clock(due.max(self.clock.now() + dead)),
                None if operator.finish(store).await => {}
                None => {
                    let open = DeliveryFilter {
                        status: Some(DeliveryStatus::Attempting),
                        ..DeliveryFilter::default()
                    };
                    if store
                        .deliveries(&open, 1)
                        .await
                        .expect("deliveries")
                        .is_empty()
                    {
                        return;
                    }
                    self.world.set_clock(self.clock.now() + dead);
                }
            }
        }
        self.report.wrong.push("it does not come to an end".into());
    }
}

pub(super) fn problem(doing: &str, result: Result<()>) -> Option<String> {
    match result {
        // Two on one file or one row may meet; nothing was decided.
        Ok(()) | Err(StoreError::Unavailable(_)) => None,
        Err(problem) => Some(format!("{doing}: {problem}")),
    }
}

/// What a program does in one round: its heartbeat if it has others beside it, and all that is due.
async fn work(process: &Process, bug: Option<Bug>, clock: &Clock) -> Result<()> {
    let ticks = (0..process.engines.len()).map(|n| Box::pin(tick(process, n, bug, clock)));
    together(ticks.collect()).await.into_iter().collect()
}

async fn tick(process: &Process, engine: usize, bug: Option<Bug>, clock: &Clock) -> Result<()> {
    if bug == Some(Bug::Early) {
        process
            .clock
            .set(clock.now() + SignedDuration::from_mins(10));
    }
    let engine = &process.engines[engine];
    if process.store.is_shared() {
        engine.recover().await?;
    }
    engine.tick().await.map(|_| ())
}

/// Polls a future until it ends or the world holds its breath; then it stands still.
async fn until_paused<F: Future + Unpin>(future: &mut F, world: &World) -> Option<F::Output> {
    std::future::poll_fn(|context| match pin!(&mut *future).poll(context) {
        Poll::Ready(end) => Poll::Ready(Some(end)),
        Poll::Pending if world.is_paused() => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    })
    .await
}

/// Polls all of them in turn until each has ended.
pub(super) async fn together<F: Future + Unpin>(mut futures: Vec<F>) -> Vec<F::Output> {
    let mut ends: Vec<Option<F::Output>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, end) in futures.iter_mut().zip(&mut ends) {
            if end.is_none()
                && let Poll::Ready(value) = pin!(future).poll(context)
            {
                *end = Some(value);
            }
        }
        if ends.iter().all(Option::is_some) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    ends.into_iter().flatten().collect()
}

pub(super) async fn next_due(store: &Store) -> Option<jiff::Timestamp> {
    let mut next = None;
    for lane in Lane::ALL {
        let due = store.next_due(lane).await.expect("the store works");
        next = match (next, due) {
            (Some(a), Some(b)) => Some(std::cmp::min(a, b)),
            (a, b) => a.or(b),
        };
    }
    next
}

/// The bug: timers that had not come are gone.
pub(super) async fn drop_timers(store: &Store, now: jiff::Timestamp) {
    for stored in store
        .events(&EventFilter::default(), 100)
        .await
        .expect("events")
    {
        let (planned, _) = store
            .planned(stored.event.id().as_str())
            .await
            .expect("notices");
        let timers = planned
            .iter()
            .filter(|n| n.open && is_promise_timer(&n.milestone));
        let changes = Changes {
            withdrawn: timers.map(|n| n.id.clone()).collect(),
            ..Changes::default()
        };
        let published = Published {
            event: &stored.event,
            expected: stored.sequence,
            changes: &changes,
            occasion: &Occasion::default(),
            awaiting: &BTreeSet::new(),
            entries: &[],
            plan: None,
            answer: None,
        };
        store
            .publish(published, now)
            .await
            .expect("nobody else is there");
    }
}

/// The bug: what was in the air is taken for sent.
async fn drop_attempts(store: &Store, nodes: &[String]) {
    let open = DeliveryFilter {
        status: Some(DeliveryStatus::Attempting),
        ..DeliveryFilter::default()
    };
    let found = store.deliveries(&open, 100_000).await.expect("deliveries");
    for node in nodes {
        let taken: Vec<Recorded> = found
            .iter()
            .map(|d| Recorded {
                id: d.id.clone(),
                row: 0,
                attempt: d.attempts.len() as u32 + 1,
                status: DeliveryStatus::Accepted,
                next_at: jiff::Timestamp::UNIX_EPOCH,
                started_at: jiff::Timestamp::UNIX_EPOCH,
                ended_at: jiff::Timestamp::UNIX_EPOCH,
                outcome: "accepted",
                server_said: "it must have arrived".into(),
                endpoint_gone: false,
                receipted: false,
            })
            .collect();
        store.record(node, &taken).await.expect("recorded");
    }
}
