//! Documents: applied whole or refused whole, with places and nearest names.

use crate::app::{As, CAMPUS, TestApp};
use serde_json::json;

on_both_databases! {
    async fn applying_twice_changes_nothing(app: TestApp) {
        let first = app.yaml("/api/v1/documents", CAMPUS).await.is(200).json();
        assert_eq!(
            first["created"],
            json!(["organisation/organisation", "services/database", "services/portal", "audiences/customers",
                   "audiences/engineers", "policies/careful", "contacts/alice", "contacts/bob"])
        );
        // Nobody said where to report trouble: that is told with the organisation, and not again with everything else.
        assert_eq!(first["warnings"][0]["field"], "organisation.contact");
        let second = app.yaml("/api/v1/documents", CAMPUS).await.is(200).json();
        assert_eq!(second, json!({"created": [], "changed": [], "unchanged": 8}));
        let other = CAMPUS.replace("name: Student portal", "name: The portal");
        let third = app.yaml("/api/v1/documents", &other).await.is(200).json();
        assert_eq!(
            third,
            json!({"created": [], "changed": ["services/portal"], "unchanged": 7,
                   "differences": [{"of": "services/portal", "field": "name", "before": "Student portal", "after": "The portal"}]})
        );
    }

    async fn a_dry_run_says_and_stores_nothing(app: TestApp) {
        let said = app.yaml("/api/v1/documents?dry_run=true", CAMPUS).await.is(200).json();
        assert_eq!(said["created"].as_array().map(Vec::len), Some(8));
        for kind in ["services", "audiences", "contacts", "policies", "templates"] {
            let listed = app.get(&format!("/api/v1/{kind}")).await.is(200).json();
            assert_eq!(listed, json!({"items": [], "next": null}), "{kind}");
        }
    }

    async fn no_answer_and_no_record_says_a_secret(app: TestApp) {
        let with = |secret: &str, hook: &str| format!("
organisation: {{name: Example University, time_zone: UTC, change_system: {{url: 'https://changes.example.edu/in', secret: {secret}}}}}
hooks: [{{id: prom, kind: alertmanager, secret: {hook}}}]
contacts: [{{id: ops, endpoints: {{webhook: {{url: 'https://ops.example.edu/in', secret: {secret}}}}}}}]
");
        let (old, new) = ("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3", "whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldY");
        let (before, after) = (with(old, "the-first-secret-0123"), with(new, "the-second-secret-0123"));
        app.yaml("/api/v1/documents", &before).await.is(200);
        let dry = app.yaml("/api/v1/documents?dry_run=true", &after).await.is(200);
        let done = app.yaml("/api/v1/documents", &after).await.is(200);
        assert_eq!(dry.json(), done.json());
        let hidden = json!({"url": "https://changes.example.edu/in", "secret": "(kept)"});
        assert_eq!(done.json()["differences"], json!([
            {"of": "organisation/organisation", "field": "change_system", "before": hidden, "after": hidden},
            {"of": "hooks/prom", "field": "secret", "before": "(kept)", "after": "(kept)"},
        ]));
        let mut said = vec![dry.text(), done.text(), app.yaml("/api/v1/documents", &before.replace("whsec_MDEy", "whsec_?")).await.text()];
        for path in ["journal", "contacts", "contacts/ops", "contacts/ops/export", "hooks", "hooks/prom", "audiences"] {
            said.push(app.get(&format!("/api/v1/{path}")).await.is(200).text());
        }
        for page in ["hooks", "audiences", "journal"] {
            said.push(app.page(As::Administrator, &format!("/console/{page}")).await.is(200).text());
        }
        for secret in [old, new, "the-first-secret", "the-second-secret", "QUJDREVG", "Njc4OWFi"] {
            let found: Vec<&String> = said.iter().filter(|text| text.contains(secret)).collect();
            assert!(found.is_empty(), "{secret}: {found:?}");
        }
        let kept = app.app.store.catalogue().await.unwrap().organisation.change_system.unwrap();
        assert_eq!(kept.secret.unwrap().reveal(), new, "it is stored all the same");
    }

    async fn documents_are_kept_in_the_order_of_the_file(app: TestApp) {
        app.apply_campus().await;
        let listed = app.get("/api/v1/services").await.is(200).json();
        let ids: Vec<&str> = listed["items"].as_array().unwrap().iter().filter_map(|s| s["id"].as_str()).collect();
        assert_eq!(ids, ["database", "portal"]);
        let one = app.get("/api/v1/services/portal").await.is(200).json();
        assert_eq!(one["depends_on"], json!(["database"]));
    }
}

#[tokio::test]
async fn everything_wrong_is_told_with_its_place_and_nothing_is_stored() {
    let app = TestApp::new().await;
    let text = "services:
  - {id: portal, name: Portal}
  - {id: sso, name: Sign-in, depends_on: [portl]}
audiences:
  - {id: students, name: Students, level: non_tecnical, channels: [email], services: [portal]}
servces: []
";
    let refused = app.yaml("/api/v1/documents", text).await.is(422);
    let problem = refused.json();
    assert_eq!(problem["detail"], "the input has 3 problems");
    let places: Vec<(String, u64, u64)> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| {
            (
                e["field"].as_str().unwrap().to_owned(),
                e["line"].as_u64().unwrap(),
                e["column"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        places,
        [
            ("services[1].depends_on[0]".to_owned(), 3, 43),
            ("audiences[0].level".to_owned(), 5, 43),
            ("servces".to_owned(), 6, 1),
        ]
    );
    assert_eq!(
        refused.problems(),
        [
            "services[1].depends_on[0]: unknown service 'portl'; did you mean 'portal'?",
            "audiences[0].level: unknown level 'non_tecnical'; did you mean 'non_technical'?",
            "servces: unknown part 'servces'; did you mean 'services'?",
        ]
    );
    let listed = app.get("/api/v1/services").await.json();
    assert_eq!(listed["items"], json!([]));
}

#[tokio::test]
async fn text_that_is_neither_yaml_nor_json_is_refused_with_line_and_column() {
    let app = TestApp::new().await;
    let refused = app
        .yaml("/api/v1/documents", "a: [1,\nb: 2\n")
        .await
        .is(422);
    assert!(refused.json()["errors"][0]["line"].is_u64());
    let refused = app.post("/api/v1/maintenances", &json!("no map")).await;
    refused.is(422);
    let refused = app
        .request(As::Administrator, "POST", "/api/v1/incidents", "{\"a\": }")
        .await
        .is(400);
    assert_eq!(refused.json()["errors"][0]["column"], 7);
}

#[tokio::test]
async fn one_thing_is_added_shown_replaced_and_removed() {
    let app = TestApp::campus().await;
    let mail = json!({"id": "mail", "name": "Mail"});
    app.post("/api/v1/services", &mail).await.is(201);
    let shown = app.get("/api/v1/services/mail").await.is(200).json();
    assert_eq!(shown["name"], "Mail");
    let other = json!({"id": "mail", "name": "Mailboxes"}).to_string();
    app.request(As::Administrator, "PUT", "/api/v1/services/mail", &other)
        .await
        .is(200);
    let elsewhere = app
        .request(As::Administrator, "PUT", "/api/v1/services/post", &other)
        .await
        .is(422);
    assert_eq!(
        elsewhere.problems(),
        ["id: must be 'post', as in the address"]
    );
    let remove = async |id: &str| {
        let path = format!("/api/v1/services/{id}");
        app.request(As::Administrator, "DELETE", &path, "").await
    };
    remove("mail").await.is(204);
    remove("mail").await.is(404);
    app.get("/api/v1/services/mail").await.is(404);
    let missing = app.get("/api/v1/servces").await.is(404);
    assert_eq!(
        missing.json()["detail"],
        "there is no such call; unknown kind 'servces'; did you mean 'services'?"
    );
}
