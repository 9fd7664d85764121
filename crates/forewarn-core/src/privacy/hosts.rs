//! Names of machines, and links into the internal network. Public addresses are no leak, nor is what stands in them.

use super::known::Known;
use super::lists::is_hosts_name;
use super::machines::{
    by_role, capital_server, compound, interface, machine, numbered, one_word_server,
};
use super::parts;
use super::pieces::Piece;
use super::{Kind, Leak};
use crate::review::words::chunks;
use std::net::IpAddr;
use std::ops::Range;

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
    "ops",
    "noc",
    "dc",
    "oob",
    "aws",
    "gcp",
    "azure",
    "k8s",
    "srv",
    "test",
    "dev",
    "uat",
    "qa",
    "preprod",
    "sandbox",
    "tools",
    "intern",
    "interne",
    "interno",
];

/// Ends of names that clouds give to machines.
const CLOUD_ENDS: &[&str] = &[
    "compute.amazonaws.com",
    "rds.amazonaws.com",
    "elb.amazonaws.com",
    "cloudapp.azure.com",
    "database.windows.net",
    "core.windows.net",
    "cloudapp.net",
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
    "prod",
    "prd",
    "stg",
    "mgmt",
    "svc",
    "consul",
    "dmz",
    "oob",
    "k8s",
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
    "gerrit",
    "bitbucket",
    "icinga",
    "checkmk",
    "librenms",
    "netbox",
    "awx",
    "foreman",
    "proxmox",
    "rundeck",
    "teamcity",
    "graylog",
    "logstash",
    "rabbitmq",
    "minio",
    "otrs",
    "glpi",
    "confluence",
    "bastion",
    "jumphost",
    "monitor",
    "monitoring",
    "opensearch",
    "argo",
    "mailhog",
    "adminer",
    "cacti",
    "idrac",
    "ilo",
    "ipmi",
    "vcsa",
    "gitea",
    "gogs",
    "sentry",
    "gitlab",
];

/// Parts of a host's first label that stand for a place where work is tried out: `portal-staging`, `uat-shop`.
const TRIALS: &[&str] = &["staging", "stg", "stage", "uat", "preprod", "preprd", "qa"];

