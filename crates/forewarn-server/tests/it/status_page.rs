//! The public documents: shapes, states, feeds, sizes.

use crate::samples::{Samples, now};
use forewarn_core::id::Id;
use forewarn_server::status_page::state::{ServiceState, States};
use forewarn_server::status_page::{Pages, Snapshot, Texts};
use serde_json::Value;
use std::str::FromStr;

fn samples() -> Samples {
    Samples { hostile: false }
}

fn text(snapshot: &Snapshot, path: &str) -> String {
    let pages = Pages::render(snapshot);
    let page = pages.get(path).unwrap_or_else(|| panic!("no {path}"));
    String::from_utf8(page.body.to_vec()).expect("UTF-8")
}

fn json(snapshot: &Snapshot, name: &str) -> Value {
    let body = text(snapshot, &format!("/api/v2/{name}.json"));
    serde_json::from_str(&body).expect("JSON")
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    keys
}

fn sorted(list: &str) -> Vec<&str> {
    let mut keys: Vec<&str> = list.split_whitespace().collect();
    keys.sort_unstable();
    keys
}

/// The documents and keys of conventions.md.
#[test]
fn the_api_has_the_documents_and_keys_of_the_convention() {
    let snapshot = samples().snapshot();
    for (name, body) in [
        (
            "summary",
            "page components incidents scheduled_maintenances status",
        ),
        ("status", "page status"),
        ("components", "page components"),
        ("incidents", "page incidents"),
        ("incidents/unresolved", "page incidents"),
        ("scheduled-maintenances", "page scheduled_maintenances"),
        (
            "scheduled-maintenances/upcoming",
            "page scheduled_maintenances",
        ),
        (
            "scheduled-maintenances/active",
            "page scheduled_maintenances",
        ),
    ] {
        assert_eq!(keys(&json(&snapshot, name)), sorted(body), "{name}");
    }
    let summary = json(&snapshot, "summary");
    assert_eq!(
        keys(&summary["page"]),
        sorted("id name url time_zone updated_at")
    );
    assert_eq!(keys(&summary["status"]), sorted("indicator description"));
    let component = "id name status created_at updated_at position description showcase start_date group_id page_id group only_show_if_degraded";
    let services: Vec<&Value> = summary["components"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|c| c["group"] == false)
        .collect();
    assert!(services.iter().all(|c| keys(c) == sorted(component)));
    let groups: Vec<&Value> = summary["components"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|c| c["group"] == true)
        .collect();
    assert_eq!(groups.len(), 3);
    assert_eq!(keys(groups[0]), sorted(&format!("{component} components")));
    assert_eq!(services[0]["group_id"], groups[0]["id"]);
    let event = "id name status created_at updated_at monitoring_at resolved_at impact shortlink started_at page_id incident_updates components reminder_intervals";
    assert_eq!(
        keys(&summary["incidents"][0]),
        sorted(&format!("{event} next_update_at"))
    );
    assert_eq!(
        keys(&summary["scheduled_maintenances"][0]),
        sorted(&format!("{event} scheduled_for scheduled_until"))
    );
    let update = "id status body incident_id created_at updated_at display_at affected_components deliver_notifications custom_tweet tweet_id";
    assert_eq!(
        keys(&summary["incidents"][0]["incident_updates"][0]),
        sorted(update)
    );
}

