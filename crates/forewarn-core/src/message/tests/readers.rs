//! What executives, heads of department and end users read, in every language.

use super::*;
use crate::facts::Question;
use crate::reader::Reader;
use crate::review::{Context, Medium, Rule, Severity, Stage, Text, review};
use crate::template::built_in;
use crate::words::LANGUAGES;
use std::collections::BTreeSet;

/// The milestones that have a mail of their own for these readers, with an event of its kind.
fn told_to(readers: Reader) -> Vec<Content> {
    told_by(Channel::Email, readers)
}

/// The same for another channel.
fn told_by(channel: Channel, readers: Reader) -> Vec<Content> {
    let all = built_in("en").iter();
    let theirs = all.filter(|t| t.readers == Some(readers) && t.channel == Some(channel));
    let content = theirs.map(|t| match t.event.as_deref() {
        Some("announcement") => announced(&t.milestone),
        _ => full(&t.milestone),
    });
    let mut contents: Vec<Content> = content.collect();
    for content in &mut contents {
        content.readers = Some(readers);
    }
    contents
}

fn as_mail(content: &Content, language: &str, level: Level) -> Message {
    by(Channel::Email, content, language, level)
}

fn by(channel: Channel, content: &Content, language: &str, level: Level) -> Message {
    let reader = Variant {
        language: language.into(),
        ..variant(level, channel)
    };
    render(content, &reader, &[])
}

/// Channels on which readers have texts of their own.
const OUTLETS: [Channel; 3] = [Channel::Email, Channel::Chat, Channel::Sms];

#[test]
fn each_reads_what_they_decide_by() {
    for readers in Reader::ALL {
        for content in told_to(readers) {
            let text = as_mail(&content, "en", Level::NonTechnical).text;
            let facts = &content.facts;
            let says = |fact: &Option<String>| {
                let fact = fact.as_deref().expect("a full content");
                text.contains(fact.trim_end_matches('.'))
            };
            if content.milestone == "holding" {
                continue;
            }
            let named = (readers, content.milestone.as_str());
            assert_eq!(
                says(&facts.cost),
                readers == Reader::Executive,
                "{named:?}\n{text}"
            );
            assert_eq!(
                says(&facts.risk),
                readers == Reader::Executive,
                "{named:?}\n{text}"
            );
            let ways_back = readers == Reader::Executive
                || readers == Reader::DepartmentHead && content.milestone != "resolution";
            assert_eq!(says(&facts.fallback), ways_back, "{named:?}\n{text}");
            let asks = text.contains("your people");
            assert_eq!(asks, readers == Reader::DepartmentHead, "{named:?}\n{text}");
        }
    }
}

#[test]
fn nobody_but_executives_reads_what_it_costs_whatever_the_template_says() {
    let own = [Template {
        milestone: "announcement".into(),
        event: None,
        level: None,
        readers: None,
        channel: None,
        language: "en".into(),
        subject: None,
        body: "It costs: {{cost}}".into(),
    }];
    let said = |readers| {
        let content = Content {
            readers,
            ..full("announcement")
        };
        let reader = variant(Level::Technical, Channel::Chat);
        render(&content, &reader, &own).text.contains("one night")
    };
    for readers in [None, Some(Reader::EndUser), Some(Reader::DepartmentHead)] {
        assert!(!said(readers), "{readers:?}");
    }
    assert!(said(Some(Reader::Executive)));
}

#[test]
fn where_nothing_is_written_for_them_they_read_the_text_of_their_level() {
    for readers in Reader::ALL {
        for (milestone, channel) in [
            ("start", Channel::Email),
            ("start", Channel::Chat),
            ("start", Channel::Sms),
        ] {
            let plain = full(milestone);
            let theirs = Content {
                readers: Some(readers),
                ..plain.clone()
            };
            let reader = variant(Level::NonTechnical, channel);
            assert_eq!(
                render(&theirs, &reader, &[]),
                render(&plain, &reader, &[]),
                "{readers:?} {milestone}"
            );
        }
    }
}

