//! The call to whoever speaks for an incident, and people who are added in the middle, by mail, on both databases.

use super::house::{House, begin, mail_contact};
use crate::database::{Database, Kind};
use forewarn_core::acknowledge::reminder;
use forewarn_core::audience::Level;
use forewarn_core::contact::Endpoint;
use forewarn_core::event::{Event, Occasion, speakers};
use forewarn_core::incident::{Call, Incident};
use forewarn_core::plan::{
    Changes, Notice, PROMISE_WARNING, SPOKESPERSON_CALL, call, catch_up, publish_update,
};
use forewarn_core::recipient::added_audience;
use forewarn_engine::peer::smtp::{Received, Script};
use forewarn_store::{Beside, Clock, Entry, NewRecipient, NoticeFilter, Published, Whom};
use jiff::SignedDuration;
use std::collections::BTreeSet;

async fn house(kind: Kind) -> House {
    let contacts = vec![mail_contact("Ann", &["engineers"])];
    let clock = Clock::manual(begin());
    House::on(Database::fresh(kind), clock, contacts, Script::default()).await
}

async fn publish(
    house: &House,
    incident: Incident,
    expected: i64,
    changes: Changes,
    again: bool,
    beside: &[Beside],
) {
    let occasion = Occasion {
        update: incident.updates.last().map(|u| u.number),
        again,
        ..Occasion::default()
    };
    let id = incident.id.to_string();
    let published = Published {
        event: &Event::Incident(incident),
        expected,
        changes: &changes,
        occasion: &occasion,
        awaiting: &BTreeSet::new(),
        entries: &[Entry::new("ann", "incident.changed", id)],
        plan: None,
        answer: None,
    };
    let now = house.clock.now();
    house
        .store
        .publish_together(&[published], beside, now)
        .await
        .unwrap();
}

/// Declares an incident about the database, for which Sam speaks, then Kim, then Lee.
async fn declare(house: &mut House) {
    house.declare("INC-1", "database").await;
    let (mut incident, sequence) = incident(house).await;
    let catalogue = house.store.catalogue().await.unwrap();
    let chain = speakers(&incident, &catalogue);
    incident.call = Some(Call {
        chain: chain.iter().map(ToString::to_string).collect(),
        ..Call::default()
    });
    let add = call(&incident, &catalogue, house.clock.now());
    let changes = Changes {
        add,
        ..Changes::default()
    };
    publish(house, incident, sequence, changes, true, &[]).await;
}

async fn incident(house: &House) -> (Incident, i64) {
    let stored = house.store.event("INC-1").await.unwrap().unwrap();
    match stored.event {
        Event::Incident(incident) => (incident, stored.sequence),
        other => panic!("{other:?}"),
    }
}

fn words(mail: &Received) -> String {
    String::from_utf8_lossy(&mail.data).replace("=\r\n", "")
}

/// The calls among somebody's mails.
fn calls(house: &House, who: &str) -> Vec<String> {
    let mails = house.mails_to(who);
    let texts = mails.iter().map(|mail| words(mail));
    texts
        .filter(|text| text.contains("please speak for it"))
        .collect()
}

async fn pass(house: &House, minutes: i64) {
    house.engine.tick().await.unwrap();
    let until = house.clock.now() + SignedDuration::from_mins(minutes);
    while house.next_due().await <= until {
        house.let_one_more_pass().await;
    }
    house.clock.set(until);
    house.engine.tick().await.unwrap();
}

