//! Calendars of on-call tools: read again and again, so that whoever is called is whoever is on duty.
//!
//! What was read last counts until something newer is read: a feed that fails takes nobody off duty.

use crate::Engine;
use crate::channel::Channels;
use crate::channel::http::{HttpClient, NoAnswer, one_line};
use forewarn_core::calendar::shifts::{Shifts, read_shifts};
use forewarn_core::rota::{Exception, Rota, shifts_of};
use forewarn_core::time::Zone;
use forewarn_store::Result;
use http::HeaderMap;
use http::header::{ACCEPT, HeaderValue};
use jiff::{SignedDuration, Timestamp};

/// How often a feed is read, however many nodes there are.
const EVERY: SignedDuration = SignedDuration::from_mins(10);
/// A larger calendar is refused: years of shifts of everybody.
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// What is further ahead is read later.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 31);

impl<C: Channels> Engine<C> {
    /// Reads the feeds that nobody has read lately.
    ///
    /// # Errors
    /// When the store cannot be used. A feed that cannot be read is no error: why is kept with it.
    pub async fn read_feeds(&self) -> Result<()> {
        let Some(client) = &self.feeds else {
            return Ok(());
        };
        let catalogue = self.store.catalogue().await?;
        let zone = &catalogue.organisation.time_zone;
        for rota in &catalogue.rotas {
            let Some(feed) = rota.feed.as_ref().map(|feed| feed.as_str()) else {
                continue;
            };
            let (id, now) = (rota.id.as_str(), self.clock.now());
            if !self.store.claim_feed(id, feed, now - EVERY, now).await? {
                continue;
            }
            let read = read(client, feed, rota, zone, now).await;
            if let Err(problem) = &read {
                tracing::warn!(rota = id, %problem, "the feed of a rota could not be read");
            }
            let read = read.as_deref().map_err(String::as_str);
            self.store.feed_tried(id, feed, read, now).await?;
        }
        Ok(())
    }
}

async fn read(
    client: &HttpClient,
    url: &str,
    rota: &Rota,
    zone: &Zone,
    now: Timestamp,
) -> std::result::Result<Vec<Exception>, String> {
    let accept = (ACCEPT, HeaderValue::from_static("text/calendar"));
    let answer = client
        .get_up_to(url, HeaderMap::from_iter([accept]), MOST_BYTES)
        .await
        .map_err(|no| match no {
            NoAnswer::Refused(why) => why.to_string(),
            NoAnswer::Withheld => "there was no leave to ask any more".to_owned(),
            NoAnswer::Broken { reason, .. } => reason,
        })?;
    if !answer.status.is_success() {
        return Err(format!("the server said {}", answer.line()));
    }
    if answer.body.len() >= MOST_BYTES {
        return Err(format!("is larger than {} MiB", MOST_BYTES >> 20));
    }
    let text = String::from_utf8_lossy(&answer.body);
    let zone = rota.time_zone.as_ref().unwrap_or(zone);
    // What began yesterday may last until now.
    let from = now - SignedDuration::from_hours(24);
    let Shifts { shifts, problems } = read_shifts(&text, zone, from, now + AHEAD);
    // Half a calendar would send calls to whoever stands in the other half.
    if let Some(first) = problems.first() {
        let more = problems.len() - 1;
        return Err(one_line(&format!("{first} (and {more} more)"), 300));
    }
    let (shifts, unknown) = shifts_of(shifts, &rota.people, zone);
    if let Some(name) = unknown.first() {
        let what = format!("'{name}' names no mail address: add it to the rota's people");
        return Err(one_line(&what, 300));
    }
    Ok(shifts)
}
