//! Golden plans: whole schedules as tables that a person can check against the rules, one file each under `snapshots`.

use super::*;
use crate::time::Zone;
use jiff::Zoned;

/// Two services and the audiences of one, in the place and by the calendar that a case is about.
fn set(organisation: &str, audiences: &str, rest: &str) -> Case {
    case(&format!(
        "organisation: {{name: Example, {organisation}}}\n\
         services: [{{id: database, name: Database}}, {{id: portal, name: Portal, depends_on: [database]}}]\n\
         audiences:\n{audiences}\n{rest}"
    ))
}

fn audience(id: &str, more: &str) -> String {
    format!("  - {{id: {id}, name: {id}, level: non_technical, services: [portal]{more}}}\n")
}

fn maintenance(policy: &str, start: &str, end: &str) -> String {
    work(policy, start, end, "")
}

fn work(policy: &str, start: &str, end: &str, more: &str) -> String {
    format!(
        "maintenance: {{id: MNT-1, title: Work, services: [database], policy: {policy}, start: '{start}', end: '{end}'{more}}}\n"
    )
}

fn berlin(policies: &str, start: &str, end: &str) -> Case {
    let policy = if policies.is_empty() {
        "routine"
    } else {
        "own"
    };
    set(
        "time_zone: Europe/Berlin, calendar: DE-BE",
        &audience("all", ""),
        &format!("{policies}\n{}", maintenance(policy, start, end)),
    )
}

fn los_angeles(policy: &str, start: &str, end: &str) -> Case {
    set(
        "time_zone: America/Los_Angeles, calendar: US, closed_days: [2026-12-24]",
        &audience("all", ""),
        &maintenance(policy, start, end),
    )
}

