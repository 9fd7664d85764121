//! The pages that people read, in each language: `/`, `/history`, and what surrounds them all.

use super::ahead;
use super::announcement::{self, MomentCard};
use super::brand::Brand;
use super::event_page;
use super::history::{self, Period, Strip};
use super::icons::{self, Used};
use super::snapshot::Wording;
use super::state::{ServiceState, States};
use super::texts::{Texts, capital, uncapital};
use super::view::{View, in_language};
use super::when::{self, TimeHtml};
use super::{
    Page, PrivatePage, PublicAdvisory, PublicIncident, PublicMaintenance, Snapshot, assets,
};
use askama::Template;
use forewarn_core::facts::Question;
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
    pub view: &'a View<'a>,
    pub title: String,
    /// The page's path, whatever the language.
    pub path: String,
}

impl<'a> Around<'a> {
    pub fn snapshot(&self) -> &Snapshot {
        self.view
    }

    pub fn texts(&self) -> &'static Texts {
        self.view.texts
    }

    pub fn organisation(&self) -> &str {
        &self.view.organisation.name
    }

    pub fn as_of(&self) -> TimeHtml {
        let at = self.view.clocks().long_html(self.view.made_at);
        when::filled(self.texts().frame.as_of, "{at}", &at)
    }

    pub fn times_of(&self) -> String {
        let zone = self.view.zone().name();
        self.texts().frame.times_of.replace("{zone}", zone)
    }

    pub fn brand(&self) -> Brand {
        Brand::of(self.view)
    }

    /// Where a page is, in the language that was chosen.
    pub fn at(&self, path: &str) -> String {
        self.view.at(path)
    }

    /// This page's address without a language.
    pub fn home(&self) -> String {
        self.view.url(&self.path)
    }

    /// Every language, and this page's path in it.
    pub fn languages(&self) -> impl Iterator<Item = (&'static Texts, String)> {
        let all = Texts::all().iter();
        all.map(move |texts| (*texts, self.view.file(&in_language(texts, &self.path))))
    }

    /// Where a file of this page is, whatever the language.
    pub fn file(&self, path: &str) -> String {
        self.view.file(path)
    }

    /// Where a feed or calendar is.
    pub fn feed(&self, path: &str) -> String {
        self.view.feed(path)
    }

    /// Whose page it is, where not everybody may read it.
    pub fn private(&self) -> Option<&PrivatePage> {
        self.view.private.as_ref()
    }

    /// Says that, in words.
    pub fn only_for(&self) -> String {
        let words = self.texts().private.only_for;
        let name = self.private().map_or("", |private| &private.name);
        words.replace("{audience}", name)
    }

    /// What the script says; it speaks English by itself.
    pub fn script_words(&self) -> Option<String> {
        let words = &self.texts().script;
        let all = [words.ahead, words.ago, words.old, words.to, words.own];
        (self.texts().code != "en").then(|| all.join("|"))
    }

    /// Marks what people wrote, where that is another language than the page's.
    pub fn theirs(&self) -> Theirs<'a> {
        Theirs(self.view.theirs())
    }
}

/// ` lang="en"`, or nothing: languages are tags of letters, digits and hyphens.
pub(super) struct Theirs<'a>(Option<&'a str>);

impl std::fmt::Display for Theirs<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(language) => write!(f, " lang=\"{language}\""),
            None => Ok(()),
        }
    }
}

impl askama::filters::HtmlSafe for Theirs<'_> {}

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
    days: Vec<Period<'a>>,
}

impl Index<'_> {
    fn about(&self) -> Option<&str> {
        let own = self.around.view.organisation.status_page.as_ref();
        own.and_then(|own| own.about.as_deref())
    }

    /// Leads to all that is planned.
    fn ahead(&self) -> String {
        let home = &self.around.texts().home;
        match self.more_planned as u64 {
            0 => home.all_ahead.to_owned(),
            more => self.around.texts().words().counted(more, &home.more_ahead),
        }
    }

    /// What people always ask, as far as readers of the page may know it.
    fn questions(&self) -> Vec<&Question> {
        let own = self.around.view.organisation.status_page.as_ref();
        let questions = own.into_iter().flat_map(|own| &own.questions);
        questions
            .filter(|question| question.level <= self.around.view.level())
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
    said: Option<Wording<'a>>,
    said_at: TimeHtml,
    next: Option<NextUpdate>,
}

