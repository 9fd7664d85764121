//! The ways by which a message leaves. A channel sends and says what came of it; it never retries,
//! sleeps for a retry, or sees the store.

pub mod chat;
pub mod guard;
pub mod http;
pub mod phone;
pub mod push;
pub mod smtp;
pub mod webhook;

use chat::{Chats, Post};
use forewarn_core::delivery::Outcome;
use jiff::Timestamp;
use phone::{Phones, Ring};
use push::{Push, Pushes};
use smtp::{Mail, Smtp};
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use webhook::{Hook, Webhooks};

/// A message ready to leave.
#[derive(Clone, Debug)]
pub enum Parcel {
    /// A mail.
    Mail(Mail),
    /// A signed request.
    Hook(Hook),
    /// A message to a chat room.
    Chat(Post),
    /// A text message or a call.
    Ring(Ring),
    /// A message to a browser.
    Push(Push),
    /// Nothing can carry it: why not.
    Undeliverable(String),
}

/// Leave to send, as long as it holds. A channel asks at the last moment, when the bytes of a message are about to go out, and
/// for each message anew; what it has no leave for any more is [`Outcome::Withheld`].
#[derive(Clone)]
pub struct Leave(Option<Arc<dyn Fn() -> bool + Send + Sync>>);

impl Leave {
    /// Leave that holds as long as this says so.
    pub fn new(holds: impl Fn() -> bool + Send + Sync + 'static) -> Leave {
        Leave(Some(Arc::new(holds)))
    }

    /// Leave without end.
    pub fn unlimited() -> Leave {
        Leave(None)
    }

    /// Whether it holds now.
    pub fn holds(&self) -> bool {
        self.0.as_ref().is_none_or(|holds| holds())
    }
}

impl fmt::Debug for Leave {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Leave").field(&self.holds()).finish()
    }
}

/// What carries parcels. The real channels are one implementation; the simulation's faulty world is the other.
pub trait Channels: Send + Sync + 'static {
    /// Sends parcels as long as there is leave, and says what came of each, in their order.
    fn send(
        &self,
        parcels: Vec<Parcel>,
        now: Timestamp,
        leave: &Leave,
    ) -> impl Future<Output = Vec<Outcome>> + Send;
}

/// The real channels.
pub struct RealChannels {
    /// Mail, once a relay is configured.
    pub smtp: Option<Smtp>,
    /// Signed requests.
    pub webhooks: Webhooks,
    /// Chat rooms.
    pub chats: Chats,
    /// Text messages and calls, once a provider is configured.
    pub phones: Option<Phones>,
    /// Browsers.
    pub pushes: Option<Pushes>,
}

/// The parcels of one channel, and where each stood among all.
struct Sorted<T> {
    parcels: Vec<T>,
    places: Vec<usize>,
}

impl<T> Sorted<T> {
    fn none() -> Sorted<T> {
        Sorted {
            parcels: Vec::new(),
            places: Vec::new(),
        }
    }

    fn push(&mut self, place: usize, parcel: T) {
        self.parcels.push(parcel);
        self.places.push(place);
    }
}

impl Channels for RealChannels {
    async fn send(&self, parcels: Vec<Parcel>, now: Timestamp, leave: &Leave) -> Vec<Outcome> {
        let mut outcomes: Vec<Option<Outcome>> = vec![None; parcels.len()];
        let (mut mails, mut hooks) = (Sorted::none(), Sorted::none());
        let (mut posts, mut rings) = (Sorted::none(), Sorted::none());
        let mut pushes = Sorted::none();
        for (place, parcel) in parcels.into_iter().enumerate() {
            match parcel {
                Parcel::Mail(mail) => mails.push(place, mail),
                Parcel::Hook(hook) => hooks.push(place, hook),
                Parcel::Chat(post) => posts.push(place, post),
                Parcel::Ring(ring) => rings.push(place, ring),
                Parcel::Push(push) => pushes.push(place, push),
                Parcel::Undeliverable(reason) => {
                    outcomes[place] = Some(Outcome::PermanentFailure {
                        reason,
                        endpoint_gone: false,
                    });
                }
            }
        }
        let (mailed, hooked, posted, rung, pushed) = tokio::join!(
            self.mail(&mails.parcels, leave),
            self.webhooks.send_while(&hooks.parcels, now, leave),
            self.chats.send_while(&posts.parcels, now, leave),
            self.ring(&rings.parcels, now, leave),
            self.push(&pushes.parcels, now, leave)
        );
        for (places, came) in [
            (mails.places, mailed),
            (hooks.places, hooked),
            (posts.places, posted),
            (rings.places, rung),
            (pushes.places, pushed),
        ] {
            for (place, outcome) in places.into_iter().zip(came) {
                outcomes[place] = Some(outcome);
            }
        }
        outcomes
            .into_iter()
            .map(|o| o.unwrap_or_else(|| later("the channel gave no answer")))
            .collect()
    }
}

impl RealChannels {
    async fn mail(&self, mails: &[Mail], leave: &Leave) -> Vec<Outcome> {
        match &self.smtp {
            _ if mails.is_empty() => Vec::new(),
            Some(smtp) => smtp.send_while(mails, leave).await,
            None => mails
                .iter()
                .map(|_| later("no mail relay is configured; set FOREWARN_SMTP_URL"))
                .collect(),
        }
    }

    async fn ring(&self, rings: &[Ring], now: Timestamp, leave: &Leave) -> Vec<Outcome> {
        match &self.phones {
            _ if rings.is_empty() => Vec::new(),
            Some(phones) => phones.send_while(rings, now, leave).await,
            None => rings
                .iter()
                .map(|_| {
                    later("no provider of text messages and calls is configured; set FOREWARN_TWILIO_SID")
                })
                .collect(),
        }
    }

    async fn push(&self, batch: &[Push], now: Timestamp, leave: &Leave) -> Vec<Outcome> {
        match &self.pushes {
            _ if batch.is_empty() => Vec::new(),
            Some(pushes) => pushes.send_while(batch, now, leave).await,
            None => batch
                .iter()
                .map(|_| later("this process has no key for push messages"))
                .collect(),
        }
    }
}

fn later(reason: &str) -> Outcome {
    Outcome::TransientFailure {
        reason: reason.to_owned(),
        retry_after: None,
        maybe_sent: false,
    }
}
