//! Who hears of a maintenance, how many by which channel, who does not, and why.

use super::Frame;
use super::layout::text;
use crate::ops::reach::{Told, Whole};
use askama::Template;
use forewarn_core::recipient::{ADDED_NAME, added_level};

/// Who hears.
#[derive(Template)]
#[template(path = "console/reach.html")]
pub struct ReachPage {
    /// The frame.
    pub frame: Frame,
    /// The maintenance's id.
    pub id: String,
    /// The maintenance's title.
    pub title: String,
    /// Who hears of it, with the audience's name.
    pub whole: Whole,
    /// Names of audiences and services by id.
    pub names: Vec<(String, String)>,
    /// Whom was asked about, and the answer; a refusal where there is no such contact.
    pub asked: Option<(String, Vec<String>)>,
}

impl ReachPage {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    fn name<'a>(&'a self, id: &'a str) -> &'a str {
        let found = self.names.iter().find(|(known, _)| known == id);
        let unnamed = added_level(id).map_or(id, |_| ADDED_NAME);
        found.map_or(unnamed, |(_, name)| name.as_str())
    }

    fn path(&self, told: &Told) -> String {
        if added_level(&told.who.audience).is_some() {
            return "added by hand".to_owned();
        }
        let names: Vec<&str> = told.path.iter().map(|id| self.name(id)).collect();
        names.join(" › ")
    }

    fn level(&self, told: &Told) -> String {
        told.level.replace('_', "-")
    }

    fn people(&self) -> i64 {
        self.whole
            .audiences
            .iter()
            .map(|told| told.who.reached)
            .sum()
    }

    fn missed(&self) -> i64 {
        self.whole
            .audiences
            .iter()
            .map(|told| told.who.people - told.who.reached)
            .sum()
    }

    fn contact(&self) -> &str {
        self.asked.as_ref().map_or("", |(contact, _)| contact)
    }
}
