//! Names that were made up for machines, as it shows in their letters alone: no word has them, and no reader could say them. What a name is
//! for need not be known ([`super::machines`] knows that).

use super::known::Known;
use super::lists::LISTS;
use super::machines::is_region;
use super::pieces::Piece;
use super::said::turns;
use super::{Kind, Leak};

/// Small words that join others: `plan-a-or-b`, `a-to-z`.
const JOINING: &[&str] = &[
    "to", "of", "and", "or", "by", "in", "on", "the", "a", "for", "per", "up", "out", "off",
];

/// Parts of names in capitals that only machines have.
const OF_MACHINES: &[&str] = &[
    "SRV", "SVR", "SERVER", "ESX", "ESXI", "VM", "SAN", "NAS", "DB", "SQL", "SW", "RTR", "FW",
    "GW", "LB", "WLC", "EXCH", "PRD", "PROD", "STG", "UAT", "DMZ", "MGMT", "NODE", "CTL", "CTRL",
    "PBX", "SBC", "NVR", "HV", "RDS", "VDI", "CTX", "SAP", "ORA", "ERP", "BKP", "DC",
];
/// Ends of such parts: `APPSRV`, `VMHOST`.
const ENDS: &[&str] = &[
    "SRV", "SVR", "HOST", "SQL", "SERVER", "NODE", "PRD", "PROD", "VPN", "CTL", "CTRL", "GW", "FW",
    "RTR", "SCREEN", "METER",
];

