//! A post to a public account: a headline, as much of the text as there is room for, and the way to the event's page. Everybody reads
//! it, so it is made from the words for everybody, asks nobody to confirm anything, and pings nobody.

use super::marks::{self, Dialect, Marked, address, line, marked};
use super::{next_update, times};
use crate::contact::ChatKind;
use crate::message::{Content, Message, Variant, markdown, safe_url};
use serde_json::{Value, json};
use url::form_urlencoded;

/// What stands apart.
const GAP: &str = "\n\n";
/// In less room than this no sentence says anything.
const LEAST_TEXT: usize = 40;

/// The body as it is sent, with at most so many characters: a form for Mastodon's `POST /api/v1/statuses`, JSON for others.
pub fn post_body(
    kind: ChatKind,
    most: u32,
    content: &Content,
    message: &Message,
    variant: &Variant,
) -> Vec<u8> {
    let fields = post(kind, most, content, message, variant);
    match (kind, &fields) {
        (ChatKind::Mastodon, Value::Object(fields)) => {
            let texts = fields
                .iter()
                .map(|(k, v)| (k, v.as_str().unwrap_or_default()));
            let mut form = form_urlencoded::Serializer::new(String::new());
            form.extend_pairs(texts).finish().into_bytes()
        }
        _ => fields.to_string().into_bytes(),
    }
}

/// The fields of the body.
pub(super) fn post(
    kind: ChatKind,
    most: u32,
    content: &Content,
    message: &Message,
    variant: &Variant,
) -> Value {
    let text = text(content, message, variant, most as usize);
    let language = message.language.split('-').next();
    match kind {
        ChatKind::Mastodon => json!({"status": text, "language": language}),
        _ => json!({"text": text, "url": safe_url(&content.url), "language": language}),
    }
}

fn text(content: &Content, message: &Message, variant: &Variant, most: usize) -> String {
    let headline = headline(&message.subject, most / 2);
    let room = most.saturating_sub(width(&headline));
    let text = said(message, room);
    let page = safe_url(&content.url).map(|page| address(&page, Dialect::Plain));
    let page = page.filter(|page| width(page) <= room);
    let has_page =
        |page: &String| !text.cut && text.blocks.iter().any(|b| b.contains(page.as_str()));
    let parts: Vec<String> = match page {
        Some(page) if !has_page(&page) => {
            let next = next_update(content, &times(message, variant), Dialect::Plain);
            let rest = below(message, next, room - width(&page));
            rest.into_iter().chain([page]).collect()
        }
        Some(_) | None => text.blocks,
    };
    let parts: Vec<String> = std::iter::once(headline).chain(parts).collect();
    parts.join(GAP)
}

/// The text in this room, and where it had to be cut the time of the next update.
fn below(message: &Message, next: Option<String>, room: usize) -> Vec<String> {
    let text = said(message, room);
    let next = next.filter(|next| text.cut && width(next) * 2 <= room);
    let text = match &next {
        Some(next) => said(message, room - width(next)),
        None => text,
    };
    text.blocks.into_iter().chain(next).collect()
}

fn said(message: &Message, room: usize) -> Marked {
    match room < LEAST_TEXT {
        true => Marked {
            blocks: Vec::new(),
            cut: true,
        },
        false => marked(
            &message.markdown,
            Dialect::Plain,
            room.saturating_sub(GAP.len()),
        ),
    }
}

/// What a part takes, with the gap that parts it from the next.
fn width(part: &str) -> usize {
    marks::units(part) + GAP.len()
}

fn headline(subject: &str, most: usize) -> String {
    let written = |most| line(&markdown::shorten(subject, most), Dialect::Plain);
    let fits = |text: &String| marks::units(text) <= most;
    let found = [120, 90, 60, 45].into_iter().map(written).find(fits);
    found.unwrap_or_else(|| written(most / 3))
}
