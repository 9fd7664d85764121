//! One-click unsubscribe (RFC 8058): the POST works without cookie or sign-in, the GET only shows a page with a button.

use crate::app::App;
use crate::console::PlainPage;
use crate::error::{ApiError, Result};
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

/// The route of the links in messages.
pub fn routes() -> Router<App> {
    Router::new().route("/u/{token}", get(show).post(unsubscribe))
}

async fn show(State(app): State<App>, Path(token): Path<String>) -> Result<Html<String>> {
    let organisation = app.store.catalogue().await?.organisation.name;
    // The page is the same for every token, known or not: nobody learns from it who is subscribed.
    Ok(Html(
        PlainPage {
            organisation,
            title: "Unsubscribe".into(),
            words: "Press the button and this address gets no more of these messages. \
                    Messages that were sent already may still arrive."
                .into(),
            button: Some((format!("/u/{token}"), "Unsubscribe".into())),
        }
        .render(),
    ))
}

async fn unsubscribe(State(app): State<App>, Path(token): Path<String>) -> Result<Response> {
    let Some((endpoint, audience)) = app.key.read_unsubscribe_token(&token) else {
        return Err(ApiError::NotFound(
            "such link; it may have been cut off in the mail".into(),
        ));
    };
    app.store
        .unsubscribe(&endpoint, &audience, app.clock.now())
        .await?;
    let organisation = app.store.catalogue().await?.organisation.name;
    let page = PlainPage {
        organisation,
        title: "You are unsubscribed".into(),
        words: "This address gets no more of these messages. If that was a mistake, ask whoever runs the service \
                to add you again."
            .into(),
        button: None,
    };
    Ok(Html(page.render()).into_response())
}
