//! What holds for every plan, whatever stands in the documents.

use super::*;
use crate::calendar::HolidayCalendar;
use crate::offset::Offset;
use crate::time::Zone;
use jiff::ToSpan;
use jiff::civil::date;
use proptest::prelude::*;
use std::collections::BTreeSet;

const ZONES: [&str; 8] = [
    "America/Los_Angeles",
    "America/St_Johns",
    "Europe/Berlin",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Kiritimati",
    "UTC",
];

const CALENDARS: [&str; 6] = ["US", "DE-BE", "GB", "JP", "AE", "IL"];

/// Policies of all units, in and out of the usual order.
const BEFORE: [&str; 9] = [
    "[5bd, 1bd, 30min]",
    "[8w, 4w, 5bd, 1bd, 30min]",
    "[3mo, 1mo, 5bd, 1bd, 30min]",
    "[1y, 6mo, 3mo, 1mo, 5bd]",
    "[1w, 5bd, 2bd, 36h, 1d, 24h, 45min, 15min]",
    "[2w, 10bd, 9bd, 1bd, 4h]",
    "[now, 1bd]",
    "[now]",
    "[30d, 1mo, 4w, 1d]",
];

const TIMES: [&str; 5] = ["00:00", "02:30", "09:00", "17:45", "23:59"];

#[derive(Clone, Debug)]
struct Drawn {
    zones: [usize; 3],
    calendars: [usize; 3],
    before: usize,
    at: usize,
    start: i64,
    length: i64,
    /// Minutes from the time of planning to the start; below zero when it is made afterwards.
    ahead: i64,
    closed: Vec<i64>,
    hypercare: bool,
    leadership: bool,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let places = (
        [0..ZONES.len(), 0..ZONES.len(), 0..ZONES.len()],
        [0..CALENDARS.len(), 0..CALENDARS.len(), 0..CALENDARS.len()],
    );
    // Minutes since 2021, to 2037; many of them in quarters of an hour.
    let start = prop_oneof![0..8_400_000i64, (0..560_000i64).prop_map(|n| n * 15)];
    let ahead = prop_oneof![
        3 => -3_000..20_000i64,
        1 => 0..700_000i64,
        // Exactly on a notice of the default policies.
        1 => prop_oneof![Just(30i64), Just(0), Just(24 * 60)],
    ];
    let policy = (0..BEFORE.len(), 0..TIMES.len());
    let rest = (
        1..3_000i64,
        prop::collection::vec(-40..10i64, 0..6),
        any::<bool>(),
        any::<bool>(),
    );
    (places, policy, start, ahead, rest).prop_map(
        |(
            (zones, calendars),
            (before, at),
            start,
            ahead,
            (length, closed, hypercare, leadership),
        )| Drawn {
            zones,
            calendars,
            before,
            at,
            start,
            length,
            ahead,
            closed,
            hypercare,
            leadership,
        },
    )
}

impl Drawn {
    fn start(&self) -> Timestamp {
        "2021-01-01T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(self.start)
    }

    fn now(&self) -> Timestamp {
        self.start() - SignedDuration::from_mins(self.ahead)
    }

    fn case(&self) -> Case {
        let start = self.start();
        let end = start + SignedDuration::from_mins(self.length);
        let day = start.to_zoned(jiff::tz::TimeZone::UTC).date();
        let closed: BTreeSet<String> = self
            .closed
            .iter()
            .map(|n| (day + n.days()).to_string())
            .collect();
        let closed: Vec<String> = closed.into_iter().collect();
        let place = |n: usize| {
            let (zone, calendar) = (ZONES[self.zones[n]], CALENDARS[self.calendars[n]]);
            format!("time_zone: {zone}, calendar: {calendar}")
        };
        let hypercare = if self.hypercare {
            ", hypercare: {for: 2w}"
        } else {
            ""
        };
        let decision = match self.leadership {
            true => ", decision: {answers: {client_action: after, impact: high}}",
            false => "",
        };
        case(&format!(
            "organisation: {{name: X, {}, closed_days: [{}]}}\n\
             services: [{{id: s, name: S}}]\n\
             audiences:\n\
             - {{id: one, name: A, level: technical, services: [s], {}}}\n\
             - {{id: two, name: A, level: technical, services: [s], {}}}\n\
             - {{id: leadership, name: A, level: technical}}\n\
             policies: [{{id: own, before: {}, at: '{}'{hypercare}}}]\n\
             maintenance: {{id: MNT-1, title: W, services: [s], policy: own, start: '{start}', end: '{end}'{decision}}}\n",
            place(0),
            closed.join(", "),
            place(1),
            place(2),
            BEFORE[self.before],
            TIMES[self.at],
        ))
    }
}

