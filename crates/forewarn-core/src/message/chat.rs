//! The body of a message to a chat room, for each product: a headline, where it stands in a colour and a word, the text, and what
//! there is to press.
//!
//! Each product's limits are kept ([conventions]): what does not fit is cut after a sentence, and then the time of the next update
//! and the way to the whole text stand below it all the same. Nobody is pinged, and no link hides where it leads, whatever stands in
//! the facts (see [`marks`]).
//!
//! [conventions]: https://docs.slack.dev/reference/block-kit/blocks

mod marks;
mod post;

use super::times::Times;
use super::values::status_words;
use super::{Content, Message, Variant, markdown, safe_url};
use crate::audience::Level;
use crate::contact::ChatKind;
use crate::incident::Severity;
use crate::words::{Words, is_right_to_left};
pub use post::post_body;

use marks::{Dialect, Marked, address, line, marked, named_link, strong};
use serde_json::{Value, json};

/// The button's name in Slack's answer when it is pressed.
pub const ACKNOWLEDGE: &str = "acknowledge";
/// A section of Slack has at most 3,000 characters.
const SLACK_ROOM: usize = 2_900;
/// A message of Discord has at most 2,000 characters, and so has its embed here.
const DISCORD_ROOM: usize = 1_900;
/// Nobody reads more in a chat; a card of Teams with so much text stays under 28 KB in any script.
const ROOM: usize = 3_800;
/// Slack's header has at most 150 characters, its signs written out; a title of Discord 256.
const HEADLINE: usize = 150;
/// What the names of services may take beside the status.
const SERVICES: usize = 200;

/// What its reader is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask<'a> {
    /// Nothing.
    Nothing,
    /// To confirm on this page that they have read it.
    Link(&'a str),
    /// To press a button that brings this token to us.
    Button(&'a str),
    /// Nothing more: somebody of this name confirmed it. It takes the place of the message that asked.
    ConfirmedBy(&'a str),
}

/// How it stands, as a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tone {
    Bad,
    Warning,
    Work,
    Good,
    Quiet,
}

impl Tone {
    fn of(content: &Content) -> Tone {
        match (content.event_kind.as_str(), content.status.as_str()) {
            (_, "resolved" | "postmortem" | "completed" | "fixed") => Tone::Good,
            (_, "cancelled" | "withdrawn") => Tone::Quiet,
            ("incident", "monitoring") => Tone::Warning,
            ("incident", _) => match content.severity {
                Some(Severity::P3 | Severity::P4 | Severity::P5) => Tone::Warning,
                Some(Severity::P1 | Severity::P2) | None => Tone::Bad,
            },
            (_, "in_progress") | ("advisory", _) => Tone::Warning,
            ("maintenance" | "window" | "announcement", _) => Tone::Work,
            _ => Tone::Quiet,
        }
    }

    fn sign(self) -> &'static str {
        match self {
            Tone::Bad => "\u{1f534}",
            Tone::Warning => "\u{1f7e0}",
            Tone::Work => "\u{1f535}",
            Tone::Good => "\u{1f7e2}",
            Tone::Quiet => "\u{26aa}",
        }
    }

    fn colour(self) -> u32 {
        match self {
            Tone::Bad => 0x00c6_2828,
            Tone::Warning => 0x00b2_5c00,
            Tone::Work => 0x0015_65c0,
            Tone::Good => 0x002e_7d32,
            Tone::Quiet => 0x0061_6161,
        }
    }

    /// The name of a container's style on a card.
    fn style(self) -> &'static str {
        match self {
            Tone::Bad => "attention",
            Tone::Warning => "warning",
            Tone::Work => "accent",
            Tone::Good => "good",
            Tone::Quiet => "default",
        }
    }
}

/// What a message says, in the marks of one product.
struct Card<'a> {
    /// The subject as it is.
    subject: &'a str,
    /// Without any marks that its product would read.
    headline: String,
    tone: Tone,
    /// Where it stands and what is concerned.
    status: Option<String>,
    text: Marked,
    /// The next update.
    next: Option<String>,
    /// The page with all of it.
    page: Option<String>,
    ask: Ask<'a>,
    words: &'static Words,
    dialect: Dialect,
}

