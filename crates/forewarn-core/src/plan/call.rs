//! The call to whoever is to speak for an incident: notices to one person each, the first at once, the next ones as long as
//! nobody acknowledges, and at last one to the whole team. They are rows like a promise's timers, withdrawn by whoever
//! acknowledges; and the notice by which the team hears that a role changed hands.

use super::{BACKUP, INTERNAL, Notice, SPOKESPERSON};
use crate::audience::Level;
use crate::contact::Channel;
use crate::document::Catalogue;
use crate::id::derive;
use crate::incident::{Incident, Role};
use crate::policy;
use jiff::Timestamp;

/// Somebody is asked to speak for an incident, and to say that they do.
pub const SPOKESPERSON_CALL: &str = "spokesperson_call";

/// A role changed hands.
pub const HANDOVER: &str = "handover";

/// Whether it is for the people who run an incident and tells no audience of it.
pub fn is_team_notice(milestone: &str) -> bool {
    super::is_promise_timer(milestone) || matches!(milestone, SPOKESPERSON_CALL | HANDOVER)
}

/// The audience of the n-th who is called.
pub fn called_audience(n: usize) -> String {
    match n {
        0 => SPOKESPERSON.to_owned(),
        n => format!("{BACKUP}-{n}"),
    }
}

/// Which of those who are called is this audience.
pub fn called(audience: &str) -> Option<usize> {
    if audience == SPOKESPERSON {
        return Some(0);
    }
    let number = audience.strip_prefix(BACKUP)?.strip_prefix('-')?;
    number.parse().ok().filter(|n| *n > 0)
}

/// The notices of an incident's call, if anybody is called: one after the other until somebody acknowledges.
pub fn call(incident: &Incident, catalogue: &Catalogue, now: Timestamp) -> Vec<Notice> {
    let Some(call) = incident.call.as_ref().filter(|call| call.is_open()) else {
        return Vec::new();
    };
    let wait = policy::for_incidents(&catalogue.policies).acknowledge_within();
    let mut all: Vec<Notice> = (0..=call.chain.len())
        .map(|n| {
            let due = now + wait * i32::try_from(n).unwrap_or(i32::MAX);
            let (audience, because) = match n {
                0 => (called_audience(0), "at once: somebody must speak for it"),
                n if n < call.chain.len() => (
                    called_audience(n),
                    "nobody who was called before acknowledged in time",
                ),
                _ => (INTERNAL.to_owned(), "nobody who was called acknowledged"),
            };
            // Who is called again after it was opened again is called anew.
            let place = match call.round {
                0 => (n + 1).to_string(),
                round => format!("{}.{}", round + 1, n + 1),
            };
            team_notice(
                incident,
                catalogue,
                SPOKESPERSON_CALL,
                &place,
                &audience,
                due,
                because,
            )
        })
        .collect();
    if call.chain.is_empty() {
        all.clear();
    }
    all
}

/// The notice by which the team hears of the newest hand-over. It says of which role: of each the newest word holds.
pub fn handover(incident: &Incident, role: Role, catalogue: &Catalogue, now: Timestamp) -> Notice {
    let place = format!("{} {}", incident.handovers, role.as_str());
    let because = "at once: the team must know who it is";
    team_notice(
        incident, catalogue, HANDOVER, &place, INTERNAL, now, because,
    )
}

fn team_notice(
    incident: &Incident,
    catalogue: &Catalogue,
    milestone: &str,
    place: &str,
    audience: &str,
    due: Timestamp,
    because: &str,
) -> Notice {
    Notice {
        id: derive(&[
            "notice",
            incident.id.as_str(),
            "1",
            milestone,
            place,
            audience,
        ]),
        milestone: milestone.to_owned(),
        offset: Some(format!("#{place}")),
        stands_for: Vec::new(),
        audience: audience.to_owned(),
        level: Level::Technical,
        channels: vec![Channel::Email],
        due,
        due_local: catalogue.organisation.time_zone.at(due).to_string(),
        copy_due: None,
        because: because.to_owned(),
        held: false,
        tells: Vec::new(),
    }
}
