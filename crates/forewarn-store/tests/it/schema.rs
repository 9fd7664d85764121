//! From an empty database to today's tables, once, twice, and by two at a time.

use crate::database::{Database, Kind, run, runtime};
use forewarn_store::{Store, StoreError, VERSION};

on_both_databases! {
    async fn opening_again_changes_nothing(db: &Database) {
        let again = db.another_node().await;
        again.check().await.unwrap();
        let versions = db.texts("SELECT CAST(version AS TEXT) FROM schema_version ORDER BY schema_version.version").await;
        assert_eq!(versions, (1..=VERSION).map(|v| v.to_string()).collect::<Vec<_>>());
    }

    async fn a_database_of_a_newer_program_is_refused(db: &Database) {
        db.sql("INSERT INTO schema_version (version) VALUES (4000)").await;
        let problem = Store::open(&db.location).await.unwrap_err();
        assert!(matches!(problem, StoreError::Corrupt(_)));
        assert_eq!(
            problem.to_string(),
            format!(
                "the database cannot be used: it was last used by a newer Forewarn (its tables are at version 4000, \
                 this program knows {VERSION}); run that version or a newer one"
            )
        );
    }

    async fn texts_are_ordered_byte_by_byte(db: &Database) {
        for id in ["b", "B", "a", "_", "a-b", "ab", "a.c", "é"] {
            db.sql(&format!("INSERT INTO contacts (id, body) VALUES ('{id}', '{{}}')")).await;
        }
        let ordered = db.texts("SELECT id FROM contacts ORDER BY id").await;
        assert_eq!(ordered, ["B", "_", "a", "a-b", "a.c", "ab", "b", "é"]);
        assert_eq!(db.texts("SELECT id FROM contacts WHERE id > 'b' AND id <= '\u{10ffff}'").await, ["é"]);
    }

    async fn the_greatest_of_a_setting_stays(db: &Database) {
        let longer = |a: &str, b: &str| a.len() > b.len();
        let other = db.another_node().await;
        for (value, kept) in [("bb", "bb"), ("a", "bb"), ("ccc", "ccc"), ("dd", "ccc")] {
            assert_eq!(db.store.newest_setting("k", value, longer).await.unwrap(), kept, "{value}");
            assert_eq!(other.newest_setting("k", "", longer).await.unwrap(), kept);
        }
    }

    async fn a_setting_is_made_once_and_kept(db: &Database) {
        assert_eq!(db.store.setting("key", || "first".into()).await.unwrap(), "first");
        assert_eq!(db.another_node().await.setting("key", || "second".into()).await.unwrap(), "first");
    }

    async fn it_says_which_database_it_is(db: &Database) {
        let named = db.store.describe().await.unwrap();
        let begins = if db.kind == Kind::Sqlite { "SQLite 3." } else { "PostgreSQL 1" };
        assert!(named.starts_with(begins), "{named}");
        assert_eq!(db.store.is_shared(), db.kind == Kind::Postgres);
        assert!(db.store.size().await.unwrap() > 0);
    }
}

fn eight_nodes_start_at_once(kind: Kind) {
    runtime().block_on(async {
        let (name, location) = Database::bare(kind).await;
        let opening = (0..8).map(|_| {
            let location = location.clone();
            tokio::spawn(async move { Store::open(&location).await })
        });
        let mut opened = Vec::new();
        for task in opening.collect::<Vec<_>>() {
            let store = task.await.unwrap().unwrap();
            store.check().await.unwrap();
            opened.push(store);
        }
        let first = opened.swap_remove(0);
        for store in opened {
            store.close().await;
        }
        Database::of(kind, name, location, first).remove().await;
    });
}

#[test]
fn eight_nodes_start_at_once_on_sqlite() {
    eight_nodes_start_at_once(Kind::Sqlite);
}

#[test]
fn eight_nodes_start_at_once_on_postgres() {
    eight_nodes_start_at_once(Kind::Postgres);
}

#[test]
#[should_panic(expected = "the test said so")]
fn a_failing_test_fails() {
    async fn fails(_: std::sync::Arc<Database>) {
        panic!("the test said so");
    }
    run(Kind::Sqlite, fails);
}
