//! The template library: versions, what differs, restoring, and trial before saving.

use crate::app::{As, TestApp};
use serde_json::{Value, json};

const ID: &str = "holding.any.sms.en";

fn text(body: &str) -> Value {
    json!({"milestone": "holding", "channel": "sms", "body": body})
}

async fn saved(app: &TestApp, body: &str) {
    app.post("/api/v1/templates", &text(body)).await.is(201);
}

on_both_databases! {
    async fn every_change_is_a_version_that_can_be_compared_and_restored(app: TestApp) {
        for body in ["One {{url}}", "One {{url}}", "Two {{service}} {{url}}"] {
            saved(&app, body).await;
        }
        let versions = app.get(&format!("/api/v1/templates/{ID}/versions")).await.is(200).json();
        let told: Vec<_> = versions["items"].as_array().unwrap().iter()
            .map(|v| (v["version"].as_i64().unwrap(), v["removed"].as_bool().unwrap(), v["restored"].as_i64()))
            .collect();
        assert_eq!(told, [(2, false, None), (1, false, None)], "{versions:#}");
        assert!(versions["items"][0]["author"].is_string(), "{versions:#}");
        let diff = app.get(&format!("/api/v1/templates/{ID}/diff")).await.is(200).json();
        assert_eq!((&diff["from"]["version"], &diff["to"]["version"]), (&json!(1), &json!(2)));
        let lines: Vec<_> = diff["body"].as_array().unwrap().iter().map(|l| l["change"].as_str().unwrap()).collect();
        assert_eq!(lines, ["removed", "added"], "{diff:#}");
        let to_built_in = app.get(&format!("/api/v1/templates/{ID}/diff?from=0")).await.is(200).json();
        assert_eq!(to_built_in["from"]["version"], 0);
        assert!(to_built_in["removed"].as_u64().unwrap() > 0, "{to_built_in:#}");

        let restore = format!("/api/v1/templates/{ID}/restore");
        app.post(&restore, &json!({"version": 2})).await.is(409);
        app.post(&restore, &json!({"version": 1, "expected": 1})).await.is(409);
        app.post(&restore, &json!({"version": 9})).await.is(404);
        app.post(&restore, &json!({"version": "x"})).await.is(422);
        let done = app.post(&restore, &json!({"version": 1, "expected": 2})).await.is(200).json();
        assert_eq!(done, json!({"template": ID, "version": 3}));
        let one = app.get(&format!("/api/v1/templates/{ID}/versions/3")).await.is(200).json();
        assert_eq!((&one["restored"], &one["body"]["body"]), (&json!(1), &json!("One {{url}}")));
        let stands = app.get(&format!("/api/v1/templates/{ID}")).await.is(200).json();
        assert_eq!(stands["body"], "One {{url}}");

        let own = app.get("/api/v1/templates/library?origin=own").await.is(200).json();
        assert_eq!(own["items"].as_array().unwrap().len(), 1, "{own:#}");
        assert_eq!((&own["items"][0]["id"], &own["items"][0]["version"]), (&json!(ID), &json!(3)));
        app.get("/api/v1/templates/nothing.any.email.en/versions").await.is(404);
        let built_in = app.get("/api/v1/templates/holding.any.email.en/versions").await.is(200).json();
        assert_eq!(built_in["items"], json!([]));
    }
}

