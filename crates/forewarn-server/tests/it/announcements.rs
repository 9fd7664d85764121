//! Announcements through the API, the console and the status page: a change is announced, moved, changed, called off.

use crate::app::{As, TestApp};
use serde_json::{Value, json};

const PATH: &str = "/api/v1/announcements";

fn release() -> Value {
    json!({"title": "Portal 5", "services": ["portal"], "effective": "2026-12-08T10:00",
           "facts": {"effect": "Marks stand on the first page", "technical": "portal 5.0.0 on web3.internal"},
           "requesters": ["dean@example.edu"]})
}

/// Open notices of an event: milestone, audience and due time.
async fn planned(app: &TestApp, event: &str) -> Vec<String> {
    let listed = app
        .get(&format!("/api/v1/notices?event={event}&status=planned"))
        .await
        .json();
    let items = listed["items"].as_array().expect("items").iter();
    let said = |n: &Value| {
        let text = |name: &str| n[name].as_str().unwrap().to_owned();
        format!("{} {} {}", text("due"), text("milestone"), text("audience"))
    };
    let mut told: Vec<String> = items.map(said).collect();
    told.sort();
    told
}

/// A public page as it is now.
async fn public(app: &TestApp, path: &str) -> String {
    app.refresh().await;
    app.request(As::Nobody, "GET", path, "")
        .await
        .is(200)
        .text()
}

