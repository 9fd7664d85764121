//! Notices: the outbox. What is planned, what is due, what is being sent, what was sent.

use crate::Store;
use crate::approvals;
use crate::db::{Arg, Row, Tx, args};
use crate::error::{Result, StoreError};
use crate::events::{self, Published};
use crate::journal::{Entry, append};
use crate::story::{STORY, numbered, story};
use crate::subscriptions;
use forewarn_core::acknowledge::unconfirmed;
use forewarn_core::approval::Wording;
use forewarn_core::audience::Level;
use forewarn_core::contact::Channel;
use forewarn_core::event::{Event, Occasion};
use forewarn_core::id::derive;
use forewarn_core::message::Content;
use forewarn_core::plan::{
    Notice, PROMISE_BROKEN, PROMISE_WARNING, SPOKESPERSON_CALL, SUBSCRIPTIONS, is_team_notice,
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;

/// Which queue a notice goes through. The first message of an incident never waits behind a newsletter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lane {
    /// Incidents.
    Urgent,
    /// Everything planned, and advisories: nothing is down.
    Planned,
}

impl Lane {
    /// Every lane, the most urgent first.
    pub const ALL: [Lane; 2] = [Lane::Urgent, Lane::Planned];

    /// Its name in figures.
    pub fn as_str(self) -> &'static str {
        match self {
            Lane::Urgent => "urgent",
            Lane::Planned => "planned",
        }
    }

    /// Its number in the store.
    pub fn number(self) -> i64 {
        self as i64
    }
}

/// A notice that is due, with what its message is made from.
#[derive(Clone, Debug)]
pub struct DueNotice {
    /// Its id.
    pub id: String,
    /// Its audience.
    pub audience: String,
    /// Its level.
    pub level: Level,
    /// Its channels.
    pub channels: Vec<Channel>,
    /// What it tells of.
    pub occasion: Occasion,
    /// When it was due.
    pub due: Timestamp,
    /// Its event.
    pub event: Event,
    /// The event's sequence.
    pub sequence: i64,
}

/// How many deliveries of a notice are in which status.
pub type Counts = BTreeMap<String, i64>;

/// A notice as it is listed.
#[derive(Clone, Debug, Serialize)]
pub struct NoticeRow {
    /// Its id.
    pub id: String,
    /// Its event.
    pub event: String,
    /// Which of the event's windows.
    pub revision: i64,
    /// Its milestone.
    pub milestone: String,
    /// Its place: `5bd`.
    pub offset: Option<String>,
    /// Offsets it stands for.
    pub stands_for: Vec<String>,
    /// Its audience.
    pub audience: String,
    /// Its level.
    pub level: Level,
    /// Its channels.
    pub channels: Vec<Channel>,
    /// When it is or was due.
    pub due: Timestamp,
    /// The same on the audience's clocks.
    pub due_local: String,
    /// Why then.
    pub because: String,
    /// `planned`, `awaiting_approval`, `sending`, `sent`, `moved`, `superseded`, `cancelled`.
    pub status: String,
    /// It waits for something to happen.
    pub held: bool,
    /// When its successor is due, if it was moved.
    pub moved_to: Option<Timestamp>,
    /// When it began to go out.
    pub sent_at: Option<Timestamp>,
    /// When its text must be with those who carry it on, for an audience that says so.
    pub copy_due: Option<Timestamp>,
    /// Its deliveries by status.
    pub counts: Counts,
    /// What it says, once that is frozen.
    #[serde(skip)]
    pub content: Option<Content>,
}

/// Which notices to list.
#[derive(Clone, Debug, Default)]
pub struct NoticeFilter {
    /// Of this event.
    pub event: Option<String>,
    /// In this status.
    pub status: Option<String>,
    /// After this place in the list.
    pub after: Option<(Timestamp, String)>,
    /// The last due first.
    pub newest_first: bool,
}

