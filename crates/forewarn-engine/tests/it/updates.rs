//! K12: newest wins. Thousands of updates are published while the mail server is slow, refuses and cuts connections, and several
//! nodes send. The judge is the mail server's ledger: nobody reads something old after the new, and everybody reads the newest.
//!
//! `FOREWARN_UPDATES=n` makes the long one (`ten_thousand_updates`, which is run by name) so many; `FOREWARN_SIM_SEED` is its seed.

use crate::database::{Database, Kind};
use crate::engine::house::{begin, engine, mail_contact, soon};
use crate::sim::chance::Chance;
use crate::sim::operator::Operator;
use forewarn_core::delivery::DeliveryStatus;
use forewarn_core::event::{Event, Occasion};
use forewarn_core::id::Id;
use forewarn_core::incident::{Declaration, Impact, Incident, NewUpdate, Severity, Status};
use forewarn_core::plan::{is_promise_timer, publish_update};
use forewarn_engine::peer::smtp::{Act, Fault, Keep, Script, SmtpPeer, Stage};
use forewarn_store::{
    Clock, DeliveryFilter, DeliveryRow, Lane, NoticeFilter, NoticeRow, Published, Store, StoreError,
};
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use tokio::sync::watch;
use tokio::task::JoinSet;

const READERS: usize = 4;

/// How many updates an incident has.
const UPDATES: usize = 50;

/// Slow, and in the way in every manner that leaves a message to be sent again.
fn script() -> Script {
    let reply = |stage, words| Fault::reply(stage, words);
    Script::default()
        .delay(std::time::Duration::from_micros(500))
        .fault(reply(Stage::Greeting, "421 4.7.0 busy").after(3).every(5))
        .fault(reply(Stage::Mail, "451 4.3.0 not now").every(41))
        .fault(reply(Stage::Rcpt, "450 4.2.1 not now").every(7))
        .fault(reply(Stage::Data, "421 4.3.2 closing").every(53))
        .fault(Fault::new(Stage::Body, Act::Cut).every(37))
        .fault(Fault::new(Stage::Dot, Act::Cut).every(29))
        .fault(Fault::new(Stage::Dot, Act::AcceptAndCut).after(9).every(31))
        .fault(reply(Stage::Dot, "452 4.3.1 full").every(23))
}

struct World {
    store: Store,
    clock: Clock,
    operator: Operator,
    chance: Chance,
}

impl World {
    /// Publishes an incident's next message, as the server does. Its promise lies far ahead: others are about promises.
    async fn tell(&mut self, id: &str, over: bool) {
        let now = self.clock.now();
        let next = now + SignedDuration::from_hours(10_000);
        let (incident, expected) = match self.store.event(id).await.unwrap() {
            None => (declared(id, next, now), 0),
            Some(stored) => {
                let Event::Incident(incident) = stored.event else {
                    panic!("{id} is an incident");
                };
                (
                    incident.update(word(over), next, now).unwrap(),
                    stored.sequence,
                )
            }
        };
        let number = incident.updates.last().map(|u| u.number);
        let (incident, mut changes) = publish_update(incident, &self.operator.catalogue, &[], now);
        changes.add.retain(|n| !is_promise_timer(&n.milestone));
        let published = Published {
            event: &Event::Incident(incident),
            expected,
            changes: &changes,
            occasion: &Occasion {
                update: number,
                ..Occasion::default()
            },
            awaiting: &BTreeSet::new(),
            entries: &[],
            plan: None,
            answer: None,
        };
        self.store.publish(published, now).await.unwrap();
    }

    /// So many updates, of several incidents in turn, some of them faster than anything can be sent. Now and then so much time
    /// passes that what has failed before is tried again.
    async fn publish(&mut self, updates: usize, nodes: &Nodes) {
        let mut left: Vec<(String, usize)> = (0..updates.div_ceil(UPDATES))
            .map(|n| (format!("INC-{n}"), UPDATES))
            .collect();
        while !left.is_empty() {
            // The first few are under way at the same time.
            let n = self.chance.below(left.len().min(5) as u64) as usize;
            left[n].1 -= 1;
            let (id, remain) = left[n].clone();
            self.tell(&id, remain == 0).await;
            if remain == 0 {
                left.remove(n);
            }
            if self.chance.percent(50) {
                nodes.work().await;
            }
            if self.chance.percent(1) {
                self.clock.advance(SignedDuration::from_mins(5));
            }
        }
    }

    async fn waits(&self) -> bool {
        let mut waits = false;
        for status in [DeliveryStatus::Queued, DeliveryStatus::Attempting] {
            let of_status = DeliveryFilter {
                status: Some(status),
                ..DeliveryFilter::default()
            };
            waits |= !self
                .store
                .deliveries(&of_status, 1)
                .await
                .unwrap()
                .is_empty();
        }
        let sending = NoticeFilter {
            status: Some("sending".into()),
            ..NoticeFilter::default()
        };
        waits |= !self.store.notices(&sending, 1).await.unwrap().is_empty();
        let due = self
            .store
            .due_notices(Lane::Urgent, self.clock.now(), 1)
            .await;
        waits || !due.unwrap().is_empty()
    }
}

