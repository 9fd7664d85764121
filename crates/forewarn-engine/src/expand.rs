//! From due notices to deliveries.

use crate::Engine;
use crate::channel::Channels;
use crate::promise::{MovedOn, about, count, lapsed, late_by};
use forewarn_core::acknowledge::{asked, unconfirmed};
use forewarn_core::announcement::Announcement;
use forewarn_core::call_list::{key_of, own_endpoint};
use forewarn_core::contact::{Channel, Endpoint};
use forewarn_core::document::Catalogue;
use forewarn_core::event::{Event, Occasion};
use forewarn_core::id::Id;
use forewarn_core::maintenance::Status;
use forewarn_core::message::Content;
use forewarn_core::plan::{
    BACKUP, COPY_DUE, Changes, INTERNAL, OVERRUN, PROMISE_BROKEN, REQUESTERS, SPOKESPERSON, Stored,
    called, copy_place, is_team_notice, overrun,
};
use forewarn_core::recipient::added_level;
use forewarn_core::service::affected;
use forewarn_store::{
    BUNDLED, DueNotice, Entry, Fallback, Lane, Published, Recipients, Result, StoreError, Waits,
};
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
            let mut unexpanded: Vec<_> = unexpanded
                .into_iter()
                .map(|unexpanded| (order(&catalogue, &unexpanded.1), unexpanded))
                .collect();
            unexpanded.sort_by_key(|(order, _)| *order);
            let turns: BTreeSet<i32> = unexpanded.iter().map(|(order, _)| *order).collect();
            let mut waits = None;
            for (order, (notice, audience, milestone, event)) in unexpanded {
                // Whoever comes first is in the queue as a whole before the next ones are.
                if waits.is_some_and(|waits| waits < order) {
                    break;
                }
                let recipients = recipients(&catalogue, &audience, &milestone, &event);
                // The queue goes by time: what comes later in this turn counts as queued later.
                let later = turns.iter().filter(|turn| **turn > order).count() as i64;
                let at = now - jiff::SignedDuration::from_millis(later);
                let chunk = self.store.expand(&notice, &recipients, at).await?;
                more |= !chunk.complete;
                if !chunk.complete {
                    waits = Some(order);
                }
            }
        }
        more |= self.store.fall_back(now).await?;
        self.store.close_ranks(now).await?;
        more |= self.store.settle(now).await?;
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
        let needs = self.needs(&notice, catalogue).await?;
        // What somebody agreed to leaves as they saw it, so it is never a part of another message.
        let shared = shares_its_day(&notice, catalogue).filter(|_| needs.is_empty());
        if let Some(until) = shared {
            self.store.bundle(&notice, until, now).await?;
        }
        let mut moved_on = match &notice.event {
            Event::Incident(incident) => {
                self.keep_or_break(&notice, incident, catalogue, now)
                    .await?
            }
            Event::Advisory(advisory) => lapsed(&notice, advisory, now),
            Event::Maintenance(_)
            | Event::Window(_)
            | Event::Reminder(_)
            | Event::Announcement(_) => None,
        };
        if matches!(notice.occasion.milestone.as_str(), "start" | "effective")
            && let Some(stored) = self.store.event(notice.event.id().as_str()).await?
        {
            (notice.event, notice.sequence) = (stored.event, stored.sequence);
            if let Event::Maintenance(m) = &notice.event
                && m.status == Status::Scheduled
                && let Ok(started) = m.clone().start(notice.due)
            {
                let entry = Entry::new("engine", "maintenance.started", m.id.as_str())
                    .with(serde_json::json!({"because": "its planned start has come"}));
                let changes = Changes {
                    add: overrun(&started, catalogue, now),
                    ..Changes::default()
                };
                moved_on = Some(MovedOn {
                    event: Event::Maintenance(started),
                    changes,
                    occasion: Occasion::default(),
                    entries: vec![entry],
                });
            }
            if let Event::Announcement(a) = &notice.event {
                moved_on = in_effect(a, notice.due);
            }
        }
        if let Event::Window(window) = &notice.event {
            self.used_for(&window.clone(), &mut notice.occasion).await?;
        }
        if notice.occasion.milestone == COPY_DUE {
            notice.occasion.copy_of = self.whose_copy(&notice).await?;
        }
        let event = moved_on.as_ref().map_or(&notice.event, |m| &m.event);
        // Nobody hears what can still be undone.
        let as_told = event.as_told(now);
        let event = &*as_told;
        let timer = is_team_notice(&notice.occasion.milestone);
        let seen = event.added().map(|added| added.over(catalogue));
        let catalogue = seen.as_deref().unwrap_or(catalogue);
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
        // Who has not confirmed the first word is reminded with the newest that they were told: the first may be wrong by now. What was
        // agreed to of that holds for the reminder, which says it once more.
        let mut agreed = None;
        if let Some(of) = unconfirmed(&notice.audience)
            && let Some((by, told)) = self.store.last_told(of).await?
        {
            let at = content.at;
            content = Content { at, ..told };
            agreed = self.store.wording(&by).await?;
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
        let wording = match self.approved(&notice, &content, &needs, catalogue).await? {
            Ok(wording) => wording.or(agreed),
            Err((because, hash)) => {
                return self.hold(&notice, published, (because, &hash), now).await;
            }
        };
        match self
            .store
            .begin_approved(&notice, &content, wording.as_ref(), published, now)
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

    /// The notice whose text is due elsewhere, as it is planned now.
    async fn whose_copy(&self, notice: &DueNotice) -> Result<Option<String>> {
        let (all, _) = self.store.planned(notice.event.id().as_str()).await?;
        let place = notice.occasion.offset.as_deref();
        let its = |s: &&Stored| {
            let own = copy_place(&s.audience, &s.milestone, s.offset.as_deref());
            s.open && place == Some(own.as_str())
        };
        Ok(all.iter().find(its).map(|s| s.id.clone()))
    }
}

