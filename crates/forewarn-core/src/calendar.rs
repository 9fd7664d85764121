//! Business days: which days count for an audience, and how to step over those that do not.
//!
//! Everything here works on civil dates, so the caller has already chosen the zone: "N business
//! days before the start" begins with the start's date *in the audience's zone*. [`civil`] is the
//! way back from a civil date and time to an instant; [`holidays`] knows the public holidays.

pub mod civil;
pub mod holidays;
pub mod ics;
pub mod recurrence;
pub mod shifts;
mod vtimezone;

use std::collections::BTreeSet;

use jiff::civil::Date;

pub use civil::{OutOfRange, Reading, Resolved, instant};
pub use holidays::{HolidayCalendar, UnknownCalendar, Weekend};
pub use recurrence::Rule;
pub use vtimezone::vtimezone;

/// The longest run of closed days that is walked through in search of a business day.
///
/// Longer than any real closure; it only has to end the search in a calendar that never opens.
const LONGEST_CLOSURE: u32 = 366;

/// The days on which an audience works: those that "business days" in a policy count.
///
/// The default is a plain Monday-to-Friday week without holidays.
#[derive(Clone, Debug, Default)]
pub struct BusinessCalendar {
    /// The public holidays of the audience's country or subdivision.
    pub holidays: Option<&'static HolidayCalendar>,
    /// The organisation's own closed days: never business days, whatever else is said of them.
    pub closed_days: BTreeSet<Date>,
    /// Days on which the organisation works although they are a weekend day or a holiday.
    pub working_days: BTreeSet<Date>,
    /// The days of the weekend, if not those of the country (without a country, Saturday and Sunday).
    pub weekend: Option<Weekend>,
}

/// Why a day is not a business day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// A day of the weekend. Said first: that a Sunday is a holiday too changes nothing for anyone.
    Weekend,
    /// A public holiday, with its name as people know it.
    Holiday(&'static str),
    /// One of the organisation's own closed days.
    ClosedDay,
}

/// Where a walk along the business days ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stepped {
    /// The day that was looked for.
    pub date: Date,
    /// The closed days passed over on the way, in the order of the walk, each with its reason.
    pub skipped: Vec<(Date, Closed)>,
}

/// The calendar has no business day where one was looked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no business day between {from} and {to}: every day is a weekend day, a holiday or a closed day"
)]
pub struct NoBusinessDay {
    /// The day at which the search began.
    pub from: Date,
    /// The last day that was looked at.
    pub to: Date,
}

impl BusinessCalendar {
    /// The calendar of a country or subdivision, with its weekend, and no closed days of an organisation.
    pub fn of(holidays: &'static HolidayCalendar) -> Self {
        Self {
            holidays: Some(holidays),
            ..Self::default()
        }
    }

    /// Whether `date` counts as a business day.
    pub fn is_business_day(&self, date: Date) -> bool {
        self.why_closed(date).is_none()
    }

    /// Why `date` is not a business day, or `None` if it is one.
    pub fn why_closed(&self, date: Date) -> Option<Closed> {
        if self.working_days.contains(&date) {
            return self
                .closed_days
                .contains(&date)
                .then_some(Closed::ClosedDay);
        }
        if self.weekend_on(date).contains(date.weekday()) {
            return Some(Closed::Weekend);
        }
        if let Some(name) = self.holidays.and_then(|holidays| holidays.holiday(date)) {
            return Some(Closed::Holiday(name));
        }
        self.closed_days
            .contains(&date)
            .then_some(Closed::ClosedDay)
    }

    /// The day `n` business days before `date`; `date` itself never counts, business day or not.
    ///
    /// So one business day before a Sunday is the Friday, and zero business days before any day is that day.
    ///
    /// # Errors
    ///
    /// [`NoBusinessDay`] if more than a year of closed days, or the end of the calendar, is in the way.
    pub fn back(&self, date: Date, n: u32) -> Result<Stepped, NoBusinessDay> {
        self.walk(date, n, Date::yesterday)
    }

    /// The day `n` business days after `date`; `date` itself never counts, business day or not.
    ///
    /// # Errors
    ///
    /// As [`BusinessCalendar::back`].
    pub fn after(&self, date: Date, n: u32) -> Result<Stepped, NoBusinessDay> {
        self.walk(date, n, Date::tomorrow)
    }

    /// `date` if it is a business day, else the last business day before it (never less notice).
    ///
    /// # Errors
    ///
    /// As [`BusinessCalendar::back`].
    pub fn at_or_before(&self, date: Date) -> Result<Stepped, NoBusinessDay> {
        let Some(why) = self.why_closed(date) else {
            return Ok(Stepped {
                date,
                skipped: Vec::new(),
            });
        };
        let mut stepped = self.back(date, 1)?;
        stepped.skipped.insert(0, (date, why));
        Ok(stepped)
    }

    fn weekend_on(&self, date: Date) -> Weekend {
        self.weekend
            .or_else(|| self.holidays.map(|holidays| holidays.weekend(date)))
            .unwrap_or_default()
    }

    fn walk(
        &self,
        from: Date,
        n: u32,
        next: fn(Date) -> Result<Date, jiff::Error>,
    ) -> Result<Stepped, NoBusinessDay> {
        let mut date = from;
        let mut skipped = Vec::new();
        let mut left = n;
        let mut closed_in_a_row = 0;
        while left > 0 {
            date = next(date).map_err(|_| NoBusinessDay { from, to: date })?;
            let Some(why) = self.why_closed(date) else {
                left -= 1;
                closed_in_a_row = 0;
                continue;
            };
            skipped.push((date, why));
            closed_in_a_row += 1;
            if closed_in_a_row > LONGEST_CLOSURE {
                return Err(NoBusinessDay { from, to: date });
            }
        }
        Ok(Stepped { date, skipped })
    }
}

#[cfg(test)]
mod tests;
