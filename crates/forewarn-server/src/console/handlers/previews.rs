//! What an update would say, before anybody hears of it.

use crate::console::desk::{Desk, Shown, page, sentence};
use crate::console::entered::tree;
use crate::console::guard::Fields;
use crate::console::{Nav, PreviewPage};
use crate::error::ApiError;
use crate::ops::incident;
use axum::extract::Path;
use axum::http::StatusCode;
use forewarn_store::Role;

/// `POST /console/incidents/{id}/preview`, with the fields of the form of the next update.
pub(in crate::console) async fn update(
    desk: Desk,
    Path(id): Path<String>,
    fields: Fields,
) -> Shown {
    desk.caller.at_least(Role::Operator)?;
    let (incident, _) = incident::load(&desk.app, &id).await?;
    let catalogue = desk.app.store.catalogue().await?;
    let mut named = fields.0;
    named.retain(|(name, value)| !(name == "severity" && value.is_empty()));
    named.retain(|(name, _)| name != "recipients");
    let (messages, problems) = match incident::preview::update(&desk.app, &id, &tree(&named)).await
    {
        Ok(messages) => (messages, Vec::new()),
        Err(ApiError::Invalid(invalid)) => {
            let said = |problem: &_| sentence(&format!("{problem}"));
            (Vec::new(), invalid.problems.iter().map(said).collect())
        }
        Err(error) if error.status() == StatusCode::CONFLICT => {
            (Vec::new(), vec![sentence(&error.said())])
        }
        Err(error) => return Err(error.into()),
    };
    let view = PreviewPage {
        frame: desk
            .frame(&catalogue, "What would go out", Nav::Incidents)
            .await?,
        incident: id,
        title: incident.title,
        messages,
        problems,
    };
    Ok(page(StatusCode::OK, view.render()))
}
