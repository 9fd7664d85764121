//! Connections of HTTP/1.1: opened only to addresses that passed the guard, used for one exchange at a time, and kept for the next.
//!
//! Whoever waits for an answer works the connection in the same task. A task for each connection, as clients for everything have,
//! hands each message from thread to thread, which costs more than sending it.

use super::super::Leave;
use super::super::guard::resolver::{GuardedResolver, NoAddress};
use super::super::guard::{Refused, Scheme, TargetUrl};
use super::Answer;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use http::Request;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use std::collections::HashMap;
use std::error::Error as StdError;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

/// How long a connection is kept for the next request: less than the 5 s after which common servers
/// close it, since a request that meets the closing is an attempt lost; and short, because a fan-out
/// to many thousand hosts leaves one idle connection at each.
const KEEP_IDLE: Duration = Duration::from_secs(2);

/// When one address of a name does not answer, the next is tried beside it (RFC 8305, section 5).
const NEXT_ADDRESS: Duration = Duration::from_millis(250);

/// Why an exchange did not come to an answer.
pub(super) enum Trouble {
    /// We do not connect there.
    Refused(Refused),
    /// The name leads nowhere.
    Unresolved(Cause),
    /// Nobody was reached, or not whom we meant.
    Unconnected(Cause),
    /// The connection broke.
    Broken(Cause),
    /// It took too long.
    Late,
}

/// What is behind a failure.
pub(super) type Cause = Box<dyn StdError + Send + Sync>;

/// All connections of a client.
pub(super) struct Connections {
    gate: GuardedResolver,
    tls: TlsConnector,
    kept: Arc<Kept>,
}

impl Connections {
    pub(super) fn new(gate: GuardedResolver, tls: TlsConnector) -> Connections {
        Connections {
            gate,
            tls,
            kept: Arc::default(),
        }
    }

    /// Sends a request once and reads the answer, up to `most` bytes of its body. The head of the answer must be there by the
    /// deadline; of its body, what has come by then counts.
    pub(super) async fn exchange(
        &self,
        target: &TargetUrl,
        request: Request<Once>,
        most: usize,
        deadline: Instant,
    ) -> Result<Answer, Trouble> {
        let origin = Origin::of(target);
        let head = self.head(target, &origin, request);
        let head = tokio::time::timeout_at(deadline, head).await;
        let (mut line, response) = head.map_err(|_| Trouble::Late)??;
        let (answer, is_whole) = line.read(response, most, deadline).await;
        if is_whole && line.is_free().await {
            self.kept.put(origin, line);
        }
        Ok(answer)
    }

    async fn head(
        &self,
        target: &TargetUrl,
        origin: &Origin,
        mut request: Request<Once>,
    ) -> Result<(Box<Line>, Response), Trouble> {
        while let Some(mut line) = self.kept.take(origin) {
            if !line.is_free().await {
                continue;
            }
            match line.ask(request).await {
                Ok(response) => return Ok((line, response)),
                // It was closed before anything of the request had gone out.
                Err((Some(unsent), _)) => request = unsent,
                Err((None, problem)) => return Err(Trouble::Broken(problem)),
            }
        }
        let mut line = Box::new(self.open(target).await?);
        match line.ask(request).await {
            Ok(response) => Ok((line, response)),
            Err((_, problem)) => Err(Trouble::Broken(problem)),
        }
    }

    /// A new connection to one of the addresses that may be dialled: what was checked is what is dialled.
    async fn open(&self, target: &TargetUrl) -> Result<Line, Trouble> {
        let addresses = self.gate.addresses(target).await;
        let addresses = addresses.map_err(|why| match why {
            NoAddress::Refused(why) => Trouble::Refused(why),
            NoAddress::Unresolved(cause) => Trouble::Unresolved(cause),
        })?;
        let socket = dial(addresses).await.map_err(unconnected)?;
        socket.set_nodelay(true).map_err(unconnected)?;
        let stream: Stream = match target.scheme() {
            Scheme::Http => Box::new(socket),
            Scheme::Https => {
                let name = server_name(target.url()).map_err(unconnected)?;
                let encrypted = self.tls.connect(name, socket).await;
                Box::new(encrypted.map_err(unconnected)?)
            }
        };
        let shaken = http1::handshake(TokioIo::new(stream)).await;
        let (sender, connection) = shaken.map_err(unconnected)?;
        Ok(Line { sender, connection })
    }
}

fn unconnected(cause: impl Into<Cause>) -> Trouble {
    Trouble::Unconnected(cause.into())
}

/// The first of these that answers.
async fn dial(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut left = addresses.into_iter();
    let mut trials = FuturesUnordered::new();
    let mut problem = io::Error::from(io::ErrorKind::AddrNotAvailable);
    loop {
        trials.extend(left.next().map(TcpStream::connect));
        let has_more = left.len() > 0;
        tokio::select! {
            Some(tried) = trials.next() => match tried {
                Ok(socket) => return Ok(socket),
                Err(failed) => problem = failed,
            },
            () = tokio::time::sleep(NEXT_ADDRESS), if has_more => {}
            else => return Err(problem),
        }
    }
}

/// Whose certificate is expected.
fn server_name(url: &Url) -> Result<ServerName<'static>, Cause> {
    Ok(match url.host() {
        Some(Host::Domain(name)) => ServerName::try_from(name.to_owned())?,
        Some(Host::Ipv4(address)) => ServerName::IpAddress(address.into()),
        Some(Host::Ipv6(address)) => ServerName::IpAddress(address.into()),
        None => return Err("no host".into()),
    })
}

/// A socket, encrypted or not.
trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Socket for T {}

type Stream = Box<dyn Socket>;
type Response = http::Response<Incoming>;

