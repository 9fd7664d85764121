//! Contacts: imported, replaced, listed, counted, unsubscribed.

use crate::database::Database;
use crate::samples::*;
use forewarn_core::contact::Contact;
use forewarn_store::{ContactCounts, Imported};

fn with_two_addresses(id: &str, first: &str, second: &str) -> Contact {
    let mut contact = contact(id, &["students"]);
    contact.endpoints = [("email", "address", first), ("sms", "number", second)]
        .map(|(channel, name, to)| {
            serde_json::from_value(serde_json::json!({"channel": channel, name: to})).unwrap()
        })
        .into();
    contact
}

async fn states(db: &Database, id: &str) -> Vec<String> {
    let row = db.store.contact(id).await.unwrap().unwrap();
    let line = |(channel, address, state, reason): &(String, String, String, Option<String>)| {
        format!(
            "{channel} {address} {state} {}",
            reason.as_deref().unwrap_or("-")
        )
    };
    row.states.iter().map(line).collect()
}

on_both_databases! {
    async fn an_import_says_what_it_did(db: &Database) {
        let mut list = contacts(0..2_500, "students");
        let imported = db.store.import_contacts(&list, "ann", at(0)).await.unwrap();
        assert_eq!((imported.created.len(), imported.changed.len(), imported.unchanged), (2_500, 0, 0));
        assert_eq!(imported.created[2_499], 2_499);

        list[7].name = None;
        list[2_400].audiences = vec![id("staff")];
        list.push(contact("new", &["staff"]));
        let again = db.store.import_contacts(&list, "ann", at(1)).await.unwrap();
        assert_eq!(again, Imported { created: vec![2_500], changed: vec![7, 2_400], unchanged: 2_498 });

        let counts = db.store.contact_counts().await.unwrap();
        assert_eq!(counts, ContactCounts {
            contacts: 2_501,
            by_audience: [("students".to_owned(), 2_499), ("staff".to_owned(), 2)].into(),
            by_channel: [("email".to_owned(), 2_501)].into(),
        });
        let journal = db.store.journal(Some("contacts"), None, 9).await.unwrap();
        let details: Vec<_> = journal.iter().map(|e| e.detail.to_string()).collect();
        assert_eq!(details, [r#"{"changed":2,"created":1}"#, r#"{"changed":0,"created":2500}"#]);
    }

    async fn an_import_that_changes_nothing_writes_nothing(db: &Database) {
        let list = contacts(0..10, "students");
        db.store.import_contacts(&list, "ann", at(0)).await.unwrap();
        let again = db.store.import_contacts(&list, "ann", at(1)).await.unwrap();
        assert_eq!(again, Imported { unchanged: 10, ..Imported::default() });
        assert_eq!(db.store.journal(None, None, 9).await.unwrap().len(), 1);
    }

    async fn what_was_stored_comes_back_whole(db: &Database) {
        let yaml = r#"
audiences: [{id: students, name: Students, level: technical, channels: [email], services: ["*"]}]
services: [{id: portal, name: Portal}]
contacts:
  - {id: alice, name: "Älice \"A\" O'Neil 🙂", audiences: [students], services: [portal], tags: [x, "y z"], language: es,
     time_zone: America/New_York, organisation: Acme, role: buyer,
     endpoints: {email: alice@example.edu, sms: "+14155550100", chat: {kind: slack, url: "https://hooks.example.test/T"}}}"#;
        let list = documents(yaml).contacts;
        db.store.import_contacts(&list, "ann", at(0)).await.unwrap();
        assert_eq!(db.store.contact("alice").await.unwrap().unwrap().contact, list[0]);
        assert_eq!(states(&db, "alice").await, [
            "chat https://hooks.example.test/T active -",
            "email alice@example.edu active -",
            "sms +14155550100 active -",
        ]);
        assert!(db.store.contact("nobody").await.unwrap().is_none());
    }

    async fn an_endpoint_that_stays_keeps_its_state(db: &Database) {
        let first = with_two_addresses("bob", "bob@example.org", "+14155550100");
        db.store.import_contacts(std::slice::from_ref(&first), "ann", at(0)).await.unwrap();
        db.sql("UPDATE endpoints SET state = 'gone', reason = '550 no' WHERE channel = 'email'").await;
        let mut named = first.clone();
        named.name = Some("Robert".into());
        db.store.import_contacts(&[named], "ann", at(1)).await.unwrap();
        assert_eq!(states(&db, "bob").await, ["email bob@example.org gone 550 no", "sms +14155550100 active -"]);

        let moved = with_two_addresses("bob", "bob@example.net", "+14155550100");
        db.store.import_contacts(&[moved], "ann", at(2)).await.unwrap();
        assert_eq!(states(&db, "bob").await, ["email bob@example.net active -", "sms +14155550100 active -"]);
    }

    async fn of_two_with_one_id_the_last_counts(db: &Database) {
        let mut second = contact("ann", &["staff"]);
        // The same address twice is one endpoint.
        second.endpoints.push(second.endpoints[0].clone());
        let list = [contact("ann", &["students"]), contact("bob", &["students"]), second.clone()];
        let imported = db.store.import_contacts(&list, "ann", at(0)).await.unwrap();
        assert_eq!(imported, Imported { created: vec![1, 2], ..Imported::default() });
        assert_eq!(db.store.contact("ann").await.unwrap().unwrap().contact, second);
        assert_eq!(db.store.contact_counts().await.unwrap().by_channel["email"], 2);
    }

    async fn pages_follow_each_other_in_the_order_of_ids(db: &Database) {
        let ids = ["B", "a", "a-b", "a.c", "ab", "b", "zz"];
        let list: Vec<_> = ids.iter().map(|id| contact(id, &["students"])).collect();
        db.store.import_contacts(&list, "ann", at(0)).await.unwrap();
        let (mut seen, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = db.store.contacts(after.as_deref(), 2).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.contact.id.to_string());
            assert!(page.iter().all(|row| row.states.len() == 1));
            seen.extend(page.into_iter().map(|row| row.contact.id.to_string()));
        }
        assert_eq!(seen, ids);
    }

    async fn a_removed_contact_leaves_no_way_to_reach_it(db: &Database) {
        let mut list = contacts(0..2, "students");
        list[0].services = vec![id("portal")];
        db.store.import_contacts(&list, "ann", at(0)).await.unwrap();
        assert!(db.store.remove_contact("c000000", "ann", at(1)).await.unwrap());
        assert!(!db.store.remove_contact("c000000", "ann", at(1)).await.unwrap());
        for table in ["endpoints", "members", "choices"] {
            let left = db.texts(&format!("SELECT contact FROM {table} WHERE contact = 'c000000'")).await;
            assert!(left.is_empty(), "{table}: {left:?}");
        }
        let actions: Vec<_> = db.store.journal(None, None, 9).await.unwrap().into_iter().map(|e| e.action).collect();
        assert_eq!(actions, ["contact.removed", "contacts.imported"]);
    }

    async fn who_unsubscribed_stays_so_when_imported_again(db: &Database) {
        let bob = contact("bob", &["students"]);
        let endpoint = bob.endpoints[0].id("bob");
        db.store.import_contacts(std::slice::from_ref(&bob), "ann", at(0)).await.unwrap();
        assert!(!db.store.unsubscribe("nobody", "students", at(1)).await.unwrap());
        assert!(db.store.unsubscribe(&endpoint, "students", at(1)).await.unwrap());
        assert!(db.store.unsubscribe(&endpoint, "students", at(2)).await.unwrap());
        db.store.remove_contact("bob", "ann", at(3)).await.unwrap();
        db.store.import_contacts(&[bob], "ann", at(4)).await.unwrap();
        assert_eq!(states(&db, "bob").await, ["email bob@example.org unsubscribed -"]);
        let entries = db.store.journal(Some(&format!("endpoint:{endpoint}")), None, 9).await.unwrap();
        assert_eq!(entries.len(), 1);
    }
}
