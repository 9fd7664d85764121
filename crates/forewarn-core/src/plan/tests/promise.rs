//! The timers of a promise, as tables.

use crate::audience::Audience;
use crate::document::{Catalogue, Documents};
use crate::document::{Problems, parse_yaml};
use crate::event::Event;
use crate::id::Id;
use crate::incident::{Declaration, Impact, Incident, Severity};
use crate::plan::{BACKUP, INTERNAL, SPOKESPERSON, Stored, is_promise_timer, publish_update};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

fn catalogue(more: &str) -> Catalogue {
    let text = format!(
        "
organisation: {{name: Example University, time_zone: America/Los_Angeles}}
services:
  - {{id: portal, name: Portal, owner: web@example.edu, business_owner: dean@example.edu, talks_to_clients: business_owner,
     spokespersons: [sam@example.edu, kim@example.edu]}}
  - {{id: wiki, name: Wiki, owner: web@example.edu, spokespersons: [kim@example.edu, lee@example.edu]}}
  - {{id: files, name: Files, owner: disk@example.edu, business_owner: dean@example.edu, talks_to_clients: business_owner}}
audiences:
  - {{id: students, name: Students, level: non_technical, services: [portal]}}
{more}"
    );
    let texts = [("test.yaml".to_owned(), text)];
    let documents = Documents::parse_yaml(&texts, &Catalogue::default(), "MNT-1").unwrap();
    documents.over(&Catalogue::default())
}

fn begin() -> Timestamp {
    "2026-11-22T19:00:00Z".parse().unwrap()
}

fn at(minutes: i64) -> Timestamp {
    begin() + SignedDuration::from_mins(minutes)
}

fn declared(severity: Severity, services: &[&str], minutes: i64) -> Incident {
    let services = services
        .iter()
        .map(|s| (Id::parse(s).unwrap(), Impact::MajorOutage));
    let declaration = Declaration {
        id: None,
        title: None,
        services: services.collect::<BTreeMap<_, _>>(),
        severity,
        cause: None,
        effect: None,
        texts: Default::default(),
        lead: Some("fix@example.edu".into()),
        spokesperson: None,
        next_update_in: None,
    };
    let id = Id::parse("INC-1").unwrap();
    Incident::declare(declaration, id, "Sign-in".into(), at(minutes), begin())
}

/// Milestone, place, audience and seconds after the beginning.
fn timers(incident: Incident, catalogue: &Catalogue) -> Vec<(String, String, String, i64)> {
    let now = incident.updates.last().unwrap().at;
    let (_, changes) = publish_update(incident, catalogue, &[], now);
    let timers = changes
        .add
        .into_iter()
        .filter(|n| is_promise_timer(&n.milestone));
    timers
        .map(|n| {
            let seconds = n.due.duration_since(begin()).as_millis() as i64;
            (
                n.milestone,
                n.offset.unwrap_or_default(),
                n.audience,
                seconds,
            )
        })
        .collect()
}

fn shown(timers: &[(String, String, String, i64)]) -> Vec<String> {
    timers
        .iter()
        .map(|(milestone, place, audience, at)| {
            let minutes = *at as f64 / 60_000.0;
            format!("{milestone} {place} {audience} {minutes:.1}")
        })
        .collect()
}

#[test]
fn who_is_told_of_a_promise_and_when() {
    let usual = catalogue("");
    let own = catalogue(
        "policies: [{id: own, for: {event: incident}, warn_before: [PT10M], keep_automatically: {P2: true}}]",
    );
    let warnings = [
        "promise_warning 15min spokesperson 45.0",
        "promise_warning 5min spokesperson 55.0",
        "promise_warning 5min backup 55.0",
    ];
    let cases: [(&Catalogue, Severity, i64, Vec<&str>); 6] = [
        (
            &usual,
            Severity::P1,
            60,
            [
                &warnings[..],
                &[
                    "promise_kept  internal 58.0",
                    "promise_broken  internal 60.0",
                ],
            ]
            .concat(),
        ),
        (
            &usual,
            Severity::P2,
            60,
            [&warnings[..], &["promise_broken  internal 60.0"]].concat(),
        ),
        // What would be due by now is left out.
        (
            &usual,
            Severity::P2,
            15,
            vec![
                "promise_warning 5min spokesperson 10.0",
                "promise_warning 5min backup 10.0",
                "promise_broken  internal 15.0",
            ],
        ),
        // Of a promise shorter than that the second half.
        (
            &usual,
            Severity::P1,
            3,
            vec!["promise_kept  internal 1.5", "promise_broken  internal 3.0"],
        ),
        (
            &own,
            Severity::P2,
            60,
            vec![
                "promise_warning 10min spokesperson 50.0",
                "promise_warning 10min backup 50.0",
                "promise_kept  internal 58.0",
                "promise_broken  internal 60.0",
            ],
        ),
        (&own, Severity::P1, 8, vec!["promise_broken  internal 8.0"]),
    ];
    for (n, (catalogue, severity, minutes, expected)) in cases.into_iter().enumerate() {
        let found = timers(declared(severity, &["portal"], minutes), catalogue);
        assert_eq!(shown(&found), expected, "case {n}");
        let broken = found.last().unwrap();
        assert_eq!(broken.3, minutes * 60_000 + 1, "the first instant after it");
    }
}

