//! Audiences by rule, and organisations that have only their administrators told.

use crate::database::Database;
use crate::samples::*;
use forewarn_core::contact::{Channel, Contact};
use forewarn_store::{ContactRow, Reached};

fn person(id: &str, organisation: &str, role: &str, tags: &[&str]) -> Contact {
    Contact {
        organisation: Some(organisation.into()),
        role: Some(role.into()),
        tags: tags.iter().map(|t| (*t).to_owned()).collect(),
        ..contact(id, &[])
    }
}

const RULES: &str = "
services: [{id: portal, name: Portal}]
audiences:
  - {id: vips, name: VIPs, level: non_technical, services: ['*'], members: {tags: [vip]}}
  - {id: admins, name: Administrators, level: technical, services: ['*'], members: {roles: [administrator], organisations: [acme ltd, Beta]}}
  - {id: portal-users, name: Portal users, level: non_technical, services: [portal], members: {services: [portal]}}";

async fn members(db: &Database, audience: &str) -> Vec<String> {
    db.texts(&format!(
        "SELECT contact FROM members WHERE audience = '{audience}' ORDER BY contact"
    ))
    .await
}

async fn states(db: &Database) -> Vec<String> {
    let of = |row: &ContactRow| {
        row.states
            .iter()
            .map(|s| format!("{} {}", row.contact.id, s.2))
            .collect::<Vec<_>>()
    };
    db.store
        .contacts(None, 100)
        .await
        .unwrap()
        .iter()
        .flat_map(of)
        .collect()
}

