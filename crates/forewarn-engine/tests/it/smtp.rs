//! The SMTP channel against the scripted server. The judge is the server's ledger.

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;

use forewarn_core::delivery::Outcome;
use forewarn_engine::channel::smtp::bare::bare_loop;
use forewarn_engine::channel::smtp::{Limits, Mail, RelayUrl, Smtp};
use forewarn_engine::peer::smtp::{Act, Encryption, Fault, Keep, Script, SmtpPeer, Stage};

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

/// No mail is lost, doubled, or said to be where it is not.
fn audit(case: &str, batch: &[Mail], outcomes: &[Outcome], peer: &SmtpPeer) {
    assert_eq!(batch.len(), outcomes.len(), "{case}");
    let mut ledger: HashMap<String, usize> = HashMap::new();
    for received in peer.ledger() {
        *ledger.entry(received.to.clone()).or_default() += 1;
    }
    for (mail, outcome) in batch.iter().zip(outcomes) {
        let copies = ledger.get(&mail.to).copied().unwrap_or(0);
        let right = match outcome {
            Outcome::Accepted { receipt } => copies == 1 && receipt.starts_with('2'),
            Outcome::TransientFailure {
                maybe_sent, reason, ..
            } => (copies == 0 || *maybe_sent) && !reason.is_empty() && !reason.starts_with('5'),
            Outcome::PermanentFailure { reason, .. } => copies == 0 && reason.starts_with('5'),
        };
        assert!(
            right,
            "{case}: {} is {copies} times in the ledger and {outcome:?}",
            mail.to
        );
    }
}

