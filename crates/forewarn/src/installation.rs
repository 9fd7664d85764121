//! An installation at work: store, engine and server wired together, for `serve`, `demo` and the tests.

use crate::{http, publish, push_key};
use anyhow::{Context, Result};
use forewarn_core::contact::EmailAddress;
use forewarn_core::token::Key;
use forewarn_engine::channel::chat::Chats;
use forewarn_engine::channel::guard::Guard;
use forewarn_engine::channel::http::{HttpClient, Wire};
use forewarn_engine::channel::phone::{Account, Phones};
use forewarn_engine::channel::push::Pushes;
use forewarn_engine::channel::smtp::RelayUrl;
use forewarn_engine::channel::smtp::Smtp;
use forewarn_engine::channel::smtp::dkim::Signer;
use forewarn_engine::channel::webhook::Webhooks;
use forewarn_engine::place::Place;
use forewarn_engine::{Engine, Identity, Limits, RealChannels};
use forewarn_server::console::SettingsGroup;
use forewarn_server::demo::Demo;
use forewarn_server::ops::maintenance;
use forewarn_server::push::Door;
use forewarn_server::status_page::Live;
use forewarn_server::{App, Shared, hash_password, random_password, random_token};
use forewarn_store::{Clock, Role, Store};
use ipnet::IpNet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How many webhooks of one flight are on the way at once.
pub(crate) const HOOKS_AT_ONCE: usize = 16;
/// How long a stopping server waits for answers under way.
const GRACE: Duration = Duration::from_secs(20);

/// What an installation is made of.
pub struct Parts {
    /// The store.
    pub store: Store,
    /// The clock.
    pub clock: Clock,
    /// Signs links.
    pub key: Key,
    /// Mail relays in order.
    pub relays: Vec<RelayUrl>,
    /// Keys that sign mail.
    pub signers: Arc<[Signer]>,
    /// Private networks that webhooks may reach.
    pub allow_private_targets: Vec<IpNet>,
    /// Text messages and calls.
    pub phones: Option<Account>,
    /// Hosts of push services that browsers may name; nothing where none is told.
    pub push_services: Option<Vec<String>>,
    /// How much others take in a while.
    pub limits: Limits,
    /// Base of links, without a slash at the end.
    pub public_url: String,
    /// Sender of mail.
    pub from: EmailAddress,
    /// The name beside it; the organisation's when absent.
    pub from_name: Option<String>,
    /// Where undeliverable mail comes back.
    pub bounces: Option<EmailAddress>,
    /// A token with every right.
    pub admin_token: Option<String>,
    /// Renders the metrics.
    pub metrics: Box<dyn Fn() -> String + Send + Sync>,
}

/// Store, engine and server of one process.
pub struct Installation {
    /// The engine.
    pub engine: Arc<Engine<RealChannels>>,
    /// The server.
    pub app: App,
    live: Live,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Installation {
    /// Puts the parts together. Nothing runs yet.
    ///
    /// # Errors
    /// When the store cannot be used or the mail settings are wrong.
    pub async fn assemble(parts: Parts, demo: Option<Arc<dyn Demo>>) -> Result<Installation> {
        let configured = configured(&parts);
        let store = parts.store;
        let key = parts.key;
        if !store.is_shared() {
            store.give_keys_back().await?;
        }
        let smtp = match parts.relays.is_empty() {
            true => None,
            false => Some(
                Smtp::new(parts.relays, hello_name(&parts.public_url))
                    .map_err(anyhow::Error::msg)
                    .context("the mail settings cannot be used")?
                    .signed_by(parts.signers),
            ),
        };
        let smtp = match parts.limits.counts_mail_connections() {
            true => smtp.map(Smtp::closing),
            false => smtp,
        };
        let twilio_token = parts.phones.as_ref().map(|account| account.token.clone());
        let client = HttpClient::new(
            Guard::new(parts.allow_private_targets.clone()),
            Wire::default(),
        );
        let vapid = match &parts.push_services {
            Some(_) => {
                let contact = format!("mailto:{}", parts.from.as_str());
                Some(Arc::new(push_key::take(&store, &key, &contact).await?))
            }
            None => None,
        };
        let door = |services| {
            let key = vapid.as_ref()?.public();
            Some(Door { key, services })
        };
        let push = parts.push_services.and_then(door);
        let pushes = vapid.map(|vapid| Pushes::with_client(client.clone(), vapid, HOOKS_AT_ONCE));
        let channels = RealChannels {
            pushes,
            phones: parts.phones.map(Phones::new),
            smtp,
            webhooks: Webhooks::with_client(client.clone(), HOOKS_AT_ONCE),
            chats: Chats::with_client(client.clone(), HOOKS_AT_ONCE),
        };
        let identity = Identity {
            public_url: parts.public_url.clone(),
            name: parts.from_name,
            from: parts.from.clone(),
            bounces: parts.bounces,
        };
        // A process is never the one before it: what that one left in the air must be told apart from ours.
        let node = format!("node-{}", random_token());
        let engine = Engine::new(
            store.clone(),
            parts.clock.clone(),
            channels,
            identity,
            key.clone(),
            node,
        );
        let engine = engine.within(parts.limits);
        // Nothing leaves the machine in the demo.
        let engine = match demo {
            Some(_) => engine,
            None => engine.reading_feeds(client),
        };
        let live = Live::with_phones(twilio_token.is_some()).and_push(push.is_some());
        let app = App::new(Shared {
            store,
            clock: parts.clock,
            public_url: parts.public_url,
            mail_domain: parts.from.domain().to_owned(),
            key,
            admin_token: parts.admin_token,
            live: live.clone(),
            hooks: Default::default(),
            twilio_token,
            push,
            metrics: parts.metrics,
            configured,
            pulse: Default::default(),
            demo,
        });
        let (stop, _) = watch::channel(false);
        Ok(Installation {
            engine: Arc::new(engine),
            app,
            live,
            stop,
            tasks: Vec::new(),
        })
    }

    /// Makes the first administrator, if there is nobody yet, and says the password, which is not kept.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn first_administrator(&self) -> Result<Option<String>> {
        if self.app.store.has_users().await? {
            return Ok(None);
        }
        let password = random_password();
        let hash = hash_password(&password).map_err(anyhow::Error::msg)?;
        self.app
            .store
            .put_user(
                "admin",
                &hash,
                Role::Administrator,
                "first start",
                self.app.clock.now(),
            )
            .await?;
        Ok(Some(password))
    }

