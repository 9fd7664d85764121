//! Alerts come in: proven, once, grouped, and to nobody outside before a person says so.

use crate::app::{Answer, As, TestApp};
use axum::body::Body;
use axum::http::Request;
use data_encoding::{BASE64, HEXLOWER};
use forewarn_core::signature::sign;
use serde_json::{Value, json};

pub const SECRET: &str = "a-secret-of-the-tests-0123456789";

pub const HOOKS: &str = "
hooks:
  - {id: prom, kind: alertmanager, secret: a-secret-of-the-tests-0123456789, effect: You may not reach your database.}
  - {id: auto, kind: grafana, secret: a-secret-of-the-tests-0123456789, publish: automatic}
  - {id: default, kind: alertmanager, secret: a-secret-of-the-tests-0123456789, service: portal}
  - {id: duty, kind: pagerduty, secret: [a-new-secret-of-the-tests-012345, a-secret-of-the-tests-0123456789]}
  - {id: events, kind: cloudevents, secret: a-secret-of-the-tests-0123456789}
  - {id: any, kind: json, secret: whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX,
     mapping: {key: /check, title: /name, service: /app, state: /state}}
  - {id: chat, kind: slack, secret: a-secret-of-the-tests-0123456789, people: {U1: Ann}}
  - {id: carriers, kind: maintnote, secret: a-secret-of-the-tests-0123456789}
";

pub async fn with_hooks(app: &TestApp) {
    app.apply_campus().await;
    app.yaml("/api/v1/documents", HOOKS).await.is(200);
}

