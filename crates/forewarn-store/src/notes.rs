//! Technical notes: what engineers write down while an incident runs. They stand in a table of their own that nothing which
//! renders or sends ever reads.

use crate::Store;
use crate::db::{Row, Tx, args};
use crate::error::Result;
use crate::journal::{Entry, append};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

/// A technical note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// Its number within the event, from 1.
    pub number: i64,
    /// Who wrote it.
    pub author: String,
    /// What.
    pub text: String,
    /// When.
    pub at: Timestamp,
}

/// More notes of one event are not listed; the newest are.
const MOST_LISTED: i64 = 500;

impl Store {
    /// Adds a note to an event or to a draft. The journal says that there is one, not what it says.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn add_note(
        &self,
        event: &str,
        author: &str,
        text: &str,
        now: Timestamp,
    ) -> Result<Note> {
        let mut tx = self.db.write().await?;
        let number = put(&mut tx, event, author, text, now).await?;
        let entry = Entry::new(author, "incident.noted", event).with(json!({"note": number}));
        append(&mut tx, &[entry], now).await?;
        tx.commit().await?;
        Ok(Note {
            number,
            author: author.to_owned(),
            text: text.to_owned(),
            at: now,
        })
    }

    /// The notes of an event, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn notes(&self, event: &str) -> Result<Vec<Note>> {
        let mut tx = self.db.read().await?;
        let sql = format!(
            "SELECT number, author, text, at FROM notes WHERE event = $1 ORDER BY number DESC LIMIT {MOST_LISTED}"
        );
        let rows = tx.rows(&sql, args![event]).await?;
        let note = |row: &Row| {
            Ok(Note {
                number: row.int(0)?,
                author: row.text(1)?,
                text: row.text(2)?,
                at: row.instant(3)?,
            })
        };
        rows.iter().map(note).collect()
    }
}

/// Writes a note and says its number; the caller writes the journal.
pub(crate) async fn put(
    tx: &mut Tx,
    event: &str,
    author: &str,
    text: &str,
    now: Timestamp,
) -> Result<i64> {
    if let Tx::Postgres(_) = tx {
        // The row is held, so that two notes do not get the same number.
        for held in [
            "SELECT 1 FROM events WHERE id = $1 FOR UPDATE",
            "SELECT 1 FROM drafts WHERE id = $1 FOR UPDATE",
        ] {
            tx.row(held, args![event]).await?;
        }
    }
    let sql = "SELECT COALESCE(MAX(number), 0) + 1 FROM notes WHERE event = $1";
    let row = tx.row(sql, args![event]).await?;
    let number = row.map_or(Ok(1), |row| row.int(0))?;
    tx.execute(
        "INSERT INTO notes (event, number, author, text, at) VALUES ($1, $2, $3, $4, $5)",
        args![event, number, author, text, now],
    )
    .await?;
    Ok(number)
}
