//! Versions of software: three numbers and more, or fewer beside a word that makes them one.

use super::software::{NO_PRODUCTS, ORDINARY, SOFTWARE};
use super::states::{
    image, is_bulletin, is_capital_pack, is_commit, is_deployed, is_update, is_updated, is_yearly,
};
use super::{Kind, Leak};
use crate::review::words::{DAYS_AND_MONTHS, Word};

/// Behind two numbers these make them a version: "the 4.2 release".
const CUES_BEHIND: &[&str] = &[
    "release", "version", "build", "firmware", "patch", "hotfix", "rollout", "upgrade", "driver",
    "kernel", "runtime", "server", "plugin", "importer", "agent", "client",
];

/// Behind a number these make it a measure.
const UNITS: &[&str] = &[
    "miles", "mile", "km", "m", "kg", "percent", "euros", "dollars", "points", "litres", "degrees",
];

/// Words that say that a version follows.
const CUES: &[&str] = &[
    "version", "versions", "release", "releases", "build", "firmware", "patch", "hotfix", "ver",
    "rel", "rev", "revision", "driver", "plugin", "package", "v",
];

/// After these, numbers with full stops are places in a document or a building.
const PLACES: &[&str] = &[
    "section",
    "sections",
    "chapter",
    "article",
    "paragraph",
    "clause",
    "step",
    "item",
    "figure",
    "table",
    "page",
    "annex",
    "appendix",
    "room",
    "part",
    "point",
    "exercise",
    "unit",
    "lesson",
    "rule",
    "season",
    "episode",
    "building",
    "question",
    "standard",
    "criterion",
    "requirement",
    "line",
    "no",
    "module",
    "mark",
    "post",
    "gauge",
    "kilometre",
    "km",
    "grid",
    "row",
    "shelf",
    "level",
    "verse",
    "canto",
    "score",
];

