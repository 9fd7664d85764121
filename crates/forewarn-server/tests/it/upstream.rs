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

    async fn a_newer_notice_changes_what_the_work_does_and_touches(app: TestApp) {
        ready(&app).await;
        let quiet = file!("impact-no-impact");
        let (_, id) = takes(&app, quiet).await;
        app.post(&format!("/api/v1/maintenances/{id}/approve"), &json!({})).await.is(200);
        app.expand_due().await;
        assert_eq!(work(&app, &id).await["facts"]["effect"], "No interruption is expected.");
        // The same times, another impact: whoever was told is told.
        let newer = |n: u32, objects: &str, impact: &str| {
            file!("status-confirmed").replace("SEQUENCE:1", &format!("SEQUENCE:{n}")).replace("SVC-1001", objects)
                .replace("X-MAINTNOTE-IMPACT:OUTAGE", &format!("X-MAINTNOTE-IMPACT:{impact}"))
        };
        let announced = async |id: &str| {
            let notices = app.get(&format!("/api/v1/notices?event={id}&limit=100")).await.json();
            let told = notices["items"].as_array().unwrap().iter().filter(|n| n["audience"] == "staff" && n["milestone"] == "announcement" && n["status"] != "planned");
            told.count()
        };
        let before = announced(&id).await;
        assert_eq!(takes(&app, &newer(2, "SVC-1001", "OUTAGE")).await, ("changed".into(), id.clone()));
        app.expand_due().await;
        assert_eq!(work(&app, &id).await["facts"]["effect"], "It will not be available for some of this time.");
        assert_eq!(announced(&id).await, before + 1);
        // Other words of the provider change the work, and nobody is told of that by itself.
        let words = newer(3, "SVC-1001", "OUTAGE").replace("Fibre maintenance", "Splicing");
        assert_eq!(takes(&app, &words).await, ("changed".into(), id.clone()));
        app.expand_due().await;
        assert!(work(&app, &id).await["facts"]["technical"].as_str().unwrap().contains("Splicing"));
        assert_eq!(announced(&id).await, before + 1);
        // One circuit more is one service more.
        let two = newer(4, "SVC-1001\r\nX-MAINTNOTE-OBJECT-ID:SVC-9", "OUTAGE");
        assert_eq!(takes(&app, &two).await, ("changed".into(), id.clone()));
        assert_eq!(work(&app, &id).await["services"], json!(["line", "backup-line"]));
        // Another circuit alone: who uses the first is told that it is off, and the second is work of its own.
        let (did, other) = takes(&app, &newer(5, "SVC-9", "OUTAGE")).await;
        assert_eq!(did, "created for other services");
        assert_ne!(other, id);
        assert_eq!((&work(&app, &id).await["status"], &work(&app, &other).await["services"]), (&json!("cancelled"), &json!(["backup-line"])));
        assert_eq!(takes(&app, &newer(6, "SVC-9", "OUTAGE")).await, ("nothing: all is as it was".into(), other));
    }

    async fn work_that_was_called_off_and_is_on_again_is_planned_anew(app: TestApp) {
        ready(&app).await;
        let (_, id) = takes(&app, file!("status-confirmed")).await;
        app.post(&format!("/api/v1/maintenances/{id}/approve"), &json!({})).await.is(200);
        let off = file!("status-cancelled").replace("SEQUENCE:3", "SEQUENCE:2");
        assert_eq!(takes(&app, &off).await, ("cancelled".into(), id.clone()));
        let on = file!("status-confirmed").replace("SEQUENCE:1", "SEQUENCE:3");
        let (did, again) = takes(&app, &on).await;
        assert_eq!(did, "created again");
        assert_ne!(again, id);
        let event = work(&app, &again).await;
        assert_eq!((&event["status"], &event["services"]), (&json!("awaiting_approval"), &json!(["line"])));
        assert_eq!(work(&app, &id).await["status"], "cancelled");
        assert_eq!(takes(&app, &on).await, ("nothing: it is known".into(), again.clone()));
        let moved = file!("status-re-scheduled").replace("SEQUENCE:2", "SEQUENCE:4");
        assert_eq!(takes(&app, &moved).await, ("moved".into(), again.clone()));
        // What a person ended here stays so at the same time, and that is said; another time is looked at again.
        app.post(&format!("/api/v1/maintenances/{again}/cancel"), &json!({"reason": "Not here."})).await.is(200);
        let answer = hook(&app, "text/calendar", &moved.replace("SEQUENCE:4", "SEQUENCE:5")).await;
        assert_eq!(answer["notices"][0]["did"], "nothing: it was ended here, and its time is as it was");
        let warning = &answer["warnings"][0];
        assert!(warning["problem"].as_str().unwrap().starts_with("nothing was done: it was ended here") && warning["line"].is_u64(), "{answer}");
        let later = moved.replace("SEQUENCE:4", "SEQUENCE:6").replace("20261201T", "20261203T");
        let (did, third) = takes(&app, &later).await;
        assert_eq!((did.as_str(), &work(&app, &third).await["status"]), ("created again", &json!("awaiting_approval")));
    }

    async fn whoever_runs_the_service_hears_that_a_notice_waits(app: TestApp) {
        ready(&app).await;
        let (_, id) = takes(&app, file!("status-confirmed")).await;
        app.expand_due().await;
        let asked = async || {
            let all = app.get(&format!("/api/v1/deliveries?event={id}&limit=100")).await.json();
            let all = all["items"].as_array().unwrap().clone();
            all.iter().filter(|d| d["endpoint"] == "net@example.edu").count()
        };
        assert_eq!(asked().await, 1);
        takes(&app, file!("status-confirmed")).await;
        app.expand_due().await;
        assert_eq!(asked().await, 1);
        app.post(&format!("/api/v1/maintenances/{id}/approve"), &json!({})).await.is(200);
        takes(&app, file!("status-re-scheduled")).await;
        let waits = app.get(&format!("/api/v1/notices?event={id}&limit=100")).await.json();
        let waits = waits["items"].as_array().unwrap().iter().filter(|n| n["milestone"] == "approval_needed").count();
        assert_eq!(waits, 1);
    }

    async fn work_that_a_provider_begins_and_ends_does_so_here(app: TestApp) {
        ready(&app).await;
        let (_, id) = takes(&app, file!("status-tentative")).await;
        app.post(&format!("/api/v1/maintenances/{id}/approve"), &json!({})).await.is(200);
        assert_eq!(takes(&app, file!("status-in-process")).await.0, "started");
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
    let past = file!("status-confirmed")
        .replace("MNT-77", "MNT-80")
        .replace("20261130T", "20201130T");
    let answer = post(As::Operator, &past).await.is(200).json();
    assert_eq!(answer["notices"][0]["did"], "nothing: its time has passed");
    let line = past.lines().position(|l| l.starts_with("DTSTART")).unwrap() + 1;
    assert_eq!(answer["warnings"][0]["line"], line);
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
