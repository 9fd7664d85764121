//! The public pages in each language: which one somebody gets, what it says, and what it costs.

use crate::app::{Answer, As, TestApp, upgrade};
use crate::samples::Samples;
use axum::body::Body;
use axum::http::Request;
use forewarn_server::status_page::{Pages, Texts};
use serde_json::json;
use std::collections::BTreeSet;

async fn ask(app: &TestApp, path: &str, accepts: &str) -> Answer {
    let request = Request::builder()
        .uri(path)
        .header("accept-language", accepts);
    app.send(request.body(Body::empty()).unwrap()).await
}

fn language(page: &Answer) -> (String, String) {
    let text = page.text();
    let (_, html) = text.split_once("<html lang=\"").expect("a page");
    let mut parts = html.split('"');
    let lang = parts.next().unwrap().to_owned();
    let dir = parts.nth(1).unwrap().to_owned();
    assert_eq!(page.header("content-language"), lang);
    (lang, dir)
}

async fn with_event(app: &TestApp) {
    app.post("/api/v1/maintenances", &upgrade()).await.is(201);
    let body = json!({"title": "Sign-in fails", "services": {"portal": "major_outage"}, "severity": "P1",
        "effect": "Nobody can sign in", "lead": "Lena Lead"});
    app.post("/api/v1/incidents", &body).await.is(201);
    app.expand_due().await;
    app.refresh().await;
}

#[tokio::test]
async fn the_address_comes_first_then_the_browser_then_the_organisation() {
    let app = TestApp::campus().await;
    with_event(&app).await;
    for (path, accepts, expected) in [
        ("/", "", "en ltr"),
        ("/", "pt, *", "en ltr"),
        ("/", "de-AT, en;q=0.5", "de ltr"),
        ("/", "en-GB, de;q=0.5", "en ltr"),
        ("/history", "ar", "ar rtl"),
        ("/de/", "fr", "de ltr"),
        ("/en/", "fr", "en ltr"),
        ("/?lang=ar", "fr", "ar rtl"),
        ("/?utm=1&lang=es-MX", "fr", "es ltr"),
        ("/de/events/INC-1?lang=fr", "", "fr ltr"),
        ("/events/MNT-1?lang=tlh", "de", "de ltr"),
        ("/calendar?lang=", "", "en ltr"),
    ] {
        let page = ask(&app, path, accepts).await.is(200);
        let (lang, dir) = language(&page);
        assert_eq!(format!("{lang} {dir}"), expected, "{path} for {accepts}");
        // Whoever keeps an answer that the browser's languages chose must know that they did.
        let by_path = path.starts_with("/de/") || path.starts_with("/en/");
        let by_query = ["lang=ar", "lang=es", "lang=fr"]
            .iter()
            .any(|l| path.contains(l));
        let by_browser = page.header("vary").contains("accept-language");
        assert_eq!(by_browser, !by_path && !by_query, "{path} for {accepts}");
    }
    let moved = ask(&app, "/de", "").await.is(308);
    assert_eq!(moved.location(), "/de/");
    ask(&app, "/pt/", "").await.is(404);
    // Programs get what they always got.
    for path in [
        "/api/v2/summary.json",
        "/history.atom",
        "/feed.json",
        "/calendar.ics",
        "/calendar.json",
    ] {
        let plain = ask(&app, path, "").await.is(200);
        let asked = ask(&app, &format!("{path}?lang=de"), "de").await.is(200);
        assert_eq!(plain.body, asked.body, "{path}");
        ask(&app, &format!("/de{path}"), "").await.is(404);
    }
    let badge = ask(&app, "/badge.svg?lang=fr", "").await.is(200).text();
    assert!(badge.contains("En panne"), "{badge}");
    let banner = ask(&app, "/banner.json?lang=ar", "").await.is(200);
    assert_eq!(banner.header("access-control-allow-origin"), "*");
    let banner = banner.json();
    assert_eq!(
        (&banner["language"], &banner["direction"], &banner["events"]),
        (&json!("ar"), &json!("rtl"), &json!("ar/events/"))
    );
}