pub(super) fn versions(text: &str, words: &[Word], found: &mut Vec<Leak>) {
    let mut last: Option<usize> = None;
    for (n, word) in words.iter().enumerate() {
        let Some(length) = parts(&word.lower) else {
            if let Some(name) = glued(&word.lower) {
                found.push(Leak::at(Kind::Version, word.start + name..word.end));
            } else if let Some(number) = words
                .get(n + 1)
                .filter(|next| is_bulletin(text, word, next))
            {
                found.push(Leak::at(Kind::Version, word.start..number.end));
            } else if let Some(length) = image(text, words, n) {
                found.push(Leak::at(Kind::Version, word.start..word.end + length));
            } else if is_commit(words, n)
                || is_updated(&word.lower)
                || is_capital_pack(text, word)
                || (word.lower == "r2" && n > 0 && words[n - 1].lower.starts_with("20"))
                || is_deployed(words, n)
                || is_yearly(&word.lower)
                || (is_pack(&word.lower)
                    && n > 0
                    && (is_software(words, n)
                        || words[n - 1].lower.starts_with("20")
                        || matches!(
                            words[n - 1].lower.as_str(),
                            "update"
                                | "patch"
                                | "level"
                                | "installed"
                                | "installing"
                                | "pack"
                                | "on"
                        )
                        || (n + 1..n + 5)
                            .any(|at| words.get(at).is_some_and(|w| changes_version(&w.lower)))))
                || (n > 0 && words[n - 1].lower == "level" && is_update(&word.lower, 1))
            {
                found.push(Leak::at(Kind::Version, word.start..word.end));
            }
            continue;
        };
        let before = |back: usize| {
            n.checked_sub(back)
                .map_or("", |at| words[at].lower.as_str())
        };
        let glued = word.lower.starts_with('v') && length > 1;
        // `5.x`, `2.4rc1`, `4.2-beta`: no measure and no day is written so.
        let marked = text[word.end..].starts_with(".x")
            || (length == 2 && (is_staged(&word.lower) || is_stage(&text[word.end..])));
        let quad = length == 4 && is_software(words, n);
        let clear = quad || marked || length >= 3 && !is_other(text, word, before(1));
        let cue = CUES.contains(&before(1)) && !is_title(text, words, n);
        let next = words.get(n + 1).map_or("", |w| w.lower.as_str());
        // `IOS 15.2` runs on a switch, iOS 17 on a phone.
        let switch = before(1) == "ios" && text[words[n - 1].start..].starts_with("IOS");
        let software = SOFTWARE.contains(&before(1))
            || (before(1).len() > 4 && before(1).starts_with("lib") && length > 1)
            || two_words(before(2), before(1))
            || switch
            || (length > 1 && ORDINARY.contains(&before(1)));
        let behind = CUES_BEHIND.contains(&next) && text[word.end..words[n + 1].start] == *" ";
        let upgrade = matches!(before(1), "to" | "from")
            && ((2..8).any(|back| changes_version(before(back)))
                || last.is_some_and(|at| n - at <= 4));
        // "We update Zimbra 8.8 on Sunday", "the v9 rollout"
        let changed = || {
            (1..8).any(|back| changes_version(before(back)))
                || (1..6).any(|on| words.get(n + on).is_some_and(|w| changes_version(&w.lower)))
        };
        // "A bug in Tillmaster 9.1", "It runs Coursebook 4.2"
        let blamed = || (2..6).any(|back| has_fault(before(back)));
        let product = n > 0
            && text[words[n - 1].start..].starts_with(char::is_uppercase)
            && text[words[n - 1].end..word.start] == *" "
            && words[n - 1].lower.len() > 2
            && !NO_PRODUCTS.contains(&before(1))
            && !DAYS_AND_MONTHS.contains(&before(1));
        let numbered = word.lower.starts_with('v') && length == 1;
        // "React 18", "node 18" where a program is changed
        let changed_ordinary = length == 1
            && ORDINARY.contains(&before(1))
            && is_release(&word.lower)
            && !word.lower.starts_with("20")
            && (1..6).any(|on| {
                words.get(n + on).is_some_and(|w| {
                    changes_version(&w.lower)
                        || matches!(w.lower.as_str(), "bug" | "server" | "library" | "framework")
                })
            });
        let of_api = numbered && before(1) == "api";
        // "from 1.28 to 1.29", "14.9 vs 14.10": what stands beside a version and begins as it does.
        let beside = length == 2
            && last.is_some_and(|at| {
                n - at <= 2 && words[at].lower.split('.').next() == word.lower.split('.').next()
            });
        // "rolled back to 4.7"
        let returned = length == 2
            && before(1) == "to"
            && (before(2) == "back" || (2..7).any(|back| rolls_back(before(back))))
            && !text[word.end..].starts_with('%');
        // "moves from Angular 15 to Angular 16"
        let renewed = length == 1
            && ORDINARY.contains(&before(1))
            && !word.lower.starts_with("20")
            && is_release(&word.lower)
            && matches!(before(2), "to" | "from")
            && (3..9).any(|back| changes_version(before(back)) || before(back).starts_with("mov"));
        // "rolled back to version 7"
        let taken_back = length == 1
            && (numbered || matches!(before(1), "version" | "release" | "build"))
            && (2..7).any(|back| goes_back(before(back)));
        // "Node 18 LTS", ".NET 6"
        let kept = length == 1 && next == "lts" && (product || ORDINARY.contains(&before(1)));
        // "version 7 of the driver", "to 3.11 of Python"
        let after = |on: usize| words.get(n + on).map_or("", |w| w.lower.as_str());
        let of_software = next == "of"
            && (SOFTWARE.contains(&after(2))
                || (matches!(before(1), "version" | "release")
                    && (2..5).any(|on| CUES_BEHIND.contains(&after(on)))));
        // "the software, now at 11.0"
        let stands_at = length == 2
            && (before(2), before(1)) == ("now", "at")
            && !is_clock(&word.lower)
            && (3..7).any(|back| {
                matches!(
                    before(back),
                    "software" | "program" | "firmware" | "plugin" | "driver"
                )
            });
        // "rolled 2.9 over 2.10", "11.4 in place of 10.9", "from Oracle 11g to 19c"
        let joined = matches!(
            before(1),
            "over" | "than" | "to" | "from" | "for" | "instead"
        ) || matches!((before(2), before(1)), ("place" | "instead", "of"));
        let replaced = joined
            && last.is_some_and(|at| n - at <= 5)
            && (length == 2 && !is_clock(&word.lower)
                || (length == 1 && word.lower.ends_with(['c', 'g', 'i'])))
            && !UNITS.contains(&next);
        // "StorePoint 11.4 SP2", "Windows 7 SP1", "4.0 beta"
        let packed = text[word.end..].starts_with(' ')
            && (is_pack(next)
                || (length > 1 && matches!(next, "beta" | "ltsr" | "rc1" | "rc2" | "snapshot")));
        // "sw 6.22", "fw 12", "a bug in 4.2"
        let part = matches!(
            before(1),
            "sw" | "fw"
                | "agent"
                | "client"
                | "connector"
                | "library"
                | "sdk"
                | "runtime"
                | "collector"
                | "exporter"
                | "importer"
                | "middleware"
                | "controller"
                | "appliance"
                | "uefi"
                | "app"
                | "api"
                | "schema"
        );
        // "BIOS version F12", "schema version 118"
        let of_part = before(1) == "version"
            && matches!(
                before(2),
                "bios"
                    | "schema"
                    | "database"
                    | "firmware"
                    | "client"
                    | "agent"
                    | "driver"
                    | "kernel"
                    | "plugin"
                    | "api"
                    | "software"
                    | "app"
                    | "controller"
                    | "server"
                    | "image"
            );
        let short = of_part
            || (part && length == 2 && !is_clock(&word.lower))
            || (length == 2 && before(1) == "in" && has_fault(before(2)));
        let dot_net = before(1) == "net" && text[..words[n - 1].start].ends_with('.');
        let is_version = glued
            || of_api
            || beside
            || taken_back
            || returned
            || of_software
            || stands_at
            || renewed
            || kept
            || dot_net
            || in_brackets(word, text) > 0
            || is_half_year(&word.lower)
            || (numbered && (behind || software || blamed() || (product && changed())))
            || (length == 2
                && product
                && (changed() || blamed())
                && (!is_clock(&word.lower) || has_fault(before(2))))
            || clear
            || (length == 2 && (cue || software || upgrade || behind || rolls_back(before(1))))
            || (length == 3 && (cue || behind) && !is_day(word))
            || replaced
            || packed
            || changed_ordinary
            || short
            || (length == 1
                && (((software || edition(before(1), &word.lower)) && is_release(&word.lower))
                    || (matches!(before(1), "firmware" | "bios" | "hotfix")
                        && is_release(&word.lower)
                        && word.lower.bytes().all(|b| b.is_ascii_digit()))
                    || (before(1) == "build"
                        && word.lower.len() >= 4
                        && !(word.lower.len() == 4 && word.lower.starts_with("20")))));
        if is_version
            && !UNITS.contains(&next)
            && !PLACES.contains(&before(1))
            && (software
                || length != 3
                || !(2..6).any(|back| {
                    matches!(
                        before(back),
                        "room" | "rooms" | "exercise" | "exercises" | "section" | "chapter"
                    )
                }))
            && (software || !part_of_name(text, word))
        {
            let end = word.end + tail(&text[word.end..]).max(in_brackets(word, text));
            let start = if before(1) == "v" && text[..word.start].ends_with("v.") {
                words[n - 1].start
            } else {
                word.start
            };
            found.push(Leak::at(Kind::Version, start..end));
            last = Some(n);
        }
    }
}

