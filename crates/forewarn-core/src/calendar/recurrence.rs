//! Recurrence rules (RFC 5545, section 3.3.10) in civil time.
//!
//! A rule is expanded on the civil calendar, as if there were no zones: 22:00 stays 22:00 whatever the clocks do. Whoever
//! needs instants attaches a zone to each civil time. A rule goes from period to period (year, month, week, day), takes the
//! days of it that all its parts admit, and of those the places that BYSETPOS names.

mod ical;

use crate::problem::unknown;
use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Weekday};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Parts of a rule that a maintenance window may have. Those of the time of day are the window's own affair.
const PARTS: [&str; 11] = [
    "FREQ",
    "INTERVAL",
    "COUNT",
    "UNTIL",
    "WKST",
    "BYMONTH",
    "BYMONTHDAY",
    "BYYEARDAY",
    "BYWEEKNO",
    "BYDAY",
    "BYSETPOS",
];

const FREQUENCIES: [&str; 4] = ["YEARLY", "MONTHLY", "WEEKLY", "DAILY"];

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("MO", Weekday::Monday),
    ("TU", Weekday::Tuesday),
    ("WE", Weekday::Wednesday),
    ("TH", Weekday::Thursday),
    ("FR", Weekday::Friday),
    ("SA", Weekday::Saturday),
    ("SU", Weekday::Sunday),
];

/// The calendar repeats after 400 years; a rule that found nothing for twice as long finds nothing any more.
const GIVE_UP_YEARS: i16 = 800;

/// How often a rule looks for days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Frequency {
    Yearly,
    Monthly,
    Weekly,
    Daily,
}

/// The last moment at which an occurrence may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    /// On the window's own clocks.
    Civil(DateTime),
    /// An instant.
    Instant(jiff::Timestamp),
}

/// A recurrence rule that has been understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    text: String,
    frequency: Frequency,
    interval: i32,
    count: Option<usize>,
    until: Option<Until>,
    week_start: Weekday,
    by: By,
}

/// Which days of a period count: each list that is not empty must admit the day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct By {
    month: Vec<i32>,
    month_day: Vec<i32>,
    year_day: Vec<i32>,
    week_number: Vec<i32>,
    /// Weekdays, each with its place in the month or year, 0 for all of them.
    day: Vec<(i32, Weekday)>,
    place: Vec<i32>,
}

impl Rule {
    /// Reads a rule such as `FREQ=MONTHLY;BYDAY=2SU`.
    ///
    /// # Errors
    /// Names the part that is wrong and what could stand there.
    pub fn parse(text: &str) -> Result<Rule, String> {
        let text = text.trim();
        let upper = text.to_ascii_uppercase();
        let body = upper.strip_prefix("RRULE:").unwrap_or(&upper);
        let (mut names, mut frequency) = (Vec::new(), None);
        let mut rule = Rule {
            text: text.to_owned(),
            frequency: Frequency::Daily,
            interval: 1,
            count: None,
            until: None,
            week_start: Weekday::Monday,
            by: By::default(),
        };
        for part in body.split(';').filter(|part| !part.is_empty()) {
            let Some((name, value)) = part.split_once('=') else {
                return Err(format!(
                    "'{part}' is no part of a rule; write it as FREQ=WEEKLY;BYDAY=SU"
                ));
            };
            if names.contains(&name) {
                return Err(format!("{name} stands twice"));
            }
            names.push(name);
            match name {
                "FREQ" => frequency = Some(Frequency::parse(value)?),
                "INTERVAL" => rule.interval = number(name, value, 1, 1_000)?,
                "COUNT" => rule.count = usize::try_from(number(name, value, 1, 100_000)?).ok(),
                "UNTIL" => rule.until = Some(Until::parse(value)?),
                "WKST" => rule.week_start = weekday(value)?,
                "BYMONTH" => rule.by.month = numbers(name, value, 1, 12, false)?,
                "BYMONTHDAY" => rule.by.month_day = numbers(name, value, 1, 31, true)?,
                "BYYEARDAY" => rule.by.year_day = numbers(name, value, 1, 366, true)?,
                "BYWEEKNO" => rule.by.week_number = numbers(name, value, 1, 53, true)?,
                "BYDAY" => {
                    rule.by.day = value
                        .split(',')
                        .map(placed_weekday)
                        .collect::<Result<_, _>>()?
                }
                "BYSETPOS" => rule.by.place = numbers(name, value, 1, 366, true)?,
                "BYHOUR" | "BYMINUTE" | "BYSECOND" => {
                    return Err(format!(
                        "{name} is not used: the window's own start is its time of day"
                    ));
                }
                _ => return Err(unknown("part of a rule", name, PARTS)),
            }
        }
        rule.frequency =
            frequency.ok_or_else(|| format!("names no FREQ; one of {}", FREQUENCIES.join(", ")))?;
        rule.check()?;
        Ok(rule)
    }

