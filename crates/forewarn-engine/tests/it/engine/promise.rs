//! A promise that nobody keeps, from its warnings to what the team and the readers are told, by mail.

use super::house::{House, mail_contact, soon};
use forewarn_core::event::{Event, Occasion};
use forewarn_core::incident::{Nature, NewUpdate, Severity};
use forewarn_core::plan::{nobody_hears_yet, publish_update};
use forewarn_core::promise::Thread;
use forewarn_engine::peer::smtp::{self, Act, Fault, Stage};
use forewarn_store::{Entry, Published};
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};

/// The mail's text without the line breaks of its encoding.
fn words(mail: &smtp::Received) -> String {
    String::from_utf8_lossy(&mail.data).replace("=\r\n", "")
}

fn subject(mail: &smtp::Received) -> String {
    let text = String::from_utf8_lossy(&mail.data);
    let line = text.lines().find(|l| l.starts_with("Subject: "));
    line.expect("a mail has one")["Subject: ".len()..].to_owned()
}

#[tokio::test]
async fn how_long_it_took_until_somebody_heard_is_on_record_once() {
    // The relay takes nothing at first: what counts is when a message was taken.
    let later = Act::Reply("451 4.3.0 later".into());
    let script = smtp::Script::default().fault(Fault::new(Stage::Mail, later).times(1));
    let mut house = House::new(vec![mail_contact("Ann", &["engineers"])], script).await;
    house.declare("INC-1", "database").await;
    let declared = house.clock.now();
    soon(house.engine.tick()).await.unwrap();
    assert_eq!(house.store.first_word("INC-1").await.unwrap(), None);
    while house.mails_to("ann@example.org").is_empty() {
        house.let_one_more_pass().await;
    }
    let first = house.store.first_word("INC-1").await.unwrap().unwrap();
    let after = house.clock.now().duration_since(declared).as_secs();
    assert!(after > 0);
    assert_eq!(first.after_seconds, after);
    house.update("INC-1").await;
    soon(house.engine.tick()).await.unwrap();
    house.restart("second").await;
    house.let_one_more_pass().await;
    assert_eq!(
        house.store.first_word("INC-1").await.unwrap().unwrap(),
        first
    );
    let journal = house.store.journal(Some("INC-1"), None, 100).await.unwrap();
    let noted = journal.iter().filter(|e| e.action == "incident.first_told");
    assert_eq!(noted.count(), 1);
}

#[tokio::test]
async fn a_promise_is_warned_of_kept_three_times_and_then_broken_on_record() {
    let contacts = vec![mail_contact("Ann", &["engineers"])];
    let mut house = House::new(contacts, smtp::Script::default()).await;
    house.declare("INC-1", "database").await;
    house.let_pass().await;
    let Event::Incident(incident) = house.event("INC-1").await else {
        panic!("an incident was declared");
    };
    let natures: Vec<Nature> = incident.updates.iter().map(|u| u.nature).collect();
    use Nature::{Automatic, Written};
    assert_eq!(natures, [Written, Automatic, Automatic, Automatic]);
    let kept: Vec<_> = incident
        .updates
        .iter()
        .map(|u| u.promise.unwrap().kept)
        .collect();
    assert_eq!(kept, [Some(true), Some(true), Some(true), Some(false)]);
    // Ann reads the holding statement and three times that nothing is new.
    let read = house.mails_to("ann@example.org");
    assert_eq!(read.len(), 4);
    let text = words(&read[1]);
    assert!(text.contains("We have nothing new to report yet"), "{text}");
    // Sam speaks: two warnings for each promise. Kim and Lee are the backups: one. The database administrator is of the team.
    let told = |who: &str| -> Vec<String> {
        let mails = house.mails_to(who);
        mails
            .iter()
            .map(|m| subject(m).replace("Example University: Student database, ", ""))
            .collect()
    };
    let round = [
        "update due in 15 minutes",
        "update due in 5 minutes",
        "we said nothing is new",
    ];
    let last = [
        "update due in 15 minutes",
        "update due in 5 minutes",
        "a promise was broken",
    ];
    assert_eq!(
        told("sam@example.edu"),
        [round, round, round, last].concat()
    );
    for backup in ["kim@example.edu", "lee@example.edu"] {
        let seldom = [&round[1..], &round[1..], &round[1..], &last[1..]].concat();
        assert_eq!(told(backup), seldom);
    }
    let team = [round[2], round[2], round[2], last[2]];
    assert_eq!(told("dba@example.edu"), team);
    let journal = house.store.journal(Some("INC-1"), None, 100).await.unwrap();
    let count = |action: &str| journal.iter().filter(|e| e.action == action).count();
    assert_eq!(
        (
            count("incident.promise_kept"),
            count("incident.promise_broken")
        ),
        (3, 1)
    );
    // The next message says that it is late, and the promise stays broken.
    house
        .clock
        .set(house.clock.now() + SignedDuration::from_mins(7));
    house.update("INC-1").await;
    house.let_land().await;
    let read = house.mails_to("ann@example.org");
    let text = words(&read[4]);
    assert!(text.contains("We are sorry that this is late"), "{text}");
    house.is_sound(&["planned", "cancelled"]).await;
}

