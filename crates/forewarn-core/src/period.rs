//! Rough dates: a day, a week, a month, a quarter or a year in which something will happen, in civil dates.
//!
//! What is planned a year ahead has no hour yet. A period says as much as is known and no more.

use crate::time::parse_date;
use jiff::civil::{Date, date};
use jiff::{Span, ToSpan};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

const FORMS: &str = "must be a day such as 2026-12-07 or '7 December 2026', 'week of' a day, a month such as 2026-12 or 'December 2026', a quarter such as 2027-Q3 or 'Q3 2027', or a year";

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// How exactly a period is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Precision {
    /// One day.
    Day,
    /// Seven days from a date that people named.
    Week,
    /// A calendar month.
    Month,
    /// Three months of the calendar year.
    Quarter,
    /// A calendar year.
    Year,
}

impl Precision {
    /// Its name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Precision::Day => "day",
            Precision::Week => "week",
            Precision::Month => "month",
            Precision::Quarter => "quarter",
            Precision::Year => "year",
        }
    }

    fn span(self) -> Span {
        match self {
            Precision::Day => 1.day(),
            Precision::Week => 1.week(),
            Precision::Month => 1.month(),
            Precision::Quarter => 3.months(),
            Precision::Year => 1.year(),
        }
    }
}

/// A rough date, as exact as is known. Ordered by the first day, the shorter first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    first: Date,
    precision: Precision,
}

impl Period {
    /// Reads `2026-12-07`, `7 December 2026`, `week of` either, `2026-12`, `December 2026`, `2027-Q3`, `Q3 2027` or `2027`.
    ///
    /// # Errors
    /// Says the accepted forms.
    pub fn parse(text: &str) -> Result<Period, String> {
        let text = text.trim().to_ascii_lowercase();
        if let Some(day) = text.strip_prefix("week of ") {
            return Ok(Period::new(civil_date(day.trim())?, Precision::Week));
        }
        let words: Vec<&str> = text.split([' ', '-']).filter(|w| !w.is_empty()).collect();
        let (first, precision) = match words.as_slice() {
            [_, _, _] => (civil_date(&text)?, Precision::Day),
            [one] if quarter(one).is_some() => return Err(format!("names no year; {FORMS}")),
            [one] => (first_of(one, 1)?, Precision::Year),
            [one, other] => match (quarter(one), quarter(other)) {
                (Some(n), None) => (first_of(other, n * 3 - 2)?, Precision::Quarter),
                (None, Some(n)) => (first_of(one, n * 3 - 2)?, Precision::Quarter),
                _ => (month_of(one, other)?, Precision::Month),
            },
            _ => return Err(FORMS.into()),
        };
        Ok(Period::new(first, precision))
    }

    fn new(first: Date, precision: Precision) -> Period {
        Period { first, precision }
    }

    /// Its first day.
    pub fn first(&self) -> Date {
        self.first
    }

    /// The day after its last one, as calendars count.
    pub fn end(&self) -> Date {
        self.first.saturating_add(self.precision.span())
    }

    /// Its last day.
    pub fn last(&self) -> Date {
        self.end().saturating_sub(1.day())
    }

    /// How exactly it is known.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// What readers are told: `week of 7 December 2026`, `third quarter of 2027 (July to September)`.
    pub fn words(&self) -> String {
        let day = |format: &str| self.first.strftime(format).to_string();
        match self.precision {
            Precision::Day => day("%A %-d %B %Y"),
            Precision::Week => day("week of %-d %B %Y"),
            Precision::Month => day("%B %Y"),
            Precision::Year => day("%Y"),
            Precision::Quarter => {
                let name = ["first", "second", "third", "fourth"][self.quarter() - 1];
                let until = self.last().strftime("%B");
                format!("{name} quarter of {} to {until})", day("%Y (%B"))
            }
        }
    }

    fn quarter(&self) -> usize {
        (self.first.month() as usize).div_ceil(3)
    }
}

/// `2026-12-07`, or as it is shown: `7 December 2026`. Which year is meant nobody can know later on, so it is always said.
fn civil_date(text: &str) -> Result<Date, String> {
    if let Ok(date) = parse_date(text) {
        return Ok(date);
    }
    let words: Vec<&str> = text.split([' ', ',']).filter(|w| !w.is_empty()).collect();
    let month = |word: &str| MONTHS.iter().position(|name| *name == word);
    match words.as_slice() {
        [day, name, year] if month(name).is_some() => {
            let first = month_of(name, year)?;
            let day = day.parse().map_err(|_| FORMS.to_owned())?;
            Date::new(first.year(), first.month(), day).map_err(|_| FORMS.to_owned())
        }
        [_, name] if month(name).is_some() => Err(format!("names no year; {FORMS}")),
        _ => Err(FORMS.into()),
    }
}

