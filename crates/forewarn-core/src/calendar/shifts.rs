//! Shifts from an iCalendar file or feed (RFC 5545), as on-call tools export them: who is on duty from when to when.
//!
//! As with days, what cannot be understood is a problem with its line, the other shifts are kept, and all is bounded.

use super::Rule;
use super::ics::{shortened, unescaped, unfolded, whole_days};
use crate::contact::EmailAddress;
use crate::problem::Problem;
use crate::time::{CivilTime, Zone, parse_duration};
use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// More shifts are not taken: a rota holds as many.
const MOST_SHIFTS: usize = 5_000;
/// No shift of a repeating event is looked for further on.
const MOST_SEARCHED: usize = 20_000;
/// And of all of them together: a file of many that repeat since long ago must end soon too.
const MOST_SEARCHED_IN_ALL: usize = 500_000;
/// A longer shift is a mistake.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 92);
/// More problems are not told.
const MOST_PROBLEMS: usize = 100;

/// Who is on duty from when to when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    /// When it begins.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
    /// The event's title.
    pub name: String,
    /// Whom it names, by attendee or in its title.
    pub who: Option<EmailAddress>,
}

/// What a calendar held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shifts {
    /// The shifts, the first first.
    pub shifts: Vec<Shift>,
    /// What could not be taken, each with its line.
    pub problems: Vec<Problem>,
}

#[derive(Clone, Debug, Default)]
struct Event {
    line: usize,
    uid: String,
    name: String,
    attendee: Option<EmailAddress>,
    start: Option<(DateTime, Zone)>,
    end: Option<(DateTime, Zone)>,
    lasts: Option<SignedDuration>,
    rule: Option<Rule>,
    without: BTreeSet<DateTime>,
    instead_of: Option<Timestamp>,
    is_cancelled: bool,
}

/// The shifts of an iCalendar file that lie at least partly in `[from, to)`. Times without a zone are `zone`'s.
pub fn read_shifts(text: &str, zone: &Zone, from: Timestamp, to: Timestamp) -> Shifts {
    let mut found = Shifts::default();
    let mut events: Vec<Event> = Vec::new();
    let mut event: Option<Event> = None;
    let mut depth = 0usize;
    let mut has_calendar = false;
    for (line, text) in unfolded(text) {
        let Some((head, value)) = split(&text) else {
            if !text.trim().is_empty() {
                found.problem(line, "is no property: NAME:VALUE");
            }
            continue;
        };
        let name = head
            .split(';')
            .next()
            .unwrap_or("")
            .trim()
            .to_ascii_uppercase();
        let component = value.trim().to_ascii_uppercase();
        match (name.as_str(), event.as_mut()) {
            ("BEGIN", None) => {
                has_calendar |= component == "VCALENDAR";
                event = (component == "VEVENT").then(|| Event {
                    line,
                    ..Event::default()
                });
                depth = 0;
            }
            ("BEGIN", Some(_)) => depth += 1,
            ("END", Some(_)) if depth > 0 => depth -= 1,
            ("END", Some(_)) if component == "VEVENT" => {
                if events.len() == MOST_SHIFTS {
                    found.problem(
                        line,
                        format!("more than {MOST_SHIFTS} events; the rest is not read"),
                    );
                    break;
                }
                events.extend(event.take());
            }
            // Alarms and the like within an event say nothing of it.
            (_, Some(event)) if depth == 0 => {
                if let Err(problem) = event.take_in(&name, head, value.trim(), zone) {
                    found.problem(line, format!("{name} {problem}"));
                }
            }
            _ => {}
        }
    }
    if !has_calendar {
        found.problem(1, "is no iCalendar file: it has no BEGIN:VCALENDAR");
    } else if let Some(event) = event {
        found.problem(event.line, "the file ends within VEVENT");
    }
    let replaced: BTreeSet<(String, Timestamp)> = events
        .iter()
        .filter_map(|e| Some((e.uid.clone(), e.instead_of?)))
        .collect();
    let mut left = MOST_SEARCHED_IN_ALL;
    for event in &events {
        if !found.collect(event, &replaced, (from, to), &mut left) {
            break;
        }
    }
    found.shifts.sort_by_key(|shift| (shift.start, shift.end));
    found.problems.sort_by_key(|problem| problem.line);
    found
}

