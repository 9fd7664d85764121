//! Every message, at every level, by every channel, from full, sparse and hostile facts; and how they read.

use super::samples::*;
use super::*;
use crate::template::Template;
use proptest::prelude::*;
use std::fmt::Write as _;

mod edited;
mod languages;
mod marked;
mod readers;

const LONG: [Channel; 3] = [Channel::Email, Channel::Chat, Channel::Webhook];

/// Every content with every variant, and the message.
fn each(contents: &[fn(&str) -> Content], mut check: impl FnMut(&Content, &Variant, &Message)) {
    for content in contents {
        for milestone in MILESTONES {
            for level in Level::ALL {
                for channel in Channel::ALL {
                    let (content, variant) = (content(milestone), variant(level, channel));
                    check(&content, &variant, &render(&content, &variant, &[]));
                }
            }
        }
    }
}

/// What careless templates leave behind.
fn assert_tidy(text: &str) {
    for scar in [
        "{{", "}}", "  ", " .", ",,", "..", " ,", "()", ": .", ":\n-", ": \n", "\n\n\n", "**",
    ] {
        assert!(!text.contains(scar), "{scar:?} in\n{text}");
    }
    for line in text.lines() {
        assert!(!line.ends_with([' ', ',', ':']), "{line:?} in\n{text}");
    }
}

#[test]
fn no_message_shows_a_gap() {
    each(&[full, sparse], |content, variant, message| {
        assert_tidy(&message.text);
        assert_tidy(&message.subject);
        assert!(!message.text.is_empty(), "{content:?} {variant:?}");
        assert!(
            message.subject.starts_with("Example University: "),
            "{}",
            message.subject
        );
    });
}

#[test]
fn subjects_keep_their_limits() {
    each(&[full, sparse], |_, _, message| {
        assert!(message.subject.chars().count() <= 65, "{}", message.subject);
    });
    each(&[hostile], |_, _, message| {
        assert!(message.subject.chars().count() <= 78, "{}", message.subject);
        assert!(!message.subject.chars().any(char::is_control));
    });
    let mut short = full("announcement");
    short.organisation = "ACME".into();
    let subject = render(&short, &variant(Level::NonTechnical, Channel::Email), &[]).subject;
    assert_eq!(subject, "ACME: Student database maintenance, 29 Nov");
}

#[test]
fn nothing_technical_leaves_its_level() {
    each(&[full], |content, variant, message| {
        let technical = [
            "PostgreSQL",
            "internal",
            "MNT-1,",
            "INC-7,",
            "ADV-3,",
            "sda",
        ];
        let shown: Vec<_> = technical
            .iter()
            .filter(|t| message.text.contains(**t))
            .collect();
        if variant.level < Level::Technical {
            assert!(shown.is_empty(), "{shown:?} in {}", message.text);
        } else if LONG.contains(&variant.channel)
            && !matches!(
                content.milestone.as_str(),
                "test"
                    | "digest"
                    | "copy_due"
                    | "approval_needed"
                    | "help_needed"
                    | "overrun_check"
                    | "overrun"
                    | "plan_review"
                    | "action_due"
                    | "promise_warning"
                    | "promise_kept"
                    | "promise_broken"
                    | "alert_draft"
                    | "alert_graver"
                    | "spokesperson_call"
                    | "handover"
                    | "confirm_subscription"
                    | "manage_subscription"
                    | "sign_in"
            )
        {
            assert_eq!(shown.len(), 3, "{}", message.text);
        }
        if variant.level == Level::NonTechnical {
            assert!(!message.text.contains("P1"), "{}", message.text);
        }
    });
}

#[test]
fn hostile_facts_stay_text() {
    each(&[hostile], |_, variant, message| {
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
        assert!(!message.text.contains(['\u{202e}', '\u{2066}', '\t']));
        if LONG.contains(&variant.channel) {
            // The braces are the enemy's own words, shown as they stand.
            assert_eq!(
                html.contains("{{organisation}}"),
                html.contains("&lt;script&gt;"),
                "{html}"
            );
        } else {
            assert!(!message.text.contains('\n'));
        }
    });
}

