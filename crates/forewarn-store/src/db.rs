//! One face over two databases: the same SQL text, `$1` parameters, and rows read by position.
//!
//! SQL that must differ (claims, batches) is written twice side by side at its place and chosen
//! with [`Tx::either`]; everything else is one text.
//!
//! What waits for the database is boxed here. The compiler copies the body of an `async fn` into every part of every crate
//! that calls it: unboxed, both drivers were compiled a dozen times over (`scripts/build_cost.sh`).

use crate::error::{Result, StoreError};
use crate::seal::Sealer;
use futures_util::TryStreamExt as _;
use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::Value;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgPool, PgPoolOptions, PgRow, Postgres};
use sqlx::sqlite::{
    Sqlite, SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool,
    SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{Arguments, AssertSqlSafe, Connection as _, Row as _};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Older versions can lose committed writes in WAL mode.
const SQLITE_FLOOR: (u32, u32, u32) = (3, 51, 3);

/// A database, how often it was gone to, and what seals the secrets in it.
#[derive(Clone, Debug)]
pub(crate) struct Db {
    pub(crate) pools: Pools,
    /// Transactions and snapshots that were begun.
    pub(crate) begun: Arc<AtomicU64>,
    pub(crate) sealer: Sealer,
}

/// The connections to a database.
#[derive(Clone, Debug)]
pub(crate) enum Pools {
    /// An embedded file: one writer, several readers.
    Sqlite {
        /// The only connection that writes.
        writer: SqlitePool,
        /// Connections that only read.
        readers: SqlitePool,
    },
    /// A server.
    Postgres(PgPool),
}

/// A value bound to a parameter.
#[derive(Clone, Debug)]
pub(crate) enum Arg {
    Text(String),
    MaybeText(Option<String>),
    Int(i64),
    MaybeInt(Option<i64>),
    Bool(bool),
}

impl From<&str> for Arg {
    fn from(value: &str) -> Arg {
        Arg::Text(value.to_owned())
    }
}
impl From<String> for Arg {
    fn from(value: String) -> Arg {
        Arg::Text(value)
    }
}
impl From<&String> for Arg {
    fn from(value: &String) -> Arg {
        Arg::Text(value.clone())
    }
}
impl From<Option<String>> for Arg {
    fn from(value: Option<String>) -> Arg {
        Arg::MaybeText(value)
    }
}
impl From<Option<&str>> for Arg {
    fn from(value: Option<&str>) -> Arg {
        Arg::MaybeText(value.map(str::to_owned))
    }
}
impl From<i64> for Arg {
    fn from(value: i64) -> Arg {
        Arg::Int(value)
    }
}
impl From<Option<i64>> for Arg {
    fn from(value: Option<i64>) -> Arg {
        Arg::MaybeInt(value)
    }
}
impl From<bool> for Arg {
    fn from(value: bool) -> Arg {
        Arg::Bool(value)
    }
}
impl From<jiff::Timestamp> for Arg {
    fn from(value: jiff::Timestamp) -> Arg {
        Arg::Int(value.as_millisecond())
    }
}
impl From<Option<jiff::Timestamp>> for Arg {
    fn from(value: Option<jiff::Timestamp>) -> Arg {
        Arg::MaybeInt(value.map(jiff::Timestamp::as_millisecond))
    }
}

/// How long a session of PostgreSQL may keep a transaction open without a word. A process that stands still in the middle of one
/// would hold up all others by its locks for as long as it stands.
const SILENT_TRANSACTION: &str = "10s";

/// Binds values to `$1`, `$2`, ... in order.
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::db::Arg::from($value)),*] };
}
pub(crate) use args;

/// A row of an answer, read by position from 0.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
    /// Out of [`Tx::packed`].
    Packed(Vec<Value>),
}

