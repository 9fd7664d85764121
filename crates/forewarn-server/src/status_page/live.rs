//! The public pages as they are now: a value in memory, swapped whole when something changes.
//!
//! No request for a public page reaches the database. While the database is away the last pages stay up; they say as of when.

use super::snapshot::Translation;
use super::subscription::{open_services, open_to_browsers, open_to_phones};
use super::texts::Texts;
use super::{
    Pages, PublicAdvisory, PublicAnnouncement, PublicChange, PublicIncident, PublicMaintenance,
    PublicMessage, Snapshot,
};
use forewarn_core::advisory::{self, Advisory};
use forewarn_core::audience::Level;
use forewarn_core::contact::Channel;
use forewarn_core::document::Catalogue;
use forewarn_core::event::{Event, Occasion};
use forewarn_core::incident::Incident;
use forewarn_core::message::{Content, Variant, render_page};
use forewarn_core::plan::is_inside;
use forewarn_core::policy;
use forewarn_core::template::Template;
use forewarn_core::words::primary;
use forewarn_store::{Clock, EventFilter, NoticeFilter, Result, Store, StoredEvent};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How far back the public pages reach.
const HISTORY: SignedDuration = SignedDuration::from_hours(24 * 90);
/// Open events, and closed ones, on the public pages.
const MOST: i64 = 500;
/// Changes of other processes give no hint; the journal is looked at this often.
const POLL: Duration = Duration::from_secs(2);
/// However much changes, the pages are made at most this often.
const REST: Duration = Duration::from_millis(100);

/// The public pages as they are now.
#[derive(Clone, Default)]
pub struct Live {
    pages: Arc<watch::Sender<Arc<Pages>>>,
    phones: bool,
    push: bool,
}

impl Live {
    /// Pages of a place from which text messages can be sent, or cannot.
    pub fn with_phones(phones: bool) -> Live {
        Live {
            phones,
            ..Live::default()
        }
    }

    /// The same of a place from which messages to browsers can be sent, or cannot.
    pub fn and_push(self, push: bool) -> Live {
        Live { push, ..self }
    }

    /// The pages; cheap, and never in the way of a swap for long.
    pub fn pages(&self) -> Arc<Pages> {
        self.pages.borrow().clone()
    }

    /// Swaps the pages.
    pub fn set(&self, pages: Pages) {
        self.pages.send_replace(Arc::new(pages));
    }

    /// The pages as they are now and each time they are swapped.
    pub fn changes(&self) -> watch::Receiver<Arc<Pages>> {
        self.pages.subscribe()
    }

    /// Makes the pages anew from the store. Says when they will not be true any more although nothing happens: a promise passes.
    ///
    /// # Errors
    /// When the store cannot be read; the old pages stay.
    pub async fn refresh(
        &self,
        store: &Store,
        clock: &Clock,
        public_url: &str,
    ) -> Result<Option<Timestamp>> {
        let mut snapshot = snapshot(store, clock.now(), public_url, clock.is_manual()).await?;
        snapshot.phones &= self.phones;
        snapshot.push &= self.push;
        self.set(Pages::render(&snapshot));
        Ok(snapshot.next_promise())
    }

    /// When something that can still be undone is told: the pages change then, though nothing is done.
    async fn next_told(&self, store: &Store, now: Timestamp) -> Result<Option<Timestamp>> {
        let late = EventFilter {
            since: Some(now - SignedDuration::from_mins(2)),
            ..EventFilter::default()
        };
        let events = store.events(&late, MOST).await?;
        Ok(events
            .iter()
            .filter_map(|stored| stored.event.waits_until(now))
            .min())
    }

    /// Keeps the pages true until `stop` turns true.
    pub async fn keep(
        self,
        store: Store,
        clock: Clock,
        public_url: String,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut published = store.publications();
        let mut shown = None;
        // When they change though nothing is done: something is told, or a promise passes.
        let (mut told, mut passes) = (None, None::<Timestamp>);
        while !*stop.borrow() {
            let made = async {
                // A new day changes what "today" is, though nothing happened.
                let now = (
                    store.public_version().await?,
                    clock.now().as_second() / 3600,
                );
                let at = clock.now();
                let is_told = told.is_some_and(|told| told <= at);
                let has_passed = passes.is_some_and(|due| due < at);
                if shown != Some(now) || is_told || has_passed {
                    passes = self.refresh(&store, &clock, &public_url).await?;
                    shown = Some(now);
                    told = self.next_told(&store, at).await?;
                }
                Ok::<(), forewarn_store::StoreError>(())
            };
            if let Err(problem) = made.await {
                tracing::warn!(%problem, "the public pages stay as they are");
            }
            tokio::time::sleep(REST).await;
            tokio::select! {
                _ = published.changed() => {}
                () = tokio::time::sleep(POLL) => {}
                _ = stop.changed() => {}
            }
        }
    }
}

