use super::*;
use crate::document::parse_yaml;

fn read(text: &str) -> Result<Answers, Vec<String>> {
    let nodes = parse_yaml(text).unwrap();
    let mut problems = Problems::default();
    let answers = Answers::read(&nodes[0], "", &mut problems);
    match problems.0.is_empty() {
        true => Ok(answers.unwrap()),
        false => Err(problems.0.iter().map(ToString::to_string).collect()),
    }
}

fn every_combination() -> Vec<Answers> {
    let mut all = Vec::new();
    for &client_action in ClientAction::ALL {
        for &interruption in Interruption::ALL {
            for &window in InWindow::ALL {
                for &impact in Gravity::ALL {
                    for bits in 0..8u8 {
                        for count in [None, Some(1_000), Some(1_001)] {
                            for identifiable in [None, Some(true), Some(false)] {
                                all.push(Answers {
                                    client_action,
                                    clients_already_know: bits & 1 > 0,
                                    interruption,
                                    window,
                                    impact,
                                    visible_change: bits & 2 > 0,
                                    dependents: u64::from(bits & 4),
                                    audience: Clients {
                                        count,
                                        identifiable,
                                    },
                                });
                            }
                        }
                    }
                }
            }
        }
    }
    all
}

/// The table of the planning page once more, each rule as a condition of its own.
fn by_the_table(a: &Answers) -> (Verdict, Vec<&'static str>) {
    let acts = a.client_action != ClientAction::None;
    let breaks = a.interruption != Interruption::No;
    let standard = a.window == InWindow::Standard;
    let table = [
        (
            "client-action",
            acts && !a.clients_already_know,
            Verdict::Required,
        ),
        (
            "client-action-known",
            acts && a.clients_already_know,
            Verdict::Recommended,
        ),
        (
            "outage-standard",
            breaks && standard,
            [Verdict::Optional, Verdict::Recommended, Verdict::Required][a.impact as usize],
        ),
        (
            "outage-outside",
            breaks && !standard,
            [Verdict::Recommended, Verdict::Required, Verdict::Required][a.impact as usize],
        ),
        ("visible-change", a.visible_change, Verdict::Recommended),
        (
            "dependents",
            a.dependents > 0 && breaks,
            Verdict::Recommended,
        ),
    ];
    let fired: Vec<_> = table.iter().filter(|(_, fires, _)| *fires).collect();
    let verdict = fired
        .iter()
        .map(|(_, _, v)| *v)
        .max()
        .unwrap_or(Verdict::NotNeeded);
    let mut rules: Vec<&str> = fired.iter().map(|(rule, _, _)| *rule).collect();
    let told = verdict >= Verdict::Recommended;
    if told
        && (a.impact == Gravity::High
            || verdict == Verdict::Required && a.audience.count > Some(1_000))
    {
        rules.push("leadership");
    }
    if told && a.audience.identifiable == Some(false) {
        rules.push("broad-reach");
    }
    if rules.is_empty() {
        rules.push("none");
    }
    (verdict, rules)
}

#[test]
fn every_combination_of_answers_has_one_reasoned_outcome() {
    let all = every_combination();
    assert_eq!(all.len(), 4 * 3 * 2 * 3 * 8 * 9);
    for answers in all {
        let decision = decide(&answers);
        let (verdict, rules) = by_the_table(&answers);
        let fired: Vec<&str> = decision.rules.iter().map(|f| f.rule).collect();
        assert_eq!((decision.verdict, fired), (verdict, rules), "{answers:?}");
        assert!(
            decision.rules.iter().all(|f| f.because.len() > 20),
            "{answers:?}"
        );
        assert_eq!(
            decision.planned_outage,
            answers.interruption != Interruption::No
        );
        assert_eq!(
            decision.notices.contains(&"reminder"),
            verdict == Verdict::Required && decision.rules[0].rule == "client-action"
        );
        assert_eq!(
            decision.policy.is_some(),
            matches!(
                answers.client_action,
                ClientAction::Before | ClientAction::Both
            )
        );
    }
}

