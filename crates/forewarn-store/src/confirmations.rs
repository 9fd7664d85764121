//! Acknowledgements of any notice: how each was said, and whose endpoint it came from.

use crate::Store;
use crate::acknowledgements::{Acknowledgement, put};
use crate::db::args;
use crate::error::Result;
use crate::journal::{Entry, append};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

/// Somebody who was told, and whether they have confirmed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Confirmation {
    /// The contact, or the address of somebody who is none.
    pub contact: String,
    /// When they confirmed it.
    pub at: Option<Timestamp>,
    /// How: `link`, `key`, `button`.
    pub how: Option<String>,
}

impl Store {
    /// Notes that somebody has read a notice. Says whether it was the first time.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn acknowledge(&self, acknowledgement: &Acknowledgement, how: &str) -> Result<bool> {
        let a = acknowledgement;
        let mut tx = self.db.write().await?;
        let known = "SELECT 1 FROM acknowledgements WHERE notice = $1 AND endpoint = $2";
        if tx
            .row(known, args![&a.notice, &a.endpoint])
            .await?
            .is_some()
        {
            return Ok(false);
        }
        put(&mut tx, a).await?;
        let sql = "UPDATE acknowledgements SET how = $3 WHERE notice = $1 AND endpoint = $2 AND how IS NULL";
        let first = tx.execute(sql, args![&a.notice, &a.endpoint, how]).await? > 0;
        if first {
            // By reference: whose it is does not stay when they are erased.
            let entry = Entry::new("recipient", "notice.acknowledged", &a.event)
                .with(json!({"notice": a.notice, "endpoint": a.endpoint, "by": how}));
            append(&mut tx, &[entry], a.at).await?;
        }
        tx.commit().await?;
        Ok(first)
    }

    /// Who was told by a notice and not withheld from, and which of them have confirmed it, when and how.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn confirmations(&self, notice: &str) -> Result<Vec<Confirmation>> {
        let mut tx = self.db.read().await?;
        let sql = "SELECT d.contact, MIN(a.at), MIN(a.how) FROM deliveries d
             LEFT JOIN endpoints o ON o.contact = d.contact
             LEFT JOIN acknowledgements a ON a.notice = $1 AND a.endpoint = o.id
             WHERE d.notice = $1 AND d.status <> 'suppressed' GROUP BY d.contact ORDER BY d.contact";
        let rows = tx.rows(sql, args![notice]).await?;
        let one = |row: &crate::db::Row| {
            let contact = row.text(0)?;
            Ok(Confirmation {
                contact: contact
                    .strip_prefix("address:")
                    .map(str::to_owned)
                    .unwrap_or(contact),
                at: row.maybe_instant(1)?,
                how: row.maybe_text(2)?,
            })
        };
        rows.iter().map(one).collect()
    }

    /// Whose endpoint it is: a contact's id, or the address of somebody who is none.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn endpoint_owner(&self, id: &str) -> Result<Option<String>> {
        let mut tx = self.db.read().await?;
        let sql = "SELECT contact FROM endpoints WHERE id = $1";
        let row = tx.row(sql, args![id]).await?;
        let owner = row.map(|r| r.text(0)).transpose()?;
        Ok(owner.map(|owner| match owner.strip_prefix("address:") {
            Some(address) => address.to_owned(),
            None => owner,
        }))
    }
}
