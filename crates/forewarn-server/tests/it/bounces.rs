//! Mail that comes back: only what came to a return path of ours counts, and reports in any order come to the same end.

use crate::app::{Answer, TestApp};
use crate::hooks::call;
use crate::twilio::take_all;
use forewarn_core::contact::EmailAddress;
use serde_json::{Value, json};

const SECRET: &str = "a secret of sixteen letters";

/// Ann and Bo were told of an incident by mail. Gives the ids of the deliveries to them.
async fn told(app: &TestApp) -> [String; 2] {
    app.yaml(
        "/api/v1/documents",
        &format!(
            "organisation: {{name: Example University, time_zone: America/Los_Angeles, calendar: US}}
services: [{{id: portal, name: Portal}}]
audiences: [{{id: staff, name: Staff, level: technical, services: [portal]}}]
hooks: [{{id: back, kind: bounces, secret: {}}}]
contacts:
  - {{id: ann, name: Ann, audiences: [staff], endpoints: {{email: ann@example.org}}}}
  - {{id: bo, name: Bo, audiences: [staff], endpoints: {{email: bo@example.org}}}}
",
            SECRET.replace(' ', "-")
        ),
    )
    .await
    .is(200);
    declare(app).await;
    let listed = deliveries(app).await;
    ["ann", "bo"].map(|who| {
        let found = listed.iter().find(|d| d["contact"] == who).unwrap();
        found["id"].as_str().unwrap().to_owned()
    })
}

async fn declare(app: &TestApp) {
    let declared = json!({"services": {"portal": "major_outage"}, "severity": "P1", "effect": "You cannot sign in."});
    app.post("/api/v1/incidents", &declared).await.is(201);
    take_all(app).await;
}

async fn deliveries(app: &TestApp) -> Vec<Value> {
    let listed = app.get("/api/v1/deliveries").await.is(200).json();
    let items = listed["items"].as_array().unwrap();
    let ours = items
        .iter()
        .filter(|d| d["contact"] == "ann" || d["contact"] == "bo");
    ours.cloned().collect()
}

/// Status and reason of the newest delivery to somebody.
async fn state(app: &TestApp, delivery: &str) -> (String, String) {
    let all = deliveries(app).await;
    let found = all.iter().find(|d| d["id"] == delivery).unwrap();
    let text = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
    (text("status"), text("reason"))
}

fn path(app: &TestApp, delivery: &str) -> String {
    let bounces = EmailAddress::parse("bounces@example.edu").unwrap();
    app.app.key.return_path(delivery, &bounces)
}

/// A report as mail servers write it (RFC 3464).
fn report(to: &str, fields: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.example.org\r\nTo: {to}\r\nSubject: Undelivered Mail Returned to Sender\r\nAuto-Submitted: auto-replied\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nWe are sorry.\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.org\r\n\r\n\
         Final-Recipient: rfc822; somebody@example.org\r\n{fields}\r\n\
         --b\r\nContent-Type: text/rfc822-headers\r\n\r\nSubject: Portal: major outage\r\n\r\n--b--\r\n"
    )
}

fn failed(to: &str, status: &str) -> String {
    report(
        to,
        &format!("Action: failed\r\nStatus: {status}\r\nDiagnostic-Code: smtp; 550 {status} no"),
    )
}

/// A complaint as mailbox providers write it (RFC 5965), about a mail with this return path.
fn complaint(sender: &str) -> String {
    format!(
        "From: feedback@example.org\r\nTo: abuse@example.edu\r\nSubject: FW: Portal\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=feedback-report; boundary=\"b\"\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nThis is an abuse report.\r\n\
         --b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nVersion: 1\r\nOriginal-Mail-From: <{sender}>\r\n\r\n\
         --b\r\nContent-Type: text/rfc822-headers\r\n\r\nSubject: Portal\r\n\r\n--b--\r\n"
    )
}

async fn post(app: &TestApp, mail: &str) -> Answer {
    let authorization = format!("Bearer {}", SECRET.replace(' ', "-"));
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-type", "message/rfc822"),
    ];
    call(app, "back", &headers, mail.as_bytes()).await
}

