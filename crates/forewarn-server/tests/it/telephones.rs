//! Subscribing a telephone, as its owner does it, and as those try who want to have others pay.

use crate::app::{Answer, As, TestApp};
use crate::twilio::{signed, take};
use forewarn_store::Lane;
use serde_json::{Value, json};

const OPEN: &str = "
organisation: {name: Example University, time_zone: America/Los_Angeles, sms: {countries: [US, DE], daily_cap: 4}}
services: [{id: portal, name: Student portal}, {id: wiki, name: Wiki}]
audiences:
  - {id: everybody, name: Everybody, level: non_technical, channels: [email, sms], services: [portal], self_service: yes}
  - {id: readers, name: Readers, level: non_technical, channels: [email], services: [wiki], self_service: yes}
";

const ANN: &str = "+14155550100";

async fn open(app: &TestApp) {
    app.yaml("/api/v1/documents", OPEN).await.is(200);
    app.refresh().await;
}

async fn ask(app: &TestApp, number: &str) -> Answer {
    let fields = [("email", ""), ("sms", number), ("services", "portal")];
    app.form_with("", "/subscribe", &fields, &[]).await
}

async fn try_code(app: &TestApp, number: &str, code: &str) -> Answer {
    let fields = [("sms", number), ("code", code)];
    app.form_with("", "/subscribe/code", &fields, &[]).await
}

/// The codes that leave now, each with its number.
async fn codes(app: &TestApp) -> Vec<(String, String)> {
    let mut leaving = Vec::new();
    for delivery in take(app, Lane::Planned).await {
        let content = app
            .app
            .store
            .notice_content(&delivery.notice)
            .await
            .unwrap();
        let code = app.app.key.code_of_link(&content.unwrap().0.url).unwrap();
        leaving.push((delivery.endpoint.address().to_owned(), code));
    }
    leaving
}

fn without(page: &Answer, number: &str) -> (u16, String) {
    (page.status.as_u16(), page.text().replace(number, "NUMBER"))
}

async fn subscribed(app: &TestApp, number: &str) -> String {
    ask(app, number).await.is(200);
    let (to, code) = codes(app).await.pop().expect("a code");
    assert_eq!(to, number);
    try_code(app, number, &code)
        .await
        .is(303)
        .location()
        .to_owned()
}

async fn reasons(app: &TestApp) -> Vec<String> {
    let listed = app.get("/api/v1/deliveries").await.is(200).json();
    let items = listed["items"].as_array().unwrap().iter();
    let mut said: Vec<String> = items
        .filter_map(|d| d["reason"].as_str().map(str::to_owned))
        .collect();
    said.sort();
    said
}

