//! Public holidays and weekends of countries and their subdivisions.
//!
//! The days are facts from the PyPI package `holidays` 0.109 (category PUBLIC, observed days on,
//! estimated days kept), which `scripts/holidays.py` writes to `data/holidays.txt` and explains
//! there. The text is part of the program; a calendar is parsed when it is first asked for and
//! kept. `scripts/check_calendar.py` compares what is understood here with the package.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::{LazyLock, OnceLock};

use jiff::civil::{Date, Weekday};

const DATA: &str = include_str!("../../data/holidays.txt");

/// The years that the data file speaks of: what a date without years in it stands for.
const YEARS: RangeInclusive<i16> = 2020..=2040;

/// How many characters of an unknown id are compared with the known ones: longer than any of them.
const COMPARED: usize = 60;

/// How many known ids an [`UnknownCalendar`] names at most.
const NEAREST: usize = 5;

/// The public holidays and the weekend of one country or subdivision.
#[derive(Clone, Debug)]
pub struct HolidayCalendar {
    id: &'static str,
    covered: RangeInclusive<i16>,
    /// Each weekend with its first day, in order; the first one begins with the calendar.
    weekends: Vec<(Date, Weekend)>,
    days: BTreeMap<Date, &'static str>,
}

/// No calendar has this id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no holiday calendar {id:?}{}", suggestion(.nearest))]
pub struct UnknownCalendar {
    /// The id that was asked for.
    pub id: String,
    /// The known ids whose id or name is nearest to it, at most five, in alphabetical order.
    pub nearest: Vec<&'static str>,
}

/// The days of the week that are a weekend; the default is Saturday and Sunday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weekend(u8);

/// One calendar in the data file, parsed or not.
struct Section {
    /// Other names of the place, separated by `; `.
    names: &'static str,
    body: &'static str,
    parsed: OnceLock<HolidayCalendar>,
}

static SECTIONS: LazyLock<BTreeMap<&'static str, Section>> = LazyLock::new(|| {
    // No name contains a bracket (scripts/holidays.py sees to it), and one byte is found fastest.
    DATA.split('[')
        .skip(1) // the head of the file
        .map(|text| {
            let (head, body) = text.split_once('\n').unwrap_or((text, ""));
            let (id, names) = head.split_once(']').unwrap_or_else(|| malformed(head));
            (
                id,
                Section {
                    names: names.trim(),
                    body,
                    parsed: OnceLock::new(),
                },
            )
        })
        .collect()
});

