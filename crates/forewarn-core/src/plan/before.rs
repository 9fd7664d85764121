//! Notices before the start: when each is due, what is late, and what one day may hold.

use super::{Breach, Clock, Draft, Phase, Planner, Told};
use crate::audience::Audience;
use crate::calendar::{Closed, NoBusinessDay, Stepped};
use crate::offset::Offset;
use crate::time::{CivilTime, Zone};
use jiff::civil::Date;
use jiff::{Span, Timestamp, ToSpan};

/// A start that honours a policy is looked for this far ahead, 11 years.
const LATEST_START_DAYS: i64 = 4_096;

/// An entry of the policy's `before` list with its due time by the calendar.
pub(super) struct Entry {
    pub(super) milestone: &'static str,
    offset: Offset,
    nominal: Timestamp,
    because: String,
}

impl Planner<'_> {
    /// Rules 5 and 6: the notices that are still to be told, and what of them is late, for an audience to be named.
    pub(super) fn before_start(
        &mut self,
        entries: &[&Entry],
        clock: &Clock,
    ) -> (Vec<Draft>, Vec<Breach>) {
        let now = self.input.now;
        let (late, ahead): (Vec<&Entry>, Vec<&Entry>) =
            entries.iter().partition(|e| e.nominal < now);
        let breaches = late.iter().map(|entry| self.breach(clock, entry)).collect();
        let mut drafts: Vec<Draft> = ahead
            .into_iter()
            .map(|entry| Draft {
                tells: vec![(entry.offset.to_string(), entry.nominal)],
                offset: (entry.offset != Offset::AtOnce).then(|| entry.offset.to_string()),
                ..Draft::new(entry.milestone, entry.nominal, entry.because.clone())
            })
            .collect();
        if !late.is_empty() {
            drafts.push(collapsed(
                &late,
                now,
                &clock.zone,
                self.input.planned.before_what(),
            ));
        }
        (one_a_day(drafts, &clock.zone), breaches)
    }

    /// Rules 1 to 3: what the policy asks for before the start, by the calendar.
    pub(super) fn entries(&mut self, clock: &Clock) -> Vec<Entry> {
        let offsets = &self.input.policy.before;
        let mut entries = Vec::with_capacity(offsets.len());
        for (n, &offset) in offsets.iter().enumerate() {
            let milestone = match offset {
                _ if n == 0 => "announcement",
                Offset::Minutes(_) => "final_reminder",
                _ => "reminder",
            };
            let (nominal, because) = self.due(offset, self.start, clock);
            if n == 0 {
                let first = self.first_announcement.get_or_insert(nominal);
                *first = nominal.min(*first);
            }
            entries.push(Entry {
                milestone,
                offset,
                nominal,
                because,
            });
        }
        self.warn_of_order(&entries, clock);
        if entries.is_empty() && self.input.planned.phase == Phase::Ahead {
            let problem = format!(
                "names no notice {}: people hear of it when it happens, and not ahead",
                self.input.planned.before_what()
            );
            self.warn("policy.before", problem);
        }
        entries
    }

    /// How two entries lie depends on the calendar: `1w` comes before `5bd` in a week without holidays, and after it in others. A
    /// reminder that is the first that people hear is pointed out.
    fn warn_of_order(&mut self, entries: &[Entry], clock: &Clock) {
        let Some((announcement, rest)) = entries.split_first() else {
            return;
        };
        let day = |entry: &Entry| clock.zone.at(entry.nominal).date();
        let first = rest
            .iter()
            .filter(|e| e.nominal >= self.input.now && day(e) < day(announcement))
            .min_by_key(|e| e.nominal);
        if let Some(first) = first {
            let shown = |entry: &Entry| day(entry).strftime("%-d %B").to_string();
            let problem = format!(
                "the reminder at {} falls on {}, before the announcement at {} on {}, in {}: people hear of it by the reminder first",
                first.offset,
                shown(first),
                announcement.offset,
                shown(announcement),
                clock.zone.name()
            );
            self.warn("policy.before", problem);
        }
    }

    /// Whether the audience has had this notice for this start. What is due at once has no time of its own: it is told once.
    pub(super) fn was_told(&self, audience: &Audience, entry: &Entry) -> bool {
        if self.told.is_empty() {
            return false;
        }
        let (offset, nominal) = (entry.offset, entry.nominal);
        let at_once = offset == Offset::AtOnce;
        let told = Told {
            audience: audience.id.to_string(),
            offset: offset.to_string(),
            nominal: if at_once { Timestamp::MIN } else { nominal },
        };
        self.told
            .range::<&Told, _>(&told..)
            .next()
            .is_some_and(|found| {
                found.audience == told.audience
                    && found.offset == told.offset
                    && (at_once || found.nominal == nominal)
            })
    }

    /// When a notice `offset` before `start` is due in the audience's zone and calendar, and why then.
    pub(super) fn due(
        &mut self,
        offset: Offset,
        start: Timestamp,
        clock: &Clock,
    ) -> (Timestamp, String) {
        if let Some(elapsed) = offset.elapsed() {
            let due = start.checked_sub(elapsed).unwrap_or(Timestamp::MIN);
            return (
                due,
                format!("{} {}", offset.words(), self.input.planned.before_what()),
            );
        }
        if offset == Offset::AtOnce {
            return (self.input.now, "at once".into());
        }
        let date = clock.zone.at(start).date();
        match step_back(date, offset, clock) {
            Ok(stepped) => {
                let because = format!(
                    "{} {}{}",
                    offset.words(),
                    self.input.planned.before_what(),
                    explain(&stepped, offset)
                );
                (self.on(stepped.date, &clock.zone), because)
            }
            Err(problem) => {
                self.warn(
                    "policy.before",
                    format!("{problem}; {} counted as plain days", offset.words()),
                );
                let days = match offset {
                    Offset::BusinessDays(n) => n,
                    _ => 0,
                };
                let plain = date.checked_sub(i64::from(days).days()).unwrap_or(date);
                (
                    self.on(plain, &clock.zone),
                    format!("{} {}", offset.words(), self.input.planned.before_what()),
                )
            }
        }
    }

    /// Rule 5, of an audience to be named.
    fn breach(&mut self, clock: &Clock, entry: &Entry) -> Breach {
        let late_by = self.input.now.duration_since(entry.nominal);
        Breach {
            audience: String::new(),
            milestone: entry.milestone.to_owned(),
            offset: entry.offset.to_string(),
            late_by_seconds: late_by.as_secs(),
            earliest_compliant_start: self.earliest_compliant_start(clock, entry.offset),
        }
    }

    /// Rule 5: the planned start's time of day on the first date for which the notice would not be late.
    ///
    /// A later start never makes a notice due earlier, so the first date is found by halving.
    fn earliest_compliant_start(&mut self, clock: &Clock, offset: Offset) -> Timestamp {
        let start = self.input.planned.start.clone();
        let after = |days: i64| {
            let civil = start.civil.checked_add(days.days());
            CivilTime::new(civil.unwrap_or(start.civil), start.zone.clone()).instant()
        };
        let (mut late, mut enough) = (0, 1);
        while enough < LATEST_START_DAYS
            && self.due(offset, after(enough), clock).0 < self.input.now
        {
            (late, enough) = (enough, enough * 2);
        }
        while enough - late > 1 {
            let middle = (late + enough) / 2;
            match self.due(offset, after(middle), clock).0 < self.input.now {
                true => late = middle,
                false => enough = middle,
            }
        }
        after(enough)
    }
}

