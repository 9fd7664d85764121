//! What the journal's entries say: actions and their details in words.

use crate::console::desk::sentence;
use crate::console::{JournalRow, number};
use forewarn_store as store;
use serde_json::{Map, Value};

/// Entries of the journal in words.
pub(crate) fn rows(found: &[store::Written]) -> Vec<JournalRow> {
    found.iter().map(journal_row).collect()
}

fn journal_row(entry: &store::Written) -> JournalRow {
    // Other subjects are written as `audience:students` or `services/portal`, or are one word.
    let is_event = entry.subject.contains('-') && !entry.subject.contains([':', '/']);
    JournalRow {
        number: u64::try_from(entry.seq).unwrap_or(0),
        at: entry.at,
        who: entry.actor.clone(),
        what: action_words(&entry.action, &entry.subject, is_event),
        event: is_event.then(|| entry.subject.clone()),
        detail: detail_words(&entry.detail),
    }
}

fn action_words(action: &str, subject: &str, is_event: bool) -> String {
    let words = match action {
        "maintenance.created" => "planned the work",
        "maintenance.approved" => "approved the work",
        "maintenance.planned" => "planned the notices again",
        "maintenance.started" => "work began",
        "maintenance.completed" => "work was completed",
        "maintenance.cancelled" => "cancelled the work",
        "maintenance.delayed" => "moved the work to another time",
        "maintenance.extended" => "extended the work",
        "maintenance.step_done" => "ticked off a step",
        "incident.declared" => "declared the incident",
        "maintenance.texts_edited" | "announcement.texts_edited" => "changed what a message says",
        "maintenance.revised" => "changed what is known of the work",
        "maintenance.upstream" => "took a provider's notice",
        "maintenance.decided" => "said whether people must be told",
        "maintenance.recipient_added"
        | "incident.recipient_added"
        | "advisory.recipient_added"
        | "announcement.recipient_added" => "added somebody who is told",
        "incident.entered" => "entered the incident afterwards",
        "incident.spokesperson_called" => "whoever is to speak for it was called",
        "incident.first_told" => "the first message about it reached somebody",
        "incident.call_escalated" => "nobody had answered: the next was called",
        "incident.acknowledged" => "took the call",
        "incident.handed_over" => "handed a role over",
        "incident.called" => "ticked off a call",
        "incident.noted" => "wrote a note for the team",
        "incident.approved" | "advisory.approved" | "announcement.approved" => {
            "agreed to what is said"
        }
        "incident.merged" => "merged a duplicate into it",
        "incident.merged_into" => "merged it into another",
        "incident.parent_set" => "changed what it is a part of",
        "incident.promise_moved" => "moved the promise of the next update",
        "incident.promise_kept" => "the promise was kept: nothing is new",
        "incident.promise_broken" | "advisory.promise_broken" => "a promise was broken",
        "incident.postmortem_saved" => "wrote the postmortem",
        "incident.postmortem_approved" => "agreed to the postmortem",
        "incident.postmortem_published" => "published the postmortem",
        "incident.action_ticked" => "ticked off an action",
        "notice.held" => "a notice waits for somebody to agree",
        "notice.acknowledged" => "confirmed a notice",
        "notice.reminded" => "reminded whoever has not confirmed",
        "incident.updated" | "advisory.updated" => "published an update",
        "advisory.reported" => "made the fault known",
        "advisory.fixed" => "said that it is fixed",
        "advisory.withdrawn" => "withdrew it",
        "announcement.created" => "announced it",
        "announcement.moved" => "moved it",
        "announcement.changed" => "changed its words",
        "announcement.cancelled" => "called it off",
        "announcement.effective" => "brought it into effect",
        "notice.sent" => "a notice was sent",
        "notice.superseded" => "a newer message took the place of a notice",
        "documents.applied" => "applied documents",
        "contacts.imported" => "imported contacts",
        "user.signed_in" => "signed in",
        "user.changed" => "changed who may sign in, or with what role or password",
        "user.removed" => "removed somebody who could sign in",
        "token.created" => "made a token for a program",
        "token.revoked" => "revoked a program's token",
        "endpoint.unsubscribed" => "unsubscribed",
        other => {
            let said = other.replace('.', " was ").replace('_', " ");
            return sentence(&match is_event {
                true => said,
                false => format!("{said}: {}", subject.replace([':', '/'], " ")),
            });
        }
    };
    sentence(words)
}

