//! What somebody is writing just now: kept as it is typed, so that two people see each other and neither loses text.
//!
//! It stands by the place where it is written: an event, of which it is the next update, or the path that a form is sent to.

use crate::Store;
use crate::db::{Row, Tx, args};
use crate::error::Result;
use crate::versions::{self, Origin};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// Who has saved nothing for so long has gone away.
const PRESENT: SignedDuration = SignedDuration::from_mins(15);

/// What was typed and not sent is its author's for so long: over a weekend and an illness, and not for ever.
const KEPT: SignedDuration = SignedDuration::from_hours(14 * 24);

/// What somebody is writing.
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

/// Keeps what somebody has typed. Whoever comes back after they went away begins anew.
pub(crate) async fn put(
    tx: &mut Tx,
    place: &str,
    (author, text): (&str, &str),
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "DELETE FROM writing WHERE event = $1 AND (saved_at < $2 OR ($4 = '' AND author = $3))",
        args![place, now - KEPT, author, text],
    )
    .await?;
    if !text.is_empty() {
        tx.execute(
            "INSERT INTO writing (event, author, text, since, saved_at) VALUES ($1, $2, $3, $4, $4)
             ON CONFLICT (event, author) DO UPDATE SET text = excluded.text, saved_at = excluded.saved_at,
                since = CASE WHEN writing.saved_at < $5 THEN excluded.since ELSE writing.since END",
            args![place, author, text, now, now - PRESENT],
        )
        .await?;
    }
    Ok(())
}

impl Store {
    /// Keeps what somebody has typed for an event, and as a version of it; an empty text says that they stopped.
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

    /// Keeps what somebody has typed into the form that is sent to `place`; an empty text says that they stopped.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn keep_form(
        &self,
        place: &str,
        author: &str,
        fields: &str,
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.db.write().await?;
        put(&mut tx, place, (author, fields), now).await?;
        tx.commit().await
    }

    /// Who is writing at a place, the first to begin first. Whoever saved nothing for a quarter of an hour has gone away.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn writing(&self, place: &str, now: Timestamp) -> Result<Vec<Writing>> {
        let mut tx = self.db.read().await?;
        let sql =
            "SELECT author, text, since, saved_at FROM writing WHERE event = $1 AND saved_at >= $2
            ORDER BY since, author";
        let rows = tx.rows(sql, args![place, now - PRESENT]).await?;
        rows.iter().map(read).collect()
    }

    /// What somebody typed at a place and did not send, for two weeks.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn own_writing(
        &self,
        place: &str,
        author: &str,
        now: Timestamp,
    ) -> Result<Option<Writing>> {
        let mut tx = self.db.read().await?;
        let sql = "SELECT author, text, since, saved_at FROM writing WHERE event = $1 AND author = $2 AND saved_at >= $3";
        let row = tx.row(sql, args![place, author, now - KEPT]).await?;
        row.as_ref().map(read).transpose()
    }
}

fn read(row: &Row) -> Result<Writing> {
    Ok(Writing {
        author: row.text(0)?,
        text: row.text(1)?,
        since: row.instant(2)?,
        saved_at: row.instant(3)?,
    })
}
