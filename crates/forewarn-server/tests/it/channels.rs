//! Trying channels out: a test is a message like all others, and what came of it is explained.

use crate::app::{As, TestApp};
use crate::console::follow;
use crate::twilio::take;
use forewarn_core::contact::Channel;
use forewarn_core::delivery::DeliveryStatus;
use forewarn_store::{Claimed, Lane, Recorded};
use serde_json::{Value, json};

const PEOPLE: &str = "
contacts:
  - {id: ann, name: Ann, endpoints: {email: ann@example.edu}}
  - {id: room, name: A room, endpoints: {chat: {kind: slack, url: 'https://hooks.slack.test/services/T1/B1/x'}}}
";

async fn with_people(app: &TestApp) {
    app.apply_campus().await;
    app.yaml("/api/v1/documents", PEOPLE).await.is(200);
}

/// Asks for a test, without waiting for what comes of it.
async fn asked(app: &TestApp, channel: &str, body: Value) -> Value {
    let mut body = body;
    body["wait_seconds"] = 0.into();
    let path = format!("/api/v1/channels/{channel}/test");
    app.post(&path, &body).await.is(200).json()
}

async fn now(app: &TestApp, test: &Value) -> Value {
    let path = format!("/api/v1/channel-tests/{}", test["id"].as_str().unwrap());
    app.get(&path).await.is(200).json()
}

/// The far end refuses what waits.
async fn refuse(app: &TestApp, said: &str, gone: bool) -> Claimed {
    let now = app.app.clock.now();
    let claimed = app
        .app
        .store
        .claim(Lane::Urgent, "me", now, 100)
        .await
        .unwrap();
    let [one] = claimed.as_slice() else {
        panic!("{claimed:?}");
    };
    let recorded = Recorded {
        id: one.id.clone(),
        row: one.row,
        attempt: one.attempt,
        status: DeliveryStatus::Failed,
        next_at: now,
        started_at: now,
        ended_at: now,
        outcome: "permanent_failure",
        server_said: said.into(),
        endpoint_gone: gone,
        receipted: false,
    };
    app.app.store.record("me", &[recorded]).await.unwrap();
    one.clone()
}

on_both_databases! {
    async fn a_test_goes_the_way_of_all_messages_and_is_explained(app: TestApp) {
        with_people(&app).await;
        let test = asked(&app, "chat", json!({"contact": "room"})).await;
        assert_eq!((&test["status"], &test["recipient"]), (&json!("queued"), &json!("room")));
        let claimed = refuse(&app, "410 Gone: channel_is_archived", true).await;
        let (content, _) = app.app.store.notice_content(&claimed.notice).await.unwrap().unwrap();
        assert_eq!((content.milestone.as_str(), content.url.as_str()), ("test", app.app.public_url.as_str()));
        let told = now(&app, &test).await;
        assert_eq!(told["words"], "The chat test to room failed: 410 Gone: channel_is_archived");
        assert!(told["advice"].as_str().unwrap().starts_with("The room was archived"), "{told}");
        // Somebody brought the room back: the next test finds that out.
        let again = asked(&app, "chat", json!({"contact": "room"})).await;
        assert_eq!(take(&app, Lane::Urgent).await.len(), 1);
        let told = now(&app, &again).await;
        assert_eq!((&told["status"], &told["advice"]), (&json!("accepted"), &Value::Null));
        let contact = app.app.store.contact("room").await.unwrap().unwrap();
        assert!(contact.states.iter().all(|(_, _, state, _)| state == "active"), "{:?}", contact.states);
        // Nobody who looks for what was told finds tests.
        let notices = app.get("/api/v1/notices?limit=100").await.json();
        assert_eq!(notices["items"], json!([]));
        let journal = app.get("/api/v1/journal?limit=100").await.json().to_string();
        assert!(journal.contains("channel.tested") && !journal.contains("hooks.slack.test"), "{journal}");
    }
}