/// One message per endpoint for all notices that share this: event, revision and milestone, and the offset
/// where a milestone has several. An announcement is one, whichever of its offsets was reached. Work begins once and ends
/// once, whatever its revision. Each update of an incident is one: it can be resolved, reopened and resolved again. The
/// timers of an update's promise have a place each.
fn slot(event: &str, revision: u32, notice: &Notice, update: Option<u32>) -> String {
    let milestone = notice.milestone.as_str();
    let place = match (update, milestone) {
        (Some(number), _) if is_team_notice(milestone) => {
            format!("#{number} {}", notice.offset.as_deref().unwrap_or_default())
        }
        // The same words once more, to those who have not confirmed them.
        _ if unconfirmed(&notice.audience).is_some() => notice.audience.clone(),
        (Some(number), _) => format!("#{number}"),
        (None, "announcement") => String::new(),
        (None, _) => notice.offset.clone().unwrap_or_default(),
    };
    let revision = match milestone {
        "start" | "completion" | "cancellation" => String::new(),
        _ => revision.to_string(),
    };
    derive(&["slot", event, &revision, milestone, &place])
}

/// Which queue an event's notices go through.
pub(crate) fn lane_of(event: &Event) -> Lane {
    match event {
        Event::Incident(_) => Lane::Urgent,
        Event::Maintenance(_)
        | Event::Window(_)
        | Event::Reminder(_)
        | Event::Advisory(_)
        | Event::Announcement(_) => Lane::Planned,
    }
}

pub(crate) async fn insert(
    tx: &mut Tx,
    event: &Event,
    notice: &Notice,
    lane: Lane,
    status: &str,
    occasion: &Occasion,
) -> Result<()> {
    let revision = revision(event);
    let occasion = Occasion {
        milestone: notice.milestone.clone(),
        offset: notice.offset.clone(),
        ..occasion.clone()
    };
    let id = event.id().as_str();
    tx.execute(
        "INSERT INTO notices (id, event, event_kind, revision, milestone, place, audience, level, channels, due, due_local,
           because, stands_for, tells, status, held, lane, slot, expires, content, copy_due, ordinal)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, 0)
         ON CONFLICT (id) DO UPDATE SET due = excluded.due, due_local = excluded.due_local, because = excluded.because,
           stands_for = excluded.stands_for, tells = excluded.tells, status = excluded.status, held = excluded.held,
           expires = excluded.expires, content = excluded.content, level = excluded.level, channels = excluded.channels,
           moved_to = NULL, bundle = NULL, copy_due = excluded.copy_due
         WHERE notices.status IN ('planned', 'awaiting_approval', 'moved', 'cancelled')",
        args![
            &notice.id,
            id,
            event.kind(),
            i64::from(revision),
            &notice.milestone,
            notice.offset.clone(),
            &notice.audience,
            notice.level.rank(),
            serde_json::to_string(&notice.channels)?,
            notice.due,
            &notice.due_local,
            &notice.because,
            serde_json::to_string(&notice.stands_for)?,
            serde_json::to_string(&notice.tells)?,
            status,
            notice.held,
            lane.number(),
            slot(id, revision, notice, occasion.update),
            event.expiry(notice),
            serde_json::to_string(&occasion)?,
            notice.copy_due,
        ],
    )
    .await?;
    Ok(())
}

/// A notice that stays in place belongs to the event's revision from now on, unless others had theirs of the old one:
/// whoever is in several audiences gets it once, also where it stays for one of them and moves for another.
pub(crate) async fn update(tx: &mut Tx, event: &Event, notice: &Notice) -> Result<()> {
    let revision = revision(event);
    let updated = tx
        .execute(
            "UPDATE notices SET due = $1, due_local = $2, because = $3, stands_for = $4, tells = $5, held = $6, expires = $7,
               channels = $8, level = $9, bundle = NULL, copy_due = $13,
               revision = CASE WHEN EXISTS (SELECT 1 FROM notices o WHERE o.slot = notices.slot AND o.sent_at IS NOT NULL)
                 THEN revision ELSE $10 END,
               slot = CASE WHEN EXISTS (SELECT 1 FROM notices o WHERE o.slot = notices.slot AND o.sent_at IS NOT NULL)
                 THEN slot ELSE $11 END
             WHERE id = $12 AND status IN ('planned', 'awaiting_approval')",
            args![
                notice.due,
                &notice.due_local,
                &notice.because,
                serde_json::to_string(&notice.stands_for)?,
                serde_json::to_string(&notice.tells)?,
                notice.held,
                event.expiry(notice),
                serde_json::to_string(&notice.channels)?,
                notice.level.rank(),
                i64::from(revision),
                slot(event.id().as_str(), revision, notice, None),
                &notice.id,
                notice.copy_due,
            ],
        )
        .await?;
    still_open(&notice.id, updated)
}

