//! Mail addresses of people, as they are written, hidden from programs, or said.

use super::known::Known;
use super::lists::LISTS;
use super::names::plain;
use super::owners::{is_inner, is_person};
use super::{Kind, Leak};
use crate::review::words::{chunks, words};
use std::collections::HashSet;
use std::ops::Range;

/// Mail addresses: a person's is a leak, a desk's is none.
pub(super) fn mails(
    text: &str,
    known: &Known,
    found: &mut Vec<Leak>,
    hidden: &mut Vec<Range<usize>>,
) {
    let mut handles: HashSet<String> = HashSet::new();
    for name in &known.employees {
        let parts: Vec<String> = words(name).into_iter().map(|w| w.lower).collect();
        if let [given, .., family] = parts.as_slice() {
            let initial = given.chars().next().unwrap_or(' ');
            handles.extend([
                format!("{initial}{family}"),
                format!("{given}{family}"),
                format!("{family}{initial}"),
                given.to_string(),
                family.to_string(),
                format!("{family}{given}"),
            ]);
        }
    }
    spelled(text, &handles, found);
    spoken(text, &handles, found);
    apart(text, found);
    let mut before = "";
    for (start, chunk) in chunks(text) {
        // `ssh root@rtr-b2.core.example.org`: a machine, and no mail.
        let command = matches!(before, "ssh" | "scp" | "sftp" | "rsync");
        before = chunk;
        if command || chunk.len() > 1_000 || !chunk.contains('@') || chunk.contains("://") {
            continue;
        }
        let parting = |c: char| ",;()[]{}<>\"|=:/?".contains(c);
        for piece in chunk.split(parting) {
            let piece = piece.trim_matches('\'');
            let at = start + (piece.as_ptr() as usize - chunk.as_ptr() as usize);
            let piece = piece.trim_end_matches('.');
            let Some((user, host)) = piece.split_once('@') else {
                continue;
            };
            // What follows a plus sorts mail and belongs to no name.
            let name = user.split('+').next().unwrap_or_default();
            let sound = !name.is_empty()
                && (host.contains('.') || (name.contains('.') && host.len() > 2))
                && host
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b".-".contains(&b))
                && user
                    .chars()
                    .all(|c| c.is_alphanumeric() || "._%+-'\u{2019}".contains(c));
            if !sound {
                continue;
            }
            let place = at..at + piece.len();
            let lower = name.to_lowercase();
            let lower = plain(&lower);
            // "Dana Wu" <dwu@example.com>
            let named = text[..at].ends_with('<') && is_signed(&text[..at - 1]);
            let of_desk = lower
                .split(['.', '-', '_'])
                .any(|part| LISTS.desks.contains(part));
            let own = ((!of_desk || lower.split(['.', '-', '_']).any(super::lists::is_given))
                && (is_free(host) || is_numbered(&lower)))
                || named
                || is_urgent(user)
                // A way by another house, or the digits of another script.
                || user.contains('%')
                || user.chars().any(|c| c.is_numeric() && !c.is_ascii());
            if !is_placeholder(&lower)
                && (own || is_person(&lower, &handles) || is_inner(name, host))
            {
                found.push(Leak::at(Kind::EmailAddress, place.clone()));
            } else {
                hidden.push(place);
            }
        }
    }
}

/// `name @ example.org`, `name%40example.org`, `name77@` with the house said later.
fn apart(text: &str, found: &mut Vec<Leak>) {
    for (n, sign) in text.match_indices(['@', '\u{ff20}']) {
        let (before, after) = (&text[..n], &text[n + sign.len()..]);
        // The wide sign of other scripts is seen by nobody who looks for the usual one.
        let spaced = sign != "@" || before.ends_with(' ') || after.starts_with(' ');
        let head = before.trim_end_matches(' ');
        let from = head
            .char_indices()
            .rev()
            .take(64)
            .take_while(|(_, c)| c.is_alphanumeric() || "._%+-".contains(*c))
            .last()
            .map_or(head.len(), |(at, _)| at);
        let user = &head[from..];
        let tail = after.trim_start_matches(' ');
        let host_end = tail
            .char_indices()
            .take(100)
            .find(|(_, c)| !(c.is_ascii_alphanumeric() || ".-".contains(*c)))
            .map_or(tail.len().min(100), |(at, _)| at);
        let host = tail
            .get(..host_end)
            .unwrap_or_default()
            .trim_end_matches('.');
        let houses = host.rsplit_once('.').is_some_and(|(name, end)| {
            name.len() > 1 && end.len() > 1 && end.bytes().all(|b| b.is_ascii_alphabetic())
        });
        let person = user.len() > 2
            && user.chars().any(char::is_alphabetic)
            && !user
                .to_lowercase()
                .split(['.', '-', '_'])
                .any(|part| LISTS.desks.contains(part));
        let dotted = user.contains('.') || user.chars().any(char::is_numeric);
        let open_end = !before.ends_with(' ')
            && (after.is_empty() || after.starts_with(' '))
            && dotted
            && !host.contains('.');
        let end = n + sign.len() + (after.len() - tail.len()) + host.len();
        if person && ((spaced && houses && dotted) || open_end) {
            let end = if open_end { n + sign.len() } else { end };
            found.push(Leak::at(Kind::EmailAddress, from..end));
        }
    }
    for (n, _) in text.match_indices("%40") {
        let name = |c: char| c.is_ascii_alphanumeric() || "._%+-".contains(c);
        let left = text[..n]
            .bytes()
            .rev()
            .take(64)
            .take_while(|b| name(*b as char))
            .count();
        let right = text[n + 3..]
            .bytes()
            .take(100)
            .take_while(|b| name(*b as char))
            .count();
        if left > 2 && right > 3 {
            found.push(Leak::at(Kind::EmailAddress, n - left..n + 3 + right));
        }
    }
}

