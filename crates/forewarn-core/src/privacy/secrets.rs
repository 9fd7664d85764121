//! Passwords, keys and tokens: by the forms that issuers give them, by the words before them, by how random they look.

use super::announced::{after_cue, after_user};
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
    "installer",
    "toor",
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
    "pass",
];

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
        if is_argument(&chunks, n) {
            let flag = if chunk.starts_with("-p") { 2 } else { 0 };
            add(start + flag..start + chunk.len());
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
            .chain(hook(chunk))
        {
            add(start + range.start..start + range.end);
        }
    }
    for n in 0..words.len() {
        let announced = after_cue(text, words, n, &chunks);
        if let Some(range) = announced.or_else(|| after_user(words, n, &chunks)) {
            add(range);
        }
    }
}

/// The password that a command is given: `mysql -u root -pHunter22`, `sshpass -p ...`, `/user:corp\jdoe ...`; and the key of a wireless
/// network behind its name.
fn is_argument(chunks: &[(usize, &str)], n: usize) -> bool {
    let said = |back: usize| n.checked_sub(back).map_or("", |at| chunks[at].1);
    let chunk = chunks[n].1;
    let mixed = chunk.bytes().any(|b| b.is_ascii_digit())
        && chunk.bytes().any(|b| b.is_ascii_alphabetic())
        && chunk.len() > 5;
    let glued = chunk.starts_with("-p") && mixed && matches!(said(2), "-u" | "mysql" | "mysqldump");
    let apart = said(1) == "-p" && matches!(said(2), "sshpass" | "login") && chunk.len() > 3;
    let option = matches!(
        said(1),
        "--password" | "--pass" | "--token" | "--secret" | "--api-key"
    ) || (said(1) == "-a" && (2..6).any(|back| said(back) == "redis-cli"))
        || (said(1) == "-w" && (2..12).any(|back| said(back).starts_with("ldap")));
    let apart = apart || option && chunk.len() > 3 && !chunk.starts_with(['-', '$', '<']);
    let joined = said(1).starts_with("/user:") && chunk.len() > 3;
    let wireless = |word: &str| {
        let lower = word.trim_end_matches(':').to_ascii_lowercase();
        matches!(lower.as_str(), "wifi" | "wi-fi" | "wlan" | "ssid")
    };
    let network = said(1) == "/" && mixed && (wireless(said(3)) || wireless(said(4)));
    glued || apart || joined || network
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
    if is_licence(chunk) {
        return Some(0..chunk.len());
    }
    let groups = chunk.split('-').count();
    let six = |group: &str| group.len() == 6 && group.bytes().all(|b| b.is_ascii_digit());
    // What unlocks a disk, whole or in part.
    if (4..=8).contains(&groups) && chunk.split('-').all(six) {
        return Some(0..chunk.len());
    }
    let (bot, token) = chunk.split_once(':')?;
    let is_bot = (8..=10).contains(&bot.len())
        && bot.bytes().all(|b| b.is_ascii_digit())
        && token.len() >= 30
        && key(bot.len() + 1) == token.len();
    is_bot.then_some(0..chunk.len())
}

/// `ABCD1-EFGH2-JKLM3-NPQR4-STUV5`: groups of one size, in capitals and digits.
fn is_licence(chunk: &str) -> bool {
    let mut groups = chunk.split('-');
    let size = groups.clone().next().map_or(0, str::len);
    let sign = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    let mixed =
        chunk.bytes().any(|b| b.is_ascii_digit()) && chunk.bytes().any(|b| b.is_ascii_uppercase());
    (4..=6).contains(&size)
        && (4..=8).contains(&groups.clone().count())
        && groups.all(|group| group.len() == size && group.bytes().all(sign))
        && mixed
}

/// `password=...`, `?token=...`
fn assigned(chunk: &str) -> Option<Range<usize>> {
    if !chunk.contains(['=', ':']) {
        return None;
    }
    let lower = chunk.to_ascii_lowercase();
    for &name in NAMES {
        for sign in ['=', ':'] {
            // `"password":"..."`
            let Some((at, quote)) = lower.find(name).and_then(|at| {
                let rest = &lower[at + name.len()..];
                let quote = rest.len() - rest.trim_start_matches(['"', '\'']).len();
                rest[quote..].starts_with(sign).then_some((at, quote))
            }) else {
                continue;
            };
            let begins = at == 0 || !lower.as_bytes()[at - 1].is_ascii_alphanumeric();
            let start = at + name.len() + quote + 1;
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

/// `https://hooks.chat.example/services/T02AB/x9Yk2mPq7LsRt4`: whoever knows the address may write there.
fn hook(chunk: &str) -> Option<Range<usize>> {
    let at = chunk.find("https://")?;
    let url = chunk[at..].trim_end_matches(|c: char| ".,;:!?)>\"'".contains(c));
    let (host, path) = url["https://".len()..].split_once('/')?;
    let hook = host.starts_with("hooks.")
        || ["webhook", "hooks/", "services/T"]
            .iter()
            .any(|w| path.contains(w));
    let token = path.rsplit('/').next().unwrap_or_default();
    let made_up = token.len() >= 12
        && token.bytes().any(|b| b.is_ascii_digit())
        && token.bytes().any(|b| b.is_ascii_alphabetic());
    (hook && made_up).then(|| at..at + url.len())
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
pub(super) fn is_secretish(token: &str) -> bool {
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
