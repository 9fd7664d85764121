//! Advisories through the API, the console and the status page: a fault is made known, followed, fixed or withdrawn.

use crate::app::{As, TestApp};
use serde_json::{Value, json};

const PATH: &str = "/api/v1/advisories";

fn report() -> Value {
    json!({"services": ["portal"], "effect": "The export of grades leaves out the last line", "cause": "application",
           "facts": {"workaround": "Add an empty line", "technical": "off by one in export.internal"},
           "requesters": ["dean@example.edu"]})
}

/// Milestones of an event's notices, with their audiences.
async fn told(app: &TestApp, event: &str) -> Vec<String> {
    let listed = app
        .get(&format!("/api/v1/notices?event={event}"))
        .await
        .json();
    let items = listed["items"].as_array().expect("items").iter();
    let said = |n: &Value| {
        format!(
            "{} {}",
            n["milestone"].as_str().unwrap(),
            n["audience"].as_str().unwrap()
        )
    };
    let mut told: Vec<String> = items.map(said).collect();
    told.sort();
    told
}

/// The subjects of what an endpoint got, by the milestones of their notices.
async fn heard(app: &TestApp, event: &str, endpoint: &str) -> Vec<String> {
    let list = |v: Value| v["items"].as_array().expect("items").clone();
    let notices = list(
        app.get(&format!("/api/v1/notices?event={event}"))
            .await
            .json(),
    );
    let deliveries = list(
        app.get(&format!("/api/v1/deliveries?event={event}"))
            .await
            .json(),
    );
    let mine = deliveries.iter().filter(|d| d["endpoint"] == endpoint);
    let mut all: Vec<String> = mine
        .map(|d| {
            let notice = notices
                .iter()
                .find(|n| n["id"] == d["notice"])
                .expect("its notice");
            format!(
                "{} {}",
                notice["milestone"].as_str().unwrap(),
                notice["level"].as_str().unwrap()
            )
        })
        .collect();
    all.sort();
    all
}

