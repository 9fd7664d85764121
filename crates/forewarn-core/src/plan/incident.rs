//! Notices of an incident: each update is told at once, and its promise has timers.

use super::at_once::AtOnce;
use super::promise::{is_promise_timer, timers};
use super::{Changes, Notice, SPOKESPERSON_CALL, Stored};
use crate::document::Catalogue;
use crate::id::Id;
use crate::incident::Incident;
use crate::promise::Thread;
use jiff::Timestamp;

/// What publishing an incident's newest update changes: it is told, its promise gets timers, and those of the promise before
/// are withdrawn. `stored` are the notices it has; the incident remembers who is told.
pub fn publish_update(
    mut incident: Incident,
    catalogue: &Catalogue,
    stored: &[Stored],
    now: Timestamp,
) -> (Incident, Changes) {
    let added = incident.added.clone();
    let catalogue = &*added.over(catalogue);
    let mut add = newest(&incident).to_all(catalogue, now);
    let told = add.iter().filter_map(|n| Id::parse(&n.audience).ok());
    incident.told.extend(told);
    add.extend(timers(&incident, catalogue, now));
    let called = |milestone: &str| milestone == SPOKESPERSON_CALL && !incident.status.is_open();
    let old = stored
        .iter()
        .filter(|s| s.open && (is_promise_timer(&s.milestone) || called(&s.milestone)));
    let changes = Changes {
        withdrawn: old.map(|s| s.id.clone()).collect(),
        add,
        ..Changes::default()
    };
    (incident, changes)
}

/// The newest message again, for an audience to which `whom` was just added: whoever has had it does not get it twice, since
/// both notices share their slot.
pub fn catch_up(
    incident: &Incident,
    audience: &str,
    whom: &str,
    catalogue: &Catalogue,
    now: Timestamp,
) -> Option<Notice> {
    let catalogue = &*incident.added.over(catalogue);
    let audience = catalogue.audiences.iter().find(|a| a.id == *audience)?;
    // Nobody hears of what can still be undone before the others do.
    let now = incident.waits_until(now).unwrap_or(now);
    let because = "at once; added to the incident".to_owned();
    Some(newest(incident).to(audience, Some(whom), because, catalogue, now))
}

fn newest(incident: &Incident) -> AtOnce<'_> {
    // What waits for somebody to agree is told to nobody, nor to somebody who is added.
    let update = incident.told_last();
    let milestone = update.map_or("holding", Incident::milestone_of);
    AtOnce {
        event: &incident.id,
        services: incident.spoken_of(),
        about: incident.about(),
        told: &incident.told,
        milestone,
        stages: match milestone {
            "resolution" => &["resolution"],
            "follow_up" => &["follow_up"],
            "update" => &["update"],
            _ => &["holding"],
        },
        number: update.map_or(0, |u| u.number),
    }
}
