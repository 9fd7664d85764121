//! The journal: gapless, chained, and honest about the first entry that is not as it was written.

use crate::database::Database;
use crate::samples::at;
use forewarn_store::{Entry, Store, Verdict};
use serde_json::json;

async fn ten_entries(store: &Store) {
    for n in 0..5 {
        let entries = [
            Entry::new("ann", "test.first", "a")
                .with(json!({"n": n, "text": "ü \"quoted\" \u{0} end"})),
            Entry::new("bob\u{0}", "test.second", "b\u{0}"),
        ];
        store.append_journal(&entries, at(n)).await.unwrap();
    }
}

async fn broken(store: &Store) -> Option<(i64, String)> {
    store.verify_journal().await.unwrap().broken
}

on_both_databases! {
    async fn an_untouched_journal_is_whole(db: &Database) {
        assert_eq!(db.store.verify_journal().await.unwrap(), Verdict { entries: 0, broken: None });
        ten_entries(&db.store).await;
        assert_eq!(db.store.verify_journal().await.unwrap(), Verdict { entries: 10, broken: None });
        let seqs = db.texts("SELECT CAST(seq AS TEXT) FROM journal ORDER BY journal.seq").await;
        assert_eq!(seqs, (1..=10).map(|n| n.to_string()).collect::<Vec<_>>());
        db.store.append_journal(&[], at(9)).await.unwrap();
        assert_eq!(db.store.verify_journal().await.unwrap().entries, 10);
    }

    async fn entries_are_read_newest_first_in_pages(db: &Database) {
        ten_entries(&db.store).await;
        let seqs = async |subject, before, limit| -> Vec<i64> {
            let entries = db.store.journal(subject, before, limit).await.unwrap();
            entries.iter().map(|e| e.seq).collect()
        };
        assert_eq!(seqs(None, None, 3).await, [10, 9, 8]);
        assert_eq!(seqs(None, Some(8), 3).await, [7, 6, 5]);
        assert_eq!(seqs(Some("a"), None, 2).await, [9, 7]);
        assert_eq!(seqs(Some("a"), Some(7), 9).await, [5, 3, 1]);
        let first = &db.store.journal(Some("a"), None, 9).await.unwrap()[4];
        assert_eq!(first.detail, json!({"n": 0, "text": "ü \"quoted\" \u{0} end"}));
        assert_eq!((first.at, first.actor.as_str(), first.action.as_str()), (at(0), "ann", "test.first"));
    }

    async fn any_altered_column_is_found(db: &Database) {
        ten_entries(&db.store).await;
        for column in ["at", "actor", "action", "subject", "detail", "previous", "hash"] {
            let (change, back) = match column {
                "at" => ("at = at + 1".to_owned(), "at = at - 1".to_owned()),
                _ => (
                    format!("{column} = {column} || 'x'"),
                    format!("{column} = substr({column}, 1, length({column}) - 1)"),
                ),
            };
            assert_eq!(db.sql(&format!("UPDATE journal SET {change} WHERE seq = 4")).await, 1);
            assert_eq!(broken(&db.store).await, Some((4, "was altered".into())), "{column}");
            db.sql(&format!("UPDATE journal SET {back} WHERE seq = 4")).await;
            assert_eq!(broken(&db.store).await, None, "{column}");
        }
    }

    async fn a_missing_entry_is_found_wherever_it_stood(db: &Database) {
        for (gone, said) in [(1, "is missing"), (6, "is missing"), (10, "is missing at the end")] {
            db.sql("DELETE FROM journal").await;
            db.sql("UPDATE journal_head SET seq = 0, hash = ''").await;
            ten_entries(&db.store).await;
            db.sql(&format!("DELETE FROM journal WHERE seq = {gone}")).await;
            assert_eq!(broken(&db.store).await, Some((gone, said.into())));
        }
    }

    async fn a_renumbered_entry_is_found(db: &Database) {
        ten_entries(&db.store).await;
        db.sql("UPDATE journal SET seq = 11 WHERE seq = 10").await;
        assert_eq!(broken(&db.store).await, Some((10, "is missing".into())));
        db.sql("DELETE FROM journal WHERE seq = 5").await;
        db.sql("UPDATE journal SET seq = seq - 1 WHERE seq = 6").await;
        assert_eq!(broken(&db.store).await, Some((5, "was altered".into())));
    }

    async fn many_writers_make_one_chain(db: &Database) {
        let other = db.another_node().await;
        let tasks: Vec<_> = (0..8)
            .map(|n| {
                let store = if n % 2 == 0 { db.store.clone() } else { other.clone() };
                tokio::spawn(async move {
                    for _ in 0..5 {
                        two_entries_of(&store, n).await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(db.store.verify_journal().await.unwrap(), Verdict { entries: 80, broken: None });
    }

    async fn a_long_chain_is_walked_to_its_end(db: &Database) {
        let entries: Vec<_> = (0..2_500).map(|n| Entry::new("ann", "test.many", format!("s{n}"))).collect();
        db.store.append_journal(&entries, at(0)).await.unwrap();
        assert_eq!(db.store.verify_journal().await.unwrap(), Verdict { entries: 2_500, broken: None });
        db.sql("UPDATE journal SET actor = 'eve' WHERE seq = 2001").await;
        assert_eq!(broken(&db.store).await, Some((2_001, "was altered".into())));
    }
}

async fn two_entries_of(store: &Store, writer: i64) {
    let entry = || Entry::new("ann", "test.written", format!("writer {writer}"));
    store
        .append_journal(&[entry(), entry()], at(writer))
        .await
        .unwrap();
}
