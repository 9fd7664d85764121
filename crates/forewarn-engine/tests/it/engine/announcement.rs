//! A release from its announcement until it is there, as people read it: real messages to a real mail server, on both databases.

use super::house::{House, begin, mail_contact};
use crate::database::{Database, Kind};
use forewarn_core::announcement::{Announcement, Status};
use forewarn_core::document::Documents;
use forewarn_core::event::{Event, Occasion};
use forewarn_core::plan::{Change, Input, changes_from, plan};
use forewarn_core::policy;
use forewarn_core::time::CivilTime;
use forewarn_engine::peer::smtp;
use forewarn_store::{Clock, NoticeFilter, Published};
use std::collections::BTreeSet;

/// The mail's text without the line breaks of its encoding.
fn words(mail: &smtp::Received) -> String {
    String::from_utf8_lossy(&mail.data).replace("=\r\n", "")
}

fn subjects(house: &House, who: &str) -> Vec<String> {
    let subject = |text: &str| {
        let line = text.lines().find_map(|l| l.strip_prefix("Subject: "));
        line.expect("a mail has one")
            .replace("Example University: ", "")
    };
    let mails = house.mails_to(who);
    // Long header lines are folded (RFC 5322 2.2.3).
    let unfolded = |mail: &smtp::Received| words(mail).replace('\r', "").replace("\n ", " ");
    mails.iter().map(|m| subject(&unfolded(m))).collect()
}

/// Plans and publishes as the server does.
async fn publish(
    house: &House,
    announced: Announcement,
    expected: i64,
    milestone: Option<&str>,
    previous: Option<CivilTime>,
) {
    let now = house.clock.now();
    let catalogue = house.store.catalogue().await.unwrap();
    let (stored, told) = house.store.planned(announced.id.as_str()).await.unwrap();
    let plan = plan(Input {
        planned: (&announced).into(),
        policy: policy::for_announcement(&announced.kind, &catalogue.policies),
        catalogue: &catalogue,
        now,
        told: &told,
        others: &[],
        change: milestone.map(|milestone| Change {
            milestone,
            counter: 0,
        }),
    });
    let published = Published {
        event: &Event::Announcement(announced),
        expected,
        changes: &changes_from(&plan, &stored),
        occasion: &Occasion {
            reason: milestone.map(|_| "Two tests failed.".to_owned()),
            previous: previous.map(|before| (before.clone(), before)),
            ..Occasion::default()
        },
        awaiting: &BTreeSet::new(),
        entries: &[],
        plan: None,
        answer: None,
    };
    house.store.publish(published, now).await.unwrap();
}

async fn stored(house: &House) -> (Announcement, i64) {
    let stored = house.store.event("ANN-1").await.unwrap().unwrap();
    match stored.event {
        Event::Announcement(announced) => (announced, stored.sequence),
        other => panic!("{other:?}"),
    }
}

async fn house_with_a_release(kind: Kind) -> House {
    // Students use the portal; engineers hear of the database only.
    let contacts = vec![
        mail_contact("Ann", &["customers"]),
        mail_contact("Eve", &["engineers"]),
    ];
    let house = House::on(
        Database::fresh(kind),
        Clock::manual(begin()),
        contacts,
        smtp::Script::default(),
    )
    .await;
    let catalogue = house.store.catalogue().await.unwrap();
    let text = "announcement: {id: ANN-1, title: Version 5 of the portal, services: [portal], effective: 2026-12-08T10:00,
        facts: {effect: Marks stand on the first page., technical: portal 5.0.0}, requesters: [dean@example.edu]}";
    let read = Documents::parse_yaml(&[(String::new(), text.into())], &catalogue, "ANN-1");
    let announced = read.unwrap().announcement.unwrap();
    publish(&house, announced, 0, None, None).await;
    house
}

async fn is_told_until_it_is_there(kind: Kind) {
    let house = house_with_a_release(kind).await;
    // The announcement goes out; then the release slips by a week.
    house.let_one_more_pass().await;
    house.let_land().await;
    assert_eq!(
        subjects(&house, "ann@example.org"),
        ["Student portal changes, 8 Dec"]
    );
    let (announced, sequence) = stored(&house).await;
    let before = announced.effective.clone();
    let later = CivilTime::parse("2026-12-15T10:00", &before.zone).unwrap();
    let moved = announced.put_off(later).unwrap();
    publish(&house, moved, sequence, Some("delay"), Some(before)).await;
    house.let_pass().await;
    assert_eq!(
        subjects(&house, "ann@example.org"),
        [
            "Student portal changes, 8 Dec",
            "Student portal change moved to 15 Dec",
            "Student portal changes, 15 Dec",
            "Student portal has changed"
        ]
    );
    let mails = house.mails_to("ann@example.org");
    let delay = words(&mails[1]);
    assert!(
        delay.contains("Two tests failed.") && delay.contains("8 December 2026, 10:00"),
        "{delay}"
    );
    let there = words(&mails[3]);
    assert!(
        there.contains("takes effect now: Version 5 of the portal")
            && there.contains("Marks stand on the first page.")
            && !there.contains("5.0.0"),
        "{there}"
    );
    // Who asked for it is told that it is there, and whoever runs it too.
    for who in ["dean@example.edu", "web@example.edu"] {
        assert_eq!(subjects(&house, who), ["Student portal has changed"]);
    }
    assert!(house.mails_to("eve@example.org").is_empty());
    // It is in effect since its moment, and that is on record once.
    let (announced, _) = stored(&house).await;
    assert_eq!(announced.status, Status::Effective);
    assert_eq!(
        announced.closed_at.unwrap().to_string(),
        "2026-12-15T18:00:00Z"
    );
    let journal = house.store.journal(Some("ANN-1"), None, 100).await.unwrap();
    let held = journal
        .iter()
        .filter(|e| e.action == "announcement.effective");
    assert_eq!(held.count(), 1);
    house.is_sound(&["moved"]).await;
}

async fn is_called_off(kind: Kind) {
    let house = house_with_a_release(kind).await;
    house.let_one_more_pass().await;
    house.let_land().await;
    let (announced, sequence) = stored(&house).await;
    let off = announced.cancel(house.clock.now()).unwrap();
    publish(&house, off, sequence, Some("cancellation"), None).await;
    house.let_pass().await;
    assert_eq!(
        subjects(&house, "ann@example.org"),
        [
            "Student portal changes, 8 Dec",
            "Student portal change cancelled"
        ]
    );
    assert_eq!(
        subjects(&house, "dean@example.edu"),
        ["Student portal change cancelled"]
    );
    let open = NoticeFilter {
        status: Some("planned".into()),
        ..NoticeFilter::default()
    };
    let left = house.store.notices(&open, 100).await.unwrap();
    assert!(left.is_empty(), "{left:?}");
    house.is_sound(&["cancelled"]).await;
}

#[tokio::test]
async fn a_release_is_told_ahead_moved_and_told_when_it_is_there_on_sqlite() {
    is_told_until_it_is_there(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_release_is_told_ahead_moved_and_told_when_it_is_there_on_postgres() {
    is_told_until_it_is_there(Kind::Postgres).await;
}

#[tokio::test]
async fn a_release_that_is_called_off_is_told_to_whoever_would_have_heard_on_sqlite() {
    is_called_off(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_release_that_is_called_off_is_told_to_whoever_would_have_heard_on_postgres() {
    is_called_off(Kind::Postgres).await;
}
