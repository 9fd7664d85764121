//! One page for each event.

use super::page::{Around, NextUpdate, around, next_update};
use super::snapshot::Wording;
use super::state::ServiceState;
use super::texts::{Texts, uncapital};
use super::view::View;
use super::when::TimeHtml;
use super::{
    PublicAdvisory, PublicAnnouncement, PublicIncident, PublicMaintenance, PublicMessage, assets,
    cap, history, icons,
    linked::{self, Linked},
};
use askama::Template;
use forewarn_core::announcement::Status as AnnouncementStatus;
use forewarn_core::facts::{Facts, Question};
use forewarn_core::id::Id;
use forewarn_core::incident::Incident;
use forewarn_core::maintenance::Status;

/// One event.
#[derive(Template)]
#[template(path = "status/event.html")]
pub(super) struct EventPage<'a> {
    pub around: Around<'a>,
    id: &'a str,
    title: &'a str,
    tone: &'static str,
    status: &'static str,
    services: String,
    /// What people wrote of it.
    facts: Vec<(&'static str, String)>,
    /// How another incident is related, its id and its title.
    related: Vec<(&'static str, &'a str, &'a str)>,
    times: Vec<(&'static str, TimeHtml)>,
    next: Option<NextUpdate>,
    /// A maintenance's window, and the same on other clocks.
    window: Option<(TimeHtml, TimeHtml)>,
    calendar: bool,
    /// What people ask, with the answers.
    questions: Vec<&'a Question>,
    messages: Vec<Said<'a>>,
    nothing: &'static str,
    linked: Linked,
    /// Where its alert for programs is.
    alert: Option<String>,
}

/// A message on an event's page.
struct Said<'a> {
    id: &'a str,
    wording: Wording<'a>,
    name: String,
    at: TimeHtml,
}

/// The pages of all events.
pub(super) fn all<'a>(view: &'a View<'a>) -> Vec<EventPage<'a>> {
    let incidents = view.incidents.iter().map(|item| incident(view, item));
    let advisories = view.advisories.iter().map(|item| advisory(view, item));
    let announced = view.announcements.iter();
    let announced = announced.map(|item| announcement(view, item));
    let works = view.public_maintenances().into_iter();
    let works = works.map(|item| maintenance(view, item));
    let all = incidents.chain(advisories).chain(announced).chain(works);
    all.collect()
}

/// An event's page, of which the path is this.
fn path(id: &Id) -> String {
    format!("/events/{id}")
}

fn incident<'a>(view: &'a View<'a>, item: &'a PublicIncident) -> EventPage<'a> {
    let (incident, t) = (&item.incident, view.texts);
    let clocks = view.clocks();
    let mut times = vec![(t.event.began, clocks.long_html(incident.declared_at))];
    let ended = incident.resolved_at.map(|end| clocks.long_html(end));
    let resolved = t.incident(forewarn_core::incident::Status::Resolved);
    times.extend(ended.map(|end| (resolved, end)));
    EventPage {
        around: around(view, &incident.title, &path(&incident.id)),
        id: incident.id.as_str(),
        title: &incident.title,
        tone: match item.is_open() {
            true => ServiceState::from(history::worst_impact(item)).tone(),
            false => "ok",
        },
        status: t.incident(incident.status),
        services: impacts(view, item),
        facts: Vec::new(),
        related: related(view, incident),
        times,
        next: next_update(view, item.next_update_at()),
        window: None,
        calendar: false,
        questions: said_facts(item).map_or_else(Vec::new, |facts| asked(view, facts)),
        messages: said(view, &item.messages),
        linked: linked::incident(view, item),
        alert: alert(view, &incident.id),
        nothing: t.event.nothing_said,
    }
}

fn advisory<'a>(view: &'a View<'a>, item: &'a PublicAdvisory) -> EventPage<'a> {
    let (advisory, t) = (&item.advisory, view.texts);
    let clocks = view.clocks();
    let status = t.advisory(advisory.status);
    let mut times = vec![(t.event.made_known, clocks.long_html(advisory.found_at))];
    let closed = advisory.closed_at.map(|end| clocks.long_html(end));
    times.extend(closed.map(|end| (status, end)));
    let mut facts = known(t, &advisory.facts);
    facts.retain(|(name, _)| *name != t.event.why);
    EventPage {
        around: around(view, &advisory.title, &path(&advisory.id)),
        id: advisory.id.as_str(),
        title: &advisory.title,
        tone: match item.is_open() {
            true => history::ADVISORY_TONE,
            false => "ok",
        },
        status,
        services: view.named(&advisory.services),
        facts,
        related: Vec::new(),
        times,
        next: next_update(view, item.next_update_at()),
        window: None,
        calendar: false,
        questions: asked(view, &advisory.facts),
        messages: said(view, &item.messages),
        linked: linked::advisory(view, item),
        alert: alert(view, &advisory.id),
        nothing: t.event.nothing_said,
    }
}

/// What people wrote of something, under its names.
fn known(t: &Texts, facts: &Facts) -> Vec<(&'static str, String)> {
    let action = facts.action.as_ref().map(|action| action.what.clone());
    let all = [
        (t.event.notice, facts.effect.clone()),
        (t.event.why, facts.why.clone()),
        (t.event.todo, action),
        (t.event.meanwhile, facts.workaround.clone()),
        (t.event.ask, facts.contact.clone()),
    ];
    let said = all.into_iter();
    said.filter_map(|(name, text)| Some((name, text?)))
        .collect()
}

