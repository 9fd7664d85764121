//! From an event's facts to the values of a template's variables, for one variant.

use super::times::{self, Times};
use super::{By, Content, Variant, markdown};
use crate::contact::EmailAddress;
use crate::facts::When;
use crate::offset::Offset;
use crate::template::{Values, Variable as V};
use crate::time::CivilTime;
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

fn is_english(purpose: Purpose<'_>) -> bool {
    purpose.variant.language.split('-').next() == Some("en")
}

fn names(content: &Content, purpose: Purpose<'_>, values: &mut Values) {
    values.set(V::Organisation, line(&content.organisation));
    values.set(
        V::Service,
        headline_service(&content.services, &content.title),
    );
    let services = if content.services.is_empty() {
        line(&content.title)
    } else {
        listed(&content.services)
    };
    values.set(V::Services, services);
    values.set(V::Dependents, listed(&content.dependents));
    values.set(V::PromisedTo, listed(&content.promised_to));
    values.set(V::Title, line(&content.title));
    values.set(V::Event, content.event.as_str());
    values.set(V::Severity, content.severity.map_or("", |s| s.as_str()));
    let (flag, status) = status_words(&content.status);
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
    let mut effect = said(&facts.effect);
    if !effect.is_empty() {
        values.set(V::EffectKnown, "yes");
    } else if is_english(purpose) {
        let service = headline_service(&content.services, &content.title);
        effect = format!("You may notice that {service} does not work as usual.");
    }
    values.set(V::Effect, effect);
    values.set(V::Why, said(&facts.why));
    values.set(V::Cause, said(&facts.cause));
    values.set(V::Workaround, said(&facts.workaround));
    values.set(V::Reason, said(&content.reason));
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
    values.set(V::Code, content.code.as_deref().unwrap_or_default());
    values.set(V::Unchanged, if content.unchanged { "yes" } else { "" });
    values.set(V::Requested, if content.requested { "yes" } else { "" });
    contact(facts.contact.as_deref().unwrap_or_default(), values);
    own_words(content, purpose, values);
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
    let Some(text) = &content.text else { return };
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
        english: is_english(purpose),
        compact: purpose.short.is_some(),
    };
    let today = content.at;
    values.set(V::Now, times.at(today));
    values.set(V::Today, times.short_date(today, today));
    if let Some(start) = &content.start {
        values.set(V::Start, times.at(start.instant()));
        values.set(V::StartDate, times.short_date(start.instant(), today));
        values.set(V::StartDay, times.date(start.instant()));
    }
    if let Some(end) = &content.end {
        values.set(V::End, times.at(end.instant()));
        values.set(V::EndDay, times.date(end.instant()));
    }
    if let (Some(start), Some(end)) = (&content.start, &content.end) {
        window(&times, start, end, values);
    }
    values.set(V::Works, works(content, &times));
    if let Some((start, end)) = &content.previous {
        values.set(
            V::PreviousWindow,
            match start == end {
                true => times.at(start.instant()),
                false => times::window_for_both(&times, start, end),
            },
        );
        values.set(V::PreviousEnd, times.at(end.instant()));
    }
    if let Some(began) = content.began_at {
        values.set(V::Began, times.at(began));
        values.set(V::BeganDay, times.date(began));
    }
    if let Some(next) = content.next_update {
        values.set(V::NextUpdate, times.at_today(next, today));
    }
    if let Some(missed) = content.missed {
        values.set(V::Missed, times.at_today(missed, today));
    }
    if let Some(before) = content.moved_from {
        values.set(V::MovedFrom, times.at_today(before, today));
    }
    if let Some(left) = content.next_update.map(|next| next.duration_since(today))
        && left.is_positive()
    {
        values.set(V::Left, times::words(left));
    }
    if content.late_by_seconds > 0 {
        let late = SignedDuration::from_secs(content.late_by_seconds);
        values.set(V::Late, times::words(late));
    }
    task(content, &times, values);
    values.set(V::Offset, offset_words(content.offset.as_deref()));
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
    values.set(
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
    values.set(V::Window, times::window_for_both(times, start, end));
    values.set(V::Duration, times::words(to.duration_since(from)));
    values.set(
        V::ClockChange,
        times.clock_change(from, to).unwrap_or_default(),
    );
}

fn offset_words(offset: Option<&str>) -> String {
    match offset {
        Some(percent) if percent.ends_with('%') => line(percent),
        Some(text) => Offset::parse(text).map_or_else(|_| line(text), |offset| offset.words()),
        None => String::new(),
    }
}

/// The flag and the plain words of a status.
fn status_words(status: &str) -> (Option<V>, String) {
    let (flag, words) = match status {
        "investigating" => (Some(V::Investigating), "we are looking for the cause"),
        "identified" => (Some(V::Identified), "cause found"),
        "monitoring" => (Some(V::Monitoring), "fix in place"),
        "resolved" => (None, "solved"),
        "postmortem" => (None, "what happened"),
        "awaiting_approval" => (None, "waiting for approval"),
        "in_progress" => (None, "under way"),
        "completed" => (None, "done"),
        "open" => (None, "a fix is being worked on"),
        "withdrawn" => (Some(V::Withdrawn), "no longer holds"),
        other => return (None, line(&other.replace('_', " "))),
    };
    (flag, words.into())
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
fn listed(names: &[String]) -> String {
    let names: Vec<String> = names
        .iter()
        .map(|n| line(n))
        .filter(|n| !n.is_empty())
        .collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The first service, and how many more.
fn headline_service(services: &[String], title: &str) -> String {
    match services {
        [] => line(title),
        [one] => line(one),
        [first, rest @ ..] => format!("{} and {} more", line(first), rest.len()),
    }
}
