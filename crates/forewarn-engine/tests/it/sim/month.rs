//! A month of incidents: hundreds of them, over the real store, while processes are killed and stand still, clocks jump, and
//! the world outside refuses, loses and forgets. The judge is the simulation's ([`super::auditor`]); here is the life that
//! it judges, and what it cannot see from one message: who was warned, and that the calls went in their order.

use super::auditor::audit;
use super::chance::Chance;
use super::drive::{Order, drop_timers, killed, next_due, problem, together};
use super::operator::{Acts, Operator};
use super::promises;
use super::world::{Bug, Line, Nap, World};
use crate::database::{Database, Kind};
use crate::engine::house::{engine_over, hook_contact, mail_contact};
use forewarn_core::delivery::DeliveryStatus;
use forewarn_core::event::Event;
use forewarn_core::incident::{Impact, Incident, NewUpdate, Severity, Status};
use forewarn_core::promise::Thread;
use forewarn_engine::Engine;
use forewarn_store::{Clock, DeliveryFilter, NoticeFilter, Result, Store};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// An engine looks this often here.
const LOOK: SignedDuration = SignedDuration::from_secs(30);

/// What fails, the database twice as often as the others.
const SERVICES: [&str; 4] = ["database", "database", "portal", "wiki"];

/// For how many minutes a process stands still: longer than it takes to be taken for dead.
const ASLEEP: (u64, u64) = (2, 40);

/// What is to be simulated.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub kind: Kind,
    pub seed: u64,
    pub incidents: usize,
    pub days: u64,
    pub bug: Option<Bug>,
}

/// What a month came to.
#[derive(Debug, Default)]
pub struct Figures {
    pub wrong: Vec<String>,
    pub incidents: usize,
    pub messages: usize,
    pub kept: usize,
    pub automatically: usize,
    pub broken: usize,
    pub timers_fired: usize,
    pub calls: usize,
    pub taken_calls: usize,
    pub handovers: u32,
    pub tries: usize,
    pub taken: usize,
    pub superseded: usize,
    pub unknown: usize,
    pub kills: usize,
    pub sleeps: usize,
    pub jumps: [usize; 2],
}

/// What happens at its time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Act {
    Declares(usize),
    Writes(usize),
    Takes(usize, usize),
    HandsOver(usize),
    Dies(usize),
    FallsAsleep(usize),
    /// The clock, by so many minutes.
    Jumps(i64),
}

/// The incident of one team: how many messages it still writes, and until when it has promised the next.
struct Team {
    id: String,
    service: &'static str,
    left: u64,
    promised: Timestamp,
}

type Working = Pin<Box<dyn Future<Output = Result<()>>>>;

enum State {
    Up,
    Down(Timestamp),
    /// It stands still in the middle of its work.
    Asleep(Timestamp, Working),
}

struct Node {
    store: Store,
    engine: Arc<Engine<Line>>,
    nap: Arc<Nap>,
    clock: Clock,
    state: State,
    /// What is to befall it once it has something to send.
    fate: Option<Fate>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Dies,
    FallsAsleep,
}

struct Month {
    plan: Plan,
    database: Database,
    store: Store,
    world: Arc<World>,
    clock: Clock,
    chance: Chance,
    operator: Operator,
    teams: Vec<Team>,
    /// Which team wrote last.
    wrote: Option<usize>,
    acts: BTreeSet<(Timestamp, Act)>,
    nodes: Vec<Node>,
    starts: usize,
    figures: Figures,
}

/// Lives through it and judges it.
pub async fn live(plan: Plan) -> Figures {
    let mut month = Month::begin(plan).await;
    while !month.is_over().await {
        month.go_on().await;
        month.act().await;
        month.work().await;
        month.look().await;
    }
    month.judge().await
}

fn minutes(n: u64) -> SignedDuration {
    SignedDuration::from_mins(n as i64)
}