/// Parts of a path that only trackers of work have.
const TRACKED: &[&str] = &[
    "/-/merge_requests/",
    "/-/issues/",
    "/merge_requests/",
    "/-/commit/",
    "/-/blob/",
    "/agent/tickets/",
    "/archives/C0",
    "/_workitems/",
    "/_git/",
    "/l/channel/",
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
    "sentry.io",
    "grafana.net",
    "freshservice.com",
    "linear.app",
    "console.aws.amazon.com",
    "portal.azure.com",
    "console.cloud.google.com",
    "sharepoint.com",
    "dev.azure.com",
    "trello.com",
    "app.asana.com",
    "app.clickup.com",
    "youtrack.cloud",
    "honeycomb.io",
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
        // `jdbc:oracle:thin:@dbhost:1521/ORCL`
        if chunk.starts_with("jdbc:") && !chunk.contains("://") {
            found.push(Leak::at(Kind::InternalUrl, start..start + chunk.len()));
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
        || is_trial(bare)
        || is_tracked(&rest[authority.len()..])
        || TOOL_DOMAINS
            .iter()
            .any(|domain| super::known::is_below(bare, domain));
    if scheme == "file" {
        found.push(Leak::at(Kind::FilePath, whole));
    } else if inside {
        found.push(Leak::at(Kind::InternalUrl, whole));
    } else {
        hidden.push(whole);
    }
}

/// A place where work is tried out, on its way to the public.
fn is_trial(host: &str) -> bool {
    let first = host.split('.').next().unwrap_or_default();
    let in_part = |part: &str| TRIALS.contains(&part.to_ascii_lowercase().as_str());
    let tried = |part: &str| matches!(part, "dev" | "test");
    host.matches('.').count() > 1
        && (first.split('-').any(in_part) || (first.contains('-') && first.split('-').any(tried)))
}

/// The page of a piece of work: `/browse/OPS-12`.
fn is_tracked(path: &str) -> bool {
    let browsed = path.find("/browse/").is_some_and(|at| {
        let key = path[at + 8..]
            .split(['/', '?', '#'])
            .next()
            .unwrap_or_default();
        super::tickets::looks_like_ticket(key)
    });
    // `/example/portal/pull/812`
    let numbered = ["/pull/", "/issues/", "/commit/", "/merge_requests/"]
        .iter()
        .any(|part| {
            path.find(part).is_some_and(|at| {
                let number = path[at + part.len()..]
                    .split(['/', '?', '#'])
                    .next()
                    .unwrap_or_default();
                path[..at].matches('/').count() == 2
                    && !number.is_empty()
                    && number.bytes().all(|b| b.is_ascii_hexdigit())
            })
        });
    browsed || numbered || TRACKED.iter().any(|part| path.contains(part))
}

/// Names of machines that stand by themselves.
pub(super) fn hosts(text: &str, pieces: &[Piece<'_>], known: &Known, found: &mut Vec<Leak>) {
    for (n, piece) in pieces.iter().enumerate() {
        if is_resource(piece.text) {
            let end = piece.start + piece.text.len();
            found.push(Leak::at(Kind::HostName, piece.start..end));
            continue;
        }
        if interface(piece.text) {
            let end = piece.start + piece.text.len();
            found.push(Leak::at(Kind::HostName, piece.start..end));
            continue;
        }
        if let Some(length) = parts::part(text, pieces, n) {
            found.push(Leak::at(Kind::HostName, piece.start..piece.start + length));
            continue;
        }
        // A name without a full stop has a number, unless it is listed or called a machine's.
        let plain = !piece.text.bytes().any(|b| b == b'.' || b.is_ascii_digit());
        // `SQLPROD\FIN`: a part of a machine.
        if let Some(end) = instance(piece.text) {
            found.push(Leak::at(Kind::HostName, piece.start..piece.start + end));
            continue;
        }
        let called = is_called(text, pieces, n)
            || capital_server(piece.text)
            || one_word_server(piece.text)
            || compound(piece.text)
            || is_localhost(piece.text);
        if plain
            && known.internal_domains.is_empty()
            && !called
            && !piece.text.contains(['-', '_'])
            && !piece.text.starts_with("\\\\")
        {
            continue;
        }
        if piece.text.contains("://")
            || (piece.text.contains('@') && !piece.text.contains(':') && !is_shell_user(piece.text))
        {
            continue;
        }
        // `root@host`, `edge-fra-02/03`, `db01:5432`, `wiki.corp.example.edu/page`
        let share = piece.text.len() - piece.text.trim_start_matches('\\').len();
        let offset = piece.text.find('@').map_or(share, |at| at + 1);
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
        // `\\fs01\home` is a path, `\\fs01` the machine.
        let is_share = share == 2 && share + host.len() == piece.text.len();
        if share > 0 && !is_share {
            continue;
        }
        let dotted = host.contains('.');
        let is_machine = match dotted {
            true => {
                looks_like_host(host)
                    && (is_internal(host, known) || is_named(host) || ends_in_place(host))
            }
            false => {
                let beside = (n > 0 && is_cue(pieces[n - 1].text))
                    || pieces.get(n + 1).is_some_and(|next| is_cue(next.text));
                machine(host, false)
                    || by_role(host)
                    || (n > 0 && is_device(pieces[n - 1].text, host))
                    || (offset > 0 && numbered(host))
                    || (numbered(host) && beside)
                    || is_share
                    || called
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
    ranges(text, found);
    debug_assert!(found.iter().all(|leak| leak.end <= text.len()));
}

/// `web[01-04]`, `db{1,2}`: several machines at once.
fn ranges(text: &str, found: &mut Vec<Leak>) {
    for (start, chunk) in chunks(text).filter(|(_, chunk)| chunk.len() < 60) {
        let Some((name, rest)) = chunk.split_once(['[', '{']) else {
            continue;
        };
        // The closing bracket may have been taken for the end of a remark.
        let numbers = rest.split([']', '}']).next().unwrap_or_default();
        let range = numbers.contains(['-', ',', '.'])
            && numbers.starts_with(|c: char| c.is_ascii_digit())
            && numbers
                .bytes()
                .all(|b| b.is_ascii_digit() || b"-,.".contains(&b));
        let named = name.len() > 1
            && name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        if range && named {
            found.push(Leak::at(Kind::HostName, start..start + chunk.len()));
        }
    }
}

/// `arn:aws:rds:...`, `projects/x/zones/y`, `iqn.2026-01...`: what a cloud or a storage calls a part of its own.
fn is_resource(piece: &str) -> bool {
    const BEGINNINGS: &[&str] = &[
        "arn:",
        "projects/",
        "/subscriptions/",
        "subscriptions/",
        "naa.",
        "iqn.",
        "ocid1.",
    ];
    let begins = BEGINNINGS.iter().any(|begin| piece.starts_with(begin));
    // "projects/teams" is no resource.
    let deep = !piece.starts_with("projects/") || piece.matches('/').count() > 2;
    begins
        && deep
        && piece.len() > 10
        && piece
            .bytes()
            .any(|b| b.is_ascii_digit() || b == b':' || b == b'/')
}

/// `localhost:3000`: the machine that a program runs on.
fn is_localhost(piece: &str) -> bool {
    let name = piece.split([':', '/']).next().unwrap_or_default();
    name.eq_ignore_ascii_case("localhost")
}

/// `zeus.example.edu`: a machine that is called after a god or a star, with its domain.
fn is_named(host: &str) -> bool {
    let first = host.split('.').next().unwrap_or_default();
    host.matches('.').count() > 1 && is_hosts_name(&first.to_ascii_lowercase())
}

/// How long a machine's name with a part of it is: `SQLPROD\FIN`.
fn instance(piece: &str) -> Option<usize> {
    let (machine, part) = piece.split_once('\\')?;
    let capital = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-';
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    let part = part.trim_end_matches(['.', ',', ';', ':']);
    let sound = (3..=15).contains(&machine.len())
        && machine.bytes().all(capital)
        && (2..=20).contains(&part.len())
        && part.bytes().all(plain);
    sound.then_some(machine.len() + 1 + part.len())
}

/// `gandalf` of "the host gandalf", `minerva` of "the machine called minerva".
fn is_called(text: &str, pieces: &[Piece<'_>], n: usize) -> bool {
    let before = |back: usize| n.checked_sub(back).map_or("", |at| pieces[at].text);
    let next = pieces.get(n + 1).map_or("", |piece| piece.text);
    let named = matches!(before(1), "called" | "named" | "hostname");
    let beside = is_cue(before(1)) || is_cue(next);
    let name = pieces[n].text;
    if !(named || beside)
        || !(3..=20).contains(&name.len())
        || !name.bytes().all(|b| b.is_ascii_alphanumeric())
    {
        return false;
    }
    let lower = name.to_ascii_lowercase();
    let end = pieces[n].start + name.len();
    let quote = |c: char| "\"'`\u{201c}\u{201d}\u{2018}\u{2019}".contains(c);
    let quoted = text[..pieces[n].start].ends_with(quote) && text[end..].starts_with(quote);
    if beside && (quoted || is_hosts_name(&lower)) {
        return true;
    }
    let particle = matches!(
        lower.as_str(),
        "upon"
            | "after"
            | "for"
            | "off"
            | "out"
            | "the"
            | "back"
            | "below"
            | "above"
            | "and"
            | "here"
            | "when"
            | "again"
            | "with"
    );
    named
        && !particle
        && (before(1) == "hostname"
            || matches!(
                before(2),
                "server" | "machine" | "node" | "vm" | "switch" | "router" | "firewall" | "cluster"
            ))
}

/// `root@host`, `rabbitmq@mq-node-2`: a user of a machine, and no mail address.
fn is_shell_user(piece: &str) -> bool {
    const USERS: &[&str] = &[
        "root", "admin", "deploy", "ubuntu", "ec2-user", "postgres", "git", "ansible",
    ];
    let (user, host) = piece.split_once('@').unwrap_or_default();
    USERS.contains(&user)
        || (!user.is_empty() && !host.contains('.') && (machine(host, false) || numbered(host)))
}

/// `LT-44821` of "the laptop LT-44821": letters, hyphens and digits behind a device.
fn is_device(before: &str, name: &str) -> bool {
    const DEVICES: &[&str] = &[
        "laptop",
        "computer",
        "printer",
        "workstation",
        "switch",
        "router",
        "server",
        "machine",
        "vm",
        "host",
        "node",
        "pc",
        "scanner",
        "projector",
        "camera",
        "phone",
        "tablet",
        "terminal",
    ];
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    DEVICES
        .iter()
        .any(|device| device.eq_ignore_ascii_case(before))
        && name.len() > 5
        && digits > 1
        && name.contains(['-', '_'])
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(plain)
        && !super::tickets::is_known_key(name)
}

fn is_cue(word: &str) -> bool {
    const CUES: &[&str] = &[
        "server",
        "servers",
        "host",
        "hosts",
        "hostname",
        "machine",
        "node",
        "vm",
        "instance",
        "box",
        "cluster",
        "hypervisor",
        "switch",
        "router",
        "firewall",
        "appliance",
        "workstation",
    ];
    CUES.iter().any(|cue| cue.eq_ignore_ascii_case(word))
}

fn looks_like_host(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    // `esx-host-7.dc2`: the end is a place, where the beginning is a machine for certain.
    let first = host.split('.').next().unwrap_or_default();
    let place = (2..=5).contains(&last.len())
        && last.starts_with(|c: char| c.is_ascii_lowercase())
        && host.matches('.').count() == 1
        && machine(first, false);
    host.split('.').all(label)
        && last.len() > 1
        && (last.bytes().all(|b| b.is_ascii_alphabetic()) || place)
}

/// `esx-host-7.dc2`: no public domain ends in a number.
fn ends_in_place(host: &str) -> bool {
    host.bytes().next_back().is_some_and(|b| b.is_ascii_digit())
}

/// Whether a host with a domain is an internal one.
fn is_internal(host: &str, known: &Known) -> bool {
    let lower = host.to_ascii_lowercase();
    let labels: Vec<&str> = lower.split('.').collect();
    let (first, last) = (labels[0], labels[labels.len() - 1]);
    let ends = [
        "-int",
        "-internal",
        "-intern",
        "-priv",
        "-mgmt",
        "-adm",
        "-admin",
    ];
    let inner = labels.len() > 2 && ends.iter().any(|end| first.ends_with(end))
        || labels.len() > 3
            && labels[1..labels.len() - 2]
                .iter()
                .any(|label| INNER.contains(label));
    known.is_internal(host)
        || CLOUD_ENDS
            .iter()
            .any(|end| super::known::is_below(host, end))
        || (labels.len() > 1 && INNER_ENDS.contains(&last))
        || (labels.len() > 2
            && (machine(first, true)
                || TOOLS.contains(&first)
                || by_role(first)
                || matches!(
                    first,
                    "intranet"
                        | "srv"
                        | "prod"
                        | "prd"
                        | "stg"
                        | "mgmt"
                        | "oob"
                        | "corp"
                        | "lan"
                        | "backend"
                        | "internal"
                        | "infra"
                )))
        || inner
}
