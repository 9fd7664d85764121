//! The review of a message, while it is written or before it leaves.

use super::{Body, answer};
use crate::app::App;
use crate::error::Result;
use crate::ops::review;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(lint))
}

/// Reviews a message: findings by the rules of good outage messages, and measures. Without `context` the catalogue knows what stays inside.
#[utoipa::path(post, path = "/lint", tag = "messages",
    request_body(content = Value, description = "text, subject, level, stage, channel; context: employees, vendors, code_names, internal_domains, allow, previous"),
    responses((status = 200, description = "Findings and measures"), (status = 422, description = "Problems")))]
async fn lint(State(app): State<App>, Body(body): Body) -> Result<Response> {
    let review = review::review(&app, &body).await?;
    Ok(answer(StatusCode::OK, &json!(review)))
}
