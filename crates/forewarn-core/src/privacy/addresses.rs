//! IP addresses, with port or network, and the hardware addresses of devices.

use super::pieces::Piece;
use super::{Kind, Leak};
use crate::review::words::{Word, chunks};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Before such a word four numbers are a place in a document or a version.
const NO_ADDRESS: &[&str] = &[
    "version",
    "release",
    "build",
    "section",
    "chapter",
    "clause",
    "article",
    "paragraph",
    "step",
    "figure",
    "table",
    "item",
    "annex",
    "appendix",
    "rule",
    "firmware",
];

pub(super) fn addresses(text: &str, pieces: &[Piece<'_>], words: &[Word], found: &mut Vec<Leak>) {
    for piece in pieces {
        if is_hardware(piece.text) {
            let end = piece.start + piece.text.len();
            found.push(Leak::at(Kind::IpAddress, piece.start..end));
            continue;
        }
        if is_short_network(piece.text) {
            let end = piece.start + piece.text.len();
            found.push(Leak::at(Kind::IpAddress, piece.start..end));
            continue;
        }
        if !piece.text.contains(['.', ':']) {
            continue;
        }
        let bytes = piece.text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let begins = bytes[at].is_ascii_digit()
                && (at == 0
                    || !(bytes[at - 1].is_ascii_alphanumeric() || b"._".contains(&bytes[at - 1])));
            let length = if begins { v4(&bytes[at..]) } else { 0 };
            if length > 0 {
                let start = piece.start + at;
                if !is_numbered(words, start) {
                    found.push(Leak::at(Kind::IpAddress, start..start + length));
                }
                at += length;
            } else {
                at += 1;
            }
        }
        // `10.20.4.*`: the sign is no part of a word, and without it the numbers look like a version.
        let end = piece.start + piece.text.trim_end_matches('.').len();
        if text[end..].starts_with(".*") && is_network(piece.text) {
            found.push(Leak::at(Kind::IpAddress, piece.start..end + 2));
        }
        if let Some(length) = v6(piece.text) {
            found.push(Leak::at(Kind::IpAddress, piece.start..piece.start + length));
        }
    }
    disarmed(text, found);
    debug_assert!(found.iter().all(|leak| text.is_char_boundary(leak.start)));
}

/// `10[.]20[.]30[.]40`: written so that no program makes a link of it.
fn disarmed(text: &str, found: &mut Vec<Leak>) {
    for (start, chunk) in
        chunks(text).filter(|(_, chunk)| chunk.len() < 40 && chunk.contains("[.]"))
    {
        let bare = chunk.replace("[.]", ".");
        if bare.parse::<Ipv4Addr>().is_ok() {
            found.push(Leak::at(Kind::IpAddress, start..start + chunk.len()));
        }
    }
}

/// `10.40/16`: a network whose last numbers are left out.
fn is_short_network(piece: &str) -> bool {
    let Some((network, bits)) = piece.split_once('/') else {
        return false;
    };
    let numbers: Vec<&str> = network.split('.').collect();
    (1..=3).contains(&numbers.len())
        && matches!(numbers[0], "10" | "172" | "192")
        && numbers.iter().all(|n| n.parse::<u8>().is_ok())
        && matches!(bits, "8" | "12" | "16" | "20" | "22" | "24")
        && (numbers.len() > 1 || bits == "8")
}

/// `10.20.4`: the first three numbers of an address.
fn is_network(piece: &str) -> bool {
    let numbers: Vec<&str> = piece.trim_end_matches('.').split('.').collect();
    numbers.len() == 3 && numbers.iter().all(|n| n.parse::<u8>().is_ok())
}

/// `00:1b:44:11:3a:b7`, `00-1B-44-11-3A-B7`, `001b.4411.3ab7`: the address of a device in its own network.
fn is_hardware(piece: &str) -> bool {
    let hex = |groups: usize, digits: usize, sign: char| {
        piece.len() == groups * (digits + 1) - 1
            && piece.split(sign).count() == groups
            && piece
                .split(sign)
                .all(|g| g.len() == digits && g.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    hex(6, 2, ':')
        || hex(6, 2, '-')
        // Three numbers of four digits may be a card's.
        || (hex(3, 4, '.') && piece.bytes().any(|b| b.is_ascii_alphabetic()))
}

fn is_numbered(words: &[Word], start: usize) -> bool {
    let at = words.partition_point(|w| w.start < start);
    at > 0
        && (NO_ADDRESS.contains(&words[at - 1].lower.as_str())
            || super::versions::is_software(words, at))
}

/// How long the IPv4 address at the beginning is, with network or port; 0 if none is.
fn v4(bytes: &[u8]) -> usize {
    let (mut at, mut octets, mut open) = (0, 0, 0);
    loop {
        let digits = bytes[at..]
            .iter()
            .take(4)
            .take_while(|b| b.is_ascii_digit())
            .count();
        let stars = bytes[at..]
            .iter()
            .take(4)
            .take_while(|b| matches!(b, b'x' | b'X' | b'*'))
            .count();
        let value = || {
            bytes[at..at + digits]
                .iter()
                .fold(0u32, |n, b| n * 10 + u32::from(b - b'0'))
        };
        if (1..=3).contains(&digits) && value() <= 255 {
            at += digits;
        } else if octets >= 2 && (1..=3).contains(&stars) {
            // `10.20.x.x`: only the network is named.
            (at, open) = (at + stars, open + 1);
        } else {
            return 0;
        }
        octets += 1;
        if octets == 4 {
            break;
        }
        if bytes.get(at) != Some(&b'.') {
            return 0;
        }
        at += 1;
    }
    if open > 0
        && !(bytes.starts_with(b"10.")
            || bytes.starts_with(b"172.")
            || bytes.starts_with(b"192.")
            || bytes.starts_with(b"198.")
            || bytes.starts_with(b"203."))
    {
        return 0;
    }
    match bytes.get(at) {
        Some(b'.') if bytes.get(at + 1).is_some_and(u8::is_ascii_digit) => return 0,
        Some(b) if b.is_ascii_alphanumeric() || *b == b'_' => return 0,
        _ => {}
    }
    let suffix = |sign: u8, most: usize| {
        if bytes.get(at) != Some(&sign) {
            return 0;
        }
        let digits = bytes[at + 1..]
            .iter()
            .take(most + 1)
            .take_while(|b| b.is_ascii_digit())
            .count();
        if (1..=most).contains(&digits) {
            digits + 1
        } else {
            0
        }
    };
    at + suffix(b'/', 2).max(suffix(b':', 5))
}

/// How long the IPv6 address at the beginning of a piece is.
fn v6(piece: &str) -> Option<usize> {
    let end = piece.find(['/', '%']).unwrap_or(piece.len());
    let address = &piece[..end];
    let shaped = (4..=45).contains(&end)
        && address.bytes().filter(|b| *b == b':').count() >= 2
        && address.bytes().any(|b| b.is_ascii_digit());
    if !shaped || address.parse::<Ipv6Addr>().is_err() {
        return None;
    }
    let bits = piece[end..]
        .bytes()
        .skip(1)
        .take_while(u8::is_ascii_digit)
        .count();
    Some(if bits > 0 && piece[end..].starts_with('/') {
        end + 1 + bits
    } else {
        end
    })
}
