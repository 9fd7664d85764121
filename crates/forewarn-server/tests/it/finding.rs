//! The pages by which people find things and look ahead: calendar, services, policies, contacts, search, settings; and pages that
//! follow along.

use crate::app::{As, PUBLIC_URL, TestApp, upgrade};
use axum::body::Body;
use axum::http::{Request, header};
use futures_util::StreamExt;
use serde_json::json;
use std::time::Duration;
use tower::ServiceExt;

/// A week before Christmas nobody works; another upgrade meets the first.
const AHEAD: &str = "
organisation: {name: Example University, time_zone: America/Los_Angeles, calendar: US,
  blackout: [{from: 2026-12-14, to: 2026-12-18, reason: Exam week}]}
changes_ahead:
  - {id: new-mail, title: New mail, kind: release, when: 2026-12-07}
  - {id: new-sign-in, title: New sign-in, kind: release, when: December 2026}
";

async fn planned(app: &TestApp) {
    app.apply_campus().await;
    app.yaml("/api/v1/documents", AHEAD).await.is(200);
    app.post("/api/v1/maintenances", &upgrade()).await.is(201);
}

on_both_databases! {
    async fn the_calendar_shows_what_falls_on_a_day_and_what_collides(app: TestApp) {
        planned(&app).await;
        let month = |day: &str| format!("/console/calendar?view=month&day={day}");
        let page = app.page(As::Viewer, &month("2026-11-30")).await.is(200).text();
        assert!(page.contains("Student database upgrade") && page.contains("22:00–02:00"), "{page}");
        assert!(page.contains("Window of Student database"), "{page}");
        assert!(!page.contains("collide"), "{page}");
        // Only who may plan is led to the form.
        assert!(!page.contains("/console/maintenances/new"), "{page}");

        let other = json!({"title": "Storage move", "services": ["database"], "start": "2026-11-30T23:00", "end": "2026-12-01T05:00"});
        app.post("/api/v1/maintenances", &other).await.is(201);
        let agenda = "/console/calendar?view=agenda&day=2026-11-23";
        let page = app.page(As::Operator, agenda).await.is(200).text();
        assert!(page.contains("2 works collide"), "{page}");
        assert!(page.contains("both affect Student database, Student portal"), "{page}");
        assert!(page.contains("/console/maintenances/new?start=2026-11-30T22:00"), "{page}");
        assert!(page.contains("start=2026-12-06T22%3A00&#38;end=2026-12-07T02%3A00&#38;services=database")
            || page.contains("start=2026-12-06T22%3A00&amp;end=2026-12-07T02%3A00&amp;services=database"), "{page}");
        assert!(page.contains("New mail") && page.contains("New sign-in") && page.contains("Exam week"), "{page}");
        // The days of the blackout, and a week without anything.
        let page = app.page(As::Viewer, "/console/calendar?view=week&day=2026-12-15").await.is(200).text();
        assert_eq!(page.matches("Exam week").count(), 5, "{page}");
        for odd in ["/console/calendar?view=year&day=yesterday", "/console/calendar?day=-009999-01-01", "/console/calendar?view=agenda&day=9999-12-31"] {
            app.page(As::Viewer, odd).await.is(200);
        }
    }

    async fn contacts_are_found_with_what_they_get_and_why(app: TestApp) {
        planned(&app).await;
        let found = app.page(As::Viewer, "/console/contacts?q=ALICE%40example").await.is(200).text();
        assert!(found.contains("/console/contacts/alice") && !found.contains("/console/contacts/bob"), "{found}");
        let none = app.page(As::Viewer, "/console/contacts?q=zaphod").await.is(200).text();
        assert!(none.contains("Nobody fits"), "{none}");
        let alice = app.page(As::Viewer, "/console/contacts/alice").await.is(200).text();
        assert!(alice.contains("Gets it as one of") && alice.contains("listed in it"), "{alice}");
        assert!(alice.contains("alice@example.edu") && alice.contains("Student database upgrade"), "{alice}");
        assert!(!alice.contains("_technical"), "a level is named as programs name it: {alice}");
        app.page(As::Viewer, "/console/contacts/nobody").await.is(404);
    }

    async fn a_search_finds_events_services_audiences_and_contacts(app: TestApp) {
        planned(&app).await;
        let found = app.page(As::Viewer, "/console/search?q=STUDENT").await.is(200).text();
        for (path, group) in [
            ("/console/maintenances/MNT-1", "Events"),
            ("/console/services?of=portal#blast", "Services"),
            ("/console/audiences#audience-customers", "Audiences"),
        ] {
            assert!(found.contains(path) && found.contains(group), "{path}: {found}");
        }
        let found = app.page(As::Viewer, "/console/search?q=mnt-1").await.is(200).text();
        assert!(found.contains("One thing holds these words"), "{found}");
        let found = app.page(As::Viewer, "/console/search?q=bob").await.is(200).text();
        assert!(found.contains("/console/contacts/bob"), "{found}");
        let none = app.page(As::Viewer, "/console/search?q=%25%5F").await.is(200).text();
        assert!(none.contains("Nothing found"), "{none}");
    }

    async fn settings_are_shown_to_those_who_may_act(app: TestApp) {
        app.apply_campus().await;
        let page = app.page(As::Operator, "/console/settings").await.is(200).text();
        for said in ["Example University", "America/Los_Angeles", PUBLIC_URL] {
            assert!(page.contains(said), "{said}: {page}");
        }
        app.page(As::Viewer, "/console/settings").await.is(403);
    }
}