on_both_databases! {
    async fn a_mailbox_that_does_not_exist_is_not_written_to_again(app: TestApp) {
        let [ann, bo] = told(&app).await;
        let answer = post(&app, &failed(&path(&app, &ann), "5.1.1")).await.is(200).json();
        assert_eq!(answer, json!({"delivery": ann, "did": "failed, and the mailbox is gone: bounced: 550 5.1.1 no"}));
        assert_eq!(state(&app, &ann).await, ("failed".into(), "bounced: 550 5.1.1 no".into()));
        // A full mailbox may be empty tomorrow.
        post(&app, &failed(&path(&app, &bo), "5.2.2")).await.is(200);
        assert_eq!(state(&app, &bo).await, ("failed".into(), "bounced: 550 5.2.2 no".into()));
        declare(&app).await;
        let mut again: Vec<(String, String)> = Vec::new();
        for delivery in deliveries(&app).await.iter().filter(|d| d["id"] != ann.as_str() && d["id"] != bo.as_str()) {
            again.push((delivery["contact"].as_str().unwrap().into(), delivery["status"].as_str().unwrap().into()));
        }
        again.sort();
        assert_eq!(again, [("ann".into(), "suppressed".into()), ("bo".into(), "accepted".into())]);
    }

    async fn reports_shuffled_tripled_and_forged_come_to_the_right_end(app: TestApp) {
        let [ann, bo] = told(&app).await;
        let delivered = |to: &str| report(to, "Action: delivered\r\nStatus: 2.0.0");
        let delayed = |to: &str| report(to, "Action: delayed\r\nStatus: 4.4.1");
        let (to_ann, to_bo) = (path(&app, &ann), path(&app, &bo));
        // Ann's was reported as failed by one of two servers behind an alias, and arrived by the other.
        let mails = [delayed(&to_ann), failed(&to_ann, "5.4.7"), delivered(&to_ann), delayed(&to_bo), failed(&to_bo, "5.7.1")];
        for order in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3]] {
            for n in order {
                for _ in 0..3 {
                    post(&app, &mails[n]).await.is(200);
                }
            }
            assert_eq!(state(&app, &ann).await, ("delivered".into(), String::new()));
            assert_eq!(state(&app, &bo).await, ("failed".into(), "bounced: 550 5.7.1 no".into()));
        }
        let other = forewarn_core::token::Key::new("another key");
        let bounces = EmailAddress::parse("bounces@example.edu").unwrap();
        for forged in [other.return_path(&ann, &bounces), "bounces@example.edu".into(), format!("x{}", &to_ann[8..]),
            to_ann.replace(&ann, &bo), path(&app, "no.delivery")] {
            post(&app, &failed(&forged, "5.1.1")).await.is(404);
        }
        assert_eq!(state(&app, &ann).await.0, "delivered");
        let states = app.get("/api/v1/contacts/ann").await.is(200).json();
        assert!(states.to_string().contains("\"active\""), "{states}");
    }

    async fn whoever_complains_gets_nothing_more(app: TestApp) {
        let [ann, _] = told(&app).await;
        let answer = post(&app, &complaint(&path(&app, &ann))).await.is(200).json();
        assert_eq!(answer["did"], "complained (abuse): nothing more goes there");
        assert_eq!(state(&app, &ann).await.0, "delivered", "it arrived");
        declare(&app).await;
        let all = deliveries(&app).await;
        let newest = all.iter().find(|d| d["contact"] == "ann" && d["id"] != ann.as_str()).unwrap();
        assert_eq!(newest["status"], "suppressed");
        assert_eq!(newest["reason"], "its reader marked a message as unwanted (abuse)");
        post(&app, &complaint("bounces+forged@example.edu")).await.is(404);
    }

    async fn what_is_no_report_changes_nothing(app: TestApp) {
        let [ann, _] = told(&app).await;
        let away = format!("From: ann@example.org\r\nTo: {}\r\nSubject: I am away\r\nAuto-Submitted: auto-replied\r\n\r\nUntil Monday.\r\n", path(&app, &ann));
        let answer = post(&app, &away).await.is(200).json();
        assert_eq!(answer, json!({"delivery": null, "did": "nothing: it is no report on a delivery"}));
        assert_eq!(state(&app, &ann).await.0, "accepted");
        post(&app, &report(&path(&app, &ann), "Nothing: here")).await.is(422);
        call(&app, "back", &[], failed(&path(&app, &ann), "5.1.1").as_bytes()).await.is(401);
        assert_eq!(state(&app, &ann).await.0, "accepted");
    }

    async fn a_report_on_what_is_just_being_sent_is_to_come_again(app: TestApp) {
        let [ann, _] = told(&app).await;
        declare(&app).await;
        let now = app.app.clock.now();
        app.expand_due().await;
        let declared = json!({"services": {"portal": "major_outage"}, "severity": "P2", "effect": "You cannot sign in."});
        app.post("/api/v1/incidents", &declared).await.is(201);
        app.expand_due().await;
        let claimed = app.app.store.claim(forewarn_store::Lane::Urgent, "me", now, 100).await.unwrap();
        let open = claimed.iter().find(|d| d.endpoint.address() == "ann@example.org").unwrap();
        post(&app, &failed(&path(&app, &open.id), "5.1.1")).await.is(503);
        assert_ne!(ann, open.id);
    }
}