/// Behaviours, and what they must make of a batch of 20, with PIPELINING and without.
fn behaviours() -> Vec<(&'static str, Script, Tally)> {
    let one = |stage, words| Script::default().fault(Fault::reply(stage, words));
    let to_03 = |stage, words| Script::default().fault(Fault::reply(stage, words).only_to("r03"));
    let first_3 = |stage, words| Script::default().fault(Fault::reply(stage, words).times(3));
    let after_5 = |stage, act| Script::default().fault(Fault::new(stage, act).after(5).times(1));
    let say = |words: &str| Act::Reply(words.into());
    let maybe = |accepted, transient| Tally {
        maybe_sent: 1,
        ..tally(accepted, transient, 0)
    };
    let gone = Tally {
        gone: 1,
        ..tally(19, 0, 1)
    };
    vec![
        ("no fault", Script::default(), tally(20, 0, 0)),
        (
            "no 8BITMIME",
            Script::default().without("8BITMIME"),
            tally(20, 0, 0),
        ),
        (
            "tarpit",
            Script::default().delay(Duration::from_millis(1)),
            tally(20, 0, 0),
        ),
        (
            "greeting 421",
            one(Stage::Greeting, "421 4.3.2 down"),
            tally(0, 20, 0),
        ),
        (
            "greeting 554",
            one(Stage::Greeting, "554 no"),
            tally(0, 20, 0),
        ),
        (
            "greeting nonsense",
            one(Stage::Greeting, "SSH-2.0-dropbear"),
            tally(0, 20, 0),
        ),
        (
            "greeting cut",
            Script::default().fault(Fault::new(Stage::Greeting, Act::Cut)),
            tally(0, 20, 0),
        ),
        (
            "greeting hang",
            Script::default().fault(Fault::new(Stage::Greeting, Act::Hang)),
            tally(0, 20, 0),
        ),
        (
            "EHLO 451",
            one(Stage::Ehlo, "451 4.3.0 later"),
            tally(0, 20, 0),
        ),
        (
            "EHLO 421",
            one(Stage::Ehlo, "421 4.3.0 down"),
            tally(0, 20, 0),
        ),
        (
            "EHLO 502, HELO known",
            one(Stage::Ehlo, "502 what?"),
            tally(20, 0, 0),
        ),
        (
            "MAIL 451",
            first_3(Stage::Mail, "451 4.3.0 later"),
            tally(17, 3, 0),
        ),
        (
            "MAIL 550",
            first_3(Stage::Mail, "550 5.7.1 not you"),
            tally(17, 0, 3),
        ),
        (
            "MAIL 421",
            after_5(Stage::Mail, say("421 4.7.0 enough")),
            tally(5, 15, 0),
        ),
        ("MAIL cut", after_5(Stage::Mail, Act::Cut), tally(5, 15, 0)),
        (
            "MAIL hang",
            after_5(Stage::Mail, Act::Hang),
            tally(5, 15, 0),
        ),
        (
            "MAIL nonsense",
            after_5(Stage::Mail, say("moo")),
            tally(5, 15, 0),
        ),
        (
            "MAIL 354",
            after_5(Stage::Mail, say("354 go on")),
            tally(5, 15, 0),
        ),
        (
            "RCPT 450 greylisted",
            first_3(Stage::Rcpt, "450 4.2.0 greylisted"),
            tally(17, 3, 0),
        ),
        (
            "RCPT 452 of one",
            to_03(Stage::Rcpt, "452 4.2.2 full"),
            tally(19, 1, 0),
        ),
        ("RCPT 550 5.1.1", to_03(Stage::Rcpt, "550 5.1.1 who?"), gone),
        (
            "RCPT 550 5.7.1",
            to_03(Stage::Rcpt, "550 5.7.1 blocked"),
            tally(19, 0, 1),
        ),
        (
            "RCPT 552",
            to_03(Stage::Rcpt, "552 5.2.2 full"),
            tally(19, 0, 1),
        ),
        (
            "RCPT 554 for all",
            one(Stage::Rcpt, "554 5.7.1 no"),
            tally(0, 0, 20),
        ),
        (
            "RCPT 421",
            to_03(Stage::Rcpt, "421 4.7.0 enough"),
            tally(3, 17, 0),
        ),
        ("RCPT cut", after_5(Stage::Rcpt, Act::Cut), tally(5, 15, 0)),
        (
            "DATA 451",
            first_3(Stage::Data, "451 4.3.0 later"),
            tally(17, 3, 0),
        ),
        (
            "DATA 554",
            first_3(Stage::Data, "554 5.6.0 no"),
            tally(17, 0, 3),
        ),
        (
            "DATA 421",
            after_5(Stage::Data, say("421 4.7.0 enough")),
            tally(5, 15, 0),
        ),
        ("DATA cut", after_5(Stage::Data, Act::Cut), tally(5, 15, 0)),
        (
            "DATA 250",
            after_5(Stage::Data, say("250 2.0.0 what?")),
            tally(5, 15, 0),
        ),
        ("body cut", after_5(Stage::Body, Act::Cut), maybe(5, 15)),
        (
            "dot 452",
            first_3(Stage::Dot, "452 4.3.1 full"),
            tally(17, 3, 0),
        ),
        (
            "dot 554",
            first_3(Stage::Dot, "554 5.7.1 spam"),
            tally(17, 0, 3),
        ),
        (
            "dot 550 5.1.1",
            to_03(Stage::Dot, "550 5.1.1 late"),
            tally(19, 0, 1),
        ),
        (
            "dot 421",
            after_5(Stage::Dot, say("421 4.3.0 down")),
            tally(5, 15, 0),
        ),
        ("dot cut", after_5(Stage::Dot, Act::Cut), maybe(5, 15)),
        (
            "dot taken, then cut",
            after_5(Stage::Dot, Act::AcceptAndCut),
            maybe(5, 15),
        ),
        ("dot hang", after_5(Stage::Dot, Act::Hang), maybe(5, 15)),
        (
            "dot nonsense",
            after_5(Stage::Dot, say("moo")),
            maybe(5, 15),
        ),
        (
            "dot 354",
            after_5(Stage::Dot, say("354 go on")),
            maybe(5, 15),
        ),
        (
            "closes after 5",
            Script::default().close_after(5),
            tally(5, 15, 0),
        ),
        (
            "RCPT 550, DATA 354 all the same",
            to_03(Stage::Rcpt, "550 5.7.1 no").fault(Fault::reply(Stage::Data, "354 go on")),
            tally(19, 0, 1),
        ),
        (
            "RCPT 550, RSET refused",
            to_03(Stage::Rcpt, "550 5.7.1 no").fault(Fault::reply(Stage::Rset, "500 what?")),
            tally(3, 16, 1),
        ),
    ]
}

