//! What keeps a promise silences the warnings about it, and what a timer sets in motion happens with its beginning or not at all.

use crate::database::Database;
use crate::samples::*;
use forewarn_core::document::Catalogue;
use forewarn_core::event::{Event, Occasion};
use forewarn_core::plan::{Changes, Notice, PROMISE_KEPT, PROMISE_WARNING};
use forewarn_store::{Entry, Lane, Published, Recipients, Store, StoreError};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Publishes an update of the incident with these changes.
async fn update(store: &Store, event: &Event, expected: i64, number: u32, changes: &Changes) {
    let published = Published {
        event,
        expected,
        changes,
        occasion: &about(number),
        awaiting: &BTreeSet::new(),
        entries: &[],
        plan: None,
        answer: None,
    };
    store.publish(published, at(0)).await.unwrap();
}

fn about(number: u32) -> Occasion {
    Occasion {
        update: Some(number),
        ..Occasion::default()
    }
}

fn timer(id: &str, milestone: &str, due: i64) -> Notice {
    to("spokesperson", notice(id, milestone, due))
}

fn mailboxes(addresses: &[&str]) -> Recipients {
    let mailbox = |address: &&str| {
        let endpoint = serde_json::json!({"channel": "email", "address": address});
        serde_json::from_value(endpoint).unwrap()
    };
    Recipients::Addresses(addresses.iter().map(mailbox).collect())
}

on_both_databases! {
    async fn a_warning_on_its_way_is_not_sent_again_once_the_promise_is_kept(db: &Database) {
        let (store, event) = (&db.store, incident("INC-1"));
        let timers = adding(vec![timer("w1", PROMISE_WARNING, 1), timer("w2", PROMISE_WARNING, 2), timer("k", PROMISE_KEPT, 2)]);
        update(store, &event, 0, 0, &timers).await;
        assert_eq!(begin(store, Lane::Urgent, at(1)).await, ["w1"]);
        store.expand("w1", &mailboxes(&["sam@example.edu", "kim@example.edu"]), at(1)).await.unwrap();
        // One is in the air and one waits when the update comes.
        let claimed = store.claim(Lane::Urgent, "node", at(1), 1).await.unwrap();
        let changes = Changes { withdrawn: vec!["w2".into(), "k".into()], ..Changes::default() };
        update(store, &event, 1, 1, &changes).await;
        store.record("node", &[refused(&claimed[0], at(1), 1)]).await.unwrap();
        let both = store.claim(Lane::Urgent, "node", at(2), 9).await.unwrap();
        assert_eq!(both.iter().map(|c| c.expires).collect::<Vec<_>>(), [Timestamp::UNIX_EPOCH; 2]);
        assert!(begin(store, Lane::Urgent, at(9)).await.is_empty());
    }

    async fn what_a_timer_tells_besides_a_warning_stays_true(db: &Database) {
        let (store, event) = (&db.store, incident("INC-1"));
        update(store, &event, 0, 0, &adding(vec![timer("k", PROMISE_KEPT, 1)])).await;
        begin(store, Lane::Urgent, at(1)).await;
        store.expand("k", &mailboxes(&["sam@example.edu"]), at(1)).await.unwrap();
        update(store, &event, 1, 1, &Changes::default()).await;
        let claimed = store.claim(Lane::Urgent, "node", at(1), 9).await.unwrap();
        assert!(claimed[0].expires > at(1));
    }

    async fn each_warning_of_a_promise_has_a_message_of_its_own_and_the_newest_wins(db: &Database) {
        let (store, event) = (&db.store, incident("INC-1"));
        let placed = |id: &str, place: &str, due| Notice { offset: Some(place.into()), ..timer(id, PROMISE_WARNING, due) };
        let backup = to("backup", placed("w3", "5min", 2));
        update(store, &event, 0, 0, &adding(vec![placed("w1", "15min", 1), placed("w2", "5min", 2), backup])).await;
        for minute in [1, 2] {
            for id in begin(store, Lane::Urgent, at(minute)).await {
                store.expand(&id, &mailboxes(&["sam@example.edu"]), at(minute)).await.unwrap();
            }
        }
        // Sam is spokesperson and backup: one message for the warning that both get, and the older one is closed.
        assert_eq!(ledger(store).await, ["w1 address:sam@example.edu superseded", "w2 address:sam@example.edu queued"]);
    }

    async fn a_timer_that_cannot_do_its_work_has_not_begun(db: &Database) {
        let (store, event) = (&db.store, incident("INC-1"));
        let timers = adding(vec![timer("w", PROMISE_WARNING, 1), timer("k", PROMISE_KEPT, 2)]);
        update(store, &event, 0, 0, &timers).await;
        let due = store.due_notices(Lane::Urgent, at(2), 9).await.unwrap();
        let [warning, kept] = due.as_slice() else { panic!("{due:?}") };
        let content = event.content(&kept.occasion, None, &Catalogue::default(), "http://x", at(2));
        assert!(store.begin_notice(warning, &content, None, at(2)).await.unwrap());
        // It would withdraw a warning that has begun by now: it must look again.
        let withdrawn = |ids: &[&str]| Changes { withdrawn: ids.iter().map(|s| (*s).into()).collect(), ..Changes::default() };
        let (stale, fresh) = (withdrawn(&["w"]), withdrawn(&[]));
        let (occasion, nobody) = (about(1), BTreeSet::new());
        let entries = [Entry::new("engine", "incident.promise_kept", "INC-1")];
        let published = |changes| Published {
            event: &event, expected: kept.sequence, changes, occasion: &occasion, awaiting: &nobody, entries: &entries, plan: None, answer: None,
        };
        let refused = store.begin_notice(kept, &content, Some(published(&stale)), at(2)).await.unwrap_err();
        assert!(matches!(refused, StoreError::Conflict(_)), "{refused:?}");
        assert_eq!(store.notice("k").await.unwrap().unwrap().status, "planned");
        assert_eq!(store.event("INC-1").await.unwrap().unwrap().sequence, 1);
        assert!(store.begin_notice(kept, &content, Some(published(&fresh)), at(2)).await.unwrap());
        assert!(!store.begin_notice(kept, &content, Some(published(&fresh)), at(2)).await.unwrap(), "once");
        assert_eq!(store.event("INC-1").await.unwrap().unwrap().sequence, 2);
        let journal = store.journal(Some("INC-1"), None, 9).await.unwrap();
        assert_eq!(journal.iter().filter(|e| e.action == "incident.promise_kept").count(), 1);
    }
}
