//! One guarded HTTP request, for every channel that speaks HTTP: no redirects, no proxy, no retry,
//! a time-out over the whole exchange, an answer cut at 64 KiB, and connections only to where the
//! [guard](super::guard) lets them go.

mod wire;

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use forewarn_core::delivery::Outcome;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use http::header::{ACCEPT, HOST, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER, USER_AGENT};
use http::{Method, Request, StatusCode, Uri};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use reqwest::dns::Resolve;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use url::{Position, Url};

use self::wire::{Connections, Once, Trouble};
use super::Leave;
use super::guard::resolver::{GuardedResolver, SystemResolver};
use super::guard::{Guard, Refused, TargetUrl};

/// How much of an answer's body is read; the connection is dropped when there is more.
pub const MOST_ANSWER_BYTES: usize = 64 * 1024;

/// The longest `Retry-After` that is honoured.
const MOST_RETRY_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// Who we are, to whoever takes our requests.
const AGENT: HeaderValue =
    HeaderValue::from_static(concat!("Forewarn/", env!("CARGO_PKG_VERSION")));

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
#[derive(Clone)]
pub struct HttpClient {
    guard: Arc<Guard>,
    connections: Arc<Connections>,
    timeout: Duration,
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient")
            .field("guard", &self.guard)
            .finish_non_exhaustive()
    }
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
    pub fn new(guard: Guard, wire: Wire) -> HttpClient {
        let guard = Arc::new(guard);
        let gate = GuardedResolver::new(guard.clone(), wire.resolver);
        let tls = TlsConnector::from(Arc::new(tls_config(wire.roots)));
        HttpClient {
            guard,
            connections: Arc::new(Connections::new(gate, tls)),
            timeout: wire.timeout,
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
        let asked = (Method::POST, url, headers);
        self.exchange(asked, body, MOST_ANSWER_BYTES, leave).await
    }

    /// Posts a message once, as long as there is leave, and says what came of it; `answered` says what an answer means.
    pub(super) async fn deliver(
        &self,
        (url, headers, body): (&str, HeaderMap, Vec<u8>),
        leave: &Leave,
        answered: impl FnOnce(&Answer) -> Outcome,
    ) -> Outcome {
        match self.post_while(url, headers, body, leave).await {
            Ok(answer) => answered(&answer),
            Err(NoAnswer::Refused(why)) => never(why.to_string()),
            Err(NoAnswer::Withheld) => Outcome::Withheld,
            Err(NoAnswer::Broken { reason, maybe_sent }) => Outcome::TransientFailure {
                reason,
                retry_after: None,
                maybe_sent,
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
        self.request(Method::GET, url, headers, Vec::new(), most)
            .await
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
        let leave = Leave::unlimited();
        self.exchange((method, url, headers), body, most, &leave)
            .await
    }

    async fn exchange(
        &self,
        (method, url, headers): (Method, &str, HeaderMap),
        body: Vec<u8>,
        most: usize,
        leave: &Leave,
    ) -> Result<Answer, NoAnswer> {
        let target = TargetUrl::parse(url, &self.guard).map_err(NoAnswer::Refused)?;
        if body.is_empty() && !leave.holds() {
            return Err(NoAnswer::Withheld);
        }
        let taken = Arc::new(AtomicBool::new(false));
        let body = Once::new(body, taken.clone(), leave.clone());
        let request = request(method, target.url(), headers, body).map_err(|problem| {
            let why = format!("a header field cannot be sent: {problem}");
            unsent(why)
        })?;
        let deadline = Instant::now() + self.timeout;
        let asked = self.connections.exchange(&target, request, most, deadline);
        match asked.await {
            Ok(answer) => Ok(answer),
            Err(trouble) => match taken.load(Ordering::Acquire) {
                false if !leave.holds() => Err(NoAnswer::Withheld),
                taken => Err(broken(trouble, taken)),
            },
        }
    }
}

/// A request in the form that goes to the server itself (RFC 9112, section 3.2.1).
fn request(
    method: Method,
    url: &Url,
    headers: HeaderMap,
    body: Once,
) -> Result<Request<Once>, http::Error> {
    let path: Uri = url[Position::BeforePath..Position::AfterQuery].parse()?;
    let host = HeaderValue::from_str(&url[Position::BeforeHost..Position::AfterPort])?;
    let mut request = Request::new(body);
    (*request.method_mut(), *request.uri_mut()) = (method, path);
    *request.headers_mut() = headers;
    let headers = request.headers_mut();
    headers.insert(HOST, host);
    headers.entry(USER_AGENT).or_insert(AGENT);
    headers
        .entry(ACCEPT)
        .or_insert(HeaderValue::from_static("*/*"));
    Ok(request)
}

/// Attempts each of a batch once, so many at a time, and says what came of each, in the batch's order. Whoever is done with one takes
/// the next, so that a slow one holds up one place and not the queue behind it.
pub(super) async fn each<F: Future<Output = Outcome>>(
    count: usize,
    at_once: usize,
    attempt: impl Fn(usize) -> F,
) -> Vec<Outcome> {
    let next = AtomicUsize::new(0);
    let one_by_one = async || {
        let mut done = Vec::with_capacity(count.div_ceil(at_once));
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            if place >= count {
                return done;
            }
            done.push((place, attempt(place).await));
        }
    };
    let mut all: FuturesUnordered<_> = (0..at_once.min(count)).map(|_| one_by_one()).collect();
    let mut done: Vec<(usize, Outcome)> = Vec::with_capacity(count);
    while let Some(part) = all.next().await {
        done.extend(part);
    }
    done.sort_unstable_by_key(|&(place, _)| place);
    done.into_iter().map(|(_, outcome)| outcome).collect()
}

/// What no further attempt would change.
pub(super) fn never(reason: String) -> Outcome {
    Outcome::PermanentFailure {
        reason,
        endpoint_gone: false,
    }
}

/// TLS with the `ring` provider named here, so that nothing depends on a process-wide default.
fn tls_config(roots: RootCertStore) -> ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring speaks TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

fn unsent(reason: String) -> NoAnswer {
    NoAnswer::Broken {
        reason,
        maybe_sent: false,
    }
}

fn broken(trouble: Trouble, maybe_sent: bool) -> NoAnswer {
    let (what, cause) = match trouble {
        Trouble::Refused(why) => return NoAnswer::Refused(why),
        Trouble::Late if maybe_sent => ("no answer in time", None),
        Trouble::Late => ("no connection in time", None),
        Trouble::Unresolved(cause) => ("the name could not be resolved", Some(cause)),
        Trouble::Unconnected(cause) => ("could not connect", Some(cause)),
        Trouble::Broken(cause) if maybe_sent => {
            ("the connection broke before an answer", Some(cause))
        }
        Trouble::Broken(cause) => (
            "the connection broke before the request was sent",
            Some(cause),
        ),
    };
    let detail = match &cause {
        None => "operation timed out".to_owned(),
        Some(cause) => innermost(cause.as_ref()).to_string(),
    };
    NoAnswer::Broken {
        reason: one_line(&format!("{what}: {detail}"), 300),
        maybe_sent,
    }
}

/// What happened, without what it happened to.
fn innermost<'e>(error: &'e (dyn StdError + 'static)) -> &'e (dyn StdError + 'static) {
    match error.source() {
        Some(cause) => innermost(cause),
        None => error,
    }
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

    /// What it means where a refusal (4xx) is for good, but for what whoever runs the server can repair. `is_gone`: a refusal that says
    /// that nothing is behind this address any more.
    pub(super) fn settled(&self, now: Timestamp, is_gone: bool) -> Outcome {
        if self.status.is_success() {
            return Outcome::Accepted {
                receipt: self.line(),
            };
        }
        let refused = self.status.is_client_error();
        let is_gone = refused && is_gone;
        let may_be_repaired = matches!(
            self.status,
            StatusCode::UNAUTHORIZED
                | StatusCode::FORBIDDEN
                | StatusCode::REQUEST_TIMEOUT
                | StatusCode::TOO_EARLY
                | StatusCode::TOO_MANY_REQUESTS
        );
        if is_gone || (refused && !may_be_repaired) {
            return Outcome::PermanentFailure {
                reason: self.refusal(),
                endpoint_gone: is_gone,
            };
        }
        Outcome::TransientFailure {
            reason: self.refusal(),
            retry_after: self.retry_after(now),
            maybe_sent: false,
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
