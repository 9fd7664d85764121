//! Times as people read them: a date that cannot be mistaken, a clock time with its zone and offset.

use super::texts::Texts;
use forewarn_core::time::Zone;
use forewarn_core::words::ISOLATE;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};
use std::fmt;

/// HTML made here from times only, so that templates need not mark it as safe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeHtml(String);

impl fmt::Display for TimeHtml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for TimeHtml {}

/// Times in one language, by the clocks of one zone.
#[derive(Clone, Copy, Debug)]
pub struct Clocks<'a> {
    /// Whose clocks.
    pub zone: &'a Zone,
    /// In whose words.
    pub texts: &'static Texts,
}

impl<'a> Clocks<'a> {
    /// With the words of the English pages, for the console.
    pub(crate) fn english(zone: &'a Zone) -> Clocks<'a> {
        let texts = Texts::english();
        Clocks { zone, texts }
    }

    /// `Mon 30 Nov 2026, 22:00 PST (UTC-08:00)`
    pub fn long(&self, at: Timestamp) -> String {
        let at = self.zone.at(at);
        self.joined(&at, true, &zone_label_with_offset(&at))
    }

    /// `Mon 30 Nov, 22:00 PST`, with the year where it is not that of `now`.
    pub fn short(&self, at: Timestamp, now: Timestamp) -> String {
        let (at, now) = (self.zone.at(at), self.zone.at(now));
        self.joined(&at, at.year() != now.year(), &zone_label(&at))
    }

    /// `22:00 PST (UTC-08:00)`
    pub fn clock(&self, at: Timestamp) -> String {
        let at = self.zone.at(at);
        self.run(&at, &zone_label_with_offset(&at))
    }

    /// `22:00 UTC`, or `30 Nov, 22:00 UTC` where UTC has another date than the zone; nothing where the zone is UTC itself.
    pub fn in_utc(&self, at: Timestamp) -> Option<String> {
        let (there, here) = (self.zone.at(at), at.to_zoned(TimeZone::UTC));
        let clock = self.run(&here, "UTC");
        if there.offset().is_zero() {
            None
        } else if there.date() == here.date() {
            Some(clock)
        } else {
            let words = self.texts.words();
            let day = words.day_and_month(here.date());
            Some(format!("{day}{}{clock}", words.before_time()))
        }
    }

    /// A window: `Mon 30 Nov 2026, 22:00 to Tue 1 Dec 2026, 02:00 PST (UTC-08:00)`, the second date only where it is another.
    pub fn window(&self, start: Timestamp, end: Timestamp) -> String {
        let (from, to) = (self.zone.at(start), self.zone.at(end));
        // Both offsets are said only when the clocks change in between, because then they matter.
        let first = match from.offset() == to.offset() {
            true => String::new(),
            false => zone_label_with_offset(&from),
        };
        let last = zone_label_with_offset(&to);
        let same_day = from.date() == to.date();
        let until = match same_day {
            true => self.run(&to, &last),
            false => self.joined(&to, true, &last),
        };
        let since = self.joined(&from, true, &first);
        self.texts.words().from_to(&since, &until, same_day)
    }

    fn joined(&self, at: &Zoned, year: bool, label: &str) -> String {
        let words = self.texts.words();
        let day = words.short_day(at.date(), year);
        format!("{day}{}{}", words.before_time(), self.run(at, label))
    }

    /// A clock time with what belongs to it, which nothing may turn around.
    fn run(&self, at: &Zoned, label: &str) -> String {
        let clock = at.strftime("%H:%M");
        let run = match label {
            "" => clock.to_string(),
            label => format!("{clock} {label}"),
        };
        match self.texts.direction() {
            "rtl" => format!("{}{run}{}", ISOLATE[0], ISOLATE[1]),
            _ => run,
        }
    }

    /// A `<time>` with the long form.
    pub fn long_html(&self, at: Timestamp) -> TimeHtml {
        let said = unbroken(&self.long(at));
        TimeHtml(format!("<time datetime=\"{at}\">{said}</time>"))
    }

    /// A window in the zone's clocks.
    pub fn window_html(&self, start: Timestamp, end: Timestamp) -> TimeHtml {
        TimeHtml(unbroken(&self.window(start, end)))
    }

    /// An instant on other clocks: UTC's where it differs, and the reader's own, which the script adds.
    pub fn others_html(&self, at: Timestamp) -> TimeHtml {
        TimeHtml(format!(
            "<span class=\"quiet clocks\" data-own=\"{at}\" data-shown=\"{}\">{}</span>",
            self.zone.at(at).offset().seconds() / 60,
            self.in_utc(at).unwrap_or_default()
        ))
    }

    /// A window on other clocks, likewise.
    pub fn window_others_html(&self, start: Timestamp, end: Timestamp) -> TimeHtml {
        let utc = Clocks {
            zone: &Zone::utc(),
            ..*self
        };
        let utc = self.in_utc(start).map(|_| utc.window(start, end));
        TimeHtml(format!(
            "<span class=\"quiet clocks\" data-own=\"{start}\" data-end=\"{end}\" data-shown=\"{}\">{}</span>",
            self.zone.at(start).offset().seconds() / 60,
            utc.unwrap_or_default()
        ))
    }

    /// A `<time>` with the short form and the instant in UTC as its title.
    pub fn short_html(&self, at: Timestamp, now: Timestamp) -> TimeHtml {
        let utc = Clocks {
            zone: &Zone::utc(),
            ..*self
        };
        let title = utc.long(at);
        let said = self.short(at, now);
        TimeHtml(format!(
            "<time datetime=\"{at}\" title=\"{title}\">{said}</time>"
        ))
    }

    /// A `<time>` with the clock time, and the date where it is not that of `now`.
    pub fn clock_html(&self, at: Timestamp, now: Timestamp) -> TimeHtml {
        let shown = match self.zone.at(at).date() == self.zone.at(now).date() {
            true => self.clock(at),
            false => self.long(at),
        };
        let said = unbroken(&shown);
        TimeHtml(format!("<time datetime=\"{at}\">{said}</time>"))
    }
}

/// The zone's name on a clock: `PST`, or `UTC-03:00` where the zone has no letters of its own.
fn zone_label(at: &Zoned) -> String {
    let letters = at.strftime("%Z").to_string();
    if letters.starts_with(|c: char| c.is_ascii_alphabetic()) {
        letters
    } else {
        format!("UTC{}", at.strftime("%:z"))
    }
}

/// `PST (UTC-08:00)`; `UTC` stands alone, and so does a zone that is only an offset.
fn zone_label_with_offset(at: &Zoned) -> String {
    let label = zone_label(at);
    if label.starts_with("UTC") {
        label
    } else {
        format!("{label} (UTC{})", at.strftime("%:z"))
    }
}

/// `Mon 30 Nov 2026, 22:00 PST (UTC-08:00)`
pub fn long(at: Timestamp, zone: &Zone) -> String {
    Clocks::english(zone).long(at)
}

/// `Monday 30 November 2026`
pub fn day(date: jiff::civil::Date) -> String {
    Texts::english().words().day(date)
}

/// A window: `Mon 30 Nov 2026, 22:00 to Tue 1 Dec 2026, 02:00 PST (UTC-08:00)`, the second date only where it is another.
pub fn window(start: Timestamp, end: Timestamp, zone: &Zone) -> String {
    Clocks::english(zone).window(start, end)
}

/// Whether the zone's clocks change inside a window.
pub fn clocks_change(start: Timestamp, end: Timestamp, zone: &Zone) -> bool {
    zone.at(start).offset() != zone.at(end).offset()
}

/// `4 h`, `2 h 30 min`, `3 days`
pub fn lasts(duration: SignedDuration) -> String {
    Texts::english().lasts(duration)
}

/// ISO 8601 with milliseconds and the zone's offset, as strict clients read it.
pub fn iso(at: Timestamp, zone: &Zone) -> String {
    zone.at(at).strftime("%Y-%m-%dT%H:%M:%S.%3f%:z").to_string()
}

/// A `<time>` with the long form.
pub fn long_html(at: Timestamp, zone: &Zone) -> TimeHtml {
    Clocks::english(zone).long_html(at)
}

/// Keeps an offset on one line: browsers break after its hyphen.
fn unbroken(text: &str) -> String {
    text.replace("(UTC", "<span class=\"nb\">(UTC")
        .replace(')', ")</span>")
}

/// A window in the zone's clocks.
pub fn window_html(start: Timestamp, end: Timestamp, zone: &Zone) -> TimeHtml {
    Clocks::english(zone).window_html(start, end)
}

/// A `<time>` with the short form and the instant in UTC as its title.
pub fn short_html(at: Timestamp, zone: &Zone, now: Timestamp) -> TimeHtml {
    Clocks::english(zone).short_html(at, now)
}

/// A sentence in which `{name}` is a time; its own words hold nothing that HTML would read.
pub(super) fn filled(sentence: &str, name: &str, time: &TimeHtml) -> TimeHtml {
    TimeHtml(sentence.replace(name, &time.0))
}

/// An empty countdown that the script fills: "in 12 min", "5 min ago". Without script nothing is missing.
pub fn countdown_html(until: Timestamp) -> TimeHtml {
    TimeHtml(format!(
        "<span class=\"countdown\" data-until=\"{until}\"></span>"
    ))
}

/// `in 12 min` or `5 min ago`, for pages that know the time.
pub fn relative(at: Timestamp, now: Timestamp) -> String {
    let distance = at.duration_since(now);
    match distance.as_secs() {
        -29..=29 => "now".into(),
        seconds if seconds < 0 => format!("{} ago", lasts(distance)),
        _ => format!("in {}", lasts(distance)),
    }
}

/// A countdown that already says how long it is at `now`.
pub fn countdown_from_html(until: Timestamp, now: Timestamp) -> TimeHtml {
    TimeHtml(format!(
        "<span class=\"countdown\" data-until=\"{until}\">{}</span>",
        relative(until, now)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// T13: one instant as six zones' readers see it.
    #[test]
    fn a_time_names_its_zone_and_offset() {
        let instant = at("2026-12-01T06:00:00Z");
        let shown: Vec<String> = [
            "America/Los_Angeles",
            "Europe/Berlin",
            "UTC",
            "Asia/Kolkata",
            "America/Sao_Paulo",
            "Australia/Lord_Howe",
        ]
        .into_iter()
        .map(|name| long(instant, &Zone::parse(name).unwrap()))
        .collect();
        assert_eq!(
            shown,
            [
                "Mon 30 Nov 2026, 22:00 PST (UTC-08:00)",
                "Tue 1 Dec 2026, 07:00 CET (UTC+01:00)",
                "Tue 1 Dec 2026, 06:00 UTC",
                "Tue 1 Dec 2026, 11:30 IST (UTC+05:30)",
                "Tue 1 Dec 2026, 03:00 UTC-03:00",
                "Tue 1 Dec 2026, 17:00 UTC+11:00",
            ]
        );
    }

    #[test]
    fn a_window_says_both_offsets_when_the_clocks_change_inside() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        assert_eq!(
            window(
                at("2026-11-30T21:00:00Z"),
                at("2026-12-01T01:00:00Z"),
                &berlin
            ),
            "Mon 30 Nov 2026, 22:00 to Tue 1 Dec 2026, 02:00 CET (UTC+01:00)"
        );
        assert_eq!(
            window(
                at("2026-10-25T00:00:00Z"),
                at("2026-10-25T03:00:00Z"),
                &berlin
            ),
            "Sun 25 Oct 2026, 02:00 CEST (UTC+02:00) to 04:00 CET (UTC+01:00)"
        );
    }

    #[test]
    fn lengths_are_said_in_the_two_largest_units() {
        for (seconds, said) in [
            (10, "under a minute"),
            (300, "5 min"),
            (14_400, "4 h"),
            (9_000, "2 h 30 min"),
            (86_400, "24 h"),
            (180_000, "2 days 2 h"),
            (1_728_000, "20 days"),
        ] {
            assert_eq!(lasts(SignedDuration::from_secs(seconds)), said);
        }
    }
}
