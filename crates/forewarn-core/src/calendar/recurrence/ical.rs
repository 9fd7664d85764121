//! A rule as iCalendar writes it, for programs that do not know our windows.

use super::{Rule, Until};
use jiff::Timestamp;
use jiff::civil::DateTime;

impl Rule {
    /// The value of RRULE of an event that begins at a civil time with a zone: its end is in UTC there (RFC 5545 3.3.10). `instant`
    /// says when a civil time happens.
    pub fn ical(&self, instant: impl Fn(DateTime) -> Timestamp) -> String {
        let until = self.until.map(|until| match until {
            Until::Civil(civil) => instant(civil),
            Until::Instant(at) => at,
        });
        let upper = self.text.to_ascii_uppercase();
        let body = upper.strip_prefix("RRULE:").unwrap_or(&upper);
        let part = |part: &str| match until.filter(|_| part.starts_with("UNTIL=")) {
            Some(until) => until.strftime("UNTIL=%Y%m%dT%H%M%SZ").to_string(),
            None => part.to_owned(),
        };
        let parts = body.split(';').filter(|part| !part.is_empty());
        let mut parts: Vec<String> = parts.map(part).collect();
        // RFC 2445, which many readers come from, wants it first.
        parts.sort_by_key(|part| !part.starts_with("FREQ="));
        parts.join(";")
    }
}

#[cfg(test)]
mod tests {
    use crate::calendar::Rule;
    use crate::time::{CivilTime, Zone};

    #[test]
    fn a_rule_ends_in_utc_and_begins_with_its_frequency() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        let written = |text: &str| {
            let rule = Rule::parse(text).unwrap();
            rule.ical(|civil| CivilTime::new(civil, berlin.clone()).instant())
        };
        for (text, ical) in [
            ("FREQ=WEEKLY;BYDAY=SU", "FREQ=WEEKLY;BYDAY=SU"),
            ("rrule:byday=2su;freq=monthly;", "FREQ=MONTHLY;BYDAY=2SU"),
            (
                "FREQ=DAILY;UNTIL=20270701T220000",
                "FREQ=DAILY;UNTIL=20270701T200000Z",
            ),
            (
                "FREQ=DAILY;UNTIL=20271231",
                "FREQ=DAILY;UNTIL=20271230T230000Z",
            ),
            (
                "UNTIL=20271231T000000Z;FREQ=DAILY",
                "FREQ=DAILY;UNTIL=20271231T000000Z",
            ),
        ] {
            assert_eq!(written(text), ical);
        }
    }
}