    /// What the standard forbids to stand together.
    fn check(&self) -> Result<(), String> {
        use Frequency::{Daily, Monthly, Weekly, Yearly};
        let (by, frequency) = (&self.by, self.frequency);
        let placed = by.day.iter().any(|(n, _)| *n != 0);
        let others = [&by.month, &by.month_day, &by.year_day, &by.week_number];
        let problem = if self.count.is_some() && self.until.is_some() {
            "has COUNT and UNTIL; a rule ends in one way"
        } else if !by.week_number.is_empty() && frequency != Yearly {
            "has BYWEEKNO, which needs FREQ=YEARLY"
        } else if !by.year_day.is_empty() && frequency != Yearly {
            "has BYYEARDAY, which needs FREQ=YEARLY"
        } else if !by.month_day.is_empty() && frequency == Weekly {
            "has BYMONTHDAY, which a week does not have"
        } else if placed && matches!(frequency, Weekly | Daily) {
            "numbers its weekdays, which needs FREQ=MONTHLY or YEARLY"
        } else if placed && frequency == Yearly && !by.week_number.is_empty() {
            "numbers its weekdays and has BYWEEKNO; one or the other"
        } else if !by.place.is_empty()
            && by.day.is_empty()
            && others.iter().all(|list| list.is_empty())
        {
            "has BYSETPOS, which needs another BY part to choose from"
        } else {
            debug_assert!(matches!(frequency, Daily | Weekly | Monthly | Yearly));
            return Ok(());
        };
        Err(problem.into())
    }

    /// The civil beginnings from `first` on, in order; the first counts only if the rule makes it. `instant` says when a
    /// civil time happens, for a rule whose end is an instant.
    pub fn starts(
        &self,
        first: DateTime,
        instant: impl Fn(DateTime) -> jiff::Timestamp,
    ) -> impl Iterator<Item = DateTime> {
        let until = self.until;
        let within = move |civil: &DateTime| match until {
            None => true,
            Some(Until::Civil(end)) => *civil <= end,
            Some(Until::Instant(end)) => instant(*civil) <= end,
        };
        self.of_period(0, first.date(), Date::MAX)
            .take(self.count.unwrap_or(usize::MAX))
            .map(move |date| date.to_datetime(first.time()))
            .take_while(within)
    }

    /// The days of `[from, to]` on which something happens that has no time of day and began on `first`. Looks at no day long
    /// before or after those, unless the rule counts.
    pub fn days(&self, first: Date, from: Date, to: Date) -> impl Iterator<Item = Date> {
        let until = self.until.map_or(to, |until| match until {
            Until::Civil(end) => end.date(),
            Until::Instant(end) => end.to_zoned(jiff::tz::TimeZone::UTC).date(),
        });
        self.of_period(self.periods_before(first, from), first, to.min(until))
            .take(self.count.unwrap_or(usize::MAX))
            .skip_while(move |date| *date < from)
            .take_while(move |date| *date <= to.min(until))
    }

    /// Whether it ends after so many times.
    pub fn counts(&self) -> bool {
        self.count.is_some()
    }

