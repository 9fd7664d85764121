//! Calendars of on-call tools: read, kept while they fail, and never by two at once.

use super::house::{House, begin, engine_over};
use crate::database::{Database, Kind};
use forewarn_core::document::Documents;
use forewarn_core::service::Affected;
use forewarn_engine::channel::chat::Chats;
use forewarn_engine::channel::guard::Guard;
use forewarn_engine::channel::http::{HttpClient, Wire};
use forewarn_engine::channel::webhook::Webhooks;
use forewarn_engine::peer::http::{HttpPeer, Reply, Script};
use forewarn_engine::peer::smtp;
use forewarn_engine::{Engine, RealChannels};
use forewarn_store::Clock;
use jiff::SignedDuration;

/// On Saturday 21 November 2026, 18:00 to 20:00 UTC.
const CALENDAR: &str = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:On call: Kim Lee\r\nDTSTART:20261121T180000Z\r\n\
    DTEND:20261121T200000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

async fn house(kind: Kind, peer: &HttpPeer) -> House {
    let clock = Clock::manual(begin());
    let house = House::on(
        Database::fresh(kind),
        clock,
        Vec::new(),
        smtp::Script::default(),
    )
    .await;
    apply(&house, peer, "Kim Lee").await;
    house
}

async fn apply(house: &House, peer: &HttpPeer, name: &str) {
    let rota = format!(
        "rotas: [{{id: tool, services: [wiki], feed: '{}', people: {{{name}: kim@example.edu}},
           weekly: [{{from: '00:00', to: '00:00', who: week@example.edu}}]}}]",
        peer.url("/calendar.ics")
    );
    let known = house.store.catalogue().await.unwrap();
    let documents = Documents::parse_yaml(&[(String::new(), rota)], &known, "MNT-X").unwrap();
    let now = house.clock.now();
    house
        .store
        .apply(&documents, "ann", now, false)
        .await
        .unwrap();
}

fn node(house: &House, name: &str) -> Engine<RealChannels> {
    let local = vec!["127.0.0.0/8".parse().unwrap()];
    let channels = RealChannels {
        pushes: None,
        phones: None,
        smtp: None,
        webhooks: Webhooks::new(local.clone(), 1),
        chats: Chats::new(local.clone(), 1),
    };
    engine_over(&house.store, &house.clock, channels, name)
        .reading_feeds(HttpClient::new(Guard::new(local), Wire::default()))
}

/// Who speaks for an incident of the wiki at a time of this day.
async fn duty(house: &House, time: &str) -> String {
    let catalogue = house.store.catalogue().await.unwrap();
    let wiki = forewarn_core::id::Id::parse("wiki").unwrap();
    let affected = [Affected {
        service: wiki.clone(),
        path: vec![wiki],
    }];
    let (zone, at) = (&catalogue.organisation.time_zone, time.parse().unwrap());
    let found = forewarn_core::rota::on_duty(&catalogue.rotas, &affected, zone, at, |_| false);
    found.map(ToString::to_string).unwrap_or_default()
}

async fn journal(house: &House) -> Vec<String> {
    let entries = house.store.journal(Some("tool"), None, 10).await.unwrap();
    let mut feed: Vec<String> = entries.into_iter().map(|e| e.action).collect();
    feed.retain(|action| action.starts_with("rota."));
    feed.reverse();
    feed
}

const NOON: &str = "2026-11-21T19:00:00Z";
const LATER: &str = "2026-11-21T21:00:00Z";

async fn it_is_read_once_by_whichever_node_and_kept_while_it_fails(kind: Kind) {
    let script = Script::new()
        .always(Reply::status(503).body("away"))
        .first(2, Reply::status(200).body(CALENDAR));
    let peer = HttpPeer::start(script).await.unwrap();
    let house = house(kind, &peer).await;
    let (one, other) = (node(&house, "one"), node(&house, "other"));
    assert_eq!(duty(&house, NOON).await, "week@example.edu", "not read yet");
    let (first, second) = tokio::join!(one.read_feeds(), other.read_feeds());
    first.unwrap();
    second.unwrap();
    assert_eq!(peer.count(), 1, "two nodes read it once");
    assert_eq!(duty(&house, NOON).await, "kim@example.edu");
    assert_eq!(duty(&house, LATER).await, "week@example.edu");

    // Too early, then time, then the tool is away for two looks.
    one.read_feeds().await.unwrap();
    assert_eq!(peer.count(), 1);
    for reads in 2..=4 {
        house.clock.advance(SignedDuration::from_mins(11));
        other.read_feeds().await.unwrap();
        assert_eq!(peer.count(), reads);
    }
    assert_eq!(
        duty(&house, NOON).await,
        "kim@example.edu",
        "what was read counts"
    );
    let feeds = house.store.feeds().await.unwrap();
    let problem = feeds[0].problem.clone().unwrap();
    assert!(problem.contains("503"), "{problem}");
    assert_eq!((feeds.len(), feeds[0].shifts), (1, 1));
    assert_eq!(
        journal(&house).await,
        ["rota.feed_read", "rota.feed_failed"]
    );
    assert_eq!(house.store.verify_journal().await.unwrap().broken, None);
}

async fn half_a_calendar_is_none_and_a_new_address_begins_anew(kind: Kind) {
    let script = Script::new().always(Reply::status(200).body(CALENDAR));
    let peer = HttpPeer::start(script).await.unwrap();
    let house = house(kind, &peer).await;
    apply(&house, &peer, "Somebody else").await;
    let one = node(&house, "one");
    one.read_feeds().await.unwrap();
    assert_eq!(duty(&house, NOON).await, "week@example.edu");
    let problem = house
        .store
        .feeds()
        .await
        .unwrap()
        .remove(0)
        .problem
        .unwrap();
    assert!(problem.contains("Kim Lee"), "{problem}");

    apply(&house, &peer, "Kim Lee").await;
    house.clock.advance(SignedDuration::from_mins(11));
    one.read_feeds().await.unwrap();
    assert_eq!(duty(&house, NOON).await, "kim@example.edu");

    let other = HttpPeer::start(Script::new().always(Reply::status(404)))
        .await
        .unwrap();
    apply(&house, &other, "Kim Lee").await;
    one.read_feeds().await.unwrap();
    assert_eq!(other.count(), 1, "at once");
    assert_eq!(
        duty(&house, NOON).await,
        "week@example.edu",
        "another tool's shifts"
    );
}

macro_rules! on_both {
    ($($name:ident)*) => { $(
        mod $name {
            use super::*;
            #[tokio::test]
            async fn on_sqlite() { super::$name(Kind::Sqlite).await; }
            #[tokio::test]
            async fn on_postgres() { super::$name(Kind::Postgres).await; }
        }
    )* };
}

on_both! {
    it_is_read_once_by_whichever_node_and_kept_while_it_fails
    half_a_calendar_is_none_and_a_new_address_begins_anew
}
