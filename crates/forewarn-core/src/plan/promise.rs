//! The timers of a promise: notices too, to the people who run the incident. A warning before it is due, first to the
//! spokesperson and then also to the backups; the update that Forewarn sends by itself where the policy lets it; and the
//! instant from which it is broken. They are planned with the message that promises and withdrawn with the one that keeps
//! it, in the same transaction each, so that none of them is about a promise that was kept.

use super::{BACKUP, Changes, INTERNAL, Notice, SPOKESPERSON, Stored, business_calendar};
use crate::advisory::Advisory;
use crate::audience::Level;
use crate::contact::Channel;
use crate::document::Catalogue;
use crate::id::{Id, derive};
use crate::incident::{Incident, MOST_AUTOMATIC, NewPromise, Severity};
use crate::offset::Offset;
use crate::policy::{self, Policy};
use crate::problem::Invalid;
use crate::promise::Thread;
use jiff::{SignedDuration, Timestamp};

/// A warning that the promise is due soon.
pub const PROMISE_WARNING: &str = "promise_warning";

/// The promise was kept by Forewarn itself; the same instant at which it does so.
pub const PROMISE_KEPT: &str = "promise_kept";

/// The promise is broken.
pub const PROMISE_BROKEN: &str = "promise_broken";

/// How long before a promise is due Forewarn keeps it by itself: time enough to send, and for a person to be first.
const KEEP_AHEAD: SignedDuration = SignedDuration::from_mins(2);

/// From when a promise is broken: the first instant after it, as the store counts them.
const LAPSE: SignedDuration = SignedDuration::from_millis(1);

/// Whether it is a timer of a promise.
pub fn is_promise_timer(milestone: &str) -> bool {
    matches!(milestone, PROMISE_WARNING | PROMISE_KEPT | PROMISE_BROKEN)
}

/// When the next update is promised: so much after now, or by the policy's cadence.
///
/// # Errors
/// Says what is wrong with the time that was asked for.
pub fn next_update(
    given: Option<Offset>,
    severity: Severity,
    catalogue: &Catalogue,
    now: Timestamp,
) -> Result<Timestamp, String> {
    let cadence = || policy::for_incidents(&catalogue.policies).cadence_of(severity);
    so_much_after(given.unwrap_or_else(cadence), catalogue, now)
}

/// The time that a new promise means.
///
/// # Errors
/// A time that has passed, with the one that it must exceed; what is wrong with a distance.
pub fn promised(
    promise: NewPromise,
    catalogue: &Catalogue,
    now: Timestamp,
) -> Result<Timestamp, Invalid> {
    match promise {
        NewPromise::In(offset) => so_much_after(offset, catalogue, now)
            .map_err(|problem| Invalid::one("next_update_in", problem)),
        NewPromise::At(at) if at > now => {
            near(at, now).map_err(|problem| Invalid::one("next_update_at", problem))
        }
        NewPromise::At(at) => {
            let problem = format!("{at} has passed: it must be later than {now}");
            Err(Invalid::one("next_update_at", problem))
        }
    }
}

/// Whoever is promised something later than this is promised nothing.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 731);

fn near(at: Timestamp, now: Timestamp) -> Result<Timestamp, String> {
    match at.duration_since(now) > LONGEST {
        true => Err("is more than two years away".into()),
        false => Ok(at),
    }
}

/// So much after now, in the organisation's working days where it counts those.
fn so_much_after(
    offset: Offset,
    catalogue: &Catalogue,
    now: Timestamp,
) -> Result<Timestamp, String> {
    if let Some(elapsed) = offset.elapsed() {
        let at = now.checked_add(elapsed);
        return near(at.map_err(|_| "is too far away".to_owned())?, now);
    }
    let organisation = &catalogue.organisation;
    let here = organisation.time_zone.at(now);
    let days = match offset {
        Offset::BusinessDays(n) => n,
        Offset::Days(n) => return near(now + SignedDuration::from_hours(24 * i64::from(n)), now),
        Offset::AtOnce => return Err(format!("must be later than now, {here}")),
        _ => return Err("must be minutes, hours, days or business days".into()),
    };
    let calendar = business_calendar(catalogue, organisation.calendar.as_deref());
    let day = calendar
        .after(here.date(), days)
        .map_err(|e| e.to_string())?;
    let civil = day.date.to_datetime(here.time());
    Ok(crate::calendar::instant(civil, organisation.time_zone.tz()).map_or(now, |r| r.at))
}

/// The timers of a promise whose time has changed without a message: those that are to come take the place of those that were.
pub fn timers_again(
    incident: &Incident,
    catalogue: &Catalogue,
    stored: &[Stored],
    now: Timestamp,
) -> Changes {
    replaced(timers(incident, catalogue, now), stored)
}

/// These timers in place of those that wait.
pub(super) fn replaced(add: Vec<Notice>, stored: &[Stored]) -> Changes {
    let old = stored
        .iter()
        .filter(|s| s.open && is_promise_timer(&s.milestone));
    let gone = old.filter(|s| add.iter().all(|n| n.id != s.id));
    Changes {
        withdrawn: gone.map(|s| s.id.clone()).collect(),
        add,
        ..Changes::default()
    }
}

