//! Advisories: faults that were found between releases.

use super::events::{self, About, Narrow};
use super::query::Query;
use super::{Body, Who, answer, incidents};
use crate::app::App;
use crate::error::Result;
use crate::ops::sending::Sending;
use crate::ops::{advisory, recipient};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use forewarn_core::event::Event;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create_advisory, list_advisories))
        .routes(routes!(preview_advisory))
        .routes(routes!(show_advisory))
        .routes(routes!(update_advisory))
        .routes(routes!(fix_advisory))
        .routes(routes!(withdraw_advisory))
        .routes(routes!(undo_advisory))
        .routes(routes!(approve_advisory))
        .routes(routes!(show_advisory_reach))
        .routes(routes!(add_to_advisory, list_added_to_advisory))
}

/// Make a fault known; the discovery is told at once.
#[utoipa::path(post, path = "/advisories", tag = "advisories",
    request_body(content = Value, description = "services, effect; texts (by level, where somebody edited what is made), id, title, severity, cause, facts, requesters, next_update_in or next_update_at, privacy_override; alone or under advisory; recipients: to how many it goes, for a wide audience"),
    responses((status = 201, description = "Made known"), (status = 409, description = "The id exists"),
        (status = 422, description = "Problems, each with its field")))]
async fn create_advisory(State(app): State<App>, who: Who, Body(body): Body) -> Result<Response> {
    let made = advisory::create(&app, &who, &Sending::of(&body)).await?;
    Ok(answer(StatusCode::CREATED, &made.json()))
}

/// Say what would be told of a fault and to whom, without telling it.
#[utoipa::path(post, path = "/advisories/preview", tag = "advisories",
    request_body(content = Value, description = "as for creating one"),
    responses((status = 200, description = "The advisory, its notices, and reach"), (status = 422, description = "Problems")))]
async fn preview_advisory(State(app): State<App>, _who: Who, Body(body): Body) -> Result<Response> {
    let preview = advisory::preview(&app, &Sending::of(&body)).await?;
    let mut body = preview.answer.json();
    body["reach"] = json!(preview.reach);
    body["texts"] = json!(preview.said.texts);
    Ok(answer(StatusCode::OK, &body))
}

/// List advisories, the newest first.
#[utoipa::path(get, path = "/advisories", tag = "advisories",
    params(("open" = Option<bool>, Query, description = "only open ones"), ("after" = Option<String>, Query, description = "cursor from `next`"),
        ("limit" = Option<i64>, Query, description = "at most this many")),
    responses((status = 200, description = "items and next"), (status = 422, description = "A cursor that is none of ours")))]
async fn list_advisories(
    State(app): State<App>,
    _who: Who,
    Query(query): Query<Narrow>,
) -> Result<Response> {
    let found = events::list(&app, "advisory", &query).await?;
    Ok(answer(StatusCode::OK, &found))
}

/// An advisory with all that was said about it.
#[utoipa::path(get, path = "/advisories/{id}", tag = "advisories", params(("id" = String, Path, description = "its id")),
    responses((status = 200, description = "The advisory"), (status = 404, description = "None of this id")))]
async fn show_advisory(
    State(app): State<App>,
    _who: Who,
    Path(id): Path<String>,
) -> Result<Response> {
    let (found, version) = advisory::load(&app, &id).await?;
    Ok(answer(StatusCode::OK, &advisory::shape(&found, version)))
}

/// Tell people more while the fix is being worked on.
#[utoipa::path(post, path = "/advisories/{id}/updates", tag = "advisories", params(("id" = String, Path, description = "its id")),
    request_body(content = Value, description = "text or facts or effect, texts (by level, where somebody edited what is made); services that have the fault too, severity, cause, requesters, next_update_in or next_update_at, privacy_override, version (as it was seen), recipients (to how many it goes, for a wide audience), undo (true: people are told once it can no longer be undone)"),
    responses((status = 201, description = "Published"), (status = 404, description = "None of this id"),
        (status = 409, description = "It is fixed or withdrawn, or the version is not the newest"), (status = 422, description = "Problems")))]
async fn update_advisory(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    let done = advisory::update(&app, &who, &id, &Sending::of(&body)).await?;
    Ok(answer(StatusCode::CREATED, &done.json()))
}

