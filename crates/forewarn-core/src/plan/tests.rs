use super::*;
use crate::audience::Audience;
use crate::document::Documents;

mod announcement;
mod copy;
mod golden;
mod heard;
mod promise;
mod properties;
mod reminders;

const DESIGN: &str = r#"
organisation: {name: Example University, time_zone: America/Los_Angeles, calendar: US, closed_days: [2026-12-24]}
services:
  - {id: database, name: Student database, owner: dba@example.edu, business_owner: registrar@example.edu,
     windows: [{rrule: "FREQ=WEEKLY;BYDAY=SU", start: "22:00", duration: PT4H}]}
  - {id: portal, name: Student portal, depends_on: [database]}
audiences:
  - {id: customers, name: Students, level: non_technical, channels: [email], services: [portal]}
  - {id: engineers, name: On-call engineers, level: technical, channels: [email, chat], services: [database], time_zone: Europe/Berlin, calendar: DE-BE}
maintenance:
  id: MNT-1
  title: Student database upgrade
  policy: routine
  services: [database]
  start: 2026-11-30T22:00
  end: 2026-12-01T02:00
"#;

struct Case {
    catalogue: Catalogue,
    maintenance: Maintenance,
    policy: Policy,
}

fn case(text: &str) -> Case {
    let documents =
        Documents::parse_yaml(&[("".into(), text.into())], &Catalogue::default(), "MNT-X").unwrap();
    let catalogue = documents.over(&Catalogue::default());
    let maintenance = documents.maintenance.unwrap();
    let policy = match &maintenance.policy {
        Some(id) => crate::policy::find(id.as_str(), &catalogue.policies)
            .unwrap()
            .clone(),
        None => crate::policy::for_maintenance(&maintenance.kind, &catalogue.policies).clone(),
    };
    Case {
        catalogue,
        maintenance,
        policy,
    }
}

impl Case {
    fn plan(&self, now: &str) -> Plan {
        self.plan_after(now, &[], None)
    }

    fn plan_after(&self, now: &str, told: &[Told], change: Option<Change<'_>>) -> Plan {
        self.plan_beside(&[], now, told, change)
    }

    fn plan_beside(
        &self,
        others: &[Maintenance],
        now: &str,
        told: &[Told],
        change: Option<Change<'_>>,
    ) -> Plan {
        plan(Input {
            planned: (&self.maintenance).into(),
            policy: &self.policy,
            catalogue: &self.catalogue,
            now: now.parse().unwrap(),
            told,
            others,
            change,
        })
    }
}

/// A plan as an aligned table: what a person would check by hand.
fn table(plan: &Plan) -> String {
    let mut text = String::new();
    for n in &plan.notices {
        text.push_str(&format!(
            "{:<42} {:<10} {:<14} {:<5} {}{}\n",
            n.due_local.replace(":00[", "["),
            n.audience,
            n.milestone,
            n.offset.as_deref().unwrap_or(""),
            if n.stands_for.is_empty() {
                String::new()
            } else {
                format!("[for {}] ", n.stands_for.join(" "))
            },
            n.because
        ));
    }
    for b in &plan.breaches {
        text.push_str(&format!(
            "BREACH {} {} {} late by {} s, earliest start {}\n",
            b.audience, b.milestone, b.offset, b.late_by_seconds, b.earliest_compliant_start
        ));
    }
    for w in &plan.warnings {
        text.push_str(&format!("WARNING {w}\n"));
    }
    text
}

