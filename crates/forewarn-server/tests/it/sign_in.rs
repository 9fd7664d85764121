//! Signing in and out, and what a form must prove.

use crate::app::{Answer, As, PUBLIC_URL, TestApp};
use forewarn_core::token::fingerprint;
use forewarn_store::Role;

const PASSWORD: &str = "correct horse battery staple";

async fn with_ann() -> TestApp {
    let app = TestApp::new().await;
    let hash = forewarn_server::hash_password(PASSWORD).unwrap();
    let (store, now) = (&app.app.store, app.app.clock.now());
    store
        .put_user("ann", &hash, Role::Operator, "test", now)
        .await
        .unwrap();
    app
}

/// The sign-in form as a browser has it: its cookie and its token.
async fn form(app: &TestApp) -> (String, String) {
    let page = app.page(As::Nobody, "/console/sign-in").await.is(200);
    let visit = page.cookie("forewarn_visit").expect("a cookie");
    (format!("forewarn_visit={visit}"), page.csrf())
}

pub(crate) async fn attempt(app: &TestApp, user: &str, password: &str, next: &str) -> Answer {
    let (cookie, csrf) = form(app).await;
    let fields = [
        ("csrf", csrf.as_str()),
        ("user", user),
        ("password", password),
        ("next", next),
    ];
    app.form_with(&cookie, "/console/sign-in", &fields, &[])
        .await
}

#[tokio::test]
async fn the_right_password_opens_a_session_that_sign_out_ends() {
    let app = with_ann().await;
    let answer = attempt(&app, "ann", PASSWORD, "/console/notices?status=sent").await;
    let answer = answer.is(303);
    assert_eq!(answer.location(), "/console/notices?status=sent");
    let set: Vec<&str> = answer
        .headers
        .get_all("set-cookie")
        .iter()
        .filter_map(|v| v.to_str().ok())
        .filter(|v| v.starts_with("forewarn_session="))
        .collect();
    let token = answer.cookie("forewarn_session").unwrap();
    assert_eq!(
        set,
        [format!(
            "forewarn_session={token}; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax; Secure"
        )]
    );
    assert_eq!(token.len(), 32);
    // The store knows the token's fingerprint and not the token.
    let (store, now) = (&app.app.store, app.app.clock.now());
    assert!(store.session(&token, now).await.unwrap().is_none());
    let session = store.session(&fingerprint(&token), now).await.unwrap();
    assert_eq!(session.map(|s| s.user), Some("ann".into()));

    let cookie = format!("forewarn_session={token}");
    let csrf = app.app.key.form_token(&token);
    let out = app
        .form_with(&cookie, "/console/sign-out", &[("csrf", &csrf)], &[])
        .await;
    assert_eq!(out.is(303).location(), "/console/sign-in");
    let gone = app
        .form_with(&cookie, "/console/sign-out", &[("csrf", &csrf)], &[])
        .await;
    assert_eq!(gone.is(303).location(), "/console/sign-in?next=%2Fconsole");
}

#[tokio::test]
async fn sessions_end_after_twelve_hours_and_with_the_password() {
    let app = with_ann().await;
    let sign_in = || async {
        let answer = attempt(&app, "ann", PASSWORD, "").await.is(303);
        format!(
            "forewarn_session={}",
            answer.cookie("forewarn_session").unwrap()
        )
    };
    let look = |cookie: String| {
        let app = &app;
        async move {
            let request = axum::http::Request::get("/console").header("cookie", cookie);
            let answer = app.send(request.body(axum::body::Body::empty()).unwrap());
            answer.await.status.as_u16()
        }
    };
    let first = sign_in().await;
    assert_eq!(look(first.clone()).await, 200);
    app.advance(12 * 60 - 1);
    assert_eq!(look(first.clone()).await, 200);
    app.advance(2);
    assert_eq!(look(first).await, 303);
    let second = sign_in().await;
    let hash = forewarn_server::hash_password("another one").unwrap();
    let (store, now) = (&app.app.store, app.app.clock.now());
    store
        .put_user("ann", &hash, Role::Viewer, "test", now)
        .await
        .unwrap();
    assert_eq!(look(second).await, 303);
}

