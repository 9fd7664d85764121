//! Secrets that a word announces: "the password is ...", "door code ...".

use super::secrets::is_secretish;
use crate::review::words::Word;
use std::ops::Range;

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
/// How many bytes from the word on it may be.
const FAR: usize = 1_000;

/// A name with a number is made up only where nothing stands between it and the word "password": `Windows-10`, `MATH-101`.
fn is_name_with_number(token: &str) -> bool {
    let name = token.trim_end_matches(|c: char| c.is_ascii_digit());
    name.len() < token.len()
        && name
            .trim_end_matches('-')
            .bytes()
            .all(|b| b.is_ascii_alphabetic())
}

/// What a word announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cue {
    /// "password": nearly anything may follow.
    Password,
    /// "credentials": what follows must look made up.
    Login,
    /// "token": what follows at once must look made up.
    Key,
    /// "PIN", "door code": digits follow.
    Number,
}

/// What the word at `n` announces, if anything.
fn cue(text: &str, words: &[Word], n: usize) -> Option<Cue> {
    let word = words[n].lower.as_str();
    let said = |back: usize| {
        n.checked_sub(back)
            .map_or("", |at| words[at].lower.as_str())
    };
    let next = words.get(n + 1).map_or("", |w| w.lower.as_str());
    match word {
        "password" | "passwords" | "passwd" | "pwd" | "pw" | "passphrase" | "pass" | "passcode" => {
            Some(Cue::Password)
        }
        "key"
            if matches!(
                said(1),
                "fi" | "wifi" | "wlan" | "wireless" | "wpa" | "network" | "preshared" | "shared"
            ) =>
        {
            Some(Cue::Password)
        }
        "token" | "key" | "secret" | "bearer" | "tokens" | "keys" => Some(Cue::Key),
        "login" | "credentials" | "creds" | "credential" | "logins" => Some(Cue::Login),
        "community" if said(1) == "snmp" || next == "string" => Some(Cue::Login),
        "code" | "codes" if opens(said(1)) || opens_what_follows(words, n) => Some(Cue::Number),
        "pin" if &text[words[n].start..words[n].end] != "Pin" => Some(Cue::Number),
        _ if word.ends_with("password") || word.ends_with("passwd") => Some(Cue::Password),
        _ => None,
    }
}

/// "door code", "one-time code"
fn opens(word: &str) -> bool {
    const THINGS: &[&str] = &[
        "door",
        "gate",
        "alarm",
        "safe",
        "entry",
        "keypad",
        "unlock",
        "time",
        "login",
        "access",
        "verification",
        "confirmation",
        "security",
        "lock",
        "disarm",
        "recovery",
        "backup",
        "host",
        "moderator",
        "conference",
        "dial",
        "emergency",
        "admin",
    ];
    THINGS.contains(&word)
}

/// "the code for the key box", "the code of the barrier"
fn opens_what_follows(words: &[Word], n: usize) -> bool {
    const THINGS: &[&str] = &[
        "door", "gate", "alarm", "safe", "box", "lock", "barrier", "garage", "entrance", "keypad",
        "locker", "cabinet", "rack",
    ];
    let of = words.get(n + 1).map_or("", |w| w.lower.as_str());
    matches!(of, "for" | "of" | "to")
        && words[n + 2..]
            .iter()
            .take(4)
            .any(|w| THINGS.contains(&w.lower.as_str()))
}

