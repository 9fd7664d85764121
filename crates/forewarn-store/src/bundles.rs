//! The fatigue guard: what one audience would hear on one day, before several events start, goes out as one message.
//!
//! When the first of those notices falls due, the others are brought forward to it and all are given the same bundle. Their
//! deliveries by mail, in chat and by text message wait, at the end of the queue, until the last of them is expanded; then they are released, and whoever
//! claims one of an endpoint claims all of it ([`crate::Store::claim`]). Each delivery keeps its own row, so counts,
//! superseding and retries are as ever.

use crate::Store;
use crate::db::{Row, Tx, args};
use crate::deliveries::{ALONE, CLAIMED, CLAIMED_COLUMNS};
use crate::error::Result;
use crate::journal::{Entry, append};
use crate::notices::{DONE, DueNotice};
use crate::quiet::{These, put_off};
use forewarn_core::id::derive;
use jiff::Timestamp;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Notices that the guard bundles: final reminders, starts, changes of state and incidents are always told by themselves.
pub const BUNDLED: [&str; 2] = ["announcement", "reminder"];

/// After every endpoint's id.
const LAST: &str = "\u{10ffff}";

/// How many deliveries are released in one transaction, so that writers of other lanes get in between.
const RELEASE: i64 = 5_000;

/// What can share a message with others: planned, by a channel with room for several, early enough; [`BUNDLED`] by name. Work that starts on that day is
/// too near. `$1` is the end of the day, `$2` the audience, `$3` the event that asks.
const SHARES: &str =
    "n.status = 'planned' AND n.due < $1 AND NOT n.held AND n.audience = $2 AND n.event <> $3
    AND n.milestone IN ('announcement', 'reminder') AND (n.channels LIKE '%\"email\"%' OR n.channels LIKE '%\"chat\"%' OR n.channels LIKE '%\"sms\"%')
    AND e.kind IN ('maintenance', 'announcement') AND e.starts_at >= $1";

/// Bundles of which nothing is still to be expanded. A notice that was taken out of its day meanwhile, or waits for a person,
/// holds up nobody.
const WHOLE: &str =
    "SELECT b.id, b.audience FROM bundles b WHERE NOT EXISTS (SELECT 1 FROM notices n WHERE n.bundle = b.id
    AND (n.status = 'planned' OR (n.status = 'sending' AND n.cursor IS NOT NULL)))";

/// The notices of other events that share a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SameDay {
    /// Their events.
    pub events: BTreeSet<String>,
    /// When the first of them is due by itself.
    pub first: Option<Timestamp>,
}

impl Store {
    /// For each audience and day (its first instant, and that of the next): what of other events than this one would share a
    /// message with a notice of that day, if both are planned then. The same rule as [`Store::bundle`] keeps.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn same_day(
        &self,
        event: &str,
        days: &[(String, Timestamp, Timestamp)],
    ) -> Result<Vec<SameDay>> {
        let mut tx = self.db.read().await?;
        let sql = format!(
            "SELECT n.event, n.due FROM notices n JOIN events e ON e.id = n.event WHERE {SHARES} AND n.due >= $4"
        );
        let mut found = Vec::with_capacity(days.len());
        for (audience, from, until) in days {
            let mut same = SameDay::default();
            let values = args![*until, audience, event, *from];
            for row in tx.rows(&sql, values).await? {
                let due = row.instant(1)?;
                same.events.insert(row.text(0)?);
                same.first = Some(same.first.map_or(due, |first| first.min(due)));
            }
            found.push(same);
        }
        Ok(found)
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
        let wanted = args![until, &notice.audience, event];
        let others = format!(
            "SELECT n.id, n.event FROM notices n JOIN events e ON e.id = n.event
             WHERE {SHARES} AND n.bundle IS NULL ORDER BY n.due, n.id"
        );
        // Almost always there is none: look before taking the writer.
        let mut read = self.db.read().await?;
        if read.rows(&others, wanted.clone()).await?.is_empty() {
            return Ok(false);
        }
        drop(read);
        let mut tx = self.db.write().await?;
        let lock = tx.either("", " FOR UPDATE");
        let own = format!(
            "SELECT id FROM notices WHERE id = $1 AND status = 'planned' AND bundle IS NULL{lock}"
        );
        let others = tx.rows(&others, wanted).await?;
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
        let sql = "INSERT INTO bundles (id, audience, released) VALUES ($1, $2, '')";
        tx.execute(sql, args![&bundle, &notice.audience]).await?;
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
        let audiences = match whole.len() {
            0 | 1 => Vec::new(),
            _ => self.catalogue().await?.audiences,
        };
        let mut waiting = Vec::with_capacity(whole.len());
        for row in &whole {
            let audience = row.text(1)?;
            let turn = audiences
                .iter()
                .find(|a| a.id == *audience)
                .map_or(0, |a| a.order);
            waiting.push((turn, row.text(0)?));
        }
        if let Some((_, first)) = waiting.iter().min() {
            more = self.release(first, now).await? || waiting.len() > 1;
        }
        if !done.is_empty() {
            self.finish_notices(now).await?;
        }
        Ok(more)
    }

    /// Says whether more of this bundle waits. Goes by endpoints, from where it stopped last.
    async fn release(&self, bundle: &str, now: Timestamp) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let sql = "SELECT released FROM bundles WHERE id = $1";
        let Some(row) = tx.row(sql, args![bundle]).await? else {
            return Ok(false);
        };
        let from = row.text(0)?;
        let skip = RELEASE - 1;
        let sql = format!(
            "SELECT endpoint FROM deliveries WHERE bundle = $1 AND endpoint > $2 ORDER BY endpoint LIMIT 1 OFFSET {skip}"
        );
        let next = tx.row(&sql, args![bundle, &from]).await?;
        let next = next.map(|row| row.text(0)).transpose()?;
        let to = next.clone().unwrap_or_else(|| LAST.to_owned());
        // What was tried already waits for its own time.
        let sql = "UPDATE deliveries SET next_at = $1 WHERE bundle = $2 AND endpoint > $3 AND endpoint <= $4
            AND status = 'queued' AND attempt = 0";
        tx.execute(sql, args![now, bundle, &from, &to]).await?;
        put_off(&mut tx, These::Released(bundle, (&from, &to))).await?;
        match &next {
            Some(next) => {
                let sql = "UPDATE bundles SET released = $1 WHERE id = $2";
                tx.execute(sql, args![next, bundle]).await?;
            }
            None => {
                tx.execute("DELETE FROM bundles WHERE id = $1", args![bundle])
                    .await?;
            }
        }
        tx.commit().await?;
        self.hint();
        Ok(next.is_some())
    }
}

