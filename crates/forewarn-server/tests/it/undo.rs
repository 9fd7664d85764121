//! What goes to many wants its number, and what was sent by mistake is taken back before anybody was told.

use crate::app::{As, TestApp, upgrade};
use forewarn_server::ops::sending::Sending;
use jiff::SignedDuration;
use serde_json::{Value, json};

const NARROW: &str = "organisation: {name: Example University, time_zone: America/Los_Angeles, calendar: US, confirm_above: 0}";
const IT: &str = "/api/v1/incidents/INC-1";
const WORK: &str = "/api/v1/maintenances/MNT-1";
const FAULT: &str = "/api/v1/advisories/ADV-1";
const RELEASE: &str = "/api/v1/announcements/ANN-1";

fn seconds(app: &TestApp, seconds: i64) {
    app.app.clock.advance(SignedDuration::from_secs(seconds));
}

async fn declared(app: &TestApp) {
    app.apply_campus().await;
    let body = json!({"services": {"portal": "major_outage"}, "severity": "P1", "effect": "You cannot sign in."});
    app.post("/api/v1/incidents", &body).await.is(201);
    app.expand_due().await;
}

async fn listed(app: &TestApp, event: &str, status: &str) -> Vec<String> {
    let path = format!("/api/v1/notices?event={event}&status={status}");
    let found = app.get(&path).await.is(200).json();
    let line = |n: &Value| {
        format!(
            "{} {} {}",
            n["milestone"].as_str().unwrap(),
            n["audience"].as_str().unwrap(),
            n["due"].as_str().unwrap()
        )
    };
    let mut all: Vec<String> = found["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(line)
        .collect();
    all.sort();
    all
}

async fn public(app: &TestApp, path: &str) -> String {
    app.refresh().await;
    app.page(As::Nobody, path).await.text()
}

/// A page, but for when it was made.
fn without_clock(page: &str) -> String {
    let made = |line: &&str| !line.contains("data-now=") && !line.contains("As of <time");
    page.lines().filter(made).collect()
}

/// The incident, but for what counts its changes.
fn same(mut incident: Value) -> Value {
    for name in ["version", "notices", "people"] {
        incident.as_object_mut().unwrap().remove(name);
    }
    incident
}

on_both_databases! {
    async fn an_update_that_is_undone_was_never_said(app: TestApp) {
        declared(&app).await;
        app.advance(20);
        let (before, planned) = (app.get(IT).await.json(), listed(&app, "INC-1", "planned").await);
        let update = json!({"status": "resolved", "text": "It is over in Newark.", "undo": true});
        let said = app.request(As::Operator, "POST", &format!("{IT}/updates"), &update.to_string()).await.is(201).json();
        assert_eq!((&said["status"], &said["undo_until"]), (&json!("resolved"), &json!("2026-11-21T17:20:10Z")));
        assert!(said["updates"][1].get("before").is_none(), "{said:#}");
        assert!(said["notices"].as_array().unwrap().iter().all(|n| n["due"] == "2026-11-21T17:20:10Z"), "{said:#}");
        // Nobody hears of it before, here or there.
        seconds(&app, 9);
        app.expand_due().await;
        for path in ["/", "/events/INC-1", "/api/v2/incidents.json", "/api/v2/summary.json", "/feed.atom", "/history"] {
            let page = public(&app, path).await;
            assert!(!page.contains("Newark") && !page.contains("\"resolved\""), "{path}: {page}");
        }
        let sent = listed(&app, "INC-1", "sending").await;
        assert!(sent.iter().all(|n| n.starts_with("holding") || n.starts_with("spokesperson_call")), "{sent:#?}");

        let undone = app.request(As::Operator, "POST", &format!("{IT}/undo"), "").await.is(200).json();
        assert_eq!(same(undone.clone()), same(before.clone()));
        assert_eq!(listed(&app, "INC-1", "planned").await, planned, "the promise has its timers again");
        let drafts = app.get(&format!("{IT}/writing")).await.json();
        assert_eq!((&drafts["items"][0]["author"], &drafts["items"][0]["text"]), (&json!("token:operator"), &json!("It is over in Newark.")));
        let journal = app.get("/api/v1/journal?event=INC-1").await.text();
        assert!(journal.contains("incident.updated") && journal.contains("incident.undone"), "{journal}");
        let versions = app.get("/api/v1/events/INC-1/versions").await.json();
        assert_eq!(versions["items"][0]["origin"], "undone");
        seconds(&app, 30);
        app.expand_due().await;
        assert!(!public(&app, "/events/INC-1").await.contains("Newark"));
        app.post(&format!("{IT}/undo"), &Value::Null).await.is(409);
        // Said again, it is told.
        app.post(&format!("{IT}/updates"), &update).await.is(201);
        seconds(&app, 10);
        app.expand_due().await;
        assert!(public(&app, "/events/INC-1").await.contains("Newark"));
        let told = listed(&app, "INC-1", "sending").await;
        assert!(told.iter().any(|n| n.starts_with("resolution")), "{told:#?}");
        app.post(&format!("{IT}/undo"), &Value::Null).await.is(409);
    }

    async fn the_first_word_and_what_people_wait_for_go_out_at_once(app: TestApp) {
        app.apply_campus().await;
        let body = json!({"services": {"portal": "major_outage"}, "severity": "P1", "undo": true});
        let refused = app.post("/api/v1/incidents", &body).await.is(422);
        assert!(refused.problems()[0].contains("undo"), "{:?}", refused.problems());
        declared(&app).await;
        let updates = format!("{IT}/updates");
        // The promise is due at 18:00: nobody waits longer for the sake of a slip.
        app.advance(59);
        seconds(&app, 55);
        let said = app.post(&updates, &json!({"text": "One", "undo": true})).await.is(201).json();
        assert_eq!(said["undo_until"], "2026-11-21T18:00:00Z");
        assert_eq!(said["updates"][0]["promise"]["kept"], true);
        app.advance(70);
        let said = app.post(&updates, &json!({"text": "Late", "undo": true})).await.is(201).json();
        assert_eq!(said["undo_until"], Value::Null);
        app.post(&format!("{IT}/undo"), &Value::Null).await.is(409);
        // Without asking for it, and where the organisation does not want it.
        let said = app.post(&updates, &json!({"text": "Two"})).await.is(201).json();
        assert_eq!(said["undo_until"], Value::Null);
        app.yaml("/api/v1/documents", "organisation: {name: X, time_zone: UTC, undo_seconds: 0}").await.is(200);
        let said = app.post(&updates, &json!({"text": "Three", "undo": true})).await.is(201).json();
        assert_eq!(said["undo_until"], Value::Null);
    }

    async fn a_change_of_work_that_is_undone_leaves_the_plan_as_it_was(app: TestApp) {
        app.apply_campus().await;
        app.post("/api/v1/maintenances", &upgrade()).await.is(201);
        app.expand_due().await;
        for (action, body) in [
            ("delay", json!({"start": "2026-12-02T22:00", "reason": "The vendor is in Newark.", "undo": true})),
            ("cancel", json!({"reason": "Newark says no.", "undo": true})),
        ] {
            let (before, planned) = (app.get(WORK).await.json(), listed(&app, "MNT-1", "planned").await);
            let done = app.post(&format!("{WORK}/{action}"), &body).await.is(200).json();
            assert!(done["undo_until"].is_string() && done.get("pending").is_none(), "{done:#}");
            seconds(&app, 9);
            app.expand_due().await;
            let (page, api) = (public(&app, "/events/MNT-1").await, public(&app, "/api/v2/scheduled-maintenances.json").await);
            assert!(!page.contains("Newark") && !api.contains("2026-12-03"), "{action}: {page} {api}");
            let undone = app.post(&format!("{WORK}/undo"), &Value::Null).await.is(200).json();
            for name in ["start", "end", "status", "revision", "ended_at"] {
                assert_eq!(undone[name], before[name], "{action} {name}");
            }
            assert_eq!(listed(&app, "MNT-1", "planned").await, planned, "{action}");
            app.post(&format!("{WORK}/undo"), &Value::Null).await.is(409);
        }
        app.post(&format!("{WORK}/cancel"), &json!({"reason": "Newark says no.", "undo": true})).await.is(200);
        seconds(&app, 10);
        app.expand_due().await;
        let told = listed(&app, "MNT-1", "sending").await;
        assert!(told.iter().any(|n| n.starts_with("cancellation")), "{told:#?}");
        app.post(&format!("{WORK}/undo"), &Value::Null).await.is(409);
    }

    async fn a_word_about_a_fault_that_is_undone_was_never_said(app: TestApp) {
        app.apply_campus().await;
        let mut fault = json!({"id": "ADV-1", "services": ["portal"], "effect": "The export leaves out a line.",
            "next_update_in": "3d", "undo": true});
        let refused = app.post("/api/v1/advisories", &fault).await.is(422);
        assert!(refused.problems()[0].contains("undo"), "{:?}", refused.problems());
        fault.as_object_mut().unwrap().remove("undo");
        app.post("/api/v1/advisories", &fault).await.is(201);
        app.expand_due().await;
        app.advance(20);
        for (action, body, status, code) in [
            ("updates", json!({"text": "Newark knows more.", "next_update_in": "5d", "undo": true}), "open", 201),
            ("fix", json!({"text": "Newark mended it.", "undo": true}), "fixed", 200),
            ("withdraw", json!({"text": "Newark was wrong.", "undo": true}), "withdrawn", 200),
        ] {
            let (before, planned) = (app.get(FAULT).await.json(), listed(&app, "ADV-1", "planned").await);
            let said = app.post(&format!("{FAULT}/{action}"), &body).await.is(code).json();
            assert_eq!(said["status"], status);
            assert!(said["undo_until"].is_string() && said.get("pending").is_none(), "{said:#}");
            seconds(&app, 9);
            app.expand_due().await;
            for path in ["/", "/events/ADV-1", "/history", "/feed.atom"] {
                let page = public(&app, path).await;
                assert!(!page.contains("Newark"), "{action} {path}: {page}");
            }
            let sent = listed(&app, "ADV-1", "sending").await;
            assert!(sent.iter().all(|n| n.starts_with("discovery")), "{action}: {sent:#?}");
            let undone = app.post(&format!("{FAULT}/undo"), &Value::Null).await.is(200).json();
            assert_eq!(same(undone), same(before), "{action}");
            assert_eq!(listed(&app, "ADV-1", "planned").await, planned, "{action}: the promise has its timers again");
            let drafts = app.app.store.writing("ADV-1", app.app.clock.now()).await.unwrap();
            assert_eq!((drafts[0].text.as_str(), drafts.len()), (body["text"].as_str().unwrap(), 1));
            app.post(&format!("{FAULT}/undo"), &Value::Null).await.is(409);
        }
        // Meant this time, and too late to take back.
        app.post(&format!("{FAULT}/fix"), &json!({"text": "Newark mended it.", "undo": true})).await.is(200);
        seconds(&app, 10);
        app.expand_due().await;
        let told = listed(&app, "ADV-1", "sending").await;
        assert!(told.iter().any(|n| n.starts_with("fixed")), "{told:#?}");
        assert!(public(&app, "/events/ADV-1").await.contains("Newark"));
        app.post(&format!("{FAULT}/undo"), &Value::Null).await.is(409);
    }

    async fn a_change_of_an_announcement_that_is_undone_leaves_its_plan_as_it_was(app: TestApp) {
        app.apply_campus().await;
        let mut release = json!({"id": "ANN-1", "title": "New portal", "kind": "release", "services": ["portal"],
            "effective": "2026-12-10T08:00", "facts": {"effect": "The menu is on the left."}, "undo": true});
        let refused = app.post("/api/v1/announcements", &release).await.is(422);
        assert!(refused.problems()[0].contains("undo"), "{:?}", refused.problems());
        release.as_object_mut().unwrap().remove("undo");
        app.post("/api/v1/announcements", &release).await.is(201);
        app.expand_due().await;
        app.advance(60);
        for (action, body) in [
            ("move", json!({"effective": "2026-12-15T08:00", "reason": "Newark is late.", "undo": true})),
            ("effective", json!({"undo": true})),
            ("cancel", json!({"reason": "Newark says no.", "undo": true})),
        ] {
            let (before, planned) = (app.get(RELEASE).await.json(), listed(&app, "ANN-1", "planned").await);
            let told = without_clock(&public(&app, "/events/ANN-1").await);
            let done = app.post(&format!("{RELEASE}/{action}"), &body).await.is(200).json();
            assert!(done["undo_until"].is_string() && done.get("pending").is_none(), "{done:#}");
            seconds(&app, 9);
            app.expand_due().await;
            assert_eq!(without_clock(&public(&app, "/events/ANN-1").await), told, "{action}");
            assert_eq!(listed(&app, "ANN-1", "sending").await, Vec::<String>::new(), "{action}");
            let undone = app.post(&format!("{RELEASE}/undo"), &Value::Null).await.is(200).json();
            for name in ["effective", "status", "revision", "closed_at", "undo_until"] {
                assert_eq!(undone[name], before[name], "{action} {name}");
            }
            assert_eq!(listed(&app, "ANN-1", "planned").await, planned, "{action}");
            app.post(&format!("{RELEASE}/undo"), &Value::Null).await.is(409);
        }
        let done = app.post(&format!("{RELEASE}/effective"), &json!({"undo": true})).await.is(200).json();
        assert_eq!(done["closed_at"], done["undo_until"], "it is in effect once people are told");
        seconds(&app, 10);
        app.expand_due().await;
        let told = listed(&app, "ANN-1", "sending").await;
        assert!(told.iter().any(|n| n.starts_with("effective")), "{told:#?}");
        app.post(&format!("{RELEASE}/undo"), &Value::Null).await.is(409);
    }

    async fn what_can_still_be_undone_is_told_whatever_else_is_planned_meanwhile(app: TestApp) {
        app.apply_campus().await;
        app.post("/api/v1/maintenances", &upgrade()).await.is(201);
        app.expand_due().await;
        let delays = async |status: &str| {
            let mut all = listed(&app, "MNT-1", status).await;
            all.retain(|n| n.starts_with("delay"));
            all
        };
        let otherwise = json!({"before": ["2bd", "30min"], "reason": "Two days are enough."});
        for (start, is_undone) in [("2026-12-02T22:00", true), ("2026-12-03T22:00", false)] {
            let delay = json!({"start": start, "reason": "The vendor is in Newark.", "undo": true});
            app.post(&format!("{WORK}/delay"), &delay).await.is(200);
            let waiting = delays("planned").await;
            seconds(&app, 4);
            app.post(&format!("{WORK}/override"), &otherwise).await.is(200);
            assert!(!waiting.is_empty());
            assert_eq!(delays("planned").await, waiting, "no sooner and no later");
            if is_undone {
                app.post(&format!("{WORK}/undo"), &Value::Null).await.is(200);
            }
            seconds(&app, 6);
            app.expand_due().await;
            let told = if is_undone { Vec::new() } else { waiting };
            assert_eq!(delays("sending").await, told);
        }
    }

    async fn undoing_the_second_of_two_changes_tells_of_the_first(app: TestApp) {
        app.apply_campus().await;
        app.post("/api/v1/maintenances", &upgrade()).await.is(201);
        let release = json!({"id": "ANN-1", "title": "New portal", "kind": "release", "services": ["portal"],
            "effective": "2026-12-10T08:00", "facts": {"effect": "The menu is on the left."}});
        app.post("/api/v1/announcements", &release).await.is(201);
        app.expand_due().await;
        let changes = async |event: &str, status: &str| {
            let mut all = listed(&app, event, status).await;
            all.retain(|n| n.starts_with("delay") || n.starts_with("cancellation"));
            all
        };
        let second = |day: &str, field: &str| json!({field: format!("2026-12-{day}T22:00"), "reason": "Newark again.", "undo": true});
        // The event, what is done first, what is done and undone four seconds later, and how many seconds after that.
        let cases = [
            ("MNT-1", WORK, "delay", "start", "cancel", json!({"reason": "Newark says no.", "undo": true}), 0),
            ("MNT-1", WORK, "delay", "start", "delay", second("05", "start"), 8),
            ("ANN-1", RELEASE, "move", "effective", "cancel", json!({"reason": "Newark says no.", "undo": true}), 0),
            ("ANN-1", RELEASE, "move", "effective", "move", second("20", "effective"), 8),
        ];
        for (n, (event, it, action, field, then, body, later)) in cases.into_iter().enumerate() {
            let day = 12 + n;
            let first = json!({field: format!("2026-12-{day}T22:00"), "reason": "The vendor is ill.", "undo": true});
            app.post(&format!("{it}/{action}"), &first).await.is(200);
            let (one, planned) = (app.get(it).await.json(), listed(&app, event, "planned").await);
            let waiting = changes(event, "planned").await;
            assert!(!waiting.is_empty(), "{event} {action}");
            seconds(&app, 4);
            app.post(&format!("{it}/{then}"), &body).await.is(200);
            seconds(&app, later);
            app.expand_due().await;
            let told = changes(event, "sending").await;
            let undone = app.post(&format!("{it}/undo"), &Value::Null).await.is(200).json();
            for name in ["start", "end", "effective", "status", "revision"] {
                assert_eq!(undone[name], one[name], "{event} {action} {name}");
            }
            let again = changes(event, "planned").await;
            match later {
                // The first can be undone as well, as if the second had never been.
                0 => assert_eq!(listed(&app, event, "planned").await, planned, "{event} {action}"),
                // Its time has passed meanwhile: it is told at once.
                _ => assert_eq!(again.len(), waiting.len(), "{event} {action}: {again:#?}"),
            }
            seconds(&app, 6);
            app.expand_due().await;
            let mut now = changes(event, "sending").await;
            now.retain(|n| !told.contains(n));
            assert_eq!(now, again, "{event} {action} is told");
            let page = public(&app, &format!("/events/{event}")).await;
            assert!(page.contains("The vendor is ill.") && !page.contains("Newark"), "{event}: {page}");
            app.post(&format!("{it}/undo"), &Value::Null).await.is(409);
        }
    }

    async fn undoing_the_second_of_two_words_leaves_the_first(app: TestApp) {
        declared(&app).await;
        let fault = json!({"id": "ADV-1", "services": ["portal"], "effect": "The export leaves out a line."});
        app.post("/api/v1/advisories", &fault).await.is(201);
        app.expand_due().await;
        app.advance(5);
        for (event, it) in [("INC-1", IT), ("ADV-1", FAULT)] {
            app.post(&format!("{it}/updates"), &json!({"text": "The vendor is ill.", "undo": true})).await.is(201);
            let (one, planned) = (app.get(it).await.json(), listed(&app, event, "planned").await);
            seconds(&app, 4);
            app.post(&format!("{it}/updates"), &json!({"text": "Newark.", "undo": true})).await.is(201);
            let undone = app.post(&format!("{it}/undo"), &Value::Null).await.is(200).json();
            assert_eq!(same(undone), same(one), "{event}");
            assert_eq!(listed(&app, event, "planned").await, planned, "{event}");
            seconds(&app, 6);
            app.expand_due().await;
            let told = listed(&app, event, "sending").await;
            assert!(told.iter().any(|n| n.starts_with("update")), "{event}: {told:#?}");
            let page = public(&app, &format!("/events/{event}")).await;
            assert!(page.contains("The vendor is ill.") && !page.contains("Newark"), "{event}: {page}");
        }
    }

    async fn what_goes_to_many_wants_its_number(app: TestApp) {
        app.apply_campus().await;
        app.yaml("/api/v1/documents", NARROW).await.is(200);
        let body = json!({"services": {"portal": "major_outage"}, "severity": "P1"});
        app.post("/api/v1/incidents", &body).await.is(201);
        let posts = [
            (format!("{IT}/updates"), json!({"text": "A disk failed."}), 201),
            ("/api/v1/maintenances".into(), upgrade(), 201),
            (format!("{WORK}/delay"), json!({"start": "2026-12-02T22:00"}), 200),
            (format!("{WORK}/cancel"), json!({}), 200),
            ("/api/v1/announcements".into(), json!({"id": "ANN-1", "title": "New portal", "kind": "release", "services": ["portal"],
                "effective": "2026-12-10T08:00", "facts": {"effect": "The menu is on the left."}}), 201),
            ("/api/v1/announcements/ANN-1/move".into(), json!({"effective": "2026-12-11T08:00"}), 200),
            ("/api/v1/announcements/ANN-1/cancel".into(), json!({}), 200),
            ("/api/v1/advisories".into(), json!({"id": "ADV-1", "services": ["portal"], "effect": "The export leaves out a line."}), 201),
            ("/api/v1/advisories/ADV-1/updates".into(), json!({"text": "We are working on it."}), 201),
            ("/api/v1/advisories/ADV-1/fix".into(), json!({}), 200),
        ];
        for (path, body, status) in posts {
            let refused = app.post(&path, &body).await.is(409).text();
            let (_, after) = refused.split_once("this goes to ").unwrap_or_else(|| panic!("{path}: {refused}"));
            let count: i64 = after.split(' ').next().unwrap().parse().unwrap();
            assert!(count > 0, "{path}: {refused}");
            let with = |count: Value| { let mut body = body.clone(); body["recipients"] = count; body };
            app.post(&path, &with(json!(count + 1))).await.is(409);
            app.post(&path, &with(json!("many"))).await.is(422);
            app.post(&path, &with(json!(count))).await.is(status);
        }
    }

    async fn the_start_and_the_end_of_work_can_be_undone(app: TestApp) {
        app.apply_campus().await;
        app.post("/api/v1/maintenances", &upgrade()).await.is(201);
        for (action, status, before, milestone) in [
            ("start", "in_progress", "scheduled", "start"),
            ("complete", "completed", "in_progress", "completion"),
        ] {
            app.expand_due().await;
            let planned = listed(&app, "MNT-1", "planned").await;
            let act = format!("{WORK}/{action}");
            let done = app.post(&act, &json!({"undo": true})).await.is(200).json();
            assert_eq!(done["status"], status);
            assert!(done["undo_until"].is_string(), "{done:#}");
            seconds(&app, 9);
            app.expand_due().await;
            let told = |all: Vec<String>| all.iter().any(|n| n.starts_with(milestone));
            assert!(!told(listed(&app, "MNT-1", "sending").await), "nobody was told of the {action}");
            let undone = app.post(&format!("{WORK}/undo"), &Value::Null).await.is(200).json();
            assert_eq!((&undone["status"], &undone["undo_until"]), (&json!(before), &Value::Null));
            assert_eq!(listed(&app, "MNT-1", "planned").await, planned);
            // Meant this time, and too late to take back.
            app.post(&act, &json!({"undo": true})).await.is(200);
            seconds(&app, 10);
            app.expand_due().await;
            assert!(told(listed(&app, "MNT-1", "sending").await), "{action}: {:#?}", listed(&app, "MNT-1", "planned").await);
            app.post(&format!("{WORK}/undo"), &Value::Null).await.is(409);
        }
    }
}

#[tokio::test]
async fn the_console_asks_for_the_number_of_a_fault_beside_the_form_that_was_sent() {
    let app = TestApp::campus().await;
    let fault =
        json!({"id": "ADV-1", "services": ["portal"], "effect": "The export leaves out a line."});
    app.post("/api/v1/advisories", &fault).await.is(201);
    app.yaml("/api/v1/documents", NARROW).await.is(200);
    let fix = "/console/advisories/ADV-1/fix";
    let asked = app
        .form(As::Operator, fix, &[("action", "Sign in again.")])
        .await
        .is(409)
        .text();
    assert_eq!(asked.matches("name=\"recipients\"").count(), 1, "{asked}");
    let (_, after) = asked.split_once("goes to ").expect("a number");
    let count = after.split(':').next().expect("a number");
    let with = [("action", "Sign in again."), ("recipients", count)];
    app.form(As::Operator, fix, &with).await.is(303);
    let new = [
        ("services", "portal"),
        ("effect", "Marks are missing."),
        ("do", "create"),
    ];
    let asked = app
        .form(As::Operator, "/console/advisories", &new)
        .await
        .is(409)
        .text();
    assert!(
        asked.contains("name=\"recipients\"") && asked.contains("This is who would hear"),
        "{asked}"
    );
}

/// A clock goes on while something is said: who wants no time to undo is told that there is none, not of some microseconds.
#[tokio::test]
async fn without_time_to_undo_it_is_told_at_the_moment_it_is_said() {
    let app = TestApp::campus().await;
    let said = app.app.clock.now();
    seconds(&app, 1);
    let from = |undo| {
        let sending = Sending {
            undo,
            ..Sending::default()
        };
        let app = app.app.clone();
        async move { sending.from(&app, said).await.unwrap() }
    };
    assert_eq!(from(false).await, said);
    assert_eq!(from(true).await, said + SignedDuration::from_secs(10));
}

/// Fields of a form.
type Typed = &'static [(&'static str, &'static str)];

#[tokio::test]
async fn the_console_takes_back_what_was_said_of_faults_and_announcements() {
    let app = TestApp::campus().await;
    let fault =
        json!({"id": "ADV-1", "services": ["portal"], "effect": "The export leaves out a line."});
    app.post("/api/v1/advisories", &fault).await.is(201);
    let release = json!({"id": "ANN-1", "title": "New portal", "kind": "release", "services": ["portal"],
        "effective": "2026-12-10T08:00", "facts": {"effect": "The menu is on the left."}});
    app.post("/api/v1/announcements", &release).await.is(201);
    let acts: [(&str, &str, Typed); 6] = [
        ("advisories/ADV-1", "updates", &[("text", "Newark.")]),
        ("advisories/ADV-1", "fix", &[("fixed_text", "Newark.")]),
        ("advisories/ADV-1", "withdraw", &[("why", "Newark.")]),
        (
            "announcements/ANN-1",
            "move",
            &[("effective", "2026-12-15T08:00")],
        ),
        ("announcements/ANN-1", "effective", &[]),
        ("announcements/ANN-1", "cancel", &[("why", "Newark.")]),
    ];
    for (event, action, fields) in acts {
        let page = format!("/console/{event}");
        app.form(As::Operator, &format!("{page}/{action}"), fields)
            .await
            .is(303);
        let shown = app.page(As::Operator, &page).await.is(200).text();
        for words in [
            "data-undo=\"2026-11-21T17:00:10Z\"".to_owned(),
            format!("action=\"{page}/undo\""),
            "Nobody has been told yet".to_owned(),
        ] {
            assert!(shown.contains(&words), "{event} {action} {words}: {shown}");
        }
        let undo = format!("{page}/undo");
        app.form(As::Operator, &undo, &[]).await.is(303);
        let shown = app.page(As::Operator, &page).await.is(200).text();
        assert!(!shown.contains("data-undo"), "{event} {action}: {shown}");
        let draft = shown.contains("Newark.</textarea>");
        assert_eq!(draft, event.starts_with("adv"), "{event} {action}: {shown}");
        let late = app.form(As::Operator, &undo, &[]).await.is(409).text();
        assert!(late.contains("goes out already"), "{late}");
    }
}

#[tokio::test]
async fn the_console_shows_undo_and_asks_for_the_number() {
    let app = TestApp::new().await;
    declared(&app).await;
    let (page, updates) = (
        "/console/incidents/INC-1",
        "/console/incidents/INC-1/updates",
    );
    let fields = [
        ("status", "identified"),
        ("text", "A disk failed in Newark."),
    ];
    app.form(As::Operator, updates, &fields).await.is(303);
    let shown = app.page(As::Operator, page).await.is(200).text();
    for words in [
        "data-undo=\"2026-11-21T17:00:10Z\"",
        "action=\"/console/incidents/INC-1/undo\"",
        "09:00:10 PST",
        "not told yet",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let done = app
        .form(As::Operator, "/console/incidents/INC-1/undo", &[])
        .await
        .is(303);
    assert_eq!(done.location(), page);
    let shown = app.page(As::Operator, page).await.is(200).text();
    assert!(
        shown.contains("A disk failed in Newark.</textarea>") && !shown.contains("data-undo"),
        "{shown}"
    );
    let late = app
        .form(As::Operator, "/console/incidents/INC-1/undo", &[])
        .await
        .is(409)
        .text();
    assert!(late.contains("goes out already"), "{late}");

    app.yaml("/api/v1/documents", NARROW).await.is(200);
    let asked = app
        .form(As::Operator, updates, &fields)
        .await
        .is(409)
        .text();
    assert!(
        asked.contains("name=\"recipients\"") && asked.contains("type that number"),
        "{asked}"
    );
    assert!(
        asked.contains("A disk failed in Newark.</textarea>"),
        "{asked}"
    );
    let (_, after) = asked.split_once("goes to ").unwrap();
    let count = after.split(':').next().unwrap();
    let with = [fields[0], fields[1], ("recipients", count)];
    app.form(As::Operator, updates, &with).await.is(303);
    // A new plan, and its change.
    let work = [
        ("title", "Upgrade"),
        ("kind", "routine"),
        ("services", "database"),
        ("start", "2026-11-30T22:00"),
        ("end", "2026-12-01T02:00"),
        ("do", "create"),
    ];
    let asked = app
        .form(As::Operator, "/console/maintenances", &work)
        .await
        .is(409)
        .text();
    assert!(
        asked.contains("name=\"recipients\"") && asked.contains("value=\"create\""),
        "{asked}"
    );
    let mut with = work.to_vec();
    with.push(("recipients", count));
    let made = app.form(As::Operator, "/console/maintenances", &with).await;
    assert!(matches!(made.status.as_u16(), 303 | 409), "{}", made.text());
}
