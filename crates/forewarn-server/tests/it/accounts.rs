//! Who may sign in and which programs may call, from outside.

use crate::app::{As, TestApp};
use crate::sign_in::attempt;
use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value, json};

async fn put(app: &TestApp, name: &str, body: &Value) -> crate::app::Answer {
    let path = format!("/api/v1/users/{name}");
    app.request(As::Administrator, "PUT", &path, &body.to_string())
        .await
}

async fn with_token(app: &TestApp, token: &str, method: &str, path: &str) -> u16 {
    let request = Request::builder().method(method).uri(path);
    let request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    let answer = app.send(request.body(Body::from("{}")).unwrap()).await;
    answer.status.as_u16()
}

async fn names(app: &TestApp, path: &str) -> Vec<String> {
    let list = app.request(As::Operator, "GET", path, "").await.is(200);
    let items = list.json()["items"].as_array().cloned().unwrap_or_default();
    let name = |item: &Value| item["name"].as_str().unwrap_or_default().to_owned();
    items.iter().map(name).collect()
}

#[tokio::test]
async fn somebody_new_signs_in_with_the_password_that_was_made() {
    let app = TestApp::new().await;
    let made = put(&app, "sam@example.edu", &json!({"role": "operator"}))
        .await
        .is(201)
        .json();
    let password = made["password"].as_str().expect("a password").to_owned();
    attempt(&app, "sam@example.edu", &password, "")
        .await
        .is(303);
    // Asked again, nothing is made.
    let again = put(&app, "sam@example.edu", &json!({"role": "operator"})).await;
    assert_eq!(again.is(200).json().get("password"), None);
    // A new one takes the place of the old.
    let other = put(&app, "sam@example.edu", &json!({"new_password": true}))
        .await
        .is(200)
        .json();
    assert_eq!(other["role"], "operator");
    attempt(&app, "sam@example.edu", &password, "")
        .await
        .is(422);
    let password = other["password"].as_str().expect("a password");
    attempt(&app, "sam@example.edu", password, "").await.is(303);
    let listed = names(&app, "/api/v1/users").await;
    assert!(listed.contains(&"sam@example.edu".into()), "{listed:?}");
    // Neither the list nor the journal knows a password.
    for path in ["/api/v1/users", "/api/v1/journal"] {
        let said = app.get(path).await.is(200).text();
        assert!(
            !said.contains(password) && !said.contains("argon2"),
            "{said}"
        );
    }
    let gone = "/api/v1/users/sam@example.edu";
    app.request(As::Administrator, "DELETE", gone, "")
        .await
        .is(204);
    app.request(As::Administrator, "DELETE", gone, "")
        .await
        .is(404);
    attempt(&app, "sam@example.edu", password, "").await.is(422);
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let app = TestApp::new().await;
    let only = "/api/v1/users/administrator";
    let refused = app.request(As::Administrator, "DELETE", only, "").await;
    let refused = refused.is(409).text();
    assert!(refused.contains("last administrator"), "{refused}");
    put(&app, "administrator", &json!({"role": "viewer"}))
        .await
        .is(409);
    put(&app, "eve", &json!({"role": "administrator"}))
        .await
        .is(201);
    put(&app, "administrator", &json!({"role": "viewer"}))
        .await
        .is(200);
}

#[tokio::test]
async fn all_that_is_wrong_with_a_user_or_token_is_said_at_once() {
    let app = TestApp::new().await;
    let body = json!({"role": "boss", "password": "short", "colour": 1});
    let wrong = put(&app, "token:ci", &body);
    let wrong = wrong.await.is(422).text();
    for field in ["\"name\"", "\"role\"", "\"password\"", "\"colour\""] {
        assert!(wrong.contains(field), "{field}: {wrong}");
    }
    put(&app, "ann", &json!({})).await.is(422);
    put(
        &app,
        "ann",
        &json!({"role": "viewer", "password": "long enough it is", "new_password": true}),
    )
    .await
    .is(422);
    assert!(!names(&app, "/api/v1/users").await.contains(&"ann".into()));
    let wrong = app
        .post(
            "/api/v1/tokens",
            &json!({"name": "a:b", "role": "", "expires": "2001-01-01T00:00:00Z"}),
        )
        .await
        .is(422)
        .text();
    for field in ["\"name\"", "\"role\"", "\"expires\""] {
        assert!(wrong.contains(field), "{field}: {wrong}");
    }
    assert!(!names(&app, "/api/v1/tokens").await.contains(&"a:b".into()));
}