async fn nobody_acknowledges(kind: Kind) {
    let mut house = house(kind).await;
    declare(&mut house).await;
    pass(&house, 4).await;
    let counts = |house: &House| {
        ["sam", "kim", "lee", "dba"].map(|who| calls(house, &format!("{who}@example.edu")).len())
    };
    assert_eq!(counts(&house), [1, 0, 0, 0]);
    let first = &calls(&house, "sam@example.edu")[0];
    assert!(first.contains("https://status.example.edu/ack/"), "{first}");
    // The program is away over the second call and makes up for it at once.
    house
        .clock
        .set(house.clock.now() + SignedDuration::from_mins(3));
    house.restart("second").await;
    pass(&house, 0).await;
    assert_eq!(counts(&house), [1, 1, 0, 0]);
    pass(&house, 13).await;
    // At last the whole team, of which the three are a part, and nobody twice by one step.
    assert_eq!(counts(&house), [2, 2, 2, 1]);
    let last = calls(&house, "dba@example.edu").remove(0);
    assert!(
        last.contains("Nobody who was called has answered") && !last.contains("/ack/"),
        "{last}"
    );
    let (incident, _) = incident(&house).await;
    let called: Vec<Option<&str>> = incident
        .call
        .as_ref()
        .unwrap()
        .called
        .iter()
        .map(|c| c.who.as_deref())
        .collect();
    assert_eq!(
        called,
        [
            Some("sam@example.edu"),
            Some("kim@example.edu"),
            Some("lee@example.edu"),
            None
        ]
    );
    let journal = house.store.journal(Some("INC-1"), None, 100).await.unwrap();
    let count = |action: &str| journal.iter().filter(|e| e.action == action).count();
    assert_eq!(
        (
            count("incident.spokesperson_called"),
            count("incident.call_escalated")
        ),
        (1, 3)
    );
    assert_eq!(house.store.verify_journal().await.unwrap().broken, None);
}

async fn a_backup_acknowledges(kind: Kind) {
    let mut house = house(kind).await;
    declare(&mut house).await;
    pass(&house, 6).await;
    let (incident, sequence) = incident(&house).await;
    let (taken, _) = incident
        .acknowledge(Some("kim@example.edu"), house.clock.now())
        .unwrap();
    let (stored, _) = house.store.planned("INC-1").await.unwrap();
    let open = stored
        .into_iter()
        .filter(|s| s.open && s.milestone == SPOKESPERSON_CALL);
    let changes = Changes {
        withdrawn: open.map(|s| s.id).collect(),
        ..Changes::default()
    };
    publish(&house, taken, sequence, changes, true, &[]).await;
    pass(&house, 30).await;
    assert!(
        calls(&house, "lee@example.edu").is_empty() && calls(&house, "dba@example.edu").is_empty()
    );
    // Warnings about the promise go to the one who speaks for it.
    pass(&house, 10).await;
    let warned = |who: &str| {
        let mails = house.mails_to(who);
        mails
            .iter()
            .filter(|m| words(m).contains("update due in 15 minutes"))
            .count()
    };
    assert_eq!(
        (warned("kim@example.edu"), warned("sam@example.edu")),
        (1, 0)
    );
}

async fn somebody_is_added(kind: Kind) {
    let mut house = house(kind).await;
    declare(&mut house).await;
    pass(&house, 1).await;
    let (mut incident, sequence) = incident(&house).await;
    let catalogue = house.store.catalogue().await.unwrap();
    incident.added.levels.insert(Level::Technical);
    let audience = added_audience(Level::Technical);
    let notice = |key: &str, house: &House| {
        catch_up(&incident, &audience, key, &catalogue, house.clock.now())
    };
    let added = |whom: Whom| {
        let new = NewRecipient {
            event: "INC-1".into(),
            whom,
            level: Level::Technical,
            by: "ann".into(),
        };
        [Beside::Added(new)]
    };
    let press: Endpoint = serde_json::from_value(
        serde_json::json!({"channel": "email", "address": "press@example.org"}),
    )
    .unwrap();
    let changes = |key: &str, house: &House| Changes {
        add: notice(key, house).into_iter().collect(),
        ..Changes::default()
    };
    publish(
        &house,
        incident.clone(),
        sequence,
        changes("press", &house),
        true,
        &added(Whom::Address(press)),
    )
    .await;
    publish(
        &house,
        incident.clone(),
        sequence + 1,
        changes("ann", &house),
        true,
        &added(Whom::Contact("Ann".into())),
    )
    .await;
    pass(&house, 1).await;
    let read = |house: &House, who: &str| house.mails_to(who).len();
    // Ann had the holding statement as an engineer.
    assert_eq!(
        (
            read(&house, "press@example.org"),
            read(&house, "ann@example.org")
        ),
        (1, 1)
    );
    let text = words(&house.mails_to("press@example.org")[0]);
    assert!(
        text.contains("List-Unsubscribe") && text.contains("INC-1"),
        "{text}"
    );
    let (incident, sequence) = self::incident(&house).await;
    let now = house.clock.now();
    let next = now + SignedDuration::from_hours(1);
    let new = forewarn_core::incident::NewUpdate {
        texts: Default::default(),
        status: None,
        facts: Default::default(),
        cause: None,
        text: Some("We found it.".into()),
        services: Default::default(),
        next_update_in: None,
    };
    let updated = incident.update(new, next, now).unwrap();
    let (stored, _) = house.store.planned("INC-1").await.unwrap();
    let (updated, changes) = publish_update(updated, &catalogue, &stored, now);
    publish(&house, updated, sequence, changes, false, &[]).await;
    pass(&house, 1).await;
    assert_eq!(
        (
            read(&house, "press@example.org"),
            read(&house, "ann@example.org")
        ),
        (2, 2)
    );
}