on_both_databases! {
    async fn a_telephone_is_subscribed_changed_and_forgotten(app: TestApp) {
        open(&app).await;
        let form = app.request(As::Nobody, "GET", "/subscribe", "").await.is(200).text();
        assert!(form.contains("name=\"sms\"") && form.contains("We send to United States, Germany."), "{form}");
        let page = ask(&app, "+1 (415) 555-0100").await.is(200).text();
        assert!(page.contains("one-time-code") && page.contains("value=\"+14155550100\""), "{page}");
        let leaving = codes(&app).await;
        let [(number, code)] = leaving.as_slice() else { panic!("{leaving:?}") };
        assert_eq!((number.as_str(), code.len()), (ANN, 6));
        let id = app.get("/api/v1/subscriptions").await.is(200).json()["items"][0].clone();
        assert_eq!((&id["state"], &id["sms"], &id["email"]), (&json!("pending"), &json!(ANN), &Value::Null));
        let id = id["id"].as_str().unwrap().to_owned();
        app.get(&format!("/api/v1/contacts/{id}")).await.is(404);

        // Written as people write it.
        let spaced = format!("{} {}", &code[..3], &code[3..]);
        let own = try_code(&app, "+1 415 555 0100", &spaced).await.is(303).location().to_owned();
        try_code(&app, ANN, code).await.is(422);
        let page = app.request(As::Nobody, "GET", &own, "").await.is(200).text();
        assert!(page.contains("+14155550100 hears of what you choose here") && page.contains("value=\"portal\" checked"), "{page}");
        assert!(!page.contains("Wiki"), "no text messages are sent about it: {page}");
        let contact = app.get(&format!("/api/v1/contacts/{id}")).await.is(200).json();
        assert_eq!(contact["endpoints"], json!([{"channel": "sms", "number": ANN}]));
        app.form_with("", &format!("{own}/save"), &[("kinds", "incident")], &[]).await.is(200);
        let kept = app.form_with("", &format!("{own}/export"), &[], &[]).await.is(200).json();
        assert_eq!(kept["subscription"]["sms"], ANN);
        assert_eq!(kept["contact"]["kinds"], json!(["incident"]));
        app.form_with("", &format!("{own}/end"), &[], &[]).await.is(200);
        app.get(&format!("/api/v1/contacts/{id}/export")).await.is(404);
        assert!(!app.get("/api/v1/journal").await.text().contains("4155550100"));
    }

    async fn nobody_learns_anything_about_a_number(app: TestApp) {
        open(&app).await;
        subscribed(&app, ANN).await;
        let (stopped, hook) = ("+14155550102", "/hooks/twilio/messages");
        signed(&app, hook, &[("From", stopped), ("Body", "STOP")]).await.is(200);
        let known = without(&ask(&app, ANN).await.is(200), ANN);
        let unknown = "+14155550101";
        for number in [unknown, stopped, "+4915112345678", "+18765550100", "+447012345678", "+88212345678"] {
            assert_eq!(without(&ask(&app, number).await, number), known, "{number}");
        }
        assert_eq!(codes(&app).await.len(), 3, "who is known, who is not, and one in Germany");
        // The cap is reached by the next, and then by everybody.
        for n in 0..3 {
            let number = format!("+1415555020{n}");
            assert_eq!(without(&ask(&app, &number).await, &number), known, "{number}");
        }
        assert_eq!(codes(&app).await, []);
        assert_eq!(reasons(&app).await.iter().filter(|r| r.starts_with("the cap")).count(), 3);
        // The number that had its three is answered the same.
        let wrong = without(&try_code(&app, ANN, "000000").await.is(422), ANN);
        for number in [unknown, stopped, "+4915112345678", "+18765550100", "+15005550006"] {
            assert_eq!(without(&try_code(&app, number, "000000").await, number), wrong, "{number}");
        }
        // A new day in California: the count begins anew.
        app.advance(24 * 60);
        ask(&app, "+14155550300").await.is(200);
        assert_eq!(codes(&app).await.len(), 1);
    }

    async fn stop_ends_it_and_start_does_not_subscribe_anew(app: TestApp) {
        open(&app).await;
        let own = subscribed(&app, ANN).await;
        let hook = "/hooks/twilio/messages";
        let stop = signed(&app, hook, &[("From", ANN), ("Body", "Stop")]).await.is(200).text();
        assert_eq!(signed(&app, hook, &[("From", "+14155550109"), ("Body", "Stop")]).await.is(200).text(), stop);
        app.request(As::Nobody, "GET", &own, "").await.is(404);
        assert_eq!(app.get("/api/v1/subscriptions").await.json()["items"], json!([]));
        ask(&app, ANN).await.is(200);
        assert_eq!(codes(&app).await, []);
        let start = signed(&app, hook, &[("From", ANN), ("Body", "START")]).await.is(200).text();
        assert!(start.contains("does so anew"), "{start}");
        subscribed(&app, ANN).await;
    }

    async fn telephones_are_asked_for_only_where_that_is_open(app: TestApp) {
        let closed = OPEN.replace(", sms: {countries: [US, DE], daily_cap: 4}", "");
        let silent = OPEN.replace("channels: [email, sms]", "channels: [email]");
        for documents in [closed.as_str(), silent.as_str()] {
            app.yaml("/api/v1/documents", documents).await.is(200);
            app.refresh().await;
            let form = app.request(As::Nobody, "GET", "/subscribe", "").await.is(200).text();
            assert!(!form.contains("name=\"sms\""), "{form}");
            let refused = ask(&app, ANN).await.is(422).text();
            assert!(refused.contains("Telephones cannot be subscribed here. Enter a mail address."), "{refused}");
            let refused = app.post("/api/v1/subscriptions", &json!({"sms": ANN})).await.is(422);
            assert_eq!(refused.problems(), ["sms: telephones cannot be subscribed here"]);
        }
        assert_eq!(app.get("/api/v1/subscriptions").await.json()["items"], json!([]));
        open(&app).await;
        let id = app.post("/api/v1/subscriptions", &json!({"sms": ANN})).await.is(201).json()["id"].clone();
        assert_eq!(app.get("/api/v1/subscriptions").await.json()["items"][0]["id"], id);
        app.request(As::Nobody, "GET", "/subscribe/code", "").await.is(200);
        let both = app.form_with("", "/subscribe", &[("email", "ann@example.edu"), ("sms", ANN)], &[]).await.is(422).text();
        assert!(both.contains("a mail address or a telephone number, not both."), "{both}");
        let wrong = ask(&app, "0415").await.is(422).text();
        assert!(wrong.contains("The telephone number is missing or not complete.") && wrong.contains("value=\"0415\""), "{wrong}");
    }

    async fn who_reads_the_database_finds_no_code(app: TestApp) {
        open(&app).await;
        ask(&app, ANN).await.is(200);
        let (_, code) = codes(&app).await.remove(0);
        let mut copy = Vec::new();
        app.app.store.backup(&mut copy, app.app.clock.now()).await.unwrap();
        assert!(!String::from_utf8(copy).unwrap().contains(&code));
        assert!(!app.get("/api/v1/deliveries").await.text().contains(&code));
    }
}

