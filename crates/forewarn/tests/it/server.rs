//! The program from end to end: what its users see, from an empty folder to a restored backup.

use crate::crash::audit;
use crate::database::{Database, sql};
use crate::running::{Folder, PATIENCE, Running, Start, TOKEN, ended, incident, program, until};
use forewarn_engine::channel::webhook::signature::Secret;
use forewarn_engine::peer::http::{self, HttpPeer};
use forewarn_engine::peer::smtp::{Act, Fault, Keep, Received, Script, SmtpPeer, Stage};
use forewarn_store::Clock;
use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// A sink that keeps whole messages.
async fn sink() -> SmtpPeer {
    SmtpPeer::start(Script::default(), Keep::Messages)
        .await
        .unwrap()
}

/// The program as a client of a server.
async fn client(server: &Running, arguments: &[&str]) -> (i32, String, String) {
    let mut command = program(arguments);
    command
        .env("FOREWARN_URL", server.url(""))
        .env("FOREWARN_TOKEN", TOKEN);
    ended(command).await
}

fn example(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

/// A header field of a message, unfolded.
fn field(mail: &Received, name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(&mail.data).into_owned();
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    let head = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let prefix = format!("{}:", name.to_lowercase());
    head.lines()
        .find(|line| line.to_lowercase().starts_with(&prefix))
        .map(|line| line[prefix.len()..].trim().to_owned())
}

#[tokio::test]
async fn an_empty_folder_simply_works_and_shows_the_administrator_once() {
    let folder = Folder::new();
    let start = Start::new(&folder.file("not/yet/there"));
    let server = start.run().await;
    for (path, body) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        assert_eq!(server.get(path).await.text, body);
    }
    let page = server.get("/").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.header("content-type").starts_with("text/html"));
    let metrics = server.get("/metrics").await;
    assert_eq!(metrics.status, StatusCode::OK);
    assert_eq!(metrics.header("content-type"), "text/plain; version=0.0.4");
    let anonymous = reqwest::get(server.url("/api/v1/services")).await.unwrap();
    assert_eq!(anonymous.status(), StatusCode::UNAUTHORIZED);
    const WORDS: &str = "as admin with the password ";
    until("the password is shown", PATIENCE, async || {
        server.said().contains(WORDS).then_some(())
    })
    .await;
    server.stop().await;
    let server = start.run().await;
    assert_eq!(server.get("/readyz").await.status, StatusCode::OK);
    server.terminate().await;
    let (status, words) = server.gone().await;
    assert!(status.success());
    assert!(!words.contains(WORDS), "{words}");
}

#[tokio::test]
async fn documents_applied_twice_change_nothing() {
    let folder = Folder::new();
    let server = Start::new(&folder.file("data")).run().await;
    let text = example("everything.yaml");
    let first = server.apply(&text).await;
    let created = first["created"].as_array().unwrap().len();
    assert_eq!(
        (created, &first["changed"], &first["unchanged"]),
        (16, &json!([]), &json!(0)),
        "{first}"
    );
    let second = server.apply(&text).await;
    for (part, expected) in [
        ("created", json!([])),
        ("changed", json!([])),
        ("unchanged", json!(created)),
    ] {
        assert_eq!(second[part], expected, "{part}");
    }
    // A maintenance is an act, not a setting: it is not made by applying, and that is said.
    let said = second["warnings"][0]["field"].as_str();
    assert_eq!(said, Some("maintenance"), "{second}");
    assert_eq!(
        server.all("/api/v1/maintenances").await,
        Vec::<Value>::new()
    );
    server.stop().await;
}

