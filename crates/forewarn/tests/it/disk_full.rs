//! K15: a full disk. What cannot be stored is refused with 507 and nothing of it is stored; the status page goes on; when there is
//! room again everything goes on by itself, and what was acknowledged has arrived once.
//!
//! The server's data stands on a small disk in memory that only it sees (a mount namespace of its own); the test reaches it by way
//! of `/proc`.

use crate::crash::audit;
use crate::running::{Folder, PATIENCE, Start, incident, until};
use forewarn_engine::peer::smtp::{Keep, Script, SmtpPeer};
use reqwest::StatusCode;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::Path;

const ROUNDS: usize = 20;

/// The disk: enough for all that the test stores, so that only the filler makes it full.
const DISK: &str = "48m";

/// Incidents in one round before the disk must have refused one: SQLite first uses up what it had.
const MOST: usize = 500;

/// Writes until nothing goes in any more.
fn fill_up(filler: &Path) {
    let mut file = File::create(filler).unwrap();
    for size in [1 << 20, 1 << 12, 1] {
        let part = vec![b'x'; size];
        loop {
            match file.write_all(&part) {
                Ok(()) => {}
                Err(problem) if problem.kind() == ErrorKind::StorageFull => break,
                Err(problem) => panic!("{problem}"),
            }
        }
    }
}

#[tokio::test]
async fn a_full_disk_is_said_and_what_was_acknowledged_is_told_once() {
    let folder = Folder::new();
    let sink = SmtpPeer::start(Script::default(), Keep::Envelopes)
        .await
        .unwrap();
    let server = Start::new(&folder.file("data"))
        .on_a_disk_of(DISK)
        .mail_to(&sink)
        .run()
        .await;
    server.fill("portal", 3).await;
    let filler = server.inside(&folder.file("data")).join("filler");
    let mut acknowledged = Vec::new();
    let mut refused = 0;
    for round in 0..ROUNDS {
        fill_up(&filler);
        let mut full = false;
        for _ in 0..MOST {
            let answer = server.post("/api/v1/incidents", &incident("portal")).await;
            match answer.status {
                StatusCode::CREATED => {
                    let body = answer.json(StatusCode::CREATED);
                    acknowledged.push(body["id"].as_str().unwrap().to_owned());
                }
                StatusCode::INSUFFICIENT_STORAGE => {
                    assert!(answer.text.contains("disk"), "{}", answer.text);
                    full = true;
                    refused += 1;
                    break;
                }
                other => panic!("round {round}: {other} {}", answer.text),
            }
        }
        assert!(full, "round {round}: the disk was never full");
        for path in ["/", "/healthz", "/api/v2/summary.json"] {
            let answer = server.get(path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        }
        std::fs::remove_file(&filler).unwrap();
        let id = until("there is room again", PATIENCE, async || {
            let answer = server.post("/api/v1/incidents", &incident("portal")).await;
            (answer.status == StatusCode::CREATED).then(|| {
                answer.json(StatusCode::CREATED)["id"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
        })
        .await;
        acknowledged.push(id);
    }
    let stored = server.all("/api/v1/incidents").await;
    let stored: BTreeSet<String> = stored
        .iter()
        .map(|i| i["id"].as_str().unwrap().to_owned())
        .collect();
    let said: BTreeSet<String> = acknowledged.iter().cloned().collect();
    assert_eq!(
        stored, said,
        "what was refused is not stored, what was acknowledged is"
    );
    for event in &acknowledged {
        server.all_sent(event).await;
    }
    let audit = audit(&sink, &server, &acknowledged).await;
    println!(
        "refused {refused} times; {} incidents, {audit:?}",
        acknowledged.len()
    );
    assert_eq!((audit.lost, audit.duplicates), (0, 0), "{audit:?}");
    assert_eq!(audit.wrong, Vec::<String>::new());
    server
        .get("/api/v1/audit/verify")
        .await
        .json(StatusCode::OK);
    server.stop().await;
}
