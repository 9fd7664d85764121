//! The promise that every message about an open incident makes: when the next one comes. A promise is kept by an update in
//! time, by whoever it comes; it is broken once its time has passed, and nothing mends it.

use super::{Incident, NewUpdate, Status};
use crate::document::{Fields, Node, Problems};
use crate::offset::Offset;
use crate::problem::InvalidTransition;
use crate::promise::Thread;
use crate::texts::Texts;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How often in a row Forewarn keeps a promise by itself. After that nobody is there: a fourth message that says nothing
/// would hide it, so the promise breaks, on record, and the team is told.
pub const MOST_AUTOMATIC: usize = 3;

/// How an update came about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nature {
    /// Somebody wrote it.
    #[default]
    Written,
    /// Nobody did, so Forewarn said that nothing new is known.
    Automatic,
    /// Somebody moved the promise.
    Moved,
    /// It says where a duplicate goes on; nobody was sent it.
    Merged,
    /// It was entered afterwards; nobody was sent it.
    Entered,
}

impl Nature {
    pub(super) fn is_written(&self) -> bool {
        *self == Nature::Written
    }
}

/// What became of an incident's promises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// Kept by a person.
    pub kept: usize,
    /// Kept by Forewarn, which said that nothing new is known.
    pub automatically: usize,
    /// Moved in time: what was promised then counts in its place.
    #[serde(skip_serializing_if = "is_none")]
    pub moved: usize,
    /// Broken.
    pub broken: usize,
}

fn is_none(number: &usize) -> bool {
    *number == 0
}

/// Another time for the next update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewPromise {
    /// So much after now.
    In(Offset),
    /// At this time.
    At(Timestamp),
}

impl NewPromise {
    /// Reads a new promise and the version of the incident that was seen, recording all problems.
    pub fn read(
        node: &Node,
        path: &str,
        problems: &mut Problems,
    ) -> Option<(NewPromise, Option<i64>)> {
        let mut fields = Fields::of(node, path, problems)?;
        let promise = Self::read_fields(&mut fields, problems);
        if fields.node("next_update_in").is_none() && fields.node("next_update_at").is_none() {
            fields.problem("next_update_in", "is missing, such as PT30M", problems);
        }
        let version = fields.optional("version", problems, super::posted::version);
        fields.finish(problems);
        Some((promise?, version))
    }

    /// Reads the two fields of which one may say it.
    pub(crate) fn read_fields(
        fields: &mut Fields<'_>,
        problems: &mut Problems,
    ) -> Option<NewPromise> {
        let within = fields.optional("next_update_in", problems, Offset::parse);
        let at = fields.optional("next_update_at", problems, parse_instant);
        if within.is_some() && at.is_some() {
            let problem = "and next_update_in exclude each other";
            fields.problem("next_update_at", problem, problems);
            return None;
        }
        within.map(NewPromise::In).or(at.map(NewPromise::At))
    }
}

pub(super) fn parse_instant(text: &str) -> Result<Timestamp, String> {
    text.trim()
        .parse()
        .map_err(|_| "must be a time with its zone, such as 2026-11-22T19:30:00Z".to_owned())
}

impl Incident {
    /// Says that nothing new is known, and promises the next update.
    ///
    /// # Errors
    /// When it is not open.
    pub fn keep_promise(
        self,
        next_update: Timestamp,
        now: Timestamp,
    ) -> Result<Incident, InvalidTransition> {
        self.open_only()?
            .say(NewUpdate::nothing(), Nature::Automatic, next_update, now)
    }

    /// Says that the next update comes at another time than promised. Said in time it keeps the promise that it replaces. While words
    /// wait for somebody to agree, it says them too: of what waits only the newest is told.
    ///
    /// # Errors
    /// When it is not open.
    pub fn move_promise(
        self,
        next_update: Timestamp,
        now: Timestamp,
    ) -> Result<Incident, InvalidTransition> {
        let waiting = self.updates.last().filter(|update| update.waits);
        let new = NewUpdate {
            text: waiting.and_then(|update| update.text.clone()),
            texts: waiting.map_or_else(Texts::default, |update| update.texts.clone()),
            ..NewUpdate::nothing()
        };
        self.open_only()?.say(new, Nature::Moved, next_update, now)
    }

    /// That it cannot become this.
    pub fn refuse(&self, to: Status) -> InvalidTransition {
        let what = format!("incident {}", self.id);
        InvalidTransition::new(what, self.status.as_str(), to.as_str())
    }

