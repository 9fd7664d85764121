//! Text messages and calls on the whole way, and what a crash leaves open.

use super::house::{House, engine_over, mail_contact, soon};
use forewarn_core::audience::ChannelChoice;
use forewarn_core::contact::{Channel, Contact};
use forewarn_core::delivery::{DeliveryStatus, Outcome};
use forewarn_core::document::Documents;
use forewarn_core::incident::Severity;
use forewarn_engine::channel::chat::Chats;
use forewarn_engine::channel::phone::{Account, Phones};
use forewarn_engine::channel::webhook::Webhooks;
use forewarn_engine::peer::phone::{ACCOUNT, PhonePeer};
use forewarn_engine::peer::smtp;
use forewarn_engine::{Channels, Leave, Parcel, RealChannels};
use forewarn_store::NoticeFilter;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::sync::Arc;
use tokio::sync::Notify;

fn on_call(id: &str, sms: &str, voice: &str) -> Contact {
    serde_json::from_value(json!({"id": id, "audiences": ["staff"], "endpoints": [
        {"channel": "sms", "number": sms}, {"channel": "voice", "number": voice}]}))
    .unwrap()
}

pub(super) fn channels(peer: &PhonePeer) -> RealChannels {
    let account = Account {
        url: peer.url(),
        sid: ACCOUNT.0.into(),
        token: ACCOUNT.1.into(),
        from: vec!["+14155550199".into()],
    };
    RealChannels {
        pushes: None,
        smtp: None,
        webhooks: Webhooks::new(Vec::new(), 1),
        chats: Chats::new(Vec::new(), 1),
        phones: Some(Phones::new(account)),
    }
}

/// The program dies between the provider's answer and our record of it.
struct Dying {
    channels: RealChannels,
    dead: Arc<Notify>,
}

impl Channels for Dying {
    async fn send(&self, parcels: Vec<Parcel>, now: Timestamp, leave: &Leave) -> Vec<Outcome> {
        self.channels.send(parcels, now, leave).await;
        self.dead.notify_one();
        std::future::pending().await
    }
}

/// Ann has a telephone for messages and one for calls; an incident is declared.
async fn house() -> (House, PhonePeer) {
    let contacts = vec![on_call("ann", "+14155550100", "+14155550101")];
    let mut house = House::new(contacts, smtp::Script::default()).await;
    let staff = house.operator.catalogue.audiences.iter_mut();
    for audience in staff.filter(|a| a.id.as_str() == "staff") {
        audience.channels = [Channel::Sms, Channel::Voice]
            .map(|channel| ChannelChoice {
                channel,
                after: None,
            })
            .to_vec();
    }
    house.operator.move_in(&house.store).await;
    let clock = house.clock.clone();
    let peer = PhonePeer::start(move || clock.now(), |_| None)
        .await
        .unwrap();
    house.declare("INC-1", "wiki").await;
    (house, peer)
}

/// What every telephone was told.
fn told(peer: &PhonePeer) -> Vec<String> {
    let taken = peer.taken();
    let mut told: Vec<String> = taken
        .iter()
        .map(|t| format!("{} {}", t.to, t.body))
        .collect();
    told.sort();
    told
}

#[tokio::test]
async fn an_incident_reaches_telephones_by_message_and_by_call() {
    let (mut house, peer) = house().await;
    house.engine = Arc::new(engine_over(
        &house.store,
        &house.clock,
        channels(&peer),
        "first",
    ));
    soon(house.engine.tick()).await.unwrap();
    let told = told(&peer);
    assert_eq!(told.len(), 2);
    assert_eq!(
        told[0],
        "+14155550100 Example University, Wiki: You cannot sign in. We are working on it. Next update by 10:00 PST (UTC-08:00). \
         https://status.example.edu/events/INC-1"
    );
    let (number, document) = told[1].split_once(' ').unwrap();
    assert_eq!(number, "+14155550101");
    assert_eq!(
        document.matches("You cannot sign in.").count(),
        2,
        "{document}"
    );
    assert!(
        document.contains("action=\"https://status.example.edu/hooks/twilio/confirm/"),
        "{document}"
    );
    for taken in peer.taken() {
        let url = taken.receipts_url;
        assert!(
            url.starts_with("https://status.example.edu/hooks/twilio/receipts/"),
            "{url}"
        );
    }
    let found = house.deliveries().await;
    assert!(
        found
            .iter()
            .all(|d| d.contact != "ann" || d.status == DeliveryStatus::Accepted),
        "{found:?}"
    );
}

