//! From a new plan and what is stored to what must be added, moved and withdrawn.

use super::{Change, Notice, Phase, Plan};
use crate::editing::stands_beside_plans;
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};

/// A notice as the store holds it, as far as planning again needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its id.
    pub id: String,
    /// Its milestone.
    pub milestone: String,
    /// Its offset.
    pub offset: Option<String>,
    /// Its audience.
    pub audience: String,
    /// When it is or was due.
    pub due: Timestamp,
    /// It has begun to go out; nothing takes it back.
    pub told: bool,
    /// It still waits to go out.
    pub open: bool,
}

/// A notice that goes out at another time than was planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The stored notice that gives way.
    pub id: String,
    /// When it was due.
    pub from: Timestamp,
    /// When its successor is due.
    pub to: Timestamp,
}

/// What a new plan changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// New notices.
    pub add: Vec<Notice>,
    /// Stored notices that stay in place with a new time, reason or trigger.
    pub update: Vec<Notice>,
    /// Stored notices whose successor (in `add`) is due at another time.
    pub moved: Vec<Moved>,
    /// Stored notices that no plan asks for any more.
    pub withdrawn: Vec<String>,
}

impl Changes {
    /// Planning again changed nothing.
    pub fn is_empty(&self) -> bool {
        self.add.is_empty()
            && self.update.is_empty()
            && self.moved.is_empty()
            && self.withdrawn.is_empty()
    }
}

type Key<'a> = (&'a str, Option<&'a str>, &'a str);

/// Rule 7: what stays the same in substance and time keeps its notice; what was told is not told again.
pub fn changes_from(plan: &Plan, stored: &[Stored]) -> Changes {
    changes_between(&plan.notices, stored)
}

/// The same for notices that no maintenance's plan holds.
pub fn changes_between(planned: &[Notice], stored: &[Stored]) -> Changes {
    let mut by_key: HashMap<Key<'_>, Vec<&Stored>> = HashMap::new();
    for notice in stored.iter().filter(|s| s.open || s.told) {
        let key = (
            notice.milestone.as_str(),
            notice.offset.as_deref(),
            notice.audience.as_str(),
        );
        by_key.entry(key).or_default().push(notice);
    }
    let mut changes = Changes::default();
    let mut settled: HashSet<&str> = HashSet::new();
    for notice in planned {
        let key: Key<'_> = (
            &notice.milestone,
            notice.offset.as_deref(),
            &notice.audience,
        );
        let same = by_key.get(&key).map_or(&[][..], Vec::as_slice);
        let told = |s: &&&Stored| {
            s.told && (s.due == notice.due || s.id == notice.id || once(&notice.milestone))
        };
        if let Some(kept) = same.iter().find(told) {
            settled.insert(&kept.id);
        } else if let Some(open) = same
            .iter()
            .find(|s| s.open && (s.id == notice.id || s.due == notice.due))
        {
            settled.insert(&open.id);
            changes.update.push(Notice {
                id: open.id.clone(),
                ..notice.clone()
            });
        } else {
            for gone in same.iter().filter(|s| s.open) {
                settled.insert(&gone.id);
                changes.moved.push(Moved {
                    id: gone.id.clone(),
                    from: gone.due,
                    to: notice.due,
                });
            }
            changes.add.push(notice.clone());
        }
    }
    changes.withdrawn = stored
        .iter()
        .filter(|s| s.open && !settled.contains(s.id.as_str()))
        .filter(|s| !stands_beside_plans(&s.milestone))
        .map(|s| s.id.clone())
        .collect();
    changes
}

/// The change of which somebody is still to be told: it waits for a word, for its turn, or for the time in which it can be undone.
/// Whoever plans again for another reason tells it all the same. What lies behind the event since then, as a delay once work has
/// begun, is told no more.
pub fn untold_change(stored: &[Stored], phase: Phase) -> Option<Change<'_>> {
    let is_untold = |s: &&Stored| {
        s.open
            && match s.milestone.as_str() {
                "delay" | "reschedule" => phase == Phase::Ahead,
                // Announced once more; the first announcement is no change.
                "announcement" => phase == Phase::Ahead && repeated(s) > 0,
                "extension" => matches!(phase, Phase::UnderWay(_)),
                "cancellation" => phase == Phase::Off,
                _ => false,
            }
    };
    let untold = stored.iter().filter(is_untold);
    let newest = untold.max_by_key(|s| (s.due, repeated(s)))?;
    Some(Change {
        milestone: &newest.milestone,
        counter: repeated(newest),
    })
}

/// How many of its kind came before it, by its place: `#2`.
fn repeated(stored: &Stored) -> u32 {
    let place = stored.offset.as_deref().and_then(|o| o.strip_prefix('#'));
    let number: Option<u32> = place.and_then(|number| number.parse().ok());
    number.map_or(0, |number| number.saturating_sub(1))
}

/// Work begins once and ends once, and a change takes effect once, whatever happens to the window in between.
fn once(milestone: &str) -> bool {
    matches!(
        milestone,
        "start" | "effective" | "completion" | "cancellation"
    )
}
