//! The judge of promises. It reads the incidents and advisories, the journal and the timers, and knows from the design what each promise
//! has a right to: an update in time, or a breach on record, once, and not before its time.

use super::auditor::went;
use forewarn_core::advisory::Advisory;
use forewarn_core::event::Event;
use forewarn_core::id::derive;
use forewarn_core::incident::{Incident, Nature, Promise, Severity, Update};
use forewarn_core::promise::Thread;
use forewarn_store::{Clock, NoticeFilter, NoticeRow, Store, Written};
use jiff::{SignedDuration, Timestamp};

const ALL: i64 = 100_000;

/// An incident with all that is on record about its promises.
struct Record {
    incident: Incident,
    broken: Vec<Written>,
    kept: Vec<Written>,
    timers: Vec<NoticeRow>,
}

/// Everything that is wrong with the promises of these events.
pub async fn audit(events: &[String], store: &Store, wrong: &mut Vec<String>) {
    for id in events {
        let event = store.event(id).await.expect("the event");
        let incident = match event.map(|stored| stored.event) {
            Some(Event::Incident(incident)) => incident,
            Some(Event::Advisory(advisory)) => {
                words(&advisory, store, wrong).await;
                continue;
            }
            _ => continue,
        };
        let of_event = NoticeFilter {
            event: Some(id.clone()),
            ..NoticeFilter::default()
        };
        let journal = store
            .journal(Some(id), None, ALL)
            .await
            .expect("the journal");
        let entries = |action: &str| {
            let mut all = journal.clone();
            all.retain(|entry| entry.action == action);
            all
        };
        let mut timers = store.notices(&of_event, ALL).await.expect("the notices");
        timers.retain(|n| n.milestone.starts_with("promise_"));
        calls(id, &journal, store, wrong).await;
        let record = Record {
            broken: entries("incident.promise_broken"),
            kept: entries("incident.promise_kept"),
            timers,
            incident,
        };
        for update in &record.incident.updates {
            if let Some(promise) = update.promise {
                record.promise(update, promise, wrong);
            }
        }
        let automatic = record.incident.updates.iter();
        let automatic = automatic.filter(|u| u.nature == Nature::Automatic).count();
        if automatic != record.kept.len() {
            wrong.push(format!(
                "promise: {id} was kept by itself {automatic} times, and {} times in the journal",
                record.kept.len()
            ));
        }
    }
}

/// Each call that went out is on record, once, in its order; one that did not is not.
async fn calls(id: &str, journal: &[Written], store: &Store, wrong: &mut Vec<String>) {
    let of_event = NoticeFilter {
        event: Some(id.to_owned()),
        ..NoticeFilter::default()
    };
    let notices = store.notices(&of_event, ALL).await.expect("the notices");
    let calls = notices
        .iter()
        .filter(|n| n.milestone == "spokesperson_call");
    for call in calls {
        let action = match call.audience.as_str() {
            "spokesperson" => "incident.spokesperson_called",
            _ => "incident.call_escalated",
        };
        let entries = journal.iter();
        let entries =
            entries.filter(|e| e.action == action && e.detail["notice"] == call.id.as_str());
        let went = went(call);
        let times = entries.count();
        if times != usize::from(went) {
            wrong.push(format!(
                "call: {} of {id} is {} and was written down {times} times",
                call.audience, call.status
            ));
        }
    }
}

/// Whoever has just done all that was due leaves no promise that has passed without a word about it.
pub async fn unrecorded(events: &[String], store: &Store, clock: &Clock) -> Vec<String> {
    let mut wrong = Vec::new();
    for id in events {
        let event = store.event(id).await.expect("the event");
        let lapsed = match event.map(|stored| stored.event) {
            Some(Event::Incident(incident)) => incident.lapsed(clock.now()),
            Some(Event::Advisory(advisory)) => advisory.lapsed(clock.now()),
            _ => None,
        };
        if let Some(promise) = lapsed {
            wrong.push(format!(
                "promise: {id} promised {} and nobody noticed by {}",
                promise.due,
                clock.now()
            ));
        }
    }
    wrong
}

