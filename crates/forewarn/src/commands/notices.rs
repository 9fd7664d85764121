//! `forewarn notices`: what is told to whom and when.

use super::{pages, schedule};
use crate::client::{Client, Remote};
use crate::exit::Exit;
use crate::terminal::{self, Colour, Style, Table, clean};
use clap::{Args, Subcommand};
use serde_json::Value;
use std::process::ExitCode;

/// Flags of `notices`.
#[derive(Args)]
pub struct NoticesArgs {
    #[command(flatten)]
    remote: Remote,
    #[command(subcommand)]
    action: Option<Action>,
    /// Of this event
    #[arg(long, value_name = "ID")]
    event: Option<String>,
    /// In this status: planned, awaiting_approval, sending, sent, moved, superseded, cancelled
    #[arg(long)]
    status: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

/// What else can be done with a notice.
#[derive(Subcommand)]
enum Action {
    /// Print a notice's text, for those who carry it on: a newsletter, a bulletin
    Copy {
        /// The notice
        id: String,
        /// Print whom it reaches instead, as CSV
        #[arg(long, conflicts_with = "html")]
        list: bool,
        /// Print HTML
        #[arg(long)]
        html: bool,
    },
}

/// Prints the list.
///
/// # Errors
/// When the server refuses or cannot be reached.
pub async fn run(args: NoticesArgs) -> anyhow::Result<ExitCode> {
    let client = Client::new(&args.remote)?;
    if let Some(Action::Copy { id, list, html }) = &args.action {
        return copy(&client, id, *list, *html, args.json).await;
    }
    let query = [
        ("event", args.event.as_deref()),
        ("status", args.status.as_deref()),
    ];
    let list = pages::all(&client, "notices", &query, args.limit).await?;
    if args.json {
        terminal::print_json(&list)?;
    } else {
        terminal::print(&show(&list, Colour::of_stdout()))?;
    }
    Ok(Exit::Done.into())
}

async fn copy(
    client: &Client,
    id: &str,
    list: bool,
    html: bool,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let path = ["notices", id, "copy"];
    if list {
        let table = client.text(&path, &[("format", "csv")]).await?;
        terminal::print(&table)?;
        return Ok(Exit::Done.into());
    }
    let copy = client.get(&path, &[]).await?;
    let part = |name: &str| copy[name].as_str().unwrap_or_default();
    match (json, html) {
        (true, _) => terminal::print_json(&copy)?,
        (_, true) => terminal::print(&format!("{}\n", part("html").trim_end()))?,
        _ => terminal::print(&format!(
            "{}\n\n{}\n",
            clean(part("subject")),
            part("text").trim_end()
        ))?,
    }
    Ok(Exit::Done.into())
}

/// A list of notices as a table.
pub fn show(list: &Value, colour: Colour) -> String {
    let items = list["items"].as_array().map_or(&[][..], Vec::as_slice);
    if items.is_empty() {
        return "No notices.\n".into();
    }
    let mut table = Table::new(&[
        "due",
        "zone",
        "event",
        "notice",
        "audience",
        "status",
        "deliveries",
        "id",
    ]);
    for item in items {
        let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
        let (due, zone) =
            schedule::local(&text("due_local")).unwrap_or_else(|| (text("due"), String::new()));
        let style = match item["status"].as_str() {
            Some("awaiting_approval") => Style::Warning,
            Some("moved" | "superseded" | "cancelled") => Style::Dim,
            _ => Style::Plain,
        };
        table.row(
            style,
            [
                due,
                zone,
                text("event"),
                format!("{} {}", text("milestone"), text("offset"))
                    .trim()
                    .to_owned(),
                text("audience"),
                text("status"),
                counts(&item["counts"]),
                text("id"),
            ],
        );
    }
    table.show(colour)
}

/// The counts that are not nothing: `1200 accepted, 3 failed`.
fn counts(counts: &Value) -> String {
    let Some(counts) = counts.as_object() else {
        return String::new();
    };
    let counts = counts
        .iter()
        .filter_map(|(status, n)| Some((status, n.as_u64()?)));
    let shown: Vec<String> = counts
        .filter(|(_, n)| *n > 0)
        .map(|(status, n)| format!("{n} {status}"))
        .collect();
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_list_of_notices_can_be_read() {
        let list = json!({"items": [
            {"id": "n1", "event": "MNT-1", "milestone": "announcement", "offset": "5bd", "audience": "students", "status": "sent",
             "due": "2026-11-20T17:00:00Z", "due_local": "2026-11-20T09:00:00-08:00[America/Los_Angeles]",
             "counts": {"accepted": 1200, "failed": 3, "queued": 0}},
            {"id": "n2", "event": "MNT-1", "milestone": "start", "offset": null, "audience": "students", "status": "planned",
             "due": "2026-11-30T06:00:00Z", "counts": {}},
        ]});
        assert_eq!(
            show(&list, Colour::Off),
            "due                   zone                 event  notice            audience  status   deliveries               id\n\
             Fri 2026-11-20 09:00  America/Los_Angeles  MNT-1  announcement 5bd  students  sent     1200 accepted, 3 failed  n1\n\
             2026-11-30T06:00:00Z                       MNT-1  start             students  planned                           n2\n"
        );
    }
}
