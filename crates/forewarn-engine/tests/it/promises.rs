//! Many promises over simulated days while the process is down for 30 percent of the time: killed wherever it stands, and
//! started anew hours later. Every promise gets an update in time or a breach on record, once and not before its time, and
//! what fell due meanwhile is done within seconds of the start and says that it is late.
//!
//! `FOREWARN_PROMISES=n` makes the long one (`a_month_of_promises`, which is run by name) so many; 100,000 otherwise.
//! `FOREWARN_PROMISE_DAYS=n` spreads them over so many days; 30 otherwise.

use crate::database::{Database, Kind};
use crate::engine::house::engine_over;
use crate::sim::chance::Chance;
use crate::sim::operator::Operator;
use crate::sim::promises;
use forewarn_core::delivery::Outcome;
use forewarn_core::event::{Event, Occasion};
use forewarn_core::id::Id;
use forewarn_core::incident::{Declaration, Impact, Incident, NewUpdate, Severity, Status};
use forewarn_core::plan::publish_update;
use forewarn_core::promise::Thread;
use forewarn_engine::{Channels, Engine, Leave, Parcel};
use forewarn_store::{
    Clock, DeliveryFilter, Entry, Lane, NoticeFilter, Published, Store, StoreError,
};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How many messages an incident has: so many promises.
const MESSAGES: usize = 20;
/// An engine looks this often; a promise that it may keep by itself is looked at in time.
const LOOK: SignedDuration = SignedDuration::from_mins(1);

/// A post office that takes every letter, and counts how often each came.
#[derive(Clone, Default)]
struct Post(Arc<Mutex<BTreeMap<String, u32>>>);

impl Channels for Post {
    async fn send(&self, parcels: Vec<Parcel>, _: Timestamp, _: &Leave) -> Vec<Outcome> {
        let mut taken = Vec::with_capacity(parcels.len());
        for parcel in parcels {
            // Here it may be killed.
            tokio::task::yield_now().await;
            let Parcel::Mail(mail) = parcel else {
                panic!("only mail is sent");
            };
            let text = String::from_utf8_lossy(&mail.data);
            let id = text.lines().find(|line| line.starts_with("Message-ID"));
            let id = id.expect("a mail has one").to_owned();
            *self.0.lock().expect("no panic").entry(id).or_default() += 1;
            taken.push(Outcome::Accepted {
                receipt: "250 taken".into(),
            });
        }
        taken
    }
}

/// The team of one incident: what it does next, and how many messages it still writes.
struct Team {
    id: String,
    acts: Timestamp,
    left: usize,
}

#[derive(Debug, Default)]
struct Figures {
    promises: usize,
    kept: usize,
    automatically: usize,
    broken: usize,
    timers_fired: usize,
    timers_late: usize,
    kills: usize,
    known_duplicates: u32,
    slowest_start: Duration,
}

struct World {
    database: Database,
    clock: Clock,
    post: Post,
    operator: Operator,
    chance: Chance,
    teams: Vec<Team>,
    nodes: Vec<(Store, Engine<Post>)>,
    starts: u32,
    figures: Figures,
}

impl World {
    async fn start(&mut self, nodes: usize) {
        for _ in 0..nodes {
            self.starts += 1;
            let store = self.database.open().await;
            let name = format!("node-{}", self.starts);
            let engine = engine_over(&store, &self.clock, self.post.clone(), &name);
            self.nodes.push((store, engine));
        }
        let started = Instant::now();
        for (_, engine) in &self.nodes {
            engine.recover().await.expect("it recovers");
        }
        self.look().await;
        let took = started.elapsed();
        self.figures.slowest_start = self.figures.slowest_start.max(took);
        // Nothing that was due waits any longer, least of all a promise.
        let store = &self.nodes[0].0;
        let due = store.due_notices(Lane::Urgent, self.clock.now(), 10).await;
        assert!(due.expect("notices").is_empty());
        let events = &self.operator.events;
        let lapsed = promises::unrecorded(events, store, &self.clock).await;
        assert_eq!(lapsed, Vec::<String>::new());
    }

    /// When something happens next, on the minute of an engine's look.
    async fn next(&self, up_until: Timestamp) -> Timestamp {
        let due = self.nodes[0].0.next_due(Lane::Urgent).await;
        let teams = self.teams.iter().filter(|team| team.left > 0);
        let acts = teams.map(|team| team.acts).min();
        let next = due.expect("the store works").into_iter().chain(acts);
        let next = next.min().unwrap_or(up_until).min(up_until);
        next.max(self.clock.now() + LOOK)
    }

    /// All nodes do what is due, at once.
    async fn look(&self) {
        let ticks = self.nodes.iter().map(|(_, engine)| engine.tick());
        for ticked in futures_all(ticks.collect()).await {
            match ticked {
                Ok(_) | Err(StoreError::Unavailable(_)) => {}
                Err(problem) => panic!("{problem}"),
            }
        }
    }

