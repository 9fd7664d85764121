//! What is explained after an incident: versions, agreement, and actions.

use crate::database::Database;
use crate::samples::*;
use forewarn_core::postmortem::{Action, Approval, Postmortem, Reviewer};
use forewarn_store::StoreError;

fn written(cause: &str) -> Postmortem {
    let action = |what: &str, due: Option<&str>| Action {
        what: what.into(),
        owner: "kim".into(),
        due: due.map(|due| due.parse().unwrap()),
        done: false,
    };
    Postmortem {
        cause: cause.into(),
        actions: vec![action("no day", None), action("late", Some("2026-11-20"))],
        ..Postmortem::default()
    }
}

on_both_databases! {
    async fn of_two_who_write_the_same_version_one_is_refused(db: &Database) {
        let store = &db.store;
        let first = written("one");
        assert_eq!(store.save_postmortem("INC-1", 0, &first, "kim", at(0)).await.unwrap(), 1);
        let writing = (0..4).map(|n| {
            let store = store.clone();
            tokio::spawn(async move { store.save_postmortem("INC-1", 1, &written(&format!("{n}")), "lee", at(1)).await })
        });
        let mut won = 0;
        for task in writing.collect::<Vec<_>>() {
            match task.await.unwrap() {
                Ok(version) => { assert_eq!(version, 2); won += 1; }
                Err(StoreError::Conflict(_)) => {}
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(won, 1);
        assert_eq!(store.postmortem("INC-1").await.unwrap().unwrap().version, 2);
        let approval = Approval { reviewer: Reviewer::Legal, hash: "h".into(), by: "kim".into(), at: at(2) };
        assert!(store.approve_postmortem("INC-1", 1, &approval).await.is_err());
        store.approve_postmortem("INC-1", 2, &approval).await.unwrap();
        assert_eq!(store.postmortem_approvals("INC-1").await.unwrap(), [approval]);
        assert_eq!(store.verify_journal().await.unwrap().broken, None);
    }

    async fn what_was_ticked_off_stays_so_in_the_next_version(db: &Database) {
        let store = &db.store;
        store.save_postmortem("INC-1", 0, &written("one"), "kim", at(0)).await.unwrap();
        let open: Vec<String> = store.actions(false, 10).await.unwrap().into_iter().map(|a| a.what).collect();
        assert_eq!(open, ["late", "no day"]);
        let ticked = store.tick_action("INC-1", 2, true, "ann", at(1)).await.unwrap().unwrap();
        assert_eq!((ticked.done_at, ticked.done_by.as_deref()), (Some(at(1)), Some("ann")));
        assert_eq!(store.tick_action("INC-1", 9, true, "ann", at(1)).await.unwrap(), None);
        let mut next = store.postmortem("INC-1").await.unwrap().unwrap().body;
        assert!(next.actions[1].done);
        next.actions.remove(0);
        store.save_postmortem("INC-1", 1, &next, "kim", at(5)).await.unwrap();
        let all = store.actions(true, 10).await.unwrap();
        assert_eq!((all.len(), all[0].number, all[0].done_at, all[0].done_by.as_deref()), (1, 1, Some(at(1)), Some("ann")));
    }
}
