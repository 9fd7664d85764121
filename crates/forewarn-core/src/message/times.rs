//! Dates and times in words: every clock time with its zone and offset, every date unambiguous.
//!
//! The form is `Monday 30 November 2026, 22:00 PST (UTC-08:00, Los Angeles)`: the abbreviation that
//! locals know, the offset that machines and strangers can count with, and the place. Languages
//! without words of their own get `2026-11-30 22:00 (UTC-08:00, Los Angeles)`. In right-to-left text
//! the clock time with all that belongs to it is one isolated run, which no neighbour turns around.

use crate::time::{CivilTime, Zone};
use crate::words::{ISOLATE, Words};
use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp, Zoned};

/// How times are shown to a reader.
#[derive(Clone, Copy, Debug)]
pub struct Times<'a> {
    /// The zone whose clocks the reader has.
    pub zone: &'a Zone,
    /// In whose words.
    pub words: &'static Words,
    /// Whether clock times stand in right-to-left text.
    pub right_to_left: bool,
    /// Short forms, for text messages.
    pub compact: bool,
}

impl Times<'_> {
    /// A date and time with its zone.
    pub fn at(&self, instant: Timestamp) -> String {
        let at = self.zone.at(instant);
        self.join(&at, true)
    }

    /// A time with its zone; its date only when it is not the day of `today`.
    pub fn at_today(&self, instant: Timestamp, today: Timestamp) -> String {
        let at = self.zone.at(instant);
        if at.date() == self.zone.at(today).date() {
            self.clock(&at, true)
        } else {
            self.at(instant)
        }
    }

    /// A date with its weekday: `Monday 30 November 2026`.
    pub fn date(&self, instant: Timestamp) -> String {
        self.day_of(self.zone.at(instant).date())
    }

    /// A date that is the same day wherever one is.
    pub fn day_of(&self, date: Date) -> String {
        match &self.words.dates {
            None => date.to_string(),
            Some(_) if self.compact => self.words.day_and_month(date),
            Some(_) => self.words.day(date),
        }
    }

    /// A date for a subject: `30 Nov`, with the year when it is not that of `today`.
    pub fn short_date(&self, instant: Timestamp, today: Timestamp) -> String {
        let at = self.zone.at(instant);
        let Some(dates) = &self.words.dates else {
            return at.date().to_string();
        };
        let form = match at.year() == self.zone.at(today).year() {
            true => dates.short,
            false => dates.short_year,
        };
        dates.filled(
            form,
            at.date(),
            (&dates.short_weekdays, &dates.short_months),
        )
    }

    /// From one time to another, in this zone.
    pub fn window(&self, start: Timestamp, end: Timestamp) -> String {
        let (start, end) = (self.zone.at(start), self.zone.at(end));
        let same_day = start.date() == end.date();
        let same_offset = start.offset() == end.offset();
        let from = self.join(&start, !same_offset);
        let to = match same_day {
            true => self.clock(&end, true),
            false => self.join(&end, true),
        };
        self.words.from_to(&from, &to, same_day)
    }

    /// What the clocks do inside a window, if anything.
    pub fn clock_change(&self, start: Timestamp, end: Timestamp) -> Option<String> {
        let change = self
            .zone
            .tz()
            .following(start)
            .next()
            .filter(|t| t.timestamp() < end)?;
        let before = self
            .zone
            .at(change.timestamp() - SignedDuration::from_secs(1));
        let by = SignedDuration::from_secs(
            i64::from(change.offset().seconds()) - i64::from(before.offset().seconds()),
        );
        let clocks = self.words.clocks.as_ref().filter(|_| !by.is_zero())?;
        let form = match by.is_negative() {
            true => clocks.back,
            false => clocks.forward,
        };
        let place = (self.place()).map_or_else(String::new, |p| clocks.place.replace("{}", &p));
        let said = form
            .replace("{by}", &words(by.abs(), self.words))
            .replace("{day}", &self.day_of(before.date()))
            .replace("{lasts}", &words(end.duration_since(start), self.words));
        Some(said.replace("{place}", &place))
    }

    fn join(&self, at: &Zoned, whole: bool) -> String {
        let comma = match &self.words.dates {
            Some(dates) if !self.compact => dates.comma,
            _ => " ",
        };
        let day = self.day_of(at.date());
        format!("{day}{comma}{}", self.clock(at, whole))
    }

    /// `22:00 PST (UTC-08:00, Los Angeles)`, or only `22:00 PST`.
    fn clock(&self, at: &Zoned, whole: bool) -> String {
        let clock = format!("{}{}", at.strftime("%H:%M"), self.suffix(at, whole));
        // A text message pays for each sign, and its times are short enough to be read as they come.
        match self.right_to_left && !self.compact {
            true => format!("{}{clock}{}", ISOLATE[0], ISOLATE[1]),
            false => clock,
        }
    }

    /// ` PST (UTC-08:00, Los Angeles)`, or only ` PST` where the whole follows soon.
    fn suffix(&self, at: &Zoned, whole: bool) -> String {
        let offset = show_offset(at.offset());
        if at.time_zone() == &jiff::tz::TimeZone::UTC
            || matches!(self.zone.name(), "UTC" | "Etc/UTC")
        {
            return if whole {
                " UTC (+00:00)".into()
            } else {
                " UTC".into()
            };
        }
        let abbreviation = at.strftime("%Z").to_string();
        let known = abbreviation.chars().all(|c| c.is_ascii_alphabetic());
        match (known, whole) {
            (true, false) => format!(" {abbreviation}"),
            (false, false) => format!(" (UTC{offset})"),
            (_, true) => {
                let lead = if known {
                    format!(" {abbreviation}")
                } else {
                    String::new()
                };
                let place = self.place().filter(|_| !(self.compact && known));
                let place = place.map_or_else(String::new, |p| format!(", {p}"));
                format!("{lead} (UTC{offset}{place})")
            }
        }
    }

    /// The place whose clocks these are: `Los Angeles`.
    fn place(&self) -> Option<String> {
        let name = self.zone.name();
        let (region, place) = name.rsplit_once('/').unwrap_or(("", name));
        (!region.starts_with("Etc") && place.chars().any(char::is_lowercase))
            .then(|| place.replace('_', " "))
    }
}

