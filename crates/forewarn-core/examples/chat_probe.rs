//! Writes the chat messages that `scripts/check_chat.py` judges: reads a JSON object `{kind, level, ask, content}` per line and
//! writes the body of each on a line.

use forewarn_core::audience::Level;
use forewarn_core::contact::{Channel, ChatKind};
use forewarn_core::message::{Ask, Content, Variant, chat_body, render};
use forewarn_core::time::Zone;
use serde::Deserialize;
use std::io::{BufRead, Write};

#[derive(Deserialize)]
struct Case {
    kind: ChatKind,
    level: String,
    language: String,
    /// `link`, `button`, `confirmed`, or nothing.
    ask: String,
    content: Content,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let case: Case = serde_json::from_str(&line?)?;
        let variant = Variant {
            level: Level::parse(&case.level)?,
            channel: Channel::Chat,
            language: case.language,
            zone: Zone::parse("America/Los_Angeles")?,
        };
        let message = render(&case.content, &variant, &[]);
        let ask = match case.ask.as_str() {
            "link" => Ask::Link("https://status.example.edu/confirm/notice.endpoint.sig"),
            "button" => Ask::Button("notice.endpoint.sig"),
            "confirmed" => Ask::ConfirmedBy("Ann <!channel>"),
            _ => Ask::Nothing,
        };
        out.write_all(&chat_body(
            case.kind,
            &case.content,
            &message,
            &variant,
            ask,
        ))?;
        out.write_all(b"\n")?;
    }
    Ok(())
}