fn revision(event: &Event) -> u32 {
    match event {
        Event::Maintenance(m) => m.revision,
        Event::Announcement(a) => a.revision,
        Event::Incident(_) | Event::Window(_) | Event::Reminder(_) | Event::Advisory(_) => 1,
    }
}

pub(crate) async fn close(
    tx: &mut Tx,
    id: &str,
    status: &str,
    moved_to: Option<Timestamp>,
) -> Result<()> {
    let closed = tx
        .execute(
            "UPDATE notices SET status = $1, moved_to = $2 WHERE id = $3 AND status IN ('planned', 'awaiting_approval')",
            args![status, moved_to, id],
        )
        .await?;
    still_open(id, closed)
}

/// Warnings about a promise that a newer update has settled have lost their meaning, also those that are on their way: what
/// was not accepted yet is not sent again. The timers that had not begun are withdrawn by the plan.
pub(crate) async fn silence_warnings(tx: &mut Tx, event: &str) -> Result<()> {
    silence(tx, event, [PROMISE_WARNING, PROMISE_BROKEN]).await
}

/// The same for the call to whoever is to speak for an incident, once somebody does or it is over.
pub(crate) async fn silence_call(tx: &mut Tx, event: &str) -> Result<()> {
    silence(tx, event, [SPOKESPERSON_CALL, SPOKESPERSON_CALL]).await
}

async fn silence(tx: &mut Tx, event: &str, milestones: [&str; 2]) -> Result<()> {
    // The notices first: who expands one of them holds its row.
    let sql = "UPDATE notices SET expires = 0 WHERE event = $1 AND status = 'sending' AND milestone IN ($2, $3)";
    let silenced = tx
        .execute(sql, args![event, milestones[0], milestones[1]])
        .await?;
    if silenced > 0 {
        let sql = "UPDATE deliveries SET expires = 0 WHERE event = $1 AND status IN ('queued', 'attempting')
            AND notice IN (SELECT id FROM notices WHERE event = $1 AND status = 'sending' AND expires = 0)";
        tx.execute(sql, args![event]).await?;
    }
    Ok(())
}

/// A plan that was made while a notice waited does not hold once people are being told.
fn still_open(id: &str, touched: u64) -> Result<()> {
    if touched == 0 {
        return Err(StoreError::Conflict(format!(
            "the notice {id} began to go out meanwhile; try again"
        )));
    }
    Ok(())
}

/// Of notices that are due at the same instant, which tells of the earlier part of an event.
fn stage(milestone: &str) -> u8 {
    match milestone {
        "announcement" => 0,
        "start" => 2,
        "completion" => 3,
        "cancellation" => 4,
        _ => 1,
    }
}

const LISTED: &str =
    "id, event, revision, milestone, place, stands_for, audience, level, channels, due, due_local,
    because, status, held, moved_to, sent_at, content, copy_due";

/// Notices being sent of which nothing waits any more.
pub(crate) const DONE: &str = "SELECT id, event, milestone, audience FROM notices
    WHERE status = 'sending' AND cursor IS NULL AND (SELECT d.id FROM deliveries d
      WHERE d.notice = notices.id AND d.status IN ('queued', 'attempting') LIMIT 1) IS NULL";