/// Whether owners must agree to some of it and have not.
async fn awaits(store: &Store, event: &Event, catalogue: &Catalogue) -> Result<bool> {
    let policy = policy::of_event(event, &catalogue.policies);
    if policy.is_none_or(|policy| policy.approval.is_empty()) {
        return Ok(false);
    }
    let filter = NoticeFilter {
        event: Some(event.id().to_string()),
        status: Some("awaiting_approval".into()),
        ..NoticeFilter::default()
    };
    Ok(!store.notices(&filter, 1).await?.is_empty())
}

/// Updates that wait until somebody agrees to what they say: nobody reads them here before.
async fn waiting(store: &Store, event: &Event, catalogue: &Catalogue) -> Result<BTreeSet<u32>> {
    let policy = policy::of_event(event, &catalogue.policies);
    if policy.is_none_or(|policy| policy.approval.is_empty()) {
        return Ok(BTreeSet::new());
    }
    let filter = NoticeFilter {
        event: Some(event.id().to_string()),
        status: Some("awaiting_approval".into()),
        ..NoticeFilter::default()
    };
    let mut numbers = BTreeSet::new();
    for notice in store.notices(&filter, 1000).await? {
        let occasion = store.notice_occasion(&notice.id).await?;
        numbers.extend(occasion.and_then(|occasion| occasion.update));
    }
    Ok(numbers)
}

/// All that may be said in public now.
///
/// # Errors
/// When the store cannot be read.
pub async fn snapshot(
    store: &Store,
    now: Timestamp,
    public_url: &str,
    demo: bool,
) -> Result<Snapshot> {
    let catalogue = store.catalogue().await?;
    let templates = store.templates().await?;
    let speaker = Speaker {
        catalogue: &catalogue,
        templates: &templates,
        public_url,
    };
    let (mut incidents, mut maintenances) = (Vec::new(), Vec::new());
    let (mut advisories, mut announcements) = (Vec::new(), Vec::new());
    for mut stored in shown(store, now).await? {
        // Nobody reads here what can still be undone.
        stored.event = stored.event.as_told(now).into_owned();
        match stored.event.clone() {
            Event::Incident(incident) => {
                let waiting = waiting(store, &stored.event, &catalogue).await?;
                incidents.push(speaker.incident(incident, &waiting));
            }
            Event::Advisory(advisory) => {
                let waiting = waiting(store, &stored.event, &catalogue).await?;
                advisories.push(speaker.advisory(advisory, &waiting));
            }
            Event::Announcement(announcement) => {
                let messages = speaker.notices(store, &stored).await?;
                // What owners have not agreed to is not public, also not on its page.
                if messages.is_empty() && awaits(store, &stored.event, &catalogue).await? {
                    continue;
                }
                announcements.push(PublicAnnouncement {
                    announcement,
                    created_at: stored.created_at,
                    changed_at: stored.updated_at,
                    messages,
                });
            }
            // What a window is used for is work, and stands here as that. What our own people are reminded of is theirs.
            Event::Window(_) | Event::Reminder(_) => {}
            Event::Maintenance(maintenance) => {
                let messages = speaker.notices(store, &stored).await?;
                maintenances.push(PublicMaintenance {
                    maintenance,
                    created_at: stored.created_at,
                    changed_at: stored.updated_at,
                    messages,
                });
            }
        }
    }
    Ok(Snapshot {
        made_at: now,
        organisation: catalogue.organisation.clone(),
        public_url: public_url.trim_end_matches('/').to_owned(),
        services: catalogue.services.clone(),
        phones: open_to_phones(
            &catalogue.organisation,
            &catalogue.services,
            &catalogue.audiences,
        )
        .is_some(),
        push: open_to_browsers(&catalogue.services, &catalogue.audiences).is_some(),
        open_to: open_services(&catalogue.services, &catalogue.audiences)
            .into_iter()
            .map(|s| s.id.clone())
            .collect(),
        incidents,
        maintenances,
        advisories,
        announcements,
        changes: changes(store, &catalogue).await?,
        demo,
    })
}

/// The calendar of changes, without what is told of as work already. As long as that waits for approval, or nobody entered it,
/// the rough date is all that people may know.
async fn changes(store: &Store, catalogue: &Catalogue) -> Result<Vec<PublicChange>> {
    let mut public = Vec::new();
    for stored in store.changes_ahead().await? {
        let became = match &stored.change.maintenance {
            Some(id) => store.event(id.as_str()).await?.map(|found| found.event),
            None => None,
        };
        let is_public = match &became {
            Some(Event::Maintenance(m)) => m.is_public(),
            Some(event @ Event::Announcement(_)) => !awaits(store, event, catalogue).await?,
            _ => false,
        };
        if is_public {
            continue;
        }
        public.push(PublicChange {
            change: stored.change,
            changes: stored.changes,
            changed_at: stored.changed_at,
        });
    }
    Ok(public)
}

