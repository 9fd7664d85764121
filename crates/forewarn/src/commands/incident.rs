//! `forewarn incident`: declaring incidents and keeping people informed.

use super::approve::{self, Approve};
use super::calls::{Calls, Confirmations, show_calls, show_confirmations};
use super::incident_around::{self, Around, show_notes};
use super::level_texts::{self, LevelTexts};
use super::sending::Sending;
use super::{postmortem, reach};
use crate::client::{Body, Client, Remote};
use crate::exit::{Exit, InvalidInput};
use crate::terminal::{self, Colour, clean};
use clap::{Args, Subcommand};
use forewarn_core::document::{Catalogue, Node, Problems, from_json};
use forewarn_core::incident::{NewIncident, NewPromise, PostedUpdate};
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
        /// The version that was seen; refused when somebody changed it since
        #[arg(long, value_name = "N")]
        version: Option<i64>,
    },
    /// List drafts that alerts opened and nobody has published
    Drafts,
    /// Declare the incident of a draft; people are told at once
    Publish {
        /// The draft
        id: String,
        /// How grave it is, where the alerts are wrong: P1 to P5
        #[arg(long)]
        severity: Option<String>,
        /// What people see, in one sentence
        #[arg(long, value_name = "TEXT")]
        effect: Option<String>,
        /// Who speaks for it
        #[arg(long)]
        spokesperson: Option<String>,
        /// Why something goes out that its readers should not see; it stays on record
        #[arg(long, value_name = "REASON")]
        privacy_override: Option<String>,
    },
    /// Discard a draft: people need not hear of it
    Discard {
        /// The draft
        id: String,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
    /// Show the alerts of an incident or draft, and the notes for the team
    Alerts {
        /// The incident or draft
        id: String,
    },
    /// Who is to be called by telephone, what to say, and who was reached
    Calls(Calls),
    /// Who was asked to confirm what, and who has
    Confirmations(Confirmations),
    /// Agree to what waits for somebody's word, or show it
    Approve(Approve),
    /// Take the newest update back before anybody is told
    Undo {
        /// The incident
        id: String,
    },
    /// Tell people that it is over
    Resolve {
        /// The incident
        id: String,
        /// What people should know
        #[arg(long, required_unless_present = "texts")]
        text: Option<String>,
        #[command(flatten)]
        texts: LevelTexts,
        /// Why something goes out that its readers should not see; it stays on record
        #[arg(long, value_name = "REASON")]
        privacy_override: Option<String>,
        #[command(flatten)]
        sending: Sending,
    },
    #[command(flatten)]
    Around(Around),
}

