//! Who must agree to what is said: by role, to these words and no others, to so many people.

use crate::app::{As, TestApp, upgrade};
use crate::maintenances::statuses;
use serde_json::{Value, json};

const OWNERS: &str = "
services: [{id: portal, name: Student portal, owner: operator@example.edu, business_owner: registrar@example.edu, depends_on: [database]}]
policies:
  - {id: careful, for: {event: maintenance}, before: [5bd, 1bd], approval: {default: [service_owner]}}
  - {id: both, for: {event: maintenance}, before: [5bd, 1bd], approval: {default: [service_owner, business_owner]}}
  - {id: incident, for: {event: incident}, approval: {default: [business_owner]}}
";

const IT: &str = "/api/v1/maintenances/MNT-1";

fn work(policy: &str) -> Value {
    let mut work = upgrade();
    work["policy"] = json!(policy);
    work["services"] = json!(["portal"]);
    work
}

async fn approvals(app: &TestApp, event: &str) -> Value {
    let path = format!("/api/v1/events/{event}/approvals");
    app.get(&path).await.is(200).json()
}

async fn audience_statuses(app: &TestApp) -> Vec<String> {
    let mut all = statuses(app, "MNT-1").await;
    all.retain(|s| !s.contains(" internal ") && !s.contains(" approvers "));
    all
}

