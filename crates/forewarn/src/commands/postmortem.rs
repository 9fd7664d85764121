//! `forewarn incident postmortem` and `forewarn incident actions`: what is explained after an incident, and what changes.

use crate::client::{Body, Client};
use crate::terminal::clean;
use anyhow::Context;
use clap::Subcommand;
use serde_json::{Value, json};
use std::path::PathBuf;

/// What can be done with a postmortem.
#[derive(Subcommand)]
pub enum Postmortem {
    /// Show it: what readers get, who agreed, who has not yet
    Show {
        /// The incident
        id: String,
    },
    /// Begin it with what is on record, or change it
    Draft {
        /// The incident
        id: String,
        /// A YAML file with happened, cause, impact, went_well, apology, actions; what is left out stays
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Put on record that somebody agrees with the version that was read
    Approve {
        /// The incident
        id: String,
        /// Who: legal, pr or an address, as the policy names them
        #[arg(long, value_name = "WHO")]
        reviewer: String,
        /// The version that was read
        #[arg(long, value_name = "N")]
        version: i64,
    },
    /// Publish it: whoever heard of the incident is told
    Publish {
        /// The incident
        id: String,
        /// The version that was read; the newest when absent
        #[arg(long, value_name = "N")]
        version: Option<i64>,
        /// Why it goes out although somebody has not agreed
        #[arg(long = "override", value_name = "REASON")]
        because: Option<String>,
        /// Why something goes out that its readers should not see
        #[arg(long, value_name = "REASON")]
        privacy_override: Option<String>,
    },
}

/// Asks the server.
///
/// # Errors
/// When the file cannot be read, or the server refuses or cannot be reached.
pub async fn run(client: &Client, what: Postmortem) -> anyhow::Result<Value> {
    match what {
        Postmortem::Show { id } => client.get(&["incidents", &id, "postmortem"], &[]).await,
        Postmortem::Draft { id, file } => {
            let body = match file {
                None => Body::Json(json!({})),
                Some(file) => {
                    let text = std::fs::read_to_string(&file)
                        .with_context(|| format!("cannot read {}", file.display()))?;
                    Body::Text("application/yaml", text)
                }
            };
            client
                .post(&["incidents", &id, "postmortem"], &[], body)
                .await
        }
        Postmortem::Approve {
            id,
            reviewer,
            version,
        } => {
            let body = Body::Json(json!({"reviewer": reviewer, "version": version}));
            let path = ["incidents", &id, "postmortem", "approve"];
            client.post(&path, &[], body).await
        }
        Postmortem::Publish {
            id,
            version,
            because,
            privacy_override,
        } => {
            let mut body = json!({});
            if let Some(version) = version {
                body["version"] = version.into();
            }
            if let Some(because) = because {
                body["override"] = because.into();
            }
            if let Some(because) = privacy_override {
                body["privacy_override"] = because.into();
            }
            let path = ["incidents", &id, "postmortem", "publish"];
            client.post(&path, &[], Body::Json(body)).await
        }
    }
}

/// A postmortem or actions as text, where the answer is about those.
pub fn show(answer: &Value) -> Option<String> {
    let text = |of: &Value, name: &str| clean(of[name].as_str().unwrap_or_default());
    let action = |of: &Value| {
        let state = match (of["done_at"].is_string(), of["overdue"] == true) {
            (true, _) => "done",
            (false, true) => "overdue",
            (false, false) => "open",
        };
        let by = match of["due"].as_str() {
            Some(due) => format!(", by {}", clean(due)),
            None => String::new(),
        };
        let [event, what, owner] = ["event", "what", "owner"].map(|name| text(of, name));
        format!("{state} {event} {}: {what} ({owner}{by})\n", of["number"])
    };
    if answer["owner"].is_string() && answer["number"].is_i64() {
        return Some(action(answer));
    }
    if let Some(items) = answer["items"].as_array()
        && items.iter().all(|item| item["owner"].is_string())
        && !items.is_empty()
    {
        return Some(items.iter().map(action).collect());
    }
    let body = answer["hash"].as_str().and(answer["text"].as_str())?;
    let said: Vec<String> = body.lines().map(clean).collect();
    let state = match answer["published_at"].is_string() {
        true => "published",
        false => "draft",
    };
    let missing = answer["missing"].as_array().into_iter().flatten();
    let missing: Vec<String> = missing.filter_map(|m| m.as_str().map(clean)).collect();
    let waits = match (missing.is_empty(), state) {
        (false, "draft") => format!("it waits for the agreement of {}\n", missing.join(", ")),
        _ => String::new(),
    };
    Some(format!(
        "{} {state}, version {}\n{waits}\n{}\n",
        text(answer, "incident"),
        answer["version"],
        said.join("\n")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_says_who_has_not_agreed_and_actions_whether_they_are_late() {
        let draft = json!({"incident": "INC-1", "version": 2, "hash": "x", "text": "A\u{1b}[31m\n\nB",
            "missing": ["legal", "pr"], "published_at": null});
        let shown = show(&draft).expect("a postmortem");
        assert!(
            shown.starts_with(
                "INC-1 draft, version 2\nit waits for the agreement of legal, pr\n\nA"
            )
        );
        assert!(
            !shown.contains('\u{1b}') && shown.ends_with("\n\nB\n"),
            "{shown}"
        );
        let action = json!({"event": "INC-1", "number": 1, "what": "Watch the disks", "owner": "kim",
            "due": "2026-11-25", "overdue": true, "done_at": null});
        let line = "overdue INC-1 1: Watch the disks (kim, by 2026-11-25)\n";
        assert_eq!(show(&action).as_deref(), Some(line));
        assert_eq!(show(&json!({"items": [action]})).as_deref(), Some(line));
        assert_eq!(show(&json!({"items": []})), None);
        assert_eq!(show(&json!({"id": "INC-1", "status": "resolved"})), None);
    }
}
