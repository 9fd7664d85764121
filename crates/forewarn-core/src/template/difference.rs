//! What differs between two texts: line by line, and word by word inside a line that was changed.

pub use crate::difference::Change;
use crate::difference::pairs;
use serde::Serialize;

/// A line of either text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What became of it.
    pub change: Change,
    /// Its number in the older text, from 1.
    pub before: Option<usize>,
    /// Its number in the newer text, from 1.
    pub after: Option<usize>,
    /// What it says, in pieces.
    pub pieces: Vec<Piece>,
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Piece {
    /// What it says.
    pub text: String,
    /// It is what differs, in a line that has much in common with the one that it replaces or that replaces it.
    pub changed: bool,
}

/// The lines of both texts in order: of a change first those that went, then those that came.
pub fn difference(before: &str, after: &str) -> Vec<Line> {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let mut lines = Vec::with_capacity(old.len().max(new.len()));
    let (mut i, mut j) = (0, 0);
    let ends = std::iter::once((old.len(), new.len()));
    for (kept_old, kept_new) in pairs(&old, &new).into_iter().chain(ends) {
        replaced((&old[i..kept_old], i), (&new[j..kept_new], j), &mut lines);
        if let Some(text) = old.get(kept_old) {
            lines.push(Line {
                change: Change::Same,
                before: Some(kept_old + 1),
                after: Some(kept_new + 1),
                pieces: vec![piece(text, false)],
            });
        }
        (i, j) = (kept_old + 1, kept_new + 1);
    }
    lines
}

/// Lines that went, and those that came in their place; each with the number of lines before it.
fn replaced((old, i): (&[&str], usize), (new, j): (&[&str], usize), lines: &mut Vec<Line>) {
    let pairs: Vec<_> = old.iter().zip(new).map(|(a, b)| words(a, b)).collect();
    for (n, text) in old.iter().enumerate() {
        let inside = pairs.get(n).and_then(|pair| pair.clone().map(|(a, _)| a));
        lines.push(Line {
            change: Change::Removed,
            before: Some(i + n + 1),
            after: None,
            pieces: inside.unwrap_or_else(|| vec![piece(text, false)]),
        });
    }
    for (n, text) in new.iter().enumerate() {
        let inside = pairs.get(n).and_then(|pair| pair.clone().map(|(_, b)| b));
        lines.push(Line {
            change: Change::Added,
            before: None,
            after: Some(j + n + 1),
            pieces: inside.unwrap_or_else(|| vec![piece(text, false)]),
        });
    }
}

fn piece(text: &str, changed: bool) -> Piece {
    Piece {
        text: text.to_owned(),
        changed,
    }
}

/// What differs inside two lines. Nothing where they have little in common: pieces of it would only confuse.
fn words(before: &str, after: &str) -> Option<(Vec<Piece>, Vec<Piece>)> {
    let (old, new) = (tokens(before), tokens(after));
    let same = pairs(&old, &new);
    let length = |tokens: &[&str]| tokens.iter().map(|t| t.trim().len()).sum::<usize>();
    let shared: usize = same.iter().map(|(i, _)| old[*i].trim().len()).sum();
    if shared * 3 < length(&old).max(length(&new)) {
        return None;
    }
    let old_kept: Vec<usize> = same.iter().map(|(i, _)| *i).collect();
    let new_kept: Vec<usize> = same.iter().map(|(_, j)| *j).collect();
    Some((marked(&old, &old_kept), marked(&new, &new_kept)))
}

/// The tokens joined again, apart by whether they stayed.
fn marked(tokens: &[&str], kept: &[usize]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for (n, token) in tokens.iter().enumerate() {
        let changed = kept.binary_search(&n).is_err();
        match pieces.last_mut() {
            Some(last) if last.changed == changed => last.text.push_str(token),
            _ => pieces.push(piece(token, changed)),
        }
    }
    pieces
}

/// Words, gaps, and every other sign by itself.
fn tokens(line: &str) -> Vec<&str> {
    let kind = |c: char| match c {
        c if c.is_alphanumeric() || c == '_' => 0,
        c if c.is_whitespace() => 1,
        _ => 2,
    };
    let mut found = Vec::new();
    let mut from = 0;
    let mut last = None;
    for (at, c) in line.char_indices() {
        let joined = last == Some(kind(c)) && kind(c) != 2;
        if !joined && at > from {
            found.push(&line[from..at]);
            from = at;
        }
        last = Some(kind(c));
    }
    if from < line.len() {
        found.push(&line[from..]);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As `diff -u` shows it, with what differs inside a line between brackets.
    fn told(before: &str, after: &str) -> String {
        let line = |line: Line| {
            let sign = [' ', '-', '+'][line.change as usize];
            let pieces = line.pieces.into_iter().map(|p| match p.changed {
                true => format!("[{}]", p.text),
                false => p.text,
            });
            format!("{sign}{}\n", pieces.collect::<String>())
        };
        difference(before, after).into_iter().map(line).collect()
    }

    #[test]
    fn a_changed_word_is_marked_in_its_line() {
        let (old, new) = (
            "Hello\n\nWe start at {{start}}.\nBye",
            "Hello\n\nWe begin at {{start}}.\nBye",
        );
        assert_eq!(
            told(old, new),
            " Hello\n \n-We [start] at {{start}}.\n+We [begin] at {{start}}.\n Bye\n"
        );
    }

    #[test]
    fn lines_that_have_nothing_in_common_are_not_taken_to_pieces() {
        assert_eq!(told("one two", "three four"), "-one two\n+three four\n");
        assert_eq!(told("", "new"), "+new\n");
        assert_eq!(told("old", ""), "-old\n");
        assert_eq!(told("same", "same"), " same\n");
        assert_eq!(told("", ""), "");
    }

    #[test]
    fn lines_keep_their_numbers() {
        let lines = difference("a\nb\nc", "a\nx\nb\nc\n");
        let places: Vec<_> = lines
            .iter()
            .map(|l| (l.change, l.before, l.after))
            .collect();
        let expected = [
            (Change::Same, Some(1), Some(1)),
            (Change::Added, None, Some(2)),
            (Change::Same, Some(2), Some(3)),
            (Change::Same, Some(3), Some(4)),
        ];
        assert_eq!(places, expected);
    }

    #[test]
    fn texts_as_long_as_a_template_may_be_take_little_time() {
        let started = std::time::Instant::now();
        let letters = |n: usize| {
            (0..10_000)
                .map(|i| ["a ", "b ", "c\n"][(i * n) % 3])
                .collect::<String>()
        };
        let _ = difference(&letters(1), &letters(2));
        let _ = difference(&"\n".repeat(20_000), &"a\n".repeat(10_000));
        let _ = difference(&"a b ".repeat(5_000), &"b c ".repeat(5_000));
        assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
    }

    proptest! {
        #[test]
        fn both_texts_can_be_read_from_it(before in "[ab\n ]{0,30}", after in "[ab\n ]{0,30}") {
            let lines = difference(&before, &after);
            let text = |without: Change| -> Vec<String> {
                let kept = lines.iter().filter(|line| line.change != without);
                kept.map(|line| line.pieces.iter().map(|p| p.text.as_str()).collect()).collect()
            };
            prop_assert_eq!(text(Change::Added), before.lines().collect::<Vec<_>>());
            prop_assert_eq!(text(Change::Removed), after.lines().collect::<Vec<_>>());
            let removed = lines.iter().any(|line| line.change != Change::Same);
            prop_assert_eq!(removed, before.lines().ne(after.lines()));
        }
    }
}
