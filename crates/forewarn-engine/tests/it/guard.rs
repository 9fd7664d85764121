//! The guard against hostile targets: what it refuses, why, and that nothing is connected to.

use std::net::{IpAddr, SocketAddr, TcpListener};

use forewarn_core::delivery::Outcome;
use forewarn_engine::channel::guard::{Guard, Refused, SETTING, Scheme, TargetUrl};
use forewarn_engine::channel::webhook::Webhooks;
use forewarn_engine::peer::http::{HttpPeer, Reply, Script};
use proptest::prelude::*;

use crate::hostile::HOSTILE;
use crate::wire::{Names, channel, hook, now};

/// A pattern for texts that look like web addresses and are made to be misread.
const HOSTILE_TEXT: &str = r"(https|http|HTTPS)://([a-z]{1,3}|127|1|0x7f|0177|[.:@%#?/\\\\!$&'()*+,;=_~`{|}^<>\[\] -]|8\.8|２|。|::ffff:|2606:|%2e){1,9}(/|\?|:443|:0|:)?.{0,4}";

fn with_port(text: &str, peer: &HttpPeer) -> String {
    text.replace("PORT", &peer.address().port().to_string())
}

/// The reason of a refusal that is for good.
fn refusal(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::PermanentFailure {
            reason,
            endpoint_gone: false,
        } if reason.starts_with("refused: ") => reason,
        other => panic!("not refused: {other:?}"),
    }
}

async fn one(webhooks: &Webhooks, url: &str) -> Outcome {
    webhooks.send(&[hook(url)], now()).await.remove(0)
}

/// Connects to the peer in the allowed way: the queue of a listener is first come, first served, so
/// whatever else had connected would have been counted by then.
async fn nobody_connected_to(peer: &HttpPeer) {
    let allowed = channel(&["127.0.0.1/32"], Names::none());
    assert!(matches!(
        one(&allowed, &peer.url("/sentinel")).await,
        Outcome::Accepted { .. }
    ));
    assert_eq!(peer.connections(), 1);
}

#[tokio::test]
async fn hostile_addresses_are_refused_and_nothing_is_connected_to() {
    assert!(HOSTILE.len() >= 120);
    let peer = HttpPeer::start(Script::new()).await.unwrap();
    // Should a name get through, it would lead to the peer.
    let names = Names::always(&["127.0.0.1"]);
    let webhooks = channel(&[], names.clone());
    let guard = Guard::default();
    for (text, expected) in HOSTILE {
        let url = with_port(text, &peer);
        let outcome = one(&webhooks, &url).await;
        let reason = refusal(&outcome);
        assert!(
            reason.contains(expected),
            "{url:?} is refused otherwise: {reason}"
        );
        if reason.contains(" is a") || reason.contains("plain http") {
            assert!(
                reason.contains(SETTING),
                "{url:?}: does not say what would help: {reason}"
            );
        }
        let early = TargetUrl::parse(&url, &guard).map_err(|why| why.to_string());
        assert_eq!(
            early,
            Err(reason.to_owned()),
            "the same when a contact is saved"
        );
    }
    assert_eq!(names.asked(), 0, "refused before any name was looked up");
    nobody_connected_to(&peer).await;
}

/// Names that lead to such addresses, alone or in company, with `A` or with `AAAA` only.
#[tokio::test]
async fn names_that_lead_to_hostile_addresses_are_refused_and_nothing_is_connected_to() {
    let peer = HttpPeer::start(Script::new()).await.unwrap();
    let answers: &[&[&str]] = &[
        &["127.0.0.1"],
        &["127.0.0.1", "127.0.0.2", "10.0.0.1"],
        &["0.0.0.0"],
        &["10.1.2.3"],
        &["169.254.169.254"],
        &["100.64.3.4"],
        &["255.255.255.255"],
        &["::1"],
        &["::"],
        &["::ffff:127.0.0.1"],
        &["::ffff:169.254.169.254"],
        &["::127.0.0.1"],
        &["64:ff9b::7f00:1"],
        &["64:ff9b:1::a9fe:a9fe"],
        &["2002:7f00:1::1"],
        &["2001:0:1::1"],
        &["fd00::1"],
        &["fec0::1"],
        &["fe80::1"],
        &["ff02::1"],
    ];
    let port = peer.address().port();
    for answer in answers {
        for host in [
            "hooks.test",
            "hooks.test.",
            "127.0.0.1.nip.test",
            "local",
            "metadata.internal",
        ] {
            let webhooks = channel(&[], Names::always(answer));
            let outcome = one(&webhooks, &format!("https://{host}:{port}/")).await;
            assert!(
                refusal(&outcome).contains(SETTING),
                "{host} {answer:?}: {outcome:?}"
            );
        }
    }
    // Plain http is refused as soon as one address lies outside the allowed networks.
    for answer in [&["127.0.0.1", "127.0.0.2"], &["8.8.8.8", "127.0.0.1"]] {
        let webhooks = channel(&["127.0.0.1/32"], Names::always(answer));
        let outcome = one(&webhooks, &format!("http://hooks.test:{port}/")).await;
        assert!(
            refusal(&outcome).contains(SETTING),
            "{answer:?}: {outcome:?}"
        );
    }
    nobody_connected_to(&peer).await;
}

