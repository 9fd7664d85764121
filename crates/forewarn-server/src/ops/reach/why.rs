//! Why somebody hears of an event, or does not: sentences for a person.

use super::{Hearing, heard, hearing, is_told_to_nobody, kept_away_by};
use crate::app::App;
use crate::error::{ApiError, Result};
use forewarn_core::audience::Audience;
use forewarn_core::contact::Endpoint;
use forewarn_core::document::Catalogue;
use forewarn_core::event::Event;
use forewarn_core::incident::is_same_person;
use forewarn_core::plan::{INTERNAL, REQUESTERS};
use forewarn_core::recipient::added_audience;
use forewarn_core::service::affected;
use forewarn_store::Waiting;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Who asks: a contact by its id, or whoever has an address.
struct Asker {
    contacts: Vec<String>,
    addresses: Vec<String>,
}

/// Why somebody gets the notices of this event, or does not: a sentence for each audience that hears, or for each of theirs that
/// does not. `who` is a contact's id, or an address.
///
/// # Errors
/// When nothing is known of them.
pub async fn why(app: &App, event: &Event, who: &str) -> Result<Vec<String>> {
    let asker = asker(app, who).await?;
    let catalogue = app.store.catalogue().await?;
    let mut told = beside(event, &catalogue, &asker);
    let mut belongs = BTreeSet::new();
    for contact in &asker.contacts {
        belongs.extend(app.store.audiences_of(contact).await?);
    }
    for added in app.store.added(event.id().as_str()).await? {
        let by_contact = added.contact.iter().any(|c| asker.contacts.contains(c));
        let theirs = |address: &String| asker.addresses.iter().any(|a| is_same_person(a, address));
        if by_contact {
            belongs.insert(added_audience(added.level));
        } else if added.address.iter().any(theirs) {
            let level = added.level.as_str();
            told.push(format!(
                "gets it, because they were added to it, at level {level}"
            ));
        }
    }
    let is_unknown = asker.contacts.is_empty() && told.is_empty();
    if is_unknown {
        return Err(ApiError::NotFound(format!("contact {who}")));
    }
    let seen = event.added().map(|added| added.over(&catalogue));
    let seen = seen.as_deref().unwrap_or(&catalogue);
    let all = hearing(event, seen, &heard(app, event).await?);
    let theirs = all
        .iter()
        .filter(|h| belongs.contains(h.audience.id.as_str()));
    for hearing in theirs {
        for contact in &asker.contacts {
            let reason = app.store.why_unreached(&hearing.reached, contact).await?;
            told.push(sentence(hearing, reason));
        }
    }
    let now = app.clock.now();
    for contact in &asker.contacts {
        for waiting in app.store.waiting(event.id().as_str(), contact).await? {
            told.push(not_yet(&waiting, now));
        }
    }
    if told.is_empty() {
        told = kept_away(event, seen, &belongs, &all);
    }
    let mut once = BTreeSet::new();
    told.retain(|sentence| once.insert(sentence.clone()));
    Ok(told)
}

async fn asker(app: &App, who: &str) -> Result<Asker> {
    let who = who.trim();
    if let Some(row) = app.store.contact(who).await? {
        let mailboxes = row.contact.endpoints.iter().filter_map(|e| match e {
            Endpoint::Email { address } => Some(address.to_string()),
            _ => None,
        });
        return Ok(Asker {
            addresses: mailboxes.collect(),
            contacts: vec![who.to_owned()],
        });
    }
    Ok(Asker {
        contacts: app.store.contacts_at(who).await?,
        addresses: vec![who.to_owned()],
    })
}

/// What somebody hears because the event itself names them.
fn beside(event: &Event, catalogue: &Catalogue, asker: &Asker) -> Vec<String> {
    let is_among = |audience| {
        let named = event.built_in_audience(audience, catalogue);
        let named = named.unwrap_or_default();
        named.iter().any(|endpoint| match endpoint {
            Endpoint::Email { address } => {
                let mut own = asker.addresses.iter();
                own.any(|own| is_same_person(own, address.as_str()))
            }
            _ => false,
        })
    };
    let asked = is_among(REQUESTERS) && !is_told_to_nobody(event);
    [
        (asked, "gets the end of it, because they asked for it"),
        (
            is_among(INTERNAL),
            "is one of the people who run it, and gets what those are told",
        ),
    ]
    .into_iter()
    .filter(|(holds, _)| *holds)
    .map(|(_, said)| said.to_owned())
    .collect()
}

fn sentence(hearing: &Hearing<'_>, reason: Option<String>) -> String {
    let audience = hearing.audience;
    let name = &audience.name;
    if let Some(reason) = reason {
        return format!("does not get it as one of '{name}': {reason}");
    }
    let how = match (&hearing.because, hearing.path.last()) {
        _ if hearing.reached.added_to.is_some() => String::new(),
        (Some(because), _) => format!(", which {because}"),
        (None, Some(service)) => {
            let path: Vec<&str> = hearing.path.iter().map(|id| id.as_str()).collect();
            format!(", which uses {service} ({})", path.join(" > "))
        }
        (None, None) => String::new(),
    };
    let level = audience.level.as_str();
    let parts = match &audience.routing.stages {
        Some(stages) => format!("; of its story: {}", stages.join(", ").replace('_', " ")),
        None => String::new(),
    };
    format!("gets it as one of '{name}'{how}, at level {level}{parts}")
}

/// Why nothing of it reaches somebody: for each audience of theirs what keeps it away, or that they are in none that hears.
fn kept_away(
    event: &Event,
    catalogue: &Catalogue,
    belongs: &BTreeSet<String>,
    hearing: &[Hearing<'_>],
) -> Vec<String> {
    if is_told_to_nobody(event) {
        return vec!["does not get it: it was decided that clients need not be told".to_owned()];
    }
    let services = affected(&event.services(), &catalogue.services);
    let names: Vec<&str> = services.iter().map(|a| a.service.as_str()).collect();
    let keeps = |audience: &Audience| match audience.affected_by(&services) {
        None => Some(format!(
            "it uses none of what is affected, {}",
            names.join(", ")
        )),
        Some(_) => {
            let reason = kept_away_by(audience, event);
            reason.map(|reason| format!("it {reason}"))
        }
    };
    let theirs = catalogue.audiences.iter();
    let theirs = theirs.filter(|a| belongs.contains(a.id.as_str()));
    let reasons = theirs.filter_map(|audience| {
        let reason = keeps(audience)?;
        Some(format!(
            "does not get it as one of '{}': {reason}",
            audience.name
        ))
    });
    let reasons: Vec<String> = reasons.collect();
    if !reasons.is_empty() {
        return reasons;
    }
    let all: Vec<String> = hearing
        .iter()
        .map(|h| format!("'{}'", h.audience.name))
        .collect();
    vec![match all.is_empty() {
        true => "does not get it: no audience hears of this event".to_owned(),
        false => format!(
            "does not get it: is in none of the audiences that hear of it, {}",
            all.join(", ")
        ),
    }]
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
