//! Broad channels outside of Forewarn: their copy deadline, the text and the list.

use crate::app::{As, TestApp, upgrade};
use serde_json::{Value, json};

fn newsletter(external: &Value) -> Value {
    json!({"audiences": [{"id": "newsletter", "name": "Newsletter", "level": "non_technical", "channels": ["email"], "services": ["portal"],
        "external": external}]})
}

async fn notices(app: &TestApp, audience: &str) -> Vec<Value> {
    let list = app.get("/api/v1/notices?event=MNT-1").await.is(200).json();
    let items = list["items"].as_array().unwrap().clone();
    items
        .into_iter()
        .filter(|n| n["audience"] == audience)
        .collect()
}

#[tokio::test]
async fn a_newsletter_wants_its_text_days_ahead() {
    let app = TestApp::campus().await;
    for (external, problem) in [
        (
            json!({"copy_deadline": "now"}),
            "audiences[0].external.copy_deadline: must be a time ahead such as 2bd, 1w or PT4H",
        ),
        (
            json!({"copy_dedline": "2bd"}),
            "audiences[0].external.copy_dedline: unknown field 'copy_dedline'; did you mean 'copy_deadline'?",
        ),
    ] {
        let refused = app.post("/api/v1/documents", &newsletter(&external)).await;
        assert_eq!(refused.is(422).problems(), [problem]);
    }
    app.post(
        "/api/v1/documents",
        &newsletter(&json!({"copy_deadline": "2bd"})),
    )
    .await
    .is(200);
    // Planned on Saturday the 21st: the announcement is late, the reminder due on Friday the 27th, after Thanksgiving.
    let made = app
        .post("/api/v1/maintenances", &upgrade())
        .await
        .is(201)
        .json();
    let ours = |n: &&Value| n["audience"] == "newsletter";
    let planned: Vec<_> = made["plan"]["notices"]
        .as_array()
        .unwrap()
        .iter()
        .filter(ours)
        .collect();
    let due: Vec<_> = planned
        .iter()
        .map(|n| (n["milestone"].as_str().unwrap(), n["copy_due"].as_str()))
        .collect();
    assert_eq!(
        due[..4],
        [
            ("announcement", Some("2026-11-19T17:00:00Z")),
            ("reminder", Some("2026-11-24T17:00:00Z")),
            ("final_reminder", None),
            ("start", None),
        ],
        "{planned:#?}"
    );
    let warned: Vec<_> = made["plan"]["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|w| w["field"].as_str().unwrap().starts_with("audiences"))
        .collect();
    assert_eq!(
        warned,
        [&json!({"field": "audiences[2].external.copy_deadline",
        "problem": "the text of the announcement was due at 'newsletter' on 19 November 09:00 America/Los_Angeles: it has passed"})]
    );
    let listed = notices(&app, "newsletter").await;
    assert_eq!(listed[0]["copy_due"], "2026-11-19T17:00:00Z");
    // Nobody is written to: people carry it there.
    let reach = app
        .get("/api/v1/maintenances/MNT-1/plan/reach")
        .await
        .is(200)
        .json();
    assert_eq!(
        (
            &reach["audiences"][2]["people"],
            &reach["audiences"][2]["by_hand"]
        ),
        (&json!(0), &json!(true))
    );
    // An elapsed deadline is counted on a stopwatch.
    app.post(
        "/api/v1/documents",
        &newsletter(&json!({"copy_deadline": "PT4H", "email": "news@lists.example.edu"})),
    )
    .await
    .is(200);
    let preview = app
        .post("/api/v1/maintenances/preview", &upgrade())
        .await
        .is(200)
        .json();
    let reminder = preview["plan"]["notices"]
        .as_array()
        .unwrap()
        .iter()
        .filter(ours)
        .find(|n| n["milestone"] == "reminder")
        .cloned();
    assert_eq!(reminder.unwrap()["copy_due"], "2026-11-27T13:00:00Z");
}

#[tokio::test]
async fn a_notices_text_and_list_can_be_carried_on() {
    let app = TestApp::campus().await;
    let more = json!({"contacts": [
        {"id": "odd", "name": "=cmd(), \"x\"", "audiences": ["customers"], "endpoints": {"email": "odd@example.edu"}},
        {"id": "other", "audiences": ["customers"], "services": ["database"], "endpoints": {"email": "other@example.edu"}},
        {"id": "hook", "audiences": ["customers"], "endpoints": {"webhook": "https://hooks.example.edu/secret"}},
    ]});
    app.post("/api/v1/documents", &more).await.is(200);
    app.post("/api/v1/maintenances", &upgrade()).await.is(201);
    let notice = notices(&app, "customers").await.remove(0);
    let path = format!("/api/v1/notices/{}/copy", notice["id"].as_str().unwrap());
    let copy = app.get(&path).await.is(200).json();
    assert_eq!(
        (&copy["milestone"], &copy["settled"], &copy["audience"]),
        (&json!("announcement"), &json!(false), &json!("customers"))
    );
    assert!(
        copy["subject"].as_str().unwrap().contains("Student portal"),
        "{copy:#}"
    );
    assert!(
        copy["text"].as_str().unwrap().contains("30 November 2026"),
        "{copy:#}"
    );
    assert!(
        copy["html"].as_str().unwrap().contains("<strong>"),
        "{copy:#}"
    );
    let list = app.get(&format!("{path}?format=csv")).await.is(200);
    assert_eq!(list.header("content-type"), "text/csv; charset=utf-8");
    let rows: Vec<String> = list.text().split("\r\n").map(str::to_owned).collect();
    assert_eq!(rows[0], "contact,name,channel,address");
    assert!(
        rows.contains(&"odd,\"'=cmd(), \"\"x\"\"\",email,odd@example.edu".to_owned()),
        "{rows:?}"
    );
    assert!(
        !list.text().contains("other@") && !list.text().contains("secret"),
        "{rows:?}"
    );
    // What it says is settled once it goes out, whatever becomes of the work.
    app.expand_due().await;
    let sent = app.get(&path).await.is(200).json();
    assert_eq!(
        (&sent["settled"], &sent["text"]),
        (&json!(true), &copy["text"])
    );
    assert_eq!(
        app.get(&format!("{path}?format=xml"))
            .await
            .is(422)
            .problems(),
        ["format: unknown form 'xml'; known are json, csv"]
    );
    app.get("/api/v1/notices/nothing/copy").await.is(404);
    app.request(As::Nobody, "GET", &path, "").await.is(401);
}

#[tokio::test]
async fn that_a_text_is_due_is_told_to_those_who_run_the_work_and_nobody_else() {
    let app = TestApp::campus().await;
    let external = json!({"copy_deadline": "2bd"});
    app.post("/api/v1/documents", &newsletter(&external))
        .await
        .is(200);
    app.post("/api/v1/maintenances", &upgrade()).await.is(201);
    let planned = notices(&app, "internal").await;
    let ours = planned.iter().find(|n| n["milestone"] == "copy_due");
    let ours = ours.expect("somebody is reminded");
    assert_eq!(
        (&ours["due"], &ours["copy_due"], &ours["offset"]),
        (
            &json!("2026-11-23T17:00:00Z"),
            &json!("2026-11-24T17:00:00Z"),
            &json!("newsletter reminder 1bd")
        )
    );
    let path = format!("/api/v1/notices/{}/copy", ours["id"].as_str().unwrap());
    let words = app.get(&path).await.is(200).json();
    assert!(
        words["text"]
            .as_str()
            .unwrap()
            .contains("must be with Newsletter by Tuesday 24 November 2026"),
        "{words:#}"
    );
    app.advance(2 * 24 * 60);
    app.expand_due().await;
    let sent = notices(&app, "internal").await;
    let sent = sent.iter().find(|n| n["milestone"] == "copy_due").unwrap();
    assert!(!sent["sent_at"].is_null(), "{sent:#}");
    app.refresh().await;
    for path in [
        "/",
        "/events/MNT-1",
        "/history",
        "/history.atom",
        "/banner.json",
        "/calendar",
        "/calendar.ics",
        "/calendar.json",
        "/api/v2/summary.json",
        "/api/v2/scheduled-maintenances.json",
    ] {
        let page = app.page(As::Nobody, path).await.is(200);
        assert!(!page.text().contains("Newsletter"), "{path}");
    }
}