    /// The process is killed while it works.
    async fn kill(&mut self) {
        self.figures.kills += 1;
        let within = Duration::from_micros(self.chance.below(20_000));
        let _ = tokio::time::timeout(within, self.look()).await;
        for (store, engine) in self.nodes.drain(..) {
            drop(engine);
            store.close().await;
        }
    }

    /// Every team whose time has come writes; none can while the server is down.
    async fn write(&mut self) {
        let store = self.nodes[0].0.clone();
        let now = self.clock.now();
        for n in 0..self.teams.len() {
            if self.teams[n].left == 0 || self.teams[n].acts > now {
                continue;
            }
            let id = self.teams[n].id.clone();
            let last = self.teams[n].left == 1;
            let next = now + SignedDuration::from_mins(20 + self.chance.below(220) as i64);
            let done = match store.event(&id).await.expect("the event") {
                None => self.declare(&store, &id, next).await,
                Some(stored) => {
                    let Event::Incident(incident) = stored.event else {
                        panic!("{id} is an incident");
                    };
                    let lapsed = incident.lapsed(now);
                    let new = NewUpdate {
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
                    };
                    let before = incident.clone();
                    let updated = incident.update(new, next, now).expect("it is open");
                    let entry = lapsed.map(|promise| before.breach(promise, now));
                    self.publish(&store, updated, stored.sequence, entry).await
                }
            };
            assert!(done, "nobody else writes");
            self.figures.promises += usize::from(!last);
            let team = &mut self.teams[n];
            team.left -= 1;
            // Most write in time, some late, some very late.
            let promised = next.duration_since(now);
            let share = match self.chance.below(100) {
                0..60 => 10 + self.chance.below(90),
                60..90 => 100 + self.chance.below(30),
                _ => 130 + self.chance.below(300),
            };
            team.acts = now + promised * share as i32 / 100;
        }
    }

    async fn declare(&mut self, store: &Store, id: &str, next: Timestamp) -> bool {
        let service = Id::parse("database").expect("an id");
        let declaration = Declaration {
            texts: Default::default(),
            id: None,
            title: None,
            services: BTreeMap::from([(service, Impact::MajorOutage)]),
            // Half of them may be kept by themselves.
            severity: match self.operator.events.len() % 2 {
                0 => Severity::P1,
                _ => Severity::P3,
            },
            cause: None,
            effect: Some("You cannot sign in.".into()),
            lead: None,
            spokesperson: None,
            next_update_in: None,
        };
        let now = self.clock.now();
        let id = Id::parse(id).expect("an id");
        self.operator.events.push(id.to_string());
        let incident = Incident::declare(declaration, id, "Sign-in".into(), next, now);
        self.publish(store, incident, 0, None).await
    }

    /// As the server does.
    async fn publish(
        &self,
        store: &Store,
        incident: Incident,
        expected: i64,
        breach: Option<serde_json::Value>,
    ) -> bool {
        let now = self.clock.now();
        let id = incident.id.to_string();
        let (stored, _) = store.planned(&id).await.expect("notices");
        let number = incident.updates.last().map(|u| u.number);
        let (incident, changes) = publish_update(incident, &self.operator.catalogue, &stored, now);
        let broken = |detail| Entry::new("ann", "incident.promise_broken", &id).with(detail);
        let entries: Vec<Entry> = breach.map(broken).into_iter().collect();
        let published = Published {
            event: &Event::Incident(incident),
            expected,
            changes: &changes,
            occasion: &Occasion {
                update: number,
                ..Occasion::default()
            },
            awaiting: &BTreeSet::new(),
            entries: &entries,
            plan: None,
            answer: None,
        };
        store.publish(published, now).await.is_ok()
    }

    /// What was promised was kept or is on record as broken, and every timer fired once and not before its time.
    async fn judge(&mut self) -> Vec<String> {
        let store = self.nodes[0].0.clone();
        let mut wrong = self.operator.surprises.clone();
        promises::audit(&self.operator.events, &store, &mut wrong).await;
        for id in &self.operator.events {
            let stored = store.event(id).await.expect("the event");
            let Some(Event::Incident(incident)) = stored.map(|s| s.event) else {
                panic!("{id} is an incident");
            };
            let counts = incident.promises();
            self.figures.kept += counts.kept;
            self.figures.automatically += counts.automatically;
            self.figures.broken += counts.broken;
            let of_event = NoticeFilter {
                event: Some(id.clone()),
                ..NoticeFilter::default()
            };
            for notice in store.notices(&of_event, 10_000).await.expect("notices") {
                let (Some(at), Some(content)) = (notice.sent_at, &notice.content) else {
                    continue;
                };
                if at < notice.due {
                    wrong.push(format!("early: {} of {id} at {at}", notice.milestone));
                }
                if !notice.milestone.starts_with("promise_") {
                    continue;
                }
                self.figures.timers_fired += 1;
                let late = at.duration_since(notice.due).as_secs();
                self.figures.timers_late += usize::from(late > 60);
                if (content.late_by_seconds > 0) != (late > 60) {
                    wrong.push(format!(
                        "unmarked: {} of {id} was {late} s late",
                        notice.milestone
                    ));
                }
            }
            let journal = store.journal(Some(id), None, 10_000).await;
            let mut sent = BTreeSet::new();
            for entry in journal.expect("the journal") {
                if entry.action == "notice.sent" && !sent.insert(entry.detail["notice"].to_string())
                {
                    wrong.push(format!("twice: {} of {id}", entry.detail));
                }
            }
        }
        let again: u32 = self
            .post
            .0
            .lock()
            .expect("no panic")
            .values()
            .map(|n| n - 1)
            .sum();
        let all = store
            .deliveries(&DeliveryFilter::default(), 10_000_000)
            .await;
        let all = all.expect("deliveries");
        let attempts = all.iter().flat_map(|d| &d.attempts);
        let unknown = attempts.filter(|a| a.outcome == "unknown").count();
        if again as usize > unknown {
            wrong.push(format!("twice: {again} mails again, {unknown} in doubt"));
        }
        self.figures.known_duplicates = again;
        wrong
    }
}

