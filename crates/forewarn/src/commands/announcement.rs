//! `forewarn announcement`: telling people ahead of a release, the end of a feature, whatever changes at one moment.

use super::approve::{self, Approve};
use super::incident_around::Add;
use super::level_texts::{self, Said};
use super::sending::{Count, Sending};
use super::{reach, schedule, source};
use crate::client::{Body, Client, Remote};
use crate::exit::{Exit, InvalidInput};
use crate::terminal::{self, Colour, clean};
use clap::{Args, Subcommand};
use forewarn_core::announcement::{Announcement, Edit, Withdrawal};
use forewarn_core::document::{Node, Problems, from_json};
use forewarn_core::plan::Plan;
use forewarn_core::problem::Invalid;
use forewarn_core::time::{CivilTime, Zone};
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

/// Flags of `announcement`.
#[derive(Args)]
pub struct AnnouncementArgs {
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
    /// Announce a change from a document; its notices are planned
    Create {
        /// The document: announcement: {title, services, effective, ...}; - is standard input
        file: PathBuf,
        /// Only show the plan
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        count: Count,
    },
    /// Move its moment; people are told at once
    Move {
        /// The announcement
        id: String,
        /// When it takes effect from now on: 2026-12-08T10:00
        #[arg(long, value_name = "TIME")]
        to: String,
        /// Why
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        said: Said,
        /// The version that was seen; refused when somebody changed it since
        #[arg(long, value_name = "N")]
        version: Option<i64>,
        #[command(flatten)]
        sending: Sending,
    },
    /// Change what the notices to come say
    Change(Change),
    /// Edit what a message says that has not gone out; nobody is told of that by itself
    Texts(level_texts::Edit),
    /// Call it off; people are told at once
    Cancel {
        /// The announcement
        id: String,
        /// Why
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        said: Said,
        /// The version that was seen; refused when somebody changed it since
        #[arg(long, value_name = "N")]
        version: Option<i64>,
        #[command(flatten)]
        sending: Sending,
    },
    /// Say that it is in effect, before its moment; people are told at once
    Effective {
        /// The announcement
        id: String,
        #[command(flatten)]
        said: Said,
        /// The version that was seen; refused when somebody changed it since
        #[arg(long, value_name = "N")]
        version: Option<i64>,
        #[command(flatten)]
        sending: Sending,
    },
    /// Take the last change back, before anybody was told
    Undo {
        /// The announcement
        id: String,
    },
    /// Add somebody nobody planned for; they get the newest message at once, and all that come
    Add(Add),
    /// Show an announcement and its plan
    Show {
        /// The announcement
        id: String,
    },
    /// List announcements, the newest first
    List {
        /// Only those that are to come
        #[arg(long)]
        open: bool,
    },
    /// Say who would hear of it now, and who not and why
    Reach {
        /// The announcement
        id: String,
        /// Why this contact hears, or does not
        #[arg(long, value_name = "ID")]
        contact: Option<String>,
    },
    /// Agree to what waits for a person's word: what owners must agree to, or what a restore held back
    Approve(Approve),
}

#[derive(Args)]
struct Change {
    /// The announcement
    id: String,
    /// What changes, in one line
    #[arg(long)]
    title: Option<String>,
    /// What people notice
    #[arg(long, value_name = "TEXT")]
    effect: Option<String>,
    /// Why, and what it is good for
    #[arg(long, value_name = "TEXT")]
    why: Option<String>,
    /// What people must do
    #[arg(long, value_name = "TEXT")]
    action: Option<String>,
    /// What helps
    #[arg(long, value_name = "TEXT")]
    workaround: Option<String>,
    /// A service that changes, in place of those named before; once for each service
    #[arg(long = "service", value_name = "ID")]
    services: Vec<String>,
    /// Why it is said although something stands in it that its readers may not see
    #[arg(long, value_name = "REASON")]
    privacy_override: Option<String>,
    /// The version that was seen; refused when somebody changed it since
    #[arg(long, value_name = "N")]
    version: Option<i64>,
}