#[tokio::test]
async fn without_a_provider_nobody_is_asked_for_a_number() {
    let app = TestApp::built(crate::app::Kind::Sqlite, None, None).await;
    open(&app).await;
    let form = app.request(As::Nobody, "GET", "/subscribe", "").await;
    assert!(!form.is(200).text().contains("name=\"sms\""));
    ask(&app, ANN).await.is(422);
}

#[tokio::test]
async fn one_network_cannot_try_codes_without_end() {
    let app = TestApp::new().await;
    open(&app).await;
    let from = |address: &str| {
        let from: std::net::SocketAddr = address.parse().unwrap();
        axum::http::Request::post("/subscribe/code")
            .extension(axum::extract::ConnectInfo(from))
            .body(axum::body::Body::from("sms=%2B14155550100&code=1"))
            .unwrap()
    };
    for _ in 0..30 {
        app.send(from("203.0.113.7:1")).await.is(422);
    }
    let refused = app.send(from("203.0.113.7:2")).await.is(429);
    assert_eq!(refused.header("retry-after"), "600");
    app.send(from("203.0.113.8:1")).await.is(422);
}

#[tokio::test]
async fn countries_and_cap_are_read_with_every_problem() {
    let app = TestApp::new().await;
    let wrong = OPEN.replace("[US, DE], daily_cap: 4", "[UK, Germny], daily_cap: none");
    let refused = app.yaml("/api/v1/documents", &wrong).await.is(422);
    assert_eq!(
        refused.problems(),
        [
            "organisation.sms.countries[0]: unknown country 'UK'; did you mean 'GB'?",
            "organisation.sms.countries[1]: unknown country 'Germny'; did you mean 'DE' (Germany)?",
            "organisation.sms.daily_cap: must be a number of messages from 1 to 100000",
        ]
    );
}
