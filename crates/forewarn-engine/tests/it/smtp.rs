//! The SMTP channel against the scripted server. The judge is the server's ledger.

mod behaviours;
mod tls;

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use forewarn_core::delivery::Outcome;
use forewarn_engine::Leave;
use forewarn_engine::channel::smtp::bare::{Way, bare_loop};
use forewarn_engine::channel::smtp::dkim::{self, Signer};
use forewarn_engine::channel::smtp::{Limits, Mail, RelayUrl, Smtp};
use forewarn_engine::peer::smtp::{Act, Fault, Keep, Script, SmtpPeer, Stage};

const BATCH: usize = 20;

fn mail(i: usize) -> Mail {
    Mail {
        envelope_from: format!("bounce+{i:02}@forewarn.example"),
        to: format!("r{i:02}@customer.example"),
        data: format!(
            "From: status@forewarn.example\r\nMessage-ID: <{i:02}@forewarn.example>\r\n\r\n\
             Maintenance number {i}.\r\n"
        )
        .into_bytes(),
    }
}

fn batch() -> Vec<Mail> {
    (0..BATCH).map(mail).collect()
}

fn client(urls: &str) -> Smtp {
    Smtp::new(
        RelayUrl::parse_list(urls).unwrap(),
        "forewarn.example".into(),
    )
    .unwrap()
}

fn plain(peer: &SmtpPeer) -> Smtp {
    client(&format!("smtp://{}", peer.addr()))
}

async fn start(script: Script) -> SmtpPeer {
    SmtpPeer::start(script, Keep::Messages).await.unwrap()
}

/// How many mails came to what.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    accepted: usize,
    transient: usize,
    permanent: usize,
    withheld: usize,
    /// Of the transient ones.
    maybe_sent: usize,
    /// Of the permanent ones.
    gone: usize,
}

impl Tally {
    fn of(outcomes: &[Outcome]) -> Tally {
        let mut tally = Tally::default();
        for outcome in outcomes {
            match outcome {
                Outcome::Accepted { .. } => tally.accepted += 1,
                Outcome::TransientFailure { maybe_sent, .. } => {
                    tally.transient += 1;
                    tally.maybe_sent += usize::from(*maybe_sent);
                }
                Outcome::Withheld | Outcome::Paced { .. } => tally.withheld += 1,
                Outcome::PermanentFailure { endpoint_gone, .. } => {
                    tally.permanent += 1;
                    tally.gone += usize::from(*endpoint_gone);
                }
            }
        }
        tally
    }
}

fn tally(accepted: usize, transient: usize, permanent: usize) -> Tally {
    Tally {
        accepted,
        transient,
        permanent,
        ..Tally::default()
    }
}

#[tokio::test]
async fn what_there_is_no_leave_for_is_withheld() {
    let stepwise = Script::default().without("PIPELINING");
    for script in [Script::default(), stepwise] {
        let peer = Arc::new(start(script).await);
        let ledger = peer.clone();
        let leave = Leave::new(move || ledger.count() < 3);
        let smtp = plain(&peer);
        let outcomes = smtp.send_while(&batch(), &leave).await;
        let expected = Tally {
            withheld: 17,
            ..tally(3, 0, 0)
        };
        assert_eq!((Tally::of(&outcomes), peer.count()), (expected, 3));
        // The next batch is as ever.
        assert_eq!(Tally::of(&smtp.send(&batch()).await), tally(20, 0, 0));
    }
}

#[tokio::test]
async fn a_refused_recipient_stays_refused_when_the_server_then_closes() {
    let script = Script::default()
        .fault(Fault::reply(Stage::Rcpt, "550 5.1.1 who?").only_to("r03"))
        .fault(Fault::reply(Stage::Data, "421 4.7.0 too many errors").after(3));
    let peer = start(script).await;
    let outcomes = plain(&peer).send(&batch()).await;
    assert_eq!(
        Tally::of(&outcomes),
        Tally {
            gone: 1,
            ..tally(3, 16, 1)
        }
    );
}