on_both_databases! {
    async fn a_fault_is_told_when_it_is_found_meanwhile_and_when_it_is_fixed(app: TestApp) {
        app.apply_campus().await;
        let made = app.post(PATH, &report()).await.is(201).json();
        assert_eq!((&made["id"], &made["status"], &made["version"]), (&json!("ADV-1"), &json!("open"), &json!(1)));
        assert_eq!(made["title"], "Fault in Student portal");
        assert_eq!((&made["next_update_at"], &made["promise"]), (&Value::Null, &Value::Null));
        let notices = made["notices"].as_array().unwrap();
        assert_eq!(notices.len(), 1, "{notices:#?}");
        assert_eq!((&notices[0]["milestone"], &notices[0]["audience"], &notices[0]["due"]),
            (&json!("discovery"), &json!("customers"), &json!("2026-11-21T17:00:00Z")));
        app.expand_due().await;
        app.advance(60);
        let word = json!({"facts": {"cause": "The new version counts from one."}, "version": 1});
        let updated = app.post(&format!("{PATH}/ADV-1/updates"), &word).await.is(201).json();
        assert_eq!(updated["facts"]["workaround"], "Add an empty line");
        app.expand_due().await;
        app.advance(60);
        let fix = json!({"action": "Install version 4.2.1", "requesters": ["registrar@example.edu"]});
        let fixed = app.post(&format!("{PATH}/ADV-1/fix"), &fix).await.is(200).json();
        assert_eq!((&fixed["status"], &fixed["closed_at"]), (&json!("fixed"), &json!("2026-11-21T19:00:00Z")));
        assert_eq!(fixed["facts"]["action"], json!({"what": "Install version 4.2.1", "when": "after"}));
        app.expand_due().await;
        assert_eq!(told(&app, "ADV-1").await, ["discovery customers", "fixed customers", "fixed requesters", "update customers"]);
        assert_eq!(heard(&app, "ADV-1", "alice@example.edu").await, ["discovery non_technical", "fixed non_technical", "update non_technical"]);
        for asked in ["dean@example.edu", "registrar@example.edu"] {
            assert_eq!(heard(&app, "ADV-1", asked).await, ["fixed non_technical"]);
        }
        let shown = app.get(&format!("{PATH}/ADV-1")).await.is(200).json();
        let mut said = fixed.clone();
        said.as_object_mut().unwrap().remove("notices");
        assert_eq!(shown, said);
        let listed = app.get(&format!("{PATH}?open=true")).await.is(200).json();
        assert_eq!(listed["items"], json!([]));
        assert_eq!(app.get(PATH).await.json()["items"], json!([shown]));
        // The journal names nobody who asked.
        assert!(!app.get("/api/v1/journal").await.text().contains("dean@example.edu"));
    }

    async fn a_promised_word_is_watched_and_a_later_one_settles_it(app: TestApp) {
        app.apply_campus().await;
        let mut body = report();
        body["next_update_in"] = json!("PT48H");
        let made = app.post(PATH, &body).await.is(201).json();
        assert_eq!(made["promise"], json!({"due": "2026-11-23T17:00:00Z", "kept": null}));
        assert_eq!(told(&app, "ADV-1").await,
            ["discovery customers", "promise_broken internal", "promise_warning internal", "promise_warning internal"]);
        app.expand_due().await;
        app.advance(60);
        let kept = app.post(&format!("{PATH}/ADV-1/updates"), &json!({"text": "No news.", "next_update_in": "1bd"})).await.is(201).json();
        assert_eq!(kept["updates"][0]["promise"]["kept"], true);
        assert_eq!(kept["next_update_at"], "2026-11-23T18:00:00Z");
        let path = "/api/v1/notices?event=ADV-1&status=cancelled";
        assert_eq!(app.get(path).await.json()["items"].as_array().unwrap().len(), 3);
        app.advance(60 * 24 * 3);
        let late = app.post(&format!("{PATH}/ADV-1/updates"), &json!({"text": "Here it is."})).await.is(201).json();
        assert_eq!((&late["updates"][1]["promise"]["kept"], &late["promise"]), (&json!(false), &Value::Null));
        let journal = app.get("/api/v1/journal?event=ADV-1").await.text();
        assert!(journal.contains("advisory.promise_broken"), "{journal}");
    }

    async fn what_readers_may_not_see_goes_out_with_a_reason_only(app: TestApp) {
        app.apply_campus().await;
        let mut body = report();
        body["facts"]["cause"] = json!("The disk of 10.20.30.40 is full.");
        let problems = app.post(PATH, &body).await.is(422).problems();
        assert!(problems[0].starts_with("advisory.facts.cause: '10.20.30.40', from 12 to 23:"), "{problems:?}");
        assert!(problems[1].starts_with("advisory.privacy_override: is missing"), "{problems:?}");
        assert_eq!((problems.len(), &app.get(PATH).await.json()["items"]), (2, &json!([])));
        body["privacy_override"] = json!("It is public.");
        app.post(PATH, &body).await.is(201);
        let journal = async || app.app.store.journal(Some("ADV-1"), None, 1).await.unwrap()[0].detail["privacy_override"].clone();
        let on_record = json!({"reason": "It is public.", "found": ["ip_address"]});
        assert_eq!(journal().await, on_record);
        let leak = "It was 10.20.30.40.";
        for (action, status, body) in [
            ("updates", 201, json!({"text": leak})),
            ("fix", 200, json!({"text": leak, "action": "Install version 4.2.1"})),
        ] {
            let path = format!("{PATH}/ADV-1/{action}");
            let problems = app.post(&path, &body).await.is(422).problems();
            assert!(problems[0].starts_with("text: '10.20.30.40'") && problems.len() == 2, "{problems:?}");
            let mut body = body;
            body["privacy_override"] = json!("It is public.");
            app.post(&path, &body).await.is(status);
            assert_eq!(journal().await, on_record);
        }
        app.post(PATH, &report()).await.is(201);
        app.post(&format!("{PATH}/ADV-2/withdraw"), &json!({"text": leak})).await.is(422);
        let form = [("action", "Ask db7.internal"), ("fixed_text", ""), ("version", "1")];
        let page = app.form(As::Operator, "/console/advisories/ADV-2/fix", &form).await.is(422).text();
        assert!(page.contains("name=\"fixed_override\"") && page.contains("id=\"e-action\""), "{page}");
        assert!(!page.contains("name=\"privacy_override\"") && !page.contains("name=\"why_override\""), "{page}");
        let form = [("action", "Ask db7.internal"), ("fixed_override", "It is public."), ("version", "1")];
        app.form(As::Operator, "/console/advisories/ADV-2/fix", &form).await.is(303);
    }

    async fn somebody_added_is_caught_up_once_and_told_from_then_on(app: TestApp) {
        app.apply_campus().await;
        app.post(PATH, &report()).await.is(201);
        app.expand_due().await;
        let path = format!("{PATH}/ADV-1/recipients");
        let added = app.post(&path, &json!({"email": "press@example.org", "level": "technical"})).await.is(200).json();
        assert_eq!((&added["version"], &added["notices"][0]["milestone"]), (&json!(2), &json!("discovery")));
        app.expand_due().await;
        app.post(&path, &json!({"contact": "alice"})).await.is(200);
        app.post(&path, &json!({"contact": "nobody"})).await.is(422);
        app.expand_due().await;
        app.advance(5);
        app.post(&format!("{PATH}/ADV-1/withdraw"), &json!({"text": "It was none."})).await.is(200);
        app.expand_due().await;
        assert_eq!(heard(&app, "ADV-1", "press@example.org").await, ["discovery technical", "update technical"]);
        assert_eq!(heard(&app, "ADV-1", "alice@example.edu").await, ["discovery non_technical", "update non_technical"]);
        assert_eq!(heard(&app, "ADV-1", "dean@example.edu").await, ["update non_technical"]);
        let refused = app.post(&path, &json!({"email": "late@example.org"})).await.is(409).json();
        assert_eq!(refused["detail"], "advisory ADV-1 is withdrawn and cannot have people added: only what is open can, and stays so");
        let listed = app.get(&path).await.is(200).json();
        assert_eq!(listed["items"].as_array().unwrap().len(), 2);
        assert!(!app.get("/api/v1/journal").await.text().contains("press@example.org"));
    }
}

