//! Days from an iCalendar file (RFC 5545): what a calendar program or a public holiday site exports.
//!
//! Only all-day events count: an organisation is closed for a day, not for an hour. What cannot be understood is a problem
//! with its line, and the other events are kept. Everything from outside is bounded: bytes by the caller, the rest here.

use super::Rule;
use crate::problem::Problem;
use jiff::ToSpan;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// More events are not read: no organisation is closed so often.
const MOST_EVENTS: usize = 10_000;
/// More days are not taken.
const MOST_DAYS: usize = 5_000;
/// A longer event is no closure but a mistake.
const LONGEST_EVENT_DAYS: i64 = 366;
/// A longer line, unfolded, is cut: nothing that is needed stands so far out.
const MOST_LINE_BYTES: usize = 16 * 1024;
/// Names are shown in reasons; a longer one is cut.
const MOST_NAME_CHARS: usize = 100;
/// Days that repeating events may be looked for on in all: some hundred events over some years.
const MOST_SEARCHED: i64 = 500_000;
/// Components within components; a calendar has three levels.
const MOST_DEPTH: usize = 8;
/// More problems are not told.
const MOST_PROBLEMS: usize = 100;

/// What a calendar file held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Days {
    /// The days on which an all-day event lies, each with the names of its events.
    pub days: BTreeMap<Date, String>,
    /// What could not be taken, each with its line.
    pub problems: Vec<Problem>,
}

/// An event as far as days need it.
#[derive(Debug, Default)]
struct Event {
    line: usize,
    uid: String,
    name: String,
    start: Option<Date>,
    has_time: bool,
    /// The first day that is not part of it.
    end: Option<Date>,
    days: Option<i64>,
    rule: Option<Rule>,
    without: BTreeSet<Date>,
    also: BTreeSet<Date>,
    /// The day of a repeating event that this one takes the place of.
    instead_of: Option<Date>,
    is_cancelled: bool,
}

/// A property: its name and value. Parameters are not needed: a date says by its form that it is one.
struct Property<'a> {
    name: String,
    value: &'a str,
}

/// The days of `[from, to]` in an iCalendar file.
pub fn read_days(text: &str, from: Date, to: Date) -> Days {
    let mut found = Days::default();
    let mut events = Vec::new();
    // The components that are open, innermost last.
    let mut open: Vec<String> = Vec::new();
    let mut event = Event::default();
    let mut has_calendar = false;
    for (line, text) in unfolded(text) {
        if text.trim().is_empty() {
            continue;
        }
        let Some(property) = Property::of(&text) else {
            found.problem(line, "is no property: NAME:VALUE");
            continue;
        };
        match property.name.as_str() {
            "BEGIN" => {
                let component = property.value.trim().to_ascii_uppercase();
                has_calendar |= component == "VCALENDAR";
                if component == "VEVENT" {
                    event = Event {
                        line,
                        ..Event::default()
                    };
                }
                if open.len() == MOST_DEPTH {
                    found.problem(line, "components stand too deep in each other");
                    break;
                }
                open.push(component);
            }
            "END" => {
                let component = property.value.trim().to_ascii_uppercase();
                if open.last() != Some(&component) {
                    found.problem(line, format!("END:{} ends nothing", shortened(&component)));
                    continue;
                }
                open.pop();
                if component != "VEVENT" {
                    continue;
                }
                if events.len() == MOST_EVENTS {
                    let problem = format!("more than {MOST_EVENTS} events; the rest is not read");
                    found.problem(line, problem);
                    break;
                }
                events.push(std::mem::take(&mut event));
            }
            _ if open.last().is_some_and(|component| component == "VEVENT") => {
                if let Err(problem) = event.take(&property) {
                    found.problem(line, format!("{} {problem}", property.name));
                }
            }
            _ => {}
        }
    }
    if !has_calendar {
        found.problem(1, "is no iCalendar file: it has no BEGIN:VCALENDAR");
    } else if let Some(component) = open.last() {
        let problem = format!("the file ends within {}", shortened(component));
        found.problem(event.line.max(1), problem);
    }
    found.collect(events, from, to);
    found.problems.sort_by_key(|problem| problem.line);
    found
}

