//! The review of a message before it leaves: rules Q2 and Q4 to Q21 of a good outage message, each with place, reason and suggestion.
//!
//! [`review`] is pure and fast enough to be called at every key: one pass finds words, sentences, phrases and clock times
//! (`reading`), and the rules look only at those. What a rule means for a reader is in `docs/reference/review.md`; which words
//! it looks for is data (`data/review`). Rules that a text alone cannot break (Q1, Q3, Q22) are not here. A review advises; what
//! blocks is decided elsewhere, and only privacy findings ([`crate::privacy`]) do so by default.
//!
//! It reads English. A text in another language gets what holds in every language: measures, capitals, segments, privacy.

mod clock;
mod completeness;
mod effect_first;
mod fears;
mod jargon;
mod measures;
mod next_update;
mod phrase;
mod reading;
mod repeat;
mod sentences;
mod short;
mod stage;
mod subject;
mod text;
mod tone;
pub(crate) mod words;
mod zone;
mod zones;

pub use measures::Measures;
pub use stage::{Medium, Stage};
pub use text::{Context, MOST_BYTES, Text};

use crate::privacy::{self, Kind};
use reading::Reading;
use serde::{Serialize, Serializer};
use std::ops::Range;

/// A rule of the review, by its number in the design.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    missing_docs,
    reason = "the numbers are the names; docs/reference/review.md says what each looks for"
)]
pub enum Rule {
    Q2,
    Q4,
    Q5,
    Q6,
    Q7,
    Q8,
    Q9,
    Q10,
    Q11,
    Q12,
    Q13,
    Q14,
    Q15,
    Q16,
    Q17,
    Q18,
    Q19,
    Q20,
    Q21,
}

impl Rule {
    /// Every rule that a text can break.
    pub const ALL: [Rule; 19] = [
        Rule::Q2,
        Rule::Q4,
        Rule::Q5,
        Rule::Q6,
        Rule::Q7,
        Rule::Q8,
        Rule::Q9,
        Rule::Q10,
        Rule::Q11,
        Rule::Q12,
        Rule::Q13,
        Rule::Q14,
        Rule::Q15,
        Rule::Q16,
        Rule::Q17,
        Rule::Q18,
        Rule::Q19,
        Rule::Q20,
        Rule::Q21,
    ];

    /// Its name: `Q2`.
    pub fn as_str(self) -> &'static str {
        match self {
            Rule::Q2 => "Q2",
            Rule::Q4 => "Q4",
            Rule::Q5 => "Q5",
            Rule::Q6 => "Q6",
            Rule::Q7 => "Q7",
            Rule::Q8 => "Q8",
            Rule::Q9 => "Q9",
            Rule::Q10 => "Q10",
            Rule::Q11 => "Q11",
            Rule::Q12 => "Q12",
            Rule::Q13 => "Q13",
            Rule::Q14 => "Q14",
            Rule::Q15 => "Q15",
            Rule::Q16 => "Q16",
            Rule::Q17 => "Q17",
            Rule::Q18 => "Q18",
            Rule::Q19 => "Q19",
            Rule::Q20 => "Q20",
            Rule::Q21 => "Q21",
        }
    }

    fn finds(
        self,
        severity: Severity,
        place: Range<usize>,
        because: &str,
        suggestion: &str,
    ) -> Finding {
        Finding {
            rule: self,
            severity,
            kind: None,
            start: place.start,
            end: place.end,
            because: because.to_owned(),
            suggestion: suggestion.to_owned(),
            part: Part::Text,
        }
    }

    fn error(self, place: Range<usize>, because: &str, suggestion: &str) -> Finding {
        self.finds(Severity::Error, place, because, suggestion)
    }

    fn warning(self, place: Range<usize>, because: &str, suggestion: &str) -> Finding {
        self.finds(Severity::Warning, place, because, suggestion)
    }

    fn note(self, place: Range<usize>, because: &str, suggestion: &str) -> Finding {
        self.finds(Severity::Note, place, because, suggestion)
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth a thought.
    Note,
    /// The message would be better without it.
    Warning,
    /// The message fails its readers.
    Error,
}

impl Severity {
    /// `note`, `warning` or `error`.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// Which part of the message a finding's offsets count in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The text.
    #[default]
    Text,
    /// The subject.
    Subject,
}

fn is_in_text(part: &Part) -> bool {
    *part == Part::Text
}

/// Something that the writer should look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// How much it matters.
    pub severity: Severity,
    /// What leaks, for Q15.
    pub kind: Option<Kind>,
    /// Byte offset of the place in its part; for something missing, of the first sentence.
    pub start: usize,
    /// Byte offset after the place.
    pub end: usize,
    /// Why it is a finding.
    pub because: String,
    /// What to write or do instead.
    pub suggestion: String,
    /// Where the offsets count; written as `in` for a place in the subject, and left out for one in the text.
    #[serde(rename = "in", skip_serializing_if = "is_in_text")]
    pub part: Part,
}

/// What the review of one message says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Review {
    /// Findings: those of the subject first, then by place, graver ones first.
    pub findings: Vec<Finding>,
    /// Figures.
    pub measures: Measures,
}

impl Review {
    /// Whether any finding is an error.
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|f| f.severity == Severity::Error)
    }

    /// Whether it must not leave without an override on record: something that its readers may not see stands in it.
    pub fn blocks(&self) -> bool {
        self.findings.iter().any(|f| f.rule == Rule::Q15)
    }
}

/// Reviews a message. Takes time in proportion to its length, whatever stands in it.
pub fn review(message: &Text, context: &Context) -> Review {
    let reading = Reading::of(message.text());
    let subject = message.subject().map(Reading::of);
    let mut findings = Vec::new();
    if let Some(subject) = &subject {
        findings.extend(subject::subject(subject));
        findings.extend(zones::unexplained(subject, &reading));
        findings.extend(leaks(subject.text, message, context));
        findings.iter_mut().for_each(|f| f.part = Part::Subject);
    }
    if message.stage().is_open() {
        findings.extend(next_update::next_update(&reading));
    }
    findings.extend(completeness::completeness(
        &reading,
        subject.as_ref(),
        message.stage(),
    ));
    findings.extend(tone::tone(&reading, message.stage(), context));
    findings.extend(measures::sentence_lengths(&reading));
    let measures = Measures::of(&reading, message.subject());
    findings.extend(measures::grade(&reading, message.level(), &measures));
    findings.extend(short::short(&reading, message.medium()));
    findings.extend(zones::zones(&reading));
    findings.extend(fears::fears(&reading, subject.as_ref(), message.stage()));
    findings.extend(leaks(reading.text, message, context));
    if let Some(previous) = &context.previous {
        findings.extend(repeat::repeat(&reading, previous, message.stage()));
    }
    findings.extend(jargon::jargon(&reading, message.level()));
    // Stable: rules that find in the same place keep the order above.
    findings.sort_by_key(|f| (f.part == Part::Text, f.start, std::cmp::Reverse(f.severity)));
    Review { findings, measures }
}

fn leaks(text: &str, message: &Text, context: &Context) -> Vec<Finding> {
    privacy::leaks(text, message.level(), &context.known)
        .into_iter()
        .map(|leak| Finding {
            kind: Some(leak.kind),
            ..Rule::Q15.error(
                leak.start..leak.end,
                leak.kind.because(),
                leak.kind.suggestion(),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests;
