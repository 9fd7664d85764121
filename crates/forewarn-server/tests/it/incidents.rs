//! Incidents through the API: declared, updated, promises kept and broken, resolved, opened again.

use crate::app::TestApp;
use serde_json::{Value, json};

fn declaration() -> Value {
    json!({"services": {"portal": "major_outage"}, "severity": "P1", "effect": "Some people cannot sign in",
           "spokesperson": "Sam"})
}

on_both_databases! {
    async fn how_soon_people_heard_stands_with_the_incident(app: TestApp) {
        app.apply_campus().await;
        let body = json!({"services": {"portal": "major_outage"}, "severity": "P1"});
        app.post("/api/v1/incidents", &body).await.is(201);
        let path = "/api/v1/incidents/INC-1";
        assert_eq!(app.get(path).await.json()["first_notice"], serde_json::Value::Null);
        let store = &app.app.store;
        let first = forewarn_store::FirstWord { at: "2026-11-21T17:00:04Z".parse().unwrap(), after_seconds: 4, notice: "n1".into() };
        assert!(store.note_first_word("INC-1", &first).await.unwrap());
        let later = forewarn_store::FirstWord { after_seconds: 9, ..first.clone() };
        assert!(!store.note_first_word("INC-1", &later).await.unwrap());
        let shown = app.get(path).await.json()["first_notice"].clone();
        assert_eq!(shown, json!({"at": "2026-11-21T17:00:04Z", "after_seconds": 4, "notice": "n1"}));
        let page = app.page(crate::app::As::Operator, "/console/incidents/INC-1").await.is(200).text();
        assert!(page.contains("<dt>People first heard</dt><dd>after 4 seconds</dd>"), "{page}");
    }

    async fn a_declaration_has_its_holding_statement_at_once(app: TestApp) {
        app.apply_campus().await;
        let made = app.post("/api/v1/incidents", &declaration()).await.is(201).json();
        assert_eq!(made["id"], "INC-1");
        assert_eq!(made["status"], "investigating");
        assert_eq!(made["title"], "Trouble with Student portal");
        assert_eq!(made["next_update_at"], "2026-11-21T18:00:00Z");
        assert_eq!(made["promise"], json!({"due": "2026-11-21T18:00:00Z", "kept": null}));
        let notices = made["notices"].as_array().unwrap();
        assert_eq!(notices.len(), 1, "{notices:#?}");
        assert_eq!((&notices[0]["milestone"], &notices[0]["audience"], &notices[0]["due"]),
                   (&json!("holding"), &json!("customers"), &json!("2026-11-21T17:00:00Z")));
        let due = app.app.store.due_notices(forewarn_store::Lane::Urgent, app.app.clock.now(), 10).await.unwrap();
        assert_eq!(due.len(), 1);
    }

    async fn an_update_in_time_keeps_the_promise_and_a_late_one_breaks_it(app: TestApp) {
        app.apply_campus().await;
        app.post("/api/v1/incidents", &declaration()).await.is(201);
        app.advance(59);
        let body = json!({"status": "identified", "text": "A disk is full.", "next_update_in": "PT30M"});
        let first = app.post("/api/v1/incidents/INC-1/updates", &body).await.is(201).json();
        assert_eq!(first["updates"][0]["promise"]["kept"], true);
        assert_eq!(first["promise"], json!({"due": "2026-11-21T18:29:00Z", "kept": null}));
        app.advance(31);
        let body = json!({"facts": {"workaround": "Use the old portal."}});
        let second = app.post("/api/v1/incidents/INC-1/updates", &body).await.is(201).json();
        assert_eq!(second["updates"][1]["promise"]["kept"], false);
        assert_eq!(second["status"], "identified");
        assert_eq!(second["facts"], json!({"effect": "Some people cannot sign in", "workaround": "Use the old portal."}));
        let body = json!({"status": "resolved", "text": "It works again."});
        let done = app.post("/api/v1/incidents/INC-1/updates", &body).await.is(201).json();
        assert_eq!((&done["promise"], &done["next_update_at"]), (&Value::Null, &Value::Null));
        assert_eq!(done["services"], json!({"portal": "none"}));
        assert_eq!(done["resolved_at"], "2026-11-21T18:30:00Z");
        let shown = app.get("/api/v1/incidents/INC-1").await.is(200).json();
        let mut said = done.clone();
        said.as_object_mut().unwrap().remove("notices");
        assert_eq!(shown, said);
        let listed = app.get("/api/v1/notices?event=INC-1").await.json();
        let mut milestones: Vec<String> = listed["items"].as_array().unwrap().iter().filter(|n| n["audience"] == "customers")
            .map(|n| format!("{} {}", n["milestone"].as_str().unwrap(), n["offset"].as_str().unwrap_or("-"))).collect();
        milestones.sort();
        assert_eq!(milestones, ["holding -", "resolution -", "update #1", "update #2"]);
    }
}

