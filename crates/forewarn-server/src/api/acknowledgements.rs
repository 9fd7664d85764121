//! Who has confirmed that they have read a message.

use super::{Who, answer};
use crate::app::App;
use crate::error::Result;
use crate::ops::acknowledgement;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show_acknowledgements))
        .routes(routes!(remind_unconfirmed))
}

/// Who was asked to confirm what about an event, who has and who has not, and whether that is enough; and each acknowledgement as
/// it came, of a call to the spokesperson too.
#[utoipa::path(get, path = "/events/{id}/acknowledgements", tag = "events", params(("id" = String, Path, description = "the event's id")),
    responses((status = 200, description = "items: notice, audience, needed, asked, confirmed, reached, people, missing; acknowledged: notice, endpoint, who, at"),
        (status = 404, description = "None of this id")))]
async fn show_acknowledgements(
    State(app): State<App>,
    _who: Who,
    Path(id): Path<String>,
) -> Result<Response> {
    acknowledgement::event(&app, &id).await?;
    let items = acknowledgement::list(&app, &id).await?;
    let acknowledged = app.store.acknowledgements(&id).await?;
    let body = json!({"items": items, "acknowledged": acknowledged});
    Ok(answer(StatusCode::OK, &body))
}

/// Remind those who have not confirmed, now. Each message is reminded of once.
#[utoipa::path(post, path = "/events/{id}/acknowledgements/remind", tag = "events", params(("id" = String, Path, description = "the event's id")),
    responses((status = 200, description = "items, and how many messages were reminded of"), (status = 404, description = "None of this id"),
        (status = 409, description = "Nothing to remind of")))]
async fn remind_unconfirmed(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
) -> Result<Response> {
    let reminded = acknowledgement::remind(&app, &who, &id).await?;
    let items = acknowledgement::list(&app, &id).await?;
    Ok(answer(
        StatusCode::OK,
        &json!({"items": items, "reminded": reminded}),
    ))
}
