//! Quiet hours: deliveries that ring somebody's phone for what can wait are put off until they end.
//!
//! It is done where a delivery gets the time of its next attempt, in the same transaction, so that no claim comes between: when
//! a part of a notice is expanded, when a message about several events is let go, and when an attempt is to be made once more.

use crate::Store;
use crate::contacts::among;
use crate::db::{Arg, Row, Tx, args};
use crate::error::Result;
use crate::{catalogue, events};
use forewarn_core::contact::QuietHours;
use forewarn_core::document::Catalogue;
use forewarn_core::event::Event;
use forewarn_core::time::Zone;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// Why a delivery waits that was put off; the end of the hours stands behind it.
const UNTIL: &str = "quiet hours until";

/// A message to somebody that has not gone out yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// Which notice.
    pub milestone: String,
    /// By which channel.
    pub channel: String,
    /// When it is tried next.
    pub next_at: Timestamp,
    /// Why it waits, where there is more to say.
    pub reason: Option<String>,
    /// It goes out only if no earlier way has done by then.
    pub if_needed: bool,
}

const PUT_OFF: (&str, &str) = (
    "UPDATE deliveries SET next_at = x.value ->> 1, reason = x.value ->> 2 FROM json_each($1) x
     WHERE deliveries.id = x.value ->> 0",
    "UPDATE deliveries SET next_at = (x ->> 1)::BIGINT, reason = x ->> 2 FROM jsonb_array_elements($1::jsonb) x
     WHERE deliveries.id = x ->> 0",
);

