//! How a scripted SMTP server behaves: what it offers, and where it misbehaves.

use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A server's behaviour, as plain data. The default is a correct server that offers PIPELINING,
/// 8BITMIME, SMTPUTF8 and ENHANCEDSTATUSCODES and takes everything.
#[derive(Clone, Debug)]
pub struct Script {
    pub(super) keywords: Vec<String>,
    pub(super) faults: Vec<Fault>,
    pub(super) close_after: Option<usize>,
    pub(super) delay: Option<Duration>,
    pub(super) tls: Option<(Encryption, Arc<ServerConfig>)>,
    pub(super) login: Option<(String, String)>,
}

/// When TLS begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// Before the greeting (RFC 8314).
    FromTheStart,
    /// After STARTTLS, which is offered (RFC 3207).
    Offered,
}

/// Where in a session a fault lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The greeting of a new connection.
    Greeting,
    /// The answer to EHLO, not to HELO.
    Ehlo,
    /// The answer to STARTTLS.
    StartTls,
    /// The answer to AUTH.
    Auth,
    /// The answer to MAIL.
    Mail,
    /// The answer to RCPT.
    Rcpt,
    /// The answer to DATA.
    Data,
    /// While the message comes in, before its final dot or the end of its chunk.
    Body,
    /// The answer to the final dot, or to the last chunk.
    Dot,
    /// The answer to RSET.
    Rset,
}

/// What the server does there instead of its duty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Answers with these words (without CRLF) and goes on as their first digit says. After 421 it
    /// closes the connection.
    Reply(String),
    /// Closes the connection without a word.
    Cut,
    /// Takes the message into the ledger, then closes the connection without a word. At
    /// [`Stage::Dot`] only; elsewhere the same as [`Cut`](Act::Cut).
    AcceptAndCut,
    /// Says nothing more and keeps the connection open.
    Hang,
}

/// One misbehaviour: at a stage, always or a number of times, for all recipients or some.
#[derive(Clone, Debug)]
pub struct Fault {
    pub(super) stage: Stage,
    pub(super) act: Act,
    pub(super) skip: usize,
    pub(super) times: usize,
    pub(super) every: usize,
    pub(super) recipient: Option<String>,
}

impl Fault {
    /// Does `act` at `stage`, every time.
    pub fn new(stage: Stage, act: Act) -> Fault {
        Fault {
            stage,
            act,
            skip: 0,
            times: usize::MAX,
            every: 1,
            recipient: None,
        }
    }

    /// Answers with `words` at `stage`, every time.
    pub fn reply(stage: Stage, words: &str) -> Fault {
        Fault::new(stage, Act::Reply(words.into()))
    }

    /// Only the first `times` times, over all connections.
    pub fn times(mut self, times: usize) -> Fault {
        self.times = times;
        self
    }

    /// Not the first `count` times, over all connections.
    pub fn after(mut self, count: usize) -> Fault {
        self.skip = count;
        self
    }

    /// Only every so manieth time, over all connections.
    pub fn every(mut self, count: usize) -> Fault {
        self.every = count.max(1);
        self
    }

    /// Only if the address of a recipient contains `part`. Has a meaning from RCPT on.
    pub fn only_to(mut self, part: &str) -> Fault {
        self.recipient = Some(part.into());
        self
    }
}

impl Default for Script {
    fn default() -> Script {
        let keywords = ["PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"];
        Script {
            keywords: keywords.map(String::from).into(),
            faults: Vec::new(),
            close_after: None,
            delay: None,
            tls: None,
            login: None,
        }
    }
}

impl Script {
    /// Does not offer this extension, for example `PIPELINING`.
    pub fn without(mut self, keyword: &str) -> Script {
        self.keywords.retain(|offered| offered != keyword);
        self
    }

    /// Offers this extension too: of those that are not usual it knows `CHUNKING`.
    pub fn with(mut self, keyword: &str) -> Script {
        self.keywords.push(keyword.into());
        self
    }

    /// Misbehaves. Of several faults that fit, the one added first acts.
    pub fn fault(mut self, fault: Fault) -> Script {
        self.faults.push(fault);
        self
    }

    /// Closes each connection after this many messages, without a word, as servers do with idle
    /// ones.
    pub fn close_after(mut self, messages: usize) -> Script {
        self.close_after = Some(messages);
        self
    }

    /// Waits before each group of replies (a tarpit).
    pub fn delay(mut self, delay: Duration) -> Script {
        self.delay = Some(delay);
        self
    }

    /// Speaks TLS with this certificate and its key.
    pub fn tls(
        mut self,
        when: Encryption,
        certificate: CertificateDer<'static>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Script, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)?;
        self.tls = Some((when, Arc::new(config)));
        Ok(self)
    }

    /// Takes mail only after AUTH by one of these mechanisms (`PLAIN`, `LOGIN`, `XOAUTH2`, or several with a
    /// space between) with this user and password or token.
    pub fn login(mut self, mechanisms: &str, user: &str, password: &str) -> Script {
        self.keywords.push(format!("AUTH {mechanisms}"));
        self.login = Some((user.into(), password.into()));
        self
    }
}
