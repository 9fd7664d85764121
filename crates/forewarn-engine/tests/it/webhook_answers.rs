//! What each behaviour of the receiver means for the delivery.

use std::sync::Arc;
use std::time::Duration;

use forewarn_core::delivery::Outcome;
use forewarn_engine::channel::http::Wire;
use forewarn_engine::peer::http::{HttpPeer, Reply, Script};
use jiff::SignedDuration;
use rustls::RootCertStore;
use tokio::net::TcpListener;

use crate::wire::{Names, channel, channel_on, hook, now};

/// The outcome of one hook to a peer that answers so.
async fn outcome_of(reply: Reply) -> Outcome {
    let peer = HttpPeer::start(Script::new().always(reply)).await.unwrap();
    let webhooks = channel(&["127.0.0.1/32"], Names::none());
    let outcome = webhooks
        .send(&[hook(&peer.url("/"))], now())
        .await
        .remove(0);
    assert_eq!(peer.count(), 1, "one attempt is one request");
    outcome
}

fn transient(reason: &str, retry_after: Option<i64>) -> Outcome {
    let retry_after = retry_after.map(SignedDuration::from_secs);
    Outcome::TransientFailure {
        reason: reason.into(),
        retry_after,
        maybe_sent: false,
    }
}

#[tokio::test]
async fn every_2xx_is_success() {
    for (status, receipt) in [
        (200, "200 OK"),
        (201, "201 Created"),
        (202, "202 Accepted"),
        (204, "204 No Content"),
        (299, "299"),
    ] {
        assert_eq!(
            outcome_of(Reply::status(status)).await,
            Outcome::Accepted {
                receipt: receipt.into()
            }
        );
    }
}

#[tokio::test]
async fn a_receipt_is_one_harmless_line() {
    let body = "a\r\nb\tc\u{1b}[31m\u{202e}d\u{2028}e\0f  \u{fffd}".to_owned() + &"ü".repeat(300);
    let Outcome::Accepted { receipt } = outcome_of(Reply::status(200).body(body)).await else {
        panic!("not accepted");
    };
    assert!(
        receipt.starts_with("200 OK: a b c [31m d e f \u{fffd}üü"),
        "{receipt}"
    );
    assert_eq!(receipt.chars().count(), "200 OK: ".len() + 200);
    let reply = Reply::status(200).body(*b"\xff\xfe ok");
    assert_eq!(
        outcome_of(reply).await,
        Outcome::Accepted {
            receipt: "200 OK: \u{fffd}\u{fffd} ok".into()
        }
    );
}

#[tokio::test]
async fn only_410_is_for_good() {
    let gone = outcome_of(Reply::status(410).body("moved out")).await;
    let reason = "410 Gone: moved out".into();
    assert_eq!(
        gone,
        Outcome::PermanentFailure {
            reason,
            endpoint_gone: true
        }
    );
    let statuses = [
        (304, "304 Not Modified"),
        (400, "400 Bad Request"),
        (401, "401 Unauthorized"),
        (403, "403 Forbidden"),
        (404, "404 Not Found"),
        (405, "405 Method Not Allowed"),
        (408, "408 Request Timeout"),
        (413, "413 Payload Too Large"),
        (422, "422 Unprocessable Entity"),
        (425, "425 Too Early"),
        (429, "429 Too Many Requests"),
        (499, "499"),
        (500, "500 Internal Server Error"),
        (502, "502 Bad Gateway"),
        (503, "503 Service Unavailable"),
        (504, "504 Gateway Timeout"),
    ];
    for (status, reason) in statuses {
        assert_eq!(
            outcome_of(Reply::status(status)).await,
            transient(reason, None)
        );
    }
}