#[test]
fn the_example_of_the_design_planned_late() {
    let plan = case(DESIGN).plan("2026-11-21T17:00:00Z");
    let customers: Vec<&Notice> = plan
        .notices
        .iter()
        .filter(|n| n.audience == "customers")
        .collect();
    let first = customers[0];
    assert_eq!(
        (first.milestone.as_str(), first.offset.as_deref()),
        ("announcement", None)
    );
    assert_eq!(first.stands_for, ["5bd"]);
    assert_eq!(
        first.due_local,
        "2026-11-21T09:00:00-08:00[America/Los_Angeles]"
    );
    assert_eq!(
        first.because,
        "late: 5 business days before the start was 20 November 09:00"
    );
    let second = customers[1];
    assert_eq!(
        (second.milestone.as_str(), second.offset.as_deref()),
        ("reminder", Some("1bd"))
    );
    assert_eq!(second.due.to_string(), "2026-11-27T17:00:00Z");
    assert_eq!(second.because, "1 business day before the start");
    let breach = plan
        .breaches
        .iter()
        .find(|b| b.audience == "customers")
        .unwrap();
    assert_eq!(
        (breach.offset.as_str(), breach.late_by_seconds),
        ("5bd", 86_400)
    );
    assert_eq!(
        breach.earliest_compliant_start.to_string(),
        "2026-12-02T06:00:00Z"
    );
    assert_eq!(
        plan.affected[1]
            .path
            .iter()
            .map(Id::as_str)
            .collect::<Vec<_>>(),
        ["database", "portal"]
    );
    assert_eq!(
        plan.affected[1].audiences,
        [Id::parse("customers").unwrap()]
    );
}

#[test]
fn the_example_of_the_design_planned_in_time() {
    insta::assert_snapshot!(table(&case(DESIGN).plan("2026-11-14T17:00:00Z")));
}

#[test]
fn everything_late_is_one_notice() {
    let plan = case(DESIGN).plan("2026-12-01T05:50:00Z");
    insta::assert_snapshot!(table(&plan));
}

#[test]
fn a_late_notice_gives_way_to_another_of_the_same_day() {
    // 08:00 on the day of the one-business-day reminder.
    let plan = case(DESIGN).plan("2026-11-27T16:00:00Z");
    let customers: Vec<&Notice> = plan
        .notices
        .iter()
        .filter(|n| n.audience == "customers")
        .collect();
    assert_eq!(customers[0].offset.as_deref(), Some("1bd"));
    assert_eq!(customers[0].stands_for, ["5bd"]);
    assert_eq!(
        plan.breaches
            .iter()
            .filter(|b| b.audience == "customers")
            .count(),
        1
    );
}

#[test]
fn planning_twice_changes_nothing() {
    let case = case(DESIGN);
    let plan = case.plan("2026-11-14T17:00:00Z");
    let stored: Vec<Stored> = plan.notices.iter().map(|n| stored(n, false)).collect();
    let again = changes_from(&case.plan("2026-11-15T17:00:00Z"), &stored);
    assert!(
        again.add.is_empty() && again.moved.is_empty() && again.withdrawn.is_empty(),
        "{again:?}"
    );
    assert_eq!(again.update.len(), stored.len());
}

fn stored(notice: &Notice, told: bool) -> Stored {
    Stored {
        id: notice.id.clone(),
        milestone: notice.milestone.clone(),
        offset: notice.offset.clone(),
        audience: notice.audience.clone(),
        due: notice.due,
        told,
        open: !told,
    }
}

/// One hour before the start the work is put off by two hours: one `delay`, the final reminder moves, nothing is said twice.
#[test]
fn a_delay_is_one_notice_and_moves_the_rest() {
    let mut case = case(DESIGN);
    let before = case.plan("2026-11-14T17:00:00Z");
    let now = "2026-12-01T05:00:00Z";
    let sent = |n: &Notice| n.due < now.parse().unwrap();
    let stored: Vec<Stored> = before
        .notices
        .iter()
        .map(|n| self::stored(n, sent(n)))
        .collect();
    let told: Vec<Told> = before
        .notices
        .iter()
        .filter(|n| sent(n))
        .flat_map(|n| {
            n.tells.iter().map(|(offset, nominal)| Told {
                audience: n.audience.clone(),
                offset: offset.clone(),
                nominal: *nominal,
            })
        })
        .collect();
    let zone = case.catalogue.organisation.time_zone.clone();
    case.maintenance = case
        .maintenance
        .delay(
            CivilTime::parse("2026-12-01T00:00", &zone).unwrap(),
            CivilTime::parse("2026-12-01T04:00", &zone).unwrap(),
        )
        .unwrap();
    let after = case.plan_after(
        now,
        &told,
        Some(Change {
            milestone: "delay",
            counter: 0,
        }),
    );
    let changes = changes_from(&after, &stored);
    let customers: Vec<String> = changes
        .add
        .iter()
        .filter(|n| n.audience == "customers" && n.due <= "2026-12-01T08:00:00Z".parse().unwrap())
        .map(|n| format!("{} {} {:?}", n.due, n.milestone, n.stands_for))
        .collect();
    // The start fell on another day, so five and one business days before it are other days, both past: the delay tells them.
    assert_eq!(
        customers,
        [
            "2026-12-01T05:00:00Z delay [\"5bd\", \"1bd\"]",
            "2026-12-01T07:30:00Z final_reminder []",
            "2026-12-01T08:00:00Z start []"
        ]
    );
    assert!(
        changes
            .moved
            .iter()
            .any(|m| m.to == "2026-12-01T07:30:00Z".parse().unwrap())
    );
}

