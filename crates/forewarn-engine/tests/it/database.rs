//! A database for each test, gone after it: an SQLite file, or one on the server of `FOREWARN_TEST_POSTGRES`.

use forewarn_store::{Location, Store};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

pub struct Database {
    #[allow(dead_code, reason = "the simulation names it when it fails")]
    pub kind: Kind,
    pub location: Location,
    name: String,
}

impl Database {
    pub fn fresh(kind: Kind) -> Database {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("forewarn_engine_{}_{n}", std::process::id());
        let location = match kind {
            Kind::Sqlite => {
                let folder = std::env::temp_dir().join(&name);
                std::fs::create_dir(&folder).expect("a folder for the database");
                Location::File(folder.join("forewarn.sqlite"))
            }
            Kind::Postgres => {
                let server = server();
                // In a language, as servers are installed: bytes do not sort as they do in C.
                let language = ["--locale-provider=icu", "--icu-locale=en-US"];
                client("createdb", &server, &name, &language);
                let (base, _) = server.rsplit_once('/').expect("a URL with a database");
                Location::Server(format!("{base}/{name}"))
            }
        };
        Database {
            kind,
            location,
            name,
        }
    }

    /// A server that answers before its disk does. Where programs die and not the server nothing is lost by that.
    pub fn in_a_hurry(kind: Kind) -> Database {
        let database = Database::fresh(kind);
        if kind == Kind::Postgres {
            database.ask(
                "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$",
            );
        }
        database
    }

    pub async fn open(&self) -> Store {
        Store::open(&self.location).await.expect("the store opens")
    }

    /// One value out of the database, by PostgreSQL's own client.
    pub fn ask(&self, sql: &str) -> String {
        let Location::Server(url) = &self.location else {
            panic!("only a server can be asked");
        };
        let output = Command::new(tool("psql"))
            .args(["--no-psqlrc", "--tuples-only", "--no-align", url, "-c", sql])
            .output()
            .expect("psql runs");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        match &self.location {
            Location::File(path) => {
                let folder = path.parent().expect("it lies in a folder");
                let _ = std::fs::remove_dir_all(folder);
            }
            Location::Server(_) => client("dropdb", &server(), &self.name, &["--force"]),
        }
    }
}

fn server() -> String {
    std::env::var("FOREWARN_TEST_POSTGRES").expect(
        "FOREWARN_TEST_POSTGRES must be the URL of a PostgreSQL server: scripts/postgres.sh start DIR prints one",
    )
}

/// The folder of PostgreSQL's programs.
pub fn tool(name: &str) -> PathBuf {
    let folder = std::env::var("FOREWARN_TEST_PGBIN")
        .expect("FOREWARN_TEST_PGBIN must be the folder that scripts/postgres.sh bin prints");
    PathBuf::from(folder).join(name)
}

fn client(program: &str, server: &str, name: &str, more: &[&str]) {
    let mut command = Command::new(tool(program));
    command.arg(format!("--maintenance-db={server}")).args(more);
    if program == "createdb" {
        command.arg("--template=template0");
    }
    let output = command.arg(name).output().expect("the client runs");
    assert!(
        output.status.success() || std::thread::panicking(),
        "{program}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
