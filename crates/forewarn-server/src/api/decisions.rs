//! The communication decision, and what change systems report.

use super::{Body, Who, answer};
use crate::app::App;
use crate::error::Result;
use crate::ops::{decision, maintenance};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use forewarn_core::change_request::from_system;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(decide))
        .routes(routes!(change_reported))
}

/// Is client communication needed? With `maintenance`, the answers and the owners' `own` decision are kept with it.
#[utoipa::path(post, path = "/decisions", tag = "decisions",
    request_body(content = Value, description = "the answers; maintenance: its id; own: {verdict, by, reason}"),
    responses((status = 200, description = "The verdict and every rule that fired"), (status = 404, description = "No such maintenance"),
        (status = 422, description = "Problems")))]
async fn decide(State(app): State<App>, who: Who, Body(body): Body) -> Result<Response> {
    let decided = decision::decide(&app, &who, &body).await?;
    Ok(answer(StatusCode::OK, &decided))
}

/// A change system reports where a change stands, as it writes it: `generic`, `servicenow` or `jira`.
#[utoipa::path(post, path = "/changes/{system}", tag = "decisions", params(("system" = String, Path, description = "generic, servicenow or jira")),
    request_body(content = Value, description = "what that system posts"),
    responses((status = 200, description = "The maintenance and its plan"), (status = 404, description = "No maintenance carries out this change"),
        (status = 422, description = "Problems")))]
async fn change_reported(
    State(app): State<App>,
    who: Who,
    Path(system): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    let (number, new) = from_system(&system, &body)?;
    let done = maintenance::set_change_by_number(&app, &who, &number, &new).await?;
    Ok(answer(StatusCode::OK, &maintenance::reported(&done)))
}
