//! Events: published whole or not at all.

use crate::database::Database;
use crate::samples::*;
use forewarn_core::event::{Event, Occasion};
use forewarn_core::plan::{Changes, Moved, Stored, Told};
use forewarn_store::{Entry, EventFilter, KeptAnswer, Lane, NoticeFilter, Published, StoreError};
use std::collections::BTreeSet;

async fn statuses(db: &Database) -> Vec<String> {
    db.texts("SELECT id || ' ' || status FROM notices ORDER BY id")
        .await
}

on_both_databases! {
    async fn a_publish_writes_event_notices_and_journal(db: &Database) {
        let event = maintenance("MNT-1");
        let changes = adding(vec![notice("n1", "announcement", 0), notice("n2", "start", 60)]);
        publish(&db.store, &event, 0, &changes).await.unwrap();
        let stored = db.store.event("MNT-1").await.unwrap().unwrap();
        assert_eq!((stored.event, stored.sequence, stored.created_at, stored.updated_at), (event, 1, at(0), at(0)));
        assert_eq!(statuses(&db).await, ["n1 planned", "n2 planned"]);
        assert_eq!(db.store.journal(Some("MNT-1"), None, 9).await.unwrap().len(), 1);
        assert!(db.store.event("MNT-2").await.unwrap().is_none());
    }

    async fn a_conflict_leaves_nothing(db: &Database) {
        let event = maintenance("MNT-1");
        publish(&db.store, &event, 0, &adding(vec![notice("n1", "announcement", 0)])).await.unwrap();
        let before = (statuses(&db).await, db.store.journal(None, None, 9).await.unwrap().len());
        let mut changes = adding(vec![notice("n2", "start", 60)]);
        changes.withdrawn = vec!["n1".into()];
        for stale in [0, 2, 7] {
            let problem = publish(&db.store, &event, stale, &changes).await.unwrap_err();
            assert!(matches!(problem, StoreError::Conflict(_)), "{stale}: {problem:?}");
        }
        let after = (statuses(&db).await, db.store.journal(None, None, 9).await.unwrap().len());
        assert_eq!(after, before);
        assert_eq!(db.store.event("MNT-1").await.unwrap().unwrap().sequence, 1);
    }

    async fn of_many_who_change_an_event_at_once_one_gets_through(db: &Database) {
        let event = maintenance("MNT-1");
        publish(&db.store, &event, 0, &Changes::default()).await.unwrap();
        let other = db.another_node().await;
        let tasks: Vec<_> = (0..10)
            .map(|n| {
                let (store, event) = (if n % 2 == 0 { db.store.clone() } else { other.clone() }, event.clone());
                let changes = adding(vec![notice(&format!("n{n}"), "start", n)]);
                tokio::spawn(async move { publish(&store, &event, 1, &changes).await })
            })
            .collect();
        let mut done = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(()) => done += 1,
                Err(problem) => assert!(matches!(problem, StoreError::Conflict(_)), "{problem:?}"),
            }
        }
        assert_eq!((done, statuses(&db).await.len()), (1, 1));
    }

    async fn a_change_moves_updates_and_withdraws_what_is_still_open(db: &Database) {
        let event = maintenance("MNT-1");
        let first = ["kept", "moved", "gone", "sent"].map(|id| notice(id, "reminder", 10)).to_vec();
        publish(&db.store, &event, 0, &adding(first)).await.unwrap();
        db.sql("UPDATE notices SET status = 'sending' WHERE id = 'sent'").await;
        let mut kept = notice("kept", "reminder", 20);
        kept.level = forewarn_core::audience::Level::Technical;
        let changes = Changes {
            add: vec![notice("successor", "reminder", 30)],
            update: vec![kept],
            moved: vec![Moved { id: "moved".into(), from: at(10), to: at(30) }],
            withdrawn: vec!["gone".into()],
        };
        // Who wants to take back what is going out has seen an old plan: nothing of it is done.
        let stale = Changes { withdrawn: vec!["gone".into(), "sent".into()], ..changes.clone() };
        let refused = publish(&db.store, &event, 1, &stale).await;
        assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
        publish(&db.store, &event, 1, &changes).await.unwrap();
        assert_eq!(statuses(&db).await, ["gone cancelled", "kept planned", "moved moved", "sent sending", "successor planned"]);
        let listed = db.store.notices(&NoticeFilter::default(), 9).await.unwrap();
        let dues: Vec<_> = listed.iter().map(|n| (n.id.as_str(), n.due, n.moved_to)).collect();
        assert_eq!(dues, [
            ("gone", at(10), None),
            ("moved", at(10), Some(at(30))),
            ("sent", at(10), None),
            ("kept", at(20), None),
            ("successor", at(30), None),
        ]);
        assert_eq!(listed[3].level, forewarn_core::audience::Level::Technical);
    }

    async fn a_withdrawn_notice_that_is_planned_again_is_as_it_is_planned_now(db: &Database) {
        let event = maintenance("MNT-1");
        publish(&db.store, &event, 0, &adding(vec![notice("n1", "reminder", 10)])).await.unwrap();
        let withdrawn = Changes { withdrawn: vec!["n1".into()], ..Changes::default() };
        publish(&db.store, &event, 1, &withdrawn).await.unwrap();
        let mut again = notice("n1", "reminder", 15);
        again.level = forewarn_core::audience::Level::Technical;
        again.channels = vec![forewarn_core::contact::Channel::Sms];
        publish(&db.store, &event, 2, &adding(vec![again.clone()])).await.unwrap();
        let row = db.store.notice("n1").await.unwrap().unwrap();
        assert_eq!((row.status.as_str(), row.due, row.level, row.channels), ("planned", at(15), again.level, again.channels));
    }

    async fn planning_again_sees_what_was_told(db: &Database) {
        let event = maintenance("MNT-1");
        let mut told = notice("n1", "announcement", 0);
        told.offset = Some("5bd".into());
        told.tells = vec![("5bd".into(), at(-10)), ("1w".into(), at(-20))];
        publish(&db.store, &event, 0, &adding(vec![told, notice("n2", "start", 60)])).await.unwrap();
        assert_eq!(begin(&db.store, Lane::Planned, at(1)).await, ["n1"]);
        let (stored, told) = db.store.planned("MNT-1").await.unwrap();
        let expected = |id: &str, milestone: &str, offset: Option<&str>, due, told| Stored {
            id: id.into(), milestone: milestone.into(), offset: offset.map(str::to_owned), audience: "students".into(),
            due, told, open: !told,
        };
        assert_eq!(stored, [
            expected("n1", "announcement", Some("5bd"), at(0), true),
            expected("n2", "start", None, at(60), false),
        ]);
        let tell = |offset: &str, nominal| Told { audience: "students".into(), offset: offset.into(), nominal };
        assert_eq!(told, [tell("5bd", at(-10)), tell("1w", at(-20))]);
    }

    async fn what_waits_for_approval_is_planned_once_it_is_given(db: &Database) {
        let event = maintenance("MNT-1");
        let changes = adding(vec![notice("n1", "announcement", 0), to("staff", notice("n2", "announcement", 0))]);
        let awaiting = BTreeSet::from(["students".to_owned()]);
        let published = Published {
            event: &event, expected: 0, changes: &changes, occasion: &Occasion::default(), awaiting: &awaiting, entries: &[],
            plan: None,
            answer: None,
        };
        db.store.publish(published, at(0)).await.unwrap();
        assert_eq!(statuses(&db).await, ["n1 awaiting_approval", "n2 planned"]);
        let entry = || Entry::new("owner", "maintenance.approved", "MNT-1");
        assert!(matches!(db.store.approve(&event, 9, &[], entry(), at(1)).await, Err(StoreError::Conflict(_))));
        assert_eq!(statuses(&db).await, ["n1 awaiting_approval", "n2 planned"]);
        db.store.approve(&event, 1, &[], entry(), at(1)).await.unwrap();
        assert_eq!(statuses(&db).await, ["n1 planned", "n2 planned"]);
    }

    async fn events_are_listed_by_kind_and_time(db: &Database) {
        let over = match maintenance("MNT-2") {
            Event::Maintenance(m) => Event::Maintenance(m.cancel(at(0)).unwrap()),
            other => other,
        };
        for (event, minute) in [(maintenance("MNT-1"), 1), (over, 2), (incident("INC-1"), 3)] {
            let published = Published {
                event: &event, expected: 0, changes: &Changes::default(), occasion: &Occasion::default(),
                awaiting: &BTreeSet::new(), entries: &[],
                plan: None,
                answer: None,
            };
            db.store.publish(published, at(minute)).await.unwrap();
        }
        let ids = async |filter: EventFilter, limit| -> Vec<String> {
            let found = db.store.events(&filter, limit).await.unwrap();
            found.iter().map(|e| e.event.id().to_string()).collect()
        };
        let all = EventFilter::default();
        assert_eq!(ids(all.clone(), 9).await, ["INC-1", "MNT-1", "MNT-2"]);
        assert_eq!(ids(all.clone(), 1).await, ["INC-1"]);
        assert_eq!(ids(EventFilter { kind: Some("maintenance"), ..all.clone() }, 9).await, ["MNT-1", "MNT-2"]);
        assert_eq!(ids(EventFilter { open: true, ..all.clone() }, 9).await, ["INC-1", "MNT-1"]);
        assert_eq!(ids(EventFilter { since: Some(at(2)), ..all }, 9).await, ["INC-1", "MNT-2"]);
    }

    async fn fresh_ids_count_up_past_those_that_people_gave(db: &Database) {
        publish(&db.store, &maintenance("MNT-2"), 0, &Changes::default()).await.unwrap();
        let mut ids = Vec::new();
        for _ in 0..3 {
            ids.push(db.store.fresh_event_id("MNT").await.unwrap());
        }
        assert_eq!(ids, ["MNT-1", "MNT-3", "MNT-4"]);
        assert_eq!(db.store.fresh_event_id("INC").await.unwrap(), "INC-1");
    }

    async fn a_publication_is_heard(db: &Database) {
        let mut heard = db.store.publications();
        assert!(!heard.has_changed().unwrap());
        publish(&db.store, &maintenance("MNT-1"), 0, &Changes::default()).await.unwrap();
        assert!(heard.has_changed().unwrap());
        heard.mark_unchanged();
        publish(&db.store, &maintenance("MNT-1"), 0, &Changes::default()).await.unwrap_err();
        assert!(!heard.has_changed().unwrap());
    }

    async fn a_repeated_request_publishes_once(db: &Database) {
        let other = db.another_node().await;
        let answer = KeptAnswer { caller: "ann".into(), key: "k1".into(), status: 201, body: "{}".into() };
        let event = maintenance("MNT-1");
        let publish = async |store: &forewarn_store::Store, id: &str| {
            let event = maintenance(id);
            let published = Published {
                event: &event, expected: 0, changes: &Changes::default(), occasion: &Occasion::default(),
                awaiting: &BTreeSet::new(), entries: &[],
                plan: None,
                answer: Some(answer.clone()),
            };
            store.publish(published, at(2)).await
        };
        // Nobody took the key: nothing is published.
        assert!(matches!(publish(&db.store, "MNT-1").await, Err(StoreError::Conflict(_))));
        assert!(db.store.event("MNT-1").await.unwrap().is_none());
        // The first is slow, the second takes over after a minute; only one of them publishes.
        assert_eq!(db.store.take_key("ann", "k1", "hash", at(0)).await.unwrap(), None);
        assert!(other.take_key("ann", "k1", "hash", at(0)).await.unwrap().is_some());
        assert_eq!(other.take_key("ann", "k1", "hash", at(1)).await.unwrap(), None);
        publish(&other, "MNT-1").await.unwrap();
        assert!(matches!(publish(&db.store, "MNT-2").await, Err(StoreError::Conflict(_))));
        assert_eq!(db.store.events(&EventFilter::default(), 9).await.unwrap().len(), 1);
        // The answer was lost on its way and the server gives the key back: the answer stays.
        other.keep_answer("ann", "k1", None).await.unwrap();
        let remembered = db.store.take_key("ann", "k1", "hash", at(3)).await.unwrap().unwrap();
        assert_eq!((remembered.status, remembered.body.as_str()), (201, "{}"));
        assert_eq!(db.store.event("MNT-1").await.unwrap().unwrap().event, event);
    }
}
