//! The people who run the events. What they do is done as the server does it: load, plan, publish over the sequence that
//! was seen. What was published is noted here, beside the store, for the auditor.

mod faults;
mod team;
mod work;

pub use team::Acts;

use super::chance::Chance;
use forewarn_core::contact::{Channel, Contact};
use forewarn_core::document::{Catalogue, Documents};
use forewarn_core::event::{Event, Occasion, speakers};
use forewarn_core::id::Id;
use forewarn_core::incident::{
    Call, Declaration, Impact, Incident, Nature, NewUpdate, Severity, Status,
};
use forewarn_core::maintenance::{self, Maintenance};
use forewarn_core::plan::{
    Changes, Notice, PROMISE_KEPT, SPOKESPERSON_CALL, call, is_promise_timer, publish_update,
    windows_ahead,
};
use forewarn_core::promise::Thread;
use forewarn_store::{Clock, Entry, Published, Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

// Each message goes out by itself here; [`Operator::new`] has digests and windows besides.
const CATALOGUE: &str = "
organisation: {name: Example University, time_zone: America/Los_Angeles, calendar: US}
services:
  - {id: database, name: Student database, owner: dba@example.edu, spokespersons: [sam@example.edu, kim@example.edu, lee@example.edu]}
  - {id: portal, name: Student portal, owner: web@example.edu, depends_on: [database], spokespersons: [kim@example.edu]}
  - {id: wiki, name: Wiki, owner: web@example.edu}
audiences:
  - {id: customers, name: Students, level: non_technical, channels: [email], services: [portal], digest: no}
  - {id: staff, name: Staff, level: semi_technical, channels: [email, webhook], services: [portal, wiki], digest: no}
  - {id: engineers, name: Engineers, level: technical, channels: [email, webhook], services: [database], digest: no,
     time_zone: Europe/Berlin, calendar: DE-BE}
";

/// What the simulation has beyond that: who wants digests, and windows that come round a few times and are told of.
const BESIDES: [(&str, &str); 4] = [
    ("services: [portal], digest: no", "services: [portal]"),
    ("services: [portal, wiki], digest: no", "services: [portal, wiki]"),
    (
        "name: Wiki, owner: web@example.edu",
        "name: Wiki, owner: web@example.edu, windows: [{rrule: 'FREQ=DAILY;INTERVAL=3;COUNT=4', from: 2026-11-24,
       start: '22:00', duration: PT4H, tell: 1bd}]",
    ),
    (
        "name: Student database, owner: dba@example.edu",
        "name: Student database, owner: dba@example.edu, windows: [{rrule: 'FREQ=WEEKLY;BYDAY=SU;COUNT=2',
       from: 2026-11-29, start: '05:00', duration: PT2H, tell: 90min}]",
    ),
];

/// A notice as it was published last.
#[derive(Clone, Debug)]
pub struct Noted {
    pub notice: Notice,
    pub event: Event,
    /// The event's revisions under which it was planned, the last one last.
    pub revisions: Vec<u32>,
    pub update: Option<u32>,
    pub expires: Timestamp,
    /// When it was to go out, each time that it was planned.
    pub dues: Vec<Timestamp>,
    /// The operator withdrew or moved it before it began to go out.
    pub closed: bool,
}

pub struct Operator {
    documents: String,
    pub catalogue: Catalogue,
    pub contacts: Vec<Contact>,
    /// Endpoint and audience (`*`: any).
    pub unsubscribed: BTreeSet<(String, String)>,
    pub noted: BTreeMap<String, Noted>,
    pub events: Vec<String>,
    /// What went wrong that nobody could have caused.
    pub surprises: Vec<String>,
    /// Updates that engines published by themselves and that are noted.
    learned: BTreeSet<(String, u32)>,
    clock: Clock,
    forgets: bool,
    /// Plans many works for the same days, so that people hear of several at once.
    is_busy: bool,
    /// Withdraws no warnings when it keeps a promise.
    pub leaves_timers: bool,
    numbers: u32,
}

