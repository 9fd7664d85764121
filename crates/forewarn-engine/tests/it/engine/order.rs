//! An endpoint that wants its messages one after the other gets very many so, while it refuses some and the engine dies.

use super::house::{House, soon};
use super::running::run;
use crate::database::{Database, Kind};
use forewarn_core::contact::Contact;
use forewarn_core::document::Documents;
use forewarn_engine::peer::http::{HttpPeer, Reply, Request, Script};
use forewarn_engine::peer::smtp;
use forewarn_store::Clock;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const STAFF: &str = "audiences: [{id: staff, name: Staff, level: technical, channels: [webhook], services: [wiki]}]";

/// Which event a request is about: the number in `INC-7`.
fn number(request: &Request) -> Option<usize> {
    let text = String::from_utf8_lossy(&request.body);
    let (_, rest) = text.split_once("INC-")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// As many incidents as that, of all of which one machine wants to hear, one after the other.
async fn of_many_incidents(kind: Kind, count: usize, script: Script) -> (House, HttpPeer) {
    let peer = HttpPeer::start(script).await.unwrap();
    let hook: Value = json!({"channel": "webhook", "url": peer.url("/in"), "ordered": true});
    let machine: Contact = serde_json::from_value(
        json!({"id": "machine", "audiences": ["staff"], "endpoints": [hook]}),
    )
    .unwrap();
    let mail = smtp::Script::default();
    let database = Database::fresh(kind);
    let mut house = House::on(database, Clock::System, vec![machine], mail).await;
    let texts = [("staff.yaml".to_owned(), STAFF.to_owned())];
    let known = house.operator.catalogue.clone();
    let documents = Documents::parse_yaml(&texts, &known, "MNT-1").unwrap();
    let now = house.clock.now();
    house
        .store
        .apply(&documents, "ann", now, false)
        .await
        .unwrap();
    house.operator.catalogue = documents.over(&known);
    for n in 0..count {
        // Of two in one millisecond neither is the first.
        let before = house.clock.now();
        while house.clock.now() == before {
            tokio::task::yield_now().await;
        }
        house.declare(&format!("INC-{n}"), "wiki").await;
    }
    (house, peer)
}

/// Every thousandth is refused at first; the engine dies five times.
async fn in_order(kind: Kind, count: usize) {
    let asked = AtomicUsize::new(0);
    let script = Script::new().answered_by(move |_: &Request| {
        let nth = asked.fetch_add(1, Ordering::Relaxed);
        (nth % 1_000 == 500).then(|| Reply::status(503))
    });
    let (mut house, peer) = of_many_incidents(kind, count, script).await;
    let began = Instant::now();
    for life in 1..=6 {
        let (stop, running) = run(&house.engine);
        let goal = (count * life / 6) as u64;
        let arrived = tokio::time::timeout(Duration::from_secs(600), peer.wait_for(goal));
        arrived.await.expect("they arrive");
        if life < 6 {
            running.abort();
            let _ = running.await;
            house.restart(&format!("life {life}")).await;
            continue;
        }
        // Refusals and deaths make more requests than messages: the last one ends it.
        let last = async {
            loop {
                let seen = peer.count();
                if peer.requests().last().and_then(number) == Some(count - 1) {
                    return;
                }
                peer.wait_for(seen + 1).await;
            }
        };
        let last = tokio::time::timeout(Duration::from_secs(600), last);
        last.await.expect("the last one arrives");
        stop.send_replace(true);
        running.await.unwrap();
    }
    let took = began.elapsed().as_secs_f64();
    let mut told: Vec<usize> = peer.requests().iter().filter_map(number).collect();
    println!("{count} messages in {} requests, {took:.1} s", told.len());
    // One that is refused, or in the air at a death, comes again before any other.
    told.dedup();
    assert_eq!(told, (0..count).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; five thousand in a row"]
async fn five_thousand_keep_their_order() {
    in_order(Kind::Sqlite, 5_000).await;
}

/// A look at all that is under way costs more the more there is. One message after the other must not pay for one each.
#[tokio::test]
async fn one_after_the_other_costs_no_look_each() {
    const COUNT: usize = 24;
    let (house, peer) = of_many_incidents(Kind::Sqlite, COUNT, Script::new()).await;
    let (stop, running) = run(&house.engine);
    // All have begun by then and stand in line.
    soon(peer.wait_for(4)).await;
    let before = house.store.transactions();
    soon(peer.wait_for(COUNT as u64)).await;
    let each = (house.store.transactions() - before) / (COUNT as u64 - 4);
    stop.send_replace(true);
    soon(running).await.unwrap();
    assert!(each <= 12, "{each} trips to the database for each message");
    let told: Vec<usize> = peer.requests().iter().filter_map(number).collect();
    assert_eq!(told, (0..COUNT).collect::<Vec<_>>());
}
