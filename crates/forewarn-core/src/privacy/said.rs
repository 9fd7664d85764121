//! What the words beside a run of characters say that it is, whatever it looks like: the number of a ticket, a version, a login.

use super::known::Known;
use super::pieces::Piece;
use super::{Kind, Leak};
use crate::review::words::Word;

/// Before a number, these say that work is kept under it.
const TRACKED: &[&str] = &[
    "ticket",
    "tickets",
    "case",
    "incident",
    "bug",
    "jira",
    "defect",
    "tracked",
    "logged",
    "escalated",
    "filed",
    "issue",
    "servicenow",
    "change",
    "problem",
    "rca",
    "task",
    "noc",
    "pagerduty",
    "fault",
    "trouble",
    "ref",
    "reference",
    "acknowledged",
];

/// Behind a number, these say that something becomes of it.
const BECOMES: &[&str] = &[
    "is", "was", "went", "has", "will", "failed", "caused", "stays", "remains", "broke", "for",
    "with",
];

/// Before a number, these say that it is a customer's own, a place or a count.
const CUSTOMERS: &[&str] = &[
    "your", "order", "orders", "booking", "invoice", "room", "course", "flight", "form", "policy",
    "code", "voucher", "coupon", "serial", "since", "until", "about", "over", "some", "all",
    "than", "affects", "affected", "for", "phone", "call", "tel", "page", "step", "claim",
    "locker", "model",
];

/// Before a run with digits, these say that it is a version.
const VERSIONS: &[&str] = &[
    "version",
    "release",
    "build",
    "revision",
    "rev",
    "firmware",
    "kernel",
    "driver",
    "upgraded",
    "upgrade",
    "downgraded",
    "rolled",
    "reverted",
    "signature",
    "signatures",
    "patch",
    "patched",
    "software",
    "image",
    "tag",
    "bios",
];

/// Right before a number, these say that it is a program's.
const PROGRAMS: &[&str] = &[
    "version", "release", "build", "firmware", "revision", "rev", "set", "patch", "hotfix",
];

/// Before digits and a `#`, these say that they open something.
const LOCKS: &[&str] = &[
    "pin",
    "code",
    "passcode",
    "bridge",
    "opens",
    "conference",
    "lock",
    "box",
    "gate",
    "door",
];

/// Before a name and what opens its account.
const ACCOUNTS: &[&str] = &[
    "user",
    "login",
    "account",
    "credentials",
    "creds",
    "as",
    "admin",
    "username",
];

/// Adds what only the words beside it tell.
pub(super) fn said(
    text: &str,
    pieces: &[Piece<'_>],
    words: &[Word],
    known: &Known,
    found: &mut Vec<Leak>,
) {
    for (n, piece) in pieces.iter().enumerate() {
        let run = piece.text.trim_end_matches([',', ';']);
        if !(3..=60).contains(&run.len())
            || !run.is_ascii()
            || !run.bytes().any(|b| b.is_ascii_digit())
            || known.allows(run)
        {
            continue;
        }
        let beside = Beside {
            text,
            pieces,
            n,
            run,
        };
        let kind = if beside.opens() {
            Kind::Secret
        } else if beside.is_version(words) {
            Kind::Version
        } else if beside.is_ticket() {
            Kind::TicketId
        } else {
            continue;
        };
        found.push(Leak::at(kind, piece.start..piece.start + run.len()));
    }
}

/// A run of characters among its neighbours.
struct Beside<'t> {
    text: &'t str,
    pieces: &'t [Piece<'t>],
    n: usize,
    run: &'t str,
}