    /// How many periods can be left out to begin at `from`. A rule that counts must see all.
    fn periods_before(&self, first: Date, from: Date) -> i32 {
        let years = i32::from(from.year()) - i32::from(first.year());
        let months = years * 12 + i32::from(from.month()) - i32::from(first.month());
        let days = i32::try_from(from.duration_since(first).as_hours() / 24).unwrap_or(0);
        let periods = match (self.count, self.frequency) {
            (Some(_), _) => 0,
            (None, Frequency::Yearly) => years,
            (None, Frequency::Monthly) => months,
            (None, Frequency::Weekly) => days / 7,
            (None, Frequency::Daily) => days,
        };
        // A week can reach into the period before.
        (periods / self.interval - 1).max(0)
    }

    fn of_period(&self, period: i32, first: Date, end: Date) -> Days {
        Days {
            by: self.by.completed(self.frequency, first),
            frequency: self.frequency,
            interval: self.interval,
            week_start: self.week_start,
            first,
            end,
            period,
            waiting: Vec::new(),
            last: first,
        }
    }
}

/// The days of a rule, in order.
struct Days {
    by: By,
    frequency: Frequency,
    interval: i32,
    week_start: Weekday,
    first: Date,
    /// No period that begins later is looked at.
    end: Date,
    /// The next period to look at, counted from the first.
    period: i32,
    /// Days found and not given yet, the latest first.
    waiting: Vec<Date>,
    /// The day found last.
    last: Date,
}

impl Iterator for Days {
    type Item = Date;

    fn next(&mut self) -> Option<Date> {
        loop {
            if let Some(date) = self.waiting.pop() {
                self.last = date;
                return Some(date);
            }
            let (begin, end) = self.next_period()?;
            if begin > self.end || begin.year() > self.last.year().saturating_add(GIVE_UP_YEARS) {
                return None;
            }
            let mut found: Vec<Date> = days_between(begin, end)
                .filter(|date| self.by.admits(*date, self.frequency, self.week_start))
                .collect();
            if !self.by.place.is_empty() {
                found = at_places(&found, &self.by.place);
            }
            found.retain(|date| *date >= self.first);
            found.reverse();
            self.waiting = found;
        }
    }
}

impl Days {
    /// First day of the next period, and the first day after it. None at the end of the calendar.
    fn next_period(&mut self) -> Option<(Date, Date)> {
        let steps = self.period.checked_mul(self.interval)?;
        self.period += 1;
        let (begin, length) = match self.frequency {
            Frequency::Yearly => (self.first.first_of_year(), 1.year()),
            Frequency::Monthly => (self.first.first_of_month(), 1.month()),
            Frequency::Weekly => {
                let into = self.first.weekday().since(self.week_start);
                (
                    self.first.checked_sub(i64::from(into).days()).ok()?,
                    1.week(),
                )
            }
            Frequency::Daily => (self.first, 1.day()),
        };
        let begin = begin
            .checked_add(length.checked_mul(i64::from(steps)).ok()?)
            .ok()?;
        Some((begin, begin.checked_add(length).ok()?))
    }
}

fn days_between(begin: Date, end: Date) -> impl Iterator<Item = Date> {
    begin.series(1.day()).take_while(move |date| *date < end)
}

/// The days at these places of a period's days, counted from 1 or from the end, in order.
fn at_places(days: &[Date], places: &[i32]) -> Vec<Date> {
    let count = days.len() as i32;
    let index = |place: &i32| match *place {
        n if n > 0 => n - 1,
        n => count + n,
    };
    let mut found: Vec<Date> = places
        .iter()
        .filter_map(|place| days.get(usize::try_from(index(place)).ok()?).copied())
        .collect();
    found.sort();
    found.dedup();
    found
}

