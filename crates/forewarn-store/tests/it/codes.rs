//! Telephones that are subscribed by themselves: how many codes leave, to whom, and what a code is good for.

use crate::database::Database;
use crate::samples::*;
use forewarn_core::contact::Channel;
use forewarn_core::subscription::{Address, Choices, Request, State, content};
use forewarn_store::{Asked, CodeLimits, DeliveryFilter, Lane, Proof, Recipients, Store};

const OPEN: &str = "
services: [{id: portal, name: Portal}]
audiences:
  - {id: students, name: Everybody, level: non_technical, channels: [email, sms], services: ['*'], self_service: yes}";

const DAY: &str = "2026-11-22";

fn number(n: u32) -> Address {
    Address::parse(Channel::Sms, &format!("+1415555{n:04}")).unwrap()
}

fn limits(daily_cap: i64) -> CodeLimits<'static> {
    CodeLimits {
        day: DAY,
        daily_cap,
        allowed: true,
    }
}

/// Asks for a number; its code is known again by `print`.
async fn ask(store: &Store, of: &Address, print: &str, limits: CodeLimits<'_>, minute: i64) {
    let request = Request {
        address: of.clone(),
        choices: Choices::default(),
    };
    let made = |id: forewarn_core::id::Id, state| {
        let url = format!("https://us.test/subscription/{id}.{print}");
        content(id, state, "Us", url, at(minute))
    };
    let proof = Proof::Code { print, limits };
    let asked = store.ask_to_subscribe(&request, print, proof, made, at(minute));
    assert_eq!(asked.await.unwrap(), Asked::Done);
}

async fn confirm(store: &Store, of: &Address, print: &str, next: &str, minute: i64) -> bool {
    let found = store.confirm_by_code(of, print, next, DAY, at(minute));
    found.await.unwrap().is_some()
}

