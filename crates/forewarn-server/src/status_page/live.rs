//! The public pages as they are now: a value in memory, swapped whole when something changes.
//!
//! No request for a public page reaches the database. While the database is away the last pages stay up; they say as of when.

use super::private::Held;
use super::snapshot::Translation;
use super::subscription::{open_services, open_to_browsers, open_to_phones};
use super::texts::Texts;
use super::{
    Pages, PrivatePage, PublicAdvisory, PublicAnnouncement, PublicChange, PublicIncident,
    PublicMaintenance, PublicMessage, Snapshot,
};
use crate::app::App;
use forewarn_core::advisory::{self, Advisory};
use forewarn_core::contact::Channel;
use forewarn_core::document::Catalogue;
use forewarn_core::event::{Event, Occasion};
use forewarn_core::id::Id;
use forewarn_core::incident::Incident;
use forewarn_core::message::{Content, Variant, render_page};
use forewarn_core::plan::is_inside;
use forewarn_core::policy;
use forewarn_core::service::affected;
use forewarn_core::sight::{Seen, Sight};
use forewarn_core::template::Template;
use forewarn_core::words::primary;
use forewarn_store::{Clock, EventFilter, NoticeFilter, PageReader, Result, Store, StoredEvent};
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
    private: Arc<Held>,
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
    let languages = Texts::all().iter().map(|texts| texts.code).collect();
    taken(store, (Sight::Public, languages), now, public_url, demo).await
}

/// All that an audience hears of, as its private page shows it to somebody who may read that, in the language of these texts: as it is
/// now, or was some seconds ago if nothing happened since.
/// `csrf` is what the page's forms send back, `feeds` the end of the reader's own addresses of feeds.
///
/// # Errors
/// When the store cannot be read.
pub async fn private_snapshot(
    app: &App,
    reader: &PageReader,
    texts: &Texts,
    (csrf, feeds): (String, Option<String>),
) -> Result<Snapshot> {
    let (store, audience, now) = (&app.store, reader.audience(), app.clock.now());
    let held = &app.live.private;
    // Read before the rest: what changes meanwhile is not held as what it was before.
    let version = store.public_version().await?;
    let of = (audience, texts.code);
    let snapshot = match held.found(version, of, now) {
        Some(snapshot) => snapshot,
        None => {
            let seen = (Sight::Audience(audience), vec![texts.code]);
            let is_manual = app.clock.is_manual();
            let made = taken(store, seen, now, &app.public_url, is_manual).await?;
            held.hold(version, of, made)
        }
    };
    Ok(Snapshot {
        private: Some(PrivatePage {
            audience: audience.id.clone(),
            name: audience.name.clone(),
            level: audience.level,
            feeds,
            csrf,
        }),
        ..Snapshot::clone(&snapshot)
    })
}

/// What a page shows now to whom it is for. Only [`snapshot`] and [`private_snapshot`] ask, each with a sight that it may have.
async fn taken(
    store: &Store,
    (sight, languages): (Sight<'_>, Vec<&'static str>),
    now: Timestamp,
    public_url: &str,
    demo: bool,
) -> Result<Snapshot> {
    let whole = store.catalogue().await?;
    let templates = store.templates().await?;
    let services = sight.services(&whole.services);
    let open = match sight {
        Sight::Public => whole.audiences.as_slice(),
        // Who is told already does not subscribe there.
        Sight::Audience(_) => &[],
    };
    let speaker = Speaker {
        sight,
        whole: &whole,
        shown: &Catalogue {
            services: services.clone(),
            ..whole.clone()
        },
        templates: &templates,
        languages,
        public_url,
    };
    let organisation = &whole.organisation;
    let mut snapshot = Snapshot {
        made_at: now,
        organisation: organisation.clone(),
        public_url: public_url.trim_end_matches('/').to_owned(),
        phones: open_to_phones(organisation, &services, open).is_some(),
        push: open_to_browsers(&services, open).is_some(),
        open_to: open_services(&services, open)
            .into_iter()
            .map(|s| s.id.clone())
            .collect(),
        services,
        incidents: Vec::new(),
        maintenances: Vec::new(),
        advisories: Vec::new(),
        announcements: Vec::new(),
        changes: changes(store, sight, &whole).await?,
        demo,
        private: None,
    };
    for stored in shown(store, now).await? {
        speaker.tell(store, stored, &mut snapshot).await?;
    }
    Ok(snapshot)
}

