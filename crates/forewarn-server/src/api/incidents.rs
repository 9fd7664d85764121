//! What surrounds an incident: roles, calls, duplicates, parts, notes, drafts, and people nobody planned for.

use super::events::{self, About};
use super::query::Query;
use super::{Body, Who, answer};
use crate::app::App;
use crate::error::Result;
use crate::ops::incident::{self, kin, notes, team};
use crate::ops::recipient;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use forewarn_core::event::Event;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show_incident_reach))
        .routes(routes!(hand_over))
        .routes(routes!(acknowledge_incident))
        .routes(routes!(merge_incident))
        .routes(routes!(set_parent))
        .routes(routes!(add_note, list_notes))
        .routes(routes!(say_writing, list_writing))
        .routes(routes!(add_to_incident, list_added_to_incident))
        .routes(routes!(add_to_maintenance, list_added_to_maintenance))
}

/// Who would be reached if an update of it went out now, how many by which channel, and who would not and why. With `contact`, why
/// this one gets it or does not.
#[utoipa::path(get, path = "/incidents/{id}/reach", tag = "incidents",
    params(("id" = String, Path, description = "its id"), ("contact" = Option<String>, Query, description = "a contact's id, or an address")),
    responses((status = 200, description = "messages, audiences; with contact: because"), (status = 404, description = "None of this id")))]
async fn show_incident_reach(
    State(app): State<App>,
    _who: Who,
    Path(id): Path<String>,
    Query(about): Query<About>,
) -> Result<Response> {
    let found = incident::show(&app, &id).await?;
    events::reached(&app, &Event::Incident(found), about).await
}

/// Hand the role of lead or spokesperson to somebody; the team is told.
#[utoipa::path(post, path = "/incidents/{id}/handover", tag = "incidents", params(("id" = String, Path, description = "its id")),
    request_body(content = Value, description = "role (lead, spokesperson), to, override (why one person is both), version (as it was seen)"),
    responses((status = 200, description = "The incident"), (status = 404, description = "None of this id"),
        (status = 409, description = "They have it already, or one person would be both, or the version is not the newest"), (status = 422, description = "Problems")))]
async fn hand_over(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    let done = team::hand_over(&app, &who, &id, &body).await?;
    Ok(answer(StatusCode::OK, &done.json()))
}

/// Take the call: whoever does speaks for the incident, and nobody else is called.
#[utoipa::path(post, path = "/incidents/{id}/acknowledge", tag = "incidents", params(("id" = String, Path, description = "its id")),
    request_body(content = Value, description = "who; the first who is called when absent"),
    responses((status = 200, description = "The incident"), (status = 404, description = "None of this id"),
        (status = 409, description = "Nobody is called, or somebody took it already"), (status = 422, description = "Problems")))]
async fn acknowledge_incident(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    let done = team::acknowledge(&app, &who, &id, &body).await?;
    Ok(answer(StatusCode::OK, &done.json()))
}

/// Close a duplicate towards the incident that survives; its audiences hear the survivor's next messages.
#[utoipa::path(post, path = "/incidents/{id}/merge", tag = "incidents", params(("id" = String, Path, description = "the duplicate's id")),
    request_body(content = Value, description = "into: the id of the incident that survives; version (of the duplicate, as it was seen), into_version (of the other)"),
    responses((status = 200, description = "The duplicate"), (status = 404, description = "None of this id"),
        (status = 409, description = "One of the two is not open"), (status = 422, description = "Problems")))]
async fn merge_incident(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    let done = kin::merge(&app, &who, &id, &body).await?;
    Ok(answer(StatusCode::OK, &done.json()))
}

/// Make an incident a part of another, or of none.
#[utoipa::path(post, path = "/incidents/{id}/parent", tag = "incidents", params(("id" = String, Path, description = "its id")),
    request_body(content = Value, description = "parent: the id of an open incident, or null; version (as it was seen)"),
    responses((status = 200, description = "The incident"), (status = 404, description = "None of this id"), (status = 422, description = "Problems")))]
async fn set_parent(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    let done = kin::set_parent(&app, &who, &id, &body).await?;
    Ok(answer(StatusCode::OK, &done.json()))
}

