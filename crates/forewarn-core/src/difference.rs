//! What changed between two texts, word by word, for people who compare versions.
//!
//! A word is what stands between white space, with the white space after it. Two words are the same where their letters are and as
//! many lines end after both: other spaces are no change, a paragraph that was split is.

use serde::Serialize;

/// Where more things than this changed, none are paired: such texts have little in common, and are shown one after the other. It bounds the
/// work at some tens of millions of steps, whatever the texts are.
const MOST_CHANGES: usize = 2_000;

/// What became of a line, or of a run of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It stands in both.
    Same,
    /// It stands only in the text before.
    Removed,
    /// It stands only in the text after.
    Added,
}

/// Some words in a row to which the same happened, with the white space between and after them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run<'a> {
    /// What happened.
    pub change: Change,
    /// The words as the text before has them; empty where they were added.
    pub before: &'a str,
    /// The words as the text after has them; empty where they were removed. What is the same may be wrapped in another way.
    pub after: &'a str,
}

impl<'a> Run<'a> {
    /// The words, for a reader who sees both texts in one.
    pub fn text(&self) -> &'a str {
        match self.change {
            Change::Removed => self.before,
            Change::Added => self.after,
            // At the end of one text no space follows, where the other goes on.
            Change::Same if self.after.ends_with(char::is_whitespace) => self.after,
            Change::Same => self.before,
        }
    }
}

/// The runs of two texts in reading order; what was removed stands before what came in its place. No two neighbours are of the same
/// kind. All `before` together are the text before, all `after` together the text after, to the byte.
pub fn difference<'a>(before: &'a str, after: &'a str) -> Vec<Run<'a>> {
    let (old, new) = (words(before), words(after));
    let mut runs = Runs {
        before,
        after,
        old: &old,
        new: &new,
        at: (0, 0),
        same: (0, 0),
        all: Vec::new(),
    };
    for pair in pairs(&old, &new) {
        runs.keep(pair);
    }
    runs.finish()
}

/// A word and where it stands, with the white space after it.
#[derive(Clone, Copy, Debug)]
struct Word<'a> {
    letters: &'a str,
    /// Line breaks after it, two at most: more make no other paragraph. None at the end of the text, where it makes no difference.
    breaks: Option<u8>,
    start: usize,
    end: usize,
}

impl PartialEq for Word<'_> {
    fn eq(&self, other: &Self) -> bool {
        let one_ends = self.breaks.is_none() || other.breaks.is_none();
        self.letters == other.letters && (one_ends || self.breaks == other.breaks)
    }
}

fn words(text: &str) -> Vec<Word<'_>> {
    let mut starts = Vec::new();
    let mut in_space = true;
    for (at, letter) in text.char_indices() {
        // White space at the beginning is a word without letters.
        if at == 0 || (in_space && !letter.is_whitespace()) {
            starts.push(at);
        }
        in_space = letter.is_whitespace();
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let word = |(start, end): (usize, usize)| {
        let whole = &text[start..end];
        let letters = whole.trim_end();
        let breaks = whole[letters.len()..].matches('\n').count().min(2) as u8;
        let breaks = (end < text.len()).then_some(breaks);
        Word {
            letters,
            breaks,
            start,
            end,
        }
    };
    starts.iter().copied().zip(ends).map(word).collect()
}

