//! Trying channels out.

use super::{Body, Who, answer};
use crate::app::App;
use crate::error::Result;
use crate::ops::channel;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use forewarn_store::Role;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(test_channel))
        .routes(routes!(show_channel_test))
}

/// Send one test message by a channel, and say what came of it and what to do.
#[utoipa::path(post, path = "/channels/{name}/test", tag = "channels",
    params(("name" = String, Path, description = "email, sms, voice, chat or webhook")),
    request_body(content = serde_json::Value, description = "contact: an id; or audience: an id, whose first member who is reached so gets it; or to: an address, a number or a URL, for chat with its kind; \
        wait_seconds: how long to wait for the outcome (15)"),
    responses((status = 200, description = "id, channel, recipient, status, said, advice, words"), (status = 422, description = "Problems")))]
async fn test_channel(
    State(app): State<App>,
    who: Who,
    Path(name): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    who.at_least(Role::Operator)?;
    let tested = channel::test(&app, &who, &name, &body).await?;
    Ok(answer(StatusCode::OK, &json!(tested)))
}

/// What came of a test so far.
#[utoipa::path(get, path = "/channel-tests/{id}", tag = "channels", params(("id" = String, Path, description = "the test's id")),
    responses((status = 200, description = "id, channel, recipient, status, said, advice, words"), (status = 404, description = "None of this id")))]
async fn show_channel_test(
    State(app): State<App>,
    _who: Who,
    Path(id): Path<String>,
) -> Result<Response> {
    Ok(answer(
        StatusCode::OK,
        &json!(channel::outcome(&app, &id).await?),
    ))
}
