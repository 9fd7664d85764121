//! Deliveries: claimed before their connection is opened, recorded right after the answer.

use crate::Store;
use crate::bundles::whole_messages;
use crate::db::{Row, Tx, args};
use crate::error::{Result, StoreError};
use crate::expansion::{hold_events_of, supersede};
use crate::gates::{leave_gates, take_gates_back};
use crate::notices::Lane;
use crate::seal::{OF_CONTACTS, Sealer};
use forewarn_core::audience::Level;
use forewarn_core::contact::{Channel, Endpoint};
use forewarn_core::delivery::DeliveryStatus;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// A delivery that this node has claimed: the attempt is on record, nothing has been sent.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// Its id: derived, the same on every attempt.
    pub id: String,
    /// Its notice.
    pub notice: String,
    /// Who gets it: a contact's id, or what stands for an address that is no contact's.
    pub contact: String,
    /// Its endpoint's id.
    pub endpoint_id: String,
    /// Where it goes.
    pub endpoint: Endpoint,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// Level of detail.
    pub level: Level,
    /// When the message loses its meaning.
    pub expires: Timestamp,
    /// Name of the recipient.
    pub name: Option<String>,
    /// Language of the recipient.
    pub language: Option<String>,
    /// Zone of the recipient.
    pub time_zone: Option<String>,
    /// It is told in one message with the others of this bundle to the same endpoint.
    pub bundle: Option<String>,
    /// When the first attempt began, if this is not it.
    pub earlier: Option<Timestamp>,
    /// Its recipient has people of their own to tell.
    pub forward: bool,
    /// Where it stands in the database, for whoever finds it again soon (see [`crate::Recorded::row`]).
    pub row: i64,
}

/// An attempt as it is listed.
#[derive(Clone, Debug, Serialize)]
pub struct AttemptRow {
    /// When it began.
    pub at: Timestamp,
    /// When its outcome was known.
    pub ended_at: Timestamp,
    /// Its outcome.
    pub outcome: String,
    /// The server's own words.
    pub server_said: String,
}

/// A delivery as it is listed.
#[derive(Clone, Debug, Serialize)]
pub struct DeliveryRow {
    /// Its id.
    pub id: String,
    /// Its notice.
    pub notice: String,
    /// Its event.
    pub event: String,
    /// Which notice: `holding`, `reminder`.
    pub milestone: String,
    /// Who gets it.
    pub contact: String,
    /// By which channel.
    pub channel: Channel,
    /// At which address.
    pub endpoint: String,
    /// At which level.
    pub level: Level,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// Why, where there is more to say.
    pub reason: Option<String>,
    /// Its endpoint's id, and the bundle with which it is told in one message.
    #[serde(skip)]
    pub bundled: Option<(String, String)>,
    /// When it is tried next, while it is queued.
    pub next_at: Option<Timestamp>,
    /// What was tried.
    pub attempts: Vec<AttemptRow>,
}

/// Which deliveries to list.
#[derive(Clone, Debug, Default)]
pub struct DeliveryFilter {
    /// Of this notice.
    pub notice: Option<String>,
    /// Of this event.
    pub event: Option<String>,
    /// By this channel.
    pub channel: Option<Channel>,
    /// In this status.
    pub status: Option<DeliveryStatus>,
    /// After this id.
    pub after: Option<String>,
}

// One message at a time per endpoint and event: two on the way at once could arrive in the wrong order. Counted by FILTER
// and not asked for in WHERE, so that PostgreSQL looks up each one's few neighbours: by its counts, which are always old
// here, it would rather walk the index of all attempts for each.
//
// Of a bundle's deliveries to one endpoint the first one stands for all: whoever claims it takes the others along.
// What waits to be needed is not free (`crate::fallback`).
const FREE: &str = "d.status = 'queued' AND d.waits IS NULL AND d.lane = $1 AND d.next_at <= $2";
pub(crate) const ALONE: &str = "0 = (
  SELECT COUNT(*) FILTER (WHERE o.status = 'attempting') FROM deliveries o
  WHERE o.event = d.event AND o.contact = d.contact AND o.endpoint = d.endpoint)
  AND 0 = CASE WHEN d.shared IS NULL THEN 0 ELSE (
    SELECT COUNT(*) FILTER (WHERE o.status = 'attempting') FROM deliveries o
    WHERE o.event = d.event AND o.shared = d.shared) END";
