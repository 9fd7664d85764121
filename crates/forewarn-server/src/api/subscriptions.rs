//! Subscriptions that people made by themselves.

use super::query::{Asked, Query, any, limit};
use super::{Body, Who, answer};
use crate::app::App;
use crate::error::{ApiError, Result};
use crate::ops::subscription;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use forewarn_core::document::{Fields, Problems};
use forewarn_core::hook::without_secrets;
use forewarn_store::Role;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_subscriptions, ask_subscription))
        .routes(routes!(
            show_subscription,
            change_subscription,
            end_subscription
        ))
        .routes(routes!(export_contact))
}

/// Pages a list.
struct Page {
    after: Option<String>,
    limit: i64,
}

impl Asked for Page {
    fn read(fields: &mut Fields<'_>, problems: &mut Problems) -> Page {
        Page {
            after: fields.optional("after", problems, any),
            limit: limit(fields, problems),
        }
    }
}

/// List subscriptions, confirmed or not.
#[utoipa::path(get, path = "/subscriptions", tag = "subscriptions",
    params(("after" = Option<String>, Query, description = "cursor from `next`"), ("limit" = Option<i64>, Query, description = "at most this many")),
    responses((status = 200, description = "items and next")))]
async fn list_subscriptions(
    State(app): State<App>,
    _who: Who,
    Query(page): Query<Page>,
) -> Result<Response> {
    let limit = page.limit;
    let found = app
        .store
        .subscriptions(page.after.as_deref(), limit)
        .await?;
    let next = found.last().filter(|_| found.len() as i64 == limit);
    let next = next.map(|s| s.id.to_string());
    Ok(answer(
        StatusCode::OK,
        &json!({"items": found, "next": next}),
    ))
}

/// Ask for a mailbox or telephone what its owner could ask: it gets a mail with a link or a text message with a code, and is told
/// only once that is followed or typed. The answer is the same for every address.
#[utoipa::path(post, path = "/subscriptions", tag = "subscriptions", request_body(content = Value, description = "email or sms; services, kinds, language, time_zone"),
    responses((status = 201, description = "id; a message is on its way, if the address may have one"), (status = 409, description = "No audience is open to subscription"),
        (status = 422, description = "Problems"), (status = 429, description = "Too many asked of late")))]
async fn ask_subscription(State(app): State<App>, _who: Who, Body(body): Body) -> Result<Response> {
    let asked = subscription::ask(&app, &body).await?;
    let id = asked.address.subscriber();
    Ok(answer(StatusCode::CREATED, &json!({"id": id})))
}

/// One subscription.
#[utoipa::path(get, path = "/subscriptions/{id}", tag = "subscriptions", params(("id" = String, Path, description = "its id")),
    responses((status = 200, description = "The subscription"), (status = 404, description = "None of this id")))]
async fn show_subscription(
    State(app): State<App>,
    _who: Who,
    Path(id): Path<String>,
) -> Result<Response> {
    Ok(answer(
        StatusCode::OK,
        &json!(subscription::show(&app, &id).await?),
    ))
}

/// Change what a confirmed subscription hears of.
#[utoipa::path(put, path = "/subscriptions/{id}", tag = "subscriptions", params(("id" = String, Path, description = "its id")),
    request_body(content = Value, description = "services, kinds, language, time_zone"),
    responses((status = 200, description = "The subscription"), (status = 404, description = "None of this id"),
        (status = 409, description = "It is not confirmed yet"), (status = 422, description = "Problems")))]
async fn change_subscription(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    who.at_least(Role::Administrator)?;
    let changed = subscription::change(&app, &who.actor, &id, &body).await?;
    Ok(answer(StatusCode::OK, &json!(changed)))
}

/// End a subscription and delete what is kept about its mailbox.
#[utoipa::path(delete, path = "/subscriptions/{id}", tag = "subscriptions", params(("id" = String, Path, description = "its id")),
    responses((status = 204, description = "Ended"), (status = 404, description = "None of this id")))]
async fn end_subscription(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    who.at_least(Role::Administrator)?;
    subscription::end(&app, &who, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Everything that is kept about a contact or subscriber, for whoever it is about.
#[utoipa::path(get, path = "/contacts/{id}/export", tag = "subscriptions", params(("id" = String, Path, description = "its id")),
    responses((status = 200, description = "contact, subscription, messages, unsubscribed"), (status = 404, description = "None of this id")))]
async fn export_contact(
    State(app): State<App>,
    _who: Who,
    Path(id): Path<String>,
) -> Result<Response> {
    let found = app.store.export_contact(&id).await?;
    let mut found = found.ok_or_else(|| ApiError::NotFound(format!("contact {id}")))?;
    found["contact"] = without_secrets(found["contact"].take());
    Ok(answer(StatusCode::OK, &found))
}