/// Rules 1 and 2: steps back from a date.
pub(super) fn step_back(
    date: Date,
    offset: Offset,
    clock: &Clock,
) -> Result<Stepped, NoBusinessDay> {
    match offset {
        Offset::BusinessDays(n) => clock.calendar.back(date, n),
        _ => {
            let landed = date.checked_sub(calendar_span(offset)).unwrap_or(date);
            clock.calendar.at_or_before(landed)
        }
    }
}

/// Steps forward on the civil calendar.
pub(super) fn step_forward(date: Date, offset: Offset) -> Date {
    let span = match offset {
        Offset::BusinessDays(n) => i64::from(n).days(),
        _ => calendar_span(offset),
    };
    date.checked_add(span).unwrap_or(date)
}

fn calendar_span(offset: Offset) -> Span {
    match offset {
        Offset::Days(n) => i64::from(n).days(),
        Offset::Weeks(n) => i64::from(n).weeks(),
        Offset::Months(n) => i64::from(n).months(),
        Offset::Years(n) => i64::from(n).years(),
        Offset::AtOnce | Offset::BusinessDays(_) | Offset::Hours(_) | Offset::Minutes(_) => {
            Span::new()
        }
    }
}

/// Names the holidays and closed days that were stepped over; weekends need no explaining to anybody,
/// save where a notice counted in weeks or months was moved because of one.
pub(super) fn explain(stepped: &Stepped, offset: Offset) -> String {
    let mut text = String::new();
    let counted_on_calendar = !matches!(offset, Offset::BusinessDays(_));
    // The walk may have gone backwards; people read forwards.
    let mut skipped = stepped.skipped.clone();
    skipped.sort_by_key(|(date, _)| *date);
    for (date, why) in skipped {
        let day = date.strftime("%-d %b");
        match why {
            Closed::Holiday(name) => text.push_str(&format!("; {day} is a holiday ({name})")),
            Closed::ClosedDay => text.push_str(&format!("; {day} is a closed day")),
            Closed::Weekend if counted_on_calendar => {
                text.push_str(&format!("; {day} is a {}", date.strftime("%A")));
            }
            Closed::Weekend => {}
        }
    }
    text
}

