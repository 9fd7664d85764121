//! The banner for other people's pages: what is wrong now and planned soon, and nothing else.

use crate::app::{As, TestApp};
use serde_json::{Value, json};

async fn items(app: &TestApp) -> Vec<Value> {
    app.refresh().await;
    let answer = app
        .request(As::Nobody, "GET", "/banner.json", "")
        .await
        .is(200);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let banner = answer.json();
    assert_eq!(banner["organisation"], "Example University");
    banner["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn it_says_what_is_wrong_until_it_is_over() {
    let app = TestApp::campus().await;
    assert_eq!(items(&app).await, Vec::<Value>::new());
    let declared = json!({"title": "Sign-in fails", "services": {"portal": "partial_outage"}, "severity": "P2",
        "effect": "Some people <b>cannot</b> sign in."});
    let declared = app.post("/api/v1/incidents", &declared).await;
    let id = declared.is(201).json()["id"].as_str().unwrap().to_owned();
    let found = items(&app).await;
    assert_eq!(found.len(), 1);
    let item = &found[0];
    assert_eq!(
        (&item["id"], &item["kind"], &item["tone"]),
        (&json!(id), &json!("incident"), &json!("slow"))
    );
    assert_eq!(
        (&item["services"], &item["title"]),
        (&json!(["portal"]), &json!("Sign-in fails"))
    );
    assert!(
        item["next_update"].is_string() && item["text"].is_string(),
        "{item}"
    );
    let resolved = json!({"status": "resolved", "text": "It works again.\n\nWe are sorry."});
    app.post(&format!("/api/v1/incidents/{id}/updates"), &resolved)
        .await
        .is(201);
    assert_eq!(items(&app).await, Vec::<Value>::new());
}

#[tokio::test]
async fn it_says_what_is_planned_within_a_week() {
    let app = TestApp::campus().await;
    for (id, start, end) in [
        ("MNT-8", "2026-11-25T22:00", "2026-11-26T02:00"),
        ("MNT-9", "2027-01-10T22:00", "2027-01-11T02:00"),
    ] {
        let work = json!({"id": id, "title": "Upgrade", "kind": "emergency", "services": ["portal"], "start": start, "end": end,
            "facts": {"effect": "You cannot sign in."}});
        app.post("/api/v1/maintenances", &work).await.is(201);
    }
    let found = items(&app).await;
    let ids: Vec<&Value> = found.iter().map(|item| &item["id"]).collect();
    assert_eq!(ids, ["MNT-8"]);
    assert_eq!(
        (&found[0]["started"], &found[0]["starts"]),
        (&json!(false), &json!("2026-11-26T06:00:00Z"))
    );
    assert_eq!(found[0]["text"], "You cannot sign in.");
    app.post(
        "/api/v1/maintenances/MNT-8/cancel",
        &json!({"reason": "Not needed."}),
    )
    .await
    .is(200);
    assert_eq!(items(&app).await, Vec::<Value>::new());
}

#[tokio::test]
async fn its_script_may_be_loaded_by_any_page() {
    let app = TestApp::campus().await;
    app.refresh().await;
    let script = app
        .request(As::Nobody, "GET", "/banner.js", "")
        .await
        .is(200);
    assert_eq!(
        script.header("cross-origin-resource-policy"),
        "cross-origin"
    );
    assert!(script.header("content-type").starts_with("text/javascript"));
    assert!(!script.text().contains("innerHTML"), "it writes text only");
}
