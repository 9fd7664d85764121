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

/// Sends `times` requests over `connections` kept connections in parallel, and returns how long that took from the first connect to the
/// last answer.
///
/// No TLS and no bookkeeping: what the product is compared with, so nothing in it may be slower than need be. `write` writes the nth
/// request, head and body, behind what is there: nothing. Any answer but a success with an empty body is an error.
pub async fn bare_loop(
    addr: SocketAddr,
    connections: usize,
    times: usize,
    write: impl Fn(usize, &mut Vec<u8>) + Send + Sync + 'static,
) -> io::Result<Duration> {
    let write = Arc::new(write);
    let start = Instant::now();
    let mut loops = JoinSet::new();
    for i in 0..connections {
        let share = (i..times).step_by(connections);
        loops.spawn(send_share(addr, share, write.clone()));
    }
    while let Some(ended) = loops.join_next().await {
        ended.map_err(io::Error::other)??;
    }
    Ok(start.elapsed())
}

async fn send_share(
    addr: SocketAddr,
    share: impl Iterator<Item = usize>,
    write: Arc<impl Fn(usize, &mut Vec<u8>)>,
) -> io::Result<()> {
    let mut socket = TcpStream::connect(addr).await?;
    socket.set_nodelay(true)?;
    let (mut request, mut answer) = (Vec::new(), [0; 4096]);
    for n in share {
        request.clear();
        write(n, &mut request);
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