/// The body as it is posted: the same bytes on every attempt. A post to a public account is in the form that people can read; as it is
/// sent it is [`post_body`].
pub fn chat_body(
    kind: ChatKind,
    content: &Content,
    message: &Message,
    variant: &Variant,
    ask: Ask<'_>,
) -> Vec<u8> {
    if let Some(most) = kind.public_characters() {
        return post::post(kind, most, content, message, variant)
            .to_string()
            .into_bytes();
    }
    let (dialect, room) = match kind {
        ChatKind::Slack => (Dialect::Slack, SLACK_ROOM),
        ChatKind::Teams => (Dialect::Card, ROOM),
        ChatKind::Mattermost => (Dialect::Markdown, ROOM),
        ChatKind::Discord => (Dialect::Markdown, DISCORD_ROOM),
        ChatKind::Generic | ChatKind::Mastodon | ChatKind::Social => (Dialect::Plain, ROOM),
    };
    let card = Card::new(content, message, variant, ask, (dialect, room));
    let body = match kind {
        ChatKind::Slack => card.slack(),
        ChatKind::Teams => card.teams(),
        ChatKind::Mattermost => card.mattermost(),
        ChatKind::Discord => card.discord(),
        ChatKind::Generic | ChatKind::Mastodon | ChatKind::Social => {
            json!({"text": card.lines(card.head())})
        }
    };
    body.to_string().into_bytes()
}

impl<'a> Card<'a> {
    fn new(
        content: &Content,
        message: &'a Message,
        variant: &Variant,
        ask: Ask<'a>,
        (dialect, room): (Dialect, usize),
    ) -> Card<'a> {
        let times = times(message, variant);
        let words = times.words;
        let next = next_update(content, &times, dialect);
        let mut card = Card {
            subject: &message.subject,
            headline: headline(&message.subject, dialect),
            tone: Tone::of(content),
            status: status(content, variant.level, words),
            text: Marked {
                blocks: Vec::new(),
                cut: true,
            },
            next,
            page: safe_url(&content.url),
            ask,
            words,
            dialect,
        };
        // The text has the room that all else leaves.
        let taken = marks::units(&card.lines(card.head())) + 2;
        card.text = marked(&message.markdown, dialect, room.saturating_sub(taken));
        card
    }

    /// Where it stands, with its colour.
    fn status(&self) -> Option<String> {
        let status = self.status.as_deref()?;
        Some(format!(
            "{} {}",
            self.tone.sign(),
            line(status, self.dialect)
        ))
    }

    /// The next update, where the text that says it was cut.
    fn next(&self) -> Option<String> {
        self.next.clone().filter(|_| self.text.cut)
    }

    /// What stands below a text that was cut.
    fn rest(&self) -> Vec<String> {
        let page = self.page.as_deref().filter(|_| self.text.cut);
        let whole = page.map(|page| named_link(self.words.chat.whole, page, self.dialect));
        self.next().into_iter().chain(whole).collect()
    }

    /// What its reader is asked for, where that is no button.
    fn asked(&self) -> Option<String> {
        match self.ask {
            Ask::Link(url) if self.dialect == Dialect::Plain => {
                let ask = line(self.words.confirm, self.dialect);
                Some(format!("{ask} {}", address(url, self.dialect)))
            }
            Ask::Link(url) => {
                let ask = line(self.words.confirm, self.dialect);
                let link = named_link(self.words.chat.read_it, url, self.dialect);
                Some(format!("{ask} {}", strong(&link, self.dialect)))
            }
            Ask::ConfirmedBy(name) => {
                let said = self.words.chat.confirmed_by.replace("{name}", name);
                Some(format!("\u{2705} {}", line(&said, self.dialect)))
            }
            Ask::Nothing | Ask::Button(_) => None,
        }
    }

    /// What stands above the text.
    fn head(&self) -> Vec<String> {
        let headline = std::iter::once(self.headline.clone());
        headline.chain(self.status()).collect()
    }

    /// All of it as one text, below this.
    fn lines(&self, head: impl IntoIterator<Item = String>) -> String {
        let parts = head.into_iter().chain(self.text.blocks.iter().cloned());
        let parts: Vec<String> = parts.chain(self.rest()).chain(self.asked()).collect();
        parts.join("\n\n")
    }

    fn slack(&self) -> Value {
        // Verbatim: Slack makes no mentions and links of what it finds.
        let text = |text: String| json!({"type": "mrkdwn", "text": text, "verbatim": true});
        let plain = |text: String| json!({"type": "plain_text", "text": text, "emoji": false});
        let section = |said: String| json!({"type": "section", "text": text(said)});
        let headline = self.headline.clone();
        let mut blocks = vec![json!({"type": "header", "text": plain(headline.clone())})];
        if let Some(status) = self.status() {
            blocks.push(json!({"type": "context", "elements": [text(status)]}));
        }
        let said = self.text.blocks.join("\n\n");
        blocks.extend((!said.is_empty()).then(|| section(said)));
        let rest = self.rest().join("\n");
        blocks.extend((!rest.is_empty()).then(|| section(rest)));
        match self.ask {
            Ask::Button(token) => blocks.push(json!({"type": "actions", "elements": [{
                "type": "button", "action_id": ACKNOWLEDGE, "style": "primary", "value": token,
                "text": plain(self.words.chat.read_it.to_owned())}]})),
            Ask::ConfirmedBy(_) => {
                let by = self.asked().map(text);
                blocks.extend(by.map(|by| json!({"type": "context", "elements": [by]})));
            }
            Ask::Nothing | Ask::Link(_) => blocks.extend(self.asked().map(section)),
        }
        let sign = self.tone.sign();
        let fallback = match self.status {
            Some(_) => format!("{sign} {headline}"),
            None => headline,
        };
        let mut body = json!({"text": fallback, "blocks": blocks,
            "unfurl_links": false, "unfurl_media": false});
        if let Ask::ConfirmedBy(_) = self.ask {
            body["replace_original"] = true.into();
        }
        body
    }

    fn teams(&self) -> Value {
        let block = |text: &str| json!({"type": "TextBlock", "text": text, "wrap": true});
        let mut headline = block(&self.headline);
        headline["size"] = "large".into();
        headline["weight"] = "bolder".into();
        let mut body = vec![headline];
        if let Some(status) = self.status() {
            body.push(
                json!({"type": "Container", "style": self.tone.style(), "items": [block(&status)]}),
            );
        }
        body.extend(self.text.blocks.iter().map(|said| block(said)));
        body.extend(self.next().map(|said| block(&said)));
        let mut actions = Vec::new();
        let mut open = |title: &str, url: &str| {
            actions.push(json!({"type": "Action.OpenUrl", "title": title, "url": url}));
        };
        if let (true, Some(page)) = (self.text.cut, &self.page) {
            open(self.words.chat.whole, page);
        }
        match self.ask {
            Ask::Link(url) => {
                body.push(block(&line(self.words.confirm, self.dialect)));
                open(self.words.chat.read_it, url);
            }
            Ask::Nothing | Ask::Button(_) | Ask::ConfirmedBy(_) => {
                body.extend(self.asked().map(|said| block(&said)));
            }
        }
        let mut card = json!({"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard",
            "version": "1.4", "body": body});
        if !actions.is_empty() {
            card["actions"] = actions.into();
        }
        json!({"type": "message", "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive", "content": card}]})
    }

    fn mattermost(&self) -> Value {
        let mut attachment = json!({"fallback": line(self.subject, Dialect::Plain),
            "title": self.headline, "color": format!("#{:06x}", self.tone.colour()),
            "text": self.lines(self.status())});
        if let Some(page) = &self.page {
            attachment["title_link"] = page.clone().into();
        }
        json!({"attachments": [attachment]})
    }

    fn discord(&self) -> Value {
        let mut embed = json!({"title": self.headline, "color": self.tone.colour(),
            "description": self.lines([])});
        if let Some(page) = &self.page {
            embed["url"] = page.clone().into();
        }
        let mut body = json!({"embeds": [embed], "allowed_mentions": {"parse": []}});
        if let Some(status) = self.status() {
            // What a telephone shows before the room is opened.
            body["content"] = markdown::shorten(&status, 300).into();
        }
        body
    }
}

