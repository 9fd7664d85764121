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