#[tokio::test]
async fn what_cannot_follow_is_refused_with_both_states() {
    let app = TestApp::campus().await;
    for (id, close, closed) in [
        ("ADV-1", ("fix", json!({})), "fixed"),
        (
            "ADV-2",
            ("withdraw", json!({"text": "It was none."})),
            "withdrawn",
        ),
    ] {
        app.post(PATH, &report()).await.is(201);
        app.post(&format!("{PATH}/{id}/{}", close.0), &close.1)
            .await
            .is(200);
        for (action, body, to) in [
            ("updates", json!({"text": "More."}), "open"),
            ("fix", json!({}), "fixed"),
            ("withdraw", json!({"text": "No."}), "withdrawn"),
        ] {
            let refused = app
                .post(&format!("{PATH}/{id}/{action}"), &body)
                .await
                .is(409);
            let refused = refused.json();
            let said = refused["detail"].as_str().unwrap();
            assert!(
                said.starts_with(&format!("advisory {id} is {closed} ")),
                "{said}"
            );
            assert_eq!(
                (refused["from"].as_str(), refused["to"].as_str()),
                (Some(closed), Some(to))
            );
        }
    }
    for action in ["updates", "fix", "withdraw", "approve", "recipients"] {
        let body = json!({"text": "x"});
        app.post(&format!("{PATH}/ADV-9/{action}"), &body)
            .await
            .is(404);
    }
    app.get(&format!("{PATH}/ADV-9")).await.is(404);
    app.get(&format!("{PATH}/ADV-9/reach")).await.is(404);
    app.post(&format!("{PATH}/ADV-1/approve"), &json!({}))
        .await
        .is(409);
}