#[tokio::test]
async fn wrong_is_wrong_whether_the_name_exists_or_not() {
    let app = with_ann().await;
    let wrong = attempt(&app, "ann", "wrong", "").await.is(422);
    let unknown = attempt(&app, "nobody", PASSWORD, "").await.is(422);
    let plain = |answer: &Answer, name: &str| {
        let text = answer.text();
        let csrf = answer.csrf();
        text.replace(&csrf, "CSRF").replace(name, "NAME")
    };
    assert_eq!(plain(&wrong, "ann"), plain(&unknown, "nobody"));
    assert!(wrong.text().contains("The name or the password is wrong."));
    for (user, password) in [
        ("", ""),
        ("ann", ""),
        ("ann\0", PASSWORD),
        ("ANN", PASSWORD),
        (&"x".repeat(5_000), PASSWORD),
        ("ann", &"y".repeat(100_000)),
    ] {
        let answer = attempt(&app, user, password, "").await.is(422);
        assert_eq!(answer.cookie("forewarn_session"), None);
    }
}

#[tokio::test]
async fn ten_failures_make_one_wait_and_not_the_others() {
    let app = with_ann().await;
    for _ in 0..10 {
        attempt(&app, "ann", "guess", "").await.is(422);
    }
    let told = attempt(&app, "ann", PASSWORD, "").await.is(429);
    assert_eq!(told.header("retry-after"), "300");
    assert!(told.text().contains("Try again in 6 min."));
    attempt(&app, "somebody-else", "guess", "").await.is(422);
    app.page(As::Operator, "/console").await.is(200);
    app.advance(5);
    attempt(&app, "ann", PASSWORD, "").await.is(303);
    attempt(&app, "ann", "guess", "").await.is(422);
}

#[tokio::test]
async fn it_leads_nowhere_else() {
    let app = with_ann().await;
    for next in [
        "https://evil.test/",
        "//evil.test",
        "/\\evil.test",
        "/",
        "/console\\..\\..",
        "/console/sign-out",
    ] {
        let answer = attempt(&app, "ann", PASSWORD, next).await.is(303);
        assert_eq!(answer.location(), "/console", "{next}");
    }
    let known = app.page(As::Viewer, "/console/sign-in?next=/console/journal");
    assert_eq!(known.await.is(303).location(), "/console/journal");
}

#[tokio::test]
async fn a_form_proves_that_it_came_from_here() {
    let app = with_ann().await;
    let (cookie, csrf) = form(&app).await;
    let right = [
        ("csrf", csrf.as_str()),
        ("user", "ann"),
        ("password", PASSWORD),
    ];
    // The sign-in form.
    for (cookie, fields) in [
        (cookie.as_str(), &right[1..]),
        ("", &right[..]),
        ("forewarn_visit=another", &right[..]),
        ("forewarn_visit=", &[("csrf", "")][..]),
    ] {
        app.form_with(cookie, "/console/sign-in", fields, &[])
            .await
            .is(403);
    }
    let foreign = [("origin", "https://evil.test")];
    app.form_with(&cookie, "/console/sign-in", &right, &foreign)
        .await
        .is(403);
    // Every other form.
    let operator = app.app.key.form_token(&As::Operator.session());
    let viewer = app.app.key.form_token(&As::Viewer.session());
    for path in [
        "/console/sign-out",
        "/console/incidents",
        "/console/maintenances",
        "/console/maintenances/MNT-1/start",
        "/console/demo/next",
        "/console/no-such-page",
    ] {
        for wrong in ["", "x", viewer.as_str(), csrf.as_str()] {
            let fields = [("csrf", wrong)];
            app.raw_form(As::Operator, path, &fields, &[]).await.is(403);
        }
        app.raw_form(As::Operator, path, &[], &[]).await.is(403);
        for header in [
            ("origin", "https://evil.test"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            let fields = [("csrf", operator.as_str())];
            let headers = [header];
            let answer = app.raw_form(As::Operator, path, &fields, &headers);
            answer.await.is(403);
        }
    }
    // The same with all in order.
    for headers in [
        &[("origin", PUBLIC_URL)][..],
        &[("sec-fetch-site", "same-origin"), ("origin", PUBLIC_URL)],
    ] {
        let fields = [("csrf", operator.as_str())];
        app.raw_form(As::Operator, "/console/incidents", &fields, headers)
            .await
            .is(422);
    }
}