/// `q3` is 3.
fn quarter(word: &str) -> Option<i8> {
    let n = word.strip_prefix('q')?.parse().ok()?;
    (1..=4).contains(&n).then_some(n)
}

fn month_of(one: &str, other: &str) -> Result<Date, String> {
    if let Some(n) = MONTHS.iter().position(|name| *name == one) {
        return first_of(other, n as i8 + 1);
    }
    match other.parse() {
        Ok(month @ 1..=12) if other.len() == 2 => first_of(one, month),
        _ => Err(FORMS.into()),
    }
}

fn first_of(year: &str, month: i8) -> Result<Date, String> {
    match year.parse::<i16>() {
        Ok(year @ 1970..=2200) => Ok(date(year, month, 1)),
        Ok(_) if year.len() == 4 => Err("must lie between the years 1970 and 2200".into()),
        _ => Err(FORMS.into()),
    }
}

impl fmt::Display for Period {
    /// The form in which it is stored: whichever way it was written, it is read back the same.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.first;
        match self.precision {
            Precision::Day => write!(f, "{first}"),
            Precision::Week => write!(f, "week of {first}"),
            Precision::Month => write!(f, "{}", first.strftime("%Y-%m")),
            Precision::Quarter => write!(f, "{}-Q{}", first.year(), self.quarter()),
            Precision::Year => write!(f, "{}", first.year()),
        }
    }
}

impl fmt::Debug for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Period, D::Error> {
        Period::parse(&String::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rough_date_is_as_exact_as_it_was_written() {
        for (written, stored, first, last, words) in [
            (
                "2026-12-07",
                "2026-12-07",
                "2026-12-07",
                "2026-12-07",
                "Monday 7 December 2026",
            ),
            (
                "Week of 2026-12-07",
                "week of 2026-12-07",
                "2026-12-07",
                "2026-12-13",
                "week of 7 December 2026",
            ),
            (
                "week of 7 December 2026",
                "week of 2026-12-07",
                "2026-12-07",
                "2026-12-13",
                "week of 7 December 2026",
            ),
            (
                "7 December 2026",
                "2026-12-07",
                "2026-12-07",
                "2026-12-07",
                "Monday 7 December 2026",
            ),
            (
                "2028-02",
                "2028-02",
                "2028-02-01",
                "2028-02-29",
                "February 2028",
            ),
            (
                "December 2026",
                "2026-12",
                "2026-12-01",
                "2026-12-31",
                "December 2026",
            ),
            (
                "2027-Q3",
                "2027-Q3",
                "2027-07-01",
                "2027-09-30",
                "third quarter of 2027 (July to September)",
            ),
            (
                " q4 2026 ",
                "2026-Q4",
                "2026-10-01",
                "2026-12-31",
                "fourth quarter of 2026 (October to December)",
            ),
            ("2027", "2027", "2027-01-01", "2027-12-31", "2027"),
        ] {
            let period = Period::parse(written).expect(written);
            let shown = (
                period.to_string(),
                period.first().to_string(),
                period.last().to_string(),
                period.words(),
            );
            let expected = (stored.into(), first.into(), last.into(), words.into());
            assert_eq!(shown, expected, "{written}");
            assert_eq!(Period::parse(&period.to_string()), Ok(period), "{written}");
        }
    }

    #[test]
    fn what_is_no_rough_date_is_refused_with_the_forms() {
        for wrong in [
            "",
            "soon",
            "Q5 2027",
            "2027-Q0",
            "Q3 Q4",
            "2026-13",
            "2026-1",
            "13 2026",
            "Decembre 2026",
            "week of December",
            "2026-02-30",
            "week of 2026-02-30",
            "1 2 3 4",
            "1969",
            "99999",
            "2027-Q",
            "q 2027",
            "\u{221e}",
        ] {
            assert!(Period::parse(wrong).is_err(), "{wrong:?}");
        }
        for yearless in ["Q3", "week of 7 December"] {
            let problem = Period::parse(yearless).unwrap_err();
            assert!(
                problem.starts_with("names no year"),
                "{yearless}: {problem}"
            );
        }
        assert!(Period::parse("next year").unwrap_err().contains("Q3 2027"));
    }

    #[test]
    fn the_earlier_comes_first_and_the_shorter_of_two() {
        let mut all = ["2027", "2027-Q1", "2027-01", "2026-12-31", "2027-01-01"]
            .map(|text| Period::parse(text).expect(text));
        all.sort();
        let shown = all.map(|period| period.to_string());
        assert_eq!(
            shown,
            ["2026-12-31", "2027-01-01", "2027-01", "2027-Q1", "2027"]
        );
    }
}
