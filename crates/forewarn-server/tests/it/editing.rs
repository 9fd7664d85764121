//! Help with a text: asked of the communications team, answered beside the author's own words, and sent to nobody.

use crate::app::{As, TestApp, upgrade};
use serde_json::{Value, json};

const TEAM: &str = "organisation: {name: Example University, time_zone: America/Los_Angeles, communications: [press@example.edu, words@example.edu]}";
const DOWN: &str = "Sign-in is broke because a disk died.";
const BETTER: &str = "Some of you cannot sign in. A disk failed, and we are replacing it.";

async fn declared(app: &TestApp) {
    app.apply_campus().await;
    app.yaml("/api/v1/documents", TEAM).await.is(200);
    let body = json!({"services": {"portal": "major_outage"}, "severity": "P1"});
    app.post("/api/v1/incidents", &body).await.is(201);
}

async fn notices(app: &TestApp, event: &str) -> Vec<Value> {
    let listed = app.get(&format!("/api/v1/notices?event={event}")).await;
    listed.is(200).json()["items"].as_array().unwrap().clone()
}

async fn actions(app: &TestApp, event: &str) -> Vec<String> {
    let journal = app.get(&format!("/api/v1/journal?event={event}")).await;
    let journal = journal.is(200).json();
    let items = journal["items"].as_array().unwrap();
    let all = items
        .iter()
        .map(|e| e["action"].as_str().unwrap().to_owned());
    all.filter(|action| action.starts_with("editing."))
        .collect()
}

