//! What holds in every language that Forewarn speaks.

use super::*;
use crate::facts::{Action, Question, When};
use crate::template::{Parsed, Variable, built_in};
use crate::words::{LANGUAGES, Words};
use std::collections::BTreeSet;

const OTHERS: [&str; 4] = ["de", "fr", "es", "ar"];

/// English texts, by milestone and kind of event, that are not in the other languages yet: all of their readers get the English one.
const WAITING: [(&str, Option<&str>); 0] = [];

fn waits(milestone: &str, event: Option<&str>) -> bool {
    WAITING.contains(&(milestone, event))
}

fn reader(language: &str, level: Level, channel: Channel) -> Variant {
    Variant {
        language: language.into(),
        ..variant(level, channel)
    }
}

/// Every content with every variant of every other language than English, and the message.
fn each_language(
    contents: &[fn(&str) -> Content],
    channels: &[Channel],
    mut check: impl FnMut(&Content, &Variant, &Message),
) {
    for language in OTHERS {
        for content in contents {
            for milestone in MILESTONES.into_iter().filter(|m| !waits(m, None)) {
                for level in Level::ALL {
                    for &channel in channels {
                        let content = content(milestone);
                        let variant = reader(language, level, channel);
                        check(&content, &variant, &render(&content, &variant, &[]));
                    }
                }
            }
        }
    }
}

/// Facts in no language, so that every word is ours.
fn wordless(milestone: &str) -> Content {
    let full = full(milestone);
    let some = |text: &str| Some(text.to_owned());
    Content {
        title: "Qxt".into(),
        organisation: "Qxo".into(),
        services: vec!["Qxs".into(), "Qxs2".into(), "Qxs3".into()],
        dependents: vec!["Qxd".into(), "Qxd2".into()],
        facts: Facts {
            // The general sentence stands in.
            effect: None,
            why: some("Qxw."),
            cause: some("Qxc."),
            action: full.facts.action.as_ref().map(|action| Action {
                what: "Qxa.".into(),
                when: action.when,
            }),
            workaround: some("Qxh."),
            contact: some("q@example.edu"),
            risk: some("Qxri."),
            fallback: some("Qxf."),
            cost: some("Qxm."),
            questions: vec![Question {
                question: "Qxq?".into(),
                answer: "Qxv.".into(),
                level: Level::NonTechnical,
            }],
            technical: some("Qxi."),
            ..full.facts.clone()
        },
        reason: full.reason.as_ref().map(|_| "Qxr.".into()),
        promised_to: full.promised_to.iter().map(|_| "Qxp".into()).collect(),
        works: full
            .works
            .iter()
            .map(|work| Work {
                title: "Qxk".into(),
                ..work.clone()
            })
            .collect(),
        task: full.task.clone().map(|task| Task {
            what: "Qxy".into(),
            ..task
        }),
        url: "https://q.example/".into(),
        ack_url: full.ack_url.as_ref().map(|_| "https://q.example/a".into()),
        late_by_seconds: 90 * 60,
        moved_from: full
            .next_update
            .map(|next| next - SignedDuration::from_mins(30)),
        ..full
    }
}

/// The same with a version to forward.
fn wordless_forwarded(milestone: &str) -> Content {
    Content {
        forwardable: true,
        ..wordless(milestone)
    }
}

/// The same of which it is known that data may be lost, and whose window lies over a change of clocks.
fn wordless_at_risk(milestone: &str) -> Content {
    let content = wordless(milestone);
    let window = content.start.is_some();
    Content {
        requested: true,
        unchanged: true,
        works: Vec::new(),
        start: window.then(|| civil("2026-10-31T22:00")),
        end: window.then(|| civil("2026-11-01T05:00")),
        facts: Facts {
            data_safe: Some(false),
            action: Some(Action {
                what: "Qxa.".into(),
                when: When::After,
            }),
            ..content.facts
        },
        task: content.task.map(|task| Task {
            overdue: !task.overdue,
            what: String::new(),
            ..task
        }),
        ..content
    }
}

/// English words that are words in none of the other languages.
const ENGLISH: [&str; 56] = [
    "the", "and", "to", "you", "your", "with", "what", "when", "from", "for", "hour", "hours",
    "minutes", "day", "days", "this", "that", "have", "has", "been", "of", "by", "it", "is", "are",
    "not", "we", "our", "work", "works", "more", "done", "news", "latest", "please", "promised",
    "late", "back", "forward", "clocks", "people", "who", "why", "which", "list", "change",
    "changes", "monday", "sunday", "saturday", "friday", "november", "october", "nov", "oct",
    "data",
];