impl HolidayCalendar {
    /// The calendar with this id: `CC` or `CC-SUBDIVISION` in the package's own spelling (`US`, `DE-BE`).
    ///
    /// # Errors
    ///
    /// [`UnknownCalendar`], with the nearest known ids, if there is none.
    pub fn find(id: &str) -> Result<&'static Self, UnknownCalendar> {
        match SECTIONS.get_key_value(id) {
            Some((id, section)) => Ok(section.parsed.get_or_init(|| Self::parse(id, section.body))),
            None => Err(UnknownCalendar {
                id: id.to_owned(),
                nearest: nearest(id),
            }),
        }
    }

    /// Every known id with the other names of the place separated by `; ` (sometimes none), in
    /// alphabetical order of ids.
    pub fn known() -> impl Iterator<Item = (&'static str, &'static str)> {
        SECTIONS.iter().map(|(id, section)| (*id, section.names))
    }

    /// This calendar's id.
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// The name of the public holiday on `date`, in English where the package has it; two on one
    /// day are one name, separated by `; `.
    pub fn holiday(&self, date: Date) -> Option<&'static str> {
        self.days.get(&date).copied()
    }

    /// Every known holiday, by date.
    pub fn days(&self) -> impl Iterator<Item = (Date, &'static str)> {
        self.days.iter().map(|(date, name)| (*date, *name))
    }

    /// Whether the holidays of `year` are known: outside 2020 to 2040 they never are, and for a
    /// few countries not in all of these years. A covered year may be without holidays.
    pub fn covers(&self, year: i16) -> bool {
        self.covered.contains(&year)
    }

    /// The weekend that applies on `date` (the Emirates moved theirs on 1 January 2022).
    pub fn weekend(&self, date: Date) -> Weekend {
        let current = self.weekends.iter().rev().find(|(begin, _)| *begin <= date);
        current.map_or_else(Weekend::default, |(_, weekend)| *weekend)
    }

    fn parse(id: &'static str, body: &'static str) -> Self {
        let mut calendar = match id.split_once('-') {
            Some((country, _)) => Self {
                id,
                ..Self::find(country)
                    .cloned()
                    .unwrap_or_else(|_| malformed(id))
            },
            None => Self {
                id,
                covered: YEARS,
                weekends: Vec::new(),
                days: BTreeMap::new(),
            },
        };
        for line in body.lines().filter(|line| !line.starts_with('#')) {
            calendar.read(line).unwrap_or_else(|| malformed(line));
        }
        calendar
    }

    fn read(&mut self, line: &'static str) -> Option<()> {
        if let Some(removed) = line.strip_prefix('-') {
            for date in read_dates(removed)? {
                self.days.remove(&date);
            }
            return Some(());
        }
        match line.split_once(' ')? {
            ("covers", years) => {
                let (first, last) = years.split_once('-')?;
                self.covered = first.parse().ok()?..=last.parse().ok()?;
            }
            ("weekend", weekends) => {
                self.weekends = weekends
                    .split(", ")
                    .map(read_weekend)
                    .collect::<Option<_>>()?
            }
            (dates, name) => {
                let dates = read_dates(dates)?;
                self.days.extend(dates.into_iter().map(|date| (date, name)));
            }
        }
        Some(())
    }
}

impl Section {
    /// How far `asked`, in lower case, is from the id or from the nearest other name of the place.
    fn distance(&self, id: &str, asked: &str) -> usize {
        let from = |name: &str| strsim::damerau_levenshtein(asked, &name.to_lowercase());
        let names = self.names.split("; ").filter(|name| !name.is_empty());
        names.map(from).fold(from(id), usize::min)
    }
}

impl Weekend {
    /// Whether `day` belongs to the weekend.
    pub fn contains(self, day: Weekday) -> bool {
        self.0 & Self::bit(day) != 0
    }

    fn bit(day: Weekday) -> u8 {
        1 << day.to_monday_zero_offset()
    }
}

impl Default for Weekend {
    fn default() -> Self {
        Self(Self::bit(Weekday::Saturday) | Self::bit(Weekday::Sunday))
    }
}

impl FromIterator<Weekday> for Weekend {
    fn from_iter<I: IntoIterator<Item = Weekday>>(days: I) -> Self {
        Self(days.into_iter().fold(0, |bits, day| bits | Self::bit(day)))
    }
}

/// Reads the dates of `0101,0704:21.26-28`: a month and day without years is of every year.
fn read_dates(text: &str) -> Option<Vec<Date>> {
    let mut dates = Vec::new();
    for part in text.split(',') {
        let (day, years) = part.split_once(':').unwrap_or((part, "20-40"));
        let (month, day) = (day.get(..2)?.parse().ok()?, day.get(2..)?.parse().ok()?);
        for span in years.split('.') {
            let (first, last) = span.split_once('-').unwrap_or((span, span));
            for year in first.parse::<i16>().ok()?..=last.parse().ok()? {
                dates.push(Date::new(2000 + year, month, day).ok()?);
            }
        }
    }
    Some(dates)
}

/// Reads `Fri Sat`, or `2022-01-01 Sat Sun` where it begins on a date.
fn read_weekend(text: &str) -> Option<(Date, Weekend)> {
    let (begin, days) = match text.split_once(' ') {
        Some((begin, days)) if begin.starts_with('2') => (begin.parse().ok()?, days),
        _ => (Date::MIN, text),
    };
    Some((
        begin,
        days.split(' ').map(read_weekday).collect::<Option<_>>()?,
    ))
}