/// A request to a hook with these headers.
pub async fn call(app: &TestApp, hook: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut request = Request::post(format!("/hooks/{hook}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.send(request.body(Body::from(body.to_vec())).expect("a request"))
        .await
}

/// A request that carries the secret itself.
pub async fn token(app: &TestApp, hook: &str, body: &Value) -> Answer {
    let authorization = format!("Bearer {SECRET}");
    call(
        app,
        hook,
        &[("authorization", &authorization)],
        body.to_string().as_bytes(),
    )
    .await
}

/// Alerts of one group: fingerprint, status, service, since when.
fn group(alerts: &[(&str, &str, &str, &str)]) -> Value {
    let alerts = alerts.iter().map(|(fingerprint, status, service, since)| {
        let until = if *status == "firing" { "0001-01-01T00:00:00Z" } else { "2026-11-21T17:09:00Z" };
        json!({"status": status, "fingerprint": fingerprint, "startsAt": format!("2026-11-21T{since}:00Z"), "endsAt": until,
            "labels": {"alertname": "Down", "service": service, "severity": "critical"},
            "annotations": {"summary": "db-7.internal: <b>disk</b> full\u{7}"}})
    });
    json!({"version": "4", "groupKey": "{}:{a=\"b\"}", "status": "firing", "receiver": "forewarn",
        "alerts": alerts.collect::<Vec<_>>()})
}

async fn counts(app: &TestApp, hook: &str) -> Value {
    let all = app.get("/api/v1/hook-requests").await.is(200).json();
    let items = all["items"].as_array().expect("items").clone();
    items
        .into_iter()
        .find(|item| item["id"] == hook)
        .expect("the hook")["counts"]
        .clone()
}

async fn mails(app: &TestApp) -> Vec<String> {
    let all = app
        .get("/api/v1/deliveries?limit=1000")
        .await
        .is(200)
        .json();
    let mut all: Vec<String> = all["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|d| {
            format!(
                "{} {}",
                d["event"].as_str().unwrap_or("?"),
                d["endpoint"].as_str().unwrap_or("?")
            )
        })
        .collect();
    all.sort();
    all
}

on_both_databases! {
    async fn an_alert_opens_a_draft_that_only_the_team_hears_of(app: TestApp) {
        with_hooks(&app).await;
        let fires = group(&[("aa", "firing", "database", "16:59")]);
        let first = token(&app, "prom", &fires).await.is(200).json();
        assert_eq!(first, json!({"alerts": 1, "repeated": false, "incidents": ["INC-1"], "opened": "INC-1", "published": []}));
        let draft = app.get("/api/v1/incidents/INC-1").await.is(200).json();
        assert_eq!((&draft["status"], &draft["severity"], &draft["title"]), (&json!("draft"), &json!("P1"), &json!("Trouble with Student database")));
        for level in ["technical", "semi_technical", "non_technical"] {
            let text = draft["holding"][level]["text"].as_str().expect("a text");
            assert!(text.contains("You may not reach your database.") && !text.contains("db-7"), "{level}: {text}");
        }
        assert_eq!(mails(&app).await, ["INC-1 dba@example.edu"]);
        // Nothing public knows of it.
        app.refresh().await;
        for path in ["/", "/history", "/api/v2/incidents.json", "/history.atom", "/banner.json"] {
            let page = app.request(As::Nobody, "GET", path, "").await;
            assert!(!page.text().contains("Trouble"), "{path}");
        }
        app.request(As::Nobody, "GET", "/events/INC-1", "").await.is(404);
        assert_eq!(app.get("/api/v1/incidents").await.json()["items"], json!([]));
        // The same request again, as Alertmanager repeats it.
        app.advance(10);
        let again = token(&app, "prom", &fires).await.is(200).json();
        assert_eq!((&again["repeated"], &again["opened"]), (&json!(true), &Value::Null));
        assert_eq!(mails(&app).await.len(), 1);
        // Published by a person: from then on it is an incident, once.
        app.request(As::Viewer, "POST", "/api/v1/incidents/INC-1/publish", "").await.is(403);
        let published = app.post("/api/v1/incidents/INC-1/publish", &json!({"severity": "P2"})).await.is(201).json();
        assert_eq!((&published["id"], &published["status"], &published["severity"]), (&json!("INC-1"), &json!("investigating"), &json!("P2")));
        app.post("/api/v1/incidents/INC-1/publish", &Value::Null).await.is(409);
        app.post("/api/v1/incidents/INC-1/discard", &Value::Null).await.is(409);
        assert_eq!(app.get("/api/v1/drafts").await.json()["items"], json!([]));
        // The end of the alert is a note, and says nothing to anybody.
        token(&app, "prom", &group(&[("aa", "resolved", "database", "16:59")])).await.is(200);
        assert_eq!(app.get("/api/v1/incidents/INC-1").await.json()["status"], "investigating");
        let told = app.get("/api/v1/incidents/INC-1/alerts").await.is(200).json();
        assert_eq!(told["alerts"][0]["episode"]["firing"], false);
        let notes: Vec<&str> = told["notes"].as_array().unwrap().iter().map(|n| n["text"].as_str().unwrap()).collect();
        assert_eq!(notes, ["the alert ended at 2026-11-21T17:09:00Z: db-7.internal: <b>disk</b> full",
            "the alert fires since 2026-11-21T16:59:00Z: db-7.internal: <b>disk</b> full"]);
    }

    async fn an_alert_that_comes_and_goes_makes_one_draft_and_one_notice(app: TestApp) {
        with_hooks(&app).await;
        let json_body = |state: &str| json!({"check": "disk", "name": "Disk", "app": "database", "state": state});
        for n in 0..12 {
            for state in ["bad", "ok"] {
                let (id, body) = (format!("msg_{n}_{state}"), json_body(state).to_string());
                let time = app.app.clock.now().as_second().to_string();
                let key: Vec<u8> = (0..24).collect();
                let signed = sign(&key, &[id.as_bytes(), b".", time.as_bytes(), b".", body.as_bytes()]);
                let signature = format!("v1,{}", BASE64.encode(&signed));
                let headers = [("webhook-id", id.as_str()), ("webhook-timestamp", &time), ("webhook-signature", &signature)];
                call(&app, "any", &headers, body.as_bytes()).await.is(200);
                app.advance(1);
            }
        }
        let drafts = app.get("/api/v1/drafts?all=true").await.json()["items"].clone();
        assert_eq!((drafts.as_array().unwrap().len(), &drafts[0]["status"]), (1, &json!("closed")));
        assert_eq!(mails(&app).await.len(), 1, "one notice to the one who runs it");
        let told = app.get("/api/v1/incidents/INC-1/alerts").await.json();
        assert_eq!(told["alerts"][0]["episode"]["times"], 12);
        assert_eq!(told["notes"].as_array().unwrap().len(), 10);
        let done: Vec<Value> = app.get("/api/v1/journal?event=INC-1&limit=100").await.json()["items"].as_array().unwrap().clone();
        assert!(done.iter().any(|e| e["action"] == "draft.closed"), "{done:?}");
    }

    async fn where_the_hook_says_so_it_is_published_at_once(app: TestApp) {
        with_hooks(&app).await;
        let fires = group(&[("aa", "firing", "database", "16:59"), ("bb", "firing", "portal", "16:59")]);
        let taken = token(&app, "auto", &fires).await.is(200).json();
        assert_eq!(taken["published"], json!(["INC-1"]));
        let incident = app.get("/api/v1/incidents/INC-1").await.json();
        assert_eq!((&incident["status"], &incident["services"]), (&json!("investigating"), &json!({"database": "partial_outage", "portal": "partial_outage"})));
        // Others about the same service join it, whichever hook they come by.
        let other = group(&[("cc", "firing", "portal", "17:00")]);
        let joined = token(&app, "prom", &other).await.is(200).json();
        assert_eq!((&joined["incidents"], &joined["opened"]), (&json!(["INC-1"]), &Value::Null));
        assert_eq!(token(&app, "auto", &fires).await.json()["published"], json!([]));
        let declared = app.get("/api/v1/journal?event=INC-1&limit=100").await.json();
        let by: Vec<&str> = declared["items"].as_array().unwrap().iter()
            .filter(|e| e["action"] == "incident.declared").map(|e| e["actor"].as_str().unwrap()).collect();
        assert_eq!(by, ["hook:auto"]);
    }

    async fn a_grave_alert_about_a_small_open_incident_is_heard(app: TestApp) {
        with_hooks(&app).await;
        let small = json!({"services": {"database": "degraded_performance"}, "severity": "P5", "effect": "Pictures load slowly."});
        app.post("/api/v1/incidents", &small).await.is(201);
        // A person decides: whoever runs it is told, and nobody else.
        let joined = token(&app, "prom", &group(&[("aa", "firing", "database", "16:59")])).await.is(200).json();
        assert_eq!(joined["incidents"], json!(["INC-1"]));
        assert_eq!(app.get("/api/v1/incidents/INC-1").await.json()["severity"], "P5");
        assert_eq!(mails(&app).await, ["INC-1 dba@example.edu"]);
        // Where the hook's policy publishes by itself, people are told.
        token(&app, "auto", &group(&[("bb", "firing", "database", "17:00")])).await.is(200);
        let shown = app.get("/api/v1/incidents/INC-1").await.json();
        assert_eq!((&shown["severity"], &shown["services"], shown["updates"].as_array().map(Vec::len)),
            (&json!("P1"), &json!({"database": "partial_outage"}), Some(2)));
        assert_eq!(shown["facts"]["effect"], "Pictures load slowly.");
        let told = app.get("/api/v1/notices?event=INC-1&status=planned").await.json();
        assert!(told["items"].as_array().unwrap().iter().any(|n| n["milestone"] == "update"), "{told:#}");
        // Once it stands there, the next alert says nothing new.
        token(&app, "auto", &group(&[("cc", "firing", "database", "17:01")])).await.is(200);
        assert_eq!(app.get("/api/v1/incidents/INC-1").await.json()["updates"].as_array().map(Vec::len), Some(2));
    }

    async fn an_alert_that_fires_on_long_after_the_end_asks_again(app: TestApp) {
        with_hooks(&app).await;
        let fires = group(&[("aa", "firing", "database", "16:59")]);
        token(&app, "prom", &fires).await.is(200);
        app.post("/api/v1/incidents/INC-1/publish", &Value::Null).await.is(201);
        app.post("/api/v1/incidents/INC-1/updates", &json!({"status": "resolved", "text": "It works again."})).await.is(201);
        assert_eq!(token(&app, "prom", &fires).await.is(200).json()["repeated"], true);
        app.advance(31);
        let late = token(&app, "prom", &fires).await.is(200).json();
        assert_eq!((&late["repeated"], &late["opened"]), (&json!(false), &json!("INC-2")));
    }

    async fn a_draft_is_closed_when_all_is_calm_and_discarded_by_a_person(app: TestApp) {
        with_hooks(&app).await;
        token(&app, "prom", &group(&[("aa", "firing", "database", "16:59")])).await.is(200);
        token(&app, "prom", &group(&[("aa", "resolved", "database", "16:59")])).await.is(200);
        assert_eq!(app.get("/api/v1/incidents/INC-1").await.json()["status"], "closed");
        app.post("/api/v1/incidents/INC-1/publish", &Value::Null).await.is(409);
        app.advance(60);
        token(&app, "prom", &group(&[("aa", "firing", "database", "17:59")])).await.is(200);
        let done = app.post("/api/v1/incidents/INC-2/discard", &json!({"reason": "a test"})).await.is(200).json();
        assert_eq!(done["status"], "discarded");
        app.post("/api/v1/incidents/INC-2/publish", &Value::Null).await.is(409);
        app.post("/api/v1/incidents/INC-9/publish", &Value::Null).await.is(404);
        assert_eq!(app.app.store.verify_journal().await.expect("a journal").broken, None);
    }

    async fn requests_that_are_not_proven_are_refused_and_counted(app: TestApp) {
        with_hooks(&app).await;
        let body = group(&[("aa", "firing", "database", "16:59")]).to_string();
        call(&app, "prom", &[], body.as_bytes()).await.is(401);
        call(&app, "prom", &[("authorization", "Bearer wrong")], body.as_bytes()).await.is(401);
        call(&app, "nowhere", &[], body.as_bytes()).await.is(404);
        let large = vec![b' '; (1 << 20) + 1];
        call(&app, "prom", &[("authorization", &format!("Bearer {SECRET}"))], &large).await.is(413);
        token(&app, "prom", &json!({"alerts": [{"status": "on"}]})).await.is(422);
        assert_eq!(counts(&app, "prom").await, json!({"unsigned": 1, "wrong_signature": 1, "too_large": 1, "invalid": 1}));
        assert_eq!(app.get("/api/v1/drafts?all=true").await.json()["items"], json!([]));
        app.request(As::Nobody, "GET", "/api/v1/hook-requests", "").await.is(401);
    }

    async fn pagerduty_signs_and_repeats(app: TestApp) {
        with_hooks(&app).await;
        let body = json!({"event": {"id": "01BBYA", "event_type": "incident.triggered", "resource_type": "incident",
            "occurred_at": "2026-11-21T16:59:00Z", "data": {"id": "PGR0VU2", "title": "It is down", "urgency": "high",
            "created_at": "2026-11-21T16:59:00Z", "service": {"id": "P1", "summary": "Student database"}}}}).to_string();
        let good = HEXLOWER.encode(&sign(SECRET.as_bytes(), &[body.as_bytes()]));
        let several = format!("v1={},v1={good}", "ab".repeat(32));
        let first = call(&app, "duty", &[("x-pagerduty-signature", &several)], body.as_bytes()).await.is(200).json();
        assert_eq!(first["opened"], "INC-1");
        let again = call(&app, "duty", &[("x-pagerduty-signature", &several)], body.as_bytes()).await.is(200).json();
        assert_eq!(again["repeated"], true);
        call(&app, "duty", &[("x-pagerduty-signature", &several)], b"{}").await.is(401);
        call(&app, "duty", &[], body.as_bytes()).await.is(401);
        assert_eq!(counts(&app, "duty").await, json!({"accepted": 1, "repeated": 1, "wrong_signature": 1, "unsigned": 1}));
    }

    async fn cloudevents_come_structured_and_binary(app: TestApp) {
        with_hooks(&app).await;
        let event = json!({"specversion": "1.0", "id": "A-1", "source": "/checks", "type": "example.check", "subject": "login",
            "data": {"title": "Login", "service": "portal", "severity": "P2"}});
        let body = event.to_string();
        let signed = format!("sha256={}", HEXLOWER.encode(&sign(SECRET.as_bytes(), &[body.as_bytes()])));
        let headers = [("content-type", "application/cloudevents+json"), ("x-signature-256", signed.as_str())];
        let first = call(&app, "events", &headers, body.as_bytes()).await.is(200).json();
        assert_eq!(first["opened"], "INC-1");
        let again = call(&app, "events", &headers, body.as_bytes()).await.is(200).json();
        assert_eq!(again["repeated"], true);
        let bearer = format!("Bearer {SECRET}");
        let binary = [("authorization", bearer.as_str()), ("ce-specversion", "1.0"), ("ce-id", "A-2"), ("ce-source", "/checks"),
            ("ce-type", "example.check"), ("ce-subject", "login"), ("content-type", "application/json")];
        let over = br#"{"status": "resolved", "service": "portal"}"#;
        let ended = call(&app, "events", &binary, over).await.is(200).json();
        assert_eq!(ended["incidents"], json!(["INC-1"]));
        assert_eq!(app.get("/api/v1/incidents/INC-1").await.json()["status"], "closed");
    }
}

#[tokio::test]
async fn an_old_signature_is_a_replay() {
    let app = TestApp::new().await;
    with_hooks(&app).await;
    let (key, body): (Vec<u8>, &[u8]) = ((0..24).collect(), br#"{"check": "a", "app": "portal"}"#);
    let time = app.app.clock.now().as_second().to_string();
    let signed = sign(&key, &[b"msg_1", b".", time.as_bytes(), b".", body]);
    let signature = format!("v1,{}", BASE64.encode(&signed));
    let headers = [
        ("webhook-id", "msg_1"),
        ("webhook-timestamp", &time),
        ("webhook-signature", &signature),
    ];
    call(&app, "any", &headers, body).await.is(200);
    assert_eq!(
        call(&app, "any", &headers, body).await.is(200).json()["repeated"],
        true
    );
    app.advance(6);
    call(&app, "any", &headers, body).await.is(401);
    assert_eq!(
        counts(&app, "any").await,
        json!({"accepted": 1, "repeated": 1, "replayed": 1})
    );
}

#[tokio::test]
async fn an_unknown_service_offers_the_nearest_or_counts_as_the_default() {
    let app = TestApp::new().await;
    with_hooks(&app).await;
    let fires = group(&[
        ("aa", "firing", "databse", "16:59"),
        ("bb", "firing", "portal", "16:59"),
    ]);
    let refused = token(&app, "prom", &fires).await.is(422);
    assert_eq!(
        refused.problems(),
        ["alerts[0].service: unknown service 'databse'; did you mean 'database'?"]
    );
    assert_eq!(
        app.get("/api/v1/drafts?all=true").await.json()["items"],
        json!([]),
        "nothing by halves"
    );
    let taken = token(&app, "default", &fires).await.is(200).json();
    assert_eq!(
        taken["warnings"],
        json!([
            "alerts[0]: unknown service 'databse'; did you mean 'database'?; it counts as portal"
        ])
    );
    assert_eq!(
        taken["nobody_told"],
        "no service of the draft has an owner or a spokesperson"
    );
}

#[tokio::test]
async fn a_secret_is_never_shown_and_stays_when_it_is_not_written() {
    let app = TestApp::new().await;
    with_hooks(&app).await;
    for path in [
        "/api/v1/hooks",
        "/api/v1/hooks/prom",
        "/api/v1/hook-requests",
        "/api/v1/journal?limit=1000",
    ] {
        let shown = app.get(path).await.is(200).text();
        assert!(
            !shown.contains(SECRET) && !shown.contains("whsec_"),
            "{path}: {shown}"
        );
    }
    let page = app
        .page(As::Administrator, "/console/hooks")
        .await
        .is(200)
        .text();
    assert!(page.contains("/hooks/prom") && !page.contains(SECRET));
    // What is shown can be written back.
    let mut hook = app.get("/api/v1/hooks/prom").await.json();
    assert_eq!(hook["secret"], "(kept)");
    hook["severity"] = json!("P2");
    app.request(
        As::Administrator,
        "PUT",
        "/api/v1/hooks/prom",
        &hook.to_string(),
    )
    .await
    .is(200);
    token(
        &app,
        "prom",
        &group(&[("aa", "firing", "database", "16:59")]),
    )
    .await
    .is(200);
    let other = HOOKS.replace(
        "prom, kind: alertmanager, secret: a-secret-of",
        "prom, kind: alertmanager, secret: another-secret-of",
    );
    let applied = app
        .yaml("/api/v1/documents?dry_run=true", &other)
        .await
        .is(200);
    assert!(
        applied.text().contains("hooks/prom") && !applied.text().contains("secret-of"),
        "{}",
        applied.text()
    );
    let refused = app
        .yaml(
            "/api/v1/documents",
            "hooks: [{id: new, kind: json}, {id: worse, kind: jason}]",
        )
        .await
        .is(422);
    assert!(
        refused.text().contains("did you mean 'json'?"),
        "{}",
        refused.text()
    );
    let refused = app
        .yaml(
            "/api/v1/documents",
            "hooks: [{id: new, kind: json, service: protal}]",
        )
        .await
        .is(422);
    let told = refused.problems();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].starts_with("hooks[0].secret: is missing"),
        "{told:?}"
    );
    assert!(told[1].contains("did you mean 'portal'?"), "{told:?}");
    let refused = app
        .yaml("/api/v1/documents", "hooks: [{id: new, kind: json}]")
        .await
        .is(422);
    assert!(
        refused.problems()[0].starts_with("hooks[0].secret: is missing"),
        "{:?}",
        refused.problems()
    );
}