/// What is open, however long ago it was entered, and what changed of late.
async fn shown(store: &Store, now: Timestamp) -> Result<Vec<StoredEvent>> {
    let open = EventFilter {
        open: true,
        ..EventFilter::default()
    };
    let of_late = EventFilter {
        since: Some(now - HISTORY),
        ..EventFilter::default()
    };
    let mut events = store.events(&open, MOST).await?;
    let late = store.events(&of_late, MOST).await?;
    events.extend(late.into_iter().filter(|stored| !stored.event.is_open()));
    Ok(events)
}

/// Turns what was told into the words that everybody may read.
struct Speaker<'a> {
    catalogue: &'a Catalogue,
    templates: &'a [Template],
    public_url: &'a str,
}

impl Speaker<'_> {
    fn message(
        &self,
        id: &str,
        milestone: &str,
        at: Timestamp,
        content: &Content,
    ) -> PublicMessage {
        let organisation = &self.catalogue.organisation;
        let say = |language: &str| {
            let variant = Variant {
                level: Level::NonTechnical,
                channel: Channel::Email,
                language: language.to_owned(),
                zone: organisation.time_zone.clone(),
            };
            render_page(content, &variant, self.templates)
        };
        let own = say(organisation.language());
        let others = Texts::all().iter().map(|texts| texts.code);
        let others = others.filter(|code| *code != primary(&own.language));
        let others = others.map(|code| (code, say(code)));
        // Where there is no text in a language, its readers get the organisation's.
        let others = others.filter(|(code, said)| primary(&said.language) == *code);
        let translations = others.map(|(_, said)| Translation {
            language: said.language,
            text: said.text,
            html: said.html,
        });
        PublicMessage {
            id: id.to_owned(),
            milestone: milestone.to_owned(),
            at,
            translations: translations.collect(),
            text: own.text,
            html: own.html,
            language: own.language,
        }
    }

    fn incident(&self, incident: Incident, waiting: &BTreeSet<u32>) -> PublicIncident {
        let event = Event::Incident(incident.clone());
        let updates = incident.updates.iter();
        let updates = updates.filter(|update| !waiting.contains(&update.number));
        let messages = updates.map(|update| {
            let milestone = Incident::milestone_of(update);
            let said = (update.id.as_str(), update.status.as_str(), update.at);
            self.update(&event, update.number, milestone, said)
        });
        let messages = messages.collect();
        PublicIncident { incident, messages }
    }

    fn advisory(&self, advisory: Advisory, waiting: &BTreeSet<u32>) -> PublicAdvisory {
        let event = Event::Advisory(advisory.clone());
        let words = advisory.updates.iter();
        let words = words.filter(|word| !waiting.contains(&word.number));
        let messages = words.map(|word| {
            let milestone = word.milestone();
            // Readers see that it is withdrawn.
            let name = match word.status {
                advisory::Status::Withdrawn => "withdrawn",
                advisory::Status::Open | advisory::Status::Fixed => milestone,
            };
            self.update(&event, word.number, milestone, (&word.id, name, word.at))
        });
        let messages = messages.collect();
        let said = advisory.updates.iter().rev();
        let said = said.clone().find(|word| !waiting.contains(&word.number));
        let facts = said.map(|word| word.facts.clone()).unwrap_or_default();
        let advisory = match waiting.is_empty() {
            true => advisory,
            // On its page stand the facts that owners agreed to.
            false => Advisory { facts, ..advisory },
        };
        PublicAdvisory { advisory, messages }
    }

    /// One of the updates of an event, under the name that readers see.
    fn update(
        &self,
        event: &Event,
        number: u32,
        milestone: &str,
        (id, name, at): (&str, &str, Timestamp),
    ) -> PublicMessage {
        let occasion = Occasion {
            milestone: milestone.to_owned(),
            update: Some(number),
            ..Occasion::default()
        };
        let content = event.content(&occasion, None, self.catalogue, self.public_url, at);
        self.message(id, name, at, &content)
    }

    /// What was told about planned work, each message once, however many audiences heard it.
    async fn notices(&self, store: &Store, stored: &StoredEvent) -> Result<Vec<PublicMessage>> {
        let filter = NoticeFilter {
            event: Some(stored.event.id().to_string()),
            ..NoticeFilter::default()
        };
        let mut said = BTreeSet::new();
        let mut messages = Vec::new();
        for notice in store.notices(&filter, 1000).await? {
            let (Some(content), Some(at)) = (&notice.content, notice.sent_at) else {
                continue;
            };
            let internal = is_inside(&notice.audience)
                || matches!(notice.milestone.as_str(), "overrun_check" | "leadership");
            if !internal
                && said.insert((
                    notice.revision,
                    notice.milestone.clone(),
                    notice.offset.clone(),
                ))
            {
                messages.push(self.message(&notice.id, &notice.milestone, at, content));
            }
        }
        messages.sort_by_key(|m| m.at);
        Ok(messages)
    }
}
