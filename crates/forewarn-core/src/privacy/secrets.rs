//! Passwords, keys and tokens: by the forms that issuers give them, by the words before them, by how random they look.

use super::{Kind, Leak};
use crate::review::words::{Word, chunks};
use std::ops::Range;

/// Beginnings that issuers give to keys, and how long such a key is at least.
const ISSUED: &[(&str, usize)] = &[
    ("AKIA", 16),
    ("ASIA", 16),
    ("ghp_", 20),
    ("gho_", 20),
    ("ghu_", 20),
    ("ghs_", 20),
    ("github_pat_", 20),
    ("glpat-", 16),
    ("xoxb-", 12),
    ("xoxp-", 12),
    ("xoxa-", 12),
    ("xoxr-", 12),
    ("xoxs-", 12),
    ("xapp-", 12),
    ("sk_live_", 12),
    ("sk_test_", 12),
    ("rk_live_", 12),
    ("sk-", 20),
    ("AIza", 30),
    ("eyJ", 20),
    ("whsec_", 12),
    ("SG.", 20),
    ("ya29.", 12),
    ("npm_", 20),
    ("dop_v1_", 20),
    ("hvs.", 12),
    ("AGE-SECRET-KEY-", 20),
    ("pypi-", 20),
    ("EAAC", 30),
    ("dckr_pat_", 12),
    ("shpat_", 20),
    ("shpss_", 20),
    ("sq0atp-", 16),
    ("sq0csp-", 16),
    ("glsa_", 20),
    ("glc_", 20),
    ("lin_api_", 20),
    ("ATATT3x", 20),
    ("NRAK-", 16),
    ("PMAK-", 20),
    ("GOCSPX-", 16),
    ("xkeysib-", 20),
    ("rubygems_", 20),
    ("tskey-", 16),
    ("dapi", 32),
    ("hf_", 20),
    ("r8_", 20),
    ("gsk_", 20),
    ("figd_", 16),
    ("sntrys_", 20),
    ("PMAT-", 16),
];

/// Addresses that let whoever has them post.
const HOOKS: &[&str] = &[
    "hooks.slack.com/services/",
    "discord.com/api/webhooks/",
    "webhook.office.com/webhook",
    "hooks.zapier.com/hooks/catch/",
];

/// How the stored form of a password begins.
const HASHES: &[&str] = &[
    "$2a$", "$2b$", "$2y$", "$1$", "$5$", "$6$", "$argon2", "{SSHA}",
];

/// Users that programs come with: what stands behind one and a slash is a password.
const USERS: &[&str] = &[
    "admin",
    "administrator",
    "root",
    "sa",
    "guest",
    "user",
    "test",
    "kiosk",
    "demo",
    "support",
    "service",
    "operator",
    "sysadmin",
];

/// Names before `=` or `:` in settings and addresses.
const NAMES: &[&str] = &[
    "password",
    "passwd",
    "pwd",
    "pw",
    "passphrase",
    "token",
    "secret",
    "api_key",
    "apikey",
    "api-key",
    "access_key",
    "secret_key",
    "client_secret",
    "auth",
    "key",
    "access_token",
    "accountkey",
    "sharedaccesskey",
    "access_key_id",
    "secret_access_key",
    "mysql_pwd",
    "pgpassword",
    "signature",
    "sig",
];

/// Words that follow "the password is" in ordinary texts.
const ORDINARY: &[&str] = &[
    "safe",
    "not",
    "needed",
    "required",
    "the",
    "being",
    "still",
    "correct",
    "wrong",
    "expired",
    "reset",
    "unchanged",
    "stored",
    "protected",
    "never",
    "no",
    "also",
    "valid",
    "accepted",
    "rejected",
    "asked",
    "incorrect",
    "unknown",
    "too",
    "your",
    "secure",
    "and",
    "or",
    "a",
    "an",
    "in",
    "on",
    "at",
    "by",
    "for",
    "to",
    "of",
    "with",
    "again",
    "now",
    "then",
    "when",
    "if",
    "we",
    "you",
    "they",
    "it",
    "this",
    "that",
    "manager",
    "change",
    "changes",
    "page",
    "resets",
    "policy",
    "rules",
    "once",
    "twice",
    "only",
    "new",
    "old",
    "same",
    "sent",
    "set",
    "shown",
    "used",
    "lost",
    "stolen",
    "unaffected",
    "intact",
    "encrypted",
    "hashed",
    "as",
    "before",
];