/// Where people have a mailbox of their own; a desk that has one there is known by its name.
fn is_free(host: &str) -> bool {
    const HOUSES: &[&str] = &[
        "gmail.com",
        "googlemail.com",
        "hotmail.com",
        "outlook.com",
        "live.com",
        "yahoo.com",
        "icloud.com",
        "me.com",
        "aol.com",
        "gmx.de",
        "gmx.net",
        "gmx.com",
        "web.de",
        "proton.me",
        "protonmail.com",
        "hotmail.co.uk",
        "yahoo.co.uk",
        "btinternet.com",
        "orange.fr",
        "wanadoo.fr",
        "libero.it",
        "mail.ru",
        "qq.com",
        "163.com",
        "rediffmail.com",
        "t-online.de",
        "fastmail.com",
        "zoho.com",
    ];
    HOUSES.iter().any(|house| house.eq_ignore_ascii_case(host))
}

/// Whether the words before an address in angle brackets are a person's: two with capitals, none of a desk.
fn is_signed(before: &str) -> bool {
    let from = before.ceil_char_boundary(before.len().saturating_sub(80));
    let before = before[from..].trim_end_matches(['"', ' ']);
    let line = before
        .rsplit(['\n', '"', ':', ',', '.', ';'])
        .next()
        .unwrap_or_default()
        .trim();
    let parts = words(line);
    parts.len() == 2
        && parts
            .iter()
            .all(|w| line[w.start..w.end].starts_with(char::is_uppercase))
        && super::owners::is_persons_name(line)
}

/// `noc+p1`, `night.desk+sev2`: where those who run services are woken.
fn is_urgent(user: &str) -> bool {
    let tag = user.split_once('+').map_or("", |(_, tag)| tag);
    let level = tag.trim_start_matches("sev").trim_start_matches('p');
    level.len() < tag.len() && level.len() == 1 && level.bytes().all(|b| b.is_ascii_digit())
}

/// `lucy1987`: a name and a year.
fn is_numbered(user: &str) -> bool {
    let name = user.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = &user[name.len()..];
    let year = number.len() == 4 && (number.starts_with("19") || number.starts_with("20"));
    year && number < "2015" && super::lists::is_given(name)
}

/// "firstname.lastname@": how addresses are made, and nobody's.
fn is_placeholder(user: &str) -> bool {
    matches!(
        user,
        "firstname.lastname"
            | "first.last"
            | "name.surname"
            | "vorname.nachname"
            | "prenom.nom"
            | "your.name"
            | "yourname"
            | "given.family"
            | "name"
    )
}

/// `jane.roe [at] example.com`, as people write it to hide it from programs.
fn spelled(text: &str, handles: &HashSet<String>, found: &mut Vec<Leak>) {
    for sign in ["[at]", "(at)", "(a)", "{at}", "[AT]", "(AT)"] {
        for (at, _) in text.match_indices(sign) {
            let before = text[..at].trim_end_matches(' ');
            let user = before
                .bytes()
                .rev()
                .take(80)
                .take_while(|b| b.is_ascii_alphanumeric() || b"._%+-".contains(b))
                .count();
            let start = before.len() - user;
            let rest = text[at + sign.len()..].trim_start_matches(' ');
            let host = rest
                .bytes()
                .take(120)
                .take_while(|b| b.is_ascii_alphanumeric() || b".-".contains(b))
                .count();
            let host = rest[..host].trim_end_matches(['.', '-']);
            let end = text.len() - rest.len() + host.len();
            let name = before[start..].to_ascii_lowercase();
            if user > 0 && !host.is_empty() && (is_person(&name, handles) || is_inner(&name, host))
            {
                found.push(Leak::at(Kind::EmailAddress, start..end));
            }
        }
    }
}

/// "jane.roe at example.edu", "jane dot roe at example dot com": as people say it.
fn spoken(text: &str, handles: &HashSet<String>, found: &mut Vec<Leak>) {
    let signs = [
        (" at ", "."),
        (" AT ", "."),
        (" at ", " dot "),
        (" AT ", " DOT "),
    ];
    for (sign, dot) in signs {
        for (at, _) in text.match_indices(sign) {
            let before = &text[..at];
            let own = |c: char| c.is_alphanumeric() || "._%+-".contains(c);
            let word = |text: &str| text.len() - text.trim_end_matches(own).len();
            let mut start = at - word(before);
            while let Some(head) = text[..start].strip_suffix(" dot ") {
                start = head.len() - word(head);
            }
            let name = text[start..at].to_lowercase().replace(" dot ", ".");
            let rest = &text[at + sign.len()..];
            let mut host = rest.len() - rest.trim_start_matches(own).len();
            while dot != "." && rest[host..].starts_with(dot) {
                let more = &rest[host + dot.len()..];
                host += dot.len() + more.len() - more.trim_start_matches(own).len();
            }
            let written = rest[..host].trim_end_matches(['.', '-']);
            // "Jane works at example.org" tells no address; "jane.roe at" does.
            let is_address = written.contains(dot)
                && (dot != "." || name.contains(['.', '_']))
                && !name.starts_with(['.', '-']);
            if is_address && is_person(&plain(&name), handles) {
                found.push(Leak::at(
                    Kind::EmailAddress,
                    start..at + sign.len() + written.len(),
                ));
            }
        }
    }
}
