//! PostgreSQL for tests of the whole: a database of a test's own in the shared server, or a server of its own.

use crate::running::{Folder, PATIENCE};
use std::path::PathBuf;
use std::process::Command;
use tokio::time::timeout;

/// A variable of the test environment. Without it the test fails: it cannot show what it is there to show.
fn required(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!(
            "{name} is not set. ./test sets it; for some tests only:\n  \
             export FOREWARN_TEST_POSTGRES=$(scripts/postgres.sh start /tmp/forewarn-pg)\n  \
             export FOREWARN_TEST_PGBIN=$(scripts/postgres.sh bin)"
        )
    })
}

/// Runs SQL with `psql` and gives back what it prints, unaligned.
pub fn sql(url: &str, statement: &str) -> String {
    let psql = PathBuf::from(required("FOREWARN_TEST_PGBIN")).join("psql");
    let output = Command::new(psql)
        .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
        .args(["--set", "ON_ERROR_STOP=1", "--command", statement, url])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{statement}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// A database of the test's own in the shared server, dropped with it.
pub struct Database {
    server: String,
    name: String,
}

impl Database {
    /// Makes one.
    pub fn new() -> Database {
        let server = required("FOREWARN_TEST_POSTGRES");
        let name = format!("it_{}", uuid::Uuid::now_v7().simple());
        sql(&server, &format!("CREATE DATABASE {name}"));
        Database { server, name }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        let (before, _) = self.server.rsplit_once('/').expect("a URL with a database");
        format!("{before}/{}", self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            sql(
                &self.server,
                &format!("DROP DATABASE {} WITH (FORCE)", self.name),
            );
        }
    }
}

/// How a server is stopped.
#[derive(Clone, Copy, Debug)]
pub enum Stop {
    /// In good order; those who are connected are cut off.
    Fast,
    /// A crash.
    Immediate,
}

/// A PostgreSQL server of the test's own, stopped with it.
pub struct Cluster {
    folder: Folder,
    url: String,
}

impl Cluster {
    /// Makes and starts one.
    pub async fn new() -> Cluster {
        required("FOREWARN_TEST_PGBIN");
        let folder = Folder::new();
        let path = folder.file("pg");
        let url = script(&["start", path.to_str().unwrap()]).await;
        Cluster { folder, url }
    }

    /// Its URL, the same after every start.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops it.
    pub async fn stop(&self, how: Stop) {
        let how = match how {
            Stop::Fast => "fast",
            Stop::Immediate => "immediate",
        };
        script(&["stop", self.path().to_str().unwrap(), how]).await;
    }

    /// Starts it again.
    pub async fn start(&self) {
        let url = script(&["start", self.path().to_str().unwrap()]).await;
        assert_eq!(url, self.url);
    }

    fn path(&self) -> PathBuf {
        self.folder.file("pg")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let path = self.path();
        // A failure here must not hide that of the test.
        let _ = Command::new(SCRIPT)
            .args(["stop", path.to_str().unwrap(), "immediate"])
            .status();
    }
}

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/postgres.sh");

async fn script(arguments: &[&str]) -> String {
    let run = tokio::process::Command::new(SCRIPT)
        .args(arguments)
        .output();
    let output = timeout(PATIENCE, run).await.expect("it ends").unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