macro_rules! getter {
    ($name:ident, $type:ty) => {
        pub(crate) fn $name(&self, n: usize) -> Result<$type> {
            Ok(match self {
                Row::Sqlite(row) => row.try_get(n)?,
                Row::Postgres(row) => row.try_get(n)?,
                Row::Packed(values) => {
                    Deserialize::deserialize(values.get(n).unwrap_or(&Value::Null))?
                }
            })
        }
    };
}

impl Row {
    getter!(text, String);
    getter!(maybe_text, Option<String>);
    getter!(int, i64);
    getter!(maybe_int, Option<i64>);
    getter!(plain_bool, bool);

    pub(crate) fn bool(&self, n: usize) -> Result<bool> {
        match self {
            // JSON of SQLite has its numbers, and it has no other truth.
            Row::Packed(_) => Ok(self.int(n)? != 0),
            Row::Sqlite(_) | Row::Postgres(_) => self.plain_bool(n),
        }
    }

    pub(crate) fn instant(&self, n: usize) -> Result<jiff::Timestamp> {
        instant(self.int(n)?)
    }

    pub(crate) fn maybe_instant(&self, n: usize) -> Result<Option<jiff::Timestamp>> {
        self.maybe_int(n)?.map(instant).transpose()
    }
}

fn instant(millis: i64) -> Result<jiff::Timestamp> {
    jiff::Timestamp::from_millisecond(millis).map_err(|e| StoreError::Corrupt(e.to_string()))
}

/// PostgreSQL cannot hold the character 0 in a text; so that both mean the same, neither gets one.
pub(crate) fn without_nul(text: String) -> String {
    if text.contains('\0') {
        text.replace('\0', "\u{fffd}")
    } else {
        text
    }
}

fn sqlite_arguments(args: Vec<Arg>) -> Result<SqliteArguments> {
    let mut bound = SqliteArguments::default();
    for arg in args {
        match arg {
            Arg::Text(v) => bound.add(without_nul(v)),
            Arg::MaybeText(v) => bound.add(v.map(without_nul)),
            Arg::Int(v) => bound.add(v),
            Arg::MaybeInt(v) => bound.add(v),
            Arg::Bool(v) => bound.add(v),
        }
        .map_err(|e| StoreError::Corrupt(e.to_string()))?;
    }
    Ok(bound)
}

fn postgres_arguments(args: Vec<Arg>) -> Result<PgArguments> {
    let mut bound = PgArguments::default();
    for arg in args {
        match arg {
            Arg::Text(v) => bound.add(without_nul(v)),
            Arg::MaybeText(v) => bound.add(v.map(without_nul)),
            Arg::Int(v) => bound.add(v),
            Arg::MaybeInt(v) => bound.add(v),
            Arg::Bool(v) => bound.add(v),
        }
        .map_err(|e| StoreError::Corrupt(e.to_string()))?;
    }
    Ok(bound)
}

/// A transaction, or for reads a snapshot. Dropped without [`Tx::commit`] it leaves nothing behind.
pub(crate) enum Tx {
    Sqlite(Open<Sqlite>),
    Postgres(Open<Postgres>),
}

/// A driver's transaction, with what seals the secrets that it writes.
pub(crate) struct Open<D: sqlx::Database> {
    tx: sqlx::Transaction<'static, D>,
    sealer: Sealer,
}

impl Tx {
    /// What seals and opens secrets here.
    pub(crate) fn sealer(&self) -> Sealer {
        match self {
            Tx::Sqlite(Open { sealer, .. }) | Tx::Postgres(Open { sealer, .. }) => sealer.clone(),
        }
    }

