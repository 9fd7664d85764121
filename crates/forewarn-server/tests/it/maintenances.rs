//! Planned work through the API: created with its plan, moved through its states, refused where they do not allow it.

use crate::app::{As, TestApp, upgrade};
use forewarn_core::event::Occasion;
use forewarn_core::plan::{Changes, Plan};
use forewarn_store::Published;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A notice of a plan in short.
fn brief(notice: &Value) -> String {
    let text = |key: &str| notice[key].as_str().unwrap_or("-").to_owned();
    format!(
        "{} {} {} {}",
        text("due"),
        text("audience"),
        text("milestone"),
        text("offset")
    )
}

fn plan_of(answer: &Value) -> Vec<String> {
    answer["plan"]["notices"]
        .as_array()
        .expect("a plan")
        .iter()
        .map(brief)
        .collect()
}

pub async fn statuses(app: &TestApp, id: &str) -> Vec<String> {
    let listed = app.get(&format!("/api/v1/notices?event={id}")).await;
    let items = listed.is(200).json()["items"].clone();
    let mut all: Vec<String> = items
        .as_array()
        .expect("items")
        .iter()
        .map(|n| format!("{} {}", brief(n), n["status"].as_str().unwrap_or("-")))
        .collect();
    all.sort();
    all
}

on_both_databases! {
    async fn creating_answers_with_the_plan_and_stores_it(app: TestApp) {
        app.apply_campus().await;
        let mut preview = app.post("/api/v1/maintenances/preview", &upgrade()).await.is(200).json();
        assert_eq!(preview["texts"].as_array().unwrap().len(), 3);
        preview.as_object_mut().unwrap().remove("texts");
        app.get("/api/v1/maintenances/MNT-1").await.is(404);
        let made = app.post("/api/v1/maintenances", &upgrade()).await.is(201).json();
        assert_eq!(preview, made);
        assert_eq!((&made["id"], &made["status"], &made["revision"]), (&json!("MNT-1"), &json!("scheduled"), &json!(1)));
        let plan = &made["plan"];
        assert_eq!(plan["event"], "MNT-1");
        assert_eq!(plan["at"], "2026-11-21T17:00:00Z");
        assert_eq!(plan["window"]["start"], "2026-12-01T06:00:00Z");
        assert_eq!(plan["window"]["end"], "2026-12-01T10:00:00Z");
        let customers: Vec<String> = plan_of(&made).into_iter().filter(|n| n.contains(" customers ")).collect();
        assert_eq!(customers[..2], ["2026-11-21T17:00:00Z customers announcement -", "2026-11-27T17:00:00Z customers reminder 1bd"]);
        assert_eq!(plan["breaches"][0]["audience"], "customers");
        assert_eq!(plan["affected"][1], json!({"service": "portal", "path": ["database", "portal"], "audiences": ["customers"]}));

        let shown = app.get("/api/v1/maintenances/MNT-1").await.is(200).json();
        assert_eq!(shown, made);
        let plan_alone = app.get("/api/v1/maintenances/MNT-1/plan").await.is(200).json();
        assert_eq!(plan_alone, made["plan"]);
        let stored = statuses(&app, "MNT-1").await;
        let planned: Vec<String> = plan_of(&made).iter().map(|n| format!("{n} planned")).collect();
        let sorted = |mut list: Vec<String>| { list.sort(); list };
        assert_eq!(sorted(stored), sorted(planned));

        let again = app.post("/api/v1/maintenances", &upgrade()).await.is(409);
        assert_eq!(again.json()["detail"], "an event with the id MNT-1 exists already");
    }

    async fn an_exception_from_the_policy_plans_again_and_tells_nobody_twice(app: TestApp) {
        app.apply_campus().await;
        app.post("/api/v1/maintenances", &upgrade()).await.is(201);
        app.expand_due().await;
        app.advance(60);
        let path = "/api/v1/maintenances/MNT-1/override";
        let refused = app.post(path, &json!({"before": ["1bd", "2bd"], "att": "8"})).await.is(422);
        assert_eq!(refused.problems(), [
            "reason: is missing",
            "att: unknown field 'att'; did you mean 'at'?",
            "before: must go from the earliest to the latest, but 1bd is never before 2bd",
        ]);
        let body = json!({"before": ["5bd", "2bd", "20min"], "at": "08:00", "reason": "The vendor comes at seven."});
        let done = app.post(path, &body).await.is(200).json();
        assert_eq!(done["plan"]["overridden"], json!({"policy": "routine", "reason": "The vendor comes at seven."}));
        assert_eq!(done["revision"], 1);
        let stored = statuses(&app, "MNT-1").await;
        let customers: Vec<&String> = stored.iter().filter(|s| s.contains(" customers ") && (s.contains("remind") || s.contains("announce"))).collect();
        let shown: Vec<&str> = customers.iter().map(|s| s.as_str()).collect();
        assert_eq!(shown, EXCEPTED, "{stored:#?}");
        let journal = app.get("/api/v1/journal?event=MNT-1").await.json();
        assert_eq!((&journal["items"][0]["action"], &journal["items"][0]["detail"]["reason"]), (&json!("maintenance.override"), &json!("The vendor comes at seven.")));
        app.request(As::Viewer, "POST", path, &body.to_string()).await.is(403);
    }

    async fn without_its_exception_work_is_planned_as_the_policy_says(app: TestApp) {
        app.apply_campus().await;
        let made = app.post("/api/v1/maintenances", &upgrade()).await.is(201).json();
        let path = "/api/v1/maintenances/MNT-1/remove_override";
        let refused = app.post(path, &json!({"reason": "Too late."})).await.is(409).json();
        assert_eq!(refused["detail"], "maintenance MNT-1 does nothing otherwise than its policy");
        app.expand_due().await;
        let as_told = statuses(&app, "MNT-1").await;
        app.advance(60);
        let body = json!({"before": ["5bd", "2bd", "20min"], "at": "08:00", "reason": "The vendor comes at seven."});
        app.post("/api/v1/maintenances/MNT-1/override", &body).await.is(200);
        assert_ne!(statuses(&app, "MNT-1").await, as_told);
        assert_eq!(app.post(path, &json!({"resaon": "x"})).await.is(422).problems(), [
            "reason: is missing",
            "resaon: unknown field 'resaon'; did you mean 'reason'?",
        ]);
        app.request(As::Viewer, "POST", path, &json!({"reason": "x"}).to_string()).await.is(403);
        let done = app.post(path, &json!({"reason": "The vendor comes at nine."})).await.is(200).json();
        assert_eq!((&done["override"], &done["plan"]["overridden"]), (&Value::Null, &Value::Null));
        assert_eq!(done["revision"], 1, "its window is the same");
        // What is ahead is as it was, and nobody is told again what went out.
        let ahead = |all: Vec<String>| all.into_iter().filter(|s| s.ends_with(" planned")).collect::<Vec<_>>();
        let now = statuses(&app, "MNT-1").await;
        assert_eq!(ahead(now.clone()), ahead(as_told.clone()), "{now:#?}");
        let told = |all: &[String]| all.iter().filter(|s| s.ends_with(" sending") || s.ends_with(" sent")).count();
        assert_eq!(told(&now), told(&as_told));
        let plan = |of: &Value| plan_of(of).into_iter().filter(|n| n.as_str() > "2026-11-21T18").collect::<Vec<_>>();
        assert_eq!(plan(&done), plan(&made));
        let journal = app.get("/api/v1/journal?event=MNT-1").await.json();
        let last = &journal["items"][0];
        assert_eq!((&last["action"], &last["detail"]["reason"]), (&json!("maintenance.override_removed"), &json!("The vendor comes at nine.")));
        assert_eq!(last["detail"]["from"]["reason"], "The vendor comes at seven.");
        app.post(path, &json!({"reason": "again"})).await.is(409);
    }

    async fn a_delay_plans_again_and_tells_those_who_were_told(app: TestApp) {
        app.apply_campus().await;
        app.post("/api/v1/maintenances", &upgrade()).await.is(201);
        app.expand_due().await;
        app.advance(60);
        let past = json!({"start": "2026-11-21T09:59", "end": "2026-12-07T22:00"});
        let past = app.post("/api/v1/maintenances/MNT-1/delay", &past).await.is(422).problems();
        assert_eq!(past, ["start: lies in the past: must be later than now, 2026-11-21T10:00:00[America/Los_Angeles]"]);
        let body = json!({"start": "2026-12-07T22:00", "reason": "A part has not come."});
        let delayed = app.post("/api/v1/maintenances/MNT-1/delay", &body).await.is(200).json();
        assert_eq!(delayed["revision"], 2);
        assert_eq!(delayed["end"], "2026-12-08T02:00:00[America/Los_Angeles]");
        let plan = plan_of(&delayed);
        assert!(plan.contains(&"2026-11-21T18:00:00Z customers delay -".to_owned()), "{plan:#?}");
        let stored = statuses(&app, "MNT-1").await;
        let has = |text: &str| stored.iter().any(|s| s == text);
        assert!(has("2026-11-21T17:00:00Z customers announcement - sending"), "{stored:#?}");
        assert!(has("2026-11-21T18:00:00Z customers delay - planned"), "{stored:#?}");
        assert!(!stored.iter().any(|s| s.starts_with("2026-11-27T17:00:00Z") && s.ends_with("planned")), "{stored:#?}");
        let moved = app.get("/api/v1/notices?event=MNT-1&status=moved").await.json();
        assert_ne!(moved["items"], json!([]));
        // Told twice is two notices.
        let body = json!({"start": "2026-12-08T22:00"});
        let twice = app.post("/api/v1/maintenances/MNT-1/delay", &body).await.is(200).json();
        assert_eq!(twice["revision"], 3);
        let journal = app.get("/api/v1/journal?event=MNT-1").await.json();
        let actions: Vec<&str> = journal["items"].as_array().unwrap().iter().filter_map(|e| e["action"].as_str()).collect();
        assert_eq!(actions, ["maintenance.delayed", "maintenance.delayed", "maintenance.created"]);
        assert_eq!(journal["items"][1]["detail"]["reason"], "A part has not come.");
    }
}

