//! Names of machines that stand without a domain: by what they are for, where they are, and their number.

use super::roles::{ALONE, ALSO, IN_CLOUD, NO_MACHINES, NO_NAMES, PLAIN, ROLES, SURE, SURE_ENDS};

/// `DB_PASSWORD`, `smtp_pass`: the name of a setting and no machine.
pub(super) fn is_setting(parts: &[&str]) -> bool {
    const LAST: &[&str] = &[
        "password", "passwd", "pass", "pwd", "key", "token", "secret", "user", "username", "url",
        "uri", "host", "port", "name", "path", "id", "timeout", "size", "limit", "dsn", "dir",
        "home", "env", "config", "enabled", "mode", "level",
    ];
    parts.last().is_some_and(|last| LAST.contains(last))
}

/// `prod-db`, `db-primary`: a machine named for its part without a number.
pub(super) fn by_role(host: &str) -> bool {
    const PLACES: &[&str] = &[
        "prod", "prd", "stg", "staging", "uat", "primary", "replica", "standby", "eu", "us", "dmz",
    ];
    const PARTS: &[&str] = &[
        "db", "sql", "web", "app", "api", "gw", "lb", "fw", "mx", "dc", "srv", "vm", "cache",
        "redis", "kafka", "ldap", "nas", "san",
    ];
    let lower = host.to_ascii_lowercase();
    let parts: Vec<&str> = lower.split(['-', '_']).collect();
    // What a cloud calls the machines of a cluster: `gke-prod-pool-3f2a1b4c-x7k2`.
    if matches!(parts[0], "gke" | "aks" | "eks") && parts.len() > 2 && lower.len() > 12 {
        return true;
    }
    if host.contains('_') && is_setting(&parts) {
        return false;
    }
    let one_size = host == lower || !host.bytes().any(|b| b.is_ascii_lowercase());
    let sure = |part: &&str| {
        SURE.contains(part)
            || is_compound(part)
            || SURE_ENDS
                .iter()
                .any(|end| part.len() > end.len() + 1 && end.len() > 2 && part.ends_with(end))
    };
    let named = parts.iter().all(|part| {
        (1..=12).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    });
    let tail = parts.last().copied().unwrap_or_default();
    if (2..=8).contains(&parts.len())
        && named
        && one_size
        && parts.iter().any(sure)
        && !NO_MACHINES.contains(&parts[0])
        && !NO_NAMES.contains(&tail)
        && !tail.bytes().any(|b| b.is_ascii_digit())
    {
        return true;
    }
    // `payments-primary`: which copy of a thing.
    let copy = matches!(tail, "primary" | "replica" | "standby");
    if copy && one_size && named && (2..=5).contains(&parts.len()) {
        return !matches!(parts[0], "non" | "pre" | "semi" | "post" | "multi")
            && !NO_MACHINES.contains(&parts[0]);
    }
    // `seatmap-cache`: a program that other programs call.
    let called = matches!(tail, "svc" | "cache") && parts.len() > 1 && host == lower && named;
    if called && parts[0].len() > 3 && !matches!(parts[0], "browser" | "page" | "disk") {
        return true;
    }
    // `core-switch-a`: two things that machines do, and which of them.
    let roles = parts.iter().filter(|part| ROLES.contains(part)).count();
    if parts.len() > 2 && roles > 1 && matches!(tail, "a" | "b" | "c" | "d") && one_size {
        return true;
    }
    // `web-a`: one of several.
    if let [name, "a" | "b" | "c"] = parts.as_slice()
        && matches!(
            *name,
            "web" | "app" | "node" | "api" | "proxy" | "cache" | "radius" | "edge" | "mail"
        )
    {
        return host == lower;
    }
    let parts: Vec<&str> = host.split('-').collect();
    let has = |list: &[&str]| parts.iter().any(|part| list.contains(part));
    (2..=4).contains(&parts.len())
        && has(PLACES)
        && has(PARTS)
        && parts.iter().all(|part| part.len() <= 8 && !part.is_empty())
}

/// `vpngw`, `oradb`: two things that machines do, the second of which is nothing else.
fn is_compound(part: &str) -> bool {
    const LAST: &[&str] = &["db", "gw", "fw", "lb", "sql", "srv", "svr", "dc", "fs"];
    let first = LAST.iter().find_map(|last| part.strip_suffix(last));
    first.is_some_and(|first| {
        first.len() > 1 && (ROLES.contains(&first) || PLAIN.contains(&first)) && part != "nosql"
    })
}