impl Store {
    /// Notices of a lane that are due and not held, in the order in which they are to begin: the earliest first, and of
    /// those due at the same instant the ones that tell of the earlier part of an event.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn due_notices(
        &self,
        lane: Lane,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<DueNotice>> {
        let mut tx = self.db.read().await?;
        let rows = tx
            .rows(
                "SELECT id, audience, channels, content, due, event, copy_due, level FROM notices
                 WHERE status = 'planned' AND due <= $1 AND lane = $2 AND NOT held ORDER BY due, id LIMIT $3",
                args![now, lane.number(), limit],
            )
            .await?;
        let mut due = Vec::with_capacity(rows.len());
        let mut cache: BTreeMap<String, (Event, i64)> = BTreeMap::new();
        for row in &rows {
            let event = row.text(5)?;
            if !cache.contains_key(&event)
                && let Some(stored) = events::load(&mut tx, &event).await?
            {
                cache.insert(event.clone(), (stored.event, stored.sequence));
            }
            let Some((event, sequence)) = cache.get(&event) else {
                continue;
            };
            due.push(DueNotice {
                id: row.text(0)?,
                audience: row.text(1)?,
                level: Level::from_rank(row.int(7)?).unwrap_or(Level::NonTechnical),
                channels: serde_json::from_str(&row.text(2)?)?,
                occasion: occasion(&row.text(3)?, row.maybe_instant(6)?)?,
                due: row.instant(4)?,
                event: event.clone(),
                sequence: *sequence,
            });
        }
        due.sort_by_key(|n| (n.due, stage(&n.occasion.milestone), n.occasion.update));
        Ok(due)
    }

    /// Begins to send a notice: freezes what it says. Nothing happens when somebody else began first.
    /// What its notice sets in motion (a start, an update that keeps a promise) is published with it.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the event was changed since `notice` was read: what it says would be out of date.
    pub async fn begin_notice(
        &self,
        notice: &DueNotice,
        content: &Content,
        moved_on: Option<Published<'_>>,
        now: Timestamp,
    ) -> Result<bool> {
        self.begin_approved(notice, content, None, moved_on, now)
            .await
    }

    /// The same for a notice that somebody had to agree to: what they agreed to is frozen with it. Nothing happens where their
    /// approval is gone.
    ///
    /// # Errors
    /// As [`Store::begin_notice`].
    pub async fn begin_approved(
        &self,
        notice: &DueNotice,
        content: &Content,
        wording: Option<&Wording>,
        moved_on: Option<Published<'_>>,
        now: Timestamp,
    ) -> Result<bool> {
        let mut tx = self.db.write().await?;
        // The event's row is held to the end: two notices of one event never get the same ordinal, and who publishes waits.
        let sql = tx.either(
            "SELECT sequence FROM events WHERE id = $1",
            "SELECT sequence FROM events WHERE id = $1 FOR UPDATE",
        );
        let id = notice.event.id().as_str();
        let sequence = match tx.row(sql, args![id]).await? {
            Some(row) => row.int(0)?,
            None => return Ok(false),
        };
        let sql = "SELECT 1 FROM notices WHERE id = $1 AND status = 'planned'";
        if tx.row(sql, args![&notice.id]).await?.is_none() {
            return Ok(false);
        }
        if sequence != notice.sequence {
            return Err(StoreError::Conflict(format!(
                "{id} was changed after its notice was read; read it again"
            )));
        }
        let story = story(
            &notice.occasion.milestone,
            notice.occasion.offset.as_deref(),
            &notice.audience,
        );
        let ordinal = numbered(&notice.occasion, story);
        let story = story.unwrap_or(0);
        let begun = tx
            .execute(
                "UPDATE notices SET status = 'sending', content = $1, sent_at = $2, cursor = '',
                   ordinal = COALESCE($4,
                     (SELECT COALESCE(MAX(o.ordinal), $5) + 1 FROM notices o WHERE o.event = notices.event
                       AND o.ordinal >= $5 AND o.ordinal < $6))
                 WHERE id = $3 AND status = 'planned'",
                args![
                    serde_json::to_string(content)?,
                    now,
                    &notice.id,
                    ordinal,
                    story,
                    story + STORY
                ],
            )
            .await?;
        if begun == 0 {
            return Ok(false);
        }
        if let Some(wording) = wording
            && !approvals::freeze(&mut tx, id, &notice.id, wording).await?
        {
            return Ok(false);
        }
        if let Some(published) = moved_on {
            events::write(&mut tx, &published, false, now).await?;
        }
        tx.commit().await?;
        self.hint();
        Ok(true)
    }

