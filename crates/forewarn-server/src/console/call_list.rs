//! The call list of an incident.

use super::Frame;
use super::layout::text;
use crate::ops::call_list::Line;
use askama::Template;
use forewarn_core::call_list::CallOutcome;
use forewarn_core::incident::Incident;

/// Who is to be called, with buttons that a thumb finds.
#[derive(Template)]
#[template(path = "console/call_list.html")]
pub struct CallListPage {
    /// What every page has.
    pub frame: Frame,
    /// The incident.
    pub incident: Incident,
    /// Who is called, in order.
    pub lines: Vec<Line>,
}

impl CallListPage {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    fn outcomes(&self) -> [(CallOutcome, &'static str); 3] {
        [
            (CallOutcome::Reached, "Reached"),
            (CallOutcome::NoAnswer, "No answer"),
            (CallOutcome::WrongNumber, "Wrong number"),
        ]
    }

    fn words(&self, outcome: &CallOutcome) -> &'static str {
        let found = self.outcomes().into_iter().find(|(o, _)| o == outcome);
        found.map_or("", |(_, words)| words)
    }

    fn tone(&self, outcome: &CallOutcome) -> &'static str {
        match outcome {
            CallOutcome::Reached => "ok",
            CallOutcome::NoAnswer | CallOutcome::WrongNumber => "slow",
        }
    }

    /// "a text message, then a mail"
    fn otherwise(&self, line: &Line) -> String {
        let words = line.otherwise.iter().map(|channel| match channel.as_str() {
            "sms" => "a text message",
            _ => "a mail",
        });
        words.collect::<Vec<_>>().join(", then ")
    }

    fn reached(&self) -> usize {
        let reached = |line: &&Line| {
            line.last
                .as_ref()
                .is_some_and(|l| l.outcome == CallOutcome::Reached)
        };
        self.lines.iter().filter(reached).count()
    }
}
