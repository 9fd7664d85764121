//! Technical notes are never sent, and drafts show who is writing.

use crate::app::{As, TestApp};
use forewarn_core::audience::Level;
use forewarn_core::contact::Channel;
use forewarn_core::message::{Variant, render, render_page, webhook_body};
use forewarn_core::time::Zone;
use serde_json::json;

const SECRET: &str = "db7.internal lost its quorum, see TICKET-4711";

on_both_databases! {
    async fn a_note_stands_beside_the_update_and_in_nothing_that_leaves(app: TestApp) {
        app.apply_campus().await;
        let body = json!({"services": {"portal": "major_outage"}, "severity": "P1"});
        app.post("/api/v1/incidents", &body).await.is(201);
        let path = "/api/v1/incidents/INC-1/notes";
        let made = app.post(path, &json!({"text": SECRET})).await.is(201).json();
        assert_eq!((&made["number"], &made["author"], &made["at"]), (&json!(1), &json!("token:administrator"), &json!("2026-11-21T17:00:00Z")));
        app.post(path, &json!({"text": "Second"})).await.is(201);
        app.post(path, &json!({"text": ""})).await.is(422);
        app.post("/api/v1/incidents/INC-9/notes", &json!({"text": "x"})).await.is(404);
        let listed = app.get(path).await.is(200).json();
        let texts: Vec<&str> = listed["items"].as_array().unwrap().iter().map(|n| n["text"].as_str().unwrap()).collect();
        assert_eq!(texts, ["Second", SECRET]);
        app.post("/api/v1/incidents/INC-1/recipients", &json!({"email": "press@example.org", "level": "technical"})).await.is(200);
        app.post("/api/v1/incidents/INC-1/updates", &json!({"text": "We look into it.", "status": "identified"})).await.is(201);
        app.expand_due().await;
        app.post("/api/v1/incidents/INC-1/updates", &json!({"text": "Done.", "status": "resolved"})).await.is(201);
        app.expand_due().await;
        // Every message of the event, at each level and on each channel.
        let catalogue = app.app.store.catalogue().await.unwrap();
        let filter = forewarn_store::NoticeFilter { event: Some("INC-1".into()), ..Default::default() };
        let notices = app.app.store.notices(&filter, 100).await.unwrap();
        let mut rendered = 0;
        for notice in &notices {
            let Some(content) = &notice.content else { continue };
            assert!(!serde_json::to_string(content).unwrap().contains("db7"));
            for level in Level::ALL {
                for channel in Channel::ALL {
                    let variant = Variant { level, channel, language: "en".into(), zone: Zone::utc() };
                    let message = render(content, &variant, &[]);
                    let hook = webhook_body(content, &message, &variant, &notice.id);
                    let page = render_page(content, &variant, &[]);
                    let all = [message.subject, message.markdown, message.text, message.html, page.text, page.html,
                        String::from_utf8(hook).unwrap()].concat();
                    assert!(!all.contains("db7") && !all.contains("TICKET"), "{all}");
                    rendered += 1;
                }
            }
        }
        assert!(rendered >= 3 * 3 * Channel::ALL.len(), "{rendered}");
        drop(catalogue);
        // Nor on any public page, nor in the event itself, nor in the journal.
        app.refresh().await;
        for page in ["/", "/history", "/events/INC-1", "/api/v2/summary.json", "/api/v2/incidents.json", "/feed.atom"] {
            let text = app.request(As::Nobody, "GET", page, "").await.text();
            assert!(!text.contains("db7"), "{page}");
        }
        assert!(!app.get("/api/v1/incidents/INC-1").await.text().contains("db7"));
        assert!(!app.get("/api/v1/journal").await.text().contains("db7"));
        // Whoever writes the update sees it.
        let page = app.page(As::Operator, "/console/incidents/INC-1").await.is(200).text();
        assert!(page.contains(SECRET), "{page}");
    }

    async fn two_who_write_see_each_other_and_neither_loses_text(app: TestApp) {
        app.apply_campus().await;
        let body = json!({"services": {"portal": "major_outage"}, "severity": "P1"});
        app.post("/api/v1/incidents", &body).await.is(201);
        let page = "/console/incidents/INC-1";
        app.advance(2);
        let path = "/api/v1/incidents/INC-1/writing";
        let mine = app.post(path, &json!({"text": "We foun"})).await.is(200).json();
        assert_eq!(mine["items"][0]["author"], "token:administrator");
        app.advance(1);
        app.post(path, &json!({"text": "We found"})).await.is(200);
        let shown = app.page(As::Operator, page).await.is(200).text();
        assert!(shown.contains("token:administrator is writing an update, since"), "{shown}");
        // Their update comes first; what was typed here stays, and theirs is shown.
        app.post("/api/v1/incidents/INC-1/updates", &json!({"text": "We found it."})).await.is(201);
        let fields = [("version", "1"), ("status", "investigating"), ("text", "My own words")];
        let refused = app.form(As::Operator, &format!("{page}/updates"), &fields).await.is(409).text();
        assert!(refused.contains("My own words") && refused.contains("We found it."), "{refused}");
        assert!(refused.contains("token:administrator published an update"), "{refused}");
        assert!(refused.contains("name=\"version\" value=\"2\""), "{refused}");
        // Whoever published is not writing any more, and whoever went away neither.
        assert_eq!(app.get(path).await.is(200).json()["items"], json!([]));
        app.post(path, &json!({"text": "More"})).await.is(200);
        app.post(path, &json!({})).await.is(200);
        assert_eq!(app.get(path).await.json()["items"], json!([]));
        app.post(path, &json!({"text": "More"})).await.is(200);
        app.advance(16);
        assert_eq!(app.get(path).await.json()["items"], json!([]));
        app.post("/api/v1/incidents/INC-9/writing", &json!({"text": "x"})).await.is(404);
    }
}
