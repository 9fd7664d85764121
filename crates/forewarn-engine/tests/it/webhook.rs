//! What a webhook looks like on the wire, and how a batch of them is sent.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use forewarn_core::delivery::Outcome;
use forewarn_engine::Leave;
use forewarn_engine::channel::http::Wire;
use forewarn_engine::channel::webhook::Hook;
use forewarn_engine::channel::webhook::signature::{BadSecret, Secret, signatures};
use forewarn_engine::peer::http::{HttpPeer, Reply, Script};
use rustls::RootCertStore;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::wire::{Names, SECRET, channel, channel_on, hook, now};

/// 64 bytes: 100, 101, 102, ...
const OTHER_SECRET: &str = "whsec_ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoOEhYaHiImKi4yNjo+QkZKTlJWWl5iZmpucnZ6foKGiow==";
const ID: &str = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W";
const BODY: &str = r#"{"type":"maintenance.announced","timestamp":"2026-11-22T09:30:00Z","data":{"title":"Größere Wartung"}}"#;

/// The expected values come from Python's hmac module, the last one also from the specification's
/// reference implementations.
#[test]
fn signatures_are_those_of_another_implementation() {
    let secret = Secret::parse(SECRET).unwrap();
    let other = Secret::parse(OTHER_SECRET).unwrap();
    assert_eq!(
        signatures(&[secret.clone(), other], ID, 1_795_339_800, BODY.as_bytes()),
        "v1,YLfMGzLX3zrFpo2nqBTZpWLUodHGP3NXfzaPj0zIDsA= \
         v1,qizq/N1wdzsEzDzC28x4tE71RtquMhw6sxAdm5vk8hg="
    );
    assert_eq!(
        secret.sign("a", 0, b""),
        "v1,N+Hx3edQLOlFWLC6mCr/sY5tyN1fcB3a/kg4SRyryWQ="
    );
    let known = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    assert_eq!(
        known.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#
        ),
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    );
}

#[tokio::test]
async fn without_leave_nothing_is_posted() {
    let peer = HttpPeer::start(Script::new()).await.unwrap();
    let webhooks = channel(&["127.0.0.1/32"], Names::none());
    let hooks = [hook(&peer.url("/"))];
    let never = Leave::new(|| false);
    let outcomes = webhooks.send_while(&hooks, now(), &never).await;
    assert_eq!(
        (outcomes.as_slice(), peer.count()),
        (&[Outcome::Withheld][..], 0)
    );
    let outcomes = webhooks.send(&hooks, now()).await;
    assert!(
        matches!(outcomes[0], Outcome::Accepted { .. }),
        "{outcomes:?}"
    );
}

#[test]
fn a_secret_cannot_be_wrong_and_does_not_show_itself() {
    let of = |bytes: usize| format!("whsec_{}", data_encoding::BASE64.encode(&vec![7; bytes]));
    for (text, problem) in [
        ("", BadSecret::Prefix),
        ("AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", BadSecret::Prefix),
        ("WHSEC_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", BadSecret::Prefix),
        (" whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", BadSecret::Prefix),
        ("whsec_", BadSecret::Length),
        ("whsec_not base64 at all, is it", BadSecret::Base64),
        (
            "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX\n",
            BadSecret::Base64,
        ),
        (
            "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGB",
            BadSecret::Base64,
        ),
        (&of(23), BadSecret::Length),
        (&of(65), BadSecret::Length),
    ] {
        assert_eq!(Secret::parse(text).unwrap_err(), problem, "{text:?}");
    }
    for bytes in [24, 25, 32, 63, 64] {
        assert!(Secret::parse(&of(bytes)).is_ok(), "{bytes} bytes");
    }
    let secret = Secret::parse(SECRET).unwrap();
    let hook = Hook {
        url: "https://hooks.test/T0KEN".into(),
        ..hook("")
    };
    let shown = format!("{secret:?} {hook:?}");
    assert!(
        !shown.contains("AAEC") && !shown.contains("T0KEN"),
        "{shown}"
    );
}