#[test]
fn ten_thousand_audiences_are_planned_quickly_enough_to_wait_for() {
    let mut case = case(DESIGN);
    let template = case.catalogue.audiences[0].clone();
    for n in 0..10_000 {
        case.catalogue.audiences.push(Audience {
            id: Id::parse(&format!("a{n}")).unwrap(),
            ..template.clone()
        });
    }
    let plan = case.plan("2026-11-21T17:00:00Z");
    assert!(plan.notices.len() > 80_000);
}

#[test]
fn who_asked_is_told_at_the_end_and_only_then() {
    let text = DESIGN
        .replace("  services: [database]\n  start", "  services: [database]\n  requesters: [ann@example.edu]\n  cause: application\n  start")
        .replace("services: [portal]}", "services: [portal], routing: {stages: [announcement, completion]}}")
        .replace("calendar: DE-BE}", "calendar: DE-BE, routing: {causes: [infrastructure]}}");
    let mut case = case(&text);
    let who = |plan: &Plan| -> Vec<String> {
        let told = plan.notices.iter().filter(|n| n.audience != INTERNAL);
        told.map(|n| format!("{} {}", n.audience, n.milestone))
            .collect()
    };
    // The customers' routing admits two parts of the story, the engineers' asks for another cause.
    assert_eq!(
        who(&case.plan("2026-11-12T17:00:00Z")),
        [
            "customers announcement",
            "customers completion",
            "requesters completion"
        ]
    );
    let now = "2026-11-28T17:00:00Z".parse().unwrap();
    case.maintenance = case.maintenance.clone().cancel(now).unwrap();
    let change = Change {
        milestone: "cancellation",
        counter: 0,
    };
    let cancelled = case.plan_after("2026-11-28T17:00:00Z", &[], Some(change));
    assert_eq!(who(&cancelled), ["requesters cancellation"]);
}

#[test]
fn the_change_system_is_told_of_each_period_once() {
    let text = DESIGN
        .replace(
            "closed_days: [2026-12-24]}",
            "closed_days: [2026-12-24], change_system: {url: 'https://changes.example.edu/hook'}}",
        )
        .replace(
            "  policy: routine",
            "  change_request: {number: CHG-7}\n  policy: routine",
        );
    let mut case = case(&text);
    let told = |plan: &Plan| -> Vec<(String, String)> {
        let told = plan.notices.iter().filter(|n| n.audience == CHANGE_SYSTEM);
        told.map(|n| (n.milestone.clone(), n.id.clone())).collect()
    };
    let now = "2026-11-12T17:00:00Z";
    let first = told(&case.plan(now));
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].0, "planned_outage");
    assert_eq!(told(&case.plan("2026-11-13T17:00:00Z")), first);
    let zone = Zone::parse("America/Los_Angeles").unwrap();
    let at = |text| CivilTime::parse(text, &zone).unwrap();
    case.maintenance = case
        .maintenance
        .clone()
        .delay(at("2026-12-07T22:00"), at("2026-12-08T02:00"))
        .unwrap();
    let moved = told(&case.plan(now));
    assert_ne!(moved[0].1, first[0].1);
    case.maintenance = case
        .maintenance
        .clone()
        .cancel(now.parse().unwrap())
        .unwrap();
    let change = Change {
        milestone: "cancellation",
        counter: 0,
    };
    assert_eq!(
        told(&case.plan_after(now, &[], Some(change)))[0].0,
        "cancellation"
    );
    // Without a change request there is nobody to tell, and neither is there when no outage is expected.
    let none = super::tests::case(&text.replace("  change_request: {number: CHG-7}\n", ""));
    assert!(told(&none.plan(now)).is_empty());
    let quiet = text.replace(
        "  change_request:",
        "  decision: {answers: {visible_change: yes}}\n  change_request:",
    );
    assert!(told(&super::tests::case(&quiet).plan(now)).is_empty());
}

