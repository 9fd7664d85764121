//! Names of machines, and links into the internal network. Public addresses are no leak, nor is what stands in them.

use super::known::Known;
use super::pieces::Piece;
use super::{Kind, Leak};
use crate::review::words::chunks;
use std::net::IpAddr;
use std::ops::Range;

/// What machines are named for. Those of [`PLAIN`] are ordinary words or product names too and need more digits.
const ROLES: &[&str] = &[
    "db", "sql", "mysql", "pg", "postgres", "ora", "oracle", "mongo", "redis", "kafka", "srv",
    "svr", "server", "svc", "sw", "switch", "edge", "gw", "fw", "firewall", "lb", "haproxy",
    "nginx", "dc", "adc", "vm", "esx", "esxi", "host", "node", "mx", "smtp", "imap", "ns", "dns",
    "ldap", "ad", "idp", "auth", "es", "elk", "k8s", "kube", "master", "worker", "prod", "prd",
    "stg", "stage", "stor", "stg", "storage", "nas", "san", "bkp", "backup", "bak", "rtr",
    "router", "ap", "sbc", "pbx", "voip", "proxy", "nat", "jump", "bastion", "jenkins", "runner",
    "registry", "nfs", "fs", "files", "rds", "citrix", "ctx", "exch", "sap", "pacs", "hv", "pve",
    "vc", "batch", "queue", "mq", "rabbit", "vault", "sftp", "core", "cache", "replica", "blade",
    "rack",
];
const PLAIN: &[&str] = &[
    "app", "web", "api", "mail", "test", "dev", "uat", "int", "build", "ci", "log", "logs", "file",
    "print", "prn", "ts", "mon", "cluster", "cl", "media", "search", "his",
];

/// First parts of what looks like a machine and is a place or a thing.
const NO_MACHINES: &[&str] = &[
    "room", "gate", "floor", "unit", "bus", "line", "road", "wing", "ward", "zone", "step", "part",
    "page", "form", "week", "day", "hall", "lane", "area", "seat", "row", "lot", "block", "type",
    "plan", "tier", "team", "top", "pre", "post", "mid", "non", "up", "one", "two", "day", "end",
    "year", "covid", "of", "to", "in", "by", "the", "per", "and", "on", "re",
];

/// Parts of a host's name that only stand in internal ones.
const INNER: &[&str] = &[
    "corp",
    "internal",
    "intranet",
    "intra",
    "lan",
    "local",
    "prod",
    "prd",
    "stg",
    "staging",
    "infra",
    "mgmt",
    "management",
    "int",
    "core",
    "ad",
    "svc",
    "cluster",
    "pod",
    "priv",
    "private",
    "backend",
];

/// Ends of names that no public name has.
const INNER_ENDS: &[&str] = &[
    "local",
    "internal",
    "lan",
    "corp",
    "intranet",
    "intra",
    "localdomain",
    "private",
    "localhost",
    "home",
    "invalid",
];

/// Machines and tools that are named without a number.
const TOOLS: &[&str] = &[
    "grafana",
    "jenkins",
    "kibana",
    "prometheus",
    "alertmanager",
    "nagios",
    "zabbix",
    "splunk",
    "argocd",
    "rancher",
    "portainer",
    "vcenter",
    "phpmyadmin",
    "pgadmin",
    "consul",
    "vault",
    "elastic",
    "sonarqube",
    "nexus",
    "artifactory",
    "harbor",
    "jira",
    "runbook",
    "runbooks",
    "ldap",
    "db",
    "sql",
    "mysql",
    "postgres",
    "redis",
    "nas",
    "esx",
    "fileserver",
    "intranet",
];

/// Services that organisations keep their tickets and graphs with.
const TOOL_DOMAINS: &[&str] = &[
    "service-now.com",
    "atlassian.net",
    "pagerduty.com",
    "opsgenie.com",
    "datadoghq.com",
    "newrelic.com",
    "splunkcloud.com",
    "victorops.com",
];

