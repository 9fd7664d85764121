//! The value behind everything public.

use super::PublicAnnouncement;
use forewarn_core::advisory::Advisory;
use forewarn_core::audience::Level;
use forewarn_core::change_ahead::ChangeAhead;
use forewarn_core::facts::Facts;
use forewarn_core::id::Id;
use forewarn_core::incident::{Incident, Update};
use forewarn_core::maintenance::{Maintenance, Status};
use forewarn_core::organisation::Organisation;
use forewarn_core::promise::Thread;
use forewarn_core::service::Service;
use forewarn_core::sight::page_of;
use forewarn_core::words::{direction, primary};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// All that may be said at one instant: in public, or on the private page of an audience.
///
/// Equal snapshots give equal bytes. What renders it never asks the time: "now" is `made_at`, so whoever makes
/// snapshots makes one after every change and one after midnight in the organisation's zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// When it was made; the page says "as of".
    pub made_at: Timestamp,
    /// Whose page it is, and whose clocks it shows.
    pub organisation: Organisation,
    /// Where the page is reached, for absolute links; without a slash at the end.
    pub public_url: String,
    /// Every service, in the order in which they are shown.
    pub services: Vec<Service>,
    /// Open incidents, and closed ones of the last 90 days or the 50 newest.
    pub incidents: Vec<PublicIncident>,
    /// Planned work of the last 90 days and all that is ahead.
    pub maintenances: Vec<PublicMaintenance>,
    /// Faults that are known and open, and those of the last 90 days.
    #[serde(default)]
    pub advisories: Vec<PublicAdvisory>,
    /// Changes at a moment: all that are ahead, and those of the last 90 days.
    #[serde(default)]
    pub announcements: Vec<PublicAnnouncement>,
    /// Services that people may subscribe to by themselves.
    #[serde(default)]
    pub open_to: Vec<Id>,
    /// Telephones can be subscribed too.
    #[serde(default)]
    pub phones: bool,
    /// Browsers can be asked to show notices.
    #[serde(default)]
    pub push: bool,
    /// Changes ahead whose time is not firm: those that became work that is public are not here.
    #[serde(default)]
    pub changes: Vec<PublicChange>,
    /// The clock is a movable one: scripts count from `made_at` instead of the reader's clock.
    #[serde(default)]
    pub demo: bool,
    /// Whose page it is, where not everybody may read it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub private: Option<PrivatePage>,
}

/// Whose private page it is, and who reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivatePage {
    /// The audience.
    pub audience: Id,
    /// Its name.
    pub name: String,
    /// The level of its texts.
    pub level: Level,
    /// The end of the reader's own addresses of feeds; users of the console have none.
    pub feeds: Option<String>,
    /// The token that the page's forms send back.
    pub csrf: String,
}

/// An incident and what was said about it in public.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicIncident {
    /// The incident. Its lead, spokesperson and technical facts are never shown.
    pub incident: Incident,
    /// One per update of the incident and with its id, oldest first.
    pub messages: Vec<PublicMessage>,
    /// Services that it may reach, where it names none that the page shows.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub near: Vec<Id>,
}

/// An advisory and what was said about it in public.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicAdvisory {
    /// The advisory. Who asked for the fix and technical facts are never shown.
    pub advisory: Advisory,
    /// One per word about it and with its id, oldest first.
    pub messages: Vec<PublicMessage>,
}

/// A maintenance and what was said about it in public.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicMaintenance {
    /// The maintenance. One that waits for approval is never shown, even if it stands here.
    pub maintenance: Maintenance,
    /// When it was entered.
    pub created_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// Notices that have gone out, oldest first.
    pub messages: Vec<PublicMessage>,
}

/// An entry of the calendar of changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicChange {
    /// The entry; all of it is public.
    pub change: ChangeAhead,
    /// How often it was changed.
    pub changes: i64,
    /// When it was entered or changed last.
    pub changed_at: Timestamp,
}

/// A published message at the level that everybody may read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicMessage {
    /// Its id: the notice's or the update's. Feeds know the message by it.
    pub id: String,
    /// Which notice it is: `announcement`, `start`, `update`, or an incident's status.
    pub milestone: String,
    /// When it was published.
    pub at: Timestamp,
    /// The words.
    pub text: String,
    /// The words as HTML that is already sanitised: it goes into pages as it is.
    pub html: String,
    /// The language of the words: that of the organisation, or English.
    #[serde(default = "english")]
    pub language: String,
    /// The same words in other languages, as far as there are texts.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub translations: Vec<Translation>,
}

/// A published message in another language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Translation {
    /// Its language.
    pub language: String,
    /// The words.
    pub text: String,
    /// The words as HTML that is already sanitised.
    pub html: String,
}

