//! What is posted about planned work: another time, that it begins, is done, or will not happen.

use super::{Maintenance, past_problem, window_problem};
use crate::document::{Fields, Node, Problems, Value, boolean, prose};
use crate::privacy::read_override;
use crate::texts::Texts;
use crate::time::{CivilTime, Zone};
use jiff::Timestamp;

/// What is said with a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// Why, in words for people.
    pub reason: Option<String>,
    /// What somebody edited of the message that tells it.
    pub texts: Texts,
}

impl Words {
    /// Reads `{reason, texts, privacy_override}`, recording all problems.
    fn read(fields: &mut Fields<'_>, problems: &mut Problems) -> Words {
        let reason = fields.optional("reason", problems, prose(1_000));
        let texts = Texts::read(fields, problems);
        read_override(fields, problems);
        Words { reason, texts }
    }
}

/// Reads the body of a delay: `{start, end, reason, texts, privacy_override}`; the length stays when only a start is given. The new start lies after `now`;
/// without that, as where a provider says what it did, it may lie anywhere.
pub fn read_delay(
    node: &Node,
    zone: &Zone,
    old: &Maintenance,
    now: Option<Timestamp>,
    problems: &mut Problems,
) -> Option<(CivilTime, CivilTime, Words)> {
    let mut fields = Fields::of(node, "", problems)?;
    let start = fields.required("start", problems, |t| CivilTime::parse(t, zone));
    let end = fields.optional("end", problems, |t| CivilTime::parse(t, zone));
    let words = Words::read(&mut fields, problems);
    let (old_start, old_end) = old.window();
    let times = start.map(|start| {
        let end = end.unwrap_or_else(|| {
            let instant = start
                .instant()
                .checked_add(old_end.duration_since(old_start))
                .unwrap_or(old_end);
            CivilTime::of(instant, &start.zone)
        });
        (start, end)
    });
    if let Some((start, end)) = &times {
        if (start.instant(), end.instant()) == (old_start, old_end) {
            let problem = "is the planned start already, with the same end";
            fields.problem("start", problem, problems);
        } else if let Some(problem) = now.and_then(|now| past_problem(start, now)) {
            fields.problem("start", problem, problems);
        }
        if let Some(problem) = window_problem(start, end) {
            fields.problem("end", problem, problems);
        }
    }
    fields.finish(problems);
    let (start, end) = times?;
    Some((start, end, words))
}

/// Reads the body of a cancellation: `{reason, texts, privacy_override}`, or nothing.
pub fn read_cancellation(node: &Node, problems: &mut Problems) -> Option<Words> {
    if node.value == Value::Null {
        return Some(Words::default());
    }
    let mut fields = Fields::of(node, "", problems)?;
    let words = Words::read(&mut fields, problems);
    fields.finish(problems);
    Some(words)
}

/// Reads the body of an extension: `{end, reason, texts, privacy_override}`; the new end lies after the old one, and after `now` as for [`read_delay`].
pub fn read_extension(
    node: &Node,
    zone: &Zone,
    old: &Maintenance,
    now: Option<Timestamp>,
    problems: &mut Problems,
) -> Option<(CivilTime, Words)> {
    let mut fields = Fields::of(node, "", problems)?;
    let end = fields.required("end", problems, |t| CivilTime::parse(t, zone));
    let words = Words::read(&mut fields, problems);
    if let Some(end) = &end {
        // Where both hold it back, the later of the two is what it must exceed.
        let past = now.filter(|now| *now >= old.end.instant());
        if let Some(problem) = past.and_then(|now| past_problem(end, now)) {
            fields.problem("end", problem, problems);
        } else if end.instant() <= old.end.instant() {
            fields.problem(
                "end",
                format!("must lie after the promised end, {}", old.end),
                problems,
            );
        } else if let Some(problem) = window_problem(&old.start, end) {
            fields.problem("end", problem, problems);
        }
    }
    fields.finish(problems);
    Some((end?, words))
}

/// Reads what is said when work begins: `{early, texts, privacy_override}`, or nothing. `early` is whether it is meant to begin long
/// before its window.
pub fn read_start(node: &Node, problems: &mut Problems) -> Option<(Option<bool>, Texts)> {
    if node.value == Value::Null {
        return Some((None, Texts::default()));
    }
    let mut fields = Fields::of(node, "", problems)?;
    let early = fields.optional("early", problems, boolean);
    let texts = Texts::read(&mut fields, problems);
    read_override(&mut fields, problems);
    fields.finish(problems);
    Some((early, texts))
}

/// Reads what is said when work is done: `{texts, privacy_override}`, or nothing.
pub fn read_completion(node: &Node, problems: &mut Problems) -> Option<Texts> {
    if node.value == Value::Null {
        return Some(Texts::default());
    }
    let mut fields = Fields::of(node, "", problems)?;
    let texts = Texts::read(&mut fields, problems);
    read_override(&mut fields, problems);
    fields.finish(problems);
    Some(texts)
}
