//! Events: what people are told about, whichever kind it is, and what each of its notices says.

mod expiry;
mod told;

use crate::advisory::{Advisory, Word};
use crate::announcement::Announcement;
use crate::approval::{APPROVAL_NEEDED, approvers};
use crate::audience::{Audience, Level, Scope};
use crate::contact::{EmailAddress, Endpoint};
use crate::document::Catalogue;
use crate::editing::{HELP_NEEDED, page_of};
use crate::facts::Facts;
use crate::id::Id;
use crate::incident::{Impact, Incident, Nature, Update, is_same_person};
use crate::maintenance::Maintenance;
use crate::message::{By, Content, Task};
use crate::organisation::ChangeSystem;
use crate::outage_plan::prepared_effect;
use crate::plan::{
    APPROVERS, BACKUP, CHANGE_SYSTEM, COMMUNICATIONS, COPY_DUE, INTERNAL, PROMISE_BROKEN,
    PROMISE_KEPT, REQUESTERS, SPOKESPERSON, called, copy_audience, is_promise_timer,
    is_team_notice,
};
use crate::policy;
use crate::promise::Thread;
use crate::reminder::Reminder;
use crate::routing::About;
use crate::service::{Service, affected};
use crate::sight;
use crate::texts::Texts;
use crate::time::CivilTime;
use crate::window_use::{WindowUse, Work, together};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Something that disturbs people, or that people of ours are reminded of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event_kind", rename_all = "snake_case")]
#[allow(
    clippy::large_enum_variant,
    reason = "events are few and live shortly; a box would only be in the way"
)]
pub enum Event {
    /// Planned work.
    Maintenance(Maintenance),
    /// Something went wrong.
    Incident(Incident),
    /// A standard window comes round.
    Window(WindowUse),
    /// People of ours are reminded of something.
    Reminder(Reminder),
    /// A fault was found between releases.
    Advisory(Advisory),
    /// Something changes for people at one moment.
    Announcement(Announcement),
}

/// What a notice tells of beyond the event itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occasion {
    /// Which notice: `announcement`, `holding`, ...
    pub milestone: String,
    /// Its place: `5bd`, `50%`.
    pub offset: Option<String>,
    /// Why it was delayed, extended or cancelled.
    pub reason: Option<String>,
    /// The window as it was told before.
    pub previous: Option<(CivilTime, CivilTime)>,
    /// The number of the incident's update that it carries.
    pub update: Option<u32>,
    /// The same is told once more, to somebody who had not had it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
    /// What a window is used for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub works: Vec<Work>,
    /// When the text must be there, for the notice that says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_due: Option<Timestamp>,
    /// The notice whose text that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_of: Option<String>,
    /// What somebody says who asks for help with a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// They have no text yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub to_write: bool,
}

impl Event {
    /// Its id.
    pub fn id(&self) -> &Id {
        match self {
            Event::Maintenance(m) => &m.id,
            Event::Incident(i) => &i.id,
            Event::Window(w) => &w.id,
            Event::Reminder(r) => &r.id,
            Event::Advisory(a) => &a.id,
            Event::Announcement(a) => &a.id,
        }
    }

