//! Every rule breaks and keeps.

mod any_text;

use super::*;
use std::time::{Duration, Instant};

/// The page's good example.
const GOOD: &str = "Some of you cannot open the student portal or may be logged out. A disk in one of our servers failed, and we are replacing it; no data is lost.\nUntil it is done the portal may be slow or refuse to load. You do not need to do anything. We are sorry for the trouble. The web team is on it; the next update comes here and by mail by 12:30 PST (UTC-08:00): https://status.example.edu";

fn message(text: &str, subject: Option<&str>, level: &str, stage: &str, medium: &str) -> Text {
    Text::new(
        text,
        subject,
        Level::parse(level).unwrap(),
        Stage::parse(stage).unwrap(),
        Medium::parse(medium).unwrap(),
    )
    .unwrap()
}

fn at(text: &str, stage: &str, medium: &str) -> Review {
    review(
        &message(text, None, "non_technical", stage, medium),
        &Context::default(),
    )
}

/// `RULE severity` of each finding, without repetition.
fn found(review: &Review) -> Vec<String> {
    let mut all: Vec<String> = review
        .findings
        .iter()
        .map(|f| format!("{} {}", f.rule.as_str(), f.severity.as_str()))
        .collect();
    all.sort();
    all.dedup();
    all
}

fn breaks(rule: Rule, review: &Review) -> bool {
    review.findings.iter().any(|f| f.rule == rule)
}

use crate::audience::Level;

#[test]
fn the_pages_bad_and_good_example() {
    let bad = found(&at("The server is unavailable.", "update", "email"));
    assert!(
        bad.contains(&"Q2 error".to_owned()) && bad.contains(&"Q4 error".to_owned()),
        "{bad:?}"
    );
    let good = at(GOOD, "update", "email");
    assert!(
        good.findings.iter().all(|f| f.severity == Severity::Note),
        "{:#?}",
        good.findings
    );
    assert!(!good.has_errors() && !good.blocks());
}

/// Sentences at stage `update`, and whether they break a rule.
fn table(rule: Rule, stage: &str, cases: &[(&str, bool)]) {
    for (text, expected) in cases {
        let review = at(text, stage, "email");
        let of_rule: Vec<_> = review.findings.iter().filter(|f| f.rule == rule).collect();
        assert_eq!(
            !of_rule.is_empty(),
            *expected,
            "{rule:?} {text}: {of_rule:?}"
        );
    }
}

#[test]
fn q2_names_the_next_update() {
    table(
        Rule::Q2,
        "update",
        &[
            ("The portal is slow. Next update by 15:30 UTC.", false),
            ("We will write again at 3:30 pm EDT (UTC-04:00).", false),
            ("next word: 16:00 CET (UTC+01:00)", false),
            (
                "The team posts news here at 14:00 Berlin time (UTC+2).",
                false,
            ),
            (
                "Our next report is at eleven a.m. Eastern time, that is U T C minus five hours.",
                false,
            ),
            ("Next update: 2026-12-03T15:30:00Z", false),
            ("**Next update**\n\n15:30 UTC", false),
            ("The counter stays closed until 18:00 UTC.", false),
            (
                "We tell you more by 14:00 CET (UTC+01:00); calls at 15:00 work.",
                false,
            ),
            (
                "The portal is slow since 15:30 UTC. We keep you posted.",
                true,
            ),
            ("Stay tuned.", true),
            ("Next update within the hour.", true),
            ("Next update by 15:30.", true),
            ("Next update by 15:30 CET.", true),
            ("Next update by 15:30 local time.", true),
            ("We hope to be back online by 15:30 UTC.", true),
            ("Dr. Smith's lecture at 15:00 UTC goes on as planned.", true),
            // The sentence before says what was.
            (
                "Payments were declined. At 17:00 UTC (+00:00) we post the next update.",
                false,
            ),
            (
                "We will tell you what the cause was by 17:00 UTC (+00:00).",
                false,
            ),
            (
                "Users report that they could not sign in at 09:10 UTC (+00:00).",
                true,
            ),
            // Words that no list has, beside words for words.
            (
                "Our next reading is published at 05:30 GMT (UTC+00:00).",
                false,
            ),
            ("no change. next shout 2:30pm BST (UTC+01:00)", false),
            (
                "### When will I hear more?\nAt 13:00 GMT (UTC+00:00), here.",
                false,
            ),
            (
                "| Service | Next update |\n|---|---|\n| Email | 17:00 BST (UTC+01:00) |",
                false,
            ),
            ("Our last update was at 13:00 EDT (UTC-04:00).", true),
            ("Last update: 16:45 BST (UTC+01:00)", true),
            ("- 08:15 BST (UTC+01:00): first reports", true),
            (
                "We'll send another note soon. Walk-ins are welcome until 5:00 PM EST (UTC-05:00).",
                true,
            ),
        ],
    );
    table(Rule::Q2, "announcement", &[("We move the files.", false)]);
    let review = at("Next update by 15:30 CET.", "update", "email");
    let finding = review.findings.iter().find(|f| f.rule == Rule::Q2).unwrap();
    assert_eq!(
        finding.suggestion,
        "Write: 'Next update by 15:30 CET (UTC+01:00).'"
    );
    assert_eq!((finding.start, finding.end), (15, 20));
}

