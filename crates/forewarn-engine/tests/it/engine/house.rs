//! A store, a mail server, an engine between them, and somebody who runs events.

use crate::database::{Database, Kind};
use crate::sim::operator::Operator;
use forewarn_core::contact::{Contact, EmailAddress};
use forewarn_core::event::Event;
use forewarn_core::id::Id;
use forewarn_core::incident::{Declaration, Impact, Incident, NewUpdate, Severity, Status};
use forewarn_core::token::Key;
use forewarn_engine::channel::chat::Chats;
use forewarn_engine::channel::smtp::{RelayUrl, Smtp};
use forewarn_engine::channel::webhook::Webhooks;
use forewarn_engine::peer::smtp::{Keep, Received, Script, SmtpPeer};
use forewarn_engine::{Channels, Engine, Identity, RealChannels};
use forewarn_store::{Clock, DeliveryFilter, DeliveryRow, Lane, NoticeFilter, Store};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

thread_local! {
    /// The installation's key.
    pub static KEY: Key = Key::new("a key for the tests");
}

pub fn begin() -> Timestamp {
    "2026-11-22T17:00:00Z".parse().unwrap()
}

/// What does not come within a minute does not come.
pub async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(60), future)
        .await
        .expect("it comes within a minute")
}

fn contact(id: &str, audiences: &[&str], endpoint: serde_json::Value) -> Contact {
    serde_json::from_value(
        serde_json::json!({"id": id, "audiences": audiences, "endpoints": [endpoint]}),
    )
    .unwrap()
}

/// Ann, who reads her mail at ann@example.org.
pub fn mail_contact(id: &str, audiences: &[&str]) -> Contact {
    let address = format!("{}@example.org", id.to_lowercase());
    contact(
        id,
        audiences,
        serde_json::json!({"channel": "email", "address": address}),
    )
}

pub fn hook_contact(id: &str, audiences: &[&str], url: &str) -> Contact {
    contact(
        id,
        audiences,
        serde_json::json!({"channel": "webhook", "url": url}),
    )
}

/// An update in which no fact is new.
pub fn update_of(status: Option<Status>, text: Option<&str>) -> NewUpdate {
    NewUpdate {
        status,
        cause: None,
        facts: Default::default(),
        text: text.map(str::to_owned),
        texts: Default::default(),
        services: BTreeMap::new(),
        next_update_in: None,
    }
}

pub struct House {
    pub database: Option<Database>,
    pub store: Store,
    pub clock: Clock,
    pub operator: Operator,
    pub smtp: SmtpPeer,
    pub engine: Arc<Engine<RealChannels>>,
}

impl House {
    pub async fn new(contacts: Vec<Contact>, script: Script) -> House {
        House::on(
            Database::fresh(Kind::Sqlite),
            Clock::manual(begin()),
            contacts,
            script,
        )
        .await
    }

    pub async fn on(
        database: Database,
        clock: Clock,
        contacts: Vec<Contact>,
        script: Script,
    ) -> House {
        let store = database.open().await;
        House {
            database: Some(database),
            ..House::over(store, clock, contacts, script).await
        }
    }

    pub async fn over(store: Store, clock: Clock, contacts: Vec<Contact>, script: Script) -> House {
        let smtp = SmtpPeer::start(script, Keep::Messages).await.unwrap();
        let operator = Operator::of(contacts, clock.clone());
        operator.move_in(&store).await;
        House {
            engine: engine(&store, &clock, &smtp, "first"),
            database: None,
            store,
            clock,
            operator,
            smtp,
        }
    }

    /// The program starts anew.
    pub async fn restart(&mut self, node: &str) {
        if let Some(database) = &self.database {
            self.store.close().await;
            self.store = database.open().await;
        }
        self.engine = engine(&self.store, &self.clock, &self.smtp, node);
    }

    pub async fn plan(&mut self, text: &str) -> String {
        let mut maintenance = self.operator.maintenance(text);
        maintenance.policy = Some(Id::parse("routine").unwrap());
        let id = maintenance.id.to_string();
        assert!(
            self.operator
                .publish_maintenance(&self.store, maintenance, 0, None)
                .await
        );
        id
    }

    pub async fn event(&self, id: &str) -> Event {
        self.store.event(id).await.unwrap().unwrap().event
    }

    pub async fn complete(&mut self, id: &str) {
        let stored = self.store.event(id).await.unwrap().unwrap();
        let Event::Maintenance(maintenance) = stored.event else {
            panic!("{id} is none");
        };
        let done = maintenance.complete(self.clock.now()).unwrap();
        assert!(
            self.operator
                .publish_maintenance(&self.store, done, stored.sequence, None)
                .await
        );
    }

    pub async fn declare(&mut self, id: &str, service: &str) {
        self.declare_as(id, service, Severity::P1).await;
    }

