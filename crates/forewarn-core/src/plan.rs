//! The plan: which notice is due when, for whom, and why.
//!
//! [`plan`] is a pure function: the same inputs give the same plan, byte for byte. The command
//! line, the API, the console and the engine all call it. The rules are numbered in the design's
//! planning page; comments here name them.

mod advisory;
mod after;
mod at_once;
mod before;
mod built_in;
mod call;
mod changes;
mod clashes;
mod copy;
mod course;
mod decided;
mod effect;
mod incident;
mod overrun;
mod planned;
mod promise;
mod reminders;
#[cfg(test)]
mod tests;
mod windows;

pub use advisory::{catch_up_on_advisory, owners_reminded_again, publish_word};
pub use built_in::{
    APPROVERS, BACKUP, CHANGE_SYSTEM, COMMUNICATIONS, INTERNAL, REQUESTERS, SPOKESPERSON,
    SUBSCRIPTIONS, built_in_meaning, built_in_name, is_inside,
};
pub use call::{
    HANDOVER, SPOKESPERSON_CALL, call, called, called_audience, handover, is_team_notice,
};
pub use changes::{Changes, Moved, Stored, changes_between, changes_from, untold_change};
pub use clashes::clashes;
pub use copy::{COPY_DUE, copy_audience, copy_place, stands_aside};
use course::{Clock, clock_name};
pub use decided::LEADERSHIP;
pub use incident::{catch_up, publish_update};
pub use overrun::{OVERRUN, overrun};
pub use planned::{Phase, Planned};
pub use promise::{
    PROMISE_BROKEN, PROMISE_KEPT, PROMISE_WARNING, is_promise_timer, next_update, nobody_hears_yet,
    promised, timers_again,
};
pub use reminders::{Explained, PlannedReminder, reminders_ahead};
pub use windows::{PlannedWindow, windows_ahead};

use crate::audience::Level;
use crate::calendar::{BusinessCalendar, HolidayCalendar, Reading};
use crate::contact::Channel;
use crate::document::Catalogue;
use crate::id::{Id, derive};
use crate::maintenance::{Maintenance, Status};
use crate::policy::Policy;
use crate::problem::Problem;
use crate::service::{Affected, Service, affected};
use crate::time::{CivilTime, Zone};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// The milestone that tells the owners that a zone's rules changed and moved the work in time.
pub const CLOCKS_CHANGED: &str = "clocks_changed";

/// How long before the promised end its owner is asked whether it will hold.
const OVERRUN_CHECK: SignedDuration = SignedDuration::from_mins(15);

/// What a plan is made from.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// What is planned.
    pub planned: Planned<'a>,
    /// The policy it follows.
    pub policy: &'a Policy,
    /// Organisation, services and audiences.
    pub catalogue: &'a Catalogue,
    /// When the plan is made.
    pub now: Timestamp,
    /// What was told already, so that it is not told again.
    pub told: &'a [Told],
    /// Other work that is open, as far as it is known: meeting it is pointed out.
    pub others: &'a [Maintenance],
    /// The change that is being told, if the plan is made because of one.
    pub change: Option<Change<'a>>,
}

/// A pre-start notice that an audience has had: which offset, counted to which time.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Told {
    /// The audience.
    pub audience: String,
    /// The offset: `5bd`.
    pub offset: String,
    /// When it was due by the calendar, whether or not it was sent then.
    pub nominal: Timestamp,
}

/// A change of state that makes its own notice at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change<'a> {
    /// `delay`, `reschedule`, `extension` or `cancellation`.
    pub milestone: &'a str,
    /// How many of this kind came before.
    pub counter: u32,
}