#[test]
fn q4_is_complete() {
    let missing = |text: &str| -> Vec<String> {
        let review = at(text, "update", "email");
        let of_rule = review.findings.into_iter().filter(|f| f.rule == Rule::Q4);
        of_rule.map(|f| f.because).collect()
    };
    assert_eq!(missing(GOOD), Vec::<String>::new());
    assert_eq!(missing("We are aware of an issue.").len(), 6);
    let who =
        missing("You cannot sign in since 14:00 UTC. Please wait. See https://status.example.edu.");
    assert_eq!(who, ["it does not say who speaks and who takes care of it"]);
    let what_to_do = missing(
        "Example Bank: customers cannot pay by card since 14:00 UTC. See https://status.example.edu.",
    );
    assert_eq!(what_to_do, ["it does not say what readers must do"]);
}

#[test]
fn q5_effect_before_cause() {
    table(
        Rule::Q5,
        "update",
        &[
            ("Due to a failed switch many of you have no Wi-Fi.", true),
            (
                "A faulty firmware led to a failover, so you cannot book.",
                true,
            ),
            ("You cannot book, because a disk failed.", false),
            (
                "Dear all,\n\nWards D to F work on paper. A cable was cut.",
                false,
            ),
        ],
    );
}

#[test]
fn q6_no_guesses() {
    table(
        Rule::Q6,
        "update",
        &[
            ("We hope to have this fixed in 30 minutes.", true),
            ("All should be back to normal by early afternoon.", true),
            ("ETA 2 hours.", true),
            ("The portal was fixed within 20 minutes.", false),
            ("Next update on the repair by 15:30 UTC.", false),
            ("The counter opens again at 08:00 UTC.", false),
        ],
    );
}

#[test]
fn q7_and_q8_sentences_that_can_be_read() {
    let long = "We write one sentence that goes on and on and on for so long that nobody who reads it in a hurry still knows at its end how it began.";
    table(Rule::Q7, "update", &[(long, true), (GOOD, false)]);
    let hard = "Notwithstanding considerable precautionary measures, participants are experiencing intermittent registration irregularities. Interdisciplinary investigations commenced immediately; corresponding information will be communicated at the earliest opportunity.";
    table(Rule::Q8, "update", &[(hard, true), (GOOD, false)]);
    let technical = review(
        &message(hard, None, "technical", "update", "email"),
        &Context::default(),
    );
    assert!(!breaks(Rule::Q8, &technical));
    assert_eq!(
        at("The server is unavailable.", "update", "email")
            .measures
            .words,
        4
    );
}

#[test]
fn q9_and_q11_what_is_heard_and_what_fits() {
    let short = "Example Bank: some card payments fail since 09:10 UTC. Your money is safe. Next update by 10:00 UTC: https://status.example.com";
    assert!(
        !breaks(Rule::Q9, &at(short, "holding", "sms"))
            && !breaks(Rule::Q11, &at(short, "holding", "sms"))
    );
    let severity = |text: &str| {
        at(text, "holding", "sms")
            .findings
            .into_iter()
            .filter(|f| f.rule == Rule::Q11)
            .map(|f| f.severity)
            .max()
    };
    assert_eq!(severity("No link here."), Some(Severity::Warning));
    assert_eq!(
        severity(&format!("{short}. {}", "Word. ".repeat(50))),
        Some(Severity::Warning)
    );
    assert_eq!(
        severity(&format!("{short}. {}", "Word. ".repeat(80))),
        Some(Severity::Error)
    );
    let curly = at("We\u{2019}re on it: https://a.example", "holding", "sms");
    let finding = curly.findings.iter().find(|f| f.rule == Rule::Q11).unwrap();
    assert_eq!(
        (finding.start, finding.end, finding.suggestion.as_str()),
        (2, 5, "Write ''' for it.")
    );
    let spoken = "This is an important update from the service management office about the ongoing incident with the heating control, the door badges, the lift and the parking gate in the north.";
    assert!(breaks(Rule::Q9, &at(spoken, "update", "voice")));
    assert!(!breaks(Rule::Q9, &at(spoken, "update", "email")));
}