#[tokio::test]
async fn every_behaviour_gives_every_mail_its_outcome() {
    let limits = Limits {
        greeting: Duration::from_millis(500),
        envelope: Duration::from_millis(500),
        dot: Duration::from_millis(500),
        ..Limits::default()
    };
    for pipelining in [true, false] {
        for (name, script, expected) in behaviours() {
            let case = format!("{name}, pipelining {pipelining}");
            let script = if pipelining {
                script
            } else {
                script.without("PIPELINING")
            };
            let peer = start(script).await;
            let outcomes = plain(&peer).limits(limits).send(&batch()).await;
            audit(&case, &batch(), &outcomes, &peer);
            assert_eq!(Tally::of(&outcomes), expected, "{case}: {outcomes:#?}");
        }
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
    let smtp = plain(&peer).idle(4, Duration::ZERO);
    for _ in 0..3 {
        smtp.send(&batch()).await;
    }
    assert_eq!((peer.connections(), peer.count()), (3, 60));
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
    let peer = start(Script::default()).await;
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
    let script = Script::default().fault(Fault::reply(Stage::Body, "552 5.3.4 too big").after(1));
    let peer = start(script).await;
    let big = Mail {
        data: b"0123456789\r\n".repeat(1_000_000),
        ..mail(1)
    };
    let outcomes = plain(&peer).send(&[mail(0), big, mail(2)]).await;
    assert_eq!(Tally::of(&outcomes), tally(1, 1, 1), "{outcomes:?}");
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

/// A script that speaks TLS as `localhost`, and the file with the certificate to trust.
fn with_tls(script: Script, when: Encryption, file: &str) -> (Script, PathBuf) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(file);
    std::fs::write(&path, made.cert.pem()).unwrap();
    let key = made.signing_key.serialize_der().try_into().unwrap();
    (
        script.tls(when, made.cert.der().clone(), key).unwrap(),
        path,
    )
}

fn at_localhost(scheme: &str, addr: SocketAddr, ca: &PathBuf) -> Smtp {
    client(&format!(
        "{scheme}localhost:{}?ca={}",
        addr.port(),
        ca.display()
    ))
}

#[tokio::test]
async fn tls_and_starttls_with_a_private_root() {
    for (when, scheme, file) in [
        (Encryption::FromTheStart, "smtps://", "tls.pem"),
        (Encryption::Offered, "smtp+starttls://", "starttls.pem"),
    ] {
        let (script, ca) = with_tls(Script::default(), when, file);
        let peer = start(script).await;
        let smtp = at_localhost(scheme, peer.addr(), &ca);
        for _ in 0..3 {
            let outcomes = smtp.send(&batch()).await;
            assert_eq!(Tally::of(&outcomes), tally(20, 0, 0), "{outcomes:?}");
        }
        assert_eq!((peer.count(), peer.connections()), (60, 1));

        let stranger = client(&format!("{scheme}localhost:{}", peer.addr().port()));
        let outcomes = stranger.send(&batch()).await;
        assert_eq!(
            Tally::of(&outcomes),
            tally(0, 20, 0),
            "the certificate is not trusted"
        );
    }
}

#[tokio::test]
async fn nothing_is_said_in_the_clear_when_starttls_fails() {
    let refusals = [
        Fault::reply(Stage::StartTls, "454 4.7.0 not now"),
        Fault::reply(Stage::StartTls, "502 no such thing"),
        Fault::reply(Stage::StartTls, "220 go\r\n250 injected"),
        Fault::new(Stage::StartTls, Act::Cut),
    ];
    for fault in refusals {
        let script = Script::default().fault(fault.clone());
        let (script, ca) = with_tls(script, Encryption::Offered, "failing.pem");
        let peer = start(script).await;
        let outcomes = at_localhost("smtp+starttls://", peer.addr(), &ca)
            .send(&batch())
            .await;
        assert_eq!(Tally::of(&outcomes), tally(0, 20, 0), "{fault:?}");
        assert_eq!(peer.count(), 0);
    }
    let peer = start(Script::default()).await;
    let smtp = client(&format!("smtp+starttls://localhost:{}", peer.addr().port()));
    assert_eq!(
        Tally::of(&smtp.send(&batch()).await),
        tally(0, 20, 0),
        "not offered"
    );
}

#[tokio::test]
async fn auth_with_either_mechanism_right_and_wrong() {
    for mechanisms in ["PLAIN LOGIN", "PLAIN", "LOGIN"] {
        let script = Script::default().login(mechanisms, "fore@warn", "p:a s/ß");
        let (script, ca) = with_tls(script, Encryption::Offered, "auth.pem");
        let peer = start(script).await;
        let right = "smtp+starttls://fore%40warn:p%3Aa%20s%2F%C3%9F@";
        let outcomes = at_localhost(right, peer.addr(), &ca).send(&batch()).await;
        assert_eq!(
            Tally::of(&outcomes),
            tally(20, 0, 0),
            "{mechanisms}: {outcomes:?}"
        );

        let wrong = "smtp+starttls://fore%40warn:guess@";
        let outcomes = at_localhost(wrong, peer.addr(), &ca).send(&batch()).await;
        assert_eq!(Tally::of(&outcomes), tally(0, 20, 0));
        let Outcome::TransientFailure { reason, .. } = &outcomes[0] else {
            panic!()
        };
        assert!(reason.contains("AUTH: 535 5.7.8"), "{reason}");
        assert!(!reason.contains("guess"));
        assert_eq!(peer.count(), 20);
    }
    let peer = start(Script::default()).await;
    let smtp = client(&format!("smtp://me:secret@{}", peer.addr()));
    assert_eq!(
        Tally::of(&smtp.send(&batch()).await),
        tally(0, 20, 0),
        "AUTH is not offered"
    );
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
    let peer = SmtpPeer::start(Script::default(), Keep::Count)
        .await
        .unwrap();
    bare_loop(peer.addr(), 8, 100, &mail(0).data).await.unwrap();
    assert_eq!((peer.count(), peer.connections()), (100, 8));
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
        let bare = bare_loop(peer.addr(), 8, MESSAGES, &data).await.unwrap();
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