/// How many runs after the word "password" may be it.
const NEAR: usize = 9;

pub(super) fn secrets(text: &str, words: &[Word], found: &mut Vec<Leak>) {
    let mut add = |range: Range<usize>| found.push(Leak::at(Kind::Secret, range));
    private_keys(text, &mut add);
    let chunks: Vec<(usize, &str)> = chunks(text).collect();
    for (n, (start, chunk)) in chunks.iter().enumerate() {
        if chunk.len() > 8_000 {
            continue;
        }
        let before = n.checked_sub(1).map_or("", |at| chunks[at].1);
        // `curl -u user:password`
        if before == "-u"
            && let Some((user, password)) = chunk.split_once(':')
            && password.len() > 3
        {
            add(start + user.len() + 1..start + chunk.len());
        }
        let after = |by: usize| chunks.get(n + by).map_or("", |(_, chunk)| *chunk);
        let user = USERS.iter().any(|user| user.eq_ignore_ascii_case(chunk));
        // `admin / Changeme!23`
        if user && after(1) == "/" && is_secretish(after(2)) {
            let at = chunks[n + 2].0;
            add(at..at + after(2).len());
        }
        for range in issued(chunk)
            .into_iter()
            .chain(assigned(chunk))
            .chain(shaped(chunk))
            .chain(random(chunk, before))
        {
            add(start + range.start..start + range.end);
        }
    }
    for (n, word) in words.iter().enumerate() {
        // Most words announce nothing; they are passed by without a look around.
        if !matches!(
            word.lower.as_bytes().first(),
            Some(b'p' | b'c' | b'l' | b't' | b'k' | b's' | b'b')
        ) {
            continue;
        }
        if let Some(range) = after_cue(text, words, n, &chunks) {
            add(range);
        }
    }
}

fn private_keys(text: &str, add: &mut impl FnMut(Range<usize>)) {
    let mut from = 0;
    while let Some(at) = text[from..].find("-----BEGIN ").map(|at| from + at) {
        let end = text[at..]
            .find("-----END ")
            .map_or(at + 11, |end| at + end + 9);
        let line = text[end..].find('\n').map_or(text.len(), |n| end + n);
        let line = if line - end > 80 { end } else { line };
        add(at..line);
        from = line.max(at + 11);
    }
}

fn is_key_sign(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"_-./+=".contains(&b)
}

/// Keys by the beginning that their issuer gives them.
fn issued(chunk: &str) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    // Every issued key is long and has a digit.
    if chunk.len() < 12 || !chunk.bytes().any(|b| b.is_ascii_digit()) {
        return all;
    }
    for &(prefix, least) in ISSUED {
        let Some(at) = chunk.find(prefix) else {
            continue;
        };
        let begins = at == 0 || !chunk.as_bytes()[at - 1].is_ascii_alphanumeric();
        let length = chunk[at..].bytes().take_while(|b| is_key_sign(*b)).count();
        let key = chunk[at..at + length].trim_end_matches(['.', '-', '=']);
        let capitals = !prefix.starts_with("AK") && !prefix.starts_with("AS")
            || key
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if begins
            && capitals
            && key.len() >= least.max(prefix.len() + 8)
            && key.bytes().any(|b| b.is_ascii_digit())
        {
            all.push(at..at + key.len());
        }
    }
    all
}

