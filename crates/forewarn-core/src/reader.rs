//! What an audience's people read a notice for: to decide, to prepare their own people, or to carry on with their day.
//!
//! The level says how much detail a text may have; this says which question it answers first. It never adds detail: what a level
//! may not see stays empty, whoever reads.

use serde::{Deserialize, Serialize};

/// What the people of an audience read a notice for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reader {
    /// What it means for the business: risk, cost, the way back, what they have to decide.
    Executive,
    /// What to tell their people, what to prepare, who is covered.
    DepartmentHead,
    /// What they will notice, and what to do.
    EndUser,
}

impl Reader {
    /// All of them.
    pub const ALL: [Reader; 3] = [Reader::Executive, Reader::DepartmentHead, Reader::EndUser];

    /// The name used in documents, the store and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Reader::Executive => "executive",
            Reader::DepartmentHead => "department_head",
            Reader::EndUser => "end_user",
        }
    }

    /// Reads a name.
    ///
    /// # Errors
    /// Offers the nearest known name.
    pub fn parse(text: &str) -> Result<Reader, String> {
        let known = Self::ALL.into_iter().find(|r| r.as_str() == text.trim());
        known.ok_or_else(|| crate::problem::unknown("readers", text, Self::ALL.map(Reader::as_str)))
    }
}
