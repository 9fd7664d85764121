//! People nobody planned for: caught up once, then told like everybody else.

use crate::app::{As, TestApp, upgrade};
use serde_json::{Value, json};

/// Who got what of an event, in the order of the list.
async fn told(app: &TestApp, event: &str, endpoint: &str) -> Vec<String> {
    let notices = app
        .get(&format!("/api/v1/notices?event={event}"))
        .await
        .json();
    let deliveries = app
        .get(&format!("/api/v1/deliveries?event={event}"))
        .await
        .json();
    let list = |v: &Value| v["items"].as_array().expect("items").clone();
    let notices = list(&notices);
    let mut all: Vec<String> = list(&deliveries)
        .iter()
        .filter(|d| d["endpoint"] == endpoint)
        .map(|d| {
            let notice = notices
                .iter()
                .find(|n| n["id"] == d["notice"])
                .expect("its notice");
            format!(
                "{} {} {}",
                notice["milestone"].as_str().unwrap(),
                notice["offset"].as_str().unwrap_or("-"),
                notice["level"].as_str().unwrap()
            )
        })
        .collect();
    all.sort();
    all
}

/// As [`told`], the milestones only: audiences reach the same message by offsets of their own.
async fn heard(app: &TestApp, event: &str, endpoint: &str) -> Vec<String> {
    let told = told(app, event, endpoint).await;
    let milestone = |t: &String| t.split(' ').next().unwrap_or_default().to_owned();
    told.iter().map(milestone).collect()
}

on_both_databases! {
    async fn somebody_added_to_an_incident_is_caught_up_once_and_told_from_then_on(app: TestApp) {
        app.apply_campus().await;
        let body = json!({"services": {"portal": "major_outage"}, "severity": "P1", "effect": "Some people cannot sign in"});
        app.post("/api/v1/incidents", &body).await.is(201);
        app.expand_due().await;
        app.advance(5);
        app.post("/api/v1/incidents/INC-1/updates", &json!({"text": "We look into it."})).await.is(201);
        app.expand_due().await;
        let path = "/api/v1/incidents/INC-1/recipients";
        let added = app.post(path, &json!({"email": "press@example.org", "level": "technical"})).await.is(200).json();
        assert_eq!(added["notices"][0]["milestone"], "update");
        assert_eq!(added["version"], 3);
        app.expand_due().await;
        assert_eq!(told(&app, "INC-1", "press@example.org").await, ["update #1 technical"]);
        // Added again, with others, and by an audience that has heard: nobody gets it twice.
        for who in [
            json!({"email": "press@example.org", "level": "technical"}),
            json!({"contact": "bob", "level": "technical"}),
            json!({"audience": "engineers", "level": "semi_technical"}),
            json!({"email": "alice@example.edu"}),
        ] {
            app.post(path, &who).await.is(200);
            app.expand_due().await;
        }
        assert_eq!(told(&app, "INC-1", "press@example.org").await, ["update #1 technical"]);
        assert_eq!(told(&app, "INC-1", "bob@example.edu").await, ["update #1 technical"]);
        // Alice's address is Alice's: she has had both messages.
        assert_eq!(told(&app, "INC-1", "alice@example.edu").await, ["holding - non_technical", "update #1 non_technical"]);
        app.advance(5);
        app.post("/api/v1/incidents/INC-1/updates", &json!({"status": "resolved", "text": "It works again."})).await.is(201);
        app.expand_due().await;
        assert_eq!(told(&app, "INC-1", "press@example.org").await, ["resolution - technical", "update #1 technical"]);
        assert_eq!(told(&app, "INC-1", "bob@example.edu").await.len(), 2);
        assert_eq!(told(&app, "INC-1", "alice@example.edu").await.len(), 3);
        let refused = app.post(path, &json!({"email": "late@example.org"})).await.is(409).json();
        assert_eq!(refused["detail"], "incident INC-1 is resolved and cannot have people added: only what is open can; open it again by an update with status investigating");
        let listed = app.get(path).await.is(200).json();
        assert_eq!(listed["audiences"], json!({"engineers": "semi_technical"}));
        let contacts: Vec<&Value> = listed["items"].as_array().unwrap().iter().map(|i| &i["contact"]).collect();
        assert_eq!(contacts, [&Value::Null, &json!("alice"), &json!("bob")]);
        // The journal names no address.
        assert!(!app.get("/api/v1/journal").await.text().contains("press@example.org"));
        assert!(!app.get("/api/v1/incidents/INC-1").await.text().contains("press@example.org"));
    }

    async fn a_warning_about_the_promise_is_not_silenced_by_adding_somebody(app: TestApp) {
        app.apply_campus().await;
        let body = json!({"services": {"database": "major_outage"}, "severity": "P1"});
        app.post("/api/v1/incidents", &body).await.is(201);
        app.expand_due().await;
        app.advance(46);
        app.expand_due().await;
        app.post("/api/v1/incidents/INC-1/recipients", &json!({"email": "press@example.org"})).await.is(200);
        let claimed = app.app.store.claim(forewarn_store::Lane::Urgent, "n", app.app.clock.now(), 50).await.unwrap();
        let notices = app.get("/api/v1/notices?event=INC-1").await.json();
        let warning = notices["items"].as_array().unwrap().iter().find(|n| n["milestone"] == "promise_warning" && n["status"] == "sending").unwrap().clone();
        let sent = claimed.iter().find(|c| warning["id"] == c.notice.as_str()).expect("the warning");
        assert!(sent.expires > app.app.clock.now());
    }

    async fn somebody_added_to_work_is_caught_up_once_and_told_from_then_on(app: TestApp) {
        app.apply_campus().await;
        app.post("/api/v1/maintenances", &crate::app::upgrade()).await.is(201);
        let path = "/api/v1/maintenances/MNT-1/recipients";
        // Before anything was told: they hear with the others.
        app.post(path, &json!({"email": "early@example.org"})).await.is(200);
        assert_eq!(heard(&app, "MNT-1", "early@example.org").await, Vec::<String>::new());
        app.advance(60 * 24 * 3);
        app.expand_due().await;
        assert_eq!(heard(&app, "MNT-1", "early@example.org").await, ["announcement"]);
        let added = app.post(path, &json!({"email": "press@example.org"})).await.is(200).json();
        assert!(added["plan"]["notices"].as_array().unwrap().iter().any(|n| n["audience"] == "added-non_technical"));
        app.expand_due().await;
        app.expand_due().await;
        assert_eq!(heard(&app, "MNT-1", "press@example.org").await, ["announcement"]);
        assert_eq!(heard(&app, "MNT-1", "early@example.org").await, ["announcement"]);
        assert_eq!(heard(&app, "MNT-1", "alice@example.edu").await, ["announcement"]);
        app.post(path, &json!({"contact": "nobody"})).await.is(422);
        app.post(path, &json!({"audience": "custmers"})).await.is(422);
        app.post("/api/v1/maintenances/MNT-1/start", &json!({})).await.is(200);
        app.expand_due().await;
        app.post(path, &json!({"contact": "bob", "level": "semi_technical"})).await.is(200);
        app.expand_due().await;
        for endpoint in ["press@example.org", "early@example.org"] {
            assert_eq!(heard(&app, "MNT-1", endpoint).await, ["announcement", "start"]);
        }
        app.post("/api/v1/maintenances/MNT-1/complete", &json!({})).await.is(200);
        app.expand_due().await;
        assert_eq!(heard(&app, "MNT-1", "press@example.org").await.len(), 3);
        app.post(path, &json!({"email": "late@example.org"})).await.is(409);
    }
}