#[tokio::test]
async fn of_an_imported_table_the_good_lines_are_loaded_and_the_bad_ones_told() {
    let folder = Folder::new();
    let server = Start::new(&folder.file("data")).run().await;
    server.fill("portal", 0).await;
    let table = folder.file("contacts.csv");
    let lines = "id,name,email,audiences\n\
                 ann,Ann,ann@example.org,users-of-portal\n\
                 bo,Bo,not an address,users-of-portal\n\
                 cy,Cy,cy@example.org,users-of-portl\n\
                 di,Di,di@example.org,\n";
    std::fs::write(&table, lines).unwrap();
    let report = folder.file("rejected.csv");
    let arguments = ["import", "contacts", table.to_str().unwrap(), "--report"];
    let arguments = [&arguments[..], &[report.to_str().unwrap()]].concat();
    let (code, out, err) = client(&server, &arguments).await;
    assert_eq!((code, err.as_str()), (3, ""), "{out}");
    assert!(
        out.starts_with("2 created, 0 changed, 0 unchanged, 2 rejected\n"),
        "{out}"
    );
    let report = std::fs::read_to_string(report).unwrap();
    let places: Vec<_> = report.lines().map(|line| line.split(',').take(2)).collect();
    let places: Vec<Vec<_>> = places.into_iter().map(Iterator::collect).collect();
    assert_eq!(
        places,
        [["line", "column"], ["3", "email"], ["4", "audiences"]],
        "{report}"
    );
    let loaded = server.all("/api/v1/contacts").await;
    let loaded: Vec<_> = loaded.iter().map(|c| c["id"].as_str().unwrap()).collect();
    assert_eq!(loaded, ["ann", "di"]);
    server.stop().await;
}

#[tokio::test]
async fn an_approved_maintenance_is_announced() {
    let sink = sink().await;
    let folder = Folder::new();
    let server = Start::new(&folder.file("data")).mail_to(&sink).run().await;
    server.fill("portal", 1).await;
    server
        .apply("policies:\n  - {id: careful, for: {event: maintenance}, before: [5bd, 1h], approval: {default: [service_owner]}}\n\
                services:\n  - {id: portal, name: Portal, owner: owner@example.edu}\n")
        .await;
    let start = Clock::System.now() + SignedDuration::from_hours(30);
    let end = start + SignedDuration::from_hours(2);
    let civil = |at: jiff::Timestamp| at.strftime("%Y-%m-%dT%H:%M").to_string();
    let document = json!({"title": "New disks", "policy": "careful", "services": ["portal"],
        "start": civil(start), "end": civil(end), "facts": {"effect": "You cannot sign in."}});
    let made = server.post("/api/v1/maintenances", &document).await;
    let made = made.json(StatusCode::CREATED);
    assert_eq!(made["status"], "awaiting_approval", "{made}");
    assert_eq!(made["plan"]["breaches"][0]["milestone"], "announcement");
    let id = made["id"].as_str().unwrap();
    let told = || {
        let told = sink.ledger().into_iter();
        told.filter(|mail| mail.to == "portal-0@example.org")
            .collect::<Vec<_>>()
    };
    assert_eq!(told(), []);
    let path = format!("/api/v1/maintenances/{id}/approve");
    let approved = server.post(&path, &Value::Null).await.json(StatusCode::OK);
    assert_eq!(approved["status"], "scheduled", "{approved}");
    let mail = until("the announcement arrives", PATIENCE, async || told().pop()).await;
    let subject = field(&mail, "subject").unwrap();
    assert!(subject.contains("Portal"), "{subject}");
    let again = server.post(&path, &Value::Null).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.text);
    server.stop().await;
}

#[tokio::test]
async fn a_declared_incident_is_mailed_at_once() {
    const AIM: Duration = Duration::from_secs(1);
    const LIMIT: Duration = Duration::from_secs(5);
    let sink = sink().await;
    let folder = Folder::new();
    let server = Start::new(&folder.file("data")).mail_to(&sink).run().await;
    server.fill("portal", 1).await;
    let asked = Instant::now();
    let id = server.declare("portal").await;
    let mail = timeout(LIMIT, sink.message(0)).await;
    let mail = mail.expect("it arrives in time").unwrap();
    let took = asked.elapsed();
    println!("from request to sink: {took:?} (the aim is {AIM:?})");
    let listed = server
        .all(&format!("/api/v1/deliveries?event={id}"))
        .await
        .pop()
        .unwrap();
    assert_eq!(mail.message_id.as_deref(), listed["message_id"].as_str());
    assert_eq!(
        (mail.envelope_from.as_str(), mail.to.as_str()),
        ("notices@example.edu", "portal-0@example.org")
    );
    for (name, expected) in [
        ("Message-ID", mail.message_id.as_deref().unwrap()),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("Auto-Submitted", "auto-generated"),
        ("MIME-Version", "1.0"),
    ] {
        assert_eq!(field(&mail, name).as_deref(), Some(expected), "{name}");
    }
    for (name, part) in [
        ("From", "<notices@example.edu>"),
        ("To", "<portal-0@example.org>"),
        ("List-Id", "users-of-portal"),
        ("List-Unsubscribe", &format!("<{}", server.url("/u/"))),
        ("Date", "+0000"),
        ("Subject", ""),
        ("In-Reply-To", "@example.edu>"),
        ("References", "@example.edu>"),
        ("Content-Type", "multipart/alternative"),
    ] {
        let value = field(&mail, name).unwrap_or_else(|| panic!("{name} is missing"));
        assert!(value.contains(part), "{name}: {value}");
    }
    // How soon people heard is measured, and within the time in which they should.
    until("it is measured", PATIENCE, async || {
        let metrics = server.get("/metrics").await.text;
        metrics
            .contains("forewarn_first_notice_seconds_bucket{le=\"300\"} 1")
            .then_some(())
    })
    .await;
    server.stop().await;
}

