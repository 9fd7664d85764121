//! People added to one event while it runs, and the expansion of what they are told. They are told like members of an
//! audience that only this event has; what they chose for themselves beforehand does not hold, that they want nothing does.

use crate::Store;
use crate::blocks::delivery_id;
use crate::contacts::{put_endpoint, same_place};
use crate::db::{Row, Tx, args};
use crate::error::Result;
use forewarn_core::audience::Level;
use forewarn_core::contact::{Channel, Endpoint};
use jiff::Timestamp;
use serde::Serialize;

/// Somebody to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRecipient {
    /// The event.
    pub event: String,
    /// Who.
    pub whom: Whom,
    /// At which level.
    pub level: Level,
    /// Who added them.
    pub by: String,
}

/// Who is added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// A contact with all its endpoints.
    Contact(String),
    /// An address; where it is a contact's, that contact is told through it.
    Address(Endpoint),
}

/// Somebody who was added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AddedRecipient {
    /// The contact; absent for an address that belongs to nobody.
    pub contact: Option<String>,
    /// The address, where only this one is told.
    pub address: Option<String>,
    /// At which level.
    pub level: Level,
    /// Who added them.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// What the contact of an address that belongs to nobody begins with. Not that of the people who run events: an update must
/// not take the place of a warning to them.
const PREFIX: &str = "added:";

/// As for the members of an audience, of the richest level that somebody is entitled to.
pub(crate) const EXPAND: &str = concat!(
    "
INSERT INTO deliveries (id, notice, event, endpoint, contact, channel, level, ordinal, lane, status, attempt, next_at,
  expires, updated_at, reason)
SELECT DISTINCT ",
    delivery_id!("n.slot", "e"),
    ", n.id, n.event, e.id, e.contact, e.channel,
  CASE WHEN n.level >= COALESCE((SELECT MAX(n2.level) FROM notices n2 JOIN members m2 ON m2.audience = n2.audience
    WHERE n2.slot = n.slot AND m2.contact = a.contact AND n2.status NOT IN ('cancelled', 'moved')), 0) THEN n.level
   ELSE (SELECT MAX(n2.level) FROM notices n2 JOIN members m2 ON m2.audience = n2.audience
    WHERE n2.slot = n.slot AND m2.contact = a.contact AND n2.status NOT IN ('cancelled', 'moved')) END,
  n.ordinal, n.lane,
  CASE WHEN e.state <> 'active' OR EXISTS (SELECT 1 FROM suppressions s WHERE s.endpoint = e.id
    AND s.audience IN (n.audience, '*')) THEN 'suppressed' ELSE 'queued' END,
  0, $2, n.expires, $2,
  COALESCE((SELECT MIN(s.reason) FROM suppressions s WHERE s.endpoint = e.id AND s.audience IN (n.audience, '*')),
    CASE WHEN e.state <> 'active' THEN COALESCE(e.reason, e.state) END)
FROM notices n
JOIN added a ON a.event = n.event AND a.level = n.level
JOIN endpoints e ON e.contact = a.contact AND (a.endpoint = '' OR a.endpoint = e.id)
  AND replace(n.channels, '\"' || e.channel || '\"', '') <> n.channels
WHERE n.id = $1
ON CONFLICT (id) DO UPDATE SET notice = excluded.notice, level = excluded.level, ordinal = excluded.ordinal,
  status = excluded.status, next_at = excluded.next_at, expires = excluded.expires, updated_at = excluded.updated_at,
  reason = excluded.reason
WHERE deliveries.status = 'suppressed' AND excluded.status = 'queued'",
);

/// Adds somebody. Who was added before is told at the level that was said last.
pub(crate) async fn put(tx: &mut Tx, new: &NewRecipient, now: Timestamp) -> Result<()> {
    let (contact, endpoint) = match &new.whom {
        Whom::Contact(id) => (id.clone(), String::new()),
        Whom::Address(address) => match before(tx, &new.event, address).await? {
            Some(known) => known,
            None => of_address(tx, address).await?,
        },
    };
    tx.execute(
        "INSERT INTO added (event, contact, endpoint, level, added_by, at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (event, contact, endpoint) DO UPDATE SET level = excluded.level",
        args![&new.event, contact, endpoint, new.level.rank(), &new.by, now],
    )
    .await?;
    Ok(())
}

/// The mailbox under which somebody was added to this event before, however its letters were written then.
async fn before(tx: &mut Tx, event: &str, address: &Endpoint) -> Result<Option<(String, String)>> {
    if address.channel() != Channel::Email {
        return Ok(None);
    }
    let sql = concat!(
        "SELECT a.contact, a.endpoint FROM added a JOIN endpoints e ON e.id = a.endpoint
        WHERE a.event = $1 AND e.channel = 'email' AND ",
        same_place!("e"),
        " = $2 ORDER BY a.at LIMIT 1"
    );
    let found = tx.row(sql, args![event, &*address.place()]).await?;
    found
        .map(|row| Ok((row.text(0)?, row.text(1)?)))
        .transpose()
}

async fn of_address(tx: &mut Tx, address: &Endpoint) -> Result<(String, String)> {
    let sql = concat!(
        "SELECT e.contact, e.id FROM endpoints e JOIN contacts c ON c.id = e.contact WHERE ",
        same_place!("e"),
        " = $1 AND e.channel = $2 ORDER BY e.contact LIMIT 1"
    );
    let known = args![&*tx.sealer().place(address), address.channel().as_str()];
    if let Some(row) = tx.row(sql, known).await? {
        return Ok((row.text(0)?, row.text(1)?));
    }
    let key = format!("{PREFIX}{}", address.stand_in());
    let endpoint = put_endpoint(tx, &key, address).await?;
    Ok((key, endpoint))
}

/// Those of a duplicate are told of the incident that survives.
pub(crate) async fn carry_over(tx: &mut Tx, from: &str, to: &str) -> Result<()> {
    tx.execute(
        "INSERT INTO added (event, contact, endpoint, level, added_by, at)
         SELECT $2, contact, endpoint, level, added_by, at FROM added WHERE event = $1
         ON CONFLICT (event, contact, endpoint) DO NOTHING",
        args![from, to],
    )
    .await?;
    Ok(())
}

impl Store {
    /// Who was added to an event, the first first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn added(&self, event: &str) -> Result<Vec<AddedRecipient>> {
        let mut tx = self.db.read().await?;
        let sql = "SELECT a.contact, e.address, a.level, a.added_by, a.at FROM added a
            LEFT JOIN endpoints e ON e.id = a.endpoint WHERE a.event = $1 ORDER BY a.at, a.contact, a.endpoint";
        let rows = tx.rows(sql, args![event]).await?;
        let sealer = tx.sealer();
        let one = |row: &Row| {
            let contact = row.text(0)?;
            Ok(AddedRecipient {
                contact: (!contact.starts_with(PREFIX)).then_some(contact),
                address: row.maybe_text(1)?.map(|address| sealer.shown(address)),
                level: Level::from_rank(row.int(2)?).unwrap_or(Level::NonTechnical),
                by: row.text(3)?,
                at: row.instant(4)?,
            })
        };
        rows.iter().map(one).collect()
    }
}
