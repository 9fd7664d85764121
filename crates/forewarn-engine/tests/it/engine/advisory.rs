//! A fault from its discovery to its fix, as people read it: real messages to a real mail server, on both databases.

use super::house::{House, begin, mail_contact};
use crate::database::{Database, Kind};
use forewarn_core::advisory::{Advisory, Fix, NewWord, Report};
use forewarn_core::contact::EmailAddress;
use forewarn_core::event::{Event, Occasion};
use forewarn_core::facts::{Action, Facts, When};
use forewarn_core::id::Id;
use forewarn_core::plan::publish_word;
use forewarn_core::promise::Thread;
use forewarn_engine::peer::smtp;
use forewarn_store::{Clock, Published};
use jiff::SignedDuration;
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
    mails.iter().map(|m| subject(&words(m))).collect()
}

/// Publishes the newest word as the server does.
async fn publish(house: &House, advisory: Advisory, expected: i64) {
    let now = house.clock.now();
    let (stored, _) = house.store.planned(advisory.id.as_str()).await.unwrap();
    let catalogue = house.store.catalogue().await.unwrap();
    let (advisory, changes) = publish_word(advisory, &catalogue, &stored, now);
    let occasion = Occasion {
        update: advisory.updates.last().map(|w| w.number),
        ..Occasion::default()
    };
    let published = Published {
        event: &Event::Advisory(advisory),
        expected,
        changes: &changes,
        occasion: &occasion,
        awaiting: &BTreeSet::new(),
        entries: &[],
        plan: None,
        answer: None,
    };
    house.store.publish(published, now).await.unwrap();
}

async fn stored(house: &House) -> (Advisory, i64) {
    let stored = house.store.event("ADV-1").await.unwrap().unwrap();
    match stored.event {
        Event::Advisory(advisory) => (advisory, stored.sequence),
        other => panic!("{other:?}"),
    }
}

fn report() -> Report {
    Report {
        texts: Default::default(),
        id: None,
        title: None,
        services: vec![Id::parse("portal").unwrap()],
        severity: None,
        cause: None,
        facts: Facts {
            effect: Some("The export of grades leaves out the last line.".into()),
            workaround: Some("Add an empty line at the end.".into()),
            technical: Some("Off by one in export.rs.".into()),
            ..Facts::default()
        },
        requesters: vec![EmailAddress::parse("dean@example.edu").unwrap()],
        next_update: None,
    }
}

async fn is_told_to_its_end(kind: Kind) {
    // Students and staff use the portal; engineers hear of the database only.
    let contacts = vec![
        mail_contact("Ann", &["customers"]),
        mail_contact("Bob", &["staff"]),
        mail_contact("Eve", &["engineers"]),
    ];
    let clock = Clock::manual(begin());
    let house = House::on(
        Database::fresh(kind),
        clock,
        contacts,
        smtp::Script::default(),
    )
    .await;
    let now = house.clock.now();
    let id = Id::parse("ADV-1").unwrap();
    let found = Advisory::discover(report(), id, "Exports leave out a line".into(), None, now);
    publish(&house, found, 0).await;
    house.let_land().await;
    for who in ["ann@example.org", "bob@example.org"] {
        let mails = house.mails_to(who);
        let text = words(mails.first().expect("the discovery"));
        for told in [
            "The export of grades leaves out the last line.",
            "We are working on a fix. It comes as soon as it is ready, and we will tell you then.",
            "Add an empty line at the end.",
            "as soon as the fix is ready",
        ] {
            assert!(text.contains(told), "{told}: {text}");
        }
        assert!(!text.contains("export.rs"), "{text}");
    }
    assert!(house.mails_to("eve@example.org").is_empty());
    // The next word promises a time that passes: its owner is warned, it is put on record, and the word after it says sorry.
    house.clock.advance(SignedDuration::from_hours(1));
    let (advisory, sequence) = stored(&house).await;
    let due = house.clock.now() + SignedDuration::from_hours(48);
    let word = NewWord {
        text: Some("We have found the cause.".into()),
        ..NewWord::default()
    };
    let updated = advisory.update(word, Some(due), house.clock.now()).unwrap();
    publish(&house, updated, sequence).await;
    house.let_pass().await;
    let warned = subjects(&house, "web@example.edu");
    assert_eq!(
        warned,
        [
            "Student portal, update due in 1 day",
            "Student portal, update due in 1 hour",
            "Student portal, a promise was broken"
        ]
    );
    let warning = words(&house.mails_to("web@example.edu")[0]);
    assert!(warning.contains("/console/advisories/ADV-1"), "{warning}");
    let journal = house.store.journal(Some("ADV-1"), None, 100).await.unwrap();
    let broken = journal
        .iter()
        .filter(|e| e.action == "advisory.promise_broken");
    assert_eq!(broken.count(), 1);
    let (advisory, sequence) = stored(&house).await;
    assert_eq!(advisory.promise().unwrap().kept, Some(false));
    let fix = Fix {
        facts: Facts {
            action: Some(Action {
                what: "Install version 4.2.1.".into(),
                when: When::After,
            }),
            ..Facts::default()
        },
        ..Fix::default()
    };
    let fixed = advisory.fix(fix, house.clock.now()).unwrap();
    publish(&house, fixed, sequence).await;
    house.let_pass().await;
    for who in ["ann@example.org", "bob@example.org"] {
        let heard: Vec<String> = subjects(&house, who);
        let heard: Vec<&str> = heard.iter().filter_map(|s| s.split(", ").next()).collect();
        assert_eq!(
            heard,
            [
                "fault in Student portal",
                "Student portal",
                "Student portal is fixed"
            ]
        );
        let last = words(house.mails_to(who).last().unwrap());
        assert!(
            last.contains("Install version 4.2.1.") && last.contains("We are sorry"),
            "{last}"
        );
        assert!(!last.contains("You asked for this fix"), "{last}");
    }
    let asked = house.mails_to("dean@example.edu");
    assert_eq!(asked.len(), 1);
    assert!(words(&asked[0]).contains("You asked for this fix, and it is ready."));
    assert!(house.mails_to("eve@example.org").is_empty());
    house.is_sound(&["cancelled"]).await;
}

#[tokio::test]
async fn a_fault_is_told_from_its_discovery_to_its_fix_on_sqlite() {
    is_told_to_its_end(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_fault_is_told_from_its_discovery_to_its_fix_on_postgres() {
    is_told_to_its_end(Kind::Postgres).await;
}