/// The secret that a word announces.
pub(super) fn after_cue(
    text: &str,
    words: &[Word],
    n: usize,
    chunks: &[(usize, &str)],
) -> Option<Range<usize>> {
    let cue = cue(text, words, n)?;
    let word = &words[n];
    let from = chunks.partition_point(|(start, _)| *start <= word.start);
    let mut linked = true;
    for (start, chunk) in chunks[from..].iter().take(NEAR) {
        if start - word.end > FAR {
            return None;
        }
        let between = &text[word.end..*start];
        let over = between.contains(". ")
            || between.contains(['\n', '!', '?'])
            || between.contains(".\u{201d}");
        let lower = chunk.to_lowercase();
        if over || lower == word.lower {
            return None;
        }
        let joins = matches!(
            lower.as_str(),
            "" | "is" | "was" | "are" | "=" | ":" | "-" | "to" | "/" | "still" | "now"
        );
        if joins || (cue == Cue::Number && matches!(lower.as_str(), "code" | "number")) {
            continue;
        }
        let candidate = Candidate {
            text,
            chunk,
            start: *start,
            between,
            linked,
        };
        let found = match cue {
            Cue::Number => candidate.number(),
            Cue::Key => return candidate.key(),
            Cue::Login => candidate.made_up(8),
            Cue::Password => candidate.password(words, n),
        };
        if found.is_some() {
            return found;
        }
        linked = false;
    }
    None
}

/// A run of characters behind a word that announces a secret.
struct Candidate<'t> {
    text: &'t str,
    chunk: &'t str,
    start: usize,
    /// What stands between the word and the run.
    between: &'t str,
    /// Nothing but "is" and the like stands between.
    linked: bool,
}

