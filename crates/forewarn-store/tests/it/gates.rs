//! Gates: who takes only so many at once has no more from all nodes together, also when one of them dies.

use crate::database::Database;
use crate::samples::*;
use forewarn_store::{Gated, Gates, Lane, Store};
use jiff::{SignedDuration, Timestamp};

fn gates(key: &str, most: u32, wanted: u32) -> Gates {
    Gates {
        key: key.into(),
        most,
        wanted,
    }
}

fn ms(milliseconds: i64) -> Timestamp {
    at(0) + SignedDuration::from_millis(milliseconds)
}

/// How many were had of each; where none, minus the milliseconds to wait.
async fn had(store: &Store, who: (&str, Lane), asked: &[Gates], now: i64) -> Vec<i64> {
    let had = store.take_gates(who, asked, ms(now)).await.unwrap();
    let had = had.into_iter().map(|had| match had {
        Gated::Held(count) => i64::from(count),
        Gated::Later(wait) => -(wait.as_millis() as i64),
    });
    had.collect()
}

async fn give_back(store: &Store, who: (&str, Lane), held: &[(&str, u32)], lasted: i64) {
    let lasted = SignedDuration::from_millis(lasted);
    let back = store.give_gates_back(who, held, lasted);
    back.await.unwrap();
}

const ONE: (&str, Lane) = ("one", Lane::Planned);
const OTHER: (&str, Lane) = ("other", Lane::Planned);

on_both_databases! {
    async fn nodes_have_the_gates_between_them(db: &Database) {
        let (one, other) = (&db.store, &db.another_node().await);
        one.beat("one", ms(0)).await.unwrap();
        other.beat("other", ms(0)).await.unwrap();
        assert_eq!(had(one, ONE, &[gates("relay", 3, 2), gates("else", 1, 5)], 0).await, [2, 1]);
        assert_eq!(had(other, OTHER, &[gates("relay", 3, 2)], 0).await, [1]);
        // Nothing is left, also for other flights of the same node; who waits comes back one behind the other.
        assert_eq!(had(other, OTHER, &[gates("relay", 3, 1)], 0).await, [-250]);
        assert_eq!(had(one, ONE, &[gates("relay", 3, 3)], 0).await, [-333]);
        give_back(one, ONE, &[("relay", 2)], 500).await;
        assert_eq!(had(other, OTHER, &[gates("relay", 3, 9)], 100).await, [2]);
        // As fast as they were given back last.
        assert_eq!(had(one, ONE, &[gates("relay", 3, 1)], 1_000).await, [-500]);
        give_back(other, OTHER, &[("relay", 3)], 40).await;
        assert_eq!(had(one, ONE, &[gates("relay", 3, 9)], 1_000).await, [3]);
    }

    async fn gates_of_a_dead_node_are_free_once_it_is_taken_for_dead(db: &Database) {
        let (one, other) = (&db.store, &db.another_node().await);
        one.beat("one", ms(0)).await.unwrap();
        other.beat("other", ms(0)).await.unwrap();
        assert_eq!(had(one, ONE, &[gates("relay", 2, 2)], 0).await, [2]);
        other.take_back("other", ms(0) - SignedDuration::from_secs(5), ms(25_000)).await.unwrap();
        assert!(had(other, OTHER, &[gates("relay", 2, 2)], 25_000).await[0] < 0);
        other.beat("other", ms(31_000)).await.unwrap();
        other.take_back("other", ms(1_000), ms(31_000)).await.unwrap();
        assert_eq!(had(other, OTHER, &[gates("relay", 2, 2)], 31_000).await, [2]);
        // What it gives back when it wakes is nobody's.
        give_back(one, ONE, &[("relay", 2)], 100).await;
        assert!(had(one, ONE, &[gates("relay", 2, 1)], 31_000).await[0] < 0);
    }

    async fn a_lane_that_has_nothing_under_way_holds_no_gate(db: &Database) {
        let urgent = ("one", Lane::Urgent);
        assert_eq!(had(&db.store, ONE, &[gates("relay", 2, 1)], 0).await, [1]);
        assert_eq!(had(&db.store, urgent, &[gates("relay", 2, 1)], 0).await, [1]);
        db.store.disown(Lane::Planned, "one", ms(0)).await.unwrap();
        assert_eq!(had(&db.store, ONE, &[gates("relay", 2, 2)], 0).await, [1]);
    }

    async fn what_is_urgent_has_the_next_gate(db: &Database) {
        let urgent = ("one", Lane::Urgent);
        assert_eq!(had(&db.store, ONE, &[gates("relay", 1, 1)], 0).await, [1]);
        assert_eq!(had(&db.store, urgent, &[gates("relay", 1, 1)], 10).await, [-100]);
        give_back(&db.store, ONE, &[("relay", 1)], 20).await;
        assert!(had(&db.store, ONE, &[gates("relay", 1, 1)], 20).await[0] < 0);
        assert_eq!(had(&db.store, urgent, &[gates("relay", 1, 1)], 110).await, [1]);
        give_back(&db.store, urgent, &[("relay", 1)], 20).await;
        // Whoever was urgent and does not come again keeps nobody waiting for long.
        assert_eq!(had(&db.store, ONE, &[gates("relay", 1, 1)], 1_020).await, [1]);
    }

    async fn a_long_queue_is_asked_again_within_a_minute(db: &Database) {
        assert_eq!(had(&db.store, ONE, &[gates("relay", 1, 1)], 0).await, [1]);
        let many = vec![gates("relay", 1, 1); 1_000];
        let waits = had(&db.store, ONE, &many, 0).await;
        assert_eq!((waits[1], waits[2], waits[999]), (-500, -750, -60_000));
    }
}