/// `NAME;PARAMETER="x:y":VALUE` in two.
fn split(line: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    let colon = line.bytes().position(|byte| {
        quoted ^= byte == b'"';
        byte == b':' && !quoted
    })?;
    Some((&line[..colon], &line[colon + 1..]))
}

impl Shifts {
    fn problem(&mut self, line: usize, problem: impl Into<String>) {
        if self.problems.len() < MOST_PROBLEMS {
            let problem = Problem::new("", problem).at(Some((line, 1)));
            self.problems.push(problem);
        }
    }

    /// Adds the shifts of an event; `left` is how many may still be looked at. Says whether there is room for more.
    fn collect(
        &mut self,
        event: &Event,
        replaced: &BTreeSet<(String, Timestamp)>,
        (from, to): (Timestamp, Timestamp),
        left: &mut usize,
    ) -> bool {
        if event.is_cancelled {
            return true;
        }
        let (first, zone, lasts) = match event.extent() {
            Ok(extent) => extent,
            Err(problem) => {
                self.problem(event.line, format!("'{}' {problem}", event.name));
                return true;
            }
        };
        let at = |civil: DateTime| CivilTime::new(civil, zone.clone()).instant();
        let starts: Vec<DateTime> = match &event.rule {
            None => vec![first],
            Some(rule) => {
                let all = rule.starts(first, at).take(MOST_SEARCHED.min(*left));
                all.take_while(|civil| at(*civil) < to).collect()
            }
        };
        *left = left.saturating_sub(starts.len());
        if *left == 0 {
            let problem = "repeats too often, with those before it; it and the rest is not taken";
            self.problem(event.line, problem);
            return false;
        }
        for civil in starts {
            let start = at(civil);
            // A shift ends by the clock on the wall where it says when, else after its length.
            let end = match lasts {
                Lasts::Elapsed(length) => start + length,
                Lasts::Civil(length) => civil.checked_add(length).map_or(start, at),
            };
            let gone = event.instead_of.is_none() && replaced.contains(&(event.uid.clone(), start));
            if gone || event.without.contains(&civil) || end <= from || start >= to || end <= start
            {
                continue;
            }
            if self.shifts.len() == MOST_SHIFTS {
                self.problem(
                    event.line,
                    format!("more than {MOST_SHIFTS} shifts; the rest is not taken"),
                );
                return false;
            }
            self.shifts.push(Shift {
                start,
                end,
                name: event.name.clone(),
                who: event.who(),
            });
        }
        true
    }
}

/// How long a shift is: by the clock on the wall, or elapsed.
#[derive(Clone, Copy)]
enum Lasts {
    Civil(SignedDuration),
    Elapsed(SignedDuration),
}

impl Event {
    fn take_in(&mut self, name: &str, head: &str, value: &str, zone: &Zone) -> Result<(), String> {
        match name {
            "UID" => value.clone_into(&mut self.uid),
            "SUMMARY" => self.name = shortened(&unescaped(value)),
            "STATUS" => self.is_cancelled = value.eq_ignore_ascii_case("CANCELLED"),
            "ATTENDEE" if self.attendee.is_none() => self.attendee = mailbox(value),
            "DTSTART" => self.start = Some(time(head, value, zone)?),
            "DTEND" => self.end = Some(time(head, value, zone)?),
            "DURATION" => {
                let days = whole_days(value).map(|days| SignedDuration::from_hours(24 * days));
                self.lasts = Some(days.or_else(|_| parse_duration(value))?);
            }
            "RRULE" => self.rule = Some(Rule::parse(value)?),
            "EXDATE" => {
                for one in value.split(',').take(MOST_SHIFTS) {
                    self.without.insert(time(head, one.trim(), zone)?.0);
                }
            }
            "RECURRENCE-ID" => {
                let (civil, zone) = time(head, value, zone)?;
                self.instead_of = Some(CivilTime::new(civil, zone).instant());
            }
            _ => {}
        }
        Ok(())
    }

