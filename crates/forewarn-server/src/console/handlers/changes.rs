//! Changes ahead: the list, the form of an entry, and taking one out.

use super::rows;
use crate::console::change::{ChangeList, ChangePage, ChangeRow, fields_of};
use crate::console::desk::{Desk, Shown, page};
use crate::console::entered::tree;
use crate::console::guard::Fields;
use crate::console::{Choice, Nav, Typed};
use crate::error::{ApiError, Result};
use crate::ops::catalogue;
use axum::extract::Path;
use axum::http::StatusCode;
use forewarn_core::change_ahead::ChangeAhead;
use forewarn_core::id::Id;
use forewarn_core::problem::{Invalid, Problem};
use forewarn_store::Role;

const KIND: &str = "changes_ahead";
const LIST: &str = "/console/changes";

/// `GET /console/changes`
pub(in crate::console) async fn list(desk: Desk) -> Shown {
    let catalogue = desk.app.store.catalogue().await?;
    let zone = &catalogue.organisation.time_zone;
    let today = zone.at(desk.app.clock.now()).date();
    let mut changes: Vec<ChangeAhead> = changes(&desk).await?;
    changes.sort_by_key(|change| change.when);
    let row = |change: ChangeAhead| ChangeRow {
        services: rows::service_names(&catalogue, &change.services),
        change,
    };
    let (ahead, mut past): (Vec<_>, Vec<_>) = changes
        .into_iter()
        .map(row)
        .partition(|row| row.change.when.last() >= today);
    past.reverse();
    let view = ChangeList {
        frame: desk
            .frame(&catalogue, "Changes ahead", Nav::Maintenances)
            .await?,
        ahead,
        past,
    };
    Ok(page(StatusCode::OK, view.render()))
}

/// `GET /console/changes/new`
pub(in crate::console) async fn new(desk: Desk) -> Shown {
    form(&desk, None, StatusCode::OK, Typed::default()).await
}

/// `GET /console/changes/{id}`
pub(in crate::console) async fn show(desk: Desk, Path(id): Path<String>) -> Shown {
    let change = one(&desk, &id).await?;
    let typed = Typed {
        fields: fields_of(&change),
        problems: Vec::new(),
    };
    form(&desk, Some(change.id), StatusCode::OK, typed).await
}

/// `POST /console/changes`
pub(in crate::console) async fn add(desk: Desk, fields: Fields) -> Shown {
    desk.caller.at_least(Role::Administrator)?;
    let wanted = fields.0.iter().find(|(name, _)| name == "id");
    let wanted = wanted.map_or("", |(_, value)| value.trim()).to_owned();
    // Somebody who adds an entry does not mean to replace another.
    if changes(&desk)
        .await?
        .iter()
        .any(|change| change.id == *wanted)
    {
        let taken = Problem::new("id", format!("'{wanted}' stands in the calendar already"));
        return refused(&desk, None, fields, vec![taken]).await;
    }
    save(&desk, None, fields).await
}

/// `POST /console/changes/{id}`
pub(in crate::console) async fn change(
    desk: Desk,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Shown {
    desk.caller.at_least(Role::Administrator)?;
    let known = one(&desk, &id).await?.id;
    fields.0.retain(|(name, _)| name != "id");
    fields.0.push(("id".to_owned(), id));
    save(&desk, Some(known), fields).await
}

/// `POST /console/changes/{id}/remove`
pub(in crate::console) async fn remove(desk: Desk, Path(id): Path<String>) -> Shown {
    desk.caller.at_least(Role::Administrator)?;
    let (now, actor) = (desk.app.clock.now(), &desk.caller.actor);
    match desk
        .app
        .store
        .remove_document(KIND, &id, actor, now)
        .await?
    {
        true => {
            desk.app.store.hint();
            Ok(desk.done(LIST, "The change is out of the calendar."))
        }
        false => Err(missing(&id).into()),
    }
}

async fn save(desk: &Desk, known: Option<Id>, fields: Fields) -> Shown {
    let entry = catalogue::listed(KIND, tree(&fields.0));
    match catalogue::apply(&desk.app, &desk.caller, vec![entry], false).await {
        Ok(_) => Ok(desk.done(LIST, "The calendar is up to date.")),
        Err(ApiError::Invalid(Invalid { problems })) => {
            refused(desk, known, fields, problems).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The form once more, with what was typed and everything that is wrong with it.
async fn refused(
    desk: &Desk,
    known: Option<Id>,
    fields: Fields,
    mut problems: Vec<Problem>,
) -> Shown {
    for problem in &mut problems {
        let own = problem.field.strip_prefix("changes_ahead[0].");
        if let Some(own) = own.map(str::to_owned) {
            problem.field = own;
        }
    }
    let typed = Typed {
        fields: fields.0,
        problems,
    };
    form(desk, known, StatusCode::UNPROCESSABLE_ENTITY, typed).await
}

async fn form(desk: &Desk, known: Option<Id>, status: StatusCode, typed: Typed) -> Shown {
    let catalogue = desk.app.store.catalogue().await?;
    let title = match known {
        Some(_) => "A change ahead",
        None => "Add a change",
    };
    let services = catalogue.services.iter().map(|service| Choice {
        id: service.id.to_string(),
        name: service.name.clone(),
        group: service.group.clone(),
    });
    let view = ChangePage {
        frame: desk.frame(&catalogue, title, Nav::Maintenances).await?,
        known,
        services: services.collect(),
        typed,
    };
    Ok(page(status, view.render()))
}

async fn changes(desk: &Desk) -> Result<Vec<ChangeAhead>> {
    let stored = desk.app.store.changes_ahead().await?;
    Ok(stored.into_iter().map(|stored| stored.change).collect())
}

async fn one(desk: &Desk, id: &str) -> Result<ChangeAhead> {
    let mut all = changes(desk).await?.into_iter();
    all.find(|change| change.id == *id)
        .ok_or_else(|| missing(id))
}

fn missing(id: &str) -> ApiError {
    ApiError::NotFound(format!("{id} among the changes ahead"))
}