/// A listener that is not in the allowed networks, on the port of the peer that is.
fn trap(peer: &HttpPeer) -> TcpListener {
    let trap =
        TcpListener::bind(SocketAddr::from(([127, 0, 0, 2], peer.address().port()))).unwrap();
    trap.set_nonblocking(true).unwrap();
    trap
}

fn is_empty(trap: &TcpListener) -> bool {
    // A connection attempt is complete for the kernel before the client hears of it.
    trap.accept()
        .is_err_and(|e| e.kind() == std::io::ErrorKind::WouldBlock)
}

/// DNS rebinding: the address that was checked is the one that is dialled, in one question.
#[tokio::test]
async fn a_name_that_changes_its_answer_gains_nothing() {
    let close = Reply::status(200).header("connection", "close");
    let peer = HttpPeer::start(Script::new().always(close)).await.unwrap();
    let trap = trap(&peer);
    let turns: Vec<&[&str]> = [["127.0.0.1"], ["127.0.0.2"]]
        .iter()
        .cycle()
        .take(40)
        .map(|a| &a[..])
        .collect();
    let names = Names::in_turn(&turns);
    let webhooks = channel(&["127.0.0.1/32"], names.clone());
    let url = format!("http://rebind.test:{}/", peer.address().port());
    for turn in 0..40 {
        let outcome = one(&webhooks, &url).await;
        if turn % 2 == 0 {
            assert_eq!(
                outcome,
                Outcome::Accepted {
                    receipt: "200 OK".into()
                }
            );
        } else {
            assert!(
                refusal(&outcome).contains("127.0.0.2 is a loopback address"),
                "{outcome:?}"
            );
        }
        assert_eq!(names.asked(), turn + 1, "one question for each attempt");
    }
    assert_eq!(peer.connections(), 20);
    assert!(is_empty(&trap));
}

#[tokio::test]
async fn with_https_a_refused_address_among_others_is_left_out() {
    let peer = HttpPeer::start(Script::new()).await.unwrap();
    let trap = trap(&peer);
    let webhooks = channel(
        &["127.0.0.1/32"],
        Names::always(&["127.0.0.2", "127.0.0.1"]),
    );
    let outcome = one(
        &webhooks,
        &format!("https://hooks.test:{}/", peer.address().port()),
    )
    .await;
    // The peer speaks no TLS: it is connected to, and that is all.
    assert!(
        matches!(
            outcome,
            Outcome::TransientFailure {
                maybe_sent: false,
                ..
            }
        ),
        "{outcome:?}"
    );
    assert_eq!(peer.connections(), 1);
    assert!(is_empty(&trap));
}

/// The other half of the first test: the same spellings do reach the peer when its network is allowed.
#[tokio::test]
async fn allowed_networks_are_connected_to_however_they_are_spelt() {
    let peer = HttpPeer::start(Script::new()).await.unwrap();
    let webhooks = channel(&["127.0.0.0/8"], Names::always(&["127.0.0.1"]));
    let hosts = [
        "127.0.0.1",
        "127.0.0.1.",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "１２７.0.0.1",
        "localhost",
        "hooks.localhost.",
        "hooks.test",
        "hooks.test.",
    ];
    for host in hosts {
        let outcome = one(
            &webhooks,
            &format!("http://{host}:{}/", peer.address().port()),
        )
        .await;
        assert_eq!(
            outcome,
            Outcome::Accepted {
                receipt: "200 OK".into()
            },
            "{host}"
        );
    }
    assert_eq!(peer.count(), hosts.len() as u64);
}