/// The calendar of changes, without what is told of as work already. As long as that waits for approval, or nobody entered it,
/// the rough date is all that people may know.
async fn changes(
    store: &Store,
    sight: Sight<'_>,
    catalogue: &Catalogue,
) -> Result<Vec<PublicChange>> {
    let mut public = Vec::new();
    for mut stored in store.changes_ahead().await? {
        let named = std::mem::take(&mut stored.change.services);
        stored.change.services = sight.among(&named, &catalogue.services);
        if stored.change.services.is_empty() && !named.is_empty() {
            continue;
        }
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

/// Turns what was told into the words that readers of a page may read.
struct Speaker<'a> {
    sight: Sight<'a>,
    /// Everything that is known.
    whole: &'a Catalogue,
    /// The same with the services that the page shows.
    shown: &'a Catalogue,
    templates: &'a [Template],
    languages: Vec<&'static str>,
    public_url: &'a str,
}

/// An event as it is, and as the page shows it.
struct Told<'a> {
    whole: &'a Event,
    seen: Seen,
}

impl Speaker<'_> {
    /// Puts an event where it stands on the page, if it does.
    async fn tell(
        &self,
        store: &Store,
        mut stored: StoredEvent,
        snapshot: &mut Snapshot,
    ) -> Result<()> {
        // Nobody reads here what can still be undone.
        stored.event = stored.event.as_told(snapshot.made_at).into_owned();
        let Some(seen) = self.sight.event(&stored.event, &self.whole.services) else {
            return Ok(());
        };
        let told = Told {
            whole: &stored.event,
            seen,
        };
        match told.seen.event.clone() {
            Event::Incident(incident) => {
                let waiting = waiting(store, told.whole, self.whole).await?;
                let incident = self.incident(&told, incident, &waiting);
                snapshot.incidents.push(incident);
            }
            Event::Advisory(advisory) => {
                let waiting = waiting(store, told.whole, self.whole).await?;
                let advisory = self.advisory(&told, advisory, &waiting);
                snapshot.advisories.push(advisory);
            }
            Event::Announcement(announcement) => {
                let messages = self.notices(store, &told).await?;
                // What owners have not agreed to is not public, also not on its page.
                if messages.is_empty() && awaits(store, told.whole, self.whole).await? {
                    return Ok(());
                }
                snapshot.announcements.push(PublicAnnouncement {
                    announcement,
                    created_at: stored.created_at,
                    changed_at: stored.updated_at,
                    messages,
                });
            }
            // What a window is used for is work, and stands here as that. What our own people are reminded of is theirs.
            Event::Window(_) | Event::Reminder(_) => {}
            Event::Maintenance(maintenance) => {
                let messages = self.notices(store, &told).await?;
                snapshot.maintenances.push(PublicMaintenance {
                    maintenance,
                    created_at: stored.created_at,
                    changed_at: stored.updated_at,
                    messages,
                });
            }
        }
        Ok(())
    }

    fn message(
        &self,
        id: &str,
        milestone: &str,
        at: Timestamp,
        content: &Content,
    ) -> PublicMessage {
        let organisation = &self.whole.organisation;
        let say = |language: &str| {
            let variant = Variant {
                level: self.sight.level(),
                channel: Channel::Email,
                language: language.to_owned(),
                zone: organisation.time_zone.clone(),
            };
            render_page(content, &variant, self.templates)
        };
        let own = say(organisation.language());
        let others = self.languages.iter().copied();
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

    fn incident(
        &self,
        told: &Told<'_>,
        incident: Incident,
        waiting: &BTreeSet<u32>,
    ) -> PublicIncident {
        let updates = incident.updates.iter();
        let updates = updates.filter(|update| !waiting.contains(&update.number));
        let messages = updates.map(|update| {
            let milestone = Incident::milestone_of(update);
            let said = (update.id.as_str(), update.status.as_str(), update.at);
            self.update(told, update.number, milestone, said)
        });
        let messages = messages.collect();
        PublicIncident {
            incident,
            messages,
            near: told.seen.near.clone(),
        }
    }

    fn advisory(
        &self,
        told: &Told<'_>,
        advisory: Advisory,
        waiting: &BTreeSet<u32>,
    ) -> PublicAdvisory {
        let words = advisory.updates.iter();
        let words = words.filter(|word| !waiting.contains(&word.number));
        let messages = words.map(|word| {
            let milestone = word.milestone();
            // Readers see that it is withdrawn.
            let name = match word.status {
                advisory::Status::Withdrawn => "withdrawn",
                advisory::Status::Open | advisory::Status::Fixed => milestone,
            };
            self.update(told, word.number, milestone, (&word.id, name, word.at))
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
        told: &Told<'_>,
        number: u32,
        milestone: &str,
        (id, name, at): (&str, &str, Timestamp),
    ) -> PublicMessage {
        let occasion = Occasion {
            milestone: milestone.to_owned(),
            update: Some(number),
            ..Occasion::default()
        };
        let content = self.content(told, &occasion, at);
        self.message(id, name, at, &content)
    }

    /// What is said to those for whom the page is: to an audience as it is told, in public of public services.
    fn content(&self, told: &Told<'_>, occasion: &Occasion, at: Timestamp) -> Content {
        let url = self.public_url;
        match self.sight.audience() {
            Some(audience) => told
                .whole
                .content(occasion, Some(audience), self.whole, url, at),
            None => told.seen.event.content(occasion, None, self.shown, url, at),
        }
    }

    /// A notice's words name services of those who were told. In public they name no other than public ones.
    fn in_public(&self, told: &Told<'_>, content: &Content) -> Content {
        let reached = affected(&told.whole.services(), &self.whole.services);
        let shown = |id: &Id| self.shown.services.iter().any(|s| s.id == *id);
        if self.sight.audience().is_some() || reached.iter().all(|r| shown(&r.service)) {
            return content.clone();
        }
        let public = self.content(told, &Occasion::default(), content.at);
        Content {
            services: public.services,
            dependents: public.dependents,
            ..content.clone()
        }
    }

    /// What was told about planned work, each message once, however many audiences heard it; on the page of an audience what it heard.
    async fn notices(&self, store: &Store, told: &Told<'_>) -> Result<Vec<PublicMessage>> {
        let filter = NoticeFilter {
            event: Some(told.whole.id().to_string()),
            ..NoticeFilter::default()
        };
        let mut said = BTreeSet::new();
        let mut messages = Vec::new();
        for notice in store.notices(&filter, 1000).await? {
            let (Some(content), Some(at)) = (&notice.content, notice.sent_at) else {
                continue;
            };
            let another = self
                .sight
                .audience()
                .is_some_and(|a| a.id != *notice.audience);
            let internal = another
                || is_inside(&notice.audience)
                || matches!(notice.milestone.as_str(), "overrun_check" | "leadership");
            if !internal
                && said.insert((
                    notice.revision,
                    notice.milestone.clone(),
                    notice.offset.clone(),
                ))
            {
                messages.push(self.message(
                    &notice.id,
                    &notice.milestone,
                    at,
                    &self.in_public(told, content),
                ));
            }
        }
        messages.sort_by_key(|m| m.at);
        Ok(messages)
    }
}
