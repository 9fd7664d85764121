//! `approve` of every kind of event: what somebody must agree to, and agreeing.

use crate::client::{Body, Client};
use crate::terminal::clean;
use clap::Args;
use serde_json::{Value, json};

/// Flags of `approve`.
#[derive(Args)]
pub struct Approve {
    /// The event
    id: String,
    /// Show what waits, every text as it goes out, and agree to nothing
    #[arg(long)]
    show: bool,
    /// The hash that was shown; refused when anything was changed since
    #[arg(long, conflicts_with = "show")]
    hash: Option<String>,
    /// To how many it goes, where it is many
    #[arg(long, value_name = "N", conflicts_with = "show")]
    recipients: Option<i64>,
    /// Why whoever must agree is not asked; it stays on record
    #[arg(long = "override", value_name = "REASON", conflicts_with = "show")]
    because: Option<String>,
}

impl Approve {
    /// Whether it only shows what waits.
    pub fn shows(&self) -> bool {
        self.show
    }

    /// Asks the server; `kind` is the first part of the path.
    ///
    /// # Errors
    /// When the server refuses or cannot be reached.
    pub async fn ask(&self, client: &Client, kind: &str) -> anyhow::Result<Value> {
        if self.show {
            return client.get(&["events", &self.id, "approvals"], &[]).await;
        }
        let mut body = json!({});
        if let Some(hash) = &self.hash {
            body["hash"] = json!(hash);
        }
        if let Some(recipients) = self.recipients {
            body["recipients"] = json!(recipients);
        }
        if let Some(reason) = &self.because {
            body["override"] = json!({"reason": reason});
        }
        let path = [kind, &self.id, "approve"];
        client.post(&path, &[], Body::Json(body)).await
    }
}

/// What waits, for people.
pub fn show(waiting: &Value) -> String {
    let text = |value: &Value| clean(value.as_str().unwrap_or_default());
    let mut shown = format!(
        "{}: {} recipients, hash {}\n",
        text(&waiting["event"]),
        waiting["recipients"],
        text(&waiting["hash"])
    );
    let none = Vec::new();
    for notice in waiting["notices"].as_array().unwrap_or(&none) {
        let missing = notice["missing"].as_array().unwrap_or(&none);
        let missing: Vec<String> = missing
            .iter()
            .map(|role| text(role).replace('_', " "))
            .collect();
        let state = match (missing.is_empty(), notice["stale"] == json!(true)) {
            (true, _) => "approved".to_owned(),
            (false, false) => format!("waits for {}", missing.join(", ")),
            (false, true) => format!("changed since it was approved: {}", missing.join(", ")),
        };
        shown.push_str(&format!(
            "\n{} to {}, due {}: {state}\n",
            text(&notice["milestone"]).replace('_', " "),
            text(&notice["audience"]),
            text(&notice["due"])
        ));
        for one in notice["texts"].as_array().unwrap_or(&none) {
            shown.push_str(&format!(
                "\n--- {}, {}, {}: {}\n{}\n",
                text(&one["channel"]),
                text(&one["level"]).replace('_', " "),
                text(&one["language"]),
                text(&one["subject"]),
                one["text"]
                    .as_str()
                    .map(|t| t.lines().map(clean).collect::<Vec<_>>().join("\n"))
                    .unwrap_or_default()
            ));
        }
    }
    shown
}
