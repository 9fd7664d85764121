//! What programs read besides the Statuspage API: three feeds, calendars for each service, provider notices, alerts, data in pages,
//! badges. Other people's parsers judge the same documents in `scripts/check_feed.py`.

use crate::app::{TestApp, upgrade};
use crate::samples::Samples;
use forewarn_core::maintnote::{self, Effect};
use forewarn_server::status_page::{Pages, Snapshot};
use serde_json::{Value, json};

fn snapshot() -> Snapshot {
    Samples { hostile: false }.snapshot()
}

fn text(snapshot: &Snapshot, path: &str) -> String {
    let pages = Pages::render(snapshot);
    let page = pages.get(path).unwrap_or_else(|| panic!("no {path}"));
    String::from_utf8(page.body.to_vec()).expect("UTF-8")
}

/// The texts of the elements of this name, in order.
fn elements(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let parts = xml.split(&open).skip(1);
    parts
        .map(|part| part.split(&close).next().unwrap().to_owned())
        .collect()
}

#[test]
fn the_three_feeds_hold_the_same_messages_with_the_same_ids() {
    let snapshot = snapshot();
    let atom: atom_syndication::Feed = text(&snapshot, "/history.atom").parse().expect("Atom");
    let ids: Vec<String> = atom.entries.iter().map(|e| e.id.clone()).collect();
    assert!(ids.len() > 10);
    let rss = text(&snapshot, "/history.rss");
    let guids: Vec<String> = rss
        .split("<guid isPermaLink=\"false\">")
        .skip(1)
        .map(|part| part.split("</guid>").next().unwrap().to_owned())
        .collect();
    assert_eq!(guids, ids);
    assert_eq!(
        elements(&rss, "pubDate")[0],
        "Mon, 23 Nov 2026 17:10:00 +0000"
    );
    assert_eq!(
        elements(&rss, "lastBuildDate"),
        ["Mon, 23 Nov 2026 17:10:00 +0000"]
    );
    let feed: Value = serde_json::from_str(&text(&snapshot, "/feed.json")).expect("JSON");
    assert_eq!(feed["version"], "https://jsonfeed.org/version/1.1");
    assert_eq!(feed["feed_url"], "https://status.example.edu/feed.json");
    let items = feed["items"].as_array().unwrap();
    let known: Vec<&str> = items.iter().map(|i| i["id"].as_str().unwrap()).collect();
    assert_eq!(known, ids);
    assert_eq!(items[0]["date_published"], "2026-11-23T17:10:00Z");
    let first = atom.entries[0].title.as_str();
    assert_eq!(items[0]["title"], first);
}

