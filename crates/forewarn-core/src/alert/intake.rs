//! What alerts make of drafts and incidents: they open a draft, join what is open, and end without a word to anybody outside.
//!
//! A draft is an incident that nobody has declared yet. Nothing public knows of it. An alert never resolves an incident and
//! never says anything about it: its end is a note for the people who speak.

use super::episode::{Episode, Heard, hear};
use super::{Alert, Placed, State};
use crate::document::Catalogue;
use crate::event::{Event, Occasion};
use crate::facts::Facts;
use crate::hook::{GroupBy, Hook, Publish};
use crate::id::Id;
use crate::incident::{Declaration, Impact, Incident, Severity};
use crate::message::Content;
use crate::problem::InvalidTransition;
use crate::texts::Texts;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The operator notice that a draft waits.
pub const ALERT_DRAFT: &str = "alert_draft";

/// The operator notice that alerts say of an open incident that it is graver than was declared.
pub const ALERT_GRAVER: &str = "alert_graver";

/// Of an alert that comes and goes more often than this only the counts are kept up, so that notes stay readable.
const NOTED_TIMES: u32 = 5;

/// Whoever looked at a draft may have seen that it was closed, when it was so long.
const SEEN_CLOSED: SignedDuration = SignedDuration::from_mins(5);

/// Where a draft stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It waits for a person.
    Draft,
    /// It was declared: the incident of the same id is the truth now.
    Published,
    /// All its alerts ended before anybody published it.
    Closed,
    /// A person said that it is nothing.
    Discarded,
}

impl Standing {
    /// The name used in the store and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Standing::Draft => "draft",
            Standing::Published => "published",
            Standing::Closed => "closed",
            Standing::Discarded => "discarded",
        }
    }
}

/// An incident that nobody has declared yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The id that the incident will have.
    pub id: Id,
    /// Where it stands.
    pub status: Standing,
    /// Whose alerts opened it.
    pub hook: Id,
    /// What it is, in words made from the services: never from an alert.
    pub title: String,
    /// Impact per service.
    pub services: BTreeMap<Id, Impact>,
    /// How grave it is.
    pub severity: Severity,
    /// What people see, by the hook's own words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub effect: Option<String>,
    /// It is published without a person.
    #[serde(default)]
    pub automatic: bool,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it was closed or discarded.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ended_at: Option<Timestamp>,
}

impl Draft {
    /// What is declared when a person says yes and nothing else.
    pub fn declaration(&self) -> Declaration {
        Declaration {
            id: Some(self.id.clone()),
            title: Some(self.title.clone()),
            services: self.services.clone(),
            severity: self.severity,
            cause: None,
            effect: self.effect.clone(),
            texts: Texts::default(),
            lead: None,
            spokesperson: None,
            next_update_in: None,
        }
    }

    /// The incident that it would become, promising the next update at `next`.
    pub fn as_incident(&self, next: Timestamp, now: Timestamp) -> Incident {
        Incident::declare(
            self.declaration(),
            self.id.clone(),
            self.title.clone(),
            next,
            now,
        )
    }

    /// What the people who run its services are told: technical, and to nobody else.
    pub fn notice(
        &self,
        alerts: &[&Tracked],
        catalogue: &Catalogue,
        public_url: &str,
        now: Timestamp,
    ) -> Content {
        let occasion = Occasion {
            milestone: ALERT_DRAFT.to_owned(),
            ..Occasion::default()
        };
        let base = public_url.trim_end_matches('/');
        let event = Event::Incident(self.as_incident(now, now));
        let content = event.content(&occasion, None, catalogue, public_url, now);
        Content {
            facts: Facts {
                technical: titles(alerts.iter().map(|a| a.alert.title.as_str())),
                ..Facts::default()
            },
            prepared: BTreeMap::new(),
            status: Standing::Draft.as_str().to_owned(),
            next_update: None,
            dependents: Vec::new(),
            url: format!("{base}/console/drafts/{}", self.id),
            ..content
        }
    }

