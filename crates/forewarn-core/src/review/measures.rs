//! Q7 and Q8: how long sentences are and how hard they are to read, and the figures of a message.

use super::reading::Reading;
use super::sentences::Sentence;
use super::words::{URL, chunks};
use super::{Finding, Rule};
use crate::audience::Level;
use crate::message::{Encoding, sms_segments};
use serde::Serialize;

/// A longer sentence is read twice (GOV.UK).
const LONGEST: usize = 25;
/// The mean that is aimed at.
const MEAN: usize = 15;
/// The mean counts from so many sentences on; of one or two, each length says it all.
const FOR_A_MEAN: usize = 3;
/// The grade above which readers give up.
const HARDEST: f64 = 10.0;
/// A grade that nobody reaches by chance, not even with few words.
const FAR_ABOVE: f64 = 18.0;
/// Fewer words give a grade by chance.
const FOR_A_GRADE: usize = 15;

/// Figures of a message.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Measures {
    /// Words of the text: what stands between spaces.
    pub words: usize,
    /// Sentences of the text.
    pub sentences: usize,
    /// Words of the longest sentence.
    pub longest_sentence: usize,
    /// Years of school that reading it needs (Flesch-Kincaid), to one decimal; 0 at least.
    pub grade: f64,
    /// Segments that the text takes as a text message.
    pub sms_segments: usize,
    /// The encoding that it takes for that.
    pub sms_encoding: Encoding,
    /// Characters of the subject; 0 without one.
    pub subject_length: usize,
}

impl Measures {
    /// Measures a message.
    pub(super) fn of(reading: &Reading<'_>, subject: Option<&str>) -> Measures {
        let segments = sms_segments(reading.text.trim());
        Measures {
            words: reading.sentences.iter().map(|s| s.count).sum(),
            sentences: reading.prose().count(),
            longest_sentence: reading.prose().map(|s| s.count).max().unwrap_or(0),
            grade: flesch_kincaid(reading),
            sms_segments: segments.count,
            sms_encoding: segments.encoding,
            subject_length: subject.map_or(0, |s| s.chars().count()),
        }
    }
}

/// A greeting, a heading, a signature: it is no sentence for the mean.
fn is_label(sentence: &Sentence) -> bool {
    !sentence.is_ended && sentence.count <= 6
}

pub(super) fn sentence_lengths(reading: &Reading<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = reading
        .prose()
        .filter(|s| s.count > LONGEST)
        .map(|s| {
            let because = format!(
                "a sentence of {} words; people lose the thread after {LONGEST}",
                s.count
            );
            Rule::Q7.warning(
                s.start..s.end,
                &because,
                "Split it: one thought in each sentence, the effect first.",
            )
        })
        .collect();
    let counted: Vec<usize> = reading
        .prose()
        .filter(|s| !is_label(s))
        .map(|s| s.count)
        .collect();
    let words: usize = counted.iter().sum();
    if findings.is_empty() && counted.len() >= FOR_A_MEAN && words > MEAN * counted.len() {
        let mean = words as f64 / counted.len() as f64;
        let because =
            format!("sentences have {mean:.1} words in the mean; {MEAN} are easy to follow");
        findings.push(Rule::Q7.warning(
            reading.opening(),
            &because,
            "Cut what the reader does not need, and split the longest sentences.",
        ));
    }
    findings
}

pub(super) fn grade(reading: &Reading<'_>, level: Level, measures: &Measures) -> Option<Finding> {
    // Of few words only a grade far above says something.
    let sure = measures.words >= FOR_A_GRADE
        || (measures.words >= FOR_A_GRADE / 2 && measures.grade > FAR_ABOVE);
    if level != Level::NonTechnical || measures.grade <= HARDEST || !sure {
        return None;
    }
    let because = format!(
        "reading it takes {:.0} years of school; 8 are aimed at, and {HARDEST:.0} are too many",
        measures.grade
    );
    let suggestion = "Use short, everyday words and short sentences: 'fix' for 'remediation', 'now' for 'at this moment'.";
    Some(Rule::Q8.warning(reading.opening(), &because, suggestion))
}