on_both_databases! {
    async fn rules_pick_contacts_old_and_new(db: &Database) {
        let ann = person("ann", "Acme Ltd", "Administrator", &["VIP"]);
        db.store.import_contacts(std::slice::from_ref(&ann), "op", at(0)).await.unwrap();
        db.store.apply(&documents(RULES), "op", at(0), false).await.unwrap();
        let bob = Contact { services: vec![id("portal")], ..person("bob", "beta", "administrator", &[]) };
        let cyd = person("cyd", "Gamma", "administrator", &["vip"]);
        db.store.import_contacts(&[bob, cyd.clone()], "op", at(1)).await.unwrap();
        assert_eq!(members(&db, "vips").await, ["ann", "cyd"]);
        assert_eq!(members(&db, "admins").await, ["ann", "bob"]);
        assert_eq!(members(&db, "portal-users").await, ["bob"]);

        // Who is listed stays when the rule goes, who changed is looked at again.
        let listed = Contact { audiences: vec![id("vips")], ..ann.clone() };
        let plain = Contact { tags: Vec::new(), ..cyd };
        db.store.import_contacts(&[listed, plain], "op", at(2)).await.unwrap();
        assert_eq!(members(&db, "vips").await, ["ann"]);
        let without = RULES.replace(", members: {tags: [vip]}", "").replace("acme ltd, ", "");
        db.store.apply(&documents(&without), "op", at(3), false).await.unwrap();
        assert_eq!(members(&db, "vips").await, ["ann"]);
        assert_eq!(members(&db, "admins").await, ["bob"]);
        assert!(db.store.remove_document("audiences", "admins", "op", at(4)).await.unwrap());
        assert!(members(&db, "admins").await.is_empty());
        assert!(db.store.remove_contact("bob", "op", at(5)).await.unwrap());
        assert!(members(&db, "portal-users").await.is_empty());
        // Who is removed leaves no tag behind for the next one of that id.
        assert!(db.store.remove_contact("ann", "op", at(6)).await.unwrap());
        assert!(db.texts("SELECT contact FROM tags WHERE contact = 'ann'").await.is_empty());
    }

    async fn an_organisation_has_its_administrators_told(db: &Database) {
        let organisation = |only: &str| documents(&format!("organisation: {{name: Us, time_zone: UTC, administrators_only: [{only}]}}"));
        let inside = |contact: Contact| Contact { audiences: vec![id("students")], ..contact };
        let list = [
            inside(person("admin", "Acme Ltd", "Administrator", &[])),
            inside(person("user", "ACME LTD", "student", &[])),
            inside(person("other", "Beta", "student", &[])),
            inside(contact("nobody", &[])),
        ];
        db.store.import_contacts(&list[..2], "op", at(0)).await.unwrap();
        db.store.apply(&organisation("Acme Ltd"), "op", at(1), false).await.unwrap();
        db.store.import_contacts(&list[2..], "op", at(2)).await.unwrap();
        assert_eq!(states(&db).await, ["admin active", "nobody active", "other active", "user muted"]);
        let reached = Reached { audience: id("students"), kind: "maintenance", services: vec![id("portal")], channels: vec![Channel::Email], later: Vec::new(), added_to: None };
        let (found, messages) = db.store.reach(std::slice::from_ref(&reached)).await.unwrap();
        assert_eq!((found[0].people, found[0].reached, messages), (4, 3, 3));
        assert_eq!(found[0].named[0].reason, "its organisation has only its administrators told");

        // Who becomes an administrator is told; who is imported again is not woken by that.
        let promoted = Contact { role: Some("administrator".into()), ..list[1].clone() };
        db.store.import_contacts(&[promoted], "op", at(3)).await.unwrap();
        assert_eq!(states(&db).await[3], "user active");
        db.store.import_contacts(&list, "op", at(4)).await.unwrap();
        assert_eq!(states(&db).await[3], "user muted");
        db.sql("UPDATE endpoints SET state = 'gone', reason = 'no such mailbox' WHERE contact = 'other'").await;
        db.store.apply(&organisation("Beta"), "op", at(5), false).await.unwrap();
        assert_eq!(states(&db).await, ["admin active", "nobody active", "other gone", "user active"]);
        db.store.apply(&organisation(""), "op", at(6), false).await.unwrap();
        assert_eq!(states(&db).await, ["admin active", "nobody active", "other gone", "user active"]);
    }

    async fn a_rule_and_contacts_that_come_at_once_miss_nobody(db: &Database) {
        let other = db.another_node().await;
        for round in 0..25 {
            let rule = format!("
audiences: [{{id: picked, name: Picked, level: non_technical, services: ['*'], members: {{tags: [t{round}]}}}}]");
            let tag = format!("t{round}");
            let list: Vec<Contact> = (0..40).map(|n| person(&format!("r{round}-{n}"), "acme", "user", &[&tag])).collect();
            let rules = documents(&rule);
            let (applied, imported) = tokio::join!(
                db.store.apply(&rules, "op", at(0), false),
                other.import_contacts(&list, "op", at(0))
            );
            applied.unwrap();
            imported.unwrap();
            let members = db.texts("SELECT CAST(COUNT(*) AS TEXT) FROM members WHERE audience = 'picked'").await;
            assert_eq!(members, ["40"], "round {round}");
        }
    }

    async fn applying_the_same_again_repeats_nothing(db: &Database) {
        let rule = "
organisation: {name: Example University, time_zone: America/Los_Angeles, administrators_only: [acme]}
services: [{id: portal, name: Portal}]
audiences: [{id: picked, name: Picked, level: non_technical, services: ['*'], members: {tags: [first]}}]
contacts: [{id: ann, tags: [first], endpoints: {email: ann@example.org}}]";
        db.store.apply(&documents(rule), "op", at(0), false).await.unwrap();
        let everything = async || {
            let mut copy = Vec::new();
            db.store.backup(&mut copy, at(9)).await.unwrap();
            String::from_utf8(copy).unwrap()
        };
        // What has been said about somebody since is not undone either.
        db.sql("UPDATE endpoints SET state = 'gone', reason = '550 no' WHERE contact = 'ann'").await;
        let before = everything().await;
        let again = db.store.apply(&documents(rule), "op", at(5), false).await.unwrap();
        assert!(again.created.is_empty() && again.changed.is_empty(), "{again:?}");
        assert_eq!(everything().await, before);
    }
}