/// Schemes of addresses that readers open.
const PUBLIC_SCHEMES: &[&str] = &[
    "http", "https", "ftp", "webcal", "feed", "sftp", "ftps", "mailto",
];

/// Ports that a public address may name.
const PUBLIC_PORTS: &[&str] = &["", "80", "443", "8443"];

/// Links: internal ones are leaks; in public ones nothing is.
pub(super) fn addresses(
    text: &str,
    known: &Known,
    found: &mut Vec<Leak>,
    hidden: &mut Vec<Range<usize>>,
) {
    for (start, chunk) in chunks(text) {
        if chunk.len() > 4_000 {
            continue;
        }
        let mut from = 0;
        while let Some(at) = chunk[from..].find("://").map(|at| from + at) {
            let scheme = chunk[..at]
                .bytes()
                .rev()
                .take_while(|b| b.is_ascii_alphanumeric() || b"+-:".contains(b))
                .count();
            let begin = at - scheme;
            let end = chunk[at..]
                .find(['"', '\'', '<', '>', ')', ']', '}', '|', '`'])
                .map_or(chunk.len(), |n| at + n);
            let end = if chunk[at..end].starts_with("://[") {
                chunk.len()
            } else {
                end
            };
            let url = chunk[begin..end].trim_end_matches(['.', ',', ';', ':', '!', '?']);
            if scheme > 0 {
                address(url, start + begin, known, found, hidden);
            }
            from = end.max(at + 3);
        }
    }
}

fn address(
    url: &str,
    start: usize,
    known: &Known,
    found: &mut Vec<Leak>,
    hidden: &mut Vec<Range<usize>>,
) {
    let Some((scheme, rest)) = url.split_once("://") else {
        return;
    };
    let scheme = scheme.rsplit(':').next().unwrap_or_default().to_lowercase();
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    if let Some((_, password)) = user.split_once(':')
        && !password.is_empty()
    {
        let at = start + url.len() - rest.len() + user.len() - password.len();
        found.push(Leak::at(Kind::Secret, at..at + password.len()));
    }
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => (host, port),
        _ => (host, ""),
    };
    let bare = host.trim_matches(['[', ']']);
    let whole = start..start + url.len();
    if known.allows(bare) || known.allows(url) {
        hidden.push(whole);
        return;
    }
    let is_ip = bare.parse::<IpAddr>().is_ok();
    let inside = is_ip
        || !PUBLIC_SCHEMES.contains(&scheme.as_str())
        || !host.contains('.')
        || is_internal(bare, known)
        || !PUBLIC_PORTS.contains(&port)
        || TOOL_DOMAINS
            .iter()
            .any(|domain| super::known::is_below(bare, domain));
    if inside {
        found.push(Leak::at(Kind::InternalUrl, whole));
    } else {
        hidden.push(whole);
    }
}

