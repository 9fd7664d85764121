//! The store: the only crate that sees SQL. One SQL text for SQLite and PostgreSQL; one method is one transaction.
//!
//! The database is the only source of truth. Everything that must survive is a row here before it is anything else:
//! a notice before it is due, an attempt before its connection is opened, an outcome right after the answer.

mod accounts;
mod acknowledgements;
mod added;
mod alerts;
mod approvals;
mod backup;
mod blocks;
mod bundles;
mod catalogue;
mod clock;
mod codes;
mod confirmations;
mod contact_rows;
mod contacts;
mod db;
mod deliveries;
mod direct;
mod due;
mod editing;
mod error;
mod events;
mod expansion;
mod fallback;
mod first_word;
mod gates;
mod journal;
mod membership;
mod notes;
mod notices;
mod order;
mod outcomes;
mod paces;
mod page_readers;
mod phones;
mod postmortems;
mod quiet;
mod reach;
mod receipts;
mod reminders;
mod retry;
mod rota_feeds;
mod schema;
mod seal;
mod search;
mod secrets;
mod sign_offs;
mod story;
mod subscriptions;
mod templates;
mod upstream;
mod versions;
mod windows;
mod writing;

pub use accounts::{KeptAnswer, KnownToken, KnownUser, Remembered, Role, Session, User};
pub use acknowledgements::Acknowledgement;
pub use added::{AddedRecipient, NewRecipient, Whom};
pub use alerts::{Intake, Took, TrackedAlert};
pub use approvals::Approval;
pub use backup::{Checked, RestoreNote, Restored, check_backup};
pub use bundles::{BUNDLED, SameDay};
pub use catalogue::{Applied, Difference, StoredChange};
pub use clock::Clock;
pub use codes::CodeLimits;
pub use confirmations::Confirmation;
pub use contacts::{ContactCounts, ContactRow, Imported, is_ones_own};
pub use deliveries::{AttemptRow, Claimed, DeliveryFilter, DeliveryRow};
pub use direct::{Direct, DirectState, Purpose, To};
pub use editing::StoredRequest;
pub use error::{Result, StoreError};
pub use events::{Beside, EventFilter, Published, StoredEvent};
pub use expansion::{Chunk, Recipients};
pub use fallback::{Fallback, Waits};
pub use first_word::FirstWord;
pub use gates::{Gated, Gates};
pub use journal::{Entry, Verdict, Written};
pub use notes::Note;
pub use notices::{Counts, DueNotice, Lane, NoticeFilter, NoticeRow};
pub use outcomes::{Recorded, WITHHELD};
pub use paces::{Pace, Pulse};
pub use page_readers::{LINK_WITHIN, NewKeys, PageReader, Shown};
pub use postmortems::{ActionRow, StoredPostmortem};
pub use quiet::Waiting;
pub use reach::{ListedRecipient, Reach, Reached, Unreached};
pub use retry::Retried;
pub use rota_feeds::FeedRow;
pub use schema::VERSION;
pub use seal::Sealer;
pub use secrets::{SECRETS_PRINT, Secrets};
pub use subscriptions::{Asked, Proof, Subscription};
pub use templates::{SavedTemplate, TemplateVersion};
pub use upstream::Upstream;
pub use versions::{Origin, Version};
pub use writing::Writing;

use crate::db::{Db, Pools, Tx, args};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::watch;

/// Where the data is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// An SQLite file.
    File(PathBuf),
    /// A PostgreSQL server.
    Server(String),
}

impl Location {
    /// Reads a database URL: `sqlite:` (the file in `data`), `sqlite:PATH` or `postgres://...`.
    ///
    /// # Errors
    /// Says the accepted forms.
    pub fn parse(url: &str, data: &Path) -> std::result::Result<Location, String> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Location::Server(url.to_owned()));
        }
        match url.strip_prefix("sqlite:") {
            Some("") => Ok(Location::File(data.join("forewarn.sqlite"))),
            Some(path) => Ok(Location::File(PathBuf::from(path.trim_start_matches("//")))),
            None => Err("the database must be 'sqlite:', 'sqlite:PATH' or 'postgres://...'".into()),
        }
    }
}

/// The store.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) db: Db,
    published: Arc<watch::Sender<u64>>,
}

impl Store {
    /// Opens the database and brings it to today's tables. Without a key, [`Store::sealed_by`], secrets are written as they are.
    ///
    /// # Errors
    /// When it cannot be reached, is too old a SQLite, or was used by a newer program.
    pub async fn open(location: &Location) -> Result<Store> {
        let db = match location {
            Location::File(path) => Db::sqlite(path).await?,
            Location::Server(url) => Db::postgres(url).await?,
        };
        schema::migrate(&db).await?;
        Ok(Store {
            db,
            published: Arc::new(watch::Sender::new(0)),
        })
    }

