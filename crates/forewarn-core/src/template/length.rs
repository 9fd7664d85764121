//! Templates whose messages are too long for their channel, whatever is cut from what they are filled with, and those that say nothing.

use super::{Fault, Format, Parsed, Template, Values, Variable};
use crate::audience::Level;
use crate::contact::Channel;
use crate::message::{Content, Encoding, Variant, render_with, sample, sms_segments};
use crate::time::Zone;
use crate::words::Words;

/// A text message of more segments is an error of the review.
const SEGMENTS: usize = 3;
/// Who is called listens for a minute: some 150 words.
const SPOKEN: usize = 900;
/// Mail programs cut what is longer.
const SUBJECT: usize = 78;

/// The texts that are too long, each with the place from which it is.
pub(super) fn too_long(template: &Template) -> Vec<(&'static str, Fault)> {
    let subject = template.subject.as_deref().and_then(|text| {
        let alone = Parsed::parse(text).ok()?;
        let level = template.level.unwrap_or(Level::Technical);
        // Without a single value: what is always there.
        let length = alone.render(&Values::new(level), Format::Line).chars().count();
        let because = format!(
            "its own words are {length} characters; a subject is at most {SUBJECT}, with everything that is filled in"
        );
        (length > SUBJECT).then(|| ("subject", fault(text, SUBJECT, length, because)))
    });
    subject.into_iter().chain(body(template)).collect()
}

fn body(template: &Template) -> Option<(&'static str, Fault)> {
    let channel = template.channel?;
    let content = Content {
        readers: template.readers,
        ..sample(&template.milestone, template.event.as_deref())?
    };
    let variant = Variant {
        level: template.level.unwrap_or(Level::NonTechnical),
        channel,
        language: template.language.clone(),
        zone: Zone::utc(),
    };
    let made = || render_with(&content, &variant, template);
    let (length, most, because) = match channel {
        Channel::Sms | Channel::Push => {
            let segments = sms_segments(&made()?.text);
            let (most, signs) = match segments.encoding {
                Encoding::Gsm7 => (SEGMENTS, ""),
                Encoding::Ucs2 => (
                    SEGMENTS.max(Words::of(&template.language).segments),
                    " (a letter of it is not in the basic alphabet, which makes all of it cost double)",
                ),
            };
            let because = format!(
                "filled with short facts it takes {} text messages{signs}; at most {most}",
                segments.count
            );
            (segments.count, most, because)
        }
        Channel::Voice => {
            let length = made()?.text.chars().count();
            let because = format!(
                "filled with short facts it is {length} characters to listen to; at most {SPOKEN}"
            );
            (length, SPOKEN, because)
        }
        Channel::Email | Channel::Chat | Channel::Webhook => return None,
    };
    (length > most).then(|| ("body", fault(&template.body, most, length, because)))
}

/// The levels at which a template's own text is empty with everything known. What every message tells by itself does not count.
pub(super) fn silent_at(template: &Template) -> Vec<Level> {
    let content = sample(&template.milestone, template.event.as_deref());
    let (Some(content), Ok(body)) = (content, Parsed::parse(&template.body)) else {
        return Vec::new();
    };
    let own = |variable| body.mentions(variable);
    let mut content = Content {
        readers: template.readers,
        ..content
    };
    if !own(Variable::Questions) {
        content.facts.questions.clear();
    }
    content.next_update = content.next_update.filter(|_| own(Variable::NextUpdate));
    content.missed = content.missed.filter(|_| own(Variable::Missed));
    let levels = Level::ALL.into_iter();
    let levels = levels.filter(|level| template.level.is_none_or(|only| only == *level));
    let says = |level: &Level| {
        let variant = Variant {
            level: *level,
            channel: template.channel.unwrap_or(Channel::Email),
            language: template.language.clone(),
            zone: Zone::utc(),
        };
        let made = render_with(&content, &variant, template);
        made.is_some_and(|message| !message.text.trim().is_empty())
    };
    levels.filter(|level| !says(level)).collect()
}

