//! Notices: due in order, begun once, finished with their counts, listed in pages.

use crate::database::Database;
use crate::samples::*;
use forewarn_core::audience::Level;
use forewarn_core::contact::Channel;
use forewarn_core::document::Catalogue;
use forewarn_core::event::{Event, Occasion};
use forewarn_core::plan::Changes;
use forewarn_store::{
    DueNotice, Entry, Lane, NoticeFilter, NoticeRow, Published, Store, StoreError,
};
use std::collections::BTreeSet;

async fn due_ids(store: &Store, lane: Lane, now: i64) -> Vec<String> {
    let due = store.due_notices(lane, at(now), 100).await.unwrap();
    due.into_iter().map(|n| n.id).collect()
}

async fn begin_one(store: &Store, due: &DueNotice, now: i64) -> forewarn_store::Result<bool> {
    let content = due.event.content(
        &due.occasion,
        None,
        &Catalogue::default(),
        "http://x",
        at(now),
    );
    store.begin_notice(due, &content, None, at(now)).await
}

on_both_databases! {
    async fn what_is_due_comes_in_order_without_what_is_held(db: &Database) {
        let mut held = notice("held", "completion", 1);
        held.held = true;
        let notices = vec![notice("c", "reminder", 3), notice("b", "reminder", 2), notice("a", "reminder", 2), held,
            notice("later", "reminder", 9)];
        publish(&db.store, &maintenance("MNT-1"), 0, &adding(notices)).await.unwrap();
        publish(&db.store, &incident("INC-1"), 0, &adding(vec![notice("u", "holding", 3)])).await.unwrap();
        assert_eq!(due_ids(&db.store, Lane::Planned, 1).await, [""; 0]);
        assert_eq!(due_ids(&db.store, Lane::Planned, 3).await, ["a", "b", "c"]);
        assert_eq!(due_ids(&db.store, Lane::Urgent, 3).await, ["u"]);
        assert_eq!(db.store.due_notices(Lane::Planned, at(3), 2).await.unwrap().len(), 2);
    }

    async fn a_due_notice_has_all_that_its_message_is_made_from(db: &Database) {
        let event = maintenance("MNT-1");
        let mut planned = notice("n1", "delay", 2);
        planned.offset = Some("1".into());
        planned.channels = vec![Channel::Sms, Channel::Email];
        let occasion = Occasion { reason: Some("snow".into()), ..Occasion::default() };
        let published = Published {
            event: &event, expected: 0, changes: &adding(vec![planned]), occasion: &occasion,
            awaiting: &BTreeSet::new(), entries: &[],
            plan: None,
            answer: None,
        };
        db.store.publish(published, at(0)).await.unwrap();
        let due = db.store.due_notices(Lane::Planned, at(2), 9).await.unwrap().remove(0);
        let expected = Occasion { milestone: "delay".into(), offset: Some("1".into()), ..occasion };
        assert_eq!((due.occasion, due.channels, due.audience.as_str()), (expected, vec![Channel::Sms, Channel::Email], "students"));
        assert_eq!((due.event, due.sequence, due.due), (event, 1, at(2)));
    }

    async fn a_notice_begins_once(db: &Database) {
        publish(&db.store, &maintenance("MNT-1"), 0, &adding(vec![notice("n1", "start", 1)])).await.unwrap();
        let other = db.another_node().await;
        let due = db.store.due_notices(Lane::Planned, at(1), 9).await.unwrap().remove(0);
        let tasks: Vec<_> = (0..8)
            .map(|n| {
                let (store, due) = (if n % 2 == 0 { db.store.clone() } else { other.clone() }, due.clone());
                tokio::spawn(async move { begin_one(&store, &due, 2).await.unwrap() })
            })
            .collect();
        let mut begun = 0;
        for task in tasks {
            begun += i32::from(task.await.unwrap());
        }
        assert_eq!(begun, 1);
        let row = db.store.notice("n1").await.unwrap().unwrap();
        assert_eq!((row.status.as_str(), row.sent_at), ("sending", Some(at(2))));
        let content = due.event.content(&due.occasion, None, &Catalogue::default(), "http://x", at(2));
        assert_eq!(db.store.notice_content("n1").await.unwrap(), Some((content.clone(), "students".into())));
        assert_eq!(row.content, Some(content));
        assert!(due_ids(&db.store, Lane::Planned, 9).await.is_empty());
    }

    async fn notices_of_one_event_get_different_ordinals(db: &Database) {
        let notices = (0..6).map(|n| notice(&format!("n{n}"), "reminder", n)).collect();
        publish(&db.store, &maintenance("MNT-1"), 0, &adding(notices)).await.unwrap();
        let other = db.another_node().await;
        let tasks: Vec<_> = db.store.due_notices(Lane::Planned, at(9), 9).await.unwrap().into_iter().enumerate()
            .map(|(n, due)| {
                let store = if n % 2 == 0 { db.store.clone() } else { other.clone() };
                tokio::spawn(async move { begin_one(&store, &due, 9).await.unwrap() })
            })
            .collect();
        for task in tasks {
            assert!(task.await.unwrap());
        }
        let ordinals = db.texts("SELECT CAST(ordinal AS TEXT) FROM notices ORDER BY ordinal").await;
        assert_eq!(ordinals, ["1", "2", "3", "4", "5", "6"]);
    }

    async fn a_notice_does_not_begin_with_what_is_out_of_date(db: &Database) {
        let event = maintenance("MNT-1");
        publish(&db.store, &event, 0, &adding(vec![notice("n1", "start", 1)])).await.unwrap();
        let stale = db.store.due_notices(Lane::Planned, at(1), 9).await.unwrap().remove(0);
        publish(&db.store, &event, 1, &Changes::default()).await.unwrap();
        let problem = begin_one(&db.store, &stale, 2).await.unwrap_err();
        assert!(matches!(problem, StoreError::Conflict(_)), "{problem:?}");
        assert!(db.store.notice_content("n1").await.unwrap().is_none());
        let fresh = db.store.due_notices(Lane::Planned, at(2), 9).await.unwrap().remove(0);
        assert!(begin_one(&db.store, &fresh, 2).await.unwrap());
        // What was withdrawn meanwhile is nobody's conflict.
        assert!(!begin_one(&db.store, &stale, 3).await.unwrap());
    }

    async fn a_start_sets_its_event_in_motion(db: &Database) {
        let event = maintenance("MNT-1");
        publish(&db.store, &event, 0, &adding(vec![notice("n1", "start", 1)])).await.unwrap();
        let due = db.store.due_notices(Lane::Planned, at(1), 9).await.unwrap().remove(0);
        let Event::Maintenance(m) = &due.event else { panic!("a maintenance was published") };
        let started = Event::Maintenance(m.clone().start(at(1)).unwrap());
        let content = started.content(&due.occasion, None, &Catalogue::default(), "http://x", at(1));
        let entry = Entry::new("engine", "maintenance.started", "MNT-1");
        let moved_on = Published {
            event: &started,
            expected: due.sequence,
            changes: &Changes::default(),
            occasion: &Occasion::default(),
            awaiting: &BTreeSet::new(),
            entries: &[entry],
            plan: None,
            answer: None,
        };
        assert!(db.store.begin_notice(&due, &content, Some(moved_on), at(1)).await.unwrap());
        let stored = db.store.event("MNT-1").await.unwrap().unwrap();
        assert_eq!((stored.event, stored.sequence), (started, 2));
        assert_eq!(db.store.journal(Some("MNT-1"), None, 9).await.unwrap()[0].action, "maintenance.started");
    }

    async fn the_next_time_is_that_of_a_notice_or_of_a_retry(db: &Database) {
        assert_eq!(db.store.next_due(Lane::Planned).await.unwrap(), None);
        db.store.import_contacts(&contacts(0..1, "students"), "ann", at(0)).await.unwrap();
        let mut held = notice("held", "completion", 1);
        held.held = true;
        let notices = vec![held, notice("n1", "announcement", 5), notice("n2", "start", 60)];
        publish(&db.store, &maintenance("MNT-1"), 0, &adding(notices)).await.unwrap();
        assert_eq!(db.store.next_due(Lane::Planned).await.unwrap(), Some(at(5)));
        assert_eq!(db.store.next_due(Lane::Urgent).await.unwrap(), None);
        for id in begin(&db.store, Lane::Planned, at(6)).await {
            expand(&db.store, &id, at(6)).await;
        }
        assert_eq!(db.store.next_due(Lane::Planned).await.unwrap(), Some(at(6)));
        let claimed = db.store.claim(Lane::Planned, "node", at(6), 9).await.unwrap();
        assert_eq!(db.store.next_due(Lane::Planned).await.unwrap(), Some(at(60)));
        db.store.record("node", &[refused(&claimed[0], at(7), 5)]).await.unwrap();
        assert_eq!(db.store.next_due(Lane::Planned).await.unwrap(), Some(at(12)));
    }

    async fn a_notice_is_sent_when_its_last_delivery_is_over(db: &Database) {
        db.store.import_contacts(&contacts(0..4, "students"), "ann", at(0)).await.unwrap();
        let mut list = contacts(0..1, "students");
        let quiet = list.remove(0).endpoints[0].id("c000000");
        db.store.unsubscribe(&quiet, "students", at(0)).await.unwrap();
        publish(&db.store, &maintenance("MNT-1"), 0, &adding(vec![notice("n1", "announcement", 1)])).await.unwrap();
        begin(&db.store, Lane::Planned, at(1)).await;
        assert_eq!(db.store.finish_notices(at(1)).await.unwrap(), 0);
        expand(&db.store, "n1", at(1)).await;
        assert_eq!(db.store.finish_notices(at(1)).await.unwrap(), 0);
        let claimed = db.store.claim(Lane::Planned, "node", at(1), 2).await.unwrap();
        let as_map = |pairs: &[(&str, i64)]| pairs.iter().map(|(k, n)| ((*k).to_owned(), *n)).collect();
        assert_eq!(counts(&db.store, "n1").await, as_map(&[("queued", 3), ("suppressed", 1)]));
        db.store.record("node", &[accepted(&claimed[0], at(2)), gone(&claimed[1], at(2))]).await.unwrap();
        assert_eq!(db.store.finish_notices(at(2)).await.unwrap(), 0);
        let claimed = db.store.claim(Lane::Planned, "node", at(2), 2).await.unwrap();
        db.store.record("node", &[accepted(&claimed[0], at(3))]).await.unwrap();
        assert_eq!(db.store.finish_notices(at(3)).await.unwrap(), 1);
        assert_eq!(db.store.finish_notices(at(3)).await.unwrap(), 0);
        let row = db.store.notice("n1").await.unwrap().unwrap();
        assert_eq!((row.status.as_str(), row.counts), ("sent", as_map(&[("accepted", 2), ("failed", 1), ("suppressed", 1)])));
        let entry = &db.store.journal(Some("MNT-1"), None, 9).await.unwrap()[0];
        assert_eq!((entry.action.as_str(), entry.detail.to_string().as_str()), ("notice.sent",
            r#"{"audience":"students","counts":{"accepted":2,"failed":1,"suppressed":1},"milestone":"announcement","notice":"n1"}"#));
    }

    async fn what_began_and_is_not_expanded_is_known_to_every_node(db: &Database) {
        publish(&db.store, &maintenance("MNT-1"), 0, &adding(vec![notice("n1", "announcement", 1)])).await.unwrap();
        assert!(db.store.unexpanded(Lane::Planned).await.unwrap().is_empty());
        begin(&db.store, Lane::Planned, at(1)).await;
        let waiting = db.another_node().await.unexpanded(Lane::Planned).await.unwrap();
        assert_eq!(waiting, [("n1".to_owned(), "students".to_owned(), "announcement".to_owned(), maintenance("MNT-1"))]);
        assert!(db.store.unexpanded(Lane::Urgent).await.unwrap().is_empty());
        expand(&db.store, "n1", at(1)).await;
        assert!(db.store.unexpanded(Lane::Planned).await.unwrap().is_empty());
    }

    async fn pages_of_notices_follow_each_other_both_ways(db: &Database) {
        let notices: Vec<_> = [("b", 1), ("a", 1), ("B", 1), ("z", 0), ("c", 7)].map(|(id, due)| notice(id, "reminder", due)).into();
        publish(&db.store, &maintenance("MNT-1"), 0, &adding(notices)).await.unwrap();
        publish(&db.store, &maintenance("MNT-2"), 0, &adding(vec![notice("other", "reminder", 3)])).await.unwrap();
        let forward = ["z", "B", "a", "b", "other", "c"];
        for newest_first in [false, true] {
            let mut filter = NoticeFilter { newest_first, ..NoticeFilter::default() };
            let mut seen = Vec::new();
            loop {
                let page = db.store.notices(&filter, 2).await.unwrap();
                let Some(last) = page.last() else { break };
                filter.after = Some((last.due, last.id.clone()));
                seen.extend(page.into_iter().map(|n: NoticeRow| n.id));
            }
            if newest_first {
                seen.reverse();
            }
            assert_eq!(seen, forward);
        }
        let filtered = NoticeFilter { event: Some("MNT-2".into()), status: Some("planned".into()), ..NoticeFilter::default() };
        let found = db.store.notices(&filtered, 9).await.unwrap();
        assert_eq!(found.iter().map(|n| (n.id.as_str(), n.level)).collect::<Vec<_>>(), [("other", Level::NonTechnical)]);
        let none = NoticeFilter { status: Some("sent".into()), ..filtered };
        assert!(db.store.notices(&none, 9).await.unwrap().is_empty());
        assert!(db.store.notice("nothing").await.unwrap().is_none());
    }
}
