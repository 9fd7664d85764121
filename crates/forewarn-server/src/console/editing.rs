//! Help with a text: one request, the requests about an event, and versions side by side.

use super::layout::text;
use super::{Frame, Typed};
use crate::ops::editing::Shown;
use crate::ops::version::{Compared, Text};
use askama::Template;
use forewarn_core::editing::{Ask, Request, Standing};

/// Characters of a version that the list shows.
const GLIMPSE: usize = 80;

/// One request with what was said to it.
///
/// Its forms post `comment`, `suggested`, `suggestion` to `comment`, `suggest`, `take`, `decline`, `close`.
#[derive(Template)]
#[template(path = "console/editing.html")]
pub struct EditingPage {
    /// What every page has.
    pub frame: Frame,
    /// Where the event stands in the console.
    pub event_path: String,
    /// The event's title.
    pub title: String,
    /// The request.
    pub shown: Shown,
    /// What was typed and what is wrong with it.
    pub typed: Typed,
}

/// The requests about an event, and the form of the next: `ask`, `text`, `help_note`.
#[derive(Template)]
#[template(path = "console/help.html")]
pub struct HelpPage {
    /// What every page has.
    pub frame: Frame,
    /// The event.
    pub event: String,
    /// Where it stands in the console.
    pub event_path: String,
    /// Its title.
    pub title: String,
    /// To how many addresses the team is told.
    pub team: usize,
    /// The reader has a draft of their own, which stands in the form.
    pub own: bool,
    /// Requests, the newest first.
    pub items: Vec<Request>,
    /// What was typed and what is wrong with it.
    pub typed: Typed,
}

/// What was typed for an event and sent about it, two of them side by side.
#[derive(Template)]
#[template(path = "console/versions.html")]
pub struct VersionsPage {
    /// What every page has.
    pub frame: Frame,
    /// The event.
    pub event: String,
    /// Where it stands in the console.
    pub event_path: String,
    /// Its title.
    pub title: String,
    /// Every version, the newest first.
    pub items: Vec<Text>,
    /// The two that are compared.
    pub compared: Option<Compared>,
}

fn words(status: Standing) -> &'static str {
    match status {
        Standing::Asked => "waits for the team",
        Standing::Answered => "a suggestion waits",
        Standing::Taken => "taken",
        Standing::Declined => "declined",
        Standing::Closed => "closed",
    }
}

fn tone(status: Standing) -> &'static str {
    match status {
        Standing::Asked => "slow",
        Standing::Answered => "info",
        Standing::Taken => "ok",
        Standing::Declined | Standing::Closed => "near",
    }
}

impl EditingPage {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    fn heading(&self) -> &'static str {
        match self.shown.request.ask {
            Ask::Support => "Support my draft",
            Ask::Draft => "Draft it for me",
        }
    }

    fn status(&self) -> &'static str {
        words(self.shown.request.status)
    }

    fn tone(&self) -> &'static str {
        tone(self.shown.request.status)
    }

    fn is_open(&self) -> bool {
        self.shown.request.status != Standing::Closed
    }

    fn can_suggest(&self) -> bool {
        self.is_open() && self.shown.request.status != Standing::Taken
    }
}

impl HelpPage {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    fn ask(&self, request: &Request) -> &'static str {
        match request.ask {
            Ask::Support => "support for a draft",
            Ask::Draft => "a draft",
        }
    }

    fn status(&self, request: &Request) -> &'static str {
        words(request.status)
    }

    fn tone(&self, request: &Request) -> &'static str {
        tone(request.status)
    }
}

impl VersionsPage {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    /// What a version is called.
    fn name(&self, text: &Text) -> String {
        let who = text.author.as_deref().unwrap_or_default();
        let what = match text.origin {
            "sent" => {
                let milestone = text.milestone.as_deref().unwrap_or_default();
                return format!("Sent: {}", milestone.replace('_', " "));
            }
            "asked" => "asked for help with it",
            "suggested" => "suggested it",
            "taken" => "took it",
            "undone" => "sent it and took it back",
            _ => "typed it",
        };
        format!("Version {}: {who} {what}", text.id)
    }

    /// How it begins, on one line.
    fn begins(&self, text: &Text) -> String {
        let line: Vec<&str> = text.text.split_whitespace().collect();
        let line = line.join(" ");
        let glimpse: String = line.chars().take(GLIMPSE).collect();
        match glimpse.len() < line.len() {
            true => format!("{glimpse}…"),
            false => glimpse,
        }
    }

    fn is_same(&self) -> bool {
        let mut parts = self.compared.iter().flat_map(|two| &two.difference);
        parts.all(|part| part.change == "same")
    }

    /// Where nothing was chosen, the newest is compared with the one before it.
    fn is_before(&self, text: &Text, place: &usize) -> bool {
        match &self.compared {
            Some(two) => two.before.id == text.id,
            None => *place == 1.min(self.items.len() - 1),
        }
    }

    fn is_after(&self, text: &Text, place: &usize) -> bool {
        match &self.compared {
            Some(two) => two.after.id == text.id,
            None => *place == 0,
        }
    }
}
