//! Roles: who is called, who acknowledges, who takes over, and two people who write at once.

use crate::app::{As, TestApp};
use serde_json::{Value, json};

const INC: &str = "/api/v1/incidents/INC-1";

/// The portal has a spokesperson with two backups; the database has an owner only.
const SPEAKERS: &str = "
services:
  - {id: portal, name: Student portal, depends_on: [database],
     spokespersons: [sam@example.edu, kim@example.edu, lee@example.edu]}
";

fn declaration() -> Value {
    json!({"services": {"portal": "major_outage"}, "severity": "P1", "effect": "Some people cannot sign in"})
}

fn with(more: Value) -> Value {
    let mut body = declaration();
    for (name, value) in more.as_object().expect("a map") {
        body[name] = value.clone();
    }
    body
}

async fn staffed(app: &TestApp) {
    app.apply_campus().await;
    app.yaml("/api/v1/documents", SPEAKERS).await.is(200);
}

/// The calls and hand-overs of INC-1: when, for whom, and what became of them.
async fn team(app: &TestApp) -> Vec<String> {
    let listed = app.get("/api/v1/notices?event=INC-1").await.json();
    let text = |n: &Value, name: &str| n[name].as_str().unwrap_or("-").to_owned();
    let items = listed["items"].as_array().expect("items").clone();
    let mut all: Vec<String> = items
        .iter()
        .filter(|n| {
            matches!(
                n["milestone"].as_str(),
                Some("spokesperson_call" | "handover")
            )
        })
        .map(|n| {
            let [milestone, audience, status] =
                ["milestone", "audience", "status"].map(|k| text(n, k));
            format!(
                "{} {milestone} {audience} {status}",
                &text(n, "due")[11..16]
            )
        })
        .collect();
    all.sort();
    all
}

