//! The review of a message by the API: the same as on the command line, with what the catalogue knows.

use crate::app::{As, TestApp};
use serde_json::{Value, json};

fn rules(review: &Value) -> Vec<String> {
    let findings = review["findings"].as_array().expect("findings");
    let named = |f: &Value| {
        format!(
            "{} {}",
            f["rule"].as_str().unwrap(),
            f["kind"].as_str().unwrap_or("-")
        )
    };
    findings.iter().map(named).collect()
}

#[tokio::test]
async fn a_message_is_reviewed() {
    let app = TestApp::campus().await;
    let body = json!({"text": "The server is unavailable.", "level": "non_technical", "stage": "update", "channel": "email"});
    let review = app.post("/api/v1/lint", &body).await.is(200).json();
    let rules = rules(&review);
    assert!(
        rules.contains(&"Q2 -".to_owned()) && rules.contains(&"Q4 -".to_owned()),
        "{review:#}"
    );
    assert_eq!(review["measures"]["words"], 4);
    let first = review["findings"][0].as_object().unwrap();
    let mut keys: Vec<&str> = first.keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(
        keys,
        [
            "because",
            "end",
            "kind",
            "rule",
            "severity",
            "start",
            "suggestion"
        ]
    );
}

#[tokio::test]
async fn what_stays_inside_is_known_from_the_documents() {
    let app = TestApp::campus().await;
    let documents = "organisation:\n  name: Example University\n  time_zone: UTC\n  privacy:\n    internal_domains: [corp.example.edu]\n    vendors: [Acme Hosting]\n    code_names: [Bluebird]\n    employees: [Lena Vogt]\n    allow: [wiki.corp.example.edu]\nservices:\n  - {id: mail, name: Mail, owner: dana.cole@example.edu}\n";
    app.yaml("/api/v1/documents", documents).await.is(200);
    let text = "Dana Cole and Lena Vogt moved Bluebird with Acme to portal.corp.example.edu; see https://wiki.corp.example.edu/x.";
    let review = app
        .post("/api/v1/lint", &json!({"text": text}))
        .await
        .is(200)
        .json();
    let found: Vec<String> = rules(&review)
        .into_iter()
        .filter(|r| r.starts_with("Q15"))
        .collect();
    assert_eq!(
        found,
        [
            "Q15 employee",
            "Q15 employee",
            "Q15 code_name",
            "Q15 vendor",
            "Q15 host_name"
        ],
        "{review:#}"
    );
    // A context that is given stands for the catalogue.
    let alone = app
        .post("/api/v1/lint", &json!({"text": text, "context": {}}))
        .await
        .is(200)
        .json();
    assert!(
        rules(&alone)
            .iter()
            .all(|r| !r.starts_with("Q15 e") && !r.starts_with("Q15 v")),
        "{alone:#}"
    );
}

#[tokio::test]
async fn a_request_is_refused_with_every_problem() {
    let app = TestApp::campus().await;
    let body = json!({"subject": "a\nb", "level": "non_tecnical", "stage": "updat", "channel": "fax", "context": {"vendor": ["x"], "internal_domains": ["a b"]}, "txt": "x"});
    let refused = app.post("/api/v1/lint", &body).await.is(422);
    let problems = refused.problems().join("\n");
    for part in [
        "text: is missing",
        "did you mean 'non_technical'",
        "did you mean 'update'",
        "unknown channel 'fax'",
        "unknown field 'vendor'",
        "must be a domain",
        "unknown field 'txt'",
    ] {
        assert!(problems.contains(part), "{part} in\n{problems}");
    }
    let long = app
        .post(
            "/api/v1/lint",
            &json!({"text": "a".repeat(1_000_000), "subject": "a\u{7}"}),
        )
        .await
        .is(422);
    let problems = long.problems().join("\n");
    assert!(
        problems.contains("text: is 1000000 bytes long")
            && problems.contains("control character U+0007"),
        "{problems}"
    );
    app.request(As::Nobody, "POST", "/api/v1/lint", "{}")
        .await
        .is(401);
}
