//! One message that tells of several events.

use super::render::{MOST_WORDS, fits_a_text_message};
use super::sms::plain_signs;
use super::{Content, Variant, markdown, render, without_organisation};
use crate::contact::Channel;
use crate::facts::Facts;
use crate::id::Id;
use crate::template::Template;
use crate::words::{Words, is_right_to_left};

/// The content of a message that tells of all these events, each in the words that its own message would have: one section for
/// each, under its subject. A text message only names them, and leads to more. `bundle` is what brings them together. `None` when
/// there is nothing to tell.
pub fn digest(
    bundle: &str,
    contents: &[(&Content, Variant)],
    own: &[Template],
    url: String,
) -> Option<Content> {
    let (first, reader) = contents.first()?;
    let words = Words::of(&reader.language);
    let many = u64::try_from(contents.len()).unwrap_or(u64::MAX);
    let mut services: Vec<String> = Vec::new();
    for service in contents.iter().flat_map(|(content, _)| &content.services) {
        if !services.contains(service) {
            services.push(service.clone());
        }
    }
    // Several events may have several owners: whoever answers means them all.
    let reply_to = (first.reply_to.clone()).filter(|to| {
        let mut contents = contents.iter();
        contents.all(|(content, _)| content.reply_to.as_ref() == Some(to))
    });
    let whole = Content {
        event: Id::parse(bundle).unwrap_or_else(|_| first.event.clone()),
        title: words.counted(many, &words.changes),
        milestone: "digest".into(),
        answerable: reply_to.is_some() && contents.iter().any(|(content, _)| content.answerable),
        reply_to,
        offset: None,
        services,
        text: None,
        // Each section has its own.
        facts: Facts {
            questions: Vec::new(),
            ..first.facts.clone()
        },
        start: None,
        end: None,
        // Each section brings its own: around all of them it would repeat words that are not for everybody.
        forwardable: false,
        url,
        // The same on every attempt.
        at: contents.iter().map(|(content, _)| content.at).max()?,
        ..(*first).clone()
    };
    let text = match reader.channel {
        Channel::Sms => in_brief(&whole, contents, own),
        Channel::Email | Channel::Chat | Channel::Webhook | Channel::Voice | Channel::Push => {
            Some(in_sections(contents, own))
        }
    };
    Some(Content { text, ..whole })
}

/// Each event in the words of its own message, under its subject.
fn in_sections(contents: &[(&Content, Variant)], own: &[Template]) -> String {
    let section = |(content, variant): &(&Content, Variant)| {
        // Who answers, answers the whole message.
        let content = Content {
            answerable: false,
            ..(*content).clone()
        };
        let message = render(&content, variant, own);
        let mut heading = String::new();
        let headline = without_organisation(&message.subject, &content.organisation);
        markdown::escape_into(headline, &mut heading);
        format!("### {heading}\n\n{}", message.markdown.trim())
    };
    let sections: Vec<String> = contents.iter().map(section).collect();
    sections.join("\n\n")
}

/// As many of the subjects as a text message has room for, the first ones first; nothing where there is no room for one. How many
/// there are in all is its title.
fn in_brief(whole: &Content, contents: &[(&Content, Variant)], own: &[Template]) -> Option<String> {
    let (_, reader) = contents.first()?;
    let headline = |(content, variant): &(&Content, Variant)| {
        let subject = render(content, variant, own).subject;
        without_organisation(&subject, &content.organisation).to_owned()
    };
    let headlines: Vec<String> = contents.iter().map(headline).collect();
    let stop = match is_right_to_left(&reader.language) {
        true => "\u{61b} ",
        false => "; ",
    };
    let fits = |said: &String| {
        let mut text = String::new();
        markdown::escape_into(said, &mut text);
        let content = Content {
            text: Some(text.clone()),
            ..whole.clone()
        };
        let message = render(&content, reader, own);
        let is_whole =
            said.chars().count() <= MOST_WORDS && message.text.contains(plain_signs(said).as_str());
        (is_whole && fits_a_text_message(&message.text, &message.language)).then_some(text)
    };
    let mut all = headlines.join(stop);
    // A date may be shortened with a full stop of its own.
    if !all.ends_with('.') {
        all.push('.');
    }
    let fewer = (1..headlines.len()).rev();
    let fewer = fewer.map(|n| headlines[..n].join(stop) + stop + "...");
    std::iter::once(all)
        .chain(fewer)
        .find_map(|said| fits(&said))
}

#[cfg(test)]
mod tests {
    use super::super::samples::{civil, full, variant};
    use super::super::{Message, sms_segments};
    use super::*;
    use crate::audience::Level;

    /// What somebody who reads this language is told of so many works, by text message.
    fn told(language: &str, services: &[&str]) -> Message {
        let reader = Variant {
            language: language.into(),
            ..variant(Level::NonTechnical, Channel::Sms)
        };
        let work = |(n, service): (usize, &&str)| Content {
            services: vec![(*service).to_owned()],
            start: Some(civil(&format!("2026-12-0{}T22:00", n + 3))),
            end: Some(civil(&format!("2026-12-0{}T23:00", n + 3))),
            ..full("announcement")
        };
        let works: Vec<Content> = services.iter().enumerate().map(work).collect();
        let works: Vec<_> = works.iter().map(|w| (w, reader.clone())).collect();
        let url = "https://status.example.edu/calendar".to_owned();
        let content = digest("b-1", &works, &[], url).unwrap();
        render(&content, &reader, &[])
    }

    #[test]
    fn a_text_message_names_what_is_planned_in_every_language() {
        let languages = ["en", "de", "fr", "es", "ar"];
        let texts = languages.map(|language| {
            let message = told(language, &["Portal", "Wiki"]);
            assert_eq!(message.language, language);
            message.text
        });
        insta::assert_snapshot!(texts.join("\n"));
    }

    #[test]
    fn a_text_message_about_several_stays_within_its_segments() {
        let names = [
            "Student portal",
            "Library catalogue",
            "Examination office",
            "Payroll",
            "Mail",
        ];
        for language in ["en", "de", "fr", "es", "ar"] {
            for many in 2..=names.len() {
                let message = told(language, &names[..many]);
                let text = &message.text;
                assert!(
                    fits_a_text_message(text, language),
                    "{:?} {text}",
                    sms_segments(text)
                );
                assert!(
                    text.ends_with(" https://status.example.edu/calendar"),
                    "{text}"
                );
                assert!(text.contains(names[0]), "{text}");
                // Whoever is not told of all is told that there is more.
                let whole = names[..many].iter().all(|name| text.contains(name));
                assert_eq!(text.contains("..."), !whole, "{text}");
            }
        }
        let long = "A service with a name that nobody could ever have wanted to read, much less to write, ".repeat(3);
        let text = told("en", &[&long, &long, &long]).text;
        assert!(text.contains("3 changes are planned"), "{text}");
    }
}