impl Beside<'_> {
    /// Whether one of the words stands among so many before it.
    fn near(&self, most: usize, list: &[&str]) -> bool {
        let before = &self.pieces[self.n.saturating_sub(most)..self.n];
        let lower = |piece: &Piece<'_>| piece.text.trim_end_matches(',').to_ascii_lowercase();
        before
            .iter()
            .any(|piece| list.contains(&lower(piece).as_str()))
    }

    fn opens(&self) -> bool {
        (is_login(self.run) && self.near(3, ACCOUNTS))
            || (is_bridge(self.run) && self.near(6, LOCKS))
            || is_strong(self.run)
            || (is_chosen(self.run) && is_asked(self.pieces, self.n))
    }

    fn is_version(&self, words: &[Word]) -> bool {
        let piece = &self.pieces[self.n];
        // "the r2219 release"
        let next = self.pieces.get(self.n + 1).map_or("", |next| next.text);
        let follows = next == "LTS"
            || (matches!(next, "release" | "build" | "version")
                && self.text[..piece.start].ends_with("the "));
        let said = (self.near(3, VERSIONS) || follows) && !self.near(3, CUSTOMERS);
        let release = is_release(self.run) || (is_counted(self.run) && self.near(1, PROGRAMS));
        let timed = self.near(1, &["at", "by", "until", "takes"]);
        is_image(self.run)
            || is_state(self.run)
            || (release && said && !timed)
            || is_quad(self.run, self.text, words, piece)
    }

    fn is_ticket(&self) -> bool {
        let theirs = !self.near(4, CUSTOMERS);
        is_key(self.run)
            || (theirs && is_made(self.run))
            || (theirs && is_number_of(self.run) && self.near(3, TRACKED))
            || (theirs || self.near(1, &["order", "ref"]))
                && is_filed(self.pieces, self.n, self.run, self.text)
    }
}

/// `superadmin:Tr0mb0ne77`: a name and what opens its account.
fn is_login(run: &str) -> bool {
    let (name, key) = run.split_once(':').unwrap_or_default();
    let mixed =
        key.bytes().any(|b| b.is_ascii_alphabetic()) && key.bytes().any(|b| b.is_ascii_digit());
    name.len() > 2
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        && key.len() > 5
        && mixed
        && !key.contains(['/', ':'])
}

/// `portal:v12`, `main@9fceb02`: a state of a program.
fn is_state(run: &str) -> bool {
    let small = |part: &str| {
        part.len() > 2
            && part
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_/".contains(&b))
    };
    let tagged = run.split_once(":v").is_some_and(|(name, tag)| {
        small(name) && !tag.is_empty() && tag.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    });
    let at = run.split_once('@').is_some_and(|(name, hash)| {
        small(name)
            && (7..=40).contains(&hash.len())
            && hash.bytes().all(|b| b.is_ascii_hexdigit())
            && hash.bytes().any(|b| b.is_ascii_digit())
    });
    tagged || at
}

/// `node:20-alpine3.19`: an image of a program, and its state.
fn is_image(run: &str) -> bool {
    let (name, tag) = run.rsplit_once(':').unwrap_or_default();
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-/".contains(&b);
    let numbered = tag.starts_with(|c: char| c.is_ascii_digit()) && tag.contains(['.', '-']);
    name.len() > 2
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(plain)
        && numbered
        && tag.bytes().all(plain)
        && tag.bytes().any(|b| b.is_ascii_alphabetic())
        && !tag.ends_with("am")
        && !tag.ends_with("pm")
}

/// `2411` of "release 2411", and no number of telephones that were upgraded.
fn is_counted(run: &str) -> bool {
    (4..7).contains(&run.len())
        && run.bytes().all(|b| b.is_ascii_digit())
        && !run.starts_with("20")
        && !run.starts_with("19")
}

/// `7u2`, `22H2`, `r2219`, `4.2.1-p4`: what stands behind "version" or "rolled back to".
fn is_release(run: &str) -> bool {
    let digits =
        |part: &str| !part.is_empty() && part.len() < 7 && part.bytes().all(|b| b.is_ascii_digit());
    let lower = run.to_ascii_lowercase();
    let half = lower.len() == 4 && (lower.ends_with("h1") || lower.ends_with("h2"));
    let lettered = ['u', 'p', 'e'].iter().any(|letter| {
        lower.split_once(*letter).is_some_and(|(one, other)| {
            digits(one) && digits(other) && one.len() < 4 && other.len() < 4
        })
    });
    let revision = lower.strip_prefix('r').is_some_and(|number| {
        number.len() > 2
            && number
                .split('.')
                .all(|part| digits(part) || part.len() == 8)
    });
    let both = lower
        .strip_prefix('v')
        .and_then(|rest| rest.split_once('r'))
        .is_some_and(|(one, other)| digits(one) && digits(other));
    let stage = lower.split('-').next().unwrap_or_default();
    let long_term =
        stage.matches('.').count() == 1 && stage.len() < 6 && stage.split('.').all(digits);
    let dotted = (stage.matches('.').count() > 1 || long_term)
        && stage.trim_start_matches('v').split('.').all(digits);
    half || lettered || both || revision || dotted
}