/// What is nothing else by its form: an address to post to, a stored password, a bot's token, groups of a recovery key.
fn shaped(chunk: &str) -> Option<Range<usize>> {
    if chunk.len() < 12 {
        return None;
    }
    let key = |from: usize| {
        chunk[from..]
            .bytes()
            .take_while(|b| is_key_sign(*b))
            .count()
    };
    if HOOKS.iter().any(|hook| chunk.contains(hook)) {
        let from = chunk.find("http").unwrap_or(0);
        return Some(from..chunk.len());
    }
    if let Some(at) = HASHES.iter().find_map(|hash| chunk.find(hash))
        && chunk.len() - at > 20
    {
        return Some(at..chunk.len());
    }
    if let Some((user, password)) = chunk.split_once(['/', ':'])
        && USERS.contains(&user)
        && is_secretish(password)
        && !password.contains('/')
    {
        return Some(user.len() + 1..chunk.len());
    }
    let groups = chunk.split('-').count();
    let six = |group: &str| group.len() == 6 && group.bytes().all(|b| b.is_ascii_digit());
    if groups == 8 && chunk.split('-').all(six) {
        return Some(0..chunk.len());
    }
    let (bot, token) = chunk.split_once(':')?;
    let is_bot = (8..=10).contains(&bot.len())
        && bot.bytes().all(|b| b.is_ascii_digit())
        && token.len() >= 30
        && key(bot.len() + 1) == token.len();
    is_bot.then_some(0..chunk.len())
}

/// `password=...`, `?token=...`
fn assigned(chunk: &str) -> Option<Range<usize>> {
    if !chunk.contains(['=', ':']) {
        return None;
    }
    let lower = chunk.to_ascii_lowercase();
    for &name in NAMES {
        for sign in ['=', ':'] {
            let Some(at) = lower
                .find(name)
                .filter(|at| lower[at + name.len()..].starts_with(sign))
            else {
                continue;
            };
            let begins = at == 0 || !lower.as_bytes()[at - 1].is_ascii_alphanumeric();
            let start = at + name.len() + 1;
            let rest = &chunk[start..];
            let value = rest.trim_start_matches(['"', '\'']);
            let start = start + rest.len() - value.len();
            let end = value
                .find(['&', ';', ',', '"', '\'', '<', '>', ')', '}'])
                .unwrap_or(value.len());
            let least = match name {
                "key" | "auth" | "sig" | "signature" => 12,
                _ => 4,
            };
            let sound = end >= least
                && !value.starts_with("//")
                && (sign == '=' || is_secretish(&value[..end]));
            if begins && sound && chunk.is_char_boundary(start) {
                return Some(start..start + end);
            }
        }
    }
    None
}

/// A long run of letters of both sizes and digits that no word looks like, or a long number in hexadecimal.
fn random(chunk: &str, before: &str) -> Option<Range<usize>> {
    if chunk.len() < 20 {
        return None;
    }
    let token = chunk.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    let start = chunk.len() - token.len();
    let plain = token.len() >= 20
        && token.len() <= 500
        && token.bytes().all(is_key_sign)
        && !chunk.contains("://")
        && !chunk.starts_with(['/', '~', '\\', '.']);
    if !plain || token.matches('.').count() > 2 {
        return None;
    }
    let hex = token.len() >= 32 && token.bytes().all(|b| b.is_ascii_hexdigit());
    if hex {
        let before = before.to_ascii_lowercase();
        let digest = [
            "commit", "sha", "hash", "digest", "image", "checksum", "md5", "revision",
        ]
        .iter()
        .any(|w| before.contains(w));
        let mixed = token.bytes().any(|b| b.is_ascii_digit())
            && token.bytes().any(|b| b.is_ascii_alphabetic());
        return (mixed && !digest).then_some(start..start + token.len());
    }
    let kind = |b: u8| {
        if b.is_ascii_digit() {
            0
        } else if b.is_ascii_uppercase() {
            1
        } else {
            2
        }
    };
    let signs: Vec<u8> = token
        .bytes()
        .filter(u8::is_ascii_alphanumeric)
        .map(kind)
        .collect();
    let runs = 1 + signs.windows(2).filter(|two| two[0] != two[1]).count();
    let all_kinds = (0..3).all(|kind| signs.contains(&kind));
    let mixed = all_kinds && signs.len() >= 18 && runs * 3 >= signs.len();
    (mixed || is_mixed_run(token)).then_some(start..start + token.len())
}

