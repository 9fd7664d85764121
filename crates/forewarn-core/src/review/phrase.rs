//! Phrases that the review looks for: lists in `data/review`, read once, found in one pass over the words of a text.

use super::words::Word;
use std::collections::HashMap;
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
    Fault = "fault",
    Inward = "inward",
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
    Whole(String),
    Stem(String),
    Number,
}

impl Alternative {
    fn fits(&self, word: &str) -> bool {
        match self {
            Alternative::Whole(whole) => whole == word,
            Alternative::Stem(stem) => word.starts_with(stem.as_str()),
            Alternative::Number => word.starts_with(|c: char| c.is_ascii_digit()),
        }
    }
}

/// Phrases, found by how their first word begins.
#[derive(Debug, Default)]
pub(super) struct Lexicon {
    phrases: Vec<Vec<Part>>,
    by_first: HashMap<[u8; 2], Vec<usize>>,
}

/// What phrases are looked up by: the first two bytes of a word.
fn key(word: &str) -> [u8; 2] {
    let bytes = word.as_bytes();
    if bytes.first().is_some_and(u8::is_ascii_digit) {
        return [b'#', 0];
    }
    [
        bytes.first().copied().unwrap_or(0),
        bytes.get(1).copied().unwrap_or(0),
    ]
}

impl Lexicon {
    /// Adds a phrase as it stands in a list, and says its index.
    pub(super) fn add(&mut self, phrase: &str) -> usize {
        let parts: Vec<Part> = phrase.split_whitespace().map(part).collect();
        let index = self.phrases.len();
        if let Some(Part::Words(alternatives)) = parts.first() {
            for alternative in alternatives {
                let key = match alternative {
                    Alternative::Whole(text) | Alternative::Stem(text) => key(text),
                    Alternative::Number => [b'#', 0],
                };
                let phrases = self.by_first.entry(key).or_default();
                if phrases.last() != Some(&index) {
                    phrases.push(index);
                }
            }
        }
        self.phrases.push(parts);
        index
    }

    /// Every phrase that begins at one of `words`, in their order. A phrase does not reach beyond them.
    pub(super) fn find(&self, words: &[Word], offset: usize, mut found: impl FnMut(Hit)) {
        for at in 0..words.len() {
            let Some(candidates) = self.by_first.get(&key(&words[at].lower)) else {
                continue;
            };
            for &phrase in candidates {
                if let Some(after) = ends(&self.phrases[phrase], words, at) {
                    found(Hit {
                        phrase,
                        first: offset + at,
                        after: offset + after,
                    });
                }
            }
        }
    }
}

fn part(text: &str) -> Part {
    if let Some(gap) = text.strip_prefix('.').and_then(|n| n.parse().ok()) {
        return Part::Gap(gap);
    }
    let alternative = |word: &str| match word.strip_suffix('*') {
        Some(stem) => Alternative::Stem(stem.to_owned()),
        None if word == "#" => Alternative::Number,
        None => Alternative::Whole(word.to_owned()),
    };
    Part::Words(text.split('|').map(alternative).collect())
}

/// Where a phrase ends that begins at `at`. Gaps are few and short, so this is bounded by a small number of steps.
fn ends(parts: &[Part], words: &[Word], at: usize) -> Option<usize> {
    match parts {
        [] => Some(at),
        [Part::Words(alternatives), rest @ ..] => {
            let word = words.get(at)?;
            let fits = alternatives.iter().any(|a| a.fits(&word.lower));
            if fits { ends(rest, words, at + 1) } else { None }
        }
        [Part::Gap(most), rest @ ..] => (0..=*most).find_map(|gap| ends(rest, words, at + gap)),
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
        .filter(|line| !line.is_empty() && !(line.starts_with('#') && !line.starts_with("#|")))
}

#[cfg(test)]
mod tests {
    use super::super::words::words;
    use super::*;

    fn found(phrase: &str, text: &str) -> Vec<String> {
        let mut lexicon = Lexicon::default();
        lexicon.add(phrase);
        let (words, mut all) = (words(text), Vec::new());
        lexicon.find(&words, 0, |hit| {
            all.push(text[words[hit.first].start..words[hit.after - 1].end].to_owned());
        });
        all
    }

    #[test]
    fn phrases_have_alternatives_stems_gaps_and_numbers() {
        assert_eq!(found("next|another update", "Next update, another UPDATE"), ["Next update", "another UPDATE"]);
        assert_eq!(found("apolog*", "We apologise. Apologies!"), ["apologise", "Apologies"]);
        assert_eq!(found("fixed .2 #", "fixed in about 30 minutes, fixed by the end of day 3"), ["fixed in about 30"]);
        assert_eq!(found("in # minutes", "in 30 minutes"), ["in 30 minutes"]);
        assert_eq!(found("see <url>", "see https://a.example/b."), ["see https://a.example/b"]);
        assert_eq!(found("don't know", "we don\u{2019}t know"), ["don\u{2019}t know"]);
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
