//! Who an event would reach if its notices went out now, who it would not, and why.

mod why;

pub use why::why;

use crate::app::App;
use crate::error::Result;
use forewarn_core::audience::{Audience, Level};
use forewarn_core::contact::Channel;
use forewarn_core::decision::{Recorded, Verdict};
use forewarn_core::document::Catalogue;
use forewarn_core::event::Event;
use forewarn_core::id::Id;
use forewarn_core::plan::{LEADERSHIP, REQUESTERS};
use forewarn_core::problem::Problem;
use forewarn_core::recipient::added_level;
use forewarn_core::service::{Affected, affected};
use forewarn_store::{Reach, Reached};
use serde::Serialize;
use std::collections::BTreeSet;

/// An audience that hears, and who of it.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    /// Level of detail.
    pub level: &'static str,
    /// From the service worked on to the one that the audience uses.
    pub path: Vec<String>,
    /// Why it hears, where it is not affected by that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<&'static str>,
    /// The address of a list that Forewarn does not hold: the one member of its audience.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external: Option<String>,
    /// When the audience is one to which people carry the text themselves.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub by_hand: bool,
    /// Who of its members.
    #[serde(flatten)]
    pub who: Reach,
}

/// An audience that uses what is affected and hears nothing of the event all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotTold {
    /// Its id.
    pub audience: String,
    /// What of its routing keeps it away, in words.
    pub because: String,
}

/// Who is reached.
#[derive(Clone, Debug, Serialize)]
pub struct Whole {
    /// Messages that one notice to all audiences makes: one for each endpoint, however many audiences it stands in.
    pub messages: i64,
    /// Every audience that hears of the event.
    pub audiences: Vec<Told>,
    /// Audiences whose routing keeps it from them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_told: Vec<NotTold>,
}

/// An audience that hears of an event, and how it comes to that.
struct Hearing<'a> {
    audience: &'a Audience,
    /// From the service worked on to the one that it uses.
    path: Vec<Id>,
    /// Why it hears, where it is not affected by that.
    because: Option<&'static str>,
    reached: Reached,
}

/// Who this event reaches.
///
/// # Errors
/// When the store cannot be read.
pub async fn whole(app: &App, event: &Event) -> Result<Whole> {
    let catalogue = app.store.catalogue().await?;
    let seen = event.added().map(|added| added.over(&catalogue));
    let heard = heard(app, event).await?;
    let hearing = hearing(event, seen.as_deref().unwrap_or(&catalogue), &heard);
    let not_told = not_told(event, &catalogue, &hearing);
    let asked: Vec<Reached> = hearing.iter().map(|h| h.reached.clone()).collect();
    let (who, messages) = app.store.reach(&asked).await?;
    let audiences = hearing.into_iter().zip(who).map(|(hearing, who)| {
        let external = hearing.audience.external.as_ref();
        let list = external.map(|external| external.email.as_ref());
        Told {
            level: hearing.audience.level.as_str(),
            path: hearing.path.iter().map(ToString::to_string).collect(),
            because: hearing.because,
            external: list.flatten().map(ToString::to_string),
            by_hand: list == Some(None),
            who,
        }
    });
    let audiences = audiences.chain(requesters(event, &catalogue)).collect();
    Ok(Whole {
        messages,
        audiences,
        not_told,
    })
}

