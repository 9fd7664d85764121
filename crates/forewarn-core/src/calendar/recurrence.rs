//! Recurrence rules (RFC 5545, section 3.3.10) in civil time.
//!
//! A rule is expanded on the civil calendar, as if there were no zones: 22:00 stays 22:00 whatever the clocks do. Whoever
//! needs instants attaches a zone to each civil time. That is also why the library works in UTC only: its own zones are
//! never asked.

use crate::problem::unknown;
use jiff::civil::DateTime;
use rrule::RRuleSet;
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

/// A recurrence rule that has been understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    text: String,
    /// The rule without its end, which is ours to judge.
    endless: String,
    until: Option<Until>,
}

/// The last moment at which an occurrence may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    /// On the window's own clocks.
    Civil(DateTime),
    /// An instant.
    Instant(jiff::Timestamp),
}

impl Rule {
    /// Reads a rule such as `FREQ=MONTHLY;BYDAY=2SU`.
    ///
    /// # Errors
    /// Names the part that is wrong and what could stand there.
    pub fn parse(text: &str) -> Result<Rule, String> {
        let text = text.trim();
        let body = text
            .strip_prefix("RRULE:")
            .unwrap_or(text)
            .to_ascii_uppercase();
        let (mut kept, mut names, mut until) = (Vec::new(), Vec::new(), None);
        for part in body.split(';').filter(|part| !part.is_empty()) {
            let Some((name, value)) = part.split_once('=') else {
                return Err(format!(
                    "'{part}' is no part of a rule; write it as FREQ=WEEKLY;BYDAY=SU"
                ));
            };
            if names.contains(&name) {
                return Err(format!("{name} stands twice"));
            }
            match name {
                "FREQ" if !FREQUENCIES.contains(&value) => return Err(wrong_frequency(value)),
                "BYHOUR" | "BYMINUTE" | "BYSECOND" => {
                    return Err(format!(
                        "{name} is not used: the window's own start is its time of day"
                    ));
                }
                "UNTIL" => until = Some(Until::parse(value)?),
                _ if PARTS.contains(&name) => kept.push(part),
                _ => return Err(unknown("part of a rule", name, PARTS)),
            }
            names.push(name);
        }
        if !names.contains(&"FREQ") {
            return Err(format!("names no FREQ; one of {}", FREQUENCIES.join(", ")));
        }
        if until.is_some() && names.contains(&"COUNT") {
            return Err("has COUNT and UNTIL; a rule ends in one way".into());
        }
        let rule = Rule {
            text: text.to_owned(),
            endless: kept.join(";"),
            until,
        };
        // What the library thinks of it depends on a start only in that there is one.
        rule.set(jiff::civil::date(2024, 1, 1).at(0, 0, 0, 0))?;
        Ok(rule)
    }

    /// The civil beginnings from `first` on, in order; the first counts only if the rule makes it. `instant` says when a
    /// civil time happens, for a rule whose end is an instant.
    ///
    /// # Errors
    /// When the rule cannot begin there.
    pub fn starts(
        &self,
        first: DateTime,
        instant: impl Fn(DateTime) -> jiff::Timestamp,
    ) -> Result<impl Iterator<Item = DateTime>, String> {
        let until = self.until;
        let within = move |civil: &DateTime| match until {
            None => true,
            Some(Until::Civil(end)) => *civil <= end,
            Some(Until::Instant(end)) => instant(*civil) <= end,
        };
        let set = self.set(first)?;
        Ok((&set)
            .into_iter()
            .filter_map(|at| civil(at.timestamp()))
            .take_while(within))
    }

    /// The library reads a start and a rule as iCalendar writes them, so that none of its types is needed here.
    fn set(&self, first: DateTime) -> Result<RRuleSet, String> {
        let text = format!(
            "DTSTART:{}\nRRULE:{}",
            first.strftime("%Y%m%dT%H%M%SZ"),
            self.endless
        );
        let set: RRuleSet = text.parse().map_err(|e| readable(&e))?;
        Ok(set.limit())
    }
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

/// The library's words, without its prefix.
fn readable(error: &rrule::RRuleError) -> String {
    let text = error.to_string();
    match text.split_once(": ") {
        Some((_, rest)) => rest.to_owned(),
        None => text,
    }
}

fn wrong_frequency(value: &str) -> String {
    match value {
        "HOURLY" | "MINUTELY" | "SECONDLY" => {
            format!(
                "FREQ={value} is too often for a maintenance window; one of {}",
                FREQUENCIES.join(", ")
            )
        }
        _ => unknown("frequency", value, FREQUENCIES),
    }
}

/// A time of the library's, which is in UTC, as the civil time that it stands for.
fn civil(seconds: i64) -> Option<DateTime> {
    let at = jiff::Timestamp::from_second(seconds).ok()?;
    Some(at.to_zoned(jiff::tz::TimeZone::UTC).datetime())
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
            .unwrap()
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
        ] {
            let problem = Rule::parse(rule).unwrap_err();
            assert!(problem.contains(told), "{rule}: {problem}");
        }
    }
}
