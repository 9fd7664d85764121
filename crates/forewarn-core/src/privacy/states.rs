//! How states of a program are written: commits, images, bulletins, packs of changes.

use super::software::SOFTWARE;
use super::versions::changes_version;
use crate::review::words::Word;

/// `8u381`: a release and its update.
pub(super) fn is_updated(word: &str) -> bool {
    is_update(word, 2)
}

/// The same with so many digits behind the letter.
pub(super) fn is_update(word: &str, least: usize) -> bool {
    let (release, update) = word.split_once('u').unwrap_or_default();
    let number = |part: &str, most| {
        (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
    };
    number(release, 2) && number(update, 3) && update.len() >= least
}

/// `9fceb02` of "deployed 9fceb02 to the portal": letters and digits as only a program makes them up, near a word for a new program.
pub(super) fn is_deployed(words: &[Word], n: usize) -> bool {
    let word = words[n].lower.as_str();
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let hash = (7..=12).contains(&word.len())
        && word.bytes().all(|b| b.is_ascii_hexdigit())
        && digits > 1
        && word.len() - digits > 1;
    let near = n.saturating_sub(4)..(n + 5).min(words.len());
    hash && near.into_iter().any(|at| {
        let near = words[at].lower.as_str();
        changes_version(near)
            || matches!(
                near,
                "commit" | "head" | "git" | "tag" | "sha" | "merge" | "merged" | "build"
            )
    })
}

/// `9fceb02` of "the commit 9fceb02": a state of a program's source.
pub(super) fn is_commit(words: &[Word], n: usize) -> bool {
    let word = words[n].lower.as_str();
    let before = n.checked_sub(1).map_or("", |at| words[at].lower.as_str());
    matches!(
        before,
        "commit" | "commits" | "changeset" | "revision" | "sha" | "change" | "hash"
    ) && (7..=40).contains(&word.len())
        && word.bytes().all(|b| b.is_ascii_hexdigit())
        && word.bytes().any(|b| b.is_ascii_digit())
}

/// How much belongs to a word that says which state of a program runs: `:latest` behind an image, the number behind "revision r".
pub(super) fn image(text: &str, words: &[Word], n: usize) -> Option<usize> {
    let word = &words[n];
    let near = (n.saturating_sub(4)..n).any(|at| {
        matches!(
            words[at].lower.as_str(),
            "image" | "container" | "tag" | "pulled"
        )
    });
    let rest = &text[word.end..];
    let tag = rest.strip_prefix(':').map_or(0, |tag| {
        tag.bytes()
            .take(40)
            .take_while(|b| b.is_ascii_alphanumeric() || b"._-".contains(b))
            .count()
    });
    let program = SOFTWARE.contains(&word.lower.as_str());
    if (near || program)
        && tag > 2
        && (program || rest[1..].starts_with(|c: char| c.is_ascii_alphabetic()))
    {
        return Some(1 + rest[1..1 + tag].trim_end_matches(['.', '-', '_']).len());
    }
    // `sha256:9f8e7d6c5b4a`
    let digest = matches!(word.lower.as_str(), "sha256" | "sha1" | "sha512" | "md5");
    let hex = rest
        .get(1..)
        .unwrap_or_default()
        .bytes()
        .take_while(u8::is_ascii_hexdigit)
        .count();
    if digest && rest.starts_with(':') && hex > 6 {
        return Some(1 + hex);
    }
    let before = n.checked_sub(1).map_or("", |at| words[at].lower.as_str());
    let revision = word
        .lower
        .strip_prefix('r')
        .is_some_and(|number| number.len() > 2 && number.bytes().all(|b| b.is_ascii_digit()));
    if revision
        && matches!(
            before,
            "revision" | "rev" | "svn" | "build" | "since" | "to" | "from" | "after" | "before"
        )
    {
        return Some(0);
    }
    // "Service Pack 2"
    let pack = word.lower == "pack"
        && before == "service"
        && rest
            .strip_prefix(' ')
            .is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit()));
    pack.then_some(2)
}

/// `KB 5021234`, `MS17-010`: what a maker gave out for its system.
pub(super) fn is_bulletin(text: &str, key: &Word, number: &Word) -> bool {
    let digits =
        |word: &str, count| word.len() == count && word.bytes().all(|b| b.is_ascii_digit());
    let between = &text[key.end..number.start];
    let patch = text[key.start..].starts_with("KB")
        && key.lower == "kb"
        && between == " "
        && digits(&number.lower, 7)
        && !number.lower.starts_with('0');
    let year = key
        .lower
        .strip_prefix("ms")
        .is_some_and(|year| digits(year, 2));
    patch || (year && between == "-" && digits(&number.lower, 3))
}

/// `R2023b`: the second release of a year.
pub(super) fn is_yearly(word: &str) -> bool {
    let year = word.strip_prefix("r20").filter(|rest| rest.len() == 3);
    year.is_some_and(|rest| {
        rest.ends_with(['a', 'b']) && rest[..2].bytes().all(|b| b.is_ascii_digit())
    })
}

/// `SP2`, `CU12`, `HF3`, `RC2` in capitals, and not the first half of a British postcode: `SP4 7HX`.
pub(super) fn is_capital_pack(text: &str, word: &Word) -> bool {
    let written = &text[word.start..word.end];
    let number = ["SP", "CU", "HF", "RC", "EHP"]
        .iter()
        .find_map(|key| written.strip_prefix(key));
    let rest = text[word.end..]
        .strip_prefix(' ')
        .unwrap_or_default()
        .as_bytes();
    let postcode = rest.len() > 2 && rest[0].is_ascii_digit() && rest[1].is_ascii_uppercase();
    let joined = text[word.end..].starts_with('-') || text[..word.start].ends_with(['-', '/', '_']);
    number.is_some_and(|n| (1..=2).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit()))
        && !postcode
        && !joined
}