#[test]
fn whoever_was_told_hears_the_rest_though_the_catalogue_has_changed() {
    let mut case = case(DESIGN);
    case.catalogue
        .services
        .iter_mut()
        .for_each(|s| s.depends_on.clear());
    let heard = |plan: &Plan| -> Vec<String> {
        let told = plan.notices.iter().filter(|n| n.audience == "customers");
        told.map(|n| n.milestone.clone()).collect()
    };
    let now = "2026-11-28T17:00:00Z";
    assert!(heard(&case.plan(now)).is_empty());
    let told = [Told {
        audience: "customers".into(),
        offset: "5bd".into(),
        nominal: now.parse().unwrap(),
    }];
    let after = heard(&case.plan_after(now, &told, None));
    assert!(after.contains(&"completion".into()), "{after:?}");
    case.maintenance = case
        .maintenance
        .clone()
        .cancel(now.parse().unwrap())
        .unwrap();
    let change = Change {
        milestone: "cancellation",
        counter: 0,
    };
    let plan = plan(Input {
        planned: (&case.maintenance).into(),
        policy: &case.policy,
        catalogue: &case.catalogue,
        now: now.parse().unwrap(),
        told: &told,
        others: &[],
        change: Some(change),
    });
    assert_eq!(heard(&plan), ["cancellation"]);
}

#[test]
fn the_change_system_hears_that_work_nobody_agreed_to_is_called_off() {
    let text = DESIGN
        .replace(
            "closed_days: [2026-12-24]}",
            "closed_days: [2026-12-24], change_system: {url: 'https://changes.example.edu/hook'}}",
        )
        .replace(
            "  policy: routine",
            "  change_request: {number: CHG-7}\n  policy: routine",
        );
    let mut case = case(&text);
    let now = "2026-11-12T17:00:00Z";
    let waiting = case.maintenance.clone().awaiting_approval();
    case.maintenance = waiting.cancel(now.parse().unwrap()).unwrap();
    assert!(!case.maintenance.is_public());
    // Nobody else was told, so nothing is told to anybody else.
    let plan = case.plan(now);
    let told: Vec<_> = plan
        .notices
        .iter()
        .map(|n| (n.audience.as_str(), n.milestone.as_str()))
        .collect();
    assert_eq!(told, [(CHANGE_SYSTEM, "cancellation")]);
}

#[test]
fn those_whom_the_policy_names_are_cared_for_and_know_whom_to_call() {
    let own = "policies: [{id: moving, before: [5bd], hypercare: {for: 1w, every: 2bd, contact: 'The moving team, ext. 1234', audiences: [customers]}}]\nmaintenance:";
    let text = DESIGN
        .replace("\nmaintenance:", &format!("\n{own}"))
        .replace("policy: routine", "policy: moving");
    let case = case(&text);
    let plan = case.plan("2026-11-12T17:00:00Z");
    let cared: BTreeSet<&str> = plan
        .notices
        .iter()
        .filter(|n| n.milestone == "hypercare")
        .map(|n| n.audience.as_str())
        .collect();
    assert_eq!(cared, ["customers"].into());
    let event = crate::event::Event::Maintenance(case.maintenance);
    let says = |milestone: &str| {
        let occasion = crate::event::Occasion {
            milestone: milestone.into(),
            ..Default::default()
        };
        let content = event.content(
            &occasion,
            None,
            &case.catalogue,
            "https://x.example",
            "2026-12-03T17:00:00Z".parse().unwrap(),
        );
        content.facts.contact
    };
    assert_eq!(
        says("hypercare").as_deref(),
        Some("The moving team, ext. 1234")
    );
    assert_ne!(
        says("completion").as_deref(),
        Some("The moving team, ext. 1234")
    );
}

