//! The feeds: one entry for each published message, as Atom (RFC 4287), RSS 2.0 and JSON Feed 1.1.
//!
//! An entry's id comes from the message's id and the host, never from its words: a corrected message does not
//! look new, and an update is never hidden behind an event that a reader has already seen. It is the same in all three.

use super::page::milestone_words;
use super::xml::{Xml, legal};
use super::{Page, PublicMessage, Snapshot};
use atom_syndication::{Category, Content, Entry, Feed, Generator, Link, Person, Text};
use forewarn_core::id::Id;
use forewarn_core::words::direction;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How many messages the feeds hold.
const NEWEST: usize = 100;

/// The same messages in three formats.
pub(super) const ATOM: &str = "/history.atom";
pub(super) const RSS: &str = "/history.rss";
pub(super) const JSON: &str = "/feed.json";

/// After so many minutes readers of RSS may look again.
const LOOK_AGAIN: &str = "5";

/// The feeds by their paths.
pub(super) fn pages(snapshot: &Snapshot) -> BTreeMap<String, Page> {
    let messages = newest(snapshot);
    let mut atom = Vec::new();
    // Writing into memory cannot fail.
    let _ = feed(snapshot, &messages).write_to(&mut atom);
    let json = json_feed(snapshot, &messages).to_string();
    BTreeMap::from([
        (
            ATOM.to_owned(),
            Page::new("application/atom+xml; charset=utf-8", atom),
        ),
        (
            RSS.to_owned(),
            Page::new(
                "application/rss+xml; charset=utf-8",
                rss(snapshot, &messages),
            ),
        ),
        (JSON.to_owned(), Page::new("application/feed+json", json)),
    ])
}

/// The host of the page's address, which makes ids unique in the world.
pub(super) fn host(snapshot: &Snapshot) -> String {
    url::Url::parse(&snapshot.public_url)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_else(|| "localhost".into())
}

/// A message and what it is about.
struct Said<'a> {
    message: &'a PublicMessage,
    event: &'a Id,
    about: &'a str,
}

impl Said<'_> {
    fn title(&self) -> String {
        format!(
            "{}: {}",
            milestone_words(&self.message.milestone),
            self.about
        )
    }

    fn id(&self, snapshot: &Snapshot) -> String {
        format!("tag:{},2026:message/{}", host(snapshot), self.message.id)
    }

    fn url(&self, snapshot: &Snapshot) -> String {
        snapshot.url(&format!("/events/{}#{}", self.event, self.message.id))
    }
}

/// The newest messages of all events, the newest first.
fn newest(snapshot: &Snapshot) -> Vec<Said<'_>> {
    let mut messages: Vec<Said<'_>> = Vec::new();
    for item in &snapshot.incidents {
        let event = &item.incident;
        messages.extend(all(&item.messages, &event.id, &event.title));
    }
    for item in snapshot.public_maintenances() {
        let event = &item.maintenance;
        messages.extend(all(&item.messages, &event.id, &event.title));
    }
    for item in &snapshot.advisories {
        let event = &item.advisory;
        messages.extend(all(&item.messages, &event.id, &event.title));
    }
    for item in &snapshot.announcements {
        let event = &item.announcement;
        messages.extend(all(&item.messages, &event.id, &event.title));
    }
    messages.sort_by(|a, b| (b.message.at, &b.message.id).cmp(&(a.message.at, &a.message.id)));
    messages.truncate(NEWEST);
    messages
}

fn all<'a>(
    messages: &'a [PublicMessage],
    event: &'a Id,
    about: &'a str,
) -> impl Iterator<Item = Said<'a>> {
    messages.iter().map(move |message| Said {
        message,
        event,
        about,
    })
}

fn name(snapshot: &Snapshot) -> String {
    match &snapshot.private {
        Some(private) => format!("{}: status, {}", snapshot.organisation.name, private.name),
        None => format!("{}: status", snapshot.organisation.name),
    }
}