#[tokio::test]
async fn an_address_is_tested_without_a_contact() {
    let app = TestApp::new().await;
    with_people(&app).await;
    for (channel, body, to) in [
        ("email", json!({"to": "bob@example.edu"}), Channel::Email),
        ("sms", json!({"to": "+1 415 555 0100"}), Channel::Sms),
        ("voice", json!({"to": "+14155550100"}), Channel::Voice),
        (
            "webhook",
            json!({"to": "https://ops.example.test/hook"}),
            Channel::Webhook,
        ),
        (
            "chat",
            json!({"to": "https://teams.example.test/s3cret", "kind": "teams"}),
            Channel::Chat,
        ),
    ] {
        let test = asked(&app, channel, body).await;
        let claimed = take(&app, Lane::Urgent).await;
        assert_eq!(claimed.len(), 1, "{channel}");
        assert_eq!(claimed[0].endpoint.channel(), to);
        let told = now(&app, &test).await;
        assert_eq!(told["status"], "accepted", "{told}");
        // The host says which room; the rest is the room's secret.
        assert!(!told.to_string().contains("s3cret"), "{told}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_told_and_nothing_is_sent() {
    let app = TestApp::new().await;
    with_people(&app).await;
    for (channel, body, said) in [
        ("chta", json!({"contact": "room"}), "did you mean 'chat'?"),
        (
            "pigeon",
            json!({"contact": "room"}),
            "unknown channel 'pigeon'",
        ),
        (
            "push",
            json!({"to": "https://push.example.net/x"}),
            "give its id",
        ),
        ("chat", json!({}), "give contact, audience, or to"),
        (
            "chat",
            json!({"contact": "room", "to": "https://x.example/"}),
            "is not alone",
        ),
        (
            "chat",
            json!({"contact": "nobody"}),
            "there is no contact nobody",
        ),
        (
            "chat",
            json!({"contact": "ann"}),
            "ann is not reached by chat, but by email",
        ),
        (
            "email",
            json!({"to": "not an address"}),
            "is not a mail address",
        ),
        (
            "chat",
            json!({"to": "https://a.test/api/v1/statuses", "kind": "mastodon"}),
            "an account is posted to with its token",
        ),
        (
            "email",
            json!({"to": "a@example.edu", "kind": "slack"}),
            "is for the channel chat",
        ),
        (
            "email",
            json!({"to": "a@example.edu", "wait_seconds": 31}),
            "at most 30",
        ),
    ] {
        let path = format!("/api/v1/channels/{channel}/test");
        let answer = app.post(&path, &body).await.is(422).text();
        assert!(answer.contains(said), "{channel} {body}: {answer}");
    }
    assert_eq!(take(&app, Lane::Urgent).await.len(), 0);
    app.get("/api/v1/channel-tests/none").await.is(404);
    let path = "/api/v1/channels/email/test";
    let body = json!({"to": "a@example.edu"}).to_string();
    app.request(As::Viewer, "POST", path, &body).await.is(403);
}

#[tokio::test]
async fn an_audience_is_tested_by_its_ways() {
    let app = TestApp::new().await;
    with_people(&app).await;
    let yaml = "
audiences: [{id: duty, name: On duty, level: technical, channels: [chat, email, {sms: {after: PT10M}}], services: [portal]}]
contacts:
  - {id: zoe, audiences: [duty], endpoints: {email: zoe@example.edu}}
  - {id: bea, audiences: [duty], endpoints: {email: bea@example.edu, webhook: 'https://bea.example/'}}
  - {id: duty-room, audiences: [duty], endpoints: {chat: {kind: slack, url: 'https://hooks.slack.test/services/T1/B1/y'}}}
";
    app.yaml("/api/v1/documents", yaml).await.is(200);
    let duty = json!({"audience": "duty"});
    for (channel, first) in [("chat", "duty-room"), ("email", "bea")] {
        let test = asked(&app, channel, duty.clone()).await;
        assert_eq!(test["recipient"], first, "{test}");
        assert_eq!(take(&app, Lane::Urgent).await.len(), 1, "{channel}");
    }
    for (channel, body, said) in [
        ("sms", duty.clone(), "nobody in duty is reached by sms"),
        (
            "webhook",
            duty,
            "duty is not told by webhook, but by chat, email, sms",
        ),
        (
            "email",
            json!({"audience": "night"}),
            "there is no audience night",
        ),
        (
            "email",
            json!({"audience": "duty", "contact": "ann"}),
            "is not alone",
        ),
    ] {
        let path = format!("/api/v1/channels/{channel}/test");
        let answer = app.post(&path, &body).await.is(422).text();
        assert!(answer.contains(said), "{channel} {body}: {answer}");
    }
}

#[tokio::test]
async fn the_console_tries_a_channel_and_says_what_came_of_it() {
    let app = TestApp::new().await;
    with_people(&app).await;
    let page = app
        .page(As::Operator, "/console/audiences")
        .await
        .is(200)
        .text();
    assert!(page.contains("Try a channel out"), "{page}");
    let path = "/console/channels/test";
    let fields = [
        ("channel", "chat"),
        ("contact", "room"),
        ("wait_seconds", "0"),
    ];
    let done = app.form(As::Operator, path, &fields).await;
    let after = follow(&app, As::Operator, &done).await.is(200).text();
    assert!(
        after.contains("The chat test to room is on its way"),
        "{after}"
    );
    assert_eq!(take(&app, Lane::Urgent).await.len(), 1);
    let fields = [("channel", "chat"), ("contact", "ann")];
    let done = app.form(As::Operator, path, &fields).await;
    let after = follow(&app, As::Operator, &done).await.is(200).text();
    assert!(
        after.contains("ann is not reached by chat, but by email"),
        "{after}"
    );
    app.form(As::Viewer, path, &fields).await.is(403);
}
