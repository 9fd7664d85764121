//! Text messages and calls through a Twilio-compatible provider.
//!
//! A message is posted once. 2xx means that the provider took it, not that it arrived: that is what its receipts say later.
//! The provider knows no key by which a request is made only once, so a message of which an earlier attempt may have been
//! taken is looked for in the provider's own list first, and only posted if it is not there
//! ([0018](../../../../docs/decisions/0018-phones-ask-first.md)).

use super::Leave;
use super::guard::Guard;
use super::http::{Answer, HttpClient, NoAnswer, Wire, each, one_line};
use forewarn_core::contact::Channel;
use forewarn_core::delivery::Outcome;
use http::StatusCode;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use std::fmt;

/// Requests under way at once: providers queue by the second and number, so more would only wait there.
const AT_ONCE: usize = 8;
/// How far the provider's clock may be behind ours.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(2);
/// How many of its messages to one number the provider is asked for; the newest come first, and their page fits in an answer.
const LISTED: u32 = 20;
/// For how long a provider may keep a message, at most (its own limit), and at least.
const VALID_SECONDS: (i64, i64) = (10, 14_400);

/// The account at the provider.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Base of the API, without a slash at its end.
    pub url: String,
    /// The account.
    pub sid: String,
    /// Its token.
    pub token: String,
    /// Senders: telephone numbers and messaging services (`MG...`). The first one sends messages, the first number calls.
    pub from: Vec<String>,
}

impl Account {
    fn caller(&self) -> Option<&str> {
        let number = self.from.iter().find(|from| from.starts_with('+'));
        number.map(String::as_str)
    }
}

impl fmt::Debug for Account {
    /// Without the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Account({} at {})", self.sid, self.url)
    }
}

/// What reaches the telephone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// A text message.
    Text(String),
    /// A call that goes by this document (TwiML).
    Call(String),
}

/// One message to one telephone.
#[derive(Clone, PartialEq, Eq)]
pub struct Ring {
    /// The number, with its country code.
    pub to: String,
    /// What it says.
    pub says: Says,
    /// Where the provider reports what became of it.
    pub receipts_url: String,
    /// When the message loses its meaning.
    pub expires: Timestamp,
    /// When the first attempt began, if there was one: it may have been taken.
    pub earlier: Option<Timestamp>,
    /// What the provider is known to have taken for other deliveries to this number.
    pub others: Vec<String>,
}

impl Ring {
    /// By which channel it goes.
    pub fn channel(&self) -> Channel {
        match self.says {
            Says::Text(_) => Channel::Sms,
            Says::Call(_) => Channel::Voice,
        }
    }
}

impl fmt::Debug for Ring {
    /// Without the number, and without the address that confirms.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring").finish_non_exhaustive()
    }
}

/// The channel of telephones.
#[derive(Clone, Debug)]
pub struct Phones {
    client: HttpClient,
    account: Account,
}

/// What the provider says of a message or call, as far as it is read.
#[derive(Deserialize)]
struct Resource {
    sid: Option<String>,
    status: Option<String>,
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    direction: Option<String>,
    #[serde(default)]
    date_created: Option<String>,
}

/// A refusal.
#[derive(Deserialize)]
struct Refusal {
    code: i64,
    message: String,
}

#[derive(Deserialize)]
struct Listed {
    #[serde(default, alias = "calls")]
    messages: Vec<Resource>,
}

impl Phones {
    /// A channel for this account. The operator chose the address, so it may be in a private network; plain http may be
    /// spoken only there, because the token goes with every request.
    pub fn new(account: Account) -> Phones {
        Phones::with_client(
            HttpClient::new(Guard::of_the_operator(), Wire::default()),
            account,
        )
    }

    /// A channel on a client of one's own.
    pub fn with_client(client: HttpClient, account: Account) -> Phones {
        Phones { client, account }
    }

    /// Attempts every message of the batch once, and says what came of each, in the batch's order.
    pub async fn send(&self, batch: &[Ring], now: Timestamp) -> Vec<Outcome> {
        self.send_while(batch, now, &Leave::unlimited()).await
    }

    /// The same as long as there is leave.
    pub async fn send_while(&self, batch: &[Ring], now: Timestamp, leave: &Leave) -> Vec<Outcome> {
        each(batch.len(), AT_ONCE, |place| {
            self.attempt(&batch[place], now, leave)
        })
        .await
    }

