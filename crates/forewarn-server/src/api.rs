//! The API under `/api/v1`. Every action of Forewarn is here; the command line and the console are faces of it.
//!
//! The guard stands before every route: what it does not let through never reaches a handler.

mod accounts;
mod acknowledgements;
mod advisories;
mod announcements;
mod calls;
mod channels;
mod decisions;
mod documents;
mod editing;
mod events;
mod hooks;
mod incidents;
mod lint;
mod lists;
mod openapi;
mod outage_plans;
mod postmortems;
mod query;
mod subscriptions;
mod templates;
mod windows;

pub(crate) use lists::{
    cursor as notice_cursor, host_only, message_id, read_cursor as read_notice_cursor, table,
};
pub use openapi::{Operation, document, operations};

use crate::app::App;
use crate::caller::{Caller, by_session, by_token};
use crate::error::{ApiError, Result};
use crate::idempotency;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use forewarn_core::document::{Node, parse_json, parse_yaml};
use forewarn_core::problem::Invalid;
use forewarn_store::Role;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;

/// Every route with its description.
fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(events::routes())
        .merge(incidents::routes())
        .merge(advisories::routes())
        .merge(announcements::routes())
        .merge(accounts::routes())
        .merge(acknowledgements::routes())
        .merge(calls::routes())
        .merge(channels::routes())
        .merge(decisions::routes())
        .merge(documents::routes())
        .merge(editing::routes())
        .merge(lint::routes())
        .merge(lists::routes())
        .merge(hooks::routes())
        .merge(windows::routes())
        .merge(outage_plans::routes())
        .merge(postmortems::routes())
        .merge(subscriptions::routes())
        .merge(templates::routes())
}

/// The API behind its guard, and its description.
pub fn router(app: &App) -> Router<App> {
    let (router, description) = routes().split_for_parts();
    let text = openapi::finish(description);
    let described = serde_json::from_str(&text).unwrap_or_default();
    let takes = Arc::new(query::calls_with_parameters(&described));
    let nothing = || async { ApiError::NotFound("such call; see /api/openapi.json".into()) };
    // A nested router's fallback does not see its own root.
    let roots = Router::new()
        .route("/api/v1", any(nothing))
        .route("/api/v1/", any(nothing))
        .layer(middleware::from_fn_with_state(app.clone(), guard));
    let guarded = router
        .fallback(nothing)
        .layer(middleware::from_fn_with_state(
            takes,
            query::none_that_is_ignored,
        ))
        .layer(middleware::from_fn_with_state(
            (app.clone(), idempotency::Unreturned::default()),
            idempotency::layer,
        ))
        .layer(middleware::from_fn_with_state(app.clone(), guard));
    roots.nest("/api/v1", guarded).route(
        "/api/openapi.json",
        get(move || async move { ([(header::CONTENT_TYPE, "application/json")], text) }),
    )
}

/// Lets through who has a token, or a console session that only looks: changes by cookie go through the console,
/// whose forms carry their own proof.
async fn guard(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let looks = matches!(*request.method(), Method::GET | Method::HEAD);
    let found = match by_token(&app, request.headers()).await {
        Ok(None) if looks => by_session(&app, request.headers()).await,
        other => other,
    };
    let caller = match found {
        Ok(Some(caller)) => caller,
        Ok(None) => return ApiError::Unauthorized.into_response(),
        Err(error) => return error.into_response(),
    };
    let needed = if looks { Role::Viewer } else { Role::Operator };
    if let Err(error) = caller.at_least(needed) {
        return error.into_response();
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}

/// Every refusal under `/api/v1` is a problem document, also those that a layer or an extractor made as text.
pub(crate) async fn as_problems(request: Request, next: Next) -> Response {
    /// Words of our own layers are short.
    const WORDS: usize = 4096;
    let ours = request.uri().path().starts_with("/api/v1");
    let response = next.run(request).await;
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is = |name: &[u8]| kind.is_some_and(|kind| kind.as_bytes().starts_with(name));
    let (is_problem, is_plain) = (is(b"application/problem"), is(b"text/plain"));
    if !ours || is_problem || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let words = match is_plain {
        true => axum::body::to_bytes(body, WORDS).await.unwrap_or_default(),
        false => axum::body::Bytes::new(),
    };
    let words = String::from_utf8_lossy(&words).trim().to_owned();
    let mut made = crate::error::problem(status, &words, &[]);
    for name in [header::ALLOW, header::RETRY_AFTER] {
        if let Some(value) = parts.headers.get(&name) {
            made.headers_mut().insert(name, value.clone());
        }
    }
    made
}

/// In which language a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    Json,
    Yaml,
    /// Nobody said: what curl, a browser or a library says by itself is no choice of whoever wrote the body.
    Unsaid,
}