/// Rule 5: all late ones of one audience are one notice, due now.
fn collapsed(late: &[&Entry], now: Timestamp, zone: &Zone, before_what: &str) -> Draft {
    let reasons: Vec<String> = late
        .iter()
        .map(|e| {
            let was = zone.at(e.nominal).strftime("%-d %B %H:%M").to_string();
            format!("{} {before_what} was {was}", e.offset.words())
        })
        .collect();
    Draft {
        stands_for: late.iter().map(|e| e.offset.to_string()).collect(),
        tells: late
            .iter()
            .map(|e| (e.offset.to_string(), e.nominal))
            .collect(),
        ..Draft::new("announcement", now, format!("late: {}", reasons.join("; ")))
    }
}

/// Rule 6: at most one pre-start notice a day, final reminders excepted; the one nearer to the start stays.
fn one_a_day(mut drafts: Vec<Draft>, zone: &Zone) -> Vec<Draft> {
    // Among notices due at the same instant the one with an offset of its own is nearer than a collapsed one.
    drafts.sort_by_key(|draft| (draft.due, draft.offset.is_some()));
    let mut kept: Vec<Draft> = Vec::with_capacity(drafts.len());
    for mut draft in drafts {
        let shares_day = |other: &Draft| {
            other.milestone != "final_reminder"
                && zone.at(other.due).date() == zone.at(draft.due).date()
        };
        if draft.milestone != "final_reminder"
            && let Some(earlier) = kept.iter().rposition(shares_day)
        {
            let earlier = kept.remove(earlier);
            let what = match &earlier.offset {
                Some(offset) => format!("the one at {offset}"),
                None if earlier.stands_for.is_empty() => "the one at once".to_owned(),
                None => "the late notice".to_owned(),
            };
            draft.because = format!("{}; stands for {what} of the same day", draft.because);
            let stands_for = earlier.tells.iter().map(|(offset, _)| offset.clone());
            draft.stands_for.splice(0..0, stands_for);
            draft.tells.splice(0..0, earlier.tells);
        }
        kept.push(draft);
    }
    kept
}
