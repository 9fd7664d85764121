//! Who agreed to which words of an event's notices, and what was approved, frozen for sending.

use crate::Store;
use crate::db::{Row, Tx, args};
use crate::error::{Result, StoreError};
use crate::journal::{Entry, append};
use crate::notices;
use forewarn_core::approval::{Given, Wording};
use forewarn_core::event::{Event, Occasion};
use forewarn_core::plan::Notice;
use forewarn_core::policy::Approver;
use jiff::Timestamp;
use serde_json::json;

/// The role of an override, which stands for every role.
const OVERRIDE: &str = "override";

/// An approval of one notice as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// The notice's event.
    pub event: String,
    /// The notice.
    pub notice: String,
    /// Who agreed, and to what.
    pub given: Given,
}

/// Writes approvals; who agrees twice to the same words agreed the first time.
pub(crate) async fn put(tx: &mut Tx, approvals: &[Approval]) -> Result<()> {
    let sql = "INSERT INTO approvals (event, notice, hash, role, approved_by, at, reason) VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (event, hash, role) DO NOTHING";
    for one in approvals {
        let given = &one.given;
        let role = given.role.map_or(OVERRIDE, Approver::as_str);
        tx.execute(
            sql,
            args![
                &one.event,
                &one.notice,
                &given.hash,
                role,
                &given.by,
                given.at,
                given.reason.clone()
            ],
        )
        .await?;
    }
    Ok(())
}

/// Freezes what was approved with the notice that begins, if it stands as it was read: `false` where an approval is gone.
pub(crate) async fn freeze(
    tx: &mut Tx,
    event: &str,
    notice: &str,
    wording: &Wording,
) -> Result<bool> {
    let sql = "SELECT 1 FROM approvals WHERE event = $1 AND hash = $2 LIMIT 1";
    if tx.row(sql, args![event, &wording.hash]).await?.is_none() {
        return Ok(false);
    }
    let sql = "INSERT INTO wordings (notice, hash, body) VALUES ($1, $2, $3)
        ON CONFLICT (notice) DO UPDATE SET hash = excluded.hash, body = excluded.body";
    let body = serde_json::to_string(wording)?;
    tx.execute(sql, args![notice, &wording.hash, body]).await?;
    Ok(true)
}

impl Store {
    /// Every approval that was given for notices of an event, the oldest first, each with its notice.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn approvals(&self, event: &str) -> Result<Vec<Approval>> {
        let mut tx = self.db.read().await?;
        let sql = "SELECT event, notice, hash, role, approved_by, at, reason FROM approvals WHERE event = $1 ORDER BY at, hash, role";
        let rows = tx.rows(sql, args![event]).await?;
        rows.iter().map(approval).collect()
    }

    /// What was approved of a notice that has begun; nothing where nobody had to agree.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn wording(&self, notice: &str) -> Result<Option<Wording>> {
        let mut tx = self.db.read().await?;
        let sql = "SELECT body FROM wordings WHERE notice = $1";
        match tx.row(sql, args![notice]).await? {
            Some(row) => Ok(Some(serde_json::from_str(&row.text(0)?)?)),
            None => Ok(None),
        }
    }

    /// Keeps approvals of which more are needed.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn agree(&self, given: &[Approval], entry: Entry, now: Timestamp) -> Result<()> {
        let mut tx = self.db.write().await?;
        put(&mut tx, given).await?;
        append(&mut tx, &[entry], now).await?;
        tx.commit().await
    }

    /// Those who must agree are asked: one notice more, and the event stays as it is. Asking twice asks once.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn ask(&self, event: &Event, notice: &Notice) -> Result<()> {
        let mut tx = self.db.write().await?;
        let lane = notices::lane_of(event);
        let occasion = Occasion::default();
        notices::insert(&mut tx, event, notice, lane, "planned", &occasion).await?;
        tx.commit().await?;
        self.hint();
        Ok(())
    }

    /// Notices that may not go out as they are wait for a person's word, each with the reason: id, because. Says how many did
    /// not wait before.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn hold_notices(
        &self,
        event: &str,
        held: &[(String, String)],
        actor: &str,
        now: Timestamp,
    ) -> Result<u64> {
        if held.is_empty() {
            return Ok(0);
        }
        let mut tx = self.db.write().await?;
        let mut entries = Vec::new();
        for (notice, because) in held {
            let sql = "UPDATE notices SET status = 'awaiting_approval' WHERE id = $1 AND event = $2 AND status = 'planned'";
            if tx.execute(sql, args![notice, event]).await? > 0 {
                let detail = json!({"notice": notice, "because": because});
                entries.push(Entry::new(actor, "notice.held", event).with(detail));
            }
        }
        append(&mut tx, &entries, now).await?;
        tx.commit().await?;
        Ok(entries.len() as u64)
    }
}

fn approval(row: &Row) -> Result<Approval> {
    let role = row.text(3)?;
    Ok(Approval {
        event: row.text(0)?,
        notice: row.text(1)?,
        given: Given {
            hash: row.text(2)?,
            role: match role.as_str() {
                OVERRIDE => None,
                role => Some(Approver::parse(role).map_err(StoreError::Corrupt)?),
            },
            by: row.text(4)?,
            at: row.instant(5)?,
            reason: row.maybe_text(6)?,
        },
    })
}
