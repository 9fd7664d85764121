//! The banner: a script that other people's pages load, and what it shows there: what is wrong now and planned soon, in a line each.

use super::view::View;
use super::{Page, Snapshot};
use forewarn_core::id::Id;
use forewarn_core::incident::{Impact, Severity};
use forewarn_core::maintenance::Status;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;

const TEXT: &str = include_str!("../../assets/banner.js");

/// Planned work is in it from so long before its start; a page that shows the banner may want less.
const AHEAD: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The longest text of a line, in characters: more stands on the event's page.
const MOST_TEXT: usize = 200;

/// Where the script is.
pub const SCRIPT: &str = "/banner.js";

/// Where it asks.
pub const JSON: &str = "/banner.json";

#[derive(Serialize)]
struct Banner<'a> {
    as_of: Timestamp,
    page: &'a str,
    organisation: &'a str,
    /// The language of all that stands in it.
    language: &'a str,
    direction: &'a str,
    /// Where events are, from where the script is.
    events: String,
    /// What the script says beside them.
    words: Words,
    items: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Words {
    next: &'static str,
    more: &'static str,
    more_about: &'static str,
    put_away: &'static str,
}

/// A line.
#[derive(Serialize)]
struct Item<'a> {
    id: &'a Id,
    kind: &'static str,
    /// `down`, `slow` or `info`.
    tone: &'static str,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    services: Vec<&'a Id>,
    /// When something was last said of it: who has put it away sees it again when that changes.
    said_at: Timestamp,
    /// Planned work goes on.
    started: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    starts: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ends: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_update: Option<Timestamp>,
}

/// The script and its data in each language, by their paths.
pub(super) fn pages(views: &[View<'_>]) -> BTreeMap<String, Page> {
    let data = |view: &View<'_>| {
        let said = &view.texts.banner;
        let banner = Banner {
            as_of: view.made_at,
            page: &view.public_url,
            organisation: &view.organisation.name,
            language: view.texts.code,
            direction: view.texts.direction(),
            events: view.at("/events/").trim_start_matches('/').to_owned(),
            words: Words {
                next: said.next,
                more: said.more,
                more_about: said.more_about,
                put_away: said.put_away,
            },
            items: incidents(view).chain(work(view)).collect(),
        };
        let json = serde_json::to_vec(&banner).unwrap_or_default();
        (view.at(JSON), Page::new("application/json", json))
    };
    let script = Page::new("text/javascript; charset=utf-8", TEXT);
    let mut pages: BTreeMap<String, Page> = views.iter().map(data).collect();
    pages.insert(SCRIPT.to_owned(), script);
    pages
}

fn incidents<'a>(view: &'a View<'a>) -> impl Iterator<Item = Item<'a>> {
    view.open_incidents().into_iter().map(|public| {
        let incident = &public.incident;
        let down = incident
            .services
            .values()
            .any(|i| *i == Impact::MajorOutage);
        Item {
            id: &incident.id,
            kind: "incident",
            tone: match down || incident.severity == Severity::P1 {
                true => "down",
                false => "slow",
            },
            title: &incident.title,
            text: public
                .latest()
                .map(|said| first_words(said.wording(view.texts.code).text)),
            services: incident.services.keys().collect(),
            said_at: public.changed_at(),
            started: true,
            starts: None,
            ends: None,
            next_update: public.next_update_at(),
        }
    })
}

fn work(snapshot: &Snapshot) -> impl Iterator<Item = Item<'_>> {
    let soon = snapshot.made_at + AHEAD;
    let public = snapshot.public_maintenances().into_iter();
    public.filter_map(move |public| {
        let maintenance = &public.maintenance;
        let (start, end) = maintenance.window();
        let started = maintenance.status == Status::InProgress;
        let ahead = maintenance.status == Status::Scheduled && start <= soon;
        (started || ahead).then(|| Item {
            id: &maintenance.id,
            kind: "maintenance",
            tone: "info",
            title: &maintenance.title,
            text: maintenance.facts.effect.as_deref().map(short),
            services: maintenance.services.iter().collect(),
            said_at: public.latest().map_or(public.changed_at, |m| m.at),
            started,
            starts: Some(start),
            ends: Some(end),
            next_update: None,
        })
    })
}

/// The first paragraph of a message.
fn first_words(text: &str) -> String {
    let mut parts = text.split("\n\n");
    let first = parts.find(|part| !part.trim().is_empty());
    short(first.unwrap_or_default())
}

/// A text in one line, cut between words.
fn short(text: &str) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if line.chars().count() + word.chars().count() >= MOST_TEXT {
            line.push('…');
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_words() {
        assert_eq!(short("  You cannot\n sign in. "), "You cannot sign in.");
        let long = short(&"word ".repeat(100));
        assert!(
            long.ends_with("word…") && long.chars().count() <= MOST_TEXT + 1,
            "{long}"
        );
        assert_eq!(short(&"x".repeat(1_000)), "…");
    }

    #[test]
    fn the_script_is_a_few_kilobytes() {
        assert!(TEXT.len() < 6_000, "{} bytes", TEXT.len());
    }
}
