//! Announcements: releases, ends of features, whatever changes for people at one moment.

use super::events::{self, About, Narrow};
use super::query::Query;
use super::{Body, Who, answer, incidents};
use crate::app::App;
use crate::error::Result;
use crate::ops::announcement::{self, Act};
use crate::ops::sending::Sending;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use forewarn_core::event::Event;
use forewarn_core::plan::Plan;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create_announcement, list_announcements))
        .routes(routes!(preview_announcement))
        .routes(routes!(show_announcement))
        .routes(routes!(move_announcement))
        .routes(routes!(change_announcement))
        .routes(routes!(cancel_announcement))
        .routes(routes!(undo_announcement))
        .routes(routes!(approve_announcement))
        .routes(routes!(announcement_in_effect))
        .routes(routes!(add_to_announcement, list_added_to_announcement))
        .routes(routes!(show_announcement_reach))
}

/// Announce a change: people are told ahead as its policy says, and when it takes effect.
#[utoipa::path(post, path = "/announcements", tag = "announcements",
    request_body(content = Value, description = "title, services, effective; id, kind, policy, override, cause, facts, texts (by level, where somebody edited what people are told ahead), requesters; alone or under announcement; beside it recipients: to how many it goes, for a wide audience"),
    responses((status = 201, description = "Planned"), (status = 409, description = "The id exists, or the number of recipients is missing"),
        (status = 422, description = "Problems, each with its field")))]
async fn create_announcement(
    State(app): State<App>,
    who: Who,
    Body(body): Body,
) -> Result<Response> {
    let made = announcement::create(&app, &who, &Sending::of(&body)).await?;
    Ok(answer(StatusCode::CREATED, &made.json()))
}

/// Plan an announcement without storing it.
#[utoipa::path(post, path = "/announcements/preview", tag = "announcements",
    request_body(content = Value, description = "as for creating one"),
    responses((status = 200, description = "The announcement with its plan; texts: what people would be told ahead at each level, for an edit to begin with"), (status = 422, description = "Problems")))]
async fn preview_announcement(
    State(app): State<App>,
    _who: Who,
    Body(body): Body,
) -> Result<Response> {
    let (planned, said) = announcement::preview(&app, &Sending::of(&body)).await?;
    let mut body = planned.json();
    body["texts"] = json!(said.texts);
    Ok(answer(StatusCode::OK, &body))
}

/// List announcements, the newest first.
#[utoipa::path(get, path = "/announcements", tag = "announcements",
    params(("open" = Option<bool>, Query, description = "only those that are to come"), ("after" = Option<String>, Query, description = "cursor from `next`"),
        ("limit" = Option<i64>, Query, description = "at most this many")),
    responses((status = 200, description = "items and next"), (status = 422, description = "A cursor that is none of ours")))]
async fn list_announcements(
    State(app): State<App>,
    _who: Who,
    Query(query): Query<Narrow>,
) -> Result<Response> {
    let found = events::list(&app, "announcement", &query).await?;
    Ok(answer(StatusCode::OK, &found))
}

/// An announcement with its plan.
#[utoipa::path(get, path = "/announcements/{id}", tag = "announcements", params(("id" = String, Path, description = "its id")),
    responses((status = 200, description = "The announcement"), (status = 404, description = "None of this id")))]
async fn show_announcement(
    State(app): State<App>,
    _who: Who,
    Path(id): Path<String>,
) -> Result<Response> {
    let (found, version, plan) = announcement::show(&app, &id).await?;
    let mut body = announcement::shape(&found, version);
    let known = serde_json::from_value::<Plan>(plan.clone());
    body["plan"] = plan;
    if let Ok(known) = known {
        body["plan"]["digests"] = json!(announcement::digests(&app, &found, &known).await?);
    }
    Ok(answer(StatusCode::OK, &body))
}

/// Move its moment: people are told at once, and the rest is planned again.
#[utoipa::path(post, path = "/announcements/{id}/move", tag = "announcements", params(("id" = String, Path, description = "its id")),
    request_body(content = Value, description = "effective, reason, texts (by level, where somebody edited what is made), privacy_override, version (as it was seen), recipients (to how many it goes, for a wide audience), undo (true: people are told once it can no longer be undone)"),
    responses((status = 200, description = "The announcement with its plan"), (status = 404, description = "None of this id"),
        (status = 409, description = "It is in effect or cancelled, or the version is not the newest"), (status = 422, description = "Problems")))]
async fn move_announcement(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    let done = announcement::tell(&app, &who, &id, Act::Move, &Sending::of(&body)).await?;
    Ok(answer(StatusCode::OK, &done.json()))
}

/// Change what the notices to come say. Nobody is told of that by itself.
#[utoipa::path(post, path = "/announcements/{id}/change", tag = "announcements", params(("id" = String, Path, description = "its id")),
    request_body(content = Value, description = "title, services, facts (laid over those known), requesters, version (as it was seen)"),
    responses((status = 200, description = "The announcement with its plan"), (status = 404, description = "None of this id"),
        (status = 409, description = "It is in effect or cancelled, or the version is not the newest"), (status = 422, description = "Problems")))]
