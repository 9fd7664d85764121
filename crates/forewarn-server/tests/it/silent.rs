//! A text that would be empty at some level is refused before anybody can agree to it.

use crate::app::{As, TestApp, upgrade};
use serde_json::{Value, json};

/// All that it says is what students may not see.
const EMPTY: &str = "templates: [{milestone: reminder, channel: email, subject: '{{title}}', body: '{{#if technical}}{{technical}}{{/if}}'}]";

const SAID: &str =
    "the reminder to Students would say nothing at level non_technical, by email, in English";

on_both_databases! {
    async fn work_is_not_entered_and_every_empty_text_is_named(app: TestApp) {
        app.apply_campus().await;
        app.yaml("/api/v1/documents", EMPTY).await.is(200);
        let mut work = upgrade();
        work["facts"]["technical"] = json!("PostgreSQL 15 to 16");
        let refused = app.post("/api/v1/maintenances", &work).await.is(422).json();
        let errors = refused["errors"].as_array().expect("errors");
        let named: Vec<&str> = errors.iter().filter_map(|e| e["problem"].as_str()).collect();
        assert!(named.iter().any(|n| n.starts_with(SAID)), "{named:?}");
        // Engineers read what it says.
        assert!(!named.iter().any(|n| n.contains("On-call engineers")), "{named:?}");
        app.get("/api/v1/maintenances/MNT-1").await.is(404);
        app.request(As::Administrator, "DELETE", "/api/v1/templates/reminder.any.email.en", "").await.is(204);
        app.post("/api/v1/maintenances", &work).await.is(201);
    }

    async fn nobody_agrees_to_an_empty_text_but_by_an_override(app: TestApp) {
        app.apply_campus().await;
        let mut work = upgrade();
        work["policy"] = json!("careful");
        app.post("/api/v1/maintenances", &work).await.is(201);
        app.yaml("/api/v1/documents", EMPTY).await.is(200);
        let approve = "/api/v1/maintenances/MNT-1/approve";
        let refused = app.post(approve, &Value::Null).await.is(422).text();
        assert!(refused.contains("the reminder to customers would say nothing at level non_technical"), "{refused}");
        let body = json!({"override": {"reason": "It cannot wait."}});
        app.post(approve, &body).await.is(200);
    }

    async fn the_first_word_about_an_incident_is_never_held_up(app: TestApp) {
        app.apply_campus().await;
        let both = "templates: [{milestone: holding, channel: email, subject: x, body: '{{technical}}'}, {milestone: resolution, channel: email, subject: x, body: '{{technical}} {{own_words}}'}]";
        app.yaml("/api/v1/documents", both).await.is(200);
        let new = json!({"title": "Sign-in fails", "services": {"portal": "major_outage"}, "severity": "P1", "effect": "You cannot sign in."});
        let declared = app.post("/api/v1/incidents", &new).await.is(201).json();
        let id = declared["id"].as_str().expect("an id");
        let path = format!("/api/v1/incidents/{id}/updates");
        let update = json!({"status": "resolved", "facts": {"effect": "You can sign in again."}});
        let refused = app.post(&path, &update).await.is(422).text();
        assert!(refused.contains("the resolution to Students would say nothing"), "{refused}");
        let update = json!({"status": "resolved", "text": "You can sign in again."});
        app.post(&path, &update).await.is(201);
    }
}
