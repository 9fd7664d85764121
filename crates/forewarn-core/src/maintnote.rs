//! Notices of maintenance by network providers: iCalendar with the MAINTNOTE properties (BCOP maintenance notification).
//!
//! Providers write these by programs of their own, so what is missing or odd is taken in the way that warns people rather
//! than too little, and said. Only what leaves open which event, or when, is refused.

mod calendar;
mod zones;

use crate::alert::harmless;
use crate::incident::Impact;
use crate::problem::{Invalid, Problem, unknown};
use crate::service::Service;
use calendar::{Line, Parsed, instant_of, parsed};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// More events of one file are not read.
const MOST_EVENTS: usize = 50;
/// More objects of one event are not read.
const MOST_OBJECTS: usize = 500;
const MOST_ID: usize = 200;

/// What the work does to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
#[allow(missing_docs)]
pub enum Effect {
    NoImpact,
    ReducedRedundancy,
    Degraded,
    Outage,
}

impl Effect {
    const ALL: [(Effect, &'static str); 4] = [
        (Effect::NoImpact, "NO-IMPACT"),
        (Effect::ReducedRedundancy, "REDUCED-REDUNDANCY"),
        (Effect::Degraded, "DEGRADED"),
        (Effect::Outage, "OUTAGE"),
    ];

    /// Its name in the standard.
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .into_iter()
            .find(|(effect, _)| *effect == self)
            .map_or("", |(_, name)| name)
    }

    /// What people may notice, in words for everybody.
    pub fn words(self) -> &'static str {
        match self {
            Effect::NoImpact => "No interruption is expected.",
            Effect::ReducedRedundancy => {
                "No interruption is expected. While the work goes on there is less to fall back on."
            }
            Effect::Degraded => "It may be slow or incomplete at times.",
            Effect::Outage => "It will not be available for some of this time.",
        }
    }

    /// The same as an impact on a service.
    pub fn impact(self) -> Impact {
        match self {
            Effect::NoImpact | Effect::ReducedRedundancy => Impact::None,
            Effect::Degraded => Impact::DegradedPerformance,
            Effect::Outage => Impact::MajorOutage,
        }
    }
}

/// Where the work stands, by the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
#[allow(missing_docs)]
pub enum Status {
    Tentative,
    Confirmed,
    Cancelled,
    InProcess,
    Completed,
    ReScheduled,
    NoChange,
}

impl Status {
    const ALL: [(Status, &'static str); 7] = [
        (Status::Tentative, "TENTATIVE"),
        (Status::Confirmed, "CONFIRMED"),
        (Status::Cancelled, "CANCELLED"),
        (Status::InProcess, "IN-PROCESS"),
        (Status::Completed, "COMPLETED"),
        (Status::ReScheduled, "RE-SCHEDULED"),
        (Status::NoChange, "NO-CHANGE"),
    ];

    /// Its name in the standard.
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .into_iter()
            .find(|(s, _)| *s == self)
            .map_or("", |(_, name)| name)
    }

    /// Nothing is to come any more.
    pub fn is_over(self) -> bool {
        matches!(self, Status::Cancelled | Status::Completed)
    }
}

/// One notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Who works.
    pub provider: String,
    /// Whose account there is.
    pub account: String,
    /// The work's id at the provider.
    pub maintenance: String,
    /// What it touches, by the provider's ids, each with what happens to it.
    pub objects: Vec<(String, Effect)>,
    /// What happens, the worst of it.
    pub effect: Effect,
    /// Where it stands.
    pub status: Status,
    /// From when to when; nothing where it is over and the provider leaves that out.
    pub window: Option<(Timestamp, Timestamp)>,
    /// Grows with each notice about the same work.
    pub sequence: i64,
    /// When the notice was written.
    pub stamp: Option<Timestamp>,
    /// The provider's own words: technical, and hostile.
    pub summary: String,
}

impl Notice {
    /// Whether it tells something newer than what was told with this sequence and stamp.
    pub fn is_newer_than(&self, sequence: i64, stamp: Option<Timestamp>) -> bool {
        (self.sequence, self.stamp) > (sequence, stamp)
    }

