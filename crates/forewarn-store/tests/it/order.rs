//! Endpoints that want their messages one after the other get them so: also with retries, from several nodes, and when nodes die.

use crate::database::Database;
use crate::samples::*;
use forewarn_core::contact::{Channel, Contact};
use forewarn_core::delivery::DeliveryStatus;
use forewarn_core::event::Event;
use forewarn_store::{Claimed, Fallback, Lane, Recipients, Recorded, Store, Waits};
use jiff::SignedDuration;
use serde_json::json;

fn machine(id: &str, ordered: bool) -> Contact {
    let url = format!("https://{id}.example.org/in");
    let hook = json!({"channel": "webhook", "url": url, "ordered": ordered});
    serde_json::from_value(json!({"id": id, "audiences": ["students"], "endpoints": [hook]}))
        .unwrap()
}

/// The nth event, by turns in one lane and the other.
fn event(n: usize) -> Event {
    match n % 2 {
        0 => maintenance(&format!("MNT-{n}")),
        _ => incident(&format!("INC-{n}")),
    }
}

/// Sends out so many messages about as many events, `n0`, `n1`, ...
async fn sent_out(store: &Store, count: usize) {
    let machines = [machine("careful", true), machine("quick", false)];
    store
        .import_contacts(&machines, "ann", at(0))
        .await
        .unwrap();
    for n in 0..count {
        let mut told = notice(&format!("n{n}"), "announcement", 1);
        told.channels = vec![Channel::Webhook];
        send_out(store, &event(n), 0, vec![told], 1).await;
    }
}

async fn claim(store: &Store, node: &str, now: i64) -> Vec<Claimed> {
    let mut claimed = Vec::new();
    for lane in Lane::ALL {
        claimed.extend(store.claim(lane, node, at(now), 100).await.unwrap());
    }
    claimed
}

fn numbers(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("n{n}")).collect()
}

on_both_databases! {
    async fn each_message_waits_for_those_before_it(db: &Database) {
        const COUNT: usize = 9;
        let nodes = [&db.store, &db.another_node().await];
        sent_out(nodes[0], COUNT).await;
        let (mut told, mut quick, mut tried) = (Vec::new(), Vec::new(), 0);
        for minute in 1..60 {
            for (store, node) in nodes.into_iter().zip(["one", "other"]) {
                store.beat("one", at(minute)).await.unwrap();
                store.close_ranks(at(minute)).await.unwrap();
                let mut outcomes: Vec<Recorded> = Vec::new();
                for one in claim(store, node, minute).await {
                    if one.contact == "quick" {
                        quick.push(one.notice.clone());
                        outcomes.push(accepted(&one, at(minute)));
                        continue;
                    }
                    tried += 1;
                    match tried % 4 {
                        1 => outcomes.push(refused(&one, at(minute), 2)),
                        // It dies in the middle, and another takes over.
                        2 => _ = store.take_back("third", at(minute + 1), at(minute)).await.unwrap(),
                        _ => {
                            told.push(one.notice.clone());
                            outcomes.push(accepted(&one, at(minute)));
                        }
                    }
                }
                store.record(node, &outcomes).await.unwrap();
            }
        }
        assert_eq!(told, numbers(COUNT));
        assert!(tried > COUNT, "nothing was tried twice");
        quick.sort();
        assert_eq!(quick, numbers(COUNT));
        let left = db.texts("SELECT id FROM deliveries WHERE behind AND status = 'queued'").await;
        assert_eq!(left, Vec::<String>::new());
    }

    async fn nothing_is_held_up_by_what_will_not_be_sent(db: &Database) {
        sent_out(&db.store, 4).await;
        let mine = |now: i64| {
            let store = db.store.clone();
            async move {
                let claimed = claim(&store, "me", now).await;
                claimed.into_iter().find(|c| c.contact == "careful")
            }
        };
        let first = mine(1).await.unwrap();
        assert!(mine(1).await.is_none(), "two at once");
        let waiting = all_deliveries(&db.store).await;
        let waiting: Vec<_> = waiting.iter().filter(|d| d.contact == "careful" && d.status == DeliveryStatus::Queued).collect();
        assert!(waiting.iter().all(|d| d.reason.as_deref() == Some("waits for the messages before it")), "{waiting:?}");
        // The second is overtaken while it stands in line: the third waits for the first alone.
        let mut update = notice("u1", "progress", 2);
        update.channels = vec![Channel::Webhook];
        send_out(&db.store, &event(1), 1, vec![update], 2).await;
        let lost = Recorded { endpoint_gone: false, ..gone(&first, at(3)) };
        assert!(db.store.record("me", &[lost]).await.unwrap(), "the next one may go");
        let next = mine(3).await.unwrap();
        assert_eq!(next.notice, "n2");
        assert!(!db.store.record("me", &[refused(&next, at(4), 9)]).await.unwrap(), "it stays the first");
    }

    async fn those_that_fall_back_at_once_go_one_after_the_other(db: &Database) {
        const COUNT: usize = 6;
        let mut careful = machine("careful", true);
        careful.endpoints.extend(contact("careful", &[]).endpoints);
        db.store.import_contacts(&[careful], "ann", at(0)).await.unwrap();
        let ways = Recipients::Members {
            services: vec![id("portal")],
            fallback: Fallback {
                steps: vec![(Channel::Webhook, SignedDuration::from_mins(15))],
                waits: Waits::Delivered,
            },
        };
        for n in 0..COUNT {
            let told = notice(&format!("n{n}"), "holding", n as i64);
            publish(&db.store, &incident(&format!("INC-{n}")), 0, &adding(vec![told])).await.unwrap();
        }
        begin(&db.store, Lane::Urgent, at(10)).await;
        for n in numbers(COUNT) {
            while !db.store.expand(&n, &ways, at(10)).await.unwrap().complete {}
        }
        db.store.fall_back(at(40)).await.unwrap();
        let mut told = Vec::new();
        for minute in 40..60 {
            db.store.close_ranks(at(minute)).await.unwrap();
            let mut claimed = claim(&db.store, "me", minute).await;
            claimed.retain(|one| one.endpoint.channel() == Channel::Webhook);
            assert!(claimed.len() <= 1, "{} at once", claimed.len());
            let outcomes: Vec<Recorded> = claimed.iter().map(|one| accepted(one, at(minute))).collect();
            told.extend(claimed.into_iter().map(|one| one.notice));
            db.store.record("me", &outcomes).await.unwrap();
        }
        assert_eq!(told, numbers(COUNT));
    }
}
