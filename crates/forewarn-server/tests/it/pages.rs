//! The public pages over HTTP: from memory, with validators, also when the store is away.

use crate::app::{As, TestApp, upgrade};
use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::json;
use std::io::Read;

async fn with_event(app: &TestApp) {
    app.apply_campus().await;
    app.post("/api/v1/maintenances", &upgrade()).await.is(201);
    let body = json!({"services": {"portal": "major_outage"}, "severity": "P1", "effect": "Nobody can sign in",
        "lead": "Lena Lead"});
    app.post("/api/v1/incidents", &body).await.is(201);
    app.expand_due().await;
    app.refresh().await;
}

async fn fetch(
    app: &TestApp,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> crate::app::Answer {
    let mut request = Request::builder()
        .method(Method::from_bytes(method.as_bytes()).unwrap())
        .uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.send(request.body(Body::empty()).unwrap()).await
}

on_both_databases! {
    async fn the_pages_are_there_and_stay_when_the_store_is_away(app: TestApp) {
        with_event(&app).await;
        let paths = ["/", "/history", "/events/INC-1", "/events/MNT-1", "/events/MNT-1.ics", "/calendar", "/calendar.json", "/calendar.ics", "/history.atom",
            "/api/v2/summary.json", "/api/v2/status.json", "/api/v2/components.json", "/api/v2/incidents.json",
            "/api/v2/incidents/unresolved.json", "/api/v2/scheduled-maintenances.json",
            "/api/v2/scheduled-maintenances/upcoming.json", "/api/v2/scheduled-maintenances/active.json"];
        let mut before = Vec::new();
        for path in paths {
            before.push(fetch(&app, "GET", path, &[]).await.is(200));
        }
        app.app.store.close().await;
        for (path, before) in paths.iter().zip(before) {
            assert_eq!(fetch(&app, "GET", path, &[]).await.is(200).body, before.body, "{path}");
        }
        // Also what is not there, and the button of a mail.
        fetch(&app, "GET", "/nothing", &[]).await.is(404);
        fetch(&app, "GET", "/u/token", &[]).await.is(200);
        fetch(&app, "GET", "/api", &[]).await.is(200);
        fetch(&app, "GET", "/healthz", &[]).await.is(200);
        // What needs the store says so, and when to come back.
        let ready = fetch(&app, "GET", "/readyz", &[]).await.is(503);
        assert_eq!(ready.header("retry-after"), "2");
        let call = app.get("/api/v1/services").await.is(503);
        assert_eq!(call.header("retry-after"), "2");
        app.page(As::Viewer, "/console").await.is(503);
        app.page(As::Nobody, "/console/sign-in").await.is(503);
    }
}

#[tokio::test]
async fn validators_spare_the_body() {
    let app = TestApp::new().await;
    with_event(&app).await;
    let page = fetch(&app, "GET", "/", &[]).await.is(200);
    let etag = page.header("etag").to_owned();
    assert!(etag.starts_with('"') && etag.ends_with('"'), "{etag}");
    for tag in [
        etag.clone(),
        format!("W/{etag}"),
        format!("\"other\", {etag}"),
        "*".into(),
    ] {
        let same = fetch(&app, "GET", "/", &[("if-none-match", &tag)]).await;
        let same = same.is(304);
        assert!(same.body.is_empty());
        assert_eq!(same.header("etag"), etag);
    }
    fetch(&app, "GET", "/", &[("if-none-match", "\"other\"")])
        .await
        .is(200);
    app.advance(60 * 24);
    app.refresh().await;
    fetch(&app, "GET", "/", &[("if-none-match", &etag)])
        .await
        .is(200);
}

#[tokio::test]
async fn compressed_for_those_who_take_it() {
    let app = TestApp::new().await;
    with_event(&app).await;
    let plain = fetch(&app, "GET", "/", &[]).await.is(200);
    assert_eq!(plain.header("content-encoding"), "");
    for accepts in ["gzip", "br, gzip;q=0.5", "*"] {
        let packed = fetch(&app, "GET", "/", &[("accept-encoding", accepts)]).await;
        let packed = packed.is(200);
        assert_eq!(packed.header("content-encoding"), "gzip", "{accepts}");
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(packed.body.as_ref())
            .read_to_end(&mut text)
            .unwrap();
        assert_eq!(text, plain.body);
        assert_eq!(packed.header("vary"), "accept-encoding, accept-language");
    }
    for refuses in ["identity", "gzip;q=0", "gzip;q=0.0, br", ""] {
        let plain = fetch(&app, "GET", "/", &[("accept-encoding", refuses)]).await;
        assert_eq!(plain.header("content-encoding"), "", "{refuses}");
    }
}

#[tokio::test]
async fn head_says_what_get_would_and_other_methods_are_refused() {
    let app = TestApp::new().await;
    with_event(&app).await;
    for path in ["/", "/api/v2/summary.json", "/history.atom"] {
        let get = fetch(&app, "GET", path, &[]).await.is(200);
        let head = fetch(&app, "HEAD", path, &[]).await.is(200);
        assert!(head.body.is_empty(), "{path}");
        assert_eq!(
            head.header("content-length"),
            get.body.len().to_string(),
            "{path}"
        );
        for name in ["content-type", "etag", "cache-control", "vary"] {
            assert_eq!(head.header(name), get.header(name), "{path}");
        }
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            let refused = fetch(&app, method, path, &[]).await.is(405);
            assert_eq!(refused.header("allow"), "GET, HEAD", "{method} {path}");
        }
    }
    fetch(&app, "GET", "/?utm_source=mail&x=%F0%9F%98%80", &[])
        .await
        .is(200);
}