    /// That it cannot become this.
    pub fn refuse(&self, to: Standing) -> InvalidTransition {
        let what = format!("draft {}", self.id);
        InvalidTransition::new(what, self.status.as_str(), to.as_str())
    }

    /// A person says that it is nothing.
    ///
    /// # Errors
    /// When it is none any more.
    pub fn discard(self, now: Timestamp) -> Result<Draft, InvalidTransition> {
        match self.status {
            Standing::Draft => Ok(Draft {
                status: Standing::Discarded,
                ended_at: Some(now),
                ..self
            }),
            Standing::Published | Standing::Closed | Standing::Discarded => {
                Err(self.refuse(Standing::Discarded))
            }
        }
    }
}

/// What the first of these alerts say.
fn titles<'a>(alerts: impl Iterator<Item = &'a str>) -> Option<String> {
    let said: Vec<&str> = alerts.take(5).collect();
    Some(said.join("; ")).filter(|text| !text.is_empty())
}

/// What alerts say of an open incident that a person declared to be less grave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graver {
    /// How grave it is.
    pub severity: Severity,
    /// What it does to the services that they are about.
    pub services: BTreeMap<Id, Impact>,
    /// What the alerts say.
    pub titles: Vec<String>,
}

impl Graver {
    /// What the people who run the incident are told: technical, and to nobody else.
    pub fn notice(
        &self,
        incident: &Incident,
        catalogue: &Catalogue,
        public_url: &str,
        now: Timestamp,
    ) -> Content {
        let occasion = Occasion {
            milestone: ALERT_GRAVER.to_owned(),
            ..Occasion::default()
        };
        let base = public_url.trim_end_matches('/');
        let event = Event::Incident(incident.clone());
        let content = event.content(&occasion, None, catalogue, public_url, now);
        Content {
            severity: Some(self.severity),
            facts: Facts {
                technical: titles(self.titles.iter().map(String::as_str)),
                ..Facts::default()
            },
            prepared: BTreeMap::new(),
            text: None,
            missed: None,
            moved_from: None,
            dependents: Vec::new(),
            url: format!("{base}/console/incidents/{}", incident.id),
            ..content
        }
    }
}

/// An alert and what it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tracked {
    /// Whose.
    pub hook: Id,
    /// What its source groups it by.
    pub group: String,
    /// The draft or incident.
    pub incident: Id,
    /// The service it counts for.
    pub service: Id,
    /// How grave it is.
    pub severity: Severity,
    /// When it fired and ended.
    pub episode: Episode,
    /// What it says.
    pub alert: Alert,
}

/// Something that happened with an alert, for the people who speak.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The draft or incident.
    pub incident: Id,
    /// In one sentence.
    pub text: String,
}

/// What is open, and what is known of the alerts of a request.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The newest that is known of each alert, by its key.
    pub tracked: BTreeMap<String, Tracked>,
    /// Every draft that waits, and those that the alerts belonged to.
    pub drafts: Vec<Draft>,
    /// Every incident that is open, with its services.
    pub incidents: Vec<(Id, Vec<Id>)>,
    /// How grave these are.
    pub severities: BTreeMap<Id, Severity>,
    /// Incidents to which the alerts belonged and that are over, since when.
    pub over: BTreeMap<Id, Timestamp>,
    /// Of each of these, the alerts that fire: hook and key.
    pub firing: BTreeMap<Id, BTreeSet<(Id, String)>>,
    /// Of each of these, the groups of its alerts: hook and group.
    pub groups: BTreeMap<Id, BTreeSet<(Id, String)>>,
}