#[test]
fn no_text_breaks_a_document_for_programs() {
    let snapshot = Samples { hostile: true }.snapshot();
    let pages = Pages::render(&snapshot);
    let mut seen = 0;
    for (path, page) in pages.iter() {
        let body = String::from_utf8_lossy(&page.body);
        if page.content_type.contains("xml") {
            assert!(
                !body.contains("<script") && !body.contains("<img"),
                "{path}"
            );
            let opened = body.matches('<').count();
            assert_eq!(opened, body.matches('>').count(), "{path}");
            seen += 1;
        }
        if page.content_type.starts_with("text/html")
            && let Some((_, rest)) = body.split_once("<script type=\"application/ld+json\">")
        {
            let data = rest.split('<').next().unwrap();
            serde_json::from_str::<Value>(data).unwrap_or_else(|e| panic!("{path}: {e}"));
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen}");
}

#[test]
fn a_service_has_a_calendar_of_what_reaches_it() {
    let snapshot = snapshot();
    let uids = |path: &str| -> Vec<String> {
        let body = text(&snapshot, path);
        let calendar: icalendar::Calendar = body.parse().expect("iCalendar");
        let mut uids: Vec<String> = calendar
            .events()
            .filter_map(|e| icalendar::Component::get_uid(e).map(str::to_owned))
            .map(|uid| uid.split('@').next().unwrap().to_owned())
            .collect();
        uids.sort();
        uids
    };
    let has = |path: &str, id: &str| uids(path).iter().any(|uid| uid == id);
    // Work on the database reaches the portal that stands on it, and not the file shares.
    assert!(has("/calendar/database.ics", "MNT-1"));
    assert!(has("/calendar/portal.ics", "MNT-1"));
    assert!(!has("/calendar/files.ics", "MNT-1") && has("/calendar/files.ics", "MNT-3"));
    assert!(!has("/calendar/portal.ics", "MNT-3"));
    assert!(text(&snapshot, "/calendar").contains("href=\"/calendar/portal.ics\""));
}

#[test]
fn work_is_a_notice_that_other_operators_programs_read() {
    let snapshot = snapshot();
    let one = |id: &str| {
        let found = maintnote::read(&text(&snapshot, &format!("/events/{id}.ics")));
        let mut found = found.unwrap_or_else(|problem| panic!("{id}: {problem}"));
        assert_eq!(
            (found.notices.len(), found.warnings),
            (1, Vec::new()),
            "{id}"
        );
        found.notices.remove(0)
    };
    let upgrade = one("MNT-1");
    assert_eq!(upgrade.provider, "status.example.edu");
    assert_eq!(upgrade.maintenance, "MNT-1");
    assert_eq!(upgrade.objects, [("database".to_owned(), Effect::Outage)]);
    // Its window is the second one that it has.
    let status = ["MNT-1", "MNT-3", "MNT-4", "MNT-5"].map(|id| one(id).status.as_str());
    assert_eq!(
        status,
        ["RE-SCHEDULED", "IN-PROCESS", "COMPLETED", "CANCELLED"]
    );
    let mut two = snapshot.clone();
    let services = &mut two.maintenances[0].maintenance.services;
    services.push(forewarn_core::id::Id::parse("portal").unwrap());
    let said = text(&two, "/events/MNT-1.ics").replace("\r\n ", "");
    for line in [
        "X-MAINTNOTE-OBJECT-ID;X-MAINTNOTE-OBJECT-IMPACT=OUTAGE:database",
        "X-MAINTNOTE-OBJECT-ID;X-MAINTNOTE-OBJECT-IMPACT=OUTAGE:portal",
    ] {
        assert!(said.contains(line), "{said}");
    }
}

#[test]
fn an_event_is_an_alert_that_names_those_before_it() {
    let snapshot = snapshot();
    let alert = text(&snapshot, "/events/INC-7.cap.xml");
    let one = |name: &str| elements(&alert, name).join("|");
    for (name, said) in [
        ("identifier", "INC-7.2"),
        ("sender", "status.example.edu"),
        ("sent", "2026-11-23T09:10:00-08:00"),
        // The samples are a demo.
        ("status", "Test"),
        ("msgType", "Update"),
        ("scope", "Public"),
        (
            "references",
            "status.example.edu,INC-7.1,2026-11-23T08:41:00-08:00",
        ),
        ("category", "Infra"),
        ("urgency", "Immediate"),
        ("severity", "Moderate"),
        ("certainty", "Observed"),
        ("expires", "2026-11-23T09:45:00-08:00"),
        ("areaDesc", "Users of Student portal, Sign-in"),
    ] {
        assert_eq!(one(name), said, "{name}");
    }
    // The schema is a sequence.
    let order = [
        "<identifier>",
        "<sender>",
        "<sent>",
        "<status>",
        "<msgType>",
        "<scope>",
        "<references>",
        "<info>",
        "<language>",
        "<category>",
        "<event>",
        "<responseType>",
        "<urgency>",
        "<severity>",
        "<certainty>",
        "<effective>",
        "<onset>",
        "<expires>",
        "<senderName>",
        "<headline>",
        "<description>",
        "<web>",
        "<area>",
    ];
    let places: Vec<usize> = order
        .iter()
        .map(|name| alert.find(name).unwrap_or_else(|| panic!("{name}")))
        .collect();
    assert!(places.is_sorted(), "{places:?}");
    let kind = |id: &str| {
        elements(
            &text(&snapshot, &format!("/events/{id}.cap.xml")),
            "msgType",
        )
        .remove(0)
    };
    assert_eq!(["MNT-1", "MNT-5"].map(kind), ["Alert", "Cancel"]);
}

#[test]
fn an_events_page_says_to_programs_what_it_is_of() {
    let snapshot = snapshot();
    let data = |id: &str| -> Value {
        let page = text(&snapshot, &format!("/events/{id}"));
        let (_, rest) = page
            .split_once("<script type=\"application/ld+json\">")
            .unwrap();
        serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
    };
    let work = data("MNT-1");
    assert_eq!(work["@type"], "Event");
    assert_eq!(work["startDate"], "2026-12-01T06:00:00Z");
    assert_eq!(work["eventStatus"], "https://schema.org/EventRescheduled");
    assert_eq!(
        data("MNT-5")["eventStatus"],
        "https://schema.org/EventCancelled"
    );
    let incident = data("INC-7");
    assert_eq!(incident["@type"], "SpecialAnnouncement");
    assert_eq!(incident["expires"], "2026-11-23T17:45:00Z");
    assert_eq!(incident["publisher"]["name"], "Example University");
    assert_eq!(data("ADV-3")["@type"], "SpecialAnnouncement");
}

#[test]
fn badges_say_how_all_is_and_how_each_service_is() {
    let snapshot = snapshot();
    for (path, said) in [
        ("/badge.svg", "<title>status: Partly down</title>"),
        (
            "/badge/portal.svg",
            "<title>Student portal: Partly down</title>",
        ),
        (
            "/badge/files.svg",
            "<title>File shares: Under maintenance</title>",
        ),
        (
            "/badge/mail.svg",
            "<title>Mail and calendar: Working</title>",
        ),
    ] {
        let body = text(&snapshot, path);
        assert!(body.contains(said), "{path}: {body}");
    }
}

#[tokio::test]
async fn each_has_its_type_a_validator_and_is_open_to_those_who_need_it() {
    let app = TestApp::campus().await;
    app.post("/api/v1/maintenances", &upgrade()).await.is(201);
    let body = json!({"services": {"portal": "major_outage"}, "severity": "P1", "effect": "Nobody can sign in"});
    app.post("/api/v1/incidents", &body).await.is(201);
    app.expand_due().await;
    app.refresh().await;
    for (path, kind, foreign) in [
        ("/history.rss", "application/rss+xml; charset=utf-8", ""),
        (
            "/feed.json",
            "application/feed+json",
            "access-control-allow-origin",
        ),
        ("/calendar/portal.ics", "text/calendar; charset=utf-8", ""),
        ("/events/MNT-1.ics", "text/calendar; charset=utf-8", ""),
        (
            "/events/INC-1.cap.xml",
            "application/cap+xml; charset=utf-8",
            "",
        ),
        (
            "/badge.svg",
            "image/svg+xml",
            "cross-origin-resource-policy",
        ),
        (
            "/badge/portal.svg",
            "image/svg+xml",
            "cross-origin-resource-policy",
        ),
    ] {
        let answer = app.get(path).await.is(200);
        assert_eq!(answer.header("content-type"), kind, "{path}");
        assert!(
            foreign.is_empty() || !answer.header(foreign).is_empty(),
            "{path}"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        let asked = axum::http::Request::get(path)
            .header("if-none-match", answer.header("etag"))
            .header("accept-encoding", "gzip");
        let same = app
            .send(asked.body(axum::body::Body::empty()).unwrap())
            .await;
        assert!(same.is(304).body.is_empty(), "{path}");
    }
    for path in ["/history.rss", "/feed.json", "/events/INC-1.cap.xml"] {
        let asked = axum::http::Request::get(path).header("accept-encoding", "gzip");
        let packed = app
            .send(asked.body(axum::body::Body::empty()).unwrap())
            .await;
        assert_eq!(packed.is(200).header("content-encoding"), "gzip", "{path}");
    }
}

/// K17: a crowd with other queries and cookies each time is answered from memory.
#[tokio::test]
async fn random_queries_and_cookies_do_not_reach_the_database() {
    let app = TestApp::campus().await;
    app.refresh().await;
    let before = app.app.store.transactions();
    assert!(before > 0);
    for n in 0..5_000_u32 {
        let paths = [
            "/",
            "/api/v2/summary.json",
            "/history.rss",
            "/nothing/of/this/name",
        ];
        let path = format!("{}?x={n}", paths[n as usize % paths.len()]);
        let cookie = format!("forewarn_session={n:032x}; other={n}");
        let asked = axum::http::Request::get(path).header("cookie", cookie);
        let answer = app
            .send(asked.body(axum::body::Body::empty()).unwrap())
            .await;
        let wanted = if n % 4 == 3 { 404 } else { 200 };
        assert_eq!(answer.status.as_u16(), wanted);
    }
    assert_eq!(app.app.store.transactions(), before);
    // The counter counts.
    app.get("/api/v1/services").await.is(200);
    assert!(app.app.store.transactions() > before);
}