/// Whether the word at `n` stands behind the name of software.
pub(super) fn is_software(words: &[Word], n: usize) -> bool {
    let before = |back: usize| {
        n.checked_sub(back)
            .map_or("", |at| words[at].lower.as_str())
    };
    SOFTWARE.contains(&before(1))
        || ORDINARY.contains(&before(1))
        || two_words(before(2), before(1))
}

/// Whether somebody speaks of what is wrong with a program, or of where it runs.
fn has_fault(word: &str) -> bool {
    word == "run"
        || ["bug", "defect", "flaw", "vulnerab", "running", "runs"]
            .iter()
            .any(|start| word.starts_with(start))
}

/// Whether a program is taken back to what it was.
fn rolls_back(word: &str) -> bool {
    ["roll", "revert", "downgrad"]
        .iter()
        .any(|start| word.starts_with(start))
}

/// Whether somebody returns to what was before.
fn goes_back(word: &str) -> bool {
    [
        "rolled", "rolling", "roll", "rollback", "revert", "downgrad", "back",
    ]
    .iter()
    .any(|start| word.starts_with(start))
}

/// `22H2`: the half of a year in which a program came out.
fn is_half_year(word: &str) -> bool {
    matches!(word.as_bytes(), [b'1' | b'2', tens, b'h', b'1' | b'2'] if tens.is_ascii_digit())
}

/// How long what follows in brackets is: `(7)E3` of `15.2(7)E3`.
fn in_brackets(word: &Word, text: &str) -> usize {
    let two = parts(&word.lower) == Some(2);
    let Some((inside, rest)) = text[word.end..]
        .strip_prefix('(')
        .and_then(|t| t.split_once(')'))
    else {
        return 0;
    };
    let number = (1..=4).contains(&inside.len())
        && inside.bytes().all(|b| b.is_ascii_alphanumeric())
        && inside.starts_with(|c: char| c.is_ascii_digit());
    let behind = rest
        .bytes()
        .take(8)
        .take_while(u8::is_ascii_alphanumeric)
        .count();
    match two && number {
        true => inside.len() + 2 + behind,
        false => 0,
    }
}

