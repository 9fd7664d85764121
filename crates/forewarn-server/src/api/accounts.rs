//! Users and tokens.

use super::{Body, Who, answer};
use crate::app::App;
use crate::error::Result;
use crate::ops::account;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use forewarn_store::Role;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_users))
        .routes(routes!(put_user, remove_user))
        .routes(routes!(list_tokens, add_token))
        .routes(routes!(revoke_token))
}

/// List who may sign in, for operators.
#[utoipa::path(get, path = "/users", tag = "accounts", responses((status = 200, description = "items: name, role, since")))]
async fn list_users(State(app): State<App>, who: Who) -> Result<Response> {
    who.at_least(Role::Operator)?;
    let users = app.store.users().await?;
    let items = users
        .iter()
        .map(|user| json!({"name": user.name, "role": user.role, "since": user.since}));
    let items: Vec<Value> = items.collect();
    Ok(answer(
        StatusCode::OK,
        &json!({"items": items, "next": null}),
    ))
}

/// Add a user or change one; with another password or role they are signed out everywhere.
#[utoipa::path(put, path = "/users/{name}", tag = "accounts", params(("name" = String, Path, description = "the name to sign in with")),
    request_body(content = Value, description = "role: viewer, operator or administrator; password: at least 12 characters, for a new user without it one is made; \
        new_password: true to have one made for somebody known"),
    responses((status = 200, description = "name, role, and password where one was made"), (status = 201, description = "The same, for a new user"),
        (status = 409, description = "It is the last administrator"), (status = 422, description = "Problems")))]
async fn put_user(
    State(app): State<App>,
    who: Who,
    Path(name): Path<String>,
    Body(body): Body,
) -> Result<Response> {
    who.at_least(Role::Administrator)?;
    let put = account::put_user(&app, &who, &name, &body).await?;
    let status = match put.new {
        true => StatusCode::CREATED,
        false => StatusCode::OK,
    };
    Ok(answer(status, &json!(put)))
}

/// Remove a user, who is signed out everywhere.
#[utoipa::path(delete, path = "/users/{name}", tag = "accounts", params(("name" = String, Path, description = "their name")),
    responses((status = 204, description = "Removed"), (status = 404, description = "None of this name"), (status = 409, description = "It is the last administrator")))]
async fn remove_user(
    State(app): State<App>,
    who: Who,
    Path(name): Path<String>,
) -> Result<StatusCode> {
    who.at_least(Role::Administrator)?;
    account::remove_user(&app, &who, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List the tokens of programs, without what they are, for operators.
#[utoipa::path(get, path = "/tokens", tag = "accounts", responses((status = 200, description = "items: name, role, since, expires")))]
async fn list_tokens(State(app): State<App>, who: Who) -> Result<Response> {
    who.at_least(Role::Operator)?;
    let tokens = app.store.tokens().await?;
    let items = tokens.iter().map(|token| {
        json!({"name": token.name, "role": token.role, "since": token.since, "expires": token.expires})
    });
    let items: Vec<Value> = items.collect();
    Ok(answer(
        StatusCode::OK,
        &json!({"items": items, "next": null}),
    ))
}

/// Make a token for a program. It is in the answer and nowhere else.
#[utoipa::path(post, path = "/tokens", tag = "accounts",
    request_body(content = Value, description = "name; role: viewer, operator or administrator; expires: an instant, or none"),
    responses((status = 201, description = "name, role, expires, token"), (status = 409, description = "There is one of this name"), (status = 422, description = "Problems")))]
async fn add_token(State(app): State<App>, who: Who, Body(body): Body) -> Result<Response> {
    who.at_least(Role::Administrator)?;
    let made = account::add_token(&app, &who, &body).await?;
    Ok(answer(StatusCode::CREATED, &json!(made)))
}

/// Take a token back: who has it is refused from now on.
#[utoipa::path(delete, path = "/tokens/{name}", tag = "accounts", params(("name" = String, Path, description = "its name")),
    responses((status = 204, description = "Revoked"), (status = 404, description = "None of this name")))]
async fn revoke_token(
    State(app): State<App>,
    who: Who,
    Path(name): Path<String>,
) -> Result<StatusCode> {
    who.at_least(Role::Administrator)?;
    account::revoke_token(&app, &who, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