/// W12: neither the length nor the hour of an interruption lowers a verdict.
#[test]
fn one_that_may_happen_counts_as_one_that_will() {
    for answers in every_combination() {
        if answers.interruption == Interruption::Maybe {
            let certain = Answers {
                interruption: Interruption::Yes,
                ..answers
            };
            assert_eq!(decide(&answers).verdict, decide(&certain).verdict);
        }
    }
}

#[test]
fn answers_may_be_quoted_unquoted_or_booleans() {
    for text in [
        "{client_action: after, clients_already_know: no, interruption: yes, visible_change: false, audience: {count: 1200, identifiable: no}}",
        "{client_action: 'after', clients_already_know: 'no', interruption: true, visible_change: 'no', audience: {count: '1200', identifiable: false}}",
    ] {
        let decision = decide(&read(text).unwrap());
        assert_eq!(decision.verdict, Verdict::Required, "{text}");
        assert_eq!(
            decision.notices,
            [
                "pre_event",
                "reminder",
                "post_event_reminder",
                "advance_notice"
            ]
        );
        assert_eq!(decision.channels, ["status_page", "banner", "newsletter"]);
        assert!(decision.planned_outage && decision.leadership_notice);
    }
}

#[test]
fn nothing_said_is_nothing_needed() {
    let decision = decide(&read("{}").unwrap());
    assert_eq!(
        serde_json::to_value(&decision).unwrap(),
        serde_json::json!({
        "verdict": "not needed", "notices": [], "planned_outage": false, "leadership_notice": false, "channels": [], "dependents_told": false,
        "rules": [{"rule": "none", "because": "clients need not act, nothing is interrupted, and nothing looks different"}]})
    );
}

#[test]
fn all_that_is_wrong_is_told_at_its_field() {
    let problems = read("{client_action: befor, interruption: perhaps, impact: huge, dependents: -1, audience: {count: many, identifiable: maybe}, colour: red}").unwrap_err();
    assert_eq!(problems.len(), 7, "{problems:#?}");
    assert!(
        problems[0].contains("client_action") && problems[0].contains("'before'"),
        "{problems:#?}"
    );
}

#[test]
fn the_owners_word_counts() {
    let nodes = parse_yaml("{answers: {client_action: before}, own: {verdict: not needed, by: dba@example.edu, reason: They were told in person.}}").unwrap();
    let mut problems = Problems::default();
    let recorded = Recorded::read(&nodes[0], "decision", &mut problems).unwrap();
    assert_eq!(recorded.verdict(), Verdict::NotNeeded);
    assert!(!recorded.tells_leadership());
    let nodes = parse_yaml("{answers: {}, own: {verdict: optional}}").unwrap();
    assert!(Recorded::read(&nodes[0], "decision", &mut problems).is_none());
    let told: Vec<_> = problems.0.iter().map(|p| p.field.as_str()).collect();
    assert_eq!(told, ["decision.own.by", "decision.own.reason"]);
}

#[test]
fn what_the_catalogue_knows_need_not_be_answered_in_a_document() {
    let recorded = |answers: &str| {
        let text = format!(
            "organisation: {{name: Example, time_zone: America/Los_Angeles}}
services:
  - {{id: database, name: Database, windows: [{{rrule: 'FREQ=WEEKLY;BYDAY=SU', start: '22:00', duration: PT4H}}]}}
  - {{id: portal, name: Portal, depends_on: [database]}}
maintenance: {{title: Work, services: [database], start: '2026-11-29T22:30', end: '2026-11-30T01:00',
  decision: {{answers: {{interruption: yes, impact: medium{answers}}}}}}}"
        );
        let read = crate::document::Documents::parse_yaml(
            &[("".into(), text)],
            &Catalogue::default(),
            "MNT-1",
        );
        read.unwrap().maintenance.unwrap().decision.unwrap()
    };
    let known = recorded("");
    assert_eq!(
        (known.answers.window, known.answers.dependents),
        (InWindow::Standard, 1)
    );
    assert_eq!(known.verdict(), Verdict::Recommended);
    let said = recorded(", window: outside, dependents: 7");
    assert_eq!(
        (said.answers.window, said.answers.dependents),
        (InWindow::Outside, 7)
    );
    assert_eq!(said.verdict(), Verdict::Required);
}