    fn extent(&self) -> Result<(DateTime, Zone, Lasts), String> {
        let (start, zone) = self.start.clone().ok_or("has no beginning (DTSTART)")?;
        let lasts = match (&self.end, self.lasts) {
            (Some((end, other)), _) if *other == zone => Lasts::Civil(end.duration_since(start)),
            (Some((end, other)), _) => {
                let at =
                    |civil: DateTime, zone: &Zone| CivilTime::new(civil, zone.clone()).instant();
                Lasts::Elapsed(at(*end, other).duration_since(at(start, &zone)))
            }
            (None, Some(length)) => Lasts::Elapsed(length),
            (None, None) => return Err("has no end (DTEND or DURATION)".into()),
        };
        let (Lasts::Civil(length) | Lasts::Elapsed(length)) = lasts;
        match length {
            length if !length.is_positive() => Err("ends before it begins".into()),
            length if length > LONGEST => Err("lasts longer than three months".into()),
            _ => Ok((start, zone, lasts)),
        }
    }

    fn who(&self) -> Option<EmailAddress> {
        let word = |word: &str| mailbox(word.trim_matches(|c: char| "<>()[],;\"'".contains(c)));
        let named = || self.name.split_whitespace().find_map(word);
        self.attendee.clone().or_else(named)
    }
}

/// `mailto:kim@example.edu`
fn mailbox(text: &str) -> Option<EmailAddress> {
    let address = text.get(..7).filter(|p| p.eq_ignore_ascii_case("mailto:"));
    let address = address.map_or(text, |_| &text[7..]);
    EmailAddress::parse(address.trim()).ok()
}