/// Its services, each with how it is while that matters.
fn impacts(view: &View<'_>, item: &PublicIncident) -> String {
    let services = &item.incident.services;
    let states = services.values().map(|impact| {
        let state = ServiceState::from(*impact);
        view.texts.state(state)
    });
    let states = states.chain(std::iter::repeat(view.texts.may_be_affected));
    let each = view.names(item.concerned()).into_iter().zip(states);
    let each = each.map(|(name, state)| match item.is_open() {
        true => format!("{name} ({})", uncapital(state)),
        false => name,
    });
    let each: Vec<String> = each.collect();
    each.join(view.texts.comma)
}

/// What it is a part of, its parts, and where it goes on, as far as the public knows of them.
fn related<'a>(view: &'a View<'a>, incident: &Incident) -> Vec<(&'static str, &'a str, &'a str)> {
    let t = &view.texts.event;
    let known = view.incidents.iter().map(|item| &item.incident);
    let how = |other: &Incident| {
        let is = |id: &Option<Id>| id.as_ref() == Some(&other.id);
        if is(&incident.parent) {
            Some(t.part_of)
        } else if is(&incident.merged_into) {
            Some(t.goes_on_in)
        } else {
            (other.parent.as_ref() == Some(&incident.id)).then_some(t.has_part)
        }
    };
    let found = known.filter_map(|other| Some((how(other)?, other.id.as_str(), &*other.title)));
    found.collect()
}

fn maintenance<'a>(view: &'a View<'a>, item: &'a PublicMaintenance) -> EventPage<'a> {
    let (work, t) = (&item.maintenance, view.texts);
    let (start, end) = work.window();
    let clocks = view.clocks();
    let status = t.maintenance(work.status);
    let began = work.started_at.map(|at| (t.event.began, at));
    let ended = work.ended_at.map(|at| (status, at));
    let times = began.into_iter().chain(ended);
    EventPage {
        around: around(view, &work.title, &path(&work.id)),
        id: work.id.as_str(),
        title: &work.title,
        tone: match work.status == Status::Completed {
            true => "ok",
            false => "work",
        },
        status,
        services: view.named(&work.services),
        facts: known(t, &work.facts),
        related: Vec::new(),
        times: times
            .map(|(name, at)| (name, clocks.long_html(at)))
            .collect(),
        next: None,
        window: Some((
            clocks.window_html(start, end),
            clocks.window_others_html(start, end),
        )),
        calendar: !work.status.is_over(),
        questions: asked(view, &work.facts),
        messages: said(view, &item.messages),
        linked: linked::maintenance(view, item),
        alert: alert(view, &work.id),
        nothing: t.event.no_notices,
    }
}

fn announcement<'a>(view: &'a View<'a>, item: &'a PublicAnnouncement) -> EventPage<'a> {
    let (announced, t) = (&item.announcement, view.texts);
    let mut facts = known(t, &announced.facts);
    for (name, _) in &mut facts {
        if *name == t.event.notice {
            *name = t.event.changes;
        } else if *name == t.event.meanwhile {
            *name = t.event.helps;
        }
    }
    let name = match announced.status {
        AnnouncementStatus::Scheduled => t.event.takes_effect,
        AnnouncementStatus::Effective => t.event.took_effect,
        AnnouncementStatus::Cancelled => t.announcement(announced.status),
    };
    EventPage {
        around: around(view, &announced.title, &path(&announced.id)),
        id: announced.id.as_str(),
        title: &announced.title,
        tone: match announced.status {
            AnnouncementStatus::Effective => "ok",
            AnnouncementStatus::Scheduled | AnnouncementStatus::Cancelled => history::ADVISORY_TONE,
        },
        status: t.announcement(announced.status),
        services: view.named(&announced.services),
        facts,
        related: Vec::new(),
        times: vec![(name, view.clocks().long_html(item.at()))],
        next: None,
        window: None,
        calendar: item.is_open(),
        questions: asked(view, &announced.facts),
        messages: said(view, &item.messages),
        linked: linked::announcement(view, item),
        alert: None,
        nothing: t.event.no_notices,
    }
}

/// What readers of the page may know of what people ask.
fn asked<'a>(view: &View<'_>, facts: &'a Facts) -> Vec<&'a Question> {
    facts.questions_for(view.level()).collect()
}

/// What was known when people were last told: an update that waits for approval says nothing yet.
fn said_facts(item: &PublicIncident) -> Option<&Facts> {
    let told = |id: &str| item.messages.iter().any(|message| message.id == id);
    let mut updates = item.incident.updates.iter().rev();
    updates.find(|update| told(&update.id)).map(|u| &u.facts)
}

/// Where its alert for programs is: what is private has none.
fn alert(view: &View<'_>, id: &Id) -> Option<String> {
    view.private.is_none().then(|| cap::path(id))
}

/// Messages with their names, newest first.
fn said<'a>(view: &View<'_>, messages: &'a [PublicMessage]) -> Vec<Said<'a>> {
    let newest_first = messages.iter().rev();
    let said = newest_first.map(|message| Said {
        id: &message.id,
        wording: message.wording(view.texts.code),
        name: view.texts.milestone(&message.milestone),
        at: view.clocks().long_html(message.at),
    });
    said.collect()
}