impl By {
    /// What the rule leaves open is taken from its first day (RFC 5545: "derived from DTSTART").
    fn completed(&self, frequency: Frequency, first: Date) -> By {
        let mut by = self.clone();
        if !by.week_number.is_empty() {
            if by.day.is_empty() {
                by.day = vec![(0, first.weekday())];
            }
            return by;
        }
        if !by.year_day.is_empty() || !by.month_day.is_empty() || !by.day.is_empty() {
            return by;
        }
        match frequency {
            Frequency::Yearly => {
                if by.month.is_empty() {
                    by.month = vec![i32::from(first.month())];
                }
                by.month_day = vec![i32::from(first.day())];
            }
            Frequency::Monthly => by.month_day = vec![i32::from(first.day())],
            Frequency::Weekly => by.day = vec![(0, first.weekday())],
            Frequency::Daily => {}
        }
        by
    }

    fn admits(&self, date: Date, frequency: Frequency, week_start: Weekday) -> bool {
        let day = Counted::new(i32::from(date.day()), i32::from(date.days_in_month()));
        let of_year = Counted::new(
            i32::from(date.day_of_year()),
            i32::from(date.days_in_year()),
        );
        (self.month.is_empty() || self.month.contains(&i32::from(date.month())))
            && (self.month_day.is_empty() || day.is_in(&self.month_day))
            && (self.year_day.is_empty() || of_year.is_in(&self.year_day))
            && (self.week_number.is_empty() || week_of(date, week_start).is_in(&self.week_number))
            && (self.day.is_empty() || {
                // A numbered weekday is counted in the month, in a year of no chosen months in the year.
                let in_year = frequency == Frequency::Yearly && self.month.is_empty();
                let place = if in_year {
                    of_year.weeks()
                } else {
                    day.weeks()
                };
                self.day
                    .iter()
                    .any(|(n, weekday)| *weekday == date.weekday() && (*n == 0 || place.is(*n)))
            })
    }
}

/// A place counted from 1 and, below zero, from the end.
#[derive(Clone, Copy)]
struct Counted {
    from_begin: i32,
    from_end: i32,
}

impl Counted {
    fn new(place: i32, of: i32) -> Counted {
        Counted {
            from_begin: place,
            from_end: place - of - 1,
        }
    }

    /// The same in sevens: the how-manieth of its weekday.
    fn weeks(self) -> Counted {
        Counted {
            from_begin: (self.from_begin - 1) / 7 + 1,
            from_end: (self.from_end + 1) / 7 - 1,
        }
    }

    fn is(self, n: i32) -> bool {
        n == self.from_begin || n == self.from_end
    }

    fn is_in(self, places: &[i32]) -> bool {
        places.iter().any(|n| self.is(*n))
    }
}

/// A day's week in the year that has most of it: week 1 is the first with four days in the year.
fn week_of(date: Date, week_start: Weekday) -> Counted {
    let into = i64::from(date.weekday().since(week_start));
    let middle = date.saturating_add((3 - into).days());
    Counted::new(
        i32::from(middle.day_of_year()),
        i32::from(middle.days_in_year()),
    )
    .weeks()
}

impl Frequency {
    fn parse(value: &str) -> Result<Frequency, String> {
        match value {
            "YEARLY" => Ok(Frequency::Yearly),
            "MONTHLY" => Ok(Frequency::Monthly),
            "WEEKLY" => Ok(Frequency::Weekly),
            "DAILY" => Ok(Frequency::Daily),
            "HOURLY" | "MINUTELY" | "SECONDLY" => Err(format!(
                "FREQ={value} is too often for a maintenance window; one of {}",
                FREQUENCIES.join(", ")
            )),
            _ => Err(unknown("frequency", value, FREQUENCIES)),
        }
    }
}

fn number(name: &str, value: &str, least: i32, most: i32) -> Result<i32, String> {
    let read = value.parse::<i32>().ok();
    read.filter(|n| (least..=most).contains(n))
        .ok_or_else(|| format!("{name}={value} must be a whole number from {least} to {most}"))
}

