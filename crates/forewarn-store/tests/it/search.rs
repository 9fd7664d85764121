//! Looking for contacts, events and users by a part of what people remember.

use crate::database::Database;
use crate::samples::*;

async fn people(db: &Database, words: &str) -> Vec<String> {
    let rows = db.store.find_contacts(words, 10).await.unwrap();
    rows.into_iter().map(|r| r.contact.id.to_string()).collect()
}

async fn events(db: &Database, words: &str) -> Vec<String> {
    let found = db.store.find_events(words, 10).await.unwrap();
    found
        .into_iter()
        .map(|s| s.event.id().to_string())
        .collect()
}

on_both_databases! {
    async fn contacts_are_found_by_id_name_and_address_but_not_by_a_secret(db: &Database) {
        let mut list = contacts(0..3, "students");
        list[1].name = Some("Änne O'Hara_50%".into());
        list[2].endpoints = vec![
            serde_json::from_value(serde_json::json!({"channel": "webhook", "url": "https://hooks.example.edu/secret-token"})).unwrap(),
        ];
        db.store.import_contacts(&list, "ann", at(0)).await.unwrap();
        let (first, second, third) = (list[0].id.as_str(), list[1].id.as_str(), list[2].id.as_str());
        assert_eq!(people(&db, &first.to_uppercase()).await, [first]);
        assert_eq!(people(&db, "o'hara").await, [second]);
        assert_eq!(people(&db, "Änne").await, [second]);
        // What means something in a pattern is looked for as it is.
        assert_eq!(people(&db, "a_50%").await, [second]);
        assert_eq!(people(&db, "%").await, [second]);
        assert_eq!(people(&db, "secret-token").await, Vec::<String>::new());
        assert_eq!(people(&db, third).await, [third]);
        let all = db.store.find_contacts("", 2).await.unwrap();
        assert_eq!(all.len(), 2);
        assert!(!all[0].states.is_empty(), "with the state of their endpoints");
    }

    async fn events_are_found_by_id_and_title(db: &Database) {
        for event in [maintenance("MNT-1"), maintenance("MNT-2"), incident("INC-1")] {
            publish(&db.store, &event, 0, &adding(Vec::new())).await.unwrap();
        }
        assert_eq!(events(&db, "mnt-2").await, ["MNT-2"]);
        let title = maintenance("MNT-1").title().to_owned();
        let mut named = events(&db, &title.to_uppercase()).await;
        named.sort();
        assert_eq!(named, ["MNT-1", "MNT-2"]);
        assert_eq!(events(&db, "no such thing").await, Vec::<String>::new());
    }
}
