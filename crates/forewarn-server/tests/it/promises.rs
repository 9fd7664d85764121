//! Promises through the API and the console: their timers, moved, broken on record, counted.

use crate::app::{As, PUBLIC_URL, TestApp};
use crate::console::follow;
use forewarn_store::Lane;
use serde_json::{Value, json};
use std::time::Duration;

fn declaration() -> Value {
    json!({"services": {"portal": "major_outage"}, "severity": "P1", "effect": "Some people cannot sign in"})
}

async fn timers(app: &TestApp) -> Vec<String> {
    timers_of(app, "INC-1").await
}

/// The timers of an event: when, what, for whom, and whether it still is to come.
async fn timers_of(app: &TestApp, event: &str) -> Vec<String> {
    let listed = app
        .get(&format!("/api/v1/notices?event={event}"))
        .await
        .json();
    let items = listed["items"].as_array().expect("items").clone();
    let text = |n: &Value, name: &str| n[name].as_str().unwrap_or("-").to_owned();
    let mut all: Vec<String> = items
        .iter()
        .filter(|n| text(n, "milestone").starts_with("promise_"))
        .map(|n| {
            let due = text(n, "due");
            let [milestone, place, audience, status] =
                ["milestone", "offset", "audience", "status"].map(|name| text(n, name));
            format!("{} {milestone} {place} {audience} {status}", &due[11..])
        })
        .collect();
    all.sort();
    all
}

fn only(status: &str, timers: Vec<String>) -> Vec<String> {
    timers.into_iter().filter(|t| t.ends_with(status)).collect()
}

