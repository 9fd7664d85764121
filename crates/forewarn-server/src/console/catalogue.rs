//! Services, audiences, contacts.

use super::Frame;
use super::graph::Graph;
use super::layout::text;
use super::notices::level_words;
use super::template::reader_words;
use crate::status_page::state::ServiceState;
use crate::status_page::when;
use askama::Template;
use forewarn_core::audience::Audience;
use forewarn_core::incident::Severity;
use forewarn_core::routing::Cause;
use forewarn_core::service::{Service, Tier};

/// Every service.
#[derive(Template)]
#[template(path = "console/services.html")]
pub struct ServiceList {
    /// The frame.
    pub frame: Frame,
    /// Services in the order of the status page.
    pub items: Vec<ServiceRow>,
    /// What the failure of one would mean, where one was asked about.
    pub blast: Option<Blast>,
}

/// What stops working with a service, and for whom.
#[derive(Clone, Debug)]
pub struct Blast {
    /// The service's name.
    pub name: String,
    /// Every service that stands on it, with the way.
    pub services: Vec<(String, String)>,
    /// Names of the audiences that hear of it.
    pub audiences: Vec<String>,
    /// How many people these are.
    pub people: u64,
}

/// A service in the list.
pub struct ServiceRow {
    /// The service.
    pub service: Service,
    /// How it is.
    pub state: ServiceState,
    /// Names of the services it stands on.
    pub stands_on: Vec<String>,
    /// Names of the services that stand on it, directly or not.
    pub carries: Vec<String>,
    /// Names of the audiences that use it.
    pub audiences: Vec<String>,
}

/// Every audience, and the contacts in numbers.
#[derive(Template)]
#[template(path = "console/audiences.html")]
pub struct AudienceList {
    /// The frame.
    pub frame: Frame,
    /// Audiences.
    pub items: Vec<AudienceRow>,
    /// How many contacts there are.
    pub contacts: u64,
    /// Endpoints by channel.
    pub endpoints: Vec<(String, u64)>,
    /// Endpoints that are suppressed after bounces or by wish.
    pub suppressed: u64,
}

/// An audience in the list.
pub struct AudienceRow {
    /// The audience.
    pub audience: Audience,
    /// How many contacts are in it.
    pub contacts: u64,
    /// Names of its services; empty when it uses all.
    pub services: Vec<String>,
}

impl ServiceList {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    /// What stands on what.
    fn graph(&self) -> Option<Graph> {
        Graph::of(&self.items)
    }
}

impl AudienceList {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    /// Audiences that could have a page of their own and have none: what anybody can subscribe to is not private.
    fn without_page(&self) -> Vec<&Audience> {
        let all = self.items.iter().map(|row| &row.audience);
        all.filter(|audience| !audience.private_page && !audience.self_service)
            .collect()
    }
}

impl ServiceRow {
    fn tier(&self) -> &'static str {
        match self.service.tier {
            Tier::Critical => "critical",
            Tier::Important => "important",
            Tier::Standard => "standard",
        }
    }
}

impl AudienceRow {
    /// "Non-technical, executives"
    fn level(&self) -> String {
        let level = level_words(self.audience.level);
        match self.audience.readers.map(reader_words) {
            Some(readers) => format!("{level}, {}", readers.to_lowercase()),
            None => level.to_owned(),
        }
    }

    /// "email; sms after 15 min"
    pub(super) fn channels(&self) -> String {
        let channels = self
            .audience
            .channels
            .iter()
            .map(|choice| match choice.after {
                None => choice.channel.as_str().to_owned(),
                Some(wait) => format!("{} after {}", choice.channel.as_str(), when::lasts(wait)),
            });
        channels.collect::<Vec<_>>().join("; ")
    }

    /// "maintenance, incidents P1 to P3" in the words of its routing.
    pub(super) fn hears_of(&self) -> String {
        let routing = &self.audience.routing;
        let events = routing
            .events
            .as_ref()
            .map_or("every event".to_owned(), |events| events.join(", "));
        let mut words = events;
        if let Some(list) = &routing.severities {
            let names: Vec<&str> = list.iter().copied().map(Severity::as_str).collect();
            words += &format!("; incidents of {}", names.join(", "));
        }
        if let Some(list) = &routing.causes {
            let names: Vec<&str> = list.iter().copied().map(Cause::as_str).collect();
            words += &format!("; caused by {}", names.join(", ").replace('_', " "));
        }
        if let Some(list) = &routing.stages {
            words += &format!("; only {}", list.join(", ").replace('_', " "));
        }
        words
    }
}