impl Month {
    async fn begin(plan: Plan) -> Month {
        let begin: Timestamp = "2026-11-01T00:00:00Z".parse().expect("a time");
        let clock = Clock::manual(begin);
        let contacts = vec![
            mail_contact("C0", &["customers"]),
            mail_contact("C1", &["staff"]),
            mail_contact("C2", &["engineers", "customers"]),
            hook_contact("C3", &["staff"], "https://hooks.example.org/c3"),
        ];
        let database = Database::in_a_hurry(plan.kind);
        let store = database.open().await;
        let mut operator = Operator::of(contacts, clock.clone());
        operator.leaves_timers = plan.bug == Some(Bug::LeavesTimers);
        operator.move_in(&store).await;
        let world = World::new(plan.seed, clock.clone()).lasting();
        let mut month = Month {
            chance: Chance::new(plan.seed),
            database,
            store,
            world: Arc::new(world),
            clock,
            operator,
            teams: Vec::new(),
            wrote: None,
            acts: BTreeSet::new(),
            nodes: Vec::new(),
            starts: 0,
            figures: Figures::default(),
            plan,
        };
        month.foresee(begin);
        month.world.set_clock(begin);
        // Two processes share a server; a file belongs to one.
        let nodes = if plan.kind == Kind::Postgres { 2 } else { 1 };
        for _ in 0..nodes {
            let node = month.start().await;
            month.nodes.push(node);
        }
        month
    }

    /// What is to come whatever people do.
    fn foresee(&mut self, begin: Timestamp) {
        let (incidents, span) = (self.plan.incidents, self.plan.days * 1_440);
        for team in 0..incidents {
            let at = begin + minutes(self.chance.below(span));
            self.acts.insert((at, Act::Declares(team)));
            self.teams.push(Team {
                id: format!("INC-{team}"),
                service: SERVICES[self.chance.below(4) as usize],
                left: 1 + self.chance.below(5),
                promised: Timestamp::MAX,
            });
        }
        let shared = self.plan.kind == Kind::Postgres;
        for n in 0..incidents {
            let at = begin + minutes(self.chance.below(span));
            let act = match (n % 8, shared) {
                (0, _) => Act::Jumps(5 + self.chance.below(180) as i64),
                (1, _) => Act::Jumps(-1 - self.chance.below(90) as i64),
                (2..=4, true) => Act::FallsAsleep(n % 2),
                (_, shared) => Act::Dies(n % (1 + usize::from(shared))),
            };
            self.acts.insert((at, act));
        }
    }

    async fn start(&mut self) -> Node {
        self.starts += 1;
        let store = self.database.open().await;
        let clock = match self.plan.bug {
            Some(Bug::Early) => Clock::manual(self.clock.now()),
            _ => self.clock.clone(),
        };
        let line = Line::new(self.world.clone(), self.plan.bug);
        let nap = line.nap.clone();
        let engine = engine_over(&store, &clock, line, &format!("node-{}", self.starts));
        let recovered = engine.recover().await.map(|_| ());
        self.figures.wrong.extend(problem("recovering", recovered));
        Node {
            store,
            engine: Arc::new(engine),
            nap,
            clock,
            state: State::Up,
            fate: None,
        }
    }

    async fn is_over(&self) -> bool {
        let done = self.acts.is_empty()
            && self.nodes.iter().all(|n| matches!(n.state, State::Up))
            && next_due(&self.store).await.is_none();
        let open = DeliveryFilter {
            status: Some(DeliveryStatus::Attempting),
            ..DeliveryFilter::default()
        };
        done && self
            .store
            .deliveries(&open, 1)
            .await
            .expect("deliveries")
            .is_empty()
    }

    /// Time passes until something happens.
    async fn go_on(&mut self) {
        let now = self.clock.now();
        let due = next_due(&self.store).await;
        let act = self.acts.first().map(|(at, _)| *at);
        let wakes = self.nodes.iter().filter_map(|node| match &node.state {
            State::Up => None,
            State::Down(until) | State::Asleep(until, _) => Some(*until),
        });
        let next = wakes.chain(due).chain(act).min();
        let next = next.unwrap_or(now + SignedDuration::from_hours(1));
        self.world.set_clock(next.max(now + LOOK));
    }

