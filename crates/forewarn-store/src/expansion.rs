//! Expansion: a notice that is being sent becomes deliveries, set by set, in the database.
//!
//! A notice is expanded in parts, each a range of contacts and one transaction, so that others get in between. Where it
//! stands is the notice's cursor, which moves in the same transaction: a part is done once or not at all.
//!
//! Newest wins: of one event's messages to one endpoint only the one with the highest ordinal of its story may wait (`STORY`
//! in `notices`: what the public is told, warnings about a promise, calls, and hand-overs are a story each). Whoever adds a
//! newer one or puts an older one back holds the event (see [`hold_event`]), so that neither misses the other.
//! What stands aside has the ordinal 0: it waits for itself alone (`plan::stands_aside`).

use crate::Store;
use crate::blocks::{called, delivery_id};
use crate::contacts::{put_endpoint, same_place};
use crate::db::{Tx, args};
use crate::error::Result;
use crate::fallback::{Fallback, Waits, wait_for_need};
use crate::order::line_up;
use crate::quiet::{These, put_off};
use forewarn_core::contact::Endpoint;
use forewarn_core::id::Id;
use jiff::{SignedDuration, Timestamp};

/// How many contacts are expanded in the first transaction of a notice: the first messages leave soon.
const FIRST_CONTACTS: i64 = 2_000;

/// How many in each later one, while the first are in the air; writers of other lanes still get in between. The ids of deliveries lie all
/// over a large index, so the more there are the more of them share a page that is written.
const MORE_CONTACTS: i64 = 6_000;

/// After every contact's id.
const LAST: &str = "\u{10ffff}";

/// Who a notice goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipients {
    /// The members of its audience who use one of these services.
    Members {
        /// Affected services that the audience uses.
        services: Vec<Id>,
        /// How they are told where the notice's channels do not do.
        fallback: Fallback,
    },
    /// These endpoints, which belong to no contact.
    Addresses(Vec<Endpoint>),
    /// Those who were added to the event at the notice's level.
    Added,
    /// Mailboxes of those who run an event, and the telephones of whoever among them must act.
    Team {
        /// Whoever gets a mail.
        mailboxes: Vec<Endpoint>,
        /// The mailboxes of those who are called too, where a contact has one of these and a telephone.
        called: Vec<Endpoint>,
    },
    /// One contact, by the notice's channels.
    Contact(Id),
    /// Those who were told by this notice and have not confirmed it.
    Unconfirmed(String),
}

/// What expanding one part of a notice did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Deliveries made.
    pub deliveries: u64,
    /// Nothing of this notice remains to be expanded.
    pub complete: bool,
}

/// Nothing is left to do.
const COMPLETE: Chunk = Chunk {
    deliveries: 0,
    complete: true,
};

