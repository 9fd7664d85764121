//! Sentences: by their signs, by empty lines, by the lines of a list. Lines of code are none.

use super::words::Word;
use std::ops::Range;

/// A sentence, or a line that stands for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sentence {
    /// Byte offset of its first character.
    pub(super) start: usize,
    /// Byte offset after its last one.
    pub(super) end: usize,
    /// Its words, as indexes.
    pub(super) words: Range<usize>,
    /// Its words as a reader counts them: what stands between spaces.
    pub(super) count: usize,
    /// It ends with a full stop or the like; a greeting, a heading or a signature does not.
    pub(super) is_ended: bool,
    /// It is code: a trace, a command.
    pub(super) is_code: bool,
}

/// Shortened words whose full stop ends no sentence.
const SHORTENED: &[&str] = &[
    "dr", "mr", "mrs", "ms", "prof", "st", "no", "nr", "vs", "approx", "ext", "tel", "e.g", "i.e",
    "etc", "fig", "art", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct",
    "nov", "dec", "dept",
];

/// Splits a text.
pub(super) fn sentences(text: &str, words: &[Word]) -> Vec<Sentence> {
    let mut all = Vec::new();
    for (range, is_code) in blocks(text) {
        if is_code {
            push(text, range, true, &mut all);
        } else {
            split(text, range, &mut all);
        }
    }
    let mut next = 0;
    for sentence in &mut all {
        while words.get(next).is_some_and(|w| w.start < sentence.start) {
            next += 1;
        }
        let first = next;
        while words.get(next).is_some_and(|w| w.start < sentence.end) {
            next += 1;
        }
        sentence.words = first..next;
    }
    all.retain(|sentence| !sentence.words.is_empty());
    all
}

/// Paragraphs, items of lists and pieces of code.
fn blocks(text: &str) -> Vec<(Range<usize>, bool)> {
    let indented = |line: &str| line.starts_with("    ") || line.starts_with('\t');
    // A text that is indented as a whole was only pasted so.
    let some_stand_out = text.lines().any(|l| !l.trim().is_empty() && !indented(l));
    let (mut all, mut offset, mut fenced) = (Vec::new(), 0, false);
    let mut open: Option<(Range<usize>, bool)> = None;
    let mut before = "";
    for line in text.split_inclusive('\n') {
        let (start, end) = (offset, offset + line.len());
        offset = end;
        let content = line.trim();
        if content.starts_with("```") {
            fenced = !fenced;
            all.extend(open.take());
            continue;
        }
        if content.is_empty() {
            all.extend(open.take());
            continue;
        }
        let is_code = fenced || (some_stand_out && indented(line));
        let begins = match &open {
            Some((_, code)) => *code != is_code || (!is_code && breaks(before, content)),
            None => true,
        };
        if begins {
            all.extend(open.take());
            let mark = if is_code { 0 } else { mark(line) };
            open = Some((start + mark..end, is_code));
        } else if let Some((range, _)) = &mut open {
            range.end = end;
        }
        before = content;
    }
    all.extend(open);
    all
}

/// How many bytes of a line are indentation and the mark of a list, a heading or a quotation.
fn mark(line: &str) -> usize {
    let rest =
        line.trim_start_matches([' ', '\t', '#', '>', '-', '*', '+', '\u{2022}', '\u{2013}']);
    line.len() - rest.len()
}

fn is_item(line: &str) -> bool {
    let numbered = line.split_once(['.', ')']).is_some_and(|(n, rest)| {
        (1..=2).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit()) && rest.starts_with(' ')
    });
    numbered
        || [
            "- ",
            "* ",
            "+ ",
            "# ",
            "## ",
            "### ",
            "> ",
            "\u{2022}",
            "\u{2013} ",
        ]
        .iter()
        .any(|mark| line.starts_with(mark))
}

/// Whether a line begins something new although no empty line stands before it.
fn breaks(before: &str, line: &str) -> bool {
    let capital = line
        .chars()
        .find(|c| c.is_alphanumeric())
        .is_some_and(|c| !c.is_lowercase());
    is_item(line) || (capital && before.chars().take(50).count() < 50)
}

fn split(text: &str, range: Range<usize>, all: &mut Vec<Sentence>) {
    let mut start = range.start;
    let mut characters = text[range.clone()].char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        if matches!(c, '\u{3002}' | '\u{ff01}' | '\u{ff1f}') {
            let end = range.start + at + c.len_utf8();
            push(text, start..end, false, all);
            start = end;
            continue;
        }
        if !matches!(c, '.' | '!' | '?' | '\u{2026}' | '\u{61f}') {
            continue;
        }
        let stop = range.start + at;
        let mut end = stop + c.len_utf8();
        while let Some((_, next)) = characters.peek() {
            if !".!?\u{2026})]\"'\u{201d}\u{2019}*_`".contains(*next) {
                break;
            }
            end += next.len_utf8();
            characters.next();
        }
        let closed = characters
            .peek()
            .is_none_or(|(_, next)| next.is_whitespace());
        // A quotation in the middle: "Why?" he asks.
        let goes = text[end..range.end]
            .trim_start_matches([' ', '\n'])
            .starts_with(char::is_lowercase);
        if closed
            && !(goes && end > stop + c.len_utf8() && c != '.')
            && !(c == '.' && goes_on(text, start..stop, &text[end..range.end]))
        {
            push(text, start..end, false, all);
            start = end;
        }
    }
    push(text, start..range.end, false, all);
}

