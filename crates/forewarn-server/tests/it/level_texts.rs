//! The text of each level: made of the facts, edited for one message, guarded as its level is, and agreed to as it goes out.

use crate::app::{As, TestApp};
use serde_json::{Value, json};

const INCIDENTS: &str = "/api/v1/incidents";
const UPDATES: &str = "/api/v1/incidents/INC-1/updates";
const PREVIEW: &str = "/api/v1/incidents/INC-1/updates/preview";
const PAGE: &str = "/console/incidents/INC-1";
const OWNERS: &str = "
policies: [{id: incident, for: {event: incident}, approval: {default: [business_owner]}}]
";

fn outage() -> Value {
    json!({"services": {"database": "major_outage"}, "severity": "P1", "spokesperson": "Sam",
        "effect": "Some people cannot sign in."})
}

async fn declared(app: &TestApp) {
    app.apply_campus().await;
    app.post(INCIDENTS, &outage()).await.is(201);
}

/// What the notices of this milestone say by mail, by audience.
async fn said(app: &TestApp, body: &Value) -> Vec<(String, String)> {
    let shown = app.post(PREVIEW, body).await.is(200).json();
    let mails = shown["messages"].as_array().unwrap().iter();
    let mails = mails.filter(|m| m["channel"] == "email");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    mails
        .map(|m| (text(&m["level"]), text(&m["text"])))
        .collect()
}

fn fields(problems: &[String]) -> Vec<&str> {
    problems
        .iter()
        .map(|p| p.split(": ").next().unwrap())
        .collect()
}

/// The text of a level in a form of the console: what is hidden beside it, and what stands in its field.
fn in_form(page: &str, level: &str) -> (String, String) {
    let (_, rest) = page
        .split_once(&format!("name=\"made.{level}\" value=\""))
        .expect(page);
    let (made, rest) = rest.split_once("\">").unwrap();
    let (_, rest) = rest.split_once("<textarea").unwrap();
    let (_, rest) = rest.split_once(">\n").unwrap();
    let (typed, _) = rest.split_once("</textarea>").unwrap();
    (made.to_owned(), typed.to_owned())
}

