//! Confirming that one has read a message: who is asked, who has, who is reminded, and whether it is enough.

use crate::app::{As, TestApp};
use crate::twilio::take_all;
use serde_json::{Value, json};

const ASKED: &str = "
organisation: {name: Example University, time_zone: America/Los_Angeles, calendar: US}
services: [{id: portal, name: Portal}]
audiences:
  - {id: deans, name: Deans, level: non_technical, services: [portal], acknowledge: 2}
  - {id: leads, name: Leads, level: technical, services: [portal], acknowledge: required}
  - {id: staff, name: Staff, level: non_technical, services: [portal]}
contacts:
  - {id: ann, name: Ann, audiences: [deans], endpoints: {email: ann@example.edu, sms: '+14155550100'}}
  - {id: bob, name: Bob, audiences: [deans], endpoints: {email: bob@example.edu}}
  - {id: cy, name: Cy, audiences: [deans], endpoints: {email: cy@example.edu}}
  - {id: dee, name: Dee, audiences: [leads], endpoints: {email: dee@example.edu}}
  - {id: eve, name: Eve, audiences: [staff], endpoints: {email: eve@example.edu}}
";

async fn declared(app: &TestApp) -> String {
    app.yaml("/api/v1/documents", ASKED).await.is(200);
    let declared = json!({"services": {"portal": "major_outage"}, "severity": "P1", "effect": "You cannot sign in."});
    let made = app
        .post("/api/v1/incidents", &declared)
        .await
        .is(201)
        .json();
    take_all(app).await;
    made["id"].as_str().unwrap().to_owned()
}

async fn listed(app: &TestApp, id: &str) -> Vec<Value> {
    let listed = app
        .get(&format!("/api/v1/events/{id}/acknowledgements"))
        .await
        .is(200)
        .json();
    listed["items"].as_array().unwrap().clone()
}

/// Audience, needed, asked, confirmed, enough, who has not.
async fn table(app: &TestApp, id: &str) -> Vec<Value> {
    let mut all: Vec<Value> = listed(app, id)
        .await
        .iter()
        .map(|c| {
            json!([
                c["audience"],
                c["needed"],
                c["asked"],
                c["confirmed"],
                c["reached"],
                c["missing"]
            ])
        })
        .collect();
    all.sort_by_key(Value::to_string);
    all
}

async fn link(app: &TestApp, notice: &Value, contact: &str) -> String {
    let found = app
        .app
        .store
        .contact(contact)
        .await
        .unwrap()
        .unwrap()
        .contact;
    let endpoint = found.endpoints[0].id(contact);
    format!(
        "/confirm/{}",
        app.app
            .key
            .acknowledgement_token(notice.as_str().unwrap(), &endpoint)
    )
}

async fn notice_of(app: &TestApp, id: &str, audience: &str) -> Value {
    listed(app, id)
        .await
        .into_iter()
        .find(|c| c["audience"] == audience)
        .unwrap()["notice"]
        .clone()
}