/// The set-based expansion. A person in several audiences gets the richest level among the notices of the same slot;
/// whoever unsubscribed or cannot be reached gets a row that says so, so that counts add up. Who unsubscribed from one
/// audience of the slot and not from this one is told through this one. Who moderates one of them has a version to forward,
/// through whichever it comes: `$7` lists the audiences that are moderated, mostly none.
///
/// `replace` finds a name in a JSON list on both databases in the same way; `LIKE` would fold case on one of them and
/// take `_` for any character on both. The notice's audience is given once more, so that PostgreSQL plans for its size.
///
/// One mailbox or phone gets one message, also where several contacts have it: it goes to the first of them, under an id that
/// is the same for all. A webhook is signed for its contact, so each gets its own. Only what is shared is ranked, and what the
/// notice says of all is joined last: ranking all and carrying it along cost twice as much.
///
/// `$8` are the channels, `$9` is when it goes out, `$10` for what it waits before that, where it is a way to fall back on: then
/// nobody needs a row that says that it cannot be used.
const EXPAND: &str = concat!(
    "
INSERT INTO deliveries (id, notice, event, endpoint, contact, channel, level, ordinal, lane, status, attempt, next_at,
  expires, updated_at, reason, bundle, shared, forward, waits)
WITH reached AS MATERIALIZED (
  SELECT m.contact, e.id, e.block, e.channel, ",
    same_place!("e"),
    " AS place_of, e.state, e.reason,
    CASE WHEN e.channel <> 'webhook' THEN (SELECT MIN(",
    called!("t"),
    ") FROM endpoints t
      WHERE ",
    same_place!("t"),
    " = ",
    same_place!("e"),
    " AND t.channel = e.channel HAVING COUNT(*) > 1) END AS shared
  FROM notices n
  JOIN members m ON m.audience = $6 AND m.contact > $3 AND m.contact <= $4
  JOIN endpoints e ON e.contact = m.contact AND replace($8, '\"' || e.channel || '\"', '') <> $8
  WHERE n.id = $1
    AND (NOT EXISTS (SELECT 1 FROM choices c WHERE c.contact = m.contact)
      OR EXISTS (SELECT 1 FROM choices c WHERE c.contact = m.contact AND replace($5, '\"' || c.service || '\"', '') <> $5))
    AND (NOT EXISTS (SELECT 1 FROM kinds k WHERE k.contact = m.contact)
      OR EXISTS (SELECT 1 FROM kinds k WHERE k.contact = m.contact AND k.kind = n.event_kind))
), judged AS MATERIALIZED (
  SELECT reached.*,
    CASE WHEN reached.state <> 'active' OR EXISTS (SELECT 1 FROM suppressions s WHERE s.endpoint = reached.id
      AND s.audience IN ($6, '*')) THEN 'suppressed' ELSE 'queued' END AS status
  FROM reached
), placed AS (
  SELECT judged.*, 1 AS place FROM judged WHERE judged.shared IS NULL
  UNION ALL
  SELECT judged.*, ROW_NUMBER() OVER (PARTITION BY judged.shared ORDER BY judged.status, judged.contact)
  FROM judged WHERE judged.shared IS NOT NULL
)
SELECT ",
    delivery_id!("n.slot", "placed", "placed.shared"),
    ", n.id, n.event, placed.id, placed.contact, placed.channel,
  COALESCE(CASE WHEN placed.shared IS NULL
      THEN (SELECT MAX(n2.level) FROM notices n2 JOIN members m2 ON m2.audience = n2.audience
        WHERE n2.slot = n.slot AND m2.contact = placed.contact AND n2.status NOT IN ('cancelled', 'moved'))
      ELSE (SELECT MAX(n2.level) FROM notices n2 JOIN members m2 ON m2.audience = n2.audience
        JOIN endpoints t ON t.contact = m2.contact AND ",
    same_place!("t"),
    " = placed.place_of AND t.channel = placed.channel
        WHERE n2.slot = n.slot AND t.state = 'active' AND n2.status NOT IN ('cancelled', 'moved')) END, n.level), n.ordinal, n.lane, placed.status, 0,
  CASE WHEN placed.channel IN ('email', 'chat', 'sms') AND CAST($10 AS TEXT) IS NULL AND n.bundle IS NOT NULL
    AND EXISTS (SELECT 1 FROM bundles b WHERE b.id = n.bundle) THEN n.expires ELSE $9 END,
  n.expires, $2,
  CASE WHEN placed.status = 'suppressed' THEN
    COALESCE((SELECT MIN(s.reason) FROM suppressions s WHERE s.endpoint = placed.id AND s.audience IN ($6, '*')),
      placed.reason, placed.state) END,
  CASE WHEN placed.channel IN ('email', 'chat', 'sms') AND CAST($10 AS TEXT) IS NULL THEN n.bundle END, placed.shared,
  CASE WHEN $7 = '[]' THEN FALSE ELSE EXISTS (SELECT 1 FROM notices n2 JOIN members m2 ON m2.audience = n2.audience
    JOIN endpoints t ON t.contact = m2.contact AND ",
    same_place!("t"),
    " = placed.place_of AND t.channel = placed.channel
    WHERE n2.slot = n.slot AND n2.status NOT IN ('cancelled', 'moved') AND replace($7, '\"' || n2.audience || '\"', '') <> $7
      AND (t.id = placed.id OR (placed.shared IS NOT NULL AND t.state = 'active'))) END, CAST($10 AS TEXT)
FROM placed JOIN notices n ON n.id = $1
WHERE placed.place = 1 AND (CAST($10 AS TEXT) IS NULL OR placed.status = 'queued')
ON CONFLICT (id) DO UPDATE SET notice = excluded.notice, level = excluded.level, ordinal = excluded.ordinal,
  status = excluded.status, next_at = excluded.next_at, expires = excluded.expires, updated_at = excluded.updated_at,
  reason = excluded.reason, bundle = excluded.bundle, endpoint = excluded.endpoint, contact = excluded.contact, forward = excluded.forward,
  waits = excluded.waits
WHERE excluded.status = 'queued' AND (deliveries.status = 'suppressed'
  OR deliveries.status = 'queued' AND deliveries.waits IS NOT NULL AND excluded.waits IS NULL)",
);

/// One contact's endpoints of the notice's channels.
const TO_CONTACT: &str = concat!(
    "
INSERT INTO deliveries (id, notice, event, endpoint, contact, channel, level, ordinal, lane, status, attempt, next_at,
  expires, updated_at, reason)
SELECT ",
    delivery_id!("n.slot", "e"),
    ", n.id, n.event, e.id, e.contact, e.channel, n.level, n.ordinal, n.lane,
  CASE WHEN e.state <> 'active' OR s.endpoint IS NOT NULL THEN 'suppressed' ELSE 'queued' END, 0, $2, n.expires, $2,
  COALESCE(s.reason, CASE WHEN e.state <> 'active' THEN COALESCE(e.reason, e.state) END)
FROM notices n
JOIN endpoints e ON e.contact = $3 AND replace(n.channels, '\"' || e.channel || '\"', '') <> n.channels
LEFT JOIN suppressions s ON s.endpoint = e.id AND s.audience = '*'
WHERE n.id = $1 ON CONFLICT (id) DO NOTHING",
);

/// The telephones of contacts that have a mailbox.
const TO_TELEPHONES: &str = concat!(
    "
INSERT INTO deliveries (id, notice, event, endpoint, contact, channel, level, ordinal, lane, status, attempt, next_at,
  expires, updated_at, reason, shared)
SELECT ",
    delivery_id!("n.slot", "e", "e.shared"),
    ", n.id, n.event, e.id, e.contact, e.channel, n.level, n.ordinal, n.lane,
  CASE WHEN e.state <> 'active' OR s.endpoint IS NOT NULL THEN 'suppressed' ELSE 'queued' END, 0, $4, n.expires, $2,
  COALESCE(s.reason, CASE WHEN e.state <> 'active' THEN COALESCE(e.reason, e.state) END), e.shared
FROM notices n
JOIN endpoints m ON ",
    same_place!("m"),
    " = $3 AND m.channel = 'email'
JOIN (SELECT o.*, (SELECT CASE WHEN COUNT(*) > 1 THEN MIN(",
    called!("t"),
    ") END FROM endpoints t
    WHERE ",
    same_place!("t"),
    " = ",
    same_place!("o"),
    " AND t.channel = o.channel) AS shared
  FROM endpoints o) e ON e.contact = m.contact AND e.channel IN ('sms', 'voice')
LEFT JOIN suppressions s ON s.endpoint = e.id AND s.audience = '*'
WHERE n.id = $1 ON CONFLICT (id) DO NOTHING",
);

/// The endpoints that a notice went to, of those who have confirmed it at none of theirs.
const TO_UNCONFIRMED: &str = concat!(
    "
INSERT INTO deliveries (id, notice, event, endpoint, contact, channel, level, ordinal, lane, status, attempt, next_at,
  expires, updated_at, reason, shared)
SELECT ",
    delivery_id!("n.slot", "e", "d.shared"),
    ", n.id, n.event, e.id, e.contact, e.channel, d.level, n.ordinal, n.lane,
  CASE WHEN e.state <> 'active' OR s.endpoint IS NOT NULL THEN 'suppressed' ELSE 'queued' END, 0, $2, n.expires, $2,
  COALESCE(s.reason, CASE WHEN e.state <> 'active' THEN COALESCE(e.reason, e.state) END), d.shared
FROM notices n
JOIN deliveries d ON d.notice = $3 AND d.status <> 'suppressed' AND d.waits IS NULL
JOIN endpoints e ON e.id = d.endpoint
LEFT JOIN suppressions s ON s.endpoint = e.id AND s.audience = '*'
WHERE n.id = $1 AND NOT EXISTS (SELECT 1 FROM acknowledgements a JOIN endpoints o ON o.id = a.endpoint
  WHERE a.notice = $3 AND o.contact = d.contact)
ON CONFLICT (id) DO NOTHING",
);

/// Closes what waits for a contact of this range although something newer about the same event exists and was not
/// withheld.
///
/// A maximum, not EXISTS: PostgreSQL would make a join of that, and before it has counted a fresh event's rows it takes them
/// for one and compares each with each.
const SUPERSEDE: &str = "
UPDATE deliveries SET status = 'superseded', updated_at = $1, reason = 'a newer message about the same event'
WHERE event = $2 AND contact > $3 AND contact <= $4 AND status = 'queued'
  AND ordinal > 0 AND ordinal < (SELECT MAX(n.ordinal) FROM deliveries n WHERE n.event = deliveries.event
    AND n.contact = deliveries.contact AND n.endpoint = deliveries.endpoint AND n.status <> 'suppressed'
    AND n.ordinal / 1000000000000 = deliveries.ordinal / 1000000000000)";

/// The same where several contacts have one mailbox or phone, and the newer message went to another of them.
const SUPERSEDE_SHARED: &str = "
UPDATE deliveries SET status = 'superseded', updated_at = $1, reason = 'a newer message about the same event'
WHERE event = $2 AND status = 'queued' AND shared IN (SELECT p.shared FROM deliveries p
    WHERE p.event = $2 AND p.contact > $3 AND p.contact <= $4 AND p.shared IS NOT NULL)
  AND ordinal > 0 AND ordinal < (SELECT MAX(n.ordinal) FROM deliveries n WHERE n.event = deliveries.event
    AND n.shared = deliveries.shared AND n.status <> 'suppressed'
    AND n.ordinal / 1000000000000 = deliveries.ordinal / 1000000000000)";

/// The same for deliveries by id.
const SUPERSEDE_SOME: (&str, &str) = (
    "UPDATE deliveries SET status = 'superseded', updated_at = $1, reason = 'a newer message about the same event'
     WHERE id IN (SELECT value FROM json_each($2)) AND status = 'queued'
       AND ordinal > 0 AND (ordinal < (SELECT MAX(n.ordinal) FROM deliveries n WHERE n.event = deliveries.event
           AND n.contact = deliveries.contact AND n.endpoint = deliveries.endpoint AND n.status <> 'suppressed'
    AND n.ordinal / 1000000000000 = deliveries.ordinal / 1000000000000)
         OR ordinal < (SELECT MAX(n.ordinal) FROM deliveries n WHERE n.event = deliveries.event
           AND n.shared = deliveries.shared AND n.status <> 'suppressed'
    AND n.ordinal / 1000000000000 = deliveries.ordinal / 1000000000000))",
    "UPDATE deliveries SET status = 'superseded', updated_at = $1, reason = 'a newer message about the same event'
     WHERE id = ANY(ARRAY(SELECT jsonb_array_elements_text($2::jsonb))) AND status = 'queued'
       AND ordinal > 0 AND (ordinal < (SELECT MAX(n.ordinal) FROM deliveries n WHERE n.event = deliveries.event
           AND n.contact = deliveries.contact AND n.endpoint = deliveries.endpoint AND n.status <> 'suppressed'
    AND n.ordinal / 1000000000000 = deliveries.ordinal / 1000000000000)
         OR ordinal < (SELECT MAX(n.ordinal) FROM deliveries n WHERE n.event = deliveries.event
           AND n.shared = deliveries.shared AND n.status <> 'suppressed'
    AND n.ordinal / 1000000000000 = deliveries.ordinal / 1000000000000))",
);

impl Store {
    /// Makes deliveries of the next part of a notice, read now. Doing it twice is harmless.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn expand(
        &self,
        notice: &str,
        recipients: &Recipients,
        now: Timestamp,
    ) -> Result<Chunk> {
        let parts = [FIRST_CONTACTS, MORE_CONTACTS];
        self.expand_by(parts, notice, recipients, now).await
    }

    /// As [`Store::expand`], for at most `contacts` contacts (at least 1).
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn expand_part(
        &self,
        notice: &str,
        recipients: &Recipients,
        contacts: i64,
        now: Timestamp,
    ) -> Result<Chunk> {
        self.expand_by([contacts; 2], notice, recipients, now).await
    }

    /// For at most so many contacts in the first part of a notice, and in each later one.
    async fn expand_by(
        &self,
        [first, later]: [i64; 2],
        notice: &str,
        recipients: &Recipients,
        now: Timestamp,
    ) -> Result<Chunk> {
        let mut tx = self.db.write().await?;
        let lock = tx.either(
            "SELECT event, cursor, audience, ordinal, channels FROM notices WHERE id = $1 AND status = 'sending'",
            "SELECT event, cursor, audience, ordinal, channels FROM notices WHERE id = $1 AND status = 'sending' FOR UPDATE",
        );
        let Some(row) = tx.row(lock, args![notice]).await? else {
            return Ok(COMPLETE);
        };
        let (event, audience, ordinal) = (row.text(0)?, row.text(2)?, row.int(3)?);
        let Some(cursor) = row.maybe_text(1)? else {
            return Ok(COMPLETE);
        };
        hold_event(&mut tx, &event).await?;
        let contacts = if cursor.is_empty() { first } else { later };
        let (deliveries, range, next) = match recipients {
            Recipients::Members { services, fallback } => {
                let next = end_of_part(&mut tx, &audience, &cursor, contacts).await?;
                let upper = next.clone().unwrap_or_else(|| LAST.to_owned());
                let part = Part {
                    notice,
                    audience: &audience,
                    after: &cursor,
                    upto: &upper,
                    services: crate::json_list(services.iter().map(Id::as_str)),
                    moderated: moderated(&mut tx).await?,
                    now,
                };
                let mut made = part.to_members(&mut tx, &row.text(4)?, now, None).await?;
                for (channel, after) in &fallback.steps {
                    let channels = crate::json_list([channel.as_str()]);
                    let (at, waits) = (now + *after, Some(fallback.waits));
                    made += part.to_members(&mut tx, &channels, at, waits).await?;
                    wait_for_need(&mut tx, &part, *channel).await?;
                }
                (made, (cursor, upper), next)
            }
            Recipients::Addresses(addresses) => (
                to_addresses(&mut tx, notice, addresses, now).await?,
                (ADDRESS.to_owned(), format!("{ADDRESS}{LAST}")),
                None,
            ),
            // They were added one by one: one part is enough.
            Recipients::Added => (
                tx.execute(crate::added::EXPAND, args![notice, now]).await?,
                (String::new(), LAST.to_owned()),
                None,
            ),
            Recipients::Unconfirmed(of) => {
                let made = tx.execute(TO_UNCONFIRMED, args![notice, now, of]).await?;
                (made, (String::new(), LAST.to_owned()), None)
            }
            Recipients::Team { mailboxes, called } => (
                to_team(&mut tx, notice, mailboxes, called, now).await?,
                (String::new(), LAST.to_owned()),
                None,
            ),
            Recipients::Contact(contact) => {
                let made = tx
                    .execute(TO_CONTACT, args![notice, now, contact.as_str()])
                    .await?;
                // What is closed of others in this range was overtaken as well.
                let mut below = contact.to_string();
                below.pop();
                (made, (below, contact.to_string()), None)
            }
        };
        let part = (range.0.as_str(), range.1.as_str());
        put_off(&mut tx, These::Part(notice, &event, part)).await?;
        let these = "event = $1 AND notice = $2 AND contact > $3 AND contact <= $4";
        let given = args![&event, notice, part.0, part.1];
        line_up(&mut tx, these, given).await?;
        // Only a notice that is being sent has deliveries that wait, and only a newer one makes ours too late.
        let others = "SELECT 1 FROM notices WHERE event = $1 AND id <> $2 AND (status = 'sending' OR ordinal > $3) LIMIT 1";
        if tx
            .row(others, args![&event, notice, ordinal])
            .await?
            .is_some()
        {
            let values = args![now, &event, range.0, range.1];
            tx.execute(SUPERSEDE, values.clone()).await?;
            let shared = "SELECT 1 FROM deliveries WHERE event = $1 AND shared IS NOT NULL LIMIT 1";
            if tx.row(shared, args![&event]).await?.is_some() {
                tx.execute(SUPERSEDE_SHARED, values).await?;
            }
        }
        let complete = next.is_none();
        let sql = "UPDATE notices SET cursor = $1 WHERE id = $2";
        tx.execute(sql, args![next, notice]).await?;
        tx.commit().await?;
        Ok(Chunk {
            deliveries,
            complete,
        })
    }
}

/// The members of a notice's audience that are expanded in one transaction.
pub(crate) struct Part<'a> {
    pub(crate) notice: &'a str,
    audience: &'a str,
    /// After this contact,
    pub(crate) after: &'a str,
    /// and up to this one.
    pub(crate) upto: &'a str,
    services: String,
    moderated: String,
    pub(crate) now: Timestamp,
}

impl Part<'_> {
    async fn to_members(
        &self,
        tx: &mut Tx,
        channels: &str,
        at: Timestamp,
        waits: Option<Waits>,
    ) -> Result<u64> {
        let given = args![
            self.notice,
            self.now,
            self.after,
            self.upto,
            &self.services,
            self.audience,
            &self.moderated,
            channels,
            at,
            waits.map(|waits| waits.as_str().to_owned())
        ];
        tx.execute(EXPAND, given).await
    }
}

/// Until the end of the transaction no other node decides which message about this event is the newest for anybody.
/// SQLite has one writer in any case.
async fn hold_event(tx: &mut Tx, event: &str) -> Result<()> {
    if let Tx::Postgres(_) = tx {
        let sql = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
        tx.execute(sql, args![event]).await?;
    }
    Ok(())
}

/// As [`hold_event`] for the events of these deliveries, beside others who put deliveries back. Comes before any row is touched.
pub(crate) async fn hold_events_of(tx: &mut Tx, deliveries: &str) -> Result<()> {
    if let Tx::Postgres(_) = tx {
        let sql = "SELECT pg_advisory_xact_lock_shared(hashtextextended(x.event, 0)) FROM (SELECT DISTINCT event
            FROM deliveries WHERE id = ANY(ARRAY(SELECT jsonb_array_elements_text($1::jsonb))) ORDER BY event) x";
        tx.execute(sql, args![deliveries]).await?;
    }
    Ok(())
}