/// How times are said in a message.
fn times<'a>(message: &Message, variant: &'a Variant) -> Times<'a> {
    Times {
        zone: &variant.zone,
        words: Words::of(&message.language),
        right_to_left: is_right_to_left(&message.language),
        compact: false,
    }
}

/// By when the next update comes.
fn next_update(content: &Content, times: &Times<'_>, dialect: Dialect) -> Option<String> {
    let next = content.next_update?;
    let at = times.at_today(next, content.at);
    let said = times.words.next_update.replace("{{next_update}}", &at);
    Some(line(&said, dialect))
}

/// The subject as it stands above the text.
fn headline(subject: &str, dialect: Dialect) -> String {
    let written = |most| line(&markdown::shorten(subject, most), dialect);
    let fits = |text: &String| marks::units(text) <= HEADLINE;
    let found = [120, 90, 60, 45].into_iter().map(written).find(fits);
    found.unwrap_or_else(|| written(HEADLINE / 5))
}

/// Where an event stands and which services it is about. A test and a digest stand nowhere.
fn status(content: &Content, level: Level, words: &Words) -> Option<String> {
    let is_event = matches!(
        content.event_kind.as_str(),
        "incident" | "maintenance" | "advisory" | "announcement"
    );
    if !is_event || matches!(content.milestone.as_str(), "test" | "digest") {
        return None;
    }
    let (_, said) = status_words(&content.status, words);
    let mut first = said.chars();
    let said: String = first
        .next()
        .map(|c| c.to_uppercase().chain(first).collect())
        .unwrap_or_default();
    let severity = content.severity.filter(|_| level > Level::NonTechnical);
    let severity = severity.map(|severity| severity.as_str().to_owned());
    let services = match words.listed(&content.services) {
        none if none.is_empty() => None,
        some => Some(markdown::shorten(&some, SERVICES)),
    };
    let parts: Vec<String> = [Some(said), severity, services]
        .into_iter()
        .flatten()
        .collect();
    Some(parts.join(" \u{b7} "))
}

#[cfg(test)]
mod tests;
