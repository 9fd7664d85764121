//! Help with a text, and versions of what was typed.

use crate::database::Database;
use crate::samples::{at as minutes, maintenance};
use forewarn_core::editing::{Ask, Decided, NewRequest, Request};
use forewarn_core::id::Id;
use forewarn_store::{Entry, Origin, StoreError, StoredRequest};
use jiff::{SignedDuration, Timestamp};

fn at(seconds: i64) -> Timestamp {
    minutes(0) + SignedDuration::from_secs(seconds)
}

async fn asked(db: &Database, text: &str) -> Request {
    let event = maintenance("MNT-1");
    let new = NewRequest {
        ask: Ask::Support,
        text: text.into(),
        note: None,
    };
    let made = |id: Id| {
        let request = new.ask(id, event.id().clone(), "kim", at(0));
        let entry = Entry::new("kim", "editing.asked", "MNT-1");
        (request, None, entry)
    };
    db.store.ask_for_help(&event, made, at(0)).await.unwrap()
}

async fn texts(db: &Database) -> Vec<(i64, String, Origin, String)> {
    let all = db.store.versions("MNT-1").await.unwrap();
    all.into_iter()
        .map(|v| (v.number, v.author, v.origin, v.text))
        .collect()
}

on_both_databases! {
    async fn of_two_who_answer_at_once_one_looks_again(db: &Database) {
        let store = &db.store;
        let request = asked(&db, "It is broke.").await;
        assert_eq!(request.id.as_str(), "EDIT-1");
        assert_eq!(store.requests_waiting(9).await.unwrap(), std::slice::from_ref(&request));
        let before = store.request("EDIT-1").await.unwrap().unwrap();
        let suggested = request.suggest("lee", "It is down.".into(), at(60)).unwrap();
        let said = Some(("lee", "It is down.", Origin::Suggested));
        let entry = |action| Entry::new("lee", action, "MNT-1");
        store.change_request(&before, &suggested, said, entry("editing.suggested"), at(60)).await.unwrap();
        let late = store.change_request(&before, &suggested, said, entry("editing.suggested"), at(61)).await;
        assert!(matches!(late, Err(StoreError::Conflict(_))));
        let before = store.request("EDIT-1").await.unwrap().unwrap();
        assert_eq!(before, StoredRequest { request: suggested.clone(), sequence: 2 });
        let decided = Decided { taken: true, by: "kim".into(), at: at(90) };
        let (taken, _) = suggested.decide(None, decided).unwrap();
        let said = Some(("kim", "It is down.", Origin::Taken));
        store.change_request(&before, &taken, said, entry("editing.taken"), at(90)).await.unwrap();
        // It is what kim types from then on, and nobody is waited for.
        let writing = store.writing("MNT-1", at(91)).await.unwrap();
        assert_eq!((writing[0].author.as_str(), writing[0].text.as_str()), ("kim", "It is down."));
        assert_eq!(store.requests_waiting(9).await.unwrap(), []);
        assert_eq!(store.requests_of("MNT-1").await.unwrap(), [taken]);
        let said: Vec<Origin> = texts(&db).await.into_iter().map(|v| v.2).collect();
        assert_eq!(said, [Origin::Taken, Origin::Suggested, Origin::Asked]);
        assert_eq!(store.verify_journal().await.unwrap().broken, None);
    }

    async fn what_is_typed_on_is_one_version_for_two_minutes(db: &Database) {
        let store = &db.store;
        for (seconds, author, text) in [
            (0, "kim", "We"),
            (5, "kim", "We look"),
            (6, "lee", "Other"),
            (10, "kim", "We look"),
            (130, "kim", "We look into it"),
            (131, "kim", ""),
        ] {
            store.save_writing("MNT-1", author, text, at(seconds)).await.unwrap();
        }
        let typed = |number, author: &str, text: &str| (number, author.to_owned(), Origin::Typed, text.to_owned());
        assert_eq!(
            texts(&db).await,
            [typed(3, "kim", "We look into it"), typed(2, "lee", "Other"), typed(1, "kim", "We look")]
        );
    }

    async fn two_who_save_at_once_make_two_versions(db: &Database) {
        let saving = (0..4).map(|n| {
            let store = db.store.clone();
            tokio::spawn(async move { store.save_writing("MNT-1", &format!("author-{n}"), "text", at(0)).await })
        });
        for task in saving.collect::<Vec<_>>() {
            task.await.unwrap().unwrap();
        }
        let mut numbers: Vec<i64> = texts(&db).await.into_iter().map(|v| v.0).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [1, 2, 3, 4]);
    }
}
