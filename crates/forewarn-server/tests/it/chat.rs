//! Slash commands and buttons, signed as Slack's published scheme signs them.

use crate::app::{Answer, TestApp};
use crate::hooks::{SECRET, call, with_hooks};
use crate::twilio::take;
use data_encoding::HEXLOWER;
use forewarn_core::contact::Channel;
use forewarn_core::signature::sign;
use forewarn_store::Lane;
use serde_json::json;

fn form(user: &str, text: &str, trigger: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("command", "/forewarn"),
            ("text", text),
            ("user_id", user),
            ("user_name", "ann"),
            ("trigger_id", trigger),
        ])
        .finish()
}

async fn signed(app: &TestApp, body: &str, seconds: i64) -> Answer {
    let time = (app.app.clock.now().as_second() + seconds).to_string();
    let mac = sign(
        SECRET.as_bytes(),
        &[b"v0:", time.as_bytes(), b":", body.as_bytes()],
    );
    let signature = format!("v0={}", HEXLOWER.encode(&mac));
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("x-slack-request-timestamp", time.as_str()),
        ("x-slack-signature", signature.as_str()),
    ];
    call(app, "chat", &headers, body.as_bytes()).await
}

async fn types(app: &TestApp, text: &str) -> String {
    let trigger = forewarn_core::id::derive(&[text]);
    let answer = signed(app, &form("U1", text, &trigger), 0)
        .await
        .is(200)
        .json();
    assert_eq!(answer["response_type"], "ephemeral");
    answer["text"].as_str().expect("a text").to_owned()
}

on_both_databases! {
    async fn a_command_declares_updates_and_resolves(app: TestApp) {
        with_hooks(&app).await;
        let said = types(&app, "declare portal major_outage P1 Some people cannot sign in").await;
        assert!(said.starts_with("INC-1 is declared. 1 audience is told now. The next update is promised by 10:00 PST."), "{said}");
        let said = types(&app, "update INC-1 We know the cause next 30m").await;
        assert!(said.contains("promised by 09:30 PST"), "{said}");
        assert_eq!(types(&app, "note INC-1 db-7 has a full disk").await, "Noted on INC-1, for the team only.");
        let said = types(&app, "resolve INC-1 It works again").await;
        assert!(said.starts_with("INC-1 is resolved."), "{said}");
        let incident = app.get("/api/v1/incidents/INC-1").await.json();
        assert_eq!((&incident["status"], &incident["services"]["portal"]), (&json!("resolved"), &json!("none")));
        assert!(!incident.to_string().contains("db-7"), "{incident}");
        let notes = app.get("/api/v1/incidents/INC-1/alerts").await.json()["notes"].clone();
        assert_eq!((&notes[0]["text"], &notes[0]["author"]), (&json!("db-7 has a full disk"), &json!("slack:U1 (Ann)")));
        let journal = app.get("/api/v1/journal?event=INC-1&limit=100").await.json();
        let mut actors: Vec<&str> = journal["items"].as_array().unwrap().iter().map(|e| e["actor"].as_str().unwrap()).collect();
        actors.dedup();
        assert_eq!(actors, ["slack:U1 (Ann)"]);
    }
}

