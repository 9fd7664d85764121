//! One-click unsubscribe (RFC 8058): the POST works without cookie or sign-in, the GET only shows a page with a button.

use crate::app::App;
use crate::visitor::{NO_BODY, Visitor, open_to_all};
use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::get;

/// The route of the links in messages.
pub fn routes() -> Router<App> {
    open_to_all(
        Router::new().route("/u/{token}", get(show).post(unsubscribe)),
        NO_BODY,
    )
}

async fn show(visitor: Visitor, uri: Uri) -> Response {
    // The page is the same for every token, known or not: nobody learns from it who is subscribed.
    let [title, words] = visitor.speech.texts.links.unsubscribe;
    let button = (visitor.speech.answered(uri.path()), title.to_owned());
    visitor.says((StatusCode::OK, title, words.to_owned()), Some(button))
}

async fn unsubscribe(visitor: Visitor, Path(token): Path<String>) -> Response {
    let (app, said) = (&visitor.app, &visitor.speech.texts.links);
    let ended = async {
        let Some((endpoint, audience)) = app.key.read_unsubscribe_token(&token) else {
            return Ok((StatusCode::NOT_FOUND, said.does_not_work));
        };
        let ended = app.store.unsubscribe(&endpoint, &audience, app.clock.now());
        Ok(match ended.await? {
            true => (StatusCode::OK, said.unsubscribed),
            false => (StatusCode::OK, said.not_unsubscribed),
        })
    };
    visitor.answered(
        ended
            .await
            .map(|(status, [title, words])| visitor.says((status, title, words.to_owned()), None)),
    )
}
