//! Self-service subscription, as people without any account do it, and as operators see it.

use crate::app::{Answer, As, TestApp};
use forewarn_store::Lane;
use serde_json::{Value, json};

const OPEN: &str = "
organisation: {name: Example University, time_zone: America/Los_Angeles}
services: [{id: portal, name: Student portal}, {id: wiki, name: Wiki}, {id: hidden, name: Back office}]
audiences:
  - {id: everybody, name: Everybody, level: non_technical, services: [portal, wiki], self_service: yes}
  - {id: staff, name: Staff, level: technical, services: ['*']}
";

async fn open(app: &TestApp) {
    app.yaml("/api/v1/documents", OPEN).await.is(200);
    app.refresh().await;
}

async fn ask(app: &TestApp, fields: &[(&str, &str)]) -> Answer {
    app.form_with("", "/subscribe", fields, &[]).await
}

/// The link in the newest mail to anybody, as the message holds it.
async fn newest_link(app: &TestApp) -> String {
    let now = app.app.clock.now();
    let claimed = app
        .app
        .store
        .claim(Lane::Planned, "test", now, 100)
        .await
        .unwrap();
    let mut newest = String::new();
    for delivery in claimed {
        let (content, _) = app
            .app
            .store
            .notice_content(&delivery.notice)
            .await
            .unwrap()
            .unwrap();
        // As it leaves.
        let url = app.app.key.complete_link(&content.url);
        let url = url
            .strip_prefix(crate::app::PUBLIC_URL)
            .expect("our own link");
        url.clone_into(&mut newest);
    }
    newest
}

fn without(page: &Answer, address: &str) -> (u16, String) {
    (
        page.status.as_u16(),
        page.text().replace(address, "ADDRESS"),
    )
}

