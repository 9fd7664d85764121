//! Who an event would reach if its notices went out now, who it would not, and why.

use crate::app::App;
use crate::error::{ApiError, Result};
use forewarn_core::audience::{Audience, Level};
use forewarn_core::contact::Channel;
use forewarn_core::decision::Verdict;
use forewarn_core::document::Catalogue;
use forewarn_core::event::Event;
use forewarn_core::plan::REQUESTERS;
use forewarn_core::problem::Problem;
use forewarn_core::recipient::{added_audience, added_level};
use forewarn_core::service::{Affected, affected};
use forewarn_store::{Reach, Reached, Waiting};
use jiff::Timestamp;
use serde::Serialize;

/// An audience that hears, and who of it.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    /// Level of detail.
    pub level: &'static str,
    /// From the service worked on to the one that the audience uses.
    pub path: Vec<String>,
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

/// Who is reached.
#[derive(Clone, Debug, Serialize)]
pub struct Whole {
    /// Messages that one notice to all audiences makes: one for each endpoint, however many audiences it stands in.
    pub messages: i64,
    /// Every audience that hears of the event.
    pub audiences: Vec<Told>,
}

/// Who this event reaches.
///
/// # Errors
/// When the store cannot be read.
pub async fn whole(app: &App, event: &Event) -> Result<Whole> {
    let catalogue = app.store.catalogue().await?;
    let seen = event.added().map(|added| added.over(&catalogue));
    let hearing = hearing(event, seen.as_deref().unwrap_or(&catalogue));
    let asked: Vec<Reached> = hearing
        .iter()
        .map(|(_, _, reached)| reached.clone())
        .collect();
    let (who, messages) = app.store.reach(&asked).await?;
    let audiences: Vec<Told> = hearing
        .iter()
        .zip(who)
        .map(|((audience, by, _), who)| Told {
            level: audience.level.as_str(),
            path: by.path.iter().map(ToString::to_string).collect(),
            external: (audience.external.as_ref())
                .and_then(|e| e.email.as_ref())
                .map(ToString::to_string),
            by_hand: (audience.external.as_ref()).is_some_and(|e| e.email.is_none()),
            who,
        })
        .collect();
    Ok(Whole {
        messages,
        audiences: audiences
            .into_iter()
            .chain(requesters(event, &catalogue))
            .collect(),
    })
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
    (people > 0).then(|| Told {
        level: Level::NonTechnical.as_str(),
        path: Vec::new(),
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

/// The audiences that hear of it, each with the way by which it is affected. `catalogue` is as the event sees it: with the audiences
/// of those who were added in the middle.
fn hearing<'a>(event: &Event, catalogue: &'a Catalogue) -> Vec<(&'a Audience, Affected, Reached)> {
    // As decided, only those who run it hear of it.
    if let Event::Maintenance(maintenance) = event
        && let Some(decision) = &maintenance.decision
        && decision.verdict() == Verdict::NotNeeded
    {
        return Vec::new();
    }
    let all = affected(&event.services(), &catalogue.services);
    let audiences = catalogue.audiences.iter();
    audiences
        .filter_map(|audience| {
            let by = audience.reached_by(&event.about(), &all)?.clone();
            let reached = of(event, audience, &all);
            Some((audience, by, reached))
        })
        .collect()
}

/// An audience as this event reaches it, by the services that are affected.
pub(super) fn of(event: &Event, audience: &Audience, affected: &[Affected]) -> Reached {
    let used = affected.iter().filter(|a| audience.uses(&a.service));
    let added = added_level(audience.id.as_str());
    let later = audience.later_channels().into_iter();
    Reached {
        audience: audience.id.clone(),
        kind: event.kind(),
        services: used.map(|a| a.service.clone()).collect(),
        channels: audience.first_channels(),
        // Who was added has no audience whose ways these were.
        later: later.map(|(c, _)| c).filter(|_| added.is_none()).collect(),
        added_to: added.map(|level| (event.id().to_string(), level)),
    }
}

/// Why a message has not gone out yet.
fn not_yet(waiting: &Waiting, now: Timestamp) -> String {
    let (milestone, channel) = (waiting.milestone.replace('_', " "), &waiting.channel);
    if waiting.if_needed {
        return format!(
            "gets the {milestone} by {channel} at {} if nothing has reached them by then",
            waiting.next_at
        );
    }
    let why = match (&waiting.reason, waiting.next_at > now) {
        (Some(reason), true) => format!("{reason} (next try {})", waiting.next_at),
        (None, true) => format!("its turn is at {}", waiting.next_at),
        (_, false) => "it is in the queue".to_owned(),
    };
    format!("has not got the {milestone} by {channel} yet: {why}")
}

/// Why somebody gets the notices of this event, or does not: a sentence for each audience that hears.
///
/// # Errors
/// When there is no such contact.
pub async fn why(app: &App, event: &Event, contact: &str) -> Result<Vec<String>> {
    let catalogue = app.store.catalogue().await?;
    if app.store.contact(contact).await?.is_none() {
        return Err(ApiError::NotFound(format!("contact {contact}")));
    }
    let mut belongs = app.store.audiences_of(contact).await?;
    for added in app.store.added(event.id().as_str()).await? {
        if added.contact.as_deref() == Some(contact) {
            belongs.insert(added_audience(added.level));
        }
    }
    let seen = event.added().map(|added| added.over(&catalogue));
    let seen = seen.as_deref().unwrap_or(&catalogue);
    let mut told = Vec::new();
    for (audience, by, reached) in hearing(event, seen) {
        if !belongs.contains(audience.id.as_str()) {
            continue;
        }
        let path: Vec<&str> = by.path.iter().map(forewarn_core::id::Id::as_str).collect();
        let reason = app.store.why_unreached(&reached, contact).await?;
        told.push(match reason {
            None if reached.added_to.is_some() => format!(
                "gets it as one of '{}', at level {}",
                audience.name,
                audience.level.as_str()
            ),
            None => format!(
                "gets it as one of '{}', which uses {} ({}), at level {}",
                audience.name,
                by.service,
                path.join(" > "),
                audience.level.as_str()
            ),
            Some(reason) => format!("does not get it as one of '{}': {reason}", audience.name),
        });
    }
    let now = app.clock.now();
    for waiting in app.store.waiting(event.id().as_str(), contact).await? {
        told.push(not_yet(&waiting, now));
    }
    if told.is_empty() {
        let names: Vec<String> = hearing(event, seen)
            .iter()
            .map(|(audience, _, _)| format!("'{}'", audience.name))
            .collect();
        told.push(match names.is_empty() {
            true => "does not get it: no audience hears of this event".to_owned(),
            false => format!(
                "does not get it: is in none of the audiences that hear of it, {}",
                names.join(", ")
            ),
        });
    }
    Ok(told)
}
