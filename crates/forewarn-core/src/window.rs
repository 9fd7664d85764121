//! Standard maintenance windows: recurring, agreed in advance, with civil times that are kept across zone changes.

use crate::calendar::{Rule, instant};
use crate::document::{Fields, Node, Problems, scalar};
use crate::id::{Id, derive};
use crate::offset::Offset;
use crate::time::{Zone, duration_text, parse_date, parse_duration, parse_time_of_day};
use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A longer window is no window: it would be the usual state.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 14);

/// A recurring maintenance window (RFC 5545 rule).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// `FREQ=WEEKLY;BYDAY=SU`
    pub rrule: Rule,
    /// Civil start of each occurrence.
    pub start: Time,
    /// How long each lasts.
    #[serde(with = "duration_text")]
    pub duration: SignedDuration,
    /// The first occurrence counts from here.
    pub from: Date,
    /// Zone of the civil times; the organisation's when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub time_zone: Option<Zone>,
    /// Occurrences that do not happen.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub exdates: Vec<Date>,
    /// Occurrences that happen at another civil time.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub moved: BTreeMap<Date, DateTime>,
    /// How long before each occurrence people are told whether it will be used; nobody is told when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tell: Option<Offset>,
}

/// One time that a window happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Occurrence {
    /// When it begins.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
    /// The civil date by which the rule, the exceptions and the moves know it.
    pub date: Date,
}

impl Window {
    /// Reads a window, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Window> {
        let mut fields = Fields::of(node, path, problems)?;
        let rrule = fields.required("rrule", problems, Rule::parse);
        let start = fields.required("start", problems, parse_time_of_day);
        let duration = fields.required("duration", problems, |text| match parse_duration(text)? {
            lasts if lasts > LONGEST => Err("is longer than two weeks".into()),
            lasts => Ok(lasts),
        });
        let from = fields
            .optional("from", problems, parse_date)
            .unwrap_or(jiff::civil::date(2024, 1, 1));
        let time_zone = fields.optional("time_zone", problems, Zone::parse);
        let exdates = fields
            .list("exdates", problems, parse_date)
            .unwrap_or_default();
        let mut moved = BTreeMap::new();
        for (key, path, node) in fields.entries("moved", problems) {
            let to = scalar(node, &path, problems, |text| {
                text.parse()
                    .map_err(|_| "must be a civil time such as 2026-12-06T22:00".to_owned())
            });
            match parse_date(key) {
                Ok(date) => {
                    to.map(|to| moved.insert(date, to));
                }
                Err(problem) => problems.add(path, node.place, problem),
            }
        }
        if let (Some(rule), Some(start)) = (&rrule, start)
            && rule.starts(from.to_datetime(start), utc).next().is_none()
        {
            fields.problem("rrule", "never matches: no date fits it", problems);
        }
        let tell = fields.optional("tell", problems, parse_tell);
        fields.finish(problems);
        Some(Window {
            rrule: rrule?,
            start: start?,
            duration: duration?,
            from,
            time_zone,
            exdates,
            moved,
            tell,
        })
    }

    /// Its id as one of `service`'s: it follows from what the window is, so that it stays when others come and go.
    pub fn id(&self, service: &Id) -> String {
        derive(&[
            "window",
            service.as_str(),
            &self.rrule.to_string(),
            &self.start.to_string(),
            &self.from.to_string(),
            self.time_zone.as_ref().map_or("", |zone| zone.name()),
        ])
    }

    /// The date by which the rule knows the occurrence nearest to this one, exceptions left aside; the later of two. None where there
    /// is none within ten years.
    pub fn nearest(&self, date: Date) -> Option<Date> {
        // Most rules come round soon, and far ahead only those are looked for that do not.
        [40, 400, 3_700].into_iter().find_map(|days| {
            let from = date.saturating_sub(days.days()).max(self.from);
            let to = date.saturating_add(days.days());
            let found = self.rrule.days(self.from, from, to);
            let away = |found: &Date| (found.duration_since(date).abs(), found < &date);
            found.min_by_key(away)
        })
    }

    /// The first occurrence, exceptions left aside.
    pub fn first(&self) -> Option<DateTime> {
        let mut starts = self.rrule.starts(self.from.to_datetime(self.start), utc);
        starts.next()
    }

    /// The occurrences that begin in `[after, before)`, by their beginning. `zone` is the organisation's.
    pub fn occurrences(&self, zone: &Zone, after: Timestamp, before: Timestamp) -> Vec<Occurrence> {
        let zone = self.time_zone.as_ref().unwrap_or(zone);
        let at = |civil: DateTime| instant(civil, zone.tz()).map_or(Timestamp::MAX, |r| r.at);
        let skipped: BTreeSet<Date> = self.exdates.iter().copied().collect();
        // A moved one may come from any date: all of them are looked at.
        let last_moved = self.moved.keys().next_back().copied();
        let mut found = Vec::new();
        for civil in self.rrule.starts(self.from.to_datetime(self.start), at) {
            let (date, start) = (civil.date(), at(civil));
            if start >= before && last_moved.is_none_or(|moved| date > moved) {
                break;
            }
            let start = self.moved.get(&date).map_or(start, |to| at(*to));
            if skipped.contains(&date) || start < after || start >= before {
                continue;
            }
            found.push(Occurrence {
                start,
                end: start
                    .saturating_add(self.duration)
                    .unwrap_or(Timestamp::MAX),
                date,
            });
        }
        found.sort();
        found
    }

    /// The occurrence in which `[start, end]` lies wholly, if there is one.
    pub fn holding(&self, zone: &Zone, start: Timestamp, end: Timestamp) -> Option<Occurrence> {
        let after = start
            .saturating_sub(self.duration)
            .unwrap_or(Timestamp::MIN);
        let before = start
            .saturating_add(SignedDuration::from_nanos(1))
            .unwrap_or(start);
        self.occurrences(zone, after, before)
            .into_iter()
            .find(|o| o.start <= start && end <= o.end)
    }
}