/// A list of numbers, from the end where they are below zero and that means something.
fn numbers(
    name: &str,
    value: &str,
    least: i32,
    most: i32,
    from_end: bool,
) -> Result<Vec<i32>, String> {
    let one = |text: &str| {
        let read = text.parse::<i32>().ok();
        let fits = |n: &i32| (least..=most).contains(&if from_end { n.abs() } else { *n });
        read.filter(fits).ok_or_else(|| {
            let end = if from_end {
                ", below zero from the end"
            } else {
                ""
            };
            format!("{name} has '{text}'; numbers from {least} to {most}{end}")
        })
    };
    value.split(',').map(one).collect()
}

fn weekday(value: &str) -> Result<Weekday, String> {
    let found = WEEKDAYS.iter().find(|(name, _)| *name == value);
    found
        .map(|(_, weekday)| *weekday)
        .ok_or_else(|| unknown("weekday", value, WEEKDAYS.map(|(name, _)| name)))
}

/// `SU`, `2SU`, `-1FR`.
fn placed_weekday(value: &str) -> Result<(i32, Weekday), String> {
    let split = value.len().saturating_sub(2);
    let (place, name) = value
        .split_at_checked(split)
        .ok_or_else(|| format!("'{value}' is no weekday"))?;
    let place = match place {
        "" => 0,
        digits => numbers("BYDAY", digits.trim_start_matches('+'), 1, 53, true)?[0],
    };
    Ok((place, weekday(name)?))
}