#[test]
fn public_addresses_pass_with_https() {
    let guard = Guard::default();
    let addresses = [
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2606:4700::1",
        "2a00:1450::1",
        "2001:4860::1",
        "2400:cb00::1",
        "::ffff:8.8.8.8",
        "3ffe::1",
    ];
    for address in addresses {
        let address: IpAddr = address.parse().unwrap();
        assert_eq!(guard.check(Scheme::Https, address), Ok(()), "{address}");
        assert!(
            matches!(
                guard.check(Scheme::Http, address),
                Err(Refused::PlainHttp { .. })
            ),
            "{address}"
        );
    }
}

#[test]
fn an_allowed_tunnel_does_not_open_what_lies_behind_it() {
    let check = |allow: &[&str], address: &str| {
        let guard = Guard::new(allow.iter().map(|net| net.parse().unwrap()).collect());
        guard.check(Scheme::Https, address.parse().unwrap())
    };
    assert!(check(&["64:ff9b::/96"], "64:ff9b::8.8.8.8").is_ok());
    assert!(check(&["64:ff9b::/96"], "64:ff9b::10.0.0.1").is_err());
    assert!(check(&["64:ff9b::/96", "10.0.0.0/8"], "64:ff9b::10.0.0.1").is_ok());
    assert!(check(&["10.0.0.0/8"], "64:ff9b::10.0.0.1").is_err());
    assert!(check(&["2002::/16"], "2002:808:808::1").is_ok());
    assert!(check(&["2002::/16"], "2002:7f00:1::1").is_err());
    assert!(check(&["::/0"], "::ffff:127.0.0.1").is_err());
    assert!(check(&["::/0"], "fd00::1").is_ok());
    assert!(check(&["127.0.0.0/8"], "::ffff:127.0.0.1").is_ok());
}

#[test]
fn honest_addresses_are_taken() {
    let guard = Guard::new(vec!["10.20.0.0/16".parse().unwrap()]);
    for (text, normal) in [
        (
            "https://hooks.example.com/in",
            "https://hooks.example.com/in",
        ),
        (
            "HTTPS://Hooks.Example.COM:443",
            "https://hooks.example.com/",
        ),
        (
            "https://hooks.example.com.:8443/a?b=c@d",
            "https://hooks.example.com:8443/a?b=c@d",
        ),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        (
            "https://a_b.example.com/%40/",
            "https://a_b.example.com/%40/",
        ),
        ("https://[2606:4700::1]:444/", "https://[2606:4700::1]:444/"),
        ("https://10.20.3.4/", "https://10.20.3.4/"),
        ("http://10.20.3.4:8080/", "http://10.20.3.4:8080/"),
        // Plain http to a name: decided when the name is resolved.
        ("http://alerts.corp.example/", "http://alerts.corp.example/"),
    ] {
        let target = TargetUrl::parse(text, &guard).unwrap();
        assert_eq!(target.url().as_str(), normal);
    }
    let long = format!("https://hooks.example.com/{}", "a".repeat(2_048));
    assert!(matches!(
        TargetUrl::parse(&long, &guard),
        Err(Refused::Malformed(_))
    ));
}

proptest! {
    /// Whatever is put together from the parts that confuse parsers: nobody panics, what is taken is
    /// taken the same when it is read again, and the host is what was judged.
    #[test]
    fn what_is_taken_reads_the_same_again(text in HOSTILE_TEXT) {
        let guard = Guard::default();
        if let Ok(target) = TargetUrl::parse(&text, &guard) {
            let again = TargetUrl::parse(target.url().as_str(), &guard);
            prop_assert_eq!(again.as_ref(), Ok(&target));
            let host = target.url().host_str().unwrap().trim_matches(['[', ']']);
            if let Ok(address) = host.parse() {
                prop_assert_eq!(guard.check(target.scheme(), address), Ok(()));
            }
            prop_assert!(target.url().username().is_empty() && target.url().password().is_none());
        }
    }
}
