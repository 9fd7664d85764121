//! Browsers that show notices: the page's part of it, and what our own people see.

use crate::app::{Answer, As, PUSH_KEY, TestApp};
use serde_json::{Value, json};

const OPEN: &str = "
organisation: {name: Example University, time_zone: America/Los_Angeles}
services: [{id: portal, name: Student portal}, {id: wiki, name: Wiki}]
audiences:
  - {id: everybody, name: Everybody, level: non_technical, channels: [email, push], services: [portal, wiki], self_service: yes}
";

fn browser(endpoint: &str) -> Value {
    json!({"endpoint": endpoint, "p256dh": PUSH_KEY, "auth": "BTBZMqHH6r4Tts7J_aSIgg", "services": ["portal"], "kinds": ["incident"]})
}

async fn ask(app: &TestApp, path: &str, body: &Value) -> Answer {
    app.request(As::Nobody, "POST", path, &body.to_string())
        .await
}

async fn open(app: &TestApp) {
    app.yaml("/api/v1/documents", OPEN).await.is(200);
    app.refresh().await;
}

const ANN: &str = "https://push.example.net/send/ann-secret";

on_both_databases! {
    async fn a_browser_is_subscribed_changed_and_ended(app: TestApp) {
        ask(&app, "/subscribe/push", &browser(ANN)).await.is(409);
        open(&app).await;
        let key = app.request(As::Nobody, "GET", "/subscribe/push", "").await.is(200).json();
        assert_eq!(key, json!({"key": PUSH_KEY}));
        ask(&app, "/subscribe/push", &browser(ANN)).await.is(204);
        let contacts = app.get("/api/v1/contacts").await.is(200).json();
        let contact = &contacts["items"][0];
        assert_eq!((&contact["services"], &contact["kinds"]), (&json!(["portal"]), &json!(["incident"])));
        let id = contact["id"].as_str().unwrap().to_owned();
        // Asked again it is the same browser with other choices.
        let mut again = browser(ANN);
        again["services"] = json!([]);
        again["kinds"] = json!([]);
        ask(&app, "/subscribe/push", &again).await.is(204);
        let contact = app.get(&format!("/api/v1/contacts/{id}")).await.is(200).json();
        assert_eq!(contact["services"], Value::Null);
        assert_eq!(app.get("/api/v1/contacts").await.json()["items"].as_array().unwrap().len(), 1);
        // Work on what it uses reaches it.
        let mut work = crate::app::upgrade();
        work["services"] = json!(["portal"]);
        app.post("/api/v1/maintenances", &work).await.is(201);
        let reach = app.get(&format!("/api/v1/maintenances/MNT-1/plan/reach?contact={id}")).await.json();
        let because = reach["because"][0].as_str().unwrap_or_default();
        assert!(because.starts_with("gets it as one of 'Everybody'"), "{reach}");
        // Whoever may not enter it sees neither its address nor its keys.
        for (who, sees) in [(As::Viewer, false), (As::Administrator, true)] {
            let shown = app.request(who, "GET", &format!("/api/v1/contacts/{id}"), "").await.is(200).text();
            assert_eq!(shown.contains("ann-secret"), sees, "{shown}");
            assert!(!shown.contains("BTBZMqHH6r4Tts7J_aSIgg"), "{shown}");
        }
        // Its end is asked for by the browser, which alone knows its address.
        ask(&app, "/subscribe/push/end", &json!({"endpoint": "https://push.example.net/other"})).await.is(204);
        app.get(&format!("/api/v1/contacts/{id}")).await.is(200);
        ask(&app, "/subscribe/push/end", &json!({"endpoint": ANN})).await.is(204);
        app.get(&format!("/api/v1/contacts/{id}")).await.is(404);
    }

    async fn a_browser_is_refused_with_every_problem(app: TestApp) {
        open(&app).await;
        let wrong = json!({"endpoint": "https://internal.example/x", "p256dh": "x", "auth": "y", "services": ["portl"], "more": 1});
        let problem = ask(&app, "/subscribe/push", &wrong).await.is(422).json();
        let fields: Vec<&str> = problem["errors"].as_array().unwrap().iter().map(|p| p["field"].as_str().unwrap()).collect();
        assert_eq!(fields.len(), 4, "{problem}");
        for body in ["", "[", "[]", "{}"] {
            app.request(As::Nobody, "POST", "/subscribe/push", body).await.is(422);
        }
        assert_eq!(app.get("/api/v1/contacts").await.json()["items"], json!([]));
    }
}

/// The script that asks a browser to show notices, where the page has one.
fn script_for_push(page: &str) -> Option<&str> {
    let scripts = page.split("<script src=\"").skip(1);
    let mut paths = scripts.filter_map(|rest| rest.split('"').next());
    paths.find(|path| path.contains("push"))
}

#[tokio::test]
async fn the_page_offers_it_where_an_audience_is_told_so() {
    let app = TestApp::new().await;
    open(&app).await;
    let page = app
        .request(As::Nobody, "GET", "/subscribe", "")
        .await
        .is(200);
    let policy = page.header("content-security-policy").to_owned();
    assert!(
        policy.contains("connect-src 'self'") && policy.contains("script-src 'self'"),
        "{policy}"
    );
    let text = page.text();
    // Hidden until a script says that this browser can.
    assert!(
        text.contains("id=\"push\"") && text.contains("aria-labelledby=\"push-title\" hidden"),
        "{text}"
    );
    let script = script_for_push(&text).unwrap();
    let script = app
        .request(As::Nobody, "GET", script, "")
        .await
        .is(200)
        .text();
    assert!(script.contains("requestPermission"));
    let worker = app
        .request(As::Nobody, "GET", "/push-worker.js", "")
        .await
        .is(200);
    assert!(worker.header("content-type").starts_with("text/javascript"));
    assert!(worker.text().contains("showNotification"));

    let closed = OPEN.replace("[email, push]", "[email]");
    app.yaml("/api/v1/documents", &closed).await.is(200);
    app.refresh().await;
    let text = app
        .request(As::Nobody, "GET", "/subscribe", "")
        .await
        .is(200)
        .text();
    assert!(
        !text.contains("id=\"push\"") && script_for_push(&text).is_none(),
        "{text}"
    );
    app.request(As::Nobody, "GET", "/push-worker.js", "")
        .await
        .is(404);
}

#[tokio::test]
async fn too_many_browsers_are_refused() {
    let app = TestApp::new().await;
    open(&app).await;
    for n in 0..500 {
        let body = json!({"endpoint": format!("https://elsewhere.example/{n}")});
        ask(&app, "/subscribe/push", &body).await.is(422);
    }
    ask(&app, "/subscribe/push", &browser(ANN)).await.is(429);
}