    /// `maintenance`, `incident`, `window`, `reminder`, `advisory` or `announcement`.
    pub fn kind(&self) -> &'static str {
        match self {
            Event::Maintenance(_) => "maintenance",
            Event::Incident(_) => "incident",
            Event::Window(_) => "window",
            Event::Reminder(_) => "reminder",
            Event::Advisory(_) => "advisory",
            Event::Announcement(_) => "announcement",
        }
    }

    /// Its title.
    pub fn title(&self) -> &str {
        match self {
            Event::Maintenance(m) => &m.title,
            Event::Incident(i) => &i.title,
            Event::Window(w) => &w.title,
            Event::Reminder(r) => &r.title,
            Event::Advisory(a) => &a.title,
            Event::Announcement(a) => &a.title,
        }
    }

    /// Its status as the API names it.
    pub fn status(&self) -> &'static str {
        match self {
            Event::Maintenance(m) => m.status.as_str(),
            Event::Incident(i) => i.status.as_str(),
            Event::Window(w) if w.dropped => "cancelled",
            Event::Window(_) => "scheduled",
            Event::Reminder(r) if r.dropped => "cancelled",
            Event::Reminder(_) => "scheduled",
            Event::Advisory(a) => a.status.as_str(),
            Event::Announcement(a) => a.status.as_str(),
        }
    }

    /// Something about it is still to come.
    pub fn is_open(&self) -> bool {
        match self {
            Event::Maintenance(m) => !m.status.is_over(),
            Event::Incident(i) => i.status.is_open(),
            Event::Window(w) => !w.dropped,
            Event::Reminder(r) => !r.dropped,
            Event::Advisory(a) => a.status.is_open(),
            Event::Announcement(a) => a.status.is_open(),
        }
    }

    /// When it starts or started.
    pub fn starts_at(&self) -> Timestamp {
        match self {
            Event::Maintenance(m) => m.started_at.unwrap_or_else(|| m.window().0),
            Event::Incident(i) => i.declared_at,
            Event::Window(w) => w.times().0,
            Event::Reminder(r) => r.due.instant(),
            Event::Advisory(a) => a.found_at,
            Event::Announcement(a) => a.effective.instant(),
        }
    }

    /// When it ends or is expected to.
    pub fn ends_at(&self) -> Option<Timestamp> {
        match self {
            Event::Maintenance(m) => Some(m.ended_at.unwrap_or_else(|| m.window().1)),
            Event::Incident(i) => i.resolved_at,
            Event::Window(w) => Some(w.times().1),
            Event::Reminder(_) => None,
            Event::Advisory(a) => a.closed_at,
            Event::Announcement(_) => None,
        }
    }

    /// Services it names.
    pub fn services(&self) -> Vec<Id> {
        match self {
            Event::Maintenance(m) => m.services.clone(),
            Event::Incident(i) => i.spoken_of(),
            Event::Window(w) => vec![w.service.clone()],
            Event::Reminder(r) => r.services.clone(),
            Event::Advisory(a) => a.services.clone(),
            Event::Announcement(a) => a.services.clone(),
        }
    }

    /// The policy that it names, where its kind alone does not choose one.
    pub fn policy(&self) -> Option<&Id> {
        match self {
            Event::Maintenance(m) => m.policy.as_ref(),
            Event::Announcement(a) => a.policy.as_ref(),
            Event::Incident(_) | Event::Window(_) | Event::Reminder(_) | Event::Advisory(_) => None,
        }
    }

    /// What routing looks at. A window is heard of as the work that it is there for.
    pub fn about(&self) -> About {
        match self {
            Event::Maintenance(m) => m.about(),
            Event::Incident(i) => i.about(),
            Event::Advisory(a) => a.about(),
            Event::Announcement(a) => a.about(),
            Event::Window(_) | Event::Reminder(_) => About {
                kind: "maintenance",
                severity: None,
                cause: None,
            },
        }
    }

    /// Who is told of it although nobody planned for them.
    pub fn added(&self) -> Option<&crate::recipient::Added> {
        match self {
            Event::Maintenance(m) => Some(&m.added),
            Event::Incident(i) => Some(&i.added),
            Event::Advisory(a) => Some(&a.added),
            Event::Announcement(a) => Some(&a.added),
            Event::Window(_) | Event::Reminder(_) => None,
        }
    }

    /// Mail addresses of the people who run it: owners of its services, its lead, and who speaks for it. A reminder names its
    /// own.
    pub fn internal_addresses(&self, catalogue: &Catalogue) -> Vec<EmailAddress> {
        if let Event::Reminder(reminder) = self {
            return reminder.to.clone();
        }
        let named = self.services();
        let services = catalogue.services.iter().filter(|s| named.contains(&s.id));
        let mut addresses: Vec<_> = services.filter_map(|s| s.owner.clone()).collect();
        match self {
            Event::Maintenance(m) => addresses.extend(m.lead.clone()),
            Event::Incident(i) => {
                let lead = i.lead.as_deref().map(EmailAddress::parse);
                addresses.extend(lead.and_then(Result::ok));
                addresses.extend(speakers(i, catalogue));
            }
            Event::Window(_) | Event::Reminder(_) | Event::Advisory(_) | Event::Announcement(_) => {
            }
        }
        addresses.sort();
        addresses.dedup();
        addresses
    }

    /// Where a built-in audience is reached; `None` for one that the organisation made.
    pub fn built_in_audience(
        &self,
        audience: &str,
        catalogue: &Catalogue,
    ) -> Option<Vec<Endpoint>> {
        let mailboxes = |addresses: Vec<EmailAddress>| {
            let mailbox = |address| Endpoint::Email { address };
            Some(addresses.into_iter().map(mailbox).collect())
        };
        match (audience, self) {
            (INTERNAL, _) => mailboxes(self.internal_addresses(catalogue)),
            (APPROVERS, _) => mailboxes(approvers(self, catalogue)),
            (COMMUNICATIONS, _) => mailboxes(catalogue.organisation.communications.clone()),
            (REQUESTERS, Event::Maintenance(m)) => mailboxes(m.requesters.clone()),
            (REQUESTERS, Event::Advisory(a)) => mailboxes(a.requesters.clone()),
            (REQUESTERS, Event::Announcement(a)) => mailboxes(a.requesters.clone()),
            (SPOKESPERSON, Event::Incident(i)) => mailboxes(self.warned_first(i, catalogue)),
            (BACKUP, Event::Incident(i)) => {
                mailboxes(speakers(i, catalogue).into_iter().skip(1).collect())
            }
            (_, Event::Incident(i)) if called(audience).is_some() => {
                let chain = i.call.as_ref().map(|call| call.chain.as_slice());
                let one = called(audience).and_then(|n| chain?.get(n));
                let one = one.and_then(|who| EmailAddress::parse(who).ok());
                mailboxes(one.into_iter().collect())
            }
            (REQUESTERS | SPOKESPERSON | BACKUP, _) => Some(Vec::new()),
            (CHANGE_SYSTEM, _) => {
                let system = catalogue.organisation.change_system.iter();
                let hook = |s: &ChangeSystem| Endpoint::Webhook {
                    url: s.url.clone(),
                    secret: s.secret.clone(),
                    ordered: false,
                };
                Some(system.map(hook).collect())
            }
            _ => None,
        }
    }

    /// Who must keep a promise: the spokesperson. Where nobody else can speak it is the lead, and where nobody leads whoever runs it.
    fn warned_first(&self, incident: &Incident, catalogue: &Catalogue) -> Vec<EmailAddress> {
        if let Some(first) = speakers(incident, catalogue).into_iter().next() {
            return vec![first];
        }
        let lead = incident.lead.as_deref().map(EmailAddress::parse);
        match lead.and_then(Result::ok) {
            Some(lead) => vec![lead],
            None => self.internal_addresses(catalogue),
        }
    }

    /// Everything that a notice of this event says to an audience, frozen as of `at`; without one, to everybody.
    pub fn content(
        &self,
        occasion: &Occasion,
        audience: Option<&Audience>,
        catalogue: &Catalogue,
        public_url: &str,
        at: Timestamp,
    ) -> Content {
        let (services, dependents) = self.concerned(audience, catalogue);
        let content = Content {
            reply_to: None,
            event: self.id().clone(),
            event_kind: self.kind().to_owned(),
            title: self.title().to_owned(),
            milestone: occasion.milestone.clone(),
            offset: occasion.offset.clone(),
            organisation: catalogue.organisation.name.clone(),
            services,
            dependents,
            severity: None,
            status: self.status().to_owned(),
            facts: Default::default(),
            text: None,
            texts: Texts::default(),
            reason: occasion.reason.clone(),
            start: None,
            end: None,
            previous: occasion.previous.clone(),
            began_at: None,
            next_update: None,
            missed: None,
            moved_from: None,
            unchanged: false,
            promised_to: Vec::new(),
            late_by_seconds: 0,
            ack_url: None,
            code: None,
            requested: false,
            confirmed: None,
            to_write: false,
            prepared: BTreeMap::new(),
            change_request: None,
            forwardable: audience.is_some_and(|a| a.forwardable),
            answerable: false,
            readers: audience.and_then(|a| a.readers),
            works: Vec::new(),
            task: None,
            url: sight::address(self, audience, catalogue, public_url),
            at,
        };
        let content = match self {
            Event::Maintenance(_) if occasion.milestone == COPY_DUE => {
                copy_content(content, occasion, catalogue, public_url)
            }
            Event::Maintenance(m) => Content {
                facts: m.facts.clone(),
                texts: m.texts.of(&occasion.milestone),
                start: Some(m.start.clone()),
                end: Some(m.end.clone()),
                began_at: m.started_at,
                change_request: m.change_request.as_ref().map(|c| c.number.clone()),
                ..content
            },
            Event::Incident(i) if is_team_notice(&occasion.milestone) => {
                let content = incident_content(content, i, occasion.update);
                timer_content(content, "incidents", &i.told, catalogue, public_url)
            }
            Event::Incident(i) => incident_content(content, i, occasion.update),
            Event::Window(w) => window_content(content, w, occasion, public_url),
            Event::Reminder(r) => Content {
                task: Some(r.task(at)),
                url: format!("{}{}", public_url.trim_end_matches('/'), r.path()),
                ..content
            },
            Event::Advisory(a) if is_team_notice(&occasion.milestone) => {
                let content = advisory_content(content, a, occasion.update);
                timer_content(content, "advisories", &a.told, catalogue, public_url)
            }
            Event::Advisory(a) => advisory_content(content, a, occasion.update),
            Event::Announcement(a) => Content {
                facts: a.facts.clone(),
                texts: a.texts.of(&occasion.milestone),
                start: Some(a.effective.clone()),
                ..content
            },
        };
        let content = match occasion.milestone.as_str() {
            APPROVAL_NEEDED => approval_content(content, public_url),
            HELP_NEEDED => {
                let page = page_of(occasion, self);
                help_content(content, occasion, &page, public_url)
            }
            _ => content,
        };
        // Every message says where to report trouble, as far as anybody said it.
        let contact = self.cared_for_by(occasion, catalogue);
        let contact = contact.or_else(|| content.facts.contact.clone());
        let prepared = match content.facts.effect {
            Some(_) => BTreeMap::new(),
            None => self.prepared_effects(catalogue),
        };
        let level = audience.map_or(Level::NonTechnical, |audience| audience.level);
        let effect = content.facts.effect.clone();
        let named = contact.as_deref().map(EmailAddress::parse);
        let reply_to = named.and_then(Result::ok);
        let reply_to = reply_to.or_else(|| self.talker(catalogue));
        let contact = contact.or_else(|| catalogue.organisation.contact.clone());
        Content {
            answerable: audience.is_some() && contact.is_none() && reply_to.is_some(),
            reply_to,
            facts: Facts {
                contact,
                effect: effect.or_else(|| prepared.get(&level).cloned()),
                ..content.facts
            },
            prepared,
            ..content
        }
    }

    /// Where people report trouble in the weeks after the work, if that is elsewhere.
    fn cared_for_by(&self, occasion: &Occasion, catalogue: &Catalogue) -> Option<String> {
        let policy = policy::of_event(self, &catalogue.policies)?;
        let hypercare = policy.hypercare.as_ref()?;
        let is_care = occasion.milestone == "hypercare";
        hypercare.contact.clone().filter(|_| is_care)
    }

    /// What people notice, in the words that were prepared for the day on which the service fails, at each level: nobody had
    /// time for others, and whoever is in several audiences reads those of the richest.
    fn prepared_effects(&self, catalogue: &Catalogue) -> BTreeMap<Level, String> {
        let Event::Incident(incident) = self else {
            return BTreeMap::new();
        };
        let failing = incident.services.iter();
        let failing = failing.filter(|(_, impact)| **impact >= Impact::PartialOutage);
        let failing: Vec<Id> = failing.map(|(id, _)| id.clone()).collect();
        let at = |level| prepared_effect(&catalogue.services, &failing, level).map(str::to_owned);
        let levels = Level::ALL.into_iter();
        levels
            .filter_map(|level| Some((level, at(level)?)))
            .collect()
    }

    /// Who talks to clients about the first of its services that has somebody.
    fn talker(&self, catalogue: &Catalogue) -> Option<EmailAddress> {
        let named = self.services();
        let mut services = named
            .iter()
            .filter_map(|id| catalogue.services.iter().find(|s| s.id == *id));
        services.find_map(|service| service.talker().cloned())
    }

    /// Names of the services that a message is about, and of others that depend on them. An audience that uses certain
    /// services reads of those: a student knows the portal, not the database under it.
    fn concerned(
        &self,
        audience: Option<&Audience>,
        catalogue: &Catalogue,
    ) -> (Vec<String>, Vec<String>) {
        let named = self.services();
        let name = |id: &Id| {
            let found = catalogue.services.iter().find(|s| s.id == *id);
            found.map_or_else(|| id.to_string(), |s| s.name.clone())
        };
        let reached = affected(&named, &catalogue.services);
        if let Some(audience) = audience.filter(|a| a.services != Scope::All) {
            let used: Vec<String> = reached
                .iter()
                .filter(|a| audience.uses(&a.service))
                .map(|a| name(&a.service))
                .collect();
            if !used.is_empty() {
                return (used, Vec::new());
            }
        }
        let others = reached
            .iter()
            .filter(|a| !named.contains(&a.service))
            .map(|a| name(&a.service));
        (named.iter().map(name).collect(), others.collect())
    }
}