/// What is the same word there.
fn is_own_word(language: &str, word: &str) -> bool {
    match language {
        "de" => matches!(word, "november" | "nov"),
        "fr" => matches!(word, "nov" | "oct" | "change" | "minutes"),
        "es" => matches!(word, "nov" | "oct"),
        _ => false,
    }
}

fn english_words(language: &str, text: &str) -> Vec<String> {
    // Commands are the same in every language.
    let prose: String = text.split('`').step_by(2).collect::<Vec<_>>().join(" ");
    prose
        .to_lowercase()
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| ENGLISH.contains(word) && !is_own_word(language, word))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_language_has_the_texts_of_the_english_library() {
    let shape = |t: &Template| {
        let of = (t.milestone.clone(), t.event.clone());
        (of, t.level, t.readers, t.channel)
    };
    let variables = |text: &str| -> BTreeSet<Variable> {
        Parsed::parse(text)
            .unwrap()
            .variables()
            .into_iter()
            .collect()
    };
    for language in OTHERS {
        let english = || {
            let all = built_in("en").iter();
            all.filter(|t| !waits(&t.milestone, t.event.as_deref()))
        };
        let theirs: Vec<_> = built_in(language).iter().map(shape).collect();
        let ours: Vec<_> = english().map(shape).collect();
        assert_eq!(theirs, ours, "{language}");
        for (ours, theirs) in english().zip(built_in(language)) {
            let name = format!("{language}: {:?}", shape(ours));
            assert_eq!(theirs.language, language);
            assert_eq!(variables(&theirs.body), variables(&ours.body), "{name}");
            assert_eq!(theirs.subject.is_some(), ours.subject.is_some(), "{name}");
            if let (Some(theirs), Some(ours)) = (&theirs.subject, &ours.subject) {
                assert_eq!(variables(theirs), variables(ours), "{name}");
            }
        }
    }
}

#[test]
fn no_message_in_another_language_shows_a_gap() {
    each_language(
        &[full, sparse, wordless, wordless_at_risk],
        &Channel::ALL,
        |content, variant, message| {
            assert_eq!(message.language, variant.language);
            assert_tidy(&message.text);
            assert_tidy(&message.subject);
            assert!(message.subject.chars().count() <= 78, "{}", message.subject);
            let organisation = &content.organisation;
            let rest = without_organisation(&message.subject, organisation);
            assert!(
                rest != message.subject && !rest.is_empty(),
                "{}",
                message.subject
            );
        },
    );
}

#[test]
fn no_english_word_of_ours_is_left() {
    each_language(
        &[wordless, wordless_at_risk, wordless_forwarded],
        &[Channel::Email, Channel::Chat, Channel::Sms],
        |content, variant, message| {
            for text in [&message.subject, &message.markdown] {
                let found = english_words(&variant.language, text);
                let (milestone, language) = (&content.milestone, &variant.language);
                assert!(
                    found.is_empty(),
                    "{language} {milestone}: {found:?} in\n{text}"
                );
            }
        },
    );
}

#[test]
fn hostile_facts_stay_text_in_every_language() {
    each_language(&[hostile], &Channel::ALL, |_, variant, message| {
        let html = &message.html;
        for tag in [
            "<script",
            "<img",
            "javascript:z\"",
            "<!--",
            "href=\"javascript",
        ] {
            assert!(!html.contains(tag), "{tag} in {html}");
        }
        assert!(!message.text.contains(['\u{202e}', '\t']));
        let count = |sign| message.text.matches(sign).count();
        let begun = count('\u{2066}') + count('\u{2068}');
        assert_eq!(begun, count('\u{2069}'), "{}", message.text);
        if variant.language != "ar" || !LONG.contains(&variant.channel) {
            assert_eq!(begun, 0);
        }
        assert!(message.subject.chars().count() <= 78);
        assert!(!message.subject.chars().any(char::is_control));
    });
}