/// Places of the things that both lists have, in order, as many as there can be.
pub(crate) fn pairs<T: PartialEq>(old: &[T], new: &[T]) -> Vec<(usize, usize)> {
    let shorter = old.len().min(new.len());
    let head = (0..shorter).take_while(|n| old[*n] == new[*n]).count();
    let tail = (1..=shorter - head)
        .take_while(|n| old[old.len() - n] == new[new.len() - n])
        .count();
    let middle = common(&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let first = (0..head).map(|n| (n, n));
    let middle = middle.into_iter().map(|(i, j)| (i + head, j + head));
    let last = (1..=tail).rev().map(|n| (old.len() - n, new.len() - n));
    first.chain(middle).chain(last).collect()
}

/// The greedy search for the shortest way from one to the other (E. Myers, 1986): `reach[k]` is how far one comes on diagonal `k`
/// with so many changes. Nothing where that takes more than [`MOST_CHANGES`].
fn common<T: PartialEq>(old: &[T], new: &[T]) -> Vec<(usize, usize)> {
    let (n, m) = (old.len() as isize, new.len() as isize);
    let most = (old.len() + new.len()).min(MOST_CHANGES) as isize;
    let at = |k: isize| (k + most + 1) as usize;
    let mut reach = vec![0_isize; 2 * most as usize + 3];
    let mut trace: Vec<Vec<isize>> = Vec::new();
    for changes in 0..=most {
        // Only diagonals that could be reached are remembered.
        trace.push(reach[at(-changes - 1)..=at(changes + 1)].to_vec());
        for k in (-changes..=changes).step_by(2) {
            let down = k == -changes || (k != changes && reach[at(k - 1)] < reach[at(k + 1)]);
            let mut x = match down {
                true => reach[at(k + 1)],
                false => reach[at(k - 1)] + 1,
            };
            while x < n && x - k < m && old[x as usize] == new[(x - k) as usize] {
                x += 1;
            }
            reach[at(k)] = x;
            if x >= n && x - k >= m {
                return way_back(&trace, n, m);
            }
        }
    }
    Vec::new()
}

fn way_back(trace: &[Vec<isize>], n: isize, m: isize) -> Vec<(usize, usize)> {
    let (mut x, mut y) = (n, m);
    let mut pairs = Vec::new();
    for (changes, reach) in trace.iter().enumerate().rev() {
        let changes = changes as isize;
        let of = |k: isize| reach[(k + changes + 1) as usize];
        let k = x - y;
        let down = k == -changes || (k != changes && of(k - 1) < of(k + 1));
        let from = if down { k + 1 } else { k - 1 };
        let begun = if changes == 0 { 0 } else { of(from) };
        let ended = begun - from;
        // After the one change, or from the beginning, both go on together.
        let (start, _) = match (changes, down) {
            (0, _) => (0, 0),
            (_, true) => (begun, ended + 1),
            (_, false) => (begun + 1, ended),
        };
        while x > start {
            x -= 1;
            y -= 1;
            pairs.push((x as usize, y as usize));
        }
        (x, y) = (begun, ended);
    }
    pairs.reverse();
    pairs
}

/// Runs as they are made: everything before `at` is in one of them or in what is the same since `same`.
struct Runs<'a, 'w> {
    before: &'a str,
    after: &'a str,
    old: &'w [Word<'a>],
    new: &'w [Word<'a>],
    same: (usize, usize),
    at: (usize, usize),
    all: Vec<Run<'a>>,
}

impl<'a> Runs<'a, '_> {
    /// These two words are the same.
    fn keep(&mut self, (i, j): (usize, usize)) {
        if (i, j) != self.at {
            self.change(i, j);
        }
        self.at = (i + 1, j + 1);
    }

    /// Ends what is the same, and says what changed from there to these places.
    fn change(&mut self, i: usize, j: usize) {
        let old = |from, to| slice(self.before, self.old, from, to);
        let new = |from, to| slice(self.after, self.new, from, to);
        let (same, at) = (self.same, self.at);
        let runs = [
            (Change::Same, old(same.0, at.0), new(same.1, at.1)),
            (Change::Removed, old(at.0, i), ""),
            (Change::Added, "", new(at.1, j)),
        ];
        let said = runs
            .into_iter()
            .filter(|(_, b, a)| !(b.is_empty() && a.is_empty()));
        self.all.extend(said.map(|(change, before, after)| Run {
            change,
            before,
            after,
        }));
        self.same = (i, j);
    }

    fn finish(mut self) -> Vec<Run<'a>> {
        self.change(self.old.len(), self.new.len());
        self.all
    }
}