#[tokio::test]
async fn what_is_over_cannot_be_planned() {
    let app = TestApp::campus().await;
    let work = json!({"title": "Upgrade", "services": ["portal"], "start": "2025-12-22T22:00", "end": "2025-12-23T02:00"});
    let refused = app.post("/api/v1/maintenances", &work).await.is(422).json();
    assert_eq!(refused["errors"][0]["field"], "maintenance.end");
    assert!(
        refused.to_string().contains("lies in the past"),
        "{refused}"
    );
    let list = app.get("/api/v1/maintenances").await.is(200).json();
    assert_eq!(list["items"], json!([]));
}

#[tokio::test]
async fn a_document_with_problems_is_refused_at_its_fields() {
    let app = TestApp::campus().await;
    for none in [json!([]), Value::Null] {
        let mut work = upgrade();
        work["services"] = none;
        let refused = app.post("/api/v1/maintenances", &work).await.is(422);
        assert_eq!(
            refused.problems(),
            ["maintenance.services: names no service"]
        );
    }
    let body = json!({"title": "", "services": ["databse"], "start": "2026-11-30T22:00", "end": "2026-11-30T20:00",
        "policy": "rutine", "facts": {"effct": "x"}});
    let refused = app.post("/api/v1/maintenances", &body).await.is(422);
    assert_eq!(
        refused.problems(),
        [
            "maintenance.end: before the start",
            "maintenance.facts.effct: unknown field 'effct'; did you mean 'effect'?",
            "maintenance.policy: unknown policy 'rutine'; did you mean 'routine'?",
            "maintenance.services[0]: unknown service 'databse'; did you mean 'database'?",
            "maintenance.title: is empty",
        ]
    );
    let body = json!({"title": "Up", "services": ["databse"], "start": "2026-11-30T22:00", "end": "2026-11-30T23:00",
        "policy": "rutine"});
    let refused = app.post("/api/v1/maintenances", &body).await.is(422);
    assert_eq!(
        refused.problems(),
        [
            "maintenance.policy: unknown policy 'rutine'; did you mean 'routine'?",
            "maintenance.services[0]: unknown service 'databse'; did you mean 'database'?",
        ]
    );
    let journal = app.get("/api/v1/journal?event=MNT-1").await.json();
    assert_eq!(journal["items"], json!([]));
    // The number was not used up by what was refused.
    let mut fresh = upgrade();
    fresh.as_object_mut().unwrap().remove("id");
    let made = app.post("/api/v1/maintenances", &fresh).await.is(201);
    assert_eq!(made.json()["id"], "MNT-1");
}

