//! Secrets are sealed in the database and in every backup of it, open only where they stand, and change their key.

use crate::database::{Database, sealer};
use crate::samples::*;
use forewarn_core::contact::{Channel, Endpoint, HookUrl};
use forewarn_store::{Claimed, Lane, Location, Store};

/// A secret in every place that has one. `SECRET` marks each.
const YAML: &str = r#"
organisation: {name: Example University, time_zone: UTC,
  change_system: {url: "https://itsm.example.org/in/SECRET-1", secret: whsec_U0VDUkVUMDEyMzQ1Njc4OWFiY2RlZjAx}}
services: [{id: portal, name: Portal}]
audiences: [{id: rooms, name: Rooms, level: technical, channels: [chat, webhook], services: ["*"]}]
rotas: [{id: tool, services: [portal], feed: "https://oncall.example.org/SECRET-2.ics", weekly: [{from: "00:00", to: "00:00", who: kim@example.edu}]}]
hooks: [{id: prom, kind: alertmanager, secret: [SECRET-3-0123456789, SECRET-4-0123456789], service: portal}]
contacts:
  - {id: room, audiences: [rooms], endpoints: {chat: {kind: slack, url: "https://hooks.slack.com/services/T/B/SECRET-5"},
      webhook: {url: "https://ops.example.org/in?token=SECRET-6", secret: whsec_U0VDUkVUMDEyMzQ1Njc4OWFiY2RlZjAy}}}
  - {id: plain, audiences: [rooms], endpoints: {email: plain@example.org}}"#;

/// What no copy of the database may hold.
const SECRETS: [&str; 3] = ["SECRET-", "whsec_", "U0VDUkVU"];

async fn dump(store: &Store) -> String {
    let mut out = Vec::new();
    store.backup(&mut out, at(9)).await.unwrap();
    String::from_utf8(out).unwrap()
}

async fn is_clear(store: &Store) -> bool {
    let copy = dump(store).await;
    SECRETS.iter().any(|secret| copy.contains(secret))
}

/// Everything that has secrets, a notice to the room, and an answer that says one again.
async fn fill(store: &Store) {
    let documents = documents(YAML);
    store.apply(&documents, "ann", at(0), false).await.unwrap();
    store
        .claim_feed(
            "tool",
            "https://oncall.example.org/SECRET-2.ics",
            at(0),
            at(0),
        )
        .await
        .unwrap();
    store.take_key("ann", "k", "request", at(0)).await.unwrap();
    store
        .keep_answer("ann", "k", Some((200, "you gave SECRET-7")))
        .await
        .unwrap();
    let mut told = to("rooms", notice("n1", "announcement", 1));
    told.channels = vec![Channel::Chat, Channel::Webhook];
    send_out(store, &maintenance("MNT-1"), 0, vec![told], 1).await;
}

async fn claimed(store: &Store) -> Vec<Claimed> {
    let claimed = store.claim(Lane::Planned, "node", at(1), 9).await.unwrap();
    store.give_back(Lane::Planned, "node", at(1)).await.unwrap();
    claimed
}

/// Whether everything can be read as it was written.
async fn can_be_read(store: &Store) -> bool {
    let wanted = documents(YAML);
    let catalogue = store.catalogue().await.unwrap();
    let mut row = store.contact("room").await.unwrap().unwrap();
    row.states.sort();
    let answer = store.take_key("ann", "k", "request", at(1)).await.unwrap();
    let endpoints: Vec<Endpoint> = claimed(store)
        .await
        .into_iter()
        .map(|c| c.endpoint)
        .collect();
    let room = &wanted.contacts[0];
    let states: Vec<&str> = row.states.iter().map(|s| s.1.as_str()).collect();
    let again = store.apply(&wanted, "ann", at(2), true).await.unwrap();
    Some(&catalogue.organisation) == wanted.organisation.as_ref()
        && catalogue.rotas[0].feed == wanted.rotas[0].feed
        && store.hooks().await.unwrap() == wanted.hooks
        && row.contact == *room
        && room.endpoints.iter().all(|e| states.contains(&e.address()))
        && endpoints.len() == 2
        && endpoints.iter().all(|e| room.endpoints.contains(e))
        && answer.unwrap().body == "you gave SECRET-7"
        && !again.changes_something()
        && store.secrets().await.unwrap().unreadable.is_empty()
}

