//! Q12: every clock time has a zone, and not an abbreviation that several zones share.

use super::clock::explanations;
use super::reading::Reading;
use super::zone::{Said, usual_offset};
use super::{Finding, Rule};

/// A finding for each clock time without a zone, up to as many as anybody mends at once.
const MOST: usize = 20;

/// Those of a subject: an abbreviation that the text explains needs no offset there.
pub(super) fn unexplained(subject: &Reading<'_>, text: &Reading<'_>) -> Vec<Finding> {
    let known = explanations(text.text, &text.words);
    let mut all = zones(subject);
    all.retain(|finding| {
        let time = subject
            .times
            .iter()
            .find(|time| time.start == finding.start);
        !matches!(time.map(|time| &time.zone), Some(Said::Bare(name)) if known.contains(name))
    });
    all
}

pub(super) fn zones(reading: &Reading<'_>) -> Vec<Finding> {
    let said_once = reading.hits(super::phrase::List::Zoned).iter().any(|hit| {
        let after = &reading.words[hit.after..(hit.after + 6).min(reading.words.len())];
        super::zone::said(reading.text, after) != Said::Nothing
    });
    if said_once {
        return Vec::new();
    }
    let missing = reading.times.iter().filter_map(|time| {
        let written = &reading.text[time.start..time.end];
        let place = time.start..time.end;
        match &time.zone {
            Said::Nothing => Some(Rule::Q12.error(
                place,
                "a clock time without a zone is another time for readers elsewhere",
                &format!("Add the zone: '{written} UTC', or '{written} CET (UTC+01:00)'."),
            )),
            Said::Local => Some(Rule::Q12.error(
                place,
                "'local time' is another time for each reader",
                &format!("Name the zone: '{written} UTC', or '{written} Berlin time (UTC+01:00)'."),
            )),
            Said::Bare(name) => {
                let offset = usual_offset(name);
                let offset = if offset.is_empty() {
                    "UTC-05:00"
                } else {
                    offset
                };
                Some(Rule::Q12.error(
                    place,
                    "an abbreviation alone stands for several zones, and few readers know it",
                    &format!("Add the offset: '{written} {name} ({offset})'."),
                ))
            }
            Said::Named | Said::Exact => None,
        }
    });
    missing.take(MOST).collect()
}
