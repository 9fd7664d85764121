//! Who may do what: every call of the API's description and every address of the console, as everybody.

use crate::app::{As, TestApp, upgrade};
use crate::openapi::described;
use crate::private_pages::{happenings, look, member};
use axum::body::Body;
use axum::http::{Request, header};
use serde_json::json;

/// An address with things that are not there.
fn filled(path: &str) -> String {
    path.replace("{kind}", "services")
        .replace("{action}", "start")
        .replace("{n}", "1")
        .replace("{number}", "1")
        .replace("{id}", "no-such-thing")
        .replace("{version}", "1")
}

#[tokio::test]
async fn every_call_is_closed_to_strangers_and_changes_to_viewers() {
    let app = TestApp::campus().await;
    for (method, path) in described(&app).await {
        let path = format!("/api/v1{}", filled(&path));
        let looks = method == "get";
        for who in As::ALL {
            let answer = app.request(who, &method.to_uppercase(), &path, "{}").await;
            let status = answer.status.as_u16();
            let what = format!("{method} {path} as {who:?}: {}", answer.text());
            match who {
                As::Nobody => {
                    assert_eq!(status, 401, "{what}");
                    assert_eq!(answer.header("www-authenticate"), "Bearer");
                }
                // Names of people and machines of ours.
                As::Viewer if ["/api/v1/users", "/api/v1/tokens"].contains(&path.as_str()) => {
                    assert_eq!(status, 403, "{what}");
                }
                As::Viewer if looks => assert!([200, 404].contains(&status), "{what}"),
                As::Viewer => assert_eq!(status, 403, "{what}"),
                _ if path.contains("no-such-thing") && method != "put" => {
                    let restores = path.ends_with("/restore");
                    let forbidden = who == As::Operator && (method == "delete" || restores);
                    assert_eq!(status, if forbidden { 403 } else { 404 }, "{what}");
                }
                As::Operator if method == "put" => assert_eq!(status, 403, "{what}"),
                _ => assert_ne!(status, 401, "{what}"),
            }
        }
    }
    // What needs an administrator.
    for (method, path) in [
        ("POST", "/api/v1/documents"),
        ("POST", "/api/v1/contacts/import"),
        ("POST", "/api/v1/services"),
        ("POST", "/api/v1/contacts"),
        ("PUT", "/api/v1/audiences/customers"),
        ("DELETE", "/api/v1/contacts/alice"),
    ] {
        app.request(As::Operator, method, path, "{}").await.is(403);
    }
    app.get("/api/v1/contacts/alice").await.is(200);
}

#[tokio::test]
async fn a_call_that_is_not_there_is_closed_as_well() {
    let app = TestApp::new().await;
    for path in [
        "/api/v1",
        "/api/v1/",
        "/api/v1/a/b/c/d",
        "/api/v1/maintenances/x/y/z",
    ] {
        app.request(As::Nobody, "GET", path, "").await.is(401);
        app.request(As::Administrator, "GET", path, "")
            .await
            .is(404);
    }
    app.request(As::Administrator, "PATCH", "/api/v1/incidents", "")
        .await
        .is(405);
    app.request(As::Nobody, "PATCH", "/api/v1/incidents", "")
        .await
        .is(401);
}

#[tokio::test]
async fn only_real_tokens_open() {
    let app = TestApp::new().await;
    let with = |value: String| {
        let app = &app;
        async move {
            let request = Request::get("/api/v1/services").header(header::AUTHORIZATION, value);
            app.send(request.body(Body::empty()).unwrap()).await.status
        }
    };
    let good = As::Viewer.token();
    assert_eq!(with(format!("Bearer {good}")).await, 200);
    assert_eq!(with(format!("bearer {good}")).await, 200);
    assert_eq!(
        with("Bearer the token of the settings 012345".into()).await,
        200
    );
    for bad in [
        String::new(),
        "Bearer".into(),
        "Bearer ".into(),
        good.clone(),
        format!("Basic {good}"),
        format!("Bearer {good}x"),
        format!("Bearer {}", &good[1..]),
        format!("Bearer {}", As::Viewer.session()),
        format!("Bearer {}", forewarn_core::token::fingerprint(&good)),
    ] {
        assert_eq!(with(bad.clone()).await, 401, "{bad}");
    }
    // Tokens end.
    app.advance(60 * 24 * 401);
    assert_eq!(with(format!("Bearer {good}")).await, 401);
}

