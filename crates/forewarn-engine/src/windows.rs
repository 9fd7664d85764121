//! Standard windows that come round: each occurrence ahead becomes an event with its notices, in time.
//!
//! What is planned follows from the catalogue, so every node may do this, and doing it again changes nothing. A window that was
//! changed or taken away takes its notices along; what was told stays told.

use crate::Engine;
use crate::channel::Channels;
use forewarn_core::event::{Event, Occasion};
use forewarn_core::plan::{Changes, PlannedWindow, Stored, changes_between, windows_ahead};
use forewarn_core::undo::Undoable;
use forewarn_core::window_use::WindowUse;
use forewarn_store::{Entry, EventFilter, Published, Result, StoreError, StoredEvent};
use jiff::Timestamp;
use serde_json::json;
use std::collections::BTreeSet;

/// How many open works are looked at; with more, the ones changed last.
const MOST_OPEN: i64 = 1_000;

impl<C: Channels> Engine<C> {
    /// Plans the notices of every window that comes round, and withdraws those of windows that no longer do.
    ///
    /// # Errors
    /// When the store cannot be used; what was planned so far stays planned.
    pub async fn plan_windows(&self) -> Result<()> {
        let now = self.clock.now();
        let planned = windows_ahead(&self.store.catalogue().await?, now);
        let mut known = self.store.windows_ahead(now).await?;
        for PlannedWindow { window, notices } in planned {
            let before = known.remove(window.id.as_str());
            let (sequence, stored) = match &before {
                Some((event, stored)) => (event.sequence, stored.as_slice()),
                None => (0, &[][..]),
            };
            let changes = real(changes_between(&notices, stored), stored, now);
            let same = before.as_ref().is_some_and(|(b, _)| is(b, &window));
            if same && changes.is_empty() || before.is_none() && notices.is_empty() {
                continue;
            }
            self.publish_window(window, sequence, &changes, now).await?;
        }
        for (event, stored) in known.into_values() {
            let Event::Window(window) = &event.event else {
                continue;
            };
            if window.dropped {
                continue;
            }
            let window = WindowUse {
                dropped: true,
                ..window.clone()
            };
            let changes = changes_between(&[], &stored);
            self.publish_window(window, event.sequence, &changes, now)
                .await?;
        }
        Ok(())
    }

    async fn publish_window(
        &self,
        window: WindowUse,
        sequence: i64,
        changes: &Changes,
        now: Timestamp,
    ) -> Result<()> {
        let action = match (window.dropped, sequence) {
            (true, _) => "window.dropped",
            (false, 0) => "window.planned",
            (false, _) => "window.changed",
        };
        let detail = json!({"service": window.service, "start": window.start});
        let entry = Entry::new("engine", action, window.id.as_str()).with(detail);
        let published = Published {
            event: &Event::Window(window),
            expected: sequence,
            changes,
            occasion: &Occasion::default(),
            awaiting: &BTreeSet::new(),
            entries: &[entry],
            plan: None,
            answer: None,
        };
        match self.store.publish(published, now).await {
            // Another node was faster, or a notice began meanwhile: the next look sees how things are.
            Err(StoreError::Conflict(_)) => Ok(()),
            other => other,
        }
    }

    /// What a window is used for, as it is known now.
    pub(crate) async fn used_for(&self, window: &WindowUse, occasion: &mut Occasion) -> Result<()> {
        let filter = EventFilter {
            kind: Some("maintenance"),
            open: true,
            since: None,
        };
        let open = self.store.events(&filter, MOST_OPEN).await?;
        let works = open.into_iter().filter_map(|stored| match stored.event {
            // Nobody hears what can still be undone.
            Event::Maintenance(maintenance) => Some(maintenance.as_told(self.clock.now())),
            Event::Incident(_)
            | Event::Window(_)
            | Event::Reminder(_)
            | Event::Advisory(_)
            | Event::Announcement(_) => None,
        });
        occasion.works = window.works(&works.collect::<Vec<_>>());
        Ok(())
    }
}

fn is(stored: &StoredEvent, window: &WindowUse) -> bool {
    matches!(&stored.event, Event::Window(known) if known == window)
}

/// Without the notices that stay as they are. What is late is due at once, and is not late anew at every look.
pub(crate) fn real(mut changes: Changes, stored: &[Stored], now: Timestamp) -> Changes {
    changes.update.retain(|notice| {
        let before = stored.iter().find(|s| s.id == notice.id);
        before.is_none_or(|s| s.due != notice.due && s.due.max(notice.due) > now)
    });
    changes
}