/// That a text is due elsewhere says whose, by when, and where it is to be had.
fn copy_content(
    content: Content,
    occasion: &Occasion,
    catalogue: &Catalogue,
    public_url: &str,
) -> Content {
    let place = occasion.offset.as_deref().unwrap_or_default();
    let audience = copy_audience(place);
    let named = catalogue.audiences.iter().find(|a| a.id == *audience);
    let task = occasion.copy_due.map(|due| Task {
        what: named.map_or_else(|| audience.to_owned(), |a| a.name.clone()),
        by: By::Time(due),
        overdue: false,
        owner: None,
        notice: occasion.copy_of.clone(),
    });
    let page = match &occasion.copy_of {
        Some(notice) => format!("notices/{notice}/copy"),
        None => format!("maintenances/{}", content.event),
    };
    Content {
        task,
        url: format!("{}/console/{page}", public_url.trim_end_matches('/')),
        ..content
    }
}

/// Who must agree is asked about the event, not told what its messages say: that stands where the link leads.
fn approval_content(content: Content, public_url: &str) -> Content {
    let page = match content.event_kind.as_str() {
        "maintenance" => "maintenances",
        "advisory" => "advisories",
        "announcement" => "announcements",
        _ => "incidents",
    };
    Content {
        text: None,
        texts: Texts::default(),
        missed: None,
        moved_from: None,
        next_update: None,
        url: format!(
            "{}/console/{page}/{}",
            public_url.trim_end_matches('/'),
            content.event
        ),
        ..content
    }
}

