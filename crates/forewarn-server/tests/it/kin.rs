//! Duplicates, parts of a larger incident, and incidents that are entered afterwards.

use crate::app::{As, TestApp};
use serde_json::{Value, json};

fn declaration(service: &str) -> Value {
    json!({"services": {service: "major_outage"}, "severity": "P1", "effect": "Some people cannot sign in"})
}

/// Notices of an event that are still to come, and to whom.
async fn open(app: &TestApp, event: &str) -> Vec<String> {
    let listed = app
        .get(&format!("/api/v1/notices?event={event}&status=planned"))
        .await
        .json();
    let items = listed["items"].as_array().expect("items").clone();
    let text = |n: &Value, name: &str| n[name].as_str().unwrap_or_default().to_owned();
    let mut all: Vec<String> = items
        .iter()
        .map(|n| {
            format!(
                "{} {} {}",
                &text(n, "due")[11..16],
                text(n, "milestone"),
                text(n, "audience")
            )
        })
        .collect();
    all.sort();
    all
}

on_both_databases! {
    async fn a_duplicate_is_closed_towards_the_survivor_and_nobody_hears_twice(app: TestApp) {
        app.apply_campus().await;
        app.post("/api/v1/incidents", &declaration("portal")).await.is(201);
        app.expand_due().await;
        app.advance(10);
        // The engineers hear of the database only.
        let sooner = json!({"services": {"database": "degraded"}, "severity": "P2", "next_update_in": "PT20M"});
        app.post("/api/v1/incidents", &sooner).await.is(201);
        app.post("/api/v1/incidents/INC-2/recipients", &json!({"email": "press@example.org"})).await.is(200);
        app.expand_due().await;
        let merged = app.post("/api/v1/incidents/INC-2/merge", &json!({"into": "INC-1"})).await.is(200).json();
        assert_eq!((&merged["status"], &merged["merged_into"], &merged["promise"]), (&json!("resolved"), &json!("INC-1"), &Value::Null));
        assert_eq!(open(&app, "INC-2").await, Vec::<String>::new());
        // The earlier promise holds, with its own timers.
        let survivor = app.get("/api/v1/incidents/INC-1").await.json();
        assert_eq!(survivor["next_update_at"], "2026-11-21T17:30:00Z");
        assert_eq!(survivor["services"], json!({"database": "degraded_performance", "portal": "major_outage"}));
        let timers = open(&app, "INC-1").await;
        assert!(timers.contains(&"17:28 promise_kept internal".to_owned()), "{timers:?}");
        assert!(timers.contains(&"17:30 promise_broken internal".to_owned()), "{timers:?}");
        let before = app.get("/api/v1/deliveries").await.json()["items"].as_array().map(Vec::len);
        let said = json!({"status": "identified", "text": "A disk is full."});
        let told = app.post("/api/v1/incidents/INC-1/updates", &said).await.is(201).json();
        let mut audiences: Vec<&str> = told["notices"].as_array().unwrap().iter().map(|n| n["audience"].as_str().unwrap()).collect();
        audiences.sort_unstable();
        assert_eq!(audiences, ["added-non_technical", "customers", "engineers"]);
        app.expand_due().await;
        let all = app.get("/api/v1/deliveries").await.json();
        let new: Vec<&Value> = all["items"].as_array().unwrap().iter().filter(|d| d["event"] == "INC-1" && told["notices"].as_array().unwrap().iter().any(|n| n["id"] == d["notice"])).collect();
        let mut to: Vec<&str> = new.iter().map(|d| d["endpoint"].as_str().unwrap()).collect();
        to.sort_unstable();
        assert_eq!(to, ["alice@example.edu", "bob@example.edu", "press@example.org"], "{before:?}");
        // It is over for good there.
        let refused = app.post("/api/v1/incidents/INC-2/updates", &json!({"status": "investigating", "text": "Again."})).await.is(409).json();
        assert_eq!(refused["detail"], "incident INC-2 was merged into INC-1: say it there");
        app.post("/api/v1/incidents/INC-1/merge", &json!({"into": "INC-2"})).await.is(409);
        app.post("/api/v1/incidents/INC-1/merge", &json!({"into": "INC-1"})).await.is(422);
        app.post("/api/v1/incidents/INC-1/merge", &json!({"into": "INC-9"})).await.is(422);
        app.refresh().await;
        let page = app.page(As::Nobody, "/events/INC-2").await.is(200).text();
        assert!(page.contains("Follow it there"), "{page}");
    }

    async fn the_same_merge_asked_twice_is_one(app: TestApp) {
        app.apply_campus().await;
        for _ in 0..3 {
            app.post("/api/v1/incidents", &declaration("portal")).await.is(201);
        }
        let merges = async |id: &str| {
            let journal = app.app.store.journal(Some(id), None, 50).await.unwrap();
            journal.iter().filter(|e| e.action.starts_with("incident.merged")).count()
        };
        // With a key the answer is the same; without one, and by somebody else, it is as it is.
        let (path, into) = ("/api/v1/incidents/INC-2/merge", json!({"into": "INC-1"}));
        let first = app.keyed("m-1", path, &into).await.is(200);
        let again = app.keyed("m-1", path, &into).await.is(200);
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.body, first.body);
        let before = app.get("/api/v1/incidents/INC-1").await.json();
        for body in [&into, &json!({"into": "INC-1", "version": 1, "into_version": 1})] {
            let as_it_is = app.post(path, body).await.is(200).json();
            assert_eq!((&as_it_is["merged_into"], &as_it_is["status"]), (&json!("INC-1"), &json!("resolved")));
        }
        assert_eq!(app.get("/api/v1/incidents/INC-1").await.json(), before);
        assert_eq!((merges("INC-1").await, merges("INC-2").await), (1, 1));
        // Into another it is refused, as it goes on elsewhere.
        app.post(path, &json!({"into": "INC-3"})).await.is(409);
        // One of the two changed: who saw the old one is refused, with nothing done; who saw none merges what is there.
        app.post("/api/v1/incidents/INC-1/updates", &json!({"text": "A disk is full."})).await.is(201);
        let path = "/api/v1/incidents/INC-3/merge";
        let stale = json!({"into": "INC-1", "version": 1, "into_version": before["version"]});
        let refused = app.keyed("m-2", path, &stale).await.is(409).json();
        assert!(refused["detail"].as_str().unwrap().contains("INC-1 was changed meanwhile"), "{refused}");
        app.keyed("m-2", path, &stale).await.is(409);
        assert_eq!(merges("INC-3").await, 0);
        let said = json!({"text": "It is replaced."});
        let both = tokio::join!(app.post(path, &into), app.post(path, &into), app.post("/api/v1/incidents/INC-1/updates", &said));
        for answer in [both.0, both.1] {
            assert_eq!(answer.is(200).json()["merged_into"], "INC-1");
        }
        both.2.is(201);
        assert_eq!((merges("INC-1").await, merges("INC-3").await), (2, 1));
    }

    async fn a_promise_that_was_broken_before_the_merge_is_owned_by_the_survivor(app: TestApp) {
        app.apply_campus().await;
        let within = |service: &str, time: &str| {
            let mut body = declaration(service);
            body["next_update_in"] = json!(time);
            body
        };
        app.post("/api/v1/incidents", &within("portal", "PT3H")).await.is(201);
        app.post("/api/v1/incidents", &within("database", "PT20M")).await.is(201);
        app.advance(30);
        app.post("/api/v1/incidents/INC-2/merge", &json!({"into": "INC-1"})).await.is(200);
        let journal = app.app.store.journal(Some("INC-2"), None, 10).await.unwrap();
        let did: Vec<&str> = journal.iter().map(|e| e.action.as_str()).collect();
        assert_eq!(did[..2], ["incident.merged_into", "incident.promise_broken"], "{did:?}");
        app.post("/api/v1/incidents/INC-1/updates", &json!({"text": "A disk is full."})).await.is(201);
        app.refresh().await;
        let page = app.page(As::Nobody, "/events/INC-1").await.is(200).text();
        assert!(page.contains("We are sorry that this is late"), "{page}");
    }

    async fn what_is_said_of_the_whole_is_said_of_its_parts_where_that_is_asked(app: TestApp) {
        app.apply_campus().await;
        app.post("/api/v1/incidents", &declaration("database")).await.is(201);
        let mut part = declaration("portal");
        part["parent"] = json!("INC-1");
        app.post("/api/v1/incidents", &part).await.is(201);
        app.post("/api/v1/incidents", &declaration("portal")).await.is(201);
        let path = "/api/v1/incidents/INC-3/parent";
        assert_eq!(app.post(path, &json!({"parent": "INC-1"})).await.is(200).json()["parent"], "INC-1");
        for (id, parent, problem) in [
            ("INC-3", "INC-3", "parent: is the incident itself"),
            ("INC-3", "INC-2", "parent: INC-2 is a part of INC-1 itself"),
            ("INC-3", "INC-7", "parent: there is no incident INC-7"),
        ] {
            let refused = app.post(&format!("/api/v1/incidents/{id}/parent"), &json!({"parent": parent})).await.is(422);
            assert_eq!(refused.problems(), [problem]);
        }
        app.advance(5);
        app.post("/api/v1/incidents/INC-3/updates", &json!({"status": "monitoring", "text": "Watched."})).await.is(201);
        app.advance(5);
        let said = json!({"status": "identified", "text": "A disk is full.", "carry": true});
        let told = app.post("/api/v1/incidents/INC-1/updates", &said).await.is(201).json();
        for (id, updates) in [("INC-2", 2), ("INC-3", 3)] {
            let shown = app.get(&format!("/api/v1/incidents/{id}")).await.json();
            assert_eq!(shown["updates"].as_array().map(Vec::len), Some(updates), "{id}");
            assert_eq!(shown["updates"][updates - 1]["text"], "A disk is full.");
            assert_eq!((&shown["status"], &shown["next_update_at"]), (&json!("identified"), &told["next_update_at"]));
        }
        app.post("/api/v1/incidents/INC-1/updates", &json!({"text": "For the whole only."})).await.is(201);
        assert_eq!(app.get("/api/v1/incidents/INC-2").await.json()["updates"].as_array().map(Vec::len), Some(2));
        let end = json!({"status": "resolved", "text": "It works again.", "carry": true});
        app.post("/api/v1/incidents/INC-1/updates", &end).await.is(201);
        assert_eq!(app.get("/api/v1/incidents/INC-2").await.json()["status"], "resolved");
        app.post(path, &json!({"parent": null})).await.is(200);
        assert_eq!(app.get("/api/v1/incidents/INC-3").await.json()["parent"], Value::Null);
    }

    async fn whoever_ends_a_whole_hears_which_parts_are_open_still(app: TestApp) {
        app.apply_campus().await;
        app.post("/api/v1/incidents", &declaration("portal")).await.is(201);
        for _ in 0..2 {
            let mut part = declaration("database");
            part["parent"] = json!("INC-1");
            app.post("/api/v1/incidents", &part).await.is(201);
        }
        let end = |text: &str| json!({"status": "resolved", "text": text});
        app.post("/api/v1/incidents/INC-2/updates", &end("That part works.")).await.is(201);
        let ended = app.post("/api/v1/incidents/INC-1/updates", &end("It works again.")).await.is(201).json();
        let said = "its parts are open still, and their promises stand: INC-3; end them too, or say the same of them with 'carry'";
        assert_eq!(ended["warnings"], json!([{"field": "carry", "problem": said}]));
        let ended = app.post("/api/v1/incidents/INC-3/updates", &end("All works.")).await.is(201).json();
        assert_eq!(ended["warnings"], Value::Null);
    }

    async fn what_is_entered_afterwards_tells_nobody_and_stands_in_the_history(app: TestApp) {
        app.apply_campus().await;
        let mut past = declaration("portal");
        past["backfilled"] = json!(true);
        past["started_at"] = json!("2026-11-19T08:00:00Z");
        past["resolved_at"] = json!("2026-11-19T09:30:00Z");
        past["text"] = json!("A certificate had run out.");
        let made = app.post("/api/v1/incidents", &past).await.is(201).json();
        assert_eq!((&made["status"], &made["declared_at"], &made["resolved_at"]),
            (&json!("resolved"), &json!("2026-11-19T08:00:00Z"), &json!("2026-11-19T09:30:00Z")));
        assert_eq!((&made["notices"], &made["promise"], &made["promises"]["broken"]), (&json!([]), &Value::Null, &json!(0)));
        let all = app.get("/api/v1/notices?event=INC-1").await.json();
        assert_eq!(all["items"], json!([]));
        app.refresh().await;
        let history = app.page(As::Nobody, "/history").await.is(200).text();
        assert!(history.contains("/events/INC-1"), "{history}");
        let page = app.page(As::Nobody, "/events/INC-1").await.is(200).text();
        assert!(page.contains("A certificate had run out."), "{page}");
        for (field, value, problem) in [
            ("resolved_at", json!("2026-11-19T07:00:00Z"), "resolved_at: must be later than started_at"),
            ("resolved_at", json!("2026-11-22T07:00:00Z"), "resolved_at: is still to come: it must not be later than 2026-11-21T17:00:00Z"),
            ("backfilled", json!(false), "started_at: goes with backfilled: an incident that is declared begins now"),
        ] {
            let mut wrong = past.clone();
            wrong[field] = value;
            assert_eq!(app.post("/api/v1/incidents", &wrong).await.is(422).problems()[0], problem);
        }
    }
}

