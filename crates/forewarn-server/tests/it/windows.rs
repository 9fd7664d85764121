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
async fn exceptions_from_nothing_are_pointed_out_and_the_next_one_is_found_however_far() {
    let app = TestApp::campus().await;
    let leap = json!({"service": "portal", "rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "start": "23:00", "duration": "PT2H", "exdates": ["2027-02-28"]});
    let made = app.post("/api/v1/windows", &leap).await.is(201).json();
    assert_eq!(made["next"].as_array().unwrap().len(), 1);
    assert_eq!(made["next"][0]["date"], "2028-02-29");
    assert_eq!(made["warnings"][0]["field"], "exdates[0]");
    let told = made["warnings"][0]["problem"].as_str().unwrap();
    assert!(told.ends_with("the nearest is on 2028-02-29"), "{told}");
    // The same in a document.
    let yaml = "services: [{id: extra, name: Extra, windows: [{rrule: FREQ=WEEKLY;BYDAY=SU, start: '22:00', duration: PT1H, exdates: [2026-12-25]}]}]";
    let applied = app.yaml("/api/v1/documents?dry_run=true", yaml).await;
    let applied = applied.is(200).json();
    assert_eq!(
        applied["warnings"][0]["field"],
        "services[0].windows[0].exdates[0]"
    );
}

#[tokio::test]
async fn subscribers_of_the_calendar_get_windows_by_their_rules() {
    let app = TestApp::campus().await;
    let monthly = json!({"service": "portal", "rrule": "freq=monthly;byday=2tu;until=20271231", "start": "23:00", "duration": "PT2H",
        "time_zone": "Europe/Berlin", "from": "2026-01-01", "exdates": ["2026-12-08", "2026-12-09"], "moved": {"2027-01-12": "2027-01-14T21:00"}});
    app.post("/api/v1/windows", &monthly).await.is(201);
    app.refresh().await;
    let feed = app.request(As::Nobody, "GET", "/calendar.ics", "").await;
    let feed = feed.is(200).text().replace("\r\n", "\n");
    let entries: Vec<&str> = feed.split("BEGIN:VEVENT").collect();
    let ours: Vec<&&str> = entries
        .iter()
        .filter(|e| e.contains("TZID=Europe/Berlin"))
        .collect();
    assert_eq!(ours.len(), 2, "{feed}");
    for line in [
        "DTSTART;TZID=Europe/Berlin:20260113T230000\n",
        "DURATION:PT2H\n",
        "RRULE:FREQ=MONTHLY;BYDAY=2TU;UNTIL=20271230T230000Z\n",
        "EXDATE;TZID=Europe/Berlin:20261208T230000\n",
        "SUMMARY:Standard window: Student portal\n",
        "SEQUENCE:3\n",
    ] {
        assert!(ours[0].contains(line), "{line} is missing in {}", ours[0]);
    }
    // What is no occurrence is no exception, and what moved is an entry of its own.
    assert_eq!(ours[0].matches("EXDATE").count(), 1);
    for line in [
        "RECURRENCE-ID;TZID=Europe/Berlin:20270112T230000\n",
        "DTSTART;TZID=Europe/Berlin:20270114T210000\n",
    ] {
        assert!(ours[1].contains(line), "{line} is missing in {}", ours[1]);
    }
    // Both zones, before the first entry; the campus has a window of its own on Sundays.
    for zone in ["TZID:Europe/Berlin\n", "TZID:America/Los_Angeles\n"] {
        assert!(entries[0].contains(zone), "{}", entries[0]);
    }
    assert!(feed.contains("RRULE:FREQ=WEEKLY;BYDAY=SU\n"), "{feed}");
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