#[tokio::test]
async fn pipelining_costs_one_round_trip_a_message_and_its_lack_four() {
    // Greeting, EHLO, first envelope.
    let peer = start(Script::default()).await;
    plain(&peer).send(&batch()).await;
    assert_eq!((peer.count(), peer.reply_groups()), (20, 3 + 20));

    let peer = start(Script::default().without("PIPELINING")).await;
    plain(&peer).send(&batch()).await;
    assert_eq!((peer.count(), peer.reply_groups()), (20, 2 + 4 * 20));
}

#[tokio::test]
async fn chunking_waits_for_no_answer() {
    // Greeting, EHLO, and the answers to as much as the peer reads at once.
    let peer = start(Script::default().with("CHUNKING")).await;
    let outcomes = plain(&peer).send(&batch()).await;
    assert_eq!(Tally::of(&outcomes), tally(20, 0, 0));
    assert!(peer.reply_groups() <= 2 + 3, "{}", peer.reply_groups());
    let order: Vec<_> = peer.ledger().iter().map(|r| r.to.clone()).collect();
    let sent: Vec<_> = batch().into_iter().map(|m| m.to).collect();
    assert_eq!(order, sent);
}

#[tokio::test]
async fn what_follows_a_refusal_closely_goes_to_its_own_recipient_alone() {
    // The peer keeps the transaction of a refused recipient open until RSET.
    let script = Script::default()
        .with("CHUNKING")
        .fault(Fault::reply(Stage::Rcpt, "550 5.1.1 who?").only_to("7"));
    let peer = start(script).await;
    let mails: Vec<Mail> = (0..90).map(mail).collect();
    let smtp = plain(&peer);
    for round in 1..=2 {
        let outcomes = smtp.send(&mails).await;
        let expected = Tally {
            gone: 18,
            ..tally(72, 0, 18)
        };
        assert_eq!(Tally::of(&outcomes), expected, "{outcomes:#?}");
        assert_eq!((peer.count(), peer.connections()), (72 * round, 1));
    }
    for received in peer.ledger() {
        let number = received.to.trim_matches(|c: char| !c.is_ascii_digit());
        assert_eq!(
            received.envelope_from,
            format!("bounce+{number}@forewarn.example")
        );
    }
}

#[tokio::test]
async fn without_leave_no_chunk_is_begun() {
    let peer = start(Script::default().with("CHUNKING")).await;
    let mails: Vec<Mail> = (0..90).map(mail).collect();
    let asked = std::sync::atomic::AtomicUsize::new(0);
    // Leave to connect, to write a window, and no more.
    let leave = Leave::new(move || asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < 3);
    let outcomes = plain(&peer).send_while(&mails, &leave).await;
    let tally = Tally::of(&outcomes);
    assert_eq!(tally.accepted, peer.count(), "{outcomes:#?}");
    assert_eq!(tally.accepted + tally.withheld, 90);
    assert!(tally.withheld > 0, "{tally:?}");
}

#[tokio::test]
async fn a_connection_serves_batch_after_batch_also_after_refusals() {
    let script =
        Script::default().fault(Fault::reply(Stage::Rcpt, "550 5.1.1 who?").only_to("r19"));
    let peer = start(script).await;
    let smtp = plain(&peer);
    for _ in 0..5 {
        assert_eq!(
            Tally::of(&smtp.send(&batch()).await),
            Tally {
                gone: 1,
                ..tally(19, 0, 1)
            }
        );
    }
    assert_eq!((peer.connections(), peer.count()), (1, 5 * 19));
}

#[tokio::test]
async fn batches_at_once_have_a_connection_each() {
    let peer = start(Script::default()).await;
    let smtp = plain(&peer).idle(2, Duration::from_secs(60));
    let (all, one) = (batch(), batch());
    for _ in 0..2 {
        tokio::join!(smtp.send(&all), smtp.send(&one), smtp.send(&one));
    }
    assert_eq!(peer.count(), 2 * 3 * BATCH);
    assert_eq!(
        peer.connections(),
        4,
        "three, of which two were kept, and one more"
    );
}

