//! Who takes only so many at once: how many connections or requests all nodes together have under way there.
//!
//! Such a receiver has so many gates. A flight takes some before it sends and gives them back when the last of its messages there has
//! ended. Who holds how many stands in `gates`, by node: those of a node that is taken for dead are free again, and no sooner.
//! Whoever finds none comes back later: one behind the other, as fast as gates were given back last, so that a long queue is not
//! asked for all the time. What is urgent and finds none keeps the next ones from what is planned.

use crate::Store;
use crate::db::{Tx, args};
use crate::error::Result;
use crate::notices::Lane;
use crate::paces::{Course, begin, courses, keep, micros};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// What is urgent looks again so soon.
const URGENT_AGAIN: i64 = 100_000;
/// For so long after that nothing planned takes a gate.
const FOR_URGENT: i64 = 1_000_000;
/// How long gates are held, as far as is known of them before.
const LASTS: i64 = 250_000;
/// However long they were held last, whoever waits looks again within a minute: the next may be quicker.
const MOST_LASTS: i64 = 60_000_000;

/// Somebody who takes only so many at once, and what a flight would like of that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gates {
    /// Who.
    pub key: String,
    /// How many gates there are.
    pub most: u32,
    /// How many are asked for.
    pub wanted: u32,
}

/// What was had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gated {
    /// So many gates, one at least.
    Held(u32),
    /// None: ask again after so long.
    Later(SignedDuration),
}

impl Course {
    fn gates(&mut self, asked: &Gates, held: i64, lane: Lane, now: i64) -> Gated {
        let kept = self.urgent_until - now;
        let is_kept = lane == Lane::Planned && kept > 0 && kept <= FOR_URGENT;
        let free = (i64::from(asked.most) - held).clamp(0, i64::from(asked.wanted));
        match u32::try_from(free) {
            Ok(free) if free > 0 && !is_kept => Gated::Held(free),
            _ => Gated::Later(SignedDuration::from_micros(
                self.gate_again(asked, lane, now),
            )),
        }
    }

    /// In how many microseconds to ask again.
    fn gate_again(&mut self, asked: &Gates, lane: Lane, now: i64) -> i64 {
        if lane == Lane::Urgent {
            self.urgent_until = now + FOR_URGENT;
            return URGENT_AGAIN;
        }
        let lasts = match self.lasts {
            0 => LASTS,
            lasts => lasts,
        };
        let first = now + lasts;
        let at = self.queue_at.clamp(first, now + MOST_LASTS.max(lasts));
        self.queue_at = at + lasts * i64::from(asked.wanted) / i64::from(asked.most.max(1));
        at - now
    }
}

impl Store {
    /// Takes gates for a flight of this node and lane, for each that is asked as many as are free.
    ///
    /// # Errors
    /// When the database cannot be used; then none was taken.
    pub async fn take_gates(
        &self,
        (node, lane): (&str, Lane),
        asked: &[Gates],
        now: Timestamp,
    ) -> Result<Vec<Gated>> {
        let at = now.as_microsecond();
        let keys: BTreeSet<&str> = asked.iter().map(|gates| gates.key.as_str()).collect();
        let mut tx = self.db.write().await?;
        begin(&mut tx, &keys, at).await?;
        let mut courses = courses(&mut tx, &keys, true).await?;
        let held = held(&mut tx, &keys, node).await?;
        let had: Vec<Gated> = asked
            .iter()
            .map(|gates| {
                let held = held.get(&gates.key).copied().unwrap_or_default();
                let course = courses.entry(gates.key.clone()).or_default();
                course.gates(gates, held, lane, at)
            })
            .collect();
        let taken: Vec<(&str, u32)> = asked
            .iter()
            .zip(&had)
            .filter_map(|(gates, had)| match had {
                Gated::Held(count) => Some((gates.key.as_str(), *count)),
                Gated::Later(_) => None,
            })
            .collect();
        take(&mut tx, (node, lane), &taken).await?;
        keep(&mut tx, &courses).await?;
        tx.commit().await?;
        Ok(had)
    }

