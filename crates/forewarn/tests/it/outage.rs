//! K7: a restart of the database is a pause. Nothing that was acknowledged is lost, nothing is published twice, requests
//! are told to come again (503 with Retry-After, never 500), and the status page goes on answering.
//!
//! A test here has a PostgreSQL server of its own, which it stops and starts.

use crate::crash::audit;
use crate::database::{Cluster, Stop};
use crate::running::{Answer, Folder, PATIENCE, Running, Start, incident, until};
use forewarn_engine::peer::smtp::{Keep, Script, SmtpPeer};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

#[tokio::test]
async fn the_status_page_outlives_the_database() {
    let cluster = Cluster::new().await;
    let folder = Folder::new();
    let server = Start::new(&folder.file("data"))
        .with("--database", cluster.url())
        .run()
        .await;
    server.fill("portal", 1).await;
    server.declare("portal").await;
    until("the page shows the incident", PATIENCE, async || {
        let page = server.get("/").await;
        page.text.contains("Nobody can sign in").then_some(())
    })
    .await;
    cluster.stop(Stop::Immediate).await;
    for path in ["/healthz", "/metrics"] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
    }
    // K16: every one of 10,000, each with the time of which it is true.
    for n in 0..5_000 {
        for (path, as_of) in [
            ("/", "As of <time"),
            ("/api/v2/summary.json", "\"updated_at\""),
        ] {
            let answer = server.get(&format!("{path}?again={n}")).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
            assert!(answer.text.contains(as_of), "{path}: {}", answer.text);
        }
    }
    let page = server.get("/").await;
    assert!(page.text.contains("Nobody can sign in"), "{}", page.text);
    let ready = server.get("/readyz").await;
    assert!(ready.says_later(), "{ready:?}");
    let asked = Instant::now();
    let declared = server.post("/api/v1/incidents", &incident("portal")).await;
    assert!(declared.says_later(), "{declared:?}");
    println!("refused after {:?}", asked.elapsed());
    let shown = server.get("/api/v1/incidents").await;
    assert!(shown.says_later(), "{shown:?}");
    // The console too, for whoever has a session: who that is cannot be looked up.
    let cookie = [("cookie", "forewarn_session=somebody")];
    let page = server.ask(Method::GET, "/console", &cookie, "").await;
    assert!(page.says_later(), "{page:?}");
    cluster.start().await;
    until("it is ready again", PATIENCE, async || {
        let ready = server.get("/readyz").await;
        (ready.status == StatusCode::OK).then_some(())
    })
    .await;
    assert_eq!(server.all("/api/v1/incidents").await.len(), 1);
    server.stop().await;
}

/// What a client saw that repeats every request with its key until it is told that it is done.
#[derive(Debug, Default)]
struct Seen {
    /// Id of the incident and number of its updates that were acknowledged.
    acknowledged: Vec<(String, usize)>,
    /// How often it was told to come again.
    later: usize,
    /// The longest that one request took until it was done.
    longest: Duration,
    /// Answers that must not be.
    wrong: Vec<String>,
}

/// Repeats a request until it is done, and takes note of what must not be answered meanwhile.
async fn insist(server: &Running, path: &str, key: &str, body: &Value, seen: &mut Seen) -> Answer {
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", key),
    ];
    let asked = Instant::now();
    let answer = until("the request is done", PATIENCE, async || {
        let answer = server
            .ask(Method::POST, path, &headers, body.to_string())
            .await;
        if answer.status.is_success() {
            return Some(answer);
        }
        if answer.says_later() {
            seen.later += 1;
        } else {
            seen.wrong
                .push(format!("{key}: {} {}", answer.status, answer.text));
        }
        None
    })
    .await;
    seen.longest = seen.longest.max(asked.elapsed());
    answer
}

