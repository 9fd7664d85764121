//! Who may read a private page: members by a link that works once, users by their session, and nobody else.

use crate::database::Database;
use crate::samples::*;
use forewarn_core::contact::EmailAddress;
use forewarn_core::message::Content;
use forewarn_core::token::fingerprint;
use forewarn_store::{NewKeys, Role, Shown};

const HOUSE: &str = "
audiences:
  - {id: staff, name: Staff, level: technical, private_page: yes}
  - {id: board, name: Board, level: technical, private_page: yes}
  - {id: closed, name: Closed, level: technical}
contacts:
  - {id: ann, audiences: [staff, closed], endpoints: {email: Ann@example.edu}}
  - {id: bob, audiences: [closed], endpoints: {email: bob@example.edu}}";

async fn ask(db: &Database, audience: &str, email: &str, nonce: &str, minute: i64) {
    let address = EmailAddress::parse(email).unwrap();
    let made =
        |_: &_, contact| Content::apart(contact, "subscription", "sign_in", "Us", at(minute));
    let asked = db
        .store
        .ask_to_read(audience, &address, nonce, made, at(minute));
    asked.await.unwrap();
}

async fn enter(db: &Database, audience: &str, nonce: &str, session: &str, minute: i64) -> bool {
    let feed = format!("feed of {session}");
    let keys = NewKeys {
        session,
        until: at(minute + 600),
        feed: ("nonce", &feed),
    };
    let entered = db.store.come_in(audience, ("ann", nonce), keys, at(minute));
    entered.await.unwrap()
}

async fn reads(db: &Database, audience: &str, shown: Shown<'_>, minute: i64) -> bool {
    let reader = db.store.page_reader(audience, shown, at(minute));
    reader.await.unwrap().is_some()
}

on_both_databases! {
    async fn a_link_opens_once_and_only_for_who_belongs(db: &Database) {
        db.store.apply(&documents(HOUSE), "op", at(0), false).await.unwrap();
        for (audience, email) in [("closed", "ann@example.edu"), ("board", "ann@example.edu"), ("staff", "bob@example.edu"), ("none", "ann@example.edu")] {
            ask(&db, audience, email, "n0", 1).await;
        }
        assert_eq!(db.texts("SELECT kind FROM page_keys").await, Vec::<String>::new());
        assert_eq!(db.texts("SELECT milestone FROM notices").await, Vec::<String>::new());
        ask(&db, "staff", "ANN@example.edu", "n1", 2).await;
        assert_eq!(db.texts("SELECT hash FROM page_keys").await, [fingerprint("n1")]);
        assert_eq!(db.texts("SELECT e.address FROM deliveries d JOIN endpoints e ON e.id = d.endpoint").await, ["Ann@example.edu"]);
        for (audience, nonce, minute) in [("board", "n1", 3), ("closed", "n1", 3), ("staff", "n2", 3), ("staff", "n1", 17)] {
            assert!(!enter(&db, audience, nonce, "s0", minute).await, "{audience} {nonce} {minute}");
        }
        assert!(enter(&db, "staff", "n1", "s1", 16).await);
        assert!(!enter(&db, "staff", "n1", "s2", 16).await);
        assert!(reads(&db, "staff", Shown::Session("s1"), 17).await);
        assert!(reads(&db, "staff", Shown::Feed("feed of s1"), 17).await);
        for (audience, shown, minute) in [
            ("board", Shown::Session("s1"), 17), ("closed", Shown::Session("s1"), 17), ("staff", Shown::Session("s2"), 17),
            ("staff", Shown::Session("feed of s1"), 17), ("staff", Shown::Feed("s1"), 17), ("staff", Shown::Console("s1"), 17),
            ("staff", Shown::Session("s1"), 616),
        ] {
            assert!(!reads(&db, audience, shown, minute).await, "{audience} {shown:?}");
        }
        let reader = db.store.page_reader("staff", Shown::Session("s1"), at(17)).await.unwrap().unwrap();
        assert_eq!((reader.contact(), reader.feed(), reader.audience().id.as_str()), (Some("ann"), Some("nonce"), "staff"));
        db.store.move_feeds(&reader, ("other", "moved")).await.unwrap();
        assert!(!reads(&db, "staff", Shown::Feed("feed of s1"), 17).await && reads(&db, "staff", Shown::Feed("moved"), 17).await);
        db.store.stop_reading("s1").await.unwrap();
        assert!(!reads(&db, "staff", Shown::Session("s1"), 17).await && reads(&db, "staff", Shown::Feed("moved"), 17).await);
        db.store.remove_contact("ann", "op", at(18)).await.unwrap();
        assert!(!reads(&db, "staff", Shown::Feed("moved"), 18).await);
        assert_eq!(db.texts("SELECT kind FROM page_keys").await, Vec::<String>::new());
    }

    async fn users_of_every_role_read_every_private_page_and_no_other(db: &Database) {
        db.store.apply(&documents(HOUSE), "op", at(0), false).await.unwrap();
        db.store.put_user("kim", "x", Role::Viewer, "op", at(0)).await.unwrap();
        let kim = db.store.user("kim").await.unwrap().unwrap();
        db.store.put_session("hash", &kim, at(60), at(0)).await.unwrap();
        for (audience, minute, expected) in [("staff", 1, true), ("board", 1, true), ("closed", 1, false), ("none", 1, false), ("staff", 61, false)] {
            assert_eq!(reads(&db, audience, Shown::Console("hash"), minute).await, expected, "{audience} {minute}");
        }
        let reader = db.store.page_reader("staff", Shown::Console("hash"), at(1)).await.unwrap().unwrap();
        assert_eq!((reader.contact(), reader.feed()), (None, None));
    }
}