/// Asks the server and prints what the announcement is now, with its plan.
///
/// # Errors
/// When something on the command line or in the document is invalid, or the server refuses or cannot be reached.
pub async fn run(args: AnnouncementArgs) -> anyhow::Result<ExitCode> {
    let client = Client::new(&args.remote)?;
    let colour = Colour::of_stdout();
    let answer = match args.action {
        Action::Create {
            file,
            dry_run,
            count,
        } => {
            let check = |node: &Node, path: &str, problems: &mut Problems| {
                Announcement::read(node, path, &Zone::utc(), "ANN-1", problems);
            };
            let act = source::act(&file, "announcement", check)?;
            let body = count.with(act.body.clone());
            let path: &[&str] = match dry_run {
                true => &["announcements", "preview"],
                false => &["announcements"],
            };
            act.send(&client, path, body).await?
        }
        Action::Move {
            id,
            to,
            reason,
            said,
            version,
            sending,
        } => {
            let body = given([
                ("effective", json!(to)),
                ("reason", json!(reason)),
                ("version", json!(version)),
            ]);
            let body = sending.with(said.with(body)?);
            said.send(&client, ["announcements", &id, "move"], body)
                .await?
        }
        Action::Change(change) => {
            let id = change.id.clone();
            say(&client, &id, "change", edit(change)?).await?
        }
        Action::Texts(edit) => edit.ask(&client).await?,
        Action::Cancel {
            id,
            reason,
            said,
            version,
            sending,
        } => {
            let body = given([("reason", json!(reason)), ("version", json!(version))]);
            let body = check(said.with(body)?, Withdrawal::read)?;
            said.send(
                &client,
                ["announcements", &id, "cancel"],
                sending.with(body),
            )
            .await?
        }
        Action::Effective {
            id,
            said,
            version,
            sending,
        } => {
            let body = said.with(given([("version", json!(version))]))?;
            said.send(
                &client,
                ["announcements", &id, "effective"],
                sending.with(body),
            )
            .await?
        }
        Action::Undo { id } => {
            let path = ["announcements", &id, "undo"];
            client.post(&path, &[], Body::Json(json!({}))).await?
        }
        Action::Add(add) => say(&client, &add.id, "recipients", add.body()).await?,
        Action::Show { id } => client.get(&["announcements", &id], &[]).await?,
        Action::List { open } => {
            let open = open.to_string();
            let all = client.get(&["announcements"], &[("open", &open)]).await?;
            terminal::answer(&all, args.json, list)?;
            return Ok(Exit::Done.into());
        }
        Action::Reach { id, contact } => {
            let asked = contact.iter().map(|contact| ("contact", contact.as_str()));
            let asked: Vec<_> = asked.collect();
            let answer = client.get(&["announcements", &id, "reach"], &asked).await?;
            terminal::answer(&answer, args.json, |answer| reach::show(answer, colour))?;
            return Ok(Exit::Done.into());
        }
        Action::Approve(approve) if approve.shows() => {
            let waiting = approve.ask(&client, "announcements").await?;
            terminal::answer(&waiting, args.json, approve::show)?;
            return Ok(Exit::Done.into());
        }
        Action::Approve(approve) => approve.ask(&client, "announcements").await?,
    };
    if let Some(shown) = level_texts::show(&answer) {
        terminal::answer(&answer, args.json, |_| shown.clone())?;
        return Ok(Exit::Done.into());
    }
    let plan = serde_json::from_value::<Plan>(answer["plan"].clone()).ok();
    let late = plan.as_ref().is_some_and(|plan| !plan.breaches.is_empty());
    terminal::answer(&answer, args.json, |answer| {
        show(answer, plan.as_ref(), colour)
    })?;
    Ok(if late { Exit::Warned } else { Exit::Done }.into())
}

