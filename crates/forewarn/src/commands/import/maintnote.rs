//! A provider's notice of maintenance becomes an event that waits for approval.

use crate::client::{Body, Client, Remote};
use crate::commands::source;
use crate::exit::Exit;
use crate::terminal::{self, clean};
use serde_json::Value;
use std::path::Path;
use std::process::ExitCode;

/// Sends the file and prints what came of each notice in it.
///
/// # Errors
/// When the file cannot be read, or the server refuses or cannot be reached.
pub async fn run(file: &Path, json: bool, remote: &Remote) -> anyhow::Result<ExitCode> {
    let client = Client::new(remote)?;
    let (_, bytes) = source::bytes(file)?;
    let calendar = bytes.trim_ascii_start();
    let kind = match calendar
        .get(..15)
        .is_some_and(|b| b.eq_ignore_ascii_case(b"BEGIN:VCALENDAR"))
    {
        true => "text/calendar",
        false => "message/rfc822",
    };
    let body = Body::Bytes(kind, bytes);
    let answer = client.post(&["upstream-maintenances"], &[], body).await?;
    if json {
        terminal::print_json(&answer)?;
    } else {
        terminal::print(&show(&answer))?;
    }
    Ok(match answer["warnings"].is_array() {
        true => Exit::Warned,
        false => Exit::Done,
    }
    .into())
}

fn show(answer: &Value) -> String {
    let list = |name: &str| answer[name].as_array().cloned().unwrap_or_default();
    let mut shown = String::new();
    for notice in list("notices") {
        let text = |name: &str| clean(notice[name].as_str().unwrap_or_default());
        let event = match notice["event"].as_str() {
            Some(event) => format!(" ({})", clean(event)),
            None => String::new(),
        };
        shown.push_str(&format!(
            "{} {}: {}{event}\n",
            text("provider"),
            text("maintenance"),
            text("did")
        ));
    }
    for warning in list("warnings") {
        let text = |name: &str| clean(warning[name].as_str().unwrap_or_default());
        shown.push_str(&format!("  {}: {}\n", text("field"), text("problem")));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_was_done_and_what_was_odd_is_said() {
        let answer = json!({
            "notices": [{"provider": "carrier.example", "maintenance": "MNT-77", "did": "created", "event": "UPS-1"},
                {"provider": "carrier.example", "maintenance": "MNT-9", "did": "nothing: it was never heard of", "event": null}],
            "warnings": [{"field": "SEQUENCE", "problem": "is missing"}],
        });
        assert_eq!(
            show(&answer),
            "carrier.example MNT-77: created (UPS-1)\ncarrier.example MNT-9: nothing: it was never heard of\n  SEQUENCE: is missing\n"
        );
    }
}
