//! The lines of an iCalendar text (RFC 5545) as far as notices of maintenance need them.

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

/// The lines of each event of a calendar.
pub(super) fn components(text: &str, most: usize) -> (Vec<Vec<Line>>, Vec<Problem>) {
    let (mut events, mut problems): (Vec<Vec<Line>>, Vec<Problem>) = (Vec::new(), Vec::new());
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
                if component == "VEVENT" {
                    events.push(Vec::new());
                }
                if open.len() == MOST_DEPTH || events.len() > most {
                    events.truncate(most);
                    wrong(number, "holds too much for a notice of maintenance");
                    break;
                }
                open.push(component);
            }
            "END" => match open.last() == Some(&component) {
                true => drop(open.pop()),
                false => wrong(number, "ends what did not begin"),
            },
            _ if open.last().is_some_and(|c| c == "VEVENT") => {
                if let Some(event) = events.last_mut().filter(|e| e.len() < MOST_LINES) {
                    event.push(line);
                }
            }
            _ => {}
        }
    }
    if !has_calendar {
        wrong(1, "is no iCalendar text: it has no BEGIN:VCALENDAR");
    } else if !open.is_empty() {
        wrong(last, "is cut off: not everything that began has an END");
    }
    (events, problems)
}

/// `20261224T090000Z`, or the same without Z on the clocks of TZID; without either it counts as UTC.
pub(super) fn instant_of(line: &Line) -> Result<Timestamp, String> {
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
            Zone::parse(name).map_err(|problem| format!("TZID: {problem}"))?
        }
    };
    crate::calendar::instant(civil, zone.tz())
        .map(|resolved| resolved.at)
        .map_err(|_| wrong())
}
