//! Changes ahead: the calendar of what has no hour yet, and the form of an entry.

use super::layout::text;
use super::{Choice, Frame, Typed};
use askama::Template;
use forewarn_core::change_ahead::{ChangeAhead, ChangeKind};
use forewarn_core::id::Id;

/// Every entry.
#[derive(Template)]
#[template(path = "console/changes.html")]
pub struct ChangeList {
    /// The frame.
    pub frame: Frame,
    /// What is still to come, the next first.
    pub ahead: Vec<ChangeRow>,
    /// What has passed, the last first.
    pub past: Vec<ChangeRow>,
}

/// An entry in the list.
pub struct ChangeRow {
    /// The entry.
    pub change: ChangeAhead,
    /// Names of its services.
    pub services: Vec<String>,
}

/// The form of an entry, new or known.
#[derive(Template)]
#[template(path = "console/change.html")]
pub struct ChangePage {
    /// The frame.
    pub frame: Frame,
    /// Which entry; none where a new one is entered.
    pub known: Option<Id>,
    /// Services to choose among.
    pub services: Vec<Choice>,
    /// What it says, or what was typed and refused.
    pub typed: Typed,
}

impl ChangeList {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    fn parts(&self) -> [(&'static str, &[ChangeRow]); 2] {
        [("Ahead", &self.ahead), ("Past", &self.past)]
    }
}

impl ChangePage {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    fn address(&self) -> String {
        match &self.known {
            Some(id) => format!("/console/changes/{id}"),
            None => "/console/changes".to_owned(),
        }
    }

    fn kinds(&self) -> [(&'static str, &'static str); 4] {
        ChangeKind::ALL.map(|kind| (kind.as_str(), kind.words()))
    }
}

/// The fields of an entry as a form holds them.
pub(super) fn fields_of(change: &ChangeAhead) -> Vec<(String, String)> {
    let text = |id: &Id| id.to_string();
    let mut fields = vec![
        ("title", change.title.clone()),
        ("kind", change.kind.as_str().to_owned()),
        ("when", change.when.to_string()),
        ("summary", change.summary.clone().unwrap_or_default()),
        ("url", change.url.clone().unwrap_or_default()),
        (
            "maintenance",
            change.maintenance.as_ref().map(text).unwrap_or_default(),
        ),
    ];
    fields.extend(change.services.iter().map(|id| ("services", text(id))));
    let named = fields.into_iter();
    named
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