impl Candidate<'_> {
    fn place(&self) -> Range<usize> {
        self.start..self.start + self.chunk.len()
    }

    /// Whether somebody says that this is it: "is", a colon, quotes.
    fn is_told(&self) -> bool {
        self.between.contains([':', '=', '"', '\u{201c}', '\''])
            || self.between.trim_end().ends_with(" is")
    }

    fn is_address(&self) -> bool {
        let host = self.chunk.split_once('@').map_or("", |(_, host)| host);
        self.chunk.contains("://") || host.contains('.')
    }

    /// "the PIN for the meeting is 882211"
    fn number(&self) -> Option<Range<usize>> {
        let number = self.chunk.trim_end_matches(['#', '*']);
        let digits = (4..=8).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
        let told = self.linked || self.is_told() || self.between.trim_end().ends_with(" to");
        if digits && told {
            return Some(self.place());
        }
        // "the host code is 553 901 7", "the recovery codes are 8841-2290 5517-0932"
        let rest = &self.text[self.start..];
        let group = |c: char| c.is_ascii_digit() || c == ' ' || c == '-';
        let groups = rest[..rest.len() - rest.trim_start_matches(group).len()].trim_end();
        let digits = groups.bytes().filter(u8::is_ascii_digit).count();
        let apart = groups.len() > digits && groups.starts_with(|c: char| c.is_ascii_digit());
        (apart && (6..=40).contains(&digits) && told).then(|| self.start..self.start + groups.len())
    }

    fn key(&self) -> Option<Range<usize>> {
        let found = self.made_up(8)?;
        (self.linked && !is_name_with_number(self.chunk)).then_some(found)
    }

    /// What looks made up and has so many characters.
    fn made_up(&self, least: usize) -> Option<Range<usize>> {
        let made_up = is_secretish(self.chunk)
            && self.chunk.len() >= least
            && !self.is_address()
            && !super::tickets::looks_like_ticket(self.chunk);
        let sure = self.linked || self.is_told() || !is_name_with_number(self.chunk);
        (made_up && sure).then(|| self.place())
    }

    fn password(&self, words: &[Word], n: usize) -> Option<Range<usize>> {
        let (chunk, linked) = (self.chunk, self.linked);
        if let Some(several) = self.several(&words[n].lower) {
            return Some(several);
        }
        if let Some(made_up) = self.made_up(1) {
            return Some(made_up);
        }
        let digits = (4..13).contains(&chunk.len()) && chunk.bytes().all(|b| b.is_ascii_digit());
        // "passcode 882914", and not "password 2026"
        let year = chunk.len() == 4 && chunk.starts_with("20");
        let follows = linked && !year && words[n].lower != "pass";
        if digits && (self.is_told() || follows) {
            return Some(self.place());
        }
        if linked && chunk.matches('-').count() > 1 && !self.is_address() {
            return Some(self.place());
        }
        if linked && self.is_one_word(words, n) {
            return Some(self.place());
        }
        // "the password is hunter2 for now", "was reset to Winter2025 today"
        let before = self.between.trim_end();
        let said_so = before.ends_with(" is") || before.ends_with(" to");
        let mixed = chunk.bytes().any(|b| b.is_ascii_digit())
            && chunk.bytes().all(|b| b.is_ascii_alphanumeric())
            && chunk.starts_with(|c: char| c.is_alphabetic());
        (said_so && mixed && chunk.len() >= 6).then(|| self.place())
    }

    /// "the passphrase 'correct horse battery'", "passphrase: correct horse battery staple"
    fn several(&self, word: &str) -> Option<Range<usize>> {
        let rest = &self.text[self.start..];
        let quoted = self.between.ends_with(['"', '\'', '\u{201c}', '\u{2018}']);
        let is = self
            .between
            .trim_end_matches(['"', '\'', '\u{201c}', '\u{2018}']);
        if quoted && (self.linked || is.trim_end().ends_with(" is")) {
            let mut signs = rest.char_indices().take(80);
            let end = signs.find(|(_, c)| "\"'\u{201d}\u{2019}\n".contains(*c));
            if let Some((end, _)) = end.filter(|(end, c)| *end > 3 && *c != '\n') {
                return Some(self.start..self.start + end);
            }
        }
        let colon = self.between.contains(':');
        if word != "passphrase" || !self.linked || !(colon || self.is_told()) {
            return None;
        }
        let end = rest.find(['.', ',', ';', '\n']).unwrap_or(rest.len());
        let several = rest[..end].split_whitespace().count();
        let plain = || {
            !rest[..end]
                .split_whitespace()
                .any(|word| ORDINARY.contains(&word))
        };
        ((3..=8).contains(&several) && (colon || plain())).then_some(self.start..self.start + end)
    }

    /// "password: summer", "the password is Welcome", "user guest and password visitor": one word, and nothing behind it.
    fn is_one_word(&self, words: &[Word], n: usize) -> bool {
        let place = self.place();
        let said = |back: usize| {
            n.checked_sub(back)
                .map_or("", |at| words[at].lower.as_str())
        };
        let user =
            matches!(said(1), "and" | "with") && matches!(said(3), "user" | "username" | "login");
        let single = place.end >= self.text.trim_end().len()
            || self.text[place.end..]
                .trim_start_matches(['"', '\'', '\u{201d}', '\u{2019}'])
                .starts_with(['.', ',', ';', ')', '\n', '!']);
        let fits = (self.is_told() || user)
            && single
            && self.chunk.len() >= 4
            && !self.is_address()
            && !ORDINARY.contains(&self.chunk.to_lowercase().as_str());
        let odd = self.chunk.starts_with(char::is_uppercase)
            || self.chunk.bytes().any(|b| b.is_ascii_digit());
        let quoted = self.between.ends_with(['"', '\'', '\u{201c}']);
        fits && (quoted || odd || user || self.between.contains(':'))
    }
}

/// "Sign in as helpdesk with Summer2025!": what stands behind a user's name.
pub(super) fn after_user(
    words: &[Word],
    n: usize,
    chunks: &[(usize, &str)],
) -> Option<Range<usize>> {
    let said = |back: usize| {
        n.checked_sub(back)
            .map_or("", |at| words[at].lower.as_str())
    };
    let signs_in = words[n].lower == "as"
        && (matches!(said(1), "login" | "logon")
            || matches!(said(1), "in" | "on")
                && matches!(said(2), "sign" | "log" | "signed" | "logged"));
    if !signs_in {
        return None;
    }
    let from = chunks.partition_point(|(start, _)| *start <= words[n].start);
    let behind = chunks.get(from + 1..from + 3)?;
    let [(_, with), (start, secret)] = behind else {
        return None;
    };
    let fits =
        matches!(*with, "with" | "/" | "and") && is_secretish(secret) && !secret.contains('.');
    fits.then(|| *start..start + secret.len())
}
