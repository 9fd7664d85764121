//! The pages that people read: `/`, `/history` and one for each event.

use super::announcement::{self, MomentCard};
use super::brand::Brand;
use super::history::{self, Period, Strip};
use super::icons::{self, Used};
use super::linked::{self, Linked};
use super::state::{ServiceState, States};
use super::when::{self, TimeHtml};
use super::{
    Page, PublicAdvisory, PublicAnnouncement, PublicIncident, PublicMaintenance, PublicMessage,
    Snapshot, assets, cap,
};
use askama::Template;
use forewarn_core::announcement::Status as AnnouncementStatus;
use forewarn_core::audience::Level;
use forewarn_core::facts::{Facts, Question};
use forewarn_core::id::Id;
use forewarn_core::incident::Incident;
use forewarn_core::maintenance::{Maintenance, Status};
use forewarn_core::service::Service;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Days of history on the first page; the rest is on `/history`.
const DAYS_ON_FIRST_PAGE: usize = 7;

/// Longest excerpt of a message on a page that lists many.
const EXCERPT: usize = 400;

/// Planned events on the first page; the rest is in the calendar and the API.
const PLANNED_ON_FIRST_PAGE: usize = 20;

/// What surrounds every public page.
pub(super) struct Around<'a> {
    pub snapshot: &'a Snapshot,
    pub title: String,
    pub current: &'static str,
}

impl Around<'_> {
    pub fn organisation(&self) -> &str {
        &self.snapshot.organisation.name
    }

    pub fn as_of(&self) -> TimeHtml {
        when::long_html(self.snapshot.made_at, &self.snapshot.organisation.time_zone)
    }

    pub fn zone(&self) -> &str {
        self.snapshot.organisation.time_zone.name()
    }

    pub fn brand(&self) -> Brand {
        Brand::of(self.snapshot)
    }
}

/// The first page.
#[derive(Template)]
#[template(path = "status/index.html")]
struct Index<'a> {
    around: Around<'a>,
    sentence: String,
    worst: ServiceState,
    incidents: Vec<IncidentCard<'a>>,
    active: Vec<WorkCard<'a>>,
    faults: Vec<FaultCard<'a>>,
    announced: Vec<MomentCard<'a>>,
    planned: Vec<WorkCard<'a>>,
    more_planned: usize,
    groups: Vec<Group<'a>>,
    days: Vec<Period>,
}

impl Index<'_> {
    fn about(&self) -> Option<&str> {
        let own = self.around.snapshot.organisation.status_page.as_ref();
        own.and_then(|own| own.about.as_deref())
    }

    /// What people always ask, as far as everybody may read it.
    fn questions(&self) -> Vec<&Question> {
        let own = self.around.snapshot.organisation.status_page.as_ref();
        let questions = own.into_iter().flat_map(|own| &own.questions);
        questions
            .filter(|question| question.level <= Level::NonTechnical)
            .collect()
    }
}

/// An open incident on the first page.
struct IncidentCard<'a> {
    incident: &'a Incident,
    state: ServiceState,
    status: &'static str,
    services: String,
    /// The newest message in full; what people must do stands in it, often last.
    said: Option<&'a PublicMessage>,
    said_at: TimeHtml,
    next: Option<NextUpdate>,
}

/// A known fault on the first page.
struct FaultCard<'a> {
    id: &'a Id,
    title: &'a str,
    services: String,
    /// The newest message in full, as HTML that is already sanitised.
    said: Option<&'a PublicMessage>,
    said_at: TimeHtml,
    next: Option<NextUpdate>,
}

/// The promise of an open event.
struct NextUpdate {
    /// That time has passed.
    late: bool,
    due: TimeHtml,
    countdown: TimeHtml,
    others: TimeHtml,
}

/// A planned event in a list.
pub(super) struct WorkCard<'a> {
    pub work: &'a Maintenance,
    pub window: TimeHtml,
    pub others: TimeHtml,
    pub lasts: String,
    pub clocks_change: bool,
    pub services: String,
    pub effect: Option<String>,
    pub action: Option<String>,
}