#[tokio::test]
async fn a_wrong_report_is_refused_at_its_fields_and_stores_nothing() {
    let app = TestApp::campus().await;
    let wrong = json!({"services": ["portl"], "severity": "P7", "cause": "aplication", "requesters": ["dean"], "efect": "x"});
    let refused = app.post(PATH, &wrong).await.is(422);
    let problems = refused.problems();
    for expected in [
        "advisory.services[0]: unknown service 'portl'; did you mean 'portal'?",
        "advisory.severity: unknown severity 'P7'",
        "advisory.cause: unknown cause 'aplication'; did you mean 'application'?",
        "advisory.effect: is missing: say what people notice, in their words",
        "advisory.efect: unknown field 'efect'; did you mean 'effect'?",
    ] {
        assert!(
            problems.iter().any(|p| p.contains(expected)),
            "{expected}: {problems:#?}"
        );
    }
    let mut past = report();
    past["next_update_at"] = json!("2026-11-21T16:00:00Z");
    assert_eq!(
        app.post(PATH, &past).await.is(422).problems(),
        [
            "advisory.next_update_at: 2026-11-21T16:00:00Z has passed: it must be later than 2026-11-21T17:00:00Z"
        ]
    );
    assert_eq!(app.get(PATH).await.json()["items"], json!([]));
    // Nothing was used up: the first one is ADV-1, alone or under its key.
    let made = app
        .post(PATH, &json!({"advisory": report()}))
        .await
        .is(201)
        .json();
    assert_eq!(made["id"], "ADV-1");
    let mut same = report();
    same["id"] = json!("ADV-1");
    app.post(PATH, &same).await.is(409);
    let old = json!({"text": "x", "version": 7});
    let refused = app
        .post(&format!("{PATH}/ADV-1/updates"), &old)
        .await
        .is(409);
    let detail = refused.json()["detail"].clone();
    assert!(
        detail
            .as_str()
            .unwrap()
            .contains("it is at version 1 and you saw 7"),
        "{detail}"
    );
    let unknown = json!({"text": "x", "services": ["datbase"]});
    let refused = app
        .post(&format!("{PATH}/ADV-1/updates"), &unknown)
        .await
        .is(422);
    assert_eq!(
        refused.problems(),
        ["services[0]: unknown service 'datbase'; did you mean 'database'?"]
    );
    // A setting is applied, a fault is told.
    let applied = app
        .post("/api/v1/documents", &json!({"advisory": report()}))
        .await
        .is(200)
        .json();
    assert_eq!(applied["warnings"][0]["field"], "advisory");
}

#[tokio::test]
async fn who_would_hear_is_said_before_anybody_does() {
    let app = TestApp::campus().await;
    let seen = app
        .post(&format!("{PATH}/preview"), &report())
        .await
        .is(200)
        .json();
    assert_eq!(seen["notices"][0]["audience"], "customers");
    assert_eq!(
        (
            &seen["reach"]["messages"],
            &seen["reach"]["audiences"][0]["reached"]
        ),
        (&json!(1), &json!(1))
    );
    assert_eq!(app.get(PATH).await.json()["items"], json!([]));
    assert_eq!(
        app.post(PATH, &report()).await.is(201).json()["id"],
        "ADV-1"
    );
    let reach = app.get(&format!("{PATH}/ADV-1/reach")).await.is(200).json();
    assert_eq!(reach, seen["reach"]);
    let why = app
        .get(&format!("{PATH}/ADV-1/reach?contact=alice"))
        .await
        .is(200)
        .json();
    assert_eq!(
        why["because"][0],
        "gets it as one of 'Students', which uses portal (portal), at level non_technical"
    );
}

