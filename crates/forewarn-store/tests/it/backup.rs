//! Backup and restore: consistent under load, the same on both databases, whole or refused, and never a second sending.

use crate::database::Database;
use crate::samples::*;
use forewarn_core::contact::Channel;
use forewarn_store::{Lane, RestoreNote, Role, Store, StoreError, VERSION, check_backup};

/// Something in every table, nothing under way.
async fn fill(db: &Database) {
    let store = &db.store;
    let yaml = r#"
organisation: {name: "Universität \"Ü\"", time_zone: Europe/Berlin, calendar: DE-BE}
services: [{id: portal, name: Portal}]
audiences: [{id: students, name: Students, level: technical, channels: [email], services: ["*"]}]
contacts: [{id: alice, audiences: [students], services: [portal], endpoints: {email: alice@example.edu}},
  {id: bob, name: "Bob \\ 'x' 🙂", audiences: [students], endpoints: {email: bob@example.edu, sms: "+14155550100"}}]"#;
    store
        .apply(&documents(yaml), "ann", at(0), false)
        .await
        .unwrap();
    let quiet = db
        .texts("SELECT id FROM endpoints WHERE channel = 'sms'")
        .await
        .remove(0);
    store.unsubscribe(&quiet, "*", at(0)).await.unwrap();
    let mut later = notice("n2", "start", 600);
    later.held = true;
    later.channels = vec![Channel::Email, Channel::Sms];
    send_out(
        store,
        &maintenance("MNT-1"),
        0,
        vec![notice("n1", "announcement", 1), later],
        1,
    )
    .await;
    let claimed = store.claim(Lane::Planned, "node", at(1), 99).await.unwrap();
    let outcomes: Vec<_> = claimed.iter().map(|c| accepted(c, at(2))).collect();
    store.record("node", &outcomes).await.unwrap();
    store.finish_notices(at(3)).await.unwrap();
    store
        .put_user("ann", "$argon2id$x", Role::Administrator, "setup", at(0))
        .await
        .unwrap();
    let ann = store.user("ann").await.unwrap().unwrap();
    store
        .put_session("hash", &ann, at(60), at(0))
        .await
        .unwrap();
    store
        .put_token("token", "ci", Role::Viewer, None, "ann", at(0))
        .await
        .unwrap();
    store.take_key("ann", "k", "request", at(0)).await.unwrap();
    store.setting("key", || "secret".into()).await.unwrap();
}

async fn dump(store: &Store) -> String {
    let mut out = Vec::new();
    store.backup(&mut out, at(9)).await.unwrap();
    String::from_utf8(out).unwrap()
}

/// A dump without what a restore changes by itself: sessions, the journal's head and its last line, the number of rows.
fn substance(dump: &str) -> Vec<&str> {
    let mut changes = false;
    dump.lines()
        .filter(|line| {
            if line.starts_with("{\"columns\"") {
                changes = line.contains("\"journal_head\"") || line.contains("\"sessions\"");
            }
            let skipped = changes && line.starts_with('[');
            let counts = line.starts_with("{\"end\"") || line.starts_with("{\"sha256\"");
            !skipped && !counts && !line.contains("backup.restored")
        })
        .collect()
}

async fn empty(db: &Database) -> bool {
    for table in [
        "documents",
        "contacts",
        "endpoints",
        "members",
        "events",
        "notices",
        "deliveries",
        "attempts",
        "journal",
        "users",
        "tokens",
    ] {
        if !db
            .texts(&format!("SELECT 'x' FROM {table}"))
            .await
            .is_empty()
        {
            return false;
        }
    }
    db.texts("SELECT CAST(seq AS TEXT) || hash FROM journal_head")
        .await
        == ["0"]
}

