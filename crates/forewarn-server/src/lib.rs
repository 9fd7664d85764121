//! Forewarn's HTTP faces: API, console, status page, hooks.
//!
//! A request cannot send anything: whatever is to go out becomes a notice in the store, and the engine sends it.

pub mod api;
mod app;
mod attempts;
mod caller;
pub mod console;
pub mod demo;
mod error;
pub mod hooks;
mod idempotency;
pub mod ops;
mod password;
pub mod private;
mod public;
mod pulse;
pub mod push;
pub mod status_page;
mod subscribe;
mod visitor;

pub use app::{App, Shared};
pub use caller::Caller;
pub use error::{ApiError, Result};
pub use password::{hash_password, random_password, random_token};
pub use public::{at_once, waiting};
pub use pulse::{Beat, Pulse};

use axum::Router;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;
use tower_http::trace::TraceLayer;

/// A client may be silent for so long in the middle of a body.
const BODY_WITHIN: Duration = Duration::from_secs(30);

/// Every route of the server.
pub fn router(app: App) -> Router {
    Router::new()
        .merge(api::router(&app))
        .merge(console::router(&app))
        .merge(hooks::acknowledge::routes())
        .merge(hooks::approve::routes())
        .merge(hooks::unsubscribe::routes())
        .merge(hooks::inbound::routes())
        .merge(hooks::confirm::routes())
        .merge(hooks::twilio::routes())
        .merge(subscribe::routes(&app))
        .merge(private::routes(&app))
        .merge(push::routes())
        .merge(public::health())
        .fallback(public::page)
        .layer(middleware::from_fn(no_nul))
        .layer(RequestBodyTimeoutLayer::new(BODY_WITHIN))
        .layer(RequestBodyLimitLayer::new(idempotency::MAX_BODY))
        .layer(CatchPanicLayer::custom(
            |_: Box<dyn std::any::Any + Send>| {
                tracing::error!("a handler panicked");
                let mut response = Response::new(axum::body::Body::from(
                    "something is wrong inside; it is in the log\n",
                ));
                *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                response
            },
        ))
        // Around everything, so that refusals of the layers above carry them too.
        .layer(middleware::from_fn(api::as_problems))
        .layer(middleware::from_fn(safe_headers))
        .layer(TraceLayer::new_for_http())
        .with_state(app)
}

/// No name and no text of ours holds a NUL, and PostgreSQL cannot even compare one.
async fn no_nul(request: axum::extract::Request, next: Next) -> Response {
    let address = request
        .uri()
        .path_and_query()
        .map_or("", |address| address.as_str());
    if address.contains("%00") {
        return (StatusCode::BAD_REQUEST, "the address holds a NUL\n").into_response();
    }
    next.run(request).await
}

/// Headers that every answer carries unless it has its own.
const SAFE_HEADERS: [(&str, &str); 5] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    (
        "content-security-policy",
        "default-src 'none'; frame-ancestors 'none'",
    ),
    ("x-frame-options", "SAMEORIGIN"),
    (
        "permissions-policy",
        "camera=(), geolocation=(), microphone=()",
    ),
];

async fn safe_headers(request: axum::extract::Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in SAFE_HEADERS {
        response
            .headers_mut()
            .entry(HeaderName::from_static(name))
            .or_insert(HeaderValue::from_static(value));
    }
    response
}