/// Every action with a body that would be right.
fn actions() -> [(&'static str, Value); 8] {
    [
        ("approve", Value::Null),
        ("start", Value::Null),
        ("complete", Value::Null),
        ("cancel", json!({"reason": "Not needed."})),
        (
            "delay",
            json!({"start": "2026-12-02T22:00", "end": "2026-12-03T02:00"}),
        ),
        (
            "extend",
            json!({"end": "2026-12-05T04:00", "reason": "It takes longer."}),
        ),
        (
            "override",
            json!({"at": "08:00", "reason": "We start early."}),
        ),
        ("steps/1/done", Value::Null),
    ]
}

/// How to bring a maintenance into each state, and what is possible there.
const STATES: [(&str, &[&str], &[&str]); 5] = [
    (
        "awaiting_approval",
        &[],
        &["approve", "cancel", "delay", "override"],
    ),
    (
        "scheduled",
        &["approve"],
        &["start", "cancel", "delay", "override"],
    ),
    (
        "in_progress",
        &["approve", "start"],
        &["complete", "cancel", "extend", "override", "steps/1/done"],
    ),
    ("completed", &["approve", "start", "complete"], &[]),
    ("cancelled", &["cancel"], &[]),
];

#[tokio::test]
async fn every_action_is_possible_where_its_state_allows_it_and_409_elsewhere() {
    let app = TestApp::campus().await;
    let mut number = 0;
    for (state, way, possible) in STATES {
        for (action, body) in actions() {
            number += 1;
            let id = format!("MNT-T{number}");
            let mut work = upgrade();
            work["id"] = json!(id);
            work["policy"] = json!("careful");
            app.post("/api/v1/maintenances", &work).await.is(201);
            for step in way {
                let path = format!("/api/v1/maintenances/{id}/{step}");
                app.post(&path, &Value::Null).await.is(200);
            }
            let path = format!("/api/v1/maintenances/{id}/{action}");
            let answer = app.post(&path, &body).await;
            let case = format!("{action} while {state}");
            if possible.contains(&action) {
                assert_eq!(answer.status, 200, "{case}: {}", answer.text());
                assert_eq!(answer.json()["id"], json!(id));
            } else {
                assert_eq!(answer.status, 409, "{case}: {}", answer.text());
                let refused = answer.json();
                let said = refused["detail"].as_str().unwrap();
                let begins = [
                    format!("maintenance {id} is {state} and cannot "),
                    format!("maintenance {id} is {state} already and cannot "),
                ];
                assert!(
                    begins.iter().any(|begin| said.starts_with(begin)),
                    "{case}: {said}"
                );
                assert_eq!(refused["from"], state, "{case}");
                assert!(
                    STATES.iter().any(|(name, _, _)| refused["to"] == **name),
                    "{case}: {refused}"
                );
                let shown = app.get(&format!("/api/v1/maintenances/{id}")).await.json();
                assert_eq!(shown["status"], state, "{case}");
            }
        }
    }
}

#[tokio::test]
async fn a_whole_life() {
    let app = TestApp::campus().await;
    app.post("/api/v1/maintenances", &upgrade()).await.is(201);
    app.expand_due().await;
    app.app.clock.set("2026-12-01T06:00:00Z".parse().unwrap());
    let act = |action: &'static str, body: Value| {
        let app = &app;
        async move {
            let path = format!("/api/v1/maintenances/MNT-1/{action}");
            app.post(&path, &body).await
        }
    };
    let started = act("start", Value::Null).await.is(200).json();
    assert_eq!(started["started_at"], "2026-12-01T06:00:00Z");
    let ticked = act("steps/2/done", Value::Null).await.is(200).json();
    assert_eq!(ticked["steps"][1]["done_at"], "2026-12-01T06:00:00Z");
    act("steps/9/done", Value::Null).await.is(409);
    act("steps/0/done", Value::Null).await.is(409);
    let early = act("extend", json!({"end": "2026-12-01T01:00"})).await;
    assert_eq!(
        early.is(422).problems(),
        ["end: must lie after the promised end, 2026-12-01T02:00:00[America/Los_Angeles]"]
    );
    app.app.clock.set("2026-12-01T11:00:00Z".parse().unwrap());
    let past = act("extend", json!({"end": "2026-12-01T02:30"})).await;
    assert_eq!(
        past.is(422).problems(),
        ["end: lies in the past: must be later than now, 2026-12-01T03:00:00[America/Los_Angeles]"]
    );
    app.app.clock.set("2026-12-01T06:00:00Z".parse().unwrap());
    let extended = act("extend", json!({"end": "2026-12-01T04:00"})).await;
    assert_eq!(extended.is(200).json()["revision"], 2);
    let twice = act("extend", json!({"end": "2026-12-01T05:00"})).await;
    let twice = twice.is(200).json();
    assert_eq!(twice["revision"], 3);
    let stored = statuses(&app, "MNT-1").await;
    let extensions: Vec<&String> = stored
        .iter()
        .filter(|s| s.contains(" customers extension "))
        .collect();
    // The first had not gone out yet: the newer one stands for it.
    assert_eq!(
        extensions,
        [
            "2026-12-01T06:00:00Z customers extension #2 planned",
            "2026-12-01T06:00:00Z customers extension - cancelled"
        ]
    );
    app.advance(300);
    let completed = act("complete", Value::Null).await.is(200).json();
    assert_eq!(completed["status"], "completed");
    let stored = statuses(&app, "MNT-1").await;
    assert!(
        stored.contains(&"2026-12-01T11:00:00Z customers completion - planned".to_owned()),
        "{stored:#?}"
    );
}