/// A known fault on the first page.
struct FaultCard<'a> {
    id: &'a Id,
    title: &'a str,
    services: String,
    /// The newest message in full, as HTML that is already sanitised.
    said: Option<Wording<'a>>,
    said_at: TimeHtml,
    next: Option<NextUpdate>,
}

/// The promise of an open event.
pub(super) struct NextUpdate {
    /// That time has passed.
    pub late: bool,
    pub due: TimeHtml,
    pub countdown: TimeHtml,
    pub others: TimeHtml,
}

/// A planned event in a list.
pub(super) struct WorkCard<'a> {
    pub work: &'a Maintenance,
    /// With how long it lasts.
    pub window: TimeHtml,
    pub others: TimeHtml,
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
    words: &'static str,
    may_be_affected: bool,
    strip: Strip,
    days: String,
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

/// Everything that is over, by month.
#[derive(Template)]
#[template(path = "status/history.html")]
struct HistoryPage<'a> {
    around: Around<'a>,
    months: Vec<Period<'a>>,
}

/// Every page of a view by its path.
pub(super) fn pages(view: &View<'_>) -> BTreeMap<String, Page> {
    let mut pages = BTreeMap::new();
    pages.insert(view.at("/"), html(&index(view)));
    pages.insert(view.at("/history"), html(&history_page(view)));
    let events = event_page::all(view).into_iter();
    pages.extend(events.map(|page| (view.at(&page.around.path), html(&page))));
    pages
}

/// The page at one path, whatever the language; nothing where there is none.
pub(super) fn one(view: &View<'_>, path: &str) -> Option<Page> {
    Some(match path {
        "/" => html(&index(view)),
        "/history" => html(&history_page(view)),
        "/calendar" => html(&ahead::page(view)),
        event => {
            let mut events = event_page::all(view).into_iter();
            html(&events.find(|page| page.around.path == event)?)
        }
    })
}

pub(super) fn html(template: &impl Template) -> Page {
    // Rendering writes into a string and every value is at hand: it cannot fail.
    let body = template.render().unwrap_or_default();
    Page::new("text/html; charset=utf-8", body)
}

fn index<'a>(view: &'a View<'a>) -> Index<'a> {
    let states = States::of(view);
    let sentence = states.sentence(view, view.texts);
    let mut planned = view.maintenances_in(Status::Scheduled);
    let more_planned = planned.len().saturating_sub(PLANNED_ON_FIRST_PAGE);
    planned.truncate(PLANNED_ON_FIRST_PAGE);
    let works = |items: Vec<&'a PublicMaintenance>| -> Vec<WorkCard<'a>> {
        let cards = items.into_iter().map(|item| work_card(view, item));
        cards.collect()
    };
    Index {
        around: around(view, &sentence, "/"),
        worst: states.worst(),
        sentence,
        incidents: view
            .open_incidents()
            .into_iter()
            .map(|item| incident_card(view, item))
            .collect(),
        active: works(view.maintenances_in(Status::InProgress)),
        faults: view
            .open_advisories()
            .into_iter()
            .map(|item| fault_card(view, item))
            .collect(),
        announced: view
            .announced()
            .into_iter()
            .take(PLANNED_ON_FIRST_PAGE)
            .map(|item| announcement::card(view, item))
            .collect(),
        planned: works(planned),
        more_planned,
        groups: groups(view, &states),
        days: history::by_day(view, DAYS_ON_FIRST_PAGE),
    }
}

