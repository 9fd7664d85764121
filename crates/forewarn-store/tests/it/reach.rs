//! Reach: what is promised before the sending is what the expansion makes.

use crate::database::Database;
use crate::samples::*;
use forewarn_core::contact::{Channel, Contact};
use forewarn_core::delivery::DeliveryStatus;
use forewarn_store::{Lane, Reached, Recipients};

fn choosing(contact: Contact, services: &[&str]) -> Contact {
    Contact {
        services: services.iter().map(|s| id(s)).collect(),
        ..contact
    }
}

fn reached(audience: &str) -> Reached {
    Reached {
        audience: id(audience),
        kind: "maintenance",
        services: vec![id("database")],
        channels: vec![Channel::Email],
        later: Vec::new(),
        added_to: None,
    }
}

on_both_databases! {
    async fn who_is_counted_is_who_is_told(db: &Database) {
        let nowhere = Contact { endpoints: Vec::new(), ..contact("nowhere", &["students"]) };
        let list = [
            contact("ann", &["students"]),
            contact("both", &["students", "engineers"]),
            choosing(contact("chose", &["students"]), &["database"]),
            choosing(contact("other", &["students"]), &["wiki"]),
            contact("left", &["students"]),
            contact("parted", &["students", "engineers"]),
            contact("gone", &["engineers"]),
            nowhere,
        ];
        db.store.import_contacts(&list, "ann", at(0)).await.unwrap();
        db.sql("INSERT INTO suppressions (endpoint, audience, reason, at) SELECT id, '*', 'asked', 0 FROM endpoints WHERE contact = 'left'").await;
        db.sql("INSERT INTO suppressions (endpoint, audience, reason, at) SELECT id, 'students', 'asked', 0 FROM endpoints WHERE contact = 'parted'").await;
        db.sql("UPDATE endpoints SET state = 'gone' WHERE contact = 'gone'").await;

        let (audiences, total) = db.store.reach(&[reached("students"), reached("engineers")]).await.unwrap();
        let students = &audiences[0];
        assert_eq!((students.people, students.reached, students.messages["email"]), (7, 3, 3));
        let told: Vec<_> = students.named.iter().map(|u| (u.contact.as_str(), u.reason.as_str())).collect();
        assert_eq!(told, [
            ("left", "unsubscribed"),
            ("nowhere", "has no address for these channels"),
            ("other", "chose other services"),
            ("parted", "unsubscribed"),
        ]);
        assert_eq!(students.unreached.values().sum::<i64>(), 4);
        let engineers = &audiences[1];
        assert_eq!((engineers.people, engineers.reached), (3, 2));
        assert_eq!(engineers.unreached, [("the address does not exist any more".to_owned(), 1)].into());

        let notices = vec![notice("n1", "announcement", 1), to("engineers", notice("n2", "announcement", 2))];
        publish(&db.store, &maintenance("MNT-1"), 0, &adding(notices)).await.unwrap();
        begin(&db.store, Lane::Planned, at(10)).await;
        let members = Recipients::Members { services: vec![id("database")], fallback: forewarn_store::Fallback::default() };
        for notice in ["n1", "n2"] {
            db.store.expand(notice, &members, at(10)).await.unwrap();
        }
        let made = all_deliveries(&db.store).await;
        let queued = made.iter().filter(|d| d.status == DeliveryStatus::Queued).count();
        assert_eq!(queued as i64, total);
        assert_eq!(total, 4);
    }

    async fn somebody_can_ask_why(db: &Database) {
        let list = [contact("ann", &["students"]), choosing(contact("other", &["students"]), &["wiki"])];
        db.store.import_contacts(&list, "ann", at(0)).await.unwrap();
        let students = reached("students");
        assert_eq!(db.store.why_unreached(&students, "ann").await.unwrap(), None);
        assert_eq!(db.store.why_unreached(&students, "other").await.unwrap().as_deref(), Some("chose other services"));
        assert_eq!(db.store.reach(&[]).await.unwrap(), (vec![], 0));
    }

    async fn thousands_of_audiences_are_counted_at_once(db: &Database) {
        let names: Vec<String> = (0..1_200).map(|n| format!("a{n:04}")).collect();
        // Everybody is in two audiences that follow each other.
        let list: Vec<Contact> = (0..1_200)
            .map(|n| contact(&format!("c{n:04}"), &[&names[n], &names[(n + 1) % 1_200]]))
            .collect();
        db.store.import_contacts(&list, "ann", at(0)).await.unwrap();
        let plan: Vec<Reached> = names.iter().map(|name| reached(name)).collect();
        let (audiences, total) = db.store.reach(&plan).await.unwrap();
        assert_eq!(total, 1_200);
        assert!(audiences.iter().all(|a| a.people == 2 && a.reached == 2), "{:?}", audiences[0]);
        assert_eq!(audiences.len(), 1_200);
    }
}
