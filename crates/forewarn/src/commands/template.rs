//! `forewarn template`: the texts that notices are made from, their versions, and what one would say.

use crate::client::{Body, Client, Remote};
use crate::exit::Exit;
use crate::terminal::{self, Colour, Style, Table, clean};
use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

/// Flags of `template`.
#[derive(Args)]
pub struct TemplateArgs {
    #[command(subcommand)]
    command: TemplateCommand,
}

#[derive(Subcommand)]
enum TemplateCommand {
    /// List the texts: what each is for, and which version of your own
    List {
        #[command(flatten)]
        remote: Remote,
        /// Only your own
        #[arg(long)]
        own: bool,
        /// Only for this milestone
        #[arg(long)]
        milestone: Option<String>,
        /// Only in this language
        #[arg(long)]
        language: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show a text
    Show {
        #[command(flatten)]
        remote: Remote,
        /// The template, as listed: update.any.email.en
        id: String,
        /// This version; 0 is the built-in text
        #[arg(long, value_name = "N")]
        version: Option<i64>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List the versions of a text of your own: who made each, and when
    History {
        #[command(flatten)]
        remote: Remote,
        /// The template
        id: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show what differs between two versions
    Diff {
        #[command(flatten)]
        remote: Remote,
        /// The template
        id: String,
        /// The older version; the one before the newer when absent; 0 is the built-in text
        #[arg(long, value_name = "N")]
        from: Option<i64>,
        /// The newer version; the newest when absent
        #[arg(long, value_name = "N")]
        to: Option<i64>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Give a template the text of an older version again
    Restore {
        #[command(flatten)]
        remote: Remote,
        /// The template
        id: String,
        /// The version whose text it gets; 0 is the built-in text
        #[arg(long, value_name = "N")]
        version: i64,
    },
    /// Show what a template would say before it is saved, or what the notices of an event would
    Preview {
        #[command(flatten)]
        remote: Remote,
        /// A YAML file with one template, or with a list of them under `templates:`; without it, the templates that stand
        file: Option<PathBuf>,
        /// The event; an invented one when absent
        #[arg(long, value_name = "ID")]
        event: Option<String>,
        /// Which notice of the event
        #[arg(long)]
        milestone: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// Does what the command line says.
///
/// # Errors
/// When the server refuses or cannot be reached, or a file cannot be read.
pub async fn run(args: TemplateArgs) -> anyhow::Result<ExitCode> {
    let (answer, json, show): (Value, bool, fn(&Value, Colour) -> String) = match args.command {
        TemplateCommand::List {
            remote,
            own,
            milestone,
            language,
            json,
        } => {
            let origin = own.then(|| "own".to_owned());
            let query = [
                ("origin", origin),
                ("milestone", milestone),
                ("language", language),
            ];
            let answer = ask(&remote, &["templates", "library"], query).await?;
            (answer, json, list)
        }
        TemplateCommand::Show {
            remote,
            id,
            version,
            json,
        } => (one(&remote, &id, version).await?, json, text),
        TemplateCommand::History { remote, id, json } => {
            let answer = ask(&remote, &["templates", &id, "versions"], []).await?;
            (answer, json, history)
        }
        TemplateCommand::Diff {
            remote,
            id,
            from,
            to,
            json,
        } => {
            let number = |number: Option<i64>| number.map(|number| number.to_string());
            let query = [("from", number(from)), ("to", number(to))];
            let answer = ask(&remote, &["templates", &id, "diff"], query).await?;
            (answer, json, diff)
        }
        TemplateCommand::Restore {
            remote,
            id,
            version,
        } => {
            let body = Body::Json(json!({"version": version}));
            let path = ["templates", &id, "restore"];
            let answer = Client::new(&remote)?.post(&path, &[], body).await?;
            (answer, false, restored)
        }
        TemplateCommand::Preview {
            remote,
            file,
            event,
            milestone,
            json,
        } => {
            let body = preview_body(file, event, milestone)?;
            let path = ["templates", "preview"];
            let answer = Client::new(&remote)?.post(&path, &[], body).await?;
            (answer, json, previews)
        }
    };
    match json {
        true => terminal::print_json(&answer)?,
        false => terminal::print(&show(&answer, Colour::of_stdout()))?,
    }
    Ok(Exit::Done.into())
}

async fn ask<const N: usize>(
    remote: &Remote,
    path: &[&str],
    query: [(&str, Option<String>); N],
) -> anyhow::Result<Value> {
    let query: Vec<(&str, String)> = query
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
    let query: Vec<(&str, &str)> = query.iter().map(|(n, v)| (*n, v.as_str())).collect();
    Client::new(remote)?.get(path, &query).await
}

/// A version, the newest that has a text where none is named.
async fn one(remote: &Remote, id: &str, version: Option<i64>) -> anyhow::Result<Value> {
    let number = match version {
        Some(number) => number,
        None => {
            let versions = ask(remote, &["templates", id, "versions"], []).await?;
            let newest = &versions["items"][0];
            match newest["removed"] == json!(false) {
                true => newest["version"].as_i64().unwrap_or(0),
                false => 0,
            }
        }
    };
    ask(
        remote,
        &["templates", id, "versions", &number.to_string()],
        [],
    )
    .await
}

/// The request as YAML: the file's own text stands in it, so that problems name its lines.
fn preview_body(
    file: Option<PathBuf>,
    event: Option<String>,
    milestone: Option<String>,
) -> anyhow::Result<Body> {
    let mut body = String::new();
    for (name, value) in [("event", event), ("milestone", milestone)] {
        if let Some(value) = value {
            body += &format!("{name}: {}\n", json!(value));
        }
    }
    if let Some(file) = file {
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("cannot read {}", file.display()))?;
        // As `apply` takes them, or one alone.
        match text.lines().any(|line| line.starts_with("templates:")) {
            true => body += &text,
            false => {
                body += "template:\n";
                body.extend(text.lines().map(|line| format!("  {line}\n")));
            }
        }
    }
    Ok(Body::Text("application/yaml", body))
}

fn field(of: &Value, name: &str) -> String {
    clean(of[name].as_str().unwrap_or_default())
}

fn items<'a>(answer: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    answer[name].as_array().into_iter().flatten()
}

fn list(answer: &Value, colour: Colour) -> String {
    let mut table = Table::new(&["template", "whose", "changed", "by"]);
    for item in items(answer, "items") {
        let (style, whose) = match item["version"].as_i64() {
            Some(version) => (Style::Plain, format!("yours, version {version}")),
            None => (Style::Dim, "built in".to_owned()),
        };
        let by = field(item, "changed_by");
        table.row(
            style,
            [field(item, "id"), whose, field(item, "changed_at"), by],
        );
    }
    table.show(colour)
}

fn text(answer: &Value, _: Colour) -> String {
    let body = &answer["body"];
    if body.is_null() {
        return format!("{} was taken away\n", field(answer, "template"));
    }
    let lines = |name: &str| {
        let text = body[name].as_str().unwrap_or_default();
        text.lines()
            .map(|line| clean(line) + "\n")
            .collect::<String>()
    };
    let subject = match lines("subject") {
        none if none.is_empty() => none,
        subject => format!("Subject: {subject}\n"),
    };
    format!("{subject}{}", lines("body"))
}

fn history(answer: &Value, colour: Colour) -> String {
    let mut table = Table::new(&["version", "when", "who", "what"]);
    for item in items(answer, "items") {
        let what = match (item["removed"] == json!(true), item["restored"].as_i64()) {
            (true, _) => "taken away".to_owned(),
            (false, Some(0)) => "the built-in text again".to_owned(),
            (false, Some(from)) => format!("version {from} again"),
            (false, None) => String::new(),
        };
        let version = item["version"].to_string();
        table.row(
            Style::Plain,
            [version, field(item, "at"), field(item, "author"), what],
        );
    }
    table.show(colour)
}

/// As `diff -u` has it. Without colour the pieces that differ stand between marks, as in `wdiff`.
fn diff(answer: &Value, colour: Colour) -> String {
    let mut out = format!(
        "--- {0} version {1}\n+++ {0} version {2}\n",
        field(answer, "template"),
        answer["from"]["version"],
        answer["to"]["version"]
    );
    for (name, title) in [("subject", "subject"), ("body", "text")] {
        let lines: Vec<&Value> = items(answer, name).collect();
        if lines.iter().any(|line| line["change"] != "same") {
            out += &format!("@@ {title} @@\n");
            out.extend(lines.into_iter().map(|line| diff_line(line, colour)));
        }
    }
    out
}

fn diff_line(line: &Value, colour: Colour) -> String {
    let (sign, style, marks) = match line["change"].as_str() {
        Some("removed") => ('-', Style::Failure, ["[-", "-]"]),
        Some("added") => ('+', Style::Success, ["{+", "+}"]),
        _ => (' ', Style::Plain, ["", ""]),
    };
    let pieces: Vec<&Value> = items(line, "pieces").collect();
    let partly = pieces.iter().any(|piece| piece["changed"] == json!(false));
    let said = pieces.into_iter().map(|piece| {
        let text = field(piece, "text");
        match piece["changed"] == json!(true) && partly {
            true => format!("{}{text}{}", marks[0], marks[1]),
            false => text,
        }
    });
    colour.paint(style, &format!("{sign}{}", said.collect::<String>())) + "\n"
}

fn restored(answer: &Value, _: Colour) -> String {
    format!(
        "{} has that text again, as version {}\n",
        field(answer, "template"),
        answer["version"]
    )
}

fn previews(answer: &Value, colour: Colour) -> String {
    let mut out = String::new();
    let mut of = String::new();
    let all: Vec<&Value> = items(answer, "messages").collect();
    let several = all.iter().any(|m| m["template"] != all[0]["template"]);
    for message in all {
        let template = field(message, "template");
        if several && template != of {
            out += &(colour.paint(Style::Bold, &format!("=== {template}")) + "\n");
            of = template;
        }
        let names: Vec<String> = items(message, "audiences")
            .filter_map(|n| n.as_str().map(clean))
            .collect();
        let sms = match message["sms"]["count"].as_u64() {
            Some(count) => format!(
                ", {count} segment(s), {}",
                field(&message["sms"], "encoding")
            ),
            None => String::new(),
        };
        let to = match names.is_empty() {
            true => String::new(),
            false => format!(" to {}", names.join(", ")),
        };
        let title = format!(
            "{}, {}{to}{sms}",
            field(message, "channel"),
            field(message, "level")
        );
        out += &(colour.paint(Style::Bold, &title) + "\n");
        let subject = field(message, "subject");
        if !subject.is_empty() {
            out += &format!("Subject: {subject}\n");
        }
        let text = message["text"].as_str().unwrap_or_default();
        out.extend(text.lines().map(|line| format!("  {}\n", clean(line))));
        for finding in items(&message["review"], "findings") {
            if finding["severity"] != "note" {
                let because = field(finding, "because");
                out += &colour.paint(
                    Style::Warning,
                    &format!("  ! {} {because}", field(finding, "rule")),
                );
                out.push('\n');
            }
        }
        out.push('\n');
    }
    match out.is_empty() {
        true => "no audience would hear of it\n".into(),
        false => out,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_can_be_read_without_colour() {
        let piece = |text: &str, changed: bool| json!({"text": text, "changed": changed});
        let answer = json!({"template": "update.any.email.en", "from": {"version": 1}, "to": {"version": 2}, "subject": [],
        "body": [
            {"change": "same", "pieces": [piece("Hello", false)]},
            {"change": "removed", "pieces": [piece("We ", false), piece("start\u{1b}[2J", true)]},
            {"change": "added", "pieces": [piece("We ", false), piece("begin", true)]},
            {"change": "added", "pieces": [piece("all new", false)]},
        ]});
        assert_eq!(
            diff(&answer, Colour::Off),
            "--- update.any.email.en version 1\n+++ update.any.email.en version 2\n@@ text @@\n Hello\n\
             -We [-start\u{fffd}[2J-]\n+We {+begin+}\n+all new\n"
        );
    }

    #[test]
    fn versions_say_what_they_restored() {
        let answer = json!({"items": [
            {"version": 3, "at": "2026-11-23T01:00:00Z", "author": "ann", "restored": 1, "removed": false},
            {"version": 2, "at": "2026-11-22T01:00:00Z", "author": "kim", "restored": null, "removed": true},
        ]});
        let shown = history(&answer, Colour::Off);
        assert!(
            shown.contains("ann  version 1 again") && shown.contains("kim  taken away"),
            "{shown}"
        );
    }

    #[test]
    fn a_list_of_templates_is_asked_for_as_it_stands_and_shown_template_by_template() {
        let file = std::env::temp_dir().join(format!("forewarn-templates-{}", std::process::id()));
        let text = "templates:\n  - {milestone: update, body: One}\n";
        std::fs::write(&file, text).unwrap();
        let body = preview_body(Some(file.clone()), None, None).unwrap();
        std::fs::remove_file(file).unwrap();
        let Body::Text(_, body) = body else {
            panic!("no text")
        };
        assert_eq!(body, text);
        let message = |template: &str| json!({"template": template, "channel": "email", "level": "technical", "text": "One"});
        let answer = json!({"messages": [message("a"), message("a"), message("b")]});
        let shown = previews(&answer, Colour::Off);
        assert_eq!(shown.matches("=== ").count(), 2, "{shown}");
        let one = previews(&json!({"messages": [message("a")]}), Colour::Off);
        assert!(!one.contains("==="), "{one}");
    }

    #[test]
    fn a_file_stands_in_the_request_line_by_line() {
        let folder = std::env::temp_dir().join(format!("forewarn-template-{}", std::process::id()));
        std::fs::write(&folder, "milestone: update\nbody: |\n  One\n\n  Two\n").unwrap();
        let Body::Text(kind, body) =
            preview_body(Some(folder.clone()), Some("INC-1".into()), None).unwrap()
        else {
            panic!("no text")
        };
        std::fs::remove_file(folder).unwrap();
        assert_eq!(kind, "application/yaml");
        assert_eq!(
            body,
            "event: \"INC-1\"\ntemplate:\n  milestone: update\n  body: |\n    One\n  \n    Two\n"
        );
    }
}