/// Who helps to write reads who asks and what for; the text stands where the link leads.
fn help_content(content: Content, occasion: &Occasion, page: &str, public_url: &str) -> Content {
    Content {
        text: occasion.note.clone(),
        texts: Texts::default(),
        to_write: occasion.to_write,
        missed: None,
        moved_from: None,
        next_update: None,
        url: format!("{}/{page}", public_url.trim_end_matches('/')),
        ..content
    }
}

/// A window's message says what it is used for; where it is not, there is nothing to expect.
fn window_content(
    content: Content,
    window: &WindowUse,
    occasion: &Occasion,
    public_url: &str,
) -> Content {
    Content {
        facts: together(&occasion.works),
        works: occasion.works.clone(),
        start: Some(window.start.clone()),
        end: Some(window.end.clone()),
        // It has no page of its own: what it is used for stands in the calendar.
        url: format!("{}/calendar", public_url.trim_end_matches('/')),
        ..content
    }
}

/// An incident's message carries one of its updates, whatever came after it.
fn incident_content(content: Content, incident: &Incident, number: Option<u32>) -> Content {
    let number = number.unwrap_or(incident.updates.len().saturating_sub(1) as u32) as usize;
    let update: Option<&Update> = incident.updates.get(number);
    let before = incident.told_before(number as u32).and_then(|u| u.promise);
    Content {
        severity: Some(incident.severity),
        status: update
            .map_or(incident.status, |u| u.status)
            .as_str()
            .to_owned(),
        facts: update.map_or_else(|| incident.facts.clone(), |u| u.facts.clone()),
        text: update.and_then(|u| u.text.clone()),
        texts: update.map_or_else(Texts::default, |u| u.texts.clone()),
        began_at: Some(incident.declared_at),
        next_update: update.and_then(|u| u.promise).map(|p| p.due),
        missed: incident.missed_before(number as u32),
        moved_from: before
            .filter(|_| update.is_some_and(|u| u.nature == Nature::Moved))
            .map(|p| p.due),
        unchanged: update.is_some_and(|u| u.nature == Nature::Automatic),
        ..content
    }
}

