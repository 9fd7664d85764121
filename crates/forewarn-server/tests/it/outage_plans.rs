//! Outage plans: judged by what is missing, signed by version, and printed as a card.

use crate::app::{As, TestApp, start};
use serde_json::json;

const PLAN: &str = r#"
services:
  - id: portal
    name: Student <portal>
    depends_on: [database]
    owner: web@example.edu
    business_owner: registrar@example.edu
    spokespersons: [kim@example.edu, lee@example.edu]
    outage_plan:
      holding: {non_technical: You cannot sign in to the student portal.}
      first_steps: Look at the dashboard & call the data centre.
      stakeholders: [registrar@example.edu]
      review_by: 2031-03-31
"#;

async fn prepared() -> TestApp {
    let app = TestApp::campus().await;
    app.yaml("/api/v1/documents", PLAN).await.is(200);
    app
}

const OF_PORTAL: &str = "/api/v1/services/portal/outage-plan";

#[tokio::test]
async fn plans_are_listed_the_least_complete_first() {
    let app = prepared().await;
    let plans = app.get("/api/v1/outage-plans").await.is(200).json();
    let items = plans["items"].as_array().unwrap();
    let scores: Vec<u64> = items.iter().map(|p| p["score"].as_u64().unwrap()).collect();
    assert!(
        scores.is_sorted() && scores[0] < *scores.last().unwrap(),
        "{scores:?}"
    );
    assert_eq!(items.last().unwrap()["service"], "portal");
    let page = app.page(As::Viewer, "/console/outage-plans").await.is(200);
    assert!(
        page.text().contains("Student &#60;portal&#62;"),
        "{}",
        page.text()
    );
}