#[tokio::test]
async fn who_must_agree_is_waited_for() {
    let app = TestApp::campus().await;
    let mut work = upgrade();
    work["policy"] = json!("careful");
    let made = app.post("/api/v1/maintenances", &work).await.is(201);
    assert_eq!(made.json()["status"], "awaiting_approval");
    let mut waiting = statuses(&app, "MNT-1").await;
    // Whoever must agree is asked; nobody else is told.
    waiting.retain(|s| !s.contains(" approvers "));
    assert!(!waiting.is_empty());
    assert!(
        waiting.iter().all(|s| s.ends_with(" awaiting_approval")),
        "{waiting:#?}"
    );
    let due = app
        .app
        .store
        .due_notices(forewarn_store::Lane::Planned, app.app.clock.now(), 10);
    assert!(due.await.unwrap().iter().all(|n| n.audience == "approvers"));
    // Nobody was told, so nobody is told of a move.
    let body = json!({"start": "2026-12-02T22:00"});
    let moved = app
        .post("/api/v1/maintenances/MNT-1/delay", &body)
        .await
        .is(200);
    assert!(
        !plan_of(&moved.json()).iter().any(|n| n.contains(" delay ")),
        "{:#?}",
        plan_of(&moved.json())
    );
    app.advance(24 * 60);
    let agreed = app
        .post("/api/v1/maintenances/MNT-1/approve", &Value::Null)
        .await
        .is(200);
    assert_eq!(agreed.json()["status"], "scheduled");
    let planned = statuses(&app, "MNT-1").await;
    assert!(
        planned.iter().all(|s| !s.ends_with(" awaiting_approval")),
        "{planned:#?}"
    );
    assert!(
        planned.iter().any(|s| s.ends_with(" planned")),
        "{planned:#?}"
    );
}

