//! The communication decision and the change request: whether, and from when on, people outside are told.

use crate::app::{As, TestApp, upgrade};
use crate::hooks::call;
use crate::maintenances::statuses;
use serde_json::{Value, json};

#[tokio::test]
async fn a_decision_is_reasoned() {
    let app = TestApp::campus().await;
    let answers = json!({"client_action": "after", "interruption": "yes", "window": "standard", "impact": "high"});
    let decided = app.post("/api/v1/decisions", &answers).await.is(200).json();
    assert_eq!(decided["verdict"], "required");
    assert_eq!(decided["leadership_notice"], true);
    let rules: Vec<_> = decided["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["rule"].as_str().unwrap())
        .collect();
    assert_eq!(rules, ["client-action", "outage-standard", "leadership"]);
    let nothing = app.post("/api/v1/decisions", &Value::Null).await.is(422);
    assert!(
        nothing.problems()[0].contains("must be a map"),
        "{:?}",
        nothing.problems()
    );
    let wrong = app
        .post(
            "/api/v1/decisions",
            &json!({"impact": "huge", "own": {"verdict": "no"}}),
        )
        .await
        .is(422);
    assert_eq!(wrong.problems().len(), 4, "{:#?}", wrong.problems());
}

#[tokio::test]
async fn the_owners_own_decision_stands_with_the_event_and_rules_the_plan() {
    let app = TestApp::campus().await;
    app.post("/api/v1/maintenances", &upgrade()).await.is(201);
    let audiences = |notices: &[String]| {
        notices
            .iter()
            .filter(|n| !n.contains("internal") && n.ends_with(" planned"))
            .count()
    };
    assert!(audiences(&statuses(&app, "MNT-1").await) > 0);
    let body = json!({"maintenance": "MNT-1", "interruption": "yes", "own": {"verdict": "not needed", "by": "dba@example.edu", "reason": "Nobody works that night."}});
    let decided = app.post("/api/v1/decisions", &body).await.is(200).json();
    assert_eq!(decided["own"]["reason"], "Nobody works that night.");
    assert_ne!(decided["verdict"], "not needed");
    let left = statuses(&app, "MNT-1").await;
    assert_eq!(audiences(&left), 0, "{left:#?}");
    let kept = app.get("/api/v1/maintenances/MNT-1").await.is(200).json();
    assert_eq!(kept["decision"]["own"]["by"], "dba@example.edu");
    let journal = app.get("/api/v1/journal?event=MNT-1").await.is(200).text();
    assert!(
        journal.contains("maintenance.decided") && journal.contains("Nobody works that night.")
    );
    assert_eq!(
        (
            &kept["decision"]["verdict"],
            &kept["decision"]["recommended"]
        ),
        (&json!("not needed"), &decided["verdict"])
    );
    // Whoever answers the questions again does not overrule the owners, and nobody else can be named as one.
    let body = json!({"maintenance": "MNT-1", "interruption": "yes", "impact": "high"});
    let again = app.post("/api/v1/decisions", &body).await.is(200).json();
    assert_eq!(again["own"]["by"], "dba@example.edu");
    assert_eq!(audiences(&statuses(&app, "MNT-1").await), 0);
    let mut body = body;
    body["own"] =
        json!({"verdict": "required", "by": "stranger@example.com", "reason": "I say so."});
    let refused = app.post("/api/v1/decisions", &body).await.is(422);
    assert!(
        refused.problems()[0].starts_with("own.by: ")
            && refused.problems()[0].contains("registrar@example.edu"),
        "{:?}",
        refused.problems()
    );
    // They take it back, and the notices are planned again.
    body["own"] = Value::Null;
    app.post("/api/v1/decisions", &body).await.is(200);
    assert!(audiences(&statuses(&app, "MNT-1").await) > 0);
    app.post("/api/v1/decisions", &json!({"maintenance": "MNT-9"}))
        .await
        .is(404);
}

#[tokio::test]
async fn what_work_begins_with_is_on_record() {
    let app = TestApp::campus().await;
    let mut work = with_change("approved");
    work["decision"] = json!({"answers": {"interruption": "yes"},
        "own": {"verdict": "not needed", "by": "registrar@example.edu", "reason": "It is summer."}});
    app.post("/api/v1/maintenances", &work).await.is(201);
    let journal = app.get("/api/v1/journal?event=MNT-1").await.is(200).text();
    for words in [
        "It is summer.",
        "registrar@example.edu",
        "CHG0030001",
        "approved",
    ] {
        assert!(journal.contains(words), "{words}: {journal}");
    }
    let mut other = work;
    other["id"] = json!("MNT-2");
    other["decision"]["own"]["by"] = json!("stranger@example.com");
    let refused = app.post("/api/v1/maintenances", &other).await.is(422);
    assert!(
        refused.problems()[0].starts_with("maintenance.decision.own.by: "),
        "{:?}",
        refused.problems()
    );
}

#[tokio::test]
async fn the_boards_later_word_voids_an_override() {
    let app = TestApp::campus().await;
    app.post("/api/v1/maintenances", &with_change("submitted"))
        .await
        .is(201);
    let body = json!({"override": {"reason": "The disk will not last until the meeting."}});
    let told = app
        .post("/api/v1/maintenances/MNT-1/approve", &body)
        .await
        .is(200)
        .json();
    assert_eq!(told["status"], "scheduled");
    let state = "/api/v1/maintenances/MNT-1/change_request";
    // The same word again changes nothing.
    let same = app
        .post(state, &json!({"state": "submitted"}))
        .await
        .is(200)
        .json();
    assert_eq!(same["status"], "scheduled");
    let held = app
        .post(state, &json!({"state": "rejected"}))
        .await
        .is(200)
        .json();
    assert_eq!(
        (&held["status"], &held["change_request"]["override"]),
        (&json!("awaiting_approval"), &Value::Null)
    );
    assert!(
        statuses(&app, "MNT-1")
            .await
            .iter()
            .all(|s| s.ends_with(" awaiting_approval"))
    );
}

#[tokio::test]
async fn work_that_nobody_agreed_to_stays_inside_when_it_is_called_off() {
    let app = TestApp::campus().await;
    app.post("/api/v1/maintenances", &with_change("submitted"))
        .await
        .is(201);
    app.post("/api/v1/maintenances/MNT-1/cancel", &Value::Null)
        .await
        .is(200);
    // What was agreed to once is public, also once it is called off.
    let mut agreed = upgrade();
    agreed["id"] = json!("MNT-2");
    app.post("/api/v1/maintenances", &agreed).await.is(201);
    app.post("/api/v1/maintenances/MNT-2/cancel", &Value::Null)
        .await
        .is(200);
    app.refresh().await;
    for (id, status) in [("MNT-1", 404), ("MNT-2", 200)] {
        app.page(As::Nobody, &format!("/events/{id}"))
            .await
            .is(status);
    }
    for path in [
        "/history",
        "/history.atom",
        "/banner.json",
        "/api/v2/scheduled-maintenances.json",
    ] {
        let text = app.page(As::Nobody, path).await.is(200).text();
        // The feed has what was told, and of neither was anything; the banner has what is ahead.
        let is_named = text.contains("MNT-2")
            || [".atom", "banner.json"]
                .iter()
                .any(|end| path.ends_with(end));
        assert!(!text.contains("MNT-1") && is_named, "{path}: {text}");
    }
}

#[tokio::test]
async fn a_change_system_has_a_hook_of_its_own() {
    let app = TestApp::campus().await;
    let hooks =
        json!({"hooks": [{"id": "snow", "kind": "servicenow", "secret": "0123456789abcdefghij"}]});
    app.post("/api/v1/documents", &hooks).await.is(200);
    let mut second = with_change("submitted");
    second["id"] = json!("MNT-2");
    app.post("/api/v1/maintenances", &with_change("submitted"))
        .await
        .is(201);
    app.post("/api/v1/maintenances", &second).await.is(201);
    let report = json!({"number": "CHG0030001", "approval": "approved", "state": "-2"}).to_string();
    call(
        &app,
        "snow",
        &[("authorization", "Bearer wrong-secret-0123456")],
        report.as_bytes(),
    )
    .await
    .is(401);
    let right = [("authorization", "Bearer 0123456789abcdefghij")];
    let told = call(&app, "snow", &right, report.as_bytes())
        .await
        .is(200)
        .json();
    let mut ids: Vec<_> = told["maintenances"].as_array().unwrap().clone();
    ids.sort_by_key(Value::to_string);
    assert_eq!(ids, [json!("MNT-1"), json!("MNT-2")], "{told:#}");
    for id in ["MNT-1", "MNT-2"] {
        let work = app
            .get(&format!("/api/v1/maintenances/{id}"))
            .await
            .is(200)
            .json();
        assert_eq!(
            (&work["status"], &work["change_request"]["state"]),
            (&json!("scheduled"), &json!("approved"))
        );
    }
    let journal = app.get("/api/v1/journal?event=MNT-1").await.is(200).text();
    assert!(journal.contains("hook:snow"), "{journal}");
    let unknown = json!({"number": "CHG-0", "approval": "approved"}).to_string();
    call(&app, "snow", &right, unknown.as_bytes()).await.is(404);
}

fn with_change(state: &str) -> Value {
    let mut work = upgrade();
    work["change_request"] = json!({"number": "CHG0030001", "state": state});
    work
}

#[tokio::test]
async fn nobody_outside_is_told_before_the_change_is_approved() {
    let app = TestApp::campus().await;
    let made = app
        .post("/api/v1/maintenances", &with_change("submitted"))
        .await
        .is(201)
        .json();
    assert_eq!(made["status"], "awaiting_approval");
    assert!(
        statuses(&app, "MNT-1")
            .await
            .iter()
            .all(|s| s.ends_with(" awaiting_approval"))
    );
    let path = "/api/v1/maintenances/MNT-1/approve";
    let refused = app.post(path, &Value::Null).await.is(409).text();
    assert!(refused.contains("CHG0030001 is submitted"), "{refused}");
    // The change system reports, as it writes.
    let report = json!({"number": "CHG0030001", "approval": "approved", "state": "-2"});
    let told = app
        .post("/api/v1/changes/servicenow", &report)
        .await
        .is(200)
        .json();
    assert_eq!(
        (&told["status"], &told["change_request"]["state"]),
        (&json!("scheduled"), &json!("approved"))
    );
    assert!(
        statuses(&app, "MNT-1")
            .await
            .iter()
            .all(|s| s.ends_with(" planned"))
    );
    // What is taken back holds what has not gone out.
    app.post(
        "/api/v1/maintenances/MNT-1/change_request",
        &json!({"state": "rejected"}),
    )
    .await
    .is(200);
    assert!(
        statuses(&app, "MNT-1")
            .await
            .iter()
            .all(|s| s.ends_with(" awaiting_approval"))
    );
    app.post(
        "/api/v1/changes/generic",
        &json!({"number": "CHG-0", "state": "approved"}),
    )
    .await
    .is(404);
    app.post("/api/v1/changes/generic", &json!({"state": "aproved"}))
        .await
        .is(422);
}

#[tokio::test]
async fn an_override_is_recorded_with_its_author_and_reason() {
    let app = TestApp::campus().await;
    app.post("/api/v1/maintenances", &with_change("draft"))
        .await
        .is(201);
    let path = "/api/v1/maintenances/MNT-1/approve";
    let without = app
        .post(path, &json!({"override": {"by": "Dana"}}))
        .await
        .is(422);
    assert_eq!(without.problems(), ["override.reason: is missing"]);
    let reason = "The board meets too late; agreed by phone.";
    let body = json!({"override": {"by": "Dana", "reason": reason}});
    let agreed = app.post(path, &body).await.is(200).json();
    assert_eq!(
        (
            &agreed["status"],
            &agreed["change_request"]["override"]["by"]
        ),
        (&json!("scheduled"), &json!("Dana"))
    );
    assert!(
        statuses(&app, "MNT-1")
            .await
            .iter()
            .any(|s| s.ends_with(" planned"))
    );
    let journal = app.get("/api/v1/journal?event=MNT-1").await.is(200).text();
    assert!(journal.contains(reason), "{journal}");
}

on_both_databases! {
    async fn the_change_system_hears_of_the_outage_while_people_wait_for_approval(app: TestApp) {
        let campus = crate::app::CAMPUS.replace("closed_days: [2026-12-24]", "closed_days: [2026-12-24], change_system: {url: 'https://changes.example.edu/in', secret: whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3}");
        app.yaml("/api/v1/documents", &campus).await.is(200);
        let mut work = upgrade();
        work["change_request"] = json!({"number": "CHG-7", "state": "submitted"});
        let made = app.post("/api/v1/maintenances", &work).await.is(201).json();
        assert_eq!(made["status"], "awaiting_approval");
        let outgoing = || async {
            let all = app.get("/api/v1/notices?event=MNT-1&limit=1000").await.json();
            let ours = all["items"].as_array().cloned().unwrap_or_default().into_iter();
            let ours = ours.filter(|n| n["audience"] == "change_system");
            ours.map(|n| format!("{} {}", n["milestone"].as_str().unwrap(), n["status"].as_str().unwrap())).collect::<Vec<_>>()
        };
        assert_eq!(outgoing().await, ["planned_outage planned"]);
        app.expand_due().await;
        let claimed = app.app.store.claim(forewarn_store::Lane::Planned, "test", app.app.clock.now(), 10).await.unwrap();
        assert_eq!(claimed.len(), 1);
        assert_eq!(claimed[0].endpoint.address(), "https://changes.example.edu/in");
        let (content, _) = app.app.store.notice_content(&claimed[0].notice).await.unwrap().unwrap();
        assert_eq!((content.change_request.as_deref(), content.start.is_some()), (Some("CHG-7"), true));
        // What changes nothing about the period sends nothing again; a new period does.
        app.post("/api/v1/maintenances/MNT-1/change_request", &json!({"state": "approved"})).await.is(200);
        app.advance(5);
        assert_eq!(outgoing().await.len(), 1);
        app.post("/api/v1/maintenances/MNT-1/delay", &json!({"start": "2026-12-07T22:00"})).await.is(200);
        assert_eq!(outgoing().await.iter().filter(|n| *n == "planned_outage planned").count(), 1);
        app.expand_due().await;
        app.post("/api/v1/maintenances/MNT-1/cancel", &json!({"reason": "Not needed."})).await.is(200);
        assert!(outgoing().await.contains(&"cancellation planned".to_owned()));
    }
}

#[tokio::test]
async fn the_console_says_where_a_change_request_stands() {
    let app = TestApp::campus().await;
    let mut work = upgrade();
    work["change_request"] = json!({"number": "CHG-7", "state": "submitted"});
    app.post("/api/v1/maintenances", &work).await.is(201);
    let form = "/console/maintenances/MNT-1/change_request";
    let approved = [("state", "approved"), ("board", "2026-11-12")];
    app.form(As::Viewer, form, &approved).await.is(403);
    let wrong = [("state", "approved"), ("board", "Thursday")];
    let wrong = app.form(As::Operator, form, &wrong).await.is(422).text();
    assert!(wrong.contains("must be a date"), "{wrong}");
    app.form(As::Operator, form, &approved).await.is(303);
    let now = app.get("/api/v1/maintenances/MNT-1").await.is(200).json();
    assert_eq!(
        (&now["status"], &now["change_request"]["state"]),
        (&json!("scheduled"), &json!("approved"))
    );
    let page = app.page(As::Viewer, "/console/maintenances/MNT-1").await;
    let page = page.is(200).text();
    assert!(page.contains("approved, board of 2026-11-12"), "{page}");
}
