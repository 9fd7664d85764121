//! The bare loop: the least work that delivers mail over SMTP, as a yardstick for the benchmark.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use memchr::memchr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::transaction::push_data;

/// How the bare loop sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// PIPELINING, with two round trips a message: the envelope; the body.
    RoundTrips,
    /// PIPELINING and CHUNKING, with one round trip for many messages.
    Chunking,
}

/// Messages in one write where the server takes chunks: as many as the product has on their way.
const WINDOW: usize = 32;

const ENVELOPE: &str = "MAIL FROM:<bare@forewarn.example>\r\nRCPT TO:<loop@forewarn.example>\r\n";

/// Sends the same message `messages` times over `connections` connections in parallel, and returns how long that
/// took from the first connect to the last answer.
///
/// No TLS, no bookkeeping, nothing built or stuffed within the loop, the same recipient every
/// time: what the product is compared with, so nothing in it may be slower than need be. Any
/// answer but the expected one is an error. The server must offer the extensions; it is not asked.
pub async fn bare_loop(
    addr: SocketAddr,
    connections: usize,
    messages: usize,
    data: &[u8],
    way: Way,
) -> io::Result<Duration> {
    let whole: Arc<[u8]> = match way {
        Way::RoundTrips => {
            let mut body = Vec::new();
            push_data(data, &mut body);
            body.into()
        }
        Way::Chunking => {
            let chunk = format!("{ENVELOPE}BDAT {} LAST\r\n", data.len());
            [chunk.as_bytes(), data].concat().repeat(WINDOW).into()
        }
    };
    let start = Instant::now();
    let mut loops = JoinSet::new();
    for i in 0..connections {
        let share = messages / connections + usize::from(i < messages % connections);
        loops.spawn(send_share(addr, share, whole.clone(), way));
    }
    while let Some(ended) = loops.join_next().await {
        ended.map_err(io::Error::other)??;
    }
    Ok(start.elapsed())
}

async fn send_share(
    addr: SocketAddr,
    messages: usize,
    whole: Arc<[u8]>,
    way: Way,
) -> io::Result<()> {
    let mut server = Server {
        socket: TcpStream::connect(addr).await?,
        buffer: [0; 4096],
    };
    server.socket.set_nodelay(true)?;
    server.expect(b"2").await?;
    server.say(b"EHLO bare.forewarn.example\r\n", b"2").await?;
    match way {
        Way::RoundTrips => {
            let envelope = format!("{ENVELOPE}DATA\r\n");
            for _ in 0..messages {
                server.say(envelope.as_bytes(), b"223").await?;
                server.say(&whole, b"2").await?;
            }
        }
        Way::Chunking => {
            let one = whole.len() / WINDOW;
            for done in (0..messages).step_by(WINDOW) {
                let count = WINDOW.min(messages - done);
                let answers = b"222".repeat(count);
                server.say(&whole[..one * count], &answers).await?;
            }
        }
    }
    server.say(b"QUIT\r\n", b"2").await
}

struct Server {
    socket: TcpStream,
    buffer: [u8; 4096],
}

impl Server {
    async fn say(&mut self, bytes: &[u8], digits: &[u8]) -> io::Result<()> {
        self.socket.write_all(bytes).await?;
        self.expect(digits).await
    }

    /// Reads as many replies as there are digits; each must begin with its digit. Nothing may come
    /// after them, since nothing was asked.
    async fn expect(&mut self, mut digits: &[u8]) -> io::Result<()> {
        let mut end = 0;
        while !digits.is_empty() {
            match self.socket.read(&mut self.buffer[end..]).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => end += count,
            }
            let mut start = 0;
            while let Some(length) = memchr(b'\n', &self.buffer[start..end]) {
                let line = &self.buffer[start..start + length];
                start += length + 1;
                if line.first() != digits.first() {
                    return Err(io::Error::other(String::from_utf8_lossy(line)));
                }
                if line.get(3) != Some(&b'-') {
                    digits = &digits[1..];
                }
            }
            self.buffer.copy_within(start..end, 0);
            end -= start;
        }
        Ok(())
    }
}
