//! The lines of an iCalendar text (RFC 5545) as far as notices of maintenance need them.

use super::zones::{Observance, Zones};
use crate::calendar::ics::{unescaped, unfolded};
use crate::problem::Problem;
use crate::time::Zone;
use jiff::Timestamp;
use jiff::civil::DateTime;

/// Components within components; a calendar has three levels.
const MOST_DEPTH: usize = 8;
/// Lines of one event; more are no notice.
const MOST_LINES: usize = 2_000;

/// A property with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub number: usize,
    /// In upper case.
    pub name: String,
    parameters: Vec<(String, String)>,
    pub value: String,
}

impl Line {
    /// `NAME;PARAMETER="x:y":VALUE`
    fn of(number: usize, text: &str) -> Option<Line> {
        let colon = outside_quotes(text, ':').next()?;
        let (head, value) = (&text[..colon], &text[colon + 1..]);
        let ends: Vec<usize> = outside_quotes(head, ';').chain([head.len()]).collect();
        let name = head[..ends[0]].trim().to_ascii_uppercase();
        let parameters = ends.windows(2).filter_map(|pair| {
            let (name, value) = head[pair[0] + 1..pair[1]].split_once('=')?;
            Some((
                name.trim().to_ascii_uppercase(),
                value.trim().trim_matches('"').to_owned(),
            ))
        });
        let fits = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        fits.then(|| Line {
            number,
            parameters: parameters.take(20).collect(),
            value: unescaped(value),
            name,
        })
    }

    /// A time that names no zone.
    pub fn is_floating(&self) -> bool {
        let value = self.value.trim();
        value.contains(['T', 't'])
            && !value.ends_with(['Z', 'z'])
            && self.parameter("TZID").is_none()
    }

    pub fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Where `sign` stands outside of quotes.
fn outside_quotes(text: &str, sign: char) -> impl Iterator<Item = usize> {
    let mut quoted = false;
    text.char_indices()
        .filter(move |(_, c)| {
            quoted ^= *c == '"';
            *c == sign && !quoted
        })
        .map(|(at, _)| at)
}

/// What of a calendar a notice is read from.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    /// The lines of each event.
    pub events: Vec<Vec<Line>>,
    /// The zones that it brings along.
    pub zones: Zones,
    /// Its METHOD says that what it holds is off.
    pub cancels: bool,
}

impl Parsed {
    fn begin(&mut self, component: &str, within: Option<&str>) {
        match (component, within) {
            ("VEVENT", _) => self.events.push(Vec::new()),
            ("VTIMEZONE", _) => self.zones.begin(),
            ("STANDARD" | "DAYLIGHT", Some("VTIMEZONE")) => {
                self.zones.observe(Observance::default());
            }
            _ => {}
        }
    }

    fn take(&mut self, line: Line, within: Option<&str>) {
        match (within, line.name.as_str()) {
            (Some("VEVENT"), _) => {
                if let Some(event) = self.events.last_mut().filter(|e| e.len() < MOST_LINES) {
                    event.push(line);
                }
            }
            (Some("VCALENDAR"), "METHOD") => {
                self.cancels |= line.value.trim().eq_ignore_ascii_case("CANCEL");
            }
            (Some("VTIMEZONE"), name) => self.zones.named(name, line.value.trim()),
            (Some("STANDARD" | "DAYLIGHT"), name) => self.zones.take(name, line.value.trim()),
            _ => {}
        }
    }
}

/// A calendar's events, zones and method.
pub(super) fn parsed(text: &str, most: usize) -> (Parsed, Vec<Problem>) {
    let (mut found, mut problems): (Parsed, Vec<Problem>) = (Parsed::default(), Vec::new());
    let mut open: Vec<String> = Vec::new();
    let mut has_calendar = false;
    let mut last = 1;
    let mut wrong = |number: usize, problem: &str| {
        if problems.len() < 50 {
            problems.push(Problem::new("", problem).at(Some((number, 1))));
        }
    };
    for (number, text) in unfolded(text) {
        last = number;
        if text.trim().is_empty() {
            continue;
        }
        let Some(line) = Line::of(number, &text) else {
            wrong(number, "is no property: NAME:VALUE");
            continue;
        };
        let component = line.value.trim().to_ascii_uppercase();
        match line.name.as_str() {
            "BEGIN" => {
                has_calendar |= component == "VCALENDAR";
                found.begin(&component, open.last().map(String::as_str));
                if open.len() == MOST_DEPTH || found.events.len() > most {
                    found.events.truncate(most);
                    wrong(number, "holds too much for a notice of maintenance");
                    break;
                }
                open.push(component);
            }
            "END" => match open.last() == Some(&component) {
                true => drop(open.pop()),
                false => wrong(number, "ends what did not begin"),
            },
            _ => found.take(line, open.last().map(String::as_str)),
        }
    }
    if !has_calendar {
        wrong(1, "is no iCalendar text: it has no BEGIN:VCALENDAR");
    } else if !open.is_empty() {
        wrong(last, "is cut off: not everything that began has an END");
    }
    (found, problems)
}

/// `20261224T090000Z`, or the same without Z on the clocks of TZID; without either it counts as UTC.
pub(super) fn instant_of(line: &Line, zones: &Zones) -> Result<Timestamp, String> {
    let value = line.value.trim();
    let shown: String = value.chars().take(40).collect();
    let wrong = || format!("'{shown}' is no time such as 20261224T090000Z");
    let (digits, utc) = match value.strip_suffix(['Z', 'z']) {
        Some(digits) => (digits, true),
        None => (value, false),
    };
    let civil = DateTime::strptime("%Y%m%dT%H%M%S", digits).map_err(|_| wrong())?;
    if !(1990..=2200).contains(&civil.year()) {
        return Err(format!("is in the year {}", civil.year()));
    }
    let zone = match line.parameter("TZID").filter(|_| !utc) {
        None => Zone::utc(),
        Some(name) => {
            let name = name.trim_start_matches('/');
            match zones.find(name) {
                Ok(zone) => zone,
                Err(problem) => {
                    let brought = zones.instant(name, civil);
                    return brought.ok_or_else(|| format!("TZID: {problem}"));
                }
            }
        }
    };
    crate::calendar::instant(civil, zone.tz())
        .map(|resolved| resolved.at)
        .map_err(|_| wrong())
}