#[derive(Args)]
struct Declare {
    /// An affected service and how: portal=major_outage; once for each service
    #[arg(long = "service", required = true, value_name = "ID=IMPACT")]
    services: Vec<String>,
    /// How grave it is: P1 to P5; or --impact and --urgency
    #[arg(long, required_unless_present = "impact")]
    severity: Option<String>,
    /// How many are hurt: high, medium, low; goes with --urgency
    #[arg(long, requires = "urgency", conflicts_with = "severity")]
    impact: Option<String>,
    /// How soon it hurts more: high, medium, low; goes with --impact
    #[arg(long, requires = "impact", conflicts_with = "severity")]
    urgency: Option<String>,
    /// Where it comes from, if that is known: application, infrastructure, security, third_party
    #[arg(long)]
    cause: Option<String>,
    /// What people see, in one sentence
    #[arg(long, value_name = "TEXT")]
    effect: Option<String>,
    #[command(flatten)]
    texts: LevelTexts,
    /// Show what each level would read, and tell nobody
    #[arg(long)]
    dry_run: bool,
    /// What it is, in one line; made from the services when absent
    #[arg(long)]
    title: Option<String>,
    /// Who fixes it
    #[arg(long)]
    lead: Option<String>,
    /// Who speaks for it; whoever is on duty when absent
    #[arg(long)]
    spokesperson: Option<String>,
    /// Why one person is lead and spokesperson, where that must be
    #[arg(long = "override", value_name = "REASON")]
    because: Option<String>,
    /// Why something goes out that its readers should not see; it stays on record
    #[arg(long, value_name = "REASON")]
    privacy_override: Option<String>,
    /// The incident that it is a part of
    #[arg(long, value_name = "ID")]
    parent: Option<String>,
    /// It is over: enter it afterwards and tell nobody
    #[arg(long, requires_all = ["started_at", "resolved_at"])]
    backfilled: bool,
    /// When it began, such as 2026-11-22T19:30:00Z
    #[arg(long, value_name = "TIME", requires = "backfilled")]
    started_at: Option<String>,
    /// When it was over
    #[arg(long, value_name = "TIME", requires = "backfilled")]
    resolved_at: Option<String>,
    /// How it ended
    #[arg(long, requires = "backfilled")]
    text: Option<String>,
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
    /// How grave it is from now on: P1 to P5
    #[arg(long)]
    severity: Option<String>,
    /// Say the same about its open parts
    #[arg(long)]
    carry: bool,
    /// The version that was seen; refused when somebody changed it since
    #[arg(long, value_name = "N")]
    version: Option<i64>,
    /// Why whoever must agree first is not asked; it stays on record
    #[arg(long = "override", value_name = "REASON")]
    because: Option<String>,
    /// Why something goes out that its readers should not see; it stays on record
    #[arg(long, value_name = "REASON")]
    privacy_override: Option<String>,
    /// Another title, where the one it has is not right
    #[arg(long)]
    title: Option<String>,
    /// A service that was named by mistake; once for each
    #[arg(long = "remove-service", value_name = "ID")]
    removed: Vec<String>,
    /// What people should know
    #[arg(long)]
    text: Option<String>,
    #[command(flatten)]
    texts: LevelTexts,
    /// Show what each level would read, and tell nobody
    #[arg(long)]
    dry_run: bool,
    /// A service and how it is now: portal=degraded; once for each service
    #[arg(long = "service", value_name = "ID=IMPACT")]
    services: Vec<String>,
    /// Promise the next update within this time, such as PT30M; by the policy when absent
    #[arg(long, value_name = "DURATION")]
    next: Option<String>,
    #[command(flatten)]
    sending: Sending,
}

