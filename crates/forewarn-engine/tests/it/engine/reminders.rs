//! What people of ours are reminded of, by mail: texts that are due elsewhere, outage plans to be looked at again, actions.

use super::house::{House, begin, engine};
use crate::database::{Database, Kind};
use forewarn_core::contact::EmailAddress;
use forewarn_core::document::Documents;
use forewarn_core::event::{Event, Occasion};
use forewarn_core::id::Id;
use forewarn_core::outage_plan::{OutagePlan, SignOff};
use forewarn_core::plan::Changes;
use forewarn_core::postmortem::{Action, Postmortem};
use forewarn_engine::peer::smtp::{Received, Script};
use forewarn_store::{Beside, Clock, EventFilter, NoticeFilter, Published};
use std::collections::BTreeSet;

/// The wiki has an owner, somebody who signed, and a day.
const PLAN: &str = "services: [{id: wiki, name: Wiki, owner: web@example.edu, outage_plan: {stakeholders: [dean@example.edu], review_by: 2026-12-15}}]";

async fn house(kind: Kind) -> House {
    let clock = Clock::manual(begin());
    House::on(Database::fresh(kind), clock, Vec::new(), Script::default()).await
}

async fn apply(house: &mut House, yaml: &str) {
    let known = house.store.catalogue().await.unwrap();
    let texts = [(String::new(), yaml.to_owned())];
    let documents = Documents::parse_yaml(&texts, &known, "MNT-X").unwrap();
    let now = house.clock.now();
    let applied = house.store.apply(&documents, "ann", now, false).await;
    applied.unwrap();
    house.operator.catalogue = house.store.catalogue().await.unwrap();
}

async fn at(house: &House, time: &str) {
    house.clock.set(time.parse().unwrap());
    house.engine.tick().await.unwrap();
}

fn subject(mail: &Received) -> String {
    let text = String::from_utf8_lossy(&mail.data).replace("\r\n ", " ");
    let line = text.lines().find_map(|l| l.strip_prefix("Subject: "));
    line.unwrap_or_default().to_owned()
}

fn words(mail: &Received) -> String {
    String::from_utf8_lossy(&mail.data).replace("=\r\n", "")
}

/// Subjects of the mails to somebody, in order.
fn told(house: &House, who: &str) -> Vec<String> {
    let mails = house.mails_to(who);
    mails.iter().map(|mail| subject(mail)).collect()
}

/// Reminders in this status: the event's title and when it is due.
async fn planned(house: &House) -> Vec<String> {
    let filter = NoticeFilter {
        status: Some("planned".into()),
        ..NoticeFilter::default()
    };
    let all = house.store.notices(&filter, 1_000).await.unwrap();
    let ours = all
        .iter()
        .filter(|n| matches!(n.milestone.as_str(), "plan_review" | "action_due"));
    ours.map(|n| format!("{} {}", n.offset.as_deref().unwrap_or_default(), n.due))
        .collect()
}

async fn sign(house: &House, service: &str, who: &str) {
    let catalogue = house.store.catalogue().await.unwrap();
    let service = Id::parse(service).unwrap();
    let plan = OutagePlan::of(&service, &catalogue).unwrap();
    let signed = SignOff {
        stakeholder: EmailAddress::parse(who).unwrap(),
        version: plan.version(),
        at: house.clock.now(),
    };
    house.store.sign_off(&service, &signed, who).await.unwrap();
}

async fn a_review_is_reminded_of_until_somebody_signs_again(kind: Kind) {
    let mut house = house(kind).await;
    apply(&mut house, PLAN).await;
    sign(&house, "wiki", "dean@example.edu").await;
    at(&house, "2026-11-22T18:00:00Z").await;
    // Ten business days before.
    assert_eq!(planned(&house).await, ["10bd 2026-12-01T17:00:00Z"]);
    let near = "Example University: Wiki, outage plan due";
    let overdue = "Example University: Wiki, outage plan overdue";
    at(&house, "2026-12-01T17:00:00Z").await;
    assert_eq!(told(&house, "web@example.edu"), [near]);
    assert_eq!(told(&house, "dean@example.edu"), [near]);
    let mail = words(&house.mails_to("dean@example.edu")[0]);
    for part in [
        "Tuesday 15 December 2026",
        "https://status.example.edu/console/services/wiki/outage-plan",
    ] {
        assert!(mail.contains(part), "{part} in {mail}");
    }
    // Looking again, a restart and another node change nothing.
    let entries = || async { house.store.journal(None, None, 1_000).await.unwrap().len() };
    let before = entries().await;
    house.engine.plan_reminders().await.unwrap();
    engine(&house.store, &house.clock, &house.smtp, "other")
        .plan_reminders()
        .await
        .unwrap();
    assert_eq!(entries().await, before);
    at(&house, "2026-12-15T17:00:00Z").await;
    assert_eq!(told(&house, "dean@example.edu"), [near, near]);
    // The program stands still for a month: one word, not two.
    at(&house, "2027-01-20T17:00:00Z").await;
    assert_eq!(told(&house, "dean@example.edu"), [near, near, overdue]);
    sign(&house, "wiki", "dean@example.edu").await;
    at(&house, "2027-01-21T17:00:00Z").await;
    assert_eq!(planned(&house).await, ["10bd 2027-07-08T16:00:00Z"]);
    at(&house, "2027-03-01T17:00:00Z").await;
    assert_eq!(told(&house, "dean@example.edu").len(), 3);
    // Nothing of this is what people plan or declare.
    let events = house
        .store
        .events(&EventFilter::default(), 9)
        .await
        .unwrap();
    assert!(events.is_empty(), "{events:?}");
    house.is_sound(&["planned", "cancelled"]).await;
}

