//! The catalogue: applied, compared, read back.

use crate::database::Database;
use crate::samples::*;
use forewarn_store::Difference;
use serde_json::json;

const YAML: &str = r#"
organisation: {name: Example University, time_zone: America/Los_Angeles, calendar: US}
services: [{id: portal, name: Portal}, {id: database, name: Database}]
audiences:
  - {id: students, name: Students, level: non_technical, channels: [email], services: [portal]}
  - {id: all-staff, name: All staff, level: non_technical, channels: [email], services: ["*"], external: {email: all@lists.example.edu}}
policies: [{id: campus, for: {event: maintenance, kind: routine}, before: [5bd, 1bd], at: "09:00"}]
contacts: [{id: alice, audiences: [students], endpoints: {email: alice@example.edu}}]
changes_ahead: [{id: sso, title: New sign-in, kind: release, services: [portal], when: Q3 2027}]
templates: [{milestone: announcement, level: non_technical, channel: email, language: en, subject: "{{service}}", body: "{{effect}}"}]
"#;

const NAMES: [&str; 9] = [
    "organisation/organisation",
    "services/portal",
    "services/database",
    "audiences/students",
    "audiences/all-staff",
    "policies/campus",
    "changes_ahead/sso",
    "templates/announcement.non_technical.email.en",
    "contacts/alice",
];