#[test]
fn open_incidents_always_name_the_next_update_and_own_a_missed_one() {
    let own = Template {
        milestone: "update".into(),
        event: None,
        level: None,
        readers: None,
        channel: None,
        language: "en".into(),
        subject: Some("{{organisation}}: news".into()),
        body: "{{effect}}".into(),
    };
    let mut content = full("update");
    for text in [None, Some("We replace the disk.".to_owned())] {
        content.text = text;
        for own in [&[][..], std::slice::from_ref(&own)] {
            for channel in Channel::ALL {
                let message = render(&content, &variant(Level::NonTechnical, channel), own);
                let both = ["12:30 PST (UTC-08:00", "11:30 PST (UTC-08:00"];
                assert!(
                    both.iter().all(|t| message.text.contains(t)),
                    "{}",
                    message.text
                );
                assert!(message.text.contains("sorry"), "{}", message.text);
            }
        }
    }
}

#[test]
fn text_messages_take_at_most_two_segments_and_keep_their_link() {
    each(&[full, sparse], |content, variant, message| {
        if variant.channel == Channel::Sms {
            let segments = sms_segments(&message.text);
            assert!(segments.count <= 2, "{segments:?} {}", message.text);
            assert_eq!(segments.encoding, Encoding::Gsm7, "{}", message.text);
            assert!(message.text.ends_with(&content.url), "{}", message.text);
        }
    });
    let mut wordy = full("update");
    wordy.facts.effect =
        Some("\u{201c}Nobody\u{201d} can sign in \u{2013} it\u{2019}s not you\u{2026} ".repeat(20));
    let message = render(&wordy, &variant(Level::NonTechnical, Channel::Sms), &[]);
    assert!(sms_segments(&message.text).count <= 2, "{}", message.text);
    assert!(message.text.contains("12:30 PST") && message.text.ends_with(&wordy.url));
}

#[test]
fn own_words_take_the_place_of_facts_only() {
    let mut content = full("update");
    content.text =
        Some("We **replace** the disk.\n\n```\nand here the code never ends\n<!-- nor this".into());
    let message = render(&content, &variant(Level::NonTechnical, Channel::Email), &[]);
    insta::assert_snapshot!(message.text);
    assert!(message.html.contains("<strong>replace</strong>"));
    assert!(
        message
            .html
            .contains("<li><strong>Next update:</strong> by 12:30 PST"),
        "{}",
        message.html
    );
    content.text = Some("Done soon <!-- hidden\n\n<div>\n\n<textarea>".into());
    let message = render(&content, &variant(Level::NonTechnical, Channel::Email), &[]);
    assert!(
        message
            .html
            .contains("<li><strong>Next update:</strong> by 12:30 PST"),
        "{}",
        message.html
    );
}

#[test]
fn an_own_template_wins_and_gives_way_to_own_words() {
    let own = [Template {
        milestone: "announcement".into(),
        event: None,
        level: Some(Level::NonTechnical),
        readers: None,
        channel: Some(Channel::Email),
        language: "en".into(),
        subject: Some("{{organisation}}: {{service}} unavailable {{start_date}}".into()),
        body: "{{effect}}\n\n{{#if action}}What to do: {{action}}\n\n{{/if}}From {{start}} to {{end}}.".into(),
    }];
    let mut content = full("announcement");
    content.facts.questions.clear();
    let variant = variant(Level::NonTechnical, Channel::Email);
    let message = render(&content, &variant, &own);
    assert_eq!(
        message.subject,
        "Example University: Student database unavailable 29 Nov"
    );
    assert_eq!(
        message.text,
        "You cannot sign in to the student portal.\n\nWhat to do: Save your work before we start.\n\nFrom Sunday 29 November 2026, 22:00 PST \
         (UTC-08:00, Los Angeles) to Monday 30 November 2026, 02:00 PST (UTC-08:00, Los Angeles)."
    );
    content.text = Some("My own words.".into());
    assert!(
        render(&content, &variant, &own)
            .text
            .starts_with("My own words.\n\n- When: Sunday")
    );
}

#[test]
fn other_languages_use_own_templates_with_dates_that_need_no_words() {
    let own = [Template {
        milestone: "announcement".into(),
        event: None,
        level: None,
        readers: None,
        channel: None,
        language: "it".into(),
        subject: Some("{{organisation}}: lavori {{service}}, {{start_date}}".into()),
        body: "Lavori da {{start}} a {{end}}.{{#if data_safe}} I dati sono al sicuro.{{/if}}"
            .into(),
    }];
    let mut reader = variant(Level::NonTechnical, Channel::Email);
    reader.language = "it-CH".into();
    reader.zone = zone("Europe/Zurich");
    let mut content = full("announcement");
    content.facts.questions.clear();
    let message = render(&content, &reader, &own);
    assert_eq!(message.language, "it");
    assert_eq!(
        message.subject,
        "Example University: lavori Student database, 2026-11-30"
    );
    assert_eq!(
        message.text,
        "Lavori da 2026-11-30 07:00 CET (UTC+01:00, Zurich) a 2026-11-30 11:00 CET (UTC+01:00, Zurich). I dati sono al sicuro."
    );
    assert_eq!(render(&full("reminder"), &reader, &own).language, "en");
}