impl Days {
    fn problem(&mut self, line: usize, problem: impl Into<String>) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems
                .push(Problem::new("", problem).at(Some((line, 1))));
        }
    }

    fn collect(&mut self, mut events: Vec<Event>, from: Date, to: Date) {
        let mut replaced: BTreeMap<String, BTreeSet<Date>> = BTreeMap::new();
        for event in &events {
            if let Some(date) = event.instead_of {
                replaced.entry(event.uid.clone()).or_default().insert(date);
            }
        }
        let mut searched = 0;
        for event in &mut events {
            if event.is_cancelled {
                continue;
            }
            if event.instead_of.is_none()
                && let Some(dates) = replaced.get(&event.uid)
            {
                event.without.extend(dates);
            }
            let (start, length) = match event.extent() {
                Ok(extent) => extent,
                Err(problem) => {
                    self.problem(event.line, format!("'{}' {problem}", event.name));
                    continue;
                }
            };
            // One that began before can reach into the stretch.
            let earliest = from.saturating_sub(length.days());
            let mut starts = event.also.clone();
            match &event.rule {
                None => {
                    starts.insert(start);
                }
                Some(rule) => {
                    let begin = if rule.counts() {
                        start
                    } else {
                        start.max(earliest)
                    };
                    searched += days_from(begin, to).max(0) + 400;
                    if searched > MOST_SEARCHED {
                        let problem = "repeats like many others before it; it is not taken: read fewer years or fewer events at once";
                        self.problem(event.line, format!("'{}' {problem}", event.name));
                        continue;
                    }
                    starts.extend(rule.days(start, earliest, to));
                }
            }
            for start in starts.difference(&event.without) {
                let last = start.saturating_add((length - 1).days());
                let days = (*start).max(from).series(1.day());
                for day in days.take_while(|day| *day <= last && *day <= to) {
                    if !self.add(day, &event.name) {
                        let problem = format!("more than {MOST_DAYS} days; the rest is not taken");
                        self.problem(event.line, problem);
                        return;
                    }
                }
            }
        }
    }

    /// Adds a name to a day. False when there are too many days.
    fn add(&mut self, day: Date, name: &str) -> bool {
        if self.days.len() == MOST_DAYS && !self.days.contains_key(&day) {
            return false;
        }
        let names = self.days.entry(day).or_default();
        if names.is_empty() {
            name.clone_into(names);
        } else if !names.split("; ").any(|known| known == name)
            && names.chars().count() < MOST_NAME_CHARS
        {
            names.push_str("; ");
            names.push_str(name);
        }
        true
    }
}

impl Event {
    fn take(&mut self, property: &Property<'_>) -> Result<(), String> {
        let value = property.value.trim();
        match property.name.as_str() {
            "UID" => value.clone_into(&mut self.uid),
            "SUMMARY" => self.name = shortened(&unescaped(value)),
            "STATUS" => self.is_cancelled = value.eq_ignore_ascii_case("CANCELLED"),
            "DTSTART" => {
                self.has_time = value.contains('T');
                self.start = Some(date(value)?);
            }
            "DTEND" => self.end = Some(date(value)?),
            "DURATION" => self.days = Some(whole_days(value)?),
            "RRULE" => self.rule = Some(Rule::parse(value)?),
            "EXDATE" => self.without.extend(dates(value)?),
            "RDATE" => self.also.extend(dates(value)?),
            "RECURRENCE-ID" => self.instead_of = Some(date(value)?),
            _ => {}
        }
        Ok(())
    }

    /// The first day and the number of days.
    fn extent(&mut self) -> Result<(Date, i64), String> {
        if self.name.is_empty() {
            self.name = "closed".into();
        }
        let start = self.start.ok_or("has no first day (DTSTART)")?;
        if self.has_time {
            return Err("has a time of day; only events of whole days are taken".into());
        }
        // Some programs write the same day as the end of an event of one day.
        let length = match (self.end, self.days) {
            (Some(end), _) if end < start => return Err("ends before it begins".into()),
            (Some(end), _) => days_from(start, end).max(1),
            (None, days) => days.unwrap_or(1),
        };
        match length {
            1..=LONGEST_EVENT_DAYS => Ok((start, length)),
            _ => Err(format!(
                "lasts {length} days; at most {LONGEST_EVENT_DAYS} are taken"
            )),
        }
    }
}

impl<'a> Property<'a> {
    /// `NAME;PARAMETER="x:y":VALUE`
    fn of(line: &'a str) -> Option<Property<'a>> {
        let mut quoted = false;
        let colon = line.bytes().position(|byte| {
            quoted ^= byte == b'"';
            byte == b':' && !quoted
        })?;
        let (head, value) = (&line[..colon], &line[colon + 1..]);
        let name = head.split(';').next()?.trim().to_ascii_uppercase();
        let fits = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        fits.then_some(Property { name, value })
    }
}

/// Lines with their numbers; one that begins with a space or a tab goes on the one before (RFC 5545 3.1).
pub(crate) fn unfolded(text: &str) -> Vec<(usize, String)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines: Vec<(usize, String)> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some((_, before))) => {
                if before.len() + rest.len() <= MOST_LINE_BYTES {
                    before.push_str(rest);
                }
            }
            _ => lines.push((number, line.chars().take(MOST_LINE_BYTES).collect())),
        }
    }
    lines
}

