//! From content and a variant to words: choose the template, fill it in, keep the limits of the channel.

use super::sms::{Encoding, Segments, plain_signs, sms_segments};
use super::values::{Purpose, values};
use super::{Content, Message, Variant, markdown};
use crate::approval::APPROVAL_NEEDED;
use crate::audience::Level;
use crate::contact::Channel;
use crate::plan::{COPY_DUE, is_team_notice};
use crate::reader::Reader;
use crate::template::{Format, Parsed, Template, Value, Values, Variable, Wanted, fitting};
use crate::texts::Texts;
use crate::words::{Words, is_right_to_left, primary};

/// A mail program shows about so much of a subject.
const SUBJECT_WISHED: usize = 50;
/// A subject is never longer.
const SUBJECT_MAX: usize = 78;
/// A text message in the letters of the basic alphabet should not take more segments.
const SEGMENTS_WISHED: usize = 2;
/// Somebody's own words in a message that must be short, in characters, before they are cut.
pub(super) const MOST_WORDS: usize = 160;

/// A message in the words of one variant. The organisation's `own` templates win over the built-in ones.
///
/// Where the spokesperson wrote a text, or somebody edited that of this level, only templates with a place for it (`{{own_words}}`) are used. A promise, and
/// one that was not kept, is told even where the template forgot it.
pub fn render(content: &Content, variant: &Variant, own: &[Template]) -> Message {
    let chosen = Chosen::of(content, variant, own);
    match variant.channel {
        Channel::Sms | Channel::Voice | Channel::Push => short(content, variant, &chosen),
        Channel::Email | Channel::Chat | Channel::Webhook => {
            let message = long(content, variant, &chosen, true);
            // To what says nothing there is nothing to answer: it stays empty, and is refused for that.
            let says = !message.text.trim().is_empty();
            let message = match says && content.answerable && variant.channel == Channel::Email {
                true => with_whom_to_answer(message),
                false => message,
            };
            match content.forwardable {
                true => with_version_to_forward(message, content, variant, own),
                false => message,
            }
        }
    }
}

/// Where nobody said where to report trouble, whoever reads a mail can answer it at least.
fn with_whom_to_answer(message: Message) -> Message {
    let answer = Words::of(&message.language).answer;
    let markdown = format!("{}\n\n{answer}\n", message.markdown.trim_end());
    Message {
        text: markdown::to_text(&markdown),
        html: markdown::render_markdown(&markdown),
        markdown,
        ..message
    }
}

/// Moderators have people of their own to tell: below their message stands the same in words for everybody.
fn with_version_to_forward(
    message: Message,
    content: &Content,
    variant: &Variant,
    own: &[Template],
) -> Message {
    let plain = Variant {
        level: Level::NonTechnical,
        ..variant.clone()
    };
    let content = &Content {
        forwardable: false,
        readers: Some(Reader::EndUser),
        ..content.clone()
    };
    let chosen = Chosen::of(content, &plain, own);
    let theirs = long(content, &plain, &chosen, true);
    let quoted: String = theirs
        .markdown
        .trim_end()
        .lines()
        .map(|line| format!("> {line}").trim_end().to_owned() + "\n")
        .collect();
    let [heading, ask] = Words::of(&message.language).forward;
    let markdown = format!(
        "{}\n\n### {heading}\n\n{ask}\n\n{quoted}",
        message.markdown.trim_end()
    );
    Message {
        text: markdown::to_text(&markdown),
        html: markdown::render_markdown(&markdown),
        markdown,
        ..message
    }
}

/// The message as it stands on the event's own page: in full words, without a link to that page. The variant's channel does not matter.
pub fn render_page(content: &Content, variant: &Variant, own: &[Template]) -> Message {
    let variant = Variant {
        channel: Channel::Email,
        ..variant.clone()
    };
    let chosen = Chosen::of(content, &variant, own);
    long(content, &variant, &chosen, false)
}

/// What this template says, whichever others there are: the way to look at one before it is saved. Nothing where it cannot be read.
pub fn render_with(content: &Content, variant: &Variant, template: &Template) -> Option<Message> {
    let chosen = Chosen::only(template, content, variant)?;
    Some(match variant.channel {
        Channel::Sms | Channel::Voice | Channel::Push => short(content, variant, &chosen),
        Channel::Email | Channel::Chat | Channel::Webhook => long(content, variant, &chosen, true),
    })
}

/// The same as it would stand on the event's own page.
pub(super) fn page_with(
    content: &Content,
    variant: &Variant,
    template: &Template,
) -> Option<Message> {
    let chosen = Chosen::only(template, content, variant)?;
    Some(long(content, variant, &chosen, false))
}

