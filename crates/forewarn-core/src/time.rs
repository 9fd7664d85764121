//! Zones, durations and civil times as documents write them.

use crate::calendar::Reading;
use crate::zone_data;
use jiff::civil::{self, DateTime};
use jiff::fmt::temporal::{Pieces, PiecesOffset};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, Zoned};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// An IANA time zone that exists.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone {
    name: String,
    tz: TimeZone,
}

impl Zone {
    /// Reads a zone's name.
    ///
    /// # Errors
    /// Offers the nearest known name.
    pub fn parse(name: &str) -> Result<Zone, String> {
        let name = name.trim();
        // Offsets and POSIX strings are no places: their clocks cannot be explained to a reader.
        if name.is_empty() || name.len() > 64 || name.chars().any(|c| c.is_control()) {
            return Err("must be an IANA time zone such as Europe/Berlin".into());
        }
        match zone_data::database().get(name) {
            Ok(tz) => Ok(Zone {
                name: tz.iana_name().unwrap_or(name).to_owned(),
                tz,
            }),
            Err(_) => {
                let known = Zone::names();
                let known = known.iter().map(String::as_str);
                Err(crate::problem::unknown("time zone", name, known))
            }
        }
    }

    /// The zone whose name is nearest to this text, when it is near enough to be meant.
    pub fn meant(text: &str) -> Option<Zone> {
        let known = Zone::names();
        let name = crate::problem::nearest(text, known.iter().map(String::as_str))?;
        Zone::parse(name).ok()
    }

    fn names() -> Vec<String> {
        let known = zone_data::database().available();
        known.map(|name| name.to_string()).collect()
    }

    /// Coordinated Universal Time.
    pub fn utc() -> Zone {
        Zone {
            name: "UTC".into(),
            tz: TimeZone::UTC,
        }
    }

    /// The first instant of the next day on this zone's clocks.
    pub fn end_of_day(&self, at: Timestamp) -> Timestamp {
        let next = self.at(at).tomorrow().and_then(|next| next.start_of_day());
        next.map_or(at, |next| next.timestamp())
    }

    /// The IANA name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The zone for computing.
    pub fn tz(&self) -> &TimeZone {
        &self.tz
    }

