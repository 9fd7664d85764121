//! `forewarn incident` beyond its messages: roles, the call, notes, duplicates, parts, and people nobody planned for.

use super::postmortem::{self, Postmortem};
use crate::client::{Body, Client};
use crate::terminal::clean;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

/// What can be done around an incident.
#[derive(Subcommand)]
pub enum Around {
    /// Give the role of lead or spokesperson to somebody; the team is told
    Handover {
        /// The incident
        id: String,
        /// lead or spokesperson
        #[arg(long)]
        role: String,
        /// Who has it from now on; a mail address can be told
        #[arg(long, value_name = "WHO")]
        to: String,
        /// Why one person is lead and spokesperson, where that must be
        #[arg(long = "override", value_name = "REASON")]
        because: Option<String>,
    },
    /// Take the call: whoever does speaks for the incident, and nobody else is called
    Acknowledge {
        /// The incident
        id: String,
        /// Who takes it; the first who is called when absent
        #[arg(long)]
        who: Option<String>,
    },
    /// Write a technical note down; it is sent to nobody
    Note {
        /// The incident
        id: String,
        /// What was found
        text: String,
    },
    /// Show the technical notes
    Notes {
        /// The incident
        id: String,
    },
    /// Close a duplicate towards another incident, which its audiences hear of from then on
    Merge {
        /// The duplicate
        id: String,
        /// The incident that survives
        #[arg(long, value_name = "ID")]
        into: String,
        /// The version of the duplicate that was seen; refused when somebody changed it since
        #[arg(long, value_name = "N")]
        version: Option<i64>,
    },
    /// Make it a part of another incident, or of none
    Part {
        /// The incident
        id: String,
        /// The larger incident; none when absent
        #[arg(long, value_name = "ID")]
        of: Option<String>,
    },
    /// Say who would hear of it now, and who not and why
    Reach {
        /// The incident
        id: String,
        /// Why this contact hears, or does not; an address will do
        #[arg(long, value_name = "ID")]
        contact: Option<String>,
    },
    /// Add somebody nobody planned for; they get the newest message at once, and all that come
    Add(Add),
    /// Explain what happened and what changes, once it is over
    #[command(subcommand)]
    Postmortem(Postmortem),
    /// List what is to be done after incidents, the earliest due first
    Actions {
        /// Also what was done
        #[arg(long)]
        done: bool,
    },
    /// Tick an action off
    Done {
        /// The incident
        id: String,
        /// The action's number
        number: u32,
        /// It is not done after all
        #[arg(long)]
        undo: bool,
    },
}

/// Who is added to an event.
#[derive(Args)]
pub struct Add {
    /// The event
    pub id: String,
    #[command(flatten)]
    who: Who,
    /// What they read: technical, semi_technical, non_technical
    #[arg(long, default_value = "non_technical")]
    level: String,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Who {
    /// A contact's id
    #[arg(long, value_name = "ID")]
    contact: Option<String>,
    /// A mail address
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// A program's address
    #[arg(long, value_name = "URL")]
    webhook: Option<String>,
    /// An audience's id
    #[arg(long, value_name = "ID")]
    audience: Option<String>,
}

impl Add {
    /// The body of the request.
    pub fn body(&self) -> Value {
        let who = &self.who;
        let given = [
            ("contact", &who.contact),
            ("email", &who.email),
            ("webhook_url", &who.webhook),
            ("audience", &who.audience),
        ];
        let given = given
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), Value::from(value.clone()?))));
        let mut body: Map<String, Value> = given.collect();
        body.insert("level".into(), self.level.clone().into());
        Value::Object(body)
    }
}

/// Asks the server.
///
/// # Errors
/// When the server refuses or cannot be reached.
pub async fn run(client: &Client, what: Around) -> anyhow::Result<Value> {
    let (id, action, body) = match what {
        Around::Handover {
            id,
            role,
            to,
            because,
        } => {
            let mut body = json!({"role": role, "to": to});
            if let Some(because) = because {
                body["override"] = because.into();
            }
            (id, "handover", body)
        }
        Around::Acknowledge { id, who } => {
            let body = who.map_or_else(|| json!({}), |who| json!({"who": who}));
            (id, "acknowledge", body)
        }
        Around::Note { id, text } => (id, "notes", json!({"text": text})),
        Around::Notes { id } => {
            return client.get(&["incidents", &id, "notes"], &[]).await;
        }
        Around::Merge { id, into, version } => {
            (id, "merge", json!({"into": into, "version": version}))
        }
        Around::Part { id, of } => (id, "parent", json!({"parent": of})),
        Around::Postmortem(what) => return postmortem::run(client, what).await,
        Around::Actions { done } => {
            let done = done.to_string();
            return client.get(&["actions"], &[("done", &done)]).await;
        }
        Around::Done { id, number, undo } => {
            let body = Body::Json(json!({"done": !undo}));
            let path = ["incidents", &id, "actions", &number.to_string()];
            return client.post(&path, &[], body).await;
        }
        Around::Reach { id, contact } => {
            let asked = contact.iter().map(|contact| ("contact", contact.as_str()));
            let asked: Vec<_> = asked.collect();
            return client.get(&["incidents", &id, "reach"], &asked).await;
        }
        Around::Add(add) => {
            let body = add.body();
            (add.id, "recipients", body)
        }
    };
    let path = ["incidents", &id, action];
    client.post(&path, &[], Body::Json(body)).await
}

/// Notes as text, where the answer is about notes.
pub fn show_notes(answer: &Value) -> Option<String> {
    let line = |note: &Value| {
        let text = |name: &str| clean(note[name].as_str().unwrap_or_default());
        format!("{} {}: {}\n", text("at"), text("author"), text("text"))
    };
    if answer["author"].is_string() && answer["number"].is_i64() {
        return Some(line(answer));
    }
    let items = answer["items"].as_array()?;
    let is_note = |item: &Value| item["author"].is_string() && item["number"].is_i64();
    if !items.iter().all(is_note) {
        return None;
    }
    Some(items.iter().map(line).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_shown_a_line_each() {
        let note = |text: &str| json!({"number": 1, "author": "kim", "text": text, "at": "2026-11-21T17:00:00Z"});
        let list = json!({"items": [note("disk\u{1b}[31m full")]});
        let shown = show_notes(&list).expect("a list");
        assert!(
            shown.starts_with("2026-11-21T17:00:00Z kim: disk"),
            "{shown}"
        );
        assert!(!shown.contains('\u{1b}'));
        assert_eq!(
            show_notes(&note("x")).as_deref(),
            Some("2026-11-21T17:00:00Z kim: x\n")
        );
        assert_eq!(show_notes(&json!({"id": "INC-1"})), None);
    }
}