#[tokio::test]
async fn an_idle_connection_that_the_server_gave_up_is_replaced() {
    for script in [
        Script::default().close_after(BATCH),
        // Says so only when the next mail comes, and once closes without saying so.
        Script::default().fault(
            Fault::reply(Stage::Mail, "421 4.4.2 timeout")
                .after(BATCH)
                .times(1),
        ),
        Script::default().fault(Fault::new(Stage::Mail, Act::Cut).after(BATCH).times(1)),
    ] {
        let peer = start(script).await;
        let smtp = plain(&peer);
        for _ in 0..2 {
            let outcomes = smtp.send(&batch()).await;
            assert_eq!(Tally::of(&outcomes), tally(20, 0, 0), "{outcomes:?}");
        }
        assert_eq!((peer.connections(), peer.count()), (2, 40));
    }
}

#[tokio::test]
async fn idle_connections_are_closed_in_time() {
    let peer = start(Script::default()).await;
    let smtp = plain(&peer).idle(4, Duration::from_millis(1));
    let (all, mails) = (batch(), batch());
    tokio::join!(smtp.send(&all), smtp.send(&mails));
    peer.wait_for_all_closed().await;
    smtp.send(&all).await;
    peer.wait_for_all_closed().await;
    assert_eq!((peer.connections(), peer.count()), (3, 3 * BATCH));
}

#[tokio::test]
async fn the_next_relay_is_asked_only_if_there_is_no_connection_to_the_first() {
    let second = start(Script::default()).await;
    let down = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let smtp = client(&format!("smtp://{down},smtp://{}", second.addr()));
    assert_eq!(Tally::of(&smtp.send(&batch()).await), tally(20, 0, 0));
    assert_eq!(second.count(), 20);

    let refusing = start(Script::default().fault(Fault::reply(Stage::Greeting, "554 no"))).await;
    let smtp = client(&format!(
        "smtp://{},smtp://{}",
        refusing.addr(),
        second.addr()
    ));
    assert_eq!(Tally::of(&smtp.send(&batch()).await), tally(20, 0, 0));
    assert_eq!(second.count(), 40);

    let cutting = start(Script::default().close_after(1)).await;
    let smtp = client(&format!(
        "smtp://{},smtp://{}",
        cutting.addr(),
        second.addr()
    ));
    assert_eq!(Tally::of(&smtp.send(&batch()).await), tally(1, 19, 0));
    assert_eq!(second.count(), 40);
}

#[tokio::test]
async fn a_relay_that_does_not_answer_is_not_waited_for_again_at_once() {
    let silent = start(Script::default().fault(Fault::new(Stage::Greeting, Act::Hang))).await;
    let second = start(Script::default()).await;
    let limits = Limits {
        greeting: Duration::from_secs(1),
        ..Limits::default()
    };
    let smtp = client(&format!(
        "smtp://{},smtp://{}",
        silent.addr(),
        second.addr()
    ))
    .limits(limits);
    for _ in 0..3 {
        assert_eq!(Tally::of(&smtp.send(&batch()).await), tally(20, 0, 0));
    }
    assert_eq!((silent.connections(), second.connections()), (1, 1));
}

#[tokio::test]
async fn a_server_that_stops_leaves_the_rest_of_the_mail_for_later() {
    let peer = start(Script::default()).await;
    let smtp = plain(&peer);
    assert_eq!(Tally::of(&smtp.send(&batch()).await), tally(20, 0, 0));
    peer.stop();
    peer.wait_for_all_closed().await;
    assert_eq!(Tally::of(&smtp.send(&batch()).await), tally(0, 20, 0));
    assert_eq!(peer.ledger().len(), 20);
}

#[tokio::test]
async fn without_any_relay_the_reason_names_each() {
    let down = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let refusing = start(Script::default().fault(Fault::reply(Stage::Greeting, "554 no"))).await;
    let smtp = client(&format!("smtp://{down},smtp://{}", refusing.addr()));
    let outcomes = smtp.send(&batch()).await;
    assert_eq!(Tally::of(&outcomes), tally(0, 20, 0));
    let Outcome::TransientFailure { reason, .. } = &outcomes[0] else {
        panic!()
    };
    assert!(reason.contains(&format!("{down}: connect: ")), "{reason}");
    assert!(reason.contains("greeting: 554 no"), "{reason}");
}