on_both_databases! {
    async fn a_mailbox_is_subscribed_changed_and_forgotten(app: TestApp) {
        app.request(As::Nobody, "GET", "/subscribe", "").await.is(404);
        open(&app).await;
        let form = app.request(As::Nobody, "GET", "/subscribe", "").await.is(200).text();
        assert!(form.contains("Student portal") && !form.contains("Back office"), "{form}");
        ask(&app, &[("email", "ann@example.edu"), ("services", "portal"), ("time_zone", "Europe/Berlin")]).await.is(200);
        let link = newest_link(&app).await;
        // A program that follows links confirms nothing.
        let page = app.request(As::Nobody, "GET", &link, "").await.is(200).text();
        assert!(page.contains("ann@example.edu will hear"), "{page}");
        let id = app.get("/api/v1/subscriptions").await.is(200).json()["items"][0].clone();
        assert_eq!((&id["state"], &id["email"]), (&json!("pending"), &json!("ann@example.edu")));
        let id = id["id"].as_str().unwrap().to_owned();
        app.get(&format!("/api/v1/contacts/{id}")).await.is(404);

        let confirmed = app.form_with("", &format!("{link}/confirm"), &[], &[]).await.is(303);
        let own = confirmed.location().to_owned();
        app.form_with("", &format!("{link}/confirm"), &[], &[]).await.is(404);
        let contact = app.get(&format!("/api/v1/contacts/{id}")).await.is(200).json();
        assert_eq!((&contact["services"], &contact["time_zone"]), (&json!(["portal"]), &json!("Europe/Berlin")));
        let page = app.request(As::Nobody, "GET", &own, "").await.is(200).text();
        assert!(page.contains("value=\"portal\" checked") && !page.contains("value=\"wiki\" checked"), "{page}");

        // Audiences open to self-service have it, the others do not.
        let mut work = crate::app::upgrade();
        work["services"] = json!(["portal"]);
        app.post("/api/v1/maintenances", &work).await.is(201);
        let reach = app.get(&format!("/api/v1/maintenances/MNT-1/plan/reach?contact={id}")).await.json();
        assert_eq!(reach["because"].as_array().unwrap().len(), 1, "{reach}");
        assert!(reach["because"][0].as_str().unwrap().starts_with("gets it as one of 'Everybody'"), "{reach}");

        let saved = app.form_with("", &format!("{own}/save"), &[("kinds", "incident")], &[]).await.is(200).text();
        assert!(saved.contains("Your choices are kept") && saved.contains("value=\"incident\" checked"), "{saved}");
        let reach = app.get(&format!("/api/v1/maintenances/MNT-1/plan/reach?contact={id}")).await.json();
        assert!(reach["because"][0].as_str().unwrap().ends_with("chose other kinds of event"), "{reach}");
        let wrong = app.form_with("", &format!("{own}/save"), &[("services", "hidden"), ("time_zone", "Berlin")], &[]).await.is(422).text();
        assert!(wrong.contains("Choose the services again") && wrong.contains("Enter one such as Europe/Berlin"), "{wrong}");
        assert!(wrong.contains("value=\"Berlin\"") && !wrong.contains("value=\"incident\" checked"), "what was typed stays: {wrong}");

        let kept = app.form_with("", &format!("{own}/export"), &[], &[]).await.is(200).json();
        assert_eq!(kept["contact"]["endpoints"][0]["address"], "ann@example.edu");
        assert_eq!(app.get(&format!("/api/v1/contacts/{id}/export")).await.is(200).json()["messages"], kept["messages"]);
        app.form_with("", &format!("{own}/end"), &[], &[]).await.is(200);
        for path in [format!("/api/v1/contacts/{id}"), format!("/api/v1/contacts/{id}/export"), format!("/api/v1/subscriptions/{id}")] {
            app.get(&path).await.is(404);
        }
        app.request(As::Nobody, "GET", &own, "").await.is(404);
        let journal = app.get(&format!("/api/v1/journal?event={id}")).await.json().to_string();
        for action in ["asked", "confirmed", "changed"] {
            assert!(journal.contains(&format!("subscription.{action}")), "{journal}");
        }
        assert!(!app.get("/api/v1/journal").await.text().contains("ann@example.edu"));
    }

    async fn nobody_learns_whether_an_address_is_subscribed(app: TestApp) {
        open(&app).await;
        let first = ask(&app, &[("email", "ann@example.edu")]).await;
        let link = newest_link(&app).await;
        app.form_with("", &format!("{link}/confirm"), &[], &[]).await.is(303);
        let known = ask(&app, &[("email", "ann@example.edu"), ("services", "wiki")]).await;
        let unknown = ask(&app, &[("email", "bob@example.edu"), ("services", "wiki")]).await;
        assert_eq!(without(&known, "ann@example.edu"), without(&unknown, "bob@example.edu"));
        assert_eq!(without(&first, "ann@example.edu"), without(&unknown, "bob@example.edu"));
        // Who floods an address is answered as before, and sends nothing more.
        for _ in 0..6 {
            let again = ask(&app, &[("email", "ann@example.edu")]).await;
            assert_eq!(without(&again, "ann@example.edu"), without(&unknown, "bob@example.edu"));
        }
        let real = app.app.key.subscription_token("subscriber-x", "nonce");
        for token in ["x", "a.b.c", real.as_str(), "%C3%A4.b.c"] {
            let shown = app.request(As::Nobody, "GET", &format!("/subscription/{token}"), "").await.is(404).text();
            assert!(shown.contains("This link does not work any more"), "{shown}");
            for act in ["confirm", "save", "export", "end"] {
                app.form_with("", &format!("/subscription/{token}/{act}"), &[], &[]).await.is(404);
            }
        }
    }

    async fn operators_see_and_change_subscriptions(app: TestApp) {
        app.yaml("/api/v1/documents", &OPEN.replace(", self_service: yes", "")).await.is(200);
        let body = json!({"email": "ann@example.edu", "kinds": ["incident"]});
        app.post("/api/v1/subscriptions", &body).await.is(409);
        open(&app).await;
        let id = app.post("/api/v1/subscriptions", &body).await.is(201).json()["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/subscriptions/{id}");
        let put = |who, body: Value| {
            let (path, app) = (path.clone(), &app);
            async move { app.request(who, "PUT", &path, &body.to_string()).await }
        };
        put(As::Administrator, json!({"services": ["wiki"]})).await.is(409);
        let link = newest_link(&app).await;
        app.form_with("", &format!("{link}/confirm"), &[], &[]).await.is(303);
        put(As::Operator, json!({})).await.is(403);
        let changed = put(As::Administrator, json!({"services": ["wiki"]})).await.is(200).json();
        assert_eq!((&changed["services"], &changed["kinds"]), (&json!(["wiki"]), &json!([])));
        let refused = put(As::Administrator, json!({"services": ["wikki"], "email": "x@y.example"})).await.is(422);
        assert_eq!(refused.problems().len(), 2, "{:?}", refused.problems());
        app.request(As::Administrator, "DELETE", &path, "").await.is(204);
        app.request(As::Administrator, "DELETE", &path, "").await.is(404);
    }

    async fn what_is_kept_can_be_fetched_some_times_and_not_for_ever(app: TestApp) {
        open(&app).await;
        ask(&app, &[("email", "ann@example.edu")]).await.is(200);
        let link = newest_link(&app).await;
        let own = app.form_with("", &format!("{link}/confirm"), &[], &[]).await.is(303).location().to_owned();
        for _ in 0..5 {
            app.form_with("", &format!("{own}/export"), &[], &[]).await.is(200);
        }
        let refused = app.form_with("", &format!("{own}/export"), &[], &[]).await.is(429);
        assert_eq!(refused.header("retry-after"), "600");
        // Who has no such link is told that, however often; and time heals.
        app.form_with("", "/subscription/x.y.z/export", &[], &[]).await.is(404);
        app.app.clock.advance(jiff::SignedDuration::from_mins(10));
        app.form_with("", &format!("{own}/export"), &[], &[]).await.is(200);
    }
}

