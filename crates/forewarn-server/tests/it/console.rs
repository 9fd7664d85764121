//! The console by its pages and forms, as a browser without scripts uses it.

use crate::app::{Answer, As, GivenDemo, Kind, TestApp, upgrade};
use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value, json};

/// Follows a redirect with the flash that came with it.
pub async fn follow(app: &TestApp, who: As, answer: &Answer) -> Answer {
    let mut cookies = format!("forewarn_session={}", who.session());
    if let Some(flash) = answer.cookie("forewarn_flash") {
        cookies.push_str(&format!("; forewarn_flash={flash}"));
    }
    let request = Request::get(answer.location()).header(header::COOKIE, cookies);
    app.send(request.body(Body::empty()).unwrap()).await
}

const WORK: [(&str, &str); 12] = [
    ("title", "Student database upgrade"),
    ("kind", "routine"),
    ("services", "database"),
    ("services", "portal"),
    ("start", "2026-11-30T22:00"),
    ("end", "2026-12-01T02:00"),
    ("facts.effect", "You cannot sign in.\r\nNot at all."),
    ("facts.why", ""),
    ("facts.action.what", ""),
    ("facts.action.when", "before"),
    ("facts.data_safe", "true"),
    ("facts.contact", " "),
];

fn work(act: &'static str) -> Vec<(&'static str, &'static str)> {
    let mut fields = WORK.to_vec();
    fields.push(("do", act));
    fields
}

#[tokio::test]
async fn who_plans_for_a_time_that_exists_twice_is_asked_which_is_meant() {
    let app = TestApp::campus().await;
    let planned = |answer: &'static str| {
        let mut fields = work("create");
        fields.retain(|(name, _)| !["start", "end"].contains(name));
        fields.extend([
            ("start", "2027-11-07T01:30"),
            ("end", "2027-11-07T04:00"),
            ("start_reading", answer),
        ]);
        fields
    };
    let path = "/console/maintenances";
    for unclear in ["", "2027-11-07T01:30:00Z"] {
        let asked = app.form(As::Operator, path, &planned(unclear)).await;
        let asked = asked.is(422).text();
        assert!(asked.contains("say which time is meant"), "{asked}");
        assert!(asked.contains("01:30 PDT (UTC-07:00)") && asked.contains("01:30 PST (UTC-08:00)"));
    }
    app.get("/api/v1/maintenances/MNT-1").await.is(404);
    let later = "2027-11-07T01:30:00-08:00[America/Los_Angeles]";
    app.form(As::Operator, path, &planned(later)).await.is(303);
    let shown = app.get("/api/v1/maintenances/MNT-1").await.is(200).json();
    assert_eq!(shown["plan"]["window"]["start"], "2027-11-07T09:30:00Z");
}

#[tokio::test]
async fn who_moves_work_to_a_time_that_exists_twice_or_never_is_asked_too() {
    let app = TestApp::campus().await;
    let path = "/console/maintenances";
    app.form(As::Operator, path, &work("create")).await.is(303);
    let act = |action: &str| format!("{path}/MNT-1/{action}");
    let to = |start: &'static str, answer: &'static str| {
        let end = ("end", "2027-11-07T04:00");
        [("start", start), end, ("start_reading", answer)]
    };
    let delay = act("delay");
    let twice = to("2027-11-07T01:30", "");
    let asked = app.form(As::Operator, &delay, &twice).await.is(422).text();
    assert!(asked.contains("Which start is meant?"), "{asked}");
    assert!(asked.contains("01:30 PDT (UTC-07:00)") && asked.contains("01:30 PST (UTC-08:00)"));
    let mut never = to("2027-03-14T02:30", "");
    never[1].1 = "2027-03-14T05:00";
    let asked = app.form(As::Operator, &delay, &never).await.is(422).text();
    assert!(
        asked.contains("03:00 PDT (UTC-07:00)") && asked.contains("03:30 PDT (UTC-07:00)"),
        "{asked}"
    );
    let second = to(
        "2027-11-07T01:30",
        "2027-11-07T01:30:00-08:00[America/Los_Angeles]",
    );
    app.form(As::Operator, &delay, &second).await.is(303);
    let start = |shown: Value| shown["plan"]["window"]["start"].clone();
    let shown = app.get("/api/v1/maintenances/MNT-1").await.is(200).json();
    assert_eq!(start(shown), "2027-11-07T09:30:00Z");
    // The form of the next move knows which of the two it is.
    let page = app
        .page(As::Operator, &format!("{path}/MNT-1"))
        .await
        .text();
    let chosen = "value=\"2027-11-07T01:30:00-08:00[America/Los_Angeles]\" checked";
    assert!(page.contains(chosen), "{page}");

    app.form(As::Operator, &delay, &[("start", "2027-11-06T23:00")])
        .await
        .is(303);
    app.form(As::Operator, &act("start"), &[("early", "true")])
        .await
        .is(303);
    let end = [("end", "2027-11-07T01:45")];
    let asked = app
        .form(As::Operator, &act("extend"), &end)
        .await
        .is(422)
        .text();
    assert!(asked.contains("Which end is meant?"), "{asked}");
}

