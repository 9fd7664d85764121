//! `forewarn channel test`: one test message, what came of it, and what to do about that.

use crate::client::{Body, Client, Remote};
use crate::exit::Exit;
use crate::terminal::{self, clean};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::process::ExitCode;

/// What can be done with channels.
#[derive(Args)]
pub struct ChannelArgs {
    #[command(flatten)]
    remote: Remote,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Send one test message and say what came of it
    Test(TestArgs),
}

/// Flags of `channel test`.
#[derive(Args)]
struct TestArgs {
    /// The channel: email, sms, voice, chat, webhook
    name: String,
    /// To this contact
    #[arg(long, value_name = "ID", conflicts_with = "to")]
    contact: Option<String>,
    /// To this mail address, telephone number or URL
    #[arg(long, value_name = "ADDRESS", required_unless_present = "contact")]
    to: Option<String>,
    /// For chat by URL, the product: slack, teams, mattermost, discord, generic
    #[arg(long, requires = "to")]
    kind: Option<String>,
    /// How many seconds to wait for the outcome, at most 30
    #[arg(long, value_name = "SECONDS")]
    wait: Option<u64>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Does what the command line says.
///
/// # Errors
/// When the server refuses or cannot be reached.
pub async fn run(args: ChannelArgs) -> anyhow::Result<ExitCode> {
    let client = Client::new(&args.remote)?;
    match args.action {
        Action::Test(test) => run_test(&client, test).await,
    }
}

async fn run_test(client: &Client, args: TestArgs) -> anyhow::Result<ExitCode> {
    let mut body = json!({});
    for (name, value) in [
        ("contact", &args.contact),
        ("to", &args.to),
        ("kind", &args.kind),
    ] {
        if let Some(value) = value {
            body[name] = value.clone().into();
        }
    }
    if let Some(wait) = args.wait {
        body["wait_seconds"] = wait.into();
    }
    let path = ["channels", args.name.as_str(), "test"];
    let tested = client.post(&path, &[], Body::Json(body)).await?;
    match args.json {
        true => terminal::print_json(&tested)?,
        false => terminal::print(&show(&tested))?,
    }
    Ok(exit(&tested).into())
}

fn show(tested: &Value) -> String {
    let text = |name: &str| clean(tested[name].as_str().unwrap_or_default());
    match text("advice") {
        none if none.is_empty() => format!("{}\n", text("words")),
        advice => format!("{}\n{advice}\n", text("words")),
    }
}

/// Taken is done; what is still on its way, or tried again, is to be looked at.
fn exit(tested: &Value) -> Exit {
    match tested["status"].as_str() {
        Some("accepted" | "delivered") => Exit::Done,
        Some("queued" | "attempting") => Exit::Warned,
        _ => Exit::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_wrong_stands_above_what_to_do() {
        let tested = json!({"status": "failed", "words": "The chat test to ops failed: 410 Gone:\u{1b} channel_is_archived",
            "advice": "The room was archived."});
        assert_eq!(
            show(&tested),
            "The chat test to ops failed: 410 Gone:\u{fffd} channel_is_archived\nThe room was archived.\n"
        );
        assert_eq!(exit(&tested), Exit::Refused);
        let tested = json!({"status": "accepted", "words": "It was taken."});
        assert_eq!(show(&tested), "It was taken.\n");
        assert_eq!(exit(&tested), Exit::Done);
    }
}
