//! Endpoints that want their messages one after the other (`ordered` of a webhook): a message leaves when all that were made for the
//! endpoint before it have ended, whatever they are about, on whichever node.
//!
//! Each has its `place` in the endpoint's line. Only the first one of a line is in the queue; the others stand `behind`, with their
//! expiry as the time of their next attempt, so that a claim never sees them and they still end. Whoever records an end lets the
//! next one move up in the same transaction. What ends otherwise (a newer message, a contact that is gone) is noticed when the engine
//! looks next.

use crate::Store;
use crate::contacts::among;
use crate::db::{Arg, Tx, args};
use crate::error::Result;
use crate::outcomes::Recorded;
use jiff::Timestamp;

/// What has not ended, in the words of the index `deliveries_line`.
macro_rules! unfinished {
    ($row:literal) => {
        concat!(
            $row,
            ".place IS NOT NULL AND ",
            $row,
            ".status IN ('queued', 'attempting')"
        )
    };
}

/// Why a message waits that stands behind others.
const BEHIND: &str = "waits for the messages before it";

/// Whether any endpoint wants that. By contact, so that SQLite searches its index and does not read it.
const WANTED: &str = "SELECT 1 FROM endpoints WHERE contact > '' AND channel = 'webhook' AND body LIKE '%\"ordered\":true%' LIMIT 1";

/// Messages to such endpoints that have no place yet, among some.
const UNPLACED: &str = "channel = 'webhook' AND status = 'queued' AND waits IS NULL AND place IS NULL
  AND EXISTS (SELECT 1 FROM endpoints e WHERE e.id = deliveries.endpoint AND e.body LIKE '%\"ordered\":true%')";

/// The end of a line.
const LAST: &str = concat!(
    "1 + COALESCE((SELECT MAX(o.place) FROM deliveries o WHERE o.endpoint = deliveries.endpoint AND ",
    unfinished!("o"),
    "), 0)",
);

/// Whether somebody stands before this one.
const NOT_FIRST: &str = concat!(
    "EXISTS (SELECT 1 FROM deliveries o WHERE o.endpoint = deliveries.endpoint AND o.place < deliveries.place AND ",
    unfinished!("o"),
    ")",
);

/// The first of each of some lines, where it stands back still.
const FIRST: &str = concat!(
    "SELECT f.id FROM lines x JOIN deliveries f ON f.behind AND f.status = 'queued' AND f.id = (SELECT o.id FROM deliveries o WHERE o.endpoint = x.endpoint AND ",
    unfinished!("o"),
    " ORDER BY o.place LIMIT 1)",
);

/// The lines in which somebody stands behind. Left to itself SQLite would look for them in the whole queue.
const LINES: (&str, &str) = (
    "SELECT DISTINCT d.endpoint FROM deliveries d INDEXED BY deliveries_behind
     WHERE d.endpoint > '' AND d.behind AND d.status = 'queued'",
    "SELECT DISTINCT d.endpoint FROM deliveries d WHERE d.behind AND d.status = 'queued'",
);

/// Puts at the ends of their lines those of some messages that go to such endpoints. `these` tells which, by columns of `deliveries`.
pub(crate) async fn line_up(tx: &mut Tx, these: &str, given: Vec<Arg>) -> Result<()> {
    if tx.row(WANTED, args![]).await?.is_none() {
        return Ok(());
    }
    let any = format!("SELECT 1 FROM deliveries WHERE {these} AND {UNPLACED} LIMIT 1");
    if tx.row(&any, given.clone()).await?.is_none() {
        return Ok(());
    }
    hold_lines(tx).await?;
    // Several for one endpoint (they fall back at once) stand as their notices fell due.
    let place = format!(
        "WITH fresh AS (SELECT d.id, ROW_NUMBER() OVER (PARTITION BY d.endpoint ORDER BY n.due, n.id, d.id) - 1 AS nth
           FROM deliveries d JOIN notices n ON n.id = d.notice
           WHERE d.id IN (SELECT id FROM deliveries WHERE {these} AND {UNPLACED}))
         UPDATE deliveries SET place = {LAST} + fresh.nth FROM fresh WHERE fresh.id = deliveries.id"
    );
    tx.execute(&place, given.clone()).await?;
    let stand_back = format!(
        "UPDATE deliveries SET behind = TRUE, next_at = expires, reason = '{BEHIND}'
         WHERE {these} AND place IS NOT NULL AND status = 'queued' AND attempt = 0 AND {NOT_FIRST}"
    );
    tx.execute(&stand_back, given).await?;
    Ok(())
}

/// Until the end of the transaction no other node gives places: two with the same one would not see each other.
async fn hold_lines(tx: &mut Tx) -> Result<()> {
    if let Tx::Postgres(_) = tx {
        let sql = "SELECT pg_advisory_xact_lock(hashtextextended('places in lines', 0))";
        tx.execute(sql, args![]).await?;
    }
    Ok(())
}

/// Lets the next ones go where what was recorded has ended. Says whether there were any.
pub(crate) async fn next_in_line(
    tx: &mut Tx,
    outcomes: &[Recorded],
    now: Timestamp,
) -> Result<bool> {
    let any = format!("{} LIMIT 1", tx.either(LINES.0, LINES.1));
    if tx.row(&any, args![]).await?.is_none() {
        return Ok(false);
    }
    let ended = outcomes.iter().filter(|o| o.status.is_final());
    let ended = crate::json_list(ended.map(|o| o.id.as_str()));
    let some = among(tx, 1);
    let lines = format!(
        "SELECT DISTINCT d.endpoint FROM deliveries d WHERE d.id {some} AND d.place IS NOT NULL"
    );
    move_up(tx, &lines, args![ended], now).await
}

async fn move_up(tx: &mut Tx, lines: &str, given: Vec<Arg>, now: Timestamp) -> Result<bool> {
    let first = format!("WITH lines AS ({lines}) {FIRST}");
    let rows = tx.rows(&first, given).await?;
    if rows.is_empty() {
        return Ok(false);
    }
    let first = rows
        .iter()
        .map(|row| row.text(0))
        .collect::<Result<Vec<_>>>()?;
    let first = crate::json_list(first.iter().map(String::as_str));
    let sql = format!(
        "UPDATE deliveries SET behind = FALSE, next_at = $2, reason = NULL WHERE id {} AND behind AND status = 'queued'",
        among(tx, 1)
    );
    Ok(tx.execute(&sql, args![first, now]).await? > 0)
}

impl Store {
    /// Lets those go who stand behind nobody any more.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn close_ranks(&self, now: Timestamp) -> Result<()> {
        let mut read = self.db.read().await?;
        let lines = read.either(LINES.0, LINES.1);
        let waits = format!("WITH lines AS ({lines}) {FIRST} LIMIT 1");
        if read.row(&waits, args![]).await?.is_none() {
            return Ok(());
        }
        drop(read);
        let mut tx = self.db.write().await?;
        move_up(&mut tx, lines, args![], now).await?;
        tx.commit().await
    }
}
