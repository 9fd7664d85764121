//! Turns: who takes only so much in a while gets no more from all nodes together.

use crate::database::Database;
use crate::samples::*;
use forewarn_store::{Pace, Pulse, Store};
use jiff::{SignedDuration, Timestamp};

fn pace(key: &str, apart: i64, slack: i64) -> Pace {
    Pace {
        key: key.into(),
        apart: SignedDuration::from_millis(apart),
        slack: SignedDuration::from_millis(slack),
        slow_start: false,
    }
}

fn ms(milliseconds: i64) -> Timestamp {
    at(0) + SignedDuration::from_millis(milliseconds)
}

/// In milliseconds; -1 for a turn.
async fn waits(store: &Store, paces: &[Pace], now: Timestamp) -> Vec<i64> {
    let waits = store.take_turns(paces, now).await.unwrap();
    let waits = waits.iter().map(|w| w.map_or(-1, |w| w.as_millis() as i64));
    waits.collect()
}

on_both_databases! {
    async fn two_nodes_have_one_turn_between_them(db: &Database) {
        let (one, other) = (&db.store, &db.another_node().await);
        let room = || pace("room", 1_000, 0);
        assert_eq!(waits(one, &[room(), pace("else", 1_000, 0), room()], ms(0)).await, [-1, -1, 1_000]);
        // The other node queues behind what waits already, and each key has its own course.
        assert_eq!(waits(other, &[room(), pace("free", 250, 0)], ms(0)).await, [2_000, -1]);
        assert_eq!(waits(other, &[room()], ms(999)).await, [2_001]);
        // Who comes back in time has the turn, whichever node that is on.
        assert_eq!(waits(one, &[room()], ms(1_000)).await, [-1]);
        assert_eq!(waits(other, &[room()], ms(2_000)).await, [-1]);
        assert_eq!(waits(one, &[room()], ms(3_000)).await, [-1]);
        // Nothing is saved up while nobody asks.
        assert_eq!(waits(one, &[room(), room()], ms(60_000)).await, [-1, 1_000]);
    }

    async fn so_many_at_once_and_then_evenly(db: &Database) {
        // 20 a second, a second's worth at once.
        let domain = || pace("domain", 50, 950);
        let mut sent = waits(&db.store, &vec![domain(); 100], ms(0)).await;
        assert_eq!(sent.iter().filter(|w| **w == -1).count(), 20);
        sent.retain(|w| *w >= 0);
        assert_eq!((sent.len(), sent[0], sent[1], sent[79]), (80, 50, 100, 4_000));
        // Each comes back when it was told to: all have their turn, none of them twice.
        for due in sent {
            assert_eq!(waits(&db.store, &[domain()], ms(due)).await, [-1], "{due}");
        }
    }

    async fn whoever_asks_for_time_has_it_from_every_node(db: &Database) {
        let (one, other) = (&db.store, &db.another_node().await);
        let hook = || Pace::unlimited("hook".into());
        assert_eq!(waits(one, &[hook(), hook()], ms(0)).await, [-1, -1]);
        one.hold_back(&hook(), ms(30_000)).await.unwrap();
        // Less time does not take back what was asked for.
        other.hold_back(&hook(), ms(10_000)).await.unwrap();
        assert_eq!(waits(other, &[hook(), Pace::unlimited("else".into())], ms(10_000)).await, [20_000, -1]);
        assert_eq!(waits(one, &[hook()], ms(30_000)).await, [-1]);
        let limited = || pace("limited", 50, 950);
        one.hold_back(&limited(), ms(30_000)).await.unwrap();
        assert_eq!(waits(other, &[limited()], ms(29_000)).await, [1_000]);
        assert_eq!(waits(other, &[limited()], ms(30_000)).await, [-1]);
    }

    async fn a_slow_start_grows_with_what_is_taken_and_halves_at_a_refusal(db: &Database) {
        let (one, other) = (&db.store, &db.another_node().await);
        let slow = || Pace { slow_start: true, ..pace("slow", 50, 950) };
        // How many of 100 have a turn at this second, by whichever node; the others are forgotten here.
        async fn turns(store: &Store, pace: Pace, second: i64) -> u32 {
            let waits = waits(store, &vec![pace; 100], ms(second * 1_000)).await;
            waits.iter().filter(|w| **w == -1).count() as u32
        }
        async fn learn(store: &Store, pace: Pace, taken: u32, refused: bool) {
            store.learn_tempo(&[Pulse { pace, taken, refused }], ms(0)).await.unwrap();
        }
        assert_eq!(turns(one, slow(), 0).await, 2);
        assert_eq!(turns(other, slow(), 1).await, 2);
        learn(one, slow(), 40, false).await;
        assert_eq!(turns(other, slow(), 10).await, 6);
        learn(other, slow(), 60, false).await;
        assert_eq!(turns(one, slow(), 20).await, 12);
        // A refusal among many that were taken is a refusal.
        learn(other, slow(), 99, true).await;
        assert_eq!(turns(one, slow(), 30).await, 6);
        // Never faster than allowed, and never slower than at first.
        learn(one, slow(), 100_000, false).await;
        assert_eq!(turns(other, slow(), 40).await, 20);
        for _ in 0..9 { learn(one, slow(), 0, true).await; }
        assert_eq!(turns(one, slow(), 50).await, 2);
        learn(one, slow(), 1_000, false).await;
        assert_eq!(turns(one, slow(), 60).await, 20);
        // After a day without a message it is as if they were new.
        assert_eq!(turns(one, slow(), 60 + 25 * 3_600).await, 2);
    }

    async fn a_long_queue_comes_back_as_fast_as_the_tempo_grows(db: &Database) {
        let slow = || Pace { slow_start: true, ..Pace::unlimited("slow".into()) };
        let waits = waits(&db.store, &vec![slow(); 1_000], ms(0)).await;
        // Ten seconds times the logarithm of 1 + 998 / 20.
        assert!((38_000..41_000).contains(&waits[999]), "{}", waits[999]);
        assert_eq!((waits[1], waits[2], waits[3]), (-1, 500, 975));
    }

    async fn who_starts_slowly_has_the_time_that_they_ask_for(db: &Database) {
        let slow = || Pace { slow_start: true, ..Pace::unlimited("slow".into()) };
        db.store.learn_tempo(&[Pulse { pace: slow(), taken: 500, refused: false }], ms(0)).await.unwrap();
        db.store.hold_back(&slow(), ms(30_000)).await.unwrap();
        assert_ne!(waits(&db.store, &[slow()], ms(29_900)).await, [-1]);
    }

    async fn a_clock_that_was_set_back_stops_nothing(db: &Database) {
        let room = || pace("room", 1_000, 0);
        assert_eq!(waits(&db.store, &[room()], ms(0)).await, [-1]);
        let before = ms(0) - SignedDuration::from_hours(48);
        assert_eq!(waits(&db.store, &[room()], before).await, [-1]);
        assert_eq!(waits(&db.store, &[room()], before).await, [1_000]);
    }

    async fn what_says_nothing_any_more_goes(db: &Database) {
        waits(&db.store, &[pace("old", 1_000, 0)], ms(0)).await;
        let later = ms(0) + SignedDuration::from_hours(49);
        waits(&db.store, &[pace("new", 1_000, 0)], later).await;
        assert_eq!(db.texts("SELECT id FROM paces ORDER BY id").await, ["new"]);
    }

    async fn nodes_that_ask_at_the_same_time_do_not_wait_for_each_other_for_ever(db: &Database) {
        let mut tasks = tokio::task::JoinSet::new();
        for node in 0..4 {
            let store = db.another_node().await;
            tasks.spawn(async move {
                let mut turns = 0;
                for round in 0..20 {
                    // In another order on each node.
                    let keys = (0..5).map(|n| pace(&format!("k{}", (n * (node + 1)) % 5), 3_600_000, 0));
                    let paces: Vec<Pace> = keys.collect();
                    let waits = store.take_turns(&paces, ms(round)).await.unwrap();
                    turns += waits.iter().filter(|w| w.is_none()).count();
                }
                turns
            });
        }
        let turns: usize = tasks.join_all().await.into_iter().sum();
        assert_eq!(turns, 5, "one for each key");
    }
}