#[tokio::test]
async fn a_session_looks_through_the_api_and_changes_nothing() {
    let app = TestApp::campus().await;
    app.page(As::Viewer, "/api/v1/services").await.is(200);
    let cookie = format!("forewarn_session={}", As::Administrator.session());
    let request = Request::post("/api/v1/incidents").header(header::COOKIE, cookie);
    let body = json!({"services": {"portal": "major_outage"}, "severity": "P1"}).to_string();
    app.send(request.body(Body::from(body)).unwrap())
        .await
        .is(401);
}

/// Every page of the console.
const PAGES: [&str; 23] = [
    "/console",
    "/console/maintenances",
    "/console/maintenances/new",
    "/console/maintenances/MNT-1",
    "/console/incidents",
    "/console/incidents/new",
    "/console/incidents/INC-1",
    "/console/incidents/INC-1/calls",
    "/console/notices",
    "/console/deliveries",
    "/console/journal",
    "/console/services",
    "/console/audiences",
    "/console/calendar",
    "/console/contacts",
    "/console/contacts/alice",
    "/console/policies",
    "/console/search",
    "/console/settings",
    "/console/accounts",
    "/console/maintenances/people",
    "/console/caught",
    "/console/no-such-page",
];

/// Forms, and what is nobody's business who only looks.
fn is_for_operators(path: &str) -> bool {
    path.ends_with("/new") || path.ends_with("/settings")
}

/// Every form of the console.
const FORMS: [&str; 20] = [
    "/console/kept",
    "/console/channels/test",
    "/console/maintenances",
    "/console/maintenances/MNT-1/approve",
    "/console/maintenances/MNT-1/start",
    "/console/maintenances/MNT-1/complete",
    "/console/maintenances/MNT-1/cancel",
    "/console/maintenances/MNT-1/delay",
    "/console/maintenances/MNT-1/extend",
    "/console/maintenances/MNT-1/steps/1/done",
    "/console/incidents",
    "/console/incidents/INC-1/updates",
    "/console/incidents/INC-1/promise",
    "/console/incidents/INC-1/calls/vera",
    "/console/accounts/users",
    "/console/accounts/users/change",
    "/console/accounts/tokens",
    "/console/accounts/tokens/revoke",
    "/console/demo/next",
    "/console/demo/advance",
];