on_both_databases! {
    async fn the_team_is_asked_by_mail_and_its_suggestion_becomes_the_draft(app: TestApp) {
        declared(&app).await;
        let before = notices(&app, "INC-1").await.len();
        let ask = json!({"ask": "support", "text": DOWN, "note": "for students"});
        let asked = app.request(As::Operator, "POST", "/api/v1/events/INC-1/editing", &ask.to_string()).await.is(201).json();
        assert_eq!((&asked["id"], &asked["status"], &asked["told"]), (&json!("EDIT-1"), &json!("asked"), &json!(2)));
        let told = notices(&app, "INC-1").await;
        assert_eq!(told.len(), before + 1);
        let mail = told.iter().find(|n| n["milestone"] == "help_needed").expect("a notice");
        assert_eq!((&mail["audience"], &mail["due"]), (&json!("communications"), &json!("2026-11-21T17:00:00Z")));

        let at = "/api/v1/editing/EDIT-1";
        app.post(&format!("{at}/comment"), &json!({"text": "Is data lost?"})).await.is(200);
        app.post(&format!("{at}/take"), &Value::Null).await.is(409);
        app.post(&format!("{at}/suggest"), &json!({"text": ""})).await.is(422);
        app.post(&format!("{at}/suggest"), &json!({"text": BETTER})).await.is(200);
        let shown = app.get(at).await.is(200).json();
        assert_eq!((&shown["status"], &shown["current"]), (&json!("answered"), &json!(DOWN)));
        let parts = shown["waiting"][0]["difference"].as_array().unwrap();
        let side = |name: &str| parts.iter().map(|p| p[name].as_str().unwrap()).collect::<String>();
        assert_eq!((side("before").as_str(), side("after").as_str()), (DOWN, BETTER));

        app.form(As::Operator, "/console/editing/EDIT-1/take", &[]).await.is(303);
        let taken = app.get(at).await.is(200).json();
        assert_eq!((&taken["status"], &taken["remarks"][1]["decided"]["by"]), (&json!("taken"), &json!("operator")));
        let drafts = app.get("/api/v1/incidents/INC-1/writing").await.is(200).json();
        assert_eq!((&drafts["items"][0]["author"], &drafts["items"][0]["text"]), (&json!("operator"), &json!(BETTER)));
        // The form has it, and nobody was told.
        let page = app.page(As::Operator, "/console/incidents/INC-1").await.is(200).text();
        assert!(page.contains(&format!("{BETTER}</textarea>")), "{page}");
        assert_eq!(notices(&app, "INC-1").await.len(), before + 1);
        assert_eq!(actions(&app, "INC-1").await, ["editing.taken", "editing.suggested", "editing.commented", "editing.asked"]);
        for (path, status) in [("comment", 200), ("suggest", 409), ("shout", 404)] {
            app.post(&format!("{at}/{path}"), &json!({"text": "x"})).await.is(status);
        }
        app.post(&format!("{at}/close"), &Value::Null).await.is(200);
        app.post(&format!("{at}/comment"), &json!({"text": "x"})).await.is(409);
        app.get("/api/v1/editing/EDIT-9").await.is(404);
        app.post("/api/v1/events/INC-9/editing", &ask).await.is(404);
        app.request(As::Viewer, "POST", "/api/v1/events/INC-1/editing", &ask.to_string()).await.is(403);
    }

    async fn what_the_team_writes_is_in_nothing_that_leaves(app: TestApp) {
        declared(&app).await;
        let secret = "db7.internal lost its quorum";
        let ask = json!({"ask": "support", "text": secret});
        app.post("/api/v1/events/INC-1/editing", &ask).await.is(201);
        for action in ["comment", "suggest"] {
            app.post(&format!("/api/v1/editing/EDIT-1/{action}"), &json!({"text": secret})).await.is(200);
        }
        app.refresh().await;
        for page in ["/", "/history", "/events/INC-1", "/api/v2/summary.json", "/api/v2/incidents.json", "/feed.atom"] {
            let text = app.request(As::Nobody, "GET", page, "").await.text();
            assert!(!text.contains("db7"), "{page}");
        }
        assert!(!app.get("/api/v1/incidents/INC-1").await.text().contains("db7"));
        assert!(!app.get("/api/v1/journal").await.text().contains("db7"));
        assert!(!app.get("/api/v1/notices").await.text().contains("db7"));
    }

    async fn without_a_team_a_request_waits_on_the_first_page(app: TestApp) {
        app.apply_campus().await;
        app.post("/api/v1/maintenances", &upgrade()).await.is(201);
        app.post("/api/v1/events/MNT-1/editing", &json!({"ask": "support"})).await.is(422);
        let asked = app.post("/api/v1/events/MNT-1/editing", &json!({"ask": "draft", "note": "What will people notice?"})).await.is(201).json();
        assert_eq!(asked["told"], json!(0));
        assert!(notices(&app, "MNT-1").await.iter().all(|n| n["milestone"] != "help_needed"));
        let now = async || app.page(As::Operator, "/console").await.is(200).text();
        let page = now().await;
        assert!(page.contains("a text waits to be written") && page.contains("href=\"/console/editing/EDIT-1\""), "{page}");
        app.post("/api/v1/editing/EDIT-1/suggest", &json!({"text": "You cannot sign in."})).await.is(200);
        assert!(now().await.contains("a suggestion waits for the author"));
        app.post("/api/v1/editing/EDIT-1/decline", &json!({"suggestion": 1})).await.is(200);
        assert!(!now().await.contains("EDIT-1"));
        let listed = app.get("/api/v1/editing").await.is(200).json();
        assert_eq!(listed["items"], json!([]));
        let listed = app.get("/api/v1/editing?event=MNT-1").await.is(200).json();
        assert_eq!(listed["items"][0]["status"], json!("declined"));
    }

    async fn a_plan_made_again_does_not_take_the_mail_back(app: TestApp) {
        app.apply_campus().await;
        app.yaml("/api/v1/documents", TEAM).await.is(200);
        app.post("/api/v1/maintenances", &upgrade()).await.is(201);
        app.post("/api/v1/events/MNT-1/editing", &json!({"ask": "draft"})).await.is(201);
        app.post("/api/v1/maintenances/MNT-1/delay", &json!({"start": "2026-12-02T22:00", "reason": "Later."})).await.is(200);
        let all = notices(&app, "MNT-1").await;
        let mail = all.iter().find(|n| n["milestone"] == "help_needed").expect("a notice");
        assert_eq!(mail["status"], "planned");
    }

    async fn versions_are_compared_with_each_other_and_with_what_was_sent(app: TestApp) {
        declared(&app).await;
        let typed = "/api/v1/incidents/INC-1/writing";
        app.post(typed, &json!({"text": DOWN})).await.is(200);
        app.advance(3);
        app.post(typed, &json!({"text": BETTER})).await.is(200);
        let listed = app.get("/api/v1/events/INC-1/versions").await.is(200).json();
        let ids: Vec<&str> = listed["items"].as_array().unwrap().iter().map(|v| v["id"].as_str().unwrap()).collect();
        assert_eq!(ids, ["2", "1"]);
        assert_eq!((&listed["items"][1]["author"], &listed["items"][1]["origin"]), (&json!("token:administrator"), &json!("typed")));
        let two = app.get("/api/v1/events/INC-1/versions/1/2").await.is(200).json();
        assert_eq!((&two["before"]["text"], &two["after"]["text"]), (&json!(DOWN), &json!(BETTER)));
        assert!(two["difference"].as_array().unwrap().iter().any(|p| p["change"] == "removed"));
        app.get("/api/v1/events/INC-1/versions/1/9").await.is(404);
        app.get("/api/v1/events/INC-9/versions").await.is(404);
        // What was sent, in the same list.
        app.post("/api/v1/incidents/INC-1/updates", &json!({"text": BETTER})).await.is(201);
        app.expand_due().await;
        let listed = app.get("/api/v1/events/INC-1/versions").await.is(200).json();
        let sent: Vec<&Value> = listed["items"].as_array().unwrap().iter().filter(|v| v["origin"] == "sent").collect();
        assert!(sent.iter().any(|v| v["text"] == BETTER && v["milestone"] == "update"), "{listed:#}");
        let id = sent.iter().find(|v| v["text"] == BETTER).unwrap()["id"].as_str().unwrap();
        let page = app.page(As::Operator, &format!("/console/events/INC-1/versions?before=1&after={id}")).await.is(200).text();
        assert!(page.contains("<del>") && page.contains("<ins>") && page.contains("Sent: update"), "{page}");
    }
}

