//! Help with a text: requests to the communications team, comments, suggestions, and versions to compare.

use super::query::{Asked, Query, any};
use super::{Body, Who, answer};
use crate::app::App;
use crate::error::{ApiError, Result};
use crate::ops::{editing, version};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use forewarn_core::document::{Fields, Problems};
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(ask_for_help))
        .routes(routes!(list_editing))
        .routes(routes!(show_editing))
        .routes(routes!(act_on_editing))
        .routes(routes!(list_versions))
        .routes(routes!(compare_versions))
}

/// Ask the communications team for help with a text about an event; the team is told at once by mail. Nothing of it is sent to anybody else.
#[utoipa::path(post, path = "/events/{id}/editing", tag = "editing", params(("id" = String, Path, description = "the event's id")),
    request_body(content = Value, description = "ask (support: improve my text; draft: write it), text, note"),
    responses((status = 201, description = "The request; told: how many addresses of the team"), (status = 404, description = "None of this id"), (status = 422, description = "Problems")))]
async fn ask_for_help(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    let (request, told) = editing::ask(&app, &who, &id, &body).await?;
    let mut body = json!(request);
    body["told"] = json!(told);
    Ok(answer(StatusCode::CREATED, &body))
}

/// Of which event.
struct Narrowed {
    event: Option<String>,
}

impl Asked for Narrowed {
    fn read(fields: &mut Fields<'_>, problems: &mut Problems) -> Narrowed {
        Narrowed {
            event: fields.optional("event", problems, any),
        }
    }
}

/// Requests in which somebody is waited for, the oldest first; with an event all of that, the newest first.
#[utoipa::path(get, path = "/editing", tag = "editing", params(("event" = Option<String>, Query, description = "all of this event")),
    responses((status = 200, description = "items"), (status = 404, description = "No such event")))]
async fn list_editing(
    State(app): State<App>,
    _who: Who,
    Query(query): Query<Narrowed>,
) -> Result<Response> {
    let items = editing::list(&app, query.event.as_deref()).await?;
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

/// A request with its comments, and each suggestion that waits beside what the author has now.
#[utoipa::path(get, path = "/editing/{id}", tag = "editing", params(("id" = String, Path, description = "its id")),
    responses((status = 200, description = "The request, current, and waiting with the difference of each suggestion"), (status = 404, description = "None of this id")))]
async fn show_editing(
    State(app): State<App>,
    _who: Who,
    Path(id): Path<String>,
) -> Result<Response> {
    let shown = editing::show(&app, &id).await?;
    Ok(answer(StatusCode::OK, &json!(shown)))
}

/// Comment, suggest a whole text, take or decline a suggestion, or close the request.
#[utoipa::path(post, path = "/editing/{id}/{action}", tag = "editing",
    params(("id" = String, Path, description = "its id"), ("action" = String, Path, description = "comment, suggest, take, decline, close")),
    request_body(content = Value, description = "comment, suggest: text; take, decline: suggestion (its number; the newest that waits when absent)"),
    responses((status = 200, description = "The request"), (status = 404, description = "None of this id, or no such action"),
        (status = 409, description = "No such suggestion waits, or it is closed"), (status = 422, description = "Problems")))]
async fn act_on_editing(
    State(app): State<App>,
    who: Who,
    Path((id, action)): Path<(String, String)>,
    Body(body): Body,
) -> Result<Response> {
    let request = match action.as_str() {
        "comment" => editing::comment(&app, &who, &id, &body).await?,
        "suggest" => editing::suggest(&app, &who, &id, &body).await?,
        "take" => editing::decide(&app, &who, &id, true, &body).await?,
        "decline" => editing::decide(&app, &who, &id, false, &body).await?,
        "close" => editing::close(&app, &who, &id).await?,
        _ => {
            return Err(ApiError::NotFound(format!(
                "action '{action}' of a request for help"
            )));
        }
    };
    Ok(answer(StatusCode::OK, &json!(request)))
}

/// Everything that was typed for an event or sent about it, the newest first.
#[utoipa::path(get, path = "/events/{id}/versions", tag = "editing", params(("id" = String, Path, description = "the event's id")),
    responses((status = 200, description = "items: id, author, origin, milestone, at, text"), (status = 404, description = "None of this id")))]
async fn list_versions(
    State(app): State<App>,
    _who: Who,
    Path(id): Path<String>,
) -> Result<Response> {
    let items = version::all(&app, &id).await?;
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

/// Two versions compared word by word.
#[utoipa::path(get, path = "/events/{id}/versions/{before}/{after}", tag = "editing",
    params(("id" = String, Path, description = "the event's id"), ("before" = String, Path, description = "the id of a version"), ("after" = String, Path, description = "the id of another")),
    responses((status = 200, description = "before, after, and difference: runs of same, removed and added words"), (status = 404, description = "None of this id")))]
async fn compare_versions(
    State(app): State<App>,
    _who: Who,
    Path((id, before, after)): Path<(String, String, String)>,
) -> Result<Response> {
    let compared = version::compare(&app, &id, &before, &after).await?;
    Ok(answer(StatusCode::OK, &json!(compared)))
}
