//! Bundles: what one audience hears on one day is one message, let go in its turn and claimed whole or not at all.

use crate::database::{Database, Kind, run};
use crate::samples::*;
use forewarn_core::contact::Channel;
use forewarn_core::plan::Notice;
use forewarn_store::{Lane, Location, Store};
use jiff::{SignedDuration, Timestamp};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use std::sync::Arc;

/// The day of all of these notices ends here; the work starts a week later.
fn midnight() -> Timestamp {
    "2026-11-23T00:00:00Z".parse().unwrap()
}

/// An announcement to each of these audiences, of each event, bundled by audience, begun and expanded; nothing is let go yet.
async fn bundled(db: &Database, events: &[&str], audiences: &[&str]) {
    for event in events {
        let notices = audiences.iter().map(|audience| {
            to(
                audience,
                notice(&format!("{event}-{audience}"), "announcement", 1),
            )
        });
        let notices = notices.collect();
        publish(&db.store, &maintenance(event), 0, &adding(notices))
            .await
            .unwrap();
    }
    for audience in audiences {
        let due = db
            .store
            .due_notices(Lane::Planned, at(2), 100)
            .await
            .unwrap();
        let first = due.iter().find(|n| n.audience == *audience).unwrap();
        assert!(db.store.bundle(first, midnight(), at(2)).await.unwrap());
    }
    for begun in begin(&db.store, Lane::Planned, at(2)).await {
        expand(&db.store, &begun, at(2)).await;
    }
}

async fn claimed(store: &Store, minute: i64) -> Vec<String> {
    let claimed = store.claim(Lane::Planned, "node", at(minute), 99).await;
    let mut ids: Vec<String> = claimed.unwrap().into_iter().map(|c| c.notice).collect();
    ids.sort();
    ids
}

