//! Services and audiences, and trying out how people are reached.

use super::lists::Query;
use super::{rows, sample};
use crate::console::desk::{Desk, Shown, page};
use crate::console::entered::tree;
use crate::console::guard::Fields;
use crate::console::{AudienceList, AudienceRow, Blast, FlashKind, Nav, ServiceList, ServiceRow};
use crate::error::{ApiError, Result};
use crate::ops::catalogue::{apply, listed};
use crate::ops::channel;
use crate::ops::reach::{self, Whole};
use crate::status_page::state::States;
use crate::status_page::{PublicIncident, PublicMaintenance, Snapshot};
use axum::extract::RawQuery;
use axum::http::StatusCode;
use forewarn_core::audience::Scope;
use forewarn_core::delivery::DeliveryStatus;
use forewarn_core::document::{Catalogue, from_json};
use forewarn_core::event::Event;
use forewarn_core::id::Id;
use forewarn_core::service::{Service, affected};
use forewarn_store::{EventFilter, Role};
use serde_json::json;

/// `GET /console/services`, with `of` to ask what one carries.
pub(in crate::console) async fn services(desk: Desk, query: RawQuery) -> Shown {
    let catalogue = desk.app.store.catalogue().await?;
    let of = Query::of(query).get("of");
    let of = of.and_then(|id| catalogue.services.iter().find(|s| s.id == *id));
    let blast = match of {
        Some(service) => Some(blast(&desk, service, &catalogue).await?),
        None => None,
    };
    let states = States::of(&open_events(&desk, &catalogue).await?);
    let items = catalogue
        .services
        .iter()
        .map(|service| row(service, &catalogue, &states))
        .collect();
    let view = ServiceList {
        frame: desk.frame(&catalogue, "Services", Nav::Services).await?,
        items,
        blast,
    };
    Ok(page(StatusCode::OK, view.render()))
}

/// What stops working with this service, and who would be told of work on it.
async fn blast(desk: &Desk, service: &Service, catalogue: &Catalogue) -> Result<Blast> {
    let now = desk.app.clock.now();
    let work = sample::work(vec![service.id.clone()], now, catalogue);
    let whole = reach::whole(&desk.app, &Event::Maintenance(work)).await?;
    let carried = affected(std::slice::from_ref(&service.id), &catalogue.services);
    let names = |ids: &[Id]| rows::service_names(catalogue, ids);
    let told = whole.audiences.iter();
    Ok(Blast {
        name: service.name.clone(),
        services: carried[1..]
            .iter()
            .map(|a| {
                let name = rows::service_name(catalogue, a.service.as_str());
                (name, names(&a.path).join(" › "))
            })
            .collect(),
        audiences: told
            .map(|told| rows::audience_name(catalogue, &told.who.audience))
            .collect(),
        people: people(&whole),
    })
}

/// How many people hear, each audience counted by itself.
pub(super) fn people(whole: &Whole) -> u64 {
    let reached = whole.audiences.iter().map(|told| told.who.reached);
    u64::try_from(reached.sum::<i64>()).unwrap_or(0)
}

/// What is open, without the words that were said about it: enough to know how services are.
async fn open_events(desk: &Desk, catalogue: &Catalogue) -> Result<Snapshot> {
    let filter = EventFilter {
        open: true,
        ..EventFilter::default()
    };
    let mut snapshot = Snapshot {
        made_at: desk.app.clock.now(),
        organisation: catalogue.organisation.clone(),
        public_url: desk.app.public_url.clone(),
        services: catalogue.services.clone(),
        incidents: Vec::new(),
        maintenances: Vec::new(),
        advisories: Vec::new(),
        announcements: Vec::new(),
        open_to: Vec::new(),
        phones: false,
        push: false,
        changes: Vec::new(),
        demo: false,
        private: None,
    };
    for stored in desk.app.store.events(&filter, 1000).await? {
        match stored.event {
            Event::Incident(incident) => snapshot.incidents.push(PublicIncident {
                incident,
                messages: Vec::new(),
                near: Vec::new(),
            }),
            // Services work, whatever is wrong with them.
            Event::Advisory(_) | Event::Announcement(_) | Event::Window(_) | Event::Reminder(_) => {
            }
            Event::Maintenance(maintenance) => snapshot.maintenances.push(PublicMaintenance {
                maintenance,
                created_at: stored.created_at,
                changed_at: stored.updated_at,
                messages: Vec::new(),
            }),
        }
    }
    Ok(snapshot)
}

