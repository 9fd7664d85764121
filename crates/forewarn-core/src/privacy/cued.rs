//! What words before a run of characters make of it, whatever it looks like: "Zendesk 441200", "logged as W118204", "the cage door code is
//! 4471*09".

use super::pieces::Piece;
use super::{Kind, Leak};
use std::collections::HashSet;
use std::sync::LazyLock;

/// Cues of one to four words, each joined by spaces.
struct Cues {
    tickets: HashSet<String>,
    long: HashSet<String>,
    never: HashSet<String>,
    public: HashSet<String>,
    keys: HashSet<String>,
    codes: HashSet<String>,
    not_keys: HashSet<String>,
    versions: HashSet<String>,
    not_versions: HashSet<String>,
}

static CUES: LazyLock<Cues> = LazyLock::new(|| {
    let mut cues = Cues {
        tickets: HashSet::new(),
        long: HashSet::new(),
        never: HashSet::new(),
        public: HashSet::new(),
        keys: HashSet::new(),
        codes: HashSet::new(),
        not_keys: HashSet::new(),
        versions: HashSet::new(),
        not_versions: HashSet::new(),
    };
    let mut current = "";
    let lines = include_str!("../../data/review/cues.txt").lines();
    for line in lines.filter(|line| !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            current = name;
            continue;
        }
        let all = line.split_whitespace().map(|cue| cue.replace('=', " "));
        match current {
            "tickets" => cues.tickets.extend(all),
            "tickets-long" => cues.long.extend(all),
            "public-tickets" => cues.public.extend(all),
            "keys" => cues.keys.extend(all),
            "codes" => cues.codes.extend(all),
            "not-keys" => cues.not_keys.extend(all),
            "versions" => cues.versions.extend(all),
            "not-versions" => cues.not_versions.extend(all),
            _ => cues.never.extend(all),
        }
    }
    cues
});

/// Between a cue and its number these say nothing.
const FILLERS: &[&str] = &[
    "no",
    "nr",
    "number",
    "id",
    "ref",
    "reference",
    "is",
    "was",
    "as",
    "the",
    "it",
    "it's",
    "s",
    "we",
    "hold",
    "a",
    "#",
    "internal",
    "still",
    "just",
    "to",
    "now",
    "under",
    "with",
    "-",
    "\u{2013}",
    "=",
    "hash",
    "called",
    "reads",
    "stays",
    "set",
];

/// How many words a cue has at most, and how many fillers may follow it.
const LONGEST: usize = 4;
const MOST_FILLERS: usize = 3;