#[tokio::test]
async fn the_console_sends_strangers_to_sign_in_and_lets_viewers_look() {
    let app = TestApp::campus().await;
    app.post("/api/v1/maintenances", &upgrade()).await.is(201);
    let body = json!({"services": {"portal": "major_outage"}, "severity": "P1"});
    app.post("/api/v1/incidents", &body).await.is(201);
    for path in PAGES {
        let stranger = app.page(As::Nobody, path).await.is(303);
        let next: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
        assert_eq!(
            stranger.location(),
            format!("/console/sign-in?next={next}"),
            "{path}"
        );
        for who in [As::Viewer, As::Operator, As::Administrator] {
            let status = app.page(who, path).await.status.as_u16();
            let expected = match path {
                "/console/caught" | "/console/no-such-page" => 404,
                _ if is_for_operators(path) && who == As::Viewer => 403,
                _ => 200,
            };
            assert_eq!(status, expected, "{path} as {who:?}");
        }
    }
    for path in FORMS {
        let stranger = app.form(As::Nobody, path, &[]).await.is(303);
        assert_eq!(
            stranger.location(),
            "/console/sign-in?next=%2Fconsole",
            "{path}"
        );
        app.form(As::Viewer, path, &[]).await.is(403);
    }
    let shown = app.get("/api/v1/maintenances/MNT-1").await.json();
    assert_eq!(shown["status"], "scheduled");
    let journal = app.get("/api/v1/journal?event=MNT-1").await.json();
    assert_eq!(journal["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn what_is_not_there_is_404_in_the_console_too() {
    let app = TestApp::campus().await;
    for path in [
        "/console/maintenances/MNT-9",
        "/console/incidents/INC-9",
        "/console/caught/1",
        "/console/caught/1/html",
        "/console/maintenances/",
        "/console/x/y/z",
    ] {
        app.page(As::Operator, path).await.is(404);
    }
    for path in [
        "/console/maintenances/MNT-9/start",
        "/console/maintenances/MNT-9/explode",
        "/console/incidents/INC-9/updates",
        "/console/incidents/INC-9/promise",
        "/console/demo/next",
    ] {
        let fields = [
            ("text", "x"),
            ("status", "identified"),
            ("promise", "30min"),
        ];
        app.form(As::Operator, path, &fields).await.is(404);
    }
    app.form(As::Operator, "/console/notices", &[])
        .await
        .is(405);
}

#[tokio::test]
async fn what_everybody_may_see_needs_nobody() {
    let app = TestApp::campus().await;
    app.refresh().await;
    for path in [
        "/",
        "/history",
        "/api",
        "/api/openapi.json",
        "/api/v2/summary.json",
        "/healthz",
        "/readyz",
        "/metrics",
        "/console/sign-in",
        "/u/some-token",
    ] {
        app.request(As::Nobody, "GET", path, "").await.is(200);
    }
    app.request(As::Nobody, "GET", "/nothing-here", "")
        .await
        .is(404);
}

/// Every kind of address of a private page, with what is there: 404 for what not even its readers may see yet.
const PRIVATE: [(&str, u16); 14] = [
    ("", 200),
    ("/", 200),
    ("/de/", 200),
    ("/history", 200),
    ("/ar/history", 200),
    ("/calendar", 200),
    ("/events/INC-1", 200),
    ("/de/events/INC-2", 200),
    ("/events/MNT-1", 200),
    ("/events/MNT-1.ics", 200),
    ("/history.atom", 200),
    ("/calendar.ics", 200),
    ("/events/MNT-2", 404),
    ("/events/MNT-2.ics", 404),
];

#[tokio::test]
async fn a_private_page_is_read_by_its_members_and_by_whoever_works_here() {
    let app = TestApp::new().await;
    happenings(&app).await;
    let ours = member(&app, "staff", "ann@example.edu").await;
    let others = member(&app, "board", "bob@example.edu").await;
    for (path, there) in PRIVATE {
        let path = format!("/for/staff{path}");
        for who in As::ALL {
            // Tokens of programs open the API and no page.
            app.request(who, "GET", &path, "").await.is(403);
            let expected = if who == As::Nobody { 403 } else { there };
            app.page(who, &path).await.is(expected);
        }
        look(&app, "", &path).await.is(403);
        look(&app, &others, &path).await.is(403);
        let read = look(&app, &ours, &path).await.is(there);
        assert_eq!(read.header("cache-control"), "private, no-store", "{path}");
        // No page of anybody else's name is there, and none is at its address without it.
        look(&app, &ours, &path.replace("staff", "closed"))
            .await
            .is(403);
    }
    for form in ["sign-in", "sign-out", "other-feeds", "enter/x"] {
        let path = format!("/for/staff/{form}");
        for who in As::ALL {
            app.form(who, &path, &[("email", "ann@example.edu")])
                .await
                .is(403);
        }
    }
    // What opens a private page opens nothing else.
    for path in ["/console", "/api/v1/services"] {
        let status = look(&app, &ours, path).await.status.as_u16();
        assert!([303, 401].contains(&status), "{path}: {status}");
    }
}
