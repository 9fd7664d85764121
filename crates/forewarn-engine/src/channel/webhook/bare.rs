//! The bare sender: the least work that delivers requests over HTTP/1.1, as a yardstick for the benchmark.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

const END: &[u8] = b"\r\n\r\n";

/// Sends the same request `times` times over `connections` kept connections in parallel, and returns how long that took from the
/// first connect to the last answer.
///
/// No TLS, no bookkeeping, nothing built or signed within the loop: what the product is compared with, so nothing in it may be
/// slower than need be. `request` is a whole one, head and body. Any answer but a success with an empty body is an error.
pub async fn bare_loop(
    addr: SocketAddr,
    connections: usize,
    times: usize,
    request: &[u8],
) -> io::Result<Duration> {
    let request: Arc<[u8]> = request.into();
    let start = Instant::now();
    let mut loops = JoinSet::new();
    for i in 0..connections {
        let share = times / connections + usize::from(i < times % connections);
        loops.spawn(send_share(addr, share, request.clone()));
    }
    while let Some(ended) = loops.join_next().await {
        ended.map_err(io::Error::other)??;
    }
    Ok(start.elapsed())
}

async fn send_share(addr: SocketAddr, times: usize, request: Arc<[u8]>) -> io::Result<()> {
    let mut socket = TcpStream::connect(addr).await?;
    socket.set_nodelay(true)?;
    let mut answer = [0; 4096];
    for _ in 0..times {
        socket.write_all(&request).await?;
        let mut end = 0;
        // Nothing may follow the head: the answers have no body, and nothing else was asked.
        while !answer[..end].ends_with(END) {
            match socket.read(&mut answer[end..]).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => end += count,
            }
        }
        let head = &answer[..end];
        if !head.starts_with(b"HTTP/1.1 2") || memmem::find(head, END) != Some(end - END.len()) {
            return Err(io::Error::other(String::from_utf8_lossy(head)));
        }
    }
    Ok(())
}
