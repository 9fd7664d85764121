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
use forewarn_engine::peer::smtp::{self, Act, Fault, Stage};
use forewarn_engine::{Engine, Limits, RealChannels};
use forewarn_store::Clock;
use jiff::SignedDuration;
use serde_json::json;
use tokio::task::JoinHandle;

async fn house(kind: Kind, contacts: Vec<Contact>) -> House {
    house_of(kind, contacts, smtp::Script::default()).await
}

async fn house_of(kind: Kind, contacts: Vec<Contact>, script: smtp::Script) -> House {
    let clock = Clock::manual(begin());
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
    nodes_within(house, Limits::parse(limits).unwrap())
}

fn nodes_within(house: &House, limits: Limits) -> [Engine<RealChannels>; 2] {
    ["one", "other"].map(|name| node(house, &limits, name))
}

fn node(house: &House, limits: &Limits, name: &str) -> Engine<RealChannels> {
    let relay = RelayUrl::parse_list(&format!("smtp://{}", house.smtp.addr())).unwrap();
    let local = vec!["127.0.0.0/8".parse().unwrap()];
    let smtp = Smtp::new(relay, "example.edu".into()).unwrap();
    let channels = RealChannels {
        pushes: None,
        phones: None,
        smtp: Some(match limits.counts_mail_connections() {
            true => smtp.closing(),
            false => smtp,
        }),
        webhooks: Webhooks::new(local.clone(), 8),
        chats: Chats::new(local, 8),
    };
    engine_over(&house.store, &house.clock, channels, name).within(limits.clone())
}

/// How many mails arrive in each second: two at first, a tenth more for each that was taken, half of it at the refusal.
const SLOW_START: [usize; 24] = [
    2, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 6, 3, 4, 4, 5, 5, 6, 6,
];

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

fn at_once(limits: &str) -> Limits {
    Limits::default().with_concurrency(limits).unwrap()
}

/// A node in the middle of its flight, until it is killed.
fn at_work(engine: Engine<RealChannels>) -> JoinHandle<()> {
    tokio::spawn(async move {
        engine.tick().await.unwrap();
    })
}

/// Lets a node work until all have come to their end, a minute at a time.
async fn let_land(house: &House, node: &Engine<RealChannels>) {
    for _ in 0..60 {
        let all = house.deliveries().await;
        if all.iter().all(|d| d.status.is_final()) {
            return;
        }
        house.clock.advance(SignedDuration::from_secs(15));
        soon(node.recover()).await.unwrap();
        soon(node.tick()).await.unwrap();
    }
    panic!("they do not land");
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

    async fn mail_starts_slowly_and_falls_by_half_at_a_refusal(kind) {
        let people = (0..150).map(|n| mail_contact(&format!("p{n:03}"), &["staff"]));
        // The 61st mail that is offered is refused for the time being.
        let full = Fault::reply(Stage::Rcpt, "452 4.3.1 try again").after(60).times(1);
        let script = smtp::Script::default().fault(full);
        let mut house = house_of(kind, people.collect(), script).await;
        let [one, other] = nodes_within(&house, Limits::default().with_slow_start("@example.org").unwrap());
        house.declare("INC-1", "wiki").await;
        let mut taken = Vec::new();
        for second in 0..24 {
            later(&house, second * 1_000);
            let before = house.smtp.count();
            soon(one.tick()).await.unwrap();
            soon(other.tick()).await.unwrap();
            taken.push(house.smtp.count() - before);
        }
        assert_eq!(taken, SLOW_START);
        assert_eq!(attempts(&house).await.iter().filter(|(status, _)| *status == DeliveryStatus::Accepted).count(), taken.iter().sum::<usize>());
    }
}

mod on_postgres {
    use super::*;

    #[tokio::test]
    async fn requests_at_once_hold_over_nodes_and_over_the_death_of_one() {
        let script = Script::new().always(Reply::status(200).held());
        let peer = HttpPeer::start(script).await.unwrap();
        let hooks =
            (0..8).map(|n| hook_contact(&format!("h{n}"), &["staff"], &peer.url(&format!("/{n}"))));
        let mut house = house(Kind::Postgres, hooks.collect()).await;
        let [one, other] = nodes_within(&house, at_once("webhook=2"));
        house.declare("INC-1", "wiki").await;
        let killed = at_work(one);
        soon(peer.wait_for(2)).await;
        soon(other.tick()).await.unwrap();
        assert_eq!(peer.count(), 2, "all gates are held by the other node");
        killed.abort();
        assert!(killed.await.unwrap_err().is_cancelled());
        while peer.under_way() > 0 {
            tokio::task::yield_now().await;
        }
        // Nobody knows yet that it is dead.
        later(&house, 25_000);
        soon(other.recover()).await.unwrap();
        soon(other.tick()).await.unwrap();
        assert_eq!(peer.count(), 2);
        peer.release();
        let_land(&house, &other).await;
        assert_eq!(peer.most_under_way(), 2);
        assert!(
            attempts(&house)
                .await
                .iter()
                .all(|(status, _)| *status == DeliveryStatus::Accepted)
        );
    }

    #[tokio::test]
    async fn connections_to_the_relay_hold_over_nodes_and_over_the_death_of_one() {
        let people = (0..6).map(|n| mail_contact(&format!("p{n}"), &["staff"]));
        let hangs = Fault::new(Stage::Mail, Act::Hang).times(1);
        let mut house = house_of(
            Kind::Postgres,
            people.collect(),
            smtp::Script::default().fault(hangs),
        )
        .await;
        let [one, other] = nodes_within(&house, at_once("email=1, @example.org=1"));
        house.declare("INC-1", "wiki").await;
        let killed = at_work(one);
        while house.smtp.connections() < 1 {
            tokio::task::yield_now().await;
        }
        house.declare("INC-2", "wiki").await;
        soon(other.tick()).await.unwrap();
        assert_eq!(
            house.smtp.connections(),
            1,
            "the gate is held by the other node"
        );
        killed.abort();
        assert!(killed.await.unwrap_err().is_cancelled());
        soon(house.smtp.wait_for_all_closed()).await;
        soon(other.tick()).await.unwrap();
        assert_eq!(house.smtp.connections(), 1);
        let third = node(&house, &at_once("email=1, @example.org=1"), "third");
        later(&house, 31_000);
        soon(other.recover()).await.unwrap();
        let (there, here) = soon(async { tokio::join!(other.tick(), third.tick()) }).await;
        there.and(here).unwrap();
        let_land(&house, &other).await;
        assert_eq!(house.smtp.most_open(), 1);
        assert!(
            attempts(&house)
                .await
                .iter()
                .all(|(status, _)| *status == DeliveryStatus::Accepted)
        );
    }
}
