//! Text messages and calls as they are put to the provider, and what its answers mean.

use crate::wire::now;
use forewarn_core::delivery::Outcome;
use forewarn_core::phone::call_document;
use forewarn_engine::channel::phone::{Account, Phones, Ring, Says};
use forewarn_engine::peer::http::{Reply, Request};
use forewarn_engine::peer::phone::{ACCOUNT, PhonePeer, Taken, form};
use jiff::SignedDuration;

async fn provider(
    first: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static,
) -> (PhonePeer, Phones) {
    let peer = PhonePeer::start(now, first).await.unwrap();
    let phones = phones(&peer.url(), &["+14155550199"]);
    (peer, phones)
}

fn phones(url: &str, from: &[&str]) -> Phones {
    Phones::new(Account {
        url: url.into(),
        sid: ACCOUNT.0.into(),
        token: ACCOUNT.1.into(),
        from: from.iter().map(|f| (*f).to_owned()).collect(),
    })
}

fn text(to: &str) -> Ring {
    Ring {
        to: to.into(),
        says: Says::Text("Portal is down & we're on it: https://x.example/?a=1 ñ".into()),
        receipts_url: "https://status.example.edu/hooks/twilio/receipts/abc.def".into(),
        expires: now() + SignedDuration::from_hours(1),
        earlier: None,
        others: Vec::new(),
    }
}

fn call(to: &str) -> Ring {
    Ring {
        says: Says::Call(call_document("Portal is down", "en", "https://x.example/c")),
        ..text(to)
    }
}

fn again(ring: Ring) -> Ring {
    Ring {
        earlier: Some(now()),
        ..ring
    }
}

fn taken(ring: &Ring, sid: &str) -> Taken {
    let (body, is_call) = match &ring.says {
        Says::Text(text) => (text.clone(), false),
        Says::Call(document) => (document.clone(), true),
    };
    Taken {
        sid: sid.into(),
        to: ring.to.clone(),
        from: "+14155550199".into(),
        body,
        is_call,
        receipts_url: String::new(),
        at: now(),
    }
}

const TO: &str = "+14155550100";

#[tokio::test]
async fn a_text_message_and_a_call_are_put_as_the_provider_wants_them() {
    let (peer, phones) = provider(|_| None).await;
    let outcomes = phones.send(&[text(TO), call(TO)], now()).await;
    let sids: Vec<String> = peer.taken().iter().map(|t| t.sid.clone()).collect();
    assert_eq!(sids.len(), 2);
    for outcome in &outcomes {
        let Outcome::Accepted { receipt } = outcome else {
            panic!("{outcome:?}");
        };
        let sid = receipt.strip_suffix(" queued").unwrap();
        assert!(sids.iter().any(|s| s == sid), "{receipt}");
    }
    let mut requests = peer.http().requests();
    requests.sort_by(|a, b| b.path.cmp(&a.path));
    let fields = |n: usize| form(std::str::from_utf8(&requests[n].body).unwrap());
    let owned = |fields: &[(&str, &str)]| -> Vec<(String, String)> {
        let owned = fields.iter().map(|(n, v)| ((*n).into(), (*v).into()));
        owned.collect()
    };
    let receipts = text(TO).receipts_url;
    assert_eq!(
        requests[0].path,
        format!("/2010-04-01/Accounts/{}/Messages.json", ACCOUNT.0)
    );
    assert_eq!(
        fields(0),
        owned(&[
            ("To", TO),
            ("From", "+14155550199"),
            (
                "Body",
                "Portal is down & we're on it: https://x.example/?a=1 ñ"
            ),
            ("StatusCallback", &receipts),
            ("ValidityPeriod", "3600"),
        ])
    );
    assert_eq!(
        requests[1].path,
        format!("/2010-04-01/Accounts/{}/Calls.json", ACCOUNT.0)
    );
    let document = call_document("Portal is down", "en", "https://x.example/c");
    assert_eq!(
        fields(1),
        owned(&[
            ("To", TO),
            ("From", "+14155550199"),
            ("Twiml", &document),
            ("StatusCallback", &receipts),
            ("Timeout", "30"),
        ])
    );
    let shown = format!("{phones:?} {:?}", text(TO));
    assert!(!shown.contains(ACCOUNT.1) && !shown.contains(TO), "{shown}");
}

