//! Standard windows over the API.

use crate::app::{As, TestApp, upgrade};
use serde_json::json;

#[tokio::test]
async fn windows_are_listed_with_what_they_are_used_for() {
    let app = TestApp::campus().await;
    let mut work = upgrade();
    work["start"] = json!("2026-11-29T22:30");
    work["end"] = json!("2026-11-30T01:00");
    let made = app.post("/api/v1/maintenances", &work).await.is(201).json();
    assert_eq!(made["plan"]["window"]["inside_standard_window"], true);
    let all = app.get("/api/v1/windows").await.is(200).json();
    let sunday = &all["items"][0];
    assert_eq!(
        (&sunday["service"], &sunday["rrule"]),
        (&json!("database"), &json!("FREQ=WEEKLY;BYDAY=SU"))
    );
    let next: Vec<_> = sunday["next"]
        .as_array()
        .unwrap()
        .iter()
        .map(|o| {
            format!(
                "{} {}",
                o["start"].as_str().unwrap(),
                o["used_for"][0]["id"].as_str().unwrap_or("not used")
            )
        })
        .collect();
    assert_eq!(
        next[..2],
        [
            "2026-11-23T06:00:00Z not used",
            "2026-11-30T06:00:00Z MNT-1"
        ]
    );
    assert_eq!(next.len(), 12);
}

#[tokio::test]
async fn a_window_is_added_changed_and_removed() {
    let app = TestApp::campus().await;
    let monthly = json!({"service": "portal", "rrule": "FREQ=MONTHLY;BYDAY=2TU", "start": "23:00", "duration": "PT2H", "exdates": ["2026-12-08"]});
    let made = app.post("/api/v1/windows", &monthly).await.is(201).json();
    assert_eq!(made["next"][0]["start"], "2027-01-13T07:00:00Z");
    app.post("/api/v1/windows", &monthly).await.is(409);
    let path = format!("/api/v1/windows/{}", made["id"].as_str().unwrap());
    assert_eq!(app.get(&path).await.is(200).json(), made);
    // What was answered can be sent back changed, also to another service.
    let mut moved = made.clone();
    moved["service"] = json!("database");
    moved["duration"] = json!("PT3H");
    let moved = app
        .request(As::Administrator, "PUT", &path, &moved.to_string())
        .await
        .is(200)
        .json();
    assert_eq!(
        (&moved["service"], &moved["duration"]),
        (&json!("database"), &json!("PT3H"))
    );
    app.get(&path).await.is(404);
    let path = format!("/api/v1/windows/{}", moved["id"].as_str().unwrap());
    app.request(As::Operator, "DELETE", &path, "").await.is(403);
    app.request(As::Administrator, "DELETE", &path, "")
        .await
        .is(204);
    app.request(As::Administrator, "DELETE", &path, "")
        .await
        .is(404);
    let left = app.get("/api/v1/windows").await.is(200).json();
    assert_eq!(left["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn people_are_told_of_a_window_that_asks_for_it() {
    let app = TestApp::campus().await;
    let all = app.get("/api/v1/windows").await.is(200).json();
    let mut sunday = all["items"][0].clone();
    let path = format!("/api/v1/windows/{}", sunday["id"].as_str().unwrap());
    sunday["tell"] = json!("5w");
    let told = app
        .request(As::Administrator, "PUT", &path, &sunday.to_string())
        .await
        .is(422)
        .problems();
    assert!(told[0].starts_with("tell: must be an offset"), "{told:?}");
    // It is the same window, so its id stays.
    sunday["tell"] = json!("2bd");
    let kept = app
        .request(As::Administrator, "PUT", &path, &sunday.to_string())
        .await;
    assert_eq!(kept.is(200).json(), sunday);
}

#[tokio::test]
async fn what_is_wrong_with_a_window_is_told_at_its_fields() {
    let app = TestApp::campus().await;
    let wrong = json!({"service": "databse", "rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "start": "22:00", "duration": "PT4H", "colour": "red"});
    let told = app.post("/api/v1/windows", &wrong).await.is(422).problems();
    for problem in [
        "service: unknown service 'databse'; did you mean 'database'?",
        "rrule: never matches",
        "colour: unknown field",
    ] {
        assert!(
            told.iter().any(|t| t.contains(problem)),
            "{problem}: {told:#?}"
        );
    }
    app.post("/api/v1/windows", &json!([])).await.is(422);
}
