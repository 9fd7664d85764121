//! Contacts that share a mailbox: it gets one message, and keeps what its reader said.

use crate::database::Database;
use crate::samples::*;
use forewarn_core::audience::Level;
use forewarn_core::contact::{Channel, Contact, EmailAddress, Endpoint, PhoneNumber};
use forewarn_core::plan::Notice;
use forewarn_store::{Lane, Reached, Recipients};

/// A contact whose mail goes to this address.
fn reading(id: &str, audiences: &[&str], address: &str) -> Contact {
    let address = EmailAddress::parse(address).unwrap();
    Contact {
        endpoints: vec![Endpoint::Email { address }],
        ..contact(id, audiences)
    }
}

fn technical(notice: Notice) -> Notice {
    Notice {
        level: Level::Technical,
        ..notice
    }
}

on_both_databases! {
    async fn a_mailbox_of_two_contacts_gets_one_message_at_the_richest_level(db: &Database) {
        let list = [
            reading("ann", &["students"], "ops@example.org"),
            // Whether letters are large or small says nothing.
            reading("bob", &["students"], "ops@EXAMPLE.org"),
            reading("cyd", &["engineers"], "ops@example.org"),
            reading("dan", &["students"], "Ops@example.org"),
            reading("eve", &["students"], "ops.desk@example.org"),
        ];
        db.store.import_contacts(&list, "ann", at(0)).await.unwrap();
        let notices = vec![notice("n1", "announcement", 1), technical(to("engineers", notice("n2", "announcement", 2)))];
        publish(&db.store, &maintenance("MNT-1"), 0, &adding(notices)).await.unwrap();
        begin(&db.store, Lane::Planned, at(10)).await;
        assert_eq!(expand(&db.store, "n1", at(10)).await, 2);
        assert_eq!(expand(&db.store, "n2", at(10)).await, 0);
        let mut found: Vec<_> = all_deliveries(&db.store).await.into_iter().map(|d| (d.contact, d.level)).collect();
        found.sort();
        assert_eq!(found, [("ann".to_owned(), Level::Technical), ("eve".to_owned(), Level::NonTechnical)]);
        let reached = |audience: &str| Reached { audience: id(audience), kind: "maintenance", services: vec![id("portal")], channels: vec![Channel::Email], later: Vec::new(), added_to: None };
        let (audiences, total) = db.store.reach(&[reached("students"), reached("engineers")]).await.unwrap();
        assert_eq!(total, 2);
        assert_eq!((audiences[0].people, audiences[0].reached, audiences[0].messages["email"]), (4, 4, 2));
        assert_eq!(db.store.contacts_at("OPS@example.org").await.unwrap(), ["ann", "bob", "cyd", "dan"]);
        assert!(db.store.contacts_at("nobody@example.org").await.unwrap().is_empty());
        assert_eq!(db.store.names_of(&["OPS@example.org"]).await.unwrap(), ["The ann", "The bob", "The cyd", "The dan"]);
    }

    async fn the_telephones_behind_mailboxes_are_found(db: &Database) {
        let with = |id: &str, mailbox: &str, phones: &[(Channel, &str)]| {
            let mut contact = reading(id, &["students"], mailbox);
            contact.endpoints.extend(phones.iter().map(|(channel, number)| {
                let number = PhoneNumber::parse(number).unwrap();
                match channel {
                    Channel::Voice => Endpoint::Voice { number },
                    _ => Endpoint::Sms { number },
                }
            }));
            contact
        };
        let list = [
            with("ann", "ann@EXAMPLE.org", &[(Channel::Voice, "+14155550102"), (Channel::Sms, "+14155550101")]),
            with("bob", "bob@example.org", &[(Channel::Sms, "+14155550103")]),
            with("cyd", "cyd@example.org", &[]),
        ];
        db.store.import_contacts(&list, "ann", at(0)).await.unwrap();
        let asked = ["Ann@example.org", "bob@example.org", "cyd@example.org", "dan@example.org"];
        let found: Vec<_> = db.store.numbers_of(&asked).await.unwrap().into_iter().collect();
        let number = |mailbox: &str, number: &str| (mailbox.to_owned(), number.to_owned());
        assert_eq!(found, [number("Ann@example.org", "+14155550102"), number("bob@example.org", "+14155550103")]);
        assert!(db.store.numbers_of(&[]).await.unwrap().is_empty());
    }

    async fn parts_that_divide_a_mailbox_make_one_message(db: &Database) {
        let list: Vec<Contact> = (0..30).map(|n| reading(&format!("c{n:02}"), &["students"], &format!("m{}@example.org", n % 3))).collect();
        db.store.import_contacts(&list, "ann", at(0)).await.unwrap();
        publish(&db.store, &maintenance("MNT-1"), 0, &adding(vec![notice("n1", "announcement", 1)])).await.unwrap();
        begin(&db.store, Lane::Planned, at(10)).await;
        while !db.store.expand_part("n1", &members(), 4, at(10)).await.unwrap().complete {}
        assert_eq!(ledger(&db.store).await, ["n1 c00 queued", "n1 c01 queued", "n1 c02 queued"]);
    }

    async fn whoever_ends_it_ends_it_for_the_mailbox(db: &Database) {
        let list = [reading("ann", &["students"], "ops@example.org"), reading("bob", &["students"], "ops@example.org"), reading("cyd", &["students"], "cyd@example.org")];
        db.store.import_contacts(&list, "ann", at(0)).await.unwrap();
        let event = maintenance("MNT-1");
        send_out(&db.store, &event, 0, vec![notice("n1", "announcement", 1)], 10).await;
        let claimed = db.store.claim(Lane::Planned, "node", at(10), 9).await.unwrap();
        let message = claimed.iter().find(|c| c.endpoint.address() == "ops@example.org").unwrap();
        // The link in the message is that of the first contact.
        assert_eq!(message.endpoint_id, list[0].endpoints[0].id("ann"));
        let sent: Vec<_> = claimed.iter().map(|c| accepted(c, at(10))).collect();
        db.store.record("node", &sent).await.unwrap();
        assert!(db.store.unsubscribe(&message.endpoint_id, "students", at(11)).await.unwrap());
        send_out(&db.store, &event, 1, vec![notice("n2", "reminder", 11)], 12).await;
        assert_eq!(ledger(&db.store).await, [
            "n1 ann accepted", "n1 cyd accepted", "n2 ann suppressed", "n2 cyd queued",
        ]);
    }

    async fn who_was_muted_does_not_keep_it_from_the_other(db: &Database) {
        let list = [reading("ann", &["students"], "ops@example.org"), reading("bob", &["students"], "ops@example.org")];
        db.store.import_contacts(&list, "ann", at(0)).await.unwrap();
        db.sql("UPDATE endpoints SET state = 'muted', reason = 'administrators only' WHERE contact = 'ann'").await;
        publish(&db.store, &maintenance("MNT-1"), 0, &adding(vec![notice("n1", "announcement", 1)])).await.unwrap();
        begin(&db.store, Lane::Planned, at(10)).await;
        // In one part or in two.
        db.store.expand_part("n1", &members(), 1, at(10)).await.unwrap();
        assert_eq!(ledger(&db.store).await, ["n1 ann suppressed"]);
        expand(&db.store, "n1", at(10)).await;
        assert_eq!(ledger(&db.store).await, ["n1 bob queued"]);
        let claimed = db.store.claim(Lane::Planned, "node", at(10), 9).await.unwrap();
        assert_eq!(claimed[0].endpoint_id, list[1].endpoints[0].id("bob"));
    }

    async fn a_dead_mailbox_is_dead_for_all(db: &Database) {
        let list = [reading("ann", &["students"], "ops@example.org"), reading("bob", &["students"], "ops@example.org")];
        db.store.import_contacts(&list, "ann", at(0)).await.unwrap();
        let event = maintenance("MNT-1");
        send_out(&db.store, &event, 0, vec![notice("n1", "announcement", 1)], 10).await;
        let claimed = db.store.claim(Lane::Planned, "node", at(10), 9).await.unwrap();
        db.store.record("node", &[gone(&claimed[0], at(10))]).await.unwrap();
        send_out(&db.store, &event, 1, vec![notice("n2", "reminder", 11)], 12).await;
        assert_eq!(ledger(&db.store).await, ["n1 ann failed", "n2 ann suppressed"]);
    }

    async fn the_newest_wins_whoever_of_them_it_goes_to(db: &Database) {
        // Ann is told of the announcement, Bob of what comes after.
        let list = [reading("ann", &["students"], "ops@example.org"), reading("bob", &["engineers"], "ops@example.org")];
        db.store.import_contacts(&list, "ann", at(0)).await.unwrap();
        let event = maintenance("MNT-1");
        send_out(&db.store, &event, 0, vec![notice("n1", "announcement", 1)], 10).await;
        send_out(&db.store, &event, 1, vec![to("engineers", notice("n2", "reminder", 11))], 12).await;
        assert_eq!(ledger(&db.store).await, ["n1 ann superseded", "n2 bob queued"]);
        // One on its way keeps the other back, and a retry that was overtaken is over.
        let claimed = db.store.claim(Lane::Planned, "node", at(12), 9).await.unwrap();
        assert_eq!(claimed.len(), 1);
        send_out(&db.store, &event, 2, vec![notice("n3", "start", 13)], 14).await;
        assert!(db.store.claim(Lane::Planned, "node", at(14), 9).await.unwrap().is_empty());
        db.store.record("node", &[refused(&claimed[0], at(14), 1)]).await.unwrap();
        assert_eq!(ledger(&db.store).await, ["n1 ann superseded", "n2 bob superseded", "n3 ann queued"]);
        assert_eq!(db.store.claim(Lane::Planned, "node", at(15), 9).await.unwrap().len(), 1);
    }

    async fn who_asked_for_a_change_and_is_a_contact_is_told_once(db: &Database) {
        db.store.import_contacts(&[contact("ann", &["students"])], "ann", at(0)).await.unwrap();
        let notices = vec![notice("n1", "completion", 1), to("requesters", notice("n2", "completion", 1))];
        publish(&db.store, &maintenance("MNT-1"), 0, &adding(notices)).await.unwrap();
        begin(&db.store, Lane::Planned, at(10)).await;
        expand(&db.store, "n1", at(10)).await;
        let address = contact("ann", &[]).endpoints.remove(0);
        let asked = Recipients::Addresses(vec![address]);
        db.store.expand("n2", &asked, at(10)).await.unwrap();
        // The mailbox was reached before anybody asked under it: the next time it is one.
        let again = vec![notice("n3", "cancellation", 11), to("requesters", notice("n4", "cancellation", 11))];
        publish(&db.store, &maintenance("MNT-1"), 1, &adding(again)).await.unwrap();
        begin(&db.store, Lane::Planned, at(12)).await;
        expand(&db.store, "n3", at(12)).await;
        db.store.expand("n4", &asked, at(12)).await.unwrap();
        let told = ledger(&db.store).await;
        assert_eq!(told.iter().filter(|line| line.ends_with("queued")).collect::<Vec<_>>(), ["n3 ann queued"]);
    }

    async fn webhooks_are_signed_for_each_contact(db: &Database) {
        let hook = |id: &str| -> Contact {
            serde_json::from_value(serde_json::json!({"id": id, "audiences": ["students"],
                "endpoints": [{"channel": "webhook", "url": "https://hooks.example.org/x"}]})).unwrap()
        };
        db.store.import_contacts(&[hook("ann"), hook("bob")], "ann", at(0)).await.unwrap();
        let by_hook = Notice { channels: vec![Channel::Webhook], ..notice("n1", "announcement", 1) };
        publish(&db.store, &maintenance("MNT-1"), 0, &adding(vec![by_hook])).await.unwrap();
        begin(&db.store, Lane::Planned, at(10)).await;
        assert_eq!(expand(&db.store, "n1", at(10)).await, 2);
    }
}
