//! A node that stood still in the middle of a flight, and was taken for dead meanwhile.

use super::house::{House, begin, engine_over, mail_contact, soon};
use crate::database::{Database, Kind};
use forewarn_core::delivery::{DeliveryStatus, Outcome};
use forewarn_engine::channel::chat::Chats;
use forewarn_engine::channel::smtp::{RelayUrl, Smtp};
use forewarn_engine::channel::webhook::Webhooks;
use forewarn_engine::peer::smtp::Script;
use forewarn_engine::{Channels, Leave, Parcel, RealChannels};
use forewarn_store::Clock;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use tokio::sync::Notify;

/// Stands still before it sends, until it is woken.
struct Sleepy {
    channels: RealChannels,
    asleep: Arc<Notify>,
    woken: Arc<Notify>,
}

impl Channels for Sleepy {
    async fn send(&self, parcels: Vec<Parcel>, now: Timestamp, leave: &Leave) -> Vec<Outcome> {
        self.asleep.notify_one();
        self.woken.notified().await;
        self.channels.send(parcels, now, leave).await
    }
}

fn channels(house: &House) -> RealChannels {
    let relay = RelayUrl::parse_list(&format!("smtp://{}", house.smtp.addr())).unwrap();
    RealChannels {
        pushes: None,
        phones: None,
        smtp: Some(Smtp::new(relay, "example.edu".into()).unwrap()),
        webhooks: Webhooks::new(Vec::new(), 1),
        chats: Chats::new(Vec::new(), 1),
    }
}

/// Three people read of an incident; whether it is updated while the node stands still.
async fn stands_still(updated: bool) {
    let contacts = ["ann", "bob", "cy"].map(|id| mail_contact(id, &["staff"]));
    let clock = Clock::manual(begin());
    let database = Database::fresh(Kind::Postgres);
    let mut house = House::on(
        database,
        clock.clone(),
        contacts.to_vec(),
        Script::default(),
    )
    .await;
    let (asleep, woken) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let sleepy = Sleepy {
        channels: channels(&house),
        asleep: asleep.clone(),
        woken: woken.clone(),
    };
    let sleeper = engine_over(&house.store, &clock, sleepy, "sleeper");
    house.declare("INC-1", "wiki").await;
    sleeper.recover().await.unwrap();
    let working = tokio::spawn(async move { sleeper.tick().await });
    soon(asleep.notified()).await;
    clock.advance(SignedDuration::from_secs(40));
    assert_eq!(house.engine.recover().await.unwrap(), 3);
    if updated {
        house.update("INC-1").await;
    }
    house.engine.tick().await.unwrap();
    assert_eq!(house.smtp.count(), 3);
    woken.notify_one();
    // What is next in its flights, it may send.
    woken.notify_one();
    soon(working).await.unwrap().unwrap();
    house.let_land().await;
    assert_eq!(house.smtp.count(), 3, "the sleeper went on");
    let mut ends: Vec<_> = house
        .deliveries()
        .await
        .into_iter()
        .map(|d| {
            let outcomes: Vec<_> = d.attempts.iter().map(|a| a.outcome.clone()).collect();
            (d.status, outcomes.join(" "), d.reason)
        })
        .collect();
    ends.sort();
    let newer = Some("a newer message about the same event".to_owned());
    let expected = match updated {
        false => vec![
            (
                DeliveryStatus::Accepted,
                "unknown accepted".to_owned(),
                None
            );
            3
        ],
        true => [
            vec![(DeliveryStatus::Accepted, "accepted".to_owned(), None); 3],
            vec![(DeliveryStatus::Superseded, "unknown".to_owned(), newer); 3],
        ]
        .concat(),
    };
    assert_eq!(ends, expected);
    house
        .is_sound(&["superseded", "planned", "cancelled"])
        .await;
}

#[tokio::test]
async fn who_was_taken_for_dead_does_not_send_what_others_have_sent() {
    stands_still(false).await;
}

#[tokio::test]
async fn who_was_taken_for_dead_does_not_send_what_is_out_of_date() {
    stands_still(true).await;
}
