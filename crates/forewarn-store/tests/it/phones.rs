//! Receipts in every order come to the same end; who stops gets nothing, who starts again does.

use crate::database::Database;
use crate::samples::*;
use forewarn_core::contact::Channel;
use forewarn_core::delivery::{DeliveryStatus, Receipt};
use forewarn_store::{Claimed, Lane, Recorded};

fn failed(gone: bool) -> Receipt {
    Receipt::Failed {
        said: "undelivered: 30003".into(),
        gone,
    }
}

fn with_phone(name: &str) -> forewarn_core::contact::Contact {
    let mut person = contact(name, &["students"]);
    let phone = serde_json::json!({"channel": "sms", "number": "+14155550100"});
    person.endpoints = vec![serde_json::from_value(phone).unwrap()];
    person
}

async fn claimed(db: &Database) -> Claimed {
    let ann = with_phone("ann");
    db.store
        .import_contacts(&[ann], "ann", at(0))
        .await
        .unwrap();
    let mut told = notice("n1", "announcement", 1);
    told.channels = vec![Channel::Sms];
    send_out(&db.store, &maintenance("MNT-1"), 0, vec![told], 1).await;
    let mut claimed = db.store.claim(Lane::Planned, "me", at(1), 9).await.unwrap();
    assert_eq!(claimed.len(), 1);
    claimed.remove(0)
}

async fn status(db: &Database) -> (DeliveryStatus, Option<String>) {
    let found = all_deliveries(&db.store).await.remove(0);
    (found.status, found.reason)
}

/// Every order of these, the attempt's own record among them.
fn orders(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for shorter in orders(n - 1) {
        for place in 0..n {
            let mut order = shorter.clone();
            order.insert(place, n - 1);
            all.push(order);
        }
    }
    all
}

on_both_databases! {
    async fn receipts_in_every_order_and_thrice_come_to_the_same_end(db: &Database) {
        let first = claimed(&db).await;
        let store = &db.store;
        let record = |d: &Claimed| Recorded { server_said: "SM0123456789abcdef0123456789abcdef queued".into(), ..accepted(d, at(1)) };
        let mut now = 10;
        let mut delivery = first;
        for (receipts, expected) in [
            (vec![Receipt::Underway], (DeliveryStatus::Accepted, None)),
            (vec![Receipt::Delivered, Receipt::Underway], (DeliveryStatus::Delivered, None)),
            (vec![failed(false), Receipt::Underway], (DeliveryStatus::Failed, Some("undelivered: 30003".to_owned()))),
            // Sent twice because of a crash: one of the two arrived.
            (vec![failed(false), Receipt::Delivered, Receipt::Underway], (DeliveryStatus::Delivered, None)),
        ] {
            for order in orders(receipts.len() + 1) {
                for step in order {
                    if let Some(receipt) = receipts.get(step) {
                        for _ in 0..3 {
                            assert!(store.receipt(&delivery.id, receipt, at(now)).await.unwrap());
                        }
                    } else {
                        store.record("me", &[record(&delivery)]).await.unwrap();
                    }
                }
                assert_eq!(status(&db).await, expected);
                let attempts = all_deliveries(store).await.remove(0).attempts;
                assert_eq!((attempts.len(), attempts[0].outcome.as_str()), (1, "accepted"));
                db.sql("DELETE FROM receipts").await;
                db.sql("UPDATE deliveries SET status = 'queued', outcome = NULL, attempt = 0").await;
                now += 1;
                delivery = store.claim(Lane::Planned, "me", at(now), 9).await.unwrap().remove(0);
            }
        }
        assert!(!store.receipt("nobody", &Receipt::Delivered, at(9)).await.unwrap());
    }

    async fn a_receipt_ends_what_a_crash_left_open_and_counts(db: &Database) {
        let delivery = claimed(&db).await;
        assert_eq!(db.store.disown(Lane::Planned, "me", at(2)).await.unwrap(), 1);
        assert!(db.store.receipt(&delivery.id, &Receipt::Delivered, at(2)).await.unwrap());
        assert_eq!(status(&db).await.0, DeliveryStatus::Delivered);
        assert!(db.store.claim(Lane::Planned, "me", at(3), 9).await.unwrap().is_empty(), "it is not sent again");
        assert_eq!(counts(&db.store, "n1").await.get("delivered"), Some(&1));
    }

    async fn a_later_attempt_knows_when_the_first_began_and_what_others_got(db: &Database) {
        let delivery = claimed(&db).await;
        assert_eq!(delivery.earlier, None);
        db.store.disown(Lane::Planned, "me", at(2)).await.unwrap();
        for (minute, node) in [(3, "a"), (4, "b")] {
            let again = db.store.claim(Lane::Planned, node, at(minute), 9).await.unwrap().remove(0);
            assert_eq!(again.earlier, Some(at(1)));
            db.store.record(node, &[refused(&again, at(minute), 0)]).await.unwrap();
        }
        let again = db.store.claim(Lane::Planned, "c", at(5), 9).await.unwrap().remove(0);
        assert_eq!(db.store.taken_for_others(&again.endpoint_id, &["another"]).await.unwrap(), Vec::<String>::new());
        let sid = "SM0123456789abcdef0123456789abcdef";
        let taken = Recorded { server_said: format!("{sid} queued"), ..accepted(&again, at(5)) };
        db.store.record("c", &[taken]).await.unwrap();
        assert_eq!(db.store.taken_for_others(&again.endpoint_id, &["another"]).await.unwrap(), [sid]);
        assert_eq!(db.store.taken_for_others(&again.endpoint_id, &[&again.id]).await.unwrap(), Vec::<String>::new());
    }

    async fn a_number_that_does_not_exist_is_not_tried_again(db: &Database) {
        let delivery = claimed(&db).await;
        db.store.record("me", &[accepted(&delivery, at(1))]).await.unwrap();
        assert!(db.store.receipt(&delivery.id, &failed(true), at(2)).await.unwrap());
        let ann = db.store.contact("ann").await.unwrap().unwrap();
        assert_eq!(ann.states, [("sms".into(), "+14155550100".into(), "gone".into(), Some("undelivered: 30003".to_owned()))]);
    }

    async fn whoever_stops_gets_nothing_until_they_start(db: &Database) {
        db.store.import_contacts(&[with_phone("ann"), contact("bob", &["students"])], "ann", at(0)).await.unwrap();
        let state = async || db.store.contact("ann").await.unwrap().unwrap().states[0].2.clone();
        assert!(!db.store.stop_number("+14155550199", at(1)).await.unwrap(), "nobody's");
        for _ in 0..2 {
            assert!(db.store.stop_number("+14155550100", at(1)).await.unwrap());
        }
        assert_eq!(state().await, "unsubscribed");
        let mut told = notice("n1", "announcement", 1);
        told.channels = vec![Channel::Sms, Channel::Email];
        send_out(&db.store, &maintenance("MNT-1"), 0, vec![told], 1).await;
        assert_eq!(ledger(&db.store).await, ["n1 ann suppressed", "n1 bob queued"]);
        assert!(db.store.start_number("+14155550100", at(2)).await.unwrap());
        assert_eq!(state().await, "active");
        // What somebody asked for by a link in a mail stays.
        let ann = db.store.contact("ann").await.unwrap().unwrap().contact;
        db.store.unsubscribe(&ann.endpoints[0].id("ann"), "*", at(3)).await.unwrap();
        assert!(db.store.start_number("+14155550100", at(4)).await.unwrap());
        assert_eq!(state().await, "unsubscribed");
        assert!(!db.store.start_number("+14155550199", at(4)).await.unwrap());
    }
}