/// `5.8.0.2`, `6.4.1.0207` where somebody speaks of software, or where it cannot be an address in a network.
fn is_quad(run: &str, text: &str, words: &[Word], piece: &Piece<'_>) -> bool {
    let parts: Vec<&str> = run.split('.').collect();
    let number =
        |part: &&str| (1..6).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    if parts.len() != 4 || !parts.iter().all(number) {
        return false;
    }
    let address = parts.iter().all(|part| {
        part.parse::<u32>().is_ok_and(|n| n < 256) && (part.len() == 1 || !part.starts_with('0'))
    });
    let first = words.partition_point(|w| w.end <= piece.start);
    let around = &words[first.saturating_sub(6)..(first + 8).min(words.len())];
    let software = around.iter().any(|w| {
        VERSIONS.contains(&w.lower.as_str())
            || matches!(
                w.lower.as_str(),
                "versions" | "upgrades" | "update" | "updated"
            )
    });
    let day = parts[3].len() == 4 && text[..piece.start].ends_with("on ");
    (software || (!address && parts[0].len() < 3)) && !day
}

/// `Q1ZK8WJ4TTB0PM`, `infra-339`, `48,512`: a run that work may be kept under.
fn is_number_of(run: &str) -> bool {
    let run = run.trim_start_matches('#');
    let digits = run.bytes().filter(u8::is_ascii_digit).count();
    let letters = run.bytes().filter(u8::is_ascii_alphabetic).count();
    let plain = run
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-_/".contains(&b));
    let keyed = run.contains('-')
        && run.starts_with(|c: char| c.is_ascii_alphabetic())
        && digits > 2
        && letters < 10;
    let mixed =
        letters > 2 && digits > 2 && run.len() > 9 && !run.bytes().any(|b| b.is_ascii_lowercase());
    // A telephone begins with nought, and a day ends with its year.
    let day = run.len() == 10 && run.matches('-').count() == 2;
    let telephone = run.starts_with('0') && run.len() > 9;
    let long = digits > 6 && letters < 5 && !run.contains('/') && !day && !telephone;
    plain && (keyed || mixed || long) && !is_year_range(run)
}

