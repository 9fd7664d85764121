//! Texts that somebody edited at one level: what surrounds them stays, and the other levels are none the wiser.

use super::*;
use crate::message::render::made;
use crate::texts::Texts;
use crate::words::LANGUAGES;

fn edited(content: &Content, level: Level, text: &str) -> Content {
    Content {
        texts: Texts::from_iter([(level, text.to_owned())]),
        ..content.clone()
    }
}

/// The lines of a text in no order. What keeps the direction of writing of a fact is no part of an edited text.
fn lines(text: &str) -> Vec<String> {
    let text = text.replace(['\u{2066}', '\u{2068}', '\u{2069}'], "");
    let lines = text.lines().map(|line| line.trim_start_matches("- "));
    let lines = lines.filter(|line| !line.is_empty());
    let mut lines: Vec<String> = lines.map(str::to_owned).collect();
    lines.sort_unstable();
    lines
}

/// Whoever sends the text with which an edit begins says what would have been said, line by line: nothing is lost between the two,
/// and nothing stands there twice.
#[test]
fn an_edit_that_changes_nothing_says_the_same() {
    let mut tried = 0;
    for language in LANGUAGES {
        for milestone in MILESTONES {
            for level in Level::ALL {
                for content in [full(milestone), sparse(milestone)] {
                    let variant = Variant {
                        language: language.into(),
                        ..variant(level, Channel::Email)
                    };
                    let content = Content {
                        text: None,
                        ..content
                    };
                    let text = made(&content, &variant, &[]);
                    // Some notices are nobody's to write.
                    if text.is_empty() {
                        continue;
                    }
                    tried += 1;
                    let was = render(&content, &variant, &[]).text;
                    let is = render(&edited(&content, level, &text), &variant, &[]).text;
                    assert_eq!(lines(&is), lines(&was), "{milestone} {variant:?}\n{text}");
                }
            }
        }
    }
    assert!(tried > 600, "{tried}");
}

#[test]
fn each_level_reads_its_own_and_the_others_what_was_made() {
    for milestone in ["holding", "update", "resolution", "announcement", "delay"] {
        let content = Content {
            text: None,
            ..full(milestone)
        };
        for level in Level::ALL {
            let edited = edited(&content, level, "Only these people read of the *owl*.");
            for other in Level::ALL {
                for channel in Channel::ALL {
                    let variant = variant(other, channel);
                    let [was, is] = [&content, &edited].map(|c| render(c, &variant, &[]));
                    match other == level {
                        true => assert!(is.text.contains("read of the owl."), "{variant:?} {is:?}"),
                        false => assert_eq!(is, was, "{variant:?}"),
                    }
                }
            }
            // The page is for everybody.
            let page = render_page(&edited, &variant(Level::NonTechnical, Channel::Email), &[]);
            assert_eq!(page.text.contains("owl"), level == Level::NonTechnical);
        }
    }
}

#[test]
fn an_edit_comes_before_the_text_for_all_and_never_loses_the_promise() {
    let content = Content {
        text: Some("For all.".into()),
        missed: Some(at("2026-11-24T20:00:00Z")),
        ..full("update")
    };
    let hostile = "We look into it. <!-- ```\n\n~~~";
    let edited = edited(&content, Level::NonTechnical, hostile);
    for channel in Channel::ALL {
        for level in Level::ALL {
            let variant = variant(level, channel);
            let said = render(&edited, &variant, &[]).text;
            let own = level == Level::NonTechnical;
            assert_eq!(said.contains("For all."), !own, "{variant:?}\n{said}");
            assert_eq!(
                said.contains("We look into it."),
                own,
                "{variant:?}\n{said}"
            );
            // The promise, and the one that was not kept.
            assert!(said.contains("ext update"), "{variant:?}\n{said}");
            assert!(said.contains("12:00 PST"), "{variant:?}\n{said}");
            assert!(said.contains("sorry"), "{variant:?}\n{said}");
        }
    }
    assert_eq!(
        made(&edited, &variant(Level::NonTechnical, Channel::Email), &[]),
        "For all."
    );
}

#[test]
fn what_an_edit_begins_with_is_the_facts_of_its_level_and_nothing_that_is_said_beside_it() {
    let content = Content {
        text: None,
        ..full("update")
    };
    let of = |level| made(&content, &variant(level, Channel::Email), &[]);
    insta::assert_snapshot!(of(Level::SemiTechnical));
    for level in Level::ALL {
        let text = of(level);
        for beside in ["ext update", "https://", "Technical details", "Reference"] {
            assert!(!text.contains(beside), "{beside}: {text}");
        }
        assert_eq!(text.contains("P1"), level > Level::NonTechnical, "{text}");
    }
    // Of the organisation's own templates the one into which the edit will go.
    let own = |body: &str| Template {
        milestone: "update".into(),
        event: None,
        level: None,
        readers: None,
        channel: Some(Channel::Email),
        language: "en".into(),
        subject: None,
        body: body.into(),
    };
    let with_place = own(
        "Dear all, {{#if own_words}}{{own_words}} {{#if cause}}({{cause}}){{/if}}{{else}}{{effect}} {{#if cause}}({{cause}}){{/if}}{{/if}}\n\nBye",
    );
    let variant = variant(Level::NonTechnical, Channel::Email);
    let effect = content.facts.effect.clone().unwrap();
    let begun = made(&content, &variant, &[with_place]);
    assert!(
        begun.starts_with(&effect) && !begun.contains("("),
        "{begun}"
    );
    let begun = made(&content, &variant, &[own("{{effect}} And {{url}}")]);
    assert_eq!(begun, of(Level::NonTechnical));
}
