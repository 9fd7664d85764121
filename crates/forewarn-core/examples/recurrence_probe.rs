//! Answers questions about recurring windows, one a line, for `scripts/check_plans.py` to compare.
//!
//! A question is, with tabs between: RRULE, START (22:00), DURATION (PT4H), FROM (a date), ZONE, EXDATES (dates with commas
//! or nothing), MOVED (DATE=CIVIL with commas or nothing), AFTER and BEFORE (instants). The answer is each occurrence that
//! begins in between as START/END, or `error: ` and why the window is refused.

use forewarn_core::document::{Problems, from_json};
use forewarn_core::time::Zone;
use forewarn_core::window::Window;
use std::error::Error;
use std::io::{Write, stdin, stdout};

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = stdout().lock();
    for question in stdin().lines() {
        writeln!(out, "{}", answer(&question?)?)?;
    }
    Ok(())
}

fn answer(question: &str) -> Result<String, Box<dyn Error>> {
    let words: Vec<&str> = question.split('\t').collect();
    let [
        rrule,
        start,
        duration,
        from,
        zone,
        exdates,
        moved,
        after,
        before,
    ] = words[..]
    else {
        return Err(format!("not nine fields: {question}").into());
    };
    let list = |text: &str| {
        let parts = text.split(',').filter(|p| !p.is_empty());
        parts.map(str::to_owned).collect::<Vec<_>>()
    };
    let moved: serde_json::Map<_, _> = list(moved)
        .iter()
        .filter_map(|pair| pair.split_once('='))
        .map(|(date, to)| (date.to_owned(), to.into()))
        .collect();
    let document = serde_json::json!({"rrule": rrule, "start": start, "duration": duration, "from": from, "time_zone": zone,
        "exdates": list(exdates), "moved": moved});
    let mut problems = Problems::default();
    let Some(window) =
        Window::read(&from_json(document), "", &mut problems).filter(|_| problems.0.is_empty())
    else {
        let told: Vec<String> = problems.0.iter().map(ToString::to_string).collect();
        return Ok(format!("error: {}", told.join("; ")));
    };
    let found = window.occurrences(&Zone::parse(zone)?, after.parse()?, before.parse()?);
    let shown: Vec<String> = found
        .iter()
        .map(|o| format!("{}/{}", o.start, o.end))
        .collect();
    Ok(shown.join(" "))
}
