//! Events and the one transaction that publishes them: event, notices and journal together.

use crate::Store;
use crate::accounts::{self, KeptAnswer};
use crate::acknowledgements::{self, Acknowledgement};
use crate::added::{self, NewRecipient};
use crate::alerts;
use crate::approvals::{self, Approval};
use crate::catalogue;
use crate::db::{Row, Tx, args};
use crate::error::{Result, StoreError};
use crate::journal::{Entry, append};
use crate::notices;
use crate::postmortems;
use crate::versions::{self, Origin};
use crate::writing;
use forewarn_core::event::{Event, Occasion};
use forewarn_core::maintenance::Status;
use forewarn_core::plan::{Changes, Stored, Told};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// An event as it is stored.
#[derive(Clone, Debug)]
pub struct StoredEvent {
    /// The event.
    pub event: Event,
    /// Grows with every change; whoever publishes must have seen the newest.
    pub sequence: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// When it starts and ends, as was reckoned when it was stored: zone data may have changed since.
    pub reckoned: (Timestamp, Option<Timestamp>),
}

/// Which events to list.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Only this kind; without one, what people plan or declare: windows that come round and reminders are not among them.
    pub kind: Option<&'static str>,
    /// Only open ones.
    pub open: bool,
    /// Only those changed since.
    pub since: Option<Timestamp>,
}

/// What is published with an event.
#[derive(Clone, Debug)]
pub struct Published<'a> {
    /// The event as it is from now on.
    pub event: &'a Event,
    /// The sequence that the publisher has seen; 0 for a new event.
    pub expected: i64,
    /// What changes among its notices.
    pub changes: &'a Changes,
    /// What the notices that are added tell of (their milestone is taken from each).
    pub occasion: &'a Occasion,
    /// Audiences whose notices wait for approval.
    pub awaiting: &'a BTreeSet<String>,
    /// What is written down.
    pub entries: &'a [Entry],
    /// The plan as it was made, for those who ask later.
    pub plan: Option<serde_json::Value>,
    /// The answer to a request with an idempotency key: kept with what it tells of, or not at all.
    pub answer: Option<KeptAnswer>,
}

/// The owners agreed: what waited for them is planned.
const NOBODY_WAITS: &str =
    "UPDATE notices SET status = 'planned' WHERE event = $1 AND status = 'awaiting_approval'";
pub(crate) const COLUMNS: &str = "body, sequence, created_at, updated_at, starts_at, ends_at";

pub(crate) fn stored(row: &Row) -> Result<StoredEvent> {
    Ok(StoredEvent {
        event: serde_json::from_str(&row.text(0)?)?,
        sequence: row.int(1)?,
        created_at: row.instant(2)?,
        updated_at: row.instant(3)?,
        reckoned: (row.instant(4)?, row.maybe_instant(5)?),
    })
}

pub(crate) async fn load(tx: &mut Tx, id: &str) -> Result<Option<StoredEvent>> {
    let row = tx
        .row(
            &format!("SELECT {COLUMNS} FROM events WHERE id = $1"),
            args![id],
        )
        .await?;
    row.as_ref().map(stored).transpose()
}

/// Writes an event over the sequence that was seen.
pub(crate) async fn save(tx: &mut Tx, event: &Event, expected: i64, now: Timestamp) -> Result<()> {
    let body = serde_json::to_string(event)?;
    let (id, status) = (event.id().as_str(), event.status());
    let done = if expected == 0 {
        tx.execute(
            "INSERT INTO events (id, kind, status, sequence, body, starts_at, ends_at, is_open, created_at, updated_at)
             VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8, $8) ON CONFLICT (id) DO NOTHING",
            args![id, event.kind(), status, body, event.starts_at(), event.ends_at(), event.is_open(), now],
        )
        .await?
    } else {
        tx.execute(
            "UPDATE events SET status = $1, body = $2, starts_at = $3, ends_at = $4, is_open = $5, updated_at = $6,
               sequence = sequence + 1 WHERE id = $7 AND sequence = $8",
            args![status, body, event.starts_at(), event.ends_at(), event.is_open(), now, id, expected],
        )
        .await?
    };
    if (done, expected) == (1, 0) {
        alerts::published(tx, id, now).await?;
    }
    match (done, expected) {
        (1, _) => Ok(()),
        (_, 0) => Err(StoreError::Conflict(format!(
            "an event with the id {id} exists already"
        ))),
        _ => Err(StoreError::Conflict(format!(
            "{id} was changed by somebody else meanwhile; look at it again"
        ))),
    }
}