#[tokio::test]
async fn the_library_names_every_text_once() {
    let app = TestApp::campus().await;
    saved(&app, "Mine {{url}}").await;
    let all = app
        .get("/api/v1/templates/library?language=en&milestone=holding")
        .await
        .is(200)
        .json();
    let items = all["items"].as_array().unwrap();
    let mut ids: Vec<&str> = items.iter().map(|i| i["id"].as_str().unwrap()).collect();
    assert_eq!(
        items.iter().filter(|i| i["origin"] == "own").count(),
        1,
        "{all:#}"
    );
    assert!(ids.len() >= 3 && ids.contains(&ID), "{ids:?}");
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

#[tokio::test]
async fn only_administrators_save_and_restore() {
    let app = TestApp::campus().await;
    saved(&app, "One {{url}}").await;
    saved(&app, "Two {{url}}").await;
    let restore = format!("/api/v1/templates/{ID}/restore");
    let body = json!({"version": 1});
    app.request(As::Operator, "POST", &restore, &body.to_string())
        .await
        .is(403);
    let at = format!("/console/templates/{ID}");
    let fields = [("body", "Three {{url}}"), ("version", "2")];
    app.form(As::Operator, &at, &fields).await.is(403);
    app.form(As::Operator, &format!("{at}/restore"), &[("version", "1")])
        .await
        .is(403);
    let stands = app.get(&format!("/api/v1/templates/{ID}")).await.json();
    assert_eq!(stands["body"], "Two {{url}}");
}

#[tokio::test]
async fn a_template_is_tried_before_it_is_saved() {
    let app = TestApp::campus().await;
    let preview = "/api/v1/templates/preview";
    let template = json!({"milestone": "holding", "subject": "{{service}}: trouble", "body": "{{effect}} {{technical}}\n\n{{url}}"});
    let shown = app
        .post(preview, &json!({"template": template}))
        .await
        .is(200)
        .json();
    let messages = shown["messages"].as_array().unwrap();
    let kinds: Vec<_> = messages
        .iter()
        .map(|m| (m["channel"].as_str().unwrap(), m["level"].as_str().unwrap()))
        .collect();
    let expected = [
        ("email", "non_technical"),
        ("email", "technical"),
        ("chat", "non_technical"),
        ("chat", "technical"),
        ("web", "non_technical"),
    ];
    let mut sorted = kinds.clone();
    sorted.sort();
    let mut wanted = expected.to_vec();
    wanted.sort();
    assert_eq!(sorted, wanted, "{kinds:?}");
    let mail = messages[0]["mail"].as_str().unwrap();
    assert!(
        mail.starts_with("<!DOCTYPE html>") && mail.contains("Example University"),
        "{mail}"
    );
    assert_eq!(messages[0]["audiences"], json!(["Students"]));

    let incident = json!({"services": {"database": "major_outage"}, "severity": "P1", "effect": "Nobody can sign in"});
    app.post("/api/v1/incidents", &incident).await.is(201);
    let on = json!({"template": template, "event": "INC-1"});
    let shown = app.post(preview, &on).await.is(200).json();
    assert!(
        shown["messages"][0]["text"]
            .as_str()
            .unwrap()
            .starts_with("Nobody can sign in"),
        "{shown:#}"
    );
    let short = json!({"template": text("{{service}}: {{effect}} {{url}}"), "event": "INC-1"});
    let shown = app.post(preview, &short).await.is(200).json();
    assert_eq!(shown["messages"][0]["sms"]["encoding"], "gsm7", "{shown:#}");
    assert_eq!(
        app.get("/api/v1/templates").await.json()["items"],
        json!([]),
        "nothing is stored"
    );

    let own = app
        .post(
            preview,
            &json!({"event": "INC-1", "milestone": "resolution"}),
        )
        .await
        .is(200)
        .json();
    let kinds: Vec<_> = own["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["channel"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["email", "email", "webhook", "web"], "{own:#}");
    app.post(preview, &json!({"event": "INC-1", "milestone": "reminder"}))
        .await
        .is(422);
    app.post(preview, &json!({"event": "INC-9", "milestone": "update"}))
        .await
        .is(404);
    app.post(preview, &json!({})).await.is(422);
    app.post(preview, &json!({"milestone": "update"}))
        .await
        .is(422);
}

#[tokio::test]
async fn every_event_that_has_notices_is_previewed() {
    let app = TestApp::campus().await;
    app.post("/api/v1/maintenances", &crate::app::upgrade())
        .await
        .is(201);
    app.post(
        "/api/v1/incidents",
        &json!({"services": {"database": "major_outage"}, "severity": "P1"}),
    )
    .await
    .is(201);
    app.post("/api/v1/advisories", &json!({"services": ["database"], "title": "Export", "facts": {"effect": "The export leaves out a row."}})).await.is(201);
    app.post("/api/v1/announcements", &json!({"title": "New export", "kind": "release", "services": ["database"], "effective": "2026-12-08T10:00",
        "facts": {"effect": "The export has a new button."}})).await.is(201);
    for id in ["MNT-1", "INC-1", "ADV-1", "ANN-1"] {
        let page = app
            .page(As::Viewer, &format!("/console/events/{id}/preview"))
            .await
            .is(200);
        assert!(
            page.header("content-security-policy")
                .contains("style-src 'self' 'unsafe-inline'"),
            "{id}"
        );
        let page = page.text();
        for words in [
            "<iframe class=\"mail\"",
            "sandbox srcdoc=\"",
            "In dark",
            "In light",
            "Students",
            "Web page for everybody",
        ] {
            assert!(page.contains(words), "{id}: {words}: {page}");
        }
    }
    app.page(
        As::Viewer,
        "/console/events/MNT-1/preview?milestone=cancellation",
    )
    .await
    .is(200);
    app.page(As::Viewer, "/console/events/MNT-9/preview")
        .await
        .is(404);
}

#[tokio::test]
async fn the_console_says_every_fault_and_saves_nothing_until_there_is_none() {
    let app = TestApp::campus().await;
    let at = format!("/console/templates/{ID}");
    let page = app.page(As::Administrator, &at).await.is(200).text();
    assert!(
        page.contains("built in")
            && page.contains("{{organisation}}")
            && page.contains("name=\"version\" value=\"0\""),
        "{page}"
    );
    let wrong = [
        ("version", "0"),
        ("body", "Hello {{efect}}\r\n{{#if why}} x"),
    ];
    for to in [at.clone(), format!("{at}/preview")] {
        let page = app.form(As::Administrator, &to, &wrong).await.text();
        for words in [
            "Line 1, column 7 of the text: unknown variable",
            "did you mean",
            "Line 2, column 1 of the text: this condition is not closed",
        ] {
            assert!(page.contains(words), "{words}: {page}");
        }
        assert!(
            page.contains("Hello {{efect}}"),
            "what was typed stays: {page}"
        );
    }
    let long = "We look for the cause. ".repeat(30);
    let page = app
        .form(As::Administrator, &at, &[("version", "0"), ("body", &long)])
        .await
        .is(422)
        .text();
    assert!(
        page.contains("too long from here") && page.contains("text messages; at most 3"),
        "{page}"
    );
    let page = app
        .form(As::Administrator, &at, &[("version", "0"), ("body", " ")])
        .await
        .is(422)
        .text();
    assert!(page.contains("aria-invalid"), "{page}");
    assert_eq!(
        app.get("/api/v1/templates").await.json()["items"],
        json!([])
    );

    let right = [
        ("version", "0"),
        ("body", "{{service}}: {{effect}} <b> {{url}}"),
    ];
    let shown = app
        .form(As::Operator, &format!("{at}/preview"), &right)
        .await
        .is(200)
        .text();
    assert!(
        shown.contains("id=\"preview\"")
            && shown.contains("1 segment, ")
            && !shown.contains("<b> "),
        "{shown}"
    );
    app.form(As::Administrator, &at, &right).await.is(303);
    // Somebody else has saved it meanwhile.
    let other = [("version", "0"), ("body", "Another {{url}}")];
    let page = app
        .form(As::Administrator, &at, &other)
        .await
        .is(409)
        .text();
    assert!(
        page.contains("changed by somebody else meanwhile") && page.contains("Another {{url}}"),
        "{page}"
    );
    app.form(
        As::Administrator,
        &at,
        &[("version", "1"), ("body", "Another {{url}}")],
    )
    .await
    .is(303);
    let page = app.page(As::Administrator, &at).await.is(200).text();
    assert!(
        page.contains("yours, version 2") && page.contains("Restore"),
        "{page}"
    );
    let diff = app
        .page(As::Viewer, &format!("{at}/diff?from=1&to=2"))
        .await
        .is(200)
        .text();
    assert!(
        diff.contains("1 line taken away, 1 line put in.") && diff.contains("taken away: "),
        "{diff}"
    );
    assert!(
        !diff.contains("/restore"),
        "a viewer restores nothing: {diff}"
    );
    app.form(
        As::Administrator,
        &format!("{at}/restore"),
        &[("version", "1"), ("expected", "2")],
    )
    .await
    .is(303);
    let list = app
        .page(As::Viewer, "/console/templates")
        .await
        .is(200)
        .text();
    assert!(
        list.contains("yours, version 3") && list.contains(&at),
        "{list}"
    );
    app.page(As::Viewer, "/console/templates?language=ar")
        .await
        .is(200);
    let to = app.page(As::Operator, "/console/templates/new?milestone=update&event=advisory&level=technical&channel=email&language=de").await.is(303);
    assert_eq!(
        to.location(),
        "/console/templates/update.technical.email.de.advisory"
    );
    let page = app.page(As::Operator, to.location()).await.is(200).text();
    assert!(
        page.contains("built in") && !page.contains("</button>{% if"),
        "{page}"
    );
    app.page(As::Operator, "/console/templates/nonsense")
        .await
        .is(404);
}

#[tokio::test]
async fn a_list_of_templates_is_tried_as_apply_takes_it() {
    let app = TestApp::campus().await;
    let list = json!({"templates": [
        {"milestone": "holding", "channel": "email", "level": "non_technical", "body": "{{effect}}"},
        {"milestone": "update", "channel": "sms", "level": "non_technical", "body": "{{effect}}"},
    ]});
    let preview = "/api/v1/templates/preview";
    let shown = app.post(preview, &list).await.is(200).json();
    let messages = shown["messages"].as_array().unwrap().iter();
    let ids: Vec<_> = messages.map(|m| m["template"].as_str().unwrap()).collect();
    let (holding, update) = (
        "holding.non_technical.email.en",
        "update.non_technical.sms.en",
    );
    assert_eq!(ids, [holding, holding, update, update]);
    let wrong = json!({"templates": [{"milestone": "holding", "body": "x"}, {"milestone": "update", "body": "{{efect}}"}]});
    let refused = app.post(preview, &wrong).await.is(422).problems();
    assert!(refused[0].starts_with("templates[1].body"), "{refused:?}");
}

#[tokio::test]
async fn whoever_saves_a_text_that_says_nothing_to_some_is_told() {
    let app = TestApp::campus().await;
    let body = "{{#if technical}}\nWhat broke: {{technical}}\n{{/if}}";
    let made = app.post("/api/v1/templates", &text(body)).await.is(201);
    let made = made.json();
    assert_eq!(made["warnings"][0]["field"], "templates[0].body");
    let said = made["warnings"][0]["problem"].as_str().unwrap();
    assert!(
        said.starts_with("says nothing at level non_technical and semi_technical"),
        "{said}"
    );
    let own = json!({"milestone": "holding", "channel": "sms", "level": "technical", "body": body});
    let made = app.post("/api/v1/templates", &own).await.is(201).json();
    assert_eq!(made["warnings"], Value::Null, "{made:#}");
    let at = "/console/templates/update.any.email.en";
    let done = app
        .form(As::Administrator, at, &[("version", "0"), ("body", body)])
        .await
        .is(303);
    let flash = done.cookie("forewarn_flash").unwrap();
    let said = app.app.key.unseal("flash", &flash).unwrap();
    assert!(
        said.starts_with("warning It is saved as version 1. The text says nothing at level"),
        "{said}"
    );
}