/// Services under one heading.
struct Group<'a> {
    name: &'a str,
    rows: Vec<Row<'a>>,
}

/// A service on the first page.
struct Row<'a> {
    service: &'a Service,
    state: ServiceState,
    may_be_affected: bool,
    strip: Strip,
}

impl Row<'_> {
    fn icon(&self) -> Used {
        icons::used(if self.may_be_affected {
            "near"
        } else {
            self.state.tone()
        })
    }
}

/// One event.
#[derive(Template)]
#[template(path = "status/event.html")]
struct EventPage<'a> {
    around: Around<'a>,
    id: &'a str,
    title: &'a str,
    tone: &'static str,
    status: &'static str,
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
    message: &'a PublicMessage,
    name: String,
    at: TimeHtml,
}

/// Everything that is over, by month.
#[derive(Template)]
#[template(path = "status/history.html")]
struct HistoryPage<'a> {
    around: Around<'a>,
    months: Vec<Period>,
}

/// Every page by its path.
pub(super) fn pages(snapshot: &Snapshot) -> BTreeMap<String, Page> {
    let mut pages = BTreeMap::new();
    pages.insert("/".to_owned(), html(&index(snapshot)));
    pages.insert("/history".to_owned(), html(&history_page(snapshot)));
    for item in &snapshot.incidents {
        let path = format!("/events/{}", item.incident.id);
        pages.insert(path, html(&incident_page(snapshot, item)));
    }
    for item in &snapshot.advisories {
        let path = format!("/events/{}", item.advisory.id);
        pages.insert(path, html(&advisory_page(snapshot, item)));
    }
    for item in &snapshot.announcements {
        let path = format!("/events/{}", item.announcement.id);
        pages.insert(path, html(&announcement_page(snapshot, item)));
    }
    for item in snapshot.public_maintenances() {
        let path = format!("/events/{}", item.maintenance.id);
        pages.insert(path, html(&maintenance_page(snapshot, item)));
    }
    pages
}

pub(super) fn html(template: &impl Template) -> Page {
    // Rendering writes into a string and every value is at hand: it cannot fail.
    let body = template.render().unwrap_or_default();
    Page::new("text/html; charset=utf-8", body)
}

fn index(snapshot: &Snapshot) -> Index<'_> {
    let states = States::of(snapshot);
    let sentence = states.sentence(snapshot);
    let mut planned = snapshot.maintenances_in(Status::Scheduled);
    let more_planned = planned.len().saturating_sub(PLANNED_ON_FIRST_PAGE);
    planned.truncate(PLANNED_ON_FIRST_PAGE);
    Index {
        around: Around {
            snapshot,
            title: format!("{}: {sentence}", snapshot.organisation.name),
            current: "/",
        },
        worst: states.worst(),
        sentence,
        incidents: snapshot
            .open_incidents()
            .into_iter()
            .map(|item| incident_card(snapshot, item))
            .collect(),
        active: snapshot
            .maintenances_in(Status::InProgress)
            .into_iter()
            .map(|item| work_card(snapshot, item))
            .collect(),
        faults: snapshot
            .open_advisories()
            .into_iter()
            .map(|item| fault_card(snapshot, item))
            .collect(),
        announced: snapshot
            .announced()
            .into_iter()
            .take(PLANNED_ON_FIRST_PAGE)
            .map(|item| announcement::card(snapshot, item))
            .collect(),
        planned: planned
            .into_iter()
            .map(|item| work_card(snapshot, item))
            .collect(),
        more_planned,
        groups: groups(snapshot, &states),
        days: history::by_day(snapshot, DAYS_ON_FIRST_PAGE),
    }
}

/// Services under their headings, both in the order in which they first come.
fn groups<'a>(snapshot: &'a Snapshot, states: &States) -> Vec<Group<'a>> {
    let mut strips = history::strips(snapshot);
    let mut groups: Vec<Group<'a>> = Vec::new();
    for service in &snapshot.services {
        let name = service.group.as_deref().unwrap_or("Services");
        let row = Row {
            service,
            state: states.state(&service.id),
            may_be_affected: states.may_be_affected(&service.id),
            strip: strips.remove(&service.id).unwrap_or_default(),
        };
        match groups.iter_mut().find(|group| group.name == name) {
            Some(group) => group.rows.push(row),
            None => groups.push(Group {
                name,
                rows: vec![row],
            }),
        }
    }
    groups
}