/// The event, its notices, the kept answer and the journal.
pub(crate) async fn write(
    tx: &mut Tx,
    published: &Published<'_>,
    approved: bool,
    now: Timestamp,
) -> Result<()> {
    // First: a request that is repeated finds its answer, or a free key, and never publishes twice.
    if let Some(answer) = &published.answer {
        accounts::keep(tx, answer).await?;
    }
    save(tx, published.event, published.expected, now).await?;
    let lane = notices::lane_of(published.event);
    if approved {
        // Before the changes: what they add or withdraw is as they say.
        tx.execute(NOBODY_WAITS, args![published.event.id().as_str()])
            .await?;
    }
    let changes = published.changes;
    for notice in &changes.add {
        let status = if published.awaiting.contains(&notice.audience) {
            "awaiting_approval"
        } else {
            "planned"
        };
        notices::insert(
            tx,
            published.event,
            notice,
            lane,
            status,
            published.occasion,
        )
        .await?;
    }
    // What waits settles no promise.
    let told = published.awaiting.is_empty() && !published.occasion.again;
    if published.occasion.update.is_some() && told {
        notices::silence_warnings(tx, published.event.id().as_str()).await?;
    }
    if let Event::Incident(incident) = published.event
        && let Some(call) = &incident.call
        && (!call.is_open() || !incident.status.is_open())
    {
        notices::silence_call(tx, incident.id.as_str()).await?;
    }
    for notice in &changes.update {
        notices::update(tx, published.event, notice).await?;
    }
    for moved in &changes.moved {
        notices::close(tx, &moved.id, "moved", Some(moved.to)).await?;
    }
    for id in &changes.withdrawn {
        notices::close(tx, id, "cancelled", None).await?;
    }
    if matches!(published.event, Event::Maintenance(m) if m.status == Status::AwaitingApproval) {
        // What was free to go before waits from now on too.
        let audiences = crate::json_list(published.awaiting.iter().map(String::as_str));
        let sql = tx.either(WAIT.0, WAIT.1);
        tx.execute(sql, args![published.event.id().as_str(), audiences])
            .await?;
    }
    if let Some(plan) = &published.plan {
        catalogue::put(tx, "plan", published.event.id().as_str(), plan, 0, now).await?;
    }
    append(tx, &with_version(published), now).await
}

/// Entries about an incident or advisory say which version of it they made, so that whoever saw an older one learns what came since.
fn with_version(published: &Published<'_>) -> Vec<Entry> {
    let mut entries = published.entries.to_vec();
    let told_on = matches!(
        published.event,
        Event::Incident(_) | Event::Advisory(_) | Event::Announcement(_)
    );
    for entry in entries.iter_mut().filter(|_| told_on) {
        if entry.detail.is_null() {
            entry.detail = serde_json::json!({});
        }
        if entry.subject == published.event.id().as_str() && entry.detail.is_object() {
            entry.detail["version"] = (published.expected + 1).into();
        }
    }
    entries
}

/// What is written in the same transaction as what is published.
#[derive(Clone, Debug)]
pub enum Beside {
    /// Somebody acknowledges.
    Acknowledged(Acknowledgement),
    /// Somebody is added.
    Added(NewRecipient),
    /// Who was added to one event is told of another from now on: from, to.
    CarriedOver(String, String),
    /// Somebody agrees to what notices of it say.
    Approved(Vec<Approval>),
    /// What was sent is taken back: its text is somebody's draft again.
    Unsaid {
        /// The event.
        event: String,
        /// Who took it back.
        author: String,
        /// What it said in own words.
        text: String,
    },
    /// What is explained after an incident is published: the incident, and the version that was read.
    Explained(String, i64),
}

/// Notices of an event to these audiences wait for a person's word.
const WAIT: (&str, &str) = (
    "UPDATE notices SET status = 'awaiting_approval' WHERE event = $1 AND status = 'planned'
       AND audience IN (SELECT value FROM json_each($2))",
    "UPDATE notices SET status = 'awaiting_approval' WHERE event = $1 AND status = 'planned'
       AND audience = ANY(ARRAY(SELECT jsonb_array_elements_text($2::jsonb)))",
);