on_both_databases! {
    async fn a_release_is_planned_moved_changed_and_called_off(app: TestApp) {
        app.apply_campus().await;
        let seen = app.post(&format!("{PATH}/preview"), &release()).await.is(200).json();
        assert_eq!((&seen["id"], &seen["version"]), (&json!("ANN-0"), &json!(0)));
        let made = app.post(PATH, &release()).await.is(201).json();
        assert_eq!((&made["id"], &made["status"], &made["kind"], &made["version"]),
            (&json!("ANN-1"), &json!("scheduled"), &json!("release"), &json!(1)));
        assert_eq!(made["plan"]["window"]["end"], Value::Null);
        assert_eq!(planned(&app, "ANN-1").await, [
            "2026-12-01T17:00:00Z announcement customers",
            "2026-12-08T18:00:00Z effective customers",
            "2026-12-08T18:00:00Z effective internal",
            "2026-12-08T18:00:00Z effective requesters",
        ]);
        let shown = app.get(&format!("{PATH}/ANN-1")).await.is(200).json();
        assert_eq!(shown, made);
        // Later: told at once, and the rest follows.
        app.advance(60);
        let moved = json!({"effective": "2026-12-15T10:00", "reason": "Two tests failed", "version": 1});
        let moved = app.post(&format!("{PATH}/ANN-1/move"), &moved).await.is(200).json();
        assert_eq!((&moved["revision"], &moved["version"]), (&json!(2), &json!(2)));
        assert_eq!(planned(&app, "ANN-1").await, [
            "2026-11-21T18:00:00Z delay customers",
            "2026-12-08T17:00:00Z announcement customers",
            "2026-12-15T18:00:00Z effective customers",
            "2026-12-15T18:00:00Z effective internal",
            "2026-12-15T18:00:00Z effective requesters",
        ]);
        app.expand_due().await;
        // Words change without a notice of their own.
        let words = json!({"title": "Portal 5.0", "facts": {"why": "It is quicker"}});
        let changed = app.post(&format!("{PATH}/ANN-1/change"), &words).await.is(200).json();
        assert_eq!((&changed["title"], &changed["facts"]["why"], &changed["facts"]["effect"]),
            (&json!("Portal 5.0"), &json!("It is quicker"), &json!("Marks stand on the first page")));
        assert_eq!(planned(&app, "ANN-1").await.len(), 4);
        // Earlier is no delay.
        app.advance(60);
        let sooner = json!({"effective": "2026-12-10T10:00"});
        app.post(&format!("{PATH}/ANN-1/move"), &sooner).await.is(200);
        assert!(planned(&app, "ANN-1").await.contains(&"2026-11-21T19:00:00Z reschedule customers".to_owned()));
        app.expand_due().await;
        app.advance(60);
        let off = app.post(&format!("{PATH}/ANN-1/cancel"), &json!({"reason": "It is not good enough"})).await.is(200).json();
        assert_eq!((&off["status"], &off["closed_at"]), (&json!("cancelled"), &json!("2026-11-21T20:00:00Z")));
        assert_eq!(planned(&app, "ANN-1").await, [
            "2026-11-21T20:00:00Z cancellation customers",
            "2026-11-21T20:00:00Z cancellation requesters",
        ]);
        assert_eq!(app.get(&format!("{PATH}?open=true")).await.json()["items"], json!([]));
        assert_eq!(app.get(PATH).await.json()["items"][0]["id"], "ANN-1");
        // The journal names nobody who asked.
        let journal = app.get("/api/v1/journal").await.text();
        assert!(journal.contains("announcement.moved") && !journal.contains("dean@example.edu"));
    }

    async fn what_is_there_early_is_told_at_once_and_nothing_follows(app: TestApp) {
        app.apply_campus().await;
        app.post(PATH, &release()).await.is(201);
        app.advance(60);
        let path = format!("{PATH}/ANN-1/effective");
        app.post(&path, &json!({"version": 7})).await.is(409);
        app.post(&path, &json!({"when": "now"})).await.is(422);
        let there = app.post(&path, &json!({"version": 1})).await.is(200).json();
        assert_eq!((&there["status"], &there["effective"], &there["closed_at"]),
            (&json!("effective"), &json!("2026-11-21T10:00:00[America/Los_Angeles]"), &json!("2026-11-21T18:00:00Z")));
        assert_eq!(planned(&app, "ANN-1").await, [
            "2026-11-21T18:00:00Z effective customers",
            "2026-11-21T18:00:00Z effective internal",
            "2026-11-21T18:00:00Z effective requesters",
        ]);
        app.post(&path, &json!({})).await.is(409);
        let journal = app.get("/api/v1/journal?event=ANN-1").await.json();
        assert_eq!(journal["items"][0]["action"], "announcement.effective");
        assert_eq!(journal["items"][0]["detail"]["planned"], "2026-12-08T10:00:00[America/Los_Angeles]");
    }

    async fn somebody_added_hears_what_was_said_and_all_that_comes(app: TestApp) {
        app.apply_campus().await;
        app.post(PATH, &release()).await.is(201);
        let path = format!("{PATH}/ANN-1/recipients");
        app.post(&path, &json!({"email": "press@example.org", "audience": "engineers"})).await.is(422);
        let added = app.post(&path, &json!({"email": "press@example.org"})).await.is(200).json();
        assert_eq!(added["version"], 2);
        let ahead = planned(&app, "ANN-1").await;
        assert!(ahead.contains(&"2026-12-01T17:00:00Z announcement added-non_technical".to_owned()), "{ahead:#?}");
        app.app.clock.set("2026-12-01T17:00:00Z".parse().unwrap());
        app.expand_due().await;
        // Who comes later is told at once what the others know.
        app.advance(60);
        app.post(&path, &json!({"audience": "engineers", "level": "technical"})).await.is(200);
        let now = planned(&app, "ANN-1").await;
        assert!(now.contains(&"2026-12-01T18:00:00Z announcement engineers".to_owned()), "{now:#?}");
        assert!(now.contains(&"2026-12-08T18:00:00Z effective engineers".to_owned()), "{now:#?}");
        let all = app.get(&path).await.is(200).json();
        assert_eq!((all["items"].as_array().map(Vec::len), &all["audiences"]["engineers"]), (Some(1), &json!("technical")));
        let journal = app.get("/api/v1/journal?event=ANN-1").await.text();
        assert!(journal.contains("announcement.recipient_added") && !journal.contains("press@example.org"));
        app.post(&format!("{PATH}/ANN-1/cancel"), &json!({})).await.is(200);
        app.post(&path, &json!({"contact": "alice"})).await.is(409);
    }

    async fn work_and_a_release_of_one_day_share_a_message(app: TestApp) {
        app.apply_campus().await;
        let mut work = crate::app::upgrade();
        (work["start"], work["end"]) = (json!("2026-12-08T22:00"), json!("2026-12-08T23:00"));
        app.post("/api/v1/maintenances", &work).await.is(201);
        let seen = app.post(&format!("{PATH}/preview"), &release()).await.is(200).json();
        let digest = &seen["plan"]["digests"][0];
        assert_eq!((&digest["audience"], &digest["with"], &digest["date"]), (&json!("customers"), &json!(["MNT-1"]), &json!("2026-12-01")));
        let made = app.post(PATH, &release()).await.is(201).json();
        assert_eq!(made["plan"]["digests"], seen["plan"]["digests"]);
        let other = app.get("/api/v1/maintenances/MNT-1/plan").await.json();
        assert_eq!(other["digests"][0]["with"], json!(["ANN-1"]));
    }

    async fn what_cannot_be_is_refused_and_changes_nothing(app: TestApp) {
        app.apply_campus().await;
        let slips = json!({"titel": "X", "services": ["protal"], "effective": "soon", "kind": "relaese"});
        let problems = app.post(PATH, &slips).await.is(422).problems();
        for field in ["announcement.title: ", "announcement.titel: ", "announcement.effective: "] {
            assert!(problems.iter().any(|p| p.starts_with(field)), "{field}: {problems:?}");
        }
        let slips = json!({"title": "X", "services": ["protal"], "effective": "2026-12-08T10:00", "kind": "relaese"});
        let problems = app.post(PATH, &slips).await.is(422).text();
        assert!(problems.contains("did you mean 'portal'?") && problems.contains("did you mean 'release'?"), "{problems}");
        assert_eq!(app.get(PATH).await.json()["items"], json!([]));
        app.post(PATH, &release()).await.is(201);
        let mut twice = release();
        twice["id"] = json!("ANN-1");
        app.post(PATH, &twice).await.is(409);
        let unheard = json!({"services": ["protal"]});
        let problems = app.post(&format!("{PATH}/ANN-1/change"), &unheard).await.is(422).problems();
        assert!(problems[0].starts_with("services[0]: "), "{problems:?}");
        app.post(&format!("{PATH}/ANN-1/change"), &json!({})).await.is(422);
        app.post(&format!("{PATH}/ANN-1/move"), &json!({"effective": "2026-12-08T10:00"})).await.is(422);
        let past = app.post(&format!("{PATH}/ANN-1/move"), &json!({"effective": "2026-11-21T08:59"})).await.is(422).problems();
        assert_eq!(past, ["effective: lies in the past: must be later than now, 2026-11-21T09:00:00[America/Los_Angeles]"]);
        app.post(&format!("{PATH}/ANN-1/cancel"), &json!({"version": 7})).await.is(409);
        app.post(&format!("{PATH}/ANN-1/approve"), &json!({})).await.is(409);
        app.post(&format!("{PATH}/ANN-9/cancel"), &json!({})).await.is(404);
        assert_eq!(app.get(&format!("{PATH}/ANN-1")).await.json()["version"], 1);
        app.post(&format!("{PATH}/ANN-1/cancel"), &json!({})).await.is(200);
        for (action, body) in [("move", json!({"effective": "2026-12-09T10:00"})), ("change", json!({"title": "Y"})), ("cancel", json!({}))] {
            app.post(&format!("{PATH}/ANN-1/{action}"), &body).await.is(409);
        }
    }

    async fn a_repeated_request_announces_once(app: TestApp) {
        app.apply_campus().await;
        let body = release();
        let first = app.keyed("k-1", PATH, &body).await.is(201).json();
        let again = app.keyed("k-1", PATH, &body).await.is(201).json();
        assert_eq!(first, again);
        assert_eq!(app.get(PATH).await.json()["items"].as_array().unwrap().len(), 1);
    }

    async fn the_public_reads_what_is_to_come_and_nothing_inside(app: TestApp) {
        app.apply_campus().await;
        app.post(PATH, &release()).await.is(201);
        let page = public(&app, "/").await;
        assert!(page.contains("Announced changes") && page.contains("Portal 5"), "{page}");
        let event = public(&app, "/events/ANN-1").await;
        assert!(event.contains("Takes effect") && event.contains("Marks stand on the first page"), "{event}");
        assert!(public(&app, "/calendar").await.contains("Portal 5"));
        let calendar = public(&app, "/events/ANN-1.ics").await;
        assert!(calendar.contains("DTSTART:20261208T180000Z") && !calendar.contains("DTEND"), "{calendar}");
        let changes: Value = serde_json::from_str(&public(&app, "/calendar.json").await).unwrap();
        assert_eq!((&changes["changes"][0]["id"], &changes["changes"][0]["kind"]), (&json!("ANN-1"), &json!("release")));
        for path in ["/", "/events/ANN-1", "/calendar", "/calendar.ics", "/calendar.json", "/history.atom"] {
            let text = public(&app, path).await;
            assert!(!text.contains("web3.internal") && !text.contains("dean@example.edu"), "{path}");
        }
        app.post(&format!("{PATH}/ANN-1/cancel"), &json!({})).await.is(200);
        assert!(!public(&app, "/").await.contains("Announced changes"));
        assert!(public(&app, "/history").await.contains("Announced change, cancelled"));
    }

    async fn only_who_may_act_acts(app: TestApp) {
        app.apply_campus().await;
        let body = release().to_string();
        app.request(As::Viewer, "POST", PATH, &body).await.is(403);
        app.request(As::Nobody, "GET", PATH, "").await.is(401);
        app.request(As::Operator, "POST", PATH, &body).await.is(201);
        app.request(As::Viewer, "GET", &format!("{PATH}/ANN-1"), "").await.is(200);
    }
}

