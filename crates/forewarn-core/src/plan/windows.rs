//! Notices before each occurrence of a standard window whose service asked for them.
//!
//! Who is told and when follows from the catalogue alone, so planning again gives the same notices. What the window is used
//! for is not known yet: that is decided when a notice begins.

use super::before::{explain, step_back};
use super::{Clock, Notice};
use crate::audience::Audience;
use crate::document::Catalogue;
use crate::id::derive;
use crate::offset::Offset;
use crate::routing::About;
use crate::service::affected;
use crate::time::CivilTime;
use crate::window_use::{MILESTONE, WindowUse};
use jiff::civil::{Time, time};
use jiff::{SignedDuration, Timestamp};

/// Occurrences that begin within this are planned: longer than the longest `tell`, so that none is late.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 35);

/// When notices that are counted in days go out, on the audience's clocks.
const TIME_OF_DAY: Time = time(9, 0, 0, 0);

/// An occurrence that people are told of, and its notices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedWindow {
    /// The occurrence.
    pub window: WindowUse,
    /// One for each audience that uses the service, itself or by what depends on it.
    pub notices: Vec<Notice>,
}

/// Every occurrence of the next five weeks whose window says when people are told, by service, window and beginning. A notice
/// whose time has passed is due at once, as long as the window has not begun.
pub fn windows_ahead(catalogue: &Catalogue, now: Timestamp) -> Vec<PlannedWindow> {
    let zone = &catalogue.organisation.time_zone;
    let before = now.saturating_add(AHEAD).unwrap_or(Timestamp::MAX);
    let mut planned = Vec::new();
    for service in &catalogue.services {
        let told = service.windows.iter().filter_map(|w| Some((w, w.tell?)));
        let told: Vec<_> = told.collect();
        if told.is_empty() {
            continue;
        }
        let about = About {
            kind: "maintenance",
            severity: None,
            cause: None,
        };
        let reached = affected(std::slice::from_ref(&service.id), &catalogue.services);
        let audiences: Vec<(&Audience, Clock)> = catalogue
            .audiences
            .iter()
            .filter(|a| a.reached_by(&about, &reached).is_some())
            .filter(|a| a.routing.admits_stage("window_use"))
            .map(|audience| (audience, Clock::of(audience, catalogue)))
            .collect();
        for (window, tell) in told {
            for occurrence in window.occurrences(zone, now, before) {
                let window = WindowUse::of(service, window, &occurrence, zone);
                let notices = audiences
                    .iter()
                    .map(|told| notice(&window, tell, told, now))
                    .collect();
                planned.push(PlannedWindow { window, notices });
            }
        }
    }
    planned
}

fn notice(
    window: &WindowUse,
    tell: Offset,
    (audience, clock): &(&Audience, Clock),
    now: Timestamp,
) -> Notice {
    let (nominal, because) = due(tell, window.times().0, clock);
    let because = match nominal < now {
        true => format!("late: {because} has passed"),
        false => because,
    };
    let due = nominal.max(now);
    Notice {
        id: derive(&[
            "notice",
            window.id.as_str(),
            "1",
            MILESTONE,
            "",
            audience.id.as_str(),
        ]),
        milestone: MILESTONE.to_owned(),
        // No offset: told two days ahead or one, it is the same notice, and is sent once.
        offset: None,
        stands_for: Vec::new(),
        audience: audience.id.to_string(),
        level: audience.level,
        channels: audience.first_channels(),
        due,
        due_local: clock.zone.at(due).to_string(),
        copy_due: None,
        because,
        held: false,
        tells: Vec::new(),
    }
}