#[tokio::test]
async fn work_is_previewed_and_planned_by_form() {
    let app = TestApp::campus().await;
    let form = app.page(As::Operator, "/console/maintenances/new").await;
    let form = form.is(200).text();
    for choice in ["value=\"routine\"", "value=\"careful\"", "value=\"portal\""] {
        assert!(form.contains(choice), "{choice}");
    }
    let preview = app
        .form(As::Operator, "/console/maintenances", &work("preview"))
        .await
        .is(200)
        .text();
    assert!(preview.contains("Student database upgrade"));
    assert!(preview.contains("late"), "the plan is shown");
    app.get("/api/v1/maintenances/MNT-1").await.is(404);
    let made = app
        .form(As::Operator, "/console/maintenances", &work("create"))
        .await
        .is(303);
    assert_eq!(made.location(), "/console/maintenances/MNT-1");
    let page = follow(&app, As::Operator, &made).await.is(200);
    assert!(page.text().contains("MNT-1 is planned."));
    // The flash is shown once.
    assert_eq!(page.cookie("forewarn_flash").as_deref(), Some(""));
    let shown = app.get("/api/v1/maintenances/MNT-1").await.is(200).json();
    assert_eq!(shown["start"], "2026-11-30T22:00:00[America/Los_Angeles]");
    assert_eq!(shown["services"], json!(["database", "portal"]));
    assert_eq!(
        shown["facts"],
        json!({"effect": "You cannot sign in.\nNot at all.", "data_safe": true})
    );
    let journal = app.get("/api/v1/journal?event=MNT-1").await.json();
    assert_eq!(journal["items"][0]["actor"], "operator");
}

#[tokio::test]
async fn what_the_form_folds_away_is_as_in_a_document() {
    let app = TestApp::campus().await;
    let mut fields = work("create");
    fields.extend([
        ("policy", "major"),
        ("cause", "infrastructure"),
        (
            "steps",
            "Stop writers\r\nUpgrade, then check\r\n\r\nStart writers",
        ),
        ("requesters", "dean@example.edu\nann@example.edu"),
        ("change_request.number", "CHG-7"),
        ("change_request.state", "submitted"),
        ("change_request.url", "https://changes.example.edu/7"),
    ]);
    let path = "/console/maintenances";
    app.form(As::Operator, path, &fields).await.is(303);
    let made = app.get("/api/v1/maintenances/MNT-1").await.is(200).json();
    assert_eq!(
        (
            &made["policy"],
            &made["kind"],
            &made["cause"],
            &made["status"]
        ),
        (
            &json!("major"),
            &json!("routine"),
            &json!("infrastructure"),
            &json!("awaiting_approval")
        )
    );
    let steps = made["steps"].as_array().unwrap().iter();
    let steps: Vec<&Value> = steps.map(|step| &step["title"]).collect();
    assert_eq!(
        steps,
        ["Stop writers", "Upgrade, then check", "Start writers"]
    );
    assert_eq!(
        made["requesters"],
        json!(["dean@example.edu", "ann@example.edu"])
    );
    assert_eq!(
        made["change_request"],
        json!({"number": "CHG-7", "url": "https://changes.example.edu/7", "state": "submitted"})
    );
    // What is chosen without a number is no change request, and what is wrong is told at its field.
    let mut fields = work("create");
    fields.extend([("change_request.state", "draft"), ("requesters", "nobody")]);
    let wrong = app.form(As::Operator, path, &fields).await.is(422).text();
    assert!(wrong.contains("href=\"#f-requesters\""), "{wrong}");
    assert!(!wrong.contains("href=\"#f-change_request"), "{wrong}");
}

