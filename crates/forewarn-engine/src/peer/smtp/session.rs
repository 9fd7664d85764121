//! One connection to the scripted server.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use data_encoding::BASE64;
use memchr::{memchr, memmem};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::script::{Act, Encryption, Stage};
use super::{Keep, Open, Received, Shared};

/// Room for one read: several messages of the usual size.
const READ_BYTES: usize = 64 * 1024;
/// A message or line beyond this ends the connection; it is not a mail of ours.
const MAX_INPUT_BYTES: usize = 64 * 1024 * 1024;

trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// What is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Command,
    /// The message, up to its dot; its first `usize` bytes are known not to hold it.
    Message(usize),
    /// A last chunk of so many bytes. The fault in it has had its occasion when the second says so.
    Chunk(usize, bool),
    /// The answer to the challenge by which AUTH XOAUTH2 is refused.
    Refused,
    /// The user, then the password, of AUTH LOGIN.
    User,
    Password,
}

/// How the session goes on after a step.
enum Flow {
    /// With what else is in the input.
    On,
    /// With more input; what there is makes no whole step.
    Read,
    /// With TLS, after the replies so far.
    StartTls,
    /// Not: the replies so far are sent and the connection is closed.
    Close,
    /// Not: the replies so far are sent and the connection is dropped, input unread or not.
    Cut,
    /// Without a word beyond the replies so far, until the client closes.
    Hang,
}

struct Session {
    /// Until the client takes leave. The first to be dropped: the client must not see the end before it is counted.
    open: Option<Open>,
    shared: Arc<Shared>,
    wire: Box<dyn Wire>,
    /// Bytes received; those before `start` are dealt with.
    input: Vec<u8>,
    start: usize,
    /// The command being dealt with.
    line: String,
    /// Replies to be sent in one write when the input is used up.
    out: Vec<u8>,
    expect: Expect,
    encrypted: bool,
    user: String,
    authenticated: bool,
    from: Option<String>,
    to: Vec<String>,
    accepted: usize,
    /// Accepted since the watchers of the count were last told.
    untold: usize,
}

/// Serves one client until it or the script ends the connection.
pub(super) async fn serve(socket: TcpStream, open: Open) {
    let shared = open.0.clone();
    let mut session = Session {
        wire: Box::new(socket_without_delay(socket)),
        input: Vec::with_capacity(READ_BYTES),
        start: 0,
        line: String::new(),
        out: Vec::new(),
        expect: Expect::Command,
        encrypted: false,
        user: String::new(),
        authenticated: shared.script.login.is_none(),
        from: None,
        to: Vec::new(),
        accepted: 0,
        untold: 0,
        shared,
        open: Some(open),
    };
    if matches!(
        session.shared.script.tls,
        Some((Encryption::FromTheStart, _))
    ) {
        match session.encrypt().await {
            Ok(encrypted) => session = encrypted,
            Err(_) => return,
        }
    }
    // An error is the client's way to end the session.
    let _ = session.run().await;
}

fn socket_without_delay(socket: TcpStream) -> TcpStream {
    // Without it replies are late, not wrong.
    let _ = socket.set_nodelay(true);
    socket
}

impl Session {
    async fn run(mut self) -> io::Result<()> {
        let mut flow = self.answer(Stage::Greeting, "220 peer.forewarn.example ESMTP");
        loop {
            while let Flow::On = flow {
                flow = self.step();
            }
            match flow {
                Flow::On => {}
                Flow::Read => {
                    self.send_replies().await?;
                    if !self.read().await? {
                        return Ok(());
                    }
                }
                Flow::StartTls => {
                    self.send_replies().await?;
                    self = self.encrypt().await?;
                }
                Flow::Close => {
                    self.open = None;
                    self.send_replies().await?;
                    return self.linger().await;
                }
                Flow::Cut => return self.send_replies().await,
                Flow::Hang => {
                    self.send_replies().await?;
                    return self.drain().await;
                }
            }
            flow = Flow::On;
        }
    }

    async fn send_replies(&mut self) -> io::Result<()> {
        self.tell();
        if self.out.is_empty() {
            return Ok(());
        }
        if let Some(delay) = self.shared.script.delay {
            tokio::time::sleep(delay).await;
        }
        self.shared.reply_groups.fetch_add(1, Ordering::Relaxed);
        self.wire.write_all(&self.out).await?;
        self.wire.flush().await?;
        self.out.clear();
        Ok(())
    }

    /// Tells those who wait for messages, before the client is told.
    fn tell(&mut self) {
        let untold = std::mem::take(&mut self.untold);
        if self.shared.keep == Keep::Count && untold > 0 {
            self.shared.count.send_modify(|count| *count += untold);
        }
    }

