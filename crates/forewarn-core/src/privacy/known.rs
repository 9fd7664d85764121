//! What an organisation calls its own: names and domains that stay inside, and what may be said all the same.

use crate::document::{Fields, Node, Problems, line};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// Lists of what is internal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Known {
    /// Names of people who work here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub employees: Vec<String>,
    /// Names of suppliers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub vendors: Vec<String>,
    /// Internal names of projects and systems.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub code_names: Vec<String>,
    /// Domains of the internal network; what is below them is internal too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub internal_domains: Vec<String>,
    /// What never counts: hosts, addresses, networks (`192.0.2.0/24`), names. `*.example.edu` stands for all hosts below.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<String>,
}

impl Known {
    /// Reads a map of these lists, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Known> {
        let mut fields = Fields::of(node, path, problems)?;
        let known = Known::fields(&mut fields, problems);
        fields.finish(problems);
        Some(known)
    }

    /// Reads the lists from a map that has other fields too.
    pub(crate) fn fields(fields: &mut Fields<'_>, problems: &mut Problems) -> Known {
        Known {
            employees: fields.list("employees", problems, name).unwrap_or_default(),
            vendors: fields.list("vendors", problems, name).unwrap_or_default(),
            code_names: fields
                .list("code_names", problems, name)
                .unwrap_or_default(),
            internal_domains: fields
                .list("internal_domains", problems, domain)
                .unwrap_or_default(),
            allow: fields
                .list("allow", problems, line(200))
                .unwrap_or_default(),
        }
    }

    /// Adds what another knows.
    pub fn extend(&mut self, other: Known) {
        self.employees.extend(other.employees);
        self.vendors.extend(other.vendors);
        self.code_names.extend(other.code_names);
        self.internal_domains.extend(other.internal_domains);
        self.allow.extend(other.allow);
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Known::default()
    }

    /// Whether something that was found may be said all the same.
    pub(super) fn allows(&self, found: &str) -> bool {
        self.allow.iter().any(|allowed| {
            allowed.eq_ignore_ascii_case(found)
                || allows_host(allowed, host_of(found))
                || allows_address(allowed, found)
        })
    }

    /// Whether a name is a part of one that may be said, and stands in it: "Kowalska" of "Dr. Anna Kowalska".
    pub(super) fn allows_within(&self, text: &str, leak: &super::Leak) -> bool {
        let named = matches!(
            leak.kind,
            super::Kind::Employee | super::Kind::Vendor | super::Kind::CodeName
        );
        named
            && self.allow.iter().any(|allowed| {
                let from = text.floor_char_boundary(leak.start.saturating_sub(allowed.len()));
                let to = text.ceil_char_boundary(text.len().min(leak.end + allowed.len()));
                let mut whole = text[from..to].match_indices(allowed.as_str());
                whole
                    .any(|(at, _)| from + at <= leak.start && leak.end <= from + at + allowed.len())
            })
    }

    /// Whether a host is in the internal network.
    pub(super) fn is_internal(&self, host: &str) -> bool {
        self.internal_domains
            .iter()
            .any(|domain| is_below(host, domain))
    }
}

/// Whether a host is a domain or below it.
pub(super) fn is_below(host: &str, domain: &str) -> bool {
    let (host, domain) = (host.as_bytes(), domain.as_bytes());
    let Some(at) = host.len().checked_sub(domain.len()) else {
        return false;
    };
    host[at..].eq_ignore_ascii_case(domain) && (at == 0 || host[at - 1] == b'.')
}

/// The host of an address, or the text itself.
fn host_of(found: &str) -> &str {
    let rest = found.split_once("://").map_or(found, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

fn allows_host(allowed: &str, host: &str) -> bool {
    match allowed.strip_prefix("*.") {
        Some(domain) => is_below(host, domain),
        None => host_of(allowed).eq_ignore_ascii_case(host),
    }
}

/// Whether `allowed` is a network in which the address lies.
fn allows_address(allowed: &str, found: &str) -> bool {
    let Some((network, bits)) = allowed.split_once('/') else {
        return false;
    };
    let found = found.split('/').next().unwrap_or_default();
    let address = found.parse::<IpAddr>().or_else(|_| host_of(found).parse());
    match (network.parse::<IpAddr>(), bits.parse::<u32>(), address) {
        (Ok(IpAddr::V4(network)), Ok(bits @ 0..=32), Ok(IpAddr::V4(address))) => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            network.to_bits() & mask == address.to_bits() & mask
        }
        (Ok(IpAddr::V6(network)), Ok(bits @ 0..=128), Ok(IpAddr::V6(address))) => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            network.to_bits() & mask == address.to_bits() & mask
        }
        _ => false,
    }
}

/// A name of two letters and more: a shorter one would be found in every text.
fn name(text: &str) -> Result<String, String> {
    let name = line(100)(text)?;
    match name.chars().filter(|c| c.is_alphanumeric()).count() {
        0 | 1 => Err("is too short to be found as a name".into()),
        _ => Ok(name),
    }
}

/// A domain such as `corp.example.edu`.
fn domain(text: &str) -> Result<String, String> {
    let text = line(253)(text)?;
    let domain = text
        .trim_start_matches("*.")
        .trim_matches('.')
        .to_lowercase();
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    match !domain.is_empty() && domain.split('.').all(label) {
        true => Ok(domain),
        false => Err("must be a domain such as corp.example.edu".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_allowed_is_a_host_a_network_or_a_name() {
        let known = |allow: &str| Known {
            allow: vec![allow.into()],
            ..Known::default()
        };
        for (allow, found, allowed) in [
            ("status.example.edu", "https://status.example.edu/x", true),
            ("status.example.edu", "a.status.example.edu", false),
            ("*.example.edu", "a.status.example.edu:8080", true),
            ("*.example.edu", "badexample.edu", false),
            ("192.0.2.0/24", "192.0.2.77", true),
            ("192.0.2.0/24", "192.0.3.1", false),
            ("192.0.2.0/24", "192.0.2.77:8080", true),
            ("0.0.0.0/0", "192.0.2.77", true),
            ("2001:db8::/32", "2001:db8::1", true),
            ("acme", "Acme", true),
        ] {
            assert_eq!(known(allow).allows(found), allowed, "{allow} {found}");
        }
    }
}
