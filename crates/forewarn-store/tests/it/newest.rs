//! Newest wins: an old message never overtakes or outlives a newer one about the same event at the same endpoint.

use crate::database::Database;
use crate::samples::*;
use forewarn_core::event::Event;
use forewarn_core::plan::Notice;
use forewarn_store::{Claimed, Lane, Store};

/// Two contacts; n1 is expanded and c000000's delivery of it claimed by `node`.
async fn first_one_in_the_air(db: &Database) -> (Event, Claimed) {
    let event = maintenance("MNT-1");
    db.store
        .import_contacts(&contacts(0..2, "students"), "ann", at(0))
        .await
        .unwrap();
    send_out(
        &db.store,
        &event,
        0,
        vec![notice("n1", "announcement", 1)],
        1,
    )
    .await;
    let mut claimed = db
        .store
        .claim(Lane::Planned, "node", at(1), 1)
        .await
        .unwrap();
    (event, claimed.remove(0))
}

async fn claimed_notices(store: &Store, now: i64) -> Vec<String> {
    claimed_by(store, Lane::Planned, now).await
}

async fn claimed_by(store: &Store, lane: Lane, now: i64) -> Vec<String> {
    let claimed = store.claim(lane, "other", at(now), 9).await.unwrap();
    let mut notices: Vec<_> = claimed.into_iter().map(|c| c.notice).collect();
    notices.sort();
    notices
}

async fn status(db: &Database, notice: &str) -> String {
    db.store.notice(notice).await.unwrap().unwrap().status
}

