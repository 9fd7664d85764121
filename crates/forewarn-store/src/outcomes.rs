//! Outcomes: put on record right after the answer, many in one transaction.

use crate::Store;
use crate::contacts::{forget_endpoints, same_place};
use crate::db::{Tx, args, without_nul};
use crate::error::Result;
use crate::expansion::{hold_events_of, supersede};
use crate::order::next_in_line;
use crate::quiet::{These, put_off};
use crate::receipts::apply_early;
use forewarn_core::delivery::DeliveryStatus;
use jiff::Timestamp;

/// The outcome of an attempt that was not made: it does not count and leaves nothing on record.
pub const WITHHELD: &str = "withheld";

/// What became of an attempt.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The delivery.
    pub id: String,
    /// Where it stood when it was claimed, in SQLite: found there, nobody looks for its id in a large index. It is a hint: what
    /// stands elsewhere by now is found by its id.
    pub row: i64,
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
    /// `accepted`, `transient_failure`, `permanent_failure`, `expired`; or [`WITHHELD`].
    pub outcome: &'static str,
    /// The server's own words.
    pub server_said: String,
    /// The endpoint is dead.
    pub endpoint_gone: bool,
    /// Whoever took it says later what became of it, and may have said so before this is on record.
    pub receipted: bool,
}

impl Store {
    /// Records outcomes in one transaction. Only attempts that this node still owns count: one that was taken back
    /// from a node thought dead has another owner by now. Recording twice is harmless. Says whether others may go that stood
    /// behind these (`crate::order`).
    ///
    /// # Errors
    /// When the database cannot be written; then none is recorded.
    pub async fn record(&self, node: &str, outcomes: &[Recorded]) -> Result<bool> {
        let Some(last) = outcomes.iter().map(|o| o.ended_at).max() else {
            return Ok(false);
        };
        let groups = in_groups(outcomes)?;
        let retried = outcomes
            .iter()
            .filter(|o| o.status == DeliveryStatus::Queued);
        let retried = crate::json_list(retried.map(|o| o.id.as_str()));
        let mut tx = self.db.write().await?;
        if retried != "[]" {
            hold_events_of(&mut tx, &retried).await?;
        }
        if outcomes.iter().any(|o| o.endpoint_gone) {
            record_by(&mut tx, RECORD_GONE, &groups, node).await?;
        }
        let found = record_by(&mut tx, RECORD, &groups, node).await?;
        if found < outcomes.len() as u64 {
            record_by(&mut tx, RECORD_ANYWHERE, &groups, node).await?;
        }
        forget_browsers(&mut tx, outcomes).await?;
        let moved_up = next_in_line(&mut tx, outcomes, last).await?;
        apply_early(&mut tx, outcomes).await?;
        // A retry that a newer message overtook is over.
        if retried != "[]" {
            supersede(&mut tx, &retried, last).await?;
            put_off(&mut tx, These::Listed(&retried)).await?;
        }
        tx.commit().await?;
        Ok(moved_up)
    }
}

/// A browser whose push service says that it does not take messages any more is no contact any more (RFC 8030 7.3): nobody but
/// itself could bring it back, and then it has another address.
async fn forget_browsers(tx: &mut Tx, outcomes: &[Recorded]) -> Result<()> {
    let gone = outcomes.iter().filter(|o| o.endpoint_gone);
    let gone = crate::json_list(gone.map(|o| o.id.as_str()));
    if gone == "[]" {
        return Ok(());
    }
    // What is no longer this node's says nothing: its endpoint was not marked.
    let sql = tx.either(
        "SELECT DISTINCT e.contact FROM json_each($1) x CROSS JOIN deliveries d CROSS JOIN endpoints e
         WHERE d.id = x.value AND e.id = d.endpoint AND e.channel = 'push' AND e.state = 'gone'",
        "SELECT DISTINCT e.contact FROM deliveries d JOIN endpoints e ON e.id = d.endpoint
         WHERE d.id = ANY(ARRAY(SELECT jsonb_array_elements_text($1::jsonb))) AND e.channel = 'push' AND e.state = 'gone'",
    );
    for row in tx.rows(sql, args![gone]).await? {
        forget_endpoints(tx, &row.text(0)?).await?;
    }
    Ok(())
}

/// Outcomes as the statements below read them, see [`in_groups`]: what a flight's attempts have in common stands there once.
const GROUPS: (&str, &str) = (
    "WITH g AS MATERIALIZED (SELECT value ->> 0 AS attempt, value ->> 1 AS status, value ->> 2 AS next_at, value ->> 3 AS started_at,
       value ->> 4 AS ended_at, value ->> 5 AS outcome, value ->> 6 AS gone, value -> 7 AS said FROM json_each($1))",
    "WITH g AS MATERIALIZED (SELECT (x ->> 0)::BIGINT AS attempt, x ->> 1 AS status, (x ->> 2)::BIGINT AS next_at,
       (x ->> 3)::BIGINT AS started_at, (x ->> 4)::BIGINT AS ended_at, x ->> 5 AS outcome, (x ->> 6)::BOOLEAN AS gone, x -> 7 AS said
       FROM jsonb_array_elements($1::jsonb) x)",
);

