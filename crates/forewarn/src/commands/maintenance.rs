//! `forewarn maintenance`: creating maintenances and taking them through their states.

use super::{schedule, source};
use crate::client::{Body, Client, Remote};
use crate::exit::Exit;
use crate::terminal::{self, Colour, clean};
use clap::{Args, Subcommand};
use forewarn_core::plan::Plan;
use forewarn_core::time::Zone;
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
    },
    /// Agree that people are told
    Approve {
        /// The maintenance
        id: String,
    },
    /// Work begins
    Start {
        /// The maintenance
        id: String,
    },
    /// Work is done
    Complete {
        /// The maintenance
        id: String,
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
    },
    /// It does not happen
    Cancel {
        /// The maintenance
        id: String,
        /// Why, for readers
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
}

/// Asks the server and prints what the maintenance is now.
///
/// # Errors
/// When the server refuses or cannot be reached, or the document cannot be read.
pub async fn run(args: MaintenanceArgs) -> anyhow::Result<ExitCode> {
    let client = Client::new(&args.remote)?;
    let answer = match args.action {
        Action::Create { file } => {
            client
                .post(&["maintenances"], &[], document(&file)?)
                .await?
        }
        Action::Approve { id } => change(&client, &id, "approve", []).await?,
        Action::Start { id } => change(&client, &id, "start", []).await?,
        Action::Complete { id } => change(&client, &id, "complete", []).await?,
        Action::Delay {
            id,
            start,
            end,
            reason,
        } => {
            let fields = [("start", Some(start)), ("end", end), ("reason", reason)];
            change(&client, &id, "delay", fields).await?
        }
        Action::Extend { id, end, reason } => {
            let fields = [("end", Some(end)), ("reason", reason)];
            change(&client, &id, "extend", fields).await?
        }
        Action::Cancel { id, reason } => {
            change(&client, &id, "cancel", [("reason", reason)]).await?
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

fn document(file: &Path) -> anyhow::Result<Body> {
    let (_, text) = source::text(file)?;
    let is_json = file.extension().is_some_and(|e| e == "json");
    let kind = if is_json {
        "application/json"
    } else {
        "application/yaml"
    };
    Ok(Body::Text(kind, text))
}

async fn change<const N: usize>(
    client: &Client,
    id: &str,
    action: &str,
    fields: [(&str, Option<String>); N],
) -> anyhow::Result<Value> {
    let given = fields
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name.to_owned(), Value::from(value))));
    let body = Body::Json(json!(given.collect::<Map<_, _>>()));
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
        let zone = answer["time_zone"]
            .as_str()
            .and_then(|name| Zone::parse(name).ok());
        let zone = zone.unwrap_or_else(Zone::utc);
        shown.push('\n');
        shown.push_str(&schedule::show(plan, &text("title"), &zone, colour));
    }
    shown
}