/// Adds numbers of tickets and what opens something, by the words before them.
pub(super) fn cued(text: &str, pieces: &[Piece<'_>], found: &mut Vec<Leak>) {
    let words: Vec<String> = pieces.iter().map(|piece| plain(piece.text)).collect();
    logins(text, pieces, &words, found);
    for (n, piece) in pieces.iter().enumerate() {
        if !piece.text.is_ascii()
            || piece.text.len() > 60
            || !piece.text.bytes().any(|b| b.is_ascii_digit())
        {
            continue;
        }
        // `tkt#4471`, `ticket:4471`
        let glued = piece
            .text
            .find([':', '#', '='])
            .filter(|at| *at > 0 && piece.text[..*at].bytes().all(|b| b.is_ascii_alphabetic()));
        let (head, run) = match glued {
            Some(at) => (plain(&piece.text[..at]), &piece.text[at + 1..]),
            None => (String::new(), piece.text),
        };
        let run = run.trim_start_matches('#');
        let start = piece.start + (run.as_ptr() as usize - piece.text.as_ptr() as usize);
        let here = Here {
            text,
            pieces,
            words: &words,
            n,
            run,
            end: start + run.len(),
        };
        let kind = if glued.is_some() && CUES.tickets.contains(&head) {
            Some(Kind::TicketId)
        } else {
            here.kind()
        };
        if let Some(kind) = kind {
            found.push(Leak::at(kind, start..here.end));
        }
    }
}

/// "username guest password guest", "password is sunflower.", "the default login is admin/admin": what opens something and has no digit.
fn logins(text: &str, pieces: &[Piece<'_>], words: &[String], found: &mut Vec<Leak>) {
    const USERS: &[&str] = &[
        "admin",
        "root",
        "guest",
        "sa",
        "administrator",
        "installer",
        "toor",
    ];
    let said = |at: usize| words.get(at).map_or("", String::as_str);
    let is_key = |word: &str| {
        matches!(
            word,
            "password" | "passphrase" | "psk" | "pw" | "pwd" | "passcode"
        )
    };
    for (n, piece) in pieces.iter().enumerate() {
        let end = piece.start + piece.text.len();
        let last = text[end..].starts_with(['.', '\n', ')', ',', ';'])
            || text[end..].trim_start().is_empty();
        let (one, two) = (n.saturating_sub(1), n.saturating_sub(2));
        let name = |word: &str| word.len() > 3 && word.bytes().all(|b| b.is_ascii_alphanumeric());
        // A user before: "user NAME password WORD"
        let user = n > 2
            && is_key(said(one))
            && (n.saturating_sub(5)..one).any(|at| {
                matches!(
                    said(at),
                    "user" | "username" | "login" | "log" | "sign" | "as"
                )
            })
            && name(said(n))
            && last
            && said(two) != "your"
            && !is_state(said(n));
        let told = n > 2
            && is_key(said(two))
            && matches!(said(one), "is" | "=" | "still")
            && said(n).len() > 4
            && name(said(n))
            && last
            && !is_state(said(n));
        let quoted = text[..piece.start].ends_with(['"', '\u{201c}'])
            && text[end..].starts_with(['"', '\u{201d}', '.', '!'])
            && (n.saturating_sub(4)..n).any(|at| is_key(said(at)))
            && matches!(
                said(one),
                "is" | "just" | "simply" | "now" | "still" | "to" | "password" | "word"
            );
        let pair = piece
            .text
            .split_once(['/', ':'])
            .is_some_and(|(user, key)| {
                USERS.contains(&user)
                    && key.len() > 3
                    && key.bytes().all(|b| b.is_ascii_graphic() && b != b'/')
            })
            && (n.saturating_sub(4)..n).any(|at| {
                matches!(
                    said(at),
                    "login"
                        | "log"
                        | "creds"
                        | "credentials"
                        | "use"
                        | "default"
                        | "sign"
                        | "with"
                        | "user"
                        | "password"
                )
            });
        // "user svc_backup / b4ckup!"
        let slashed = n > 2
            && said(one) == "/"
            && piece.text.len() > 4
            && piece
                .text
                .bytes()
                .any(|b| b.is_ascii_digit() || b"!$%&#@".contains(&b))
            && (n.saturating_sub(7)..one).any(|at| {
                matches!(
                    said(at),
                    "user"
                        | "username"
                        | "login"
                        | "log"
                        | "sign"
                        | "account"
                        | "creds"
                        | "credentials"
                        | "as"
                        | "with"
                        | "factory"
                        | "default"
                        | "password"
                )
            });
        if user || told || quoted || pair || slashed {
            found.push(Leak::at(Kind::Secret, piece.start..end));
        }
    }
}

/// What is said of a password and is none.
fn is_state(word: &str) -> bool {
    const SAID: &[&str] = &[
        "wrong",
        "safe",
        "weak",
        "secure",
        "unknown",
        "gone",
        "lost",
        "empty",
        "blank",
        "long",
        "short",
        "strong",
        "fine",
        "right",
        "okay",
        "good",
        "yours",
        "stronger",
        "longer",
        "shorter",
        "better",
        "another",
        "instead",
        "visible",
        "private",
        "secret",
        "there",
        "below",
        "above",
        "here",
        "short",
        "open",
        "free",
        "enough",
        "again",
        "first",
        "twice",
        "once",
        "only",
        "needs",
        "manager",
        "reset",
        "change",
        "page",
        "screen",
        "field",
        "link",
        "users",
        "service",
        "hidden",
        "written",
        "shown",
        "known",
        "given",
        "taken",
        "sent",
        "kept",
        "mandatory",
        "optional",
        "temporary",
        "easy",
        "hard",
        "working",
        "problem",
        "problems",
        "login",
        "logins",
        "today",
        "tomorrow",
        "soon",
        "either",
    ];
    SAID.contains(&word)
        || [
            "ed", "ing", "ble", "ect", "lid", "ive", "ent", "ary", "ory", "ly", "que", "ex", "en",
        ]
        .iter()
        .any(|end| word.ends_with(end))
}

fn plain(piece: &str) -> String {
    piece.trim_end_matches(['.', ':', ',']).to_ascii_lowercase()
}

/// A run among its neighbours.
struct Here<'t> {
    text: &'t str,
    pieces: &'t [Piece<'t>],
    words: &'t [String],
    n: usize,
    run: &'t str,
    end: usize,
}