/// What became of each message, in the order in which they were asked for.
async fn messages(db: &Database) -> Vec<String> {
    db.texts("SELECT d.status || COALESCE(': ' || d.reason, '') FROM deliveries d JOIN notices n ON n.id = d.notice
        WHERE n.event_kind = 'subscription' ORDER BY n.due, d.status, d.id")
        .await
}

const CAPPED: &str = "suppressed: the cap on codes for today is reached";

on_both_databases! {
    async fn a_code_proves_a_telephone_once(db: &Database) {
        db.store.apply(&documents(OPEN), "op", at(0), false).await.unwrap();
        let ann = number(100);
        ask(&db.store, &ann, "print", limits(9), 0).await;
        let claimed = db.store.claim(Lane::Planned, "node", at(0), 10).await.unwrap();
        assert_eq!(claimed.len(), 1);
        assert_eq!(claimed[0].endpoint.address(), "+14155550100");
        assert!(db.texts("SELECT contact FROM members").await.is_empty());
        assert!(!confirm(&db.store, &ann, "other", "next", 1).await);
        assert!(!confirm(&db.store, &number(101), "print", "next", 1).await);
        assert!(!confirm(&db.store, &ann, "print", "next", 11).await, "ten minutes are over");
        assert!(confirm(&db.store, &ann, "print", "next", 1).await);
        assert!(!confirm(&db.store, &ann, "print", "more", 2).await, "it works once");
        let id = ann.subscriber();
        assert_eq!(db.texts("SELECT contact FROM members").await, [id.as_str()]);
        let own = db.store.subscription_by_link(&id, "next", at(2)).await.unwrap().unwrap();
        assert_eq!((own.state, own.address.as_str()), (State::Active, "+14155550100"));
        // Who is subscribed gets the way to their choices by the same page.
        ask(&db.store, &ann, "again", limits(9), 3).await;
        assert!(confirm(&db.store, &ann, "again", "choices", 4).await);
        assert!(db.store.subscription_by_link(&id, "choices", at(5)).await.unwrap().is_some());
        assert_eq!(db.texts("SELECT milestone FROM notices ORDER BY due").await, ["confirm_subscription", "manage_subscription"]);
    }

    async fn a_code_is_not_found_by_trying(db: &Database) {
        db.store.apply(&documents(OPEN), "op", at(0), false).await.unwrap();
        let ann = number(100);
        ask(&db.store, &ann, "print", limits(9), 0).await;
        let tries = (0..5).map(|n| {
            let (store, ann) = (db.store.clone(), ann.clone());
            tokio::spawn(async move { confirm(&store, &ann, &format!("guess{n}"), "next", 1).await })
        });
        for tried in tries.collect::<Vec<_>>() {
            assert!(!tried.await.unwrap());
        }
        assert!(!confirm(&db.store, &ann, "print", "next", 1).await, "the right one comes too late");
        ask(&db.store, &ann, "fresh", limits(9), 2).await;
        assert!(!confirm(&db.store, &ann, "print", "next", 3).await, "only the newest works");
        assert!(confirm(&db.store, &ann, "fresh", "next", 3).await);
    }

    async fn a_number_gets_three_codes_a_day_and_what_stays_here_spoils_nothing(db: &Database) {
        db.store.apply(&documents(OPEN), "op", at(0), false).await.unwrap();
        let ann = number(100);
        for n in 0..5 {
            ask(&db.store, &ann, &format!("print{n}"), limits(99), n).await;
        }
        let had = "suppressed: this number had its codes for today";
        let newer = "superseded: a newer one was asked for";
        assert_eq!(messages(&db).await, [newer, newer, "queued", had, had]);
        // The third is the newest that left.
        assert!(confirm(&db.store, &ann, "print2", "next", 6).await);
        let tomorrow = CodeLimits { day: "2026-11-23", ..limits(99) };
        ask(&db.store, &ann, "tomorrow", tomorrow, 24 * 60).await;
        assert_eq!(messages(&db).await.last().unwrap(), "queued");
        assert_eq!(db.texts("SELECT DISTINCT day FROM codes").await, ["2026-11-23"], "what is over is forgotten");
    }

    async fn the_cap_holds_whoever_asks_at_once(db: &Database) {
        db.store.apply(&documents(OPEN), "op", at(0), false).await.unwrap();
        let nodes = [db.store.clone(), db.another_node().await];
        let mut asking = Vec::new();
        for n in 0..40 {
            let store = nodes[n as usize % 2].clone();
            // Twenty numbers, each twice at the same time.
            asking.push(tokio::spawn(async move {
                let of = number(n / 2);
                ask(&store, &of, &format!("print{n}"), limits(7), 0).await;
            }));
        }
        for asked in asking {
            asked.await.unwrap();
        }
        let found = messages(&db).await;
        let left = found.iter().filter(|m| m.as_str() == "queued" || m.starts_with("superseded")).count();
        assert_eq!((found.len(), left), (40, 7), "{found:?}");
        assert_eq!(found.iter().filter(|m| *m == CAPPED).count(), 33);
        assert_eq!(db.texts("SELECT CAST(sent AS TEXT) FROM codes WHERE subscriber = ''").await, ["7"]);
        nodes[1].close().await;
    }

    async fn one_number_gets_three_whoever_asks_at_once(db: &Database) {
        db.store.apply(&documents(OPEN), "op", at(0), false).await.unwrap();
        let asking: Vec<_> = (0..12).map(|n| {
            let store = db.store.clone();
            tokio::spawn(async move { ask(&store, &number(1), &format!("print{n}"), limits(99), 0).await })
        }).collect();
        for asked in asking {
            asked.await.unwrap();
        }
        let left = messages(&db).await.iter().filter(|m| !m.starts_with("suppressed")).count();
        assert_eq!(left, 3);
    }

    async fn foreign_and_stopped_numbers_get_nothing_and_take_nothing_from_the_cap(db: &Database) {
        db.store.apply(&documents(OPEN), "op", at(0), false).await.unwrap();
        let abroad = CodeLimits { allowed: false, ..limits(1) };
        ask(&db.store, &number(1), "a", abroad, 0).await;
        // Somebody who was never known says stop, and counts.
        assert!(!db.store.stop_number("+14155550002", at(1)).await.unwrap());
        ask(&db.store, &number(2), "b", limits(1), 1).await;
        ask(&db.store, &number(3), "c", limits(1), 2).await;
        ask(&db.store, &number(4), "d", limits(1), 3).await;
        assert_eq!(messages(&db).await, [
            "suppressed: not in a country where telephones can be subscribed",
            "suppressed: the owner of the number wants no messages",
            "queued",
            CAPPED,
        ]);
        for (n, print) in [(1, "a"), (2, "b"), (4, "d")] {
            assert!(!confirm(&db.store, &number(n), print, "next", 4).await, "{print} never left");
        }
        assert!(confirm(&db.store, &number(3), "c", "next", 4).await);
        // Once it is lifted there may be one again.
        db.store.start_number("+14155550002", at(5)).await.unwrap();
        ask(&db.store, &number(2), "e", limits(2), 5).await;
        assert_eq!(messages(&db).await.last().unwrap(), "queued");
    }

    async fn stop_ends_a_subscription_and_forgets_it(db: &Database) {
        db.store.apply(&documents(OPEN), "op", at(0), false).await.unwrap();
        let ann = number(100);
        ask(&db.store, &ann, "print", limits(9), 0).await;
        assert!(confirm(&db.store, &ann, "print", "next", 1).await);
        let id = ann.subscriber();
        let exported = db.store.export_contact(&id).await.unwrap().unwrap();
        assert_eq!(exported["subscription"]["sms"], "+14155550100");
        assert_eq!(exported["contact"]["endpoints"][0]["number"], "+14155550100");
        assert!(db.store.stop_number("+14155550100", at(2)).await.unwrap());
        assert!(db.store.export_contact(&id).await.unwrap().is_none());
        for table in ["contacts", "endpoints", "members", "subscriptions"] {
            let column = if table == "contacts" { "id" } else { "contact" };
            assert!(db.texts(&format!("SELECT {column} FROM {table}")).await.is_empty(), "{table}");
        }
        let journal: Vec<String> = db.store.journal(None, None, 20).await.unwrap().into_iter().map(|e| e.action).collect();
        assert!(journal.contains(&"contact.removed".to_owned()) && journal.contains(&"endpoint.unsubscribed".to_owned()), "{journal:?}");
        // Its word stands, also when somebody asks for it again.
        ask(&db.store, &ann, "again", limits(9), 3).await;
        assert_eq!(messages(&db).await.last().unwrap(), "suppressed: the owner of the number wants no messages");
    }

    async fn the_cap_holds_up_nobody_who_is_subscribed(db: &Database) {
        db.store.apply(&documents(OPEN), "op", at(0), false).await.unwrap();
        let ann = number(100);
        ask(&db.store, &ann, "print", limits(1), 0).await;
        assert!(confirm(&db.store, &ann, "print", "next", 1).await);
        ask(&db.store, &number(101), "late", limits(1), 2).await;
        assert_eq!(messages(&db).await.last().unwrap(), CAPPED);
        let sms = forewarn_core::plan::Notice {
            channels: vec![Channel::Sms],
            ..notice("n1", "announcement", 3)
        };
        publish(&db.store, &maintenance("MNT-1"), 0, &adding(vec![sms])).await.unwrap();
        begin(&db.store, Lane::Planned, at(3)).await;
        let members = Recipients::Members { services: vec![id("portal")], fallback: forewarn_store::Fallback::default() };
        db.store.expand("n1", &members, at(3)).await.unwrap();
        let of = DeliveryFilter { notice: Some("n1".into()), ..DeliveryFilter::default() };
        let told: Vec<_> = db.store.deliveries(&of, 9).await.unwrap().into_iter().map(|d| (d.endpoint, d.status.as_str().to_owned())).collect();
        assert_eq!(told, [("+14155550100".to_owned(), "queued".to_owned())]);
    }
}
