//! Drafts that alerts open, the alerts themselves, and the requests that told of them.
//!
//! A request is taken in one transaction, alone: what is open is read, [`take`] decides, and what it says is written with
//! the operator notice, the journal and the mark that this request was taken. Drafts stand apart from events, so that
//! nothing public can show one; the event of the same id is what publishes it.

use crate::Store;
use crate::db::{Tx, args};
use crate::error::{Result, StoreError};
use crate::expansion::{to_addresses, to_team};
use crate::journal::{Entry, append};
use crate::notes;
use crate::notices::Lane;
use crate::story::ASIDE;
use crate::{catalogue, events};
use forewarn_core::alert::intake::{Draft, Graver, Known, Note, Standing, Taken, Tracked, take};
use forewarn_core::alert::{Placed, State};
use forewarn_core::audience::Level;
use forewarn_core::document::Catalogue;
use forewarn_core::event::Event;
use forewarn_core::hook::Hook;
use forewarn_core::id::{Id, derive};
use forewarn_core::incident::{Incident, Severity};
use forewarn_core::message::Content;
use forewarn_core::plan::INTERNAL;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// How long it is known that a request was taken.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How many requests are forgotten each time one is taken.
const FORGOTTEN: i64 = 50;
/// More open drafts and incidents are not looked through.
const MOST_OPEN: i64 = 1_000;
/// Notes and alerts of one incident that are listed.
const MOST_LISTED: i64 = 500;

/// Alerts of one request, as they come in.
#[derive(Clone, Debug)]
pub struct Intake<'a> {
    /// The hook.
    pub hook: &'a Hook,
    /// What tells this request from others, if anything does.
    pub request: Option<&'a str>,
    /// What the source groups the alerts by.
    pub group: &'a str,
    /// The alerts.
    pub placed: Vec<Placed>,
    /// Base of links.
    pub public_url: &'a str,
}

/// What came of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Took {
    /// It was taken before.
    pub repeated: bool,
    /// The drafts and incidents that its alerts belong to.
    pub incidents: Vec<String>,
    /// The draft that it opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened: Option<String>,
    /// To how many people the draft was announced.
    pub told: u64,
    /// Open incidents of which these alerts say that they are graver than was declared.
    #[serde(skip)]
    pub graver: BTreeMap<Id, Graver>,
}

/// An alert of an incident.
pub type TrackedAlert = Tracked;

/// One request at a time decides what is open, on PostgreSQL too. SQLite has one writer in any case.
async fn alone(tx: &mut Tx) -> Result<()> {
    if let Tx::Postgres(_) = tx {
        tx.execute("SELECT pg_advisory_xact_lock(4605515)", args![])
            .await?;
    }
    Ok(())
}

/// The event of this id exists from now on: a draft of the same id is published.
pub(crate) async fn published(tx: &mut Tx, id: &str, now: Timestamp) -> Result<()> {
    let Some(draft) = load(tx, id).await? else {
        return Ok(());
    };
    let draft = Draft {
        status: Standing::Published,
        ..draft
    };
    save(tx, &draft, now).await
}

async fn load(tx: &mut Tx, id: &str) -> Result<Option<Draft>> {
    let row = tx
        .row("SELECT body FROM drafts WHERE id = $1", args![id])
        .await?;
    row.map(|row| Ok(serde_json::from_str(&row.text(0)?)?))
        .transpose()
}

async fn save(tx: &mut Tx, draft: &Draft, now: Timestamp) -> Result<()> {
    tx.execute(
        "INSERT INTO drafts (id, status, body, opened_at, updated_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (id) DO UPDATE SET status = excluded.status, body = excluded.body, updated_at = excluded.updated_at",
        args![draft.id.as_str(), draft.status.as_str(), serde_json::to_string(draft)?, draft.opened_at, now],
    )
    .await?;
    Ok(())
}