/// An advisory's message carries one of its words, whatever came after it.
fn advisory_content(content: Content, advisory: &Advisory, number: Option<u32>) -> Content {
    let newest = advisory.updates.len().saturating_sub(1);
    let number = number.map_or(newest, |number| number as usize);
    let word: Option<&Word> = advisory.updates.get(number);
    let broken = advisory.told_before(number as u32).and_then(|w| w.promise);
    let status = word.map_or(advisory.status, |w| w.status);
    Content {
        severity: advisory.severity,
        status: status.as_str().to_owned(),
        facts: word.map_or_else(|| advisory.facts.clone(), |w| w.facts.clone()),
        text: word.and_then(|w| w.text.clone()),
        texts: word.map_or_else(Texts::default, |w| w.texts.clone()),
        began_at: Some(advisory.found_at),
        next_update: word.and_then(|w| w.promise).map(|p| p.due),
        missed: broken.filter(|p| p.kept == Some(false)).map(|p| p.due),
        ..content
    }
}

/// What the team reads is about the promise, not what was said with it; it leads to the `page` where the next word is written.
fn timer_content(
    content: Content,
    page: &str,
    told: &BTreeSet<Id>,
    catalogue: &Catalogue,
    public_url: &str,
) -> Content {
    let promised_to = catalogue.audiences.iter().filter(|a| told.contains(&a.id));
    let at = public_url.trim_end_matches('/');
    let content = Content {
        promised_to: promised_to.map(|a| a.name.clone()).collect(),
        url: format!("{at}/console/{page}/{}", content.event),
        ..content
    };
    let promised = content.next_update;
    if !is_promise_timer(&content.milestone) {
        return Content {
            text: None,
            texts: Texts::default(),
            missed: None,
            moved_from: None,
            ..content
        };
    }
    let (next_update, missed) = match content.milestone.as_str() {
        PROMISE_BROKEN => (None, promised),
        PROMISE_KEPT => (promised, content.missed),
        _ => (promised, None),
    };
    Content {
        text: None,
        texts: Texts::default(),
        next_update,
        missed,
        moved_from: None,
        ..content
    }
}

/// Who speaks for an incident, in order: who was named for it, then those of its services, else the owners who talk to
/// clients. The first is the spokesperson, the others are the backups.
pub fn speakers(incident: &Incident, catalogue: &Catalogue) -> Vec<EmailAddress> {
    let named = incident.spokesperson.as_deref().map(EmailAddress::parse);
    let concerned = catalogue.services.iter();
    let concerned: Vec<&Service> = concerned
        .filter(|s| incident.services.contains_key(&s.id))
        .collect();
    let mut all: Vec<EmailAddress> = named.and_then(Result::ok).into_iter().collect();
    all.extend(concerned.iter().flat_map(|s| s.spokespersons.clone()));
    if all.is_empty() {
        all.extend(concerned.iter().filter_map(|s| s.talker().cloned()));
    }
    // Whoever fixes it does not have to speak for it as well, unless somebody said so.
    let lead = incident
        .lead
        .as_deref()
        .filter(|_| incident.both_because.is_none());
    all.retain(|address| lead.is_none_or(|lead| !is_same_person(lead, address.as_str())));
    let mut seen = BTreeSet::new();
    all.retain(|address| seen.insert(address.clone()));
    all
}