/// A notice that is planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Derived from event, revision, milestone, offset and audience.
    pub id: String,
    /// `announcement`, `reminder`, ...
    pub milestone: String,
    /// Its place among those of its milestone: `5bd`, `50%`, or the counter of a repeated one.
    pub offset: Option<String>,
    /// Offsets whose notices it stands for.
    pub stands_for: Vec<String>,
    /// Who gets it.
    pub audience: String,
    /// At which level.
    pub level: Level,
    /// On which channels.
    pub channels: Vec<Channel>,
    /// When it is due.
    pub due: Timestamp,
    /// The same on the audience's clocks (RFC 9557).
    pub due_local: String,
    /// Why it is due then, for a person.
    pub because: String,
    /// When its text must be with those who print or send it for us.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub copy_due: Option<Timestamp>,
    /// It waits for something to happen (completion); `due` is only when that is expected.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub held: bool,
    /// What the audience will have been told once this is sent.
    #[serde(skip)]
    pub tells: Vec<(String, Timestamp)>,
}

/// A notice that comes later than its policy asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breach {
    /// Who is told late.
    pub audience: String,
    /// Which notice.
    pub milestone: String,
    /// Its offset.
    pub offset: String,
    /// By how much.
    pub late_by_seconds: i64,
    /// The earliest start, at the same time of day, that would honour it.
    pub earliest_compliant_start: Timestamp,
}

/// An affected service, how the event reaches it, and who uses it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// The service.
    pub service: Id,
    /// From the service worked on to this one.
    pub path: Vec<Id>,
    /// Audiences that use it and hear of the event.
    pub audiences: Vec<Id>,
}

/// The window of the event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Its start.
    pub start: Timestamp,
    /// Its promised end; none for what takes effect at one moment.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub end: Option<Timestamp>,
    /// Whether it lies wholly in one occurrence of a standard window of every service that it works on.
    pub inside_standard_window: bool,
}

/// That an event does otherwise than its policy says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overridden {
    /// The policy.
    pub policy: Id,
    /// Why.
    pub reason: String,
}

/// Which notice is due when, for whom, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The event.
    pub event: Id,
    /// Which of its windows.
    pub revision: u32,
    /// When the plan was made.
    pub at: Timestamp,
    /// The window.
    pub window: Window,
    /// Why the event does otherwise than its policy says, if it does.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub overridden: Option<Overridden>,
    /// Notices by due time, then audience, then milestone.
    pub notices: Vec<Notice>,
    /// Notices that come too late.
    pub breaches: Vec<Breach>,
    /// Who is affected, and how.
    pub affected: Vec<Reach>,
    /// What the owner should look at.
    pub warnings: Vec<Problem>,
}

/// A notice's own part while the plan is being made; [`Planner::push`] adds what all have.
#[derive(Clone)]
struct Draft {
    milestone: &'static str,
    offset: Option<String>,
    stands_for: Vec<String>,
    due: Timestamp,
    because: String,
    held: bool,
    copy_due: Option<Timestamp>,
    tells: Vec<(String, Timestamp)>,
}

impl Draft {
    fn new(milestone: &'static str, due: Timestamp, because: impl Into<String>) -> Draft {
        let because = because.into();
        Draft {
            milestone,
            offset: None,
            stands_for: Vec::new(),
            due,
            because,
            held: false,
            copy_due: None,
            tells: Vec::new(),
        }
    }

    fn offset(mut self, offset: impl ToString) -> Draft {
        self.offset = Some(offset.to_string());
        self
    }
}

struct Planner<'a> {
    input: Input<'a>,
    start: Timestamp,
    /// The start again for what has no end.
    end: Timestamp,
    told: BTreeSet<&'a Told>,
    /// When the first announcement is due by the calendar, whether or not it is out.
    first_announcement: Option<Timestamp>,
    notices: Vec<Notice>,
    breaches: Vec<Breach>,
    warnings: Vec<Problem>,
}

