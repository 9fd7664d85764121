//! Where we refuse to connect to: a web address that somebody else typed must not become a key to
//! the operator's own network (server-side request forgery).
//!
//! Two gates, one rule. [`TargetUrl::parse`] refuses what can be told from the text alone, early
//! enough to say so when a contact is saved. `resolver::GuardedResolver` is what the connector gets
//! its addresses from, of names and of hosts that are addresses already, at the very moment of
//! dialling: so what is checked is what is dialled, and a name that changes its answer gains nothing.
//! Both ask [`Guard::check`].

pub mod resolver;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use url::{Host, Url};

/// The setting that lists networks to which we may connect although they are not public.
pub const SETTING: &str = "FOREWARN_ALLOW_PRIVATE_TARGETS";

/// The longest web address that is taken, in bytes.
const MOST_URL_BYTES: usize = 2_048;

/// Why a target is refused. The text is for the operator and says what to do where something helps.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It does not parse, or has a part that programs read differently.
    #[error("refused: not a usable web address: {0}")]
    Malformed(String),
    /// Neither `https` nor `http`.
    #[error("refused: the address must begin with https://")]
    Scheme,
    /// A user name, a password, or only the `@`.
    #[error("refused: the address must not hold a user name or password")]
    UserInfo,
    /// Port 0 cannot be connected to, and some programs read it as "any".
    #[error("refused: port 0")]
    PortZero,
    /// An address of a kind that is not the public internet's.
    #[error("refused: {address} is {kind}; to allow it, add its network to {SETTING}")]
    Address {
        /// The address, out of its IPv4-in-IPv6 wrapping.
        address: IpAddr,
        /// What kind of address it is, with its article: "a private address".
        kind: &'static str,
    },
    /// Plain `http` to an address outside the allowed networks.
    #[error("refused: plain http to {address}; use https, or add its network to {SETTING}")]
    PlainHttp {
        /// The address, out of its IPv4-in-IPv6 wrapping.
        address: IpAddr,
    },
}

/// The schemes that are spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// HTTP over TLS: to every public address and to the allowed networks.
    Https,
    /// Plain HTTP: to the allowed networks only.
    Http,
}

/// Decides which addresses may be connected to.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    allow: Vec<IpNet>,
}

impl Guard {
    /// A guard that lets public addresses pass, and those in `allow` whatever they are.
    pub fn new(allow: Vec<IpNet>) -> Guard {
        Guard { allow }
    }

    /// A guard for an address that the operator chose, not somebody else: it may be in a private network. Plain http may be spoken
    /// only there, because secrets go with every request.
    pub fn of_the_operator() -> Guard {
        const INNER: [&str; 6] = [
            "127.0.0.0/8",
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "::1/128",
            "fc00::/7",
        ];
        Guard::new(INNER.iter().filter_map(|net| net.parse().ok()).collect())
    }

    /// Whether this address may be connected to with this scheme.
    ///
    /// IPv4 wrapped in IPv6 is judged as the IPv4 address that it is. An allowed tunnel prefix
    /// (a network behind NAT64 needs `64:ff9b::/96`) does not open what lies at its far end: the
    /// address inside is judged as well.
    pub fn check(&self, scheme: Scheme, address: IpAddr) -> Result<(), Refused> {
        let address = unwrapped(address);
        if self.allow.iter().any(|net| net.contains(&address)) {
            return match tunnelled(address) {
                Some(inside) => self.check(scheme, inside.into()),
                None => Ok(()),
            };
        }
        match (special_kind(address), scheme) {
            (Some(kind), _) => Err(Refused::Address { address, kind }),
            (None, Scheme::Http) => Err(Refused::PlainHttp { address }),
            (None, Scheme::Https) => Ok(()),
        }
    }
}

/// A web address that passed every check which needs no name resolution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetUrl {
    url: Url,
    scheme: Scheme,
}

impl TargetUrl {
    /// Reads and checks a web address; hosts that are addresses are judged here, names when dialled.
    ///
    /// Parsing follows the WHATWG URL standard, which turns decimal, octal, hexadecimal and short
    /// forms into the address that they mean. What that standard forgives and RFC 3986 does not
    /// (backslashes, missing or extra slashes, white space) is refused, since two programs that
    /// read one address differently are how checks are walked around.
    pub fn parse(text: &str, guard: &Guard) -> Result<TargetUrl, Refused> {
        let scheme = check_text(text)?;
        let mut url = Url::parse(text).map_err(malformed)?;
        if url.port() == Some(0) {
            return Err(Refused::PortZero);
        }
        if let Some(Host::Domain(name)) = url.host() {
            let name = check_name(name)?.to_owned();
            url.set_host(Some(&name)).map_err(malformed)?;
        }
        // Judged after the last change to it.
        match url.host() {
            Some(Host::Ipv4(address)) => guard.check(scheme, address.into())?,
            Some(Host::Ipv6(address)) => guard.check(scheme, address.into())?,
            Some(Host::Domain(name)) if is_localhost(name) => {
                guard.check(scheme, Ipv4Addr::LOCALHOST.into())?;
            }
            Some(Host::Domain(_)) => {}
            None => return Err(malformed("no host")),
        }
        check_second_reading(&url)?;
        Ok(TargetUrl { url, scheme })
    }

    /// The address, normalised; a dot at the end of the name is gone.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// How it is spoken to.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }
}

fn malformed(why: impl ToString) -> Refused {
    Refused::Malformed(why.to_string())
}

