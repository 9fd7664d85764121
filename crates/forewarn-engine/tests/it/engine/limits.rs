//! Limits hold for all nodes together: what a product allows, what an operator set, what a receiver asks for.

use super::house::{House, begin, engine_over, hook_contact, mail_contact, soon};
use crate::database::{Database, Kind};
use forewarn_core::contact::Contact;
use forewarn_core::delivery::DeliveryStatus;
use forewarn_core::document::Documents;
use forewarn_engine::channel::chat::Chats;
use forewarn_engine::channel::smtp::{RelayUrl, Smtp};
use forewarn_engine::channel::webhook::Webhooks;
use forewarn_engine::peer::http::{HttpPeer, Reply, Script};
use forewarn_engine::peer::smtp;
use forewarn_engine::{Engine, Limits, RealChannels};
use forewarn_store::Clock;
use jiff::SignedDuration;
use serde_json::json;

async fn house(kind: Kind, contacts: Vec<Contact>) -> House {
    let clock = Clock::manual(begin());
    let script = smtp::Script::default();
    let mut house = House::on(Database::fresh(kind), clock, contacts, script).await;
    let yaml = "audiences: [{id: staff, name: Staff, level: semi_technical, channels: [email, chat, webhook], services: [wiki]}]";
    let texts = [("staff.yaml".to_owned(), yaml.to_owned())];
    let known = house.operator.catalogue.clone();
    let documents = Documents::parse_yaml(&texts, &known, "MNT-1").unwrap();
    let applied = house.store.apply(&documents, "ann", begin(), false);
    applied.await.unwrap();
    house.operator.catalogue = documents.over(&known);
    house
}

/// Two nodes with these limits.
fn nodes(house: &House, limits: &str) -> [Engine<RealChannels>; 2] {
    ["one", "other"].map(|name| {
        let relay = RelayUrl::parse_list(&format!("smtp://{}", house.smtp.addr())).unwrap();
        let local = vec!["127.0.0.0/8".parse().unwrap()];
        let channels = RealChannels {
            pushes: None,
            phones: None,
            smtp: Some(Smtp::new(relay, "example.edu".into()).unwrap()),
            webhooks: Webhooks::new(local.clone(), 8),
            chats: Chats::new(local, 8),
        };
        engine_over(&house.store, &house.clock, channels, name)
            .within(Limits::parse(limits).unwrap())
    })
}

fn later(house: &House, milliseconds: i64) {
    house
        .clock
        .set(begin() + SignedDuration::from_millis(milliseconds));
}

async fn attempts(house: &House) -> Vec<(DeliveryStatus, usize)> {
    let deliveries = house.deliveries().await;
    deliveries
        .iter()
        .map(|d| (d.status, d.attempts.len()))
        .collect()
}

macro_rules! on_both {
    ($(async fn $name:ident($kind:ident) $body:block)*) => { $(
        mod $name {
            use super::*;
            async fn holds($kind: Kind) $body
            #[tokio::test]
            async fn on_sqlite() { holds(Kind::Sqlite).await; }
            #[tokio::test]
            async fn on_postgres() { holds(Kind::Postgres).await; }
        }
    )* };
}

on_both! {
    async fn a_room_gets_one_message_a_second_from_all_nodes(kind) {
        let peer = HttpPeer::start(Script::new()).await.unwrap();
        let room = json!({"channel": "chat", "kind": "slack", "url": peer.url("/ops")});
        let room = serde_json::from_value(json!({"id": "ops", "audiences": ["staff"], "endpoints": [room]})).unwrap();
        let mut house = house(kind, vec![room]).await;
        let [one, other] = nodes(&house, "");
        house.declare("INC-1", "wiki").await;
        soon(one.tick()).await.unwrap();
        house.declare("INC-2", "wiki").await;
        soon(other.tick()).await.unwrap();
        house.declare("INC-3", "wiki").await;
        soon(one.tick()).await.unwrap();
        for (milliseconds, count) in [(999, 1), (1_000, 2), (1_999, 2), (2_000, 3)] {
            later(&house, milliseconds);
            soon(one.tick()).await.unwrap();
            soon(other.tick()).await.unwrap();
            assert_eq!(peer.count(), count, "after {milliseconds} ms");
        }
        assert_eq!(attempts(&house).await, [(DeliveryStatus::Accepted, 1); 3], "waiting is no attempt");
    }

    async fn a_domain_gets_so_many_mails_a_second_from_all_nodes(kind) {
        let people = (0..10).map(|n| mail_contact(&format!("p{n}"), &["staff"]));
        let mut house = house(kind, people.collect()).await;
        let [one, other] = nodes(&house, "@Example.ORG=2/s, email=1000/s");
        house.declare("INC-1", "wiki").await;
        for step in 0..=8 {
            later(&house, step * 500);
            soon(one.tick()).await.unwrap();
            soon(other.tick()).await.unwrap();
            assert_eq!(house.smtp.count(), 2 + step as usize, "after {step} halves of a second");
        }
        assert_eq!(attempts(&house).await, [(DeliveryStatus::Accepted, 1); 10]);
    }

    async fn whoever_asks_for_time_has_it_from_all_nodes(kind) {
        let peer = HttpPeer::start(Script::new().first(1, Reply::status(429).retry_after("30"))).await.unwrap();
        let hook = hook_contact("pager", &["staff"], &peer.url("/hook"));
        let mut house = house(kind, vec![hook]).await;
        let [one, other] = nodes(&house, "");
        house.declare("INC-1", "wiki").await;
        soon(one.tick()).await.unwrap();
        later(&house, 10_000);
        house.declare("INC-2", "wiki").await;
        soon(other.tick()).await.unwrap();
        assert_eq!(peer.count(), 1);
        later(&house, 30_000);
        soon(other.tick()).await.unwrap();
        // The first one waits a little longer, so that not all come back at once.
        later(&house, 40_000);
        soon(one.tick()).await.unwrap();
        assert_eq!(peer.count(), 3);
        let mut found = attempts(&house).await;
        found.sort_by_key(|(_, attempts)| *attempts);
        assert_eq!(found, [(DeliveryStatus::Accepted, 1), (DeliveryStatus::Accepted, 2)]);
    }
}