#[tokio::test]
async fn the_summary_has_what_status_page_clients_read() {
    let app = TestApp::new().await;
    with_event(&app).await;
    let answer = fetch(&app, "GET", "/api/v2/summary.json", &[]).await;
    let answer = answer.is(200);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let summary = answer.json();
    let has = |value: &serde_json::Value, keys: &[&str]| {
        for key in keys {
            assert!(value.get(key).is_some(), "without {key}: {value}");
        }
    };
    has(
        &summary,
        &[
            "page",
            "components",
            "incidents",
            "scheduled_maintenances",
            "status",
        ],
    );
    has(
        &summary["page"],
        &["id", "name", "url", "time_zone", "updated_at"],
    );
    assert_eq!(summary["status"]["indicator"], "critical");
    let event = [
        "id",
        "name",
        "status",
        "created_at",
        "updated_at",
        "monitoring_at",
        "resolved_at",
        "impact",
        "shortlink",
        "started_at",
        "page_id",
        "incident_updates",
        "components",
        "reminder_intervals",
    ];
    has(&summary["incidents"][0], &event);
    has(&summary["scheduled_maintenances"][0], &event);
    has(
        &summary["scheduled_maintenances"][0],
        &["scheduled_for", "scheduled_until"],
    );
    has(
        &summary["incidents"][0]["incident_updates"][0],
        &[
            "id",
            "status",
            "body",
            "incident_id",
            "created_at",
            "updated_at",
            "display_at",
            "affected_components",
            "deliver_notifications",
            "custom_tweet",
            "tweet_id",
        ],
    );
    let component = summary["components"].as_array().unwrap().iter();
    for component in component {
        has(
            component,
            &[
                "id",
                "name",
                "status",
                "created_at",
                "updated_at",
                "position",
                "description",
                "showcase",
                "start_date",
                "group_id",
                "page_id",
                "group",
                "only_show_if_degraded",
            ],
        );
    }
    assert!(!answer.text().contains("Lena"));
}

#[tokio::test]
async fn work_far_ahead_stays_on_the_page_however_long_ago_it_was_entered() {
    let app = TestApp::campus().await;
    let mut work = upgrade();
    work["start"] = json!("2027-11-01T22:00");
    work["end"] = json!("2027-11-02T02:00");
    app.post("/api/v1/maintenances", &work).await.is(201);
    let body = json!({"services": {"portal": "degraded_performance"}, "severity": "P3"});
    app.post("/api/v1/incidents", &body).await.is(201);
    app.advance(60 * 24 * 100);
    app.refresh().await;
    fetch(&app, "GET", "/events/MNT-1", &[]).await.is(200);
    fetch(&app, "GET", "/events/INC-1", &[]).await.is(200);
    let summary = fetch(&app, "GET", "/api/v2/summary.json", &[]).await.json();
    assert_eq!(summary["incidents"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        summary["scheduled_maintenances"].as_array().map(Vec::len),
        Some(1)
    );
}

#[tokio::test]
async fn what_waits_for_approval_is_not_public() {
    let app = TestApp::campus().await;
    let mut work = upgrade();
    work["policy"] = json!("careful");
    app.post("/api/v1/maintenances", &work).await.is(201);
    app.refresh().await;
    fetch(&app, "GET", "/events/MNT-1", &[]).await.is(404);
    for path in [
        "/",
        "/calendar",
        "/calendar.json",
        "/calendar.ics",
        "/history.atom",
        "/api/v2/summary.json",
    ] {
        let text = fetch(&app, "GET", path, &[]).await.is(200).text();
        assert!(!text.contains("Student database upgrade"), "{path}");
    }
    app.post(
        "/api/v1/maintenances/MNT-1/approve",
        &serde_json::Value::Null,
    )
    .await
    .is(200);
    app.refresh().await;
    fetch(&app, "GET", "/events/MNT-1", &[]).await.is(200);
}

#[tokio::test]
async fn programs_that_look_in_vain_are_told_so_in_their_own_way() {
    let app = TestApp::campus().await;
    for path in ["/api/nope", "/api/v2/nope.json"] {
        let answer = app.request(As::Nobody, "GET", path, "").await.is(404);
        assert_eq!(
            answer.header("content-type"),
            "application/problem+json",
            "{path}"
        );
    }
}
