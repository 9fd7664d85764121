//! Reminders of reviews and actions: when, to whom, and that planning again gives the same.

use super::*;
use crate::contact::EmailAddress;
use crate::id::Id;
use crate::outage_plan::{OutagePlan, SignOff};
use crate::postmortem::Action;
use crate::reminder::{About, PLAN_REVIEW};

const CAMPUS: &str = r#"
organisation: {name: Example University, time_zone: America/Los_Angeles, calendar: US}
services:
  - {id: database, name: Student database, owner: dba@example.edu}
  - id: portal
    name: Student portal
    owner: web@example.edu
    business_owner: registrar@example.edu
    outage_plan: {stakeholders: [dean@example.edu, kim@example.edu], review_by: 2027-03-31}
"#;

fn campus(text: &str) -> Catalogue {
    let texts = [("".into(), text.to_owned())];
    let documents = Documents::parse_yaml(&texts, &Catalogue::default(), "MNT-X").unwrap();
    documents.over(&Catalogue::default())
}

fn signed(catalogue: &Catalogue, who: &str, at: &str) -> BTreeMap<Id, Vec<SignOff>> {
    let portal = Id::parse("portal").unwrap();
    let plan = OutagePlan::of(&portal, catalogue).unwrap();
    let signature = SignOff {
        stakeholder: EmailAddress::parse(who).unwrap(),
        version: plan.version(),
        at: at.parse().unwrap(),
    };
    [(portal, vec![signature])].into()
}

fn action(owner: &str, due: Option<&str>) -> Action {
    Action {
        what: "Watch the disks".into(),
        owner: owner.into(),
        due: due.map(|due| due.parse().unwrap()),
        done: false,
    }
}

fn explained(actions: Vec<Action>) -> Vec<Explained> {
    let incident = serde_json::json!({
        "id": "INC-7", "title": "Sign-in fails", "services": {"portal": "major_outage"}, "severity": "P1",
        "status": "postmortem", "facts": {}, "declared_at": "2026-11-20T09:00:00Z", "updates": [],
        "lead": "lead@example.edu"
    });
    vec![Explained {
        incident: serde_json::from_value(incident).unwrap(),
        actions: (1..).zip(actions).collect(),
    }]
}