/// What of a mail an edited text takes the place of, as Markdown: everything that is made of the facts, without what surrounds it. Where
/// somebody gave one text for all levels, that.
pub(super) fn made(content: &Content, variant: &Variant, own: &[Template]) -> String {
    let mut content = content.clone();
    content.texts = Texts::default();
    if let Some(text) = content.text {
        return text;
    }
    // The template into which an edited text would go.
    content.text = Some(String::new());
    let chosen = Chosen::of(&content, variant, own);
    content.text = None;
    let variant = &Variant {
        language: chosen.language,
        ..variant.clone()
    };
    let purpose = Purpose {
        variant,
        short: None,
        links: true,
    };
    let body = chosen.body.instead_of(Variable::OwnWords);
    body.render(&values(&content, purpose), Format::Markdown)
}

/// The texts that were chosen, and their language.
struct Chosen {
    /// The subject, and the same in shorter words.
    subject: [Parsed; 2],
    body: Parsed,
    language: String,
}

impl Chosen {
    /// This template's own; the subject of the library where it has none.
    fn only(template: &Template, content: &Content, variant: &Variant) -> Option<Chosen> {
        let language = template.language.clone();
        let variant = Variant {
            language: language.clone(),
            ..variant.clone()
        };
        let body = Parsed::parse(&template.body).ok()?;
        let alone = std::slice::from_ref(template);
        let subject = Chosen::of(content, &variant, alone).subject;
        let subject = match template.subject.as_deref() {
            Some(own) => shorter(own, &language).unwrap_or(subject),
            None => subject,
        };
        Some(Chosen {
            subject,
            body: complete(body, content, &variant, &language),
            language,
        })
    }

    fn of(content: &Content, variant: &Variant, own: &[Template]) -> Chosen {
        let bodies = candidates(content, variant.channel, variant, own);
        let is_made = content.own_words(variant.level).is_none();
        let (body, language) = bodies
            .iter()
            .filter_map(|t| Some((Parsed::parse(&t.body).ok()?, t.language.clone())))
            .find(|(body, _)| is_made || body.mentions(Variable::OwnWords))
            .unwrap_or_else(last_resort);
        // Text messages have no subject of their own, but lists and headlines show one.
        let subjects = candidates(content, Channel::Email, variant, own);
        let subject = bodies
            .iter()
            .chain(&subjects)
            .filter(|t| t.language == language)
            .find_map(|t| shorter(t.subject.as_deref()?, &language))
            .unwrap_or_else(|| [last_resort().0, last_resort().0]);
        Chosen {
            subject,
            body: complete(body, content, variant, &language),
            language,
        }
    }
}

/// A body with what every message tells, also where its template forgot it.
fn complete(body: Parsed, content: &Content, variant: &Variant, language: &str) -> Parsed {
    let words = Words::of(language);
    let body = with_promises(body, content, words);
    match variant.channel {
        Channel::Email => with_questions(body, content, words),
        Channel::Chat | Channel::Webhook | Channel::Sms | Channel::Voice | Channel::Push => body,
    }
}

/// A mail with what people ask at its end. Nobody asks about work that is called off, and the team's own notices are about
/// something else.
fn with_questions(body: Parsed, content: &Content, words: &Words) -> Parsed {
    let milestone = content.milestone.as_str();
    let is_about_it = !is_team_notice(milestone)
        && !matches!(milestone, COPY_DUE | APPROVAL_NEEDED | "cancellation");
    if !is_about_it || body.mentions(Variable::Questions) {
        return body;
    }
    let heading = match words.questions {
        "" => String::new(),
        words => format!("### {words}\n\n"),
    };
    let text = format!("\n\n{{{{#if questions}}}}\n{heading}{{{{questions}}}}\n{{{{/if}}}}");
    match Parsed::parse(&text) {
        Ok(more) => body.followed_by(more),
        Err(_) => body,
    }
}

/// A subject, and the same in shorter words.
fn shorter(subject: &str, language: &str) -> Option<[Parsed; 2]> {
    let words = Words::of(language).shorter.iter();
    let shorter = words.fold(subject.to_owned(), |subject, (long, short)| {
        subject.replace(long, short)
    });
    Some([Parsed::parse(subject).ok()?, Parsed::parse(&shorter).ok()?])
}

/// Templates for this content, best first.
fn candidates<'a>(
    content: &Content,
    channel: Channel,
    variant: &Variant,
    own: &'a [Template],
) -> Vec<&'a Template> {
    let wanted = Wanted {
        milestone: &content.milestone,
        event: Some(&content.event_kind),
        level: variant.level,
        readers: content.readers,
        channel,
        language: &variant.language,
    };
    let found = fitting(own, wanted);
    if !found.is_empty() {
        return found;
    }
    let milestone = match content.event_kind.as_str() {
        "incident" => "update",
        _ => "announcement",
    };
    let event = None;
    fitting(
        own,
        Wanted {
            milestone,
            event,
            ..wanted
        },
    )
}

