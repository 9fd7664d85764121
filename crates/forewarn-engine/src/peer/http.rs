//! An HTTP/1.1 server on loopback: the receiving side of webhooks for the demo, the benchmarks and
//! the tests. It keeps a ledger of what arrived, which is the judge of delivery, and it can be told
//! to misbehave. Bodies with a `content-length` and kept connections only; no TLS.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use forewarn_engine::peer::http::{HttpPeer, Reply, Script};
//!
//! let peer = HttpPeer::start(Script::new().first(2, Reply::status(503).retry_after("120"))).await?;
//! // ... send three requests to peer.url("/hook") ...
//! peer.wait_for(3).await;
//! assert_eq!(peer.requests()[2].path, "/hook");
//! # Ok(())
//! # }
//! ```

mod script;
mod wire;

pub use script::{Reply, Script};

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

/// A request that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its place in the order of arrival, from 0.
    pub order: u64,
    /// `POST`, as written.
    pub method: String,
    /// The request target, with its query.
    pub path: String,
    /// The header fields in their order, names as written.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// The first header field of this name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// The server. It stops, with all its connections, when it is dropped.
pub struct HttpPeer {
    address: SocketAddr,
    desk: Arc<Desk>,
    listening: AbortHandle,
}

impl HttpPeer {
    /// Listens on a free port of 127.0.0.1 and answers as the script says.
    pub async fn start(script: Script) -> io::Result<HttpPeer> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let desk = Arc::new(Desk::new(script));
        let listening = tokio::spawn(accept(listener, desk.clone())).abort_handle();
        Ok(HttpPeer {
            address,
            desk,
            listening,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:<port>` and this path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What arrived so far, in order; empty when the script says to count only.
    pub fn requests(&self) -> Vec<Request> {
        self.desk.ledger().clone()
    }

    /// How many requests arrived so far. A request counts before it is answered.
    pub fn count(&self) -> u64 {
        *self.desk.arrived.borrow()
    }

    /// How many connections were accepted so far, whatever came over them.
    pub fn connections(&self) -> u64 {
        *self.desk.connected.borrow()
    }

    /// How many requests were under way at the same time at most: arrived, not answered, and their connection open.
    pub fn most_under_way(&self) -> usize {
        self.desk.most_under_way.load(Ordering::Relaxed)
    }

    /// How many requests are under way.
    pub fn under_way(&self) -> usize {
        self.desk.under_way.load(Ordering::Relaxed)
    }

    /// Returns as soon as at least `n` requests have arrived.
    pub async fn wait_for(&self, n: u64) {
        // It cannot close: the sending half lives in the desk that we hold.
        let _ = self
            .desk
            .arrived
            .subscribe()
            .wait_for(|&count| count >= n)
            .await;
    }

    /// Returns as soon as at least `n` connections were accepted.
    pub async fn wait_for_connections(&self, n: u64) {
        let _ = self
            .desk
            .connected
            .subscribe()
            .wait_for(|&count| count >= n)
            .await;
    }

    /// Lets every [held](Reply::held) answer go, now and from now on.
    pub fn release(&self) {
        self.desk.released.send_replace(true);
    }
}

impl Drop for HttpPeer {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// What the connections share.
struct Desk {
    script: Script,
    ledger: Mutex<Vec<Request>>,
    arrived: watch::Sender<u64>,
    connected: watch::Sender<u64>,
    released: watch::Sender<bool>,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
}

/// A request that is not answered yet, and counted so until it is dropped.
struct UnderWay<'a>(&'a Desk);

impl UnderWay<'_> {
    fn new(desk: &Desk) -> UnderWay<'_> {
        let count = desk.under_way.fetch_add(1, Ordering::Relaxed) + 1;
        desk.most_under_way.fetch_max(count, Ordering::Relaxed);
        UnderWay(desk)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Desk {
    fn new(script: Script) -> Desk {
        Desk {
            script,
            ledger: Mutex::default(),
            arrived: watch::Sender::new(0),
            connected: watch::Sender::new(0),
            released: watch::Sender::new(false),
            under_way: AtomicUsize::new(0),
            most_under_way: AtomicUsize::new(0),
        }
    }

    fn ledger(&self) -> std::sync::MutexGuard<'_, Vec<Request>> {
        // A callback that panicked does not make the ledger wrong.
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters a request into the ledger and says how to answer it.
    fn enter(&self, head: &wire::Head<'_>, body: &[u8]) -> Reply {
        if self.script.counts_only() {
            let mut order = 0;
            self.arrived.send_modify(|count| {
                order = *count;
                *count += 1;
            });
            return self.script.reply(order, head.path);
        }
        let mut ledger = self.ledger();
        let order = ledger.len() as u64;
        let request = head.to_request(order, body);
        self.script.tell(&request);
        let answer = self.script.answer(&request);
        ledger.push(request);
        // Under the lock, so that the count never runs ahead of the ledger.
        self.arrived.send_replace(order + 1);
        answer.unwrap_or_else(|| self.script.reply(order, head.path))
    }
}

async fn accept(listener: TcpListener, desk: Arc<Desk>) {
    // Owned by this task, so that ending it ends the connections.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                desk.connected.send_modify(|count| *count += 1);
                let desk = desk.clone();
                connections.spawn(async move {
                    // A client that goes away in the middle is nothing to tell anybody about.
                    let _ = wire::serve(stream, &desk).await;
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}