#[test]
fn the_api_says_what_strict_clients_rely_on() {
    let snapshot = samples().snapshot();
    let incident = &json(&snapshot, "incidents/unresolved")["incidents"][0];
    assert_eq!(incident["impact"], "major");
    assert_eq!(incident["next_update_at"], "2026-11-23T09:45:00.000-08:00");
    let updates = incident["incident_updates"].as_array().unwrap();
    assert_eq!(
        [&updates[0]["status"], &updates[1]["status"]],
        ["identified", "investigating"]
    );
    assert_eq!(
        updates[1]["affected_components"][0]["old_status"],
        "operational"
    );
    assert_eq!(
        updates[1]["affected_components"][0]["new_status"],
        "partial_outage"
    );
    let incidents = json(&snapshot, "incidents")["incidents"].clone();
    let listed: Vec<_> = incidents
        .as_array()
        .unwrap()
        .iter()
        .map(|i| ["id", "impact", "status"].map(|key| i[key].as_str().unwrap_or_default()))
        .collect();
    // A known fault is an incident that does nothing to any component.
    assert_eq!(
        listed,
        [
            ["INC-7", "major", "identified"],
            ["ADV-3", "none", "identified"],
            ["INC-6", "critical", "resolved"],
            ["ADV-2", "none", "resolved"],
        ]
    );
    let status = |name: &str| {
        let document = json(&snapshot, name);
        let list = document["scheduled_maintenances"]
            .as_array()
            .unwrap()
            .clone();
        list.iter()
            .map(|m| m["status"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(status("scheduled-maintenances/active"), ["in_progress"]);
    assert_eq!(
        status("scheduled-maintenances/upcoming"),
        ["scheduled", "scheduled"]
    );
    assert_eq!(status("scheduled-maintenances").len(), 5);
    every_time_has_an_offset(&json(&snapshot, "summary"));
}

fn every_time_has_an_offset(value: &Value) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                if (key.ends_with("_at") || key.starts_with("scheduled_for")) && !value.is_null() {
                    let at = value.as_str().expect("a text");
                    assert!(
                        at.parse::<jiff::Timestamp>().is_ok() && at.ends_with("-08:00"),
                        "{key} {at}"
                    );
                }
                every_time_has_an_offset(value);
            }
        }
        Value::Array(list) => list.iter().for_each(every_time_has_an_offset),
        _ => {}
    }
}

#[test]
fn services_are_as_incidents_and_work_say_and_what_stands_on_them_may_be_affected() {
    let snapshot = samples().snapshot();
    let states = States::of(&snapshot);
    let id = |name: &str| Id::parse(name).unwrap();
    assert_eq!(states.state(&id("portal")), ServiceState::PartialOutage);
    assert_eq!(states.state(&id("sso")), ServiceState::Degraded);
    assert_eq!(states.state(&id("files")), ServiceState::UnderMaintenance);
    assert_eq!(states.state(&id("mail")), ServiceState::Operational);
    assert!(states.may_be_affected(&id("mail")) && states.may_be_affected(&id("lms")));
    assert!(!states.may_be_affected(&id("portal")) && !states.may_be_affected(&id("wifi")));
    let said = |states: &States, snapshot: &Snapshot, code: &str| {
        states.sentence(snapshot, Texts::of(code))
    };
    for (code, expected) in [
        ("en", "Student portal is partly down"),
        ("de", "Student portal ist teilweise ausgefallen"),
        ("fr", "Student portal est en panne partielle"),
        ("es", "Student portal sufre una caída parcial"),
        ("ar", "توقف جزئي: \u{2068}Student portal\u{2069}"),
    ] {
        assert_eq!(said(&states, &snapshot, code), expected);
    }
    assert_eq!(states.indicator(), "major");
    let quiet = samples().quiet_snapshot();
    let all_is_well = said(&States::of(&quiet), &quiet, "en");
    assert_eq!(all_is_well, "Everything is working");
    let empty = samples().empty_snapshot();
    assert_eq!(
        said(&States::of(&empty), &empty, "en"),
        "No services are listed yet"
    );
}

#[test]
fn what_is_not_public_is_in_no_document() {
    for (path, page) in Pages::render(&samples().snapshot()).iter() {
        let body = String::from_utf8_lossy(&page.body).into_owned();
        for secret in ["SECRET", "db1.internal", "MNT-6"] {
            assert!(!body.contains(secret), "{path} says {secret}");
        }
    }
}