fn planned(drawn: &Drawn) -> (Case, Plan) {
    let case = drawn.case();
    let plan = case.plan(&drawn.now().to_string());
    (case, plan)
}

fn is_pre_start(notice: &Notice) -> bool {
    matches!(
        notice.milestone.as_str(),
        "announcement" | "reminder" | "final_reminder"
    )
}

fn zone_of(case: &Case, audience: &str) -> Zone {
    let of = case.catalogue.audiences.iter().find(|a| a.id == *audience);
    of.and_then(|a| a.time_zone.clone())
        .unwrap_or(case.catalogue.organisation.time_zone.clone())
}

/// The last time at which the policy lets an audience be told, by the rules' own words and without the planner's code.
fn latest(case: &Case, plan: &Plan, audience: &str, offset: Offset) -> Timestamp {
    let elapsed = match offset {
        Offset::AtOnce => return plan.at,
        Offset::Minutes(n) => Some(n),
        Offset::Hours(n) => Some(n * 60),
        _ => None,
    };
    if let Some(minutes) = elapsed {
        return plan.window.start - SignedDuration::from_mins(minutes.into());
    }
    let zone = zone_of(case, audience);
    let of = case
        .catalogue
        .audiences
        .iter()
        .find(|a| a.id == *audience)
        .unwrap();
    let calendar = of
        .calendar
        .as_deref()
        .or(case.catalogue.organisation.calendar.as_deref());
    let holidays = HolidayCalendar::find(calendar.unwrap()).unwrap();
    let works = |day: Date| {
        !holidays.weekend(day).contains(day.weekday())
            && holidays.holiday(day).is_none()
            && !case.catalogue.organisation.closed_days.contains(&day)
    };
    let mut day = zone.at(plan.window.start).date();
    if let Offset::BusinessDays(n) = offset {
        for _ in 0..n {
            day = day.yesterday().unwrap();
            while !works(day) {
                day = day.yesterday().unwrap();
            }
        }
    } else {
        day = unrolled(day, offset);
        while !works(day) {
            day = day.yesterday().unwrap();
        }
    }
    CivilTime::new(day.to_datetime(case.policy.at), zone).instant()
}

