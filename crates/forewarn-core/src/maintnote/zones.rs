//! Zones of a calendar: known by name, by a name that Windows gives them, or by the rules that the calendar brings along
//! (VTIMEZONE of RFC 5545).

use crate::time::Zone;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::Offset;

/// More zones of one calendar are not read.
const MOST_ZONES: usize = 50;
/// A zone has two observances, and some more where its rules changed.
const MOST_OBSERVANCES: usize = 200;

/// The names that Windows programs write for zones, each with a place in it.
const WINDOWS: [(&str, &str); 46] = [
    ("Dateline Standard Time", "Etc/GMT+12"),
    ("Hawaiian Standard Time", "Pacific/Honolulu"),
    ("Alaskan Standard Time", "America/Anchorage"),
    ("Pacific Standard Time", "America/Los_Angeles"),
    ("US Mountain Standard Time", "America/Phoenix"),
    ("Mountain Standard Time", "America/Denver"),
    ("Central Standard Time", "America/Chicago"),
    ("Canada Central Standard Time", "America/Regina"),
    ("Eastern Standard Time", "America/New_York"),
    ("US Eastern Standard Time", "America/Indiana/Indianapolis"),
    ("Atlantic Standard Time", "America/Halifax"),
    ("Newfoundland Standard Time", "America/St_Johns"),
    ("SA Pacific Standard Time", "America/Bogota"),
    ("Pacific SA Standard Time", "America/Santiago"),
    ("E. South America Standard Time", "America/Sao_Paulo"),
    ("Argentina Standard Time", "America/Argentina/Buenos_Aires"),
    ("Central Standard Time (Mexico)", "America/Mexico_City"),
    ("UTC", "Etc/UTC"),
    ("Coordinated Universal Time", "Etc/UTC"),
    ("GMT Standard Time", "Europe/London"),
    ("Greenwich Standard Time", "Africa/Abidjan"),
    ("W. Europe Standard Time", "Europe/Berlin"),
    ("Central Europe Standard Time", "Europe/Budapest"),
    ("Romance Standard Time", "Europe/Paris"),
    ("Central European Standard Time", "Europe/Warsaw"),
    ("W. Central Africa Standard Time", "Africa/Lagos"),
    ("GTB Standard Time", "Europe/Bucharest"),
    ("FLE Standard Time", "Europe/Kyiv"),
    ("E. Europe Standard Time", "Europe/Chisinau"),
    ("Egypt Standard Time", "Africa/Cairo"),
    ("South Africa Standard Time", "Africa/Johannesburg"),
    ("Israel Standard Time", "Asia/Jerusalem"),
    ("Turkey Standard Time", "Europe/Istanbul"),
    ("Arab Standard Time", "Asia/Riyadh"),
    ("Arabian Standard Time", "Asia/Dubai"),
    ("Russian Standard Time", "Europe/Moscow"),
    ("E. Africa Standard Time", "Africa/Nairobi"),
    ("Pakistan Standard Time", "Asia/Karachi"),
    ("India Standard Time", "Asia/Kolkata"),
    ("SE Asia Standard Time", "Asia/Bangkok"),
    ("China Standard Time", "Asia/Shanghai"),
    ("Singapore Standard Time", "Asia/Singapore"),
    ("Tokyo Standard Time", "Asia/Tokyo"),
    ("Korea Standard Time", "Asia/Seoul"),
    ("AUS Eastern Standard Time", "Australia/Sydney"),
    ("New Zealand Standard Time", "Pacific/Auckland"),
];

/// The zones that a calendar brings along.
#[derive(Debug, Default)]
pub(super) struct Zones(Vec<Brought>);

#[derive(Debug, Default)]
struct Brought {
    id: String,
    /// The IANA's name for it.
    location: Option<String>,
    observances: Vec<Observance>,
}

/// From when on clocks show which offset.
#[derive(Debug, Default)]
pub(super) struct Observance {
    start: Option<DateTime>,
    offset: Option<Offset>,
    yearly: Option<Yearly>,
    /// It has a rule that is not read here.
    is_odd: bool,
}

/// `FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU`, or with BYMONTHDAY.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Yearly {
    month: i8,
    day: Day,
    /// The last year of it.
    until: Option<i16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Day {
    Nth(i8, Weekday),
    OfMonth(i8),
}

impl Zones {
    pub(super) fn begin(&mut self) {
        if self.0.len() < MOST_ZONES {
            self.0.push(Brought::default());
        }
    }

    pub(super) fn named(&mut self, name: &str, value: &str) {
        let Some(zone) = self.0.last_mut() else {
            return;
        };
        match name {
            "TZID" => value.trim_start_matches('/').clone_into(&mut zone.id),
            "X-LIC-LOCATION" => zone.location = Some(value.to_owned()),
            _ => {}
        }
    }

    pub(super) fn observe(&mut self, observance: Observance) {
        if let Some(zone) = self.0.last_mut()
            && zone.observances.len() < MOST_OBSERVANCES
        {
            zone.observances.push(observance);
        }
    }

    pub(super) fn take(&mut self, name: &str, value: &str) {
        let zone = self.0.last_mut();
        if let Some(observance) = zone.and_then(|zone| zone.observances.last_mut()) {
            observance.take(name, value);
        }
    }

