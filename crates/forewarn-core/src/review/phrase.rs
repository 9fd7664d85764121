//! Phrases that the review looks for: lists in `data/review`, read once, found in one pass over the words of a text.

use super::words::Word;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

macro_rules! lists {
    ($($(#[$doc:meta])* $name:ident = $text:literal),+ $(,)?) => {
        /// The lists of `data/review/en.txt`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum List { $($(#[$doc])* $name),+ }

        impl List {
            pub(super) const ALL: &'static [List] = &[$(List::$name),+];

            fn name(self) -> &'static str {
                match self { $(List::$name => $text),+ }
            }
        }
    };
}

lists! {
    Apology = "apology",
    Hollow = "hollow",
    Next = "next",
    Speaks = "speaks",
    Serves = "serves",
    Said = "said",
    Vague = "vague",
    End = "end",
    Hedge = "hedge",
    Repair = "repair",
    Future = "future",
    Term = "term",
    Guess = "guess",
    Effect = "effect",
    Work = "work",
    People = "people",
    Felt = "felt",
    Cause = "cause",
    Component = "component",
    Technical = "technical",
    Planned = "planned",
    Intro = "intro",
    Fault = "fault",
    Inward = "inward",
    Flaw = "flaw",
    Makes = "makes",
    Happened = "happened",
    State = "state",
    Busy = "busy",
    Inner = "inner",
    Denies = "denies",
    Thing = "thing",
    Mended = "mended",
    Waits = "waits",
    Reckons = "reckons",
    Action = "action",
    Idle = "idle",
    Where = "where",
    When = "when",
    Who = "who",
    Unknown = "unknown",
    Blame = "blame",
    Culprit = "culprit",
    Safe = "safe",
    Fear = "fear",
    Checked = "checked",
    Linger = "linger",
    Report = "report",
    Benefit = "benefit",
    Disruption = "disruption",
    Slack = "slack",
    Object = "object",
    Remind = "remind",
    Backstage = "backstage",
    Empty = "empty",
    Zoned = "zoned",
}

/// A phrase found in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    /// Which phrase of its lexicon: an index that the lexicon's owner understands.
    pub(super) phrase: usize,
    /// Its first word.
    pub(super) first: usize,
    /// The word after its last one.
    pub(super) after: usize,
}

#[derive(Debug)]
enum Part {
    /// One of these words.
    Words(Vec<Alternative>),
    /// Up to so many words of any kind.
    Gap(usize),
}

#[derive(Debug)]
enum Alternative {
    /// A word, by its number.
    Whole(u32),
    Stem(String),
    Number,
}

/// Phrases, found by their first word. Words are compared by numbers: every word of a text is looked up once.
#[derive(Debug, Default)]
pub(super) struct Lexicon {
    phrases: Vec<Vec<Part>>,
    /// The words that stand in phrases, numbered from 1.
    numbers: HashMap<String, u32>,
    /// Phrases by the number of their first word.
    by_word: Vec<Vec<usize>>,
    /// Phrases that begin with a stem, by its first two bytes.
    by_stem: HashMap<[u8; 2], Vec<(String, usize)>>,
    /// Phrases that begin with a number.
    by_digit: Vec<usize>,
}

/// A word that stands in no phrase.
const OTHER: u32 = 0;

/// What stems are looked up by.
fn key(word: &str) -> [u8; 2] {
    let bytes = word.as_bytes();
    [
        bytes.first().copied().unwrap_or(0),
        bytes.get(1).copied().unwrap_or(0),
    ]
}

fn is_number(word: &str) -> bool {
    word.as_bytes().first().is_some_and(u8::is_ascii_digit)
}

impl Lexicon {
    /// Adds a phrase as it stands in a list, and says its index.
    pub(super) fn add(&mut self, phrase: &str) -> usize {
        let parts: Vec<Part> = phrase
            .split_whitespace()
            .map(|text| self.part(text))
            .collect();
        let index = self.phrases.len();
        if let Some(Part::Words(alternatives)) = parts.first() {
            for alternative in alternatives {
                match alternative {
                    Alternative::Whole(number) => {
                        let at = *number as usize;
                        if self.by_word.len() <= at {
                            self.by_word.resize_with(at + 1, Vec::new);
                        }
                        self.by_word[at].push(index);
                    }
                    Alternative::Stem(stem) => {
                        let stems = self.by_stem.entry(key(stem)).or_default();
                        stems.push((stem.clone(), index));
                    }
                    Alternative::Number => self.by_digit.push(index),
                }
            }
        }
        self.phrases.push(parts);
        index
    }

    fn part(&mut self, text: &str) -> Part {
        if let Some(gap) = text.strip_prefix('.').and_then(|n| n.parse().ok()) {
            return Part::Gap(gap);
        }
        let mut alternatives = Vec::new();
        for word in text.split('|') {
            alternatives.push(match word.strip_suffix('*') {
                Some(stem) => Alternative::Stem(stem.to_owned()),
                None if word == "#" => Alternative::Number,
                None => {
                    let next = self.numbers.len() as u32 + 1;
                    Alternative::Whole(*self.numbers.entry(word.to_owned()).or_insert(next))
                }
            });
        }
        Part::Words(alternatives)
    }

