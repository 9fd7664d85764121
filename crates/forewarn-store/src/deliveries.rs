//! Deliveries: claimed before their connection is opened, recorded right after the answer.

use crate::Store;
use crate::db::{Row, Tx, args};
use crate::error::{Result, StoreError};
use crate::notices::Lane;
use forewarn_core::audience::Level;
use forewarn_core::contact::{Channel, Endpoint};
use forewarn_core::delivery::DeliveryStatus;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

/// A delivery that this node has claimed: the attempt is on record, nothing has been sent.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// Its id: derived, the same on every attempt.
    pub id: String,
    /// Its notice.
    pub notice: String,
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
}

/// What became of an attempt.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The delivery.
    pub id: String,
    /// Which attempt.
    pub attempt: u32,
    /// What the delivery is from now on.
    pub status: DeliveryStatus,
    /// When to try again, where the status is queued.
    pub next_at: Timestamp,
    /// When the attempt began.
    pub started_at: Timestamp,
    /// When its outcome was known.
    pub ended_at: Timestamp,
    /// `accepted`, `transient_failure`, `permanent_failure`, `expired`.
    pub outcome: &'static str,
    /// The server's own words.
    pub server_said: String,
    /// The endpoint is dead.
    pub endpoint_gone: bool,
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

// What both claims return; the endpoint's own columns are looked up by its key.
const RETURNING: &str = "RETURNING id, notice, endpoint, attempt, level, expires,
  (SELECT e.body FROM endpoints e WHERE e.id = deliveries.endpoint),
  (SELECT e.name FROM endpoints e WHERE e.id = deliveries.endpoint),
  (SELECT e.language FROM endpoints e WHERE e.id = deliveries.endpoint),
  (SELECT e.time_zone FROM endpoints e WHERE e.id = deliveries.endpoint)";

// One message at a time per endpoint and event: two on the way at once could arrive in the wrong order.
const FREE: &str = "d.status = 'queued' AND d.lane = $1 AND d.next_at <= $2 AND NOT EXISTS (
  SELECT 1 FROM deliveries o WHERE o.event = d.event AND o.endpoint = d.endpoint AND o.status = 'attempting')";

