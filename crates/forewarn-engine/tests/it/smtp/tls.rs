//! Encryption and sign-in.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use forewarn_core::delivery::Outcome;
use forewarn_engine::channel::smtp::Smtp;
use forewarn_engine::peer::smtp::{Act, Encryption, Fault, Script, Stage};

use super::{Tally, batch, client, start, tally};

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

fn at_localhost(scheme: &str, addr: SocketAddr, ca: &Path) -> Smtp {
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

/// As `openssl req -x509` makes them: signed by themselves, and marked as an authority. Only the one that stands in the file is
/// taken, for its own name, in its time.
#[tokio::test]
async fn a_certificate_that_signed_itself_is_trusted_where_it_is_named() {
    let key = rcgen::KeyPair::generate().unwrap();
    let other = rcgen::KeyPair::generate().unwrap();
    let made = |key: &rcgen::KeyPair, ended: bool| {
        let mut wanted = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        wanted.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        if ended {
            wanted.not_after = rcgen::date_time_ymd(2020, 1, 1);
        }
        wanted.self_signed(key).unwrap()
    };
    let (own, stranger, over) = (made(&key, false), made(&other, false), made(&key, true));
    // The server's certificate, the file's, the host's name, and what is said when it is refused.
    for (shown, named, host, refused) in [
        (&own, Some(&own), "localhost", None),
        (
            &own,
            Some(&stranger),
            "localhost",
            Some("signed for itself; trust it with ?ca="),
        ),
        (
            &own,
            None,
            "localhost",
            Some("signed for itself; trust it with ?ca="),
        ),
        (&own, Some(&own), "127.0.0.1", Some("not valid for name")),
        (&over, Some(&over), "localhost", Some("expired")),
    ] {
        let der = key.serialize_der().try_into().unwrap();
        let script = Script::default();
        let script = script.tls(Encryption::FromTheStart, shown.der().clone(), der);
        let peer = start(script.unwrap()).await;
        let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("named.pem");
        let trust = named.map_or(String::new(), |named| {
            std::fs::write(&file, named.pem()).unwrap();
            format!("?ca={}", file.display())
        });
        let smtp = client(&format!("smtps://{host}:{}{trust}", peer.addr().port()));
        let checked = smtp.check().await.pop().unwrap();
        match refused {
            None => assert_eq!(checked, Ok(())),
            Some(said) => {
                let problem = checked.unwrap_err();
                assert!(problem.contains(said), "{host}, {said}: {problem}");
            }
        }
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
async fn a_token_is_read_from_its_file_at_each_connection() {
    let script = Script::default().login("XOAUTH2 PLAIN", "fore@warn", "ya29.renewed");
    let (script, ca) = with_tls(script, Encryption::Offered, "token.pem");
    let peer = start(script).await;
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("token");
    let url = format!(
        "smtp+starttls://fore%40warn@localhost:{}?ca={}&token={}",
        peer.addr().port(),
        ca.display(),
        file.display()
    );
    let smtp = client(&url);
    let reason = |outcomes: &[Outcome]| match &outcomes[0] {
        Outcome::TransientFailure { reason, .. } => reason.clone(),
        other => panic!("{other:?}"),
    };
    let missing = reason(&smtp.send(&batch()).await);
    assert!(
        missing.contains("token /") && !missing.contains("AUTH"),
        "{missing}"
    );
    std::fs::write(&file, "ya29.old\n").unwrap();
    let refused = reason(&smtp.send(&batch()).await);
    assert!(
        refused.contains("AUTH: 535 5.7.8") && !refused.contains("ya29"),
        "{refused}"
    );
    std::fs::write(&file, "ya29.renewed\n").unwrap();
    assert_eq!(Tally::of(&smtp.send(&batch()).await), tally(20, 0, 0));
    std::fs::remove_file(&file).unwrap();
}