/// Makes the plan of planned work, or of a change that takes effect at a moment.
pub fn plan(input: Input<'_>) -> Plan {
    let planned = input.planned;
    let own = planned
        .exception
        .map(|exception| exception.laid_over(input.policy));
    let input = Input {
        policy: own.as_ref().unwrap_or(input.policy),
        ..input
    };
    let start = planned.start.instant();
    let end = planned.end.map_or(start, CivilTime::instant);
    let seen = planned.added.map(|added| added.over(input.catalogue));
    let catalogue = seen.unwrap_or(Cow::Borrowed(input.catalogue));
    let input = Input {
        catalogue: &catalogue,
        ..input
    };
    let affected = affected(planned.services, &input.catalogue.services);
    let mut planner = Planner {
        input,
        start,
        end,
        told: input.told.iter().collect(),
        first_announcement: None,
        notices: Vec::new(),
        breaches: Vec::new(),
        warnings: Vec::new(),
    };
    planner.warn_of_clock_changes();
    planner.warn_of_clashes();
    planner.propose_policy();
    let mut clocks = BTreeMap::new();
    let told = !planner.tells_nobody();
    // The leadership that a decision told hears of it by that decision.
    let told_as_others = input.told.iter().filter(|t| t.offset != LEADERSHIP);
    let heard: BTreeSet<&str> = told_as_others.map(|t| t.audience.as_str()).collect();
    for audience in input.catalogue.audiences.iter().filter(|_| told) {
        // Whoever was told hears the rest, also where the catalogue says meanwhile that it is none of their business.
        let is_reached = audience.reached_by(&planned.about, &affected).is_some();
        if !is_reached && !heard.contains(audience.id.as_str()) {
            continue;
        }
        let clock = clocks
            .entry(clock_name(audience, input.catalogue))
            .or_insert_with(|| planner.clock(audience));
        planner.audience(audience, clock);
    }
    planner.leadership();
    planner.requesters();
    planner.planned_outage();
    planner.internal();
    planner.finish(affected)
}

/// The working days of an audience in this organisation.
pub fn business_calendar(catalogue: &Catalogue, calendar: Option<&str>) -> BusinessCalendar {
    let organisation = &catalogue.organisation;
    BusinessCalendar {
        holidays: calendar.and_then(|id| HolidayCalendar::find(id).ok()),
        closed_days: organisation.closed_days.iter().copied().collect(),
        working_days: organisation.working_days.iter().copied().collect(),
        weekend: None,
    }
}

