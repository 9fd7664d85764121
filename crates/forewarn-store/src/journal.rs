//! The journal: every decision, append-only and tamper-evident.
//!
//! Each entry's hash covers its own content and the hash before it, written in the same
//! transaction as what it tells of, so the sequence has no gaps and an altered row breaks the chain.

use crate::Store;
use crate::db::{Row, Tx, args, without_nul};
use crate::error::{Result, StoreError};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Something that happened, to be written down.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Who did it: a user's name, `token:NAME`, or `engine`.
    pub actor: String,
    /// What: `maintenance.created`, `incident.updated`, ...
    pub action: &'static str,
    /// To what: an event's id, `audience:students`, ...
    pub subject: String,
    /// Anything more.
    pub detail: Value,
}

impl Entry {
    /// An entry without detail.
    pub fn new(actor: &str, action: &'static str, subject: impl Into<String>) -> Entry {
        Entry {
            actor: actor.to_owned(),
            action,
            subject: subject.into(),
            detail: Value::Null,
        }
    }

    /// The same with detail.
    pub fn with(mut self, detail: Value) -> Entry {
        self.detail = detail;
        self
    }
}

/// An entry as it was written.
#[derive(Clone, Debug, Serialize)]
pub struct Written {
    /// Its place in the sequence, from 1 without gaps.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What.
    pub action: String,
    /// To what.
    pub subject: String,
    /// More.
    pub detail: Value,
    /// Its hash, in hexadecimal.
    pub hash: String,
}

fn hash(
    seq: i64,
    at: i64,
    actor: &str,
    action: &str,
    subject: &str,
    detail: &str,
    previous: &str,
) -> String {
    let mut hash = Sha256::new();
    for part in [
        &seq.to_string(),
        &at.to_string(),
        actor,
        action,
        subject,
        detail,
        previous,
    ] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

/// Appends entries within a transaction.
pub(crate) async fn append(tx: &mut Tx, entries: &[Entry], now: Timestamp) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let head = tx.either(
        "SELECT seq, hash FROM journal_head WHERE id = 1",
        "SELECT seq, hash FROM journal_head WHERE id = 1 FOR UPDATE",
    );
    let row = tx
        .row(head, args![])
        .await?
        .ok_or_else(|| StoreError::Corrupt("the journal has no head".into()))?;
    let (mut seq, mut previous) = (row.int(0)?, row.text(1)?);
    let at = now.as_millisecond();
    for entry in entries {
        seq += 1;
        let detail = entry.detail.to_string();
        // What is hashed must be what is stored.
        let actor = without_nul(entry.actor.clone());
        let subject = without_nul(entry.subject.clone());
        let own = hash(seq, at, &actor, entry.action, &subject, &detail, &previous);
        tx.execute(
            "INSERT INTO journal (seq, at, actor, action, subject, detail, previous, hash)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            args![
                seq,
                at,
                actor,
                entry.action,
                subject,
                detail,
                &previous,
                &own
            ],
        )
        .await?;
        previous = own;
    }
    tx.execute(
        "UPDATE journal_head SET seq = $1, hash = $2 WHERE id = 1",
        args![seq, previous],
    )
    .await?;
    Ok(())
}

const COLUMNS: &str = "seq, at, actor, action, subject, detail, previous, hash";

fn written(row: &Row) -> Result<Written> {
    Ok(Written {
        seq: row.int(0)?,
        at: row.instant(1)?,
        actor: row.text(2)?,
        action: row.text(3)?,
        subject: row.text(4)?,
        detail: serde_json::from_str(&row.text(5)?)?,
        hash: row.text(7)?,
    })
}

/// The hash of an entry that follows `previous` and is as it was written.
fn own_hash(row: &Row, previous: &str) -> Result<Option<String>> {
    let own = hash(
        row.int(0)?,
        row.int(1)?,
        &row.text(2)?,
        &row.text(3)?,
        &row.text(4)?,
        &row.text(5)?,
        previous,
    );
    Ok((row.text(6)? == previous && row.text(7)? == own).then_some(own))
}

/// What checking the whole chain found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Entries checked.
    pub entries: i64,
    /// The first entry that is missing or altered, and how.
    pub broken: Option<(i64, String)>,
}

impl Store {
    /// Appends entries that stand for themselves.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn append_journal(&self, entries: &[Entry], now: Timestamp) -> Result<()> {
        let mut tx = self.db.write().await?;
        append(&mut tx, entries, now).await?;
        tx.commit().await
    }

    /// The newest entries before `before`, newest first, of one subject or of all.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn journal(
        &self,
        subject: Option<&str>,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<Written>> {
        let mut tx = self.db.read().await?;
        let mut sql = format!("SELECT {COLUMNS} FROM journal WHERE seq < $1");
        let mut values = args![before.unwrap_or(i64::MAX)];
        if let Some(subject) = subject {
            values.push(subject.into());
            sql.push_str(" AND subject = $2");
        }
        sql.push_str(&format!(" ORDER BY seq DESC LIMIT {limit}"));
        let rows = tx.rows(&sql, values).await?;
        rows.iter().map(written).collect()
    }

    /// Walks the whole chain and names the first entry that is missing or altered.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn verify_journal(&self) -> Result<Verdict> {
        let mut tx = self.db.read().await?;
        let (mut seq, mut previous) = (0i64, String::new());
        loop {
            let rows = tx
                .rows(
                    &format!(
                        "SELECT {COLUMNS} FROM journal WHERE seq > $1 ORDER BY seq LIMIT 1000"
                    ),
                    args![seq],
                )
                .await?;
            if rows.is_empty() {
                break;
            }
            for row in &rows {
                let found = row.int(0)?;
                let broken = |what: &str| {
                    Ok(Verdict {
                        entries: seq,
                        broken: Some((seq + 1, what.to_owned())),
                    })
                };
                if found != seq + 1 {
                    return broken("is missing");
                }
                // A column of another type than we write was altered as well.
                match own_hash(row, &previous) {
                    Ok(Some(own)) => (seq, previous) = (found, own),
                    Ok(None) | Err(_) => return broken("was altered"),
                }
            }
        }
        let head = tx
            .row("SELECT seq, hash FROM journal_head WHERE id = 1", args![])
            .await?;
        let (last, hash) = match head {
            Some(row) => (row.int(0)?, row.text(1)?),
            None => (0, String::new()),
        };
        let broken = (last != seq || hash != previous)
            .then(|| (seq + 1, "is missing at the end".to_owned()));
        Ok(Verdict {
            entries: seq,
            broken,
        })
    }
}