/// The audiences that use what is affected and are kept away by their routing.
fn not_told(event: &Event, catalogue: &Catalogue, hearing: &[Hearing<'_>]) -> Vec<NotTold> {
    if is_told_to_nobody(event) {
        return Vec::new();
    }
    let all = affected(&event.services(), &catalogue.services);
    let audiences = catalogue.audiences.iter();
    let audiences = audiences.filter(|a| hearing.iter().all(|h| h.audience.id != a.id));
    let kept = audiences.filter_map(|audience| {
        audience.affected_by(&all)?;
        Some(NotTold {
            audience: audience.id.to_string(),
            because: kept_away_by(audience, event)?,
        })
    });
    kept.collect()
}

/// What of its routing keeps an audience away from this event, in words.
fn kept_away_by(audience: &Audience, event: &Event) -> Option<String> {
    let routing = &audience.routing;
    let why = routing.keeps_away(&event.about());
    why.or_else(|| routing.hears_no_part_of(event.kind()))
}

/// Those who asked for it. They hear at its end, so a notice to everybody else makes no message for them.
fn requesters(event: &Event, catalogue: &Catalogue) -> Option<Told> {
    let asked = event.built_in_audience(REQUESTERS, catalogue)?;
    let people = asked.len() as i64;
    let who = Reach {
        audience: REQUESTERS.to_owned(),
        people,
        reached: people,
        messages: [(Channel::Email.as_str().to_owned(), people)].into(),
        ..Reach::default()
    };
    (people > 0 && !is_told_to_nobody(event)).then(|| Told {
        level: Level::NonTechnical.as_str(),
        path: Vec::new(),
        because: None,
        external: None,
        by_hand: false,
        who,
    })
}

/// Audiences that should hear of it and whose every notice would reach nobody. Nothing where no contacts are loaded yet.
///
/// # Errors
/// When the store cannot be read.
pub async fn nobody(app: &App, event: &Event) -> Result<Vec<Problem>> {
    if app.store.contacts(None, 1).await?.is_empty() {
        return Ok(Vec::new());
    }
    let whole = whole(app, event).await?;
    let lost = whole
        .audiences
        .iter()
        .filter(|told| told.who.reached == 0 && told.external.is_none() && !told.by_hand);
    let problem = |told: &Told| {
        let (audience, people) = (&told.who.audience, told.who.people);
        let reasons: Vec<&str> = told.who.unreached.keys().map(String::as_str).collect();
        let problem = match people {
            0 => format!("'{audience}' has no contacts: its notices would reach nobody"),
            _ => format!(
                "none of the {people} people of '{audience}' is reached: {}",
                reasons.join("; ")
            ),
        };
        Problem::new(format!("audiences.{audience}"), problem)
    };
    Ok(lost.map(problem).collect())
}

fn decision(event: &Event) -> Option<&Recorded> {
    match event {
        Event::Maintenance(maintenance) => maintenance.decision.as_ref(),
        _ => None,
    }
}

/// As decided, only those who run it hear of it.
fn is_told_to_nobody(event: &Event) -> bool {
    decision(event).is_some_and(|decided| decided.verdict() == Verdict::NotNeeded)
}

/// Audiences that were told of it: they hear how it goes on, whatever the catalogue says meanwhile.
async fn heard(app: &App, event: &Event) -> Result<BTreeSet<String>> {
    let ids = |told: &BTreeSet<Id>| told.iter().map(ToString::to_string).collect();
    Ok(match event {
        Event::Incident(incident) => ids(&incident.told),
        Event::Advisory(advisory) => ids(&advisory.told),
        Event::Maintenance(_) | Event::Announcement(_) => {
            let (_, told) = app.store.planned(event.id().as_str()).await?;
            let by_plan = told.into_iter().filter(|t| t.offset != LEADERSHIP);
            by_plan.map(|t| t.audience).collect()
        }
        Event::Window(_) | Event::Reminder(_) => BTreeSet::new(),
    })
}

/// The audiences that hear of it. `catalogue` is as the event sees it: with the audiences of those who were added in the middle.
fn hearing<'a>(
    event: &Event,
    catalogue: &'a Catalogue,
    heard: &BTreeSet<String>,
) -> Vec<Hearing<'a>> {
    if is_told_to_nobody(event) {
        return Vec::new();
    }
    let all = affected(&event.services(), &catalogue.services);
    let about = event.about();
    let leads = decision(event).is_some_and(Recorded::tells_leadership);
    // Of trouble people hear as long as it is theirs.
    let is_trouble = matches!(event, Event::Incident(_) | Event::Advisory(_));
    let audiences = catalogue.audiences.iter();
    audiences
        .filter_map(|audience| {
            let is_known = heard.contains(audience.id.as_str());
            let hears = audience.routing.hears_no_part_of(about.kind).is_none();
            let (by, because) = match audience.reached_by(&about, &all) {
                Some(by) if hears => (Some(by), None),
                _ if is_known && is_trouble => (Some(audience.affected_by(&all)?), None),
                _ if is_known => (None, Some("was told of it before")),
                _ if leads && audience.id == *LEADERSHIP => {
                    (None, Some("hears before the rest, as was decided"))
                }
                _ => return None,
            };
            Some(Hearing {
                audience,
                path: by.map(|by| by.path.clone()).unwrap_or_default(),
                because,
                reached: of(event, audience, &all, catalogue),
            })
        })
        .collect()
}

/// An audience as this event reaches it, by the services that are affected.
pub(super) fn of(
    event: &Event,
    audience: &Audience,
    affected: &[Affected],
    catalogue: &Catalogue,
) -> Reached {
    let id = audience.id.as_str();
    let added = added_level(id);
    let later = audience.later_channels().into_iter();
    Reached {
        audience: audience.id.clone(),
        kind: event.kind(),
        services: event.services_told(id, Some(audience), affected, catalogue),
        channels: audience.first_channels(),
        // Who was added has no audience whose ways these were.
        later: later.map(|(c, _)| c).filter(|_| added.is_none()).collect(),
        added_to: added.map(|level| (event.id().to_string(), level)),
    }
}