#[test]
fn chats_and_text_messages_differ_by_reader_too() {
    for readers in Reader::ALL {
        let milestones = |channel| -> Vec<(String, String)> {
            let all = told_by(channel, readers).into_iter();
            all.map(|c| (c.milestone, c.event_kind)).collect()
        };
        assert_eq!(milestones(Channel::Chat), milestones(Channel::Email));
        for content in told_by(Channel::Chat, readers) {
            let (chat, mail) = (
                by(Channel::Chat, &content, "en", Level::NonTechnical).text,
                as_mail(&content, "en", Level::NonTechnical).text,
            );
            assert!(chat.chars().count() < mail.chars().count(), "{chat}");
            let pays = content.milestone != "holding" && readers == Reader::Executive;
            let cost = content.facts.cost.as_deref().unwrap_or_default();
            assert_eq!(!cost.is_empty() && chat.contains(cost), pays, "{chat}");
            let tells = chat.contains("your people");
            assert_eq!(tells, readers == Reader::DepartmentHead, "{chat}");
        }
        // What end users are told in a text message is the text of their level: the effect, and what to do.
        let short = told_by(Channel::Sms, readers);
        assert_eq!(short.is_empty(), readers == Reader::EndUser);
        for content in short {
            let text = by(Channel::Sms, &content, "en", Level::NonTechnical).text;
            let decides = match readers {
                Reader::Executive => content.facts.risk.is_none() || text.contains("Risk: "),
                _ => text.contains("your people"),
            };
            let says_little = content.milestone == "holding" && readers != Reader::Executive;
            assert!(decides || says_little, "{readers:?} {text}");
        }
    }
}

#[test]
fn no_text_message_for_readers_costs_more_than_that_of_their_level_may() {
    for readers in Reader::ALL {
        for content in told_by(Channel::Sms, readers) {
            for language in LANGUAGES {
                let text = by(Channel::Sms, &content, language, Level::NonTechnical).text;
                // Arabic has 67 signs a segment.
                let most = if language == "ar" { 5 } else { 2 };
                let segments = sms_segments(&text).count;
                assert!(segments <= most, "{language} {segments}: {text}");
            }
        }
    }
}

#[test]
fn no_text_for_readers_shows_a_gap_in_any_language() {
    for (channel, readers) in OUTLETS
        .into_iter()
        .flat_map(|channel| Reader::ALL.map(|readers| (channel, readers)))
    {
        for content in told_by(channel, readers) {
            let little = Content {
                readers: Some(readers),
                event_kind: content.event_kind.clone(),
                ..sparse(&content.milestone)
            };
            let own = Content {
                text: Some("Our own words.".into()),
                ..content.clone()
            };
            for language in LANGUAGES {
                for level in Level::ALL {
                    for content in [&content, &little, &own] {
                        let message = by(channel, content, language, level);
                        // A text message cuts what is too long for it.
                        assert_tidy(&message.text.replace("...", "\u{2026}"));
                        assert_eq!(message.language, language);
                        assert!(message.subject.chars().count() <= 78);
                        let technical = message.text.contains("PostgreSQL");
                        assert!(!technical || level == Level::Technical, "{}", message.text);
                    }
                }
            }
        }
    }
}

/// A rule that is broken above a note.
fn broken(channel: Channel, content: &Content, level: Level) -> BTreeSet<Rule> {
    let message = by(channel, content, "en", level);
    let stage = Stage::parse(&content.milestone).unwrap();
    let medium = match channel {
        Channel::Sms => Medium::Sms,
        Channel::Chat => Medium::Chat,
        _ => Medium::Email,
    };
    let subject = Some(message.subject.as_str()).filter(|_| medium == Medium::Email);
    let text = Text::new(&message.text, subject, level, stage, medium).unwrap();
    let findings = review(&text, &Context::default()).findings.into_iter();
    let grave = findings.filter(|f| f.severity != Severity::Note);
    grave.map(|f| f.rule).collect()
}

#[test]
fn texts_for_readers_break_no_rule_that_the_text_of_their_level_keeps() {
    let mut told = Vec::new();
    for (channel, readers) in OUTLETS
        .into_iter()
        .flat_map(|channel| Reader::ALL.map(|readers| (channel, readers)))
    {
        for content in told_by(channel, readers) {
            for level in [Level::NonTechnical, Level::SemiTechnical] {
                let plain = Content {
                    readers: None,
                    ..content.clone()
                };
                let mut more: Vec<Rule> = broken(channel, &content, level)
                    .difference(&broken(channel, &plain, level))
                    .copied()
                    .collect();
                // A text message has no room for both: executives read the risk where others read what to do.
                if (channel, readers) == (Channel::Sms, Reader::Executive) {
                    more.retain(|rule| *rule != Rule::Q4);
                }
                if !more.is_empty() {
                    let text = by(channel, &content, "en", level).text;
                    told.push(format!(
                        "{channel:?} {readers:?} {level:?} {more:?}\n{text}"
                    ));
                }
            }
        }
    }
    assert!(told.is_empty(), "{}", told.join("\n=====\n"));
}