on_both_databases! {
    async fn whoever_is_no_owner_cannot_agree_but_for_an_override(app: TestApp) {
        app.apply_campus().await;
        app.yaml("/api/v1/documents", OWNERS).await.is(200);
        app.post("/api/v1/maintenances", &work("both")).await.is(201);
        let asked = approvals(&app, "MNT-1").await;
        let first = &asked["notices"][0];
        assert_eq!(first["missing"], json!(["service_owner", "business_owner"]));
        assert!(first["texts"][0]["subject"].as_str().unwrap().contains("Student"), "{first:#}");
        assert_eq!(first["needed"][1]["holders"], json!(["registrar@example.edu"]));

        let approve = format!("{IT}/approve");
        let refused = app.request(As::Operator, "POST", &approve, "").await.is(403).text();
        assert!(refused.contains("registrar@example.edu") && refused.contains("override"), "{refused}");
        app.request(As::Operator, "POST", &approve, &json!({"hash": "old"}).to_string()).await.is(409);
        app.request(As::Operator, "POST", &approve, &json!({"hsah": "old"}).to_string()).await.is(422);
        let body = json!({"hash": asked["hash"], "override": {"reason": "The owners are on a plane."}});
        let agreed = app.request(As::Operator, "POST", &approve, &body.to_string()).await.is(200).json();
        assert_eq!(agreed["status"], "scheduled");
        let asked = approvals(&app, "MNT-1").await;
        assert_eq!((&asked["approved"], &asked["notices"][0]["given"][0]["reason"]), (&json!(true), &json!("The owners are on a plane.")));
        let journal = app.get("/api/v1/journal?event=MNT-1").await.is(200).text();
        assert!(journal.contains("on a plane"), "{journal}");
    }

    async fn a_later_edit_voids_it_and_says_so(app: TestApp) {
        app.apply_campus().await;
        app.yaml("/api/v1/documents", OWNERS).await.is(200);
        app.post("/api/v1/maintenances", &work("careful")).await.is(201);
        let approve = format!("{IT}/approve");
        app.post(&approve, &Value::Null).await.is(200);
        let stored = audience_statuses(&app).await;
        assert!(stored.iter().all(|s| s.ends_with(" planned")), "{stored:#?}");
        // A change of the window is another text: what tells of it and what follows waits.
        app.post(&format!("{IT}/delay"), &json!({"start": "2026-12-02T22:00", "reason": "The vendor is ill."})).await.is(200);
        let waits = |stored: &[String]| stored.iter().filter(|s| s.ends_with(" awaiting_approval")).count();
        assert!(waits(&audience_statuses(&app).await) > 0);
        let journal = app.get("/api/v1/journal?event=MNT-1").await.is(200).text();
        assert!(journal.contains("notice.held"), "{journal}");
        app.post(&approve, &Value::Null).await.is(200);
        let stored = audience_statuses(&app).await;
        assert_eq!(waits(&stored), 0, "{stored:#?}");
        assert_eq!(approvals(&app, "MNT-1").await["approved"], json!(true));
        // Another template is another text too, and what was approved is known to be stale.
        app.yaml("/api/v1/documents", "templates: [{milestone: reminder, subject: '{{title}}', body: 'Soon: {{window}}'}]").await.is(200);
        let asked = approvals(&app, "MNT-1").await;
        assert_eq!(asked["approved"], json!(false));
        let stale: Vec<_> = asked["notices"].as_array().unwrap().iter().filter(|n| n["stale"] == json!(true)).collect();
        assert!(!stale.is_empty() && stale.iter().all(|n| n["milestone"] == "reminder"), "{stale:#?}");
    }

    async fn a_delay_that_waited_for_its_owner_is_told_once_they_agree(app: TestApp) {
        app.apply_campus().await;
        app.yaml("/api/v1/documents", OWNERS).await.is(200);
        app.post("/api/v1/maintenances", &work("careful")).await.is(201);
        let approve = format!("{IT}/approve");
        app.post(&approve, &Value::Null).await.is(200);
        app.expand_due().await;
        app.post(&format!("{IT}/delay"), &json!({"start": "2026-12-02T22:00", "reason": "The vendor is ill."})).await.is(200);
        let delays = async |status: &str| {
            let path = format!("/api/v1/notices?event=MNT-1&status={status}");
            let found = app.get(&path).await.is(200).json();
            let all = found["items"].as_array().unwrap().iter();
            let delays = all.filter(|n| n["milestone"] == "delay");
            delays.map(|n| n["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let waiting = delays("awaiting_approval").await;
        assert!(!waiting.is_empty(), "{:#?}", audience_statuses(&app).await);
        app.advance(30);
        app.post(&approve, &Value::Null).await.is(200);
        assert_eq!(delays("planned").await, waiting, "{:#?}", audience_statuses(&app).await);
        app.expand_due().await;
        assert_eq!(delays("sending").await, waiting);
        let said = app.get(&format!("/api/v1/notices/{}/copy", waiting[0])).await.is(200).text();
        assert!(said.contains("The vendor is ill."), "{said}");
    }

    async fn what_a_moderator_may_forward_is_agreed_to_as_well(app: TestApp) {
        app.apply_campus().await;
        let mut work = upgrade();
        work["policy"] = json!("careful");
        app.post("/api/v1/maintenances", &work).await.is(201);
        let levels = async || {
            let asked = approvals(&app, "MNT-1").await;
            let notices = asked["notices"].as_array().unwrap().iter();
            let texts = notices.filter(|n| n["audience"] == "engineers").flat_map(|n| n["texts"].as_array().unwrap().clone());
            texts.map(|t| t["level"].as_str().unwrap().to_owned()).collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(levels().await.into_iter().collect::<Vec<_>>(), ["technical"]);
        // One of the engineers may moderate a club: they get a version to forward, in words that somebody agreed to.
        app.yaml("/api/v1/documents", "audiences: [{id: clubs, name: Clubs, level: non_technical, forwardable: yes, services: [portal]}]").await.is(200);
        assert_eq!(levels().await.into_iter().collect::<Vec<_>>(), ["non_technical", "technical"]);
    }

    async fn another_template_holds_what_it_changes_and_asks_at_once(app: TestApp) {
        app.apply_campus().await;
        app.yaml("/api/v1/documents", OWNERS).await.is(200);
        app.post("/api/v1/maintenances", &work("careful")).await.is(201);
        app.post(&format!("{IT}/approve"), &Value::Null).await.is(200);
        let asks = async || statuses(&app, "MNT-1").await.iter().filter(|s| s.contains(" approval_needed ")).count();
        let waits = async || audience_statuses(&app).await.iter().filter(|s| s.ends_with(" awaiting_approval")).count();
        assert_eq!((asks().await, waits().await), (1, 0));
        let reminder = "templates: [{milestone: reminder, subject: '{{title}}', body: 'Soon: {{window}}'}]";
        app.yaml("/api/v1/documents?dry_run=true", reminder).await.is(200);
        assert_eq!((asks().await, waits().await), (1, 0), "nothing was changed");
        app.yaml("/api/v1/documents", reminder).await.is(200);
        let held = waits().await;
        assert!(asks().await == 2 && held > 0, "{:#?}", statuses(&app, "MNT-1").await);
        app.yaml("/api/v1/documents", reminder).await.is(200);
        assert_eq!((asks().await, waits().await), (2, held), "nothing new to agree to");
        // Without the template they are the words that were approved.
        let stored = app.get("/api/v1/templates").await.is(200).json();
        assert_eq!(stored["items"].as_array().map(Vec::len), Some(1), "{stored:#}");
        app.request(As::Administrator, "DELETE", "/api/v1/templates/reminder.any.any.en", "").await.is(204);
        assert_eq!(approvals(&app, "MNT-1").await["approved"], json!(true));
    }

    async fn a_wide_audience_wants_its_number(app: TestApp) {
        app.apply_campus().await;
        app.yaml("/api/v1/documents", OWNERS).await.is(200);
        app.yaml("/api/v1/documents", "organisation: {name: Example University, time_zone: America/Los_Angeles, confirm_above: 0}").await.is(200);
        app.post("/api/v1/maintenances", &work("careful")).await.is(201);
        let asked = approvals(&app, "MNT-1").await;
        let count = asked["recipients"].as_i64().unwrap();
        assert!(count > 0 && asked["count_needed"] == json!(true), "{asked:#}");
        let approve = format!("{IT}/approve");
        let refused = app.post(&approve, &Value::Null).await.is(409).text();
        assert!(refused.contains(&format!("{count} recipients")), "{refused}");
        app.post(&approve, &json!({"recipients": count + 1})).await.is(409);
        app.post(&approve, &json!({"recipients": count})).await.is(200);
    }

    async fn an_update_of_an_incident_waits_for_its_owner_and_the_holding_statement_does_not(app: TestApp) {
        app.apply_campus().await;
        app.yaml("/api/v1/documents", OWNERS).await.is(200);
        let declared = json!({"id": "INC-1", "title": "Sign-in", "services": {"portal": "major_outage"}, "severity": "P1"});
        app.post("/api/v1/incidents", &declared).await.is(201);
        let count = async |status: &str| {
            let path = format!("/api/v1/notices?event=INC-1&status={status}");
            let found = app.get(&path).await.is(200).json();
            let outside = |n: &&Value| matches!(n["milestone"].as_str(), Some("holding" | "update" | "resolution"));
            found["items"].as_array().unwrap().iter().filter(outside).count()
        };
        assert_eq!(count("awaiting_approval").await, 0);
        let held = count("planned").await;
        assert!(held > 0);
        let updates = "/api/v1/incidents/INC-1/updates";
        app.post(updates, &json!({"status": "identified", "text": "A disk failed in Newark."})).await.is(201);
        assert!(count("awaiting_approval").await > 0);
        assert_eq!(count("planned").await, held);
        // Nobody reads it in public before.
        app.refresh().await;
        let page = app.page(As::Nobody, "/events/INC-1").await.text();
        assert!(!page.contains("Newark"), "{page}");
        app.request(As::Operator, "POST", "/api/v1/incidents/INC-1/approve", "").await.is(403);
        app.post("/api/v1/incidents/INC-1/approve", &Value::Null).await.is(200);
        assert_eq!(count("awaiting_approval").await, 0);
        app.refresh().await;
        assert!(app.page(As::Nobody, "/events/INC-1").await.text().contains("Newark"));
        // What cannot wait goes out at once, on record.
        app.post(updates, &json!({"text": "Call 112 now.", "override": {"reason": "People are in danger."}})).await.is(201);
        assert_eq!(count("awaiting_approval").await, 0);
        let journal = app.get("/api/v1/journal?event=INC-1").await.is(200).text();
        assert!(journal.contains("People are in danger."), "{journal}");
        app.post("/api/v1/incidents/INC-1/approve", &Value::Null).await.is(409);
    }

    async fn an_approver_agrees_from_the_message(app: TestApp) {
        app.apply_campus().await;
        app.yaml("/api/v1/documents", OWNERS).await.is(200);
        app.post("/api/v1/maintenances", &work("both")).await.is(201);
        let asks = statuses(&app, "MNT-1").await;
        assert_eq!(asks.iter().filter(|s| s.contains(" approvers approval_needed ")).count(), 1, "{asks:#?}");
        let link = |who: &str| format!("/approve/{}", app.app.key.seal("approval", &format!("MNT-1 {who}")));

        // Looking changes nothing; programs that look into mail follow links.
        let page = app.page(As::Nobody, &link("registrar@example.edu")).await.is(200).text();
        let asked = approvals(&app, "MNT-1").await;
        let hash = asked["hash"].as_str().unwrap();
        assert!(page.contains(hash) && page.contains("Student database upgrade") && page.contains("I agree"), "{page}");
        assert_eq!(asked["notices"][0]["given"], json!([]));

        for (path, status) in [("/approve/x".to_owned(), 404), (link("mallory@example.com"), 404)] {
            app.page(As::Nobody, &path).await.is(status);
            app.form(As::Nobody, &path, &[("hash", hash)]).await.is(status);
        }
        app.form(As::Nobody, &link("registrar@example.edu"), &[("hash", "other words")]).await.is(409);
        app.form(As::Nobody, &link("registrar@example.edu"), &[("hash", hash)]).await.is(200);
        let first = approvals(&app, "MNT-1").await["notices"][0].clone();
        assert_eq!(first["missing"], json!(["service_owner"]));
        assert_eq!((&first["given"][0]["by"], &first["given"][0]["role"]), (&json!("registrar@example.edu"), &json!("business_owner")));
        // Not before both agreed.
        let shown = app.get(IT).await.is(200).json();
        assert_eq!(shown["status"], "awaiting_approval");
        app.form(As::Nobody, &link("operator@example.edu"), &[("hash", hash)]).await.is(200);
        let shown = app.get(IT).await.is(200).json();
        assert_eq!(shown["status"], "scheduled");
        let page = app.page(As::Nobody, &link("operator@example.edu")).await.is(200).text();
        assert!(page.contains("Nothing waits for you"), "{page}");
    }
}

#[tokio::test]
async fn the_console_shows_the_words_before_somebody_agrees() {
    let app = TestApp::campus().await;
    app.yaml("/api/v1/documents", OWNERS).await.is(200);
    app.post("/api/v1/maintenances", &work("both"))
        .await
        .is(201);
    let at = "/console/approvals/MNT-1";
    let page = app
        .page(As::Operator, "/console/maintenances/MNT-1")
        .await
        .is(200);
    assert!(
        page.text().contains(&format!("href=\"{at}\"")),
        "{}",
        page.text()
    );
    let shown = app.page(As::Operator, at).await.is(200).text();
    let asked = approvals(&app, "MNT-1").await;
    let hash = asked["hash"].as_str().unwrap();
    for words in [hash, "has not agreed to it yet", "Student database upgrade"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    // Not an owner, and other words than those that were shown.
    let refused = app
        .form(As::Operator, at, &[("hash", hash)])
        .await
        .is(403)
        .text();
    assert!(refused.contains("registrar@example.edu"), "{refused}");
    let because = ("override.reason", "The owners are on a plane.");
    app.form(As::Operator, at, &[("hash", "old"), because])
        .await
        .is(409);
    let done = app
        .form(
            As::Operator,
            at,
            &[("hash", hash), ("recipients", ""), because],
        )
        .await
        .is(303);
    assert_eq!(done.location(), "/console/maintenances/MNT-1");
    assert_eq!(approvals(&app, "MNT-1").await["approved"], json!(true));
    let shown = app.page(As::Operator, at).await.is(200).text();
    assert!(shown.contains("Nothing waits for anybody."), "{shown}");
    app.page(As::Operator, "/console/approvals/MNT-9")
        .await
        .is(404);
    app.form(As::Viewer, at, &[("hash", hash)]).await.is(403);
}

#[tokio::test]
async fn what_is_announced_waits_for_its_owners_too() {
    let app = TestApp::campus().await;
    app.yaml("/api/v1/documents", OWNERS).await.is(200);
    let owned = "policies: [{id: release, for: {event: announcement, kind: release}, before: [5bd], approval: {default: [business_owner]}}]";
    app.yaml("/api/v1/documents", owned).await.is(200);
    let release = json!({"id": "ANN-1", "title": "New portal", "kind": "release", "services": ["portal"],
        "effective": "2026-12-10T08:00", "facts": {"effect": "The menu is on the left."}});
    app.post("/api/v1/announcements", &release).await.is(201);
    let waits = async || {
        let listed = app
            .get("/api/v1/notices?event=ANN-1&status=awaiting_approval")
            .await
            .is(200)
            .json();
        listed["items"].as_array().unwrap().len()
    };
    assert!(waits().await > 0);
    let public = async || {
        app.refresh().await;
        app.request(As::Nobody, "GET", "/", "").await.is(200).text()
    };
    assert!(!public().await.contains("New portal"));
    app.post(
        "/api/v1/announcements/ANN-1/approve",
        &json!({"hash": "old"}),
    )
    .await
    .is(409);
    let asked = approvals(&app, "ANN-1").await;
    app.post(
        "/api/v1/announcements/ANN-1/approve",
        &json!({"hash": asked["hash"]}),
    )
    .await
    .is(200);
    assert_eq!(waits().await, 0);
    assert!(public().await.contains("New portal"));
    app.post("/api/v1/announcements/ANN-1/approve", &Value::Null)
        .await
        .is(409);
}