#[tokio::test]
async fn after_a_crash_the_provider_is_asked_and_nobody_is_told_twice() {
    let (mut house, peer) = house().await;
    let dead = Arc::new(Notify::new());
    let dying = Dying {
        channels: channels(&peer),
        dead: dead.clone(),
    };
    let engine = engine_over(&house.store, &house.clock, dying, "first");
    soon(async {
        tokio::select! {
            _ = engine.tick() => panic!("it dies"),
            () = dead.notified() => {}
        }
    })
    .await;
    let before = told(&peer);
    assert_eq!(before.len(), 2);
    drop(engine);
    house.engine = Arc::new(engine_over(
        &house.store,
        &house.clock,
        channels(&peer),
        "second",
    ));
    assert_eq!(house.engine.recover().await.unwrap(), 2);
    soon(house.engine.tick()).await.unwrap();
    assert_eq!(told(&peer), before, "both were asked for and found");
    for delivery in house
        .deliveries()
        .await
        .iter()
        .filter(|d| d.contact == "ann")
    {
        let outcomes: Vec<&str> = delivery
            .attempts
            .iter()
            .map(|a| a.outcome.as_str())
            .collect();
        assert_eq!(outcomes, ["unknown", "accepted"]);
        let said = &delivery.attempts[1].server_said;
        assert!(said.starts_with("the provider has it already: "), "{said}");
    }
}

#[tokio::test]
async fn whoever_must_keep_a_promise_is_warned_on_their_telephones_first() {
    let sam = serde_json::from_value(json!({"id": "sam", "name": "Sam", "endpoints": [
        {"channel": "email", "address": "sam@example.edu"},
        {"channel": "sms", "number": "+14155550110"}, {"channel": "voice", "number": "+14155550111"}]}))
    .unwrap();
    let mut house = House::new(vec![sam], smtp::Script::default()).await;
    let clock = house.clock.clone();
    let peer = PhonePeer::start(move || clock.now(), |_| None)
        .await
        .unwrap();
    house.engine = Arc::new(engine_over(
        &house.store,
        &house.clock,
        channels(&peer),
        "first",
    ));
    house.declare("INC-1", "database").await;
    soon(house.engine.tick()).await.unwrap();
    assert_eq!(told(&peer), Vec::<String>::new(), "nothing is due yet");
    house.let_one_more_pass().await;
    let told = told(&peer);
    let numbers: Vec<&str> = told.iter().map(|t| t.split(' ').next().unwrap()).collect();
    assert_eq!(numbers, ["+14155550110", "+14155550111"]);
    assert!(told[0].contains("10:00 PST"), "{}", told[0]);
    assert!(told[1].contains("Press 1 to confirm"), "{}", told[1]);
    let found = house.deliveries().await;
    let first = found
        .iter()
        .find(|d| d.contact == "sam" && d.channel == Channel::Voice)
        .unwrap();
    let mail = found
        .iter()
        .find(|d| d.notice == first.notice && d.channel == Channel::Email)
        .unwrap();
    assert!(
        first.attempts[0].at <= mail.next_at.unwrap_or(mail.attempts[0].at),
        "{first:?} {mail:?}"
    );
}

#[tokio::test]
async fn the_backups_are_called_when_a_promise_is_broken_and_not_the_whole_team() {
    let reached = |id: &str, number: &str| {
        let mailbox = format!("{id}@example.edu");
        serde_json::from_value(json!({"id": id, "endpoints": [
            {"channel": "email", "address": mailbox}, {"channel": "sms", "number": number}]}))
        .unwrap()
    };
    let contacts = vec![
        reached("dba", "+14155550130"),
        reached("sam", "+14155550131"),
        reached("kim", "+14155550132"),
    ];
    let mut house = House::new(contacts, smtp::Script::default()).await;
    let clock = house.clock.clone();
    let peer = PhonePeer::start(move || clock.now(), |_| None)
        .await
        .unwrap();
    house.engine = Arc::new(engine_over(
        &house.store,
        &house.clock,
        channels(&peer),
        "first",
    ));
    // Nothing is said by itself of an incident as light as this.
    house.declare_as("INC-1", "database", Severity::P3).await;
    let rang = |peer: &PhonePeer| {
        let numbers = ["+14155550130", "+14155550131", "+14155550132"];
        numbers.map(|number| peer.taken().iter().filter(|t| t.to == number).count())
    };
    let zero: Timestamp = "2026-11-22T18:00:00Z".parse().unwrap();
    while house.next_due().await <= zero {
        house.let_one_more_pass().await;
    }
    assert_eq!(rang(&peer), [0, 2, 1], "warned 15 and 5 minutes before");
    while house.next_due().await <= zero + SignedDuration::from_secs(1) {
        house.let_one_more_pass().await;
    }
    assert_eq!(rang(&peer), [0, 2, 2], "broken");
    let taken = peer.taken();
    let asked = |text: &str| text.contains("https://status.example.edu/confirm/");
    assert!(taken.iter().all(|t| asked(&t.body)), "{taken:?}");
    let last = taken.last().expect("kim was told");
    assert!(last.body.contains("10:00 PST"), "{}", last.body);
    let mailed = house.deliveries().await;
    let by_mail = |who: &str| {
        let mailbox = format!("{who}@example.edu");
        mailed.iter().any(|d| d.endpoint == mailbox)
    };
    assert!(by_mail("dba") && by_mail("lee"), "the team has a mail");
}

