//! From an event's facts to the values of a template's variables, for one variant.

use super::times::{self, Times};
use super::{By, Content, Variant, markdown};
use crate::audience::Level;
use crate::contact::EmailAddress;
use crate::facts::{Question, When};
use crate::offset::Offset;
use crate::plan::SPOKESPERSON_CALL;
use crate::reader::Reader;
use crate::template::{Values, Variable as V};
use crate::time::CivilTime;
use crate::words::{Words, is_right_to_left};
use jiff::SignedDuration;

/// What is to be done, in a text message.
const MOST_TASK: usize = 80;

/// What a set of values is made for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Purpose<'a> {
    /// Who reads it.
    pub variant: &'a Variant,
    /// Sent by text message or spoken: short forms, facts cut to so many characters.
    pub short: Option<usize>,
    /// Whether the text names the event's page (not on that page itself).
    pub links: bool,
}

/// The values of every variable that `content` can fill.
pub(super) fn values(content: &Content, purpose: Purpose<'_>) -> Values {
    let mut values = Values::new(purpose.variant.level);
    names(content, purpose, &mut values);
    facts(content, purpose, &mut values);
    times(content, purpose, &mut values);
    values
}

impl Purpose<'_> {
    fn words(self) -> &'static Words {
        Words::of(&self.variant.language)
    }
}

fn names(content: &Content, purpose: Purpose<'_>, values: &mut Values) {
    let words = purpose.words();
    values.set(V::Organisation, line(&content.organisation));
    values.set(
        V::Service,
        headline_service(&content.services, &content.title, words),
    );
    let services = if content.services.is_empty() {
        line(&content.title)
    } else {
        listed(&content.services, words)
    };
    values.set(V::Services, services);
    values.set(V::Dependents, listed(&content.dependents, words));
    values.set(V::PromisedTo, listed(&content.promised_to, words));
    values.set(V::Title, line(&content.title));
    values.set(V::Event, content.event.as_str());
    values.set(V::Severity, content.severity.map_or("", |s| s.as_str()));
    let (flag, status) = status_words(&content.status, words);
    values.set(V::Status, status);
    if let Some(flag) = flag {
        values.set(flag, "yes");
    }
    let url = super::safe_url(&content.url);
    if purpose.links && purpose.short.is_some() {
        values.set(V::Url, url.unwrap_or_else(|| line(&content.url)));
    } else if purpose.links {
        match url {
            Some(url) => values.set_markdown(V::Url, format!("<{url}>")),
            None => values.set(V::Url, line(&content.url)),
        }
    }
}

fn facts(content: &Content, purpose: Purpose<'_>, values: &mut Values) {
    let facts = &content.facts;
    let said = |text: &Option<String>| {
        let text = text.as_deref().map(sentence).unwrap_or_default();
        match purpose.short {
            Some(max) => markdown::shorten(&line(&text), max),
            None => text,
        }
    };
    // What was prepared is as rich as whoever reads it.
    let prepared = content.prepared.get(&purpose.variant.level);
    let mut effect = match prepared {
        Some(prepared) => said(&Some(prepared.clone())),
        None => said(&facts.effect),
    };
    if !effect.is_empty() {
        values.set(V::EffectKnown, "yes");
    } else if let Some(general) = purpose.words().general_effect {
        let service = headline_service(&content.services, &content.title, purpose.words());
        effect = general.replace("{service}", &service);
    }
    values.set(V::Effect, effect);
    values.set(V::Why, said(&facts.why));
    values.set(V::Cause, said(&facts.cause));
    values.set(V::Workaround, said(&facts.workaround));
    values.set(V::Reason, said(&content.reason));
    values.set(V::Risk, said(&facts.risk));
    values.set(V::Fallback, said(&facts.fallback));
    // What something costs is told to those who pay for it.
    if content.readers == Some(Reader::Executive) {
        values.set(V::Cost, said(&facts.cost));
    }
    questions(content, purpose, values);
    values.set(V::Technical, facts.technical.as_deref().unwrap_or_default());
    if let Some(action) = &facts.action {
        values.set(V::Action, said(&Some(action.what.clone())));
        let flag = |on: bool| if on { "yes" } else { "" };
        values.set(V::ActionBefore, flag(action.when != When::After));
        values.set(V::ActionAfter, flag(action.when != When::Before));
    }
    match facts.data_safe {
        Some(true) => values.set(V::DataSafe, "yes"),
        Some(false) => values.set(V::DataAtRisk, "yes"),
        None => {}
    }
    if let Some(url) = content.ack_url.as_deref().filter(|_| purpose.links) {
        match (super::safe_url(url), purpose.short) {
            (Some(url), None) => values.set_markdown(V::AckUrl, format!("<{url}>")),
            (Some(url), Some(_)) => values.set(V::AckUrl, url),
            (None, _) => {}
        }
    }
    // A call that is spoken has no link; whoever hears it is asked all the same.
    let unanswered = content.milestone == SPOKESPERSON_CALL && content.ack_url.is_none();
    values.set(V::Unanswered, if unanswered { "yes" } else { "" });
    values.set(V::Code, content.code.as_deref().unwrap_or_default());
    values.set(V::Unchanged, if content.unchanged { "yes" } else { "" });
    values.set(V::Requested, if content.requested { "yes" } else { "" });
    values.set(V::ToWrite, if content.to_write { "yes" } else { "" });
    contact(facts.contact.as_deref().unwrap_or_default(), values);
    own_words(content, purpose, values);
}

