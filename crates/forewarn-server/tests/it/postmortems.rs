//! After an incident: the draft, who must agree, the publication, and the actions that come of it.

use crate::app::{As, TestApp};
use forewarn_core::audience::Level;
use forewarn_core::contact::Channel;
use forewarn_core::message::{Variant, render};
use forewarn_core::time::Zone;
use serde_json::{Value, json};

const INC: &str = "/api/v1/incidents/INC-1";
const IT: &str = "/api/v1/incidents/INC-1/postmortem";
const SECRET: &str = "db7.internal lost its quorum";

const REVIEWED: &str = "
policies:
  - {id: incident, for: {event: incident}, follow_up_approval: [legal, pr, dean@example.edu]}
";

/// An incident that is over, with one promise kept and one broken.
async fn over(app: &TestApp) {
    app.apply_campus().await;
    let body = json!({"services": {"portal": "major_outage"}, "severity": "P1", "effect": "Nobody can sign in"});
    app.post("/api/v1/incidents", &body).await.is(201);
    app.post(&format!("{INC}/notes"), &json!({"text": SECRET}))
        .await
        .is(201);
    app.post(IT, &json!({})).await.is(409);
    app.advance(20);
    let cause = json!({"status": "identified", "text": "A disk is full.", "facts": {"cause": "A disk was full."}});
    app.post(&format!("{INC}/updates"), &cause).await.is(201);
    app.advance(75);
    let end = json!({"status": "resolved", "text": "It works again."});
    app.post(&format!("{INC}/updates"), &end).await.is(201);
    app.expand_due().await;
}

/// What the customers read by mail, and by text message.
async fn follow_ups(app: &TestApp) -> Vec<String> {
    app.expand_due().await;
    let filter = forewarn_store::NoticeFilter {
        event: Some("INC-1".into()),
        ..Default::default()
    };
    let notices = app.app.store.notices(&filter, 100).await.unwrap();
    let told = notices
        .iter()
        .filter(|n| n.milestone == "follow_up" && n.audience == "customers");
    let mut texts = Vec::new();
    for notice in told {
        let content = notice.content.as_ref().expect("expanded");
        for channel in [Channel::Email, Channel::Sms] {
            let variant = Variant {
                level: Level::NonTechnical,
                channel,
                language: "en".into(),
                zone: Zone::utc(),
            };
            texts.push(render(content, &variant, &[]).text);
        }
    }
    texts
}

fn actions() -> Value {
    json!([{"what": "Watch the disks", "owner": "kim@example.edu", "due": "2026-11-25"},
           {"what": "Practise the restore", "owner": "lee@example.edu"}])
}

