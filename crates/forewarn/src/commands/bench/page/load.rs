//! The load generator: connections that are kept, each with one request on the way (RFC 9112, as much as both servers speak).

use anyhow::{Context, Result, anyhow, bail};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// A page and its head fit.
const MOST_ANSWER: usize = 1024 * 1024;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Asked {
    path: String,
    random: bool,
}

impl Asked {
    /// The same each time.
    pub fn plain(path: &str) -> Asked {
        Asked {
            path: path.to_owned(),
            random: false,
        }
    }

    /// With another query and another cookie each time.
    pub fn random(path: &str) -> Asked {
        Asked {
            random: true,
            ..Asked::plain(path)
        }
    }

    fn write(&self, number: u64, out: &mut Vec<u8>) {
        out.clear();
        let path = &self.path;
        let said = match self.random {
            false => format!("GET {path} HTTP/1.1\r\nhost: bench\r\n\r\n"),
            true => {
                // Spread over all bits, so that nothing can be remembered by it.
                let chance = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
                format!(
                    "GET {path}?utm_id={chance:x} HTTP/1.1\r\nhost: bench\r\ncookie: forewarn_session={chance:032x}\r\n\r\n"
                )
            }
        };
        out.extend_from_slice(said.as_bytes());
    }
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Load {
    /// How long each request took, in microseconds.
    pub times: Vec<u32>,
    /// How long all of them took together.
    pub took: Duration,
}

impl Load {
    /// Another round of the same.
    pub fn add(&mut self, other: Load) {
        self.times.extend(other.times);
        self.took += other.took;
    }
}

/// Asks over so many connections for so long.
///
/// # Errors
/// When a connection breaks or an answer is not 200.
pub async fn run(
    to: SocketAddr,
    asked: &Asked,
    connections: usize,
    during: Duration,
) -> Result<Load> {
    let began = Instant::now();
    let mut asking = JoinSet::new();
    for n in 0..connections {
        asking.spawn(ask(to, asked.clone(), (n as u64) << 32, began + during));
    }
    let mut load = Load::default();
    while let Some(times) = asking.join_next().await {
        load.times.extend(times??);
    }
    load.took = began.elapsed();
    Ok(load)
}

async fn ask(to: SocketAddr, asked: Asked, first: u64, until: Instant) -> Result<Vec<u32>> {
    let mut stream = TcpStream::connect(to).await?;
    stream.set_nodelay(true)?;
    let (mut request, mut times) = (Vec::new(), Vec::new());
    let mut answer = vec![0; MOST_ANSWER];
    for number in first.. {
        let sent = Instant::now();
        if sent >= until {
            break;
        }
        asked.write(number, &mut request);
        stream.write_all(&request).await?;
        read(&mut stream, &mut answer).await?;
        times.push(u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
    Ok(times)
}

/// Reads one answer whole.
async fn read(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<()> {
    let (mut filled, mut whole) = (0, None);
    loop {
        let read = stream.read(&mut buffer[filled..]).await?;
        if read == 0 {
            bail!("the connection was closed after {filled} bytes of an answer");
        }
        filled += read;
        if whole.is_none() {
            whole = length(&buffer[..filled])?;
        }
        match whole {
            Some(whole) if filled == whole => return Ok(()),
            Some(whole) if filled > whole => bail!("more came than an answer"),
            _ => {}
        }
    }
}

/// How long an answer is with its head, once the head is there.
fn length(answer: &[u8]) -> Result<Option<usize>> {
    let Some(end) = answer.windows(4).position(|w| w == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&answer[..end]).context("the head is no text")?;
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap_or_default();
    if !status.starts_with("HTTP/1.1 200") {
        bail!("the answer was {status}");
    }
    let body = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse::<usize>().ok())
        .ok_or_else(|| anyhow!("an answer without its length"))?;
    Ok(Some(end + 4 + body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_as_long_as_it_says() {
        let said = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        assert_eq!(length(said).unwrap(), Some(said.len()));
        assert_eq!(length(&said[..20]).unwrap(), None);
        assert!(length(b"HTTP/1.1 404 Not Found\r\n\r\n").is_err());
        assert!(length(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }

    #[test]
    fn random_requests_differ() {
        let asked = Asked::random("/");
        let (mut one, mut two) = (Vec::new(), Vec::new());
        asked.write(1, &mut one);
        asked.write(2, &mut two);
        assert_ne!(one, two);
    }
}
