//! Who wrote on an old version is refused, and told who changed what meanwhile.

use crate::app::App;
use crate::error::{ApiError, Result};
use forewarn_store::Written;

/// What the engine notes by itself and what nobody's words are about.
const QUIET: [&str; 5] = [
    "incident.first_told",
    "incident.spokesperson_called",
    "incident.call_escalated",
    "incident.promise_broken",
    "incident.alerts_graver",
];

/// Refuses whoever saw an old version, and says who changed what meanwhile.
pub(super) async fn seen(app: &App, id: &str, version: Option<i64>, sequence: i64) -> Result<()> {
    let Some(version) = version.filter(|version| *version != sequence) else {
        return Ok(());
    };
    let journal = app.store.journal(Some(id), None, 50).await?;
    let since = |e: &&Written| e.detail["version"].as_i64().is_some_and(|v| v > version);
    let newer: Vec<&Written> = journal.iter().filter(since).collect();
    let mut loud = newer
        .iter()
        .filter(|e| !QUIET.contains(&e.action.as_str()))
        .peekable();
    if loud.peek().is_none() && !newer.is_empty() {
        return Ok(());
    }
    let said: Vec<String> = loud
        .map(|e| format!("{} {}, {}", e.actor, deed(&e.action), e.at))
        .collect();
    Err(ApiError::Conflict(format!(
        "{id} was changed meanwhile{}{}; it is at version {sequence} and you saw {version}: look at it again",
        if said.is_empty() { "" } else { ": " },
        said.join("; ")
    )))
}

/// What somebody did, in words.
fn deed(action: &str) -> &str {
    match action {
        "incident.updated" => "published an update",
        "incident.undone" => "took an update back",
        "incident.worsened" => "said that it is graver",
        "incident.promise_moved" => "moved the promise of the next update",
        "incident.promise_kept" => "said that nothing is new",
        "incident.handed_over" => "handed a role over",
        "incident.acknowledged" => "took the call",
        "incident.recipient_added" => "added somebody who is told",
        "incident.merged" => "merged a duplicate",
        "incident.postmortem_published" => "published the postmortem",
        other => other,
    }
}
