//! How fast it is. Nothing is asserted here but that the work was done; run with
//! `cargo test --release -p forewarn-store rates -- --ignored --nocapture --test-threads 1`.

use crate::database::Database;
use crate::plans::many_deliveries;
use crate::samples::*;
use forewarn_store::{Lane, Store};
use std::time::Instant;

const PEOPLE: usize = 100_000;
/// As the engine does it.
const FLIGHT: usize = 200;

fn print(db: &Database, what: &str, count: usize, since: Instant) {
    let seconds = since.elapsed().as_secs_f64();
    println!(
        "{:?}: {what}: {count} in {seconds:.2} s, {:.0} a second",
        db.kind,
        count as f64 / seconds
    );
}

async fn send_all(store: &Store, node: &str) -> usize {
    let mut sent = 0;
    loop {
        let claimed = store
            .claim(Lane::Planned, node, at(2), FLIGHT)
            .await
            .unwrap();
        if claimed.is_empty() {
            return sent;
        }
        let outcomes: Vec<_> = claimed.iter().map(|c| accepted(c, at(2))).collect();
        store.record(node, &outcomes).await.unwrap();
        sent += claimed.len();
    }
}

async fn measure(db: &Database) {
    let list = contacts(0..PEOPLE, "students");
    let since = Instant::now();
    db.store.import_contacts(&list, "ann", at(0)).await.unwrap();
    print(db, "contacts imported", PEOPLE, since);
    let since = Instant::now();
    db.store.import_contacts(&list, "ann", at(0)).await.unwrap();
    print(db, "contacts imported again", PEOPLE, since);

    let event = maintenance("MNT-1");
    let notices = ["announcement", "reminder", "start"]
        .map(|m| notice(m, m, 1))
        .to_vec();
    publish(&db.store, &event, 0, &adding(notices))
        .await
        .unwrap();
    begin(&db.store, Lane::Planned, at(1)).await;
    let mut longest = std::time::Duration::ZERO;
    for milestone in ["announcement", "reminder", "start"] {
        let since = Instant::now();
        loop {
            let part = Instant::now();
            let chunk = db.store.expand(milestone, &members(), at(1)).await.unwrap();
            longest = longest.max(part.elapsed());
            if chunk.complete {
                break;
            }
        }
        print(db, &format!("{milestone} expanded"), PEOPLE, since);
    }
    println!(
        "{:?}: the longest part of an expansion took {longest:.0?}",
        db.kind
    );

    // The newest took the place of the others.
    assert_eq!(db.store.finish_notices(at(1)).await.unwrap(), 2);
    for what in [
        "next_due",
        "due_notices",
        "finish_notices",
        "unexpanded",
        "claim of nothing",
    ] {
        let since = Instant::now();
        for _ in 0..20 {
            match what {
                "next_due" => drop(db.store.next_due(Lane::Planned).await.unwrap()),
                "due_notices" => drop(
                    db.store
                        .due_notices(Lane::Planned, at(1), 64)
                        .await
                        .unwrap(),
                ),
                "finish_notices" => assert_eq!(db.store.finish_notices(at(1)).await.unwrap(), 0),
                "unexpanded" => drop(db.store.unexpanded(Lane::Planned).await.unwrap()),
                _ => drop(
                    db.store
                        .claim(Lane::Urgent, "node", at(1), FLIGHT)
                        .await
                        .unwrap(),
                ),
            }
        }
        print(db, what, 20, since);
    }

    let since = Instant::now();
    let tasks: Vec<_> = (0..8)
        .map(|n| {
            let store = db.store.clone();
            tokio::spawn(async move { send_all(&store, &format!("node{n}")).await })
        })
        .collect();
    let mut sent = 0;
    for task in tasks {
        sent += task.await.unwrap();
    }
    print(
        db,
        "claimed and recorded, eight flights at once",
        sent,
        since,
    );
    assert_eq!(sent, PEOPLE);
    assert_eq!(db.store.finish_notices(at(3)).await.unwrap(), 1);
    let since = Instant::now();
    let rows = db.store.backup(&mut std::io::sink(), at(9)).await.unwrap();
    print(db, "rows backed up", rows as usize, since);
}

on_both_databases! {
    #[ignore = "prints rates; takes a minute"]
    async fn of_an_empty_database(db: &Database) {
        measure(&db).await;
    }

    #[ignore = "prints rates; takes minutes"]
    async fn beside_a_million_deliveries(db: &Database) {
        many_deliveries(&db, 500_000).await;
        measure(&db).await;
    }
}