/// Endpoints that an owned attempt found dead, whoever's they are. In SQLite a `+` keeps it from starting with all that is under
/// way and reading the whole batch for each.
const RECORD_GONE: (&str, &str) = (
    concat!(", dead AS MATERIALIZED (SELECT d.endpoint, x.value ->> 2 AS said FROM g CROSS JOIN json_each(g.said) x CROSS JOIN deliveries d
       WHERE g.gone AND d.id = x.value ->> 1 AND +d.owner = $2 AND d.attempt = g.attempt AND +d.status = 'attempting')
     UPDATE endpoints SET state = 'gone', reason = dead.said FROM dead JOIN endpoints o ON o.id = dead.endpoint
     WHERE ", same_place!("endpoints"), " = ", same_place!("o"), " AND endpoints.channel = o.channel"),
    concat!("UPDATE endpoints SET state = 'gone', reason = x ->> 2
     FROM g CROSS JOIN LATERAL jsonb_array_elements(g.said) x
     JOIN deliveries d ON d.id = x ->> 1 AND d.owner = $2 AND d.status = 'attempting'
     JOIN endpoints o ON o.id = d.endpoint
     WHERE ", same_place!("endpoints"), " = ", same_place!("o"), " AND endpoints.channel = o.channel AND d.attempt = g.attempt AND g.gone"),
);

/// What came of the latest attempts, of rows that `$found` finds. A `+` keeps SQLite from starting with all that is under way.
macro_rules! record {
    (sqlite, $found:literal) => {
        record!("x.value ->> 2", ", json_each(g.said) x", $found, "+deliveries.owner = $2 AND +deliveries.status = 'attempting'")
    };
    (postgres, $found:literal) => {
        record!("x ->> 2", " CROSS JOIN LATERAL jsonb_array_elements(g.said) x", $found, "deliveries.owner = $2 AND deliveries.status = 'attempting'")
    };
    ($words:literal, $said:literal, $found:literal, $owned:literal) => {
        concat!(
            "UPDATE deliveries SET status = g.status, next_at = g.next_at, owner = NULL, updated_at = g.ended_at,
               started_at = g.started_at, ended_at = g.ended_at, outcome = NULLIF(g.outcome, 'withheld'), server_said = ",
            $words,
            ", attempt = CASE WHEN g.outcome = 'withheld' THEN deliveries.attempt - 1 ELSE deliveries.attempt END,
               reason = CASE WHEN g.status = 'accepted' THEN NULL ELSE ",
            $words,
            " END FROM g",
            $said,
            " WHERE ",
            $found,
            " AND deliveries.attempt = g.attempt AND ",
            $owned
        )
    };
}

/// Most rows stand where they were claimed.
const RECORD: (&str, &str) = (
    record!(
        sqlite,
        "deliveries.rowid = x.value ->> 0 AND +deliveries.id = x.value ->> 1"
    ),
    record!(postgres, "deliveries.id = x ->> 1"),
);

/// Wherever they stand.
const RECORD_ANYWHERE: (&str, &str) = (record!(sqlite, "deliveries.id = x.value ->> 1"), RECORD.1);

async fn record_by(tx: &mut Tx, statement: (&str, &str), groups: &str, node: &str) -> Result<u64> {
    let given = tx.either(GROUPS.0, GROUPS.1);
    let statement = tx.either(statement.0, statement.1);
    let sql = format!("{given} {statement}");
    tx.execute(&sql, args![groups, node]).await
}

/// Lists of what neighbours have in common and the server's words to each: attempt, status, next_at, started_at, ended_at, outcome,
/// endpoint is gone, and of each its row, its id, and the words.
fn in_groups(outcomes: &[Recorded]) -> Result<String> {
    let common = |o: &Recorded| {
        let (next, began, ended) = (o.next_at, o.started_at, o.ended_at);
        let [next, began, ended] = [next, began, ended].map(Timestamp::as_millisecond);
        let gone = o.endpoint_gone;
        (o.attempt, o.status, next, began, ended, o.outcome, gone)
    };
    let groups: Vec<_> = outcomes
        .chunk_by(|one, next| common(one) == common(next))
        .map(|group| {
            let (attempt, status, next, began, ended, outcome, gone) = common(&group[0]);
            let said: Vec<_> = group
                .iter()
                .map(|o| (o.row, &o.id, without_nul(o.server_said.clone())))
                .collect();
            (attempt, status, next, began, ended, outcome, gone, said)
        })
        .collect();
    Ok(serde_json::to_string(&groups)?)
}
