//! The order of a policy's notices: from the earliest to the latest.
//!
//! How two entries lie depends on the start, the calendar and the clocks: `1w` and `5bd` are the same day in most weeks, and
//! either may come first. So an entry is out of order only if it can never lie before the one that follows it. Those that fall
//! on one day are one notice (rule 6 of planning).

use crate::offset::Offset;
use jiff::civil::{Time, date};
use jiff::{Span, ToSpan};

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

/// The longest time for which a place is reckoned to be closed at a stretch, besides weekends: a business day lies at most so much
/// further back than one in a calendar without holidays.
const LONGEST_CLOSURE_DAYS: i64 = 14;

/// By how much clocks are set forward or back: the most that any zone does.
const CLOCK_CHANGE: i64 = 2 * HOUR;

/// What an entry is counted in. Two of one kind are compared by their counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counted {
    AtOnce,
    BusinessDays(i64),
    Days(i64),
    Months(i64),
    Minutes(i64),
}

impl Counted {
    fn of(offset: Offset) -> Counted {
        match offset {
            Offset::AtOnce => Counted::AtOnce,
            Offset::BusinessDays(n) => Counted::BusinessDays(n.into()),
            Offset::Days(n) => Counted::Days(n.into()),
            Offset::Weeks(n) => Counted::Days(i64::from(n) * 7),
            Offset::Months(n) => Counted::Months(n.into()),
            Offset::Years(n) => Counted::Months(i64::from(n) * 12),
            Offset::Hours(n) => Counted::Minutes(i64::from(n) * HOUR),
            Offset::Minutes(n) => Counted::Minutes(n.into()),
        }
    }

    /// The least and the most days between the date of the start and the date that is counted to, before that is moved to a
    /// business day. None for what is no matter of dates.
    fn days(self) -> Option<(i64, i64)> {
        match self {
            Counted::AtOnce | Counted::Minutes(_) => None,
            Counted::Days(n) => Some((n, n)),
            Counted::Months(n) => Some(days_of_months(n)),
            // Without any weekend; with one of two days, beginning in its middle.
            Counted::BusinessDays(n) => Some((n, n + 2 * (n / 5 + 1))),
        }
    }

    /// The least and the most minutes before the start at which it may be due, `at` being the time of day of what is counted in days.
    fn minutes(self, at: Time) -> (i64, i64) {
        if let Counted::Minutes(n) = self {
            return (n, n);
        }
        let Some((least, most)) = self.days() else {
            return (i64::MIN, i64::MAX);
        };
        let at = i64::from(at.hour()) * HOUR + i64::from(at.minute());
        (
            least * DAY - at - CLOCK_CHANGE,
            (most + LONGEST_CLOSURE_DAYS + 1) * DAY - at + CLOCK_CHANGE,
        )
    }

    /// Whether there is a start for which this is due before `next`.
    fn may_precede(self, next: Counted, at: Time) -> bool {
        use Counted::{AtOnce, BusinessDays, Days, Minutes, Months};
        match (self, next) {
            (_, AtOnce) => false,
            (AtOnce, _) => true,
            (BusinessDays(a), BusinessDays(b))
            | (Days(a), Days(b))
            | (Months(a), Months(b))
            | (Minutes(a), Minutes(b)) => a > b,
            // Both are moved to the same calendar's business days, so only what they count to matters.
            (Days(_), Months(_)) | (Months(_), Days(_)) => {
                self.days().map(|(_, most)| most) > next.days().map(|(least, _)| least)
            }
            _ => self.minutes(at).1 > next.minutes(at).0,
        }
    }
}

/// The fewest and the most days in so many months, by trying every date of a leap cycle.
fn days_of_months(n: i64) -> (i64, i64) {
    let first = date(2024, 1, 1);
    let back = |start: jiff::civil::Date| {
        let landed = start.checked_sub(Span::new().try_months(n).unwrap_or_default());
        landed.map_or(0, |landed| start.duration_since(landed).as_hours() / 24)
    };
    let tried = first.series(1.day()).take(4 * 366).map(back);
    tried.fold((i64::MAX, 0), |(least, most), days| {
        (least.min(days), most.max(days))
    })
}

/// What is wrong with the order of a policy's notices, if anything. `at` is its time of day.
pub(super) fn out_of_order(before: &[Offset], at: Time) -> Option<String> {
    let never = |pair: &&[Offset]| !Counted::of(pair[0]).may_precede(Counted::of(pair[1]), at);
    before.windows(2).find(never).map(|pair| {
        format!(
            "must go from the earliest to the latest, but {} is never before {}",
            pair[0], pair[1]
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::time;

    fn problem(list: &str) -> Option<String> {
        let before: Vec<Offset> = list.split(' ').map(|o| Offset::parse(o).unwrap()).collect();
        out_of_order(&before, time(9, 0, 0, 0))
    }

    #[test]
    fn what_may_come_first_on_some_date_is_in_order() {
        for list in [
            "8w 4w 5bd 1bd 30min",
            "1y 6mo 3mo 1mo 5bd",
            "now 1bd 30min",
            // The same day in most weeks; the first is earlier for a start on a weekend, the second where a holiday is in the way.
            "1w 5bd",
            "5bd 1w",
            "2w 10bd",
            "1mo 30d",
            "1mo 4w",
            "1d 24h",
            "24h 1d",
            "2bd 36h",
            "1bd 12h 30min",
            // The Friday before a Monday after two weeks of closure.
            "1bd 2w",
        ] {
            assert_eq!(problem(list), None, "{list}");
        }
    }

    #[test]
    fn what_can_never_come_first_is_refused() {
        for (list, first, second) in [
            ("5bd 5bd", "5bd", "5bd"),
            ("1bd 5bd", "1bd", "5bd"),
            ("1w 7d", "1w", "7d"),
            ("12mo 1y", "12mo", "1y"),
            ("1mo 31d", "1mo", "31d"),
            ("4w 1mo", "4w", "1mo"),
            ("28d 1mo", "28d", "1mo"),
            ("60min 1h", "60min", "1h"),
            ("30min 1d", "30min", "1d"),
            ("1bd 4w", "1bd", "4w"),
            ("1h 5bd", "1h", "5bd"),
            ("5bd now", "5bd", "now"),
            ("1mo 5bd 1y", "5bd", "1y"),
        ] {
            let told = format!(
                "must go from the earliest to the latest, but {first} is never before {second}"
            );
            assert_eq!(problem(list), Some(told), "{list}");
        }
    }

    #[test]
    fn months_are_as_long_as_the_calendar_has_them() {
        assert_eq!(days_of_months(1), (28, 31));
        assert_eq!(days_of_months(12), (365, 366));
        assert_eq!(days_of_months(2), (59, 62));
    }
}
