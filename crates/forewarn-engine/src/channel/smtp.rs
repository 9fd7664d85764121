//! Mail: an SMTP client (RFC 5321) that hands messages to a relay.
//!
//! A batch goes over one connection, which comes from a pool of idle ones or is opened, and costs
//! one round trip a message where the server offers PIPELINING, and a few for the whole batch where it
//! offers CHUNKING too. The channel never retries and
//! never waits for a retry: what the server answered, or the lack of an answer, is the outcome.
//!
//! | the server | the outcome |
//! |---|---|
//! | 2xx after the final dot | accepted, its words are the receipt |
//! | 4xx to any command | transient |
//! | 5xx to MAIL, RCPT, DATA or the final dot | permanent; the endpoint is gone if it was RCPT and the words are about the address: 550, 551 or 553 with 5.1.x, or 550 with no enhanced code |
//! | 421 | transient, for the rest of the batch too; the connection is closed |
//! | connection lost | transient, for the rest of the batch too; *maybe sent* for the mail whose final dot was written |
//! | anything before the first MAIL, also 5xx | the next relay is tried; if there is none, transient for the batch: an operator's mistake must not kill messages |
//! | what is not SMTP | transient |
//!
//! Once there is no [leave](super::Leave) any more nothing is written but what must be: the connection is closed, and what the
//! server has no final dot of is withheld.

pub mod bare;
mod chunking;
mod connection;
pub mod dkim;
mod pool;
mod relay;
mod reply;
mod transaction;
mod trust;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use forewarn_core::delivery::Outcome;
use rustls::ClientConfig;

use super::Leave;

use self::connection::Connection;
use self::dkim::Signer;
use self::pool::Pool;
use self::relay::Protection;
use self::transaction::Broken;

pub use self::connection::Limits;
pub use self::relay::RelayUrl;

/// How many idle connections to each relay are kept, unless told otherwise.
const MAX_IDLE: usize = 16;
/// How long a connection may idle. Servers give up after 5 minutes (RFC 5321, section 4.5.3.2.7),
/// busy ones much sooner.
const MAX_IDLE_AGE: Duration = Duration::from_secs(30);
/// How long a relay that could not be reached is asked last. With the preferred one behind a dead
/// router, every batch would otherwise first wait out the time limit of the connection.
const SHUNNED_FOR: Duration = Duration::from_secs(30);

/// One message to one recipient: one mail transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The return path, without angle brackets; empty for the null path (RFC 5321, section 4.5.5).
    pub envelope_from: String,
    /// The recipient, without angle brackets.
    pub to: String,
    /// The complete message (RFC 5322), lines ending in CRLF, dots not doubled. It is copied once,
    /// into the connection's write buffer, which costs less than a list of shared parts would in
    /// system calls.
    pub data: Vec<u8>,
}

/// The SMTP channel: relays in order of preference, and the connections kept open to them.
///
/// Callers run as many batches at once as they want connections.
pub struct Smtp {
    relays: Vec<Relay>,
    hello_name: String,
    limits: Limits,
}

struct Relay {
    url: RelayUrl,
    tls: Option<Arc<ClientConfig>>,
    pool: Arc<Pool>,
    failed: Mutex<Option<Instant>>,
    signers: Arc<[Signer]>,
}

