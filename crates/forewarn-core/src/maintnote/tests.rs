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

/// The confirmed notice with other lines in place of its times.
fn with(header: &str, times: &str) -> String {
    let text = file!("status-confirmed");
    let kept = text
        .lines()
        .filter(|line| !line.starts_with("DTSTART") && !line.starts_with("DTEND"));
    let text: String = kept.map(|line| format!("{line}\r\n")).collect();
    text.replace("BEGIN:VEVENT\r\n", &format!("{header}BEGIN:VEVENT\r\n"))
        .replace("END:VEVENT", &format!("{times}END:VEVENT"))
}

const EXCHANGE: &str = "BEGIN:VTIMEZONE\r\nTZID:NAME\r\nBEGIN:STANDARD\r\nDTSTART:16010101T030000\r\nTZOFFSETFROM:+0200\r\n\
    TZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\n\
    DTSTART:16010101T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3\r\n\
    END:DAYLIGHT\r\nEND:VTIMEZONE\r\n";

#[test]
fn zones_of_exchange_and_of_the_calendar_itself_are_read() {
    let times = |name: &str, day: &str| {
        format!("DTSTART;TZID=\"{name}\":{day}T030000\r\nDTEND;TZID=\"{name}\":{day}T070000\r\n")
    };
    let brought = |name: &str| EXCHANGE.replace("NAME", name);
    for (header, name, day, start) in [
        (
            String::new(),
            "W. Europe Standard Time",
            "20261130",
            "2026-11-30T02:00:00Z",
        ),
        (
            brought("W. Europe Standard Time"),
            "W. Europe Standard Time",
            "20261130",
            "2026-11-30T02:00:00Z",
        ),
        // Its own rules, in winter and in summer, on the last day of one and before the first onset of the year.
        (brought("Here"), "Here", "20261130", "2026-11-30T02:00:00Z"),
        (brought("Here"), "Here", "20260630", "2026-06-30T01:00:00Z"),
        (brought("Here"), "Here", "20260328", "2026-03-28T02:00:00Z"),
        (brought("Here"), "Here", "20260329", "2026-03-29T01:00:00Z"),
        (brought("Here"), "Here", "20261024", "2026-10-24T01:00:00Z"),
        (brought("Here"), "Here", "20261025", "2026-10-25T02:00:00Z"),
        (
            brought("Here").replace("TZID:Here", "TZID:Here\r\nX-LIC-LOCATION:Asia/Tokyo"),
            "Here",
            "20261130",
            "2026-11-29T18:00:00Z",
        ),
    ] {
        let (notice, warnings) = one(&with(&header, &times(name, day)));
        assert_eq!(notice.window.unwrap().0, at(start), "{name} {day}");
        assert_eq!(warnings, Vec::<String>::new());
    }
    for header in [
        String::new(),
        brought("There"),
        brought("Here").replace("-1SU", "99XX"),
    ] {
        let refused = refused(&with(&header, &times("Here", "20261130")));
        assert!(
            refused[0].starts_with("DTSTART: TZID: unknown time zone 'Here'"),
            "{refused:?}"
        );
    }
    let problems = read(&with("", &times("Here", "20261130")))
        .expect_err("refused")
        .problems;
    assert!(problems.iter().all(|p| p.line.is_some()), "{problems:?}");
}

#[test]
fn what_is_called_off_by_its_method_is_off() {
    let off = file!("status-confirmed").replace("METHOD:PUBLISH", "METHOD:CANCEL");
    let silent: String = off
        .lines()
        .filter(|l| !l.contains("STATUS:"))
        .map(|l| format!("{l}\r\n"))
        .collect();
    let (notice, warnings) = one(&silent);
    assert_eq!(notice.status, Status::Cancelled);
    assert_eq!(
        warnings,
        ["X-MAINTNOTE-STATUS: is missing; taken as CANCELLED, as the calendar's METHOD says"]
    );
    // What the provider says in its own property counts, and that the two differ is said.
    let (notice, warnings) = one(&off);
    assert_eq!(notice.status, Status::Confirmed);
    assert!(warnings[0].contains("METHOD is CANCEL"), "{warnings:?}");
}

#[test]
fn what_repeats_or_has_no_zone_is_taken_with_a_warning_at_its_line() {
    let text = with(
        "",
        "DTSTART:20261130T020000\r\nDTEND:20261130T060000\r\nRRULE:FREQ=WEEKLY\r\n",
    );
    let read = read(&text).unwrap();
    assert_eq!(read.notices[0].window, confirmed().window);
    assert_eq!(
        said(&read.warnings),
        [
            "DTSTART: has no zone; taken as UTC",
            "DTEND: has no zone; taken as UTC",
            "RRULE: only the first time is taken: work that repeats needs a notice for each time",
        ]
    );
    let line = |field: &str| text.lines().position(|l| l.starts_with(field)).unwrap() + 1;
    assert_eq!(read.lines, [line("DTSTART")]);
    assert_eq!(read.warnings[2].line, Some(line("RRULE")));
}
