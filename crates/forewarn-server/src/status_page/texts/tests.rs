//! Every language says the same things.

use super::*;
use std::collections::BTreeSet;

/// Every string that a language says, with the name of its field, from its debug form.
fn said(texts: &Texts) -> Vec<(String, String)> {
    let shown = format!("{texts:#?}");
    let mut name = String::new();
    let mut all = Vec::new();
    for line in shown.lines() {
        let line = line.trim().trim_end_matches(',');
        let value = match line.split_once(": ") {
            Some((field, value)) if !field.starts_with('"') => {
                name = field.to_owned();
                value
            }
            _ => line,
        };
        if let Some(text) = value.strip_prefix('"').and_then(|t| t.strip_suffix('"')) {
            // What the debug form escapes is no gap.
            all.push((name.clone(), text.replace("\\u{", "\\u(")));
        }
    }
    all
}

fn gaps(text: &str) -> BTreeSet<&str> {
    let parts = text.split('{').skip(1);
    parts.filter_map(|part| part.split('}').next()).collect()
}

/// Forms of a number may do without it ("one day"), and names of messages are not all there in English.
fn is_counted(field: &str) -> bool {
    ["one", "two", "few", "many", "other"].contains(&field)
}

#[test]
fn every_language_says_all_of_it_with_the_same_gaps() {
    let without_names = |texts: &Texts| {
        let all = said(texts);
        let names: BTreeSet<&str> = texts.milestones.iter().map(|(_, said)| *said).collect();
        let begins = all.iter().position(|(field, _)| field == "put_away");
        let (head, tail) = all.split_at(begins.expect("the banner's words") + 1);
        let tail = tail
            .iter()
            .filter(|(field, text)| field != "milestones" && !names.contains(text.as_str()));
        let tail = tail.filter(|(field, _)| field != "put_away");
        let all: Vec<(String, String)> = head.iter().chain(tail).cloned().collect();
        all
    };
    let english = without_names(Texts::english());
    assert!(english.len() > 180, "{}", english.len());
    for texts in Texts::all() {
        let ours = without_names(texts);
        let fields = |all: &[(String, String)]| -> Vec<String> {
            all.iter().map(|(field, _)| field.clone()).collect()
        };
        assert_eq!(fields(&ours), fields(&english), "{}", texts.code);
        for ((field, text), (_, meant)) in ours.iter().zip(&english) {
            assert!(!text.is_empty(), "{} has no {field}", texts.code);
            if !is_counted(field) {
                assert_eq!(gaps(text), gaps(meant), "{}: {field}: {text}", texts.code);
            }
        }
    }
}

#[test]
fn no_text_holds_what_html_or_the_script_would_read() {
    for texts in Texts::all() {
        for (field, text) in said(texts) {
            let clean = !text.contains(['<', '>', '&', '|', '\'']);
            assert!(clean, "{}: {field}: {text}", texts.code);
        }
    }
}

#[test]
fn every_public_message_has_a_name_in_every_language() {
    let of_the_team = [
        "copy_due",
        "approval_needed",
        "help_needed",
        "overrun_check",
        "leadership",
        "window_use",
        "promise_warning",
        "promise_broken",
        "alert_draft",
        "alert_graver",
        "spokesperson_call",
        "handover",
        "test",
        "digest",
        "planned_outage",
        "clocks_changed",
        "plan_review",
        "action_due",
        "confirm_subscription",
        "manage_subscription",
        "sign_in",
    ];
    let statuses = [
        "investigating",
        "identified",
        "monitoring",
        "resolved",
        "postmortem",
        "withdrawn",
    ];
    let public = forewarn_core::message::MILESTONES.into_iter();
    let public = public
        .filter(|name| !of_the_team.contains(name))
        .chain(statuses);
    for name in public {
        for texts in Texts::all().iter().filter(|texts| texts.code != "en") {
            let known = texts.milestones.iter().any(|(known, _)| *known == name);
            assert!(known, "{} has no name for {name}", texts.code);
        }
    }
}

#[test]
fn lengths_take_the_form_of_their_number() {
    let said = |code: &str, minutes: i64| Texts::of(code).lasts(SignedDuration::from_mins(minutes));
    for (code, minutes, expected) in [
        ("en", 2 * 1440 + 60, "2 days 1 h"),
        ("de", 90, "1 Std. 30 Min."),
        ("fr", 3 * 1440, "3 jours"),
        ("es", 1440, "24 h"),
        ("ar", 120, "ساعتان"),
        ("ar", 90, "ساعة و30 دقيقة"),
        ("ar", 0, "أقل من دقيقة"),
    ] {
        assert_eq!(said(code, minutes), expected);
    }
    let days = |code: &str, days| Texts::of(code).days_with_incidents(days);
    assert_eq!(days("ar", 2), "أعطال في يومين من 90 يومًا");
    assert_eq!(days("fr", 1), "Incidents 1 jour sur 90");
    assert_eq!(days("de", 0), "Keine Störung in 90 Tagen");
}

#[test]
fn rough_dates_are_said_in_each_language() {
    let said = |code: &str, text: &str| Texts::of(code).period(&Period::parse(text).unwrap());
    for (code, text, expected) in [
        ("en", "2027-Q3", "Third quarter of 2027 (July to September)"),
        ("en", "week of 2026-12-07", "Week of 7 December 2026"),
        ("en", "2026-12-07", "Monday 7 December 2026"),
        ("de", "2027-Q3", "Drittes Quartal 2027 (Juli bis September)"),
        ("fr", "week of 2026-12-01", "Semaine du 1er décembre 2026"),
        ("es", "2026-12", "Diciembre de 2026"),
        ("ar", "2026-12", "ديسمبر 2026"),
    ] {
        assert_eq!(said(code, text), expected);
    }
}
