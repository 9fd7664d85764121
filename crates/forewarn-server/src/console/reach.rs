//! Who hears of an event, how many by which channel, who does not, and why.

use super::Frame;
use super::layout::text;
use crate::ops::reach::{Told, Whole};
use askama::Template;
use forewarn_core::plan::{REQUESTERS, built_in_name};
use forewarn_core::recipient::{ADDED_NAME, added_level};

/// Who hears.
#[derive(Template)]
#[template(path = "console/reach.html")]
pub struct ReachPage {
    /// The frame.
    pub frame: Frame,
    /// The event's page of the console.
    pub home: String,
    /// The event's title.
    pub title: String,
    /// Who hears of it.
    pub reached: Reached,
    /// Whom was asked about, and the answer; a refusal where there is no such contact.
    pub asked: Option<(String, Vec<String>)>,
}

/// Who hears, with names.
pub struct Reached {
    /// Who hears, by audience.
    pub whole: Whole,
    /// Names of audiences and services by id.
    pub names: Vec<(String, String)>,
}

impl ReachPage {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    fn contact(&self) -> &str {
        self.asked.as_ref().map_or("", |(contact, _)| contact)
    }
}

impl Reached {
    pub(super) fn name<'a>(&'a self, id: &'a str) -> &'a str {
        let found = self.names.iter().find(|(known, _)| known == id);
        let added = added_level(id).map(|_| ADDED_NAME);
        let unnamed = added.or_else(|| built_in_name(id)).unwrap_or(id);
        found.map_or(unnamed, |(_, name)| name.as_str())
    }

    pub(super) fn path(&self, told: &Told) -> String {
        if added_level(&told.who.audience).is_some() {
            return "added by hand".to_owned();
        }
        if told.who.audience == REQUESTERS {
            return "asked for it; hears at the end".to_owned();
        }
        if let Some(because) = told.because {
            return because.to_owned();
        }
        let names: Vec<&str> = told.path.iter().map(|id| self.name(id)).collect();
        names.join(" › ")
    }

    pub(super) fn level(&self, told: &Told) -> String {
        told.level.replace('_', "-")
    }

    /// Nobody could be reached: the audience has no members.
    pub(super) fn is_empty(&self, told: &Told) -> bool {
        told.who.people == 0 && told.external.is_none() && !told.by_hand
    }

    pub(super) fn people(&self) -> i64 {
        self.whole
            .audiences
            .iter()
            .map(|told| told.who.reached)
            .sum()
    }

    pub(super) fn missed(&self) -> i64 {
        self.whole
            .audiences
            .iter()
            .map(|told| told.who.people - told.who.reached)
            .sum()
    }
}
