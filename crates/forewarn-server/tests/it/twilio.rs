//! What the provider of text messages posts: only what it signed counts, and receipts in any order come to the same end.

use crate::app::{Answer, PUBLIC_URL, TestApp};
use axum::body::Body;
use axum::http::{Request, header};
use forewarn_core::delivery::DeliveryStatus;
use forewarn_core::phone::{RECEIPTS, signature};
use forewarn_store::{Claimed, Lane, Recorded};
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

/// The token of the account, as the tests' server has it.
pub const TOKEN: &str = "the token of the provider";

fn encoded(form: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(form).finish()
}

/// As the provider posts it.
async fn post(app: &TestApp, path: &str, form: &[(&str, &str)], signature: Option<&str>) -> Answer {
    let mut request =
        Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    if let Some(signature) = signature {
        request = request.header("X-Twilio-Signature", signature);
    }
    app.send(request.body(Body::from(encoded(form))).unwrap())
        .await
}

fn sign(token: &str, path: &str, form: &[(&str, &str)]) -> String {
    let form: Vec<(String, String)> = form
        .iter()
        .map(|(n, v)| ((*n).into(), (*v).into()))
        .collect();
    signature(token, &format!("{PUBLIC_URL}{path}"), &form)
}

pub async fn signed(app: &TestApp, path: &str, form: &[(&str, &str)]) -> Answer {
    post(app, path, form, Some(&sign(TOKEN, path, form))).await
}