#[test]
fn the_library_for_readers() {
    for readers in Reader::ALL {
        let mut out = String::new();
        for content in told_to(readers) {
            let message = as_mail(&content, "en", Level::NonTechnical);
            let _ = writeln!(
                out,
                "=== {} of {}: {}\n{}\n",
                content.milestone, content.event_kind, message.subject, message.text
            );
        }
        for channel in [Channel::Chat, Channel::Sms] {
            for content in told_by(channel, readers) {
                let text = by(channel, &content, "en", Level::NonTechnical).text;
                let (milestone, kind) = (&content.milestone, &content.event_kind);
                let _ = writeln!(out, "=== {milestone} of {kind} by {channel:?}\n{text}\n");
            }
        }
        insta::assert_snapshot!(format!("the_library_for_{}", readers.as_str()), out);
    }
}

#[test]
fn what_people_ask_stands_once_at_the_end_of_a_mail() {
    let content = full("announcement");
    let mail = as_mail(&content, "en", Level::NonTechnical);
    let (before, after) = mail
        .text
        .split_once("Questions and answers")
        .expect("questions");
    assert!(
        before.contains("The latest news is always here"),
        "{before}"
    );
    assert_eq!(
        after.trim(),
        "Will I lose my work?\n\nNo. All that you saved before the start is there afterwards.\n\n\
         Can I use the phone app?\n\nNo. It needs the portal, too."
    );
    assert!(
        mail.html.contains("<h3>Questions and answers</h3>"),
        "{}",
        mail.html
    );
    assert!(
        mail.html.contains("<strong>Will I lose my work?</strong>"),
        "{}",
        mail.html
    );
    let engineers = as_mail(&content, "de", Level::Technical).text;
    assert!(engineers.contains("Fragen und Antworten") && engineers.contains("Do replicas"));
    for (content, channel) in [
        (content.clone(), Channel::Chat),
        (content.clone(), Channel::Sms),
        (full("cancellation"), Channel::Email),
        (full("promise_warning"), Channel::Email),
    ] {
        let text = render(&content, &variant(Level::Technical, channel), &[]).text;
        assert!(
            !text.contains("Will I lose"),
            "{} {text}",
            content.milestone
        );
        assert!(
            !text.contains("Will my deadline"),
            "{} {text}",
            content.milestone
        );
    }
    // On the event's own page they stand once, not in every message.
    let page = render_page(&content, &variant(Level::NonTechnical, Channel::Email), &[]);
    assert!(!page.text.contains("Will I lose"), "{}", page.text);
}

#[test]
fn a_template_that_places_the_questions_itself_has_them_there() {
    let own = [Template {
        milestone: "announcement".into(),
        event: None,
        level: None,
        readers: None,
        channel: None,
        language: "en".into(),
        subject: None,
        body: "You ask:\n\n{{questions}}\n\nThat is all.".into(),
    }];
    let reader = variant(Level::NonTechnical, Channel::Email);
    let text = render(&full("announcement"), &reader, &own).text;
    assert!(text.ends_with("That is all."), "{text}");
    assert_eq!(text.matches("Will I lose my work?").count(), 1);
}

#[test]
fn a_version_to_forward_is_for_end_users_and_has_the_questions() {
    let content = Content {
        forwardable: true,
        readers: Some(Reader::DepartmentHead),
        ..full("announcement")
    };
    let text = as_mail(&content, "en", Level::SemiTechnical).text;
    let (own, theirs) = text.split_once("For your people").expect("both");
    assert!(
        own.contains("Please tell your people") && !own.contains("Will I lose"),
        "{own}"
    );
    assert!(theirs.contains("What you will notice"), "{theirs}");
    assert!(theirs.contains("Will I lose my work?"), "{theirs}");
    assert_eq!(text.matches("Will I lose my work?").count(), 1);
}

#[test]
fn a_hostile_question_stays_text() {
    let mut content = full("announcement");
    content.facts.questions = vec![Question {
        question: "**<script>alert(1)</script>** [x](javascript:y) {{organisation}}".into(),
        answer: "# Not a heading\n\n> nor a quote".into(),
        level: Level::NonTechnical,
    }];
    let html = as_mail(&content, "en", Level::NonTechnical).html;
    for tag in ["<script", "href=\"javascript", "<blockquote", "<h3>Not"] {
        assert!(!html.contains(tag), "{tag} in {html}");
    }
    assert!(
        html.contains("&lt;script&gt;") && html.contains("{{organisation}}"),
        "{html}"
    );
}