#[tokio::test]
async fn whoever_types_is_told_whom_it_reaches_and_for_whom_it_waits() {
    let app = TestApp::new().await;
    with_hooks(&app).await;
    let house = "
services: [{id: portal, name: Student portal, owner: web@example.edu, business_owner: registrar@example.edu, call_list: [{name: Vera, number: \"+14155550100\"}]}]
audiences: [{id: students, name: Students, level: non_technical, services: [portal], acknowledge: asked}]
policies: [{id: incident, for: {event: incident}, approval: {default: [service_owner, business_owner]}}]
";
    app.yaml("/api/v1/documents", house).await.is(200);
    // Neither who is called nor who is reminded later is an audience.
    let said = types(&app, "declare portal major_outage P1 It is down").await;
    let audiences = app
        .get("/api/v1/notices?event=INC-1&limit=100")
        .await
        .json();
    let told = audiences["items"].as_array().unwrap().iter().filter(|n| {
        let audience = n["audience"].as_str().unwrap();
        n["milestone"] == "holding"
            && !audience.starts_with("call-list-")
            && !audience.starts_with("unconfirmed-")
    });
    let expected = match told.count() {
        1 => "INC-1 is declared. 1 audience is told now.".to_owned(),
        n => format!("INC-1 is declared. {n} audiences are told now."),
    };
    assert!(said.starts_with(&expected), "{expected}: {said}");
    let said = types(&app, "update INC-1 We know the cause next 3h").await;
    assert!(
        said.starts_with(
            "INC-1 has a new update. Nobody is told before registrar@example.edu and web@example.edu agree. \
             What people were promised stands: the next update by 10:00 PST."
        ),
        "{said}"
    );
    let said = types(&app, "update INC-7 x").await;
    assert!(said.contains("did you mean 'INC-1'? Type 'help'"), "{said}");
}

#[tokio::test]
async fn what_readers_may_not_see_is_typed_again_with_the_reason() {
    let app = TestApp::new().await;
    with_hooks(&app).await;
    let secret = "10.20.30.40 does not answer";
    for command in [
        "declare portal major_outage P1",
        "update INC-1",
        "resolve INC-1",
    ] {
        let said = types(&app, &format!("{command} {secret}")).await;
        assert!(
            said.starts_with("Nothing was done: ") && said.contains("'10.20.30.40', from 0 to 11:"),
            "{said}"
        );
        assert!(
            said.contains(
                "type it again with [override: WHY] at the end; WHY stays on record. Type 'help'"
            ),
            "{said}"
        );
        let said = types(
            &app,
            &format!("{command} {secret} [override: it is public]"),
        )
        .await;
        assert!(said.starts_with("INC-1 "), "{said}");
        let journal = app.app.store.journal(Some("INC-1"), None, 1).await.unwrap();
        assert_eq!(
            journal[0].detail["privacy_override"],
            json!({"reason": "it is public", "found": ["ip_address"]}),
            "{command}"
        );
    }
    let incident = app.get("/api/v1/incidents/INC-1").await.json();
    assert_eq!(incident["status"], "resolved");
    assert!(
        !incident.to_string().contains("override: it is"),
        "{incident}"
    );
    let help = types(&app, "help").await;
    assert!(help.contains("[override: WHY]"), "{help}");
}

#[tokio::test]
async fn a_slip_is_answered_with_what_to_do() {
    let app = TestApp::new().await;
    with_hooks(&app).await;
    types(&app, "declare portal major_outage P1").await;
    for (typed, says) in [
        ("help", "declare SERVICE IMPACT SEVERITY"),
        ("declaer portal", "did you mean 'declare'?"),
        ("declare protal major_outage P1 x", "did you mean 'portal'?"),
        ("update INC-9 text", "did you mean 'INC-1'?"),
        ("update INC-1 text next 99w", "must be minutes, hours, days"),
        ("update INC-1 text next 9m30s", "Such as: next 30m"),
        ("note INC-77 text", "unknown incident 'INC-77'"),
    ] {
        let said = types(&app, typed).await;
        assert!(said.contains(says), "{typed}: {said}");
    }
    let said = types(&app, "declare Student portal partial_outage P3").await;
    assert!(said.starts_with("INC-2 is declared."), "{said}");
    types(&app, "resolve INC-1 done").await;
    let said = types(&app, "resolve INC-1 done again").await;
    assert!(
        said.starts_with("Nothing was done: incident INC-1 is resolved already."),
        "{said}"
    );
    let said = types(&app, "update INC-1 more").await;
    assert!(
        said.starts_with("Nothing was done: incident INC-1 is resolved"),
        "{said}"
    );
}

#[tokio::test]
async fn only_those_who_are_named_act_and_nothing_acts_twice() {
    let app = TestApp::new().await;
    with_hooks(&app).await;
    let body = form("U2", "declare portal major_outage P1", "1");
    let said = signed(&app, &body, 0).await.is(200).text();
    assert!(said.contains("You may not do this here"), "{said}");
    let body = form("U1", "declare portal major_outage P1", "2");
    signed(&app, &body, 0).await.is(200);
    signed(&app, &body, 0).await.is(401);
    signed(&app, &body, -301).await.is(401);
    signed(&app, &body, 301).await.is(401);
    call(&app, "chat", &[], body.as_bytes()).await.is(401);
    let all = app.get("/api/v1/incidents").await.json();
    assert_eq!(all["items"].as_array().unwrap().len(), 1);
    let requests = app.get("/api/v1/hook-requests").await.json();
    let chat = requests["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|h| h["id"] == "chat")
        .unwrap();
    assert_eq!(
        chat["counts"],
        json!({"accepted": 1, "forbidden": 1, "replayed": 3, "unsigned": 1})
    );
}

/// A press of the button with this value, as Slack posts it.
fn pressed(user: &str, token: &str) -> String {
    let payload = json!({"type": "block_actions", "user": {"id": user, "username": "ann", "name": "ann.lee", "team_id": "T1"},
        "api_app_id": "A1", "trigger_id": token, "response_url": "https://hooks.slack.test/actions/T1/1/x",
        "actions": [{"type": "button", "action_id": "acknowledge", "block_id": "b", "value": token, "action_ts": "1.1"}]});
    url::form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", &payload.to_string())
        .finish()
}

const ROOM: &str = "
audiences: [{id: ops, name: Operators, level: technical, channels: [chat], services: [portal], acknowledge: required}]
contacts:
  - {id: ops-room, name: Operators' room, audiences: [ops],
     endpoints: {chat: {kind: slack, url: 'https://hooks.slack.test/services/T1/B1/x', interactive: yes}}}
";

/// An incident that the operators' room was told of, and the token of the button there.
async fn told_in_a_room(app: &TestApp) -> String {
    with_hooks(app).await;
    app.yaml("/api/v1/documents", ROOM).await.is(200);
    types(
        app,
        "declare portal major_outage P1 Some people cannot sign in",
    )
    .await;
    app.expand_due().await;
    let claimed = take(app, Lane::Urgent).await;
    let room = claimed
        .iter()
        .find(|c| c.endpoint.channel() == Channel::Chat);
    let room = room.expect("the room is told");
    app.app
        .key
        .acknowledgement_token(&room.notice, &room.endpoint_id)
}

async fn outcomes(app: &TestApp) -> serde_json::Value {
    let requests = app.get("/api/v1/hook-requests").await.json();
    let all = requests["items"].as_array().unwrap().clone();
    all.into_iter().find(|h| h["id"] == "chat").unwrap()["counts"].clone()
}

on_both_databases! {
    async fn a_button_confirms_and_the_message_says_by_whom(app: TestApp) {
        let token = told_in_a_room(&app).await;
        signed(&app, &pressed("U7", &token), 0).await.is(200);
        let listed = app.get("/api/v1/events/INC-1/acknowledgements").await.json();
        let ops = listed["items"].as_array().unwrap().iter().find(|c| c["audience"] == "ops").unwrap().clone();
        assert_eq!((&ops["confirmed"], &ops["reached"]), (&json!(1), &json!(true)));
        assert_eq!((&ops["people"][0]["contact"], &ops["people"][0]["how"]), (&json!("ops-room"), &json!("button")));
        assert_eq!(listed["acknowledged"][0]["who"], "ops-room, slack:U7");
        // What takes the message's place goes out like any other message, to where Slack said.
        let sent = app.get("/api/v1/deliveries?event=INC-1&channel=chat").await.json();
        assert_eq!(sent["items"][0]["endpoint"], "hooks.slack.test/…", "a room's address is a secret");
        let answers = take(&app, Lane::Urgent).await;
        assert_eq!(answers.len(), 1);
        let (content, _) = app.app.store.notice_content(&answers[0].notice).await.unwrap().unwrap();
        let confirmed = content.confirmed.expect("who confirmed");
        assert_eq!((confirmed.by.as_str(), confirmed.audience.as_str()), ("ann.lee", "ops"));
        assert_eq!(confirmed.answer_url.as_str(), "https://hooks.slack.test/actions/T1/1/x");
        // A second press counts no more than the first, and no list of notices shows the answer.
        signed(&app, &pressed("U1", &token), 1).await.is(200);
        assert_eq!(take(&app, Lane::Urgent).await.len(), 0);
        let notices = app.get("/api/v1/notices?limit=100").await.json();
        assert!(notices["items"].as_array().unwrap().iter().all(|n| n["event"] == "INC-1"), "{notices}");
    }
}

#[tokio::test]
async fn buttons_that_nobody_signed_or_that_came_before_are_refused_and_counted() {
    let app = TestApp::new().await;
    let token = told_in_a_room(&app).await;
    let body = pressed("U7", &token);
    call(&app, "chat", &[], body.as_bytes()).await.is(401);
    signed(&app, &body, -301).await.is(401);
    let listed = app.get("/api/v1/events/INC-1/acknowledgements").await;
    assert_eq!(listed.json()["acknowledged"], json!([]));
    signed(&app, &body, 0).await.is(200);
    signed(&app, &body, 0).await.is(401);
    signed(&app, &pressed("U7", "made.up.token"), 0)
        .await
        .is(404);
    signed(&app, "payload=%7B", 0).await.is(422);
    let counts = outcomes(&app).await;
    let expected =
        json!({"accepted": 2, "invalid": 1, "replayed": 2, "unknown_token": 1, "unsigned": 1});
    assert_eq!(counts, expected);
}