#[test]
fn q10_subjects() {
    for (subject, severity) in [
        ("Example University: portal slow, 3 December", None),
        ("Portal slow, 3 December", None),
        ("INC0048213: portal slow", Some(Severity::Warning)),
        ("RE: portal slow", Some(Severity::Warning)),
        ("[P2] portal slow", Some(Severity::Warning)),
        ("Important update", Some(Severity::Warning)),
        (
            "Example University: the student portal is slow again on 3 December",
            Some(Severity::Warning),
        ),
        (
            "Example University Information Technology Department: Update Number 4 regarding the tills",
            Some(Severity::Error),
        ),
    ] {
        let review = review(
            &message(GOOD, Some(subject), "technical", "update", "email"),
            &Context::default(),
        );
        let of_rule = review.findings.iter().filter(|f| f.rule == Rule::Q10);
        assert!(of_rule.clone().all(|f| f.part == Part::Subject));
        assert_eq!(of_rule.map(|f| f.severity).max(), severity, "{subject}");
    }
}

#[test]
fn q12_every_clock_time_has_a_zone() {
    table(
        Rule::Q12,
        "update",
        &[
            ("It began at 15:30.", true),
            ("It began at 3 pm.", true),
            ("It began at 15:30 CET.", true),
            ("Down since 8.", true),
            ("At 14:00 local time.", true),
            ("By 10.30 in the morning.", true),
            ("At noon.", true),
            ("It began at 15:30 UTC.", false),
            ("From 22:00 to 02:00 UTC.", false),
            (
                "Between 10:00 and 12:00 CEST (UTC+02:00), and again at 14:00 CEST.",
                false,
            ),
            ("It began at 15:30 Berlin time.", false),
            ("All times are in UTC. It began at 15:30.", false),
            (
                "On duty for the next 24 hours; chapter 10.2 costs 24.90, room 12.30.",
                false,
            ),
            ("We met on 13.03.2026, 3 of 4 wards, floor 8.", false),
            ("A ratio of 3:1.", false),
        ],
    );
}

#[test]
fn q13_own_it() {
    table(
        Rule::Q13,
        "update",
        &[
            ("You cannot sign in.", true),
            ("You cannot sign in. We are sorry.", false),
            (
                "You cannot sign in. We are sorry. Once more, we apologise.",
                true,
            ),
            (
                "You cannot sign in. Sorry. This is entirely the fault of the carrier.",
                true,
            ),
            (
                "You cannot sign in. Sorry. The team found the fault.",
                false,
            ),
        ],
    );
    table(
        Rule::Q13,
        "announcement",
        &[("You cannot sign in on Sunday.", false)],
    );
    let known = crate::privacy::Known {
        vendors: vec!["Acme Hosting".into()],
        ..Default::default()
    };
    let context = Context {
        known,
        previous: None,
    };
    let of = |text: &str| {
        breaks(
            Rule::Q13,
            &review(
                &message(text, None, "semi_technical", "update", "email"),
                &context,
            ),
        )
    };
    assert!(of(
        "You cannot sign in. Sorry. Acme Hosting's database broke."
    ));
    assert!(!of("You cannot sign in. Sorry. Acme Hosting helps us."));
}

#[test]
fn q14_and_q19_are_notes_about_what_people_ask() {
    table(
        Rule::Q14,
        "holding",
        &[
            ("You cannot sign in.", true),
            ("You cannot sign in. We do not know why yet.", false),
        ],
    );
    table(Rule::Q14, "update", &[("You cannot sign in.", false)]);
    table(
        Rule::Q19,
        "update",
        &[
            ("Your balance is old.", true),
            ("Your balance is old; your money is safe.", false),
            ("The lift is off.", false),
        ],
    );
    let notes = at("Your balance is old.", "holding", "email");
    assert!(
        notes
            .findings
            .iter()
            .filter(|f| matches!(f.rule, Rule::Q14 | Rule::Q19))
            .all(|f| f.severity == Severity::Note)
    );
}