    /// Whether the provider answers and knows the account.
    ///
    /// # Errors
    /// What is wrong, for an administrator.
    pub async fn check(&self) -> Result<String, String> {
        let answer = self
            .client
            .get(&self.address(".json"), self.headers()?)
            .await;
        let answer = answer.map_err(|problem| no_answer(problem).0)?;
        let read: Option<Resource> = serde_json::from_slice(&answer.body).ok();
        let status = read.as_ref().and_then(|r| r.status.as_deref());
        match (answer.status, status) {
            (StatusCode::OK, Some("active")) => Ok("the account is active".into()),
            (StatusCode::OK, Some(other)) => Err(format!("the account is {}", one_line(other, 40))),
            (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND, _) => {
                Err(format!(
                    "the provider does not know the account or its token: {}",
                    said(&answer)
                ))
            }
            _ => Err(format!("the provider says {}", said(&answer))),
        }
    }

    fn address(&self, rest: &str) -> String {
        let Account { url, sid, .. } = &self.account;
        format!("{url}/2010-04-01/Accounts/{sid}{rest}")
    }

    fn headers(&self) -> Result<HeaderMap, String> {
        let Account { sid, token, .. } = &self.account;
        let basic = data_encoding::BASE64.encode(format!("{sid}:{token}").as_bytes());
        let mut basic =
            HeaderValue::from_str(&format!("Basic {basic}")).map_err(|e| e.to_string())?;
        basic.set_sensitive(true);
        Ok(HeaderMap::from_iter([(AUTHORIZATION, basic)]))
    }

    async fn attempt(&self, ring: &Ring, now: Timestamp, leave: &Leave) -> Outcome {
        let Some(sender) = self.sender(&ring.says) else {
            return never("not sent: a call needs a telephone number in FOREWARN_TWILIO_FROM");
        };
        if let Some(since) = ring.earlier {
            match self.taken(ring, sender.1, since, now).await {
                Ok(Some(sid)) => {
                    return Outcome::Accepted {
                        receipt: format!("the provider has it already: {sid}"),
                    };
                }
                Ok(None) => {}
                Err(outcome) => return outcome,
            }
        }
        let kind = match ring.says {
            Says::Text(_) => "/Messages.json",
            Says::Call(_) => "/Calls.json",
        };
        let mut headers = match self.headers() {
            Ok(headers) => headers,
            Err(problem) => return never(&problem),
        };
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(CONTENT_TYPE, form);
        let body = form_of(ring, sender, now).into_bytes();
        let url = self.address(kind);
        let posted = self.client.post_while(&url, headers, body, leave);
        match posted.await {
            Ok(answer) => answered(&answer, now),
            Err(NoAnswer::Withheld) => Outcome::Withheld,
            Err(problem) => {
                let (reason, maybe_sent) = no_answer(problem);
                Outcome::TransientFailure {
                    reason,
                    retry_after: None,
                    maybe_sent,
                }
            }
        }
    }

    /// The form's name for who sends, and who.
    fn sender(&self, says: &Says) -> Option<(&'static str, &str)> {
        match says {
            Says::Call(_) => self.account.caller().map(|number| ("From", number)),
            Says::Text(_) => {
                let first = self.account.from.first()?;
                let service = first.starts_with("MG");
                let name = if service {
                    "MessagingServiceSid"
                } else {
                    "From"
                };
                Some((name, first))
            }
        }
    }

