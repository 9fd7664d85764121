//! What audiences have in common: those with the same clocks and calendar, who were told the same, hear at the same times for
//! the same reasons. It is worked out once, which is what makes a plan of thousands of audiences quick.

use super::before::Entry;
use super::{Breach, Draft, Phase, Planner, business_calendar};
use crate::audience::Audience;
use crate::calendar::BusinessCalendar;
use crate::document::Catalogue;
use crate::time::Zone;
use std::collections::BTreeMap;

/// An audience's zone and working days, and what follows from them.
pub(super) struct Clock {
    pub(super) zone: Zone,
    pub(super) calendar: BusinessCalendar,
    /// The policy's notices before the start; none when work has begun.
    entries: Vec<Entry>,
    /// By which of the entries an audience hears of and has not been told.
    courses: BTreeMap<Vec<bool>, Course>,
}

/// The notices of an audience, whoever it is, and what is late for it.
struct Course {
    /// Each with its due time on the audience's clocks.
    drafts: Vec<(Draft, String)>,
    breaches: Vec<Breach>,
}

/// What audiences with the same clock have in common: zone and calendar.
pub(super) fn clock_name<'a>(
    audience: &'a Audience,
    catalogue: &'a Catalogue,
) -> (&'a str, Option<&'a str>) {
    let organisation = &catalogue.organisation;
    let zone = audience.time_zone.as_ref();
    let calendar = audience.calendar.as_deref();
    (
        zone.unwrap_or(&organisation.time_zone).name(),
        calendar.or(organisation.calendar.as_deref()),
    )
}

impl Clock {
    pub(super) fn of(audience: &Audience, catalogue: &Catalogue) -> Clock {
        let zone = audience.time_zone.as_ref();
        Clock {
            zone: zone.unwrap_or(&catalogue.organisation.time_zone).clone(),
            calendar: business_calendar(catalogue, clock_name(audience, catalogue).1),
            entries: Vec::new(),
            courses: BTreeMap::new(),
        }
    }

    pub(super) fn of_organisation(catalogue: &Catalogue) -> Clock {
        let organisation = &catalogue.organisation;
        Clock {
            zone: organisation.time_zone.clone(),
            calendar: business_calendar(catalogue, organisation.calendar.as_deref()),
            entries: Vec::new(),
            courses: BTreeMap::new(),
        }
    }
}

impl Planner<'_> {
    /// The clock of an audience that hears of the event.
    pub(super) fn clock(&mut self, audience: &Audience) -> Clock {
        let mut clock = Clock::of(audience, self.input.catalogue);
        self.warn_of_unknown_holidays(&clock);
        if self.is_before_start() {
            clock.entries = self.entries(&clock);
        }
        clock
    }

    pub(super) fn audience(&mut self, audience: &Audience, clock: &mut Clock) {
        // What it does not hear of takes no place before the start: it neither collapses nor stands for another.
        let hears = |milestone: &str| audience.routing.admits_stage(milestone);
        let untold = |e: &Entry| hears(e.milestone) && !self.was_told(audience, e);
        let untold: Vec<bool> = clock.entries.iter().map(untold).collect();
        if !clock.courses.contains_key(&untold) {
            let course = self.course(clock, &untold);
            clock.courses.insert(untold.clone(), course);
        }
        let course = &clock.courses[&untold];
        let hypercare = self.input.policy.hypercare.as_ref();
        let is_cared_for = hypercare.is_none_or(|care| care.is_for(&audience.id));
        // What stands for something that it hears of is told, whatever it is called.
        let is_heard = |draft: &Draft| {
            (!draft.tells.is_empty() || hears(draft.milestone))
                && (draft.milestone != "hypercare" || is_cared_for)
        };
        self.breaches
            .extend(course.breaches.iter().map(|breach| Breach {
                audience: audience.id.to_string(),
                ..breach.clone()
            }));
        let channels = audience.first_channels();
        for (draft, due_local) in course.drafts.iter().filter(|(draft, _)| is_heard(draft)) {
            let draft = Draft {
                copy_due: self.copy_due(audience, clock, draft),
                ..draft.clone()
            };
            self.remind_of_copy(audience, &draft);
            self.push_local(
                audience.id.as_str(),
                audience.level,
                channels.clone(),
                due_local.clone(),
                draft,
            );
        }
    }

    fn is_before_start(&self) -> bool {
        self.input.planned.phase == Phase::Ahead
    }

    /// What is told of work from its start on.
    fn since_the_start(&mut self, clock: &Clock) -> Vec<Draft> {
        let mut drafts = Vec::new();
        drafts.extend(match self.input.planned.phase {
            Phase::Ahead => {
                let due = self.start.max(self.input.now);
                Some(Draft::new("start", due, "the start"))
            }
            Phase::UnderWay(since) => {
                let began = since.unwrap_or(self.start);
                Some(Draft::new("start", began, "work has begun"))
            }
            Phase::Done(_) | Phase::Off => None,
        });
        match self.input.planned.phase {
            Phase::Ahead | Phase::UnderWay(_) => {
                drafts.extend(self.progress());
                drafts.push(self.completion());
                drafts.extend(self.after_completion(clock));
            }
            Phase::Done(_) => {
                drafts.push(self.completion());
                drafts.extend(self.after_completion(clock));
            }
            Phase::Off => {}
        }
        drafts
    }

    fn course(&mut self, clock: &Clock, untold: &[bool]) -> Course {
        let entries = clock.entries.iter().zip(untold);
        let entries: Vec<&Entry> = entries
            .filter(|(_, is_untold)| **is_untold)
            .map(|(e, _)| e)
            .collect();
        let (mut drafts, breaches) = self.before_start(&entries, clock);
        match self.input.planned.end {
            Some(_) => drafts.extend(self.since_the_start(clock)),
            None => drafts = self.with_effect(drafts),
        }
        let drafts = self.with_change(drafts).into_iter().map(|draft| {
            let due_local = clock.zone.at(draft.due).to_string();
            (draft, due_local)
        });
        Course {
            drafts: drafts.collect(),
            breaches,
        }
    }
}
