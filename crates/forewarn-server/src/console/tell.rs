//! What somebody is about to do with an event that people are told of: what they would read at each level, to be edited before it goes out.

use super::layout::text;
use super::preview::Shown;
use super::readings::{Question, questions};
use super::{Frame, LevelLook, Typed};
use crate::status_page::milestone_words;
use askama::Template;
use forewarn_core::texts::AHEAD;

/// The form of one act, with the texts of its message.
#[derive(Template)]
#[template(path = "console/tell.html")]
pub struct TellPage {
    /// What every page has.
    pub frame: Frame,
    /// The event's own page.
    pub back: String,
    /// The event's title.
    pub title: String,
    /// The kind of event.
    pub kind: &'static str,
    /// What is done, by its name in the API: `delay`, `fix`, `texts`.
    pub action: String,
    /// Of texts that are edited: which message has them.
    pub message: Option<&'static str>,
    /// Where the form is sent, before `/words` and `/preview`.
    pub path: String,
    /// What was typed and what is wrong.
    pub typed: Typed,
    /// The text of each level.
    pub levels: Vec<LevelLook>,
    /// Which edited texts may not fit any more, in sentences.
    pub stale: Vec<String>,
    /// The messages, each once.
    pub messages: Vec<Shown>,
    /// Why there are none, in sentences.
    pub problems: Vec<String>,
}

/// Something that the act needs.
struct Ask {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    /// `area`, `check`, or the type of an input.
    kind: &'static str,
}

const fn ask(
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    kind: &'static str,
) -> Ask {
    Ask {
        name,
        label,
        hint,
        kind,
    }
}

const REASON: Ask = ask("reason", "Reason, as people will read it", "", "area");
const END: Ask = ask("end", "New end", "", "datetime-local");

impl TellPage {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    /// What is done: the heading, what comes of it, and the button.
    fn words(&self) -> [&'static str; 3] {
        match (self.kind, self.action.as_str()) {
            ("maintenance", "start") => [
                "Start the work",
                "Everybody who hears of the work is told at once that it has begun.",
                "Start and tell people",
            ],
            ("maintenance", "complete") => [
                "Complete the work",
                "Everybody who hears of the work is told at once that it is done.",
                "Complete and tell people",
            ],
            ("maintenance", "delay") => [
                "Delay the work",
                "Everybody who was told hears of the new time at once, and the reminders are planned again.",
                "Delay and tell people",
            ],
            ("maintenance", "extend") => [
                "Extend the work",
                "Everybody who was told hears of the new end at once.",
                "Extend and tell people",
            ],
            ("announcement", "move") => [
                "Move it",
                "Everybody who hears of it is told at once, and reminded before the new time.",
                "Move and tell people",
            ],
            ("announcement", "effective") => [
                "It is in effect",
                "Everybody who hears of it is told at once.",
                "Say that it is in effect",
            ],
            ("advisory", "updates") => [
                "Post an update",
                "Everybody who heard of the fault is told.",
                "Publish now",
            ],
            ("advisory", "fix") => [
                "The fix is out",
                "Everybody who heard of the fault is told, and who asked for the fix.",
                "Say that it is fixed",
            ],
            ("advisory", "withdraw") => [
                "Withdraw it",
                "Everybody who heard of the fault is told.",
                "Withdraw and tell people",
            ],
            (_, "texts") => [
                "What a message says",
                "Nobody is told of this by itself: the message says it when it goes out.",
                "Keep it",
            ],
            _ => [
                "Cancel it",
                "Everybody who was told hears at once that it will not happen.",
                "Cancel it and tell people",
            ],
        }
    }

    fn heading(&self) -> String {
        let [heading, ..] = self.words();
        self.message
            .map_or_else(|| heading.to_owned(), milestone_words)
    }

    fn consequence(&self) -> &'static str {
        self.words()[1]
    }

    fn button(&self) -> &'static str {
        self.words()[2]
    }

    fn asks(&self) -> Vec<Ask> {
        match (self.kind, self.action.as_str()) {
            ("maintenance", "start") => vec![ask(
                "early",
                "It begins long before its window, and that is meant",
                "",
                "check",
            )],
            ("maintenance", "delay") => {
                vec![ask("start", "New start", "", "datetime-local"), END, REASON]
            }
            ("maintenance", "extend") => vec![END, REASON],
            ("announcement", "move") => {
                vec![
                    ask("effective", "Takes effect", "", "datetime-local"),
                    REASON,
                ]
            }
            (_, "cancel") => vec![REASON],
            ("advisory", "updates") => vec![
                ask("text", "What people should know now", "", "area"),
                ask(
                    "next_update_in",
                    "Next update in",
                    "Only if you can keep it, for example 2bd or 24h.",
                    "text",
                ),
            ],
            ("advisory", "fix") => vec![
                ask(
                    "action",
                    "What people do to get it",
                    "Leave empty if they have it already.",
                    "area",
                ),
                ask(
                    "text",
                    "In your own words",
                    "Empty: made from what is known.",
                    "area",
                ),
            ],
            ("advisory", "withdraw") => vec![ask("text", "Why it no longer holds", "", "area")],
            _ => Vec::new(),
        }
    }

    /// What is sent along without being seen.
    fn hidden(&self) -> Vec<&'static str> {
        let names = ["version", "revision", "requesters"].into_iter();
        names
            .filter(|name| !self.typed.value(name).is_empty())
            .collect()
    }

    fn asked(&self) -> Vec<Question> {
        questions(&self.typed, &self.frame.zone)
    }

    fn guarded(&self) -> &'static [&'static str] {
        &["privacy_override"]
    }

    /// What stands around an edited text.
    fn around(&self) -> &'static str {
        match self.kind {
            "advisory" => super::level_look::PROMISED,
            _ => super::level_look::PLANNED,
        }
    }

    /// For how long an edited text holds.
    fn once(&self) -> &'static str {
        match self.message {
            Some(AHEAD) => super::level_look::AHEAD,
            Some(_) | None => super::level_look::ONCE,
        }
    }
}