/// The language in which somebody hears of this: their own, that without its country, the organisation's, English; the first for which
/// there is a text.
pub fn language_for(
    content: &Content,
    (level, channel): (Level, Channel),
    wanted: Option<&str>,
    organisation: &str,
    own: &[Template],
) -> String {
    let speaks = |language: &&str| {
        let language = *language;
        let wanted = Wanted {
            milestone: &content.milestone,
            event: Some(&content.event_kind),
            level,
            readers: content.readers,
            channel,
            language,
        };
        let mut found = fitting(own, wanted).into_iter();
        found.any(|t| t.language == language || t.language == primary(language))
    };
    let found = wanted.into_iter().chain([organisation]).find(speaks);
    found.unwrap_or("en").to_owned()
}

/// If even the library had nothing, the title is said.
fn last_resort() -> (Parsed, String) {
    let title = Parsed::parse("{{organisation}}: {{title}}");
    (title.unwrap_or_default(), "en".into())
}

/// A body that also tells the promise, and the one that was not kept, if it did not.
fn with_promises(body: Parsed, content: &Content, words: &Words) -> Parsed {
    let mut body = body;
    let missed = content.missed.is_some() && !body.mentions(Variable::Missed);
    let next = content.next_update.is_some() && !body.mentions(Variable::NextUpdate);
    for (wanted, text) in [(missed, words.missed), (next, words.next_update)] {
        if let (true, Ok(more)) = (wanted, Parsed::parse(&format!("\n\n{text}"))) {
            body = body.followed_by(more);
        }
    }
    body
}

fn long(content: &Content, variant: &Variant, chosen: &Chosen, links: bool) -> Message {
    let variant = &Variant {
        language: chosen.language.clone(),
        ..variant.clone()
    };
    let mut values = values(
        content,
        Purpose {
            variant,
            short: None,
            links,
        },
    );
    // A subject has no sentences, and its signs are counted.
    let subject = subject(&chosen.subject, &values);
    if is_right_to_left(&chosen.language) {
        values.isolate();
    }
    let markdown = chosen.body.render(&values, Format::Markdown);
    Message {
        subject,
        text: markdown::to_text(&markdown),
        html: markdown::render_markdown(&markdown),
        markdown,
        language: chosen.language.clone(),
    }
}

/// A message of few segments where that is possible: facts are cut before the link or the promise is.
fn short(content: &Content, variant: &Variant, chosen: &Chosen) -> Message {
    let variant = &Variant {
        language: chosen.language.clone(),
        ..variant.clone()
    };
    let fill = |max| {
        let values = values(
            content,
            Purpose {
                variant,
                short: Some(max),
                // Nobody can write down an address that is read to them, and a notification leads there by itself.
                links: !matches!(variant.channel, Channel::Voice | Channel::Push),
            },
        );
        let text = plain_signs(&chosen.body.render(&values, Format::Line));
        (text, values)
    };
    let (text, values) = [MOST_WORDS, 110, 80, 50, 30]
        .into_iter()
        .map(fill)
        .find(|(text, _)| fits_a_text_message(text, &chosen.language))
        .unwrap_or_else(|| fill(30));
    let mut markdown = String::new();
    markdown::escape_into(&text, &mut markdown);
    Message {
        subject: subject(&chosen.subject, &values),
        html: markdown::render_markdown(&markdown),
        markdown,
        text,
        language: chosen.language.clone(),
    }
}

/// Whether a text message takes no more segments than one should in this language.
pub(super) fn fits_a_text_message(text: &str, language: &str) -> bool {
    let Segments {
        encoding, count, ..
    } = sms_segments(text);
    match encoding {
        Encoding::Gsm7 => count <= SEGMENTS_WISHED,
        Encoding::Ucs2 => count <= Words::of(language).segments,
    }
}

/// The subject within its limits: shorter words come first, then today's date goes, then long names are cut, at last the end.
fn subject([template, shorter]: &[Parsed; 2], values: &Values) -> String {
    let mut values = values.clone();
    let whole = template.render(&values, Format::Line);
    if whole.chars().count() <= SUBJECT_WISHED {
        return whole;
    }
    let fits = |subject: &String, max| subject.chars().count() <= max;
    let dated = shorter.render(&values, Format::Line);
    if fits(&dated, SUBJECT_WISHED) {
        return dated;
    }
    values.clear(Variable::Today);
    let mut subject = shorter.render(&values, Format::Line);
    for (variable, max) in [
        (Variable::Service, 28),
        (Variable::Title, 32),
        (Variable::Organisation, 24),
    ] {
        if fits(&subject, SUBJECT_MAX) {
            break;
        }
        if let Some(Value::Plain(text)) = values.get(variable) {
            let cut = markdown::shorten(text, max);
            values.set(variable, cut);
        }
        subject = shorter.render(&values, Format::Line);
    }
    markdown::shorten(&subject, SUBJECT_MAX)
}
