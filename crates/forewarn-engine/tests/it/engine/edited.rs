//! A text that somebody edited for one level, on its whole way: its readers get it, the others what is made, and nobody loses the promise.

use super::house::{House, begin, mail_contact, update_of};
use super::languages::parts;
use crate::database::{Database, Kind};
use forewarn_core::audience::Level;
use forewarn_core::incident::{NewUpdate, Status};
use forewarn_core::texts::Texts;
use forewarn_engine::peer::smtp::Script;
use forewarn_store::Clock;
use jiff::SignedDuration;

async fn each_level_gets_its_own(kind: Kind) {
    let contacts = vec![
        mail_contact("Ann", &["customers"]),
        mail_contact("Bea", &["staff"]),
        mail_contact("Cid", &["engineers"]),
        // Of two audiences she reads the richer text.
        mail_contact("Dia", &["customers", "engineers"]),
    ];
    let clock = Clock::manual(begin());
    let mut house = House::on(Database::fresh(kind), clock, contacts, Script::default()).await;
    house.declare("INC-1", "database").await;
    house.engine.tick().await.unwrap();
    // Later than was promised.
    let late = SignedDuration::from_mins(61);
    house.clock.advance(late);
    let edited = [(Level::NonTechnical, "The **owl** is on it.".to_owned())];
    let new = NewUpdate {
        texts: Texts::from_iter(edited),
        ..update_of(Some(Status::Identified), None)
    };
    house.say("INC-1", new).await;
    house.engine.tick().await.unwrap();
    let last = |who: &str| {
        parts(
            house
                .mails_to(&format!("{who}@example.org"))
                .last()
                .unwrap(),
        )
    };
    let made = "We have found the cause and are working on the repair.";
    for (who, is_edited) in [
        ("ann", true),
        ("bea", false),
        ("cid", false),
        ("dia", false),
    ] {
        let [subject, text, html] = last(who);
        assert!(subject.contains("cause found"), "{who}: {subject}");
        assert_eq!(
            text.contains("The owl is on it."),
            is_edited,
            "{who}: {text}"
        );
        assert_eq!(
            html.contains("<strong>owl</strong>"),
            is_edited,
            "{who}: {html}"
        );
        assert_eq!(text.contains(made), !is_edited, "{who}: {text}");
        // The promise, the one that was not kept, and the foot.
        let there = match text.contains("Berlin") {
            true => [
                "19:00 CET (UTC+01:00, Berlin)",
                "20:01 CET (UTC+01:00, Berlin)",
            ],
            false => [
                "10:00 PST (UTC-08:00, Los Angeles)",
                "11:01 PST (UTC-08:00, Los Angeles)",
            ],
        };
        let [missed, next] = there;
        for surrounds in [
            format!("We said we would write by {missed}. We are sorry that this is late."),
            format!("Next update: by {next}"),
            "You get this message because".to_owned(),
        ] {
            assert!(text.contains(&surrounds), "{who}: {surrounds}\n{text}");
        }
    }
    // An edited text is one message's: the next one is made of the facts again.
    house
        .say("INC-1", update_of(Some(Status::Monitoring), None))
        .await;
    house.engine.tick().await.unwrap();
    let [_, text, _] = parts(house.mails_to("ann@example.org").last().unwrap());
    assert!(
        !text.contains("owl") && text.contains("A fix is in place"),
        "{text}"
    );
}

#[tokio::test]
async fn each_level_gets_what_was_edited_for_it_on_sqlite() {
    each_level_gets_its_own(Kind::Sqlite).await;
}

#[tokio::test]
async fn each_level_gets_what_was_edited_for_it_on_postgres() {
    each_level_gets_its_own(Kind::Postgres).await;
}

/// The same of planned work: the announcement and its reminder say what was edited, its window stands beside that, and the end is made of
/// the facts.
async fn work_says_what_was_edited(kind: Kind) {
    let contacts = vec![
        mail_contact("Ann", &["customers"]),
        mail_contact("Cid", &["engineers"]),
    ];
    let clock = Clock::manual(begin());
    let mut house = House::on(Database::fresh(kind), clock, contacts, Script::default()).await;
    house
        .plan("{id: MNT-1, title: Upgrade, services: [database], start: '2026-11-24T22:00', end: '2026-11-25T02:00', texts: {non_technical: 'The **owl** is on it.'}}")
        .await;
    let (mut seen, end) = (0, begin() + SignedDuration::from_hours(96));
    while house.clock.now() < end {
        house.engine.tick().await.unwrap();
        let mails = house.mails_to("ann@example.org");
        for mail in mails.iter().skip(seen) {
            let [subject, text, html] = parts(mail);
            let is_ahead = !subject.contains("has started") && !subject.contains("done");
            assert_eq!(
                text.contains("The owl is on it."),
                is_ahead,
                "{subject}: {text}"
            );
            assert_eq!(html.contains("<strong>owl</strong>"), is_ahead, "{html}");
            assert!(!is_ahead || text.contains("22:00 PST"), "{text}");
        }
        seen = mails.len();
        house.clock.advance(SignedDuration::from_hours(12));
    }
    assert!(seen >= 3, "{seen}");
    for mail in house.mails_to("cid@example.org") {
        let [subject, text, _] = parts(&mail);
        assert!(!text.contains("owl"), "{subject}: {text}");
    }
}

#[tokio::test]
async fn work_says_at_each_level_what_was_edited_on_sqlite() {
    work_says_what_was_edited(Kind::Sqlite).await;
}

#[tokio::test]
async fn work_says_at_each_level_what_was_edited_on_postgres() {
    work_says_what_was_edited(Kind::Postgres).await;
}
