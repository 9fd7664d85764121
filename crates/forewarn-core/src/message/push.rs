//! The body of a push message: what our own service worker shows (`assets/push-worker.js` of the server).

use super::{Content, Message};
use crate::id::derive;
use serde::Serialize;

/// The most that an encrypted message may hold: 4,096 bytes (RFC 8030 7.2) without what RFC 8188 adds, a header of 86, a delimiter
/// and a tag of 16.
pub const MOST_PUSH_BYTES: usize = 4_096 - 86 - 1 - 16;

#[derive(Serialize)]
struct Body<'a> {
    title: &'a str,
    body: &'a str,
    url: &'a str,
    /// A newer notification of the same event takes this one's place on the screen.
    tag: &'a str,
    lang: &'a str,
}

/// The body before it is encrypted; a text that is too long is cut.
pub fn push_body(content: &Content, message: &Message) -> Vec<u8> {
    let mut text = message.text.trim().to_owned();
    loop {
        let body = Body {
            title: &message.subject,
            body: &text,
            url: &content.url,
            tag: content.event.as_str(),
            lang: &message.language,
        };
        // Nothing in it can fail to be written.
        let bytes = serde_json::to_vec(&body).unwrap_or_default();
        if bytes.len() <= MOST_PUSH_BYTES || text.is_empty() {
            return bytes;
        }
        let half = text.chars().count() / 2;
        text = match half {
            0 | 1 => String::new(),
            _ => text.chars().take(half).chain(['…']).collect(),
        };
    }
}

/// The `Topic` of an event's messages (RFC 8030 5.4): of those that wait for a browser only the newest is kept. At most 32 letters
/// of base64url; nobody learns the event from it.
pub fn push_topic(event: &str, installation: &str) -> String {
    derive(&["push topic", installation, event])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;
    use jiff::Timestamp;

    #[test]
    fn a_text_that_is_too_long_is_cut() {
        let event = Id::parse("INC-1").unwrap();
        let content = Content {
            url: "https://status.example.edu/events/INC-1".into(),
            ..Content::apart(
                event,
                "incident",
                "update",
                "Example",
                Timestamp::UNIX_EPOCH,
            )
        };
        let message = |text: &str| Message {
            subject: "Some people cannot sign in".into(),
            markdown: String::new(),
            text: text.to_owned(),
            html: String::new(),
            language: "en".into(),
        };
        let body = push_body(&content, &message("We are looking into it.\n"));
        let expected = r#"{"title":"Some people cannot sign in","body":"We are looking into it.","url":"https://status.example.edu/events/INC-1","tag":"INC-1","lang":"en"}"#;
        assert_eq!(String::from_utf8(body).unwrap(), expected);
        for long in [
            "x".repeat(10_000),
            "🙂".repeat(3_000),
            "\u{1}".repeat(2_000),
        ] {
            let body = push_body(&content, &message(&long));
            assert!(body.len() <= MOST_PUSH_BYTES && body.len() > MOST_PUSH_BYTES / 4);
            let read: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert!(read["body"].as_str().unwrap().ends_with('…'));
        }
    }

    #[test]
    fn a_topic_is_of_the_letters_that_are_allowed() {
        let topic = push_topic("INC-1", "here");
        assert!((1..=32).contains(&topic.len()));
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        assert!(topic.chars().all(allowed), "{topic}");
        assert_ne!(topic, push_topic("INC-2", "here"));
    }
}
