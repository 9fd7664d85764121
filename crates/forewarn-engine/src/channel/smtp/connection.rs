//! A connection to a relay: from the socket to the point where mail can be sent, and its end.

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Duration;

use data_encoding::BASE64;
use futures_util::FutureExt;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::Leave;
use super::dkim::Signer;
use super::relay::{Credentials, Protection, RelayUrl, Secret};
use super::reply::{Class, Reply, ReplyReader};
use super::trust;

/// How long each step may take before the connection counts as dead (RFC 5321, section 4.5.3.2,
/// asks for more, for mail that nobody waits for).
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Looking up the name, and connecting to each address.
    pub connect: Duration,
    /// The greeting, the TLS handshake, EHLO and each step of AUTH.
    pub greeting: Duration,
    /// MAIL, RCPT and RSET, each.
    pub envelope: Duration,
    /// DATA, up to the permission to go on.
    pub data: Duration,
    /// Writing a message, and the answer to its final dot.
    pub dot: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connect: Duration::from_secs(30),
            greeting: Duration::from_secs(60),
            envelope: Duration::from_secs(60),
            data: Duration::from_secs(60),
            dot: Duration::from_secs(120),
        }
    }
}

/// So long a server has to close a connection that we closed.
const FAREWELL: Duration = Duration::from_secs(2);

/// A byte stream in both directions, encrypted or not.
trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// What the server offered in its EHLO reply, as far as it is used here.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Extensions {
    /// RFC 2920.
    pub(super) pipelining: bool,
    /// RFC 6152.
    pub(super) eight_bit_mime: bool,
    /// RFC 6531.
    pub(super) smtp_utf8: bool,
    /// RFC 3030.
    pub(super) chunking: bool,
    /// RFC 3207.
    start_tls: bool,
    /// RFC 4954 with RFC 4616.
    auth_plain: bool,
    /// RFC 4954 with the LOGIN that many servers still have.
    auth_login: bool,
    /// RFC 7628's forerunner, which large providers want: a token in place of a password.
    auth_xoauth2: bool,
}

impl Extensions {
    /// The first line of the reply is the server's name, each further one a keyword (RFC 5321,
    /// section 4.1.1.1).
    fn from_ehlo(reply: &Reply) -> Extensions {
        let mut offered = Extensions::default();
        for line in reply.lines().skip(1) {
            let mut words = line.split_ascii_whitespace();
            match words
                .next()
                .unwrap_or_default()
                .to_ascii_uppercase()
                .as_str()
            {
                "PIPELINING" => offered.pipelining = true,
                "8BITMIME" => offered.eight_bit_mime = true,
                "SMTPUTF8" => offered.smtp_utf8 = true,
                "CHUNKING" => offered.chunking = true,
                "STARTTLS" => offered.start_tls = true,
                "AUTH" => {
                    for mechanism in words {
                        offered.auth_plain |= mechanism.eq_ignore_ascii_case("PLAIN");
                        offered.auth_login |= mechanism.eq_ignore_ascii_case("LOGIN");
                        offered.auth_xoauth2 |= mechanism.eq_ignore_ascii_case("XOAUTH2");
                    }
                }
                _ => {}
            }
        }
        offered
    }
}

/// A connection on which EHLO, TLS and AUTH are done and mail can be sent.
pub(super) struct Connection {
    stream: Box<dyn Wire>,
    replies: ReplyReader,
    /// The commands and message bytes that leave with the next [`flush`](Self::flush).
    pub(super) out: Vec<u8>,
    /// How much of `out` the last flush got rid of.
    pub(super) written: usize,
    pub(super) extensions: Extensions,
    pub(super) limits: Limits,
    /// Asked at each write.
    pub(super) leave: Leave,
    /// A transaction was left open by a refusal: RSET goes ahead of the next one.
    pub(super) needs_reset: bool,
    /// The last message that was answered was refused.
    pub(super) is_dirty: bool,
    /// That RSET was written and its answer not read yet.
    pub(super) reset_in_flight: bool,
    /// The server answered something, other than that it is closing, since this batch began.
    pub(super) answered: bool,
    /// Where in the batch the messages are whose end was written, and nothing is known of the answer.
    pub(super) in_doubt: Vec<usize>,
    /// Who signs each message.
    pub(super) signers: Arc<[Signer]>,
}

