//! Blackouts: days on which no work is to be planned, such as an exam week or the close of a year.
//!
//! A blackout forbids nothing: who plans work in it is told, and decides.

use crate::document::{Fields, Named, Node, Problems, line};
use crate::id::Id;
use crate::time::{CivilTime, Zone, parse_date};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// Days without planned work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blackout {
    /// Its first day.
    pub from: Date,
    /// Its last day.
    pub to: Date,
    /// Why, in words that finish "No work is planned: ...".
    pub reason: String,
    /// Only work that affects one of these; all work when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub services: Vec<Id>,
}

impl Blackout {
    /// Reads a blackout, recording all problems. References are checked by the documents.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Blackout> {
        let mut fields = Fields::of(node, path, problems)?;
        let from = fields.required("from", problems, parse_date);
        let to = fields.required("to", problems, parse_date);
        let reason = fields.required("reason", problems, line(200));
        let services = fields
            .references("services", Named::Service, problems)
            .unwrap_or_default();
        if let (Some(from), Some(to)) = (from, to)
            && to < from
        {
            fields.problem("to", "lies before the first day", problems);
        }
        fields.finish(problems);
        Some(Blackout {
            from: from?,
            to: to?,
            reason: reason?,
            services,
        })
    }

    /// Whether work at this time lies in it, wholly or in part. Its days are those of `zone`.
    pub fn overlaps(&self, start: Timestamp, end: Timestamp, zone: &Zone) -> bool {
        let midnight = |day: Date| {
            CivilTime::new(day.to_datetime(jiff::civil::Time::midnight()), zone.clone()).instant()
        };
        start < midnight(self.to.saturating_add(1.day())) && end > midnight(self.from)
    }

    /// Its days: `14 December 2026`, `14 December 2026 to 3 January 2027`.
    pub fn days(&self) -> String {
        let day = |date: Date| date.strftime("%-d %B %Y").to_string();
        match self.from == self.to {
            true => day(self.from),
            false => format!("{} to {}", day(self.from), day(self.to)),
        }
    }
}