    /// The services that stand on what it touches.
    pub fn touched<'a>(&self, services: &'a [Service]) -> Vec<&'a Service> {
        let objects: Vec<&str> = self.objects.iter().map(|(id, _)| id.as_str()).collect();
        let touches = |s: &&Service| {
            s.providers
                .iter()
                .any(|p| p.is_touched(&self.provider, &objects))
        };
        services.iter().filter(touches).collect()
    }

    /// Why no service stands on it, with the nearest provider that one does stand on.
    pub fn untouched(&self, services: &[Service]) -> Problem {
        let providers: Vec<&str> = services
            .iter()
            .flat_map(|s| s.providers.iter().map(|p| p.name.as_str()))
            .collect();
        let known = providers
            .iter()
            .any(|p| p.eq_ignore_ascii_case(&self.provider));
        match known {
            true => {
                let objects: Vec<&str> = self
                    .objects
                    .iter()
                    .map(|(id, _)| id.as_str())
                    .take(10)
                    .collect();
                let problem = format!(
                    "no service stands on {} of {}",
                    objects.join(", "),
                    self.provider
                );
                Problem::new("X-MAINTNOTE-OBJECT-ID", problem)
            }
            false => Problem::new(
                "X-MAINTNOTE-PROVIDER",
                format!(
                    "{}; name it in 'providers' of the services that stand on it",
                    unknown("provider", &self.provider, providers.iter().copied())
                ),
            ),
        }
    }
}

/// What a file held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notices {
    /// Its notices.
    pub notices: Vec<Notice>,
    /// The line of each where its time stands.
    pub lines: Vec<usize>,
    /// What was odd, and how it was taken.
    pub warnings: Vec<Problem>,
}

/// Reads every notice of an iCalendar text.
///
/// # Errors
/// Everything that leaves open which event is meant, or when.
pub fn read(text: &str) -> Result<Notices, Invalid> {
    let (calendar, mut problems) = parsed(text, MOST_EVENTS);
    let mut found = Notices::default();
    for event in &calendar.events {
        let mut reading = Reading {
            calendar: &calendar,
            event,
            problems: &mut problems,
            warnings: &mut found.warnings,
        };
        if let Some(notice) = reading.notice() {
            let line = reading.place("DTSTART").map_or(1, |(line, _)| line);
            found.notices.push(notice);
            found.lines.push(line);
        }
    }
    if calendar.events.is_empty() && problems.is_empty() {
        problems.push(Problem::new("", "holds no VEVENT of an iCalendar file"));
    }
    match problems.is_empty() {
        true => Ok(found),
        false => Err(Invalid { problems }),
    }
}

struct Reading<'a> {
    calendar: &'a Parsed,
    event: &'a [Line],
    problems: &'a mut Vec<Problem>,
    warnings: &'a mut Vec<Problem>,
}