    /// An instant as this zone's clocks show it.
    pub fn at(&self, instant: Timestamp) -> Zoned {
        instant.to_zoned(self.tz.clone())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.name)
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Zone, D::Error> {
        Zone::parse(&String::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

/// A civil time and the zone whose clocks show it: what is stored for windows; the instant is derived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CivilTime {
    /// What the clock on the wall says.
    pub civil: DateTime,
    /// Which wall.
    pub zone: Zone,
    /// Of a time that this wall shows twice, the second is meant: only an instant says so.
    later: bool,
}

impl CivilTime {
    /// Reads `2026-11-30T22:00` (in `default` zone), `2026-11-30T22:00[Europe/Berlin]` (RFC 9557) or an instant
    /// with an offset or `Z` (RFC 3339), which is taken to `default`.
    ///
    /// # Errors
    /// Says the accepted forms, or which part is wrong; an offset that is not that of the zone beside it, with both readings.
    pub fn parse(text: &str, default: &Zone) -> Result<CivilTime, String> {
        let time = CivilTime::known(text, default)?;
        match contradiction(text) {
            Some(problem) => Err(problem),
            None => Ok(time),
        }
    }

    /// Reads what was stored: an offset that newer zone data no longer gives its zone still says which instant was meant.
    fn known(text: &str, default: &Zone) -> Result<CivilTime, String> {
        let text = text.trim();
        let forms = "must be a time such as 2026-11-30T22:00, 2026-11-30T22:00[Europe/Berlin] or 2026-11-30T22:00:00Z";
        if text.len() > 100 {
            return Err(forms.into());
        }
        let (time, zone) = match text.split_once('[') {
            Some((time, rest)) => {
                let name = rest.strip_suffix(']').ok_or(forms)?;
                (time.trim(), Zone::parse(name)?)
            }
            None => (text, default.clone()),
        };
        if !time.contains(['T', 't', ' ']) {
            return Err(forms.into());
        }
        let has_offset = time.len() > 10
            && time
                .get(10..)
                .is_some_and(|clock| clock.ends_with(['Z', 'z']) || clock.contains(['+', '-']));
        if has_offset {
            let instant: Timestamp = time.parse().map_err(|_| forms)?;
            return Ok(CivilTime::of(instant, &zone));
        }
        let civil: DateTime = time.parse().map_err(|e| format!("{forms} ({e})"))?;
        if !(1970..=2200).contains(&civil.year()) {
            return Err("must lie between the years 1970 and 2200".into());
        }
        Ok(CivilTime::new(civil, zone))
    }

    /// What the clocks of `zone` show, by rule 4 of planning: the first instant after a gap, the earlier of a fold.
    pub fn new(civil: DateTime, zone: Zone) -> CivilTime {
        CivilTime {
            civil,
            zone,
            later: false,
        }
    }

    /// The instant.
    pub fn instant(&self) -> Timestamp {
        match crate::calendar::instant(self.civil, self.zone.tz()) {
            Ok(resolved) => match resolved.reading {
                Reading::Fold { other } if self.later => other,
                _ => resolved.at,
            },
            Err(_) => Timestamp::MAX,
        }
    }

    /// Whether it was said which of two instants is meant, so that nothing is left to doubt.
    pub fn says_which(&self) -> bool {
        self.later
    }

    /// The civil time at which `zone`'s clocks show `instant`.
    pub fn of(instant: Timestamp, zone: &Zone) -> CivilTime {
        let first = CivilTime::new(zone.at(instant).datetime(), zone.clone());
        CivilTime {
            later: first.instant() < instant,
            ..first
        }
    }
}

impl fmt::Display for CivilTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The offset is what tells the second of two from the first.
        match self.later {
            true => write!(f, "{}", self.zone.at(self.instant())),
            false => write!(f, "{}[{}]", self.civil, self.zone.name),
        }
    }
}

impl Serialize for CivilTime {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CivilTime {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<CivilTime, D::Error> {
        CivilTime::known(&String::deserialize(d)?, &Zone::utc()).map_err(serde::de::Error::custom)
    }
}

/// What is wrong with a time whose offset is not that of the zone beside it (RFC 9557 3.4: inconsistent), if anything. `Z` and
/// `-00:00` leave the offset open.
fn contradiction(text: &str) -> Option<String> {
    let (time, name) = text.trim().strip_suffix(']')?.split_once('[')?;
    let zone = Zone::parse(name).ok()?;
    let pieces = Pieces::parse(time.trim()).ok()?;
    let said = match pieces.offset()? {
        PiecesOffset::Numeric(said) if said.offset() != Offset::UTC || !said.is_negative() => {
            said.offset()
        }
        _ => return None,
    };
    let civil = pieces.date().to_datetime(pieces.time()?);
    let by_offset = said.to_timestamp(civil).ok()?;
    let by_zone = CivilTime::new(civil, zone.clone());
    let there = zone.at(by_offset);
    if there.offset() == said || by_zone.instant() == by_offset {
        return None;
    }
    let offset = by_offset.to_zoned(TimeZone::fixed(said)).strftime("%:z");
    let by_offset = CivilTime::of(by_offset, &zone);
    Some(format!(
        "says {offset}, which the clocks of {} do not show then: write {by_offset} if the offset is right, or {by_zone} if the clock is",
        zone.name()
    ))
}

/// Reads an elapsed duration: ISO 8601 (`PT30M`, `PT2H`) or short (`30min`, `2h`, `45s`); positive, at most a year.
///
/// # Errors
/// Says the accepted forms.
pub fn parse_duration(text: &str) -> Result<SignedDuration, String> {
    let text = text.trim();
    let wrong = || "must be a duration such as PT30M, PT2H, 30min or 2h".to_owned();
    let short = |suffix: &str, seconds: i64| {
        let digits = text.strip_suffix(suffix)?;
        let n: i64 = digits
            .parse()
            .ok()
            .filter(|_| digits.bytes().all(|b| b.is_ascii_digit()))?;
        n.checked_mul(seconds).map(SignedDuration::from_secs)
    };
    let duration = short("min", 60)
        .or_else(|| short("h", 3600))
        .or_else(|| short("s", 1))
        .or_else(|| text.starts_with('P').then(|| iso(text)).flatten())
        .ok_or_else(wrong)?;
    if duration <= SignedDuration::ZERO || duration > SignedDuration::from_hours(24 * 366) {
        return Err("must be more than nothing and at most a year".into());
    }
    Ok(duration)
}

fn iso(text: &str) -> Option<SignedDuration> {
    if text.contains(['Y', 'W'])
        || text
            .split('T')
            .next()
            .is_some_and(|date| date.contains('M'))
    {
        return None;
    }
    let span: jiff::Span = text.parse().ok()?;
    // A day is 24 elapsed hours here; offsets in calendar units have their own type.
    span.to_duration(jiff::SpanRelativeTo::days_are_24_hours())
        .ok()
}

/// A duration as ISO 8601.
pub fn show_duration(duration: SignedDuration) -> String {
    let minutes = duration.as_secs() / 60;
    match (duration.as_secs() % 60, minutes % 60) {
        (0, 0) => format!("PT{}H", minutes / 60),
        (0, _) => format!("PT{minutes}M"),
        _ => format!("PT{}S", duration.as_secs()),
    }
}

/// Durations in documents and the store, as ISO 8601.
pub mod duration_text {
    use super::*;