#[tokio::test]
async fn messages_arrive_byte_for_byte() {
    for script in [Script::default(), Script::default().with("CHUNKING")] {
        arrive_byte_for_byte(start(script).await).await;
    }
}

async fn arrive_byte_for_byte(peer: SmtpPeer) {
    let big = "0123456789.\r\n".repeat(200_000);
    let bodies = [
        ".",
        ".\r\n",
        "..\r\n.x\r\n...\r\n",
        "a\r\n.\r\nb\r\n",
        "no end",
        "\r\n.\r\n.\r\n\r\n.",
        "MAIL FROM:<x>\r\nQUIT\r\n",
        "Grüße\r\n",
        &big,
        "last\r\n",
    ];
    let mails: Vec<Mail> = bodies
        .iter()
        .map(|body| Mail {
            data: body.as_bytes().to_vec(),
            ..mail(1)
        })
        .collect();
    assert_eq!(Tally::of(&plain(&peer).send(&mails).await), tally(10, 0, 0));
    for (body, received) in bodies.iter().zip(peer.ledger()) {
        let end = if body.ends_with("\r\n") { "" } else { "\r\n" };
        assert!(
            received.data == format!("{body}{end}").as_bytes(),
            "{body:.40}"
        );
    }
}

#[tokio::test]
async fn a_refusal_in_the_middle_of_a_message_is_heard() {
    let too_big = Fault::reply(Stage::Body, "552 5.3.4 too big").after(1);
    for script in [Script::default(), Script::default().with("CHUNKING")] {
        let peer = start(script.fault(too_big.clone())).await;
        let big = Mail {
            data: b"0123456789\r\n".repeat(1_000_000),
            ..mail(1)
        };
        let outcomes = plain(&peer).send(&[mail(0), big, mail(2)]).await;
        let tally = Tally::of(&outcomes);
        // With chunks, the next one may have been on its way.
        let counts = (tally.accepted, tally.transient, tally.permanent);
        assert_eq!(counts, (1, 1, 1), "{outcomes:?}");
    }
}

#[tokio::test]
async fn every_message_is_signed_and_the_rest_of_it_arrives_as_it_was() {
    for script in [Script::default(), Script::default().with("CHUNKING")] {
        let peer = start(script).await;
        let key = include_bytes!("smtp/dkim-rsa.pem");
        let signer = || Signer::read("a._domainkey.forewarn.example", key).unwrap();
        let outcomes = plain(&peer)
            .signed_by(Arc::new([signer()]))
            .send(&batch())
            .await;
        assert_eq!(Tally::of(&outcomes), tally(20, 0, 0), "{outcomes:#?}");
        for (mail, received) in batch().iter().zip(peer.ledger()) {
            let signature = dkim::sign(&[signer()], &mail.data).unwrap();
            assert!(signature.starts_with(
                "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=forewarn.example;"
            ));
            assert_eq!(received.data, [signature.as_bytes(), &mail.data].concat());
        }
    }
}

#[tokio::test]
async fn addresses_that_would_break_the_command_never_reach_the_wire() {
    let peer = start(Script::default()).await;
    let bad = [
        "",
        "a b@x",
        "a@x>",
        "<a@x",
        "a@x\r\nRSET",
        "a@x\n",
        "a\0@x",
        "a@x\u{85}",
    ];
    let mut mails: Vec<Mail> = bad
        .iter()
        .map(|&to| Mail {
            to: to.into(),
            ..mail(1)
        })
        .collect();
    mails.push(Mail {
        envelope_from: "a@x>\r\nDATA".into(),
        ..mail(1)
    });
    let outcomes = plain(&peer).send(&mails).await;
    assert_eq!(Tally::of(&outcomes), tally(0, 0, 9));
    assert_eq!(peer.connections(), 0);

    mails.push(Mail {
        envelope_from: String::new(),
        ..mail(2)
    });
    let outcomes = plain(&peer).send(&mails).await;
    assert_eq!(Tally::of(&outcomes), tally(1, 0, 9), "the null path is one");
    assert!(plain(&peer).send(&[]).await.is_empty());
}