impl Until {
    fn parse(value: &str) -> Result<Until, String> {
        let wrong = || {
            format!(
                "UNTIL={value} is no time; write 20271231, 20271231T220000, or with a Z for UTC"
            )
        };
        let (digits, is_utc) = match value.strip_suffix('Z') {
            Some(rest) => (rest, true),
            None => (value, false),
        };
        let (date, time) = digits.split_once('T').unwrap_or((digits, "000000"));
        let civil =
            DateTime::strptime("%Y%m%d %H%M%S", format!("{date} {time}")).map_err(|_| wrong())?;
        match is_utc {
            false => Ok(Until::Civil(civil)),
            true => civil
                .to_zoned(jiff::tz::TimeZone::UTC)
                .map(|at| Until::Instant(at.timestamp()))
                .map_err(|_| wrong()),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Rule, D::Error> {
        let text = String::deserialize(from)?;
        Rule::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn starts(rule: &str, first: DateTime, n: usize) -> Vec<String> {
        let at = |civil: DateTime| civil.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
        Rule::parse(rule)
            .unwrap()
            .starts(first, at)
            .take(n)
            .map(|s| s.to_string())
            .collect()
    }

    #[test]
    fn rules_are_expanded_on_the_civil_calendar() {
        let first = date(2026, 1, 4).at(22, 0, 0, 0);
        for (rule, expected) in [
            (
                "FREQ=WEEKLY;BYDAY=SU",
                [
                    "2026-01-04T22:00:00",
                    "2026-01-11T22:00:00",
                    "2026-01-18T22:00:00",
                ],
            ),
            (
                "RRULE:freq=monthly;byday=2tu",
                [
                    "2026-01-13T22:00:00",
                    "2026-02-10T22:00:00",
                    "2026-03-10T22:00:00",
                ],
            ),
            (
                "FREQ=MONTHLY;BYMONTHDAY=-1",
                [
                    "2026-01-31T22:00:00",
                    "2026-02-28T22:00:00",
                    "2026-03-31T22:00:00",
                ],
            ),
            (
                "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
                [
                    "2026-01-30T22:00:00",
                    "2026-02-27T22:00:00",
                    "2026-03-31T22:00:00",
                ],
            ),
            (
                "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
                [
                    "2028-02-29T22:00:00",
                    "2032-02-29T22:00:00",
                    "2036-02-29T22:00:00",
                ],
            ),
        ] {
            assert_eq!(starts(rule, first, 3), expected, "{rule}");
        }
    }

    #[test]
    fn a_rule_ends_by_count_or_by_time() {
        let first = date(2026, 1, 4).at(22, 0, 0, 0);
        for (rule, n) in [
            ("FREQ=DAILY;COUNT=3", 3),
            ("FREQ=DAILY;UNTIL=20260106T220000", 3),
            ("FREQ=DAILY;UNTIL=20260106T215959", 2),
            ("FREQ=DAILY;UNTIL=20260106T220000Z", 3),
            ("FREQ=DAILY;UNTIL=20260106", 2),
            ("FREQ=DAILY;UNTIL=20250101", 0),
        ] {
            assert_eq!(starts(rule, first, 10).len(), n, "{rule}");
        }
    }

    /// The same days, whether the years before are looked at or left out.
    #[test]
    fn days_of_a_stretch_are_those_of_the_whole() {
        for (rule, first) in [
            ("FREQ=YEARLY", date(1960, 12, 24)),
            ("FREQ=YEARLY", date(2004, 2, 29)),
            (
                "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=1TU",
                date(1996, 11, 5),
            ),
            ("FREQ=YEARLY;BYWEEKNO=53", date(1998, 12, 28)),
            ("FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=-1", date(1999, 1, 31)),
            (
                "FREQ=WEEKLY;INTERVAL=3;WKST=SU;BYDAY=SU,SA",
                date(2001, 9, 9),
            ),
            ("FREQ=DAILY;INTERVAL=9", date(2020, 2, 28)),
            ("FREQ=YEARLY;COUNT=30", date(2000, 5, 1)),
            ("FREQ=YEARLY;UNTIL=20270501", date(2000, 5, 1)),
        ] {
            let parsed = Rule::parse(rule).unwrap();
            let (from, to) = (date(2026, 1, 1), date(2031, 12, 31));
            let at = |civil: DateTime| civil.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
            let whole: Vec<Date> = parsed
                .starts(first.to_datetime(jiff::civil::Time::midnight()), at)
                .map(|start| start.date())
                .take_while(|date| *date <= to)
                .filter(|date| *date >= from)
                .collect();
            assert_eq!(
                parsed.days(first, from, to).collect::<Vec<_>>(),
                whole,
                "{rule}"
            );
            assert!(!whole.is_empty(), "{rule}");
        }
    }

    #[test]
    fn one_that_never_matches_ends() {
        let first = date(2026, 1, 4).at(22, 0, 0, 0);
        for rule in [
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=DAILY;BYMONTH=4;BYMONTHDAY=31",
            "FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=6;INTERVAL=7",
        ] {
            assert_eq!(starts(rule, first, 1), Vec::<String>::new(), "{rule}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (rule, told) in [
            ("", "names no FREQ"),
            ("BYDAY=SU", "names no FREQ"),
            ("FREQ=WEEKLY;BYDAY", "is no part of a rule"),
            ("FREQ=WEEKLY;BYDAYS=SU", "did you mean 'BYDAY'"),
            ("FREQ=WEEKLI", "did you mean 'WEEKLY'"),
            ("FREQ=HOURLY", "too often"),
            ("FREQ=WEEKLY;BYHOUR=3", "the window's own start"),
            ("FREQ=WEEKLY;COUNT=3;UNTIL=20270101", "ends in one way"),
            ("FREQ=WEEKLY;FREQ=DAILY", "stands twice"),
            ("FREQ=WEEKLY;UNTIL=tomorrow", "is no time"),
            ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY"),
            ("FREQ=WEEKLY;BYDAY=XX", "XX"),
            ("FREQ=WEEKLY;BYDAY=é", "weekday"),
            ("FREQ=WEEKLY;BYDAY=2SU", "MONTHLY or YEARLY"),
            ("FREQ=MONTHLY;BYWEEKNO=3", "needs FREQ=YEARLY"),
            ("FREQ=DAILY;BYSETPOS=1", "to choose from"),
            ("FREQ=DAILY;INTERVAL=0", "from 1 to 1000"),
        ] {
            let problem = Rule::parse(rule).unwrap_err();
            assert!(problem.contains(told), "{rule}: {problem}");
        }
    }
}