fn next_update(snapshot: &Snapshot, promised: Option<Timestamp>) -> Option<NextUpdate> {
    let zone = &snapshot.organisation.time_zone;
    promised.map(|due| NextUpdate {
        late: due < snapshot.made_at,
        due: when::clock_html(due, zone, snapshot.made_at),
        countdown: when::countdown_html(due),
        others: when::others_html(due, zone),
    })
}

fn incident_card<'a>(snapshot: &'a Snapshot, item: &'a PublicIncident) -> IncidentCard<'a> {
    let incident = &item.incident;
    let zone = &snapshot.organisation.time_zone;
    IncidentCard {
        incident,
        state: ServiceState::from(history::worst_impact(item)),
        status: history::incident_words(incident.status),
        services: snapshot.names(incident.services.keys()).join(", "),
        said: item.latest(),
        said_at: when::short_html(item.changed_at(), zone, snapshot.made_at),
        next: next_update(snapshot, item.next_update_at()),
    }
}

fn fault_card<'a>(snapshot: &'a Snapshot, item: &'a PublicAdvisory) -> FaultCard<'a> {
    let advisory = &item.advisory;
    let zone = &snapshot.organisation.time_zone;
    FaultCard {
        id: &advisory.id,
        title: &advisory.title,
        services: snapshot.names(&advisory.services).join(", "),
        said: item.latest(),
        said_at: when::short_html(item.changed_at(), zone, snapshot.made_at),
        next: next_update(snapshot, item.next_update_at()),
    }
}

pub(super) fn work_card<'a>(snapshot: &'a Snapshot, item: &'a PublicMaintenance) -> WorkCard<'a> {
    let work = &item.maintenance;
    let zone = &snapshot.organisation.time_zone;
    let (start, end) = work.window();
    let facts = &work.facts;
    WorkCard {
        work,
        window: when::window_html(start, end, zone),
        others: when::window_others_html(start, end, zone),
        lasts: when::lasts(end.duration_since(start)),
        clocks_change: when::clocks_change(start, end, zone),
        services: snapshot.names(&work.services).join(", "),
        effect: facts.effect.as_deref().map(excerpt),
        action: facts.action.as_ref().map(|action| excerpt(&action.what)),
    }
}

fn incident_page<'a>(snapshot: &'a Snapshot, item: &'a PublicIncident) -> EventPage<'a> {
    let incident = &item.incident;
    let zone = &snapshot.organisation.time_zone;
    let mut times = vec![("Began", when::long_html(incident.declared_at, zone))];
    times.extend(
        incident
            .resolved_at
            .map(|end| ("Resolved", when::long_html(end, zone))),
    );
    EventPage {
        around: Around {
            snapshot,
            title: format!("{}: {}", snapshot.organisation.name, incident.title),
            current: "",
        },
        id: incident.id.as_str(),
        title: &incident.title,
        tone: if item.is_open() {
            ServiceState::from(history::worst_impact(item)).tone()
        } else {
            "ok"
        },
        status: history::incident_words(incident.status),
        facts: vec![("Services", impacts(snapshot, incident))],
        related: related(snapshot, incident),
        times,
        next: next_update(snapshot, item.next_update_at()),
        window: None,
        calendar: false,
        questions: said_facts(item).map_or_else(Vec::new, asked),
        messages: said(snapshot, &item.messages),
        linked: linked::incident(snapshot, item),
        alert: Some(cap::path(&incident.id)),
        nothing: "Nothing has been said yet.",
    }
}