#[tokio::test]
async fn what_an_alert_says_is_text_on_every_page() {
    let app = TestApp::new().await;
    with_hooks(&app).await;
    token(
        &app,
        "prom",
        &group(&[("aa", "firing", "database", "16:59")]),
    )
    .await
    .is(200);
    let front = app.page(As::Operator, "/console").await.is(200).text();
    assert!(front.contains("/console/drafts/INC-1"), "{front}");
    let page = app
        .page(As::Operator, "/console/drafts/INC-1")
        .await
        .is(200)
        .text();
    assert!(
        page.contains("db-7.internal: &#60;b&#62;disk") && !page.contains("<b>disk"),
        "{page}"
    );
    let done = app
        .form(As::Operator, "/console/drafts/INC-1/publish", &[])
        .await
        .is(303);
    assert_eq!(done.location(), "/console/incidents/INC-1");
    let page = app
        .page(As::Operator, "/console/incidents/INC-1")
        .await
        .is(200)
        .text();
    assert!(page.contains("db-7.internal: &#60;b&#62;disk"), "{page}");
    let front = app.page(As::Operator, "/console").await.text();
    assert!(!front.contains("/console/drafts/INC-1"));
    // The page of a draft that was published leads to the incident.
    let led = app
        .page(As::Operator, "/console/drafts/INC-1")
        .await
        .is(303);
    assert_eq!(led.location(), "/console/incidents/INC-1");
    app.refresh().await;
    let public = app
        .request(As::Nobody, "GET", "/events/INC-1", "")
        .await
        .is(200)
        .text();
    assert!(!public.contains("db-7"), "{public}");
}

#[tokio::test]
async fn a_viewer_reads_a_draft_and_may_not_publish_it() {
    let app = TestApp::new().await;
    with_hooks(&app).await;
    token(
        &app,
        "prom",
        &group(&[("aa", "firing", "database", "16:59")]),
    )
    .await
    .is(200);
    app.page(As::Viewer, "/console/drafts/INC-1").await.is(200);
    app.form(As::Viewer, "/console/drafts/INC-1/publish", &[])
        .await
        .is(403);
    let done = app
        .form(As::Operator, "/console/drafts/INC-1/discard", &[])
        .await
        .is(303);
    assert_eq!(done.location(), "/console");
    let late = app
        .form(As::Operator, "/console/drafts/INC-1/publish", &[])
        .await
        .is(409);
    assert!(late.text().contains("discarded"), "{}", late.text());
}
