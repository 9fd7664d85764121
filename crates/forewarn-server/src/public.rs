//! What everybody may fetch: the public pages from memory, and the process's health.

use crate::app::App;
use crate::status_page::{self, Page, assets, banner};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::time::Duration;

/// How long the store may take to answer before this process calls itself not ready.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// Health and metrics.
pub fn health() -> Router<App> {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
}

async fn ready(State(app): State<App>) -> Response {
    match tokio::time::timeout(READY_WITHIN, app.store.check()).await {
        Ok(Ok(())) => "ready\n".into_response(),
        Ok(Err(problem)) => not_ready(&problem.to_string()),
        Err(_) => not_ready("the database does not answer"),
    }
}

fn not_ready(problem: &str) -> Response {
    tracing::warn!(problem, "not ready");
    come_again()
}

/// What is answered by a process that waits for its database at the start: that it lives, and for the rest to come again.
pub fn waiting() -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .fallback(|| async { come_again() })
}

fn come_again() -> Response {
    (
        StatusCode::SERVICE_UNAVAILABLE,
        [(header::RETRY_AFTER, crate::error::COME_AGAIN)],
        "the database is not available\n",
    )
        .into_response()
}

async fn metrics(State(app): State<App>) -> Response {
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4")],
        (app.metrics)(),
    )
        .into_response()
}

/// A public page: a look-up in memory.
pub async fn page(State(app): State<App>, request: Request) -> Response {
    let pages = app.live.pages();
    let path = request.uri().path();
    match pages.get(path).or_else(|| assets::get(path)) {
        Some(_) if !matches!(*request.method(), Method::GET | Method::HEAD) => (
            StatusCode::METHOD_NOT_ALLOWED,
            [(header::ALLOW, "GET, HEAD")],
        )
            .into_response(),
        Some(found) => {
            let response = serve(found, path, request.headers());
            if request.method() == Method::HEAD {
                without_body(response)
            } else {
                response
            }
        }
        // Programs look there, and a page is no answer to them.
        None if path.starts_with("/api/") => crate::error::problem(
            StatusCode::NOT_FOUND,
            "there is nothing at this address",
            &[],
        ),
        None => crate::console::not_found(&app),
    }
}

fn serve(page: &Page, path: &str, headers: &HeaderMap) -> Response {
    let cache = if path.starts_with("/assets/") {
        assets::CACHE_CONTROL
    } else {
        "public, max-age=5, stale-if-error=86400"
    };
    let mut response = if same_etag(headers, &page.etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        match &page.gzip {
            Some(gzip) if accepts_gzip(headers) => {
                ([(header::CONTENT_ENCODING, "gzip")], gzip.clone()).into_response()
            }
            _ => page.body.clone().into_response(),
        }
    };
    let answer = response.headers_mut();
    answer.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(page.content_type),
    );
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    answer.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(etag) = HeaderValue::from_str(&page.etag) {
        answer.insert(header::ETAG, etag);
    }
    if path == banner::SCRIPT {
        // Pages that isolate themselves load only what says that others may have it.
        answer.insert(
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("cross-origin"),
        );
    }
    if path.starts_with("/api/v2/") || [banner::JSON, "/calendar.json"].contains(&path) {
        answer.insert(
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            HeaderValue::from_static("*"),
        );
    } else {
        answer.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(status_page::CONTENT_SECURITY_POLICY),
        );
    }
    response
}

/// The answer to HEAD: what GET would say, and nothing of it.
fn without_body(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    if let Some(length) = axum::body::HttpBody::size_hint(&body).exact() {
        parts
            .headers
            .insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    Response::from_parts(parts, axum::body::Body::empty())
}

/// `If-None-Match` (RFC 9110): any of the listed tags, weak or strong, or `*`.
fn same_etag(headers: &HeaderMap, etag: &str) -> bool {
    let listed = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|v| v.to_str().ok())
        .unwrap_or("");
    listed
        .split(',')
        .map(str::trim)
        .any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

/// Whether the client takes gzip; `gzip;q=0` is a no.
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let listed = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|v| v.to_str().ok())
        .unwrap_or("");
    listed.split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or("");
        let refused = parts.any(|p| {
            p.strip_prefix("q=")
                .is_some_and(|q| q.parse::<f32>() == Ok(0.0))
        });
        (name == "gzip" || name == "*") && !refused
    })
}