impl Operator {
    pub fn new(chance: &mut Chance, clock: Clock, forgets: bool) -> Operator {
        let mut contacts = Vec::new();
        let mut unsubscribed = BTreeSet::new();
        let sets: [&[&str]; 6] = [
            &["customers"],
            &["staff"],
            &["engineers"],
            &["customers", "staff"],
            &["staff", "engineers"],
            &["customers", "staff", "engineers"],
        ];
        for n in 0..8 {
            let audiences = *chance.pick(&sets);
            let mut endpoints = vec![
                serde_json::json!({"channel": "email", "address": format!("c{n}@example.org")}),
            ];
            if chance.percent(40) {
                endpoints.push(serde_json::json!({"channel": "webhook",
                    "url": format!("https://hooks.example.org/c{n}")}));
            }
            let services: &[&str] = if chance.percent(20) { &["portal"] } else { &[] };
            let contact: Contact =
                serde_json::from_value(serde_json::json!({"id": format!("C{n}"),
                "name": format!("Contact {n}"), "audiences": audiences, "services": services,
                "endpoints": endpoints}))
                .expect("a contact");
            if chance.percent(15) {
                let from = *chance.pick(&[audiences[0], "*"]);
                let endpoint = contact.endpoints[0].id(contact.id.as_str());
                unsubscribed.insert((endpoint, from.to_owned()));
            }
            contacts.push(contact);
        }
        let mut documents = CATALOGUE.to_owned();
        for (plain, besides) in BESIDES {
            assert!(documents.contains(plain), "{plain}");
            documents = documents.replace(plain, besides);
        }
        let mut operator = Operator {
            unsubscribed,
            forgets,
            is_busy: chance.percent(60),
            ..Operator::with(documents, contacts, clock)
        };
        operator.expect_windows();
        operator
    }

    /// Engines plan the windows by themselves; what they plan follows from the catalogue.
    fn expect_windows(&mut self) {
        for planned in windows_ahead(&self.catalogue, self.clock.now()) {
            let event = Event::Window(planned.window);
            let changes = Changes {
                add: planned.notices,
                ..Changes::default()
            };
            self.note(&event, &changes, None);
        }
    }

    /// One who serves these contacts, does as told and forgets nothing.
    pub fn of(contacts: Vec<Contact>, clock: Clock) -> Operator {
        Operator::with(CATALOGUE.to_owned(), contacts, clock)
    }

    fn with(documents: String, contacts: Vec<Contact>, clock: Clock) -> Operator {
        let catalogue = read(&documents, &Catalogue::default());
        Operator {
            documents,
            catalogue: catalogue.over(&Catalogue::default()),
            contacts,
            unsubscribed: BTreeSet::new(),
            noted: BTreeMap::new(),
            events: Vec::new(),
            surprises: Vec::new(),
            learned: BTreeSet::new(),
            clock,
            forgets: false,
            is_busy: false,
            leaves_timers: false,
            numbers: 0,
        }
    }

    /// A maintenance as it stands in its document.
    pub fn maintenance(&self, text: &str) -> Maintenance {
        let text = format!("maintenance: {text}");
        read(&text, &self.catalogue).maintenance.expect("it is one")
    }

    /// Puts the catalogue and the contacts into an empty store.
    pub async fn move_in(&self, store: &Store) {
        let now = self.clock.now();
        let documents = read(&self.documents, &Catalogue::default());
        let applied = store.apply(&documents, "ann", now, false).await;
        applied.expect("the catalogue is stored");
        let imported = store.import_contacts(&self.contacts, "ann", now).await;
        imported.expect("the contacts are stored");
        for (endpoint, audience) in &self.unsubscribed {
            let known = store.unsubscribe(endpoint, audience, now).await;
            assert!(known.expect("the store works"));
        }
    }

    /// Does something, if it is possible where things stand.
    pub async fn act(&mut self, store: &Store, chance: &mut Chance) {
        for _ in 0..chance.below(40) {
            tokio::task::yield_now().await;
        }
        if self.is_busy && self.events.is_empty() {
            for _ in 0..5 {
                self.create(store, chance).await;
            }
            self.find(store, chance).await;
        } else if self.events.len() < 4 || (self.events.len() < 8 && chance.percent(30)) {
            match chance.below(100) {
                0..45 => self.create(store, chance).await,
                45..72 => self.declare(store, chance).await,
                _ => self.find(store, chance).await,
            }
        } else {
            let id = chance.pick(&self.events).clone();
            self.change(store, &id, chance).await;
        }
    }

