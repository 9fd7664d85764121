use super::*;
use crate::document::{Node, Problems, parse_yaml};

macro_rules! file {
    ($name:literal) => {
        include_str!(concat!("../../tests/maintnote/", $name, ".ics"))
    };
}

fn said(problems: &[Problem]) -> Vec<String> {
    problems
        .iter()
        .map(|p| format!("{}: {}", p.field, p.problem))
        .collect()
}

#[track_caller]
fn one(text: &str) -> (Notice, Vec<String>) {
    let read = read(text).unwrap_or_else(|e| panic!("{e}"));
    let [notice] = read.notices.as_slice() else {
        panic!("{read:?}")
    };
    (notice.clone(), said(&read.warnings))
}

#[track_caller]
fn refused(text: &str) -> Vec<String> {
    said(&read(text).expect_err("it is refused").problems)
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn confirmed() -> Notice {
    Notice {
        provider: "carrier.example".into(),
        account: "ACC-42".into(),
        maintenance: "MNT-77".into(),
        objects: vec![("SVC-1001".into(), Effect::Outage)],
        effect: Effect::Outage,
        status: Status::Confirmed,
        window: Some((at("2026-11-30T02:00:00Z"), at("2026-11-30T06:00:00Z"))),
        sequence: 1,
        stamp: Some(at("2026-11-20T09:00:00Z")),
        summary: "Fibre maintenance in Example City".into(),
    }
}

#[test]
fn every_status_is_read() {
    let (tentative, w0) = one(file!("status-tentative"));
    assert_eq!(
        (tentative, w0),
        (
            Notice {
                status: Status::Tentative,
                ..confirmed()
            },
            vec![]
        )
    );
    assert_eq!(one(file!("status-confirmed")), (confirmed(), vec![]));
    let moved = Notice {
        status: Status::ReScheduled,
        sequence: 2,
        stamp: Some(at("2026-11-21T09:00:00Z")),
        window: Some((at("2026-12-01T02:00:00Z"), at("2026-12-01T06:00:00Z"))),
        ..confirmed()
    };
    assert_eq!(one(file!("status-re-scheduled")), (moved, vec![]));
    let later = |status, objects| Notice {
        status,
        objects,
        sequence: 3,
        stamp: Some(at("2026-11-22T09:00:00Z")),
        ..confirmed()
    };
    for (text, expected) in [
        (file!("status-cancelled"), later(Status::Cancelled, vec![])),
        (file!("status-completed"), later(Status::Completed, vec![])),
        (
            file!("status-in-process"),
            later(Status::InProcess, confirmed().objects),
        ),
        (
            file!("status-no-change"),
            later(Status::NoChange, confirmed().objects),
        ),
    ] {
        assert_eq!(one(text), (expected, vec![]));
    }
}

#[test]
fn every_impact_is_read() {
    for (text, effect) in [
        (file!("impact-no-impact"), Effect::NoImpact),
        (
            file!("impact-reduced-redundancy"),
            Effect::ReducedRedundancy,
        ),
        (file!("impact-degraded"), Effect::Degraded),
        (file!("impact-outage"), Effect::Outage),
    ] {
        let objects = vec![("SVC-1001".into(), effect)];
        assert_eq!(
            one(text),
            (
                Notice {
                    effect,
                    objects,
                    ..confirmed()
                },
                vec![]
            )
        );
    }
    let (notice, warnings) = one(file!("objects-with-their-own-impact"));
    let objects = vec![
        ("SVC-1001".into(), Effect::Outage),
        ("SVC-2002".into(), Effect::NoImpact),
    ];
    assert_eq!(
        (notice, warnings),
        (
            Notice {
                objects,
                ..confirmed()
            },
            vec![]
        )
    );
}

#[test]
fn times_may_have_a_zone_and_a_duration() {
    assert_eq!(one(file!("zone")), (confirmed(), vec![]));
}

#[test]
fn what_leaves_open_which_event_or_when_is_refused() {
    let times = ["DTEND: 2026-11-30T01:00:00Z is not after the start 2026-11-30T02:00:00Z"];
    assert_eq!(refused(file!("fault-end-before-start")), times);
    let times = ["DTEND: 2026-11-30T02:00:00Z is not after the start 2026-11-30T02:00:00Z"];
    assert_eq!(refused(file!("fault-end-is-start")), times);
    let which =
        ["X-MAINTNOTE-MAINTENANCE-ID: stands 2 times with different values: which one is meant?"];
    assert_eq!(refused(file!("fault-two-maintenance-ids")), which);
    assert_eq!(
        refused(file!("fault-no-provider-and-no-times")),
        [
            "X-MAINTNOTE-PROVIDER: is missing",
            "X-MAINTNOTE-MAINTENANCE-ID: is missing",
            "DTSTART: is missing",
            "DTEND: is missing",
        ]
    );
    let cut = refused(file!("fault-cut-off"));
    assert_eq!(cut[0], ": is cut off: not everything that began has an END");
    assert_eq!(
        refused("hello"),
        [
            ": is no property: NAME:VALUE",
            ": is no iCalendar text: it has no BEGIN:VCALENDAR"
        ]
    );
}

#[test]
fn what_providers_leave_out_is_taken_so_that_people_are_warned() {
    let sequence = "SEQUENCE: is missing; taken as 0, and DTSTAMP tells which notice is newer";
    let expected = Notice {
        sequence: 0,
        ..confirmed()
    };
    assert_eq!(
        one(file!("fault-no-sequence")),
        (expected, vec![sequence.into()])
    );
    let (notice, warnings) = one(file!("fault-no-object-id"));
    assert_eq!(
        (notice.objects, warnings),
        (
            vec![],
            vec![
                "X-MAINTNOTE-OBJECT-ID: is missing; taken as all that stands on this provider"
                    .into()
            ]
        )
    );
    let (notice, warnings) = one(file!("fault-x-name-status"));
    assert_eq!(notice.status, Status::Tentative);
    assert!(
        warnings[0].starts_with("X-MAINTNOTE-STATUS: unknown status 'X-POSTPONED-AGAIN'"),
        "{warnings:?}"
    );
    assert!(warnings[0].ends_with("taken as TENTATIVE"), "{warnings:?}");
    let (notice, warnings) = one(file!("fault-no-status"));
    assert_eq!(
        (notice.status, warnings),
        (
            Status::Cancelled,
            vec!["X-MAINTNOTE-STATUS: is missing; taken as CANCELLED".into()]
        )
    );
    let (notice, warnings) = one(file!("fault-unknown-impact"));
    assert_eq!(notice.effect, Effect::Outage);
    assert_eq!(
        warnings,
        ["X-MAINTNOTE-IMPACT: unknown impact 'OUTAGES'; did you mean 'OUTAGE'?; taken as OUTAGE"]
    );
    let (notice, warnings) = one(file!("fault-one-object-another-impact"));
    assert_eq!(notice.effect, Effect::Outage);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_eq!(one(file!("fault-same-maintenance-id-twice")).0, confirmed());
}

#[test]
fn the_sequence_decides_and_then_the_stamp() {
    let (old, stamp) = (confirmed(), confirmed().stamp);
    assert!(!old.is_newer_than(1, stamp));
    assert!(
        Notice {
            sequence: 2,
            stamp: None,
            ..confirmed()
        }
        .is_newer_than(1, stamp)
    );
    assert!(
        !Notice {
            sequence: 0,
            ..confirmed()
        }
        .is_newer_than(1, None)
    );
    assert!(
        Notice {
            stamp: Some(at("2026-11-20T09:00:01Z")),
            ..confirmed()
        }
        .is_newer_than(1, stamp)
    );
}

#[test]
fn services_stand_on_providers_and_their_circuits() {
    let text = "
- {id: line, name: Line, providers: [{name: Carrier.example, objects: [svc-1001]}]}
- {id: all, name: All, providers: [{name: carrier.example}]}
- {id: other, name: Other, providers: [{name: carrier.example, objects: [SVC-9]}, {name: Elsewhere}]}
- {id: none, name: None}";
    let nodes = parse_yaml(text).unwrap();
    let crate::document::Value::List(items) = &nodes[0].value else {
        panic!()
    };
    let mut problems = Problems::default();
    let read = |node: &Node| Service::read(node, "", &mut problems);
    let services: Vec<Service> = items.iter().filter_map(read).collect();
    let touched = |notice: &Notice| -> Vec<String> {
        notice
            .touched(&services)
            .iter()
            .map(|s| s.id.to_string())
            .collect()
    };
    assert_eq!(touched(&confirmed()), ["line", "all"]);
    assert_eq!(
        touched(&Notice {
            objects: vec![],
            ..confirmed()
        }),
        ["line", "all", "other"]
    );
    let other = Notice {
        provider: "carier.example".into(),
        ..confirmed()
    };
    assert_eq!(touched(&other), Vec::<String>::new());
    let problem = other.untouched(&services).problem;
    assert!(
        problem.contains("did you mean 'carrier.example'?")
            || problem.contains("did you mean 'Carrier.example'?"),
        "{problem}"
    );
    assert_eq!(problems.0, vec![]);
}
