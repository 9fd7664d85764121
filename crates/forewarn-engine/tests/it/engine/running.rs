//! The engine as it runs: its lanes, its end, and a database that goes away.

use super::house::{House, begin, engine, engine_over, hook_contact, mail_contact, soon};
use crate::database::{Database, Kind, tool};
use forewarn_core::contact::Contact;
use forewarn_core::delivery::{DeliveryStatus, Outcome};
use forewarn_engine::peer::http::{self, HttpPeer, Reply};
use forewarn_engine::peer::smtp::Script;
use forewarn_engine::{Channels, Engine, Leave, Parcel};
use forewarn_store::{Clock, Location, Store};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub fn run<C: Channels>(engine: &Arc<Engine<C>>) -> (watch::Sender<bool>, JoinHandle<()>) {
    let stop = watch::Sender::new(false);
    let running = tokio::spawn(Arc::clone(engine).run(stop.subscribe()));
    (stop, running)
}

fn many(n: usize, audience: &str) -> Vec<Contact> {
    (0..n)
        .map(|n| mail_contact(&format!("C{n}"), &[audience]))
        .collect()
}

const TONIGHT: &str = "{id: MNT-1, title: Upgrade, services: [portal], start: '2026-11-22T22:00', end: '2026-11-23T02:00'}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_incident_overtakes_what_is_planned() {
    let mut contacts = many(5_000, "customers");
    contacts.push(mail_contact("Oncall", &["staff"]));
    let script = Script::default().delay(Duration::from_millis(2));
    let mut house = House::new(contacts, script).await;
    house.plan(TONIGHT).await;
    let (stop, running) = run(&house.engine);
    soon(house.smtp.wait_for(300)).await;
    house.declare("INC-1", "wiki").await;
    let declared = house.smtp.count();
    let mut order = declared;
    let theirs = async {
        loop {
            let mail = house.smtp.message(order).await.expect("messages are kept");
            if mail.to == "oncall@example.org" {
                return;
            }
            order += 1;
        }
    };
    soon(theirs).await;
    let before = order - declared;
    assert!(before < 2_500, "{before} planned messages went first");
    stop.send_replace(true);
    soon(running).await.unwrap();
}

#[tokio::test]
async fn what_is_in_the_air_lands_before_the_end() {
    let hooks = HttpPeer::start(http::Script::new().always(Reply::status(204).held()))
        .await
        .unwrap();
    let contacts = vec![hook_contact("Ops", &["staff"], &hooks.url("/hook"))];
    let mut house = House::new(contacts, Script::default()).await;
    let (stop, running) = run(&house.engine);
    house.declare("INC-1", "wiki").await;
    soon(hooks.wait_for(1)).await;
    stop.send_replace(true);
    tokio::task::yield_now().await;
    assert!(!running.is_finished(), "somebody waits for an answer");
    hooks.release();
    soon(running).await.unwrap();
    let ends: Vec<_> = house.deliveries().await.iter().map(|d| d.status).collect();
    assert_eq!(ends, [DeliveryStatus::Accepted]);
}

#[tokio::test]
async fn whoever_drops_the_switch_stops_the_engine() {
    let house = House::new(Vec::new(), Script::default()).await;
    let (stop, running) = run(&house.engine);
    drop(stop);
    soon(running).await.unwrap();
}

/// A receiver that is slow to answer holds up its own flight and nobody else.
#[tokio::test]
async fn a_slow_receiver_delays_nobody_else() {
    let hooks = HttpPeer::start(http::Script::new().always(Reply::status(204).held()))
        .await
        .unwrap();
    let contacts = vec![
        hook_contact("Ops", &["engineers"], &hooks.url("/hook")),
        mail_contact("Ann", &["staff"]),
    ];
    let mut house = House::new(contacts, Script::default()).await;
    let (stop, running) = run(&house.engine);
    house.declare("INC-1", "database").await;
    soon(hooks.wait_for(1)).await;
    house.declare("INC-2", "wiki").await;
    soon(house.smtp.wait_for(1)).await;
    hooks.release();
    stop.send_replace(true);
    soon(running).await.unwrap();
}

/// A channel that panics over its first message and takes the others.
struct Clumsy {
    calls: watch::Sender<usize>,
}

impl Channels for Clumsy {
    async fn send(&self, parcels: Vec<Parcel>, _: Timestamp, _: &Leave) -> Vec<Outcome> {
        self.calls.send_modify(|calls| *calls += 1);
        assert!(*self.calls.borrow() > 1, "the first message is dropped");
        let taken = |_| Outcome::Accepted {
            receipt: "250 taken".into(),
        };
        parcels.iter().map(taken).collect()
    }
}