async fn futures_all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut ends: Vec<Option<F::Output>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, end) in futures.iter_mut().zip(&mut ends) {
            if end.is_none()
                && let std::task::Poll::Ready(value) = future.as_mut().poll(context)
            {
                *end = Some(value);
            }
        }
        match ends.iter().all(Option::is_some) {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    })
    .await;
    ends.into_iter().flatten().collect()
}

/// So many promises over so many days, by one node or several that are up and down together.
async fn promises_over(kind: Kind, promises: usize, days: i64, nodes: usize, seed: u64) {
    let began = Instant::now();
    let begin: Timestamp = "2026-11-01T00:00:00Z".parse().expect("a time");
    let clock = Clock::manual(begin);
    let mut chance = Chance::new(seed);
    let teams = promises.div_ceil(MESSAGES - 1);
    let span = days as u64 * 86_400;
    let teams: Vec<Team> = (0..teams)
        .map(|n| Team {
            id: format!("INC-{n}"),
            acts: begin + SignedDuration::from_secs(chance.below(span) as i64),
            left: MESSAGES,
        })
        .collect();
    let mut world = World {
        database: Database::fresh(kind),
        operator: Operator::of(Vec::new(), clock.clone()),
        clock,
        post: Post::default(),
        chance,
        teams,
        nodes: Vec::new(),
        starts: 0,
        figures: Figures::default(),
    };
    let store = world.database.open().await;
    world.operator.move_in(&store).await;
    store.close().await;
    world.start(nodes).await;
    // Up for two hours on average and down for 51 minutes: 30 percent.
    let mut up_until = begin + SignedDuration::from_hours(2);
    while world.teams.iter().any(|team| team.left > 0) {
        let now = world.next(up_until).await;
        world.clock.set(now);
        if now >= up_until {
            world.kill().await;
            let down = 20 + world.chance.below(63) as i64;
            world.clock.set(now + SignedDuration::from_mins(down));
            world.start(nodes).await;
            let up = 60 + world.chance.below(121) as i64;
            up_until = world.clock.now() + SignedDuration::from_mins(up);
        }
        world.write().await;
        world.look().await;
    }
    // What the last crash left in the air is taken back once its node is taken for dead.
    world
        .clock
        .set(world.clock.now() + SignedDuration::from_mins(10));
    for (_, engine) in &world.nodes {
        engine.recover().await.expect("it recovers");
    }
    world.look().await;
    let wrong = world.judge().await;
    println!(
        "{kind:?}, {nodes} nodes, {:?}: {:?}",
        began.elapsed(),
        world.figures
    );
    let shown = &wrong[..wrong.len().min(20)];
    assert!(
        wrong.is_empty(),
        "{} wrong, among them {shown:#?}",
        wrong.len()
    );
    let figures = &world.figures;
    assert!(
        figures.slowest_start < Duration::from_secs(5),
        "{figures:?}"
    );
    // A world in which nothing happens proves nothing.
    assert!(figures.kept > 0 && figures.automatically > 0 && figures.broken > 0);
    assert!(figures.timers_late > 0 && figures.kills > 0);
    for (store, engine) in world.nodes.drain(..) {
        drop(engine);
        store.close().await;
    }
}

#[tokio::test]
async fn a_promise_is_kept_or_broken_on_record_though_the_process_is_down_on_sqlite() {
    promises_over(Kind::Sqlite, 100, 1, 1, 1).await;
}

#[tokio::test]
async fn a_promise_is_kept_or_broken_on_record_though_the_process_is_down_on_postgresql() {
    promises_over(Kind::Postgres, 60, 1, 2, 2).await;
}

#[tokio::test]
#[ignore = "takes long: the whole figure of promise K3"]
async fn a_month_of_promises() {
    let number =
        |name, otherwise| std::env::var(name).map_or(otherwise, |n| n.parse().expect("a number"));
    let promises = number("FOREWARN_PROMISES", 100_000);
    let days = number("FOREWARN_PROMISE_DAYS", 30);
    promises_over(Kind::Sqlite, promises, days as i64, 1, 3).await;
}