#[tokio::test]
async fn a_cancellation_is_told_and_ends_the_plan() {
    let app = TestApp::campus().await;
    app.post("/api/v1/maintenances", &upgrade()).await.is(201);
    app.expand_due().await;
    app.advance(10);
    let body = json!({"reason": "The new version has a fault."});
    let cancelled = app
        .post("/api/v1/maintenances/MNT-1/cancel", &body)
        .await
        .is(200);
    assert_eq!(cancelled.json()["status"], "cancelled");
    let stored = statuses(&app, "MNT-1").await;
    let planned: Vec<&String> = stored.iter().filter(|s| s.ends_with(" planned")).collect();
    assert!(
        planned.iter().all(|s| s.contains(" cancellation ")),
        "{stored:#?}"
    );
    assert_eq!(planned.len(), 2, "{stored:#?}");
}

#[tokio::test]
async fn lists_and_what_is_not_there() {
    let app = TestApp::campus().await;
    app.post("/api/v1/maintenances", &upgrade()).await.is(201);
    let mut other = upgrade();
    other["id"] = json!("MNT-2");
    app.post("/api/v1/maintenances", &other).await.is(201);
    app.post("/api/v1/maintenances/MNT-1/cancel", &Value::Null)
        .await
        .is(200);
    let ids = |answer: Value| -> Vec<String> {
        let items = answer["items"].as_array().cloned().unwrap_or_default();
        items
            .iter()
            .filter_map(|i| i["id"].as_str().map(str::to_owned))
            .collect()
    };
    let all = app.get("/api/v1/maintenances").await.is(200).json();
    assert_eq!(ids(all), ["MNT-2", "MNT-1"]);
    let open = app.get("/api/v1/maintenances?open=true").await.json();
    assert_eq!(ids(open), ["MNT-2"]);
    let none = app
        .post("/api/v1/maintenances/MNT-9/start", &Value::Null)
        .await;
    assert_eq!(
        none.is(404).json()["detail"],
        "there is no maintenance MNT-9"
    );
    app.post("/api/v1/maintenances/MNT-2/explode", &Value::Null)
        .await
        .is(404);
    app.get("/api/v1/maintenances/MNT-9/plan").await.is(404);
    app.request(
        As::Administrator,
        "POST",
        "/api/v1/maintenances/MNT-2/steps/x/done",
        "",
    )
    .await
    .is(400);
}

