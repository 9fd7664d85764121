//! Messages to chat rooms by their incoming webhooks: Slack, Microsoft Teams, Mattermost, Discord, and whatever takes `{"text": ...}`;
//! and posts to public accounts, with their token: Mastodon, and services that post on.
//!
//! A message is posted once, as the product wants it. The products take only so many messages a second from one address, and say
//! how long to wait when it was too much: [`crate::pace`](crate::Limits) sees to that before a message comes here. What was refused
//! for good says so in the product's own words.

use super::Leave;
use super::guard::Guard;
use super::http::{Answer, HttpClient, Wire, each, never};
use forewarn_core::contact::{AccessToken, ChatKind};
use forewarn_core::delivery::Outcome;
use http::StatusCode;
use http::header::{
    AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue,
};
use ipnet::IpNet;
use jiff::Timestamp;
use serde::Deserialize;
use std::fmt;

/// What Slack says in so many words when an address will never work again.
const GONE: [&str; 9] = [
    "invalid_token",
    "channel_is_archived",
    "channel_not_found",
    "no_service",
    "no_service_id",
    "no_team",
    "no_active_hooks",
    "team_disabled",
    "invalid_webhook",
];
/// Discord's numbers for the same: no such webhook, and not its token.
const GONE_CODES: [i64; 2] = [10_015, 50_027];

/// One message to one room.
#[derive(Clone, PartialEq, Eq)]
pub struct Post {
    /// `webhook-id`: the same on every attempt, for receivers that can tell a repetition.
    pub id: String,
    /// Which product.
    pub kind: ChatKind,
    /// Where to.
    pub url: String,
    /// By which an account is posted to.
    pub secret: Option<AccessToken>,
    /// JSON, or a form for Mastodon: the same bytes on every attempt.
    pub body: Vec<u8>,
}

impl fmt::Debug for Post {
    /// Without the address, which is a secret of its own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Post")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// The channel of chat rooms.
#[derive(Clone, Debug)]
pub struct Chats {
    client: HttpClient,
    concurrency: usize,
}

impl Chats {
    /// A channel that connects to public addresses and to the networks in `allow_private`, and has
    /// up to `concurrency` requests under way.
    pub fn new(allow_private: Vec<IpNet>, concurrency: usize) -> Chats {
        let client = HttpClient::new(Guard::new(allow_private), Wire::default());
        Chats::with_client(client, concurrency)
    }

    /// A channel on a client of one's own.
    pub fn with_client(client: HttpClient, concurrency: usize) -> Chats {
        Chats {
            client,
            concurrency: concurrency.max(1),
        }
    }

    /// Attempts every message of the batch once, and says what came of each, in the batch's order.
    pub async fn send(&self, batch: &[Post], now: Timestamp) -> Vec<Outcome> {
        self.send_while(batch, now, &Leave::unlimited()).await
    }

    /// The same as long as there is leave.
    pub async fn send_while(&self, batch: &[Post], now: Timestamp, leave: &Leave) -> Vec<Outcome> {
        each(batch.len(), self.concurrency, |place| {
            self.attempt(&batch[place], now, leave)
        })
        .await
    }

    async fn attempt(&self, post: &Post, now: Timestamp, leave: &Leave) -> Outcome {
        let headers = match headers(post) {
            Ok(headers) => headers,
            Err(problem) => return never(format!("not sent: {problem}")),
        };
        let posted = (post.url.as_str(), headers, post.body.clone());
        let answered = |answer: &Answer| answered(answer, now);
        self.client.deliver(posted, leave, answered).await
    }
}

/// Mastodon takes a form, and a second post with the same `Idempotency-Key` for the first within an hour; so do others who look for it.
fn headers(post: &Post) -> Result<HeaderMap, InvalidHeaderValue> {
    let id = HeaderValue::from_str(&post.id)?;
    let form = match post.kind {
        ChatKind::Mastodon => "application/x-www-form-urlencoded",
        _ => "application/json",
    };
    let mut headers = HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static(form)),
        (HeaderName::from_static("webhook-id"), id.clone()),
    ]);
    if post.kind.is_public() {
        headers.insert(HeaderName::from_static("idempotency-key"), id);
    }
    if let Some(secret) = &post.secret {
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", secret.reveal()))?;
        bearer.set_sensitive(true);
        headers.insert(AUTHORIZATION, bearer);
    }
    Ok(headers)
}

/// The parts of an error that say what is wrong.
#[derive(Deserialize)]
struct Problem {
    code: Option<i64>,
}

/// What an answer means for the delivery. Teams says 202, the others 200 or 204.
fn answered(answer: &Answer, now: Timestamp) -> Outcome {
    let is_gone = answer.status == StatusCode::GONE || says_gone(&answer.body);
    answer.settled(now, is_gone)
}

/// Whether a product says that there is nothing behind this address any more.
fn says_gone(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    let read: Option<Problem> = serde_json::from_str(&text).ok();
    let code = read.and_then(|problem| problem.code);
    GONE.contains(&text.trim()) || code.is_some_and(|code| GONE_CODES.contains(&code))
}