#[test]
fn text_messages_are_short_in_every_language() {
    each_language(
        &[wordless, sparse, full],
        &[Channel::Sms],
        |content, variant, message| {
            let segments = sms_segments(&message.text);
            let most = match segments.encoding {
                Encoding::Gsm7 => 2,
                Encoding::Ucs2 => Words::of(&variant.language).segments,
            };
            let (language, text) = (&variant.language, &message.text);
            assert!(segments.count <= most, "{language} {segments:?} {text}");
            assert!(text.ends_with(&content.url), "{text}");
            if language != "ar" {
                assert_eq!(segments.encoding, Encoding::Gsm7, "{language} {text}");
            }
        },
    );
}

#[test]
fn who_has_no_text_in_their_language_reads_the_organisations() {
    let own = [Template {
        milestone: "announcement".into(),
        event: None,
        level: None,
        readers: None,
        channel: None,
        language: "it".into(),
        subject: None,
        body: "{{effect}}".into(),
    }];
    let language = |milestone: &str, wanted, organisation| {
        let to = (Level::NonTechnical, Channel::Email);
        language_for(&full(milestone), to, wanted, organisation, &own)
    };
    for (milestone, wanted, organisation, expected) in [
        ("announcement", Some("fr"), "de", "fr"),
        ("announcement", Some("fr-CA"), "de", "fr-CA"),
        ("announcement", Some("it-CH"), "de", "it-CH"),
        ("reminder", Some("it-CH"), "de-AT", "de-AT"),
        ("reminder", Some("sv"), "sv", "en"),
        ("reminder", None, "es", "es"),
        ("reminder", None, "en", "en"),
    ] {
        assert_eq!(language(milestone, wanted, organisation), expected);
    }
    let reader = reader("de-AT", Level::NonTechnical, Channel::Email);
    let message = render(&full("reminder"), &reader, &own);
    assert_eq!(message.language, "de");
}

#[test]
fn the_readers_language_comes_before_the_organisations_own_words() {
    let own = [Template {
        milestone: "announcement".into(),
        event: None,
        level: None,
        readers: None,
        channel: None,
        language: "en".into(),
        subject: None,
        body: "Our own English words.".into(),
    }];
    let said = |language| {
        let reader = reader(language, Level::NonTechnical, Channel::Email);
        render(&full("announcement"), &reader, &own)
    };
    let (own, asked) = ("Our own English words.", "Questions and answers");
    let english = said("en-GB").text;
    assert!(
        english.starts_with(own) && english.contains(asked),
        "{english}"
    );
    assert_eq!(said("es").language, "es");
}

#[test]
fn windows_and_clock_changes_in_every_language() {
    let mut content = full("announcement");
    content.start = Some(civil("2026-10-31T23:30"));
    content.end = Some(civil("2026-11-01T04:00"));
    let mut out = String::new();
    for language in LANGUAGES {
        for zone_name in ["America/Los_Angeles", "Asia/Kathmandu"] {
            for channel in [Channel::Email, Channel::Sms] {
                let mut reader = reader(language, Level::NonTechnical, channel);
                reader.zone = zone(zone_name);
                let text = render(&content, &reader, &[]).text;
                let times = text
                    .lines()
                    .filter(|l| l.contains(':') && l.contains("20") || l.contains("UTC"));
                let _ = writeln!(
                    out,
                    "{language} {zone_name} {}\n{}\n",
                    channel.as_str(),
                    times.collect::<Vec<_>>().join("\n")
                );
            }
        }
    }
    // The marks that keep the direction are to be seen.
    insta::assert_snapshot!(
        out.replace('\u{2066}', "<LRI>")
            .replace('\u{2068}', "<FSI>")
            .replace('\u{2069}', "<PDI>")
    );
}

#[test]
fn the_library_as_mail_in_other_languages() {
    for language in OTHERS {
        let mut out = String::new();
        for milestone in MILESTONES {
            for (channel, content) in [
                (Channel::Email, wordless(milestone)),
                (Channel::Sms, wordless(milestone)),
            ] {
                let reader = reader(language, Level::SemiTechnical, channel);
                let message = render(&content, &reader, &[]);
                let _ = writeln!(
                    out,
                    "=== {milestone} {}: {}\n{}\n",
                    channel.as_str(),
                    message.subject,
                    message.text
                );
            }
        }
        let out = out
            .replace('\u{2066}', "<LRI>")
            .replace('\u{2068}', "<FSI>")
            .replace('\u{2069}', "<PDI>");
        insta::assert_snapshot!(format!("the_library_in_{language}"), out);
    }
}