#[tokio::test]
async fn the_console_shows_the_plan_before_anybody_hears_and_acts_as_the_api_does() {
    let app = TestApp::campus().await;
    let mut fields = vec![
        ("title", "Portal 5"),
        ("kind", "release"),
        ("services", "portal"),
        ("effective", "2026-12-08T10:00"),
        ("facts.effect", "Marks stand on the first page"),
        ("requesters", "dean@example.edu\nann@example.edu"),
        ("do", "preview"),
    ];
    let list = "/console/announcements";
    let form = app
        .page(As::Operator, "/console/announcements/new")
        .await
        .is(200)
        .text();
    assert!(form.contains("Release: 5 business days before"), "{form}");
    let seen = app.form(As::Operator, list, &fields).await.is(200).text();
    assert!(
        seen.contains("This is who would hear, and when")
            && seen.contains("5 business days before it takes effect"),
        "{seen}"
    );
    assert_eq!(app.get(PATH).await.json()["items"], json!([]));
    fields[6] = ("do", "create");
    let made = app.form(As::Operator, list, &fields).await.is(303);
    assert_eq!(made.location(), "/console/announcements/ANN-1");
    let one = app.page(As::Viewer, made.location()).await.is(200).text();
    assert!(
        one.contains("Portal 5") && one.contains("Announced it"),
        "{one}"
    );
    let overview = app.page(As::Viewer, list).await.is(200).text();
    assert!(
        overview.contains("/console/announcements/ANN-1"),
        "{overview}"
    );
    app.page(As::Viewer, "/console/announcements/ANN-1/reach")
        .await
        .is(200);
    let act = |action: &str| format!("{list}/ANN-1/{action}");
    let wrong = app
        .form(As::Operator, &act("move"), &[("effective", "soon")])
        .await;
    assert!(wrong.is(422).text().contains("must be a time such as"));
    let twice = [("effective", "2027-11-07T01:30"), ("version", "1")];
    let asked = app
        .form(As::Operator, &act("move"), &twice)
        .await
        .is(422)
        .text();
    assert!(
        asked.contains("Which moment is meant?") && asked.contains("01:30 PST (UTC-08:00)"),
        "{asked}"
    );
    let later = [
        ("effective", "2026-12-15T10:00"),
        ("reason", "Two tests failed"),
        ("version", "1"),
    ];
    app.form(As::Operator, &act("move"), &later).await.is(303);
    // Whoever saw it before that is told so.
    app.form(As::Operator, &act("cancel"), &[("version", "1")])
        .await
        .is(409);
    app.form(As::Operator, &act("change"), &[("title", "Portal 5.0")])
        .await
        .is(303);
    assert!(one.contains("In effect now"), "{one}");
    app.form(As::Operator, list, &fields).await.is(303);
    let there = format!("{list}/ANN-2/effective");
    app.form(As::Operator, &there, &[("version", "1")])
        .await
        .is(303);
    let now = app.get(&format!("{PATH}/ANN-2")).await.json();
    assert_eq!(now["status"], "effective");
    app.form(As::Operator, &act("cancel"), &[("why", "Not good enough")])
        .await
        .is(303);
    let now = app.get(&format!("{PATH}/ANN-1")).await.json();
    assert_eq!(
        (&now["status"], &now["title"], &now["requesters"]),
        (
            &json!("cancelled"),
            &json!("Portal 5.0"),
            &json!(["dean@example.edu", "ann@example.edu"])
        )
    );
    app.page(As::Viewer, "/console/announcements/new")
        .await
        .is(403);
    app.form(As::Viewer, &act("cancel"), &[]).await.is(403);
}

#[tokio::test]
async fn the_console_says_what_shares_a_message() {
    let app = TestApp::campus().await;
    let release = |id: &str| {
        json!({"id": id, "title": "Portal 5", "services": ["portal"], "effective": "2026-12-10T10:00",
            "facts": {"effect": "The menu is on the left."}})
    };
    for id in ["ANN-1", "ANN-2"] {
        app.post(PATH, &release(id)).await.is(201);
    }
    let page = app.page(As::Viewer, "/console/announcements/ANN-1").await;
    let page = page.is(200).text();
    assert!(
        page.contains("Students would hear of ANN-2 on the same day"),
        "{page}"
    );
    let fields = [
        ("title", "Portal 6"),
        ("kind", "release"),
        ("services", "portal"),
        ("effective", "2026-12-10T10:00"),
        ("facts.effect", "The menu is on the right."),
        ("do", "preview"),
    ];
    let seen = app
        .form(As::Operator, "/console/announcements", &fields)
        .await;
    let seen = seen.is(200).text();
    assert!(
        seen.contains("Students would hear of ANN-1, ANN-2 on the same day"),
        "{seen}"
    );
}