#[tokio::test]
async fn whoever_is_asked_to_confirm_has_a_link_of_their_own() {
    let contacts = vec![
        on_call("ann", "+14155550100", "+14155550101"),
        on_call("bob", "+14155550102", "+14155550103"),
        mail_contact("cy", &["staff"]),
        mail_contact("dee", &["staff"]),
    ];
    let mut house = House::new(contacts, smtp::Script::default()).await;
    let yaml = "audiences: [{id: staff, name: Staff, level: semi_technical, channels: [email, sms], services: [wiki], acknowledge: required}]";
    let texts = [("staff.yaml".to_owned(), yaml.to_owned())];
    let known = house.operator.catalogue.clone();
    let documents = Documents::parse_yaml(&texts, &known, "MNT-1").unwrap();
    house
        .store
        .apply(&documents, "ann", house.clock.now(), false)
        .await
        .unwrap();
    house.operator.catalogue = documents.over(&known);
    let clock = house.clock.clone();
    let peer = PhonePeer::start(move || clock.now(), |_| None)
        .await
        .unwrap();
    let relay = forewarn_engine::channel::smtp::RelayUrl::parse_list(&format!(
        "smtp://{}",
        house.smtp.addr()
    ))
    .unwrap();
    let both = RealChannels {
        smtp: Some(forewarn_engine::channel::smtp::Smtp::new(relay, "example.edu".into()).unwrap()),
        ..channels(&peer)
    };
    house.engine = Arc::new(engine_over(&house.store, &house.clock, both, "first"));
    house.declare("INC-1", "wiki").await;
    soon(house.engine.tick()).await.unwrap();
    let mut links: Vec<String> = told(&peer);
    for name in ["cy", "dee"] {
        let mail = house.mails_to(&format!("{name}@example.org")).remove(0);
        links.push(String::from_utf8_lossy(&mail.data).replace("=\r\n", ""));
    }
    let link = |text: &String| {
        let (_, link) = text
            .split_once("https://status.example.edu/confirm/")
            .expect("a link");
        link.split(|c: char| c.is_whitespace())
            .next()
            .unwrap()
            .to_owned()
    };
    let mut found: Vec<String> = links.iter().map(link).collect();
    let deliveries = house.deliveries().await;
    let key = super::house::KEY.with(Clone::clone);
    for token in &found {
        let (notice, endpoint) = key.read_acknowledgement_token(token).expect("one of ours");
        assert!(
            deliveries
                .iter()
                .any(|d| d.notice == notice && d.id.ends_with(&endpoint))
        );
    }
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 4, "each their own");
}

#[tokio::test]
async fn whoever_runs_work_is_called_when_its_promised_end_passes_until_they_say_something() {
    let web = serde_json::from_value(json!({"id": "web", "endpoints": [
        {"channel": "email", "address": "web@example.edu"}, {"channel": "sms", "number": "+14155550120"}]}))
    .unwrap();
    let mut house = House::new(vec![web], smtp::Script::default()).await;
    let clock = house.clock.clone();
    let peer = PhonePeer::start(move || clock.now(), |_| None)
        .await
        .unwrap();
    house.engine = Arc::new(engine_over(
        &house.store,
        &house.clock,
        channels(&peer),
        "first",
    ));
    house
        .plan("{id: MNT-1, title: Upgrade, services: [wiki], start: '2026-12-03T22:00', end: '2026-12-04T02:00'}")
        .await;
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let until = async |house: &House, end: &str| {
        while house.next_due().await <= at(end) {
            house.let_one_more_pass().await;
        }
        house.clock.set(at(end));
    };
    // Nobody pressed "start", and nobody is called before the end: the check before it is a mail.
    until(&house, "2026-12-04T09:59:59Z").await;
    assert_eq!(house.event("MNT-1").await.status(), "in_progress");
    assert_eq!(told(&peer), Vec::<String>::new());
    until(&house, "2026-12-04T10:00:00Z").await;
    assert_eq!(
        told(&peer),
        [
            "+14155550120 Example University: maintenance on Wiki is not completed; people were told it is over by 4 Dec 02:00 PST (UTC-08:00). \
          Complete or extend it now. https://status.example.edu/events/MNT-1"
        ]
    );
    until(&house, "2026-12-04T10:30:00Z").await;
    assert_eq!(told(&peer).len(), 2, "nobody has said anything");
    house.complete("MNT-1").await;
    until(&house, "2026-12-04T12:00:00Z").await;
    assert_eq!(told(&peer).len(), 2, "it is done");
    let all = NoticeFilter::default();
    let overrun = house.store.notices(&all, 1_000).await.unwrap();
    let overrun: Vec<_> = overrun
        .iter()
        .filter(|n| n.milestone == "overrun")
        .map(|n| (n.offset.as_deref(), n.status == "cancelled"))
        .collect();
    assert_eq!(
        overrun,
        [(None, false), (Some("30min"), false), (Some("60min"), true)]
    );
}
