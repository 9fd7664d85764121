//! When progress is told during a window: at a share of it, every so often, or as steps are done.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// The shortest time from one to the next: more often is a matter for the status page.
const LEAST_MINUTES: i64 = 5;

/// The longest time from one to the next: a day.
const MOST_MINUTES: i64 = 24 * 60;

/// When progress is told during a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// At this percentage of the window: `25%`.
    Percent(u8),
    /// Every so many minutes from the start to the end: `every 30min`.
    Every(u32),
    /// When a step of the work is ticked off: `steps`.
    Steps,
}

impl Progress {
    /// The default: at a quarter, half and three quarters of the window.
    pub fn usual() -> Vec<Progress> {
        [25, 50, 75].map(Progress::Percent).to_vec()
    }

    /// Reads `25%`, `every 30min`, `every PT1H` or `steps`.
    ///
    /// # Errors
    /// Says the accepted forms.
    pub fn parse(text: &str) -> Result<Progress, String> {
        const FORMS: &str =
            "must be a percentage of the window such as 25%, a time such as every 30min, or steps";
        let text = text.trim();
        if text == "steps" {
            return Ok(Progress::Steps);
        }
        if let Some(interval) = text.strip_prefix("every ") {
            let minutes = match crate::time::parse_duration(interval) {
                Ok(length) if length.as_secs() % 60 == 0 => length.as_secs() / 60,
                _ => return Err(FORMS.into()),
            };
            let fits = (LEAST_MINUTES..=MOST_MINUTES).contains(&minutes);
            return u32::try_from(minutes)
                .ok()
                .filter(|_| fits)
                .map(Progress::Every)
                .ok_or_else(|| {
                    "must be every 5 minutes at the most often, every 24 hours at the least".into()
                });
        }
        text.strip_suffix('%')
            .and_then(|n| n.parse().ok())
            .filter(|n| (1..=99).contains(n))
            .map(Progress::Percent)
            .ok_or_else(|| FORMS.into())
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Progress::Percent(n) => write!(f, "{n}%"),
            Progress::Every(n) => write!(f, "every {n}min"),
            Progress::Steps => f.write_str("steps"),
        }
    }
}

impl Serialize for Progress {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Progress {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Progress, D::Error> {
        Progress::parse(&String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_reads_what_it_writes() {
        for text in [
            "1%",
            "99%",
            "every 5min",
            "every 90min",
            "every 1440min",
            "steps",
        ] {
            assert_eq!(Progress::parse(text).unwrap().to_string(), text);
        }
        for (text, same) in [
            ("every PT1H", "every 60min"),
            ("every 2h", "every 120min"),
            (" 50% ", "50%"),
        ] {
            assert_eq!(Progress::parse(text).unwrap().to_string(), same);
        }
        for wrong in [
            "",
            "0%",
            "100%",
            "%",
            "-1%",
            "30min",
            "every",
            "every 4min",
            "every 25h",
            "every 90s",
            "every -5min",
            "every day",
            "step",
        ] {
            assert!(Progress::parse(wrong).is_err(), "{wrong}");
        }
    }
}
