//! The Atom feed: one entry for each published message.
//!
//! An entry's id comes from the message's id and the host, never from its words: a corrected message does not
//! look new, and an update is never hidden behind an event that a reader has already seen.

use super::page::milestone_words;
use super::{Page, PublicMessage, Snapshot};
use atom_syndication::{Category, Content, Entry, Feed, Generator, Link, Person, Text};
use forewarn_core::id::Id;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// How many messages the feed holds.
const NEWEST: usize = 100;

/// The feed by its path.
pub(super) fn pages(snapshot: &Snapshot) -> BTreeMap<String, Page> {
    let mut out = Vec::new();
    // Writing into memory cannot fail.
    let _ = feed(snapshot).write_to(&mut out);
    BTreeMap::from([(
        "/history.atom".to_owned(),
        Page::new("application/atom+xml; charset=utf-8", out),
    )])
}

/// The host of the page's address, which makes ids unique in the world.
pub(super) fn host(snapshot: &Snapshot) -> String {
    url::Url::parse(&snapshot.public_url)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_else(|| "localhost".into())
}

fn feed(snapshot: &Snapshot) -> Feed {
    let mut messages: Vec<(&PublicMessage, &Id, &str)> = Vec::new();
    for item in &snapshot.incidents {
        let event = (&item.incident.id, item.incident.title.as_str());
        messages.extend(item.messages.iter().map(|m| (m, event.0, event.1)));
    }
    for item in snapshot.public_maintenances() {
        let event = (&item.maintenance.id, item.maintenance.title.as_str());
        messages.extend(item.messages.iter().map(|m| (m, event.0, event.1)));
    }
    for item in &snapshot.advisories {
        let event = (&item.advisory.id, item.advisory.title.as_str());
        messages.extend(item.messages.iter().map(|m| (m, event.0, event.1)));
    }
    for item in &snapshot.announcements {
        let event = (&item.announcement.id, item.announcement.title.as_str());
        messages.extend(item.messages.iter().map(|m| (m, event.0, event.1)));
    }
    messages.sort_by(|a, b| (b.0.at, &b.0.id).cmp(&(a.0.at, &a.0.id)));
    messages.truncate(NEWEST);
    let name = &snapshot.organisation.name;
    Feed {
        title: Text::plain(xml(&format!("{name}: status"))),
        id: format!("tag:{},2026:status", host(snapshot)),
        updated: stamp(snapshot.last_said_at()),
        authors: vec![Person {
            name: xml(name),
            ..Person::default()
        }],
        generator: Some(Generator {
            value: "Forewarn".into(),
            ..Generator::default()
        }),
        links: vec![
            link(
                "self",
                "application/atom+xml",
                snapshot.url("/history.atom"),
            ),
            link("alternate", "text/html", snapshot.url("/")),
        ],
        entries: messages
            .into_iter()
            .map(|(message, event, title)| entry(snapshot, message, event, title))
            .collect(),
        lang: snapshot.organisation.languages.first().cloned(),
        ..Feed::default()
    }
}

fn entry(snapshot: &Snapshot, message: &PublicMessage, event: &Id, title: &str) -> Entry {
    let step = milestone_words(&message.milestone);
    let url = snapshot.url(&format!("/events/{event}#{}", message.id));
    Entry {
        title: Text::plain(xml(&format!("{step}: {title}"))),
        id: format!("tag:{},2026:message/{}", host(snapshot), message.id),
        updated: stamp(message.at),
        published: Some(stamp(message.at)),
        links: vec![link("alternate", "text/html", url)],
        categories: vec![Category {
            term: message.milestone.clone(),
            ..Category::default()
        }],
        content: Some(Content {
            content_type: Some("html".into()),
            lang: Some(message.language.clone()),
            value: Some(xml(&turned(message))),
            ..Content::default()
        }),
        ..Entry::default()
    }
}

/// Readers show a message in the direction of their own page, so one that goes the other way says so.
fn turned(message: &PublicMessage) -> String {
    match message.direction() {
        "rtl" => format!("<div dir=\"rtl\">{}</div>", message.html),
        _ => message.html.clone(),
    }
}

fn link(rel: &str, mime: &str, href: String) -> Link {
    Link {
        rel: rel.into(),
        mime_type: Some(mime.into()),
        href,
        ..Link::default()
    }
}

fn stamp(at: Timestamp) -> atom_syndication::FixedDateTime {
    // Every instant of ours can be written as RFC 3339, which is what the feed's own type reads.
    at.to_string().parse().unwrap_or_default()
}

/// Text without the characters that no XML document may hold, escaped or not.
fn xml(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}'))
        .collect()
}
