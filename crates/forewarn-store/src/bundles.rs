//! The fatigue guard: what one audience would hear on one day, before several events start, goes out as one message.
//!
//! When the first of those notices falls due, the others are brought forward to it and all are given the same bundle. Their
//! deliveries by mail wait, at the end of the queue, until the last of them is expanded; then they are released, and whoever
//! claims one of an endpoint claims all of it ([`crate::Store::claim`]). Each delivery keeps its own row, so counts,
//! superseding and retries are as ever.

use crate::Store;
use crate::db::args;
use crate::error::Result;
use crate::journal::{Entry, append};
use crate::notices::{DONE, DueNotice};
use forewarn_core::id::derive;
use jiff::Timestamp;
use serde_json::json;
use std::collections::BTreeMap;

/// Notices that the guard bundles: final reminders, starts, changes of state and incidents are always told by themselves.
pub const BUNDLED: [&str; 2] = ["announcement", "reminder"];

/// How many deliveries are released in one transaction, so that writers of other lanes get in between.
const RELEASE: i64 = 5_000;

/// The notices of other events that would reach the audience before `$2`, the end of the day, and have not begun. Work that
/// starts on that day is too near to share a message.
const SAME_DAY: &str =
    "SELECT n.id, n.event, n.milestone, n.due FROM notices n JOIN events e ON e.id = n.event
    WHERE n.status = 'planned' AND n.due < $2 AND NOT n.held AND n.audience = $1 AND n.event <> $3 AND n.bundle IS NULL
      AND n.milestone IN ('announcement', 'reminder') AND n.channels LIKE '%\"email\"%'
      AND e.kind = 'maintenance' AND e.starts_at >= $2
    ORDER BY n.due, n.id";

/// Bundles of which nothing is still to be expanded. A notice that was taken out of its day meanwhile, or waits for a person,
/// holds up nobody.
const WHOLE: &str =
    "SELECT b.id FROM bundles b WHERE NOT EXISTS (SELECT 1 FROM notices n WHERE n.bundle = b.id
    AND (n.status = 'planned' OR (n.status = 'sending' AND n.cursor IS NOT NULL)))";

/// A notice that the guard may bundle, with what it looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundleable {
    /// Its audience.
    pub audience: String,
    /// Its event.
    pub event: String,
    /// When it is due by itself.
    pub due: Timestamp,
    /// When its event's work starts.
    pub starts_at: Timestamp,
}

impl Store {
    /// Notices that may share a message, of other events than this one and due before `until`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn bundleable(&self, event: &str, until: Timestamp) -> Result<Vec<Bundleable>> {
        let mut tx = self.db.read().await?;
        let sql = "SELECT n.audience, n.event, n.due, e.starts_at FROM notices n JOIN events e ON e.id = n.event
            WHERE n.status = 'planned' AND n.due < $1 AND NOT n.held AND n.event <> $2
              AND n.milestone IN ('announcement', 'reminder') AND n.channels LIKE '%\"email\"%' AND e.kind = 'maintenance'
            ORDER BY n.due, n.id";
        let rows = tx.rows(sql, args![until, event]).await?;
        rows.iter()
            .map(|row| {
                Ok(Bundleable {
                    audience: row.text(0)?,
                    event: row.text(1)?,
                    due: row.instant(2)?,
                    starts_at: row.instant(3)?,
                })
            })
            .collect()
    }

    /// Bundles a notice that is due with those of other events that the audience would hear before `until`, the end of its day.
    /// Says whether there are any; they are due from now on.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn bundle(
        &self,
        notice: &DueNotice,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool> {
        let event = notice.event.id().as_str();
        let wanted = args![&notice.audience, until, event];
        // Almost always there is none: look before taking the writer.
        let mut read = self.db.read().await?;
        if read.rows(SAME_DAY, wanted.clone()).await?.is_empty() {
            return Ok(false);
        }
        drop(read);
        let mut tx = self.db.write().await?;
        let lock = tx.either("", " FOR UPDATE");
        let own = format!(
            "SELECT id FROM notices WHERE id = $1 AND status = 'planned' AND bundle IS NULL{lock}"
        );
        let others = tx.rows(SAME_DAY, wanted).await?;
        if others.is_empty() || tx.row(&own, args![&notice.id]).await?.is_none() {
            return Ok(false);
        }
        let bundle = derive(&["bundle", &notice.id]);
        let mut events: BTreeMap<String, String> = [(notice.id.clone(), event.to_owned())].into();
        for row in &others {
            events.insert(row.text(0)?, row.text(1)?);
        }
        let mut bundled = BTreeMap::new();
        for (id, event) in &events {
            let others: Vec<&str> = events
                .values()
                .filter(|e| *e != event)
                .map(String::as_str)
                .collect();
            let because = format!("; told in one message with {}", others.join(", "));
            let sql =
                "UPDATE notices SET bundle = $1, due = CASE WHEN due < $2 THEN due ELSE $2 END,
                because = because || $3 WHERE id = $4 AND status = 'planned' AND bundle IS NULL";
            if tx.execute(sql, args![&bundle, now, because, id]).await? > 0 {
                bundled.insert(id.clone(), event.clone());
            }
        }
        if bundled.len() < 2 {
            return Ok(false);
        }
        tx.execute("INSERT INTO bundles (id) VALUES ($1)", args![&bundle])
            .await?;
        let detail = json!({"bundle": bundle, "audience": notice.audience, "notices": bundled});
        let entries: Vec<Entry> = bundled
            .values()
            .map(|event| Entry::new("engine", "notices.bundled", event).with(detail.clone()))
            .collect();
        append(&mut tx, &entries, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// What comes after expansion: bundles all of whose notices are expanded are released, part by part, and notices whose last
    /// delivery has come to an end are sent. Says whether more waits to be released.
    ///
    /// # Errors
    /// When the database cannot be written; what was done so far stays done.
    pub async fn settle(&self, now: Timestamp) -> Result<bool> {
        // Almost always there is nothing: one look before taking the writer.
        let mut read = self.db.read().await?;
        let whole = read.rows(WHOLE, args![]).await?;
        let done = read.rows(DONE, args![]).await?;
        drop(read);
        let mut more = false;
        if let Some(first) = whole.first() {
            more = self.release(&first.text(0)?, now).await? || whole.len() > 1;
        }
        if !done.is_empty() {
            self.finish_notices(now).await?;
        }
        Ok(more)
    }

    /// Says whether more of this bundle waits.
    async fn release(&self, bundle: &str, now: Timestamp) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let part = format!(
            "UPDATE deliveries SET next_at = $1 WHERE id IN (SELECT id FROM deliveries
               WHERE bundle = $2 AND status = 'queued' AND next_at > $1 LIMIT {RELEASE})"
        );
        let released = tx.execute(&part, args![now, bundle]).await?;
        let done = (released as i64) < RELEASE;
        if done {
            tx.execute("DELETE FROM bundles WHERE id = $1", args![bundle])
                .await?;
        }
        tx.commit().await?;
        self.hint();
        Ok(!done)
    }
}
