//! Receipts: what became of messages after they were taken.
//!
//! They come in any order, more than once, and sometimes before the attempt itself is on record. The best that was heard of a
//! delivery is kept beside it and can only get better, so that the same receipts lead to the same end in every order.

use crate::Store;
use crate::contacts::same_place;
use crate::db::{Row, Tx, args, without_nul};
use crate::deliveries::ids;
use crate::error::{Result, StoreError};
use crate::journal::{Entry, append};
use crate::outcomes::Recorded;
use forewarn_core::delivery::Receipt;
use jiff::Timestamp;
use serde_json::json;

/// What a receipt makes of its delivery, once the attempt is on record. That it arrived is true whatever else was thought; that it
/// did not holds for what was taken, and not for an attempt made after it.
const APPLIES: &str = "r.delivery = deliveries.id AND CASE r.status
    WHEN 'delivered' THEN deliveries.status NOT IN ('attempting', 'delivered')
    ELSE deliveries.status IN ('accepted', 'unknown') AND r.at >= deliveries.started_at END";
const APPLY: &str = "UPDATE deliveries SET status = r.status, updated_at = r.at, owner = NULL,
    reason = CASE r.status WHEN 'delivered' THEN NULL ELSE r.said END FROM receipts r";

/// Why a mailbox gets nothing more.
const COMPLAINED: &str = "its reader marked a message as unwanted";

impl Store {
    /// Notes what became of a delivery after it was taken, and of all that the same message told. Says whether there is such a
    /// delivery.
    ///
    /// # Errors
    /// When the database cannot be written, or a mail's sending is not on record yet.
    pub async fn receipt(&self, delivery: &str, receipt: &Receipt, now: Timestamp) -> Result<bool> {
        let (status, said, gone) = match receipt {
            Receipt::Underway => ("", String::new(), false),
            Receipt::Delivered => ("delivered", String::new(), false),
            Receipt::Failed { said, gone } => ("failed", without_nul(said.clone()), *gone),
        };
        let mut tx = self.db.write().await?;
        // Waits for whoever is recording the attempt, so that neither misses the other.
        let sql = tx.either(
            "SELECT status, channel, bundle, endpoint, started_at FROM deliveries WHERE id = $1",
            "SELECT status, channel, bundle, endpoint, started_at FROM deliveries WHERE id = $1 FOR UPDATE",
        );
        let Some(row) = tx.row(sql, args![delivery]).await? else {
            return Ok(false);
        };
        // Only who records text messages and calls looks for what came early: mail is too much for that, and can come again.
        if row.text(0)? == "attempting" && row.text(1)? == "email" {
            let problem = "its sending is not on record yet; come again in a moment";
            return Err(StoreError::Unavailable(problem.into()));
        }
        if status.is_empty() {
            return Ok(true);
        }
        let told = told_with(&mut tx, delivery, &row).await?;
        let some = crate::contacts::among(&tx, 1);
        tx.execute(
            &format!(
                "INSERT INTO receipts (delivery, status, said, at)
                 SELECT d.id, $2, $3, $4 FROM deliveries d WHERE d.id {some}
                 ON CONFLICT (delivery) DO UPDATE SET status = excluded.status, said = excluded.said, at = excluded.at
                 WHERE receipts.status = 'failed'"
            ),
            args![&told, status, &said, now],
        )
        .await?;
        let apply = format!("{APPLY} WHERE deliveries.id {some} AND {APPLIES}");
        tx.execute(&apply, args![&told]).await?;
        if gone {
            tx.execute(
                concat!(
                    "UPDATE endpoints SET state = 'gone', reason = $2 FROM deliveries d JOIN endpoints o ON o.id = d.endpoint
                     WHERE d.id = $1 AND endpoints.state = 'active' AND ",
                    same_place!("endpoints"),
                    " = ",
                    same_place!("o"),
                    " AND endpoints.channel = o.channel"
                ),
                args![delivery, &said],
            )
            .await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// The reader of a mail complained to whoever keeps their mailbox: it arrived, and nothing more goes there, whoever else has the
    /// mailbox. Says whether there is such a delivery.
    ///
    /// # Errors
    /// As [`Store::receipt`].
    pub async fn complained(&self, delivery: &str, kind: &str, now: Timestamp) -> Result<bool> {
        if !self.receipt(delivery, &Receipt::Delivered, now).await? {
            return Ok(false);
        }
        let mut tx = self.db.write().await?;
        let reason = format!("{COMPLAINED} ({kind})");
        let stopped = tx
            .rows(
                concat!(
                    "INSERT INTO suppressions (endpoint, audience, reason, at)
                     SELECT t.id, '*', $2, $3 FROM deliveries d JOIN endpoints o ON o.id = d.endpoint
                       JOIN endpoints t ON ",
                    same_place!("t"),
                    " = ",
                    same_place!("o"),
                    " AND t.channel = o.channel
                     WHERE d.id = $1 ON CONFLICT (endpoint, audience) DO NOTHING RETURNING endpoint"
                ),
                args![delivery, reason, now],
            )
            .await?;
        let entries = stopped.iter().map(|row| {
            let subject = format!("endpoint:{}", row.text(0)?);
            let detail = json!({"audience": "*", "by": "complaint", "delivery": delivery});
            Ok(Entry::new("recipient", "endpoint.unsubscribed", subject).with(detail))
        });
        let entries = entries.collect::<Result<Vec<_>>>()?;
        if !entries.is_empty() {
            append(&mut tx, &entries, now).await?;
        }
        tx.commit().await?;
        Ok(true)
    }
}

/// A delivery and the others that the same attempt told of, as a list. Those that are being recorded in this moment are not waited
/// for: whoever records them finds the receipt afterwards.
async fn told_with(tx: &mut Tx, delivery: &str, row: &Row) -> Result<String> {
    let Some(bundle) = row.maybe_text(2)? else {
        return Ok(crate::json_list([delivery]));
    };
    let sql = "SELECT id FROM deliveries WHERE bundle = $1 AND endpoint = $2 AND (id = $3
        OR CASE WHEN $4 = 'attempting' THEN status = 'attempting' ELSE status <> 'attempting' AND started_at = $5 END)";
    let of = args![
        bundle,
        row.text(3)?,
        delivery,
        row.text(0)?,
        row.maybe_int(4)?
    ];
    ids(&tx.rows(sql, of).await?)
}

/// Receipts that came while these attempts were not on record yet.
pub(crate) async fn apply_early(tx: &mut Tx, outcomes: &[Recorded]) -> Result<()> {
    let receipted = outcomes.iter().filter(|o| o.receipted);
    let receipted = crate::json_list(receipted.map(|o| o.id.as_str()));
    if receipted == "[]" {
        return Ok(());
    }
    let some = crate::contacts::among(tx, 1);
    let sql = format!("{APPLY} WHERE deliveries.id {some} AND {APPLIES}");
    tx.execute(&sql, args![receipted]).await?;
    Ok(())
}
