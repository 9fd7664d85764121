//! `forewarn audit verify`: whether the journal is whole.

use crate::client::{Client, Remote};
use crate::exit::Exit;
use crate::terminal::{self, clean};
use clap::{Args, Subcommand};
use serde_json::Value;
use std::process::ExitCode;

/// Flags of `audit`.
#[derive(Args)]
pub struct AuditArgs {
    #[command(flatten)]
    remote: Remote,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Walk the whole journal and name the first entry that is missing or altered
    Verify {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// Prints the verdict.
///
/// # Errors
/// When the server refuses or cannot be reached.
pub async fn run(args: AuditArgs) -> anyhow::Result<ExitCode> {
    let client = Client::new(&args.remote)?;
    let Action::Verify { json } = args.action;
    let verdict = client.get(&["audit", "verify"], &[]).await?;
    if json {
        terminal::print_json(&verdict)?;
    } else {
        terminal::print(&format!("{}\n", words(&verdict)))?;
    }
    Ok(if verdict["broken"].is_null() {
        Exit::Done
    } else {
        Exit::Refused
    }
    .into())
}

/// The verdict in words: `{"entries": 12, "broken": null}` or `{"entries": 4, "broken": {"entry": 5, "what": "was altered"}}`.
fn words(verdict: &Value) -> String {
    let entries = verdict["entries"].as_i64().unwrap_or_default();
    match &verdict["broken"] {
        Value::Null => format!("The journal is whole: {entries} entries"),
        broken => format!(
            "The journal is broken: entry {} {}",
            broken["entry"],
            clean(broken["what"].as_str().unwrap_or("is wrong"))
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_verdict_is_told_in_words() {
        let whole = json!({"entries": 12, "broken": null});
        assert_eq!(words(&whole), "The journal is whole: 12 entries");
        let broken = json!({"entries": 4, "broken": {"entry": 5, "what": "was altered"}});
        assert_eq!(words(&broken), "The journal is broken: entry 5 was altered");
    }
}