on_both_databases! {
    async fn no_copy_of_the_database_holds_a_secret(db: &Database) {
        fill(&db.store).await;
        assert!(!is_clear(&db.store).await);
        assert!(can_be_read(&db.store).await);
        // A shift that the feed held is found by its address.
        let due = db.store.claim_feed("tool", "https://oncall.example.org/SECRET-2.ics", at(-1), at(1)).await.unwrap();
        assert!(!due, "it was tried a moment ago");
        // Neither does one that was restored, which is of use with the key alone.
        let copy = dump(&db.store).await;
        let fresh = Database::fresh(db.kind).await;
        fresh.store.restore(copy.as_bytes(), at(9)).await.unwrap();
        assert_eq!(fresh.store.hooks().await.unwrap(), documents(YAML).hooks);
        let found = fresh.store.clone().with_sealer(sealer(&["another"])).secrets().await.unwrap();
        assert_eq!(found.unreadable, ["contacts/room", "hooks/prom", "organisation/organisation", "rotas/tool"]);
        fresh.remove().await;
    }

    async fn what_stood_in_clear_is_sealed_at_the_next_start(db: &Database) {
        let bare = db.store.clone().with_sealer(sealer(&[]));
        fill(&bare).await;
        assert!(is_clear(&bare).await);
        let found = db.store.secrets().await.unwrap();
        assert_eq!(found.clear, ["contacts/room", "hooks/prom", "organisation/organisation", "rotas/tool"]);
        for _ in 0..2 {
            let store = bare.clone().sealed_by(sealer(&["one"])).await.unwrap();
            assert!(!is_clear(&store).await);
            assert!(can_be_read(&store).await);
            let found = store.secrets().await.unwrap();
            assert_eq!((found.sealed, found.clear.len()), (4, 0));
        }
        if let Location::File(path) = &db.location {
            // Nor is it left in what is free in the file.
            db.sql("PRAGMA wal_checkpoint(TRUNCATE)").await;
            let bytes = std::fs::read(path).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            assert!(!SECRETS.iter().any(|secret| text.contains(secret)));
        }
    }

    async fn a_newer_key_takes_over_and_the_older_one_can_go(db: &Database) {
        let old = db.store.clone().sealed_by(sealer(&["old"])).await.unwrap();
        fill(&old).await;
        // Another node that knows the newer one already, and does not seal with it yet.
        let other = old.clone().with_sealer(sealer(&["old", "new"]));
        assert!(can_be_read(&other).await);
        let both = old.clone().sealed_by(sealer(&["new", "old"])).await.unwrap();
        assert!(can_be_read(&both).await);
        assert!(can_be_read(&other).await);
        let new = old.clone().with_sealer(sealer(&["new"]));
        assert!(can_be_read(&new).await);
        assert!(!old.secrets().await.unwrap().unreadable.is_empty());
    }

    async fn what_cannot_be_read_is_neither_used_nor_lost(db: &Database) {
        fill(&db.store).await;
        let before = dump(&db.store).await;
        let lost = db.store.clone().sealed_by(sealer(&["another"])).await.unwrap();
        // Nothing passes for a proof, nothing has an address.
        assert!(lost.hooks().await.unwrap()[0].secrets.is_empty());
        let endpoints = claimed(&lost).await;
        assert!(endpoints.len() == 2 && endpoints.iter().all(|c| c.endpoint.is_sealed()), "{endpoints:?}");
        let shown = lost.contact("room").await.unwrap().unwrap().states;
        assert!(shown.iter().all(|state| state.1.contains("cannot be read")), "{shown:?}");
        assert_eq!(lost.secrets().await.unwrap().unreadable.len(), 4);
        // With the key again, everything is as before; applied again, it is sealed by the other.
        assert!(can_be_read(&db.store).await);
        let back = lost.apply(&documents(YAML), "ann", at(3), false).await.unwrap();
        assert_eq!(back.changed.len(), 4, "{back:?}");
        assert!(lost.secrets().await.unwrap().unreadable.is_empty());
        assert_eq!(lost.hooks().await.unwrap(), documents(YAML).hooks);
        assert!(claimed(&lost).await.iter().all(|c| !c.endpoint.is_sealed()));
        assert!(!before.is_empty() && !is_clear(&lost).await);
    }

    async fn what_is_put_into_another_row_cannot_be_read_there(db: &Database) {
        fill(&db.store).await;
        let other = YAML.replace("id: room,", "id: other,").replace("SECRET-5", "SECRET-8").replace("SECRET-6", "SECRET-9");
        db.store.apply(&documents(&other), "ann", at(1), false).await.unwrap();
        db.sql("UPDATE contacts SET body = (SELECT replace(o.body, '\"other\"', '\"room\"') FROM contacts o WHERE o.id = 'other') WHERE id = 'room'").await;
        let found = db.store.secrets().await.unwrap();
        assert_eq!(found.unreadable, ["contacts/room"]);
    }

    async fn an_address_that_is_a_secret_names_nobody(db: &Database) {
        let url = HookUrl::parse("https://itsm.example.org/in/SECRET-1").unwrap();
        let endpoint = Endpoint::webhook(url);
        let before = format!("address:{}", endpoint.address());
        fill(&db.store).await;
        // As it was stored before secrets were sealed.
        db.sql(&format!("UPDATE endpoints SET contact = '{before}' WHERE channel = 'webhook'")).await;
        db.sql(&format!("UPDATE deliveries SET contact = '{before}' WHERE channel = 'webhook'")).await;
        assert!(is_clear(&db.store).await);
        let store = db.store.clone().sealed_by(sealer(&["the key of the tests"])).await.unwrap();
        assert!(!is_clear(&store).await);
        let names = db.texts("SELECT DISTINCT contact FROM deliveries WHERE channel = 'webhook'").await;
        assert!(names.len() == 1 && names[0].starts_with("address:ops.example.org#"), "{names:?}");
    }
}
