//! Flags beside what is sent: to how many it goes, and time to undo it.

use clap::Args;
use serde_json::{Value, json};

/// To how many it goes.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Count {
    /// To how many it goes, where it is many: the server says the number
    #[arg(long, value_name = "N")]
    recipients: Option<i64>,
}

impl Count {
    /// The body with the number beside it.
    pub fn with(self, mut body: Value) -> Value {
        if let Some(recipients) = self.recipients {
            body["recipients"] = json!(recipients);
        }
        body
    }
}

/// Time to undo it.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Undo {
    /// Tell people only once it can no longer be undone (`undo_seconds` of the organisation)
    #[arg(long)]
    undo: bool,
}

/// Both.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Sending {
    #[command(flatten)]
    count: Count,
    #[command(flatten)]
    undo: Undo,
}

impl From<Undo> for Sending {
    fn from(undo: Undo) -> Sending {
        Sending {
            undo,
            ..Sending::default()
        }
    }
}

impl Sending {
    /// The body with both beside it.
    pub fn with(self, body: Value) -> Value {
        let mut body = self.count.with(body);
        if self.undo.undo {
            body["undo"] = json!(true);
        }
        body
    }
}