    /// Writes ISO 8601.
    pub fn serialize<S: Serializer>(duration: &SignedDuration, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&show_duration(*duration))
    }

    /// Reads what [`parse_duration`] reads.
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<SignedDuration, D::Error> {
        parse_duration(&String::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

/// Reads a time of day such as `09:00`.
///
/// # Errors
/// Says the accepted form.
pub fn parse_time_of_day(text: &str) -> Result<civil::Time, String> {
    let wrong = || "must be a time of day such as 09:00".to_owned();
    let text = text.trim();
    // Seconds come back from programs that print them, and are never anything but zero.
    let text = match text.strip_suffix(":00") {
        Some(shorter) if shorter.contains(':') => shorter,
        _ => text,
    };
    let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
    if hour.len() > 2 || minute.len() != 2 {
        return Err(wrong());
    }
    let (hour, minute) = (
        hour.parse().map_err(|_| wrong())?,
        minute.parse().map_err(|_| wrong())?,
    );
    civil::Time::new(hour, minute, 0, 0).map_err(|_| wrong())
}

/// Reads a date such as `2026-12-24`.
///
/// # Errors
/// Says the accepted form.
pub fn parse_date(text: &str) -> Result<civil::Date, String> {
    let text = text.trim();
    let form = "must be a date such as 2026-12-24";
    if text.len() != 10 {
        return Err(form.into());
    }
    text.parse().map_err(|_| form.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn civil_times_take_three_forms() {
        let la = Zone::parse("America/Los_Angeles").unwrap();
        let plain = CivilTime::parse("2026-11-30T22:00", &la).unwrap();
        assert_eq!(
            plain.to_string(),
            "2026-11-30T22:00:00[America/Los_Angeles]"
        );
        let zoned = CivilTime::parse("2026-11-30T22:00[Europe/Berlin]", &la).unwrap();
        assert_eq!(zoned.zone.name(), "Europe/Berlin");
        let instant = CivilTime::parse("2026-12-01T06:00:00Z", &la).unwrap();
        assert_eq!(instant, plain);
        assert_eq!(
            CivilTime::parse("2026-12-01T08:00:00+02:00", &la).unwrap(),
            plain
        );
        for bad in [
            "",
            "tomorrow",
            "2026-11-30",
            "2026-11-31T22:00",
            "2026-11-30T25:00",
            "2026-11-30T22:00[Mars/Base]",
        ] {
            assert!(CivilTime::parse(bad, &la).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_offset_that_is_not_the_zones_is_told_with_both_readings() {
        let utc = Zone::utc();
        let read = |text: &str| CivilTime::parse(text, &utc);
        assert_eq!(
            read("2026-11-30T22:00+05:00[Europe/Berlin]").unwrap_err(),
            "says +05:00, which the clocks of Europe/Berlin do not show then: write 2026-11-30T18:00:00[Europe/Berlin] if the \
             offset is right, or 2026-11-30T22:00:00[Europe/Berlin] if the clock is"
        );
        for fits in [
            "2026-11-30T22:00+01:00[Europe/Berlin]",
            "2026-11-30T22:00Z[Europe/Berlin]",
            "2026-11-30T22:00-00:00[Europe/Berlin]",
            "2026-10-25T02:30+01:00[Europe/Berlin]",
            "2026-10-25T02:30+02:00[Europe/Berlin]",
            // No zone stands beside it.
            "2026-11-30T22:00+05:00",
        ] {
            assert!(read(fits).is_ok(), "{fits}: {:?}", read(fits));
        }
        // What was stored before a zone's rules changed is still read.
        let stored: CivilTime =
            serde_json::from_str("\"2026-11-30T22:00+05:00[Europe/Berlin]\"").unwrap();
        assert_eq!(stored.instant().to_string(), "2026-11-30T17:00:00Z");
    }

    #[test]
    fn unknown_zones_get_an_offer() {
        assert!(
            Zone::parse("America/Los_Angelos")
                .unwrap_err()
                .contains("America/Los_Angeles")
        );
        let meant = |text| Zone::meant(text).map(|zone| zone.name().to_owned());
        assert_eq!(meant("berlin").as_deref(), Some("Europe/Berlin"));
        assert_eq!(meant("Europe/Berln").as_deref(), Some("Europe/Berlin"));
        assert_eq!(meant("?"), None);
    }

    #[test]
    fn durations_take_iso_and_short_forms() {
        for (text, seconds) in [
            ("PT30M", 1800),
            ("30min", 1800),
            ("PT2H", 7200),
            ("2h", 7200),
            ("PT1H30M", 5400),
            ("P1D", 86400),
        ] {
            assert_eq!(parse_duration(text).unwrap().as_secs(), seconds, "{text}");
        }
        for bad in [
            "",
            "PT",
            "0min",
            "-5min",
            "P1M",
            "PT-5M",
            "1e3s",
            "9999999999999h",
        ] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
        assert_eq!(show_duration(SignedDuration::from_secs(5400)), "PT90M");
    }

    #[test]
    fn of_a_time_that_comes_twice_an_instant_says_which() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        let read = |text: &str| CivilTime::parse(text, &berlin).unwrap();
        for (text, at) in [
            ("2026-10-25T02:30", "2026-10-25T00:30:00Z"),
            (
                "2026-10-25T02:30+02:00[Europe/Berlin]",
                "2026-10-25T00:30:00Z",
            ),
            (
                "2026-10-25T02:30+01:00[Europe/Berlin]",
                "2026-10-25T01:30:00Z",
            ),
            ("2026-10-25T01:30:00Z", "2026-10-25T01:30:00Z"),
            ("2026-10-25T00:30:00Z", "2026-10-25T00:30:00Z"),
            ("2026-03-29T02:30", "2026-03-29T01:00:00Z"),
            ("2026-07-01T12:00", "2026-07-01T10:00:00Z"),
        ] {
            let time = read(text);
            assert_eq!(time.instant().to_string(), at, "{text}");
            // What is stored is read back as the same instant.
            assert_eq!(read(&time.to_string()), time, "{text}");
        }
        assert_eq!(
            read("2026-10-25T01:30:00Z").to_string(),
            "2026-10-25T02:30:00+01:00[Europe/Berlin]"
        );
    }
}