/// A published message in the language that comes nearest to a reader's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wording<'a> {
    /// Its language.
    pub language: &'a str,
    /// The words.
    pub text: &'a str,
    /// The words as HTML that is already sanitised.
    pub html: &'a str,
}

impl Wording<'_> {
    /// The direction of its language, for `dir`.
    pub fn direction(&self) -> &'static str {
        direction(self.language)
    }
}

fn english() -> String {
    "en".into()
}

impl PublicMessage {
    /// The words for readers of a language; those of the organisation where there are none.
    pub fn wording(&self, language: &str) -> Wording<'_> {
        let is_it = |translation: &&Translation| primary(&translation.language) == language;
        let own = Wording {
            language: &self.language,
            text: &self.text,
            html: &self.html,
        };
        if primary(&self.language) == language {
            return own;
        }
        let found = self.translations.iter().find(is_it);
        found.map_or(own, |found| Wording {
            language: &found.language,
            text: &found.text,
            html: &found.html,
        })
    }

    /// A message from plain words: blank lines make paragraphs, everything else is text.
    pub fn plain(
        id: impl Into<String>,
        milestone: &str,
        at: Timestamp,
        text: &str,
    ) -> PublicMessage {
        PublicMessage {
            id: id.into(),
            milestone: milestone.to_owned(),
            at,
            text: text.to_owned(),
            html: paragraphs(text),
            language: english(),
            translations: Vec::new(),
        }
    }
}

impl From<Incident> for PublicIncident {
    /// Says each update in the spokesperson's own words, or in sentences made from the public facts.
    fn from(incident: Incident) -> PublicIncident {
        let messages = incident
            .updates
            .iter()
            .map(|update| {
                let text = update
                    .text
                    .clone()
                    .unwrap_or_else(|| sentences(update, &incident.title));
                PublicMessage::plain(&update.id, update.status.as_str(), update.at, &text)
            })
            .collect();
        PublicIncident {
            incident,
            messages,
            near: Vec::new(),
        }
    }
}

/// What an update says when nobody wrote a text: only facts that everybody may read.
fn sentences(update: &Update, title: &str) -> String {
    let Facts {
        effect,
        cause,
        action,
        workaround,
        data_safe,
        ..
    } = &update.facts;
    let mut said: Vec<&str> = Vec::new();
    said.push(effect.as_deref().unwrap_or(title));
    said.push(match update.status.as_str() {
        "investigating" => "We are investigating.",
        "identified" => "We know the cause and are working on it.",
        "monitoring" => "A fix is in place and we are watching it.",
        _ => "This is resolved.",
    });
    said.extend(cause.as_deref());
    said.extend(workaround.as_deref());
    said.extend(action.as_ref().map(|a| a.what.as_str()));
    said.extend(match data_safe {
        Some(true) => Some("No data is lost."),
        _ => None,
    });
    said.join("\n\n")
}