/// `8.9p1`, `7.0u3`, `2.4rc1`: letters and a number behind the last one.
fn is_staged(word: &str) -> bool {
    let end = word
        .trim_start_matches('v')
        .trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let name = end.trim_end_matches(|c: char| c.is_ascii_digit());
    name.len() < end.len() && matches!(name, "p" | "u" | "rc" | "b" | "sp" | "beta" | "alpha" | "r")
}

/// `-rc1`, `-beta` behind a number.
fn is_stage(rest: &str) -> bool {
    let rest = rest.strip_prefix('-').unwrap_or_default();
    let name = rest
        .bytes()
        .take(10)
        .take_while(u8::is_ascii_alphabetic)
        .count();
    matches!(
        rest[..name].to_ascii_lowercase().as_str(),
        "rc" | "beta" | "alpha" | "snapshot" | "hotfix" | "lts" | "final" | "dev" | "pre" | "build"
    )
}

/// How long the name is before the number of `php8` or `python3.11`, where the word is no more than that.
fn glued(word: &str) -> Option<usize> {
    let name = word.bytes().take_while(u8::is_ascii_alphabetic).count();
    // `rhel8`, `w2k19`, `win2016`: short names that only systems have.
    const SHORT: &[&str] = &[
        "rhel", "el", "pg", "jdk", "jre", "py", "win", "node", "ol", "sles",
    ];
    if word
        .strip_prefix("w2k")
        .is_some_and(|year| year.len() <= 4 && is_release(year))
    {
        return Some(0);
    }
    let head = &word[..name];
    let long = name > 2 && name < word.len() && SOFTWARE.contains(&head);
    let number = &word[name..];
    let years = matches!(number.len(), 1 | 2)
        && number.bytes().all(|b| b.is_ascii_digit())
        && !number.starts_with('0')
        || number.len() == 4 && number.starts_with("20");
    if SHORT.contains(&head) && years && !(head == "node" && number.len() == 1) {
        return Some(name);
    }
    let count = parts(number)?;
    (long && (count > 1 || is_release(number))).then_some(name)
}

/// `CU14`, `SP2`: a pack of changes to a program.
fn is_pack(word: &str) -> bool {
    let number = word.strip_prefix("cu").or_else(|| word.strip_prefix("sp"));
    number.is_some_and(|n| (1..=2).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit()))
}

/// How many numbers a word has that full stops part; none for other words. A few letters may follow: `1.1.1w`, `9.14.1p2`.
fn parts(word: &str) -> Option<usize> {
    if !word.bytes().take(2).any(|b| b.is_ascii_digit()) {
        return None;
    }
    // `R81.20`
    let release = word.strip_prefix('r').filter(|rest| rest.contains('.'));
    let word = word.strip_prefix('v').or(release).unwrap_or(word);
    let mut count = 0;
    let mut parts = word.split('.').peekable();
    while let Some(part) = parts.next() {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let rest = part.len() - digits;
        let last = parts.peek().is_none();
        let sound = (1..=8).contains(&digits)
            && (rest == 0
                || (last && rest <= 4 && part.bytes().all(|b| b.is_ascii_alphanumeric())));
        if !sound {
            return None;
        }
        count += 1;
    }
    Some(count)
}

/// `13.03.2026`, `3.4.26`.
fn is_day(word: &Word) -> bool {
    let numbers: Vec<Option<u32>> = word.lower.split('.').map(|n| n.parse().ok()).collect();
    matches!(
        numbers[..],
        [Some(1..=31), Some(1..=12), Some(_)] | [Some(1990..=2100), Some(1..=12), Some(1..=31)]
    )
}

/// Days, thousands and phone numbers are written with full stops too.
fn is_other(text: &str, word: &Word, before: &str) -> bool {
    let numbers: Vec<&str> = word.lower.trim_start_matches('v').split('.').collect();
    let value = |n: usize| {
        numbers
            .get(n)
            .and_then(|p| p.parse::<u32>().ok())
            .unwrap_or(u32::MAX)
    };
    let year = |n: usize| {
        (1990..2100).contains(&value(n))
            || (numbers.get(n).is_some_and(|y| y.len() == 2) && (20..40).contains(&value(n)))
    };
    let day = numbers.len() == 3
        && (1..=31).contains(&value(0))
        && (1..=12).contains(&value(1))
        && year(2)
        && (numbers[2].len() == 4
            || numbers[1].len() == 2
            || matches!(
                before,
                "on" | "by" | "since" | "until" | "from" | "of" | "the"
            ));
    let day_backwards = numbers.len() == 3
        && numbers[0].len() == 4
        && year(0)
        && numbers[1].len() == 2
        && numbers[2].len() == 2
        && (1..=12).contains(&value(1))
        && (1..=31).contains(&value(2));
    let thousands = numbers[0].len() <= 3
        && value(0) > 0
        && numbers[1..].iter().all(|p| p.len() == 3)
        && numbers.len() >= 3;
    let digits: usize = numbers.iter().map(|p| p.len()).sum();
    let phone = word.lower.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && digits >= 7
        && numbers.iter().all(|p| p.len() >= 2)
        && numbers[0].len() <= 4;
    let address = numbers.len() == 4 && (0..4).all(|n| value(n) <= 255);
    // A clock that is written with full stops: `10.30.00`.
    let clock = numbers.len() == 3
        && numbers.iter().all(|p| p.len() == 2)
        && value(0) < 24
        && value(1) < 60
        && value(2) < 60
        && matches!(before, "at" | "by" | "until");
    let money = text[..word.start].ends_with(['$', '\u{20ac}', '\u{a3}']);
    day || day_backwards || thousands || phone || address || clock || money
}

