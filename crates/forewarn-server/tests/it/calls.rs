//! The call list: who is called, what is said, who was reached, and what happens when nobody answers.

use crate::app::{As, TestApp};
use crate::twilio::{receipts, signed, take_all};
use serde_json::{Value, json};

const LISTS: &str = "
organisation: {name: Example University, time_zone: America/Los_Angeles, calendar: US}
services:
  - {id: database, name: Database, call_list: [{contact: vera, severities: [P1, P2]}]}
  - id: portal
    name: Portal
    depends_on: [database]
    call_list:
      - {contact: vera}
      - {name: The mayor, number: '+1 415 555 0102', severities: [P1], script: 'Hello, this is {{organisation}}. {{effect}} Have you got a question?'}
      - {contact: paul, severities: [P5]}
audiences: [{id: staff, name: Staff, level: non_technical, channels: [email], services: [portal]}]
contacts:
  - {id: vera, name: Vera, endpoints: {voice: '+14155550100', sms: '+14155550101', email: vera@example.edu}}
  - {id: paul, name: Paul, endpoints: {email: paul@example.edu}}
";

async fn declared(app: &TestApp) -> String {
    app.yaml("/api/v1/documents", LISTS).await.is(200);
    let declared = json!({"services": {"database": "major_outage"}, "severity": "P1", "effect": "You cannot sign in."});
    let made = app
        .post("/api/v1/incidents", &declared)
        .await
        .is(201)
        .json();
    made["id"].as_str().unwrap().to_owned()
}

async fn calls(app: &TestApp, id: &str) -> Vec<Value> {
    let listed = app
        .get(&format!("/api/v1/incidents/{id}/calls"))
        .await
        .is(200)
        .json();
    listed["items"].as_array().unwrap().clone()
}

/// Where everything stands that was sent to these people: whom, channel, status.
async fn sent(app: &TestApp) -> Vec<String> {
    take_all(app).await;
    let listed = app.get("/api/v1/deliveries").await.json();
    let items = listed["items"].as_array().unwrap();
    let mut all: Vec<String> = items
        .iter()
        .map(|d| {
            format!(
                "{} {} {}",
                d["contact"].as_str().unwrap(),
                d["channel"].as_str().unwrap(),
                d["status"].as_str().unwrap()
            )
        })
        .collect();
    all.sort();
    all
}