    fn brought(&self, name: &str) -> Option<&Brought> {
        self.0.iter().find(|zone| zone.id == name)
    }

    /// The zone of this name, as the IANA or Windows calls it or as the calendar says where it is.
    pub(super) fn find(&self, name: &str) -> Result<Zone, String> {
        let known = Zone::parse(name);
        if known.is_ok() {
            return known;
        }
        let brought = self.brought(name);
        if let Some(location) = brought.and_then(|zone| zone.location.as_deref())
            && let Ok(zone) = Zone::parse(location)
        {
            return Ok(zone);
        }
        // Its own rules say more than its name: whoever wrote them may mean other clocks.
        if brought.is_some_and(Brought::is_sound) {
            return known;
        }
        let mut windows = WINDOWS.into_iter();
        match windows.find(|(own, _)| own.eq_ignore_ascii_case(name)) {
            Some((_, place)) => Zone::parse(place),
            None => known,
        }
    }

    /// What a civil time is by the rules that the calendar brings along.
    pub(super) fn instant(&self, name: &str, civil: DateTime) -> Option<Timestamp> {
        let zone = self.brought(name).filter(|zone| zone.is_sound())?;
        zone.offset(civil)?.to_timestamp(civil).ok()
    }
}

impl Brought {
    fn is_sound(&self) -> bool {
        let sound = |o: &Observance| o.start.is_some() && o.offset.is_some() && !o.is_odd;
        !self.observances.is_empty() && self.observances.iter().all(sound)
    }

    /// What began last.
    fn offset(&self, civil: DateTime) -> Option<Offset> {
        let begun = self.observances.iter();
        let begun = begun.filter_map(|o| Some((o.onset(civil)?, o.offset?)));
        let last = begun.max_by_key(|(onset, _)| *onset);
        let first = || self.observances.first().and_then(|o| o.offset);
        last.map(|(_, offset)| offset).or_else(first)
    }
}

impl Observance {
    fn take(&mut self, name: &str, value: &str) {
        match name {
            "DTSTART" => self.start = DateTime::strptime("%Y%m%dT%H%M%S", value).ok(),
            "TZOFFSETTO" => self.offset = offset(value),
            "RRULE" => {
                self.yearly = Yearly::parse(value);
                self.is_odd |= self.yearly.is_none();
            }
            "RDATE" => self.is_odd = true,
            _ => {}
        }
    }

    /// When it began last, as of a civil time.
    fn onset(&self, civil: DateTime) -> Option<DateTime> {
        let start = self.start?;
        let Some(yearly) = self.yearly else {
            return Some(start).filter(|start| *start <= civil);
        };
        let last = yearly.until.unwrap_or(civil.year()).min(civil.year());
        let years = [last, last.checked_sub(1)?];
        let onsets = years.into_iter().filter(|year| *year >= start.year());
        let mut onsets =
            onsets.filter_map(|year| Some(yearly.in_year(year)?.to_datetime(start.time())));
        onsets.find(|onset| *onset <= civil)
    }
}

impl Yearly {
    fn parse(text: &str) -> Option<Yearly> {
        let (mut month, mut day, mut until) = (None, None, None);
        for part in text.split(';').filter(|part| !part.trim().is_empty()) {
            let (name, value) = part.split_once('=')?;
            match name.trim().to_ascii_uppercase().as_str() {
                "FREQ" if value.eq_ignore_ascii_case("YEARLY") => {}
                "INTERVAL" if value == "1" => {}
                "WKST" => {}
                "BYMONTH" => month = Some(value.parse().ok()?),
                "BYDAY" => day = Some(nth_weekday(value)?),
                "BYMONTHDAY" => day = Some(Day::OfMonth(value.parse().ok()?)),
                "UNTIL" => until = Some(value.get(..4)?.parse().ok()?),
                _ => return None,
            }
        }
        Some(Yearly {
            month: month?,
            day: day?,
            until,
        })
    }

    fn in_year(self, year: i16) -> Option<Date> {
        let first = Date::new(year, self.month, 1).ok()?;
        match self.day {
            Day::Nth(n, weekday) => first.nth_weekday_of_month(n, weekday).ok(),
            Day::OfMonth(day) => Date::new(year, self.month, day).ok(),
        }
    }
}

/// `-1SU`
fn nth_weekday(text: &str) -> Option<Day> {
    let text = text.trim();
    let (n, day) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let weekday = match day.to_ascii_uppercase().as_str() {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => return None,
    };
    let n: i8 = n.trim_start_matches('+').parse().ok()?;
    (1..=5)
        .contains(&n.unsigned_abs())
        .then_some(Day::Nth(n, weekday))
}

/// `+0100`, `-033000`
fn offset(text: &str) -> Option<Offset> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    if !matches!(digits.len(), 4 | 6) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize| digits.get(from..from + 2).map_or(Ok(0), str::parse::<i32>);
    let seconds = part(0).ok()? * 3600 + part(2).ok()? * 60 + part(4).ok()?;
    Offset::from_seconds(sign * seconds).ok()
}