#[test]
fn the_feed_has_one_entry_for_each_message_with_an_id_that_survives_an_edit() {
    let mut snapshot = samples().snapshot();
    let read = |snapshot: &Snapshot| {
        atom_syndication::Feed::from_str(&text(snapshot, "/history.atom")).expect("Atom")
    };
    let feed = read(&snapshot);
    // Of two incidents, two known faults, a release and five works.
    assert_eq!(feed.entries.len(), 2 + 2 + 2 + 2 + 1 + 5);
    assert!(
        feed.entries
            .iter()
            .all(|e| e.id.starts_with("tag:status.example.edu,2026:message/"))
    );
    assert_eq!(
        feed.entries[0].title.as_str(),
        "Identified: Student portal: sign-in fails for some"
    );
    assert!(
        feed.entries
            .windows(2)
            .all(|pair| pair[0].updated >= pair[1].updated)
    );
    let ids: Vec<String> = feed.entries.iter().map(|e| e.id.clone()).collect();
    snapshot.incidents[0].messages[1].html = "<p>Corrected.</p>".into();
    let edited = read(&snapshot);
    assert_eq!(
        edited
            .entries
            .iter()
            .map(|e| e.id.clone())
            .collect::<Vec<_>>(),
        ids
    );
    assert_eq!(
        edited.entries[0].content.as_ref().unwrap().value.as_deref(),
        Some("<p>Corrected.</p>")
    );
}

#[test]
fn the_calendar_keeps_to_its_format() {
    for hostile in [false, true] {
        let snapshot = Samples { hostile }.snapshot();
        let body = text(&snapshot, "/calendar.ics");
        assert!(body.ends_with("END:VCALENDAR\r\n"));
        for line in body.split_terminator("\r\n") {
            assert!(
                line.len() <= 75 && !line.contains(['\n', '\r']),
                "{} octets: {line}",
                line.len()
            );
        }
        let calendar: icalendar::Calendar = body.parse().expect("iCalendar");
        use icalendar::Component;
        let events: Vec<&icalendar::Event> = calendar.events().collect();
        assert_eq!(events.len(), 5 + 2 + 3);
        let sign_in = events
            .iter()
            .find(|e| {
                e.get_summary()
                    .is_some_and(|s| s.starts_with("New sign-in"))
            })
            .unwrap();
        let property = |name| sign_in.property_value(name);
        assert_eq!(
            ["DTSTART", "DTEND", "STATUS", "SEQUENCE", "DTSTAMP", "URL"].map(property),
            [
                "20261207",
                "20261214",
                "TENTATIVE",
                "2",
                "20261120T170000Z",
                "https://www.example.edu/sign-in?a=1&b=2"
            ]
            .map(Some)
        );
        let upgrade = events
            .iter()
            .find(|e| e.get_uid() == Some("MNT-1@status.example.edu"))
            .unwrap();
        assert_eq!(upgrade.property_value("DTSTART"), Some("20261201T060000Z"));
        assert_eq!(upgrade.property_value("SEQUENCE"), Some("1"));
        assert_eq!(upgrade.property_value("STATUS"), Some("CONFIRMED"));
        assert_eq!(
            upgrade.property_value("LAST-MODIFIED"),
            Some("20261120T170000Z")
        );
        assert_eq!(
            upgrade.property_value("URL"),
            Some("https://status.example.edu/events/MNT-1")
        );
        let summary = upgrade.get_summary().unwrap();
        assert!(summary.starts_with("Student database upgrade"));
        let cancelled = events
            .iter()
            .find(|e| e.get_uid() == Some("MNT-5@status.example.edu"))
            .unwrap();
        assert_eq!(cancelled.property_value("STATUS"), Some("CANCELLED"));
    }
    let one = text(&samples().snapshot(), "/events/MNT-1.ics");
    assert_eq!(one.matches("BEGIN:VEVENT").count(), 1);
    for said in [
        "METHOD:PUBLISH",
        "REFRESH-INTERVAL;VALUE=DURATION:PT15M",
        "DTSTAMP:20261120T170000Z",
    ] {
        assert!(one.contains(said), "{said}");
    }
}