    /// Reads more input; false at its end.
    async fn read(&mut self) -> io::Result<bool> {
        self.input.drain(..self.start);
        self.start = 0;
        if self.input.len() > MAX_INPUT_BYTES {
            return Ok(false);
        }
        self.input.reserve(READ_BYTES);
        Ok(self.wire.read_buf(&mut self.input).await? > 0)
    }

    async fn encrypt(mut self) -> io::Result<Session> {
        let Some((_, config)) = &self.shared.script.tls else {
            return Ok(self);
        };
        let acceptor = TlsAcceptor::from(config.clone());
        self.wire = Box::new(acceptor.accept(self.wire).await?);
        self.encrypted = true;
        self.input.clear();
        self.start = 0;
        Ok(self)
    }

    /// Closes so that the client can read what was said: a socket closed over unread input resets
    /// the connection.
    async fn linger(&mut self) -> io::Result<()> {
        self.wire.shutdown().await?;
        timeout(Duration::from_secs(1), self.drain())
            .await
            .unwrap_or(Ok(()))
    }

    async fn drain(&mut self) -> io::Result<()> {
        while self.wire.read(&mut [0; 4096]).await? > 0 {}
        Ok(())
    }

    /// Takes one command or one message from the input.
    fn step(&mut self) -> Flow {
        if let Expect::Message(scanned) = self.expect {
            return self.message(scanned);
        }
        if let Expect::Chunk(length, began) = self.expect {
            return self.chunk(length, began);
        }
        let unread = &self.input[self.start..];
        let Some(end) = memchr(b'\n', unread) else {
            return Flow::Read;
        };
        // The buffer of the last line serves again: a benchmark counts what its sink costs too.
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        line.push_str(&String::from_utf8_lossy(unread[..end].trim_ascii_end()));
        self.start += end + 1;
        let flow = match self.expect {
            Expect::User => {
                self.user = decode(&line);
                self.expect = Expect::Password;
                self.say("334 UGFzc3dvcmQ6")
            }
            Expect::Password => {
                self.expect = Expect::Command;
                let user = std::mem::take(&mut self.user);
                self.authenticate(&user, &decode(&line))
            }
            Expect::Refused => {
                self.expect = Expect::Command;
                self.say("535 5.7.8 Wrong user or token")
            }
            _ => self.command(&line),
        };
        self.line = line;
        flow
    }

    fn command(&mut self, line: &str) -> Flow {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let is = |name: &str| verb.eq_ignore_ascii_case(name);
        match () {
            _ if is("MAIL") => self.mail(rest),
            _ if is("RCPT") => self.rcpt(rest),
            _ if is("DATA") => self.data(),
            _ if is("BDAT") => self.bdat(rest),
            _ if is("EHLO") => self.ehlo(),
            _ if is("HELO") => self.say("250 peer.forewarn.example"),
            _ if is("STARTTLS") => self.start_tls(),
            _ if is("AUTH") => self.auth(rest),
            _ if is("RSET") => {
                self.forget();
                self.answer(Stage::Rset, "250 2.0.0 Ok")
            }
            _ if is("NOOP") => self.say("250 2.0.0 Ok"),
            _ if is("QUIT") => {
                self.say("221 2.0.0 Bye");
                Flow::Close
            }
            _ => self.say("500 5.5.2 Unknown command"),
        }
    }

    fn ehlo(&mut self) -> Flow {
        let mut reply = String::from("250-peer.forewarn.example");
        for keyword in &self.shared.script.keywords {
            reply += "\r\n250-";
            reply += keyword;
        }
        if !self.encrypted && self.shared.script.tls.is_some() {
            reply += "\r\n250-STARTTLS";
        }
        reply += "\r\n250 SIZE 0";
        self.forget();
        self.answer(Stage::Ehlo, &reply)
    }

    fn start_tls(&mut self) -> Flow {
        if self.encrypted || self.shared.script.tls.is_none() {
            return self.say("503 5.5.1 No TLS here");
        }
        let said = self.out.len();
        match self.answer(Stage::StartTls, "220 2.0.0 Ready") {
            Flow::On if self.out[said..].starts_with(b"2") => Flow::StartTls,
            flow => flow,
        }
    }

    fn auth(&mut self, rest: &str) -> Flow {
        match rest.split_once(' ') {
            Some((mechanism, response)) if mechanism.eq_ignore_ascii_case("PLAIN") => {
                let decoded = decode(response);
                let mut parts = decoded.splitn(3, '\0').skip(1);
                let (user, password) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
                self.authenticate(user, password)
            }
            Some((mechanism, response)) if mechanism.eq_ignore_ascii_case("XOAUTH2") => {
                self.authenticate_by_token(&decode(response))
            }
            None if rest.eq_ignore_ascii_case("LOGIN") => {
                self.expect = Expect::User;
                self.say("334 VXNlcm5hbWU6")
            }
            _ => self.say("504 5.5.4 Unknown mechanism"),
        }
    }

