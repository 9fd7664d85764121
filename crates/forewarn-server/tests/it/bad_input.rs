//! What is wrong with an input is told whole, at once and in its order, and nothing of it is stored.

use crate::app::{As, CAMPUS, TestApp, upgrade};
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

/// The fields that an answer names, in its order.
fn fields(problems: &[String]) -> Vec<&str> {
    let problems = problems.iter();
    problems.filter_map(|p| p.split(": ").next()).collect()
}

#[tokio::test]
async fn a_wrong_field_hides_no_wrong_name_in_any_body() {
    let app = TestApp::campus().await;
    app.post("/api/v1/maintenances", &upgrade()).await.is(201);
    let incident = json!({"services": {"portal": "degraded"}, "severity": "P3", "effect": "x"});
    app.post("/api/v1/incidents", &incident).await.is(201);
    let advisory = json!({"services": ["portal"], "effect": "x"});
    app.post("/api/v1/advisories", &advisory).await.is(201);
    let release =
        json!({"title": "Portal 5", "services": ["portal"], "effective": "2026-12-10T22:00"});
    app.post("/api/v1/announcements", &release).await.is(201);
    let cases: &[(&str, Value, &[&str])] = &[
        (
            "/maintenances",
            json!({"maintenance": {"policy": "rutine", "services": ["portal", "portl"], "start": "2026-12-10T22:00", "end": "2026-12-09T23:00",
                "x": 1, "facts": {"efect": "a"}}, "recipients": "many"}),
            &[
                "recipients",
                "maintenance.title",
                "maintenance.policy",
                "maintenance.services[1]",
                "maintenance.end",
                "maintenance.x",
                "maintenance.facts.efect",
            ],
        ),
        (
            "/maintenances",
            json!({"titel": "x", "services": ["portl"], "start": "2020-01-01T10:00", "end": "2020-01-01T11:00"}),
            &[
                "maintenance.title",
                "maintenance.titel",
                "maintenance.services[0]",
                "maintenance.end",
            ],
        ),
        (
            "/maintenances/MNT-1/delay",
            json!({"strt": "2026-12-01T22:00", "undo": "perhaps", "reason": ""}),
            &["start", "strt", "undo", "reason"],
        ),
        (
            "/maintenances/MNT-1/start",
            json!({"erly": true, "undo": "?"}),
            &["erly", "undo"],
        ),
        (
            "/maintenances/MNT-1/recipients",
            json!({"audience": "custmers", "level": "low"}),
            &["audience", "level"],
        ),
        (
            "/maintenances/MNT-1/recipients",
            json!({"contact": "nobody", "level": "low"}),
            &["contact", "level"],
        ),
        (
            "/incidents",
            json!({"services": {"portl": "major_outage", "portal": "slow"}, "severity": "P9", "parent": "INC-9", "next_update_in": "PT0S"}),
            &[
                "services.portl",
                "services.portal",
                "severity",
                "parent",
                "next_update_in",
            ],
        ),
        (
            "/incidents/INC-1/updates",
            json!({"status": "identifed", "services": {"portl": "none"}, "text": "x", "recipients": "all"}),
            &["status", "services.portl", "recipients"],
        ),
        (
            "/incidents/INC-1/parent",
            json!({"parent": "INC-9", "x": 1}),
            &["parent", "x"],
        ),
        (
            "/incidents/INC-1/merge",
            json!({"into": "INC-9", "version": "new"}),
            &["into", "version"],
        ),
        (
            "/advisories",
            json!({"services": ["portl"], "severity": "P9", "next_update_at": "2020-01-01T00:00:00Z"}),
            &[
                "advisory.effect",
                "advisory.services[0]",
                "advisory.severity",
                "advisory.next_update_at",
            ],
        ),
        (
            "/advisories/ADV-1/updates",
            json!({"services": ["portl"], "cause": "?", "next_update_at": "2020-01-01T00:00:00Z"}),
            &["services[0]", "cause", "next_update_at"],
        ),
        (
            "/announcements",
            json!({"kind": "relase", "policy": "rutine", "services": ["portl"]}),
            &[
                "announcement.title",
                "announcement.effective",
                "announcement.kind",
                "announcement.policy",
                "announcement.services[0]",
            ],
        ),
        (
            "/announcements/ANN-1/change",
            json!({"services": ["portl"], "title": ""}),
            &["services[0]", "title"],
        ),
        (
            "/audiences",
            json!({"id": "staff", "levl": "technical", "services": ["portl"]}),
            &[
                "audiences[0].name",
                "audiences[0].level",
                "audiences[0].levl",
                "audiences[0].services[0]",
            ],
        ),
        (
            "/contacts",
            json!({"id": "eve", "audiences": ["custmers"], "endpoints": {"email": "eve"}}),
            &["contacts[0].audiences[0]", "contacts[0].endpoints.email"],
        ),
        (
            "/windows",
            json!({"service": "portl", "rrule": "FREQ=NEVER", "start": "22:00", "duration": "PT4H"}),
            &["service", "rrule"],
        ),
        (
            "/hooks",
            json!({"id": "h", "kind": "prometeus", "service": "portl", "severety": "P1"}),
            &[
                "hooks[0].secret",
                "hooks[0].kind",
                "hooks[0].service",
                "hooks[0].severety",
            ],
        ),
    ];
    for (path, body, expected) in cases {
        let refused = app.post(&format!("/api/v1{path}"), body).await.is(422);
        let mut told = refused.problems();
        let mut expected = expected.to_vec();
        // Only the body's own order is promised; a map in a test has none.
        told.sort();
        expected.sort_unstable();
        assert_eq!(fields(&told), expected, "{path} {body}: {told:#?}");
    }
    let put = json!({"id": "customrs", "name": "x", "level": "technical", "services": ["portl"]});
    let refused = app
        .request(
            As::Administrator,
            "PUT",
            "/api/v1/audiences/customers",
            &put.to_string(),
        )
        .await
        .is(422);
    assert_eq!(
        fields(&refused.problems()),
        ["id", "audiences[0].services[0]"]
    );
    // Nothing of all that is there.
    for (path, count) in [
        ("maintenances", 1),
        ("incidents", 1),
        ("advisories", 1),
        ("announcements", 1),
        ("audiences", 2),
        ("contacts", 2),
        ("hooks", 0),
    ] {
        let listed = app.get(&format!("/api/v1/{path}")).await.json();
        assert_eq!(
            listed["items"].as_array().map(Vec::len),
            Some(count),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_form_is_answered_with_every_problem_at_once() {
    let app = TestApp::campus().await;
    let typed = [
        ("do", "create"),
        ("title", ""),
        ("services", "nosvc"),
        ("start", "2026-12-10T22:00"),
        ("end", "2026-12-09T22:00"),
    ];
    let page = app
        .form(As::Operator, "/console/maintenances", &typed)
        .await
        .is(422)
        .text();
    for words in [
        "3 things need your attention",
        "unknown service",
        "before the start",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
}

#[tokio::test]
async fn every_call_refuses_parameters_that_it_does_not_take() {
    let app = TestApp::campus().await;
    let document = app.get("/api/openapi.json").await.json();
    let mut calls = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        if methods["get"].is_null() {
            continue;
        }
        calls += 1;
        let path = path
            .replace("{kind}", "services")
            .replace("{number}", "1")
            .replace("{version}", "1")
            .replace("{before}", "1")
            .replace("{after}", "2")
            .replace("{id}", "none");
        let path = path.replace(['{', '}'], "");
        let asked = format!("/api/v1{path}?notcie=zzz&cursor=");
        let refused = app.get(&asked).await.is(422);
        assert_eq!(fields(&refused.problems()), ["notcie", "cursor"], "{asked}");
        assert_eq!(refused.header("content-type"), "application/problem+json");
    }
    assert!(calls > 30, "{calls}");
    for (path, expected) in [
        (
            "/deliveries?notcie=1&status=acepted&limit=abc",
            vec![
                "notcie: unknown parameter 'notcie'; did you mean 'notice'?",
                "status: unknown status 'acepted'; did you mean 'accepted'?",
                "limit: must be a whole number from 1 to 1000",
            ],
        ),
        (
            "/notices?limit=0",
            vec!["limit: must be a whole number from 1 to 1000"],
        ),
        (
            "/contacts?limit=-5",
            vec!["limit: must be a whole number from 1 to 1000"],
        ),
        (
            "/incidents?open=perhaps&after=x",
            vec![
                "open: must be true or false",
                "after: is not a cursor that this API gave out",
            ],
        ),
        ("/journal?event=a&event=b", vec!["event: stands twice"]),
        (
            "/incidents/INC-1?full=true",
            vec!["full: unknown parameter 'full'; this call takes none"],
        ),
        (
            "/notices/x/copy?format=xml",
            vec!["format: unknown form 'xml'; known are json, csv"],
        ),
    ] {
        let refused = app.get(&format!("/api/v1{path}")).await.is(422);
        assert_eq!(refused.problems(), expected, "{path}");
    }
    // Who posts with a parameter that is not read must not take it for done otherwise.
    app.post("/api/v1/maintenances?dry_run=true", &upgrade())
        .await
        .is(422);
    app.yaml("/api/v1/documents?dryrun=true", CAMPUS)
        .await
        .is(422);
    app.get("/api/v1/maintenances/MNT-1").await.is(404);
    // One that says nothing is as if it were not there.
    app.get("/api/v1/notices?event=&status=").await.is(200);
    // Links carry what those who spread them add.
    app.refresh().await;
    for path in [
        "/?utm_source=mail",
        "/history?x=1",
        "/calendar.ics?y",
        "/history.atom?utm_source=x",
        "/api/v2/summary.json?t=1",
    ] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        app.send(request).await.is(200);
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_read_says_where_and_in_what_it_should_be() {
    let app = TestApp::campus().await;
    let send = async |kind: &str, body: &str| {
        let request = Request::post("/api/v1/maintenances/preview")
            .header(
                "authorization",
                format!("Bearer {}", As::Administrator.token()),
            )
            .header("content-type", kind);
        app.send(request.body(Body::from(body.to_owned())).unwrap())
            .await
    };
    let refused = send("application/json", "{\"title\": \"x\",\n  \"end\": }")
        .await
        .is(400);
    let error = refused.json()["errors"][0].clone();
    assert_eq!(
        (&error["line"], &error["column"]),
        (&json!(2), &json!(10)),
        "{error}"
    );
    assert_eq!(refused.header("content-type"), "application/problem+json");
    let work = upgrade().to_string();
    for kind in [
        "application/json",
        "application/json; charset=utf-8",
        "application/vnd.x+json",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/yaml",
        "text/yaml",
    ] {
        send(kind, &work).await.is(200);
    }
    for kind in [
        "text/xml",
        "application/xml",
        "multipart/form-data; boundary=x",
        "text/csv",
    ] {
        let refused = send(kind, &work).await.is(415);
        assert!(
            refused.problems()[0].starts_with("content-type: "),
            "{:?}",
            refused.problems()
        );
        assert_eq!(
            refused.header("accept"),
            "application/json, application/yaml"
        );
    }
    app.request(
        As::Administrator,
        "POST",
        "/api/v1/maintenances/preview",
        &work,
    )
    .await
    .is(200);
}

#[tokio::test]
async fn an_impossible_transition_names_both_states_for_programs_too() {
    let app = TestApp::campus().await;
    app.post("/api/v1/maintenances", &upgrade()).await.is(201);
    let act = async |action: &str, body: Value| {
        app.post(&format!("/api/v1/maintenances/MNT-1/{action}"), &body)
            .await
    };
    let later = json!({"end": "2026-12-01T04:00"});
    for (action, body, to, words) in [
        (
            "complete",
            json!({}),
            "completed",
            "maintenance MNT-1 is scheduled and cannot become completed",
        ),
        (
            "extend",
            later,
            "in_progress",
            "maintenance MNT-1 is scheduled and cannot be extended: only what is in_progress can, and stays so",
        ),
        (
            "approve",
            json!({}),
            "scheduled",
            "maintenance MNT-1 is scheduled and cannot be approved: only what is awaiting_approval can, and becomes scheduled",
        ),
        (
            "steps/1/done",
            json!({}),
            "in_progress",
            "maintenance MNT-1 is scheduled and cannot have a step done: only what is in_progress can, and stays so",
        ),
    ] {
        let refused = act(action, body).await.is(409).json();
        assert_eq!(
            (&refused["from"], &refused["to"]),
            (&json!("scheduled"), &json!(to)),
            "{action}"
        );
        assert_eq!(refused["detail"], words, "{action}");
    }
    act("start", json!({"early": true})).await.is(200);
    let again = act("start", json!({})).await.is(409).json();
    assert_eq!(
        (&again["from"], &again["to"]),
        (&json!("in_progress"), &json!("in_progress"))
    );
    assert_eq!(
        again["detail"],
        "maintenance MNT-1 is in_progress already and cannot become in_progress again"
    );
    // Other conflicts are between no states.
    let twice = app
        .post("/api/v1/maintenances", &upgrade())
        .await
        .is(409)
        .json();
    assert!(twice["from"].is_null() && twice["to"].is_null(), "{twice}");
}

#[tokio::test]
async fn a_start_long_before_the_window_is_asked_about() {
    let app = TestApp::campus().await;
    let create = async |id: &str| {
        let mut work = upgrade();
        work["id"] = json!(id);
        app.post("/api/v1/maintenances", &work).await.is(201);
    };
    let start = async |id: &str, body: Value| {
        app.post(&format!("/api/v1/maintenances/{id}/start"), &body)
            .await
    };
    let warned = |body: &Value| {
        let warnings = body["plan"]["warnings"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        warnings.iter().any(|w| w["field"] == "early")
    };
    for id in ["MNT-1", "MNT-2", "MNT-3", "MNT-4"] {
        create(id).await;
    }
    // Who asks to be asked is.
    let refused = start("MNT-1", json!({"early": false})).await.is(422);
    assert!(
        refused.problems()[0].starts_with("early: the window begins at 2026-11-30T22:00"),
        "{:?}",
        refused.problems()
    );
    assert_eq!(
        app.get("/api/v1/maintenances/MNT-1").await.json()["status"],
        "scheduled"
    );
    // A script that says nothing is told, and does as ever.
    assert!(warned(&start("MNT-1", Value::Null).await.is(200).json()));
    assert!(!warned(
        &start("MNT-2", json!({"early": true})).await.is(200).json()
    ));
    // A person presses once more.
    let path = "/console/maintenances/MNT-3/start";
    let asked = app.form(As::Operator, path, &[]).await.is(422).text();
    assert!(
        asked.contains("Start early all the same") && asked.contains("window begins at"),
        "{asked}"
    );
    app.form(As::Operator, path, &[("early", "true")])
        .await
        .is(303);
    // Half an hour before is no mistake.
    app.app.clock.set("2026-12-01T05:30:00Z".parse().unwrap());
    assert!(!warned(
        &start("MNT-4", json!({"early": false})).await.is(200).json()
    ));
}

#[tokio::test]
async fn what_is_far_too_long_is_refused_for_that_and_for_nothing_else() {
    let app = TestApp::campus().await;
    let incident = json!({"services": {"portal": "degraded"}, "severity": "P3", "effect": "x"});
    app.post("/api/v1/incidents", &incident).await.is(201);
    // Each of its lines would be a finding of its own.
    let long = "See db7.internal at 10.0.0.1. ".repeat(7_000);
    let (million, long) = ("a".repeat(1_000_000), long.as_str());
    for text in [million.as_str(), long] {
        let cases = [
            (
                "/incidents/INC-1/updates",
                json!({"text": text}),
                "text: is longer than 10000 characters",
            ),
            (
                "/incidents/INC-1/updates",
                json!({"text": text, "status": "resolved"}),
                "text: is longer than 10000 characters",
            ),
            (
                "/incidents",
                json!({"services": {"portal": "degraded"}, "severity": "P3", "effect": text}),
                "effect: is longer than 1000 characters",
            ),
            (
                "/advisories",
                json!({"services": ["portal"], "effect": text}),
                "advisory.effect: is longer than 1000 characters",
            ),
        ];
        for (path, body, only) in cases {
            let refused = app.post(&format!("/api/v1{path}"), &body).await.is(422);
            assert_eq!(refused.problems(), [only], "{path}");
        }
    }
    let nothing = app
        .post("/api/v1/incidents/INC-1/updates", &json!({"facts": {}}))
        .await;
    let problems = nothing.is(422).problems();
    assert!(
        problems[0].starts_with("text: says nothing"),
        "{problems:?}"
    );
}