#[test]
fn the_calendar_lists_what_is_firm_and_what_is_rough_by_month() {
    let snapshot = samples().snapshot();
    let body = text(&snapshot, "/calendar");
    let headings: Vec<&str> = body
        .split("<h2 class=\"section\">")
        .skip(1)
        .map(|rest| rest.split('<').next().unwrap())
        .collect();
    assert_eq!(
        headings,
        [
            "November 2026",
            "December 2026",
            "Third quarter of 2027 (July to September)"
        ]
    );
    let december = body.split("December 2026</h2>").nth(1).unwrap();
    let december = december.split("</section>").next().unwrap();
    let order = [
        "New certificates for sign-in",
        "Campus maps move",
        "New sign-in",
        "Week of 7 December 2026",
        "https://www.example.edu/sign-in?a=1&#38;b=2",
    ]
    .map(|words| december.find(words).unwrap_or_else(|| panic!("{words}")));
    assert!(order[2] < order[3], "{order:?}");
    assert!(!body.contains("Printers of last spring") && !body.contains("SECRET"));
    let listed: Value = serde_json::from_str(&text(&snapshot, "/calendar.json")).unwrap();
    let shown: Vec<String> = listed["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| {
            format!(
                "{} {} {} {} {}",
                c["first_day"].as_str().unwrap(),
                c["last_day"].as_str().unwrap(),
                c["id"].as_str().unwrap(),
                c["precision"].as_str().unwrap(),
                c["start"].as_str().unwrap_or("-")
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "2026-11-23 2026-11-24 MNT-3 time 2026-11-23T22:00:00.000-08:00",
            "2026-11-30 2026-12-01 MNT-1 time 2026-11-30T22:00:00.000-08:00",
            "2026-12-01 2026-12-31 maps month -",
            "2026-12-04 2026-12-05 MNT-2 time 2026-12-04T22:00:00.000-08:00",
            "2026-12-07 2026-12-13 sso week -",
            "2026-12-08 2026-12-08 ANN-2 time 2026-12-08T10:00:00.000-08:00",
            "2027-07-01 2027-09-30 archive quarter -",
        ]
    );
}

#[test]
fn the_page_is_small_and_asks_nobody_else() {
    let snapshot = samples().snapshot();
    let body = text(&snapshot, "/");
    let pages = Pages::render(&snapshot);
    let with_assets: usize = pages
        .iter()
        .filter(|(path, _)| *path == "/" || path.starts_with("/assets/"))
        .map(|(_, page)| page.body.len())
        .sum();
    assert!(with_assets < 50_000, "{with_assets} bytes");
    for attribute in ["src=\"", "href=\""] {
        for link in body.split(attribute).skip(1) {
            let target = link.split('"').next().unwrap();
            // The same in other languages is named by its whole address.
            let target = target.strip_prefix(&snapshot.public_url).unwrap_or(target);
            assert!(
                target.starts_with('/') || target.starts_with('#'),
                "{target}"
            );
            let path = target.split('#').next().unwrap();
            assert!(
                path.is_empty() || pages.get(path).is_some(),
                "{target} leads nowhere"
            );
        }
    }
    for link in ["application/atom+xml", "text/calendar", "application/json"] {
        assert!(
            body.contains(&format!("type=\"{link}\"")),
            "{link} cannot be discovered"
        );
    }
    let mut crowded = snapshot;
    let service = crowded.services[2].clone();
    for n in 0..60 {
        crowded.services.push(forewarn_core::service::Service {
            id: Id::parse(&format!("s{n}")).unwrap(),
            ..service.clone()
        });
    }
    assert!(text(&crowded, "/").len() < 50_000);
}

#[test]
fn equal_snapshots_give_equal_pages_and_any_change_another_validator() {
    let snapshot = samples().snapshot();
    assert_eq!(Pages::render(&snapshot), Pages::render(&snapshot.clone()));
    let stored = serde_json::to_string(&snapshot).expect("JSON");
    let read: Snapshot = serde_json::from_str(&stored).expect("a snapshot");
    assert_eq!(read, snapshot);
    let mut later = snapshot.clone();
    later.made_at = now() + jiff::SignedDuration::from_secs(60);
    let (before, after) = (Pages::render(&snapshot), Pages::render(&later));
    let same = |path: &str| before.get(path).unwrap().etag == after.get(path).unwrap().etag;
    assert!(!same("/"));
    // What only says what happened does not change with the clock, so that pollers are answered with 304.
    assert!(same("/history.atom") && same("/calendar.ics"));
}

#[test]
fn compressed_bytes_are_the_same_document() {
    use std::io::Read;
    let pages = Pages::render(&samples().snapshot());
    let page = pages.get("/").unwrap();
    let mut plain = Vec::new();
    let gzip = page.gzip.clone().expect("a page worth compressing");
    flate2::read::GzDecoder::new(&gzip[..])
        .read_to_end(&mut plain)
        .unwrap();
    assert_eq!(plain, page.body);
}