impl Reading<'_> {
    fn all(&self, name: &str) -> Vec<&Line> {
        self.event.iter().filter(|line| line.name == name).collect()
    }

    fn first(&self, name: &str) -> Option<&Line> {
        self.event.iter().find(|line| line.name == name)
    }

    fn place(&self, name: &str) -> Option<(usize, usize)> {
        self.first(name)
            .or(self.event.first())
            .map(|line| (line.number, 1))
    }

    fn problem(&mut self, name: &str, problem: impl Into<String>) {
        let place = self.place(name);
        self.problems.push(Problem::new(name, problem).at(place));
    }

    fn warning(&mut self, name: &str, problem: impl Into<String>) {
        let place = self.place(name);
        self.warnings.push(Problem::new(name, problem).at(place));
    }

    /// A text that stands once.
    fn text(&mut self, name: &str) -> Option<String> {
        let mut values: Vec<String> = self
            .all(name)
            .iter()
            .map(|l| harmless(&l.value, MOST_ID))
            .collect();
        values.retain(|v| !v.is_empty());
        let first = values.first().cloned();
        if values.iter().any(|v| Some(v) != first.as_ref()) {
            let problem = format!(
                "stands {} times with different values: which one is meant?",
                values.len()
            );
            self.problem(name, problem);
        } else if values.len() > 1 {
            self.warning(name, "stands twice with the same value");
        }
        first
    }

    fn notice(&mut self) -> Option<Notice> {
        let provider = self.text("X-MAINTNOTE-PROVIDER");
        let maintenance = self.text("X-MAINTNOTE-MAINTENANCE-ID");
        for (name, value) in [
            ("X-MAINTNOTE-PROVIDER", &provider),
            ("X-MAINTNOTE-MAINTENANCE-ID", &maintenance),
        ] {
            if value.is_none() {
                self.problem(name, "is missing");
            }
        }
        let account = self.text("X-MAINTNOTE-ACCOUNT");
        if account.is_none() {
            self.warning("X-MAINTNOTE-ACCOUNT", "is missing");
        }
        let status = self.status();
        let effect = self.effect("X-MAINTNOTE-IMPACT");
        let objects = self.objects(effect, status);
        let window = self.window(status);
        let sequence = self.sequence();
        let stamp = self.time("DTSTAMP").ok().flatten();
        self.repeats();
        let summary = self.first("SUMMARY").map(|line| harmless(&line.value, 300));
        let worst = objects.iter().map(|(_, effect)| *effect).max();
        Some(Notice {
            provider: provider?,
            account: account.unwrap_or_default(),
            maintenance: maintenance?,
            effect: worst.map_or(effect, |worst| worst.max(effect)),
            objects,
            status,
            window: window?,
            sequence,
            stamp,
            summary: summary.unwrap_or_default(),
        })
    }

    fn status(&mut self) -> Status {
        let name = "X-MAINTNOTE-STATUS";
        let named = |text: &str| {
            let text = text.trim().to_ascii_uppercase().replace(['_', ' '], "-");
            let text = match text.as_str() {
                "RESCHEDULED" => "RE-SCHEDULED".to_owned(),
                "IN-PROGRESS" => "IN-PROCESS".to_owned(),
                "CANCELED" => "CANCELLED".to_owned(),
                _ => text,
            };
            Status::ALL
                .into_iter()
                .find(|(_, known)| *known == text)
                .map(|(status, _)| status)
        };
        let said = self.text(name);
        if let Some(status) = said.as_deref().and_then(named) {
            if self.calendar.cancels && !status.is_over() {
                let problem = format!(
                    "is {}, but the calendar's METHOD is CANCEL; taken as {}",
                    status.as_str(),
                    status.as_str()
                );
                self.warning(name, problem);
            }
            return status;
        }
        // What every calendar has says at least whether it is off.
        let plain = self.first("STATUS").and_then(|line| named(&line.value));
        let off = self.calendar.cancels.then_some(Status::Cancelled);
        let taken = off.or(plain).unwrap_or(Status::Tentative);
        let problem = match said {
            Some(said) => {
                let known = Status::ALL.map(|(_, name)| name);
                format!(
                    "{}; taken as {}",
                    unknown("status", &said, known),
                    taken.as_str()
                )
            }
            None if off.is_some() => {
                "is missing; taken as CANCELLED, as the calendar's METHOD says".to_owned()
            }
            None => format!("is missing; taken as {}", taken.as_str()),
        };
        self.warning(name, problem);
        taken
    }

    fn effect(&mut self, name: &str) -> Effect {
        match self.text(name) {
            None => {
                self.warning(name, "is missing; taken as OUTAGE");
                Effect::Outage
            }
            Some(said) => read_effect(&said).unwrap_or_else(|problem| {
                self.warning(name, format!("{problem}; taken as OUTAGE"));
                Effect::Outage
            }),
        }
    }

    fn objects(&mut self, effect: Effect, status: Status) -> Vec<(String, Effect)> {
        let name = "X-MAINTNOTE-OBJECT-ID";
        let mut objects: Vec<(String, Effect)> = Vec::new();
        let mut odd = Vec::new();
        for line in self.all(name).into_iter().take(MOST_OBJECTS) {
            let id = harmless(&line.value, MOST_ID);
            let own = line.parameter("X-MAINTNOTE-OBJECT-IMPACT").map(read_effect);
            let own = match own {
                Some(Err(problem)) => {
                    odd.push(format!("{problem} of {id}; taken as the IMPACT"));
                    None
                }
                Some(Ok(own)) => Some(own),
                None => None,
            };
            match objects.iter().any(|(known, _)| *known == id) {
                true => odd.push(format!("{id} stands twice")),
                false if id.is_empty() => odd.push("is empty".to_owned()),
                false => objects.push((id, own.unwrap_or(effect))),
            }
        }
        odd.into_iter()
            .for_each(|problem| self.warning(name, problem));
        if let [(_, own)] = objects.as_slice()
            && *own != effect
        {
            self.warning(
                name,
                "its one object has another impact than IMPACT says; the worse one is taken",
            );
        }
        if objects.is_empty() && !status.is_over() {
            self.warning(
                name,
                "is missing; taken as all that stands on this provider",
            );
        }
        objects
    }

    /// The window; `Some(None)` where it is not needed, `None` where it cannot be read.
    #[allow(
        clippy::option_option,
        reason = "what is refused differs from what is not needed"
    )]
    fn window(&mut self, status: Status) -> Option<Option<(Timestamp, Timestamp)>> {
        let needed = !status.is_over() && status != Status::NoChange;
        let (start, end) = (self.time("DTSTART"), self.time("DTEND"));
        let end = match (&end, &start, self.first("DURATION")) {
            (Ok(None), Ok(Some(start)), Some(line)) => {
                crate::time::parse_duration(line.value.trim()).and_then(|length| {
                    let end = start.checked_add(length);
                    end.map(Some).map_err(|_| "is too far away".to_owned())
                })
            }
            _ => end,
        };
        for name in ["DTSTART", "DTEND"] {
            if self.first(name).is_some_and(Line::is_floating) {
                self.warning(name, "has no zone; taken as UTC");
            }
        }
        let mut faults = Vec::new();
        let window = match (start, end) {
            (Ok(Some(start)), Ok(Some(end))) if start < end => Some((start, end)),
            (Ok(Some(start)), Ok(Some(end))) => {
                faults.push(("DTEND", format!("{end} is not after the start {start}")));
                None
            }
            (start, end) => {
                for (name, read) in [("DTSTART", start), ("DTEND", end)] {
                    match read {
                        Ok(Some(_)) => {}
                        Ok(None) => faults.push((name, "is missing".to_owned())),
                        Err(problem) => faults.push((name, problem)),
                    }
                }
                None
            }
        };
        for (name, problem) in faults {
            match needed {
                true => self.problem(name, problem),
                false => self.warning(name, format!("{problem}; it is not needed here")),
            }
        }
        (window.is_some() || !needed).then_some(window)
    }

    fn time(&self, name: &str) -> Result<Option<Timestamp>, String> {
        let read = |line| instant_of(line, &self.calendar.zones);
        self.first(name).map(read).transpose()
    }

    /// Work that repeats is many works, and the provider has an id for each.
    fn repeats(&mut self) {
        for name in ["RRULE", "RDATE"] {
            if self.first(name).is_some() {
                let problem =
                    "only the first time is taken: work that repeats needs a notice for each time";
                self.warning(name, problem);
            }
        }
    }

    fn sequence(&mut self) -> i64 {
        let read = self
            .first("SEQUENCE")
            .map(|line| line.value.trim().parse::<i64>());
        match read {
            Some(Ok(sequence)) if (0..=i64::from(i32::MAX)).contains(&sequence) => sequence,
            Some(_) => {
                self.warning(
                    "SEQUENCE",
                    "is no number from 0; taken as 0, and DTSTAMP tells which notice is newer",
                );
                0
            }
            None => {
                self.warning(
                    "SEQUENCE",
                    "is missing; taken as 0, and DTSTAMP tells which notice is newer",
                );
                0
            }
        }
    }
}

fn read_effect(text: &str) -> Result<Effect, String> {
    let plain = text.trim().to_ascii_uppercase().replace(['_', ' '], "-");
    let found = Effect::ALL.into_iter().find(|(_, name)| *name == plain);
    found.map(|(effect, _)| effect).ok_or_else(|| {
        unknown(
            "impact",
            &harmless(text, 40),
            Effect::ALL.map(|(_, name)| name),
        )
    })
}

#[cfg(test)]
mod tests;