    async fn declare(&mut self, store: &Store, chance: &mut Chance) {
        self.numbers += 1;
        let service = *chance.pick(&["database", "portal", "wiki"]);
        let impact = *chance.pick(&Impact::ALL);
        let severity = *chance.pick(&Severity::ALL);
        let next = self.clock.now() + SignedDuration::from_hours(1);
        let id = format!("INC-{}", self.numbers);
        self.declares(store, &id, (service, impact), severity, next)
            .await;
    }

    /// Declares an incident of a service that promises the next update, and calls whoever is to speak for it.
    pub async fn declares(
        &mut self,
        store: &Store,
        id: &str,
        (service, impact): (&str, Impact),
        severity: Severity,
        next: Timestamp,
    ) {
        let id = Id::parse(id).expect("an id");
        let services = BTreeMap::from([(Id::parse(service).expect("an id"), impact)]);
        let declaration = Declaration {
            texts: Default::default(),
            id: None,
            title: None,
            services,
            severity,
            cause: None,
            effect: Some("You cannot sign in.".into()),
            lead: None,
            spokesperson: None,
            next_update_in: None,
        };
        let now = self.clock.now();
        let mut incident = Incident::declare(declaration, id.clone(), "Sign-in".into(), next, now);
        let chain = speakers(&incident, &self.catalogue);
        let chain: Vec<String> = chain.iter().map(ToString::to_string).collect();
        incident.call = (!chain.is_empty()).then(|| Call {
            chain,
            ..Call::default()
        });
        if self.publish_incident(store, incident, 0).await {
            self.events.push(id.to_string());
        }
    }

    /// Changes an event in a way chosen by chance; somebody else's change in between means looking again.
    pub async fn change(&mut self, store: &Store, id: &str, chance: &mut Chance) {
        let way = chance.below(100);
        let by = SignedDuration::from_mins(*chance.pick(&[30, 90, 700, 3_000]));
        for _ in 0..8 {
            let Ok(Some(stored)) = store.event(id).await else {
                self.surprises.push(format!("{id} cannot be read"));
                return;
            };
            let done = match stored.event {
                Event::Maintenance(m) => {
                    self.change_maintenance(store, m, stored.sequence, way, by)
                        .await
                }
                Event::Incident(i) => self.update(store, i, stored.sequence, way).await,
                Event::Advisory(a) => self.follow(store, a, stored.sequence, way).await,
                // Nobody changes a window or a reminder by hand.
                Event::Window(_) | Event::Reminder(_) | Event::Announcement(_) => true,
            };
            if done {
                return;
            }
        }
    }

    async fn update(&mut self, store: &Store, incident: Incident, sequence: i64, way: u64) -> bool {
        let now = self.clock.now();
        let lapsed = incident.lapsed(now);
        let lapsed = lapsed.map(|promise| incident.breach(promise, now));
        // Whoever was called first takes the call, in every second of the cases where the time for it has not passed.
        let may_take = way.is_multiple_of(2) && incident.status.is_open() && lapsed.is_none();
        if may_take && let Ok((taken, _)) = incident.clone().acknowledge(None, now) {
            return self.acknowledge(store, taken, sequence).await;
        }
        if way >= 93 && incident.status.is_open() {
            let later = now + SignedDuration::from_hours(2);
            let moved = incident.move_promise(later, now).expect("it is open");
            return self.publish_update(store, moved, sequence, lapsed).await;
        }
        let status = match way {
            0..40 => Status::Identified,
            40..60 => Status::Monitoring,
            60..85 => Status::Resolved,
            85..93 => Status::Investigating,
            _ => Status::Postmortem,
        };
        let new = NewUpdate {
            texts: Default::default(),
            status: Some(status),
            facts: Default::default(),
            cause: None,
            text: None,
            services: BTreeMap::new(),
            next_update_in: None,
        };
        match incident.update(new, now + SignedDuration::from_hours(1), now) {
            Ok(updated) => self.publish_update(store, updated, sequence, lapsed).await,
            Err(_) => true,
        }
    }