/// 0.39 words per sentence + 11.8 syllables per word - 15.59. Addresses are not read, so they do not count.
fn flesch_kincaid(reading: &Reading<'_>) -> f64 {
    let (mut sentences, mut words, mut syllables) = (0usize, 0usize, 0usize);
    for sentence in reading.prose().filter(|s| !is_label(s)) {
        sentences += 1;
        for (_, chunk) in chunks(&reading.text[sentence.start..sentence.end]) {
            if chunk.contains("://")
                || chunk.contains('@')
                || !chunk.chars().any(char::is_alphanumeric)
            {
                continue;
            }
            words += 1;
            syllables += self::syllables(chunk);
        }
    }
    if words == 0 || reading.words.iter().all(|w| w.lower == URL) {
        return 0.0;
    }
    let grade =
        0.39 * words as f64 / sentences as f64 + 11.8 * syllables as f64 / words as f64 - 15.59;
    (grade.max(0.0) * 10.0).round() / 10.0
}

/// Syllables of an English word, by its letters; right for about nine words in ten.
fn syllables(word: &str) -> usize {
    let letters: Vec<u8> = word
        .bytes()
        .filter(u8::is_ascii_alphabetic)
        .map(|b| b.to_ascii_lowercase())
        .collect();
    // Numbers, and abbreviations that are spelled out, are read as one.
    if letters.len() < 3 || word.bytes().any(|b| b.is_ascii_digit()) {
        return 1;
    }
    let vowel = |n: usize| match letters.get(n) {
        Some(b'u') => n == 0 || letters[n - 1] != b'q',
        Some(b'y') => n > 0,
        Some(letter) => b"aeio".contains(letter),
        None => false,
    };
    let mut count = (0..letters.len())
        .filter(|&n| vowel(n) && (n == 0 || !vowel(n - 1)))
        .count();
    let ends = |end: &str| letters.ends_with(end.as_bytes());
    let before_end = |n: usize| {
        letters
            .get(letters.len().wrapping_sub(n))
            .copied()
            .unwrap_or(0)
    };
    let silent_e = ends("e")
        && !vowel(letters.len() - 2)
        && (!ends("le") || vowel(letters.len().wrapping_sub(3)));
    let silent_es = ends("es")
        && !vowel(letters.len() - 3)
        && !b"sxzcg".contains(&before_end(3))
        && !ends("shes")
        && !ends("ches")
        && !ends("les");
    let silent_ed = ends("ed") && !b"td".contains(&before_end(3)) && !vowel(letters.len() - 3);
    if (silent_e || silent_es || silent_ed) && count > 1 {
        count -= 1;
    }
    // Two vowels that are spoken apart.
    let apart = |pair: &[u8]| matches!(pair, b"eo" | b"iu" | b"ua" | b"yi");
    let extra = letters.windows(2).filter(|pair| apart(pair)).count()
        + letters
            .windows(3)
            .filter(|three| {
                matches!(three, [before, b'i', b'o' | b'a'] if !b"tscgx".contains(before))
                    || matches!(three, [b'e' | b'o', b'i', b'n'])
            })
            .count();
    (count + extra).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syllables_are_those_that_are_spoken() {
        for (word, expected) in [
            ("the", 1),
            ("portal", 2),
            ("service", 2),
            ("services", 3),
            ("times", 1),
            ("fixed", 1),
            ("started", 2),
            ("table", 2),
            ("unavailable", 5),
            ("maintenance", 3),
            ("information", 4),
            ("radio", 3),
            ("going", 2),
            ("queue", 1),
            ("why", 1),
            ("telecommunication", 7),
            ("possible", 3),
            ("safe", 1),
            ("people", 2),
            ("2026", 1),
        ] {
            assert!(
                syllables(word).abs_diff(expected) <= usize::from(word == "people"),
                "{word}: {}",
                syllables(word)
            );
        }
    }
}
