//! Finding people and things: contacts with what each gets and why, and one search over everything.

use super::lists::Query;
use super::rows;
use crate::console::desk::{Desk, Shown, page, sentence};
use crate::console::people::as_read;
use crate::console::{
    AudienceRow, Belonging, ContactLine, ContactList, ContactPage, ContactPlace, Found, FoundGroup,
    Getting, Nav, SearchPage, language_name,
};
use crate::error::{ApiError, Result};
use crate::ops::reach;
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use forewarn_core::audience::{Audience, Scope};
use forewarn_core::contact::{Channel, Contact};
use forewarn_core::document::Catalogue;
use forewarn_core::time::Zone;
use forewarn_store::{ContactRow, EventFilter};

/// How many are shown of each kind.
const MOST: usize = 50;
/// How many of each kind a search shows.
const FOUND: usize = 10;
/// Of so many open events it is said what somebody gets.
const OPEN: i64 = 20;
/// Nobody remembers more of a name.
const LONGEST: usize = 100;

/// What is looked for.
fn words(query: RawQuery) -> String {
    let words = Query::of(query).get("q").unwrap_or_default();
    words.trim().chars().take(LONGEST).collect()
}

/// `GET /console/contacts`, with `q`.
pub(in crate::console) async fn list(desk: Desk, query: RawQuery) -> Shown {
    let words = words(query);
    let store = &desk.app.store;
    let catalogue = store.catalogue().await?;
    let mut found = store.find_contacts(&words, MOST as i64 + 1).await?;
    let more = found.len() > MOST;
    found.truncate(MOST);
    let counts = store.contact_counts().await?;
    let view = ContactList {
        frame: desk.frame(&catalogue, "Contacts", Nav::Audiences).await?,
        words,
        items: found.into_iter().map(|row| line(row, &catalogue)).collect(),
        more,
        all: u64::try_from(counts.contacts).unwrap_or(0),
    };
    Ok(page(StatusCode::OK, view.render()))
}

fn line(row: ContactRow, catalogue: &Catalogue) -> ContactLine {
    let listed = row.contact.audiences.iter();
    ContactLine {
        id: row.contact.id.to_string(),
        audiences: listed
            .map(|id| rows::audience_name(catalogue, id.as_str()))
            .collect(),
        name: row.contact.name,
        endpoints: row
            .states
            .into_iter()
            .map(|(channel, address, state, reason)| ContactPlace {
                address: match Channel::parse(&channel) {
                    Ok(known) => rows::shown_address(known, &address),
                    Err(_) => String::new(),
                },
                channel,
                state,
                reason,
            })
            .collect(),
    }
}

/// `GET /console/contacts/{id}`
pub(in crate::console) async fn show(desk: Desk, Path(id): Path<String>) -> Shown {
    let store = &desk.app.store;
    let Some(row) = store.contact(&id).await? else {
        return Err(ApiError::NotFound(format!("contact {id}")).into());
    };
    let catalogue = store.catalogue().await?;
    let contact = row.contact.clone();
    let line = line(row, &catalogue);
    let named = store.audiences_of(&id).await?;
    let belongs = catalogue.audiences.iter();
    let belongs = belongs.filter(|audience| named.contains(audience.id.as_str()));
    let view = ContactPage {
        frame: desk
            .frame(&catalogue, line.called(), Nav::Audiences)
            .await?,
        facts: facts(&contact, &catalogue),
        belongs: belongs
            .map(|audience| belonging(audience, &contact, &catalogue))
            .collect(),
        open: getting(&desk, &id, &catalogue.organisation.time_zone).await?,
        contact: line,
    };
    Ok(page(StatusCode::OK, view.render()))
}

fn facts(contact: &Contact, catalogue: &Catalogue) -> Vec<(&'static str, String)> {
    let services = rows::service_names(catalogue, &contact.services);
    let known = [
        ("Organisation", contact.organisation.clone()),
        ("Role", contact.role.clone()),
        (
            "Reads",
            contact
                .language
                .as_ref()
                .map(|tag| language_name(tag).to_owned()),
        ),
        (
            "Lives in",
            contact.time_zone.as_ref().map(|z| z.name().to_owned()),
        ),
        ("Chose these services", some(services)),
        ("Chose these events", some(contact.kinds.clone())),
        ("Tags", some(contact.tags.clone())),
    ];
    let known = known.into_iter();
    known
        .filter_map(|(name, text)| Some((name, text?)))
        .collect()
}

