//! Who is writing an update just now: what was typed, kept for a while, so that two people see each other and neither loses text.

use crate::Store;
use crate::db::{Row, Tx, args};
use crate::error::Result;
use crate::versions::{self, Origin};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// Who has saved nothing for so long has gone away.
const PRESENT: SignedDuration = SignedDuration::from_mins(15);

/// An update that somebody is writing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Writing {
    /// Who.
    pub author: String,
    /// What was typed so far.
    pub text: String,
    /// Since when.
    pub since: Timestamp,
    /// When it was saved last.
    pub saved_at: Timestamp,
}

/// Keeps what somebody has typed.
pub(crate) async fn put(
    tx: &mut Tx,
    event: &str,
    (author, text): (&str, &str),
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "DELETE FROM writing WHERE event = $1 AND (saved_at < $2 OR ($4 = '' AND author = $3))",
        args![event, now - PRESENT, author, text],
    )
    .await?;
    if !text.is_empty() {
        tx.execute(
            "INSERT INTO writing (event, author, text, since, saved_at) VALUES ($1, $2, $3, $4, $4)
             ON CONFLICT (event, author) DO UPDATE SET text = excluded.text, saved_at = excluded.saved_at",
            args![event, author, text, now],
        )
        .await?;
    }
    Ok(())
}

impl Store {
    /// Keeps what somebody has typed; an empty text says that they stopped.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn save_writing(
        &self,
        event: &str,
        author: &str,
        text: &str,
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.db.write().await?;
        put(&mut tx, event, (author, text), now).await?;
        if !text.is_empty() {
            versions::put(&mut tx, event, (author, text), Origin::Typed, now).await?;
        }
        tx.commit().await
    }

    /// Who is writing about an event, the first to begin first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn writing(&self, event: &str, now: Timestamp) -> Result<Vec<Writing>> {
        let mut tx = self.db.read().await?;
        let sql =
            "SELECT author, text, since, saved_at FROM writing WHERE event = $1 AND saved_at >= $2
            ORDER BY since, author";
        let rows = tx.rows(sql, args![event, now - PRESENT]).await?;
        let writing = |row: &Row| {
            Ok(Writing {
                author: row.text(0)?,
                text: row.text(1)?,
                since: row.instant(2)?,
                saved_at: row.instant(3)?,
            })
        };
        rows.iter().map(writing).collect()
    }
}