#[tokio::test]
async fn the_graph_says_what_a_service_carries_and_for_whom() {
    let app = TestApp::campus().await;
    let page = app.page(As::Viewer, "/console/services").await;
    let page = page.is(200).text();
    assert!(
        page.contains("<desc>Student database: working, carries 1 service</desc>"),
        "{page}"
    );
    let page = app
        .page(As::Viewer, "/console/services?of=database")
        .await
        .is(200)
        .text();
    assert!(page.contains("Student database › Student portal"), "{page}");
    assert!(
        page.contains("<b>2</b> <span class=\"quiet\">people</span>"),
        "{page}"
    );
    app.page(As::Viewer, "/console/services?of=nothing")
        .await
        .is(200);
}

#[tokio::test]
async fn a_policy_shows_what_it_would_do_with_work_that_somebody_imagines() {
    let app = TestApp::campus().await;
    let at = "/console/policies?start=2026-12-10T22:00&service=portal";
    let page = app.page(As::Viewer, at).await.is(200).text();
    assert!(
        page.contains("5 business days and 1 business day before the start"),
        "{page}"
    );
    assert!(page.contains("the service&#39;s owner") || page.contains("the service's owner"));
    // Five business days before the tenth of December, on the clocks of those who are told.
    assert!(page.contains("Thu 3 Dec, 09:00"), "{page}");
    assert!(page.contains("P1: after "), "{page}");
    let wrong = app
        .page(As::Viewer, "/console/policies?start=some+day")
        .await;
    assert!(wrong.is(200).text().contains("The start must be a time"));
    app.get("/api/v1/maintenances/example").await.is(404);
}

#[tokio::test]
async fn planning_begins_at_a_day_of_the_calendar_and_keeps_the_count_in_sight() {
    let app = TestApp::campus().await;
    let new = "/console/maintenances/new?start=2026-12-06T22:00&end=2026-12-07T02:00&services=database&title=x&do=create";
    let form = app.page(As::Operator, new).await.is(200).text();
    assert!(
        form.contains("value=\"2026-12-06T22:00\"") && form.contains("value=\"database\" checked")
    );
    assert!(!form.contains("value=\"x\""), "only times and services");
    app.page(As::Viewer, new).await.is(403);

    let people = "/console/maintenances/people?services=portal&services=nothing";
    let said = app.page(As::Operator, people).await.is(200).json();
    assert_eq!(said["people"], 1);
    assert_eq!(said["said"], "1 person would hear of this.");
    let none = app.page(As::Operator, "/console/maintenances/people").await;
    assert_eq!(none.is(200).json()["people"], 0);

    let work = [
        ("title", "Student database upgrade"),
        ("kind", "routine"),
        ("services", "database"),
        ("start", "2026-12-06T22:00"),
        ("end", "2026-12-07T02:00"),
        ("facts.effect", "You cannot sign in."),
        ("do", "preview"),
    ];
    let seen = app.form(As::Operator, "/console/maintenances", &work).await;
    let seen = seen.is(200).text();
    assert!(seen.contains("2 people would hear of this"), "{seen}");
    assert!(
        seen.contains("What the first notice would say") && seen.contains("You cannot sign in.")
    );

    app.post("/api/v1/maintenances", &upgrade()).await.is(201);
    let page = app.page(As::Operator, "/console/maintenances/MNT-1").await;
    let page = page.is(200).text();
    assert!(
        page.contains("aria-current=\"step\"") && page.contains("<strong>2</strong>"),
        "{page}"
    );
}

/// The next event of a stream, which must come.
async fn next(stream: &mut axum::body::BodyDataStream) -> String {
    let limit = Duration::from_secs(20);
    let next = tokio::time::timeout(limit, stream.next()).await;
    let bytes = next.expect("an event in time").expect("an open stream");
    String::from_utf8(bytes.expect("whole").to_vec()).expect("UTF-8")
}

#[tokio::test]
async fn an_open_page_hears_that_something_changed() {
    let app = TestApp::campus().await;
    app.page(As::Nobody, "/console/live").await.is(303);
    let session = format!("forewarn_session={}", As::Viewer.session());
    let request = Request::get("/console/live").header(header::COOKIE, session);
    let router = forewarn_server::router(app.app.clone());
    let response = router.oneshot(request.body(Body::empty()).unwrap()).await;
    let response = response.unwrap();
    assert_eq!(
        response.headers()[header::CONTENT_TYPE],
        "text/event-stream"
    );
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    let mut stream = response.into_body().into_data_stream();
    let first = next(&mut stream).await;
    assert!(
        first.contains("event: changed") && first.contains("data: 0"),
        "{first}"
    );
    // Who begins to look is told once that they may have missed something.
    assert!(next(&mut stream).await.contains("data: 1"));
    app.post("/api/v1/maintenances", &upgrade()).await.is(201);
    assert!(next(&mut stream).await.contains("data: 2"));
    // A server that stops waits for nobody.
    app.app.pulse.stop();
    assert!(stream.next().await.is_none());
}