/// A delivery's endpoint, among those of its contact: parts of an audience are ranges of contacts, so neighbours find theirs on the
/// same pages, while ids lie all over a large index.
const ITS_ENDPOINT: (&str, &str) = (
    "e.contact = d.contact AND +e.id = d.endpoint",
    "e.id = d.endpoint",
);
const FIRST_OF_BUNDLE: &str = "(d.bundle IS NULL OR d.id = (SELECT MIN(f.id) FROM deliveries f
  WHERE f.bundle = d.bundle AND f.endpoint = d.endpoint AND f.status = 'queued'))";

/// What is read of a delivery that is claimed.
macro_rules! claimed_columns {
    () => {
        "SELECT d.id, d.notice, d.endpoint, d.attempt, d.level, d.expires, e.body, e.name, e.language, e.time_zone,
   d.outcome IS NOT NULL, d.bundle, CASE WHEN d.attempt > 0 THEN
     COALESCE((SELECT MIN(a.started_at) FROM attempts a WHERE a.delivery = d.id), d.started_at) END, d.forward, d.contact"
    };
}

/// The same with what finds its row the soonest: ids lie all over a large index.
pub(crate) const CLAIMED: (&str, &str) = (
    concat!(claimed_columns!(), ", d.rowid"),
    concat!(claimed_columns!(), ", CAST(0 AS BIGINT)"),
);

/// How many columns that are.
pub(crate) const CLAIMED_COLUMNS: usize = 16;

impl Store {
    /// Claims up to `limit` deliveries of a lane that are due, those that wait longest first. The attempt is committed
    /// when this returns. What cannot be sent any more because its address was removed is closed and not returned.
    ///
    /// # Errors
    /// When the database cannot be written; then nothing is claimed.
    pub async fn claim(
        &self,
        lane: Lane,
        node: &str,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Claimed>> {
        let mut tx = self.db.write().await?;
        // The limit stands in the text, so that a plan knows how little is wanted.
        let locked = tx.either("", "FOR UPDATE OF d SKIP LOCKED");
        let claimed = tx.either(CLAIMED.0, CLAIMED.1);
        let endpoint = tx.either(ITS_ENDPOINT.0, ITS_ENDPOINT.1);
        let due = format!(
            "{claimed} FROM deliveries d LEFT JOIN endpoints e ON {endpoint} WHERE {FREE} AND {ALONE} AND {FIRST_OF_BUNDLE} ORDER BY d.next_at LIMIT {limit} {locked}"
        );
        loop {
            let given = args![lane.number(), now];
            let rows = tx.packed(&due, CLAIMED_COLUMNS, given).await?;
            let rows = whole_messages(&mut tx, rows).await?;
            let due = Due::read(&rows, &tx.sealer())?;
            due.put_aside_and_claim(&mut tx, node, now).await?;
            // Only an empty answer says that nothing waits.
            if due.homeless.is_empty() || !due.claimed.is_empty() {
                tx.commit().await?;
                return Ok(due.claimed);
            }
        }
    }

    /// Gives back what this node claimed without knowing (the answer to its claim was lost) and so never sent.
    /// Only while none of its attempts is under way in this lane.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn give_back(&self, lane: Lane, node: &str, now: Timestamp) -> Result<u64> {
        const MINE: &str =
            "SELECT id FROM deliveries WHERE status = 'attempting' AND owner = $1 AND lane = $2";
        let mut tx = self.db.write().await?;
        let mine = ids(&tx.rows(MINE, args![node, lane.number()]).await?)?;
        if mine == "[]" {
            return Ok(0);
        }
        hold_events_of(&mut tx, &mine).await?;
        let given = tx
            .execute(
                "UPDATE deliveries SET status = 'queued', attempt = attempt - 1, owner = NULL, updated_at = $3
                 WHERE status = 'attempting' AND owner = $1 AND lane = $2",
                args![node, lane.number(), now],
            )
            .await?;
        supersede(&mut tx, &mine, now).await?;
        tx.commit().await?;
        Ok(given)
    }

