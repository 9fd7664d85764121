//! Private pages: read by an audience and by those who work here, known to nobody else; and what is private on no public face.

use crate::app::{Answer, As, PUBLIC_URL, TestApp};
use axum::body::Body;
use axum::http::{Request, header};
use forewarn_store::{DeliveryFilter, NoticeFilter};
use jiff::Timestamp;
use serde_json::json;

/// What must stand on no public face: names of private services and words about them.
const SECRETS: [&str; 4] = ["zebra", "quagga", "payroll", "vault"];

pub const HOUSE: &str = "
organisation: {name: Example University, time_zone: America/Los_Angeles, contact: help@example.edu}
services:
  - {id: vault, name: Quagga store, description: Holds what quaggas know., public: no, owner: dba@example.edu,
     windows: [{rrule: 'FREQ=WEEKLY;BYDAY=SU', start: '22:00', duration: PT4H}]}
  - {id: payroll, name: Zebra pay, public: no}
  - {id: portal, name: Student portal, depends_on: [vault]}
audiences:
  - {id: staff, name: Staff, level: technical, services: [payroll, vault], private_page: yes}
  - {id: board, name: Board, level: non_technical, services: [portal], private_page: yes}
  - {id: everybody, name: Everybody, level: non_technical, services: [portal], self_service: yes}
  - {id: closed, name: Closed, level: technical, services: ['*']}
contacts:
  - {id: ann, audiences: [staff], endpoints: {email: Ann@example.edu}}
  - {id: bob, audiences: [board, closed], endpoints: {email: bob@example.edu}}
policies:
  - {id: careful, for: {event: maintenance, kind: careful}, before: [5bd, 1bd], approval: {default: [service_owner]}}
changes_ahead:
  - {id: CHG-1, title: Zebra pay moves, kind: migration, services: [payroll], when: 2027-02}
  - {id: CHG-2, title: A new term, kind: release, services: [payroll, portal], when: 2027-03}
";

const VISIT: &str = "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv";

/// Somebody's browser: what it is known by, and the cookie of a session.
fn cookies(session: &str) -> String {
    format!("forewarn_visit={VISIT}; forewarn_reader={session}")
}

async fn send(app: &TestApp, session: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    let csrf = app.app.key.form_token(VISIT);
    let mut all = vec![("csrf", csrf.as_str())];
    all.extend_from_slice(fields);
    app.form_with(&cookies(session), path, &all, &[]).await
}

pub async fn look(app: &TestApp, session: &str, path: &str) -> Answer {
    let request = Request::get(path).header(header::COOKIE, cookies(session));
    app.send(request.body(Body::empty()).unwrap()).await
}

async fn ask(app: &TestApp, audience: &str, email: &str) -> Answer {
    send(
        app,
        "",
        &format!("/for/{audience}/sign-in"),
        &[("email", email)],
    )
    .await
}

/// The session of a member who came by the link in the mail.
pub async fn member(app: &TestApp, audience: &str, email: &str) -> String {
    ask(app, audience, email).await.is(200);
    let link = newest_link(app).await;
    let entered = send(app, "", &link, &[]).await.is(303);
    assert_eq!(entered.location(), format!("/for/{audience}/"));
    entered.cookie("forewarn_reader").expect("a session")
}

