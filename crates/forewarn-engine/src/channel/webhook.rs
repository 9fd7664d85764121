//! Signed webhooks after the Standard Webhooks specification.
//!
//! A hook is posted once with three header fields: `webhook-id`, the same on every attempt, by which
//! a receiver knows a repetition; `webhook-timestamp`, new on every attempt, by which it refuses what
//! is replayed later; `webhook-signature` over both and the body. Only 2xx is success. Everything else
//! may be mended at the other side and is worth another attempt, except 410, which says that the
//! endpoint is gone for good, and targets to which we do not connect.

pub mod bare;
pub mod signature;

use std::fmt;

use forewarn_core::delivery::Outcome;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use ipnet::IpNet;
use jiff::Timestamp;

use self::signature::{Secret, signatures};
use super::Leave;
use super::guard::Guard;
use super::http::{Answer, HttpClient, Wire, each, never};

/// The longest `webhook-id` that is sent.
const MOST_ID_BYTES: usize = 256;

/// One message to one endpoint.
#[derive(Clone)]
pub struct Hook {
    /// `webhook-id`: the same on every attempt. Visible ASCII without a full stop, because the full
    /// stop separates what is signed.
    pub id: String,
    /// Where to.
    pub url: String,
    /// `whsec_...`; while a secret is being rotated the old and the new one, and both sign.
    pub secrets: Vec<String>,
    /// JSON, the same bytes on every attempt.
    pub body: Vec<u8>,
}

impl fmt::Debug for Hook {
    /// Without the secrets and the address, which may hold a secret of its own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hook")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// The webhook channel.
#[derive(Clone, Debug)]
pub struct Webhooks {
    client: HttpClient,
    concurrency: usize,
}

impl Webhooks {
    /// A channel that connects to public addresses and to the networks in `allow_private`, and has
    /// up to `concurrency` requests under way.
    pub fn new(allow_private: Vec<IpNet>, concurrency: usize) -> Webhooks {
        let client = HttpClient::new(Guard::new(allow_private), Wire::default());
        Webhooks::with_client(client, concurrency)
    }

    /// A channel on a client of one's own.
    pub fn with_client(client: HttpClient, concurrency: usize) -> Webhooks {
        Webhooks {
            client,
            concurrency: concurrency.max(1),
        }
    }

    /// Attempts every hook of the batch once, and says what came of each, in the batch's order.
    pub async fn send(&self, batch: &[Hook], now: Timestamp) -> Vec<Outcome> {
        self.send_while(batch, now, &Leave::unlimited()).await
    }

    /// The same as long as there is leave.
    pub async fn send_while(&self, batch: &[Hook], now: Timestamp, leave: &Leave) -> Vec<Outcome> {
        each(batch.len(), self.concurrency, |place| {
            self.attempt(&batch[place], now, leave)
        })
        .await
    }

    async fn attempt(&self, hook: &Hook, now: Timestamp, leave: &Leave) -> Outcome {
        let headers = match signed_headers(hook, now) {
            Ok(headers) => headers,
            Err(reason) => return never(reason),
        };
        let posted = (hook.url.as_str(), headers, hook.body.clone());
        let answered = |answer: &Answer| answered(answer, now);
        self.client.deliver(posted, leave, answered).await
    }
}

/// The header fields of one attempt; or why this hook can never be sent: it must not leave unsigned.
fn signed_headers(hook: &Hook, now: Timestamp) -> Result<HeaderMap, String> {
    let id = hook.id.as_str();
    let usable = id.bytes().all(|b| b.is_ascii_graphic() && b != b'.');
    if id.is_empty() || id.len() > MOST_ID_BYTES || !usable {
        return Err("not sent: webhook-id must be visible ASCII without a full stop".into());
    }
    if hook.secrets.is_empty() {
        return Err("not sent: the endpoint has no signing secret".into());
    }
    let secrets: Result<Vec<Secret>, _> = hook.secrets.iter().map(|s| Secret::parse(s)).collect();
    let secrets = secrets.map_err(|why| format!("not sent: {why}"))?;
    let timestamp = now.as_second();
    let value = |text: &str| HeaderValue::from_str(text).map_err(|e| format!("not sent: {e}"));
    Ok(HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (HeaderName::from_static("webhook-id"), value(id)?),
        (
            HeaderName::from_static("webhook-timestamp"),
            HeaderValue::from(timestamp),
        ),
        (
            HeaderName::from_static("webhook-signature"),
            value(&signatures(&secrets, id, timestamp, &hook.body))?,
        ),
    ]))
}

/// What an answer means for the delivery.
fn answered(answer: &Answer, now: Timestamp) -> Outcome {
    if answer.status.is_success() {
        return Outcome::Accepted {
            receipt: answer.line(),
        };
    }
    if answer.status == StatusCode::GONE {
        return Outcome::PermanentFailure {
            reason: answer.line(),
            endpoint_gone: true,
        };
    }
    // The answer came, so the receiver itself says that it did not take the message.
    Outcome::TransientFailure {
        reason: answer.refusal(),
        retry_after: answer.retry_after(now),
        maybe_sent: false,
    }
}
