//! Contacts: kept one by one or as a list.

use crate::app::{As, TestApp};
use axum::body::Body;
use axum::http::{Request, header};
use serde_json::json;

on_both_databases! {
    async fn a_contact_lives_and_goes(app: TestApp) {
        app.apply_campus().await;
        let carol = json!({"id": "carol", "name": "Carol", "audiences": ["customers"],
            "endpoints": {"email": "carol@example.edu"}});
        app.post("/api/v1/contacts", &carol).await.is(201);
        let shown = app.get("/api/v1/contacts/carol").await.is(200).json();
        assert_eq!(shown["name"], "Carol");
        assert_eq!(shown["states"], json!([["email", "carol@example.edu", "active", null]]));
        let mut other = carol.clone();
        other["endpoints"]["email"] = json!("carol@new.example.edu");
        let changed = app.request(As::Administrator, "PUT", "/api/v1/contacts/carol", &other.to_string()).await.is(200).json();
        assert_eq!(changed["changed"], json!(["contacts/carol"]));
        let shown = app.get("/api/v1/contacts/carol").await.json();
        assert_eq!(shown["states"], json!([["email", "carol@new.example.edu", "active", null]]));
        app.request(As::Administrator, "DELETE", "/api/v1/contacts/carol", "").await.is(204);
        app.request(As::Administrator, "DELETE", "/api/v1/contacts/carol", "").await.is(404);
        app.get("/api/v1/contacts/carol").await.is(404);
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_contact_is_told_at_its_fields() {
    let app = TestApp::campus().await;
    let wrong = json!({"id": "carol", "audiences": ["customer"], "endpoints": {"email": "carol@"}});
    let refused = app.post("/api/v1/contacts", &wrong).await.is(422);
    assert_eq!(
        refused.problems(),
        [
            "contacts[0].audiences[0]: unknown audience 'customer'; did you mean 'customers'?",
            "contacts[0].endpoints.email: 'carol@' is not a mail address such as name@example.org",
        ]
    );
    app.get("/api/v1/contacts/carol").await.is(404);
}

async fn import(app: &TestApp, csv: impl Into<Vec<u8>>) -> crate::app::Answer {
    let request = Request::post("/api/v1/contacts/import")
        .header(
            header::AUTHORIZATION,
            format!("Bearer {}", As::Administrator.token()),
        )
        .header(header::CONTENT_TYPE, "text/csv")
        .body(Body::from(csv.into()))
        .unwrap();
    app.send(request).await
}

#[tokio::test]
async fn a_list_answers_with_what_it_did() {
    let app = TestApp::campus().await;
    let csv = "id,name,email,audiences\nalice,Alice,alice@example.edu,customers\ndora,Dora,dora@example.edu,customers\n";
    let answer = import(&app, csv).await.is(200).json();
    assert!(answer["rejected"].is_array());
    for key in ["created", "changed", "unchanged"] {
        assert!(answer[key].is_u64(), "{key}: {answer}");
    }
}

#[tokio::test]
async fn a_line_that_is_not_utf_8_is_left_out_alone() {
    let app = TestApp::campus().await;
    let csv =
        b"id,name,email,audiences\nzoe,Zo\xeb,zoe@example.edu,customers\ndora,Dora,dora@example.edu,customers\n";
    let answer = import(&app, csv.to_vec()).await.is(200).json();
    assert_eq!(answer["created"], 1, "{answer}");
    let rejected = &answer["rejected"];
    assert_eq!(
        (&rejected[0]["line"], rejected.as_array().map(Vec::len)),
        (&serde_json::json!(2), Some(1)),
        "{answer}"
    );
}

#[tokio::test]
async fn the_address_of_a_room_is_seen_by_those_who_may_enter_it() {
    let app = TestApp::campus().await;
    let room = "contacts: [{id: room, audiences: [engineers], endpoints: {chat: {kind: slack, url: 'https://hooks.example.test/T/B/X'}}}]";
    app.yaml("/api/v1/documents", room).await.is(200);
    for (who, whole) in [
        (As::Viewer, false),
        (As::Operator, false),
        (As::Administrator, true),
    ] {
        for path in ["/api/v1/contacts/room", "/api/v1/contacts"] {
            let text = app.request(who, "GET", path, "").await.is(200).text();
            assert!(text.contains("hooks.example.test"), "{text}");
            assert_eq!(text.contains("T/B/X"), whole, "{path} as {who:?}: {text}");
        }
    }
}