    /// Puts back what this node claimed and of which it does not know any more whether it was sent: each attempt is recorded
    /// as unknown. Only while none of its attempts is under way in this lane.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn disown(&self, lane: Lane, node: &str, now: Timestamp) -> Result<u64> {
        const MINE: &str = "status = 'attempting' AND owner = $1 AND lane = $2";
        let mut tx = self.db.write().await?;
        leave_gates(&mut tx, node, lane).await?;
        let sql = format!("SELECT id FROM deliveries WHERE {MINE}");
        let mine = ids(&tx.rows(&sql, args![node, lane.number()]).await?)?;
        if mine == "[]" {
            tx.commit().await?;
            return Ok(0);
        }
        hold_events_of(&mut tx, &mine).await?;
        let sql = format!("UPDATE deliveries SET {UNKNOWN} WHERE {MINE} RETURNING id");
        let taken = tx.rows(&sql, args![node, lane.number(), now]).await?;
        supersede(&mut tx, &ids(&taken)?, now).await?;
        tx.commit().await?;
        Ok(taken.len() as u64)
    }

    /// This node is alive.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn beat(&self, node: &str, now: Timestamp) -> Result<()> {
        let mut tx = self.db.write().await?;
        let sql = "INSERT INTO nodes (id, seen_at) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at";
        tx.execute(sql, args![node, now]).await?;
        tx.commit().await
    }

    /// Takes back the attempts of nodes that have not been seen since `dead_before`. Each is recorded as unknown, since
    /// nobody can say what became of it, and is tried again with the same id. A node that was seen as far ahead of now is dead
    /// too: the clock was set back, and since then it has said nothing.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn take_back(&self, me: &str, dead_before: Timestamp, now: Timestamp) -> Result<u64> {
        const LOST: &str = "status = 'attempting' AND owner <> $1
            AND NOT EXISTS (SELECT 1 FROM nodes n WHERE n.id = deliveries.owner AND n.seen_at >= $2 AND n.seen_at <= $3)";
        let mut tx = self.db.write().await?;
        let ahead = now + now.duration_since(dead_before);
        let sql = format!("SELECT id FROM deliveries WHERE {LOST}");
        let lost = ids(&tx.rows(&sql, args![me, dead_before, ahead]).await?)?;
        let mut taken = Vec::new();
        if lost != "[]" {
            hold_events_of(&mut tx, &lost).await?;
            let unknown = UNKNOWN.replace("$3", "$4");
            let sql = format!("UPDATE deliveries SET {unknown} WHERE {LOST} RETURNING id");
            taken = tx.rows(&sql, args![me, dead_before, ahead, now]).await?;
            // What a newer message overtook meanwhile is not sent again.
            supersede(&mut tx, &ids(&taken)?, now).await?;
        }
        tx.execute(
            "DELETE FROM nodes WHERE (seen_at < $1 OR seen_at > $3) AND id <> $2",
            args![dead_before, me, ahead],
        )
        .await?;
        take_gates_back(&mut tx, me).await?;
        tx.commit().await?;
        Ok(taken.len() as u64)
    }

    /// Forgets nodes other than this one: the caller knows that it is alone (an embedded file locked by it).
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn claim_alone(&self, me: &str, now: Timestamp) -> Result<u64> {
        let mut tx = self.db.write().await?;
        tx.execute("DELETE FROM nodes WHERE id <> $1", args![me])
            .await?;
        tx.commit().await?;
        self.take_back(me, now, now).await
    }

    /// Deliveries by id, with their attempts.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn deliveries(
        &self,
        filter: &DeliveryFilter,
        limit: i64,
    ) -> Result<Vec<DeliveryRow>> {
        let mut tx = self.db.read().await?;
        let after = filter.after.clone().unwrap_or_default();
        let mut sql = String::from(LISTED);
        let mut values = args![after];
        let status = filter.status.map(|s| s.as_str().to_owned());
        let channel = filter.channel.map(|c| c.as_str().to_owned());
        for (column, wanted) in [
            ("notice", &filter.notice),
            ("event", &filter.event),
            ("status", &status),
            ("channel", &channel),
        ] {
            if let Some(wanted) = wanted {
                values.push(wanted.into());
                sql.push_str(&format!(" AND d.{column} = ${}", values.len()));
            }
        }
        if let Some(notice) = &filter.notice {
            // A notice's deliveries stand together in the order of ids, which begin with its slot.
            let row = tx
                .row("SELECT slot FROM notices WHERE id = $1", args![notice])
                .await?;
            let Some(slot) = row.map(|r| r.text(0)).transpose()? else {
                return Ok(Vec::new());
            };
            values.push(format!("{slot}.").into());
            values.push(format!("{slot}/").into());
            sql.push_str(&format!(
                " AND d.id > ${} AND d.id < ${}",
                values.len() - 1,
                values.len()
            ));
        }
        sql.push_str(&format!(" ORDER BY d.id LIMIT {limit}"));
        let rows = tx.rows(&sql, values).await?;
        let mut found = rows.iter().map(delivery_row).collect::<Result<Vec<_>>>()?;
        let mut attempts = attempts(&mut tx, &found).await?;
        let sealer = tx.sealer();
        for delivery in &mut found {
            delivery.endpoint = sealer.shown(std::mem::take(&mut delivery.endpoint));
            delivery.attempts = attempts.remove(&delivery.id).unwrap_or_default();
        }
        Ok(found)
    }
}