    /// Runs a statement and says how many rows it touched.
    #[inline(never)]
    pub(crate) fn execute<'a>(
        &'a mut self,
        sql: &'a str,
        args: Vec<Arg>,
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async move {
            // The texts are constants of this crate; only values come from outside, and they are bound.
            let sql = AssertSqlSafe(sql.to_owned());
            Ok(match self {
                Tx::Sqlite(open) => sqlx::query_with(sql, sqlite_arguments(args)?)
                    .execute(&mut *open.tx)
                    .await?
                    .rows_affected(),
                Tx::Postgres(open) => sqlx::query_with(sql, postgres_arguments(args)?)
                    .execute(&mut *open.tx)
                    .await?
                    .rows_affected(),
            })
        })
    }

    /// Runs a query and takes all its rows.
    #[inline(never)]
    pub(crate) fn rows<'a>(
        &'a mut self,
        sql: &'a str,
        args: Vec<Arg>,
    ) -> BoxFuture<'a, Result<Vec<Row>>> {
        Box::pin(async move {
            let sql = AssertSqlSafe(sql.to_owned());
            Ok(match self {
                Tx::Sqlite(open) => sqlx::query_with(sql, sqlite_arguments(args)?)
                    .fetch_all(&mut *open.tx)
                    .await?
                    .into_iter()
                    .map(Row::Sqlite)
                    .collect(),
                Tx::Postgres(open) => sqlx::query_with(sql, postgres_arguments(args)?)
                    .fetch_all(&mut *open.tx)
                    .await?
                    .into_iter()
                    .map(Row::Postgres)
                    .collect(),
            })
        })
    }

    /// As [`Tx::rows`], where there are many rows of so many columns. SQLite's driver hands over each row by itself and wakes whoever
    /// waits for it each time, which costs more than reading it: there all come at once, as JSON.
    pub(crate) async fn packed(
        &mut self,
        sql: &str,
        columns: usize,
        args: Vec<Arg>,
    ) -> Result<Vec<Row>> {
        if let Tx::Postgres(_) = self {
            return self.rows(sql, args).await;
        }
        let names: Vec<String> = (0..columns).map(|n| format!("c{n}")).collect();
        let names = names.join(", ");
        let sql = format!(
            "WITH packed ({names}) AS ({sql}) SELECT json_group_array(json_array({names})) FROM packed"
        );
        let row = self.row(&sql, args).await?;
        let list = row.map(|row| row.text(0)).transpose()?;
        let rows: Vec<Vec<Value>> = serde_json::from_str(list.as_deref().unwrap_or("[]"))?;
        Ok(rows.into_iter().map(Row::Packed).collect())
    }

    /// Runs a query and takes its first row, if any.
    pub(crate) async fn row(&mut self, sql: &str, args: Vec<Arg>) -> Result<Option<Row>> {
        Ok(self.rows(sql, args).await?.into_iter().next())
    }

    /// Runs a query and takes its rows one by one as they come, however many there are. Says how many.
    pub(crate) async fn each(
        &mut self,
        sql: &str,
        mut take: impl FnMut(Row) -> Result<()>,
    ) -> Result<u64> {
        let sql = AssertSqlSafe(sql.to_owned());
        let mut count = 0;
        match self {
            Tx::Sqlite(open) => {
                let mut rows = sqlx::query(sql).fetch(&mut *open.tx);
                while let Some(row) = rows.try_next().await? {
                    take(Row::Sqlite(row))?;
                    count += 1;
                }
            }
            Tx::Postgres(open) => {
                let mut rows = sqlx::query(sql).fetch(&mut *open.tx);
                while let Some(row) = rows.try_next().await? {
                    take(Row::Postgres(row))?;
                    count += 1;
                }
            }
        }
        Ok(count)
    }

    /// The text for this database, where one text cannot serve both.
    pub(crate) fn either<'s>(&self, sqlite: &'s str, postgres: &'s str) -> &'s str {
        match self {
            Tx::Sqlite(_) => sqlite,
            Tx::Postgres(_) => postgres,
        }
    }

    /// Makes it last.
    #[inline(never)]
    pub(crate) fn commit(self) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            match self {
                Tx::Sqlite(open) => open.tx.commit().await?,
                Tx::Postgres(open) => open.tx.commit().await?,
            }
            Ok(())
        })
    }
}