    fn authenticate(&mut self, user: &str, password: &str) -> Flow {
        let known = self.shared.script.login.as_ref();
        if known.is_some_and(|(u, p)| u == user && p == password) {
            self.authenticated = true;
            self.answer(Stage::Auth, "235 2.7.0 Welcome")
        } else {
            self.say("535 5.7.8 Wrong user or password")
        }
    }

    fn authenticate_by_token(&mut self, response: &str) -> Flow {
        let known = self.shared.script.login.as_ref();
        let fits = |(user, token): &(String, String)| {
            response == format!("user={user}\x01auth=Bearer {token}\x01\x01")
        };
        if known.is_some_and(fits) {
            self.authenticated = true;
            return self.answer(Stage::Auth, "235 2.7.0 Welcome");
        }
        self.expect = Expect::Refused;
        self.say("334 eyJzdGF0dXMiOiI0MDEifQ==")
    }

    fn mail(&mut self, rest: &str) -> Flow {
        let Some(from) = path(rest) else {
            return self.say("501 5.5.4 MAIL FROM:<path>");
        };
        if !self.authenticated {
            return self.say("530 5.7.0 Authentication required");
        }
        if self.from.is_some() {
            return self.say("503 5.5.1 Nested MAIL");
        }
        let said = self.out.len();
        let flow = self.answer(Stage::Mail, "250 2.1.0 Ok");
        if self.out[said..].starts_with(b"2") {
            self.from = Some(from.into());
        }
        flow
    }

    fn rcpt(&mut self, rest: &str) -> Flow {
        let Some(to) = path(rest) else {
            return self.say("501 5.5.4 RCPT TO:<path>");
        };
        if self.from.is_none() {
            return self.say("503 5.5.1 MAIL first");
        }
        let said = self.out.len();
        self.to.push(to.into());
        let flow = self.answer(Stage::Rcpt, "250 2.1.5 Ok");
        if !self.out[said..].starts_with(b"2") {
            self.to.pop();
        }
        flow
    }

    /// A fault with 354 takes a message even without a recipient, as some servers do.
    fn data(&mut self) -> Flow {
        let usual = match (&self.from, self.to.is_empty()) {
            (None, _) => "503 5.5.1 MAIL first",
            (_, true) => "554 5.5.1 No valid recipients",
            _ => "354 End data with <CR><LF>.<CR><LF>",
        };
        let said = self.out.len();
        let flow = self.answer(Stage::Data, usual);
        if self.out[said..].starts_with(b"3") {
            self.expect = Expect::Message(0);
        }
        flow
    }

    /// Only whole messages in one chunk, which is what we send.
    fn bdat(&mut self, rest: &str) -> Flow {
        let offered = self.shared.script.keywords.iter().any(|k| k == "CHUNKING");
        let mut words = rest.split(' ');
        let length = words.next().and_then(|n| n.parse().ok());
        match length {
            Some(length) if offered && words.next() == Some("LAST") => {
                self.expect = Expect::Chunk(length, false);
                Flow::On
            }
            _ => {
                self.say("501 5.5.4 BDAT length LAST");
                Flow::Close
            }
        }
    }

    fn chunk(&mut self, length: usize, began: bool) -> Flow {
        let unread = self.input.len() - self.start;
        if unread == 0 && length > 0 {
            return Flow::Read;
        }
        if !began {
            self.expect = Expect::Chunk(length, true);
            if let Some(flow) = self.fault_in_body() {
                return flow;
            }
        }
        if unread < length {
            return Flow::Read;
        }
        let flow = self.end_of_message(length);
        self.start += length;
        self.expect = Expect::Command;
        // A server may keep what it was told by MAIL until RSET when it refused the rest (RFC 3030, section 3).
        if !self.to.is_empty() {
            self.forget();
        }
        flow
    }

    fn message(&mut self, scanned: usize) -> Flow {
        let unread = &self.input[self.start..];
        if unread.is_empty() {
            return Flow::Read;
        }
        if scanned == 0
            && let Some(flow) = self.fault_in_body()
        {
            return flow;
        }
        let unread = &self.input[self.start..];
        // A lone dot has no line before it; else the dot's line is found by its whole surroundings.
        let length = if unread.starts_with(b".\r\n") {
            0
        } else {
            let from = scanned.saturating_sub(4);
            match memmem::find(&unread[from..], b"\r\n.\r\n") {
                Some(at) => from + at + 2,
                None => {
                    self.expect = Expect::Message(unread.len());
                    return Flow::Read;
                }
            }
        };
        let flow = self.end_of_message(length);
        self.start += length + 3;
        self.expect = Expect::Command;
        self.forget();
        flow
    }