#[tokio::test]
async fn the_public_reads_of_the_fault_and_of_nobody_who_asked() {
    let app = TestApp::campus().await;
    app.post(PATH, &report()).await.is(201);
    app.refresh().await;
    let public = |path: &'static str| {
        let app = &app;
        async move {
            app.request(As::Nobody, "GET", path, "")
                .await
                .is(200)
                .text()
        }
    };
    let first = public("/").await;
    assert!(
        first.contains("Known faults") && first.contains("leaves out the last line"),
        "{first}"
    );
    // Services work: a fault is no outage.
    assert!(first.contains("Everything is working"), "{first}");
    let page = public("/events/ADV-1").await;
    assert!(
        page.contains("Being fixed") && page.contains("as soon as the fix is ready"),
        "{page}"
    );
    let api: Value =
        serde_json::from_str(&public("/api/v2/incidents/unresolved.json").await).unwrap();
    let incident = &api["incidents"][0];
    assert_eq!(
        (&incident["id"], &incident["impact"], &incident["status"]),
        (&json!("ADV-1"), &json!("none"), &json!("identified"))
    );
    assert_eq!(incident["components"][0]["status"], "operational");
    let status: Value = serde_json::from_str(&public("/api/v2/status.json").await).unwrap();
    assert_eq!(status["status"]["indicator"], "none");
    app.advance(60);
    app.post(
        &format!("{PATH}/ADV-1/fix"),
        &json!({"action": "Install version 4.2.1"}),
    )
    .await
    .is(200);
    app.refresh().await;
    assert!(!public("/").await.contains("Known faults"));
    let history = public("/history").await;
    assert!(
        history.contains("Known fault, fixed after 1 h"),
        "{history}"
    );
    let feed = public("/history.atom").await;
    assert!(
        feed.contains("Discovery: Fault in Student portal")
            && feed.contains("Fixed: Fault in Student portal"),
        "{feed}"
    );
    let api: Value = serde_json::from_str(&public("/api/v2/incidents.json").await).unwrap();
    assert_eq!(api["incidents"][0]["status"], "resolved");
    assert_eq!(
        api["incidents"][0]["incident_updates"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let paths = [
        "/",
        "/history",
        "/events/ADV-1",
        "/history.atom",
        "/banner.json",
        "/api/v2/summary.json",
        "/calendar.ics",
    ];
    for path in paths {
        let text = public(path).await;
        for secret in ["dean@example.edu", "export.internal"] {
            assert!(!text.contains(secret), "{path} tells {secret}");
        }
    }
    assert!(!public("/calendar.ics").await.contains("Fault in"));
}

#[tokio::test]
async fn the_console_tells_of_a_fault_after_it_showed_who_hears() {
    let app = TestApp::campus().await;
    let mut fields = vec![
        ("services", "portal"),
        ("effect", "The export leaves out a line"),
        ("requesters", "dean@example.edu\r\nregistrar@example.edu"),
        ("facts.workaround", "Add an empty line"),
    ];
    fields.push(("do", "preview"));
    let seen = app
        .form(As::Operator, "/console/advisories", &fields)
        .await
        .is(200)
        .text();
    assert!(
        seen.contains("This is who would hear") && seen.contains("as soon as the fix is ready"),
        "{seen}"
    );
    assert!(seen.contains("Students"), "{seen}");
    let pages = ["/console/advisories", "/console/advisories/new"];
    for page in pages {
        app.page(As::Operator, page).await.is(200);
    }
    *fields.last_mut().unwrap() = ("do", "create");
    let made = app
        .form(As::Operator, "/console/advisories", &fields)
        .await
        .is(303);
    assert_eq!(made.location(), "/console/advisories/ADV-1");
    let shown = app.get(&format!("{PATH}/ADV-1")).await.json();
    assert_eq!(
        shown["requesters"],
        json!(["dean@example.edu", "registrar@example.edu"])
    );
    let page = app
        .page(As::Operator, "/console/advisories/ADV-1")
        .await
        .is(200)
        .text();
    assert!(
        page.contains("Post an update") && page.contains("dean@example.edu"),
        "{page}"
    );
    app.page(
        As::Operator,
        "/console/advisories/ADV-1/reach?contact=alice",
    )
    .await
    .is(200);
    let act = |action: &'static str, fields: Vec<(&'static str, &'static str)>| {
        let app = &app;
        async move {
            app.form(
                As::Operator,
                &format!("/console/advisories/ADV-1/{action}"),
                &fields,
            )
            .await
        }
    };
    act("updates", vec![("text", ""), ("version", "1")])
        .await
        .is(422);
    act(
        "updates",
        vec![
            ("text", "News."),
            ("next_update_in", "soon"),
            ("version", "1"),
        ],
    )
    .await
    .is(422);
    act(
        "updates",
        vec![
            ("text", "News."),
            ("next_update_in", "48h"),
            ("version", "1"),
        ],
    )
    .await
    .is(303);
    let now = app.page(As::Operator, "/console").await.is(200).text();
    assert!(
        now.contains("/console/advisories/ADV-1#update")
            && !now.contains("Nobody is named to speak"),
        "{now}"
    );
    act(
        "recipients",
        vec![("email", "press@example.org"), ("level", "technical")],
    )
    .await
    .is(303);
    act("withdraw", vec![("why", ""), ("version", "3")])
        .await
        .is(422);
    // Somebody was faster.
    act(
        "fix",
        vec![("action", "Install version 4.2.1"), ("version", "2")],
    )
    .await
    .is(409);
    act(
        "fix",
        vec![("action", "Install version 4.2.1"), ("version", "3")],
    )
    .await
    .is(303);
    act("withdraw", vec![("why", "It was none."), ("version", "4")])
        .await
        .is(409);
    let page = app
        .page(As::Operator, "/console/advisories/ADV-1")
        .await
        .is(200)
        .text();
    assert!(
        page.contains("Install version 4.2.1") && !page.contains("Post an update"),
        "{page}"
    );
    let notices = app
        .page(As::Operator, "/console/notices?event=ADV-1")
        .await
        .is(200)
        .text();
    assert!(
        notices.contains("href=\"/console/advisories/ADV-1\""),
        "{notices}"
    );
    app.page(As::Viewer, "/console/advisories/new")
        .await
        .is(403);
}