/// Say that the fix is out, and what people do to get it; who asked for it is told too.
#[utoipa::path(post, path = "/advisories/{id}/fix", tag = "advisories", params(("id" = String, Path, description = "its id")),
    request_body(content = Value, description = "action (what people do to get it), text, facts, requesters, privacy_override, version (as it was seen), recipients (to how many it goes, for a wide audience), undo (true: people are told once it can no longer be undone); all may be left out"),
    responses((status = 200, description = "Fixed"), (status = 404, description = "None of this id"),
        (status = 409, description = "It is fixed or withdrawn, or the version is not the newest"), (status = 422, description = "Problems")))]
async fn fix_advisory(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    let done = advisory::fix(&app, &who, &id, &Sending::of(&body)).await?;
    Ok(answer(StatusCode::OK, &done.json()))
}

/// Take back what was told: it was no fault, or none that people need to know of.
#[utoipa::path(post, path = "/advisories/{id}/withdraw", tag = "advisories", params(("id" = String, Path, description = "its id")),
    request_body(content = Value, description = "text (why it no longer holds), privacy_override, version (as it was seen), recipients (to how many it goes, for a wide audience), undo (true: people are told once it can no longer be undone)"),
    responses((status = 200, description = "Withdrawn"), (status = 404, description = "None of this id"),
        (status = 409, description = "It is fixed or withdrawn, or the version is not the newest"), (status = 422, description = "Problems")))]
async fn withdraw_advisory(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    let done = advisory::withdraw(&app, &who, &id, &Sending::of(&body)).await?;
    Ok(answer(StatusCode::OK, &done.json()))
}

/// Take the newest word back before anybody was told: as if it had never been said. Its text is your draft again.
#[utoipa::path(post, path = "/advisories/{id}/undo", tag = "advisories", params(("id" = String, Path, description = "its id")),
    responses((status = 200, description = "The advisory as it was"), (status = 404, description = "None of this id"),
        (status = 409, description = "It has gone out, or it was sent without time to undo it")))]
async fn undo_advisory(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
) -> Result<Response> {
    let done = advisory::undo(&app, &who, &id).await?;
    Ok(answer(StatusCode::OK, &done.json()))
}

/// Agree to what waits for a person's word: what owners must agree to, or what a restore held back.
#[utoipa::path(post, path = "/advisories/{id}/approve", tag = "advisories", params(("id" = String, Path, description = "its id")),
    request_body(content = Value, description = "override: reason, where owners cannot be asked; hash: what was seen; recipients: to how many it goes, for a wide audience"),
    responses((status = 200, description = "The advisory"), (status = 403, description = "Somebody else must agree"), (status = 404, description = "None of this id"),
        (status = 409, description = "Nothing of it waits, it says something else by now, or the number of recipients is missing"), (status = 422, description = "Problems")))]
async fn approve_advisory(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    let (found, version) = advisory::approve(&app, &who, &id, &body).await?;
    Ok(answer(StatusCode::OK, &advisory::shape(&found, version)))
}

/// Who would be reached if a word about it went out now, how many by which channel, and who would not and why. With `contact`,
/// why this one gets it or does not.
#[utoipa::path(get, path = "/advisories/{id}/reach", tag = "advisories",
    params(("id" = String, Path, description = "its id"), ("contact" = Option<String>, Query, description = "a contact's id, or an address")),
    responses((status = 200, description = "messages, audiences; with contact: because"), (status = 404, description = "None of this id")))]
async fn show_advisory_reach(
    State(app): State<App>,
    _who: Who,
    Path(id): Path<String>,
    Query(about): Query<About>,
) -> Result<Response> {
    let (found, _) = advisory::load(&app, &id).await?;
    events::reached(&app, &Event::Advisory(found), about).await
}

/// Add somebody nobody planned for to an open advisory; they are caught up at once.
#[utoipa::path(post, path = "/advisories/{id}/recipients", tag = "advisories", params(("id" = String, Path, description = "its id")),
    request_body(content = Value, description = "one of contact, email, webhook_url, audience; level"),
    responses((status = 200, description = "The advisory"), (status = 404, description = "None of this id"),
        (status = 409, description = "It is closed"), (status = 422, description = "Problems")))]
async fn add_to_advisory(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    let done = recipient::add_to_advisory(&app, &who, &id, &body).await?;
    Ok(answer(StatusCode::OK, &done.json()))
}

/// Who was added to an advisory.
#[utoipa::path(get, path = "/advisories/{id}/recipients", tag = "advisories", params(("id" = String, Path, description = "its id")),
    responses((status = 200, description = "items; audiences with their level"), (status = 404, description = "None of this id")))]
async fn list_added_to_advisory(
    State(app): State<App>,
    _who: Who,
    Path(id): Path<String>,
) -> Result<Response> {
    incidents::added(&app, &id).await
}
