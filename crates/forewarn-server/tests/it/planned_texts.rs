//! What each level reads of planned work and of announcements: made of the facts, edited for one message, guarded as its level is.

use crate::app::{As, TestApp, upgrade};
use serde_json::{Value, json};

const WORK: &str = "/api/v1/maintenances";
const MNT: &str = "/api/v1/maintenances/MNT-1";
const OWNERS: &str = "
policies: [{id: routine, for: {event: maintenance}, before: [5bd, 1bd], approval: {default: [business_owner]}}]
";
const OWN: &str = "Please use the *old* portal.";

/// Work with an edited text for everybody.
fn edited(text: &str) -> Value {
    let mut work = upgrade();
    work["texts"] = json!({"non_technical": text});
    work
}

fn release(text: &str) -> Value {
    json!({"title": "Portal 5", "services": ["portal"], "effective": "2026-12-08T10:00",
        "facts": {"effect": "Marks stand on the first page"}, "texts": {"non_technical": text}})
}

async fn planned(app: &TestApp) {
    app.apply_campus().await;
    app.post(WORK, &edited(OWN)).await.is(201);
}

fn said(text: &str) -> Value {
    json!({"non_technical": text})
}

fn fields(problems: &[String]) -> Vec<&str> {
    problems
        .iter()
        .map(|p| p.split(": ").next().unwrap())
        .collect()
}

/// The mails of a preview by level.
fn mails(shown: &Value) -> Vec<(&str, &str)> {
    let mails = shown["messages"].as_array().unwrap().iter();
    let mails = mails.filter(|m| m["channel"] == "email");
    mails
        .map(|m| (m["level"].as_str().unwrap(), m["text"].as_str().unwrap()))
        .collect()
}

async fn public(app: &TestApp, id: &str) -> String {
    app.expand_due().await;
    app.refresh().await;
    app.page(As::Nobody, &format!("/events/{id}")).await.text()
}