#[tokio::test]
async fn a_stakeholder_agrees_with_the_version_that_was_read() {
    let app = prepared().await;
    let plan = app.get(OF_PORTAL).await.is(200).json();
    let missing: Vec<&str> = plan["missing"]
        .as_array()
        .unwrap()
        .iter()
        .map(|g| g["field"].as_str().unwrap())
        .collect();
    assert!(missing.contains(&"sign_offs"), "{missing:?}");
    let sign = format!("{OF_PORTAL}/sign-offs");
    let stranger = json!({"stakeholder": "registar@example.edu", "version": plan["version"]});
    let refused = app.post(&sign, &stranger).await.is(422);
    assert!(
        refused.problems()[0].contains("registrar@example.edu"),
        "{:?}",
        refused.problems()
    );
    let agreed = json!({"stakeholder": "registrar@example.edu", "version": plan["version"]});
    let signed = app.post(&sign, &agreed).await.is(201).json();
    assert_eq!(signed["sign_offs"][0]["at"], start().to_string());
    assert!(signed["score"].as_u64() > plan["score"].as_u64());

    // Another text is another plan: the signature no longer holds, and the old version cannot be signed.
    let changed = PLAN.replace("cannot sign in", "cannot register");
    app.yaml("/api/v1/documents", &changed).await.is(200);
    let now = app.get(OF_PORTAL).await.json();
    assert_eq!(now["score"], plan["score"]);
    let late = app.post(&sign, &agreed).await.is(409);
    assert!(
        late.text().contains(now["version"].as_str().unwrap()),
        "{}",
        late.text()
    );
    let journal = app.get("/api/v1/journal?event=portal").await.json();
    let actions: Vec<&str> = journal["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["action"].as_str().unwrap())
        .collect();
    assert!(actions.contains(&"outage_plan.signed_off"), "{actions:?}");
}

#[tokio::test]
async fn the_console_puts_an_agreement_on_record() {
    let app = prepared().await;
    let path = "/console/services/portal/outage-plan";
    let page = app.page(As::Operator, path).await.is(200);
    assert!(page.text().contains("not yet"));
    let plan = app.get(OF_PORTAL).await.json();
    let version = plan["version"].as_str().unwrap();
    let fields = [
        ("stakeholder", "registrar@example.edu"),
        ("version", version),
    ];
    app.form(As::Operator, path, &fields).await.is(303);
    let page = app.page(As::Operator, path).await.is(200);
    assert!(page.text().contains("agreed") && !page.text().contains("not yet"));
    app.form(As::Viewer, path, &fields).await.is(403);
}

#[tokio::test]
async fn the_card_stands_alone_and_shows_text_as_text() {
    let app = prepared().await;
    for card in [
        app.get("/api/v1/services/portal/card").await.is(200),
        app.page(As::Viewer, "/console/services/portal/card")
            .await
            .is(200),
    ] {
        let text = card.text();
        for word in [
            "When Student &#60;portal&#62; fails",
            "kim@example.edu, spokesperson",
            "dashboard &#38; call",
            "You cannot sign in to the student portal.",
            "/console/incidents/new?service=portal",
            "P1: at the latest every",
        ] {
            assert!(text.contains(word), "{word}: {text}");
        }
        for outside in ["<script", "<link", "src=", "@import", "url("] {
            assert!(!text.contains(outside), "{outside}");
        }
        assert!(
            card.header("content-security-policy")
                .contains("default-src 'none'")
        );
    }
    let missing = app.get("/api/v1/services/portl/card").await.is(404);
    assert!(missing.text().contains("portal"), "{}", missing.text());
}

#[tokio::test]
async fn the_card_has_the_numbers_for_the_day_on_which_mail_is_down() {
    let app = prepared().await;
    let more = "
contacts:
  - {id: kim, name: Kim, endpoints: {email: Kim@example.edu, sms: \"+14155550101\", voice: \"+14155550102\"}}
  - {id: vera, name: Vera <VIP>, endpoints: {voice: \"+14155550103\"}}
  - {id: max, name: Max, endpoints: {email: max@example.edu}}
rotas:
  - {id: nights, services: [portal], weekly: [{from: \"18:00\", to: \"23:00\", who: pat@example.edu}]}
";
    app.yaml("/api/v1/documents", more).await.is(200);
    let called = PLAN.to_owned()
        + "    call_list: [{contact: vera, severities: [P1]}, {contact: max}, {name: Data centre, number: \"+14155550104\"}]\n";
    let before = app.get(OF_PORTAL).await.is(200).json();
    app.yaml("/api/v1/documents", &called).await.is(200);
    let plan = app.get(OF_PORTAL).await.is(200).json();
    assert_ne!(plan["version"], before["version"]);
    assert_eq!(
        plan["to_call"],
        json!([
            {"name": "Vera <VIP>", "number": "+14155550103", "when": "P1"},
            {"name": "Max", "number": null, "when": "every severity"},
            {"name": "Data centre", "number": "+14155550104", "when": "every severity"},
        ])
    );
    let card = app.get("/api/v1/services/portal/card").await.is(200).text();
    for said in [
        "First whoever is on duty: rota nights.",
        "kim@example.edu <a href=\"tel:+14155550102\">",
        "<span dir=\"auto\">Vera &#60;VIP&#62;</span>: <a href=\"tel:+14155550103\">",
        "<span dir=\"auto\">Max</span>: no number is known",
        "<span dir=\"auto\">Data centre</span>: <a href=\"tel:+14155550104\">",
    ] {
        assert!(card.contains(said), "{said}: {card}");
    }
    let page = app
        .page(As::Viewer, "/console/services/portal/outage-plan")
        .await
        .is(200);
    assert!(page.text().contains("Who is called"));
}

#[tokio::test]
async fn words_that_were_prepared_are_said_when_nobody_has_time_for_others() {
    let app = prepared().await;
    let hasty =
        json!({"title": "Portal down", "services": {"portal": "major_outage"}, "severity": "P1"});
    let incident = app.post("/api/v1/incidents", &hasty).await.is(201).json();
    let slow = json!({"title": "Portal slow", "services": {"portal": "degraded_performance"}, "severity": "P3"});
    let other = app.post("/api/v1/incidents", &slow).await.is(201).json();
    app.expand_due().await;
    for (incident, said) in [(&incident, true), (&other, false)] {
        let id = incident["id"].as_str().unwrap();
        app.refresh().await;
        let page = app.page(As::Nobody, &format!("/events/{id}")).await;
        let shown = page.is(200).text();
        assert_eq!(
            shown.contains("You cannot sign in to the student portal."),
            said,
            "{shown}"
        );
    }
}

#[tokio::test]
async fn the_cards_link_opens_the_form_with_the_service_marked_as_down() {
    let app = prepared().await;
    let marked = r#"name="services.portal" value="major_outage" checked"#;
    for (query, is_marked) in [
        ("?service=portal", true),
        ("?service=%22%3E", false),
        ("", false),
    ] {
        let form = app
            .page(As::Operator, &format!("/console/incidents/new{query}"))
            .await;
        assert_eq!(form.is(200).text().contains(marked), is_marked, "{query}");
    }
}

#[tokio::test]
async fn all_cards_come_at_once_and_what_keeps_them_asks_for_nothing() {
    let app = prepared().await;
    let page = app.page(As::Viewer, "/console/cards").await.is(200);
    assert!(
        page.text().contains(
            "href=\"/console/services/portal/card\" dir=\"auto\">Student &#60;portal&#62;</a>"
        ),
        "{}",
        page.text()
    );
    assert!(!page.text().contains("<script") && !page.text().contains("<link"));
    let made = page.header("forewarn-made").to_owned();
    assert!(!made.is_empty() && page.text().contains(&made));
    let all = app
        .page(As::Viewer, "/console/cards.json")
        .await
        .is(200)
        .json();
    assert_eq!(all["made"], made.as_str());
    assert_eq!(
        page.header("content-security-policy"),
        all["policy"].as_str().unwrap()
    );
    let cards = all["cards"].as_array().unwrap();
    for path in [
        "/console/cards",
        "/console/services/portal/card",
        "/console/services/database/card",
    ] {
        let kept = cards.iter().find(|card| card["path"] == path).expect(path);
        let shown = app.page(As::Viewer, path).await.is(200);
        assert_eq!(kept["html"], shown.text(), "{path}");
        // Where the words go that say that it is a copy.
        assert_eq!(shown.text().matches("<main>").count(), 1);
    }
    let services = app.get("/api/v1/services").await.json();
    assert_eq!(cards.len(), services["items"].as_array().unwrap().len() + 1);
    for path in ["/console/cards", "/console/cards.json"] {
        app.page(As::Nobody, path).await.is(303);
    }
    let keeper = app
        .request(As::Nobody, "GET", "/console/cards.js", "")
        .await
        .is(200);
    assert_eq!(
        keeper.header("content-type"),
        "text/javascript; charset=utf-8"
    );
    assert_eq!(keeper.header("service-worker-allowed"), "/console");
    assert_eq!(
        keeper.header("content-security-policy"),
        "default-src 'none'; connect-src 'self'"
    );
    assert!(!keeper.text().contains("eval") && !keeper.text().contains("importScripts"));
}

#[tokio::test]
async fn only_pages_of_somebody_signed_in_keep_cards() {
    let app = prepared().await;
    let named = "data-keeper=\"/console/cards.js\"";
    let page = app.page(As::Viewer, "/console/outage-plans").await.is(200);
    assert!(page.text().contains(named));
    for path in ["/api", "/console/sign-in", "/"] {
        app.refresh().await;
        let page = app.page(As::Nobody, path).await.is(200);
        assert!(!page.text().contains("data-keeper"), "{path}");
    }
    let out = app.form(As::Viewer, "/console/sign-out", &[]).await.is(303);
    assert_eq!(out.header("clear-site-data"), "\"storage\"");
}

#[tokio::test]
async fn a_reminder_is_seen_in_the_console_and_nowhere_in_public() {
    use forewarn_core::event::{Event, Occasion};
    use forewarn_core::plan::{Changes, reminders_ahead};
    let app = prepared().await;
    let store = &app.app.store;
    let catalogue = store.catalogue().await.unwrap();
    let planned = reminders_ahead(&catalogue, &Default::default(), &[], start());
    let ours = planned.into_iter().next().expect("the portal has a day");
    let path = ours.reminder.path();
    let changes = Changes {
        add: ours.notices,
        ..Changes::default()
    };
    let published = forewarn_store::Published {
        event: &Event::Reminder(ours.reminder),
        expected: 0,
        changes: &changes,
        occasion: &Occasion::default(),
        awaiting: &Default::default(),
        entries: &[forewarn_store::Entry::new(
            "engine",
            "reminder.planned",
            "REV-1",
        )],
        plan: None,
        answer: None,
    };
    store.publish(published, start()).await.unwrap();
    let page = app.page(As::Viewer, "/console/notices").await.is(200);
    assert!(
        page.text().contains(&format!("href=\"{path}\"")),
        "{}",
        page.text()
    );
    app.page(As::Viewer, &path).await.is(200);
    for path in ["/console", "/console/services", "/console/journal"] {
        app.page(As::Viewer, path).await.is(200);
    }
    app.refresh().await;
    for path in [
        "/",
        "/history",
        "/history.atom",
        "/banner.json",
        "/calendar",
        "/calendar.ics",
        "/calendar.json",
        "/api/v2/summary.json",
        "/api/v1/maintenances",
        "/api/v1/incidents",
    ] {
        let page = app.page(As::Viewer, path).await.is(200);
        assert!(!page.text().contains("Outage plan of"), "{path}");
    }
}