/// Asks the server and prints what the incident is now.
///
/// # Errors
/// When something on the command line is invalid, or the server refuses or cannot be reached.
pub async fn run(args: IncidentArgs) -> anyhow::Result<ExitCode> {
    let client = Client::new(&args.remote)?;
    let answer = match args.action {
        Action::Declare(declare) => {
            let path = match declare.dry_run {
                true => &["incidents", "preview"][..],
                false => &["incidents"],
            };
            let body = sound(&client, declaration(declare)).await?;
            client.post(path, &[], Body::Json(body)).await?
        }
        Action::Update(update) => {
            let (id, sending) = (update.id.clone(), update.sending);
            let only_shown = update.dry_run;
            let body = sound(&client, new_update(update)).await?;
            match only_shown {
                true => {
                    let path = ["incidents", &id, "updates", "preview"];
                    client.post(&path, &[], Body::Json(body)).await?
                }
                false => say(&client, &id, sending.with(body)).await?,
            }
        }
        Action::Promise { id, next, version } => {
            let body = json!({"next_update_in": next, "version": version});
            let body = sound(&client, check(body, Problems::default(), NewPromise::read)).await?;
            let path = ["incidents", &id, "promise"];
            client.post(&path, &[], Body::Json(body)).await?
        }
        Action::Drafts => client.get(&["drafts"], &[]).await?,
        Action::Alerts { id } => client.get(&["incidents", &id, "alerts"], &[]).await?,
        Action::Publish {
            id,
            severity,
            effect,
            spokesperson,
            privacy_override,
        } => {
            let body = without_nothing([
                ("severity", severity.map(Value::from)),
                ("effect", effect.map(Value::from)),
                ("spokesperson", spokesperson.map(Value::from)),
                ("privacy_override", privacy_override.map(Value::from)),
            ]);
            let path = ["incidents", &id, "publish"];
            client.post(&path, &[], Body::Json(body)).await?
        }
        Action::Discard { id, reason } => {
            let body = without_nothing([("reason", reason.map(Value::from))]);
            let path = ["incidents", &id, "discard"];
            client.post(&path, &[], Body::Json(body)).await?
        }
        Action::Calls(calls) => return tell(args.json, calls.ask(&client).await?, show_calls),
        Action::Confirmations(ask) => {
            return tell(args.json, ask.ask(&client).await?, show_confirmations);
        }
        Action::Approve(approve) if approve.shows() => {
            let waiting = approve.ask(&client, "incidents").await?;
            return tell(args.json, waiting, approve::show);
        }
        Action::Approve(approve) => approve.ask(&client, "incidents").await?,
        Action::Undo { id } => {
            let path = ["incidents", &id, "undo"];
            client.post(&path, &[], Body::Json(json!({}))).await?
        }
        Action::Resolve {
            id,
            text,
            texts,
            privacy_override,
            sending,
        } => {
            let (field, texts, problems) = texts.field();
            let body = without_nothing([
                ("status", Some("resolved".into())),
                ("text", text.map(Value::from)),
                (field, texts),
                ("privacy_override", privacy_override.map(Value::from)),
            ]);
            let checked = check(body, problems, PostedUpdate::read);
            let body = sound(&client, checked).await?;
            say(&client, &id, sending.with(body)).await?
        }
        Action::Around(what @ Around::Reach { .. }) => {
            let answer = incident_around::run(&client, what).await?;
            return tell(args.json, answer, show_reach);
        }
        Action::Around(what) => incident_around::run(&client, what).await?,
    };
    tell(args.json, answer, show)
}

fn show_reach(answer: &Value) -> String {
    reach::show(answer, Colour::of_stdout())
}

fn tell(json: bool, answer: Value, show: fn(&Value) -> String) -> anyhow::Result<ExitCode> {
    terminal::answer(&answer, json, |answer| {
        let shown = postmortem::show(answer).or_else(|| show_notes(answer));
        let shown = shown.or_else(|| level_texts::show(answer));
        shown.unwrap_or_else(|| show(answer))
    })?;
    Ok(match answer["warnings"].is_array() {
        true => Exit::Warned,
        false => Exit::Done,
    }
    .into())
}

async fn say(client: &Client, id: &str, body: Value) -> anyhow::Result<Value> {
    client
        .post(&["incidents", id, "updates"], &[], Body::Json(body))
        .await
}

fn declaration(declare: Declare) -> Checked {
    let (services, mut problems) = impacts(&declare.services);
    let (field, texts, wrong) = declare.texts.field();
    problems.0.extend(wrong.0);
    let body = without_nothing([
        ("title", declare.title.map(Value::from)),
        ("services", Some(services)),
        ("severity", declare.severity.map(Value::from)),
        ("impact", declare.impact.map(Value::from)),
        ("urgency", declare.urgency.map(Value::from)),
        ("cause", declare.cause.map(Value::from)),
        ("effect", declare.effect.map(Value::from)),
        (field, texts),
        ("lead", declare.lead.map(Value::from)),
        ("spokesperson", declare.spokesperson.map(Value::from)),
        ("override", declare.because.map(Value::from)),
        (
            "privacy_override",
            declare.privacy_override.map(Value::from),
        ),
        ("parent", declare.parent.map(Value::from)),
        ("backfilled", declare.backfilled.then(|| true.into())),
        ("started_at", declare.started_at.map(Value::from)),
        ("resolved_at", declare.resolved_at.map(Value::from)),
        ("text", declare.text.map(Value::from)),
        ("next_update_in", declare.next.map(Value::from)),
    ]);
    check(body, problems, NewIncident::read)
}

