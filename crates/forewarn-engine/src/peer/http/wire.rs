//! One connection: reading requests and writing replies (RFC 9112, the part that we speak).

use std::io::{self, Write as _};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::script::{Reply, Shape};
use super::{Desk, Request, UnderWay};

/// More than this is not a request that we send.
const MOST_HEAD_BYTES: usize = 64 * 1024;
const MOST_BODY_BYTES: usize = 16 * 1024 * 1024;

/// Answers the requests of a connection until either side has had enough.
pub(super) async fn serve(mut stream: TcpStream, desk: &Desk) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(8 * 1024);
    let mut out = Vec::new();
    loop {
        let Some(head_end) = read_head(&mut stream, &mut buffer).await? else {
            return Ok(());
        };
        let end = head_end + body_length(&Head::parse(&buffer[..head_end])?)?;
        while buffer.len() < end {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        }
        let head = Head::parse(&buffer[..head_end])?;
        let under_way = UnderWay::new(desk);
        let reply = desk.enter(&head, &buffer[head_end..end]);
        let last = reply.closes() || head.asks_to_close();
        buffer.drain(..end);
        if reply.held && !hold(&stream, desk).await? {
            return Ok(());
        }
        if let Some(delay) = desk.script.delay.filter(|d| !d.is_zero()) {
            tokio::time::sleep(delay).await;
        }
        // Whoever has the answer may ask again.
        drop(under_way);
        write_reply(&mut stream, &reply, &mut out).await?;
        if last {
            return stream.shutdown().await;
        }
    }
}

/// Waits until answers may go; false when the client is gone before.
async fn hold(stream: &TcpStream, desk: &Desk) -> io::Result<bool> {
    let mut released = desk.released.subscribe();
    let mut next = [0];
    let more = tokio::select! {
        _ = released.wait_for(|&released| released) => return Ok(true),
        more = stream.peek(&mut next) => more? > 0,
    };
    if more {
        let _ = released.wait_for(|&released| released).await;
    }
    Ok(more)
}

/// Reads until the empty line and says where the head ends; nothing when the client is done.
async fn read_head(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<Option<usize>> {
    const END: &[u8] = b"\r\n\r\n";
    let mut seen = 0;
    loop {
        // The end may lie across two reads.
        let from = seen - seen.min(END.len() - 1);
        if let Some(at) = buffer[from..].windows(END.len()).position(|w| w == END) {
            return Ok(Some(from + at + END.len()));
        }
        // Methods are capital letters; who speaks TLS to us would otherwise wait for ever.
        if buffer.first().is_some_and(|b| !b.is_ascii_uppercase()) {
            return Err(invalid("not HTTP"));
        }
        if buffer.len() > MOST_HEAD_BYTES {
            return Err(invalid("head too long"));
        }
        seen = buffer.len();
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

/// A request's head, still in the buffer.
pub(super) struct Head<'a> {
    method: &'a str,
    pub(super) path: &'a str,
    fields: &'a str,
}

impl<'a> Head<'a> {
    fn parse(bytes: &'a [u8]) -> io::Result<Head<'a>> {
        let text = std::str::from_utf8(bytes).map_err(|_| invalid("head is not UTF-8"))?;
        let (line, fields) = text
            .split_once("\r\n")
            .ok_or_else(|| invalid("no request line"))?;
        let mut parts = line.split(' ');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(method), Some(path), Some("HTTP/1.1")) => Ok(Head {
                method,
                path,
                fields,
            }),
            _ => Err(invalid("not an HTTP/1.1 request line")),
        }
    }

    fn fields(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let pairs = self
            .fields
            .split("\r\n")
            .filter_map(|line| line.split_once(':'));
        pairs.map(|(name, value)| (name, value.trim()))
    }

    fn field(&self, name: &str) -> Option<&'a str> {
        self.fields()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    fn asks_to_close(&self) -> bool {
        self.field("connection")
            .is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }

    pub(super) fn to_request(&self, order: u64, body: &[u8]) -> Request {
        Request {
            order,
            method: self.method.to_owned(),
            path: self.path.to_owned(),
            headers: self
                .fields()
                .map(|(n, v)| (n.to_owned(), v.to_owned()))
                .collect(),
            body: body.to_vec(),
        }
    }
}

fn body_length(head: &Head<'_>) -> io::Result<usize> {
    if head.field("transfer-encoding").is_some() {
        return Err(invalid("only bodies with a content-length"));
    }
    match head.field("content-length").map_or(Ok(0), str::parse) {
        Ok(length) if length <= MOST_BODY_BYTES => Ok(length),
        _ => Err(invalid("content-length")),
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

async fn write_reply(stream: &mut TcpStream, reply: &Reply, out: &mut Vec<u8>) -> io::Result<()> {
    out.clear();
    match reply.shape {
        Shape::CutBefore => return Ok(()),
        Shape::CutInHead => out.extend_from_slice(b"HTTP/1.1 20"),
        Shape::CutInBody => {
            out.extend_from_slice(b"HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\nhalf")
        }
        Shape::Garbage => out.extend_from_slice(b"\x16\x03\x01 220 mail.example ESMTP\r\n\r\n"),
        Shape::Huge => return stream_without_end(stream).await,
        Shape::Whole => {
            write!(out, "HTTP/1.1 {} -\r\n", reply.status)?;
            for (name, value) in &reply.headers {
                write!(out, "{name}: {value}\r\n")?;
            }
            // A 204 must not say how long it is (RFC 9110, section 8.6).
            if reply.status != 204 {
                write!(out, "content-length: {}\r\n", reply.body.len())?;
            }
            out.extend_from_slice(b"\r\n");
            out.extend_from_slice(&reply.body);
        }
    }
    stream.write_all(out).await
}

/// Ends with the error of writing to a connection that the client has closed.
async fn stream_without_end(stream: &mut TcpStream) -> io::Result<()> {
    stream
        .write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
        .await?;
    let chunk = [b'x'; 16 * 1024];
    loop {
        stream.write_all(&chunk).await?;
    }
}