#[tokio::test]
async fn the_receiver_may_ask_for_time() {
    // It is Sunday, 22 November 2026, 09:30:00.
    let day = 86_400;
    let fields = [
        ("0", Some(0)),
        ("120", Some(120)),
        (" 120 ", Some(120)),
        ("86401", Some(day)),
        ("99999999999999999999999999", Some(day)),
        ("Sun, 22 Nov 2026 09:40:00 GMT", Some(600)),
        ("Sunday, 22-Nov-26 09:40:00 GMT", Some(600)),
        ("Sun Nov 22 09:40:00 2026", Some(600)),
        ("Sun, 22 Nov 2026 09:20:00 GMT", Some(0)),
        ("Sun, 22 Nov 2037 09:20:00 GMT", Some(day)),
        ("Wed, 32 Nov 2026 09:20:00 GMT", None),
        ("-5", None),
        ("1.5", None),
        ("1e9", None),
        ("soon", None),
        ("", None),
    ];
    for (text, asked) in fields {
        let outcome = outcome_of(Reply::status(503).retry_after(text)).await;
        assert_eq!(
            outcome,
            transient("503 Service Unavailable", asked),
            "{text:?}"
        );
    }
    for (status, reason) in [
        (429, "429 Too Many Requests"),
        (502, "502 Bad Gateway"),
        (504, "504 Gateway Timeout"),
    ] {
        let outcome = outcome_of(Reply::status(status).retry_after("60")).await;
        assert_eq!(outcome, transient(reason, Some(60)));
    }
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_is_not_followed() {
    let other = HttpPeer::start(Script::new()).await.unwrap();
    for to in [
        "http://169.254.169.254/latest/meta-data/",
        &other.url("/elsewhere"),
    ] {
        let reason = format!("302 Found: the redirect to {to} is not followed");
        assert_eq!(
            outcome_of(Reply::redirect(to)).await,
            transient(&reason, None)
        );
    }
    let moved = [
        (301, "301 Moved Permanently"),
        (303, "303 See Other"),
        (307, "307 Temporary Redirect"),
        (308, "308 Permanent Redirect"),
    ];
    for (status, text) in moved {
        let reply = Reply::status(status).header("location", &other.url("/"));
        let reason = format!("{text}: the redirect to {} is not followed", other.url("/"));
        assert_eq!(outcome_of(reply).await, transient(&reason, None));
    }
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn a_broken_exchange_says_whether_the_hook_may_have_arrived() {
    for reply in [Reply::cut_before(), Reply::cut_in_head(), Reply::garbage()] {
        let outcome = outcome_of(reply.clone()).await;
        let Outcome::TransientFailure {
            reason,
            retry_after: None,
            maybe_sent: true,
        } = outcome
        else {
            panic!("{reply:?}: {outcome:?}");
        };
        assert!(
            reason.starts_with("the connection broke before an answer: "),
            "{reason}"
        );
        assert!(
            !reason.contains("http://"),
            "the address may hold a secret: {reason}"
        );
    }
}

#[tokio::test]
async fn the_status_line_is_the_answer_even_if_the_body_breaks_off() {
    let accepted = Outcome::Accepted {
        receipt: "200 OK: half".into(),
    };
    assert_eq!(outcome_of(Reply::cut_in_body()).await, accepted);
}

#[tokio::test]
async fn nobody_there_means_not_sent() {
    let free = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let webhooks = channel(&["127.0.0.1/32"], Names::none());
    let batch = [
        hook(&format!("http://{free}/")),
        hook("https://nowhere.test/"),
    ];
    let outcomes = webhooks.send(&batch, now()).await;
    let Outcome::TransientFailure {
        reason,
        maybe_sent: false,
        ..
    } = &outcomes[0]
    else {
        panic!("{:?}", outcomes[0]);
    };
    assert!(reason.starts_with("could not connect: "), "{reason}");
    assert_eq!(
        outcomes[1],
        transient(
            "the name could not be resolved: the name has no address",
            None
        )
    );
}

#[tokio::test]
async fn a_slow_answer_is_given_up_and_may_have_been_sent() {
    let peer = HttpPeer::start(Script::new().always(Reply::status(200).held()))
        .await
        .unwrap();
    // Accepts at the TCP level (the kernel does) and never speaks TLS.
    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let wire = Wire {
        resolver: Arc::new(Names::none()),
        roots: RootCertStore::empty(),
        timeout: Duration::from_secs(1),
    };
    let webhooks = channel_on(&["127.0.0.1/32"], wire);
    let tls = hook(&format!("https://{}/", mute.local_addr().unwrap()));
    let outcomes = webhooks.send(&[hook(&peer.url("/")), tls], now()).await;
    let given_up = |what: &str, maybe_sent| Outcome::TransientFailure {
        reason: format!("{what} in time: operation timed out"),
        retry_after: None,
        maybe_sent,
    };
    assert_eq!(
        outcomes,
        [
            given_up("no answer", true),
            given_up("no connection", false)
        ]
    );
    assert_eq!(peer.count(), 1);
}

#[tokio::test]
async fn a_huge_answer_is_cut() {
    let peer = HttpPeer::start(Script::new().always(Reply::huge()))
        .await
        .unwrap();
    // Nothing but the cut can end this in time.
    let wire = Wire {
        resolver: Arc::new(Names::none()),
        roots: RootCertStore::empty(),
        timeout: Duration::from_secs(3_600),
    };
    let webhooks = channel_on(&["127.0.0.1/32"], wire);
    let batch = [hook(&peer.url("/"))];
    let outcomes =
        tokio::time::timeout(Duration::from_secs(60), webhooks.send(&batch, now())).await;
    let receipt = format!("200 OK: {}", "x".repeat(200));
    assert_eq!(outcomes.unwrap(), [Outcome::Accepted { receipt }]);
}