/// One connection.
struct Line {
    sender: http1::SendRequest<Once>,
    connection: http1::Connection<TokioIo<Stream>, Once>,
}

impl Line {
    /// Sends a request and waits for the head of the answer. What was not sent at all comes back.
    async fn ask(
        &mut self,
        request: Request<Once>,
    ) -> Result<Response, (Option<Request<Once>>, Cause)> {
        let answer = self.sender.try_send_request(request);
        match self.bring(answer).await {
            Some(Ok(response)) => Ok(response),
            Some(Err(mut failed)) => {
                let unsent = failed.take_message();
                Err((unsent, failed.into_error().into()))
            }
            None => Err((None, "it was closed".into())),
        }
    }

    /// Reads the rest of an answer, and says whether that was all of it.
    async fn read(&mut self, response: Response, most: usize, deadline: Instant) -> (Answer, bool) {
        let (head, mut incoming) = response.into_parts();
        let mut body = Vec::new();
        let is_whole = incoming.is_end_stream() || {
            let rest = self.read_body(&mut incoming, &mut body, most);
            tokio::time::timeout_at(deadline, rest)
                .await
                .unwrap_or(false)
        };
        let answer = Answer {
            status: head.status,
            headers: head.headers,
            body,
        };
        (answer, is_whole)
    }

    async fn read_body(
        &mut self,
        incoming: &mut Incoming,
        body: &mut Vec<u8>,
        most: usize,
    ) -> bool {
        loop {
            let next = poll_fn(|cx| Pin::new(&mut *incoming).poll_frame(cx));
            let data = match self.bring(next).await {
                Some(None) => return true,
                Some(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
                Some(Some(Err(_))) | None => return false,
            };
            let room = most - body.len();
            body.extend_from_slice(&data[..data.len().min(room)]);
            if data.len() >= room {
                return false;
            }
        }
    }

    /// Waits for what the connection brings, and works it meanwhile. Nothing when the connection ended and does not bring it.
    async fn bring<T>(&mut self, wanted: impl Future<Output = T>) -> Option<T> {
        let mut wanted = pin!(wanted);
        let mut is_open = true;
        poll_fn(|cx| {
            is_open = is_open && Pin::new(&mut self.connection).poll(cx).is_pending();
            match wanted.as_mut().poll(cx) {
                Poll::Ready(brought) => Poll::Ready(Some(brought)),
                Poll::Pending if is_open => Poll::Pending,
                Poll::Pending => Poll::Ready(None),
            }
        })
        .await
    }

    /// Whether the far end still holds it open, and the last exchange is over.
    async fn is_free(&mut self) -> bool {
        poll_fn(|cx| {
            let is_open = Pin::new(&mut self.connection).poll(cx).is_pending();
            Poll::Ready(is_open && self.sender.is_ready())
        })
        .await
    }
}

/// A body that notes when the connection takes it: from then on the request may have been received even if we never see an answer.
/// Without leave there is none.
pub(super) struct Once {
    left: Option<Bytes>,
    taken: Arc<AtomicBool>,
    leave: Leave,
}

impl Once {
    pub(super) fn new(body: Vec<u8>, taken: Arc<AtomicBool>, leave: Leave) -> Once {
        let left = (!body.is_empty()).then(|| body.into());
        Once { left, taken, leave }
    }
}

/// There is no leave any more.
#[derive(Debug, thiserror::Error)]
#[error("there is no leave any more")]
pub(super) struct NoLeave;

impl Body for Once {
    type Data = Bytes;
    type Error = NoLeave;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, NoLeave>>> {
        if !self.leave.holds() {
            return Poll::Ready(Some(Err(NoLeave)));
        }
        Poll::Ready(self.left.take().map(|body| {
            self.taken.store(true, Ordering::Release);
            Ok(Frame::data(body))
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left.as_ref().map_or(0, |body| body.len() as u64))
    }
}

/// Whom a connection leads to.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Origin {
    scheme: Scheme,
    host: String,
    port: Option<u16>,
}

impl Origin {
    fn of(target: &TargetUrl) -> Origin {
        let url = target.url();
        Origin {
            scheme: target.scheme(),
            host: url.host_str().unwrap_or_default().to_owned(),
            port: url.port(),
        }
    }
}

/// Connections that are free.
#[derive(Default)]
struct Kept(Mutex<Lines>);

#[derive(Default)]
struct Lines {
    free: HashMap<Origin, Vec<(Instant, Box<Line>)>>,
    /// Somebody closes those that were kept long enough.
    is_swept: bool,
}

impl Kept {
    fn lock(&self) -> MutexGuard<'_, Lines> {
        // Whoever panicked left at worst a connection too few.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The one that was used last.
    fn take(&self, origin: &Origin) -> Option<Box<Line>> {
        let (since, line) = self.lock().free.get_mut(origin)?.pop()?;
        (since.elapsed() < KEEP_IDLE).then_some(line)
    }

    fn put(self: &Arc<Self>, origin: Origin, line: Box<Line>) {
        let mut lines = self.lock();
        let free = lines.free.entry(origin).or_default();
        free.push((Instant::now(), line));
        if !lines.is_swept {
            lines.is_swept = true;
            tokio::spawn(sweep(Arc::downgrade(self)));
        }
    }
}

/// Closes what was kept long enough. Ends when nothing is kept any more, or by nobody.
async fn sweep(kept: Weak<Kept>) {
    loop {
        tokio::time::sleep(KEEP_IDLE / 2).await;
        let Some(kept) = kept.upgrade() else { return };
        let mut lines = kept.lock();
        lines.free.retain(|_, free| {
            free.retain(|(since, _)| since.elapsed() < KEEP_IDLE);
            !free.is_empty()
        });
        if lines.free.is_empty() {
            lines.is_swept = false;
            return;
        }
    }
}