#[tokio::test]
async fn work_does_otherwise_than_its_policy_by_form_and_says_why() {
    let app = TestApp::campus().await;
    app.post("/api/v1/maintenances", &upgrade()).await.is(201);
    let path = "/console/maintenances/MNT-1/override";
    let wrong = [("before", "2bd, often"), ("reason", "")];
    let page = app.form(As::Operator, path, &wrong).await.is(422).text();
    assert!(
        page.contains("value=\"2bd, often\"") && page.contains("must be an offset such as"),
        "{page}"
    );
    let fields = [
        ("before", "2bd, 20min"),
        ("at", "08:00"),
        ("progress", "every 30min"),
        ("reason", "The vendor <comes> at seven."),
    ];
    let done = app.form(As::Operator, path, &fields).await.is(303);
    let page = follow(&app, As::Operator, &done).await.is(200).text();
    assert!(page.contains("MNT-1 is planned anew."));
    let said = "The vendor &#60;comes&#62; at seven.<br>before the start: 2bd, 20min<br>at: 08:00<br>progress: every 30min";
    assert!(page.contains(said), "{page}");
    // The next time the form begins with what holds now.
    assert!(
        page.contains("name=\"before\" value=\"2bd, 20min\""),
        "{page}"
    );
    let shown = app.get("/api/v1/maintenances/MNT-1").await.is(200).json();
    assert_eq!(
        shown["plan"]["overridden"]["reason"],
        "The vendor <comes> at seven."
    );
    app.form(As::Viewer, path, &fields).await.is(403);
    assert!(page.contains("action=\"/console/maintenances/MNT-1/remove_override\""));
    let back = "/console/maintenances/MNT-1/remove_override";
    let fields = [("reason", "The vendor comes at nine.")];
    app.form(As::Operator, back, &[("reason", "")])
        .await
        .is(422);
    let done = app.form(As::Operator, back, &fields).await.is(303);
    let page = follow(&app, As::Operator, &done).await.is(200).text();
    assert!(page.contains("MNT-1 is planned as its policy says."));
    assert!(
        !page.contains("Otherwise than the policy") && !page.contains(back),
        "{page}"
    );
}

#[tokio::test]
async fn what_is_wrong_is_told_at_its_field_and_what_was_typed_stays() {
    let app = TestApp::campus().await;
    let fields = [
        ("title", "Up <b>grade"),
        ("kind", "routine"),
        ("start", "2026-11-30T22:00"),
        ("end", "2026-11-30T20:00"),
        ("facts.technical", "db1 & db2"),
        ("do", "create"),
    ];
    let refused = app
        .form(As::Operator, "/console/maintenances", &fields)
        .await
        .is(422)
        .text();
    for expected in [
        "value=\"Up &#60;b&#62;grade\"",
        "value=\"2026-11-30T20:00\"",
        "db1 &#38; db2",
        "id=\"e-end\"",
        "Before the start",
        "Names no service",
        "2 things need your attention",
    ] {
        assert!(refused.contains(expected), "{expected}: {refused}");
    }
    let listed = app.get("/api/v1/maintenances").await.json();
    assert_eq!(listed["items"], json!([]));
}