/// The first of its notices to begin at its moment brings an announcement into effect.
fn in_effect(announced: &Announcement, due: Timestamp) -> Option<MovedOn> {
    let holds = announced.clone().take_effect(due).ok()?;
    let entry = Entry::new("engine", "announcement.effective", holds.id.as_str())
        .with(serde_json::json!({"because": "its planned time has come"}));
    Some(MovedOn {
        event: Event::Announcement(holds),
        changes: Changes::default(),
        occasion: Occasion::default(),
        entries: vec![entry],
    })
}

/// When an audience's turn is; those that an event brings along have the usual one.
fn order(catalogue: &Catalogue, audience: &str) -> i32 {
    let found = catalogue.audiences.iter().find(|a| a.id == *audience);
    found.map_or(0, |audience| audience.order)
}

/// The end of the day that a notice may share with those of other events, where it may: on the audience's clocks, and not where
/// work starts, or something takes effect, on the same day.
fn shares_its_day(notice: &DueNotice, catalogue: &Catalogue) -> Option<Timestamp> {
    let start = match &notice.event {
        Event::Maintenance(work) => work.window().0,
        Event::Announcement(announced) => announced.effective.instant(),
        Event::Incident(_) | Event::Window(_) | Event::Reminder(_) | Event::Advisory(_) => {
            return None;
        }
    };
    let bundled = BUNDLED.contains(&notice.occasion.milestone.as_str());
    let has_room = notice.channels.iter().any(|c| c.tells_of_several());
    let audience = catalogue
        .audiences
        .iter()
        .find(|a| a.id == *notice.audience)?;
    if !bundled || !has_room || !audience.hears_together() {
        return None;
    }
    let organisation = &catalogue.organisation.time_zone;
    let zone = audience.time_zone.as_ref().unwrap_or(organisation);
    let until = zone.end_of_day(notice.due);
    (start >= until).then_some(until)
}

/// Who is called when a promise is broken: the backups, and the spokesperson where there is none.
fn called_at_zero(event: &Event, catalogue: &Catalogue) -> Vec<Endpoint> {
    let [backups, first] = [BACKUP, SPOKESPERSON].map(|audience| {
        let known = event.built_in_audience(audience, catalogue);
        known.unwrap_or_default()
    });
    if backups.is_empty() { first } else { backups }
}

/// Who a notice goes to: its audience as it is now, or the people who run the event.
pub(crate) fn recipients(
    catalogue: &Catalogue,
    audience: &str,
    milestone: &str,
    event: &Event,
) -> Recipients {
    if let Some(notice) = unconfirmed(audience) {
        return Recipients::Unconfirmed(notice.to_owned());
    }
    if let Some(key) = key_of(audience) {
        let by = [Channel::Voice, Channel::Sms];
        let own: Vec<Endpoint> = by
            .into_iter()
            .filter_map(|channel| own_endpoint(key, channel, catalogue))
            .collect();
        return match Id::parse(key) {
            Ok(contact) if own.is_empty() => Recipients::Contact(contact),
            _ => Recipients::Addresses(own),
        };
    }
    if let Some(addresses) = event.built_in_audience(audience, catalogue) {
        let called = match (audience, milestone, event) {
            (SPOKESPERSON | BACKUP, _, _) | (INTERNAL, OVERRUN, _) => addresses.clone(),
            (INTERNAL, PROMISE_BROKEN, Event::Incident(_)) => called_at_zero(event, catalogue),
            _ if called(audience).is_some() => addresses.clone(),
            _ => Vec::new(),
        };
        return match called.is_empty() {
            true => Recipients::Addresses(addresses),
            false => Recipients::Team {
                mailboxes: addresses,
                called,
            },
        };
    }
    if added_level(audience).is_some() {
        return Recipients::Added;
    }
    let found = catalogue.audiences.iter().find(|a| a.id == *audience);
    let affected = affected(&event.services(), &catalogue.services);
    let services = event.services_told(audience, found, &affected, catalogue);
    let fallback = match found {
        None => Fallback::default(),
        Some(found) => Fallback {
            steps: found.later_channels(),
            waits: match asked(milestone, audience, catalogue) {
                Some(_) => Waits::Confirmed,
                None => Waits::Delivered,
            },
        },
    };
    Recipients::Members { services, fallback }
}