fn read_weekday(text: &str) -> Option<Weekday> {
    Some(match text {
        "Mon" => Weekday::Monday,
        "Tue" => Weekday::Tuesday,
        "Wed" => Weekday::Wednesday,
        "Thu" => Weekday::Thursday,
        "Fri" => Weekday::Friday,
        "Sat" => Weekday::Saturday,
        "Sun" => Weekday::Sunday,
        _ => return None,
    })
}

/// The ids that are nearest to an unknown one, by themselves or by another name of their place.
fn nearest(asked: &str) -> Vec<&'static str> {
    let asked: String = asked.chars().take(COMPARED).collect();
    let asked = asked.to_lowercase();
    let distances: Vec<(usize, &str)> = SECTIONS
        .iter()
        .map(|(id, section)| (section.distance(id, &asked), *id))
        .collect();
    let least = distances.iter().map(|(distance, _)| *distance).min();
    distances
        .iter()
        .filter(|(distance, _)| Some(*distance) == least)
        .map(|(_, id)| *id)
        .take(NEAREST)
        .collect()
}

fn suggestion(nearest: &[&str]) -> String {
    if nearest.is_empty() {
        String::new()
    } else {
        format!("; did you mean {}?", nearest.join(", "))
    }
}

/// The data file is part of the program, and a test parses all of it: this is a bug, not an input.
fn malformed(text: &str) -> ! {
    panic!("data/holidays.txt is malformed: {text:?}")
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn all_of_the_data_file_is_understood() {
        let mut countries = 0;
        for (id, _) in HolidayCalendar::known() {
            let calendar = HolidayCalendar::find(id).expect("a known calendar");
            assert_eq!(calendar.id(), id);
            assert!(
                calendar
                    .days()
                    .all(|(day, name)| YEARS.contains(&day.year()) && !name.is_empty())
            );
            countries += usize::from(!id.contains('-'));
        }
        assert_eq!((countries, HolidayCalendar::known().count()), (250, 901));
        assert!(
            DATA.lines()
                .next()
                .is_some_and(|line| line.contains("holidays 0.109"))
        );
    }

    #[test]
    fn a_subdivision_adds_removes_and_renames() {
        let names = |id, day| {
            HolidayCalendar::find(id)
                .expect("a known calendar")
                .holiday(day)
        };
        assert_eq!(names("DE", date(2026, 3, 8)), None);
        assert_eq!(names("DE-BE", date(2026, 3, 8)), Some("Women's Day"));
        assert_eq!(names("DE-BE", date(2026, 10, 3)), Some("German Unity Day"));
        assert!(names("MY", date(2023, 1, 24)).is_some());
        assert_eq!(names("MY-01", date(2023, 1, 24)), None);
        assert_eq!(
            names("US", date(2027, 7, 5)),
            Some("Independence Day (observed)")
        );
        assert_eq!(names("US", date(2041, 7, 4)), None);
    }

    #[test]
    fn says_which_years_it_knows() {
        let covers = |id, year| {
            HolidayCalendar::find(id)
                .expect("a known calendar")
                .covers(year)
        };
        assert!(
            covers("US", 2020) && covers("US", 2040) && !covers("US", 2019) && !covers("US", 2041)
        );
        assert!(covers("LK", 2026) && !covers("LK", 2027));
        assert!(covers("IN-KA", 2035) && !covers("IN-KA", 2036));
    }

    #[test]
    fn an_unknown_id_is_answered_with_the_nearest() {
        let nearest = |id| {
            HolidayCalendar::find(id)
                .expect_err("an unknown calendar")
                .nearest
        };
        assert_eq!(nearest("us"), ["US"]);
        assert_eq!(nearest("de_be"), ["DE-BE"]);
        assert_eq!(nearest("UK"), ["GB"]);
        assert_eq!(nearest("Germny"), ["DE"]);
        assert_eq!(nearest("California"), ["US-CA"]);
        assert!(nearest("").len() <= NEAREST && nearest(&"x".repeat(1_000_000)).len() <= NEAREST);
        let message = HolidayCalendar::find("UK")
            .expect_err("an unknown calendar")
            .to_string();
        assert_eq!(
            message,
            "there is no holiday calendar \"UK\"; did you mean GB?"
        );
    }
}
