//! One occurrence of a standard window as something that people are told of: whether it will be used, and for what.
//!
//! Each occurrence is an event of its own, so that a message about the next one never takes the place of one about this. What
//! it is used for is not part of it: that is asked when the notice begins, and frozen in what the notice says.

use crate::facts::{Action, Facts};
use crate::id::Id;
use crate::maintenance::{Maintenance, Status};
use crate::service::Service;
use crate::time::{CivilTime, Zone};
use crate::window::{Occurrence, Window};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The notice that says whether a window will be used.
pub const MILESTONE: &str = "window_use";

/// An occurrence of a standard window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowUse {
    /// Derived from the window and the date by which its rule knows the occurrence: moved, it stays the same.
    pub id: Id,
    /// `Maintenance window of Student database`
    pub title: String,
    /// Whose window it is.
    pub service: Id,
    /// When it begins.
    pub start: CivilTime,
    /// When it ends.
    pub end: CivilTime,
    /// It does not happen, or nobody is to be told any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dropped: bool,
}

/// Work for which a window is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// What it is, in one line.
    pub title: String,
    /// What is known of it.
    #[serde(default)]
    pub facts: Facts,
    /// When it begins.
    pub start: CivilTime,
    /// When it ends.
    pub end: CivilTime,
}

impl WindowUse {
    /// An occurrence of one of a service's windows. `zone` is the organisation's.
    pub fn of(service: &Service, window: &Window, occurrence: &Occurrence, zone: &Zone) -> Self {
        let zone = window.time_zone.as_ref().unwrap_or(zone);
        let id = format!("WIN-{}-{}", occurrence.date, window.id(&service.id));
        WindowUse {
            // Letters, digits and hyphens, 35 of them: always an id.
            id: Id::parse(&id).unwrap_or_else(|_| service.id.clone()),
            title: format!("Maintenance window of {}", service.name),
            service: service.id.clone(),
            start: CivilTime::of(occurrence.start, zone),
            end: CivilTime::of(occurrence.end, zone),
            dropped: false,
        }
    }

    /// When it begins and ends.
    pub fn times(&self) -> (Timestamp, Timestamp) {
        (self.start.instant(), self.end.instant())
    }

    /// What it is used for among these works: those on its service at this time of which people may be told.
    pub fn works(&self, all: &[Maintenance]) -> Vec<Work> {
        let (start, end) = self.times();
        let mut used: Vec<&Maintenance> = all
            .iter()
            .filter(|m| matches!(m.status, Status::Scheduled | Status::InProgress))
            .filter(|m| m.services.contains(&self.service))
            .filter(|m| m.window().0 < end && m.window().1 > start)
            .collect();
        used.sort_by_key(|m| (m.window().0, &m.id));
        used.into_iter()
            .map(|m| Work {
                title: m.title.clone(),
                facts: m.facts.clone(),
                start: m.start.clone(),
                end: m.end.clone(),
            })
            .collect()
    }
}

/// What is known of several works together.
pub(crate) fn together(works: &[Work]) -> Facts {
    let all = |fact: fn(&Facts) -> Option<&str>| {
        let said: Vec<&str> = works.iter().filter_map(|w| fact(&w.facts)).collect();
        (!said.is_empty()).then(|| said.join("\n"))
    };
    let action = all(|facts| facts.action.as_ref().map(|a| a.what.as_str()));
    let first = works.iter().find_map(|w| w.facts.action.as_ref());
    Facts {
        effect: all(|facts| facts.effect.as_deref()),
        action: action.zip(first).map(|(what, first)| Action {
            what,
            when: first.when,
        }),
        contact: works.iter().find_map(|w| w.facts.contact.clone()),
        technical: all(|facts| facts.technical.as_deref()),
        ..Facts::default()
    }
}