#[tokio::test]
async fn what_cannot_follow_is_refused_with_both_states() {
    let app = TestApp::campus().await;
    app.post("/api/v1/incidents", &declaration()).await.is(201);
    let to = |status: &'static str| {
        let app = &app;
        async move {
            let body = json!({"status": status, "text": "So it is."});
            app.post("/api/v1/incidents/INC-1/updates", &body).await
        }
    };
    let refused = to("postmortem").await.is(409);
    assert_eq!(
        refused.json()["detail"],
        "incident INC-1 is investigating and cannot become postmortem"
    );
    to("resolved").await.is(201);
    to("monitoring").await.is(409);
    let twice = to("resolved").await.is(409).json();
    assert_eq!(twice["detail"], "incident INC-1 is resolved already");
    let more = json!({"text": "One thing more."});
    let more = app
        .post("/api/v1/incidents/INC-1/updates", &more)
        .await
        .is(409)
        .json();
    assert_eq!(
        more["detail"],
        "incident INC-1 is resolved: no update can follow; give the status 'investigating' and say why to open it again"
    );
    let open = to("investigating").await.is(201).json();
    assert_eq!(open["resolved_at"], Value::Null);
    assert!(open["promise"]["due"].is_string());
    to("monitoring").await.is(201);
    to("resolved").await.is(201);
    to("postmortem").await.is(201);
    let after = to("investigating").await.is(409);
    assert_eq!(
        after.json()["detail"],
        "incident INC-1 is postmortem and cannot become investigating"
    );
}

#[tokio::test]
async fn a_reopened_incident_tells_again() {
    let app = TestApp::campus().await;
    app.post("/api/v1/incidents", &declaration()).await.is(201);
    for status in ["resolved", "investigating", "resolved", "postmortem"] {
        app.advance(5);
        let body = json!({"status": status, "text": "So it is."});
        let answer = app.post("/api/v1/incidents/INC-1/updates", &body).await;
        let made = answer.is(201).json();
        assert_eq!(
            made["notices"].as_array().map(Vec::len),
            Some(1),
            "{status}"
        );
    }
    let listed = app.get("/api/v1/notices?event=INC-1").await.json();
    let told = listed["items"].as_array().expect("items").iter();
    assert_eq!(told.filter(|n| n["audience"] == "customers").count(), 5);
}

#[tokio::test]
async fn a_wrong_declaration_is_refused_at_its_fields() {
    let app = TestApp::campus().await;
    for (body, problems) in [
        (
            json!({}),
            vec![
                "services: names no service; write {service: impact}",
                "severity: is missing",
            ],
        ),
        (
            json!({"services": {"portl": "major_outage", "database": "none"}, "severity": "P1"}),
            vec!["services.portl: unknown service 'portl'; did you mean 'portal'?"],
        ),
        (
            json!({"services": {"portal": "dead"}, "severity": "P0", "next_update_in": "soon"}),
            vec![
                "services.portal: unknown impact 'dead'; did you mean 'degraded_performance'?",
                "severity: unknown severity 'P0'; known are P1, P2, P3, P4, P5",
                "next_update_in: must be an offset such as 5bd, 8w, 3mo, 1y, 30min, PT30M or now",
            ],
        ),
        (
            json!({"services": {}, "severity": "P1"}),
            vec!["services: names no service; write {service: impact}"],
        ),
    ] {
        let refused = app.post("/api/v1/incidents", &body).await.is(422);
        assert_eq!(refused.problems(), problems, "{body}");
    }
    let next =
        json!({"services": {"portal": "major_outage"}, "severity": "P1", "next_update_in": "now"});
    let refused = app.post("/api/v1/incidents", &next).await.is(422);
    assert_eq!(
        refused.problems(),
        ["next_update_in: must be later than now, 2026-11-21T09:00:00-08:00[America/Los_Angeles]"]
    );
    app.post("/api/v1/incidents", &declaration()).await.is(201);
    let nothing = app
        .post("/api/v1/incidents/INC-1/updates", &json!({}))
        .await;
    assert_eq!(
        nothing.is(422).problems(),
        ["text: says nothing: give a text, facts or a new status"]
    );
    app.post("/api/v1/incidents/INC-9/updates", &json!({"text": "x"}))
        .await
        .is(404);
    app.get("/api/v1/incidents/MNT-1").await.is(404);
}