/// The checks that must see the text before a forgiving parser has tidied it.
fn check_text(text: &str) -> Result<Scheme, Refused> {
    if text.len() > MOST_URL_BYTES {
        return Err(malformed("longer than 2,048 bytes"));
    }
    if text.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\') {
        return Err(malformed("white space, control character or backslash"));
    }
    let Some((name, rest)) = text.split_once("://") else {
        return Err(Refused::Scheme);
    };
    let scheme = match name.to_ascii_lowercase().as_str() {
        "https" => Scheme::Https,
        "http" => Scheme::Http,
        _ => return Err(Refused::Scheme),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() {
        return Err(malformed("no host"));
    }
    if authority.contains('@') {
        return Err(Refused::UserInfo);
    }
    if authority.contains('%') {
        return Err(malformed("percent sign in the host"));
    }
    // Never sent, so it has no use here; and where it ends the host is read differently by some.
    if rest.contains('#') {
        return Err(malformed("fragment (#)"));
    }
    Ok(scheme)
}

/// The connector reads the address with a parser of its own: both must see the same host and port.
fn check_second_reading(url: &Url) -> Result<(), Refused> {
    let uri: http::Uri = url.as_str().parse().map_err(malformed)?;
    if uri.host() == url.host_str() && uri.port_u16() == url.port() {
        Ok(())
    } else {
        Err(malformed("its host or port can be read in two ways"))
    }
}

/// A host name without the dot at its end, if it has one; empty labels are refused.
fn check_name(name: &str) -> Result<&str, Refused> {
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.len() > 253
        || name
            .split('.')
            .any(|label| label.is_empty() || label.len() > 63)
    {
        return Err(malformed("not a host name"));
    }
    Ok(name)
}

/// Names that mean the own machine without asking anybody (RFC 6761, section 6.3).
fn is_localhost(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    last.eq_ignore_ascii_case("localhost")
}

/// The IPv4 address in an IPv4-mapped or IPv4-compatible IPv6 address (RFC 4291, section 2.5.5).
fn unwrapped(address: IpAddr) -> IpAddr {
    match address {
        // These two look IPv4-compatible and have a meaning of their own.
        IpAddr::V6(v6) if v6.is_unspecified() || v6.is_loopback() => address,
        IpAddr::V6(v6) => v6.to_ipv4().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

/// The IPv4 address at the far end of NAT64 (RFC 6052) or 6to4 (RFC 3056).
fn tunnelled(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(v6) = address else { return None };
    let of = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match v6.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(of(high, low)),
        [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

/// What kind of address it is, if it is not one of the public internet.
fn special_kind(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(v4) => {
            let found = SPECIAL_V4.iter().find(|(net, _)| net.contains(&v4));
            found.map(|&(_, kind)| kind)
        }
        IpAddr::V6(v6) => {
            let found = SPECIAL_V6.iter().find(|(net, _)| net.contains(&v6));
            let other = (!GLOBAL_UNICAST.contains(&v6)).then_some("outside the global addresses");
            found.map(|&(_, kind)| kind).or(other)
        }
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(a: u16, b: u16, c: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), prefix)
}

/// The part of IPv6 from which public addresses are given out (RFC 4291, section 2.4).
const GLOBAL_UNICAST: Ipv6Net = v6(0x2000, 0, 0, 3);

/// IANA's special-purpose registry (RFC 6890), as far as it is not for the public, and one address
/// of a cloud's own host that looks public.
const SPECIAL_V4: [(Ipv4Net, &str); 17] = [
    (v4(0, 0, 0, 0, 8), "an unspecified address"),
    (v4(10, 0, 0, 0, 8), "a private address"),
    (v4(100, 64, 0, 0, 10), "a carrier-grade NAT address"),
    (v4(127, 0, 0, 0, 8), "a loopback address"),
    (v4(168, 63, 129, 16, 32), "the cloud host's own address"),
    (v4(169, 254, 0, 0, 16), "a link-local address"),
    (v4(172, 16, 0, 0, 12), "a private address"),
    (v4(192, 0, 0, 0, 24), "a protocol-assignment address"),
    (v4(192, 0, 2, 0, 24), "a documentation address"),
    (v4(192, 88, 99, 0, 24), "a 6to4 relay address"),
    (v4(192, 168, 0, 0, 16), "a private address"),
    (v4(198, 18, 0, 0, 15), "a benchmarking address"),
    (v4(198, 51, 100, 0, 24), "a documentation address"),
    (v4(203, 0, 113, 0, 24), "a documentation address"),
    (v4(224, 0, 0, 0, 4), "a multicast address"),
    (v4(255, 255, 255, 255, 32), "the broadcast address"),
    (v4(240, 0, 0, 0, 4), "a reserved address"),
];

/// The same for IPv6; the narrower network comes first.
const SPECIAL_V6: [(Ipv6Net, &str); 16] = [
    (
        Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 128),
        "an unspecified address",
    ),
    (
        Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128),
        "a loopback address",
    ),
    (v6(0x64, 0xff9b, 0, 96), "a NAT64 address"),
    (v6(0x64, 0xff9b, 1, 48), "a NAT64 address"),
    (v6(0x100, 0, 0, 64), "a discard-only address"),
    (v6(0x2001, 0, 0, 32), "a Teredo address"),
    (v6(0x2001, 2, 0, 48), "a benchmarking address"),
    (v6(0x2001, 0xdb8, 0, 32), "a documentation address"),
    (v6(0x2001, 0, 0, 23), "a protocol-assignment address"),
    (v6(0x2002, 0, 0, 16), "a 6to4 address"),
    (v6(0x3fff, 0, 0, 20), "a documentation address"),
    (v6(0x5f00, 0, 0, 16), "a segment-routing address"),
    (v6(0xfc00, 0, 0, 7), "a unique-local address"),
    (v6(0xfe80, 0, 0, 10), "a link-local address"),
    (v6(0xfec0, 0, 0, 10), "a site-local address"),
    (v6(0xff00, 0, 0, 8), "a multicast address"),
];