impl Here<'_> {
    fn kind(&self) -> Option<Kind> {
        let digits = self.run.bytes().filter(u8::is_ascii_digit).count();
        let letters = self.run.bytes().filter(u8::is_ascii_alphabetic).count();
        if !self.is_count(digits, letters) && self.is_version(digits, letters) {
            return Some(Kind::Version);
        }
        if digits > 0
            && letters > 0
            && self.run.len() > 5
            && !self.run.contains("://")
            && self.is_after(&CUES.keys, &CUES.not_keys)
        {
            return Some(Kind::Secret);
        }
        let sound = |b: u8| b.is_ascii_alphanumeric() || b"-_/.*#".contains(&b);
        if digits < 2 || self.is_count(digits, letters) || !self.run.bytes().all(sound) {
            return None;
        }
        if self.opens(digits, letters) {
            return Some(Kind::Secret);
        }
        let ticket = !self.run.contains(['.', '*']) && self.is_ticket(digits, letters);
        ticket.then_some(Kind::TicketId)
    }

    fn opens(&self, digits: usize, letters: usize) -> bool {
        let made = self.run.contains(['*', '#'])
            || (digits > 3 && letters == 0)
            || (letters > 0 && digits + letters > 4);
        let short = (4..9).contains(&digits) && digits == self.run.len();
        (made && self.is_after(&CUES.keys, &CUES.not_keys))
            || (short && self.is_after(&CUES.codes, &CUES.not_keys))
            || self.opens_a_door(digits, letters)
            || (self.is_licence() && !self.is_public())
    }

    fn is_ticket(&self, digits: usize, letters: usize) -> bool {
        // "See #4471 for details"
        let marked =
            self.text[..self.end - self.run.len()].ends_with('#') && digits == self.run.len();
        let near = self.n.saturating_sub(5)..(self.n + 3).min(self.words.len());
        let public = || near.clone().any(|at| CUES.never.contains(&self.words[at]));
        // "The issue is 5000 letters": a count.
        let next = self.words.get(self.n + 1).map_or("", String::as_str);
        let counts = digits == self.run.len()
            && next.len() > 4
            && next.ends_with('s')
            && self.text[self.end..].starts_with(' ')
            && !matches!(
                next,
                "stays" | "remains" | "tracks" | "covers" | "describes" | "concerns"
            );
        if counts {
            return false;
        }
        let sure = digits > 3 || letters > 0 || (digits > 2 && self.ends_there());
        let long = digits > 3 && letters < 7 && !self.is_telephone();
        (marked && digits > 3 && !public())
            || (sure && self.is_after(&CUES.tickets, &CUES.public))
            || (long && self.is_after(&CUES.long, &CUES.never))
    }

    /// "patch level 12", "fixpack 8", "release 2026-11"
    fn is_version(&self, digits: usize, letters: usize) -> bool {
        let sound = |b: u8| b.is_ascii_alphanumeric() || b"-_.,".contains(&b);
        let year = self.run.len() == 4
            && digits == 4
            && (self.run.starts_with("19") || self.run.starts_with("20"));
        self.run.bytes().all(sound)
            && !year
            && (1..10).contains(&digits)
            && letters < 4
            && self.ends_there()
            && self.is_after(&CUES.versions, &CUES.not_versions)
    }

    /// "enter 4471 on the keypad", "use code 4471 at the side door"
    fn opens_a_door(&self, digits: usize, letters: usize) -> bool {
        const PLACES: &[&str] = &[
            "door",
            "gate",
            "barrier",
            "keypad",
            "entrance",
            "shutter",
            "cabinet",
            "safe",
            "padlock",
            "turnstile",
            "lock",
            "cage",
            "garage",
        ];
        let before = self
            .n
            .checked_sub(1)
            .map_or("", |at| self.words[at].as_str());
        let next = self.words.get(self.n + 1).map_or("", String::as_str);
        let turns = matches!(next, "opens" | "lets") || matches!(before, "disarm" | "takes");
        let asked = matches!(
            before,
            "enter" | "press" | "type" | "dial" | "code" | "use" | "key" | "keying" | "pin"
        );
        let after = (self.n + 1)..(self.n + 7).min(self.words.len());
        (asked || turns)
            && letters == 0
            && (4..9).contains(&digits)
            && self
                .run
                .bytes()
                .all(|b| b.is_ascii_digit() || b"*#-".contains(&b))
            && after
                .into_iter()
                .any(|at| PLACES.contains(&self.words[at].as_str()))
    }

    /// Whether a word shortly before says that the public has such codes.
    fn is_public(&self) -> bool {
        (self.n.saturating_sub(4)..self.n).any(|at| CUES.not_keys.contains(&self.words[at]))
    }

    /// `ABCD-1234-EFGH` behind "key" or "licence".
    fn is_licence(&self) -> bool {
        let parts: Vec<&str> = self.run.split('-').collect();
        let even = |part: &&str| {
            (4..=6).contains(&part.len())
                && part
                    .bytes()
                    .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        };
        let near = (self.n.saturating_sub(3)..self.n).any(|at| {
            matches!(
                self.words[at].as_str(),
                "key" | "licence" | "license" | "code" | "serial"
            )
        });
        parts.len() > 2 && parts.iter().all(even) && near
    }

    /// Whether one of the cues stands before the run, with nothing but fillers between, and none of the others in the same sentence.
    fn is_after(&self, cues: &HashSet<String>, never: &HashSet<String>) -> bool {
        let mut last = self.n;
        for _ in 0..=MOST_FILLERS {
            if last == 0 || !self.follows(last) {
                return false;
            }
            for length in 1..=LONGEST.min(last) {
                let from = last - length;
                if cues.contains(&self.words[from..last].join(" ")) {
                    let near = from.saturating_sub(4)..(self.n + 3).min(self.words.len());
                    return !near.into_iter().any(|at| never.contains(&self.words[at]));
                }
            }
            last -= 1;
            if !FILLERS.contains(&self.words[last].as_str()) {
                return false;
            }
        }
        false
    }

    /// Whether piece `at` stands in the same sentence as the one before it.
    fn follows(&self, at: usize) -> bool {
        let before = &self.pieces[at - 1];
        let between = &self.text[before.start + before.text.len()..self.pieces[at].start];
        // "Ticket no. 48213"
        let short = matches!(self.words[at - 1].as_str(), "no" | "nr" | "ref" | "tkt");
        short || !(between.contains(['.', '!', '?']) && between.contains(char::is_whitespace))
    }

    /// A year, an hour, a day, a measure, a price.
    fn is_count(&self, digits: usize, letters: usize) -> bool {
        let run = self.run;
        let before = self.text[..self.end - run.len()].chars().next_back();
        let year = letters == 0
            && digits == 4
            && run.len() == 4
            && (run.starts_with("19") || run.starts_with("20"));
        let day = letters == 0
            && (run.matches('/').count() == 2 || run.matches('.').count() > 0)
            && digits < 9;
        let iso = run.len() >= 10
            && run.starts_with("20")
            && run.as_bytes()[4] == b'-'
            && run.as_bytes()[7] == b'-'
            && letters < 3;
        let measure = letters > 0
            && letters < 4
            && run.starts_with(|c: char| c.is_ascii_digit())
            && run[digits..].bytes().all(|b| b.is_ascii_lowercase());
        let clock = self.text[self.end..].starts_with(':')
            && self.text[self.end + 1..].starts_with(|c: char| c.is_ascii_digit());
        year || day
            || iso
            || measure
            || clock
            || before.is_some_and(|c| "$\u{20ac}\u{a3}+".contains(c))
            || self.text[self.end..].trim_start().starts_with('%')
    }

    /// The sentence ends with the run, or says what became of it.
    fn ends_there(&self) -> bool {
        let rest = &self.text[self.end..];
        let next = self.words.get(self.n + 1).map_or("", String::as_str);
        rest.trim_start().is_empty()
            || rest.starts_with(['.', ')', ',', ']', ';', '\n'])
            || matches!(
                next,
                "is" | "was"
                    | "has"
                    | "will"
                    | "went"
                    | "with"
                    | "if"
                    | "for"
                    | "stays"
                    | "remains"
                    | "open"
                    | "closed"
                    | "and"
                    | "on"
                    | "broke"
                    | "of"
                    | "in"
                    | "at"
                    | "from"
            )
    }

    fn is_telephone(&self) -> bool {
        let digits = self.run.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        digits && self.run.starts_with('0') && (9..13).contains(&self.run.len())
    }
}