on_both_databases! {
    async fn a_promise_has_timers_until_it_is_kept(app: TestApp) {
        app.apply_campus().await;
        app.post("/api/v1/incidents", &declaration()).await.is(201);
        assert_eq!(timers(&app).await, [
            "17:45:00Z promise_warning 15min spokesperson planned",
            "17:55:00Z promise_warning 5min backup planned",
            "17:55:00Z promise_warning 5min spokesperson planned",
            "17:58:00Z promise_kept - internal planned",
            "18:00:00.001Z promise_broken - internal planned",
        ]);
        app.advance(50);
        app.expand_due().await;
        let body = json!({"text": "A disk is full.", "next_update_in": "PT4M"});
        app.post("/api/v1/incidents/INC-1/updates", &body).await.is(201);
        // The first warning had begun; nothing else of the old promise will. Four minutes are too short for a warning.
        assert_eq!(only("planned", timers(&app).await),
            ["17:52:00Z promise_kept - internal planned", "17:54:00.001Z promise_broken - internal planned"]);
        assert_eq!(only("cancelled", timers(&app).await).len(), 4);
        let body = json!({"status": "resolved", "text": "It works again."});
        app.post("/api/v1/incidents/INC-1/updates", &body).await.is(201);
        assert_eq!(only("planned", timers(&app).await), Vec::<String>::new());
    }

    async fn a_moved_promise_is_told_and_has_its_own_timers(app: TestApp) {
        app.apply_campus().await;
        app.post("/api/v1/incidents", &declaration()).await.is(201);
        app.advance(10);
        let path = "/api/v1/incidents/INC-1/promise";
        let moved = app.post(path, &json!({"next_update_in": "PT90M"})).await.is(201).json();
        assert_eq!(moved["next_update_at"], "2026-11-21T18:40:00Z");
        assert_eq!(moved["updates"][1]["nature"], "moved");
        assert_eq!(moved["updates"][0]["promise"]["kept"], true);
        assert_eq!(moved["notices"][0]["milestone"], "update");
        let planned = only("planned", timers(&app).await);
        assert_eq!(planned[0], "18:25:00Z promise_warning 15min spokesperson planned");
        // Earlier, at a time.
        let at = json!({"next_update_at": "2026-11-21T17:30:00Z"});
        let sooner = app.post(path, &at).await.is(201).json();
        assert_eq!(sooner["next_update_at"], "2026-11-21T17:30:00Z");
        assert_eq!(sooner["promises"], json!({"kept": 0, "automatically": 0, "moved": 2, "broken": 0}));
        app.advance(25);
        for (body, problem) in [
            (at, "next_update_at: 2026-11-21T17:30:00Z has passed: it must be later than 2026-11-21T17:35:00Z"),
            (json!({}), "next_update_in: is missing, such as PT30M"),
            (json!({"next_update_in": "now"}), "next_update_in: must be later than now, 2026-11-21T09:35:00-08:00[America/Los_Angeles]"),
            (json!({"next_update_in": "PT5M", "next_update_at": "2026-11-21T19:30:00Z"}), "next_update_at: and next_update_in exclude each other"),
            (json!({"next_update_at": "9999-01-01T00:00:00Z"}), "next_update_at: is more than two years away"),
            (json!({"next_update_in": "1830d"}), "next_update_in: is more than two years away"),
            (json!({"next_update_in": "PT1M30S"}), "next_update_in: has seconds: give whole minutes, such as PT2M"),
            (json!({"next_update_in": "PT5M", "version": 0}), "version: must be the version that the event showed: a whole number"),
            (json!({"next_update_at": "half past"}), "next_update_at: must be a time with its zone, such as 2026-11-22T19:30:00Z"),
        ] {
            let refused = app.post(path, &body).await.is(422);
            assert_eq!(refused.problems(), [problem], "{body}");
        }
        // Who comes late puts the breach on record, where no engine did.
        let late = app.post(path, &json!({"next_update_in": "PT30M"})).await.is(201).json();
        assert_eq!(late["promises"], json!({"kept": 0, "automatically": 0, "moved": 2, "broken": 1}));
        let journal = app.app.store.journal(Some("INC-1"), None, 10).await.unwrap();
        let said: Vec<&str> = journal.iter().map(|e| e.action.as_str()).collect();
        assert_eq!(said[..3], ["incident.promise_moved", "incident.promise_broken", "incident.promise_moved"]);
        assert_eq!(journal[1].detail, json!({"update": 2, "promised": "2026-11-21T17:30:00Z", "late_by_seconds": 300, "version": 4}));
        // Who saw an old version is told who was faster.
        let refused = app.post(path, &json!({"next_update_in": "PT30M", "version": 1})).await.is(409).json();
        assert!(refused["detail"].as_str().unwrap().contains("moved the promise of the next update"), "{refused}");
        let version = app.get("/api/v1/incidents/INC-1").await.json()["version"].clone();
        app.post(path, &json!({"next_update_in": "PT30M", "version": version})).await.is(201);
        app.post("/api/v1/incidents/INC-1/updates", &json!({"status": "resolved", "text": "Done."})).await.is(201);
        app.post(path, &json!({"next_update_in": "PT30M"})).await.is(409);
    }
}

const CAREFUL: &str = "
services: [{id: portal, name: Student portal, owner: operator@example.edu, business_owner: registrar@example.edu, depends_on: [database]}]
policies: [{id: incident, for: {event: incident}, keep_automatically: {P1: true}, approval: {default: [business_owner]}}]
";