/// The next free number for ids of this prefix.
pub(crate) async fn fresh_id(tx: &mut Tx, prefix: &str) -> Result<String> {
    let key = format!("last:{prefix}");
    loop {
        tx.execute(
            "INSERT INTO settings (key, value) VALUES ($1, '1') ON CONFLICT (key)
             DO UPDATE SET value = CAST(CAST(settings.value AS BIGINT) + 1 AS TEXT)",
            args![&key],
        )
        .await?;
        let row = tx
            .row("SELECT value FROM settings WHERE key = $1", args![&key])
            .await?;
        let number = row.map(|r| r.text(0)).transpose()?.unwrap_or_default();
        let id = format!("{prefix}-{number}");
        // People may have given such an id by hand.
        if tx
            .row("SELECT 1 FROM events WHERE id = $1", args![&id])
            .await?
            .is_none()
        {
            return Ok(id);
        }
    }
}

/// A notice as planning again needs it, of columns id, milestone, place, audience, due, status.
pub(crate) fn planned_notice(row: &Row) -> Result<Stored> {
    let status = row.text(5)?;
    Ok(Stored {
        id: row.text(0)?,
        milestone: row.text(1)?,
        offset: row.maybe_text(2)?,
        audience: row.text(3)?,
        due: row.instant(4)?,
        // Whom something newer reached first has been told.
        told: matches!(status.as_str(), "sending" | "sent" | "superseded"),
        open: matches!(status.as_str(), "planned" | "awaiting_approval"),
    })
}

