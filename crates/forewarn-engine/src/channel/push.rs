//! Messages to browsers (Web Push, RFC 8030): encrypted for the browser (RFC 8291), from a sender that proves to be the same as
//! before (VAPID, RFC 8292), and kept by the browser's push service until the browser is there, or the message has no meaning.
//!
//! A message of an event takes the place of an older one that still waits there (`Topic`). Only the push service answers: that a
//! message was accepted does not say that anybody saw it. 404 and 410 say that the browser does not want any more.

pub mod encrypt;
pub mod vapid;

use super::Leave;
use super::guard::Guard;
use super::http::{Answer, HttpClient, Wire, each, never};
use forewarn_core::contact::PushKeys;
use forewarn_core::delivery::Outcome;
use http::StatusCode;
use http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
};
use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};
use std::fmt;
use std::sync::Arc;
use vapid::Vapid;

/// Push services keep nothing for longer than four weeks.
const LONGEST: SignedDuration = SignedDuration::from_hours(28 * 24);

/// How soon a browser that saves its battery is to be woken (RFC 8030 5.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// Something is down, or is back.
    High,
    /// Everything else.
    Normal,
}

impl Urgency {
    fn as_str(self) -> &'static str {
        match self {
            Urgency::High => "high",
            Urgency::Normal => "normal",
        }
    }
}

/// One message to one browser.
#[derive(Clone, PartialEq, Eq)]
pub struct Push {
    /// Where its push service takes it.
    pub url: String,
    /// What it is encrypted for.
    pub keys: PushKeys,
    /// What it says, the same bytes on every attempt; at most [`forewarn_core::message::MOST_PUSH_BYTES`].
    pub body: Arc<[u8]>,
    /// Of two with the same one the newer takes the older's place: at most 32 letters of base64url.
    pub topic: String,
    /// How soon.
    pub urgency: Urgency,
    /// When it loses its meaning.
    pub expires: Timestamp,
}

impl fmt::Debug for Push {
    /// Without the address, which is a secret of its own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Push")
            .field("topic", &self.topic)
            .finish_non_exhaustive()
    }
}

/// The channel of browsers.
#[derive(Clone, Debug)]
pub struct Pushes {
    client: HttpClient,
    vapid: Arc<Vapid>,
    concurrency: usize,
}

impl Pushes {
    /// A channel that connects to public addresses and to the networks in `allow_private`, and has up to `concurrency` requests
    /// under way.
    pub fn new(vapid: Arc<Vapid>, allow_private: Vec<IpNet>, concurrency: usize) -> Pushes {
        let client = HttpClient::new(Guard::new(allow_private), Wire::default());
        Pushes::with_client(client, vapid, concurrency)
    }

    /// A channel on a client of one's own.
    pub fn with_client(client: HttpClient, vapid: Arc<Vapid>, concurrency: usize) -> Pushes {
        Pushes {
            client,
            vapid,
            concurrency: concurrency.max(1),
        }
    }

    /// Attempts every message of the batch once, as long as there is leave, and says what came of each, in the batch's order.
    pub async fn send_while(&self, batch: &[Push], now: Timestamp, leave: &Leave) -> Vec<Outcome> {
        each(batch.len(), self.concurrency, |place| {
            self.attempt(&batch[place], now, leave)
        })
        .await
    }

    async fn attempt(&self, push: &Push, now: Timestamp, leave: &Leave) -> Outcome {
        let ready = encrypt::encrypt(&push.body, &push.keys)
            .and_then(|body| Ok((self.headers(push, now)?, body)));
        let (headers, body) = match ready {
            Ok(ready) => ready,
            Err(problem) => return never(format!("not sent: {problem}")),
        };
        let posted = (push.url.as_str(), headers, body);
        let answered = |answer: &Answer| answered(answer, now);
        self.client.deliver(posted, leave, answered).await
    }

    fn headers(&self, push: &Push, now: Timestamp) -> Result<HeaderMap, String> {
        let value = |text: &str| HeaderValue::from_str(text).map_err(|e| e.to_string());
        let mut proof = value(&self.vapid.authorization(&push.url, now)?)?;
        proof.set_sensitive(true);
        let lasts = push.expires.duration_since(now);
        let lasts = lasts.clamp(SignedDuration::ZERO, LONGEST).as_secs();
        Ok(HeaderMap::from_iter([
            (AUTHORIZATION, proof),
            (CONTENT_ENCODING, HeaderValue::from_static("aes128gcm")),
            (
                CONTENT_TYPE,
                HeaderValue::from_static("application/octet-stream"),
            ),
            (HeaderName::from_static("ttl"), HeaderValue::from(lasts)),
            (
                HeaderName::from_static("urgency"),
                value(push.urgency.as_str())?,
            ),
            (HeaderName::from_static("topic"), value(&push.topic)?),
        ]))
    }
}

/// What an answer means for the delivery.
fn answered(answer: &Answer, now: Timestamp) -> Outcome {
    let is_gone = matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::GONE);
    answer.settled(now, is_gone)
}
