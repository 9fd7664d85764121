//! Quiet hours: when somebody is not to be rung up or buzzed for what can wait.

use crate::document::{Fields, Node, Problems};
use crate::time::{CivilTime, Zone, parse_time_of_day};
use jiff::Timestamp;
use jiff::civil::Time;
use serde::{Deserialize, Serialize};
use std::fmt;

/// From one time of day until another on somebody's own clocks, over midnight where the second is the earlier one. The two
/// differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietHours {
    /// They begin.
    #[serde(with = "clock")]
    pub from: Time,
    /// They end.
    #[serde(with = "clock")]
    pub to: Time,
}

impl QuietHours {
    /// Reads quiet hours, recording all problems.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<QuietHours> {
        let mut fields = Fields::of(node, path, problems)?;
        let from = fields.required("from", problems, parse_time_of_day);
        let to = fields.required("to", problems, parse_time_of_day);
        if from.is_some() && from == to {
            let said = "is the time at which they begin; quiet hours end at another one";
            fields.problem("to", said, problems);
        }
        fields.finish(problems);
        Some(QuietHours {
            from: from?,
            to: to?,
        })
    }

    /// Reads what [`QuietHours`] prints: `22:00-07:00`.
    pub fn parse(text: &str) -> Option<QuietHours> {
        let (from, to) = text.split_once('-')?;
        let (from, to) = (parse_time_of_day(from).ok()?, parse_time_of_day(to).ok()?);
        Some(QuietHours { from, to })
    }

    /// When those end that `at` lies within, by the rules for civil times that a clock change drops or repeats. `None` outside
    /// of them.
    pub fn end(&self, at: Timestamp, zone: &Zone) -> Option<Timestamp> {
        let here = zone.at(at).datetime();
        let time = here.time();
        let over_midnight = self.to < self.from;
        let inside = match over_midnight {
            true => time >= self.from || time < self.to,
            false => time >= self.from && time < self.to,
        };
        if !inside {
            return None;
        }
        let date = match over_midnight && time >= self.from {
            true => here.date().tomorrow().ok()?,
            false => here.date(),
        };
        let end = CivilTime::new(date.to_datetime(self.to), zone.clone()).instant();
        // Of an hour that comes twice the first has ended them.
        (end > at).then_some(end)
    }
}

impl fmt::Display for QuietHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}-{}",
            self.from.strftime("%H:%M"),
            self.to.strftime("%H:%M")
        )
    }
}

/// Times of day as documents write them.
mod clock {
    use super::*;
    use serde::{Deserializer, Serializer};

    pub fn serialize<S: Serializer>(time: &Time, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(&time.strftime("%H:%M"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Time, D::Error> {
        parse_time_of_day(&String::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours_end_on_the_persons_own_clocks() {
        for (hours, zone, at, end) in [
            // 23:30 in New York: until the next morning there.
            (
                "22:00-07:00",
                "America/New_York",
                "2026-11-24T04:30:00Z",
                Some("2026-11-24T12:00:00Z"),
            ),
            (
                "22:00-07:00",
                "America/New_York",
                "2026-11-24T11:59:59Z",
                Some("2026-11-24T12:00:00Z"),
            ),
            (
                "22:00-07:00",
                "America/New_York",
                "2026-11-24T12:00:00Z",
                None,
            ),
            (
                "22:00-07:00",
                "America/New_York",
                "2026-11-24T02:59:59Z",
                None,
            ),
            (
                "22:00-07:00",
                "America/New_York",
                "2026-11-24T03:00:00Z",
                Some("2026-11-24T12:00:00Z"),
            ),
            // Not over midnight.
            (
                "12:00-14:00",
                "Asia/Kathmandu",
                "2026-11-24T07:00:00Z",
                Some("2026-11-24T08:15:00Z"),
            ),
            (
                "12:00-14:00",
                "Asia/Kathmandu",
                "2026-11-24T08:15:00Z",
                None,
            ),
            // Until midnight itself.
            (
                "20:00-00:00",
                "UTC",
                "2026-11-24T21:00:00Z",
                Some("2026-11-25T00:00:00Z"),
            ),
            ("20:00-00:00", "UTC", "2026-11-25T00:00:00Z", None),
            // The clocks go back in the night: an hour more. They go forward: an hour less, or over the end itself.
            (
                "22:00-07:00",
                "Europe/Berlin",
                "2026-10-24T21:00:00Z",
                Some("2026-10-25T06:00:00Z"),
            ),
            (
                "22:00-07:00",
                "Europe/Berlin",
                "2026-03-28T22:00:00Z",
                Some("2026-03-29T05:00:00Z"),
            ),
            (
                "22:00-02:30",
                "Europe/Berlin",
                "2026-03-28T22:00:00Z",
                Some("2026-03-29T01:00:00Z"),
            ),
            // Of a time that comes twice the first ends them.
            (
                "22:00-02:30",
                "Europe/Berlin",
                "2026-10-24T23:59:00Z",
                Some("2026-10-25T00:30:00Z"),
            ),
            ("22:00-02:30", "Europe/Berlin", "2026-10-25T01:10:00Z", None),
        ] {
            let quiet = QuietHours::parse(hours).unwrap();
            let zone = Zone::parse(zone).unwrap();
            let found = quiet.end(at.parse().unwrap(), &zone);
            let found = found.map(|end| end.to_string());
            assert_eq!(found.as_deref(), end, "{hours} at {at}");
            assert_eq!(quiet.to_string(), hours);
            let written = serde_json::to_value(quiet).unwrap();
            assert_eq!(
                serde_json::from_value::<QuietHours>(written).unwrap(),
                quiet
            );
        }
    }
}