/// `PD-Q0X1Y2Z3`: a key, and letters and digits as only a program makes them up.
fn is_made(run: &str) -> bool {
    let (key, rest) = run.split_once('-').unwrap_or_default();
    let plain = |part: &str| {
        part.bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    (2..5).contains(&key.len())
        && key.bytes().all(|b| b.is_ascii_uppercase())
        && (6..14).contains(&rest.len())
        && plain(rest)
        && turns(rest) > 2
}

/// How often letters and digits take turns.
pub(super) fn turns(part: &str) -> usize {
    part.as_bytes()
        .windows(2)
        .filter(|two| two[0].is_ascii_digit() != two[1].is_ascii_digit())
        .count()
}

/// "Change 2231 went wrong", "work order 55120", "call ref 4471882", `M2611 0234`: a number by itself, where words make it a piece of work.
fn is_filed(pieces: &[Piece<'_>], n: usize, run: &str, text: &str) -> bool {
    let before = |back: usize| {
        n.checked_sub(back)
            .map_or(String::new(), |at| pieces[at].text.to_ascii_lowercase())
    };
    let next = pieces.get(n + 1).map_or("", |next| next.text);
    let digits = run.len() > 3 && run.bytes().all(|b| b.is_ascii_digit());
    let year = run.len() == 4 && (run.starts_with("19") || run.starts_with("20"));
    let end = text[pieces[n].start + run.len()..].trim_start_matches(' ');
    let ends = end.is_empty() || end.starts_with(['.', ',', ';', ')', '\n']);
    let one = before(1);
    let work = (one == "order" && before(2) == "work") || (one == "ref" && before(2) == "call");
    let noted = matches!(
        one.as_str(),
        "change" | "problem" | "incident" | "case" | "task"
    ) && (BECOMES.contains(&next) || ends)
        && !matches!(before(2).as_str(), "the" | "a" | "to");
    let theirs = matches!(one.as_str(), "ref" | "reference") && next == "with";
    // `I 2611 0093` of a service desk that counts by year and month
    let monthly = digits && run.len() == 4 && {
        let month = one.trim_start_matches(['m', 'i', 'w', 'c', 'k']);
        month.len() == 4
            && month.bytes().all(|b| b.is_ascii_digit())
            && (month.len() < one.len() || matches!(before(2).as_str(), "i" | "m" | "w"))
            && matches!(
                &month[2..],
                "01" | "02" | "03" | "04" | "05" | "06" | "07" | "08" | "09" | "10" | "11" | "12"
            )
    };
    monthly || digits && !year && (work || noted || theirs)
}

/// `882019#`: what opens a conference.
fn is_bridge(run: &str) -> bool {
    run.strip_suffix('#')
        .is_some_and(|digits| digits.len() > 3 && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// `infra-339`, `WO-118-0042`: keys that nothing else has, with their numbers.
fn is_key(run: &str) -> bool {
    const SMALL: &[&str] = &[
        "infra", "ops", "sre", "netops", "devops", "itsm", "helpdesk", "jira", "secops",
        "sysadmin", "tkt", "inc", "chg", "prb", "platform", "webops",
    ];
    const LARGE: &[&str] = &["WO", "INC", "CHG", "PRB", "REQ", "RITM", "TKT", "CRQ", "SR"];
    let (key, number) = run.split_once('-').unwrap_or_default();
    let digits = |part: &str| part.len() > 1 && part.bytes().all(|b| b.is_ascii_digit());
    (SMALL.contains(&key) && digits(number))
        || (LARGE.contains(&key) && number.contains('-') && number.split('-').all(digits))
}

/// `P@ssw0rd`: small and large letters, digits, and a sign among them.
fn is_strong(run: &str) -> bool {
    let any = |is: fn(&u8) -> bool| run.as_bytes().iter().any(is);
    // However it is written, it is the word.
    let word = run
        .to_ascii_lowercase()
        .replace('0', "o")
        .replace(['@', '4'], "a")
        .replace(['$', '5'], "s");
    // An address, or money: `US$20bn`.
    let money = ["S$", "Z$", "A$", "K$"]
        .iter()
        .any(|sign| run.contains(sign));
    if run.contains(['.', '/', ':']) || money {
        return false;
    }
    if word.contains("password") && any(u8::is_ascii_digit) {
        return true;
    }
    let inner = &run[1..run.len() - 1];
    (6..25).contains(&run.len())
        && any(u8::is_ascii_lowercase)
        && any(u8::is_ascii_uppercase)
        && any(u8::is_ascii_digit)
        && inner.contains(['@', '!', '$', '%', '^', '&', '*'])
}

/// `hunter2`, `Blue-Heron-19`: letters and digits that somebody chose.
fn is_chosen(run: &str) -> bool {
    let letters = run.bytes().filter(u8::is_ascii_alphabetic).count();
    let digits = run.bytes().filter(u8::is_ascii_digit).count();
    run.len() > 5 && letters > 2 && digits > 0 && !run.contains(['.', '/', ':', '\\'])
}

/// "... as password", "say ... when asked for the pass phrase", "psk for the wifi: ...": words that ask for what opens something.
fn is_asked(pieces: &[Piece<'_>], n: usize) -> bool {
    let said = |at: usize| {
        pieces
            .get(at)
            .map_or("", |piece| piece.text.trim_end_matches(':'))
    };
    let key = |word: &str| {
        matches!(
            word.to_ascii_lowercase().as_str(),
            "password" | "passphrase" | "passcode" | "psk" | "passwort"
        )
    };
    let as_password = said(n + 1) == "as" && (key(said(n + 2)) || key(said(n + 3)));
    let asked = (n + 1..n + 8).any(|at| said(at) == "when" && said(at + 1) == "asked")
        && (n + 2..n + 9)
            .any(|at| key(said(at)) || (said(at) == "pass" && said(at + 1) == "phrase"));
    let phrase = (n.saturating_sub(4)..n).any(|at| said(at) == "key" && said(at + 1) == "phrase");
    let psk = phrase || (n.saturating_sub(5)..n).any(|at| said(at).eq_ignore_ascii_case("psk"));
    as_password || asked || psk
}

fn is_year_range(run: &str) -> bool {
    run.starts_with("20") && run.bytes().all(|b| b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use crate::audience::Level;
    use crate::privacy::{Kind, Known, leaks};

    #[test]
    fn the_words_beside_a_run_say_what_it_is() {
        let kinds = |text: &str| -> Vec<Kind> {
            leaks(text, Level::NonTechnical, &Known::default())
                .iter()
                .map(|leak| leak.kind)
                .collect()
        };
        for (text, kind) in [
            ("Log on with user superadmin:Tr0mb0ne77.", Kind::Secret),
            ("Log in with guest and hunter2 as password.", Kind::Secret),
            ("The key box opens with 7731#.", Kind::Secret),
            ("If asked, enter P@ssw0rd twice.", Kind::Secret),
            ("We set it to the old version (5.8.0.2).", Kind::Version),
            ("It runs the image node:20-alpine3.19.", Kind::Version),
            ("Rolled back to the r2219 release.", Kind::Version),
            (
                "The till software release 2411 broke receipts.",
                Kind::Version,
            ),
            ("any news on infra-339? clinics are calling", Kind::TicketId),
            ("Change 2231 went wrong last night.", Kind::TicketId),
            ("The crew has work order 55120.", Kind::TicketId),
            ("We keep it as I 2611 0093.", Kind::TicketId),
            (
                "Civica's system is down (their ref CIV-INC-338120).",
                Kind::TicketId,
            ),
        ] {
            assert_eq!(kinds(text), [kind], "{text}");
        }
        for text in [
            "Change 2000 passwords by Friday.",
            "Your order 5512 0093 is on its way.",
            "Call 0800 111 4422, option 2.",
            "The meeting is at 10:30-11:15 in room 2.411.",
            "The release in 2026 changed that.",
            "Your reference is AB-20938841.",
            "There were 8.4 million visits.",
            "As of 2026-11-04T10:30:00Z all services are restored.",
            "Office365 users will be asked for their password again.",
            "The fund lost US$20bn.",
            "The page is id.example.ac.uk/password2.",
            "Dial in and press 1234#.",
            "Report a fault on 03456001234.",
            "If there is trouble, ring 01632960123.",
            "The change on 04-10-2026 is cancelled.",
            "Bring your reference 88213 with you.",
            "Meet us in Detroit, MI 48226.",
            "We upgraded 1200 phones.",
            "The new system was rolled out to 1500 users.",
            "The upgrade begins at 22.30 tonight.",
            "The upgrade takes 2h30.",
            "We are open:9-5pm on Monday.",
            "The outage had a length of undefined duration.",
            "The delay is not a function of load.",
            "Write to helpdesk.stmarys@gmail.com or reunion1994@example.edu.",
            "The key-stage-2 pupils had jabs.",
            "The pupils had anti-covid-19 jabs.",
            "Press ctrl-c to copy; the clock is gmt-5; a bmw-3 waits.",
            "Watch it on radio4 tonight, and the film agent-007.",
            "See www.lhs.lausd.k12.ca.us for dates.",
            "Call five five five dash one two one two.",
        ] {
            assert_eq!(kinds(text), [], "{text}");
        }
    }
}