impl Smtp {
    /// A channel over these relays. `hello_name` is what we call ourselves in EHLO: a domain name
    /// or an address literal (RFC 5321, section 4.1.3). Reads the trusted certificates if a relay
    /// wants TLS, and connects to nothing. The error says what is wrong with the settings.
    pub fn new(relays: Vec<RelayUrl>, hello_name: String) -> Result<Smtp, String> {
        if relays.is_empty() {
            return Err("no mail relay is configured".into());
        }
        if hello_name.is_empty() || !hello_name.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(format!("{hello_name:?} is not a name to say in EHLO"));
        }
        let relays = relays
            .into_iter()
            .map(Relay::new)
            .collect::<Result<_, _>>()?;
        Ok(Smtp {
            relays,
            hello_name,
            limits: Limits::default(),
        })
    }

    /// Signs every message with each of these keys.
    pub fn signed_by(mut self, signers: Arc<[Signer]>) -> Smtp {
        for relay in &mut self.relays {
            relay.signers = signers.clone();
        }
        self
    }

    /// Other time limits than the usual ones.
    pub fn limits(mut self, limits: Limits) -> Smtp {
        self.limits = limits;
        self
    }

    /// How many idle connections to keep for each relay, and for how long.
    pub fn idle(mut self, max: usize, max_age: Duration) -> Smtp {
        for relay in &mut self.relays {
            relay.pool = Pool::new(max, max_age);
        }
        self
    }

    /// Keeps no connection that has nothing to carry: each is closed, by both sides, before its batch is done. Whoever counts
    /// connections then counts no more than there are batches.
    pub fn closing(self) -> Smtp {
        self.idle(0, Duration::ZERO)
    }

    /// Opens a connection to each relay as sending does, encrypted and signed in where its URL says so, and sends nothing. Says for
    /// each, in order, what keeps us from handing it mail.
    pub async fn check(&self) -> Vec<Result<(), String>> {
        let mut checked = Vec::with_capacity(self.relays.len());
        for relay in &self.relays {
            let opened = relay.open(&self.hello_name, self.limits).await;
            checked.push(opened.map(drop));
        }
        checked
    }

    /// Sends a batch over one connection. The outcomes are in the order of the batch, one for
    /// each mail.
    pub async fn send(&self, batch: &[Mail]) -> Vec<Outcome> {
        self.send_while(batch, &Leave::unlimited()).await
    }

    /// The same as long as there is leave.
    pub async fn send_while(&self, batch: &[Mail], leave: &Leave) -> Vec<Outcome> {
        let mut outcomes: Vec<Option<Outcome>> = batch.iter().map(refuse_malformed).collect();
        let broken = match outcomes.iter().any(Option::is_none) {
            true => self.deliver(batch, leave, &mut outcomes).await.err(),
            false => None,
        };
        let (reason, in_doubt) = match broken {
            Some(broken) => (broken.reason, broken.in_doubt),
            None => (String::new(), Vec::new()),
        };
        let withheld = !leave.holds();
        let rest = |(place, outcome): (usize, Option<Outcome>)| {
            outcome.unwrap_or_else(|| {
                let maybe_sent = in_doubt.contains(&place);
                match withheld && !maybe_sent {
                    true => Outcome::Withheld,
                    false => Outcome::TransientFailure {
                        reason: reason.clone(),
                        retry_after: None,
                        maybe_sent,
                    },
                }
            })
        };
        outcomes.into_iter().enumerate().map(rest).collect()
    }

    /// Fills in the outcomes, or leaves open those of the mails that could not be sent.
    async fn deliver(
        &self,
        batch: &[Mail],
        leave: &Leave,
        outcomes: &mut [Option<Outcome>],
    ) -> Result<(), Broken> {
        let mut problems = Vec::new();
        for relay in self.by_preference() {
            if let Some(idle) = relay.pool.take() {
                match relay.transact(idle, batch, leave, outcomes).await {
                    // The server gave it up while it idled; no mail has begun, a new one will do.
                    Err(broken) if broken.unanswered => {}
                    ended => return ended,
                }
            }
            match relay.open(&self.hello_name, self.limits).await {
                Ok(fresh) => return relay.transact(fresh, batch, leave, outcomes).await,
                Err(problem) => problems.push(format!("{}: {problem}", relay.url.address())),
            }
        }
        Err(Broken {
            reason: problems.join("; "),
            in_doubt: Vec::new(),
            unanswered: true,
        })
    }

    /// The relays in order, those last that could not be reached a moment ago.
    fn by_preference(&self) -> impl Iterator<Item = &Relay> {
        let (shunned, well): (Vec<_>, Vec<_>) = self.relays.iter().partition(|r| r.is_shunned());
        well.into_iter().chain(shunned)
    }
}

impl Relay {
    fn new(url: RelayUrl) -> Result<Relay, String> {
        let tls = match url.protection {
            Protection::Plain => None,
            Protection::Tls | Protection::StartTls => Some(trust::settings(&url)?),
        };
        let pool = Pool::new(MAX_IDLE, MAX_IDLE_AGE);
        Ok(Relay {
            url,
            tls,
            pool,
            failed: Mutex::new(None),
            signers: Arc::new([]),
        })
    }

    async fn open(&self, hello_name: &str, limits: Limits) -> Result<Connection, String> {
        let mut opened = Connection::open(&self.url, self.tls.as_ref(), hello_name, limits).await;
        if let Ok(connection) = &mut opened {
            connection.signers = self.signers.clone();
        }
        let failed = opened.is_err().then(Instant::now);
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = failed;
        if let Err(problem) = &opened {
            tracing::warn!(relay = %self.url.address(), problem, "mail relay could not be used");
        }
        opened
    }

    /// Sends over this connection and keeps it if it came out well.
    async fn transact(
        &self,
        mut connection: Connection,
        batch: &[Mail],
        leave: &Leave,
        outcomes: &mut [Option<Outcome>],
    ) -> Result<(), Broken> {
        connection.transact(batch, leave, outcomes).await?;
        match self.pool.keeps_any() {
            true => self.pool.put(connection),
            false => connection.close().await,
        }
        Ok(())
    }

    fn is_shunned(&self) -> bool {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.is_some_and(|at| at.elapsed() < SHUNNED_FOR)
    }
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.relays.iter().map(|relay| &relay.url))
            .finish()
    }
}

/// An address that would end the command it stands in, or the path within it, must not reach the
/// wire: what follows would be read as a command of ours.
fn refuse_malformed(mail: &Mail) -> Option<Outcome> {
    let well_formed =
        |address: &str| !address.contains(|c: char| c.is_control() || matches!(c, ' ' | '<' | '>'));
    let reason = if mail.to.is_empty() {
        "no recipient"
    } else if !well_formed(&mail.to) {
        "the recipient's address has a space, an angle bracket or a control character"
    } else if !well_formed(&mail.envelope_from) {
        "the return path has a space, an angle bracket or a control character"
    } else {
        return None;
    };
    Some(Outcome::PermanentFailure {
        reason: reason.into(),
        endpoint_gone: false,
    })
}