fn declared(id: &str, next: jiff::Timestamp, now: jiff::Timestamp) -> Incident {
    let declaration = Declaration {
        texts: Default::default(),
        id: None,
        title: None,
        services: BTreeMap::from([(Id::parse("wiki").unwrap(), Impact::MajorOutage)]),
        severity: Severity::P3,
        cause: None,
        effect: Some("You cannot read the wiki.".into()),
        lead: None,
        spokesperson: None,
        next_update_in: None,
    };
    Incident::declare(
        declaration,
        Id::parse(id).unwrap(),
        "Wiki".into(),
        next,
        now,
    )
}

fn word(over: bool) -> NewUpdate {
    NewUpdate {
        texts: Default::default(),
        status: over.then_some(Status::Resolved),
        facts: Default::default(),
        cause: None,
        text: Some("We are still looking into it.".into()),
        services: BTreeMap::new(),
        next_update_in: None,
    }
}

/// What is known of the nodes together.
#[derive(Default)]
struct Nodes {
    stop: AtomicBool,
    rounds: watch::Sender<u64>,
}

impl Nodes {
    /// Waits until one of them has done what it found to do.
    async fn work(&self) {
        let mut rounds = self.rounds.subscribe();
        soon(rounds.changed()).await.expect("they are there");
    }
}

/// A node: it does what is due again and again until it is told to stop. The first one's rounds are what time goes by.
async fn node(n: usize, store: Store, clock: Clock, smtp: Arc<SmtpPeer>, nodes: Arc<Nodes>) {
    let name = format!("node-{n}");
    let engine = engine(&store, &clock, &smtp, &name);
    while !nodes.stop.load(Ordering::SeqCst) {
        let worked = async {
            if store.is_shared() {
                engine.recover().await?;
            }
            engine.tick().await.map(|_| ())
        };
        match worked.await {
            Ok(()) | Err(StoreError::Unavailable(_)) => tokio::task::yield_now().await,
            Err(problem) => panic!("{name}: {problem}"),
        }
        if n == 0 {
            clock.advance(SignedDuration::from_secs(3));
        }
        nodes.rounds.send_modify(|rounds| *rounds += 1);
    }
}

#[derive(Debug, Default)]
#[allow(dead_code, reason = "they are printed")]
struct Figures {
    updates: usize,
    deliveries: usize,
    accepted: usize,
    superseded: usize,
    /// Tried all day in vain.
    expired: usize,
    notices_superseded: usize,
    arrived: usize,
    duplicates: usize,
    in_doubt: usize,
    failed_attempts: usize,
    connections: usize,
    out_of_order: usize,
}

async fn newest_wins(kind: Kind, nodes: usize, updates: usize, seed: u64) {
    let began = Instant::now();
    let clock = Clock::manual(begin());
    let database = Database::in_a_hurry(kind);
    let smtp = Arc::new(SmtpPeer::start(script(), Keep::Envelopes).await.unwrap());
    let contacts: Vec<_> = (0..READERS)
        .map(|n| mail_contact(&format!("R{n}"), &["staff"]))
        .collect();
    let mut world = World {
        store: database.open().await,
        operator: Operator::of(contacts, clock.clone()),
        clock: clock.clone(),
        chance: Chance::new(seed),
    };
    world.operator.move_in(&world.store).await;
    let at_work = Arc::new(Nodes::default());
    let mut working = JoinSet::new();
    for n in 0..nodes {
        // A file belongs to one process, whose engines share its connections.
        let store = match kind {
            Kind::Postgres => database.open().await,
            Kind::Sqlite => world.store.clone(),
        };
        let work = node(n, store, clock.clone(), smtp.clone(), at_work.clone());
        working.spawn(work);
    }
    world.publish(updates, &at_work).await;
    while world.waits().await {
        at_work.work().await;
        let due = world.store.next_due(Lane::Urgent).await.unwrap();
        if let Some(due) = due.filter(|due| *due > clock.now() + SignedDuration::from_mins(1)) {
            clock.set(due);
        }
    }
    at_work.stop.store(true, Ordering::SeqCst);
    while let Some(ended) = working.join_next().await {
        ended.unwrap();
    }
    let all = world
        .store
        .deliveries(&DeliveryFilter::default(), 10_000_000)
        .await
        .unwrap();
    let notices = world
        .store
        .notices(&NoticeFilter::default(), 10_000_000)
        .await
        .unwrap();
    let (figures, wrong) = judge(&smtp, &all, &notices);
    println!(
        "{kind:?}, {nodes} nodes, seed {seed}, {:?}: {figures:?}",
        began.elapsed()
    );
    assert_eq!(wrong[..wrong.len().min(20)], Vec::<String>::new());
    assert_eq!(figures.updates, updates);
    // Where nothing is overtaken and nothing fails, nothing is proved.
    assert!(
        figures.superseded > 0 && figures.notices_superseded > 0,
        "{figures:?}"
    );
    assert!(
        figures.failed_attempts > updates / 20 && figures.duplicates > 0,
        "{figures:?}"
    );
    world.store.close().await;
}

