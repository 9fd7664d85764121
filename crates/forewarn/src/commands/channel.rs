//! `forewarn channel test`: one test message, what came of it, and what to do about that.

use crate::client::{Body, Client, Refusal, Remote};
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
    /// The channel: email, sms, voice, chat, webhook, push; with --audience every one that it is told by, unless one is named
    #[arg(required_unless_present = "audience")]
    name: Option<String>,
    /// To this contact
    #[arg(long, value_name = "ID", conflicts_with_all = ["to", "audience"])]
    contact: Option<String>,
    /// To the first member of this audience who is reached so, by each of its ways
    #[arg(long, value_name = "ID", conflicts_with = "to")]
    audience: Option<String>,
    /// To this mail address, telephone number or URL
    #[arg(long, value_name = "ADDRESS", required_unless_present_any = ["contact", "audience"])]
    to: Option<String>,
    /// For chat by URL, the product: slack, teams, mattermost, discord, generic, social
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
    let mut results = Vec::new();
    for name in ways(client, &args).await? {
        results.push(tested(client, &args, &name).await?);
    }
    match (args.json, results.as_slice()) {
        // One channel was named: one answer.
        (true, [one]) if args.name.is_some() => terminal::print_json(one)?,
        (true, all) => terminal::print_json(&all)?,
        (false, all) => terminal::print(&all.iter().map(show).collect::<String>())?,
    }
    let worst = results.iter().map(exit).max_by_key(|exit| match exit {
        Exit::Done => 0,
        Exit::Warned => 1,
        _ => 2,
    });
    Ok(worst.unwrap_or(Exit::Done).into())
}

/// The channels to try: the one that was named, or all that an audience is told by.
async fn ways(client: &Client, args: &TestArgs) -> anyhow::Result<Vec<String>> {
    match (&args.name, &args.audience) {
        (Some(name), _) => Ok(vec![name.clone()]),
        (None, None) => Ok(Vec::new()),
        (None, Some(audience)) => {
            let found = client.get(&["audiences", audience], &[]).await?;
            let ways = found["channels"].as_array().into_iter().flatten();
            // One that comes later is written as `{sms: {after: PT15M}}`.
            let name = |way: &Value| match way {
                Value::Object(later) => later.keys().next().cloned(),
                other => other.as_str().map(str::to_owned),
            };
            Ok(ways.filter_map(name).collect())
        }
    }
}

/// One test. That a way of an audience's cannot be tried is what came of it, beside the others.
async fn tested(client: &Client, args: &TestArgs, name: &str) -> anyhow::Result<Value> {
    let mut body = json!({});
    for (name, value) in [
        ("contact", &args.contact),
        ("audience", &args.audience),
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
    let path = ["channels", name, "test"];
    let tested = client.post(&path, &[], Body::Json(body)).await;
    match (tested, &args.name) {
        (Err(problem), None) => {
            let refusal: Refusal = problem.downcast()?;
            if refusal.errors.is_empty() {
                return Err(refusal.into());
            }
            let whys = refusal.errors.iter().map(|e| e.problem.as_str());
            let whys: Vec<&str> = whys.collect();
            let words = format!("The {name} test was not sent: {}", whys.join("; "));
            Ok(json!({"channel": name, "status": "failed", "words": words}))
        }
        (tested, _) => tested,
    }
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
    fn a_test_has_somebody_to_go_to() {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            test: TestArgs,
        }
        let read = |line: &str| {
            let line = ["test"].into_iter().chain(line.split_whitespace());
            <Line as clap::Parser>::try_parse_from(line).is_ok()
        };
        for good in [
            "sms --contact ann",
            "sms --to +14155550100",
            "sms --audience students",
            "--audience students",
        ] {
            assert!(read(good), "{good}");
        }
        for bad in [
            "",
            "sms",
            "--contact ann",
            "sms --contact ann --audience students",
            "--audience students --to a@example.edu",
        ] {
            assert!(!read(bad), "{bad}");
        }
    }

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
