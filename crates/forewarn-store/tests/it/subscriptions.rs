//! Self-service subscription: nothing is sent to who did not confirm, and choices are kept.

use crate::database::Database;
use crate::samples::*;
use forewarn_core::contact::Channel;
use forewarn_core::subscription::{Address, Choices, Request, State, content};
use forewarn_store::{Asked, DeliveryFilter, Lane, NoticeFilter, Proof, Recipients};

const OPEN: &str = "
services: [{id: portal, name: Portal}, {id: wiki, name: Wiki}]
audiences:
  - {id: students, name: Everybody, level: non_technical, services: ['*'], self_service: yes}
  - {id: staff, name: Staff, level: technical, services: ['*']}";

fn request(email: &str, services: &[&str], kinds: &[&str]) -> Request {
    Request {
        address: Address::parse(Channel::Email, email).unwrap(),
        choices: Choices {
            services: services.iter().map(|s| id(s)).collect(),
            kinds: kinds.iter().map(|k| (*k).to_owned()).collect(),
            ..Choices::default()
        },
    }
}

async fn ask(db: &Database, request: &Request, nonce: &str, minute: i64) -> Asked {
    let made = |id, state| {
        content(
            id,
            state,
            "Us",
            format!("https://us.test/subscription/{nonce}"),
            at(minute),
        )
    };
    db.store
        .ask_to_subscribe(request, nonce, Proof::Link, made, at(minute))
        .await
        .unwrap()
}

fn who(email: &str) -> String {
    Address::parse(Channel::Email, email).unwrap().subscriber()
}

async fn members(db: &Database) -> Vec<String> {
    db.texts("SELECT audience || ' ' || contact FROM members ORDER BY 1")
        .await
}