    /// Notices that are being sent and have not been expanded to the end: id, audience, event.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn unexpanded(&self, lane: Lane) -> Result<Vec<(String, String, String, Event)>> {
        let mut tx = self.db.read().await?;
        let rows = tx
            .rows(
                "SELECT id, audience, event, milestone FROM notices WHERE status = 'sending' AND cursor IS NOT NULL AND lane = $1
                 ORDER BY due, id",
                args![lane.number()],
            )
            .await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            if let Some(stored) = events::load(&mut tx, &row.text(2)?).await? {
                found.push((row.text(0)?, row.text(1)?, row.text(3)?, stored.event));
            }
        }
        Ok(found)
    }

    /// Notices whose last delivery has come to an end are sent, or superseded where a newer message took the place of every
    /// one of them, or cancelled where the team was to act and there was nobody; the journal says with which result.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn finish_notices(&self, now: Timestamp) -> Result<u64> {
        // Almost always there is none: look before taking the writer.
        if self.db.read().await?.rows(DONE, args![]).await?.is_empty() {
            return Ok(0);
        }
        let mut tx = self.db.write().await?;
        let mut done = 0;
        for row in tx.rows(DONE, args![]).await? {
            let id = row.text(0)?;
            let counts = counts(&mut tx, std::slice::from_ref(&id))
                .await?
                .remove(&id)
                .unwrap_or_default();
            let to_nobody = counts.is_empty() && is_team_notice(&row.text(2)?);
            let (status, action) = match is_superseded(&counts) {
                true => ("superseded", "notice.superseded"),
                false if to_nobody => ("cancelled", "notice.to_nobody"),
                false => ("sent", "notice.sent"),
            };
            let sql = "UPDATE notices SET status = $2 WHERE id = $1 AND status = 'sending'";
            if tx.execute(sql, args![&id, status]).await? == 0 {
                continue;
            }
            done += 1;
            if row.text(3)? == SUBSCRIPTIONS {
                subscriptions::forget_link(&mut tx, &id).await?;
            }
            let detail = json!({"notice": id, "milestone": row.text(2)?, "audience": row.text(3)?, "counts": counts});
            let entry = Entry::new("engine", action, row.text(1)?).with(detail);
            append(&mut tx, &[entry], now).await?;
        }
        tx.commit().await?;
        Ok(done)
    }

    /// What a notice that is being sent says, and to which audience.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn notice_content(&self, id: &str) -> Result<Option<(Content, String)>> {
        let mut tx = self.db.read().await?;
        let sql = "SELECT content, audience FROM notices WHERE id = $1 AND sent_at IS NOT NULL";
        match tx.row(sql, args![id]).await? {
            Some(row) => Ok(Some((serde_json::from_str(&row.text(0)?)?, row.text(1)?))),
            None => Ok(None),
        }
    }

    /// What a notice that has not begun will tell of.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn notice_occasion(&self, id: &str) -> Result<Option<Occasion>> {
        let mut tx = self.db.read().await?;
        let sql = "SELECT content, copy_due FROM notices WHERE id = $1 AND sent_at IS NULL";
        let row = tx.row(sql, args![id]).await?;
        row.map(|row| occasion(&row.text(0)?, row.maybe_instant(1)?))
            .transpose()
    }

    /// Notices by due time.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn notices(&self, filter: &NoticeFilter, limit: i64) -> Result<Vec<NoticeRow>> {
        let mut tx = self.db.read().await?;
        let (after_due, after_id) = match &filter.after {
            Some((due, id)) => (due.as_millisecond(), id.clone()),
            None if filter.newest_first => (i64::MAX, String::new()),
            None => (i64::MIN, String::new()),
        };
        let (past, order) = if filter.newest_first {
            ("(due < $1 OR (due = $1 AND id < $2))", "due DESC, id DESC")
        } else {
            ("(due > $1 OR (due = $1 AND id > $2))", "due, id")
        };
        // Messages about somebody's own subscription, tests and answers tell of no event.
        let mut sql = format!(
            "SELECT {LISTED} FROM notices WHERE {past} AND event_kind NOT IN ('subscription', 'test', 'answer')"
        );
        let mut values = args![after_due, after_id];
        for (column, wanted) in [("event", &filter.event), ("status", &filter.status)] {
            if let Some(wanted) = wanted {
                values.push(wanted.into());
                sql.push_str(&format!(" AND {column} = ${}", values.len()));
            }
        }
        sql.push_str(&format!(" ORDER BY {order} LIMIT {limit}"));
        let rows = tx.rows(&sql, values).await?;
        let mut found = rows.iter().map(notice_row).collect::<Result<Vec<_>>>()?;
        let begun: Vec<String> = found
            .iter()
            .filter(|n| n.sent_at.is_some())
            .map(|n| n.id.clone())
            .collect();
        let mut all = counts(&mut tx, &begun).await?;
        for notice in &mut found {
            notice.counts = all.remove(&notice.id).unwrap_or_default();
        }
        Ok(found)
    }

    /// One notice.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn notice(&self, id: &str) -> Result<Option<NoticeRow>> {
        let mut tx = self.db.read().await?;
        let sql = &format!("SELECT {LISTED} FROM notices WHERE id = $1");
        let Some(row) = tx.row(sql, args![id]).await? else {
            return Ok(None);
        };
        let mut notice = notice_row(&row)?;
        notice.counts = counts(&mut tx, &[notice.id.clone()])
            .await?
            .remove(&notice.id)
            .unwrap_or_default();
        Ok(Some(notice))
    }
}

