//! The link by which somebody says that they have read a message. The GET only shows a page with a button, because programs that
//! look into mail follow links; the POST needs no sign-in: who has the link has the mailbox.

use crate::app::App;
use crate::console::{PlainPage, plain};
use crate::error::Result;
use crate::ops::acknowledgement::{self, How};
use crate::ops::call_list;
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
    status: StatusCode,
    title: &str,
    words: &str,
    button: Option<String>,
) -> Response {
    let page = PlainPage {
        organisation: app.live.pages().organisation().to_owned(),
        title: title.into(),
        words: words.into(),
        button: button.map(|action| (action, "I have read it".into())),
    };
    plain(status, &page)
}

async fn show(State(app): State<App>, uri: Uri) -> Response {
    // The page is the same for every token, known or not.
    let words = "Press the button to confirm that you have read the message. You need not do anything else here.";
    let action = Some(uri.path().to_owned());
    page(&app, StatusCode::OK, "Have you read it?", words, action)
}

async fn confirm(State(app): State<App>, Path(token): Path<String>) -> Result<Response> {
    Ok(
        match acknowledgement::by_token(&app, &token, How::Link).await? {
            Some(asked) => {
                call_list::confirmed(&app, &asked.notice).await?;
                let words = "It is noted that you have read the message.";
                page(&app, StatusCode::OK, "Thank you", words, None)
            }
            None => {
                let words = "It may have been cut off in the message. Nothing was changed.";
                page(
                    &app,
                    StatusCode::NOT_FOUND,
                    "This link does not work",
                    words,
                    None,
                )
            }
        },
    )
}
