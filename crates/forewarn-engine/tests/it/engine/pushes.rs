//! Messages to browsers on the whole way, against a push service that does as it is told.

use super::house::{House, begin, engine_over, soon};
use crate::database::{Database, Kind};
use forewarn_core::contact::Contact;
use forewarn_core::delivery::DeliveryStatus;
use forewarn_core::document::Documents;
use forewarn_engine::channel::chat::Chats;
use forewarn_engine::channel::push::Pushes;
use forewarn_engine::channel::push::vapid::{Vapid, make};
use forewarn_engine::channel::webhook::Webhooks;
use forewarn_engine::peer::http::{HttpPeer, Reply, Script};
use forewarn_engine::peer::smtp;
use forewarn_engine::{Engine, RealChannels};
use forewarn_store::Clock;
use jiff::SignedDuration;
use serde_json::json;
use std::sync::Arc;

fn browser(id: &str, url: &str) -> Contact {
    let keys = json!({
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "secret": "BTBZMqHH6r4Tts7J_aSIgg",
    });
    let endpoint = json!({"channel": "push", "url": url, "keys": keys});
    serde_json::from_value(json!({"id": id, "audiences": ["staff"], "endpoints": [endpoint]}))
        .unwrap()
}

struct Stage {
    house: House,
    engine: Engine<RealChannels>,
    vapid: Arc<Vapid>,
}

async fn stage(browsers: Vec<Contact>) -> Stage {
    let clock = Clock::manual(begin());
    let script = smtp::Script::default();
    let mut house = House::on(Database::fresh(Kind::Sqlite), clock, browsers, script).await;
    let yaml = "audiences: [{id: staff, name: Staff, level: non_technical, channels: [push], services: [wiki]}]";
    let texts = [("staff.yaml".to_owned(), yaml.to_owned())];
    let known = house.operator.catalogue.clone();
    let documents = Documents::parse_yaml(&texts, &known, "MNT-1").unwrap();
    house
        .store
        .apply(&documents, "ann", begin(), false)
        .await
        .unwrap();
    house.operator.catalogue = documents.over(&known);
    let secret = [7; 32];
    let vapid = Vapid::open(&make(&secret).unwrap(), &secret, "mailto:it@example.edu").unwrap();
    let vapid = Arc::new(vapid);
    let local = vec!["127.0.0.0/8".parse().unwrap()];
    let channels = RealChannels {
        pushes: Some(Pushes::new(vapid.clone(), local, 8)),
        phones: None,
        smtp: None,
        webhooks: Webhooks::new(Vec::new(), 1),
        chats: Chats::new(Vec::new(), 1),
    };
    Stage {
        engine: engine_over(&house.store, &house.clock, channels, "node"),
        house,
        vapid,
    }
}

impl Stage {
    async fn statuses(&self, contact: &str) -> Vec<(DeliveryStatus, usize)> {
        let mut all = self.house.deliveries().await;
        all.retain(|d| d.contact == contact);
        all.iter().map(|d| (d.status, d.attempts.len())).collect()
    }
}

#[tokio::test]
async fn a_browser_hears_of_an_incident_in_time_and_by_the_newest_word() {
    let service = HttpPeer::start(Script::new().always(Reply::status(201)))
        .await
        .unwrap();
    let mut stage = stage(vec![browser("ann", &service.url("/send/ann"))]).await;
    stage.house.declare("INC-1", "wiki").await;
    soon(stage.engine.tick()).await.unwrap();
    stage
        .house
        .clock
        .set(begin() + SignedDuration::from_mins(1));
    stage.house.update("INC-1").await;
    soon(stage.engine.tick()).await.unwrap();
    let sent = service.requests();
    assert_eq!(sent.len(), 2);
    for request in &sent {
        assert_eq!(
            (request.method.as_str(), request.path.as_str()),
            ("POST", "/send/ann")
        );
        assert_eq!(request.header("content-encoding"), Some("aes128gcm"));
        assert_eq!(request.header("urgency"), Some("high"));
        let ttl: i64 = request.header("ttl").unwrap().parse().unwrap();
        assert!((3_600..=28 * 86_400).contains(&ttl), "{ttl}");
        let proof = request.header("authorization").unwrap();
        let ends = format!(",k={}", stage.vapid.public());
        assert!(
            proof.starts_with("vapid t=") && proof.ends_with(&ends),
            "{proof}"
        );
        assert!((100..=4_096).contains(&request.body.len()));
        // The text is nowhere to be read.
        assert!(!String::from_utf8_lossy(&request.body).contains("Wiki"));
    }
    // The newer takes the older's place where that still waits.
    let topics = [0, 1].map(|n| sent[n].header("topic").unwrap());
    assert_eq!(topics[0], topics[1]);
    assert_eq!(
        stage.statuses("ann").await,
        [(DeliveryStatus::Accepted, 1); 2]
    );
}

#[tokio::test]
async fn a_browser_that_is_gone_is_forgotten_and_one_that_is_slow_is_tried_again() {
    let script = Script::new()
        .path("/gone", Reply::status(410))
        .path("/unknown", Reply::status(404))
        .path("/large", Reply::status(413))
        .first(1, Reply::status(429).retry_after("60"));
    let service = HttpPeer::start(script).await.unwrap();
    let busy = HttpPeer::start(Script::new().first(1, Reply::status(503)))
        .await
        .unwrap();
    let browsers =
        ["gone", "unknown", "large"].map(|id| browser(id, &service.url(&format!("/{id}"))));
    let slow = browser("slow", &busy.url("/slow"));
    let mut stage = stage([browsers.to_vec(), vec![slow]].concat()).await;
    stage.house.declare("INC-1", "wiki").await;
    soon(stage.engine.tick()).await.unwrap();
    for (id, known) in [
        ("gone", false),
        ("unknown", false),
        ("large", true),
        ("slow", true),
    ] {
        let found = stage.house.store.contact(id).await.unwrap();
        assert_eq!(found.is_some(), known, "{id}");
    }
    for id in ["gone", "unknown", "large"] {
        assert_eq!(
            stage.statuses(id).await,
            [(DeliveryStatus::Failed, 1)],
            "{id}"
        );
    }
    assert_eq!(stage.statuses("slow").await, [(DeliveryStatus::Queued, 1)]);
    stage
        .house
        .clock
        .set(begin() + SignedDuration::from_mins(1));
    soon(stage.engine.tick()).await.unwrap();
    assert_eq!(
        stage.statuses("slow").await,
        [(DeliveryStatus::Accepted, 2)]
    );
}

#[tokio::test]
async fn a_push_service_that_asks_for_time_has_it_for_all_its_browsers() {
    let script = Script::new().first(1, Reply::status(429).retry_after("60"));
    let service = HttpPeer::start(script).await.unwrap();
    let mut stage = stage(vec![
        browser("ann", &service.url("/ann")),
        browser("bob", &service.url("/bob")),
    ])
    .await;
    stage.house.declare("INC-1", "wiki").await;
    soon(stage.engine.tick()).await.unwrap();
    let told = service.count();
    stage
        .house
        .clock
        .set(begin() + SignedDuration::from_secs(30));
    stage.house.declare("INC-2", "wiki").await;
    soon(stage.engine.tick()).await.unwrap();
    assert_eq!(service.count(), told);
    stage
        .house
        .clock
        .set(begin() + SignedDuration::from_secs(90));
    soon(stage.engine.tick()).await.unwrap();
    assert_eq!(service.count(), told + 3);
}