on_both_databases! {
    async fn the_spokesperson_is_called_at_once_then_the_backups_then_the_team(app: TestApp) {
        staffed(&app).await;
        let made = app.post("/api/v1/incidents", &declaration()).await.is(201).json();
        assert_eq!(made["call"], json!({"chain": ["sam@example.edu", "kim@example.edu", "lee@example.edu"]}));
        // Who is meant to speak is named before they have answered, and is no backup of their own.
        assert_eq!((&made["spokesperson"], &made["people"]["spokesperson"]), (&Value::Null, &json!("sam@example.edu")));
        assert_eq!(made["people"]["backups"], json!(["kim@example.edu", "lee@example.edu"]));
        assert_eq!(made["people"]["nobody_speaks"], Value::Null);
        assert_eq!(team(&app).await, [
            "17:00 spokesperson_call spokesperson planned",
            "17:05 spokesperson_call backup-1 planned",
            "17:10 spokesperson_call backup-2 planned",
            "17:15 spokesperson_call internal planned",
        ]);
        // Only people who are told of the incident stand in the answer.
        assert_eq!(made["notices"].as_array().map(Vec::len), Some(1));
    }

    async fn whoever_acknowledges_speaks_for_it_and_the_rest_is_not_called(app: TestApp) {
        staffed(&app).await;
        app.post("/api/v1/incidents", &declaration()).await.is(201);
        app.expand_due().await;
        app.advance(6);
        app.expand_due().await;
        let wrong = app.post(&format!("{INC}/acknowledge"), &json!({"who": "bob@example.edu"})).await.is(409).json();
        assert!(wrong["detail"].as_str().unwrap().contains("only who is called can take it: sam@example.edu"), "{wrong}");
        let taken = app.post(&format!("{INC}/acknowledge"), &json!({"who": "KIM@example.edu"})).await.is(200).json();
        assert_eq!(taken["spokesperson"], "kim@example.edu");
        assert_eq!(taken["call"]["acknowledged"], json!({"who": "kim@example.edu", "at": "2026-11-21T17:06:00Z"}));
        assert_eq!(team(&app).await, [
            "17:00 spokesperson_call spokesperson sending",
            "17:05 spokesperson_call backup-1 sending",
            "17:06 handover internal planned",
            "17:10 spokesperson_call backup-2 cancelled",
            "17:15 spokesperson_call internal cancelled",
        ]);
        // What is still on its way has lost its meaning.
        let left = app.app.store.claim(forewarn_store::Lane::Urgent, "n", app.app.clock.now(), 50).await.unwrap();
        let sent = app.get("/api/v1/notices?event=INC-1&status=sending").await.json();
        let sent = sent["items"].as_array().unwrap().iter().filter(|n| n["milestone"] == "spokesperson_call");
        let sent: Vec<String> = sent.map(|n| n["id"].as_str().unwrap().to_owned()).collect();
        let calls = left.iter().filter(|d| sent.contains(&d.notice));
        assert!(calls.clone().count() == 2 && calls.clone().all(|d| d.expires == jiff::Timestamp::UNIX_EPOCH), "{left:?}");
        let again = app.post(&format!("{INC}/acknowledge"), &json!({})).await.is(409).json();
        assert_eq!(again["detail"], "kim@example.edu took it already, 2026-11-21T17:06:00Z");
        let listed = app.get("/api/v1/events/INC-1/acknowledgements").await.is(200).json();
        assert_eq!(listed["acknowledged"][0]["who"], "kim@example.edu");
        let journal = app.app.store.journal(Some("INC-1"), None, 1).await.unwrap();
        assert_eq!((journal[0].action.as_str(), &journal[0].detail["who"]), ("incident.acknowledged", &json!("kim@example.edu")));
    }

    async fn the_link_in_the_call_acknowledges_on_a_press_and_not_on_a_look(app: TestApp) {
        staffed(&app).await;
        app.post("/api/v1/incidents", &declaration()).await.is(201);
        app.expand_due().await;
        let listed = app.get("/api/v1/deliveries?event=INC-1").await.json();
        let items = listed["items"].as_array().unwrap();
        let sent = items.iter().find(|d| d["endpoint"] == "sam@example.edu").unwrap_or_else(|| panic!("{listed:#}"));
        let notice = sent["notice"].as_str().unwrap();
        let mailbox: forewarn_core::contact::Endpoint = serde_json::from_value(json!({"channel": "email", "address": "sam@example.edu"})).unwrap();
        let token = app.app.key.acknowledgement_token(notice, &mailbox.id("address:sam@example.edu"));
        let path = format!("/ack/{token}");
        let looked = app.request(As::Nobody, "GET", &path, "").await.is(200).text();
        assert!(looked.contains("I speak for it") && looked.contains(&format!("action=\"{path}\"")), "{looked}");
        assert_eq!(app.get(INC).await.json()["call"].get("acknowledged"), None);
        for wrong in ["x".to_owned(), token.replace('.', ""), format!("{token}0"), app.app.key.unsubscribe_token(notice, "x")] {
            app.form_with("", &format!("/ack/{wrong}"), &[], &[]).await.is(404);
        }
        let done = app.form_with("", &path, &[], &[]).await.is(200).text();
        assert!(done.contains("You have it"), "{done}");
        let shown = app.get(INC).await.json();
        assert_eq!((&shown["spokesperson"], &shown["call"]["acknowledged"]["who"]), (&json!("sam@example.edu"), &json!("sam@example.edu")));
        // Whom everybody expected needs no announcement.
        assert!(team(&app).await.iter().all(|n| !n.contains("handover")));
        let again = app.form_with("", &path, &[], &[]).await.is(200).text();
        assert!(again.contains("Somebody has it"), "{again}");
        assert!(app.request(As::Nobody, "GET", &path, "").await.is(200).text().contains("Somebody has it"));
        let journal = app.app.store.journal(Some("INC-1"), None, 1).await.unwrap();
        assert_eq!(journal[0].actor, "recipient:sam@example.edu");
    }

    async fn a_key_pressed_in_the_call_takes_it(app: TestApp) {
        staffed(&app).await;
        let sam = json!({"contacts": [{"id": "sam", "endpoints": {"email": "sam@example.edu", "voice": "+14155550123"}}]});
        app.post("/api/v1/documents", &sam).await.is(200);
        app.post("/api/v1/incidents", &declaration()).await.is(201);
        app.expand_due().await;
        let listed = app.get("/api/v1/deliveries?event=INC-1&channel=voice").await.json();
        let rung = &listed["items"][0];
        assert_eq!(rung["endpoint"], "+14155550123", "{listed:#}");
        let sam = app.app.store.contact("sam").await.unwrap().unwrap().contact;
        let voice = sam.endpoints.iter().find(|e| e.channel().as_str() == "voice").unwrap().id("sam");
        let token = app.app.key.acknowledgement_token(rung["notice"].as_str().unwrap(), &voice);
        let path = format!("/hooks/twilio/confirm/{token}");
        let other = crate::twilio::signed(&app, &path, &[("Digits", "5")]).await.is(200).text();
        assert!(other.contains("another key"), "{other}");
        assert_eq!(app.get(INC).await.json()["call"].get("acknowledged"), None);
        let taken = crate::twilio::signed(&app, &path, &[("Digits", "1")]).await.is(200).text();
        assert!(taken.contains("You speak for this incident now"), "{taken}");
        let shown = app.get(INC).await.json();
        assert_eq!((&shown["spokesperson"], &shown["call"]["acknowledged"]["who"]), (&json!("sam@example.edu"), &json!("sam@example.edu")));
        let again = crate::twilio::signed(&app, &path, &[("Digits", "1")]).await.is(200).text();
        assert!(again.contains("Somebody else has taken"), "{again}");
    }

    async fn lead_and_spokesperson_are_two_people_or_there_is_a_reason_on_record(app: TestApp) {
        staffed(&app).await;
        let both = json!({"lead": "Kim <kim@example.edu>", "spokesperson": "kim@example.edu"});
        let refused = app.post("/api/v1/incidents", &with(both.clone())).await.is(422).problems();
        assert!(refused[0].starts_with("spokesperson: kim@example.edu would be lead and spokesperson"), "{refused:?}");
        let mut alone = with(both);
        alone["override"] = json!("Kim is alone tonight.");
        let made = app.post("/api/v1/incidents", &alone).await.is(201).json();
        assert_eq!(made["both_because"], "Kim is alone tonight.");
        let said = app.app.store.journal(Some("INC-1"), None, 1).await.unwrap();
        assert_eq!(said[0].detail["override"], "Kim is alone tonight.");
        let path = format!("{INC}/handover");
        let over = app.post(&path, &json!({"role": "spokesperson", "to": "lee@example.edu"})).await.is(200).json();
        assert_eq!((&over["spokesperson"], &over["both_because"]), (&json!("lee@example.edu"), &Value::Null));
        let back = app.post(&path, &json!({"role": "lead", "to": "lee@example.edu"})).await.is(409).json();
        assert!(back["detail"].as_str().unwrap().contains("would be lead and spokesperson"), "{back}");
        app.post(&path, &json!({"role": "lead", "to": "ann@example.edu"})).await.is(200);
        app.post(&path, &json!({"role": "boss", "to": "x"})).await.is(422);
        let shown = app.get(INC).await.json();
        assert_eq!((&shown["people"]["lead"], &shown["people"]["spokesperson"]), (&json!("ann@example.edu"), &json!("lee@example.edu")));
        // Each is announced by itself, and the one who took over ended the call.
        let told = team(&app).await;
        assert_eq!(told.iter().filter(|n| n.contains("handover internal planned")).count(), 2, "{told:?}");
        assert!(told.iter().filter(|n| n.contains("spokesperson_call")).all(|n| n.ends_with("cancelled")), "{told:?}");
        let said = app.app.store.journal(Some("INC-1"), None, 2).await.unwrap();
        assert_eq!(said[1].detail["from"], "kim@example.edu");
    }

    async fn whoever_became_the_lead_is_not_called_and_takes_no_call(app: TestApp) {
        staffed(&app).await;
        app.post("/api/v1/incidents", &declaration()).await.is(201);
        app.post(&format!("{INC}/handover"), &json!({"role": "lead", "to": "kim@example.edu"})).await.is(200);
        assert_eq!(team(&app).await, [
            "17:00 handover internal planned",
            "17:00 spokesperson_call spokesperson planned",
            "17:05 spokesperson_call backup-1 cancelled",
            "17:10 spokesperson_call backup-2 planned",
            "17:15 spokesperson_call internal planned",
        ]);
        let path = format!("{INC}/acknowledge");
        let refused = app.post(&path, &json!({"who": "kim@example.edu"})).await.is(409).json();
        assert!(refused["detail"].as_str().unwrap().starts_with("kim@example.edu leads the work"), "{refused}");
        let shown = app.get(INC).await.json();
        assert_eq!((&shown["people"]["lead"], &shown["spokesperson"]), (&json!("kim@example.edu"), &Value::Null));
        let taken = app.post(&path, &json!({"who": "lee@example.edu"})).await.is(200).json();
        assert_eq!(taken["people"]["spokesperson"], "lee@example.edu");
    }

    async fn where_only_the_lead_could_speak_that_is_said(app: TestApp) {
        staffed(&app).await;
        let alone = json!({"services": {"database": "major_outage"}, "severity": "P1", "lead": "dba@example.edu"});
        let made = app.post("/api/v1/incidents", &alone).await.is(201).json();
        let said = made["people"]["nobody_speaks"].as_str().unwrap_or_default();
        assert!(said.contains("dba@example.edu, who leads the work, is warned"), "{made:#}");
        assert_eq!((&made["people"]["spokesperson"], team(&app).await), (&Value::Null, Vec::<String>::new()));
        let page = app.page(As::Viewer, "/console/incidents/INC-1").await.is(200).text();
        assert!(page.contains("who leads the work, is warned before a promise is due"), "{page}");
        app.post(&format!("{INC}/handover"), &json!({"role": "spokesperson", "to": "ann@example.edu"})).await.is(200);
        assert_eq!(app.get(INC).await.json()["people"]["nobody_speaks"], Value::Null);
    }

    async fn one_that_is_opened_again_calls_again_and_is_as_grave_as_it_was(app: TestApp) {
        staffed(&app).await;
        app.post("/api/v1/incidents", &declaration()).await.is(201);
        app.expand_due().await;
        app.advance(2);
        let updates = format!("{INC}/updates");
        app.post(&updates, &json!({"status": "resolved", "text": "It works again."})).await.is(201);
        app.advance(1);
        let again = app.post(&updates, &json!({"status": "investigating", "text": "It does not."})).await.is(201).json();
        assert_eq!(again["services"], json!({"portal": "major_outage"}));
        let planned: Vec<String> = team(&app).await.into_iter().filter(|n| n.ends_with("planned")).collect();
        assert_eq!(planned, [
            "17:03 spokesperson_call spokesperson planned",
            "17:08 spokesperson_call backup-1 planned",
            "17:13 spokesperson_call backup-2 planned",
            "17:18 spokesperson_call internal planned",
        ]);
        app.refresh().await;
        let page = app.page(As::Nobody, "/").await.is(200).text();
        assert!(page.contains("Student portal is down"), "{page}");
        // Whoever took the call speaks for it still.
        app.post(&format!("{INC}/acknowledge"), &json!({})).await.is(200);
        app.post(&updates, &json!({"status": "resolved", "text": "It works again."})).await.is(201);
        app.post(&updates, &json!({"status": "investigating", "text": "It does not."})).await.is(201);
        assert!(team(&app).await.iter().all(|n| !n.ends_with("planned")), "{:?}", team(&app).await);
    }

    async fn a_write_on_an_old_version_is_refused_and_says_who_changed_what(app: TestApp) {
        staffed(&app).await;
        let made = app.post("/api/v1/incidents", &declaration()).await.is(201).json();
        assert_eq!(made["version"], 1);
        app.advance(2);
        let path = format!("{INC}/updates");
        let first = json!({"text": "A disk is full.", "version": 1});
        let ok = app.post(&path, &first).await.is(201).json();
        assert_eq!(ok["version"], 2);
        let stale = app.post(&path, &json!({"text": "Nothing new.", "version": 1})).await.is(409).json();
        assert_eq!(stale["detail"], "INC-1 was changed meanwhile: token:administrator published an update, 2026-11-21T17:02:00Z; it is at \
            version 2 and you saw 1: look at it again");
        assert_eq!(app.get(INC).await.json()["updates"].as_array().map(Vec::len), Some(2));
        let old = json!({"role": "lead", "to": "ann", "version": 1});
        app.post(&format!("{INC}/handover"), &old).await.is(409);
        // Who names no version says it in any case; nonsense is no version.
        app.post(&path, &json!({"text": "Nothing new."})).await.is(201);
        app.post(&path, &json!({"text": "Nothing new.", "version": 0})).await.is(422);
        // A call that the engine makes changes nothing that anybody wrote about.
        let stored = app.app.store.event("INC-1").await.unwrap().unwrap();
        assert_eq!(stored.sequence, 3);
        let published = forewarn_store::Published {
            event: &stored.event, expected: 3, changes: &Default::default(), occasion: &Default::default(),
            awaiting: &Default::default(), plan: None, answer: None,
            entries: &[forewarn_store::Entry::new("engine", "incident.spokesperson_called", "INC-1")],
        };
        app.app.store.publish(published, app.app.clock.now()).await.unwrap();
        let next = app.post(&path, &json!({"text": "Nothing new.", "version": 3})).await.is(201).json();
        assert_eq!(next["version"], 5);
    }

    async fn whoever_is_on_duty_is_the_spokesperson_when_nobody_is_named(app: TestApp) {
        staffed(&app).await;
        // Saturday, 09:00 in California.
        let rota = "
rotas:
  - id: weekend
    services: [database]
    weekly:
      - {days: [sat, sun], from: '08:00', to: '20:00', who: duty@example.edu}
    exceptions:
      - {from: '2026-11-21T12:00', to: '2026-11-21T13:00', who: relief@example.edu}
";
        app.yaml("/api/v1/documents", rota).await.is(200);
        assert_eq!(app.yaml("/api/v1/documents", rota).await.is(200).json()["unchanged"], 1);
        let unknown = rota.replace("[database]", "[databse]");
        let refused = app.yaml("/api/v1/documents", &unknown).await.is(422).problems();
        assert!(refused[0].contains("did you mean 'database'?"), "{refused:?}");
        // The portal does not stand on this rota; the database does, and so does what it reaches.
        let made = app.post("/api/v1/incidents", &json!({"services": {"database": "major_outage"}, "severity": "P2"})).await.is(201).json();
        assert_eq!(made["spokesperson"], "duty@example.edu");
        assert_eq!(made["call"]["chain"], json!(["duty@example.edu"]));
        let said = app.app.store.journal(Some("INC-1"), None, 1).await.unwrap();
        assert_eq!(said[0].detail["on_duty"], "duty@example.edu");
        let leads = json!({"services": {"database": "major_outage"}, "severity": "P2", "lead": "duty@example.edu"});
        assert_eq!(app.post("/api/v1/incidents", &leads).await.is(201).json()["spokesperson"], Value::Null);
        app.advance(190);
        let body = json!({"services": {"database": "major_outage"}, "severity": "P2"});
        assert_eq!(app.post("/api/v1/incidents", &body).await.is(201).json()["spokesperson"], "relief@example.edu");
        // At night nobody is on duty: the backups of the service, in order.
        app.advance(60 * 9);
        let made = app.post("/api/v1/incidents", &declaration()).await.is(201).json();
        assert_eq!((&made["spokesperson"], &made["call"]["chain"][0]), (&Value::Null, &json!("sam@example.edu")));
        assert_eq!(app.get("/api/v1/rotas").await.is(200).json()["items"].as_array().map(Vec::len), Some(1));
    }
}

