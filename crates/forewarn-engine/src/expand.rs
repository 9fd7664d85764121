//! From due notices to deliveries.

use crate::Engine;
use crate::channel::Channels;
use crate::promise::{MovedOn, about, count, late_by};
use forewarn_core::document::Catalogue;
use forewarn_core::event::{Event, Occasion};
use forewarn_core::maintenance::Status;
use forewarn_core::plan::{Changes, REQUESTERS, is_promise_timer};
use forewarn_core::service::affected;
use forewarn_store::{DueNotice, Entry, Lane, Published, Recipients, Result, StoreError};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// How many notices are begun at once.
const BEGIN: i64 = 64;

impl<C: Channels> Engine<C> {
    /// Begins the notices of a lane that are due and expands a part of each that is begun. Says whether more waits.
    ///
    /// # Errors
    /// When the store cannot be used; what was done so far stays done.
    pub async fn prepare(&self, lane: Lane) -> Result<bool> {
        let now = self.clock.now();
        let due = self.store.due_notices(lane, now, BEGIN).await?;
        let mut more = due.len() as i64 == BEGIN;
        if !due.is_empty() {
            let catalogue = self.store.catalogue().await?;
            // Of an event that was changed meanwhile nothing more begins before it is read again: the rest would overtake.
            let mut overtaken = BTreeSet::new();
            for notice in due {
                let event = notice.event.id().clone();
                if !overtaken.contains(&event) && !self.begin(notice, &catalogue, now).await? {
                    overtaken.insert(event);
                }
            }
            more |= !overtaken.is_empty();
        }
        let unexpanded = self.store.unexpanded(lane).await?;
        if !unexpanded.is_empty() {
            let catalogue = self.store.catalogue().await?;
            for (notice, audience, event) in unexpanded {
                let recipients = recipients(&catalogue, &audience, &event);
                let chunk = self.store.expand(&notice, &recipients, now).await?;
                more |= !chunk.complete;
            }
        }
        self.store.finish_notices(now).await?;
        Ok(more)
    }

    /// Freezes what a notice says. The start of work sets the event itself in motion: people are told that it began.
    /// Says whether the notice is dealt with; if not it must be read again.
    async fn begin(
        &self,
        notice: DueNotice,
        catalogue: &Catalogue,
        now: Timestamp,
    ) -> Result<bool> {
        let mut notice = notice;
        let mut moved_on = match &notice.event {
            Event::Incident(incident) => {
                self.keep_or_break(&notice, incident, catalogue, now)
                    .await?
            }
            Event::Maintenance(_) => None,
        };
        if notice.occasion.milestone == "start"
            && let Some(stored) = self.store.event(notice.event.id().as_str()).await?
        {
            (notice.event, notice.sequence) = (stored.event, stored.sequence);
            if let Event::Maintenance(m) = &notice.event
                && m.status == Status::Scheduled
                && let Ok(started) = m.clone().start(notice.due)
            {
                let entry = Entry::new("engine", "maintenance.started", m.id.as_str())
                    .with(serde_json::json!({"because": "its planned start has come"}));
                moved_on = Some(MovedOn {
                    event: Event::Maintenance(started),
                    changes: Changes::default(),
                    occasion: Occasion::default(),
                    entries: vec![entry],
                });
            }
        }
        let event = moved_on.as_ref().map_or(&notice.event, |m| &m.event);
        let timer = is_promise_timer(&notice.occasion.milestone);
        let mut content = event.content(
            &about(&notice.occasion, moved_on.as_ref()),
            catalogue
                .audiences
                .iter()
                .find(|a| a.id == *notice.audience),
            catalogue,
            &self.identity.public_url,
            // How long is left of a promise, or how long it is broken, counts from the message itself.
            if timer { now } else { notice.due },
        );
        if timer {
            content.late_by_seconds = late_by(notice.due, now);
        }
        content.requested = notice.audience == REQUESTERS;
        let nobody = BTreeSet::new();
        let published = moved_on.as_ref().map(|moved_on| Published {
            event: &moved_on.event,
            expected: notice.sequence,
            changes: &moved_on.changes,
            occasion: &moved_on.occasion,
            awaiting: &nobody,
            entries: &moved_on.entries,
            plan: None,
            answer: None,
        });
        match self
            .store
            .begin_notice(&notice, &content, published, now)
            .await
        {
            // Somebody changed the event between our reading and writing: the next look sees the new plan.
            Err(StoreError::Conflict(_)) => Ok(false),
            Ok(begun) => {
                if let Some(moved_on) = moved_on.filter(|_| begun) {
                    count(&moved_on.entries);
                }
                Ok(true)
            }
            Err(problem) => Err(problem),
        }
    }
}

/// Who a notice goes to: its audience as it is now, or the people who run the event.
pub(crate) fn recipients(catalogue: &Catalogue, audience: &str, event: &Event) -> Recipients {
    if let Some(addresses) = event.built_in_audience(audience, catalogue) {
        return Recipients::Addresses(addresses);
    }
    let found = catalogue.audiences.iter().find(|a| a.id == *audience);
    let reached = affected(&event.services(), &catalogue.services)
        .into_iter()
        .map(|a| a.service);
    Recipients::Members {
        services: reached
            .filter(|s| found.is_none_or(|a| a.uses(s)))
            .collect(),
    }
}
