//! Q14 and Q19, notes: what is not known yet, and what people fear.

use super::phrase::List;
use super::reading::Reading;
use super::stage::Stage;
use super::{Finding, Rule};

pub(super) fn fears(
    reading: &Reading<'_>,
    subject: Option<&Reading<'_>>,
    stage: Stage,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    if stage.is_first() && !reading.has(List::Unknown) {
        findings.push(Rule::Q14.note(
            reading.opening(),
            "a first message says what is not known yet; silence is filled with rumours",
            "Add: 'We do not know the cause yet.'",
        ));
    }
    // "Your tax return was not saved" is no comfort.
    let denied = |n: usize| {
        let before = |back: usize| n.checked_sub(back).map_or("", |at| reading.lower(at));
        matches!(
            reading.lower(n),
            "saved"
                | "kept"
                | "safe"
                | "secure"
                | "stored"
                | "complete"
                | "intact"
                | "refunded"
                | "correct"
                | "right"
        ) && [before(1), before(2)]
            .iter()
            .any(|word| matches!(*word, "not" | "never" | "cannot") || word.ends_with("n't"))
    };
    let comforted = reading
        .hits(List::Safe)
        .iter()
        .any(|hit| !denied(hit.first));
    if stage.is_internal() || comforted {
        return findings;
    }
    let fear = reading
        .hits(List::Fear)
        .first()
        .map(|hit| reading.place(hit));
    let in_subject = || {
        subject
            .is_some_and(|s| s.has(List::Fear))
            .then(|| reading.opening())
    };
    if let Some(place) = fear.or_else(in_subject) {
        findings.push(Rule::Q19.note(
            place,
            "people will ask whether their data or money is safe",
            "Say it: 'Your data is safe.', or what you know about it so far.",
        ));
    }
    findings
}