/// The fault at the place up to which `most` of `length` parts of the text's own words would fit.
fn fault(text: &str, most: usize, length: usize, because: String) -> Fault {
    let own = own_words(text);
    let fits = own.len() * most / length.max(1);
    let at = own.get(fits).or(own.last()).copied().unwrap_or(0);
    let before = &text[..at];
    Fault {
        line: before.matches('\n').count() + 1,
        column: before.chars().rev().take_while(|c| *c != '\n').count() + 1,
        problem: format!("too long from here: {because}"),
    }
}

/// Where each letter stands that is not part of a variable or condition.
fn own_words(text: &str) -> Vec<usize> {
    let mut places = Vec::new();
    let mut inside = false;
    for (at, c) in text.char_indices() {
        inside |= text[at..].starts_with("{{");
        if !inside && !c.is_whitespace() {
            places.push(at);
        }
        inside &= !(c == '}' && text[..at].ends_with('}'));
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(channel: Option<Channel>, subject: &str, body: &str) -> Template {
        Template {
            milestone: "holding".into(),
            event: None,
            level: None,
            readers: None,
            channel,
            language: "en".into(),
            subject: Some(subject.to_owned()).filter(|s| !s.is_empty()),
            body: body.into(),
        }
    }

    fn said(template: &Template) -> Vec<String> {
        let faults = too_long(template).into_iter();
        faults
            .map(|(field, fault)| format!("{field}: {fault}"))
            .collect()
    }

    #[test]
    fn a_text_message_that_is_always_long_is_refused_with_its_place() {
        let body = format!("{{{{service}}}}: {}", "We look for the cause. ".repeat(25));
        let told = said(&template(Some(Channel::Sms), "", &body));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].starts_with("body: line 1, column 3")
                && told[0].contains("too long from here: filled with short facts it takes 5 text messages; at most 3"),
            "{told:?}"
        );
        assert_eq!(said(&template(Some(Channel::Email), "", &body)), [""; 0]);
        assert_eq!(said(&template(None, "", &body)), [""; 0]);
        let smiling = format!("\u{1f600} {}", "We look for the cause. ".repeat(10));
        let told = said(&template(Some(Channel::Sms), "", &smiling));
        assert!(told[0].contains("basic alphabet"), "{told:?}");
    }

    #[test]
    fn a_call_of_minutes_and_a_subject_that_no_program_shows_are_refused() {
        let told = said(&template(
            Some(Channel::Voice),
            "",
            &"Please wait. ".repeat(100),
        ));
        assert!(
            told[0].contains("characters to listen to; at most 900"),
            "{told:?}"
        );
        let long = "A very long subject indeed that says next to nothing ".repeat(2);
        let told = said(&template(None, &long, "x"));
        assert!(
            told[0].starts_with("subject: line 1, column 78") && told[0].contains("at most 78"),
            "{told:?}"
        );
        let either = "{{#if why}}A subject that has words for one case and{{else}}other words for another{{/if}}, in the end short";
        assert_eq!(said(&template(None, either, "x")), [""; 0]);
    }

    #[test]
    fn the_library_is_not_too_long_and_says_something_at_every_level() {
        for language in crate::words::LANGUAGES {
            for template in super::super::built_in(language) {
                assert_eq!(said(template), [""; 0], "{}", template.id());
                assert_eq!(silent_at(template), [], "{}", template.id());
            }
        }
    }

    #[test]
    fn a_text_for_one_level_only_says_nothing_at_the_others() {
        use Level::{NonTechnical, SemiTechnical, Technical};
        let for_engineers = "{{#if technical}}\nWhat broke: {{technical}}\n{{/if}}";
        for channel in [None, Some(Channel::Chat), Some(Channel::Sms)] {
            let mut one = template(channel, "", for_engineers);
            assert_eq!(silent_at(&one), [NonTechnical, SemiTechnical]);
            one.level = Some(Technical);
            assert_eq!(silent_at(&one), []);
            one.level = Some(NonTechnical);
            assert_eq!(silent_at(&one), [NonTechnical]);
        }
        let promise = "{{#if next_update}}We write by {{next_update}}.{{/if}}";
        assert_eq!(silent_at(&template(None, "", promise)), []);
        assert_eq!(silent_at(&template(None, "", "&nbsp;")), Level::ALL);
    }
}
