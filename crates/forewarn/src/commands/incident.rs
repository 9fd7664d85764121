//! `forewarn incident`: declaring incidents and keeping people informed.

use super::calls::{Calls, Confirmations, show_calls, show_confirmations};
use crate::client::{Body, Client, Remote};
use crate::exit::{Exit, InvalidInput};
use crate::terminal::{self, clean};
use clap::{Args, Subcommand};
use forewarn_core::document::{Node, Problems, from_json};
use forewarn_core::incident::{Declaration, NewPromise, NewUpdate};
use forewarn_core::problem::Invalid;
use serde_json::{Map, Value, json};
use std::process::ExitCode;

/// Flags of `incident`.
#[derive(Args)]
pub struct IncidentArgs {
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
    /// Declare an incident; people are told at once
    Declare(Declare),
    /// Tell people more
    Update(Update),
    /// Promise the next update for another time; people are told
    Promise {
        /// The incident
        id: String,
        /// Within this time from now, such as PT30M
        #[arg(long, value_name = "DURATION")]
        next: String,
    },
    /// Who is to be called by telephone, what to say, and who was reached
    Calls(Calls),
    /// Who was asked to confirm what, and who has
    Confirmations(Confirmations),
    /// Tell people that it is over
    Resolve {
        /// The incident
        id: String,
        /// What people should know
        #[arg(long)]
        text: String,
    },
}

#[derive(Args)]
struct Declare {
    /// An affected service and how: portal=major_outage; once for each service
    #[arg(long = "service", required = true, value_name = "ID=IMPACT")]
    services: Vec<String>,
    /// How grave it is: P1 to P5
    #[arg(long)]
    severity: String,
    /// Where it comes from, if that is known: application, infrastructure, security, third_party
    #[arg(long)]
    cause: Option<String>,
    /// What people see, in one sentence
    #[arg(long, value_name = "TEXT")]
    effect: Option<String>,
    /// What it is, in one line; made from the services when absent
    #[arg(long)]
    title: Option<String>,
    /// Who fixes it
    #[arg(long)]
    lead: Option<String>,
    /// Who speaks for it
    #[arg(long)]
    spokesperson: Option<String>,
    /// Promise the next update within this time, such as PT30M; by the policy when absent
    #[arg(long, value_name = "DURATION")]
    next: Option<String>,
}

#[derive(Args)]
struct Update {
    /// The incident
    id: String,
    /// Its new status: investigating, identified, monitoring, resolved
    #[arg(long)]
    status: Option<String>,
    /// Where it comes from, once that is known: application, infrastructure, security, third_party
    #[arg(long)]
    cause: Option<String>,
    /// What people should know
    #[arg(long)]
    text: Option<String>,
    /// A service and how it is now: portal=degraded; once for each service
    #[arg(long = "service", value_name = "ID=IMPACT")]
    services: Vec<String>,
    /// Promise the next update within this time, such as PT30M; by the policy when absent
    #[arg(long, value_name = "DURATION")]
    next: Option<String>,
}

/// Asks the server and prints what the incident is now.
///
/// # Errors
/// When something on the command line is invalid, or the server refuses or cannot be reached.
pub async fn run(args: IncidentArgs) -> anyhow::Result<ExitCode> {
    let client = Client::new(&args.remote)?;
    let answer = match args.action {
        Action::Declare(declare) => {
            let body = declaration(declare)?;
            client.post(&["incidents"], &[], Body::Json(body)).await?
        }
        Action::Update(update) => {
            let id = update.id.clone();
            say(&client, &id, new_update(update)?).await?
        }
        Action::Promise { id, next } => {
            let body = check(json!({"next_update_in": next}), NewPromise::read)?;
            let path = ["incidents", &id, "promise"];
            client.post(&path, &[], Body::Json(body)).await?
        }
        Action::Calls(calls) => return tell(args.json, calls.ask(&client).await?, show_calls),
        Action::Confirmations(ask) => {
            return tell(args.json, ask.ask(&client).await?, show_confirmations);
        }
        Action::Resolve { id, text } => {
            let body = check(json!({"status": "resolved", "text": text}), NewUpdate::read)?;
            say(&client, &id, body).await?
        }
    };
    tell(args.json, answer, show)
}

fn tell(json: bool, answer: Value, show: fn(&Value) -> String) -> anyhow::Result<ExitCode> {
    if json {
        terminal::print_json(&answer)?;
    } else {
        terminal::print(&show(&answer))?;
    }
    Ok(Exit::Done.into())
}