#[test]
fn the_page_names_no_link_to_itself() {
    let content = full("announcement");
    let message = render_page(
        &content,
        &variant(Level::NonTechnical, Channel::Webhook),
        &[],
    );
    assert!(
        !message.text.contains("https://")
            && message.text.contains("Sunday 29 November 2026, 22:00 PST")
    );
}

#[test]
fn webhook_bodies_stay_under_20_kb() {
    let mut content = hostile("update");
    content.services = vec!["\u{1f600}\"\\".repeat(30); 500];
    content.text = Some("\u{1f600} \"quoted\" line\n".repeat(2_000));
    let variant = variant(Level::Technical, Channel::Webhook);
    let message = render(&content, &variant, &[]);
    let body = webhook_body(&content, &message, &variant, "n1");
    assert!((19_000..=20_000).contains(&body.len()), "{}", body.len());
    let value: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert!(
        value["data"]["text"]
            .as_str()
            .unwrap()
            .ends_with('\u{2026}')
    );

    let content = full("update");
    let message = render(&content, &variant, &[]);
    insta::assert_snapshot!(
        String::from_utf8(webhook_body(&content, &message, &variant, "n1")).unwrap()
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn plain_text_comes_back_through_markdown(text in "[ -~é]{0,40}") {
        let mut markdown = String::new();
        markdown::escape_into(&text, &mut markdown);
        let words = |t: &str| t.split_whitespace().collect::<Vec<_>>().join(" ");
        prop_assert_eq!(words(&markdown::to_text(&markdown)), words(&text));
    }

    #[test]
    fn own_words_never_swallow_the_promise(text in "([ a-z\n>*_`~#-]|<!--|<div>|<pre>|</pre>|```|~~~|\\[a\\]\\(|<!\\[CDATA\\[|<\\?){0,30}") {
        let mut content = full("update");
        content.text = Some(text);
        let html = render(&content, &variant(Level::NonTechnical, Channel::Email), &[]).html;
        prop_assert!(html.contains("<strong>Next update:</strong> by 12:30 PST"), "{}", html);
    }
}

fn show(contents: impl IntoIterator<Item = Content>, level: Level, channel: Channel) -> String {
    let mut out = String::new();
    for content in contents {
        let message = render(&content, &variant(level, channel), &[]);
        let note = if channel == Channel::Sms {
            format!("{} segment(s)", sms_segments(&message.text).count)
        } else {
            format!("{} characters", message.subject.chars().count())
        };
        let _ = write!(
            out,
            "=== {} ({note})\n{}\n\n{}\n\n",
            content.milestone, message.subject, message.text
        );
    }
    out
}

#[test]
fn the_library_as_mail() {
    insta::assert_snapshot!(show(
        MILESTONES.map(full),
        Level::NonTechnical,
        Channel::Email
    ));
}

#[test]
fn the_library_as_chat_for_engineers() {
    insta::assert_snapshot!(show(MILESTONES.map(full), Level::Technical, Channel::Chat));
}

#[test]
fn the_library_as_text_messages() {
    insta::assert_snapshot!(show(
        MILESTONES.map(full),
        Level::NonTechnical,
        Channel::Sms
    ));
}

#[test]
fn the_library_when_nothing_is_known() {
    insta::assert_snapshot!(show(
        MILESTONES.map(sparse),
        Level::NonTechnical,
        Channel::Email
    ));
}

#[test]
fn one_announcement_in_six_zones() {
    let mut content = full("announcement");
    content.start = Some(civil("2026-10-31T23:30"));
    content.end = Some(civil("2026-11-01T04:00"));
    let mut out = String::new();
    for name in [
        "America/Los_Angeles",
        "Europe/Berlin",
        "Asia/Kolkata",
        "America/Sao_Paulo",
        "Australia/Sydney",
        "UTC",
    ] {
        let mut reader = variant(Level::NonTechnical, Channel::Email);
        reader.zone = zone(name);
        let text = render(&content, &reader, &[]).text;
        let lines = text
            .lines()
            .filter(|l| l.starts_with("- When") || l.starts_with("- Please note"));
        let _ = writeln!(out, "{name}\n{}\n", lines.collect::<Vec<_>>().join("\n"));
    }
    insta::assert_snapshot!(out);
}

#[test]
fn a_moderator_gets_a_version_to_forward() {
    let content = Content {
        forwardable: true,
        ..full("announcement")
    };
    let sent = render(&content, &variant(Level::Technical, Channel::Email), &[]);
    let (own, theirs) = sent.text.split_once("For your people").expect("both");
    assert!(
        own.contains("PostgreSQL") && !theirs.contains("PostgreSQL"),
        "{}",
        sent.text
    );
    assert!(
        theirs.contains("Save your work") && theirs.contains(&content.url),
        "{theirs}"
    );
    assert!(sent.html.contains("<blockquote>"), "{}", sent.html);
    let short = render(&content, &variant(Level::Technical, Channel::Sms), &[]);
    assert!(!short.text.contains("For your people"));
}

#[test]
fn a_mail_says_that_it_can_be_answered_where_nobody_named_a_contact() {
    let content = Content {
        answerable: true,
        ..full("announcement")
    };
    let said = |channel| render(&content, &variant(Level::NonTechnical, channel), &[]).text;
    assert!(said(Channel::Email).contains("Just answer this message."));
    for other in [Channel::Sms, Channel::Chat, Channel::Voice] {
        assert!(!said(other).contains("answer this message"), "{other:?}");
    }
}

#[test]
fn who_asked_for_it_reads_that_it_is_done() {
    let asked = Content {
        requested: true,
        ..full("completion")
    };
    let variant = variant(Level::NonTechnical, Channel::Email);
    let words = "You asked for this change, and it is done.";
    assert!(render(&asked, &variant, &[]).text.contains(words));
    assert!(
        !render(&full("completion"), &variant, &[])
            .text
            .contains(words)
    );
}

#[test]
fn an_announcement_is_told_in_words_of_its_own() {
    let all = [
        "announcement",
        "reminder",
        "final_reminder",
        "delay",
        "reschedule",
        "cancellation",
        "effective",
    ];
    let mut contents = all.map(announced).to_vec();
    let nothing_known = |milestone| Content {
        facts: Facts::default(),
        reason: None,
        ..announced(milestone)
    };
    contents.extend(["announcement", "effective"].map(nothing_known));
    contents.push(Content {
        text: Some("We wait for the new machines.".into()),
        ..announced("delay")
    });
    let mut out = String::new();
    for content in contents {
        for channel in [Channel::Email, Channel::Chat, Channel::Sms] {
            let message = render(&content, &variant(Level::NonTechnical, channel), &[]);
            assert_tidy(&message.text);
            if channel == Channel::Sms {
                let count = sms_segments(&message.text).count;
                assert!(count <= 3, "{count}: {}", message.text);
            }
            let (name, subject) = (channel.as_str(), &message.subject);
            assert!(subject.chars().count() <= 65, "{subject}");
            let _ = writeln!(
                out,
                "=== {} {name}: {subject}\n{}\n",
                content.milestone, message.text
            );
        }
    }
    insta::assert_snapshot!(out);
}

#[test]
fn an_advisory_is_told_in_words_of_its_own() {
    let requested = Content {
        requested: true,
        missed: Some(at("2026-11-24T17:00:00Z")),
        ..full("fixed")
    };
    let silent = Content {
        next_update: None,
        missed: None,
        ..advisory("update")
    };
    let withdrawn = Content {
        status: "withdrawn".into(),
        text: Some("The file was cut off by the program that read it.".into()),
        ..silent.clone()
    };
    let asked_in_vain = Content {
        requested: true,
        ..withdrawn.clone()
    };
    let by_hand = Content {
        text: Some("Version 4.2.1 reads the last line again.".into()),
        ..full("fixed")
    };
    let timers = ["promise_warning", "promise_broken"].map(advisory);
    let mut contents = vec![advisory("update"), silent, withdrawn];
    contents.extend([asked_in_vain, requested, by_hand]);
    contents.extend(timers);
    let mut out = String::new();
    for content in contents {
        for channel in [Channel::Email, Channel::Chat, Channel::Sms] {
            let message = render(&content, &variant(Level::NonTechnical, channel), &[]);
            assert_tidy(&message.text);
            if channel == Channel::Sms {
                assert!(sms_segments(&message.text).count <= 2, "{}", message.text);
            }
            let (name, subject) = (channel.as_str(), &message.subject);
            assert!(subject.chars().count() <= 65, "{subject}");
            let _ = writeln!(
                out,
                "=== {} {name}: {subject}\n{}\n",
                content.milestone, message.text
            );
        }
    }
    insta::assert_snapshot!(out);
}

#[test]
fn an_own_text_for_any_event_does_not_speak_of_outages_where_a_fault_is_meant() {
    let own = |event: Option<&str>, body: &str| Template {
        milestone: "update".into(),
        event: event.map(str::to_owned),
        level: None,
        readers: None,
        channel: None,
        language: "en".into(),
        subject: None,
        body: body.into(),
    };
    let variant = variant(Level::NonTechnical, Channel::Email);
    let outages = [own(None, "We look for the cause.")];
    let said = |content: &Content, own: &[Template]| render(content, &variant, own).text;
    assert!(said(&full("update"), &outages).starts_with("We look for the cause."));
    assert!(said(&advisory("update"), &outages).starts_with("The export of grades leaves out"));
    let both = [
        own(None, "We look for the cause."),
        own(Some("advisory"), "We fix the fault."),
    ];
    assert!(said(&advisory("update"), &both).starts_with("We fix the fault."));
}

#[test]
fn what_forewarn_says_by_itself_says_that_nothing_is_new() {
    let automatic = Content {
        unchanged: true,
        missed: None,
        ..full("update")
    };
    let moved = Content {
        moved_from: Some(at("2026-11-22T19:30:00Z")),
        missed: None,
        ..full("update")
    };
    let watched = Content {
        status: "monitoring".into(),
        ..automatic.clone()
    };
    let mut out = String::new();
    for content in [automatic, watched, moved] {
        for channel in [Channel::Email, Channel::Chat, Channel::Sms] {
            let message = render(&content, &variant(Level::NonTechnical, channel), &[]);
            assert_tidy(&message.text);
            if channel == Channel::Sms {
                assert!(sms_segments(&message.text).count <= 2, "{}", message.text);
            }
            let _ = writeln!(out, "=== {}\n{}\n", channel.as_str(), message.text);
        }
    }
    insta::assert_snapshot!(out);
}

#[test]
fn a_late_warning_says_how_late() {
    for milestone in ["promise_warning", "promise_broken"] {
        for channel in [Channel::Email, Channel::Chat, Channel::Sms] {
            let late = Content {
                late_by_seconds: 3 * 3_600,
                ..full(milestone)
            };
            let message = render(&late, &variant(Level::Technical, channel), &[]);
            assert!(message.text.contains("3 hours late"), "{}", message.text);
            assert_tidy(&message.text);
        }
    }
}

#[test]
fn whoever_is_asked_to_speak_is_not_told_that_nobody_answered_before_anybody_was() {
    let asked = full("spokesperson_call");
    let nobody = Content {
        ack_url: None,
        ..asked.clone()
    };
    for channel in [Channel::Email, Channel::Sms, Channel::Voice] {
        let variant = variant(Level::Technical, channel);
        let said = |content: &Content| render(content, &variant, &[]).text;
        let last = "Nobody who was called has answered";
        assert!(!said(&asked).contains(last), "{}", said(&asked));
        assert!(said(&nobody).contains(last), "{}", said(&nobody));
    }
}

#[test]
fn prepared_words_are_as_rich_as_their_reader() {
    let plain = full("holding");
    let prepared = Content {
        facts: Facts {
            effect: Some("You cannot sign in.".into()),
            ..plain.facts.clone()
        },
        prepared: [
            (Level::NonTechnical, "You cannot sign in.".to_owned()),
            (Level::Technical, "Sign-in to the portal fails.".to_owned()),
        ]
        .into(),
        ..plain
    };
    for (level, said, other) in [
        (Level::NonTechnical, "You cannot", "Sign-in to"),
        (Level::Technical, "Sign-in to", "You cannot"),
    ] {
        let text = render(&prepared, &variant(level, Channel::Email), &[]).text;
        assert!(text.contains(said) && !text.contains(other), "{text}");
    }
}
