//! `forewarn advisory`: telling people of a fault that was found between releases, until its fix is out.

use super::approve::{self, Approve};
use super::incident_around::Add;
use super::level_texts::LevelTexts;
use super::sending::{Count, Sending};
use super::source;
use crate::client::{Body, Client, Remote};
use crate::exit::{Exit, InvalidInput};
use crate::terminal::{self, clean};
use clap::{Args, Subcommand};
use forewarn_core::advisory::{Fix, NewWord, Report, Withdrawal};
use forewarn_core::document::{Node, Problems, from_json};
use forewarn_core::problem::Invalid;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

/// Flags of `advisory`.
#[derive(Args)]
pub struct AdvisoryArgs {
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
    /// Make a fault known from a document; people are told at once
    Create {
        /// The document: advisory: {services, effect, ...}; - is standard input
        file: PathBuf,
        /// Only say who would hear what
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        count: Count,
    },
    /// Make a fault known; people are told at once
    Report(Box<Reported>),
    /// Tell people more
    Update(Update),
    /// Say that the fix is out; who asked for it is told too
    Fix {
        /// The advisory
        id: String,
        /// What people do to get it; they have it already when absent
        #[arg(long, value_name = "TEXT")]
        action: Option<String>,
        /// In your own words
        #[arg(long)]
        text: Option<String>,
        #[command(flatten)]
        texts: LevelTexts,
        /// Who else asked for it; once for each
        #[arg(long = "requester", value_name = "ADDRESS")]
        requesters: Vec<String>,
        /// Why something goes out that its readers should not see; it stays on record
        #[arg(long, value_name = "REASON")]
        privacy_override: Option<String>,
        /// The version that was seen; refused when somebody changed it since
        #[arg(long, value_name = "N")]
        version: Option<i64>,
        #[command(flatten)]
        sending: Sending,
    },
    /// Take back what was told
    Withdraw {
        /// The advisory
        id: String,
        /// Why it no longer holds
        #[arg(long)]
        text: String,
        #[command(flatten)]
        texts: LevelTexts,
        /// Why something goes out that its readers should not see; it stays on record
        #[arg(long, value_name = "REASON")]
        privacy_override: Option<String>,
        /// The version that was seen; refused when somebody changed it since
        #[arg(long, value_name = "N")]
        version: Option<i64>,
        #[command(flatten)]
        sending: Sending,
    },
    /// Take the newest word back, before anybody was told; your text is your draft again
    Undo {
        /// The advisory
        id: String,
    },
    /// Show an advisory
    Show {
        /// The advisory
        id: String,
    },
    /// List advisories, the newest first
    List {
        /// Only open ones
        #[arg(long)]
        open: bool,
    },
    /// Say who would hear of it now, and who not and why
    Reach {
        /// The advisory
        id: String,
        /// Why this contact hears, or does not
        #[arg(long, value_name = "ID")]
        contact: Option<String>,
    },
    /// Add somebody nobody planned for; they get the newest message at once, and all that come
    Add(Add),
    /// Agree to what waits for a person's word: what owners must agree to, or what a restore held back
    Approve(Approve),
}

#[derive(Args)]
struct Reported {
    /// A service that has the fault; once for each service
    #[arg(long = "service", required = true, value_name = "ID")]
    services: Vec<String>,
    /// What people notice, in one sentence
    #[arg(long, value_name = "TEXT")]
    effect: String,
    #[command(flatten)]
    texts: LevelTexts,
    /// What helps until it is fixed
    #[arg(long, value_name = "TEXT")]
    workaround: Option<String>,
    /// What it is, in one line; made from the services when absent
    #[arg(long)]
    title: Option<String>,
    /// How grave it is: P1 to P5
    #[arg(long)]
    severity: Option<String>,
    /// Where it comes from, if that is known: application, infrastructure, security, third_party
    #[arg(long)]
    cause: Option<String>,
    /// Who asked for the fix and is told when it is out; once for each
    #[arg(long = "requester", value_name = "ADDRESS")]
    requesters: Vec<String>,
    /// Promise the next word within this time, such as 2bd; as soon as the fix is ready when absent
    #[arg(long, value_name = "DURATION")]
    next: Option<String>,
    /// Why something goes out that its readers should not see; it stays on record
    #[arg(long, value_name = "REASON")]
    privacy_override: Option<String>,
    /// Only say who would hear what
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    count: Count,
}

