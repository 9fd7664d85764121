//! The link by which whoever is called says that they speak for an incident. The GET only shows a page with a button, because
//! programs that look into mail follow links; the POST needs no sign-in: who has the link has the mailbox.

use crate::app::App;
use crate::console::{PlainPage, plain};
use crate::error::{ApiError, Result};
use crate::ops::incident::team;
use crate::status_page::Speech;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::get;

/// The route of the links in calls.
pub fn routes() -> Router<App> {
    Router::new().route("/ack/{token}", get(show).post(acknowledge))
}

fn words(
    app: &App,
    status: StatusCode,
    title: &str,
    words: String,
    button: Option<(String, String)>,
) -> Response {
    let page = PlainPage {
        speech: Speech::english(),
        organisation: app.live.pages().organisation().to_owned(),
        title: title.into(),
        words,
        button,
    };
    plain(status, &page)
}

fn dead(app: &App) -> Response {
    let said = "It may have been cut off in the mail. Nothing was changed.";
    words(
        app,
        StatusCode::NOT_FOUND,
        "This link does not work",
        said.into(),
        None,
    )
}

async fn show(State(app): State<App>, Path(token): Path<String>, uri: Uri) -> Result<Response> {
    let link = match team::by_token(&app, &token).await {
        Err(ApiError::NotFound(_)) => return Ok(dead(&app)),
        found => found?,
    };
    let taken = link.incident.call.as_ref();
    if let Some(taken) = taken.and_then(|call| call.acknowledged.as_ref()) {
        return Ok(taken_already(&app, &taken.who));
    }
    let said = format!(
        "\"{}\": press the button and {} speaks for it. Nobody else is called then.",
        link.incident.title, link.who
    );
    let button = (uri.path().to_owned(), "I speak for it".into());
    let title = "Speak for this incident?";
    Ok(words(&app, StatusCode::OK, title, said, Some(button)))
}

fn taken_already(app: &App, who: &str) -> Response {
    let said = format!("{who} speaks for it. You need not do anything.");
    words(app, StatusCode::OK, "Somebody has it", said, None)
}

async fn acknowledge(State(app): State<App>, Path(token): Path<String>) -> Result<Response> {
    let link = match team::by_token(&app, &token).await {
        Err(ApiError::NotFound(_)) => return Ok(dead(&app)),
        found => found?,
    };
    match team::acknowledge_by_link(&app, &link).await {
        Ok(_) => {
            let url = format!("{}/console/incidents/{}", app.public_url, link.incident.id);
            let said = format!("You speak for it from now on. Write the updates here: {url}");
            Ok(words(&app, StatusCode::OK, "You have it", said, None))
        }
        // Pressed twice, or somebody was faster.
        Err(ApiError::Conflict(said)) => {
            let link = team::by_token(&app, &token).await?;
            let taken = link.incident.call.and_then(|call| call.acknowledged);
            Ok(match taken {
                Some(taken) => taken_already(&app, &taken.who),
                None => words(
                    &app,
                    StatusCode::CONFLICT,
                    "That was not possible",
                    said,
                    None,
                ),
            })
        }
        Err(error) => Err(error),
    }
}