/// What changes when an event's newest message waits until somebody agrees: nobody has heard it, so it has no timers, and
/// those of the promise that people know stay, but for the one that would say by itself that nothing is new.
pub fn nobody_hears_yet(mut changes: Changes, stored: &[Stored]) -> Changes {
    changes.add.retain(|n| !is_promise_timer(&n.milestone));
    let stays =
        |s: &&Stored| s.open && matches!(s.milestone.as_str(), PROMISE_WARNING | PROMISE_BROKEN);
    let stay: Vec<&String> = stored.iter().filter(stays).map(|s| &s.id).collect();
    changes.withdrawn.retain(|id| !stay.contains(&id));
    changes
}

/// The timers of an incident's open promise. What would be due by now is left out: whoever promises something within five
/// minutes needs no warning.
pub(super) fn timers(incident: &Incident, catalogue: &Catalogue, now: Timestamp) -> Vec<Notice> {
    let (Some(update), Some(promise)) = (incident.told_last(), incident.promise()) else {
        return Vec::new();
    };
    let policy = policy::for_incidents(&catalogue.policies);
    let (due, event) = (promise.due, (&incident.id, update.number));
    let all: &[&str] = &[SPOKESPERSON, BACKUP];
    let mut planned = warnings(event, due, policy, catalogue, now, |n| match n {
        0 => all,
        _ => &all[..1],
    });
    let automatic = policy.keep_automatically.get(&incident.severity) == Some(&true);
    let again = next_update(None, incident.severity, catalogue, due).is_ok();
    if automatic && again && incident.automatic_in_a_row() < MOST_AUTOMATIC {
        // Of a promise shorter than that the second half.
        let ahead = KEEP_AHEAD.min(due.duration_since(now) / 2);
        let because = "shortly before the promise, unless somebody writes an update first";
        let kept = (PROMISE_KEPT, None, INTERNAL);
        planned.push(timer(event, kept, due - ahead, because.into(), catalogue));
    }
    planned.push(breaks(event, due, catalogue));
    planned
}

/// The timers of an advisory's open promise: the owners of its services are reminded of it, and told when it is broken. Nobody
/// is on duty for an advisory, and nothing is said by itself.
pub(super) fn reminders_of_owners(
    advisory: &Advisory,
    catalogue: &Catalogue,
    now: Timestamp,
) -> Vec<Notice> {
    let (Some(word), Some(promise)) = (advisory.told_last(), advisory.promise()) else {
        return Vec::new();
    };
    let policy = policy::for_advisories(&catalogue.policies);
    let event = (&advisory.id, word.number);
    let mut planned = warnings(event, promise.due, policy, catalogue, now, |_| &[INTERNAL]);
    planned.push(breaks(event, promise.due, catalogue));
    planned
}

/// An event, and the number of its update that promises.
type Promising<'a> = (&'a Id, u32);

/// The warnings that the policy asks for and that are still to come, the earliest first. `audiences` says who gets which, counted
/// from the promise backwards.
fn warnings<'a>(
    event: Promising<'_>,
    due: Timestamp,
    policy: &Policy,
    catalogue: &Catalogue,
    now: Timestamp,
    audiences: impl Fn(usize) -> &'a [&'a str],
) -> Vec<Notice> {
    let mut planned = Vec::new();
    let mut ahead: Vec<SignedDuration> = policy.warn_before.iter().map(|w| w.0).collect();
    ahead.sort_unstable();
    ahead.dedup();
    for (n, before) in ahead.into_iter().enumerate().rev() {
        let at = due - before;
        if at <= now || !before.is_positive() {
            continue;
        }
        let minutes = (before.as_secs() / 60).max(1) as u32;
        let offset = match minutes % 60 {
            0 if minutes > 60 => Offset::Hours(minutes / 60),
            _ => Offset::Minutes(minutes),
        };
        let because = format!("{} before the promised update", offset.words());
        for audience in audiences(n) {
            let what = (PROMISE_WARNING, Some(offset.to_string()), *audience);
            planned.push(timer(event, what, at, because.clone(), catalogue));
        }
    }
    planned
}

/// From when the promise is broken.
fn breaks(event: Promising<'_>, due: Timestamp, catalogue: &Catalogue) -> Notice {
    let because = "the promised update has not come".to_owned();
    let broken = (PROMISE_BROKEN, None, INTERNAL);
    timer(event, broken, due + LAPSE, because, catalogue)
}

/// A timer: its milestone, place and audience, and when it is due.
fn timer(
    (event, number): Promising<'_>,
    (milestone, offset, audience): (&str, Option<String>, &str),
    due: Timestamp,
    because: String,
    catalogue: &Catalogue,
) -> Notice {
    let place = offset.as_deref().unwrap_or("");
    let number = number.to_string();
    let parts = [
        "notice",
        event.as_str(),
        "1",
        milestone,
        &number,
        place,
        audience,
    ];
    Notice {
        id: derive(&parts),
        milestone: milestone.to_owned(),
        offset,
        stands_for: Vec::new(),
        audience: audience.to_owned(),
        level: Level::Technical,
        channels: vec![Channel::Email],
        due,
        due_local: catalogue.organisation.time_zone.at(due).to_string(),
        copy_due: None,
        because,
        held: false,
        tells: Vec::new(),
    }
}