/// Which deliveries are looked at.
pub(crate) enum These<'a> {
    /// Those of this notice and event to the contacts after the first and up to the second.
    Part(&'a str, &'a str, (&'a str, &'a str)),
    /// Those of this bundle to the endpoints after the first and up to the second that were just let go.
    Released(&'a str, (&'a str, &'a str)),
    /// Those with these ids (a JSON list).
    Listed(&'a str),
}

/// Puts off what waits among these for somebody whose hours are quiet when it would go out, where it can wait for their end.
pub(crate) async fn put_off(tx: &mut Tx, these: These<'_>) -> Result<()> {
    let (narrow, values): (String, Vec<Arg>) = match these {
        These::Part(notice, event, (after, upto)) => (
            "d.event = $1 AND d.notice = $2 AND d.contact > $3 AND d.contact <= $4".into(),
            args![event, notice, after, upto],
        ),
        These::Released(bundle, (after, upto)) => (
            "d.bundle = $1 AND d.endpoint > $2 AND d.endpoint <= $3 AND d.attempt = 0".into(),
            args![bundle, after, upto],
        ),
        These::Listed(ids) => (format!("d.id {}", among(tx, 1)), args![ids]),
    };
    let sql = format!(
        "SELECT d.id, d.next_at, e.quiet, e.time_zone, d.event, n.milestone, n.due, n.audience, d.bundle, d.endpoint
         FROM deliveries d JOIN endpoints e ON e.id = d.endpoint JOIN notices n ON n.id = d.notice
         WHERE {narrow} AND d.status = 'queued' AND d.channel IN ('sms', 'voice', 'push') AND e.quiet IS NOT NULL
           AND d.next_at < d.expires"
    );
    let rows = tx.rows(&sql, values).await?;
    // Almost nobody's phone is quiet: the rest is read only where one is.
    if rows.is_empty() {
        return Ok(());
    }
    let mut known = Known {
        catalogue: catalogue::load(tx).await?,
        events: HashMap::new(),
        zones: HashMap::new(),
    };
    // What one message tells waits as long as the part of it that can wait least. What is still to be let go (it waits at its
    // expiry till then) is looked at when it is.
    let mut messages: BTreeMap<OneMessage, (Vec<String>, Vec<Ends>)> = BTreeMap::new();
    for row in &rows {
        let id = row.text(0)?;
        let message = match row.maybe_text(8)? {
            Some(bundle) => (Some(bundle), row.text(9)?),
            None => (None, id.clone()),
        };
        let end = known.end(tx, row).await?;
        let (ids, ends) = messages.entry(message).or_default();
        ids.push(id);
        ends.push(end);
    }
    let mut later = Vec::new();
    for (ids, ends) in messages.into_values() {
        let ends: Option<Vec<_>> = ends.into_iter().collect();
        if let Some((end, reason)) = ends.and_then(|ends| ends.into_iter().min()) {
            let put = |id| (id, end.as_millisecond(), reason.clone());
            later.extend(ids.into_iter().map(put));
        }
    }
    if !later.is_empty() {
        let sql = tx.either(PUT_OFF.0, PUT_OFF.1);
        tx.execute(sql, args![serde_json::to_string(&later)?])
            .await?;
    }
    Ok(())
}

/// What goes out together: a bundle and its endpoint, or a delivery alone.
type OneMessage = (Option<String>, String);

/// Until when a delivery waits, and why, where it does.
type Ends = Option<(Timestamp, String)>;

/// What many deliveries have in common.
struct Known {
    catalogue: Catalogue,
    events: HashMap<String, Option<Event>>,
    zones: HashMap<String, Option<Zone>>,
}

impl Known {
    /// Until when a delivery waits, and why, where it does.
    async fn end(&mut self, tx: &mut Tx, row: &Row) -> Result<Ends> {
        let event = row.text(4)?;
        if !self.events.contains_key(&event) {
            let stored = events::load(tx, &event).await?;
            self.events
                .insert(event.clone(), stored.map(|stored| stored.event));
        }
        let latest = self.events[&event]
            .as_ref()
            .zip(Some((row.text(5)?, row.instant(6)?)))
            .and_then(|(event, (milestone, due))| event.can_wait_until(&milestone, due));
        let Some(latest) = latest else {
            return Ok(None);
        };
        let zone = self.zone(row.maybe_text(3)?, &row.text(7)?);
        let quiet = row.maybe_text(2)?;
        let quiet = quiet.as_deref().and_then(QuietHours::parse);
        let end = quiet.and_then(|quiet| Some((quiet.end(row.instant(1).ok()?, &zone)?, quiet)));
        // Hours that last until the work starts would make the message worthless: it goes out at once.
        Ok(end.filter(|(end, _)| *end < latest).map(|(end, _)| {
            let reason = format!("{UNTIL} {}", zone.at(end).strftime("%Y-%m-%d %H:%M %Z"));
            (end, reason)
        }))
    }

    /// On whose clocks: one's own, else the audience's, else the organisation's.
    fn zone(&mut self, own: Option<String>, audience: &str) -> Zone {
        let own = own.and_then(|name| {
            let parsed = || Zone::parse(&name).ok();
            self.zones
                .entry(name.clone())
                .or_insert_with(parsed)
                .clone()
        });
        let audiences = self.catalogue.audiences.iter();
        own.or_else(|| {
            let found = audiences.clone().find(|a| a.id == *audience);
            found.and_then(|audience| audience.time_zone.clone())
        })
        .unwrap_or_else(|| self.catalogue.organisation.time_zone.clone())
    }
}

impl Store {
    /// Messages about an event to somebody that have not gone out yet, those that wait longest last.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn waiting(&self, event: &str, contact: &str) -> Result<Vec<Waiting>> {
        let mut tx = self.db.read().await?;
        let sql = "SELECT n.milestone, d.channel, d.next_at, d.reason, d.waits IS NOT NULL FROM deliveries d JOIN notices n ON n.id = d.notice
            WHERE d.event = $1 AND d.contact = $2 AND d.status = 'queued' ORDER BY d.next_at, d.channel, d.id";
        let rows = tx.rows(sql, args![event, contact]).await?;
        rows.iter()
            .map(|row| {
                Ok(Waiting {
                    milestone: row.text(0)?,
                    channel: row.text(1)?,
                    next_at: row.instant(2)?,
                    reason: row.maybe_text(3)?,
                    if_needed: row.bool(4)?,
                })
            })
            .collect()
    }
}
