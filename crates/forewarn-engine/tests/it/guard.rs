//! The guard against hostile targets: what it refuses, why, and that nothing is connected to.

use std::net::{IpAddr, SocketAddr, TcpListener};

use forewarn_core::delivery::Outcome;
use forewarn_engine::channel::guard::{Guard, Refused, SETTING, Scheme, TargetUrl};
use forewarn_engine::channel::webhook::Webhooks;
use forewarn_engine::peer::http::{HttpPeer, Reply, Script};

use crate::wire::{Names, channel, hook, now};

/// Hostile addresses in text, and a part of the reason for which each is refused. `PORT` becomes
/// the port of a server that listens on 127.0.0.1.
const HOSTILE: &[(&str, &str)] = &[
    // Loopback in every spelling.
    ("https://127.0.0.1:PORT/", "127.0.0.1 is a loopback address"),
    ("https://127.0.0.1.:PORT/", "127.0.0.1 is a loopback"),
    ("https://127.1:PORT/", "127.0.0.1 is a loopback"),
    ("https://127.0.1:PORT/", "127.0.0.1 is a loopback"),
    ("https://2130706433:PORT/", "127.0.0.1 is a loopback"),
    ("https://2130706433.:PORT/", "127.0.0.1 is a loopback"),
    ("https://0x7f000001:PORT/", "127.0.0.1 is a loopback"),
    ("https://0X7F000001:PORT/", "127.0.0.1 is a loopback"),
    ("https://017700000001:PORT/", "127.0.0.1 is a loopback"),
    ("https://0177.0.0.1:PORT/", "127.0.0.1 is a loopback"),
    ("https://0177.0.0.01:PORT/", "127.0.0.1 is a loopback"),
    ("https://0x7f.0.0.1:PORT/", "127.0.0.1 is a loopback"),
    ("https://0x7f.0x0.0x0.0x1:PORT/", "127.0.0.1 is a loopback"),
    ("https://0x7f.1:PORT/", "127.0.0.1 is a loopback"),
    ("https://0177.1:PORT/", "127.0.0.1 is a loopback"),
    ("https://127.0.0x1:PORT/", "127.0.0.1 is a loopback"),
    ("https://127.0.0.000000001:PORT/", "127.0.0.1 is a loopback"),
    ("https://127.255.255.254:PORT/", "is a loopback"),
    ("https://１２７.０.０.１:PORT/", "127.0.0.1 is a loopback"),
    ("https://①②⑦.⓪.⓪.①:PORT/", "127.0.0.1 is a loopback"),
    ("https://127。0。0。1:PORT/", "127.0.0.1 is a loopback"),
    ("https://[::1]:PORT/", "::1 is a loopback"),
    ("https://[0:0:0:0:0:0:0:1]:PORT/", "::1 is a loopback"),
    ("https://[0000::0001]:PORT/", "::1 is a loopback"),
    (
        "https://[::ffff:127.0.0.1]:PORT/",
        "127.0.0.1 is a loopback",
    ),
    ("https://[::ffff:7f00:1]:PORT/", "127.0.0.1 is a loopback"),
    (
        "https://[0:0:0:0:0:FFFF:7F00:0001]:PORT/",
        "127.0.0.1 is a loopback",
    ),
    ("https://[::127.0.0.1]:PORT/", "127.0.0.1 is a loopback"),
    ("https://[::7f00:1]:PORT/", "127.0.0.1 is a loopback"),
    (
        "https://[::ffff:0:127.0.0.1]:PORT/",
        "outside the global addresses",
    ),
    ("https://localhost:PORT/", "127.0.0.1 is a loopback"),
    ("https://LOCALHOST:PORT/", "127.0.0.1 is a loopback"),
    ("https://localhost.:PORT/", "127.0.0.1 is a loopback"),
    ("https://hooks.localhost:PORT/", "127.0.0.1 is a loopback"),
    ("https://hooks.localhost.:PORT/", "127.0.0.1 is a loopback"),
    (
        "https://ｌｏｃａｌｈｏｓｔ:PORT/",
        "127.0.0.1 is a loopback",
    ),
    // "This host", which Linux connects to itself.
    ("https://0.0.0.0:PORT/", "0.0.0.0 is an unspecified address"),
    ("https://0:PORT/", "0.0.0.0 is an unspecified"),
    ("https://0x0:PORT/", "0.0.0.0 is an unspecified"),
    ("https://00000:PORT/", "0.0.0.0 is an unspecified"),
    ("https://0.0:PORT/", "0.0.0.0 is an unspecified"),
    ("https://0.1.2.3:PORT/", "is an unspecified"),
    ("https://[::]:PORT/", ":: is an unspecified"),
    (
        "https://[::ffff:0.0.0.0]:PORT/",
        "0.0.0.0 is an unspecified",
    ),
    ("https://[::0.0.0.2]:PORT/", "0.0.0.2 is an unspecified"),
    // Private.
    ("https://10.0.0.1/", "10.0.0.1 is a private address"),
    ("https://10.255.255.255/", "is a private"),
    ("https://10.1/", "10.0.0.1 is a private"),
    ("https://012.0.0.1/", "10.0.0.1 is a private"),
    ("https://0xa.0.0.1/", "10.0.0.1 is a private"),
    ("https://167772161/", "10.0.0.1 is a private"),
    ("https://172.16.0.1/", "is a private"),
    ("https://172.31.255.255/", "is a private"),
    ("https://172.1048577/", "172.16.0.1 is a private"),
    ("https://192.168.0.1/", "is a private"),
    ("https://192.168.257/", "192.168.1.1 is a private"),
    ("https://3232235777/", "192.168.1.1 is a private"),
    ("https://0300.0250.1.1/", "192.168.1.1 is a private"),
    ("https://[::ffff:10.0.0.1]/", "10.0.0.1 is a private"),
    ("https://[::ffff:c0a8:101]/", "192.168.1.1 is a private"),
    ("https://[::192.168.1.1]/", "192.168.1.1 is a private"),
    // Metadata services and other things of clouds.
    (
        "https://169.254.169.254/latest/meta-data/",
        "169.254.169.254 is a link-local address",
    ),
    ("https://169.254.169.254./", "is a link-local"),
    ("https://2852039166/", "169.254.169.254 is a link-local"),
    ("https://0xa9fea9fe/", "169.254.169.254 is a link-local"),
    (
        "https://0xa9.0xfe.0xa9.0xfe/",
        "169.254.169.254 is a link-local",
    ),
    (
        "https://0251.0376.0251.0376/",
        "169.254.169.254 is a link-local",
    ),
    ("https://025177524776/", "169.254.169.254 is a link-local"),
    ("https://169.16689662/", "169.254.169.254 is a link-local"),
    ("https://169.254.43518/", "169.254.169.254 is a link-local"),
    (
        "https://169.0376.0xa9fe/",
        "169.254.169.254 is a link-local",
    ),
    (
        "https://[::ffff:169.254.169.254]/",
        "169.254.169.254 is a link-local",
    ),
    (
        "https://[::ffff:a9fe:a9fe]/",
        "169.254.169.254 is a link-local",
    ),
    ("https://[::a9fe:a9fe]/", "169.254.169.254 is a link-local"),
    ("https://169.254.170.2/v2/credentials", "is a link-local"),
    ("https://100.100.100.200/", "is a carrier-grade NAT address"),
    ("https://192.0.0.192/", "is a protocol-assignment address"),
    ("https://168.63.129.16/", "is the cloud host's own address"),
    ("https://[fd00:ec2::254]/", "is a unique-local address"),
    ("https://[fd20:ce::254]/", "is a unique-local"),
    // The other special networks of IPv4.
    ("https://100.64.0.1/", "is a carrier-grade NAT"),
    ("https://100.127.255.255/", "is a carrier-grade NAT"),
    ("https://192.0.0.8/", "is a protocol-assignment"),
    ("https://192.0.2.1/", "is a documentation address"),
    ("https://198.51.100.7/", "is a documentation"),
    ("https://203.0.113.9/", "is a documentation"),
    ("https://192.88.99.1/", "is a 6to4 relay address"),
    ("https://198.18.0.1/", "is a benchmarking address"),
    ("https://198.19.255.255/", "is a benchmarking"),
    ("https://224.0.0.1/", "is a multicast address"),
    ("https://239.255.255.250/", "is a multicast"),
    ("https://240.0.0.1/", "is a reserved address"),
    ("https://255.255.255.254/", "is a reserved"),
    ("https://255.255.255.255/", "is the broadcast address"),
    ("https://4294967295/", "255.255.255.255 is the broadcast"),
    // The other special networks of IPv6.
    ("https://[fe80::1]/", "is a link-local"),
    ("https://[febf::1]/", "is a link-local"),
    ("https://[fec0::1]/", "is a site-local address"),
    ("https://[fc00::1]/", "is a unique-local"),
    ("https://[fdff:ffff::1]/", "is a unique-local"),
    ("https://[ff02::1]/", "is a multicast"),
    ("https://[ff0e::1]/", "is a multicast"),
    ("https://[2001:db8::1]/", "is a documentation"),
    ("https://[3fff::1]/", "is a documentation"),
    ("https://[100::1]/", "is a discard-only address"),
    ("https://[2001:2::1]/", "is a benchmarking"),
    ("https://[2001:10::1]/", "is a protocol-assignment"),
    ("https://[2001:20::1]/", "is a protocol-assignment"),
    ("https://[5f00::1]/", "is a segment-routing address"),
    ("https://[4000::1]/", "outside the global addresses"),
    ("https://[200::1]/", "outside the global addresses"),
    // Tunnels to IPv4.
    ("https://[64:ff9b::127.0.0.1]:PORT/", "is a NAT64 address"),
    ("https://[64:ff9b::a9fe:a9fe]/", "is a NAT64"),
    ("https://[64:ff9b::8.8.8.8]/", "is a NAT64"),
    ("https://[64:ff9b:1::10.0.0.1]/", "is a NAT64"),
    ("https://[64:ff9b:1:ffff::1]/", "is a NAT64"),
    ("https://[2002:7f00:1::]:PORT/", "is a 6to4 address"),
    ("https://[2002:a9fe:a9fe::1]/", "is a 6to4"),
    ("https://[2002:808:808::1]/", "is a 6to4"),
    ("https://[2001::1]/", "is a Teredo address"),
    (
        "https://[2001:0:4136:e378:8000:63bf:80ff:fffe]:PORT/",
        "is a Teredo",
    ),
    // Credentials, and what makes parsers disagree about where the host ends.
    ("https://user@hooks.test:PORT/", "user name or password"),
    (
        "https://user:pass@hooks.test:PORT/",
        "user name or password",
    ),
    ("https://:pass@hooks.test:PORT/", "user name or password"),
    ("https://@127.0.0.1:PORT/", "user name or password"),
    ("https://:@127.0.0.1:PORT/", "user name or password"),
    (
        "https://hooks.test@127.0.0.1:PORT/",
        "user name or password",
    ),
    (
        "https://hooks.test:443@127.0.0.1:PORT/",
        "user name or password",
    ),
    (
        "https://127.0.0.1:PORT@hooks.test/",
        "user name or password",
    ),
    (
        "https://foo@127.0.0.1:PORT@hooks.test/",
        "user name or password",
    ),
    ("https://foo@127.0.0.1 @hooks.test/", "white space"),
    (
        "https://8.8.8.8 &@127.0.0.1:PORT# @hooks.test/",
        "white space",
    ),
    ("https://hooks.test\\@127.0.0.1:PORT/", "backslash"),
    ("https:\\\\127.0.0.1:PORT\\", "backslash"),
    ("https://hooks.test%40127.0.0.1:PORT/", "percent sign"),
    ("https://%31%32%37.0.0.1:PORT/", "percent sign"),
    ("https://127.0.0.1%2f@hooks.test/", "user name or password"),
    ("https://127.0.0.1%00.hooks.test/", "percent sign"),
    ("https://[fe80::1%25eth0]/", "percent sign"),
    ("https://hooks.test#@127.0.0.1:PORT/", "fragment"),
    ("https://hooks.test/#x", "fragment"),
    ("https://hooks.test?@127.0.0.1:PORT/#", "fragment"),
    ("https://127.0.0.1:PORT\t/", "control character"),
    ("ht\ntps://127.0.0.1:PORT/", "control character"),
    (
        "https://hooks.test\r\nHost: 127.0.0.1/",
        "control character",
    ),
    (" https://hooks.test/", "white space"),
    ("https://hooks.test/\u{0}", "control character"),
    ("https://hooks.test\u{a0}/", "white space"),
    ("https://:PORT/", "web address: empty host"),
    ("https:///127.0.0.1:PORT/", "no host"),
    ("https:////127.0.0.1:PORT/", "no host"),
    ("https:127.0.0.1:PORT/", "must begin with https://"),
    ("https:/127.0.0.1:PORT/", "must begin with https://"),
    ("//127.0.0.1:PORT/", "must begin with https://"),
    ("127.0.0.1:PORT", "must begin with https://"),
    ("", "must begin with https://"),
    // Ports.
    ("https://hooks.test:0/", "port 0"),
    ("https://8.8.8.8:0/", "port 0"),
    ("https://hooks.test:00000/", "port 0"),
    ("https://hooks.test:65536/", "invalid port"),
    ("https://hooks.test:-1/", "invalid port"),
    ("https://hooks.test:80:PORT/", "invalid port"),
    ("https://127.0.0.1:PORT:443/", "invalid port"),
    ("https://hooks.test:４４３/", "invalid port"),
    ("https://hooks.test:0x1bb/", "invalid port"),
    // Names that are none, and addresses that are none.
    ("https://./", "not a host name"),
    ("https://../", "not a host name"),
    ("https://hooks..test/", "not a host name"),
    ("https://.hooks.test/", "not a host name"),
    ("https://hooks.test../", "not a host name"),
    ("https://256.256.256.256/", "invalid IPv4"),
    ("https://127.0.0.0.1:PORT/", "invalid IPv4"),
    ("https://0x100000000/", "invalid IPv4"),
    ("https://127.0.0.08:PORT/", "invalid IPv4"),
    ("https://[127.0.0.1]:PORT/", "invalid IPv6"),
    ("https://[::1:PORT/", "invalid IPv6"),
    ("https://[::ffff:127.0.0.1.]:PORT/", "invalid IPv6"),
    ("https://[::1].hooks.test/", "invalid"),
    ("https://hooks<test/", "invalid"),
    // Other schemes.
    ("http://8.8.8.8/", "plain http to 8.8.8.8"),
    ("http://127.0.0.1:PORT/", "127.0.0.1 is a loopback"),
    ("HTTP://2130706433:PORT/", "127.0.0.1 is a loopback"),
    ("http://localhost:PORT/", "127.0.0.1 is a loopback"),
    ("ftp://127.0.0.1:PORT/", "must begin with https://"),
    ("ws://127.0.0.1:PORT/", "must begin with https://"),
    ("gopher://127.0.0.1:PORT/_POST", "must begin with https://"),
    ("file:///etc/passwd", "must begin with https://"),
    ("unix:///run/docker.sock", "must begin with https://"),
    ("data:text/plain,hello", "must begin with https://"),
    (
        "javascript://127.0.0.1:PORT/%0aalert(1)",
        "must begin with https://",
    ),
    ("jar:https://127.0.0.1:PORT!/", "must begin with https://"),
];

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
