//! One guarded HTTP request, for every channel that speaks HTTP: no redirects, no proxy, no retry,
//! a time-out over the whole exchange, an answer cut at 64 KiB, and connections only to where the
//! [guard](super::guard) lets them go.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::stream;
use http::header::{CONTENT_LENGTH, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use http::{Method, StatusCode};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use reqwest::dns::Resolve;
use rustls::{ClientConfig, RootCertStore};

use super::Leave;
use super::guard::resolver::{GuardedResolver, SystemResolver};
use super::guard::{Guard, Refused, Scheme, TargetUrl};

/// How much of an answer's body is read; the connection is dropped when there is more.
pub const MOST_ANSWER_BYTES: usize = 64 * 1024;

/// The longest `Retry-After` that is honoured.
const MOST_RETRY_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// How long a connection is kept for the next request: less than the 5 s after which common servers
/// close it, since a request that meets the closing is an attempt lost; and short, because a fan-out
/// to many thousand hosts leaves one idle connection at each.
const KEEP_IDLE: Duration = Duration::from_secs(2);

/// What the client stands on. The default is the machine's resolver, the machine's certificates
/// and 15 s.
pub struct Wire {
    /// Turns names into addresses, before the guard filters them.
    pub resolver: Arc<dyn Resolve>,
    /// The authorities whose certificates are believed.
    pub roots: RootCertStore,
    /// For the whole exchange, from looking up the name to the end of the answer.
    pub timeout: Duration,
}

impl Default for Wire {
    fn default() -> Wire {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        let (taken, _) = roots.add_parsable_certificates(found.certs);
        if taken == 0 {
            tracing::warn!(errors = ?found.errors, "no trusted certificate found: https will fail");
        }
        Wire {
            resolver: Arc::new(SystemResolver),
            roots,
            timeout: Duration::from_secs(15),
        }
    }
}

/// A client that connects only to where its guard lets it go.
#[derive(Clone, Debug)]
pub struct HttpClient {
    guard: Arc<Guard>,
    // One for each scheme, because the resolver in the connector is not told the scheme and
    // plain http has the stricter rule.
    https: reqwest::Client,
    http: reqwest::Client,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body, or its first 64 KiB, or as much of it as came.
    pub body: Vec<u8>,
}

/// Why nothing came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// We do not connect there.
    Refused(Refused),
    /// There was no leave any more when the request was about to go out.
    Withheld,
    /// Something broke on the way.
    Broken {
        /// What, in one line.
        reason: String,
        /// The request was handed to the connection, so that it may have been taken.
        maybe_sent: bool,
    },
}

impl HttpClient {
    /// A client with these rules.
    ///
    /// # Panics
    ///
    /// If reqwest and this crate disagree about the version of rustls, which is a fault of the build.
    pub fn new(guard: Guard, wire: Wire) -> HttpClient {
        let guard = Arc::new(guard);
        let tls = tls_config(wire.roots);
        let client = |scheme| {
            let resolver = GuardedResolver::new(guard.clone(), scheme, wire.resolver.clone());
            reqwest::Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .dns_resolver(resolver)
                .https_only(scheme == Scheme::Https)
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .no_proxy()
                .referer(false)
                .http1_only()
                .tcp_nodelay(true)
                .pool_idle_timeout(KEEP_IDLE)
                .timeout(wire.timeout)
                .user_agent(concat!("Forewarn/", env!("CARGO_PKG_VERSION")))
                .build()
                .expect("reqwest takes the rustls of this build")
        };
        HttpClient {
            https: client(Scheme::Https),
            http: client(Scheme::Http),
            guard,
        }
    }