    /// People do what they are about to, as long as any server is up; the rest happens to them.
    async fn act(&mut self) {
        let now = self.clock.now();
        let mut left = BTreeSet::new();
        while let Some((at, act)) = self.acts.first().cloned().filter(|(at, _)| *at <= now) {
            self.acts.pop_first();
            let served = self.nodes.iter().any(|n| matches!(n.state, State::Up));
            match act {
                Act::Jumps(by) => {
                    self.figures.jumps[usize::from(by < 0)] += 1;
                    self.world
                        .set_clock(self.clock.now() + SignedDuration::from_mins(by));
                }
                Act::Dies(node) => self.nodes[node].fate = Some(Fate::Dies),
                Act::FallsAsleep(node) => self.nodes[node].fate = Some(Fate::FallsAsleep),
                theirs if !served => {
                    left.insert((at, theirs));
                }
                Act::Declares(team) => self.declare(team).await,
                Act::Writes(team) => self.write(team).await,
                Act::Takes(team, who) => {
                    let id = self.teams[team].id.clone();
                    let acts = Acts::Takes(who);
                    let done = self.operator.team(&self.store, &id, acts).await;
                    self.figures.taken_calls += usize::from(done);
                }
                Act::HandsOver(team) => {
                    let to = *self.chance.pick(&["kim@example.edu", "lee@example.edu"]);
                    let id = self.teams[team].id.clone();
                    let _ = self.operator.team(&self.store, &id, Acts::Speaks(to)).await;
                }
            }
        }
        self.acts.extend(left);
    }

    fn promise(&mut self) -> Timestamp {
        self.clock.now() + minutes(20 + self.chance.below(200))
    }

    /// Most write in time, some late, some very late.
    fn next_word(&mut self, team: usize) {
        let promised = self.teams[team].promised.duration_since(self.clock.now());
        let share = match self.chance.below(100) {
            0..60 => 10 + self.chance.below(90),
            60..85 => 100 + self.chance.below(30),
            _ => 130 + self.chance.below(300),
        };
        let at = self.clock.now() + promised * share as i32 / 100;
        self.acts.insert((at, Act::Writes(team)));
    }

    /// Whoever wrote last has something newer to say by the time that others have noticed who sleeps over it.
    fn hurry(&mut self) {
        let mine = |act: &(Timestamp, Act)| Some(&act.1) == self.wrote.map(Act::Writes).as_ref();
        if let Some(act) = self.acts.iter().find(|act| mine(act)).cloned() {
            self.acts.remove(&act);
            self.acts.insert((self.clock.now() + minutes(1), act.1));
        }
    }

    async fn declare(&mut self, team: usize) {
        let next = self.promise();
        self.teams[team].promised = next;
        let (id, service) = (self.teams[team].id.clone(), self.teams[team].service);
        let severity = *self
            .chance
            .pick(&[Severity::P1, Severity::P2, Severity::P3]);
        let what = (service, Impact::MajorOutage);
        self.operator
            .declares(&self.store, &id, what, severity, next)
            .await;
        let now = self.clock.now();
        match self.chance.below(10) {
            0..5 => drop(self.acts.insert((now + minutes(2), Act::Takes(team, 0)))),
            5..8 => drop(self.acts.insert((now + minutes(7), Act::Takes(team, 1)))),
            _ => {}
        }
        if service == "database" && self.chance.percent(40) {
            let later = now + minutes(15 + self.chance.below(120));
            self.acts.insert((later, Act::HandsOver(team)));
        }
        self.next_word(team);
        self.wrote = Some(team);
    }

