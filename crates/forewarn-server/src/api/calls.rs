//! The call list of an incident.

use super::{Body, Who, answer};
use crate::app::App;
use crate::error::Result;
use crate::ops::call_list;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show_calls))
        .routes(routes!(tick_call))
}

/// Who is to be called about an incident, what is said to them, and who was reached.
#[utoipa::path(get, path = "/incidents/{id}/calls", tag = "incidents", params(("id" = String, Path, description = "its id")),
    responses((status = 200, description = "items: contact, name, number, service, script, last, automatic, otherwise, next"),
        (status = 404, description = "None of this id")))]
async fn show_calls(State(app): State<App>, _who: Who, Path(id): Path<String>) -> Result<Response> {
    let items = call_list::list(&app, &id).await?;
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

/// Tick somebody off the call list. Whoever was not reached is sent a text message, then a mail.
#[utoipa::path(post, path = "/incidents/{id}/calls/{contact}", tag = "incidents",
    params(("id" = String, Path, description = "its id"), ("contact" = String, Path, description = "the contact, as the list names them")),
    request_body(content = serde_json::Value, description = "outcome: reached, no_answer or wrong_number; note"),
    responses((status = 200, description = "The list as it stands"), (status = 404, description = "None of this id, or nobody of this id on the list"),
        (status = 422, description = "Problems")))]
async fn tick_call(
    State(app): State<App>,
    who: Who,
    Path((id, contact)): Path<(String, String)>,
    Body(body): Body,
) -> Result<Response> {
    let items = call_list::tick(&app, &who, &id, &contact, &body).await?;
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}
