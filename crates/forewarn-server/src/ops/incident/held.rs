//! Updates that wait until owners agree: nobody has heard them, so what was promised before stands until somebody did.

use super::{BROKEN, Ready, load, publish};
use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use forewarn_core::event::Event;
use forewarn_core::incident::Incident;
use forewarn_core::plan::{Changes, nobody_hears_yet};
use forewarn_core::promise::Thread;
use forewarn_store::Entry;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// What is published where these audiences wait.
pub(super) async fn as_heard(
    app: &App,
    ready: &Ready,
    waits: &BTreeSet<String>,
) -> Result<(Event, Changes)> {
    let (event, changes) = (ready.event.clone(), ready.changes.clone());
    match event {
        Event::Incident(incident)
            if !ready.occasion.again
                && (!waits.is_empty() || incident.is_said_beside_what_waits()) =>
        {
            let (stored, _) = app.store.planned(incident.id.as_str()).await?;
            let changes = nobody_hears_yet(changes, &stored);
            Ok((Event::Incident(incident.held()), changes))
        }
        event => Ok((event, changes)),
    }
}

/// Refuses to tell people an update that promises a time which has passed while it waited.
pub(super) fn can_be_told(incident: &Incident, now: Timestamp) -> Result<()> {
    let newest = incident.updates.last().filter(|update| update.waits);
    match newest.and_then(|update| update.promise) {
        Some(promise) if promise.due <= now => Err(ApiError::Conflict(format!(
            "{} waits with a promise of the next update by {}, which has passed: it must be later than {now}; promise another time first",
            incident.id, promise.due
        ))),
        _ => Ok(()),
    }
}

/// A promise that passed while the update that was to keep it waited goes on record before anybody agrees: the words to which
/// they agree name it.
pub(super) async fn put_on_record(app: &App, caller: &Caller, id: &str) -> Result<()> {
    let (incident, sequence) = load(app, id).await?;
    let now = app.clock.now();
    let lapsed = incident.lapsed(now).filter(|_| incident.waits());
    let (Some(promise), Some(number)) = (lapsed, incident.told_last().map(|u| u.number)) else {
        return Ok(());
    };
    let entry = Entry::new(&caller.actor, BROKEN, id).with(incident.breach(promise, now));
    let Some(broken) = incident.break_promise(number, now) else {
        return Ok(());
    };
    let catalogue = app.store.catalogue().await?;
    let ready = Ready::quiet(broken, sequence, Changes::default(), None, entry);
    // The answer to the request comes later.
    let caller = Caller {
        key: None,
        ..caller.clone()
    };
    publish(app, &caller, &catalogue, &[ready], &[]).await?;
    metrics::counter!("forewarn_promises_broken_total").increment(1);
    Ok(())
}