/// Something of every kind about what is private, and one incident that concerns everybody too.
pub async fn happenings(app: &TestApp) {
    app.yaml("/api/v1/documents", HOUSE).await.is(200);
    let incident = |title: &str, services| json!({"title": title, "services": services, "severity": "P1", "effect": "It is slow."});
    let body = incident("The zebra is late", json!({"payroll": "major_outage"}));
    app.post("/api/v1/incidents", &body).await.is(201);
    let body = incident(
        "Slow today",
        json!({"payroll": "degraded_performance", "portal": "degraded_performance"}),
    );
    app.post("/api/v1/incidents", &body).await.is(201);
    let work = json!({
        "id": "MNT-1", "title": "Quagga upgrade", "policy": "routine", "services": ["vault"],
        "start": "2026-11-30T22:00", "end": "2026-12-01T02:00",
        "facts": {"effect": "The quagga sleeps.", "technical": "The quagga runs on okapi."},
    });
    app.post("/api/v1/maintenances", &work).await.is(201);
    let both = json!({"id": "MNT-3", "title": "Evening work", "policy": "routine", "services": ["vault", "portal"],
        "start": "2026-11-29T22:00", "end": "2026-11-30T02:00", "facts": {"effect": "It sleeps."}});
    app.post("/api/v1/maintenances", &both).await.is(201);
    let draft = json!({"id": "MNT-2", "title": "Zebra draft", "policy": "careful", "services": ["vault", "portal"],
        "start": "2026-12-07T22:00", "end": "2026-12-08T02:00", "facts": {"effect": "The zebra waits."}});
    app.post("/api/v1/maintenances", &draft).await.is(201);
    let fault = json!({"title": "The zebra counts wrong", "services": ["payroll"], "facts": {"effect": "The zebra counts."}});
    app.post("/api/v1/advisories", &fault).await.is(201);
    let moment = json!({"title": "A new zebra", "services": ["payroll"], "kind": "release", "effective": "2026-12-10T22:00",
        "facts": {"effect": "The zebra is new."}});
    app.post("/api/v1/announcements", &moment).await.is(201);
    app.advance(4 * 24 * 60);
    app.expand_due().await;
    app.app
        .store
        .finish_notices(app.app.clock.now())
        .await
        .unwrap();
    app.refresh().await;
}

#[track_caller]
fn says_nothing(what: &str, text: &str) {
    let text = text.to_lowercase();
    for secret in SECRETS {
        assert!(!text.contains(secret), "{what} says {secret}: {text}");
    }
}

/// Links that were sent to members, the newest last: to whom, when, and the path as it leaves.
async fn links(app: &TestApp) -> Vec<(Timestamp, String, String)> {
    let store = &app.app.store;
    let mut sent = Vec::new();
    for delivery in store
        .deliveries(&DeliveryFilter::default(), 200)
        .await
        .unwrap()
    {
        let content = store.notice_content(&delivery.notice).await.unwrap();
        let (content, _) = content.unwrap();
        if content.milestone == "sign_in" {
            let url = app.app.key.complete_link(&content.url);
            let path = url.strip_prefix(PUBLIC_URL).expect("our own link");
            sent.push((content.at, delivery.contact, path.to_owned()));
        }
    }
    sent.sort();
    sent
}

async fn newest_link(app: &TestApp) -> String {
    links(app).await.pop().expect("a link").2
}

