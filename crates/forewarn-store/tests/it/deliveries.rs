//! Deliveries: claimed by one node, recorded by their owner, taken back from the dead.

use crate::database::Database;
use crate::samples::*;
use forewarn_core::audience::Level;
use forewarn_core::contact::Channel;
use forewarn_core::delivery::DeliveryStatus;
use forewarn_store::{AttemptRow, Claimed, DeliveryFilter, DeliveryRow, Lane, Recorded, WITHHELD};
use std::collections::BTreeSet;

async fn sent_out(db: &Database, people: usize) {
    db.store
        .import_contacts(&contacts(0..people, "students"), "ann", at(0))
        .await
        .unwrap();
    send_out(
        &db.store,
        &maintenance("MNT-1"),
        0,
        vec![notice("n1", "announcement", 1)],
        1,
    )
    .await;
}

async fn claim(db: &Database, node: &str, now: i64, limit: usize) -> Vec<Claimed> {
    db.store
        .claim(Lane::Planned, node, at(now), limit)
        .await
        .unwrap()
}

async fn only(db: &Database) -> DeliveryRow {
    let mut all = all_deliveries(&db.store).await;
    assert_eq!(all.len(), 1);
    all.remove(0)
}

on_both_databases! {
    async fn a_claim_has_all_that_sending_needs(db: &Database) {
        let mut ann = contact("ann", &["students"]);
        ann.name = Some("Zoë \"Z\" O'Neil \\ 🙂".into());
        ann.language = Some("es".into());
        ann.time_zone = Some(forewarn_core::time::Zone::parse("America/New_York").unwrap());
        db.store.import_contacts(std::slice::from_ref(&ann), "ann", at(0)).await.unwrap();
        send_out(&db.store, &maintenance("MNT-1"), 0, vec![notice("n1", "announcement", 1)], 1).await;
        assert!(claim(&db, "node", 0, 9).await.is_empty(), "not before its time");
        assert!(db.store.claim(Lane::Urgent, "node", at(1), 9).await.unwrap().is_empty());
        let claimed = claim(&db, "node", 1, 9).await.remove(0);
        assert_eq!(claimed.endpoint, ann.endpoints[0]);
        assert_eq!((claimed.notice.as_str(), claimed.endpoint_id.clone(), claimed.attempt), ("n1", ann.endpoints[0].id("ann"), 1));
        assert_eq!((claimed.level, claimed.name.as_deref()), (Level::NonTechnical, ann.name.as_deref()));
        assert_eq!((claimed.language.as_deref(), claimed.time_zone.as_deref()), (Some("es"), Some("America/New_York")));
        assert_eq!(claimed.expires, maintenance("MNT-1").starts_at());
        assert!(claim(&db, "node", 1, 9).await.is_empty(), "not twice");
        assert_eq!(db.store.queue_depth(Lane::Planned).await.unwrap(), 0);
    }

    async fn who_waits_longest_goes_first(db: &Database) {
        sent_out(&db, 3).await;
        for (n, claimed) in claim(&db, "node", 1, 3).await.iter().enumerate() {
            let minutes = [3, 1, 2][n];
            db.store.record("node", &[refused(claimed, at(1), minutes)]).await.unwrap();
        }
        let due: Vec<_> = db.texts("SELECT id FROM deliveries ORDER BY next_at").await;
        let ids = |claimed: Vec<Claimed>| claimed.into_iter().map(|c| c.id).collect::<Vec<_>>();
        assert_eq!(ids(claim(&db, "node", 3, 9).await), due[..2]);
        assert_eq!(ids(claim(&db, "node", 9, 1).await), due[2..]);
    }

    async fn two_nodes_never_claim_the_same(db: &Database) {
        sent_out(&db, 400).await;
        let other = db.another_node().await;
        let tasks: Vec<_> = (0..6)
            .map(|n| {
                let store = if n % 2 == 0 { db.store.clone() } else { other.clone() };
                tokio::spawn(async move {
                    let mut mine = Vec::new();
                    loop {
                        let claimed = store.claim(Lane::Planned, &format!("node{n}"), at(2), 7).await.unwrap();
                        if claimed.is_empty() {
                            return mine;
                        }
                        mine.extend(claimed.into_iter().map(|c| c.id));
                    }
                })
            })
            .collect();
        let mut all = Vec::new();
        for task in tasks {
            all.extend(task.await.unwrap());
        }
        assert_eq!((all.len(), all.iter().collect::<BTreeSet<_>>().len()), (400, 400));
    }

    async fn an_outcome_is_recorded_once_and_its_attempts_are_listed(db: &Database) {
        sent_out(&db, 1).await;
        let first = claim(&db, "node", 1, 9).await.remove(0);
        let outcome = refused(&first, at(2), 5);
        for _ in 0..2 {
            db.store.record("node", std::slice::from_ref(&outcome)).await.unwrap();
        }
        let waiting = only(&db).await;
        assert_eq!((waiting.status, waiting.next_at, waiting.reason.as_deref()), (DeliveryStatus::Queued, Some(at(7)), Some("451 later")));
        let second = claim(&db, "node", 7, 9).await.remove(0);
        assert_eq!((second.id.as_str(), second.attempt), (first.id.as_str(), 2));
        // The first outcome again, too late.
        db.store.record("node", &[outcome]).await.unwrap();
        assert_eq!(only(&db).await.status, DeliveryStatus::Attempting);
        db.store.record("node", &[accepted(&second, at(8))]).await.unwrap();
        let attempt = |minute, outcome: &str, said: &str| (at(minute), at(minute), outcome.to_owned(), said.to_owned());
        let listed = only(&db).await;
        let attempts: Vec<_> = listed.attempts.into_iter()
            .map(|a: AttemptRow| (a.at, a.ended_at, a.outcome, a.server_said)).collect();
        assert_eq!(attempts, [attempt(2, "transient_failure", "451 later"), attempt(8, "accepted", "250 ok")]);
        assert_eq!((listed.status, listed.next_at, listed.reason), (DeliveryStatus::Accepted, None, None));
        assert_eq!((listed.endpoint.as_str(), listed.channel, listed.event.as_str()), ("c000000@example.org", Channel::Email, "MNT-1"));
        db.store.record("node", &[]).await.unwrap();
    }

    async fn only_the_owner_records(db: &Database) {
        sent_out(&db, 1).await;
        let claimed = claim(&db, "node", 1, 9).await.remove(0);
        db.store.record("stranger", &[gone(&claimed, at(2))]).await.unwrap();
        let mut wrong = gone(&claimed, at(2));
        wrong.attempt = 2;
        db.store.record("node", &[wrong]).await.unwrap();
        let listed = only(&db).await;
        assert_eq!((listed.status, listed.attempts.len()), (DeliveryStatus::Attempting, 0));
        assert_eq!(db.texts("SELECT state FROM endpoints").await, ["active"]);
    }

    async fn a_dead_mailbox_gets_nothing_more(db: &Database) {
        sent_out(&db, 2).await;
        let claimed = claim(&db, "node", 1, 9).await;
        let mut failed = gone(&claimed[0], at(2));
        failed.server_said = "550 no\u{0} such user".into();
        db.store.record("node", &[failed, accepted(&claimed[1], at(2))]).await.unwrap();
        let states = db.texts("SELECT state || ' ' || COALESCE(reason, '-') FROM endpoints ORDER BY state").await;
        assert_eq!(states, ["active -", "gone 550 no\u{fffd} such user"]);
        send_out(&db.store, &maintenance("MNT-1"), 1, vec![notice("n2", "reminder", 3)], 3).await;
        assert_eq!(claim(&db, "node", 3, 9).await.len(), 1);
        assert_eq!(counts(&db.store, "n2").await, [("queued".to_owned(), 1), ("suppressed".to_owned(), 1)].into());
    }

    async fn attempts_of_the_dead_are_unknown_and_made_again(db: &Database) {
        sent_out(&db, 3).await;
        db.store.beat("alive", at(5)).await.unwrap();
        db.store.beat("dead", at(1)).await.unwrap();
        let (dead, alive, mine) = (claim(&db, "dead", 1, 1).await, claim(&db, "alive", 1, 1).await, claim(&db, "me", 1, 1).await);
        assert_eq!(db.store.take_back("me", at(4), at(6)).await.unwrap(), 1);
        assert_eq!(db.store.take_back("me", at(4), at(6)).await.unwrap(), 0);
        // Its outcome comes too late and changes nothing.
        db.store.record("dead", &[accepted(&dead[0], at(7))]).await.unwrap();
        let again = claim(&db, "me", 7, 9).await;
        assert_eq!(again.iter().map(|c| (c.id.as_str(), c.attempt)).collect::<Vec<_>>(), [(dead[0].id.as_str(), 2)]);
        let found = all_deliveries(&db.store).await;
        let taken = found.iter().find(|d| d.id == dead[0].id).unwrap();
        assert_eq!(taken.attempts.iter().map(|a| (a.outcome.as_str(), a.at, a.ended_at)).collect::<Vec<_>>(), [("unknown", at(1), at(6))]);
        db.store.record("alive", &[accepted(&alive[0], at(7))]).await.unwrap();
        db.store.record("me", &[accepted(&mine[0], at(7)), accepted(&again[0], at(7))]).await.unwrap();
        assert_eq!(counts(&db.store, "n1").await, [("accepted".to_owned(), 3)].into());
    }

    async fn a_node_that_never_beat_is_dead(db: &Database) {
        sent_out(&db, 1).await;
        claim(&db, "silent", 1, 9).await;
        assert_eq!(db.store.take_back("me", at(0), at(2)).await.unwrap(), 1);
    }

    async fn who_is_alone_takes_everything_back(db: &Database) {
        sent_out(&db, 2).await;
        db.store.beat("before", at(1)).await.unwrap();
        db.store.beat("me", at(1)).await.unwrap();
        claim(&db, "before", 1, 1).await;
        claim(&db, "me", 1, 1).await;
        assert_eq!(db.store.claim_alone("me", at(1)).await.unwrap(), 1);
        assert_eq!(db.texts("SELECT id FROM nodes").await, ["me"]);
    }

    async fn what_was_claimed_unawares_is_given_back_untried(db: &Database) {
        sent_out(&db, 3).await;
        let claimed = claim(&db, "me", 1, 2).await;
        claim(&db, "other", 1, 1).await;
        assert_eq!(db.store.give_back(Lane::Urgent, "me", at(2)).await.unwrap(), 0);
        assert_eq!(db.store.give_back(Lane::Planned, "me", at(2)).await.unwrap(), 2);
        assert_eq!(db.store.give_back(Lane::Planned, "me", at(2)).await.unwrap(), 0);
        let again = claim(&db, "me", 2, 9).await;
        let pairs = |list: &[Claimed]| list.iter().map(|c| (c.id.clone(), c.attempt)).collect::<BTreeSet<_>>();
        assert_eq!(pairs(&again), pairs(&claimed));
        assert!(all_deliveries(&db.store).await.iter().all(|d| d.attempts.is_empty()));
    }

    async fn an_attempt_that_was_not_made_does_not_count(db: &Database) {
        sent_out(&db, 1).await;
        let withheld = |claimed: &Claimed, now: i64| Recorded { outcome: WITHHELD, server_said: String::new(), ..refused(claimed, at(now), 0) };
        let mut claimed = claim(&db, "me", 1, 9).await.remove(0);
        db.store.record("me", &[withheld(&claimed, 2)]).await.unwrap();
        let waiting = only(&db).await;
        assert_eq!((waiting.status, waiting.next_at, waiting.attempts.len()), (DeliveryStatus::Queued, Some(at(2)), 0));
        claimed = claim(&db, "other", 2, 9).await.remove(0);
        assert_eq!((claimed.attempt, claimed.earlier), (1, None));
        db.store.record("other", &[refused(&claimed, at(3), 1)]).await.unwrap();
        // Of a later attempt the same is true, and what was tried before stays on record, also for who must ask about it.
        for again in [4, 5] {
            claimed = claim(&db, "me", again, 9).await.remove(0);
            assert_eq!((claimed.attempt, claimed.earlier), (2, Some(at(3))));
            db.store.record("me", &[withheld(&claimed, again)]).await.unwrap();
        }
        claim(&db, "me", 6, 9).await;
        assert_eq!(db.store.give_back(Lane::Planned, "me", at(6)).await.unwrap(), 1);
        claimed = claim(&db, "me", 7, 9).await.remove(0);
        assert_eq!((claimed.attempt, claimed.earlier), (2, Some(at(3))));
        db.store.record("me", &[accepted(&claimed, at(8))]).await.unwrap();
        let outcomes: Vec<_> = only(&db).await.attempts.into_iter().map(|a| a.outcome).collect();
        assert_eq!(outcomes, ["transient_failure", "accepted"]);
    }

    async fn an_outcome_finds_its_delivery_also_where_rows_have_moved(db: &Database) {
        sent_out(&db, 3).await;
        let claimed = claim(&db, "me", 1, 9).await;
        let [a, b, c] = [0, 1, 2].map(|n| claimed[n].clone());
        let outcomes = [
            Recorded { row: b.row, ..accepted(&a, at(2)) },
            Recorded { row: a.row, ..refused(&b, at(2), 3) },
            Recorded { row: 987_654, ..accepted(&c, at(2)) },
        ];
        db.store.record("me", &outcomes).await.unwrap();
        let found = all_deliveries(&db.store).await;
        let status = |claimed: &Claimed| found.iter().find(|d| d.id == claimed.id).map(|d| d.status);
        let [a, b, c] = [a, b, c].map(|claimed| status(&claimed).unwrap());
        assert_eq!((a, b, c), (DeliveryStatus::Accepted, DeliveryStatus::Queued, DeliveryStatus::Accepted));
    }

    async fn a_clock_that_was_set_back_does_not_keep_the_dead_alive(db: &Database) {
        sent_out(&db, 2).await;
        db.store.beat("dead", at(90)).await.unwrap();
        let dead = claim(&db, "dead", 90, 1).await;
        // An hour and a half back; those who live have said so since.
        db.store.beat("alive", at(3)).await.unwrap();
        claim(&db, "alive", 3, 1).await;
        assert_eq!(db.store.take_back("me", at(1), at(3)).await.unwrap(), 1);
        assert_eq!(claim(&db, "me", 3, 9).await[0].id, dead[0].id);
        assert_eq!(db.texts("SELECT id FROM nodes").await, ["alive"]);
    }

    async fn a_removed_address_does_not_stand_in_the_way(db: &Database) {
        sent_out(&db, 3).await;
        db.store.remove_contact("c000000", "ann", at(2)).await.unwrap();
        let mut moved = contact("c000001", &["students"]);
        moved.endpoints = contact("new", &[]).endpoints;
        db.store.import_contacts(&[moved], "ann", at(2)).await.unwrap();
        let mut claimed = Vec::new();
        loop {
            let more = claim(&db, "node", 3, 1).await;
            if more.is_empty() {
                break;
            }
            claimed.extend(more);
        }
        assert_eq!(claimed.iter().map(|c| c.endpoint.address()).collect::<Vec<_>>(), ["c000002@example.org"]);
        assert_eq!(counts(&db.store, "n1").await, [("queued".to_owned(), 1), ("suppressed".to_owned(), 2)].into());
        db.store.record("node", &[accepted(&claimed[0], at(4))]).await.unwrap();
        assert_eq!(db.store.finish_notices(at(4)).await.unwrap(), 1);
    }

    async fn pages_of_deliveries_follow_each_other(db: &Database) {
        sent_out(&db, 25).await;
        send_out(&db.store, &maintenance("MNT-2"), 0, vec![to("students", notice("m1", "announcement", 1))], 1).await;
        let every = all_deliveries(&db.store).await;
        assert_eq!(every.len(), 50);
        let claimed = claim(&db, "node", 1, 10).await;
        db.store.record("node", &claimed.iter().map(|c| accepted(c, at(2))).collect::<Vec<_>>()).await.unwrap();
        let filters = [
            (DeliveryFilter::default(), 50),
            (DeliveryFilter { notice: Some("n1".into()), ..DeliveryFilter::default() }, 25),
            (DeliveryFilter { event: Some("MNT-2".into()), ..DeliveryFilter::default() }, 25),
            (DeliveryFilter { status: Some(DeliveryStatus::Accepted), ..DeliveryFilter::default() }, 10),
            (DeliveryFilter { notice: Some("nothing".into()), ..DeliveryFilter::default() }, 0),
            (DeliveryFilter { notice: Some("n1".into()), event: Some("MNT-2".into()), ..DeliveryFilter::default() }, 0),
        ];
        for (mut filter, expected) in filters {
            let mut seen = Vec::new();
            loop {
                let page = db.store.deliveries(&filter, 7).await.unwrap();
                let Some(last) = page.last() else { break };
                filter.after = Some(last.id.clone());
                seen.extend(page.into_iter().map(|d| d.id));
            }
            assert!(seen.is_sorted());
            assert_eq!(seen.len(), expected, "{filter:?}");
        }
    }
}
