//! Alerts are taken once and alone, also by two nodes, and a draft is published by the event of its id.

use crate::database::{Database, Kind, run};
use crate::samples::*;
use forewarn_core::alert::intake::Standing;
use forewarn_core::event::Event;
use forewarn_core::incident::{Incident, Severity, Status};
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

    async fn an_open_incident_that_is_graver_is_told_to_its_team_once(db: &Database) {
        house(&db).await;
        let Event::Incident(small) = incident("INC-7") else { panic!("it is one") };
        let small = Event::Incident(Incident { severity: Severity::P5, ..small });
        publish(&db.store, &small, 0, &adding(Vec::new())).await.unwrap();
        let hook = hook("prom");
        let took = db.store.take_alerts(alerts(&hook, "r1", true), at(0)).await.unwrap();
        assert_eq!(took.graver[&id("INC-7")].severity, Severity::P2);
        let again = db.store.take_alerts(alerts(&hook, "r2", true), at(1)).await.unwrap();
        assert!(again.graver.is_empty(), "{again:?}");
        assert_eq!(db.texts("SELECT milestone FROM notices").await, ["alert_graver"]);
        assert_eq!(db.texts("SELECT status FROM deliveries").await, ["queued"]);
        let journal = db.store.journal(Some("INC-7"), None, 10).await.unwrap();
        assert!(journal.iter().any(|e| e.action == "incident.alerts_graver"), "{journal:?}");
    }

    async fn the_same_request_counts_again_long_after_people_said_that_it_is_over(db: &Database) {
        house(&db).await;
        let hook = hook("prom");
        db.store.take_alerts(alerts(&hook, "r1", true), at(0)).await.unwrap();
        let Event::Incident(over) = incident("INC-1") else { panic!("it is one") };
        let over = Incident { status: Status::Resolved, resolved_at: Some(at(10)), ..over };
        publish(&db.store, &Event::Incident(over), 0, &adding(Vec::new())).await.unwrap();
        let soon = db.store.take_alerts(alerts(&hook, "r1", true), at(39)).await.unwrap();
        assert_eq!((soon.repeated, soon.opened), (true, None));
        let late = db.store.take_alerts(alerts(&hook, "r1", true), at(40)).await.unwrap();
        assert_eq!((late.repeated, late.opened.as_deref()), (false, Some("INC-2")));
        let again = db.store.take_alerts(alerts(&hook, "r1", true), at(41)).await.unwrap();
        assert_eq!((again.repeated, again.incidents), (true, vec!["INC-2".to_owned()]));
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