on_both_databases! {
    async fn an_update_that_waits_keeps_no_promise_until_it_is_agreed_to(app: TestApp) {
        app.apply_campus().await;
        app.yaml("/api/v1/documents", CAREFUL).await.is(200);
        app.post("/api/v1/incidents", &declaration()).await.is(201);
        app.advance(10);
        let updates = "/api/v1/incidents/INC-1/updates";
        let held = app.post(updates, &json!({"text": "We replace a disk.", "next_update_in": "PT3H"})).await.is(201).json();
        // Nobody has heard it: what people were promised stands, with its warnings. Nothing is said by itself past it.
        assert_eq!(held["promise"], json!({"due": "2026-11-21T18:00:00Z", "kept": null}));
        assert_eq!((&held["updates"][1]["waits"], &held["updates"][0]["promise"]["kept"]), (&json!(true), &Value::Null));
        assert_eq!(only("planned", timers(&app).await), [
            "17:45:00Z promise_warning 15min spokesperson planned",
            "17:55:00Z promise_warning 5min backup planned",
            "17:55:00Z promise_warning 5min spokesperson planned",
            "18:00:00.001Z promise_broken - internal planned",
        ]);
        // A promise that is moved meanwhile waits too.
        let moved = app.post("/api/v1/incidents/INC-1/promise", &json!({"next_update_in": "PT5H"})).await.is(201).json();
        assert_eq!(moved["next_update_at"], "2026-11-21T18:00:00Z");
        let agreed = app.post("/api/v1/incidents/INC-1/approve", &Value::Null).await.is(200).json();
        assert_eq!(agreed["promises"], json!({"kept": 0, "automatically": 0, "moved": 1, "broken": 0}));
        assert_eq!(agreed["next_update_at"], "2026-11-21T22:10:00Z");
        assert_eq!(only("planned", timers(&app).await), [
            "21:55:00Z promise_warning 15min spokesperson planned",
            "22:05:00Z promise_warning 5min backup planned",
            "22:05:00Z promise_warning 5min spokesperson planned",
            "22:08:00Z promise_kept - internal planned",
            "22:10:00.001Z promise_broken - internal planned",
        ]);
    }

    async fn who_agrees_too_late_reads_that_the_promise_was_broken(app: TestApp) {
        app.apply_campus().await;
        app.yaml("/api/v1/documents", CAREFUL).await.is(200);
        app.post("/api/v1/incidents", &declaration()).await.is(201);
        let updates = "/api/v1/incidents/INC-1/updates";
        app.post(updates, &json!({"status": "resolved", "text": "It works again."})).await.is(201);
        let open = app.get("/api/v1/incidents/INC-1").await.json();
        assert_eq!((&open["status"], &open["next_update_at"]), (&json!("resolved"), &json!("2026-11-21T18:00:00Z")));
        let asked = |agreed: Value| agreed["notices"][0]["texts"][0]["text"].as_str().unwrap().to_owned();
        let before = asked(app.get("/api/v1/events/INC-1/approvals").await.json());
        assert!(!before.contains("We said we would write by"), "{before}");
        app.advance(90);
        // What they saw says nothing of that: they read it once more.
        let hash = app.get("/api/v1/events/INC-1/approvals").await.json()["hash"].clone();
        app.post("/api/v1/incidents/INC-1/approve", &json!({"hash": hash})).await.is(409);
        let now = asked(app.get("/api/v1/events/INC-1/approvals").await.json());
        assert!(now.contains("We said we would write by 10:00 PST") && now.contains("sorry that this is late"), "{now}");
        let agreed = app.post("/api/v1/incidents/INC-1/approve", &Value::Null).await.is(200).json();
        assert_eq!((&agreed["promises"]["broken"], &agreed["promise"]), (&json!(1), &Value::Null));
        assert_eq!(only("planned", timers(&app).await), Vec::<String>::new());
        let journal = app.get("/api/v1/journal?event=INC-1").await.text();
        assert_eq!(journal.matches("incident.promise_broken").count(), 1, "{journal}");
    }
}

const FAULTS: &str = "
services: [{id: portal, name: Student portal, owner: operator@example.edu, business_owner: registrar@example.edu, depends_on: [database]}]
policies: [{id: advisory, for: {event: advisory}, approval: {default: [business_owner]}}]
";

