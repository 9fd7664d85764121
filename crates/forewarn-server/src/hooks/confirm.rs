//! The link by which somebody says that they have read a message. The GET only shows a page with a button, because programs that
//! look into mail follow links; the POST needs no sign-in: who has the link has the mailbox.

use crate::app::App;
use crate::console::{PlainPage, plain};
use crate::error::Result;
use crate::ops::acknowledgement::{self, How};
use crate::ops::call_list;
use crate::status_page::Speech;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::get;

/// The route of the links in messages.
pub fn routes() -> Router<App> {
    Router::new().route("/confirm/{token}", get(show).post(confirm))
}

fn page(
    app: &App,
    speech: Speech,
    (status, [title, words]): (StatusCode, [&str; 2]),
    button: Option<String>,
) -> Response {
    let page = PlainPage {
        speech,
        organisation: app.live.pages().organisation().to_owned(),
        title: title.into(),
        words: words.into(),
        button: button.map(|action| (action, speech.texts.links.i_read_it.into())),
    };
    plain(status, &page)
}

async fn show(State(app): State<App>, speech: Speech, uri: Uri) -> Response {
    // The page is the same for every token, known or not.
    let said = (StatusCode::OK, speech.texts.links.read_it);
    page(&app, speech, said, Some(speech.answered(uri.path())))
}

async fn confirm(
    State(app): State<App>,
    speech: Speech,
    Path(token): Path<String>,
) -> Result<Response> {
    let links = &speech.texts.links;
    let said = match acknowledgement::by_token(&app, &token, How::Link).await? {
        Some(asked) => {
            call_list::confirmed(&app, &asked.notice).await?;
            (StatusCode::OK, links.noted)
        }
        None => (StatusCode::NOT_FOUND, links.does_not_work),
    };
    Ok(page(&app, speech, said, None))
}