/// What is stored after a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Drafts as they are from now on.
    pub drafts: Vec<Draft>,
    /// The one among them that was opened.
    pub opened: Option<Id>,
    /// Those that wait again, or are graver than the team was told: what tells this news from others of the draft.
    pub news: BTreeMap<Id, String>,
    /// Open incidents of which alerts say that they are graver than was declared.
    pub graver: BTreeMap<Id, Graver>,
    /// Alerts as they are known from now on.
    pub tracked: Vec<Tracked>,
    /// What happened.
    pub notes: Vec<Note>,
    /// The drafts and incidents that these alerts belong to.
    pub belong: BTreeSet<Id>,
}

/// Takes the alerts of one request. `fresh` is the id of a draft, should one be opened.
pub fn take(
    hook: &Hook,
    group: &str,
    placed: Vec<Placed>,
    known: &Known,
    catalogue: &Catalogue,
    fresh: &Id,
    now: Timestamp,
) -> Taken {
    let mut intake = Intake {
        hook,
        known,
        drafts: known
            .drafts
            .iter()
            .map(|d| (d.id.clone(), d.clone()))
            .collect(),
        firing: known.firing.clone(),
        taken: Taken::default(),
    };
    let named: BTreeSet<&Id> = placed.iter().map(|p| &p.service).collect();
    let home = intake.home_of(group, &named);
    for one in &placed {
        intake.hear(one, group, home.as_ref().unwrap_or(fresh), catalogue, now);
    }
    intake.settle(now);
    intake.taken
}

struct Intake<'a> {
    hook: &'a Hook,
    known: &'a Known,
    drafts: BTreeMap<Id, Draft>,
    firing: BTreeMap<Id, BTreeSet<(Id, String)>>,
    taken: Taken,
}

