//! How many text messages with codes may leave, and how often a code may be tried: each costs money, whoever asked for it.
//!
//! They are counted by days of the organisation's, in rows that all nodes share. Whoever counts holds the row of the day until the
//! message is written, so that of two who ask for the last one only one gets it. The same is written whatever the number is.

use crate::contacts::same_place;
use crate::db::{Tx, args};
use crate::error::Result;
use forewarn_core::subscription::Address;

/// Codes that one number gets in a day at most: nobody can be flooded by entering their number.
const CODES_A_DAY: i64 = 3;
/// How often one code can be tried. Of a million, five are not found by chance.
const TRIES: i64 = 5;

/// Who counts all numbers together.
const ALL: &str = "";

/// How many text messages with codes there may be.
#[derive(Clone, Copy, Debug)]
pub struct CodeLimits<'a> {
    /// The organisation's day: `2026-11-22`.
    pub day: &'a str,
    /// To all numbers on that day.
    pub daily_cap: i64,
    /// Whether this number is in a country to which they go.
    pub allowed: bool,
}

/// Why no message with a code may leave for this number, which has its endpoint; `None` when it may, and then it counts.
pub(crate) async fn refuses(
    tx: &mut Tx,
    subscriber: &str,
    address: &Address,
    limits: CodeLimits<'_>,
) -> Result<Option<&'static str>> {
    let day = limits.day;
    tx.execute("DELETE FROM codes WHERE day < $1", args![day])
        .await?;
    // Writing the day's row, though it stays as it is, makes everybody else wait who would count.
    for counted in [ALL, subscriber] {
        let sql = "INSERT INTO codes (day, subscriber, sent, tries) VALUES ($1, $2, 0, 0)
            ON CONFLICT (day, subscriber) DO UPDATE SET sent = codes.sent";
        tx.execute(sql, args![day, counted]).await?;
    }
    let to_all = sent(tx, day, ALL).await?;
    let to_this = sent(tx, day, subscriber).await?;
    let sql = concat!(
        "SELECT COUNT(*) FROM suppressions s JOIN endpoints e ON e.id = s.endpoint WHERE s.audience = '*' AND ",
        same_place!("e"),
        " = $1"
    );
    let row = tx.row(sql, args![address.as_str()]).await?;
    let stopped = row.map_or(Ok(0), |row| row.int(0))? > 0;
    let reason = if !limits.allowed {
        Some("not in a country where telephones can be subscribed")
    } else if stopped {
        Some("the owner of the number wants no messages")
    } else if to_this >= CODES_A_DAY {
        Some("this number had its codes for today")
    } else if to_all >= limits.daily_cap {
        Some("the cap on codes for today is reached")
    } else {
        None
    };
    let one = i64::from(reason.is_none());
    let sql = "UPDATE codes SET sent = sent + $1, tries = CASE WHEN $1 = 1 THEN 0 ELSE tries END
        WHERE day = $2 AND subscriber IN ($3, $4)";
    tx.execute(sql, args![one, day, ALL, subscriber]).await?;
    Ok(reason)
}

/// Counts one try of a code for this subscriber, who need not exist, and says whether there may be one.
pub(crate) async fn may_try(tx: &mut Tx, subscriber: &str, day: &str) -> Result<bool> {
    let sql = "INSERT INTO codes (day, subscriber, sent, tries) VALUES ($1, $2, 0, 1)
        ON CONFLICT (day, subscriber) DO UPDATE SET tries = codes.tries + 1";
    tx.execute(sql, args![day, subscriber]).await?;
    let sql = "SELECT tries FROM codes WHERE day = $1 AND subscriber = $2";
    let row = tx.row(sql, args![day, subscriber]).await?;
    Ok(row.map_or(Ok(1), |row| row.int(0))? <= TRIES)
}

async fn sent(tx: &mut Tx, day: &str, subscriber: &str) -> Result<i64> {
    let sql = "SELECT sent FROM codes WHERE day = $1 AND subscriber = $2";
    let row = tx.row(sql, args![day, subscriber]).await?;
    row.map_or(Ok(0), |row| row.int(0))
}