#[tokio::test]
async fn an_own_policy_is_chosen_as_a_kind() {
    let app = TestApp::campus().await;
    let mut fields = work("create");
    fields[1] = ("kind", "careful");
    app.form(As::Operator, "/console/maintenances", &fields)
        .await
        .is(303);
    let shown = app.get("/api/v1/maintenances/MNT-1").await.json();
    assert_eq!(
        (&shown["policy"], &shown["status"]),
        (&json!("careful"), &json!("awaiting_approval"))
    );
    let now = app.page(As::Viewer, "/console").await.is(200).text();
    assert!(now.contains("Notices wait for approval: Student database upgrade"));
}

#[tokio::test]
async fn work_goes_through_its_states_by_buttons() {
    let app = TestApp::campus().await;
    app.post("/api/v1/maintenances", &upgrade()).await.is(201);
    app.expand_due().await;
    let act = |action: &'static str, fields: Vec<(&'static str, &'static str)>| {
        let app = &app;
        async move {
            let path = format!("/console/maintenances/MNT-1/{action}");
            app.form(As::Operator, &path, &fields).await
        }
    };
    let wrong = act("delay", vec![("start", "then"), ("reason", "Part missing")]).await;
    let wrong = wrong.is(422).text();
    for kept in [
        "value=\"then\"",
        "Part missing",
        "id=\"e-delay.start\"",
        "href=\"#f-delay.start\"",
        "<details class=\"act\" open",
    ] {
        assert!(wrong.contains(kept), "{kept}: {wrong}");
    }
    let refused = act("complete", vec![]).await.is(409).text();
    assert!(refused.contains("Maintenance MNT-1 is scheduled and cannot become completed"));
    let window = vec![
        ("start", "2026-12-07T22:00"),
        ("end", "2026-12-08T02:00"),
        ("reason", ""),
    ];
    let moved = act("delay", window).await.is(303);
    let page = follow(&app, As::Operator, &moved).await.is(200).text();
    assert!(page.contains("MNT-1 has its new time."));
    assert!(page.contains("revision 2"));
    // A start long before the window is asked about.
    act("start", vec![]).await.is(422);
    act("start", vec![("early", "true")]).await.is(303);
    // The page's own button ticks off the step that stands beside it.
    let page = app
        .page(As::Operator, "/console/maintenances/MNT-1")
        .await
        .text();
    assert!(
        page.contains("/console/maintenances/MNT-1/steps/1/done"),
        "{page}"
    );
    assert!(!page.contains("/steps/0/done"));
    act("steps/1/done", vec![]).await.is(303);
    act("extend", vec![("end", "2026-12-08T04:00")])
        .await
        .is(303);
    act("complete", vec![]).await.is(303);
    act("cancel", vec![]).await.is(409);
    let shown = app.get("/api/v1/maintenances/MNT-1").await.json();
    assert_eq!(shown["status"], "completed");
    assert!(shown["steps"][0]["done_at"].is_string());
    app.page(As::Viewer, "/console/maintenances").await.is(200);
}