#[tokio::test]
async fn what_fell_due_while_the_program_was_away_is_done_at_once_and_says_how_late_it_is() {
    let contacts = vec![mail_contact("Ann", &["staff"])];
    let mut house = House::new(contacts, smtp::Script::default()).await;
    house.declare("INC-1", "wiki").await;
    house.let_land().await;
    // Away from before the first warning until long after the promise.
    house
        .clock
        .set(house.clock.now() + SignedDuration::from_hours(3));
    house.restart("second").await;
    house.let_land().await;
    let Event::Incident(incident) = house.event("INC-1").await else {
        panic!("an incident was declared");
    };
    let counts = incident.promises();
    assert_eq!(
        (counts.kept, counts.automatically, counts.broken),
        (0, 0, 1)
    );
    // Who waited is told now, that it is late; the team is told once what happened, not what should have been warned of.
    let read = house.mails_to("ann@example.org");
    let text = words(&read[1]);
    assert!(text.contains("We are sorry that this is late"), "{text}");
    let team = house.mails_to("web@example.edu");
    let subjects: Vec<String> = team.iter().map(|m| subject(m)).collect();
    assert_eq!(
        subjects,
        ["Example University: Wiki, we said nothing is new"]
    );
    let text = words(&team[0]);
    assert!(text.contains("It came late"), "{text}");
}

/// An update that waits until owners agree, as the server publishes it.
async fn hold_update(house: &House, id: &str) {
    let stored = house.store.event(id).await.unwrap().unwrap();
    let Event::Incident(incident) = stored.event else {
        panic!("{id} is none");
    };
    let now = house.clock.now();
    let new = NewUpdate {
        texts: Default::default(),
        status: None,
        cause: None,
        facts: Default::default(),
        text: Some("We replace a disk.".into()),
        services: BTreeMap::new(),
        next_update_in: None,
    };
    let updated = incident.update(new, now + SignedDuration::from_hours(9), now);
    let catalogue = house.store.catalogue().await.unwrap();
    let (planned, _) = house.store.planned(id).await.unwrap();
    let (updated, changes) = publish_update(updated.unwrap(), &catalogue, &planned, now);
    let changes = nobody_hears_yet(changes, &planned);
    let awaiting: BTreeSet<String> = changes.add.iter().map(|n| n.audience.clone()).collect();
    assert!(!awaiting.is_empty());
    let occasion = Occasion {
        update: updated.updates.last().map(|u| u.number),
        ..Occasion::default()
    };
    let published = Published {
        event: &Event::Incident(updated.held()),
        expected: stored.sequence,
        changes: &changes,
        occasion: &occasion,
        awaiting: &awaiting,
        entries: &[Entry::new("ann", "incident.updated", id)],
        plan: None,
        answer: None,
    };
    house.store.publish(published, now).await.unwrap();
}

#[tokio::test]
async fn a_promise_breaks_in_its_time_while_what_was_to_keep_it_waits() {
    let contacts = vec![mail_contact("Ann", &["staff"])];
    let mut house = House::new(contacts, smtp::Script::default()).await;
    house.declare_as("INC-1", "wiki", Severity::P1).await;
    house.let_land().await;
    hold_update(&house, "INC-1").await;
    house.let_pass().await;
    let Event::Incident(incident) = house.event("INC-1").await else {
        panic!("an incident was declared");
    };
    // Nothing is said by itself beside what waits.
    let counts = incident.promises();
    assert_eq!(
        (counts.kept, counts.automatically, counts.broken),
        (0, 0, 1)
    );
    assert_eq!(house.mails_to("ann@example.org").len(), 1);
    let team = house.mails_to("web@example.edu");
    let subjects: Vec<String> = team.iter().map(|m| subject(m)).collect();
    let last = subjects.last().map(String::as_str);
    assert_eq!(last, Some("Example University: Wiki, a promise was broken"));
    let journal = house.store.journal(Some("INC-1"), None, 100).await.unwrap();
    let broken = journal
        .iter()
        .filter(|e| e.action == "incident.promise_broken");
    let said: Vec<_> = broken.map(|e| e.detail["update"].clone()).collect();
    assert_eq!(said, [0]);
}
