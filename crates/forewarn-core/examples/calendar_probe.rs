//! Answers questions about calendars, one a line, for `scripts/check_calendar.py` to compare.
//!
//! ```text
//! ids                        every known id, separated by `|`
//! days ID                    every known holiday: `DATE NAME`, separated by `|`
//! open ID YEAR               a character per day: `W`eekend, `H`oliday, `C`losed day, `.` business day
//! back ID DATE N [CLOSED]    the day N business days before; CLOSED days are separated by commas
//! after ID DATE N [CLOSED]
//! instant ZONE CIVIL         `KIND AT OTHER` (OTHER is AT where there is no choice)
//! cost                       nanoseconds for the index, then for parsing each calendar (ask this first)
//! ```

use std::error::Error;
use std::io::{Write, stdin, stdout};
use std::time::Instant;

use forewarn_core::calendar::{BusinessCalendar, Closed, HolidayCalendar, Reading, instant};
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = stdout().lock();
    for question in stdin().lines() {
        writeln!(out, "{}", answer(&question?)?)?;
    }
    Ok(())
}

fn answer(question: &str) -> Result<String, Box<dyn Error>> {
    // Tabs, because some ids contain spaces.
    let words: Vec<&str> = question.split('\t').collect();
    Ok(match words[..] {
        ["ids"] => HolidayCalendar::known()
            .map(|(id, _)| id)
            .collect::<Vec<_>>()
            .join("|"),
        ["days", id] => days(id)?,
        ["open", id, year] => open(id, year.parse()?)?,
        ["back", id, from, n] => calendar(id, "")?
            .back(from.parse()?, n.parse()?)?
            .date
            .to_string(),
        ["back", id, from, n, closed] => calendar(id, closed)?
            .back(from.parse()?, n.parse()?)?
            .date
            .to_string(),
        ["after", id, from, n, closed] => calendar(id, closed)?
            .after(from.parse()?, n.parse()?)?
            .date
            .to_string(),
        ["instant", zone, civil] => reading(zone, civil)?,
        ["cost"] => cost()?,
        _ => return Err(format!("not a question: {question}").into()),
    })
}

fn calendar(id: &str, closed: &str) -> Result<BusinessCalendar, Box<dyn Error>> {
    let mut calendar = BusinessCalendar::of(HolidayCalendar::find(id)?);
    for day in closed.split(',').filter(|day| !day.is_empty()) {
        calendar.closed_days.insert(day.parse()?);
    }
    Ok(calendar)
}

fn days(id: &str) -> Result<String, Box<dyn Error>> {
    let days = HolidayCalendar::find(id)?
        .days()
        .map(|(date, name)| format!("{date} {name}"));
    Ok(days.collect::<Vec<_>>().join("|"))
}

fn open(id: &str, year: i16) -> Result<String, Box<dyn Error>> {
    let calendar = calendar(id, "")?;
    let letter = |day: Date| match calendar.why_closed(day) {
        None => '.',
        Some(Closed::Weekend) => 'W',
        Some(Closed::Holiday(_)) => 'H',
        Some(Closed::ClosedDay) => 'C',
    };
    let days = date(year, 1, 1).series(jiff::Span::new().days(1));
    Ok(days
        .take_while(|day| day.year() == year)
        .map(letter)
        .collect())
}

fn reading(zone: &str, civil: &str) -> Result<String, Box<dyn Error>> {
    let resolved = instant(civil.parse()?, &TimeZone::get(zone)?)?;
    let (kind, other) = match resolved.reading {
        Reading::Unambiguous => ("unambiguous", resolved.at),
        Reading::Gap { other } => ("gap", other),
        Reading::Fold { other } => ("fold", other),
    };
    Ok(format!("{kind} {} {other}", resolved.at))
}

fn cost() -> Result<String, Box<dyn Error>> {
    let nanoseconds = |begin: Instant| begin.elapsed().as_nanos().to_string();
    let begin = Instant::now();
    let ids: Vec<_> = HolidayCalendar::known().map(|(id, _)| id).collect();
    let mut costs = vec![format!("index {}", nanoseconds(begin))];
    for id in ids {
        let begin = Instant::now();
        HolidayCalendar::find(id)?;
        costs.push(format!("{id} {}", nanoseconds(begin)));
    }
    Ok(costs.join("|"))
}
