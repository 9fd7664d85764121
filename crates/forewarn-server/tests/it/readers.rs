//! One event, told to executives, heads of department and end users, with what people ask.

use crate::app::{As, TestApp, upgrade};
use serde_json::{Value, json};

const READERS: &str = "
audiences:
  - {id: board, name: Executive board, level: non_technical, readers: executive, channels: [email], services: [portal]}
  - {id: heads, name: Heads of department, level: semi_technical, readers: department_head, channels: [email], services: [portal]}
  - {id: people, name: Everybody else, level: non_technical, readers: end_user, channels: [email], services: [portal]}
";

fn work() -> Value {
    let mut work = upgrade();
    work["facts"]["risk"] = json!("The copy may take two hours longer.");
    work["facts"]["fallback"] = json!("We return to the old version.");
    work["facts"]["cost"] = json!("Two people work for one night.");
    work["facts"]["questions"] = json!([
        {"question": "Will I lose my work?", "answer": "No."},
        {"question": "Do replicas need a new password?", "answer": "No, they stay.", "level": "technical"},
    ]);
    work
}

/// The text that an audience would read.
async fn said(app: &TestApp, audience: &str) -> String {
    let body = json!({"event": "MNT-1", "milestone": "announcement"});
    let shown = app
        .post("/api/v1/templates/preview", &body)
        .await
        .is(200)
        .json();
    let messages = shown["messages"].as_array().expect("messages").clone();
    let theirs = messages.iter().find(|m| {
        let names = m["audiences"].as_array().expect("names");
        names.iter().any(|name| name == audience)
    });
    theirs.expect("a text")["text"]
        .as_str()
        .expect("text")
        .to_owned()
}

on_both_databases! {
    async fn each_reads_their_own_text_of_one_event(app: TestApp) {
        app.apply_campus().await;
        app.yaml("/api/v1/documents", READERS).await.is(200);
        app.post("/api/v1/maintenances", &work()).await.is(201);
        let board = said(&app, "Executive board").await;
        assert!(board.contains("Two people work for one night.") && board.contains("Risk:"), "{board}");
        let heads = said(&app, "Heads of department").await;
        assert!(heads.contains("Please tell your people now") && heads.contains("We return to the old version."), "{heads}");
        assert!(!heads.contains("Two people work"), "{heads}");
        let people = said(&app, "Everybody else").await;
        assert!(people.contains("What you will notice: You cannot sign in"), "{people}");
        assert!(!people.contains("Risk:") && !people.contains("Two people work"), "{people}");
        let students = said(&app, "Students").await;
        assert!(students.contains("What to expect:") && !students.contains("Two people work"), "{students}");
        for text in [board, heads, people, students] {
            assert!(text.contains("Will I lose my work?") && !text.contains("replicas"), "{text}");
        }
        let engineers = said(&app, "On-call engineers").await;
        assert!(engineers.contains("Do replicas need a new password?"), "{engineers}");
    }

    async fn what_people_ask_stands_once_on_the_events_page(app: TestApp) {
        app.apply_campus().await;
        app.post("/api/v1/maintenances", &work()).await.is(201);
        app.refresh().await;
        let page = app.request(As::Nobody, "GET", "/events/MNT-1", "").await.is(200).text();
        assert_eq!(page.matches("Will I lose my work?").count(), 1, "{page}");
        for hidden in ["replicas", "Two people work", "two hours longer"] {
            assert!(!page.contains(hidden), "{hidden} in {page}");
        }
    }
}
