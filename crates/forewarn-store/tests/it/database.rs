//! A database for each test, made before it and dropped after it.

use forewarn_core::token::Key;
use forewarn_store::{Location, Sealer, Store};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row, SqliteConnection};
use std::future::Future;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// Makes two tests of each function, one for each database.
macro_rules! on_both_databases {
    ($($(#[$meta:meta])* async fn $name:ident($db:ident: &$type:ident) $body:block)*) => {
        mod cases {
            #[allow(unused_imports)]
            use super::*;
            $(pub(super) async fn $name($db: std::sync::Arc<$type>) $body)*
        }
        mod sqlite {
            $(#[test] $(#[$meta])* fn $name() {
                crate::database::run(crate::database::Kind::Sqlite, super::cases::$name);
            })*
        }
        mod postgres {
            $(#[test] $(#[$meta])* fn $name() {
                crate::database::run(crate::database::Kind::Postgres, super::cases::$name);
            })*
        }
    };
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

impl Kind {
    pub fn other(self) -> Kind {
        match self {
            Kind::Sqlite => Kind::Postgres,
            Kind::Postgres => Kind::Sqlite,
        }
    }
}

/// An empty database with today's tables, and a store over it.
pub struct Database {
    pub kind: Kind,
    pub location: Location,
    pub store: Store,
    name: String,
}

/// Held for reading by every test, and for writing by one that hears what all of this process do.
static ALONE: RwLock<()> = RwLock::new(());

/// Runs a test over a database of its own, which is dropped however the test ends.
pub fn run<F: Future<Output = ()> + Send + 'static>(kind: Kind, test: fn(Arc<Database>) -> F) {
    let _among_others = ALONE.read().unwrap_or_else(PoisonError::into_inner);
    over_its_own(kind, test);
}

/// The same, while no other test runs.
pub fn run_alone<F: Future<Output = ()> + Send + 'static>(
    kind: Kind,
    test: fn(Arc<Database>) -> F,
) {
    let _alone = ALONE.write().unwrap_or_else(PoisonError::into_inner);
    over_its_own(kind, test);
}

fn over_its_own<F: Future<Output = ()> + Send + 'static>(kind: Kind, test: fn(Arc<Database>) -> F) {
    runtime().block_on(async {
        let database = Arc::new(Database::fresh(kind).await);
        let ended = tokio::spawn(test(database.clone())).await;
        database.remove().await;
        if let Err(problem) = ended {
            std::panic::resume_unwind(problem.into_panic());
        }
    });
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .expect("a runtime can be made")
}

/// Seals with the first of these keys, and opens with all.
pub fn sealer(keys: &[&str]) -> Sealer {
    let keys: Vec<Key> = keys.iter().map(|text| Key::new(text)).collect();
    Sealer::new(&keys)
}

/// The URL of a server on which databases may be made.
pub fn server() -> String {
    std::env::var("FOREWARN_TEST_POSTGRES").expect(
        "FOREWARN_TEST_POSTGRES must be the URL of a PostgreSQL server: scripts/postgres.sh start DIR prints one",
    )
}

/// A name that no other test uses, in this process or another.
pub fn fresh_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let n = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("forewarn_store_{}_{n}", std::process::id())
}

/// A folder that no other test uses; it exists.
pub fn fresh_folder() -> PathBuf {
    let folder = std::env::temp_dir().join(fresh_name());
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    folder
}

impl Database {
    /// A database without tables.
    pub async fn bare(kind: Kind) -> (String, Location) {
        match kind {
            Kind::Sqlite => {
                let folder = fresh_folder();
                let location = Location::File(folder.join("forewarn.sqlite"));
                (folder.to_string_lossy().into_owned(), location)
            }
            Kind::Postgres => {
                let name = fresh_name();
                let mut admin = PgConnection::connect(&server())
                    .await
                    .expect("the server answers");
                // A server's language orders texts by its own rules; the store must not.
                let sql = format!(
                    "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'en-US'"
                );
                admin
                    .execute(AssertSqlSafe(sql))
                    .await
                    .expect("a database can be made");
                let (head, _) = server()
                    .rsplit_once('/')
                    .map(|(a, b)| (a.to_owned(), b.to_owned()))
                    .expect("the URL names a database");
                let location = Location::Server(format!("{head}/{name}"));
                (name, location)
            }
        }
    }

    pub async fn fresh(kind: Kind) -> Database {
        let (name, location) = Database::bare(kind).await;
        let store = Store::open(&location)
            .await
            .expect("a fresh database opens")
            .with_sealer(sealer(&["the key of the tests"]));
        Database::of(kind, name, location, store)
    }

    /// A database that was made by [`Database::bare`] and opened.
    pub fn of(kind: Kind, name: String, location: Location, store: Store) -> Database {
        Database {
            kind,
            location,
            store,
            name,
        }
    }

    /// A store over the same database, as another process has one. On SQLite it is the same process's second writer.
    pub async fn another_node(&self) -> Store {
        let store = Store::open(&self.location).await;
        store
            .expect("it opens again")
            .with_sealer(sealer(&["the key of the tests"]))
    }

    /// Runs SQL past the store and says how many rows it touched.
    pub async fn sql(&self, sql: &str) -> u64 {
        let sql = AssertSqlSafe(sql.to_owned());
        match &self.location {
            Location::File(path) => {
                let mut connection = sqlite(path).await;
                let done = connection.execute(sql).await.expect("the SQL runs");
                done.rows_affected()
            }
            Location::Server(url) => {
                let mut connection = PgConnection::connect(url)
                    .await
                    .expect("the server answers");
                let done = connection.execute(sql).await.expect("the SQL runs");
                done.rows_affected()
            }
        }
    }

    /// The first column of each row, as text.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let sql = AssertSqlSafe(sql.to_owned());
        match &self.location {
            Location::File(path) => {
                let mut connection = sqlite(path).await;
                let rows = connection.fetch_all(sql).await.expect("the SQL runs");
                rows.iter().map(|row| row.get(0)).collect()
            }
            Location::Server(url) => {
                let mut connection = PgConnection::connect(url)
                    .await
                    .expect("the server answers");
                let rows = connection.fetch_all(sql).await.expect("the SQL runs");
                rows.iter().map(|row| row.get(0)).collect()
            }
        }
    }

    pub async fn remove(&self) {
        self.store.close().await;
        match self.kind {
            Kind::Sqlite => std::fs::remove_dir_all(&self.name).expect("the folder can be removed"),
            Kind::Postgres => {
                let mut admin = PgConnection::connect(&server())
                    .await
                    .expect("the server answers");
                let sql = format!("DROP DATABASE {} WITH (FORCE)", self.name);
                admin
                    .execute(AssertSqlSafe(sql))
                    .await
                    .expect("the database can be dropped");
            }
        }
    }
}

async fn sqlite(path: &std::path::Path) -> SqliteConnection {
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(std::time::Duration::from_secs(20));
    SqliteConnection::connect_with(&options)
        .await
        .expect("the file opens")
}