#[test]
fn a_policy_for_something_else_is_refused() {
    let text = DESIGN.replace("policy: routine", "policy: incident");
    let refused =
        Documents::parse_yaml(&[("".into(), text)], &Catalogue::default(), "MNT-X").unwrap_err();
    let problems: Vec<_> = refused.problems.iter().map(|p| p.field.as_str()).collect();
    assert_eq!(problems, ["maintenance.policy"], "{refused}");
}

/// The example with a blackout for everybody and one for a service that stands on the one worked on.
fn case_with_blackouts() -> Case {
    let closed = "closed_days: [2026-12-24], blackout: [
      {from: 2026-12-01, to: 2026-12-04, reason: Registration week, services: [portal]},
      {from: 2026-11-30, to: 2026-11-30, reason: Payroll},
      {from: 2026-12-02, to: 2026-12-31, reason: Close of the year}]";
    case(&DESIGN.replace("closed_days: [2026-12-24]", closed))
}

fn told_at_start(plan: &Plan) -> Vec<String> {
    let at_start = plan
        .warnings
        .iter()
        .filter(|w| w.field == "maintenance.start");
    at_start.map(|w| w.problem.clone()).collect()
}

#[test]
fn a_blackout_that_the_window_meets_is_named_also_by_way_of_dependents() {
    let mut case = case_with_blackouts();
    let met = [
        "lies in a blackout, in which no work is to be planned: Registration week (1 December 2026 to 4 December 2026)",
        "lies in a blackout, in which no work is to be planned: Payroll (30 November 2026)",
    ];
    let now = "2026-11-20T17:00:00Z";
    assert_eq!(told_at_start(&case.plan(now)), met);
    // Until midnight it is another day.
    let zone = Zone::parse("America/Los_Angeles").unwrap();
    case.maintenance.end = CivilTime::parse("2026-12-01T00:00", &zone).unwrap();
    assert_eq!(told_at_start(&case.plan(now)), met[1..]);
    // Nobody who uses the portal notices work on a service that it does not stand on.
    let mut other = case_with_blackouts();
    other.catalogue.services[1].depends_on.clear();
    assert_eq!(told_at_start(&other.plan(now)), met[1..]);
    other.maintenance = other
        .maintenance
        .clone()
        .cancel(now.parse().unwrap())
        .unwrap();
    assert_eq!(told_at_start(&other.plan(now)), Vec::<String>::new());
}

#[test]
fn a_blackout_is_read_with_every_problem_in_its_place() {
    let text = "organisation:
  name: X
  time_zone: UTC
  blackout:
    - {from: 2026-12-24, to: 2026-12-31, reason: Holidays, services: [portal, protal]}
services: [{id: portal, name: Portal}]
changes_ahead:
  - {id: a, title: A, kind: release, when: Q3 2027, services: [portall]}
  - {id: a, title: A, kind: release, when: 2027-Q3}
";
    let refused = |text: &str| {
        let documents = [("".to_owned(), text.to_owned())];
        let refused = Documents::parse_yaml(&documents, &Catalogue::default(), "MNT-1");
        refused.unwrap_err().to_string()
    };
    assert_eq!(
        refused(text).lines().collect::<Vec<_>>(),
        [
            "line 5, column 79: organisation.blackout[0].services[1]: unknown service 'protal'; did you mean 'portal'?",
            "line 8, column 64: changes_ahead[0].services[0]: unknown service 'portall'; did you mean 'portal'?",
            "line 9, column 10: changes_ahead[1].id: 'a' stands twice",
        ]
    );
    let wrong = "organisation: {name: X, time_zone: UTC, blackout: [{from: 2026-12-24, to: 2026-12-01, colour: red}]}
changes_ahead: [{id: b, title: B, kind: relase, when: soon, url: 'javascript:alert(1)', tittle: C}]
";
    let told = refused(wrong);
    for problem in [
        "organisation.blackout[0].reason: is missing",
        "organisation.blackout[0].to: lies before the first day",
        "organisation.blackout[0].colour: unknown field",
        "changes_ahead[0].kind: unknown kind 'relase'; did you mean 'release'?",
        "changes_ahead[0].when: must be a day such as",
        "changes_ahead[0].url: must be a web address",
        "changes_ahead[0].tittle: unknown field 'tittle'; did you mean 'title'?",
    ] {
        assert!(told.contains(problem), "{problem}: {told}");
    }
}

