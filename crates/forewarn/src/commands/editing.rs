//! `forewarn editing`: help with a text, and versions to compare. Nothing of it is sent to anybody but the communications team.

use crate::client::{Body, Client, Remote};
use crate::exit::Exit;
use crate::terminal::{self, Colour, Style, Table, clean};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::process::ExitCode;

/// Flags of `editing`.
#[derive(Args)]
pub struct EditingArgs {
    #[command(subcommand)]
    command: Editing,
    #[command(flatten)]
    remote: Remote,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Editing {
    /// Ask the communications team: to improve a text, or to write it where none is given
    Ask {
        /// The event
        event: String,
        /// What you have
        #[arg(long)]
        text: Option<String>,
        /// What you want of them
        #[arg(long)]
        note: Option<String>,
    },
    /// List requests in which somebody is waited for
    List {
        /// All of this event
        #[arg(long)]
        event: Option<String>,
    },
    /// Show a request, and each suggestion beside what its author has
    Show {
        /// The request
        id: String,
    },
    /// Comment on a text
    Comment {
        /// The request
        id: String,
        /// The comment
        text: String,
    },
    /// Suggest a whole text
    Suggest {
        /// The request
        id: String,
        /// The text
        text: String,
    },
    /// Take a suggestion as your draft
    Take {
        /// The request
        id: String,
        /// Its number; the newest that waits when absent
        #[arg(long, value_name = "N")]
        suggestion: Option<u32>,
    },
    /// Decline a suggestion
    Decline {
        /// The request
        id: String,
        /// Its number; the newest that waits when absent
        #[arg(long, value_name = "N")]
        suggestion: Option<u32>,
    },
    /// It is not needed any more
    Close {
        /// The request
        id: String,
    },
    /// List what was typed for an event and sent about it
    Versions {
        /// The event
        event: String,
    },
    /// Compare two versions word by word
    Compare {
        /// The event
        event: String,
        /// A version
        before: String,
        /// Another
        after: String,
    },
}

/// Does what the command line says.
///
/// # Errors
/// When the server refuses or cannot be reached.
pub async fn run(args: EditingArgs) -> anyhow::Result<ExitCode> {
    let client = Client::new(&args.remote)?;
    let colour = Colour::of_stdout();
    let answer = ask(&client, &args.command).await?;
    if args.json {
        terminal::print_json(&answer)?;
        return Ok(Exit::Done.into());
    }
    terminal::print(&match args.command {
        Editing::List { .. } => requests(&answer, colour),
        Editing::Show { .. } => one(&answer),
        Editing::Versions { .. } => versions(&answer, colour),
        Editing::Compare { .. } => difference(&answer["difference"]),
        _ => {
            let told = answer["told"].as_i64();
            let told = told
                .map(|n| format!(", {n} told by mail"))
                .unwrap_or_default();
            format!(
                "{} {}{told}\n",
                text(&answer["id"]),
                text(&answer["status"])
            )
        }
    })?;
    Ok(Exit::Done.into())
}

async fn ask(client: &Client, command: &Editing) -> anyhow::Result<Value> {
    let decide = async |id: &str, action: &str, suggestion: &Option<u32>| {
        let mut body = json!({});
        if let Some(number) = suggestion {
            body["suggestion"] = json!(number);
        }
        let path = ["editing", id, action];
        client.post(&path, &[], Body::Json(body)).await
    };
    let say = async |id: &str, action: &str, text: &str| {
        let body = Body::Json(json!({"text": text}));
        client.post(&["editing", id, action], &[], body).await
    };
    match command {
        Editing::Ask { event, text, note } => {
            let mut body = json!({"ask": if text.is_some() { "support" } else { "draft" }});
            for (name, value) in [("text", text), ("note", note)] {
                if let Some(value) = value {
                    body[name] = json!(value);
                }
            }
            let path = ["events", event, "editing"];
            client.post(&path, &[], Body::Json(body)).await
        }
        Editing::List { event: None } => client.get(&["editing"], &[]).await,
        Editing::List { event: Some(event) } => {
            client.get(&["editing"], &[("event", event.as_str())]).await
        }
        Editing::Show { id } => client.get(&["editing", id], &[]).await,
        Editing::Comment { id, text } => say(id, "comment", text).await,
        Editing::Suggest { id, text } => say(id, "suggest", text).await,
        Editing::Take { id, suggestion } => decide(id, "take", suggestion).await,
        Editing::Decline { id, suggestion } => decide(id, "decline", suggestion).await,
        Editing::Close { id } => decide(id, "close", &None).await,
        Editing::Versions { event } => client.get(&["events", event, "versions"], &[]).await,
        Editing::Compare {
            event,
            before,
            after,
        } => {
            let path = ["events", event, "versions", before, after];
            client.get(&path, &[]).await
        }
    }
}

fn text(value: &Value) -> String {
    clean(value.as_str().unwrap_or_default())
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list["items"].as_array().into_iter().flatten()
}

fn requests(list: &Value, colour: Colour) -> String {
    let mut table = Table::new(&["ID", "EVENT", "ASK", "BY", "SINCE", "STATUS"]);
    for request in items(list) {
        let row = ["id", "event", "ask", "author", "asked_at", "status"];
        table.row(Style::Plain, row.map(|name| text(&request[name])));
    }
    table.show(colour)
}

fn versions(list: &Value, colour: Colour) -> String {
    let mut table = Table::new(&["ID", "ORIGIN", "BY", "AT", "BEGINS"]);
    for version in items(list) {
        let [id, origin, author, at] = ["id", "origin", "author", "at"].map(|n| text(&version[n]));
        let begins: String = text(&version["text"]).chars().take(40).collect();
        table.row(Style::Plain, [id, origin, author, at, begins]);
    }
    table.show(colour)
}

/// What went in `[-` and `-]`, what came in `{+` and `+}`: readable without colour.
fn difference(parts: &Value) -> String {
    let parts = parts.as_array().into_iter().flatten();
    let part = |part: &Value| match part["change"].as_str() {
        Some("removed") => format!("[-{}-]", text(&part["before"])),
        Some("added") => format!("{{+{}+}}", text(&part["after"])),
        _ => text(&part["after"]),
    };
    parts.map(part).collect::<String>() + "\n"
}

fn one(shown: &Value) -> String {
    let [id, event, ask, author, status] =
        ["id", "event", "ask", "author", "status"].map(|n| text(&shown[n]));
    let mut out = format!("{id} about {event}: {ask}, asked by {author}, {status}\n");
    if let Some(note) = shown["note"].as_str() {
        out += &format!("{}\n", clean(note));
    }
    out += &format!("\n{}\n", text(&shown["current"]));
    for remark in shown["remarks"].as_array().into_iter().flatten() {
        let kind = match (
            remark["suggests"] == json!(true),
            &remark["decided"]["taken"],
        ) {
            (false, _) => "comment",
            (true, Value::Bool(true)) => "suggestion, taken",
            (true, Value::Bool(false)) => "suggestion, declined",
            (true, _) => "suggestion, waits",
        };
        let [who, at] = ["author", "at"].map(|n| text(&remark[n]));
        let said = text(&remark["text"]);
        out += &format!("\n{} {kind} by {who}, {at}\n{said}\n", remark["number"]);
    }
    for waiting in shown["waiting"].as_array().into_iter().flatten() {
        let number = &waiting["remark"]["number"];
        let changed = difference(&waiting["difference"]);
        out += &format!("\nwith suggestion {number}:\n{changed}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_read_without_colour_and_moves_no_cursor() {
        let parts = json!([{"change": "same", "before": "It is ", "after": "It is "},
            {"change": "removed", "before": "do\u{1b}wn.", "after": ""}, {"change": "added", "before": "", "after": "slow.\nSorry."}]);
        assert_eq!(
            difference(&parts),
            "It is [-do\u{fffd}wn.-]{+slow.\nSorry.+}\n"
        );
    }

    #[test]
    fn a_request_shows_what_was_made_of_each_suggestion() {
        let shown = json!({"id": "EDIT-1", "event": "INC-1", "ask": "support", "author": "kim", "status": "declined", "note": "short",
            "current": "A\nB", "remarks": [{"number": 1, "suggests": true, "author": "lee", "at": "t", "text": "C", "decided": {"taken": false}}]});
        assert_eq!(
            one(&shown),
            "EDIT-1 about INC-1: support, asked by kim, declined\nshort\n\nA\nB\n\n1 suggestion, declined by lee, t\nC\n"
        );
    }
}
