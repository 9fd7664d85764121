//! The status page as its organisation wants it: colour, mark, words at the top, questions.

use crate::app::TestApp;
use forewarn_core::audience::Level;
use forewarn_core::facts::Question;
use forewarn_server::status_page::Pages;

#[tokio::test]
async fn a_page_has_its_organisations_colour_mark_and_answers() {
    let app = TestApp::campus().await;
    let own = "organisation: {name: Example University, time_zone: UTC, status_page: {accent: '#7a1f5f', \
         logo: 'data:image/svg+xml;base64,PHN2Zy8+', about: We write here first., \
         questions: [{question: Is my data safe?, answer: It is.}]}}";
    app.yaml("/api/v1/documents", own).await.is(200);
    app.refresh().await;
    let page = app.get("/").await.is(200).text();
    for words in ["We write here first.", "Is my data safe?", "It is."] {
        assert!(page.contains(words), "{words}");
    }
    let file = |begins: &str| -> String {
        let (_, rest) = page
            .split_once(begins)
            .unwrap_or_else(|| panic!("{begins}"));
        format!("{begins}{}", rest.split('"').next().unwrap())
    };
    let style = app.get(&file("/assets/own-")).await.is(200);
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
    assert!(
        style.text().contains("--accent: #7a1f5f;"),
        "{}",
        style.text()
    );
    assert!(style.header("cache-control").contains("immutable"));
    let logo = app.get(&file("/assets/logo-")).await.is(200);
    assert_eq!(logo.header("content-type"), "image/svg+xml");
    assert_eq!(logo.text(), "<svg/>");
    // Also on the others.
    assert!(app.get("/history").await.text().contains("/assets/own-"));
    let refused = app
        .yaml("/api/v1/documents", &own.replace("#7a1f5f", "#ffee00"))
        .await;
    let problems = refused.is(422).problems();
    assert!(
        problems[0].contains("status_page.accent: is too light"),
        "{problems:?}"
    );
}

#[test]
fn a_question_for_engineers_is_not_on_the_page() {
    let mut snapshot = crate::samples::Samples { hostile: false }.snapshot();
    let own = snapshot.organisation.status_page.as_mut().unwrap();
    own.questions.push(Question {
        question: "Which replica is it?".into(),
        answer: "The second.".into(),
        level: Level::Technical,
    });
    let pages = Pages::render(&snapshot);
    let page = String::from_utf8(pages.get("/").unwrap().body.to_vec()).unwrap();
    assert!(page.contains("Is my data safe") && !page.contains("Which replica"));
}

/// Whoever reads with a text browser, without pictures and colours, learns the same.
#[test]
fn the_ninety_days_are_said_in_words() {
    let snapshot = crate::samples::Samples { hostile: false }.snapshot();
    let pages = Pages::render(&snapshot);
    let page = String::from_utf8(pages.get("/").unwrap().body.to_vec()).unwrap();
    assert!(page.contains(">Incidents on 1 of 90 days</div>"));
    assert_eq!(
        page.matches(" of 90 days</div>").count()
            + page.matches("No incidents in 90 days</div>").count(),
        8
    );
}
