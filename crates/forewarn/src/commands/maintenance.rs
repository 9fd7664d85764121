//! `forewarn maintenance`: creating maintenances and taking them through their states.

use super::approve::{self, Approve};
use super::incident_around::Add;
use super::sending::{self, Count, Sending};
use super::{reach, schedule, source};
use crate::client::{Body, Client, Remote};
use crate::exit::Exit;
use crate::terminal::{self, Colour, clean};
use clap::{Args, Subcommand};
use forewarn_core::document::{Node, Problems};
use forewarn_core::maintenance::Maintenance;
use forewarn_core::plan::Plan;
use forewarn_core::time::{CivilTime, Zone};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Flags of `maintenance`.
#[derive(Args)]
pub struct MaintenanceArgs {
    #[command(flatten)]
    remote: Remote,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Plan a maintenance from a document
    Create {
        /// The document: maintenance: {title, services, start, end, ...}; - is standard input
        file: PathBuf,
        #[command(flatten)]
        count: Count,
    },
    /// Agree to what people are told, or show it
    Approve(Approve),
    /// Work begins
    Start {
        /// The maintenance
        id: String,
        #[command(flatten)]
        undo: sending::Undo,
    },
    /// Work is done
    Complete {
        /// The maintenance
        id: String,
        #[command(flatten)]
        undo: sending::Undo,
    },
    /// It begins later than planned
    Delay {
        /// The maintenance
        id: String,
        /// The new start, in the organisation's zone or with its own
        #[arg(long, value_name = "TIME")]
        start: String,
        /// The new end
        #[arg(long, value_name = "TIME")]
        end: Option<String>,
        /// Why, for readers
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// Why it goes out although something stands in it that its readers may not see
        #[arg(long, value_name = "REASON")]
        privacy_override: Option<String>,
        #[command(flatten)]
        sending: Sending,
    },
    /// It ends later than promised
    Extend {
        /// The maintenance
        id: String,
        /// The new end, in the organisation's zone or with its own
        #[arg(long, value_name = "TIME")]
        end: String,
        /// Why, for readers
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// Why it goes out although something stands in it that its readers may not see
        #[arg(long, value_name = "REASON")]
        privacy_override: Option<String>,
        #[command(flatten)]
        sending: Sending,
    },
    /// It does otherwise than its policy, for a reason; the notices that have not gone out are planned again
    Override {
        /// The maintenance
        id: String,
        /// Notices before the start, such as 2bd,30min
        #[arg(long, value_name = "OFFSETS", value_delimiter = ',')]
        before: Vec<String>,
        /// Time of day of notices counted in days
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
        /// When progress is told, such as 50% or "every 30min"
        #[arg(long, value_name = "PLACES", value_delimiter = ',')]
        progress: Vec<String>,
        /// Progress only in windows at least this long
        #[arg(long, value_name = "DURATION")]
        min_window: Option<String>,
        /// As its policy says again
        #[arg(long, conflicts_with_all = ["before", "at", "progress", "min_window"])]
        remove: bool,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Who hears of it, those who were added too, who does not, and why
    Reach {
        /// The maintenance
        id: String,
        /// Why this contact hears, or does not
        #[arg(long, value_name = "ID")]
        contact: Option<String>,
    },
    /// Add somebody nobody planned for; they get the newest message at once, and all that come
    Add(Add),
    /// Take the last change back before anybody is told
    Undo {
        /// The maintenance
        id: String,
    },
    /// It does not happen
    Cancel {
        /// The maintenance
        id: String,
        /// Why, for readers
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// Why it goes out although something stands in it that its readers may not see
        #[arg(long, value_name = "REASON")]
        privacy_override: Option<String>,
        #[command(flatten)]
        sending: Sending,
    },
}

/// Asks the server and prints what the maintenance is now.
///
/// # Errors
/// When the server refuses or cannot be reached, or the document cannot be read.
pub async fn run(args: MaintenanceArgs) -> anyhow::Result<ExitCode> {
    let client = Client::new(&args.remote)?;
    let answer = match args.action {
        Action::Create { file, count } => {
            let body = Body::Json(count.with(document(&file)?));
            client.post(&["maintenances"], &[], body).await?
        }
        Action::Undo { id } => change(&client, &id, "undo", [], Sending::default()).await?,
        Action::Approve(approve) if approve.shows() => {
            let waiting = approve.ask(&client, "maintenances").await?;
            terminal::answer(&waiting, args.json, approve::show)?;
            return Ok(Exit::Done.into());
        }
        Action::Approve(approve) => approve.ask(&client, "maintenances").await?,
        Action::Start { id, undo } => change(&client, &id, "start", [], undo.into()).await?,
        Action::Complete { id, undo } => change(&client, &id, "complete", [], undo.into()).await?,
        Action::Delay {
            id,
            start,
            end,
            reason,
            privacy_override,
            sending,
        } => {
            let fields = [
                ("start", Some(start)),
                ("end", end),
                ("reason", reason),
                ("privacy_override", privacy_override),
            ];
            change(&client, &id, "delay", fields, sending).await?
        }
        Action::Extend {
            id,
            end,
            reason,
            privacy_override,
            sending,
        } => {
            let fields = [
                ("end", Some(end)),
                ("reason", reason),
                ("privacy_override", privacy_override),
            ];
            change(&client, &id, "extend", fields, sending).await?
        }
        Action::Override {
            id,
            before,
            at,
            progress,
            min_window,
            remove: false,
            reason,
        } => {
            let mut body = json!({"reason": reason});
            for (name, list) in [("before", before), ("progress", progress)] {
                if !list.is_empty() {
                    body[name] = json!(list);
                }
            }
            for (name, given) in [("at", at), ("min_window", min_window)] {
                if let Some(given) = given {
                    body[name] = json!(given);
                }
            }
            let path = ["maintenances", id.as_str(), "override"];
            client.post(&path, &[], Body::Json(body)).await?
        }
        Action::Override {
            id,
            remove: true,
            reason,
            ..
        } => {
            let fields = [("reason", Some(reason))];
            change(&client, &id, "remove_override", fields, Sending::default()).await?
        }
        Action::Reach { id, contact } => {
            let path = ["maintenances", id.as_str(), "plan", "reach"];
            let query: Vec<(&str, &str)> =
                contact.iter().map(|c| ("contact", c.as_str())).collect();
            let answer = client.get(&path, &query).await?;
            match args.json {
                true => terminal::print_json(&answer)?,
                false => terminal::print(&reach::show(&answer, Colour::of_stdout()))?,
            }
            return Ok(Exit::Done.into());
        }
        Action::Add(add) => {
            let path = ["maintenances", &add.id, "recipients"];
            client.post(&path, &[], Body::Json(add.body())).await?
        }
        Action::Cancel {
            id,
            reason,
            privacy_override,
            sending,
        } => {
            let fields = [("reason", reason), ("privacy_override", privacy_override)];
            change(&client, &id, "cancel", fields, sending).await?
        }
    };
    let plan = serde_json::from_value::<Plan>(answer["plan"].clone()).ok();
    if args.json {
        terminal::print_json(&answer)?;
    } else {
        terminal::print(&show(&answer, plan.as_ref(), Colour::of_stdout()))?;
    }
    let late = plan.is_some_and(|plan| !plan.breaches.is_empty());
    Ok(if late { Exit::Warned } else { Exit::Done }.into())
}

/// The maintenance in a file, as the API takes it. What needs no catalogue is checked here, where its line is known.
fn document(file: &Path) -> anyhow::Result<Value> {
    let check = |node: &Node, path: &str, problems: &mut Problems| {
        Maintenance::read(node, path, &Zone::utc(), "MNT-1", problems);
    };
    source::act(file, "maintenance", check)
}

async fn change<const N: usize>(
    client: &Client,
    id: &str,
    action: &str,
    fields: [(&str, Option<String>); N],
    sending: Sending,
) -> anyhow::Result<Value> {
    let given = fields
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name.to_owned(), Value::from(value))));
    let body = sending.with(json!(given.collect::<Map<_, _>>()));
    let body = Body::Json(body);
    client.post(&["maintenances", id, action], &[], body).await
}

fn show(answer: &Value, plan: Option<&Plan>, colour: Colour) -> String {
    let text = |name: &str| clean(answer[name].as_str().unwrap_or_default());
    let mut shown = format!(
        "{} is {}, revision {}\n",
        text("id"),
        text("status").replace('_', " "),
        answer["revision"]
    );
    if let Some(plan) = plan {
        // The start is civil time with its zone (RFC 9557).
        let start = answer["start"].as_str();
        let start = start.and_then(|text| CivilTime::parse(text, &Zone::utc()).ok());
        let zone = start.map_or_else(Zone::utc, |start| start.zone);
        shown.push('\n');
        shown.push_str(&schedule::show(plan, &text("title"), &zone, colour));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_sent_as_the_api_takes_it() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/maintenance.yaml");
        let expected = json!({
            "title": "Student portal update", "kind": "routine", "services": ["portal"],
            "start": "2026-12-06T22:00", "end": "2026-12-07T01:00",
            "facts": {"effect": "You cannot sign in to the student portal.",
                "why": "The update makes the timetable load faster.", "contact": "help@example.edu"}
        });
        assert_eq!(document(&file).unwrap(), expected);
    }
}