#[test]
fn q16_each_update_is_new() {
    let previous =
        "Some card payments fail since 09:10 UTC. Your money is safe. Next update by 10:00 UTC.";
    let of = |text: &str| {
        let context = Context {
            previous: Some(previous.into()),
            ..Context::default()
        };
        breaks(
            Rule::Q16,
            &review(
                &message(text, None, "non_technical", "update", "email"),
                &context,
            ),
        )
    };
    assert!(of(previous));
    assert!(of(
        "Some card payments still fail since 09:10 UTC. Your money is safe. Next update by 11:00 UTC."
    ));
    assert!(!of(
        "Cards work again in shops; online payments still fail. Next update by 11:00 UTC."
    ));
    assert!(!of(
        "No change: some card payments fail. Next update by 11:00 UTC."
    ));
    assert!(of("No change."));
}

#[test]
fn q17_and_q18_after_and_before() {
    let over = "You can use the portal again since 12:10 UTC. We tested it all afternoon, and it holds. No data is lost. Some pages may load slowly until tonight. We tell you by 10 December what went wrong.";
    table(
        Rule::Q17,
        "resolution",
        &[(over, false), ("You can use the portal again.", true)],
    );
    assert_eq!(
        at("Solved.", "resolved", "email")
            .findings
            .iter()
            .filter(|f| f.rule == Rule::Q17)
            .count(),
        4
    );
    let ahead = "You cannot use the portal on 14 December from 20:00 to 23:00 UTC. We put in faster disks, so that pages open in half the time. The work takes two hours; the third is slack. Please hand in your papers before. If the date is bad for you, tell us by 7 December. We remind you on 12 December.";
    table(
        Rule::Q18,
        "announcement",
        &[
            (ahead, false),
            ("There will be maintenance on Saturday.", true),
        ],
    );
    table(
        Rule::Q18,
        "reminder",
        &[("There will be maintenance on Saturday.", false)],
    );
}

#[test]
fn q20_nobody_shouts() {
    table(
        Rule::Q20,
        "update",
        &[
            ("PLEASE DO NOT CALL THE SERVICE DESK!", true),
            ("DNS, VPN and SSO work.", false),
            ("BGP DNS VPN.", false),
            ("IT ALERT: mail is down.", false),
        ],
    );
}

#[test]
fn q21_words_that_readers_know() {
    let of = |text: &str, level: &str| {
        breaks(
            Rule::Q21,
            &review(
                &message(text, None, level, "update", "email"),
                &Context::default(),
            ),
        )
    };
    let text = "We see a split brain after a failover.";
    assert!(of(text, "non_technical") && of(text, "semi_technical") && !of(text, "technical"));
    assert!(!of(
        "The job scheduler, the program that starts reports, stopped.",
        "semi_technical"
    ));
    assert!(!of(
        "We lost quorum (most servers no longer agree).",
        "semi_technical"
    ));
    assert!(of(
        "It died with a NullReferenceException.",
        "non_technical"
    ));
    assert!(!of("Patients wait for their bill.", "non_technical"));
}

#[test]
fn q15_depends_on_the_level_and_says_where() {
    let text = "The database db01.corp.example.edu runs PostgreSQL 14.2.";
    for (level, kinds) in [
        ("technical", 0),
        ("semi_technical", 2),
        ("non_technical", 2),
    ] {
        let review = review(
            &message(
                text,
                Some("db01.corp.example.edu is down"),
                level,
                "update",
                "email",
            ),
            &Context::default(),
        );
        let leaks: Vec<&Finding> = review
            .findings
            .iter()
            .filter(|f| f.rule == Rule::Q15)
            .collect();
        assert_eq!(
            leaks.iter().filter(|f| f.part == Part::Text).count(),
            kinds,
            "{level}"
        );
        assert_eq!(
            leaks.iter().filter(|f| f.part == Part::Subject).count(),
            kinds / 2,
            "{level}"
        );
        assert_eq!(review.blocks(), kinds > 0);
    }
}

#[test]
fn a_text_of_a_million_characters_is_refused_at_once() {
    let began = Instant::now();
    let refused = Text::new(
        &"a".repeat(1_000_000),
        Some("a\u{0}b"),
        Level::Technical,
        Stage::default(),
        Medium::Email,
    )
    .unwrap_err();
    assert_eq!(refused.problems.len(), 2, "{refused}");
    assert!(began.elapsed() < Duration::from_millis(100));
}

#[test]
fn an_empty_text_has_findings_and_no_place() {
    let review = at("", "update", "sms");
    assert!(review.has_errors());
    assert!(review.findings.iter().all(|f| (f.start, f.end) == (0, 0)));
    assert_eq!(review.measures.words, 0);
}
