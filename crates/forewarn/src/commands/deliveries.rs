//! `forewarn deliveries`: what became of each message.

use super::pages;
use crate::client::{Body, Client, Remote};
use crate::exit::Exit;
use crate::terminal::{self, Colour, Style, Table};
use clap::Args;
use serde_json::{Value, json};
use std::process::ExitCode;

/// Flags of `deliveries`.
#[derive(Args)]
pub struct DeliveriesArgs {
    #[command(flatten)]
    remote: Remote,
    /// Of this event
    #[arg(long, value_name = "ID")]
    event: Option<String>,
    /// Of this notice
    #[arg(long, value_name = "ID")]
    notice: Option<String>,
    /// In this status: queued, accepted, delivered, failed, unknown, suppressed, superseded, expired
    #[arg(long)]
    status: Option<String>,
    /// Send again what was given up of the notice, to those who can be reached
    #[arg(long, requires = "notice", conflicts_with_all = ["event", "status", "limit"])]
    retry: bool,
    /// At most so many
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints the list.
///
/// # Errors
/// When the server refuses or cannot be reached.
pub async fn run(args: DeliveriesArgs) -> anyhow::Result<ExitCode> {
    let client = Client::new(&args.remote)?;
    if let (true, Some(notice)) = (args.retry, &args.notice) {
        return retry(&client, notice, args.json).await;
    }
    let query = [
        ("event", args.event.as_deref()),
        ("notice", args.notice.as_deref()),
        ("status", args.status.as_deref()),
    ];
    let list = pages::all(&client, "deliveries", &query, args.limit).await?;
    if args.json {
        terminal::print_json(&list)?;
    } else {
        terminal::print(&show(&list, Colour::of_stdout()))?;
    }
    Ok(Exit::Done.into())
}

/// Sends a notice again to those who did not get it, and says to how many.
async fn retry(client: &Client, notice: &str, json: bool) -> anyhow::Result<ExitCode> {
    let done = client
        .post(&["notices", notice, "retry"], &[], Body::Json(json!({})))
        .await?;
    if json {
        terminal::print_json(&done)?;
    } else {
        let count = |name: &str| done[name].as_u64().unwrap_or_default();
        let (retried, unreachable, superseded) =
            (count("retried"), count("unreachable"), count("superseded"));
        terminal::print(&format!(
            "{retried} waiting to be sent again, {unreachable} cannot be reached, {superseded} got something newer.\n"
        ))?;
    }
    Ok(Exit::Done.into())
}

/// An instant without the parts of its second.
fn short(instant: &str) -> String {
    match instant.split_once('.') {
        Some((whole, _)) => format!("{whole}Z"),
        None => instant.to_owned(),
    }
}

fn show(list: &Value, colour: Colour) -> String {
    let items = list["items"].as_array().map_or(&[][..], Vec::as_slice);
    if items.is_empty() {
        return "No deliveries.\n".into();
    }
    let mut table = Table::new(&[
        "notice",
        "contact",
        "channel",
        "endpoint",
        "status",
        "attempts",
        "at",
        "last answer",
    ]);
    for item in items {
        let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
        let attempts = item["attempts"].as_array().map_or(&[][..], Vec::as_slice);
        let last = attempts.last().and_then(|a| a["server_said"].as_str());
        let style = match item["status"].as_str() {
            Some("failed" | "expired") => Style::Failure,
            Some("unknown") => Style::Warning,
            _ => Style::Plain,
        };
        table.row(
            style,
            [
                text("milestone"),
                text("contact"),
                text("channel"),
                text("endpoint"),
                text("status"),
                attempts.len().to_string(),
                // When it was tried last, or is tried first.
                attempts
                    .last()
                    .and_then(|a| a["at"].as_str())
                    .map_or_else(|| text("next_at"), short),
                last.map_or_else(|| text("reason"), str::to_owned),
            ],
        );
    }
    table.show(colour)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_said_cannot_break_the_table() {
        let list = json!({"items": [
            {"milestone": "holding", "contact": "ada", "channel": "email", "endpoint": "ada@example.org", "status": "failed",
             "attempts": [{"server_said": "451 later"}, {"at": "2026-11-23T09:00:01.5Z", "server_said": "550 no\r\n\u{1b}[2Jsuch user"}]},
            {"milestone": "update", "contact": "bob", "channel": "email", "endpoint": "bob@example.org", "status": "suppressed",
             "attempts": [], "reason": "unsubscribed"},
        ]});
        assert_eq!(
            show(&list, Colour::Off),
            "notice   contact  channel  endpoint         status      attempts  at                    last answer\n\
             holding  ada      email    ada@example.org  failed      2         2026-11-23T09:00:01Z  550 no\u{fffd} \u{fffd}[2Jsuch user\n\
             update   bob      email    bob@example.org  suppressed  0                               unsubscribed\n"
        );
    }
}