/// A run of 28 and more small letters and digits in a token that change often: no word and no number is like that.
fn is_mixed_run(token: &str) -> bool {
    token
        .split(|c: char| !c.is_ascii_alphanumeric())
        .any(|run| {
            let changes = run
                .as_bytes()
                .windows(2)
                .filter(|two| two[0].is_ascii_digit() != two[1].is_ascii_digit())
                .count();
            run.len() >= 28 && changes * 3 >= run.len()
        })
}

/// What looks made up: letters and digits together, and either a sign, both sizes, or eight and more of them.
fn is_secretish(token: &str) -> bool {
    let letters = token.chars().any(|c| c.is_alphabetic());
    let digits = token.bytes().any(|b| b.is_ascii_digit());
    let signs = token.bytes().any(|b| b"!@#$%^&*+=_~?".contains(&b)) || token.contains('-');
    let upper = token.bytes().any(|b| b.is_ascii_uppercase());
    let lower = token.bytes().any(|b| b.is_ascii_lowercase());
    let sized = (6..=80).contains(&token.len());
    sized
        && letters
        && (digits && (signs || (upper && lower) || token.len() >= 8)
            || (signs && token.bytes().any(|b| b"!@#$%^&*~".contains(&b))))
}

/// A name with a number is made up only where nothing stands between it and the word "password": `Windows-10`, `MATH-101`.
fn is_name_with_number(token: &str) -> bool {
    let name = token.trim_end_matches(|c: char| c.is_ascii_digit());
    name.len() < token.len()
        && name
            .trim_end_matches('-')
            .bytes()
            .all(|b| b.is_ascii_alphabetic())
}

