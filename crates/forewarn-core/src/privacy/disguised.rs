//! What is written so that its usual form is gone: an address with "at" and "point", a number spelled out, a path read aloud, a key among
//! the words that say what it opens. Whoever writes in haste disguises nothing on purpose; readers see through it all the same.

use super::lists::LISTS;
use super::spoken::{DIGITS, LARGER};
use super::{Kind, Leak};

/// A run of letters and digits.
struct Atom<'t> {
    start: usize,
    end: usize,
    text: &'t str,
    lower: String,
}

/// Runs longer than this are no words.
const LONGEST: usize = 200;

/// Words that an inner number stands near.
const TRACKERS: &[&str] = &[
    "ticket",
    "tkt",
    "tracker",
    "tracks",
    "tool",
    "jira",
    "bugzilla",
    "register",
    "record",
    "incident",
    "problem",
    "postmortem",
    "backlog",
    "vorgangsnummer",
    "vorgang",
    "internally",
    "writeup",
    "card",
    "developers",
    "servicenow",
    "raised",
    "logged",
    "servicedesk",
    "helpdesk",
    "case",
    "sr",
    "tt",
];
/// Words that something which opens stands near.
const OPENERS: &[&str] = &[
    "pin",
    "password",
    "passphrase",
    "pass",
    "phrase",
    "passcode",
    "login",
    "logon",
    "credentials",
    "secret",
    "unlock",
    "unlocks",
    "opens",
    "root",
    "admin",
    "sudo",
    "community",
    "keypad",
    "prompt",
    "console",
    "luks",
    "sasl",
    "snmp",
    "svc",
    "mongo",
    "p12",
    "pfx",
    "keystore",
    "vault",
    "seed",
];
/// Near these a number is the reader's own, or everybody's.
const PUBLIC: &[&str] = &[
    "your",
    "you",
    "call",
    "ring",
    "dial",
    "phone",
    "telephone",
    "text",
    "press",
    "bus",
    "train",
    "flight",
    "room",
    "platform",
    "line",
    "channel",
    "area",
    "sort",
    "postcode",
    "order",
    "booking",
    "parcel",
    "seat",
    "seats",
    "fare",
    "eur",
    "gbp",
    "usd",
    "chf",
    "fax",
    "tel",
    "sms",
    "iban",
    "isbn",
    "vat",
    "score",
    "goals",
];
/// Words near which two numbers with a point are the state of a program.
const PROGRAMS: &[&str] = &[
    "version", "release", "releases", "software", "firmware", "driver", "engine", "moved",
    "rolled", "upgrade", "upgraded", "updated", "patch", "patched", "build",
];

/// Adds what hides behind another form.
pub(super) fn disguised(text: &str, found: &mut Vec<Leak>) {
    let atoms = atoms(text);
    let all = Atoms { text, atoms };
    for n in 0..all.atoms.len() {
        let leak = all
            .number(n)
            .or_else(|| all.points(n))
            .or_else(|| all.path(n))
            .or_else(|| all.mail(n))
            .or_else(|| all.joined(n))
            .or_else(|| all.seed(n))
            .or_else(|| all.machine(n))
            .or_else(|| all.state(n))
            .or_else(|| all.parted(n));
        found.extend(leak);
    }
    all.keys(found);
}

fn atoms(text: &str) -> Vec<Atom<'_>> {
    let mut all = Vec::new();
    for run in text.split(|c: char| !c.is_alphanumeric()) {
        if run.is_empty() || run.len() > LONGEST {
            continue;
        }
        let start = run.as_ptr() as usize - text.as_ptr() as usize;
        all.push(Atom {
            start,
            end: start + run.len(),
            text: run,
            lower: run.to_lowercase(),
        });
    }
    all
}

struct Atoms<'t> {
    text: &'t str,
    atoms: Vec<Atom<'t>>,
}