#[tokio::test]
async fn the_console_asks_from_the_form_of_the_next_update() {
    let app = TestApp::new().await;
    declared(&app).await;
    let page = app.page(As::Operator, "/console/incidents/INC-1").await;
    let page = page.is(200).text();
    assert!(page.contains("Support my draft") && page.contains("Draft it for me"));
    let ask = "/console/events/INC-1/editing";
    let fields = [
        ("ask", "support"),
        ("text", DOWN),
        ("status", "identified"),
        ("version", "1"),
    ];
    let done = app.form(As::Operator, ask, &fields).await.is(303);
    assert_eq!(done.location(), "/console/editing/EDIT-1");
    // Whoever has no text yet is told what to do, and the text of the form is kept for later.
    let refused = app
        .form(As::Operator, ask, &[("ask", "support"), ("text", "")])
        .await;
    assert!(
        refused
            .is(422)
            .text()
            .contains("write what you have, or ask for a draft")
    );
    let own = app
        .page(As::Operator, "/console/incidents/INC-1")
        .await
        .text();
    assert!(own.contains(&format!("{DOWN}</textarea>")), "{own}");

    let at = "/console/editing/EDIT-1";
    let page = app.page(As::Administrator, at).await.is(200).text();
    assert!(page.contains(&format!("{DOWN}</textarea>")), "{page}");
    app.form(
        As::Administrator,
        &format!("{at}/suggest"),
        &[("suggested", "")],
    )
    .await
    .is(422);
    app.form(
        As::Administrator,
        &format!("{at}/suggest"),
        &[("suggested", BETTER)],
    )
    .await
    .is(303);
    app.form(
        As::Administrator,
        &format!("{at}/comment"),
        &[("comment", "Is data lost?")],
    )
    .await
    .is(303);
    let page = app.page(As::Operator, at).await.is(200).text();
    for words in ["<del>", "<ins>", "Is data lost?", "Take it as my draft"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    app.page(As::Viewer, at).await.is(403);
    let done = app
        .form(As::Operator, &format!("{at}/take"), &[("suggestion", "1")])
        .await
        .is(303);
    assert_eq!(done.location(), "/console/incidents/INC-1#update");
    let refused = app
        .form(
            As::Operator,
            &format!("{at}/decline"),
            &[("suggestion", "1")],
        )
        .await;
    assert!(refused.is(409).text().contains("no such suggestion waits"));
}
