//! A zone as iCalendar writes it (VTIMEZONE, RFC 5545 3.6.5): when its clocks change, by rule as far as there is one.
//!
//! The zone's changes are looked at one by one until [`LAST`]. Those that come round every year on the same weekday of the same week
//! become a rule without an end; all others stand as dates.

use crate::time::Zone;
use jiff::civil::{Date, DateTime, Weekday, date};
use jiff::tz::{Offset, TimeZone};
use std::collections::BTreeMap;
use std::fmt::Write;

/// The first year that is not looked at.
const LAST: i16 = 2100;

/// Fewer changes in a row are no rule.
const FEWEST: usize = 8;

/// A kind of change: the zone's abbreviation after it, and the offsets before and after.
type Kind = (String, Offset, Offset);

/// The zone from the beginning of `year` on, with lines that end in CR LF.
pub fn vtimezone(zone: &Zone, year: i16) -> String {
    let tz = zone.tz();
    let begin = date(year.clamp(1970, LAST - 1), 1, 1).to_zoned(TimeZone::UTC);
    let begin = begin.map_or(jiff::Timestamp::UNIX_EPOCH, |begin| begin.timestamp());
    let first = tz.to_offset_info(begin);
    let (mut offset, mut name) = (first.offset(), first.abbreviation().to_owned());
    let mut text = format!("BEGIN:VTIMEZONE\r\nTZID:{}\r\n", zone.name());
    let at_begin = (name.clone(), offset, offset);
    observance(&mut text, &at_begin, &[offset.to_datetime(begin)], None);
    let mut changes: BTreeMap<(i32, i32, String), (Kind, Vec<DateTime>)> = BTreeMap::new();
    for change in tz.following(begin) {
        let at = change.timestamp();
        if TimeZone::UTC.to_datetime(at).year() >= LAST {
            break;
        }
        let kind = (change.abbreviation().to_owned(), offset, change.offset());
        if (kind.1, &kind.0) == (kind.2, &name) {
            // Zone files mark times at which nothing changes.
            continue;
        }
        name.clone_from(&kind.0);
        let place = (offset.seconds(), change.offset().seconds(), kind.0.clone());
        let (_, dates) = changes.entry(place).or_insert((kind, Vec::new()));
        // By the clocks as they were before (RFC 5545 3.6.5).
        dates.push(offset.to_datetime(at));
        offset = change.offset();
    }
    for (kind, dates) in changes.values() {
        let (single, regular) = dates.split_at(regular_from(dates));
        if !single.is_empty() {
            observance(&mut text, kind, single, None);
        }
        if let Some(rule) = rule_of(regular) {
            observance(&mut text, kind, &regular[..1], Some(&rule));
        }
    }
    text.push_str("END:VTIMEZONE\r\n");
    text
}

fn observance(text: &mut String, (name, from, to): &Kind, dates: &[DateTime], rule: Option<&str>) {
    let part = match to > from {
        true => "DAYLIGHT",
        false => "STANDARD",
    };
    let mut line = |line: String| {
        text.push_str(&line);
        text.push_str("\r\n");
    };
    line(format!("BEGIN:{part}"));
    for (n, date) in dates.iter().enumerate() {
        let name = if n == 0 { "DTSTART" } else { "RDATE" };
        line(format!("{name}:{}", date.strftime("%Y%m%dT%H%M%S")));
    }
    if let Some(rule) = rule {
        line(format!("RRULE:{rule}"));
    }
    line(format!("TZOFFSETFROM:{}", shown(*from)));
    line(format!("TZOFFSETTO:{}", shown(*to)));
    line(format!("TZNAME:{name}"));
    line(format!("END:{part}"));
}

fn shown(offset: Offset) -> String {
    let seconds = offset.seconds().unsigned_abs();
    let sign = if offset.seconds() < 0 { '-' } else { '+' };
    let mut text = format!("{sign}{:02}{:02}", seconds / 3600, seconds / 60 % 60);
    if !seconds.is_multiple_of(60) {
        let _ = write!(text, "{:02}", seconds % 60);
    }
    text
}