#[tokio::test]
async fn a_messaging_service_sends_and_only_a_number_calls() {
    let (peer, _) = provider(|_| None).await;
    let both = phones(&peer.url(), &["MG1", "+14155550199"]);
    both.send(&[text(TO)], now()).await;
    both.send(&[call(TO)], now()).await;
    let senders: Vec<String> = peer.taken().into_iter().map(|t| t.from).collect();
    assert_eq!(senders, ["MG1", "+14155550199"]);
    let service = phones(&peer.url(), &["MG1"]);
    assert_eq!(
        service.send(&[call(TO)], now()).await,
        [Outcome::PermanentFailure {
            reason: "not sent: a call needs a telephone number in FOREWARN_TWILIO_FROM".into(),
            endpoint_gone: false
        }]
    );
    assert_eq!(peer.taken().len(), 2);
}

#[tokio::test]
async fn what_the_provider_answers_decides() {
    let gone = |reason: &str| Outcome::PermanentFailure {
        reason: reason.into(),
        endpoint_gone: true,
    };
    let (_peer, to_peer) = provider(|_| None).await;
    for (to, expected) in [
        (
            "+15005550001",
            gone("400 Bad Request: 21211 The 'To' number is not a valid phone number."),
        ),
        (
            "+15005550004",
            gone("400 Bad Request: 21610 Attempt to send to unsubscribed recipient"),
        ),
        (
            "+15005550009",
            gone("400 Bad Request: 21614 'To' number is not a valid mobile number"),
        ),
        (
            "+15005550002",
            Outcome::PermanentFailure {
                reason: "400 Bad Request: 21612 The message cannot be routed to this number."
                    .into(),
                endpoint_gone: false,
            },
        ),
    ] {
        assert_eq!(to_peer.send(&[text(to)], now()).await, [expected], "{to}");
    }
    let later = |reason: &str, seconds: Option<i64>, maybe_sent| Outcome::TransientFailure {
        reason: reason.into(),
        retry_after: seconds.map(SignedDuration::from_secs),
        maybe_sent,
    };
    let busy = r#"{"code": 20429, "message": "Too Many Requests", "status": 429}"#;
    for (reply, expected) in [
        (
            Reply::status(429).retry_after("7").body(busy),
            later(
                "429 Too Many Requests: 20429 Too Many Requests",
                Some(7),
                false,
            ),
        ),
        (
            Reply::status(503).body("<h1>no</h1>"),
            later("503 Service Unavailable: <h1>no</h1>", None, false),
        ),
        (
            Reply::redirect("https://elsewhere.example/"),
            later("302 Found", None, false),
        ),
        (
            Reply::status(401).body(r#"{"code": 20003, "message": "Authenticate"}"#),
            later("401 Unauthorized: 20003 Authenticate", None, false),
        ),
        (
            Reply::status(201).body("{"),
            Outcome::Accepted {
                receipt: "201 Created: {".into(),
            },
        ),
    ] {
        let (_peer, phones) = provider(move |_| Some(reply.clone())).await;
        assert_eq!(phones.send(&[text(TO)], now()).await, [expected]);
    }
    let (_peer, phones) = provider(|_| Some(Reply::cut_before())).await;
    let outcome = phones.send(&[text(TO)], now()).await.remove(0);
    assert!(
        matches!(
            outcome,
            Outcome::TransientFailure {
                maybe_sent: true,
                ..
            }
        ),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn what_may_have_been_taken_is_asked_for_before_it_is_sent_again() {
    for ring in [text(TO), call(TO)] {
        let (peer, phones) = provider(|_| None).await;
        peer.put(taken(&ring, "XX00000000000000000000000000000001"));
        assert_eq!(
            phones.send(&[again(ring.clone())], now()).await,
            [Outcome::Accepted {
                receipt: "the provider has it already: XX00000000000000000000000000000001".into()
            }]
        );
        assert_eq!(peer.taken().len(), 1, "nobody is called twice");
        // The first attempt does not ask.
        assert!(matches!(
            phones.send(&[ring], now()).await[0],
            Outcome::Accepted { .. }
        ));
        assert_eq!(peer.taken().len(), 2);
    }
}

#[tokio::test]
async fn what_is_like_it_and_is_another_does_not_count() {
    for ring in [text(TO), call(TO)] {
        let sid = "XX00000000000000000000000000000001";
        let it = taken(&ring, sid);
        for (other, others) in [
            (
                Taken {
                    to: "+14155550101".into(),
                    ..it.clone()
                },
                vec![],
            ),
            (
                Taken {
                    at: now() - SignedDuration::from_mins(3),
                    ..it.clone()
                },
                vec![],
            ),
            (it.clone(), vec![sid.to_owned()]),
            match ring.says {
                Says::Text(_) => (
                    Taken {
                        body: "another".into(),
                        ..it.clone()
                    },
                    vec![],
                ),
                Says::Call(_) => (
                    Taken {
                        from: "+14155550198".into(),
                        ..it.clone()
                    },
                    vec![],
                ),
            },
        ] {
            let (peer, phones) = provider(|_| None).await;
            peer.put(other);
            let sent = phones
                .send(
                    &[again(Ring {
                        others,
                        ..ring.clone()
                    })],
                    now(),
                )
                .await;
            assert!(
                matches!(&sent[0], Outcome::Accepted { receipt } if receipt.ends_with("queued")),
                "{sent:?}"
            );
            assert_eq!(peer.taken().len(), 2);
        }
    }
}

#[tokio::test]
async fn nothing_is_sent_again_while_the_provider_does_not_say() {
    for reply in [
        Reply::status(500),
        Reply::status(429).retry_after("9"),
        Reply::status(200).body("{\"messages\": 7}"),
        Reply::huge(),
        Reply::cut_before(),
    ] {
        let asked = move |r: &Request| (r.method == "GET").then(|| reply.clone());
        let (peer, phones) = provider(asked).await;
        let outcome = phones.send(&[again(text(TO))], now()).await.remove(0);
        let Outcome::TransientFailure {
            reason,
            maybe_sent: false,
            ..
        } = &outcome
        else {
            panic!("{outcome:?}");
        };
        assert!(
            reason.starts_with("not sent: whether the provider has it already is not known: "),
            "{reason}"
        );
        assert_eq!(peer.taken(), []);
    }
}

#[tokio::test]
async fn the_account_is_checked_in_words() {
    let (_peer, right) = provider(|_| None).await;
    assert_eq!(right.check().await, Ok("the account is active".into()));
    let (_peer, wrong) = provider(|_| {
        Some(Reply::status(401).body(r#"{"code": 20003, "message": "Authenticate"}"#))
    })
    .await;
    assert_eq!(
        wrong.check().await,
        Err("the provider does not know the account or its token: 401 Unauthorized: 20003 Authenticate".into())
    );
    let (_peer, closed) =
        provider(|_| Some(Reply::status(200).body(r#"{"status": "suspended"}"#))).await;
    assert_eq!(closed.check().await, Err("the account is suspended".into()));
    let nobody = phones("http://127.0.0.1:9", &["+14155550199"]);
    assert!(
        nobody
            .check()
            .await
            .unwrap_err()
            .starts_with("could not connect")
    );
    // The token goes with every request: not in the clear over a public network.
    let clear = phones("http://192.0.2.1", &["+14155550199"]);
    assert!(clear.check().await.unwrap_err().starts_with("refused: "));
}