#[tokio::test]
async fn an_organisations_own_language_is_the_usual_one() {
    let app = TestApp::campus().await;
    let own = "organisation: {name: Hochschule, time_zone: Europe/Berlin, languages: [de, en]}";
    app.yaml("/api/v1/documents", own).await.is(200);
    with_event(&app).await;
    let page = ask(&app, "/", "").await.is(200);
    assert_eq!(language(&page).0, "de");
    assert!(
        page.text().contains("Student portal ist ausgefallen"),
        "{}",
        page.text()
    );
    assert!(page.text().contains("href=\"/history\""));
    assert_eq!(language(&ask(&app, "/", "en").await.is(200)).0, "en");
    // What nobody can find is said in their language too.
    let nothing = ask(&app, "/nothing", "").await.is(404).text();
    assert!(nothing.contains("Hier ist nichts"), "{nothing}");
    let nothing = ask(&app, "/nothing", "es").await.is(404).text();
    assert!(nothing.contains("Aquí no hay nada"), "{nothing}");
}

#[tokio::test]
async fn what_people_wrote_says_its_language_and_messages_come_in_the_readers() {
    let app = TestApp::campus().await;
    with_event(&app).await;
    let page = ask(&app, "/de/events/INC-1", "").await.is(200).text();
    for words in [
        "<h1 dir=\"auto\" lang=\"en\">Sign-in fails</h1>",
        "<h3>Wird untersucht</h3>",
        "Nächste Nachricht bis",
        "<div class=\"prose\" lang=\"de\" dir=\"auto\">",
        "Student portal (ausgefallen)",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let work = ask(&app, "/ar/events/MNT-1", "").await.is(200).text();
    // Clock times are one run from left to right.
    assert!(work.contains("\u{2066}22:00"), "{work}");
    let english = ask(&app, "/en/events/INC-1", "").await.is(200).text();
    assert!(
        english.contains("<h1 dir=\"auto\">Sign-in fails</h1>"),
        "{english}"
    );
}

#[tokio::test]
async fn queries_and_cookies_reach_no_database_and_make_no_page() {
    let app = TestApp::campus().await;
    with_event(&app).await;
    let before = app.app.store.transactions();
    let etags: BTreeSet<String> = {
        let mut etags = BTreeSet::new();
        for n in 0..50 {
            let path = format!("/?lang=de&r={n}");
            let request = Request::builder()
                .uri(path)
                .header("cookie", format!("lang=fr; n={n}"))
                .header("accept-language", format!("x{n}, ar;q=0.{n}"));
            let page = app.send(request.body(Body::empty()).unwrap()).await.is(200);
            etags.insert(page.header("etag").to_owned());
            assert_eq!(page.header("set-cookie"), "");
        }
        etags
    };
    assert_eq!(etags.len(), 1);
    assert_eq!(app.app.store.transactions(), before);
}

/// Every page in every language: links lead somewhere, and stay in the language.
#[test]
fn links_stay_in_the_language_and_the_first_view_is_small() {
    let snapshot = Samples { hostile: false }.snapshot();
    let pages = Pages::render(&snapshot);
    let assets: usize = pages
        .iter()
        .filter(|(path, _)| path.starts_with("/assets/"))
        .map(|(_, page)| page.body.len())
        .sum();
    for texts in Texts::all() {
        let prefix = format!("/{}/", texts.code);
        let first = pages.get(&prefix).expect("a first page");
        assert!(
            first.body.len() + assets < 50_000,
            "{}: {}",
            texts.code,
            first.body.len() + assets
        );
        let ours = pages.iter().filter(|(path, page)| {
            path.starts_with(&prefix) && page.content_type.starts_with("text/html")
        });
        let mut seen = 0;
        for (path, page) in ours {
            seen += 1;
            let body = String::from_utf8(page.body.to_vec()).unwrap();
            let others = body.matches("rel=\"alternate\" hreflang=").count();
            assert_eq!(
                others,
                if path.ends_with("/subscribe") { 0 } else { 6 },
                "{path}"
            );
            for part in body.split("<a ").skip(1) {
                let tag = part.split('>').next().unwrap();
                let Some((_, rest)) = tag.split_once("href=\"/") else {
                    continue;
                };
                let target = format!("/{}", rest.split('"').next().unwrap());
                assert!(
                    pages.get(&target).is_some(),
                    "{path}: {target} leads nowhere"
                );
                let other_face = target.contains('.') || tag.contains("hreflang");
                assert!(
                    other_face || target.starts_with(&prefix),
                    "{path}: {target}"
                );
            }
        }
        assert!(seen >= 8, "{seen} pages");
    }
}

#[tokio::test]
async fn somebody_subscribes_in_their_language_and_is_told_in_it() {
    let app = TestApp::campus().await;
    let open = "audiences: [{id: everybody, name: Everybody, level: non_technical, services: [portal], self_service: yes}]";
    app.yaml("/api/v1/documents", open).await.is(200);
    app.refresh().await;
    let form = ask(&app, "/subscribe", "de").await.is(200).text();
    assert!(
        form.contains("action=\"/subscribe?lang=de\"") && form.contains("E-Mail-Adresse"),
        "{form}"
    );
    let wrong = app
        .form_with("", "/subscribe?lang=de", &[("email", "no")], &[])
        .await;
    let wrong = wrong.is(422).text();
    assert!(
        wrong.contains("Die E-Mail-Adresse fehlt oder ist nicht vollständig."),
        "{wrong}"
    );
    let fields = [("email", "ann@example.edu")];
    let sent = app
        .form_with("", "/subscribe?lang=de", &fields, &[])
        .await
        .is(200)
        .text();
    assert!(
        sent.contains("Sehen Sie in Ihr Postfach") && sent.contains("ann@example.edu"),
        "{sent}"
    );
    let found = app.get("/api/v1/subscriptions").await.is(200).json();
    assert_eq!(found["items"][0]["language"], json!("de"), "{found}");
    // Behind links in messages, too.
    let link = ask(&app, "/u/token?lang=fr", "").await.is(200).text();
    assert!(
        link.contains("Se désabonner") && link.contains("action=\"/u/token?lang=fr\""),
        "{link}"
    );
    let dead = ask(&app, "/subscription/token", "es").await.is(404).text();
    assert!(dead.contains("Este enlace ya no funciona"), "{dead}");
    let usual = app
        .request(As::Nobody, "GET", "/subscription/token", "")
        .await;
    assert!(
        usual
            .is(404)
            .text()
            .contains("This link does not work any more")
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_form_is_said_in_the_language_of_its_page() {
    let app = TestApp::campus().await;
    let open = "audiences: [{id: everybody, name: Everybody, level: non_technical, services: [portal], self_service: yes}]";
    app.yaml("/api/v1/documents", open).await.is(200);
    app.refresh().await;
    let fields = [
        ("email", "no"),
        ("sms", "0415"),
        ("time_zone", "Europe/Berln"),
        ("kinds", "wedding"),
        ("services", "hidden"),
    ];
    let mut all = BTreeSet::new();
    for texts in Texts::all() {
        let path = format!("/subscribe?lang={}", texts.code);
        let page = app.form_with("", &path, &fields, &[]).await.is(422).text();
        let said = page.split("role=\"alert\"").nth(1).unwrap();
        let said = said.split("</ul>").next().unwrap().to_owned();
        assert_eq!(said.matches("<li>").count(), 5, "{said}");
        assert!(said.contains("Europe/Berlin"), "{said}");
        for own in ["unknown", "did you mean", "is not a"] {
            assert!(!said.contains(own), "{}: {said}", texts.code);
        }
        for line in said.split("<li>").skip(1) {
            assert!(all.insert(line.to_owned()), "said twice: {line}");
        }
        let path = format!("/subscribe/code?lang={}", texts.code);
        let fields = [("sms", "0415"), ("code", "1")];
        let code = app.form_with("", &path, &fields, &[]).await.is(422).text();
        let code = code.split("<li>").nth(1).unwrap();
        assert!(!code.contains("is not a"), "{code}");
    }
    assert_eq!(all.len(), 25);
}