on_both_databases! {
    async fn team_and_public_messages_take_no_place_of_each_other(db: &Database) {
        let event = incident("INC-1");
        db.store
            .import_contacts(&contacts(0..1, "students"), "ann", at(0))
            .await
            .unwrap();
        let placed = |place: &str, notice: Notice| Notice {
            offset: Some(place.into()),
            ..notice
        };
        let handed = |id: &str, place: &str, due| placed(place, notice(id, "handover", due));
        let again = Notice {
            audience: "unconfirmed-n2".into(),
            ..notice("n9", "holding", 9)
        };
        let told = [
            notice("n1", "spokesperson_call", 1),
            notice("n2", "holding", 2),
            placed("15min", notice("n3", "promise_warning", 3)),
            notice("n4", "update", 4),
            placed("5min", notice("n5", "promise_warning", 5)),
            handed("n6", "#1 lead", 6),
            handed("n7", "#2 spokesperson", 7),
            handed("n8", "#3 lead", 8),
            again,
        ];
        for (n, notice) in told.into_iter().enumerate() {
            publish(&db.store, &event, n as i64, &adding(vec![notice.clone()]))
                .await
                .unwrap();
            let now = at(n as i64 + 1);
            begin(&db.store, Lane::Urgent, now).await;
            match notice.id.as_str() {
                "n9" => {
                    let whom = forewarn_store::Recipients::Unconfirmed("n2".into());
                    db.store.expand("n9", &whom, now).await.unwrap();
                }
                other => {
                    expand(&db.store, other, now).await;
                }
            }
        }
        let waits: Vec<String> = ledger(&db.store)
            .await
            .into_iter()
            .filter(|line| line.ends_with("queued"))
            .collect();
        let waits: Vec<&str> = waits.iter().map(|line| &line[..2]).collect();
        // Of each story the newest: the call, the update, the warning, who leads, who speaks; and the reminder of what was overtaken.
        assert_eq!(waits, ["n1", "n4", "n5", "n7", "n8", "n9"]);
        let (by, last) = db.store.last_told("n2").await.unwrap().unwrap();
        assert_eq!(
            (by.as_str(), last.milestone.as_str()),
            ("n4", "update"),
            "the newest that tells of the incident itself"
        );
    }

    async fn of_two_hand_overs_in_one_instant_the_newer_holds(db: &Database) {
        let event = incident("INC-1");
        db.store.import_contacts(&contacts(0..1, "students"), "ann", at(0)).await.unwrap();
        // The newer begins first: those of one instant begin in the order of their ids.
        let handed = |id: &str, place: &str| Notice {
            offset: Some(place.into()),
            ..notice(id, "handover", 1)
        };
        let both = adding(vec![handed("z1", "#1 lead"), handed("a2", "#2 lead")]);
        publish(&db.store, &event, 0, &both).await.unwrap();
        begin(&db.store, Lane::Urgent, at(1)).await;
        for id in ["a2", "z1"] {
            expand(&db.store, id, at(1)).await;
        }
        assert_eq!(claimed_by(&db.store, Lane::Urgent, 2).await, ["a2"]);
    }

    async fn a_warning_for_which_there_is_nobody_is_not_sent(db: &Database) {
        let event = incident("INC-1");
        let nobody = vec![
            to("ghosts", notice("n1", "promise_warning", 1)),
            to("ghosts", notice("n2", "update", 1)),
        ];
        send_out(&db.store, &event, 0, nobody, 1).await;
        db.store.finish_notices(at(1)).await.unwrap();
        assert_eq!(
            [status(&db, "n1").await, status(&db, "n2").await],
            ["cancelled", "sent"]
        );
        let journal = db.store.journal(Some("INC-1"), None, 100).await.unwrap();
        assert!(
            journal
                .iter()
                .any(|e| e.action == "notice.to_nobody" && e.detail["notice"] == "n1"),
            "{journal:?}"
        );
    }

    async fn a_notice_of_which_nothing_left_is_superseded_and_one_of_which_anything_did_is_sent(db: &Database) {
        let (event, claimed) = first_one_in_the_air(&db).await;
        // One of the two of n1 is in the air, the other waits; of n2 both wait.
        send_out(&db.store, &event, 1, vec![notice("n2", "reminder", 2)], 2).await;
        send_out(&db.store, &event, 2, vec![notice("n3", "start", 3)], 3).await;
        db.store.record("node", &[accepted(&claimed, at(3))]).await.unwrap();
        db.store.finish_notices(at(3)).await.unwrap();
        assert_eq!([status(&db, "n1").await, status(&db, "n2").await, status(&db, "n3").await], ["sent", "superseded", "sending"]);
        let journal = db.store.journal(Some("MNT-1"), None, 100).await.unwrap();
        let of = |action: &str| {
            let entries = journal.iter().filter(|e| e.action == action);
            entries.map(|e| (e.detail["notice"].clone(), e.detail["counts"].clone())).collect::<Vec<_>>()
        };
        assert_eq!(of("notice.superseded"), [("n2".into(), serde_json::json!({"superseded": 2}))]);
        assert_eq!(of("notice.sent"), [("n1".into(), serde_json::json!({"accepted": 1, "superseded": 1}))]);
        // It is told all the same: nobody plans it once more.
        let (stored, _) = db.store.planned("MNT-1").await.unwrap();
        assert!(stored.iter().all(|n| n.told && !n.open), "{stored:?}");
    }

    async fn what_waits_is_closed_and_what_is_in_the_air_is_let_be(db: &Database) {
        let (event, claimed) = first_one_in_the_air(&db).await;
        send_out(&db.store, &event, 1, vec![notice("n2", "reminder", 2)], 2).await;
        let in_the_air = if claimed.endpoint.address().starts_with("c000000") { "c000000" } else { "c000001" };
        let waiting = if in_the_air == "c000000" { "c000001" } else { "c000000" };
        let mut expected = vec![
            format!("n1 {in_the_air} attempting"), format!("n1 {waiting} superseded"),
            "n2 c000000 queued".into(), "n2 c000001 queued".into(),
        ];
        expected.sort();
        assert_eq!(ledger(&db.store).await, expected);
        // One at a time: the newer one waits for the one in the air.
        let claimed_now = db.store.claim(Lane::Planned, "other", at(2), 9).await.unwrap();
        assert_eq!(claimed_now.len(), 1);
        assert!(claimed_now[0].endpoint.address().starts_with(waiting));
        db.store.record("node", &[accepted(&claimed, at(3))]).await.unwrap();
        assert_eq!(claimed_notices(&db.store, 3).await, ["n2"]);
    }

    async fn a_retry_that_was_overtaken_is_over(db: &Database) {
        let (event, claimed) = first_one_in_the_air(&db).await;
        send_out(&db.store, &event, 1, vec![notice("n2", "reminder", 2)], 2).await;
        db.store.record("node", &[refused(&claimed, at(3), 5)]).await.unwrap();
        assert_eq!(claimed_notices(&db.store, 60).await, ["n2", "n2"]);
        let counts = counts(&db.store, "n1").await;
        assert_eq!(counts, [("superseded".to_owned(), 2)].into());
    }

    async fn a_retry_that_nothing_overtook_waits_for_its_time(db: &Database) {
        let (_, claimed) = first_one_in_the_air(&db).await;
        db.store.record("node", &[refused(&claimed, at(3), 5)]).await.unwrap();
        assert_eq!(claimed_notices(&db.store, 7).await, ["n1"]);
        assert_eq!(claimed_notices(&db.store, 8).await, ["n1"]);
    }

    async fn what_is_given_back_or_taken_back_after_a_newer_one_is_over(db: &Database) {
        for taken in [false, true] {
            db.sql("DELETE FROM notices").await;
            db.sql("DELETE FROM deliveries").await;
            db.sql("DELETE FROM events").await;
            let (event, _) = first_one_in_the_air(&db).await;
            send_out(&db.store, &event, 1, vec![notice("n2", "reminder", 2)], 2).await;
            if taken {
                assert_eq!(db.store.take_back("other", at(3), at(3)).await.unwrap(), 1);
            } else {
                assert_eq!(db.store.give_back(Lane::Planned, "node", at(3)).await.unwrap(), 1);
            }
            assert_eq!(claimed_notices(&db.store, 3).await, ["n2", "n2"], "taken: {taken}");
        }
    }

    async fn an_older_notice_that_is_expanded_later_reaches_nobody_who_has_the_newer(db: &Database) {
        let event = maintenance("MNT-1");
        db.store.import_contacts(&contacts(0..6, "students"), "ann", at(0)).await.unwrap();
        db.store.import_contacts(&[contact("x", &["students", "engineers"])], "ann", at(0)).await.unwrap();
        publish(&db.store, &event, 0, &adding(vec![notice("n1", "announcement", 1), to("engineers", notice("n2", "reminder", 2))])).await.unwrap();
        assert_eq!(begin(&db.store, Lane::Planned, at(2)).await, ["n1", "n2"]);
        db.store.expand_part("n1", &members(), 2, at(2)).await.unwrap();
        expand(&db.store, "n2", at(2)).await;
        // n2 is over before the rest of n1 is expanded.
        let claimed = db.store.claim(Lane::Planned, "node", at(2), 9).await.unwrap();
        let recorded: Vec<_> = claimed.iter().map(|c| accepted(c, at(2))).collect();
        db.store.record("node", &recorded).await.unwrap();
        assert_eq!(db.store.finish_notices(at(2)).await.unwrap(), 1);
        expand(&db.store, "n1", at(3)).await;
        let ledger = ledger(&db.store).await;
        assert!(ledger.contains(&"n1 x superseded".to_owned()), "{ledger:?}");
        assert_eq!(ledger.iter().filter(|l| l.starts_with("n1") && l.ends_with("queued")).count(), 4);
    }

    async fn another_event_or_endpoint_is_no_reason(db: &Database) {
        let (_, _) = first_one_in_the_air(&db).await;
        send_out(&db.store, &maintenance("MNT-2"), 0, vec![notice("m1", "announcement", 1)], 2).await;
        let counts = counts(&db.store, "n1").await;
        assert_eq!(counts, [("queued".to_owned(), 2)].into());
    }

    async fn under_retries_claims_and_expansions_at_once_nobody_gets_an_older_one_last(db: &Database) {
        let event = maintenance("MNT-1");
        db.store.import_contacts(&contacts(0..40, "students"), "ann", at(0)).await.unwrap();
        publish(&db.store, &event, 0, &adding(Vec::new())).await.unwrap();
        let other = db.another_node().await;
        let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let senders: Vec<_> = [db.store.clone(), other.clone(), db.store.clone()].into_iter().enumerate().map(|(n, store)| {
            let stop = stop.clone();
            tokio::spawn(async move { sender(&store, &format!("node{n}"), &stop).await })
        }).collect();
        for n in 0..12 {
            let due = notice(&format!("n{n:02}"), "update", n);
            let due = forewarn_core::plan::Notice { offset: Some(n.to_string()), ..due };
            publish(&db.store, &event, n + 1, &adding(vec![due])).await.unwrap();
            for begun in begin(&other, Lane::Planned, at(n)).await {
                while !other.expand_part(&begun, &members(), 7, at(n)).await.unwrap().complete {}
            }
        }
        stop.store(true, std::sync::atomic::Ordering::SeqCst);
        let mut sent = Vec::new();
        for task in senders {
            sent.extend(task.await.unwrap());
        }
        // Whatever was in between, everybody has the last, it was the last they got, and nothing waits.
        sent.sort();
        let mut newest = std::collections::BTreeMap::new();
        for (order, endpoint, notice) in sent {
            if let Some(before) = newest.insert(endpoint, notice.clone()) {
                assert!(before <= notice, "{notice} at {order} after {before}");
            }
        }
        assert_eq!(newest.len(), 40);
        assert!(newest.values().all(|n| n == "n11"), "{newest:?}");
        let left: Vec<_> = ledger(&db.store).await.into_iter().filter(|l| l.ends_with("queued") || l.ends_with("attempting")).collect();
        assert_eq!(left, [""; 0]);
    }
}

/// Sends until told to stop and nothing is left; every third attempt fails and is tried again at once. Says what was
/// accepted, in which order.
async fn sender(
    store: &Store,
    node: &str,
    stop: &std::sync::atomic::AtomicBool,
) -> Vec<(u64, String, String)> {
    static ORDER: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    use std::sync::atomic::Ordering::SeqCst;
    let mut sent = Vec::new();
    loop {
        let stopping = stop.load(SeqCst);
        let claimed = store.claim(Lane::Planned, node, at(100), 5).await.unwrap();
        if claimed.is_empty() && stopping && store.queue_depth(Lane::Planned).await.unwrap() == 0 {
            return sent;
        }
        let mut outcomes = Vec::new();
        for delivery in &claimed {
            let order = ORDER.fetch_add(1, SeqCst);
            if order.is_multiple_of(3) {
                outcomes.push(refused(delivery, at(50), 0));
            } else {
                sent.push((order, delivery.endpoint_id.clone(), delivery.notice.clone()));
                outcomes.push(accepted(delivery, at(50)));
            }
        }
        store.record(node, &outcomes).await.unwrap();
        tokio::task::yield_now().await;
    }
}
