//! The calendar of changes over the API and in public, and what stands in the way of a window.

use crate::app::{As, Kind, TestApp, upgrade};
use serde_json::{Value, json};

fn sign_in() -> Value {
    json!({"id": "sso", "title": "New sign-in", "kind": "release", "services": ["portal"], "when": "Q1 2027",
        "summary": "You sign in once for everything."})
}

/// What the public calendar lists: id, whether it is firm, the words for its time.
async fn listed(app: &TestApp) -> Vec<String> {
    app.refresh().await;
    let page = app.request(As::Nobody, "GET", "/calendar.json", "").await;
    let changes = page.is(200).json()["changes"].clone();
    let shown = |c: &Value| format!("{} {} {}", c["id"], c["firm"], c["when"]).replace('"', "");
    changes.as_array().unwrap().iter().map(shown).collect()
}

async fn sequence(app: &TestApp) -> String {
    let feed = app.request(As::Nobody, "GET", "/calendar.ics", "").await;
    let text = feed.is(200).text();
    let line = text.lines().find(|l| l.starts_with("SEQUENCE:")).unwrap();
    line.to_owned()
}

on_both_databases! {
    async fn an_entry_is_entered_changed_and_removed(app: TestApp) {
        app.apply_campus().await;
        let path = "/api/v1/changes_ahead";
        app.request(As::Operator, "POST", path, &sign_in().to_string()).await.is(403);
        let made = app.post(path, &sign_in()).await.is(201).json();
        assert_eq!(made["created"], json!(["changes_ahead/sso"]));
        assert_eq!(app.post(path, &sign_in()).await.is(201).json()["unchanged"], 1);
        let mut stored = sign_in();
        // Whichever way a date was written, it is stored in one.
        stored["when"] = json!("2027-Q1");
        assert_eq!(app.get("/api/v1/changes_ahead/sso").await.is(200).json(), stored);
        assert_eq!(app.get(path).await.is(200).json()["items"], json!([stored]));
        assert_eq!(listed(&app).await, ["sso false first quarter of 2027 (January to March)"]);
        assert_eq!(sequence(&app).await, "SEQUENCE:0");
        stored["when"] = json!("week of 2027-02-01");
        app.request(As::Administrator, "PUT", "/api/v1/changes_ahead/sso", &stored.to_string()).await.is(200);
        assert_eq!(listed(&app).await, ["sso false week of 1 February 2027"]);
        assert_eq!(sequence(&app).await, "SEQUENCE:1");
        stored["services"] = json!(["protal"]);
        let told = app.request(As::Administrator, "PUT", "/api/v1/changes_ahead/sso", &stored.to_string()).await;
        assert!(told.is(422).problems()[0].contains("did you mean 'portal'?"));
        app.request(As::Administrator, "DELETE", "/api/v1/changes_ahead/sso", "").await.is(204);
        app.get("/api/v1/changes_ahead/sso").await.is(404);
        assert_eq!(listed(&app).await, Vec::<String>::new());
    }

    async fn an_entry_stands_until_the_work_that_it_became_is_public(app: TestApp) {
        app.apply_campus().await;
        let mut entry = sign_in();
        entry["when"] = json!("December 2026");
        entry["maintenance"] = json!("MNT-1");
        app.post("/api/v1/changes_ahead", &entry).await.is(201);
        let rough = ["sso false December 2026"];
        assert_eq!(listed(&app).await, rough);
        let mut work = upgrade();
        work["policy"] = json!("careful");
        app.post("/api/v1/maintenances", &work).await.is(201);
        assert_eq!(listed(&app).await, rough);
        app.post("/api/v1/maintenances/MNT-1/approve", &Value::Null).await.is(200);
        let firm = ["MNT-1 true Mon 30 Nov 2026, 22:00 to Tue 1 Dec 2026, 02:00 PST (UTC-08:00)"];
        assert_eq!(listed(&app).await, firm);
        // What was called off does not come back as a rumour.
        app.post("/api/v1/maintenances/MNT-1/cancel", &Value::Null).await.is(200);
        assert_eq!(listed(&app).await, Vec::<String>::new());
    }

    async fn an_entry_is_entered_changed_and_removed_in_the_console(app: TestApp) {
        app.apply_campus().await;
        let empty = app.page(As::Viewer, "/console/changes").await.is(200).text();
        assert!(empty.contains("No change is announced"), "{empty}");
        let entry = [("id", "sso"), ("title", "New <sign-in>"), ("kind", "release"), ("services", "portal"), ("when", "Q1 2027")];
        app.form(As::Operator, "/console/changes", &entry).await.is(403);
        // Everything that is wrong is said at once, at its field, and what was typed stays.
        let wrong = [("id", "sso"), ("title", "Mine"), ("kind", "relase"), ("services", "portal"), ("when", "soon")];
        let refused = app.form(As::Administrator, "/console/changes", &wrong).await.is(422).text();
        for told in ["did you mean &#39;release&#39;?", "id=\"e-when\"", "2 things need your attention", "value=\"Mine\""] {
            assert!(refused.contains(told), "{told} in {refused}");
        }
        app.get("/api/v1/changes_ahead/sso").await.is(404);
        app.form(As::Administrator, "/console/changes", &entry).await.is(303);
        let stored = json!({"id": "sso", "title": "New <sign-in>", "kind": "release", "services": ["portal"], "when": "2027-Q1"});
        assert_eq!(app.get("/api/v1/changes_ahead/sso").await.is(200).json(), stored);
        // Adding never replaces.
        let again = app.form(As::Administrator, "/console/changes", &entry).await.is(422).text();
        assert!(again.contains("stands in the calendar already"), "{again}");
        let list = app.page(As::Viewer, "/console/changes").await.is(200).text();
        assert!(list.contains("New &#60;sign-in&#62;") && list.contains("first quarter of 2027"), "{list}");
        let form = app.page(As::Viewer, "/console/changes/sso").await.is(200).text();
        assert!(form.contains("value=\"2027-Q1\"") && form.contains("value=\"portal\" checked"), "{form}");
        let later = [("title", "New sign-in"), ("kind", "migration"), ("when", "2027"), ("id", "other")];
        app.form(As::Operator, "/console/changes/sso", &later).await.is(403);
        app.form(As::Administrator, "/console/changes/other", &later).await.is(404);
        app.form(As::Administrator, "/console/changes/sso", &later).await.is(303);
        assert_eq!(listed(&app).await, ["sso false 2027"]);
        app.form(As::Operator, "/console/changes/sso/remove", &[]).await.is(403);
        app.form(As::Administrator, "/console/changes/sso/remove", &[]).await.is(303);
        app.form(As::Administrator, "/console/changes/sso/remove", &[]).await.is(404);
        assert_eq!(listed(&app).await, Vec::<String>::new());
    }

    async fn the_plan_names_blackouts_and_other_work_at_the_same_time(app: TestApp) {
        app.apply_campus().await;
        let blackout = "organisation: {name: Example University, time_zone: America/Los_Angeles, \
            blackout: [{from: 2026-12-07, to: 2026-12-11, reason: Exam week, services: [portal]}]}";
        app.yaml("/api/v1/documents", blackout).await.is(200);
        let told = |answer: &Value| -> Vec<String> {
            let warnings = answer["plan"]["warnings"].as_array().unwrap().clone();
            warnings.iter().map(|w| format!("{}: {}", w["field"], w["problem"]).replace('"', "")).collect()
        };
        let first = app.post("/api/v1/maintenances", &upgrade()).await.is(201).json();
        assert_eq!(told(&first), Vec::<String>::new());
        let mut second = upgrade();
        second["id"] = json!("MNT-2");
        second["title"] = json!("New network cards");
        let meets = "maintenance.start: overlaps with MNT-1 'Student database upgrade' (Mon 30 Nov 2026, 22:00 to \
            Tue 1 Dec 2026, 02:00, America/Los_Angeles): both affect Student database, Student portal and are told to \
            Students, On-call engineers";
        let preview = app.post("/api/v1/maintenances/preview", &second).await.is(200).json();
        assert_eq!(told(&preview), [meets]);
        let made = app.post("/api/v1/maintenances", &second).await.is(201).json();
        assert_eq!(told(&made), [meets]);
        let shown = app.page(As::Viewer, "/console/maintenances/MNT-2").await.is(200).text();
        assert!(shown.contains("overlaps with MNT-1"), "{shown}");
        // Moved out of its way, it meets the exams.
        let delay = json!({"start": "2026-12-08T22:00", "reason": "Parts are late."});
        let moved = app.post("/api/v1/maintenances/MNT-2/delay", &delay).await.is(200).json();
        let exams = "maintenance.start: lies in a blackout, in which no work is to be planned: Exam week \
            (7 December 2026 to 11 December 2026)";
        assert_eq!(told(&moved), [exams]);
        let kept = app.get("/api/v1/maintenances/MNT-2/plan").await.is(200).json();
        assert_eq!(told(&json!({"plan": kept})), [exams]);
    }
}

#[tokio::test]
async fn nobody_writes_the_calendar_without_the_right() {
    let app = TestApp::on(Kind::Sqlite).await;
    app.apply_campus().await;
    let entry = sign_in().to_string();
    for (method, path) in [
        ("PUT", "/api/v1/changes_ahead/sso"),
        ("DELETE", "/api/v1/changes_ahead/sso"),
    ] {
        app.request(As::Operator, method, path, &entry)
            .await
            .is(403);
        app.request(As::Viewer, method, path, &entry).await.is(403);
        app.request(As::Nobody, method, path, &entry).await.is(401);
    }
}