on_both_databases! {
    async fn the_list_says_whom_to_call_and_what_to_say(app: TestApp) {
        let id = declared(&app).await;
        let listed = calls(&app, &id).await;
        let shown: Vec<Value> = listed.iter()
            .map(|l| json!([l["name"], l["number"], l["service"], l["otherwise"], l["next"]])).collect();
        assert_eq!(shown, [
            json!(["Vera", "+14155550100", "database", ["sms", "email"], true]),
            json!(["The mayor", "+14155550102", "portal", ["sms"], false]),
        ]);
        let script = listed[0]["script"].as_str().unwrap();
        assert!(script.contains("You cannot sign in.") && !script.contains("http"), "{script}");
        assert_eq!(listed[1]["script"], "Hello, this is Example University. You cannot sign in. Have you got a question? Next update: by 10:00 PST (UTC-08:00)");
        app.get("/api/v1/incidents/none/calls").await.is(404);
    }

    async fn calls_go_out_by_themselves_and_what_is_not_answered_goes_on_by_message_and_mail(app: TestApp) {
        let id = declared(&app).await;
        assert_eq!(sent(&app).await, ["address:+14155550102 voice accepted", "vera voice accepted"]);
        let listed = app.get("/api/v1/deliveries?channel=voice").await.json();
        let vera = listed["items"].as_array().unwrap().iter().find(|d| d["contact"] == "vera").unwrap().clone();
        let path = receipts(&app, vera["id"].as_str().unwrap());
        for _ in 0..3 {
            signed(&app, &path, &[("CallSid", "CA1"), ("CallStatus", "no-answer")]).await.is(204);
        }
        assert_eq!(sent(&app).await, ["address:+14155550102 voice accepted", "vera sms accepted", "vera voice failed"]);
        let listed = calls(&app, &id).await;
        assert_eq!((&listed[0]["last"]["outcome"], &listed[0]["last"]["note"]), (&json!("no_answer"), &json!("no answer")));
        assert_eq!(listed[1]["next"], true, "then the next person");
        // A person tries as well, in vain.
        app.post(&format!("/api/v1/incidents/{id}/calls/vera"), &json!({"outcome": "wrong_number", "note": "a stranger"})).await.is(200);
        assert_eq!(sent(&app).await,
            ["address:+14155550102 voice accepted", "vera email accepted", "vera sms accepted", "vera voice failed"]);
        app.post(&format!("/api/v1/incidents/{id}/calls/vera"), &json!({"outcome": "reached"})).await.is(200);
        let journal = app.get("/api/v1/journal").await.json();
        let kept: Vec<Value> = journal["items"].as_array().unwrap().iter().filter(|e| e["action"] == "incident.called")
            .map(|e| json!([e["actor"], e["detail"]["outcome"], e["detail"]["then"]])).collect();
        let actor = kept.iter().find(|e| e[1] == "reached").unwrap()[0].clone();
        let mut expected = vec![json!(["engine", "no_answer", "sms"]), json!([actor, "wrong_number", "email"]), json!([actor, "reached", null])];
        let mut kept = kept;
        kept.sort_by_key(Value::to_string);
        expected.sort_by_key(Value::to_string);
        assert_eq!(kept, expected);
    }

    async fn a_key_in_the_call_ticks_off(app: TestApp) {
        let id = declared(&app).await;
        sent(&app).await;
        let listed = app.get("/api/v1/deliveries?channel=voice").await.json();
        let vera = listed["items"].as_array().unwrap().iter().find(|d| d["contact"] == "vera").unwrap().clone();
        let contact = app.app.store.contact("vera").await.unwrap().unwrap().contact;
        let voice = contact.endpoints.iter().find(|e| e.channel().as_str() == "voice").unwrap().id("vera");
        let token = app.app.key.acknowledgement_token(vera["notice"].as_str().unwrap(), &voice);
        for _ in 0..2 {
            signed(&app, &format!("/hooks/twilio/confirm/{token}"), &[("Digits", "1")]).await.is(200);
        }
        let listed = calls(&app, &id).await;
        assert_eq!((&listed[0]["last"]["outcome"], &listed[0]["last"]["by"]), (&json!("reached"), &json!("recipient")));
        // The end of the call says nothing new.
        signed(&app, &receipts(&app, vera["id"].as_str().unwrap()), &[("CallStatus", "completed")]).await.is(204);
        assert_eq!(calls(&app, &id).await[0]["automatic"], json!([["voice", "delivered"]]));
    }

    async fn nonsense_is_refused_with_the_nearest_name(app: TestApp) {
        let id = declared(&app).await;
        let path = format!("/api/v1/incidents/{id}/calls");
        let refused = app.post(&format!("{path}/vera"), &json!({"outcome": "reechd", "x": 1})).await.is(422).problems();
        assert_eq!(refused.len(), 2, "{refused:?}");
        assert!(refused[0].contains("reached"), "{refused:?}");
        assert!(app.post(&format!("{path}/verra"), &json!({"outcome": "reached"})).await.is(404).text().contains("vera"));
        app.request(As::Viewer, "POST", &format!("{path}/vera"), "{}").await.is(403);
        assert_eq!(calls(&app, &id).await[0]["last"], Value::Null);
        let refused = app.yaml("/api/v1/documents", "services: [{id: x, name: X, call_list: [{contact: vera, number: '+14155550100'}, {name: N}]}]").await.is(422);
        assert_eq!(refused.problems().len(), 2, "{:?}", refused.problems());
    }

    async fn the_page_has_a_number_to_touch_and_buttons_that_tick_off(app: TestApp) {
        let id = declared(&app).await;
        let path = format!("/console/incidents/{id}/calls");
        assert!(app.page(As::Operator, &format!("/console/incidents/{id}")).await.is(200).text().contains(&path));
        let page = app.page(As::Operator, &path).await.is(200).text();
        assert!(page.contains("href=\"tel:+14155550100\""), "{page}");
        app.form(As::Operator, &format!("{path}/vera"), &[("outcome", "reached"), ("note", "<b>glad</b>")]).await.is(303);
        let page = app.page(As::Operator, &path).await.is(200).text();
        assert!(page.contains("1 of 2 reached") && !page.contains("<b>glad"), "{page}");
        app.form(As::Viewer, &format!("{path}/vera"), &[("outcome", "reached")]).await.is(403);
    }
}

#[tokio::test]
async fn without_a_provider_nobody_is_called_by_itself() {
    let app = TestApp::built(crate::app::Kind::Sqlite, None, None).await;
    let id = declared(&app).await;
    assert_eq!(sent(&app).await, Vec::<String>::new());
    assert_eq!(calls(&app, &id).await.len(), 2);
}