/// Also writes what arrived to a file, for `tests/verify_webhook.py` to check with the reference library.
#[tokio::test]
async fn a_hook_arrives_signed_and_in_full() {
    let peer = HttpPeer::start(Script::new().always(Reply::status(200).body("thanks")))
        .await
        .unwrap();
    let webhooks = channel(&["127.0.0.1/32"], Names::none());
    let sent = Hook {
        secrets: vec![SECRET.into(), OTHER_SECRET.into()],
        body: BODY.into(),
        ..hook(&peer.url("/in?key=1"))
    };
    let outcomes = webhooks.send(&[sent], now()).await;
    assert_eq!(
        outcomes,
        [Outcome::Accepted {
            receipt: "200 OK: thanks".into()
        }]
    );

    let request = peer.requests().remove(0);
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("POST", "/in?key=1")
    );
    assert_eq!(request.body, BODY.as_bytes());
    assert_eq!(request.header("webhook-id"), Some(ID));
    assert_eq!(request.header("webhook-timestamp"), Some("1795339800"));
    assert_eq!(
        request.header("webhook-signature"),
        Some(
            "v1,YLfMGzLX3zrFpo2nqBTZpWLUodHGP3NXfzaPj0zIDsA= \
             v1,qizq/N1wdzsEzDzC28x4tE71RtquMhw6sxAdm5vk8hg="
        )
    );
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(
        request.header("user-agent"),
        Some(concat!("Forewarn/", env!("CARGO_PKG_VERSION")))
    );
    assert_eq!(
        request.header("host"),
        Some(peer.address().to_string().as_str())
    );
    assert_eq!(request.header("referer"), None);

    let captured = serde_json::json!({
        "secrets": [SECRET, OTHER_SECRET],
        "headers": request.headers.into_iter().collect::<std::collections::BTreeMap<_, _>>(),
        "body": BODY,
    });
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("webhook-capture.json");
    fs::write(file, captured.to_string()).unwrap();
}

#[tokio::test]
async fn a_later_attempt_has_the_same_id_and_body_and_a_new_timestamp() {
    let peer = HttpPeer::start(Script::new().first(1, Reply::status(500)))
        .await
        .unwrap();
    let webhooks = channel(&["127.0.0.1/32"], Names::none());
    let batch = [hook(&peer.url("/"))];
    assert!(matches!(
        webhooks.send(&batch, now()).await[..],
        [Outcome::TransientFailure { .. }]
    ));
    let later = now() + jiff::SignedDuration::from_secs(5);
    assert!(matches!(
        webhooks.send(&batch, later).await[..],
        [Outcome::Accepted { .. }]
    ));

    let requests = peer.requests();
    assert_eq!(
        requests[0].header("webhook-id"),
        requests[1].header("webhook-id")
    );
    assert_eq!(requests[0].body, requests[1].body);
    assert_eq!(requests[0].header("webhook-timestamp"), Some("1795339800"));
    assert_eq!(requests[1].header("webhook-timestamp"), Some("1795339805"));
    assert_ne!(
        requests[0].header("webhook-signature"),
        requests[1].header("webhook-signature")
    );
    assert_eq!(peer.connections(), 1, "the connection is kept");
}

#[tokio::test]
async fn what_cannot_be_signed_is_not_sent() {
    let peer = HttpPeer::start(Script::new()).await.unwrap();
    let webhooks = channel(&["127.0.0.1/32"], Names::none());
    let good = hook(&peer.url("/"));
    let batch = [
        Hook {
            secrets: vec![],
            ..good.clone()
        },
        Hook {
            secrets: vec![SECRET.into(), "whsec_AAAA".into()],
            ..good.clone()
        },
        Hook {
            id: String::new(),
            ..good.clone()
        },
        Hook {
            id: "a.b".into(),
            ..good.clone()
        },
        Hook {
            id: "a\r\nx-evil: 1".into(),
            ..good.clone()
        },
        Hook {
            id: "ü".into(),
            ..good.clone()
        },
        Hook {
            id: "x".repeat(257),
            ..good
        },
    ];
    for (outcome, hook) in webhooks.send(&batch, now()).await.iter().zip(&batch) {
        let Outcome::PermanentFailure {
            reason,
            endpoint_gone: false,
        } = outcome
        else {
            panic!("{hook:?}: {outcome:?}");
        };
        assert!(
            reason.starts_with("not sent: ") && !reason.contains("AAAA"),
            "{reason}"
        );
    }
    assert_eq!(peer.count(), 0);
}

