//! What is heard of: parts of the story that an audience asks for, what waits for the end of the work, and what must not be lost.

use super::*;

const STAGES: &str = "
organisation: {name: Example, time_zone: America/New_York, calendar: US}
services: [{id: database, name: Database, owner: dba@example.edu}]
audiences:
  - {id: first, name: F, level: non_technical, services: [database], routing: {stages: [announcement, completion]}}
  - {id: later, name: L, level: non_technical, services: [database], routing: {stages: [reminder, completion]}}
maintenance: {id: MNT-1, title: Work, policy: routine, services: [database], start: 2026-06-10T22:00, end: 2026-06-10T23:00}
";

/// Who hears what before the start, when, and what it stands for.
fn before(plan: &Plan) -> Vec<String> {
    let ahead = plan.notices.iter().filter(|n| !n.tells.is_empty());
    let shown = ahead.map(|n| {
        let clock = n.due_local.replace(":00-04:00[America/New_York]", "");
        let offset = n.offset.as_deref().unwrap_or("-");
        let stands_for = n.stands_for.join(" ");
        format!(
            "{clock} {} {} {offset} [{stands_for}]",
            n.audience, n.milestone
        )
    });
    shown.collect()
}

fn late(plan: &Plan) -> Vec<String> {
    let breaches = plan.breaches.iter();
    breaches
        .map(|b| format!("{} {} {}", b.audience, b.milestone, b.offset))
        .collect()
}

/// What an audience does not hear of stands for nothing that it does, and takes its place on no day.
#[test]
fn whoever_asks_for_parts_of_the_story_hears_each_of_them() {
    let case = case(STAGES);
    for (now, told, breaches) in [
        (
            "2026-06-01T12:00:00Z",
            vec![
                "2026-06-03T09:00 first announcement 5bd []",
                "2026-06-09T09:00 later reminder 1bd []",
            ],
            vec![],
        ),
        // The announcement is late on the day of the reminder, which is none of its readers' business.
        (
            "2026-06-09T12:00:00Z",
            vec![
                "2026-06-09T08:00 first announcement - [5bd]",
                "2026-06-09T09:00 later reminder 1bd []",
            ],
            vec!["first announcement 5bd"],
        ),
        // The reminder is late: it is told as rule 5 says, by the name of an announcement.
        (
            "2026-06-10T12:00:00Z",
            vec![
                "2026-06-10T08:00 first announcement - [5bd]",
                "2026-06-10T08:00 later announcement - [1bd]",
            ],
            vec!["first announcement 5bd", "later reminder 1bd"],
        ),
    ] {
        let plan = case.plan(now);
        assert_eq!(
            (before(&plan), late(&plan)),
            (
                told.iter().map(ToString::to_string).collect(),
                breaches.iter().map(ToString::to_string).collect()
            ),
            "{now}"
        );
    }
}

/// Work begins by the notice of the start.
#[test]
fn those_who_run_it_hear_of_the_start_where_nobody_else_does() {
    let starts = |case: &Case| {
        let plan = case.plan("2026-06-01T12:00:00Z");
        let starts = plan.notices.iter().filter(|n| n.milestone == "start");
        let starts = starts.map(|n| format!("{} {} {}", n.audience, n.due, n.because));
        starts.collect::<Vec<_>>()
    };
    let internal = ["internal 2026-06-11T02:00:00Z the start: no audience hears of it"];
    assert_eq!(starts(&case(STAGES)), internal);
    let decided = STAGES.replace(
        "policy: routine",
        "policy: routine, decision: {answers: {}}",
    );
    assert_eq!(starts(&case(&decided)), internal);
    let all = STAGES.replace(", routing: {stages: [reminder, completion]}", "");
    assert_eq!(
        starts(&case(&all)),
        ["later 2026-06-11T02:00:00Z the start"]
    );
    let mut begun = case(STAGES);
    let now: Timestamp = "2026-06-01T12:00:00Z".parse().unwrap();
    begun.maintenance = begun.maintenance.start(now).unwrap();
    assert_eq!(starts(&begun), Vec::<String>::new());
}

