//! What becomes of open work when the catalogue that it was planned by changes.

use crate::app::{As, TestApp, upgrade};
use crate::maintenances::statuses;
use serde_json::{Value, json};

async fn of(app: &TestApp, audience: &str) -> Vec<String> {
    let mut all = statuses(app, "MNT-1").await;
    all.retain(|s| s.contains(&format!(" {audience} ")));
    all
}

on_both_databases! {
    async fn whoever_joins_is_told_and_other_days_move_what_is_planned(app: TestApp) {
        app.apply_campus().await;
        app.post("/api/v1/maintenances", &upgrade()).await.is(201);
        assert!(of(&app, "partners").await.is_empty());
        let partners = "
audiences: [{id: partners, name: Partners, level: non_technical, channels: [email], services: [portal]}]
contacts: [{id: nina, audiences: [partners], endpoints: {email: nina@example.com}}]";
        let dry = app.yaml("/api/v1/documents?dry_run=true", partners).await.is(200).json();
        assert!(dry.get("planned_again").is_none() && of(&app, "partners").await.is_empty(), "{dry:#}");
        let applied = app.yaml("/api/v1/documents", partners).await.is(200).json();
        assert_eq!(applied["planned_again"], json!(["MNT-1"]));
        let planned = of(&app, "partners").await;
        assert!(planned[0].contains(" announcement ") && planned[0].ends_with(" planned"), "{planned:#?}");
        let again = app.yaml("/api/v1/documents", partners).await.is(200).json();
        assert!(again.get("planned_again").is_none(), "{again:#}");
        // Who is reached and who is told are the same.
        let reach = app.get("/api/v1/maintenances/MNT-1/plan/reach?contact=nina").await.is(200).text();
        assert!(reach.contains("gets it as one of 'Partners'"), "{reach}");

        // A day that is closed after all moves what would come on it.
        let before = of(&app, "customers").await;
        assert!(before.iter().any(|s| s.starts_with("2026-11-27T17:00:00Z customers reminder 1bd planned")), "{before:#?}");
        app.yaml("/api/v1/documents", "organisation: {name: Example University, time_zone: America/Los_Angeles, calendar: US, closed_days: [2026-11-27, 2026-12-24]}").await.is(200);
        let after = of(&app, "customers").await;
        assert!(after.iter().any(|s| s.starts_with("2026-11-25T17:00:00Z customers reminder 1bd planned")), "{after:#?}");
        let journal = app.get("/api/v1/journal?event=MNT-1").await.is(200).text();
        assert!(journal.contains("maintenance.planned_again"), "{journal}");
    }

    async fn whoever_was_told_hears_that_it_is_called_off_whatever_the_catalogue_says_now(app: TestApp) {
        app.apply_campus().await;
        app.post("/api/v1/maintenances", &upgrade()).await.is(201);
        app.expand_due().await;
        app.yaml("/api/v1/documents", "services: [{id: portal, name: Student portal}]").await.is(200);
        let left = of(&app, "customers").await;
        assert!(left.iter().any(|s| s.contains(" reminder 1bd planned")), "{left:#?}");
        app.post("/api/v1/maintenances/MNT-1/cancel", &json!({"reason": "The vendor is ill."})).await.is(200);
        let told = of(&app, "customers").await;
        assert!(told.iter().any(|s| s.contains(" cancellation ") && s.ends_with(" planned")), "{told:#?}");
    }

    async fn what_is_under_way_keeps_what_it_is_about(app: TestApp) {
        app.apply_campus().await;
        let mut work = upgrade();
        work["policy"] = json!("careful");
        app.post("/api/v1/maintenances", &work).await.is(201);
        app.post("/api/v1/maintenances/MNT-1/approve", &Value::Null).await.is(200);
        app.expand_due().await;
        for (path, needed_by) in [("services/database", "service portal, MNT-1"), ("audiences/customers", "MNT-1"), ("policies/careful", "MNT-1")] {
            let refused = app.request(As::Administrator, "DELETE", &format!("/api/v1/{path}"), "").await.is(409).text();
            assert!(refused.contains(&format!("needed by {needed_by}")), "{path}: {refused}");
        }
        app.post("/api/v1/maintenances/MNT-1/cancel", &Value::Null).await.is(200);
        for path in ["audiences/customers", "policies/careful"] {
            app.request(As::Administrator, "DELETE", &format!("/api/v1/{path}"), "").await.is(204);
        }
    }
}

#[tokio::test]
async fn an_audience_that_reaches_nobody_is_pointed_at() {
    let app = TestApp::campus().await;
    let empty = "audiences: [{id: empty, name: Empty, level: non_technical, channels: [sms], services: [portal]}]";
    app.yaml("/api/v1/documents", empty).await.is(200);
    let problem = json!({"field": "audiences.empty", "problem": "'empty' has no contacts: its notices would reach nobody"});
    for path in ["/api/v1/maintenances/preview", "/api/v1/maintenances"] {
        let made = app.post(path, &upgrade()).await.json();
        let warnings = made["plan"]["warnings"].as_array().unwrap().clone();
        assert!(warnings.contains(&problem), "{path}: {warnings:#?}");
    }
    let deaf = "contacts: [{id: deaf, audiences: [empty], endpoints: {email: deaf@example.edu}}]";
    app.yaml("/api/v1/documents", deaf).await.is(200);
    let mut second = upgrade();
    second["id"] = json!("MNT-2");
    second["requesters"] = json!(["ann@example.edu", "zoe@example.edu"]);
    let made = app
        .post("/api/v1/maintenances", &second)
        .await
        .is(201)
        .json();
    let warned = made["plan"]["warnings"].to_string();
    assert!(
        warned.contains("none of the 1 people of 'empty' is reached"),
        "{warned}"
    );
    let reach = app
        .get("/api/v1/maintenances/MNT-2/plan/reach")
        .await
        .is(200)
        .json();
    let requesters = reach["audiences"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&requesters["audience"], &requesters["reached"]),
        (&json!("requesters"), &json!(2)),
        "{reach:#}"
    );
}