/// The civil date that a calendar unit counts to.
fn unrolled(day: Date, offset: Offset) -> Date {
    match offset {
        Offset::Days(n) => day - i64::from(n).days(),
        Offset::Weeks(n) => day - i64::from(n).weeks(),
        Offset::Months(n) => day - i64::from(n).months(),
        Offset::Years(n) => day - i64::from(n).years(),
        _ => day,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_is_the_same_every_time_and_in_order(drawn in drawn()) {
        let (case, plan) = planned(&drawn);
        let bytes = |plan: &Plan| serde_json::to_vec(plan).unwrap();
        prop_assert_eq!(bytes(&plan), bytes(&drawn.case().plan(&drawn.now().to_string())));
        // The order in which audiences are written is nothing to the notices.
        let mut turned = case;
        turned.catalogue.audiences.reverse();
        prop_assert_eq!(&turned.plan(&drawn.now().to_string()).notices, &plan.notices);
        let order = |n: &Notice| (n.due, n.audience.clone(), n.milestone.clone());
        prop_assert!(plan.notices.is_sorted_by_key(order));
        let ids: BTreeSet<&str> = plan.notices.iter().map(|n| n.id.as_str()).collect();
        prop_assert_eq!(ids.len(), plan.notices.len());
        for n in &plan.notices {
            prop_assert!(n.due >= plan.at, "due before now: {:?}", n);
            prop_assert!(!n.because.is_empty());
        }
    }

    #[test]
    fn planning_again_changes_nothing(drawn in drawn(), later in 0..3_000i64) {
        let (case, plan) = planned(&drawn);
        let mut stored: Vec<Stored> = plan.notices.iter().map(|n| stored(n, false)).collect();
        // At the same moment not even a reason differs.
        let same = changes_from(&case.plan(&drawn.now().to_string()), &stored);
        prop_assert_eq!((&same.add, &same.moved, &same.withdrawn), (&vec![], &vec![], &vec![]));
        prop_assert_eq!(&same.update, &plan.notices);
        // Later, what was due has gone out: nobody is told a second time, and nothing is lost. Work begins and ends by people.
        let now = plan.at + SignedDuration::from_mins(later);
        let mut told = Vec::new();
        for (notice, stored) in plan.notices.iter().zip(&mut stored) {
            if notice.due <= now && !notice.held {
                (stored.told, stored.open) = (true, false);
                told.extend(notice.tells.iter().map(|(offset, nominal)| Told {
                    audience: notice.audience.clone(),
                    offset: offset.clone(),
                    nominal: *nominal,
                }));
            }
        }
        let again = changes_from(&case.plan_after(&now.to_string(), &told, None), &stored);
        // What waits for the end of work that goes on for longer follows it.
        let waits = |milestone: &str| ["hypercare", "post_event_reminder"].contains(&milestone);
        let held: BTreeSet<&String> = plan.notices.iter().filter(|n| n.held && waits(&n.milestone)).map(|n| &n.id).collect();
        let added: Vec<_> = again.add.iter().filter(|n| !(n.held && waits(&n.milestone))).collect();
        let moved: Vec<_> = again.moved.iter().filter(|m| !held.contains(&m.id)).collect();
        let withdrawn: Vec<_> = again.withdrawn.iter().filter(|id| !held.contains(id)).collect();
        prop_assert_eq!((added, moved, withdrawn), (vec![], vec![], vec![]));
        let ends = drawn.start() + SignedDuration::from_mins(drawn.length);
        if now <= ends {
            prop_assert_eq!((&again.add, &again.moved, &again.withdrawn), (&vec![], &vec![], &vec![]));
        }
    }

    #[test]
    fn nobody_hears_later_than_the_policy_says_without_a_breach(drawn in drawn()) {
        let (case, plan) = planned(&drawn);
        for audience in ["one", "two", "leadership"] {
            let zone = zone_of(&case, audience);
            for (place, &offset) in case.policy.before.iter().enumerate() {
                let latest = latest(&case, &plan, audience, offset);
                let text = offset.to_string();
                let mut all = plan.notices.iter().filter(|n| n.audience == audience && is_pre_start(n));
                let tells = |n: &Notice| {
                    n.offset.as_deref() == Some(&text)
                        || n.stands_for.contains(&text)
                        || (offset == Offset::AtOnce && place == 0 && n.due == plan.at)
                };
                let told = all.find(|n| tells(n));
                prop_assert!(told.is_some(), "{audience} is never told {text}: {plan:#?}");
                let told = told.unwrap();
                let breach = plan.breaches.iter().find(|b| b.audience == audience && b.offset == text);
                if latest < plan.at {
                    prop_assert!(breach.is_some(), "{audience} {text} is late and no breach");
                    let breach = breach.unwrap();
                    prop_assert_eq!(breach.late_by_seconds, plan.at.duration_since(latest).as_secs());
                    // The start that is offered honours it, and the day before would not.
                    let start = &case.maintenance.start;
                    let offered = breach.earliest_compliant_start;
                    let mut moved = Plan { window: Window { start: offered, ..plan.window.clone() }, ..plan.clone() };
                    prop_assert!(self::latest(&case, &moved, audience, offset) >= plan.at);
                    let days = offered.duration_since(plan.window.start).as_hours() / 24;
                    if days > 1 {
                        let civil = start.civil + (days - 1).days();
                        moved.window.start = CivilTime::new(civil, start.zone.clone()).instant();
                        prop_assert!(self::latest(&case, &moved, audience, offset) < plan.at);
                    }
                } else {
                    prop_assert!(breach.is_none(), "a breach that is none: {breach:?}");
                    // At its time, or by another of the same day (rule 6).
                    let same_day = zone.at(told.due).date() == zone.at(latest).date();
                    prop_assert!(told.due <= latest || same_day, "{text} {latest} {told:?}");
                }
            }
        }
    }

    #[test]
    fn a_day_has_one_notice_before_the_start(drawn in drawn()) {
        let (case, plan) = planned(&drawn);
        let mut days = BTreeSet::new();
        for n in plan.notices.iter().filter(|n| matches!(n.milestone.as_str(), "announcement" | "reminder" | "leadership")) {
            let day = zone_of(&case, &n.audience).at(n.due).date();
            prop_assert!(days.insert((n.audience.clone(), day)), "two on {day}: {plan:#?}");
        }
    }

    #[test]
    fn what_is_moved_to_a_business_day_comes_earlier(drawn in drawn(), n in 1..14u32, unit in 0..4usize) {
        let mut case = drawn.case();
        let offset = [Offset::Days(n), Offset::Weeks(n), Offset::Months(n), Offset::Years(n % 3 + 1)][unit];
        case.policy.before = vec![offset];
        let start = drawn.start();
        let plan = case.plan(&(start - SignedDuration::from_hours(24 * 1_200)).to_string());
        for audience in ["one", "two"] {
            let zone = zone_of(&case, audience);
            let counted = unrolled(zone.at(start).date(), offset);
            let on_the_day = CivilTime::new(counted.to_datetime(case.policy.at), zone).instant();
            let notice = plan.notices.iter().find(|n| n.audience == audience && is_pre_start(n)).unwrap();
            prop_assert!(notice.due <= on_the_day, "{offset} {on_the_day} {notice:?}");
        }
    }
}

/// Outside the years whose holidays are known weekends alone count, and the plan says so.
#[test]
fn years_without_known_holidays_are_pointed_at() {
    let mut case = case(DESIGN);
    let civil = date(2045, 11, 30).at(22, 0, 0, 0);
    let zone = case.catalogue.organisation.time_zone.clone();
    case.maintenance.start = CivilTime::new(civil, zone.clone());
    case.maintenance.end = CivilTime::new(civil + 4.hours(), zone);
    let warnings: Vec<String> = case
        .plan("2045-11-01T00:00:00Z")
        .warnings
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        warnings,
        [
            "maintenance.start: the public holidays of US in 2045 are not known: business days are counted without them",
            "maintenance.start: the public holidays of DE-BE in 2045 are not known: business days are counted without them",
        ]
    );
}