impl Atoms<'_> {
    fn said(&self, n: usize) -> &str {
        self.atoms.get(n).map_or("", |atom| atom.lower.as_str())
    }

    fn as_written(&self, n: usize) -> &str {
        self.atoms.get(n).map_or("", |atom| atom.text)
    }

    /// What stands between an atom and the next.
    fn gap(&self, n: usize) -> &str {
        match (self.atoms.get(n), self.atoms.get(n + 1)) {
            (Some(one), Some(two)) => &self.text[one.end..two.start],
            _ => "\n",
        }
    }

    /// Whether one of a list stands among so many before and behind.
    fn near(&self, n: usize, before: usize, behind: usize, list: &[&str]) -> bool {
        (n.saturating_sub(before)..(n + behind + 1).min(self.atoms.len()))
            .any(|at| list.contains(&self.said(at)))
    }

    fn leak(&self, kind: Kind, first: usize, last: usize) -> Option<Leak> {
        Some(Leak::at(
            kind,
            self.atoms.get(first)?.start..self.atoms.get(last)?.end,
        ))
    }

    /// "seven-oh-nine-one-three in our tracker"
    fn number(&self, n: usize) -> Option<Leak> {
        let spelled = |at: usize| DIGITS.contains(&self.said(at));
        let large = |at: usize| LARGER.contains(&self.said(at));
        let goes_on =
            |at: usize| matches!(self.gap(at), " " | "-") && (spelled(at + 1) || large(at + 1));
        let begun = n > 0 && goes_on(n - 1) && (spelled(n - 1) || large(n - 1));
        if begun || !spelled(n) && !large(n) {
            return None;
        }
        let mut last = n;
        while goes_on(last) && last < n + 24 {
            last += 1;
        }
        let digits = (n..=last).filter(|at| spelled(*at)).count();
        if last - n < 2 || self.near(n, 6, 0, PUBLIC) {
            return None;
        }
        let (ticket, key) = (self.near(n, 6, 0, TRACKERS), self.near(n, 6, 0, OPENERS));
        if key && digits > 3 {
            return self.leak(Kind::Secret, n, last);
        }
        // Nobody joins digits with hyphens but who spells a number out.
        let joined = digits > 3 && (n..last).all(|at| self.gap(at) == "-");
        let tracked = ticket || joined || self.near(last, 0, 4, TRACKERS);
        (tracked && (digits > 2 || last - n > 2)).then_some(())?;
        self.leak(Kind::TicketId, n, last)
    }

    /// "moved from four point one to four point two"
    fn points(&self, n: usize) -> Option<Leak> {
        let spelled =
            |at: usize| DIGITS.contains(&self.said(at)) || LARGER.contains(&self.said(at));
        let measure = [
            "million", "billion", "percent", "per", "times", "seconds", "minutes", "hours",
            "degrees", "metres", "miles", "pounds", "euros", "stars", "litres", "thousand",
        ];
        (spelled(n)
            && self.said(n + 1) == "point"
            && spelled(n + 2)
            && !measure.contains(&self.said(n + 3))
            && self.near(n, 12, 6, PROGRAMS))
        .then_some(())?;
        self.leak(Kind::Version, n, n + 2)
    }

    /// "opt slash dcs slash spool"
    fn path(&self, n: usize) -> Option<Leak> {
        let is_slash = |at: usize| matches!(self.said(at), "slash" | "backslash");
        if !is_slash(n) || n == 0 || is_slash(n - 1) || n > 1 && is_slash(n - 2) {
            return None;
        }
        let mut last = n;
        while last < n + 40 && (is_slash(last) || is_slash(last + 1)) {
            last += 1;
        }
        let slashes = (n..=last).filter(|at| is_slash(*at)).count();
        let kind = match self.said(n - 1) {
            "wiki" | "go" | "intranet" | "http" | "https" => Kind::InternalUrl,
            _ => Kind::FilePath,
        };
        (slashes > 1).then_some(())?;
        self.leak(kind, n - 1, last.min(self.atoms.len() - 1))
    }

    /// `osei.nk -at- example.org`, "d underscore pryce at example dot org"
    fn mail(&self, n: usize) -> Option<Leak> {
        if self.said(n) != "at" || n == 0 {
            return None;
        }
        let marked = self.gap(n - 1).trim() != "" && self.gap(n).trim() != "";
        let sign = self.said(n + 1) == "sign";
        let from = n + 1 + usize::from(sign);
        // The domain: names with dots, written or said.
        let mut last = from;
        let mut dots = 0;
        while last < from + 10 {
            let gap = self.gap(last);
            if gap == "." && self.said(last + 1).len() > 1 {
                (last, dots) = (last + 1, dots + 1);
            } else if gap == "-" {
                last += 1;
            } else if matches!(self.said(last + 1), "dot" | "point") && last + 2 < self.atoms.len()
            {
                (last, dots) = (last + 2, dots + 1);
            } else {
                break;
            }
        }
        let ends = self.said(last);
        let sound = dots > 0
            && (2..9).contains(&ends.len())
            && ends.bytes().all(|b| b.is_ascii_alphabetic());
        const MAILED: &[&str] = &[
            "underscore",
            "dot",
            "mail",
            "mailed",
            "email",
            "letter",
            "firstletter",
        ];
        let named = self.gap(n.saturating_sub(2)) == "." || self.gap(n - 1).contains(['-', '(']);
        let mailed = marked && named || sign || self.near(n, 6, 0, MAILED) && !marked_end(self, n);
        (sound && mailed && !LISTS.desks.contains(self.said(n - 1))).then_some(())?;
        let mut first = n - 1;
        while first > 0
            && n - first < 8
            && (matches!(self.gap(first - 1), "." | "_" | "-")
                || matches!(self.said(first - 1), "dot" | "underscore" | "dash")
                || matches!(self.said(first), "dot" | "underscore" | "dash"))
        {
            first -= 1;
        }
        self.leak(Kind::EmailAddress, first, last)
    }

    /// `OPS:3391`, `PRB/4410/26`, a dash that is no hyphen, "SMSC dash 204", "tkt no 55 210"
    fn joined(&self, n: usize) -> Option<Leak> {
        let name = self.as_written(n);
        let digits = |at: usize| {
            let run = self.as_written(at);
            (!run.is_empty() && run.bytes().all(|b| b.is_ascii_digit())).then_some(run.len())
        };
        let capitals = (2..7).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_uppercase());
        if capitals && !PUBLIC.contains(&self.said(n)) {
            let told = matches!(self.said(n + 1), "dash" | "hyphen");
            let at = n + 1 + usize::from(told);
            let count = digits(at).unwrap_or(0);
            let odd = matches!(
                self.gap(n),
                "\u{2010}" | "\u{2011}" | "\u{2012}" | "\u{2013}"
            );
            let year = count == 4 && self.as_written(at).starts_with("20");
            let tracked = !year && self.near(n, 6, 4, TRACKERS);
            let sound = told && count > 2
                || odd && count > 3
                || matches!(self.gap(n), ":" | "/") && count > 3
                || self.gap(n) == " " && count > 3 && tracked && !self.near(n, 4, 3, PUBLIC);
            if sound {
                return self.leak(Kind::TicketId, n, at);
            }
        }
        // `[ServiceDesk ~ 44129]`
        let signed = n > 0
            && matches!(self.gap(n - 1).trim(), "~" | "~#" | ":#")
            && TRACKERS.contains(&self.said(n - 1))
            && digits(n).is_some_and(|count| count > 3);
        if signed {
            return self.leak(Kind::TicketId, n, n);
        }
        // Two groups with a space, where a tracker is spoken of.
        let (one, two) = (digits(n)?, digits(n + 1)?);
        let before = n > 0 && self.gap(n - 1) == " " && digits(n - 1).is_some();
        let groups = self.gap(n) == " " && !before && (1..4).contains(&one) && two > 2;
        (groups
            && one + two > 4
            && self.near(n, 5, 0, TRACKERS)
            && !self.near(n, 5, 3, PUBLIC)
            && !plural(self.said(n + 2))
            && !plural(self.said(n + 3)))
        .then_some(())?;
        self.leak(Kind::TicketId, n, n + 1)
    }

    /// `JBSW Y3DP EHPK 3PXP`: the seed of a second factor, in the alphabet of RFC 4648, section 6.
    fn seed(&self, n: usize) -> Option<Leak> {
        let group = |at: usize| {
            let run = self.as_written(at);
            run.len() == 4
                && run
                    .bytes()
                    .all(|b| b.is_ascii_uppercase() || (b'2'..=b'7').contains(&b))
        };
        let goes_on = |at: usize| self.gap(at) == " " && group(at + 1);
        if !group(n) || n > 0 && goes_on(n - 1) && group(n - 1) {
            return None;
        }
        let mut last = n;
        while goes_on(last) && last < n + 24 {
            last += 1;
        }
        let mixed = (n..=last).filter(|at| {
            let run = self.as_written(*at);
            run.bytes().any(|b| b.is_ascii_digit()) && run.bytes().any(|b| b.is_ascii_uppercase())
        });
        (last - n > 2 && mixed.count() > 1 && !self.near(n, 4, 0, PUBLIC)).then_some(())?;
        self.leak(Kind::Secret, n, last)
    }

    /// "the jump box called heron"
    fn machine(&self, n: usize) -> Option<Leak> {
        const MACHINES: &[&str] = &[
            "machine", "server", "box", "node", "host", "vm", "router", "switch",
        ];
        let name = self.as_written(n);
        let called = n > 1
            && matches!(self.said(n - 1), "call" | "called" | "named" | "nicknamed")
            && self.gap(n - 1) == " ";
        let article = [
            "the", "a", "an", "in", "for", "by", "on", "up", "it", "us", "you", "back",
        ];
        (called
            && name.len() > 2
            && name.bytes().all(|b| b.is_ascii_lowercase())
            && !article.contains(&name)
            && self.near(n - 1, 4, 0, MACHINES))
        .then_some(())?;
        self.leak(Kind::HostName, n, n)
    }

    /// "release XIV", "v. 2 . 3 . 1", "Softwarestand 4.7", "from 3,9 to 3,10"
    fn state(&self, n: usize) -> Option<Leak> {
        let number = |at: usize| {
            let run = self.as_written(at);
            (1..4).contains(&run.len()) && run.bytes().all(|b| b.is_ascii_digit())
        };
        let said = self.said(n);
        let roman = self.as_written(n + 1);
        let is_roman = (2..6).contains(&roman.len()) && roman.bytes().all(|b| b"IVX".contains(&b));
        if matches!(said, "release" | "version") && is_roman {
            return self.leak(Kind::Version, n + 1, n + 1);
        }
        if matches!(said, "softwarestand" | "programmstand" | "fassung") && number(n + 1) {
            let last = n + 1 + usize::from(self.gap(n + 1) == "." && number(n + 2));
            return self.leak(Kind::Version, n + 1, last);
        }
        if said == "build" && matches!(self.said(n + 1), "no" | "nr" | "number") {
            let all = self.as_written(n + 2);
            let digits = all.len() > 2 && all.bytes().all(|b| b.is_ascii_digit());
            return digits.then(|| self.leak(Kind::Version, n + 2, n + 2))?;
        }
        if said == "v" && number(n + 1) {
            let mut last = n + 1;
            while number(last + 1) && self.gap(last).trim() == "." && last < n + 8 {
                last += 1;
            }
            let apart = last > n + 1 && self.gap(n + 1) != ".";
            return (last > n + 2 || apart).then(|| self.leak(Kind::Version, n, last))?;
        }
        // Of two numbers the second follows "to" or an arrow.
        let pair = |at: usize| number(at) && matches!(self.gap(at), "," | ".") && number(at + 1);
        let arrow = matches!(self.gap(n + 1).trim(), "->" | "\u{2192}" | "=>");
        let to = self.said(n + 2) == "to";
        let second = n + 2 + usize::from(to);
        if !(pair(n) && (arrow || to) && pair(second))
            || n > 0 && self.gap(n - 1).ends_with(['.', ','])
        {
            return None;
        }
        let moved = n > 0 && self.said(n - 1) == "from" && self.near(n, 6, 0, &["went", "moved"]);
        let same = self.as_written(n) == self.as_written(second);
        // "from 4.20 to 4.50 EUR", "3.9 to 3.10 seconds"
        let plain = self.said(second + 2).len() > 2 && !matches!(self.said(second + 2), "takes");
        let priced = self.near(second, 8, 3, PUBLIC)
            || self.text[..self.atoms[n].start].ends_with(['$', '\u{20ac}', '\u{a3}']);
        (same
            && !priced
            && (arrow || (moved && self.gap(n) == ","))
            && (arrow || !plain || self.said(second + 2) == "at")
            || same && !priced && moved && self.said(second + 2) == "at")
            .then_some(())?;
        self.leak(Kind::Version, n, second + 1)
    }

    /// What stands among words that say that it opens something: odd signs, letters and digits in one, four digits and more.
    fn keys(&self, found: &mut Vec<Leak>) {
        let mut from = 0;
        for (start, chunk) in crate::review::words::chunks(self.text) {
            while from < self.atoms.len() && self.atoms[from].end <= start {
                from += 1;
            }
            if chunk.len() > 60
                || !chunk.bytes().any(|b| b.is_ascii_digit())
                || chunk.contains(['@', '/'])
                || !chunk.is_ascii()
            {
                continue;
            }
            let opens = self.near(from, 9, 0, OPENERS);
            let own = self.near(
                from,
                4,
                2,
                &["your", "you", "voucher", "discount", "office"],
            );
            if (opens && !own && is_key(chunk)) || (!own && self.is_code(from, chunk)) {
                found.push(Leak::at(Kind::Secret, start..start + chunk.len()));
            }
        }
    }

    /// "PIN for both 5520917", "at the prompt key in 448812"
    fn is_code(&self, n: usize, chunk: &str) -> bool {
        const ASKED: &[&str] = &["pin", "prompt", "keypad", "passcode", "typing", "keying"];
        let digits = chunk.bytes().all(|b| b.is_ascii_digit()) && (4..9).contains(&chunk.len());
        let year = chunk.len() == 4 && chunk.starts_with("20");
        digits
            && !year
            && self.near(n, 5, 0, ASKED)
            && !self.near(n, 5, 2, PUBLIC)
            && !self.near(n, 5, 2, &["never", "forward", "report"])
            && !plural(self.said(n + 1))
    }

    /// `ops\\chat\\2026\\nov24.log`, and four numbers of a machine with dashes between them.
    fn parted(&self, n: usize) -> Option<Leak> {
        let goes_on = |at: usize, sign: &str| self.gap(at) == sign;
        if goes_on(n, "\\") && goes_on(n + 1, "\\") {
            let mut last = n + 2;
            while matches!(self.gap(last), "\\" | "." | "-" | "_") && last < n + 24 {
                last += 1;
            }
            return self.leak(Kind::FilePath, n, last);
        }
        let octet = |at: usize| self.as_written(at).parse::<u8>().is_ok();
        // "10.44 dot 7 dot 19"
        let (mut at, mut numbers, mut told) = (n, usize::from(octet(n)), 0);
        while numbers > 0 && numbers < 4 {
            let dot = self.said(at + 1) == "dot";
            at += 1 + usize::from(dot);
            if !octet(at) || !(dot || goes_on(at - 1, ".")) {
                break;
            }
            (numbers, told) = (numbers + 1, told + usize::from(dot));
        }
        if numbers == 4 && told > 0 {
            return self.leak(Kind::IpAddress, n, at);
        }
        let dashed = (n..n + 3).all(|at| goes_on(at, "-"))
            && (n..n + 4).all(octet)
            && !goes_on(n + 3, "-")
            && (n == 0 || !goes_on(n - 1, "-"))
            && matches!(self.said(n), "10" | "172" | "192");
        dashed.then(|| self.leak(Kind::IpAddress, n, n + 3))?
    }
}