#[derive(Args)]
struct Update {
    /// The advisory
    id: String,
    /// What people should know
    #[arg(long)]
    text: Option<String>,
    #[command(flatten)]
    texts: LevelTexts,
    /// What helps until it is fixed
    #[arg(long, value_name = "TEXT")]
    workaround: Option<String>,
    /// A service that has the fault too; once for each service
    #[arg(long = "service", value_name = "ID")]
    services: Vec<String>,
    /// How grave it is from now on: P1 to P5
    #[arg(long)]
    severity: Option<String>,
    /// Where it comes from, once that is known: application, infrastructure, security, third_party
    #[arg(long)]
    cause: Option<String>,
    /// Who else asked for the fix; once for each
    #[arg(long = "requester", value_name = "ADDRESS")]
    requesters: Vec<String>,
    /// Promise the next word within this time, such as 2bd; as soon as the fix is ready when absent
    #[arg(long, value_name = "DURATION")]
    next: Option<String>,
    /// Why something goes out that its readers should not see; it stays on record
    #[arg(long, value_name = "REASON")]
    privacy_override: Option<String>,
    /// The version that was seen; refused when somebody changed it since
    #[arg(long, value_name = "N")]
    version: Option<i64>,
    #[command(flatten)]
    sending: Sending,
}

/// Asks the server and prints what the advisory is now.
///
/// # Errors
/// When something on the command line or in the document is invalid, or the server refuses or cannot be reached.
pub async fn run(args: AdvisoryArgs) -> anyhow::Result<ExitCode> {
    let client = Client::new(&args.remote)?;
    let answer = match args.action {
        Action::Create {
            file,
            dry_run,
            count,
        } => {
            let check = |node: &Node, path: &str, problems: &mut Problems| {
                Report::read(node, path, problems);
            };
            let act = source::act(&file, "advisory", check)?;
            let body = count.with(act.body.clone());
            act.send(&client, told_at(dry_run), body).await?
        }
        Action::Report(reported) => {
            let (dry_run, count) = (reported.dry_run, reported.count);
            tell(&client, report(*reported)?, dry_run, count).await?
        }
        Action::Update(update) => {
            let (id, sending) = (update.id.clone(), update.sending);
            say(&client, &id, "updates", sending.with(new_word(update)?)).await?
        }
        Action::Fix {
            id,
            action,
            text,
            texts,
            requesters,
            privacy_override,
            version,
            sending,
        } => {
            let body = given([
                ("action", json!(action)),
                ("text", json!(text)),
                ("requesters", json!(requesters)),
                ("privacy_override", json!(privacy_override)),
                ("version", json!(version)),
            ]);
            let body = sending.with(check(body, &texts, Fix::read)?);
            say(&client, &id, "fix", body).await?
        }
        Action::Withdraw {
            id,
            text,
            texts,
            privacy_override,
            version,
            sending,
        } => {
            let body = given([
                ("text", json!(text)),
                ("privacy_override", json!(privacy_override)),
                ("version", json!(version)),
            ]);
            let body = sending.with(check(body, &texts, Withdrawal::read)?);
            say(&client, &id, "withdraw", body).await?
        }
        Action::Undo { id } => {
            let path = ["advisories", &id, "undo"];
            client.post(&path, &[], Body::Json(json!({}))).await?
        }
        Action::Show { id } => client.get(&["advisories", &id], &[]).await?,
        Action::List { open } => {
            let open = open.to_string();
            client.get(&["advisories"], &[("open", &open)]).await?
        }
        Action::Reach { id, contact } => {
            let asked = contact.iter().map(|contact| ("contact", contact.as_str()));
            let asked: Vec<_> = asked.collect();
            client.get(&["advisories", &id, "reach"], &asked).await?
        }
        Action::Add(add) => say(&client, &add.id, "recipients", add.body()).await?,
        Action::Approve(approve) if approve.shows() => {
            let waiting = approve.ask(&client, "advisories").await?;
            terminal::answer(&waiting, args.json, approve::show)?;
            return Ok(Exit::Done.into());
        }
        Action::Approve(approve) => approve.ask(&client, "advisories").await?,
    };
    terminal::answer(&answer, args.json, show)?;
    Ok(Exit::Done.into())
}

