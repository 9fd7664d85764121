//! What an update would say, before anybody hears of it.

use crate::app::{As, TestApp};
use serde_json::{Value, json};

async fn declared() -> TestApp {
    let app = TestApp::campus().await;
    let incident = json!({"services": {"database": "major_outage"}, "severity": "P1", "spokesperson": "Sam",
        "effect": "Some people cannot sign in"});
    app.post("/api/v1/incidents", &incident).await.is(201);
    app
}

const AT: &str = "/api/v1/incidents/INC-1/updates/preview";

fn rules(message: &Value) -> Vec<&str> {
    let findings = message["review"]["findings"].as_array().unwrap().iter();
    findings.map(|f| f["rule"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn each_text_is_shown_once_with_who_would_read_it_and_nobody_does() {
    let app = declared().await;
    let before = app.get("/api/v1/incidents/INC-1").await.text();
    let said = json!({"status": "identified", "text": "You can use the old portal. We restarted db-07.int.example.edu."});
    let shown = app.post(AT, &said).await.is(200).json();
    let messages = shown["messages"].as_array().unwrap();
    let to: Vec<_> = messages
        .iter()
        .map(|m| (&m["channel"], &m["level"], &m["audiences"]))
        .collect();
    let (customers, engineers) = (json!(["Students"]), json!(["On-call engineers"]));
    let (email, webhook) = (json!("email"), json!("webhook"));
    let (everybody, technical) = (json!("non_technical"), json!("technical"));
    let expected = [
        (&email, &everybody, &customers),
        (&email, &technical, &engineers),
        (&webhook, &technical, &engineers),
    ];
    assert_eq!(to, expected, "{shown:#}");
    for message in messages {
        let text = message["text"].as_str().unwrap();
        assert!(text.contains("You can use the old portal."), "{text}");
        assert!(
            !rules(message).contains(&"Q2"),
            "the promise is in it: {message:#}"
        );
    }
    assert!(
        messages[0]["text"].as_str().unwrap().contains("10:00 PST"),
        "{shown:#}"
    );
    assert!(rules(&messages[0]).contains(&"Q15"), "{shown:#}");
    assert!(!rules(&messages[1]).contains(&"Q15"), "{shown:#}");
    assert_eq!(app.get("/api/v1/incidents/INC-1").await.text(), before);
    let listed = app.get("/api/v1/notices?event=INC-1").await.json();
    let said = listed["items"].as_array().unwrap().iter();
    assert!(
        said.clone().all(|n| n["milestone"] != "update"),
        "{listed:#}"
    );
}

#[tokio::test]
async fn a_chat_message_is_shown_as_each_product_is_posted_it() {
    let app = declared().await;
    let room = "audiences: [{id: room, name: The room, level: technical, channels: [chat], services: [database]}]";
    app.yaml("/api/v1/documents", room).await.is(200);
    let said = json!({"status": "identified", "text": "You can use the old portal."});
    let shown = app.post(AT, &said).await.is(200).json();
    let messages = shown["messages"].as_array().unwrap();
    let chat = messages.iter().find(|m| m["channel"] == "chat").unwrap();
    let rooms: Vec<_> = chat["rooms"].as_object().unwrap().keys().collect();
    assert_eq!(
        rooms,
        ["discord", "generic", "mattermost", "slack", "teams"],
        "a public account has only the words for everybody"
    );
    let card = &chat["rooms"]["teams"]["attachments"][0];
    assert_eq!(
        card["contentType"],
        "application/vnd.microsoft.card.adaptive"
    );
    for (product, body) in chat["rooms"].as_object().unwrap() {
        let body = body.to_string();
        assert!(
            body.contains("You can use the old portal."),
            "{product}: {body}"
        );
    }
    let others = messages.iter().filter(|m| m["channel"] != "chat");
    assert!(others.clone().count() > 0 && others.clone().all(|m| m.get("rooms").is_none()));
}

#[tokio::test]
async fn the_console_shows_what_each_product_is_posted_and_the_link_to_confirm_it() {
    let app = declared().await;
    let room = |level: &str, more: &str| {
        format!(
            "audiences: [{{id: room, name: The room, level: {level}, channels: [chat], services: [database]{more}}}]"
        )
    };
    let page = async |milestone: &str| {
        let path = format!("/console/events/INC-1/preview?milestone={milestone}");
        app.page(As::Viewer, &path).await.is(200).text()
    };
    let apply = async |yaml: String| {
        app.yaml("/api/v1/documents", &yaml).await.is(200);
    };
    apply(room("technical", ", acknowledge: required")).await;
    let asked = page("holding").await;
    assert!(asked.contains("As each product is posted it") && asked.contains("<dt>slack</dt>"));
    assert!(asked.contains("/confirm/EXAMPLE"));
    assert!(
        !page("resolution").await.contains("/confirm/"),
        "nobody is asked to confirm the end"
    );
    assert!(
        !asked.contains("<dt>mastodon</dt>"),
        "a public account has only the words for everybody"
    );
    apply(room("non_technical", "")).await;
    let everybody = page("holding").await;
    assert!(everybody.contains("<dt>mastodon</dt>") && !everybody.contains("/confirm/"));
}

#[tokio::test]
async fn what_the_update_would_be_refused_for_the_preview_is_too() {
    let app = declared().await;
    app.post(
        "/api/v1/incidents/INC-9/updates/preview",
        &json!({"text": "It works."}),
    )
    .await
    .is(404);
    let wrong = app
        .post(AT, &json!({"status": "resovled", "text": "It works."}))
        .await
        .is(422);
    assert!(wrong.text().contains("resolved"), "{}", wrong.text());
    let solved = json!({"status": "resolved", "text": "It works again."});
    app.post("/api/v1/incidents/INC-1/updates", &solved)
        .await
        .is(201);
    let back = json!({"status": "identified"});
    app.post(AT, &back).await.is(422);
}

#[tokio::test]
async fn the_console_shows_it_under_the_form_while_it_is_written() {
    let app = declared().await;
    let page = app
        .page(As::Operator, "/console/incidents/INC-1")
        .await
        .is(200)
        .text();
    assert!(
        page.contains("data-preview")
            && page.contains("formaction=\"/console/incidents/INC-1/preview\"")
    );
    let at = "/console/incidents/INC-1/preview";
    let fields = [
        ("status", "identified"),
        ("severity", ""),
        ("text", "We restarted db-07.int.example.edu <b>now</b>."),
    ];
    let page = app.form(As::Operator, at, &fields).await.is(200).text();
    for words in [
        "id=\"preview\"",
        "Mail for everybody",
        "<iframe class=\"mail\"",
        "Students",
        "<q dir=\"auto\">db-07.int.example.edu</q>",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("<b>now"), "{page}");
    let page = app
        .form(As::Operator, at, &[("status", "never")])
        .await
        .is(200)
        .text();
    assert!(
        page.contains("class=\"note tone-slow\"") && !page.contains("<article"),
        "{page}"
    );
    app.form(As::Viewer, at, &fields).await.is(403);
}

#[tokio::test]
async fn an_update_that_says_the_same_again_is_found_out() {
    let app = declared().await;
    let same = json!({"status": "identified", "text": "A disk failed. We replace it in the cellar of the library."});
    app.post("/api/v1/incidents/INC-1/updates", &same)
        .await
        .is(201);
    let shown = app.post(AT, &same).await.is(200).json();
    let messages = shown["messages"].as_array().unwrap();
    assert!(
        messages.iter().all(|m| rules(m).contains(&"Q16")),
        "{shown:#}"
    );
    let new = json!({"status": "identified", "text": "Courses and marks open again. Letters still wait for the printer."});
    let shown = app.post(AT, &new).await.is(200).json();
    let messages = shown["messages"].as_array().unwrap();
    assert!(
        messages.iter().all(|m| !rules(m).contains(&"Q16")),
        "{shown:#}"
    );
}