/// Whether the word before "at" ends a sentence.
fn marked_end(all: &Atoms<'_>, n: usize) -> bool {
    all.gap(n - 1).contains(['.', '!', '?', ';'])
}

fn plural(word: &str) -> bool {
    word.len() > 3 && word.ends_with('s')
}

/// `Gr4yGull!`, `fjt#svc#0815`, `pN4--kk2--vT9e`, `admin123`: no word, no number, no time.
fn is_key(chunk: &str) -> bool {
    let digits = chunk.bytes().filter(u8::is_ascii_digit).count();
    let letters = chunk.bytes().filter(u8::is_ascii_alphabetic).count();
    let odd = chunk.contains(['#', '!', '$', ';', '^', '*', '&']) || chunk.contains("--");
    // A digit within small letters stands for a letter.
    let bytes = chunk.as_bytes();
    let within = bytes.windows(4).any(|w| {
        w[0].is_ascii_alphabetic()
            && w[1].is_ascii_digit()
            && w[2].is_ascii_lowercase()
            && w[3].is_ascii_alphabetic()
    });
    let tail = letters > 4
        && digits > 1
        && chunk
            .trim_end_matches(|c: char| c.is_ascii_digit())
            .bytes()
            .all(|b| b.is_ascii_lowercase());
    // `hJ7-otter-Vane`
    let mixed = digits > 0
        && chunk.contains(['-', '_'])
        && bytes
            .windows(2)
            .any(|w| w[0].is_ascii_lowercase() && w[1].is_ascii_uppercase());
    letters > 2 && (odd || (within && letters > 3) || tail || mixed)
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
    fn another_form_hides_nothing() {
        for (text, kind) in [
            (
                "Known as seven-oh-nine-one-three in our tracker.",
                Kind::TicketId,
            ),
            (
                "We moved the card system from four point one at the weekend.",
                Kind::Version,
            ),
            (
                "They still lie in opt slash dcs slash spool slash out.",
                Kind::FilePath,
            ),
            (
                "Write to him, osei.nk -at- example-bank.co.",
                Kind::EmailAddress,
            ),
            (
                "Reach me under Henrik.Aas @ fjordtel.no today.",
                Kind::EmailAddress,
            ),
            (
                "Mail me, i.stordal at-sign skylane.example, please.",
                Kind::EmailAddress,
            ),
            (
                "Replies land in mailto:Solveig%2ENordby%40fjordtel.no today.",
                Kind::EmailAddress,
            ),
            ("Follow PRB/4410/26 if you like.", Kind::TicketId),
            (
                "My colleague has RITM\u{2011}0091284 on his desk.",
                Kind::TicketId,
            ),
            ("Take this seed: JBSW Y3DP EHPK 3PXP Q7LM.", Kind::Secret),
            (
                "The login is root, and what follows is fjt#svc#0815.",
                Kind::Secret,
            ),
            ("Use the jump box called heron.", Kind::HostName),
            (
                "The voice core went to release XIV on Sunday.",
                Kind::Version,
            ),
        ] {
            assert!(kinds(text).contains(&kind), "{text}: {:?}", kinds(text));
        }
    }

    #[test]
    fn what_the_public_says_stays() {
        for text in [
            "Call one one one if you feel ill.",
            "About one point five million people use it.",
            "Meet us at example.org or in town.",
            "It costs 4.20 to 4.50 EUR.",
            "Doors open at nine; your PIN works again.",
            "The room called aurora is closed.",
            "Pope John XXIII school is closed. World War II was long ago.",
            "The film is called heat, and the switch is on the left.",
            "Choose either and slash or as you like.",
            "Tickets for seats 55 210 are sold at the desk.",
        ] {
            assert_eq!(kinds(text), [], "{text}");
        }
    }
}