on_both_databases! {
    async fn a_word_about_a_fault_that_waits_keeps_no_promise_until_it_is_agreed_to(app: TestApp) {
        app.apply_campus().await;
        let fault = json!({"id": "ADV-1", "services": ["portal"], "effect": "The export leaves out a line.", "next_update_in": "PT2H"});
        app.post("/api/v1/advisories", &fault).await.is(201);
        app.expand_due().await;
        app.yaml("/api/v1/documents", FAULTS).await.is(200);
        app.advance(10);
        let timers = async |status: &str| only(status, timers_of(&app, "ADV-1").await);
        let before = timers("planned").await;
        assert!(before.contains(&"19:00:00.001Z promise_broken - internal planned".to_owned()), "{before:?}");
        let path = "/api/v1/advisories/ADV-1";
        let word = json!({"text": "We know why.", "next_update_in": "PT5H"});
        let held = app.post(&format!("{path}/updates"), &word).await.is(201).json();
        // Nobody has heard it: what people were promised stands, with its reminders.
        assert_eq!(held["promise"], json!({"due": "2026-11-21T19:00:00Z", "kept": null}));
        assert_eq!((&held["updates"][1]["waits"], &held["updates"][0]["promise"]["kept"]), (&json!(true), &Value::Null));
        assert_eq!(timers("planned").await, before);
        // Who is added meanwhile hears what the others have heard.
        app.post(&format!("{path}/recipients"), &json!({"email": "press@example.org"})).await.is(200);
        let listed = app.get("/api/v1/notices?event=ADV-1").await.json();
        let press = listed["items"].as_array().unwrap().iter().find(|n| n["audience"] == "added-non_technical").expect("their notice");
        assert_eq!(press["milestone"], "discovery");
        let agreed = app.post(&format!("{path}/approve"), &Value::Null).await.is(200).json();
        assert_eq!((&agreed["updates"][0]["promise"]["kept"], &agreed["next_update_at"]), (&json!(true), &json!("2026-11-21T22:10:00Z")));
        let after = timers("planned").await;
        assert!(after.contains(&"22:10:00.001Z promise_broken - internal planned".to_owned()), "{after:?}");
        assert!(!after.contains(&before[before.len() - 1]), "{after:?}");
        // The end of it waits too, longer than the promise: that is broken, and who agrees reads it.
        let fixed = app.post(&format!("{path}/fix"), &json!({"text": "The fix is out."})).await.is(200).json();
        assert_eq!((&fixed["status"], &fixed["next_update_at"]), (&json!("fixed"), &json!("2026-11-21T22:10:00Z")));
        app.advance(5 * 60 + 1);
        let agreed = app.post(&format!("{path}/approve"), &Value::Null).await.is(200).json();
        assert_eq!((&agreed["updates"][1]["promise"]["kept"], &agreed["promise"]), (&json!(false), &Value::Null));
        let journal = app.get("/api/v1/journal?event=ADV-1").await.text();
        assert_eq!(journal.matches("advisory.promise_broken").count(), 1, "{journal}");
        assert_eq!(timers("planned").await, Vec::<String>::new());
    }

    async fn what_waits_is_not_told_past_its_own_promise_and_can_have_another(app: TestApp) {
        app.apply_campus().await;
        app.yaml("/api/v1/documents", CAREFUL).await.is(200);
        app.post("/api/v1/incidents", &declaration()).await.is(201);
        app.expand_due().await;
        let (updates, promise, approve) =
            ("/api/v1/incidents/INC-1/updates", "/api/v1/incidents/INC-1/promise", "/api/v1/incidents/INC-1/approve");
        app.post(updates, &json!({"text": "We replace a disk.", "next_update_in": "PT90M"})).await.is(201);
        // Earlier: the promise that people know stands until they are told the new one.
        app.advance(5);
        let earlier = app.post(promise, &json!({"next_update_in": "PT20M"})).await.is(201).json();
        assert_eq!((&earlier["next_update_at"], &earlier["updates"][2]["waits"]), (&json!("2026-11-21T18:00:00Z"), &json!(true)));
        assert!(only("planned", timers(&app).await).contains(&"18:00:00.001Z promise_broken - internal planned".to_owned()));
        // Nobody agreed in time: what would be told promises what has passed.
        app.advance(30);
        let refused = app.post(approve, &Value::Null).await.is(409).json();
        let said = refused["detail"].as_str().unwrap();
        assert!(said.contains("by 2026-11-21T17:25:00Z, which has passed: it must be later than 2026-11-21T17:35:00Z"), "{said}");
        // Later, and then they agree: the words that waited are told with the new time.
        app.post(promise, &json!({"next_update_in": "PT3H"})).await.is(201);
        let agreed = app.post(approve, &Value::Null).await.is(200).json();
        assert_eq!((&agreed["next_update_at"], &agreed["updates"][0]["promise"]["kept"]), (&json!("2026-11-21T20:35:00Z"), &json!(true)));
        assert_eq!(agreed["promises"]["broken"], 0);
        let planned = only("planned", timers(&app).await);
        assert!(planned.contains(&"20:35:00.001Z promise_broken - internal planned".to_owned()), "{planned:?}");
        assert!(planned.iter().all(|timer| timer.as_str() > "20:"), "{planned:?}");
        app.expand_due().await;
        app.refresh().await;
        let page = app.page(As::Nobody, "/events/INC-1").await.text();
        assert!(page.contains("We replace a disk."), "{page}");
        let rows = app.get("/api/v1/notices?event=INC-1&status=sending").await.json();
        let newest = rows["items"].as_array().unwrap().iter().find(|n| n["offset"] == "#3").expect("the newest update").clone();
        let copy = app.get(&format!("/api/v1/notices/{}/copy", newest["id"].as_str().unwrap())).await.is(200).text();
        assert!(copy.contains("We replace a disk."), "{copy}");
    }
}