#[tokio::test]
async fn a_webhook_arrives_signed() {
    const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";
    let peer = HttpPeer::start(http::Script::new()).await.unwrap();
    let folder = Folder::new();
    let server = Start::new(&folder.file("data"))
        .with("--allow-private-targets", "127.0.0.0/8")
        .run()
        .await;
    server
        .apply(&format!(
            "services:\n  - {{id: portal, name: Portal}}\n\
             audiences:\n  - {{id: machines, name: Machines, level: technical, channels: [webhook], services: [portal]}}\n\
             contacts:\n  - {{id: hook, name: Hook, audiences: [machines], endpoints: {{webhook: {{url: \"{}\", secret: {SECRET}}}}}}}\n",
            peer.url("/in")
        ))
        .await;
    let id = server.declare("portal").await;
    timeout(PATIENCE, peer.wait_for(1)).await.unwrap();
    let request = peer.requests().remove(0);
    let header = |name: &str| request.header(name).unwrap().to_owned();
    let (hook, time) = (header("webhook-id"), header("webhook-timestamp"));
    let expected = Secret::parse(SECRET)
        .unwrap()
        .sign(&hook, time.parse().unwrap(), &request.body);
    assert_eq!(header("webhook-signature"), expected);
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("POST", "/in")
    );
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert!(body.to_string().contains(&id), "{body}");
    server.all_sent(&id).await;
    let listed = server
        .all(&format!("/api/v1/deliveries?event={id}"))
        .await
        .pop()
        .unwrap();
    assert_eq!(
        (&listed["message_id"], &listed["status"]),
        (&json!(hook), &json!("accepted"))
    );
    server.stop().await;
}

#[tokio::test]
async fn one_click_unsubscribes_and_the_next_message_is_counted_as_suppressed() {
    let sink = sink().await;
    let folder = Folder::new();
    let server = Start::new(&folder.file("data")).mail_to(&sink).run().await;
    server.fill("portal", 2).await;
    let id = server.declare("portal").await;
    timeout(PATIENCE, sink.wait_for(2)).await.unwrap();
    let ledger = sink.ledger();
    let mail = ledger.iter().find(|m| m.to == "portal-0@example.org");
    let link = field(mail.unwrap(), "list-unsubscribe").unwrap();
    let link = link.trim_matches(['<', '>']);
    // As RFC 8058 says: a POST without cookies and without signing in.
    let http = reqwest::Client::new();
    let kind = "application/x-www-form-urlencoded";
    let pressed = http
        .post(link)
        .header("content-type", kind)
        .body("List-Unsubscribe=One-Click")
        .send();
    assert_eq!(pressed.await.unwrap().status(), StatusCode::OK);
    server.all_sent(&id).await;
    server.update(&id).await;
    server.all_sent(&id).await;
    let to: Vec<_> = sink.ledger()[2..].iter().map(|m| m.to.clone()).collect();
    assert_eq!(to, ["portal-1@example.org"]);
    let notices = server.all(&format!("/api/v1/notices?event={id}")).await;
    let mut counts: Vec<_> = notices
        .iter()
        .filter(|n| n["status"] == "sent")
        .map(|n| {
            (
                n["counts"]["accepted"].clone(),
                n["counts"]["suppressed"].clone(),
            )
        })
        .collect();
    counts.sort_by_key(|(_, suppressed)| suppressed.as_u64());
    assert_eq!(counts, [(json!(2), json!(0)), (json!(1), json!(1))]);
    server.stop().await;
}