/// "Release 4.2" with a capital is what a product is called in public.
fn is_title(text: &str, words: &[Word], n: usize) -> bool {
    let before = &words[n - 1];
    matches!(before.lower.as_str(), "release") && text[before.start..].starts_with('R')
}

fn two_words(first: &str, second: &str) -> bool {
    matches!(
        (first, second),
        ("ios", "xr" | "xe")
            | ("nx", "os")
            | ("windows" | "sql" | "exchange" | "http", "server")
            | ("red", "hat")
            | ("internet", "explorer")
            | ("visual", "studio")
            | ("node", "js")
            | ("asp", "net")
            | ("spring", "boot")
            | ("php", "fpm")
            | ("pan" | "arcgis" | "macos", "os" | "server")
            | ("oracle" | "oracle's", "database" | "db")
            | ("apache", "tomcat" | "httpd" | "kafka")
            | ("sql", "express")
            | ("net", "framework" | "core" | "runtime")
            | ("windows", "nt")
            | ("power", "bi")
            | ("big", "ip")
            | ("jboss", "eap")
            | ("hp", "ux")
            | ("z" | "i", "os")
            | ("core", "switch" | "router")
            | ("rocky" | "alma" | "oracle" | "arch", "linux")
    )
}

pub(super) fn changes_version(word: &str) -> bool {
    [
        "upgrade",
        "downgrade",
        "updat",
        "version",
        "release",
        "rolled",
        "rollback",
        "patch",
        "firmware",
        "kernel",
        "revert",
        "rollout",
        "deploy",
        "install",
        "migrat",
    ]
    .iter()
    .any(|start| word.starts_with(start))
}

/// `Oracle 19c`, `Exchange 2019`: one number that is a version behind an ordinary word.
fn edition(name: &str, number: &str) -> bool {
    match name {
        "oracle" => number.len() == 3 && number.ends_with(['c', 'g', 'i']),
        "exchange" | "sql" => number.len() == 4,
        _ => false,
    }
}

/// `10.30`: hours and minutes.
fn is_clock(word: &str) -> bool {
    word.split_once('.').is_some_and(|(hour, minute)| {
        minute.len() == 2
            && hour.parse::<u8>().is_ok_and(|hour| hour < 24)
            && minute
                .parse::<u8>()
                .is_ok_and(|minute| minute < 60 && minute % 5 == 0)
    })
}

/// A number that a release of software has: `8`, `19c`, `2019`.
fn is_release(word: &str) -> bool {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    (1..=2).contains(&digits) || (digits == 4 && word.starts_with("20"))
}

/// The number stands in a longer name, such as that of a host or a file.
fn part_of_name(text: &str, word: &Word) -> bool {
    let before = text[..word.start].chars().next_back();
    let after = text[word.end..].chars().next();
    matches!(
        before,
        Some('/' | '\\' | '@' | '_' | '+' | '\u{a7}' | '$' | '\u{20ac}' | '\u{a3}')
    ) || matches!(after, Some('/' | '\\' | '@' | '%'))
}

/// `-rc3`, `-p4`, `+build.5`
fn tail(rest: &str) -> usize {
    let Some(rest) = rest.strip_prefix(['-', '+', '~']) else {
        return 0;
    };
    let name = rest
        .bytes()
        .take(20)
        .take_while(|b| b.is_ascii_alphanumeric() || *b == b'.')
        .count();
    let name = rest[..name].trim_end_matches('.').len();
    if name > 0
        && rest[..name]
            .bytes()
            .any(|b| b.is_ascii_digit() || b.is_ascii_lowercase())
    {
        name + 1
    } else {
        0
    }
}