fn feed(snapshot: &Snapshot, messages: &[Said<'_>]) -> Feed {
    Feed {
        title: Text::plain(legal(&name(snapshot))),
        id: match &snapshot.private {
            Some(private) => format!("tag:{},2026:status/{}", host(snapshot), private.audience),
            None => format!("tag:{},2026:status", host(snapshot)),
        },
        updated: stamp(snapshot.last_said_at()),
        authors: vec![Person {
            name: legal(&snapshot.organisation.name),
            ..Person::default()
        }],
        generator: Some(Generator {
            value: "Forewarn".into(),
            ..Generator::default()
        }),
        links: vec![
            link("self", "application/atom+xml", snapshot.feed_url(ATOM)),
            link("alternate", "text/html", snapshot.url("/")),
        ],
        entries: messages.iter().map(|said| entry(snapshot, said)).collect(),
        lang: snapshot.organisation.languages.first().cloned(),
        ..Feed::default()
    }
}

fn entry(snapshot: &Snapshot, said: &Said<'_>) -> Entry {
    let message = said.message;
    Entry {
        title: Text::plain(legal(&said.title())),
        id: said.id(snapshot),
        updated: stamp(message.at),
        published: Some(stamp(message.at)),
        links: vec![link("alternate", "text/html", said.url(snapshot))],
        categories: vec![Category {
            term: message.milestone.clone(),
            ..Category::default()
        }],
        content: Some(Content {
            content_type: Some("html".into()),
            lang: Some(message.language.clone()),
            value: Some(legal(&turned(message))),
            ..Content::default()
        }),
        ..Entry::default()
    }
}

/// RSS 2.0. Its `guid` is no address, so that it stays when the page moves.
fn rss(snapshot: &Snapshot, messages: &[Said<'_>]) -> String {
    let own = snapshot.feed_url(RSS);
    let mut xml = Xml::new();
    let root = [
        ("version", "2.0"),
        ("xmlns:atom", "http://www.w3.org/2005/Atom"),
    ];
    xml.within("rss", &root, |xml| {
        xml.within("channel", &[], |xml| {
            xml.text("title", &name(snapshot));
            xml.text("link", &snapshot.url("/"));
            xml.text("description", "Planned work, problems and known faults");
            xml.text("language", snapshot.organisation.language());
            xml.text("lastBuildDate", &mail_date(snapshot.last_said_at()));
            xml.text("generator", "Forewarn");
            xml.text("ttl", LOOK_AGAIN);
            let link = [
                ("href", own.as_str()),
                ("rel", "self"),
                ("type", "application/rss+xml"),
            ];
            xml.text_with("atom:link", &link, "");
            for said in messages {
                xml.within("item", &[], |xml| {
                    xml.text("title", &said.title());
                    xml.text("link", &said.url(snapshot));
                    xml.text_with("guid", &[("isPermaLink", "false")], &said.id(snapshot));
                    xml.text("pubDate", &mail_date(said.message.at));
                    xml.text("category", &said.message.milestone);
                    xml.text("description", &turned(said.message));
                });
            }
        });
    });
    xml.finish()
}

/// JSON Feed 1.1.
fn json_feed(snapshot: &Snapshot, messages: &[Said<'_>]) -> Value {
    let items: Vec<Value> = messages
        .iter()
        .map(|said| {
            json!({
                "id": said.id(snapshot),
                "url": said.url(snapshot),
                "title": said.title(),
                "content_html": turned(said.message),
                "content_text": said.message.text,
                "date_published": said.message.at,
                "language": said.message.language,
                "tags": [said.message.milestone],
            })
        })
        .collect();
    json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": name(snapshot),
        "description": "Planned work, problems and known faults",
        "home_page_url": snapshot.url("/"),
        "feed_url": snapshot.feed_url(JSON),
        "language": snapshot.organisation.language(),
        "authors": [{"name": snapshot.organisation.name, "url": snapshot.url("/")}],
        "items": items,
    })
}

/// Readers show a message in the direction of their own page, so one that goes the other way says so.
fn turned(message: &PublicMessage) -> String {
    match direction(&message.language) {
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

/// A date as RSS wants it (RFC 822 with a year of four digits).
fn mail_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}
