//! Work and announcements are guarded as incidents are: what readers may not see is refused with its place, all at once with what
//! else is wrong, and goes out with a reason only, which stays on record.

use crate::app::{As, TestApp, upgrade};
use serde_json::{Value, json};

const WORK: &str = "/api/v1/maintenances";
const ANNOUNCED: &str = "/api/v1/announcements";
const LEAK: &str = "10.20.30.40 was full.";
const WHY: &str = "It is public.";

/// The override in the newest entry of an event's journal.
async fn on_record(app: &TestApp, event: &str) -> Value {
    let journal = app.app.store.journal(Some(event), None, 1).await.unwrap();
    journal[0].detail["privacy_override"].clone()
}

/// Refused at this field, stored nowhere; with the reason it is done, and that is on record.
async fn guarded(app: &TestApp, path: &str, body: &Value, (field, status): (&str, u16), id: &str) {
    let problems = app.post(path, body).await.is(422).problems();
    let root = field.split('.').next().filter(|_| field.contains('.'));
    let root = root.map_or_else(String::new, |root| match root {
        "maintenance" | "announcement" => format!("{root}."),
        _ => String::new(),
    });
    assert!(
        problems[0].starts_with(&format!("{field}: '10.20.30.40', from 0 to 11:")),
        "{problems:?}"
    );
    assert!(
        problems[1].starts_with(&format!("{root}privacy_override: is missing")),
        "{problems:?}"
    );
    assert_eq!(problems.len(), 2, "{problems:?}");
    let mut body = body.clone();
    body["privacy_override"] = json!(WHY);
    app.post(path, &body).await.is(status);
    let expected = json!({"reason": WHY, "found": ["ip_address"]});
    assert_eq!(on_record(app, id).await, expected, "{path}");
}

on_both_databases! {
    async fn words_of_work_go_out_with_a_reason_only(app: TestApp) {
        app.apply_campus().await;
        let mut work = upgrade();
        // Versions are the point of many a change, and what is technical may name machines.
        work["title"] = json!("Student database to version 16.2");
        work["facts"]["technical"] = json!("db1.internal, 10.20.30.40");
        let mut wrong = work.clone();
        wrong["facts"]["why"] = json!(LEAK);
        wrong["steps"] = json!(["Stop writers", "Restart 10.9.8.7"]);
        wrong["services"] = json!(["databse"]);
        let problems = app.post(WORK, &wrong).await.is(422).problems();
        let fields: Vec<&str> = problems.iter().map(|p| p.split(": ").next().unwrap()).collect();
        assert_eq!(fields, ["maintenance.services[0]", "maintenance.facts.why", "maintenance.steps", "maintenance.privacy_override"], "{problems:?}");
        assert_eq!(app.get(WORK).await.json()["items"], json!([]));
        // A plan tells nobody.
        let mut leaks = work.clone();
        leaks["facts"]["why"] = json!(LEAK);
        app.post(&format!("{WORK}/preview"), &leaks).await.is(200);
        guarded(&app, WORK, &leaks, ("maintenance.facts.why", 201), "MNT-1").await;
        work["id"] = json!("MNT-2");
        app.post(WORK, &json!({"maintenance": work})).await.is(201);
        assert_eq!(on_record(&app, "MNT-2").await, Value::Null);

        let delay = json!({"start": "2026-12-02T22:00", "reason": LEAK});
        guarded(&app, &format!("{WORK}/MNT-2/delay"), &delay, ("reason", 200), "MNT-2").await;
        // Both at once.
        let both = json!({"start": "2020-12-02T22:00", "reason": LEAK});
        let problems = app.post(&format!("{WORK}/MNT-2/delay"), &both).await.is(422).problems();
        assert!(problems[0].starts_with("start: lies in the past") && problems[1].starts_with("reason: '10.20.30.40'"), "{problems:?}");
        app.post(&format!("{WORK}/MNT-2/start"), &Value::Null).await.is(200);
        let extend = json!({"end": "2026-12-03T06:00", "reason": LEAK});
        guarded(&app, &format!("{WORK}/MNT-2/extend"), &extend, ("reason", 200), "MNT-2").await;
        guarded(&app, &format!("{WORK}/MNT-1/cancel"), &json!({"reason": LEAK}), ("reason", 200), "MNT-1").await;
    }

    async fn words_of_announcements_go_out_with_a_reason_only(app: TestApp) {
        app.apply_campus().await;
        let mut release = json!({"title": "Portal 5.2", "services": ["portal"], "effective": "2026-12-08T10:00",
            "facts": {"effect": "Marks stand on the first page.", "workaround": LEAK}});
        guarded(&app, ANNOUNCED, &release, ("announcement.facts.workaround", 201), "ANN-1").await;
        release["facts"]["workaround"] = Value::Null;
        app.post(ANNOUNCED, &json!({"announcement": release})).await.is(201);
        assert_eq!(on_record(&app, "ANN-2").await, Value::Null);
        let moved = json!({"effective": "2026-12-09T10:00", "reason": LEAK});
        guarded(&app, &format!("{ANNOUNCED}/ANN-1/move"), &moved, ("reason", 200), "ANN-1").await;
        let changed = json!({"facts": {"effect": LEAK}});
        guarded(&app, &format!("{ANNOUNCED}/ANN-1/change"), &changed, ("facts.effect", 200), "ANN-1").await;
        guarded(&app, &format!("{ANNOUNCED}/ANN-1/cancel"), &json!({"reason": LEAK}), ("reason", 200), "ANN-1").await;
    }
}

