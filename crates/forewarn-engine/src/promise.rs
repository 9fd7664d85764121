//! What a promise's timer does when its time comes: it keeps the promise where a policy lets it, or puts on record that the
//! promise is broken. Both happen in the transaction in which the timer begins, so that they happen once, whoever is first.

use crate::Engine;
use crate::channel::Channels;
use forewarn_core::advisory::Advisory;
use forewarn_core::document::Catalogue;
use forewarn_core::event::{Event, Occasion};
use forewarn_core::incident::{Incident, Promise};
use forewarn_core::plan::{
    Changes, PROMISE_BROKEN, PROMISE_KEPT, SPOKESPERSON_CALL, called, next_update, publish_update,
};
use forewarn_core::promise::Thread;
use forewarn_store::{DueNotice, Entry, Result};
use jiff::Timestamp;
use serde_json::json;

/// A timer that comes later than this says so: the process was down, or the machine.
const LATE_SECONDS: i64 = 60;

const BROKEN: &str = "incident.promise_broken";
const ADVISORY_BROKEN: &str = "advisory.promise_broken";
const KEPT: &str = "incident.promise_kept";

/// An event that its own notice has set in motion, and what that changes.
pub(crate) struct MovedOn {
    pub(crate) event: Event,
    pub(crate) changes: Changes,
    pub(crate) occasion: Occasion,
    pub(crate) entries: Vec<Entry>,
}

impl<C: Channels> Engine<C> {
    /// What the incident becomes when this notice begins; `None` for all that is no timer.
    pub(crate) async fn keep_or_break(
        &self,
        notice: &DueNotice,
        incident: &Incident,
        catalogue: &Catalogue,
        now: Timestamp,
    ) -> Result<Option<MovedOn>> {
        if notice.occasion.milestone == SPOKESPERSON_CALL {
            return Ok(calls(notice, incident, now));
        }
        let number = notice.occasion.update;
        let newest = incident.told_last().map(|u| u.number);
        if number != newest {
            return Ok(None);
        }
        match notice.occasion.milestone.as_str() {
            PROMISE_BROKEN => Ok(broken(incident, newest, now)),
            PROMISE_KEPT => self.kept(notice, incident, catalogue, now).await,
            _ => Ok(None),
        }
    }

    async fn kept(
        &self,
        notice: &DueNotice,
        incident: &Incident,
        catalogue: &Catalogue,
        now: Timestamp,
    ) -> Result<Option<MovedOn>> {
        // What waits tells more than that nothing is new, and what would be said beside it waits too.
        if incident.waits() {
            return Ok(None);
        }
        // A cadence that cannot be counted lets the promise break, which is told.
        let Ok(next) = next_update(None, incident.severity, catalogue, now) else {
            return Ok(None);
        };
        let id = incident.id.as_str();
        let lapsed = incident.lapsed(now);
        let Ok(kept) = incident.clone().keep_promise(next, now) else {
            return Ok(None);
        };
        let (mut stored, _) = self.store.planned(id).await?;
        // This one begins itself.
        stored.retain(|s| s.id != notice.id);
        let (kept, changes) = publish_update(kept, catalogue, &stored, now);
        let mut entries = Vec::new();
        entries.extend(lapsed.map(|promise| breach(incident, promise, now)));
        entries.push(Entry::new("engine", KEPT, id).with(json!({
            "because": "nobody wrote the promised update; the policy lets Forewarn say that nothing is new",
            "next_update_at": next, "in_a_row": kept.automatic_in_a_row(),
        })));
        let occasion = Occasion {
            update: kept.updates.last().map(|u| u.number),
            ..Occasion::default()
        };
        Ok(Some(MovedOn {
            event: Event::Incident(kept),
            changes,
            occasion,
            entries,
        }))
    }
}

/// Whoever is called stands on record from the moment of the call.
fn calls(notice: &DueNotice, incident: &Incident, now: Timestamp) -> Option<MovedOn> {
    let call = incident.call.as_ref()?;
    let place = called(&notice.audience);
    let who = place.and_then(|n| call.chain.get(n)).cloned();
    let action = match place {
        Some(0) => "incident.spokesperson_called",
        _ => "incident.call_escalated",
    };
    let entry = Entry::new("engine", action, incident.id.as_str())
        .with(json!({"who": who, "notice": notice.id}));
    Some(MovedOn {
        event: Event::Incident(incident.clone().was_called(who, now)?),
        changes: Changes::default(),
        occasion: Occasion::default(),
        entries: vec![entry],
    })
}

fn broken(incident: &Incident, number: Option<u32>, now: Timestamp) -> Option<MovedOn> {
    let entry = breach(incident, incident.lapsed(now)?, now);
    on_record(incident, number?, now, Event::Incident, entry)
}

/// What an advisory becomes when the time of its promise passes; `None` for all that is no timer, or no newest one.
pub(crate) fn lapsed(notice: &DueNotice, advisory: &Advisory, now: Timestamp) -> Option<MovedOn> {
    if notice.occasion.milestone != PROMISE_BROKEN {
        return None;
    }
    let detail = advisory.breach(advisory.lapsed(now)?, now);
    let entry = Entry::new("engine", ADVISORY_BROKEN, advisory.id.as_str()).with(detail);
    let number = notice.occasion.update?;
    on_record(advisory, number, now, Event::Advisory, entry)
}

fn on_record<T: Thread + Clone>(
    thread: &T,
    number: u32,
    now: Timestamp,
    event: fn(T) -> Event,
    entry: Entry,
) -> Option<MovedOn> {
    Some(MovedOn {
        event: event(thread.clone().break_promise(number, now)?),
        changes: Changes::default(),
        occasion: Occasion::default(),
        entries: vec![entry],
    })
}

fn breach(incident: &Incident, promise: Promise, now: Timestamp) -> Entry {
    Entry::new("engine", BROKEN, incident.id.as_str()).with(incident.breach(promise, now))
}

/// What a notice tells of: a promise that was kept by itself is told with the update that kept it.
pub(crate) fn about(occasion: &Occasion, moved_on: Option<&MovedOn>) -> Occasion {
    let update = moved_on.and_then(|m| m.occasion.update);
    Occasion {
        update: update.or(occasion.update),
        ..occasion.clone()
    }
}

/// By how many seconds a timer comes too late to be called on time.
pub(crate) fn late_by(due: Timestamp, now: Timestamp) -> i64 {
    let late = now.duration_since(due).as_secs();
    if late > LATE_SECONDS { late } else { 0 }
}

/// Counts what was done to promises.
pub(crate) fn count(entries: &[Entry]) {
    for entry in entries {
        match entry.action {
            BROKEN | ADVISORY_BROKEN => {
                metrics::counter!("forewarn_promises_broken_total").increment(1)
            }
            KEPT => metrics::counter!("forewarn_promises_kept_automatically_total").increment(1),
            _ => {}
        }
    }
}