/// Declares incidents and updates them until it is told to stop.
async fn declare(server: &Running, stop: watch::Receiver<bool>) -> Seen {
    let mut seen = Seen::default();
    let mut count = 0;
    while !*stop.borrow() {
        count += 1;
        let mut body = incident("library");
        body["title"] = json!(format!("Incident number {count}"));
        let key = format!("incident-{count}");
        let path = "/api/v1/incidents";
        let answer = insist(server, path, &key, &body, &mut seen).await;
        let id = answer.json(StatusCode::CREATED)["id"].clone();
        let id = id.as_str().unwrap().to_owned();
        let path = format!("{path}/{id}/updates");
        let body = json!({"status": "identified", "text": "A disk is broken."});
        let key = format!("update-{count}");
        insist(server, &path, &key, &body, &mut seen).await;
        seen.acknowledged.push((id, 2));
    }
    seen
}

/// Looks at the page until it is told to stop, and says how often it was there.
async fn look(server: &Running, stop: watch::Receiver<bool>) -> usize {
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    let mut count = 0;
    while !*stop.borrow() {
        looks.tick().await;
        let page = server.get("/").await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        count += 1;
    }
    count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_of_the_database_is_a_pause() {
    const RESTARTS: usize = 10;
    const RECIPIENTS: usize = 2_000;
    let cluster = Cluster::new().await;
    // Eight connections with one message each in this time: the fan-out outlasts the restarts.
    let script = Script::default().delay(Duration::from_millis(40));
    let sink = SmtpPeer::start(script, Keep::Envelopes).await.unwrap();
    let folder = Folder::new();
    let server = Start::new(&folder.file("data"))
        .mail_to(&sink)
        .with("--database", cluster.url())
        .run()
        .await;
    server.fill("portal", RECIPIENTS).await;
    server.fill("library", 1).await;
    let large = server.declare("portal").await;
    let stop = watch::Sender::new(false);
    let restarts = async {
        let (mut inside, mut away) = (0, Duration::ZERO);
        for n in 0..RESTARTS {
            let reached = sink.wait_for(n * RECIPIENTS / RESTARTS);
            timeout(PATIENCE, reached).await.expect("mail goes on");
            inside += usize::from(sink.count() < RECIPIENTS);
            let how = [Stop::Fast, Stop::Immediate][n % 2];
            let stopped = Instant::now();
            cluster.stop(how).await;
            cluster.start().await;
            away += stopped.elapsed();
        }
        stop.send_replace(true);
        (inside, away)
    };
    let ((inside, away), seen, looks) = tokio::join!(
        restarts,
        declare(&server, stop.subscribe()),
        look(&server, stop.subscribe())
    );
    println!(
        "{inside} of {RESTARTS} restarts inside the fan-out, away for {away:?} in all; {} incidents declared and updated, told {} times to come \
         again, the longest took {:?}; {looks} looks at the page",
        seen.acknowledged.len(),
        seen.later,
        seen.longest,
    );
    assert_eq!(seen.wrong, Vec::<String>::new());
    assert!(
        inside > RESTARTS / 2,
        "most restarts fell behind the fan-out"
    );

    let mut events = vec![large];
    let mut titles = BTreeSet::new();
    for (id, updates) in &seen.acknowledged {
        let shown = server.get(&format!("/api/v1/incidents/{id}")).await;
        let shown = shown.json(StatusCode::OK);
        assert_eq!(
            shown["updates"].as_array().unwrap().len(),
            *updates,
            "{shown}"
        );
        assert!(titles.insert(shown["title"].to_string()), "twice: {shown}");
        events.push(id.clone());
    }
    let there = server.get("/api/v1/incidents?limit=1000").await;
    let there = there.json(StatusCode::OK)["items"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(there, events.len(), "published without being acknowledged");
    for event in &events {
        server.all_sent(event).await;
    }
    let published = RECIPIENTS + 2 * seen.acknowledged.len();
    audit(&sink, &server, &events).await.holds(published);
    server.stop().await;
}
