//! Lists are paged by cursors: all pages together are the whole, and nothing comes twice.

use crate::app::{As, TestApp, upgrade};
use forewarn_core::delivery::DeliveryStatus;
use forewarn_store::{Lane, Recorded};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Walks every page of a list.
async fn walk(app: &TestApp, path: &str, limit: usize, key: &str) -> Vec<Value> {
    let (mut all, mut after) = (Vec::new(), String::new());
    for _ in 0..1000 {
        let join = if path.contains('?') { '&' } else { '?' };
        let page = app.get(&format!("{path}{join}limit={limit}{after}")).await;
        let page = page.is(200).json();
        let items = page["items"].as_array().cloned().expect("items");
        assert!(items.len() <= limit, "{path}");
        all.extend(items);
        match page["next"].as_str() {
            Some(next) => {
                let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
                after = format!("&after={next}");
            }
            None => {
                let ids: BTreeSet<String> = all.iter().map(|i| i[key].to_string()).collect();
                assert_eq!(ids.len(), all.len(), "{path}: something came twice");
                return all;
            }
        }
    }
    panic!("{path} does not end");
}

on_both_databases! {
    async fn all_pages_are_the_whole_list(app: TestApp) {
        app.apply_campus().await;
        let contacts: Vec<Value> = (0..37)
            .map(|n| json!({"id": format!("p{n}"), "audiences": ["customers"], "endpoints": {"email": format!("p{n}@example.edu")}}))
            .collect();
        app.yaml("/api/v1/documents", &json!({"contacts": contacts}).to_string()).await.is(200);
        for n in 1..=6 {
            let mut work = upgrade();
            work["id"] = json!(format!("MNT-{n}"));
            app.post("/api/v1/maintenances", &work).await.is(201);
        }
        app.expand_due().await;
        app.post("/api/v1/maintenances/MNT-4/cancel", &json!({"reason": "Not needed any more."})).await.is(200);
        for severity in ["P1", "P2", "P3"] {
            let trouble = json!({"services": {"portal": "degraded"}, "severity": severity, "effect": "It is slow."});
            app.post("/api/v1/incidents", &trouble).await.is(201);
        }
        for (path, key, least) in [
            ("/api/v1/notices", "id", 60),
            ("/api/v1/notices?event=MNT-3", "id", 10),
            ("/api/v1/notices?status=planned", "id", 40),
            ("/api/v1/deliveries", "id", 228),
            ("/api/v1/deliveries?event=MNT-2", "id", 38),
            ("/api/v1/deliveries?channel=email&status=queued", "id", 228),
            ("/api/v1/journal", "seq", 8),
            ("/api/v1/journal?event=MNT-2", "seq", 1),
            ("/api/v1/contacts", "id", 39),
            ("/api/v1/maintenances", "id", 6),
            ("/api/v1/maintenances?open=true", "id", 5),
            ("/api/v1/incidents", "id", 3),
        ] {
            let whole = walk(&app, path, 1000, key).await;
            assert!(whole.len() >= least, "{path}: {} of at least {least}", whole.len());
            for limit in [1, 7, whole.len()] {
                if limit == 1 && whole.len() > 60 {
                    continue;
                }
                assert_eq!(walk(&app, path, limit, key).await, whole, "{path} by {limit}");
            }
        }
        let notice = app.get("/api/v1/notices?event=MNT-1&limit=1").await.json()["items"][0].clone();
        let id = notice["id"].as_str().unwrap();
        let one = app.get(&format!("/api/v1/notices/{id}")).await.is(200).json();
        assert_eq!(one, notice);
        assert_eq!(notice["counts"], json!({"queued": 38, "accepted": 0, "delivered": 0, "failed": 0, "unknown": 0,
            "suppressed": 0, "superseded": 0, "expired": 0}));
        let delivery = app.get(&format!("/api/v1/deliveries?notice={id}&limit=1")).await.json()["items"][0].clone();
        assert_eq!((&delivery["notice"], &delivery["channel"], &delivery["status"], &delivery["attempts"]),
                   (&json!(id), &json!("email"), &json!("queued"), &json!([])));
        let message = delivery["message_id"].as_str().unwrap();
        assert!(message.starts_with('<') && message.ends_with("@example.test>"), "{message}");
    }

    async fn the_journal_is_whole(app: TestApp) {
        app.apply_campus().await;
        app.post("/api/v1/maintenances", &upgrade()).await.is(201);
        let verdict = app.get("/api/v1/audit/verify").await.is(200).json();
        assert_eq!(verdict["broken"], Value::Null);
        assert!(verdict["entries"].as_i64().unwrap() >= 2);
    }
}

