//! What is explained after an incident: every version, who agreed with which, and the actions that come of it.

use crate::Store;
use crate::db::{Row, Tx, args};
use crate::error::{Result, StoreError};
use crate::journal::{Entry, append};
use forewarn_core::postmortem::{Approval, Postmortem, Reviewer};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeSet;

/// A draft as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPostmortem {
    /// Counts from 1 with every change.
    pub version: i64,
    /// Who made this version.
    pub author: String,
    /// What it says. What is done of its actions stands with the actions.
    pub body: Postmortem,
    /// When this version was made.
    pub at: Timestamp,
    /// When it was published.
    pub published_at: Option<Timestamp>,
}

/// Something that will be done after an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActionRow {
    /// The incident.
    pub event: String,
    /// Its number within the incident, from 1.
    pub number: i64,
    /// What.
    pub what: String,
    /// Who does it.
    pub owner: String,
    /// By when.
    pub due: Option<Date>,
    /// When it was ticked off.
    pub done_at: Option<Timestamp>,
    /// Who did that.
    pub done_by: Option<String>,
}

const ACTION: &str = "event, number, what, owner, due, done_at, done_by";

/// The event's row is held, so that nobody edits what somebody else publishes at the same time.
async fn hold(tx: &mut Tx, event: &str) -> Result<()> {
    if let Tx::Postgres(_) = tx {
        tx.row(
            "SELECT 1 FROM events WHERE id = $1 FOR UPDATE",
            args![event],
        )
        .await?;
    }
    Ok(())
}

async fn newest(tx: &mut Tx, event: &str) -> Result<Option<StoredPostmortem>> {
    let sql = "SELECT version, author, body, at, published_at FROM postmortems WHERE event = $1
        ORDER BY version DESC LIMIT 1";
    let row = tx.row(sql, args![event]).await?;
    let stored = |row: &Row| {
        Ok(StoredPostmortem {
            version: row.int(0)?,
            author: row.text(1)?,
            body: serde_json::from_str(&row.text(2)?)?,
            at: row.instant(3)?,
            published_at: row.maybe_instant(4)?,
        })
    };
    row.as_ref().map(stored).transpose()
}

fn overtaken(event: &str) -> StoreError {
    StoreError::Conflict(format!(
        "the postmortem of {event} was changed by somebody else meanwhile; look at it again"
    ))
}

/// Refuses whoever did not see the newest version, and all once it is published.
fn check(event: &str, found: Option<&StoredPostmortem>, expected: i64) -> Result<()> {
    if found.is_some_and(|stored| stored.published_at.is_some()) {
        return Err(StoreError::Conflict(format!(
            "the postmortem of {event} is published"
        )));
    }
    match found.map_or(0, |stored| stored.version) == expected {
        true => Ok(()),
        false => Err(overtaken(event)),
    }
}

/// Marks the version that was read as published.
pub(crate) async fn publish(tx: &mut Tx, event: &str, version: i64, now: Timestamp) -> Result<()> {
    let found = newest(tx, event).await?;
    check(event, found.as_ref(), version)?;
    let sql = "UPDATE postmortems SET published_at = $1 WHERE event = $2 AND version = $3";
    match tx.execute(sql, args![now, event, version]).await? {
        1 => Ok(()),
        _ => Err(overtaken(event)),
    }
}

