//! The ways by which a message leaves. A channel sends and says what came of it; it never retries,
//! sleeps for a retry, or sees the store.

pub mod guard;
pub mod http;
pub mod smtp;
pub mod webhook;

use forewarn_core::delivery::Outcome;
use jiff::Timestamp;
use smtp::{Mail, Smtp};
use std::future::Future;
use webhook::{Hook, Webhooks};

/// A message ready to leave.
#[derive(Clone, Debug)]
pub enum Parcel {
    /// A mail.
    Mail(Mail),
    /// A signed request.
    Hook(Hook),
    /// Nothing can carry it: why not.
    Undeliverable(String),
}

/// What carries parcels. The real channels are one implementation; the simulation's faulty world is the other.
pub trait Channels: Send + Sync + 'static {
    /// Sends parcels and says what came of each, in their order.
    fn send(
        &self,
        parcels: Vec<Parcel>,
        now: Timestamp,
    ) -> impl Future<Output = Vec<Outcome>> + Send;
}

/// The real channels.
pub struct RealChannels {
    /// Mail, once a relay is configured.
    pub smtp: Option<Smtp>,
    /// Signed requests.
    pub webhooks: Webhooks,
}

impl Channels for RealChannels {
    async fn send(&self, parcels: Vec<Parcel>, now: Timestamp) -> Vec<Outcome> {
        let mut outcomes: Vec<Option<Outcome>> = Vec::with_capacity(parcels.len());
        let (mut mails, mut hooks) = (Vec::new(), Vec::new());
        let (mut mail_places, mut hook_places) = (Vec::new(), Vec::new());
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
                Parcel::Undeliverable(reason) => {
                    outcomes[place] = Some(Outcome::PermanentFailure {
                        reason,
                        endpoint_gone: false,
                    });
                }
            }
        }
        let (mailed, hooked) = tokio::join!(self.mail(&mails), async {
            if hooks.is_empty() {
                Vec::new()
            } else {
                self.webhooks.send(&hooks, now).await
            }
        });
        for (place, outcome) in mail_places
            .into_iter()
            .zip(mailed)
            .chain(hook_places.into_iter().zip(hooked))
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
    async fn mail(&self, mails: &[Mail]) -> Vec<Outcome> {
        match &self.smtp {
            _ if mails.is_empty() => Vec::new(),
            Some(smtp) => smtp.send(mails).await,
            None => mails
                .iter()
                .map(|_| later("no mail relay is configured; set FOREWARN_SMTP_URL"))
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
