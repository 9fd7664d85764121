//! How a server begins and a demo ends: it waits for a database that is not there yet, and leaves nothing behind.

use crate::database::{Cluster, Database, Stop};
use crate::running::{Folder, PATIENCE, Start, ended, program, until};
use reqwest::StatusCode;
use std::net::TcpListener;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// A port that is free now.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

async fn signal(child: &Child, name: &str) {
    let id = child.id().expect("it runs").to_string();
    let sent = Command::new("kill")
        .args([&format!("-{name}"), &id])
        .status();
    assert!(sent.await.unwrap().success());
}

#[tokio::test]
async fn a_server_waits_for_its_database() {
    let cluster = Cluster::new().await;
    cluster.stop(Stop::Fast).await;
    let folder = Folder::new();
    let listen = format!("127.0.0.1:{}", free_port());
    let begin = || {
        let mut command = program(&["serve", "--listen", &listen, "--database", cluster.url()]);
        command.arg("--data").arg(folder.file("data"));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let http = {
        let _ = rustls::crypto::ring::default_provider().install_default();
        reqwest::Client::builder().no_proxy().build().unwrap()
    };
    let get = async |path: &str| http.get(format!("http://{listen}{path}")).send().await.ok();
    // It says that it lives and is not ready, and ends when it is told to.
    let mut child = begin();
    let alive = until("it answers", PATIENCE, async || get("/healthz").await).await;
    assert_eq!(alive.status(), StatusCode::OK);
    for path in ["/readyz", "/", "/api/v1/incidents"] {
        let answer = get(path).await.unwrap();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(answer.headers().contains_key("retry-after"), "{path}");
    }
    signal(&child, "TERM").await;
    let status = timeout(PATIENCE, child.wait()).await.unwrap().unwrap();
    assert!(status.success(), "{status}");
    let mut log = String::new();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        log += &line;
    }
    assert!(
        log.contains("waits for the database") && log.contains("PostgreSQL at"),
        "{log}"
    );
    // Once the database is there, it begins.
    let mut child = begin();
    until("it waits", PATIENCE, async || get("/healthz").await).await;
    cluster.start().await;
    until("it is ready", PATIENCE, async || {
        let ready = get("/readyz").await?;
        (ready.status() == StatusCode::OK).then_some(())
    })
    .await;
    let page = get("/").await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    signal(&child, "TERM").await;
    assert!(
        timeout(PATIENCE, child.wait())
            .await
            .unwrap()
            .unwrap()
            .success()
    );
}

#[tokio::test]
async fn what_waiting_does_not_mend_ends_at_once() {
    let (folder, database) = (Folder::new(), Database::new());
    let url = database.url();
    let (before, name) = url.rsplit_once('/').unwrap();
    let refused = async |url: &str| {
        let start = Start::new(&folder.file("data")).with("--database", url);
        let (code, _, err) = ended(start.command()).await;
        assert_ne!(code, 0);
        assert!(!err.contains("waits"), "{err}");
        err
    };
    let err = refused(&format!("{before}/no_such_database")).await;
    assert!(err.contains("\"no_such_database\" does not exist"), "{err}");
    let host = before.rsplit_once('@').unwrap().1;
    let err = refused(&format!("postgres://no_such_role:wrong@{host}/{name}")).await;
    assert!(
        err.contains("no_such_role") && !err.contains("wrong"),
        "{err}"
    );
    Start::new(&folder.file("data"))
        .with("--database", &url)
        .run()
        .await
        .stop()
        .await;
    crate::database::sql(&url, "INSERT INTO schema_version (version) VALUES (4000)");
    let err = refused(&url).await;
    assert!(err.contains("newer Forewarn"), "{err}");
}

#[tokio::test]
async fn a_command_says_nothing_of_what_the_database_takes_note_of() {
    let (folder, database) = (Folder::new(), Database::new());
    let url = database.url();
    for _ in 0..2 {
        let mut command = program(&["backup", "-", "--database", &url, "--data"]);
        command.arg(folder.file("data")).env("FOREWARN_LOG", "info");
        let (code, _, err) = ended(command).await;
        assert_eq!((code, err.as_str()), (0, ""));
    }
}

#[tokio::test]
async fn a_demo_that_is_told_to_end_leaves_no_folder() {
    for name in ["TERM", "INT"] {
        let folder = Folder::new();
        let mut command = program(&["demo", "--listen", "127.0.0.1:0"]);
        command
            .env("TMPDIR", folder.file(""))
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let told = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if line.contains("ends it") {
                    return true;
                }
            }
            false
        };
        assert!(timeout(PATIENCE, told).await.unwrap());
        let left = || std::fs::read_dir(folder.file("")).unwrap().count();
        assert_eq!(left(), 1, "its folder is where we look");
        signal(&child, name).await;
        let status = timeout(PATIENCE, child.wait()).await.unwrap().unwrap();
        assert!(status.success(), "{name}: {status}");
        assert_eq!(left(), 0, "{name}");
    }
}
