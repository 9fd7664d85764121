//! Who would be reached by a maintenance, who not, and why.

use crate::app::{TestApp, upgrade};
use serde_json::json;

#[tokio::test]
async fn reach_says_who_and_who_not_and_why() {
    let app = TestApp::campus().await;
    let body = json!({"contacts": [
        {"id": "phone", "name": "Phone", "audiences": ["customers"], "endpoints": {"sms": "+14155550100"}},
        {"id": "elsewhere", "name": "Elsewhere", "audiences": [], "endpoints": {"email": "elsewhere@example.edu"}},
    ]});
    app.post("/api/v1/documents", &body).await.is(200);
    app.post("/api/v1/maintenances", &upgrade()).await.is(201);
    let path = "/api/v1/maintenances/MNT-1/plan/reach";
    let reach = app.get(path).await.is(200).json();
    assert_eq!(reach["messages"], 2, "{reach:#}");
    let customers = &reach["audiences"][0];
    assert_eq!(
        (
            &customers["audience"],
            &customers["path"],
            &customers["people"],
            &customers["reached"],
            &customers["messages"]
        ),
        (
            &json!("customers"),
            &json!(["database", "portal"]),
            &json!(2),
            &json!(1),
            &json!({"email": 1})
        )
    );
    assert_eq!(
        customers["named"],
        json!([{"contact": "phone", "reason": "has no address for these channels"}])
    );
    for (contact, told) in [
        (
            "alice",
            "gets it as one of 'Students', which uses portal (database > portal), at level non_technical",
        ),
        (
            "phone",
            "does not get it as one of 'Students': has no address for these channels",
        ),
        (
            "elsewhere",
            "is in none of the audiences that hear of it, 'Students', 'On-call engineers'",
        ),
    ] {
        let why = app
            .get(&format!("{path}?contact={contact}"))
            .await
            .is(200)
            .json();
        assert!(why["because"][0].as_str().unwrap().contains(told), "{why}");
    }
    app.get(&format!("{path}?contact=nobody")).await.is(404);
    app.get("/api/v1/maintenances/MNT-9/plan/reach")
        .await
        .is(404);
}

#[tokio::test]
async fn a_list_elsewhere_is_one_message_and_a_decision_tells_nobody() {
    let app = TestApp::campus().await;
    let body = json!({"audiences": [{"id": "staff", "name": "All staff", "level": "non_technical", "channels": ["email"], "services": ["*"],
        "external": {"email": "all-staff@lists.example.edu"}}]});
    app.post("/api/v1/documents", &body).await.is(200);
    app.post("/api/v1/maintenances", &upgrade()).await.is(201);
    let path = "/api/v1/maintenances/MNT-1/plan/reach";
    let reach = app.get(path).await.is(200).json();
    assert_eq!(reach["messages"], 3, "{reach:#}");
    let staff = &reach["audiences"][2];
    assert_eq!(
        (&staff["external"], &staff["messages"]),
        (&json!("all-staff@lists.example.edu"), &json!({"email": 1}))
    );
    let decided = json!({"maintenance": "MNT-1", "own": {"verdict": "not needed", "by": "dba", "reason": "Nobody is there."}});
    app.post("/api/v1/decisions", &decided).await.is(200);
    assert_eq!(
        app.get(path).await.is(200).json(),
        json!({"messages": 0, "audiences": []})
    );
    // The owners' word is kept with an event or not taken at all.
    let loose = json!({"own": {"verdict": "optional", "by": "dba", "reason": "So."}});
    assert_eq!(
        app.post("/api/v1/decisions", &loose)
            .await
            .is(422)
            .problems(),
        ["own: is kept with an event; name its maintenance"]
    );
}