/// Names of machines that stand by themselves.
pub(super) fn hosts(text: &str, pieces: &[Piece<'_>], known: &Known, found: &mut Vec<Leak>) {
    for (n, piece) in pieces.iter().enumerate() {
        // A name without a full stop has a number, unless it is listed.
        let plain = !piece.text.bytes().any(|b| b == b'.' || b.is_ascii_digit());
        if plain && known.internal_domains.is_empty() && !piece.text.contains('-') {
            continue;
        }
        if piece.text.contains("://")
            || (piece.text.contains('@') && !piece.text.contains(':') && !is_shell_user(piece.text))
        {
            continue;
        }
        // `root@host`, `edge-fra-02/03`, `db01:5432`, `wiki.corp.example.edu/page`
        let offset = piece.text.find('@').map_or(0, |at| at + 1);
        let rest = &piece.text[offset..];
        let host = rest
            .split(['/', ':', '\\', '*'])
            .next()
            .unwrap_or_default()
            .trim_end_matches('.');
        if host.is_empty() || !host.is_ascii() || host.len() > 253 {
            continue;
        }
        let start = piece.start + offset;
        let dotted = host.contains('.');
        let is_machine = match dotted {
            true => looks_like_host(host) && is_internal(host, known),
            false => {
                machine(host, false)
                    || by_role(host)
                    || (numbered(host) && n > 0 && is_cue(pieces[n - 1].text))
                    || known.is_internal(host)
            }
        };
        if !is_machine || known.allows(host) {
            continue;
        }
        let path = rest[host.len()..]
            .strip_prefix('/')
            .is_some_and(|p| p.len() > 2 && dotted);
        let (kind, end) = match path {
            true => (Kind::InternalUrl, start + rest.len()),
            false => (Kind::HostName, start + host.len()),
        };
        found.push(Leak::at(kind, start..end));
    }
    debug_assert!(found.iter().all(|leak| leak.end <= text.len()));
}

/// `prod-db`, `db-primary`: a machine named for its part without a number.
fn by_role(host: &str) -> bool {
    const PLACES: &[&str] = &[
        "prod", "prd", "stg", "staging", "uat", "primary", "replica", "standby", "eu", "us", "dmz",
    ];
    const PARTS: &[&str] = &[
        "db", "sql", "web", "app", "api", "gw", "lb", "fw", "mx", "dc", "srv", "vm", "cache",
        "redis", "kafka", "ldap", "nas", "san",
    ];
    let parts: Vec<&str> = host.split('-').collect();
    let has = |list: &[&str]| parts.iter().any(|part| list.contains(part));
    (2..=4).contains(&parts.len())
        && has(PLACES)
        && has(PARTS)
        && parts.iter().all(|part| part.len() <= 8 && !part.is_empty())
}

fn is_shell_user(piece: &str) -> bool {
    matches!(
        piece.split('@').next(),
        Some("root" | "admin" | "deploy" | "ubuntu" | "ec2-user" | "postgres" | "git" | "ansible")
    )
}

fn is_cue(word: &str) -> bool {
    matches!(
        word.to_ascii_lowercase().as_str(),
        "server"
            | "servers"
            | "host"
            | "hosts"
            | "hostname"
            | "machine"
            | "node"
            | "vm"
            | "instance"
            | "box"
    )
}

/// A name that only a number makes special: `kestrel7`, after "server".
fn numbered(host: &str) -> bool {
    let name = host.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = host.len() - name.len();
    let plain = name
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b == b'-' || b == b'_');
    (1..=3).contains(&digits)
        && name.len() >= 3
        && plain
        && !NO_MACHINES.contains(&name.trim_end_matches('-'))
}

fn looks_like_host(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    host.split('.').all(label) && last.len() > 1 && last.bytes().all(|b| b.is_ascii_alphabetic())
}

/// Whether a host with a domain is an internal one.
fn is_internal(host: &str, known: &Known) -> bool {
    let lower = host.to_ascii_lowercase();
    let labels: Vec<&str> = lower.split('.').collect();
    let (first, last) = (labels[0], labels[labels.len() - 1]);
    let inner = labels.len() > 3
        && labels[1..labels.len() - 2]
            .iter()
            .any(|label| INNER.contains(label));
    known.is_internal(host)
        || (labels.len() > 1 && INNER_ENDS.contains(&last))
        || (labels.len() > 2
            && (machine(first, true)
                || TOOLS.contains(&first)
                || by_role(first)
                || first == "intranet"))
        || inner
}