/// As a restore leaves them: notices of work that was approved long ago wait for a person's word.
async fn hold_progress(app: &TestApp, id: &str) {
    let plan = app.get(&format!("/api/v1/maintenances/{id}/plan")).await;
    let mut plan: Plan = serde_json::from_value(plan.is(200).json()).unwrap();
    plan.notices.retain(|notice| notice.milestone == "progress");
    let stored = app.app.store.event(id).await.unwrap().expect("the event");
    let changes = Changes {
        add: plan.notices,
        ..Changes::default()
    };
    let published = Published {
        event: &stored.event,
        expected: stored.sequence,
        changes: &changes,
        occasion: &Occasion::default(),
        awaiting: &BTreeSet::from(["customers".to_owned(), "engineers".to_owned()]),
        entries: &[],
        plan: None,
        answer: None,
    };
    let now = app.app.clock.now();
    app.app.store.publish(published, now).await.unwrap();
}

#[tokio::test]
async fn what_waits_since_a_restore_goes_out_only_by_a_persons_word() {
    let app = TestApp::campus().await;
    app.post("/api/v1/maintenances", &upgrade()).await.is(201);
    hold_progress(&app, "MNT-1").await;
    let waiting = || async {
        let all = statuses(&app, "MNT-1").await;
        all.iter()
            .filter(|s| s.ends_with(" awaiting_approval"))
            .count()
    };
    assert_eq!(waiting().await, 6);
    let now = app.page(As::Viewer, "/console").await.is(200).text();
    assert!(
        now.contains("wait for a person&#39;s word since a restore"),
        "{now}"
    );
    app.app.clock.set("2026-12-01T06:00:00Z".parse().unwrap());
    for action in ["start", "steps/1/done"] {
        let path = format!("/api/v1/maintenances/MNT-1/{action}");
        app.post(&path, &Value::Null).await.is(200);
        assert_eq!(waiting().await, 6, "{action}");
    }
    let path = "/api/v1/maintenances/MNT-1/approve";
    let approved = app.post(path, &Value::Null).await.is(200).json();
    assert_eq!(approved["status"], "in_progress");
    assert_eq!(waiting().await, 0);
    app.post(path, &Value::Null).await.is(409);
}