impl Store {
    /// An event by id.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn event(&self, id: &str) -> Result<Option<StoredEvent>> {
        let mut tx = self.db.read().await?;
        load(&mut tx, id).await
    }

    /// Events, the last changed first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn events(&self, filter: &EventFilter, limit: i64) -> Result<Vec<StoredEvent>> {
        let mut tx = self.db.read().await?;
        let since = filter.since.map_or(i64::MIN, Timestamp::as_millisecond);
        let mut sql = format!("SELECT {COLUMNS} FROM events WHERE updated_at >= $1");
        let mut values = args![since];
        if let Some(kind) = filter.kind {
            values.push(kind.into());
            sql.push_str(" AND kind = $2");
        } else {
            sql.push_str(" AND kind NOT IN ('window', 'reminder')");
        }
        if filter.open {
            sql.push_str(" AND is_open");
        }
        sql.push_str(&format!(
            " ORDER BY is_open DESC, updated_at DESC, id LIMIT {limit}"
        ));
        let rows = tx.rows(&sql, values).await?;
        rows.iter().map(stored).collect()
    }

    /// Events by creation, the newest first, after a place in that list: an order that no change of an event touches, so that
    /// all pages together are the whole list. `filter.since` counts here too.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn events_page(
        &self,
        filter: &EventFilter,
        after: Option<&(Timestamp, String)>,
        limit: i64,
    ) -> Result<Vec<StoredEvent>> {
        let mut tx = self.db.read().await?;
        let (at, id) = after.map_or((i64::MAX, ""), |(at, id)| (at.as_millisecond(), id));
        let since = filter.since.map_or(i64::MIN, Timestamp::as_millisecond);
        let mut sql = format!(
            "SELECT {COLUMNS} FROM events WHERE (created_at < $1 OR (created_at = $1 AND id < $2)) AND updated_at >= $3"
        );
        let mut values = args![at, id, since];
        if let Some(kind) = filter.kind {
            values.push(kind.into());
            sql.push_str(" AND kind = $4");
        }
        if filter.open {
            sql.push_str(" AND is_open");
        }
        sql.push_str(&format!(" ORDER BY created_at DESC, id DESC LIMIT {limit}"));
        let rows = tx.rows(&sql, values).await?;
        rows.iter().map(stored).collect()
    }

    /// The next free number for ids of this prefix: `MNT-7`.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn fresh_event_id(&self, prefix: &str) -> Result<String> {
        let mut tx = self.db.write().await?;
        let id = fresh_id(&mut tx, prefix).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Changes whenever something that the public may see does.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn public_version(&self) -> Result<(i64, i64)> {
        let mut tx = self.db.read().await?;
        let sql = "SELECT (SELECT seq FROM journal_head WHERE id = 1), (SELECT COALESCE(MAX(sent_at), 0) FROM notices)";
        let row = tx.row(sql, args![]).await?;
        row.map_or(Ok((0, 0)), |r| Ok((r.int(0)?, r.int(1)?)))
    }

    /// What planning again needs to know of an event's notices: all of them, and what was told.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn planned(&self, event: &str) -> Result<(Vec<Stored>, Vec<Told>)> {
        let mut tx = self.db.read().await?;
        let rows = tx
            .rows(
                "SELECT id, milestone, place, audience, due, status, tells FROM notices WHERE event = $1 ORDER BY due, id",
                args![event],
            )
            .await?;
        let (mut all, mut told) = (Vec::new(), Vec::new());
        for row in &rows {
            let stored = planned_notice(row)?;
            if stored.told {
                let tells: Vec<(String, Timestamp)> = serde_json::from_str(&row.text(6)?)?;
                told.extend(tells.into_iter().map(|(offset, nominal)| Told {
                    audience: stored.audience.clone(),
                    offset,
                    nominal,
                }));
            }
            all.push(stored);
        }
        Ok((all, told))
    }

    /// Publishes an event: the event, the notices added, moved and withdrawn, and the journal, or nothing.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody else changed it meanwhile.
    pub async fn publish(&self, published: Published<'_>, now: Timestamp) -> Result<()> {
        let mut tx = self.db.write().await?;
        write(&mut tx, &published, false, now).await?;
        tx.commit().await?;
        self.hint();
        Ok(())
    }

    /// Publishes several events, and what belongs to that, or nothing.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody else changed one of them meanwhile.
    pub async fn publish_together(
        &self,
        all: &[Published<'_>],
        beside: &[Beside],
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.db.write().await?;
        // In one order, so that two who publish the same events do not wait for each other.
        let mut all: Vec<&Published<'_>> = all.iter().collect();
        all.sort_by_key(|published| published.event.id().as_str());
        for published in all {
            write(&mut tx, published, false, now).await?;
        }
        for one in beside {
            match one {
                Beside::Acknowledged(one) => acknowledgements::put(&mut tx, one).await?,
                Beside::Added(new) => added::put(&mut tx, new, now).await?,
                Beside::CarriedOver(from, to) => added::carry_over(&mut tx, from, to).await?,
                Beside::Approved(given) => approvals::put(&mut tx, given).await?,
                Beside::Explained(event, version) => {
                    postmortems::publish(&mut tx, event, *version, now).await?
                }
                Beside::Unsaid { text, .. } if text.is_empty() => {}
                Beside::Unsaid {
                    event,
                    author,
                    text,
                } => {
                    let said = (author.as_str(), text.as_str());
                    versions::put(&mut tx, event, said, Origin::Undone, now).await?;
                    writing::put(&mut tx, event, said, now).await?;
                }
            }
        }
        tx.commit().await?;
        self.hint();
        Ok(())
    }

    /// The same, and the owners agree: notices of the event that waited for them may go out.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody else changed it meanwhile.
    pub async fn publish_approved(
        &self,
        published: Published<'_>,
        given: &[Approval],
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.db.write().await?;
        approvals::put(&mut tx, given).await?;
        write(&mut tx, &published, true, now).await?;
        tx.commit().await?;
        self.hint();
        Ok(())
    }

    /// An event's plan as it was made last.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn plan(&self, event: &str) -> Result<Option<serde_json::Value>> {
        let mut tx = self.db.read().await?;
        let sql = "SELECT body FROM documents WHERE kind = 'plan' AND id = $1";
        match tx.row(sql, args![event]).await? {
            Some(row) => Ok(Some(serde_json::from_str(&row.text(0)?)?)),
            None => Ok(None),
        }
    }

    /// The owners agree: notices that waited are planned again, and the event says so.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody else changed it meanwhile.
    pub async fn approve(
        &self,
        event: &Event,
        expected: i64,
        given: &[Approval],
        entry: Entry,
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.db.write().await?;
        save(&mut tx, event, expected, now).await?;
        approvals::put(&mut tx, given).await?;
        tx.execute(NOBODY_WAITS, args![event.id().as_str()]).await?;
        append(&mut tx, &[entry], now).await?;
        tx.commit().await?;
        self.hint();
        Ok(())
    }
}
