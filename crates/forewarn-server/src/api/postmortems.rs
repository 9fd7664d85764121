//! What is explained after an incident, and the actions that come of it.

use super::query::{Asked, Query};
use super::{Body, Who, answer};
use crate::app::App;
use crate::error::Result;
use crate::ops::incident::postmortem;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use forewarn_core::document::{Fields, Problems, boolean};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show_postmortem, save_postmortem))
        .routes(routes!(approve_postmortem))
        .routes(routes!(publish_postmortem))
        .routes(routes!(list_actions))
        .routes(routes!(tick_action))
}

/// The postmortem of an incident: its sections, its actions, who agreed with it and who has not yet.
#[utoipa::path(get, path = "/incidents/{id}/postmortem", tag = "incidents", params(("id" = String, Path, description = "its id")),
    responses((status = 200, description = "The newest version; text is what readers get"), (status = 404, description = "No incident of this id, or nobody has begun")))]
async fn show_postmortem(
    State(app): State<App>,
    _who: Who,
    Path(id): Path<String>,
) -> Result<Response> {
    let found = postmortem::show(&app, &id).await?;
    Ok(answer(StatusCode::OK, &found.json()))
}

/// Begin the postmortem of an incident with what is on record, or change it; what is left out stays, an empty text takes a section away.
#[utoipa::path(post, path = "/incidents/{id}/postmortem", tag = "incidents", params(("id" = String, Path, description = "its id")),
    request_body(content = Value, description = "happened, cause, impact, went_well, apology; actions: what, owner, due, done; version (as it was seen)"),
    responses((status = 200, description = "It is changed"), (status = 201, description = "The first draft"), (status = 404, description = "None of this id"),
        (status = 409, description = "The incident is not over, or explained already, or the version is not the newest"), (status = 422, description = "Problems")))]
async fn save_postmortem(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    let (saved, is_first) = postmortem::save(&app, &who, &id, &body).await?;
    let status = match is_first {
        true => StatusCode::CREATED,
        false => StatusCode::OK,
    };
    Ok(answer(status, &saved.json()))
}

/// Put on record that one of those whom the policy names agrees with a version; a later edit voids it.
#[utoipa::path(post, path = "/incidents/{id}/postmortem/approve", tag = "incidents", params(("id" = String, Path, description = "its id")),
    request_body(content = Value, description = "reviewer: one of the policy's follow_up_approval; version: the one that was read"),
    responses((status = 200, description = "The postmortem"), (status = 404, description = "None yet"),
        (status = 409, description = "The version is not the newest, or it is published"), (status = 422, description = "Problems")))]
async fn approve_postmortem(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    let agreed = postmortem::approve(&app, &who, &id, &body).await?;
    Ok(answer(StatusCode::OK, &agreed.json()))
}

/// Publish the postmortem: whoever heard of the incident is told, and it stands on the incident's public page.
#[utoipa::path(post, path = "/incidents/{id}/postmortem/publish", tag = "incidents", params(("id" = String, Path, description = "its id")),
    request_body(content = Value, description = "version (as it was read), override (why it goes out without an agreement)"),
    responses((status = 201, description = "The incident and its notices"), (status = 404, description = "None yet"),
        (status = 409, description = "Somebody's agreement is missing, who is named; or the version is not the newest; or it is published"), (status = 422, description = "Readers are owed more")))]
async fn publish_postmortem(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    let done = postmortem::publish(&app, &who, &id, &body).await?;
    Ok(answer(StatusCode::CREATED, &done.json()))
}

/// Which actions.
struct Which {
    done: bool,
}

impl Asked for Which {
    fn read(fields: &mut Fields<'_>, problems: &mut Problems) -> Which {
        let done = fields.optional("done", problems, boolean);
        Which {
            done: done.unwrap_or(false),
        }
    }
}

/// What is to be done after incidents, the earliest due first; with `done=true` also what was done.
#[utoipa::path(get, path = "/actions", tag = "incidents",
    params(("done" = Option<bool>, Query, description = "also those that are done")),
    responses((status = 200, description = "items: event, number, what, owner, due, overdue, done_at, done_by")))]
async fn list_actions(
    State(app): State<App>,
    _who: Who,
    Query(which): Query<Which>,
) -> Result<Response> {
    let (rows, today) = postmortem::actions(&app, which.done).await?;
    let items: Vec<Value> = rows
        .iter()
        .map(|row| postmortem::action_json(row, today))
        .collect();
    Ok(answer(
        StatusCode::OK,
        &json!({"items": items, "next": null}),
    ))
}

/// Tick an action off, or open it again.
#[utoipa::path(post, path = "/incidents/{id}/actions/{number}", tag = "incidents",
    params(("id" = String, Path, description = "the incident"), ("number" = i64, Path, description = "from 1")),
    request_body(content = Value, description = "done; true when absent"),
    responses((status = 200, description = "The action"), (status = 404, description = "None of this number"), (status = 422, description = "Problems")))]
async fn tick_action(
    State(app): State<App>,
    who: Who,
    Path((id, number)): Path<(String, i64)>,
    Body(body): Body,
) -> Result<Response> {
    let ticked = postmortem::tick(&app, &who, &id, number, &body).await?;
    Ok(answer(StatusCode::OK, &ticked))
}