fn some(words: Vec<String>) -> Option<String> {
    (!words.is_empty()).then(|| words.join(", "))
}

fn belonging(audience: &Audience, contact: &Contact, catalogue: &Catalogue) -> Belonging {
    let row = AudienceRow {
        audience: audience.clone(),
        contacts: 0,
        services: match &audience.services {
            Scope::All => Vec::new(),
            Scope::Services(list) => rows::service_names(catalogue, list),
        },
    };
    Belonging {
        name: audience.name.clone(),
        listed: contact.audiences.contains(&audience.id),
        level: audience.level,
        channels: row.channels(),
        hears_of: row.hears_of(),
        services: row.services,
    }
}

/// What somebody gets of every event that is open, and why.
async fn getting(desk: &Desk, contact: &str, zone: &Zone) -> Result<Vec<Getting>> {
    let open = EventFilter {
        open: true,
        ..EventFilter::default()
    };
    let mut all = Vec::new();
    for stored in desk.app.store.events(&open, OPEN).await? {
        let because = reach::why(&desk.app, &stored.event, contact).await?;
        all.push(Getting {
            path: rows::event_path(&stored.event),
            event: stored.event.id().to_string(),
            title: stored.event.title().to_owned(),
            because: because
                .iter()
                .map(|why| sentence(&as_read(why, zone)))
                .collect(),
        });
    }
    Ok(all)
}

/// `GET /console/search`, with `q`.
pub(in crate::console) async fn search(desk: Desk, query: RawQuery) -> Shown {
    let words = words(query);
    let catalogue = desk.app.store.catalogue().await?;
    let groups = match words.is_empty() {
        true => Vec::new(),
        false => found(&desk, &words, &catalogue).await?,
    };
    let view = SearchPage {
        frame: desk.frame(&catalogue, "Search", Nav::Elsewhere).await?,
        words,
        groups,
    };
    Ok(page(StatusCode::OK, view.render()))
}

async fn found(desk: &Desk, words: &str, catalogue: &Catalogue) -> Result<Vec<FoundGroup>> {
    let store = &desk.app.store;
    let events = store.find_events(words, FOUND as i64).await?;
    let events = events.iter().map(|stored| Found {
        path: rows::event_path(&stored.event),
        title: stored.event.title().to_owned(),
        under: format!(
            "{}, {}",
            stored.event.id(),
            stored.event.status().replace('_', " ")
        ),
        at: Some(stored.updated_at),
    });
    let events: Vec<Found> = events.collect();
    let folded = words.to_lowercase();
    let holds = |text: &str| text.to_lowercase().contains(&folded);
    let services = catalogue.services.iter();
    let services = services.filter(|s| holds(s.id.as_str()) || holds(&s.name));
    let services = services.take(FOUND).map(|service| Found {
        path: format!("/console/services?of={}#blast", service.id),
        title: service.name.clone(),
        under: service.id.to_string(),
        at: None,
    });
    let audiences = catalogue.audiences.iter();
    let audiences = audiences.filter(|a| holds(a.id.as_str()) || holds(&a.name));
    let audiences = audiences.take(FOUND).map(|audience| Found {
        path: format!("/console/audiences#audience-{}", audience.id),
        title: audience.name.clone(),
        under: audience.id.to_string(),
        at: None,
    });
    let contacts = store.find_contacts(words, FOUND as i64).await?;
    let contacts = contacts.into_iter().map(|row| line(row, catalogue));
    let contacts = contacts.map(|contact| Found {
        path: format!("/console/contacts/{}", contact.id),
        title: contact.called().to_owned(),
        under: contact.id.clone(),
        at: None,
    });
    let groups = [
        ("Events", "bell", events),
        ("Services", "stack", services.collect()),
        ("Audiences", "people", audiences.collect()),
        ("Contacts", "mail", contacts.collect()),
    ];
    let groups =
        groups.map(|(name, icon, items): (_, _, Vec<Found>)| FoundGroup { name, icon, items });
    let some = groups.into_iter().filter(|group| !group.items.is_empty());
    Ok(some.collect())
}