    /// The message that an earlier attempt left with the provider, if it is there. An answer that cannot be understood lets
    /// nothing be sent: a person is not called twice because we did not know.
    async fn taken(
        &self,
        ring: &Ring,
        from: &str,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Option<String>, Outcome> {
        let unsaid = |reason: String, retry_after| Outcome::TransientFailure {
            reason: format!("not sent: whether the provider has it already is not known: {reason}"),
            retry_after,
            maybe_sent: false,
        };
        let kind = match ring.says {
            Says::Text(_) => "/Messages.json",
            Says::Call(_) => "/Calls.json",
        };
        let to = encoded(&ring.to);
        let url = self.address(&format!("{kind}?To={to}&PageSize={LISTED}"));
        let headers = self.headers().map_err(|problem| never(&problem))?;
        let answer = self.client.get(&url, headers).await;
        let answer = answer.map_err(|problem| unsaid(no_answer(problem).0, None))?;
        if answer.status != StatusCode::OK {
            return Err(unsaid(said(&answer), answer.retry_after(now)));
        }
        let listed: Listed = serde_json::from_slice(&answer.body)
            .map_err(|problem| unsaid(format!("its list cannot be read: {problem}"), None))?;
        let earliest = since - CLOCKS_DIFFER;
        let ours = |found: &&Resource| {
            let outward = found
                .direction
                .as_deref()
                .is_none_or(|d| d.starts_with("outbound"));
            let same = match &ring.says {
                Says::Text(text) => found.body.as_deref().map(str::trim) == Some(text.trim()),
                Says::Call(_) => found.from.as_deref() == Some(from),
            };
            let created = found.date_created.as_deref().and_then(instant);
            let other = found
                .sid
                .as_ref()
                .is_some_and(|sid| ring.others.contains(sid));
            outward && same && !other && created.is_some_and(|at| at >= earliest)
        };
        let found = listed.messages.iter().find(ours);
        Ok(found.map(|found| one_line(found.sid.as_deref().unwrap_or("without an id"), 40)))
    }
}

/// `Thu, 24 Aug 2023 05:01:45 +0000`, as the provider writes times.
fn instant(text: &str) -> Option<Timestamp> {
    let zoned = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(zoned.timestamp())
}

fn form_of(ring: &Ring, sender: (&str, &str), now: Timestamp) -> String {
    let valid = ring.expires.duration_since(now).as_secs();
    let valid = valid.clamp(VALID_SECONDS.0, VALID_SECONDS.1).to_string();
    let mut fields = vec![("To", ring.to.as_str()), sender];
    match &ring.says {
        Says::Text(text) => fields.extend([
            ("Body", text.as_str()),
            ("StatusCallback", &ring.receipts_url),
            ("ValidityPeriod", &valid),
        ]),
        // Only the end of a call says what became of it.
        Says::Call(document) => fields.extend([
            ("Twiml", document.as_str()),
            ("StatusCallback", &ring.receipts_url),
            ("Timeout", "30"),
        ]),
    }
    let fields = fields.iter().map(|(n, v)| format!("{n}={}", encoded(v)));
    fields.collect::<Vec<_>>().join("&")
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// What an answer means for the delivery.
fn answered(answer: &Answer, now: Timestamp) -> Outcome {
    if answer.status.is_success() {
        let read: Option<Resource> = serde_json::from_slice(&answer.body).ok();
        // What it is called at the provider stands first: a later attempt tells by it which messages are others.
        let receipt = read.and_then(|r| {
            let sid = one_line(&r.sid?, 40);
            Some(format!(
                "{sid} {}",
                one_line(&r.status.unwrap_or_default(), 40)
            ))
        });
        return Outcome::Accepted {
            receipt: receipt.unwrap_or_else(|| answer.line()),
        };
    }
    let refusal: Option<Refusal> = serde_json::from_slice(&answer.body).ok();
    let code = refusal.map(|r| r.code);
    let reason = said(answer);
    match (answer.status, code) {
        // Their fault, our account's fault, or too much at once: the message itself may be right.
        (
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::REQUEST_TIMEOUT
            | StatusCode::UNAUTHORIZED
            | StatusCode::PAYMENT_REQUIRED,
            _,
        )
        | (_, Some(20003 | 20429 | 21611 | 14107 | 30001)) => Outcome::TransientFailure {
            reason,
            retry_after: answer.retry_after(now),
            maybe_sent: false,
        },
        (status, _) if status.is_client_error() => Outcome::PermanentFailure {
            reason,
            // No such number, none that can be called, no mobile telephone; or its owner said STOP.
            endpoint_gone: matches!(code, Some(21211 | 21217 | 21401 | 13224 | 21614 | 21610)),
        },
        _ => Outcome::TransientFailure {
            reason,
            retry_after: answer.retry_after(now),
            maybe_sent: false,
        },
    }
}

/// The provider's own words: "400 Bad Request: 21211 The 'To' number is not a valid phone number".
fn said(answer: &Answer) -> String {
    match serde_json::from_slice(&answer.body) {
        Ok(Refusal { code, message }) => {
            let message = one_line(&message, 200);
            format!("{}: {code} {message}", answer.status_text())
        }
        Err(_) => answer.line(),
    }
}

fn no_answer(problem: NoAnswer) -> (String, bool) {
    match problem {
        NoAnswer::Refused(why) => (why.to_string(), false),
        NoAnswer::Withheld => ("there was no leave to send any more".into(), false),
        NoAnswer::Broken { reason, maybe_sent } => (reason, maybe_sent),
    }
}

fn never(reason: &str) -> Outcome {
    Outcome::PermanentFailure {
        reason: reason.to_owned(),
        endpoint_gone: false,
    }
}