/// `20261224`; of a time (`20261224T090000Z`) the day.
fn date(value: &str) -> Result<Date, String> {
    let wrong = || format!("'{}' is no day such as 20261224", shortened(value));
    let digits = value.split('T').next().unwrap_or(value);
    if digits.len() != 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong());
    }
    let date = Date::strptime("%Y%m%d", digits).map_err(|_| wrong())?;
    match date.year() {
        1900..=2200 => Ok(date),
        year => Err(format!(
            "is in the year {year}; from 1900 to 2200 are taken"
        )),
    }
}

fn dates(value: &str) -> Result<Vec<Date>, String> {
    value
        .split(',')
        .take(MOST_DAYS)
        .map(|one| date(one.trim()))
        .collect()
}

/// `P1D`, `P2W`.
pub(super) fn whole_days(value: &str) -> Result<i64, String> {
    let count = |unit| {
        value
            .strip_prefix('P')?
            .strip_suffix(unit)?
            .parse::<u16>()
            .ok()
    };
    let days = count('D')
        .map(i64::from)
        .or_else(|| count('W').map(|n| i64::from(n) * 7));
    days.ok_or_else(|| format!("'{}' is no number of days such as P2D", shortened(value)))
}

fn days_from(from: Date, to: Date) -> i64 {
    to.duration_since(from).as_hours() / 24
}

/// RFC 5545 3.3.11; line breaks become spaces.
pub(crate) fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let c = match c {
            '\\' => match chars.next() {
                Some('n' | 'N') | None => ' ',
                Some(other) => other,
            },
            c => c,
        };
        plain.push(if c.is_control() { ' ' } else { c });
    }
    plain.trim().to_owned()
}

