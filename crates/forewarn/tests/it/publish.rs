//! The public pages away from home: kept up to date by the server, readable when it is dead, made by the command too.

use crate::running::{Folder, PATIENCE, Running, Start, ended, program, until};
use forewarn_engine::peer::http::{HttpPeer, Reply, Request, Script};
use reqwest::StatusCode;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// X: within so long a change is in the copy.
const PROMISED: Duration = Duration::from_secs(5);

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap_or_default()
}

/// Every file below a folder by its name, but for the list.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let (mut found, mut waiting) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(next) = waiting.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap();
            if name != "forewarn-copy.json" {
                found.insert(name.to_owned(), std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

async fn shows_in(copy: &Path, name: &str, words: &str) {
    until("the copy shows it", PROMISED, async || {
        read(copy, name).contains(words).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_copy_in_a_folder_follows_within_five_seconds_and_outlives_the_server() {
    let folder = Folder::new();
    let copy = folder.file("www");
    let server = Start::new(&folder.file("data"))
        .with("--publish-to", copy.to_str().unwrap())
        .run()
        .await;
    server.fill("portal", 1).await;
    let id = server.declare("portal").await;
    shows_in(&copy, "index.html", "Nobody can sign in").await;
    let event = format!("events/{id}/index.html");
    shows_in(&copy, &event, "Nobody can sign in").await;
    // The same bytes under names that any web server understands.
    for (path, name) in [
        ("/", "index.html"),
        ("/history", "history/index.html"),
        ("/calendar", "calendar/index.html"),
        ("/calendar.ics", "calendar.ics"),
        ("/calendar/portal.ics", "calendar/portal.ics"),
        ("/history.atom", "history.atom"),
        ("/history.rss", "history.rss"),
        ("/feed.json", "feed.json"),
        ("/api/v2/summary.json", "api/v2/summary.json"),
        ("/badge.svg", "badge.svg"),
        ("/banner.js", "banner.js"),
    ] {
        let served = server.get(path).await;
        assert_eq!(served.status, StatusCode::OK, "{path}");
        until(name, PATIENCE, async || {
            (read(&copy, name) == served.text).then_some(())
        })
        .await;
    }
    // Everything that the page loads is there.
    let page = read(&copy, "index.html");
    for attribute in ["src=\"/assets/", "href=\"/assets/"] {
        for rest in page.split(attribute).skip(1) {
            let name = rest.split('"').next().unwrap();
            assert!(copy.join("assets").join(name).exists(), "{name}");
        }
    }
    assert!(!copy.join("subscribe").exists(), "a form that nobody takes");
    server.kill().await;
    let page = read(&copy, "index.html");
    assert!(page.contains("Nobody can sign in") && page.contains("As of <time"));
    let list: serde_json::Value = serde_json::from_str(&read(&copy, "forewarn-copy.json")).unwrap();
    assert!(list["made_at"].is_string(), "{list}");
}

#[tokio::test]
async fn the_command_makes_a_copy_while_the_server_works_and_only_writes_what_changed() {
    let folder = Folder::new();
    let data = folder.file("data");
    let server = Start::new(&data).run().await;
    server.fill("portal", 1).await;
    let id = server.declare("portal").await;
    let (data, copy) = (data.to_str().unwrap().to_owned(), folder.file("www"));
    let publish = async || {
        let to = copy.to_str().unwrap();
        let arguments = [
            "publish",
            "--data",
            &data,
            "--to",
            to,
            "--json",
            "--public-url",
            "https://status.example.org",
        ];
        let (code, out, error) = ended(program(&arguments)).await;
        assert_eq!(code, 0, "{out}{error}");
        serde_json::from_str::<serde_json::Value>(&out).unwrap()
    };
    let first = publish().await;
    assert_eq!(first["written"], first["files"], "{first}");
    let event = read(&copy, &format!("events/{id}/index.html"));
    assert!(event.contains("Nobody can sign in"));
    assert!(read(&copy, "history.rss").contains("https://status.example.org/events/"));
    let before = files(&copy);
    let second = publish().await;
    let changed = files(&copy)
        .iter()
        .filter(|(name, body)| before[*name] != **body)
        .count();
    assert_eq!(second["written"], changed, "{second}");
    // What says nothing of the clock is not written again.
    assert!(changed < before.len(), "{changed} of {}", before.len());
    server.stop().await;
    let (code, _, error) = ended(program(&["publish", "--data", &data])).await;
    assert_eq!(code, 2);
    assert!(error.contains("--to"), "{error}");
    let (code, _, error) =
        ended(program(&["publish", "--to", "s3://pages", "--data", &data])).await;
    assert_eq!(code, 2);
    assert!(error.contains("AWS_ACCESS_KEY_ID must be set"), "{error}");
}

#[tokio::test]
async fn a_copy_in_a_bucket_follows_and_catches_up_when_the_store_was_away() {
    let objects: Arc<Mutex<BTreeMap<String, (String, String)>>> = Arc::default();
    let away = Arc::new(Mutex::new(false));
    let (held, is_away) = (objects.clone(), away.clone());
    let script = Script::new().answered_by(move |request: &Request| {
        if *is_away.lock().unwrap() {
            return Some(Reply::status(503));
        }
        if request.method != "PUT" {
            return Some(Reply::status(404));
        }
        let kind = request
            .header("content-type")
            .unwrap_or_default()
            .to_owned();
        let body = String::from_utf8_lossy(&request.body).into_owned();
        held.lock()
            .unwrap()
            .insert(request.path.clone(), (kind, body));
        Some(Reply::status(200))
    });
    let store = HttpPeer::start(script).await.unwrap();
    let folder = Folder::new();
    let server = Start::new(&folder.file("data"))
        .with("--publish-to", "s3://pages/campus")
        .with_variable("AWS_ENDPOINT_URL_S3", &store.url(""))
        .with_variable("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .with_variable("AWS_SECRET_ACCESS_KEY", "hunter2hunter2")
        .run()
        .await;
    let shown = async |words: &str, within: Duration| {
        until("the bucket shows it", within, async || {
            let held = objects.lock().unwrap();
            let page = held.get("/pages/campus/index.html");
            page.is_some_and(|(_, body)| body.contains(words))
                .then_some(())
        })
        .await;
    };
    server.fill("portal", 1).await;
    shown("Service portal", PROMISED).await;
    {
        let held = objects.lock().unwrap();
        let kind = |name: &str| held[&format!("/pages/campus/{name}")].0.clone();
        // A bucket keeps the type beside the object, so the name is that of the address.
        assert_eq!(kind("history"), "text/html; charset=utf-8");
        assert_eq!(kind("calendar.ics"), "text/calendar; charset=utf-8");
        assert_eq!(kind("feed.json"), "application/feed+json");
    }
    *away.lock().unwrap() = true;
    server.declare("portal").await;
    let said = async |server: &Running| {
        until("the failure is told", PATIENCE, async || {
            server.said().contains("is not up to date").then_some(())
        })
        .await;
    };
    said(&server).await;
    assert!(!server.said().contains("hunter2"));
    *away.lock().unwrap() = false;
    shown("Nobody can sign in", PATIENCE).await;
    server.stop().await;
}