on_both_databases! {
    async fn the_preview_and_the_guard_keep_one_rule(db: &Database) {
        let plain = |id: &str| notice(id, "announcement", 1);
        let tomorrow = midnight() + SignedDuration::from_mins(1);
        let soon = Notice { due: tomorrow, ..plain("n-tomorrow") };
        let cases = [
            ("MNT-2", plain("n-same")),
            ("MNT-3", to("staff", plain("n-others"))),
            ("MNT-4", Notice { held: true, ..plain("n-held") }),
            ("MNT-5", Notice { channels: vec![Channel::Webhook], ..plain("n-hook") }),
            ("MNT-6", Notice { milestone: "start".into(), ..plain("n-start") }),
            ("MNT-7", soon),
            ("MNT-8", Notice { milestone: "reminder".into(), due: at(60), ..plain("n-later") }),
        ];
        publish(&db.store, &maintenance("MNT-1"), 0, &adding(vec![plain("n-own")])).await.unwrap();
        for (event, notice) in cases {
            publish(&db.store, &maintenance(event), 0, &adding(vec![notice])).await.unwrap();
        }
        let from = midnight() - SignedDuration::from_hours(24);
        let days = [("students".to_owned(), from, midnight()), ("nobody".to_owned(), from, midnight())];
        let found = db.store.same_day("MNT-1", &days).await.unwrap();
        let same: Vec<&str> = found[0].events.iter().map(String::as_str).collect();
        assert_eq!((same, found[0].first), (vec!["MNT-2", "MNT-8"], Some(at(1))));
        assert!(found[1].events.is_empty());
        // The guard brings together what the preview said.
        let due = db.store.due_notices(Lane::Planned, at(2), 100).await.unwrap();
        let own = due.iter().find(|n| n.id == "n-own").unwrap();
        assert!(db.store.bundle(own, midnight(), at(2)).await.unwrap());
        let together = db.texts("SELECT id FROM notices WHERE bundle IS NOT NULL ORDER BY id").await;
        assert_eq!(together, ["n-later", "n-own", "n-same"]);
        // Once a day has ended before the work starts, it is no day to share.
        let late: Timestamp = "2026-11-30T08:00:00Z".parse().unwrap();
        let day = [("students".to_owned(), from, late)];
        assert!(db.store.same_day("MNT-1", &day).await.unwrap()[0].events.is_empty());
    }

    async fn bundles_are_let_go_in_the_order_of_their_audiences(db: &Database) {
        let yaml = "
services: [{id: portal, name: Portal}]
audiences:
  - {id: last, name: Last, level: non_technical, services: ['*'], order: 5}
  - {id: paying, name: Paying, level: non_technical, services: ['*'], order: -1}
  - {id: students, name: Students, level: non_technical, services: ['*']}";
        db.store.apply(&documents(yaml), "op", at(0), false).await.unwrap();
        let list: Vec<_> = ["last", "paying", "students"].iter().map(|a| contact(&format!("of-{a}"), &[a])).collect();
        db.store.import_contacts(&list, "ann", at(0)).await.unwrap();
        bundled(&db, &["MNT-1", "MNT-2"], &["last", "paying", "students"]).await;
        assert_eq!(claimed(&db.store, 3).await, Vec::<String>::new(), "nothing goes before it is let go");
        let mut order = Vec::new();
        for (turn, more) in [("paying", true), ("students", true), ("last", false)] {
            assert_eq!(db.store.settle(at(3)).await.unwrap(), more, "{turn}");
            order.extend(claimed(&db.store, 3).await);
        }
        assert_eq!(order, ["MNT-1-paying", "MNT-2-paying", "MNT-1-students", "MNT-2-students", "MNT-1-last", "MNT-2-last"]);
        assert!(!db.store.settle(at(4)).await.unwrap());
    }

    async fn what_was_tried_waits_for_its_own_time_when_the_rest_is_let_go(db: &Database) {
        db.store.import_contacts(&[contact("ann", &["students"]), contact("bob", &["students"])], "ann", at(0)).await.unwrap();
        bundled(&db, &["MNT-1", "MNT-2"], &["students"]).await;
        // As a process left it that was stopped after an attempt.
        let later = at(90).as_millisecond();
        db.sql(&format!("UPDATE deliveries SET attempt = 1, next_at = {later} WHERE contact = 'ann'")).await;
        db.store.settle(at(3)).await.unwrap();
        let now = db.store.claim(Lane::Planned, "node", at(3), 9).await.unwrap();
        assert_eq!(now.len(), 2);
        assert!(now.iter().all(|c| c.endpoint.address() == "bob@example.org"));
        assert_eq!(db.store.claim(Lane::Planned, "node", at(90), 9).await.unwrap().len(), 2);
    }

    async fn a_message_that_failed_comes_back_whole(db: &Database) {
        db.store.import_contacts(&[contact("ann", &["students"])], "ann", at(0)).await.unwrap();
        bundled(&db, &["MNT-1", "MNT-2", "MNT-3"], &["students"]).await;
        db.store.settle(at(3)).await.unwrap();
        let now = db.store.claim(Lane::Planned, "node", at(3), 1).await.unwrap();
        assert_eq!(now.len(), 3, "one message, whatever the limit");
        let outcomes: Vec<_> = now.iter().map(|c| refused(c, at(3), 10)).collect();
        db.store.record("node", &outcomes).await.unwrap();
        assert_eq!(claimed(&db.store, 12).await, Vec::<String>::new());
        assert_eq!(claimed(&db.store, 13).await.len(), 3);
    }
}

#[test]
fn a_message_of_which_another_node_holds_a_part_is_left_whole() {
    run(Kind::Postgres, |db: Arc<Database>| async move {
        db.store
            .import_contacts(&[contact("ann", &["students"])], "ann", at(0))
            .await
            .unwrap();
        bundled(&db, &["MNT-1", "MNT-2"], &["students"]).await;
        db.store.settle(at(3)).await.unwrap();
        let Location::Server(url) = &db.location else {
            unreachable!("this is PostgreSQL")
        };
        // Whichever of the two is held: it is not waited for, and the other does not go without it.
        for which in ["MIN", "MAX"] {
            let mut other = PgConnection::connect(url).await.unwrap();
            let mut held = other.begin().await.unwrap();
            let sql = format!(
                "SELECT 1 FROM deliveries WHERE id = (SELECT {which}(id) FROM deliveries) FOR UPDATE"
            );
            held.execute(AssertSqlSafe(sql)).await.unwrap();
            assert_eq!(claimed(&db.store, 3).await, Vec::<String>::new(), "{which}");
            held.rollback().await.unwrap();
        }
        assert_eq!(
            claimed(&db.store, 3).await,
            ["MNT-1-students", "MNT-2-students"]
        );
    });
}