pub(super) fn shortened(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(MOST_NAME_CHARS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn file(events: &str) -> String {
        format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{}END:VCALENDAR\r\n",
            events.replace('\n', "\r\n")
        )
    }

    fn read(events: &str) -> (Vec<String>, Vec<String>) {
        let read = read_days(&file(events), date(2026, 1, 1), date(2028, 12, 31));
        let days = read.days.iter().map(|(day, name)| format!("{day} {name}"));
        (
            days.collect(),
            read.problems.iter().map(ToString::to_string).collect(),
        )
    }

    fn days(event: &str) -> Vec<String> {
        let (days, problems) = read(&format!("BEGIN:VEVENT\n{event}\nEND:VEVENT\n"));
        assert_eq!(problems, Vec::<String>::new(), "{event}");
        days
    }

    #[test]
    fn whole_days_are_taken_by_their_names() {
        for (event, expected) in [
            (
                "DTSTART;VALUE=DATE:20261224\nSUMMARY:Christmas Eve",
                &["2026-12-24 Christmas Eve"][..],
            ),
            // The end is not part of it; the same day as the end is one day.
            (
                "DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227\nSUMMARY:Closed\\, really",
                &[
                    "2026-12-24 Closed, really",
                    "2026-12-25 Closed, really",
                    "2026-12-26 Closed, really",
                ],
            ),
            (
                "DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261224",
                &["2026-12-24 closed"],
            ),
            (
                "DTSTART;VALUE=DATE:20261224\nDURATION:P2D",
                &["2026-12-24 closed", "2026-12-25 closed"],
            ),
            // Folded within a word, by a tab too; lower case; a parameter with a colon in it.
            (
                "DTSTART;VALUE=DATE:2026\n 1224\nsummary;ALTREP=\"http://x/\":Chri\n\tstmas",
                &["2026-12-24 Christmas"],
            ),
            ("DTSTART;VALUE=DATE:20250101\nSUMMARY:Before", &[]),
            (
                "DTSTART;VALUE=DATE:20251231\nDTEND;VALUE=DATE:20260102\nSUMMARY:Over",
                &["2026-01-01 Over"],
            ),
            ("DTSTART;VALUE=DATE:20261224\nSTATUS:CANCELLED", &[]),
            (
                "DTSTART;VALUE=DATE:20001224\nRRULE:FREQ=YEARLY\nEXDATE;VALUE=DATE:20271224\nSUMMARY:Eve",
                &["2026-12-24 Eve", "2028-12-24 Eve"],
            ),
            (
                "DTSTART;VALUE=DATE:20251231\nDTEND;VALUE=DATE:20260102\nRRULE:FREQ=YEARLY;UNTIL=20261231\nSUMMARY:Turn",
                &["2026-01-01 Turn", "2026-12-31 Turn", "2027-01-01 Turn"],
            ),
            (
                "DTSTART;VALUE=DATE:20240304\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=1MO;COUNT=4\nSUMMARY:Founders",
                &["2026-03-02 Founders", "2027-03-01 Founders"],
            ),
            (
                "DTSTART;VALUE=DATE:20260501\nRDATE;VALUE=DATE:20270501,20280501",
                &[
                    "2026-05-01 closed",
                    "2027-05-01 closed",
                    "2028-05-01 closed",
                ],
            ),
        ] {
            assert_eq!(days(event), expected, "{event}");
        }
    }

    #[test]
    fn one_of_a_series_can_be_moved_or_called_off() {
        let series = "BEGIN:VEVENT\nUID:a\nDTSTART;VALUE=DATE:20260601\nRRULE:FREQ=YEARLY\nSUMMARY:Outing\nEND:VEVENT\n";
        let moved = "BEGIN:VEVENT\nUID:a\nRECURRENCE-ID;VALUE=DATE:20270601\nDTSTART;VALUE=DATE:20270607\nSUMMARY:Outing\nEND:VEVENT\n";
        let off = "BEGIN:VEVENT\nUID:a\nRECURRENCE-ID;VALUE=DATE:20280601\nDTSTART;VALUE=DATE:20280601\nSTATUS:CANCELLED\nEND:VEVENT\n";
        let (days, problems) = read(&[series, moved, off].concat());
        assert_eq!(days, ["2026-06-01 Outing", "2027-06-07 Outing"]);
        assert_eq!(problems, Vec::<String>::new());
    }

    #[test]
    fn what_cannot_be_taken_is_told_with_its_line_and_the_rest_is_kept() {
        let events = "BEGIN:VEVENT\nDTSTART:20261224T090000Z\nSUMMARY:Party\nBEGIN:VALARM\nSUMMARY:Ring\nEND:VALARM\nEND:VEVENT\n\
                      nonsense\n\
                      BEGIN:VEVENT\nDTSTART;VALUE=DATE:20261332\nSUMMARY:Nowhen\nEND:VEVENT\n\
                      BEGIN:VEVENT\nDTSTART;VALUE=DATE:20261225\nRRULE:FREQ=HOURLY\nSUMMARY:Kept\nEND:VEVENT\n\
                      BEGIN:VEVENT\nDTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261220\nSUMMARY:Back\nEND:VEVENT\n\
                      BEGIN:VEVENT\nDTSTART;VALUE=DATE:20260101\nDTEND;VALUE=DATE:20290101\nSUMMARY:Long\nEND:VEVENT\n\
                      END:VEVENT\n";
        let (days, problems) = read(events);
        assert_eq!(days, ["2026-12-25 Kept"]);
        insta::assert_snapshot!(problems.join("\n"));
        let (days, problems) = {
            let read = read_days("<html>", date(2026, 1, 1), date(2026, 12, 31));
            (read.days, read.problems)
        };
        assert!(days.is_empty());
        assert!(
            problems
                .iter()
                .any(|p| p.problem.contains("no iCalendar file")),
            "{problems:?}"
        );
    }

    #[test]
    fn a_hostile_file_ends_soon() {
        let daily = "BEGIN:VEVENT\nDTSTART;VALUE=DATE:19000101\nRRULE:FREQ=DAILY;COUNT=100000\nEND:VEVENT\n";
        let never = "BEGIN:VEVENT\nDTSTART;VALUE=DATE:19000101\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\nEND:VEVENT\n";
        for event in [daily, never] {
            let read = read_days(
                &file(&event.repeat(20_000)),
                date(2026, 1, 1),
                date(2030, 12, 31),
            );
            assert!(read.days.len() <= MOST_DAYS && !read.problems.is_empty());
            assert!(read.problems.len() <= MOST_PROBLEMS);
        }
        let deep = read_days(
            &"BEGIN:VEVENT\n".repeat(100_000),
            date(2026, 1, 1),
            date(2030, 12, 31),
        );
        assert!(!deep.problems.is_empty());
    }
}
