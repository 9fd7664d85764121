//! Plans of changes that take effect at one moment.

use super::*;
use crate::announcement::Announcement;
use crate::time::Zone;

const CAMPUS: &str = r#"
organisation: {name: Example University, time_zone: America/Los_Angeles, calendar: US, blackout: [{from: 2026-12-14, to: 2027-01-03, reason: Exams}]}
services:
  - {id: database, name: Student database, owner: dba@example.edu}
  - {id: portal, name: Student portal, owner: web@example.edu, depends_on: [database]}
audiences:
  - {id: students, name: Students, level: non_technical, services: [portal]}
  - {id: engineers, name: Engineers, level: technical, services: [database], time_zone: Europe/Berlin, calendar: DE-BE}
  - {id: watch, name: Watch, level: technical, services: [portal], routing: {events: [maintenance]}}
"#;

fn campus(document: &str) -> (Catalogue, Announcement) {
    let texts = [CAMPUS, document].map(|text| (String::new(), text.to_owned()));
    let read = Documents::parse_yaml(&texts, &Catalogue::default(), "ANN-1").unwrap();
    let catalogue = read.over(&Catalogue::default());
    (catalogue, read.announcement.unwrap())
}

fn planned(
    (catalogue, announced): &(Catalogue, Announcement),
    now: &str,
    told: &[Told],
    change: Option<Change<'_>>,
) -> Plan {
    plan(Input {
        planned: announced.into(),
        policy: crate::policy::for_announcement(&announced.kind, &catalogue.policies),
        catalogue,
        now: now.parse().unwrap(),
        told,
        others: &[],
        change,
    })
}

fn shown(plan: &Plan) -> String {
    let notices = plan.notices.iter().map(|n| {
        let offset = n.offset.as_deref().unwrap_or("-");
        let stands_for = n.stands_for.join(" ");
        format!(
            "{} | {} | {} {offset} [{stands_for}] | {}",
            n.due_local, n.audience, n.milestone, n.because
        )
    });
    let warnings = plan
        .warnings
        .iter()
        .map(|w| format!("warning {}: {}", w.field, w.problem));
    let breaches = plan.breaches.iter().map(|b| {
        format!(
            "breach {} {} {}: earliest {}",
            b.audience, b.milestone, b.offset, b.earliest_compliant_start
        )
    });
    let all: Vec<String> = notices.chain(breaches).chain(warnings).collect();
    all.join("\n")
}

const RELEASE: &str = "announcement: {title: Portal 5, services: [portal], effective: 2026-12-01T10:00, requesters: [ann@example.edu]}";
const RETIREMENT: &str = "announcement: {title: The old export ends, kind: end_of_life, services: [database], effective: 2027-12-01T10:00}";

#[test]
fn a_release_is_told_ahead_and_when_it_is_there() {
    insta::assert_snapshot!(shown(&planned(
        &campus(RELEASE),
        "2026-11-20T00:00:00Z",
        &[],
        None
    )));
}

#[test]
fn an_end_of_life_is_told_from_a_year_ahead_on_each_audiences_own_days() {
    insta::assert_snapshot!(shown(&planned(
        &campus(RETIREMENT),
        "2026-11-20T00:00:00Z",
        &[],
        None
    )));
}

#[test]
fn a_plan_has_no_end_and_nothing_that_needs_one() {
    for document in [RELEASE, RETIREMENT] {
        let plan = planned(&campus(document), "2026-11-20T00:00:00Z", &[], None);
        assert_eq!(plan.window.end, None);
        let milestones: BTreeSet<&str> =
            plan.notices.iter().map(|n| n.milestone.as_str()).collect();
        let expected = ["announcement", "effective", "reminder"];
        assert!(
            milestones.iter().all(|m| expected.contains(m)),
            "{milestones:?}"
        );
    }
}

#[test]
fn what_is_late_is_told_at_once_and_what_is_out_already_is_told_once() {
    let late = planned(&campus(RELEASE), "2026-11-30T20:00:00Z", &[], None);
    insta::assert_snapshot!("late", shown(&late));
    let out = planned(&campus(RELEASE), "2026-12-01T20:00:00Z", &[], None);
    insta::assert_snapshot!("out_already", shown(&out));
}

#[test]
fn a_new_moment_is_told_at_once_and_the_reminders_follow_it() {
    let (catalogue, announced) = campus(RELEASE);
    let before = planned(
        &(catalogue.clone(), announced.clone()),
        "2026-11-20T00:00:00Z",
        &[],
        None,
    );
    let zone = Zone::parse("America/Los_Angeles").unwrap();
    let later = CivilTime::parse("2026-12-15T10:00", &zone).unwrap();
    let moved = (catalogue, announced.put_off(later).unwrap());
    let change = Change {
        milestone: "delay",
        counter: 0,
    };
    let after = planned(&moved, "2026-11-21T00:00:00Z", &[], Some(change));
    insta::assert_snapshot!(shown(&after));
    let stored: Vec<Stored> = before
        .notices
        .iter()
        .map(|n| Stored {
            id: n.id.clone(),
            milestone: n.milestone.clone(),
            offset: n.offset.clone(),
            audience: n.audience.clone(),
            due: n.due,
            told: false,
            open: true,
        })
        .collect();
    let changes = changes_from(&after, &stored);
    assert_eq!(changes.withdrawn, Vec::<String>::new());
    // Every notice of the old moment gives way to one of the new.
    assert_eq!(changes.moved.len(), before.notices.len());
    // Planning again changes nothing.
    let again: Vec<Stored> = after
        .notices
        .iter()
        .map(|n| Stored {
            id: n.id.clone(),
            milestone: n.milestone.clone(),
            offset: n.offset.clone(),
            audience: n.audience.clone(),
            due: n.due,
            told: false,
            open: true,
        })
        .collect();
    let same = changes_from(&after, &again);
    assert!(
        same.add.is_empty() && same.moved.is_empty() && same.withdrawn.is_empty(),
        "{same:?}"
    );
}

#[test]
fn what_will_not_happen_is_told_to_everybody_who_would_have_heard() {
    let (catalogue, announced) = campus(RELEASE);
    let now = "2026-11-25T00:00:00Z";
    let off = (catalogue, announced.cancel(now.parse().unwrap()).unwrap());
    let change = Change {
        milestone: "cancellation",
        counter: 0,
    };
    insta::assert_snapshot!(shown(&planned(&off, now, &[], Some(change))));
}

#[test]
fn once_it_is_in_effect_nothing_is_told_again() {
    let (catalogue, announced) = campus(RELEASE);
    let moment: Timestamp = "2026-12-01T18:00:00Z".parse().unwrap();
    let over = (catalogue, announced.take_effect(moment).unwrap());
    let plan = planned(&over, "2026-12-02T00:00:00Z", &[], None);
    let told: Vec<Stored> = plan
        .notices
        .iter()
        .map(|n| Stored {
            id: n.id.clone(),
            milestone: n.milestone.clone(),
            offset: n.offset.clone(),
            audience: n.audience.clone(),
            due: n.due,
            told: true,
            open: false,
        })
        .collect();
    assert!(plan.notices.iter().all(|n| n.milestone == "effective"));
    assert!(changes_from(&plan, &told).is_empty());
}