/// Columns as wide as their widest entry.
fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |n: usize| {
        rows.iter()
            .filter_map(|r: &Vec<String>| r.get(n).map(|c| c.chars().count()))
            .max()
    };
    let widths: Vec<usize> = (0..count).map(|n| width(n).unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

fn clock(at: &Zoned) -> String {
    let form = if at.second() == 0 {
        "%a %Y-%m-%d %H:%M %:z"
    } else {
        "%a %Y-%m-%d %H:%M:%S %:z"
    };
    at.strftime(form).to_string()
}

fn row(notice: &Notice) -> Vec<String> {
    let local: Zoned = notice.due_local.parse().unwrap();
    let zone = local.time_zone().iana_name().unwrap_or("UTC").to_owned();
    let held = if notice.held { "held: " } else { "" };
    vec![
        notice.audience.clone(),
        clock(&local),
        zone,
        notice.milestone.clone(),
        notice.offset.clone().unwrap_or_else(|| "-".into()),
        match notice.stands_for.is_empty() {
            true => "-".into(),
            false => notice.stands_for.join(" "),
        },
        format!("{held}{}", notice.because),
    ]
}

/// A plan as a table, with what is late and what to look at. Earliest starts stand on the event's own clocks.
fn shown(plan: &Plan, zone: &Zone) -> String {
    let at = |instant| clock(&zone.at(instant));
    let head = [
        "audience",
        "due local",
        "zone",
        "milestone",
        "offset",
        "stands for",
        "because",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(plan.notices.iter().map(row));
    let mut text = format!(
        "planned {}: {} to {}\n\n{}",
        at(plan.at),
        at(plan.window.start),
        at(plan.window.end.unwrap()),
        columns(&rows)
    );
    if let Some(Overridden { policy, reason }) = &plan.overridden {
        text.push_str(&format!("\npolicy {policy} overridden: {reason}"));
    }
    for b in &plan.breaches {
        text.push_str(&format!(
            "\nbreach: {} {} {} is {} s late; earliest start {}",
            b.audience,
            b.milestone,
            b.offset,
            b.late_by_seconds,
            at(b.earliest_compliant_start)
        ));
    }
    for w in &plan.warnings {
        text.push_str(&format!("\nwarning: {w}"));
    }
    text
}

impl Case {
    fn shown(&self, now: &str) -> String {
        shown(&self.plan(now), &self.maintenance.start.zone)
    }
}

macro_rules! golden {
    ($text:expr) => {
        insta::assert_snapshot!($text)
    };
}

#[test]
fn thanksgiving_and_a_window_over_midnight() {
    golden!(
        los_angeles("routine", "2026-11-30T22:00", "2026-12-01T02:00")
            .shown("2026-11-14T17:00:00Z")
    );
}

#[test]
fn an_observed_holiday_on_a_monday() {
    golden!(
        los_angeles("routine", "2027-07-06T10:00", "2027-07-06T11:00")
            .shown("2027-06-01T17:00:00Z")
    );
}

#[test]
fn an_observed_holiday_on_a_friday() {
    golden!(
        los_angeles("routine", "2026-07-06T10:00", "2026-07-06T11:00")
            .shown("2026-06-01T17:00:00Z")
    );
}

/// Thanksgiving and the Saturday after it are worked; the Friday a week before is not.
#[test]
fn working_days_and_closed_days_of_the_organisation() {
    let case = set(
        "time_zone: America/Los_Angeles, calendar: US, closed_days: [2026-11-20], working_days: [2026-11-26, 2026-11-28]",
        &audience("all", ""),
        &maintenance("routine", "2026-11-30T22:00", "2026-11-30T23:00"),
    );
    golden!(case.shown("2026-11-14T17:00:00Z"));
}

/// Golden Week in Japan, the early May holiday in England, Ascension Day in Germany, nothing in the United States.
#[test]
fn five_zones_and_their_calendars() {
    let audiences = [
        audience("america", ", time_zone: America/Los_Angeles, calendar: US"),
        audience("berlin", ", time_zone: Europe/Berlin, calendar: DE-BE"),
        audience("england", ", time_zone: Europe/London, calendar: GB-ENG"),
        audience("japan", ", time_zone: Asia/Tokyo, calendar: JP"),
        audience("nepal", ", time_zone: Asia/Kathmandu"),
    ];
    let case = set(
        "time_zone: Europe/Berlin, calendar: DE-BE",
        &audiences.concat(),
        &maintenance("routine", "2027-05-06T03:00", "2027-05-06T05:00"),
    );
    golden!(case.shown("2027-04-01T12:00:00Z"));
}

#[test]
fn a_start_that_does_not_exist() {
    golden!(berlin("", "2026-03-29T02:30", "2026-03-29T06:00").shown("2026-03-01T12:00:00Z"));
}

#[test]
fn a_start_that_exists_twice() {
    golden!(berlin("", "2026-10-25T02:30", "2026-10-25T06:00").shown("2026-10-01T12:00:00Z"));
}

#[test]
fn a_window_over_a_spring_clock_change() {
    golden!(berlin("", "2026-03-28T23:00", "2026-03-29T05:00").shown("2026-03-01T12:00:00Z"));
}

#[test]
fn a_window_over_an_autumn_clock_change() {
    golden!(berlin("", "2026-10-24T23:00", "2026-10-25T05:00").shown("2026-10-01T12:00:00Z"));
}

/// Elapsed hours are a stopwatch's, days are the calendar's: 24 hours before 10:00 is 11:00 or 09:00 on the other side.
#[test]
fn hours_and_days_over_a_clock_change() {
    let policy = "policies: [{id: own, before: [2d, 24h, 30min], at: '02:30', progress: []}]";
    let spring =
        berlin(policy, "2026-03-30T01:00", "2026-03-30T02:00").shown("2026-03-01T12:00:00Z");
    let autumn =
        berlin(policy, "2026-10-26T01:00", "2026-10-26T02:00").shown("2026-10-01T12:00:00Z");
    golden!(format!("{spring}\n\n{autumn}"));
}

#[test]
fn a_leap_day() {
    let policy = "policies: [{id: own, before: [1y, 6mo, 1mo, 4w, 1bd]}]";
    golden!(berlin(policy, "2028-02-29T10:00", "2028-02-29T11:00").shown("2027-01-01T12:00:00Z"));
}

#[test]
fn the_thirty_first_minus_months() {
    let policy = "policies: [{id: own, before: [4mo, 1mo, 1bd]}]";
    golden!(berlin(policy, "2027-03-31T10:00", "2027-03-31T11:00").shown("2026-10-01T12:00:00Z"));
}

#[test]
fn a_month_end_in_the_month_of_a_clock_change() {
    let policy = "policies: [{id: own, before: [1mo, 1w, 1bd]}]";
    let autumn =
        berlin(policy, "2026-10-31T10:00", "2026-10-31T11:00").shown("2026-09-01T12:00:00Z");
    let spring =
        berlin(policy, "2026-03-31T10:00", "2026-03-31T11:00").shown("2026-02-01T12:00:00Z");
    golden!(format!("{autumn}\n\n{spring}"));
}

#[test]
fn the_end_of_a_year_with_53_weeks() {
    let case = set(
        "time_zone: America/Los_Angeles, calendar: US, closed_days: [2026-12-24]",
        &audience("all", ""),
        &format!(
            "policies: [{{id: own, before: [53w, 1mo, 5bd, 1bd, 30min]}}]\n{}",
            maintenance("own", "2026-12-31T23:00", "2027-01-01T03:00")
        ),
    );
    golden!(case.shown("2025-12-01T12:00:00Z"));
}

#[test]
fn a_late_plan_collapses() {
    golden!(
        los_angeles("major", "2026-11-30T22:00", "2026-12-01T02:00").shown("2026-11-16T18:30:00Z")
    );
}

#[test]
fn planned_ten_minutes_before_the_start() {
    golden!(
        los_angeles("routine", "2026-11-30T22:00", "2026-12-01T02:00")
            .shown("2026-12-01T05:50:00Z")
    );
}

#[test]
fn planned_on_the_day_of_another_notice() {
    golden!(
        los_angeles("routine", "2026-11-30T22:00", "2026-12-01T02:00")
            .shown("2026-11-27T15:00:00Z")
    );
}

#[test]
fn two_offsets_on_one_day() {
    let policy = "policies: [{id: own, before: [2w, 9bd, 1d, 24h, 4h, 30min]}]";
    golden!(berlin(policy, "2026-05-20T18:00", "2026-05-20T19:00").shown("2026-05-01T12:00:00Z"));
}

#[test]
fn the_policy_major() {
    golden!(
        los_angeles("major", "2026-11-30T22:00", "2026-12-01T02:00").shown("2026-09-01T17:00:00Z")
    );
}

#[test]
fn the_policy_migration_with_hypercare() {
    golden!(
        los_angeles("migration", "2026-12-11T22:00", "2026-12-12T02:00")
            .shown("2026-09-01T17:00:00Z")
    );
}

#[test]
fn the_policy_end_of_life() {
    golden!(
        los_angeles("end_of_life", "2027-12-31T12:00", "2027-12-31T13:00")
            .shown("2026-11-14T17:00:00Z")
    );
}

/// Every half hour of three, and half of the window at the same time as one of them: one notice.
#[test]
fn a_policy_overridden_for_one_event() {
    let exception = ", override: {before: [2bd, 30min], at: '08:00', progress: [50%, every 30min], \
                     reason: The vendor gave two days of notice.}";
    let case = set(
        "time_zone: America/Los_Angeles, calendar: US",
        &audience("all", ""),
        &work("major", "2026-11-30T20:00", "2026-11-30T23:00", exception),
    );
    golden!(case.shown("2026-11-20T17:00:00Z"));
}

#[test]
fn progress_as_steps_are_done() {
    let steps = ", steps: [Copy, Check, Switch over], override: {progress: [steps, every 60min], reason: Three steps.}";
    let case = set(
        "time_zone: America/Los_Angeles, calendar: US",
        &audience("all", ""),
        &work("emergency", "2026-11-30T20:00", "2026-11-30T22:00", steps),
    );
    let mut story = Story::new(case, "2026-11-30T17:00:00Z");
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let begun = "2026-12-01T04:00:00Z";
    story.change("begun", "2026-12-01T04:00:01Z", None, |m| {
        m.start(at(begun)).unwrap()
    });
    for (n, done) in [
        (1, "2026-12-01T04:20:00Z"),
        (2, "2026-12-01T05:00:00Z"),
        (2, "2026-12-01T05:01:00Z"),
    ] {
        story.change("step done", done, None, |m| {
            m.step_done(n, at(done)).unwrap()
        });
    }
    story.extend("2026-12-01T05:45:00Z", 0, "2026-12-01T00:00");
    golden!(story.text);
}

#[test]
fn the_policy_emergency() {
    golden!(
        los_angeles("emergency", "2026-11-14T22:00", "2026-11-15T02:00")
            .shown("2026-11-15T05:00:00Z")
    );
}

#[test]
fn clients_who_must_act_afterwards_are_reminded() {
    let by_facts = ", facts: {action: {what: Sign in again., when: after}}";
    let by_decision = ", decision: {answers: {client_action: both}}";
    let plans = [by_facts, by_decision].map(|more| {
        set(
            "time_zone: America/Los_Angeles, calendar: US",
            &audience("all", ""),
            &work("major", "2026-11-24T22:00", "2026-11-25T02:00", more),
        )
        .shown("2026-09-14T17:00:00Z")
    });
    golden!(plans.join("\n\n"));
}

const LEADERSHIP: &str = ", decision: {answers: {interruption: 'yes', impact: high}}";

/// A case in which the leadership hears first; they use the portal themselves if `uses` says so.
fn led(uses: &str) -> Case {
    let leaders =
        format!("  - {{id: leadership, name: L, level: non_technical, services: [{uses}]}}\n");
    set(
        "time_zone: America/Los_Angeles, calendar: US",
        &(audience("all", "") + &leaders),
        &work(
            "routine",
            "2026-11-30T22:00",
            "2026-12-01T02:00",
            LEADERSHIP,
        )
        .replace("services: [database]", "services: [portal]"),
    )
}

#[test]
fn the_leadership_hears_first() {
    let in_time = led("database").shown("2026-11-14T17:00:00Z");
    let late = led("database").shown("2026-11-21T17:00:00Z");
    let uses_it = led("portal").shown("2026-11-14T17:00:00Z");
    let uses_it_late = led("portal").shown("2026-11-21T17:00:00Z");
    golden!([in_time, late, uses_it, uses_it_late].join("\n\n"));
}

/// The first announcement is out, others are to come: that is no reason to tell the leadership again. Decided after the
/// announcement, it hears at once.
#[test]
fn the_leadership_hears_once() {
    let elsewhere = audience("later", ", time_zone: Asia/Tokyo, calendar: JP");
    let leaders = "  - {id: leadership, name: L, level: non_technical, services: [database]}\n";
    let case = |decision| {
        set(
            "time_zone: America/Los_Angeles, calendar: US",
            &(audience("all", "") + &elsewhere + leaders),
            &work("own", "2026-11-30T22:00", "2026-11-30T23:00", decision)
                .replace(
                    "maintenance:",
                    "policies: [{id: own, before: [5bd]}]\nmaintenance:",
                )
                .replace("services: [database]", "services: [portal]"),
        )
    };
    let mut story = Story::new(case(LEADERSHIP), "2026-11-14T17:00:00Z");
    story.change(
        "planned again between the two",
        "2026-11-21T17:00:00Z",
        None,
        |m| m,
    );
    story.delay(
        "2026-11-22T17:00:00Z",
        ("delay", 0),
        "2026-12-01T22:00",
        "2026-12-01T23:00",
    );
    let mut decided = Story::new(case(""), "2026-11-14T17:00:00Z");
    let decision = case(LEADERSHIP).maintenance.decision;
    decided.change("decided late", "2026-11-28T17:00:00Z", None, |m| {
        Maintenance { decision, ..m }
    });
    golden!(story.text + "\n" + &decided.text);
}

#[test]
fn who_decided_that_nobody_is_told() {
    let case = set(
        "time_zone: America/Los_Angeles, calendar: US",
        &audience("all", ""),
        &work(
            "routine",
            "2026-11-30T22:00",
            "2026-12-01T02:00",
            ", decision: {answers: {}}",
        ),
    );
    golden!(case.shown("2026-11-14T17:00:00Z"));
}

/// A maintenance through its changes, as the store keeps it: what was due has gone out, unless it waits for something to happen.
struct Story {
    case: Case,
    notices: Vec<(Notice, Stored)>,
    told: Vec<Told>,
    text: String,
}

impl Story {
    fn new(case: Case, now: &str) -> Story {
        let mut story = Story {
            case,
            notices: Vec::new(),
            told: Vec::new(),
            text: String::new(),
        };
        story.change("planned", now, None, |m| m);
        story
    }

    fn change(
        &mut self,
        what: &str,
        now: &str,
        milestone: Option<(&str, u32)>,
        act: impl FnOnce(Maintenance) -> Maintenance,
    ) {
        let at: Timestamp = now.parse().unwrap();
        for (notice, stored) in &mut self.notices {
            if stored.open && !notice.held && stored.due < at {
                (stored.open, stored.told) = (false, true);
                self.told
                    .extend(notice.tells.iter().map(|(offset, nominal)| Told {
                        audience: notice.audience.clone(),
                        offset: offset.clone(),
                        nominal: *nominal,
                    }));
            }
        }
        self.case.maintenance = act(self.case.maintenance.clone());
        let change = milestone.map(|(milestone, counter)| Change { milestone, counter });
        let plan = self.case.plan_after(now, &self.told, change);
        let stored: Vec<Stored> = self
            .notices
            .iter()
            .map(|(_, stored)| stored.clone())
            .collect();
        let changes = changes_from(&plan, &stored);
        let zone = &self.case.maintenance.start.zone;
        let mut rows = Vec::new();
        for notice in &changes.add {
            rows.push([vec!["+".into()], row(notice)].concat());
        }
        for notice in &changes.update {
            let (old, stored) = self
                .notices
                .iter_mut()
                .find(|(n, _)| n.id == notice.id)
                .unwrap();
            if (old.due, &old.because, old.held) != (notice.due, &notice.because, notice.held) {
                rows.push([vec!["~".into()], row(notice)].concat());
            }
            stored.due = notice.due;
            *old = notice.clone();
        }
        let closed = changes
            .moved
            .iter()
            .map(|m| (&m.id, format!("moved to {}", clock(&zone.at(m.to)))));
        let closed = closed.chain(changes.withdrawn.iter().map(|id| (id, "withdrawn".into())));
        for (id, how) in closed {
            let (old, stored) = self.notices.iter_mut().find(|(n, _)| n.id == *id).unwrap();
            let mut shown = row(old);
            shown[6] = how;
            rows.push([vec!["-".into()], shown].concat());
            stored.open = false;
        }
        for notice in changes.add {
            let stored = super::stored(&notice, false);
            self.notices.push((notice, stored));
        }
        let (start, end) = (
            clock(&zone.at(plan.window.start)),
            clock(&zone.at(plan.window.end.unwrap())),
        );
        self.text.push_str(&format!(
            "== {what}, {}: {start} to {end}\n{}",
            clock(&zone.at(at)),
            columns(&rows)
        ));
        for b in &plan.breaches {
            self.text.push_str(&format!(
                "breach: {} {} {}\n",
                b.audience, b.milestone, b.offset
            ));
        }
    }

    fn time(&self, text: &str) -> CivilTime {
        CivilTime::parse(text, &self.case.catalogue.organisation.time_zone).unwrap()
    }

    fn delay(&mut self, now: &str, milestone: (&str, u32), start: &str, end: &str) {
        let (start, end) = (self.time(start), self.time(end));
        self.change(milestone.0, now, Some(milestone), |m| {
            m.delay(start, end).unwrap()
        });
    }

    fn extend(&mut self, now: &str, counter: u32, end: &str) {
        let end = self.time(end);
        self.change("extension", now, Some(("extension", counter)), |m| {
            m.extend(end).unwrap()
        });
    }
}

fn evening(policy: &str) -> Case {
    los_angeles(policy, "2026-11-30T20:00", "2026-11-30T22:00")
}

#[test]
fn a_delay_one_hour_before_the_start() {
    let mut story = Story::new(evening("routine"), "2026-11-14T17:00:00Z");
    story.delay(
        "2026-12-01T03:00:00Z",
        ("delay", 0),
        "2026-11-30T22:00",
        "2026-12-01T00:00",
    );
    golden!(story.text);
}

#[test]
fn postponed_by_two_months() {
    let mut story = Story::new(evening("routine"), "2026-11-14T17:00:00Z");
    story.delay(
        "2026-11-29T17:00:00Z",
        ("delay", 0),
        "2027-01-29T20:00",
        "2027-01-29T22:00",
    );
    golden!(story.text);
}

#[test]
fn brought_forward_and_back_again() {
    let mut story = Story::new(evening("routine"), "2026-11-14T17:00:00Z");
    story.delay(
        "2026-11-21T17:00:00Z",
        ("reschedule", 0),
        "2026-11-25T20:00",
        "2026-11-25T22:00",
    );
    story.delay(
        "2026-11-23T17:00:00Z",
        ("delay", 0),
        "2026-11-30T20:00",
        "2026-11-30T22:00",
    );
    golden!(story.text);
}

#[test]
fn extended_twice() {
    let mut story = Story::new(evening("routine"), "2026-11-14T17:00:00Z");
    let begun = "2026-12-01T04:00:00Z";
    story.change("begun", "2026-12-01T04:00:01Z", None, |m| {
        m.start(begun.parse().unwrap()).unwrap()
    });
    story.extend("2026-12-01T05:45:00Z", 0, "2026-12-01T00:00");
    story.extend("2026-12-01T07:50:00Z", 1, "2026-12-01T01:00");
    let done = "2026-12-01T08:30:00Z";
    story.change("completed", done, None, |m| {
        m.complete(done.parse().unwrap()).unwrap()
    });
    golden!(story.text);
}

#[test]
fn cancelled_before_the_start() {
    let mut story = Story::new(led("database"), "2026-11-14T17:00:00Z");
    let at = "2026-11-28T17:00:00Z";
    story.change("cancellation", at, Some(("cancellation", 0)), |m| {
        m.cancel(at.parse().unwrap()).unwrap()
    });
    golden!(story.text);
}
