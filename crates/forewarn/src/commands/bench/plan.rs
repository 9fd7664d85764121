//! How long a plan takes: `cargo run --release -p forewarn-core --example plan_bench [AUDIENCES...]`.
//!
//! The audiences use eight time zones and six holiday calendars in turn, so that what they can share is no more than
//! in a large organisation. Planned in time and, which takes longer, when everything is late. Each figure is the median of runs
//! within a second.

use forewarn_core::document::{Catalogue, Documents};
use forewarn_core::plan::{Input, plan};
use std::error::Error;
use std::fmt::Write;
use std::time::{Duration, Instant};

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

fn main() -> Result<(), Box<dyn Error>> {
    let given: Vec<usize> = std::env::args()
        .skip(1)
        .map(|n| n.parse())
        .collect::<Result<_, _>>()?;
    let counts = match given.is_empty() {
        true => vec![50, 10_000],
        false => given,
    };
    for count in counts {
        for (when, now) in [
            ("in time", "2026-01-01T00:00:00Z"),
            ("late", "2026-11-30T20:00:00Z"),
        ] {
            let (median, runs, notices) = measure(count, now)?;
            let ms = median.as_secs_f64() * 1_000.0;
            println!("{count} audiences, {when}: {ms:.2} ms, {notices} notices, {runs} runs");
        }
    }
    Ok(())
}

fn measure(count: usize, now: &str) -> Result<(Duration, usize, usize), Box<dyn Error>> {
    let documents = Documents::parse_yaml(
        &[(String::new(), document(count)?)],
        &Catalogue::default(),
        "MNT-1",
    )?;
    let catalogue = documents.over(&Catalogue::default());
    let maintenance = documents
        .maintenance
        .ok_or("the benchmark has no maintenance")?;
    let policy = forewarn_core::policy::find("migration", &[]).ok_or("no such policy")?;
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

fn document(count: usize) -> Result<String, std::fmt::Error> {
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