fn row(service: &Service, catalogue: &Catalogue, states: &States) -> ServiceRow {
    let carried = affected(std::slice::from_ref(&service.id), &catalogue.services);
    let carries = carried
        .iter()
        .map(|a| &a.service)
        .filter(|id| **id != service.id);
    let audiences = catalogue.audiences.iter();
    ServiceRow {
        service: service.clone(),
        state: states.state(&service.id),
        stands_on: rows::service_names(catalogue, &service.depends_on),
        carries: rows::service_names(catalogue, carries),
        audiences: audiences
            .filter(|a| a.uses(&service.id))
            .map(|a| a.name.clone())
            .collect(),
    }
}

/// `GET /console/audiences`
pub(in crate::console) async fn audiences(desk: Desk) -> Shown {
    let catalogue = desk.app.store.catalogue().await?;
    let counts = desk.app.store.contact_counts().await?;
    let suppressed = desk.app.store.suppressed_endpoints().await?;
    let number = |count: i64| u64::try_from(count).unwrap_or(0);
    let items = catalogue
        .audiences
        .iter()
        .map(|audience| AudienceRow {
            audience: audience.clone(),
            contacts: number(
                counts
                    .by_audience
                    .get(audience.id.as_str())
                    .copied()
                    .unwrap_or(0),
            ),
            services: match &audience.services {
                Scope::All => Vec::new(),
                Scope::Services(list) => rows::service_names(&catalogue, list),
            },
        })
        .collect();
    let mut endpoints: Vec<(String, u64)> = counts
        .by_channel
        .into_iter()
        .map(|(channel, count)| (channel, number(count)))
        .collect();
    endpoints.sort();
    let view = AudienceList {
        frame: desk.frame(&catalogue, "Audiences", Nav::Audiences).await?,
        items,
        contacts: number(counts.contacts),
        endpoints,
        suppressed: number(suppressed),
    };
    Ok(page(StatusCode::OK, view.render()))
}

/// `POST /console/audiences/private-page`: the one that `audience` names has a page of its own, or none, as `private_page` says.
pub(in crate::console) async fn private_page(desk: Desk, fields: Fields) -> Shown {
    const TO: &str = "/console/audiences";
    const KIND: &str = "audiences";
    desk.caller.at_least(Role::Administrator)?;
    let (id, wanted) = (fields.value("audience"), fields.value("private_page"));
    let mut all = desk.app.store.documents(KIND).await?.into_iter();
    let (_, mut audience) = all
        .find(|(known, _)| known == id)
        .ok_or_else(|| ApiError::NotFound(format!("{id} among audiences")))?;
    audience["private_page"] = json!(wanted);
    let changed = vec![listed(KIND, from_json(audience))];
    match apply(&desk.app, &desk.caller, changed, false).await {
        Ok(_) if wanted == "yes" => Ok(desk.done(TO, "Its private page is open to its members.")),
        Ok(_) => Ok(desk.done(TO, "Its private page is closed. Nobody reads it any more.")),
        Err(ApiError::Invalid(invalid)) => {
            Ok(desk.told(TO, FlashKind::Refused, invalid.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /console/channels/test`: what came of it stands above the list.
pub(in crate::console) async fn test_channel(desk: Desk, fields: Fields) -> Shown {
    const TO: &str = "/console/audiences";
    let (names, given): (Vec<_>, Vec<_>) = fields
        .0
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .cloned()
        .partition(|(name, _)| name == "channel");
    let name = names.first().map_or("", |(_, name)| name.as_str());
    let tested = match channel::test(&desk.app, &desk.caller, name, &tree(&given)).await {
        Ok(tested) => tested,
        Err(ApiError::Invalid(invalid)) => {
            return Ok(desk.told(TO, FlashKind::Refused, invalid.to_string()));
        }
        Err(error) => return Err(error.into()),
    };
    let kind = match tested.status {
        DeliveryStatus::Accepted | DeliveryStatus::Delivered => FlashKind::Done,
        DeliveryStatus::Queued | DeliveryStatus::Attempting => FlashKind::Warning,
        DeliveryStatus::Failed
        | DeliveryStatus::Unknown
        | DeliveryStatus::Suppressed
        | DeliveryStatus::Superseded
        | DeliveryStatus::Expired => FlashKind::Refused,
    };
    let said = match tested.advice {
        Some(advice) => format!("{}. {advice}", tested.words.trim_end_matches('.')),
        None => tested.words,
    };
    Ok(desk.told(TO, kind, said))
}