/// `proddb`, `dbprod03`, `webprod2`, `sapprd1`: two things that are said of machines, one of which is no word, with or without a number.
pub(super) fn compound(host: &str) -> bool {
    const NO_WORDS: &[&str] = &[
        "db", "sql", "gw", "fw", "lb", "srv", "svr", "prd", "prod", "stg", "uat", "mx", "esx",
        "k8s", "rtr", "vm",
    ];
    const ALSO_SAID: &[&str] = &[
        "erp", "crm", "hr", "fin", "order", "orders", "shop", "portal", "cms", "lms", "bi", "dwh",
        "etl", "id",
    ];
    let lower = host.to_ascii_lowercase();
    let name = lower.trim_end_matches(|c: char| c.is_ascii_digit());
    let one_size = host == lower || !host.bytes().any(|b| b.is_ascii_lowercase());
    if !one_size
        || !(4..=16).contains(&name.len())
        || !name.bytes().all(|b| b.is_ascii_alphabetic())
        || super::software::SOFTWARE.contains(&name)
        || matches!(name, "mongodb" | "nosql" | "plsql" | "mysqldb")
    {
        return false;
    }
    let known =
        |part: &str| ROLES.contains(&part) || PLAIN.contains(&part) || ALSO_SAID.contains(&part);
    (2..name.len() - 1).any(|at| {
        let (first, last) = name.split_at(at);
        known(first) && known(last) && (NO_WORDS.contains(&first) || NO_WORDS.contains(&last))
    })
}

/// `srvfile`, `ERPPRD`, `UNIDC01`: what stands for a server at an end of a word that is no other word.
pub(super) fn one_word_server(host: &str) -> bool {
    let small = host.bytes().all(|b| b.is_ascii_lowercase());
    let large = host.bytes().all(|b| !b.is_ascii_lowercase());
    let sized = (5..=15).contains(&host.len());
    let ends = |end: &str| host.starts_with(end) || host.ends_with(end);
    if !sized || !host.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return false;
    }
    let name = host.trim_end_matches(|c: char| c.is_ascii_digit());
    let zero = host.len() - name.len() > 1 && host[name.len()..].starts_with('0');
    let role = || {
        ["DC", "DB", "FS", "GW", "FW", "MX", "SQL", "SRV"]
            .iter()
            .any(|role| name.len() > role.len() + 1 && name.ends_with(role))
    };
    (small && ["srv", "svr"].into_iter().any(ends))
        || (large && host.ends_with("PRD"))
        || (large && name.len() > 5 && name.len() < host.len() && name.starts_with("SQL"))
        || (large && zero && role())
}

/// `FILESRV`, `SRVAPP`: capitals with what stands for a server and nothing else.
pub(super) fn capital_server(host: &str) -> bool {
    const PRODUCTS: &[&str] = &["MYSQL", "MSSQL", "NOSQL", "PLSQL", "PGSQL", "NEWSQL"];
    let ends = |word: &str| host.starts_with(word) || host.ends_with(word);
    let part = ["DB", "SQL", "GW"]
        .into_iter()
        .any(|end| host.ends_with(end));
    (5..=15).contains(&host.len())
        && host
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        && (part && !PRODUCTS.contains(&host) || ["SRV", "SVR"].into_iter().any(ends))
}

/// `eth0`, `xe-0/0/1`, `Gi1/0/24`: where a cable ends in a device.
pub(super) fn interface(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let kind = lower.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (kind, rest) = lower.split_at(kind);
    let digits =
        |text: &str| !text.is_empty() && text.len() < 4 && text.bytes().all(|b| b.is_ascii_digit());
    match kind {
        "eth" | "ens" | "eno" | "bond" => digits(rest),
        "po" | "vl" | "lo" if name.starts_with(char::is_uppercase) => digits(rest),
        "vlan" => rest.len() < 5 && !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()),
        "gi" | "te" | "fa" | "hu" | "xe" | "ge" | "et" => {
            let places = rest.strip_prefix('-').unwrap_or(rest);
            // `ge-0/0/3.100`: a part of the line.
            let places = places.split('.').next().unwrap_or_default();
            (2..=3).contains(&places.split('/').count()) && places.split('/').all(digits)
        }
        _ => false,
    }
}