impl Store {
    /// The newest version, with what is done of its actions.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn postmortem(&self, event: &str) -> Result<Option<StoredPostmortem>> {
        let mut tx = self.db.read().await?;
        let Some(mut stored) = newest(&mut tx, event).await? else {
            return Ok(None);
        };
        let rows = tx
            .rows(
                "SELECT number FROM actions WHERE event = $1 AND done_at IS NOT NULL",
                args![event],
            )
            .await?;
        let done: BTreeSet<i64> = rows.iter().map(|row| row.int(0)).collect::<Result<_>>()?;
        for (number, action) in (1..).zip(&mut stored.body.actions) {
            action.done = done.contains(&number);
        }
        Ok(Some(stored))
    }

    /// Makes the next version; `expected` is the one that was seen, 0 for the first draft.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody else changed or published it meanwhile.
    pub async fn save_postmortem(
        &self,
        event: &str,
        expected: i64,
        body: &Postmortem,
        author: &str,
        now: Timestamp,
    ) -> Result<i64> {
        let mut tx = self.db.write().await?;
        hold(&mut tx, event).await?;
        let found = newest(&mut tx, event).await?;
        check(event, found.as_ref(), expected)?;
        let version = expected + 1;
        // Whether an action is done stands with the action alone.
        let mut kept = body.clone();
        kept.actions
            .iter_mut()
            .for_each(|action| action.done = false);
        tx.execute(
            "INSERT INTO postmortems (event, version, author, body, at) VALUES ($1, $2, $3, $4, $5)",
            args![event, version, author, serde_json::to_string(&kept)?, now],
        )
        .await?;
        put_actions(&mut tx, event, body, author, now).await?;
        let entry = Entry::new(author, "incident.postmortem_saved", event)
            .with(json!({"postmortem": version, "hash": body.hash(event)}));
        append(&mut tx, &[entry], now).await?;
        tx.commit().await?;
        Ok(version)
    }

    /// Keeps that a reviewer agreed with the version that was read.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it is not the newest, or published.
    pub async fn approve_postmortem(
        &self,
        event: &str,
        expected: i64,
        approval: &Approval,
    ) -> Result<()> {
        let mut tx = self.db.write().await?;
        hold(&mut tx, event).await?;
        let found = newest(&mut tx, event).await?;
        check(event, found.as_ref(), expected)?;
        let sql = "INSERT INTO postmortem_approvals (event, reviewer, hash, recorded_by, at) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (event, reviewer) DO UPDATE SET hash = excluded.hash, recorded_by = excluded.recorded_by, at = excluded.at";
        let reviewer = approval.reviewer.to_string();
        let (hash, by) = (&approval.hash, &approval.by);
        tx.execute(sql, args![event, &reviewer, hash, by, approval.at])
            .await?;
        let entry = Entry::new(by, "incident.postmortem_approved", event)
            .with(json!({"reviewer": reviewer, "postmortem": expected, "hash": hash}));
        append(&mut tx, &[entry], approval.at).await?;
        tx.commit().await
    }

    /// Each reviewer's latest agreement, for whichever text.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn postmortem_approvals(&self, event: &str) -> Result<Vec<Approval>> {
        let mut tx = self.db.read().await?;
        let sql = "SELECT reviewer, hash, recorded_by, at FROM postmortem_approvals WHERE event = $1 ORDER BY reviewer";
        let rows = tx.rows(sql, args![event]).await?;
        let approval = |row: &Row| {
            Ok(Approval {
                reviewer: Reviewer::parse(&row.text(0)?).map_err(StoreError::Corrupt)?,
                hash: row.text(1)?,
                by: row.text(2)?,
                at: row.instant(3)?,
            })
        };
        rows.iter().map(approval).collect()
    }

    /// Actions of all incidents: those to be done, the earliest due first and those without a day last; then, where asked for,
    /// the done ones, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn actions(&self, with_done: bool, limit: i64) -> Result<Vec<ActionRow>> {
        let mut tx = self.db.read().await?;
        let sql = format!(
            "SELECT {ACTION} FROM actions WHERE done_at IS NULL ORDER BY due IS NULL, due, event, number LIMIT {limit}"
        );
        let mut rows = tx.rows(&sql, args![]).await?;
        if with_done {
            let sql = format!(
                "SELECT {ACTION} FROM actions WHERE done_at IS NOT NULL ORDER BY done_at DESC, event, number LIMIT {limit}"
            );
            rows.extend(tx.rows(&sql, args![]).await?);
        }
        rows.iter().map(action).collect()
    }

    /// Ticks an action off, or opens it again. Nothing where there is none; the journal says only what changed.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn tick_action(
        &self,
        event: &str,
        number: i64,
        done: bool,
        actor: &str,
        now: Timestamp,
    ) -> Result<Option<ActionRow>> {
        let mut tx = self.db.write().await?;
        let sql = match done {
            true => {
                "UPDATE actions SET done_at = $1, done_by = $2 WHERE event = $3 AND number = $4 AND done_at IS NULL"
            }
            false => {
                "UPDATE actions SET done_at = NULL, done_by = NULL WHERE event = $1 AND number = $2 AND done_at IS NOT NULL"
            }
        };
        let values = match done {
            true => args![now, actor, event, number],
            false => args![event, number],
        };
        if tx.execute(sql, values).await? > 0 {
            let entry = Entry::new(actor, "incident.action_ticked", event)
                .with(json!({"action": number, "done": done}));
            append(&mut tx, &[entry], now).await?;
        }
        let sql = format!("SELECT {ACTION} FROM actions WHERE event = $1 AND number = $2");
        let row = tx.row(&sql, args![event, number]).await?;
        let found = row.as_ref().map(action).transpose()?;
        tx.commit().await?;
        Ok(found)
    }
}

/// The actions as the newest version has them. One that was done stays as it was ticked off.
async fn put_actions(
    tx: &mut Tx,
    event: &str,
    body: &Postmortem,
    author: &str,
    now: Timestamp,
) -> Result<()> {
    let sql = format!("SELECT {ACTION} FROM actions WHERE event = $1 AND done_at IS NOT NULL");
    let rows = tx.rows(&sql, args![event]).await?;
    let done: Vec<ActionRow> = rows.iter().map(action).collect::<Result<_>>()?;
    tx.execute("DELETE FROM actions WHERE event = $1", args![event])
        .await?;
    for (number, action) in (1i64..).zip(&body.actions) {
        let before = done.iter().find(|was| was.what == action.what);
        let (done_at, done_by) = match (action.done, before) {
            (false, _) => (None, None),
            (true, Some(was)) => (was.done_at, was.done_by.clone()),
            (true, None) => (Some(now), Some(author.to_owned())),
        };
        let due = action.due.map(|due| due.to_string());
        tx.execute(
            "INSERT INTO actions (event, number, what, owner, due, done_at, done_by) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            args![event, number, &action.what, &action.owner, due, done_at, done_by],
        )
        .await?;
    }
    Ok(())
}

/// The day by which an action is to be done, as its row has it.
pub(crate) fn due_day(text: Option<String>) -> Result<Option<Date>> {
    let due = text.map(|text| {
        let date = text.parse::<Date>();
        date.map_err(|_| StoreError::Corrupt(format!("an action is due on '{text}'")))
    });
    due.transpose()
}

fn action(row: &Row) -> Result<ActionRow> {
    Ok(ActionRow {
        event: row.text(0)?,
        number: row.int(1)?,
        what: row.text(2)?,
        owner: row.text(3)?,
        due: due_day(row.maybe_text(4)?)?,
        done_at: row.maybe_instant(5)?,
        done_by: row.maybe_text(6)?,
    })
}