#[tokio::test]
async fn a_batch_is_answered_in_its_order_however_the_answers_come() {
    let script = Script::new()
        .path("/slow", Reply::status(200).body("slow").held())
        .path("/bad", Reply::status(400));
    let peer = HttpPeer::start(script).await.unwrap();
    let webhooks = channel(&["127.0.0.1/32"], Names::none());
    // One hook is held, and there are more hooks than the channel sends at once: they all get past it.
    let mut batch = vec![hook(&peer.url("/slow")), hook(&peer.url("/bad"))];
    batch.extend((0..30).map(|n| hook(&peer.url(&format!("/{n}")))));
    let (outcomes, ()) = tokio::join!(webhooks.send(&batch, now()), async {
        peer.wait_for(32).await;
        peer.release();
    });
    assert_eq!(outcomes.len(), 32);
    assert_eq!(
        outcomes[0],
        Outcome::Accepted {
            receipt: "200 OK: slow".into()
        }
    );
    assert!(
        matches!(&outcomes[1], Outcome::TransientFailure { reason, .. } if reason == "400 Bad Request")
    );
    assert!(
        outcomes[2..]
            .iter()
            .all(|o| matches!(o, Outcome::Accepted { .. }))
    );
}

#[tokio::test]
async fn no_more_are_under_way_than_allowed() {
    let peer = HttpPeer::start(Script::new().always(Reply::status(200).held()))
        .await
        .unwrap();
    let webhooks = channel(&["127.0.0.1/32"], Names::none());
    let batch: Vec<Hook> = (0..20).map(|_| hook(&peer.url("/"))).collect();
    let sending = webhooks.send(&batch, now());
    tokio::pin!(sending);
    tokio::select! {
        _ = &mut sending => panic!("answered while every answer is held"),
        () = peer.wait_for(8) => {}
    }
    assert_eq!((peer.count(), peer.connections()), (8, 8));
    peer.release();
    assert_eq!(sending.await.len(), 20);
    assert_eq!((peer.count(), peer.connections()), (20, 8));
}

/// A server that answers each connection's first request, and closes it without a word about that.
#[tokio::test]
async fn a_kept_connection_that_was_closed_costs_no_attempt() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (closed, mut closing) = tokio::sync::mpsc::channel(1);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asked = Vec::new();
            let body = hook("").body;
            while !asked.ends_with(&body) {
                stream.read_buf(&mut asked).await.unwrap();
            }
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(answer).await.unwrap();
            drop(stream);
            closed.send(()).await.unwrap();
        }
    });
    let webhooks = channel(&["127.0.0.1/32"], Names::none());
    for _ in 0..3 {
        let outcomes = webhooks.send(&[hook(&url)], now()).await;
        assert!(
            matches!(outcomes[..], [Outcome::Accepted { .. }]),
            "{outcomes:?}"
        );
        closing.recv().await.unwrap();
    }
}

/// TLS in front of a peer: a certificate for `hooks.test` that only those trust who hold its root.
async fn tls_front(peer: &HttpPeer) -> (u16, RootCertStore) {
    let made = rcgen::generate_simple_self_signed(["hooks.test".to_owned()]).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, behind) = (listener.local_addr().unwrap().port(), peer.address());
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(mut outside) = acceptor.accept(stream).await {
                let mut inside = TcpStream::connect(behind).await.unwrap();
                tokio::spawn(async move {
                    let _ = tokio::io::copy_bidirectional(&mut outside, &mut inside).await;
                });
            }
        }
    });
    (port, roots)
}

#[tokio::test]
async fn https_is_spoken_to_those_whose_certificate_holds() {
    let peer = HttpPeer::start(Script::new()).await.unwrap();
    let (port, roots) = tls_front(&peer).await;
    let trusting = |roots| {
        let resolver = Arc::new(Names::always(&["127.0.0.1"]));
        channel_on(
            &["127.0.0.1/32"],
            Wire {
                resolver,
                roots,
                timeout: Duration::from_secs(15),
            },
        )
    };
    // With and without the dot at the end of the name.
    let good = [
        hook(&format!("https://hooks.test:{port}/")),
        hook(&format!("https://HOOKS.test.:{port}/")),
    ];
    for outcome in trusting(roots.clone()).send(&good, now()).await {
        assert_eq!(
            outcome,
            Outcome::Accepted {
                receipt: "200 OK".into()
            }
        );
    }
    let wrong_name = hook(&format!("https://other.test:{port}/"));
    let cases = [
        (trusting(roots), &wrong_name),
        (trusting(RootCertStore::empty()), &good[0]),
    ];
    for (webhooks, hook) in cases {
        let outcome = webhooks
            .send(std::slice::from_ref(hook), now())
            .await
            .remove(0);
        let Outcome::TransientFailure {
            reason,
            maybe_sent: false,
            retry_after: None,
        } = outcome
        else {
            panic!("{outcome:?}");
        };
        assert!(
            reason.starts_with("could not connect: invalid peer certificate"),
            "{reason}"
        );
    }
    assert_eq!(peer.count(), 2);
}
