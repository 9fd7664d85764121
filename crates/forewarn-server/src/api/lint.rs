//! The review of a message while it is written, and what an update would say before it leaves.

use super::{Body, answer};
use crate::app::App;
use crate::error::Result;
use crate::ops::{incident, review};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(lint))
        .routes(routes!(preview_update))
        .routes(routes!(preview_incident))
}

/// Reviews a message: findings by the rules of good outage messages, and measures. Without `context` the catalogue knows what stays inside.
#[utoipa::path(post, path = "/lint", tag = "messages",
    request_body(content = Value, description = "text, subject, level, stage, channel; context: employees, vendors, code_names, internal_domains, allow, previous"),
    responses((status = 200, description = "Findings and measures"), (status = 422, description = "Problems")))]
async fn lint(State(app): State<App>, Body(body): Body) -> Result<Response> {
    let review = review::review(&app, &body).await?;
    Ok(answer(StatusCode::OK, &json!(review)))
}

/// What an update of an incident would say to whom on each channel, with the review of each text. Nothing is published.
#[utoipa::path(post, path = "/incidents/{id}/updates/preview", tag = "incidents", params(("id" = String, Path, description = "its id")),
    request_body(content = Value, description = "what the update would have"),
    responses((status = 200, description = "messages, each text once; texts: what is made for each level, for an edit to begin with"), (status = 404, description = "None of this id"),
        (status = 409, description = "That status cannot follow"), (status = 422, description = "Problems")))]
async fn preview_update(
    State(app): State<App>,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    let shown = incident::preview::update(&app, &id, &body).await?;
    Ok(answer(StatusCode::OK, &json!(shown)))
}

/// What the first word about an incident would be, as with an update. Nothing is published.
#[utoipa::path(post, path = "/incidents/preview", tag = "incidents",
    request_body(content = Value, description = "what the declaration would have"),
    responses((status = 200, description = "messages, each text once; texts: what is made for each level, for an edit to begin with"),
        (status = 422, description = "Problems")))]
async fn preview_incident(State(app): State<App>, Body(body): Body) -> Result<Response> {
    let shown = incident::preview::declaration(&app, &body).await?;
    Ok(answer(StatusCode::OK, &json!(shown)))
}