impl Db {
    fn of(pools: Pools) -> Db {
        Db {
            pools,
            begun: Arc::default(),
            sealer: Sealer::default(),
        }
    }

    pub(crate) async fn sqlite(path: &Path) -> Result<Db> {
        // Addresses and secrets are for nobody else on the machine. The log beside it gets the same rights.
        let mut private = std::fs::OpenOptions::new();
        private.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut private, 0o600);
        // It is there already, or SQLite says better what is wrong.
        let _ = private.open(path);
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10))
            .foreign_keys(true)
            .row_buffer_size(500)
            // After a long reader (a backup) the log shrinks again.
            .pragma("journal_size_limit", "67108864")
            .statement_cache_capacity(200)
            .pragma("cache_size", "-8000")
            .pragma("temp_store", "memory")
            // 16 MB of log: what messages change together is written to the file once and not after each commit.
            .pragma("wal_autocheckpoint", "4000");
        // The writer looks up every message that it records in an index of all.
        let writer = options.clone().pragma("cache_size", "-16000");
        let writer = only_writer(&writer)
            .await
            .map_err(|e| StoreError::Unavailable(format!("{}: {e}", path.display())))?;
        let readers = SqlitePoolOptions::new()
            .max_connections(4)
            .acquire_timeout(Duration::from_secs(30))
            .connect_lazy_with(options.pragma("query_only", "on"));
        let db = Db::of(Pools::Sqlite { writer, readers });
        db.check_sqlite_version().await?;
        Ok(db)
    }

    async fn check_sqlite_version(&self) -> Result<()> {
        let mut tx = self.read().await?;
        let version = tx
            .row("SELECT sqlite_version()", args![])
            .await?
            .map(|r| r.text(0))
            .transpose()?;
        check_version(&version.unwrap_or_default())
    }

    pub(crate) async fn postgres(url: &str) -> Result<Db> {
        let options = PgConnectOptions::from_str(url)
            .map_err(|e| StoreError::Corrupt(format!("not a PostgreSQL URL: {e}")))?
            .statement_cache_capacity(200)
            // A plan for unknown values cannot know that a page is small or a queue long. And a queue changes faster than
            // it is counted: what looks cheap by old counts, reading a table until the first hit, may read a million rows.
            .options([
                ("plan_cache_mode", "force_custom_plan"),
                ("enable_seqscan", "off"),
                ("jit", "off"),
                ("idle_in_transaction_session_timeout", SILENT_TRANSACTION),
                // What it takes note of, such as a table that is there already, is news to nobody.
                ("client_min_messages", "warning"),
            ])
            .application_name("forewarn");
        let place = format!(
            "PostgreSQL at {}:{}",
            options.get_host(),
            options.get_port()
        );
        let pool = PgPoolOptions::new()
            .max_connections(12)
            .acquire_timeout(Duration::from_secs(5))
            .connect_with(options)
            .await
            .map_err(|problem| unreached(&place, problem))?;
        Ok(Db::of(Pools::Postgres(pool)))
    }

    /// Begins a transaction that writes.
    #[inline(never)]
    pub(crate) fn write(&self) -> BoxFuture<'_, Result<Tx>> {
        self.begun.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            let sealer = self.sealer.clone();
            Ok(match &self.pools {
                Pools::Sqlite { writer, .. } => {
                    let tx = writer.begin_with("BEGIN IMMEDIATE").await?;
                    Tx::Sqlite(Open { tx, sealer })
                }
                Pools::Postgres(pool) => {
                    let begin = "BEGIN ISOLATION LEVEL READ COMMITTED";
                    let tx = pool.begin_with(begin).await?;
                    Tx::Postgres(Open { tx, sealer })
                }
            })
        })
    }

    /// Begins a snapshot that only reads.
    #[inline(never)]
    pub(crate) fn read(&self) -> BoxFuture<'_, Result<Tx>> {
        self.begun.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            let sealer = self.sealer.clone();
            Ok(match &self.pools {
                Pools::Sqlite { readers, .. } => {
                    let tx = readers.begin().await?;
                    Tx::Sqlite(Open { tx, sealer })
                }
                Pools::Postgres(pool) => {
                    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                    let tx = pool.begin_with(begin).await?;
                    Tx::Postgres(Open { tx, sealer })
                }
            })
        })
    }

    #[inline(never)]
    pub(crate) fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            match &self.pools {
                Pools::Sqlite { writer, readers } => {
                    readers.close().await;
                    writer.close().await;
                }
                Pools::Postgres(pool) => pool.close().await,
            }
        })
    }
}

