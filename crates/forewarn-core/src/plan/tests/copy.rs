//! Texts that are due elsewhere: those who run the event hear of it a business day before.

use super::*;

/// The example of the design, with a newsletter that wants its text two business days ahead.
fn with_newsletter(more: &str) -> Case {
    let audience = format!(
        "audiences:\n  - {{id: newsletter, name: Campus Weekly, level: non_technical, services: [portal], external: {{copy_deadline: 2bd}}{more}}}"
    );
    case(&DESIGN.replace("audiences:", &audience))
}

fn reminders(plan: &Plan) -> Vec<String> {
    let ours = plan.notices.iter().filter(|n| n.milestone == COPY_DUE);
    ours.map(|n| {
        format!(
            "{} {}: {}; by {} ({})",
            n.due_local.replace(":00[America/Los_Angeles]", ""),
            n.audience,
            n.offset.as_deref().unwrap_or_default(),
            n.copy_due.unwrap(),
            n.because
        )
    })
    .collect()
}

fn told_by(plan: &Plan) -> Vec<Told> {
    let told = plan.notices.iter().flat_map(|n| {
        let tells = n.tells.iter();
        tells.map(|(offset, nominal)| Told {
            audience: n.audience.clone(),
            offset: offset.clone(),
            nominal: *nominal,
        })
    });
    told.collect()
}

#[test]
fn those_who_run_it_hear_a_business_day_before_a_text_is_due() {
    let case = with_newsletter("");
    assert_eq!(
        reminders(&case.plan("2026-11-16T17:00:00Z")),
        [
            "2026-11-17T09:00:00-08 internal: newsletter announcement 5bd; by 2026-11-18T17:00:00Z (1 business day before the text must be at 'newsletter')",
            "2026-11-23T09:00:00-08 internal: newsletter reminder 1bd; by 2026-11-24T17:00:00Z (1 business day before the text must be at 'newsletter')",
        ]
    );
    // Its time is past and the text's is not: at once.
    assert_eq!(
        reminders(&case.plan("2026-11-18T16:59:00Z"))[0],
        "2026-11-18T08:59:00-08 internal: newsletter announcement 5bd; by 2026-11-18T17:00:00Z (at once: the text must be at 'newsletter' soon)"
    );
    // The text is late: the plan warns, and there is nothing to remind of.
    let late = case.plan("2026-11-18T17:01:00Z");
    assert_eq!(reminders(&late).len(), 1);
    assert!(
        late.warnings
            .iter()
            .any(|w| w.field == "audiences[0].external.copy_deadline")
    );
}

#[test]
fn its_time_is_on_the_clocks_of_those_who_bring_it() {
    // Berlin's bulletin: due there at 09:00 on the 20th, which is midnight in Los Angeles.
    let berlin = with_newsletter(", time_zone: Europe/Berlin, calendar: DE-BE");
    let planned = reminders(&berlin.plan("2026-11-16T17:00:00Z"));
    assert!(
        planned[0].starts_with(
            "2026-11-19T09:00:00-08 internal: newsletter announcement 5bd; by 2026-11-20T08:00:00Z"
        ),
        "{planned:#?}"
    );
}

#[test]
fn it_moves_with_the_work_and_is_said_once_for_each_deadline() {
    let mut case = with_newsletter("");
    let first = case.plan("2026-11-16T17:00:00Z");
    let told: Vec<Told> = told_by(&first)
        .into_iter()
        .filter(|t| t.offset == "newsletter announcement 5bd")
        .collect();
    let again = case.plan_after("2026-11-17T18:00:00Z", &told, None);
    assert_eq!(reminders(&again).len(), 1);
    // The same window in a new revision: the text is due when it was.
    case.maintenance.revision = 2;
    let again = case.plan_after("2026-11-17T18:00:00Z", &told, None);
    assert_eq!(reminders(&again).len(), 1);
    // A week later: the text too.
    let later = with_later_start();
    let moved = later.plan_after("2026-11-17T18:00:00Z", &told, None);
    assert_eq!(
        reminders(&moved)[0],
        "2026-11-24T09:00:00-08 internal: newsletter announcement 5bd; by 2026-11-25T17:00:00Z (1 business day before the text must be at 'newsletter')"
    );
}

fn with_later_start() -> Case {
    let mut case = with_newsletter("");
    let later = |time: &CivilTime| {
        CivilTime::new(
            time.civil.saturating_add(jiff::Span::new().days(7)),
            time.zone.clone(),
        )
    };
    case.maintenance.start = later(&case.maintenance.start);
    case.maintenance.end = later(&case.maintenance.end);
    case.maintenance.revision = 2;
    case
}

#[test]
fn without_a_deadline_nobody_is_reminded() {
    let plan = case(DESIGN).plan("2026-11-16T17:00:00Z");
    assert!(
        plan.notices
            .iter()
            .all(|n| n.milestone != COPY_DUE && n.copy_due.is_none())
    );
    let mut off = with_newsletter("");
    off.maintenance = off
        .maintenance
        .cancel("2026-11-16T17:00:00Z".parse().unwrap())
        .unwrap();
    assert!(reminders(&off.plan("2026-11-16T17:00:00Z")).is_empty());
}
