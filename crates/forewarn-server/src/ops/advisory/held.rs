//! Words that wait until owners agree: nobody has heard them, so what was promised before stands until somebody did.

use super::{BROKEN, Ready, load};
use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use forewarn_core::advisory::Advisory;
use forewarn_core::plan::{Changes, nobody_hears_yet};
use forewarn_core::promise::Thread;
use forewarn_store::Entry;
use jiff::Timestamp;

/// What is published where somebody must agree first. The first word has none before it that could stand in its place.
pub(super) async fn as_heard(
    app: &App,
    advisory: Advisory,
    changes: Changes,
) -> Result<(Advisory, Changes)> {
    let (stored, _) = app.store.planned(advisory.id.as_str()).await?;
    Ok((advisory.held(), nobody_hears_yet(changes, &stored)))
}

/// Refuses to tell people a word that promises a time which has passed while it waited.
pub(super) fn can_be_told(advisory: &Advisory, now: Timestamp) -> Result<()> {
    let newest = advisory.updates.last().filter(|word| word.waits);
    match newest.and_then(|word| word.promise) {
        Some(promise) if promise.due <= now => Err(ApiError::Conflict(format!(
            "{} waits with a promise of the next word by {}, which has passed: it must be later than {now}; say it anew with another time",
            advisory.id, promise.due
        ))),
        _ => Ok(()),
    }
}

/// A promise that passed while the word that was to keep it waited goes on record before anybody agrees: the words to which they
/// agree name it.
pub(super) async fn put_on_record(app: &App, caller: &Caller, id: &str) -> Result<()> {
    let (advisory, expected) = load(app, id).await?;
    let now = app.clock.now();
    let lapsed = advisory.lapsed(now).filter(|_| advisory.waits());
    let (Some(promise), Some(number)) = (lapsed, advisory.told_last().map(|w| w.number)) else {
        return Ok(());
    };
    let entry = Entry::new(&caller.actor, BROKEN, id).with(advisory.breach(promise, now));
    let Some(broken) = advisory.break_promise(number, now) else {
        return Ok(());
    };
    let ready = Ready {
        advisory: broken,
        expected,
        changes: Changes::default(),
        again: true,
        entries: vec![entry],
        sending: None,
    };
    // The answer to the request comes later.
    let caller = Caller {
        key: None,
        ..caller.clone()
    };
    ready.publish(app, &caller, &[]).await?;
    metrics::counter!("forewarn_promises_broken_total").increment(1);
    Ok(())
}