    fn fault_in_body(&mut self) -> Option<Flow> {
        match self.shared.fault(Stage::Body, &self.to)? {
            Act::Cut | Act::AcceptAndCut => Some(Flow::Cut),
            Act::Hang => Some(Flow::Hang),
            Act::Reply(words) => {
                let words = words.clone();
                self.say(&words);
                Some(Flow::Close)
            }
        }
    }

    fn end_of_message(&mut self, length: usize) -> Flow {
        let said = self.out.len();
        let usual = if self.to.is_empty() {
            "554 5.5.1 No valid recipients"
        } else {
            "250 2.0.0 Ok"
        };
        let fault = self.shared.fault(Stage::Dot, &self.to).cloned();
        let flow = match &fault {
            None => self.say(usual),
            Some(Act::AcceptAndCut) => Flow::Cut,
            Some(act) => self.act(act),
        };
        if self.out[said..].starts_with(b"2") || fault == Some(Act::AcceptAndCut) {
            self.record(length);
        }
        match (flow, self.shared.script.close_after) {
            (Flow::On, Some(limit)) if self.accepted >= limit => Flow::Close,
            (flow, _) => flow,
        }
    }

    /// Enters the message in the ledger.
    fn record(&mut self, length: usize) {
        self.accepted += 1;
        if self.shared.keep == Keep::Count {
            self.untold += self.to.len();
            return;
        }
        let message = &self.input[self.start..self.start + length];
        let message_id = message_id(message);
        let data = match self.shared.keep {
            Keep::Messages if matches!(self.expect, Expect::Chunk(..)) => message.to_vec(),
            Keep::Messages => undouble_dots(message),
            _ => Vec::new(),
        };
        let mut ledger = self.shared.ledger();
        for to in &self.to {
            let order = ledger.len();
            ledger.push(Arc::new(Received {
                order,
                envelope_from: self.from.clone().unwrap_or_default(),
                to: to.clone(),
                message_id: message_id.clone(),
                data: data.clone(),
            }));
        }
        // Told under the lock, so that the count never runs ahead or back.
        self.shared.count.send_replace(ledger.len());
    }

    /// Says what the script wants here, or else the usual.
    fn answer(&mut self, stage: Stage, usual: &str) -> Flow {
        match self.shared.fault(stage, &self.to).cloned() {
            Some(act) => self.act(&act),
            None => self.say(usual),
        }
    }

    fn act(&mut self, act: &Act) -> Flow {
        match act {
            Act::Reply(words) => self.say(words),
            Act::Cut | Act::AcceptAndCut => Flow::Cut,
            Act::Hang => Flow::Hang,
        }
    }

    fn say(&mut self, words: &str) -> Flow {
        self.out.extend_from_slice(words.as_bytes());
        self.out.extend_from_slice(b"\r\n");
        if words.starts_with("421") {
            Flow::Close
        } else {
            Flow::On
        }
    }

    fn forget(&mut self) {
        self.from = None;
        self.to.clear();
    }
}

/// The address in `FROM:<address> ...` or `TO:<address> ...`.
fn path(argument: &str) -> Option<&str> {
    let (_, path) = argument.split_once(":<")?;
    path.split_once('>').map(|(address, _)| address)
}

fn decode(base64: &str) -> String {
    let bytes = BASE64.decode(base64.as_bytes()).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The value of the Message-ID field of the header, which may be folded.
fn message_id(message: &[u8]) -> Option<String> {
    let mut rest = message;
    while let Some(end) = memchr(b'\n', rest) {
        let (line, after) = rest.split_at(end + 1);
        const NAME: &[u8] = b"message-id:";
        if line.len() > NAME.len() && line[..NAME.len()].eq_ignore_ascii_case(NAME) {
            let value = &rest[NAME.len()..];
            let end = memchr(b'>', value)?;
            return Some(String::from_utf8_lossy(value[..=end].trim_ascii()).into_owned());
        }
        if line == b"\r\n" || line == b"\n" {
            return None;
        }
        rest = after;
    }
    None
}

fn undouble_dots(message: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(message.len());
    for line in message.split_inclusive(|&byte| byte == b'\n') {
        plain.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_id_is_found_folded_or_not_in_the_header_only() {
        for (message, id) in [
            ("Subject: x\r\nMessage-ID: <1@x>\r\n\r\n", Some("<1@x>")),
            ("message-id:\r\n <2@x>\r\n\r\n", Some("<2@x>")),
            ("Subject: x\r\n\r\nMessage-ID: <3@x>\r\n", None),
            ("", None),
        ] {
            assert_eq!(message_id(message.as_bytes()).as_deref(), id);
        }
    }
}