impl Store {
    /// Claims up to `limit` deliveries of a lane that are due. The attempt is committed when this returns.
    ///
    /// # Errors
    /// When the database cannot be written; then nothing is claimed.
    pub async fn claim(
        &self,
        lane: Lane,
        node: &str,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<Claimed>> {
        let mut tx = self.db.write().await?;
        let sqlite = format!(
            "UPDATE deliveries SET status = 'attempting', attempt = attempt + 1, owner = $3, updated_at = $2
             WHERE id IN (SELECT d.id FROM deliveries d WHERE {FREE} ORDER BY d.next_at LIMIT $4) {RETURNING}"
        );
        let postgres = format!(
            "WITH free AS (SELECT d.id FROM deliveries d WHERE {FREE} ORDER BY d.next_at LIMIT $4 FOR UPDATE SKIP LOCKED)
             UPDATE deliveries SET status = 'attempting', attempt = attempt + 1, owner = $3, updated_at = $2
             WHERE id IN (SELECT id FROM free) {RETURNING}"
        );
        let sql = tx.either(&sqlite, &postgres).to_owned();
        let rows = tx
            .rows(&sql, args![lane.number(), now, node, limit])
            .await?;
        let claimed = rows.iter().map(claimed).collect::<Result<Vec<_>>>()?;
        tx.commit().await?;
        Ok(claimed)
    }

    /// Records outcomes in one transaction. Only attempts that this node still owns count: one that was taken back
    /// from a node thought dead has another owner by now.
    ///
    /// # Errors
    /// When the database cannot be written; then none is recorded.
    pub async fn record(&self, node: &str, outcomes: &[Recorded]) -> Result<()> {
        if outcomes.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = outcomes
            .iter()
            .map(|o| {
                json!({"id": o.id, "attempt": o.attempt, "status": o.status, "next_at": o.next_at.as_millisecond(),
                       "started_at": o.started_at.as_millisecond(), "ended_at": o.ended_at.as_millisecond(),
                       "outcome": o.outcome, "said": o.server_said, "gone": o.endpoint_gone})
            })
            .collect();
        let batch = serde_json::to_string(&rows)?;
        let mut tx = self.db.write().await?;
        let sql = tx.either(RECORD_ATTEMPTS.0, RECORD_ATTEMPTS.1);
        tx.execute(sql, args![&batch, node]).await?;
        let sql = tx.either(RECORD_DELIVERIES.0, RECORD_DELIVERIES.1);
        tx.execute(sql, args![&batch, node]).await?;
        for outcome in outcomes {
            if outcome.status == DeliveryStatus::Queued {
                supersede_retry(&mut tx, outcome).await?;
            }
            if outcome.endpoint_gone {
                let sql = "UPDATE endpoints SET state = 'gone', reason = $1
                    WHERE id = (SELECT endpoint FROM deliveries WHERE id = $2)";
                tx.execute(sql, args![&outcome.server_said, &outcome.id])
                    .await?;
            }
        }
        tx.commit().await
    }

    /// Gives back what this node claimed without knowing (the answer to its claim was lost) and so never sent.
    /// Only while none of its attempts is under way in this lane.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn give_back(&self, lane: Lane, node: &str, now: Timestamp) -> Result<u64> {
        let mut tx = self.db.write().await?;
        let given = tx
            .execute(
                "UPDATE deliveries SET status = 'queued', attempt = attempt - 1, owner = NULL, updated_at = $3
                 WHERE status = 'attempting' AND owner = $1 AND lane = $2",
                args![node, lane.number(), now],
            )
            .await?;
        tx.commit().await?;
        Ok(given)
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
    /// nobody can say what became of it, and is tried again with the same id.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn take_back(&self, me: &str, dead_before: Timestamp, now: Timestamp) -> Result<u64> {
        const LOST: &str = "status = 'attempting' AND owner <> $1
            AND NOT EXISTS (SELECT 1 FROM nodes n WHERE n.id = deliveries.owner AND n.seen_at >= $2)";
        let mut tx = self.db.write().await?;
        tx.execute(
            &format!(
                "INSERT INTO attempts (delivery, number, started_at, ended_at, outcome, server_said)
                 SELECT id, attempt, updated_at, $3, 'unknown', 'the program stopped before the answer was on record'
                 FROM deliveries WHERE {LOST} ON CONFLICT DO NOTHING"
            ),
            args![me, dead_before, now],
        )
        .await?;
        let taken = tx
            .execute(
                &format!("UPDATE deliveries SET status = 'queued', owner = NULL, next_at = $3, updated_at = $3 WHERE {LOST}"),
                args![me, dead_before, now],
            )
            .await?;
        // What a newer message overtook meanwhile is not sent again.
        tx.execute(
            "UPDATE deliveries SET status = 'superseded', reason = 'a newer message about the same event'
             WHERE status = 'queued' AND updated_at = $1 AND attempt > 0 AND EXISTS (SELECT 1 FROM deliveries n
               WHERE n.event = deliveries.event AND n.endpoint = deliveries.endpoint AND n.ordinal > deliveries.ordinal)",
            args![now],
        )
        .await?;
        tx.execute(
            "DELETE FROM nodes WHERE seen_at < $1 AND id <> $2",
            args![dead_before, me],
        )
        .await?;
        tx.commit().await?;
        Ok(taken)
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
        let rows = tx
            .rows(
                "SELECT d.id, d.notice, d.event, d.contact, d.channel, COALESCE(e.address, ''), d.level, d.status, d.reason,
                   d.next_at FROM deliveries d LEFT JOIN endpoints e ON e.id = d.endpoint
                 WHERE (CAST($1 AS TEXT) IS NULL OR d.notice = $1) AND (CAST($2 AS TEXT) IS NULL OR d.event = $2)
                   AND (CAST($3 AS TEXT) IS NULL OR d.status = $3) AND d.id > $4
                   AND (CAST($6 AS TEXT) IS NULL OR d.channel = $6) ORDER BY d.id LIMIT $5",
                args![
                    filter.notice.clone(),
                    filter.event.clone(),
                    filter.status.map(DeliveryStatus::as_str),
                    filter.after.clone().unwrap_or_default(),
                    limit,
                    filter.channel.map(Channel::as_str)
                ],
            )
            .await?;
        let mut found = rows.iter().map(delivery_row).collect::<Result<Vec<_>>>()?;
        for delivery in &mut found {
            let sql = "SELECT started_at, ended_at, outcome, server_said FROM attempts WHERE delivery = $1 ORDER BY number";
            let rows = tx.rows(sql, args![&delivery.id]).await?;
            delivery.attempts = rows.iter().map(attempt_row).collect::<Result<_>>()?;
        }
        Ok(found)
    }

