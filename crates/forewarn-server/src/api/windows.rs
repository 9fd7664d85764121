//! Standard windows of all services.

use super::{Body, Who, answer};
use crate::app::App;
use crate::error::Result;
use crate::ops::window;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use forewarn_store::Role;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(show, replace, remove))
}

/// List the standard windows of all services, each with its next occurrences and the work planned in them.
#[utoipa::path(get, path = "/windows", tag = "windows", responses((status = 200, description = "items and next")))]
async fn list(State(app): State<App>, _who: Who) -> Result<Response> {
    let items = window::list(&app).await?;
    Ok(answer(
        StatusCode::OK,
        &json!({"items": items, "next": null}),
    ))
}

/// Add a window to a service.
#[utoipa::path(post, path = "/windows", tag = "windows", request_body(content = Value, description = "service, rrule, start, duration; from, time_zone, exdates, moved, tell"),
    responses((status = 201, description = "The window"), (status = 409, description = "The service has it already"), (status = 422, description = "Problems")))]
async fn add(State(app): State<App>, who: Who, Body(body): Body) -> Result<Response> {
    who.at_least(Role::Administrator)?;
    let made = window::put(&app, &who, None, &body).await?;
    Ok(answer(StatusCode::CREATED, &made))
}

/// One window.
#[utoipa::path(get, path = "/windows/{id}", tag = "windows", params(("id" = String, Path, description = "its id")),
    responses((status = 200, description = "The window"), (status = 404, description = "None of this id")))]
async fn show(State(app): State<App>, _who: Who, Path(id): Path<String>) -> Result<Response> {
    Ok(answer(StatusCode::OK, &window::show(&app, &id).await?))
}

/// Put another window in its place; the id follows from what the window is, so it may change.
#[utoipa::path(put, path = "/windows/{id}", tag = "windows", params(("id" = String, Path, description = "its id")),
    request_body(content = Value, description = "as when adding"),
    responses((status = 200, description = "The window"), (status = 404, description = "None of this id"), (status = 422, description = "Problems")))]
async fn replace(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    who.at_least(Role::Administrator)?;
    let made = window::put(&app, &who, Some(&id), &body).await?;
    Ok(answer(StatusCode::OK, &made))
}

/// Remove a window.
#[utoipa::path(delete, path = "/windows/{id}", tag = "windows", params(("id" = String, Path, description = "its id")),
    responses((status = 204, description = "Removed"), (status = 404, description = "None of this id")))]
async fn remove(State(app): State<App>, who: Who, Path(id): Path<String>) -> Result<StatusCode> {
    who.at_least(Role::Administrator)?;
    window::remove(&app, &who, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