/// What a notice tells of, with the deadline as it was planned last.
fn occasion(text: &str, copy_due: Option<Timestamp>) -> Result<Occasion> {
    Ok(Occasion {
        copy_due,
        ..serde_json::from_str(text)?
    })
}

fn notice_row(row: &Row) -> Result<NoticeRow> {
    let sent_at = row.maybe_instant(15)?;
    let content = match (sent_at, row.maybe_text(16)?) {
        (Some(_), Some(text)) => serde_json::from_str(&text).ok(),
        _ => None,
    };
    Ok(NoticeRow {
        id: row.text(0)?,
        event: row.text(1)?,
        revision: row.int(2)?,
        milestone: row.text(3)?,
        offset: row.maybe_text(4)?,
        stands_for: serde_json::from_str(&row.text(5)?)?,
        audience: row.text(6)?,
        level: Level::from_rank(row.int(7)?).unwrap_or(Level::NonTechnical),
        channels: serde_json::from_str(&row.text(8)?)?,
        due: row.instant(9)?,
        due_local: row.text(10)?,
        because: row.text(11)?,
        status: row.text(12)?,
        held: row.bool(13)?,
        moved_to: row.maybe_instant(14)?,
        sent_at,
        copy_due: row.maybe_instant(17)?,
        counts: Counts::new(),
        content,
    })
}

/// Whether a newer message took the place of every one that anybody would have got.
fn is_superseded(counts: &Counts) -> bool {
    let overtaken = counts.get("superseded").is_some_and(|n| *n > 0);
    let idle = |status: &str| matches!(status, "superseded" | "suppressed");
    overtaken && counts.keys().all(|status| idle(status))
}

async fn counts(tx: &mut Tx, notices: &[String]) -> Result<BTreeMap<String, Counts>> {
    let mut all: BTreeMap<String, Counts> = BTreeMap::new();
    // One parameter for each, so that PostgreSQL sees which notices are meant when it plans.
    for part in notices.chunks(500) {
        let places: Vec<String> = (1..=part.len()).map(|n| format!("${n}")).collect();
        let sql = format!(
            "SELECT notice, status, COUNT(*) FROM deliveries WHERE notice IN ({}) GROUP BY notice, status",
            places.join(", ")
        );
        let values = part.iter().map(Arg::from).collect();
        for row in tx.rows(&sql, values).await? {
            // People ask what is still to come; an attempt under way is part of that.
            let status = match row.text(1)?.as_str() {
                "attempting" => "queued".to_owned(),
                other => other.to_owned(),
            };
            let counts: &mut Counts = all.entry(row.text(0)?).or_default();
            *counts.entry(status).or_default() += row.int(2)?;
        }
    }
    Ok(all)
}
