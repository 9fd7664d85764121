//! Chat rooms on the whole way: from an event to what stands in the room.

use super::house::{House, KEY, begin, soon};
use crate::database::{Database, Kind};
use forewarn_core::audience::Level;
use forewarn_core::contact::{Contact, EmailAddress, Endpoint, HookUrl};
use forewarn_core::delivery::DeliveryStatus;
use forewarn_core::document::Documents;
use forewarn_core::message::{Confirmed, Content};
use forewarn_engine::peer::http::{HttpPeer, Reply, Request, Script};
use forewarn_engine::peer::smtp;
use forewarn_store::{Clock, Direct, Purpose, To};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use url::form_urlencoded;

fn room(id: &str, endpoint: Value) -> Contact {
    let mut endpoint = endpoint;
    endpoint["channel"] = "chat".into();
    serde_json::from_value(json!({"id": id, "audiences": ["staff"], "endpoints": [endpoint]}))
        .unwrap()
}

/// The staff hear in chat rooms.
async fn house(kind: Kind, rooms: Vec<Contact>) -> House {
    let clock = Clock::manual(begin());
    let script = smtp::Script::default();
    let mut house = House::on(Database::fresh(kind), clock, rooms, script).await;
    let yaml = "audiences: [{id: staff, name: Staff, level: semi_technical, channels: [chat], services: [wiki], acknowledge: required}]";
    let texts = [("staff.yaml".to_owned(), yaml.to_owned())];
    let known = house.operator.catalogue.clone();
    let documents = Documents::parse_yaml(&texts, &known, "MNT-1").unwrap();
    let applied = house.store.apply(&documents, "ann", begin(), false);
    applied.await.unwrap();
    house.operator.catalogue = documents.over(&known);
    house
}

fn said(request: &Request) -> Value {
    serde_json::from_slice(&request.body).expect("JSON")
}