fn advisory_page<'a>(snapshot: &'a Snapshot, item: &'a PublicAdvisory) -> EventPage<'a> {
    let advisory = &item.advisory;
    let zone = &snapshot.organisation.time_zone;
    let words = history::advisory_words(advisory.status);
    let mut times = vec![("Made known", when::long_html(advisory.found_at, zone))];
    times.extend(
        advisory
            .closed_at
            .map(|end| (words, when::long_html(end, zone))),
    );
    let mut facts = vec![("Services", snapshot.names(&advisory.services).join(", "))];
    let known = &advisory.facts;
    facts.extend(known.effect.clone().map(|text| ("What you notice", text)));
    facts.extend(known.action.clone().map(|a| ("What to do", a.what)));
    facts.extend(known.workaround.clone().map(|text| ("Meanwhile", text)));
    facts.extend(known.contact.clone().map(|text| ("Questions", text)));
    EventPage {
        around: Around {
            snapshot,
            title: format!("{}: {}", snapshot.organisation.name, advisory.title),
            current: "",
        },
        id: advisory.id.as_str(),
        title: &advisory.title,
        tone: match item.is_open() {
            true => history::ADVISORY_TONE,
            false => "ok",
        },
        status: words,
        facts,
        related: Vec::new(),
        times,
        next: next_update(snapshot, item.next_update_at()),
        window: None,
        calendar: false,
        questions: asked(&advisory.facts),
        messages: said(snapshot, &item.messages),
        linked: linked::advisory(snapshot, item),
        alert: Some(cap::path(&advisory.id)),
        nothing: "Nothing has been said yet.",
    }
}

/// Its services, each with how it is while that matters.
fn impacts(snapshot: &Snapshot, incident: &Incident) -> String {
    let names = snapshot.names(incident.services.keys());
    let each = names.into_iter().zip(incident.services.values());
    let each: Vec<String> = each
        .map(|(name, impact)| match incident.status.is_open() {
            true => format!(
                "{name} ({})",
                ServiceState::from(*impact).words().to_lowercase()
            ),
            false => name,
        })
        .collect();
    each.join(", ")
}

/// What it is a part of, its parts, and where it goes on, as far as the public knows of them.
fn related<'a>(
    snapshot: &'a Snapshot,
    incident: &Incident,
) -> Vec<(&'static str, &'a str, &'a str)> {
    let known = snapshot.incidents.iter().map(|item| &item.incident);
    let how = |other: &Incident| {
        let is = |id: &Option<Id>| id.as_ref() == Some(&other.id);
        if is(&incident.parent) {
            Some("Part of")
        } else if is(&incident.merged_into) {
            Some("Goes on in")
        } else {
            (other.parent.as_ref() == Some(&incident.id)).then_some("Has the part")
        }
    };
    let found = known.filter_map(|other| Some((how(other)?, other.id.as_str(), &*other.title)));
    found.collect()
}

fn maintenance_page<'a>(snapshot: &'a Snapshot, item: &'a PublicMaintenance) -> EventPage<'a> {
    let work = &item.maintenance;
    let zone = &snapshot.organisation.time_zone;
    let (start, end) = work.window();
    let mut facts = vec![("Services", snapshot.names(&work.services).join(", "))];
    let known = &work.facts;
    facts.extend(known.effect.clone().map(|text| ("What you notice", text)));
    facts.extend(known.why.clone().map(|text| ("Why", text)));
    facts.extend(known.action.clone().map(|a| ("What to do", a.what)));
    facts.extend(known.workaround.clone().map(|text| ("Meanwhile", text)));
    facts.extend(known.contact.clone().map(|text| ("Questions", text)));
    let mut times = Vec::new();
    times.extend(
        work.started_at
            .map(|at| ("Began", when::long_html(at, zone))),
    );
    let ended = history::maintenance_words(work.status);
    times.extend(work.ended_at.map(|at| (ended, when::long_html(at, zone))));
    EventPage {
        around: Around {
            snapshot,
            title: format!("{}: {}", snapshot.organisation.name, work.title),
            current: "",
        },
        id: work.id.as_str(),
        title: &work.title,
        tone: if work.status == Status::Completed {
            "ok"
        } else {
            "work"
        },
        status: ended,
        facts,
        related: Vec::new(),
        times,
        next: None,
        window: Some((
            when::window_html(start, end, zone),
            when::window_others_html(start, end, zone),
        )),
        calendar: !work.status.is_over(),
        questions: asked(known),
        messages: said(snapshot, &item.messages),
        linked: linked::maintenance(snapshot, item),
        alert: Some(cap::path(&work.id)),
        nothing: "Notices appear here when they go out.",
    }
}

