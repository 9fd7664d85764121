//! Outage plans: what is prepared for each service, how complete it is, who agreed, and the card to print.

use super::{Body, Who, answer};
use crate::app::App;
use crate::error::Result;
use crate::ops::outage_plan;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(outage_plans))
        .routes(routes!(outage_plan_of))
        .routes(routes!(sign_off_plan))
        .routes(routes!(outage_card))
}

/// The outage plan of every service, the least complete first, each with what is missing.
#[utoipa::path(get, path = "/outage-plans", tag = "outage plans", responses((status = 200, description = "items and next")))]
async fn outage_plans(State(app): State<App>, _who: Who) -> Result<Response> {
    let items = outage_plan::list(&app).await?;
    Ok(answer(
        StatusCode::OK,
        &json!({"items": items, "next": null}),
    ))
}

/// The outage plan of a service: who hears, how, from whom, how often, in which words; its score and what is missing.
#[utoipa::path(get, path = "/services/{id}/outage-plan", tag = "outage plans", params(("id" = String, Path, description = "the service")),
    responses((status = 200, description = "The plan"), (status = 404, description = "No such service")))]
async fn outage_plan_of(
    State(app): State<App>,
    _who: Who,
    Path(id): Path<String>,
) -> Result<Response> {
    Ok(answer(
        StatusCode::OK,
        &json!(outage_plan::show(&app, &id).await?),
    ))
}

/// Put on record that a stakeholder agrees with a version of the plan.
#[utoipa::path(post, path = "/services/{id}/outage-plan/sign-offs", tag = "outage plans", params(("id" = String, Path, description = "the service")),
    request_body(content = Value, description = "stakeholder: one of the plan's; version: the one that was read"),
    responses((status = 201, description = "The plan"), (status = 404, description = "No such service"),
        (status = 409, description = "The plan has changed since that version"), (status = 422, description = "Problems")))]
async fn sign_off_plan(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    let signed = outage_plan::sign_off(&app, &who, &id, &body).await?;
    Ok(answer(StatusCode::CREATED, &json!(signed)))
}

/// The card "what to do and say when an outage starts": one page that needs nothing else, to print and to keep.
#[utoipa::path(get, path = "/services/{id}/card", tag = "outage plans", params(("id" = String, Path, description = "the service")),
    responses((status = 200, description = "A page", content_type = "text/html"), (status = 404, description = "No such service")))]
async fn outage_card(
    State(app): State<App>,
    _who: Who,
    Path(id): Path<String>,
) -> Result<Response> {
    crate::console::outage_card(&app, &id).await
}