async fn another_day_takes_the_reminders_along(kind: Kind) {
    let mut house = house(kind).await;
    apply(&mut house, PLAN).await;
    at(&house, "2026-11-22T18:00:00Z").await;
    apply(&mut house, &PLAN.replace("2026-12-15", "2027-03-31")).await;
    at(&house, "2026-11-22T18:01:00Z").await;
    assert_eq!(planned(&house).await, ["10bd 2027-03-17T16:00:00Z"]);
    // Back again, as if nothing had been.
    apply(&mut house, PLAN).await;
    at(&house, "2026-11-22T18:02:00Z").await;
    assert_eq!(planned(&house).await, ["10bd 2026-12-01T17:00:00Z"]);
    apply(
        &mut house,
        "services: [{id: wiki, name: Wiki, owner: web@example.edu}]",
    )
    .await;
    at(&house, "2026-11-22T18:03:00Z").await;
    assert!(planned(&house).await.is_empty());
    assert!(house.store.open_reminders().await.unwrap().is_empty());
    assert!(told(&house, "web@example.edu").is_empty());
}

/// What is explained of INC-1 is published, with an action of Kim's.
async fn explain(house: &House, is_published: bool) {
    let action = Action {
        what: "Watch the disks".into(),
        owner: "kim@example.edu".into(),
        due: Some(jiff::civil::date(2026, 12, 1)),
        done: false,
    };
    let written = Postmortem {
        actions: vec![action],
        ..Postmortem::default()
    };
    let now = house.clock.now();
    let saved = house
        .store
        .save_postmortem("INC-1", 0, &written, "kim", now);
    saved.await.unwrap();
    if is_published {
        let stored = house.store.event("INC-1").await.unwrap().unwrap();
        let published = Published {
            event: &stored.event,
            expected: stored.sequence,
            changes: &Changes::default(),
            occasion: &Occasion::default(),
            awaiting: &BTreeSet::new(),
            entries: &[],
            plan: None,
            answer: None,
        };
        let beside = [Beside::Explained("INC-1".into(), 1)];
        house
            .store
            .publish_together(&[published], &beside, now)
            .await
            .unwrap();
    }
}

async fn an_action_is_reminded_of_until_it_is_done(kind: Kind) {
    let mut house = house(kind).await;
    house.declare("INC-1", "wiki").await;
    explain(&house, true).await;
    let due = "Example University: Wiki, action due";
    let overdue = "Example University: Wiki, action overdue";
    let told = |house: &House| {
        let all = told(house, "kim@example.edu");
        all.into_iter()
            .filter(|s| s.contains("action"))
            .collect::<Vec<_>>()
    };
    at(&house, "2026-11-30T17:00:00Z").await;
    assert_eq!(told(&house), [due]);
    let mails = house.mails_to("kim@example.edu");
    let mail = words(mails.iter().find(|m| subject(m) == due).unwrap());
    for part in [
        "Watch the disks",
        "kim@example.edu",
        "https://status.example.edu/console/actions",
    ] {
        assert!(mail.contains(part), "{part} in {mail}");
    }
    at(&house, "2026-12-02T17:00:00Z").await;
    at(&house, "2026-12-09T17:00:00Z").await;
    assert_eq!(told(&house), [due, overdue, overdue]);
    let now = house.clock.now();
    house
        .store
        .tick_action("INC-1", 1, true, "kim", now)
        .await
        .unwrap();
    at(&house, "2026-12-16T17:00:00Z").await;
    assert_eq!(told(&house).len(), 3);
    assert!(planned(&house).await.is_empty());
    // It was not done after all: the word of this week follows at once.
    house
        .store
        .tick_action("INC-1", 1, false, "kim", now)
        .await
        .unwrap();
    at(&house, "2026-12-17T17:00:00Z").await;
    assert_eq!(told(&house), [due, overdue, overdue, overdue]);
    at(&house, "2026-12-18T17:00:00Z").await;
    assert_eq!(told(&house).len(), 4);
}