#[tokio::test]
async fn in_the_time_to_undo_the_console_says_what_waits() {
    let app = TestApp::campus().await;
    let fault =
        json!({"id": "ADV-1", "services": ["portal"], "effect": "The export leaves out a line."});
    app.post("/api/v1/advisories", &fault).await.is(201);
    let release = json!({"id": "ANN-1", "title": "New portal", "kind": "release", "services": ["portal"],
        "effective": "2026-12-10T08:00", "facts": {"effect": "The menu is on the left."}});
    app.post("/api/v1/announcements", &release).await.is(201);
    app.yaml("/api/v1/documents", CAREFUL).await.is(200);
    let more = "policies: [{id: advisory, for: {event: advisory}, approval: {default: [business_owner]}},
      {id: release, for: {event: announcement, kind: release}, before: [5bd], approval: {default: [business_owner]}}]";
    app.yaml("/api/v1/documents", more).await.is(200);
    app.post("/api/v1/incidents", &declaration()).await.is(201);
    let acts = [
        (
            "incidents/INC-1",
            "updates",
            vec![("status", "identified"), ("text", "A disk is full.")],
            "Nobody is told before registrar@example.edu agrees.",
        ),
        (
            "advisories/ADV-1",
            "updates",
            vec![("text", "We know why.")],
            "Nobody is told before its owners agree.",
        ),
        (
            "announcements/ANN-1",
            "move",
            vec![("effective", "2026-12-15T08:00")],
            "Nobody is told before its owners agree.",
        ),
    ];
    for (event, action, fields, said) in acts {
        let page = format!("/console/{event}");
        let done = app
            .form(As::Operator, &format!("{page}/{action}"), &fields)
            .await
            .is(303);
        let shown = follow(&app, As::Operator, &done).await.is(200).text();
        let card = shown
            .split("data-undo=")
            .nth(1)
            .and_then(|rest| rest.split("</div>").next())
            .unwrap_or_default()
            .to_owned();
        assert!(
            card.contains(said) && card.contains("You can undo it until"),
            "{event}: {shown}"
        );
        for wrong in [
            "goes out at",
            "goes out when",
            "People are told of your change at",
            "People are told when",
        ] {
            assert!(!shown.contains(wrong), "{event} {wrong}: {shown}");
        }
    }
}