impl Store {
    /// Takes the alerts of a request: once, however often it comes.
    ///
    /// # Errors
    /// When the database cannot be written; then nothing is.
    pub async fn take_alerts(&self, intake: Intake<'_>, now: Timestamp) -> Result<Took> {
        let mut tx = self.db.write().await?;
        alone(&mut tx).await?;
        let hook = intake.hook.id.as_str();
        if let Some(request) = intake.request
            && let Some(answer) = taken_before(&mut tx, hook, request).await?
        {
            let incidents: Vec<String> = serde_json::from_str(&answer)?;
            if !fires_still(&mut tx, &intake, &incidents, now).await? {
                return Ok(Took {
                    repeated: true,
                    incidents,
                    ..Took::default()
                });
            }
        }
        let catalogue = catalogue::load(&mut tx).await?;
        let known = known(&mut tx, hook, &intake.placed).await?;
        let wrong = |problem: String| StoreError::Corrupt(problem);
        // Stands for an id that is only used up when a draft is opened; nobody names an incident so.
        let place = Id::parse("0-the-draft-that-is-opened-now").map_err(wrong)?;
        let (group, placed) = (intake.group, intake.placed);
        let mut taken = take(intake.hook, group, placed, &known, &catalogue, &place, now);
        if taken.belong.contains(&place) {
            let fresh = Id::parse(&events::fresh_id(&mut tx, "INC").await?).map_err(wrong)?;
            rename(&mut taken, &place, &fresh);
        }
        let told = write(
            &mut tx,
            intake.hook,
            &taken,
            &catalogue,
            intake.public_url,
            now,
        )
        .await?;
        let took = Took {
            repeated: false,
            incidents: taken.belong.iter().map(Id::to_string).collect(),
            opened: taken.opened.as_ref().map(Id::to_string),
            told,
            graver: taken.graver,
        };
        if let Some(request) = intake.request {
            let answer = json!(took.incidents);
            if !remember(&mut tx, hook, request, &answer, now).await? {
                let sql = "UPDATE hook_requests SET answer = $3 WHERE hook = $1 AND request = $2";
                let values = args![hook, request, answer.to_string()];
                tx.execute(sql, values).await?;
            }
        }
        tx.commit().await?;
        self.hint();
        Ok(took)
    }

    /// Marks a request as taken. False when it was before.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn take_request(&self, hook: &str, request: &str, now: Timestamp) -> Result<bool> {
        let mut tx = self.db.write().await?;
        let fresh = remember(&mut tx, hook, request, &Value::Null, now).await?;
        tx.commit().await?;
        Ok(fresh)
    }

    /// A draft.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn draft(&self, id: &str) -> Result<Option<Draft>> {
        let mut tx = self.db.read().await?;
        load(&mut tx, id).await
    }

    /// Drafts, the newest first; only those that wait, or all.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn drafts(&self, waiting: bool, limit: i64) -> Result<Vec<Draft>> {
        let mut tx = self.db.read().await?;
        let which = if waiting {
            "WHERE status = 'draft'"
        } else {
            ""
        };
        let sql = format!(
            "SELECT body FROM drafts {which} ORDER BY opened_at DESC, id DESC LIMIT {limit}"
        );
        let rows = tx.rows(&sql, args![]).await?;
        rows.iter()
            .map(|row| Ok(serde_json::from_str(&row.text(0)?)?))
            .collect()
    }

    /// Changes a draft that waits.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody else changed it meanwhile.
    pub async fn change_draft(
        &self,
        before: &Draft,
        after: &Draft,
        entry: Entry,
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.db.write().await?;
        alone(&mut tx).await?;
        if load(&mut tx, before.id.as_str()).await?.as_ref() != Some(before) {
            let problem = format!(
                "{} was changed by somebody else meanwhile; look at it again",
                before.id
            );
            return Err(StoreError::Conflict(problem));
        }
        save(&mut tx, after, now).await?;
        append(&mut tx, &[entry], now).await?;
        tx.commit().await
    }

    /// The alerts of a draft or incident, those that fire first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn alerts(&self, incident: &str) -> Result<Vec<Tracked>> {
        let mut tx = self.db.read().await?;
        let sql = format!(
            "SELECT body FROM alerts WHERE incident = $1 ORDER BY firing DESC, updated_at DESC, hook, key LIMIT {MOST_LISTED}"
        );
        let rows = tx.rows(&sql, args![incident]).await?;
        rows.iter()
            .map(|row| Ok(serde_json::from_str(&row.text(0)?)?))
            .collect()
    }
}