#[test]
fn it_keeps_a_promise_by_itself_at_most_three_times_in_a_row() {
    let catalogue = catalogue("");
    let mut incident = declared(Severity::P1, &["portal"], 60);
    let mut kept = Vec::new();
    for n in 1..6 {
        let found = timers(incident.clone(), &catalogue);
        kept.push(found.iter().any(|t| t.0 == "promise_kept"));
        incident = match n {
            4 => incident.move_promise(at(60 * n + 60), at(60 * n)).unwrap(),
            _ => incident.keep_promise(at(60 * n + 60), at(60 * n)).unwrap(),
        };
    }
    assert_eq!(kept, [true, true, true, false, true]);
}

#[test]
fn an_update_withdraws_the_timers_of_the_promise_before_and_nothing_else() {
    let stored = |id: &str, milestone: &str, open: bool| Stored {
        id: id.into(),
        milestone: milestone.into(),
        offset: None,
        audience: "x".into(),
        due: begin(),
        told: !open,
        open,
    };
    let all = [
        stored("begun", "promise_warning", false),
        stored("warning", "promise_warning", true),
        stored("kept", "promise_kept", true),
        stored("broken", "promise_broken", true),
        stored("update", "update", true),
    ];
    let moved = declared(Severity::P1, &["portal"], 60)
        .move_promise(at(90), at(30))
        .unwrap();
    let (moved, changes) = publish_update(moved, &catalogue(""), &all, at(30));
    assert_eq!(changes.withdrawn, ["warning", "kept", "broken"]);
    assert!(moved.told.iter().any(|a| *a == *"students"));
    let over = crate::incident::NewUpdate::read(
        &parse_yaml("status: resolved").unwrap()[0],
        "",
        &mut Problems::default(),
    );
    let over = moved.update(over.unwrap(), at(91), at(40)).unwrap();
    let (_, changes) = publish_update(over, &catalogue(""), &all, at(40));
    assert_eq!(changes.withdrawn, ["warning", "kept", "broken"]);
    assert!(changes.add.iter().all(|n| !is_promise_timer(&n.milestone)));
}

#[test]
fn who_speaks_for_an_incident() {
    let catalogue = catalogue("");
    // services, spokesperson named, then spokesperson, backups and the whole team as they are reached
    let cases = [
        ("portal", "", ["sam", "kim", "fix kim sam web"]),
        ("portal wiki", "", ["sam", "kim lee", "fix kim lee sam web"]),
        (
            "portal",
            "lee@example.edu",
            ["lee", "sam kim", "fix kim lee sam web"],
        ),
        (
            "portal",
            "kim@example.edu",
            ["kim", "sam", "fix kim sam web"],
        ),
        // A name is no mailbox.
        ("portal", "Sam", ["sam", "kim", "fix kim sam web"]),
        // Nobody was named in advance: the owner who talks to clients.
        ("files", "", ["dean", "", "dean disk fix"]),
    ];
    for (services, named, expected) in cases {
        let services: Vec<&str> = services.split(' ').collect();
        let mut incident = declared(Severity::P1, &services, 60);
        incident.spokesperson = Some(named.to_owned()).filter(|name| !name.is_empty());
        let event = Event::Incident(incident);
        let reached = |audience: &str| {
            let endpoints = event.built_in_audience(audience, &catalogue).unwrap();
            let names = endpoints
                .iter()
                .map(|e| e.address().split('@').next().unwrap().to_owned());
            names.collect::<Vec<_>>().join(" ")
        };
        let found = [SPOKESPERSON, BACKUP, INTERNAL].map(reached);
        assert_eq!(found, expected, "{services:?} {named}");
    }
}

#[test]
fn whoever_leads_is_warned_where_nobody_else_could_speak() {
    let catalogue = catalogue("");
    for (lead, warned) in [
        (Some("dean@example.edu"), "dean@example.edu"),
        (Some("fix@example.edu"), "dean@example.edu"),
    ] {
        let mut incident = declared(Severity::P1, &["files"], 60);
        incident.lead = lead.map(str::to_owned);
        let event = Event::Incident(incident);
        let endpoints = event.built_in_audience(SPOKESPERSON, &catalogue).unwrap();
        let found: Vec<&str> = endpoints.iter().map(|e| e.address()).collect();
        assert_eq!(found, [warned]);
    }
}

#[test]
fn no_audience_takes_a_built_in_name() {
    for (id, meaning) in [
        (
            SPOKESPERSON,
            "'spokesperson' is built in: it is whoever speaks for the incident",
        ),
        (
            BACKUP,
            "'backup' is built in: it is whoever speaks for the incident when the spokesperson does not",
        ),
    ] {
        let mut problems = Problems::default();
        let text = format!("{{id: {id}, name: X, level: technical}}");
        Audience::read(&parse_yaml(&text).unwrap()[0], "", &mut problems);
        assert_eq!(problems.0[0].problem, meaning);
    }
}