#[tokio::test]
async fn whoever_posts_what_waits_is_told_that_nobody_hears_it() {
    let app = TestApp::campus().await;
    app.yaml("/api/v1/documents", CAREFUL).await.is(200);
    app.post("/api/v1/incidents", &declaration()).await.is(201);
    let path = "/console/incidents/INC-1/updates";
    let fields = [("status", "identified"), ("text", "A disk is full.")];
    app.form(As::Viewer, path, &fields).await.is(403);
    // Of the operator's own services the operator agrees by writing; of this one the registrar must.
    let done = app.form(As::Operator, path, &fields).await.is(303);
    let page = follow(&app, As::Operator, &done).await.is(200).text();
    let flash =
        "Nobody is told before registrar@example.edu agrees. What people were promised stands.";
    assert!(page.contains(flash), "{page}");
    // Once it cannot be undone any more.
    app.advance(1);
    let page = app.page(As::Operator, "/console/incidents/INC-1").await;
    let page = page.is(200).text();
    for said in [
        "The newest update waits for registrar@example.edu.",
        "not told yet",
        "href=\"/console/approvals/INC-1\"",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
}

#[tokio::test]
async fn the_console_shows_what_became_of_promises_and_moves_them() {
    let app = TestApp::campus().await;
    app.post("/api/v1/incidents", &declaration()).await.is(201);
    let page = "/console/incidents/INC-1";
    let form = format!("{page}/promise");
    let wrong = app.form(As::Operator, &form, &[("promise", "soon")]).await;
    let wrong = wrong.is(422).text();
    assert!(wrong.contains("id=\"e-promise\"") && wrong.contains("value=\"soon\""));
    app.form(As::Operator, &form, &[("promise", "20min")])
        .await
        .is(303);
    let shown = app.page(As::Viewer, page).await.is(200).text();
    assert!(
        shown.contains("promise moved") && shown.contains("1 moved in time"),
        "{shown}"
    );
    app.advance(26);
    let late = app.page(As::Viewer, page).await.is(200).text();
    assert!(late.contains("6 min ago"), "{late}");
    let path = "/api/v1/incidents/INC-1/updates";
    app.post(path, &json!({"text": "Sorry."})).await.is(201);
    let shown = app.page(As::Viewer, page).await.is(200).text();
    assert!(shown.contains("broken, 6 minutes late"), "{shown}");
    assert!(shown.contains("1 moved in time, 1 broken"), "{shown}");
    // Nothing of this is for the public.
    app.refresh().await;
    let public = app.page(As::Nobody, "/events/INC-1").await.is(200).text();
    assert!(!public.contains("promise_") && !public.contains("spokesperson"));
    let now = app.app.clock.now();
    let due = app.app.store.due_notices(Lane::Urgent, now, 10).await;
    assert!(!due.expect("notices").is_empty());
}

#[tokio::test]
async fn the_public_page_says_by_itself_and_without_a_script_that_a_promise_has_passed() {
    let app = TestApp::campus().await;
    let mut body = declaration();
    body["next_update_in"] = json!("PT10M");
    app.post("/api/v1/incidents", &body).await.is(201);
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    let (store, clock) = (app.app.store.clone(), app.app.clock.clone());
    let live = app.app.live.clone();
    let keeping = tokio::spawn(live.keep(store, clock, PUBLIC_URL.into(), stopped));
    // Nothing happens from here on but that time passes, within one hour.
    shows(&app, "Next update by").await;
    app.advance(11);
    shows(&app, "The next update was promised by").await;
    assert!(
        app.page(As::Nobody, "/events/INC-1")
            .await
            .is(200)
            .text()
            .contains("It is late.")
    );
    keeping.abort();
}

/// Reads the first page until it says this, for at most a minute.
async fn shows(app: &TestApp, words: &str) {
    let reads = async {
        let mut turn = tokio::time::interval(Duration::from_millis(50));
        loop {
            turn.tick().await;
            if let Some(page) = app.app.live.pages().get("/")
                && String::from_utf8_lossy(&page.body).contains(words)
            {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), reads)
        .await
        .unwrap_or_else(|_| panic!("the page never says {words}"));
}