/// Closes those of these deliveries (a JSON list of ids) that wait although something newer exists.
pub(crate) async fn supersede(tx: &mut Tx, deliveries: &str, now: Timestamp) -> Result<u64> {
    let sql = tx.either(SUPERSEDE_SOME.0, SUPERSEDE_SOME.1);
    tx.execute(sql, args![now, deliveries]).await
}

/// The audiences whose members have people of their own to tell, as a JSON list.
async fn moderated(tx: &mut Tx) -> Result<String> {
    let sql = "SELECT id FROM documents WHERE kind = 'audiences' AND body LIKE '%\"forwardable\":true%' ORDER BY id";
    let rows = tx.rows(sql, args![]).await?;
    let ids = rows.iter().map(|row| row.text(0));
    let ids = ids.collect::<Result<Vec<String>>>()?;
    Ok(crate::json_list(ids.iter().map(String::as_str)))
}

/// The last contact of a part that has others after it or is just full.
async fn end_of_part(
    tx: &mut Tx,
    audience: &str,
    after: &str,
    contacts: i64,
) -> Result<Option<String>> {
    let skip = contacts.max(1) - 1;
    let sql = format!(
        "SELECT contact FROM members WHERE audience = $1 AND contact > $2 ORDER BY contact LIMIT 1 OFFSET {skip}"
    );
    let row = tx.row(&sql, args![audience, after]).await?;
    row.map(|r| r.text(0)).transpose()
}

