//! One-click unsubscribe (RFC 8058): the POST works without cookie or sign-in, the GET only shows a page with a button.

use crate::app::App;
use crate::console::{PlainPage, plain};
use crate::error::Result;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::get;

/// The route of the links in messages.
pub fn routes() -> Router<App> {
    Router::new().route("/u/{token}", get(show).post(unsubscribe))
}

async fn show(State(app): State<App>, uri: Uri) -> Response {
    // The page is the same for every token, known or not: nobody learns from it who is subscribed.
    let page = PlainPage {
        organisation: app.live.pages().organisation().to_owned(),
        title: "Unsubscribe".into(),
        words: "Press the button and this address gets no more of these messages. \
                Messages that were sent already may still arrive."
            .into(),
        button: Some((uri.path().to_owned(), "Unsubscribe".into())),
    };
    plain(StatusCode::OK, &page)
}

async fn unsubscribe(State(app): State<App>, Path(token): Path<String>) -> Result<Response> {
    let Some((endpoint, audience)) = app.key.read_unsubscribe_token(&token) else {
        let page = PlainPage {
            organisation: app.live.pages().organisation().to_owned(),
            title: "This link does not work".into(),
            words: "It may have been cut off in the mail. Nothing was changed.".into(),
            button: None,
        };
        return Ok(plain(StatusCode::NOT_FOUND, &page));
    };
    let ended = app.store.unsubscribe(&endpoint, &audience, app.clock.now());
    if !ended.await? {
        let page = PlainPage {
            organisation: app.live.pages().organisation().to_owned(),
            title: "Nothing was changed".into(),
            words: "This message went to a list, or to somebody who runs the work or asked for it. Whoever keeps the list, or runs the \
                    service, can take an address out."
                .into(),
            button: None,
        };
        return Ok(plain(StatusCode::OK, &page));
    }
    let page = PlainPage {
        organisation: app.live.pages().organisation().to_owned(),
        title: "You are unsubscribed".into(),
        words: "This address gets no more of these messages. If that was a mistake, ask whoever runs the service \
                to add you again."
            .into(),
        button: None,
    };
    Ok(plain(StatusCode::OK, &page))
}
