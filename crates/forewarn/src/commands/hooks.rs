//! `forewarn hooks`: what came to hooks of late.

use crate::client::{Client, Remote};
use crate::exit::Exit;
use crate::terminal::{self, clean};
use clap::Args;
use serde_json::Value;
use std::process::ExitCode;

/// Flags of `hooks`.
#[derive(Args)]
pub struct HooksArgs {
    #[command(flatten)]
    remote: Remote,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Asks the server and prints what came to each hook.
///
/// # Errors
/// When the server refuses or cannot be reached.
pub async fn run(args: HooksArgs) -> anyhow::Result<ExitCode> {
    let client = Client::new(&args.remote)?;
    let answer = client.get(&["hook-requests"], &[]).await?;
    if args.json {
        terminal::print_json(&answer)?;
    } else {
        terminal::print(&show(&answer))?;
    }
    Ok(Exit::Done.into())
}

fn show(answer: &Value) -> String {
    let mut shown = String::new();
    for hook in answer["items"].as_array().into_iter().flatten() {
        let text = |value: &Value| clean(value.as_str().unwrap_or_default());
        shown.push_str(&format!("{} ({})", text(&hook["id"]), text(&hook["kind"])));
        for (outcome, count) in hook["counts"].as_object().into_iter().flatten() {
            shown.push_str(&format!(", {count} {}", clean(outcome).replace('_', " ")));
        }
        shown.push('\n');
        for seen in hook["last"].as_array().into_iter().flatten() {
            let (at, outcome) = (text(&seen["at"]), text(&seen["outcome"]).replace('_', " "));
            shown.push_str(&format!("  {at} {outcome}: {}\n", text(&seen["detail"])));
        }
    }
    if shown.is_empty() {
        shown.push_str("no hooks\n");
    }
    shown
}
