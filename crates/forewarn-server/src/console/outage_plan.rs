//! Outage plans: the list with what is missing, a service's plan with its signatures, and the card to print.

use super::layout::text;
use super::notices::level_words;
use super::{Frame, Typed};
use crate::ops::outage_plan::Judged;
use askama::Template;
use forewarn_core::audience::Level;
use forewarn_core::offset::Offset;
use forewarn_core::outage_plan::{Beat, Told};
use forewarn_core::service::Tier;

/// Every service's plan.
#[derive(Template)]
#[template(path = "console/outage_plans.html")]
pub struct OutagePlanList {
    /// The frame.
    pub frame: Frame,
    /// The least complete first.
    pub items: Vec<Judged>,
}

/// A service's plan.
#[derive(Template)]
#[template(path = "console/outage_plan.html")]
pub struct OutagePlanPage {
    /// The frame.
    pub frame: Frame,
    /// The plan.
    pub judged: Judged,
    /// What was refused of a signature.
    pub typed: Typed,
}

/// "What to do and say when an outage starts": one page that needs nothing else to be read or printed.
#[derive(Template)]
#[template(path = "console/outage_card.html")]
pub struct OutageCard {
    /// The plan.
    pub judged: Judged,
    /// The organisation's name.
    pub organisation: String,
    /// Where to declare it.
    pub declare: String,
    /// When the card was made, in the organisation's zone.
    pub made: String,
}

/// The list of all cards, which needs nothing else either.
#[derive(Template)]
#[template(path = "console/outage_cards.html")]
pub struct OutageCards {
    /// The organisation's name.
    pub organisation: String,
    /// Path and name of each, by name.
    pub items: Vec<(String, String)>,
    /// When the list was made, in the organisation's zone.
    pub made: String,
}

impl OutageCards {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }
}

impl OutagePlanList {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }
}

impl OutagePlanPage {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    fn level(&self, told: &Told) -> &'static str {
        level_words(told.level)
    }
}

impl OutageCard {
    /// The page.
    pub fn render(&self) -> String {
        text(self)
    }

    /// How often people hear, severities with the same rhythm together: "P1 every 60 minutes".
    fn beats(&self) -> Vec<String> {
        let mut lines: Vec<(String, String)> = Vec::new();
        for Beat { severity, every } in &self.judged.plan.cadence {
            let every = match Offset::parse(every) {
                Ok(offset) => offset.words(),
                Err(_) => every.clone(),
            };
            match lines.last_mut() {
                Some((names, same)) if *same == every => {
                    *names += &format!(", {}", severity.as_str())
                }
                _ => lines.push((severity.as_str().to_owned(), every)),
            }
        }
        let said = |(names, every)| format!("{names}: at the latest every {every}");
        lines.into_iter().map(said).collect()
    }
}

impl Judged {
    /// The tone of its score.
    pub(super) fn tone(&self) -> &'static str {
        match self.judgement.score {
            100 => "ok",
            70.. => "slow",
            _ => "down",
        }
    }

    pub(super) fn tier(&self) -> &'static str {
        match self.plan.tier {
            Tier::Critical => "critical",
            Tier::Important => "important",
            Tier::Standard => "standard",
        }
    }

    /// Prepared words by level, plainest first.
    pub(super) fn words(&self) -> Vec<(&'static str, &str)> {
        let of = |level| {
            Some((
                level_words(level),
                self.plan.prepared.holding.get(&level)?.as_str(),
            ))
        };
        Level::ALL.into_iter().filter_map(of).collect()
    }
}