#[tokio::test]
async fn a_mailbox_is_one_however_it_is_written() {
    let app = TestApp::campus().await;
    let body = json!({"services": {"portal": "major_outage"}, "severity": "P1", "effect": "Some people cannot sign in"});
    app.post("/api/v1/incidents", &body).await.is(201);
    let path = "/api/v1/incidents/INC-1/recipients";
    for email in ["press@example.org", "PRESS@Example.org"] {
        app.post(path, &json!({"email": email})).await.is(200);
        app.expand_due().await;
    }
    let added = app.get(path).await.json();
    assert_eq!(added["items"].as_array().map(Vec::len), Some(1), "{added}");
    let all = app.get("/api/v1/deliveries?event=INC-1").await.json();
    let theirs = all["items"].as_array().unwrap().iter();
    let theirs = theirs.filter(|d| {
        let to = d["endpoint"].as_str().unwrap_or_default();
        to.eq_ignore_ascii_case("press@example.org")
    });
    assert_eq!(theirs.count(), 1);
}

#[tokio::test]
async fn the_console_adds_people_to_work_and_to_announcements() {
    let app = TestApp::campus().await;
    app.post("/api/v1/maintenances", &upgrade()).await.is(201);
    let release = json!({"id": "ANN-1", "title": "Portal 5", "services": ["portal"], "effective": "2026-12-10T10:00",
        "facts": {"effect": "The menu is on the left."}});
    app.post("/api/v1/announcements", &release).await.is(201);
    for event in ["maintenances/MNT-1", "announcements/ANN-1"] {
        let (page, form) = (
            format!("/console/{event}"),
            format!("/console/{event}/recipients"),
        );
        let press = [("email", "press@example.org"), ("level", "non_technical")];
        app.form(As::Viewer, &form, &press).await.is(403);
        let wrong = [("email", ""), ("contact", "nobody"), ("level", "technical")];
        let wrong = app.form(As::Operator, &form, &wrong).await.is(422).text();
        assert!(
            wrong.contains("there is no contact nobody") && wrong.contains("value=\"nobody\""),
            "{wrong}"
        );
        app.form(As::Operator, &form, &press).await.is(303);
        let added = app
            .get(&format!("/api/v1/{event}/recipients"))
            .await
            .is(200)
            .json();
        assert_eq!(added["items"][0]["address"], "press@example.org");
        let page = app.page(As::Viewer, &page).await.is(200).text();
        assert!(page.contains("press@example.org"), "{page}");
    }
}