/// Whether a label is the name of a machine: what it is for, where it is, a number.
fn machine(label: &str, dotted: bool) -> bool {
    let shaped = (3..=40).contains(&label.len())
        && label.starts_with(|c: char| c.is_ascii_alphabetic())
        && label
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        && label.bytes().any(|b| b.is_ascii_digit());
    if !shaped {
        return false;
    }
    let lower = label.to_ascii_lowercase();
    let parts: Vec<&str> = lower.split(['-', '_']).collect();
    if NO_MACHINES.contains(&parts[0].trim_end_matches(|c: char| c.is_ascii_digit()))
        || is_region(&parts)
    {
        return false;
    }
    match parts.as_slice() {
        // `SW1` is a part of London.
        [one] => {
            let capitals = label.bytes().all(|b| !b.is_ascii_lowercase());
            let short = split_number(one).1.len() == 1;
            role_and_number(one, dotted) && (dotted || !capitals || !short)
        }
        [name, last] => {
            let (word, digits) = split_number(last);
            // `EX-1907` is a flight and `MATH-101` a course; a machine in capitals has a zero or a role that is nothing else.
            let capitals = label.bytes().all(|b| !b.is_ascii_lowercase());
            let sure = digits.starts_with('0') || !capitals;
            if digits.is_empty() {
                return role_and_number(name, true) && sure;
            }
            let role = ROLES.contains(name)
                || role_and_number(name, dotted)
                || (ROLES.contains(&word) && !word.is_empty());
            let plain = PLAIN.contains(name) || PLAIN.contains(&word);
            let whole = dotted && digits.len() <= 2 && last.len() <= 4;
            sure && word.len() <= 6 && (role || whole || (plain && (dotted || digits.len() > 1)))
        }
        ["ip", numbers @ ..] if numbers.len() == 4 => numbers
            .iter()
            .all(|n| n.bytes().all(|b| b.is_ascii_digit())),
        [.., last] => {
            let (word, digits) = split_number(last);
            let named = parts[..parts.len() - 1]
                .iter()
                .all(|part| part.starts_with(|c: char| c.is_ascii_alphabetic()));
            let role = parts.iter().any(|part| {
                let word = part.trim_end_matches(|c: char| c.is_ascii_digit());
                ROLES.contains(&word) || PLAIN.contains(&word)
            });
            let short = parts.iter().all(|part| part.len() <= 4)
                && !parts
                    .iter()
                    .any(|part| matches!(*part, "of" | "to" | "the" | "and" | "per" | "by"));
            let sure = !label.bytes().any(|b| b.is_ascii_lowercase())
                || label.bytes().all(|b| !b.is_ascii_uppercase());
            named && sure && (1..=4).contains(&digits.len()) && word.len() <= 8 && (role || short)
        }
        [] => false,
    }
}

/// `srv` and `01` of `srv01`; a letter behind the number counts to it: `04a`.
fn split_number(part: &str) -> (&str, &str) {
    let trimmed = match part.len() {
        0 | 1 => part,
        n if part.as_bytes()[n - 2].is_ascii_digit() => {
            part.trim_end_matches(|c: char| c.is_ascii_alphabetic())
        }
        _ => part,
    };
    let word = trimmed.trim_end_matches(|c: char| c.is_ascii_digit());
    (word, &trimmed[word.len()..])
}

fn role_and_number(part: &str, dotted: bool) -> bool {
    let (word, digits) = split_number(part);
    if digits.is_empty() || digits.len() > 4 || word.is_empty() {
        return false;
    }
    let role = ROLES.contains(&word)
        && !matches!(
            word,
            "core" | "es" | "ad" | "ap" | "rack" | "master" | "edge"
        );
    let compound = ROLES.iter().chain(PLAIN).any(|role| {
        role.len() > 2 && word.len() > role.len() && word.ends_with(role) && digits.len() > 1
    });
    role || ((PLAIN.contains(&word) || ROLES.contains(&word))
        && (dotted || digits.len() > 1 && digits.starts_with('0')))
        || compound
}

/// `eu-west-1` is where a cloud is, not a machine.
fn is_region(parts: &[&str]) -> bool {
    let sides = [
        "east",
        "west",
        "north",
        "south",
        "central",
        "northeast",
        "northwest",
        "southeast",
        "southwest",
    ];
    let areas = [
        "us", "eu", "ap", "ca", "sa", "af", "me", "uk", "cn", "asia", "europe", "usgov", "il",
    ];
    parts.len() <= 4
        && areas.contains(&parts[0])
        && parts.len() > 1
        && sides.iter().any(|side| parts[1].starts_with(side))
}