async fn external(db: &Database) -> Vec<String> {
    db.texts("SELECT m.audience || ' ' || e.address || ' ' || e.state FROM members m JOIN endpoints e ON e.contact = m.contact
        WHERE m.contact LIKE 'audience:%' ORDER BY 1").await
}

on_both_databases! {
    async fn applying_says_what_is_new_and_applying_again_changes_nothing(db: &Database) {
        let documents = documents(YAML);
        let first = db.store.apply(&documents, "ann", at(0), false).await.unwrap();
        assert_eq!((first.created, first.changed, first.unchanged), (NAMES.map(str::to_owned).to_vec(), vec![], 0));
        let again = db.store.apply(&documents, "ann", at(1), false).await.unwrap();
        assert_eq!((again.created.len(), again.changed.len(), again.unchanged), (0, 0, 9));
        assert_eq!(db.store.journal(None, None, 9).await.unwrap().len(), 1);

        let catalogue = db.store.catalogue().await.unwrap();
        assert_eq!(Some(catalogue.organisation), documents.organisation);
        assert_eq!(catalogue.services, documents.services);
        assert_eq!(catalogue.audiences, documents.audiences);
        assert_eq!(catalogue.policies, documents.policies);
        assert_eq!(db.store.templates().await.unwrap(), documents.templates);
        let listed = db.store.documents("services").await.unwrap();
        assert_eq!(listed.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["portal", "database"]);
    }

    async fn a_dry_run_says_the_same_and_leaves_nothing(db: &Database) {
        let documents = documents(YAML);
        let dry = db.store.apply(&documents, "ann", at(0), true).await.unwrap();
        assert_eq!(dry.created, NAMES);
        for table in ["documents", "contacts", "endpoints", "members", "journal"] {
            assert!(db.texts(&format!("SELECT 'x' FROM {table}")).await.is_empty(), "{table}");
        }
        assert_eq!(db.store.apply(&documents, "ann", at(0), false).await.unwrap(), dry);
    }

    async fn a_change_is_said_field_by_field(db: &Database) {
        db.store.apply(&documents(YAML), "ann", at(0), false).await.unwrap();
        let changed = YAML.replace("name: Portal", "name: The portal").replace("name: Students, level: non_technical", "name: Students, level: technical");
        let applied = db.store.apply(&documents(&changed), "ann", at(1), false).await.unwrap();
        assert_eq!(applied.changed, ["services/portal", "audiences/students"]);
        let difference = |of: &str, field: &str, before: &str, after: &str| Difference {
            of: of.into(), field: field.into(), before: json!(before), after: json!(after),
        };
        assert_eq!(applied.differences, [
            difference("services/portal", "name", "Portal", "The portal"),
            difference("audiences/students", "level", "non_technical", "technical"),
        ]);
        // What changed stays where it stood.
        let listed = db.store.documents("services").await.unwrap();
        assert_eq!(listed[0].1["name"], "The portal");
    }

    async fn an_address_outside_is_one_member_that_keeps_its_state(db: &Database) {
        let documents_with = |email: &str| documents(&YAML.replace("all@lists.example.edu", email));
        db.store.apply(&documents_with("all@lists.example.edu"), "ann", at(0), false).await.unwrap();
        assert_eq!(external(&db).await, ["all-staff all@lists.example.edu active"]);
        db.sql("UPDATE endpoints SET state = 'gone' WHERE contact LIKE 'audience:%'").await;
        db.store.apply(&documents_with("all@lists.example.edu"), "ann", at(1), false).await.unwrap();
        assert_eq!(external(&db).await, ["all-staff all@lists.example.edu gone"]);
        db.store.apply(&documents_with("everybody@lists.example.edu"), "ann", at(2), false).await.unwrap();
        assert_eq!(external(&db).await, ["all-staff everybody@lists.example.edu active"]);
        let inside = YAML.replace(", external: {email: all@lists.example.edu}", "");
        db.store.apply(&documents(&inside), "ann", at(3), false).await.unwrap();
        assert!(external(&db).await.is_empty());
    }

    async fn a_removed_document_is_gone_with_its_address(db: &Database) {
        db.store.apply(&documents(YAML), "ann", at(0), false).await.unwrap();
        assert!(db.store.remove_document("audiences", "all-staff", "ann", at(1)).await.unwrap());
        assert!(!db.store.remove_document("audiences", "all-staff", "ann", at(1)).await.unwrap());
        assert!(external(&db).await.is_empty());
        assert_eq!(db.store.documents("audiences").await.unwrap().len(), 1);
        assert_eq!(db.store.journal(Some("audiences/all-staff"), None, 9).await.unwrap().len(), 1);
    }

    async fn what_a_feed_held_goes_with_the_rota_or_with_its_feed(db: &Database) {
        let rota = |feed: &str| documents(&format!("{YAML}\nrotas: [{{id: tool, services: [portal]{feed}, weekly: [{{from: '00:00', to: '00:00', who: kim@example.edu}}]}}]"));
        let url = "https://oncall.example.edu/shifts.ics";
        let fed = rota(&format!(", feed: '{url}'"));
        let rows = async || db.texts("SELECT rota FROM rota_feeds").await;
        db.store.apply(&fed, "ann", at(0), false).await.unwrap();
        assert!(db.store.claim_feed("tool", url, at(-600), at(0)).await.unwrap());
        // Applying again forgets nothing, nor does what is only tried.
        db.store.apply(&fed, "ann", at(1), false).await.unwrap();
        db.store.apply(&rota(""), "ann", at(1), true).await.unwrap();
        assert_eq!(rows().await, ["tool"]);
        db.store.apply(&rota(""), "ann", at(2), false).await.unwrap();
        assert!(rows().await.is_empty());

        db.store.apply(&fed, "ann", at(3), false).await.unwrap();
        assert!(db.store.claim_feed("tool", url, at(-600), at(3)).await.unwrap());
        assert!(db.store.remove_document("rotas", "tool", "ann", at(4)).await.unwrap());
        assert!(rows().await.is_empty());
        // An engine that read of it before.
        assert!(!db.store.claim_feed("tool", url, at(3), at(900)).await.unwrap());
        assert!(rows().await.is_empty() && db.store.feeds().await.unwrap().is_empty());
    }

    async fn an_empty_database_has_an_empty_catalogue(db: &Database) {
        assert_eq!(db.store.catalogue().await.unwrap(), Default::default());
        assert!(db.store.templates().await.unwrap().is_empty());
    }
}