impl Connection {
    /// Connects to the relay and makes it ready. The error says in words what failed; none of it
    /// is about a message, so none of it may become a permanent failure of one.
    pub(super) async fn open(
        relay: &RelayUrl,
        tls: Option<&Arc<ClientConfig>>,
        hello_name: &str,
        limits: Limits,
    ) -> Result<Connection, String> {
        let socket = dial(&relay.host, relay.port, limits.connect).await?;
        let mut connection = Connection {
            stream: Box::new(socket),
            replies: ReplyReader::new(),
            out: Vec::new(),
            written: 0,
            extensions: Extensions::default(),
            limits,
            leave: Leave::unlimited(),
            needs_reset: false,
            is_dirty: false,
            reset_in_flight: false,
            answered: false,
            in_doubt: Vec::new(),
            signers: Arc::new([]),
        };
        if let (Protection::Tls, Some(tls)) = (relay.protection, tls) {
            connection = connection.encrypt(&relay.host, tls).await?;
        }
        let greeting = connection.reply(limits.greeting).await?;
        expect(Class::Done, greeting, "greeting")?;
        connection.hello(hello_name).await?;
        if let (Protection::StartTls, Some(tls)) = (relay.protection, tls) {
            connection = connection.start_tls(&relay.host, tls).await?;
            connection.hello(hello_name).await?;
        }
        if let Some(credentials) = &relay.credentials {
            connection.authenticate(credentials).await?;
        }
        Ok(connection)
    }

    /// EHLO, and HELO for a server that does not know it (RFC 5321, section 3.2).
    async fn hello(&mut self, name: &str) -> Result<(), String> {
        let reply = self.command(&["EHLO ", name], self.limits.greeting).await?;
        if reply.class() != Class::Never {
            let reply = expect(Class::Done, reply, "EHLO")?;
            self.extensions = Extensions::from_ehlo(&reply);
            return Ok(());
        }
        self.extensions = Extensions::default();
        let reply = self.command(&["HELO ", name], self.limits.greeting).await?;
        expect(Class::Done, reply, "HELO").map(drop)
    }

    async fn start_tls(
        mut self,
        host: &str,
        tls: &Arc<ClientConfig>,
    ) -> Result<Connection, String> {
        if !self.extensions.start_tls {
            return Err("STARTTLS is required and the server does not offer it".into());
        }
        let reply = self.command(&["STARTTLS"], self.limits.greeting).await?;
        expect(Class::Done, reply, "STARTTLS")?;
        // Whatever came in the clear behind that reply was not said by the server we are about to
        // verify (RFC 3207, section 6; the injection of CVE-2011-0411).
        if !self.replies.is_empty() {
            return Err("STARTTLS: bytes in the clear after the answer".into());
        }
        self.encrypt(host, tls).await
    }