    /// Which database it is: `SQLite` or `PostgreSQL`, with its version.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub async fn describe(&self) -> Result<String> {
        let mut tx = self.db.read().await?;
        let row = tx
            .row(
                tx.either("SELECT sqlite_version()", "SELECT version()"),
                args![],
            )
            .await?;
        let version = row.map(|r| r.text(0)).transpose()?.unwrap_or_default();
        Ok(match self.db.pools {
            Pools::Sqlite { .. } => format!("SQLite {version}"),
            Pools::Postgres(_) => version.split(',').next().unwrap_or("PostgreSQL").to_owned(),
        })
    }

    /// Whether a write would be possible now.
    ///
    /// # Errors
    /// When it would not.
    pub async fn check(&self) -> Result<()> {
        let mut tx = self.db.write().await?;
        // It touches no row, and is refused where nothing may be written.
        tx.execute("DELETE FROM nodes WHERE id = ''", args![])
            .await?;
        Ok(())
    }

    /// What SQLite finds wrong with the pages of an embedded file, at most so much of it; it reads all of them. PostgreSQL looks after
    /// its own.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn damage(&self) -> Result<Vec<String>> {
        let mut tx = self.db.read().await?;
        if let Tx::Postgres(_) = tx {
            return Ok(Vec::new());
        }
        let found = tx.rows("PRAGMA integrity_check(10)", args![]).await?;
        let found = found.iter().map(|row| row.text(0));
        let mut found = found.collect::<Result<Vec<_>>>()?;
        found.retain(|line| line != "ok");
        Ok(found)
    }

    /// Changes whenever this process publishes something. Only a hint: other processes give none, so whoever waits for it
    /// also looks again after a while.
    pub fn publications(&self) -> watch::Receiver<u64> {
        self.published.subscribe()
    }

    /// Wakes whoever waits for a publication.
    pub fn hint(&self) {
        self.published.send_modify(|n| *n += 1);
    }

    /// How often this process has gone to the database: transactions and snapshots that were begun.
    pub fn transactions(&self) -> u64 {
        self.db.begun.load(Ordering::Relaxed)
    }

    /// Whether several processes can share it.
    pub fn is_shared(&self) -> bool {
        matches!(self.db.pools, Pools::Postgres(_))
    }

    /// A setting of this installation, made by `fresh` when it does not exist.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn setting(&self, key: &str, fresh: impl FnOnce() -> String) -> Result<String> {
        let mut tx = self.db.write().await?;
        tx.execute(
            "INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING",
            args![key, fresh()],
        )
        .await?;
        let row = tx
            .row("SELECT value FROM settings WHERE key = $1", args![key])
            .await?;
        let value = row.map(|r| r.text(0)).transpose()?.unwrap_or_default();
        tx.commit().await?;
        Ok(value)
    }

    /// A setting of this installation, if it has been made.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn known_setting(&self, key: &str) -> Result<Option<String>> {
        let mut tx = self.db.read().await?;
        let sql = "SELECT value FROM settings WHERE key = $1";
        let row = tx.row(sql, args![key]).await?;
        row.map(|r| r.text(0)).transpose()
    }

    /// Another value for a setting of this installation, whatever it was.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn put_setting(&self, key: &str, value: &str) -> Result<()> {
        let mut tx = self.db.write().await?;
        tx.execute(
            "INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            args![key, value],
        )
        .await?;
        tx.commit().await
    }

    /// The greater of a setting and this value, which is kept from now on. `greater(a, b)` says whether `a` is greater than `b`.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn newest_setting(
        &self,
        key: &str,
        value: &str,
        greater: impl Fn(&str, &str) -> bool,
    ) -> Result<String> {
        let mut tx = self.db.write().await?;
        tx.execute(
            "INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING",
            args![key, value],
        )
        .await?;
        let sql = tx.either(
            "SELECT value FROM settings WHERE key = $1",
            "SELECT value FROM settings WHERE key = $1 FOR UPDATE",
        );
        let row = tx.row(sql, args![key]).await?;
        let mut newest = row.map(|r| r.text(0)).transpose()?.unwrap_or_default();
        if greater(value, &newest) {
            let sql = "UPDATE settings SET value = $2 WHERE key = $1";
            tx.execute(sql, args![key, value]).await?;
            value.clone_into(&mut newest);
        }
        tx.commit().await?;
        Ok(newest)
    }

    /// Closes all connections; what was committed stays.
    pub async fn close(&self) {
        self.db.close().await;
    }
}

/// Texts as a JSON array, which both databases can read as rows.
pub(crate) fn json_list<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    serde_json::Value::from(values.into_iter().collect::<Vec<_>>()).to_string()
}