/// The secret that a word announces.
fn after_cue(
    text: &str,
    words: &[Word],
    n: usize,
    chunks: &[(usize, &str)],
) -> Option<Range<usize>> {
    let word = &words[n];
    let said = |back: usize| {
        n.checked_sub(back)
            .map_or("", |at| words[at].lower.as_str())
    };
    // "the Wi-Fi key", "door code"
    let wireless = word.lower == "key"
        && matches!(
            said(1),
            "fi" | "wifi" | "wlan" | "wireless" | "wpa" | "network" | "preshared" | "shared"
        );
    let strong = wireless
        || matches!(
            word.lower.as_str(),
            "password" | "passwords" | "passwd" | "pwd" | "pw" | "passphrase" | "pass" | "passcode"
        );
    let next = words.get(n + 1).map_or("", |w| w.lower.as_str());
    let snmp =
        word.lower == "community" && (n > 0 && words[n - 1].lower == "snmp" || next == "string");
    let weak = snmp
        || matches!(
            word.lower.as_str(),
            "login" | "credentials" | "creds" | "credential" | "logins"
        );
    let key = !wireless
        && matches!(
            word.lower.as_str(),
            "token" | "key" | "secret" | "bearer" | "tokens" | "keys"
        );
    let door = matches!(word.lower.as_str(), "code" | "codes")
        && matches!(
            said(1),
            "door" | "gate" | "alarm" | "safe" | "entry" | "keypad" | "unlock"
        );
    let pin = door || word.lower == "pin" && &text[word.start..word.end] != "Pin";
    if !(strong || weak || key || pin) {
        return None;
    }
    let from = chunks.partition_point(|(start, _)| *start <= word.start);
    let chunks = &chunks[from..];
    let mut linked = true;
    let mut at_once = true;
    for (start, chunk) in chunks.iter().take(NEAR) {
        let between = &text[word.end..*start];
        // The sentence is over.
        if between.contains(". ")
            || between.contains(['\n', '!', '?'])
            || between.contains(".\u{201d}")
        {
            return None;
        }
        let lower = chunk.to_lowercase();
        if matches!(
            lower.as_str(),
            "" | "is" | "was" | "are" | "=" | ":" | "-" | "to" | "/" | "still" | "now"
        ) {
            continue;
        }
        if lower == word.lower {
            return None;
        }
        if pin && matches!(lower.as_str(), "code" | "number") {
            continue;
        }
        // "the passphrase 'correct horse battery'"
        let quote = text[word.end..*start]
            .chars()
            .next_back()
            .filter(|c| "\"'\u{201c}\u{2018}".contains(*c));
        if strong && linked && quote.is_some() {
            let rest = &text[*start..];
            let end = rest
                .char_indices()
                .take(80)
                .find(|(_, c)| "\"'\u{201d}\u{2019}\n".contains(*c));
            if let Some((end, _)) = end.filter(|(end, c)| *end > 3 && *c != '\n') {
                return Some(*start..*start + end);
            }
        }
        // "passphrase: correct horse battery staple"
        if word.lower == "passphrase" && linked && between.contains(':') {
            let rest = &text[*start..];
            let end = rest.find(['.', ',', ';', '\n']).unwrap_or(rest.len());
            if (3..=8).contains(&rest[..end].split_whitespace().count()) {
                return Some(*start..*start + end);
            }
        }
        let place = *start..*start + chunk.len();
        let address = chunk.contains("://")
            || chunk
                .split_once('@')
                .is_some_and(|(_, host)| host.contains('.'));
        let told = between.contains([':', '='])
            || between.trim_end().ends_with(" is")
            || between.contains(['"', '\u{201c}', '\'']);
        let made_up = is_secretish(chunk) && !address && !super::tickets::looks_like_ticket(chunk);
        if pin {
            let number = chunk.trim_end_matches(['#', '*']);
            let is_number =
                (4..=8).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
            // "the PIN for the meeting is 882211"
            if is_number {
                return (linked || told).then_some(place);
            }
            (linked, at_once) = (false, false);
            continue;
        }
        if key {
            return (linked && made_up && chunk.len() >= 8 && !is_name_with_number(chunk))
                .then_some(place);
        }
        if made_up
            && (strong || chunk.len() >= 8)
            && (at_once || told || !is_name_with_number(chunk))
        {
            return Some(place);
        }
        let number =
            chunk.len() > 3 && chunk.len() < 13 && chunk.bytes().all(|b| b.is_ascii_digit());
        if strong && told && number {
            return Some(place);
        }
        if strong && at_once && chunk.matches('-').count() > 1 && !address {
            return Some(place);
        }
        // "password: summer", "the password is Welcome": one word, and nothing behind it.
        let single = text[place.end..]
            .trim_start_matches(['"', '\'', '\u{201d}', '\u{2019}'])
            .starts_with(['.', ',', ';', ')', '\n', '!'])
            || place.end >= text.trim_end().len();
        if strong
            && linked
            && told
            && single
            && !ORDINARY.contains(&lower.as_str())
            && !address
            && chunk.len() >= 4
        {
            let quoted = between.ends_with(['"', '\'', '\u{201c}']);
            let odd =
                chunk.starts_with(char::is_uppercase) || chunk.bytes().any(|b| b.is_ascii_digit());
            return (quoted || odd || between.contains(':')).then_some(place);
        }
        // "the password is hunter2 for now", "was reset to Winter2025 today"
        let said_so = between.trim_end().ends_with(" is") || between.trim_end().ends_with(" to");
        let mixed = chunk.bytes().any(|b| b.is_ascii_digit())
            && chunk.chars().any(char::is_alphabetic)
            && chunk.bytes().all(|b| b.is_ascii_alphanumeric())
            && chunk.starts_with(|c: char| c.is_alphabetic());
        if strong && said_so && mixed && chunk.len() >= 6 && !address {
            return Some(place);
        }
        linked = false;
        at_once = false;
    }
    None
}