/// Rules 1 to 3, with the window's beginning for the start.
fn due(tell: Offset, start: Timestamp, clock: &Clock) -> (Timestamp, String) {
    let because = format!("{} before the standard window", tell.words());
    if let Some(elapsed) = tell.elapsed() {
        return (start.saturating_sub(elapsed).unwrap_or(start), because);
    }
    match step_back(clock.zone.at(start).date(), tell, clock) {
        Ok(stepped) => {
            let civil = stepped.date.to_datetime(TIME_OF_DAY);
            let because = format!("{because}{}", explain(&stepped, tell));
            (CivilTime::new(civil, clock.zone.clone()).instant(), because)
        }
        // A calendar without working days: told as early as one may ask for.
        Err(_) => (
            start
                .saturating_sub(SignedDuration::from_hours(24 * 28))
                .unwrap_or(start),
            because,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Documents;
    use crate::maintenance::Maintenance;

    const CAMPUS: &str = r#"
organisation: {name: Example University, time_zone: America/Los_Angeles, calendar: US}
services:
  - {id: database, name: Student database, windows: [
      {rrule: "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU", start: "22:00", duration: PT4H, from: 2026-11-01, tell: 2bd},
      {rrule: FREQ=DAILY, start: "03:00", duration: PT1H}]}
  - {id: portal, name: Student portal, depends_on: [database]}
  - {id: wifi, name: Wireless, windows: [{rrule: FREQ=MONTHLY;BYDAY=1MO, start: "05:00", duration: PT1H, tell: 90min}]}
audiences:
  - {id: students, name: Students, level: non_technical, services: [portal]}
  - {id: engineers, name: Engineers, level: technical, services: [database], time_zone: Europe/Berlin, calendar: DE-BE}
  - {id: visitors, name: Visitors, level: non_technical, services: [wifi]}
  - {id: watch, name: Watch, level: technical, services: [database], routing: {events: [incident]}}
"#;

    fn campus() -> Catalogue {
        let texts = [(String::new(), CAMPUS.to_owned())];
        let documents = Documents::parse_yaml(&texts, &Catalogue::default(), "MNT-1");
        documents.unwrap().over(&Catalogue::default())
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn each_occurrence_is_told_to_those_who_use_its_service_on_their_own_working_days() {
        let planned = windows_ahead(&campus(), at("2026-11-21T00:00:00Z"));
        let shown: Vec<String> = planned
            .iter()
            .flat_map(|p| {
                let notices = p.notices.iter();
                notices.map(move |n| {
                    format!(
                        "{}: {} {} ({})",
                        p.window.start, n.audience, n.due_local, n.because
                    )
                })
            })
            .collect();
        assert_eq!(
            shown,
            [
                "2026-11-29T22:00:00[America/Los_Angeles]: students 2026-11-25T09:00:00-08:00[America/Los_Angeles] (2 business days before the standard window; 26 Nov is a holiday (Thanksgiving Day))",
                "2026-11-29T22:00:00[America/Los_Angeles]: engineers 2026-11-26T09:00:00+01:00[Europe/Berlin] (2 business days before the standard window)",
                "2026-12-13T22:00:00[America/Los_Angeles]: students 2026-12-10T09:00:00-08:00[America/Los_Angeles] (2 business days before the standard window)",
                "2026-12-13T22:00:00[America/Los_Angeles]: engineers 2026-12-10T09:00:00+01:00[Europe/Berlin] (2 business days before the standard window)",
                "2026-12-07T05:00:00[America/Los_Angeles]: visitors 2026-12-07T03:30:00-08:00[America/Los_Angeles] (90 minutes before the standard window)",
            ]
        );
        // Later the same notices have the same ids, and what is late is due at once.
        let later = windows_ahead(&campus(), at("2026-11-28T00:00:00Z"));
        let late = &later[0].notices[0];
        assert_eq!(
            (&late.id, late.due),
            (&planned[0].notices[0].id, at("2026-11-28T00:00:00Z"))
        );
        assert!(late.because.starts_with("late: "), "{}", late.because);
        assert_eq!(later[0].window, planned[0].window);
    }

    #[test]
    fn a_window_is_used_for_the_work_on_its_service_of_which_people_may_be_told() {
        let planned = windows_ahead(&campus(), at("2026-11-21T00:00:00Z"));
        let work = |id: &str, service: &str, start: &str, end: &str| {
            let text = format!(
                "maintenance: {{id: {id}, title: Work {id}, services: [{service}], start: {start}, end: {end}}}"
            );
            let read = Documents::parse_yaml(&[(String::new(), text)], &campus(), id);
            let work: Maintenance = read.unwrap().maintenance.unwrap();
            work
        };
        let before = work("A", "database", "2026-11-29T20:00", "2026-11-29T22:00");
        let overlaps = work("B", "database", "2026-11-29T21:00", "2026-11-29T22:01");
        let elsewhere = work("C", "portal", "2026-11-29T22:00", "2026-11-29T23:00");
        let waits = work("D", "database", "2026-11-29T22:00", "2026-11-29T23:00").hold();
        let inside = work("E", "database", "2026-11-30T01:00", "2026-11-30T02:00");
        let off = inside.clone().cancel(at("2026-11-21T00:00:00Z")).unwrap();
        let all = [inside, before, overlaps, elsewhere, waits, off];
        let used = planned[0].window.works(&all);
        let titles: Vec<&str> = used.iter().map(|w| w.title.as_str()).collect();
        assert_eq!(titles, ["Work B", "Work E"]);
        assert!(planned[1].window.works(&all).is_empty());
    }
}