    async fn write(&mut self, team: usize) {
        let id = self.teams[team].id.clone();
        let last = self.teams[team].left == 0;
        let next = self.promise();
        let moves = !last && self.chance.percent(15);
        // Somebody else's change in between means looking again.
        for _ in 0..8 {
            let stored = self
                .store
                .event(&id)
                .await
                .expect("the event")
                .expect("it is there");
            let Event::Incident(incident) = stored.event else {
                panic!("{id} is an incident");
            };
            let now = self.clock.now();
            let breach = incident
                .lapsed(now)
                .map(|lapsed| incident.breach(lapsed, now));
            let written = match moves {
                true => incident.move_promise(next, now),
                false => incident.update(word(last), next, now),
            };
            let written = written.expect("it is open");
            let sequence = stored.sequence;
            let operator = &mut self.operator;
            if operator
                .publish_update(&self.store, written, sequence, breach)
                .await
            {
                self.teams[team].left -= u64::from(!last);
                self.teams[team].promised = if last { Timestamp::MAX } else { next };
                if !last {
                    self.next_word(team);
                    self.wrote = Some(team);
                }
                return;
            }
        }
        self.figures
            .wrong
            .push(format!("{id} could not be written to"));
    }

    /// The processes do what is due, as far as fate lets them.
    async fn work(&mut self) {
        let now = self.clock.now();
        for n in 0..self.nodes.len() {
            match &self.nodes[n].state {
                State::Down(until) if *until <= now => self.nodes[n] = self.start().await,
                State::Asleep(until, _) if *until <= now => self.nodes[n].nap.after(None),
                _ => {}
            }
        }
        let in_step = Order::of(self.plan.seed, self.plan.kind) != Order::AtOnce;
        let is_due = next_due(&self.store).await.is_some_and(|due| due <= now);
        let mut rounds = Vec::new();
        for n in 0..self.nodes.len() {
            let Some(working) = self.nodes[n].begins(now, self.plan.bug) else {
                continue;
            };
            // Where a message is on its way; or, where nothing is to replay, wherever it stands.
            let points = self.nodes[n].fate.map(|_| self.chance.below(6));
            self.nodes[n].nap.after(points);
            let polls = match self.nodes[n].fate {
                Some(Fate::Dies) if !in_step && is_due && self.chance.percent(50) => {
                    self.chance.below(150)
                }
                _ => u64::MAX,
            };
            let nap = self.nodes[n].nap.clone();
            let working = Some(working);
            rounds.push((n, Box::pin(killed(UntilAsleep { working, nap }, polls))));
        }
        // At once, or one after the other so that it replays.
        let at_once = if in_step { 1 } else { rounds.len() };
        while !rounds.is_empty() {
            let part = rounds.drain(..at_once.min(rounds.len()));
            let (whose, works): (Vec<_>, Vec<_>) = part.unzip();
            for (n, end) in whose.into_iter().zip(together(works).await) {
                self.end_round(n, end).await;
            }
        }
    }

    async fn end_round(&mut self, n: usize, end: Option<Ended>) {
        let now = self.clock.now();
        let asleep = match end {
            Some(Ended::Done(result)) => {
                self.figures.wrong.extend(problem("working", result));
                self.nodes[n].state = State::Up;
                return;
            }
            Some(Ended::Asleep(working)) => Some(working),
            None => None,
        };
        match (self.nodes[n].fate.take(), asleep) {
            (Some(Fate::FallsAsleep), Some(working)) => {
                self.figures.sleeps += 1;
                self.hurry();
                let until = now + minutes(self.chance.below(ASLEEP.1).max(ASLEEP.0));
                self.nodes[n].state = State::Asleep(until, working);
            }
            (_, asleep) => {
                drop(asleep);
                self.figures.kills += 1;
                self.nodes[n].store.close().await;
                if self.plan.bug == Some(Bug::TimersInMemory) {
                    drop_timers(&self.store, now).await;
                }
                let until = now + minutes(1 + self.chance.below(90));
                self.nodes[n].state = State::Down(until);
            }
        }
    }