impl Planner<'_> {
    /// People who asked for a change are told when it is done, or that it will not be.
    fn requesters(&mut self) {
        let planned = self.input.planned;
        if planned.requesters.is_empty() || self.tells_nobody() {
            return;
        }
        let draft = match (planned.phase, self.input.change) {
            (Phase::Off, Some(change)) => self.told_at_once(change),
            (Phase::Off, None) => return,
            _ if planned.end.is_none() => self.effective(),
            _ => self.completion(),
        };
        let zone = self.input.catalogue.organisation.time_zone.clone();
        let channels = vec![Channel::Email];
        self.push(REQUESTERS, Level::NonTechnical, channels, &zone, draft);
    }

    /// The people who run the event are asked whether the end will hold.
    fn internal(&mut self) {
        if let Some(change) = self.input.change.filter(|c| c.milestone == CLOCKS_CHANGED) {
            let zone = self.input.catalogue.organisation.time_zone.clone();
            let told = self.told_at_once(change);
            let channels = vec![Channel::Email];
            self.push(INTERNAL, Level::Technical, channels, &zone, told);
        }
        if self.input.planned.end.is_none() {
            return self.takes_effect();
        }
        self.begins();
        // A window shorter than that is asked about halfway.
        let length = self.end.duration_since(self.start);
        let ahead = match length < OVERRUN_CHECK {
            true => length / 2,
            false => OVERRUN_CHECK,
        };
        let due = self.end - ahead;
        let open = !self.input.planned.phase.is_over();
        if open && due >= self.input.now {
            let zone = self.input.catalogue.organisation.time_zone.clone();
            let draft = Draft::new(
                "overrun_check",
                due,
                "shortly before the promised end: will it hold?",
            );
            self.push(
                INTERNAL,
                Level::Technical,
                vec![Channel::Email],
                &zone,
                draft,
            );
        }
        let input = &self.input;
        let overruns = input.planned.work;
        let overruns = overruns.map(|work| overrun(work, input.catalogue, input.now));
        self.notices.extend(overruns.into_iter().flatten());
    }

    /// The policy's time of day on a date.
    fn on(&self, date: Date, zone: &Zone) -> Timestamp {
        CivilTime::new(date.to_datetime(self.input.policy.at), zone.clone()).instant()
    }

    /// A change is told at once, and what is late now is told by it: one message, not two.
    fn with_change(&self, drafts: Vec<Draft>) -> Vec<Draft> {
        // That clocks changed somewhere is the owners' affair: the time that people were told stays.
        let change = self.input.change.filter(|c| c.milestone != CLOCKS_CHANGED);
        let Some(change) = change else {
            return drafts;
        };
        let mut told = self.told_at_once(change);
        let (late, mut rest): (Vec<Draft>, Vec<Draft>) = drafts
            .into_iter()
            .partition(|draft| draft.milestone == "announcement" && draft.due == self.input.now);
        for draft in late {
            told.stands_for.extend(draft.stands_for);
            told.tells.extend(draft.tells);
        }
        rest.push(told);
        rest
    }

    fn told_at_once(&self, change: Change<'_>) -> Draft {
        let milestone = crate::message::milestone(change.milestone).unwrap_or("delay");
        let because = format!("the {milestone} is told at once");
        let mut told = Draft::new(milestone, self.input.now, because);
        told.offset = (change.counter > 0).then(|| format!("#{}", change.counter + 1));
        told
    }

    fn push(
        &mut self,
        audience: &str,
        level: Level,
        channels: Vec<Channel>,
        zone: &Zone,
        draft: Draft,
    ) {
        let due_local = zone.at(draft.due).to_string();
        self.push_local(audience, level, channels, due_local, draft);
    }

    /// The same where the time on the audience's clocks is known.
    fn push_local(
        &mut self,
        audience: &str,
        level: Level,
        channels: Vec<Channel>,
        due_local: String,
        draft: Draft,
    ) {
        let planned = self.input.planned;
        let revision = planned.revision.to_string();
        let offset = draft.offset.as_deref().unwrap_or("");
        self.notices.push(Notice {
            id: derive(&[
                "notice",
                planned.id.as_str(),
                &revision,
                draft.milestone,
                offset,
                audience,
            ]),
            milestone: draft.milestone.to_owned(),
            offset: draft.offset,
            stands_for: draft.stands_for,
            audience: audience.to_owned(),
            level,
            channels,
            due: draft.due,
            due_local,
            because: draft.because,
            copy_due: draft.copy_due,
            held: draft.held,
            tells: draft.tells,
        });
    }

    fn warn(&mut self, field: &str, problem: impl Into<String>) {
        let warning = Problem::new(field, problem);
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// Business days are counted without holidays where nobody knows them yet.
    fn warn_of_unknown_holidays(&mut self, clock: &Clock) {
        let Some(holidays) = clock.calendar.holidays else {
            return;
        };
        let year = clock.zone.at(self.start).year();
        if !holidays.covers(year) {
            let id = holidays.id();
            self.warn(self.input.planned.start_field(), format!("the public holidays of {id} in {year} are not known: business days are counted without them"));
        }
    }

    /// Rule 4: a start or end that does not exist or exists twice is pointed at; planning goes on.
    fn warn_of_clock_changes(&mut self) {
        let planned = self.input.planned;
        let start = (planned.start_field(), planned.start);
        let end = planned.end.map(|end| ("maintenance.end", end));
        for (field, time) in [start].into_iter().chain(end) {
            let Ok(resolved) = crate::calendar::instant(time.civil, time.zone.tz()) else {
                continue;
            };
            let show = |at: Timestamp| time.zone.at(at).to_string();
            match resolved.reading {
                Reading::Unambiguous => {}
                Reading::Gap { other } => self.warn(
                    field,
                    format!(
                        "{} does not exist in {}: the clocks go forward over it; taken as {}, could mean {}",
                        time.civil, time.zone.name(), show(resolved.at), show(other)
                    ),
                ),
                Reading::Fold { .. } if time.says_which() => {}
                Reading::Fold { other } => self.warn(
                    field,
                    format!(
                        "{} exists twice in {}: the clocks go back; taken as the earlier, {}, could mean {}",
                        time.civil, time.zone.name(), show(resolved.at), show(other)
                    ),
                ),
            }
        }
        let waits = |work: &Maintenance| work.status == Status::AwaitingApproval;
        let waits = planned.work.is_some_and(waits);
        if planned.end.is_some() && !planned.phase.is_over() && self.end < self.input.now {
            self.warn("maintenance.end", "lies in the past");
        } else if planned.phase == Phase::Ahead && !waits && self.start < self.input.now {
            self.warn(planned.start_field(), "lies in the past");
        }
    }

    fn inside_standard_window(&self) -> bool {
        let times = (self.start, self.end);
        inside_standard_window(self.input.planned.services, times, self.input.catalogue)
    }

    fn finish(mut self, affected: Vec<Affected>) -> Plan {
        let notices = in_order(self.notices.split_off(0));
        let audiences = &self.input.catalogue.audiences;
        let about = self.input.planned.about;
        let reach: Vec<Reach> = affected
            .iter()
            .map(|a| Reach {
                service: a.service.clone(),
                path: a.path.clone(),
                audiences: audiences
                    .iter()
                    .filter(|audience| {
                        audience
                            .reached_by(&about, std::slice::from_ref(a))
                            .is_some()
                    })
                    .map(|audience| audience.id.clone())
                    .collect(),
            })
            .collect();
        if reach.iter().all(|r| r.audiences.is_empty()) {
            self.warn(
                &format!("{}.services", self.input.planned.document()),
                "no audience uses these services or those that depend on them: nobody is told",
            );
        }
        let planned = self.input.planned;
        let inside = self.inside_standard_window();
        Plan {
            event: planned.id.clone(),
            revision: planned.revision,
            at: self.input.now,
            window: Window {
                start: self.start,
                end: planned.end.map(CivilTime::instant),
                inside_standard_window: inside,
            },
            overridden: planned.exception.map(|exception| Overridden {
                policy: self.input.policy.id.clone(),
                reason: exception.reason.clone(),
            }),
            notices,
            breaches: self.breaches,
            affected: reach,
            warnings: self.warnings,
        }
    }
}

/// Whether these times lie wholly in one occurrence of a standard window of every one of these services.
pub fn inside_standard_window(
    services: &[Id],
    (start, end): (Timestamp, Timestamp),
    catalogue: &Catalogue,
) -> bool {
    let zone = &catalogue.organisation.time_zone;
    let holds = |service: &Service| {
        let mut windows = service.windows.iter();
        windows.any(|w| w.holding(zone, start, end).is_some())
    };
    let known = &catalogue.services;
    services
        .iter()
        .all(|id| known.iter().any(|s| s.id == *id && holds(s)))
}

/// By due time, then audience, then milestone. Places are sorted and not the notices themselves, which are large.
fn in_order(notices: Vec<Notice>) -> Vec<Notice> {
    let key = |place: &usize| {
        let notice = &notices[*place];
        (
            notice.due,
            &notice.audience,
            &notice.milestone,
            &notice.offset,
        )
    };
    let mut places: Vec<usize> = (0..notices.len()).collect();
    places.sort_by(|a, b| key(a).cmp(&key(b)));
    let mut notices: Vec<Option<Notice>> = notices.into_iter().map(Some).collect();
    places
        .into_iter()
        .filter_map(|place| notices[place].take())
        .collect()
}