#[tokio::test]
async fn the_next_update_may_be_promised_in_working_days() {
    let app = TestApp::campus().await;
    let mut body = declaration();
    body["severity"] = json!("P4");
    let made = app.post("/api/v1/incidents", &body).await.is(201).json();
    // Declared on a Saturday at 9 in the organisation's morning.
    assert_eq!(made["next_update_at"], "2026-11-23T17:00:00Z");
    body["next_update_in"] = json!("400bd");
    app.post("/api/v1/incidents", &body).await.is(201);
}

#[tokio::test]
async fn an_incident_can_have_an_id_of_its_own_but_not_anothers() {
    let app = TestApp::campus().await;
    let mut body = declaration();
    body["id"] = json!("INC-1");
    app.post("/api/v1/incidents", &body).await.is(201);
    app.post("/api/v1/incidents", &body).await.is(409);
    // The next number steps over what people have given by hand.
    let made = app.post("/api/v1/incidents", &declaration()).await.is(201);
    assert_eq!(made.json()["id"], "INC-2");
}

const ROUTED: &str = "
organisation: {name: Example University, time_zone: UTC}
services: [{id: portal, name: Portal}]
audiences:
  - {id: users, name: Users, level: non_technical, services: [portal], routing: {stages: [holding, resolution]}}
  - {id: developers, name: Developers, level: technical, services: [portal], routing: {causes: [application]}}
  - {id: legal, name: Legal, level: semi_technical, services: ['*'], routing: {causes: [security]}}
";