on_both_databases! {
    async fn a_restore_has_the_same_content_on_either_database(db: &Database) {
        fill(&db).await;
        let saved = dump(&db.store).await;
        for kind in [db.kind, db.kind.other()] {
            let fresh = Database::fresh(kind).await;
            fresh.store.setting("key", || "made at the first start".into()).await.unwrap();
            let restored = fresh.store.restore(saved.as_bytes(), at(20)).await.unwrap();
            assert_eq!((restored.made_at, restored.note), (at(9), RestoreNote::default()));
            let checked = check_backup(saved.as_bytes()).unwrap();
            assert_eq!((checked.made_at, checked.rows, checked.has_checksums), (at(9), restored.rows, true));
            let again = dump(&fresh.store).await;
            assert_eq!(substance(&again), substance(&saved), "{kind:?}");
            assert_eq!(fresh.store.verify_journal().await.unwrap().broken, None);
            assert_eq!(fresh.store.setting("key", String::new).await.unwrap(), "secret");
            assert_eq!(fresh.store.session("hash", at(1)).await.unwrap(), None);
            assert_eq!(fresh.store.journal(Some("backup"), None, 9).await.unwrap()[0].action, "backup.restored");
            fresh.remove().await;
        }
    }

    async fn a_backup_during_writes_is_consistent(db: &Database) {
        let writers: Vec<_> = (0..3).map(|w| {
            let store = db.store.clone();
            tokio::spawn(async move {
                for n in 0..60 {
                    let id = format!("MNT-{w}-{n}");
                    let notices = adding(vec![notice(&format!("n{w}-{n}"), "start", 60)]);
                    publish(&store, &maintenance(&id), 0, &notices).await.unwrap();
                }
            })
        }).collect();
        let mut saved = Vec::new();
        while saved.len() < 4 {
            saved.push(dump(&db.store).await);
            tokio::task::yield_now().await;
        }
        for writer in writers {
            writer.await.unwrap();
        }
        let last = saved.pop().unwrap();
        for saved in [&saved[1], &last] {
            let fresh = Database::fresh(db.kind).await;
            fresh.store.restore(saved.as_bytes(), at(20)).await.unwrap();
            let count = async |sql: &str| fresh.texts(sql).await.len();
            let events = count("SELECT id FROM events").await;
            assert_eq!(events, count("SELECT id FROM notices").await);
            assert_eq!(events, count("SELECT 'x' FROM journal WHERE action = 'event.published'").await);
            assert_eq!(fresh.store.verify_journal().await.unwrap().broken, None);
            fresh.remove().await;
        }
    }

    async fn a_torn_backup_is_refused_and_leaves_nothing(db: &Database) {
        let source = Database::fresh(db.kind).await;
        fill(&source).await;
        let saved = dump(&source.store).await;
        source.remove().await;
        let lines: Vec<&str> = saved.lines().collect();
        let mut torn: Vec<String> = (0..lines.len()).step_by(3).map(|n| lines[..n].join("\n")).collect();
        torn.push(saved[..saved.len() / 2].to_owned());
        torn.push(saved[..saved.len() - 3].to_owned());
        torn.push(lines[..lines.len() - 1].join("\n"));
        // A row is missing, a row stands before its table, a name is unknown, a value is of the wrong kind.
        let row = lines.iter().position(|l| l.starts_with('[')).unwrap();
        let without = |n: usize| [&lines[..n], &lines[n + 1..]].concat().join("\n");
        torn.push(without(row));
        torn.push([&lines[..1], &lines[row..row + 1], &lines[1..]].concat().join("\n"));
        torn.push(saved.replace("\"table\":\"users\"", "\"table\":\"users; DROP TABLE events\""));
        torn.push(saved.replace("\"password\"", "\"passphrase\""));
        torn.push("not a backup".into());
        for text in torn {
            let problem = check_backup(text.as_bytes()).unwrap_err();
            assert!(matches!(problem, StoreError::Corrupt(_)), "{problem:?}");
            let problem = db.store.restore(text.as_bytes(), at(20)).await.unwrap_err();
            assert!(matches!(problem, StoreError::Corrupt(_)), "{problem:?}");
            assert!(empty(&db).await);
        }
        let newer = saved.replacen(&format!("\"forewarn_backup\":{VERSION}"), "\"forewarn_backup\":4000", 1);
        let problem = db.store.restore(newer.as_bytes(), at(20)).await.unwrap_err().to_string();
        assert!(problem.contains("made by a newer Forewarn (tables at version 4000"), "{problem}");
        // And the whole one is taken by the same database.
        db.store.restore(saved.as_bytes(), at(20)).await.unwrap();
        let problem = db.store.restore(saved.as_bytes(), at(20)).await.unwrap_err();
        assert!(matches!(problem, StoreError::Conflict(_)), "{problem:?}");
    }

    async fn what_may_have_been_sent_is_not_sent_again(db: &Database) {
        let source = Database::fresh(db.kind.other()).await;
        source.store.import_contacts(&contacts(0..5, "students"), "ann", at(0)).await.unwrap();
        let notices = vec![notice("now", "announcement", 1), notice("soon", "reminder", 15), notice("late", "start", 60)];
        send_out(&source.store, &maintenance("MNT-1"), 0, notices, 1).await;
        let claimed = source.store.claim(Lane::Planned, "node", at(1), 2).await.unwrap();
        source.store.record("node", &[accepted(&claimed[0], at(2))]).await.unwrap();
        let saved = dump(&source.store).await;
        source.remove().await;

        let restored = db.store.restore(saved.as_bytes(), at(20)).await.unwrap();
        assert_eq!(restored.note, RestoreNote { unknown_deliveries: 4, notices_in_doubt: 1 });
        assert_eq!(counts(&db.store, "now").await, [("accepted".to_owned(), 1), ("unknown".to_owned(), 4)].into());
        assert_eq!(db.store.take_back("me", at(20), at(20)).await.unwrap(), 0);
        assert!(begin(&db.store, Lane::Planned, at(30)).await.is_empty());
        assert!(db.store.unexpanded(Lane::Planned).await.unwrap().is_empty());
        assert!(db.store.claim(Lane::Planned, "me", at(30), 9).await.unwrap().is_empty());
        let soon = db.store.notice("soon").await.unwrap().unwrap();
        assert_eq!(soon.status, "awaiting_approval");
        assert!(soon.because.ends_with("(restored from a backup; it may have been sent before)"), "{}", soon.because);
        // What was not due yet goes out in its time.
        assert_eq!(begin(&db.store, Lane::Planned, at(60)).await, ["late"]);
    }
}