    pub async fn publish_incident(
        &mut self,
        store: &Store,
        incident: Incident,
        expected: i64,
    ) -> bool {
        self.publish_update(store, incident, expected, None).await
    }

    /// `breach` is what is to be put on record about the promise before this update, if it has passed unnoticed.
    pub async fn publish_update(
        &mut self,
        store: &Store,
        incident: Incident,
        expected: i64,
        breach: Option<serde_json::Value>,
    ) -> bool {
        self.learn(&incident);
        let now = self.clock.now();
        let number = incident.updates.last().map(|update| update.number);
        let (stored, _) = match store.planned(incident.id.as_str()).await {
            Ok(known) => known,
            Err(problem) => return self.refused(&problem),
        };
        let (incident, mut changes) = publish_update(incident, &self.catalogue, &stored, now);
        if expected == 0 {
            changes.add.extend(call(&incident, &self.catalogue, now));
        }
        if self.leaves_timers {
            changes.withdrawn.clear();
        }
        let event = Event::Incident(incident);
        let id = event.id().as_str();
        let broken = |detail| Entry::new("ann", "incident.promise_broken", id).with(detail);
        let entries: Vec<Entry> = breach.map(broken).into_iter().collect();
        let nobody = BTreeSet::new();
        self.publish(store, event, expected, changes, &nobody, number, entries)
            .await
    }

    /// Notes what engines have published by themselves: the updates that keep a promise when nobody writes one. Each
    /// withdrew the timers of the promise that it kept which were still to come.
    pub fn learn(&mut self, incident: &Incident) {
        let automatic = incident.updates.iter().enumerate();
        for (n, update) in automatic.filter(|(_, u)| u.nature == Nature::Automatic) {
            if !self
                .learned
                .insert((incident.id.to_string(), update.number))
            {
                continue;
            }
            let mut then = incident.clone();
            then.updates.truncate(n + 1);
            then.status = update.status;
            let (then, mut changes) = publish_update(then, &self.catalogue, &[], update.at);
            let before = self.noted.values().filter(|noted| {
                noted.event.id() == &incident.id
                    && noted.update.map(|before| before + 1) == Some(update.number)
                    && is_promise_timer(&noted.notice.milestone)
            });
            let before: Vec<&Noted> = before.collect();
            let kept = before.iter().find(|n| n.notice.milestone == PROMISE_KEPT);
            let Some(kept) = kept.map(|n| n.notice.due) else {
                let id = &incident.id;
                self.surprises
                    .push(format!("promise: {id} was kept where nobody planned it"));
                continue;
            };
            let left = before.iter().filter(|n| n.notice.due > kept);
            changes.withdrawn = left.map(|n| n.notice.id.clone()).collect();
            self.note(&Event::Incident(then), &changes, Some(update.number));
        }
    }

    #[allow(clippy::too_many_arguments, reason = "they are what is published")]
    /// Says whether that was that; if not, somebody changed the event in between.
    async fn publish(
        &mut self,
        store: &Store,
        event: Event,
        expected: i64,
        changes: Changes,
        awaiting: &BTreeSet<String>,
        update: Option<u32>,
        mut entries: Vec<Entry>,
    ) -> bool {
        entries.push(Entry::new("ann", "event.published", event.id().as_str()));
        let occasion = Occasion {
            update,
            ..Occasion::default()
        };
        let published = Published {
            event: &event,
            expected,
            changes: &changes,
            occasion: &occasion,
            awaiting,
            entries: &entries,
            plan: None,
            answer: None,
        };
        match store.publish(published, self.clock.now()).await {
            Ok(()) => {
                self.note(&event, &changes, update);
                true
            }
            Err(problem) => self.refused(&problem),
        }
    }

    fn refused(&mut self, problem: &StoreError) -> bool {
        match problem {
            StoreError::Conflict(_) => {}
            other => self.surprises.push(format!("publishing: {other}")),
        }
        false
    }