async fn statuses(house: &House, contact: &str) -> Vec<(DeliveryStatus, usize)> {
    let mut all = house.deliveries().await;
    all.retain(|d| d.contact == contact);
    all.sort_by_key(|d| d.attempts.first().map(|a| a.at));
    all.iter().map(|d| (d.status, d.attempts.len())).collect()
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
    async fn every_product_hears_of_an_incident_in_its_own_form(kind) {
        let peer = HttpPeer::start(Script::new().path("/teams", Reply::status(202))).await.unwrap();
        let kinds = ["slack", "teams", "mattermost", "discord", "generic"];
        let rooms = kinds.map(|kind| room(kind, json!({"kind": kind, "url": peer.url(&format!("/{kind}"))})));
        let mut house = house(kind, rooms.to_vec()).await;
        house.declare("INC-1", "wiki").await;
        soon(house.engine.tick()).await.unwrap();
        let requests = peer.requests();
        let of = |kind: &str| {
            let path = format!("/{kind}");
            said(requests.iter().find(|r| r.path == path).expect("a message"))
        };
        assert_eq!(requests.len(), 5);
        let found = [
            &of("slack")["blocks"][0]["text"]["text"],
            &of("teams")["attachments"][0]["content"]["body"][0]["text"],
            &of("mattermost")["attachments"][0]["title"],
            &of("discord")["embeds"][0]["title"],
        ].map(|text| text.as_str().unwrap().to_owned());
        assert!(found.iter().all(|text| *text == found[0]), "{found:?}");
        assert_eq!(found[0], "Example University: Wiki problem, 22 Nov");
        let text = of("generic")["text"].as_str().unwrap().to_owned();
        for part in [
            found[0].as_str(), "You cannot sign in.", "10:00 PST", "https://status.example.edu/events/INC-1",
            "https://status.example.edu/confirm/",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        for kind in kinds {
            assert_eq!(statuses(&house, kind).await, [(DeliveryStatus::Accepted, 1)], "{kind}");
        }
    }

    async fn an_account_has_the_words_for_everybody_and_is_asked_for_nothing(kind) {
        let peer = HttpPeer::start(Script::new().first(1, Reply::status(503))).await.unwrap();
        let account = json!({"kind": "mastodon", "url": peer.url("/api/v1/statuses"), "secret": "a-token-of-ours"});
        let small = json!({"kind": "social", "url": peer.url("/hook"), "characters": 160});
        let mut house = house(kind, vec![room("account", account)]).await;
        house.declare("INC-1", "wiki").await;
        house.let_land().await;
        let requests = peer.requests();
        let keys: Vec<_> = requests.iter().map(|r| r.header("idempotency-key").unwrap()).collect();
        assert_eq!((keys.len(), keys[0]), (2, keys[1]));
        assert_eq!(requests[0].body, requests[1].body);
        let form: BTreeMap<String, String> = form_urlencoded::parse(&requests[0].body).into_owned().collect();
        let text = &form["status"];
        for part in ["Example University: Wiki problem, 22 Nov", "You cannot sign in.", "https://status.example.edu/events/INC-1"] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        assert!(!text.contains("/confirm/") && text.chars().count() <= 500, "{text}");
        let accounts = vec![room("small", small)];
        let mut house = self::house(kind, accounts).await;
        house.declare("INC-1", "wiki").await;
        soon(house.engine.tick()).await.unwrap();
        let text = said(&peer.requests()[2])["text"].as_str().unwrap().to_owned();
        assert!(text.chars().count() <= 160 && text.ends_with("/events/INC-1"), "{text}");
        // Who has not confirmed is reminded, and an account never has.
        house.clock.advance(SignedDuration::from_mins(31));
        house.let_land().await;
        assert_eq!(peer.count(), 3);
        let reasons: Vec<_> = house.deliveries().await.into_iter().flat_map(|d| d.attempts).map(|a| a.server_said).collect();
        assert!(reasons.iter().all(|said| !said.contains("confirm")), "{reasons:?}");
    }

    async fn nothing_of_a_private_service_is_posted(kind) {
        let peer = HttpPeer::start(Script::new()).await.unwrap();
        let account = json!({"kind": "social", "url": peer.url("/hook")});
        let mut house = house(kind, vec![room("account", account)]).await;
        let known = house.operator.catalogue.clone();
        let private = [("wiki.yaml".to_owned(), "services: [{id: wiki, name: Wiki, public: no}]".to_owned())];
        let documents = Documents::parse_yaml(&private, &known, "MNT-1").unwrap();
        house.store.apply(&documents, "ann", house.clock.now(), false).await.unwrap();
        house.operator.catalogue = documents.over(&known);
        house.declare("INC-1", "wiki").await;
        soon(house.engine.tick()).await.unwrap();
        assert_eq!(peer.count(), 0);
        let reasons: Vec<_> = house.deliveries().await.into_iter().filter_map(|d| d.reason).collect();
        assert!(reasons.iter().any(|why| why.contains("not public")), "{reasons:?}");
    }

    async fn an_older_update_never_comes_after_a_newer_one(kind) {
        let script = Script::new().first(1, Reply::status(503).body("busy"));
        let peer = HttpPeer::start(script).await.unwrap();
        let mut house = house(kind, vec![room("ops", json!({"kind": "slack", "url": peer.url("/ops")}))]).await;
        house.declare("INC-1", "wiki").await;
        soon(house.engine.tick()).await.unwrap();
        house.clock.set(begin() + SignedDuration::from_secs(1));
        house.update("INC-1").await;
        soon(house.engine.tick()).await.unwrap();
        house.clock.set(begin() + SignedDuration::from_mins(5));
        soon(house.engine.tick()).await.unwrap();
        let told: Vec<String> = peer.requests().iter().map(|r| said(r)["blocks"][2]["text"]["text"].to_string()).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].contains("You cannot sign in."), "{told:?}");
        assert!(told[1].contains("We are still looking into it."), "{told:?}");
        let found = statuses(&house, "ops").await;
        assert_eq!(found, [(DeliveryStatus::Superseded, 1), (DeliveryStatus::Accepted, 1)]);
    }

    async fn several_messages_to_one_room_go_one_a_second(kind) {
        let peer = HttpPeer::start(Script::new()).await.unwrap();
        let mut house = house(kind, vec![room("ops", json!({"kind": "slack", "url": peer.url("/ops")}))]).await;
        for id in ["INC-1", "INC-2", "INC-3"] {
            house.declare(id, "wiki").await;
        }
        for seconds in 0..3 {
            house.clock.set(begin() + SignedDuration::from_secs(seconds));
            soon(house.engine.tick()).await.unwrap();
            assert_eq!(peer.count(), 1 + seconds as u64);
        }
        assert_eq!(statuses(&house, "ops").await, [(DeliveryStatus::Accepted, 1); 3], "waiting is no attempt");
    }

    async fn whoever_reads_in_a_room_is_asked_to_confirm_there(kind) {
        let peer = HttpPeer::start(Script::new()).await.unwrap();
        let rooms = vec![
            room("pressed", json!({"kind": "slack", "url": peer.url("/pressed"), "interactive": true})),
            room("linked", json!({"kind": "slack", "url": peer.url("/linked")})),
        ];
        let mut house = house(kind, rooms).await;
        house.declare("INC-1", "wiki").await;
        soon(house.engine.tick()).await.unwrap();
        let deliveries = house.deliveries().await;
        let requests = peer.requests();
        let body = |path: &str| said(requests.iter().find(|r| r.path == path).expect("a message"));
        let pressed = body("/pressed");
        let button = &pressed["blocks"].as_array().unwrap().last().unwrap()["elements"][0];
        let linked = body("/linked").to_string();
        let (_, link) = linked.split_once("/confirm/").expect("a link");
        let tokens = [button["value"].as_str().expect("a token"), link.split('|').next().unwrap()];
        let key = KEY.with(Clone::clone);
        for (token, contact) in tokens.into_iter().zip(["pressed", "linked"]) {
            let (notice, endpoint) = key.read_acknowledgement_token(token).expect("one of ours");
            let own = deliveries.iter().find(|d| d.contact == contact).unwrap();
            assert!(own.notice == notice && own.id.ends_with(&endpoint), "{own:?}");
        }
    }

    async fn the_message_says_who_confirmed_it(kind) {
        let peer = HttpPeer::start(Script::new()).await.unwrap();
        let mut house = house(kind, vec![room("ops", json!({"kind": "slack", "url": peer.url("/ops"), "interactive": true}))]).await;
        house.declare("INC-1", "wiki").await;
        soon(house.engine.tick()).await.unwrap();
        let delivery = house.deliveries().await.into_iter().find(|d| d.contact == "ops").unwrap();
        let (content, audience) = house.store.notice_content(&delivery.notice).await.unwrap().unwrap();
        let answer_url = HookUrl::parse(&peer.url("/answer")).unwrap();
        let content = Content { confirmed: Some(Confirmed { by: "Ann".into(), audience, answer_url }), ..content };
        let (_, endpoint) = delivery.id.split_once('.').unwrap();
        let now = house.clock.now();
        let direct = Direct {
            purpose: Purpose::Answer, content: &content, level: Level::SemiTechnical, to: To::Known(endpoint), nonce: "one",
            expires: now + SignedDuration::from_mins(29), actor: "recipient",
        };
        assert!(house.store.send_directly(direct, now).await.unwrap().is_some());
        soon(house.engine.tick()).await.unwrap();
        let requests = peer.requests();
        let paths: Vec<&str> = requests.iter().map(|r| r.path.as_str()).collect();
        assert_eq!(paths, ["/ops", "/answer"]);
        let (asked, answered) = (said(&requests[0]), said(&requests[1]));
        let (asked, mut answer) = (asked["blocks"].as_array().unwrap().clone(), answered["blocks"].as_array().unwrap().clone());
        assert_eq!(answered["replace_original"], true);
        let by = answer.pop().unwrap().to_string();
        assert!(by.contains("Confirmed by Ann."), "{by}");
        assert_eq!(asked[..asked.len() - 1], answer[..], "the rest stands as it was");
    }

    async fn a_test_is_sent_also_where_a_room_was_gone(kind) {
        let script = Script::new().first(1, Reply::status(404).body("no_service"));
        let peer = HttpPeer::start(script).await.unwrap();
        let mut house = house(kind, vec![room("ops", json!({"kind": "slack", "url": peer.url("/ops")}))]).await;
        house.declare("INC-1", "wiki").await;
        soon(house.engine.tick()).await.unwrap();
        house.clock.set(begin() + SignedDuration::from_mins(5));
        let now = house.clock.now();
        let delivery = house.deliveries().await.into_iter().find(|d| d.contact == "ops").unwrap();
        let (_, endpoint) = delivery.id.split_once('.').unwrap();
        let content = forewarn_core::channel_test::content("Example University", "https://status.example.edu", "n", now).unwrap();
        let address = Endpoint::Email { address: EmailAddress::parse("ops@example.edu").unwrap() };
        let mut tests = Vec::new();
        for to in [To::Known(endpoint), To::Address(&address)] {
            let direct = Direct {
                purpose: Purpose::Test, content: &content, level: Level::NonTechnical, to, nonce: "one",
                expires: now + SignedDuration::from_mins(10), actor: "ann",
            };
            tests.push(house.store.send_directly(direct, now).await.unwrap().unwrap());
        }
        soon(house.engine.tick()).await.unwrap();
        for test in &tests {
            let state = house.store.test_state(test).await.unwrap().unwrap();
            assert_eq!((state.status, state.attempts.len()), (DeliveryStatus::Accepted, 1), "{state:?}");
        }
        let text = said(&peer.requests()[1]).to_string();
        assert!(text.contains("This is only a test."), "{text}");
        let mails = house.mails_to("ops@example.edu");
        assert_eq!(mails.len(), 1);
        let mail = String::from_utf8_lossy(&mails[0].data).replace("=\r\n", "");
        assert!(mail.contains("This is only a test.") && mail.contains("somebody entered this address"), "{mail}");
        assert!(house.store.is_there_again(endpoint).await.unwrap());
        house.clock.set(now + SignedDuration::from_secs(1));
        house.update("INC-1").await;
        soon(house.engine.tick()).await.unwrap();
        assert_eq!(peer.count(), 3, "the room is told again");
    }

    async fn a_room_that_is_gone_is_told_nothing_more(kind) {
        let peer = HttpPeer::start(Script::new().always(Reply::status(410).body("channel_is_archived"))).await.unwrap();
        let mut house = house(kind, vec![room("ops", json!({"kind": "slack", "url": peer.url("/ops")}))]).await;
        house.declare("INC-1", "wiki").await;
        soon(house.engine.tick()).await.unwrap();
        house.clock.set(begin() + SignedDuration::from_mins(5));
        house.update("INC-1").await;
        soon(house.engine.tick()).await.unwrap();
        assert_eq!(peer.count(), 1);
        let mut found = house.deliveries().await;
        found.retain(|d| d.contact == "ops");
        found.sort_by_key(|d| d.attempts.is_empty());
        let reasons: Vec<_> = found.iter().map(|d| (d.status, d.reason.as_deref())).collect();
        let words = Some("410 Gone: channel_is_archived");
        assert_eq!(reasons, [(DeliveryStatus::Failed, words), (DeliveryStatus::Suppressed, words)]);
    }
}
