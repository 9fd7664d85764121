//! An SMTP server in our own process: the demo's mail catcher, the benchmark's sink, and the tests'
//! scripted adversary.
//!
//! It keeps a ledger of what it accepted. A message is in the ledger before its acceptance is
//! answered, so the ledger is the judge of what a client may call lost.

mod script;
mod session;

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

pub use self::script::{Act, Encryption, Fault, Script, Stage};

/// How much of an accepted message the ledger keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Their number only: the fastest, for benchmarks.
    Count,
    /// Envelope and Message-ID.
    Envelopes,
    /// Everything.
    Messages,
}

/// An accepted message, once for each of its recipients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Its place in the order of acceptance, from 0.
    pub order: usize,
    /// The return path, without angle brackets.
    pub envelope_from: String,
    /// The recipient, without angle brackets.
    pub to: String,
    /// The Message-ID header field, with its angle brackets.
    pub message_id: Option<String>,
    /// The message with dots undoubled; empty unless [`Keep::Messages`].
    pub data: Vec<u8>,
}

/// The server. It stops when dropped, with all its connections.
pub struct SmtpPeer {
    addr: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

/// What the connections have in common.
struct Shared {
    script: Script,
    /// How often each fault of the script had its occasion.
    occasions: Vec<AtomicUsize>,
    keep: Keep,
    ledger: Mutex<Vec<Arc<Received>>>,
    count: watch::Sender<usize>,
    connections: AtomicUsize,
    open: watch::Sender<usize>,
    most_open: AtomicUsize,
    reply_groups: AtomicUsize,
}

impl SmtpPeer {
    /// Starts a server on a free port of 127.0.0.1.
    pub async fn start(script: Script, keep: Keep) -> io::Result<SmtpPeer> {
        SmtpPeer::listen(SocketAddr::from(([127, 0, 0, 1], 0)), script, keep).await
    }

    /// Starts a server at this address.
    pub async fn listen(addr: SocketAddr, script: Script, keep: Keep) -> io::Result<SmtpPeer> {
        let listener = TcpListener::bind(addr).await?;
        let shared = Arc::new(Shared {
            occasions: script.faults.iter().map(|_| AtomicUsize::new(0)).collect(),
            script,
            keep,
            ledger: Mutex::default(),
            count: watch::Sender::new(0),
            connections: AtomicUsize::new(0),
            open: watch::Sender::new(0),
            most_open: AtomicUsize::new(0),
            reply_groups: AtomicUsize::new(0),
        });
        Ok(SmtpPeer {
            addr: listener.local_addr()?,
            accepting: tokio::spawn(accept(listener, shared.clone())),
            shared,
        })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// How many messages it accepted, counted once for each recipient.
    pub fn count(&self) -> usize {
        *self.shared.count.borrow()
    }

    /// How many connections were made to it.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// How many connections were open at the same time at most. One that the client takes leave on is open no more.
    pub fn most_open(&self) -> usize {
        self.shared.most_open.load(Ordering::Relaxed)
    }

    /// Waits until none of the connections made to it is open.
    pub async fn wait_for_all_closed(&self) {
        // As in `wait_for`.
        let _ = self
            .shared
            .open
            .subscribe()
            .wait_for(|open| *open == 0)
            .await;
    }

    /// How many times it wrote replies: with a client that waits for them, the round trips.
    pub fn reply_groups(&self) -> usize {
        self.shared.reply_groups.load(Ordering::Relaxed)
    }

    /// What it accepted so far, in order; empty with [`Keep::Count`].
    pub fn ledger(&self) -> Vec<Arc<Received>> {
        self.shared.ledger().clone()
    }

    /// Waits until it has accepted `n` messages in all.
    pub async fn wait_for(&self, n: usize) {
        // The sender lives as long as this peer, so the only error there is cannot occur.
        let _ = self
            .shared
            .count
            .subscribe()
            .wait_for(|count| *count >= n)
            .await;
    }

    /// Waits for the message with this place in the order: called with 0, 1, 2 and so on it is the
    /// stream of messages as they arrive. With [`Keep::Count`] there is none.
    pub async fn message(&self, order: usize) -> Option<Arc<Received>> {
        self.wait_for(order + 1).await;
        self.shared.ledger().get(order).cloned()
    }

    /// Stops listening and cuts all connections. The ledger stays.
    pub fn stop(&self) {
        self.accepting.abort();
    }
}

impl Drop for SmtpPeer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The sessions live in this task's set, so that they end with it.
async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut sessions = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((socket, _)) => {
                    let open = Open::new(&shared);
                    sessions.spawn(async move { session::serve(socket, open).await });
                }
                // The client's (aborted), or it passes (out of descriptors).
                Err(_) => tokio::task::yield_now().await,
            },
            // Only so that ended ones do not pile up.
            Some(_) = sessions.join_next() => {}
        }
    }
}

/// A connection that is open, and counted so until it is dropped.
struct Open(Arc<Shared>);

impl Open {
    fn new(shared: &Arc<Shared>) -> Open {
        shared.connections.fetch_add(1, Ordering::Relaxed);
        shared.open.send_modify(|open| {
            *open += 1;
            shared.most_open.fetch_max(*open, Ordering::Relaxed);
        });
        Open(shared.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.send_modify(|open| *open -= 1);
    }
}

impl Shared {
    /// What the script says to do here, if anything. Counts the occasion.
    fn fault(&self, stage: Stage, recipients: &[String]) -> Option<&Act> {
        let fits = |fault: &Fault| {
            fault.stage == stage
                && fault
                    .recipient
                    .as_ref()
                    .is_none_or(|part| recipients.iter().any(|to| to.contains(part)))
        };
        let faults = self.script.faults.iter().zip(&self.occasions);
        faults
            .filter(|(fault, _)| fits(fault))
            .find_map(|(fault, occasions)| {
                let before = occasions.fetch_add(1, Ordering::Relaxed);
                let occasion = before.checked_sub(fault.skip)?;
                (occasion / fault.every < fault.times && occasion % fault.every == 0)
                    .then_some(&fault.act)
            })
    }

    fn ledger(&self) -> MutexGuard<'_, Vec<Arc<Received>>> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
