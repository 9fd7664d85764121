//! Sending once more what was given up.

use crate::Store;
use crate::contacts::among;
use crate::db::args;
use crate::deliveries::ids;
use crate::error::{Result, StoreError};
use crate::expansion::{hold_events_of, supersede};
use crate::journal::{Entry, append};
use crate::quiet::{These, put_off};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

/// What became of those messages of a notice that were given up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Retried {
    /// So many wait to be sent again.
    pub retried: u64,
    /// So many do not: their address is gone, or its owner does not want them.
    pub unreachable: u64,
    /// So many do not: a newer message about the same event has taken their place.
    pub superseded: u64,
}

const GIVEN_UP: &str =
    "d.notice = $1 AND d.status IN ('failed', 'expired') AND ($2 = '' OR d.id = $2)";

/// Somebody can be written to there, and wants it.
const REACHABLE: &str =
    "EXISTS (SELECT 1 FROM endpoints e WHERE e.id = d.endpoint AND e.state = 'active'
    AND NOT EXISTS (SELECT 1 FROM suppressions s JOIN notices n ON n.id = d.notice
      WHERE s.endpoint = e.id AND s.audience IN ('*', n.audience)))";

impl Store {
    /// Puts those messages of a notice that were given up (failed or expired) back into the queue, or only one of them, as long as what
    /// the notice says has a meaning. Each keeps its id, so that who got it after all knows it again. `None` when there is no such notice.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the notice has lost its meaning, or nothing of it was given up.
    pub async fn retry(
        &self,
        notice: &str,
        delivery: Option<&str>,
        actor: &str,
        now: Timestamp,
    ) -> Result<Option<Retried>> {
        let mut tx = self.db.write().await?;
        let sql = "SELECT expires, event FROM notices WHERE id = $1";
        let Some(row) = tx.row(sql, args![notice]).await? else {
            return Ok(None);
        };
        if row.instant(0)? <= now {
            let problem = "what it says has lost its meaning by now; tell people something new";
            return Err(StoreError::Conflict(problem.into()));
        }
        let event = row.text(1)?;
        let given = args![notice, delivery.unwrap_or_default()];
        let sql =
            format!("SELECT d.id, {REACHABLE} FROM deliveries d WHERE {GIVEN_UP} ORDER BY d.id");
        let rows = tx.rows(&sql, given).await?;
        if rows.is_empty() {
            return Err(StoreError::Conflict(
                "none of its messages was given up".into(),
            ));
        }
        let (mut again, mut unreachable) = (Vec::new(), 0);
        for row in rows {
            match row.bool(1)? {
                true => again.push(row),
                false => unreachable += 1,
            }
        }
        let again = ids(&again)?;
        hold_events_of(&mut tx, &again).await?;
        let some = among(&tx, 1);
        // A message of its own from now on: the others of a bundle have arrived, or are tried by themselves.
        let sql = format!(
            "UPDATE deliveries SET status = 'queued', next_at = $2, updated_at = $2, owner = NULL, reason = NULL, bundle = NULL
             WHERE id {some} AND status IN ('failed', 'expired')"
        );
        let put_back = tx.execute(&sql, args![&again, now]).await?;
        // Only what is being sent has messages that wait.
        let sql = "UPDATE notices SET status = 'sending' WHERE id = $1 AND status = 'sent'";
        tx.execute(sql, args![notice]).await?;
        let superseded = supersede(&mut tx, &again, now).await?;
        put_off(&mut tx, These::Listed(&again)).await?;
        let done = Retried {
            retried: put_back - superseded,
            unreachable,
            superseded,
        };
        let entry = Entry::new(actor, "notice.retried", event)
            .with(json!({"notice": notice, "retried": done.retried}));
        append(&mut tx, &[entry], now).await?;
        tx.commit().await?;
        Ok(Some(done))
    }
}
