//! The link by which somebody approves what is to be said, from the message that asks them. The GET shows every text and a button
//! and changes nothing, because programs that look into mail follow links; the POST names the words that were shown.

use crate::app::App;
use crate::console::{
    ApproveByLink, CONTENT_SECURITY_POLICY, PlainPage, name_audiences, number, plain,
};
use crate::error::{ApiError, Result};
use crate::ops::approval;
use crate::status_page::Speech;
use axum::extract::{Form, Path, State};
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Router, response::Html};
use forewarn_core::document::parse_json;
use serde::Deserialize;
use serde_json::json;

/// The route of the links.
pub fn routes() -> Router<App> {
    Router::new().route("/approve/{token}", get(show).post(agree))
}

#[derive(Deserialize)]
struct Pressed {
    hash: String,
    #[serde(default)]
    recipients: String,
}

fn words(app: &App, status: StatusCode, title: &str, words: String) -> Response {
    let page = PlainPage {
        speech: Speech::english(),
        organisation: app.live.pages().organisation().to_owned(),
        title: title.into(),
        words,
        button: None,
    };
    plain(status, &page)
}

fn dead(app: &App) -> Response {
    let said = "It may have been cut off in the mail, or somebody else approves by now. Nothing was changed.";
    words(
        app,
        StatusCode::NOT_FOUND,
        "This link does not work",
        said.into(),
    )
}

async fn show(State(app): State<App>, Path(token): Path<String>, uri: Uri) -> Result<Response> {
    let Some((event, caller)) = approval::by_token(&app, &token).await? else {
        return Ok(dead(&app));
    };
    let mut waiting = approval::waiting(&app, &event).await?;
    let theirs = |item: &approval::Item| approval::waits_for(item, &caller);
    if !waiting.notices.iter().any(theirs) {
        let said = "Nothing waits for you. You need not do anything.".to_owned();
        return Ok(words(&app, StatusCode::OK, "Thank you", said));
    }
    waiting.notices.retain(|item| !item.standing.is_approved());
    let catalogue = app.store.catalogue().await?;
    name_audiences(&mut waiting, &catalogue);
    let page = ApproveByLink {
        organisation: app.live.pages().organisation().to_owned(),
        zone: catalogue.organisation.time_zone,
        title: event.title().to_owned(),
        action: uri.path().to_owned(),
        waiting,
    };
    let page = page.render();
    let headers = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    Ok((headers, Html(page)).into_response())
}

async fn agree(
    State(app): State<App>,
    Path(token): Path<String>,
    Form(pressed): Form<Pressed>,
) -> Result<Response> {
    let Some((event, caller)) = approval::by_token(&app, &token).await? else {
        return Ok(dead(&app));
    };
    let waiting = approval::waiting(&app, &event).await?;
    if !waiting
        .notices
        .iter()
        .any(|item| approval::waits_for(item, &caller))
    {
        let said = "Nothing waits for you. You need not do anything.".to_owned();
        return Ok(words(&app, StatusCode::OK, "Thank you", said));
    }
    let mut body = json!({"hash": pressed.hash});
    if !pressed.recipients.trim().is_empty() {
        body["recipients"] = json!(pressed.recipients);
    }
    let node = parse_json(&body.to_string())?;
    match approval::approve(&app, &caller, &event, &node).await {
        Ok(()) => {
            let said = "You agreed. Once everybody did who must, it goes out at its time.";
            Ok(words(&app, StatusCode::OK, "Thank you", said.into()))
        }
        Err(ApiError::CountNeeded(count)) => {
            let title = "That was not possible";
            let said = format!(
                "It goes to {} recipients. Go back and type that number to show that you mean it.",
                number(count)
            );
            Ok(words(&app, StatusCode::CONFLICT, title, said))
        }
        Err(ApiError::Conflict(said)) => {
            let title = "That was not possible";
            Ok(words(&app, StatusCode::CONFLICT, title, said))
        }
        // Pressed twice.
        Err(ApiError::Transition(_)) => {
            let said = "Nothing waits for you. You need not do anything.";
            Ok(words(&app, StatusCode::OK, "Thank you", said.into()))
        }
        Err(ApiError::Invalid(problem)) => {
            let title = "That was not possible";
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(words(&app, status, title, problem.to_string()))
        }
        Err(error) => Err(error),
    }
}