/// `20261123T080000Z`, `20261123T080000` in the zone of the parameter TZID, or a day.
fn time(head: &str, value: &str, zone: &Zone) -> Result<(DateTime, Zone), String> {
    let wrong = || format!("'{}' is no time such as 20261123T080000Z", shortened(value));
    let named = head.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("TZID")
            .then(|| value.trim_matches('"'))
    });
    let (digits, zone) = match (value.strip_suffix('Z'), named) {
        (Some(digits), _) => (digits, Zone::utc()),
        (None, Some(name)) => (value, Zone::parse(name)?),
        (None, None) => (value, zone.clone()),
    };
    let civil = match digits.len() {
        8 => jiff::civil::Date::strptime("%Y%m%d", digits)
            .map(|day| day.to_datetime(jiff::civil::Time::midnight())),
        15 => DateTime::strptime("%Y%m%dT%H%M%S", digits),
        _ => return Err(wrong()),
    };
    let civil = civil.map_err(|_| wrong())?;
    match civil.year() {
        1970..=2200 => Ok((civil, zone)),
        year => Err(format!(
            "is in the year {year}; from 1970 to 2200 are taken"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(events: &str) -> Shifts {
        let text = format!("BEGIN:VCALENDAR\r\n{events}\r\nEND:VCALENDAR\r\n");
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (from, to) = (at("2026-10-01T00:00:00Z"), at("2026-12-01T00:00:00Z"));
        read_shifts(&text, &Zone::parse("Europe/Berlin").unwrap(), from, to)
    }

    fn shown(shifts: &Shifts) -> Vec<String> {
        let who = |s: &Shift| s.who.as_ref().map_or("-".to_owned(), ToString::to_string);
        let line = |s: &Shift| format!("{} {} {}", s.start, s.end, who(s));
        shifts.shifts.iter().map(line).collect()
    }

    #[test]
    fn shifts_keep_the_clocks_of_their_zone() {
        let text = "BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:On call: Kim\r\nATTENDEE;CN=\"Kim: x\":mailto:kim@example.edu\r\n\
            DTSTART;TZID=Europe/Berlin:20261019T080000\r\nDTEND;TZID=Europe/Berlin:20261019T200000\r\n\
            RRULE:FREQ=WEEKLY;COUNT=3\r\nEXDATE;TZID=Europe/Berlin:20261102T080000\r\n\
            BEGIN:VALARM\r\nDURATION:PT5M\r\nEND:VALARM\r\nEND:VEVENT\r\n\
            BEGIN:VEVENT\r\nUID:2\r\nSUMMARY:lee@example.edu has it\r\nDTSTART:20261120T230000Z\r\nDURATION:PT8H\r\nEND:VEVENT\r\n\
            BEGIN:VEVENT\r\nUID:3\r\nSUMMARY:Nobody\r\nDTSTART;VALUE=DATE:20261128\r\nDTEND;VALUE=DATE:20261129\r\nEND:VEVENT\r\n\
            BEGIN:VEVENT\r\nUID:4\r\nSTATUS:CANCELLED\r\nDTSTART:20261121T000000Z\r\nDURATION:PT8H\r\nEND:VEVENT\r\n\
            BEGIN:VEVENT\r\nUID:5\r\nDTSTART:20250101T000000Z\r\nDURATION:PT8H\r\nEND:VEVENT";
        let found = read(text);
        assert_eq!(found.problems, []);
        // The clocks of Berlin go back on 25 October.
        assert_eq!(
            shown(&found),
            [
                "2026-10-19T06:00:00Z 2026-10-19T18:00:00Z kim@example.edu",
                "2026-10-26T07:00:00Z 2026-10-26T19:00:00Z kim@example.edu",
                "2026-11-20T23:00:00Z 2026-11-21T07:00:00Z lee@example.edu",
                "2026-11-27T23:00:00Z 2026-11-28T23:00:00Z -",
            ]
        );
    }

    #[test]
    fn one_shift_of_many_can_be_somebody_elses() {
        let text = "BEGIN:VEVENT\nUID:1\nSUMMARY:kim@example.edu\nDTSTART:20261102T080000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=2\nEND:VEVENT\n\
            BEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20261103T080000Z\nSUMMARY:lee@example.edu\nDTSTART:20261103T090000Z\nDURATION:PT1H\nEND:VEVENT";
        assert_eq!(
            shown(&read(text)),
            [
                "2026-11-02T08:00:00Z 2026-11-02T09:00:00Z kim@example.edu",
                "2026-11-03T09:00:00Z 2026-11-03T10:00:00Z lee@example.edu",
            ]
        );
    }

    #[test]
    fn what_cannot_be_understood_is_told_with_its_line_and_the_rest_is_kept() {
        let text = "BEGIN:VEVENT\nDTSTART:tomorrow\nEND:VEVENT\nBEGIN:VEVENT\nDTSTART;TZID=Mars/Olympus:20261102T080000\nEND:VEVENT\n\
            BEGIN:VEVENT\nDTSTART:20261102T080000Z\nDTEND:20261102T070000Z\nEND:VEVENT\nnonsense\n\
            BEGIN:VEVENT\nSUMMARY:kim@example.edu\nDTSTART:20261102T080000Z\nDURATION:PT1H\nEND:VEVENT";
        let found = read(text);
        assert_eq!(found.shifts.len(), 1);
        let lines: Vec<Option<usize>> = found.problems.iter().map(|p| p.line).collect();
        assert_eq!(lines, [2, 3, 5, 6, 8, 12].map(Some), "{:?}", found.problems);
        let hostile = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261102T080000Z\nRRULE:FREQ=DAILY\nDURATION:PT1H\nEND:VEVENT\n".repeat(400);
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let zone = Zone::utc();
        let all = read_shifts(
            &hostile,
            &zone,
            at("2026-10-01T00:00:00Z"),
            at("2200-12-01T00:00:00Z"),
        );
        assert_eq!(all.shifts.len(), MOST_SHIFTS);
        assert_eq!(all.problems.len(), 1, "{:?}", all.problems);
        // Shifts long ago are looked through, but not without end.
        let past = hostile.replace("20261102", "19700102");
        let none = read_shifts(
            &past,
            &zone,
            at("2026-10-01T00:00:00Z"),
            at("2026-12-01T00:00:00Z"),
        );
        let problem = none
            .problems
            .iter()
            .find(|p| p.problem.contains("too often"));
        assert!(
            none.shifts.is_empty() && problem.is_some(),
            "{:?}",
            none.problems
        );
        assert_eq!(
            read_shifts(
                "x",
                &zone,
                at("2026-10-01T00:00:00Z"),
                at("2026-10-02T00:00:00Z")
            )
            .shifts,
            []
        );
    }
}