on_both_databases! {
    async fn who_has_confirmed_is_listed_and_when_it_is_enough(app: TestApp) {
        let id = declared(&app).await;
        assert_eq!(table(&app, &id).await, [
            json!(["deans", 2, 3, 0, false, ["ann", "bob", "cy"]]),
            json!(["leads", 1, 1, 0, false, ["dee"]]),
        ]);
        let deans = notice_of(&app, &id, "deans").await;
        let path = link(&app, &deans, "ann").await;
        // A program that follows links confirms nothing.
        assert!(app.request(As::Nobody, "GET", &path, "").await.is(200).text().contains("I have read it"));
        assert_eq!(table(&app, &id).await[0][3], 0);
        for _ in 0..2 {
            app.form_with("", &path, &[], &[]).await.is(200);
        }
        assert_eq!(table(&app, &id).await[0], json!(["deans", 2, 3, 1, false, ["bob", "cy"]]));
        app.form_with("", &link(&app, &deans, "cy").await, &[], &[]).await.is(200);
        assert_eq!(table(&app, &id).await[0], json!(["deans", 2, 3, 2, true, ["bob"]]));
        let who = listed(&app, &id).await.into_iter().find(|c| c["audience"] == "deans").unwrap()["people"].clone();
        assert_eq!((&who[0]["contact"], &who[0]["how"]), (&json!("ann"), &json!("link")));
        // A link of another notice or with another's name does nothing.
        for wrong in [path.replace("/confirm/", "/confirm/x"), format!("{path}x"), "/confirm/a.b.c".into()] {
            app.form_with("", &wrong, &[], &[]).await.is(404);
        }
        let page = app.page(As::Viewer, &format!("/console/incidents/{id}")).await.is(200).text();
        assert!(page.contains("2 of 3 have confirmed") && page.contains("Not yet: bob"), "{page}");
        app.get("/api/v1/events/none/acknowledgements").await.is(404);
    }

    async fn who_has_not_is_reminded_once(app: TestApp) {
        let id = declared(&app).await;
        let deans = notice_of(&app, &id, "deans").await;
        app.form_with("", &link(&app, &deans, "ann").await, &[], &[]).await.is(200);
        let told = async || {
            take_all(&app).await;
            let listed = app.get("/api/v1/deliveries").await.json();
            let items = listed["items"].as_array().unwrap();
            let mut all: Vec<String> = items.iter().map(|d| d["contact"].as_str().unwrap().to_owned()).collect();
            all.sort();
            all
        };
        assert_eq!(told().await, ["ann", "bob", "cy", "dee", "eve"]);
        app.advance(29);
        assert_eq!(told().await.len(), 5, "not yet");
        app.advance(1);
        assert_eq!(told().await, ["ann", "bob", "bob", "cy", "cy", "dee", "dee", "eve"]);
        // What they confirm from the reminder counts for the message.
        app.form_with("", &link(&app, &deans, "bob").await, &[], &[]).await.is(200);
        assert_eq!(table(&app, &id).await[0], json!(["deans", 2, 3, 2, true, ["cy"]]));
        app.post(&format!("/api/v1/events/{id}/acknowledgements/remind"), &Value::Null).await.is(409);
        app.advance(600);
        assert_eq!(told().await.iter().filter(|c| *c == "cy").count(), 2, "one reminder");
    }

    async fn an_operator_reminds_before_the_time_and_only_once(app: TestApp) {
        let id = declared(&app).await;
        let reminded = async || listed(&app, &id).await.iter().map(|c| c["reminded"] == true).collect::<Vec<bool>>();
        assert_eq!(reminded().await, [false, false], "it is planned, nobody was");
        let path = format!("/api/v1/events/{id}/acknowledgements/remind");
        assert_eq!(app.post(&path, &Value::Null).await.is(200).json()["reminded"], 2);
        take_all(&app).await;
        assert_eq!(reminded().await, [true, true]);
        app.post(&path, &Value::Null).await.is(409);
        app.advance(31);
        take_all(&app).await;
        let sent = app.get("/api/v1/deliveries").await.json();
        assert_eq!(sent["items"].as_array().unwrap().iter().filter(|d| d["contact"] == "cy").count(), 2);
    }

    async fn an_update_takes_no_place_of_the_reminder(app: TestApp) {
        let id = declared(&app).await;
        app.advance(10);
        app.post(&format!("/api/v1/incidents/{id}/updates"), &json!({"text": "A disk is full."})).await.is(201);
        take_all(&app).await;
        app.advance(20);
        take_all(&app).await;
        let sent = app.get("/api/v1/deliveries").await.json();
        let cy: Vec<&str> = sent["items"].as_array().unwrap().iter().filter(|d| d["contact"] == "cy")
            .map(|d| d["status"].as_str().unwrap()).collect();
        assert_eq!(cy, ["accepted"; 3], "{sent:#}");
    }

    async fn an_operator_reminds_of_planned_work(app: TestApp) {
        app.yaml("/api/v1/documents", ASKED).await.is(200);
        let work = json!({"id": "MNT-1", "title": "Upgrade", "policy": "routine", "services": ["portal"],
            "start": "2026-12-03T22:00", "end": "2026-12-04T02:00", "facts": {"effect": "The portal is away."}});
        app.post("/api/v1/maintenances", &work).await.is(201);
        app.advance(7 * 24 * 60);
        take_planned(&app).await;
        let asked = table(&app, "MNT-1").await;
        assert_eq!(asked[0], json!(["deans", 2, 3, 0, false, ["ann", "bob", "cy"]]), "{asked:?}");
        let path = "/api/v1/events/MNT-1/acknowledgements/remind";
        app.request(As::Viewer, "POST", path, "").await.is(403);
        assert_eq!(app.post(path, &Value::Null).await.is(200).json()["reminded"], 2);
        app.post(path, &Value::Null).await.is(409);
        take_planned(&app).await;
        let sent = app.get("/api/v1/deliveries?event=MNT-1").await.json();
        let ann = sent["items"].as_array().unwrap().iter().filter(|d| d["contact"] == "ann").count();
        assert_eq!(ann, 2);
    }

    async fn who_asks_for_nonsense_is_told(app: TestApp) {
        let refused = app.yaml("/api/v1/documents", "audiences: [{id: x, name: X, level: technical, acknowledge: everybody}]").await.is(422);
        assert_eq!(refused.problems(), ["audiences[0].acknowledge: must be asked, required (all must confirm), or how many must at least"]);
    }
}