    /// Posts `body` once and reads the answer.
    ///
    /// The status line is the answer: if the body breaks off or never ends, what came of it is kept.
    pub async fn post(
        &self,
        url: &str,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<Answer, NoAnswer> {
        let leave = Leave::unlimited();
        self.post_while(url, headers, body, &leave).await
    }

    /// The same if there is still leave when the request goes out. It is asked for with the body, without which a request is
    /// nothing.
    pub async fn post_while(
        &self,
        url: &str,
        headers: HeaderMap,
        body: Vec<u8>,
        leave: &Leave,
    ) -> Result<Answer, NoAnswer> {
        let (target, client) = self.target(url)?;
        let length = HeaderValue::from(body.len());
        let taken = Arc::new(AtomicBool::new(false));
        let sent = client
            .request(Method::POST, target.url().clone())
            .headers(headers)
            .header(CONTENT_LENGTH, length)
            .body(watched(body, taken.clone(), leave.clone()))
            .send()
            .await;
        match sent {
            Ok(response) => Ok(read_answer(response, MOST_ANSWER_BYTES).await),
            Err(error) => match taken.load(Ordering::Acquire) {
                false if !leave.holds() => Err(NoAnswer::Withheld),
                taken => Err(broken(&error, taken)),
            },
        }
    }

    /// Asks once and reads the answer. It changes nothing at the other side.
    pub async fn get(&self, url: &str, headers: HeaderMap) -> Result<Answer, NoAnswer> {
        self.get_up_to(url, headers, MOST_ANSWER_BYTES).await
    }

    /// The same where the body is what one wants: up to `most` bytes of it.
    pub async fn get_up_to(
        &self,
        url: &str,
        headers: HeaderMap,
        most: usize,
    ) -> Result<Answer, NoAnswer> {
        let (target, client) = self.target(url)?;
        let request = client.request(Method::GET, target.url().clone());
        match request.headers(headers).send().await {
            Ok(response) => Ok(read_answer(response, most).await),
            Err(error) => Err(broken(&error, false)),
        }
    }

    /// Asks by any method, with a body, and reads up to `most` bytes of the answer.
    pub async fn request(
        &self,
        method: Method,
        url: &str,
        headers: HeaderMap,
        body: Vec<u8>,
        most: usize,
    ) -> Result<Answer, NoAnswer> {
        let (target, client) = self.target(url)?;
        let request = client.request(method, target.url().clone());
        match request.headers(headers).body(body).send().await {
            Ok(response) => Ok(read_answer(response, most).await),
            Err(error) => Err(broken(&error, false)),
        }
    }

    fn target(&self, url: &str) -> Result<(TargetUrl, &reqwest::Client), NoAnswer> {
        let target = TargetUrl::parse(url, &self.guard).map_err(NoAnswer::Refused)?;
        let client = match target.scheme() {
            Scheme::Https => &self.https,
            Scheme::Http => &self.http,
        };
        Ok((target, client))
    }
}

/// TLS with the `ring` provider named here, so that nothing depends on a process-wide default.
fn tls_config(roots: RootCertStore) -> ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring speaks TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// A body that notes when the connection takes it: from then on the request may have been received
/// even if we never see an answer. Without leave there is none.
fn watched(body: Vec<u8>, taken: Arc<AtomicBool>, leave: Leave) -> reqwest::Body {
    reqwest::Body::wrap_stream(stream::once(async move {
        if !leave.holds() {
            return Err(io::Error::other("there is no leave any more"));
        }
        taken.store(true, Ordering::Release);
        Ok(body)
    }))
}

async fn read_answer(mut response: reqwest::Response, most: usize) -> Answer {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = most - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() >= room {
            break;
        }
    }
    Answer {
        status: response.status(),
        headers: std::mem::take(response.headers_mut()),
        body,
    }
}

fn broken(error: &reqwest::Error, maybe_sent: bool) -> NoAnswer {
    if let Some(refused) = sources(error).find_map(|e| e.downcast_ref::<Refused>()) {
        return NoAnswer::Refused(refused.clone());
    }
    // The outermost text holds the URL, which may be a secret; the innermost says what happened.
    let detail = sources(error)
        .last()
        .map_or("no detail".into(), |e| e.to_string());
    let what = match () {
        () if error.is_timeout() && maybe_sent => "no answer in time",
        () if error.is_timeout() => "no connection in time",
        () if error.is_dns() => "the name could not be resolved",
        () if error.is_connect() => "could not connect",
        () if maybe_sent => "the connection broke before an answer",
        () => "the connection broke before the request was sent",
    };
    NoAnswer::Broken {
        reason: one_line(&format!("{what}: {detail}"), 300),
        maybe_sent,
    }
}

/// The causes of an error, from the outside in, without itself.
fn sources(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(error.source(), |cause| (**cause).source())
}

impl Answer {
    /// The status and the first 200 characters of the body, in one line: "200 OK: thanks".
    pub fn line(&self) -> String {
        let body = one_line(&String::from_utf8_lossy(&self.body), 200);
        let separator = if body.is_empty() { "" } else { ": " };
        format!("{}{separator}{body}", self.status_text())
    }

    /// The same of an answer that is no success; of a redirect, where it leads.
    pub fn refusal(&self) -> String {
        match self.headers.get(LOCATION) {
            Some(to) if self.status.is_redirection() => {
                let to = one_line(&String::from_utf8_lossy(to.as_bytes()), 200);
                format!(
                    "{}: the redirect to {to} is not followed",
                    self.status_text()
                )
            }
            _ => self.line(),
        }
    }

    /// The status as "404 Not Found"; a number without a registered name stays alone.
    pub fn status_text(&self) -> String {
        match self.status.canonical_reason() {
            Some(name) => format!("{} {name}", self.status.as_u16()),
            None => self.status.as_u16().to_string(),
        }
    }

    /// How long the server asks us to wait (RFC 9110, section 10.2.3), seconds or a date, at most
    /// 24 hours; nothing if there is no such field or it makes no sense.
    pub fn retry_after(&self, now: Timestamp) -> Option<SignedDuration> {
        let text = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        let asked = if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            // Digits that do not fit are more than a day as well.
            text.parse()
                .map_or(SignedDuration::MAX, SignedDuration::from_secs)
        } else {
            http_date(text)?.duration_since(now)
        };
        Some(asked.clamp(SignedDuration::ZERO, MOST_RETRY_AFTER))
    }
}

/// A date in any of the three forms that a recipient must accept (RFC 9110, section 5.6.7).
fn http_date(text: &str) -> Option<Timestamp> {
    const FORMS: [&str; 3] = [
        "%a, %d %b %Y %H:%M:%S GMT",
        "%A, %d-%b-%y %H:%M:%S GMT",
        "%a %b %e %H:%M:%S %Y",
    ];
    let civil = FORMS
        .iter()
        .find_map(|form| DateTime::strptime(form, text).ok())?;
    Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// The beginning of a foreign text as one harmless line: what could break a line, a terminal or
/// the direction of reading becomes a space, and spaces do not pile up.
pub(crate) fn one_line(text: &str, most_chars: usize) -> String {
    let breaks = |c: char| {
        c.is_control()
            || c.is_whitespace()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let words: Vec<&str> = text.split(breaks).filter(|word| !word.is_empty()).collect();
    words.join(" ").chars().take(most_chars).collect()
}