    async fn encrypt(mut self, host: &str, tls: &Arc<ClientConfig>) -> Result<Connection, String> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| format!("{host:?} is not a name that a certificate can have"))?;
        let handshake = TlsConnector::from(tls.clone()).connect(name, self.stream);
        self.stream = match timeout(self.limits.greeting, handshake).await {
            Ok(Ok(stream)) => Box::new(stream),
            Ok(Err(error)) => return Err(trust::said(&error)),
            Err(_) => return Err("TLS: no answer in time".into()),
        };
        Ok(self)
    }

    /// AUTH (RFC 4954), with PLAIN if offered, or with the token that was asked for. That the stream is encrypted or does not leave
    /// this host was made sure of when the URL was read.
    async fn authenticate(&mut self, who: &Credentials) -> Result<(), String> {
        let limit = self.limits.greeting;
        let (user, password) = match &who.secret {
            Secret::Password(password) => (&who.user, password),
            Secret::TokenFile(path) => return self.authenticate_by_token(&who.user, path).await,
        };
        let reply = if self.extensions.auth_plain {
            let secret = format!("\0{user}\0{password}");
            self.command(&["AUTH PLAIN ", &BASE64.encode(secret.as_bytes())], limit)
                .await?
        } else if self.extensions.auth_login {
            let reply = self.command(&["AUTH LOGIN"], limit).await?;
            expect(Class::GoOn, reply, "AUTH")?;
            let reply = self
                .command(&[&BASE64.encode(user.as_bytes())], limit)
                .await?;
            expect(Class::GoOn, reply, "AUTH")?;
            self.command(&[&BASE64.encode(password.as_bytes())], limit)
                .await?
        } else {
            return Err("the server does not offer AUTH PLAIN or LOGIN".into());
        };
        expect(Class::Done, reply, "AUTH").map(drop)
    }

    /// AUTH XOAUTH2. The token is read anew each time: whoever renews it writes it there.
    async fn authenticate_by_token(&mut self, user: &str, file: &Path) -> Result<(), String> {
        if !self.extensions.auth_xoauth2 {
            return Err("the server does not offer AUTH XOAUTH2".into());
        }
        let token = tokio::fs::read_to_string(file)
            .await
            .map_err(|error| format!("token {}: {error}", file.display()))?;
        let token = token.trim();
        if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(format!("token {}: is no token", file.display()));
        }
        let response =
            BASE64.encode(format!("user={user}\x01auth=Bearer {token}\x01\x01").as_bytes());
        let limit = self.limits.greeting;
        let mut reply = self.command(&["AUTH XOAUTH2 ", &response], limit).await?;
        if reply.class() == Class::GoOn {
            // It refuses with a challenge that says why, and waits for an empty answer to it.
            reply = self.command(&[""], limit).await?;
        }
        expect(Class::Done, reply, "AUTH").map(drop)
    }

    async fn command(&mut self, parts: &[&str], limit: Duration) -> Result<Reply, String> {
        self.out.clear();
        parts
            .iter()
            .for_each(|part| self.out.extend_from_slice(part.as_bytes()));
        self.out.extend_from_slice(b"\r\n");
        self.flush(limit).await?;
        self.reply(limit).await
    }

    /// Writes what is in `out`, as long as there is leave. After an error `written` tells how far it came.
    pub(super) async fn flush(&mut self, limit: Duration) -> Result<(), String> {
        self.written = 0;
        let Connection {
            stream,
            out,
            written,
            leave,
            ..
        } = self;
        // Whenever the socket is ready, which may be long after it was asked.
        let step = poll_fn(|context| {
            while *written < out.len() {
                may(leave)?;
                match ready!(Pin::new(&mut *stream).poll_write(context, &out[*written..]))? {
                    0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    count => *written += count,
                }
            }
            may(leave)?;
            Pin::new(&mut *stream).poll_flush(context)
        });
        within(limit, step).await
    }

    /// The next reply, whatever it says.
    pub(super) async fn reply(&mut self, limit: Duration) -> Result<Reply, String> {
        within(limit, self.replies.next(&mut *self.stream)).await
    }

    /// Nothing was received since the last reply, not even the end of the stream: the server has
    /// not given up the idle connection, as far as is known here.
    pub(super) fn is_quiet(&mut self) -> bool {
        let mut byte = [0];
        self.replies.is_empty() && self.stream.read(&mut byte).now_or_never().is_none()
    }

    /// Takes leave (RFC 5321, section 4.1.1.10). The answer would change nothing, so it is not
    /// waited for.
    pub(super) async fn quit(mut self) {
        self.leave().await;
    }

    /// The same, and waits a moment until the server has gone, too.
    pub(super) async fn close(mut self) {
        self.leave().await;
        let mut rest = Vec::new();
        let gone = self.stream.read_to_end(&mut rest);
        let _ = timeout(FAREWELL, gone).await;
    }

    async fn leave(&mut self) {
        self.out.clear();
        self.out.extend_from_slice(b"QUIT\r\n");
        if self.flush(self.limits.envelope).await.is_ok() {
            // Closes TLS in order; the connection is given up in either case.
            let _ = timeout(self.limits.envelope, self.stream.shutdown()).await;
        }
    }
}

fn may(leave: &Leave) -> io::Result<()> {
    match leave.holds() {
        true => Ok(()),
        false => Err(io::Error::other("there is no leave to send any more")),
    }
}

/// Connects to the first address of `host` that answers.
async fn dial(host: &str, port: u16, limit: Duration) -> Result<TcpStream, String> {
    let addresses: Vec<SocketAddr> = within(limit, lookup_host((host, port))).await?.collect();
    let mut problem = "the name has no address".to_owned();
    for address in addresses {
        match within(limit, TcpStream::connect(address)).await {
            // Nagle's algorithm would hold back the end of a message until the server's delayed
            // acknowledgement: 40 ms a message.
            Ok(socket) => match socket.set_nodelay(true) {
                Ok(()) => return Ok(socket),
                Err(error) => problem = error.to_string(),
            },
            Err(error) => problem = error,
        }
    }
    Err(format!("connect: {problem}"))
}

/// Runs one step of I/O under its time limit.
async fn within<T>(
    limit: Duration,
    step: impl Future<Output = io::Result<T>>,
) -> Result<T, String> {
    match timeout(limit, step).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {} s", limit.as_secs_f32())),
    }
}

fn expect(class: Class, reply: Reply, step: &str) -> Result<Reply, String> {
    if reply.class() == class {
        Ok(reply)
    } else {
        Err(format!("{step}: {}", reply.words()))
    }
}