    /// Begins to serve on a listener, with the public pages kept true.
    ///
    /// # Errors
    /// When the public pages cannot be made a first time.
    pub async fn serve(&mut self, listener: TcpListener) -> Result<SocketAddr> {
        let address = listener.local_addr()?;
        self.live
            .refresh(&self.app.store, &self.app.clock, &self.app.public_url)
            .await?;
        let keep = self.live.clone().keep(
            self.app.store.clone(),
            self.app.clock.clone(),
            self.app.public_url.clone(),
            self.stop.subscribe(),
        );
        self.tasks.push(tokio::spawn(keep));
        let serving = http::serve(listener, self.app.clone(), self.stop.subscribe());
        self.tasks.push(tokio::spawn(serving));
        Ok(address)
    }

    /// Begins to keep a copy of the public pages in this place. They are served already.
    pub fn publish(&mut self, place: Place) {
        let (live, clock) = (self.live.clone(), self.app.clock.clone());
        let keep = publish::keep(place, live, clock, self.stop.subscribe());
        self.tasks.push(tokio::spawn(keep));
    }

    /// Begins to send what is due, after taking back what an earlier process left in the air.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn send(&mut self) -> Result<u64> {
        let taken = self.engine.recover().await?;
        for id in maintenance::clocks_changed(&self.app).await? {
            tracing::warn!(%id, "the rules of its time zone changed: it is planned anew, and its owners are told");
        }
        self.tasks
            .push(tokio::spawn(self.engine.clone().run(self.stop.subscribe())));
        Ok(taken)
    }

    /// Stops: answers under way are given, what is in the air is landed and recorded, then the store is closed.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        self.app.pulse.stop();
        for task in self.tasks {
            if tokio::time::timeout(GRACE, task).await.is_err() {
                tracing::warn!(
                    "a task did not end in time; what it had claimed is taken back at the next start"
                );
            }
        }
        self.app.store.close().await;
    }
}

/// How people are reached, for the console; no secret is among it.
fn configured(parts: &Parts) -> Vec<SettingsGroup> {
    let listed = |words: Vec<String>| words.join(", ");
    let address = |address: &Option<EmailAddress>| {
        let known = address.as_ref();
        known.map(ToString::to_string).unwrap_or_default()
    };
    let relays = parts.relays.iter().map(ToString::to_string).collect();
    let signers = parts.signers.iter().map(|s| s.record().0).collect();
    let private = parts.allow_private_targets.iter();
    let phones = parts.phones.as_ref();
    let group = |name, items: Vec<(&str, String)>| SettingsGroup {
        name,
        set: "flags of forewarn serve",
        items: items.into_iter().map(|(n, v)| (n.to_owned(), v)).collect(),
    };
    let mail = vec![
        ("Relays, in order", listed(relays)),
        ("Sender", parts.from.to_string()),
        (
            "Name of the sender",
            parts.from_name.clone().unwrap_or_default(),
        ),
        ("Undeliverable mail goes to", address(&parts.bounces)),
        ("Signed with", listed(signers)),
    ];
    let telephones = vec![
        (
            "Provider",
            phones.map(|p| p.url.clone()).unwrap_or_default(),
        ),
        (
            "Senders",
            listed(phones.map(|p| p.from.clone()).unwrap_or_default()),
        ),
    ];
    let hooks = vec![(
        "Private networks that may be reached",
        listed(private.map(ToString::to_string).collect()),
    )];
    vec![
        group("Mail", mail),
        group("Text messages and calls", telephones),
        group("Webhooks and chat rooms", hooks),
    ]
}

/// What we call ourselves towards mail servers: the host of our links.
fn hello_name(public_url: &str) -> String {
    url::Url::parse(public_url)
        .ok()
        .and_then(|url| {
            url.host().map(|host| match host {
                url::Host::Domain(name) => name.to_owned(),
                url::Host::Ipv4(address) => format!("[{address}]"),
                url::Host::Ipv6(address) => format!("[IPv6:{address}]"),
            })
        })
        .unwrap_or_else(|| "[127.0.0.1]".into())
}
