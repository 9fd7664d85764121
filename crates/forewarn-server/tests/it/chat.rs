//! Slash commands, signed as Slack's published scheme signs them.

use crate::app::{Answer, TestApp};
use crate::hooks::{SECRET, call, with_hooks};
use data_encoding::HEXLOWER;
use forewarn_core::signature::sign;
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
