//! Rules 1, 2 and 4 of planning as tables, and what no calendar may ever do.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Weekday, date};
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;

fn calendar(id: &str) -> BusinessCalendar {
    BusinessCalendar::of(HolidayCalendar::find(id).expect("a known calendar"))
}

#[track_caller]
fn assert_back(calendar: &BusinessCalendar, from: &str, n: u32, expected: &str) {
    let stepped = calendar.back(from.parse().unwrap(), n).unwrap();
    assert_eq!(
        stepped.date,
        expected.parse::<Date>().unwrap(),
        "{n} before {from}"
    );
}

#[test]
fn five_business_days_before_the_monday_after_thanksgiving() {
    let mut university = calendar("US");
    university.closed_days.insert(date(2026, 12, 24));
    let stepped = university.back(date(2026, 11, 30), 5).unwrap();
    assert_eq!(stepped.date, date(2026, 11, 20));
    assert_eq!(
        stepped.skipped,
        [
            (date(2026, 11, 29), Closed::Weekend),
            (date(2026, 11, 28), Closed::Weekend),
            (date(2026, 11, 26), Closed::Holiday("Thanksgiving Day")),
            (date(2026, 11, 22), Closed::Weekend),
            (date(2026, 11, 21), Closed::Weekend),
        ]
    );
    assert_back(&university, "2026-11-30", 1, "2026-11-27");
    assert_back(&university, "2026-12-28", 1, "2026-12-23"); // the 24th is closed, the 25th Christmas
}

#[test]
fn the_start_itself_never_counts() {
    let plain = BusinessCalendar::default();
    for start in ["2026-11-21", "2026-11-22", "2026-11-23"] {
        assert_back(&plain, start, 1, "2026-11-20"); // Saturday, Sunday, Monday
        assert_back(&plain, start, 0, start);
    }
    assert_eq!(
        plain.after(date(2026, 11, 21), 1).unwrap().date,
        date(2026, 11, 23)
    );
    assert_eq!(
        plain.after(date(2026, 11, 27), 2).unwrap().date,
        date(2026, 12, 1)
    );
}

#[test]
fn a_closed_date_moves_to_the_business_day_before_it() {
    let berlin = calendar("DE-BE");
    let open = berlin.at_or_before(date(2026, 3, 31)).unwrap();
    assert_eq!(
        open,
        Stepped {
            date: date(2026, 3, 31),
            skipped: vec![]
        }
    );
    let easter = berlin.at_or_before(date(2026, 4, 6)).unwrap();
    assert_eq!(easter.date, date(2026, 4, 2));
    assert_eq!(
        easter.skipped[0],
        (date(2026, 4, 6), Closed::Holiday("Easter Monday"))
    );
    assert_eq!(
        easter.skipped[3],
        (date(2026, 4, 3), Closed::Holiday("Good Friday"))
    );
}

#[test]
fn steps_over_month_ends_leap_days_and_years() {
    let plain = BusinessCalendar::default();
    assert_back(&plain, "2028-03-01", 1, "2028-02-29");
    assert_back(&plain, "2026-03-01", 1, "2026-02-27");
    assert_back(&plain, "2027-01-01", 1, "2026-12-31");
    assert_back(&calendar("GB-SCT"), "2027-01-05", 1, "2026-12-31"); // 1 and 4 January are holidays
}

#[test]
fn an_organisations_own_days_overrule_the_country() {
    let mut own = calendar("US");
    own.working_days
        .extend([date(2026, 11, 26), date(2026, 11, 28), date(2026, 11, 30)]);
    own.closed_days
        .extend([date(2026, 11, 30), date(2026, 12, 1)]);
    assert!(own.is_business_day(date(2026, 11, 26)));
    assert!(own.is_business_day(date(2026, 11, 28)));
    assert_eq!(own.why_closed(date(2026, 11, 30)), Some(Closed::ClosedDay)); // closed wins
    assert_eq!(own.why_closed(date(2026, 12, 1)), Some(Closed::ClosedDay));
    own.weekend = Some([Weekday::Friday].into_iter().collect());
    assert_eq!(own.why_closed(date(2026, 12, 4)), Some(Closed::Weekend));
    assert!(own.is_business_day(date(2026, 12, 6)));
}

