//! The body of a webhook (Standard Webhooks): `{type, timestamp, data}` under 20 kB.

use super::{Content, Message, Variant};
use jiff::Timestamp;
use serde::Serialize;

/// Receivers may refuse larger bodies.
const MAX_BODY: usize = 20_000;
/// What names of services may take of it.
const MAX_SERVICES: usize = 4_000;

#[derive(Serialize)]
struct Body<'a> {
    r#type: String,
    timestamp: Timestamp,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    notice: &'a str,
    event: &'a str,
    kind: &'a str,
    milestone: &'a str,
    title: &'a str,
    status: &'a str,
    severity: Option<&'a str>,
    services: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    change_request: Option<&'a str>,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    next_update_at: Option<Timestamp>,
    subject: &'a str,
    text: String,
    url: &'a str,
    level: &'a str,
    language: &'a str,
}

/// The `webhook-id` of a delivery: the same on every attempt, another in every installation. It holds no dot, which
/// separates the parts of what is signed.
pub fn webhook_id(delivery: &str, installation: &str) -> String {
    format!("{}-{installation}", delivery.replace('.', "-"))
}

/// The body as it is signed and sent. `notice` is the notice's id; times are instants in UTC; a text that is too long is cut.
pub fn webhook_body(
    content: &Content,
    message: &Message,
    variant: &Variant,
    notice: &str,
) -> Vec<u8> {
    let mut body = Body {
        r#type: format!("{}.{}", content.event_kind, content.milestone),
        timestamp: content.at,
        data: Data {
            notice,
            event: content.event.as_str(),
            kind: &content.event_kind,
            milestone: &content.milestone,
            title: &content.title,
            status: &content.status,
            severity: content.severity.map(|s| s.as_str()),
            services: first_services(&content.services),
            change_request: content.change_request.as_deref(),
            start: content.start.as_ref().map(|t| t.instant()),
            end: content.end.as_ref().map(|t| t.instant()),
            next_update_at: content.next_update,
            subject: &message.subject,
            text: String::new(),
            url: &content.url,
            level: variant.level.as_str(),
            language: &message.language,
        },
    };
    // Plain values cannot fail to be written; an empty body would be refused by its receiver and show up there.
    let write = |body: &Body<'_>| serde_json::to_vec(body).unwrap_or_default();
    let room = MAX_BODY.saturating_sub(write(&body).len());
    body.data.text = cut_to_json(&message.text, room);
    write(&body)
}

fn first_services(services: &[String]) -> &[String] {
    let mut used = 0;
    let fits = services
        .iter()
        .take_while(|name| {
            used += json_len(name) + 3;
            used <= MAX_SERVICES
        })
        .count();
    &services[..fits]
}

/// As much of a text as takes at most `room` bytes inside a JSON string, with an ellipsis where it was cut.
fn cut_to_json(text: &str, room: usize) -> String {
    if json_len(text) <= room {
        return text.to_owned();
    }
    let mut used = '\u{2026}'.len_utf8();
    let kept: String = text
        .chars()
        .take_while(|c| {
            used += json_char(*c);
            used <= room
        })
        .collect();
    kept.trim_end().to_owned() + "\u{2026}"
}

fn json_len(text: &str) -> usize {
    text.chars().map(json_char).sum()
}

fn json_char(c: char) -> usize {
    match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        c if c < ' ' => 6,
        c => c.len_utf8(),
    }
}
