//! The ways by which a message leaves. A channel sends and says what came of it; it never retries,
//! sleeps for a retry, or sees the store.

pub mod guard;
pub mod http;
pub mod phone;
pub mod smtp;
pub mod webhook;

use forewarn_core::delivery::Outcome;
use jiff::Timestamp;
use phone::{Phones, Ring};
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
    /// A text message or a call.
    Ring(Ring),
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
    /// Text messages and calls, once a provider is configured.
    pub phones: Option<Phones>,
}

impl Channels for RealChannels {
    async fn send(&self, parcels: Vec<Parcel>, now: Timestamp, leave: &Leave) -> Vec<Outcome> {
        let mut outcomes: Vec<Option<Outcome>> = Vec::with_capacity(parcels.len());
        let (mut mails, mut hooks, mut rings) = (Vec::new(), Vec::new(), Vec::new());
        let (mut mail_places, mut hook_places, mut ring_places) =
            (Vec::new(), Vec::new(), Vec::new());
        for (place, parcel) in parcels.into_iter().enumerate() {
            outcomes.push(None);
            match parcel {
                Parcel::Mail(mail) => {
                    mails.push(mail);
                    mail_places.push(place);
                }
                Parcel::Hook(hook) => {
                    hooks.push(hook);
                    hook_places.push(place);
                }
                Parcel::Ring(ring) => {
                    rings.push(ring);
                    ring_places.push(place);
                }
                Parcel::Undeliverable(reason) => {
                    outcomes[place] = Some(Outcome::PermanentFailure {
                        reason,
                        endpoint_gone: false,
                    });
                }
            }
        }
        let hooked = async {
            if hooks.is_empty() {
                Vec::new()
            } else {
                self.webhooks.send_while(&hooks, now, leave).await
            }
        };
        let (mailed, hooked, rung) = tokio::join!(
            self.mail(&mails, leave),
            hooked,
            self.ring(&rings, now, leave)
        );
        for (place, outcome) in mail_places
            .into_iter()
            .zip(mailed)
            .chain(hook_places.into_iter().zip(hooked))
            .chain(ring_places.into_iter().zip(rung))
        {
            outcomes[place] = Some(outcome);
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
}

fn later(reason: &str) -> Outcome {
    Outcome::TransientFailure {
        reason: reason.to_owned(),
        retry_after: None,
        maybe_sent: false,
    }
}