/// What surrounds a page that is about this.
pub(super) fn around<'a>(view: &'a View<'a>, about: &str, path: &str) -> Around<'a> {
    Around {
        view,
        title: match &view.private {
            Some(private) => format!("{}, {}: {about}", view.organisation.name, private.name),
            None => format!("{}: {about}", view.organisation.name),
        },
        path: path.to_owned(),
    }
}

/// Services under their headings, both in the order in which they first come.
fn groups<'a>(view: &'a View<'a>, states: &States) -> Vec<Group<'a>> {
    let mut strips = history::strips(view);
    let mut groups: Vec<Group<'a>> = Vec::new();
    for service in &view.services {
        let name = service.group.as_deref();
        let name = name.unwrap_or(view.texts.home.services);
        let state = states.state(&service.id);
        let may_be_affected = states.may_be_affected(&service.id);
        let strip = strips.remove(&service.id).unwrap_or_default();
        let row = Row {
            service,
            state,
            words: match may_be_affected {
                true => view.texts.may_be_affected,
                false => view.texts.state(state),
            },
            may_be_affected,
            days: strip.words(view.texts),
            strip,
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

pub(super) fn next_update(view: &View<'_>, promised: Option<Timestamp>) -> Option<NextUpdate> {
    promised.map(|due| NextUpdate {
        late: due < view.made_at,
        due: view.clocks().clock_html(due, view.made_at),
        countdown: when::countdown_html(due),
        others: view.clocks().others_html(due),
    })
}

/// When something was last said of it, as a sentence.
fn said_at(view: &View<'_>, at: Timestamp) -> TimeHtml {
    let at = view.clocks().short_html(at, view.made_at);
    when::filled(view.texts.event.said, "{at}", &at)
}

fn incident_card<'a>(view: &'a View<'a>, item: &'a PublicIncident) -> IncidentCard<'a> {
    let incident = &item.incident;
    IncidentCard {
        incident,
        state: ServiceState::from(history::worst_impact(item)),
        status: view.texts.incident(incident.status),
        services: view.named(item.concerned()),
        said: item.latest().map(|said| said.wording(view.texts.code)),
        said_at: said_at(view, item.changed_at()),
        next: next_update(view, item.next_update_at()),
    }
}

fn fault_card<'a>(view: &'a View<'a>, item: &'a PublicAdvisory) -> FaultCard<'a> {
    let advisory = &item.advisory;
    FaultCard {
        id: &advisory.id,
        title: &advisory.title,
        services: view.named(&advisory.services),
        said: item.latest().map(|said| said.wording(view.texts.code)),
        said_at: said_at(view, item.changed_at()),
        next: next_update(view, item.next_update_at()),
    }
}

pub(super) fn work_card<'a>(view: &View<'a>, item: &'a PublicMaintenance) -> WorkCard<'a> {
    let work = &item.maintenance;
    let (start, end) = work.window();
    let facts = &work.facts;
    let clocks = view.clocks();
    let lasts = view.texts.lasts(end.duration_since(start));
    let window = view.texts.event.lasts.replace("{lasts}", &lasts);
    WorkCard {
        work,
        window: when::filled(&window, "{window}", &clocks.window_html(start, end)),
        others: clocks.window_others_html(start, end),
        clocks_change: when::clocks_change(start, end, view.zone()),
        services: view.named(&work.services),
        effect: facts.effect.as_deref().map(excerpt),
        action: facts.action.as_ref().map(|action| excerpt(&action.what)),
    }
}

fn history_page<'a>(view: &'a View<'a>) -> HistoryPage<'a> {
    let title = match view.texts.code {
        // In the middle of a title English writes it small.
        "en" => uncapital(view.texts.past.title),
        _ => view.texts.past.title.to_owned(),
    };
    HistoryPage {
        around: around(view, &title, "/history"),
        months: history::by_month(view),
    }
}

/// A milestone's or status's name for readers: `final_reminder` is "Final reminder".
pub(crate) fn milestone_words(name: &str) -> String {
    capital(&name.replace('_', " "))
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