#[test]
fn weekends_are_those_of_the_country_at_that_time() {
    let emirates = calendar("AE");
    assert_eq!(
        emirates.why_closed(date(2021, 11, 26)),
        Some(Closed::Weekend)
    ); // a Friday
    assert!(emirates.is_business_day(date(2021, 11, 28)));
    assert!(emirates.is_business_day(date(2022, 11, 25)));
    assert!(!calendar("MY-01").is_business_day(date(2024, 11, 22)));
    assert!(calendar("MY-01").is_business_day(date(2026, 11, 20)));
    assert!(!calendar("MY-02").is_business_day(date(2026, 11, 20)));
    assert!(calendar("MY-14").is_business_day(date(2026, 11, 20)));
}

#[test]
fn a_calendar_that_never_opens_is_an_error() {
    let never = BusinessCalendar {
        weekend: Some(Weekday::Monday.cycle_forward().take(7).collect()),
        ..BusinessCalendar::default()
    };
    let from = date(2026, 11, 22);
    assert_eq!(
        never.back(from, 1),
        Err(NoBusinessDay {
            from,
            to: date(2025, 11, 20)
        })
    );
    assert!(never.after(from, 1).is_err());
    assert!(never.at_or_before(from).is_err());
    assert_eq!(never.back(from, 0).unwrap().date, from);
    let plain = BusinessCalendar::default();
    assert!(plain.back(Date::MIN, 1).is_err());
    assert!(plain.after(Date::MAX, 1).is_err());
}

/// `{civil} [{zone}]: {kind} {at} {other}`, as people would check it.
fn reading(civil: &str, zone: &str) -> String {
    let zone = TimeZone::get(zone).expect("a known zone");
    let resolved = instant(civil.parse().unwrap(), &zone).unwrap();
    match resolved.reading {
        Reading::Unambiguous => format!("{}", resolved.at),
        Reading::Gap { other } => format!("gap {} not {other}", resolved.at),
        Reading::Fold { other } => format!("fold {} not {other}", resolved.at),
    }
}

#[test]
fn civil_times_that_do_not_exist_or_exist_twice() {
    for (civil, zone, expected) in [
        (
            "2026-11-30T22:00",
            "America/Los_Angeles",
            "2026-12-01T06:00:00Z",
        ),
        (
            "2026-03-08T01:59:59",
            "America/Los_Angeles",
            "2026-03-08T09:59:59Z",
        ),
        (
            "2026-03-08T02:00",
            "America/Los_Angeles",
            "gap 2026-03-08T10:00:00Z not 2026-03-08T10:00:00Z",
        ),
        (
            "2026-03-08T02:30",
            "America/Los_Angeles",
            "gap 2026-03-08T10:00:00Z not 2026-03-08T10:30:00Z",
        ),
        (
            "2026-03-08T03:00",
            "America/Los_Angeles",
            "2026-03-08T10:00:00Z",
        ),
        (
            "2026-11-01T01:30",
            "America/Los_Angeles",
            "fold 2026-11-01T08:30:00Z not 2026-11-01T09:30:00Z",
        ),
        (
            "2026-11-01T02:00",
            "America/Los_Angeles",
            "2026-11-01T10:00:00Z",
        ),
        (
            "2027-03-28T02:30",
            "Europe/Berlin",
            "gap 2027-03-28T01:00:00Z not 2027-03-28T01:30:00Z",
        ),
        (
            "2026-10-25T02:30",
            "Europe/Berlin",
            "fold 2026-10-25T00:30:00Z not 2026-10-25T01:30:00Z",
        ),
        (
            "2026-10-04T02:15",
            "Australia/Lord_Howe",
            "gap 2026-10-03T15:30:00Z not 2026-10-03T15:45:00Z",
        ),
        (
            "2027-04-04T01:45",
            "Australia/Lord_Howe",
            "fold 2027-04-03T14:45:00Z not 2027-04-03T15:15:00Z",
        ),
        (
            "2026-03-22T02:30",
            "Africa/Casablanca",
            "gap 2026-03-22T02:00:00Z not 2026-03-22T02:30:00Z",
        ),
        (
            "2026-02-15T02:30",
            "Africa/Casablanca",
            "fold 2026-02-15T01:30:00Z not 2026-02-15T02:30:00Z",
        ),
        (
            "2011-12-30T09:00",
            "Pacific/Apia",
            "gap 2011-12-30T10:00:00Z not 2011-12-30T19:00:00Z",
        ),
        ("2026-11-30T22:00", "Asia/Kathmandu", "2026-11-30T16:15:00Z"),
        ("2028-02-29T09:00", "UTC", "2028-02-29T09:00:00Z"),
    ] {
        assert_eq!(reading(civil, zone), expected, "{civil} [{zone}]");
    }
}

