//! What is told at once, without a planner: the updates of incidents and advisories.

use super::Notice;
use crate::audience::{Audience, Level};
use crate::contact::Channel;
use crate::document::Catalogue;
use crate::id::{Id, derive};
use crate::routing::About;
use crate::service::affected;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// One update of an event, and who has heard of the event before.
pub(super) struct AtOnce<'a> {
    pub(super) event: &'a Id,
    pub(super) services: Vec<Id>,
    pub(super) about: About,
    /// Audiences that were told of it before.
    pub(super) told: &'a BTreeSet<Id>,
    pub(super) milestone: &'static str,
    /// An audience that hears of one of these parts of the story hears of this one.
    pub(super) stages: &'a [&'static str],
    pub(super) number: u32,
}

impl AtOnce<'_> {
    /// A notice for each audience that is affected and hears of such events, and for each that has heard of this one before,
    /// because whoever was told of trouble is told until it is over.
    pub(super) fn to_all(&self, catalogue: &Catalogue, now: Timestamp) -> Vec<Notice> {
        let affected = affected(&self.services, &catalogue.services);
        let reached = catalogue.audiences.iter().filter_map(|a| {
            let path = match self.told.contains(&a.id) {
                true => a.affected_by(&affected),
                false => a.reached_by(&self.about, &affected),
            };
            let hears = self.stages.iter().any(|s| a.routing.admits_stage(s));
            path.filter(|_| hears).map(|path| (a, path))
        });
        reached
            .map(|(audience, by)| {
                let path: Vec<&str> = by.path.iter().map(Id::as_str).collect();
                let because = format!("at once; affected by {}", path.join(" > "));
                self.to(audience, None, because, catalogue, now)
            })
            .collect()
    }

    /// The notice for one audience. With `whom` it is another than those before: somebody was added.
    pub(super) fn to(
        &self,
        audience: &Audience,
        whom: Option<&str>,
        because: String,
        catalogue: &Catalogue,
        now: Timestamp,
    ) -> Notice {
        let zone = audience.time_zone.as_ref();
        let zone = zone.unwrap_or(&catalogue.organisation.time_zone);
        Notice {
            audience: audience.id.to_string(),
            level: audience.level,
            channels: audience.first_channels(),
            due_local: zone.at(now).to_string(),
            ..self.notice(audience.id.as_str(), whom, because, catalogue, now)
        }
    }

    /// The notice for mailboxes that the event itself names.
    pub(super) fn to_built_in(
        &self,
        audience: &str,
        because: &str,
        catalogue: &Catalogue,
        now: Timestamp,
    ) -> Notice {
        self.notice(audience, None, because.to_owned(), catalogue, now)
    }

    fn notice(
        &self,
        audience: &str,
        whom: Option<&str>,
        because: String,
        catalogue: &Catalogue,
        now: Timestamp,
    ) -> Notice {
        let number = self.number.to_string();
        let mut parts = vec!["notice", self.event.as_str(), "1", self.milestone];
        parts.extend([number.as_str(), audience]);
        parts.extend(whom);
        Notice {
            id: derive(&parts),
            milestone: self.milestone.to_owned(),
            offset: (self.milestone == "update").then(|| format!("#{number}")),
            stands_for: Vec::new(),
            audience: audience.to_owned(),
            level: Level::NonTechnical,
            channels: vec![Channel::Email],
            due: now,
            due_local: catalogue.organisation.time_zone.at(now).to_string(),
            copy_due: None,
            because,
            held: false,
            tells: Vec::new(),
        }
    }
}