/// Adds names of machines that their letters tell.
pub(super) fn coined(pieces: &[Piece<'_>], known: &Known, found: &mut Vec<Leak>) {
    for (n, piece) in pieces.iter().enumerate() {
        let name = piece.text.trim_end_matches([',', ';']);
        if !(4..=60).contains(&name.len()) || !name.is_ascii() {
            continue;
        }
        let before = n.checked_sub(1).map_or("", |at| pieces[at].text);
        let shaped = is_small(name) || is_capital(name) || is_deep(name) || is_glued(name, before);
        if shaped && !known.allows(name) {
            found.push(Leak::at(
                Kind::HostName,
                piece.start..piece.start + name.len(),
            ));
        }
    }
}

/// `stmt-render-01`, `idx-w11`, `ivr-rec-b`: small letters in parts, one of which no word has, or a number that begins with nought.
fn is_small(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    let parts: Vec<&str> = name.split(['-', '_']).collect();
    let (first, last) = (parts[0], parts[parts.len() - 1]);
    let name_of = |part: &'_ str| part.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    if !name.bytes().all(plain)
        || !first.starts_with(|c: char| c.is_ascii_lowercase())
        || (LISTS.counted.contains(&first[..name_of(first)])
            && !parts
                .iter()
                .any(|part| matches!(*part, "ctl" | "srv" | "svc" | "sw")))
        || is_region(&parts)
        || parts.iter().any(|part| {
            part.is_empty() || (JOINING.contains(part) && (part.len() > 1 || parts.len() < 3))
        })
    {
        return false;
    }
    let digits = &last[name_of(last)..];
    if parts.len() == 1 {
        // `orarpt01`
        let nought = (5..=12).contains(&name_of(last))
            && digits.len() < 4
            && digits.len() > 1
            && digits.starts_with('0');
        // `web14`, and not the web of a third kind
        let role = matches!(
            &last[..name_of(last)],
            "web"
                | "app"
                | "api"
                | "mail"
                | "dns"
                | "mx"
                | "ftp"
                | "sftp"
                | "vpn"
                | "proxy"
                | "cache"
                | "www"
                | "sql"
                | "auth"
                | "file"
                | "print"
        ) && (1..3).contains(&digits.len())
            && !matches!(last, "web2" | "web3");
        return nought || role;
    }
    let numbered = (1..=4).contains(&digits.len()) && name_of(last) < 5;
    let nought = numbered && digits.len() > 1 && digits.starts_with('0');
    let lettered =
        parts.len() > 2 && last.len() == 1 && last.starts_with(|c: char| c.is_ascii_lowercase());
    // `hel1-cx41-chat`, `portal-web-old`
    let numbers = parts.iter().filter(|part| is_mixed(part)).count() > 1;
    let of_machine = |part: &&str| {
        matches!(
            *part,
            "web" | "app" | "api" | "db" | "mail" | "srv" | "vm" | "sql" | "proxy"
        )
    };
    let state = parts.len() > 2
        && matches!(
            last,
            "old" | "new" | "tmp" | "legacy" | "bak" | "standby" | "primary" | "replica"
        )
        && parts.iter().any(of_machine);
    let odd = parts[..parts.len() - 1]
        .iter()
        .any(|part| is_unspoken(part))
        || is_mixed(first);
    let mixed = name_of(last) > 0 && name_of(last) < 3 && digits.len() > 1;
    // `node-pool-b-4x9qz`
    let made = last.len() > 3 && last.len() < 8 && turns(last) > 2 && parts.len() > 1;
    let placed = parts.len() == 2
        && is_place(last)
        && matches!(
            first,
            "bastion" | "jump" | "jumphost" | "proxy" | "vault" | "gateway" | "relay" | "cluster"
        );
    // `fcapp-blue-2`
    let third = parts.len() > 2 && name_of(last) == 0 && last.len() < 4;
    nought
        || numbers
        || state
        || third
        || lettered
        || made
        || placed
        || (odd && (numbered || last.len() == 1))
        || (mixed && is_short(first))
}

/// `VMHOST-PUN-05`, `SAN-MAN1-B`, `WBMETER04`: capitals, of which a part is what only machines have, or the number begins with nought.
fn is_capital(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-';
    if !name.bytes().all(plain) || !name.starts_with(|c: char| c.is_ascii_uppercase()) {
        return false;
    }
    let role_of = |part: &'_ str| part.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let parts: Vec<&str> = name.split('-').collect();
    let last = parts[parts.len() - 1];
    let digits = &last[role_of(last)..];
    let nought = (2..4).contains(&digits.len()) && digits.starts_with('0');
    if parts.len() == 1 {
        let word = &last[..role_of(last)];
        return nought
            && (5..11).contains(&word.len())
            && !LISTS.counted.contains(word.to_ascii_lowercase().as_str());
    }
    let long = |part: &str| {
        ENDS.iter()
            .any(|end| role_of(part) > end.len() && part[..role_of(part)].ends_with(end))
    };
    let of_machine = |part: &&str| OF_MACHINES.contains(&&part[..role_of(part)]) || long(part);
    let which = last.len() == 1 || (last.len() < 6 && (1..4).contains(&digits.len()));
    parts.iter().all(|part| !part.is_empty())
        && which
        && (parts.len() > 2 || nought || long(parts[0]))
        && parts.iter().any(of_machine)
}

/// `sbc-a.maidstone.voice.example.net`: a public name is not so deep, and its first part not so numbered.
fn is_deep(name: &str) -> bool {
    let labels: Vec<&str> = name.split('.').collect();
    let label = |label: &&str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let (first, last) = (labels[0], labels[labels.len() - 1]);
    // `example.ac.uk`
    let public = if last.len() == 2 && labels.len() > 2 && labels[labels.len() - 2].len() < 4 {
        1
    } else {
        0
    };
    let depth = labels.len() - public;
    let which = first
        .rsplit_once('-')
        .is_some_and(|(_, which)| which.len() == 1 || which.bytes().any(|b| b.is_ascii_digit()));
    // `turn1.meet.example.org`
    let role = first.trim_end_matches(|c: char| c.is_ascii_digit());
    let counted = role.len() < first.len()
        && matches!(
            role,
            "turn"
                | "stun"
                | "web"
                | "app"
                | "db"
                | "mail"
                | "mx"
                | "ns"
                | "dns"
                | "vpn"
                | "proxy"
                | "cache"
                | "node"
                | "host"
                | "srv"
                | "sip"
                | "ldap"
                | "smtp"
                | "imap"
                | "relay"
                | "edge"
                | "lb"
                | "gw"
                | "fw"
                | "sw"
                | "api"
                | "origin"
                | "backend"
                | "worker"
                | "build"
                | "ci"
        );
    labels.iter().all(label)
        && first != "www"
        && last.len() > 1
        && last.bytes().all(|b| b.is_ascii_lowercase())
        && (depth > 4 || (depth == 4 && which) || (depth > 2 && counted))
}

/// `enroll2` of "restarted tomcat on enroll2": a word and a number in one, where somebody speaks of where a program runs.
fn is_glued(name: &str, before: &str) -> bool {
    let word = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = name.len() - word.len();
    matches!(before, "on" | "restarted" | "rebooted" | "onto" | "behind")
        && (1..3).contains(&digits)
        && word.len() > 3
        && word.bytes().all(|b| b.is_ascii_lowercase())
        && !LISTS.counted.contains(word)
        && !matches!(
            word,
            "windows" | "office" | "android" | "word" | "excel" | "iphone" | "series"
        )
}

/// Letters that nobody can say: two and more, and no vowel.
fn is_unspoken(part: &str) -> bool {
    const SAID: &[&str] = &[
        "tv", "pm", "th", "nd", "rd", "st", "km", "kg", "cm", "mm", "dr", "mr", "mrs", "ms", "hr",
        "hrs", "vs", "pc", "cd", "dvd", "sms", "html", "xml", "pdf", "gps", "phd", "bsc", "msc",
        "mp", "nhs", "bbc", "gp", "ppt", "rsvp", "sql", "by", "my", "ctrl", "gmt", "utc", "bst",
        "bmw", "fn", "ks",
    ];
    let name = part.trim_end_matches(|c: char| c.is_ascii_digit());
    (2..=7).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() && !b"aeiouy".contains(&b))
        && !SAID.contains(&name)
}