fn new_update(update: Update) -> Checked {
    let (services, mut problems) = impacts(&update.services);
    let (field, texts, wrong) = update.texts.field();
    problems.0.extend(wrong.0);
    let services = Some(services).filter(|_| !update.services.is_empty());
    let removed = Some(update.removed).filter(|removed| !removed.is_empty());
    let body = without_nothing([
        ("status", update.status.map(Value::from)),
        ("cause", update.cause.map(Value::from)),
        ("severity", update.severity.map(Value::from)),
        ("carry", update.carry.then(|| true.into())),
        ("version", update.version.map(Value::from)),
        ("privacy_override", update.privacy_override.map(Value::from)),
        ("title", update.title.map(Value::from)),
        ("remove_services", removed.map(Value::from)),
        ("text", update.text.map(Value::from)),
        (field, texts),
        ("services", services),
        ("next_update_in", update.next.map(Value::from)),
        (
            "override",
            update.because.map(|reason| json!({"reason": reason})),
        ),
    ]);
    check(body, problems, PostedUpdate::read)
}

fn without_nothing<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    let given = fields
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name.to_owned(), value)));
    Value::Object(given.collect())
}

/// What the flags say of services, with what is wrong with the flags themselves.
fn impacts(services: &[String]) -> (Value, Problems) {
    let (mut impacts, mut problems) = (Map::new(), Problems::default());
    for text in services {
        let (id, impact) = text.split_once('=').unwrap_or((text, "major_outage"));
        let known = impacts.insert(id.trim().to_owned(), impact.trim().into());
        let problem = match (text.contains('='), known) {
            (false, _) => "needs an impact, such as portal=major_outage",
            (true, Some(_)) => "stands twice",
            (true, None) => continue,
        };
        problems.add(format!("--service {text}"), None, problem);
    }
    (Value::Object(impacts), problems)
}

/// What is to be sent, and what is wrong with it as far as that can be seen from here.
type Checked = (Value, Problems);

/// Checks by the server's own rules, so that a slip is told before anything is sent.
fn check<T>(
    body: Value,
    mut problems: Problems,
    read: impl Fn(&Node, &str, &mut Problems) -> Option<T>,
) -> Checked {
    read(&from_json(body.clone()), "", &mut problems);
    (body, problems)
}

/// What can be sent, or all that is wrong with it at once: where anything is, also services that the server does not have.
async fn sound(client: &Client, (body, mut problems): Checked) -> anyhow::Result<Value> {
    if problems.0.is_empty() {
        return Ok(body);
    }
    // Without the server the rest is told all the same.
    if let Ok(mut listed) = client.get(&["services"], &[]).await
        && let Ok(services) = serde_json::from_value(listed["items"].take())
    {
        problems.look_up(&Catalogue {
            services,
            ..Catalogue::default()
        });
    }
    let invalid = problems.refused(&from_json(body));
    Err(InvalidInput::of("this command", invalid).into())
}

/// Drafts, one a line.
fn show_drafts(items: &[Value]) -> String {
    let line = |draft: &Value| {
        let text = |name: &str| clean(draft[name].as_str().unwrap_or_default());
        format!(
            "{} {} {} since {}\n",
            text("id"),
            text("severity"),
            text("title"),
            text("opened_at")
        )
    };
    match items {
        [] => "no draft waits\n".to_owned(),
        items => items.iter().map(line).collect(),
    }
}

/// Alerts and notes, one a line.
fn show_alerts(answer: &Value) -> String {
    let list = |name: &str| answer[name].as_array().cloned().unwrap_or_default();
    let mut shown = String::new();
    for alert in list("alerts") {
        let state = match alert["episode"]["firing"].as_bool() {
            Some(true) => "fires",
            _ => "ended",
        };
        let title = clean(alert["alert"]["title"].as_str().unwrap_or_default());
        let service = clean(alert["service"].as_str().unwrap_or_default());
        shown.push_str(&format!("{state} {service}: {title}\n"));
    }
    for note in list("notes") {
        let text = |name: &str| clean(note[name].as_str().unwrap_or_default()).replace('\n', " ");
        shown.push_str(&format!(
            "  {} {}: {}\n",
            text("at"),
            text("author"),
            text("note")
        ));
    }
    if shown.is_empty() {
        shown.push_str("no alerts and no notes\n");
    }
    shown
}