/// A policy that tells at once and again one business day before, planned on that business day.
fn at_once() -> Case {
    let policy = "policies: [{id: own, before: [now, 1bd]}]\nmaintenance:";
    case(
        &DESIGN
            .replace("maintenance:", policy)
            .replace("policy: routine", "policy: own"),
    )
}

fn of_customers(plan: &Plan) -> Vec<String> {
    let theirs = plan
        .notices
        .iter()
        .filter(|n| n.audience == "customers" && is_pre_start(n));
    let shown = |n: &Notice| {
        format!(
            "{} {} {:?}: {}",
            n.due, n.milestone, n.stands_for, n.because
        )
    };
    theirs.map(shown).collect()
}

#[test]
fn one_at_once_and_a_reminder_of_the_same_day_are_one() {
    assert_eq!(
        of_customers(&at_once().plan("2026-11-27T16:00:00Z")),
        [
            "2026-11-27T17:00:00Z reminder [\"now\"]: 1 business day before the start; stands for the one at once of the same day"
        ]
    );
}

#[test]
fn what_is_due_at_once_is_told_once() {
    let case = at_once();
    let first = case.plan("2026-11-27T16:00:00Z");
    let reminder = first
        .notices
        .iter()
        .find(|n| n.audience == "customers")
        .unwrap();
    let told: Vec<Told> = reminder
        .tells
        .iter()
        .map(|(offset, nominal)| Told {
            audience: "customers".into(),
            offset: offset.clone(),
            nominal: *nominal,
        })
        .collect();
    let later = case.plan_after("2026-11-29T16:00:00Z", &told, None);
    assert_eq!(of_customers(&later), Vec::<String>::new());
}