/// Whether the full stop at the end of `range` belongs to a shortened word, so that the sentence goes on with `rest`.
fn goes_on(text: &str, range: Range<usize>, rest: &str) -> bool {
    let before = &text[range];
    let tail: String = before.chars().rev().take(12).collect();
    let tail: String = tail.chars().rev().collect();
    let word = tail
        .rsplit(|c: char| c.is_whitespace() || "([\"'".contains(c))
        .next()
        .unwrap_or_default()
        .to_lowercase();
    let next = rest.trim_start();
    if next.is_empty() {
        return false;
    }
    let small = next.starts_with(|c: char| c.is_lowercase() || c == '(' || c == ',');
    let after: String = next
        .chars()
        .take_while(|c| c.is_alphanumeric())
        .take(12)
        .collect::<String>()
        .to_lowercase();
    if matches!(word.as_str(), "a.m" | "p.m") {
        // "4 p.m. Singapore time", "9 a.m. Greenwich Mean Time"
        let ahead = next.split_whitespace().take(4);
        let place = ahead
            .map(|word| word.trim_end_matches([',', '.', ';']))
            .any(|word| matches!(word, "time" | "Time"));
        return small || place || super::zone::is_zone_word(&after);
    }
    // The number of an item, or an initial.
    let number = !word.is_empty() && word.len() <= 2 && word.bytes().all(|b| b.is_ascii_digit());
    if number && before.trim().len() == word.len() {
        return true;
    }
    let initial =
        word.chars().count() == 1 && word.chars().all(|c| c.is_alphabetic()) && word != "i";
    let title = SHORTENED.contains(&word.as_str());
    (title
        && !(word == "no" || word == "etc")
        && (small || next.starts_with(|c: char| c.is_alphanumeric())))
        || (title && (small || next.starts_with(|c: char| c.is_ascii_digit())))
        || (initial && tail.trim_end().ends_with(|c: char| c.is_uppercase()))
        || (small
            && matches!(
                word.as_str(),
                "inc" | "ltd" | "co" | "corp" | "min" | "hrs" | "max"
            ))
}

fn push(text: &str, range: Range<usize>, is_code: bool, all: &mut Vec<Sentence>) {
    let piece = &text[range.clone()];
    let trimmed = piece.trim();
    if trimmed.is_empty() {
        return;
    }
    let start = range.start + piece.len() - piece.trim_start().len();
    let count = trimmed
        .split_whitespace()
        .filter(|chunk| chunk.chars().any(char::is_alphanumeric))
        .count();
    let closing = |c: char| ")]\"'\u{201d}\u{2019}*_`".contains(c);
    let is_ended = trimmed.trim_end_matches(closing).ends_with([
        '.', '!', '?', '\u{2026}', '\u{3002}', '\u{ff01}', '\u{ff1f}', '\u{61f}',
    ]);
    all.push(Sentence {
        start,
        end: start + trimmed.len(),
        words: 0..0,
        count,
        is_ended,
        is_code,
    });
}

#[cfg(test)]
mod tests {
    use super::super::words::words;
    use super::*;

    fn split_up(text: &str) -> Vec<&str> {
        sentences(text, &words(text))
            .into_iter()
            .map(|s| &text[s.start..s.end])
            .collect()
    }

    #[test]
    fn sentences_end_where_a_reader_stops() {
        assert_eq!(
            split_up(
                "Dr. Smith waits. \"Why?\" he asks... We, i.e. all, come at 3 p.m. Eastern time. See https://a.example. It costs 4.50! Yes."
            ),
            [
                "Dr. Smith waits.",
                "\"Why?\" he asks...",
                "We, i.e. all, come at 3 p.m. Eastern time.",
                "See https://a.example.",
                "It costs 4.50!",
                "Yes."
            ]
        );
        assert_eq!(
            split_up(
                "Dear all,\n\nthe first line of a longer paragraph that goes on and\nends here. Two.\n- one\n- two\n\nThe team"
            ),
            [
                "Dear all,",
                "the first line of a longer paragraph that goes on and\nends here.",
                "Two.",
                "one",
                "two",
                "The team"
            ]
        );
    }

    #[test]
    fn code_is_no_sentence() {
        let text = "The log says:\n\n    at a.b.c(D.java:1)\n    at e\n\nWe look.";
        let all = sentences(text, &words(text));
        let code: Vec<bool> = all.iter().map(|s| s.is_code).collect();
        assert_eq!(code, [false, true, false]);
        assert_eq!(
            split_up("    All of it\n    is indented."),
            ["All of it\n    is indented."]
        );
    }
}
