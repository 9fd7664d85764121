//! The engine: the only code that talks to the outside on our behalf.
//!
//! It looks for notices that are due ([`Engine::prepare`]), has the database make deliveries of them, and sends those in
//! flights ([`Engine::flight`]): claim, render, send with no transaction open, record. Production ([`Engine::run`]), tests
//! and the simulation ([`Engine::tick`]) go through the same two functions; their only input is the clock.

mod approve;
pub mod channel;
mod expand;
mod feeds;
mod first_word;
mod flight;
mod gates;
mod lease;
mod limits;
mod measure;
mod pace;
pub mod peer;
pub mod place;
mod promise;
mod reminders;
mod render;
mod run;
mod windows;

pub use channel::{Channels, Leave, Parcel, RealChannels};
pub use limits::Limits;
pub use render::Identity;

use channel::http::HttpClient;
use forewarn_core::token::Key;
use forewarn_store::{Clock, Store};
use std::sync::Mutex;

/// The engine of one process.
pub struct Engine<C> {
    store: Store,
    clock: Clock,
    channels: C,
    identity: Identity,
    key: Key,
    /// Part of the ids that the outside sees.
    installation: String,
    node: String,
    rendered: Mutex<render::Cache>,
    /// Until when this node may send, where others share the store.
    lease: lease::Lease,
    /// Reads the calendars of on-call tools.
    feeds: Option<HttpClient>,
    /// How much others take in a while.
    limits: Limits,
}

impl<C: Channels> Engine<C> {
    /// An engine over a store. `node` names this process among those that share the store and must differ at every start.
    pub fn new(
        store: Store,
        clock: Clock,
        channels: C,
        identity: Identity,
        key: Key,
        node: String,
    ) -> Engine<C> {
        Engine {
            store,
            lease: lease::Lease::new(clock.clone()),
            clock,
            channels,
            identity,
            installation: key.installation(),
            key,
            node,
            rendered: Mutex::default(),
            feeds: None,
            limits: Limits::default(),
        }
    }

    /// The same, which also reads the calendars of on-call tools.
    pub fn reading_feeds(self, client: HttpClient) -> Engine<C> {
        Engine {
            feeds: Some(client),
            ..self
        }
    }

    /// The same, which sends no faster than this.
    pub fn within(self, limits: Limits) -> Engine<C> {
        Engine { limits, ..self }
    }

    /// The store it works on.
    pub fn store(&self) -> &Store {
        &self.store
    }
}
