//! Browsers that show notices: subscribed without a link, forgotten when their push service says so.

use crate::database::Database;
use crate::samples::*;
use forewarn_core::contact::{Channel, Contact};
use forewarn_core::delivery::DeliveryStatus;
use forewarn_core::plan::Notice;
use forewarn_store::{DeliveryFilter, Lane};
use serde_json::json;

const OPEN: &str = "
services: [{id: portal, name: Portal}]
audiences:
  - {id: students, name: Everybody, level: non_technical, channels: [push], services: ['*'], self_service: yes}";

fn browser(id: &str, services: &[&str]) -> Contact {
    let keys = json!({
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "secret": "BTBZMqHH6r4Tts7J_aSIgg",
    });
    serde_json::from_value(json!({
        "id": id, "tags": ["self-service"], "services": services,
        "endpoints": [{"channel": "push", "url": format!("https://push.example.net/{id}"), "keys": keys}]
    }))
    .unwrap()
}

on_both_databases! {
    async fn a_browser_is_told_until_its_push_service_says_that_it_is_gone(db: &Database) {
        db.store.apply(&documents(OPEN), "op", at(0), false).await.unwrap();
        for id in ["one", "two"] {
            db.store.subscribe_device(&browser(id, &[]), at(0)).await.unwrap();
        }
        // Asked again it is the same, with other choices.
        db.store.subscribe_device(&browser("one", &["portal"]), at(1)).await.unwrap();
        let found = db.store.contact("one").await.unwrap().unwrap();
        assert_eq!(found.contact, browser("one", &["portal"]));
        let by_push = Notice { channels: vec![Channel::Push], ..notice("n1", "announcement", 1) };
        send_out(&db.store, &maintenance("MNT-1"), 0, vec![by_push], 1).await;
        let claimed = db.store.claim(Lane::Planned, "me", at(1), 10).await.unwrap();
        assert_eq!(claimed.len(), 2);
        let outcomes: Vec<_> = claimed
            .iter()
            .map(|c| match c.contact.as_str() {
                "one" => gone(c, at(1)),
                _ => accepted(c, at(1)),
            })
            .collect();
        db.store.record("me", &outcomes).await.unwrap();
        assert!(db.store.contact("one").await.unwrap().is_none());
        assert!(db.store.contact("two").await.unwrap().is_some());
        assert_eq!(db.texts("SELECT contact FROM endpoints ORDER BY contact").await, ["two"]);
        // What was sent to it stays on record.
        let mut sent = db.store.deliveries(&DeliveryFilter::default(), 10).await.unwrap();
        sent.sort_by(|a, b| a.contact.cmp(&b.contact));
        let sent: Vec<_> = sent.iter().map(|d| (d.contact.as_str(), d.status)).collect();
        assert_eq!(sent, [("one", DeliveryStatus::Failed), ("two", DeliveryStatus::Accepted)]);
        // It may come back.
        db.store.subscribe_device(&browser("one", &[]), at(2)).await.unwrap();
        assert!(db.store.contact("one").await.unwrap().is_some());
    }

    async fn a_mailbox_that_is_gone_stays_a_contact(db: &Database) {
        db.store.import_contacts(&contacts(0..1, "students"), "ann", at(0)).await.unwrap();
        send_out(&db.store, &maintenance("MNT-1"), 0, vec![notice("n1", "announcement", 1)], 1).await;
        let claimed = db.store.claim(Lane::Planned, "me", at(1), 10).await.unwrap();
        db.store.record("me", &[gone(&claimed[0], at(1))]).await.unwrap();
        assert!(db.store.contact(&claimed[0].contact).await.unwrap().is_some());
    }
}
