//! A text as the rules read it: its words, sentences, phrases and clock times, found once.

use super::clock::{ClockTime, clock_times};
use super::phrase::{Hit, LISTS, List};
use super::sentences::{Sentence, sentences};
use super::words::{Word, words};
use std::ops::Range;

/// A text that was read.
pub(super) struct Reading<'t> {
    /// The text itself.
    pub(super) text: &'t str,
    /// Its words.
    pub(super) words: Vec<Word>,
    /// Its sentences.
    pub(super) sentences: Vec<Sentence>,
    /// Its clock times.
    pub(super) times: Vec<ClockTime>,
    hits: Vec<Vec<Hit>>,
}

impl<'t> Reading<'t> {
    /// Reads a text.
    pub(super) fn of(text: &'t str) -> Reading<'t> {
        let words = words(text);
        let sentences = sentences(text, &words);
        let times = clock_times(text, &words, &sentences);
        let numbers = LISTS.lexicon.numbers(&words);
        let mut hits = vec![Vec::new(); List::ALL.len()];
        for sentence in sentences.iter().filter(|s| !s.is_code) {
            LISTS
                .lexicon
                .find(&words, &numbers, sentence.words.clone(), |hit| {
                    let list: &mut Vec<Hit> = &mut hits[LISTS.list_of[hit.phrase] as usize];
                    list.push(hit);
                });
        }
        Reading {
            text,
            words,
            sentences,
            times,
            hits,
        }
    }

    /// The phrases of a list, in the order of their first words.
    pub(super) fn hits(&self, list: List) -> &[Hit] {
        &self.hits[list as usize]
    }

    /// The phrases of a list that begin within `words`.
    pub(super) fn hits_in(&self, list: List, words: &Range<usize>) -> &[Hit] {
        let hits = self.hits(list);
        let from = hits.partition_point(|h| h.first < words.start);
        let to = hits.partition_point(|h| h.first < words.end);
        &hits[from..to.max(from)]
    }

    /// Whether a phrase of the list stands in the text.
    pub(super) fn has(&self, list: List) -> bool {
        !self.hits(list).is_empty()
    }

    /// Whether a phrase of the list begins within `words`.
    pub(super) fn has_in(&self, list: List, words: &Range<usize>) -> bool {
        !self.hits_in(list, words).is_empty()
    }

    /// The clock times of a sentence.
    pub(super) fn times_in(&self, words: &Range<usize>) -> &[ClockTime] {
        let from = self.times.partition_point(|t| t.first < words.start);
        let to = self.times.partition_point(|t| t.first < words.end);
        &self.times[from..to.max(from)]
    }

    /// Sentences that people read, without code.
    pub(super) fn prose(&self) -> impl Iterator<Item = &Sentence> + Clone {
        self.sentences.iter().filter(|s| !s.is_code)
    }

    /// A word in small letters; nothing beyond the last.
    pub(super) fn lower(&self, word: usize) -> &str {
        self.words.get(word).map_or("", |w| w.lower.as_str())
    }

    /// A word as it is written.
    pub(super) fn written(&self, word: usize) -> &'t str {
        self.words
            .get(word)
            .map_or("", |w| &self.text[w.start..w.end])
    }

    /// Where a phrase stands in the text.
    pub(super) fn place(&self, hit: &Hit) -> Range<usize> {
        let last = hit.after.max(hit.first + 1) - 1;
        self.words[hit.first].start..self.words[last].end
    }

    /// Where the first sentence stands; the place of what is missing.
    pub(super) fn opening(&self) -> Range<usize> {
        self.sentences.first().map_or(0..0, |s| s.start..s.end)
    }

    /// The sentence that a word stands in.
    pub(super) fn sentence_of(&self, word: usize) -> Option<&Sentence> {
        let after = self.sentences.partition_point(|s| s.words.end <= word);
        self.sentences
            .get(after)
            .filter(|s| s.words.contains(&word))
    }
}
