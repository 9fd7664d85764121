//! `forewarn bench plan`: how long a plan takes, for 50 audiences and for 10,000.
//!
//! The audiences use eight time zones and six holiday calendars in turn, so that what they can share is no more than
//! in a large organisation. Planned in time and, which takes longer, when everything is late. Each figure is the median of runs
//! within a second.

use anyhow::{Result, anyhow};
use forewarn_core::document::{Catalogue, Documents};
use forewarn_core::plan::{Input, plan};
use serde::Serialize;
use std::fmt::Write;
use std::time::{Duration, Instant};

/// How many audiences, and within how many milliseconds they are to be planned.
const PROMISED: [(usize, f64); 2] = [(50, 5.0), (10_000, 500.0)];

const ZONES: [&str; 8] = [
    "America/Los_Angeles",
    "America/New_York",
    "America/Sao_Paulo",
    "Europe/London",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Australia/Sydney",
];

const CALENDARS: [&str; 6] = ["US-CA", "DE-BE", "GB-ENG", "JP", "IN", "AU-NSW"];

/// How long one plan took.
#[derive(Debug, Serialize)]
pub struct Planned {
    audiences: usize,
    /// Everything that is due before the start has passed when it is planned.
    late: bool,
    notices: usize,
    milliseconds: f64,
    promised_milliseconds: f64,
    runs: usize,
}

/// Measures each.
///
/// # Errors
/// When the sample cannot be read, which would be a fault of ours.
pub fn measure() -> Result<Vec<Planned>> {
    let mut found = Vec::new();
    for (audiences, promised) in PROMISED {
        for (late, now) in [
            (false, "2026-01-01T00:00:00Z"),
            (true, "2026-11-30T20:00:00Z"),
        ] {
            let (median, runs, notices) = one(audiences, now)?;
            found.push(Planned {
                audiences,
                late,
                notices,
                milliseconds: median.as_secs_f64() * 1_000.0,
                promised_milliseconds: promised,
                runs,
            });
        }
    }
    Ok(found)
}

/// A line for each.
pub fn show(all: &[Planned]) -> String {
    let lines = all.iter().map(|p| {
        let when = if p.late { "late" } else { "in time" };
        format!(
            "{} audiences, {when}: {:.2} ms for {} notices ({:.0} ms are promised; {} runs)\n",
            p.audiences, p.milliseconds, p.notices, p.promised_milliseconds, p.runs
        )
    });
    lines.collect()
}

fn one(count: usize, now: &str) -> Result<(Duration, usize, usize)> {
    let texts = [(String::new(), document(count)?)];
    let documents = Documents::parse_yaml(&texts, &Catalogue::default(), "MNT-1")
        .map_err(|invalid| anyhow!("{invalid}"))?;
    let catalogue = documents.over(&Catalogue::default());
    let maintenance = documents.maintenance;
    let maintenance = maintenance.ok_or_else(|| anyhow!("the sample has no maintenance"))?;
    let policy = forewarn_core::policy::find("migration", &[]);
    let policy = policy.ok_or_else(|| anyhow!("there is no policy 'migration'"))?;
    let now = now.parse()?;
    let (mut times, mut notices) = (Vec::new(), 0);
    let began = Instant::now();
    while times.len() < 3 || began.elapsed() < Duration::from_secs(1) {
        let one = Instant::now();
        let planned = plan(Input {
            planned: (&maintenance).into(),
            policy,
            catalogue: &catalogue,
            now,
            told: &[],
            others: &[],
            change: None,
        });
        times.push(one.elapsed());
        notices = planned.notices.len();
    }
    times.sort();
    Ok((times[times.len() / 2], times.len(), notices))
}

fn document(count: usize) -> Result<String> {
    let mut text = String::from(
        "organisation: {name: Example, time_zone: Europe/Berlin, calendar: DE-BE, closed_days: [2026-12-24]}\n\
         services: [{id: database, name: Database}, {id: portal, name: Portal, depends_on: [database]}]\n\
         maintenance: {id: MNT-1, title: Move, policy: migration, services: [database], \
         start: 2026-11-30T22:00, end: 2026-12-01T02:00}\n\
         audiences:\n",
    );
    for n in 0..count {
        let (zone, calendar) = (ZONES[n % ZONES.len()], CALENDARS[n % CALENDARS.len()]);
        writeln!(
            text,
            "- {{id: audience-{n}, name: Audience {n}, level: non_technical, services: [portal], time_zone: {zone}, calendar: {calendar}}}"
        )?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_was_measured_and_what_is_promised() {
        let planned = Planned {
            audiences: 50,
            late: true,
            notices: 450,
            milliseconds: 2.5,
            promised_milliseconds: 5.0,
            runs: 400,
        };
        let said = "50 audiences, late: 2.50 ms for 450 notices (5 ms are promised; 400 runs)\n";
        assert_eq!(show(&[planned]), said);
        let texts = [(String::new(), document(3).unwrap())];
        let sample = Documents::parse_yaml(&texts, &Catalogue::default(), "MNT-1").unwrap();
        assert_eq!(sample.audiences.len(), 3);
    }
}
