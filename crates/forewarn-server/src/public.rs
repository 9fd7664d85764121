//! What everybody may fetch: the public pages from memory, and the process's health.

use crate::app::App;
use crate::status_page::{Page, VARY_BY_LANGUAGE, assets};
use crate::visitor::liked;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
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
    metrics::counter!("forewarn_database_transactions_total").absolute(app.store.transactions());
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4")],
        (app.metrics)(),
    )
        .into_response()
}

/// The answer to a request for a public page: a look-up in memory, with nothing to wait for. Nothing for all other requests, which
/// the router answers. In a crowd nearly every request is one of these, so whoever serves asks here before the router.
pub fn at_once<B>(app: &App, request: &axum::http::Request<B>) -> Option<Response> {
    let whole = match *request.method() {
        Method::GET => true,
        Method::HEAD => false,
        _ => return None,
    };
    let pages = app.live.pages();
    let (path, query) = (request.uri().path(), request.uri().query());
    let found = pages.for_reader(path, query, liked(request.headers()));
    let found = found.or_else(|| Some((assets::get(path)?, false)));
    let (page, by_language) = found?;
    let mut response = serve(page, request.headers());
    if by_language {
        let vary = HeaderValue::from_static(VARY_BY_LANGUAGE);
        response.headers_mut().insert(header::VARY, vary);
    }
    Some(match whole {
        true => response,
        false => without_body(response),
    })
}

/// Whatever no route is for: a public page, or nothing.
pub async fn page(State(app): State<App>, request: Request) -> Response {
    if let Some(response) = at_once(&app, &request) {
        return response;
    }
    let path = request.uri().path();
    let is_there = app.live.pages().get(path).is_some() || assets::get(path).is_some();
    match is_there {
        true => (
            StatusCode::METHOD_NOT_ALLOWED,
            [(header::ALLOW, "GET, HEAD")],
        )
            .into_response(),
        // Programs look there, and a page is no answer to them.
        false if path.starts_with("/api/") => crate::error::problem(
            StatusCode::NOT_FOUND,
            "there is nothing at this address",
            &[],
        ),
        // A language's first page ends with a slash, and people leave it out.
        false if app.live.pages().get(&format!("{path}/")).is_some() => {
            Redirect::permanent(&format!("{path}/")).into_response()
        }
        false => {
            let liked = liked(request.headers());
            let query = request.uri().query();
            let speech = app.live.pages().speech(query, None, liked);
            crate::console::not_found(&app, speech)
        }
    }
}

fn serve(page: &Page, asked: &HeaderMap) -> Response {
    let mut headers = page.headers.clone();
    let (status, body) = match &page.gzip {
        _ if same_etag(asked, &page.etag) => (StatusCode::NOT_MODIFIED, Body::empty()),
        Some(gzip) if accepts_gzip(asked) => {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            (StatusCode::OK, Body::from(gzip.clone()))
        }
        _ => (StatusCode::OK, Body::from(page.body.clone())),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
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