#[tokio::test]
async fn what_cannot_be_a_filter_is_refused() {
    let app = TestApp::campus().await;
    for (path, problem) in [
        (
            "/api/v1/notices?status=plannd",
            "status: unknown status 'plannd'; did you mean 'planned'?",
        ),
        (
            "/api/v1/notices?after=here",
            "after: is not a cursor that this API gave out",
        ),
        (
            "/api/v1/notices?after=99999999999999999~x",
            "after: is not a cursor that this API gave out",
        ),
        (
            "/api/v1/deliveries?status=acepted",
            "status: unknown status 'acepted'; did you mean 'accepted'?",
        ),
        (
            "/api/v1/journal?after=x",
            "after: is not a cursor that this API gave out",
        ),
    ] {
        assert_eq!(app.get(path).await.is(422).problems(), [problem], "{path}");
    }
    for path in [
        "/api/v1/notices?limit=99999999",
        "/api/v1/journal?after=-1",
        "/api/v1/journal?after=9223372036854775807",
    ] {
        app.get(path).await.is(200);
    }
    app.get("/api/v1/notices/none").await.is(404);
}

/// A notice whose one message was refused for good. Gives the ids of the notice and the delivery.
async fn refused(app: &TestApp) -> (String, String) {
    app.yaml(
        "/api/v1/documents",
        "
organisation: {name: Example University, time_zone: America/Los_Angeles, calendar: US}
services: [{id: portal, name: Portal}]
audiences: [{id: staff, name: Staff, level: technical, services: [portal]}]
contacts: [{id: ann, name: Ann, audiences: [staff], endpoints: {email: ann@example.org}}]
",
    )
    .await
    .is(200);
    let declared = json!({"services": {"portal": "major_outage"}, "severity": "P1", "effect": "You cannot sign in."});
    app.post("/api/v1/incidents", &declared).await.is(201);
    app.expand_due().await;
    let now = app.app.clock.now();
    let claimed = app
        .app
        .store
        .claim(Lane::Urgent, "me", now, 9)
        .await
        .unwrap();
    let ours = claimed
        .iter()
        .find(|d| d.endpoint.address() == "ann@example.org")
        .unwrap();
    let refused = Recorded {
        id: ours.id.clone(),
        row: ours.row,
        attempt: 1,
        status: DeliveryStatus::Failed,
        next_at: now,
        started_at: now,
        ended_at: now,
        outcome: "permanent_failure",
        server_said: "554 5.7.1 we do not like you".into(),
        endpoint_gone: false,
        receipted: false,
    };
    app.app.store.record("me", &[refused]).await.unwrap();
    (ours.notice.clone(), ours.id.clone())
}

on_both_databases! {
    async fn a_notice_is_sent_again_to_those_who_did_not_get_it(app: TestApp) {
        let (notice, delivery) = refused(&app).await;
        let path = format!("/api/v1/notices/{notice}/retry");
        app.post(&path, &json!({"deliveri": "x"})).await.is(422);
        app.request(As::Viewer, "POST", &path, "{}").await.is(403);
        let page = app.page(As::Operator, &format!("/console/deliveries?notice={notice}")).await;
        let page = page.is(200).text();
        assert!(page.contains("One message was given up."), "{page}");
        let done = app.post(&path, &json!({"delivery": delivery})).await.is(200).json();
        assert_eq!(done, json!({"retried": 1, "unreachable": 0, "superseded": 0}));
        let listed = app.get(&format!("/api/v1/deliveries?notice={notice}&status=queued")).await.is(200).json();
        assert_eq!(listed["items"][0]["id"], delivery.as_str());
        app.post(&path, &json!({})).await.is(409);
        app.post("/api/v1/notices/none/retry", &json!({})).await.is(404);
        let journal = app.get("/api/v1/journal").await.is(200).json();
        assert!(journal.to_string().contains("notice.retried"), "{journal}");
    }
}
