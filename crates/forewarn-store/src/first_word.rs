//! How long it took until people heard of an incident: the first message about it that was taken for somebody.

use crate::Store;
use crate::db::args;
use crate::error::Result;
use crate::journal::{Entry, append};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// In the journal.
const TOLD: &str = "incident.first_told";

/// The first message about an incident that was taken for somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstWord {
    /// When.
    pub at: Timestamp,
    /// How long that was after the incident was declared.
    pub after_seconds: i64,
    /// The notice.
    pub notice: String,
}

impl Store {
    /// Puts on record that the first message about an incident was taken. Says whether it was the first: whichever process comes
    /// second notes nothing.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn note_first_word(&self, incident: &str, first: &FirstWord) -> Result<bool> {
        let mut tx = self.db.write().await?;
        // Whoever writes to the journal waits for this, so nobody else can be noting the same.
        let lock = tx.either(
            "SELECT 1 FROM journal_head WHERE id = 1",
            "SELECT 1 FROM journal_head WHERE id = 1 FOR UPDATE",
        );
        tx.row(lock, args![]).await?;
        let known = "SELECT 1 FROM journal WHERE subject = $1 AND action = $2 LIMIT 1";
        if tx.row(known, args![incident, TOLD]).await?.is_some() {
            return Ok(false);
        }
        let entry = Entry::new("engine", TOLD, incident).with(serde_json::to_value(first)?);
        append(&mut tx, &[entry], first.at).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The first message about an incident that was taken for somebody; `None` while none was.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn first_word(&self, incident: &str) -> Result<Option<FirstWord>> {
        let mut tx = self.db.read().await?;
        let sql = "SELECT detail FROM journal WHERE subject = $1 AND action = $2 LIMIT 1";
        let row = tx.row(sql, args![incident, TOLD]).await?;
        let detail = row.map(|row| row.text(0)).transpose()?;
        Ok(detail.map(|text| serde_json::from_str(&text)).transpose()?)
    }
}