    /// How many deliveries are in which status in all, and how many wait longest, for metrics.
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

/// A retry that a newer message overtook is over.
async fn supersede_retry(tx: &mut Tx, outcome: &Recorded) -> Result<()> {
    tx.execute(
        "UPDATE deliveries SET status = 'superseded', reason = 'a newer message about the same event'
         WHERE id = $1 AND status = 'queued' AND EXISTS (SELECT 1 FROM deliveries n WHERE n.event = deliveries.event
           AND n.endpoint = deliveries.endpoint AND n.ordinal > deliveries.ordinal)",
        args![&outcome.id],
    )
    .await?;
    Ok(())
}

const RECORD_ATTEMPTS: (&str, &str) = (
    "INSERT INTO attempts (delivery, number, started_at, ended_at, outcome, server_said)
     SELECT d.id, d.attempt, x.value ->> '$.started_at', x.value ->> '$.ended_at', x.value ->> '$.outcome',
       x.value ->> '$.said'
     FROM json_each($1) x JOIN deliveries d ON d.id = x.value ->> '$.id' AND d.owner = $2
       AND d.attempt = x.value ->> '$.attempt' AND d.status = 'attempting'
     WHERE true ON CONFLICT DO NOTHING",
    "INSERT INTO attempts (delivery, number, started_at, ended_at, outcome, server_said)
     SELECT d.id, d.attempt, x.started_at, x.ended_at, x.outcome, x.said
     FROM jsonb_to_recordset($1::jsonb) AS x(id TEXT, attempt BIGINT, started_at BIGINT, ended_at BIGINT, outcome TEXT, said TEXT)
     JOIN deliveries d ON d.id = x.id AND d.owner = $2 AND d.attempt = x.attempt AND d.status = 'attempting'
     ON CONFLICT DO NOTHING",
);

const RECORD_DELIVERIES: (&str, &str) = (
    "UPDATE deliveries SET status = x.value ->> '$.status', next_at = x.value ->> '$.next_at', owner = NULL,
       updated_at = x.value ->> '$.ended_at',
       reason = CASE WHEN x.value ->> '$.status' = 'accepted' THEN NULL ELSE x.value ->> '$.said' END
     FROM json_each($1) x
     WHERE deliveries.id = x.value ->> '$.id' AND deliveries.owner = $2 AND deliveries.status = 'attempting'
       AND deliveries.attempt = x.value ->> '$.attempt'",
    "UPDATE deliveries SET status = x.status, next_at = x.next_at, owner = NULL, updated_at = x.ended_at,
       reason = CASE WHEN x.status = 'accepted' THEN NULL ELSE x.said END
     FROM jsonb_to_recordset($1::jsonb) AS x(id TEXT, attempt BIGINT, status TEXT, next_at BIGINT, ended_at BIGINT, said TEXT)
     WHERE deliveries.id = x.id AND deliveries.owner = $2 AND deliveries.status = 'attempting'
       AND deliveries.attempt = x.attempt",
);

fn claimed(row: &Row) -> Result<Claimed> {
    let body = row
        .maybe_text(6)?
        .ok_or_else(|| StoreError::Corrupt("a delivery without an endpoint".into()))?;
    Ok(Claimed {
        id: row.text(0)?,
        notice: row.text(1)?,
        endpoint_id: row.text(2)?,
        endpoint: serde_json::from_str(&body)?,
        attempt: u32::try_from(row.int(3)?).unwrap_or(u32::MAX),
        level: Level::from_rank(row.int(4)?).unwrap_or(Level::NonTechnical),
        expires: row.instant(5)?,
        name: row.maybe_text(7)?,
        language: row.maybe_text(8)?,
        time_zone: row.maybe_text(9)?,
    })
}

fn delivery_row(row: &Row) -> Result<DeliveryRow> {
    let status = DeliveryStatus::from_name(&row.text(7)?)
        .ok_or_else(|| StoreError::Corrupt("a delivery in an unknown status".into()))?;
    Ok(DeliveryRow {
        id: row.text(0)?,
        notice: row.text(1)?,
        event: row.text(2)?,
        contact: row.text(3)?,
        channel: Channel::parse(&row.text(4)?).map_err(StoreError::Corrupt)?,
        endpoint: row.text(5)?,
        level: Level::from_rank(row.int(6)?).unwrap_or(Level::NonTechnical),
        status,
        reason: row.maybe_text(8)?,
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