/// Plain text as HTML paragraphs.
pub(crate) fn paragraphs(text: &str) -> String {
    text.replace('\r', "")
        .split("\n\n")
        .map(str::trim)
        .filter(|paragraph| !paragraph.is_empty())
        .map(|paragraph| format!("<p>{}</p>", escape(paragraph).replace('\n', "<br>")))
        .collect()
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

impl Snapshot {
    /// Incidents that people still wait for, newest first.
    pub fn open_incidents(&self) -> Vec<&PublicIncident> {
        let mut open: Vec<_> = self.incidents.iter().filter(|i| i.is_open()).collect();
        open.sort_by_key(|i| std::cmp::Reverse((i.incident.declared_at, &i.incident.id)));
        open
    }

    /// Faults whose fix people still wait for, newest first.
    pub fn open_advisories(&self) -> Vec<&PublicAdvisory> {
        let open = self.advisories.iter().filter(|a| a.is_open());
        let mut open: Vec<_> = open.collect();
        open.sort_by_key(|a| std::cmp::Reverse((a.advisory.found_at, &a.advisory.id)));
        open
    }

    /// Planned work that everybody may know of, by its start.
    pub fn public_maintenances(&self) -> Vec<&PublicMaintenance> {
        let mut public: Vec<_> = self
            .maintenances
            .iter()
            .filter(|m| m.maintenance.is_public())
            .collect();
        public.sort_by_key(|m| (m.maintenance.window().0, &m.maintenance.id));
        public
    }

    /// Planned work in this status, by its start.
    pub fn maintenances_in(&self, status: Status) -> Vec<&PublicMaintenance> {
        self.public_maintenances()
            .into_iter()
            .filter(|m| m.maintenance.status == status)
            .collect()
    }

    /// Changes whose rough time is not over yet, the earliest first.
    pub fn changes_to_come(&self) -> Vec<&PublicChange> {
        let today = self.organisation.time_zone.at(self.made_at).date();
        let mut changes: Vec<_> = self
            .changes
            .iter()
            .filter(|item| item.change.when.last() >= today)
            .collect();
        changes.sort_by_key(|item| (item.change.when, &item.change.id));
        changes
    }

    /// The first promise of a next update whose time has not passed yet.
    pub fn next_promise(&self) -> Option<Timestamp> {
        let incidents = self.incidents.iter().filter_map(|i| i.next_update_at());
        let advisories = self.advisories.iter().filter_map(|a| a.next_update_at());
        let promised = incidents.chain(advisories);
        promised.filter(|due| *due >= self.made_at).min()
    }

    /// The newest message, or `made_at` when nothing was ever said.
    pub fn last_said_at(&self) -> Timestamp {
        let incidents = self.incidents.iter().flat_map(|i| &i.messages);
        let maintenances = self.public_maintenances();
        let maintenances = maintenances.iter().flat_map(|m| &m.messages);
        let advisories = self.advisories.iter().flat_map(|a| &a.messages);
        let announcements = self.announcements.iter().flat_map(|a| &a.messages);
        incidents
            .chain(maintenances)
            .chain(advisories)
            .chain(announcements)
            .map(|m| m.at)
            .max()
            .unwrap_or(self.made_at)
    }

    /// The service with this id.
    pub fn service(&self, id: &str) -> Option<&Service> {
        self.services.iter().find(|s| s.id == *id)
    }

    /// The names of these services; a service that is no longer known goes by its id.
    pub fn names<'a>(
        &self,
        ids: impl IntoIterator<Item = &'a forewarn_core::id::Id>,
    ) -> Vec<String> {
        ids.into_iter()
            .map(|id| {
                self.service(id.as_str())
                    .map_or_else(|| id.to_string(), |s| s.name.clone())
            })
            .collect()
    }

    /// The absolute address of a path of this page.
    pub fn url(&self, path: &str) -> String {
        let home = self.public_url.trim_end_matches('/');
        format!("{home}{}", self.file(path))
    }

    /// Where a file of this page is, whatever the language.
    pub fn file(&self, path: &str) -> String {
        match &self.private {
            Some(private) => format!("{}{path}", page_of(&private.audience)),
            None => path.to_owned(),
        }
    }

    /// Where a feed or calendar of this page is, for programs: of a private page at its reader's own address.
    pub fn feed(&self, path: &str) -> String {
        let own = self.private.as_ref().and_then(|p| p.feeds.as_ref());
        match own {
            Some(own) => self.file(&format!("/feed/{own}{path}")),
            None => self.file(path),
        }
    }

    /// The absolute address of a feed or calendar.
    pub fn feed_url(&self, path: &str) -> String {
        format!(
            "{}{}",
            self.public_url.trim_end_matches('/'),
            self.feed(path)
        )
    }

    /// How much detail its texts have.
    pub fn level(&self) -> Level {
        self.private
            .as_ref()
            .map_or(Level::NonTechnical, |p| p.level)
    }
}

impl PublicIncident {
    /// Services that it names, or else may reach.
    pub fn concerned(&self) -> impl Iterator<Item = &Id> {
        self.incident.services.keys().chain(&self.near)
    }

    /// People still wait for the end.
    pub fn is_open(&self) -> bool {
        self.incident.status.is_open()
    }

    /// The newest message.
    pub fn latest(&self) -> Option<&PublicMessage> {
        self.messages.last()
    }

    /// When the next update was promised, while the incident is open.
    pub fn next_update_at(&self) -> Option<Timestamp> {
        self.is_open()
            .then(|| self.incident.promise())
            .flatten()
            .map(|promise| promise.due)
    }

    /// When it last changed.
    pub fn changed_at(&self) -> Timestamp {
        self.latest().map_or(self.incident.declared_at, |m| m.at)
    }
}

impl PublicAdvisory {
    /// People still wait for the fix.
    pub fn is_open(&self) -> bool {
        self.advisory.status.is_open()
    }

    /// The newest message.
    pub fn latest(&self) -> Option<&PublicMessage> {
        self.messages.last()
    }

    /// When the next word was promised, while it is open and somebody gave a time.
    pub fn next_update_at(&self) -> Option<Timestamp> {
        let promise = self.advisory.promise().filter(|_| self.is_open());
        promise.map(|promise| promise.due)
    }

    /// When it last changed.
    pub fn changed_at(&self) -> Timestamp {
        self.latest().map_or(self.advisory.found_at, |m| m.at)
    }
}

impl PublicMaintenance {
    /// The newest message.
    pub fn latest(&self) -> Option<&PublicMessage> {
        self.messages.last()
    }
}