async fn change_announcement(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    let done = announcement::edit(&app, &who, &id, &body).await?;
    Ok(answer(StatusCode::OK, &done.json()))
}

/// Call it off: whoever heard of it, or would have, is told at once.
#[utoipa::path(post, path = "/announcements/{id}/cancel", tag = "announcements", params(("id" = String, Path, description = "its id")),
    request_body(content = Value, description = "reason, texts (by level, where somebody edited what is made), privacy_override, version (as it was seen), recipients (to how many it goes, for a wide audience), undo (true: people are told once it can no longer be undone); may be left out"),
    responses((status = 200, description = "The announcement with its plan"), (status = 404, description = "None of this id"),
        (status = 409, description = "It is in effect or cancelled, or the version is not the newest"), (status = 422, description = "Problems")))]
async fn cancel_announcement(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    let done = announcement::tell(&app, &who, &id, Act::Cancel, &Sending::of(&body)).await?;
    Ok(answer(StatusCode::OK, &done.json()))
}

/// Take the last change back before anybody was told: the announcement and its plan are as they were.
#[utoipa::path(post, path = "/announcements/{id}/undo", tag = "announcements", params(("id" = String, Path, description = "its id")),
    responses((status = 200, description = "The announcement with its plan"), (status = 404, description = "None of this id"),
        (status = 409, description = "It has gone out, or it was sent without time to undo it")))]
async fn undo_announcement(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
) -> Result<Response> {
    let done = announcement::undo(&app, &who, &id).await?;
    Ok(answer(StatusCode::OK, &done.json()))
}

/// Say that it is in effect, before its moment: people are told so at once, and nothing more is planned.
#[utoipa::path(post, path = "/announcements/{id}/effective", tag = "announcements", params(("id" = String, Path, description = "its id")),
    request_body(content = Value, description = "texts (by level, where somebody edited what is made), privacy_override, version (as it was seen), recipients (to how many it goes, for a wide audience), undo (true: people are told once it can no longer be undone); may be left out"),
    responses((status = 200, description = "The announcement with its plan"), (status = 404, description = "None of this id"),
        (status = 409, description = "It is in effect or cancelled, or the version is not the newest"), (status = 422, description = "Problems")))]
async fn announcement_in_effect(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    let done = announcement::tell(&app, &who, &id, Act::Effect, &Sending::of(&body)).await?;
    Ok(answer(StatusCode::OK, &done.json()))
}

/// Add somebody nobody planned for to what is to come; they are caught up at once.
#[utoipa::path(post, path = "/announcements/{id}/recipients", tag = "announcements", params(("id" = String, Path, description = "its id")),
    request_body(content = Value, description = "one of contact, email, webhook_url, audience; level"),
    responses((status = 200, description = "The announcement with its plan"), (status = 404, description = "None of this id"),
        (status = 409, description = "It is in effect or cancelled"), (status = 422, description = "Problems")))]
async fn add_to_announcement(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    let done = announcement::add(&app, &who, &id, &body).await?;
    Ok(answer(StatusCode::OK, &done.json()))
}

/// Who was added to an announcement.
#[utoipa::path(get, path = "/announcements/{id}/recipients", tag = "announcements", params(("id" = String, Path, description = "its id")),
    responses((status = 200, description = "items; audiences with their level"), (status = 404, description = "None of this id")))]
async fn list_added_to_announcement(
    State(app): State<App>,
    _who: Who,
    Path(id): Path<String>,
) -> Result<Response> {
    incidents::added(&app, &id).await
}

/// Agree to what waits for a person's word: what owners must agree to, or what a restore held back.
#[utoipa::path(post, path = "/announcements/{id}/approve", tag = "announcements", params(("id" = String, Path, description = "its id")),
    request_body(content = Value, description = "override: reason, where owners cannot be asked; hash: what was seen; recipients: to how many it goes, for a wide audience"),
    responses((status = 200, description = "The announcement"), (status = 403, description = "Somebody else must agree"), (status = 404, description = "None of this id"),
        (status = 409, description = "Nothing of it waits, it says something else by now, or the number of recipients is missing"), (status = 422, description = "Problems")))]
async fn approve_announcement(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    let (found, version) = announcement::approve(&app, &who, &id, &body).await?;
    Ok(answer(
        StatusCode::OK,
        &announcement::shape(&found, version),
    ))
}

/// Who would be reached if a notice of it went out now, how many by which channel, and who would not and why. With `contact`,
/// why this one gets it or does not.
#[utoipa::path(get, path = "/announcements/{id}/reach", tag = "announcements",
    params(("id" = String, Path, description = "its id"), ("contact" = Option<String>, Query, description = "a contact's id, or an address")),
    responses((status = 200, description = "messages, audiences; with contact: because"), (status = 404, description = "None of this id")))]
async fn show_announcement_reach(
    State(app): State<App>,
    _who: Who,
    Path(id): Path<String>,
    Query(about): Query<About>,
) -> Result<Response> {
    let (found, _) = announcement::load(&app, &id).await?;
    events::reached(&app, &Event::Announcement(found), about).await
}
