//! One-click unsubscribe (RFC 8058).

use crate::app::{As, TestApp};
use serde_json::json;

on_both_databases! {
    async fn the_post_needs_no_cookie_and_the_get_changes_nothing(app: TestApp) {
        app.apply_campus().await;
        let state = || async {
            app.get("/api/v1/contacts/alice").await.json()["states"][0][2].clone()
        };
        let contact = app.app.store.contact("alice").await.unwrap().unwrap().contact;
        let endpoint = contact.endpoints[0].id("alice");
        let token = app.app.key.unsubscribe_token(&endpoint, "customers");
        let path = format!("/u/{token}");
        let page = app.request(As::Nobody, "GET", &path, "").await.is(200);
        assert!(page.text().contains(&format!("action=\"{path}\"")), "{}", page.text());
        assert_eq!(state().await, "active");
        let done = app.form_with("", &path, &[("List-Unsubscribe", "One-Click")], &[]).await.is(200);
        assert!(done.text().contains("unsubscribed"));
        assert_eq!(state().await, json!("unsubscribed"));
        // Again is no harm, and is not written down twice.
        app.form_with("", &path, &[("List-Unsubscribe", "One-Click")], &[]).await.is(200);
        let journal = app.get("/api/v1/journal").await.json();
        let said = journal["items"].as_array().unwrap().iter().filter(|e| e["action"] == "endpoint.unsubscribed").count();
        assert_eq!(said, 1);
    }

    async fn nobody_ends_a_list_or_a_call_for_others(app: TestApp) {
        app.apply_campus().await;
        app.yaml("/api/v1/documents", "audiences: [{id: all-staff, name: All staff, level: non_technical, services: [portal], external: {email: all@lists.example.edu}}]")
            .await.is(200);
        let told = json!({"services": {"portal": "major_outage"}, "severity": "P1", "effect": "x"});
        app.post("/api/v1/incidents", &told).await.is(201);
        app.expand_due().await;
        let now = app.app.clock.now();
        let claimed = app.app.store.claim(forewarn_store::Lane::Urgent, "me", now, 100).await.unwrap();
        let shared: Vec<_> = claimed.iter().filter(|d| !forewarn_store::is_ones_own(&d.contact)).collect();
        assert!(shared.iter().any(|d| d.endpoint.address() == "all@lists.example.edu"), "{shared:?}");
        for delivery in shared {
            for audience in ["all-staff", "*"] {
                let token = app.app.key.unsubscribe_token(&delivery.endpoint_id, audience);
                let page = app.form_with("", &format!("/u/{token}"), &[], &[]).await.is(200).text();
                assert!(page.contains("Nothing was changed"), "{page}");
            }
        }
        let journal = app.get("/api/v1/journal").await.json();
        assert!(!journal.to_string().contains("endpoint.unsubscribed"));
    }

    async fn a_token_that_we_did_not_make_does_nothing(app: TestApp) {
        app.apply_campus().await;
        let real = app.app.key.unsubscribe_token("some-endpoint", "customers");
        let other = forewarn_core::token::Key::new("another").unsubscribe_token("some-endpoint", "customers");
        let page = app.request(As::Nobody, "GET", &format!("/u/{real}"), "").await.is(200).text();
        for token in ["not-a-token", "not.a.token", &real[1..], other.as_str(), "%C3%A4.b.c"] {
            let path = format!("/u/{token}");
            // Nobody learns from the page which tokens are real.
            let shown = app.request(As::Nobody, "GET", &path, "").await.is(200).text();
            assert_eq!(shown.replace(token, &real), page);
            app.form_with("", &path, &[], &[]).await.is(404);
        }
        // A real token of an endpoint that is gone is answered as one that is there.
        app.form_with("", &format!("/u/{real}"), &[], &[]).await.is(200);
    }
}
