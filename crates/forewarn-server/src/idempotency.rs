//! A repeated request acts once: its answer is kept with its `Idempotency-Key` for seven days.

use crate::app::App;
use crate::caller::Caller;
use crate::error::{ApiError, Result};
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use forewarn_core::token::fingerprint;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The largest body that is read.
pub const MAX_BODY: usize = 64 << 20;
/// How often somebody who repeats a request that is still being worked on looks for its answer.
const LOOKS: usize = 40;
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Keys that could not be given back, or of which nobody knows whether they were taken, because the database went away
/// in between. Nobody works on them: whoever asks again with one must not be told to wait for an answer.
#[derive(Clone, Default)]
pub struct Unreturned(Arc<Mutex<HashSet<(String, String)>>>);

/// More than these are left to time: only requests in the moment of an outage get here.
const MOST_UNRETURNED: usize = 10_000;

impl Unreturned {
    fn keys(&self) -> MutexGuard<'_, HashSet<(String, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, caller: &str, key: &str) {
        let mut keys = self.keys();
        if keys.len() < MOST_UNRETURNED {
            keys.insert((caller.to_owned(), key.to_owned()));
        }
    }

    /// Gives the key back, if that is still to be done. An answer that was kept after all stays.
    async fn settle(&self, app: &App, caller: &str, key: &str) -> Result<()> {
        let found = (caller.to_owned(), key.to_owned());
        if self.keys().contains(&found) {
            app.store.keep_answer(caller, key, None).await?;
            self.keys().remove(&found);
        }
        Ok(())
    }
}

/// Gives every POST with a key its first answer again.
pub async fn layer(
    State((app, unreturned)): State<(App, Unreturned)>,
    request: Request,
    next: Next,
) -> Response {
    let caller = request.extensions().get::<Caller>().cloned();
    match caller {
        Some(Caller {
            actor,
            key: Some(key),
            ..
        }) if request.method() == Method::POST => {
            once(&app, &unreturned, actor, key, request, next)
                .await
                .unwrap_or_else(IntoResponse::into_response)
        }
        _ => next.run(request).await,
    }
}

async fn once(
    app: &App,
    unreturned: &Unreturned,
    caller: String,
    key: String,
    request: Request,
    next: Next,
) -> Result<Response> {
    if key.is_empty() || key.len() > 200 || key.chars().any(char::is_control) {
        return Err(ApiError::Key(
            "the Idempotency-Key must be 1 to 200 characters",
        ));
    }
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_BODY)
        .await
        .map_err(|_| ApiError::Key("the body is too large or was cut off"))?;
    let identity = format!(
        "{} {} {}",
        parts.method,
        parts.uri,
        fingerprint(&String::from_utf8_lossy(&body))
    );
    unreturned.settle(app, &caller, &key).await?;
    for _ in 0..LOOKS {
        let taken = app
            .store
            .take_key(&caller, &key, &identity, app.clock.now())
            .await;
        if taken.is_err() {
            unreturned.remember(&caller, &key);
        }
        match taken? {
            None => {
                let response = next.run(Request::from_parts(parts, Body::from(body))).await;
                return answer(app, unreturned, &caller, &key, response).await;
            }
            Some(kept) if kept.request != identity => {
                return Err(ApiError::Key(
                    "this Idempotency-Key was used for another request; use a new one",
                ));
            }
            Some(kept) if kept.status == 0 => tokio::time::sleep(LOOK_AGAIN).await,
            Some(kept) => return Ok(again(kept.status, kept.body)),
        }
    }
    Err(ApiError::Store(forewarn_store::StoreError::Conflict(
        "the same request is still being worked on; ask again in a moment".into(),
    )))
}

/// Keeps the answer. What the request published has kept it already; a failure of ours gives the key back.
async fn answer(
    app: &App,
    unreturned: &Unreturned,
    caller: &str,
    key: &str,
    response: Response,
) -> Result<Response> {
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, MAX_BODY).await.unwrap_or_default();
    let kept = (!parts.status.is_server_error()).then(|| {
        (
            i64::from(parts.status.as_u16()),
            String::from_utf8_lossy(&body).into_owned(),
        )
    });
    let kept = kept.as_ref().map(|(status, text)| (*status, text.as_str()));
    if let Err(problem) = app.store.keep_answer(caller, key, kept).await {
        tracing::warn!(%problem, "an answer was given and not kept");
        unreturned.remember(caller, key);
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn again(status: i64, body: String) -> Response {
    let status = u16::try_from(status)
        .ok()
        .and_then(|s| StatusCode::from_u16(s).ok())
        .unwrap_or(StatusCode::OK);
    let kind = if status.is_success() {
        "application/json"
    } else {
        "application/problem+json"
    };
    let mut response = (status, body).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
        .headers_mut()
        .insert("idempotency-replayed", HeaderValue::from_static("true"));
    response
}
