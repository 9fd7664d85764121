//! Acknowledgements: that somebody has read a notice and says so. A notice is acknowledged once for each endpoint; the token
//! in a message's link names both.

use crate::Store;
use crate::db::{Row, Tx, args};
use crate::error::Result;
use jiff::Timestamp;
use serde::Serialize;

/// That somebody has read a notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Acknowledgement {
    /// The event.
    pub event: String,
    /// The notice.
    pub notice: String,
    /// The endpoint that it had gone to; empty where somebody said it without a message, by API, command line or console.
    pub endpoint: String,
    /// Who says so.
    pub who: String,
    /// When.
    pub at: Timestamp,
}

/// Of a notice and an endpoint only the first counts.
pub(crate) async fn put(tx: &mut Tx, acknowledgement: &Acknowledgement) -> Result<()> {
    let a = acknowledgement;
    tx.execute(
        "INSERT INTO acknowledgements (event, notice, endpoint, who, at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (notice, endpoint) DO NOTHING",
        args![&a.event, &a.notice, &a.endpoint, &a.who, a.at],
    )
    .await?;
    Ok(())
}

impl Store {
    /// What was acknowledged of an event, the first first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn acknowledgements(&self, event: &str) -> Result<Vec<Acknowledgement>> {
        let mut tx = self.db.read().await?;
        let sql = "SELECT event, notice, endpoint, who, at FROM acknowledgements WHERE event = $1 ORDER BY at, notice, endpoint";
        let rows = tx.rows(sql, args![event]).await?;
        let one = |row: &Row| {
            Ok(Acknowledgement {
                event: row.text(0)?,
                notice: row.text(1)?,
                endpoint: row.text(2)?,
                who: row.text(3)?,
                at: row.instant(4)?,
            })
        };
        rows.iter().map(one).collect()
    }

    /// Who acts where a message went: the address of a mailbox; for a telephone the mailbox of its contact, for people are
    /// named by that. `None` for an endpoint that is not there any more.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn endpoint_address(&self, id: &str) -> Result<Option<String>> {
        let mut tx = self.db.read().await?;
        let sql = "SELECT CASE WHEN e.channel IN ('sms', 'voice') THEN COALESCE((SELECT MIN(m.address) FROM endpoints m
              WHERE m.contact = e.contact AND m.channel = 'email'), e.address) ELSE e.address END
            FROM endpoints e WHERE e.id = $1";
        let row = tx.row(sql, args![id]).await?;
        let sealer = tx.sealer();
        row.map(|r| Ok(sealer.shown(r.text(0)?))).transpose()
    }
}