/// The language that a request names; one that is not read here is refused (RFC 9110 15.5.16).
fn language(headers: &HeaderMap) -> Result<Language> {
    let Some(kind) = headers.get(header::CONTENT_TYPE) else {
        return Ok(Language::Unsaid);
    };
    let kind = kind.to_str().unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let kind = kind.to_ascii_lowercase();
    let (_, name) = kind.split_once('/').unwrap_or(("", kind.as_str()));
    match name.rsplit('+').next().unwrap_or_default() {
        "json" => Ok(Language::Json),
        "yaml" | "x-yaml" | "yml" | "x-yml" => Ok(Language::Yaml),
        _ if ["", "text/plain", "application/x-www-form-urlencoded"].contains(&kind.as_str()) => {
            Ok(Language::Unsaid)
        }
        _ => {
            let kind: String = kind.chars().take(80).collect();
            let problem =
                format!("'{kind}' is not read here: send application/json or application/yaml");
            Err(unreadable(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "content-type",
                problem,
            ))
        }
    }
}

fn unreadable(status: StatusCode, field: &str, problem: impl Into<String>) -> ApiError {
    ApiError::Unreadable(status, Invalid::one(field, problem))
}

/// A JSON text as a tree; what is none is told with its line and column.
fn json_tree(text: &str) -> Result<Node> {
    parse_json(text).map_err(|invalid| ApiError::Unreadable(StatusCode::BAD_REQUEST, invalid))
}

/// The body of a request as a tree, from JSON or, where its content type says so, YAML; an absent body is `null`.
struct Body(Node);

impl axum::extract::FromRequest<App> for Body {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &App) -> Result<Body> {
        let language = language(request.headers());
        let text = Text::from_request(request, state).await?.0;
        let null = Node {
            value: forewarn_core::document::Value::Null,
            place: None,
        };
        if text.trim().is_empty() {
            return Ok(Body(null));
        }
        if language? != Language::Yaml {
            return Ok(Body(json_tree(&text)?));
        }
        let mut documents = parse_yaml(&text)?;
        match documents.len() {
            0 => Ok(Body(null)),
            1 => Ok(Body(documents.remove(0))),
            n => Err(Invalid::one("", format!("must be one document; here are {n}")).into()),
        }
    }
}

/// The body of a request as text.
struct Text(String);

impl axum::extract::FromRequest<App> for Text {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Text> {
        let Raw(body) = Raw::from_request(request, app).await?;
        String::from_utf8(body.into()).map(Text).map_err(|problem| {
            let at = problem.utf8_error().valid_up_to() + 1;
            let problem = format!("the body is not UTF-8 (byte {at})");
            unreadable(StatusCode::BAD_REQUEST, "", problem)
        })
    }
}

/// A body as it came: what is not UTF-8 is told of the line where it stands.
struct Raw(axum::body::Bytes);

impl axum::extract::FromRequest<App> for Raw {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &App) -> Result<Raw> {
        axum::body::to_bytes(request.into_body(), idempotency::MAX_BODY)
            .await
            .map(Raw)
            .map_err(|_| {
                let most = idempotency::MAX_BODY >> 20;
                let problem =
                    format!("the body was cut off, or is larger than {most} MB: send it in parts");
                unreadable(StatusCode::PAYLOAD_TOO_LARGE, "", problem)
            })
    }
}

/// A JSON answer.
fn answer(status: StatusCode, body: &serde_json::Value) -> Response {
    (
        status,
        [(header::CONTENT_TYPE, "application/json")],
        body.to_string(),
    )
        .into_response()
}

/// Who calls; only for handlers behind the guard.
type Who = Caller;