#[test]
fn other_open_work_at_the_same_time_is_named_with_what_both_have_in_common() {
    let case = case(DESIGN);
    let now = "2026-11-20T17:00:00Z";
    let zone = Zone::parse("America/Los_Angeles").unwrap();
    let other = |id: &str, services: &[&str], start: &str, end: &str| Maintenance {
        id: Id::parse(id).unwrap(),
        title: format!("Work {id}"),
        services: services.iter().map(|s| Id::parse(s).unwrap()).collect(),
        start: CivilTime::parse(start, &zone).unwrap(),
        end: CivilTime::parse(end, &zone).unwrap(),
        ..case.maintenance.clone()
    };
    let over = other("MNT-4", &["portal"], "2026-11-30T22:00", "2026-11-30T23:00");
    let others = [
        case.maintenance.clone(),
        other("MNT-2", &["portal"], "2026-12-01T01:00", "2026-12-01T03:00"),
        other("MNT-3", &["portal"], "2026-12-01T02:00", "2026-12-01T03:00"),
        over.cancel(now.parse().unwrap()).unwrap(),
        other(
            "MNT-5",
            &["elsewhere"],
            "2026-11-30T22:00",
            "2026-12-01T02:00",
        ),
    ];
    let plan = case.plan_beside(&others, now, &[], None);
    assert_eq!(
        told_at_start(&plan),
        [
            "overlaps with MNT-2 'Work MNT-2' (Tue 1 Dec 2026, 01:00 to Tue 1 Dec 2026, 03:00, America/Los_Angeles): both affect Student portal and are told to Students"
        ]
    );
    // Two services, one audience: for its members it is one bad night.
    let mut wide = case;
    wide.catalogue.services[1].depends_on.clear();
    let plan = {
        let mut audience = wide.catalogue.audiences[0].clone();
        audience.id = Id::parse("staff").unwrap();
        audience.name = "Staff".into();
        audience.services = crate::audience::Scope::All;
        wide.catalogue.audiences.push(audience);
        wide.plan_beside(&others[1..2], now, &[], None)
    };
    assert!(
        told_at_start(&plan)[0].ends_with(": both are told to Staff"),
        "{plan:?}"
    );
}

#[test]
fn a_reminder_before_the_announcement_is_pointed_out_where_the_calendar_makes_it_so() {
    let text = format!("{DESIGN}  override: {{before: [1w, 5bd, 30min], reason: Tried.}}\n");
    let plan = case(&text).plan("2026-11-16T17:00:00Z");
    let warned: Vec<String> = plan.warnings.iter().map(ToString::to_string).collect();
    // Thanksgiving lies between for one audience, and not for the other.
    assert_eq!(
        warned,
        [
            "policy.before: the reminder at 5bd falls on 20 November, before the announcement at 1w on 23 November, in \
             America/Los_Angeles: people hear of it by the reminder first"
        ]
    );
    let none = |text: &str, now: &str| {
        let plan = case(text).plan(now);
        assert_eq!(plan.warnings, [], "{text}");
    };
    // Not once the reminder is late anyway, nor where both are on one day, nor without a holiday between.
    none(&text, "2026-11-20T18:00:00Z");
    let later = text
        .replace("2026-11-30T22", "2026-12-14T22")
        .replace("2026-12-01T02", "2026-12-15T02");
    none(&later, "2026-11-16T17:00:00Z");
}
