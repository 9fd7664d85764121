//! The call list of an incident, for somebody with a telephone in their hand.

use crate::console::desk::{Desk, Shown, page};
use crate::console::entered::tree;
use crate::console::guard::Fields;
use crate::console::{CallListPage, FlashKind, Nav};
use crate::error::ApiError;
use crate::ops::{call_list, incident};
use axum::extract::Path;
use axum::http::StatusCode;

/// `GET /console/incidents/{id}/calls`
pub(in crate::console) async fn show(desk: Desk, Path(id): Path<String>) -> Shown {
    let incident = incident::show(&desk.app, &id).await?;
    let catalogue = desk.app.store.catalogue().await?;
    let view = CallListPage {
        frame: desk.frame(&catalogue, "Call list", Nav::Incidents).await?,
        lines: call_list::list(&desk.app, &id).await?,
        incident,
    };
    Ok(page(StatusCode::OK, view.render()))
}

/// `POST /console/incidents/{id}/calls/{contact}`
pub(in crate::console) async fn tick(
    desk: Desk,
    Path((id, contact)): Path<(String, String)>,
    fields: Fields,
) -> Shown {
    let given = fields.0.iter().filter(|(_, value)| !value.is_empty());
    let node = tree(&given.cloned().collect::<Vec<_>>());
    let to = format!("/console/incidents/{id}/calls");
    match call_list::tick(&desk.app, &desk.caller, &id, &contact, &node).await {
        Ok(lines) => {
            let left = lines.iter().filter(|line| line.last.is_none()).count();
            Ok(desk.done(&to, format!("It is noted. {left} still to be called.")))
        }
        Err(ApiError::Invalid(invalid)) => {
            Ok(desk.told(&to, FlashKind::Refused, invalid.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}
