//! The words of a text, with their places. An address is one word, whatever stands in it.

/// Days of the week and months, which are written with a capital without being names.
pub(crate) const DAYS_AND_MONTHS: [&str; 19] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// A word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// Byte offset of its first character.
    pub(crate) start: usize,
    /// Byte offset after its last one.
    pub(crate) end: usize,
    /// In small letters, with plain apostrophes; [`URL`] or [`MAIL`] for an address.
    pub(crate) lower: String,
}

/// Stands for a web address.
pub(crate) const URL: &str = "<url>";
/// Stands for a mail address.
pub(crate) const MAIL: &str = "<mail>";

/// Ends of names that are written without `https://`.
const ENDINGS: &[&str] = &[
    "com", "org", "net", "edu", "gov", "io", "info", "example", "eu", "uk", "de", "fr", "nl", "ch",
    "at", "es", "it", "se", "ca", "au", "nz", "dev", "app", "int",
];

/// Longer runs without a space are no addresses that anybody reads.
const LONGEST_ADDRESS: usize = 2_000;

/// The parts of a text between white space, trimmed of what surrounds a word, with their byte offsets.
pub(crate) fn chunks(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_whitespace().map(move |chunk| {
        // `split_whitespace` gives slices of `text`, so the difference is an offset in it.
        let start = chunk.as_ptr() as usize - text.as_ptr() as usize;
        let opening = |c: char| "([{<\"'\u{201c}\u{2018}\u{ab}*_`>".contains(c);
        let closing = |c: char| ".,;:!?)]}>\"'\u{201d}\u{2019}\u{bb}*_`\u{2026}".contains(c);
        let left = chunk.trim_start_matches(opening);
        (
            start + chunk.len() - left.len(),
            left.trim_end_matches(closing),
        )
    })
}

/// The words of a text.
pub(crate) fn words(text: &str) -> Vec<Word> {
    let mut all = Vec::new();
    for (start, chunk) in chunks(text) {
        match address(chunk) {
            Some(kind) => all.push(Word {
                start,
                end: start + chunk.len(),
                lower: kind.to_owned(),
            }),
            None => split(chunk, start, &mut all),
        }
    }
    all
}

/// Whether a run of characters is an address that a reader follows.
fn address(chunk: &str) -> Option<&'static str> {
    if chunk.len() > LONGEST_ADDRESS || !chunk.contains('.') {
        return None;
    }
    if let Some((scheme, rest)) = chunk.split_once("://") {
        let plain = !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric());
        return (plain && !rest.is_empty()).then_some(URL);
    }
    if let Some((user, host)) = chunk.split_once('@') {
        return (!user.is_empty() && host.contains('.')).then_some(MAIL);
    }
    let host = chunk.split('/').next().unwrap_or_default();
    let labels: Vec<&str> = host.split('.').collect();
    let fit = |label: &&str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let last = labels.last().copied().unwrap_or_default();
    let ends = ENDINGS
        .iter()
        .any(|ending| ending.eq_ignore_ascii_case(last));
    (labels.len() > 1 && labels.iter().all(fit) && ends).then_some(URL)
}

/// Splits a run at everything that is no letter or digit, but for `don't`, `15:30` and `4.2`.
fn split(chunk: &str, offset: usize, all: &mut Vec<Word>) {
    let mut current: Option<Word> = None;
    let mut before = ' ';
    let mut characters = chunk.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        let after = characters.peek().map_or(' ', |(_, c)| *c);
        let joins = match c {
            '\'' | '\u{2019}' => before.is_alphanumeric() && after.is_alphanumeric(),
            ':' | '.' | ',' => before.is_ascii_digit() && after.is_ascii_digit(),
            c => c.is_alphanumeric(),
        };
        if joins {
            let word = current.get_or_insert_with(|| Word {
                start: offset + at,
                end: offset + at,
                lower: String::new(),
            });
            match c {
                '\u{2019}' => word.lower.push('\''),
                c if c.is_ascii() => word.lower.push(c.to_ascii_lowercase()),
                c => word.lower.extend(c.to_lowercase()),
            }
            word.end = offset + at + c.len_utf8();
        } else {
            all.extend(current.take());
        }
        before = c;
    }
    all.extend(current);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_times_and_contractions_stay_whole() {
        let text = "Don\u{2019}t wait: by 15:30 (UTC+01:00), see \u{ab}https://a.example/x?y=1\u{bb}, a.b@c.example or status.example.edu. End-users\u{2026} 4.2, 1,000.";
        let all = words(text);
        let lower: Vec<&str> = all.iter().map(|w| w.lower.as_str()).collect();
        assert_eq!(
            lower,
            [
                "don't", "wait", "by", "15:30", "utc", "01:00", "see", URL, MAIL, "or", URL, "end",
                "users", "4.2", "1,000"
            ]
        );
        assert_eq!(&text[all[7].start..all[7].end], "https://a.example/x?y=1");
    }
}
