//! Drafts that alerts opened, what came to hooks, and notices of providers.

use super::query::{Asked, Query};
use super::{Body, Raw, Who, answer};
use crate::app::App;
use crate::error::Result;
use crate::ops::{draft, upstream};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use forewarn_core::document::{Fields, Problems, boolean};
use forewarn_store::Role;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// More drafts are not listed.
const MOST_DRAFTS: i64 = 500;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_drafts))
        .routes(routes!(publish_draft))
        .routes(routes!(discard_draft))
        .routes(routes!(list_alerts))
        .routes(routes!(list_hook_requests))
        .routes(routes!(take_upstream_maintenance))
}

/// Which drafts to list.
struct Narrow {
    all: bool,
}

impl Asked for Narrow {
    fn read(fields: &mut Fields<'_>, problems: &mut Problems) -> Narrow {
        let all = fields.optional("all", problems, boolean);
        Narrow {
            all: all.unwrap_or(false),
        }
    }
}

/// List drafts of incidents that alerts opened, the newest first.
#[utoipa::path(get, path = "/drafts", tag = "incidents",
    params(("all" = Option<bool>, Query, description = "also those that were published, closed or discarded")),
    responses((status = 200, description = "items")))]
async fn list_drafts(
    State(app): State<App>,
    _who: Who,
    Query(narrow): Query<Narrow>,
) -> Result<Response> {
    let waiting = !narrow.all;
    let drafts = app.store.drafts(waiting, MOST_DRAFTS).await?;
    Ok(answer(
        StatusCode::OK,
        &json!({"items": drafts, "next": null}),
    ))
}

/// Declare the incident of a draft; its holding statement is due at once.
#[utoipa::path(post, path = "/incidents/{id}/publish", tag = "incidents", params(("id" = String, Path, description = "its id")),
    request_body(content = Value, description = "nothing, or what a declaration has, in the place of the draft's own"),
    responses((status = 201, description = "Declared"), (status = 404, description = "No draft of this id"),
        (status = 409, description = "It is no draft any more"), (status = 422, description = "Problems")))]
async fn publish_draft(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    let done = draft::publish(&app, &who, &id, &body).await?;
    Ok(answer(StatusCode::CREATED, &done.json()))
}

/// Discard a draft: it is nothing that people must hear of.
#[utoipa::path(post, path = "/incidents/{id}/discard", tag = "incidents", params(("id" = String, Path, description = "its id")),
    request_body(content = Value, description = "nothing, or a reason"),
    responses((status = 200, description = "Discarded"), (status = 404, description = "No draft of this id"),
        (status = 409, description = "It is no draft any more")))]
async fn discard_draft(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    let done = draft::discard(&app, &who, &id, &body).await?;
    Ok(answer(StatusCode::OK, &json!(done)))
}

/// The alerts of an incident or draft, and the notes for the team.
#[utoipa::path(get, path = "/incidents/{id}/alerts", tag = "incidents", params(("id" = String, Path, description = "its id")),
    responses((status = 200, description = "alerts and notes"), (status = 404, description = "None of this id")))]
async fn list_alerts(
    State(app): State<App>,
    _who: Who,
    Path(id): Path<String>,
) -> Result<Response> {
    Ok(answer(StatusCode::OK, &draft::alerts(&app, &id).await?))
}

/// What came to each hook since this process began: counts by outcome, and the last requests.
#[utoipa::path(get, path = "/hook-requests", tag = "hooks", responses((status = 200, description = "items")))]
async fn list_hook_requests(State(app): State<App>, _who: Who) -> Result<Response> {
    let hooks = app.store.hooks().await?;
    let items = hooks.iter().map(|hook| {
        let tally = app.hooks.of(hook.id.as_str());
        json!({"id": hook.id, "kind": hook.kind, "counts": tally.counts, "last": tally.last})
    });
    let items: Vec<Value> = items.collect();
    Ok(answer(
        StatusCode::OK,
        &json!({"items": items, "next": null}),
    ))
}

/// Take a provider's notice of maintenance: a mail (message/rfc822) or an iCalendar text (text/calendar) with MAINTNOTE.
#[utoipa::path(post, path = "/upstream-maintenances", tag = "maintenances",
    request_body(content = String, content_type = "text/calendar"),
    responses((status = 200, description = "What was done with each notice, with warnings"), (status = 422, description = "Problems")))]
async fn take_upstream_maintenance(
    State(app): State<App>,
    who: Who,
    headers: HeaderMap,
    Raw(body): Raw,
) -> Result<Response> {
    who.at_least(Role::Operator)?;
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|v| v.to_str().ok()).unwrap_or_default();
    let done = upstream::take(&app, &who, kind, &body, false, None).await?;
    Ok(answer(StatusCode::OK, &done))
}