fn slice<'a>(text: &'a str, words: &[Word<'a>], from: usize, to: usize) -> &'a str {
    match words.get(from..to) {
        Some([first, .., last]) => &text[first.start..last.end],
        Some([only]) => &text[only.start..only.end],
        Some([]) | None => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `[-removed-]` and `{+added+}`, as one reads it.
    fn told(before: &str, after: &str) -> String {
        let runs = difference(before, after);
        let run = |run: &Run<'_>| match run.change {
            Change::Same => run.text().to_owned(),
            Change::Removed => format!("[-{}-]", run.before),
            Change::Added => format!("{{+{}+}}", run.after),
        };
        runs.iter().map(run).collect()
    }

    #[test]
    fn changed_words_are_told_in_reading_order() {
        for (before, after, difference) in [
            ("", "", ""),
            ("the same", "the same", "the same"),
            ("", "all new", "{+all new+}"),
            ("all gone", "", "[-all gone-]"),
            (
                "The portal is down.",
                "The portal is slow.",
                "The portal is [-down.-]{+slow.+}",
            ),
            ("It is down", "It is down again", "It is down {+again+}"),
            ("It is down again", "It is down", "It is down [-again-]"),
            (
                "We look at it. Next update at noon.",
                "We are sorry. We look at it. Next update at one.",
                "We {+are sorry. We +}look at it. Next update at [-noon.-]{+one.+}",
            ),
        ] {
            assert_eq!(told(before, after), difference, "{before} / {after}");
        }
    }

    #[test]
    fn another_wrapping_is_no_change_and_another_paragraph_is() {
        assert_eq!(told("one  two\tthree", "one two three "), "one two three ");
        assert_eq!(
            told("one. two.", "one.\n\ntwo."),
            "[-one. -]{+one.\n\n+}two."
        );
        assert_eq!(told("  one", "one"), "[-  -]one");
    }

    #[test]
    fn texts_with_nothing_in_common_end_quickly() {
        let old: String = (0..20_000).map(|n| format!("a{n} ")).collect();
        let new: String = (0..20_000).map(|n| format!("b{n} ")).collect();
        let kinds = |old: &str, new: &str| -> Vec<Change> {
            let runs = difference(old, new);
            runs.iter().map(|run| run.change).collect()
        };
        assert_eq!(kinds(&old, &new), [Change::Removed, Change::Added]);
        // What they begin and end with is found all the same.
        assert_eq!(
            kinds(&format!("Hello {old}Bye"), &format!("Hello {new}Bye")),
            [Change::Same, Change::Removed, Change::Added, Change::Same]
        );
    }

    /// By the table of all pairs, which takes a square of the time.
    fn longest_common(a: &[Word<'_>], b: &[Word<'_>]) -> usize {
        let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
        for i in 0..a.len() {
            for j in 0..b.len() {
                table[i + 1][j + 1] = match a[i] == b[j] {
                    true => table[i][j] + 1,
                    false => table[i][j + 1].max(table[i + 1][j]),
                };
            }
        }
        table[a.len()][b.len()]
    }

    proptest! {
        #[test]
        fn both_texts_can_be_read_off_and_as_much_as_can_be_is_the_same(
            before in "[ab \n]{0,60}", after in "[ab \n]{0,60}"
        ) {
            let runs = difference(&before, &after);
            prop_assert_eq!(runs.iter().map(|run| run.before).collect::<String>(), before.clone());
            prop_assert_eq!(runs.iter().map(|run| run.after).collect::<String>(), after.clone());
            prop_assert!(runs.windows(2).all(|two| two[0].change != two[1].change));
            let (a, b) = (words(&before), words(&after));
            prop_assert_eq!(pairs(&a, &b).len(), longest_common(&a, &b));
        }
    }
}
