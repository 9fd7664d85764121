//! Offsets: how far before or after something a notice is due, as policies write them.

use crate::words::Words;
use jiff::SignedDuration;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A distance in time. Business days and calendar units are counted on a calendar, elapsed time on a stopwatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Offset {
    /// As soon as it is planned.
    AtOnce,
    /// Business days in the audience's calendar: `5bd`.
    BusinessDays(u32),
    /// Civil days: `3d`.
    Days(u32),
    /// Civil weeks: `4w`.
    Weeks(u32),
    /// Civil months: `3mo`.
    Months(u32),
    /// Civil years: `1y`.
    Years(u32),
    /// Elapsed hours: `2h`.
    Hours(u32),
    /// Elapsed minutes: `30min`.
    Minutes(u32),
}

impl Offset {
    /// Reads `now`, `5bd`, `3d`, `8w`, `3mo`, `1y`, `30min`, `2h` or ISO 8601 (`PT30M`).
    ///
    /// # Errors
    /// Says the accepted forms.
    pub fn parse(text: &str) -> Result<Offset, String> {
        let text = text.trim();
        if text == "now" {
            return Ok(Offset::AtOnce);
        }
        // A minute is the finest that is planned by; less is not dropped without a word.
        let exact = crate::time::parse_duration(text);
        if exact.is_ok_and(|d| d.as_secs() % 60 != 0 || d.subsec_nanos() != 0) {
            return Err("has seconds: give whole minutes, such as PT2M".into());
        }
        let count = |suffix: &str, max: u32| {
            let digits = text.strip_suffix(suffix)?;
            if !digits.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            digits.parse::<u32>().ok().filter(|n| (1..=max).contains(n))
        };
        let iso_time = |suffix: &str| -> Option<u32> {
            text.strip_prefix("PT")?
                .strip_suffix(suffix)?
                .parse()
                .ok()
                .filter(|n| (1..=525_600).contains(n))
        };
        let iso = |suffix: &str| {
            text.strip_prefix('P')
                .and_then(|t| t.strip_suffix(suffix))
                .and_then(|n| n.parse().ok())
        };
        count("bd", 400)
            .map(Offset::BusinessDays)
            .or_else(|| count("mo", 60).map(Offset::Months))
            .or_else(|| count("w", 260).or_else(|| iso("W")).map(Offset::Weeks))
            .or_else(|| count("y", 5).or_else(|| iso("Y")).map(Offset::Years))
            .or_else(|| count("d", 1830).map(Offset::Days))
            .or_else(|| count("min", 525_600).map(Offset::Minutes))
            .or_else(|| {
                count("h", 8760)
                    .or_else(|| iso_time("H"))
                    .map(Offset::Hours)
            })
            .or_else(|| iso_time("M").map(Offset::Minutes))
            .or_else(|| {
                let minutes = crate::time::parse_duration(text).ok()?.as_secs() / 60;
                u32::try_from(minutes)
                    .ok()
                    .filter(|m| *m > 0)
                    .map(Offset::Minutes)
            })
            .ok_or_else(|| "must be an offset such as 5bd, 8w, 3mo, 1y, 30min, PT30M or now".into())
    }

    /// The elapsed time it stands for, when it is one that a stopwatch measures.
    pub fn elapsed(&self) -> Option<SignedDuration> {
        match self {
            Offset::Hours(n) => Some(SignedDuration::from_hours(i64::from(*n))),
            Offset::Minutes(n) => Some(SignedDuration::from_mins(i64::from(*n))),
            _ => None,
        }
    }

    /// In English words: "5 business days", "30 minutes".
    pub fn words(&self) -> String {
        self.words_in(Words::of("en"))
    }

    /// In the words of a language.
    pub fn words_in(&self, words: &Words) -> String {
        let units = &words.units;
        let (n, unit) = match self {
            Offset::AtOnce => return words.at_once.to_owned(),
            Offset::BusinessDays(n) => (n, &units.business_day),
            Offset::Days(n) => (n, &units.day),
            Offset::Weeks(n) => (n, &units.week),
            Offset::Months(n) => (n, &units.month),
            Offset::Years(n) => (n, &units.year),
            Offset::Hours(n) => (n, &units.hour),
            Offset::Minutes(n) => (n, &units.minute),
        };
        words.counted(u64::from(*n), unit)
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Offset::AtOnce => write!(f, "now"),
            Offset::BusinessDays(n) => write!(f, "{n}bd"),
            Offset::Days(n) => write!(f, "{n}d"),
            Offset::Weeks(n) => write!(f, "{n}w"),
            Offset::Months(n) => write!(f, "{n}mo"),
            Offset::Years(n) => write!(f, "{n}y"),
            Offset::Hours(n) => write!(f, "{n}h"),
            Offset::Minutes(n) => write!(f, "{n}min"),
        }
    }
}

impl Serialize for Offset {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Offset {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Offset, D::Error> {
        Offset::parse(&String::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_read_what_they_write() {
        for text in ["now", "5bd", "3d", "8w", "3mo", "1y", "30min", "2h"] {
            assert_eq!(Offset::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Offset::parse("PT60M").unwrap(), Offset::Minutes(60));
        assert_eq!(Offset::parse("PT1H30M").unwrap(), Offset::Minutes(90));
        assert_eq!(Offset::parse("P8W").unwrap(), Offset::Weeks(8));
        for seconds in ["PT1M30S", "PT59S", "45s", "PT0.5S", "PT1H0M1S"] {
            let refused = Offset::parse(seconds).unwrap_err();
            assert!(refused.starts_with("has seconds"), "{seconds}: {refused}");
        }
        assert_eq!(Offset::parse("PT120S").unwrap(), Offset::Minutes(2));
        for bad in ["", "bd", "0bd", "-1bd", "5", "5 bd", "1000000y", "+5bd"] {
            assert!(Offset::parse(bad).is_err(), "{bad}");
        }
    }
}