/// Each question, strong, with its answer below. The event's own page has them once, not in each message; where a version to forward
/// stands below the message, those for everybody are in it.
fn questions(content: &Content, purpose: Purpose<'_>, values: &mut Values) {
    if purpose.short.is_some() || !purpose.links {
        return;
    }
    let asked = content.facts.questions_for(purpose.variant.level);
    let asked = asked.filter(|q| !content.forwardable || q.level > Level::NonTechnical);
    let mut out = String::new();
    for Question {
        question, answer, ..
    } in asked
    {
        out.push_str("**");
        markdown::escape_into(&line(question), &mut out);
        out.push_str("**\n\n");
        markdown::escape_into(&sentence(answer), &mut out);
        out.push_str("\n\n");
    }
    values.set_markdown(V::Questions, out.trim_end());
}

/// Mail addresses and web addresses become links.
fn contact(contact: &str, values: &mut Values) {
    let contact = line(contact);
    let link = match EmailAddress::parse(&contact) {
        Ok(address) => Some(address.to_string()),
        Err(_) => super::safe_url(&contact).filter(|_| contact.starts_with("http")),
    };
    match link {
        Some(link) => values.set_markdown(V::Contact, format!("<{link}>")),
        None => values.set(V::Contact, contact),
    }
}

fn own_words(content: &Content, purpose: Purpose<'_>, values: &mut Values) {
    let Some(text) = content.own_words(purpose.variant.level) else {
        return;
    };
    let text = markdown::contained(text);
    match purpose.short {
        Some(max) => {
            let plain = line(&markdown::to_text(&text));
            values.set(V::OwnWords, markdown::shorten(&plain, max));
        }
        None => values.set_markdown(V::OwnWords, text),
    }
}

fn times(content: &Content, purpose: Purpose<'_>, values: &mut Values) {
    let times = Times {
        zone: &purpose.variant.zone,
        words: purpose.words(),
        right_to_left: is_right_to_left(&purpose.variant.language),
        compact: purpose.short.is_some(),
    };
    let today = content.at;
    values.set_made(V::Now, times.at(today));
    values.set_made(V::Today, times.short_date(today, today));
    if let Some(start) = &content.start {
        values.set_made(V::Start, times.at(start.instant()));
        values.set_made(V::StartDate, times.short_date(start.instant(), today));
        values.set_made(V::StartDay, times.date(start.instant()));
    }
    if let Some(end) = &content.end {
        values.set_made(V::End, times.at(end.instant()));
        values.set_made(V::EndDay, times.date(end.instant()));
    }
    if let (Some(start), Some(end)) = (&content.start, &content.end) {
        window(&times, start, end, values);
    }
    values.set_made(V::Works, works(content, &times));
    if let Some((start, end)) = &content.previous {
        values.set_made(
            V::PreviousWindow,
            match start == end {
                true => times.at(start.instant()),
                false => times::window_for_both(&times, start, end),
            },
        );
        values.set_made(V::PreviousEnd, times.at(end.instant()));
    }
    if let Some(began) = content.began_at {
        values.set_made(V::Began, times.at(began));
        values.set_made(V::BeganDay, times.date(began));
    }
    if let Some(next) = content.next_update {
        values.set_made(V::NextUpdate, times.at_today(next, today));
    }
    if let Some(missed) = content.missed {
        values.set_made(V::Missed, times.at_today(missed, today));
    }
    if let Some(before) = content.moved_from {
        values.set_made(V::MovedFrom, times.at_today(before, today));
    }
    if let Some(left) = content.next_update.map(|next| next.duration_since(today))
        && left.is_positive()
    {
        values.set(V::Left, times::words(left, times.words));
    }
    if content.late_by_seconds > 0 {
        let late = SignedDuration::from_secs(content.late_by_seconds);
        values.set(V::Late, times::words(late, times.words));
    }
    task(content, &times, values);
    values.set(
        V::Offset,
        offset_words(content.offset.as_deref(), times.words),
    );
}

