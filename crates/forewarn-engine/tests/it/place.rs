//! Copies away from home: in a folder, and in a bucket of a scripted store.

use forewarn_engine::peer::http::{HttpPeer, Reply, Request, Script};
use forewarn_engine::place::s3::{Bucket, Credentials};
use forewarn_engine::place::{Copy, Done, File, LIST, Place};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

fn now() -> Timestamp {
    "2026-11-23T09:00:00Z".parse().unwrap()
}

fn file(name: &str, body: &str) -> File {
    File {
        name: name.to_owned(),
        content_type: "text/html; charset=utf-8",
        cache_control: "public, max-age=5",
        body: body.into(),
        hash: format!("{}-{}", body.len(), body),
        loaded_by_others: name.starts_with("assets/"),
    }
}

async fn bring(copy: &mut Copy, files: &[File]) -> Done {
    copy.bring(files.to_vec(), "https://status.example.edu/", now(), now())
        .await
}

fn done(written: usize, removed: usize) -> Done {
    Done {
        written,
        removed,
        failed: Vec::new(),
    }
}

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        let name = format!("forewarn-place-{}", uuid::Uuid::now_v7().simple());
        Folder(std::env::temp_dir().join(name))
    }

    fn read(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.0.join(name)).ok()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn a_folder_gets_what_changed_and_loses_what_is_gone_also_after_a_restart() {
    let folder = Folder::new();
    let place = || Place::Folder(folder.0.clone());
    let mut copy = Copy::open(place(), now()).await.unwrap();
    let first = [
        file("index.html", "one"),
        file("events/MNT-1/index.html", "work"),
        file("assets/a.css", "a"),
    ];
    assert_eq!(bring(&mut copy, &first).await, done(3, 0));
    assert_eq!(bring(&mut copy, &first).await, done(0, 0));
    std::fs::write(folder.0.join("robots.txt"), "not ours").unwrap();
    // What did not change is not touched.
    std::fs::write(folder.0.join("assets/a.css"), "touched").unwrap();
    let mut copy = Copy::open(place(), now()).await.unwrap();
    let second = [file("index.html", "two"), file("assets/a.css", "a")];
    assert_eq!(bring(&mut copy, &second).await, done(1, 1));
    assert_eq!(folder.read("index.html").unwrap(), "two");
    assert_eq!(folder.read("assets/a.css").unwrap(), "touched");
    assert_eq!(folder.read("robots.txt").unwrap(), "not ours");
    assert!(!folder.0.join("events").exists());
    let list: serde_json::Value = serde_json::from_str(&folder.read(LIST).unwrap()).unwrap();
    assert_eq!(list["made_at"], "2026-11-23T09:00:00Z");
    assert_eq!(list["copy_of"], "https://status.example.edu/");
    assert_eq!(list["files"].as_object().unwrap().len(), 2);
    let left: Vec<_> = std::fs::read_dir(&folder.0)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".new"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_told_and_tried_again() {
    let folder = Folder::new();
    let mut copy = Copy::open(Place::Folder(folder.0.clone()), now())
        .await
        .unwrap();
    std::fs::create_dir_all(folder.0.join("index.html")).unwrap();
    let files = [file("index.html", "one"), file("feed.json", "{}")];
    let told = bring(&mut copy, &files).await;
    assert_eq!((told.written, told.failed.len()), (1, 1));
    assert!(told.failed[0].starts_with("index.html: "), "{told:?}");
    std::fs::remove_dir(folder.0.join("index.html")).unwrap();
    assert_eq!(bring(&mut copy, &files).await, done(1, 0));
    assert_eq!(folder.read("index.html").unwrap(), "one");
}

/// What a store holds: content type and bytes by path.
type Objects = Arc<Mutex<BTreeMap<String, (String, Vec<u8>)>>>;

/// A store that keeps what is put, when the first `failing` requests to put are over.
async fn store(failing: usize) -> (HttpPeer, Objects) {
    let objects = Objects::default();
    let (held, left) = (objects.clone(), Mutex::new(failing));
    let script = Script::new().answered_by(move |request: &Request| {
        let mut held = held.lock().unwrap();
        let kind = request.header("content-type").unwrap_or_default().to_owned();
        Some(match request.method.as_str() {
            "PUT" => {
                let mut left = left.lock().unwrap();
                if *left > 0 {
                    *left -= 1;
                    let slow = "<?xml version=\"1.0\"?><Error><Code>SlowDown</Code><Message>Please reduce your rate.</Message></Error>";
                    return Some(Reply::status(503).body(slow));
                }
                held.insert(request.path.clone(), (kind, request.body.clone()));
                Reply::status(200)
            }
            "DELETE" => {
                held.remove(&request.path);
                Reply::status(204)
            }
            _ => match held.get(&request.path) {
                Some((_, body)) => Reply::status(200).body(body.clone()),
                None => Reply::status(404),
            },
        })
    });
    (HttpPeer::start(script).await.unwrap(), objects)
}

fn bucket(peer: &HttpPeer) -> Place {
    let credentials = Credentials {
        key: "AKIDEXAMPLE".into(),
        secret: "hunter2".into(),
        session: Some("lent".into()),
    };
    let bucket = Bucket::at(
        "s3://pages/campus",
        &peer.url(""),
        "eu-central-1",
        credentials,
    );
    Place::Bucket(Box::new(bucket.unwrap()))
}

#[tokio::test]
async fn a_bucket_gets_signed_requests_with_types_and_is_brought_up_to_date_after_failures() {
    let (peer, objects) = store(1).await;
    let mut copy = Copy::open(bucket(&peer), now()).await.unwrap();
    let files = [file("index.html", "one"), file("assets/a.css", "a")];
    let told = bring(&mut copy, &files).await;
    // What pages load goes first, so that is what met the failure.
    assert_eq!((told.written, told.failed.len()), (1, 1));
    assert!(
        told.failed[0].starts_with("assets/a.css: 127.0.0.1:")
            && told.failed[0]
                .ends_with("503 Service Unavailable: SlowDown: Please reduce your rate."),
        "{told:?}"
    );
    assert_eq!(bring(&mut copy, &files).await, done(1, 0));
    let held = objects.lock().unwrap().clone();
    let names: Vec<&str> = held.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "/pages/campus/assets/a.css",
            "/pages/campus/forewarn-copy.json",
            "/pages/campus/index.html"
        ]
    );
    let (kind, body) = &held["/pages/campus/index.html"];
    assert_eq!(
        (kind.as_str(), &body[..]),
        ("text/html; charset=utf-8", &b"one"[..])
    );
    let mut copy = Copy::open(bucket(&peer), now()).await.unwrap();
    assert_eq!(bring(&mut copy, &files[..1]).await, done(0, 1));
    assert!(
        !objects
            .lock()
            .unwrap()
            .contains_key("/pages/campus/assets/a.css")
    );
    for request in peer.requests() {
        let signed = request.header("authorization").unwrap();
        let of = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261123/eu-central-1/s3/aws4_request,SignedHeaders=";
        assert!(signed.starts_with(of), "{signed}");
        assert!(signed.contains("host;x-amz-content-sha256;x-amz-date;x-amz-security-token"));
        assert_eq!(request.header("x-amz-date"), Some("20261123T090000Z"));
        assert_eq!(request.header("x-amz-security-token"), Some("lent"));
    }
}