/// Why a server cannot be used from the first: it does not answer, which may pass, or it answered and refuses us, which will not.
fn unreached(place: &str, problem: sqlx::Error) -> StoreError {
    if let sqlx::Error::PoolTimedOut = problem {
        return StoreError::Unavailable(format!("{place} does not answer"));
    }
    match StoreError::from(problem) {
        StoreError::Unavailable(said) => StoreError::Unavailable(format!("{place}: {said}")),
        StoreError::Corrupt(said) => StoreError::Corrupt(format!("{place}: {said}")),
        other => other,
    }
}

/// The connection that writes. While another process makes a new file a write-ahead log, SQLite answers "locked" at once and does not
/// wait as `busy_timeout` says (sqlite.org/wal.html, "Sometimes Queries Return SQLITE_BUSY"), so it is asked again.
async fn only_writer(
    options: &SqliteConnectOptions,
) -> std::result::Result<SqlitePool, sqlx::Error> {
    const AGAIN: Duration = Duration::from_millis(20);
    const TIMES: u32 = 500;
    let is_locked = |error: &sqlx::Error| {
        let code = error.as_database_error().and_then(|e| e.code());
        // SQLITE_BUSY, SQLITE_BUSY_RECOVERY.
        code.is_some_and(|code| matches!(&*code, "5" | "261"))
    };
    let mut asked = 0;
    loop {
        asked += 1;
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(Duration::from_secs(30))
            .after_release(|connection, _| Box::pin(is_at_rest(connection)))
            .connect_with(options.clone());
        match pool.await {
            Err(error) if is_locked(&error) && asked < TIMES => tokio::time::sleep(AGAIN).await,
            connected => return connected,
        }
    }
}

/// Whether no transaction is open on a connection that is given back. When the disk is full SQLite may take one back by itself
/// (sqlite.org/lang_transaction.html, "Response To Errors Within A Transaction"). The driver does not learn that, counts it as open for
/// ever, and can begin no other on this connection: a new one takes its place.
async fn is_at_rest(connection: &mut SqliteConnection) -> std::result::Result<bool, sqlx::Error> {
    // What was dropped unfinished is taken back before this returns.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

fn check_version(version: &str) -> Result<()> {
    let mut parts = version.split('.').map(|p| p.parse::<u32>().unwrap_or(0));
    let mut part = || parts.next().unwrap_or(0);
    let found = (part(), part(), part());
    if found < SQLITE_FLOOR {
        let (a, b, c) = SQLITE_FLOOR;
        return Err(StoreError::Corrupt(format!(
            "SQLite {version} is older than {a}.{b}.{c} and can lose committed writes; build with the bundled one"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check_version;

    #[test]
    fn an_sqlite_that_can_lose_writes_is_refused() {
        for fine in ["3.51.3", "3.51.10", "3.52.0", "4.0"] {
            assert!(check_version(fine).is_ok(), "{fine}");
        }
        for old in ["3.51.2", "3.46.1", "3.7.17", "2.9.9", ""] {
            let problem = check_version(old).unwrap_err().to_string();
            assert!(problem.contains("older than 3.51.3"), "{problem}");
        }
    }
}
