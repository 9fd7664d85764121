//! Browsers that show notices (Web Push): what the page's script asks of us. Whoever sits before a browser and agreed there is its
//! owner, so there is nothing to confirm; and whoever knows its address at the push service may end it, which is the browser.

use crate::app::App;
use crate::error::Result;
use crate::ops::subscription;
use crate::visitor::{Visitor, open_to_all};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use forewarn_core::document::{Node, from_json};
use forewarn_core::problem::Invalid;
use serde_json::json;

/// Where a browser is subscribed.
pub const PATH: &str = "/subscribe/push";
/// One network subscribes so many browsers at most.
const MAX_ASKED: usize = 20;
/// And all networks together so many.
const MAX_IN_ALL: usize = 500;
/// An address, two keys and choices are far less.
const MAX_BODY: usize = 16 * 1024;

/// What subscribing browsers takes.
#[derive(Clone, Debug)]
pub struct Door {
    /// The installation's public key (VAPID), as browsers want it.
    pub key: String,
    /// Hosts of push services that are believed; one that begins with a dot stands for all below it.
    pub services: Vec<String>,
}

/// The routes. The worker and the page's script are public pages in memory.
pub fn routes() -> Router<App> {
    let routes = Router::new()
        .route(PATH, get(key).post(subscribe))
        .route("/subscribe/push/end", post(end));
    open_to_all(routes, MAX_BODY)
}

fn node(body: &Bytes) -> Result<Node> {
    let value = serde_json::from_slice(body);
    let value = value.map_err(|e| Invalid::one("body", format!("is no JSON: {e}")))?;
    Ok(from_json(value))
}

/// `GET /subscribe/push`: the key that a browser subscribes to.
async fn key(State(app): State<App>) -> Result<Response> {
    let door = subscription::push_door(&app)?;
    Ok(Json(json!({"key": door.key})).into_response())
}

/// `POST /subscribe/push`
async fn subscribe(visitor: Visitor, body: Bytes) -> Result<StatusCode> {
    let mut keys = visitor.network("push", MAX_ASKED);
    keys.push(("all".to_owned(), MAX_IN_ALL));
    visitor.counted(&keys)?;
    subscription::subscribe_device(&visitor.app, &node(&body)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /subscribe/push/end`. The answer is the same whether it was subscribed or not.
async fn end(State(app): State<App>, body: Bytes) -> Result<StatusCode> {
    subscription::end_device(&app, &node(&body)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