#[tokio::test]
async fn an_incident_is_declared_updated_and_resolved_by_form() {
    let app = TestApp::campus().await;
    let empty = [
        ("services.database", "none"),
        ("services.portal", "none"),
        ("severity", "P2"),
        ("effect", "People cannot sign in."),
    ];
    let refused = app
        .form(As::Operator, "/console/incidents", &empty)
        .await
        .is(422)
        .text();
    assert!(refused.contains("Say of at least one service what is wrong"));
    assert!(refused.contains("People cannot sign in."));
    let mut fields = empty.to_vec();
    fields[1] = ("services.portal", "major_outage");
    fields[3] = ("effect", "10.20.30.40 does not answer.");
    let closed = app.form(As::Operator, "/console/incidents", &fields);
    let closed = closed.await.is(422).text();
    assert!(closed.contains("id=\"e-effect\""), "{closed}");
    assert!(closed.contains("name=\"privacy_override\""), "{closed}");
    fields[3] = empty[3];
    let made = app
        .form(As::Operator, "/console/incidents", &fields)
        .await
        .is(303);
    assert_eq!(made.location(), "/console/incidents/INC-1");
    let page = follow(&app, As::Operator, &made).await.is(200).text();
    assert!(page.contains("the first word goes out now"));
    let shown = app.get("/api/v1/incidents/INC-1").await.json();
    assert_eq!(shown["services"], json!({"portal": "major_outage"}));
    let now = app.page(As::Viewer, "/console").await.is(200).text();
    assert!(now.contains("Nobody is named to speak."));
    app.advance(121);
    let late = app.page(As::Viewer, "/console").await.is(200).text();
    assert!(late.contains("The promised update is late"), "{late}");

    let update = |fields: Vec<(&'static str, &'static str)>| {
        let app = &app;
        async move {
            app.form(As::Operator, "/console/incidents/INC-1/updates", &fields)
                .await
        }
    };
    let wrong = update(vec![
        ("status", "identified"),
        ("text", "A disk is full."),
        ("next_update_in", "soon"),
    ]);
    let wrong = wrong.await.is(422).text();
    for kept in [
        "A disk is full.",
        "value=\"soon\"",
        "id=\"e-next_update_in\"",
    ] {
        assert!(wrong.contains(kept), "{kept}");
    }
    update(vec![
        ("status", "identified"),
        ("text", "A disk is full."),
        ("services.portal", "degraded_performance"),
        ("next_update_in", "30min"),
    ])
    .await
    .is(303);
    // A browser sends every button of the form, also the impact as it was.
    update(vec![
        ("status", "resolved"),
        ("text", "It works again."),
        ("services.portal", "degraded_performance"),
    ])
    .await
    .is(303);
    let refused = update(vec![("status", "monitoring"), ("text", "Hm.")]).await;
    let refused = refused.is(409).text();
    assert!(refused.contains("Incident INC-1 is resolved and cannot become monitoring"));
    assert!(refused.contains("Hm."));
    let shown = app.get("/api/v1/incidents/INC-1").await.json();
    assert_eq!(shown["status"], "resolved");
    let kept: Vec<Value> = shown["updates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|u| u["promise"]["kept"].clone())
        .collect();
    assert_eq!(kept, [json!(false), json!(true), Value::Null]);
    app.page(As::Viewer, "/console/incidents").await.is(200);
}

on_both_databases! {
    async fn the_lists_show_names_and_lead_on(app: TestApp) {
        app.apply_campus().await;
        app.post("/api/v1/maintenances", &upgrade()).await.is(201);
        app.expand_due().await;
        let notices = app.page(As::Viewer, "/console/notices").await.is(200).text();
        for name in ["Student database upgrade", "Students", "On-call engineers", "The people who run it"] {
            assert!(notices.contains(name), "{name}");
        }
        let some = app.page(As::Viewer, "/console/notices?status=sending&event=MNT-1").await.is(200).text();
        assert!(some.contains("Students"));
        let none = app.page(As::Viewer, "/console/notices?status=cancelled").await.is(200).text();
        assert!(none.contains("No notice fits"));
        let deliveries = app.page(As::Viewer, "/console/deliveries?channel=email").await.is(200).text();
        assert!(deliveries.contains("alice@example.edu"));
        let none = app.page(As::Viewer, "/console/deliveries?channel=webhook").await.is(200).text();
        assert!(none.contains("No delivery fits"));
        let journal = app.page(As::Viewer, "/console/journal?event=MNT-1").await.is(200).text();
        assert!(journal.contains("Planned the work"));
        let services = app.page(As::Viewer, "/console/services").await.is(200).text();
        assert!(services.contains("Student portal"));
        let audiences = app.page(As::Viewer, "/console/audiences").await.is(200).text();
        assert!(audiences.contains("On-call engineers"));
        let page = app.page(As::Viewer, "/console/maintenances/MNT-1").await.is(200).text();
        assert!(page.contains("alice@example.edu") && page.contains("Planned the work"));
        let now = app.page(As::Viewer, "/console").await.is(200).text();
        assert!(now.contains("Going out") && now.contains("Due next"));
    }
}

#[tokio::test]
async fn an_empty_house_says_how_to_begin() {
    let app = TestApp::new().await;
    let now = app.page(As::Viewer, "/console").await.is(200).text();
    assert!(now.contains("Welcome"));
    for path in [
        "/console/maintenances",
        "/console/incidents",
        "/console/notices",
        "/console/deliveries",
        "/console/services",
        "/console/audiences",
        "/console/journal",
    ] {
        app.page(As::Viewer, path).await.is(200);
    }
}

#[tokio::test]
async fn hostile_text_stays_text() {
    let app = TestApp::campus().await;
    let bad = "<script>alert('x')</script>";
    let mut work = upgrade();
    work["title"] = json!(bad);
    work["facts"]["effect"] = json!(bad);
    app.post("/api/v1/maintenances", &work).await.is(201);
    let body = json!({"services": {"portal": "major_outage"}, "severity": "P1", "title": bad, "effect": bad,
        "spokesperson": bad});
    app.post("/api/v1/incidents", &body).await.is(201);
    app.expand_due().await;
    app.refresh().await;
    for path in [
        "/console",
        "/console/maintenances",
        "/console/maintenances/MNT-1",
        "/console/incidents",
        "/console/incidents/INC-1",
        "/console/notices",
        "/console/journal",
        "/",
        "/events/INC-1",
        "/events/MNT-1",
    ] {
        let text = app.page(As::Viewer, path).await.is(200).text();
        assert!(!text.contains("<script>alert"), "{path}");
    }
}

const MAIL: &str = "From: Example University <status@example.test>\r\nTo: alice@example.edu\r\n\
Subject: =?utf-8?q?Portal_f=C3=A4llt_aus?=\r\nX-Long: one\r\n two\r\nMIME-Version: 1.0\r\n\
Content-Type: multipart/alternative; boundary=b\r\n\r\n\
--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nThe plain words.\r\n\
--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>The <b>fine</b> words.</p><script>x()</script>\r\n--b--\r\n";
const HOOK: &str = "POST /hook HTTP/1.1\r\nwebhook-id: evt-1\r\ncontent-type: application/json\r\n\r\n\
{\"type\":\"maintenance.announcement\",\"data\":{\"a\":1}}";

#[tokio::test]
async fn the_demo_shows_what_it_caught_and_moves_its_clock() {
    let demo = GivenDemo::of(&[(true, MAIL), (false, HOOK), (true, "no mail at all")]);
    let app = TestApp::with(Kind::Sqlite, Some(demo.clone())).await;
    let list = app.page(As::Viewer, "/console/caught").await.is(200).text();
    for subject in [
        "Portal fällt aus",
        "maintenance.announcement",
        "(no subject)",
    ] {
        assert!(list.contains(subject), "{subject}");
    }
    let mail = app
        .page(As::Viewer, "/console/caught/0")
        .await
        .is(200)
        .text();
    for part in [
        "The plain words.",
        "Example University &#60;status@example.test&#62;",
        "one two",
        "sandbox src=\"/console/caught/0/html\"",
    ] {
        assert!(mail.contains(part), "{part}: {mail}");
    }
    assert!(!mail.contains("<b>fine</b>"));
    let html = app.page(As::Viewer, "/console/caught/0/html").await.is(200);
    assert!(html.text().contains("<b>fine</b>"));
    let policy = html.header("content-security-policy");
    assert!(policy.contains("sandbox;"), "{policy}");
    let hook = app
        .page(As::Viewer, "/console/caught/1")
        .await
        .is(200)
        .text();
    assert!(hook.contains("webhook-id") && hook.contains("evt-1"));
    assert!(hook.contains("  &#34;data&#34;: {"), "{hook}");
    app.page(As::Viewer, "/console/caught/1/html").await.is(404);
    app.page(As::Viewer, "/console/caught/2").await.is(200);
    for missing in ["3", "x", "-1", "99999999999999999999999"] {
        let path = format!("/console/caught/{missing}");
        app.page(As::Viewer, &path).await.is(404);
    }

    let csrf = app.app.key.form_token(&As::Operator.session());
    let press = |path: &'static str, field: (&'static str, &'static str)| {
        let (app, csrf) = (&app, csrf.clone());
        async move {
            let referer = [(
                "referer",
                "https://status.example.test/console/notices?status=sent",
            )];
            let fields = [("csrf", csrf.as_str()), field];
            app.raw_form(As::Operator, path, &fields, &referer).await
        }
    };
    let moved = press("/console/demo/next", ("x", "")).await.is(303);
    assert_eq!(moved.location(), "/console/notices?status=sent");
    let page = follow(&app, As::Operator, &moved).await.is(200).text();
    assert!(
        page.contains("The clock was moved.")
            && page.contains("<span>3 <span class=\"wide\">caught")
    );
    press("/console/demo/advance", ("by", "PT1H")).await.is(303);
    press("/console/demo/advance", ("minutes", "60"))
        .await
        .is(303);
    press("/console/demo/advance", ("to", "next")).await.is(303);
    for wrong in ["0", "-5", "999999999", "x", ""] {
        press("/console/demo/advance", ("minutes", wrong))
            .await
            .is(422);
    }
    let stuck = press("/console/demo/advance", ("minutes", "13"))
        .await
        .is(303);
    let page = follow(&app, As::Operator, &stuck).await.text();
    assert!(page.contains("the clock is stuck"));
    let asked = demo.moved.lock().unwrap().clone();
    assert_eq!(asked, [None, Some(60), Some(60), None, Some(13)]);
    let page = app.page(As::Nobody, "/console/sign-in").await.is(200);
    assert!(page.text().contains("This is a demonstration"));
}