#[tokio::test]
async fn who_hears_follows_from_cause_and_stage_and_nobody_is_left_in_the_middle() {
    let app = TestApp::new().await;
    app.yaml("/api/v1/documents", ROUTED).await.is(200);
    let told = |answer: &Value| -> Vec<String> {
        let notices = answer["notices"].as_array().expect("notices").iter();
        let text = |n: &Value, name: &str| n[name].as_str().unwrap_or_default().to_owned();
        notices
            .map(|n| format!("{} {}", text(n, "audience"), text(n, "milestone")))
            .collect()
    };
    let trouble = json!({"id": "INC-1", "services": {"portal": "major_outage"}, "severity": "P1"});
    let declared = app.post("/api/v1/incidents", &trouble).await.is(201).json();
    assert_eq!(told(&declared), ["users holding"]);
    let path = "/api/v1/incidents/INC-1/updates";
    let steps = [
        (
            json!({"status": "identified", "cause": "application"}),
            vec!["developers update"],
        ),
        // It was something else; developers have heard of it and hear the end of it.
        (
            json!({"text": "It was an attack.", "cause": "security"}),
            vec!["developers update", "legal update"],
        ),
        (
            json!({"status": "resolved", "text": "All is well."}),
            vec![
                "users resolution",
                "developers resolution",
                "legal resolution",
            ],
        ),
    ];
    for (update, expected) in steps {
        assert_eq!(
            told(&app.post(path, &update).await.is(201).json()),
            expected,
            "{update}"
        );
    }
    let bad =
        json!({"services": {"portal": "major_outage"}, "severity": "P1", "cause": "sabotage"});
    let refused = app.post("/api/v1/incidents", &bad).await.is(422);
    assert!(
        refused.problems()[0].starts_with("cause: unknown cause 'sabotage'"),
        "{:?}",
        refused.problems()
    );
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_declaration_is_told_at_once() {
    let app = TestApp::campus().await;
    let body = json!({"services": {"prtal": "major_outage", "portal": "dead"}, "severity": "P9",
        "parent": "INC-7", "next_update_in": "now"});
    let refused = app.post("/api/v1/incidents", &body).await.is(422);
    let problems = refused.problems().join("\n");
    for part in [
        "services.prtal: unknown service 'prtal'; did you mean 'portal'?",
        "services.portal: unknown impact 'dead'",
        "severity: unknown severity 'P9'",
        "parent: there is no incident INC-7",
        "next_update_in: must be later than now",
    ] {
        assert!(problems.contains(part), "{part} in {problems}");
    }
    let twice =
        "{\"services\": {\"portal\": \"none\"}, \"severity\": \"P1\", \"severity\": \"P2\"}";
    let request = axum::http::Request::post("/api/v1/incidents")
        .header(
            "authorization",
            format!("Bearer {}", crate::app::As::Operator.token()),
        )
        .header("content-type", "application/json")
        .body(axum::body::Body::from(twice))
        .unwrap();
    let refused = app.send(request).await.is(400);
    assert!(refused.problems()[0].contains("the key 'severity' stands twice"));
    assert_eq!(
        app.get("/api/v1/incidents").await.json()["items"],
        json!([])
    );
}

const THREE: &str = "
organisation: {name: Example University, time_zone: UTC}
services: [{id: portal, name: Portal}, {id: mail, name: Mail}]
audiences:
  - {id: students, name: Students, level: non_technical, services: [portal]}
  - {id: readers, name: Readers, level: non_technical, services: [mail]}
";

on_both_databases! {
    async fn a_title_is_corrected_and_a_service_named_by_mistake_taken_out(app: TestApp) {
        app.yaml("/api/v1/documents", THREE).await.is(200);
        let both = json!({"services": {"portal": "major_outage", "mail": "degraded"}, "severity": "P1", "title": "Mial is down"});
        app.post("/api/v1/incidents", &both).await.is(201);
        let path = "/api/v1/incidents/INC-1/updates";
        for (body, problem) in [
            (json!({"status": "identified", "remove_services": ["mail"]}), "text: is missing: whoever heard of a service that was named by mistake hears that it was"),
            (json!({"text": "x", "remove_services": ["mial"]}), "remove_services: unknown service 'mial'; did you mean 'mail'?"),
            (json!({"text": "x", "remove_services": ["mail", "portal"]}), "remove_services: takes out every service: name the right one in services first, or resolve the incident"),
        ] {
            assert_eq!(app.post(path, &body).await.is(422).problems(), [problem]);
        }
        let right = json!({"text": "Mail works as always; only the portal is down.", "title": "Portal is down", "remove_services": ["mail"]});
        let told = |answer: &Value| -> Vec<String> {
            answer["notices"].as_array().unwrap().iter().map(|n| n["audience"].as_str().unwrap().to_owned()).collect()
        };
        let done = app.post(path, &right).await.is(201).json();
        assert_eq!((&done["title"], &done["services"]), (&json!("Portal is down"), &json!({"portal": "major_outage"})));
        assert_eq!(told(&done), ["students", "readers"]);
        let journal = app.app.store.journal(Some("INC-1"), None, 1).await.unwrap();
        assert_eq!((&journal[0].detail["title"], &journal[0].detail["removed_services"]),
            (&json!({"from": "Mial is down", "to": "Portal is down"}), &json!(["mail"])));
        // They have heard that it is not theirs, and hear nothing more.
        let next = app.post(path, &json!({"text": "We look into it."})).await.is(201).json();
        assert_eq!(told(&next), ["students"]);
        app.refresh().await;
        let page = app.page(crate::app::As::Nobody, "/events/INC-1").await.is(200).text();
        assert!(page.contains("Portal is down") && !page.contains("Mial"), "{page}");
    }

    async fn a_declaration_is_guarded_and_told_with_everything_else_that_is_wrong(app: TestApp) {
        app.apply_campus().await;
        let path = "/api/v1/incidents";
        let wrong = json!({"services": {"protal": "major_outage"}, "severity": "P1", "title": "10.20.30.40 is down", "effect": "Log: password=hunter2secret",
            "lead": "kim@example.edu", "spokesperson": "Kim <kim@example.edu>"});
        let problems = app.post(path, &wrong).await.is(422).problems();
        let fields: Vec<&str> = problems.iter().map(|p| p.split(": ").next().unwrap()).collect();
        assert_eq!(fields, ["spokesperson", "services.protal", "title", "effect", "privacy_override"], "{problems:?}");
        assert!(problems[2].starts_with("title: '10.20.30.40', from 0 to 11:"), "{problems:?}");
        assert!(!problems.join(" ").contains("hunter2"), "{problems:?}");
        let mut body = json!({"services": {"portal": "major_outage"}, "severity": "P1", "effect": "10.20.30.40 does not answer."});
        app.post(path, &body).await.is(422);
        assert_eq!(app.get(path).await.json()["items"], json!([]));
        body["privacy_override"] = json!("The address is public.");
        app.post(path, &body).await.is(201);
        let said = app.app.store.journal(Some("INC-1"), None, 1).await.unwrap();
        assert_eq!(said[0].detail["privacy_override"], json!({"reason": "The address is public.", "found": ["ip_address"]}));
        // What was entered afterwards stands in the history.
        let mut past = json!({"services": {"portal": "major_outage"}, "severity": "P1", "backfilled": true, "text": "10.20.30.40 was full.",
            "started_at": "2026-11-20T08:00:00Z", "resolved_at": "2026-11-20T09:00:00Z"});
        let problems = app.post(path, &past).await.is(422).problems();
        assert!(problems[0].starts_with("text: '10.20.30.40'"), "{problems:?}");
        past["privacy_override"] = json!("The address is public.");
        app.post(path, &past).await.is(201);
        let said = app.app.store.journal(Some("INC-2"), None, 1).await.unwrap();
        assert_eq!(said[0].detail["privacy_override"]["found"], json!(["ip_address"]));
    }

    async fn an_impact_with_the_end_is_over_and_whoever_gave_it_hears_so(app: TestApp) {
        app.apply_campus().await;
        app.post("/api/v1/incidents", &declaration()).await.is(201);
        let path = "/api/v1/incidents/INC-1/updates";
        // A form or a program that says once more how it was.
        let over = json!({"status": "resolved", "text": "It works again.", "services": {"portal": "major_outage"}});
        let done = app.post(path, &over).await.is(201).json();
        assert_eq!((&done["status"], &done["services"]["portal"], &done["warnings"]), (&json!("resolved"), &json!("none"), &Value::Null));
        app.post(path, &json!({"status": "investigating", "text": "It does not."})).await.is(201);
        let slow = json!({"status": "resolved", "text": "It is slow.", "services": {"portal": "degraded"}});
        let done = app.post(path, &slow).await.is(201).json();
        assert_eq!(done["services"]["portal"], "none");
        assert_eq!(done["warnings"], json!([{"field": "services.portal", "problem": "the impact that was given is over with the incident: \
            people see that it works; if it does not, open the incident again"}]));
    }

    async fn what_readers_may_not_see_goes_out_with_a_reason_only(app: TestApp) {
        app.apply_campus().await;
        app.post("/api/v1/incidents", &declaration()).await.is(201);
        let path = "/api/v1/incidents/INC-1/updates";
        let mut body = json!({"text": "The disk of 10.20.30.40 is full. password=hunter2secret", "facts": {"technical": "10.20.30.40"}});
        let refused = app.post(path, &body).await.is(422);
        let problems = refused.problems();
        assert!(problems[0].starts_with("text: '10.20.30.40', from 12 to 23:"), "{problems:?}");
        assert!(!problems.join(" ").contains("hunter2"), "{problems:?}");
        assert!(problems.iter().all(|p| !p.starts_with("facts.technical")), "{problems:?}");
        assert!(problems.last().unwrap().starts_with("privacy_override: is missing"), "{problems:?}");
        assert_eq!(app.get("/api/v1/incidents/INC-1").await.json()["updates"].as_array().map(Vec::len), Some(1));
        body["privacy_override"] = json!("The address is public anyway.");
        app.post(path, &body).await.is(201);
        let journal = app.app.store.journal(Some("INC-1"), None, 1).await.unwrap();
        assert_eq!(journal[0].detail["privacy_override"], json!({"reason": "The address is public anyway.", "found": ["secret", "ip_address"]}));
        // Nothing is asked for where nothing is found.
        app.post(path, &json!({"text": "It is slow.", "privacy_override": "to be sure"})).await.is(201);
        let journal = app.app.store.journal(Some("INC-1"), None, 1).await.unwrap();
        assert_eq!(journal[0].detail["privacy_override"], Value::Null);
    }
}
