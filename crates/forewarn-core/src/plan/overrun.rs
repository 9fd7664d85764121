//! Work that goes on after the end that people were told: those who run it are called, until they extend or complete it.

use super::{INTERNAL, Notice};
use crate::audience::Level;
use crate::contact::Channel;
use crate::document::Catalogue;
use crate::id::derive;
use crate::maintenance::{Maintenance, Status};
use jiff::{SignedDuration, Timestamp};

/// The milestone.
pub const OVERRUN: &str = "overrun";

/// How long after the promised end: at once, and then as long as nobody has done anything.
const AFTER: [(Option<&str>, SignedDuration, &str); 3] = [
    (
        None,
        SignedDuration::ZERO,
        "the promised end has passed and the work is not completed",
    ),
    (
        Some("30min"),
        SignedDuration::from_mins(30),
        "the promised end passed half an hour ago",
    ),
    (
        Some("60min"),
        SignedDuration::from_mins(60),
        "the promised end passed an hour ago",
    ),
];

/// The notices of work that is under way in case that it is not completed in time. Only what has begun can overrun: until then
/// there are none, and the check before the end asks.
pub fn overrun(maintenance: &Maintenance, catalogue: &Catalogue, now: Timestamp) -> Vec<Notice> {
    if maintenance.status != Status::InProgress {
        return Vec::new();
    }
    let end = maintenance.window().1;
    let zone = &catalogue.organisation.time_zone;
    let ahead = AFTER
        .into_iter()
        .filter(|(_, after, _)| end + *after >= now);
    ahead
        .map(|(offset, after, because)| {
            let due = end + after;
            Notice {
                id: derive(&[
                    "notice",
                    maintenance.id.as_str(),
                    &maintenance.revision.to_string(),
                    OVERRUN,
                    offset.unwrap_or(""),
                    INTERNAL,
                ]),
                milestone: OVERRUN.to_owned(),
                offset: offset.map(str::to_owned),
                stands_for: Vec::new(),
                audience: INTERNAL.to_owned(),
                level: Level::Technical,
                channels: vec![Channel::Email],
                due,
                due_local: zone.at(due).to_string(),
                because: because.to_owned(),
                copy_due: None,
                held: false,
                tells: Vec::new(),
            }
        })
        .collect()
}