impl Intake<'_> {
    fn waits(&self, id: &Id) -> bool {
        self.drafts
            .get(id)
            .is_some_and(|d| d.status == Standing::Draft)
    }

    fn is_open_incident(&self, id: &Id) -> bool {
        self.known.incidents.iter().any(|(open, _)| open == id)
    }

    /// People said that it is over, and an alert that fires still has had as long to end as one that comes and goes.
    fn is_long_over(&self, id: &Id, now: Timestamp) -> bool {
        let since = self.known.over.get(id);
        since.is_some_and(|since| now.duration_since(*since) >= self.hook.flap_window)
    }

    /// An open incident hears that it is graver than was declared.
    fn weigh(&mut self, home: &Id, one: &Placed) {
        let declared = self.known.severities.get(home);
        if declared.is_none_or(|declared| *declared <= one.severity) {
            return;
        }
        let graver = self.taken.graver.entry(home.clone());
        let graver = graver.or_insert_with(|| Graver {
            severity: one.severity,
            services: BTreeMap::new(),
            titles: Vec::new(),
        });
        graver.severity = graver.severity.min(one.severity);
        let impact = graver.services.entry(one.service.clone());
        let impact = impact.or_insert(one.impact);
        *impact = (*impact).max(one.impact);
        graver.titles.push(one.alert.title.clone());
    }

    /// The open incident or draft that alerts of this group and about these services belong to.
    fn home_of(&self, group: &str, named: &BTreeSet<&Id>) -> Option<Id> {
        let same_group = (self.hook.id.clone(), group.to_owned());
        let grouped = |id: &Id| {
            let groups = self.known.groups.get(id);
            !group.is_empty() && groups.is_some_and(|groups| groups.contains(&same_group))
        };
        let incidents = || self.known.incidents.iter();
        let waiting = || self.drafts.values().filter(|d| d.status == Standing::Draft);
        let by_group = incidents()
            .map(|(id, _)| id)
            .chain(waiting().map(|d| &d.id))
            .find(|id| grouped(id));
        if by_group.is_some() || self.hook.group_by == GroupBy::Source {
            return by_group.cloned();
        }
        let concerns = incidents().find(|(_, services)| services.iter().any(|s| named.contains(s)));
        let concerns = concerns.map(|(id, _)| id);
        let drafted = || {
            waiting()
                .find(|d| d.services.keys().any(|s| named.contains(s)))
                .map(|d| &d.id)
        };
        concerns.or_else(drafted).cloned()
    }

    fn hear(
        &mut self,
        one: &Placed,
        group: &str,
        home: &Id,
        catalogue: &Catalogue,
        now: Timestamp,
    ) {
        let before = self.known.tracked.get(&one.alert.key);
        let at = match one.alert.state {
            State::Firing => one.alert.since,
            State::Resolved => one.alert.until,
        };
        let episode = before.map(|t| &t.episode);
        let (after, mut heard) = hear(episode, one.alert.state, at, self.hook.flap_window, now);
        let Some(after) = after else { return };
        let old = before.map(|t| t.incident.clone());
        let home = match (&heard, old) {
            (Heard::Opens, _) | (_, None) => home.clone(),
            (Heard::Again, Some(old)) => {
                let discarded = self
                    .drafts
                    .get(&old)
                    .is_some_and(|d| d.status == Standing::Discarded);
                let closed = self
                    .drafts
                    .get(&old)
                    .is_some_and(|d| d.status == Standing::Closed);
                match closed || discarded || self.waits(&old) || self.is_open_incident(&old) {
                    true => old,
                    // People have said that it is over: this is new trouble.
                    false => {
                        heard = Heard::Opens;
                        home.clone()
                    }
                }
            }
            // Monitoring has had its time to calm down and has not: people were wrong, or it is new trouble.
            (Heard::Repeats, Some(old)) if self.is_long_over(&old, now) => {
                heard = Heard::Opens;
                home.clone()
            }
            (Heard::Repeats | Heard::Ends | Heard::Nothing, Some(old)) => old,
        };
        let rises = before.is_none_or(|before| one.severity < before.severity);
        if matches!(heard, Heard::Opens | Heard::Again) || heard == Heard::Repeats && rises {
            self.weigh(&home, one);
        }
        self.taken.belong.insert(home.clone());
        let key = (self.hook.id.clone(), one.alert.key.clone());
        match heard {
            Heard::Nothing => return,
            // What people have said is over stays so; a draft that waits may learn that it is graver.
            Heard::Repeats if self.waits(&home) => self.join(&home, one, catalogue, now),
            Heard::Repeats => {}
            Heard::Opens | Heard::Again => {
                self.firing.entry(home.clone()).or_default().insert(key);
                self.join(&home, one, catalogue, now);
                self.note(&home, one, &after, heard);
            }
            Heard::Ends => {
                self.firing.entry(home.clone()).or_default().remove(&key);
                self.note(&home, one, &after, heard);
            }
        }
        self.taken.tracked.push(Tracked {
            hook: self.hook.id.clone(),
            group: group.to_owned(),
            incident: home,
            service: one.service.clone(),
            severity: one.severity,
            episode: after,
            alert: one.alert.clone(),
        });
    }

    /// A draft learns what the alert means; one that was closed because all was calm waits again.
    fn join(&mut self, home: &Id, one: &Placed, catalogue: &Catalogue, now: Timestamp) {
        if self.is_open_incident(home) {
            return;
        }
        if !self.drafts.contains_key(home) {
            let draft = self.opened(home, one, now);
            self.taken.opened = Some(home.clone());
            self.drafts.insert(home.clone(), draft);
        }
        let automatic = self.hook.publish == Publish::Automatic;
        let Some(draft) = self.drafts.get_mut(home) else {
            return;
        };
        match draft.status {
            Standing::Draft => {}
            Standing::Closed => {
                draft.status = Standing::Draft;
                draft.ended_at = None;
            }
            Standing::Published | Standing::Discarded => return,
        }
        let impact = draft
            .services
            .entry(one.service.clone())
            .or_insert(one.impact);
        *impact = (*impact).max(one.impact);
        // P1 is the gravest and the least.
        draft.severity = draft.severity.min(one.severity);
        draft.automatic |= automatic;
        draft.title = title_of(draft, catalogue);
    }

    fn opened(&self, id: &Id, one: &Placed, now: Timestamp) -> Draft {
        Draft {
            id: id.clone(),
            status: Standing::Draft,
            hook: self.hook.id.clone(),
            title: String::new(),
            services: BTreeMap::from([(one.service.clone(), one.impact)]),
            severity: one.severity,
            effect: self.hook.effect.clone(),
            automatic: false,
            opened_at: now,
            ended_at: None,
        }
    }

    fn note(&mut self, home: &Id, one: &Placed, episode: &Episode, heard: Heard) {
        let title = &one.alert.title;
        let text = match (heard, episode.times, episode.ended) {
            (Heard::Again | Heard::Ends, times, _) if times > NOTED_TIMES => return,
            (Heard::Ends, times, Some(ended)) if times == NOTED_TIMES => {
                format!(
                    "the alert ended at {ended}; it comes and goes, so from now on only the count is kept: {title}"
                )
            }
            (Heard::Ends, _, ended) => {
                format!(
                    "the alert ended at {}: {title}",
                    ended.unwrap_or(episode.since)
                )
            }
            (Heard::Again, _, _) => {
                format!("the alert fires again since {}: {title}", episode.since)
            }
            _ => format!("the alert fires since {}: {title}", episode.since),
        };
        self.taken.notes.push(Note {
            incident: home.clone(),
            text,
        });
    }

    /// Drafts whose alerts have all ended are closed, and what changed is stored.
    fn settle(&mut self, now: Timestamp) {
        for (id, draft) in &mut self.drafts {
            let calm = self.firing.get(id).is_none_or(BTreeSet::is_empty);
            if draft.status == Standing::Draft && calm && self.taken.belong.contains(id) {
                draft.status = Standing::Closed;
                draft.ended_at = Some(now);
            }
            if self.known.drafts.iter().all(|before| before != draft) {
                self.taken.drafts.push(draft.clone());
            }
            let before = self.known.drafts.iter().find(|before| before.id == *id);
            if let Some(news) = before.and_then(|before| news_of(draft, before, now))
                && !self.taken.tracked.iter().all(comes_and_goes)
            {
                self.taken.news.insert(id.clone(), news);
            }
        }
        // A draft that opened and was over within one request asks nobody for anything.
        let calm = |id: &Id| {
            self.drafts
                .get(id)
                .is_some_and(|d| d.status != Standing::Draft)
        };
        if self.taken.opened.as_ref().is_some_and(calm) {
            self.taken.opened = None;
        }
    }
}

/// What the team has not been told of a draft that waits: that it does again, or that it is graver.
fn news_of(draft: &Draft, before: &Draft, now: Timestamp) -> Option<String> {
    if draft.status != Standing::Draft {
        return None;
    }
    let closed = before
        .ended_at
        .filter(|_| before.status == Standing::Closed);
    let again = closed.filter(|ended| now.duration_since(*ended) >= SEEN_CLOSED);
    match (again, draft.severity < before.severity) {
        (Some(ended), _) => Some(format!("again after {ended}")),
        (None, true) => Some(draft.severity.as_str().to_owned()),
        (None, false) => None,
    }
}

/// Nobody is told each time that it fires.
fn comes_and_goes(alert: &Tracked) -> bool {
    alert.episode.times > NOTED_TIMES
}

/// Never the words of an alert: they are technical, and written by anybody.
fn title_of(draft: &Draft, catalogue: &Catalogue) -> String {
    let name = |id: &Id| {
        let found = catalogue.services.iter().find(|s| s.id == *id);
        found.map_or_else(|| id.to_string(), |s| s.name.clone())
    };
    let names: Vec<String> = draft.services.keys().map(name).collect();
    let title = format!("Trouble with {}", names.join(", "));
    super::harmless(&title, 200)
}