async fn the_lead_is_warned_where_nobody_else_can_speak(kind: Kind) {
    let mut house = house(kind).await;
    house.declare("INC-1", "wiki").await;
    let (mut incident, sequence) = incident(&house).await;
    incident.lead = Some("web@example.edu".into());
    publish(&house, incident, sequence, Changes::default(), true, &[]).await;
    pass(&house, 56).await;
    let mails = house.mails_to("web@example.edu");
    let due = |left: &str| mails.iter().filter(|m| words(m).contains(left)).count();
    assert_eq!(
        (
            due("update due in 15 minutes"),
            due("update due in 5 minutes")
        ),
        (1, 1)
    );
    // There is no backup: what was for them is not called sent.
    let all = house.store.notices(&NoticeFilter::default(), 100).await;
    let warned: Vec<(String, String)> = all
        .unwrap()
        .into_iter()
        .filter(|n| n.milestone == PROMISE_WARNING)
        .map(|n| (n.audience, n.status))
        .collect();
    let of = |audience: &str, status: &str| (audience.to_owned(), status.to_owned());
    assert!(warned.contains(&of("backup", "cancelled")), "{warned:?}");
    assert!(!warned.contains(&of("backup", "sent")), "{warned:?}");
}

async fn who_has_not_confirmed_is_reminded_after_an_update_with_the_newest_words(kind: Kind) {
    let mut house = house(kind).await;
    declare(&mut house).await;
    pass(&house, 1).await;
    let all = house.store.notices(&NoticeFilter::default(), 100).await;
    let mut told = all.unwrap().into_iter();
    let told = told.find(|n| n.milestone == "holding" && n.audience == "engineers");
    let told = told.expect("Ann was told");
    let (incident, sequence) = incident(&house).await;
    let catalogue = house.store.catalogue().await.unwrap();
    let holding = Notice {
        id: told.id,
        milestone: told.milestone,
        offset: None,
        stands_for: Vec::new(),
        audience: told.audience,
        level: told.level,
        channels: told.channels,
        due: told.due,
        due_local: told.due_local,
        copy_due: None,
        because: told.because,
        held: false,
        tells: Vec::new(),
    };
    let due = house.clock.now() + SignedDuration::from_mins(20);
    let changes = Changes {
        add: vec![reminder("INC-1", &holding, due, &catalogue)],
        ..Changes::default()
    };
    publish(&house, incident, sequence, changes, true, &[]).await;
    pass(&house, 5).await;
    house.update("INC-1").await;
    pass(&house, 20).await;
    let read = house.mails_to("ann@example.org");
    assert_eq!(read.len(), 3);
    let text = words(&read[2]);
    assert!(
        text.contains("We are still looking into it.") && text.contains("/confirm/"),
        "{text}"
    );
    // Who has had it once knows why it comes again.
    let again = "A reminder: you have not confirmed yet";
    assert!(
        text.contains(again) && !words(&read[0]).contains(again),
        "{text}"
    );
}

macro_rules! on_both {
    ($($name:ident),*) => {
        $(mod $name {
            use super::Kind;
            #[tokio::test]
            async fn on_sqlite() {
                super::$name(Kind::Sqlite).await;
            }
            #[tokio::test]
            async fn on_postgres() {
                super::$name(Kind::Postgres).await;
            }
        })*
    };
}

on_both!(
    nobody_acknowledges,
    a_backup_acknowledges,
    somebody_is_added,
    the_lead_is_warned_where_nobody_else_can_speak,
    who_has_not_confirmed_is_reminded_after_an_update_with_the_newest_words
);