on_both_databases! {
    async fn what_is_private_stands_on_no_public_face(app: TestApp) {
        happenings(&app).await;
        let pages = app.app.live.pages();
        assert!(pages.get("/events/INC-2").is_some() && pages.get("/events/INC-1").is_none());
        for (path, page) in pages.iter() {
            says_nothing(path, path);
            says_nothing(path, &String::from_utf8_lossy(&page.body));
            assert!(!path.contains("/for/") && !String::from_utf8_lossy(&page.body).contains("/for/"), "{path}");
        }
        let incident = String::from_utf8_lossy(&pages.get("/events/INC-2").unwrap().body).into_owned();
        assert!(incident.contains("Student portal (slow or incomplete)"), "{incident}");
        let work = String::from_utf8_lossy(&pages.get("/events/MNT-3").unwrap().body).into_owned();
        assert!(work.contains("class=\"timeline\"") && work.matches("Student portal").count() > 1, "{work}");
        let wrong = app.form_with("", "/subscribe", &[("email", "no")], &[]).await.is(422);
        says_nothing("/subscribe", &wrong.text());
        // Nobody can make it public by subscribing to it.
        let open = "audiences: [{id: open, name: Open, level: technical, services: ['*'], self_service: yes}]";
        let problems = app.yaml("/api/v1/documents", open).await.is(422).problems();
        assert!(problems[0].starts_with("audiences: anybody can subscribe to open, which uses vault"), "{problems:?}");
        // Whoever is told of it is led to where they may read it.
        let notices = app.app.store.notices(&NoticeFilter::default(), 100).await.unwrap();
        let link = |audience: &str| {
            let found = notices.iter().find(|n| n.event == "INC-1" && n.audience == audience).unwrap();
            found.content.clone().unwrap().url
        };
        assert_eq!(link("staff"), format!("{PUBLIC_URL}/for/staff/events/INC-1"));
        assert_eq!(link("closed"), format!("{PUBLIC_URL}/"));
    }

    async fn a_member_comes_by_a_link_and_reads_what_their_audience_hears(app: TestApp) {
        happenings(&app).await;
        let stranger = look(&app, "", "/for/staff").await.is(403).text();
        says_nothing("the form", &stranger);
        assert!(stranger.contains("Send me a link"), "{stranger}");
        let session = member(&app, "staff", "ann@EXAMPLE.edu").await;
        let page = look(&app, &session, "/for/staff").await.is(200);
        assert_eq!(page.header("cache-control"), "private, no-store");
        let text = page.text();
        for said in ["Only for: Staff", "Zebra pay", "Quagga store", "The zebra is late", "Quagga upgrade", "counts wrong", "A new zebra"] {
            assert!(text.contains(said), "{said}: {text}");
        }
        assert!(!text.contains("Student portal"), "{text}");
        // At its level of detail.
        let work = look(&app, &session, "/for/staff/events/MNT-1").await.is(200).text();
        assert!(work.contains("okapi"), "{work}");
        let german = look(&app, &session, "/for/staff/de/").await.is(200);
        assert!(german.text().contains("Nur für: Staff") && german.header("content-language") == "de");
        for path in ["history", "calendar", "ar/calendar", "de/events/INC-1", "events/MNT-1.ics", "history.atom"] {
            look(&app, &session, &format!("/for/staff/{path}")).await.is(200);
        }
        assert!(!text.contains("Zebra draft"), "{text}");
        for path in ["events/INC-9", "events/MNT-2", "nothing", "api/v2/summary.json", "badge.svg"] {
            look(&app, &session, &format!("/for/staff/{path}")).await.is(404);
        }
        // Links lead to pages of this audience, to files of the look, or out of it by name.
        let links = text.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
        for link in links.filter(|link| link.starts_with('/') && !link.starts_with("/assets/")) {
            assert!(link.starts_with("/for/staff"), "{link}");
            look(&app, &session, link).await.is(200);
        }
        let board = member(&app, "board", "bob@example.edu").await;
        let page = look(&app, &board, "/for/board").await.is(200).text();
        assert!(page.contains("Quagga upgrade") && page.contains("Student portal"), "{page}");
        assert!(!page.contains("zebra") && !page.contains("Quagga store") && !page.contains("okapi"), "{page}");
        // The one is no key to the other.
        look(&app, &board, "/for/staff").await.is(403);
        look(&app, &session, "/for/board").await.is(403);
        look(&app, &session, "/console").await.is(303);
    }

    async fn a_link_works_once_and_a_member_who_leaves_reads_nothing_more(app: TestApp) {
        happenings(&app).await;
        ask(&app, "staff", "ann@example.edu").await.is(200);
        let link = newest_link(&app).await;
        // A program that follows it opens nothing.
        look(&app, "", &link).await.is(200);
        look(&app, "", &link.replace("/staff/", "/board/")).await.is(200);
        send(&app, "", &link.replace("/staff/", "/board/"), &[]).await.is(404);
        app.form_with("", &link, &[], &[]).await.is(403);
        let session = send(&app, "", &link, &[]).await.is(303).cookie("forewarn_reader").unwrap();
        send(&app, "", &link, &[]).await.is(404);
        app.advance(1);
        ask(&app, "staff", "ann@example.edu").await.is(200);
        let late = newest_link(&app).await;
        app.advance(16);
        let dead = send(&app, "", &late, &[]).await.is(404).text();
        assert!(dead.contains("Ask for another link"), "{dead}");

        let page = look(&app, &session, "/for/staff").await.is(200).text();
        let feed = page.split("href=\"").find(|rest| rest.starts_with("/for/staff/feed/")).unwrap();
        let feed = feed.split('"').next().unwrap();
        let open = app.request(As::Nobody, "GET", feed, "").await.is(200);
        assert!(open.text().contains("zebra") && open.header("cache-control") == "private, no-store");
        app.request(As::Nobody, "GET", &feed.replace("history.atom", "calendar.ics"), "").await.is(200);
        app.request(As::Nobody, "GET", &feed.replace("/staff/", "/board/"), "").await.is(404);
        app.request(As::Nobody, "GET", &feed.replace("history.atom", "history"), "").await.is(404);
        send(&app, &session, "/for/staff/other-feeds", &[]).await.is(303);
        app.request(As::Nobody, "GET", feed, "").await.is(404);
        let page = look(&app, &session, "/for/staff").await.is(200).text();
        let other = page.split("href=\"").find(|rest| rest.starts_with("/for/staff/feed/")).unwrap();
        let other = other.split('"').next().unwrap();
        app.request(As::Nobody, "GET", other, "").await.is(200);

        // Nothing of it stands where it could be read.
        let mut kept = Vec::new();
        app.app.store.backup(&mut kept, app.app.clock.now()).await.unwrap();
        let kept = String::from_utf8(kept).unwrap();
        let token = other.split('/').nth(4).unwrap();
        assert!(!kept.contains(&session) && !kept.contains(token), "{kept}");

        let elsewhere = "contacts: [{id: ann, audiences: [closed], endpoints: {email: ann@example.edu}}]";
        app.yaml("/api/v1/documents", elsewhere).await.is(200);
        look(&app, &session, "/for/staff").await.is(403);
        app.request(As::Nobody, "GET", other, "").await.is(404);
        app.yaml("/api/v1/documents", &elsewhere.replace("closed", "staff")).await.is(200);
        look(&app, &session, "/for/staff").await.is(200);
        app.yaml("/api/v1/documents", "audiences: [{id: staff, name: Staff, level: technical, services: [payroll]}]").await.is(200);
        look(&app, &session, "/for/staff").await.is(403);
        app.yaml("/api/v1/documents", HOUSE).await.is(200);
        look(&app, &session, "/for/staff").await.is(200);
        app.advance(30 * 24 * 60);
        look(&app, &session, "/for/staff").await.is(403);

        let session = member(&app, "staff", "ann@example.edu").await;
        let out = send(&app, &session, "/for/staff/sign-out", &[]).await.is(303);
        assert_eq!(out.cookie("forewarn_reader").as_deref(), Some(""));
        look(&app, &session, "/for/staff").await.is(403);
    }

    async fn nobody_learns_who_reads_or_whether_there_is_a_page(app: TestApp) {
        happenings(&app).await;
        let forms = [("staff", ""), ("closed", ""), ("no-such-audience", ""), ("staff", "x")];
        let shown = |answer: Answer, audience: &str| (answer.status.as_u16(), answer.text().replace(audience, "AUDIENCE"));
        let mut seen = Vec::new();
        for (audience, session) in forms {
            seen.push(shown(look(&app, session, &format!("/for/{audience}")).await, audience));
        }
        assert!(seen.iter().all(|form| *form == seen[0]), "{seen:?}");
        let mut told = Vec::new();
        for (audience, email) in [("staff", "ann@example.edu"), ("staff", "bob@example.edu"), ("staff", "who@example.edu"),
            ("closed", "bob@example.edu"), ("nobody", "ann@example.edu")] {
            let answer = ask(&app, audience, email).await;
            told.push((answer.status.as_u16(), answer.text().replace(email, "ADDRESS")));
        }
        assert!(told.iter().all(|answer| *answer == told[0]) && told[0].0 == 200, "{told:?}");
        let mails = app.app.store.notices(&NoticeFilter::default(), 100).await.unwrap();
        assert!(mails.iter().all(|n| n.milestone != "sign_in"), "a list of notices tells of events");
        let to: Vec<String> = links(&app).await.into_iter().map(|(_, to, _)| to).collect();
        assert_eq!(to, ["ann"]);
        let wrong = send(&app, "", "/for/staff/sign-in?lang=fr", &[("email", "no address")]).await.is(422).text();
        assert!(wrong.contains("L’adresse e-mail manque ou n’est pas complète."), "{wrong}");
        let long = send(&app, "", "/for/staff/sign-in?lang=de", &[("email", &"x".repeat(9_000))]).await.is(413);
        assert!(long.text().contains("Das hat nicht geklappt"), "{}", long.text());
        // Nor can anybody flood her.
        for _ in 0..6 {
            ask(&app, "staff", "ann@example.edu").await.is(200);
        }
        assert_eq!(links(&app).await.len(), 5, "in a day");
        let foreign = [("origin", "https://evil.test")];
        let csrf = app.app.key.form_token(VISIT);
        let fields = [("csrf", csrf.as_str()), ("email", "ann@example.edu")];
        app.form_with(&cookies(""), "/for/staff/sign-in", &fields, &foreign).await.is(403);
    }

    async fn the_console_opens_and_closes_the_page_of_an_audience(app: TestApp) {
        happenings(&app).await;
        let door = "/console/audiences/private-page";
        let open = |audience| [("audience", audience), ("private_page", "yes")];
        app.form(As::Operator, door, &open("closed")).await.is(403);
        app.raw_form(As::Administrator, door, &open("closed"), &[]).await.is(403);
        app.form(As::Administrator, door, &open("nobody")).await.is(404);
        let bob = member(&app, "board", "bob@example.edu").await;
        look(&app, &bob, "/for/closed").await.is(403);
        let list = app.page(As::Viewer, "/console/audiences").await.is(200).text();
        assert!(list.contains("<option value=\"closed\">") && !list.contains("<option value=\"everybody\">"), "{list}");
        let before = app.get("/api/v1/audiences/closed").await.is(200).json();
        app.form(As::Administrator, door, &open("closed")).await.is(303);
        look(&app, &bob, "/for/closed").await.is(200);
        // Nothing else of it has changed, and the journal says who did it, as of the API.
        let mut after = app.get("/api/v1/audiences/closed").await.is(200).json();
        assert_eq!(after["private_page"], json!(true));
        after.as_object_mut().unwrap().remove("private_page");
        assert_eq!(after, before);
        let journal = app.get("/api/v1/journal").await.json()["items"].clone();
        let said: Vec<_> = journal.as_array().unwrap().iter().filter(|e| e["action"] == "documents.applied").collect();
        assert!(said.iter().any(|e| e.to_string().contains("closed") && !e["actor"].to_string().contains("token:")), "{journal}");
        // What anybody can subscribe to stays open to all.
        app.form(As::Administrator, door, &open("everybody")).await.is(303);
        look(&app, &bob, "/for/everybody").await.is(403);
        let list = app.page(As::Viewer, "/console/audiences").await.is(200).text();
        assert!(list.contains("href=\"/for/closed\"") && !list.contains("href=\"/for/everybody\""), "{list}");
        app.form(As::Administrator, door, &[("audience", "closed"), ("private_page", "no")]).await.is(303);
        look(&app, &bob, "/for/closed").await.is(403);
    }

    async fn what_a_page_shows_is_held_until_something_happens(app: TestApp) {
        happenings(&app).await;
        let ann = member(&app, "staff", "ann@example.edu").await;
        let statements = || app.app.store.transactions();
        let cost = |before| statements() - before;
        let mut before = statements();
        let first = look(&app, &ann, "/for/staff").await.is(200).text();
        let whole = cost(before);
        before = statements();
        let again = look(&app, &ann, "/for/staff").await.is(200).text();
        let held = cost(before);
        assert_eq!(first, again);
        assert!(held <= 4 && whole > 3 * held, "{whole} transactions, then {held}");
        // It is made anew in another language, and what is a reader's own stays theirs.
        look(&app, &ann, "/for/staff/de/").await.is(200);
        let staff = format!("forewarn_session={}", As::Viewer.session());
        let request = Request::get("/for/staff").header(header::COOKIE, staff);
        let users = app.send(request.body(Body::empty()).unwrap()).await.is(200).text();
        assert!(first.contains("/for/staff/feed/") && !users.contains("/for/staff/feed/"), "{users}");
        // What changes is there at once.
        app.yaml("/api/v1/documents", "services: [{id: payroll, name: Zebra wages, public: no}]").await.is(200);
        assert!(look(&app, &ann, "/for/staff").await.is(200).text().contains("Zebra wages"));
        // What can still be undone is there when it is told, though nothing happens then.
        let news = json!({"title": "The zebra hides", "services": {"payroll": "major_outage"}, "severity": "P1", "effect": "It hides."});
        let id = app.post("/api/v1/incidents", &news).await.is(201).json()["id"].as_str().unwrap().to_owned();
        let update = json!({"text": "The zebra eats.", "undo": true});
        app.post(&format!("/api/v1/incidents/{id}/updates"), &update).await.is(201);
        let own = format!("/for/staff/events/{id}");
        assert!(!look(&app, &ann, &own).await.is(200).text().contains("eats"));
        app.advance(1);
        assert!(look(&app, &ann, &own).await.is(200).text().contains("The zebra eats."));
        // Nothing held lets anybody in who may not read any more.
        let elsewhere = "contacts: [{id: ann, audiences: [closed], endpoints: {email: ann@example.edu}}]";
        look(&app, &ann, "/for/staff").await.is(200);
        app.yaml("/api/v1/documents", elsewhere).await.is(200);
        look(&app, &ann, "/for/staff").await.is(403);
    }
}
