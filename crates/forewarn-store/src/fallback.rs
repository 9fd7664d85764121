//! Falling back: a person whom the first ways did not reach in time is told by the next.
//!
//! A notice is expanded to all ways at once. The deliveries by later ones are queued for their time and wait (the column
//! `waits`), which keeps them from being claimed. When the time has come each is looked at: one that is not needed any more is
//! closed as superseded, the others are free to go. Nothing is asked while messages are sent, so whoever has no use for this
//! pays nothing for it.

use crate::Store;
use crate::contacts::{among, same_place};
use crate::db::{Tx, args};
use crate::error::Result;
use crate::expansion::Part;
use crate::order::line_up;
use forewarn_core::contact::Channel;
use jiff::{SignedDuration, Timestamp};

/// How many are looked at in one transaction.
const AT_ONCE: i64 = 1_000;

/// What makes a way to fall back on needless.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Waits {
    /// Another message arrived: the far end said so where the channel has receipts, else the next hop took it.
    #[default]
    Delivered,
    /// The reader confirmed it.
    Confirmed,
}

impl Waits {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Waits::Delivered => "delivered",
            Waits::Confirmed => "confirmed",
        }
    }
}

/// The ways that come after the first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fallback {
    /// Each with its time, counted from when the notice goes out; in order.
    pub steps: Vec<(Channel, SignedDuration)>,
    /// What makes them needless.
    pub waits: Waits,
}

/// Another delivery of the same slot (`p`) to the contact of `d`, or to a mailbox or phone that it shares with whoever got it.
/// `{condition}` is about `p`. Two questions, because each has an index of its own.
fn other(condition: &str) -> String {
    let slot = "JOIN notices b ON b.id = p.notice WHERE p.event = d.event AND p.id <> d.id AND p.waits IS NULL
        AND b.slot = (SELECT a.slot FROM notices a WHERE a.id = d.notice)";
    let (there, here) = (same_place!("o"), same_place!("t"));
    format!(
        "(EXISTS (SELECT 1 FROM deliveries p {slot} AND p.contact = d.contact AND {condition})
          OR EXISTS (SELECT 1 FROM endpoints t
            JOIN endpoints o ON {there} = {here} AND o.channel = t.channel AND o.contact <> t.contact
            JOIN deliveries p ON p.event = d.event AND p.contact = o.contact AND p.endpoint = o.id AND p.shared IS NOT NULL
            {slot} AND t.contact = d.contact AND {condition}))"
    )
}

/// Who waits for an older message about the same event already waits no longer for this one: else updates that come quicker than
/// the time to wait would keep it from them for ever.
const SINCE_THE_OLDER: &str = "
UPDATE deliveries SET next_at = (SELECT MIN(o.next_at) FROM deliveries o WHERE o.event = deliveries.event
    AND o.contact = deliveries.contact AND o.endpoint = deliveries.endpoint AND o.ordinal < deliveries.ordinal
    AND o.ordinal / 1000000000000 = deliveries.ordinal / 1000000000000
    AND o.status = 'queued' AND o.waits IS NOT NULL)
WHERE event = (SELECT n.event FROM notices n WHERE n.id = $1) AND notice = $1 AND contact > $2 AND contact <= $3 AND channel = $4
  AND waits IS NOT NULL AND EXISTS (SELECT 1 FROM deliveries o WHERE o.event = deliveries.event
    AND o.contact = deliveries.contact AND o.endpoint = deliveries.endpoint AND o.ordinal < deliveries.ordinal
    AND o.ordinal / 1000000000000 = deliveries.ordinal / 1000000000000
    AND o.status = 'queued' AND o.waits IS NOT NULL AND o.next_at < deliveries.next_at)";

/// Lets those wait who are told by an earlier way, and those go whom none could be tried for.
pub(crate) async fn wait_for_need(tx: &mut Tx, part: &Part<'_>, channel: Channel) -> Result<()> {
    let tried = other("p.status <> 'suppressed'");
    let sql = format!(
        "UPDATE deliveries SET waits = NULL, next_at = $5 WHERE id IN (SELECT d.id FROM deliveries d
           WHERE d.event = (SELECT n.event FROM notices n WHERE n.id = $1) AND d.notice = $1 AND d.contact > $2
             AND d.contact <= $3 AND d.channel = $4 AND d.waits IS NOT NULL AND NOT {tried})"
    );
    let given = args![
        part.notice,
        part.after,
        part.upto,
        channel.as_str(),
        part.now
    ];
    tx.execute(&sql, given).await?;
    let given = args![part.notice, part.after, part.upto, channel.as_str()];
    tx.execute(SINCE_THE_OLDER, given).await?;
    Ok(())
}

impl Store {
    /// Looks at ways to fall back on whose time has come: what is not needed any more is closed, the rest is free to go. Says
    /// whether more of them wait to be looked at.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn fall_back(&self, now: Timestamp) -> Result<bool> {
        let mut read = self.db.read().await?;
        let ready = "FROM deliveries d WHERE d.waits IS NOT NULL AND d.status = 'queued' AND d.next_at <= $1";
        let any = format!("SELECT 1 {ready} LIMIT 1");
        if read.row(&any, args![now]).await?.is_none() {
            return Ok(false);
        }
        drop(read);
        let mut tx = self.db.write().await?;
        let lock = tx.either("", "FOR UPDATE SKIP LOCKED");
        let sql = format!("SELECT d.id {ready} ORDER BY d.next_at, d.id LIMIT {AT_ONCE} {lock}");
        let rows = tx.rows(&sql, args![now]).await?;
        let ids = rows.iter().map(|r| r.text(0)).collect::<Result<Vec<_>>>()?;
        let listed = crate::json_list(ids.iter().map(String::as_str));
        let told = format!(
            "CASE d.waits WHEN 'confirmed' THEN EXISTS (SELECT 1 FROM notices a JOIN notices b ON b.slot = a.slot
                 JOIN acknowledgements k ON k.notice = b.id JOIN endpoints o ON o.id = k.endpoint
                 WHERE a.id = d.notice AND o.contact = d.contact)
               ELSE {} END",
            other("(p.status = 'delivered' OR p.status = 'accepted' AND p.channel NOT IN ('sms', 'voice'))")
        );
        let some = among(&tx, 1);
        let needless = format!(
            "UPDATE deliveries SET waits = NULL, status = 'superseded', updated_at = $2,
               reason = 'not needed: ' || CASE waits WHEN 'confirmed' THEN 'it was confirmed' ELSE 'an earlier way reached them' END
             WHERE id IN (SELECT d.id FROM deliveries d WHERE d.id {some} AND {told})"
        );
        tx.execute(&needless, args![&listed, now]).await?;
        let free =
            format!("UPDATE deliveries SET waits = NULL WHERE id {some} AND waits IS NOT NULL");
        tx.execute(&free, args![&listed]).await?;
        line_up(&mut tx, &format!("id {some}"), args![&listed]).await?;
        tx.commit().await?;
        Ok(ids.len() as i64 == AT_ONCE)
    }
}
