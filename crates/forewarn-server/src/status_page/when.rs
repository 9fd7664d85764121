//! Times as people read them: a date that cannot be mistaken, a clock time with its zone and offset.

use forewarn_core::time::Zone;
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
    let at = zone.at(at);
    format!(
        "{} {}",
        at.strftime("%a %-d %b %Y, %H:%M"),
        zone_label_with_offset(&at)
    )
}

/// `Mon 30 Nov, 22:00 PST`, with the year where it is not that of `now`.
pub fn short(at: Timestamp, zone: &Zone, now: Timestamp) -> String {
    let (at, now) = (zone.at(at), zone.at(now));
    let date = if at.year() == now.year() {
        "%a %-d %b, %H:%M"
    } else {
        "%a %-d %b %Y, %H:%M"
    };
    format!("{} {}", at.strftime(date), zone_label(&at))
}

/// `22:00 PST (UTC-08:00)`
pub fn clock(at: Timestamp, zone: &Zone) -> String {
    let at = zone.at(at);
    format!("{} {}", at.strftime("%H:%M"), zone_label_with_offset(&at))
}

/// `22:00 UTC`, or `30 Nov, 22:00 UTC` where UTC has another date than `zone`; nothing where the zone is UTC itself.
pub fn in_utc(at: Timestamp, zone: &Zone) -> Option<String> {
    let (there, here) = (zone.at(at), at.to_zoned(TimeZone::UTC));
    if there.offset().is_zero() {
        None
    } else if there.date() == here.date() {
        Some(here.strftime("%H:%M UTC").to_string())
    } else {
        Some(here.strftime("%-d %b, %H:%M UTC").to_string())
    }
}

/// `Monday 30 November 2026`
pub fn day(date: jiff::civil::Date) -> String {
    date.strftime("%A %-d %B %Y").to_string()
}

/// `November 2026`
pub fn month(date: jiff::civil::Date) -> String {
    date.strftime("%B %Y").to_string()
}

/// A window: `Mon 30 Nov 2026, 22:00 to Tue 1 Dec 2026, 02:00 PST (UTC-08:00)`, the second date only where it is another.
pub fn window(start: Timestamp, end: Timestamp, zone: &Zone) -> String {
    let (from, to) = (zone.at(start), zone.at(end));
    let until = if from.date() == to.date() {
        to.strftime("%H:%M").to_string()
    } else {
        to.strftime("%a %-d %b %Y, %H:%M").to_string()
    };
    let since = from.strftime("%a %-d %b %Y, %H:%M");
    // Both offsets are said only when the clocks change in between, because then they matter.
    let first = if from.offset() == to.offset() {
        String::new()
    } else {
        format!(" {}", zone_label_with_offset(&from))
    };
    format!("{since}{first} to {until} {}", zone_label_with_offset(&to))
}

/// Whether the zone's clocks change inside a window.
pub fn clocks_change(start: Timestamp, end: Timestamp, zone: &Zone) -> bool {
    zone.at(start).offset() != zone.at(end).offset()
}

/// `4 h`, `2 h 30 min`, `3 days`
pub fn lasts(duration: SignedDuration) -> String {
    let minutes = (duration.as_secs().abs() + 30) / 60;
    let (days, hours, rest) = (minutes / 1440, minutes / 60, minutes % 60);
    match (days, hours, rest) {
        (2.., _, _) => {
            let left = (minutes % 1440) / 60;
            if left == 0 || days > 9 {
                format!("{days} days")
            } else {
                format!("{days} days {left} h")
            }
        }
        (_, 0, 0) => "under a minute".into(),
        (_, 0, _) => format!("{rest} min"),
        (_, _, 0) => format!("{hours} h"),
        _ => format!("{hours} h {rest} min"),
    }
}

/// ISO 8601 with milliseconds and the zone's offset, as strict clients read it.
pub fn iso(at: Timestamp, zone: &Zone) -> String {
    zone.at(at).strftime("%Y-%m-%dT%H:%M:%S.%3f%:z").to_string()
}

/// A `<time>` with the long form.
pub fn long_html(at: Timestamp, zone: &Zone) -> TimeHtml {
    TimeHtml(format!(
        "<time datetime=\"{at}\">{}</time>",
        unbroken(&long(at, zone))
    ))
}

/// Keeps an offset on one line: browsers break after its hyphen.
fn unbroken(text: &str) -> String {
    text.replace("(UTC", "<span class=\"nb\">(UTC")
        .replace(')', ")</span>")
}

/// A window in the zone's clocks.
pub fn window_html(start: Timestamp, end: Timestamp, zone: &Zone) -> TimeHtml {
    TimeHtml(unbroken(&window(start, end, zone)))
}

/// An instant on other clocks: UTC's where it differs, and the reader's own, which the script adds.
pub fn others_html(at: Timestamp, zone: &Zone) -> TimeHtml {
    TimeHtml(format!(
        "<span class=\"quiet clocks\" data-own=\"{at}\" data-shown=\"{}\">{}</span>",
        zone.at(at).offset().seconds() / 60,
        in_utc(at, zone).unwrap_or_default()
    ))
}

/// A window on other clocks, likewise.
pub fn window_others_html(start: Timestamp, end: Timestamp, zone: &Zone) -> TimeHtml {
    let utc = in_utc(start, zone).map_or(String::new(), |_| window(start, end, &Zone::utc()));
    TimeHtml(format!(
        "<span class=\"quiet clocks\" data-own=\"{start}\" data-end=\"{end}\" data-shown=\"{}\">{utc}</span>",
        zone.at(start).offset().seconds() / 60,
    ))
}

/// A `<time>` with the short form and the instant in UTC as its title.
pub fn short_html(at: Timestamp, zone: &Zone, now: Timestamp) -> TimeHtml {
    TimeHtml(format!(
        "<time datetime=\"{at}\" title=\"{}\">{}</time>",
        at.strftime("%-d %b %Y, %H:%M UTC"),
        short(at, zone, now)
    ))
}

/// A `<time>` with the clock time, and the date where it is not that of `now`.
pub fn clock_html(at: Timestamp, zone: &Zone, now: Timestamp) -> TimeHtml {
    let shown = if zone.at(at).date() == zone.at(now).date() {
        clock(at, zone)
    } else {
        long(at, zone)
    };
    TimeHtml(format!(
        "<time datetime=\"{at}\">{}</time>",
        unbroken(&shown)
    ))
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
