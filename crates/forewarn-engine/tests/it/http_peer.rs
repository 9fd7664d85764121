//! The peer judges deliveries, so it is judged first: with bytes on a bare connection.

use std::sync::{Arc, Mutex};

use forewarn_engine::peer::http::{HttpPeer, Reply, Script};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Everything that comes back until the peer closes.
async fn exchange(peer: &HttpPeer, parts: &[&str]) -> String {
    let mut stream = TcpStream::connect(peer.address()).await.unwrap();
    for part in parts {
        stream.write_all(part.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        tokio::task::yield_now().await;
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

const FIRST: &str = "POST /a?b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";
const LAST: &str = "GET /c HTTP/1.1\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn requests_in_one_piece_or_in_many_are_the_same() {
    let both = format!("{FIRST}{LAST}");
    let bytes: Vec<&str> = both.split("").collect();
    for parts in [vec![both.as_str()], bytes] {
        let peer = HttpPeer::start(Script::new().always(Reply::status(202).body("ok")))
            .await
            .unwrap();
        let answer = exchange(&peer, &parts).await;
        assert_eq!(
            answer,
            "HTTP/1.1 202 -\r\ncontent-length: 2\r\n\r\nok".repeat(2)
        );
        let ledger = peer.requests();
        assert_eq!((ledger.len(), peer.count(), peer.connections()), (2, 2, 1));
        assert_eq!(
            (
                ledger[0].order,
                ledger[0].method.as_str(),
                ledger[0].path.as_str()
            ),
            (0, "POST", "/a?b")
        );
        assert_eq!(
            (ledger[0].header("HOST"), ledger[0].body.as_slice()),
            (Some("x"), &b"hello"[..])
        );
        assert_eq!(
            (
                ledger[1].order,
                ledger[1].path.as_str(),
                ledger[1].body.len()
            ),
            (1, "/c", 0)
        );
    }
}

#[tokio::test]
async fn the_script_is_followed_and_the_callback_called_in_order() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = told.clone();
    let script = Script::new()
        .first(1, Reply::status(500))
        .first(2, Reply::status(503).retry_after("7"))
        .path("/odd", Reply::status(418))
        .on_request(move |request| tell.lock().unwrap().push(request.order));
    let peer = HttpPeer::start(script).await.unwrap();
    let mut answers = Vec::new();
    for path in ["/1", "/2", "/3", "/odd", "/4"] {
        let answer = exchange(&peer, &[&LAST.replace("/c", path)]).await;
        answers.push(answer.split_once(" -").unwrap().0.to_owned());
        assert_eq!(
            answer.contains("retry-after: 7\r\n"),
            answer.contains("503")
        );
    }
    let statuses = ["500", "503", "503", "418", "200"].map(|status| format!("HTTP/1.1 {status}"));
    assert_eq!(answers, statuses);
    assert_eq!(*told.lock().unwrap(), [0, 1, 2, 3, 4]);
}

#[tokio::test]
async fn counting_keeps_nothing() {
    let peer = HttpPeer::start(Script::new().counting()).await.unwrap();
    exchange(&peer, &[&FIRST.repeat(100), LAST]).await;
    assert_eq!((peer.count(), peer.requests()), (101, vec![]));
}

#[tokio::test]
async fn what_is_no_request_of_ours_is_cut_off() {
    let peer = HttpPeer::start(Script::new()).await.unwrap();
    for text in [
        "\x16\x03\x01",
        "EHLO example.org\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ] {
        assert_eq!(exchange(&peer, &[text]).await, "", "{text:?}");
    }
    assert_eq!(peer.count(), 0);
}

#[tokio::test]
async fn it_stops_when_dropped() {
    let peer = HttpPeer::start(Script::new().always(Reply::status(200).held()))
        .await
        .unwrap();
    let address = peer.address();
    let mut open = TcpStream::connect(address).await.unwrap();
    open.write_all(LAST.as_bytes()).await.unwrap();
    peer.wait_for(1).await;
    drop(peer);
    // The held connection ends without an answer, and nobody listens any more.
    assert_eq!(open.read(&mut [0]).await.unwrap_or(0), 0);
    assert!(TcpStream::connect(address).await.is_err());
}
