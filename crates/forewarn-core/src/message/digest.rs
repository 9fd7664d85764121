//! One message that tells of several events.

use super::{Content, Variant, render, without_organisation};
use crate::facts::Facts;
use crate::id::Id;
use crate::template::Template;
use crate::words::Words;

/// The content of a message that tells of all these events, each in the words that its own message would have: one section for
/// each, under its subject. `bundle` is what brings them together. `None` when there is nothing to tell.
pub fn digest(
    bundle: &str,
    contents: &[(&Content, Variant)],
    own: &[Template],
    url: String,
) -> Option<Content> {
    let (first, reader) = contents.first()?;
    let words = Words::of(&reader.language);
    let many = u64::try_from(contents.len()).unwrap_or(u64::MAX);
    let sections: Vec<String> = contents
        .iter()
        .map(|(content, variant)| {
            // Who answers, answers the whole message.
            let content = Content {
                answerable: false,
                ..(*content).clone()
            };
            let message = render(&content, variant, own);
            let headline = without_organisation(&message.subject, &content.organisation);
            let mut heading = String::new();
            super::markdown::escape_into(headline, &mut heading);
            format!("### {heading}\n\n{}", message.markdown.trim())
        })
        .collect();
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
    Some(Content {
        event: Id::parse(bundle).unwrap_or_else(|_| first.event.clone()),
        title: words.counted(many, &words.changes),
        milestone: "digest".into(),
        answerable: reply_to.is_some() && contents.iter().any(|(content, _)| content.answerable),
        reply_to,
        offset: None,
        services,
        text: Some(sections.join("\n\n")),
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
    })
}