#[tokio::test]
async fn an_end_and_a_new_beginning_need_words() {
    let app = TestApp::campus().await;
    app.post("/api/v1/incidents", &declaration("portal"))
        .await
        .is(201);
    let path = "/api/v1/incidents/INC-1/updates";
    // Facts in which nothing stands say nothing.
    for silent in [
        json!({"status": "resolved"}),
        json!({"status": "resolved", "facts": {}}),
    ] {
        let silent = app.post(path, &silent).await.is(422);
        assert_eq!(
            silent.problems(),
            ["text: is missing: people hear how it ended; give a text or facts"]
        );
    }
    let silent = app.post(path, &json!({"facts": {}})).await.is(422);
    assert_eq!(
        silent.problems(),
        ["text: says nothing: give a text, facts or a new status"]
    );
    app.post(
        path,
        &json!({"status": "resolved", "text": "It works again."}),
    )
    .await
    .is(201);
    let silent = app
        .post(path, &json!({"status": "investigating"}))
        .await
        .is(422);
    assert_eq!(
        silent.problems(),
        ["text: is missing: people hear why it is open again; give a text or facts"]
    );
    app.post(
        path,
        &json!({"status": "investigating", "text": "It is back."}),
    )
    .await
    .is(201);
}

#[tokio::test]
async fn only_what_goes_on_can_have_open_parts_and_nothing_is_parted_silently() {
    let app = TestApp::campus().await;
    for _ in 0..4 {
        app.post("/api/v1/incidents", &declaration("portal"))
            .await
            .is(201);
    }
    let path = "/api/v1/incidents/INC-1/parent";
    app.post(path, &json!({"parent": "INC-2"})).await.is(200);
    for body in [json!({}), json!({"version": 2})] {
        let refused = app.post(path, &body).await.is(422);
        assert_eq!(
            refused.problems(),
            ["parent: is missing: an incident's id, or null where it is to be a part of none"]
        );
    }
    assert_eq!(
        app.get("/api/v1/incidents/INC-1").await.json()["parent"],
        "INC-2"
    );
    let merged = json!({"into": "INC-2", "version": 9});
    app.post("/api/v1/incidents/INC-3/merge", &merged)
        .await
        .is(409);
    let merged = json!({"into": "INC-2", "version": 1, "into_version": 1});
    app.post("/api/v1/incidents/INC-3/merge", &merged)
        .await
        .is(200);
    let end = json!({"status": "resolved", "text": "It works again."});
    app.post("/api/v1/incidents/INC-4/updates", &end)
        .await
        .is(201);
    for (parent, problem) in [
        (
            "INC-3",
            "parent: INC-3 was merged into INC-2: name that one",
        ),
        (
            "INC-4",
            "parent: INC-4 is resolved and can have no open parts",
        ),
    ] {
        let refused = app.post(path, &json!({"parent": parent})).await.is(422);
        assert_eq!(refused.problems(), [problem]);
        let mut part = declaration("portal");
        part["parent"] = json!(parent);
        let refused = app.post("/api/v1/incidents", &part).await.is(422);
        assert_eq!(refused.problems(), [problem]);
    }
    // A duplicate has no team of its own any more.
    for (action, body) in [
        ("handover", json!({"role": "lead", "to": "kim@example.edu"})),
        ("acknowledge", json!({})),
    ] {
        let path = format!("/api/v1/incidents/INC-3/{action}");
        let refused = app.post(&path, &body).await.is(409).json();
        assert_eq!(
            refused["detail"],
            "INC-3 was merged into INC-2: roles change hands there"
        );
    }
    let page = app
        .page(As::Viewer, "/console/incidents/INC-2")
        .await
        .text();
    assert!(page.contains("Merged a duplicate into it"), "{page}");
    // The console's form says none by leaving it empty.
    let form = app
        .form(
            As::Operator,
            "/console/incidents/INC-1/parent",
            &[("parent", "")],
        )
        .await;
    form.is(303);
    assert_eq!(
        app.get("/api/v1/incidents/INC-1").await.json()["parent"],
        Value::Null
    );
}