on_both_databases! {
    async fn what_people_are_told_ahead_is_edited_as_a_whole_and_message_by_message(app: TestApp) {
        app.apply_campus().await;
        let shown = app.post(&format!("{WORK}/preview"), &edited(OWN)).await.is(200).json();
        let texts = shown["texts"].as_array().unwrap();
        let begun: Vec<_> = texts.iter().map(|t| (t["level"].as_str().unwrap(), t.get("edited"))).collect();
        assert_eq!(begun, [("non_technical", Some(&json!(OWN))), ("semi_technical", None), ("technical", None)]);
        let made = texts[0]["made"].as_str().unwrap();
        assert!(made.contains("Planned maintenance will affect") && !made.contains("latest news"), "{made}");
        assert_eq!((&texts[0]["audiences"], texts[0]["review"]["findings"].is_array()), (&json!(["Students"]), true));
        app.post(WORK, &edited(OWN)).await.is(201);
        assert_eq!(app.get(MNT).await.json()["edited_texts"], json!({"announcement": {"non_technical": OWN}}));
        let page = public(&app, "MNT-1").await;
        assert!(page.contains("Please use the <em>old</em> portal."), "{page}");
        // Its window stands beside it, whatever was edited.
        assert!(page.contains("22:00"), "{page}");
        let preview = "/api/v1/events/MNT-1/texts/preview";
        let shown = app.post(preview, &json!({"milestone": "reminder", "texts": {}})).await.is(200).json();
        let students = mails(&shown)[0].1;
        assert!(students.contains("Please use the old portal.") && students.contains("22:00"), "{students}");
        // A reminder and the end have words of their own.
        let texts = "/api/v1/events/MNT-1/texts";
        app.post(texts, &json!({"milestone": "reminder", "texts": said("It is soon.")})).await.is(200);
        let done = app.post(texts, &json!({"milestone": "completion", "texts": {"technical": "Node 3 is new."}})).await.is(200).json();
        assert_eq!(done["edited_texts"]["reminder"], said("It is soon."));
        let shown = app.post(preview, &json!({"milestone": "reminder", "texts": said("It is very soon.")})).await.is(200).json();
        assert!(mails(&shown)[0].1.contains("It is very soon."), "{shown:#}");
        app.post(texts, &json!({"milestone": "reminder", "texts": {"non_technical": null}})).await.is(200);
        assert_eq!(app.get(MNT).await.json()["edited_texts"].as_object().unwrap().len(), 2);
        let journal = app.app.store.journal(Some("MNT-1"), None, 3).await.unwrap();
        assert_eq!((journal[2].action.as_str(), &journal[2].detail["texts"]), ("maintenance.texts_edited", &said("It is soon.")));
    }

    async fn every_move_brings_its_own_words_and_ends_those_before(app: TestApp) {
        planned(&app).await;
        let wrong = json!({"start": "2026-12-02T22:00", "texts": {"non_technical": " ", "tecnical": "x"}});
        let problems = app.post(&format!("{MNT}/delay"), &wrong).await.is(422).problems();
        assert_eq!(fields(&problems), ["texts.non_technical", "texts.tecnical"], "{problems:?}");
        let moved = json!({"start": "2026-12-02T22:00", "reason": "A part is late.", "texts": said("One day later.")});
        let shown = app.post("/api/v1/events/MNT-1/delay/preview", &moved).await.is(200).json();
        let text = mails(&shown)[0].1;
        assert!(text.contains("One day later.") && text.contains("22:00"), "{text}");
        assert_eq!((&shown["texts"][0]["edited"], &shown["texts"][0]["audiences"]), (&json!("One day later."), &json!(["Students"])));
        assert_eq!(app.get(MNT).await.json()["revision"], 1, "nothing was stored");
        let done = app.post(&format!("{MNT}/delay"), &moved).await.is(200).json();
        // The words before spoke of another day.
        assert_eq!(done["edited_texts"], json!({"delay": said("One day later.")}));
        assert!(public(&app, "MNT-1").await.contains("One day later."));
        app.post(&format!("{MNT}/start"), &json!({"texts": said("We begin.")})).await.is(200);
        assert!(public(&app, "MNT-1").await.contains("We begin."));
        let longer = json!({"end": "2026-12-03T06:00", "texts": said("We need longer.")});
        app.post(&format!("{MNT}/extend"), &longer).await.is(200);
        assert!(public(&app, "MNT-1").await.contains("We need longer."));
        let end = app.post(&format!("{MNT}/complete"), &json!({"texts": said("All is new.")})).await.is(200).json();
        assert_eq!(end["edited_texts"], json!({"extension": said("We need longer."), "completion": said("All is new.")}));
        assert!(public(&app, "MNT-1").await.contains("All is new."));
        let over = app.post("/api/v1/events/MNT-1/texts", &json!({"texts": said("x")})).await.is(409).text();
        assert!(over.contains("only what is not over"), "{over}");
    }

    async fn words_of_planned_work_are_guarded_and_all_is_told_at_once(app: TestApp) {
        app.apply_campus().await;
        let leak = "It is on 10.20.30.40.";
        let mut wrong = upgrade();
        wrong["texts"] = json!({"non_technical": leak, "semi_technical": "x".repeat(10_001), "technical": leak, "all": "x"});
        wrong["end"] = json!("2026-11-30T20:00");
        let problems = app.post(WORK, &wrong).await.is(422).problems();
        assert_eq!(fields(&problems), ["maintenance.end", "maintenance.texts.all", "maintenance.texts.semi_technical",
            "maintenance.texts.non_technical", "maintenance.privacy_override"], "{problems:?}");
        app.get(MNT).await.is(404);
        planned(&app).await;
        let new = json!({"milestone": "delay", "texts": {"non_technical": leak, "technical": "<!-- -->"}});
        let problems = app.post("/api/v1/events/MNT-1/texts", &new).await.is(422).problems();
        assert_eq!(fields(&problems), ["milestone", "texts.technical", "texts.non_technical", "privacy_override"], "{problems:?}");
        let problems = app.post("/api/v1/events/MNT-1/texts", &json!({})).await.is(422).problems();
        assert_eq!(fields(&problems), ["texts"], "{problems:?}");
        for (action, mut body) in [("start", json!({})), ("cancel", json!({})), ("delay", json!({"start": "2026-12-02T22:00"}))] {
            body["texts"] = said(leak);
            let problems = app.post(&format!("{MNT}/{action}"), &body).await.is(422).problems();
            assert_eq!(fields(&problems), ["texts.non_technical", "privacy_override"], "{action}: {problems:?}");
        }
        let open = json!({"texts": said(leak), "privacy_override": "It is public."});
        app.post("/api/v1/events/MNT-1/texts", &open).await.is(200);
        let journal = app.app.store.journal(Some("MNT-1"), None, 1).await.unwrap();
        assert_eq!(journal[0].detail["privacy_override"]["reason"], "It is public.");
    }

    async fn owners_agree_to_the_edited_words_of_work_and_a_later_edit_asks_again(app: TestApp) {
        app.apply_campus().await;
        app.yaml("/api/v1/documents", OWNERS).await.is(200);
        app.post(WORK, &edited("The first words.")).await.is(201);
        let asked = async || app.get("/api/v1/events/MNT-1/approvals").await.is(200).json();
        let first = asked().await;
        assert!(first["notices"].to_string().contains("The first words.") && first["approved"] == false, "{first:#}");
        let by = |hash: &Value| json!({"hash": hash, "override": {"reason": "The owner is on a plane."}});
        app.post(&format!("{MNT}/approve"), &by(&first["hash"])).await.is(200);
        assert_eq!(asked().await["approved"], true);
        app.post("/api/v1/events/MNT-1/texts", &json!({"texts": said("Other words.")})).await.is(200);
        let second = asked().await;
        assert!(second["approved"] == false && second["hash"] != first["hash"], "{second:#}");
        assert!(!public(&app, "MNT-1").await.contains("Other words."));
        app.post(&format!("{MNT}/approve"), &by(&first["hash"])).await.is(409);
        app.post(&format!("{MNT}/approve"), &by(&second["hash"])).await.is(200);
        assert!(public(&app, "MNT-1").await.contains("Other words."));
    }

    async fn a_move_that_is_undone_gives_the_words_back(app: TestApp) {
        planned(&app).await;
        let before = app.get(MNT).await.json();
        let moved = json!({"start": "2026-12-02T22:00", "texts": said("One day later."), "undo": true});
        app.post(&format!("{MNT}/delay"), &moved).await.is(200);
        app.post(&format!("{MNT}/cancel"), &json!({"texts": said("Not at all."), "undo": true})).await.is(200);
        let undone = app.post(&format!("{MNT}/undo"), &Value::Null).await.is(200).json();
        assert_eq!(undone["edited_texts"], json!({"delay": said("One day later.")}));
        let undone = app.post(&format!("{MNT}/undo"), &Value::Null).await.is(200).json();
        assert_eq!((&undone["edited_texts"], &undone["start"]), (&before["edited_texts"], &before["start"]));
    }

    async fn an_announcement_says_what_was_edited_until_it_moves(app: TestApp) {
        app.apply_campus().await;
        let (all, one) = ("/api/v1/announcements", "/api/v1/announcements/ANN-1");
        let shown = app.post(&format!("{all}/preview"), &release(OWN)).await.is(200).json();
        assert!(shown["texts"][0]["edited"] == OWN && shown["texts"][0]["made"].as_str().unwrap().contains("first page"), "{shown:#}");
        app.post(all, &release(OWN)).await.is(201);
        app.advance(60 * 24 * 11);
        assert!(public(&app, "ANN-1").await.contains("Please use the <em>old</em> portal."));
        let leak = json!({"effective": "2026-12-15T10:00", "texts": said("It is on 10.20.30.40.")});
        let problems = app.post(&format!("{one}/move"), &leak).await.is(422).problems();
        assert_eq!(fields(&problems), ["texts.non_technical", "privacy_override"], "{problems:?}");
        let later = json!({"effective": "2026-12-15T10:00", "texts": said("A week later.")});
        let shown = app.post("/api/v1/events/ANN-1/move/preview", &later).await.is(200).json();
        assert!(mails(&shown)[0].1.contains("A week later."), "{shown:#}");
        let moved = app.post(&format!("{one}/move"), &later).await.is(200).json();
        assert_eq!(moved["edited_texts"], json!({"delay": said("A week later.")}));
        assert!(public(&app, "ANN-1").await.contains("A week later."));
        // What was written for the times before is not kept, and what was written for the planned moment is not said before it.
        let late = |revision: i64| json!({"milestone": "effective", "texts": said("It is there since 15 December."), "revision": revision});
        let refused = app.post("/api/v1/events/ANN-1/texts", &late(1)).await.is(409).text();
        assert!(refused.contains("other times than your texts were written for"), "{refused}");
        app.post("/api/v1/events/ANN-1/texts", &late(2)).await.is(200);
        let page = app.page(As::Operator, "/console/events/ANN-1/texts-effective/words").await.is(200).text();
        assert!(page.contains("name=\"revision\" value=\"2\""), "{page}");
        let there = json!({"texts": said("It is there already.")});
        let shown = app.post("/api/v1/events/ANN-1/effective/preview", &Value::Null).await.is(200).json();
        assert!(!mails(&shown)[0].1.contains("since 15 December"), "{shown:#}");
        app.post(&format!("{one}/effective"), &there).await.is(200);
        assert!(public(&app, "ANN-1").await.contains("It is there already."));
        app.post("/api/v1/events/ANN-1/start/preview", &json!({})).await.is(404);
    }

    async fn the_forms_of_what_is_new_show_each_level_and_send_what_was_changed(app: TestApp) {
        app.apply_campus().await;
        let work = [("title", "Upgrade"), ("kind", "routine"), ("services", "database"), ("start", "2026-11-30T22:00"), ("end", "2026-12-01T02:00"),
            ("facts.effect", "You cannot sign in."), ("texts.non_technical", OWN), ("made.non_technical", "Older."), ("do", "create")];
        let change = [("title", "Portal 5"), ("kind", "release"), ("services", "portal"), ("effective", "2026-12-08T10:00"),
            ("facts.effect", "You see marks first."), ("texts.non_technical", OWN), ("made.non_technical", "Older."), ("do", "create")];
        let fault = [("services", "portal"), ("effect", "Exports leave out a line."), ("texts.non_technical", OWN), ("made.non_technical", "Older."), ("do", "create")];
        for (kind, form, made) in [("maintenances", &work[..], "Planned maintenance will affect"), ("announcements", &change[..], "You see marks first"), ("advisories", &fault[..], "Exports leave out a line")] {
            let page = app.page(As::Operator, &format!("/console/{kind}/new")).await.is(200).text();
            assert!(page.contains("What each level reads") && page.contains(&format!("formaction=\"/console/{kind}/new/preview\"")), "{page}");
            let path = format!("/console/{kind}/new/preview");
            let shown = app.form(As::Operator, &path, form).await.is(200).text();
            assert!(shown.contains("data-made=\"non_technical\"") && shown.contains(made) && shown.contains("Please use the"), "{kind}: {shown}");
            assert!(shown.contains("What is made for everybody has changed since"), "{shown}");
            app.form(As::Viewer, &path, form).await.is(403);
            let mut emptied = form.to_vec();
            emptied.iter_mut().filter(|(name, _)| *name == "texts.non_technical").for_each(|(_, text)| *text = " ");
            let refused = app.form(As::Operator, &format!("/console/{kind}"), &emptied).await.is(422).text();
            assert!(refused.contains("put back what was made") && refused.contains("href=\"#f-texts.non_technical\""), "{kind}: {refused}");
            app.form(As::Operator, &format!("/console/{kind}"), form).await.is(303);
        }
        assert_eq!(app.get(MNT).await.json()["edited_texts"], json!({"announcement": said(OWN)}));
        assert_eq!(app.get("/api/v1/announcements/ANN-1").await.json()["edited_texts"], json!({"announcement": said(OWN)}));
        assert_eq!(app.get("/api/v1/advisories/ADV-1").await.json()["updates"][0]["texts"], said(OWN));
    }

    async fn what_people_are_told_of_an_act_is_seen_edited_and_done_on_one_page(app: TestApp) {
        planned(&app).await;
        let page = app.page(As::Operator, "/console/maintenances/MNT-1").await.is(200).text();
        assert!(page.contains("formaction=\"/console/events/MNT-1/delay/preview\"") && page.contains("/console/events/MNT-1/start/words"), "{page}");
        let at = "/console/events/MNT-1/delay";
        // What is not filled in yet is told, and what is made is seen all the same.
        let page = app.page(As::Operator, &format!("{at}/words")).await.is(200).text();
        assert!(page.contains("name=\"texts.non_technical\"") && page.contains("Start: is missing"), "{page}");
        let mut form = vec![("start", "2026-12-02T22:00"), ("reason", "A part is late."), ("made.non_technical", "x"), ("texts.non_technical", "One day later.")];
        let page = app.form(As::Operator, &format!("{at}/preview"), &form).await.is(200).text();
        assert!(page.contains("One day later.") && page.contains("value=\"2026-12-02T22:00\"") && page.contains("data-made=\"technical\""), "{page}");
        assert_eq!(app.get(MNT).await.json()["revision"], 1);
        form[3].1 = "It is on 10.20.30.40.";
        let page = app.form(As::Operator, &format!("{at}/words"), &form).await.is(422).text();
        assert!(page.contains("href=\"#f-texts.non_technical\"") && page.contains("name=\"privacy_override\"") && page.contains("10.20.30.40"), "{page}");
        form[3].1 = "One day later.";
        app.form(As::Viewer, &format!("{at}/words"), &form).await.is(403);
        app.form(As::Operator, &format!("{at}/words"), &form).await.is(303);
        let shown = app.get(MNT).await.json();
        assert_eq!((&shown["edited_texts"], &shown["revision"]), (&json!({"delay": said("One day later.")}), &json!(2)));
        assert_ne!(shown["undo_until"], Value::Null);
        // A message to come, from the page that shows it.
        let page = app.page(As::Operator, "/console/events/MNT-1/preview?milestone=completion").await.text();
        let edit = "/console/events/MNT-1/texts-completion/words";
        assert!(page.contains(edit), "{page}");
        let (page, viewer) = (app.page(As::Operator, edit).await.is(200).text(), app.page(As::Viewer, "/console/events/MNT-1/preview?milestone=completion").await.text());
        assert!(page.contains("name=\"texts.technical\"") && !viewer.contains(edit), "{page}");
        let form = [("made.technical", "x"), ("texts.technical", "Node 3 is new.")];
        app.form(As::Operator, edit, &form).await.is(303);
        let page = app.page(As::Operator, edit).await.text();
        assert!(page.contains("Node 3 is new.") && !page.contains("has changed since"), "{page}");
        // Put back, it is made again.
        let form = [("made.technical", "x"), ("texts.technical", "x")];
        app.form(As::Operator, edit, &form).await.is(303);
        assert_eq!(app.get(MNT).await.json()["edited_texts"], json!({"delay": said("One day later.")}));
        for none in ["/console/events/MNT-1/texts/words", "/console/events/MNT-1/texts-delay/words", "/console/events/MNT-1/approve/words"] {
            app.page(As::Operator, none).await.is(404);
        }
    }

    async fn a_fault_and_a_change_are_told_from_the_same_page(app: TestApp) {
        app.apply_campus().await;
        app.post("/api/v1/announcements", &release(OWN)).await.is(201);
        let fault = json!({"services": ["portal"], "effect": "Exports leave out a line."});
        app.post("/api/v1/advisories", &fault).await.is(201);
        for (event, page, forms) in [("ANN-1", "announcements", ["move", "effective", "cancel"]), ("ADV-1", "advisories", ["updates", "fix", "withdraw"])] {
            let page = app.page(As::Operator, &format!("/console/{page}/{event}")).await.is(200).text();
            for form in forms {
                assert!(page.contains(&format!("formaction=\"/console/events/{event}/{form}/preview\"")), "{form}: {page}");
                app.page(As::Operator, &format!("/console/events/{event}/{form}/words")).await.is(200);
            }
        }
        // As the form of the fault's page names it.
        let form = [("fixed_text", ""), ("action", "Install 4.2.1."), ("version", "1")];
        let page = app.form(As::Operator, "/console/events/ADV-1/fix/preview", &form).await.is(200).text();
        assert!(page.contains("name=\"text\"") && page.contains("name=\"version\" value=\"1\"") && page.contains("Install 4.2.1."), "{page}");
        let form = [("action", "Install 4.2.1."), ("version", "1"), ("made.non_technical", "x"), ("texts.non_technical", "Exports are whole.")];
        app.form(As::Operator, "/console/events/ADV-1/fix/words", &form).await.is(303);
        let shown = app.get("/api/v1/advisories/ADV-1").await.json();
        assert_eq!((&shown["status"], &shown["updates"][1]["texts"]), (&json!("fixed"), &said("Exports are whole.")));
        let form = [("why", "We wait."), ("made.non_technical", "x"), ("texts.non_technical", "Not this year.")];
        app.form(As::Operator, "/console/events/ANN-1/cancel/words", &form).await.is(303);
        let shown = app.get("/api/v1/announcements/ANN-1").await.json();
        assert_eq!((&shown["status"], &shown["edited_texts"]["cancellation"]), (&json!("cancelled"), &said("Not this year.")));
    }
}