async fn say(client: &Client, id: &str, action: &str, body: Value) -> anyhow::Result<Value> {
    let path = ["announcements", id, action];
    client.post(&path, &[], Body::Json(body)).await
}

fn edit(change: Change) -> Result<Value, InvalidInput> {
    let facts = given([
        ("effect", json!(change.effect)),
        ("why", json!(change.why)),
        ("action", json!(change.action)),
        ("workaround", json!(change.workaround)),
    ]);
    let body = given([
        ("title", json!(change.title)),
        ("services", json!(change.services)),
        ("facts", facts),
        ("privacy_override", json!(change.privacy_override)),
        ("version", json!(change.version)),
    ]);
    check(body, Edit::read)
}

/// The fields that were given: nothing stands for none, and for an empty list.
fn given<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(parts) => parts.is_empty(),
        _ => false,
    };
    let given = fields.into_iter().filter(|(_, value)| !empty(value));
    let given: Map<String, Value> = given
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    Value::Object(given)
}

/// Checks by the server's own rules, so that a slip is told before anything is sent.
fn check<T>(
    body: Value,
    read: impl Fn(&Node, &str, &mut Problems) -> Option<T>,
) -> Result<Value, InvalidInput> {
    let mut problems = Problems::default();
    read(&from_json(body.clone()), "", &mut problems);
    match problems.0.is_empty() {
        true => Ok(body),
        false => {
            let problems = problems.0;
            Err(InvalidInput::of("this command", Invalid { problems }))
        }
    }
}

fn show(answer: &Value, plan: Option<&Plan>, colour: Colour) -> String {
    let text = |name: &str| clean(answer[name].as_str().unwrap_or_default());
    let mut shown = format!(
        "{} is {}, revision {}\n",
        text("id"),
        text("status"),
        answer["revision"]
    );
    if let Some(plan) = plan {
        let moment = answer["effective"].as_str();
        let moment = moment.and_then(|text| CivilTime::parse(text, &Zone::utc()).ok());
        let zone = moment.map_or_else(Zone::utc, |moment| moment.zone);
        shown.push('\n');
        shown.push_str(&schedule::show(plan, &text("title"), &zone, colour));
        shown.push_str(&schedule::digests(&answer["plan"], colour));
    }
    shown
}

fn list(answer: &Value) -> String {
    let items = answer["items"].as_array().into_iter().flatten();
    let lines = items.map(|item| {
        let text = |name: &str| clean(item[name].as_str().unwrap_or_default());
        let (id, status, title) = (text("id"), text("status"), text("title"));
        format!("{id} {status} {title}, {}\n", text("effective"))
    });
    let shown: String = lines.collect();
    match shown.is_empty() {
        true => "no announcement\n".to_owned(),
        false => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_what_the_api_takes() {
        let change = |title: Option<&str>| Change {
            id: "ANN-1".into(),
            title: title.map(str::to_owned),
            effect: None,
            why: None,
            action: title.map(|_| "Save your files".to_owned()),
            workaround: None,
            services: Vec::new(),
            privacy_override: None,
            version: Some(3),
        };
        assert_eq!(
            edit(change(Some("Portal 5"))).unwrap(),
            json!({"title": "Portal 5", "facts": {"action": "Save your files"}, "version": 3})
        );
        let text = edit(change(None)).unwrap_err().invalid.to_string();
        assert!(text.contains("changes nothing"), "{text}");
    }

    #[test]
    fn a_list_has_a_line_for_each() {
        let items = json!({"items": [{"id": "ANN-1", "status": "scheduled", "title": "Portal\u{1b} 5", "effective": "2026-12-01T10:00[UTC]"}]});
        let shown = list(&items);
        assert!(
            shown.starts_with("ANN-1 scheduled Portal") && !shown.contains('\u{1b}'),
            "{shown}"
        );
        assert_eq!(list(&json!({"items": []})), "no announcement\n");
    }
}
