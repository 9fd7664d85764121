//! What was typed for an event, as it was from time to time, so that versions can be compared and nothing is lost.

use crate::Store;
use crate::db::{Row, Tx, args};
use crate::error::{Result, StoreError};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// Typing goes on in the same version for so long; then the next save makes another.
const SAME: SignedDuration = SignedDuration::from_mins(2);

/// More versions of one event are not listed; the newest are.
const MOST_LISTED: i64 = 200;

/// How a version came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Somebody typed it.
    Typed,
    /// They had it when they asked for help.
    Asked,
    /// Somebody suggested it.
    Suggested,
    /// A suggestion that somebody took.
    Taken,
    /// It was sent, and taken back in time.
    Undone,
}

impl Origin {
    const ALL: [Origin; 5] = [
        Origin::Typed,
        Origin::Asked,
        Origin::Suggested,
        Origin::Taken,
        Origin::Undone,
    ];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Origin::Typed => "typed",
            Origin::Asked => "asked",
            Origin::Suggested => "suggested",
            Origin::Taken => "taken",
            Origin::Undone => "undone",
        }
    }
}

/// A text as somebody had it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Version {
    /// Its number within the event, from 1.
    pub number: i64,
    /// Whose it is.
    pub author: String,
    /// How it came about.
    pub origin: Origin,
    /// The text.
    pub text: String,
    /// When they began with it.
    pub begun_at: Timestamp,
    /// When it was saved last.
    pub saved_at: Timestamp,
}

/// Keeps a text. What is typed on within two minutes is the same version, and what says the same as its author's newest is none.
pub(crate) async fn put(
    tx: &mut Tx,
    event: &str,
    (author, text): (&str, &str),
    origin: Origin,
    now: Timestamp,
) -> Result<()> {
    if let Tx::Postgres(_) = tx {
        // Two who save at once do not get the same number.
        let sql = "SELECT pg_advisory_xact_lock(hashtextextended($1, 1))";
        tx.execute(sql, args![event]).await?;
    }
    let sql = "SELECT number, origin, text, begun_at FROM versions WHERE event = $1 AND author = $2 ORDER BY number DESC LIMIT 1";
    if let Some(newest) = tx.row(sql, args![event, author]).await? {
        let (number, typed) = (newest.int(0)?, newest.text(1)? == Origin::Typed.as_str());
        if origin == Origin::Typed && newest.text(2)? == text {
            return Ok(());
        }
        if origin == Origin::Typed && typed && newest.instant(3)? > now - SAME {
            let sql =
                "UPDATE versions SET text = $3, saved_at = $4 WHERE event = $1 AND number = $2";
            tx.execute(sql, args![event, number, text, now]).await?;
            return Ok(());
        }
    }
    let sql = "SELECT COALESCE(MAX(number), 0) + 1 FROM versions WHERE event = $1";
    let row = tx.row(sql, args![event]).await?;
    let number = row.map_or(Ok(1), |row| row.int(0))?;
    tx.execute(
        "INSERT INTO versions (event, number, author, origin, text, begun_at, saved_at) VALUES ($1, $2, $3, $4, $5, $6, $6)",
        args![event, number, author, origin.as_str(), text, now],
    )
    .await?;
    Ok(())
}

fn version(row: &Row) -> Result<Version> {
    let named = row.text(2)?;
    let origin = Origin::ALL.into_iter().find(|o| o.as_str() == named);
    Ok(Version {
        number: row.int(0)?,
        author: row.text(1)?,
        origin: origin.ok_or_else(|| StoreError::Corrupt(format!("a version is '{named}'")))?,
        text: row.text(3)?,
        begun_at: row.instant(4)?,
        saved_at: row.instant(5)?,
    })
}

impl Store {
    /// Versions of what was typed for an event, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn versions(&self, event: &str) -> Result<Vec<Version>> {
        let mut tx = self.db.read().await?;
        let sql = format!(
            "SELECT number, author, origin, text, begun_at, saved_at FROM versions WHERE event = $1 ORDER BY number DESC LIMIT {MOST_LISTED}"
        );
        let rows = tx.rows(&sql, args![event]).await?;
        rows.iter().map(version).collect()
    }
}