on_both_databases! {
    async fn the_plan_says_what_will_share_a_message(app: TestApp) {
        app.apply_campus().await;
        let mut first = upgrade();
        first["start"] = json!("2026-12-09T22:00");
        first["end"] = json!("2026-12-10T01:00");
        let made = app.post("/api/v1/maintenances", &first).await.is(201).json();
        assert_eq!(made["plan"]["digests"], json!([]));
        let mut second = first.clone();
        second["id"] = json!("MNT-2");
        let preview = app.post("/api/v1/maintenances/preview", &second).await.is(200).json();
        let told = preview["plan"]["digests"].as_array().cloned().unwrap();
        // Two audiences, each with its announcement and its reminder a day ahead.
        assert_eq!(told.len(), 4, "{told:#?}");
        assert!(told.iter().all(|d| d["with"] == json!(["MNT-1"])), "{told:#?}");
        let made = app.post("/api/v1/maintenances", &second).await.is(201).json();
        assert_eq!(made["plan"]["digests"], preview["plan"]["digests"]);
        let shown = app.get("/api/v1/maintenances/MNT-1/plan").await.json();
        assert_eq!(shown["digests"].as_array().unwrap().len(), 4);
        let page = app.page(As::Viewer, "/console/maintenances/MNT-1").await.text();
        assert!(page.contains("Students would hear of MNT-2 on the same day"), "{page}");
        // Whoever wants each by itself gets each by itself.
        let apart = "audiences: [{id: customers, name: Students, level: non_technical, services: [portal], digest: no}]";
        app.yaml("/api/v1/documents", apart).await.is(200);
        let shown = app.get("/api/v1/maintenances/MNT-1/plan").await.json();
        assert_eq!(shown["digests"].as_array().unwrap().len(), 2);
    }
}

const EXCEPTED: [&str; 5] = [
    "2026-11-21T17:00:00Z customers announcement - sending",
    "2026-11-25T16:00:00Z customers reminder 2bd planned",
    "2026-11-27T17:00:00Z customers reminder 1bd cancelled",
    "2026-12-01T05:30:00Z customers final_reminder 30min cancelled",
    "2026-12-01T05:40:00Z customers final_reminder 20min planned",
];