#[tokio::test]
async fn severity_follows_from_impact_and_urgency_and_sets_the_cadence() {
    let app = TestApp::campus().await;
    let body =
        json!({"services": {"portal": "partial_outage"}, "impact": "medium", "urgency": "high"});
    let made = app.post("/api/v1/incidents", &body).await.is(201).json();
    assert_eq!(made["severity"], "P2");
    assert_eq!(made["next_update_at"], "2026-11-21T19:00:00Z");
    let graver =
        json!({"text": "Nobody can sign in any more.", "impact": "high", "urgency": "high"});
    let updated = app
        .post(&format!("{INC}/updates"), &graver)
        .await
        .is(201)
        .json();
    assert_eq!(
        (&updated["severity"], &updated["next_update_at"]),
        (&json!("P1"), &json!("2026-11-21T18:00:00Z"))
    );
    for (body, problem) in [
        (
            json!({"services": {"portal": "partial_outage"}, "impact": "medium"}),
            "urgency: is missing: it goes with impact",
        ),
        (
            json!({"services": {"portal": "partial_outage"}, "impact": "hgih", "urgency": "low"}),
            "impact: unknown grade 'hgih'; did you mean 'high'?",
        ),
        (
            json!({"services": {"portal": "partial_outage"}, "severity": "P1", "urgency": "low"}),
            "urgency: and severity exclude each other",
        ),
        (
            json!({"services": {"portal": "partial_outage"}}),
            "severity: is missing",
        ),
    ] {
        let refused = app.post("/api/v1/incidents", &body).await.is(422);
        assert!(
            refused.problems().contains(&problem.to_owned()),
            "{:?}",
            refused.problems()
        );
    }
}