    fn note(&mut self, event: &Event, changes: &Changes, update: Option<u32>) {
        let revision = match event {
            Event::Maintenance(m) => m.revision,
            Event::Announcement(a) => a.revision,
            Event::Incident(_) | Event::Window(_) | Event::Reminder(_) | Event::Advisory(_) => 1,
        };
        for notice in &changes.add {
            let before = self.noted.get(&notice.id);
            let mut dues = before.map_or_else(Vec::new, |noted| noted.dues.clone());
            dues.push(notice.due);
            let noted = Noted {
                dues,
                expires: event.expiry(notice),
                notice: notice.clone(),
                event: event.clone(),
                revisions: vec![revision],
                update,
                closed: false,
            };
            self.noted.insert(notice.id.clone(), noted);
        }
        for notice in &changes.update {
            if let Some(noted) = self.noted.get_mut(&notice.id) {
                noted.expires = event.expiry(notice);
                noted.notice = notice.clone();
                noted.dues.push(notice.due);
                noted.revisions.push(revision);
            }
        }
        let answered = match event {
            Event::Incident(i) => {
                !i.status.is_open() || i.call.as_ref().is_some_and(|call| !call.is_open())
            }
            Event::Maintenance(_)
            | Event::Window(_)
            | Event::Reminder(_)
            | Event::Advisory(_)
            | Event::Announcement(_) => false,
        };
        for noted in self.noted.values_mut() {
            let calls = noted.notice.milestone == SPOKESPERSON_CALL;
            if answered && calls && noted.event.id() == event.id() {
                noted.expires = Timestamp::UNIX_EPOCH;
            }
            let warns = matches!(
                noted.notice.milestone.as_str(),
                "promise_warning" | "promise_broken"
            );
            if warns && noted.event.id() == event.id() && noted.update < update {
                noted.expires = Timestamp::UNIX_EPOCH;
            }
        }
        let closed = changes
            .moved
            .iter()
            .map(|m| &m.id)
            .chain(&changes.withdrawn);
        for id in closed {
            if let Some(noted) = self.noted.get_mut(id) {
                noted.closed = true;
            }
        }
    }

    /// Brings to an end what waits for people: says whether anything did.
    pub async fn finish(&mut self, store: &Store) -> bool {
        let mut busy = false;
        for id in self.events.clone() {
            let Ok(Some(stored)) = store.event(&id).await else {
                continue;
            };
            let way = match &stored.event {
                Event::Maintenance(m) => match m.status {
                    maintenance::Status::AwaitingApproval => 0,
                    maintenance::Status::InProgress => 50,
                    _ => continue,
                },
                Event::Incident(i) if i.status.is_open() => 70,
                Event::Advisory(a) if a.status.is_open() => 70,
                Event::Incident(_)
                | Event::Advisory(_)
                | Event::Window(_)
                | Event::Reminder(_)
                | Event::Announcement(_) => continue,
            };
            busy = true;
            let by = SignedDuration::from_mins(30);
            match stored.event {
                Event::Maintenance(m) => {
                    self.change_maintenance(store, m, stored.sequence, way, by)
                        .await
                }
                Event::Incident(i) => self.update(store, i, stored.sequence, way).await,
                Event::Advisory(a) => self.follow(store, a, stored.sequence, way).await,
                Event::Window(_) | Event::Reminder(_) | Event::Announcement(_) => true,
            };
        }
        busy
    }

    /// Where somebody is reached by these channels: the endpoint's id and its address.
    pub fn endpoints<'a>(
        &self,
        contact: &'a Contact,
        channels: &'a [Channel],
    ) -> impl Iterator<Item = (String, String)> + 'a {
        let reached = contact
            .endpoints
            .iter()
            .filter(|e| channels.contains(&e.channel()));
        reached.map(|e| (e.id(contact.id.as_str()), e.address().to_owned()))
    }
}

fn read(text: &str, known: &Catalogue) -> Documents {
    let texts = [("sim.yaml".to_owned(), text.to_owned())];
    Documents::parse_yaml(&texts, known, "MNT-0").expect("sound documents")
}
