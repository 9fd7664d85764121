//! The feeds of on-call tools: what they held when they were last read, and who tries next.

use crate::Store;
use crate::db::{Tx, args};
use crate::error::Result;
use crate::journal::{Entry, append};
use crate::secrets::feed_place;
use forewarn_core::rota::{Exception, Rota};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

/// How the feed of a rota fares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FeedRow {
    /// The rota.
    pub rota: String,
    /// How many shifts it held when it was last read.
    pub shifts: usize,
    /// When somebody last tried.
    pub tried_at: Timestamp,
    /// When it was last read; never, when absent.
    pub read_at: Option<Timestamp>,
    /// Why the last try came to nothing. What was read before still counts.
    pub problem: Option<String>,
}

impl Store {
    /// Takes it upon this process to read a feed, if nobody has tried since `before`. A new address starts anew.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn claim_feed(
        &self,
        rota: &str,
        url: &str,
        before: Timestamp,
        now: Timestamp,
    ) -> Result<bool> {
        // Almost always it is too early: look before taking the writer.
        let recent = "SELECT 1 FROM rota_feeds WHERE rota = $1 AND url = $2 AND tried_at > $3";
        let url = &self.db.sealer.seal(&feed_place(rota), url);
        let mut tx = self.db.read().await?;
        if tx.row(recent, args![rota, url, before]).await?.is_some() {
            return Ok(false);
        }
        drop(tx);
        let mut tx = self.db.write().await?;
        // Whoever asks may have read of the rota before it was removed.
        let known = "SELECT 1 FROM documents WHERE kind = 'rotas' AND id = $1";
        if tx.row(known, args![rota]).await?.is_none() {
            return Ok(false);
        }
        let sql = "INSERT INTO rota_feeds (rota, url, shifts, tried_at) VALUES ($1, $2, '[]', $3)
            ON CONFLICT (rota) DO UPDATE SET tried_at = excluded.tried_at,
              shifts = CASE WHEN rota_feeds.url = excluded.url THEN rota_feeds.shifts ELSE '[]' END,
              read_at = CASE WHEN rota_feeds.url = excluded.url THEN rota_feeds.read_at END,
              problem = CASE WHEN rota_feeds.url = excluded.url THEN rota_feeds.problem END,
              url = excluded.url
            WHERE rota_feeds.url <> excluded.url OR rota_feeds.tried_at <= $4";
        let claimed = tx.execute(sql, args![rota, url, now, before]).await? > 0;
        tx.commit().await?;
        Ok(claimed)
    }

    /// Keeps what a feed held, or why it could not be read. The journal hears of it when that changes, not of every look.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn feed_tried(
        &self,
        rota: &str,
        url: &str,
        read: std::result::Result<&[Exception], &str>,
        now: Timestamp,
    ) -> Result<()> {
        let url = &self.db.sealer.seal(&feed_place(rota), url);
        let mut tx = self.db.write().await?;
        let sql = "SELECT read_at, problem FROM rota_feeds WHERE rota = $1 AND url = $2";
        let Some(before) = tx.row(sql, args![rota, url]).await? else {
            return Ok(());
        };
        let failed_before = before.maybe_text(1)?.is_some();
        let never_read = before.maybe_instant(0)?.is_none();
        let (action, detail) = match read {
            Ok(shifts) => {
                let sql = "UPDATE rota_feeds SET shifts = $3, read_at = $4, problem = NULL WHERE rota = $1 AND url = $2";
                let body = serde_json::to_string(shifts)?;
                tx.execute(sql, args![rota, url, body, now]).await?;
                let action = (failed_before || never_read).then_some("rota.feed_read");
                (action, json!({"shifts": shifts.len()}))
            }
            Err(problem) => {
                let sql = "UPDATE rota_feeds SET problem = $3 WHERE rota = $1 AND url = $2";
                tx.execute(sql, args![rota, url, problem]).await?;
                let action = (!failed_before).then_some("rota.feed_failed");
                (action, json!({"problem": problem}))
            }
        };
        if let Some(action) = action {
            let entry = Entry::new("engine", action, rota).with(detail);
            append(&mut tx, &[entry], now).await?;
        }
        tx.commit().await
    }

    /// How every feed fares, by rota.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn feeds(&self) -> Result<Vec<FeedRow>> {
        let mut tx = self.db.read().await?;
        let sql = "SELECT rota, shifts, tried_at, read_at, problem FROM rota_feeds ORDER BY rota";
        let rows = tx.rows(sql, args![]).await?;
        rows.iter()
            .map(|row| {
                let shifts: Vec<Exception> = serde_json::from_str(&row.text(1)?)?;
                Ok(FeedRow {
                    rota: row.text(0)?,
                    shifts: shifts.len(),
                    tried_at: row.instant(2)?,
                    read_at: row.maybe_instant(3)?,
                    problem: row.maybe_text(4)?,
                })
            })
            .collect()
    }
}

/// Forgets what the feed of a rota held that is gone, or reads no feed any more.
pub(crate) async fn forget(tx: &mut Tx, rota: &str) -> Result<()> {
    tx.execute("DELETE FROM rota_feeds WHERE rota = $1", args![rota])
        .await?;
    Ok(())
}

/// Gives rotas the shifts that their feeds held.
pub(crate) async fn give_shifts(tx: &mut Tx, rotas: &mut [Rota]) -> Result<()> {
    if rotas.iter().all(|rota| rota.feed.is_none()) {
        return Ok(());
    }
    let sealer = tx.sealer();
    for row in tx
        .rows("SELECT rota, url, shifts FROM rota_feeds", args![])
        .await?
    {
        let id = row.text(0)?;
        let url = sealer.open(&feed_place(&id), &row.text(1)?);
        let rota = rotas.iter_mut().find(|rota| {
            rota.id == *id && rota.feed.as_ref().is_some_and(|feed| feed.as_str() == url)
        });
        if let Some(rota) = rota {
            rota.shifts = serde_json::from_str(&row.text(2)?)?;
        }
    }
    Ok(())
}
