//! Q21: words that the level's readers do not know. None for the non-technical, explained for the semi-technical.

use super::phrase::{Lexicon, lines};
use super::reading::Reading;
use super::{Finding, Rule};
use crate::audience::Level;
use std::sync::LazyLock;

/// As many as anybody mends at once.
const MOST: usize = 20;

struct Jargon {
    lexicon: Lexicon,
    /// What to write instead, and whether a semi-technical reader needs it explained.
    plain: Vec<(&'static str, bool)>,
}

static JARGON: LazyLock<Jargon> = LazyLock::new(|| {
    let mut jargon = Jargon {
        lexicon: Lexicon::default(),
        plain: Vec::new(),
    };
    for line in lines(include_str!("../../data/review/jargon.txt")) {
        // The plain words stand between the last two spaced bars: a phrase has bars without spaces.
        let mut parts = line.split(" | ");
        let (Some(phrase), Some(plain)) = (parts.next(), parts.next()) else {
            continue;
        };
        jargon.lexicon.add(phrase);
        let semi = parts.next().is_some_and(|mark| mark.trim() == "semi");
        jargon
            .plain
            .push((plain.trim_end_matches(" |").trim(), semi));
    }
    jargon
});

pub(super) fn jargon(reading: &Reading<'_>, level: Level) -> Vec<Finding> {
    if level == Level::Technical {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let mut known: Vec<&str> = Vec::new();
    let numbers = JARGON.lexicon.numbers(&reading.words);
    let mut covered = 0;
    for sentence in reading.prose() {
        JARGON
            .lexicon
            .find(&reading.words, &numbers, sentence.words.clone(), |hit| {
                let (plain, semi) = JARGON.plain[hit.phrase];
                let word = reading.lower(hit.first);
                // `queue.db`, `web-db-01` are names.
                let before = reading.text[..reading.words[hit.first].start]
                    .chars()
                    .next_back();
                let inside = matches!(before, Some('.' | '/' | '\\' | '_' | '-' | '@'));
                let told = inside
                    || hit.first < covered
                    || known.contains(&word)
                    || findings.len() >= MOST;
                if told
                    || (level == Level::SemiTechnical
                        && (!semi || is_explained(reading, hit.after, sentence.words.end)))
                {
                    return;
                }
                covered = hit.after;
                known.push(word);
                findings.push(found(reading, hit.first..hit.after, plain, level));
            });
        for n in sentence.words.clone() {
            // `NullReferenceException`
            let word = reading.lower(n);
            if word.len() > 12 && word.ends_with("exception") && findings.len() < MOST {
                findings.push(found(reading, n..n + 1, "an error in the program", level));
            }
        }
    }
    findings
}

fn found(
    reading: &Reading<'_>,
    words: std::ops::Range<usize>,
    plain: &str,
    level: Level,
) -> Finding {
    let place = reading.words[words.start].start..reading.words[words.end - 1].end;
    let written = &reading.text[place.clone()];
    match level {
        Level::SemiTechnical => Rule::Q21.warning(
            place,
            &format!("'{written}' is jargon that these readers need explained"),
            &format!("Explain it: '{written} ({plain})', or write '{plain}'."),
        ),
        Level::NonTechnical | Level::Technical => Rule::Q21.warning(
            place,
            &format!("'{written}' is jargon; these readers do not know it"),
            &format!("Write '{plain}'."),
        ),
    }
}

/// An explanation follows: in brackets, or "a certificate, the file that ...".
fn is_explained(reading: &Reading<'_>, after: usize, end: usize) -> bool {
    // The name may go on for a word.
    (after..(after + 2).min(end)).any(|n| {
        let from = n
            .checked_sub(1)
            .map_or(0, |before| reading.words[before].end);
        let between = &reading.text[from..reading.words[n].start];
        let begins = matches!(
            reading.lower(n),
            "the" | "a" | "an" | "that" | "which" | "i" | "our"
        );
        between.contains('(') || (between.contains([',', '\u{2013}', '\u{2014}', ':']) && begins)
    })
}