fn announcement_page<'a>(snapshot: &'a Snapshot, item: &'a PublicAnnouncement) -> EventPage<'a> {
    let announced = &item.announcement;
    let zone = &snapshot.organisation.time_zone;
    let known = &announced.facts;
    let mut facts = vec![("Services", snapshot.names(&announced.services).join(", "))];
    facts.extend(known.effect.clone().map(|text| ("What changes", text)));
    facts.extend(known.why.clone().map(|text| ("Why", text)));
    facts.extend(known.action.clone().map(|a| ("What to do", a.what)));
    facts.extend(known.workaround.clone().map(|text| ("What helps", text)));
    facts.extend(known.contact.clone().map(|text| ("Questions", text)));
    let name = match announced.status {
        AnnouncementStatus::Scheduled => "Takes effect",
        AnnouncementStatus::Effective => "Took effect",
        AnnouncementStatus::Cancelled => "Cancelled",
    };
    EventPage {
        around: Around {
            snapshot,
            title: format!("{}: {}", snapshot.organisation.name, announced.title),
            current: "",
        },
        id: announced.id.as_str(),
        title: &announced.title,
        tone: match announced.status {
            AnnouncementStatus::Effective => "ok",
            AnnouncementStatus::Scheduled | AnnouncementStatus::Cancelled => history::ADVISORY_TONE,
        },
        status: announcement::words(announced.status),
        facts,
        related: Vec::new(),
        times: vec![(name, when::long_html(item.at(), zone))],
        next: None,
        window: None,
        calendar: item.is_open(),
        questions: asked(known),
        messages: said(snapshot, &item.messages),
        linked: linked::announcement(snapshot, item),
        alert: None,
        nothing: "Notices appear here when they go out.",
    }
}

/// What everybody may read of what people ask.
fn asked(facts: &Facts) -> Vec<&Question> {
    facts.questions_for(Level::NonTechnical).collect()
}

/// What was known when people were last told: an update that waits for approval says nothing yet.
fn said_facts(item: &PublicIncident) -> Option<&Facts> {
    let told = |id: &str| item.messages.iter().any(|message| message.id == id);
    let mut updates = item.incident.updates.iter().rev();
    updates.find(|update| told(&update.id)).map(|u| &u.facts)
}

/// Messages with their names, newest first.
fn said<'a>(snapshot: &Snapshot, messages: &'a [PublicMessage]) -> Vec<Said<'a>> {
    let zone = &snapshot.organisation.time_zone;
    messages
        .iter()
        .rev()
        .map(|message| Said {
            message,
            name: milestone_words(&message.milestone),
            at: when::long_html(message.at, zone),
        })
        .collect()
}

fn history_page(snapshot: &Snapshot) -> HistoryPage<'_> {
    HistoryPage {
        around: Around {
            snapshot,
            title: format!("{}: history", snapshot.organisation.name),
            current: "/history",
        },
        months: history::by_month(snapshot),
    }
}

/// A milestone's or status's name for readers: `final_reminder` is "Final reminder".
pub(crate) fn milestone_words(name: &str) -> String {
    capital(name.replace('_', " "))
}

/// Words as they begin a sentence.
pub(crate) fn capital(mut words: String) -> String {
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

/// A message in a list of many: its first paragraph, which says what happened.
pub(crate) fn lead(text: &str) -> String {
    let text = text.trim();
    excerpt(text.split_once("\n\n").map_or(text, |(first, _)| first))
}

/// The beginning of a text, cut between words.
pub(crate) fn excerpt(text: &str) -> String {
    let text = text.trim();
    if text.chars().count() <= EXCERPT {
        return text.to_owned();
    }
    let cut: String = text.chars().take(EXCERPT).collect();
    let end = cut
        .rfind(char::is_whitespace)
        .filter(|at| *at > EXCERPT / 2);
    format!("{} …", cut[..end.unwrap_or(cut.len())].trim_end())
}