async fn tell(client: &Client, body: Value, dry_run: bool, count: Count) -> anyhow::Result<Value> {
    // A look needs no number.
    let body = if dry_run { body } else { count.with(body) };
    client.post(told_at(dry_run), &[], Body::Json(body)).await
}

fn told_at(dry_run: bool) -> &'static [&'static str] {
    match dry_run {
        true => &["advisories", "preview"],
        false => &["advisories"],
    }
}

async fn say(client: &Client, id: &str, action: &str, body: Value) -> anyhow::Result<Value> {
    let path = ["advisories", id, action];
    client.post(&path, &[], Body::Json(body)).await
}

fn report(reported: Reported) -> Result<Value, InvalidInput> {
    let facts = given([("workaround", json!(reported.workaround))]);
    let body = given([
        ("title", json!(reported.title)),
        ("services", json!(reported.services)),
        ("effect", json!(reported.effect)),
        ("facts", facts),
        ("severity", json!(reported.severity)),
        ("cause", json!(reported.cause)),
        ("requesters", json!(reported.requesters)),
        ("next_update_in", json!(reported.next)),
        ("privacy_override", json!(reported.privacy_override)),
    ]);
    check(body, &reported.texts, Report::read)
}

fn new_word(update: Update) -> Result<Value, InvalidInput> {
    let facts = given([("workaround", json!(update.workaround))]);
    let body = given([
        ("text", json!(update.text)),
        ("facts", facts),
        ("services", json!(update.services)),
        ("severity", json!(update.severity)),
        ("cause", json!(update.cause)),
        ("requesters", json!(update.requesters)),
        ("next_update_in", json!(update.next)),
        ("privacy_override", json!(update.privacy_override)),
        ("version", json!(update.version)),
    ]);
    check(body, &update.texts, NewWord::read)
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
    Value::Object(
        given
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

/// Checks by the server's own rules, so that a slip is told before anything is sent.
fn check<T>(
    mut body: Value,
    texts: &LevelTexts,
    read: impl Fn(&Node, &str, &mut Problems) -> Option<T>,
) -> Result<Value, InvalidInput> {
    let (field, texts, mut problems) = texts.field();
    if let Some(texts) = texts {
        body[field] = texts;
    }
    read(&from_json(body.clone()), "", &mut problems);
    match problems.0.is_empty() {
        true => Ok(body),
        false => {
            let problems = problems.0;
            Err(InvalidInput::of("this command", Invalid { problems }))
        }
    }
}

fn show(answer: &Value) -> String {
    if let Some(items) = answer["items"].as_array() {
        return match items.is_empty() {
            true => "no advisory\n".to_owned(),
            false => items.iter().map(one_line).collect(),
        };
    }
    if let Some(because) = answer["because"].as_array() {
        let said = because.iter().filter_map(Value::as_str);
        return said
            .map(|sentence| format!("{}\n", clean(sentence)))
            .collect();
    }
    let reached = match &answer["reach"] {
        Value::Null => answer,
        reach => reach,
    };
    if let Some(audiences) = reached["audiences"].as_array() {
        return who_hears(reached, audiences);
    }
    let text = |name: &str| clean(answer[name].as_str().unwrap_or_default());
    let mut shown = format!("{} is {}: {}\n", text("id"), text("status"), text("title"));
    if let Some(next) = answer["next_update_at"].as_str() {
        shown.push_str(&format!("next update promised by {}\n", clean(next)));
    }
    for notice in answer["notices"].as_array().into_iter().flatten() {
        let text = |name: &str| clean(notice[name].as_str().unwrap_or_default());
        let (milestone, audience) = (text("milestone"), text("audience"));
        shown.push_str(&format!(
            "  {milestone} to {audience}, due {}\n",
            text("due")
        ));
    }
    for word in answer["updates"].as_array().into_iter().flatten() {
        let text = |name: &str| clean(word[name].as_str().unwrap_or_default());
        let effect = word["facts"]["effect"].as_str().map(clean);
        let said = word["text"].as_str().map(clean).or(effect);
        let said = said.unwrap_or_default().replace('\n', " ");
        shown.push_str(&format!("  {} {}: {said}\n", text("at"), text("status")));
    }
    shown
}

fn one_line(advisory: &Value) -> String {
    let text = |name: &str| clean(advisory[name].as_str().unwrap_or_default());
    let (id, status) = (text("id"), text("status"));
    format!(
        "{id} {status} {} since {}\n",
        text("title"),
        text("found_at")
    )
}

fn who_hears(reach: &Value, audiences: &[Value]) -> String {
    let mut shown = format!("{} messages\n", reach["messages"]);
    for audience in audiences {
        let name = clean(audience["audience"].as_str().unwrap_or_default());
        let (reached, people) = (&audience["reached"], &audience["people"]);
        shown.push_str(&format!("  {name}: {reached} of {people}\n"));
        for (reason, count) in audience["unreached"].as_object().into_iter().flatten() {
            shown.push_str(&format!("    {count} not: {}\n", clean(reason)));
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reported(services: &[&str]) -> Reported {
        Reported {
            services: services.iter().map(|s| (*s).to_owned()).collect(),
            effect: "The export leaves out a line".into(),
            texts: LevelTexts::default(),
            workaround: Some("Add a line".into()),
            title: None,
            severity: None,
            cause: None,
            requesters: Vec::new(),
            next: Some("2bd".into()),
            privacy_override: None,
            dry_run: false,
            count: Count::default(),
        }
    }

    #[test]
    fn a_report_is_what_the_api_takes() {
        let body = report(reported(&["portal", "files"])).unwrap();
        assert_eq!(
            body,
            json!({"services": ["portal", "files"], "effect": "The export leaves out a line",
                   "facts": {"workaround": "Add a line"}, "next_update_in": "2bd"})
        );
        let slip = Reported {
            severity: Some("P9".into()),
            requesters: vec!["ann".into()],
            ..reported(&["portal"])
        };
        let text = report(slip).unwrap_err().invalid.to_string();
        assert!(
            text.contains("severity: ") && text.contains("requesters[0]: "),
            "{text}"
        );
    }

    #[test]
    fn answers_are_shown_by_what_they_are() {
        let advisory = json!({"id": "ADV-1", "status": "open", "title": "Export\u{1b}[31m", "found_at": "2026-11-21T17:00:00Z",
            "updates": [{"at": "2026-11-21T17:00:00Z", "status": "open", "facts": {"effect": "A line\nis missing"}}]});
        let shown = show(&advisory);
        assert!(shown.starts_with("ADV-1 is open: Export"), "{shown}");
        assert!(
            shown.contains("open: A line is missing") && !shown.contains('\u{1b}'),
            "{shown}"
        );
        assert!(show(&json!({"items": [advisory]})).starts_with("ADV-1 open Export"));
        assert_eq!(show(&json!({"items": []})), "no advisory\n");
        let reach = json!({"messages": 3, "audiences": [{"audience": "students", "people": 4, "reached": 3, "unreached": {"unsubscribed": 1}}]});
        let expected = "3 messages\n  students: 3 of 4\n    1 not: unsubscribed\n";
        assert_eq!(show(&reach), expected);
        assert_eq!(show(&json!({"reach": reach, "id": "ADV-0"})), expected);
    }
}