on_both_databases! {
    async fn the_draft_has_what_is_on_record_and_nothing_technical(app: TestApp) {
        over(&app).await;
        app.get(IT).await.is(404);
        let drafted = app.post(IT, &json!({})).await.is(201).json();
        let happened = drafted["happened"].as_str().unwrap();
        for line in [
            "21 November 2026, PST:",
            "- 09:00 We told you of the trouble: Nobody can sign in.",
            "- 09:20 We knew the cause: A disk is full.",
            "- 10:35 It was over: It works again. This came 15 minutes later than we had promised.",
        ] {
            assert!(happened.contains(line), "{line} in {happened}");
        }
        assert_eq!(drafted["cause"], "A disk was full.");
        assert_eq!(drafted["impact"], "Student portal did not work. Nobody can sign in. It lasted 1 hour 35 minutes, from 09:00 PST to 10:35 PST.");
        assert_eq!(drafted["went_well"], "1 of the 2 updates that we promised came in time.");
        assert!(drafted["apology"].as_str().unwrap().contains("One update came later than we had promised"));
        assert!(!app.get(IT).await.text().contains("db7"));
        // Asked again it is the same; an edit is a new version, and who saw the old one is told who was faster.
        assert_eq!(app.post(IT, &json!({})).await.is(200).json()["version"], 1);
        let edited = app.post(IT, &json!({"version": 1, "actions": actions()})).await.is(200).json();
        assert_eq!((&edited["version"], &edited["cause"]), (&json!(2), &json!("A disk was full.")));
        let refused = app.post(IT, &json!({"version": 1, "cause": "x"})).await.is(409).json();
        let said = refused["detail"].as_str().unwrap();
        assert!(said.contains("token:administrator") && said.contains("version 2"), "{said}");
        let refused = app.post(IT, &json!({"caus": "x", "actions": [{"what": "a"}]})).await.is(422).text();
        assert!(refused.contains("did you mean 'cause'") && refused.contains("actions[0].owner"), "{refused}");
        assert_eq!(app.get(IT).await.json()["version"], 2);
    }

    async fn nobody_is_told_before_those_agree_whom_the_policy_names(app: TestApp) {
        over(&app).await;
        app.yaml("/api/v1/documents", REVIEWED).await.is(200);
        app.post(IT, &json!({"actions": actions()})).await.is(201);
        // Not past them either.
        let past = json!({"status": "postmortem", "text": "It was a disk."});
        let refused = app.post(&format!("{INC}/updates"), &past).await.is(409).text();
        assert!(refused.contains("legal, pr, dean@example.edu"), "{refused}");
        let (approve, publish) = (format!("{IT}/approve"), format!("{IT}/publish"));
        let refused = app.post(&publish, &json!({})).await.is(409).text();
        assert!(refused.contains("waits for the agreement of legal, pr, dean@example.edu"), "{refused}");
        let refused = app.post(&approve, &json!({"reviewer": "legl", "version": 1})).await.is(422).text();
        assert!(refused.contains("did you mean 'legal'"), "{refused}");
        app.post(&approve, &json!({"reviewer": "legal", "version": 9})).await.is(409);
        for reviewer in ["legal", "pr"] {
            app.post(&approve, &json!({"reviewer": reviewer, "version": 1})).await.is(200);
        }
        let refused = app.post(&publish, &json!({})).await.is(409).text();
        assert!(refused.contains("the agreement of dean@example.edu;"), "{refused}");
        // An edit voids what was agreed; ticking an action off does not.
        app.post(IT, &json!({"cause": "A disk was full, and nobody watched it."})).await.is(200);
        assert_eq!(app.get(IT).await.json()["missing"], json!(["legal", "pr", "dean@example.edu"]));
        for reviewer in ["legal", "pr", "dean@example.edu"] {
            app.post(&approve, &json!({"reviewer": reviewer, "version": 2})).await.is(200);
        }
        app.post(&format!("{INC}/actions/1"), &json!({})).await.is(200);
        let agreed = app.get(IT).await.json();
        assert_eq!(agreed["missing"], json!([]));
        assert_eq!((&agreed["actions"][0]["done"], &agreed["approvals"][0]["is_for_this_text"]), (&json!(true), &json!(true)));
        // Who read an older version does not publish a newer one.
        app.post(&publish, &json!({"version": 1})).await.is(409);
        assert!(follow_ups(&app).await.is_empty());
        let done = app.post(&publish, &json!({"version": 2})).await.is(201).json();
        assert_eq!(done["status"], "postmortem");
        let told = follow_ups(&app).await;
        assert_eq!(told.len(), 2);
        let (mail, phone) = (&told[0], &told[1]);
        for part in ["What happened", "09:20 We knew the cause", "nobody watched it", "Watch the disks (by 25 November 2026)", "We are sorry"] {
            assert!(mail.contains(part), "{part} in {mail}");
        }
        for private in ["db7", "kim@example.edu", "lee@example.edu"] {
            assert!(!mail.contains(private), "{private} in {mail}");
        }
        assert!(phone.contains("A disk was full, and nobody watched it."), "{phone}");
        app.refresh().await;
        let page = app.request(As::Nobody, "GET", "/events/INC-1", "").await.is(200).text();
        assert!(page.contains("nobody watched it") && page.contains("<strong>What we are changing</strong>"), "{page}");
        assert!(!page.contains("db7") && !page.contains("kim@example.edu"), "{page}");
        // Once.
        app.post(&publish, &json!({})).await.is(409);
        app.post(IT, &json!({"cause": "x"})).await.is(409);
        app.post(&approve, &json!({"reviewer": "pr", "version": 2})).await.is(409);
        assert!(app.get(IT).await.json()["published_at"].is_string());
        let journal = app.get("/api/v1/journal?event=INC-1").await.text();
        for action in ["incident.postmortem_saved", "incident.postmortem_approved", "incident.postmortem_published", "incident.action_ticked"] {
            assert!(journal.contains(action), "{action}");
        }
    }

    async fn without_an_agreement_it_goes_out_only_for_a_reason_on_record(app: TestApp) {
        over(&app).await;
        app.yaml("/api/v1/documents", REVIEWED).await.is(200);
        app.post(IT, &json!({"cause": ""})).await.is(201);
        let publish = format!("{IT}/publish");
        let owed = app.post(&publish, &json!({"override": "The dean decided."})).await.is(422).text();
        assert!(owed.contains("readers are owed it"), "{owed}");
        app.post(IT, &json!({"cause": "A disk was full."})).await.is(200);
        app.post(&format!("{IT}/approve"), &json!({"reviewer": "pr", "version": 2})).await.is(200);
        app.post(&publish, &json!({"override": "The dean decided."})).await.is(201);
        let journal = app.app.store.journal(Some("INC-1"), None, 50).await.unwrap();
        let entry = journal.iter().find(|e| e.action == "incident.postmortem_published").unwrap();
        assert_eq!(entry.detail["override"], "The dean decided.");
        assert_eq!(entry.detail["without"], json!(["legal", "dean@example.edu"]));
        assert!(follow_ups(&app).await[0].contains("A disk was full."));
    }

    async fn a_draft_is_not_passed_over_and_repeating_publishes_once(app: TestApp) {
        over(&app).await;
        app.post(IT, &json!({})).await.is(201);
        let past = json!({"status": "postmortem", "text": "It was a disk."});
        let refused = app.post(&format!("{INC}/updates"), &past).await.is(409).text();
        assert!(refused.contains("has a postmortem in draft"), "{refused}");
        let refused = app.post(&format!("{IT}/approve"), &json!({"reviewer": "legal", "version": 1})).await.is(422).text();
        assert!(refused.contains("the policy names nobody"), "{refused}");
        let publish = format!("{IT}/publish");
        let nothing = json!({});
        let (one, other) = tokio::join!(app.post(&publish, &nothing), app.post(&publish, &nothing));
        let mut answers = [one.status.as_u16(), other.status.as_u16()];
        answers.sort_unstable();
        assert_eq!(answers, [201, 409]);
        assert_eq!(follow_ups(&app).await.len(), 2);
    }

    async fn what_changes_is_listed_across_incidents_and_ticked_off(app: TestApp) {
        over(&app).await;
        app.post(IT, &json!({"actions": actions()})).await.is(201);
        let body = json!({"id": "INC-2", "services": {"database": "partial_outage"}, "severity": "P3"});
        app.post("/api/v1/incidents", &body).await.is(201);
        app.post("/api/v1/incidents/INC-2/updates", &json!({"status": "resolved", "text": "Over."})).await.is(201);
        let early = json!({"actions": [{"what": "Buy a disk", "owner": "ann@example.edu", "due": "2026-11-20"}]});
        app.post("/api/v1/incidents/INC-2/postmortem", &early).await.is(201);
        let listed = async |path: &str| {
            let items = app.get(path).await.is(200).json()["items"].as_array().unwrap().clone();
            let line = |a: &Value| format!("{} {} {}", a["event"].as_str().unwrap(), a["what"].as_str().unwrap(), a["overdue"]);
            items.iter().map(line).collect::<Vec<_>>()
        };
        assert_eq!(listed("/api/v1/actions").await, ["INC-2 Buy a disk true", "INC-1 Watch the disks false", "INC-1 Practise the restore false"]);
        let ticked = app.post("/api/v1/incidents/INC-2/actions/1", &json!({})).await.is(200).json();
        assert_eq!((&ticked["done_by"], &ticked["overdue"]), (&json!("token:administrator"), &json!(false)));
        app.post("/api/v1/incidents/INC-2/actions/7", &json!({})).await.is(404);
        assert_eq!(listed("/api/v1/actions").await.len(), 2);
        assert_eq!(listed("/api/v1/actions?done=true").await[2], "INC-2 Buy a disk false");
        app.post("/api/v1/incidents/INC-2/actions/1", &json!({"done": false})).await.is(200);
        assert_eq!(listed("/api/v1/actions").await.len(), 3);
        // After the publication too.
        app.post(&format!("{IT}/publish"), &json!({})).await.is(201);
        app.post(&format!("{INC}/actions/2"), &json!({})).await.is(200);
        assert_eq!(app.get(IT).await.json()["actions"][1]["done"], true);
    }

    async fn the_console_takes_it_from_the_draft_to_the_last_action(app: TestApp) {
        over(&app).await;
        app.yaml("/api/v1/documents", "policies: [{id: incident, for: {event: incident}, follow_up_approval: [legal]}]").await.is(200);
        let (page, actions) = ("/console/incidents/INC-1/postmortem", "/console/actions");
        let shown = app.page(As::Operator, "/console/incidents/INC-1").await.is(200).text();
        assert!(shown.contains("Explain it in a postmortem"));
        app.form(As::Operator, page, &[]).await.is(303);
        let shown = app.page(As::Operator, page).await.is(200).text();
        assert!(shown.contains("We knew the cause: A disk is full.") && !shown.contains("db7"), "{shown}");
        let written = [("version", "1"), ("happened", "It was down."), ("cause", "A disk."), ("apology", "Sorry."),
            ("actions.1.what", "Watch the disks"), ("actions.1.owner", "kim"), ("actions.1.due", "2026-11-20"), ("actions.2.what", "")];
        app.form(As::Operator, page, &written).await.is(303);
        let kept = app.get(IT).await.json();
        assert_eq!((&kept["version"], &kept["impact"], &kept["actions"][0]["owner"]), (&json!(2), &json!(""), &json!("kim")));
        // Who comes late keeps what was typed; a line that is half filled in is named.
        let late = app.form(As::Operator, page, &written).await.is(409).text();
        assert!(late.contains("was changed by") && late.contains("It was down."), "{late}");
        let half = [("version", "2"), ("happened", "My own words"), ("actions.1.what", "Only what")];
        let refused = app.form(As::Operator, page, &half).await.is(422).text();
        assert!(refused.contains("My own words") && refused.contains("Is missing"), "{refused}");
        let waits = app.form(As::Operator, &format!("{page}/publish"), &[("version", "2")]).await.is(409).text();
        assert!(waits.contains("It waits for the agreement of <strong>legal</strong>"), "{waits}");
        app.form(As::Operator, &format!("{page}/approve"), &[("reviewer", "legal"), ("version", "2")]).await.is(303);
        app.form(As::Viewer, &format!("{page}/publish"), &[("version", "2")]).await.is(403);
        app.form(As::Operator, &format!("{page}/publish"), &[("version", "2")]).await.is(303);
        assert!(follow_ups(&app).await[0].contains("A disk."));
        assert!(app.page(As::Operator, page).await.is(200).text().contains("published"));
        assert!(app.page(As::Operator, actions).await.is(200).text().contains("overdue"));
        app.form(As::Operator, "/console/incidents/INC-1/actions/1", &[("done", "true")]).await.is(303);
        let shown = app.page(As::Operator, actions).await.text();
        assert!(shown.contains("Open again") && !shown.contains("overdue"), "{shown}");
    }
}

#[tokio::test]
async fn what_readers_may_not_see_is_pointed_at_and_published_with_a_reason_only() {
    let app = TestApp::new().await;
    over(&app).await;
    let cause = json!({"cause": "The disk of db7.internal was full.", "actions": actions()});
    let drafted = app.post(IT, &cause).await.is(201).json();
    assert_eq!(drafted["privacy"][0]["field"], "cause", "{drafted}");
    let publish = format!("{IT}/publish");
    let refused = app.post(&publish, &json!({})).await.is(422).problems();
    assert!(
        refused[0].starts_with("cause: 'db7.internal'"),
        "{refused:?}"
    );
    let page = app
        .page(As::Operator, "/console/incidents/INC-1/postmortem")
        .await
        .is(200)
        .text();
    assert!(page.contains("name=\"privacy_override\""), "{page}");
    let because = json!({"privacy_override": "The name says nothing."});
    app.post(&publish, &because).await.is(201);
    let journal = app.app.store.journal(Some("INC-1"), None, 1).await.unwrap();
    assert_eq!(
        journal[0].detail["privacy_override"]["found"],
        json!(["host_name"])
    );
}