#[tokio::test]
async fn the_next_start_takes_over_what_was_in_the_air() {
    let hang = Fault::new(Stage::Greeting, Act::Hang).times(1);
    let sink = SmtpPeer::start(Script::default().fault(hang), Keep::Envelopes)
        .await
        .unwrap();
    let folder = Folder::new();
    let start = Start::new(&folder.file("data")).mail_to(&sink);
    let server = start.run().await;
    server.fill("portal", 1).await;
    let id = server.declare("portal").await;
    until("the mail is in the air", PATIENCE, async || {
        (sink.connections() > 0).then_some(())
    })
    .await;
    server.kill().await;
    let server = start.run().await;
    server.all_sent(&id).await;
    assert_eq!(sink.count(), 1);
    let listed = server
        .all(&format!("/api/v1/deliveries?event={id}"))
        .await
        .pop()
        .unwrap();
    let attempts = listed["attempts"].as_array().unwrap().iter();
    let outcomes: Vec<_> = attempts.map(|a| a["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["unknown", "accepted"]);
    server.terminate().await;
    let (_, words) = server.gone().await;
    assert!(words.contains("attempts of an earlier process"), "{words}");
}

#[tokio::test]
async fn a_data_folder_in_use_is_refused() {
    let folder = Folder::new();
    let start = Start::new(&folder.file("data"));
    let server = start.run().await;
    let (code, out, err) = ended(start.command()).await;
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("is in use by process "), "{err}");
    assert!(err.contains("choose another with --data"), "{err}");
    assert_eq!(server.get("/readyz").await.status, StatusCode::OK);
    server.stop().await;
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused() {
    let database = Database::new();
    let folder = Folder::new();
    let start = Start::new(&folder.file("data")).with("--database", &database.url());
    start.run().await.stop().await;
    sql(&database.url(), "INSERT INTO schema_version VALUES (999)");
    let (code, out, err) = ended(start.command()).await;
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(
        err.contains("it was last used by a newer Forewarn (its tables are at version 999"),
        "{err}"
    );
    assert!(err.contains("run that version or a newer one"), "{err}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_backup_sends_nothing_again_and_lists_what_is_in_doubt() {
    const RECIPIENTS: usize = 300;
    let script = Script::default().delay(Duration::from_millis(5));
    let sink = SmtpPeer::start(script, Keep::Envelopes).await.unwrap();
    let folder = Folder::new();
    let data = folder.file("data");
    let server = Start::new(&data).mail_to(&sink).run().await;
    server.fill("portal", RECIPIENTS).await;
    server.fill("library", 3).await;
    // Its start falls between the backup and the restore.
    let start = Clock::System.now() + SignedDuration::from_secs(4);
    let end = start + SignedDuration::from_hours(2);
    let civil = |at: jiff::Timestamp| at.strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let document = json!({"title": "New shelves", "services": ["library"], "start": civil(start), "end": civil(end)});
    let made = server.post("/api/v1/maintenances", &document).await;
    let maintenance = made.json(StatusCode::CREATED)["id"].clone();
    let maintenance = maintenance.as_str().unwrap();
    let id = server.declare("portal").await;
    timeout(PATIENCE, sink.wait_for(50)).await.unwrap();
    let file = folder.file("backup.jsonl");
    let mut command = program(&["backup", file.to_str().unwrap(), "--data"]);
    command.arg(&data);
    let (code, out, err) = ended(command).await;
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    server.all_sent(&id).await;
    let path = format!("/api/v1/notices?event={maintenance}&status=sent");
    until("the start is told", PATIENCE, async || {
        let sent = server.all(&path).await;
        sent.iter().any(|n| n["milestone"] == "start").then_some(())
    })
    .await;
    server.stop().await;
    let before = sink.ledger();

    let fresh = folder.file("fresh");
    let mut command = program(&["restore", file.to_str().unwrap(), "--data"]);
    command.arg(&fresh);
    let (code, out, err) = ended(command).await;
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.contains("messages were waiting or under way"), "{out}");
    assert!(out.contains("notices fell due since"), "{out}");
    // The key is not in the backup; without it the links that were sent would lead nowhere.
    assert!(
        out.contains("this database was used with a link key that is not here"),
        "{out}"
    );
    assert!(
        out.contains("this database was used with a secrets key that is not here"),
        "{out}"
    );
    for key in ["link.key", "secrets.key"] {
        std::fs::copy(data.join(key), fresh.join(key)).unwrap();
    }
    let server = Start::new(&fresh).mail_to(&sink).run().await;
    // Something new that goes out shows that the engine has been at everything older.
    let probe = server.declare("library").await;
    server.all_sent(&probe).await;
    let new: Vec<Arc<Received>> = sink.ledger().split_off(before.len());
    let mut to: Vec<_> = new.iter().map(|mail| mail.to.as_str()).collect();
    to.sort_unstable();
    assert_eq!(
        to,
        [
            "library-0@example.org",
            "library-1@example.org",
            "library-2@example.org"
        ]
    );
    let mut old = before.iter().map(|mail| &mail.message_id);
    assert!(!old.any(|id| new.iter().any(|mail| mail.message_id == *id)));
    // What is in doubt can be seen: messages as unknown, notices as waiting for a person.
    let unknown = server
        .all(&format!("/api/v1/deliveries?event={id}&status=unknown"))
        .await;
    let told = format!("{} messages were waiting or under way", unknown.len());
    assert!(!unknown.is_empty() && out.contains(&told), "{told}: {out}");
    let waiting = server.all("/api/v1/notices?status=awaiting_approval").await;
    let waiting: Vec<_> = waiting.iter().map(|n| &n["milestone"]).collect();
    assert!(waiting.contains(&&json!("start")), "{waiting:?}");
    let (code, out, _) = client(&server, &["deliveries", "--status", "unknown"]).await;
    assert_eq!(code, 0);
    assert!(out.contains("portal-"), "{out}");
    server.stop().await;
}

/// Stops a server that sends to so many by a relay that takes so long for each, once it has taken a few, and starts it again: all are
/// told once, and nothing was ever in doubt. Says how many were told before the stop.
async fn stopped_in_the_middle(recipients: usize, each: Duration, few: usize) -> usize {
    let script = Script::default().delay(each);
    let sink = SmtpPeer::start(script, Keep::Envelopes).await.unwrap();
    let folder = Folder::new();
    let start = Start::new(&folder.file("data")).mail_to(&sink);
    let server = start.run().await;
    server.fill("portal", recipients).await;
    let id = server.declare("portal").await;
    timeout(PATIENCE, sink.wait_for(few)).await.unwrap();
    server.stop().await;
    let taken = sink.count();
    let server = start.run().await;
    server.all_sent(&id).await;
    let audit = audit(&sink, &server, &[id]).await;
    audit.holds(recipients);
    assert_eq!((audit.duplicates, audit.unknown), (0, 0));
    server.stop().await;
    taken
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_lands_what_is_in_the_air() {
    stopped_in_the_middle(1_000, Duration::from_millis(2), 100).await;
}

/// Such a relay has hundreds of ours when we are told to stop.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_does_not_wait_for_a_slow_relay_and_leaves_nothing_in_doubt() {
    let taken = stopped_in_the_middle(200, Duration::from_millis(250), 10).await;
    assert!(
        taken < 100,
        "{taken}: it went on long after it was told to stop"
    );
}

/// Who says half a request and no more is sent away, and does not hold up the end.
#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let folder = Folder::new();
    let server = Start::new(&folder.file("data")).run().await;
    let address = server.url("").replace("http://", "");
    let mut silent = tokio::net::TcpStream::connect(&address).await.unwrap();
    silent.write_all(b"GET / HT").await.unwrap();
    let mut answer = Vec::new();
    let closed = timeout(PATIENCE, silent.read_to_end(&mut answer)).await;
    closed.expect("it is closed").unwrap();
    assert!(!String::from_utf8_lossy(&answer).contains(" 200 "));
    server.stop().await;
}

#[tokio::test]
async fn a_repeated_request_declares_once() {
    let folder = Folder::new();
    let server = Start::new(&folder.file("data")).run().await;
    server.fill("portal", 1).await;
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", "k-1"),
    ];
    let ask = |body: Value| {
        let path = "/api/v1/incidents";
        server.ask(Method::POST, path, &headers, body.to_string())
    };
    let first = ask(incident("portal")).await;
    let again = ask(incident("portal")).await;
    assert_eq!(
        first.json(StatusCode::CREATED),
        again.json(StatusCode::CREATED)
    );
    assert_eq!(again.header("idempotency-replayed"), "true");
    let mut other = incident("portal");
    other["title"] = json!("Something else");
    assert_eq!(ask(other).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(server.all("/api/v1/incidents").await.len(), 1);
    server.stop().await;
}