on_both_databases! {
    async fn only_who_confirms_is_told(db: &Database) {
        db.store.apply(&documents(OPEN), "op", at(0), false).await.unwrap();
        let ann = who("ann@example.org");
        assert_eq!(ask(&db, &request("ann@example.org", &[], &[]), "one", 1).await, Asked::Done);
        assert_eq!(members(&db).await, Vec::<String>::new());
        let claimed = db.store.claim(Lane::Planned, "node", at(1), 10).await.unwrap();
        assert_eq!(claimed.len(), 1);
        let (said, audience) = db.store.notice_content(&claimed[0].notice).await.unwrap().unwrap();
        assert_eq!((said.milestone.as_str(), audience.as_str()), ("confirm_subscription", "subscriptions"));
        // It stands in no list of notices: it tells of no event.
        assert!(db.store.notices(&NoticeFilter::default(), 9).await.unwrap().is_empty());

        for (nonce, minute) in [("two", 2), ("one", 24 * 60 + 2)] {
            assert!(db.store.confirm_subscription(&ann, nonce, "next", at(minute)).await.unwrap().is_none(), "{nonce}");
        }
        assert!(db.store.confirm_subscription(&ann, "one", "next", at(3)).await.unwrap().is_some());
        assert_eq!(members(&db).await, [format!("students {ann}")]);
        // A link works once; the next one opens the choices for an hour.
        assert!(db.store.confirm_subscription(&ann, "one", "more", at(4)).await.unwrap().is_none());
        assert_eq!(db.store.subscription_by_link(&ann, "next", at(5)).await.unwrap().unwrap().state, State::Active);
        assert!(db.store.subscription_by_link(&ann, "next", at(64)).await.unwrap().is_none());

        // An audience that opens later has those who subscribed before.
        let later = OPEN.replace("name: Staff, level: technical", "name: Staff, self_service: yes, level: technical");
        db.store.apply(&documents(&later), "op", at(6), false).await.unwrap();
        assert_eq!(members(&db).await, [format!("staff {ann}"), format!("students {ann}")]);
    }

    async fn what_was_chosen_decides_what_is_sent(db: &Database) {
        db.store.apply(&documents(OPEN), "op", at(0), false).await.unwrap();
        for (email, services, kinds) in [
            ("all@example.org", &[][..], &[][..]),
            ("portal@example.org", &["portal"], &["maintenance"]),
            ("wiki@example.org", &["wiki"], &[]),
            ("trouble@example.org", &[], &["incident"]),
        ] {
            ask(&db, &request(email, services, kinds), "n", 0).await;
            db.store.confirm_subscription(&who(email), "n", "m", at(1)).await.unwrap().unwrap();
        }
        publish(&db.store, &maintenance("MNT-1"), 0, &adding(vec![notice("n1", "announcement", 1)])).await.unwrap();
        begin(&db.store, Lane::Planned, at(10)).await;
        let members = Recipients::Members { services: vec![id("portal")], fallback: forewarn_store::Fallback::default() };
        db.store.expand("n1", &members, at(10)).await.unwrap();
        let of = DeliveryFilter { notice: Some("n1".into()), ..DeliveryFilter::default() };
        let mut told: Vec<_> = db.store.deliveries(&of, 9).await.unwrap().into_iter().map(|d| d.endpoint).collect();
        told.sort();
        assert_eq!(told, ["all@example.org", "portal@example.org"]);
        let reached = forewarn_store::Reached {
            audience: id("students"), kind: "maintenance", services: vec![id("portal")],
            channels: vec![forewarn_core::contact::Channel::Email], later: Vec::new(), added_to: None,
        };
        let (found, messages) = db.store.reach(&[reached]).await.unwrap();
        assert_eq!((found[0].people, messages), (4, 2));
        let reasons: Vec<_> = found[0].unreached.iter().map(|(why, n)| format!("{why} {n}")).collect();
        assert_eq!(reasons, ["chose other kinds of event 1", "chose other services 1"]);
    }

    async fn asking_again_tells_nothing_and_floods_nobody(db: &Database) {
        db.store.apply(&documents(OPEN), "op", at(0), false).await.unwrap();
        let ann = who("Ann@example.org");
        ask(&db, &request("Ann@example.org", &["wiki"], &[]), "n0", 0).await;
        db.store.confirm_subscription(&ann, "n0", "m", at(1)).await.unwrap().unwrap();
        // Somebody else enters her address with other choices: she gets the way to her own, which stay.
        for n in 1..9 {
            assert_eq!(ask(&db, &request("ann@example.org", &["portal"], &[]), &format!("n{n}"), 1 + n).await, Asked::Done);
        }
        let kept = db.store.subscription(&ann).await.unwrap().unwrap();
        assert_eq!(kept.choices.services, [id("wiki")]);
        let mails = db.texts("SELECT milestone FROM notices ORDER BY due").await;
        assert_eq!(mails, ["confirm_subscription", "manage_subscription", "manage_subscription", "manage_subscription", "manage_subscription"]);
        assert_eq!(db.texts("SELECT address FROM endpoints").await, ["Ann@example.org"]);
        // Another address still gets its mail, and what nobody confirms is forgotten.
        ask(&db, &request("bob@example.org", &[], &[]), "b", 10).await;
        ask(&db, &request("cyd@example.org", &[], &[]), "c", 10 + 25 * 60).await;
        let left: Vec<_> = db.store.subscriptions(None, 9).await.unwrap().into_iter().map(|s| s.address.to_string()).collect();
        assert_eq!(left.len(), 2, "{left:?}");
        assert!(!left.contains(&"bob@example.org".to_owned()));
    }

    async fn who_leaves_is_forgotten_and_who_stopped_can_come_back(db: &Database) {
        db.store.apply(&documents(OPEN), "op", at(0), false).await.unwrap();
        let ann = who("ann@example.org");
        ask(&db, &request("ann@example.org", &[], &[]), "n", 0).await;
        db.store.confirm_subscription(&ann, "n", "m", at(1)).await.unwrap().unwrap();
        let endpoint = db.texts("SELECT id FROM endpoints").await.remove(0);
        assert!(db.store.unsubscribe(&endpoint, "students", at(2)).await.unwrap());
        let exported = db.store.export_contact(&ann).await.unwrap().unwrap();
        assert_eq!(exported["unsubscribed"][0]["audience"], "students");
        assert_eq!(exported["subscription"]["email"], "ann@example.org");
        assert_eq!(exported["messages"][0]["milestone"], "confirm_subscription");
        let choices = Choices { kinds: vec!["incident".into()], ..Choices::default() };
        assert!(db.store.change_subscription(&ann, &choices, "recipient", at(3)).await.unwrap());
        assert!(db.texts("SELECT endpoint FROM suppressions").await.is_empty());
        assert_eq!(db.texts("SELECT kind FROM kinds").await, ["incident"]);

        db.sql("UPDATE deliveries SET server_said = '550 ann@example.org is unknown'").await;
        assert!(db.store.remove_contact(&ann, "recipient", at(4)).await.unwrap());
        assert!(!db.store.remove_contact(&ann, "recipient", at(5)).await.unwrap());
        for table in ["contacts", "endpoints", "members", "kinds", "subscriptions"] {
            let column = if table == "contacts" { "id" } else { "contact" };
            let rows = db.texts(&format!("SELECT {column} FROM {table}")).await;
            assert!(rows.is_empty(), "{table}: {rows:?}");
        }
        assert!(db.texts("SELECT server_said FROM deliveries WHERE server_said <> ''").await.is_empty());
        assert!(db.store.export_contact(&ann).await.unwrap().is_none());
        assert_eq!(db.store.verify_journal().await.unwrap().broken, None);
    }

    async fn only_the_newest_link_leaves_and_the_forgotten_leave_nothing(db: &Database) {
        db.store.apply(&documents(OPEN), "op", at(0), false).await.unwrap();
        let ann = who("ann@example.org");
        ask(&db, &request("ann@example.org", &["wiki"], &[]), "one", 0).await;
        ask(&db, &request("ann@example.org", &["portal"], &[]), "two", 1).await;
        let left = db.texts("SELECT status FROM deliveries ORDER BY ordinal").await;
        assert_eq!(left, ["superseded", "queued"]);
        assert!(db.store.confirm_subscription(&ann, "one", "x", at(2)).await.unwrap().is_none());
        db.sql("UPDATE deliveries SET server_said = '550 ann@example.org?', reason = '550 ann@example.org?' WHERE status = 'queued'").await;
        // Nobody confirmed: a day later nothing of it is left but that there was something.
        ask(&db, &request("bob@example.org", &[], &[]), "b", 2 + 25 * 60).await;
        assert!(db.store.subscription(&ann).await.unwrap().is_none());
        let kept = db.texts("SELECT COALESCE(server_said, '') || COALESCE(reason, '') FROM deliveries").await;
        assert!(kept.iter().all(|said| !said.contains("ann@")), "{kept:?}");
        let bob = who("bob@example.org");
        let (one, other) = tokio::join!(
            db.store.confirm_subscription(&bob, "b", "m1", at(3 + 25 * 60)),
            db.store.confirm_subscription(&bob, "b", "m2", at(3 + 25 * 60)),
        );
        let found = [one.unwrap(), other.unwrap()].into_iter().flatten().count();
        assert_eq!(found, 1, "a link works once");
    }

    async fn who_reads_the_database_cannot_follow_a_link(db: &Database) {
        db.store.apply(&documents(OPEN), "op", at(0), false).await.unwrap();
        let key = forewarn_core::token::Key::new("kept elsewhere");
        let ann = who("ann@example.org");
        let made = |id: forewarn_core::id::Id, state| content(id.clone(), state, "Us", format!("https://us.test/subscription/{id}.thenonce"), at(1));
        db.store.ask_to_subscribe(&request("ann@example.org", &[], &[]), "thenonce", Proof::Link, made, at(1)).await.unwrap();
        let token = key.subscription_token(&ann, "thenonce");
        let claimed = db.store.claim(Lane::Planned, "node", at(1), 10).await.unwrap();
        let (said, _) = db.store.notice_content(&claimed[0].notice).await.unwrap().unwrap();
        // The mail that leaves has the whole link, the same at every attempt; what is stored has not.
        assert_eq!(key.complete_link(&said.url), format!("https://us.test/subscription/{token}"));
        let everything = async || {
            let mut copy = Vec::new();
            db.store.backup(&mut copy, at(2)).await.unwrap();
            String::from_utf8(copy).unwrap()
        };
        assert!(!everything().await.contains(&token));
        let sent: Vec<_> = claimed.iter().map(|c| accepted(c, at(2))).collect();
        db.store.record("node", &sent).await.unwrap();
        assert_eq!(db.store.finish_notices(at(2)).await.unwrap(), 1);
        // Once it is out, nothing is left that even the key could make a link of; the link works all the same.
        let left = everything().await;
        assert!(left.contains(&ann) && !left.contains("thenonce"), "{left}");
        assert!(db.store.confirm_subscription(&ann, "thenonce", "thenext", at(3)).await.unwrap().is_some());
        assert!(!everything().await.contains("thenext"));
        assert!(db.store.subscription_by_link(&ann, "thenext", at(4)).await.unwrap().is_some());
    }
}