/// Puts the other deliveries of a bundle behind the first one that was found of it. A message of which a part is just being closed
/// by a newer one, or is on its way to the same endpoint, is left for the next claim: it is told whole.
pub(crate) async fn whole_messages(tx: &mut Tx, found: Vec<Row>) -> Result<Vec<Row>> {
    let mut pairs = Vec::new();
    for row in &found {
        if let Some(bundle) = row.maybe_text(11)? {
            pairs.push((bundle, row.text(2)?));
        }
    }
    if pairs.is_empty() {
        return Ok(found);
    }
    let of_pairs = tx.either(
        "FROM json_each($1) p CROSS JOIN deliveries d ON d.bundle = p.value ->> 0 AND d.endpoint = p.value ->> 1",
        "FROM jsonb_array_elements($1::jsonb) p JOIN deliveries d ON d.bundle = p ->> 0 AND d.endpoint = p ->> 1",
    );
    // Never waited for: whoever holds one of them may want another of ours.
    let lock = tx.either("", "FOR UPDATE OF d SKIP LOCKED");
    let claimed = tx.either(CLAIMED.0, CLAIMED.1);
    let parts = format!(
        "{claimed}, ({ALONE}) {of_pairs} LEFT JOIN endpoints e ON e.id = d.endpoint WHERE d.status = 'queued' ORDER BY d.id {lock}"
    );
    let counted = format!(
        "SELECT d.bundle, d.endpoint, COUNT(*) {of_pairs} WHERE d.status = 'queued' GROUP BY d.bundle, d.endpoint"
    );
    let pairs = args![serde_json::to_string(&pairs)?];
    let mut messages: HashMap<(String, String), Vec<Row>> = HashMap::new();
    let mut busy: HashSet<(String, String)> = HashSet::new();
    for row in tx.rows(&parts, pairs.clone()).await? {
        let key = (row.maybe_text(11)?.unwrap_or_default(), row.text(2)?);
        if !row.bool(CLAIMED_COLUMNS)? {
            busy.insert(key.clone());
        }
        messages.entry(key).or_default().push(row);
    }
    for row in tx.rows(&counted, pairs).await? {
        let key = (row.text(0)?, row.text(1)?);
        let held = messages.get(&key).map_or(0, Vec::len);
        if i64::try_from(held).ok() != Some(row.int(2)?) {
            busy.insert(key);
        }
    }
    let mut whole = Vec::with_capacity(found.len());
    for row in found {
        match row.maybe_text(11)? {
            None => whole.push(row),
            Some(bundle) => {
                let key = (bundle, row.text(2)?);
                if !busy.contains(&key) {
                    whole.extend(messages.remove(&key).unwrap_or_default());
                }
            }
        }
    }
    Ok(whole)
}