/// Two people with telephones; a message to each was taken. Gives the ids of the deliveries.
async fn told(app: &TestApp) -> Vec<String> {
    app.yaml("/api/v1/documents", "
organisation: {name: Example University, time_zone: America/Los_Angeles, calendar: US}
services: [{id: portal, name: Portal}]
audiences: [{id: phones, name: On call, level: technical, channels: [sms, voice], services: [portal]}]
contacts:
  - {id: ann, name: Ann, audiences: [phones], endpoints: {sms: '+14155550100', voice: '+14155550100'}}
").await.is(200);
    let declared = json!({"services": {"portal": "major_outage"}, "severity": "P1", "effect": "You cannot sign in."});
    app.post("/api/v1/incidents", &declared).await.is(201);
    take_all(app).await;
    let listed = app.get("/api/v1/deliveries").await.is(200).json();
    let items = listed["items"].as_array().unwrap();
    let ours = items.iter().filter(|d| d["contact"] == "ann");
    ours.map(|d| d["id"].as_str().unwrap().to_owned()).collect()
}

/// The provider takes whatever is due.
pub async fn take_all(app: &TestApp) {
    app.expand_due().await;
    take(app, Lane::Urgent).await;
}

/// The provider takes whatever waits in this lane.
pub async fn take(app: &TestApp, lane: Lane) -> Vec<Claimed> {
    let now = app.app.clock.now();
    let claimed = app.app.store.claim(lane, "me", now, 100).await.unwrap();
    let taken = claimed.iter().map(|d| Recorded {
        id: d.id.clone(),
        row: d.row,
        attempt: d.attempt,
        status: DeliveryStatus::Accepted,
        next_at: now,
        started_at: now,
        ended_at: now,
        outcome: "accepted",
        server_said: "SM1 queued".into(),
        endpoint_gone: false,
        receipted: true,
    });
    let taken: Vec<Recorded> = taken.collect();
    app.app.store.record("me", &taken).await.unwrap();
    claimed
}

async fn statuses(app: &TestApp) -> Vec<Value> {
    let listed = app.get("/api/v1/deliveries").await.is(200).json();
    let items = listed["items"].as_array().unwrap();
    let ours = items.iter().filter(|d| d["contact"] == "ann");
    ours.map(|d| json!([d["channel"], d["status"], d["reason"]]))
        .collect()
}

pub fn receipts(app: &TestApp, delivery: &str) -> String {
    format!(
        "/hooks/twilio/receipts/{}",
        app.app.key.seal(RECEIPTS, delivery)
    )
}

on_both_databases! {
    async fn receipts_shuffled_tripled_and_forged_come_to_the_right_end(app: TestApp) {
        let deliveries = told(&app).await;
        assert_eq!(deliveries.len(), 2);
        let text = |status: &'static str| vec![("MessageSid", "SM1"), ("MessageStatus", status), ("ErrorCode", "30003")];
        let call = |status: &'static str| vec![("CallSid", "CA1"), ("CallStatus", status)];
        let by_channel = statuses(&app).await;
        let mut all = Vec::new();
        for (delivery, listed) in deliveries.iter().zip(&by_channel) {
            let path = receipts(&app, delivery);
            let forms = match listed[0].as_str() {
                Some("sms") => ["queued", "sending", "sent", "delivered"].map(text),
                _ => ["initiated", "ringing", "in-progress", "no-answer"].map(call),
            };
            all.extend(forms.into_iter().flat_map(|form| vec![(path.clone(), form); 3]));
        }
        // A shuffle that is the same each time: by what the signature happens to be.
        all.sort_by_key(|(path, form)| sign("shuffle", path, form));
        let mut forged = 0;
        for (n, (path, form)) in all.iter().enumerate() {
            if n % 5 == 0 {
                let lie = [("MessageSid", "SM1"), ("MessageStatus", "failed"), ("ErrorCode", "30005")];
                for signature in [None, Some(""), Some("0000"), Some(sign("another token", path, &lie).as_str()),
                    Some(sign(TOKEN, path, form).as_str()), Some(sign(TOKEN, "/hooks/twilio/receipts/x", &lie).as_str())] {
                    post(&app, path, &lie, signature).await.is(403);
                    forged += 1;
                }
            }
            signed(&app, path, form).await.is(204);
        }
        assert_eq!(forged, 30);
        let mut found = statuses(&app).await;
        found.sort_by_key(Value::to_string);
        assert_eq!(found, [json!(["sms", "delivered", null]), json!(["voice", "failed", "no answer"])]);
        let counts = app.get("/api/v1/notices").await.json();
        let counts: Vec<&Value> = counts["items"].as_array().unwrap().iter().map(|n| &n["counts"])
            .filter(|c| c["delivered"] == 1).collect();
        assert_eq!(counts.len(), 1, "{counts:?}");
    }

    async fn a_receipt_for_what_was_never_sent_is_not_taken(app: TestApp) {
        told(&app).await;
        let form = [("MessageStatus", "delivered")];
        for path in [receipts(&app, "nothing"), "/hooks/twilio/receipts/a.b".into(), "/hooks/twilio/receipts/%C3%A4".into()] {
            signed(&app, &path, &form).await.is(404);
        }
        assert!(statuses(&app).await.iter().all(|s| s[1] == "accepted"));
    }

    async fn stop_start_and_help_are_honoured_and_tell_nobody_whom_we_know(app: TestApp) {
        told(&app).await;
        let path = "/hooks/twilio/messages";
        let state = async || app.get("/api/v1/contacts/ann").await.json()["states"][0][2].clone();
        let say = async |from: &str, body: &str| {
            let answer = signed(&app, path, &[("From", from), ("Body", body), ("To", "+14155550199")]).await.is(200);
            assert_eq!(answer.header("content-type"), "text/xml; charset=utf-8");
            answer.text()
        };
        for (word, expected) in [("STOP", "unsubscribed"), ("start", "active"), ("Unsubscribe.", "unsubscribed"), ("UNSTOP", "active"),
            ("HELP", "active"), ("we stop here", "active")] {
            let known = say("+14155550100", word).await;
            assert_eq!(say("+14155550177", word).await, known, "the same for every number");
            assert_eq!(state().await, expected, "{word}");
            assert_eq!(known.contains("<Message>"), word != "we stop here", "{known}");
        }
        assert!(say("+14155550100", "help").await.contains("Reply STOP for no more"));
        // Nobody stops somebody else's messages.
        post(&app, path, &[("From", "+14155550100"), ("Body", "STOP")], Some("forged")).await.is(403);
        post(&app, path, &[("From", "+14155550100"), ("Body", "STOP")], None).await.is(403);
        assert_eq!(state().await, "active");
        say("nobody", "STOP").await;
    }

    async fn a_key_in_a_call_says_that_it_was_heard(app: TestApp) {
        told(&app).await;
        let listed = app.get("/api/v1/deliveries?channel=voice").await.json();
        let delivery = &listed["items"][0];
        let (notice, event) = (delivery["notice"].as_str().unwrap(), delivery["event"].as_str().unwrap());
        let ann = app.app.store.contact("ann").await.unwrap().unwrap().contact;
        let endpoint = ann.endpoints.iter().find(|e| e.channel().as_str() == "voice").unwrap().id("ann");
        let token = app.app.key.acknowledgement_token(notice, &endpoint);
        let path = format!("/hooks/twilio/confirm/{token}");
        let noted = async || app.app.store.acknowledgements(event).await.unwrap();
        assert!(signed(&app, &path, &[("Digits", "7")]).await.is(200).text().contains("another key"));
        post(&app, &path, &[("Digits", "1")], Some("forged")).await.is(403);
        assert_eq!(noted().await, []);
        for _ in 0..3 {
            assert!(signed(&app, &path, &[("Digits", "1")]).await.is(200).text().contains("Thank you"));
        }
        let noted = noted().await;
        assert_eq!((noted.len(), noted[0].who.as_str(), noted[0].notice.as_str()), (1, "ann", notice));
        let strange = "/hooks/twilio/confirm/a.b.c";
        assert!(signed(&app, strange, &[("Digits", "1")]).await.is(200).text().contains("cannot be confirmed"));
    }
}

#[tokio::test]
async fn without_a_provider_there_is_nothing_to_post_to() {
    let app = TestApp::built(crate::app::Kind::Sqlite, None, None).await;
    for path in [
        "/hooks/twilio/messages",
        "/hooks/twilio/receipts/a.b",
        "/hooks/twilio/confirm/a.b.c",
    ] {
        signed(&app, path, &[("From", "+14155550100"), ("Body", "STOP")])
            .await
            .is(404);
    }
}
