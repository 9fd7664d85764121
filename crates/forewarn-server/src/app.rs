//! What every handler shares.

use crate::console::SettingsGroup;
use crate::hooks::Requests;
use crate::pulse::Pulse;
use crate::status_page::Live;
use forewarn_core::token::Key;
use forewarn_store::{Clock, Store};
use std::sync::Arc;

/// The server of one process.
#[derive(Clone)]
pub struct App(Arc<Shared>);

/// The parts of an [`App`].
pub struct Shared {
    /// The store.
    pub store: Store,
    /// The clock.
    pub clock: Clock,
    /// Base of links to this server, without a slash at the end.
    pub public_url: String,
    /// Domain of the ids of messages.
    pub mail_domain: String,
    /// Signs links.
    pub key: Key,
    /// A token with every right, from the settings.
    pub admin_token: Option<String>,
    /// The public pages as they are now.
    pub live: Live,
    /// What came to hooks of late.
    pub hooks: Requests,
    /// The token under which the provider of text messages and calls signs what it posts.
    pub twilio_token: Option<String>,
    /// How browsers are subscribed, where messages to them can be sent.
    pub push: Option<crate::push::Door>,
    /// Renders the metrics.
    pub metrics: Box<dyn Fn() -> String + Send + Sync>,
    /// With what the process was started, for people to read.
    pub configured: Vec<SettingsGroup>,
    /// Says that something changed to whoever looks.
    pub pulse: Pulse,
    /// The demo's other side, in the demo.
    pub demo: Option<Arc<dyn crate::demo::Demo>>,
}

impl App {
    /// Puts the parts together.
    pub fn new(shared: Shared) -> App {
        App(Arc::new(shared))
    }
}

impl std::ops::Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
