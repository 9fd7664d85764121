//! Users, sessions, tokens, and requests that are repeated.

use crate::database::Database;
use crate::samples::at;
use forewarn_store::{KnownToken, KnownUser, Remembered, Role, Session, StoreError};

fn remembered(request: &str, status: i64, body: &str) -> Option<Remembered> {
    Some(Remembered {
        request: request.into(),
        status,
        body: body.into(),
    })
}

const WEEK: i64 = 7 * 24 * 60;

on_both_databases! {
    async fn a_key_is_taken_once_and_its_answer_is_kept(db: &Database) {
        let store = &db.store;
        assert_eq!(store.take_key("ann", "k", "hash", at(0)).await.unwrap(), None);
        // Still being worked on.
        assert_eq!(store.take_key("ann", "k", "hash", at(0)).await.unwrap(), remembered("hash", 0, ""));
        store.keep_answer("ann", "k", Some((201, "done"))).await.unwrap();
        assert_eq!(store.take_key("ann", "k", "hash", at(1)).await.unwrap(), remembered("hash", 201, "done"));
        // Another body with the same key: the caller sees that the hashes differ.
        assert_eq!(store.take_key("ann", "k", "other", at(1)).await.unwrap(), remembered("hash", 201, "done"));
        // Somebody else's key of the same name is another key.
        assert_eq!(store.take_key("bob", "k", "hash", at(1)).await.unwrap(), None);
        // An answer is not given twice.
        store.keep_answer("ann", "k", Some((500, "again"))).await.unwrap();
        assert_eq!(store.take_key("ann", "k", "hash", at(1)).await.unwrap(), remembered("hash", 201, "done"));
    }

    async fn a_failed_request_gives_its_key_back(db: &Database) {
        let store = &db.store;
        store.take_key("ann", "k", "hash", at(0)).await.unwrap();
        store.keep_answer("ann", "k", None).await.unwrap();
        assert_eq!(store.take_key("ann", "k", "other", at(0)).await.unwrap(), None);
    }

    async fn a_key_whose_request_died_is_taken_over_by_the_same_request(db: &Database) {
        let store = &db.store;
        store.take_key("ann", "k", "hash", at(0)).await.unwrap();
        assert_eq!(store.take_key("ann", "k", "other", at(2)).await.unwrap(), remembered("hash", 0, ""));
        assert_eq!(store.take_key("ann", "k", "hash", at(2)).await.unwrap(), None);
        assert_eq!(store.take_key("ann", "k", "hash", at(2)).await.unwrap(), remembered("hash", 0, ""));
    }

    async fn a_key_is_free_again_after_a_week(db: &Database) {
        let store = &db.store;
        store.take_key("ann", "k", "hash", at(0)).await.unwrap();
        store.keep_answer("ann", "k", Some((201, "done"))).await.unwrap();
        assert_eq!(store.take_key("ann", "k", "hash", at(WEEK)).await.unwrap(), remembered("hash", 201, "done"));
        assert_eq!(store.take_key("ann", "k", "hash", at(WEEK + 1)).await.unwrap(), None);
    }

    async fn of_many_at_once_one_takes_the_key(db: &Database) {
        let other = db.another_node().await;
        let tasks: Vec<_> = (0..10)
            .map(|n| {
                let store = if n % 2 == 0 { db.store.clone() } else { other.clone() };
                tokio::spawn(async move { store.take_key("ann", "k", "hash", at(0)).await.unwrap().is_none() })
            })
            .collect();
        let mut taken = 0;
        for task in tasks {
            taken += i32::from(task.await.unwrap());
        }
        assert_eq!(taken, 1);
    }

    async fn a_changed_password_ends_the_users_sessions(db: &Database) {
        let store = &db.store;
        assert!(!store.has_users().await.unwrap());
        store.put_user("ann", "$argon2id$1", Role::Operator, "setup", at(0)).await.unwrap();
        store.put_user("bob", "$argon2id$2", Role::Viewer, "ann", at(0)).await.unwrap();
        assert!(store.has_users().await.unwrap());
        let (ann, bob) = (store.user("ann").await.unwrap().unwrap(), store.user("bob").await.unwrap().unwrap());
        store.put_session("h1", &ann, at(60), at(0)).await.unwrap();
        store.put_session("h2", &bob, at(60), at(0)).await.unwrap();
        let session = |user: &str, role| Some(Session { user: user.into(), role });
        assert_eq!(store.session("h1", at(59)).await.unwrap(), session("ann", Role::Operator));

        store.put_user("ann", "$argon2id$3", Role::Administrator, "ann", at(1)).await.unwrap();
        assert_eq!(store.session("h1", at(2)).await.unwrap(), None);
        assert_eq!(store.session("h2", at(2)).await.unwrap(), session("bob", Role::Viewer));
        let changed = store.user("ann").await.unwrap().unwrap();
        assert_eq!((changed.password.as_str(), changed.role, changed.id), ("$argon2id$3", Role::Administrator, ann.id));
        for nobody in ["Ann", "ann ", "", "ann\u{0}"] {
            assert!(store.user(nobody).await.unwrap().is_none(), "{nobody:?}");
        }
    }

    async fn sessions_end_by_time_and_by_hand(db: &Database) {
        let store = &db.store;
        store.put_user("ann", "x", Role::Operator, "setup", at(0)).await.unwrap();
        let ann = store.user("ann").await.unwrap().unwrap();
        store.put_session("h1", &ann, at(60), at(0)).await.unwrap();
        assert_eq!(store.session("h1", at(60)).await.unwrap(), None);
        store.put_session("h2", &ann, at(200), at(100)).await.unwrap();
        // The one that had ended was swept out.
        assert_eq!(db.texts("SELECT hash FROM sessions").await, ["h2"]);
        store.end_session("h2").await.unwrap();
        assert_eq!(store.session("h2", at(100)).await.unwrap(), None);
    }

    async fn tokens_have_a_role_and_may_end(db: &Database) {
        let store = &db.store;
        store.put_token("h1", "ci", Role::Operator, None, "ann", at(0)).await.unwrap();
        store.put_token("h2", "old", Role::Viewer, Some(at(10)), "ann", at(0)).await.unwrap();
        let session = |user: &str, role| Some(Session { user: user.into(), role });
        assert_eq!(store.token("h1", at(1_000_000)).await.unwrap(), session("token:ci", Role::Operator));
        assert_eq!(store.token("h2", at(9)).await.unwrap(), session("token:old", Role::Viewer));
        assert_eq!(store.token("h2", at(10)).await.unwrap(), None);
        assert_eq!(store.token("h3", at(0)).await.unwrap(), None);
        let problem = store.put_token("h1", "twice", Role::Viewer, None, "ann", at(0)).await.unwrap_err();
        assert!(matches!(problem, StoreError::Conflict(_)), "{problem:?}");
        assert_eq!(store.journal(Some("token:twice"), None, 9).await.unwrap().len(), 0);
    }

    async fn users_are_listed_with_their_roles(db: &Database) {
        let store = &db.store;
        store.put_user("zoe", "hash", Role::Viewer, "ann", at(1)).await.unwrap();
        store.put_user("bob", "hash", Role::Administrator, "ann", at(0)).await.unwrap();
        let known = |name: &str, role, since| KnownUser { name: name.into(), role, since };
        let all = [known("bob", Role::Administrator, at(0)), known("zoe", Role::Viewer, at(1))];
        assert_eq!(store.users().await.unwrap(), all);
    }

    async fn the_last_administrator_stays(db: &Database) {
        let store = &db.store;
        store.put_user("ann", "x", Role::Administrator, "setup", at(0)).await.unwrap();
        store.put_user("bob", "x", Role::Operator, "ann", at(0)).await.unwrap();
        for refused in [
            store.remove_user("ann", "bob", at(1)).await,
            store.set_role("ann", Role::Operator, "bob", at(1)).await,
            store.put_user("ann", "y", Role::Viewer, "bob", at(1)).await.map(|()| true),
        ] {
            let problem = refused.unwrap_err();
            assert!(matches!(&problem, StoreError::Conflict(why) if why.contains("last administrator")), "{problem:?}");
        }
        assert_eq!(store.user("ann").await.unwrap().unwrap().role, Role::Administrator);
        // Her own new password, and after somebody else became one, anything.
        store.put_user("ann", "y", Role::Administrator, "ann", at(2)).await.unwrap();
        assert!(store.set_role("bob", Role::Administrator, "ann", at(2)).await.unwrap());
        assert!(store.remove_user("ann", "bob", at(3)).await.unwrap());
        assert!(!store.remove_user("ann", "bob", at(3)).await.unwrap());
        assert!(!store.set_role("ann", Role::Viewer, "bob", at(3)).await.unwrap());
    }

    async fn two_administrators_who_remove_each_other_leave_one(db: &Database) {
        let other = db.another_node().await;
        for _ in 0..5 {
            for name in ["ann", "bob"] {
                db.store.put_user(name, "x", Role::Administrator, "setup", at(0)).await.unwrap();
            }
            let first = db.store.clone();
            let second = other.clone();
            let (one, two) = tokio::join!(
                async move { first.remove_user("ann", "bob", at(1)).await },
                async move { second.remove_user("bob", "ann", at(1)).await },
            );
            assert_eq!([&one, &two].iter().filter(|done| matches!(done, Ok(true))).count(), 1, "{one:?} {two:?}");
            assert_eq!(db.store.users().await.unwrap().len(), 1);
        }
    }

    async fn who_is_removed_or_may_less_is_signed_out(db: &Database) {
        let store = &db.store;
        store.put_user("root", "x", Role::Administrator, "setup", at(0)).await.unwrap();
        store.put_user("ann", "x", Role::Operator, "root", at(0)).await.unwrap();
        let ann = store.user("ann").await.unwrap().unwrap();
        store.put_session("h1", &ann, at(60), at(0)).await.unwrap();
        assert!(store.set_role("ann", Role::Operator, "root", at(1)).await.unwrap());
        assert!(store.session("h1", at(1)).await.unwrap().is_some(), "nothing changed");
        assert!(store.set_role("ann", Role::Viewer, "root", at(1)).await.unwrap());
        assert_eq!(store.session("h1", at(1)).await.unwrap(), None);
        store.put_session("h2", &ann, at(60), at(2)).await.unwrap();
        assert!(store.remove_user("ann", "root", at(3)).await.unwrap());
        assert_eq!(store.session("h2", at(3)).await.unwrap(), None);
        assert_eq!(db.texts("SELECT hash FROM sessions").await, Vec::<String>::new());
        let said = store.journal(Some("user:ann"), None, 9).await.unwrap();
        let said: Vec<&str> = said.iter().map(|entry| entry.action.as_str()).collect();
        assert!(said.contains(&"user.removed") && said.contains(&"user.changed"), "{said:?}");
    }

    async fn tokens_are_listed_and_taken_back(db: &Database) {
        let store = &db.store;
        store.put_token("h1", "ci", Role::Operator, None, "ann", at(0)).await.unwrap();
        store.put_token("h2", "old", Role::Viewer, Some(at(10)), "ann", at(0)).await.unwrap();
        let known = |name: &str, role, expires| KnownToken { name: name.into(), role, since: at(0), expires };
        let all = [known("ci", Role::Operator, None), known("old", Role::Viewer, Some(at(10)))];
        assert_eq!(store.tokens().await.unwrap(), all);
        // A name is one token's, until that has ended.
        for name in ["ci", "old"] {
            let taken = store.put_token("h3", name, Role::Viewer, None, "ann", at(9)).await.unwrap_err();
            assert!(matches!(&taken, StoreError::Conflict(why) if why.contains(name)), "{taken:?}");
        }
        store.put_token("h3", "old", Role::Operator, None, "ann", at(10)).await.unwrap();
        assert_eq!(store.token("h2", at(10)).await.unwrap(), None);
        assert!(store.remove_token("ci", "ann", at(11)).await.unwrap());
        assert!(!store.remove_token("ci", "ann", at(11)).await.unwrap());
        assert_eq!(store.token("h1", at(11)).await.unwrap(), None);
        let said = store.journal(Some("token:ci"), None, 9).await.unwrap();
        assert_eq!(said.len(), 2);
    }
}