    /// Whatever somebody who was awake has looked at leaves no promise that has passed without a word about it.
    async fn look(&mut self) {
        if self.nodes.iter().any(|n| !matches!(n.state, State::Up)) {
            return;
        }
        let now = self.clock.now();
        for n in 0..self.teams.len() {
            if self.teams[n].promised >= now {
                continue;
            }
            let id = [self.teams[n].id.clone()];
            let found = promises::unrecorded(&id, &self.store, &self.clock).await;
            self.figures.wrong.extend(found);
            // Broken it stays; kept by itself there is another one.
            let incident = self.incident(&id[0]).await;
            let open = incident.promise().filter(|p| p.kept.is_none());
            self.teams[n].promised = open.map_or(Timestamp::MAX, |p| p.due);
        }
    }

    async fn incident(&self, id: &str) -> Incident {
        let stored = self.store.event(id).await.expect("the event");
        match stored.expect("it is there").event {
            Event::Incident(incident) => incident,
            Event::Maintenance(_)
            | Event::Window(_)
            | Event::Reminder(_)
            | Event::Advisory(_)
            | Event::Announcement(_) => {
                panic!("{id} is an incident")
            }
        }
    }

    async fn judge(mut self) -> Figures {
        for id in self.operator.events.clone() {
            let incident = self.incident(&id).await;
            self.operator.learn(&incident);
            self.count(&incident);
            self.calls_and_warnings(&incident).await;
        }
        let tries = self.world.tries().clone();
        let mut figures = std::mem::take(&mut self.figures);
        figures
            .wrong
            .extend(audit(&self.operator, &tries, &self.store).await);
        let all = self
            .store
            .deliveries(&DeliveryFilter::default(), 1_000_000)
            .await;
        let all = all.expect("deliveries");
        let attempts = all.iter().flat_map(|d| &d.attempts);
        figures.unknown = attempts.filter(|a| a.outcome == "unknown").count();
        let overtaken = all
            .iter()
            .filter(|d| d.status == DeliveryStatus::Superseded);
        figures.superseded = overtaken.count();
        (figures.tries, figures.incidents) = (tries.len(), self.operator.events.len());
        figures.taken = tries.iter().filter(|t| t.is_taken()).count();
        for node in self.nodes.drain(..) {
            node.store.close().await;
        }
        self.store.close().await;
        figures
    }

    fn count(&mut self, incident: &Incident) {
        let counts = incident.promises();
        let figures = &mut self.figures;
        figures.messages += incident.updates.len();
        figures.kept += counts.kept;
        figures.automatically += counts.automatically;
        figures.broken += counts.broken;
        figures.handovers += incident.handovers;
        figures.calls += incident.call.as_ref().map_or(0, |call| call.called.len());
    }

    /// Who must be warned: first whoever speaks for it, then the backups as well, at last all of the team. And each call in
    /// its order, not before its time, none after somebody took it.
    async fn calls_and_warnings(&mut self, incident: &Incident) {
        let mut blame = Vec::new();
        if let Some(call) = &incident.call {
            for (n, called) in call.called.iter().enumerate() {
                let waits = SignedDuration::from_mins(5 * n as i64);
                let late = call.acknowledged.as_ref().is_some_and(|a| a.at < called.at);
                if called.who.as_deref() != call.chain.get(n).map(String::as_str)
                    || called.at < incident.declared_at + waits
                    // A clock that was set back in between shows the later one as the earlier.
                    || (late && self.figures.jumps[1] == 0)
                {
                    blame.push(format!("call: {} was called {n}.: {call:?}", incident.id));
                }
            }
        }
        let of_event = NoticeFilter {
            event: Some(incident.id.to_string()),
            ..NoticeFilter::default()
        };
        let notices = self
            .store
            .notices(&of_event, 10_000)
            .await
            .expect("notices");
        for notice in notices.iter().filter(|n| n.sent_at.is_some()) {
            if !notice.milestone.starts_with("promise_") {
                continue;
            }
            self.figures.timers_fired += 1;
            let of_notice = DeliveryFilter {
                notice: Some(notice.id.clone()),
                ..DeliveryFilter::default()
            };
            let told = self
                .store
                .deliveries(&of_notice, 100)
                .await
                .expect("deliveries");
            let told: BTreeSet<String> = told.into_iter().map(|d| d.endpoint).collect();
            let Some(noted) = self.operator.noted.get(&notice.id) else {
                continue;
            };
            let Event::Incident(then) = &noted.event else {
                continue;
            };
            let place = notice.offset.as_deref().unwrap_or_default();
            let expected = who(&notice.milestone, &notice.audience, then);
            if told != expected {
                blame.push(format!(
                    "warned: the {} {place} of {} to the {} went to {told:?}, not to {expected:?}",
                    notice.milestone, incident.id, notice.audience
                ));
            }
        }
        self.figures.wrong.extend(blame);
    }
}