async fn taken_before(tx: &mut Tx, hook: &str, request: &str) -> Result<Option<String>> {
    let sql = "SELECT answer FROM hook_requests WHERE hook = $1 AND request = $2";
    let row = tx.row(sql, args![hook, request]).await?;
    row.map(|row| row.text(0)).transpose()
}

/// A source sends the same as long as nothing changes; that people said meanwhile that it is over changes what it means.
async fn fires_still(
    tx: &mut Tx,
    intake: &Intake<'_>,
    incidents: &[String],
    now: Timestamp,
) -> Result<bool> {
    if intake.placed.iter().all(|p| p.alert.state != State::Firing) {
        return Ok(false);
    }
    for id in incidents {
        if let Some(ended) = over_since(tx, id).await?
            && now.duration_since(ended) >= intake.hook.flap_window
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Since when an incident is over.
async fn over_since(tx: &mut Tx, id: &str) -> Result<Option<Timestamp>> {
    Ok(
        match events::load(tx, id).await?.map(|stored| stored.event) {
            Some(Event::Incident(incident)) => incident.resolved_at,
            _ => None,
        },
    )
}

async fn remember(
    tx: &mut Tx,
    hook: &str,
    request: &str,
    answer: &Value,
    now: Timestamp,
) -> Result<bool> {
    let sql = format!(
        "DELETE FROM hook_requests WHERE (hook, request) IN
           (SELECT hook, request FROM hook_requests WHERE at < $1 ORDER BY at LIMIT {FORGOTTEN})"
    );
    tx.execute(&sql, args![now - REMEMBERED]).await?;
    let sql = "INSERT INTO hook_requests (hook, request, at, answer) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    let fresh = tx
        .execute(sql, args![hook, request, now, answer.to_string()])
        .await?;
    Ok(fresh == 1)
}

/// What is open, and what is known of these alerts.
async fn known(tx: &mut Tx, hook: &str, placed: &[Placed]) -> Result<Known> {
    let mut known = Known::default();
    let keys = crate::json_list(placed.iter().map(|p| p.alert.key.as_str()));
    let sql = tx.either(
        "SELECT body FROM alerts WHERE hook = $1 AND key IN (SELECT value FROM json_each($2)) ORDER BY updated_at, incident",
        "SELECT body FROM alerts WHERE hook = $1 AND key = ANY(ARRAY(SELECT jsonb_array_elements_text($2::jsonb)))
           ORDER BY updated_at, incident",
    );
    for row in tx.rows(sql, args![hook, keys]).await? {
        let tracked: Tracked = serde_json::from_str(&row.text(0)?)?;
        // The last one is the newest.
        known.tracked.insert(tracked.alert.key.clone(), tracked);
    }
    let open = format!(
        "SELECT body FROM drafts WHERE status = 'draft' ORDER BY opened_at LIMIT {MOST_OPEN}"
    );
    for row in tx.rows(&open, args![]).await? {
        known.drafts.push(serde_json::from_str(&row.text(0)?)?);
    }
    let earlier: BTreeSet<Id> = known.tracked.values().map(|t| t.incident.clone()).collect();
    for id in earlier {
        if known.drafts.iter().all(|d: &Draft| d.id != id) {
            known.drafts.extend(load(tx, id.as_str()).await?);
        }
        if let Some(ended) = over_since(tx, id.as_str()).await? {
            known.over.insert(id, ended);
        }
    }
    let open = format!(
        "SELECT body FROM events WHERE kind = 'incident' AND is_open ORDER BY starts_at LIMIT {MOST_OPEN}"
    );
    for row in tx.rows(&open, args![]).await? {
        let event: Event = serde_json::from_str(&row.text(0)?)?;
        if let Event::Incident(incident) = &event {
            let severity = incident.severity;
            known.severities.insert(incident.id.clone(), severity);
        }
        known.incidents.push((event.id().clone(), event.services()));
    }
    let homes = known.drafts.iter().map(|d| &d.id);
    let homes: Vec<&Id> = homes
        .chain(known.incidents.iter().map(|(id, _)| id))
        .collect();
    let homes = crate::json_list(homes.into_iter().map(Id::as_str));
    let sql = tx.either(
        "SELECT incident, hook, key, source_group, firing FROM alerts WHERE incident IN (SELECT value FROM json_each($1))",
        "SELECT incident, hook, key, source_group, firing FROM alerts
           WHERE incident = ANY(ARRAY(SELECT jsonb_array_elements_text($1::jsonb)))",
    );
    let wrong = |problem: String| StoreError::Corrupt(problem);
    for row in tx.rows(sql, args![homes]).await? {
        let home = Id::parse(&row.text(0)?).map_err(wrong)?;
        let hook = Id::parse(&row.text(1)?).map_err(wrong)?;
        let group = (hook.clone(), row.text(3)?);
        known.groups.entry(home.clone()).or_default().insert(group);
        if row.bool(4)? {
            let key = (hook, row.text(2)?);
            known.firing.entry(home).or_default().insert(key);
        }
    }
    Ok(known)
}

fn rename(taken: &mut Taken, from: &Id, to: &Id) {
    let change = |id: &mut Id| {
        if id == from {
            *id = to.clone();
        }
    };
    taken.drafts.iter_mut().for_each(|d| change(&mut d.id));
    taken
        .tracked
        .iter_mut()
        .for_each(|t| change(&mut t.incident));
    taken.notes.iter_mut().for_each(|n| change(&mut n.incident));
    taken.opened.iter_mut().for_each(change);
    taken.belong = std::mem::take(&mut taken.belong)
        .into_iter()
        .map(|id| if id == *from { to.clone() } else { id })
        .collect();
}

/// Writes what was decided, and says to how many people a draft is announced.
async fn write(
    tx: &mut Tx,
    hook: &Hook,
    taken: &Taken,
    catalogue: &Catalogue,
    public_url: &str,
    now: Timestamp,
) -> Result<u64> {
    for draft in &taken.drafts {
        save(tx, draft, now).await?;
    }
    for tracked in &taken.tracked {
        tx.execute(
            "INSERT INTO alerts (hook, key, incident, source_group, firing, body, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (hook, key, incident) DO UPDATE SET source_group = excluded.source_group, firing = excluded.firing,
               body = excluded.body, updated_at = excluded.updated_at",
            args![
                tracked.hook.as_str(),
                &tracked.alert.key,
                tracked.incident.as_str(),
                &tracked.group,
                tracked.episode.firing,
                serde_json::to_string(tracked)?,
                now,
            ],
        )
        .await?;
    }
    let author = format!("hook:{}", hook.id);
    put_notes(tx, &author, &taken.notes, now).await?;
    let mut entries = Vec::new();
    let mut told = 0;
    for draft in &taken.drafts {
        let opened = taken.opened.as_ref() == Some(&draft.id);
        let action = match (draft.status, opened) {
            (Standing::Draft, true) => "draft.opened",
            (Standing::Draft, false) => "draft.changed",
            (Standing::Closed, _) => "draft.closed",
            (Standing::Published | Standing::Discarded, _) => continue,
        };
        let detail = json!({"severity": draft.severity, "services": draft.services});
        entries.push(Entry::new(&author, action, draft.id.as_str()).with(detail));
        let news = taken.news.get(&draft.id);
        if opened || news.is_some() {
            let alerts = taken.tracked.iter().filter(|t| t.incident == draft.id);
            let alerts: Vec<&Tracked> = alerts.collect();
            let content = draft.notice(&alerts, catalogue, public_url, now);
            let incident = draft.as_incident(now, now);
            let because = match news {
                None => "alerts opened a draft",
                Some(_) => "the alerts of a draft say more",
            };
            let notice = (&content, news.map(String::as_str), because, FIRST);
            let reached = announce(tx, incident, notice, catalogue, now).await?;
            told += if opened { reached } else { 0 };
        }
    }
    for (id, graver) in &taken.graver {
        let found = events::load(tx, id.as_str()).await?;
        let Some(Event::Incident(incident)) = found.map(|stored| stored.event) else {
            continue;
        };
        let detail = json!({"severity": graver.severity, "declared": incident.severity, "services": graver.services});
        entries.push(Entry::new(&author, "incident.alerts_graver", id.as_str()).with(detail));
        let content = graver.notice(&incident, catalogue, public_url, now);
        let incident = Incident {
            severity: graver.severity,
            ..incident
        };
        let news = Some(graver.severity.as_str());
        let because = "alerts say that it is graver than was declared";
        let notice = (&content, news, because, ASIDE);
        announce(tx, incident, notice, catalogue, now).await?;
    }
    append(tx, &entries, now).await?;
    Ok(told)
}

async fn put_notes(tx: &mut Tx, author: &str, notes: &[Note], now: Timestamp) -> Result<()> {
    for note in notes {
        notes::put(tx, note.incident.as_str(), author, &note.text, now).await?;
    }
    Ok(())
}

/// The place of what is told of a draft among the messages of its event: before all of them.
const FIRST: i64 = 1;

/// An operator notice about alerts, to the people who run the services of a draft or incident, at once: what it says, what tells
/// it from others of its kind, why, and its ordinal. The event of a draft does not exist, so it is frozen and expanded here.
async fn announce(
    tx: &mut Tx,
    incident: Incident,
    (content, news, because, ordinal): (&Content, Option<&str>, &str, i64),
    catalogue: &Catalogue,
    now: Timestamp,
) -> Result<u64> {
    let severity = incident.severity;
    let event = Event::Incident(incident);
    let endpoints = event.built_in_audience(INTERNAL, catalogue);
    let endpoints = endpoints.unwrap_or_default();
    let id = event.id().as_str();
    let mut parts = vec!["notice", id, &content.milestone];
    parts.extend(news);
    let notice = derive(&parts);
    let inserted = tx
        .execute(
            "INSERT INTO notices (id, event, event_kind, revision, milestone, audience, level, channels, due, due_local, because,
               stands_for, tells, status, held, lane, slot, expires, content, ordinal, sent_at)
             VALUES ($1, $2, 'incident', 1, $3, $4, $5, '[\"email\"]', $6, $7, $11, '[]', '[]',
               'sending', FALSE, $8, $1, $9, $10, $12, $6) ON CONFLICT (id) DO NOTHING",
            args![
                &notice,
                id,
                &content.milestone,
                INTERNAL,
                Level::Technical.rank(),
                now,
                catalogue.organisation.time_zone.at(now).to_string(),
                Lane::Urgent.number(),
                now + SignedDuration::from_hours(24),
                serde_json::to_string(content)?,
                because,
                ordinal,
            ],
        )
        .await?;
    if inserted == 0 {
        return Ok(0);
    }
    // What may be grave wakes people; a mail does not.
    match severity <= Severity::P2 {
        true => to_team(tx, &notice, &endpoints, &endpoints, now).await,
        false => to_addresses(tx, &notice, &endpoints, now).await,
    }
}
