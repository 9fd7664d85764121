//! Work that newer zone data moved in time.

use super::{Said, publish};
use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use crate::ops::announcement;
use forewarn_core::event::Event;
use forewarn_core::maintenance::Maintenance;
use forewarn_core::plan::CLOCKS_CHANGED;
use forewarn_core::zone_data;
use forewarn_store::{Entry, EventFilter, StoredEvent};
use jiff::Timestamp;
use serde_json::json;

/// Plans anew what zone data moved: civil times are what was agreed, and the instants that follow from them may have changed
/// with the rules of a zone. The owners are told. Says which maintenances.
///
/// # Errors
/// When the store cannot be read or written; what was done so far stays done.
pub async fn clocks_changed(app: &App) -> Result<Vec<String>> {
    let ours = zone_data::version();
    let newest = app
        .store
        .newest_setting("zone_data", ours, zone_data::is_newer)
        .await?;
    if zone_data::is_newer(&newest, ours) {
        // Two nodes with different data would move the same work back and forth.
        tracing::warn!(
            ours,
            newest,
            "this process has older time zone data than another had: planned work stays as that one reckoned it"
        );
        return Ok(Vec::new());
    }
    let open = |kind| EventFilter {
        kind: Some(kind),
        open: true,
        since: None,
    };
    let mut planned = app.store.events(&open("maintenance"), i64::MAX).await?;
    planned.extend(app.store.events(&open("announcement"), i64::MAX).await?);
    let mut moved = Vec::new();
    for stored in planned {
        let event = &stored.event;
        let now = (event.starts_at(), event.ends_at());
        // The store keeps milliseconds.
        let millis = |(start, end): (Timestamp, Option<Timestamp>)| {
            (start.as_millisecond(), end.map(Timestamp::as_millisecond))
        };
        if millis(now) == millis(stored.reckoned) {
            continue;
        }
        match plan_anew(app, stored, now).await {
            Ok(id) => moved.push(id),
            // Another node was quicker, or it is one event's own trouble: the rest must go out all the same.
            Err(problem) => tracing::warn!(%problem, "work that a zone moved is not planned anew"),
        }
    }
    Ok(moved)
}

/// Over the sequence that was seen: of two nodes that start at once one does it.
async fn plan_anew(
    app: &App,
    stored: StoredEvent,
    now: (Timestamp, Option<Timestamp>),
) -> Result<String> {
    let system = Caller::system("zone data");
    let detail = json!({"from": stored.reckoned, "to": now, "zone_data": zone_data::version()});
    let m = match stored.event {
        Event::Maintenance(m) => m,
        Event::Announcement(announced) => {
            let (id, seq) = (announced.id.to_string(), stored.sequence);
            announcement::clocks_changed(app, &system, announced, seq, detail).await?;
            return Ok(id);
        }
        Event::Incident(_) | Event::Window(_) | Event::Reminder(_) | Event::Advisory(_) => {
            return Err(ApiError::Conflict("its time is not planned".into()));
        }
    };
    let catalogue = app.store.catalogue().await?;
    let id = m.id.to_string();
    let entry = Entry::new(&system.actor, "maintenance.clocks_changed", &id).with(detail);
    let m = Maintenance {
        revision: m.revision + 1,
        ..m
    };
    let said = Said {
        milestone: Some(CLOCKS_CHANGED),
        ..Said::default()
    };
    let (seq, status) = (stored.sequence, 200);
    publish(app, &system, &catalogue, m, seq, said, entry, status).await?;
    Ok(id)
}