#[test]
fn the_edge_of_the_calendar_is_an_error() {
    let honolulu = TimeZone::get("Pacific/Honolulu").expect("a known zone");
    assert_eq!(
        instant(DateTime::MAX, &honolulu),
        Err(OutOfRange {
            civil: DateTime::MAX
        })
    );
    assert!(
        instant(
            DateTime::MIN,
            &TimeZone::get("Asia/Tokyo").expect("a known zone")
        )
        .is_err()
    );
}

fn any_id() -> impl Strategy<Value = &'static str> {
    let ids: Vec<_> = HolidayCalendar::known().map(|(id, _)| id).collect();
    prop::sample::select(ids)
}

proptest! {
    #[test]
    fn stepping_back_lands_on_a_business_day_with_n_of_them_before_the_start(
        id in any_id(), day in 0_i32..9_000, n in 1_u32..40,
    ) {
        let calendar = calendar(id);
        let from = date(2018, 1, 1) + day.days();
        let stepped = calendar.back(from, n).unwrap();
        prop_assert!(calendar.is_business_day(stepped.date));
        let between = stepped.date.series(1.day()).take_while(|day| *day < from);
        prop_assert_eq!(between.filter(|day| calendar.is_business_day(*day)).count(), n as usize);
        prop_assert!(stepped.skipped.iter().all(|(day, why)| calendar.why_closed(*day) == Some(*why)));
        prop_assert!(stepped.skipped.is_sorted_by(|a, b| a.0 > b.0));
    }

    #[test]
    fn going_forward_and_back_again_from_a_business_day_returns_to_it(
        id in any_id(), day in 0_i32..9_000, n in 0_u32..40,
    ) {
        let calendar = calendar(id);
        let from = calendar.at_or_before(date(2018, 1, 1) + day.days()).unwrap().date;
        let there = calendar.after(from, n).unwrap().date;
        prop_assert_eq!(calendar.back(there, n).unwrap().date, from);
    }

    #[test]
    fn a_gap_is_left_at_its_first_instant(zone in prop::sample::select(vec![
        "America/Los_Angeles", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca", "America/Santiago",
    ]), minute in 0_i64..10_512_000) {
        let zone = TimeZone::get(zone).expect("a known zone");
        let civil = date(2020, 1, 1).at(0, 0, 0, 0) + minute.minutes();
        let resolved = instant(civil, &zone).unwrap();
        let shown = zone.to_datetime(resolved.at);
        match resolved.reading {
            Reading::Unambiguous => prop_assert_eq!(shown, civil),
            Reading::Fold { other } => {
                prop_assert_eq!((shown, zone.to_datetime(other)), (civil, civil));
                prop_assert!(resolved.at < other);
            }
            Reading::Gap { other } => {
                prop_assert!(shown > civil && resolved.at <= other);
                prop_assert!(zone.to_datetime(resolved.at - 1.nanosecond()) < civil);
            }
        }
    }
}