/// `as400`, `man1`: letters and a number in one.
fn is_mixed(part: &str) -> bool {
    let name = part.trim_end_matches(|c: char| c.is_ascii_digit());
    name.len() > 1 && name.len() < part.len() && name.bytes().all(|b| b.is_ascii_lowercase())
}

fn is_place(part: &str) -> bool {
    matches!(
        part,
        "eu" | "us"
            | "uk"
            | "de"
            | "fr"
            | "nl"
            | "ap"
            | "na"
            | "emea"
            | "apac"
            | "east"
            | "west"
            | "north"
            | "south"
            | "central"
    )
}

fn is_short(part: &str) -> bool {
    part.len() < 5
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::privacy::pieces::pieces;

    #[test]
    fn what_nobody_can_say_is_a_machine_and_what_people_count_is_none() {
        let finds = |text: &str| {
            let mut found = Vec::new();
            coined(&pieces(text), &Known::default(), &mut found);
            !found.is_empty()
        };
        for text in [
            "stopped on stmt-render-01",
            "the indexer (idx-w11) fell behind",
            "swapping ivr-rec-b",
            "our system as400-b",
            "from orarpt01",
            "in SAN-MAN1-B",
            "APPSRV-SCH-11 was added",
            "VMHOST-PUN-05 crash",
            "pings to sbc-a.kent.voice.example.net fail",
            "restarted tomcat on enroll2",
            "moved to node-pool-b-4x9qz",
            "restarted web14",
            "restarts bastion-eu",
        ] {
            assert!(finds(text), "{text}");
        }
        for text in [
            "covid-19 tests",
            "room-b12 is free",
            "a-to-z index",
            "see section-08 for it",
            "the under-18s",
            "PSY-1003 and ENG-LIT-101",
            "flight EX-1907",
            "www.library.example.ac.uk",
            "Plan B-2",
            "read page2 first",
            "gate-04",
            "in nov-05",
            "check-in-desk opens",
            "web3 course",
            "top-10 list",
        ] {
            assert!(!finds(text), "{text}");
        }
    }
}