async fn take_planned(app: &TestApp) {
    app.expand_due().await;
}

#[tokio::test]
async fn whoever_is_warned_of_a_promise_says_that_they_have_seen_it() {
    let app = TestApp::new().await;
    let staffed = ASKED.replace(
        "name: Portal}",
        "name: Portal, spokespersons: [sam@example.edu]}",
    );
    app.yaml("/api/v1/documents", &staffed).await.is(200);
    let declared = json!({"services": {"portal": "major_outage"}, "severity": "P1"});
    app.post("/api/v1/incidents", &declared).await.is(201);
    app.advance(45);
    app.expand_due().await;
    let warning = |all: Vec<Value>| {
        let mut all = all.into_iter().filter(|c| c["audience"] == "spokesperson");
        all.next().expect("the spokesperson was warned")
    };
    let warned = warning(listed(&app, "INC-1").await);
    assert_eq!(
        [&warned["milestone"], &warned["confirmed"], &warned["asked"]],
        [&json!("promise_warning"), &json!(0), &json!(1)]
    );
    let notice = warned["notice"].as_str().unwrap();
    let mailbox = "address:sam@example.edu";
    let endpoint: forewarn_core::contact::Endpoint =
        serde_json::from_value(json!({"channel": "email", "address": "sam@example.edu"})).unwrap();
    let token = app
        .app
        .key
        .acknowledgement_token(notice, &endpoint.id(mailbox));
    let path = format!("/confirm/{token}");
    app.form_with("", &path, &[], &[]).await.is(200);
    let warned = warning(listed(&app, "INC-1").await);
    assert_eq!(
        [&warned["confirmed"], &warned["missing"]],
        [&json!(1), &json!([])]
    );
    // A warning needs no reminder: the next one comes by itself.
    let reminded = app.post("/api/v1/events/INC-1/acknowledgements/remind", &Value::Null);
    let left = reminded.await;
    let notices = app
        .get("/api/v1/notices?event=INC-1&limit=100")
        .await
        .json();
    let all = notices["items"].as_array().unwrap();
    let about = |n: &&Value| n["milestone"] == "promise_warning" && n["offset"] == "confirm";
    assert_eq!(all.iter().filter(about).count(), 0, "{}", left.text());
}