const LISTED: &str =
    "SELECT d.id, d.notice, d.event, d.contact, d.channel, COALESCE(e.address, ''), d.level, d.status, d.reason,
    d.next_at, d.bundle, d.endpoint, COALESCE(n.milestone, '') FROM deliveries d LEFT JOIN endpoints e ON e.id = d.endpoint
    LEFT JOIN notices n ON n.id = d.notice WHERE d.id > $1";

/// A contact may lose an address while a message to it waits.
const CLOSE_HOMELESS: (&str, &str) = (
    "UPDATE deliveries SET status = 'suppressed', reason = 'the address was removed'
     WHERE id IN (SELECT value FROM json_each($1))",
    "UPDATE deliveries SET status = 'suppressed', reason = 'the address was removed'
     WHERE id = ANY(ARRAY(SELECT jsonb_array_elements_text($1::jsonb)))",
);

/// What came of an attempt stands with its delivery until the next one begins.
const PUT_ASIDE: (&str, &str) = (
    "INSERT INTO attempts (delivery, number, started_at, ended_at, outcome, server_said)
     SELECT id, attempt, started_at, ended_at, outcome, server_said FROM deliveries
     WHERE id IN (SELECT value FROM json_each($1)) ON CONFLICT DO NOTHING",
    "INSERT INTO attempts (delivery, number, started_at, ended_at, outcome, server_said)
     SELECT id, attempt, started_at, ended_at, outcome, server_said FROM deliveries
     WHERE id = ANY(ARRAY(SELECT jsonb_array_elements_text($1::jsonb))) ON CONFLICT DO NOTHING",
);

/// SQLite is told rows and not ids, within the transaction that has just read them.
const CLAIM: (&str, &str) = (
    "UPDATE deliveries SET status = 'attempting', attempt = attempt + 1, owner = $2, updated_at = $3, outcome = NULL
     WHERE rowid IN (SELECT value FROM json_each($1))",
    "UPDATE deliveries SET status = 'attempting', attempt = attempt + 1, owner = $2, updated_at = $3, outcome = NULL
     WHERE id = ANY(ARRAY(SELECT jsonb_array_elements_text($1::jsonb)))",
);

/// Nobody can say what became of these attempts, which began when the delivery was last touched. `$3` is now.
const UNKNOWN: &str =
    "status = 'queued', owner = NULL, next_at = $3, started_at = updated_at, ended_at = $3,
    outcome = 'unknown', server_said = 'the program stopped before the answer was on record'";

/// The first column of rows as a JSON list.
pub(crate) fn ids(rows: &[Row]) -> Result<String> {
    let ids = rows
        .iter()
        .map(|row| row.text(0))
        .collect::<Result<Vec<_>>>()?;
    Ok(crate::json_list(ids.iter().map(String::as_str)))
}

async fn attempts(tx: &mut Tx, of: &[DeliveryRow]) -> Result<BTreeMap<String, Vec<AttemptRow>>> {
    let ids = crate::json_list(of.iter().map(|d| d.id.as_str()));
    let sql = tx.either(
        "SELECT started_at, ended_at, outcome, server_said, delivery, number FROM attempts
         WHERE delivery IN (SELECT value FROM json_each($1))
         UNION ALL SELECT started_at, ended_at, outcome, server_said, id, attempt FROM deliveries
         WHERE id IN (SELECT value FROM json_each($1)) AND outcome IS NOT NULL ORDER BY 5, 6",
        "SELECT started_at, ended_at, outcome, server_said, delivery, number FROM attempts
         WHERE delivery = ANY(ARRAY(SELECT jsonb_array_elements_text($1::jsonb)))
         UNION ALL SELECT started_at, ended_at, outcome, server_said, id, attempt FROM deliveries
         WHERE id = ANY(ARRAY(SELECT jsonb_array_elements_text($1::jsonb))) AND outcome IS NOT NULL ORDER BY 5, 6",
    );
    let mut all: BTreeMap<String, Vec<AttemptRow>> = BTreeMap::new();
    for row in tx.rows(sql, args![ids]).await? {
        all.entry(row.text(4)?)
            .or_default()
            .push(attempt_row(&row)?);
    }
    Ok(all)
}