/// Parts that say in the words before them what they are; others are named: `step 2`.
const UNNAMED: [&str; 4] = ["milestone", "reason", "because", "text"];

/// Parts that the entry's own words or its link tell.
const TOLD: [&str; 2] = ["notice", "title"];

/// An entry's detail in words: what it was, for whom, from when to when, all else by name, and at last why.
fn detail_words(detail: &Value) -> Option<String> {
    let Value::Object(parts) = detail else {
        return None;
    };
    let mut said = Vec::new();
    said.extend(parts.get("milestone").and_then(short));
    said.extend(
        parts
            .get("audience")
            .and_then(short)
            .map(|a| format!("to {a}")),
    );
    let spans = [("start", "end"), ("from", "to")].map(|(from, to)| span(parts, from, to));
    let whole: Vec<&str> = (spans.iter().flatten().flat_map(|(names, _)| *names)).collect();
    said.extend(spans.iter().flatten().map(|(_, words)| words.clone()));
    let apart = |name: &str| {
        TOLD.contains(&name)
            || UNNAMED.contains(&name)
            || name == "audience"
            || whole.contains(&name)
    };
    let others = parts.iter().filter(|(name, _)| !apart(name));
    said.extend(
        others.filter_map(|(name, value)| match (name.as_str(), value) {
            ("counts", Value::Object(counts)) => counted(counts),
            ("moved" | "created" | "removed", Value::Number(n)) => Some(format!("{n} {name}")),
            _ => Some(format!("{}: {}", name.replace('_', " "), short(value)?)),
        }),
    );
    let mut words = said.join(", ");
    for name in ["text", "because", "reason"] {
        if let Some(why) = parts.get(name).and_then(short) {
            let gap = if words.is_empty() { "" } else { ": " };
            words = format!("{words}{gap}{why}");
        }
    }
    (!words.is_empty()).then_some(words)
}

/// `from 14:00 to 15:00`, where both are known.
fn span<'n>(
    parts: &Map<String, Value>,
    from: &'n str,
    to: &'n str,
) -> Option<([&'n str; 2], String)> {
    let words = format!(
        "from {} to {}",
        short(parts.get(from)?)?,
        short(parts.get(to)?)?
    );
    Some(([from, to], words))
}

/// `4 accepted, 1 failed`.
fn counted(counts: &Map<String, Value>) -> Option<String> {
    let some = counts.iter().filter(|(_, n)| n.as_u64() != Some(0));
    let words: Vec<String> = some
        .map(|(what, n)| format!("{} {what}", number(n)))
        .collect();
    (!words.is_empty()).then(|| words.join(", "))
}

fn short(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(items) if items.iter().all(Value::is_string) && items.len() <= 8 => {
            let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            (!texts.is_empty()).then(|| texts.join(", "))
        }
        Value::Array(items) => Some(items.len().to_string()),
        Value::Object(parts) => {
            let said: Vec<String> = parts
                .iter()
                .filter_map(|(name, value)| {
                    Some(format!("{} {}", name.replace('_', " "), short(value)?))
                })
                .collect();
            (!said.is_empty()).then(|| said.join(", "))
        }
        Value::Bool(true) => Some("yes".into()),
        Value::Bool(false) => Some("no".into()),
        Value::Number(number) => Some(number.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_detail_is_said_in_an_order_that_people_read() {
        for (detail, words) in [
            (json!({}), None),
            (json!({"notice": "n-1", "title": "T"}), None),
            (
                json!({"audience": "students", "counts": {"accepted": 2, "failed": 0}, "milestone": "final_reminder"}),
                Some("final_reminder, to students, 2 accepted"),
            ),
            (
                json!({"from": "A", "moved": 8, "reason": "It takes longer.", "to": "B"}),
                Some("from A to B, 8 moved: It takes longer."),
            ),
            (json!({"end": "B", "start": "A"}), Some("from A to B")),
            (json!({"to": "B"}), Some("to: B")),
            (
                json!({"because": "its start has come"}),
                Some("its start has come"),
            ),
            (
                json!({"step": 2, "late_by_seconds": 61, "override": true}),
                Some("late by seconds: 61, override: yes, step: 2"),
            ),
        ] {
            assert_eq!(detail_words(&detail).as_deref(), words, "{detail}");
        }
    }
}