#[tokio::test]
async fn a_flight_that_is_lost_in_the_air_is_on_record_and_flown_again() {
    let contacts = vec![mail_contact("Ann", &["staff"])];
    let mut house = House::new(contacts, Script::default()).await;
    let calls = watch::Sender::new(0);
    let mut called = calls.subscribe();
    let engine = Arc::new(engine_over(
        &house.store,
        &house.clock,
        Clumsy { calls },
        "first",
    ));
    house.declare("INC-1", "wiki").await;
    let (stop, running) = run(&engine);
    soon(called.wait_for(|calls| *calls == 2)).await.unwrap();
    stop.send_replace(true);
    soon(running).await.unwrap();
    assert_eq!(house.outcomes("Ann").await, ["unknown", "accepted"]);
}

/// Most transactions of five quiet seconds. Counted on an idle machine: 58 (three lanes that poll, look and beat, what is left
/// of the message before, and PostgreSQL's own upkeep). A connection reports what it did once a second at the most, so what made
/// the database and sent the message may be counted here too: 204 with the database in memory. An engine that spins makes thousands.
const QUIET: i64 = 600;
/// Most transactions of five seconds in which what is due cannot be had. Counted on an idle machine: 140.
const BLOCKED: i64 = 900;

/// Transactions that the database has seen, its own and ours.
fn transactions(database: &Database) -> i64 {
    let sql = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()";
    database.ask(sql).parse().expect("a number")
}

async fn at_rest(house: &House) -> i64 {
    let database = house.database.as_ref().expect("a database of its own");
    let before = transactions(database);
    // There is nothing to wait for: the engine is watched doing nothing.
    let watched = tokio::time::timeout(Duration::from_secs(5), std::future::pending::<()>());
    assert!(watched.await.is_err());
    transactions(database) - before
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_at_rest_leaves_the_database_at_rest() {
    let database = Database::fresh(Kind::Postgres);
    let contacts = vec![mail_contact("Ann", &["staff"])];
    let mut house = House::on(
        database,
        Clock::manual(begin()),
        contacts,
        Script::default(),
    )
    .await;
    let (stop, running) = run(&house.engine);
    house.declare("INC-1", "wiki").await;
    soon(house.smtp.wait_for(1)).await;
    let quiet = at_rest(&house).await;
    assert!(quiet < QUIET, "{quiet} transactions in five quiet seconds");
    stop.send_replace(true);
    soon(running).await.unwrap();

    // What is due waits for an attempt of another program that may still be alive.
    let gone = engine(&house.store, &house.clock, &house.smtp, "gone");
    house.declare("INC-2", "wiki").await;
    house.store.beat("gone", house.clock.now()).await.unwrap();
    tokio::select! {
        biased;
        () = house.smtp.wait_for(2) => {}
        _ = gone.tick() => panic!("the server holds it before it answers"),
    }
    house.update("INC-2").await;
    let (stop, running) = run(&house.engine);
    let blocked = at_rest(&house).await;
    assert!(
        blocked < BLOCKED,
        "{blocked} transactions in five blocked seconds"
    );
    house.clock.advance(jiff::SignedDuration::from_secs(40));
    soon(house.smtp.wait_for(3)).await;
    stop.send_replace(true);
    soon(running).await.unwrap();
}

/// A server of its own, which is stopped at the end.
struct Server {
    folder: PathBuf,
}

impl Server {
    fn script(&self, more: &[&str]) -> String {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/postgres.sh");
        let output = Command::new(script)
            .args(more)
            .output()
            .expect("scripts/postgres.sh runs");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn start(&self) -> Location {
        let folder = self.folder.to_str().expect("a plain path");
        Location::Server(self.script(&["start", folder]))
    }

    fn stop(&self, how: &str) {
        let folder = self.folder.to_str().expect("a plain path");
        self.script(&["stop", folder, how]);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop("immediate");
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_goes_away_and_nothing_is_lost_or_sent_twice() {
    assert!(tool("postgres").exists());
    let folder = std::env::temp_dir().join(format!("forewarn_pg_{}", std::process::id()));
    let server = Server { folder };
    let store = Store::open(&server.start()).await.unwrap();
    let n = 2_000;
    let script = Script::default().delay(Duration::from_millis(2));
    let mut house = House::over(store, Clock::System, many(n, "staff"), script).await;
    let (stop, running) = run(&house.engine);
    house.declare("INC-1", "wiki").await;
    for (seen, how) in [(150, "immediate"), (700, "fast")] {
        soon(house.smtp.wait_for(seen)).await;
        server.stop(how);
        server.start();
    }
    soon(house.smtp.wait_for(n)).await;
    stop.send_replace(true);
    soon(running).await.unwrap();
    let mut to: BTreeMap<String, usize> = BTreeMap::new();
    for mail in house.smtp.ledger() {
        *to.entry(mail.to.clone()).or_default() += 1;
    }
    assert_eq!(to.len(), n, "nobody is left out");
    let twice: Vec<_> = to.iter().filter(|(_, times)| **times > 1).collect();
    assert_eq!(twice.len(), 0, "{twice:?}");
    for delivery in house.deliveries().await {
        assert_eq!(delivery.status, DeliveryStatus::Accepted, "{delivery:?}");
    }
}