/// A name that only a number makes special: `kestrel7`, after "server".
pub(super) fn numbered(host: &str) -> bool {
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

/// Whether a label is the name of a machine: what it is for, where it is, a number.
pub(super) fn machine(label: &str, dotted: bool) -> bool {
    // `3b-sw-2`: a floor first, and then what nothing else is.
    let floor = label.starts_with(|c: char| c.is_ascii_digit())
        && label.matches('-').count() > 1
        && label
            .to_ascii_lowercase()
            .split('-')
            .any(|part| SURE.contains(&part));
    if floor && label.len() <= 40 {
        return true;
    }
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
            let (word, digits) = split_number(one);
            let short = digits.len() == 1 && word.len() < 5 && !ALONE.contains(&word);
            counted(label) || role_and_number(one, dotted) && (dotted || !capitals || !short)
        }
        [kind, number] if IN_CLOUD.contains(kind) && is_hex_number(number) => true,
        ["desktop" | "laptop" | "win" | "pc" | "nb" | "ws", number]
            if number.len() >= 5
                && number.bytes().any(|b| b.is_ascii_digit())
                && number.bytes().any(|b| b.is_ascii_alphabetic()) =>
        {
            true
        }
        ["desktop" | "laptop" | "win", number] if number.len() >= 7 => true,
        [name, last] => {
            let (word, digits) = split_number(last);
            // `EX-1907` is a flight and `MATH-101` a course; a machine in capitals has a zero or a role that is nothing else.
            let capitals = label.bytes().all(|b| !b.is_ascii_lowercase());
            let alone = ALONE.contains(name) && word.is_empty() && digits.len() < 3;
            let sure = digits.starts_with('0') || !capitals || alone;
            if digits.is_empty() {
                return role_and_number(name, true) && sure;
            }
            let role = ROLES.contains(name)
                || role_and_number(name, dotted)
                || (ROLES.contains(&word) && !word.is_empty());
            let plain = PLAIN.contains(name) || PLAIN.contains(&word);
            let whole = dotted && digits.len() <= 2 && last.len() <= 4;
            sure && word.len() <= 6
                && (role || whole || (plain && (dotted || digits.len() > 1 || ALSO.contains(name))))
        }
        ["ip", numbers @ ..] if numbers.len() == 4 => numbers
            .iter()
            .all(|n| n.bytes().all(|b| b.is_ascii_digit())),
        [.., last] => {
            let (word, digits) = split_number(last);
            let named = parts[..parts.len() - 1].iter().all(|part| {
                part.starts_with(|c: char| c.is_ascii_alphabetic())
                    || (ROLES.contains(&parts[0]) && part.len() < 4)
            });
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
            let generated = parts.len() > 2
                && last.len() == 5
                && is_generated(last)
                && is_generated(parts[parts.len() - 2])
                && parts[parts.len() - 2].len() >= 6;
            if generated {
                return true;
            }
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

/// `cn0412`, `fra02`: a few letters and a number that begins with nought.
fn counted(label: &str) -> bool {
    const OTHERS: &[&str] = &[
        "hw", "ex", "ch", "lab", "lesson", "group", "bay", "bed", "dorm", "plot", "desk", "vol",
        "no", "nr", "pg", "fig", "eq", "tab", "item", "track", "case", "test", "draft", "part",
        "img", "pic", "photo", "scan", "copy", "file", "doc", "class", "course", "team", "player",
        "user", "guest",
    ];
    let name = label.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = &label[name.len()..];
    (2..=5).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase())
        && (2..=4).contains(&digits.len())
        && digits.starts_with('0')
        && !OTHERS.contains(&name)
        && !NO_MACHINES.contains(&name)
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
    let also = ALSO.contains(&word) && digits.len() < 3;
    let sure = also
        || SURE_ENDS
            .iter()
            .any(|end| word.len() > end.len() + 1 && word.ends_with(end));
    role || sure
        || ((PLAIN.contains(&word) || ROLES.contains(&word))
            && (dotted || digits.len() > 1 && digits.starts_with('0')))
        || compound
}

/// The number of a thing in a cloud: eight to seventeen hexadecimal digits.
fn is_hex_number(part: &str) -> bool {
    (8..=17).contains(&part.len())
        && part.bytes().all(|b| b.is_ascii_hexdigit())
        && (matches!(part.len(), 8 | 17) || part.bytes().any(|b| b.is_ascii_alphabetic()))
}

/// `7d9f8b6c5`: what a machine made up, small letters and digits mixed.
fn is_generated(part: &str) -> bool {
    (5..=10).contains(&part.len())
        && part
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        && part.bytes().any(|b| b.is_ascii_digit())
        && part.bytes().any(|b| b.is_ascii_lowercase())
}

/// `eu-west-1` is where a cloud is, not a machine.
pub(super) fn is_region(parts: &[&str]) -> bool {
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
