//! Notices of an incident: each update is told at once, and its promise has timers.

use super::promise::{is_promise_timer, timers};
use super::{Changes, Notice, SPOKESPERSON_CALL, Stored};
use crate::audience::Audience;
use crate::document::Catalogue;
use crate::id::{Id, derive};
use crate::incident::Incident;
use crate::service::affected;
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
    let mut add = tell_update(&incident, catalogue, now);
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

/// The notices of an incident's newest update: one for each audience that is affected and hears of such incidents, and for
/// each that has heard of this one before, because whoever was told of trouble is told until it is over.
fn tell_update(incident: &Incident, catalogue: &Catalogue, now: Timestamp) -> Vec<Notice> {
    let Some(update) = incident.updates.last() else {
        return Vec::new();
    };
    let named: Vec<Id> = incident.services.keys().cloned().collect();
    let affected = affected(&named, &catalogue.services);
    let milestone = Incident::milestone_of(update);
    let reached = catalogue.audiences.iter().filter_map(|a| {
        let path = match incident.told.contains(&a.id) {
            true => a.affected_by(&affected),
            false => a.reached_by(&incident.about(), &affected),
        };
        path.filter(|_| a.routing.admits_stage(milestone))
            .map(|path| (a, path))
    });
    reached
        .map(|(audience, by)| {
            let path: Vec<&str> = by.path.iter().map(Id::as_str).collect();
            let because = format!("at once; affected by {}", path.join(" > "));
            told(incident, audience, catalogue, None, because, now)
        })
        .collect()
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
    let because = "at once; added to the incident".to_owned();
    Some(told(
        incident,
        audience,
        catalogue,
        Some(whom),
        because,
        now,
    ))
}

fn told(
    incident: &Incident,
    audience: &Audience,
    catalogue: &Catalogue,
    whom: Option<&str>,
    because: String,
    now: Timestamp,
) -> Notice {
    let update = incident.updates.last();
    let milestone = update.map_or("holding", Incident::milestone_of);
    let number = update.map_or(0, |u| u.number).to_string();
    let zone = audience
        .time_zone
        .as_ref()
        .unwrap_or(&catalogue.organisation.time_zone);
    let mut parts = vec![
        "notice",
        incident.id.as_str(),
        "1",
        milestone,
        &number,
        audience.id.as_str(),
    ];
    parts.extend(whom);
    Notice {
        id: derive(&parts),
        milestone: milestone.to_owned(),
        offset: (milestone == "update").then(|| format!("#{number}")),
        stands_for: Vec::new(),
        audience: audience.id.to_string(),
        level: audience.level,
        channels: audience.first_channels(),
        due: now,
        due_local: zone.at(now).to_string(),
        copy_due: None,
        because,
        held: false,
        tells: Vec::new(),
    }
}
