//! Q9 and Q11: what is heard, and what comes as a text message.

use super::reading::Reading;
use super::stage::Medium;
use super::words::URL;
use super::{Finding, Rule};
use crate::message::{Encoding, sms_segments};

/// What somebody takes in of a voice: 27 words in 9 seconds.
const HEARD: usize = 27;
/// A headline of fewer words only says who speaks; the next sentence belongs to it.
const CALLER: usize = 5;
/// Segments that are fine, and those that are too many.
const SEGMENTS: usize = 2;
const TOO_MANY: usize = 3;

pub(super) fn short(reading: &Reading<'_>, medium: Medium) -> Vec<Finding> {
    match medium {
        Medium::Email | Medium::Chat | Medium::Web => Vec::new(),
        Medium::Voice => headline(reading).into_iter().collect(),
        Medium::Sms => headline(reading)
            .into_iter()
            .chain(segments(reading))
            .collect(),
    }
}

fn headline(reading: &Reading<'_>) -> Option<Finding> {
    let mut sentences = reading.prose();
    let first = sentences.next()?;
    let (mut count, mut end) = (first.count, first.end);
    if count <= CALLER
        && let Some(second) = sentences.next()
    {
        count += second.count;
        end = second.end;
    }
    let because =
        format!("the headline has {count} words; a listener keeps {HEARD} of them, in 9 seconds");
    let suggestion =
        "Begin with one short sentence: who speaks, what is wrong, for whom. The rest follows.";
    (count > HEARD).then(|| Rule::Q9.warning(first.start..end, &because, suggestion))
}

fn segments(reading: &Reading<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let text = reading.text.trim_end();
    let segments = sms_segments(text.trim());
    let whole = reading.opening().start..text.len().max(reading.opening().start);
    let because = format!(
        "it takes {} segments, and each is paid for and may come late or alone",
        segments.count
    );
    let suggestion =
        "Say what is wrong, what to do and when the next word comes; leave the rest to the link.";
    if segments.count > TOO_MANY {
        findings.push(Rule::Q11.error(whole, &because, suggestion));
    } else if segments.count > SEGMENTS {
        findings.push(Rule::Q11.warning(whole, &because, suggestion));
    }
    if segments.encoding == Encoding::Ucs2
        && let Some((at, c)) = text
            .char_indices()
            .find(|(_, c)| sms_segments(c.encode_utf8(&mut [0; 4])).encoding == Encoding::Ucs2)
    {
        let place = at..at + c.len_utf8();
        let because = format!("'{c}' makes all of the message take more than twice the room");
        findings.push(match plain(c) {
            Some(plain) => Rule::Q11.warning(place, &because, &format!("Write '{plain}' for it.")),
            None if c.is_alphabetic() => Rule::Q11.note(
                place,
                &because,
                "Where the language needs such letters, keep the text to 134 characters.",
            ),
            None => Rule::Q11.warning(place, &because, "Leave it out."),
        });
    }
    if !reading.words.iter().any(|w| w.lower == URL) {
        let suggestion = "Add the link to the status page: 'https://status.example.edu'.";
        findings.push(Rule::Q11.warning(
            reading.opening(),
            "a text message has no room for all, so it needs a link to the rest",
            suggestion,
        ));
    }
    findings
}

/// The sign of the basic table that stands for a typographic one.
fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{2018}' | '\u{2019}' | '\u{201b}' | '`' | '\u{b4}' => "'",
        '\u{201c}'..='\u{201f}' | '\u{ab}' | '\u{bb}' => "\"",
        '\u{2010}'..='\u{2015}' | '\u{2212}' => "-",
        '\u{2026}' => "...",
        '\u{a0}' | '\u{2009}' | '\u{202f}' | '\t' => " ",
        _ => return None,
    })
}
