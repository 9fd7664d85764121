//! A repeated request acts once.

use crate::app::{TestApp, upgrade};
use serde_json::{Value, json};
use std::sync::Arc;

on_both_databases! {
    async fn a_repeat_gets_the_same_answer_and_makes_nothing(app: TestApp) {
        app.apply_campus().await;
        let mut work = upgrade();
        work.as_object_mut().unwrap().remove("id");
        let first = app.keyed("k-1", "/api/v1/maintenances", &work).await.is(201);
        assert_eq!(first.header("idempotency-replayed"), "");
        app.advance(60);
        let again = app.keyed("k-1", "/api/v1/maintenances", &work).await.is(201);
        assert_eq!(again.body, first.body);
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.header("content-type"), "application/json");
        let listed = app.get("/api/v1/maintenances").await.json();
        assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));

        let mut other = work.clone();
        other["title"] = json!("Something else");
        let refused = app.keyed("k-1", "/api/v1/maintenances", &other).await.is(422);
        assert_eq!(refused.json()["detail"], "this Idempotency-Key was used for another request; use a new one");
        app.keyed("k-1", "/api/v1/incidents", &work).await.is(422);
        // Actions too.
        let started = app.keyed("k-2", "/api/v1/maintenances/MNT-1/start", &Value::Null).await.is(200);
        let again = app.keyed("k-2", "/api/v1/maintenances/MNT-1/start", &Value::Null).await.is(200);
        assert_eq!(again.body, started.body);
        app.keyed("k-3", "/api/v1/maintenances/MNT-1/start", &Value::Null).await.is(409);
        app.keyed("k-3", "/api/v1/maintenances/MNT-1/start", &Value::Null).await.is(409);
        // An approval is one publication, kept with its answer.
        let mut careful = upgrade();
        careful["id"] = json!("MNT-C");
        careful["policy"] = json!("careful");
        app.post("/api/v1/maintenances", &careful).await.is(201);
        let agreed = app.keyed("k-4", "/api/v1/maintenances/MNT-C/approve", &Value::Null).await.is(200);
        let again = app.keyed("k-4", "/api/v1/maintenances/MNT-C/approve", &Value::Null).await.is(200);
        assert_eq!(again.body, agreed.body);
        let journal = app.get("/api/v1/journal?event=MNT-C").await.json();
        assert_eq!(journal["items"].as_array().map(Vec::len), Some(2));
    }

    async fn fifty_at_once_are_one(app: TestApp) {
        app.apply_campus().await;
        let app = Arc::new(app);
        let body = json!({"services": {"portal": "major_outage"}, "severity": "P1"});
        let mut asked = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let (app, body) = (app.clone(), body.clone());
            asked.spawn(async move { app.keyed("storm", "/api/v1/incidents", &body).await });
        }
        let mut bodies = std::collections::BTreeSet::new();
        while let Some(answer) = asked.join_next().await {
            let answer = answer.unwrap().is(201);
            bodies.insert(answer.text());
        }
        assert_eq!(bodies.len(), 1);
        let listed = app.get("/api/v1/incidents").await.json();
        assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
        let notices = app.get("/api/v1/notices").await.json();
        let told = notices["items"].as_array().unwrap().iter().filter(|n| n["milestone"] == "holding");
        assert_eq!(told.count(), 1);
    }
}

#[tokio::test]
async fn a_refusal_is_repeated_too_and_keys_are_each_callers_own() {
    let app = TestApp::campus().await;
    let wrong = json!({"severity": "P1"});
    let first = app.keyed("k", "/api/v1/incidents", &wrong).await.is(422);
    let again = app.keyed("k", "/api/v1/incidents", &wrong).await.is(422);
    assert_eq!(first.body, again.body);
    assert_eq!(again.header("content-type"), "application/problem+json");
    let long = "x".repeat(201);
    for bad in ["", long.as_str()] {
        app.keyed(bad, "/api/v1/incidents", &wrong).await.is(422);
    }
}
