//! What stands around an event: notes, drafts, acknowledgements, people who were added, and several events published together.

use crate::database::Database;
use crate::samples::*;
use forewarn_core::audience::Level;
use forewarn_core::contact::Endpoint;
use forewarn_core::event::{Event, Occasion};
use forewarn_core::plan::{Changes, Notice};
use forewarn_core::recipient::added_audience;
use forewarn_store::{
    Acknowledgement, Beside, Lane, NewRecipient, Published, Recipients, Store, StoreError, Whom,
};
use std::collections::BTreeSet;
use std::sync::LazyLock;

static NOTHING: LazyLock<(Changes, Occasion, BTreeSet<String>)> = LazyLock::new(Default::default);

pub fn quiet<'a>(event: &'a Event, expected: i64, changes: &'a Changes) -> Published<'a> {
    Published {
        event,
        expected,
        changes,
        occasion: &NOTHING.1,
        awaiting: &NOTHING.2,
        entries: &[],
        plan: None,
        answer: None,
    }
}

pub fn added(event: &str, whom: Whom, level: Level) -> Beside {
    let (event, by) = (event.to_owned(), "ann".to_owned());
    Beside::Added(NewRecipient {
        event,
        whom,
        level,
        by,
    })
}

pub fn mailbox(address: &str) -> Endpoint {
    let endpoint = serde_json::json!({"channel": "email", "address": address});
    serde_json::from_value(endpoint).unwrap()
}

fn to_added(notice: Notice, level: Level) -> Notice {
    Notice {
        level,
        ..to(&added_audience(level), notice)
    }
}

async fn told(store: &Store) -> Vec<String> {
    let all = all_deliveries(store).await;
    let mut lines: Vec<String> = all
        .iter()
        .map(|d| format!("{} {} {}", d.endpoint, d.notice, d.status.as_str()))
        .collect();
    lines.sort();
    lines
}

