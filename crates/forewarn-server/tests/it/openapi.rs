//! The API's description: it can be read, and it names every route.

use crate::app::{As, TestApp};
use serde_json::Value;

/// Calls that outside programs rely on.
const CONTRACT: &[(&str, &str)] = &[
    ("get", "/users"),
    ("put", "/users/{name}"),
    ("delete", "/users/{name}"),
    ("get", "/tokens"),
    ("post", "/tokens"),
    ("delete", "/tokens/{name}"),
    ("get", "/templates/library"),
    ("get", "/templates/{id}/versions"),
    ("get", "/templates/{id}/versions/{version}"),
    ("get", "/templates/{id}/diff"),
    ("post", "/templates/{id}/restore"),
    ("post", "/templates/preview"),
    ("get", "/outage-plans"),
    ("get", "/services/{id}/outage-plan"),
    ("post", "/services/{id}/outage-plan/sign-offs"),
    ("get", "/services/{id}/card"),
    ("get", "/events/{id}/acknowledgements"),
    ("get", "/events/{id}/approvals"),
    ("post", "/events/{id}/texts"),
    ("post", "/events/{id}/{action}/preview"),
    ("post", "/events/{id}/editing"),
    ("get", "/editing"),
    ("get", "/editing/{id}"),
    ("post", "/editing/{id}/{action}"),
    ("get", "/events/{id}/versions"),
    ("get", "/events/{id}/versions/{before}/{after}"),
    ("post", "/events/{id}/acknowledgements/remind"),
    ("post", "/channels/{name}/test"),
    ("get", "/channel-tests/{id}"),
    ("get", "/incidents/{id}/calls"),
    ("post", "/incidents/{id}/calls/{contact}"),
    ("get", "/maintenances/{id}/plan/reach"),
    ("post", "/decisions"),
    ("post", "/lint"),
    ("post", "/changes/{system}"),
    ("post", "/documents"),
    ("post", "/maintenances"),
    ("get", "/maintenances"),
    ("post", "/maintenances/preview"),
    ("get", "/maintenances/{id}"),
    ("get", "/maintenances/{id}/plan"),
    ("post", "/maintenances/{id}/{action}"),
    ("post", "/maintenances/{id}/steps/{n}/done"),
    ("post", "/incidents"),
    ("get", "/incidents"),
    ("get", "/incidents/{id}"),
    ("post", "/incidents/{id}/approve"),
    ("post", "/incidents/{id}/updates"),
    ("post", "/incidents/{id}/updates/preview"),
    ("post", "/incidents/preview"),
    ("post", "/incidents/{id}/promise"),
    ("post", "/incidents/{id}/undo"),
    ("post", "/incidents/{id}/publish"),
    ("post", "/incidents/{id}/discard"),
    ("get", "/incidents/{id}/alerts"),
    ("get", "/drafts"),
    ("get", "/hook-requests"),
    ("post", "/upstream-maintenances"),
    ("post", "/incidents/{id}/handover"),
    ("post", "/incidents/{id}/acknowledge"),
    ("post", "/incidents/{id}/merge"),
    ("post", "/incidents/{id}/parent"),
    ("post", "/incidents/{id}/notes"),
    ("get", "/incidents/{id}/notes"),
    ("post", "/incidents/{id}/writing"),
    ("get", "/incidents/{id}/writing"),
    ("get", "/incidents/{id}/postmortem"),
    ("post", "/incidents/{id}/postmortem"),
    ("post", "/incidents/{id}/postmortem/approve"),
    ("post", "/incidents/{id}/postmortem/publish"),
    ("get", "/actions"),
    ("post", "/incidents/{id}/actions/{number}"),
    ("post", "/incidents/{id}/recipients"),
    ("get", "/incidents/{id}/recipients"),
    ("post", "/maintenances/{id}/recipients"),
    ("get", "/maintenances/{id}/recipients"),
    ("post", "/advisories"),
    ("get", "/advisories"),
    ("post", "/advisories/preview"),
    ("get", "/advisories/{id}"),
    ("post", "/advisories/{id}/updates"),
    ("post", "/advisories/{id}/fix"),
    ("post", "/advisories/{id}/withdraw"),
    ("post", "/advisories/{id}/undo"),
    ("post", "/advisories/{id}/approve"),
    ("get", "/incidents/{id}/reach"),
    ("get", "/advisories/{id}/reach"),
    ("post", "/advisories/{id}/recipients"),
    ("get", "/advisories/{id}/recipients"),
    ("post", "/announcements"),
    ("get", "/announcements"),
    ("post", "/announcements/preview"),
    ("get", "/announcements/{id}"),
    ("post", "/announcements/{id}/move"),
    ("post", "/announcements/{id}/change"),
    ("post", "/announcements/{id}/cancel"),
    ("post", "/announcements/{id}/undo"),
    ("post", "/announcements/{id}/approve"),
    ("post", "/announcements/{id}/effective"),
    ("post", "/announcements/{id}/recipients"),
    ("get", "/announcements/{id}/recipients"),
    ("get", "/announcements/{id}/reach"),
    ("get", "/notices"),
    ("get", "/notices/{id}"),
    ("get", "/notices/{id}/copy"),
    ("post", "/notices/{id}/retry"),
    ("get", "/deliveries"),
    ("get", "/journal"),
    ("get", "/audit/verify"),
    ("post", "/contacts/import"),
    ("get", "/{kind}"),
    ("post", "/{kind}"),
    ("get", "/{kind}/{id}"),
    ("put", "/{kind}/{id}"),
    ("delete", "/{kind}/{id}"),
    ("get", "/rota-feeds"),
    ("get", "/windows"),
    ("post", "/windows"),
    ("get", "/windows/{id}"),
    ("put", "/windows/{id}"),
    ("delete", "/windows/{id}"),
    ("get", "/subscriptions"),
    ("post", "/subscriptions"),
    ("get", "/subscriptions/{id}"),
    ("put", "/subscriptions/{id}"),
    ("delete", "/subscriptions/{id}"),
    ("get", "/contacts/{id}/export"),
];