/// What its reader is reminded of.
fn task(content: &Content, times: &Times<'_>, values: &mut Values) {
    let Some(task) = &content.task else { return };
    let what = line(&task.what);
    values.set(
        V::Task,
        match times.compact {
            true => markdown::shorten(&what, MOST_TASK),
            false => what,
        },
    );
    values.set_made(
        V::Due,
        match task.by {
            By::Time(at) => times.at(at),
            By::Day(day) => times.day_of(day),
        },
    );
    values.set(V::Overdue, if task.overdue { "yes" } else { "" });
    values.set(V::Owner, line(task.owner.as_deref().unwrap_or_default()));
    values.set(V::Notice, line(task.notice.as_deref().unwrap_or_default()));
}

/// Each work with its time; short, only what it is.
fn works(content: &Content, times: &Times<'_>) -> String {
    let said = content.works.iter().map(|work| match times.compact {
        true => line(&work.title),
        false => {
            let when = times::window_for_both(times, &work.start, &work.end);
            format!("{}, {when}", line(&work.title))
        }
    });
    said.collect::<Vec<_>>().join("; ")
}

fn window(times: &Times<'_>, start: &CivilTime, end: &CivilTime, values: &mut Values) {
    let (from, to) = (start.instant(), end.instant());
    values.set_made(V::Window, times::window_for_both(times, start, end));
    values.set(
        V::Duration,
        times::words(to.duration_since(from), times.words),
    );
    values.set(
        V::ClockChange,
        times.clock_change(from, to).unwrap_or_default(),
    );
}

fn offset_words(offset: Option<&str>, words: &Words) -> String {
    match offset {
        Some(percent) if percent.ends_with('%') => line(percent),
        Some(text) => {
            Offset::parse(text).map_or_else(|_| line(text), |offset| offset.words_in(words))
        }
        None => String::new(),
    }
}

/// The flag and the plain words of a status.
pub(super) fn status_words(status: &str, words: &Words) -> (Option<V>, String) {
    let flag = match status {
        "investigating" => Some(V::Investigating),
        "identified" => Some(V::Identified),
        "monitoring" => Some(V::Monitoring),
        "withdrawn" => Some(V::Withdrawn),
        _ => None,
    };
    let said = words.statuses.iter().find(|(name, _)| *name == status);
    let said = said.map_or_else(
        || line(&status.replace('_', " ")),
        |(_, said)| (*said).into(),
    );
    (flag, said)
}

/// One line of tidy text.
pub(super) fn line(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(markdown::tidy).collect();
    words.join(" ").trim().to_owned()
}

/// A fact as a sentence: it ends as one.
fn sentence(text: &str) -> String {
    let text = markdown::tidy(text);
    let ends =
        text.is_empty() || text.ends_with(['.', '!', '?', ':', '\u{2026}', '\u{61f}', '\u{3002}']);
    let quoted = text.ends_with([')', '"', '\u{201d}', '\''])
        && text
            .trim_end_matches([')', '"', '\u{201d}', '\''])
            .ends_with(['.', '!', '?']);
    if ends || quoted { text } else { text + "." }
}

/// Names as people list them: `A, B and C`.
fn listed(names: &[String], words: &Words) -> String {
    let names: Vec<String> = names
        .iter()
        .map(|n| line(n))
        .filter(|n| !n.is_empty())
        .collect();
    words.listed(&names)
}

/// The first service, and how many more.
fn headline_service(services: &[String], title: &str, words: &Words) -> String {
    match services {
        [] => line(title),
        [one] => line(one),
        [first, rest @ ..] => {
            let more = u64::try_from(rest.len()).unwrap_or(u64::MAX);
            // The name goes in last: nothing in it is taken for a gap.
            (words.counted(more, &words.and_more)).replace("{first}", &line(first))
        }
    }
}
