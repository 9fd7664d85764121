//! What stands in a text that is read out: numbers digit by digit, "dash" and "dot" said as words.

use super::{Kind, Leak};
use crate::review::words::Word;

/// Digits as they are said.
pub(super) const DIGITS: &[&str] = &[
    "zero", "oh", "nought", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    "double", "triple",
];
/// Larger numbers as they are said.
pub(super) const LARGER: &[&str] = &[
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "seventy",
    "eighty",
    "ninety",
    "hundred",
    "thousand",
];
const KEYS: &[&str] = &[
    "pin",
    "code",
    "codes",
    "password",
    "passcode",
    "passphrase",
    "key",
];
const TICKETS: &[&str] = &[
    "ticket", "case", "incident", "change", "fault", "defect", "bug", "issue", "inc",
];

/// No name that is read out is longer, in words.
const FAR: usize = 24;

/// Adds what is said and not written.
pub(super) fn spoken(words: &[Word], found: &mut Vec<Leak>) {
    let mut n = 0;
    while n < words.len() {
        let after = (n..words.len())
            .take_while(|at| is_digit(&words[*at].lower))
            .count()
            + n;
        let kind = match after - n {
            0 => None,
            // "The door code is now seven seven one nine."
            4.. if near(words, n, 5, KEYS)
                && !near(words, n, 5, &["your", "dialling", "area", "post", "sort"]) =>
            {
                Some(Kind::Secret)
            }
            // "case number 0 0 4 8 8 1 2"
            4.. if near(words, n, 4, TICKETS) && !near(words, n, 4, &["your"]) => {
                Some(Kind::TicketId)
            }
            _ => None,
        };
        if let Some(kind) = kind {
            found.push(Leak::at(kind, words[n].start..words[after - 1].end));
        }
        n = after.max(n + 1);
    }
    for n in 0..words.len() {
        if let Some((kind, first, last)) = version(words, n)
            .or_else(|| address(words, n))
            .or_else(|| machine(words, n))
        {
            found.push(Leak::at(kind, words[first].start..words[last].end));
        }
    }
}

fn is_digit(word: &str) -> bool {
    DIGITS.contains(&word) || (word.len() == 1 && word.starts_with(|c: char| c.is_ascii_digit()))
}

fn is_number(word: &str) -> bool {
    DIGITS.contains(&word)
        || LARGER.contains(&word)
        || (!word.is_empty() && word.len() < 4 && word.bytes().all(|b| b.is_ascii_digit()))
        || word
            .split_once('-')
            .is_some_and(|(ten, one)| LARGER.contains(&ten) && DIGITS.contains(&one))
}

fn near(words: &[Word], n: usize, most: usize, list: &[&str]) -> bool {
    (n.saturating_sub(most)..n).any(|at| list.contains(&words[at].lower.as_str()))
}

/// "version two point one four": the word before, and numbers with "point" or "dot" between them.
fn version(words: &[Word], n: usize) -> Option<(Kind, usize, usize)> {
    let said = |at: usize| words.get(at).map_or("", |w| w.lower.as_str());
    let software = super::software::SOFTWARE.contains(&said(n));
    if !software && !matches!(said(n), "version" | "release" | "build" | "firmware") {
        return None;
    }
    let mut last = n;
    let mut points = 0;
    while is_number(said(last + 1))
        || (last > n && matches!(said(last + 1), "point" | "dot") && is_number(said(last + 2)))
    {
        last += 1;
        points += usize::from(matches!(said(last), "point" | "dot"));
    }
    let spelled = (n + 1..=last).any(|at| DIGITS.contains(&said(at)) || LARGER.contains(&said(at)));
    // "to version two"
    let changed = matches!(said(n.wrapping_sub(1)), "to" | "from") && said(n) == "version";
    ((points > 0 || software || changed) && spelled).then_some((Kind::Version, n + 1, last))
}

/// "ten dot forty dot two dot one": four numbers and three times "dot".
fn address(words: &[Word], n: usize) -> Option<(Kind, usize, usize)> {
    let said = |at: usize| words.get(at).map_or("", |w| w.lower.as_str());
    if n > 0 && matches!(said(n - 1), "dot" | "point") || !is_number(said(n)) {
        return None;
    }
    let (mut at, mut dots) = (n, 0);
    while at < n + FAR
        && (is_number(said(at + 1))
            || (matches!(said(at + 1), "dot" | "point") && is_number(said(at + 2))))
    {
        at += 1;
        dots += usize::from(matches!(said(at), "dot" | "point"));
    }
    (dots == 3).then_some((Kind::IpAddress, n, at))
}

/// "app zero seven dash prod": a name, its digits, and what a dash joins to them.
fn machine(words: &[Word], n: usize) -> Option<(Kind, usize, usize)> {
    let said = |at: usize| words.get(at).map_or("", |w| w.lower.as_str());
    let is_join = |at: usize| matches!(said(at), "dash" | "hyphen" | "underscore");
    if !is_join(n) || n == 0 {
        return None;
    }
    let mut first = n - 1;
    while first > 0 && n - first < FAR && (is_digit(said(first)) || is_join(first)) {
        first -= 1;
    }
    let mut last = n + 1;
    while last < n + FAR
        && (is_join(last + 1)
            || (is_digit(said(last + 1)) && last < n + 6)
            || (is_join(last) && last < n + 6))
    {
        last += 1;
    }
    let digits = (first..=last.min(words.len() - 1)).any(|at| is_digit(said(at)));
    // "Call five five five dash one two one two": a telephone.
    let calls = ["call", "ring", "dial", "number", "on", "phone", "text"];
    let named = !is_digit(said(first)) && !calls.contains(&said(first));
    (digits && named && last < words.len() && last - first > 1).then_some((
        Kind::HostName,
        first,
        last,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::words::words;

    #[test]
    fn what_is_read_out_is_heard() {
        let heard = |text: &str| {
            let mut found = Vec::new();
            spoken(&words(text), &mut found);
            found
                .iter()
                .map(|leak| (leak.kind, text[leak.start..leak.end].to_owned()))
                .collect::<Vec<_>>()
        };
        for (text, kind, leak) in [
            (
                "The door code is now seven seven one nine.",
                Kind::Secret,
                "seven seven one nine",
            ),
            (
                "under case number 0 0 4 8 8 1 2. Please wait",
                Kind::TicketId,
                "0 0 4 8 8 1 2",
            ),
            (
                "back to version two point one four of the app",
                Kind::Version,
                "two point one four",
            ),
            (
                "the gateway ten dot forty dot two dot one fails",
                Kind::IpAddress,
                "ten dot forty dot two dot one",
            ),
            (
                "Our server app zero seven dash prod has failed.",
                Kind::HostName,
                "app zero seven dash prod",
            ),
        ] {
            assert_eq!(heard(text), [(kind, leak.to_owned())], "{text}");
        }
        for text in [
            "call zero eight hundred one one one",
            "one point five million people",
            "press one two three",
            "a dash of salt in two cups",
            "two of three trains run",
            "your code is four four one two",
        ] {
            assert_eq!(heard(text), [], "{text}");
        }
    }
}