/// What the contract names and is not there yet; a call that has come leaves this list.
const TO_COME: [&str; 0] = [];

pub async fn described(app: &TestApp) -> Vec<(String, String)> {
    let document = app.request(As::Nobody, "GET", "/api/openapi.json", "");
    let document = document.await.is(200).json();
    let mut calls = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for method in methods.as_object().expect("methods").keys() {
            calls.push((method.clone(), path.clone()));
        }
    }
    calls
}

#[tokio::test]
async fn it_names_every_call_of_the_contract() {
    let app = TestApp::new().await;
    let calls = described(&app).await;
    let mut contract: Vec<(String, String)> = CONTRACT
        .iter()
        .filter(|(_, path)| !TO_COME.iter().any(|p| path.starts_with(p)))
        .map(|(m, p)| ((*m).to_owned(), (*p).to_owned()))
        .collect();
    let mut found = calls.clone();
    contract.sort();
    found.sort();
    assert_eq!(found, contract);
}

#[tokio::test]
async fn it_is_openapi_with_a_word_on_every_call() {
    let app = TestApp::new().await;
    let document = app
        .request(As::Nobody, "GET", "/api/openapi.json", "")
        .await;
    assert_eq!(document.header("content-type"), "application/json");
    let document = document.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert_eq!(document["servers"][0]["url"], "/api/v1");
    assert_eq!(
        document["components"]["securitySchemes"]["bearer"]["scheme"],
        "bearer"
    );
    let mut ids = std::collections::BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let what = format!("{method} {path}");
            assert!(
                operation["summary"].as_str().is_some_and(|s| !s.is_empty()),
                "{what}"
            );
            assert!(
                ids.insert(operation["operationId"].to_string()),
                "{what}: an id twice"
            );
            let declared: Vec<&str> = operation["parameters"]
                .as_array()
                .map(|list| list.iter().filter(|p| p["in"] == "path").collect())
                .unwrap_or_else(Vec::<&Value>::new)
                .iter()
                .filter_map(|p| p["name"].as_str())
                .collect();
            let named: Vec<&str> = path
                .split('{')
                .skip(1)
                .filter_map(|p| p.split('}').next())
                .collect();
            assert_eq!(declared, named, "{what}");
        }
    }
}

#[tokio::test]
async fn people_can_read_it_too() {
    let app = TestApp::new().await;
    let page = app.request(As::Nobody, "GET", "/api", "").await.is(200);
    let text = page.text();
    for (method, path) in described(&app).await {
        let call = format!("{} /api/v1{path}", method.to_uppercase());
        assert!(text.contains(&call), "{call}");
    }
    assert!(!text.contains("/console/sign-out"));
}
