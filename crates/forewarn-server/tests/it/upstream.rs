//! Notices of providers become planned events, and follow what the provider says.

use crate::app::{As, TestApp};
use crate::hooks::{SECRET, call, with_hooks};
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

macro_rules! file {
    ($name:literal) => {
        include_str!(concat!(
            "../../../forewarn-core/tests/maintnote/",
            $name,
            ".ics"
        ))
    };
}

const PROVIDERS: &str = "
services:
  - {id: line, name: Campus line, owner: net@example.edu, providers: [{name: carrier.example, objects: [SVC-1001]}]}
  - {id: backup-line, name: Backup line, providers: [{name: carrier.example, objects: [SVC-9]}]}
audiences:
  - {id: staff, name: Staff, level: technical, services: [line]}
";

async fn ready(app: &TestApp) {
    with_hooks(app).await;
    app.yaml("/api/v1/documents", PROVIDERS).await.is(200);
}

async fn hook(app: &TestApp, kind: &str, body: &str) -> Value {
    let authorization = format!("Bearer {SECRET}");
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-type", kind),
    ];
    call(app, "carriers", &headers, body.as_bytes())
        .await
        .is(200)
        .json()
}

async fn takes(app: &TestApp, body: &str) -> (String, String) {
    let answer = hook(app, "text/calendar", body).await;
    let text = |name: &str| {
        answer["notices"][0][name]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    (text("did"), text("event"))
}

async fn work(app: &TestApp, id: &str) -> Value {
    app.get(&format!("/api/v1/maintenances/{id}"))
        .await
        .is(200)
        .json()
}

/// A mail as a provider's program sends it.
fn mail(calendar: &str) -> String {
    format!(
        "From: noc@carrier.example\r\nTo: maintenance@example.edu\r\nSubject: Planned work MNT-77\r\nDate: Fri, 20 Nov 2026 09:00:00 +0000\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nPlanned work\r\n\
         --b\r\nContent-Type: text/calendar; charset=utf-8; method=PUBLISH\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n--b--\r\n",
        data_encoding::BASE64.encode(calendar.as_bytes())
    )
}

on_both_databases! {
    async fn a_notice_becomes_an_event_that_waits_for_a_person_and_then_follows_the_provider(app: TestApp) {
        ready(&app).await;
        let (did, id) = takes(&app, file!("status-confirmed")).await;
        assert_eq!(did, "created");
        let event = work(&app, &id).await;
        assert_eq!((&event["status"], &event["services"], &event["cause"]), (&json!("awaiting_approval"), &json!(["line"]), &json!("third_party")));
        assert_eq!(event["start"], "2026-11-29T18:00:00[America/Los_Angeles]");
        assert_eq!((&event["title"], &event["facts"]["effect"]), (&json!("Work at a provider of Campus line"), &json!("It will not be available for some of this time.")));
        assert!(event["facts"]["technical"].as_str().unwrap().contains("carrier.example MNT-77, account ACC-42, on SVC-1001"));
        assert_eq!(takes(&app, file!("status-confirmed")).await, ("nothing: it is known".into(), id.clone()));
        // Before a person agrees it moves without a word; after that people are told.
        app.post(&format!("/api/v1/maintenances/{id}/approve"), &json!({})).await.is(200);
        assert_eq!(takes(&app, file!("status-re-scheduled")).await, ("moved".into(), id.clone()));
        let moved = work(&app, &id).await;
        assert_eq!((&moved["start"], &moved["status"]), (&json!("2026-11-30T18:00:00[America/Los_Angeles]"), &json!("scheduled")));
        assert_eq!(takes(&app, file!("status-confirmed")).await, ("nothing: a newer notice is known".into(), id.clone()));
        let notices = app.get(&format!("/api/v1/notices?event={id}&limit=100")).await.json();
        let told: Vec<&str> = notices["items"].as_array().unwrap().iter().map(|n| n["milestone"].as_str().unwrap()).collect();
        assert!(told.contains(&"reschedule") || told.contains(&"delay"), "{told:?}");
        assert_eq!(takes(&app, file!("status-cancelled")).await, ("cancelled".into(), id.clone()));
        assert_eq!(work(&app, &id).await["status"], "cancelled");
        let journal = app.get(&format!("/api/v1/journal?event={id}&limit=100")).await.json();
        let said = journal["items"].as_array().unwrap().iter().filter(|e| e["action"] == "maintenance.upstream").count();
        assert_eq!(said, 3);
    }

    async fn work_that_a_provider_begins_and_ends_does_so_here(app: TestApp) {
        ready(&app).await;
        let (_, id) = takes(&app, file!("status-tentative")).await;
        app.post(&format!("/api/v1/maintenances/{id}/approve"), &json!({})).await.is(200);
        assert_eq!(takes(&app, file!("status-in-process")).await.0, "nothing: the time is as it was".replace("nothing: the time is as it was", "started"));
        assert_eq!(work(&app, &id).await["status"], "in_progress");
        let later = file!("status-completed").replace("SEQUENCE:3", "SEQUENCE:4");
        assert_eq!(takes(&app, &later).await.0, "completed");
        assert_eq!(work(&app, &id).await["status"], "completed");
    }
}

#[tokio::test]
async fn a_mail_carries_the_same() {
    let app = TestApp::new().await;
    ready(&app).await;
    let answer = hook(&app, "message/rfc822", &mail(file!("status-confirmed"))).await;
    assert_eq!(answer["notices"][0]["did"], "created");
    let inner = mail(file!("status-re-scheduled"));
    let forwarded = format!(
        "From: ann@example.edu\r\nSubject: Fwd\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=f\r\n\r\n\
         --f\r\nContent-Type: message/rfc822\r\n\r\n{inner}\r\n--f--\r\n"
    );
    let answer = hook(&app, "message/rfc822", &forwarded).await;
    assert_eq!(answer["notices"][0]["did"], "moved");
    let authorization = format!("Bearer {SECRET}");
    let headers = [("authorization", authorization.as_str())];
    let refused = call(&app, "carriers", &headers, b"Subject: hello\r\n\r\nworld")
        .await
        .is(422);
    assert!(
        refused.text().contains("no text/calendar part"),
        "{}",
        refused.text()
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_notice_is_told_at_once_and_what_is_odd_is_warned_of() {
    let app = TestApp::new().await;
    ready(&app).await;
    let post = async |who: As, body: &str| {
        let request = Request::post("/api/v1/upstream-maintenances")
            .header("authorization", format!("Bearer {}", who.token()))
            .header("content-type", "text/calendar");
        app.send(request.body(Body::from(body.to_owned())).unwrap())
            .await
    };
    let refused = post(As::Operator, file!("fault-no-provider-and-no-times"))
        .await
        .is(422);
    assert_eq!(refused.problems().len(), 4, "{:?}", refused.problems());
    post(As::Viewer, file!("status-confirmed")).await.is(403);
    let warned = post(As::Operator, file!("fault-no-sequence"))
        .await
        .is(200)
        .json();
    assert_eq!(warned["warnings"][0]["field"], "SEQUENCE");
    let other = file!("status-confirmed").replace("SVC-1001", "SVC-5555");
    let refused = post(As::Operator, &other.replace("MNT-77", "MNT-78"))
        .await
        .is(422);
    assert_eq!(
        refused.problems(),
        ["X-MAINTNOTE-OBJECT-ID: no service stands on SVC-5555 of carrier.example"]
    );
    let other = file!("status-confirmed").replace("carrier.example", "carier.example");
    let refused = post(As::Operator, &other).await.is(422);
    assert!(
        refused.problems()[0].contains("did you mean 'carrier.example'?"),
        "{:?}",
        refused.problems()
    );
    let gone = post(
        As::Operator,
        &file!("status-cancelled").replace("MNT-77", "MNT-79"),
    )
    .await
    .is(200)
    .json();
    assert_eq!(
        (&gone["notices"][0]["did"], &gone["notices"][0]["event"]),
        (&json!("nothing: it was never heard of"), &Value::Null)
    );
}
