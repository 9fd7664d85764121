//! What is owed next.

use super::layout::text;
use super::{DraftCard, Frame, NoticeRow};
use askama::Template;
use forewarn_core::editing::{Ask, Request};
use jiff::Timestamp;

/// The first page: what is owed next, and what is in doubt.
#[derive(Template)]
#[template(path = "console/now.html")]
pub struct Now {
    /// The frame.
    pub frame: Frame,
    /// Drafts that wait for a person.
    pub drafts: Vec<DraftCard>,
    /// Requests for help with a text, the oldest first.
    pub helps: Vec<HelpCard>,
    /// Open promises, the nearest first.
    pub promises: Vec<PromiseRow>,
    /// Things in doubt, the gravest first.
    pub doubts: Vec<Doubt>,
    /// Notices going out.
    pub going_out: Vec<NoticeRow>,
    /// Notices due next (about ten).
    pub due_next: Vec<NoticeRow>,
    /// Nothing has been set up yet: the page says how to begin.
    pub fresh: bool,
}

/// A request for help with a text in which somebody is waited for.
#[derive(Clone, Debug)]
pub struct HelpCard {
    /// The request.
    pub request: Request,
    /// The title of its event.
    pub title: String,
    /// A suggestion waits for the author; else the team is waited for.
    pub answered: bool,
}

/// An open promise.
#[derive(Clone, Debug)]
pub struct PromiseRow {
    /// The console's page of the incident or advisory.
    pub path: String,
    /// Its title.
    pub title: String,
    /// How grave it is and where it stands.
    pub standing: String,
    /// By when the next update was promised.
    pub due: Timestamp,
    /// It is on record that it was not kept.
    pub broken: bool,
    /// Who speaks for it, where somebody should.
    pub speaker: Option<Speaker>,
}

/// Who speaks for an incident.
#[derive(Clone, Debug)]
pub enum Speaker {
    /// Somebody does.
    Speaks(String),
    /// Somebody is meant to, and has not answered.
    Meant(String),
    /// Nobody can.
    Nobody,
}

/// Something in doubt.
#[derive(Clone, Debug)]
pub struct Doubt {
    /// What: "7 deliveries are unknown".
    pub what: String,
    /// Why it matters, or what to do.
    pub why: String,
    /// Where to look: a path of the console.
    pub link: String,
    /// It cannot wait.
    pub grave: bool,
}

impl Now {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    /// The page in one sentence.
    fn summary(&self) -> String {
        match self.drafts.len() {
            0 => self.owed(),
            1 => format!("A draft waits for your word. {}", self.owed()),
            n => format!("{n} drafts wait for your word. {}", self.owed()),
        }
    }

    fn owed(&self) -> String {
        let late = self.promises.iter().filter(|p| p.due < self.frame.now);
        match (late.count(), self.promises.len(), self.doubts.len()) {
            (0, 0, 0) => "Nothing is owed and nothing is in doubt.".into(),
            (0, 0, n) => format!("No promise is open; {} in doubt.", things(n)),
            (0, n, 0) => format!("{} open, none late.", promises(n)),
            (0, n, m) => format!("{} open, none late; {} in doubt.", promises(n), things(m)),
            (late, n, _) => format!("{} open, {late} late.", promises(n)),
        }
    }

    fn asked(&self, card: &HelpCard) -> &'static str {
        match (card.answered, card.request.ask) {
            (true, _) => "a suggestion waits for the author",
            (false, Ask::Support) => "a text waits to be improved",
            (false, Ask::Draft) => "a text waits to be written",
        }
    }

    /// Calm, soon, or late.
    fn tone(&self, promise: &PromiseRow) -> &'static str {
        let left = promise.due.duration_since(self.frame.now);
        match left.as_secs() {
            ..0 => "down",
            0..900 => "slow",
            _ => "info",
        }
    }
}

fn promises(n: usize) -> String {
    format!("{n} promise{} ", if n == 1 { " is" } else { "s are" })
        .trim_end()
        .to_owned()
}

fn things(n: usize) -> String {
    format!("{n} thing{}", if n == 1 { " is" } else { "s are" })
}
