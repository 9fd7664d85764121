//! Changes ahead: releases, moves and ends of life that people should know of long before they have an hour.
//!
//! An entry says what everybody may know. When its time is firm a maintenance carries it out, and stands in its place.

use crate::document::{Fields, Named, Node, Problems, line, prose};
use crate::id::Id;
use crate::message::safe_url;
use crate::period::Period;
use crate::problem::unknown;
use serde::{Deserialize, Serialize};

/// What kind of change it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Something new.
    Release,
    /// Work that interrupts.
    Maintenance,
    /// People or data move from one thing to another.
    Migration,
    /// Something goes away.
    EndOfLife,
}

impl ChangeKind {
    /// Every kind.
    pub const ALL: [ChangeKind; 4] = [
        ChangeKind::Release,
        ChangeKind::Maintenance,
        ChangeKind::Migration,
        ChangeKind::EndOfLife,
    ];

    /// Its name in documents and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            ChangeKind::Release => "release",
            ChangeKind::Maintenance => "maintenance",
            ChangeKind::Migration => "migration",
            ChangeKind::EndOfLife => "end_of_life",
        }
    }

    /// Its name for readers.
    pub fn words(self) -> &'static str {
        match self {
            ChangeKind::Release => "Release",
            ChangeKind::Maintenance => "Maintenance",
            ChangeKind::Migration => "Migration",
            ChangeKind::EndOfLife => "End of life",
        }
    }

    /// Reads a kind.
    ///
    /// # Errors
    /// Offers the nearest known name.
    pub fn parse(text: &str) -> Result<ChangeKind, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| unknown("kind", text, Self::ALL.map(ChangeKind::as_str)))
    }
}

/// An entry of the calendar of changes. All of it is public.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeAhead {
    /// Its id.
    pub id: Id,
    /// What it is, in one line.
    pub title: String,
    /// What kind of change.
    pub kind: ChangeKind,
    /// Services that it changes.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub services: Vec<Id>,
    /// When, as far as that is known.
    pub when: Period,
    /// What it means for people.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub summary: Option<String>,
    /// Where more can be read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub url: Option<String>,
    /// The maintenance that it became: once that is public, it takes the entry's place.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub maintenance: Option<Id>,
}

impl ChangeAhead {
    /// Reads an entry, recording all problems. References are checked by the documents.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<ChangeAhead> {
        let mut fields = Fields::of(node, path, problems)?;
        let id = fields.required("id", problems, Id::parse);
        let title = fields.required("title", problems, line(200));
        let kind = fields.required("kind", problems, ChangeKind::parse);
        let services = fields
            .references("services", Named::Service, problems)
            .unwrap_or_default();
        let when = fields.required("when", problems, Period::parse);
        let summary = fields.optional("summary", problems, prose(1_000));
        let url = fields.optional("url", problems, |text| {
            safe_url(text).ok_or_else(|| "must be a web address, http or https".to_owned())
        });
        let maintenance = fields.optional("maintenance", problems, Id::parse);
        fields.finish(problems);
        Some(ChangeAhead {
            id: id?,
            title: title?,
            kind: kind?,
            services,
            when: when?,
            summary,
            url,
            maintenance,
        })
    }
}
