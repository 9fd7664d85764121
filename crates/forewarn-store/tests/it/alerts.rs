//! Alerts are taken once and alone, also by two nodes, and a draft is published by the event of its id.

use crate::database::{Database, Kind, run};
use crate::samples::*;
use forewarn_core::alert::intake::Standing;
use forewarn_store::Entry;
use std::sync::Arc;

const HOUSE: &str = "services: [{id: portal, name: Portal, owner: ann@example.org}]";

async fn house(db: &Database) {
    db.store
        .apply(&documents(HOUSE), "ann", at(0), false)
        .await
        .unwrap();
}

on_both_databases! {
    async fn a_request_is_taken_once(db: &Database) {
        house(&db).await;
        let hook = hook("prom");
        let first = db.store.take_alerts(alerts(&hook, "r1", true), at(0)).await.unwrap();
        assert_eq!((first.repeated, first.opened.as_deref(), first.told), (false, Some("INC-1"), 1));
        let again = db.store.take_alerts(alerts(&hook, "r1", true), at(1)).await.unwrap();
        assert_eq!((again.repeated, again.incidents.as_slice()), (true, &["INC-1".to_owned()][..]));
        // The same alert by another request: nothing is new, and nobody is told twice.
        let other = db.store.take_alerts(alerts(&hook, "r2", true), at(2)).await.unwrap();
        assert_eq!((other.opened, other.told), (None, 0));
        assert_eq!(db.texts("SELECT status FROM deliveries").await, ["queued"]);
        assert_eq!(db.store.notes("INC-1").await.unwrap().len(), 1);
        // A week later it is forgotten; the alert itself is not.
        let late = db.store.take_alerts(alerts(&hook, "r3", false), at(8 * 24 * 60)).await.unwrap();
        assert_eq!(late.incidents, ["INC-1"]);
        assert_eq!(db.texts("SELECT request FROM hook_requests").await, ["r3"]);
        assert_eq!(db.store.draft("INC-1").await.unwrap().unwrap().status, Standing::Closed);
        assert_eq!(db.store.verify_journal().await.unwrap().broken, None);
    }

    async fn the_event_of_its_id_publishes_a_draft(db: &Database) {
        house(&db).await;
        db.store.take_alerts(alerts(&hook("prom"), "r1", true), at(0)).await.unwrap();
        let waiting = db.store.drafts(true, 10).await.unwrap();
        assert_eq!(waiting.len(), 1);
        send_out(&db.store, &incident("INC-1"), 0, Vec::new(), 1).await;
        assert_eq!(db.store.drafts(true, 10).await.unwrap(), []);
        assert_eq!(db.store.draft("INC-1").await.unwrap().unwrap().status, Standing::Published);
        // Whoever wanted to discard it meanwhile comes too late.
        let discarded = waiting[0].clone().discard(at(1)).unwrap();
        let entry = Entry::new("ann", "draft.discarded", "INC-1");
        let late = db.store.change_draft(&waiting[0], &discarded, entry, at(1)).await;
        assert!(late.unwrap_err().to_string().contains("changed by somebody else"));
        // Its end joins the incident, and opens nothing.
        let ended = db.store.take_alerts(alerts(&hook("prom"), "r2", false), at(2)).await.unwrap();
        assert_eq!((ended.opened, ended.incidents.as_slice()), (None, &["INC-1".to_owned()][..]));
        assert!(!db.store.alerts("INC-1").await.unwrap()[0].episode.firing);
    }

    async fn a_command_is_taken_once(db: &Database) {
        assert!(db.store.take_request("slack", "r1", at(0)).await.unwrap());
        assert!(!db.store.take_request("slack", "r1", at(1)).await.unwrap());
        assert!(db.store.take_request("other", "r1", at(1)).await.unwrap());
    }
}

#[test]
fn two_nodes_that_hear_at_once_open_one_draft() {
    run(Kind::Postgres, |db: Arc<Database>| async move {
        house(&db).await;
        let requests = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let mut nodes = Vec::new();
        for request in requests {
            let store = db.another_node().await;
            nodes.push(tokio::spawn(async move {
                let hook = hook("prom");
                let took = store.take_alerts(alerts(&hook, request, true), at(0)).await;
                store.close().await;
                took.unwrap()
            }));
        }
        let mut opened = Vec::new();
        for node in nodes {
            opened.extend(node.await.unwrap().opened);
        }
        assert_eq!(opened, ["INC-1"]);
        assert_eq!(db.texts("SELECT id FROM drafts").await, ["INC-1"]);
        assert_eq!(db.texts("SELECT status FROM deliveries").await, ["queued"]);
    });
}
