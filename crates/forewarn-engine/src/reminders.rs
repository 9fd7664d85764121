//! Reminders for people of ours: outage plans to be looked at again and actions to be done become events with notices, in time.
//!
//! What is planned follows from what is stored, so every node may do this, and doing it again changes nothing. A signature, another
//! day or a tick takes the notices of the day before along; what was told stays told.

use crate::Engine;
use crate::channel::Channels;
use crate::windows::real;
use forewarn_core::event::{Event, Occasion};
use forewarn_core::plan::{Changes, PlannedReminder, Stored, changes_between, reminders_ahead};
use forewarn_core::reminder::Reminder;
use forewarn_store::{Entry, Published, Result, StoreError, StoredEvent};
use jiff::Timestamp;
use serde_json::json;
use std::collections::BTreeSet;

impl<C: Channels> Engine<C> {
    /// Plans the notices of all that people are to be reminded of, and withdraws those of what is done or has another day.
    ///
    /// # Errors
    /// When the store cannot be used; what was planned so far stays planned.
    pub async fn plan_reminders(&self) -> Result<()> {
        let now = self.clock.now();
        let (signed, explained) = (self.store.sign_offs().await?, self.store.explained().await?);
        let catalogue = self.store.catalogue().await?;
        let mut known = self.store.open_reminders().await?;
        for PlannedReminder { reminder, notices } in
            reminders_ahead(&catalogue, &signed, &explained, now)
        {
            let before = match known.remove(reminder.id.as_str()) {
                Some(before) => Some(before),
                None => self.dropped(&reminder).await?,
            };
            let (sequence, stored) = match &before {
                Some((event, stored)) => (event.sequence, stored.as_slice()),
                None => (0, &[][..]),
            };
            let changes = real(changes_between(&notices, stored), stored, now);
            let same = before.as_ref().is_some_and(|(b, _)| is(b, &reminder));
            if !same || !changes.is_empty() {
                self.publish_reminder(reminder, sequence, &changes, now)
                    .await?;
            }
        }
        for (event, stored) in known.into_values() {
            let Event::Reminder(reminder) = event.event else {
                continue;
            };
            let dropped = Reminder {
                dropped: true,
                ..reminder
            };
            let changes = changes_between(&[], &stored);
            self.publish_reminder(dropped, event.sequence, &changes, now)
                .await?;
        }
        Ok(())
    }

    /// One that was dropped and is wanted again, such as that of an action that was ticked off too early.
    async fn dropped(&self, reminder: &Reminder) -> Result<Option<(StoredEvent, Vec<Stored>)>> {
        let id = reminder.id.as_str();
        match self.store.event(id).await? {
            Some(event) => Ok(Some((event, self.store.planned(id).await?.0))),
            None => Ok(None),
        }
    }

    async fn publish_reminder(
        &self,
        reminder: Reminder,
        sequence: i64,
        changes: &Changes,
        now: Timestamp,
    ) -> Result<()> {
        let action = match (reminder.dropped, sequence) {
            (true, _) => "reminder.dropped",
            (false, 0) => "reminder.planned",
            (false, _) => "reminder.changed",
        };
        let detail = json!({"about": reminder.about, "due": reminder.day()});
        let entry = Entry::new("engine", action, reminder.id.as_str()).with(detail);
        let published = Published {
            event: &Event::Reminder(reminder),
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
}

fn is(stored: &StoredEvent, reminder: &Reminder) -> bool {
    matches!(&stored.event, Event::Reminder(known) if known == reminder)
}