#[tokio::test]
async fn addresses_beyond_ascii_need_smtputf8() {
    let mails = [
        mail(0),
        Mail {
            to: "jürgen@customer.example".into(),
            ..mail(1)
        },
        mail(2),
    ];
    let peer = start(Script::default()).await;
    assert_eq!(Tally::of(&plain(&peer).send(&mails).await), tally(3, 0, 0));
    assert_eq!(peer.ledger()[1].to, "jürgen@customer.example");

    let peer = start(Script::default().without("SMTPUTF8")).await;
    assert_eq!(Tally::of(&plain(&peer).send(&mails).await), tally(2, 0, 1));
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_at_once() {
    let new = |url: &str, name: &str| {
        Smtp::new(vec![RelayUrl::parse(url).unwrap()], name.into())
            .map(drop)
            .unwrap_err()
    };
    assert!(Smtp::new(Vec::new(), "forewarn.example".into()).is_err());
    assert!(new("smtp://localhost", "two words").contains("EHLO"));
    assert!(new("smtps://localhost?ca=/no/such.pem", "x").contains("/no/such.pem"));
    assert!(new("smtps://localhost?ca=/dev/null", "x").contains("no certificate"));
}

#[tokio::test]
async fn the_peer_shows_messages_as_they_arrive() {
    let peer = start(Script::default()).await;
    let smtp = plain(&peer);
    let mails = batch();
    let (_, seen) = tokio::join!(smtp.send(&mails), async {
        let mut seen = Vec::new();
        for order in 0..BATCH {
            seen.push(peer.message(order).await.unwrap());
        }
        seen
    });
    for (mail, received) in mails.iter().zip(&seen) {
        assert_eq!(
            (&mail.envelope_from, &mail.to),
            (&received.envelope_from, &received.to)
        );
        assert_eq!(mail.data, received.data);
    }
    assert_eq!(seen[7].message_id.as_deref(), Some("<07@forewarn.example>"));
}

#[tokio::test]
async fn the_bare_loop_delivers_what_it_times() {
    for (script, way) in [
        (Script::default(), Way::RoundTrips),
        (Script::default().with("CHUNKING"), Way::Chunking),
    ] {
        let peer = SmtpPeer::start(script, Keep::Count).await.unwrap();
        let data = mail(0).data;
        bare_loop(peer.addr(), 8, 500, &data, way).await.unwrap();
        assert_eq!((peer.count(), peer.connections()), (500, 8), "{way:?}");
    }
}

/// Not a test of anything: `cargo test -p forewarn-engine throughput -- --ignored --nocapture`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints figures"]
async fn throughput() {
    const MESSAGES: usize = 80_000;
    let data = [
        mail(0).data,
        b"The quick brown fox jumps over the lazy dog.\r\n".repeat(90),
    ]
    .concat();
    let peer = SmtpPeer::start(Script::default(), Keep::Count)
        .await
        .unwrap();
    let smtp = std::sync::Arc::new(plain(&peer));
    for round in 0..3 {
        let bare = bare_loop(peer.addr(), 8, MESSAGES, &data, Way::RoundTrips)
            .await
            .unwrap();
        let mails: Vec<Mail> = (0..100)
            .map(|i| Mail {
                data: data.clone(),
                ..mail(i)
            })
            .collect();
        let mails = std::sync::Arc::new(mails);
        let start = std::time::Instant::now();
        let mut senders = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (smtp, mails) = (smtp.clone(), mails.clone());
            senders.spawn(async move {
                for _ in 0..MESSAGES / 8 / 100 {
                    let outcomes = smtp.send(&mails).await;
                    assert!(
                        outcomes
                            .iter()
                            .all(|o| matches!(o, Outcome::Accepted { .. }))
                    );
                }
            });
        }
        senders.join_all().await;
        let rate = |time: Duration| MESSAGES as f64 / time.as_secs_f64();
        println!(
            "{round}: bare {:.0}/s, send {:.0}/s",
            rate(bare),
            rate(start.elapsed())
        );
    }
    assert_eq!(peer.count(), 6 * MESSAGES);
}
