//! Technical notes are never sent, drafts show who is writing, and what is typed into any form is kept until it is sent.

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

    async fn what_is_typed_into_a_form_is_kept_until_the_form_is_taken(app: TestApp) {
        app.apply_campus().await;
        let place = "/console/maintenances";
        let shown = async |who| app.page(who, &format!("/console/kept?place={place}")).await.is(200).json();
        assert_eq!(shown(As::Operator).await, json!({"kept": null, "writing": []}));
        let fields = r#"[["title","Ne"],["facts.effect","You cannot \"sign in\".\nÜber\u0000"]]"#;
        let typed = [("place", place), ("fields", fields)];
        let kept = app.form(As::Operator, "/console/kept", &typed).await.is(200).json();
        let mine = json!({"fields": serde_json::from_str::<serde_json::Value>(fields).unwrap(), "at": "21 November, 09:00 PST"});
        assert_eq!(kept, json!({"kept": mine, "writing": []}));
        // Somebody else sees that, not what; and in another form nothing.
        let other = shown(As::Administrator).await;
        assert_eq!(other, json!({"kept": null, "writing": ["operator is writing in this form too, since 09:00 PST"]}));
        let elsewhere = app.page(As::Administrator, "/console/kept?place=/console/announcements").await.json();
        assert_eq!(elsewhere["writing"], json!([]));
        // Nobody is waited for after a quarter of an hour; what was typed is there the next day all the same.
        app.advance(24 * 60);
        assert_eq!(shown(As::Administrator).await["writing"], json!([]));
        assert_eq!(shown(As::Operator).await["kept"], mine);
        // A refused form keeps it, one that is taken does not.
        app.form(As::Operator, place, &[("title", "New"), ("do", "create")]).await.is(422);
        assert_eq!(shown(As::Operator).await["kept"], mine);
        let whole = [("title", "New"), ("kind", "routine"), ("services", "portal"), ("start", "2026-12-10T22:00"),
            ("end", "2026-12-10T23:00"), ("facts.effect", "You cannot sign in."), ("do", "create")];
        app.form(As::Operator, place, &whole).await.is(303);
        assert_eq!(shown(As::Operator).await["kept"], json!(null));
        // Whoever empties a form gives it up.
        app.form(As::Operator, "/console/kept", &typed).await.is(200);
        app.form(As::Operator, "/console/kept", &[("place", place), ("fields", "[]")]).await.is(200);
        assert_eq!(shown(As::Operator).await["kept"], json!(null));
    }

    async fn what_is_no_form_is_not_kept(app: TestApp) {
        app.apply_campus().await;
        let long = format!(r#"[["a","{}"]]"#, "x".repeat(420_000));
        let far = format!("/console/{}", "x".repeat(300));
        for (place, fields) in [
            ("https://example.org/console/x", "[]"),
            ("/console/a b", "[]"),
            ("/api/v1/incidents", "[]"),
            (&far, "[]"),
            ("/console/x", "a=b"),
            ("/console/x", r#"{"a":"b"}"#),
            ("/console/x", r#"[["a"]]"#),
            ("/console/x", &long),
        ] {
            app.form(As::Operator, "/console/kept", &[("place", place), ("fields", fields)]).await.is(422);
        }
        let fields = [("place", "/console/x"), ("fields", r#"[["a","b"]]"#)];
        app.form(As::Viewer, "/console/kept", &fields).await.is(403);
        app.page(As::Nobody, "/console/kept?place=/console/x").await.is(303);
        app.page(As::Operator, "/console/kept").await.is(422);
    }
}