on_both_databases! {
    async fn the_questionnaire_decides_and_keeps_the_owners_word(app: TestApp) {
        app.apply_campus().await;
        app.post("/api/v1/maintenances", &upgrade()).await.is(201);
        let path = "/console/maintenances/MNT-1/decision";
        let asked = app.page(As::Operator, path).await.is(200).text();
        assert!(asked.contains("Must clients be told?") && !asked.contains("Recommended:"), "{asked}");
        let answers = [("interruption", "yes"), ("impact", "high"), ("window", ""), ("audience.count", ""), ("own.verdict", "")];
        assert_eq!(app.form(As::Operator, path, &answers).await.is(303).location(), path);
        let decided = app.page(As::Operator, path).await.is(200).text();
        assert!(decided.contains("required") && decided.contains("hears before the rest"), "{decided}");
        // The catalogue knows that the portal depends on the database.
        assert!(decided.contains("other services depend on this one"), "{decided}");
        let otherwise = [("interruption", "yes"), ("own.verdict", "not needed")];
        let refused = app.form(As::Operator, path, &otherwise).await.is(422).text();
        assert!(refused.contains("href=\"#f-own.by\"") && refused.contains("href=\"#f-own.reason\""), "{refused}");
        let signed = [otherwise[0], otherwise[1], ("own.by", "registrar@example.edu"), ("own.reason", "Nobody works that night.")];
        app.form(As::Operator, path, &signed).await.is(303);
        let page = app.page(As::Viewer, "/console/maintenances/MNT-1").await.is(200).text();
        assert!(page.contains("not needed, as the owners decided"), "{page}");
        app.form(As::Viewer, path, &answers).await.is(403);
        app.page(As::Operator, "/console/maintenances/MNT-9/decision").await.is(404);
    }

    async fn the_console_says_who_hears_and_why(app: TestApp) {
        app.apply_campus().await;
        app.post("/api/v1/maintenances", &upgrade()).await.is(201);
        let page = app.page(As::Viewer, "/console/maintenances/MNT-1/reach").await.is(200).text();
        assert!(page.contains("Student database › Student portal") && page.contains("1 of 1"), "{page}");
        for (contact, answer) in [
            ("alice", "gets it as one of"),
            ("nobody", "Nobody is known by this id or address."),
            ("ALICE@example.edu", "gets it as one of"),
        ] {
            let page = app.page(As::Viewer, &format!("/console/maintenances/MNT-1/reach?contact={contact}")).await.is(200).text();
            assert!(page.contains(answer), "{page}");
        }
    }
}
