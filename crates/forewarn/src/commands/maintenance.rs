//! `forewarn maintenance`: creating maintenances and taking them through their states.

use super::approve::{self, Approve};
use super::incident_around::Add;
use super::level_texts::{self, Said};
use super::sending::{self, Count, Sending};
use super::{decide, reach, schedule, source};
use crate::client::{Body, Client, Remote};
use crate::exit::Exit;
use crate::terminal::{self, Colour, clean};
use clap::{Args, Subcommand};
use forewarn_core::document::{Node, Problems};
use forewarn_core::maintenance::Maintenance;
use forewarn_core::plan::Plan;
use forewarn_core::time::{CivilTime, Zone};
use serde_json::{Map, Value, json};
use std::io::{self, IsTerminal};
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
        /// Long before its window, and meant so
        #[arg(long)]
        early: bool,
        #[command(flatten)]
        said: Said,
        #[command(flatten)]
        undo: sending::Undo,
    },
    /// Work is done
    Complete {
        /// The maintenance
        id: String,
        #[command(flatten)]
        said: Said,
        #[command(flatten)]
        undo: sending::Undo,
    },
    /// Edit what a message says that has not gone out; nobody is told of that by itself
    Texts(level_texts::Edit),
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
        #[command(flatten)]
        said: Said,
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
        #[command(flatten)]
        said: Said,
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
    /// Tick a step of the work off
    Step {
        /// The maintenance
        id: String,
        /// Which step, counted from 1
        number: u32,
    },
    /// Say where its change request stands: an approval sets free what waited for it
    Change {
        /// The maintenance
        id: String,
        /// draft, submitted, approved, rejected
        #[arg(long)]
        state: String,
        /// The day of the board's meeting
        #[arg(long, value_name = "DATE")]
        board: Option<String>,
    },
    /// Keep with it whether clients must be told, from a file of answers
    Decide {
        /// The maintenance
        id: String,
        /// A flat YAML map of answers, as of `forewarn decide`; - is standard input
        file: PathBuf,
        /// What the owners decided otherwise: required, recommended, optional, "not needed"
        #[arg(long, value_name = "VERDICT", requires_all = ["by", "reason"])]
        own: Option<String>,
        /// Which of the owners
        #[arg(long, value_name = "ADDRESS", requires = "own")]
        by: Option<String>,
        /// Why
        #[arg(long, value_name = "TEXT", requires = "own")]
        reason: Option<String>,
        /// The recommendation holds again
        #[arg(long, conflicts_with = "own")]
        withdraw: bool,
    },
    /// Show a maintenance and its plan
    Show {
        /// The maintenance
        id: String,
    },
    /// List maintenances, the newest first
    List {
        /// Only those that are not over
        #[arg(long)]
        open: bool,
    },
    /// Who hears of it, those who were added too, who does not, and why
    Reach {
        /// The maintenance
        id: String,
        /// Why this contact hears, or does not; an address will do
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
        #[command(flatten)]
        said: Said,
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
            let act = document(&file)?;
            let body = count.with(act.body.clone());
            act.send(&client, &["maintenances"], body).await?
        }
        Action::Undo { id } => change(&client, &id, "undo", [], Sending::default()).await?,
        Action::Approve(approve) if approve.shows() => {
            let waiting = approve.ask(&client, "maintenances").await?;
            terminal::answer(&waiting, args.json, approve::show)?;
            return Ok(Exit::Done.into());
        }
        Action::Approve(approve) => approve.ask(&client, "maintenances").await?,
        Action::Start {
            id,
            early,
            said,
            undo,
        } => {
            // Who sits at the prompt is asked; a script is told.
            let asked = io::stdin().is_terminal().then_some("false");
            let early = if early { Some("true") } else { asked };
            let fields = [("early", early.map(str::to_owned))];
            told(&client, [&id, "start"], fields, (&said, undo.into())).await?
        }
        Action::Complete { id, said, undo } => {
            told(&client, [&id, "complete"], [], (&said, undo.into())).await?
        }
        Action::Texts(edit) => edit.ask(&client).await?,
        Action::Delay {
            id,
            start,
            end,
            reason,
            said,
            sending,
        } => {
            let fields = [("start", Some(start)), ("end", end), ("reason", reason)];
            told(&client, [&id, "delay"], fields, (&said, sending)).await?
        }
        Action::Extend {
            id,
            end,
            reason,
            said,
            sending,
        } => {
            let fields = [("end", Some(end)), ("reason", reason)];
            told(&client, [&id, "extend"], fields, (&said, sending)).await?
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
        Action::Step { id, number } => {
            let path = ["maintenances", &id, "steps", &number.to_string(), "done"];
            client.post(&path, &[], Body::Json(json!({}))).await?
        }
        Action::Change { id, state, board } => {
            let fields = [("state", Some(state)), ("board", board)];
            change(&client, &id, "change_request", fields, Sending::default()).await?
        }
        Action::Decide {
            id,
            file,
            own,
            by,
            reason,
            withdraw,
        } => {
            let mut body = decide::answers(&file)?;
            body["maintenance"] = json!(id);
            if let Some(verdict) = own {
                body["own"] = json!({"verdict": verdict, "by": by, "reason": reason});
            } else if withdraw {
                body["own"] = Value::Null;
            }
            let answer = client.post(&["decisions"], &[], Body::Json(body)).await?;
            terminal::answer(&answer, args.json, decided)?;
            return Ok(Exit::Done.into());
        }
        Action::Show { id } => client.get(&["maintenances", &id], &[]).await?,
        Action::List { open } => {
            let open = open.to_string();
            let all = client.get(&["maintenances"], &[("open", &open)]).await?;
            terminal::answer(&all, args.json, list)?;
            return Ok(Exit::Done.into());
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
            said,
            sending,
        } => {
            let fields = [("reason", reason)];
            told(&client, [&id, "cancel"], fields, (&said, sending)).await?
        }
    };
    if let Some(shown) = level_texts::show(&answer) {
        terminal::answer(&answer, args.json, |_| shown.clone())?;
        return Ok(Exit::Done.into());
    }
    let plan = serde_json::from_value::<Plan>(answer["plan"].clone()).ok();
    if args.json {
        terminal::print_json(&answer)?;
    } else {
        terminal::print(&show(&answer, plan.as_ref(), Colour::of_stdout()))?;
    }
    let late = plan.is_some_and(|plan| !plan.breaches.is_empty());
    Ok(if late { Exit::Warned } else { Exit::Done }.into())
}