/// Which message of its incident a notice tells.
fn number(notice: &NoticeRow) -> i64 {
    match notice.offset.as_deref() {
        Some(offset) => offset.trim_start_matches('#').parse().unwrap(),
        None if notice.milestone == "holding" => 0,
        None => UPDATES as i64 - 1,
    }
}

fn judge(smtp: &SmtpPeer, all: &[DeliveryRow], notices: &[NoticeRow]) -> (Figures, Vec<String>) {
    let mut wrong = Vec::new();
    let numbers: BTreeMap<&str, i64> = notices.iter().map(|n| (n.id.as_str(), number(n))).collect();
    let by_id: BTreeMap<&str, &DeliveryRow> = all.iter().map(|d| (d.id.as_str(), d)).collect();
    let mut figures = Figures {
        updates: notices.len(),
        deliveries: all.len(),
        connections: smtp.connections(),
        ..Figures::default()
    };
    let mut arrived: BTreeMap<&str, usize> = BTreeMap::new();
    let mut newest: BTreeMap<(&str, String), i64> = BTreeMap::new();
    for mail in smtp.ledger() {
        figures.arrived += 1;
        let id = mail.message_id.clone().unwrap_or_default();
        let id = id
            .trim_start_matches('<')
            .split('@')
            .next()
            .unwrap_or_default();
        let id = id.rsplit_once('.').map_or("", |(delivery, _)| delivery);
        let Some(delivery) = by_id.get(id) else {
            wrong.push(format!("nobody published {id}"));
            continue;
        };
        *arrived.entry(&delivery.id).or_default() += 1;
        let number = numbers[delivery.notice.as_str()];
        let newest = newest
            .entry((&delivery.event, mail.to.clone()))
            .or_insert(number);
        if number < *newest {
            figures.out_of_order += 1;
            wrong.push(format!(
                "{} read #{number} of {} after #{newest}",
                mail.to, delivery.event
            ));
        }
        *newest = (*newest).max(number);
    }
    for ((event, to), number) in &newest {
        let last = all.iter().find(|d| {
            let newest = numbers[d.notice.as_str()] == UPDATES as i64 - 1;
            newest && d.event == *event && d.endpoint == *to
        });
        let in_vain = last.is_some_and(|d| d.status == DeliveryStatus::Expired);
        if *number != UPDATES as i64 - 1 && !in_vain {
            wrong.push(format!("{to} read of {event} up to #{number} only"));
        }
    }
    for delivery in all {
        let times = arrived.get(delivery.id.as_str()).copied().unwrap_or(0);
        let doubts = delivery
            .attempts
            .iter()
            .filter(|a| in_doubt(&a.outcome, &a.server_said));
        let doubts = doubts.count();
        figures.in_doubt += doubts;
        figures.duplicates += times.saturating_sub(1);
        let failed = delivery.attempts.iter().filter(|a| a.outcome != "accepted");
        figures.failed_attempts += failed.count();
        let reason = delivery.reason.as_deref();
        let right = match delivery.status {
            DeliveryStatus::Accepted => {
                figures.accepted += 1;
                times >= 1 && times <= 1 + doubts
            }
            DeliveryStatus::Superseded => {
                figures.superseded += 1;
                times <= doubts && reason == Some("a newer message about the same event")
            }
            // Six failures are half a day of waiting; the seventh wait would end after the message has lost its meaning.
            DeliveryStatus::Expired => {
                figures.expired += 1;
                delivery.attempts.len() >= 6 && reason.is_some()
            }
            _ => false,
        };
        if !right {
            wrong.push(format!("arrived {times} times: {delivery:?}"));
        }
    }
    // One in a thousand is tried in vain all day; more would be a fault of ours.
    if figures.expired * 1_000 > figures.deliveries {
        wrong.push(format!("{} expired", figures.expired));
    }
    for notice in notices {
        let overtaken = notice.counts.keys().all(|status| status == "superseded");
        figures.notices_superseded += usize::from(overtaken);
        if notice.status != if overtaken { "superseded" } else { "sent" } {
            wrong.push(format!(
                "{} is {} with {:?}",
                notice.id, notice.status, notice.counts
            ));
        }
    }
    (figures, wrong)
}

/// The connection broke, perhaps after the message was taken; or nobody knows.
fn in_doubt(outcome: &str, said: &str) -> bool {
    outcome == "unknown" || (outcome == "transient_failure" && !said.starts_with('4'))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_old_comes_after_the_new_whatever_fails_on_sqlite() {
    newest_wins(Kind::Sqlite, 2, 400, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_old_comes_after_the_new_whatever_fails_on_postgresql() {
    newest_wins(Kind::Postgres, 3, 400, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes long: the whole figure of promise K12"]
async fn ten_thousand_updates() {
    let number = |name: &str, usual: u64| {
        std::env::var(name).map_or(usual, |n| n.parse().expect("a number"))
    };
    let updates = number("FOREWARN_UPDATES", 10_000) as usize;
    newest_wins(Kind::Postgres, 3, updates, number("FOREWARN_SIM_SEED", 3)).await;
}