async fn who_runs_the_work_hears_that_a_text_is_due(kind: Kind) {
    let mut house = house(kind).await;
    let text = |id: &str, name: &str| {
        format!(
            "{{id: {id}, name: {name}, level: non_technical, services: [wiki], external: {{copy_deadline: 2bd}}}}"
        )
    };
    let (weekly, daily) = (
        text("weekly", "Campus Weekly"),
        text("daily", "Campus Daily"),
    );
    apply(&mut house, &format!("audiences: [{weekly}, {daily}]")).await;
    house.plan("{id: MNT-1, title: New disks, services: [wiki], start: '2026-12-07T22:00', end: '2026-12-08T01:00'}").await;
    // Announced on the 30th; the text must be there on the 25th, after Thanksgiving is taken out.
    at(&house, "2026-11-24T17:00:00Z").await;
    let texts = |house: &House| {
        let all = told(house, "web@example.edu");
        all.into_iter()
            .filter(|s| s.contains("text for"))
            .collect::<BTreeSet<_>>()
    };
    let both =
        ["Daily", "Weekly"].map(|n| format!("Example University: text for Campus {n} is due"));
    assert_eq!(texts(&house), BTreeSet::from(both));
    let mails = house.mails_to("web@example.edu");
    let mail = words(
        mails
            .iter()
            .find(|m| subject(m).contains("Weekly"))
            .unwrap(),
    );
    let all = house
        .store
        .notices(&NoticeFilter::default(), 1_000)
        .await
        .unwrap();
    let announced = all
        .iter()
        .find(|n| n.audience == "weekly" && n.milestone == "announcement")
        .unwrap();
    for part in [
        "Wednesday 25 November 2026".to_owned(),
        format!("forewarn notices copy {}", announced.id),
        format!(
            "https://status.example.edu/console/notices/{}/copy",
            announced.id
        ),
    ] {
        assert!(mail.contains(&part), "{part} in {mail}");
    }
    // The work is off: no further text is asked for.
    let stored = house.store.event("MNT-1").await.unwrap().unwrap();
    let Event::Maintenance(m) = stored.event else {
        panic!("it is one")
    };
    let m = m.cancel(house.clock.now()).unwrap();
    let (operator, store) = (&mut house.operator, &house.store);
    assert!(
        operator
            .publish_maintenance(store, m, stored.sequence, Some("cancellation"))
            .await
    );
    let left = NoticeFilter {
        status: Some("planned".into()),
        ..NoticeFilter::default()
    };
    let left = house.store.notices(&left, 100).await.unwrap();
    assert!(left.iter().all(|n| n.milestone != "copy_due"), "{left:?}");
}

#[tokio::test]
async fn a_review_is_reminded_of_until_somebody_signs_again_on_sqlite() {
    a_review_is_reminded_of_until_somebody_signs_again(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_review_is_reminded_of_until_somebody_signs_again_on_postgres() {
    a_review_is_reminded_of_until_somebody_signs_again(Kind::Postgres).await;
}

#[tokio::test]
async fn another_day_takes_the_reminders_along_on_sqlite() {
    another_day_takes_the_reminders_along(Kind::Sqlite).await;
}

#[tokio::test]
async fn another_day_takes_the_reminders_along_on_postgres() {
    another_day_takes_the_reminders_along(Kind::Postgres).await;
}

#[tokio::test]
async fn an_action_is_reminded_of_until_it_is_done_on_sqlite() {
    an_action_is_reminded_of_until_it_is_done(Kind::Sqlite).await;
}

#[tokio::test]
async fn an_action_is_reminded_of_until_it_is_done_on_postgres() {
    an_action_is_reminded_of_until_it_is_done(Kind::Postgres).await;
}

#[tokio::test]
async fn who_runs_the_work_hears_that_a_text_is_due_on_sqlite() {
    who_runs_the_work_hears_that_a_text_is_due(Kind::Sqlite).await;
}

#[tokio::test]
async fn who_runs_the_work_hears_that_a_text_is_due_on_postgres() {
    who_runs_the_work_hears_that_a_text_is_due(Kind::Postgres).await;
}

#[tokio::test]
async fn what_is_not_published_reminds_nobody() {
    let mut house = house(Kind::Sqlite).await;
    house.declare("INC-1", "wiki").await;
    explain(&house, false).await;
    at(&house, "2026-12-09T17:00:00Z").await;
    assert!(planned(&house).await.is_empty());
    assert!(
        told(&house, "kim@example.edu")
            .iter()
            .all(|s| !s.contains("action"))
    );
}