/// The maintenance in a file. What needs no catalogue is checked here, where its line is known.
fn document(file: &Path) -> anyhow::Result<source::Act> {
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
    let body = Body::Json(sending.with(given(fields)));
    client.post(&["maintenances", id, action], &[], body).await
}

/// What people are told of.
async fn told<const N: usize>(
    client: &Client,
    [id, action]: [&str; 2],
    fields: [(&str, Option<String>); N],
    (said, sending): (&Said, Sending),
) -> anyhow::Result<Value> {
    let body = sending.with(said.with(given(fields))?);
    said.send(client, ["maintenances", id, action], body).await
}

/// The fields that were given.
fn given<const N: usize>(fields: [(&str, Option<String>); N]) -> Value {
    let given = fields
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name.to_owned(), Value::from(value))));
    json!(given.collect::<Map<_, _>>())
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
        shown.push_str(&schedule::digests(&answer["plan"], colour));
    }
    shown
}

/// A decision as the server keeps it.
fn decided(answer: &Value) -> String {
    let text = |value: &Value| clean(value.as_str().unwrap_or_default());
    let mut shown = format!(
        "{}: client communication is {}\n",
        text(&answer["maintenance"]["id"]),
        text(&answer["verdict"])
    );
    let own = &answer["own"];
    if own.is_object() {
        let (verdict, by) = (text(&own["verdict"]), text(&own["by"]));
        let reason = text(&own["reason"]);
        shown.push_str(&format!("  {by} decided: {verdict}, because {reason}\n"));
    }
    for fired in answer["rules"].as_array().into_iter().flatten() {
        let (because, rule) = (text(&fired["because"]), text(&fired["rule"]));
        shown.push_str(&format!("  {because} ({rule})\n"));
    }
    shown
}

fn list(answer: &Value) -> String {
    let items = answer["items"].as_array().into_iter().flatten();
    let lines = items.map(|item| {
        let text = |name: &str| clean(item[name].as_str().unwrap_or_default());
        let status = text("status").replace('_', " ");
        let (id, title) = (text("id"), text("title"));
        format!(
            "{id} {status} {title}, {} to {}\n",
            text("start"),
            text("end")
        )
    });
    let shown: String = lines.collect();
    match shown.is_empty() {
        true => "no maintenance\n".to_owned(),
        false => shown,
    }
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
        assert_eq!(document(&file).unwrap().body, expected);
    }

    #[test]
    fn a_decision_and_a_list_are_shown_in_words() {
        let answer = json!({"verdict": "required", "maintenance": {"id": "MNT-1"},
            "rules": [{"rule": "client-action", "because": "clients must act"}],
            "own": {"verdict": "not needed", "by": "dba@example.edu", "reason": "It\u{1b} is empty."}});
        let shown = decided(&answer);
        assert!(
            shown.starts_with("MNT-1: client communication is required\n  dba@example.edu decided: not needed, because It"),
            "{shown}"
        );
        assert!(
            shown.ends_with("  clients must act (client-action)\n") && !shown.contains('\u{1b}')
        );
        let items = json!({"items": [{"id": "MNT-1", "status": "in_progress", "title": "Upgrade", "start": "2026-12-01T22:00[UTC]", "end": "2026-12-02T02:00[UTC]"}]});
        assert_eq!(
            list(&items),
            "MNT-1 in progress Upgrade, 2026-12-01T22:00[UTC] to 2026-12-02T02:00[UTC]\n"
        );
        assert_eq!(list(&json!({"items": []})), "no maintenance\n");
    }
}