    /// The number of each word, for [`Lexicon::find`].
    pub(super) fn numbers(&self, words: &[Word]) -> Vec<u32> {
        words
            .iter()
            .map(|w| self.numbers.get(&w.lower).copied().unwrap_or(OTHER))
            .collect()
    }

    /// Every phrase that begins in `range`, in the order of its first words. A phrase does not reach beyond the range.
    pub(super) fn find(
        &self,
        words: &[Word],
        numbers: &[u32],
        range: Range<usize>,
        mut found: impl FnMut(Hit),
    ) {
        let (words, numbers) = (&words[..range.end], &numbers[..range.end]);
        for at in range {
            let mut check = |phrase: usize| {
                if let Some(after) = ends(&self.phrases[phrase][1..], words, numbers, at + 1) {
                    found(Hit {
                        phrase,
                        first: at,
                        after,
                    });
                }
            };
            let number = numbers[at];
            if number != OTHER {
                let phrases = self.by_word.get(number as usize);
                phrases
                    .into_iter()
                    .flatten()
                    .for_each(|phrase| check(*phrase));
            }
            let word = words[at].lower.as_str();
            if is_number(word) {
                self.by_digit.iter().for_each(|phrase| check(*phrase));
            } else if let Some(stems) = self.by_stem.get(&key(word)) {
                let fit = stems
                    .iter()
                    .filter(|(stem, _)| word.starts_with(stem.as_str()));
                fit.for_each(|(_, phrase)| check(*phrase));
            }
        }
    }
}

/// Where a phrase ends whose `parts` go on at `at`. Gaps are few and short, so this is bounded by a small number of steps.
fn ends(parts: &[Part], words: &[Word], numbers: &[u32], at: usize) -> Option<usize> {
    match parts {
        [] => Some(at),
        [Part::Words(alternatives), rest @ ..] => {
            let number = *numbers.get(at)?;
            let fits = alternatives.iter().any(|alternative| match alternative {
                Alternative::Whole(wanted) => *wanted == number,
                Alternative::Stem(stem) => words[at].lower.starts_with(stem.as_str()),
                Alternative::Number => is_number(&words[at].lower),
            });
            if fits {
                ends(rest, words, numbers, at + 1)
            } else {
                None
            }
        }
        [Part::Gap(most), rest @ ..] => {
            (0..=*most).find_map(|gap| ends(rest, words, numbers, at + gap))
        }
    }
}

/// The phrases of every list.
pub(super) struct Lists {
    /// The phrases; their indexes stand in `list_of`.
    pub(super) lexicon: Lexicon,
    /// Which list a phrase is of.
    pub(super) list_of: Vec<List>,
}

/// The lists, read once.
pub(super) static LISTS: LazyLock<Lists> = LazyLock::new(|| {
    let mut lists = Lists {
        lexicon: Lexicon::default(),
        list_of: Vec::new(),
    };
    let mut current = None;
    for line in lines(include_str!("../../data/review/en.txt")) {
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            current = List::ALL.iter().copied().find(|l| l.name() == name);
            continue;
        }
        // A list that nobody asks for is left out; a test holds that there is none.
        if let Some(list) = current {
            lists.lexicon.add(line);
            lists.list_of.push(list);
        }
    }
    lists
});

/// The lines of a list without comments and empty ones.
pub(super) fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && (!line.starts_with('#') || line.starts_with("#|")))
}

#[cfg(test)]
mod tests {
    use super::super::words::words;
    use super::*;

    fn found(phrase: &str, text: &str) -> Vec<String> {
        let mut lexicon = Lexicon::default();
        lexicon.add(phrase);
        let (words, mut all) = (words(text), Vec::new());
        let numbers = lexicon.numbers(&words);
        lexicon.find(&words, &numbers, 0..words.len(), |hit| {
            all.push(text[words[hit.first].start..words[hit.after - 1].end].to_owned());
        });
        all
    }

    #[test]
    fn phrases_have_alternatives_stems_gaps_and_numbers() {
        assert_eq!(
            found("next|another update", "Next update, another UPDATE"),
            ["Next update", "another UPDATE"]
        );
        assert_eq!(
            found("apolog*", "We apologise. Apologies!"),
            ["apologise", "Apologies"]
        );
        assert_eq!(
            found(
                "fixed .2 #",
                "fixed in about 30 minutes, fixed by the end of day 3"
            ),
            ["fixed in about 30"]
        );
        assert_eq!(found("in # minutes", "in 30 minutes"), ["in 30 minutes"]);
        assert_eq!(
            found("see <url>", "see https://a.example/b."),
            ["see https://a.example/b"]
        );
        assert_eq!(
            found("don't know", "we don\u{2019}t know"),
            ["don\u{2019}t know"]
        );
    }

    #[test]
    fn every_list_of_the_file_is_used_and_every_list_has_phrases() {
        let in_file: Vec<&str> = lines(include_str!("../../data/review/en.txt"))
            .filter_map(|l| l.strip_prefix('[')?.strip_suffix(']'))
            .collect();
        let known: Vec<&str> = List::ALL.iter().map(|l| l.name()).collect();
        let (mut a, mut b) = (in_file.clone(), known);
        a.sort_unstable();
        b.sort_unstable();
        assert_eq!(a, b);
        for list in List::ALL {
            assert!(LISTS.list_of.contains(list), "{list:?}");
        }
    }
}
