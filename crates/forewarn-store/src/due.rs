//! What waits, since when, and when something happens next.

use crate::Store;
use crate::db::args;
use crate::error::Result;
use crate::notices::Lane;
use jiff::Timestamp;

impl Store {
    /// Since when the oldest notice waits that is due and may go out; nothing where none does.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn oldest_due(&self, now: Timestamp) -> Result<Option<Timestamp>> {
        let mut tx = self.db.read().await?;
        let sql =
            "SELECT MIN(due) FROM notices WHERE status = 'planned' AND NOT held AND due <= $1";
        let row = tx.row(sql, args![now]).await?;
        row.map_or(Ok(None), |r| r.maybe_instant(0))
    }

    /// When the next notice or retry of a lane is due, after which nothing happens by itself.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn next_due(&self, lane: Lane) -> Result<Option<Timestamp>> {
        let mut tx = self.db.read().await?;
        let row = tx
            .row(
                "SELECT MIN(at) FROM (
                   SELECT MIN(due) AS at FROM notices WHERE status = 'planned' AND NOT held AND lane = $1
                   UNION ALL SELECT MIN(next_at) AS at FROM deliveries WHERE status = 'queued' AND lane = $1) AS x",
                args![lane.number()],
            )
            .await?;
        row.map_or(Ok(None), |r| r.maybe_instant(0))
    }

    /// How many deliveries of a lane wait, for metrics.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn queue_depth(&self, lane: Lane) -> Result<i64> {
        let mut tx = self.db.read().await?;
        let sql = "SELECT COUNT(*) FROM deliveries WHERE status = 'queued' AND lane = $1";
        tx.row(sql, args![lane.number()])
            .await?
            .map_or(Ok(0), |r| r.int(0))
    }
}