/// Day, recipients and notices of each reminder.
fn shown(planned: &[PlannedReminder]) -> Vec<String> {
    let to = |p: &PlannedReminder| {
        let all: Vec<&str> = p.reminder.to.iter().map(EmailAddress::as_str).collect();
        all.join(" ")
    };
    let notices = |p: &PlannedReminder| {
        let each = p
            .notices
            .iter()
            .map(|n| format!("{} {}", n.offset.as_deref().unwrap_or_default(), n.due));
        each.collect::<Vec<_>>().join(", ")
    };
    planned
        .iter()
        .map(|p| format!("{} to {}: {}", p.reminder.day(), to(p), notices(p)))
        .collect()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn a_review_is_reminded_of_before_its_day_on_it_and_while_it_is_overdue() {
    let catalogue = campus(CAMPUS);
    let at = |now: &str| shown(&reminders_ahead(&catalogue, &BTreeMap::new(), &[], at(now)));
    let owners = "2027-03-31 to registrar@example.edu web@example.edu";
    for (now, notices) in [
        ("2026-11-22T00:00:00Z", "10bd 2027-03-17T16:00:00Z"),
        (
            "2027-03-17T16:00:00Z",
            "10bd 2027-03-17T16:00:00Z, on the day 2027-03-31T16:00:00Z",
        ),
        // Late is due now; what lies before it is told by it.
        (
            "2027-04-01T00:00:00Z",
            "on the day 2027-04-01T00:00:00Z, overdue 1 2027-04-14T16:00:00Z",
        ),
        (
            "2027-04-14T16:00:00Z",
            "overdue 1 2027-04-14T16:00:00Z, overdue 2 2027-04-28T16:00:00Z",
        ),
        (
            "2027-06-01T00:00:00Z",
            "overdue 4 2027-06-01T00:00:00Z, overdue 5 2027-06-10T16:00:00Z",
        ),
    ] {
        assert_eq!(at(now), [format!("{owners}: {notices}")], "{now}");
    }
}

#[test]
fn planning_again_gives_the_same_notices() {
    let catalogue = campus(CAMPUS);
    let plan = |now: &str| reminders_ahead(&catalogue, &BTreeMap::new(), &[], at(now)).remove(0);
    let (before, after) = (plan("2026-11-22T00:00:00Z"), plan("2027-03-20T00:00:00Z"));
    assert_eq!(before.reminder, after.reminder);
    assert_eq!(before.notices[0].id, after.notices[0].id);
    assert_eq!(before.notices[0].milestone, PLAN_REVIEW);
    assert_eq!(
        before.notices[0].because,
        "10 business days before the plan is to be looked at again"
    );
}

#[test]
fn a_signature_or_another_day_moves_it() {
    let catalogue = campus(CAMPUS);
    let now = at("2027-04-02T00:00:00Z");
    let plan = |signed| reminders_ahead(&catalogue, &signed, &[], now).remove(0);
    // Signed before the day that was written, it stays; signed on it or later, it is half a year away.
    let early = plan(signed(
        &catalogue,
        "dean@example.edu",
        "2026-12-01T00:00:00Z",
    ));
    assert_eq!(early.reminder.day(), jiff::civil::date(2027, 3, 31));
    let late = plan(signed(
        &catalogue,
        "dean@example.edu",
        "2027-04-01T00:00:00Z",
    ));
    assert_eq!(late.reminder.day(), jiff::civil::date(2027, 10, 1));
    assert_ne!(late.reminder.id, early.reminder.id);
    let other = campus(&CAMPUS.replace("2027-03-31", "2027-05-31"));
    let other = reminders_ahead(&other, &BTreeMap::new(), &[], now).remove(0);
    assert_ne!(other.reminder.id, early.reminder.id);
    // Nobody wrote a day and nobody signed: there is none.
    let none = campus(&CAMPUS.replace(", review_by: 2027-03-31", ""));
    assert!(reminders_ahead(&none, &BTreeMap::new(), &[], now).is_empty());
}

#[test]
fn its_owners_hear_and_those_who_signed_and_are_still_asked() {
    let catalogue = campus(CAMPUS);
    let to = |catalogue: &Catalogue, signed| {
        let planned = reminders_ahead(catalogue, &signed, &[], at("2026-11-22T00:00:00Z"));
        shown(&planned)[0].split(": ").next().unwrap().to_owned()
    };
    let signature = |who| signed(&catalogue, who, "2026-11-20T00:00:00Z");
    assert_eq!(
        to(&catalogue, signature("dean@example.edu")),
        "2027-03-31 to dean@example.edu registrar@example.edu web@example.edu"
    );
    assert_eq!(
        to(&catalogue, signature("left@example.edu")),
        "2027-03-31 to registrar@example.edu web@example.edu"
    );
    let nobodys = campus(
        &CAMPUS
            .replace("    owner: web@example.edu\n", "")
            .replace("    business_owner: registrar@example.edu\n", ""),
    );
    assert_eq!(
        to(&nobodys, BTreeMap::new()),
        "2027-03-31 to dean@example.edu kim@example.edu"
    );
}

#[test]
fn an_action_is_reminded_of_before_its_day_and_every_week_after_it() {
    let catalogue = campus(&CAMPUS.replace(", review_by: 2027-03-31", ""));
    let all = explained(vec![
        action("kim@example.edu", Some("2026-12-01")),
        action("kim@example.edu", None),
        Action {
            done: true,
            ..action("kim@example.edu", Some("2026-12-01"))
        },
    ]);
    let at = |now: &str| {
        shown(&reminders_ahead(
            &catalogue,
            &BTreeMap::new(),
            &all,
            at(now),
        ))
    };
    for (now, notices) in [
        ("2026-11-22T00:00:00Z", "1bd 2026-11-30T17:00:00Z"),
        (
            "2026-12-01T20:00:00Z",
            "1bd 2026-12-01T20:00:00Z, overdue 1 2026-12-02T17:00:00Z",
        ),
        (
            "2026-12-02T17:00:00Z",
            "overdue 1 2026-12-02T17:00:00Z, overdue 2 2026-12-09T17:00:00Z",
        ),
        // Christmas is a Friday, and New Year's Day as well.
        (
            "2026-12-30T18:00:00Z",
            "overdue 5 2026-12-30T18:00:00Z, overdue 6 2027-01-06T17:00:00Z",
        ),
    ] {
        assert_eq!(
            at(now),
            [format!("2026-12-01 to kim@example.edu: {notices}")],
            "{now}"
        );
    }
}

#[test]
fn whoever_has_no_mailbox_is_reminded_by_those_who_ran_the_incident() {
    let catalogue = campus(CAMPUS);
    let all = explained(vec![action("Kim Lee", Some("2026-12-01"))]);
    let planned = reminders_ahead(
        &catalogue,
        &BTreeMap::new(),
        &all,
        at("2026-11-22T00:00:00Z"),
    );
    let ours = planned
        .iter()
        .find(|p| matches!(p.reminder.about, About::Action { .. }));
    let to: Vec<&str> = ours
        .unwrap()
        .reminder
        .to
        .iter()
        .map(EmailAddress::as_str)
        .collect();
    assert!(
        to.contains(&"lead@example.edu") && to.contains(&"web@example.edu"),
        "{to:?}"
    );
}

#[test]
fn a_day_that_is_no_day_of_ours_is_left_alone() {
    for day in ["0001-01-01", "9999-12-31"] {
        let catalogue = campus(&CAMPUS.replace("2027-03-31", day));
        let planned = reminders_ahead(
            &catalogue,
            &BTreeMap::new(),
            &[],
            at("2026-11-22T00:00:00Z"),
        );
        assert!(planned.is_empty(), "{planned:?}");
    }
    // One that was forgotten for a lifetime is told of once.
    let catalogue = campus(&CAMPUS.replace("2027-03-31", "1970-01-01"));
    let planned = reminders_ahead(
        &catalogue,
        &BTreeMap::new(),
        &[],
        at("2026-11-22T00:00:00Z"),
    );
    assert_eq!(planned[0].notices.len(), 1);
    assert_eq!(planned[0].notices[0].due, at("2026-11-22T00:00:00Z"));
}