/// Nobody hears "after completion" of work that goes on.
#[test]
fn what_comes_after_completion_waits_for_it() {
    let text = STAGES
        .replace(
            "maintenance:",
            "policies: [{id: own, before: [1bd], hypercare: {for: 1w}}]\nmaintenance:",
        )
        .replace(
            "policy: routine",
            "policy: own, facts: {action: {what: Save., when: after}}",
        )
        .replace(", routing: {stages: [reminder, completion]}", "");
    let mut case = case(&text);
    let after = |case: &Case, now: &str| {
        let plan = case.plan(now);
        let after = plan.notices.into_iter().filter(|n| {
            n.audience == "later"
                && matches!(n.milestone.as_str(), "post_event_reminder" | "hypercare")
        });
        after
            .map(|n| (n.milestone, n.due.to_string(), n.held))
            .collect::<Vec<_>>()
    };
    let days = |days: [&str; 3], held| {
        let milestones = ["post_event_reminder", "hypercare", "hypercare"];
        let due = days.map(|day| format!("2026-06-{day}T13:00:00Z"));
        milestones
            .into_iter()
            .zip(due)
            .map(|(m, due)| (m.to_owned(), due, held))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        after(&case, "2026-06-01T12:00:00Z"),
        days(["11", "12", "16"], true)
    );
    let begin: Timestamp = "2026-06-11T02:00:00Z".parse().unwrap();
    case.maintenance = case.maintenance.start(begin).unwrap();
    assert_eq!(
        after(&case, "2026-06-11T02:00:00Z"),
        days(["11", "12", "16"], true)
    );
    // It takes a day longer than promised: what comes afterwards is expected later, and not lost.
    assert_eq!(
        after(&case, "2026-06-11T15:00:00Z"),
        days(["12", "15", "17"], true)
    );
    let done: Timestamp = "2026-06-11T20:00:00Z".parse().unwrap();
    case.maintenance = case.maintenance.complete(done).unwrap();
    assert_eq!(
        after(&case, "2026-06-11T20:00:00Z"),
        days(["12", "15", "17"], false)
    );
}

/// A policy is proposed where it tells people sooner, whatever the chosen one is called.
#[test]
fn a_longer_policy_is_proposed_only_where_it_is_longer() {
    for (own, chosen, is_proposed) in [
        ("", "routine", true),
        ("", "emergency", true),
        ("", "major", false),
        ("", "migration", false),
        ("{id: ours, before: [1y, 1mo]}", "ours", false),
        ("{id: ours, before: [8w]}", "ours", false),
        ("{id: ours, before: [7w]}", "ours", true),
        ("{id: ours, for: {event: maintenance}}", "ours", true),
    ] {
        let text = STAGES
            .replace("maintenance:", &format!("policies: [{own}]\nmaintenance:"))
            .replace(
                "policy: routine",
                &format!("policy: {chosen}, decision: {{answers: {{client_action: before}}}}"),
            );
        let plan = case(&text).plan("2026-01-01T12:00:00Z");
        let proposed = plan
            .warnings
            .iter()
            .any(|w| w.problem.contains("'major' is proposed"));
        assert_eq!(proposed, is_proposed, "{own} {chosen}: {:?}", plan.warnings);
    }
}

/// Which change is told again, where work is planned anew before everybody heard of it.
#[test]
fn a_change_that_waits_is_not_forgotten() {
    let waits = |milestone: &str, offset: Option<&str>| Stored {
        id: "n".into(),
        milestone: milestone.into(),
        offset: offset.map(str::to_owned),
        audience: "later".into(),
        due: Timestamp::UNIX_EPOCH,
        told: false,
        open: true,
    };
    let (ahead, under_way) = (Phase::Ahead, Phase::UnderWay(None));
    for (milestone, offset, phase, counter) in [
        ("delay", None, ahead, Some(0)),
        ("delay", Some("#3"), ahead, Some(2)),
        ("delay", None, under_way, None),
        ("reschedule", None, ahead, Some(0)),
        ("extension", Some("#2"), under_way, Some(1)),
        ("extension", None, Phase::Done(None), None),
        ("cancellation", None, Phase::Off, Some(0)),
        ("announcement", Some("#2"), ahead, Some(1)),
        ("announcement", Some("5bd"), ahead, None),
        ("announcement", None, ahead, None),
        ("reminder", Some("1bd"), ahead, None),
    ] {
        let stored = [waits(milestone, offset)];
        let found = untold_change(&stored, phase).map(|change| (change.milestone, change.counter));
        assert_eq!(
            found,
            counter.map(|n| (milestone, n)),
            "{milestone} {offset:?} {phase:?}"
        );
        let told = [Stored {
            told: true,
            open: false,
            ..waits(milestone, offset)
        }];
        assert_eq!(untold_change(&told, phase), None);
    }
}
