//! The questionnaire of a maintenance, and who hears of it.

use super::catalogue::people as people_of;
use super::rows;
use super::rows::event_path;
use crate::console::decision::{DecisionPage, as_typed};
use crate::console::desk::{Desk, Shown, page};
use crate::console::entered::tree;
use crate::console::guard::Fields;
use crate::console::people::as_read;
use crate::console::reach::{ReachPage, Reached};
use crate::console::{Nav, Typed};
use crate::error::ApiError;
use crate::ops::reach::{self, Whole};
use crate::ops::{decision, maintenance};
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use forewarn_core::document::{Catalogue, Node, Value};
use forewarn_core::event::Event;
use forewarn_core::maintenance::Status;

/// `GET /console/maintenances/{id}/decision`
pub(in crate::console) async fn show(desk: Desk, Path(id): Path<String>) -> Shown {
    form(&desk, &id, StatusCode::OK, None).await
}

async fn form(desk: &Desk, id: &str, status: StatusCode, refused: Option<Typed>) -> Shown {
    let (maintenance, _) = maintenance::show(&desk.app, id).await?;
    let catalogue = desk.app.store.catalogue().await?;
    let stands = maintenance.decision.as_ref().map(as_typed);
    let people = match maintenance.status {
        Status::AwaitingApproval | Status::Scheduled => {
            let event = Event::Maintenance(maintenance.clone());
            Some(people_of(&reach::whole(&desk.app, &event).await?))
        }
        Status::InProgress | Status::Completed | Status::Cancelled => None,
    };
    let view = DecisionPage {
        frame: desk
            .frame(&catalogue, "Must clients be told?", Nav::Maintenances)
            .await?,
        id: maintenance.id.to_string(),
        title: maintenance.title,
        typed: refused.or(stands).unwrap_or_default(),
        recorded: maintenance.decision,
        people,
    };
    Ok(page(status, view.render()))
}

/// `POST /console/maintenances/{id}/decision`
pub(in crate::console) async fn decide(
    desk: Desk,
    Path(id): Path<String>,
    fields: Fields,
) -> Shown {
    let mut answers = fields.0.clone();
    // What the owners did not decide otherwise has no author either.
    let blank = |name: &str| fields.value(name).trim().is_empty();
    let is_withdrawn = blank("own.verdict") && blank("own.reason");
    if is_withdrawn {
        answers.retain(|(name, _)| !name.starts_with("own."));
    }
    answers.push(("maintenance".into(), id.clone()));
    let mut answered = tree(&answers);
    if let (true, Value::Map(entries)) = (is_withdrawn, &mut answered.value) {
        let (value, place) = (Value::Null, None);
        entries.push(("own".to_owned(), None, Node { value, place }));
    }
    match decision::decide(&desk.app, &desk.caller, &answered).await {
        Ok(_) => {
            let to = format!("/console/maintenances/{id}/decision");
            Ok(desk.done(&to, "The decision is kept with the event.".to_owned()))
        }
        Err(ApiError::Invalid(invalid)) => {
            let typed = Typed {
                fields: fields.0,
                problems: invalid.problems,
            };
            form(&desk, &id, StatusCode::UNPROCESSABLE_ENTITY, Some(typed)).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /console/maintenances/{id}/reach`, with `contact` to ask about one.
pub(in crate::console) async fn who_hears(
    desk: Desk,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Shown {
    let (maintenance, _) = maintenance::show(&desk.app, &id).await?;
    hears(
        &desk,
        &Event::Maintenance(maintenance),
        Nav::Maintenances,
        query,
    )
    .await
}

/// Who hears of an event, and why one contact does or does not.
pub(super) async fn hears(desk: &Desk, event: &Event, nav: Nav, query: Option<String>) -> Shown {
    let query = query.unwrap_or_default();
    let contact = url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, value)| name == "contact" && !value.trim().is_empty())
        .map(|(_, value)| value.trim().to_owned());
    let asked = match contact {
        None => None,
        Some(contact) => match reach::why(&desk.app, event, &contact).await {
            Ok(because) => Some((contact, because)),
            Err(ApiError::NotFound(_)) => Some((
                contact,
                vec!["Nobody is known by this id or address.".to_owned()],
            )),
            Err(error) => return Err(error.into()),
        },
    };
    let catalogue = desk.app.store.catalogue().await?;
    let zone = &catalogue.organisation.time_zone;
    let read = |because: Vec<String>| -> Vec<String> {
        because.iter().map(|why| as_read(why, zone)).collect()
    };
    let asked = asked.map(|(contact, because)| (contact, read(because)));
    let view = ReachPage {
        frame: desk.frame(&catalogue, "Who hears", nav).await?,
        home: event_path(event),
        title: event.title().to_owned(),
        reached: reached(reach::whole(&desk.app, event).await?, &catalogue),
        asked,
    };
    Ok(page(StatusCode::OK, view.render()))
}

/// Who hears, with the names of audiences and services.
pub(super) fn reached(whole: Whole, catalogue: &Catalogue) -> Reached {
    let audiences = catalogue.audiences.iter().map(|a| a.id.to_string());
    let services = catalogue.services.iter().map(|s| s.id.to_string());
    let names = audiences
        .map(|id| (id.clone(), rows::audience_name(catalogue, &id)))
        .chain(services.map(|id| (id.clone(), rows::service_name(catalogue, &id))))
        .collect();
    Reached { whole, names }
}