/// What was promised of a fault: kept, or broken on record, with its timers; where nothing was promised there is no timer.
async fn words(advisory: &Advisory, store: &Store, wrong: &mut Vec<String>) {
    let id = advisory.id.as_str();
    let of_event = NoticeFilter {
        event: Some(id.to_owned()),
        ..NoticeFilter::default()
    };
    let mut timers = store.notices(&of_event, ALL).await.expect("the notices");
    timers.retain(|n| n.milestone.starts_with("promise_"));
    let mut broken = store.journal(Some(id), None, ALL).await.expect("a journal");
    broken.retain(|entry| entry.action == "advisory.promise_broken");
    let (mut planned, mut breaches) = (0, 0);
    for word in &advisory.updates {
        let Some(promise) = word.promise else {
            continue;
        };
        let name = format!("promise: #{} of {id}, due {}", word.number, promise.due);
        let next = advisory.updates.get(word.number as usize + 1);
        let its: Vec<&Written> = broken
            .iter()
            .filter(|entry| entry.detail["update"] == word.number)
            .collect();
        breaches += its.len();
        match (promise.kept, its.as_slice(), next) {
            (Some(true), [], Some(next)) if next.at <= promise.due => {}
            (Some(false), [breach], _) if breach.at > promise.due => {}
            (kept, its, next) => wrong.push(format!(
                "{name}, was followed at {:?}, is {kept:?}, and was broken {} times in the journal",
                next.map(|w| w.at),
                its.len()
            )),
        }
        let before = |hours| promise.due - SignedDuration::from_hours(hours);
        let after = promise.due + SignedDuration::from_millis(1);
        let warnings = [("24h", before(24)), ("60min", before(1))];
        let ahead = warnings.into_iter().filter(|(_, due)| *due > word.at);
        let ahead = ahead.map(|(place, due)| ("promise_warning", place, due));
        for (milestone, place, due) in ahead.chain([("promise_broken", "", after)]) {
            planned += 1;
            let number = word.number.to_string();
            let timer = derive(&["notice", id, "1", milestone, &number, place, "internal"]);
            let found = timers.iter().find(|n| n.id == timer && n.due == due);
            let fired = found.map(|timer| (went(timer), timer.status.as_str()));
            let right = match fired {
                Some((true, _)) => milestone != "promise_broken" || promise.kept == Some(false),
                Some((false, "cancelled")) => next.is_some(),
                _ => false,
            };
            if !right {
                wrong.push(format!(
                    "{name}, has a {milestone} at {due} that is {fired:?}"
                ));
            }
        }
    }
    if (timers.len(), broken.len()) != (planned, breaches) {
        wrong.push(format!(
            "promise: {id} has {} timers and {} breaches where {planned} and {breaches} are right",
            timers.len(),
            broken.len()
        ));
    }
}

impl Record {
    fn promise(&self, update: &Update, promise: Promise, wrong: &mut Vec<String>) {
        let name = format!("promise: #{} of {}", update.number, self.incident.id);
        let mut blame = |what: String| wrong.push(format!("{name}, due {}, {what}", promise.due));
        let breaches: Vec<&Written> = self
            .broken
            .iter()
            .filter(|entry| entry.detail["update"] == update.number)
            .collect();
        let next = self.incident.updates.get(update.number as usize + 1);
        match (promise.kept, breaches.as_slice(), next) {
            (Some(true), [], Some(next)) if next.at <= promise.due => {}
            (Some(false), [breach], _) if breach.at > promise.due => {}
            (Some(false), [breach], _) => blame(format!("was broken early, at {}", breach.at)),
            (kept, breaches, next) => blame(format!(
                "was followed at {:?}, is {kept:?}, and was broken {} times in the journal",
                next.map(|u| u.at),
                breaches.len()
            )),
        }
        for (milestone, place, audience, due) in self.timers_of(update, promise) {
            let number = update.number.to_string();
            let incident = self.incident.id.as_str();
            let id = derive(&["notice", incident, "1", milestone, &number, place, audience]);
            let found = self.timers.iter().find(|n| n.id == id && n.due == due);
            let Some(timer) = found else {
                blame(format!("has no {milestone} for {audience} at {due}"));
                continue;
            };
            let fired = match timer.status.as_str() {
                _ if went(timer) => true,
                "cancelled" => false,
                other => {
                    blame(format!("has a {milestone} that is {other}"));
                    continue;
                }
            };
            let right = match milestone {
                "promise_broken" if promise.kept == Some(true) => !fired,
                "promise_broken" => fired || next.is_some(),
                "promise_kept" => fired == next.is_some_and(|u| u.nature == Nature::Automatic),
                // Nobody need be warned where a person was first.
                _ => fired || next.is_some_and(|u| u.nature != Nature::Automatic),
            };
            if !right {
                blame(format!(
                    "has a {milestone} for {audience} that is {}",
                    timer.status
                ));
            }
        }
    }

    /// What the design has planned for a promise.
    fn timers_of(
        &self,
        update: &Update,
        promise: Promise,
    ) -> Vec<(&'static str, &'static str, &'static str, Timestamp)> {
        let before = |minutes| promise.due - SignedDuration::from_mins(minutes);
        let mut all = vec![
            ("promise_warning", "15min", "spokesperson", before(15)),
            ("promise_warning", "5min", "spokesperson", before(5)),
            ("promise_warning", "5min", "backup", before(5)),
            (
                "promise_broken",
                "",
                "internal",
                promise.due + SignedDuration::from_millis(1),
            ),
        ];
        let until = &self.incident.updates[..=update.number as usize];
        let in_a_row = until
            .iter()
            .rev()
            .take_while(|u| u.nature == Nature::Automatic);
        if self.incident.severity == Severity::P1 && in_a_row.count() < 3 {
            all.push(("promise_kept", "", "internal", before(2)));
        }
        all
    }
}
