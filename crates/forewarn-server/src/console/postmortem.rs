//! What is explained after an incident: the draft in a form, who agreed, the publication; and actions of all incidents.

use super::layout::text;
use super::{Frame, Typed};
use crate::ops::incident::postmortem::{Draft, is_overdue};
use askama::Template;
use forewarn_store::ActionRow;
use jiff::civil::Date;

/// Lines for actions that are not there yet.
const EMPTY_ROWS: usize = 3;

/// One postmortem.
///
/// Its form posts the sections and `actions.{n}.{what,owner,due,done}` to `postmortem`, with `version`.
#[derive(Template)]
#[template(path = "console/postmortem.html")]
pub struct PostmortemPage {
    /// The frame.
    pub frame: Frame,
    /// The draft.
    pub draft: Draft,
    /// What stands in the form, and what is wrong with it.
    pub typed: Typed,
}

/// Actions of all incidents.
#[derive(Template)]
#[template(path = "console/actions.html")]
pub struct ActionList {
    /// The frame.
    pub frame: Frame,
    /// To be done first.
    pub items: Vec<ActionRow>,
    /// The day it is.
    pub today: Date,
}

impl PostmortemPage {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    fn is_published(&self) -> bool {
        self.draft.stored.published_at.is_some()
    }

    /// The actions' lines in the form: those there are, and some to fill in.
    fn rows(&self) -> Vec<usize> {
        let number = |name: &str| {
            name.strip_prefix("actions.")?
                .split('.')
                .next()?
                .parse()
                .ok()
        };
        let typed = self.typed.fields.iter();
        let last = typed.filter_map(|(name, _)| number(name)).max();
        let rows = last.unwrap_or(0).min(99) + EMPTY_ROWS;
        (1..=rows).collect()
    }

    fn of(&self, row: &usize, field: &str) -> &str {
        self.typed.value(&format!("actions.{row}.{field}"))
    }

    fn missing(&self) -> String {
        let names = self.draft.missing();
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        names.join(", ")
    }
}

impl ActionList {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    fn overdue(&self, action: &&ActionRow) -> bool {
        is_overdue(action, self.today)
    }
}