#[tokio::test]
async fn the_forms_ask_why_where_something_was_refused() {
    let app = TestApp::campus().await;
    app.post(WORK, &upgrade()).await.is(201);
    let release =
        json!({"title": "Portal 5", "services": ["portal"], "effective": "2026-12-08T10:00"});
    app.post(ANNOUNCED, &release).await.is(201);
    let new = [
        ("title", "10.20.30.40 moves"),
        ("services", "portal"),
        ("kind", "routine"),
        ("start", "2026-12-05T22:00"),
        ("end", "2026-12-05T23:00"),
        ("do", "create"),
    ];
    let announced = [
        ("title", "10.20.30.40 moves"),
        ("services", "portal"),
        ("kind", "release"),
        ("effective", "2026-12-08T10:00"),
        ("do", "create"),
    ];
    let delay = [("start", "2026-12-02T22:00"), ("reason", LEAK)];
    let cancel = [("reason", LEAK)];
    let moved = [("effective", "2026-12-09T10:00"), ("reason", LEAK)];
    let changed = [("facts.effect", LEAK)];
    let called_off = [("why", LEAK)];
    for (path, fields, asks) in [
        ("/console/maintenances", &new[..], "privacy_override"),
        ("/console/announcements", &announced, "privacy_override"),
        (
            "/console/maintenances/MNT-1/delay",
            &delay,
            "privacy_override",
        ),
        (
            "/console/maintenances/MNT-1/cancel",
            &cancel,
            "privacy_override",
        ),
        (
            "/console/announcements/ANN-1/move",
            &moved,
            "moved_override",
        ),
        (
            "/console/announcements/ANN-1/change",
            &changed,
            "changed_override",
        ),
        (
            "/console/announcements/ANN-1/cancel",
            &called_off,
            "why_override",
        ),
    ] {
        let page = app.form(As::Operator, path, fields).await.is(422).text();
        let field = format!("name=\"{asks}\"");
        assert_eq!(page.matches(&field).count(), 1, "{path}: {page}");
        assert_eq!(page.matches("_override\" name=").count(), 1, "{path}");
        let mut said = fields.to_vec();
        said.push((asks, WHY));
        app.form(As::Operator, path, &said).await.is(303);
    }
}