/// Write a technical note down; it is never sent.
#[utoipa::path(post, path = "/incidents/{id}/notes", tag = "incidents", params(("id" = String, Path, description = "its id")),
    request_body(content = Value, description = "text"),
    responses((status = 201, description = "The note"), (status = 404, description = "None of this id"), (status = 422, description = "Problems")))]
async fn add_note(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    let note = notes::add(&app, &who, &id, &body).await?;
    Ok(answer(StatusCode::CREATED, &json!(note)))
}

/// The technical notes of an incident, newest first.
#[utoipa::path(get, path = "/incidents/{id}/notes", tag = "incidents", params(("id" = String, Path, description = "its id")),
    responses((status = 200, description = "items"), (status = 404, description = "None of this id")))]
async fn list_notes(State(app): State<App>, _who: Who, Path(id): Path<String>) -> Result<Response> {
    let items = notes::all(&app, &id).await?;
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

/// Keep what is being typed, so that others see who is writing; an empty text says that it was dropped.
#[utoipa::path(post, path = "/incidents/{id}/writing", tag = "incidents", params(("id" = String, Path, description = "its id")),
    request_body(content = Value, description = "text"),
    responses((status = 200, description = "items: who is writing"), (status = 404, description = "None of this id"), (status = 422, description = "Problems")))]
async fn say_writing(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    let items = notes::say_writing(&app, &who, &id, &body).await?;
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

/// Who is writing an update of an incident just now.
#[utoipa::path(get, path = "/incidents/{id}/writing", tag = "incidents", params(("id" = String, Path, description = "its id")),
    responses((status = 200, description = "items"), (status = 404, description = "None of this id")))]
async fn list_writing(
    State(app): State<App>,
    _who: Who,
    Path(id): Path<String>,
) -> Result<Response> {
    let items = notes::writing(&app, &id).await?;
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

/// Add somebody nobody planned for to an open incident; they are caught up at once.
#[utoipa::path(post, path = "/incidents/{id}/recipients", tag = "incidents", params(("id" = String, Path, description = "its id")),
    request_body(content = Value, description = "one of contact, email, webhook_url, audience; level"),
    responses((status = 200, description = "The incident"), (status = 404, description = "None of this id"),
        (status = 409, description = "It is over"), (status = 422, description = "Problems")))]
async fn add_to_incident(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    let done = recipient::add_to_incident(&app, &who, &id, &body).await?;
    Ok(answer(StatusCode::OK, &done.json()))
}

/// Add somebody nobody planned for to work that is not over; they are caught up at once.
#[utoipa::path(post, path = "/maintenances/{id}/recipients", tag = "maintenances", params(("id" = String, Path, description = "its id")),
    request_body(content = Value, description = "one of contact, email, webhook_url, audience; level"),
    responses((status = 200, description = "The maintenance and its plan"), (status = 404, description = "None of this id"),
        (status = 409, description = "It is over"), (status = 422, description = "Problems")))]
async fn add_to_maintenance(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    let done = recipient::add_to_maintenance(&app, &who, &id, &body).await?;
    Ok(answer(StatusCode::OK, &done.json()))
}

pub(super) async fn added(app: &App, id: &str) -> Result<Response> {
    let (people, audiences) = recipient::added(app, id).await?;
    let body = json!({"items": people, "audiences": audiences.audiences});
    Ok(answer(StatusCode::OK, &body))
}

/// Who was added to an incident.
#[utoipa::path(get, path = "/incidents/{id}/recipients", tag = "incidents", params(("id" = String, Path, description = "its id")),
    responses((status = 200, description = "items; audiences with their level"), (status = 404, description = "None of this id")))]
async fn list_added_to_incident(
    State(app): State<App>,
    _who: Who,
    Path(id): Path<String>,
) -> Result<Response> {
    added(&app, &id).await
}

/// Who was added to a maintenance.
#[utoipa::path(get, path = "/maintenances/{id}/recipients", tag = "maintenances", params(("id" = String, Path, description = "its id")),
    responses((status = 200, description = "items; audiences with their level"), (status = 404, description = "None of this id")))]
async fn list_added_to_maintenance(
    State(app): State<App>,
    _who: Who,
    Path(id): Path<String>,
) -> Result<Response> {
    added(&app, &id).await
}
