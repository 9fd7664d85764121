//! One-click unsubscribe (RFC 8058): the POST works without cookie or sign-in, the GET only shows a page with a button.

use crate::app::App;
use crate::console::{PlainPage, plain};
use crate::error::Result;
use crate::status_page::Speech;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::get;

/// The route of the links in messages.
pub fn routes() -> Router<App> {
    Router::new().route("/u/{token}", get(show).post(unsubscribe))
}

fn words(
    app: &App,
    speech: Speech,
    (status, [title, words]): (StatusCode, [&str; 2]),
    button: Option<(String, String)>,
) -> Response {
    let page = PlainPage {
        speech,
        organisation: app.live.pages().organisation().to_owned(),
        title: title.into(),
        words: words.into(),
        button,
    };
    plain(status, &page)
}

async fn show(State(app): State<App>, speech: Speech, uri: Uri) -> Response {
    // The page is the same for every token, known or not: nobody learns from it who is subscribed.
    let said = speech.texts.links.unsubscribe;
    let button = (speech.answered(uri.path()), said[0].to_owned());
    words(&app, speech, (StatusCode::OK, said), Some(button))
}

async fn unsubscribe(
    State(app): State<App>,
    speech: Speech,
    Path(token): Path<String>,
) -> Result<Response> {
    let said = &speech.texts.links;
    let Some((endpoint, audience)) = app.key.read_unsubscribe_token(&token) else {
        let dead = (StatusCode::NOT_FOUND, said.does_not_work);
        return Ok(words(&app, speech, dead, None));
    };
    let ended = app.store.unsubscribe(&endpoint, &audience, app.clock.now());
    let said = match ended.await? {
        true => said.unsubscribed,
        false => said.not_unsubscribed,
    };
    Ok(words(&app, speech, (StatusCode::OK, said), None))
}
