//! `forewarn incident calls` and `confirmations`: who was reached, and who has said so.

use crate::client::{Body, Client};
use crate::terminal::{Colour, Style, Table};
use clap::Args;
use serde_json::{Value, json};

/// Flags of `incident calls`.
#[derive(Args)]
pub struct Calls {
    /// The incident
    id: String,
    /// Tick this one off, as the list names them
    #[arg(long, requires = "outcome")]
    contact: Option<String>,
    /// How the call came out: reached, no_answer, wrong_number
    #[arg(long, requires = "contact")]
    outcome: Option<String>,
    /// Anything worth keeping
    #[arg(long, requires = "contact")]
    note: Option<String>,
}

impl Calls {
    /// Asks for the list, or ticks somebody off; the answer is the list either way.
    ///
    /// # Errors
    /// When the server refuses or cannot be reached.
    pub async fn ask(self, client: &Client) -> anyhow::Result<Value> {
        let Some(contact) = &self.contact else {
            return client.get(&["incidents", &self.id, "calls"], &[]).await;
        };
        let mut body = json!({"outcome": self.outcome});
        if let Some(note) = &self.note {
            body["note"] = json!(note);
        }
        let path = ["incidents", &self.id, "calls", contact];
        client.post(&path, &[], Body::Json(body)).await
    }
}

/// Flags of `incident confirmations`.
#[derive(Args)]
pub struct Confirmations {
    /// The event: an incident or a maintenance
    id: String,
    /// Remind those who have not confirmed, now
    #[arg(long)]
    remind: bool,
}

impl Confirmations {
    /// Asks who has confirmed, or reminds those who have not.
    ///
    /// # Errors
    /// When the server refuses or cannot be reached.
    pub async fn ask(self, client: &Client) -> anyhow::Result<Value> {
        if self.remind {
            let path = ["events", &self.id, "acknowledgements", "remind"];
            return client.post(&path, &[], Body::Json(json!({}))).await;
        }
        client
            .get(&["events", &self.id, "acknowledgements"], &[])
            .await
    }
}

fn words(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The call list as a table.
pub fn show_calls(answer: &Value) -> String {
    let mut table = Table::new(&["contact", "name", "number", "outcome", "say"]);
    for line in answer["items"].as_array().into_iter().flatten() {
        let outcome = match line["last"]["outcome"].as_str() {
            Some(outcome) => outcome.replace('_', " "),
            None if line["next"] == true => "next".into(),
            None => "-".into(),
        };
        let style = match line["last"]["outcome"].as_str() {
            Some("no_answer" | "wrong_number") => Style::Warning,
            _ => Style::Plain,
        };
        let cells = ["contact", "name", "number"].map(|name| words(&line[name]));
        table.row(
            style,
            cells.into_iter().chain([outcome, words(&line["script"])]),
        );
    }
    table.show(Colour::of_stdout())
}

/// Who has confirmed as a table.
pub fn show_confirmations(answer: &Value) -> String {
    let mut table = Table::new(&["audience", "notice", "confirmed", "must", "not yet"]);
    for one in answer["items"].as_array().into_iter().flatten() {
        let missing = one["missing"].as_array().into_iter().flatten();
        let missing: Vec<String> = missing.map(words).collect();
        let style = match one["reached"] == true {
            true => Style::Plain,
            false => Style::Warning,
        };
        let cells = [
            words(&one["audience_name"]),
            words(&one["milestone"]),
            format!("{} of {}", one["confirmed"], one["asked"]),
            one["needed"].to_string(),
            missing.join(", "),
        ];
        table.row(style, cells);
    }
    table.show(Colour::of_stdout())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_tables() {
        let calls = json!({"items": [
            {"contact": "vera", "name": "Vera", "number": "+14155550100", "script": "Hello", "last": {"outcome": "no_answer"}},
            {"contact": "paul", "name": "Paul", "number": null, "script": "Hello", "last": null, "next": true}]});
        let shown = show_calls(&calls);
        assert!(
            shown.contains("no answer") && shown.contains("next"),
            "{shown}"
        );
        let confirmations = json!({"items": [{"audience_name": "Deans", "milestone": "holding", "confirmed": 1, "asked": 3,
            "needed": 2, "reached": false, "missing": ["bob", "cy"]}]});
        assert!(
            show_confirmations(&confirmations).contains("1 of 3"),
            "{confirmations}"
        );
    }
}