    pub async fn declare_as(&mut self, id: &str, service: &str, severity: Severity) {
        let now = self.clock.now();
        let declaration = Declaration {
            texts: Default::default(),
            id: None,
            title: None,
            services: BTreeMap::from([(Id::parse(service).unwrap(), Impact::MajorOutage)]),
            severity,
            cause: None,
            effect: Some("You cannot sign in.".into()),
            lead: None,
            spokesperson: None,
            next_update_in: None,
        };
        let next = now + SignedDuration::from_hours(1);
        let id = Id::parse(id).unwrap();
        let incident = Incident::declare(declaration, id, "Sign-in".into(), next, now);
        assert!(
            self.operator
                .publish_incident(&self.store, incident, 0)
                .await
        );
    }

    pub async fn update(&mut self, id: &str) {
        let words = "We are still looking into it.";
        self.say(id, update_of(None, Some(words))).await;
    }

    pub async fn say(&mut self, id: &str, new: NewUpdate) {
        let stored = self.store.event(id).await.unwrap().unwrap();
        let Event::Incident(incident) = stored.event else {
            panic!("{id} is none");
        };
        let now = self.clock.now();
        let next = now + SignedDuration::from_hours(1);
        let updated = incident.update(new, next, now).unwrap();
        assert!(
            self.operator
                .publish_incident(&self.store, updated, stored.sequence)
                .await
        );
    }

    pub async fn next_due(&self) -> Timestamp {
        self.maybe_due().await.expect("something is due")
    }

    async fn maybe_due(&self) -> Option<Timestamp> {
        let mut all = Vec::new();
        for lane in Lane::ALL {
            all.extend(self.store.next_due(lane).await.unwrap());
        }
        all.into_iter().min()
    }

    pub async fn let_one_more_pass(&self) {
        if let Some(due) = self.maybe_due().await {
            self.clock.set(due.max(self.clock.now()));
            self.engine.tick().await.unwrap();
        }
    }

    /// Lets time pass until nothing is due any more.
    pub async fn let_pass(&self) {
        self.engine.tick().await.unwrap();
        while self.maybe_due().await.is_some() {
            self.let_one_more_pass().await;
        }
    }

    /// Lets time pass until every message has come to its end; what is promised is still to come.
    pub async fn let_land(&self) {
        self.engine.tick().await.unwrap();
        while self.deliveries().await.iter().any(|d| !d.status.is_final()) {
            self.let_one_more_pass().await;
        }
    }

    pub async fn deliveries(&self) -> Vec<DeliveryRow> {
        let all = DeliveryFilter::default();
        self.store.deliveries(&all, 100_000).await.unwrap()
    }

    /// What came of each attempt to reach somebody.
    pub async fn outcomes(&self, contact: &str) -> Vec<String> {
        let all = self.deliveries().await;
        let theirs = all.into_iter().filter(|d| d.contact == contact);
        theirs.flat_map(|d| d.attempts).map(|a| a.outcome).collect()
    }

    pub fn mails_to(&self, address: &str) -> Vec<Arc<Received>> {
        let mut mails = self.smtp.ledger();
        mails.retain(|mail| mail.to == address);
        mails
    }

    /// The journal is whole, and every notice is sent or in one of these states.
    pub async fn is_sound(&self, but: &[&str]) {
        assert_eq!(self.store.verify_journal().await.unwrap().broken, None);
        for notice in self
            .store
            .notices(&NoticeFilter::default(), 1_000)
            .await
            .unwrap()
        {
            assert!(
                notice.status == "sent" || but.contains(&notice.status.as_str()),
                "{notice:?}"
            );
        }
    }
}

pub fn engine(
    store: &Store,
    clock: &Clock,
    smtp: &SmtpPeer,
    node: &str,
) -> Arc<Engine<RealChannels>> {
    let relay = RelayUrl::parse_list(&format!("smtp://{}", smtp.addr())).unwrap();
    let channels = RealChannels {
        pushes: None,
        phones: None,
        smtp: Some(Smtp::new(relay, "example.edu".into()).unwrap()),
        webhooks: Webhooks::new(vec!["127.0.0.0/8".parse().unwrap()], 8),
        chats: Chats::new(vec!["127.0.0.0/8".parse().unwrap()], 8),
    };
    Arc::new(engine_over(store, clock, channels, node))
}

pub fn engine_over<C: Channels>(
    store: &Store,
    clock: &Clock,
    channels: C,
    node: &str,
) -> Engine<C> {
    let identity = Identity {
        public_url: "https://status.example.edu".into(),
        from: EmailAddress::parse("status@example.edu").unwrap(),
        name: Some("Example University".into()),
        bounces: Some(EmailAddress::parse("bounces@example.edu").unwrap()),
    };
    let key = Key::new("a key for the tests");
    let (store, clock) = (store.clone(), clock.clone());
    Engine::new(store, clock, channels, identity, key, node.into())
}
