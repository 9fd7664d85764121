//! Templates: every change is a version, and none is lost.

use crate::database::Database;
use crate::samples::*;
use forewarn_core::document::{Catalogue, Documents};
use forewarn_core::template::Template;
use forewarn_store::{SavedTemplate, StoreError, TemplateVersion};

const ID: &str = "holding.any.sms.en";

fn written(body: &str) -> Template {
    Template {
        milestone: "holding".into(),
        event: None,
        level: None,
        readers: None,
        channel: Some(forewarn_core::contact::Channel::Sms),
        language: "en".into(),
        subject: None,
        body: body.into(),
    }
}

fn documents(body: &str) -> Documents {
    let yaml = format!("templates: [{{milestone: holding, channel: sms, body: '{body}'}}]");
    Documents::parse_yaml(&[("a".into(), yaml)], &Catalogue::default(), "MNT-1").unwrap()
}

fn told(versions: &[TemplateVersion]) -> Vec<(i64, &str, Option<&str>, Option<i64>)> {
    versions
        .iter()
        .map(|v| {
            let body = v.body.as_ref().map(|t| t.body.as_str());
            (v.version, v.author.as_str(), body, v.restored)
        })
        .collect()
}

on_both_databases! {
    async fn every_change_is_a_version_and_the_same_text_is_none(db: &Database) {
        let store = &db.store;
        for (second, body) in [(0, "one"), (1, "one"), (2, "two")] {
            store.apply(&documents(body), "kim", at(second), false).await.unwrap();
        }
        store.apply(&documents("three"), "kim", at(3), true).await.unwrap();
        assert!(store.remove_document("templates", ID, "lee", at(4)).await.unwrap());
        assert!(!store.remove_document("templates", ID, "lee", at(5)).await.unwrap());
        let saved = store.save_template(&written("one"), Some(3), Some(1), "ann", at(6)).await.unwrap();
        assert_eq!(saved, SavedTemplate { version: 4, is_new: true });
        let versions = store.template_versions(ID).await.unwrap();
        let expected = [(4, "ann", Some("one"), Some(1)), (3, "lee", None, None), (2, "kim", Some("two"), None), (1, "kim", Some("one"), None)];
        assert_eq!(told(&versions), expected);
        assert_eq!(versions.iter().map(|v| v.at).collect::<Vec<_>>(), [at(6), at(4), at(2), at(0)]);
        assert_eq!(told(&store.newest_templates().await.unwrap()), [expected[0]]);
        assert_eq!(store.templates().await.unwrap(), [written("one")]);
        assert_eq!(store.verify_journal().await.unwrap().broken, None);
        assert!(store.template_versions("holding.any.sms.de").await.unwrap().is_empty());
    }

    async fn of_two_who_save_at_the_same_time_one_is_refused(db: &Database) {
        let store = &db.store;
        let first = store.save_template(&written("one"), Some(0), None, "kim", at(0)).await.unwrap();
        assert_eq!(first, SavedTemplate { version: 1, is_new: true });
        let saving = (0..4).map(|n| {
            let store = store.clone();
            tokio::spawn(async move { store.save_template(&written(&format!("{n}")), Some(1), None, "lee", at(1)).await })
        });
        let mut won = 0;
        for task in saving.collect::<Vec<_>>() {
            match task.await.unwrap() {
                Ok(saved) => { assert_eq!(saved.version, 2); won += 1; }
                Err(StoreError::Conflict(_)) => {}
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(won, 1);
        let again = store.templates().await.unwrap().remove(0);
        let saved = store.save_template(&again, None, None, "kim", at(2)).await.unwrap();
        assert_eq!(saved, SavedTemplate { version: 2, is_new: false });
    }
}