#[tokio::test]
async fn a_token_opens_what_its_role_may_until_it_is_revoked() {
    let app = TestApp::new().await;
    let body = json!({"name": "ci", "role": "viewer"});
    let made = app.post("/api/v1/tokens", &body).await.is(201).json();
    let token = made["token"].as_str().expect("a token");
    assert_eq!(
        with_token(&app, token, "GET", "/api/v1/services").await,
        200
    );
    assert_eq!(
        with_token(&app, token, "POST", "/api/v1/maintenances").await,
        403
    );
    assert_eq!(
        with_token(&app, token, "PUT", "/api/v1/users/ci").await,
        403
    );
    app.post("/api/v1/tokens", &body).await.is(409);
    for path in ["/api/v1/tokens", "/api/v1/journal"] {
        assert!(!app.get(path).await.is(200).text().contains(token));
    }
    let at = "/api/v1/tokens/ci";
    app.request(As::Operator, "DELETE", at, "").await.is(403);
    app.request(As::Administrator, "DELETE", at, "")
        .await
        .is(204);
    app.request(As::Administrator, "DELETE", at, "")
        .await
        .is(404);
    assert_eq!(
        with_token(&app, token, "GET", "/api/v1/services").await,
        401
    );
}

#[tokio::test]
async fn the_console_shows_a_secret_once_and_only_to_administrators() {
    let app = TestApp::new().await;
    let fields = [("user", "sam"), ("role", "operator")];
    app.form(As::Operator, "/console/accounts/users", &fields)
        .await
        .is(403);
    let page = app
        .form(As::Administrator, "/console/accounts/users", &fields)
        .await;
    let page = page.is(201).text();
    let password = page
        .split("mono said\">")
        .nth(1)
        .and_then(|rest| rest.split('<').next());
    let password = password.expect("a password").to_owned();
    attempt(&app, "sam", &password, "").await.is(303);
    let again = app
        .page(As::Administrator, "/console/accounts")
        .await
        .is(200)
        .text();
    assert!(!again.contains(&password));
    // Once more is a mistake and no new password.
    let page = app
        .form(As::Administrator, "/console/accounts/users", &fields)
        .await;
    assert!(page.is(422).text().contains("known already"));
    attempt(&app, "sam", &password, "").await.is(303);
    let token = [
        ("token", "ci"),
        ("token_role", "boss"),
        ("expires", "2001-01-01"),
    ];
    let page = app
        .form(As::Administrator, "/console/accounts/tokens", &token)
        .await;
    let page = page.is(422).text();
    assert!(
        page.contains("e-token_role") && page.contains("e-expires"),
        "{page}"
    );
    let change = [("name", "sam"), ("do", "remove")];
    app.form(As::Administrator, "/console/accounts/users/change", &change)
        .await
        .is(303);
    attempt(&app, "sam", &password, "").await.is(422);
    let looks = app
        .page(As::Viewer, "/console/accounts")
        .await
        .is(200)
        .text();
    assert!(
        !looks.contains("operator") && looks.contains("Your own password"),
        "{looks}"
    );
}

#[tokio::test]
async fn everybody_changes_their_own_password_and_nobody_guesses_at_it() {
    let app = TestApp::new().await;
    put(
        &app,
        "ann",
        &json!({"role": "viewer", "password": "correct horse battery"}),
    )
    .await
    .is(201);
    let signed_in = attempt(&app, "ann", "correct horse battery", "")
        .await
        .is(303);
    let session = signed_in.cookie("forewarn_session").expect("a session");
    let cookie = format!("forewarn_session={session}");
    let csrf = app.app.key.form_token(&session);
    let change = |current: &'static str, password: &'static str, again: &'static str| {
        let (app, cookie, csrf) = (&app, &cookie, &csrf);
        async move {
            let fields = [
                ("csrf", csrf.as_str()),
                ("current", current),
                ("password", password),
                ("again", again),
            ];
            app.form_with(cookie, "/console/accounts/password", &fields, &[])
                .await
        }
    };
    let wrong = change("wrong", "short", "other").await.is(422).text();
    for field in ["e-current", "e-password"] {
        assert!(wrong.contains(field), "{field}: {wrong}");
    }
    assert!(!wrong.contains("value=\"short\""), "{wrong}");
    change(
        "correct horse battery",
        "staple and more of it",
        "staple and more of it",
    )
    .await
    .is(303);
    // Signed out everywhere.
    let gone = change(
        "staple and more of it",
        "another one of those",
        "another one of those",
    )
    .await;
    assert!(gone.is(303).location().starts_with("/console/sign-in"));
    attempt(&app, "ann", "correct horse battery", "")
        .await
        .is(422);
    let signed_in = attempt(&app, "ann", "staple and more of it", "")
        .await
        .is(303);
    let session = signed_in.cookie("forewarn_session").expect("a session");
    let cookie = format!("forewarn_session={session}");
    let csrf = app.app.key.form_token(&session);
    let guess = [
        ("csrf", csrf.as_str()),
        ("current", "no"),
        ("password", "a long one it is"),
        ("again", "a long one it is"),
    ];
    for _ in 0..10 {
        app.form_with(&cookie, "/console/accounts/password", &guess, &[])
            .await
            .is(422);
    }
    let waits = [
        ("csrf", csrf.as_str()),
        ("current", "staple and more of it"),
        ("password", "a long one it is"),
        ("again", "a long one it is"),
    ];
    let page = app
        .form_with(&cookie, "/console/accounts/password", &waits, &[])
        .await;
    assert!(page.is(422).text().contains("Too many attempts failed"));
}
