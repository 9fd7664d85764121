//! K8: a repeated request publishes once, also when the program is killed (`kill -9`) meanwhile. Each request is made five times at
//! once with one key, and by each until it is answered; the judge is the list of incidents.

use crate::crash::{Dice, from_environment};
use crate::running::{Folder, PATIENCE, Start, TOKEN, incident};
use reqwest::{Client, StatusCode};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How often each request is made at once.
const AT_ONCE: usize = 5;

/// One client: asks again, wherever the program listens by then, until it is told the incident's id.
async fn published(http: Client, mut places: watch::Receiver<String>, key: String) -> String {
    let body = incident("portal").to_string();
    loop {
        let url = format!("{}/api/v1/incidents", *places.borrow_and_update());
        let asked = http
            .post(url)
            .bearer_auth(TOKEN)
            .header("content-type", "application/json")
            .header("idempotency-key", &key)
            .body(body.clone())
            .send();
        let answered = match asked.await {
            Ok(answer) => {
                let status = answer.status();
                answer.text().await.map(|text| (status, text)).ok()
            }
            Err(_) => None,
        };
        match answered {
            Some((StatusCode::CREATED, text)) => {
                let told: Value = serde_json::from_str(&text).unwrap();
                return told["id"].as_str().unwrap().to_owned();
            }
            Some((status, text)) => assert!(
                status == StatusCode::CONFLICT || status == StatusCode::SERVICE_UNAVAILABLE,
                "{status}: {text}"
            ),
            // It was killed: the next one says where it listens.
            None => {
                let moved = timeout(Duration::from_millis(100), places.changed()).await;
                let _ = moved;
            }
        }
    }
}

async fn each_publishes_once(requests: usize, kills: usize) {
    let mut dice = Dice::thrown();
    let folder = Folder::new();
    let start = Start::new(&folder.file("data"));
    let mut server = start.run().await;
    server.fill("portal", 1).await;
    let places = watch::Sender::new(server.url(""));
    let http = Client::builder().no_proxy().timeout(PATIENCE).build();
    let http = http.unwrap();
    let mut before = 0;
    for part in 0..=kills {
        // Some of the keys are those of requests that the program was killed in.
        let upto = requests * (part + 1) / (kills + 1);
        let mut clients = JoinSet::new();
        for n in before..upto {
            for _ in 0..AT_ONCE {
                let key = format!("publish-{n}");
                clients.spawn(published(http.clone(), places.subscribe(), key));
            }
        }
        if part < kills {
            // In the middle of them, wherever that is.
            let answered = dice.throw((AT_ONCE * (upto - before)) as u64 / 2 + 1);
            for _ in 0..answered {
                clients.join_next().await.unwrap().unwrap();
            }
            server.kill().await;
            server = start.run().await;
            places.send_replace(server.url(""));
        }
        while let Some(told) = clients.join_next().await {
            told.unwrap();
        }
        before = upto;
    }
    // What each client is told of a key is the same, long after.
    let mut ids = BTreeSet::new();
    for n in 0..requests {
        ids.insert(published(http.clone(), places.subscribe(), format!("publish-{n}")).await);
    }
    let listed = server.all("/api/v1/incidents").await;
    let listed: Vec<&str> = listed.iter().map(|i| i["id"].as_str().unwrap()).collect();
    println!(
        "{requests} requests, {kills} kills: {} incidents",
        listed.len()
    );
    assert_eq!((ids.len(), listed.len()), (requests, requests));
    assert!(listed.iter().all(|id| ids.contains(*id)));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_at_once_publish_once_also_when_it_is_killed() {
    each_publishes_once(24, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; the whole figure of promise K8"]
async fn a_thousand_publishes_five_times_each_are_a_thousand() {
    let kills = from_environment("FOREWARN_CRASH_POINTS").unwrap_or(50);
    each_publishes_once(1_000, kills as usize).await;
}