/// What the contact of a mailbox without a contact begins with.
const ADDRESS: &str = "address:";

/// Deliveries to mailboxes, and to the telephones of those contacts that have one of `called`: they are who must act.
pub(crate) async fn to_team(
    tx: &mut Tx,
    notice: &str,
    mailboxes: &[Endpoint],
    called: &[Endpoint],
    now: Timestamp,
) -> Result<u64> {
    let mut made = 0;
    for mailbox in called {
        // A telephone is faster than a mailbox, so it is first in the queue.
        let first = now - SignedDuration::from_millis(1);
        let given = args![notice, now, &*mailbox.place(), first];
        made += tx.execute(TO_TELEPHONES, given).await?;
    }
    Ok(made + to_addresses(tx, notice, mailboxes, now).await?)
}

pub(crate) async fn to_addresses(
    tx: &mut Tx,
    notice: &str,
    addresses: &[Endpoint],
    now: Timestamp,
) -> Result<u64> {
    let mut made = 0;
    for address in addresses {
        let key = format!("{ADDRESS}{}", address.stand_in());
        let endpoint = put_endpoint(tx, &key, address).await?;
        made += tx
            .execute(
concat!(
    "INSERT INTO deliveries (id, notice, event, endpoint, contact, channel, level, ordinal, lane, status,
                   attempt, next_at, expires, updated_at, reason, shared)
                 SELECT ",
    delivery_id!("n.slot", "e", "x.shared"),
    ", n.id, n.event, e.id, e.contact, e.channel, n.level, n.ordinal, n.lane,
                   CASE WHEN e.state <> 'active' OR s.endpoint IS NOT NULL THEN 'suppressed' ELSE 'queued' END, 0, $2, n.expires,
                   $2, COALESCE(s.reason, CASE WHEN e.state <> 'active' THEN COALESCE(e.reason, e.state) END), x.shared
                 FROM notices n
                 JOIN endpoints e ON e.id = $3 AND replace(n.channels, '\"' || e.channel || '\"', '') <> n.channels
                 JOIN (SELECT CASE WHEN COUNT(*) > 1 AND MIN(t.channel) <> 'webhook' THEN MIN(",
    called!("t"),
    ") END AS shared
                   FROM endpoints o JOIN endpoints t ON ",
    same_place!("t"),
    " = ",
    same_place!("o"),
    " AND t.channel = o.channel WHERE o.id = $3) x ON TRUE
                 LEFT JOIN suppressions s ON s.endpoint = e.id AND s.audience = '*'
                 WHERE n.id = $1 ON CONFLICT (id) DO NOTHING",
),
                args![notice, now, endpoint],
            )
            .await?;
    }
    Ok(made)
}