fn show_offset(offset: Offset) -> String {
    let seconds = offset.seconds();
    let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.abs() / 60);
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// A duration in words: `4 hours`, `1 hour 30 minutes`, `2 days`.
pub fn words(duration: SignedDuration, words: &Words) -> String {
    let minutes = u64::try_from((duration.as_secs() + 59) / 60).unwrap_or(0);
    let units = &words.units;
    let parts = [
        (minutes / 1440, &units.day),
        (minutes % 1440 / 60, &units.hour),
        (minutes % 60, &units.minute),
    ];
    let shown: Vec<String> = parts
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, unit)| words.counted(n, unit))
        .collect();
    if shown.is_empty() {
        words.no_time.to_owned()
    } else {
        words.joined(&shown)
    }
}

/// The window in the reader's zone and, where that shows other clocks, in the organisation's.
pub fn window_for_both(times: &Times<'_>, start: &CivilTime, end: &CivilTime) -> String {
    let (from, to) = (start.instant(), end.instant());
    let shown = times.window(from, to);
    let home = Times {
        zone: &start.zone,
        ..*times
    };
    let same_clocks = |at: Timestamp| times.zone.at(at).offset() == home.zone.at(at).offset();
    if times.compact || (same_clocks(from) && same_clocks(to)) {
        shown
    } else {
        let both = times.words.that_is.replace("{window}", &shown);
        both.replace("{home}", &home.window(from, to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(zone: &str, start: &str, end: &str) -> String {
        let zone = Zone::parse(zone).unwrap();
        let times = Times {
            zone: &zone,
            words: Words::of("en"),
            right_to_left: false,
            compact: false,
        };
        times.window(start.parse().unwrap(), end.parse().unwrap())
    }

    #[test]
    fn windows_in_six_zones() {
        let in_zone = |zone| show(zone, "2026-11-30T06:00:00Z", "2026-11-30T10:00:00Z");
        assert_eq!(
            in_zone("America/Los_Angeles"),
            "Sunday 29 November 2026, 22:00 PST to Monday 30 November 2026, 02:00 PST (UTC-08:00, Los Angeles)"
        );
        assert_eq!(
            in_zone("Europe/Berlin"),
            "Monday 30 November 2026, 07:00 CET to 11:00 CET (UTC+01:00, Berlin)"
        );
        assert_eq!(
            in_zone("Asia/Kathmandu"),
            "Monday 30 November 2026, 11:45 (UTC+05:45) to 15:45 (UTC+05:45, Kathmandu)"
        );
        assert_eq!(
            in_zone("America/Argentina/Buenos_Aires"),
            "Monday 30 November 2026, 03:00 (UTC-03:00) to 07:00 (UTC-03:00, Buenos Aires)"
        );
        assert_eq!(
            in_zone("UTC"),
            "Monday 30 November 2026, 06:00 UTC to 10:00 UTC (+00:00)"
        );
        assert_eq!(
            in_zone("Asia/Kolkata"),
            "Monday 30 November 2026, 11:30 IST to 15:30 IST (UTC+05:30, Kolkata)"
        );
    }

    #[test]
    fn a_clock_change_inside_a_window_is_pointed_out() {
        let zone = Zone::parse("Europe/Berlin").unwrap();
        let times = Times {
            zone: &zone,
            words: Words::of("en"),
            right_to_left: false,
            compact: false,
        };
        let (start, end) = (
            "2026-10-24T23:30:00Z".parse().unwrap(),
            "2026-10-25T03:00:00Z".parse().unwrap(),
        );
        assert_eq!(
            times.window(start, end),
            "Sunday 25 October 2026, 01:30 CEST (UTC+02:00, Berlin) to 04:00 CET (UTC+01:00, Berlin)"
        );
        assert_eq!(
            times.clock_change(start, end).unwrap(),
            "Clocks in Berlin go back by 1 hour on Sunday 25 October 2026, during this time. The work lasts 3 hours 30 minutes."
        );
        assert_eq!(
            times.clock_change(end, end + SignedDuration::from_hours(4)),
            None
        );
    }
}