    /// Gives gates back that were held for so long.
    ///
    /// # Errors
    /// When the database cannot be written; then they are still held.
    pub async fn give_gates_back(
        &self,
        (node, lane): (&str, Lane),
        held: &[(&str, u32)],
        lasted: SignedDuration,
    ) -> Result<()> {
        let keys: BTreeSet<&str> = held.iter().map(|(key, _)| *key).collect();
        let mut tx = self.db.write().await?;
        let mut courses = courses(&mut tx, &keys, true).await?;
        for course in courses.values_mut() {
            course.lasts = micros(lasted).clamp(10_000, MOST_LASTS);
        }
        keep(&mut tx, &courses).await?;
        give_back(&mut tx, (node, lane), held).await?;
        tx.commit().await
    }
}

/// How many of each are held, by this node and those that are alive.
async fn held(tx: &mut Tx, keys: &BTreeSet<&str>, node: &str) -> Result<BTreeMap<String, i64>> {
    let wanted = tx.either(
        "(SELECT value FROM json_each($1))",
        "(SELECT jsonb_array_elements_text($1::jsonb))",
    );
    let sql = format!(
        "SELECT g.pace, CAST(SUM(g.held) AS BIGINT) FROM gates g WHERE g.pace IN {wanted}
           AND (g.node = $2 OR EXISTS (SELECT 1 FROM nodes n WHERE n.id = g.node)) GROUP BY g.pace"
    );
    let keys = crate::json_list(keys.iter().copied());
    let rows = tx.rows(&sql, args![keys, node]).await?;
    rows.iter()
        .map(|row| Ok((row.text(0)?, row.int(1)?)))
        .collect()
}

async fn take(tx: &mut Tx, (node, lane): (&str, Lane), gates: &[(&str, u32)]) -> Result<()> {
    let rows = tx.either(
        "SELECT value ->> 0, $2, $3, value ->> 1 FROM json_each($1) WHERE TRUE",
        "SELECT x ->> 0, $2, $3, (x ->> 1)::BIGINT FROM jsonb_array_elements($1::jsonb) x",
    );
    let sql = format!(
        "INSERT INTO gates (pace, node, lane, held) {rows}
         ON CONFLICT (pace, node, lane) DO UPDATE SET held = gates.held + excluded.held"
    );
    let gates = serde_json::to_string(gates)?;
    tx.execute(&sql, args![gates, node, lane.number()]).await?;
    Ok(())
}

async fn give_back(tx: &mut Tx, (node, lane): (&str, Lane), gates: &[(&str, u32)]) -> Result<()> {
    let sql = tx.either(
        "UPDATE gates SET held = held - (x.value ->> 1) FROM json_each($1) x
         WHERE gates.pace = x.value ->> 0 AND gates.node = $2 AND gates.lane = $3",
        "UPDATE gates SET held = held - (x ->> 1)::BIGINT FROM jsonb_array_elements($1::jsonb) x
         WHERE gates.pace = x ->> 0 AND gates.node = $2 AND gates.lane = $3",
    );
    let gates = serde_json::to_string(gates)?;
    tx.execute(sql, args![gates, node, lane.number()]).await?;
    let sql = "DELETE FROM gates WHERE node = $1 AND lane = $2 AND held <= 0";
    tx.execute(sql, args![node, lane.number()]).await?;
    Ok(())
}

/// This node has nothing under way in this lane.
pub(crate) async fn leave_gates(tx: &mut Tx, node: &str, lane: Lane) -> Result<()> {
    let sql = "DELETE FROM gates WHERE node = $1 AND lane = $2";
    tx.execute(sql, args![node, lane.number()]).await?;
    Ok(())
}

/// Those of nodes that are taken for dead are free.
pub(crate) async fn take_gates_back(tx: &mut Tx, me: &str) -> Result<()> {
    let sql = "DELETE FROM gates WHERE node <> $1 AND NOT EXISTS (SELECT 1 FROM nodes n WHERE n.id = gates.node)";
    tx.execute(sql, args![me]).await?;
    Ok(())
}