/// Who is told of a promise, from the catalogue as it is written.
fn who(milestone: &str, audience: &str, incident: &Incident) -> BTreeSet<String> {
    let speakers: BTreeMap<&str, (&str, &[&str])> = BTreeMap::from([
        ("database", ("dba", &["sam", "kim", "lee"][..])),
        ("portal", ("web", &["kim"][..])),
        ("wiki", ("web", &["web"][..])),
    ]);
    let service = incident.services.keys().next().expect("it has one");
    let (owner, listed) = speakers[service.as_str()];
    let mail = |name: &str| format!("{name}@example.edu");
    let mut chain: Vec<String> = incident.spokesperson.iter().cloned().collect();
    for name in listed.iter().map(|name| mail(name)) {
        if !chain.contains(&name) {
            chain.push(name);
        }
    }
    match (milestone, audience) {
        ("promise_warning", "spokesperson") => chain.into_iter().take(1).collect(),
        ("promise_warning", "backup") => chain.into_iter().skip(1).collect(),
        _ => chain.into_iter().chain([mail(owner)]).collect(),
    }
}

fn word(last: bool) -> NewUpdate {
    NewUpdate {
        texts: Default::default(),
        status: Some(if last {
            Status::Resolved
        } else {
            Status::Identified
        }),
        facts: Default::default(),
        cause: None,
        text: Some("We are still looking into it.".into()),
        services: BTreeMap::new(),
        next_update_in: None,
    }
}

impl Node {
    /// Its work of this round, new or gone on with; nothing while it is down or asleep.
    fn begins(&mut self, now: Timestamp, bug: Option<Bug>) -> Option<Working> {
        match std::mem::replace(&mut self.state, State::Up) {
            State::Up => {
                if bug == Some(Bug::Early) {
                    self.clock.set(now + SignedDuration::from_mins(10));
                }
                let engine = self.engine.clone();
                let shared = self.store.is_shared();
                Some(Box::pin(async move {
                    if shared {
                        engine.recover().await?;
                    }
                    engine.tick().await.map(|_| ())
                }))
            }
            State::Asleep(until, working) if until <= now => Some(working),
            other => {
                self.state = other;
                None
            }
        }
    }
}

enum Ended {
    Done(Result<()>),
    Asleep(Working),
}

/// Works until it is done or falls asleep over it.
struct UntilAsleep {
    working: Option<Working>,
    nap: Arc<Nap>,
}

impl Future for UntilAsleep {
    type Output = Ended;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Ended> {
        let mut working = self.working.take().expect("it is polled until it ends");
        match working.as_mut().poll(context) {
            Poll::Ready(result) => Poll::Ready(Ended::Done(result)),
            Poll::Pending if self.nap.is_on() => Poll::Ready(Ended::Asleep(working)),
            Poll::Pending => {
                self.working = Some(working);
                Poll::Pending
            }
        }
    }
}