#[tokio::test]
async fn a_form_that_is_wrong_says_so_and_keeps_what_was_typed() {
    let app = TestApp::new().await;
    open(&app).await;
    let fields = [
        ("email", "ann at example"),
        ("services", "wiki"),
        ("kinds", "incident"),
    ];
    let refused = ask(&app, &fields).await.is(422).text();
    assert!(
        refused.contains("The mail address is missing or not complete."),
        "{refused}"
    );
    assert!(
        refused.contains("value=\"ann at example\"") && refused.contains("value=\"wiki\" checked"),
        "{refused}"
    );
    assert!(
        app.get("/api/v1/subscriptions").await.json()["items"]
            .as_array()
            .unwrap()
            .is_empty()
    );
}

/// As it comes from this address.
async fn ask_from(app: &TestApp, address: &str, email: &str) -> Answer {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("email", email)
        .finish();
    let from: std::net::SocketAddr = address.parse().unwrap();
    let request = axum::http::Request::post("/subscribe")
        .extension(axum::extract::ConnectInfo(from))
        .body(axum::body::Body::from(body));
    app.send(request.unwrap()).await
}

#[tokio::test]
async fn one_network_cannot_ask_without_end_and_a_proxy_can() {
    let app = TestApp::new().await;
    open(&app).await;
    for n in 0..20 {
        ask_from(&app, "203.0.113.7:1", &format!("p{n}@example.edu"))
            .await
            .is(200);
    }
    let refused = ask_from(&app, "203.0.113.7:2", "p20@example.edu")
        .await
        .is(429);
    assert_eq!(refused.header("retry-after"), "600");
    for n in 20..45 {
        ask_from(&app, "127.0.0.1:1", &format!("p{n}@example.edu"))
            .await
            .is(200);
    }
    app.advance(11);
    ask_from(&app, "203.0.113.7:3", "p46@example.edu")
        .await
        .is(200);
    let long = "x".repeat(70_000);
    let refused = ask(&app, &[("email", &long)]).await.is(413);
    assert!(
        refused.text().contains("That did not work"),
        "{}",
        refused.text()
    );
}

#[tokio::test]
async fn an_export_holds_no_secret() {
    let app = TestApp::new().await;
    open(&app).await;
    let hook = "contacts: [{id: hook, endpoints: {webhook: {url: 'https://a.example/', secret: whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3}}}]";
    app.yaml("/api/v1/documents", hook).await.is(200);
    let kept = app.get("/api/v1/contacts/hook/export").await.is(200).text();
    assert!(
        kept.contains("https://a.example/") && !kept.contains("whsec_"),
        "{kept}"
    );
}