async fn say(client: &Client, id: &str, body: Value) -> anyhow::Result<Value> {
    client
        .post(&["incidents", id, "updates"], &[], Body::Json(body))
        .await
}

fn declaration(declare: Declare) -> Result<Value, InvalidInput> {
    let body = without_nothing([
        ("title", declare.title.map(Value::from)),
        ("services", Some(impacts(&declare.services)?)),
        ("severity", Some(declare.severity.into())),
        ("cause", declare.cause.map(Value::from)),
        ("effect", declare.effect.map(Value::from)),
        ("lead", declare.lead.map(Value::from)),
        ("spokesperson", declare.spokesperson.map(Value::from)),
        ("next_update_in", declare.next.map(Value::from)),
    ]);
    check(body, Declaration::read)
}

fn new_update(update: Update) -> Result<Value, InvalidInput> {
    let services = match update.services.as_slice() {
        [] => None,
        services => Some(impacts(services)?),
    };
    let body = without_nothing([
        ("status", update.status.map(Value::from)),
        ("cause", update.cause.map(Value::from)),
        ("text", update.text.map(Value::from)),
        ("services", services),
        ("next_update_in", update.next.map(Value::from)),
    ]);
    check(body, NewUpdate::read)
}

fn without_nothing<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    let given = fields
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name.to_owned(), value)));
    Value::Object(given.collect())
}

fn impacts(services: &[String]) -> Result<Value, InvalidInput> {
    let (mut impacts, mut problems) = (Map::new(), Problems::default());
    for text in services {
        let problem = match text.split_once('=') {
            None => "needs an impact, such as portal=major_outage",
            Some((id, impact)) => {
                match impacts.insert(id.trim().to_owned(), impact.trim().into()) {
                    None => continue,
                    Some(_) => "stands twice",
                }
            }
        };
        problems.add(format!("--service {text}"), None, problem);
    }
    done(Value::Object(impacts), problems)
}

/// Checks by the server's own rules, so that a slip is told before anything is sent.
fn check<T>(
    body: Value,
    read: impl Fn(&Node, &str, &mut Problems) -> Option<T>,
) -> Result<Value, InvalidInput> {
    let mut problems = Problems::default();
    read(&from_json(body.clone()), "", &mut problems);
    done(body, problems)
}

fn done(value: Value, problems: Problems) -> Result<Value, InvalidInput> {
    if problems.0.is_empty() {
        return Ok(value);
    }
    let problems = problems.0;
    Err(InvalidInput::of("this command", Invalid { problems }))
}

fn show(answer: &Value) -> String {
    let text = |name: &str| clean(answer[name].as_str().unwrap_or_default());
    let mut shown = format!("{} is {}\n", text("id"), text("status"));
    if let Some(next) = answer["next_update_at"].as_str() {
        shown.push_str(&format!("next update promised by {}\n", clean(next)));
    }
    for notice in answer["notices"].as_array().into_iter().flatten() {
        let text = |name: &str| clean(notice[name].as_str().unwrap_or_default());
        shown.push_str(&format!(
            "  {} to {}, due {}\n",
            text("milestone").replace('_', " "),
            text("audience"),
            text("due")
        ));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declare(services: &[&str], severity: &str) -> Declare {
        Declare {
            services: services.iter().map(|s| (*s).to_owned()).collect(),
            severity: severity.into(),
            cause: None,
            effect: Some("Some people cannot sign in".into()),
            title: None,
            lead: None,
            spokesperson: None,
            next: Some("PT30M".into()),
        }
    }

    #[test]
    fn a_declaration_is_the_contracts() {
        let body = declaration(declare(&["portal=major_outage", "db=degraded"], "P1")).unwrap();
        assert_eq!(
            body,
            json!({"services": {"portal": "major_outage", "db": "degraded"}, "severity": "P1",
                   "effect": "Some people cannot sign in", "next_update_in": "PT30M"})
        );
    }

    #[test]
    fn slips_are_told_before_anything_is_sent() {
        let refused = declaration(declare(&["portal=major_outge"], "P9")).unwrap_err();
        let text = refused.invalid.to_string();
        assert!(
            text.contains(
                "services.portal: unknown impact 'major_outge'; did you mean 'major_outage'?"
            ),
            "{text}"
        );
        assert!(text.contains("severity: "), "{text}");
        let refused = declaration(declare(&["portal"], "P1")).unwrap_err();
        assert_eq!(
            refused.invalid.to_string(),
            "--service portal: needs an impact, such as portal=major_outage"
        );
    }
}