/// What a lane's turn found to be due, in the order in which it waited.
#[derive(Default)]
struct Due {
    claimed: Vec<Claimed>,
    /// Those of them that were attempted before.
    again: Vec<String>,
    /// What has no address any more.
    homeless: Vec<String>,
}

impl Due {
    fn read(rows: &[Row], sealer: &Sealer) -> Result<Due> {
        let mut due = Due::default();
        for row in rows {
            let Some(body) = row.maybe_text(6)? else {
                due.homeless.push(row.text(0)?);
                continue;
            };
            let place = format!("endpoints/{}", row.text(2)?);
            let body = sealer.open_in(&place, OF_CONTACTS, body);
            due.claimed.push(claimed(row, &body)?);
            if row.bool(10)? {
                due.again.push(row.text(0)?);
            }
        }
        Ok(due)
    }

    async fn put_aside_and_claim(&self, tx: &mut Tx, node: &str, now: Timestamp) -> Result<()> {
        if !self.again.is_empty() {
            let ids = crate::json_list(self.again.iter().map(String::as_str));
            let sql = tx.either(PUT_ASIDE.0, PUT_ASIDE.1);
            tx.execute(sql, args![ids]).await?;
        }
        if !self.homeless.is_empty() {
            let ids = crate::json_list(self.homeless.iter().map(String::as_str));
            let sql = tx.either(CLOSE_HOMELESS.0, CLOSE_HOMELESS.1);
            tx.execute(sql, args![ids]).await?;
        }
        if !self.claimed.is_empty() {
            let these = match tx {
                Tx::Sqlite(_) => {
                    let rows: Vec<i64> = self.claimed.iter().map(|c| c.row).collect();
                    serde_json::to_string(&rows)?
                }
                Tx::Postgres(_) => crate::json_list(self.claimed.iter().map(|c| c.id.as_str())),
            };
            let sql = tx.either(CLAIM.0, CLAIM.1);
            tx.execute(sql, args![these, node, now]).await?;
        }
        Ok(())
    }
}

fn claimed(row: &Row, body: &str) -> Result<Claimed> {
    Ok(Claimed {
        id: row.text(0)?,
        notice: row.text(1)?,
        endpoint_id: row.text(2)?,
        endpoint: serde_json::from_str(body)?,
        attempt: u32::try_from(row.int(3)? + 1).unwrap_or(u32::MAX),
        level: Level::from_rank(row.int(4)?).unwrap_or(Level::NonTechnical),
        expires: row.instant(5)?,
        name: row.maybe_text(7)?,
        language: row.maybe_text(8)?,
        time_zone: row.maybe_text(9)?,
        bundle: row.maybe_text(11)?,
        earlier: row.maybe_instant(12)?,
        forward: row.bool(13)?,
        contact: row.text(14)?,
        row: row.int(15)?,
    })
}

fn delivery_row(row: &Row) -> Result<DeliveryRow> {
    let status = DeliveryStatus::from_name(&row.text(7)?)
        .ok_or_else(|| StoreError::Corrupt("a delivery in an unknown status".into()))?;
    Ok(DeliveryRow {
        id: row.text(0)?,
        notice: row.text(1)?,
        event: row.text(2)?,
        milestone: row.text(12)?,
        contact: row.text(3)?,
        channel: Channel::parse(&row.text(4)?).map_err(StoreError::Corrupt)?,
        endpoint: row.text(5)?,
        level: Level::from_rank(row.int(6)?).unwrap_or(Level::NonTechnical),
        status,
        reason: row.maybe_text(8)?,
        bundled: match row.maybe_text(10)? {
            Some(bundle) => Some((row.text(11)?, bundle)),
            None => None,
        },
        next_at: if status.is_final() {
            None
        } else {
            row.maybe_instant(9)?
        },
        attempts: Vec::new(),
    })
}

fn attempt_row(row: &Row) -> Result<AttemptRow> {
    Ok(AttemptRow {
        at: row.instant(0)?,
        ended_at: row.instant(1)?,
        outcome: row.text(2)?,
        server_said: row.text(3)?,
    })
}