#[cfg(test)]
mod tests {
    use crate::audience::Level;
    use crate::privacy::{Kind, Known, leaks};

    fn kinds(text: &str) -> Vec<Kind> {
        leaks(text, Level::NonTechnical, &Known::default())
            .iter()
            .map(|leak| leak.kind)
            .collect()
    }

    #[test]
    fn words_before_a_run_make_it_what_it_is() {
        for (text, kind) in [
            ("Zendesk 441200 has the details.", Kind::TicketId),
            ("The incident is logged as Datix W118204.", Kind::TicketId),
            ("Our ref HEAT 774102, and nothing is lost.", Kind::TicketId),
            ("See #4471 for details.", Kind::TicketId),
            ("The cage door code is 4471*09 tonight.", Kind::Secret),
            ("Enter 4471 on the keypad.", Kind::Secret),
            ("The default login is admin/admin.", Kind::Secret),
            ("The Wi-Fi password is sunflower.", Kind::Secret),
            ("Use the SNMP string p0rt3rs-RW for it.", Kind::Secret),
            ("The tills are at patch level 12.", Kind::Version),
            ("Fixpack 8 broke the receipts.", Kind::Version),
        ] {
            assert_eq!(kinds(text), [kind], "{text}");
        }
    }

    #[test]
    fn counts_and_what_readers_have_themselves_are_none() {
        for text in [
            "The ticket costs 12 EUR; tickets 1200 to 1300 are sold.",
            "RFC 3339 dates are used.",
            "Bring ticket 12 to the counter.",
            "The issue is 5000 letters that were not sent.",
            "Your password is wrong.",
            "Incident number 10",
            "Incident 12: the library is closed",
            "The area code is 0131.",
            "Use the discount code 20264 at the till.",
            "The press release 26 November is out.",
            "The fault began at 10:30 and ended by 11:15.",
        ] {
            assert_eq!(kinds(text), [], "{text}");
        }
    }
}
