//! Zone data that changed between two starts: the civil time stands, the instants and the notices follow, the owners hear of it.

use crate::database::{Database, sql};
use crate::running::{Folder, PATIENCE, Start};
use forewarn_engine::peer::smtp::{Keep, Script, SmtpPeer};
use serde_json::{Value, json};
use tokio::time::timeout;

const CATALOGUE: &str = "
organisation: {name: Example University, time_zone: Europe/Berlin}
services: [{id: portal, name: Portal, owner: dba@example.edu}]
audiences: [{id: students, name: Students, level: non_technical, channels: [email], services: [portal]}]
";

#[tokio::test]
async fn what_a_zone_moved_is_planned_anew_and_its_owners_are_told() {
    let sink = SmtpPeer::start(Script::default(), Keep::Messages)
        .await
        .unwrap();
    let (folder, database) = (Folder::new(), Database::new());
    let start = Start::new(&folder.file("data"))
        .mail_to(&sink)
        .with("--database", &database.url());
    let server = start.run().await;
    server.apply(CATALOGUE).await;
    let work = json!({"id": "MNT-1", "title": "Upgrade", "services": ["portal"],
        "start": "2030-06-12T22:00", "end": "2030-06-12T23:00"});
    let made = server.post("/api/v1/maintenances", &work).await;
    let start_of = |plan: &Value| plan["window"]["start"].clone();
    let first = start_of(&made.json(reqwest::StatusCode::CREATED)["plan"]);
    server.stop().await;

    // Nothing changed: nothing is told. Then as if another version of the data had reckoned the start an hour earlier.
    start.run().await.stop().await;
    assert!(sink.ledger().is_empty());
    sql(
        &database.url(),
        "UPDATE events SET starts_at = starts_at - 3600000 WHERE id = 'MNT-1'",
    );
    let server = start.run().await;
    timeout(PATIENCE, sink.wait_for(1)).await.unwrap();
    let mail = sink.ledger().remove(0);
    assert_eq!(mail.to, "dba@example.edu");
    assert!(String::from_utf8_lossy(&mail.data).contains("clocks changed"));
    let shown = server.get("/api/v1/maintenances/MNT-1").await;
    let shown = shown.json(reqwest::StatusCode::OK);
    assert_eq!(
        (&shown["revision"], start_of(&shown["plan"])),
        (&json!(2), first)
    );
    let journal = server.all("/api/v1/journal?event=MNT-1").await;
    assert!(
        journal
            .iter()
            .any(|e| e["action"] == "maintenance.clocks_changed"),
        "{journal:?}"
    );
    server.stop().await;
    // It is told once.
    start.run().await.stop().await;
    assert_eq!(sink.ledger().len(), 1);
}

const SHIFT: &str = "UPDATE events SET starts_at = starts_at - 3600000 WHERE id = 'MNT-1'";

fn told(journal: &[Value]) -> usize {
    let told = |e: &&Value| e["action"] == "maintenance.clocks_changed";
    journal.iter().filter(told).count()
}

#[tokio::test]
async fn of_two_nodes_one_plans_anew_and_an_older_one_leaves_it_alone() {
    let sink = SmtpPeer::start(Script::default(), Keep::Messages)
        .await
        .unwrap();
    let (folder, database) = (Folder::new(), Database::new());
    let node = |name: &str| {
        Start::new(&folder.file(name))
            .mail_to(&sink)
            .with("--database", &database.url())
            .with_shared_keys()
    };
    let (one, other) = (node("one"), node("other"));
    let server = one.run().await;
    server.apply(CATALOGUE).await;
    let work = json!({"id": "MNT-1", "title": "Upgrade", "services": ["portal"],
        "start": "2030-06-12T22:00", "end": "2030-06-12T23:00"});
    let made = server.post("/api/v1/maintenances", &work).await;
    made.json(reqwest::StatusCode::CREATED);
    server.stop().await;

    // Another node had newer data: what it reckoned stays.
    sql(
        &database.url(),
        "UPDATE settings SET value = '9999z' WHERE key = 'zone_data'",
    );
    sql(&database.url(), SHIFT);
    let server = one.run().await;
    assert_eq!(told(&server.all("/api/v1/journal?event=MNT-1").await), 0);
    server.stop().await;
    assert!(sink.ledger().is_empty());

    // Both nodes have newer data than whoever reckoned: it is told once.
    sql(
        &database.url(),
        "UPDATE settings SET value = '1999a' WHERE key = 'zone_data'",
    );
    let (first, second) = tokio::join!(one.run(), other.run());
    timeout(PATIENCE, sink.wait_for(1)).await.unwrap();
    let journal = second.all("/api/v1/journal?event=MNT-1").await;
    assert_eq!(told(&journal), 1, "{journal:?}");
    first.stop().await;
    second.stop().await;
    assert_eq!(sink.ledger().len(), 1);
}