on_both_databases! {
    async fn each_level_reads_what_was_edited_for_it_and_the_next_message_is_made_again(app: TestApp) {
        declared(&app).await;
        let plain = json!({"status": "identified"});
        let made = said(&app, &plain).await;
        let mut edited = plain.clone();
        edited["texts"] = json!({"non_technical": "Please use the *old* portal."});
        let shown = app.post(PREVIEW, &edited).await.is(200).json();
        let texts = shown["texts"].as_array().unwrap();
        let levels: Vec<_> = texts.iter().map(|t| (&t["level"], &t["audiences"], t.get("edited"))).collect();
        let (all, some, few) = (json!("non_technical"), json!("semi_technical"), json!("technical"));
        let (students, engineers, nobody) = (json!(["Students"]), json!(["On-call engineers"]), json!([]));
        let own = json!("Please use the *old* portal.");
        assert_eq!(levels, [(&all, &students, Some(&own)), (&some, &nobody, None), (&few, &engineers, None)], "{shown:#}");
        // What an edit begins with is the same before and after.
        let begun = texts[0]["made"].as_str().unwrap();
        assert!(begun.contains("Some people cannot sign in.") && !begun.contains("Next update"), "{begun}");
        assert!(texts[0]["review"]["findings"].is_array() && texts[2].get("review").is_none(), "{shown:#}");

        let (before, after) = (&made, said(&app, &edited).await);
        assert_eq!(before[1], after[1], "engineers read what is made");
        let students = &after[0].1;
        assert!(students.contains("Please use the old portal.") && !students.contains("cannot sign in"), "{students}");
        assert!(students.contains("Next update: by 10:00 PST (UTC-08:00, Los Angeles)"), "{students}");
        app.post(UPDATES, &edited).await.is(201);
        let shown = app.get("/api/v1/incidents/INC-1").await.json();
        assert_eq!(shown["updates"][1]["texts"], json!({"non_technical": "Please use the *old* portal."}));
        app.expand_due().await;
        app.refresh().await;
        let page = app.page(As::Nobody, "/events/INC-1").await.text();
        assert!(page.contains("Please use the <em>old</em> portal."), "{page}");
        let versions = app.get("/api/v1/events/INC-1/versions").await.text();
        assert!(versions.contains("Please use the *old* portal."), "{versions}");
        // One message's words; the next one is made of the facts.
        let next = said(&app, &json!({"status": "monitoring"})).await;
        assert!(!next[0].1.contains("old portal"), "{next:?}");
    }

    async fn a_text_is_guarded_as_one_of_its_level_and_all_is_told_at_once(app: TestApp) {
        declared(&app).await;
        let leak = "It is on 10.20.30.40.";
        let wrong = json!({"status": "resovled", "texts": {"non_technical": leak, "semi_technical": leak, "technical": leak, "summary": "x"}});
        let problems = app.post(UPDATES, &wrong).await.is(422).problems();
        assert_eq!(fields(&problems), ["status", "texts.summary", "texts.non_technical", "texts.semi_technical", "privacy_override"], "{problems:?}");
        assert!(problems[2].contains("'10.20.30.40', from 9 to 20"), "{problems:?}");
        let empty = json!({"texts": {"non_technical": " ", "technical": "a\u{7}", "semi_technical": "x".repeat(1_000_000)}});
        let problems = app.post(UPDATES, &empty).await.is(422).problems();
        assert_eq!(problems, ["texts.non_technical: is empty", "texts.semi_technical: is longer than 10000 characters", "texts.technical: contains control characters"]);
        assert_eq!(app.get("/api/v1/incidents/INC-1").await.json()["updates"].as_array().unwrap().len(), 1);
        // Technical staff may read of it; others only with a reason, which stays on record.
        app.post(UPDATES, &json!({"texts": {"technical": leak}})).await.is(201);
        let open = json!({"texts": {"non_technical": leak}, "privacy_override": "It is public."});
        app.post(UPDATES, &open).await.is(201);
        let journal = app.app.store.journal(Some("INC-1"), None, 1).await.unwrap();
        assert_eq!(journal[0].detail["privacy_override"], json!({"reason": "It is public.", "found": ["ip_address"]}));
        let public = json!({"texts": {"non_technical": leak}, "services": {"portal": "major_outage"}, "severity": "P1"});
        let problems = app.post(INCIDENTS, &public).await.is(422).problems();
        assert_eq!(fields(&problems), ["texts.non_technical", "privacy_override"], "{problems:?}");
    }

    async fn owners_agree_to_the_edited_words_and_a_later_edit_asks_again(app: TestApp) {
        declared(&app).await;
        app.yaml("/api/v1/documents", OWNERS).await.is(200);
        let asked = async || app.get("/api/v1/events/INC-1/approvals").await.is(200).json();
        let said = |words: &str| json!({"status": "identified", "texts": {"non_technical": words}});
        app.request(As::Operator, "POST", UPDATES, &said("The first words.").to_string()).await.is(201);
        let first = asked().await;
        let texts = first["notices"].to_string();
        assert!(texts.contains("The first words.") && first["approved"] == false, "{first:#}");
        app.request(As::Operator, "POST", UPDATES, &said("Other words.").to_string()).await.is(201);
        let second = asked().await;
        assert!(second["notices"].to_string().contains("Other words.") && first["hash"] != second["hash"], "{second:#}");
        // Who read the first words agreed to those and to no others.
        let approve = "/api/v1/incidents/INC-1/approve";
        let by = |hash: &Value| json!({"hash": hash, "override": {"reason": "The owner is on a plane."}});
        app.post(approve, &by(&first["hash"])).await.is(409);
        app.post(approve, &by(&second["hash"])).await.is(200);
        assert_eq!(asked().await["approved"], json!(true));
    }

    async fn the_first_word_and_the_last_can_be_edited(app: TestApp) {
        app.apply_campus().await;
        let mut body = outage();
        body["texts"] = json!({"non_technical": "Sign-in is slow."});
        let shown = app.post("/api/v1/incidents/preview", &body).await.is(200).json();
        assert!(shown["messages"].to_string().contains("Sign-in is slow."), "{shown:#}");
        assert_eq!((&shown["texts"][0]["edited"], &shown["texts"][2]["audiences"]), (&json!("Sign-in is slow."), &json!(["On-call engineers"])));
        app.get("/api/v1/incidents/INC-0").await.is(404);
        body["services"] = json!({"databse": "major_outage"});
        app.post("/api/v1/incidents/preview", &body).await.is(422);
        body["services"] = json!({"database": "major_outage"});
        let answer = app.post(INCIDENTS, &body).await.is(201).json();
        assert_eq!(answer["updates"][0]["texts"]["non_technical"], "Sign-in is slow.");
        let end = json!({"status": "resolved", "texts": {"non_technical": "All is well again."}});
        app.post(UPDATES, &end).await.is(201);
        let again = app.post(UPDATES, &json!({"status": "investigating", "texts": {"technical": null}})).await.is(422).problems();
        assert!(again[0].starts_with("text: is missing: people hear why it is open again"), "{again:?}");
        let past = json!({"services": {"database": "none"}, "severity": "P1", "backfilled": true, "started_at": "2026-11-01T00:00:00Z",
            "resolved_at": "2026-11-01T01:00:00Z", "texts": {"non_technical": "x"}});
        let problems = app.post(INCIDENTS, &past).await.is(422).problems();
        assert_eq!(fields(&problems), ["texts"], "{problems:?}");
    }

    async fn the_form_sends_what_was_changed_and_nothing_else(app: TestApp) {
        declared(&app).await;
        let page = app.page(As::Operator, PAGE).await.is(200).text();
        let (made, typed) = in_form(&page, "technical");
        assert!(made == typed && made.contains("cannot sign in"), "{page}");
        let browser = made.replace('\n', "\r\n");
        let (version, own) = ("1", "Please use the old portal.");
        let form = [("version", version), ("status", "identified"), ("severity", ""), ("text", ""),
            ("made.technical", browser.as_str()), ("texts.technical", browser.as_str()),
            ("made.non_technical", made.as_str()), ("texts.non_technical", own)];
        // The preview says that the facts are others than those with which the edit began.
        let preview = app.form(As::Operator, "/console/incidents/INC-1/preview", &form).await.is(200).text();
        assert!(preview.contains(own) && preview.contains("data-made=\"technical\""), "{preview}");
        assert!(preview.contains("What is made for everybody has changed since"), "{preview}");
        assert!(!preview.contains("What is made for technical staff has changed"), "{preview}");
        let mut emptied = form;
        emptied[7].1 = " ";
        let refused = app.form(As::Operator, &format!("{PAGE}/updates"), &emptied).await.is(422).text();
        assert!(refused.contains("put back what was made") && refused.contains("href=\"#f-texts.non_technical\""), "{refused}");
        app.form(As::Operator, &format!("{PAGE}/updates"), &form).await.is(303);
        let shown = app.get("/api/v1/incidents/INC-1").await.json();
        assert_eq!(shown["updates"][1]["texts"], json!({"non_technical": own}));
        // Taken back before anybody is told, it stands in the form again.
        app.form(As::Operator, &format!("{PAGE}/undo"), &[]).await.is(303);
        let page = app.page(As::Operator, PAGE).await.is(200).text();
        let (made, typed) = in_form(&page, "non_technical");
        assert!(typed == own && made != own, "{page}");
        let (made, typed) = in_form(&page, "semi_technical");
        assert_eq!(made, typed);
    }

    async fn the_form_that_declares_shows_what_the_first_word_says(app: TestApp) {
        app.apply_campus().await;
        let page = app.page(As::Operator, "/console/incidents/new").await.is(200).text();
        assert_eq!(in_form(&page, "non_technical"), (String::new(), String::new()));
        let form = [("services.database", "major_outage"), ("services.portal", "none"), ("severity", "P1"),
            ("effect", "You cannot sign in."), ("made.non_technical", ""), ("texts.non_technical", "")];
        let preview = app.form(As::Operator, "/console/incidents/new/preview", &form).await.is(200).text();
        assert!(preview.contains("data-made=\"non_technical\" data-text=\"You cannot sign in."), "{preview}");
        app.form(As::Viewer, "/console/incidents/new/preview", &form).await.is(403);
        let mut own = form;
        own[5].1 = "Sign-in is slow.";
        app.form(As::Operator, "/console/incidents", &own).await.is(303);
        let shown = app.get("/api/v1/incidents/INC-1").await.json();
        assert_eq!(shown["updates"][0]["texts"], json!({"non_technical": "Sign-in is slow."}));
    }

    async fn words_about_a_fault_can_be_edited_too(app: TestApp) {
        app.apply_campus().await;
        let (faults, own) = ("/api/v1/advisories", "The export needs a second look.");
        let report = json!({"services": ["portal"], "effect": "Exports leave out a line.", "texts": {"non_technical": own}});
        let shown = app.post("/api/v1/advisories/preview", &report).await.is(200).json();
        let text = &shown["texts"][0];
        assert_eq!((&text["edited"], &text["audiences"]), (&json!(own), &json!(["Students"])));
        assert!(text["made"].as_str().unwrap().contains("Exports leave out a line."), "{shown:#}");
        app.post(faults, &report).await.is(201);
        app.expand_due().await;
        app.refresh().await;
        let page = app.page(As::Nobody, "/events/ADV-1").await.text();
        assert!(page.contains(own), "{page}");
        let leak = json!({"texts": {"semi_technical": "It is on 10.20.30.40."}});
        let problems = app.post(&format!("{faults}/ADV-1/updates"), &leak).await.is(422).problems();
        assert_eq!(fields(&problems), ["texts.semi_technical", "privacy_override"], "{problems:?}");
        app.post(&format!("{faults}/ADV-1/updates"), &json!({"texts": {"technical": "It is on 10.20.30.40."}})).await.is(201);
        app.post(&format!("{faults}/ADV-1/fix"), &json!({"texts": {"non_technical": "Exports are whole."}})).await.is(200);
        let shown = app.get(&format!("{faults}/ADV-1")).await.json();
        let texts: Vec<&Value> = shown["updates"].as_array().unwrap().iter().map(|u| &u["texts"]).collect();
        assert_eq!(texts, [&json!({"non_technical": own}), &json!({"technical": "It is on 10.20.30.40."}), &json!({"non_technical": "Exports are whole."})]);
    }
}