/// From which place on the changes come round every year in one week of one month; the number of them where they do not.
fn regular_from(dates: &[DateTime]) -> usize {
    let mut from = dates.len();
    while from > 0 && rule_like(&dates[from - 1..]) {
        from -= 1;
    }
    match dates.len() - from >= FEWEST && rule_of(&dates[from..]).is_some() {
        true => from,
        false => dates.len(),
    }
}

/// One a year until the last year, at one time on one weekday of one month, within seven days of it.
fn rule_like(dates: &[DateTime]) -> bool {
    let Some((first, last)) = dates.first().zip(dates.last()) else {
        return false;
    };
    let days = || dates.iter().map(|date| date.day());
    let week = days().max().zip(days().min());
    let next = |pair: &[DateTime]| {
        pair[0].year() + 1 == pair[1].year()
            && pair[0].month() == pair[1].month()
            && pair[0].time() == pair[1].time()
            && pair[0].weekday() == pair[1].weekday()
    };
    last.year() == LAST - 1
        && first.year() < LAST
        && week.is_some_and(|(most, least)| most - least <= 6)
        && dates.windows(2).all(next)
}

/// The rule by which these come round, if all seven days of its week were seen.
fn rule_of(dates: &[DateTime]) -> Option<String> {
    let first = dates.first()?.date();
    let days = || dates.iter().map(|date| date.day());
    let (least, most) = (days().min()?, days().max()?);
    if most - least != 6 {
        return None;
    }
    let weekday = short(first.weekday());
    let ends = |date: &DateTime| Date::days_in_month(date.date());
    let day = match least {
        1 | 8 | 15 | 22 => format!("BYDAY={}{weekday}", least / 7 + 1),
        _ if dates.iter().all(|date| ends(date) == most) => format!("BYDAY=-1{weekday}"),
        _ => {
            let days: Vec<String> = (least..=most).map(|day| day.to_string()).collect();
            format!("BYMONTHDAY={};BYDAY={weekday}", days.join(","))
        }
    };
    Some(format!("FREQ=YEARLY;BYMONTH={};{day}", first.month()))
}

fn short(weekday: Weekday) -> &'static str {
    ["MO", "TU", "WE", "TH", "FR", "SA", "SU"][weekday.to_monday_zero_offset() as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str) -> String {
        vtimezone(&Zone::parse(name).unwrap(), 2024).replace("\r\n", "\n")
    }

    #[test]
    fn clocks_that_change_by_rule_are_written_by_rule() {
        insta::assert_snapshot!(written("Europe/Berlin"), @r"
        BEGIN:VTIMEZONE
        TZID:Europe/Berlin
        BEGIN:STANDARD
        DTSTART:20240101T010000
        TZOFFSETFROM:+0100
        TZOFFSETTO:+0100
        TZNAME:CET
        END:STANDARD
        BEGIN:DAYLIGHT
        DTSTART:20240331T020000
        RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
        TZOFFSETFROM:+0100
        TZOFFSETTO:+0200
        TZNAME:CEST
        END:DAYLIGHT
        BEGIN:STANDARD
        DTSTART:20241027T030000
        RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
        TZOFFSETFROM:+0200
        TZOFFSETTO:+0100
        TZNAME:CET
        END:STANDARD
        END:VTIMEZONE
        ");
        let la = written("America/Los_Angeles");
        assert!(
            la.contains("RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU\n"),
            "{la}"
        );
        assert!(
            la.contains("RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU\n"),
            "{la}"
        );
        // The Sunday from the second of a month on is none of its numbered Sundays.
        let santiago = written("America/Santiago");
        assert!(
            santiago.contains("BYMONTHDAY=2,3,4,5,6,7,8;BYDAY=SU\n"),
            "{santiago}"
        );
    }

    #[test]
    fn clocks_that_follow_no_rule_are_written_by_date_and_others_not_at_all() {
        let casablanca = written("Africa/Casablanca");
        assert!(casablanca.matches("RDATE:").count() > 50, "{casablanca}");
        assert!(!casablanca.contains("RRULE"), "{casablanca}");
        let kathmandu = written("Asia/Kathmandu");
        assert_eq!(kathmandu.matches("BEGIN:STANDARD").count(), 1);
        assert!(kathmandu.contains("TZOFFSETTO:+0545\n"), "{kathmandu}");
    }
}