/// Addresses in a row.
fn people(list: &Value) -> String {
    let names = list.as_array().into_iter().flatten();
    let names: Vec<String> = names.filter_map(Value::as_str).map(clean).collect();
    match names.is_empty() {
        true => "somebody".to_owned(),
        false => names.join(", "),
    }
}

fn show(answer: &Value) -> String {
    if let Some(drafts) = answer["items"].as_array() {
        return show_drafts(drafts);
    }
    if answer["alerts"].is_array() {
        return show_alerts(answer);
    }
    let text = |name: &str| clean(answer[name].as_str().unwrap_or_default());
    let mut shown = format!("{} is {}\n", text("id"), text("status"));
    let waits = answer["updates"]
        .as_array()
        .and_then(|updates| updates.last())
        .is_some_and(|newest| newest["waits"] == true);
    if waits {
        shown.push_str(&format!(
            "nobody is told of the newest update before {} agrees; what people were promised stands\n",
            people(&answer["people"]["approvers"])
        ));
    }
    if let Some(next) = answer["next_update_at"].as_str() {
        shown.push_str(&format!("next update promised by {}\n", clean(next)));
    }
    if let Some(after) = answer["first_notice"]["after_seconds"].as_i64() {
        shown.push_str(&format!("people first heard after {after} s\n"));
    }
    if let Some(who) = answer["spokesperson"].as_str() {
        shown.push_str(&format!("{} speaks for it\n", clean(who)));
    }
    if let Some(said) = answer["people"]["nobody_speaks"].as_str() {
        shown.push_str(&format!("{}\n", clean(said)));
    }
    for warning in answer["warnings"].as_array().into_iter().flatten() {
        let text = |name: &str| clean(warning[name].as_str().unwrap_or_default());
        shown.push_str(&format!(
            "warning: {}: {}\n",
            text("field"),
            text("problem")
        ));
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
            severity: Some(severity.into()),
            impact: None,
            urgency: None,
            because: None,
            privacy_override: None,
            parent: None,
            backfilled: false,
            started_at: None,
            resolved_at: None,
            text: None,
            cause: None,
            effect: Some("Some people cannot sign in".into()),
            texts: LevelTexts::default(),
            dry_run: false,
            title: None,
            lead: None,
            spokesperson: None,
            next: Some("PT30M".into()),
        }
    }

    #[test]
    fn a_declaration_is_the_contracts() {
        let (body, problems) = declaration(declare(&["portal=major_outage", "db=degraded"], "P1"));
        assert_eq!(problems.0, []);
        assert_eq!(
            body,
            json!({"services": {"portal": "major_outage", "db": "degraded"}, "severity": "P1",
                   "effect": "Some people cannot sign in", "next_update_in": "PT30M"})
        );
        let open = Declare {
            privacy_override: Some("It is public.".into()),
            ..declare(&["portal=major_outage"], "P1")
        };
        assert_eq!(declaration(open).0["privacy_override"], "It is public.");
    }

    fn wrong(services: &[&str], severity: &str) -> Vec<String> {
        let (_, problems) = declaration(declare(services, severity));
        problems.0.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn slips_are_told_before_anything_is_sent() {
        let severity = "severity: unknown severity 'P9'; known are P1, P2, P3, P4, P5";
        assert_eq!(
            wrong(&["portal=major_outge"], "P9"),
            [
                "services.portal: unknown impact 'major_outge'; did you mean 'major_outage'?",
                severity
            ]
        );
        assert_eq!(
            wrong(&["portal", "db=degraded", "db=none"], "P9"),
            [
                "--service portal: needs an impact, such as portal=major_outage",
                "--service db=none: stands twice",
                severity
            ]
        );
    }
}
