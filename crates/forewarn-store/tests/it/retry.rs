//! Sending once more what was given up: to those who can be reached, as long as it means something, and nothing old after the new.

use crate::database::Database;
use crate::samples::*;
use forewarn_core::delivery::DeliveryStatus;
use forewarn_store::{Lane, Recorded, Retried, StoreError};

/// A notice to Ann, Bo and Cid: it failed with Ann and Bo, whose mailbox is gone, and arrived at Cid.
async fn given_up(db: &Database) {
    let list = ["ann", "bo", "cid"].map(|who| contact(who, &["students"]));
    db.store.import_contacts(&list, "ann", at(0)).await.unwrap();
    send_out(
        &db.store,
        &incident("INC-1"),
        0,
        vec![notice("n1", "holding", 1)],
        1,
    )
    .await;
    let claimed = db.store.claim(Lane::Urgent, "me", at(1), 9).await.unwrap();
    let outcomes: Vec<Recorded> = claimed
        .iter()
        .map(|d| match d.endpoint.address() {
            "ann@example.org" => Recorded {
                status: DeliveryStatus::Failed,
                outcome: "permanent_failure",
                ..accepted(d, at(1))
            },
            "bo@example.org" => gone(d, at(1)),
            _ => accepted(d, at(1)),
        })
        .collect();
    db.store.record("me", &outcomes).await.unwrap();
    db.store.settle(at(2)).await.unwrap();
}

on_both_databases! {
    async fn who_did_not_get_it_gets_it_under_the_same_id(db: &Database) {
        given_up(&db).await;
        let done = db.store.retry("n1", None, "ann", at(3)).await.unwrap();
        assert_eq!(done, Some(Retried { retried: 1, unreachable: 1, superseded: 0 }));
        assert_eq!(ledger(&db.store).await, ["n1 ann queued", "n1 bo failed", "n1 cid accepted"]);
        assert_eq!(db.store.notice("n1").await.unwrap().unwrap().status, "sending");
        let again = db.store.claim(Lane::Urgent, "me", at(3), 9).await.unwrap();
        assert_eq!((again.len(), again[0].attempt), (1, 2));
        db.store.record("me", &[accepted(&again[0], at(3))]).await.unwrap();
        db.store.settle(at(4)).await.unwrap();
        assert_eq!(db.store.notice("n1").await.unwrap().unwrap().status, "sent");
        let nothing = db.store.retry("n1", Some(&again[0].id), "ann", at(5)).await;
        assert!(matches!(nothing, Err(StoreError::Conflict(_))), "{nothing:?}");
        assert_eq!(db.store.retry("n9", None, "ann", at(5)).await.unwrap(), None);
    }

    async fn what_a_newer_message_overtook_is_not_sent(db: &Database) {
        given_up(&db).await;
        send_out(&db.store, &incident("INC-1"), 1, vec![notice("n2", "update", 5)], 5).await;
        let done = db.store.retry("n1", None, "ann", at(6)).await.unwrap();
        assert_eq!(done, Some(Retried { retried: 0, unreachable: 1, superseded: 1 }));
        let claimed = db.store.claim(Lane::Urgent, "me", at(6), 9).await.unwrap();
        assert!(claimed.iter().all(|d| d.notice == "n2"));
    }

    async fn what_means_nothing_any_more_is_not_sent(db: &Database) {
        given_up(&db).await;
        let late = at(60 * 24 * 30);
        let refused = db.store.retry("n1", None, "ann", late).await;
        assert!(matches!(&refused, Err(StoreError::Conflict(problem)) if problem.contains("lost its meaning")), "{refused:?}");
        assert_eq!(ledger(&db.store).await, ["n1 ann failed", "n1 bo failed", "n1 cid accepted"]);
    }
}