on_both_databases! {
    async fn notes_are_numbered_and_the_journal_does_not_say_what_they_say(db: &Database) {
        let store = &db.store;
        publish(store, &incident("INC-1"), 0, &NOTHING.0).await.unwrap();
        let writing = (0..4).map(|n| {
            let store = store.clone();
            tokio::spawn(async move { store.add_note("INC-1", "kim", &format!("secret {n}"), at(n)).await.unwrap().number })
        });
        let mut numbers = Vec::new();
        for task in writing.collect::<Vec<_>>() {
            numbers.push(task.await.unwrap());
        }
        numbers.sort_unstable();
        assert_eq!(numbers, [1, 2, 3, 4]);
        let listed: Vec<i64> = store.notes("INC-1").await.unwrap().iter().map(|n| n.number).collect();
        assert_eq!(listed, [4, 3, 2, 1]);
        assert_eq!(store.notes("INC-2").await.unwrap(), []);
        let journal = store.journal(None, None, 50).await.unwrap();
        assert!(journal.iter().filter(|e| e.action == "incident.noted").count() == 4);
        assert!(!format!("{journal:?}").contains("secret"));
        assert_eq!(store.verify_journal().await.unwrap().broken, None);
    }

    async fn a_draft_is_kept_for_a_quarter_of_an_hour_after_it_was_saved(db: &Database) {
        let store = &db.store;
        store.save_writing("INC-1", "kim", "We", at(0)).await.unwrap();
        store.save_writing("INC-1", "lee", "I", at(5)).await.unwrap();
        store.save_writing("INC-1", "kim", "We found", at(10)).await.unwrap();
        let who = async |minute| {
            let drafts = store.writing("INC-1", at(minute)).await.unwrap();
            drafts.into_iter().map(|d| (d.author, d.text, d.since)).collect::<Vec<_>>()
        };
        let kim = ("kim".to_owned(), "We found".to_owned(), at(0));
        assert_eq!(who(11).await, [kim.clone(), ("lee".into(), "I".into(), at(5))]);
        assert_eq!(who(21).await, [kim]);
        assert_eq!(who(26).await, []);
        store.save_writing("INC-1", "lee", "", at(27)).await.unwrap();
        store.save_writing("INC-1", "lee", "Again", at(28)).await.unwrap();
        assert_eq!(who(28).await, [("lee".into(), "Again".into(), at(28))]);
        // What kim typed is kim's for two weeks all the same, and whoever comes back begins anew.
        let own = async |minute| store.own_writing("INC-1", "kim", at(minute)).await.unwrap().map(|own| own.text);
        let weeks = 10 + 14 * 24 * 60;
        assert_eq!((own(weeks).await.as_deref(), own(weeks + 1).await), (Some("We found"), None));
        store.save_writing("INC-1", "kim", "We found it", at(29)).await.unwrap();
        assert_eq!(who(29).await[1], ("kim".into(), "We found it".into(), at(29)));
    }

    async fn a_form_is_kept_by_where_it_is_sent_and_is_no_version_of_an_event(db: &Database) {
        let store = &db.store;
        store.keep_form("/console/maintenances", "kim", "[]", at(0)).await.unwrap();
        store.keep_form("/console/announcements", "kim", "[1]", at(0)).await.unwrap();
        let own = async |who, minute| store.own_writing("/console/maintenances", who, at(minute)).await.unwrap();
        assert_eq!(own("kim", 1).await.map(|own| (own.text, own.saved_at)), Some(("[]".to_owned(), at(0))));
        assert_eq!(own("lee", 1).await, None);
        assert_eq!(store.versions("/console/maintenances").await.unwrap(), []);
        store.keep_form("/console/maintenances", "kim", "", at(2)).await.unwrap();
        assert_eq!(own("kim", 2).await, None);
    }

    async fn of_a_notice_and_an_endpoint_the_first_acknowledgement_counts(db: &Database) {
        let (store, event) = (&db.store, incident("INC-1"));
        publish(store, &event, 0, &NOTHING.0).await.unwrap();
        let ack = |endpoint: &str, who: &str, minute| Acknowledgement {
            event: "INC-1".into(), notice: "n".into(), endpoint: endpoint.into(), who: who.into(), at: at(minute),
        };
        for (n, one) in [ack("e1", "kim", 1), ack("e1", "lee", 2), ack("e2", "lee", 3)].into_iter().enumerate() {
            let published = [quiet(&event, n as i64 + 1, &NOTHING.0)];
            store.publish_together(&published, &[Beside::Acknowledged(one)], at(3)).await.unwrap();
        }
        assert_eq!(store.acknowledgements("INC-1").await.unwrap(), [ack("e1", "kim", 1), ack("e2", "lee", 3)]);
    }

    async fn events_are_published_together_or_not_at_all(db: &Database) {
        let (store, one, two) = (&db.store, incident("INC-1"), incident("INC-2"));
        let both = [quiet(&two, 0, &NOTHING.0), quiet(&one, 0, &NOTHING.0)];
        store.publish_together(&both, &[], at(0)).await.unwrap();
        let note = adding(vec![notice("n1", "holding", 1)]);
        let late = [quiet(&one, 1, &note), quiet(&two, 7, &NOTHING.0)];
        let new = [added("INC-1", Whom::Address(mailbox("press@example.org")), Level::Technical)];
        let refused = store.publish_together(&late, &new, at(1)).await;
        assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
        assert_eq!(store.event("INC-1").await.unwrap().unwrap().sequence, 1);
        assert_eq!((store.added("INC-1").await.unwrap(), store.planned("INC-1").await.unwrap().0), (vec![], vec![]));
    }

    async fn who_was_added_is_told_once_by_whichever_way(db: &Database) {
        let (store, event) = (&db.store, incident("INC-1"));
        store.import_contacts(&[contact("ann", &["students"]), contact("bob", &["others"])], "x", at(0)).await.unwrap();
        send_out(store, &event, 0, vec![notice("n1", "holding", 1)], 1).await;
        let ann = store.contact("ann").await.unwrap().unwrap().contact.endpoints[0].clone();
        let level = Level::Technical;
        let who = [
            added("INC-1", Whom::Address(ann), level),
            added("INC-1", Whom::Contact("bob".into()), level),
            added("INC-1", Whom::Address(mailbox("press@example.org")), level),
            added("INC-1", Whom::Address(mailbox("press@example.org")), level),
        ];
        let again = adding(vec![to_added(notice("n1a", "holding", 2), level)]);
        let published = [quiet(&event, 1, &again)];
        store.publish_together(&published, &who, at(2)).await.unwrap();
        assert_eq!(store.added("INC-1").await.unwrap().len(), 3);
        begin(store, Lane::Urgent, at(2)).await;
        for _ in 0..2 {
            store.expand("n1a", &Recipients::Added, at(2)).await.unwrap();
        }
        let lines = told(store).await;
        assert_eq!(lines.iter().filter(|l| l.contains("n1a")).count(), 2, "{lines:?}");
        assert_eq!(lines.iter().filter(|l| l.contains(" n1 ")).count(), 1, "{lines:?}");
        // Who wants nothing gets nothing, and who is forgotten is forgotten here too.
        let press = all_deliveries(store).await.into_iter().find(|d| d.endpoint == "press@example.org").unwrap();
        store.unsubscribe(press.id.rsplit('.').next().unwrap(), "*", at(3)).await.unwrap();
        store.remove_contact("bob", "x", at(3)).await.unwrap();
        assert_eq!(store.added("INC-1").await.unwrap().len(), 2);
        let next = adding(vec![to_added(notice("n2a", "update", 4), level)]);
        store.publish_together(&[quiet(&event, 2, &next)], &[], at(4)).await.unwrap();
        begin(store, Lane::Urgent, at(4)).await;
        store.expand("n2a", &Recipients::Added, at(4)).await.unwrap();
        let lines = told(store).await;
        assert!(lines.contains(&"press@example.org n2a suppressed".to_owned()), "{lines:?}");
        assert!(!lines.iter().any(|l| l.contains("bob") && l.contains("n2a")), "{lines:?}");
        // They go along when their incident goes on in another.
        let other = incident("INC-2");
        let carried = [Beside::CarriedOver("INC-1".into(), "INC-2".into())];
        store.publish_together(&[quiet(&other, 0, &NOTHING.0)], &carried, at(5)).await.unwrap();
        assert_eq!(store.added("INC-2").await.unwrap().len(), 2);
    }
}
