//! What stands in the way of a window: days without planned work, and other work at the same time.
//!
//! Neither stops the planning. Two works in one night may be meant, and some audiences would rather lose one night than two.

use super::{Planned, Planner};
use crate::audience::Audience;
use crate::document::Catalogue;
use crate::id::Id;
use crate::maintenance::Maintenance;
use crate::routing::About;
use crate::service::{Affected, affected};
use crate::time::CivilTime;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// What stands in the way of a planned thing, in words: the blackouts in which it lies, and other open work that affects or is told to
/// the same. A calendar shows it; a plan warns of it.
pub fn clashes(
    planned: &Planned<'_>,
    others: &[Maintenance],
    catalogue: &Catalogue,
) -> Vec<String> {
    if planned.phase.is_over() {
        return Vec::new();
    }
    let start = planned.start.instant();
    let meeting = Meeting {
        planned,
        start,
        end: planned.end.map_or(start, CivilTime::instant),
        affected: &affected(planned.services, &catalogue.services),
        catalogue,
    };
    let mut found = meeting.blackouts();
    found.extend(meeting.collisions(others));
    found
}

/// A planned thing among the others.
struct Meeting<'a> {
    planned: &'a Planned<'a>,
    start: Timestamp,
    end: Timestamp,
    affected: &'a [Affected],
    catalogue: &'a Catalogue,
}

impl Planner<'_> {
    /// Points at blackouts and at other open work that this work meets.
    pub(super) fn warn_of_clashes(&mut self) {
        let input = self.input;
        for problem in clashes(&input.planned, input.others, input.catalogue) {
            self.warn(input.planned.start_field(), problem);
        }
    }
}

impl Meeting<'_> {
    fn blackouts(&self) -> Vec<String> {
        let organisation = &self.catalogue.organisation;
        let concerns = |services: &[Id]| {
            services.is_empty() || self.affected.iter().any(|a| services.contains(&a.service))
        };
        organisation
            .blackout
            .iter()
            .filter(|b| concerns(&b.services))
            .filter(|b| b.overlaps(self.start, self.end, &organisation.time_zone))
            .map(|b| {
                let (days, reason) = (b.days(), &b.reason);
                format!("lies in a blackout, in which no work is to be planned: {reason} ({days})")
            })
            .collect()
    }

    fn collisions(&self, others: &[Maintenance]) -> Vec<String> {
        let mut met: Vec<&Maintenance> = others
            .iter()
            .filter(|other| other.id != *self.planned.id && !other.status.is_over())
            .filter(|other| {
                let (start, end) = other.window();
                start < self.end && end > self.start
            })
            .collect();
        met.sort_by_key(|other| (other.window().0, &other.id));
        met.into_iter()
            .filter_map(|other| self.collision(other))
            .collect()
    }

    /// What this work has in common with one at the same time, in words; nothing when nobody is met twice.
    fn collision(&self, other: &Maintenance) -> Option<String> {
        let (catalogue, own) = (self.catalogue, self.affected);
        let its = affected(&other.services, &catalogue.services);
        let shared: BTreeSet<&Id> = its
            .iter()
            .map(|a| &a.service)
            .filter(|id| own.iter().any(|a| a.service == **id))
            .collect();
        let hears = |audience: &&Audience| {
            let by = |about: &About, affected: &[Affected]| {
                audience.reached_by(about, affected).is_some()
            };
            by(&self.planned.about, own) && by(&other.about(), &its)
        };
        let services = catalogue.services.iter();
        let services = services.filter(|s| shared.contains(&s.id));
        let services: Vec<&str> = services.map(|s| s.name.as_str()).collect();
        let audiences = catalogue.audiences.iter().filter(hears);
        let audiences: Vec<&str> = audiences.map(|a| a.name.as_str()).collect();
        let common: Vec<String> = [
            ("affect", services.join(", ")),
            ("are told to", audiences.join(", ")),
        ]
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(verb, names)| format!("{verb} {names}"))
        .collect();
        if common.is_empty() {
            return None;
        }
        let (common, id, title) = (common.join(" and "), &other.id, &other.title);
        let clock = |time: &CivilTime| time.civil.strftime("%a %-d %b %Y, %H:%M").to_string();
        let (start, end, zone) = (
            clock(&other.start),
            clock(&other.end),
            other.end.zone.name(),
        );
        Some(format!(
            "overlaps with {id} '{title}' ({start} to {end}, {zone}): both {common}"
        ))
    }
}