/// At most four weeks: what a window is used for is not known earlier, and each occurrence is planned that far ahead.
fn parse_tell(text: &str) -> Result<Offset, String> {
    let offset = Offset::parse(text)?;
    match offset {
        Offset::BusinessDays(1..=20)
        | Offset::Days(1..=28)
        | Offset::Weeks(1..=4)
        | Offset::Hours(1..=672)
        | Offset::Minutes(1..=40_320) => Ok(offset),
        _ => Err("must be an offset between 1min and four weeks, such as 2bd, 3d, 1w or 4h".into()),
    }
}

fn utc(civil: DateTime) -> Timestamp {
    civil
        .to_zoned(jiff::tz::TimeZone::UTC)
        .map_or(Timestamp::MAX, |at| at.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::parse_yaml;

    fn read(text: &str) -> Result<Window, Vec<String>> {
        let nodes = parse_yaml(text).unwrap();
        let mut problems = Problems::default();
        match (Window::read(&nodes[0], "w", &mut problems), problems.0) {
            (Some(window), none) if none.is_empty() => Ok(window),
            (_, problems) => Err(problems.iter().map(ToString::to_string).collect()),
        }
    }

    fn berlin() -> Zone {
        Zone::parse("Europe/Berlin").unwrap()
    }

    fn shown(window: &Window, after: &str, before: &str) -> Vec<String> {
        let found = window.occurrences(&berlin(), after.parse().unwrap(), before.parse().unwrap());
        let zone = window.time_zone.clone().unwrap_or(berlin());
        found
            .iter()
            .map(|o| {
                format!(
                    "{} {}",
                    zone.at(o.start).strftime("%a %d %b %H:%M %z"),
                    o.end.duration_since(o.start).as_hours()
                )
            })
            .collect()
    }

    #[test]
    fn civil_times_are_kept_when_the_clocks_change() {
        let window = read("{rrule: FREQ=WEEKLY;BYDAY=SU, start: '22:00', duration: PT4H}").unwrap();
        assert_eq!(
            shown(&window, "2026-03-15T00:00Z", "2026-04-06T00:00Z"),
            [
                "Sun 15 Mar 22:00 +0100 4",
                "Sun 22 Mar 22:00 +0100 4",
                "Sun 29 Mar 22:00 +0200 4",
                "Sun 05 Apr 22:00 +0200 4"
            ]
        );
    }

    #[test]
    fn exceptions_do_not_happen_and_moved_ones_happen_elsewhere() {
        let window = read(
            "{rrule: FREQ=WEEKLY;BYDAY=SU, start: '22:00', duration: PT4H, from: 2026-11-01, time_zone: America/New_York,
              exdates: [2026-11-15], moved: {2026-11-22: 2026-11-24T20:00, 2026-11-29: 2026-12-20T21:00, 2026-11-23: 2026-11-25T20:00}}",
        )
        .unwrap();
        assert_eq!(
            shown(&window, "2026-11-01T00:00Z", "2026-12-07T00:00Z"),
            [
                "Sun 01 Nov 22:00 -0500 4",
                "Sun 08 Nov 22:00 -0500 4",
                "Tue 24 Nov 20:00 -0500 4"
            ]
        );
        assert_eq!(
            shown(&window, "2026-12-19T00:00Z", "2026-12-22T00:00Z"),
            ["Sun 20 Dec 21:00 -0500 4", "Sun 20 Dec 22:00 -0500 4"]
        );
    }

    #[test]
    fn inside_means_wholly_inside_one_occurrence() {
        let window = read("{rrule: FREQ=DAILY, start: '22:00', duration: PT4H}").unwrap();
        for (start, end, inside) in [
            ("2026-11-29T21:00Z", "2026-11-30T01:00Z", true),
            ("2026-11-29T22:00Z", "2026-11-29T23:00Z", true),
            ("2026-11-29T20:59Z", "2026-11-29T23:00Z", false),
            ("2026-11-29T21:00Z", "2026-11-30T01:01Z", false),
            ("2026-11-30T12:00Z", "2026-11-30T13:00Z", false),
        ] {
            let held = window.holding(&berlin(), start.parse().unwrap(), end.parse().unwrap());
            assert_eq!(held.is_some(), inside, "{start} {end}");
        }
    }

    #[test]
    fn when_people_are_told_lies_within_four_weeks() {
        let with = |tell: &str| {
            read(&format!(
                "{{rrule: FREQ=DAILY, start: '22:00', duration: PT4H, tell: {tell}}}"
            ))
        };
        for fits in ["2bd", "20bd", "28d", "4w", "672h", "30min"] {
            assert_eq!(with(fits).unwrap().tell, Offset::parse(fits).ok(), "{fits}");
        }
        for wrong in ["now", "21bd", "29d", "5w", "1mo", "1y", "673h", "soon"] {
            assert!(
                with(wrong).unwrap_err()[0].contains("w.tell: must be"),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_rule_that_never_matches_is_refused() {
        let told =
            read("{rrule: FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30, start: '22:00', duration: PT4H}")
                .unwrap_err();
        assert!(told[0].contains("w.rrule: never matches"), "{told:?}");
        let told =
            read("{rrule: FREQ=WEKLY, start: 25:00, duration: P40D, moved: {x: y}}").unwrap_err();
        assert_eq!(told.len(), 5, "{told:#?}");
    }
}