    fn open_only(self) -> Result<Incident, InvalidTransition> {
        let why = match (self.status.is_open(), self.waits()) {
            (true, _) => return Ok(self),
            (false, true) => {
                "promise an update: its end waits until somebody agrees, and the promise before it stands; have that decided, or say in its place how it goes on, by an update with an open status"
            }
            (false, false) => {
                "promise an update: only what is open can; open it again by an update with status investigating"
            }
        };
        Err(self.refuse(Status::Investigating).cannot(why))
    }

    /// How many of its last messages Forewarn sent by itself.
    pub fn automatic_in_a_row(&self) -> usize {
        let newest_first = self.updates.iter().rev();
        newest_first
            .take_while(|u| u.nature == Nature::Automatic)
            .count()
    }

    /// What became of its promises.
    pub fn promises(&self) -> Kept {
        let mut counts = Kept::default();
        let mut told = self.updates.iter().filter(|u| !u.waits).peekable();
        while let Some(update) = told.next() {
            let next = told.peek().map(|next| next.nature);
            match (update.promise.and_then(|p| p.kept), next) {
                (Some(true), Some(Nature::Automatic)) => counts.automatically += 1,
                (Some(true), Some(Nature::Moved)) => counts.moved += 1,
                (Some(true), _) => counts.kept += 1,
                (Some(false), _) => counts.broken += 1,
                (None, _) => {}
            }
        }
        counts
    }

    /// How late the update came that this one had promised, or is by now; nothing where it came in time.
    pub fn late_by(&self, number: u32, now: Timestamp) -> Option<jiff::SignedDuration> {
        let promise = self.updates.get(number as usize)?.promise?;
        let mut later = self.updates.iter().skip(number as usize + 1);
        let came = later.find(|next| !next.waits).map(|next| next.at);
        let late = came.unwrap_or(now).duration_since(promise.due);
        (late.is_positive() && promise.kept != Some(true)).then_some(late)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Impact;
    use super::super::tests::{at, declared, to};
    use super::*;

    #[test]
    fn a_promise_breaks_once_its_time_has_passed_and_not_before() {
        // seconds, update, whether there is something to record
        for (now, number, breaks) in [
            (3_599, 0, false),
            (3_600, 0, false),
            (3_601, 0, true),
            (3_601, 1, false),
        ] {
            let broken = declared().break_promise(number, at(now));
            assert_eq!(broken.is_some(), breaks, "{now} {number}");
        }
        let broken = declared().break_promise(0, at(3_601)).unwrap();
        assert_eq!(broken.promise().unwrap().kept, Some(false));
        assert!(broken.clone().break_promise(0, at(3_602)).is_none());
        // Also a clock that was set back mends nothing.
        let late = broken.keep_promise(at(9_000), at(3_000)).unwrap();
        assert_eq!(late.updates[0].promise.unwrap().kept, Some(false));
    }

    #[test]
    fn what_forewarn_says_by_itself_changes_nothing_but_the_promise() {
        let kept = declared().keep_promise(at(7_200), at(3_500)).unwrap();
        let [before, after] = kept.updates.as_slice() else {
            panic!("two updates");
        };
        assert_eq!(
            (&after.facts, &after.services, after.status, &after.text),
            (&before.facts, &before.services, before.status, &None)
        );
        assert_eq!(after.nature, Nature::Automatic);
        assert_eq!(before.promise.unwrap().kept, Some(true));
        assert_eq!(kept.promise().unwrap().due, at(7_200));
        assert_eq!(kept.automatic_in_a_row(), 1);
        let again = kept.keep_promise(at(10_000), at(7_100)).unwrap();
        assert_eq!(again.automatic_in_a_row(), 2);
        let moved = again.move_promise(at(12_000), at(10_001)).unwrap();
        assert_eq!(moved.automatic_in_a_row(), 0);
        assert_eq!(
            moved.promises(),
            Kept {
                kept: 0,
                automatically: 2,
                moved: 0,
                broken: 1
            }
        );
        assert_eq!(
            moved.late_by(2, at(11_000)),
            Some(jiff::SignedDuration::from_secs(1))
        );
        // Moved in time it is neither kept nor broken.
        let twice = moved.clone().move_promise(at(13_000), at(11_000)).unwrap();
        let counts = twice.promises();
        assert_eq!((counts.kept, counts.moved, counts.broken), (0, 1, 1));
        let over = moved
            .update(to(Status::Resolved), at(1), at(10_500))
            .unwrap();
        assert!(over.services.values().all(|i| *i == Impact::None));
        assert!(over.clone().keep_promise(at(20_000), at(10_501)).is_err());
        let refused = over.move_promise(at(20_000), at(10_501)).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "incident INC-1 is resolved and cannot promise an update: only what is open can; open it again by an update with status investigating"
        );
    }
}
